"""One connection with two weights: w is printed, H is pencilled, and a signal feels w + alpha H.

The marks are computed: the rule of the introduction (equation eq-trace), with a rate that is large
enough to be seen. The pencil has two points: one marks agreement, and the mark counts as plus, the
other marks disagreement, and the mark counts as minus.
"""

from tools.drawings.drawing import Drawing

ETA = 0.25  # the network of the introduction takes 0.017, which nobody would see
# (sender a moment ago, receiver now): 1 is ink, -1 paper, 0 neither.
EPISODE = [(1, 1), (1, 1), (0, 0), (1, -1), (-1, 1), (-1, -1)]
WORDS = {1: "agree", 0: "both 0", -1: "differ"}
LABEL = (
    "Top: the equation w plus alpha H; w is printed and never changes, alpha is the trust in the pencil, "
    "H is pencilled and changes all the time. Middle: a connection from sender to receiver, drawn as a "
    "solid line and a pencil line. Bottom: six moments. The mark grows darker in the two where sender and "
    "receiver agree, fades where both are 0, is rubbed out where they differ, turns into a minus mark "
    "where they differ again, and gives way to a faint plus where both are -1, and so agree."
)


def marks() -> list[float]:
    """Return the trace after each moment: what is there fades, and the product is added."""
    trace, after = 0.0, []
    for pre, post in EPISODE:
        trace = (1 - ETA) * trace + ETA * pre * post
        after.append(trace)
    return after


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("pencil", 570, LABEL)
    for x, symbol, colour in (
        (206, "*w*", "ink"),
        (254, "+", "ink"),
        (303, "*α*", "green"),
        (343, "*H*", "blue"),
    ):
        d.text(x, 52, symbol, colour, size=48, bold=True)
    for start, end, colour, words in (
        (200, 104, "ink", "printed:\nnever changes"),
        (300, 280, "green", "trust in\nthe pencil"),
        (346, 442, "blue", "pencilled:\nkeeps changing"),
    ):
        d.path([(start, 64), (end, 88)], colour)
        d.text(end, 110, words)
    _connection(d, 182)
    _moments(d, 266)
    return d


def _connection(d: Drawing, y: float) -> None:
    """Draw sender and receiver, joined by print and by pencil."""
    d.path([(121, y - 9), (439, y - 9)], "ink", 7)
    for k in range(64):  # a pencil goes to and fro
        x = 120 + 5 * k
        d.path([(x, y + 14 + 2 * (k % 3)), (x + 9, y + 2 - k % 2)], "blue", 1.3)
    for x, words in ((94, "sender"), (466, "receiver")):
        d.circle(x, y, 24, fill="ink", opacity=0.12)
        d.text(x, y + 46, words)


def _moments(d: Drawing, top: float) -> None:
    """Draw what happens at the two ends at each moment, and the mark that is left."""
    rows = {
        "sender,\na moment ago": top + 36,
        "receiver,\nnow": top + 96,
        "": top + 146,
        "pencil mark *H*": top + 202,
    }
    for words, y in rows.items():
        d.text(
            8,
            y - 6 if "\n" in words else y + 6,
            words,
            "blue" if "*" in words else "ink",
            anchor="start",
        )
    for k, ((pre, post), trace) in enumerate(zip(EPISODE, marks(), strict=True)):
        x = 196 + 64 * k
        for activity, y in ((pre, top + 36), (post, top + 96)):
            if activity:
                d.circle(x, y, 15, fill="ink" if activity > 0 else "")
            else:
                d.path([(x - 6, y), (x + 6, y)], "faint", 3)
        d.text(x, top + 152, WORDS[pre * post], "ink" if pre * post else "muted")
        _mark(d, x, top + 202, trace)
        _, colour, sign = look(trace)
        d.text(x, top + 250, sign, colour, bold=True)
    d.arrow((172, top + 284), (540, top + 284), colour="muted")
    d.text(8, top + 290, "time", "muted", anchor="start")


def look(trace: float) -> tuple[int, str, str]:
    """Return what a mark looks like: how many strokes, in which colour, and its sign."""
    if abs(trace) < 0.01:
        return 0, "muted", "0"
    return round(14 * abs(trace)), *(("blue", "+") if trace > 0 else ("pink", "−"))


def _mark(d: Drawing, x: float, y: float, trace: float) -> None:
    """Shade a square with as many strokes as the trace is large; those of a minus lean the other
    way.
    """
    strokes, colour, _ = look(trace)
    d.box(x - 26, y - 26, 52, 52, "faint", r=4, width=1.5)
    d.box(x - 26, y - 26, 52, 52, "", colour, r=4, opacity=round(0.75 * abs(trace), 2))
    lean = 1 if trace > 0 else -1
    for i in range(strokes):
        offset = -40 + 80 * (i + 0.5) / strokes
        low, high = max(-22, offset - 22), min(22, offset + 22)
        d.path(
            [
                (x + lean * low, y + low - offset),
                (x + lean * high, y + high - offset),
            ],
            colour,
            2,
        )
