"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import array
from hebbnotes.figures.style import BLACK, BLUE, GREY, ORANGE

__all__ = ["calcium_panel", "shadows_frame", "weights_panel"]


def calcium_panel(
    ax: Axes, times: Tensor, c: Tensor, marks: tuple[float, float], spikes: dict[str, float]
) -> None:
    """Draw calcium (T,) over time in s, where it is above each mark, and who spiked when."""
    t, level = array(1000 * times), array(c)
    for mark, colour in zip(marks, (ORANGE, BLUE), strict=True):
        ax.fill_between(t, mark, level, where=level > mark, color=colour, alpha=0.55, linewidth=0)
        ax.axhline(mark, color=colour, linewidth=1, linestyle="--")
    ax.plot(t, level, color=BLACK)
    for name, at in spikes.items():
        ax.plot([1000 * at] * 2, [-0.75, -0.25], color=BLACK, linewidth=2.5)
        ax.text(1000 * at, -0.85, name, ha="center", va="top", fontsize=11)
    ax.set(xlim=(t[0], t[-1]), ylim=(-1.4, 3.1), yticks=(0, *marks), xlabel="time (ms)")


def shadows_frame(
    pair: tuple[Tensor, Tensor],
    marks: tuple[float, float],
    window: tuple[Tensor, Tensor],
    rates: tuple[Tensor, Tensor],
) -> Figure:
    """Draw one synapse in three ways: calcium after a pair, and what pairs and what rates change.

    Parameters
    ----------
    pair : tensors
        Times in s and calcium, each of shape (T,).
    marks : float
        The two thresholds, the lower first.
    window : tensors
        Lags in s and changes by pairs, each of shape (n,).
    rates : tensors
        Rates of the receiver in Hz and changes per second, each of shape (m,).
    """
    figure, axes = plt.subplots(1, 3, figsize=(7.6, 2.9))
    t, level = array(1000 * pair[0]), array(pair[1])
    for mark, colour in zip(marks, (ORANGE, BLUE), strict=True):
        axes[0].fill_between(t, mark, level, where=level > mark, color=colour, alpha=0.55)
        axes[0].axhline(mark, color=colour, linewidth=1, linestyle="--")
    axes[0].plot(t, level, color=BLACK)
    axes[0].set(xlabel="time (ms)", title="calcium", ylim=(0, 3), yticks=marks)
    for ax, (x, change), scale in ((axes[1], window, 1000), (axes[2], rates, 1)):
        along, values = array(scale * x), array(change)
        for sign, colour in ((1, BLUE), (-1, ORANGE)):
            ax.fill_between(along, 0, values, where=sign * values > 0, color=colour, alpha=0.55)
        ax.plot(along, values, color=BLACK)
        ax.axhline(0, color=BLACK, linewidth=1)
    axes[1].axvline(0, color=GREY, linewidth=1)
    axes[1].set(xlabel="lag (ms)", title="60 pairs", ylim=(-0.16, 0.08), yticks=(-0.1, 0))
    axes[2].set(xlabel="receiver (Hz)", title="a second", ylim=(-0.04, 0.08), yticks=(0, 0.05))
    return figure


def weights_panel(ax: Axes, w: Tensor, begin: float, title: str, bins: Sequence[float]) -> None:
    """Draw how many of some weights (n,) lie in each bin, and where they all began."""
    ax.hist(array(w), bins=array(bins) if isinstance(bins, Tensor) else bins, color=BLUE)
    ax.axvline(begin, color=BLACK, linewidth=1, linestyle="--")
    ax.set(title=title, xlabel="weight", xlim=(0, 1))
