"""The build, fed the faults that it must find, and what it wrote for the book."""

import functools
import json
import os
import re
import subprocess

import nbformat
import pytest
import yaml
from PIL import Image

from hebbnotes.figures.palette import SHADES
from tests.site.books import CELL, ODD, REST, chapter, markdown, small_book
from tools import standard
from tools.build import ROOT

FAULTS = {
    "$$ a = b $$ (eq-unwitnessed)": "equation eq-unwitnessed has no witness",
    "![](_static/logo.svg)": "has no alt text",
    "{cite:p}`nobody1900nothing`": "nobody1900nothing",
    "It lies in /home/someone/data.": "holds the path /home/someone, typed by hand",
    "See [it](/maze.html).": "use {doc} or {ref}",
    "{glue:text}`no-such-number`": "no-such-number",
    "{measured}`index.parsecs`": "has not been measured",
    "{doc}`nowhere`": "nowhere",
    ":::{predict} Why\n:choose: a; b\n:right: 1\n:covers: fig-none\n\nBecause.\n:::": (
        "a prediction covers 'fig-none', and no figure has this name"
    ),
    ":::{predict} Why\n:choose: a\n:right: 1\n\nBecause.\n:::": "with 2 to 4 answers, parted by ;",
    ":::{predict} Why\n:choose: a; b\n:right: 3\n\nBecause.\n:::": "the number of an answer, 1 to 2",
    ":::{predict} Why\n:curve: none\n\nBecause.\n:::": "there is no curve 'none'",
    "```{live-model} none\n:alt: A.\n\nA.\n```": "no live model 'none': choose one of",
    "```{live-model} maze\n:alt: A.\n```": "needs :alt: and a caption",
}


CITED = markdown("All is well. {cite:p}`hebb1949organization`")
KERNEL = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}


def notebook(*cells, **about):
    """Return the text of a notebook; a text is a cell of Markdown."""
    made = [nbformat.v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    return nbformat.writes(nbformat.v4.new_notebook(cells=made, metadata=KERNEL | about))


PLOT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 200" data-cuts="200">
<path d="M0 0" style="fill:var(--hn-ground,#ffffff)"/>
<g class="axes"><path id="a" d="M0 0"/><use href="#a"/></g>
<g class="axes" clip-path="url(#b)"><text>time</text><use href="#a"/></g>
<defs><clipPath id="b"><rect/></clipPath></defs></svg>"""
PLOTTED = nbformat.v4.new_output("display_data", {"image/svg+xml": PLOT, "text/plain": "<Figure>"})


def with_faults():
    """Return the pages of a book that has every fault."""
    introduction = nbformat.read(ROOT / "book" / "introduction.ipynb", as_version=4)
    cell = next(
        c
        for c in introduction.cells
        if c.get("outputs") and "image/png" in c.outputs[0].get("data", {})
    )
    cell.metadata.pop("mystnb")
    mute = nbformat.v4.new_code_cell("plot()", outputs=[PLOTTED])
    return {
        "index.md": markdown("\n\n".join(FAULTS)),
        "figure.ipynb": notebook("# A figure", cell),
        "mute.ipynb": notebook("# A drawing", mute),
        "odd.ipynb": chapter(ODD),
        "stray.md": "# Stray\n",
    }


@pytest.fixture(scope="module")
def faulty(faulty_book):
    """What the build of that book says of its faults."""
    return faulty_book[0]


@pytest.mark.parametrize(
    ("fault", "message"), FAULTS.items(), ids=lambda v: re.sub(r"\W+", "-", v)[:30]
)
def test_the_build_fails_for_a_fault_and_names_it(fault, message, faulty):
    assert any(message in line for line in faulty), faulty


def test_the_build_fails_for_a_page_outside_the_contents(faulty):
    assert any("page stray.md is outside the table of contents" in line for line in faulty)


def test_the_build_fails_for_a_figure_of_a_notebook_without_alt_text(faulty):
    assert any("figure.ipynb" in line and "has no alt text" in line for line in faulty), faulty
    drawn = "picture of a cell has no alt text"
    assert any("mute.ipynb" in line and drawn in line for line in faulty), faulty


def test_the_style_sheet_has_the_shades_of_the_palette():
    sheet = (ROOT / "book" / "_static" / "custom.css").read_text(encoding="utf-8")
    told = dict(re.findall(r"--hn-(\w+): (#\w+);", sheet))
    assert told == {name: dark for name, (_, dark) in SHADES.items()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A book without fault and without an address, with a page for each of the tests that ask."""
    folder, alt = tmp_path_factory.mktemp("plain"), {"mystnb": {"image": {"alt": 'Two "panels".'}}}
    panels = nbformat.v4.new_code_cell("plot()", outputs=[PLOTTED, PLOTTED], metadata=alt)
    pages = {
        "index.md": CITED,
        "panels.ipynb": notebook("# A chapter", panels),
        "folds.ipynb": notebook("# A chapter", *folding_cells()),
        "marks.md": MARKS,
    }
    done = small_book(folder, pages)
    assert done.returncode == 0, done.stderr
    return folder / "_build" / "html"


def test_a_book_without_fault_builds(plain):
    assert "All is well." in (plain / "index.html").read_text()


def test_a_drawing_of_a_cell_stands_in_the_page_in_panels_that_can_be_stacked(plain):
    page = (plain / "panels.html").read_text()
    first, *_ = re.findall(
        r'<div aria-label="Two &quot;panels&quot;." class="plot".*?</div>', page, re.S
    )
    assert 'role="img"' in first
    boxes = re.findall(r'<svg [^>]*viewBox="([^"]*)"[^>]*style="--width:(\d+)"', first)
    assert boxes == [("0 0 200 200", "200"), ("200 0 300 200", "300")]
    left, right = first.split("</svg>")[:2]
    assert "clipPath" in left
    assert "time" in right
    names = re.findall(r'\bid="(\w+-[ab])"', first)
    assert {name.partition("-")[2] for name in names} == {"a", "b"}
    for name in names:
        assert f'"#{name}"' in first or f"url(#{name})" in first
    assert '"time"' not in (plain / "searchindex.js").read_text()


def folding_cells():
    """Yield cells that draw, move, import, count, and draw openly."""
    number = nbformat.v4.new_output("stream", text="3")
    moving = nbformat.v4.new_output(
        "execute_result", {"text/html": '<figure class="moving-figure">frames</figure>'}
    )
    caption = {"figure": {"caption": "What it shows.", "name": "fig-a"}, "image": {"alt": "Lines."}}
    for code, output, tags in (
        ("draw()", PLOTTED, ["hide-input"]),
        ("move()", moving, ["hide-input"]),
        ("import torch", None, ["hide-input"]),
        ("count()", number, ["hide-input"]),
        ("draw_openly()", PLOTTED, []),
    ):
        metadata = {"tags": tags} | ({"mystnb": caption} if code == "draw()" else {})
        metadata.setdefault("mystnb", {"image": {"alt": "Lines."}})
        outputs = [output] if output else []
        yield nbformat.v4.new_code_cell(code, outputs=outputs, metadata=metadata)


def test_a_figure_stands_before_its_folded_code(plain):
    page = (plain / "folds.html").read_text()
    drawn, moved, imported, counted, openly = re.split(r'<div class="cell ', page)[1:]
    for parts in (
        (
            drawn,
            'class="plot"',
            "What it shows.",
            "<details",
            "The code of this figure",
            ">draw<",
        ),
        (moved, "moving-figure", "<details", "The code of this figure", ">move<"),
        (imported, "<details", "Set-up", ">import<", "</details>"),
        (counted, "<details", "The code behind these numbers", ">count<", "</details>", "</span>3"),
        (openly, ">draw_openly<", 'class="plot"'),
    ):
        places = [parts[0].index(part) for part in parts[1:]]
        assert places == sorted(places), parts[1:]
    assert "<details open" not in page
    assert "<details" not in openly.partition("</article>")[0]


MARKS = """# Marks

So $a$, and $b$. (If $c$) it is **$d$**. A $2n$-th and "$e$", then $f$ {cite:p}`hebb1949organization`; [$g$] is ($h$).

`tests/plasticity/test_rules.py::test_of_many_things(a_b.c)` and `short`

```{figure} _static/logo.svg
:alt: A logo.

It moves $x$. Use the slider, the arrow keys or the button. And more.
```
"""


def test_formulas_keep_their_marks_names_break_at_joints_and_captions_are_short(plain):
    page = (plain / "marks.html").read_text()
    bare = re.sub(r'<span class="math[^>]*>\\\((.*?)\\\)</span>|</?strong>', r"\1", page)
    plain = re.findall(r'<span class="together">(.*?)</span>', bare)
    assert plain == ["a,", "b.", "c)", "d.", "2n-th", "“e”,", "[g]", "(h).", "x."]
    broken = "tests/<wbr>plasticity/<wbr>test_<wbr>rules.<wbr>py::<wbr>test_<wbr>of_<wbr>many_<wbr>things(<wbr>a_<wbr>b.<wbr>c)"
    assert broken in page
    assert '<span class="pre">short</span>' in page
    assert "And more." in page
    assert "Use the slider" not in page


def told(page):
    return dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page))


def with_addresses():
    """Return the pages of a book whose repository and site have addresses."""
    text = "# Traces\n\n:::{admonition} Box\nA box.\n:::\n\nA *first* sentence of $x^2$."
    pages = {"index.md": CITED, "chapter.ipynb": chapter(CELL, REST)}
    for name, about in (
        ("plain", {}),
        ("keyed", {"key": 'A "trace" is kept.'}),
        ("both", {"key": "No.", "description": "Told. " * 90}),
    ):
        pages[f"{name}.ipynb"] = notebook(text, hebbnotes=about)
    return pages


def test_a_link_that_is_shared_has_words_and_a_picture(addressed):
    found = {page.stem: told(page.read_text()) for page in addressed.glob("*.html")}
    found = {name: found[name] for name in ("index", "plain", "keyed", "both")}
    assert found["plain"]["description"] == "A first sentence of ."
    assert found["keyed"]["og:description"] == "A &quot;trace&quot; is kept."
    assert 180 < len(found["both"]["description"]) <= 200
    assert found["both"]["description"].startswith("Told. Told.")
    for name, tags in found.items():
        assert tags["og:title"] == ("A page" if name == "index" else "Traces")
        assert tags["og:image"] == f"https://example.org/book/_static/previews/{name}.png"
        picture = Image.open(addressed / "_static" / "previews" / f"{name}.png")
        assert picture.size == (1200, 630)
        assert len(picture.convert("RGB").getcolors()) > 3


def test_without_an_address_there_is_a_description_and_no_picture(site):
    for name in pages(site):
        tags = told((site / name).read_text())
        if name != "search.html":
            assert 20 <= len(tags["description"]) <= 250, name
            assert tags["og:title"]
        assert bool(CONFIG["html"]["baseurl"]) == ("og:image" in tags)


CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


@pytest.mark.skipif(bool(CONFIG["repository"]["url"]), reason="the repository has an address")
def test_without_an_address_there_is_no_button(site):
    assert (
        "github.com"
        not in re.sub(
            r"<footer.*", "", (site / "introduction.html").read_text(), flags=re.S
        ).lower()
    )


def test_with_an_address_its_links_are_right(addressed):
    page = (addressed / "plain.html").read_text()
    assert "https://github.com/example/hebbnotes/edit/main/book/plain.ipynb" in page
    assert "https://github.com/example/hebbnotes/issues/new" in page
    assert re.search(
        r"https://mybinder.org/v2/gh/example/hebbnotes/main\?\S*book/plain.ipynb", page
    )


def test_the_table_of_equations_names_function_and_witness(site):
    page = (site / "equations.html").read_text().replace("<wbr>", "")
    for words in (
        "plasticity.rules.hebbian.hebb",
        "networks.loop.run",
        "tasks.patterns.floor_last",
        "tests/plasticity/test_rules.py::",
        'href="introduction.html#equation-eq-hebb"',
    ):
        assert words in page
    assert 'id="equation-eq-hebb"' in (site / "introduction.html").read_text()


def pages(site):
    return sorted(p.name for p in site.glob("*.html") if p.stem not in ("genindex", "py-modindex"))


def test_no_link_within_the_site_is_broken(site):
    @functools.cache
    def addresses(path):
        return {*re.findall(r'id="([^"]*)"', path.read_text())}

    for name in pages(site):
        links = re.findall(r'href="([^"#:?]*)(?:#([^"]*))?"', (site / name).read_text())
        for target in {*links}:
            path = site / (target[0] or name)
            assert path.exists(), f"{name} links to {target[0]}"
            if target[1] and path.suffix == ".html":
                assert target[1] in addresses(path), f"{name} links to {target[0]}#{target[1]}"


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


def test_the_minutes_to_read_reach_the_page(site):
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        minutes = standard.minutes(standard.read(path))
        text = (site / f"{path.stem}.html").read_text(encoding="utf-8").replace("\n", " ")
        assert f"<strong>{minutes} minutes</strong> to read" in text, path.stem


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
