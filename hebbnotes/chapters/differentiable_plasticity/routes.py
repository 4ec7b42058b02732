"""Where an error is left, and by which route it goes: two patterns of 50 bits, one episode for each
update, with further units, other rates and other ways to train eta.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hebbnotes import _checks, tasks
from hebbnotes.chapters.differentiable_plasticity.autopsy import since
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, short
from hebbnotes.learning import training
from hebbnotes.networks import PlasticRNN, State, run

__all__ = ["LEAN", "ROUTES", "Route", "RouteNetwork", "lesions", "padded", "run_cut"]

LEAN = 0.6
"""How strongly each bit is made to lean against itself at test time, in one of the lesions."""
ONCE: dict[str, Any] = tasks.ONCE
TASK = tasks.PatternCompletion(50, 2, **ONCE)


@dataclass(frozen=True, kw_only=True)
class Route:
    """Configuration of a plastic network on two patterns of 50 bits, and of how it is trained.

    ``n_units`` beyond the 51 that the task shows something are always free. Of ``eta`` a "logit" is
    trained, the number itself ("raw"), or nothing ("fixed"). ``diagonal`` multiplies the learning
    rate of each unit's weight from itself; with 0 it stays as it is. ``cut`` takes the trace out
    of autograd's record.
    """

    n_units: int = 51
    eta: str = "logit"
    first_eta: float = 0.01
    diagonal: float = 1.0
    cut: bool = False
    lr: float = 3e-4
    anneal: bool = False
    batch: int = 1
    updates: int = 2_500
    block: int = 100
    test_episodes: int = 1_000


def padded(x: Tensor, n_units: int) -> Tensor:
    """Return inputs or clamp (T, B, n) for further units (T, B, n_units), that get nothing."""
    return nn.functional.pad(x, (0, n_units - x.shape[-1]))


def run_cut(
    inputs: Tensor, w: Tensor, alpha: Tensor, eta: Tensor, clamp: Tensor
) -> tuple[Tensor, Tensor]:
    """Run an episode whose trace is detached at every step: what was written is taken as given.

    Returns the last output (B, n), and the trace (B, n, n).
    """
    y = torch.zeros_like(inputs[0])
    hebb = y.new_zeros(*y.shape, y.shape[-1])
    for x, held in zip(inputs, clamp, strict=True):
        pre = y
        drive = pre @ w + (pre.unsqueeze(1) @ (alpha * hebb)).squeeze(1) + x
        y = torch.where(held, x, torch.tanh(drive))
        hebb = (eta * pre.unsqueeze(2) * y.unsqueeze(1) + (1 - eta) * hebb).detach()
    return y, hebb


class RouteNetwork(nn.Module):
    """A plastic network with all that a :class:`Route` may ask for."""

    began: Tensor

    def __init__(self, chosen: Route, generator: torch.Generator) -> None:
        super().__init__()
        self.chosen = chosen
        _checks.generator(generator)
        # drawn as those of the other experiments, so that the same seed begins alike
        drawn = PlasticRNN(
            chosen.n_units,
            eta=chosen.first_eta,
            learn_eta=chosen.eta == "logit",
            generator=generator,
            device=generator.device,
        )
        self.w, self.alpha = drawn.w, drawn.alpha
        self.drawn = drawn
        if chosen.eta == "raw":
            self.eta_raw = nn.Parameter(drawn.eta.detach().clone())
        self.register_buffer("began", drawn.w.detach().diagonal().clone())

    @property
    def eta(self) -> Tensor:
        """The rate at which the trace is written, a scalar in [0, 1]."""
        return self.eta_raw.clamp(0, 1) if self.chosen.eta == "raw" else self.drawn.eta

    @property
    def fixed(self) -> Tensor:
        """Fixed weights (n, n): those on the diagonal have gone so many times as far from their
        start as their parameters have, so that Adam moves them at so many times the rate.
        """
        if self.chosen.diagonal == 1:
            return self.w
        further = (self.chosen.diagonal - 1) * (self.w.diagonal() - self.began)
        return self.w + torch.diag(further)

    def forward(self, inputs: Tensor, clamp: Tensor) -> tuple[Tensor, Tensor]:
        """Run an episode of the 51 units, inputs and clamp (T, B, 51): the last output
        (B, n_units), and the trace.
        """
        inputs, clamp = (padded(x, self.chosen.n_units) for x in (inputs, clamp))
        numbers = self.fixed, self.alpha, self.eta
        if self.chosen.cut:
            return run_cut(inputs, *numbers, clamp)
        output, state = run(inputs, *numbers, clamp=clamp)
        return output[-1], state.hebb


def train_route(trial: Trial, chosen: Route) -> tuple[Numbers, Weights]:
    """Train a network, and split its errors by which pattern is asked for."""
    g = trial.generator()
    network = RouteNetwork(chosen, g)

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        episodes = TASK.sample(chosen.batch, g)
        y = network(episodes.inputs, episodes.clamp)[0]
        wrong = tasks.errors(y.detach(), episodes).erased
        squared = (y[:, : TASK.n_bits] - episodes.answer).square() * episodes.erased
        first = episodes.order[:, 0] == episodes.target
        return (
            squared.sum(-1).mean(),
            {
                "erased": wrong.mean().item(),
                "first": wrong[first].mean().item(),  # NaN if it was not asked for
                "last": wrong[~first].mean().item(),
                "eta": network.eta.item(),
                "w_diagonal": network.fixed.diagonal()[: TASK.n_bits].mean().item(),
            },
        )

    options: dict[str, Any] = {"schedule": training.cosine if chosen.anneal else training.constant}
    parameters = [*network.parameters()]
    history = trial.train(parameters, loss, chosen.updates, g, lr=chosen.lr, **options)
    all_bits = [wrong * TASK.n_erased / TASK.n_bits for wrong in history.metrics["erased"]]
    ends = range(chosen.block, chosen.updates + 1, chosen.block)
    return {
        "trained_numbers": sum(p.numel() for p in parameters),
        "episodes": [chosen.batch * end for end in ends],
        **{name: _means(values, chosen.block) for name, values in history.metrics.items()},
        "episodes_to_1_percent": since(all_bits, chosen.batch, TASK.n_bits),
        **(_published(all_bits) if chosen.batch == 1 else {}),
    }, {
        "w": network.fixed.detach(),
        "alpha": network.alpha.detach(),
        "eta": network.eta.detach(),
    }


def _means(values: list[float], block: int) -> list[float | None]:
    """Return the means over whole blocks of what is there; None where nothing is."""
    found = np.array(values[: len(values) // block * block]).reshape(-1, block)
    return [None if np.isnan(one).all() else short(np.nanmean(one)) for one in found]


def _published(all_bits: list[float], until: int = 2_000, window: int = 250) -> Numbers:
    """Return what can be set beside the paper: the mean error of the last 250 of the first 2,000
    episodes, the lowest such mean before, and the lowest of all.
    """
    means = np.convolve(all_bits, np.ones(window) / window, "valid")
    if not len(means):
        return {}
    before = means[: until - window + 1]
    return {
        "all_bits_at_2000": short(before[-1]),
        "all_bits_lowest_before": short(before.min()),
        "all_bits_lowest": short(means.min()),
        "lowest_at": int(means.argmin()) + window,
    }


def lesions(n_units: int) -> dict[str, Callable[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]]:
    """Return, by name, what is done to a trained network at test time.

    Each maps ``w`` and ``alpha`` (n, n) and the activity ``y`` (B, n) just before the cue to new
    ones. ``intact``; ``wiped``: no activity but that of the bias unit; ``leaning``: each bit leans
    against itself; with further units also ``bits wiped``, ``others wiped``, and ``others
    removed``, which cuts all their connections.
    """
    n, shown = TASK.n_bits, TASK.n_units
    bits, others = torch.arange(n_units) < n, torch.arange(n_units) >= shown
    found: dict[str, Callable[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]] = {
        "intact": lambda w, alpha, y: (w, alpha, y),
        "wiped": lambda w, alpha, y: (w, alpha, y.masked_fill(bits | others, 0)),
        "leaning": lambda w, alpha, y: (w - LEAN * torch.diag(bits.to(w)), alpha, y),
    }
    if not others.any():
        return found
    among = ~(others[:, None] | others[None, :])
    return found | {
        "bits wiped": lambda w, alpha, y: (w, alpha, y.masked_fill(bits, 0)),
        "others wiped": lambda w, alpha, y: (w, alpha, y.masked_fill(others, 0)),
        "others removed": lambda w, alpha, y: (w * among, alpha * among, y),
    }


def score_route(weights: Weights, seed: int, chosen: Route) -> Numbers:
    """Test a network as it is and after each lesion, split by which pattern is asked for."""
    w, alpha, eta = (weights[k] for k in ("w", "alpha", "eta"))
    test = TASK.sample(chosen.test_episodes, torch.Generator().manual_seed(10_000 + seed))
    first = test.order[:, 0] == test.target
    found = {}
    for name, lesion in lesions(chosen.n_units).items():
        answers = []
        for rows in torch.arange(chosen.test_episodes).split(max(1, 2**24 // len(w) ** 2)):
            inputs, clamp = (padded(x[:, rows], len(w)) for x in (test.inputs, test.clamp))
            answers.append(_answer(inputs, clamp, (w, alpha, eta), lesion))
        wrong = tasks.errors(torch.cat(answers), test).erased
        split = {"first": wrong[first], "last": wrong[~first], "all": wrong}
        found[name] = {key: short(its.mean()) for key, its in split.items() if len(its)}
    n = TASK.n_bits
    return {
        "test_erased": found["intact"]["all"],
        "test_all_bits": short(found["intact"]["all"] * TASK.n_erased / n),
        "test_bits": chosen.test_episodes * n,
        "lesions": found,
        "last_eta": short(eta),
        "w_diagonal_mean": short(w[:n, :n].diagonal().mean()),
        "alpha_mean": short(alpha[:n, :n].mean()),
    }


def _answer(
    inputs: Tensor,
    clamp: Tensor,
    numbers: tuple[Tensor, Tensor, Tensor],
    lesion: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, ...]],
) -> Tensor:
    """Return the last output (B, n) of a network that is changed: its weights from the start, its
    activity before the cue.
    """
    w, alpha, eta = numbers
    cue = len(inputs) - TASK.steps_test
    with torch.no_grad():
        w, alpha, _ = lesion(w, alpha, inputs[0])
        _, state = run(inputs[:cue], w, alpha, eta, clamp=clamp[:cue])
        y = lesion(w, alpha, state.y)[2]
        output, _ = run(inputs[cue:], w, alpha, eta, state=State(y, state.hebb), clamp=clamp[cue:])
    return output[-1]


def _route(about: str, chosen: Route, **options: Any) -> Experiment[Any]:
    slow = {"slow": replace(chosen, lr=chosen.lr / 10, updates=2 * chosen.updates)}
    return Experiment(
        about,
        train_route,
        score_route,
        chosen,
        "test_all_bits",
        "share of all bits that are wrong",
        at_least=0.0,
        also={
            "episodes_to_1_percent": "training episodes until fewer than 1 % of the last 10,000 "
            "bits were wrong"
        },
        **{"scales": slow} | options,
    )


def _units(n_units: int, eta: str, **options: Any) -> Experiment[Any]:
    told = {"raw": "eta itself", "logit": "the logit of eta"}[eta]
    tested: dict[str, Any] = {"test_episodes": 200} if n_units > 1_000 else {}
    return _route(
        f"{n_units:,} plastic units on 2 patterns of 50 bits, an episode for each update, and "
        f"{told} trained",
        Route(n_units=n_units, eta=eta, **tested, **options.pop("route", {})),
        paper=("Figure 3",),
        difference="units clamped; plastic connections of units to themselves, which the program "
        "of April 2018 takes away after each update; the number of further units and what is "
        "trained of eta as named, while the paper tells of neither",
        **options,
    )


ROUTES: dict[str, Experiment[Any]] = {
    "units-51-logit": _units(51, "logit", route={"updates": 10_000}),
    "units-51-raw": _units(51, "raw"),
    "units-251-logit": _units(251, "logit"),
    "units-251-raw": _units(251, "raw"),
    "units-2051-raw": _units(2_051, "raw", seeds=(0, 1, 2)),
    "units-2051-logit": _units(2_051, "logit", seeds=(0, 1, 2), stored=()),
    "units-51-held": _route(
        "51 units as above, with each unit's weight from itself held where it began",
        Route(diagonal=0.0),
    ),
    "units-51-diagonal": _route(
        "51 units as above, with ten times the learning rate for a unit's weight from itself",
        Route(diagonal=10.0),
    ),
    "trace-cut": _route(
        "51 plastic units trained as on the page, with the trace cut out of the gradient",
        Route(
            eta="fixed",
            first_eta=0.03,
            cut=True,
            lr=1e-2,
            anneal=True,
            batch=32,
            updates=400,
            block=20,
        ),
        scales={},
    ),
}
"""Experiments on the route of training, by name."""
