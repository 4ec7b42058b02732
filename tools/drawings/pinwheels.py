"""Two pinwheels, and what a walk once round each meets: a tilt that turns half a turn, with the
walk or against it.

The cells' tilts are computed: half the angle at which a cell lies round the middle, or minus half of
it. Below, the tilts that a walk meets, read from the same formula, so that the first and the last
are the same bar.
"""

import numpy as np

from tools.drawings.drawing import Drawing, Point

RINGS = {34: 6, 68: 12, 102: 18}  # radius, cells
WALK = 85.0
PANELS = {"turns with you: +1": (140.0, 1), "turns against you: −1": (420.0, -1)}
STOPS = 9
LABEL = (
    "Two patches of cells, each drawn as a bar in the tilt that it prefers, around a point in the middle. An arrow "
    "walks once round the point, anticlockwise. Left, the bars turn anticlockwise along the walk, by half a turn; "
    "right, clockwise. Below each, nine bars in a row show what the walk meets; the last is the same as the first."
)


def tilt(angle: float, sign: int) -> float:
    """Return the tilt that a cell prefers which lies at an angle round the middle, in radians."""
    return sign * angle / 2


def met(sign: int) -> np.ndarray:
    """Return the tilts that a walk once round the middle meets, shape (9,), in radians."""
    return np.array([tilt(angle, sign) for angle in np.linspace(0, 2 * np.pi, STOPS)])


def bar(d: Drawing, x: float, y: float, angle: float, half: float, colour: str) -> None:
    """Draw a bar with a tilt, anticlockwise from level."""
    along = half * np.cos(angle), -half * np.sin(angle)
    ends = [(x - along[0], y - along[1]), (x + along[0], y + along[1])]
    d.path(ends, colour, 4)


def around(x: float, y: float, r: float, angle: float) -> Point:
    """Return a point at an angle, anticlockwise from the right, on a circle."""
    return x + r * float(np.cos(angle)), y - r * float(np.sin(angle))


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("pinwheels", 386, LABEL)
    for words, (x, sign) in PANELS.items():
        y = 156.0
        d.text(x, 26, words, bold=True)
        start, end = 0.12, 2 * np.pi - 0.16
        walk = [around(x, y, WALK, a) for a in np.linspace(start, end, 60)]
        d.path(walk, "pink", 3, ends=True)
        d.circle(*walk[0], 5, "pink", "pink")
        for r, n in RINGS.items():
            for angle in 2 * np.pi * np.arange(n) / n:
                bar(d, *around(x, y, r, angle), tilt(angle, sign), 11, "blue")
        d.circle(x, y, 5, "ink", "ink" if sign > 0 else "paper")
        for k, angle in enumerate(met(sign)):
            bar(d, x - 104 + 26 * k, 314, angle, 11, "blue")
        d.arrow((x - 104, 342), (x + 108, 342), colour="pink", width=3)
        d.text(x, 372, "what the walk meets", "muted")
    return d
