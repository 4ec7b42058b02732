"""Pairs come one after the other, are written over each other on one sheet, and are asked for."""

from tools.drawings.drawing import Drawing

LABEL = (
    "From left to right: three pairs come one after the other, each a column of eight small squares, the key, and a row of "
    "eight, the value. All are written on the same sheet of eight times eight squares, darker where they agree; one "
    "square is framed. At the right a key is shown again, and the row of its value is a question mark."
)
SIDE, N, TOP = 9, 8, 62
PAIRS = ((0b10110010, 0b01101001), (0b01011100, 0b10010110), (0b11001010, 0b00111010))
SHADES = {-3: 0.02, -1: 0.2, 1: 0.5, 3: 0.85}


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("cloakroom", 216, LABEL)
    d.text(132, 20, "pairs come", bold=True)
    for k, (key, value) in enumerate(PAIRS):
        x = 10 + 85 * k
        d.text(x + 42, 46, ("first", "then", "last")[k], colour="muted")
        _pair(d, x, key, value)
    d.text(94, 172, "keys: down", colour="blue")
    d.text(94, 196, "values: across")
    d.arrow((268, 106), (294, 106), width=3)
    left = 304
    d.text(left + 60, 20, "one sheet", bold=True)
    for row in range(N):
        for column in range(N):
            ink = sum(
                (1 if key >> row & 1 else -1) * (1 if value >> column & 1 else -1)
                for key, value in PAIRS
            )
            x, y = left + 15 * column, 46 + 15 * row
            d.box(x, y, 14, 14, "faint", "ink", 1, 1, opacity=SHADES[ink])
    d.box(left + 15 * 4 - 1, 46 + 15 * 3 - 1, 16, 16, "blue", "", 3, 3)
    d.text(left + 60, 190, "what may the framed", colour="muted")
    d.text(left + 60, 210, "square see?", colour="muted")
    d.arrow((432, 106), (458, 106), width=3)
    d.text(512, 20, "asked", bold=True)
    _pair(d, 468, PAIRS[0][0], None)
    d.text(518, 124, "?", size=40, bold=True)
    return d


def _pair(d: Drawing, x: float, key: int, value: int | None) -> None:
    """Draw the squares of a key, one below the other, and those of a value, side by side."""
    for k in range(N):
        on = key >> k & 1
        at = TOP + SIDE * (k + 1) + 3
        d.box(x, at, SIDE - 2, SIDE - 2, "blue", "blue" if on else "", 1, 1.5)
        on = value is not None and value >> k & 1
        at, role = x + SIDE * (k + 1) + 3, "faint" if value is None else "ink"
        d.box(at, TOP, SIDE - 2, SIDE - 2, role, "ink" if on else "", 1, 1.5)
