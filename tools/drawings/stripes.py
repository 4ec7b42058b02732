"""A picture is a sum of stripes, and its twin is the sum of the same stripes, slid by chance.

Two rows: three sheets of stripes of one width in three directions, and their sum. In the second row each
sheet has the same stripes with another phase. A square is filled where the value is above zero; all
values are computed.
"""

import numpy as np

from tools.drawings.drawing import Drawing

SIDE, SIZE = 26, 104.0  # squares and units along a sheet
WAVES = ((2.0, 1.0), (-1.0, 2.0), (2.0, -1.4))  # across and down, per sheet
PHASES = {"a picture": (0.1, 0.55, 0.3), "its twin": (0.62, 0.05, 0.85)}
LABEL = (
    "Two rows of four square sheets. In each row, three sheets of stripes in three directions, with plus signs "
    "between them, and after an equals sign their sum, blotches. The stripes of the second row are those of the first, slid "
    "sideways; the blotches of the second row are of the same size and lie elsewhere."
)


def sheets(name: str) -> np.ndarray:
    """Return the three sheets of stripes of a row, shape (3, SIDE, SIDE)."""
    row, column = np.mgrid[:SIDE, :SIDE] / SIDE
    return np.array(
        [
            np.cos(2 * np.pi * (kx * column + ky * row + phase))
            for (kx, ky), phase in zip(WAVES, PHASES[name], strict=True)
        ]
    )


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("stripes", 316, LABEL)
    for k, name in enumerate(PHASES):
        top = 36 + 158 * k
        stripes = sheets(name)
        for n, values in enumerate([*stripes, stripes.sum(0)]):
            left = 6 + 148 * n
            _sheet(d, left, top, values)
            if n < 3:
                d.text(left + SIZE + 22, top + SIZE / 2 + 8, "+" if n < 2 else "=", size=26)
        words = "stripes" if k == 0 else "the same stripes, slid"
        d.text(6, top - 12, words, anchor="start")
        d.text(6 + 148 * 3 + SIZE / 2, top - 12, name, bold=True)
    return d


def _sheet(d: Drawing, left: float, top: float, values: np.ndarray) -> None:
    """Draw a sheet: its squares above zero, as runs in each row."""
    unit, parts = SIZE / len(values), []
    for r, line in enumerate(values > 0):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
        for start, end in edges.reshape(-1, 2):
            x, y, w = left + start * unit, top + r * unit, (end - start) * unit
            parts.append(f"M{x:g} {y:g}h{w:g}v{unit:g}h{-w:g}z")
    d.path("".join(parts), "", 0, "blue")
    d.box(left, top, SIZE, SIZE, "faint", r=0, width=1)
