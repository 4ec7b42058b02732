"""The pages of the site in Chromium: barriers by day and by night, weight, answers, and what moves.

What both browsers are asked for is in test_readers.py.
"""

import gzip
import json
import re

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from hebbnotes.figures.palette import SHADES
from tests.figures.test_figures import moving
from tools.browser import settle
from tools.build import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = ["index", *(c["file"] for part in TOC["parts"] for c in part["chapters"]), "search"]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "book").glob("*.ipynb"))}
CHAPTER = "maze"
"""The page that stands for all where one will do: it has formulas, folds and a moving figure."""
PHONE = {"width": 390, "height": 900}
AXE, OFF = Axe(), {"enabled": False}


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


@pytest.mark.parametrize("name", WITH_PLOTS)
@pytest.mark.parametrize(("width", "theme", "ink"), [(1280, "light", 0), (390, "dark", 1)])
def test_line_plots_take_the_colours_of_the_theme_and_are_read_on_a_phone(
    width, theme, ink, name, visit
):
    page = visit(f"{name}.html", width, color_scheme=theme)
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


def test_on_a_phone_an_edge_says_that_a_table_goes_on(visit):
    page = visit("glossary.html", 390)
    page.add_style_tag(content=".bd-article td { white-space: nowrap; }")
    tables = page.evaluate(
        """[...document.querySelectorAll(".bd-article table")].map(t => ({
            hidden: t.scrollWidth - t.clientWidth, edges: getComputedStyle(t).backgroundImage.split("linear-gradient(").length - 1,
            rows: [...new Set([...t.rows].map(r => getComputedStyle(r).backgroundColor))]}))"""
    )
    assert any(table["hidden"] > 20 for table in tables)
    for table in tables:
        assert table["edges"] == 4
        assert table["rows"] == ["rgba(0, 0, 0, 0)"], "a row would cover the shadow"


@pytest.mark.parametrize("width", [390, 600, 1280])
def test_no_line_begins_with_the_mark_after_a_formula(width, visit):
    page = visit("notation.html", width)
    page.wait_for_selector("mjx-container")
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


THEMES_OWN = {
    "region": "the theme's logo and its buttons stand outside its landmarks",
    "label-content-name-mismatch": "the theme labels its search button otherwise than it shows it",
    "aria-allowed-role": "the roles that docutils gives the entries of a bibliography",
    "aria-deprecated-role": "the same",
    "aria-required-children": "the same",
}
"""What axe finds in every page that the theme and Sphinx make, whatever is on it."""


MARK_LOOKS = """seen => {
    const hash = text => { let a = 0xdeadbeef, b = 0x41c6ce57; for (let i = 0; i < text.length; i++) { const c = text.charCodeAt(i);
        a = Math.imul(a ^ c, 2654435761); b = Math.imul(b ^ c, 1597334677); } return (a >>> 0).toString(36) + (b >>> 0).toString(36); };
    const surfaces = new Map(), known = new Set(seen), added = [];
    const surface = e => {
        if (!e) return "";
        if (!surfaces.has(e)) {
            const s = getComputedStyle(e);
            surfaces.set(e, hash([surface(e.parentElement), s.backgroundColor, s.backgroundImage, s.opacity, s.filter,
                s.position, s.zIndex, e.hasAttribute("disabled"), e.ariaDisabled].join()));
        }
        return surfaces.get(e);
    };
    document.querySelectorAll("[data-look]").forEach(e => e.removeAttribute("data-look"));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement, s = getComputedStyle(e);
        if (!texts.currentNode.textContent.trim() || !e.getClientRects().length || !e.checkVisibility({visibilityProperty: true}))
            continue;
        const link = e.closest("a"), block = link?.parentElement.closest("p, li, dd, dt, td, th, figcaption, div");
        const among = link && [getComputedStyle(link.parentElement).color, getComputedStyle(link).textDecorationLine,
            getComputedStyle(link).borderBottom, block.tagName, block.textContent.trim() !== link.textContent.trim()];
        const look = hash([surface(e), s.color, s.fontSize, s.fontWeight, s.textShadow, among].join());
        if (known.has(look)) continue;
        known.add(look);
        added.push(look);
        (link ?? e).setAttribute("data-look", "");
    }
    document.querySelectorAll("input, select, textarea").forEach(e => e.setAttribute("data-look", ""));
    return added;
}"""  # one text of each look: its colour and size, all that lies behind it, and, of a link, what stands around it
OF_LOOKS = ("color-contrast", "link-in-text-block")
"""What axe asks of a text's look alone; its search takes a minute on a long page."""


HOW = {"resultTypes": ["violations"], "preload": False}


def told(results):
    """Return what axe found, and where."""
    return {
        violation["id"]: [node["html"][:160] for node in violation["nodes"][:3]]
        for violation in results.response["violations"]
    }


def faint_looks(page, seen):
    """Return what axe finds of the looks of texts that are not among the ``seen``, which grow: texts
    of one look are equally faint, so that one of each will do, whatever page it is on.
    """
    seen.update(page.evaluate(MARK_LOOKS, list(seen)))
    return told(AXE.run(page, "[data-look]", HOW | {"runOnly": OF_LOOKS}))


def other_barriers(page):
    """Return what axe finds besides that is not the theme's own."""
    off = dict.fromkeys([*OF_LOOKS, *THEMES_OWN], OFF)
    return told(AXE.run(page, options=HOW | {"rules": off}))


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


@pytest.fixture(scope="module")
def looks():
    """The looks of texts that were judged, of the light and of the dark theme."""
    return {"light": set(), "dark": set()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier_by_day_or_night_weighs_little_and_opens_its_answers_in_print(
    name, site, visit, address, looks
):
    fetched = set()
    page = visit(f"{name}.html", fetched=fetched, color_scheme="light")
    settle(page)
    found = other_barriers(page) | faint_looks(page, looks["light"])
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    found |= faint_looks(page, looks["dark"])
    assert not found, json.dumps(found, indent=1)
    if name in NOTEBOOKS:
        folded_answers_open_in_print(page)
    weighs_little(page, fetched, site, address)


@pytest.mark.parametrize("name", ["index", CHAPTER, "api"])
def test_what_only_a_phone_shows_is_no_barrier(name, visit):
    page = visit(f"{name}.html", PHONE["width"], color_scheme="dark")
    settle(page)
    found = other_barriers(page)
    assert not found, json.dumps(found, indent=1)


def test_a_text_that_is_hard_to_tell_is_found_wherever_it_stands(visit):
    page = visit("introduction.html")
    assert not faint_looks(page, set())
    for where, style in (
        ("p", "color: #bbb"),
        ("figcaption .caption-text", "color: #bbb"),
        ("p em", "display: block; position: absolute; opacity: .3"),
    ):
        spoiled = page.locator(f"main {where}:visible").last
        spoiled.evaluate("(e, style) => { e.style = style; }", style)
        assert list(faint_looks(page, set())) == ["color-contrast"]
        spoiled.evaluate("e => { e.style = ''; }")


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


def test_a_moving_figure_plays_at_the_press_of_a_button(visit):
    figure = visit("introduction.html", 390).locator(".moving-figure").first
    figure.locator("button").click()
    assert figure.locator("button").inner_text() == "Pause"
    figure.locator("input").press("End")
    assert figure.locator("button").inner_text() == "Play"


@pytest.mark.parametrize("where", ["in its place", "elsewhere"])
def test_a_moving_figure_is_found_wherever_its_script_is_run(where, browser):
    stored = moving()._repr_html_()
    page = browser.new_page()
    markup, script = stored.partition("<script>")[::2]
    script = script.partition("</script>")[0]
    if where == "in its place":
        page.set_content(stored)
    else:  # as some notebooks do: each script is made anew, at the end of the page
        page.set_content(f"{markup}</figure>{markup}</figure>")
        page.evaluate(
            "code => { const s = document.createElement('script'); s.textContent = code; document.body.append(s); }",
            script,
        )
    for figure in page.locator(".moving-figure").all():
        assert figure.locator("img:visible").count() == 1
        assert figure.locator("input").is_visible()
    page.close()


def test_without_its_script_a_moving_figure_shows_its_frames_and_no_dead_controls(browser):
    markup = re.sub(r"<(style|script)>.*?</\1>", "", moving()._repr_html_(), flags=re.DOTALL)
    page = browser.new_page()
    page.set_content(markup)
    assert page.locator("img:visible").count() > 1
    assert not page.locator("input").is_visible()
    page.close()


def test_a_moving_figure_respects_reduced_motion_and_prints_a_strip(visit):
    page = visit("introduction.html", reduced_motion="reduce")
    assert not page.locator(".moving-figure button").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".moving-figure").first.locator("img:visible").count() >= 6
