"""A neuron with its membrane: inputs, weights, drive, leak, threshold, spikes.

The trace of the voltage is the leaky integrate-and-fire equation, solved step by step:
``tau dv/dt = rest - v``; an input spike adds its weight; at the threshold the neuron spikes and
starts again from the reset.
"""

import numpy as np

from tools.drawings.drawing import Drawing

TAU, REST, THRESHOLD, RESET, STEP, END = 20.0, -70.0, -54.0, -62.0, 0.5, 200.0  # ms and mV
WEIGHTS = [3.0, 8.0, 5.0]  # mV that a spike of each input adds
LABEL = (
    "Three inputs with thin, thick and medium lines, their weights, meet in a cell; there they add up to a "
    "drive. The membrane holds the voltage and leaks; where it reaches the firing threshold, a spike leaves. Below: "
    "spikes of the three inputs, and the voltage over 200 ms. It jumps at each input spike by the input’s weight, "
    "leaks back towards rest with a time constant of 20 ms, and at the firing threshold spikes and is reset."
)


def inputs(seed: int = 3) -> np.ndarray:
    """Return which inputs spike at each step, (steps, inputs): by chance, at 30 Hz."""
    rng = np.random.default_rng(seed)
    return rng.random((int(END / STEP), len(WEIGHTS))) < 0.030 * STEP


def voltage(spikes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the voltage after each step, in mV, and the times of the neuron's own spikes, in ms."""
    v, trace, own = REST, [], []
    for step, arriving in enumerate(spikes):
        v += STEP / TAU * (REST - v) + float(arriving @ np.array(WEIGHTS))
        if v >= THRESHOLD:
            own.append(step * STEP)
            v = RESET
        trace.append(v)
    return np.array(trace), np.array(own)


def draw() -> Drawing:
    """Draw it."""
    d = Drawing("neuron", 582, LABEL)
    _cell(d)
    _traces(d, 300)
    return d


def _cell(d: Drawing) -> None:
    """Draw inputs, weights, sum, membrane, threshold and axon."""
    d.text(60, 24, "inputs")
    d.text(166, 24, "weights")
    for k, (weight, y) in enumerate(zip(WEIGHTS, (62, 122, 182), strict=True), 1):
        d.text(40, y + 7, f"*x*_{{{k}}}", size=22)
        for x in ((72, 84, 96), (70, 94), (78, 90, 102))[k - 1]:
            d.path([(x, y + 8), (x, y - 8)], "blue", 2.5)
        d.path([(118, y), (210, y), (262, 122 + 0.35 * (y - 122))], "blue", 1.1 * weight)
        d.text(166, y - 9 - weight / 2, f"*w*_{{{k}}}")
    d.circle(334, 122, 76, fill="ink", opacity=0.08, width=4)
    d.text(334, 92, "drive", bold=True)
    d.text(334, 122, "Σ *w*_{i}* x*_{i}", size=22)
    d.text(334, 156, "adds to *v*")
    d.path([(410, 122), (470, 122)], width=4)
    d.path([(444, 92), (444, 152)], "green", 4)
    d.text(472, 78, "firing threshold")
    for x in (482, 506, 530):
        d.path([(x, 132), (x, 108)], width=3)
    d.text(506, 160, "spikes")
    d.arrow((312, 200), (300, 240), colour="pink", width=3)
    d.arrow((356, 200), (368, 240), colour="pink", width=3)
    d.text(334, 264, "leak: *v* falls back to rest, time constant *τ*")


def _traces(d: Drawing, top: float) -> None:
    """Draw the spikes that arrive, and the voltage."""
    spikes = inputs()
    trace, own = voltage(spikes)

    def x(time: float) -> float:
        return 104 + 440 * time / END

    def y(mv: float) -> float:
        return top + 222 - 7 * (mv - REST)

    for k, arriving in enumerate(spikes.T):
        row = top + 14 + 20 * k
        d.text(94, row + 6, f"*x*_{{{k + 1}}}", anchor="end")
        for step in np.flatnonzero(arriving):
            d.path(
                [(x(step * STEP), row + 7), (x(step * STEP), row - 7)], "blue", 1 + WEIGHTS[k] / 3
            )
    d.path([(104, y(THRESHOLD)), (548, y(THRESHOLD))], "green", 2, dashed="7 5")
    d.path([(104, y(REST)), (548, y(REST))], "faint", 1.5, dashed="2 5")
    d.text(94, y(REST) + 6, "rest", "muted", anchor="end")
    d.text(94, y(THRESHOLD) - 8, "firing\nthreshold", anchor="end")
    d.text(94, y((REST + THRESHOLD) / 2) + 6, "*v*", size=22, anchor="end")
    line, before = [], REST
    for step, v in enumerate(trace):
        if step * STEP in own:
            line += [
                (x(step * STEP), y(before)),
                (x(step * STEP), y(THRESHOLD + 4)),
                (x(step * STEP), y(v)),
            ]
        else:
            if v > before + 1:  # an input's jump is upright
                line.append((x(step * STEP), y(before)))
            line.append((x(step * STEP), y(v)))
        before = v
    d.path(line, width=2.2)
    d.arrow((104, top + 240), (548, top + 240), colour="muted")
    d.text(548, top + 272, f"time ({END:g} ms)", "muted", anchor="end")
    d.text(104, top + 272, f"*τ* = {TAU:g} ms", "muted", anchor="start")
    d.path([(x(0), top + 248), (x(TAU), top + 248)], "pink", 4)
