"""Four people whom one has met, with four features and four facts each, and a stranger who has a
feature of each of them.
"""

from tools.drawings.drawing import Drawing

LABEL = (
    "A table of five rows. Four people, Anna, Ben, Carl and Dora, each have a face, a voice, a coat and a "
    "walk, and belonging to these a name, a town, a trade and a sport. The fifth row is a stranger with "
    "Anna's face, Ben's voice, Carl's coat and Dora's walk: asked for are Anna's name, Ben's town, "
    "Carl's trade and Dora's sport."
)
PEOPLE = {"A": "blue", "B": "green", "C": "purple", "D": "pink"}
FEATURES, FACTS = ("face", "voice", "coat", "walk"), ("name", "town", "trade", "sport")
STRANGER = "ABCD"
CELL, ROW, TOP = 52, 44, 62
LEFT, RIGHT = 24, 332  # where features and facts begin
EDGE = LEFT + 4 * CELL + 2


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("stranger", 348, LABEL)
    for words, x in zip(FEATURES + FACTS, _columns(), strict=True):
        d.text(x, 40, words, "muted")
    for row, (letter, colour) in enumerate(PEOPLE.items()):
        y = TOP + row * ROW
        for x in _columns():
            _cell(d, x, y, letter, colour)
        d.arrow((EDGE, y + 17), (RIGHT - 10, y + 17), colour="muted")
    y = TOP + 4 * ROW + 32
    d.path([(14, y - 16), (546, y - 16)], "faint", 1)
    for k, letter in enumerate(STRANGER):
        _cell(d, _columns()[k], y, letter, PEOPLE[letter])
        x = _columns()[4 + k]
        d.box(x - 21, y, 42, 34, PEOPLE[letter], "", 8, 2, dashed="5 4")
        d.text(x, y + 24, "?", bold=True)
    d.arrow((EDGE, y + 17), (RIGHT - 10, y + 17), colour="muted")
    d.text(LEFT + 2 * CELL - 6, y + 60, "a stranger")
    d.text(RIGHT + 2 * CELL - 6, y + 60, "whose facts?")
    return d


def _columns() -> list[float]:
    """Return the middles of the eight columns."""
    return [start + k * CELL + 20 for start in (LEFT, RIGHT) for k in range(4)]


def _cell(d: Drawing, x: float, y: float, letter: str, colour: str) -> None:
    """Draw a feature or a fact of somebody."""
    d.box(x - 21, y, 42, 34, colour, colour, 8, 2, 0.14)
    d.text(x, y + 24, letter, bold=True)
