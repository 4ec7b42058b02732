"""Figures of this chapter: data in, figures out."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import (
    array,
    axes_of,
    draw_overlaps,
    draw_state,
    frame,
    named,
    over_seeds,
    pixels,
    show,
)
from hebbnotes.figures.palette import BLACK, BLUE, colour

__all__ = ["dots", "echo", "floor_lines", "ruler", "trace_frame"]


def trace_frame(
    y: Tensor, hebb: Tensor, overlaps: Tensor, shape: tuple[int, int], title: str
) -> Figure:
    """Draw a step of an episode: the state (n_bits,), the trace, and the overlap with
    each pattern.
    """
    _checks.finite("hebb", _checks.floating("hebb", _checks.tensor("hebb", hebb, "n n", {})))
    pixels(y, shape)
    _checks.tensor("overlaps", overlaps, "P", {})
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.6), width_ratios=(2, 2, 1.4))
    draw_state(left, y, shape, title)
    show(middle, array(hebb), cmap="PuOr", vmin=-0.1, vmax=0.1)
    frame(middle, title="trace", xlabel="receiver", ylabel="sender")
    draw_overlaps(right, overlaps, "overlap")
    return fig


def floor_lines(ax: Axes, floors: dict[str, float]) -> None:
    """Draw errors that need no memory, shares in [0, 1], as labelled dashed lines, in percent."""
    axes_of(ax)
    for name, share in named("floors", floors).items():
        _checks.number(f"floors[{name!r}]", share, 0, 1)
        ax.axhline(100 * share, color=BLACK, linestyle="--", linewidth=1)
        ax.annotate(
            name,
            (0, 100 * share),
            (4, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="bottom",
        )


def _beside(ax: Axes, at: tuple[float, float], words: str, colour: str, **how: Any) -> None:
    """Write what a line or a dot is, beside it, in its colour."""
    how = {"xytext": (6, 0), "va": "center"} | how
    ax.annotate(words, at, textcoords="offset points", color=colour, **how)


def dots(groups: Mapping[str, Mapping[str, Sequence[float]]], axis: str) -> np.ndarray:
    """Draw shares in [0, 1] in percent, a panel for each group, a row of dots for each of its
    names, with the mean written beside it.
    """
    rows = [len(found) for found in named("groups", groups).values()]
    _, axes = plt.subplots(
        len(groups),
        1,
        figsize=(7, 0.62 + 0.33 * sum(rows)),
        height_ratios=rows,
        sharex=True,
        squeeze=False,
    )
    axes = axes[:, 0]
    for ax, (group, found) in zip(axes, groups.items(), strict=True):
        for row, (_, shares) in enumerate(found.items()):
            values = 100 * np.array(shares)
            ax.plot(values, [row] * len(values), "o", color=BLUE, alpha=0.6, clip_on=False)
            mean = f"{values.mean():.1f}" if values.any() else "0"
            _beside(ax, (values.max(), row), mean, BLACK, xytext=(9, 0))
        ax.set(yticks=range(len(found)), yticklabels=found, ylim=(len(found) - 0.4, -0.6))
        ax.set_title(group, fontsize="medium", loc="right")
    axes[-1].set(xlabel=axis, xlim=(-1, 60))
    return axes


RULER = {
    "ceiling": ("|", "ceiling"),
    "theory": ("D", "untrained"),
    "untrained": ("o", "untrained"),
    "plastic": ("o", "plastic"),
    "recurrent": ("o", "recurrent"),
    "lstm": ("o", "lstm"),
}


def ruler(
    loads: Mapping[str, Mapping[str, Sequence[float]]], words: Mapping[str, str], least: float
) -> Axes:
    """Draw shares of wrong bits by load and kind, on a logarithmic scale.

    For a share of zero an arrow points down from the ``least`` one that can be excluded. ``words``
    name the kinds, beside the first of each.
    """
    _checks.number("least", least, 1e-12, 1)
    told, low = set(), 1e-9
    rows = [named(f"loads[{load!r}]", kinds) for load, kinds in named("loads", loads).items()]
    if unknown := {kind for kinds in rows for kind in kinds} - RULER.keys():
        raise ValueError(f"kinds must be some of {', '.join(RULER)}, got {', '.join(unknown)}")
    _, ax = plt.subplots(figsize=(7, 5))
    for row, kinds in enumerate(rows):
        for place, (kind, shares) in enumerate(kinds.items()):
            marker, entity = RULER[kind]
            ink, y = colour(entity), row + 0.15 * (place - 2.5)
            values = 100 * np.array([one or least for one in shares])
            hollow: dict[str, Any] = {"fillstyle": "none"} if kind == "theory" else {}
            size = 13 if marker == "|" else 6
            for value, share in zip(values, shares, strict=True):
                shape = marker if share else "<"
                ax.plot(value, y, shape, color=ink, ms=size, mew=1.8, **hollow)
            if kind not in told:
                left = values.min() > 1e-3
                side = {"xytext": (-9, 0), "ha": "right"} if left else {"xytext": (9, 0)}
                edge = values.min() if left else values.max()
                _beside(ax, (edge, y), words[kind], ink, **side)
                told.add(kind)
    ax.set(yticks=range(len(loads)), yticklabels=loads, ylim=(len(loads) - 0.5, -0.5))
    ax.set(xscale="log", xlabel="wrong erased bits (%)", xlim=(100 * low * 0.5, 100))
    return ax


def echo(
    episodes: Sequence[float], curves: Mapping[str, Tensor], diagonal: Tensor, few: int
) -> Figure:
    """Draw the errors in percent while networks are trained, by what is asked for (seeds, blocks),
    and below, the weight of a unit from itself (seeds, blocks).

    Until ``few`` episodes the paper's training would go on.
    """
    if len(named("curves", curves)) != 2:
        raise ValueError(f"curves must be two, what is wrong and what is not, got {len(curves)}")
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, height_ratios=(3, 2))
    inks = dict(zip(curves, (colour("wrong"), BLUE), strict=True))
    for what, values in curves.items():
        over_seeds(above, episodes, 100 * values, inks[what], what)
    for what, height in zip(curves, (29, 4), strict=True):
        _beside(above, (few, height), what, inks[what])
    over_seeds(below, episodes, diagonal, colour("weight"), "w")
    below.axhline(0, color=BLACK, linewidth=0.8)
    for ax in (above, below):
        ax.axvline(few, color="#888888", linestyle="--", linewidth=1)
    _beside(above, (few, 47), "where the paper's curve is read", "#757575")
    above.set(ylabel="wrong erased bits (%)", ylim=(-1, 52))
    below.set(ylabel="weight from itself", xlabel="episodes")
    below.xaxis.set_major_formatter("{x:,.0f}")
    return fig
