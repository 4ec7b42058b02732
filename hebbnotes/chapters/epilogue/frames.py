"""The ledger as intervals on one axis."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from hebbnotes import figures as fig
from hebbnotes.chapters.epilogue.ledger import LedgerEntry

__all__ = ["intervals"]

NULL = "#757575"
"""A grey that is seen on white and on black."""
COLOURS = {
    "buys": fig.BLUE,
    "costs": fig.ORANGE,
    "nothing shown": NULL,
    "no difference": NULL,
    "a pilot": NULL,
}
"""The colour of each verdict; what shows nothing, or has no word yet, is grey."""
EDGE = 1.1
"""Where the axis ends: intervals that reach farther are cut there."""


def intervals(ax: Axes, entries: Sequence[LedgerEntry]) -> None:
    """Draw each row as an interval: to the right of zero the idea is better.

    Parameters
    ----------
    ax : Axes
    entries : sequence of LedgerEntry, from the top
    """
    beside = blended_transform_factory(ax.transAxes, ax.transData)
    chapters = [one.row.chapter for one in entries]
    for at, one in enumerate(entries):
        mean, low, high = (max(-EDGE, min(EDGE, value)) for value in one.share)
        colour = COLOURS[one.verdict]
        ax.plot([low, high], [at, at], color=colour, lw=2, solid_capstyle="butt")
        face = colour if one.row.hardest else "none"
        ax.plot([mean], [at], "o", color=colour, markerfacecolor=face, ms=5)
        ax.text(-0.03, at, one.row.label, ha="right", va="center", fontsize=8.5, transform=beside)
        ax.text(1.03, at, one.row.beside, va="center", fontsize=8.5, transform=beside)
        if at and chapters[at] != chapters[at - 1]:
            ax.axhline(at - 0.5, color=fig.GREY, lw=0.4)
    for to, words in ((-1, "the rival\nis better"), (1, "the idea\nis better")):
        ax.text(to * EDGE / 2, -1.0, words, ha="center", va="bottom", fontsize=8.5)
    ax.axvline(0, color=fig.BLACK, lw=0.8)
    ax.set(xlim=(-EDGE, EDGE), ylim=(len(entries) - 0.5, -0.5), yticks=[])
    ax.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "−½", "0", "½", "1"])
    ax.set_xlabel("better by, as a share of the larger number")
    for side in ("left", "top", "right"):
        ax.spines[side].set_visible(False)
