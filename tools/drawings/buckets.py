"""Two ways to be slow: a bucket with a small hole, and one with a large hole that is poured back.

Below each bucket stands how its level falls, as it was built and with an error of two parts in a
hundred, once of the hole and once of what is poured back. The curves are computed: equation
eq-effective-tau with a time constant of 96 steps, once of the cell, once by wiring from 3 steps.
"""

import math

from tools.drawings.drawing import Drawing

SLOW, FAST, ERROR, LAST = 96.0, 3.0, 0.02, 200.0  # steps; share; steps
BACK = 1 - FAST / SLOW  # what is poured back of what leaks
SIDES = (20, 300)  # left edges of the two halves
WIDE, TOP, BASE = 228, 344, 500  # of a panel of curves
LABEL = (
    "Left, a cell: a bucket with a small hole, from which a drop falls now and then. Right, wiring: a bucket with a "
    "large hole, from which much runs into a pan, and a pipe that carries nearly all of it back to the top. Below each, "
    "how the level falls over two hundred steps. As built the two curves are the same. With two per cent more or less of "
    "the hole the left curve hardly changes. With two per cent more or less poured back, the right one falls much later, "
    "or much sooner."
)


def time_constants(wiring: bool) -> tuple[float, float, float]:
    """Return the time constants with two per cent less, as built, and with two per cent more."""
    factors = (1 - ERROR, 1.0, 1 + ERROR)
    if wiring:
        return tuple(FAST / (1 - factor * BACK) for factor in factors)  # type: ignore[return-value]
    return tuple(factor * SLOW for factor in factors)  # type: ignore[return-value]


def levels(tau: float) -> list[tuple[float, float]]:
    """Return steps, and the share of the water that is left after each."""
    return [(float(t), math.exp(-t / tau)) for t in range(0, int(LAST) + 1, 4)]


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("buckets", 556, LABEL)
    d.text(SIDES[0] + WIDE / 2, 26, "a slow cell", bold=True)
    d.text(SIDES[1] + WIDE / 2, 26, "slow by wiring", bold=True)
    _bucket(d, SIDES[0] + 104)
    _bucket(d, SIDES[1] + 82)
    _hole(d, SIDES[0] + 104)
    _pipe(d, SIDES[1] + 82)
    for side, wiring in zip(SIDES, (False, True), strict=True):
        _panel(d, side, wiring)
    return d


def _bucket(d: Drawing, x: float) -> None:
    """Draw a bucket around a middle, and what is in it."""
    y = 70
    water = [(x - 52, y + 40), (x + 52, y + 40), (x + 40, y + 120), (x - 40, y + 120)]
    d.path([*water, water[0]], "", fill="blue", opacity=0.25)
    d.path([(x - 52, y + 40), (x + 52, y + 40)], "blue", 2)
    d.path([(x - 58, y), (x - 40, y + 120), (x + 40, y + 120), (x + 58, y)], "ink", 3.5)


def _hole(d: Drawing, x: float) -> None:
    """Draw a small hole in the bottom, and drops."""
    d.path([(x - 3, 190), (x + 3, 190)], "paper", 7)
    for y, r in ((204, 2.5), (226, 3.2), (254, 4)):
        d.circle(x, y, r, "", "blue", 0)
    d.text(x + 16, 250, "a small\nhole", "muted", anchor="start")


def _pipe(d: Drawing, x: float) -> None:
    """Draw a large hole, what runs out of it, and the pipe that carries nearly all of it back."""
    d.path([(x - 14, 190), (x + 14, 190)], "paper", 7)
    stream = [(x - 11, 190), (x + 11, 190), (x + 11, 252), (x - 11, 252)]
    d.path(stream, "", fill="blue", opacity=0.4)
    d.path([(x - 46, 240), (x - 40, 258), (x + 44, 258), (x + 50, 240)], "ink", 3)
    d.path([(x + 47, 250), (x + 104, 250), (x + 104, 44), (x + 34, 44)], "pink", 5)
    d.arrow((x + 34, 44), (x + 22, 44), (x + 22, 96), colour="pink", width=5)
    d.path([(x - 43, 252), (x - 56, 270)], "blue", 2)
    d.circle(x - 58, 278, 3.2, "", "blue", 0)
    d.text(x + 60, 274, "poured back: *w*", "ink")
    d.text(x - 24, 210, "a large\nhole", "muted", anchor="end")


def _panel(d: Drawing, left: float, wiring: bool) -> None:
    """Draw how the level falls, three times."""

    def at(step: float, level: float) -> tuple[float, float]:
        return left + WIDE * step / LAST, BASE - (BASE - TOP) * level

    d.path([at(0, 1.06), at(0, 0), at(LAST, 0)], "faint", 1.5)
    d.text(left + 8, TOP - 20, "level", "muted", anchor="start")
    less, right, more = time_constants(wiring)
    for tau in (less, more):
        d.path([at(*one) for one in levels(tau)], "red", 2, dashed="6 4")
    d.path([at(*one) for one in levels(right)], "blue", 3)
    if wiring:
        d.text(at(112, 0)[0], at(0, 0.76)[1], "2 % more", "ink", anchor="start")
        d.text(at(36, 0)[0], at(0, 0.1)[1], "2 % less", "ink", anchor="start", halo=True)
    else:
        d.text(at(78, 0)[0], at(0, 0.62)[1], "2 % more or less", "ink", anchor="start")
    for step in (0, 100, 200):
        d.text(at(step, 0)[0], BASE + 24, f"{step}", "muted")
    d.text(left + WIDE / 2, BASE + 48, "steps", "muted")
