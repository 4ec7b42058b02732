"""One step of Kohonen's rule: an input comes, the nearest cell answers and its neighbours with it,
and all who answered move towards the input.

The sheet starts from waves of random phase. Who answers is computed: the cell whose preference is
nearest, and from it a Gaussian of the distance. So is the sheet after the step, eq-kohonen.
"""

import numpy as np

from tools.drawings.drawing import Drawing
from tools.drawings.pinwheels import bar

SIDE, PITCH, SIGMA, ETA = 7, 34.0, 1.3, 0.9
SEED, ASKED = 124, np.deg2rad(35)  # the tilt of the bar that is shown
SHOWN = complex(np.exp(2j * ASKED))
PANELS = {"before": 140.0, "after": 420.0}
LABEL = (
    "Two sheets of seven by seven cells, each a bar in the tilt that it prefers. A tilted bar is shown. Left, the cell "
    "that is nearest to it is ringed and answers most; its neighbours answer, too, the less the further "
    "they are. Right, after the step: the bars of all that answered have turned towards the bar that was shown, the "
    "ringed one most; the others are as they were."
)


def before() -> np.ndarray:
    """Return what each cell prefers, complex: its angle is twice the tilt, shape (7, 7)."""
    rng = np.random.default_rng(SEED)
    row, column = np.mgrid[:SIDE, :SIDE]
    z = np.zeros((SIDE, SIDE), complex)
    for angle, phase in rng.uniform(0, 2 * np.pi, (12, 2)):
        way = column * np.cos(angle) + row * np.sin(angle)
        z += np.exp(1j * (2 * np.pi * way / 7 + phase))
    return z / np.abs(z)


def answers(z: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
    """Return where the nearest cell lies, and how strongly each answers."""
    away = np.abs(z - SHOWN)
    r, c = (int(k) for k in np.unravel_index(away.argmin(), away.shape))
    row, column = np.mgrid[:SIDE, :SIDE]
    return (r, c), np.exp(-((row - r) ** 2 + (column - c) ** 2) / (2 * SIGMA**2))


def after(z: np.ndarray) -> np.ndarray:
    """Return what each cell prefers after the step."""
    return z + ETA * answers(z)[1] * (SHOWN - z)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("neighbours", 372, LABEL)
    z = before()
    (r, c), h = answers(z)
    d.text(14, 40, "shown:", anchor="start")
    bar(d, 96, 34, ASKED, 20, "pink")
    for (words, x), now in zip(PANELS.items(), (z, after(z)), strict=True):
        d.text(x, 86, words, bold=True)
        for i in range(SIDE):
            for j in range(SIDE):
                at = x + PITCH * (j - 3), 222 + PITCH * (i - 3)
                if h[i, j] > 0.03:
                    d.circle(*at, 16, "", "blue", opacity=0.5 * float(h[i, j]))
                bar(d, *at, float(np.angle(now[i, j])) / 2, 11, "ink")
        d.circle(x + PITCH * (c - 3), 222 + PITCH * (r - 3), 16, "pink", width=3)
    d.text(140, 360, "who answers, how much", "muted")
    d.text(420, 360, "all of these have turned", "muted")
    return d
