"""Two time scales: w and alpha change from life to life, by the error; H is written in each life,
and thrown away.

The traces are computed: patterns of five units are clamped for two steps each, and half of one
comes back; ``H(t+1) = (1 - eta) H(t) + eta y(t-1) y(t)``, with a rate that can be seen.
"""

import numpy as np

from tools.drawings.drawing import Drawing

ETA, UNITS, STEPS = 0.35, 5, 2
ROWS = {"life 1": 136, "life 2": 262, "life 1,000": 392}
STAGES = (("pattern 1", 196), ("pattern 2", 306), ("cue", 416))
CUE = np.array([1, 1, 1, 0, 0])  # which units the cue has
LABEL = (
    "Top: the equation w plus alpha H. Below, three lives in rows. In each, w and alpha stand in a box at the left and stay as "
    "they are, while the trace H is written: blank at first, it fills while two patterns are shown, and is read when a part of "
    "the first comes back. At the right end of a row is the error; an arrow leads from it to w and alpha of the next row. "
    "Each row begins with a blank H."
)


def lives() -> tuple[np.ndarray, np.ndarray]:
    """Return two patterns for each life (3, 2, n), and the trace after each of them and after the
    cue (3, 3, n, n).
    """
    rng = np.random.default_rng(3)
    patterns = np.where(rng.random((len(ROWS), 2, UNITS)) < 0.5, 1, -1)
    traces = []
    for first, second in patterns:
        trace, before = np.zeros((UNITS, UNITS)), np.zeros(UNITS)
        for shown in (first, second, first * CUE):
            for _ in range(STEPS):
                trace = (1 - ETA) * trace + ETA * np.outer(before, shown)
                before = shown
            traces.append(trace)
    return patterns, np.array(traces).reshape(len(ROWS), 3, UNITS, UNITS)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("lives", 474, LABEL)
    for x, symbol, colour in (
        (206, "*w*", "ink"),
        (254, "+", "ink"),
        (303, "*α*", "green"),
        (343, "*H*", "blue"),
    ):
        d.text(x, 46, symbol, colour, size=48, bold=True)
    d.text(96, 32, "trained,\nover many lives")
    d.text(456, 32, "written,\nwithin one life", "blue")
    patterns, traces = lives()
    for k, (name, top) in enumerate(ROWS.items()):
        _life(d, name, top, patterns[k], traces[k])
    for top, below in zip(list(ROWS.values())[:-1], list(ROWS.values())[1:], strict=True):
        d.arrow((512, top + 66), (512, top + 92), (64, top + 92), (64, below - 8), colour="green")
    d.text(288, ROWS["life 1"] + 86, "the error changes *w* and *α* a little", "green")
    for k in range(3):  # many lives between the second and the third
        d.circle(300, ROWS["life 2"] + 84 + 8 * k, 2, fill="ink")
    return d


def _life(d: Drawing, name: str, top: float, shown: np.ndarray, traces: np.ndarray) -> None:
    """Draw one life: what was trained before, and what is written in it."""
    d.box(8, top, 112, 66, r=6)
    d.text(64, top + 26, name, "muted")
    d.text(44, top + 54, "*w*", bold=True, size=22)
    d.text(84, top + 54, "*α*", "green", bold=True, size=22)
    cue = shown[0] * CUE
    for (words, x), strip, trace in zip(STAGES, (*shown, cue), traces, strict=True):
        d.arrow((x - 62, top + 38), (x - 36, top + 38), width=1.5)
        for i, bit in enumerate(strip):
            if bit:
                d.box(
                    x - 30 + 12 * i, top - 12, 12, 12, fill="ink" if bit > 0 else "", r=1, width=1.5
                )
            else:
                d.box(
                    x - 30 + 12 * i,
                    top - 12,
                    12,
                    12,
                    "faint",
                    "faint",
                    r=1,
                    opacity=0.35,
                    width=1.5,
                )
        _matrix(d, x, top + 38, trace)
        if name == "life 1":
            d.text(x, top - 20, words, "muted")
    d.arrow((452, top + 38), (474, top + 38), width=1.5)
    d.text(512, top + 44, "error", "red", bold=True)


def _matrix(d: Drawing, x: float, y: float, trace: np.ndarray) -> None:
    """Draw a trace as squares: the larger a number, the darker; minus has the other colour."""
    d.box(x - 30, y - 30, 60, 60, "faint", r=2, width=1.5)
    for i, j in np.ndindex(trace.shape):
        size = min(1.0, 1.6 * abs(float(trace[i, j])))
        if size > 0.03:
            colour = "blue" if trace[i, j] > 0 else "pink"
            d.box(x - 30 + 12 * j, y - 30 + 12 * i, 12, 12, "", colour, r=1, opacity=round(size, 2))
