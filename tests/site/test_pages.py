"""The pages of the site, visited as readers do: on a laptop by day, on a phone by night."""

import functools
import gzip
import http.server
import json
import re
import threading

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from hebbnotes.figures.palette import SHADES
from tools.build import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = ["index", *(c["file"] for part in TOC["parts"] for c in part["chapters"]), "search"]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "book").glob("*.ipynb"))}
LAPTOP = {"width": 1280, "color_scheme": "light"}
PHONE = {"width": 390, "color_scheme": "dark"}
AXE, OFF = Axe(), {"enabled": False}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a word."""

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def visit(browser, address):
    """Open a page; afterwards, nothing may have gone wrong in it and no request may have left the site."""
    contexts, faults = [], []

    def opened(name, width=1280, fetched=None, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda m: faults.append(f"{name}: console {m.text}") if m.type == "error" else None,
        )
        page.on("pageerror", lambda e: faults.append(f"{name}: {e}"))
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((address, "data:"))
                else faults.append(f"{name}: asked for {r.url}")
            ),
        )
        page.on(
            "response",
            lambda r: faults.append(f"{name}: {r.status} {r.url}") if r.status >= 400 else None,
        )
        if fetched is not None:
            page.on("response", lambda r: fetched.add(r.url.partition("?")[0]))
        page.goto(f"{address}/{name}", wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


def test_every_page_is_visited(site):
    built = {p.stem for p in site.glob("*.html")} - {"genindex", "py-modindex"}
    assert built == set(PAGES)


def renders_and_fits(page):
    """Check that nothing scrolls sideways, formulas are set, and pictures are there, with words."""
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"it scrolls sideways: {wide}"
    if page.query_selector(".math"):
        page.wait_for_selector("mjx-container", timeout=10_000)
        raw = page.evaluate(
            "[...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container')).length"
        )
        assert raw == 0, "it shows raw TeX"
    assert (
        page.evaluate(
            "[...document.images].filter(i => i.complete && i.offsetParent && !i.naturalWidth).length"
        )
        == 0
    )
    assert page.evaluate("[...document.images].filter(i => !i.alt).length") == 0, (
        "a picture has no alt text"
    )


DRAWINGS = """() => [...document.querySelectorAll(".drawing")].map(drawing => ({
    words: drawing.role + ": " + drawing.ariaLabel,
    text: Math.min(...[...drawing.querySelectorAll("text, tspan")].filter(t => !t.children.length && !t.hasAttribute("dy"))
        .map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a || Infinity)),
    wide: [...drawing.querySelectorAll("svg")].map(s => s.getBoundingClientRect().width / drawing.getBoundingClientRect().width),
    ink: getComputedStyle(drawing.querySelector("text")).fill,
    ground: getComputedStyle(drawing.querySelector("path")).fill,
}))"""


@pytest.mark.parametrize(("how", "ink"), [(LAPTOP, 0), (PHONE, 1)])
def test_line_plots_take_the_colours_of_the_theme_and_are_read_on_a_phone(how, ink, visit):
    page = visit("fast-evaluation.html", **how)
    drawings = page.evaluate(DRAWINGS)
    assert len(drawings) == 3
    shade = tuple(int(SHADES["ink"][ink][k : k + 2], 16) for k in (1, 3, 5))
    for one in drawings:
        assert re.match(r"img: [A-Z].{30,}", one["words"])
        assert one["ink"] == f"rgb{shade}"
        assert one["ground"] == "rgba(0, 0, 0, 0)"
        assert one["text"] >= 9, f"texts of {one['text']:.1f} px"
        assert sum(one["wide"]) > 0.99
    assert page.evaluate(
        "new Set([...document.querySelectorAll('.drawing [id]')].map(e => e.id)).size"
    ) == page.evaluate("document.querySelectorAll('.drawing [id]').length"), "two of a name"


THEMES_OWN = {
    "region": "the theme's logo and its buttons stand outside its landmarks",
    "label-content-name-mismatch": "the theme labels its search button otherwise than it shows it",
    "aria-allowed-role": "the roles that docutils gives the entries of a bibliography",
    "aria-deprecated-role": "the same",
    "aria-required-children": "the same",
}
"""What axe finds in every page that the theme and Sphinx make, whatever is on it."""


MARK_LOOKS = """() => {
    const surfaces = new Map(), numbers = new Map(), seen = new Set();
    const number = text => numbers.get(text) ?? numbers.set(text, numbers.size).get(text);
    const surface = e => {
        if (!e) return 0;
        if (!surfaces.has(e)) {
            const s = getComputedStyle(e);
            surfaces.set(e, number([surface(e.parentElement), s.backgroundColor, s.backgroundImage, s.opacity, s.filter,
                s.position, s.zIndex, e.hasAttribute("disabled"), e.ariaDisabled].join()));
        }
        return surfaces.get(e);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement, s = getComputedStyle(e);
        if (!texts.currentNode.textContent.trim() || !e.getClientRects().length || !e.checkVisibility({visibilityProperty: true}))
            continue;
        const link = e.closest("a"), block = link?.parentElement.closest("p, li, dd, dt, td, th, figcaption, div");
        const among = link && [getComputedStyle(link.parentElement).color, getComputedStyle(link).textDecorationLine,
            getComputedStyle(link).borderBottom, block.tagName, block.textContent.trim() !== link.textContent.trim()];
        const look = [surface(e), s.color, s.fontSize, s.fontWeight, s.textShadow, among].join();
        if (!seen.has(look)) (link ?? e).setAttribute("data-look", seen.add(look).size);
    }
    document.querySelectorAll("input, select, textarea").forEach(e => e.setAttribute("data-look", ""));
}"""  # one text of each look: its colour and size, all that lies behind it, and, of a link, what stands around it
OF_LOOKS = ("color-contrast", "link-in-text-block")
"""What axe asks of a text's look alone; its search takes a minute on a long page."""


def barriers(page):
    """Return what axe finds that is not the theme's own; texts of one look are equally faint, so
    that one of each will do.
    """
    how = {"resultTypes": ["violations"], "preload": False}
    page.evaluate(MARK_LOOKS)
    results = (
        AXE.run(page, "[data-look]", how | {"runOnly": OF_LOOKS}),
        AXE.run(page, options=how | {"rules": dict.fromkeys([*OF_LOOKS, *THEMES_OWN], OFF)}),
    )
    return {
        violation["id"]: [node["html"][:160] for node in violation["nodes"][:3]]
        for result in results
        for violation in result.response["violations"]
    }


ANSWERS = """() => {
    const seen = e => e.getBoundingClientRect().height > 5 && e.checkVisibility({visibilityProperty: true});
    const folded = [...document.querySelectorAll("details.sd-dropdown > :not(summary)")];
    const solutions = [...document.querySelectorAll(".admonition.solution > :not(.admonition-title, button)")];
    const count = all => [all.filter(seen).length, all.length];
    return {folded: count(folded), solutions: count(solutions)};
}"""


def folded_answers_open_in_print(page):
    """Check that what is folded on the screen is read on paper."""
    page.wait_for_selector(".admonition.solution.toggle-hidden")
    before = page.evaluate(ANSWERS)
    assert before["folded"][0] == 0 < before["folded"][1]
    page.emulate_media(media="print")
    after = page.evaluate(ANSWERS)
    assert all(seen == of > 0 for seen, of in after.values()), (
        f"an answer is folded on paper: {after}"
    )


def weighs_little(page, fetched, site, address):
    """Check what a first visit fetches, and what comes before the first text, packed as hosts send it."""
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    page.wait_for_function("[...document.images].every(i => i.complete || !i.offsetParent)")
    files = {site / url.removeprefix(f"{address}/") for url in fetched if url.startswith(address)}
    total = sum(file.stat().st_size for file in files)
    assert total < 3e6, f"it fetches {total / 1e6:.2f} MB"
    text = (site / page.url.rpartition("/")[2]).read_text(encoding="utf-8")
    head = text[: text.index("</head>")]
    tags = re.findall(r'<link[^>]*rel="stylesheet"[^>]*>|<script[^>]*\ssrc=[^>]*>', head)
    waits = [
        re.search(r'(?:href|src)="([^"?]+)', tag).group(1)
        for tag in tags
        if not re.search(r"\s(defer|async)", tag)
    ]
    before = [
        text[: text.index("<h1")].encode(),
        *((site / file).read_bytes() for file in waits),
    ]
    packed = sum(len(gzip.compress(part)) for part in before)
    assert packed < 4e5, f"it fetches {packed / 1e3:.0f} KB before its first text"


@pytest.mark.parametrize("name", PAGES)
def test_on_a_laptop_a_page_renders_fits_has_no_barrier_and_opens_its_answers_in_print(name, visit):
    page = visit(f"{name}.html", **LAPTOP)
    renders_and_fits(page)
    found = barriers(page)
    assert not found, json.dumps(found, indent=1)
    if name in NOTEBOOKS:
        folded_answers_open_in_print(page)


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_a_page_renders_fits_weighs_little_and_has_no_barrier(
    name, site, visit, address
):
    fetched = set()
    page = visit(f"{name}.html", fetched=fetched, **PHONE)
    renders_and_fits(page)
    weighs_little(page, fetched, site, address)
    found = barriers(page)
    assert not found, json.dumps(found, indent=1)


@pytest.mark.parametrize(
    ("where", "style", "barrier"),
    [
        ("p", "color: #bbb", "color-contrast"),
        ("figcaption .caption-text", "color: #bbb", "color-contrast"),
        ("p em", "display: block; position: absolute; opacity: .3", "color-contrast"),
    ],
)
def test_a_text_that_is_hard_to_tell_is_found_wherever_it_stands(visit, where, style, barrier):
    page = visit("introduction.html")
    page.locator(f"main {where}").last.evaluate("(e, style) => { e.style = style; }", style)
    assert list(barriers(page)) == [barrier]


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_search_finds_the_chapter(visit, chapter):
    metadata = nbformat.read(NOTEBOOKS[chapter], as_version=4).metadata
    page = visit(f"search.html?q={metadata['hebbnotes']['search']}")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    page.wait_for_timeout(300)  # results come one after the other
    assert f"{chapter}.html" in page.inner_html("#search-results")


@pytest.mark.parametrize("name", ["maze.html", "index.html"])
def test_the_site_opens_from_the_file_system(site, browser, name):
    context, faults = browser.new_context(), []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console", lambda message: faults.append(message.text) if message.type == "error" else None
    )
    page.goto((site / name).as_uri(), wait_until="load")
    page.wait_for_selector(
        "mjx-container" if name == "maze.html" else ".live-network.live", timeout=10_000
    )
    assert (
        page.evaluate(
            "[...document.images].filter(i => i.complete && i.offsetParent && !i.naturalWidth).length"
        )
        == 0
    )
    context.close()
    assert not faults


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_without_javascript_answers_open_and_every_frame_is_shown(visit, chapter):
    page = visit(f"{chapter}.html", java_script_enabled=False)
    for box in page.locator("details.sd-dropdown").all():
        box.locator("summary").click()
    found = page.evaluate(ANSWERS)
    assert all(seen == of > 0 for seen, of in found.values()), found
    figure = page.locator(".moving-figure").first
    assert figure.locator("img:visible").count() == figure.locator("img").count() > 1


def test_a_moving_figure_obeys_mouse_and_keyboard_and_tells_its_value(visit):
    page = visit("introduction.html", 390)
    figure = page.locator(".moving-figure").first
    bar, shown = figure.locator("input"), figure.locator("img.now")
    figure.scroll_into_view_if_needed()
    assert shown.count() == 1
    first = shown.get_attribute("alt")
    bar.focus()
    page.keyboard.press("ArrowRight")
    assert shown.get_attribute("alt") != first
    assert bar.get_attribute("aria-valuetext") in shown.get_attribute("alt")
    page.keyboard.press("End")
    assert "cue" in bar.get_attribute("aria-valuetext")
    figure.locator("button").click()
    assert figure.locator("button").inner_text() == "Pause"


def test_a_moving_figure_respects_reduced_motion_and_prints_a_strip(visit):
    page = visit("introduction.html", reduced_motion="reduce")
    assert not page.locator(".moving-figure button").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".moving-figure").first.locator("img:visible").count() >= 6
