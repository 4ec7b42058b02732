"""Experiments on associative memories, in which nothing is trained: what a Hopfield network holds,
and what holds more.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import memories
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing, short

__all__ = ["EXPERIMENTS"]


def error(
    memory: str,
    n_patterns: int,
    n: int,
    least_bits: int,
    generator: torch.Generator,
    most_asked: int = 64,
) -> float:
    """Return the share of erased bits that a memory gets wrong, if half of the bits are erased;
    what is left open is half wrong.
    """
    wrong, bits = 0.0, 0
    while bits < least_bits:
        patterns = memories.random_patterns(n_patterns, n, generator)
        asked = patterns[:most_asked]
        clamp = torch.rand(asked.shape, generator=generator).argsort(1) < n // 2
        said = memories.complete(memory, patterns, torch.where(clamp, asked, 0.0), clamp)
        wrong += ((1 - said * asked) / 2)[~clamp].sum().item()
        bits += int((~clamp).sum())
    return wrong / bits


@dataclass(frozen=True)
class Ladder:
    """Configuration of :func:`score_ladder`: of each memory its sizes, and the share of wrong bits
    that ends it.
    """

    sizes: dict[str, list[int]]
    share: float = 0.01
    least_bits: int = 40_000
    growth: float = 1.1


def score_ladder(weights: Weights, seed: int, chosen: Ladder) -> Numbers:
    """Find of each memory and size how many patterns it holds: where the share of wrong bits,
    interpolated, reaches a limit.
    """
    found: dict[str, dict[str, float]] = {}
    for memory, ns in chosen.sizes.items():
        for n in ns:
            g = torch.Generator().manual_seed(1_000 * seed + n)
            p, before = 2, (1.0, 0.0)
            while (now := error(memory, p, n, chosen.least_bits, g)) < chosen.share:
                p, before = max(p + 1, round(chosen.growth * p)), (float(p), now)
            held = before[0] + (p - before[0]) * (chosen.share - before[1]) / (now - before[1])
            found.setdefault(memory, {})[str(n)] = short(held)
    return {"held": found}


def _settled(w: Tensor, state: Tensor, n_sweeps: int, generator: torch.Generator) -> Tensor:
    for _ in range(n_sweeps):
        new = memories.recall(w, state, 1, generator=generator)
        if torch.equal(new, state):
            break
        state = new
    return state


@dataclass(frozen=True)
class Capacity:
    """Configuration of :func:`score_capacity`: numbers of units, and of patterns for each unit."""

    sizes: tuple[int, ...] = (250, 500, 1000, 2000)
    loads: tuple[float, ...] = (
        0.1, 0.11, 0.12, 0.13, 0.138, 0.145, 0.15, 0.16, 0.17, 0.18, 0.19, 0.2, 0.25, 0.3,
    )  # fmt: skip
    asked: int = 100
    n_sweeps: int = 40
    flipped: float = 0.1


def score_capacity(weights: Weights, seed: int, chosen: Capacity) -> Numbers:
    """Recall patterns one unit at a time, from themselves and from distorted copies.

    Loads are named in patterns for 1,000 units; what they are after rounding stands beside.
    Measured are the mean overlap with the pattern, and the share of patterns with an overlap above
    0.9.
    """
    found: Numbers = {}
    for n in chosen.sizes:
        g = torch.Generator().manual_seed(1_000 * seed + n)
        for load in chosen.loads:
            patterns = memories.random_patterns(round(load * n), n, g)
            w, some = memories.hopfield(patterns), patterns[: chosen.asked]
            distorted = torch.where(
                torch.rand(some.shape, generator=g) < chosen.flipped, -some, some
            )
            cell: dict[str, float] = {"load": len(patterns) / n}
            for name, start in (("stored", some), ("distorted", distorted)):
                overlaps = (_settled(w, start, chosen.n_sweeps, g) * some).mean(1)
                cell |= {
                    f"{name}_overlap": short(overlaps.mean()),
                    f"{name}_kept": short((overlaps > 0.9).float().mean()),
                }
            found.setdefault(str(n), {})[f"{1000 * load:.0f}"] = cell
    return {"recalled": found}


_SIZES = [50, 100, 200, 400]

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "memory-ladder": Experiment(
        "how many random patterns five memories complete from half of their bits, with 1 % of the "
        "others wrong",
        nothing,
        score_ladder,
        Ladder(
            {
                "Hopfield": _SIZES,
                "delta rule": _SIZES,
                "pseudo-inverse": _SIZES,
                "dense, cubic energy": _SIZES,
                "modern": [16, 20, 24, 28, 32],
            }
        ),
        "held.Hopfield.400",
        "patterns",
        at_least=0.0,
    ),
    "memory-capacity": Experiment(
        "a Hopfield network that is loaded more and more, one unit at a time",
        nothing,
        score_capacity,
        Capacity(),
        "recalled.1000.100.stored_kept",
        "share of patterns that are kept at a load of 0.1",
        at_least=0.0,
    ),
}
"""All experiments on associative memories."""
