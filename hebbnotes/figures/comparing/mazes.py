"""Agents in a maze: where they go, what they find while they learn, and after a goal is moved."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.comparing.rows import dots
from hebbnotes.figures.drawing import array, label_lines, over_seeds, show
from hebbnotes.figures.palette import BLACK, BLUE, ORANGE, SKY, colour, name

__all__ = ["curves", "haunted", "levels", "maze_panel"]


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
