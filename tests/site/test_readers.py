"""What readers do with the pages, in Chromium and in Firefox."""

import io
import json
import re
import unicodedata

import nbformat
import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream

from tests.site.live import Played
from tests.site.test_pages import CHAPTER, NOTEBOOKS

BARE = "errata.html"
"""A short page without formulas, on which something is stored for the others."""


CHOSEN = [
    {"explorer": True},
    {"renderer": "SVG"},
    {"collapsible": True},
    {"speech": True, "braille": True, "explorer": True},
    {"locale": "de"},
    {"scale": "0.1"},
    {"inTabOrder": False, "assistiveMml": False},
]
"""What a reader may have chosen in the menu of MathJax, each alone."""


def test_formulas_are_set_whatever_another_book_of_the_same_address_stored(reader, address):
    set_all = """() => document.querySelectorAll('.math').length
        === document.querySelectorAll('.math mjx-container').length"""
    high = "() => document.querySelector('mjx-container').getBoundingClientRect().height > 8"
    store = "chosen => localStorage.setItem('MathJax-Menu-Settings', chosen)"
    reader.open(f"{address}/{BARE}")
    for chosen in map(json.dumps, CHOSEN):
        reader.run(store, chosen)  # on the page without formulas first, then on the last one
        reader.open(f"{address}/glossary.html")
        try:
            reader.until(set_all)
            reader.until(high)
            assert reader.run("() => document.querySelectorAll('.math mjx-assistive-mml').length")
        except Exception as error:
            error.add_note(f"where {chosen} was stored")
            raise


def inked(pdf):
    """Return the colours, as red, green, blue from 0 to 1, in which a PDF writes."""
    found = set()

    def read(content, resources):
        stack, colour = [], (0.0, 0.0, 0.0)
        for operands, operator in ContentStream(content, reader).operations:
            if operator == b"q":
                stack.append(colour)
            elif operator == b"Q":
                colour = stack.pop()
            elif operator in (b"rg", b"g", b"sc", b"scn") and all(
                isinstance(v, (int, float)) for v in operands
            ):
                colour = tuple(map(float, operands * (3 // len(operands))))
            elif operator in (b"Tj", b"TJ", b"'", b'"'):
                found.add(colour)
            elif operator == b"Do":
                inner = resources["/XObject"][operands[0]].get_object()
                if inner["/Subtype"] == "/Form":
                    read(inner, inner.get("/Resources", resources))

    reader = PdfReader(io.BytesIO(pdf))
    for page in reader.pages:
        read(page.get_contents(), page["/Resources"])
    return found


def contrast_on_white(colour):
    """Return the contrast of a colour on white paper, from 1 to 21, as WCAG defines it."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour]
    return 1.05 / (sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True)) + 0.05)


def test_what_is_printed_from_the_dark_theme_can_be_read_and_holds_what_was_folded(reader, address):
    reader.open(f"{address}/{BARE}")
    reader.run(
        "() => { localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark'); }"
    )
    reader.open(f"{address}/{CHAPTER}.html")
    state = """() => [document.documentElement.dataset.theme,
        ...[...document.querySelectorAll("details")].map(box => box.open)]"""
    before = reader.run(state)
    assert before[0] == "dark"
    assert not all(before[1:])
    folded = reader.run("""() => [...document.querySelectorAll("details:not([open]):not(.below-figure)")].map(
        box => [...box.children].at(-1).textContent.match(/[a-z]{4,}/g).slice(0, 3))""")
    printed = reader.printed()
    assert reader.run(state) == before
    words = re.sub(
        r"\s+", " ", " ".join(p.extract_text() for p in PdfReader(io.BytesIO(printed)).pages)
    )
    words = unicodedata.normalize("NFKC", words)  # paper has letters that are joined
    for few in folded:
        assert re.search(r"\W.{0,40}?".join(few), words), f"an answer is folded on paper: {few}"
    faint = {c: contrast_on_white(c) for c in inked(printed) if contrast_on_white(c) < 4.5}
    assert not faint


SEARCHED = "() => /search finished|found/i.test(document.querySelector('#search-results')?.innerText ?? '')"
FOR_ANOTHER = """word => {
    document.querySelector("#search-results").replaceChildren();
    const asks = document.createElement("script");
    asks.textContent = `DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false; Search.performSearch(${JSON.stringify(word)})`;
    document.body.append(asks);
}"""
"""What the page does at its start for the word of its address, but for the texts of what is found."""


def test_search_finds_each_chapter(reader, address):
    words = {
        chapter: nbformat.read(path, as_version=4).metadata["hebbnotes"]["search"]
        for chapter, path in NOTEBOOKS.items()
    }
    missed = set()
    for k, (chapter, word) in enumerate(words.items()):
        if k:
            reader.run(FOR_ANOTHER, word)
        else:
            reader.open(f"{address}/search.html?q={word}")
        reader.until(SEARCHED)
        link = f'#search-results a[href*="{chapter}.html"]'
        if not reader.run("link => document.querySelector(link) !== null", link):
            missed.add(f"{word}: {chapter}")
    assert not missed


@pytest.mark.parametrize("word", ["drive", "forgetting"])
def test_what_the_search_shows_of_a_page_holds_no_tex(word, reader, address):
    reader.open(f"{address}/search.html?q={word}")
    reader.until("() => document.querySelectorAll('#search-results .context').length > 3")
    shown = reader.run("() => document.querySelector('#search-results').innerText")
    assert "\\" not in shown


def test_where_storage_is_denied_search_theme_and_formulas_work(reader, address):
    denied = "() => { try { return !localStorage; } catch { return true; } }"
    reader.open(f"{address}/{BARE}")
    for page in ("search.html?q=Hopfield", "glossary.html"):
        reader.run(
            """source => { document.body.innerHTML = ""; const frame = document.createElement("iframe");
                Object.assign(frame, {sandbox: "allow-scripts", src: source, width: 900, height: 700});
                document.body.append(frame);
                return new Promise(loaded => { frame.onload = () => loaded(true); }); }""",
            f"{address}/{page}",
        )
        reader.enter("iframe")
        assert reader.run(denied) is False
        if page.startswith("search"):
            reader.until("() => document.querySelectorAll('#search-results a').length > 3")
        else:
            reader.until("() => document.querySelector('mjx-container')")
            before = reader.run("() => document.documentElement.dataset.mode")
            reader.press(".theme-switch-button")
            assert reader.run("() => document.documentElement.dataset.mode") != before
        reader.leave()
    reader.faults()  # what the frame may not fetch besides: fonts of icons, texts of results


def test_a_moving_figure_obeys_mouse_and_keyboard_and_tells_its_value(reader, address):
    reader.open(f"{address}/differentiable-plasticity.html", 390)
    shown = "() => document.querySelector('.moving-figure img.now').alt"
    value = "() => document.querySelector('.moving-figure input').getAttribute('aria-valuetext')"
    first = reader.run(shown)
    reader.type(".moving-figure input", "ArrowRight")
    assert reader.run(shown) != first
    assert reader.run(value) in reader.run(shown)
    reader.type(".moving-figure input", "End")
    assert "cue" in reader.run(value)
    assert reader.run("() => document.querySelectorAll('.moving-figure img.now').length") == 1


def test_the_network_in_the_page_recalls_what_was_drawn_by_key(reader, address):
    reader.open(f"{address}/index.html")
    reader.until("() => document.querySelector('.live-model.live')")
    network = Played(reader)
    network.press("Draw something else")
    network.type("The picture", " ", *["ArrowRight"] * 3, " ")
    network.press("Now rub it out")
    network.type("The picture", " ")
    assert "and all 25 dots are back" in network.verdict()
