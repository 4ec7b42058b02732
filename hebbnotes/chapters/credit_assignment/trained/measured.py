"""How a way to learn goes with the gradient, what that costs it, and where outputs go by a step."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from hebbnotes.chapters.credit_assignment import rules, theory
from hebbnotes.chapters.credit_assignment.trained.networks import (
    Learner,
    Net,
    changed,
    forward,
    outgoing,
    rates,
    with_one,
)
from hebbnotes.chapters.credit_assignment.trained.trials import (
    Choice,
    Table,
    begun,
    digits,
    kept,
    trained,
)
from hebbnotes.chapters.credit_assignment.trained.ways import WAYS, Sweep
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short

__all__ = ["Priced", "bends", "compared", "tangent", "train_priced"]


def tangent(weights: Sequence[Tensor], x: Tensor, dw: Sequence[Tensor]) -> Tensor:
    """Return how outputs move, to first order, as weights move by ``dw``: (S, B, n_out)."""
    cells = forward(list(weights), x)
    moved = torch.zeros_like(x)
    for layer, (w, d) in enumerate(zip(weights, dw, strict=True)):
        drive = moved @ outgoing(w) + with_one(cells[layer].rate) @ d
        moved = drive if layer == len(weights) - 1 else rules.gate(cells[layer + 1].drive) * drive
    return moved


def bends(weights: Sequence[Tensor], x: Tensor, dw: Sequence[Tensor]) -> Tensor:
    """Return ``f' H f`` of each network, with the Gauss-Newton curvature of the mean loss, (S,)."""
    return tangent(weights, x, dw).square().sum(-1).mean(-1)


def compared(
    learner: Learner, net: Net, batches: list[tuple[Tensor, Tensor]], draws: int
) -> dict[str, float]:
    """Compare what a way to learn does to hidden layers with the gradient of the same batch.

    Returns
    -------
    dict
        ``cosine``, a mean over batches and draws of its chance, and ``price``: see
        :func:`.measured_price`.
    """
    along, bent, own, own_bent, cosines = [], [], [], [], []
    for k, (x, target) in enumerate(batches):
        g = [*changed(Sweep(), net._replace(back=[]), x, target, 0)[:-1]]
        flat = torch.cat([d.flatten() for d in g])
        none = torch.zeros_like(net.weights[-1])
        own.append(flat @ flat)
        own_bent.append(bends(net.weights, x, [*g, none])[0])
        for draw in range(draws):
            f = changed(learner, net, x, target, 1000 * k + draw)[:-1]
            f_flat = torch.cat([d.flatten() for d in f])
            along.append(flat @ f_flat)
            bent.append(bends(net.weights, x, [*f, none])[0])
            cosines.append(along[-1] / (own[-1].sqrt() * f_flat.norm() + 1e-30))
    parts = (torch.stack(part) for part in (along, bent, own, own_bent))
    price = theory.measured_price(*parts)
    return {
        "cosine": short(torch.stack(cosines).mean()),
        "price": short(price) if price < 1e9 else -1.0,
    }


@dataclass(frozen=True, kw_only=True)
class Priced:
    """Configuration of cosines and prices.

    Attributes
    ----------
    table : Table
        What is trained: of each shape and way to learn, one choice.
    at : tuple of int
        After how many steps it is measured.
    batches, draws : int
        How many batches of the training's size, and of each how many draws of chance.
    by : str
        A way to learn that is measured in all networks; by default each in those it has trained.
    """

    table: Table
    at: tuple[int, ...] = (300,)
    batches: int = 24
    draws: int = 8
    by: str = ""


CHANCY = ("node perturbation", "weight perturbation", "REINFORCE")
"""Ways whose steps depend on chance."""


def train_priced(trial: Trial, chosen: Priced) -> tuple[Numbers, Weights]:
    """Train each way to learn, and compare it with the gradient on the way.

    A price of -1 stands for one that is not finite: the steps do not go with the gradient.
    """
    trial.on_cpu("these networks are small")
    numbers: Numbers = {"sight": {shape: {} for shape in chosen.table.arms}}
    for shape, ways in chosen.table.arms.items():
        for name, (choice,) in ways.items():
            found = kept(
                trial, f"{shape}, {name}", partial(_priced, trial, chosen, shape, name, choice)
            )
            numbers["sight"][shape][name] = found
    return numbers, {}


def _priced(trial: Trial, chosen: Priced, shape: str, name: str, choice: Choice) -> Numbers:
    table = chosen.table
    learner, net = begun(trial, table, shape, name, (choice,))
    x, labels = digits(table.data).train
    target = torch.nn.functional.one_hot(labels, 10).to(x)
    g = torch.Generator().manual_seed(5000 + trial.seed)
    drawn = [torch.randint(len(x), (table.batch,), generator=g) for _ in range(chosen.batches)]
    batches = [(x[k], target[k]) for k in drawn]
    by = WAYS[chosen.by or name]
    draws = chosen.draws if (chosen.by or name) in CHANCY else 1
    found: Numbers = {}

    def after(done: int) -> None:
        trial.tell(f"{shape}, {name}", done - 1, table.steps)
        if done in chosen.at:
            found[str(done)] = compared(by, net, batches, draws)

    output, ratio, _ = torch.tensor([choice]).T
    rate = rates(output, ratio, len(net.weights))
    trained(learner, net, rate, table, trial.generator(), after)
    return found
