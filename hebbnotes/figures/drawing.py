"""Plots that take data and return axes; nothing here computes a result."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.palette import BLACK, BLUE, BLUES, GREY, ORANGE, SKY, colour, name

__all__ = [
    "curves",
    "dots",
    "greys",
    "haunted",
    "label_lines",
    "levels",
    "maze_panel",
    "over_seeds",
]


BITS = ListedColormap(["white", GREY, BLUE])


GREYS = plt.get_cmap("gray").with_extremes(bad=SKY)


def array(values: Tensor) -> np.ndarray:
    """Return numbers as numpy's, wherever they are, of a gradient or not, in any precision."""
    _checks.held("values", _checks.some_tensor("values", values))
    if values.is_complex():
        raise TypeError(f"values must be real to be drawn, got {values.dtype}: use values.abs()")
    half = values.dtype in (torch.float16, torch.bfloat16)
    return (values.float() if half else values).numpy(force=True)


def axes_of(ax: Any) -> Axes:
    """Return axes to draw into, or raise."""
    return _checks.of_type("ax", ax, Axes, "use plt.subplots()[1]")


def named(name: str, values: Any, least: int = 1) -> Mapping[Any, Any]:
    """Return what is drawn by its name, at least so many, or raise."""
    if not isinstance(values, Mapping) or len(values) < least:
        raise TypeError(
            f"{name} must be a dict by name, got {_checks.got(values)}: use {{'a': ...}}"
        )
    return values


def above_zero(name: str, value: Any) -> float:
    """Return a number above 0, which may be a tensor of one, or raise."""
    one = isinstance(value, Tensor) and value.ndim == 0
    return _checks.number(name, value.item() if one else value, 1e-12)


def listed(name: str, values: Any, count: int | None = None) -> Any:
    """Return a list of numbers, so many if ``count`` is named, or raise."""
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray | Tensor):
        raise TypeError(f"{name} must be a list of numbers, got {_checks.got(values)}")
    if count not in (None, len(values)) or not len(values):
        many = "one at least" if count is None else f"{count} of them"
        raise ValueError(f"{name} must be a list of numbers, {many}, got {len(values)}")
    for one in values.tolist() if isinstance(values, Tensor) else values:
        _checks.number(name, one)
    return values


def pixels(values: Tensor, shape: tuple[int, int]) -> np.ndarray:
    """Return numbers as a picture of rows and columns, (rows, columns)."""
    rows, columns = _checks.sides("shape", shape)
    numbers = array(values)
    if numbers.size != rows * columns:
        raise ValueError(
            f"values must be as many as a picture of {rows} x {columns} has pixels, "
            f"{rows * columns}, got {numbers.size}: pass another shape"
        )
    return numbers.reshape(rows, columns)


def show(ax: Axes, picture: np.ndarray, **how: Any) -> AxesImage:
    """Draw a picture, its first row at the top, a square for each number."""
    return ax.imshow(picture, origin="upper", interpolation="nearest", **how)


def frame(ax: Axes, **labels: str) -> None:
    """Draw a frame without ticks around a picture."""
    ax.set(xticks=[], yticks=[], **labels)
    ax.spines[:].set_visible(True)


def greys(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int]) -> np.ndarray:
    """Draw rows of grey pictures by title, (n_pixels or more,) each, black at -1, white at 1.

    What is not a number has the colour of what is missing. Titles of the first row are shown.
    """
    return rows_of_pictures(rows, shape, GREYS)


def rows_of_pictures(
    rows: Sequence[dict[str, Tensor]], shape: tuple[int, int], cmap: Colormap
) -> np.ndarray:
    if not rows or not all(isinstance(row, dict) and len(row) == len(rows[0]) for row in rows):
        raise ValueError("rows must be dicts of pictures by title, as many in each, at least one")
    down, across = len(rows), len(rows[0])
    n = math.prod(_checks.sides("shape", shape))
    _, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.3), squeeze=False)
    for k, row in enumerate(rows):
        for ax, (title, picture) in zip(axes[k], row.items(), strict=True):
            if _checks.some_tensor("a picture", picture).ndim not in (1, 2):
                raise ValueError(
                    f"a picture must have one axis or two, got shape {tuple(picture.shape)}"
                )
            seen = picture if picture.ndim == 2 else picture.flatten()[:n]
            show(ax, np.ma.masked_invalid(pixels(seen, shape)), cmap=cmap, vmin=-1, vmax=1)
            frame(ax)
            if k == 0:
                ax.set_title(title)
    return axes


def over_seeds(ax: Axes, x: Sequence[float], values: Tensor, colour: str, label: str) -> None:
    """Draw values (seeds, n) over x: a curve for each seed, thin, and their mean, thick."""
    axes_of(ax)
    _checks.tensor("values", values, "seeds n", {"n": len(listed("x", x))})
    numbers = array(_checks.floating("values", values))
    ax.plot(x, numbers.T, color=colour, linewidth=0.7, alpha=0.6)
    ax.plot(x, array(values.mean(0)), color=colour, linewidth=2.2, label=label)


def label_lines(ax: Axes, names: dict[str, str] | None = None) -> None:
    """Write the label of each line beside its right end, in its colour, instead of a legend.

    Labels that would overlap are moved apart, as little as possible. Call it last, when limits and
    scales are set. A line without a label gets none.

    Parameters
    ----------
    names : dict, optional
        what to write for a label, where it is not the label itself
    """
    names = {} if names is None else _checks.of_type("names", names, dict, 'use {"label": "text"}')
    lines = [line for line in axes_of(ax).lines if not str(line.get_label()).startswith("_")]
    if unknown := names.keys() - {line.get_label() for line in lines}:
        raise ValueError(
            f"no line is labelled {', '.join(sorted(unknown))}: "
            f"there are {', '.join(str(line.get_label()) for line in lines)}"
        )
    figure: Figure = ax.figure.figure  # of a part of a figure: the whole
    figure.draw_without_rendering()  # limits and sizes as they will be
    low, high = ax.bbox.y0, ax.bbox.y1
    ends, written = [], []
    for line in lines:
        points = line.get_transform().transform(line.get_xydata())
        points = points[np.isfinite(points).all(1)]
        if not len(points):
            continue
        end = points[points[:, 0].argmax()]
        label = str(line.get_label())
        place = float(np.clip(end[1], low, high))
        x, y = ax.transData.inverted().transform((end[0], place))
        written.append(place)
        ends.append(
            ax.annotate(
                names.get(label, label),
                (float(x), float(y)),
                (6, 0),
                textcoords="offset points",
                color=line.get_color(),
                va="center",
                fontsize=plt.rcParams["legend.fontsize"],
                annotation_clip=False,
            )
        )
    tall = max((text.get_window_extent().height for text in ends), default=0.0)
    for text, place, moved in zip(ends, written, apart(written, tall, low, high), strict=True):
        text.xyann = (6, (moved - place) * 72 / figure.dpi)


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places so that neighbours are a gap apart, by the least sum of squares.

    All then lie between low and high, if there is room for them.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    blocks: list[tuple[float, int]] = []  # mean and size of what moves together, gaps taken out
    for rank, k in enumerate(order):
        mean, size = places[k] - rank * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    room = max(low, high - gap * (len(places) - 1))
    fitted = [min(max(mean, low), room) for mean, size in blocks for _ in range(size)]
    moved = [0.0] * len(places)
    for rank, k in enumerate(order):
        moved[k] = fitted[rank] + rank * gap
    return moved


def draw_state(ax: Axes, y: Tensor, shape: tuple[int, int], title: str) -> None:
    """Draw the state of the units, in [-1, 1], as a picture."""
    show(ax, pixels(y, shape), cmap=BLUES, vmin=-1, vmax=1)
    frame(ax, title=title)


def draw_overlaps(ax: Axes, overlaps: Tensor, label: str) -> None:
    """Draw a bar for the overlap with each pattern, in [-1, 1]."""
    _checks.tensor("overlaps", overlaps, "P", {})
    places = range(1, len(overlaps) + 1)
    ax.bar(places, array(overlaps), color=BLUE)
    ax.axhline(0, color=BLACK, linewidth=1)
    ax.set(xlabel="pattern", ylabel=label, ylim=(-1.05, 1.05), xticks=places)


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
