"""Does settling before learning help: where outputs go, learning one by one, and forgetting."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from hebbnotes.chapters.credit_assignment import rules
from hebbnotes.chapters.credit_assignment.trained.networks import (
    Learner,
    Net,
    changed,
    forward,
    outgoing,
    rates,
    several,
)
from hebbnotes.chapters.credit_assignment.trained.trials import (
    Choice,
    Table,
    begun,
    digits,
    errors,
    kept,
    trained,
)
from hebbnotes.chapters.credit_assignment.trained.ways import Settling, Sweep
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short
from hebbnotes.plasticity.rules import Cells

__all__ = ["Prospective", "Scaled", "Whitened", "towards", "train_prospective", "whitening"]


def whitening(net: Net, cells: list[Cells]) -> Tensor:
    """Return ``S = sum over l of P_l' P_l`` for each example, (S, B, n_out, n_out).

    P_l is what the activity of layer l does to the outputs, through the cells that are active.
    """
    through = torch.eye(cells[-1].rate.shape[-1]).to(cells[-1].rate)
    through = through.expand(*cells[-1].rate.shape[:2], -1, -1)
    total = through.mT @ through
    for layer in range(len(net.weights) - 1, 0, -1):
        on = rules.gate(cells[layer].drive).unsqueeze(-1)
        through = on * (outgoing(net.weights[layer]).unsqueeze(1) @ through)
        total = total + through.mT @ through
    return total


@dataclass(frozen=True)
class Whitened(Sweep):
    """Backpropagation of the whitened error: predictive coding without settling, for small errors.

    Source: eq-whitened-error; Innocenti and others (2024).
    """

    def errors(self, net: Net, cells: list[Cells], target: Tensor) -> list[Cells]:
        """Return the cells with what each is told."""
        e = target - cells[-1].rate
        return super().errors(net, cells, cells[-1].rate + self.sent(net, cells, e))

    def sent(self, net: Net, cells: list[Cells], error: Tensor) -> Tensor:
        """Return the error that is sent down."""
        return torch.linalg.solve(whitening(net, cells), error.unsqueeze(-1)).squeeze(-1)


@dataclass(frozen=True)
class Scaled(Whitened):
    """Backpropagation of an error as long as the whitened one: the control of its length."""

    def sent(self, net: Net, cells: list[Cells], error: Tensor) -> Tensor:
        """Return the error that is sent down."""
        white = super().sent(net, cells, error)
        return error * (white.norm(dim=-1) / error.norm(dim=-1).clamp(min=1e-12)).unsqueeze(-1)


@dataclass(frozen=True, kw_only=True)
class Prospective:
    """Configuration of what settling before learning buys.

    Attributes
    ----------
    deep : dict
        Of each depth, by name, the choice with which networks are trained by backpropagation
        before it is measured where one step takes their outputs.
    table : Table
        What they are trained on, and for how long.
    rates : tuple of float
        Of networks with two hidden layers that learn one picture at a time.
    steps : int
        Pictures that such a network learns.
    longest : int
        Pictures of new classes that it learns after ``steps`` of old ones, at most.
    level : float
        Share of wrong answers on new classes at which forgetting is measured.
    settling : int
        Steps of settling, each of a fifth of what is missing.
    """

    deep: dict[str, Choice]
    table: Table
    rates: tuple[float, ...]
    steps: int = 2400
    longest: int = 1200
    level: float = 0.2
    settling: int = 50

    def ways(self) -> dict[str, Learner]:
        """Return what is compared."""
        return {
            "backpropagation": Sweep(),
            "scaled error": Scaled(),
            "whitened error": Whitened(),
            "predictive coding": Settling(self.settling),
        }


def towards(learner: Learner, net: Net, x: Tensor, target: Tensor, rate: float) -> Tensor:
    """Return the cosine of where a step for one example takes its outputs with its error, (B,).

    ``net`` is one network, and each of the B examples changes a copy of its own.
    """
    copies = several(net, len(x))
    x, target = x.unsqueeze(1), target.unsqueeze(1)
    before = forward(copies.weights, x)[-1].rate
    dw = changed(learner, copies, x, target, 0)
    after = forward([w + rate * d for w, d in zip(copies.weights, dw, strict=True)], x)[-1].rate
    return torch.nn.functional.cosine_similarity(after - before, target - before, dim=-1)[:, 0]


def train_prospective(trial: Trial, chosen: Prospective) -> tuple[Numbers, Weights]:
    """Measure where outputs go by depth; the error after learning one by one, and the forgetting.

    ``forgotten`` has, of each way and rate, the error on old classes before and when that on new
    ones had first fallen to the level, and after how many pictures; without it, where it never did.
    """
    trial.on_cpu("these networks are small")
    numbers: Numbers = {"towards": {}, "online": {}, "forgotten": {}}
    for depth, choice in chosen.deep.items():
        part = partial(_deep, trial, chosen, depth, choice)
        numbers["towards"][depth] = kept(trial, f"depth {depth}", part)
    for name, learner in chosen.ways().items():
        for what, measure in (("online", _online), ("forgotten", _forgotten)):
            part = partial(measure, trial, chosen, name, learner)
            numbers[what][name] = kept(trial, f"{what}, {name}", part)
    return numbers, {}


def _deep(trial: Trial, chosen: Prospective, depth: str, choice: Choice) -> Numbers:
    learner, net = begun(trial, chosen.table, depth, "backpropagation", (choice,))
    output, ratio, _ = torch.tensor([choice]).T

    def after(done: int) -> None:
        trial.tell(f"depth {depth}", done - 1, chosen.table.steps)

    rate = rates(output, ratio, len(net.weights))
    trained(learner, net, rate, chosen.table, trial.generator(), after)
    x, labels = (part[:100] for part in digits("digits").test)  # nothing is chosen by them
    target = torch.nn.functional.one_hot(labels, 10).to(x)
    ways = chosen.ways() | {"predictive coding": Settling(2000, 0.1)}
    return {name: short(towards(way, net, x, target, 1e-3).mean()) for name, way in ways.items()}


def _beside(chosen: Prospective, seed: int) -> tuple[Net, list[Tensor]]:
    """Return networks with two hidden layers, one for each rate."""
    net = Sweep().begin((64, 64, 64, 10), torch.Generator().manual_seed(1000 + seed))
    net = Sweep().scaled(several(net, len(chosen.rates)), torch.ones(len(chosen.rates)))
    rate = torch.tensor(chosen.rates)
    return net, rates(rate, torch.ones_like(rate), 3)


def _one_by_one(
    learner: Learner, net: Net, rate: list[Tensor], pictures: tuple[Tensor, Tensor], order: Tensor
) -> None:
    """Learn from pictures, one at a time, in place."""
    x, labels = pictures
    target = torch.nn.functional.one_hot(labels, 10).to(x)
    for k in order.tolist():
        learner.step(net, x[k : k + 1], target[k : k + 1], rate, torch.Generator())


def _unseen(chosen: Prospective) -> tuple[Tensor, Tensor]:
    """Return the digits by which rates are chosen, or those by which the chosen are judged."""
    its = digits("digits")
    return its.validation if chosen.table.validation else its.test


@torch.no_grad()
def _online(trial: Trial, chosen: Prospective, name: str, learner: Learner) -> Numbers:
    net, rate = _beside(chosen, trial.seed)
    pictures = digits("digits")
    order = torch.randint(len(pictures.train[0]), (chosen.steps,), generator=trial.generator())
    for done, part in enumerate(order.split(100)):
        trial.tell(f"online, {name}", 100 * done, chosen.steps)
        _one_by_one(learner, net, rate, pictures.train, part)
    wrong = errors(learner, net, *_unseen(chosen))
    return {f"{r:g}": short(e) for r, e in zip(chosen.rates, wrong, strict=True)}


@torch.no_grad()
def _forgotten(trial: Trial, chosen: Prospective, name: str, learner: Learner) -> Numbers:
    net, rate = _beside(chosen, trial.seed)
    drawn, pictures = trial.generator(), digits("digits")
    old, new = (
        [(x[labels < 5], labels[labels < 5]), (x[labels >= 5], labels[labels >= 5])]
        for x, labels in (pictures.train, _unseen(chosen))
    )
    (old_train, new_train), (old_test, new_test) = old, new
    order = torch.randint(len(old_train[0]), (chosen.steps,), generator=drawn)
    _one_by_one(learner, net, rate, old_train, order)
    before = errors(learner, net, *old_test)
    order = torch.randint(len(new_train[0]), (chosen.longest,), generator=drawn)
    found: Numbers = {}
    for done, part in enumerate(order.split(10)):
        trial.tell(f"forgotten, {name}", 10 * done, chosen.longest)
        _one_by_one(learner, net, rate, new_train, part)
        wrong = errors(learner, net, *new_test)
        for k, r in enumerate(chosen.rates):
            if wrong[k] <= chosen.level and f"{r:g}" not in found:
                lost = errors(learner, net, *old_test)[k]
                found[f"{r:g}"] = {
                    "before": short(before[k]),
                    "after": short(lost),
                    "pictures": 10 * (done + 1),
                }
    return found
