"""A plastic recurrent network with its two weights, unrolled over three steps.

Four units; outputs, weights and traces are those of a network that is run: ``y(t) = tanh(x(t) +
y(t-1) (w + alpha H(t)))``, ``H(t+1) = (1 - eta) H(t) + eta y(t-1) y(t)``.
"""

import numpy as np

from tools.drawings.drawing import Drawing

SEED, ETA, ALPHA = 2, 0.5, 1.0
INPUTS = np.array([[2, 2, -2, 2], [2, 2, -2, 2], [2, -2, -2, 2], [2, 2, 0, 0]])
COLUMNS, GAPS, UNITS = (44, 202, 360, 518), (123, 281, 439), (74, 114, 154, 194)
LABEL = (
    "A network of four units at four moments, from left to right. Between two moments stand two small matrices: above, w, "
    "the same three times; below, the trace H, empty at first and then darker. Arrows lead from each H to the next, which "
    "adds the product of two successive outputs."
)


def run() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights (4, 4), the outputs (4 steps, 4) and the trace that each of the last three
    steps reads (3, 4, 4).
    """
    w = np.random.default_rng(SEED).normal(0, 0.5, (4, 4))
    y, trace, outputs, traces = np.zeros(4), np.zeros((4, 4)), [], []
    for x in INPUTS:
        before, y = y, np.tanh(x + y @ (w + ALPHA * trace))
        traces.append(trace)
        outputs.append(y)
        trace = (1 - ETA) * trace + ETA * np.outer(before, y)
    return w, np.array(outputs), np.array(traces[1:])


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("unrolled", 388, LABEL)
    w, outputs, traces = run()
    for t, (x, output) in enumerate(zip(COLUMNS, outputs, strict=True), 1):
        d.text(x, 20, f"*x*({t})")
        d.arrow((x, 28), (x, 52))
        for y, activity in zip(UNITS, output, strict=True):
            d.circle(x, y, 14, fill="ink", opacity=round((1 + float(activity)) / 2, 2))
        d.text(x, 234, f"*y*({t})", bold=True)
    for t, (x, trace) in enumerate(zip(GAPS, traces, strict=True), 2):
        d.text(x, 48, "*w*", bold=True)
        _matrix(d, x, 88, w, "ink")
        d.arrow((x - 54, 134), (x + 54, 134))
        d.circle(x, 134, 11, "paper", "paper")
        d.text(x, 141, "+", size=22, bold=True)
        _matrix(d, x, 180, trace, "blue")
        d.text(x, 234, f"*αH*({t})", "blue", bold=True)
    for t, (x, after) in enumerate(zip(GAPS, [*GAPS[1:], 560], strict=True), 1):
        way = [(x + 8, 246), (x + 8, 276), (after - 8, 276), (after - 8, 246)]
        d.arrow(*way[: 4 if t < 3 else 3], colour="blue", width=2.5)
        if t < 3:
            d.text((x + after) / 2, 302, f"+ *η y*({t}) *y*({t + 1})", "blue")
    d.text(280, 344, "*w* is the same at each step; *H* fades, and each step", "muted")
    d.text(280, 368, "adds the product of two successive outputs", "muted")
    return d


def _matrix(d: Drawing, x: float, y: float, values: np.ndarray, colour: str) -> None:
    """Draw a matrix around a point: the darker, the larger; below zero a bar."""
    side = 15
    for (row, column), value in np.ndenumerate(values):
        left, top = x + (column - 2) * side, y + (row - 2) * side
        d.box(
            left,
            top,
            side,
            side,
            "",
            colour,
            0,
            opacity=round(min(1, abs(float(value))) * 0.8 + 0.02, 2),
        )
        if value < -0.05:
            d.path([(left + 4, top + side / 2), (left + side - 4, top + side / 2)], "paper", 2)
    d.box(x - 2 * side, y - 2 * side, 4 * side, 4 * side, colour, r=2, width=1.5)
