"""A network that holds its own pencil, and two ways in which a late reward can reach an early pair.

Top: a ring of units, from which a signal M is read that tells all connections when to press. Below:
one connection in two networks. On the left activity rings on until the reward, and what M writes is
the pair of that moment (equation eq-modulated). On the right the pair is over, and M writes what is
left of its mark (eq-retroactive). Pairs, marks and pencil are computed.
"""

import numpy as np

from tools.drawings.drawing import Drawing

STEPS, CUES, REWARD = 15, (1, 5, 10), 8  # the second of three cues is rewarded
ETA, ETA_E, RINGS = 0.03, 0.3, 0.86  # forgetting, the mark's rate, what a step leaves of activity
SIZES = {1: 0.7, 5: 1.0, 10: -0.8}  # of the pair at a connection when each cue comes
COLUMNS = {"ringing": 104.0, "silent": 342.0}
EACH, ROWS = 14.0, {"told": 330, "pair": 388, "mark": 446, "signal": 504, "pencil": 562}
LABEL = (
    "Top: units on a ring, joined by printed and pencilled connections; a signal M is read from the units, and an arrow "
    "leads from it back to all connections: press now. Below: one connection in two networks, on one time line. Three "
    "cues come, and a reward follows the second. Left, activity bridges: the pair of sender and receiver rings on after "
    "each cue, and M, which is large at the reward alone, writes the pair as it still is then. Right, a mark bridges: the "
    "pair is over at once, its mark fades slowly, and M writes what is left of the mark. Either way the pencil darkens "
    "once, at the reward."
)


def lived(rings: bool) -> dict[str, np.ndarray]:
    """Return pair, mark, signal and pencil at each step, as they are before it writes."""
    pair = np.zeros(STEPS)
    for cue, size in SIZES.items():
        later = np.arange(STEPS) - cue
        after = RINGS ** (2 * later.clip(0)) if rings else (later == 0)
        pair = np.where(later >= 0, size * after, pair)  # a new cue takes the place of the last
    signal = (np.arange(STEPS) == REWARD).astype(float)
    marks, pencils, mark, pencil = [], [], 0.0, 0.0
    for p, m in zip(pair, signal, strict=True):
        marks.append(mark)
        pencils.append(pencil)
        pencil = (1 - ETA) * pencil + m * (p if rings else mark)
        mark = (1 - ETA_E) * mark + ETA_E * p
    return {
        "pair": pair,
        "mark": np.array(marks),
        "signal": signal,
        "pencil": np.array([*pencils, pencil])[1:],
    }


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("hand", 606, LABEL)
    _network(d, 132, 132)
    for words, y in (
        ("cues,\nreward", ROWS["told"] - 16),
        ("pair", ROWS["pair"] + 2),
        ("mark *E*", ROWS["mark"] + 2),
        ("signal *M*", ROWS["signal"] + 2),
        ("pencil *H*", ROWS["pencil"] + 2),
    ):
        d.text(4, y, words, anchor="start")
    for name, left in COLUMNS.items():
        _column(d, left, name == "ringing")
    d.text(104, 284, "activity bridges", "blue", anchor="start", bold=True)
    d.text(342, 284, "a mark bridges", "blue", anchor="start", bold=True)
    d.arrow((104, 594), (104 + EACH * STEPS, 594), colour="muted")
    d.text(4, 600, "time", "muted", anchor="start")
    d.arrow((342, 594), (342 + EACH * STEPS, 594), colour="muted")
    return d


def _network(d: Drawing, x: float, y: float) -> None:
    """Draw units on a ring, and the signal that is read from them and sent to all connections."""
    angles = 2 * np.pi * np.arange(8) / 8
    at = [(x + 92 * float(np.sin(a)), y - 92 * float(np.cos(a))) for a in angles]
    for k in range(8):
        for skip, colour, width in ((2, "faint", 1.5), (3, "blue", 2.5)):
            d.path([at[k], at[(k + skip) % 8]], colour, width)
    for a, b in at:
        d.circle(a, b, 12, "ink", "paper")
        d.circle(a, b, 12, "", "ink", 0, 0.15)
    for k in (1, 2, 3):  # read from the units, at the right of the ring
        d.path([(at[k][0] + 14, at[k][1]), (320, y)], "muted", 1.5)
    d.circle(340, y, 24, "pink", "paper", 3)
    d.text(340, y + 8, "*M*", size=24, bold=True)
    d.arrow((340, y - 26), (340, 14), (132, 14), (132, 84), colour="pink", width=3)
    d.text(356, 26, "a hand for all pencils:", anchor="start")
    d.text(356, 50, "press now", bold=True, anchor="start")
    d.text(374, y - 6, "read from the\nnetwork’s units", anchor="start")
    d.text(376, y + 66, "pencil", "blue", anchor="start", bold=True)
    d.text(376, y + 92, "on each connection", anchor="start")
    d.path([(368, y + 64), (190, y + 17)], "blue", 1.5)


def _column(d: Drawing, left: float, rings: bool) -> None:
    """Draw one connection's rows."""
    of = lived(rings)
    for cue in CUES:
        d.box(left + EACH * cue + 2, ROWS["told"] - 26, EACH - 4, 26, "ink", "ink", 2, 1.5, 0.15)
    x = left + EACH * (REWARD + 0.5)
    star = [
        (x + r * np.sin(k * np.pi / 5), ROWS["told"] - 13 - r * np.cos(k * np.pi / 5))
        for k, r in enumerate([14, 6] * 5)
    ]
    d.path([*star, star[0]], "ink", 1.5, "green")
    d.path([(x, ROWS["told"] + 2), (x, ROWS["pencil"])], "faint", 1.5, dashed="3 5")
    for row, colour in (
        ("pair", "ink"),
        ("mark", "purple"),
        ("signal", "pink"),
        ("pencil", "blue"),
    ):
        base = ROWS[row] - 4
        d.path([(left, base), (left + EACH * STEPS, base)], "faint", 1.5)
        if row == "mark" and rings:
            d.text(left + EACH * 3, base - 8, "none", "muted")
            continue
        scale = {"pair": 28, "mark": 100, "signal": 30, "pencil": 64}[row]
        for step, value in enumerate(of[row].tolist()):
            if abs(value) > 0.02:
                high = scale * abs(value)
                top = base - high if value > 0 else base
                d.box(left + EACH * step + 2, top, EACH - 4, high, "", colour, 1)
