"""Four kinds of news for a hidden unit about its mistake: the truth, the truth on average, a lie that
is kept for life, and nothing.
"""

import math

from tools.drawings.drawing import Drawing, Point

LABEL = (
    "Four panels. In each, a hidden unit on the left sends to two outputs on the right, by a thick and a "
    "thin arrow; the outputs have errors, plus and minus. The truth: two arrows lead back, as thick and as "
    "thin as those that lead forward. The truth on average: no arrow leads back; the unit trembles, and one "
    "number is sent to all, how much better it went. A lie for life: two arrows lead back, the thin one where the thick "
    "one should be. Nothing: no arrow leads back."
)
FORWARD = 7.0, 2.0  # widths of the unit's outgoing arrows, to the upper and the lower output
BACK = {"truth": FORWARD, "lie": (2.0, 7.0)}  # widths of what comes back
TITLES = {
    "truth": "the truth",
    "average": "the truth on average",
    "lie": "a lie, kept for life",
    "nothing": "nothing",
}
PANEL = 280, 236  # width and height of a panel
UNIT, OUTPUTS = (56, 138), ((222, 84), (222, 192))
RADIUS, SMALL = 26, 20


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("news", 2 * PANEL[1] + 8, LABEL)
    d.path([(PANEL[0], 16), (PANEL[0], 2 * PANEL[1])], "faint", 1)
    d.path([(14, PANEL[1] + 2), (546, PANEL[1] + 2)], "faint", 1)
    for k, (kind, title) in enumerate(TITLES.items()):
        corner = (k % 2 * PANEL[0], k // 2 * PANEL[1])
        _network(d, corner, title)
        if kind in BACK:
            for output, width in zip(OUTPUTS, BACK[kind], strict=True):
                _arrow(d, corner, output, UNIT, width, "blue", 15)
        if kind == "average":
            _broadcast(d, corner)
    return d


def _network(d: Drawing, corner: Point, title: str) -> None:
    """Draw the unit, its outputs with their errors, and what it sends them."""
    x, y = corner
    d.text(x + PANEL[0] / 2, y + 36, title, bold=True)
    for output, width, sign in zip(OUTPUTS, FORWARD, "+−", strict=True):
        _arrow(d, corner, UNIT, output, width, "ink", -2)
        d.circle(x + output[0], y + output[1], SMALL, "ink", "ink", opacity=0.12)
        d.text(x + output[0], y + output[1] + 7, sign, size=22, bold=True)
    d.circle(x + UNIT[0], y + UNIT[1], RADIUS, "ink", "blue", 3, 0.2)
    d.text(x + UNIT[0], y + UNIT[1] + 7, "*j*", size=22, bold=True)


def _arrow(
    d: Drawing, corner: Point, start: Point, end: Point, width: float, colour: str, outward: float
) -> None:
    """Draw an arrow between two circles, moved away from the middle of the panel."""
    way = (end[0] - start[0], end[1] - start[1])
    long = math.hypot(*way)
    along = (way[0] / long, way[1] / long)
    lower = 1 if OUTPUTS[1] in (start, end) else -1
    side = (-0.2 * abs(along[1]), lower * abs(along[0]))
    radii = {UNIT: RADIUS, OUTPUTS[0]: SMALL, OUTPUTS[1]: SMALL}

    def at(point: Point, away: float) -> Point:
        return (
            corner[0] + point[0] + away * along[0] + outward * side[0],
            corner[1] + point[1] + away * along[1] + outward * side[1],
        )

    d.arrow(at(start, radii[start] + 4), at(end, -radii[end] - 5), colour=colour, width=width)


def _broadcast(d: Drawing, corner: Point) -> None:
    """Draw a unit that trembles, and the one word that all units hear."""
    x, y = corner[0] + UNIT[0], corner[1] + UNIT[1]
    for away in (RADIUS + 8, RADIUS + 16):
        for side in (-1, 1):
            top = f"M{x - 12} {y + side * away:.0f}"
            d.path(f"{top}q6 -7 12 0t12 0", "blue", 3)
    d.text(corner[0] + 104, corner[1] + 226, "how much better?", "blue", bold=True)
