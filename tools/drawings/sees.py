"""What one square of a sheet may see while it changes, numbered as the map of the arena orders it."""

from tools.drawings.drawing import Drawing, Point

LABEL = (
    "A sheet of five times five squares between five senders at its left and five receivers at its top; one square is "
    "framed. Numbers mark what it may see. 1: its sender and its receiver. 2: its own ink. 3: a bell that reaches all "
    "squares. 4: the sum of its column, handed up by its cell. Crossed out: the ink of another square."
)
SIDE, LEFT, TOP, N = 36, 70, 100, 5
ROW, COLUMN = 1, 3
INK = ("31203", "20312", "13021", "02130", "32011")
WORDS = (
    ("1", "its two ends"),
    ("2", "its own ink"),
    ("3", "a bell, for all"),
    ("4", "what its column"),
    ("", "would have said"),
)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("sees", 336, LABEL)
    for k in range(N):
        mine = k == ROW
        d.circle(
            LEFT - 26,
            _middle(TOP, k),
            11,
            "ink",
            "blue" if mine else "ink",
            2,
            0.9 if mine else 0.12,
        )
        mine = k == COLUMN
        d.circle(
            _middle(LEFT, k),
            TOP - 26,
            11,
            "ink",
            "blue" if mine else "ink",
            2,
            0.9 if mine else 0.12,
        )
        for column in range(N):
            x, y = LEFT + SIDE * column, TOP + SIDE * k
            ink = int(INK[k][column])
            d.box(x, y, SIDE - 3, SIDE - 3, "faint", "ink", 2, 1, opacity=0.02 + 0.2 * ink)
    x, y = _middle(LEFT, COLUMN), _middle(TOP, ROW)
    d.box(x - SIDE / 2 - 1, y - SIDE / 2 - 1, SIDE, SIDE, "ink", "", 3, 4)
    d.arrow((LEFT - 12, y), (x - SIDE / 2 - 4, y), colour="blue", width=3)
    d.arrow((x, TOP - 12), (x, y - SIDE / 2 - 4), colour="blue", width=3)
    below = TOP + N * SIDE + 24
    d.path([(x, TOP + 4), (x, below - 14)], "green", 2, dashed="3 6")
    d.text(x, below + 8, "Σ", "ink", 26, bold=True)
    d.path(
        f"M{x + 14} {below}C{x + 62} {below - 10} {x + 58} {y + 40} {x + 30} {y + 12}", "green", 4
    )
    d.arrow((x + 34, y + 17), (x + 22, y + 4), colour="green", width=4)
    _bell(d, (LEFT + 24, 26))
    d.path(
        [(LEFT + SIDE * 1 + 5, TOP + SIDE * 3 + 5), (LEFT + SIDE * 2 - 8, TOP + SIDE * 4 - 8)],
        "red",
        4,
    )
    d.path(
        [(LEFT + SIDE * 2 - 8, TOP + SIDE * 3 + 5), (LEFT + SIDE * 1 + 5, TOP + SIDE * 4 - 8)],
        "red",
        4,
    )
    _mark(d, "1", (LEFT - 52, y))
    _mark(d, "2", (x, y))
    _mark(d, "3", (LEFT + 74, 24))
    _mark(d, "4", (x + 66, below - 26))
    for k, (number, words) in enumerate(WORDS):
        at = 84 + 40 * k - (12 if not number else 0)
        if number:
            _mark(d, number, (336, at - 6))
        d.text(358, at, words, anchor="start", bold=bool(number))
    d.text(358, 300, "not another", "muted", anchor="start")
    d.text(358, 324, "square's ink", "muted", anchor="start")
    d.path([(328, 294), (344, 314)], "red", 4)
    d.path([(344, 294), (328, 314)], "red", 4)
    return d


def _middle(start: float, k: int) -> float:
    """Return where the middle of a square, and of its cell, lies."""
    return start + SIDE * k + (SIDE - 3) / 2


def _mark(d: Drawing, number: str, at: Point) -> None:
    """Draw a number in a circle."""
    d.circle(*at, 13, "ink", "paper", 2)
    d.text(at[0], at[1] + 6, number, bold=True)


def _bell(d: Drawing, at: Point) -> None:
    """Draw a bell, and the rings of its sound."""
    x, y = at
    d.path(f"M{x - 16} {y + 12}C{x - 10} {y + 2} {x - 14} {y - 18} {x} {y - 18}", "ink", 3)
    d.path(f"M{x + 16} {y + 12}C{x + 10} {y + 2} {x + 14} {y - 18} {x} {y - 18}", "ink", 3)
    d.path([(x - 18, y + 12), (x + 18, y + 12)], "ink", 3)
    d.circle(x, y + 17, 4, "ink", "ink")
    for r in (24, 34):
        d.path(
            f"M{x + r * 0.9} {y - r * 0.45}C{x + r} {y - 4} {x + r} {y + 4} {x + r * 0.9} {y + r * 0.45}",
            "pink",
            3,
        )
