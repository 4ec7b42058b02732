"""A reader before a page, in Chromium or in Firefox: the few calls that the tests of both share.

A script is the text of a JavaScript function; what it returns comes back.
"""

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

NAMES = ("firefox", "firefox-esr")
KEYS = {
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "End": "\ue010",
    "Home": "\ue011",
    "Enter": "\ue007",
    "Delete": "\ue017",
}
START = {
    "browser.theme.content-theme": 2,  # light or dark as the system says
    "browser.startup.page": 0,
    "ui.prefersReducedMotion": 1,
    "dom.w3c_touch_events.enabled": 1,
    "network.captive-portal-service.enabled": False,
    "devtools.console.stdout.content": False,
}


OURS = ("http://127.0.0.1:", "file:", "data:")
"""How the addresses begin that a page of the book may ask for."""


class InChromium:
    """Chromium by Playwright: one page for all tests, since a new one costs a second of starting
    and of compiling scripts. It is as new for each: nothing is stored, and media are the default.
    """

    def __init__(self, page: Page, moves: bool = False, scheme: str = "light") -> None:
        self.page = self.target = page
        self.fetched: set[str] = set()
        self._faults: list[str] = []
        self._hears = {
            "pageerror": lambda error: self._faults.append(str(error)),
            "console": lambda said: (
                self._faults.append(said.text) if said.type == "error" else None
            ),
            "request": self._asked,
            "response": self._answered,
        }
        for event, does in self._hears.items():
            page.on(event, does)
        motion = "no-preference" if moves else "reduce"
        page.emulate_media(media="null", color_scheme=scheme, reduced_motion=motion)

    def _asked(self, request) -> None:
        if not request.url.startswith(OURS):
            self._faults.append(f"asked for {request.url}")

    def _answered(self, response) -> None:
        self.fetched.add(response.url.partition("?")[0])
        if response.status >= 400:
            self._faults.append(f"{response.status} {response.url}")

    def open(self, address: str, width: int = 1280) -> None:
        """Open a page, and wait until it is loaded."""
        self.target = self.page
        self.resize(width)
        self.page.goto(address, wait_until="load")

    def resize(self, width: int, type_size: int = 16) -> None:
        """Give the page another width, and its reader another size of type, both in pixels."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.evaluate(f"document.documentElement.style.fontSize = '{type_size}px'")

    def run(self, script: str, *arguments):
        """Return what a function gives; a promise is awaited."""
        return self.target.evaluate(f"arguments => ({script})(...arguments)", list(arguments))

    def until(self, script: str) -> None:
        """Wait until a function gives what holds, for ten seconds at most."""
        self.target.wait_for_function(f"({script})()", timeout=10_000)

    def press(self, selector: str) -> None:
        """Press the first element of a selector with the mouse."""
        self.target.locator(selector).first.click()

    def type(self, selector: str, *keys: str) -> None:
        """Press keys while the first element of a selector has the focus."""
        self.target.locator(selector).first.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, selector: str, points, finger: bool = False) -> None:
        """Press on an element, go along points in shares of its width and height, and let go."""
        element = self.target.locator(selector).first
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        if finger:
            touch = self.page.context.new_cdp_session(self.page)
            for kind, place in zip(("touchStart", *["touchMove"] * (len(at) - 1)), at, strict=True):
                where = [{"x": place[0], "y": place[1]}]
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            touch.detach()
            return
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        for place in at[1:]:
            self.page.mouse.move(*place)
        self.page.mouse.up()

    def enter(self, selector: str) -> None:
        """Look from now on into a frame of the page."""
        self.target = self.page.locator(selector).element_handle().content_frame()

    def leave(self) -> None:
        """Look at the whole page again."""
        self.target = self.page

    def printed(self) -> bytes:
        """Return the page as a PDF, without backgrounds."""
        return self.page.pdf()

    def faults(self) -> list[str]:
        """Return the errors that scripts made since the last call."""
        found, self._faults = self._faults, []
        return found

    def close(self) -> None:
        """Forget what the pages stored, and leave."""
        self.page.evaluate(
            "() => { try { localStorage.clear(); sessionStorage.clear(); } catch {} }"
        )
        for event, does in self._hears.items():
            self.page.remove_listener(event, does)
        self.page.goto("about:blank")


class InFirefox:
    """Firefox by Marionette, which it speaks by itself."""

    def __init__(self, marionette) -> None:
        self.firefox = marionette

    def open(self, address: str, width: int = 1280) -> None:
        """Open a page, and wait until it is loaded."""
        self.firefox.switch_to_default_content()
        self.resize(width)
        self.firefox.navigate(address)

    def resize(self, width: int, type_size: int = 16) -> None:
        """Give the page another width, and its reader another size of type, both in pixels."""
        with self.firefox.using_context("chrome"):  # a window cannot be as narrow as a phone
            self.firefox.execute_script(
                "const page = gBrowser.selectedBrowser, [width, larger] = arguments;"
                "page.style.width = width + 'px'; page.style.height = '900px'; page.style.flex = 'none';"
                "page.browsingContext.textZoom = larger;",
                [width, type_size / 16],
            )
        size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
        self.until(f"() => innerWidth === {width} && {size} === {type_size}")

    def run(self, script: str, *arguments):
        """Return what a function gives; a promise is awaited."""
        return self.firefox.execute_script(
            f"return ({script})(...arguments)", arguments, sandbox=None
        )

    def until(self, script: str) -> None:
        """Wait until a function gives what holds, for ten seconds at most."""
        held = self.firefox.execute_async_script(
            "const [ended] = arguments; const started = performance.now(); (function look() {"
            f"if (({script})()) ended(true); else if (performance.now() - started > 1e4) ended(false);"
            "else setTimeout(look, 20); })()",
            sandbox=None,
        )
        assert held, f"it does not come about: {script}"

    def press(self, selector: str) -> None:
        """Press the first element of a selector with the mouse."""
        self.firefox.find_element("css selector", selector).click()

    def type(self, selector: str, *keys: str) -> None:
        """Press keys while the first element of a selector has the focus."""
        element = self.firefox.find_element("css selector", selector)
        self.run("e => e.focus()", element)
        chain = self.firefox.actions.sequence("key", "keyboard")
        chain.send_keys("".join(KEYS.get(key, key) for key in keys)).perform()

    def drag(self, selector: str, points, finger: bool = False) -> None:
        """Press on an element, go along points in shares of its width and height, and let go."""
        element = self.firefox.find_element("css selector", selector)
        box = self.run(
            "e => { e.scrollIntoView({ block: 'nearest', behavior: 'instant' });"
            " const { x, y, width, height } = e.getBoundingClientRect(); return [x, y, width, height]; }",
            element,
        )
        kind = {"pointerType": "touch" if finger else "mouse"}
        chain = self.firefox.actions.sequence("pointer", f"{kind['pointerType']}_id", kind)
        for k, (x, y) in enumerate(points):
            place = int(box[0] + x * box[2]), int(box[1] + y * box[3])
            chain.pointer_move(*place, duration=0)
            if not k:
                chain.pointer_down()
        chain.pointer_up().perform()

    def enter(self, selector: str) -> None:
        """Look from now on into a frame of the page."""
        self.firefox.switch_to_frame(self.firefox.find_element("css selector", selector))

    def leave(self) -> None:
        """Look at the whole page again."""
        self.firefox.switch_to_default_content()

    def printed(self) -> bytes:
        """Return the page as a PDF, without backgrounds."""
        return base64.b64decode(
            self.firefox._send_message("WebDriver:Print", {"background": False}, key="value")
        )

    def faults(self) -> list[str]:
        """Return the errors that scripts made since the last call, but for what was still being
        fetched when the reader left a page.
        """
        with self.firefox.using_context("chrome"):
            return self.firefox.execute_script(
                "const found = Services.console.getMessageArray().filter(m => m instanceof Ci.nsIScriptError"
                " && m.category === 'content javascript' && !(m.flags & Ci.nsIScriptError.warningFlag)"
                " && !/AbortError|NetworkError when attempting/.test(m.message))"
                ".map(m => m.message); Services.console.reset(); return found;"
            )

    def close(self) -> None:
        """Forget what the pages stored."""
        self.firefox.switch_to_default_content()
        self.firefox.navigate("about:blank")
        with self.firefox.using_context("chrome"):
            self.firefox.execute_async_script(
                "const [ended] = arguments;"
                "Services.clearData.deleteData(Ci.nsIClearDataService.CLEAR_DOM_STORAGES,"
                " { onDataDeleted: () => ended() });"
            )


class NoFirefoxError(RuntimeError):
    """There is no Firefox that starts; the message says what to do."""


@contextmanager
def firefox_started() -> Iterator:
    """Start Firefox: the one that ``FIREFOX`` names, or the system's."""
    try:
        from marionette_driver.marionette import Marionette
    except ModuleNotFoundError as missing:  # on macOS it and IPython need two versions of psutil
        raise NoFirefoxError("no marionette-driver, which is installed on Linux alone") from missing

    path = os.environ.get("FIREFOX") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        raise NoFirefoxError("no Firefox: install firefox-esr, or set FIREFOX to the path of one")
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "gecko.log")  # it removes what it is given: not os.devnull
        started = Marionette(
            app="fxdesktop", bin=path, port=0, headless=True, prefs=START, gecko_log=log
        )
        try:
            started.start_session()
            yield started
        finally:
            started.cleanup()
