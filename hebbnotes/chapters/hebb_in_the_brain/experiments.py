"""An experiment on spikes: who finds which synapses belong together."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing
from hebbnotes.neurons import rate, spiking
from hebbnotes.plasticity import rules

__all__ = ["EXPERIMENTS", "Shared", "missed"]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Configuration: synapses, the first half of which shares spikes; seconds of life; how strongly
    half of them share, and their rate in Hz; the neuron, and Oja's rate.
    """

    n: int = 200
    seconds: int = 5
    correlation: float = 0.1
    hz: float = 10.0
    eta: float = 0.001
    neuron: dict[str, float] = field(
        default_factory=lambda: {"g_max": 0.03, "a_plus": 0.02, "a_minus": 0.021}
    )


def missed(w: Tensor, sharing: Tensor) -> float:
    """Return which share of the heaviest synapses, as many as share spikes, shares none.

    Parameters
    ----------
    w : Tensor (n,), weights
    sharing : Tensor (n,), boolean
    """
    return 1 - sharing[w.topk(int(sharing.sum())).indices].double().mean().item()


def score_shared(_: Weights, seed: int, chosen: Shared) -> Numbers:
    """Let a spiking neuron learn by spike timing and a linear one by Oja's rule, from equal
    statistics of spikes.
    """
    sharing = torch.arange(chosen.n) < chosen.n // 2
    correlation, steps = chosen.correlation * sharing, 1000
    g = torch.Generator().manual_seed(seed)
    timing = spiking.compete(
        correlation,
        spiking.Neuron(**chosen.neuron),
        seconds=chosen.seconds,
        rate=chosen.hz,
        runs=1,
        generator=g,
    )[0][-1, 0]
    g, inputs = torch.Generator().manual_seed(seed), torch.full((1, chosen.n), chosen.hz)
    spikes = torch.cat(
        [
            spiking.correlated_spikes(steps, inputs, correlation, 1 / steps, g)
            for _ in range(chosen.seconds)
        ]
    )
    start = torch.full((1, chosen.n, 1), 0.05)
    plain = rate.learn(spikes, start, rules.oja, chosen.eta)[-1, 0, :, 0]
    return {
        "missed": {"timing": missed(timing, sharing), "Oja": missed(plain, sharing)},
        "spikes": spikes.sum().item(),
    }


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "spikes-found": Experiment(
        "which synapses share spikes: five seconds of spike timing, and of Oja's rule",
        nothing,
        score_shared,
        Shared(),
        "missed.timing",
        "share of the heaviest half of the synapses that shares no spikes, spike timing",
        at_least=0.0,
        also={"missed.Oja": "the same, Oja's rule and a linear neuron"},
        seeds=tuple(range(10)),
    ),
}
"""All experiments of the chapter."""
