"""How fast cells forget, and what is slower than a cell: a ladder of times on a logarithmic axis."""

import math

from tools.drawings.drawing import Drawing

# Words; from, middle and to (seconds; no middle: none is known); colour.
# Membranes: 5 %, median and 95 % of the cells of the Allen Cell Types database, by the line of mice.
CLOCKS: tuple[tuple[str, float, float | None, float, str], ...] = (
    ("membranes: parvalbumin cells", 0.0046, 0.0067, 0.0113, "blue"),
    ("Htr3a cells", 0.0059, 0.0104, 0.0303, "blue"),
    ("somatostatin cells", 0.0088, 0.0191, 0.0425, "blue"),
    ("spiny cells", 0.0116, 0.0194, 0.0309, "blue"),
    ("adaptation: pyramidal cells", 0.03, None, 20.0, "pink"),
)
TICKS = {0.001: "1 ms", 0.01: "10 ms", 0.1: "0.1 s", 1.0: "1 s", 10.0: "10 s"}
LEFT, RIGHT, LOW, HIGH = 30, 534, 0.001, 30.0
LABEL = (
    "A ladder of times on a logarithmic axis from a millisecond to twenty seconds. Four bars show membranes of the "
    "cortex: parvalbumin cells, 5 to 11 milliseconds; Htr3a cells, 6 to 30; somatostatin cells, 9 to 43; spiny cells, "
    "12 to 31. A fifth, adaptation of pyramidal cells, reaches to twenty seconds."
)


def across(seconds: float) -> float:
    """Return where a time is drawn."""
    return LEFT + (RIGHT - LEFT) * math.log(seconds / LOW) / math.log(HIGH / LOW)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("clocks", 372, LABEL)
    bottom = 322
    for seconds, words in TICKS.items():
        x = across(seconds)
        d.path([(x, 20), (x, bottom)], "faint", 1, dashed="2 6")
        d.text(x, bottom + 26, words, "muted")
    d.path([(LEFT, bottom), (RIGHT, bottom)], "muted")
    for row, (words, low, middle, high, colour) in enumerate(CLOCKS):
        y = 52 + 58 * row
        start, end = across(low), across(high)
        d.box(start, y, end - start, 14, colour, colour, r=7, opacity=0.5)
        if middle:
            d.path([(across(middle), y - 2), (across(middle), y + 16)], "ink", 4)
        d.text(start, y - 10, words, anchor="start", halo=True)
    return d
