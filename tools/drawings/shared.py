"""One inhibition for each cell, made in three ways: by a private cell each, by one fixed cell for
all, and by one cell for all whose synapses follow what each receiver just said.

Two moments. What a cell is told now is computed: by its private interneuron what it said before, by
the fixed one the mean of what all said, by the plastic one its synapse, equation
eq-plastic-interneuron with a rate of one.
"""

import numpy as np

from tools.drawings.drawing import Drawing

SAID = np.array([[1, 0, 1, 1], [0, 1, 1, 0]], dtype=float)  # two moments, four cells; 1: active
RATE = 1.0
COLUMNS = {"private": 100, "one, fixed": 284, "one, plastic": 466}
ROWS = (120, 316)
LABEL = (
    "Three columns, two rows. In each picture four excitatory cells stand in a row, filled ones just spoke, and pink "
    "lines show how strongly each is now inhibited. Private: four interneurons, and each filled cell alone is "
    "inhibited. One, fixed: a single interneuron inhibits all four alike. One, plastic: a single "
    "interneuron, with thick synapses onto the filled cells and none onto the others. In the second row other "
    "cells are filled, and the thick synapses have moved to them."
)


def inhibited() -> dict[str, np.ndarray]:
    """Return by how much each cell is inhibited after each moment, in each column."""
    u, synapses = np.zeros(SAID.shape[1]), []
    for said in SAID:
        u = u + RATE * (said - u)  # z = 1: the interneuron is always active
        synapses.append(u)
    mean = np.repeat(SAID.mean(1, keepdims=True), SAID.shape[1], 1)
    return {"private": SAID, "one, fixed": mean, "one, plastic": np.array(synapses)}


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("shared", 478, LABEL)
    for words, x in COLUMNS.items():
        d.text(x, 30, words, bold=True)
    for k, (y, words) in enumerate(zip(ROWS, ("a moment ago", "now"), strict=True)):
        d.text(12, y - 50, words, "muted", anchor="start")
        for kind, x in COLUMNS.items():
            _network(d, x, y, SAID[k], inhibited()[kind][k], kind == "private")
    d.text(100, 462, "many cells", "muted")
    d.text(284, 462, "no memory", "muted")
    d.text(466, 462, "fast synapses", "muted")
    d.path([(12, 238), (548, 238)], "faint", 1.5, dashed="3 5")
    return d


def _network(
    d: Drawing, x: float, y: float, said: np.ndarray, told: np.ndarray, private: bool
) -> None:
    """Draw four cells, what they said, and how strongly each is inhibited."""
    for j, (dark, strength) in enumerate(zip(said, told, strict=True)):
        at = x + 42 * (j - 1.5)
        start = (at, y + 74) if private else (x, y + 74)
        if strength:
            d.path([start, (at, y + 20)], "pink", 1.5 + 4.5 * strength)
            d.path([(at - 9, y + 20), (at + 9, y + 20)], "pink", 4)
        else:
            d.path([start, (at, y + 20)], "faint", 1.5, dashed="2 5")
        shape = f"M{at:g} {y - 20}L{at + 15:g} {y + 10}L{at - 15:g} {y + 10}z"
        d.path(shape, "green", 2, "paper")
        if dark:
            d.path(shape, "green", 2, "green")
        if private:
            d.circle(at, y + 84, 12, "pink", "pink" if dark else "paper")
    if not private:
        d.circle(x, y + 84, 16, "pink", "pink")
