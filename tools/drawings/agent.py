"""The agent of the maze: what it is told, its plastic core, its actor and its critic."""

import numpy as np

from tools.drawings.drawing import Drawing

LABEL = (
    "From left to right. Inputs: the nine squares around the agent, its last move, its last reward. They enter a ring of "
    "units, joined to each other by printed and pencilled weights, w plus alpha H. From the ring two things are read: the "
    "actor, four arrows of different length, the probabilities of the moves; and the critic, a number V, the reward that it "
    "expects. The move leads back to the maze, which answers with the next inputs."
)
WALLS = ((1, 1, 1), (0, 0, 1), (1, 0, 1))
CENTRE, RADIUS = (270.0, 160.0), 86
MOVES = ((0, -1, 44), (1, 0, 24), (0, 1, 34), (-1, 0, 28))  # direction and length


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("agent", 416, LABEL)
    _inputs(d)
    _core(d)
    _outputs(d)
    d.arrow((520, 92), (551, 92), (551, 382), (64, 382), (64, 342), colour="muted", dashed="6 5")
    d.text(270, 408, "the maze answers with the next inputs", "muted")
    return d


def _inputs(d: Drawing) -> None:
    """Draw what the agent is told."""
    d.text(64, 24, "inputs", bold=True)
    for row, line in enumerate(WALLS):
        for column, wall in enumerate(line):
            d.box(34 + 20 * column, 40 + 20 * row, 20, 20, "ink", "ink" if wall else "", 0, 1.5)
    d.circle(64, 70, 5, "", "green")
    d.text(64, 124, "nine squares")
    for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0)):
        chosen = (dx, dy) == (1, 0)
        tip = (64 + 24 * dx, 170 + 24 * dy)
        d.arrow(
            (64 + 6 * dx, 170 + 6 * dy),
            tip,
            colour="ink" if chosen else "faint",
            width=3 if chosen else 2,
        )
    d.text(64, 220, "last move")
    star = [
        (64 + r * np.sin(k * np.pi / 5), 276 - r * np.cos(k * np.pi / 5))
        for k, r in enumerate([20, 9] * 5)
    ]
    d.path([*star, star[0]], "ink", 2, "green")
    d.text(64, 322, "last reward")
    for y in (70, 170, 276):
        d.arrow((118, y), (168, 164 + 0.5 * (y - 164)), width=2.5)


def _core(d: Drawing) -> None:
    """Draw units on a ring, each joined to some others by print and by pencil."""
    x, y = CENTRE
    angles = 2 * np.pi * np.arange(10) / 10
    at = [(x + RADIUS * float(np.sin(a)), y - RADIUS * float(np.cos(a))) for a in angles]
    for k in range(10):
        for skip, colour, width in ((3, "faint", 1.5), (4, "blue", 2)):
            d.path([at[k], at[(k + skip) % 10]], colour, width)
    for a, b in at:
        d.circle(a, b, 11, "ink", "paper")
        d.circle(a, b, 11, "", "ink", 0, 0.15)
    d.text(x, 24, "plastic core", bold=True)
    d.text(x, 296, "*w* + *αH*", "blue", size=24, bold=True)
    d.text(x, 324, "its trace is written\nat each step")


def _outputs(d: Drawing) -> None:
    """Draw what is read from the core."""
    d.arrow((374, 136), (412, 112), width=2.5)
    d.arrow((374, 196), (418, 240), width=2.5)
    d.text(474, 24, "actor", bold=True)
    for dx, dy, length in MOVES:
        d.arrow(
            (474 + 8 * dx, 92 + 8 * dy), (474 + (length + 8) * dx, 92 + (length + 8) * dy), width=3
        )
    d.text(474, 156, "which move?")
    d.text(474, 220, "critic", bold=True)
    d.box(434, 234, 80, 44, "ink", r=8)
    d.text(474, 264, "*V*", size=24, bold=True)
    d.text(470, 302, "reward that is\nstill to come?")
