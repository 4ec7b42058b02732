"""Plots that take data and return axes; nothing here computes a result."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from torch import Tensor

from hebbnotes.figures.style import BLACK, BLUE, BLUES, GREY, SKY

__all__ = ["greys", "over_seeds"]


BITS = ListedColormap(["white", GREY, BLUE])


GREYS = plt.get_cmap("gray").with_extremes(bad=SKY)


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
    down, across = len(rows), len(rows[0])
    _, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.3), squeeze=False)
    for k, row in enumerate(rows):
        for ax, (title, picture) in zip(axes[k], row.items(), strict=True):
            pixels = picture.detach()[: shape[0] * shape[1]].reshape(shape).numpy()
            ax.imshow(
                np.ma.masked_invalid(pixels), cmap=cmap, vmin=-1, vmax=1, interpolation="nearest"
            )
            frame(ax)
            if k == 0:
                ax.set_title(title)
    return axes


def over_seeds(ax: Axes, x: Sequence[float], values: Tensor, colour: str, label: str) -> None:
    """Draw values (seeds, n) over x: a curve for each seed, thin, and their mean, thick."""
    ax.plot(x, values.T.numpy(), color=colour, linewidth=0.7, alpha=0.6)
    ax.plot(x, values.mean(0).numpy(), color=colour, linewidth=2.2, label=label)


def draw_state(ax: Axes, y: Tensor, shape: tuple[int, int], title: str) -> None:
    """Draw the state of the units, in [-1, 1], as a picture."""
    ax.imshow(
        y.detach().reshape(shape).numpy(), cmap=BLUES, vmin=-1, vmax=1, interpolation="nearest"
    )
    frame(ax, title=title)


def draw_overlaps(ax: Axes, overlaps: Tensor, label: str) -> None:
    """Draw a bar for the overlap with each pattern, in [-1, 1]."""
    places = range(1, len(overlaps) + 1)
    ax.bar(places, overlaps.detach().numpy(), color=BLUE)
    ax.axhline(0, color=BLACK, linewidth=1)
    ax.set(xlabel="pattern", ylabel=label, ylim=(-1.05, 1.05), xticks=places)
