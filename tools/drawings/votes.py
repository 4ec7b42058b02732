"""Who says which picture is meant: all pixels, those of the other half, or those near the line."""

from tools.drawings.drawing import Drawing

LABEL = (
    "Three squares of eight rows, each a picture of which some rows are missing, and from each row a line to a circle that "
    "decides which picture is meant. With one plasticity, all rows have a line, also the missing ones. With one across the "
    "halves, the rows of the upper half have one, and the missing lower half has none. With one for each connection, rows near the "
    "middle have the thickest lines; in the third picture just these rows are missing."
)
ROWS, SIDE, ROW, TOP = 8, 92, 15, 62
TRUST = (1.2, 2.2, 4, 6)  # of the rows of the upper half, the last next to the line
LOWER, STRIP = range(4, 8), range(2, 6)
PANELS = (
    ("one *α*\nfor all", LOWER, dict.fromkeys(range(ROWS), 2.5), "guesses vote\non themselves"),
    (
        "one *α* across\nthe middle",
        LOWER,
        dict.fromkeys(range(4), 2.5),
        "the seen half\nvotes alone",
    ),
    (
        "an *α* for each,\na strip missing",
        STRIP,
        dict(enumerate(TRUST)),
        "most trusted:\ntwo guesses",
    ),
)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("votes", 262, LABEL)
    for k, (title, missing, votes, words) in enumerate(PANELS):
        _panel(d, 12 + 188 * k, title, missing, votes)
        d.text(12 + 188 * k + 78, 222, words, anchor="middle")
    return d


def _panel(d: Drawing, x: float, title: str, missing: range, votes: dict[int, float]) -> None:
    """Draw a picture, what is missing of it, and the votes on the lower half."""
    d.text(x + 78, 24, title, bold=True)
    for row in range(ROWS):
        y, seen = TOP + ROW * row, row not in missing
        d.box(
            x,
            y,
            SIDE,
            ROW,
            "" if seen else "faint",
            "ink" if seen else "",
            1,
            opacity=0.35 + 0.08 * (row % 3),
        )
    for row, width in votes.items():
        y = TOP + ROW * (row + 0.5)
        d.path(
            [(x + SIDE + 2, y), (x + 142, TOP + ROW * 4)],
            "pink" if row in missing else "blue",
            width,
        )
    d.circle(x + 150, TOP + ROW * 4, 12, "ink", "paper")
    d.text(x + 150, TOP + ROW * 4 + 6, "?", bold=True)
