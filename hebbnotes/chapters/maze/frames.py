"""Figures of this chapter: data in, figures out."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures import BLACK, BLUE, SKY, colour, label_lines, name, over_seeds
from hebbnotes.figures.drawing import array, show
from hebbnotes.figures.palette import ORANGE

__all__ = [
    "curves",
    "dots",
    "haunted",
    "lasting",
    "levels",
    "maze_panel",
    "steps_to_finds",
]


def maze_panel(
    ax: Axes, walls: Tensor, path: Tensor, goal: Tensor, known: bool, title: str
) -> None:
    """Draw an agent in its maze (S, S): its path (n, 2) since its last find, and its goal (2,).

    The goal is drawn empty until it is ``known``: until it was found before.
    """
    sizes = {"two": 2}
    _checks.tensor("walls", walls, "S S", {})
    _checks.tensor("path", path, "n two", sizes)
    _checks.tensor("goal", goal, "two", sizes)
    _checks.flag("known", known)
    _checks.held("goal", goal)
    show(ax, array(walls), cmap="gray_r", vmin=0, vmax=1.6)
    rows, columns = array(path.T)
    ax.plot(columns, rows, color=SKY, linewidth=3, solid_capstyle="round")
    ax.plot(
        *goal.flip(0).tolist(),
        marker="*",
        markersize=15,
        color=ORANGE,
        fillstyle="full" if known else "none",
        linestyle="",
    )
    ax.plot(columns[-1:], rows[-1:], marker="o", markersize=9, color=BLUE, linestyle="")
    ax.set(xticks=[], yticks=[], title=title)
    ax.spines[:].set_visible(False)


def levels(ax: Axes, found: Mapping[str, float], x: float = 1.0) -> None:
    """Draw what ways without learning find as dashed lines, each with its name."""
    for way, value in found.items():
        ax.axhline(value, color=BLACK, linestyle="--", linewidth=1)
        ax.annotate(
            way,
            (x, value),
            (-2, 2),
            textcoords="offset points",
            xycoords=("axes fraction", "data"),
            ha="right",
        )


def curves(
    updates: Sequence[float],
    finds: Mapping[str, Tensor],
    seconds: Mapping[str, float],
    level: Mapping[str, float],
) -> Sequence[Axes]:
    """Draw goals found (seeds, n) of each kind of network while it learns: above against updates,
    below against the time of computing, with the seconds of an update.
    """
    _, axes = plt.subplots(2, 1, figsize=(7, 6.2), sharey=True)
    for kind, values in finds.items():
        for ax, scale in zip(axes, (1.0, seconds[kind]), strict=True):
            over_seeds(ax, [scale * u for u in updates], values, colour(kind), name(kind))
    for ax, label in zip(axes, ("updates", "seconds of computing"), strict=True):
        ax.set(xlabel=label, ylabel="goals found in a life", ylim=(0, 29), xlim=(0, None))
        levels(ax, level)
        label_lines(ax)
    return axes


def steps_to_finds(finds: Mapping[str, Tensor], ways: Mapping[str, Sequence[float]]) -> Axes:
    """Draw the steps to each find (seeds, n) of each kind of network, and of ways to compare."""
    _, ax = plt.subplots(figsize=(7, 3.6))
    for kind, values in finds.items():
        over_seeds(ax, range(1, 7), values, colour(kind), name(kind))
    for way, steps in ways.items():
        ax.plot(range(1, 7), steps, color=BLACK, linestyle="--", label=way)
    ax.set(xlabel="find", ylabel="steps since the one before", ylim=(0, None))
    ax.set_xticks(range(1, 7), ["1", "2", "3", "4", "5", "later"])
    label_lines(ax)
    return ax


def dots(
    rows: Mapping[str, tuple[Tensor, str]],
    label: str,
    lines: Mapping[str, float] | None = None,
    gaps: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the seeds of each row as dots and their mean as a bar, each row (seeds,) in the colour
    of a kind of network; with lines to compare, and gaps before some rows.
    """
    if not rows:
        raise ValueError("rows must name one row at least")
    for values, _ in rows.values():
        _checks.floating("a row", _checks.tensor("a row", values, "seeds", {}))
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 0.9 + 0.34 * (len(rows) + 0.5 * len(gaps))))
    places = [k + 0.5 * sum(k >= gap for gap in gaps) for k in range(len(rows))]
    for place, (values, kind) in zip(places, rows.values(), strict=True):
        ax.barh(place, float(values.mean()), color=colour(kind), alpha=0.3)
        ax.plot(array(values), [place] * len(values), "o", markersize=4, color=colour(kind))
    for text, value in (lines or {}).items():
        ax.axvline(value, color=BLACK, linestyle="--", linewidth=1)
        ax.annotate(text, (value, -0.5), (3, 2), textcoords="offset points", annotation_clip=False)
    ax.set_yticks(places, list(rows))
    ax.set(xlabel=label, ylim=(places[-1] + 0.6, -0.6), xlim=(0, None))
    return ax


def haunted(
    steps: Sequence[int],
    found: Mapping[str, tuple[Tensor, str, str]],
    near: Mapping[str, tuple[Tensor, str]],
    chance: float,
) -> Sequence[Axes]:
    """Draw the share of agents that have found the moved goal (seeds, n) by each step, and below
    the share of steps near the old place (seeds,).

    Parameters
    ----------
    found : for each condition values, kind of network and style of the line
    near : for each condition values and kind of network
    chance : share of the squares that is near
    """
    _, (above, below) = plt.subplots(2, 1, figsize=(7, 6.4), height_ratios=(3, 2))
    for label, (values, kind, style) in found.items():
        over_seeds(above, [0, *steps], _from_zero(100 * values), colour(kind), label)
        for line in above.lines[-len(values) - 1 :]:
            line.set_linestyle(style)
    above.set(xlabel="steps since the goal was moved", ylabel="have found it (%)", ylim=(0, 100))
    above.set(xlim=(0, steps[-1]))
    label_lines(above)
    rows = {label: (100 * values, kind) for label, (values, kind) in near.items()}
    dots(rows, "steps near the old place (%)", {"by chance": 100 * chance}, ax=below)
    below.set_title(" ")  # room for the word above the line
    return above, below


def _from_zero(values: Tensor) -> Tensor:
    """Return curves (seeds, n) that begin with a 0."""
    return torch.cat([values.new_zeros(len(values), 1), values], 1)


def lasting(
    waits: Sequence[int],
    dark: Mapping[str, Tensor],
    ages: Sequence[int],
    old: Mapping[str, Tensor],
) -> Sequence[Axes]:
    """Draw what is found after a wait in the dark, and below in the course of a long life, by each
    kind of network (seeds, n) and by plastic ones whose writing is stopped, ``"stopped"``.
    """
    _, axes = plt.subplots(2, 1, figsize=(7, 6.4))
    labels = ("plastic, no writing\nin the dark", "plastic, writing\nstopped")
    for ax, x, values, label in zip(axes, (waits, ages), (dark, old), labels, strict=True):
        for kind, one in values.items():
            look = (SKY, label) if kind == "stopped" else (colour(kind), name(kind))
            over_seeds(ax, x, one, *look)
    above, below = axes
    above.set_xscale("symlog", linthresh=10)
    above.set(xlabel="dark steps", ylabel="goals in 100 steps after")
    above.set(xticks=waits, xticklabels=waits, ylim=(0, 14.5))
    below.axvline(200, color=BLACK, linestyle="--", linewidth=1)
    below.annotate("trained up to here", (200, 0.3), (4, 0), textcoords="offset points")
    below.set(xlabel="step of a life", ylabel="goals in 50 steps", ylim=(0, 7.5))
    for ax in axes:
        label_lines(ax)
    return axes


SQUARE, LEFT = 33.0, 12.0
"""Side of a square in a still picture, and where the maze begins, in units of a drawing."""


def at(row: float, column: float) -> tuple[float, float]:
    """Return where the middle of a square lies in a still picture."""
    return LEFT + SQUARE * (column + 0.5), LEFT + SQUARE * (row + 0.5)


def squares(drawing: Any, walls: Tensor) -> None:
    """Add the walls of a maze to a still picture."""
    for row, column in walls.nonzero().tolist():
        x, y = at(row - 0.5, column - 0.5)
        drawing.box(x, y, SQUARE, SQUARE, "", "faint", 0, opacity=0.6)


def star(
    drawing: Any, place: tuple[float, float], stroke: str, fill: str, dashed: str = ""
) -> None:
    """Add a star to a still picture."""
    turns, radii = np.arange(11) * np.pi / 5, np.where(np.arange(11) % 2, 6.5, 15.0)
    xs, ys = place[0] + radii * np.sin(turns), place[1] - radii * np.cos(turns)
    drawing.path(zip(xs, ys, strict=True), stroke, 2.5, fill, dashed=dashed)
