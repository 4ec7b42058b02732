"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import BITS, frame, rows_of_pictures
from hebbnotes.figures.style import BLACK, BLUE

__all__ = ["drawings", "melting_frame"]


def melting_frame(
    y: Tensor, shape: tuple[int, int], loads: Sequence[float], overlaps: Sequence[float], now: int
) -> Figure:
    """Draw what a memory recalls at one load, and how much of the pattern is left at all loads.

    Parameters
    ----------
    y : Tensor
        What is recalled, shape (n,).
    shape : tuple of int
        Rows and columns of the pattern.
    loads, overlaps : sequence of float
        Patterns for each unit, and the overlap of what is recalled with what was asked for.
    now : int
        Which of the loads is shown.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`.MovingFigure`.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9), width_ratios=(2, 3))
    left.imshow(y.reshape(shape).numpy(), cmap=BITS, vmin=-1, vmax=1, interpolation="nearest")
    frame(left, title="recalled")
    right.plot(loads, overlaps, color=BLACK, linewidth=1)
    right.plot(loads[now], overlaps[now], "o", color=BLUE, markersize=10)
    right.set(xlabel="patterns for each unit", ylabel="overlap with the letter", ylim=(-0.05, 1.08))
    return fig


def drawings(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int]) -> np.ndarray:
    """Draw rows of patterns: 1 is blue, -1 white, and 0, which is unknown or undecided, grey.

    Parameters
    ----------
    rows : sequence of dict
        For each row the patterns by title, shape (n,) each. Titles of the first row are shown.
    shape : tuple of int
        Rows and columns of a pattern.

    Returns
    -------
    numpy.ndarray
        The axes, shape (number of rows, number of patterns in a row).

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    return rows_of_pictures(rows, shape, BITS)
