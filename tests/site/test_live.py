"""The live models: their numbers and episodes are the package's, their scripts repeat them, and they are worked by mouse, finger and keyboard."""

import json
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import data
from hebbnotes.figures.live import bitmap
from tests.site.live import close, fixture
from tests.site.stills import apart
from tools import live, live_data, standard
from tools.browser import settle
from tools.drawings.drawing import DARK, LIGHT, Drawing
from tools.live_data import FIXTURES, MOST

MODELS = live_data.models()
BOOK = live.FOLDER.parents[1]
ABOUT = {"maze-dark": {"finds"}}
"""Numbers that chance and rounding may move: compared to a tenth."""


def test_each_script_has_a_model_and_each_model_a_script():
    assert live.names() == sorted(MODELS)


def drawn(name):
    return (live.FOLDER / f"{name}.svg").read_text(encoding="utf-8")


def test_stills_are_told_apart_but_for_what_rounding_moves():
    stored = drawn("maze")
    nearly = re.sub(r"L(\d+\.\d)", lambda place: f"L{float(place[1]) + 0.2:g}", stored)
    assert stored != nearly
    assert not apart(stored, nearly)
    assert "words" in apart(stored, stored.replace("agent", "rat"))
    assert "shapes" in apart(stored, re.sub("<rect[^>]*/>", "", stored, count=5))
    assert "circle: cx" in apart(stored, re.sub(r' cx="(\d)', r' cx="1\1', stored, count=1))
    assert "fill-opacity" in apart(
        stored, stored.replace('fill-opacity="0.6"', 'fill-opacity="0.7"')
    )
    stored = drawn("associative-memory")
    assert not apart(stored, re.sub(r"h2\b", "h3", stored, count=1)), "one pixel of a letter"
    assert "path: d" in apart(stored, re.sub(r"h2\b", "h3", stored))
    stored = drawn("natural-images")
    start = stored.index("base64,") + 1607  # within the greys
    for letters, told in (("AAAA", ""), ("A" * 400, "image: href")):
        assert apart(stored, stored[:start] + letters + stored[start + len(letters) :])[:11] == told


@pytest.mark.parametrize("name", MODELS)
def test_what_is_stored_is_what_the_package_computes(name):
    if MODELS[name].needs:
        try:
            data.require(MODELS[name].needs)
        except (OSError, ValueError) as missing:
            pytest.skip(str(missing))
    told = json.loads((live.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    computed = json.loads(live_data.text(MODELS[name].numbers()))
    for key in ABOUT.get(name, ()):
        assert close(told.pop(key), computed.pop(key), 0.11), "run `make live`"
    assert close(told, computed), "run `make live`"
    assert close(json.loads(live_data.text(MODELS[name].fixture())), fixture(name)), (
        "run `make live`"
    )
    difference = apart(drawn(name), live_data.still(name, MODELS[name]))
    assert not difference, f"run `make live`: {difference}"


def test_no_page_is_told_more_numbers_than_it_may():
    for path in [*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")]:
        shown = set(re.findall(r"{live-model} ([\w-]+)", path.read_text(encoding="utf-8")))
        told = sum((live.FOLDER / f"{name}.json").stat().st_size for name in shown)
        assert told <= live_data.MOST, path.name


def test_a_name_that_no_model_has_is_told_with_those_that_there_are():
    with pytest.raises(
        SystemExit, match=r"no live model 'moze': choose of .*maze.*curve-maze-moved"
    ):
        live_data.main(["moze"])


def test_no_page_fetches_a_script_that_stands_in_its_text(site):
    for path in site.glob("*.html"):
        assert not re.search(r'src="[^"]*_static/live/', path.read_text(encoding="utf-8")), path


def test_the_front_page_has_a_card_for_each_chapter(site):
    page = (site / "index.html").read_text(encoding="utf-8")
    cards = page.split('<div class="chapter-card ')[1:]
    told = [re.search(r'href="([\w-]+)\.html"', card)[1] for card in cards]
    chapters = {p.stem for p in BOOK.glob("*.ipynb") if standard.read(p).about["kind"] == "chapter"}
    assert len(told) == len(chapters)
    assert set(told) == chapters
    for name, card in zip(told, cards, strict=True):
        assert "?</p>" in card, f"{name} asks nothing"
        assert "<svg" in card, f"{name} has no picture"


@pytest.mark.parametrize("name", MODELS)
def test_the_script_repeats_what_the_package_does(name, played):
    told, scripts = fixture(name), [FIXTURES / f"{name}.js"]
    scripts += [FIXTURES / part.name for part in live.needs(name)]  # of what two models share
    script = next(path for path in scripts if path.exists())
    got = played(name).run(script.read_text(encoding="utf-8"), told)
    assert close(got, told), first_difference(got, told)


def first_difference(got, wanted, where=""):
    """Name the first place in which two trees differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in wanted:
            if not close(got.get(key), wanted[key]):
                return first_difference(got.get(key), wanted[key], f"{where}.{key}")
    if isinstance(wanted, list) and isinstance(got, list):
        for k, value in enumerate(wanted):
            if k >= len(got) or not close(got[k], value):
                return first_difference(got[k] if k < len(got) else None, value, f"{where}[{k}]")
    return f"{where}: {got!r} instead of {wanted!r}"


NAMELESS = """() => [...figure.querySelectorAll('button, input, select, canvas:not([aria-hidden])')].filter(e =>
    !(e.getAttribute('aria-label') || e.labels?.[0]?.innerText || e.innerText || '').trim()).map(e => e.outerHTML)"""
SMALL = """() => [...figure.querySelectorAll('.stage button, .stage select, .stage label')].filter(e => e.offsetParent)
    .map(e => [e.innerText || e.getAttribute('aria-label'), e.getBoundingClientRect()]).filter(([_, b]) => b.height < 44 || b.width < 44)
    .map(([name, b]) => `${name}: ${b.width} x ${b.height}`)"""


@pytest.mark.parametrize("name", MODELS)
def test_it_fits_and_every_control_has_a_name_and_room_for_a_finger(name, played):
    for width in (1280, 390):
        model = played(name, width)
        assert model.run("() => document.documentElement.scrollWidth <= innerWidth")
        assert model.run(NAMELESS) == []
        assert model.run(SMALL) == []
        if width == 1280:
            assert model.run("() => figure.querySelector('.stage').offsetHeight") <= 620
    assert model.run("() => Boolean(figure.querySelector('.verdict[aria-live=polite]'))")


def test_colours_are_those_of_the_drawings():
    for theme in (LIGHT, DARK):
        assert all(f"--{role}:{colour}" in live.colours() for role, colour in theme.items())
    assert ".live-model" in live.STYLE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODELS)
def test_without_javascript_and_in_print_the_still_picture_stands_there(
    name, without_scripts, blank, shelf
):
    for page in (without_scripts, blank):
        page.goto((shelf / f"{name}.html").as_uri())
        if page is blank:
            settle(page)
            assert not page.locator(".still svg").is_visible()
            page.emulate_media(media="print")
        assert page.locator(".still svg").is_visible()
        assert not page.locator(".stage").is_visible()


@pytest.mark.parametrize("path", sorted(BOOK.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_page_holds_few_numbers(path):
    told = path.read_text(encoding="utf-8")
    names = {*re.findall(r"{live-model} ([\w-]+)", told)}
    names |= {f"curve-{name}" for name in re.findall(r":curve: ([\w-]+)", told)}
    assert sum((live.FOLDER / f"{name}.json").stat().st_size for name in names) <= MOST


@given(side=st.integers(1, 9), seed=st.integers(0, 99))
def test_a_bitmap_has_as_long_lines_as_pixels_and_is_as_wide_as_it_is_said_to_be(side, seed):
    these = torch.rand(side**2, generator=torch.Generator().manual_seed(seed)) < 0.5
    drawing = Drawing("bitmap", 100, "a bitmap")
    bitmap(drawing, these, "blue", (3, 5), 90)
    assert len(drawing.shapes) == bool(these.any())
    for shape in drawing.shapes:
        assert sum(map(int, re.findall(r"h(\d+)", shape))) == these.sum()
        assert f"translate(3 {5 + 45 / side:g}) scale({90 / side:g})" in shape
    with pytest.raises(ValueError, match="the pixels of a square, got"):
        bitmap(drawing, torch.ones(side**2 + 1).bool(), "blue", (3, 5), 90)
