"""Trainings of the tables: each way to learn with each of its choices, on digits."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks, _files, data
from hebbnotes.chapters.credit_assignment.trained.networks import (
    Learner,
    Net,
    rates,
    several,
)
from hebbnotes.chapters.credit_assignment.trained.others import OTHERS
from hebbnotes.chapters.credit_assignment.trained.ways import WAYS
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, block_ends, short, shorts

__all__ = [
    "CHANCE",
    "FAILED",
    "Choice",
    "Digits",
    "Table",
    "begun",
    "digits",
    "errors",
    "kept",
    "operations",
    "train_table",
    "trained",
]

Choice = tuple[float, float, float]
"""The outputs' learning rate, the hidden layers' as a share of it, and the hidden weights' scale in
the beginning, 1 for He's."""
CHANCE = 0.9
"""What a network is worth whose numbers are not finite: it guesses one of ten."""
FAILED = 0.5
"""A network has failed whose share of wrong answers is above this, or whose numbers are not finite;
it counts in every mean. Fixed before any network of a table was trained."""


class Digits(NamedTuple):
    """Pictures (M, n), from 0 to 1, and labels (M,); choices are made on ``validation``."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


@cache
def digits(name: str) -> Digits:
    """Return ``"digits"``, 1,797 of 8 x 8 pixels from scikit-learn, or ``"mnist"``, divided once
    and for all: 1,200, 250 and 347 pictures, or 55,000, 5,000 and 10,000.
    """
    _checks.choice("name", name, ("digits", "mnist"))
    if name == "mnist":
        (x, y), (new, labels) = (data.mnist(part, download=False) for part in ("train", "test"))
        x, new = (one.flatten(1).float() / 255 for one in (x, new))
        return Digits((x[:55_000], y[:55_000]), (x[55_000:], y[55_000:]), (new, labels))
    with _checks.extra("chapters"):
        from sklearn.datasets import load_digits
    its = load_digits()
    order = torch.randperm(len(its.target), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(its.data, dtype=torch.float32)[order] / 16
    y = torch.tensor(its.target)[order]
    return Digits(*((x[a:b], y[a:b]) for a, b in ((0, 1200), (1200, 1450), (1450, 1797))))


@dataclass(frozen=True, kw_only=True)
class Table:
    """Configuration of a table of ways to learn.

    Attributes
    ----------
    arms : dict
        Of each shape, and way to learn, the choices with which it is trained.
    shapes : dict
        The numbers of cells of the hidden layers of each shape.
    data : str
        ``"digits"`` or ``"mnist"``.
    steps, batch : int
    validation : bool
        Whether errors are those of the validation set, and not of the test set.
    """

    arms: dict[str, dict[str, tuple[Choice, ...]]]
    shapes: dict[str, tuple[int, ...]]
    data: str = "digits"
    steps: int = 1000
    batch: int = 32
    validation: bool = False


def kept(trial: Trial, part: str, compute: Callable[[], Any]) -> Any:
    """Return what was computed for a part of a trial before it was stopped, or compute it now."""
    path = trial.folder / f"{part}.json"
    if path.exists():
        return json.loads(_files.read(path))
    found = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    _files.write(path, json.dumps(found).encode())
    return found


def errors(learner: Learner, net: Net, x: Tensor, labels: Tensor) -> Tensor:
    """Return the share of wrong answers of each network (S,); chance if it is not finite."""
    with torch.no_grad():
        outputs = learner.answers(net, x)
    wrong = (outputs.argmax(-1) != labels).to(outputs).mean(-1)
    finite = outputs.flatten(1).isfinite().all(1)
    return torch.where(finite, wrong, torch.full_like(wrong, CHANCE))


@torch.no_grad()
def trained(
    learner: Learner,
    net: Net,
    rate: list[Tensor],
    chosen: Table,
    drawn: torch.Generator,
    after: Callable[[int], None],
) -> None:
    """Train networks in place, on batches that are drawn; ``after(steps)`` is called after each."""
    x, labels = digits(chosen.data).train
    target = torch.nn.functional.one_hot(labels, 10).to(x)
    for step in range(chosen.steps):
        batch = torch.randint(len(x), (chosen.batch,), generator=drawn)
        learner.step(net, x[batch], target[batch], rate, drawn)
        after(step + 1)


def operations(learner: Learner, net: Net, x: Tensor, target: Tensor) -> int:
    """Return how many multiplications of matrices a step takes for an example, as torch counts.

    A batch x (B, n) and target (B, n_out) are learned by a copy of one network.
    """
    from torch.utils.flop_counter import FlopCounterMode

    def written(w: Any, a: Any, b: Any, *_: Any, **__: Any) -> int:
        return 2 * a[0] * a[1] * a[2] * b[2]

    count = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.baddbmm_: written})
    one = [torch.zeros(1).to(x)] * len(net.weights)
    with count, torch.no_grad():
        learner.step(net.clone(), x, target, one, torch.Generator().manual_seed(0))
    return round(count.get_total_flops() / 2 / len(x))


def train_table(trial: Trial, chosen: Table) -> tuple[Numbers, Weights]:
    """Train each way to learn with each of its choices, in the same batches.

    Of several choices only the errors are told, ``tried``; of a single one the error, whether it
    failed, its course, the processor's milliseconds for a step, with its share of the ten tests
    that the course is made of, and :func:`operations`.
    """
    trial.on_cpu("these networks are small")
    keys = ("error", "failed", "course", "milliseconds", "operations", "tried")
    numbers: Numbers = {key: {shape: {} for shape in chosen.arms} for key in keys}
    for shape, ways in chosen.arms.items():
        for name, choices in ways.items():
            arm = partial(_arm, trial, chosen, shape, name, choices)
            found = kept(trial, f"{shape}, {name}", arm)
            for key, value in found.items():
                numbers[key][shape][name] = value
    return numbers, {}


def begun(
    trial: Trial, chosen: Table, shape: str, name: str, choices: tuple[Choice, ...]
) -> tuple[Learner, Net]:
    """Return a way to learn, and a network for each choice, all from one draw."""
    n_in = digits(chosen.data).train[0].shape[1]
    learner = (WAYS | OTHERS)["frozen" if name == "linear read-out" else name]
    hidden = () if name == "linear read-out" else chosen.shapes[shape]
    drawn = learner.begin((n_in, *hidden, 10), torch.Generator().manual_seed(1000 + trial.seed))
    scales = torch.tensor([scale for _, _, scale in choices])
    return learner, learner.scaled(several(drawn, len(choices)), scales)


def _arm(
    trial: Trial, chosen: Table, shape: str, name: str, choices: tuple[Choice, ...]
) -> Numbers:
    learner, net = begun(trial, chosen, shape, name, choices)
    output, ratio, _ = torch.tensor(choices).T
    x, labels = digits(chosen.data)[1 if chosen.validation else 2]
    ends, course = block_ends(chosen.steps, 10), []

    def after(done: int) -> None:
        trial.tell(f"{shape}, {name}", done - 1, chosen.steps)
        if len(choices) == 1 and done in ends:
            course.append(errors(learner, net, x, labels)[0])

    start = time.process_time()
    trained(learner, net, rates(output, ratio, len(net.weights)), chosen, trial.generator(), after)
    spent = 1000 * (time.process_time() - start) / chosen.steps
    wrong = errors(learner, net, x, labels)
    if len(choices) > 1:
        tried = zip(choices, shorts(wrong), strict=True)
        return {
            "tried": {" ".join(f"{c:g}" for c in choice): error for choice, error in tried},
            "error": short(wrong.min()),
        }
    return {
        "error": short(wrong[0]),
        "failed": int(wrong[0] > FAILED or not math.isfinite(wrong[0])),
        "course": shorts(course),
        "milliseconds": short(spent),
        "operations": operations(learner, net, x[:50], torch.eye(10).repeat(5, 1)),
    }
