"""What trained numbers are worth on fresh episodes, what they look like, and what each part of them
is worth.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks, tasks
from hebbnotes.analysis import participation_ratio
from hebbnotes.chapters.differentiable_plasticity import analysis
from hebbnotes.experiments.experiment import Numbers, short
from hebbnotes.networks import run

__all__ = ["autopsy", "measure", "since"]


def measure(
    w: Any, alpha: Any, eta: Any, task: tasks.PatternCompletion, episodes: int, seed: int
) -> tasks.Errors:
    """Return the mean errors of a plastic network on fresh episodes.

    To spare memory they are shown one at a time to a network of 1,000 units, and side by side to
    one of 50. All are drawn one after the other.
    """
    _checks.of_type("task", task, tasks.PatternCompletion, "use PatternCompletion(n_bits=50)")
    _checks.room(episodes=_checks.integer("episodes", episodes), n_units=task.n_units)
    _checks.integer("seed", seed, 0, 2**63 - 1)
    g, at_once = torch.Generator().manual_seed(seed), max(1, 2**19 // task.n_units**2)
    with torch.no_grad():
        drawn = [task.sample(1, g) for _ in range(episodes)]
        shown = [_together(drawn[k : k + at_once]) for k in range(0, episodes, at_once)]
        wrong = [tasks.errors(run(e.inputs, w, alpha, eta, clamp=e.clamp)[0][-1], e) for e in shown]
    return tasks.Errors(*(torch.cat(kind).mean() for kind in zip(*wrong, strict=True)))


def _together(episodes: list[tasks.Episodes]) -> tasks.Episodes:
    """Return episodes as one batch; of inputs and clamp, (T, B, n_units), it is the second axis."""
    parts = zip(tasks.Episodes._fields, zip(*episodes, strict=True), strict=True)
    return tasks.Episodes(*(torch.cat(p, 1 if n in ("inputs", "clamp") else 0) for n, p in parts))


def autopsy(
    w: Tensor, alpha: Tensor, eta: Any, task: tasks.PatternCompletion, episodes: int, seed: int
) -> Numbers:
    """Describe trained weights, those among the bits alone, and what each ablation costs."""
    _checks.of_type("task", task, tasks.PatternCompletion, "use PatternCompletion(n_bits=50)")
    _checks.integer("episodes", episodes)
    _checks.integer("seed", seed, 0, 2**63 - 1)
    n, sizes = task.n_bits, {"n_units": task.n_units}
    for name, value in (("w", w), ("alpha", alpha)):
        _checks.floating(name, _checks.tensor(name, value, "n_units n_units", sizes))
        _checks.finite(name, _checks.held(name, value))
    fixed, plastic = w[:n, :n], alpha[:n, :n]
    others = fixed[~torch.eye(n, dtype=torch.bool)]
    numbers = {
        "w_diagonal_mean": fixed.diagonal().mean(),
        "w_diagonal_std": fixed.diagonal().std(),
        "w_others_mean": others.mean(),
        "w_others_std": others.std(),
        "alpha_mean": plastic.mean(),
        "alpha_std": plastic.std(),
        "alpha_rank": participation_ratio(plastic),
    }
    cut = analysis.ablations(w, alpha, torch.Generator().manual_seed(seed))
    costs = {
        name: short(measure(*pair, eta, task, episodes, seed).erased) for name, pair in cut.items()
    }
    return {name: short(value) for name, value in numbers.items()} | {"ablations": costs}


def since(
    errors: list[float], batch: int, n_bits: int, share: float = 0.01, bits: int = 10_000
) -> int | None:
    """Return after how many episodes the mean error of the last so many bits first was below a
    share; None if it never was.
    """
    for name, count in (("batch", batch), ("n_bits", n_bits), ("bits", bits)):
        _checks.integer(name, count)
    _checks.number("share", share, 0, 1)
    if not isinstance(errors, list):
        raise TypeError(f"errors must be a list of shares, got {_checks.got(errors)}")
    for one in errors:
        _checks.number("errors", one, 0, 1)
    run_of = -(-bits // (batch * n_bits))  # updates
    means = (
        np.convolve(errors, np.ones(run_of) / run_of, "valid")
        if len(errors) >= run_of
        else np.array([])
    )
    below = np.flatnonzero(means < share)
    return batch * (int(below[0]) + run_of) if len(below) else None
