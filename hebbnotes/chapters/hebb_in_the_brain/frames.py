"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import array, axes_of, listed, named
from hebbnotes.figures.palette import BLACK, BLUE, GREY, colour

__all__ = ["calcium_panel", "shadows_frame", "weights_frame", "weights_panel"]

DOWN, UP = colour("depression"), colour("potentiation")


def calcium_panel(
    ax: Axes, times: Tensor, c: Tensor, marks: tuple[float, float], spikes: dict[str, float]
) -> None:
    """Draw calcium (T,) over time in s, where it is above each mark, and who spiked when."""
    for name, at in _checks.of_type("spikes", spikes, dict, 'use {"sender": 0.0}').items():
        _checks.number(f"spikes[{name!r}]", at)
    level = _level(axes_of(ax), times, c, marks)
    first = min(spikes, key=spikes.__getitem__) if spikes else ""
    for name, at in spikes.items():
        ax.plot([1000 * at] * 2, [-0.75, -0.25], color=BLACK, linewidth=2.5)
        side = "right" if name == first else "left"
        ax.text(1000 * at, -0.85, name, ha=side, va="top", fontsize=11)
    ax.set(xlim=(1000 * float(times[0]), 1000 * float(times[-1])), ylim=(-1.4, max(3.1, level)))
    ax.set(yticks=(0, 1, 2, 3), xlabel="time (ms)")


def _two_thresholds(marks: tuple[float, float]) -> None:
    if not isinstance(marks, tuple | list) or len(marks) != 2:
        raise TypeError(f"marks must be two thresholds, got {_checks.got(marks)}: use (1.0, 1.3)")
    if not _checks.number("marks[0]", marks[0]) <= _checks.number("marks[1]", marks[1]):
        raise ValueError(f"marks must be two thresholds, the lower first, got {marks}: turn them")


def _curve(name: str, pair: tuple[Tensor, Tensor]) -> None:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(f"{name} must be two tensors, got {_checks.got(pair)}: use (x, y)")
    sizes: dict[str, int] = {}
    for k, part in enumerate(pair):
        _checks.floating(f"{name}[{k}]", _checks.tensor(f"{name}[{k}]", part, "n", sizes))


def _level(ax: Axes, times: Tensor, c: Tensor, marks: tuple[float, float]) -> float:
    """Draw a level over time, shaded between the marks and above the upper one; return its peak."""
    _two_thresholds(marks)
    sizes: dict[str, int] = {}
    _checks.floating("times", _checks.tensor("times", times, "T", sizes))
    _checks.floating("c", _checks.tensor("c", c, "T", sizes))
    t, level = array(1000 * times), array(c)
    for mark, top, shade in zip(marks, (marks[1], None), (DOWN, UP), strict=True):
        within = level if top is None else level.clip(max=top)
        ax.fill_between(t, mark, within, where=level > mark, color=shade, alpha=0.6, linewidth=0)
        ax.axhline(mark, color=BLACK, linewidth=1, linestyle="--")
    ax.plot(t, level, color=BLACK)
    return float(level.max())


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
    for what, curve in (("pair", pair), ("window", window), ("rates", rates)):
        _curve(what, curve)
    _two_thresholds(marks)
    figure, panels = plt.subplot_mosaic("aa;bc", figsize=(6, 4.6), height_ratios=(2, 3))
    axes = [*panels.values()]
    _level(axes[0], *pair, marks)
    axes[0].set(xlabel="time (ms)", title="one pair of spikes", ylabel="calcium")
    axes[0].set(ylim=(0, 3), yticks=(0, 1, 2, 3))
    for ax, (x, change), scale in ((axes[1], window, 1000), (axes[2], rates, 1)):
        along, values = array(scale * x), array(change)
        for sign, shade in ((1, UP), (-1, DOWN)):
            ax.fill_between(along, 0, values, where=sign * values > 0, color=shade, alpha=0.6)
        ax.plot(along, values, color=BLACK)
        ax.axhline(0, color=BLACK, linewidth=1)
        ax.set_ylabel("change of the weight")
    axes[1].axvline(0, color=GREY, linewidth=1)
    axes[1].set(
        xlabel="lag (ms)", title="60 pairs of spikes", ylim=(-0.28, 0.08), yticks=(-0.2, -0.1, 0)
    )
    axes[2].set(
        xlabel="receiver (Hz)",
        title="no pairs, one second",
        ylim=(-0.06, 0.24),
        yticks=(0, 0.1, 0.2),
    )
    return figure


def weights_panel(ax: Axes, w: Tensor, begin: float, title: str, bins: Sequence[float]) -> None:
    """Draw how many of some weights (n,) lie in each bin, and where they all began."""
    _checks.finite("w", _checks.floating("w", _checks.tensor("w", w, "n", {})))
    _checks.number("begin", begin)
    axes_of(ax)
    listed("bins", bins)
    ax.hist(array(w), bins=array(bins) if isinstance(bins, Tensor) else bins, color=BLUE)
    ax.axvline(begin, color=BLACK, linewidth=1, linestyle="--")
    ax.set(title=title, xlabel="weight", xlim=(0, 1))


def weights_frame(
    panels: dict[str, Tensor], begin: float, bins: Sequence[float], top: float
) -> Figure:
    """Draw the weights (n,) of each rule by its title, all axes up to ``top``."""
    named("panels", panels)
    _checks.number("top", top, 1e-9)
    figure, axes = plt.subplots(1, len(panels), figsize=(7, 2.7), squeeze=False)
    for ax, (title, w) in zip(axes[0], panels.items(), strict=True):
        weights_panel(ax, w, begin, title, bins)
        ax.set(ylim=(0, top), ylabel="synapses")
    return figure
