"""The book as one PDF: every chapter, figure and formula is there, and every link leads to where it says; signatures are not."""

import html
import re
from collections import Counter
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
import yaml
from docutils import nodes
from pypdf import PdfReader
from sphinx import addnodes

from tools import one_page as paper
from tools import pdf
from tools.book_extension import prose
from tools.build import ROOT

RAW = re.compile(r"\\\\?(?:frac|sum|eta|alpha|begin)\b")


class Page(HTMLParser):
    """What the one page holds: its addresses, and its links with the title that they show."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.links = Counter(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.addresses.update([attributes["id"]] if "id" in attributes else [])
        if tag == "a" and "href" in attributes:
            self.links.append((attributes["href"], attributes.get("title", "")))


@pytest.fixture(scope="module")
def one_page(built):
    return pdf.build_page(built, anew=False)


@pytest.fixture(scope="module")
def window(one_page, browser):
    """The one page in Chromium, from which the PDF is printed."""
    with pdf.opened(one_page, browser) as window:
        yield window


@pytest.fixture(scope="module")
def printed(window, tmp_path_factory):
    target = tmp_path_factory.mktemp("pdf") / "hebbnotes.pdf"
    pdf.print_page(window, target)
    assert [file.name for file in target.parent.iterdir()] == ["hebbnotes.pdf"]
    return PdfReader(target)


def test_no_link_of_the_one_page_leads_astray(one_page):
    text = one_page.read_text(encoding="utf-8")
    page = Page(text)
    within = [
        (href[1:], title) for href, title in page.links if href.startswith("#") and href != "#"
    ]
    assert len(within) > 500
    cited = 0
    for address, _ in within:
        assert page.addresses[address] == 1, (
            f"{address} is the address of {page.addresses[address]} places"
        )
    for address, title in within:  # a citation tells by its title what it cites
        if re.search(r", (1[5-9]|20)\d\d\.", title):
            entry = text[text.index(f'id="{address}"') :][:2000].partition("</div>")[0]
            first = re.split(r",| and |\. [A-Z][a-z]", title)[0]
            assert first in html.unescape(re.sub("<[^>]+>", "", entry)).replace("\xa0", " "), (
                title,
                entry,
            )
            cited += 1
    assert cited > 100
    astray = [href for href, _ in page.links if not re.match(r"#|https?://", href)]
    assert not astray


def test_the_one_page_has_no_signature_of_the_package_and_all_else_that_its_page_says(one_page):
    text = one_page.read_text(encoding="utf-8")
    addresses = Page(text).addresses
    assert not [a for a in addresses if a.startswith("hebbnotes.")]
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    names = {chapter["file"] for part in toc["parts"] for chapter in part["chapters"]}
    assert {name for name in names if f"document-{name}" not in addresses} == paper.left_out()
    assert {*paper.left_out()} == {name for name in names if name.startswith("api-")}
    assert {"the-package", "a-rule-of-your-own", "of-single-chapters"} <= {*addresses}
    assert "plasticity.rules.hebbian.oja</span>" in text.replace("<wbr>", ""), "a link's words stay"


@pytest.mark.parametrize("site", ["", "https://example.org/book", "https://example.org/book/"])
def test_a_link_to_what_is_left_out_leads_to_the_site_or_is_plain_text(site):
    book = nodes.document(None, None)
    book += addnodes.start_of_file("", nodes.paragraph(ids=["here"]), docname="maze")
    for uri in ("maze#here", "api-cells", "api#hebbnotes.run", "api"):
        book += nodes.paragraph("", "", nodes.reference("", uri, refuri=f"#document-{uri}"))
    book[0] += nodes.paragraph("", "", nodes.reference("", "near", refid="hebbnotes.near"))
    config, builder = SimpleNamespace(html_baseurl=site), SimpleNamespace(name="singlehtml")
    paper.separate_addresses(SimpleNamespace(config=config, builder=builder), book, "index")
    assert [text.astext() for text in book[1:]] == [
        "maze#here",
        "api-cells",
        "api#hebbnotes.run",
        "api",
    ]
    links = [link["refuri"] for link in book.findall(nodes.reference)]
    there = ["maze.html#hebbnotes.near", "api-cells.html", "api.html#hebbnotes.run"] if site else []
    outside = [f"https://example.org/book/{place}" for place in there]
    assert links == [*outside[:1], "#here", *outside[1:], "#document-api"]


def test_live_models_are_still_pictures_and_what_moves_is_a_strip(one_page):
    text = one_page.read_text(encoding="utf-8")
    assert text.count('<div class="still">') == text.count('<figure class="live-model"') > 20
    assert "Live.model(" not in text
    assert "data-numbers" not in text
    assert (
        text.count("<script>document.querySelectorAll('[data-figure")
        == text.count('<figure class="moving-figure"')
        > 3
    )


def outline(entries):
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(entry)
        else:
            yield entry


def chapters(printed):
    """Return the page on which each chapter begins, in the order of the book, and of each page but
    those of signatures.
    """
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    names = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    names = [name for name in names if name not in paper.left_out()]
    entries = list(outline(printed.outline))
    titles = [
        re.search(r"^# (.+)", prose(next((ROOT / "book").glob(f"{name}.*"))), re.M).group(1)
        for name in names
    ]
    told = [entry.title for entry in entries]
    first = told.index(titles[0])  # before it stands the landing page, which names parts alike
    places = [told.index(title, first) for title in titles]
    assert places == sorted(places)
    return {
        name: printed.get_destination_page_number(entries[k])
        for name, k in zip(names, places, strict=True)
    }


def test_every_chapter_is_in_the_outline(printed):
    begins = list(chapters(printed).values())
    assert begins == sorted(begins)


def test_every_link_of_the_pdf_has_a_place_in_it(printed):
    known, links = set(printed.named_destinations), 0
    for page in printed.pages:
        for reference in page.get("/Annots") or []:
            note = reference.get_object()
            if note.get("/Subtype") == "/Link":
                links += 1
                assert note.get("/Dest") in known or note["/A"]["/URI"].startswith("http")
    assert links > 700


def test_every_formula_of_the_one_page_is_typeset(window):
    written, typeset, faulty = window.evaluate(
        "['.math', '.math > mjx-container', 'mjx-merror'].map(what => document.querySelectorAll(what).length)"
    )
    assert typeset == written > 700
    assert faulty == 0


def test_figures_are_printed_and_no_raw_tex(one_page, window, printed):
    window.emulate_media(media="print")
    shown = window.evaluate("document.body.innerText")  # to read 300 pages of a PDF takes long
    assert not RAW.search(shown), "raw TeX is printed"
    written = one_page.read_text(encoding="utf-8")
    captions = len(re.findall(r'class="caption-number">Fig', written))
    assert len(set(re.findall(r"Fig\. (\d+)", shown))) >= captions > 40
    pictures = [
        item
        for page in printed.pages
        for item in (page["/Resources"].get("/XObject") or {}).values()
    ]
    drawn = written.count("<div aria-label=")
    assert drawn + sum(item.get_object()["/Subtype"] == "/Image" for item in pictures) >= captions


def test_what_the_one_page_shows_is_text_on_paper(printed):
    """Read one chapter, and the first page of each: to read all 300 takes as long as to print them."""
    begins = chapters(printed)
    first = begins["fast-evaluation"]
    last = min(page for page in begins.values() if page > first)
    text = "".join(printed.pages[k].extract_text() for k in range(first, last))
    assert "counted time (ms)" in text, "texts of line plots are texts on paper, too"
    assert len(re.findall(r"Fig\. \d+ ", text)) > 3
    assert not RAW.search(text), "raw TeX is on paper"
    for name, page in begins.items():
        assert len(printed.pages[page].extract_text()) > 100, f"{name} begins with an empty page"
