"""Figures of this chapter: data in, figures out."""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import pixels, show

__all__ = ["fields", "fields_frame"]


def fields(rows: dict[str, Tensor], shape: tuple[int, int]) -> np.ndarray:
    """Draw weights (n_inputs, n_units) as pictures of their inputs, a row of units for each title.

    Orange is negative, purple positive; colours are scaled unit by unit.
    """
    across = max(w.shape[1] for w in rows.values())
    _, axes = plt.subplots(len(rows), across, figsize=(7, len(rows) * 7 / across), squeeze=False)
    for line, (title, w) in zip(axes, rows.items(), strict=True):
        _draw_fields(line, w, shape)
        line[0].set_ylabel(title)
    return axes


def _draw_fields(axes: Iterable[Axes], w: Tensor, shape: tuple[int, int]) -> None:
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, field in zip(axes, w.detach().T, strict=False):
        limit = field.abs().max().item() or 1.0
        show(ax, pixels(field, shape), cmap="PuOr", vmin=-limit, vmax=limit)


def fields_frame(w: Tensor, shape: tuple[int, int], across: int, title: str) -> Figure:
    """Draw weights (n_inputs, n_units) as pictures of their inputs, in rows of ``across``."""
    down = -(-w.shape[1] // across)
    fig, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.4), squeeze=False)
    _draw_fields(axes.ravel(), w, shape)
    fig.suptitle(title, fontsize="medium")
    return fig
