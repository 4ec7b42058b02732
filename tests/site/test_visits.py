"""Each page of the site, visited once in each browser: whether it fits; in Chromium, barriers by day
and by night, weight, line plots, and answers on paper.
"""

import contextlib
import gzip
import json
import re

import pytest
from playwright.sync_api import TimeoutError as NotInTime

from hebbnotes.figures.palette import SHADES
from tests.site.barriers import faint_looks, other_barriers
from tests.site.test_pages import ANSWERS, CHAPTER, NOTEBOOKS, PAGES, has_exercises

PHONE = 390


def visits(names, *kinds):
    """Have a test ask for pages; all tests that ask for a page in the same browser share the visit."""
    asked = [(kind, name) for kind in kinds for name in names]
    return pytest.mark.parametrize("visited", asked, ids="-".join, indirect=True)


@pytest.fixture(scope="module")
def looks():
    """The looks of texts that were judged, of the light and of the dark theme."""
    return {"light": set(), "dark": set()}


@pytest.fixture
def shown(visited):
    """Show the page at a width and by day or night. To lay it out anew takes long: it stays so,
    each test that looks at it says first how, and what looks at it by day on a wide screen comes
    before what narrows it.
    """

    def show(width=1280, theme="light"):
        visited.resize(width)
        visited.page.emulate_media(media="null", color_scheme=theme)
        visited.page.wait_for_function(
            "t => document.documentElement.dataset.theme === t", arg=theme
        )
        return visited.page

    return show


@visits(PAGES, "chromium")
def test_a_page_has_no_barrier_by_day(shown, looks):
    page = shown()
    found = other_barriers(page) | faint_looks(page, looks["light"])
    assert not found, json.dumps(found, indent=1)


@visits(["introduction"], "chromium")
def test_a_text_that_is_hard_to_tell_is_found_wherever_it_stands(shown):
    page, seen = shown(), set()
    each = (
        "[...document.querySelectorAll('*')].map(e => e.tagName + e.getClientRects().length).join()"
    )
    before = page.evaluate(each)
    assert not faint_looks(page, seen)
    assert page.evaluate(each) == before, "what was put aside is not back"
    for where, style in (
        ("p", "color: #bbb"),
        ("figcaption .caption-text", "color: #bbb"),
        ("p em", "display: block; position: absolute; opacity: .3"),
    ):
        spoiled = page.locator(f"main {where}:visible").last
        spoiled.evaluate("(e, style) => { e.style = style; }", style)
        assert list(faint_looks(page, seen)) == ["color-contrast"]
        spoiled.evaluate("e => { e.style = ''; }")


PLOTS = """() => [...document.querySelectorAll(".plot")].map(plot => ({
    words: plot.role + ": " + plot.ariaLabel,
    text: Math.min(...[...plot.querySelectorAll("text, tspan")].filter(t => !t.children.length && !t.hasAttribute("dy"))
        .map(t => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a || Infinity)),
    wide: [...plot.querySelectorAll("svg")].map(s => s.getBoundingClientRect().width / plot.getBoundingClientRect().width),
    ink: getComputedStyle(plot.querySelector("text")).fill,
    ground: getComputedStyle(plot.querySelector("path")).fill,
}))"""


WITH_PLOTS = [
    "differentiable-plasticity",
    "fast-evaluation",
    "maze",
    "natural-images",
    "one-shot-learning",
]


def look_at_plots(page, ink):
    """Line plots take the colours of the theme, and are read."""
    plots = page.evaluate(PLOTS)
    assert len(plots) >= 3
    shade = tuple(int(SHADES["ink"][ink][k : k + 2], 16) for k in (1, 3, 5))
    for one in plots:
        assert re.match(r"img: [A-Z].{30,}", one["words"])
        assert one["ink"] == f"rgb{shade}"
        assert one["ground"] == "rgba(0, 0, 0, 0)"
        assert one["text"] >= 9, f"texts of {one['text']:.1f} px"
        assert sum(one["wide"]) > 0.99
    assert page.evaluate(
        "new Set([...document.querySelectorAll('.plot [id]')].map(e => e.id)).size"
    ) == page.evaluate("document.querySelectorAll('.plot [id]').length"), "two of a name"


@visits(WITH_PLOTS, "chromium")
def test_line_plots_take_the_colours_of_the_theme_and_are_read_by_day(shown):
    look_at_plots(shown(), 0)


@visits(NOTEBOOKS, "chromium")
def test_folded_answers_open_in_print(shown, request):
    page = shown()
    exercises = has_exercises(request.node.callspec.params["visited"][1])
    page.wait_for_selector(
        ".admonition.solution.toggle-hidden" if exercises else "details.sd-dropdown"
    )
    before = page.evaluate(ANSWERS)
    assert before["folded"][0] == 0 < before["folded"][1]
    page.emulate_media(media="print")
    after = page.evaluate(ANSWERS)
    page.emulate_media(media="null")
    assert bool(after["solutions"][1]) == exercises
    assert all(seen == of for seen, of in after.values()), f"an answer is folded on paper: {after}"


@visits(["notation"], "chromium")
@pytest.mark.parametrize("width", [1280, 600, 390])
def test_no_line_begins_with_the_mark_after_a_formula(width, shown):
    page = shown(width)
    found = page.evaluate(
        """[...document.querySelectorAll(".together")].map(t => {
            const [formula, range] = [t.querySelector("mjx-container").getBoundingClientRect(), document.createRange()];
            const last = t.lastChild.nodeType === 3 ? t.lastChild : t.firstChild;
            range.selectNodeContents(last);
            const mark = range.getBoundingClientRect();
            return mark.top < formula.bottom && mark.bottom > formula.top;
        })"""
    )
    assert len(found) > 20
    assert all(found)


WIDER = """async () => {
    const wider = () => document.documentElement.scrollWidth - innerWidth;
    for (let k = 0; k < 20 && wider() > 0; k++) await new Promise(later => setTimeout(later, 50));
    return wider();
}"""  # what slides to its new place may take a moment

TORN = (
    "() => [...document.images].filter(i => i.complete && i.offsetParent && !i.naturalWidth).length"
)


@visits(PAGES, "chromium", "firefox")
def test_a_page_fits_at_every_width_and_size_of_type(visited):
    wide, torn = {}, {}
    for width, size in ((1280, 16), (320, 16), (390, 24), (390, 32), (PHONE, 16)):
        visited.resize(width, size)
        wide[width, size] = visited.run(WIDER)
        torn[width, size] = visited.run(TORN)
    assert max(wide.values()) <= 0, f"it scrolls sideways by {wide}"
    assert not any(torn.values()), f"pictures that do not come: {torn}"
    raw = "() => [...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container')).length"
    assert visited.run(raw) == 0, "it shows raw TeX"
    nameless = "() => [...document.images].filter(i => !i.alt).length"
    assert visited.run(nameless) == 0, "a picture has no alt text"


@visits(PAGES, "chromium")
def test_a_page_has_no_barrier_by_night(shown, looks):
    found = faint_looks(shown(PHONE, "dark"), looks["dark"])
    assert not found, json.dumps(found, indent=1)


STOPS = """() => [...document.querySelectorAll("pre")].every(
    block => (block.tabIndex === 0) === (block.scrollWidth > block.clientWidth))"""


@visits(["index", CHAPTER, "api-cells"], "chromium")
def test_what_only_a_phone_shows_is_no_barrier(shown):
    page = shown(PHONE, "dark")
    with contextlib.suppress(NotInTime):  # the theme looks again a while after the width changed
        page.wait_for_function(STOPS, timeout=3000)
    found = other_barriers(page)
    assert not found, json.dumps(found, indent=1)


@visits(WITH_PLOTS, "chromium")
def test_line_plots_take_the_colours_of_the_theme_and_are_read_on_a_phone_by_night(shown):
    look_at_plots(shown(PHONE, "dark"), 1)


@visits(PAGES, "chromium")
def test_a_page_weighs_little(visited, site, address):
    """Judge what a first visit fetches, and what comes before the first text, packed as hosts send it."""
    page = visited.page
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    page.wait_for_function("[...document.images].every(i => i.complete || !i.offsetParent)")
    files = {
        site / url.removeprefix(f"{address}/") for url in visited.fetched if url.startswith(address)
    }
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


@visits(PAGES, "chromium", "firefox")
def test_in_all_that_nothing_failed_and_nothing_was_asked_of_other_sites(visited):
    assert not visited.faults()
