"""A trial of the choice task: a corner is lit, then nothing, then two moves, of which one is right."""

from tools.drawings.drawing import Drawing, Point

LABEL = (
    "Four pictures of a square room with a person in its middle. First the upper left corner is lit. Then the room is dark, "
    "and nothing is to be seen. Then two arrows offer the moves left and down. Last, a network of cells answers: left, which leads nearer to the "
    "corner; down would lead away."
)
SIDE, TOP, STEP, FIRST = 104, 10, 139, 20
LEFT, DOWN = (-1.0, 0.0), (0.0, 1.0)
GOAL: Point = (-1.0, -1.0)  # of the corners; y grows downwards
OFFER = LEFT, DOWN
WORDS = "the goal", "nothing", "two moves", "which one?"


def nearer(move: Point) -> bool:
    """Return whether a move from the middle leads nearer to the goal."""
    return move[0] * GOAL[0] + move[1] * GOAL[1] > 0


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("trial", 156, LABEL)
    for k, words in enumerate(WORDS):
        x, y = FIRST + STEP * k, TOP
        middle = x + SIDE / 2, y + SIDE / 2
        d.box(x, y, SIDE, SIDE, "muted", r=3)
        d.text(middle[0], y + SIDE + 28, words)
        if k:
            d.arrow((x - 31, middle[1]), (x - 5, middle[1]), width=2, colour="muted")
        if k == 0:
            corner = (middle[0] + GOAL[0] * 38, middle[1] + GOAL[1] * 38)
            d.circle(*corner, 11, "", "green")
        for move in OFFER if k == 2 else [m for m in OFFER if nearer(m)] if k == 3 else []:
            start = (middle[0] + 16 * move[0], middle[1] + 16 * move[1])
            tip = (middle[0] + 46 * move[0], middle[1] + 46 * move[1])
            d.arrow(start, tip, colour="green" if k == 3 else "blue", width=5)
        d.circle(*middle, 8, "ink", "ink")
    return d
