"""The network that learns labels from one look: trained features, a plastic read-out, and the label
that enters as activity.
"""

from tools.drawings.drawing import Drawing

LABEL = (
    "From left to right: a drawn character, four convolutions that were trained before, a column of features, and five "
    "outputs A to E. The read-out between features and outputs has printed and pencilled weights; the pencil marks that lead "
    "to output B are dark. From the right, the label B enters as activity of output B."
)
FEATURES, OUTPUTS = (92, 128, 164, 200, 236), (76, 120, 164, 208, 252)
ON = (True, False, True, True, False)  # the features that this character has
SHOWN = 1  # B


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("one-shot", 392, LABEL)
    d.box(10, 130, 68, 68, r=4)
    d.path("M24 184V146Q48 138 56 160M24 166H60M46 184Q62 178 62 148", "ink", 4)
    d.arrow((84, 164), (104, 164))
    for k in range(4):  # fewer places, more kinds
        d.box(108 + 19 * k, 112 + 12 * k, 14, 104 - 24 * k, "ink", "ink", 3, opacity=0.12)
    d.arrow((184, 164), (206, 164))
    _read_out(d)
    d.text(44, 222, "one\ndrawing")
    d.text(142, 78, "four\nconvolutions")
    d.text(226, 272, "features", anchor="middle")
    d.text(414, 50, "outputs")
    d.path([(104, 296), (104, 304), (226, 304), (226, 296)], "ink", 3)
    d.text(158, 330, "print: from\nmany episodes")
    d.path([(240, 296), (240, 304), (414, 304), (414, 296)], "blue", 3)
    d.text(334, 330, "*w* + *αH*: the pencil\nis written in this one", "blue")
    d.text(500, 82, "“This is B”", bold=True)
    d.arrow((500, 92), (500, OUTPUTS[SHOWN]), (440, OUTPUTS[SHOWN]), colour="green", width=4)
    d.text(500, 160, "the label\nenters as\nactivity")
    return d


def _read_out(d: Drawing) -> None:
    """Draw features, outputs, and the two weights of each connection."""
    for y, on in zip(FEATURES, ON, strict=True):
        for k, end in enumerate(OUTPUTS):
            d.path([(240, y), (398, end)], "faint", 1.2)
            if on and k == SHOWN:
                d.path([(240, y + 3), (398, end + 3)], "blue", 5)
    for y, on in zip(FEATURES, ON, strict=True):
        d.circle(226, y, 13, fill="ink", opacity=1 if on else 0.08)
    for k, (y, letter) in enumerate(zip(OUTPUTS, "ABCDE", strict=True)):
        d.circle(414, y, 17, "ink", "ink" if k == SHOWN else "paper")
        d.text(414, y + 6.5, letter, "paper" if k == SHOWN else "ink", bold=True)
