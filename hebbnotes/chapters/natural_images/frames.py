"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import frame
from hebbnotes.figures.style import BLACK

__all__ = ["maps_frame"]


def maps_frame(
    maps: dict[str, Tensor], pixel: tuple[int, int], largest: dict[str, float]
) -> Figure:
    """Draw what all pixels send to one pixel, as pictures: orange negative, purple positive, and a cross on the receiver.

    Parameters
    ----------
    maps : dict of str to Tensor
        For each title the connections into the pixel, shape (rows, columns).
    pixel : tuple of int
        Row and column of the receiver.
    largest : dict of str to float
        For each title the value at which the colour is full.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`.MovingFigure`.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    fig, axes = plt.subplots(1, len(maps), figsize=(7, 3.2), squeeze=False)
    for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
        limit = largest[title]
        drawn = ax.imshow(
            values.detach().numpy(), cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest"
        )
        ax.plot(pixel[1], pixel[0], "x", color=BLACK, markersize=9, markeredgewidth=2)
        frame(ax, title=title)
        fig.colorbar(drawn, ax=ax, shrink=0.8)
    return fig
