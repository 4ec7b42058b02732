"""A trace read in two ways: press all sheets onto one and ask it, or ask each key and add the values."""

import numpy as np

from tools.drawings.drawing import Drawing

LABEL = (
    "Two rows. Above, two sheets, each the products of a key, at its left, and a value, at its top, "
    "are added up into one sheet, the trace; a question at its left gives an answer below it. Beneath, the "
    "question is compared with each key, which gives a number, and the two values, each times its number, "
    "are added up. The answers are the same."
)
KEYS = np.array([[1, 1, 1, 1], [1, -1, 1, 1]])
VALUES = np.array([[1, -1, 1, -1], [1, 1, -1, -1]])
QUERY = KEYS[1]
TRACE = KEYS.T @ VALUES
COMPARED = KEYS @ QUERY
ANSWER = QUERY @ TRACE
CELL = 30
WIDE = 4 * CELL
COLUMNS = 50, 234, 418  # left edges of the squares
TOP, BELOW = 98, 372


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("sheets", 556, LABEL)
    d.text(14, 30, "Add the sheets, then ask", anchor="start", bold=True)
    for k, x in enumerate(COLUMNS[:2]):
        _strip(d, x - 36, TOP, KEYS[k], down=True)
        _strip(d, x, TOP - 36, VALUES[k])
        for row, line in enumerate(np.outer(KEYS[k], VALUES[k])):
            _strip(d, x, TOP + row * CELL, line)
        d.text(x - 22, TOP + WIDE + 24, "key", "muted")
        d.text(x + WIDE / 2, TOP - 44, "value", "muted")
    x = COLUMNS[2]
    _strip(d, x - 36, TOP, QUERY, down=True, stroke="ink")
    d.text(x - 14, TOP + WIDE + 24, "question", anchor="end")
    for row, line in enumerate(TRACE):
        _strip(d, x, TOP + row * CELL, line, numbers=True)
    _signs(d, TOP + WIDE / 2 + 8)
    d.text(x + WIDE / 2, TOP - 12, "trace")
    d.arrow((x + WIDE / 2, TOP + WIDE + 4), (x + WIDE / 2, TOP + WIDE + 26))
    _strip(d, x, TOP + WIDE + 30, ANSWER, numbers=True, stroke="ink")
    d.path([(14, 296), (546, 296)], "faint", 1)
    d.text(14, 334, "Ask each key, then add the values", anchor="start", bold=True)
    for k, x in enumerate(COLUMNS[:2]):
        _strip(d, x - 36, BELOW - 16, KEYS[k], down=True)
        _strip(d, x - 4, BELOW - 16, QUERY, down=True, stroke="ink")
        d.text(x + WIDE / 2 + 16, BELOW + 50, f"alike: {COMPARED[k]}")
        d.arrow((x + WIDE / 2 + 16, BELOW + 62), (x + WIDE / 2 + 16, BELOW + 112), colour="muted")
        d.text(x + WIDE / 2 + 26, BELOW + 94, f"× {COMPARED[k]}", anchor="start", bold=True)
        _strip(d, x, BELOW + 118, VALUES[k])
    _signs(d, BELOW + 140)
    _strip(d, COLUMNS[2], BELOW + 118, ANSWER, numbers=True, stroke="ink")
    d.text(COLUMNS[2] + WIDE / 2, BELOW + 172, "the same")
    return d


def _signs(d: Drawing, y: float) -> None:
    """Write plus and equals between the columns."""
    for k, sign in enumerate("+="):
        d.text(COLUMNS[k] + WIDE + 4, y, sign, size=22, anchor="start", bold=True)


def _strip(
    d: Drawing,
    x: float,
    y: float,
    values: np.ndarray,
    down: bool = False,
    numbers: bool = False,
    stroke: str = "faint",
) -> None:
    """Draw numbers as squares: blue above 0, pink below, the stronger the larger."""
    for k, value in enumerate(values):
        at = (x, y + k * CELL) if down else (x + k * CELL, y)
        size = 24 if down else CELL
        shade = 0.3 if numbers else 0.55
        colour = "blue" if value > 0 else "pink" if value < 0 else ""
        d.box(*at, size, CELL, stroke, colour, 2, 1, shade)
        if numbers:
            words = f"{value}".replace("-", "−")
            d.text(at[0] + size / 2, at[1] + 21, words, size=17.3)
