"""The arms: with which time constants cells begin, what is learned of them, and gated cells."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes.chapters.time_constants.many import GRU, LSTM, Leaky, Params, Spiking

__all__ = [
    "ARMS",
    "BEST",
    "BEST_KEPT",
    "OTHERS",
    "SPIKING",
    "Arm",
    "Choice",
    "Gated",
    "LeakyArm",
    "SpikingArm",
    "cells_for",
    "lognormal",
    "spread",
]


_MEAN, _STRONG, _RECALL = Leaky("mean"), Spiking(3.0), Spiking(2.0)


def spread(low: float, high: float, n: int) -> Tensor:
    """Return n time constants from ``low`` to ``high``, each as many times the one before, (n,)."""
    return low * (high / low) ** torch.linspace(0, 1, n)


def lognormal(median: float, sigma: float, n: int) -> Tensor:
    """Return n time constants whose logarithms lie as those of a normal distribution do, (n,)."""
    middles = (torch.arange(n) + 0.5) / n
    return median * torch.exp(sigma * math.sqrt(2) * torch.erfinv(2 * middles - 1))


def _taus(tau: tuple[float, ...], kind: str, n: int) -> Tensor:
    """Return time constants: all alike, from one to another, or as the cortex has them."""
    if kind == "lognormal":
        return lognormal(tau[0], tau[1], n)
    return spread(tau[0], tau[-1], n) if len(tau) > 1 else torch.full((n,), tau[0])


@dataclass(frozen=True)
class LeakyArm:
    """Leaky cells: one time constant, or the lowest and highest, or median and sigma."""

    tau: tuple[float, ...]
    learn: str = "none"
    kind: str = "geometric"
    family: Leaky = _MEAN

    def network(
        self, sizes: tuple[int, int, int], start: str, generator: torch.Generator
    ) -> Params:
        """Return one network of n_in inputs, n cells and n_out outputs, from a start of ``w``."""
        tau = _taus(self.tau, self.kind, sizes[1])
        return self.family.begin(sizes, tau, self.learn, start, generator)


def cells_for(sizes: tuple[int, int, int], gates: int) -> int:
    """Return how many gated cells have about as many numbers as n leaky cells that learn their time
    constants.
    """
    n_in, n, n_out = sizes
    wanted = n * (n + n_in + n_out + 2) + n_out
    return min(
        range(2, n + 1), key=lambda m: abs(gates * m * (m + n_in + 2) + (m + 1) * n_out - wanted)
    )


@dataclass(frozen=True)
class Gated:
    """Gated cells, as torch begins them, or so that their gates keep for up to ``chrono`` steps."""

    family: GRU | LSTM
    gates: int
    chrono: int = 0

    def network(
        self, sizes: tuple[int, int, int], start: str, generator: torch.Generator
    ) -> Params:
        """Return one network; it has one start."""
        its = (sizes[0], cells_for(sizes, self.gates), sizes[2])
        return self.family.begin(its, self.chrono, generator)


@dataclass(frozen=True)
class SpikingArm:
    """Spiking cells, of which a share may adapt, by so much for each spike and so many steps."""

    tau: tuple[float, ...]
    learn: str = "none"
    adapting: tuple[float, float, float] = (0.0, 0.0, 200.0)
    family: Spiking = _STRONG

    def network(
        self, sizes: tuple[int, int, int], start: str, generator: torch.Generator
    ) -> Params:
        """Return one network; it has one start."""
        share, much, steps = self.adapting
        tau = _taus(self.tau, "geometric", sizes[1])
        several = round(share * sizes[1])
        return self.family.begin(sizes, tau, self.learn, (several, much, steps), generator)


Arm = LeakyArm | Gated | SpikingArm
"""How a network of an arm begins."""
ARMS: dict[str, Arm] = {
    "plain": LeakyArm((0.0,)),
    "shared 1": LeakyArm((1.0,)),
    "shared 3": LeakyArm((3.0,)),
    "shared 5": LeakyArm((5.0,)),
    "shared 10": LeakyArm((10.0,)),
    "shared 30": LeakyArm((30.0,)),
    "shared 100": LeakyArm((100.0,)),
    "shared, learned": LeakyArm((10.0,), "shared"),
    "cortex": LeakyArm((17.0, 0.56), kind="lognormal"),
    "1 to 25": LeakyArm((1.0, 25.0)),
    "1 to 100": LeakyArm((1.0, 100.0)),
    "each learned, from 10": LeakyArm((10.0,), "each"),
    "each learned, from 1 to 100": LeakyArm((1.0, 100.0), "each"),
    "GRU": Gated(GRU(), 3),
    "GRU, chrono": Gated(GRU(), 3, 100),
    "LSTM": Gated(LSTM(), 4),
    "LSTM, chrono": Gated(LSTM(), 4, 100),
}
"""Arms of the tasks with numbers for answers, by name; time constants in steps."""

SPIKING: dict[str, Arm] = {
    **{f"shared {tau}": SpikingArm((float(tau),)) for tau in (2, 5, 10, 20, 50)},
    "shared, learned": SpikingArm((10.0,), "shared"),
    "2 to 50": SpikingArm((2.0, 50.0)),
    "each learned, from 10": SpikingArm((10.0,), "each"),
    "each learned, from 2 to 50": SpikingArm((2.0, 50.0), "each"),
    "adaptive": SpikingArm((10.0,), adapting=(0.5, 0.2, 50.0)),
    "membrane 10": SpikingArm((10.0,), family=_RECALL),
    "membrane 50": SpikingArm((50.0,), family=_RECALL),
    "adaptive 200": SpikingArm((10.0,), adapting=(0.5, 0.2, 200.0), family=_RECALL),
}
"""Arms of spiking cells: the first for templates, the last three for store and recall."""

Choice = tuple[str, float]
"""A start of the weights among the cells, and a learning rate."""
BEST: dict[str, dict[str, Choice]] = {
    "intervals": {
        "plain": ("identity", 0.001),
        "shared 1": ("orthogonal", 0.003),
        "shared 3": ("orthogonal", 0.03),
        "shared 5": ("normal", 0.03),
        "shared 10": ("orthogonal", 0.1),
        "shared 30": ("normal", 0.1),
        "shared 100": ("orthogonal", 0.3),
        "shared, learned": ("orthogonal", 0.01),
        "cortex": ("orthogonal", 0.1),
        "1 to 25": ("normal", 0.03),
        "1 to 100": ("orthogonal", 0.1),
        "each learned, from 10": ("normal", 0.1),
        "each learned, from 1 to 100": ("normal", 0.1),
        "GRU": ("usual", 0.03),
        "GRU, chrono": ("usual", 0.1),
        "LSTM": ("usual", 0.03),
        "LSTM, chrono": ("usual", 0.1),
    },
    "intervals-narrow": {
        "plain": ("orthogonal", 0.01),
        "shared 1": ("orthogonal", 0.03),
        "shared 3": ("orthogonal", 0.03),
        "shared 5": ("orthogonal", 0.03),
        "shared 10": ("normal", 0.1),
        "shared 30": ("normal", 0.1),
        "shared 100": ("orthogonal", 0.1),
        "shared, learned": ("orthogonal", 0.01),
        "cortex": ("normal", 0.1),
        "1 to 25": ("normal", 0.03),
        "1 to 100": ("orthogonal", 0.03),
        "each learned, from 10": ("orthogonal", 0.03),
        "each learned, from 1 to 100": ("orthogonal", 0.1),
        "GRU": ("usual", 0.1),
        "GRU, chrono": ("usual", 0.1),
        "LSTM": ("usual", 0.01),
        "LSTM, chrono": ("usual", 0.03),
    },
    "intervals-64": {
        "plain": ("orthogonal", 0.003),
        "shared 1": ("orthogonal", 0.003),
        "shared 3": ("orthogonal", 0.01),
        "shared 10": ("orthogonal", 0.03),
        "1 to 25": ("identity", 0.01),
        "1 to 100": ("identity", 0.03),
        "each learned, from 1 to 100": ("orthogonal", 0.03),
        "GRU": ("usual", 0.03),
    },
    "two-clocks": {
        "plain": ("orthogonal", 0.003),
        "shared 1": ("orthogonal", 0.01),
        "shared 3": ("orthogonal", 0.01),
        "shared 5": ("orthogonal", 0.03),
        "shared 10": ("normal", 0.1),
        "shared 30": ("normal", 0.1),
        "shared 100": ("normal", 0.03),
        "shared, learned": ("orthogonal", 0.1),
        "cortex": ("normal", 0.1),
        "1 to 25": ("normal", 0.1),
        "1 to 100": ("normal", 0.1),
        "each learned, from 10": ("orthogonal", 0.1),
        "each learned, from 1 to 100": ("normal", 0.03),
        "GRU": ("usual", 0.1),
        "GRU, chrono": ("usual", 0.1),
        "LSTM": ("usual", 0.03),
        "LSTM, chrono": ("usual", 0.1),
    },
    "two-clocks-same": {
        "plain": ("orthogonal", 0.01),
        "shared 1": ("orthogonal", 0.01),
        "shared 3": ("orthogonal", 0.03),
        "shared 5": ("normal", 0.03),
        "shared 10": ("orthogonal", 0.1),
        "shared 30": ("orthogonal", 0.1),
        "shared 100": ("orthogonal", 0.1),
        "shared, learned": ("normal", 0.1),
        "cortex": ("normal", 0.1),
        "1 to 25": ("normal", 0.1),
        "1 to 100": ("normal", 0.1),
        "each learned, from 10": ("normal", 0.03),
        "each learned, from 1 to 100": ("orthogonal", 0.1),
        "GRU": ("usual", 0.1),
        "GRU, chrono": ("usual", 0.1),
        "LSTM": ("usual", 0.03),
        "LSTM, chrono": ("usual", 0.1),
    },
    "templates": {
        "shared 5": ("usual", 0.1),
        "shared 10": ("usual", 0.1),
        "shared, learned": ("usual", 0.03),
        "each learned, from 10": ("usual", 0.1),
        "shared 2": ("usual", 0.1),
        "shared 20": ("usual", 0.1),
        "shared 50": ("usual", 0.1),
        "2 to 50": ("usual", 0.1),
        "each learned, from 2 to 50": ("usual", 0.03),
        "adaptive": ("usual", 0.1),
    },
    "templates-narrow": {
        "shared 5": ("usual", 0.03),
        "shared 10": ("usual", 0.03),
        "shared, learned": ("usual", 0.01),
        "each learned, from 10": ("usual", 0.03),
        "shared 2": ("usual", 0.03),
        "shared 20": ("usual", 0.1),
        "shared 50": ("usual", 0.3),
        "2 to 50": ("usual", 0.03),
        "each learned, from 2 to 50": ("usual", 0.03),
        "adaptive": ("usual", 0.03),
    },
}
"""Of each task and arm the start and the rate that did best on seeds of their own."""
BEST_KEPT: dict[str, dict[str, float]] = {
    "membrane 10": {"free": 0.03, "priced": 0.03, "strict": 0.003},
    "membrane 50": {"free": 0.1, "priced": 0.1, "strict": 0.1},
    "adaptive 200": {"free": 0.03, "priced": 0.1, "strict": 0.03},
}
"""Of each keeper and price the rate that did best on seeds of their own."""
OTHERS: dict[str, tuple[Choice, ...]] = {
    "plain": (("identity", 0.003), ("orthogonal", 0.003)),
    "shared 1": (("orthogonal", 0.01), ("normal", 0.01)),
    "shared 3": (("orthogonal", 0.01), ("normal", 0.01)),
    "shared 5": (("orthogonal", 0.01), ("orthogonal", 0.03)),
    "shared 10": (("orthogonal", 0.03), ("normal", 0.03)),
    "shared, learned": (("orthogonal", 0.03), ("normal", 0.03)),
}
"""Further choices of arms whose cells are alike, the best of which counts where rates fall."""
