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
