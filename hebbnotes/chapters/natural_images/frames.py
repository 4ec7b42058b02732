"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import above_zero, array, frame, named, show
from hebbnotes.figures.palette import BLACK

__all__ = ["maps_frame"]


def maps_frame(
    maps: dict[str, Tensor], pixel: tuple[int, int], largest: dict[str, float]
) -> Figure:
    """Draw what all pixels send to one ``pixel``, by title: orange negative, purple positive.

    The colour is full at ``largest``, and a cross is on the receiver.
    """
    for title, values in named("maps", maps).items():
        _checks.tensor(f"maps[{title!r}]", values, "rows columns", {})
        above_zero(f"largest[{title!r}]", named("largest", largest).get(title))
    _checks.sides("pixel", pixel, 0)
    fig, axes = plt.subplots(1, len(maps), figsize=(7, 3.2), squeeze=False)
    for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
        limit = largest[title]
        drawn = show(ax, array(values), cmap="PuOr", vmin=-limit, vmax=limit)
        ax.plot(pixel[1], pixel[0], "x", color=BLACK, markersize=9, markeredgewidth=2)
        frame(ax, title=title)
        fig.colorbar(drawn, ax=ax, shrink=0.8)
    return fig
