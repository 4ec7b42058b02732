"""Several networks of one shape, trained side by side: each as if it were alone.

Their numbers lie in one tensor (S, N), a row for each network. A network's learning rate is the
unit in which its numbers are measured: Adam's steps do not depend on the size of a gradient, so
that a step of 1 in units of the rate is a step of the rate.
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.experiments.experiment import Trial
from hebbnotes.learning import training

__all__ = ["Course", "Params", "Stack", "descend", "normal", "parted", "shortened"]

Params = dict[str, Tensor]
"""What is trained, by name; of several networks with a first axis for them, (S, ...)."""
Shapes = dict[str, tuple[int, ...]]
"""Of what is trained the shape, by name."""


def normal(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return a matrix of normal numbers whose variance is one over its senders."""
    _checks.generator(generator)
    return torch.randn(shape, generator=generator) / math.sqrt(shape[0])


def parted(numbers: Tensor, shapes: Shapes) -> Params:
    """Return rows of numbers (S, N) as tensors (S, ...) of these shapes, one after the other.

    >>> two = parted(torch.arange(6.0).view(1, 6), {"w": (2, 2), "b": (2,)})
    >>> two["w"].tolist(), two["b"].tolist()
    ([[[0.0, 1.0], [2.0, 3.0]]], [[4.0, 5.0]])
    """
    sizes = [math.prod(shape) for shape in shapes.values()]
    parts = numbers.split(sizes, 1)
    return {
        name: part.unflatten(1, shape)
        for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


class Stack:
    """Networks that begin alike, each with a learning rate of its own.

    Parameters
    ----------
    begun : dict
        What each begins with, without an axis for the networks.
    rates : tuple of float
        The learning rate of each network, above 0.

    Attributes
    ----------
    scaled : Tensor (S, N), the trained numbers in units of the learning rate
    """

    def __init__(self, begun: Params, rates: tuple[float, ...]) -> None:
        for rate in rates:
            _checks.number("rate", rate, 1e-9)
        self.shapes: Shapes = {name: tuple(value.shape) for name, value in begun.items()}
        flat = torch.cat([value.flatten() for value in begun.values()])
        self.rates = torch.tensor(rates, dtype=flat.dtype).unsqueeze(1)
        self.scaled = (flat / self.rates).requires_grad_()

    def params(self, longest: float | None = None) -> Params:
        """Return what is trained, (S, ...) by name; its gradient is shortened to a norm in each
        network by itself.
        """
        numbers = self.scaled * self.rates
        if longest is not None and numbers.requires_grad:
            numbers.register_hook(lambda gradient: shortened(gradient, longest))
        return parted(numbers, self.shapes)


def shortened(gradients: Tensor, longest: float) -> Tensor:
    """Return each row with the norm ``longest`` at most."""
    norm = gradients.norm(dim=1, keepdim=True)
    return gradients * (longest / norm.clamp(min=longest))


class Course(NamedTuple):
    """How a stack was trained.

    Attributes
    ----------
    loss : list of list of float
        Mean loss of each network at each update, [update][network].
    ms : list of float
        Milliseconds of the processor from the beginning of one update to that of the next.
    """

    loss: list[list[float]]
    ms: list[float]


def descend(
    trial: Trial,
    stack: Stack,
    losses: Callable[[Params], Tensor],
    updates: int,
    generator: torch.Generator,
    part: str,
) -> Course:
    """Train a stack in place by Adam, with rates that fall along half a cosine.

    Parameters
    ----------
    trial : Trial
    stack : Stack
    losses : callable
        ``losses(params)`` draws a batch from the generator and returns the loss of each network,
        (S,).
    updates : int
    generator : torch.Generator
        Of the batches.
    part : str
        Name of the checkpoint.
    """
    last: list[float] = []

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        now = time.process_time()
        spent, last[:] = now - last[0] if last else 0.0, [now]
        each = losses(stack.params(longest=1.0))
        seen: dict[str, Any] = {f"{k}": value for k, value in enumerate(each.detach().tolist())}
        return each.sum(), seen | {"ms": 1e3 * spent}

    _checks.generator(generator)
    history = trial.train(
        [stack.scaled], loss, updates, generator, part=part, lr=1.0, schedule=training.cosine
    )
    columns = [history.metrics[f"{k}"] for k in range(len(stack.rates))]
    return Course([list(row) for row in zip(*columns, strict=True)], history.metrics["ms"])
