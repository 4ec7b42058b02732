"""The built site, visited as readers do, and the build, fed the faults that it must find."""

import functools
import gzip
import http.server
import json
import os
import re
import subprocess
import threading

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from tests.site.books import markdown, small_book
from tools.build import ROOT

# ---------------------------------------------------------------------------------------------------------------- the build


FAULTS = {
    "$$ a = b $$ (eq-unwitnessed)": "equation eq-unwitnessed has no witness",
    "![](_static/logo.svg)": "has no alt text",
    "{cite:p}`nobody1900nothing`": "nobody1900nothing",
    "It lies in /home/someone/data.": "holds the path /home/someone, typed by hand",
    "See [it](/maze.html).": "use {doc} or {ref}",
    "{glue:text}`no-such-number`": "no-such-number",
    "{measured}`index.parsecs`": "has not been measured",
    "{doc}`nowhere`": "nowhere",
}


def test_a_page_without_fault_builds(tmp_path):
    done = small_book(
        tmp_path, {"index.md": markdown("All is well. {cite:p}`hebb1949organization`")}
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """The build of a book that has every fault: it fails, and its warnings name them."""
    notebook = nbformat.read(ROOT / "book" / "introduction.ipynb", as_version=4)
    cell = next(
        c
        for c in notebook.cells
        if c.get("outputs") and "image/png" in c.outputs[0].get("data", {})
    )
    cell.metadata.pop("mystnb")
    figure = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# A figure"), cell], metadata=notebook.metadata
    )
    pages = {
        "index.md": markdown("\n\n".join(FAULTS)),
        "figure.ipynb": nbformat.writes(figure),
        "stray.md": "# Stray\n",
    }
    done = small_book(tmp_path_factory.mktemp("faulty"), pages, outside=["stray.md"])
    assert done.returncode != 0
    return [line for line in done.stderr.splitlines() if "WARNING" in line]


@pytest.mark.parametrize(
    ("fault", "message"), FAULTS.items(), ids=lambda v: re.sub(r"\W+", "-", v)[:30]
)
def test_the_build_fails_for_a_fault_and_names_it(fault, message, faulty):
    assert any(message in line for line in faulty), faulty


def test_the_build_fails_for_a_page_outside_the_contents(faulty):
    assert any("page stray.md is outside the table of contents" in line for line in faulty)


def test_the_build_fails_for_a_figure_of_a_notebook_without_alt_text(faulty):
    assert any("figure.ipynb" in line and "has no alt text" in line for line in faulty), faulty


CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


@pytest.mark.skipif(bool(CONFIG["repository"]["url"]), reason="the repository has an address")
def test_without_an_address_there_is_no_button(site):
    assert (
        "github.com"
        not in re.sub(
            r"<footer.*", "", (site / "introduction.html").read_text(), flags=re.S
        ).lower()
    )


def test_with_an_address_its_links_are_right(tmp_path):
    notebook = nbformat.read(ROOT / "book" / "introduction.ipynb", as_version=4)
    notebook.cells = [nbformat.v4.new_markdown_cell("# A chapter\n\nAll is well.")]
    cited = markdown("{cite:p}`hebb1949organization`")
    pages = {"index.md": cited, "chapter.ipynb": nbformat.writes(notebook)}
    # a made-up address, whatever the real one is
    done = small_book(tmp_path, pages, url="https://github.com/example/hebbnotes")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "_build" / "html" / "chapter.html").read_text()
    assert "https://github.com/example/hebbnotes/edit/main/book/chapter.ipynb" in page
    assert "https://github.com/example/hebbnotes/issues/new" in page
    assert re.search(
        r"https://mybinder.org/v2/gh/example/hebbnotes/main\?\S*book/chapter.ipynb", page
    )


def test_the_table_of_equations_names_function_and_witness(site):
    page = (site / "equations.html").read_text()
    for words in (
        "plasticity.rules.hebb",
        "networks.loop.run",
        "tasks.patterns.floor_last",
        "tests/plasticity/test_rules.py::",
        'href="introduction.html#equation-eq-hebb"',
    ):
        assert words in page
    assert 'id="equation-eq-hebb"' in (site / "introduction.html").read_text()


# ---------------------------------------------------------------------------------------------------------------- the browser


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


def pages(site):
    return sorted(p.name for p in site.glob("*.html") if p.stem not in ("genindex", "py-modindex"))


@pytest.fixture
def visit(browser, address):
    """Open a page; afterwards, nothing may have gone wrong in it and no request may have left the site."""
    contexts, faults = [], []

    def opened(name, width=1280, **options):
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
        page.goto(f"{address}/{name}", wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_renders_fits_and_asks_for_nothing_from_elsewhere(site, visit, width):
    for name in pages(site):
        page = visit(name, width)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{name} scrolls sideways at {width} px: {wide}"
        if page.query_selector(".math"):
            page.wait_for_selector("mjx-container", timeout=10_000)
            raw = page.evaluate(
                "[...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container')).length"
            )
            assert raw == 0, f"{name} shows raw TeX"
        assert (
            page.evaluate(
                "[...document.images].filter(i => i.complete && i.offsetParent && !i.naturalWidth).length"
            )
            == 0
        )
        assert page.evaluate("[...document.images].filter(i => !i.alt).length") == 0, (
            f"{name} has a picture without alt text"
        )


def test_no_link_within_the_site_is_broken(site):
    for name in pages(site):
        for target in re.findall(r'href="([^"#:?]*)(?:#([^"]*))?"', (site / name).read_text()):
            path = site / (target[0] or name)
            assert path.exists(), f"{name} links to {target[0]}"
            if target[1] and path.suffix == ".html":
                assert f'id="{target[1]}"' in path.read_text(), (
                    f"{name} links to {target[0]}#{target[1]}"
                )


SUBJECTS = {
    "introduction": "hippocampus",
    "hebb-in-the-brain": "potentiation",
    "learning-rules": "Sanger",
    "associative-memory": "Hopfield",
    "differentiable-plasticity": "differentiable",
    "natural-images": "photographs",
    "one-shot-learning": "Omniglot",
    "maze": "maze",
    "fast-evaluation": "evaluation",
}


def test_every_chapter_has_a_subject_to_search_for():
    chapters = {path.stem for path in (ROOT / "book").glob("*.ipynb")}
    assert set(SUBJECTS) == chapters


@pytest.mark.parametrize(("chapter", "subject"), SUBJECTS.items())
def test_search_finds_the_chapter(visit, chapter, subject):
    page = visit(f"search.html?q={subject}")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    page.wait_for_timeout(300)  # results come one after the other
    assert f"{chapter}.html" in page.inner_html("#search-results")


THEMES_OWN = {
    "region": "the theme's logo and its buttons stand outside its landmarks",
    "label-content-name-mismatch": "the theme labels its search button otherwise than it shows it",
    "aria-allowed-role": "the roles that docutils gives the entries of a bibliography",
    "aria-deprecated-role": "the same",
    "aria-required-children": "the same",
}
"""What axe finds in every page that the theme and Sphinx make, whatever is on it."""


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_but_what_is_the_themes_own(site, visit, theme, width):
    found = {}
    for name in pages(site):
        page = visit(name, width, color_scheme=theme)
        for violation in (
            Axe()
            .run(page, options={"resultTypes": ["violations"], "preload": False})
            .response["violations"]
        ):
            if violation["id"] not in THEMES_OWN:
                found[name, violation["id"]] = [
                    node["html"][:160] for node in violation["nodes"][:3]
                ]
        page.close()
    assert not found, json.dumps(
        {f"{name}: {what}": nodes for (name, what), nodes in found.items()}, indent=1
    )


def test_no_page_is_heavy(site, browser, address):
    """What a first visit fetches, as a plain server sends it; and what comes before the first text, packed as hosts send it."""
    for name in pages(site):
        context, fetched = browser.new_context(viewport={"width": 390, "height": 900}), []
        page = context.new_page()
        page.on("response", lambda r, fetched=fetched: fetched.append(r.url.partition("?")[0]))
        page.goto(f"{address}/{name}", wait_until="networkidle")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_load_state("networkidle")
        context.close()
        files = {
            site / url.removeprefix(f"{address}/") for url in fetched if url.startswith(address)
        }
        total = sum(file.stat().st_size for file in files)
        assert total < 3e6, f"{name} fetches {total / 1e6:.2f} MB"
        text = (site / name).read_text(encoding="utf-8")
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
        assert packed < 4e5, f"{name} fetches {packed / 1e3:.0f} KB before its first text"


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


CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
ANSWERS = """() => {
    const seen = e => e.getBoundingClientRect().height > 5 && e.checkVisibility({visibilityProperty: true});
    const folded = [...document.querySelectorAll("details.sd-dropdown > :not(summary)")];
    const solutions = [...document.querySelectorAll(".admonition.solution > :not(.admonition-title, button)")];
    const count = all => [all.filter(seen).length, all.length];
    return {folded: count(folded), solutions: count(solutions)};
}"""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_is_folded_is_open_in_print(visit, chapter):
    page = visit(f"{chapter}.html")
    page.wait_for_selector(".admonition.solution.toggle-hidden")
    before = page.evaluate(ANSWERS)
    assert before["folded"][0] == 0 < before["folded"][1]
    page.emulate_media(media="print")
    after = page.evaluate(ANSWERS)
    assert all(seen == of > 0 for seen, of in after.values()), (
        f"an answer is folded on paper: {after}"
    )


@pytest.mark.parametrize("chapter", CHAPTERS)
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


def test_the_table_of_equations_counts_through_the_book_as_the_pages_do(site):
    table = (site / "equations.html").read_text()
    shown = re.findall(r'href="([a-z-]+)\.html#equation-(eq-[a-z-]+)">\((\d+)\)<', table)
    assert [int(number) for *_, number in shown] == list(range(1, len(shown) + 1))
    for page, label, number in shown:
        text = (site / f"{page}.html").read_text()
        there = re.search(rf'id="equation-{label}">\s*<span class="eqno">\((\d+)\)', text)
        assert there.group(1) == number


def test_measured_numbers_reach_the_page(site):
    seconds = json.loads((ROOT / "book" / "measured.json").read_text())["introduction"]["seconds"]
    assert f"<strong>{seconds:g}" in (site / "introduction.html").read_text().replace("\n", " ")


@pytest.mark.skipif(
    not (ROOT / ".git").exists(),
    reason="the dates of pages are those of their commits, and there is no history here",
)
@pytest.mark.parametrize("source", ["maze.ipynb", "glossary.md"])
def test_a_page_tells_when_it_was_last_changed(site, source):
    log = [
        "git",
        "log",
        "-1",
        "--date=format-local:%-d %B %Y",
        "--format=%ad",
        "--",
        f"book/{source}",
    ]
    date = subprocess.run(
        log, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC"}
    ).stdout.strip()
    assert f"Last updated on {date}." in (site / source).with_suffix(".html").read_text()
