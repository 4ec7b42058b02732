"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["fields", "fields_frame"]


def fields(rows: dict[str, Tensor], shape: tuple[int, int]) -> np.ndarray:
    """Draw the weights onto units as pictures of their inputs, a row of units for each title: orange negative, purple positive.

    Parameters
    ----------
    rows : dict of str to Tensor
        For each title the weights, shape (n_inputs, n_units); colours are scaled unit by unit.
    shape : tuple of int
        Rows and columns of an input.

    Returns
    -------
    numpy.ndarray
        The axes, shape (number of titles, n_units).

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    across = max(w.shape[1] for w in rows.values())
    _, axes = plt.subplots(len(rows), across, figsize=(7, len(rows) * 7 / across), squeeze=False)
    for line, (title, w) in zip(axes, rows.items(), strict=True):
        _draw_fields(line, w, shape)
        line[0].set_ylabel(title)
    return axes


def _draw_fields(axes: Sequence[Axes], w: Tensor, shape: tuple[int, int]) -> None:
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, one in zip(axes, w.detach().T, strict=False):
        limit = one.abs().max().item() or 1.0
        ax.imshow(
            one.reshape(shape).numpy(),
            cmap="PuOr",
            vmin=-limit,
            vmax=limit,
            interpolation="nearest",
        )


def fields_frame(w: Tensor, shape: tuple[int, int], across: int, title: str) -> Figure:
    """Draw the weights onto units as pictures of their inputs, in rows of ``across``; arguments else as for :func:`fields`.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`.MovingFigure`.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    down = -(-w.shape[1] // across)
    fig, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.4), squeeze=False)
    _draw_fields(axes.ravel(), w, shape)
    fig.suptitle(title, fontsize="medium")
    return fig
