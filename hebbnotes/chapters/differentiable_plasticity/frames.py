"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import (
    array,
    axes_of,
    draw_overlaps,
    draw_state,
    frame,
    named,
    pixels,
    show,
)
from hebbnotes.figures.palette import BLACK

__all__ = ["floor_lines", "trace_frame"]


def trace_frame(
    y: Tensor, hebb: Tensor, overlaps: Tensor, shape: tuple[int, int], title: str
) -> Figure:
    """Draw a step of an episode: the state (n_bits,), the trace, and the overlap with
    each pattern.
    """
    _checks.finite("hebb", _checks.floating("hebb", _checks.tensor("hebb", hebb, "n n", {})))
    pixels(y, shape)
    _checks.tensor("overlaps", overlaps, "P", {})
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.6), width_ratios=(2, 2, 1.4))
    draw_state(left, y, shape, title)
    show(middle, array(hebb), cmap="PuOr", vmin=-0.1, vmax=0.1)
    frame(middle, title="trace", xlabel="receiver", ylabel="sender")
    draw_overlaps(right, overlaps, "overlap")
    return fig


def floor_lines(ax: Axes, floors: dict[str, float]) -> None:
    """Draw errors that need no memory, shares in [0, 1], as labelled dashed lines, in percent."""
    axes_of(ax)
    for name, share in named("floors", floors).items():
        _checks.number(f"floors[{name!r}]", share, 0, 1)
        ax.axhline(100 * share, color=BLACK, linestyle="--", linewidth=1)
        ax.annotate(
            name,
            (0, 100 * share),
            (4, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="bottom",
        )
