"""Who should sit beside whom? Two kinds of cells, mixed or sorted, and two lists of partners: a
cell's own kind alone, or half of each kind. The wire of all cells is computed.

Each cell is connected to the nearest cells of the kinds that its list asks for, so the lengths are the
least that a layout allows; lines are drawn for one cell.
"""

import numpy as np

from tools.drawings.drawing import Drawing

ROWS, COLUMNS, PARTNERS, SEED = 6, 10, 8, 5
SHOWN = 2 * COLUMNS + 3  # the cell whose wire is drawn
LISTS = {"eight partners, all of its own kind": (8, 0), "eight partners, four of each kind": (4, 4)}
LAYOUTS = ("mixed", "sorted")
LABEL = (
    "Two by two panels of sixty cells of two kinds, filled and open, with lines from one cell to its eight partners. "
    "Above, its partners are of its own kind: where kinds are mixed the lines are long, where they are sorted short. "
    "Below, half of its partners are of each kind: now lines are short where kinds are mixed, and long where they "
    "are sorted. Below each panel stands the mean length of a wire."
)


def places() -> np.ndarray:
    """Return where the cells lie, shape (60, 2)."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    return np.stack([column.ravel(), row.ravel()], 1).astype(float)


def kinds(layout: str) -> np.ndarray:
    """Return the kind of each cell, 0 or 1, as many of each."""
    half = (places()[:, 0] >= COLUMNS / 2).astype(int)
    return np.random.default_rng(SEED).permutation(half) if layout == "mixed" else half


def partners(kind: np.ndarray, cell: int, asked: tuple[int, int]) -> np.ndarray:
    """Return the partners of a cell: the nearest of its own kind, and of the other."""
    away = np.hypot(*(places() - places()[cell]).T)
    away[cell] = np.inf
    chosen = []
    for own, many in zip((True, False), asked, strict=True):
        those = np.flatnonzero((kind == kind[cell]) == own)
        chosen.append(those[np.argsort(away[those], kind="stable")[:many]])
    return np.concatenate(chosen)


def wire(kind: np.ndarray, asked: tuple[int, int]) -> float:
    """Return the mean length of a wire, in distances between neighbours."""
    at = places()
    lengths = [np.hypot(*(at[partners(kind, i, asked)] - at[i]).T) for i in range(len(at))]
    return float(np.mean(lengths))


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("partners", 512, LABEL)
    for k, layout in enumerate(LAYOUTS):
        d.text(140 + 280 * k, 24, layout, bold=True)
    for row, (words, asked) in enumerate(LISTS.items()):
        top = 88 + 232 * row
        d.text(280, top - 28, words, "muted")
        short = min(LAYOUTS, key=lambda one, asked=asked: wire(kinds(one), asked))
        for k, layout in enumerate(LAYOUTS):
            _panel(d, 23 + 280 * k, top, kinds(layout), asked)
            length = f"mean wire {wire(kinds(layout), asked):.2f}"
            d.text(140 + 280 * k, top + 172, length, bold=layout == short)
    return d


def _panel(d: Drawing, left: float, top: float, kind: np.ndarray, asked: tuple[int, int]) -> None:
    """Draw the cells, and the wire of one."""
    at = places() * 26 + (left, top)
    for other in partners(kind, SHOWN, asked):
        d.path([at[SHOWN], at[other]], "pink", 3)
    for (x, y), one in zip(at, kind, strict=True):
        d.circle(x, y, 7, "blue", "blue" if one else "paper")
    d.circle(*at[SHOWN], 10, "pink", width=3)
