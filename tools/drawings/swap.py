"""Two ways to shuffle a network: links exchange their ends, by chance, or only like for like."""

import math

from tools.drawings.drawing import Drawing

LABEL = (
    "Two rows, each a board of four by four cells before and after a swap. Above, two short links far from each other exchange "
    "their ends and become two long ones: each cell has as many links as before, but they got longer. Below, two links that "
    "are opposite sides of a small square become its other two sides: each cell has as many links, and each link is as long."
)
Cell = tuple[int, int]
Link = tuple[Cell, Cell]
STEP, SIDE = 34, 4
LEFTS, TOPS = (18, 222), (52, 214)
BEFORE: dict[str, tuple[Link, Link]] = {  # one dashed end goes to each of the new links
    "any": (((0, 0), (1, 0)), ((3, 2), (3, 3))),
    "alike": (((1, 1), (2, 1)), ((2, 2), (1, 2))),
}
WORDS = {
    "any": ("any swap", "degrees: kept\nlengths: not kept"),
    "alike": ("like for like", "degrees: kept\nlengths: kept"),
}


def swapped(links: tuple[Link, Link]) -> tuple[Link, Link]:
    """Return the two links after they have exchanged their second ends."""
    (a, b), (c, d) = links
    return (a, d), (c, b)


def lengths(links: tuple[Link, Link]) -> list[float]:
    """Return how long links are, the shortest first."""
    return sorted(math.dist(*link) for link in links)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("swap", 334, LABEL)
    for top, (kind, before) in zip(TOPS, BEFORE.items(), strict=True):
        title, words = WORDS[kind]
        for left, links in zip(LEFTS, (before, swapped(before)), strict=True):
            _board(d, left, top, links)
        middle = top + STEP * (SIDE - 1) / 2
        d.arrow((LEFTS[0] + 126, middle), (LEFTS[1] - 26, middle), width=3)
        d.text(372, middle - 22, title, anchor="start", bold=True)
        d.text(372, middle + 6, words, anchor="start")
    d.text(LEFTS[0] + 51, 24, "before", "muted")
    d.text(LEFTS[1] + 51, 24, "after", "muted")
    return d


def _board(d: Drawing, left: float, top: float, links: tuple[Link, Link]) -> None:
    """Draw a board of cells and two links."""

    def at(cell: Cell) -> tuple[float, float]:
        return left + STEP * cell[0], top + STEP * cell[1]

    for link, colour in zip(links, ("blue", "pink"), strict=True):
        d.path([at(cell) for cell in link], colour, 6)
    ends = {cell for link in links for cell in link}
    for cell in ((x, y) for x in range(SIDE) for y in range(SIDE)):
        own = ("ink", "ink") if cell in ends else ("faint", "paper")
        d.circle(*at(cell), 6, *own)
