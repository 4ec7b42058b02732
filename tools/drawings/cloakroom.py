"""Pairs come one after the other, are written over each other on one sheet, and are asked for."""

from tools.drawings.drawing import Drawing

LABEL = (
    "From left to right: three pairs, each a column of small squares, the key, beside another, the value, come one after "
    "the other. All are written on the same sheet of eight times eight squares, where one square is framed, with its row and "
    "its column marked. At the right a key is shown again, and the column of its value is a question mark."
)
SIDE, N = 11, 8
PAIRS = ((0b10110010, 0b01101001), (0b01011100, 0b10010110), (0b11001010, 0b00111010))


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("cloakroom", 236, LABEL)
    for k, (key, value) in enumerate(PAIRS):
        x = 20 + 62 * k
        _code(d, x, 72, key, "blue")
        _code(d, x + 16, 72, value, "pink")
        d.text(x + 12, 56, ("first", "then", "last")[k], colour="muted")
    d.text(94, 22, "pairs come", bold=True)
    d.text(94, 192, "blue: keys", colour="blue")
    d.text(94, 214, "pink: values", colour="pink")
    d.arrow((206, 118), (244, 118))
    left, top = 262, 60
    for row in range(N):
        for column in range(N):
            ink = sum(
                (1 if key >> row & 1 else -1) * (1 if value >> column & 1 else -1)
                for key, value in PAIRS
            )
            d.box(
                left + 15 * column,
                top + 15 * row,
                14,
                14,
                "faint",
                "blue" if ink > 0 else "pink",
                1,
                opacity=0.2 + 0.2 * abs(ink),
            )
    d.box(left + 15 * 5 - 1, top + 15 * 2 - 1, 16, 16, "ink", "", 3)
    d.text(left + 60, 22, "one sheet for all", bold=True)
    d.text(left + 60, 210, "what may the framed", colour="muted")
    d.text(left + 60, 228, "square see?", colour="muted")
    d.arrow((400, 118), (438, 118))
    _code(d, 462, 76, PAIRS[0][0], "blue")
    d.text(508, 128, "?", size=34, colour="pink")
    d.text(484, 22, "one is asked", bold=True)
    return d


def _code(d: Drawing, x: float, y: float, word: int, colour: str) -> None:
    """Draw the squares of a key or a value, one below the other."""
    for k in range(N):
        d.box(x, y + SIDE * k, SIDE - 2, SIDE - 2, colour, colour if word >> k & 1 else "", 1)
