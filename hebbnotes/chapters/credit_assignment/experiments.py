"""Experiments on credit assignment: what each way to learn is worth, by depth and by width."""

from typing import Any

from hebbnotes import data
from hebbnotes.chapters.credit_assignment.trained.trials import Choice, Table, train_table
from hebbnotes.experiments.experiment import Experiment, Numbers

__all__ = ["EXPERIMENTS"]

OUTPUTS = (0.025, 0.05, 0.1, 0.2)
"""Learning rates of the outputs that are tried first."""
RATIOS = {
    **dict.fromkeys(
        ("backpropagation", "backpropagation, decay", "sign symmetry", "predictive coding"),
        (0.3, 1.0, 3.0),
    ),
    "local losses": (0.3, 1.0, 3.0),
    **dict.fromkeys(
        ("Kolen-Pollack", "feedback alignment", "direct feedback alignment"), (0.1, 0.3, 1.0)
    ),
    "difference target propagation": (0.1, 0.3, 1.0),
    "node perturbation": (0.03, 0.1, 0.3),
    "weight perturbation": (0.01, 0.03, 0.1),
    "REINFORCE": (0.01, 0.03, 0.1),
    "frozen": (1.0,),
    "linear read-out": (1.0,),
}
"""Rates of the hidden layers, as shares of the outputs', that are tried first."""
WRONG: dict[str, Any] = {"unit": "share of digits named wrongly, 0.9 by chance", "at_least": 0.0}
TUNED = (100, 101)


def _grid(ways: tuple[str, ...]) -> dict[str, tuple[Choice, ...]]:
    return {way: tuple((rate, ratio) for ratio in RATIOS[way] for rate in OUTPUTS) for way in ways}


def _once(*_: Any) -> Numbers:
    return {}  # all is measured while it is trained


def _needs(chosen: Table) -> None:
    if chosen.data == "mnist":
        data.require("mnist")


def _table(about: str, chosen: Table, metric: str, **options: Any) -> Experiment[Any]:
    return Experiment(about, train_table, _once, chosen, metric, needs=_needs, **WRONG | options)


def _mnist(arms: dict[str, tuple[Choice, ...]], **options: Any) -> Table:
    return Table(
        arms={"128-128": arms},
        shapes={"128-128": (128, 128)},
        data="mnist",
        steps=2000,
        batch=50,
        **options,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "credit-table-rates": _table(
        "MNIST, two hidden layers of 128: each way to learn at up to twelve choices of rates",
        _mnist(_grid(tuple(RATIOS)), validation=True),
        "error.128-128.backpropagation",
        seeds=TUNED,
    ),
}
"""All experiments of the chapter."""
