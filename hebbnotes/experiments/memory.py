"""Experiments on associative memories, in which nothing is trained: what a Hopfield network holds, and what holds more."""

from typing import Any

import torch
from torch import Tensor

from hebbnotes import memories
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, short

__all__ = ["EXPERIMENTS", "MEMORIES", "completed"]

MEMORIES = ("Hopfield", "delta rule", "pseudo-inverse", "dense, cubic energy", "modern")
"""Memories by name, from the one that holds least."""


def _nothing(trial: Trial, **_: Any) -> Any:
    return {}, {}


def random_patterns(n_patterns: int, n: int, generator: torch.Generator) -> Tensor:
    """Return patterns of independent 1 and -1, shape (n_patterns, n), in single precision."""
    return 2.0 * torch.randint(2, (n_patterns, n), generator=generator, dtype=torch.float32) - 1


def completed(memory: str, patterns: Tensor, state: Tensor, clamp: Tensor, n_steps: int = 20, beta: float = 4.0) -> Tensor:
    """Store patterns in a memory, and complete states of which some units are clamped.

    Parameters
    ----------
    memory : str
        One of ``MEMORIES``. The delta rule goes through the patterns once.
    patterns : Tensor
        Entries 1 and -1, shape (P, N).
    state : Tensor
        Shape (B, N), with 0 where nothing is known.
    clamp : Tensor
        Boolean, shape (B, N): what is known.
    n_steps : int
        The most steps; all units change at once.
    beta : float
        That of the modern memory.

    Returns
    -------
    Tensor
        Entries 1 and -1, and 0 where the memory does not decide; shape (B, N).

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    stored = {"Hopfield": memories.hopfield, "delta rule": memories.delta, "pseudo-inverse": memories.pseudo_inverse}
    if memory in stored:
        return memories.recall(stored[memory](patterns), state, n_steps, clamp)
    for _ in range(n_steps):
        modern = memory == "modern"
        new = memories.modern_step(patterns, state, beta).sign() if modern else memories.dense_step(patterns, state, 3)
        state, old = torch.where(clamp, state, new), state
        if torch.equal(state, old):
            break
    return state


def error(memory: str, n_patterns: int, n: int, least_bits: int, generator: torch.Generator, most_asked: int = 64) -> float:
    """Return the share of erased bits that a memory gets wrong, if half of the bits are erased; what is left open is half wrong."""
    wrong, bits = 0.0, 0
    while bits < least_bits:
        patterns = random_patterns(n_patterns, n, generator)
        asked = patterns[:most_asked]
        clamp = torch.rand(asked.shape, generator=generator).argsort(1) < n // 2
        said = completed(memory, patterns, torch.where(clamp, asked, 0.0), clamp)
        wrong += ((1 - said * asked) / 2)[~clamp].sum().item()
        bits += int((~clamp).sum())
    return wrong / bits


def score_ladder(
    weights: Weights, seed: int, *, sizes: dict[str, list[int]], share: float, least_bits: int, growth: float, **_: Any
) -> Numbers:
    """Find of each memory and size how many patterns it holds: where the share of wrong bits, interpolated, reaches a limit."""
    found: dict[str, dict[str, float]] = {}
    for memory, ns in sizes.items():
        for n in ns:
            g = torch.Generator().manual_seed(1_000 * seed + n)
            p, before = 2, (1.0, 0.0)
            while (now := error(memory, p, n, least_bits, g)) < share:
                p, before = max(p + 1, round(growth * p)), (float(p), now)
            held = before[0] + (p - before[0]) * (share - before[1]) / (now - before[1])
            found.setdefault(memory, {})[str(n)] = short(held)
    return {"held": found}


def _settled(w: Tensor, state: Tensor, n_sweeps: int, generator: torch.Generator) -> Tensor:
    for _ in range(n_sweeps):
        new = memories.recall(w, state, 1, generator=generator)
        if torch.equal(new, state):
            break
        state = new
    return state


def score_capacity(
    weights: Weights, seed: int, *, sizes: list[int], loads: list[float], asked: int, n_sweeps: int, flipped: float, **_: Any
) -> Numbers:
    """Recall patterns one unit at a time, from themselves and from a distorted copy, with and without the diagonal.

    Loads are named in patterns for 1,000 units.
    """
    found: Numbers = {}
    for n in sizes:
        g = torch.Generator().manual_seed(1_000 * seed + n)
        for load in loads:
            patterns = random_patterns(round(load * n), n, g)
            some = patterns[:asked]
            cue = torch.where(torch.rand(some.shape, generator=g) < flipped, -some, some)
            chance = random_patterns(len(some), n, g)
            for diagonal in (False, True):
                w = memories.hopfield(patterns, diagonal)
                cell = found.setdefault("with diagonal" if diagonal else "without", {}).setdefault(str(n), {})
                ends = {name: _settled(w, start, n_sweeps, g) for name, start in (("stored", some), ("distorted", cue))}
                overlaps = {name: (end * some).mean(1) for name, end in ends.items()}
                cell[f"{1000 * load:.0f}"] = {
                    **{name: short(one.mean()) for name, one in overlaps.items()},
                    "kept": short((overlaps["stored"] > 0.9).float().mean()),
                    "one_step": short((memories.recall(w, some, 1) != some).float().mean()),
                    "chance_is_stable": short((memories.recall(w, chance, 1) == chance).all(1).float().mean()),
                }
    return found


EXPERIMENTS: dict[str, Experiment] = {
    "memory-ladder": Experiment(
        "how many random patterns five memories complete from half of their bits, with 1 % of the others wrong",
        _nothing,
        score_ladder,
        {
            "sizes": {
                "Hopfield": [50, 100, 200, 400],
                "delta rule": [50, 100, 200, 400],
                "pseudo-inverse": [50, 100, 200, 400],
                "dense, cubic energy": [50, 100, 200, 400],
                "modern": [16, 20, 24, 28, 32],
            },
            "share": 0.01,
            "least_bits": 40_000,
            "growth": 1.1,
        },
        "held.Hopfield.400",
        "patterns",
    ),
    "memory-capacity": Experiment(
        "a Hopfield network that is loaded more and more, one unit at a time, with and without its diagonal",
        _nothing,
        score_capacity,
        {
            "sizes": [250, 500, 1000, 2000],
            "loads": [0.1, 0.11, 0.12, 0.13, 0.138, 0.145, 0.15, 0.16, 0.17, 0.18, 0.19, 0.2, 0.25, 0.3],
            "asked": 200,
            "n_sweeps": 40,
            "flipped": 0.1,
        },
        "without.1000.100.kept",
        "share of patterns that are kept at a load of 0.1",
    ),
}
"""All experiments on associative memories."""
