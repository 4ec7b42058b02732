"""The live model of the chapter: an initial, painted by the reader, that a neuron writes into its
synapses.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from hebbnotes.figures.live import LiveModel
from hebbnotes.neurons.spiking import Neuron, NeuronState, compete, correlated_spikes, run_neuron
from hebbnotes.plasticity import rules

__all__ = ["MODELS", "NEURON", "RATE", "SHARE", "letter"]

NEURON = Neuron(g_max=0.045, a_plus=0.02, a_minus=0.021)
"""As in the puzzle, but for stronger synapses: few inputs share."""
RATE, SHARE, BEGIN, SECONDS = 10.0, 0.55, 0.5, 20
"""Of each input, in Hz; of its spikes that are copied; first weight; until the model pauses."""
LETTER = (
    "....................",
    "......##....##......",
    "......##....##......",
    "......##....##......",
    "......########......",
    "......########......",
    "......##....##......",
    "......##....##......",
    "......##....##......",
    "....................",
)


def letter() -> Tensor:
    """Return which of the 200 inputs are painted at first, shape (200,), row by row."""
    return torch.tensor([mark == "#" for row in LETTER for mark in row])


def numbers() -> dict[str, Any]:
    """Return what the script is told: the neuron, and what is painted at first."""
    return {
        "neuron": {name: getattr(NEURON, name) for name in NEURON.__dataclass_fields__},
        "rate": RATE,
        "share": SHARE,
        "begin": BEGIN,
        "seconds": SECONDS,
        "most": 2 * NEURON.a_minus,
        "letter": list(LETTER),
    }


EPISODES = {
    "as it is": (0.5, 1.0, False, 900),
    "explodes": (0.8, 0.0, False, 300),
    "turned over": (0.9, 1.0, True, 300),
}
"""First weight, weakening as a share of the neuron's, whether turned over, steps."""


def _lived(begin: float, weakening: float, turned: bool, steps: int) -> dict[str, Any]:
    """Return who spikes in each step, and what becomes of the neuron."""
    g, sign = torch.Generator().manual_seed(4), -1 if turned else 1
    correlation = letter().double() * SHARE**2
    inputs = torch.full((1, len(correlation)), RATE, dtype=torch.float64)
    spikes = correlated_spikes(steps, inputs, correlation, NEURON.dt, g)
    up, down = sign * NEURON.a_plus, sign * weakening * NEURON.a_minus
    rule = partial(rules.stdp, a_plus=up, a_minus=down)
    state = NeuronState.at_rest(torch.full_like(inputs, begin).unsqueeze(2), NEURON)
    fired, seen = [], []
    for k in range(0, steps, 50):
        output, state = run_neuron(spikes[k : k + 50], state, NEURON, rule=rule)
        fired += (k + output[:, 0, 0].nonzero()[:, 0]).tolist()
        parts = [state.v[0], state.g[0], state.post[0]]
        seen.append([part.item() for part in parts] + [*_sums(state.pre[0]), *_sums(state.w[0])])
    return {
        "begin": begin,
        "window": {"up": NEURON.a_plus, "down": weakening * NEURON.a_minus, "turned": turned},
        "arriving": [step.nonzero()[:, 0].tolist() for step in spikes[:, 0]],
        "fired": fired,
        "seen": seen,
    }


def _sums(part: Tensor) -> list[float]:
    """Return what stands for many numbers: their sum, and that with weights from 1 / n to 1."""
    values = part.flatten()
    ramp = torch.arange(1, len(values) + 1).double() / len(values)
    return [values.sum().item(), (ramp * values).sum().item()]


def fixture() -> dict[str, Any]:
    """Return three lives of the neuron that the script has to repeat."""
    return {name: _lived(*how) for name, how in EPISODES.items()}


def still(drawing: Any) -> None:
    """Draw the synapses before and after ten seconds: the letter that nobody told them."""
    g = torch.Generator().manual_seed(0)
    weights, _ = compete(SHARE**2 * letter(), NEURON, seconds=10, rate=RATE, generator=g)
    for k, (w, words) in enumerate(
        ((weights[0, 0], "at first"), (weights[-1, 0], "after ten seconds"))
    ):
        left, wide = 8 + 284 * k, 13
        drawing.text(left + 130, 24, words)
        for colour, mine in (
            ("blue", letter()),
            ("muted", ~letter()),
        ):  # a page is slow with hundreds of shapes
            discs = ""
            for i in mine.nonzero()[:, 0].tolist():
                x, y, r = wide * (i % 20 + 0.5), wide * (i // 20 + 0.5), max(0.6, 6.2 * w[i].item())
                half = f"a{r:.1f} {r:.1f} 0 1 1 "
                discs += f"M{left + x - r:.1f} {40 + y:.1f}{half}{2 * r:.1f} 0{half}{-2 * r:.1f} 0"
            drawing.path(discs, "", 0, colour)


MODELS = {
    "hebb-in-the-brain": LiveModel(
        numbers,
        fixture,
        still,
        180,
        "Two fields of 200 discs, synapses as wide as they are strong: at first all alike, "
        "after ten seconds those of the inputs that share spikes stand out as a letter H.",
    )
}
"""The live models of the chapter, by name."""
