"""The network in the page: it computes what the package does, obeys mouse, finger and keyboard, and says what it did and why."""

import json
import re

import pytest
import torch

from hebbnotes import experiments, run, tasks
from hebbnotes.plasticity.connections import ScaledIdentity
from tests.site.books import markdown, small_book
from tests.site.reader import InChromium
from tools import live, live_data
from tools.browser import settle

CHANCE = (
    "{ let s = 1; Math.random = () => { s = 16807 * s % 2147483647; return s / 2147483647; }; }"
)
STORED = json.loads(live_data.FIXTURE.read_text(encoding="utf-8"))
READ = """canvas => {
    const {width, height} = canvas, data = canvas.getContext("2d").getImageData(0, 0, width, height).data, cell = width / 32;
    return Array.from({length: 1024}, (_, j) =>
        data[4 * ((Math.floor(j / 32) * cell + cell / 9 | 0) * width + (j % 32 * cell + cell / 9 | 0))] < 200 ? 1 : -1);
}"""  # the sign of each dot: white has more red than the grey of a silent one, ink has less


def close(a, b):
    """Compare two trees of numbers, to 1e-12."""
    if isinstance(a, dict):
        return (
            isinstance(b, dict) and list(a) == list(b) and all(close(a[key], b[key]) for key in a)
        )
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(close, a, b))
    return a == pytest.approx(b, abs=1e-12, rel=0) if isinstance(a, float) else a == b


def test_the_stored_episodes_are_what_the_package_computes():
    assert close(live_data.fixture(), STORED)
    changed = json.loads(json.dumps(STORED))
    changed["cases"][0]["states"][14][3] += 1e-11
    assert not close(changed, STORED)


def test_the_page_gets_the_numbers_that_were_trained():
    settings = json.loads(live_data.STORED.read_text(encoding="utf-8"))
    assert close(live_data.settings(), settings), "run `make live`"
    stored, given = experiments.seeds(live_data.EXPERIMENT)[live_data.SEED], settings["trained"]
    assert given == {
        name: pytest.approx(stored[name], rel=1e-3) for name in ("eta", "gain", "inhibition")
    }
    page = live.markup()
    for value in given.values():
        assert page.count(repr(value)) == 1
    starts = [f"{value:f}".lstrip("0")[:4] for value in given.values()]  # such as 1.12 and .016
    typed = re.compile(rf"(?<![1-9])({'|'.join(map(re.escape, starts))})")
    for name in ("live.js", "live.html"):
        assert not typed.search((live.HERE / name).read_text(encoding="utf-8")), (
            f"{name} holds a trained number, typed by hand"
        )


# ---------------------------------------------------------------------------------------------------------------- the page


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    two = "```{live-network}\n```\n\nBetween.\n\n```{live-network}\n```\n\n{cite:p}`hebb1949organization`"
    done = small_book(folder, {"index.md": markdown(two)})
    assert done.returncode == 0, done.stderr
    return (folder / "_build" / "html" / "index.html").as_uri()


@pytest.fixture(scope="module")
def window(browser):
    """Open the page of Chromium that the tests share; its chance is always the same."""
    page = browser.new_page()
    page.add_init_script(CHANCE)
    yield page
    page.close()


@pytest.fixture
def visit(browser, window, address):
    """Open the page as a file; afterwards, nothing may have gone wrong in it, and nothing was asked for once it was there."""
    visits, faults = [], []

    def asked(request):
        if not request.url.endswith(("/_static/logo.svg", ".woff2")):  # come when they like
            faults.append(f"asked for {request.url}")

    def opened(width=1280, calm=True, target=address, **options):
        page = browser.new_page(**options) if options else window
        visits.append(InChromium(page, moves=not calm))
        visits[-1].open(target, width)
        if options.get("java_script_enabled", True):
            page.wait_for_selector(".live-network.live")
            settle(page)
        page.on("request", asked)
        return page

    yield opened
    for one in visits:
        faults += one.faults()
        one.page.remove_listener("request", asked)
        one.close()
        if one.page is not window:
            one.page.close()
    assert not faults


@pytest.fixture(scope="module")
def functions(browser):
    """The functions of the page's script, without the rest of a page."""
    page = browser.new_page()
    page.set_content(live.markup())
    yield page.locator(".live-network")
    page.close()


def first(page):
    figure = page.locator(".live-network").first
    figure.scroll_into_view_if_needed()
    return figure


def press(figure, name):
    figure.get_by_role("button", name=name, exact=True).click()


def picture(figure, selector):
    return torch.tensor(figure.locator(selector).first.evaluate(READ))


def show_random(figure, count):
    for _ in range(count):
        press(figure, "Random")
        press(figure, "Show it to the network, once")


def result(figure):
    return figure.locator(".result").inner_text()


def recalled(figure, drawn, others=3):
    """Show a drawing that is in the grid, then random patterns; ask for the drawing. It comes back, and not without plasticity."""
    press(figure, "Show it to the network, once")
    show_random(figure, others)
    assert figure.locator(".shown input").count() == others + 1
    press(figure, "Erase half and recall")
    assert result(figure).startswith("Right, all 512 erased dots are back: the patterns overlap by")
    assert torch.equal(picture(figure, ".net"), drawn)
    figure.get_by_label("plasticity off").check()
    assert result(figure).startswith("The last pattern shown, not pattern 1 (")
    assert "plasticity is off, so nothing was written" in result(figure)
    wrong = int(re.search(r"(\d+) of 512 erased dots are wrong", result(figure)).group(1))
    assert wrong > 100
    assert (picture(figure, ".net") != drawn).sum() == wrong
    figure.get_by_label("plasticity off").uncheck()
    assert result(figure).startswith("Right, all")


@pytest.mark.parametrize("case", STORED["cases"], ids=lambda case: case["name"])
def test_the_page_computes_every_state_of_every_step(functions, case):
    states = functions.evaluate(
        """(figure, {patterns, asked, erased, numbers}) => figure.live.episode(
            patterns.map(p => Float64Array.from(p, bit => bit === "+" ? 1 : -1)), asked, Float64Array.from(erased), numbers
        ).states.map(y => [...y])""",
        case,
    )
    states = torch.tensor(states, dtype=torch.float64)
    if "states" in case:
        wanted, got = torch.tensor(case["states"], dtype=torch.float64), states
    else:
        ramp = torch.arange(1, 1025).double() / 1024
        got = torch.cat(
            [states[:, case["units"]], states.sum(1, keepdim=True), (states @ ramp)[:, None]], 1
        )
        wanted = torch.cat(
            [torch.tensor(case[key], dtype=torch.float64) for key in ("some", "sums")], 1
        )
    assert got.shape == wanted.shape
    assert (got - wanted).abs().max() < 1e-9


def test_a_drawing_made_with_the_mouse_comes_back(visit):
    page = visit()
    figure = first(page)
    press(figure, "Forget all")
    assert figure.get_by_role("button", name="Erase half and recall").is_disabled()
    press(figure, "Show it to the network, once")
    assert "The grid is empty" in figure.locator(".note").inner_text()
    box = figure.locator(".paper").bounding_box()
    cell = box["width"] / 32
    for start, end in (((4, 5), (26, 5)), ((26, 20), (26, 5))):  # rows and columns: an L
        for k, (row, column) in enumerate((start, end)):
            page.mouse.move(box["x"] + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell)
            (page.mouse.up if k else page.mouse.down)()
    page.mouse.move(box["x"] + 5, box["y"] + 5)  # no button is down
    drawn = -torch.ones(32, 32, dtype=torch.long)
    drawn[3:28, 4:7] = 1
    drawn[25:28, 4:22] = 1
    page.mouse.move(box["x"] + 4.5 * cell, box["y"] + 26.5 * cell)  # on ink, the pen clears
    page.mouse.down()
    page.mouse.up()
    drawn[25:28, 3:6] = -1
    page.mouse.click(box["x"] + 4.5 * cell, box["y"] + 30 * cell, button="right")
    assert torch.equal(picture(figure, ".paper"), drawn.flatten())
    recalled(figure, drawn.flatten())


def test_a_drawing_made_with_a_finger_comes_back_and_does_not_scroll_the_page(visit):
    page = visit(390, has_touch=True, is_mobile=True)
    figure = first(page)
    figure.get_by_role("button", name="Forget all").tap()
    figure.locator(".paper").scroll_into_view_if_needed()
    box, before = figure.locator(".paper").bounding_box(), page.evaluate("scrollY")
    cell, touch = box["width"] / 32, page.context.new_cdp_session(page)

    def send(kind, *places):
        points = [
            {"x": box["x"] + (column + 0.5) * cell, "y": box["y"] + (row + 0.5) * cell}
            for row, column in places
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", (28, 10))
    for row in (22, 16, 10, 4):
        send("touchMove", (row, 10))
    send("touchEnd")
    drawn = -torch.ones(32, 32, dtype=torch.long)
    drawn[3:30, 9:12] = 1
    assert torch.equal(picture(figure, ".paper"), drawn.flatten())
    assert page.evaluate("scrollY") == before
    everything = "[...document.querySelectorAll('.live-network *')]"
    touched = page.evaluate(
        everything
        + ".filter(e => getComputedStyle(e).touchAction === 'none').map(e => e.className)"
    )
    assert touched == ["paper", "paper"], "the page scrolls from everywhere else"
    recalled(figure, drawn.flatten())


def test_everything_can_be_done_with_the_keyboard(visit):
    page = visit()
    figure = first(page)

    def enter(name, key="Enter"):
        figure.get_by_role("button", name=name, exact=True).focus()
        page.keyboard.press(key)

    enter("Forget all")
    figure.locator(".paper").focus()
    scrolled = page.evaluate("scrollY")
    for key in [
        *["ArrowUp"] * 40,
        *["ArrowDown"] * 3,
        " ",
        *["ArrowRight"] * 3,
        " ",
        "ArrowLeft",
        "ArrowLeft",
    ]:
        page.keyboard.press(key)
    assert page.evaluate("scrollY") == scrolled
    assert figure.locator(".said").inner_text() == "row 4, column 18: ink"
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert figure.locator(".said").inner_text() == "row 4, column 23: paper"
    for key in (*["ArrowDown"] * 12, " ", " ", "ArrowDown", " "):  # a block, cleared again, another
        page.keyboard.press(key)
    page.keyboard.press("Tab")  # away from the grid: the pen is no longer drawn
    drawn = -torch.ones(32, 32, dtype=torch.long)
    drawn[2:5, 15:21] = 1
    drawn[15:18, 21:24] = 1
    assert torch.equal(picture(figure, ".paper"), drawn.flatten())
    enter("Show it to the network, once", " ")
    for _ in range(3):
        enter("Random")
        enter("Show it to the network, once")
    enter("Erase half and recall")
    assert result(figure).startswith("Right, all 512")
    assert torch.equal(picture(figure, ".net"), drawn.flatten())
    figure.get_by_role("radio", name="ask for pattern 1").focus()
    page.keyboard.press("ArrowDown")
    assert figure.get_by_role("radio", name="ask for pattern 2").is_checked()
    assert "memory of pattern 2" in result(figure)
    figure.get_by_label("plasticity off").focus()
    page.keyboard.press(" ")
    assert result(figure).startswith("The last pattern shown, not pattern 2")


def forces(states, eta, gain, n):
    """Return what each earlier step adds to the drive of the last one."""
    before = states[-2]
    return [0.0] + [
        (gain / n * eta * (1 - eta) ** (len(states) - 2 - s) * (before @ states[s - 1])).item()
        for s in range(1, len(states) - 1)
    ]


def test_letters_that_overlap_give_their_majority_and_the_sentence_says_so_with_its_own_numbers(
    visit,
):
    figure = first(visit())
    press(figure, "Letters A to E")
    figure.get_by_role("combobox", name="Erase").select_option("the lower half")
    figure.get_by_role("radio", name="ask for pattern 3").check()
    press(figure, "Erase half and recall")

    letters = torch.stack([live_data.letter(text) for text in live_data.LETTERS])
    task = tasks.PatternCompletion(n_bits=1024, bias_unit=False, **tasks.ONCE)
    erased = (torch.arange(1024) >= 512)[None]
    shown = task.episodes(
        letters[None], torch.Generator(), target=2, order=torch.arange(5)[None], erased=erased
    )
    three = live_data.trained()
    states = run(
        shown.inputs,
        ScaledIdentity(-three["inhibition"]),
        three["gain"] / 1024,
        three["eta"],
        clamp=shown.clamp,
    )[0][:, 0]
    majority = letters.sum(0).sign()
    answer = picture(figure, ".net")
    assert (answer[512:] == majority[512:]).all()
    assert (answer[512:] == states[-1, 512:].sign()).all()
    wrong = (answer != letters[2]).sum().item()
    assert wrong > 50
    overlap = ((letters @ letters.T / 1024).sum() - 5).item() / 20
    each = torch.tensor(forces(states, three["eta"], three["gain"], 1024))
    own, rest = (
        each[8:11].sum().item(),
        sum(each[4 * k : 4 * k + 3].sum().item() for k in (0, 1, 3, 4)),
    )
    assert rest > 2 * own
    assert result(figure) == (
        f"The majority of the 5 patterns, not pattern 3 ({wrong} of 512 erased dots are wrong): they overlap by {overlap:.2f} on "
        f"average (random ones by about 0), so the cue wakes them all, and at the last step the memory of pattern 3 "
        f"pulls with {own:.2f}, those of the other 4 together with {rest:.2f}."
    )
    press(figure, "5 random patterns")
    press(figure, "Erase half and recall")
    assert result(figure).startswith("Right, all 512")


VERDICT = """(figure, {patterns, asked, numbers}) => {
    const erased = new Float64Array(patterns[0].length).map((_, j) => j % 2), given = patterns.map(p => Float64Array.from(p));
    return figure.live.verdict(given, asked, erased, numbers, figure.live.episode(given, asked, erased, numbers));
}"""


@pytest.mark.parametrize(
    ("changed", "count", "asked", "kind", "words"),
    [
        ({}, 5, 1, "right", "Right, all 512 erased dots are back: the patterns overlap by"),
        ({}, 1, 0, "right", "it was the only pattern."),
        ({}, 2, 0, "right", ", the other one with "),
        ({"eta": 0}, 5, 4, "right", "but not from memory: plasticity is off"),
        ({"eta": 0}, 5, 1, "last", "The last pattern shown, not pattern 2 ("),
        ({"eta": 0.1}, 5, 1, "last", "its memory pulls with"),
        (
            {"gain": 150},
            5,
            1,
            "else",
            "Something else: on the erased dots, it agrees with pattern 2 in ",
        ),
        ({"eta": 0, "inhibition": 0}, 5, 1, "else", "Silence, not pattern 2"),
    ],
)
def test_the_sentence_follows_from_the_answer(functions, changed, count, asked, kind, words):
    task = tasks.PatternCompletion(n_bits=1024, n_patterns=count, bias_unit=False, **tasks.ONCE)
    patterns = task.random_patterns(1, torch.Generator().manual_seed(3))[0].tolist()
    said = functions.evaluate(
        VERDICT, {"patterns": patterns, "asked": asked, "numbers": live_data.trained() | changed}
    )
    assert said["kind"] == kind
    assert words in said["sentence"]
    assert said["sentence"].endswith(".")


def test_sliders_change_the_numbers_and_as_trained_puts_them_back(visit):
    page = visit()
    figure = first(page)
    press(figure, "Erase half and recall")
    trained = result(figure)
    assert trained.startswith("Right")
    figure.get_by_label("gain on memories").fill("150")
    assert result(figure) != trained
    figure.get_by_label("rate of writing").focus()
    page.keyboard.press("Home")
    assert figure.get_by_label("rate of writing").get_attribute("aria-valuetext") == "0.00"
    assert "plasticity is off" in result(figure)
    press(figure, "As trained")
    assert result(figure) == trained
    for name, value in live_data.trained().items():
        assert float(figure.locator(f"[name={name}]").input_value()) == pytest.approx(
            value, rel=1e-14
        )


def test_it_recalls_step_by_step_and_can_be_stepped(visit):
    page = visit(calm=False)
    figure = first(page)
    press(figure, "Forget all")
    press(figure, "A")
    press(figure, "Show it to the network, once")
    figure.evaluate("""f => { window.seen = []; const moment = f.querySelector(".moment");
        new MutationObserver(() => seen.push(moment.textContent)).observe(moment, {childList: true}); }""")
    press(figure, "Erase half and recall")
    assert figure.locator(".play").inner_text() == "Pause"
    assert not result(figure)
    page.wait_for_function("document.querySelector('.result').textContent", timeout=15_000)
    steps = [label.partition(":")[0] for label in page.evaluate("seen")]
    assert steps == [
        *[f"pattern 1 of 1, step {k} of 3" for k in (1, 2, 3)],
        "a blank step after pattern 1",
        "the cue for pattern 1",
        *[f"the cue, step {k} of 3" for k in (1, 2, 3)],
    ]
    bar = figure.get_by_label("step of the episode")
    assert bar.get_attribute("aria-valuetext") == "the cue, step 3 of 3: no dot is wrong"
    bar.focus()
    page.keyboard.press("Home")
    assert figure.locator(".moment").inner_text() == "pattern 1 of 1, step 1 of 3"
    assert "overlap with pattern 1 1.00" in figure.locator(".net").get_attribute("aria-label")
    press(figure, "next step")
    assert figure.locator(".moment").inner_text() == "pattern 1 of 1, step 2 of 3"
    press(figure, "Play the episode")
    press(figure, "Pause the episode")
    assert figure.locator(".play").inner_text() == "Play"
    assert figure.locator(".play").get_attribute("aria-label") == "Play the episode"


def test_it_says_which_pattern_is_asked_for_and_why_a_button_is_off(visit):
    figure = first(visit())
    note = figure.locator(".note")
    show_random(figure, 1)
    assert (
        note.inner_text()
        == "Pattern 6 was shown for 3 steps, once. Asked for is pattern 2: choose below."
    )
    show_random(figure, 2)
    assert figure.get_by_role("button", name="Show it to the network, once").is_disabled()
    assert note.inner_text() == "It holds 8 patterns: forget all before you show it another."
    press(figure, "Forget all")
    assert figure.get_by_role("button", name="Erase half and recall").is_disabled()
    assert note.inner_text() == "Nothing is stored: show it a pattern, then ask for it."


def test_where_motion_is_not_wanted_nothing_plays(visit):
    figure = first(visit())
    assert not figure.locator(".play").is_visible()
    press(figure, "Erase half and recall")
    assert figure.locator(".moment").inner_text().startswith("the cue, step 3 of 3")


def test_two_on_a_page_do_not_meddle_with_each_other(visit):
    page = visit()
    one, two = (page.locator(".live-network").nth(k) for k in (0, 1))
    press(one, "Erase half and recall")
    press(two, "Letters A to E")
    two.get_by_role("radio", name="ask for pattern 4").check()
    two.get_by_label("plasticity off").check()
    assert one.get_by_role("radio", name="ask for pattern 2").is_checked()
    assert result(one).startswith("Right, all 512")
    assert result(two).startswith(
        "The last pattern shown, not pattern 4"
    )  # letters are recalled at once
    assert page.evaluate("new Set([...document.querySelectorAll('.live-network [id]')]).size") == 0


def test_it_leaves_nothing_global_and_needs_nothing_but_its_own_markup(visit, browser, tmp_path):
    bare = tmp_path / "bare.html"
    bare.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title><body>{live.markup()}</body></html>'
    )
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda r: asked.append(r.url))
    page.add_init_script(
        "Object.defineProperty(window, 'names', {value: Object.getOwnPropertyNames(window), enumerable: false})"
    )
    page.goto(bare.as_uri(), wait_until="networkidle")
    added = page.evaluate(
        "Object.getOwnPropertyNames(window).filter(name => !names.includes(name) && name !== 'names')"
    )
    assert [name for name in added if not name.isdigit()] == []
    assert asked == [bare.as_uri()]
    context.close()
    figure = first(visit(target=bare.as_uri()))
    press(figure, "Erase half and recall")
    assert result(figure).startswith("Right, all 512")


CONTRASTS = """f => {
    const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const share = [0.2126, 0.7152, 0.0722, 0];
    const light = colour => colour.match(/[\\d.]+/g).reduce((sum, v, i) => sum + share[i] * linear(v / 255), 0);
    const clear = colour => /, 0\\)$/.test(colour);
    const paper = e => clear(getComputedStyle(e).backgroundColor) ? paper(e.parentElement) : getComputedStyle(e).backgroundColor;
    return [...f.querySelectorAll("button, label, legend, .heading, .moment, .value, select")].map(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(paper(e))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_every_control_has_a_name(visit, width, theme):
    page = visit(width)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    figure = first(page)
    for canvas in (".paper", ".net"):
        assert figure.locator(canvas).get_attribute("role") in ("img", "application")
    nameless = figure.evaluate(
        """f => [...f.querySelectorAll("button, input, select, canvas[role]")].filter(e =>
            !(e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText || "").trim()).map(e => e.outerHTML)"""
    )
    assert nameless == []
    assert figure.locator(".result").get_attribute("aria-live") == "polite"
    assert min(figure.evaluate(CONTRASTS)) >= 4.5, "text that is too faint to read"


def test_without_javascript_and_in_print_a_sentence_stands_in_its_place(visit):
    page = visit(java_script_enabled=False)
    assert page.locator(".live-network .still").first.is_visible()
    assert not page.locator(".live-network form").first.is_visible()
    page = visit()
    assert not page.locator(".live-network .still").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".live-network .still").first.is_visible()
    assert (
        "fills in the half that you erase"
        in page.locator(".live-network .still").first.inner_text()
    )
    assert not page.locator(".live-network form").first.is_visible()
