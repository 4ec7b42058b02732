"""Layers of rectified cells with linear outputs, many networks at once.

S networks lie beside each other: weights are (S, n + 1, n_above), of which the last row leads from
a cell that is always 1, the bias; activities are (S, B, n). All see the same batch, and the same
noise. Each way to learn is a class with ``begin`` and ``step``.
"""

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.credit_assignment.rules import Told
from hebbnotes.plasticity.rules import Cells
from hebbnotes.plasticity.stepper import pick

__all__ = [
    "Layers",
    "Learner",
    "Net",
    "begin",
    "changed",
    "fell",
    "forward",
    "loss",
    "normal",
    "outgoing",
    "rates",
    "several",
    "with_one",
    "write",
]


class Net(NamedTuple):
    """S networks of L layers above the input.

    Attributes
    ----------
    weights : list of Tensor
        L of them, (S, n + 1, n_above).
    back : list of Tensor
        What else a way to learn needs for each hidden layer: feedback weights, an inverse, a
        read-out. It may be empty.
    """

    weights: list[Tensor]
    back: list[Tensor]

    def clone(self) -> "Net":
        """Return a copy."""
        return Net([w.clone() for w in self.weights], [b.clone() for b in self.back])


class Learner:
    """A way to learn; a class of its own says how it begins, learns and answers."""

    def begin(self, sizes: tuple[int, ...], generator: torch.Generator) -> Net:
        """Return one network, S = 1, of layers of so many cells, the input first."""
        return self._begin(sizes, _checks.generator(generator))

    def scaled(self, net: Net, scales: Tensor) -> Net:
        """Return networks that begin with weights so many times those of each of S."""
        return net._replace(weights=[w * scales.view(-1, 1, 1) for w in net.weights])

    def answers(self, net: Net, x: Tensor) -> Tensor:
        """Return a score for each label, (S, B, n_out)."""
        return forward(net.weights, x)[-1].rate

    def step(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        """Learn from a batch x (B, n), target (B, n_out), in place, each layer at its rate (S,)."""
        self._learn(net, x, target, rate, _checks.generator(generator))

    def _begin(self, sizes: tuple[int, ...], generator: torch.Generator) -> Net:
        return begin(sizes, generator)

    def _learn(
        self, net: Net, x: Tensor, target: Tensor, rate: list[Tensor], generator: torch.Generator
    ) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how it learns: write _learn")


@dataclass(frozen=True)
class Layers(Learner):
    """Ways to learn in layers of rectified cells."""

    def scaled(self, net: Net, scales: Tensor) -> Net:
        """Return networks whose hidden weights are so many times those of each of S; outputs begin
        at 0.
        """
        begun = super().scaled(net, scales)
        return begun._replace(weights=[*begun.weights[:-1], torch.zeros_like(net.weights[-1])])


def normal(n_pre: int, n_post: int, gain: float, generator: torch.Generator) -> Tensor:
    """Return weights of variance ``gain / n_pre``, (1, n_pre, n_post)."""
    _checks.generator(generator)
    return torch.randn(1, n_pre, n_post, generator=generator) * math.sqrt(gain / n_pre)


def begin(sizes: tuple[int, ...], generator: torch.Generator, scale: float = 1.0) -> Net:
    """Return one network, of He's normal weights (2015) times ``scale``, and biases of 0."""
    _checks.generator(generator)
    weights = []
    for n_pre, n_post in itertools.pairwise(sizes):
        w = scale * normal(n_pre, n_post, 2.0, generator)
        weights.append(torch.cat([w, w.new_zeros(1, 1, n_post)], 1))
    return Net(weights, [])


def several(net: Net, n: int) -> Net:
    """Return a network so many times."""
    return Net(*([t.repeat(n, 1, 1) for t in part] for part in net))


def rates(output: Tensor, ratio: Tensor, layers: int) -> list[Tensor]:
    """Return the rate of each layer: that of the output, and that times a ratio below it."""
    return [output * ratio] * (layers - 1) + [output]


def with_one(rate: Tensor) -> Tensor:
    """Return activity and, last, a cell that is always 1."""
    return torch.nn.functional.pad(rate, (0, 1), value=1.0)


def outgoing(w: Tensor) -> Tensor:
    """Return weights without those of the bias."""
    return w[..., :-1, :]


def forward(weights: list[Tensor], x: Tensor, noise: list[Tensor] | None = None) -> list[Cells]:
    """Run the layers: the input, hidden ones, outputs; their errors are 0.

    Parameters
    ----------
    weights : list of Tensor, (S, n + 1, n_above)
    x : Tensor, (B, n) or (S, B, n)
    noise : list of Tensor, optional, what is added to the drive of each hidden layer
    """
    cells = [Cells(x, x, x)]
    for layer, w in enumerate(weights):
        drive = torch.matmul(with_one(cells[-1].rate), w)
        last = layer == len(weights) - 1
        if noise is not None and not last:
            drive = drive + noise[layer]
        cells.append(Cells(drive if last else torch.relu(drive), drive, torch.zeros_like(drive)))
    return cells


def loss(outputs: Tensor, target: Tensor) -> Tensor:
    """Return half the squared error of each example, (..., B)."""
    return (target - outputs).square().sum(-1) / 2


def write(
    rule: Told, w: Tensor, pre: Tensor, post: Tensor, rate: Tensor, **supplied: Tensor
) -> None:
    """Change weights in place by a rule's mean over a batch: ``w += rate * mean(dw)``.

    Parameters
    ----------
    rule : Told
    w : Tensor, (S, n_pre, n_post)
    pre : Tensor, (B, n_pre) or (S, B, n_pre)
    post : Tensor, (S, B, n_post)
    rate : Tensor, (S,)
    **supplied : Tensor, what the rule may declare, (S, B, n_post); a modulator may be (S, B)
    """
    signal = rule.signal(post, **pick(rule, post, supplied))
    if rule.forget:
        w.mul_((1 - rate * rule.forget).view(-1, 1, 1))
    several = pre.mT.expand(len(w), -1, -1)
    w.baddbmm_(several, signal * (rate / signal.shape[-2]).view(-1, 1, 1))


def fell(clean: list[Cells], noisy: list[Cells], target: Tensor) -> Tensor:
    """Return by how much noise made the loss of each example fall, (S, B)."""
    return loss(clean[-1].rate, target) - loss(noisy[-1].rate, target)


def changed(learner: Learner, net: Net, x: Tensor, target: Tensor, seed: int) -> list[Tensor]:
    """Return the step that a way to learn takes at a rate of 1, without taking it."""
    new, one = net.clone(), torch.ones(len(net.weights[0]), dtype=x.dtype)
    g = torch.Generator().manual_seed(seed)
    learner.step(new, x, target, [one] * len(net.weights), g)
    return [a - b for a, b in zip(new.weights, net.weights, strict=True)]
