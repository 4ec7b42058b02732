"""Two ways in which a synapse may come to know what its cell expected: the cell says so, or the rule
adds up what all other synapses of the cell did.
"""

import math

from tools.drawings.drawing import Drawing, Point

LABEL = (
    "Two cells, each with four senders. On the left the cell itself has added up its inputs and hands the sum, "
    "what it expected, back to a synapse: one number, at the synapse. On the right nobody hands it over, and the rule "
    "for this synapse reaches out to the weights and the senders of the other three synapses."
)
SENDERS = (70, 130, 190, 250)
TITLES = {"supplied": "the cell supplies it", "computed": "the rule computes it"}
PANEL = 280
CHANGED = 1  # of the four synapses


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("expected", 356, LABEL)
    d.path([(PANEL, 16), (PANEL, 340)], "faint", 1)
    for k, (kind, title) in enumerate(TITLES.items()):
        x = k * PANEL
        d.text(x + PANEL / 2, 32, title, bold=True)
        cell: Point = (x + 214, 160)
        for row, y in enumerate(SENDERS):
            d.circle(x + 40, y, 15, "ink", "ink", opacity=0.12)
            d.path([(x + 56, y), _end(x, row)], "ink", 3)
        d.circle(*cell, 34, "ink", "blue", 3, 0.2)
        d.text(cell[0], cell[1] + 7, "*j*", size=22, bold=True)
        at = _on_line(x, CHANGED)
        if kind == "supplied":
            start, bend = f"{cell[0] - 6} {cell[1] + 36}", f"{cell[0] - 30} {cell[1] + 96}"
            d.path(f"M{start}C{bend} {at[0] + 6} {at[1] + 92} {at[0] + 2} {at[1] + 26}", "blue", 4)
            d.arrow((at[0] + 2, at[1] + 30), (at[0], at[1] + 14), colour="blue", width=4)
        else:
            for row in range(len(SENDERS)):
                if row != CHANGED:
                    other = _on_line(x, row)
                    d.circle(*other, 8, "red", "", 3)
                    d.circle(x + 40, SENDERS[row], 20, "red", "", 3)
                    d.path([other, at], "red", 2, dashed="5 5")
        d.circle(*at, 9, "blue", "blue", 3)
    d.text(PANEL / 2, 308, "one number,", "blue", bold=True)
    d.text(PANEL / 2, 332, "at the cell", "blue", bold=True)
    d.text(1.5 * PANEL, 308, "six numbers,", bold=True)
    d.text(1.5 * PANEL, 332, "at other synapses", bold=True)
    return d


def _end(x: float, row: int) -> Point:
    """Return where a line meets the cell."""
    turn = math.pi + (1.5 - row) * 0.45
    return (x + 214 + 35 * math.cos(turn), 160 + 35 * math.sin(turn))


def _on_line(x: float, row: int) -> Point:
    """Return where a synapse sits on its line to the cell."""
    start, end = (x + 56, SENDERS[row]), _end(x, row)
    return (start[0] + 0.55 * (end[0] - start[0]), start[1] + 0.55 * (end[1] - start[1]))
