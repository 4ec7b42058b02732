"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import BITS, frame, pixels, rows_of_pictures, show
from hebbnotes.figures.palette import BLACK, BLUE

__all__ = ["drawings", "melting_frame"]


def melting_frame(
    y: Tensor, shape: tuple[int, int], loads: Sequence[float], overlaps: Sequence[float], now: int
) -> Figure:
    """Draw what a memory recalls (n,) at one load, ``loads[now]``, and the overlap at all loads."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9), width_ratios=(2, 3))
    show(left, pixels(y, shape), cmap=BITS, vmin=-1, vmax=1)
    frame(left, title="recalled")
    right.plot(loads, overlaps, color=BLACK, linewidth=1)
    right.plot(loads[now], overlaps[now], "o", color=BLUE, markersize=10)
    right.set(xlabel="patterns for each unit", ylabel="overlap with the letter", ylim=(-0.05, 1.08))
    return fig


def drawings(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int]) -> np.ndarray:
    """Draw rows of patterns by title, (n,) each: 1 is blue, -1 white, and 0, which is unknown,
    grey.
    """
    return rows_of_pictures(rows, shape, BITS)
