"""Rows of dots, a dot for each network, and curves of learning, a curve for each."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import array, over_seeds
from hebbnotes.figures.palette import BLACK, colour

__all__ = ["dots", "race", "replaced"]


def dots(
    rows: Mapping[str, tuple[Tensor, str]],
    label: str,
    lines: Mapping[str, float] | None = None,
    gaps: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the seeds of each row as dots and their mean as a bar, each row (seeds,) in the colour
    of a kind of network; with lines to compare, and gaps before some rows.
    """
    if not rows:
        raise ValueError("rows must name one row at least")
    for values, _ in rows.values():
        _checks.floating("a row", _checks.tensor("a row", values, "seeds", {}))
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 0.9 + 0.34 * (len(rows) + 0.5 * len(gaps))))
    places = [k + 0.5 * sum(k >= gap for gap in gaps) for k in range(len(rows))]
    for place, (values, kind) in zip(places, rows.values(), strict=True):
        ax.barh(place, float(values.mean()), color=colour(kind), alpha=0.3)
        ax.plot(array(values), [place] * len(values), "o", markersize=4, color=colour(kind))
    for text, value in (lines or {}).items():
        ax.axvline(value, color=BLACK, linestyle="--", linewidth=1)
        ax.annotate(text, (value, -0.5), (3, 2), textcoords="offset points", annotation_clip=False)
    ax.set_yticks(places, list(rows))
    ax.set(xlabel=label, ylim=(places[-1] + 0.6, -0.6), xlim=(0, None))
    return ax


def replaced(
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    chance: float,
    names: Mapping[str, str] | None = None,
    line: str = "by chance",
    measured: str = "right answers (%)",
    scale: float = 100.0,
    top: float = 100.0,
) -> Figure:
    """Draw what was measured, times ``scale``, a row for each thing that was done, by kind of
    network ("simple" or "retroactive", in the legend by its own name or that of ``names``), a mark
    for each network; and a line to compare, which says ``line``, up to ``top``.
    """
    names = {} if names is None else names
    fig, ax = plt.subplots(figsize=(7, 0.55 * len(rows) + 1.1))
    kinds = list(next(iter(rows.values())))
    for row, by in enumerate(rows.values()):
        for kind, values in by.items():
            k = kinds.index(kind)
            off = 0.16 * (2 * k - len(kinds) + 1)
            at = [scale * value for value in values]
            mark = "o" if k == 0 else "D"
            label = names.get(kind, kind) if row == 0 else "_"
            where = [row + off] * len(at)
            ax.plot(at, where, mark, color=colour(kind), ms=6, alpha=0.6, label=label)
    at_chance = scale * chance
    ax.axvline(at_chance, color=BLACK, ls="--", lw=1)
    ax.text(at_chance + 0.01 * top, len(rows) - 0.55, line, va="center", fontsize=10)
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlabel=measured, xlim=(-0.03 * top, 1.03 * top), ylim=(len(rows) - 0.3, -0.6))
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(kinds))
    return fig


def race(
    panels: Mapping[str, Mapping[str, tuple[str, Sequence[float], Tensor]]], chance: float
) -> Figure:
    """Draw learning curves, a panel for each title: by label a colour, updates, and shares of right
    answers (seeds, n) at these.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(7, 3.6), sharey=True, squeeze=False)
    for ax, (title, kinds) in zip(axes[0], panels.items(), strict=True):
        for label, (ink, at, values) in kinds.items():
            over_seeds(ax, at, 100 * values, ink, label)
        ax.axhline(100 * chance, color=BLACK, ls="--", lw=1)
        last = max(at[-1] for _, at, _ in kinds.values())
        ax.set(title=title, xlabel="update", ylim=(0, 103), xlim=(0, last))
        ax.legend(frameon=False, loc="lower right")
    axes[0, 0].set_ylabel("right answers (%)")
    return fig
