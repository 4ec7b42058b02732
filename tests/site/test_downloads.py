"""The notebooks behind the download buttons: plain Markdown, with what the pages show."""

import html
import json
import re

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tools.book_extension import minutes
from tools.build import ROOT
from tools.downloads import LIVE
from tools.figures_first import OF_FIGURE, OF_NUMBERS, OF_SETUP

NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
OURS = ("how-to-run", "sources")
"""Cells that the page does not have."""
ODD = str.maketrans("“”‘’", "\"\"''")
SHOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
RAW = {
    "a role": re.compile(r"\{[\w:+-]+\}`"),
    "a directive": re.compile(r"^[> ]*(`{3,}|~{3,}|:{3,})(\{|$(?<=:))", re.M),
    "an option": re.compile(r"^[> ]*:[\w-]+:", re.M),
    "a footnote": re.compile(r"\[\^"),
    "a label of an equation": re.compile(r"\$\$\s*\([\w-]+\)"),
    "something unknown": re.compile(r"\?\?|(^|\s)\?(\s|$)"),
}


def downloaded(built, name):
    return nbformat.read(built / "_sources" / f"{name}.ipynb", as_version=4)


def text_of(page):
    """Return the words of some HTML, formulas left out, however it breaks lines, quotes and dashes."""
    page = re.sub(r"<(script|style)\b.*?</\1>|<a class=\"headerlink.*?</a>", "", page, flags=re.S)
    page = re.sub(r'<(span|div) class="math.*?</\1>', "", page, flags=re.S)
    words = html.unescape(re.sub(r"<[^>]*>", "", page)).translate(ODD)
    return "".join(words.replace("–", "--").replace("…", "...").split())


def paragraphs(page):
    """Return the texts of the paragraphs, headings, items and boxes of some HTML."""
    blocks = re.findall(r"<(p|h\d|td|th|summary|li)\b[^>]*>(.*?)</\1>", page, flags=re.S)
    return [text for _, block in blocks if (text := text_of(block))]


def article(site, name):
    page = (site / f"{name}.html").read_text(encoding="utf-8")
    page = re.search(r"<article.*?</article>", page, flags=re.S)[0]
    return re.sub(r'"data:[^"]*"', '""', page)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_downloaded_notebook_is_whole_and_has_the_code_and_outputs_of_its_source(site, path):
    made, source = downloaded(site, path.stem), nbformat.read(path, as_version=4)
    nbformat.validate(made)
    assert made.metadata == source.metadata
    code = [c for c in made.cells if c.cell_type == "code"]
    assert code == [c for c in source.cells if c.cell_type == "code"]
    first = made.cells[0]
    assert first.cell_type == "markdown"
    assert re.search(r"^pip install .*\[chapters\]", first.source, re.M)
    for need in source.metadata.hebbnotes.get("needs", []):
        assert f"python -m hebbnotes.data {need}" in first.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_downloaded_notebook_holds_nothing_that_jupyter_shows_raw(site, path):
    for cell in downloaded(site, path.stem).cells:
        if cell.cell_type == "markdown":
            shown = re.sub(r"(?s)^```sh\n.*?^```$", "", cell.source, flags=re.M)
            for what, pattern in RAW.items():
                assert not pattern.search(shown), f"{what} in {cell.id}: {shown[:2000]}"
            numbered = [t.content for t in SHOWN.parse(cell.source) if t.type == "math_block"]
            assert all(formula.count("\\tag{") <= 1 for formula in numbered)


NOT_PROSE = (
    'div[class*="cell_output"], div[class*="highlight"], summary[aria-label^="Toggle"], '
    "figure.live-model"
)
"""What of a page is printed or drawn by code, is code, or is live."""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_downloaded_notebook_says_what_the_page_says_and_no_more(site, path):
    page = article(site, path.stem)
    cells = [c for c in downloaded(site, path.stem).cells if c.cell_type == "markdown"]
    cells = [c.source.replace(f"> {LIVE}", "") for c in cells if c.id not in OURS]
    rendered = re.sub(
        r"<summary>.*?</summary>",  # in which Jupyter sets formulas, and Markdown does not
        lambda title: re.sub(r"\$[^$]*\$", "", title[0]),
        "\n".join(map(SHOWN.render, cells)),
    )
    told = [re.sub(r"^\[\d+\]", "", text) for text in paragraphs(rendered)]
    on_page = text_of(page)
    assert len(told) > 40
    for text in told:
        assert text in on_page
    shown = re.sub(r"<(pre|svg)\b.*?</\1>", "", page, flags=re.S)  # no prose, and long to parse
    prose = BeautifulSoup(shown, "html.parser")
    for one in prose.select(NOT_PROSE):
        one.decompose()
    here = text_of(rendered)
    of_code = {text_of(title) for title in (OF_FIGURE, OF_NUMBERS, OF_SETUP)}
    for text in set(paragraphs(str(prose))) - of_code:
        assert text in here
    numbers = [t.content for t in SHOWN.parse("\n\n".join(cells)) if t.type == "math_block"]
    tags = [found for one in numbers for found in re.findall(r"\\tag\{(\d+)\}", one)]
    assert tags == re.findall(r'<span class="eqno">\((\d+)\)', page)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_downloaded_notebook_lists_the_sources_that_it_cites(site, path):
    cells = downloaded(site, path.stem).cells
    cited = set()
    for keys in re.findall(r"\{cite:\w+\}`([^`]*)`", path.read_text(encoding="utf-8")):
        cited |= {key.strip() for key in keys.split(",")}
    told = [text for text in paragraphs(SHOWN.render(cells[-1].source)) if text != "Sources"]
    assert cells[-1].id == "sources"
    assert len(told) == len(cited)
    listed = text_of(article(site, "bibliography"))
    assert all(text in listed for text in told)


def test_most_numbers_of_sentences_are_glued():
    """So that the tests above compare many."""
    glued = [path.read_text(encoding="utf-8").count("{glue:text}`") for path in NOTEBOOKS]
    assert sum(glued) > 200


INSTALL = "pip install --extra-index-url https://download.pytorch.org/whl/cpu {}\n"


def test_what_is_downloaded_is_plain_markdown(addressed):
    made = downloaded(addressed, "chapter")
    assert [c.id for c in made.cells] == [
        "how-to-run",
        "text-0",
        "text-0-part-2",
        "text-0-part-3",
        "code",
        "text-1",
        "sources",
    ]
    sources = [c.source for c in made.cells]
    assert (
        INSTALL.format('"hebbnotes[chapters] @ git+https://github.com/example/hebbnotes"')
        in sources[0]
    )
    seconds = json.loads((ROOT / "book" / "measured.json").read_text())["introduction"]["seconds"]
    read = minutes(addressed.parents[1] / "book" / "chapter.ipynb")
    assert sources[1] == (
        "# A chapter\n\n> **Before you start**\n>\n"
        f"> **{read} minutes**, {seconds:g} seconds; see *A page* and this page.\n\n"
        r"It is 40 % (30 to 50) \* 2 &lt; 1, by Hebb [1949]. <sup>[1]</sup> Code: `{glue:text}` and `a_b`."
        "\n\n<sup>[1]</sup> A note on Fig. 1."
    )
    assert sources[2].startswith(
        '<img alt="Two &quot;dots&quot; &amp; a line" src="data:image/svg+xml;base64,'
    )
    assert sources[2].endswith('">\n\n**Fig. 1** A drawing of 40 % (30 to 50) \\* 2 &lt; 1.')
    assert sources[3] == (
        "<details>\n<summary>Is <em>it</em> <code>so</code>?</summary>\n\nPerhaps.\n\n</details>\n\n"
        '```python\nprint("{glue:text}`share`")\n```\n\n'
        "> **Exercise 1** (A question)\n>\n> What does 40 % (30 to 50) \\* 2 &lt; 1 mean?\n\n**Solution**"
    )
    assert sources[5] == f"Two.\n\n> {LIVE}\n>\n> A caption."
    assert "*The Organization of Behavior" in sources[6]


def test_the_build_fails_for_what_has_no_plain_form(faulty_book):
    warnings, site = faulty_book
    told = "\n".join(warnings)
    assert "the role {sub} has no plain form" in told
    assert "the directive {epigraph} has no plain form" in told
    install = downloaded(site, "odd").cells[0].source
    assert INSTALL.format('-c constraints.txt ".[chapters]"') in install
    assert "a copy of the folder of the book" in install


CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def test_the_first_cell_installs_from_where_the_repository_is(site):
    first = downloaded(site, "introduction").cells[0].source
    assert ("git+" in first) == bool(CONFIG["repository"]["url"])
