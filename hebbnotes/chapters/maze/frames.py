"""Figures of this chapter: data in, figures out."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from hebbnotes.figures import BLACK, SKY, colour, label_lines, name, over_seeds
from hebbnotes.figures.comparing import curves, dots, haunted, levels, maze_panel

__all__ = [
    "curves",
    "dots",
    "haunted",
    "lasting",
    "levels",
    "maze_panel",
    "steps_to_finds",
]


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
