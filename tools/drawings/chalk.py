"""A mark that changes nothing, and a bell that turns what is left of it into a change.

Three rows of one time line: when sender and receiver fire together, the mark that this leaves, and
a bell, once above its usual loudness and once below. The mark is computed, and the weight is moved
by its product with the bell: equation eq-eligibility with a time constant of four seconds.
"""

import math

import numpy as np

from tools.drawings.drawing import Drawing

STEP, TAU, LAST = 0.05, 4.0, 16.0  # seconds
PAIRS = (1.5, 2.2, 9.0)  # sender and receiver together
BELLS = {4.2: 1.0, 12.5: -0.7}  # better, and worse, than expected
LEFT, RIGHT = 96, 544
LABEL = (
    "Top: a sender and a receiver are joined by a synapse; a bell above sends one signal to all synapses. "
    "Below, four rows of one time line. Pairs: sender and receiver fire together three times. Chalk mark: each pair "
    "raises it, and between them it fades. Bell: once better than expected, two seconds after the second pair, and "
    "once worse, some seconds after the third. Weight: constant, but for a step up at the first bell and a smaller "
    "step down at the second, each as large as the mark at that moment times the bell."
)


def lived() -> tuple[np.ndarray, np.ndarray]:
    """Return mark and weight at each step, as they are before what happens in it."""
    mark, weight, marks, weights = 0.0, 0.0, [], []
    fade = math.exp(-STEP / TAU)
    for n in range(round(LAST / STEP)):
        marks.append(mark)
        weights.append(weight)
        weight += sum(m * mark for t, m in BELLS.items() if round(t / STEP) == n)
        mark = fade * mark + sum(round(t / STEP) == n for t in PAIRS)
    return np.array(marks), np.array(weights)


def across(t: float) -> float:
    """Return where a moment is drawn."""
    return LEFT + (RIGHT - LEFT) * t / LAST


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("chalk", 560, LABEL)
    for x, symbol, colour in (
        (168, "Δ*w*", "ink"),
        (226, "=", "ink"),
        (276, "*M*", "pink"),
        (322, "×", "ink"),
        (364, "*e*", "blue"),
    ):
        d.text(x, 44, symbol, colour, size=36, bold=True)
    _synapse(d, 150)
    _rows(d)
    return d


def _synapse(d: Drawing, y: float) -> None:
    """Draw the two cells, the mark between them and the bell above."""
    d.circle(92, y, 24, fill="ink", opacity=0.12)
    d.circle(468, y, 24, fill="ink", opacity=0.12)
    d.text(92, y + 48, "sender")
    d.text(468, y + 48, "receiver")
    d.path([(116, y), (268, y)], width=3)
    d.path([(292, y), (444, y)], width=5)
    d.path(f"M268 {y - 6}Q286 {y - 20} 286 {y}Q286 {y + 20} 268 {y + 6}z", fill="ink", opacity=0.3)
    for k in range(9):  # chalk
        d.path([(294 + 5 * k, y + 16), (303 + 5 * k, y + 4)], "blue", 2.5)
    d.text(320, y + 48, "chalk mark *e*", "blue")
    d.circle(280, y - 64, 6, "pink", "pink")
    for r in (15, 25):
        for s in (-1, 1):
            side, low = s * 0.7 * r, 0.7 * r
            d.path(
                f"M{280 + side:.0f} {y - 64 - low:.0f}A{r} {r} 0 0 {(s + 1) // 2} "
                f"{280 + side:.0f} {y - 64 + low:.0f}",
                "pink",
            )
    d.arrow((280, y - 48), (280, y - 20), colour="pink", width=2.5)
    d.text(316, y - 58, "bell *M*: one for all", "ink", anchor="start")


def _rows(d: Drawing) -> None:
    """Draw the four rows."""
    marks, weights = lived()
    times = np.arange(len(marks)) * STEP
    places = {"pairs": 262, "mark *e*": 352, "bell *M*": 424, "weight *w*": 512}
    for words, y in places.items():
        d.text(
            4, y + 6 - (18 if words.startswith(("mark", "weight")) else 0), words, anchor="start"
        )
    for t in BELLS:
        d.path([(across(t), 246), (across(t), 520)], "faint", 1.5, dashed="3 5")
    d.path([(LEFT, places["pairs"]), (RIGHT, places["pairs"])], "faint", 1.5)
    for t in PAIRS:
        d.path([(across(t), places["pairs"]), (across(t), places["pairs"] - 20)], "ink", 4)
    base = places["mark *e*"]
    curve = [(across(t), base - 42 * m) for t, m in zip(times, marks, strict=True)]
    d.path([(LEFT, base), *curve, (RIGHT, base)], "", fill="blue", opacity=0.18)
    d.path(curve, "blue", 2.5)
    d.path([(LEFT, base), (RIGHT, base)], "faint", 1.5)
    d.path([(LEFT, places["bell *M*"]), (RIGHT, places["bell *M*"])], "faint", 1.5)
    for t, m in BELLS.items():
        d.path(
            [(across(t), places["bell *M*"]), (across(t), places["bell *M*"] - 30 * m)], "pink", 5
        )
        d.text(
            across(t) + 10,
            places["bell *M*"] + (-14 if m > 0 else 24),
            "better than expected" if m > 0 else "worse",
            "ink",
            anchor="start",
        )
    base = places["weight *w*"]
    d.path([(across(t), base - 42 * w) for t, w in zip(times, weights, strict=True)], "ink", 3)
    d.arrow((LEFT, 540), (RIGHT, 540), colour="muted")
    d.text(LEFT - 12, 546, "time", "muted", anchor="end")
