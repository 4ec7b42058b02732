"""What trained numbers are worth on fresh episodes, what they look like, and what each part of them
is worth; and small networks that are trained to be opened.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hebbnotes import _checks, tasks
from hebbnotes.analysis import participation_ratio
from hebbnotes.chapters.differentiable_plasticity import analysis
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, short
from hebbnotes.learning import training
from hebbnotes.networks import PlasticRNN, run

__all__ = ["SMALL", "autopsy", "blind_to_size", "measure", "since"]


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


def blind_to_size(y: Tensor, episodes: tasks.Episodes) -> Tensor:
    """Return of each episode 1 - the cosine of what is said (B, n_units) and what is right, over
    the erased bits: 0 if they differ by a positive factor, 2 by a negative one. Shape (B,).
    """
    erased = episodes.erased.to(y.dtype)
    said = y[:, : erased.shape[1]] * erased
    return 1 - nn.functional.cosine_similarity(said, episodes.answer * erased, dim=1)


@dataclass(frozen=True, kw_only=True)
class SmallNetworks:
    """Configuration of 51 units that are trained until they recall well."""

    n_patterns: int
    lr: float = 1e-2
    batch: int = 32
    updates: int = 2_000
    test_episodes: int = 200


@dataclass(frozen=True, kw_only=True)
class BlindNetworks(SmallNetworks):
    """Configuration of the same, trained by :func:`blind_to_size`."""

    loss: str = "1 - cosine"


def _fifty(n_patterns: int) -> tasks.PatternCompletion:
    schedule: dict[str, Any] = tasks.ONCE
    return tasks.PatternCompletion(50, n_patterns, **schedule)


def train_small_networks(trial: Trial, chosen: SmallNetworks) -> tuple[Numbers, Weights]:
    """Train 51 units until they recall well."""
    task, g = _fifty(chosen.n_patterns), trial.generator()
    network = PlasticRNN(task.n_units, eta=0.03, generator=g, device=g.device)

    def blind(update: int) -> tuple[Tensor, dict[str, float]]:
        shown = task.sample(chosen.batch, g)
        y = network(shown.inputs, clamp=shown.clamp)[0][-1]
        return blind_to_size(y, shown).mean(), {}

    squared = tasks.recall_loss(network, task, chosen.batch, g)
    loss = blind if isinstance(chosen, BlindNetworks) else squared
    options: dict[str, Any] = {"lr": chosen.lr, "schedule": training.cosine}
    trial.train(network.parameters(), loss, chosen.updates, g, **options)
    return {"eta": short(network.eta)}, {"w": network.w, "alpha": network.alpha, "eta": network.eta}


def score_small_networks(weights: Weights, seed: int, chosen: SmallNetworks) -> Numbers:
    """Test 51 units, and open them."""
    task, episodes = _fifty(chosen.n_patterns), chosen.test_episodes
    w, alpha, eta = (weights[k] for k in ("w", "alpha", "eta"))
    wrong = measure(w, alpha, eta, task, episodes, 10_000 + seed)
    opened = autopsy(w, alpha, eta, task, episodes, 20_000 + seed)
    return {"test_erased": short(wrong.erased)} | opened


def _small(about: str, chosen: SmallNetworks, **options: Any) -> Experiment[Any]:
    return Experiment(
        about,
        train_small_networks,
        score_small_networks,
        chosen,
        "test_erased",
        "share of the erased bits that are wrong",
        at_least=0.0,
        **options,
    )


SMALL: dict[str, Experiment[Any]] = {
    f"small-networks-{p}": _small(
        f"51 plastic units trained on {p} patterns of 50 bits, to be opened",
        SmallNetworks(n_patterns=p),
        keep=(0, 1, 2, 3, 4),
        scales={"notebook": SmallNetworks(n_patterns=p)},
    )
    for p in (2, 3, 5)
}
SMALL["small-networks-5-blind"] = _small(
    "the same on 5 patterns, trained by a loss that is blind to the size of an answer",
    BlindNetworks(n_patterns=5),
)
"""Experiments on small networks, by name."""
