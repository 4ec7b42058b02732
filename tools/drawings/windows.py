"""How long "together" may last: what was measured at six places, on one logarithmic axis of time."""

import math

from tools.drawings.drawing import Drawing

# Words; from, to (seconds); what it is: a window, or a point where both are equal.
WINDOWS = (
    ("spike timing, cultures", 0.017, 0.034, "ink"),
    ("eye movements, cerebellum of mice", 0.12, 0.12, "blue"),
    ("dopamine, striatum of mice", 0.3, 2.0, "pink"),
    ("plateau, hippocampus of mice", 1.0, 5.0, "green"),
    ("tag, hippocampus of rats", 60.0, 3 * 3600.0, "purple"),
)
TICKS = {0.01: "10 ms", 0.1: "0.1 s", 1.0: "1 s", 10.0: "10 s", 60.0: "1 min", 3600.0: "1 h"}
LEFT, RIGHT, LOW, HIGH = 40, 530, 0.008, 4 * 3600.0
LABEL = (
    "A ladder of times on a logarithmic axis from ten milliseconds to some hours. Spike timing: tens of milliseconds. "
    "Eye movements, in the cerebellum: 120 milliseconds. Dopamine in the striatum: 0.3 to 2 seconds. A plateau in the "
    "hippocampus: seconds. A synaptic tag: less than three hours."
)


def across(seconds: float) -> float:
    """Return where a time is drawn."""
    share = math.log(seconds / LOW) / math.log(HIGH / LOW)
    return LEFT + (RIGHT - LEFT) * share


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("windows", 390, LABEL)
    bottom = 340
    for seconds, words in TICKS.items():
        x = across(seconds)
        d.path([(x, 20), (x, bottom)], "faint", 1, dashed="2 6")
        d.text(x, bottom + 26, words, "muted")
    d.path([(LEFT, bottom), (RIGHT, bottom)], "muted")
    for row, (words, low, high, colour) in enumerate(WINDOWS):
        y = 58 + 62 * row
        start, end = across(low), across(high)
        if high > low:
            d.box(start, y, end - start, 16, colour, colour, r=8, opacity=0.6)
        else:
            d.circle(start, y + 8, 9, colour, colour)
        right = start > (LEFT + RIGHT) / 2
        d.text(
            end if right else start, y - 10, words, anchor="end" if right else "start", halo=True
        )
    return d
