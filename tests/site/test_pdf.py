"""The book as one PDF: every chapter, figure and formula is there, and every link leads to where it says."""

import html
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
import yaml
from pypdf import PdfReader

from tools import pdf
from tools.book_extension import prose
from tools.browser import settle
from tools.build import ROOT


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
def printed(one_page, browser, tmp_path_factory):
    target = tmp_path_factory.mktemp("pdf") / "hebbnotes.pdf"
    pdf.print_page(one_page, target, browser)
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


def outline(entries):
    for entry in entries:
        if isinstance(entry, list):
            yield from outline(entry)
        else:
            yield entry.title


def test_every_chapter_is_in_the_outline(printed):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    names = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    titles = list(outline(printed.outline))
    places = []
    for name in names:
        path = next((ROOT / "book").glob(f"{name}.*"))
        places.append(titles.index(re.search(r"^# (.+)", prose(path), re.M).group(1)))
    assert places == sorted(places)


def test_every_link_of_the_pdf_has_a_place_in_it(printed):
    known, links = set(printed.named_destinations), 0
    for page in printed.pages:
        for reference in page.get("/Annots") or []:
            note = reference.get_object()
            if note.get("/Subtype") == "/Link":
                links += 1
                assert note.get("/Dest") in known or note["/A"]["/URI"].startswith("http")
    assert links > 700


def test_every_formula_of_the_one_page_is_typeset(one_page, browser):
    window = browser.new_page()
    window.goto(one_page.as_uri(), wait_until="load")
    settle(window)
    written, typeset, faulty = window.evaluate(
        "['.math', '.math > mjx-container', 'mjx-merror'].map(what => document.querySelectorAll(what).length)"
    )
    window.close()
    assert typeset == written > 700
    assert faulty == 0


def test_figures_are_printed_and_no_raw_tex(one_page, printed):
    text = "".join(page.extract_text() for page in printed.pages)
    assert not re.search(r"\\\\?(?:frac|sum|eta|alpha|begin)\b", text), "raw TeX is on paper"
    captions = len(re.findall(r'class="caption-number">Fig', one_page.read_text(encoding="utf-8")))
    assert len(set(re.findall(r"Fig\. (\d+)", text))) >= captions > 40
    pictures = [
        item
        for page in printed.pages
        for item in (page["/Resources"].get("/XObject") or {}).values()
    ]
    drawn = one_page.read_text(encoding="utf-8").count("<div aria-label=")
    assert drawn + sum(item.get_object()["/Subtype"] == "/Image" for item in pictures) >= captions
    assert "counted time (ms)" in text, "texts of line plots are texts on paper, too"
