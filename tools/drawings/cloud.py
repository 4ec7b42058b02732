"""Hebb's rule and Oja's in two dimensions: a cloud of inputs, and the path of the weight.

Both paths are computed from the same inputs, once centred and once not. Hebb's weight grows along
the first principal direction, off the picture; Oja's turns into that direction and keeps length one.
Where the cloud is not centred, both follow its mean instead.
"""

import numpy as np

from tools.drawings.drawing import Drawing, Point

SEED, ETA, START = 4, 0.004, (0.25, 0.55)
MEAN = (-0.65, 1.13)  # of the cloud that is not centred
LABEL = (
    "Two panels with the same long cloud of inputs and the path of a weight under two rules. Left, the cloud is "
    "centred: the weight of Hebb’s rule runs off the picture along the cloud’s longest direction; that of Oja’s rule "
    "turns into this direction and stops at length one. Right, the cloud is not centred: both weights turn towards "
    "its mean, across the cloud’s longest direction."
)


def inputs() -> np.ndarray:
    """Return 300 points, centred, whose longest direction is at 30 degrees."""
    points = np.random.default_rng(SEED).normal(size=(300, 2)) * (0.8, 0.25)
    cos, sin = np.cos(np.pi / 6), np.sin(np.pi / 6)
    return (points - points.mean(0)) @ np.array([[cos, sin], [-sin, cos]])


def weights(points: np.ndarray, oja: bool, passes: int = 20) -> np.ndarray:
    """Return the weight after each input, by Hebb's rule or by Oja's."""
    w, after = np.array(START), [np.array(START)]
    for x in np.tile(points, (passes, 1)):
        y = w @ x
        w = w + ETA * y * (x - y * w if oja else x)
        after.append(w)
        if np.abs(w).max() > 6:  # far outside
            break
    return np.array(after)


def direction(points: np.ndarray) -> np.ndarray:
    """Return the first principal direction of the centred cloud, of length one."""
    return np.linalg.svd(points - points.mean(0))[2][0]


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("cloud", 396, LABEL)
    points = inputs()
    _panel(d, 136, points, "centred", "the weight turns to the\ncloud’s longest direction")
    d.text(200, 82, "Hebb", halo=True)
    d.text(216, 186, "Oja", halo=True)
    d.text(14, 298, "circle: length one", "muted", anchor="start")
    _panel(d, 424, points + MEAN, "not centred", "the weight turns to the\ncloud’s mean")
    d.text(376, 66, "Hebb", halo=True)
    d.text(404, 154, "Oja", halo=True)
    d.text(302, 298, "cross: the cloud’s mean", "muted", anchor="start")
    return d


def _panel(d: Drawing, middle: float, points: np.ndarray, title: str, words: str) -> None:
    """Draw the cloud and both paths in a square of 264 units around (middle, 174)."""
    half, unit, centre = 132.0, 58.0, 174

    def at(p: np.ndarray) -> Point:
        return middle + unit * float(p[0]), centre - unit * float(p[1])

    d.text(middle, 26, title, bold=True)
    d.box(middle - half, centre - half, 2 * half, 2 * half, "faint", width=1.5)
    d.dots([at(p) for p in points if np.abs(p).max() * unit < half - 4], "faint", 4)
    d.circle(middle, centre, unit, "muted", width=1.5)
    axis = direction(points)
    d.path(
        [at(points.mean(0) - 1.8 * axis), at(points.mean(0) + 1.8 * axis)],
        "muted",
        1.5,
        dashed="7 5",
    )
    for oja in (False, True):
        path = weights(points, oja)
        inside = np.abs(path).max(1) * unit < half
        end = len(path) if inside.all() else int(np.argmin(inside))
        line = [at(p) for p in path[: end : 40 if oja else 20]]
        if not oja:
            line.append(at(path[end]))
        d.path(line, "blue" if oja else "purple", 3.5, ends=not oja)
        if oja:
            d.circle(*at(path[-1]), 6, "blue", "blue")
    d.circle(*at(np.array(START)), 6, "ink", "paper")
    x, y = at(points.mean(0))
    for lean in (-6, 6):
        d.path([(x - lean, y - 6), (x + lean, y + 6)], "pink", 4)
    d.text(middle, centre + 160, words)
