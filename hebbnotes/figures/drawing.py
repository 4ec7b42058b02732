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
from hebbnotes.figures.palette import BLACK, BLUE, BLUES, GREY, SKY

__all__ = ["greys", "label_lines", "over_seeds"]


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
