"""One synapse with what it can see, and around it, greyed out, what it cannot.

Which of the latter are seen is an argument: a rule with a third factor sees a signal sent to all.
"""

from collections.abc import Collection

from tools.drawings.drawing import Drawing

# What a synapse may or may not see: its words, and where its picture stands (centre).
AROUND = {
    "error": ("the error", (104, 40)),
    "signal": ("a signal sent to all", (284, 40)),
    "cells": ("other cells", (462, 40)),
    "synapses": ("other synapses", (104, 372)),
    "type": ("its cell’s type", (284, 372)),
    "place": ("its place", (462, 372)),
}
LENS = (98, 118, 364, 196)  # x, y, width, height of what it can see


def draw(sees: Collection[str] = (), name: str = "synapse") -> Drawing:
    """Draw it; ``sees`` names what it sees of :data:`AROUND` besides its weight and its two cells."""
    if unknown := set(sees) - set(AROUND):
        raise ValueError(f"sees may name {', '.join(AROUND)}, got {', '.join(sorted(unknown))}")
    seen, unseen = ([AROUND[k][0] for k in AROUND if (k in sees) is s] for s in (True, False))
    label = (
        "A synapse between a sender on the left and a receiver on the right. Inside a frame, what it sees: "
        + ", ".join(
            ["the activity of the sender, its own weight, the activity of the receiver", *seen]
        )
        + ". Outside, greyed out, what it does not see: "
        + ", ".join(unseen)
        + "."
    )
    d = Drawing(name, 440, label)
    d.box(*LENS, "blue", "blue", r=28, opacity=0.1)
    d.text(280, 146, "what this synapse can see", "blue", bold=True)
    _connection(d)
    for key, (words, (x, y)) in AROUND.items():
        colour = "blue" if key in sees else "faint"
        ICONS[key](d, x, y, colour)
        d.text(x, y + 44, words, "blue" if key in sees else "muted", bold=key in sees)
        near, edge = (y + 52, LENS[1]) if y < 200 else (y - 26, LENS[1] + LENS[3])
        inside = min(max(x, 126), 434)
        if key in sees:
            d.arrow((inside, near), (inside, edge + (6 if y < 200 else -6)), colour="blue", width=3)
        else:  # stopped at the frame
            stop = edge + (-7 if y < 200 else 7)
            d.path([(inside, near), (inside, stop)], "faint", dashed="3 5")
            d.path([(inside - 10, stop), (inside + 10, stop)], "faint", 3)
    return d


def _connection(d: Drawing) -> None:
    """Draw the two cells, the axon, the synapse and what it sees of them."""
    y = 206
    d.circle(42, y, 28, fill="ink", opacity=0.12)
    d.text(42, y + 56, "sender")
    d.circle(518, y, 28, fill="ink", opacity=0.12)
    d.text(518, y + 56, "receiver")
    d.path([(70, y), (250, y)], width=3)
    d.path([(318, y), (490, y)], width=6)
    d.path(f"M250 {y - 6}Q276 {y - 24} 276 {y}Q276 {y + 24} 250 {y + 6}z", "ink", 2, "ink", 0.25)
    d.path(
        f"M318 {y - 6}Q290 {y - 22} 287 {y - 14}L287 {y + 14}Q290 {y + 22} 318 {y + 6}z",
        "ink",
        2,
        "blue",
        0.7,
    )
    for x in (128, 150, 196):
        d.path([(x, y - 3), (x, y - 19)], "blue", 3)
    for x in (378, 424):
        d.path([(x, y - 5), (x, y - 21)], "blue", 3)
    for x, symbol, words in (
        (162, "*y*_{i}", "activity of\nits sender"),
        (280, "*w*_{ij}", "its own\nweight"),
        (400, "*y*_{j}", "activity of\nits receiver"),
    ):
        d.text(x, y + 42, symbol, size=22, bold=True)
        d.text(x, y + 68, words)


def _error(d: Drawing, x: float, y: float, colour: str) -> None:
    d.circle(x, y, 20, colour)
    d.circle(x, y, 7, colour, colour)
    d.arrow((x + 52, y - 18), (x + 25, y - 5), colour=colour)


def _signal(d: Drawing, x: float, y: float, colour: str) -> None:
    d.circle(x, y, 5, colour, colour)
    for r in (12, 20):
        for s in (-1, 1):
            d.path(
                f"M{x + s * 0.7 * r:.0f} {y - 0.7 * r:.0f}A{r} {r} 0 0 {(s + 1) // 2} {x + s * 0.7 * r:.0f} {y + 0.7 * r:.0f}",
                colour,
            )


def _cells(d: Drawing, x: float, y: float, colour: str) -> None:
    for dx, dy in ((-26, 8), (0, -8), (26, 8)):
        d.circle(x + dx, y + dy, 11, colour)


def _synapses(d: Drawing, x: float, y: float, colour: str) -> None:
    d.path([(x - 50, y + 16), (x + 50, y + 16)], colour, 4)
    for dx, r in ((-32, 6), (0, 10), (32, 8)):
        d.circle(x + dx, y + 8 - r, r, colour)


def _type(d: Drawing, x: float, y: float, colour: str) -> None:
    d.path(f"M{x - 24} {y - 14}l16 28h-32z", colour)
    d.circle(x + 24, y, 14, colour)


def _place(d: Drawing, x: float, y: float, colour: str) -> None:
    d.path(
        f"M{x} {y + 20}C{x - 26} {y - 6} {x - 14} {y - 22} {x} {y - 22}C{x + 14} {y - 22} {x + 26} {y - 6} {x} {y + 20}z",
        colour,
    )
    d.circle(x, y - 7, 5, colour)


ICONS = {
    "error": _error,
    "signal": _signal,
    "cells": _cells,
    "synapses": _synapses,
    "type": _type,
    "place": _place,
}
