"""One table of colours and names: legible on paper and in the dark, also for the colour-blind."""

import itertools
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hebbnotes
from hebbnotes import figures
from hebbnotes.figures import drawing, palette

COLOURS = [name for name in palette.SHADES if name not in ("paper", "silver")]
PAGES = dict(enumerate(palette.SHADES["paper"]))
# Machado, Oliveira and Fernandes (2009), for those who lack one kind of cone; linear RGB
SEEN = {
    "all": np.eye(3),
    "no long": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998]],
    "no middle": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                  [-0.011820, 0.042940, 0.968881]],
    "no short": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                 [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def linear(colour):
    value = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    dark, light = sorted(linear(c) @ TO_XYZ[1] for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour, kind):
    seen = np.clip(np.array(SEEN[kind]) @ linear(colour), 0, 1)
    x, y, z = np.cbrt(np.array(TO_XYZ) @ seen / (0.9505, 1, 1.089))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("page", PAGES)
def test_a_colour_can_be_read_as_text(page):
    for name in COLOURS:
        assert contrast(palette.SHADES[name][page], PAGES[page]) >= 4.49, name


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", SEEN)
def test_colours_can_be_told_apart_whoever_looks(kind, page):
    for one, other in itertools.combinations(COLOURS, 2):
        a, b = (lab(palette.SHADES[name][page], kind) for name in (one, other))
        assert np.linalg.norm(a - b) > 12, f"{one} and {other}"


def test_what_is_compared_has_colours_and_names_of_its_own():
    for family in {one.family for one in palette.ENTITIES.values()}:
        members = [one for one in palette.ENTITIES.values() if one.family == family]
        assert len({one.colour for one in members}) == len(members), family
    names = [one.name for one in palette.ENTITIES.values()]
    assert len(set(names)) == len(names)
    assert {one.colour for one in palette.ENTITIES.values()} <= set(palette.SHADES)


def test_vermilion_says_that_something_is_wrong_and_nothing_else():
    assert [k for k, one in palette.ENTITIES.items() if one.colour == "vermilion"] == ["wrong"]
    root = Path(hebbnotes.__file__).parent
    users = {p.parent.name for p in root.rglob("*.py") if "VERMILION" in p.read_text()}
    assert users == {"figures", "associative_memory", "introduction", "one_shot_learning"}, (
        "they draw wrong answers"
    )


NOT_YET = {"hebb-in-the-brain"}
"""Notebooks that still use vermilion for something else: the list may only shrink."""


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "book").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_no_cell_gives_vermilion_to_what_is_not_wrong(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    assert ("VERMILION" in code) == (path.stem in NOT_YET), 'use fig.colour("wrong"), or another'


def test_a_thing_has_a_look():
    assert figures.colour("plastic") == figures.BLUE
    assert figures.name("lstm") == "LSTM"
    assert figures.look("oja") == {"color": figures.BLUE, "label": "Oja"}
    with pytest.raises(KeyError, match="'rnn' has no colour yet: there are plastic, recurrent"):
        figures.colour("rnn")


def boxes(ax):
    ax.figure.draw_without_rendering()
    return [text.get_window_extent() for text in ax.texts]


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("share", [0.0, 0.02, 1.0])
def test_lines_are_labelled_at_their_ends_without_overlaps(scale, share):
    with plt.style.context("default"):
        figures.use_style()
        _, ax = plt.subplots()
        for k, short in enumerate(("plastic", "recurrent", "lstm", "prototypes", "frozen")):
            ax.plot([1, 2, 3], [1, 2, 3 + share * k], **figures.look(short))
        ax.plot([1, 3], [1, 1])
        ax.set(yscale=scale, ylim=(0.5, 8))
        figures.label_lines(ax, {"LSTM": "LSTM, larger"})
        texts, found = ax.texts, boxes(ax)
        assert [t.get_text() for t in texts][:3] == [
            "plastic network",
            "recurrent network",
            "LSTM, larger",
        ]
        assert [t.get_color() for t in texts[:2]] == [figures.BLUE, figures.PINK]
        for one, other in itertools.combinations(found, 2):
            assert one.y0 >= other.y1 - 2 or other.y0 >= one.y1 - 2
        heights = [box.y0 for box in found]
        assert heights == sorted(heights), "in the order of the lines"
        for box in found:
            assert ax.bbox.x1 - 40 < box.x0
            assert box.x1 <= ax.figure.bbox.x1
            assert ax.bbox.y0 - 12 < box.y0 < box.y1 < ax.bbox.y1 + 12
        with pytest.raises(ValueError, match="no line is labelled rnn: there are plastic network"):
            figures.label_lines(ax, {"rnn": "a"})
    plt.close("all")


@given(st.lists(st.floats(0, 100), max_size=8))
def test_places_are_moved_apart_and_no_more_than_needed(places):
    moved = drawing.apart(places, 10, 0, 100)
    order = np.argsort(places, kind="stable")
    gaps = np.diff(np.array(moved)[order]) if places else np.array([])
    assert (gaps > 10 - 1e-6).all()
    assert all(-1e-6 < one < 100 + 1e-6 for one in moved)
    far = np.diff(np.array(places)[order]) if places else np.array([])
    if (far >= 10).all():
        np.testing.assert_allclose(moved, places, atol=1e-9)


def test_the_style_cycles_through_the_palette_without_vermilion():
    with plt.style.context("default"):
        figures.use_style()
        cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    known = {light[1:].upper() for light, _ in palette.SHADES.values()}
    assert {re.sub("#", "", colour).upper() for colour in cycle} <= known
    assert palette.VERMILION[1:] not in {colour.upper() for colour in cycle}
