"""Figures of this chapter: data in, figures out."""

from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import array, show
from hebbnotes.figures.palette import BLUE, ORANGE, SKY

__all__ = ["maze_frame"]


def maze_frame(walls: Tensor, path: Tensor, goal: Tensor, known: bool, title: str) -> Figure:
    """Draw an agent in its maze (S, S): its path (n, 2) since its last find, and its goal (2,).

    The goal is drawn empty until it is ``known``: until it was found before.
    """
    # not pyplot's, which keeps count of open figures and warns of many
    sizes = {"two": 2}
    _checks.tensor("walls", walls, "S S", {})
    _checks.tensor("path", path, "n two", sizes)
    _checks.tensor("goal", goal, "two", sizes)
    _checks.flag("known", known)
    _checks.held("goal", goal)
    fig = Figure(figsize=(3.6, 3.9), layout="tight")
    ax = fig.subplots()
    show(ax, array(walls), cmap="gray_r", vmin=0, vmax=1.6)
    rows, columns = array(path.T)
    ax.plot(columns, rows, color=SKY, linewidth=3, solid_capstyle="round")
    ax.plot(
        *goal.flip(0).tolist(),
        marker="*",
        markersize=18,
        color=ORANGE,
        fillstyle="full" if known else "none",
        linestyle="",
    )
    ax.plot(columns[-1:], rows[-1:], marker="o", markersize=11, color=BLUE, linestyle="")
    ax.set(xticks=[], yticks=[], title=title)
    return fig
