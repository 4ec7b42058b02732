"""Differentiable plasticity: figures show what they get."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes.chapters.differentiable_plasticity import frames


def test_a_trace_frame_shows_the_numbers_that_it_is_given():
    hebb, y = torch.arange(36.0).view(6, 6), torch.linspace(-1, 1, 6)
    left, middle, right = frames.trace_frame(y, hebb, torch.tensor([0.3, -0.6]), (2, 3), "cue").axes
    np.testing.assert_array_equal(left.images[0].get_array(), y.view(2, 3))
    np.testing.assert_array_equal(middle.images[0].get_array(), hebb)
    assert [bar.get_height() for bar in right.patches] == pytest.approx([0.3, -0.6])
    plt.close("all")


def test_a_floor_is_a_line_with_its_name_in_percent():
    _, ax = plt.subplots()
    frames.floor_lines(ax, {"last": 0.25})
    assert ax.lines[0].get_ydata()[0] == 25
    assert ax.texts[0].get_text() == "last"
    plt.close("all")


def test_dots_have_a_row_for_each_change_and_say_the_mean():
    axes = frames.dots({"a": {"b": [0.1, 0.3], "c": [0, 0]}, "d": {"b": [0.5], "c": [0.2]}}, "x")
    assert axes[0].lines[0].get_xdata() == pytest.approx([10, 30])
    assert [text.get_text() for text in axes[0].texts] == ["20.0", "0"]
    assert [label.get_text() for label in axes[1].get_yticklabels()] == ["b", "c"]
    axes = frames.dots({"a": {"b": [0.1]}, "d": {"c": [0.5], "e": [0.2]}}, "x")
    names = [[label.get_text() for label in ax.get_yticklabels()] for ax in axes]
    assert names == [["b"], ["c", "e"]], "each group has its own"
    plt.close("all")


def test_the_ruler_shows_every_share_and_none_as_what_can_be_excluded():
    shares = {"ceiling": [1e-8], "untrained": [0, 0], "plastic": [0.01, 0.02]}
    words = {"ceiling": "top", "untrained": "first day", "plastic": "trained"}
    ax = frames.ruler({"one": shares, "two": shares}, words, least=1e-4)
    drawn = [(line.get_marker(), line.get_xdata()[0]) for line in ax.lines]
    once = [("|", 1e-6), ("<", 0.01), ("<", 0.01), ("o", 1.0), ("o", 2.0)]
    assert [marker for marker, _ in drawn] == [marker for marker, _ in 2 * once]
    assert [x for _, x in drawn] == pytest.approx([x for _, x in 2 * once])
    assert [text.get_text() for text in ax.texts] == ["top", "first day", "trained"]
    plt.close("all")


def test_the_echo_is_drawn_in_percent_above_the_weight():
    values = torch.tensor([[0.4, 0.1], [0.2, 0.3]])
    above, below = frames.echo([100, 200], {"a": values, "b": 0 * values}, values, 150).axes
    assert above.lines[2].get_ydata() == pytest.approx([30, 20])
    assert below.lines[2].get_ydata() == pytest.approx([0.3, 0.2])
    assert {"a", "b"} <= {text.get_text() for text in above.texts}
    plt.close("all")


def test_what_cannot_be_drawn_is_refused_by_its_name():
    two = {"a": torch.ones(2, 2), "b": torch.ones(2, 2)}
    with pytest.raises(TypeError, match="groups must be a dict by name"):
        frames.dots({}, "x")
    with pytest.raises(TypeError, match="loads must be a dict by name"):
        frames.ruler([], {}, 0.1)
    with pytest.raises(ValueError, match=r"kinds must be some of ceiling, .* got other"):
        frames.ruler({"one": {"other": [0.1]}}, {}, 0.1)
    with pytest.raises(ValueError, match="curves must be two"):
        frames.echo([1, 2], {"a": two["a"]}, two["b"], 1)
    plt.close("all")
