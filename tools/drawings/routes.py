"""The four ways in which an output matters for what comes later, between three steps."""

from tools.drawings.drawing import Drawing

LABEL = (
    "Three steps from left to right, with an output each. From the output of the middle step four numbered arrows "
    "leave: one, up to the loss; two, to the right, to the next output, through w plus alpha H; three, down to the "
    "trace that its own step writes, where it is the receiver; four, down to the trace that the next step writes, where "
    "it is the sender."
)
LEFT, HERE, RIGHT, ROW, TRACE = 70, 280, 490, 190, 352
FIRST, SECOND = (LEFT + HERE) / 2, (HERE + RIGHT) / 2  # where a step writes


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("routes", 470, LABEL)
    _others(d)
    _routes(d)
    return d


def _others(d: Drawing) -> None:
    """Draw the outputs, the loss, the traces, and how the other outputs act on them."""
    d.arrow((LEFT + 30, ROW), (HERE - 32, ROW), colour="faint")
    d.arrow((LEFT + 16, ROW + 28), (FIRST - 22, TRACE - 32), colour="faint")
    d.arrow((RIGHT - 16, ROW + 28), (SECOND + 22, TRACE - 32), colour="faint")
    for x, words in ((LEFT, "*t* − 1"), (HERE, "*t*"), (RIGHT, "*t* + 1")):
        main = x == HERE
        d.circle(x, ROW, 27, "ink" if main else "faint", "ink", 4 if main else 2, 0.12)
        d.text(x, ROW + 7, "*y*", size=24, bold=main)
        if not main:
            d.text(x, ROW - 38, f"step {words}", "muted")
    d.text(HERE - 34, ROW - 34, "step *t*", anchor="end", bold=True)
    d.box(HERE - 44, 14, 88, 42)
    d.text(HERE, 42, "loss")
    for x, after, step in ((FIRST, "*t* + 1", "*t*"), (SECOND, "*t* + 2", "*t* + 1")):
        d.box(x - 54, TRACE - 26, 108, 52, "blue", "blue", opacity=0.12)
        d.text(x, TRACE + 7, f"*H*({after})", size=22)
        d.text(x, TRACE + 54, f"faded and written\nby step {step}", "muted")


def _routes(d: Drawing) -> None:
    """Draw the four ways out of the middle output."""
    d.arrow((HERE, ROW - 30), (HERE, 62), width=4)
    d.arrow((HERE + 30, ROW), (RIGHT - 32, ROW), width=4)
    d.arrow((HERE - 14, ROW + 26), (FIRST + 20, TRACE - 32), colour="blue", width=4)
    d.arrow((HERE + 14, ROW + 26), (SECOND - 20, TRACE - 32), colour="blue", width=4)
    ways = (
        ("1", HERE, 108, HERE + 24, 114, "for the loss itself", "start"),
        ("2", 364, ROW, SECOND + 6, ROW - 44, "as sender:\n*w* + *αH*", "middle"),
        ("3", 226, 267, HERE - 72, 262, "as\nreceiver", "end"),
        ("4", 334, 267, HERE + 72, 262, "as\nsender", "start"),
    )
    for number, x, y, at, row, words, anchor in ways:
        d.circle(x, y, 15, "paper", "ink", 3)
        d.text(x, y + 6.5, number, "paper", bold=True)
        d.text(at, row, words, anchor=anchor)
