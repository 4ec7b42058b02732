"""The pages of the site in Chromium: what moves, and what is shown without a server or a script.

What is asked of each page is in test_visits.py, what readers do in either browser in test_readers.py.
"""

import re

import pytest
import yaml

from tests.figures.test_figures import moving
from tests.site.reader import InChromium
from tools.build import ROOT

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = ["index", *(c["file"] for part in TOC["parts"] for c in part["chapters"]), "search"]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "book").glob("*.ipynb"))}
CHAPTER = "maze"
"""The page that stands for all where one will do: it has formulas, folds and a moving figure."""
ANSWERS = """() => {
    const seen = e => e.getBoundingClientRect().height > 5 && e.checkVisibility({visibilityProperty: true});
    const folded = [...document.querySelectorAll("details.sd-dropdown > :not(summary)")];
    const solutions = [...document.querySelectorAll(".admonition.solution > :not(.admonition-title, button)")];
    const count = all => [all.filter(seen).length, all.length];
    return {folded: count(folded), solutions: count(solutions)};
}"""


def has_exercises(chapter):
    """Tell whether a page sets exercises, with solutions: an epilogue sets none."""
    return "solution-start" in NOTEBOOKS[chapter].read_text(encoding="utf-8")


@pytest.fixture
def visit(window, address):
    """Open a page; afterwards, nothing may have gone wrong in it and no request may have left the site."""
    visits = []

    def opened(name, width=1280, page=window, moves=True):
        visits.append(InChromium(page, moves))
        visits[-1].open(name if ":" in name else f"{address}/{name}", width)
        return page

    yield opened
    faults = [fault for one in visits for fault in one.faults()]
    for one in visits:
        one.close()
    assert not faults


def test_every_page_is_visited(site):
    built = {p.stem for p in site.glob("*.html")} - {"genindex", "py-modindex"}
    assert built == set(PAGES)


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


@pytest.mark.parametrize("name", ["maze.html", "index.html"])
def test_the_site_opens_from_the_file_system(site, visit, name):
    page = visit((site / name).as_uri())
    page.wait_for_selector(
        "mjx-container" if name == "maze.html" else ".live-model.live", timeout=10_000
    )
    torn = (
        "[...document.images].filter(i => i.complete && i.offsetParent && !i.naturalWidth).length"
    )
    assert page.evaluate(torn) == 0


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_without_javascript_answers_open_and_every_frame_is_shown(visit, without_scripts, chapter):
    page = visit(f"{chapter}.html", page=without_scripts)
    page.locator("details.sd-dropdown > summary").first.click()
    page.evaluate(
        "document.querySelectorAll('details:not([open]) > summary').forEach(s => s.click())"
    )
    found = page.evaluate(ANSWERS)
    assert found["folded"][1] > 0
    assert bool(found["solutions"][1]) == has_exercises(chapter)
    assert all(seen == of for seen, of in found.values()), found
    for figure in page.locator(".moving-figure").all()[:1]:
        assert figure.locator("img:visible").count() == figure.locator("img").count() > 1


def test_a_moving_figure_plays_at_the_press_of_a_button(visit):
    figure = visit("differentiable-plasticity.html", 390).locator(".moving-figure").first
    figure.locator("button").click()
    assert figure.locator("button").inner_text() == "Pause"
    figure.locator("input").press("End")
    assert figure.locator("button").inner_text() == "Play"


@pytest.mark.parametrize("where", ["in its place", "elsewhere"])
def test_a_moving_figure_is_found_wherever_its_script_is_run(where, blank):
    stored = moving()._repr_html_()
    markup, script = stored.partition("<script>")[::2]
    script = script.partition("</script>")[0]
    if where == "in its place":
        blank.set_content(stored)
    else:  # as some notebooks do: each script is made anew, at the end of the page
        blank.set_content(f"{markup}</figure>{markup}</figure>")
        blank.evaluate(
            "code => { const s = document.createElement('script'); s.textContent = code; document.body.append(s); }",
            script,
        )
    for figure in blank.locator(".moving-figure").all():
        assert figure.locator("img:visible").count() == 1
        assert figure.locator("input").is_visible()


def test_without_its_script_a_moving_figure_shows_its_frames_and_no_dead_controls(blank):
    markup = re.sub(r"<(style|script)>.*?</\1>", "", moving()._repr_html_(), flags=re.DOTALL)
    blank.set_content(markup)
    assert blank.locator("img:visible").count() > 1
    assert not blank.locator("input").is_visible()


def test_a_moving_figure_respects_reduced_motion_and_prints_a_strip(visit):
    page = visit("differentiable-plasticity.html", moves=False)
    assert not page.locator(".moving-figure button").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".moving-figure").first.locator("img:visible").count() >= 6
