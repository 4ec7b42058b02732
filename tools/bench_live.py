"""Measure how smooth the live models are on a slow phone: ``make bench-live``, or ``python -m
tools.bench_live NAME...``.

Chromium's processor is slowed six times, and the page is 390 pixels wide. Every control of a model
is worked at the pace of a hand, and what plays does so for two seconds. Printed are the longest
task of the page's thread while the model starts and afterwards, with what was done before it, and
the longest time from an action to its answer: the model says something, or a picture is drawn anew.
Tasks are measured in the time that the thread itself ran, so that a busy computer changes little.
A start begins with the page's own text: what the browser needs to open an empty page, and what
Playwright puts into it, is not the model's. Beside it stands the longest task of the same page
without its scripts: its text and its still picture are read, laid out and drawn in any case.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from tools import live
from tools.browser import chromium

SLOWER, WIDTH, SECONDS, STARTED = 6, 390, 2.0, 4.0
TASK, ANSWER = 33, 500
"""How long a task and an answer may take, in ms."""
HAND = 60
"""How long a hand takes at least from one movement to the next, in ms."""
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]
MARK = "live-model: "
READY = "ready"
OURS = ("start", READY)
"""What is measured apart, and what the measurement itself does."""
OPENED = f"<script>console.timeStamp('{MARK}start')</script>"

SCRIPT = re.compile(r"<script.*?</script>", re.S)

LISTEN = """() => {
    const told = window.told = { action: null, answers: [] };
    for (const name of ['pointerdown', 'keydown', 'input', 'change', 'click'])
        addEventListener(name, () => { told.at ??= performance.now(); }, true);
    const answered = () => {
        if (told.action === null || told.at === undefined) return;
        const { action, at } = told;
        const note = () => told.answers.push([action, performance.now() - at]);
        told.action = null;
        requestAnimationFrame(() => setTimeout(note));
    };
    const pictures = CanvasRenderingContext2D.prototype, { clearRect } = pictures;
    pictures.clearRect = function (...where) { answered(); return clearRect.apply(this, where); };
    const heard = new MutationObserver(answered), all = { childList: true, characterData: true };
    for (const place of document.querySelectorAll('.live-model :is([role=status], output)'))
        heard.observe(place, { ...all, subtree: true });
    const given = 'button, input, canvas[tabindex], canvas[data-pointer]';
    const controls = [...document.querySelectorAll(`.live-model .stage :is(${given})`)];
    window.reach = (k, name) => {
        const control = controls[k];
        if (control.disabled || !control.getClientRects().length) return null;
        control.scrollIntoView({ block: 'center', behavior: 'instant' });
        control.focus({ preventScroll: true });
        const { x, y, width, height } = control.getBoundingClientRect();
        Object.assign(told, { action: name, at: undefined });
        console.timeStamp('MARK' + name);
        return [x, y, width, height];
    };
    return controls.map(e => ({
        tag: e.localName, type: e.type ?? '', keys: e.tabIndex >= 0,
        name: (e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText || '')
            .trim().split(/[.\\n]/)[0],
    }));
}""".replace("MARK", MARK)


def work(page: Page) -> list[tuple[str, float]]:
    """Work every control of the model; return how long each answer took, in ms."""
    for k, control in enumerate(page.evaluate(LISTEN)):
        for way in _ways(control):
            reached = page.evaluate(
                "([k, name]) => reach(k, name)", [k, f"{control['name']}, {way}"]
            )
            if reached is None:
                continue
            x, y, width, height = reached
            at = [(x + share * width, y + share * height) for share in (0.3, 0.4, 0.5, 0.6, 0.7)]
            if way == "mouse":  # not one task, as a click without any duration would be
                page.mouse.move(*at[2])
                page.wait_for_timeout(HAND)
                page.mouse.down()
                page.wait_for_timeout(HAND)
                page.mouse.up()
            elif way == "drag":
                page.mouse.move(*at[0])
                page.mouse.down()
                for place in at[1:]:
                    page.mouse.move(*place)
                    page.wait_for_timeout(30)
                page.mouse.up()
            else:
                page.keyboard.press(way)
            plays = control["tag"] == "button" and control["name"] == "Play" and way == "mouse"
            page.wait_for_timeout(1000 * SECONDS if plays else 150)
    page.wait_for_timeout(1000)
    return [(name, ms) for name, ms in page.evaluate("() => told.answers")]


def _ways(control: dict[str, Any]) -> Iterator[str]:
    """Yield what is done to a control, one after the other; what is played is stopped again."""
    if control["tag"] == "canvas":
        if control["keys"]:
            yield from ("ArrowRight", "ArrowDown", "Space", "Enter", "Enter")
        yield from ("mouse", "drag")
    elif control["type"] == "range":
        yield from ("ArrowRight", "Home", "End", "ArrowLeft", "drag")
    elif control["type"] in ("checkbox", "radio"):
        yield "mouse"
        if control["type"] == "checkbox":
            yield "mouse"
    elif control["name"] == "Play":
        yield from ("mouse", "mouse", "mouse", "mouse")
    else:
        yield "mouse"


def tasks(trace: bytes) -> list[tuple[str, float]]:
    """Return the tasks of the page's thread in ms, with what was done before each."""
    events = json.loads(trace)["traceEvents"]

    def told(event: dict[str, Any]) -> str:
        return event["args"]["data"]["message"] if event["name"] == "TimeStamp" else ""

    opened = next(one for one in events if told(one).startswith(MARK))
    found, done = [], "start"
    for event in sorted(events, key=lambda one: one["ts"]):
        if any(event[key] != opened[key] for key in ("pid", "tid")):
            continue
        if told(event).startswith(MARK):
            done = told(event).removeprefix(MARK)
        elif event["name"].endswith("RunTask") and event["ph"] == "X":
            found.append((done, event))
    # The task in which the page is opened is the first.
    return [
        (done, event.get("tdur", event["dur"]) / 1000)
        for done, event in found
        if event["ts"] + event["dur"] >= opened["ts"]
    ]


def measure(
    browser: Browser, text: str, seconds: float, use: bool
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Open a page on the slow phone, wait, and work its model if it is used; return its tasks and
    its answers.
    """
    page = browser.new_page(viewport={"width": WIDTH, "height": 844})
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    browser.start_tracing(page=page, categories=CATEGORIES)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(text.replace("<body", f"{OPENED}<body", 1), encoding="utf-8")
        page.goto(path.as_uri(), wait_until="load")
        page.wait_for_timeout(1000 * seconds)
        session.send("Runtime.evaluate", {"expression": f"console.timeStamp('{MARK}{READY}')"})
        if use and not page.query_selector(".live-model.live"):
            raise SystemExit(f"the model has not started within {seconds:.0f} s")
        answers = work(page) if use else []
    measured = tasks(browser.stop_tracing())
    page.close()
    return measured, answers


def main(chosen: list[str]) -> None:
    """Print what was measured of each model."""
    with chromium() as browser:
        for name in chosen or live.names():
            text = live.alone(name)
            bare, _ = measure(browser, SCRIPT.sub("", text), 1.0, use=False)
            measured, answers = measure(browser, text, STARTED, use=True)
            own = max(ms for done, ms in bare if done == "start")
            for what, some, most in (
                ("start", [one for one in measured if one[0] == "start"], TASK),
                ("longest task", [one for one in measured if one[0] not in OURS], TASK),
                ("slowest answer", answers, ANSWER),
            ):
                done, ms = max(some, key=lambda one: one[1])
                judged = "" if ms <= most else f"  above {most}"
                after = f"the page without its scripts: {own:.0f}" if what == "start" else done
                print(f"{name:26} {what:15} {ms:6.0f} ms{judged}  ({after})", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
