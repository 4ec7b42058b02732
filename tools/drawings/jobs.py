"""One hand, three jobs: what three networks with a signal of their own see, hold and say.

From the top: the trial of cue and reward, the maze, and a text. Each network has a pencil on its
connections, and a signal M that is read from its units and comes back to all of them (equations
eq-work-oja and eq-work-cell). In the third the pencil lies on one of four ways into a cell alone.
"""

import numpy as np

from tools.drawings.drawing import Drawing

LABEL = (
    "Three rows. In the first, two of four strings of bits and a go sign enter a ring of units with pencilled "
    "connections; it says yes or no, and is told right or wrong. In the second, nine squares, a move and a reward enter "
    "such a ring; it chooses one of four moves. In the third, letters enter a cell with three gates that hold no pencil, "
    "and what it is offered comes through pencilled connections; it says how probable each next letter is. In each row a "
    "signal M is read from the units, and an arrow brings it back to the pencilled connections."
)
ROWS = {"cues": 0.0, "maze": 206.0, "text": 436.0}
CORE, RADIUS = 262.0, 50.0


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("jobs", 652, LABEL)
    for name, top in ROWS.items():
        if top:
            d.path([(8, top - 6), (552, top - 6)], "faint", 1.5, dashed="3 6")
        {"cues": _cues, "maze": _maze, "text": _text}[name](d, top)
        d.arrow((150, top + 110), (192, top + 110), width=2.5)
        d.arrow((384, top + 110), (420, top + 110), width=2.5)
    return d


def _hand(d: Drawing, y: float, down: float = 26) -> None:
    """Draw the signal beside a core, and its way back to the connections."""
    d.path([(CORE + 56, y), (CORE + 72, y)], "muted", 1.5)
    d.circle(CORE + 92, y, 19, "pink", "paper", 3)
    d.text(CORE + 92, y + 7, "*M*", size=20, bold=True)
    d.arrow(
        (CORE + 92, y - 21), (CORE + 92, y - 72), (CORE, y - 72), (CORE, y - down), colour="pink"
    )


def _ring(d: Drawing, y: float) -> None:
    """Draw units on a ring, joined by print and by pencil."""
    angles = 2 * np.pi * (np.arange(8) + 0.5) / 8
    at = [(CORE + RADIUS * float(np.sin(a)), y - RADIUS * float(np.cos(a))) for a in angles]
    for k in range(8):
        for skip, colour, width in ((2, "faint", 1.5), (3, "blue", 2)):
            d.path([at[k], at[(k + skip) % 8]], colour, width)
    for a, b in at:
        d.circle(a, b, 8, "ink", "paper")
        d.circle(a, b, 8, "", "ink", 0, 0.15)
    _hand(d, y)


def _cues(d: Drawing, top: float) -> None:
    """Draw two strings, a go sign, and an answer."""
    d.text(8, top + 24, "cue and reward", anchor="start", bold=True)
    bits = np.random.default_rng(3).integers(0, 2, (2, 7))
    for k, column in enumerate(bits.tolist()):
        for row, bit in enumerate(column):
            d.box(30 + 40 * k, top + 62 + 14 * row, 16, 14, "ink", "ink" if bit else "", 0, 1.5)
    d.text(122, top + 116, "go", bold=True)
    d.text(86, top + 186, "two of four strings")
    _ring(d, top + 110)
    d.text(488, top + 100, "yes or no?", bold=True)
    d.text(488, top + 128, "then: right,\nor wrong", "muted")


def _maze(d: Drawing, top: float) -> None:
    """Draw what an agent sees, and its four moves."""
    d.text(8, top + 24, "a maze", anchor="start", bold=True)
    walls = ((1, 1, 1), (0, 0, 1), (1, 0, 1))
    for row, line in enumerate(walls):
        for column, wall in enumerate(line):
            d.box(
                40 + 26 * column,
                top + 70 + 26 * row,
                26,
                26,
                "ink",
                "ink" if wall else "",
                0,
                1.5,
            )
    d.circle(79, top + 109, 6, "", "green")
    d.text(82, top + 178, "nine squares, last\nmove, reward")
    _ring(d, top + 110)
    for dx, dy, length in ((0, -1, 38), (1, 0, 20), (0, 1, 28), (-1, 0, 24)):
        d.arrow(
            (488 + 7 * dx, top + 96 + 7 * dy),
            (488 + (length + 7) * dx, top + 96 + (length + 7) * dy),
            width=3,
        )
    d.text(482, top + 164, "which move?", bold=True)


def _text(d: Drawing, top: float) -> None:
    """Draw letters, a cell with gates, and the letter to come."""
    d.text(8, top + 24, "a text", anchor="start", bold=True)
    for k, letter in enumerate("to b"):
        d.box(14 + 34 * k, top + 92, 30, 36, "ink", "", 4, 1.5)
        d.text(29 + 34 * k, top + 117, letter, size=20)
    d.text(82, top + 186, "letter by letter")
    y = top + 110
    d.box(CORE - 56, y - 50, 112, 108, "ink", "paper", 10)
    d.path([(CORE - 56, y + 8), (CORE + 56, y + 8)], "faint", 1.5)
    for x in (-34, -12, 12, 34):
        d.path([(CORE + x - 8, y - 20), (CORE + x + 8, y - 2)], "blue", 2.5)
    d.text(CORE, y - 26, "offered", "blue", bold=True)
    d.text(CORE, y + 38, "three gates", "muted")
    _hand(d, y, 52)
    d.text(CORE, y + 94, "pencil on one way in", "blue")
    for k, high in enumerate((16, 54, 8, 26)):
        d.box(446 + 24 * k, y + 10 - high, 16, high, "", "ink", 1)
    d.path([(440, y + 10), (540, y + 10)], "ink", 1.5)
    d.text(484, y + 40, "next letter?", bold=True)
