"""Predictions: the reader chooses or drags a curve, the figure is covered until then, and what was said is kept in this browser."""

import html
import json

import pytest

from tools import live, predict

FOLD = "<details><summary>The answer</summary><p>Because.</p></details>"
CURVE = {
    "x": {"label": "steps", "from": 0, "to": 100},
    "y": {"label": "found (%)", "from": 0, "to": 100},
    "truth": [[0, 0], [100, 25]],
}


def page(**told) -> str:
    """Return a page with one prediction, a figure that it covers, and what a cell printed."""
    told = {"key": "predict test 1", "covers": ["next", "fig-one"], **told}
    script = predict.SCRIPT.read_text(encoding="utf-8")
    return live.document(
        f"<script>{script}</script>"
        f'<div class="predict" data-predict="{html.escape(json.dumps(told))}"></div>{FOLD}'
        '<div class="cell"><div class="cell_output"><pre>25 %</pre></div></div>'
        '<figure id="fig-one"><img alt="a figure"></figure>'
    )


SHOWN = """() => ["pre", "img"].map(name => getComputedStyle(document.querySelector(name)).visibility)"""
SAID = "() => document.querySelector('.verdict').textContent"
OPEN = "() => document.querySelector('details').open"


@pytest.fixture
def opened(reader, tmp_path):
    """Open a page with a prediction, where nothing is kept yet."""

    def open_with(**told):
        (tmp_path / "page.html").write_text(page(**told), encoding="utf-8")
        reader.open((tmp_path / "page.html").as_uri(), 390)
        reader.run("() => localStorage.clear()")
        reader.open((tmp_path / "page.html").as_uri(), 390)
        return reader

    return open_with


def test_the_figure_is_covered_until_an_answer_is_chosen_which_is_kept(opened, tmp_path):
    reader = opened(choices=["a", "b", "c"], right=1)
    assert reader.run(SHOWN) == ["hidden", "hidden"]
    reader.press(".predict button:nth-of-type(1)")
    assert reader.run(SHOWN) == ["visible", "visible"]
    assert reader.run(SAID) == "You said: a. It is: b."
    assert reader.run(OPEN)
    reader.open((tmp_path / "page.html").as_uri(), 390)
    assert reader.run(SHOWN) == ["visible", "visible"]
    assert reader.run(SAID) == "You said: a. It is: b."
    assert not reader.run(OPEN)
    reader.press(".predict > button")
    assert reader.run(SHOWN) == ["hidden", "hidden"]
    assert reader.run(SAID) == ""
    reader.type(".predict .line button:nth-of-type(2)", "Enter")
    assert reader.run(SAID) == "You said: b. Right."
    reader.press(".predict > button")
    reader.press(".uncover button")
    assert reader.run(SHOWN) == ["visible", "hidden"], "each by its own button"


FOCUS = "() => document.activeElement.textContent.trim() || document.activeElement.localName"


def test_by_keys_the_focus_goes_on_where_a_button_is_of_no_use_any_more(opened):
    reader = opened(choices=["a", "b"], right=1)
    reader.type(".predict .line button:nth-of-type(2)", "Enter")
    assert reader.run(FOCUS) == "Forget my prediction"
    reader.type(".predict > button", "Enter")
    assert reader.run(FOCUS) == "a"
    reader.type("#fig-one .uncover button", "Enter")
    assert reader.run(FOCUS) == "figure"


@pytest.mark.parametrize(
    ("kept", "told"),
    [(1, {"choices": ["a", "b"], "right": 0}), ("c", {"choices": ["a", "b"], "right": 0}),
     ("a", {"curve": CURVE}), ([1, 2], {"curve": CURVE})],
)  # fmt: skip
def test_what_was_kept_of_another_question_is_not_taken_for_an_answer(opened, tmp_path, kept, told):
    reader = opened(**told)
    reader.run("kept => localStorage.setItem('predict test 1', JSON.stringify(kept))", kept)
    reader.open((tmp_path / "page.html").as_uri(), 390)
    assert reader.run(SHOWN) == ["hidden", "hidden"]
    assert reader.run(SAID) == ""
    assert reader.faults() == []


def test_a_curve_is_dragged_by_mouse_finger_and_keys_and_the_truth_stands_beside_it(opened):
    reader = opened(curve=CURVE)
    assert reader.run("() => document.querySelector('.predict button').disabled")
    for finger in (False, True):
        reader.drag(".predict canvas", [(0.2, 0.8), (0.5, 0.5), (0.95, 0.1)], finger)
    assert reader.run("() => scrollY") == 0
    reader.type(".predict canvas", *["ArrowRight"] * 9, "ArrowDown")
    reader.press(".predict button")
    said = reader.run(SAID)
    assert said.startswith("At the end you said ")
    assert said.endswith("; it is 25.")
    assert 70 < float(said.split()[5].rstrip(";")) < 100
    assert reader.run(SHOWN) == ["visible", "visible"]
    assert reader.run(OPEN)
