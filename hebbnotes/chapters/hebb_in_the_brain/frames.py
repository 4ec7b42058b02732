"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import array
from hebbnotes.figures.palette import BLACK, BLUE, VERMILION

__all__ = ["bcm_frame", "window_frame"]


def window_frame(lags: Tensor, window: Tensor, lag: float, change: float) -> Figure:
    """Draw one pair of spikes, its lag in s, and where it lies in the window of plasticity (n,)."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(2, 3))
    for height, at in ((1, -lag / 2), (0, lag / 2)):
        left.plot([-80, 80], [height, height], color="#b8b8b8", linewidth=1)
        left.plot([1000 * at] * 2, [height, height + 0.6], color=BLACK, linewidth=2.5)
    left.set(
        xlim=(-82, 82),
        ylim=(-0.2, 2),
        yticks=(0, 1),
        yticklabels=("receiver", "sender"),
        xlabel="time (ms)",
    )
    left.tick_params(axis="y", length=0)
    left.spines["left"].set_visible(False)
    for side in (lags < 0, lags > 0):
        right.plot(array(1000 * lags[side]), array(100 * window[side]), color=BLUE)
    right.plot(1000 * lag, 100 * change, "o", color=VERMILION, markersize=9)
    right.axhline(0, color=BLACK, linewidth=1)
    right.axvline(0, color=BLACK, linewidth=1)
    right.set(xlabel="receiver's minus sender's (ms)", ylabel="change (%)")
    return fig


def bcm_frame(y: Tensor, change: Tensor, theta: float) -> Figure:
    """Draw how a synapse changes (n,) with its neuron's activity (n,), for one threshold."""
    fig, ax = plt.subplots(figsize=(7, 3.4))
    x, values = array(y), array(change)
    ax.plot(x, values, color=BLACK)
    ax.fill_between(x, values, where=values > 0, color=BLUE, label="strengthened")
    ax.fill_between(x, values, where=values < 0, color=VERMILION, label="weakened")
    ax.axhline(0, color=BLACK, linewidth=1)
    ax.axvline(theta, color=BLACK, linewidth=1, linestyle="--")
    ax.text(theta, -1.05, " threshold", va="center")
    ax.set(xlabel="activity of the receiver", ylabel="change of the synapse", ylim=(-1.2, 2))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return fig
