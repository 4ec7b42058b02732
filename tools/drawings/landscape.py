"""A small Hopfield network and its landscape: the energy along a path, one unit flipped at a time.

Everything is computed: three patterns are stored by Hebb's rule, the path visits a cue, the pattern
that it belongs to, a mixture of the three that nobody stored, and a second pattern; each state on it
is followed downhill to see in whose basin it lies.
"""

from itertools import combinations, permutations

import numpy as np

from tools.drawings.drawing import Drawing

SEED, UNITS, CLIMB = 61, 16, 3
LABEL = (
    "Top: a Hopfield network, 16 units on a ring, each joined to every other. Bottom: its energy along a path of "
    "states, as a landscape with three hollows. The first and the last, the deeper ones, are attractors that were "
    "stored; the shallower one between them is a spurious state that nobody stored. A cue, marked by a dot high on "
    "the first slope, rolls down to the first attractor: it lies in that attractor’s basin."
)


def network(seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Return three patterns of 1 and -1, (3, units), and the symmetric weights that store them."""
    patterns = np.random.default_rng(seed).choice([-1, 1], (3, UNITS))
    w = patterns.T @ patterns
    return patterns, w - np.diag(np.diag(w))


def energy(w: np.ndarray, state: np.ndarray) -> float:
    """Return ``-s w s / 2``."""
    return -float(state @ w @ state) / 2


def downhill(w: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Flip the unit whose flip lowers the energy most, until none does, and return where that ends."""
    state = state.copy()
    while (gain := -state * (w @ state)).max() > 0:
        state[gain.argmax()] *= -1
    return state


def between(w: np.ndarray, start: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    """Return the states from one to another, in the order of flips whose highest state is lowest."""
    routes = []
    for order in permutations(np.flatnonzero(start != end)):
        state, route = start.copy(), [start]
        for unit in order:
            state = state * np.where(np.arange(UNITS) == unit, -1, 1)
            route.append(state)
        routes.append(route)
    return min(routes, key=lambda route: sorted((energy(w, s) for s in route), reverse=True))


def uphill(w: np.ndarray, start: np.ndarray, away: np.ndarray, steps: int) -> list[np.ndarray]:
    """Return states ever farther from one, and from ``away``, each higher than the last, from all of
    which the way down leads back: of such routes, the one that climbs most evenly.
    """
    best, even = [], -np.inf
    for order in permutations(np.flatnonzero(start == away), steps):
        route = [start]
        for unit in order:
            route.append(route[-1] * np.where(np.arange(UNITS) == unit, -1, 1))
        rise = float(np.diff([energy(w, s) for s in route]).min())
        if rise > even and all((downhill(w, s) == start).all() for s in route):
            best, even = route[1:], rise
    return best


def path() -> tuple[np.ndarray, list[np.ndarray], dict[str, int]]:
    """Return the weights, the states along the path, and where on it what has a name lies."""
    (first, second, third), w = network()
    mixture = np.sign(first + second + third)
    left, right = uphill(w, first, mixture, CLIMB)[::-1], uphill(w, second, mixture, CLIMB)
    states = [*left, *between(w, first, mixture), *between(w, mixture, second)[1:], *right]
    names = {"cue": 0, "first": CLIMB}
    names["spurious"] = CLIMB + int((first != mixture).sum())
    names["second"] = names["spurious"] + int((mixture != second).sum())
    return w, states, names


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("landscape", 600, LABEL)
    w, states, names = path()
    _ring(d, w, states[names["cue"]])
    _valleys(d, w, states, names)
    return d


def _ring(d: Drawing, w: np.ndarray, state: np.ndarray) -> None:
    """Draw the units in a state, filled where they are 1, and their connections."""
    angles = 2 * np.pi * np.arange(UNITS) / UNITS
    at = [(118 + 92 * float(np.sin(a)), 112 - 92 * float(np.cos(a))) for a in angles]
    for i, j in combinations(range(UNITS), 2):
        width = 0.5 + 0.5 * abs(float(w[i, j]))
        d.path(
            [at[i], at[j]],
            "green" if w[i, j] > 0 else "pink",
            width,
            dashed="" if w[i, j] > 0 else "4 4",
        )
    for (x, y), on in zip(at, state > 0, strict=True):
        d.circle(x, y, 10, fill="ink" if on else "paper")
    for y, dashed, colour, words in (
        (38, "", "green", "weight above zero"),
        (70, "4 4", "pink", "weight below zero"),
    ):
        d.path([(250, y), (292, y)], colour, 2.5, dashed=dashed)
        d.text(304, y + 6, words, anchor="start")
    d.text(250, 180, "filled 1, open −1: the cue", anchor="start")
    d.text(250, 112, "the same in both directions:", anchor="start")
    d.text(250, 142, "*w*_{ij} = *w*_{ji}", size=22, anchor="start", bold=True)


def _valleys(d: Drawing, w: np.ndarray, states: list[np.ndarray], names: dict[str, int]) -> None:
    """Draw the energy along the path, the basins, and the cue that rolls down."""
    heights = np.array([energy(w, s) for s in states])
    ends = [downhill(w, s) for s in states]
    scale = 170 / np.ptp(heights)
    at = [
        (46 + 496 * k / (len(states) - 1), 440 - scale * (e - heights.min()))
        for k, e in enumerate(heights)
    ]
    for name in ("first", "spurious", "second"):
        colour = "muted" if name == "spurious" else "blue"
        here = [k for k, end in enumerate(ends) if (end == states[names[name]]).all()]
        middles = [
            ((at[a][0] + at[b][0]) / 2, (at[a][1] + at[b][1]) / 2)  # half-way to the next basin
            for a, b in ((max(here[0] - 1, 0), here[0]), (here[-1], min(here[-1] + 1, len(at) - 1)))
        ]
        (low, _), (high, _) = middles
        outline = [(low, 500), middles[0], *(at[k] for k in here), middles[1], (high, 500)]
        d.path(outline, "", 0, colour, 0.15)
        d.path([(low + 5, 508), (low + 5, 516), (high - 5, 516), (high - 5, 508)], colour, 3)
        d.text((low + high) / 2, 540, "basin", colour)
    d.path(at, width=3)
    cue, goal = names["cue"], names["first"]
    d.path([(x - 2, y + 2) for x, y in at[cue : goal + 1]], "green", 6)
    for x, y in at:
        d.circle(x, y, 3.5, "", "ink", 0)
    for name, words in (
        ("first", "attractor\n(stored)"),
        ("spurious", "spurious\nstate"),
        ("second", "attractor\n(stored)"),
    ):
        x, y = at[names[name]]
        d.circle(x, y, 9, "ink", "muted" if name == "spurious" else "blue")
        d.text(x, y + 32, words)
    x, y = at[cue]
    d.circle(x, y, 10, "ink", "green")
    d.text(x + 24, y - 16, "the cue\nstarts here", anchor="start")
    d.arrow((46, 562), (542, 562), colour="muted")
    d.text(294, 586, "states, one unit flipped at each step", "muted")
    d.arrow((14, 500), (14, 246), colour="muted")
    d.text(4, 236, "energy", "muted", anchor="start")
