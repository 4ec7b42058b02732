"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.analysis import interval
from hebbnotes.figures.drawing import (
    above_zero,
    array,
    frame,
    greys,
    label_lines,
    named,
    over_seeds,
    show,
)
from hebbnotes.figures.palette import BLACK, BLUE, GREEN, ORANGE, PINK, PURPLE

__all__ = ["KINDS", "answers", "asked", "gains", "maps_frame", "worth"]

KINDS = {"full": BLUE, "halves": GREEN, "shared": ORANGE, "none": PINK, "four numbers": PURPLE}
"""The colour of each kind of alpha."""


def answers(
    rows: Sequence[dict[str, Tensor]], errors: Sequence[dict[str, float]], shape: tuple[int, int]
) -> np.ndarray:
    """Draw rows of grey pictures by title, and under some of them the error of an answer, by title;
    the least of a row is bold.
    """
    axes = greys(rows, shape)
    if len(errors) != len(rows):
        raise ValueError(f"errors must be as many as rows, {len(rows)}, got {len(errors)}")
    for k, (row, of_row) in enumerate(zip(rows, errors, strict=True)):
        for title, error in named("errors", of_row).items():
            weight = "bold" if error == min(of_row.values()) else "normal"
            axes[k, list(row).index(title)].set_xlabel(f"{error:.3f}", fontweight=weight)
    return axes


def asked(errors: dict[str, dict[str, Tensor]], floor: float) -> Axes:
    """Draw the errors of networks at several questions: by kind of alpha, then by question, one of
    each seed, (seeds,); a line is at what the mean of the pictures costs.
    """
    questions = list(next(iter(named("errors", errors).values())))
    _, ax = plt.subplots(figsize=(7, 4.6))
    for shift, (kind, by_question) in enumerate(errors.items()):
        for k, question in enumerate(questions):
            values = array(by_question[question])
            at = k + 0.24 * (shift - (len(errors) - 1) / 2)
            ax.plot(values, np.full(len(values), at), "|", color=KINDS[kind], markersize=8)
            label = "_" if k else kind
            ax.plot(values.mean(), at, "o", color=KINDS[kind], markersize=6, label=label)
    ax.axvline(floor, color=BLACK, linewidth=1, linestyle="--")
    ax.set(yticks=range(len(questions)), yticklabels=questions, xlim=(0, None))
    ax.set_xlabel("squared error of a missing pixel")
    ax.invert_yaxis()
    ax.legend(ncols=len(errors), loc="lower center", bbox_to_anchor=(0.4, 1))
    return ax


def gains(by_row: dict[str, Tensor]) -> Axes:
    """Draw how much each row of a picture counts, as a sender and as a receiver: (seeds, rows)
    each.
    """
    _, ax = plt.subplots(figsize=(7, 3.2))
    for (label, values), colour in zip(named("by_row", by_row).items(), (BLUE, GREEN), strict=True):
        over_seeds(ax, range(1, values.shape[1] + 1), values, colour, label)
    ax.axvline(values.shape[1] / 2 + 0.5, color=BLACK, linewidth=1, linestyle="--")
    ax.set(xlabel="row of the picture, from the top", ylabel="gain / mean", ylim=(0, None))
    label_lines(ax)
    return ax


def worth(smooth: tuple[Sequence[float], Tensor], others: dict[str, tuple[float, Tensor]]) -> Axes:
    """Draw the share of a saving (seeds, n) over what a cue is worth: of smooth patterns as curves,
    of others (seeds,) as points with 95 % intervals.
    """
    _, ax = plt.subplots(figsize=(7, 3.8))
    over_seeds(ax, smooth[0], smooth[1], BLUE, "smooth patterns")
    for (label, (at, values)), mark in zip(named("others", others).items(), "sD^", strict=False):
        mean, low, high = interval(array(values).tolist())
        ax.errorbar(at, mean, [[mean - low], [high - mean]], color=PURPLE, capsize=3)
        ax.plot(at, mean, mark, color=PURPLE, markersize=8)
        up = mean > 0.7  # where a label to the right would lie on the curves
        ax.annotate(
            label,
            (at, mean),
            (-10 if up else 10, 2 if up else -12),
            textcoords="offset points",
            ha="right" if up else "left",
            color=PURPLE,
        )
    ax.set(xscale="log", ylim=(0, 1.05), xticks=[3, 5, 10, 20, 30], ylabel="share of the saving")
    ax.set_xticklabels(["3", "5", "10", "20", "30"])
    ax.minorticks_off()
    ax.set_xlabel("independent pixels that the cue is worth")
    return ax


def maps_frame(
    maps: dict[str, Tensor], pixel: tuple[int, int], largest: dict[str, float]
) -> Figure:
    """Draw what all pixels send to one ``pixel``, by title: orange negative, purple positive.

    The colour is full at ``largest``, and a cross is on the receiver.
    """
    for title, values in named("maps", maps).items():
        _checks.tensor(f"maps[{title!r}]", values, "rows columns", {})
        above_zero(f"largest[{title!r}]", named("largest", largest).get(title))
    _checks.sides("pixel", pixel, 0)
    fig, axes = plt.subplots(1, len(maps), figsize=(7, 3.2), squeeze=False)
    for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
        limit = largest[title]
        drawn = show(ax, array(values), cmap="PuOr", vmin=-limit, vmax=limit)
        ax.plot(pixel[1], pixel[0], "x", color=BLACK, markersize=9, markeredgewidth=2)
        frame(ax, title=title)
        fig.colorbar(drawn, ax=ax, shrink=0.8)
    return fig
