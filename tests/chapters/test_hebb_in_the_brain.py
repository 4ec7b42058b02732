"""Hebb in the brain: figures show what they get, checkers accept what is right."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from hebbnotes.chapters.hebb_in_the_brain import checks, frames


def test_a_window_frame_shows_the_pair_and_where_it_lies():
    lags = torch.linspace(-0.1, 0.1, 5)
    left, right = frames.window_frame(lags, lags**2, 0.02, 0.5).axes
    spikes = [
        line.get_xdata()[0] for line in left.lines if line.get_xdata()[0] == line.get_xdata()[1]
    ]
    assert spikes == pytest.approx([-10, 10]), "the sender first, in ms"
    before, after, pair = right.lines[:3]
    assert (pair.get_xdata()[0], pair.get_ydata()[0]) == pytest.approx((20, 50))
    np.testing.assert_allclose(
        np.concatenate([before.get_ydata(), after.get_ydata()]),
        100 * lags[[0, 1, 3, 4]] ** 2,
        rtol=1e-6,
    )
    assert max(before.get_xdata()) < 0 < min(after.get_xdata()), (
        "no line joins the two halves of the window"
    )
    plt.close("all")


def test_a_threshold_frame_shows_the_numbers_that_it_is_given():
    lags = torch.linspace(-0.1, 0.1, 5)
    (ax,) = frames.bcm_frame(lags, 3 * lags, 0.7).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 3 * lags, rtol=1e-6)
    assert ax.lines[2].get_xdata()[0] == 0.7
    plt.close("all")


def test_the_checker_of_a_window_accepts_the_exponentials_and_says_what_is_wrong_with_others(
    capsys,
):
    def window(lag, tau=0.02):
        return ((lag > 0) - (lag < 0)) * math.exp(-abs(lag) / tau)

    checks.window(window)
    assert "Yes" in capsys.readouterr().out
    for message, wrong in {
        "look at the sign of the lag": lambda lag: -window(lag),
        "look at the order": lambda lag: abs(window(lag)),
        "fade as the spikes": lambda lag: math.copysign(1, lag),
        "fade as": lambda lag: window(lag) if abs(lag) < 0.01 else -window(lag),
        "trace's decay": lambda lag: window(lag, 0.2),
    }.items():
        with pytest.raises(AssertionError, match=message):
            checks.window(wrong)
