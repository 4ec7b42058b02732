"""Experiments on credit assignment: what each way to learn is worth, by depth and by width."""

from typing import Any

from hebbnotes import data
from hebbnotes.chapters.credit_assignment.trained.others import OTHERS
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
    "equilibrium network, last layer alone": (1.0,),
    "forward-forward network, last layer alone": (1.0,),
}
"""Rates of the hidden layers, as shares of the outputs', that are tried first."""
PUZZLE = (
    *("backpropagation", "node perturbation", "feedback alignment", "frozen"),
    "local losses",
)
"""The truth, the truth on average, a lie kept for life, nothing; and a truth nearby."""
DEPTHS = {str(depth): (64,) * depth for depth in (1, 2, 4, 8)}
WIDTHS = {str(width): (width,) for width in (16, 64, 256, 1024)}
RESTING = tuple(name for name in OTHERS if name.startswith("equilibrium"))
TELLING = tuple(name for name in OTHERS if name.startswith("forward"))
WRONG: dict[str, Any] = {"unit": "share of digits named wrongly, 0.9 by chance", "at_least": 0.0}
TUNED = (100, 101)


def _grid(
    ways: tuple[str, ...], width: int = 64, outputs: tuple[float, ...] = OUTPUTS
) -> dict[str, tuple[Choice, ...]]:
    """Return twelve choices for each way; wide layers need small rates at the outputs alone."""
    wider = width / 64
    return {
        way: tuple(
            (rate / wider, ratio * wider)
            for ratio in RATIOS.get(way, (0.3, 1.0, 3.0))
            for rate in outputs
        )
        for way in ways
    }


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
        batch=50,
        **options,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "credit-table-rates": _table(
        "MNIST, two hidden layers of 128: each way to learn at up to twelve choices of rates",
        _mnist(_grid(tuple(RATIOS)), steps=1000, validation=True),
        "error.128-128.backpropagation",
        seeds=TUNED,
    ),
    "credit-depth-rates": _table(
        "digits, one to eight hidden layers: what hidden cells are told, at up to twelve choices",
        Table(arms={d: _grid(PUZZLE) for d in DEPTHS}, shapes=DEPTHS, validation=True),
        "error.2.backpropagation",
        seeds=TUNED,
    ),
    "credit-width-rates": _table(
        "digits, a hidden layer of 16 to 1,024: what it is told, at up to twelve choices",
        Table(arms={w: _grid(PUZZLE, int(w)) for w in WIDTHS}, shapes=WIDTHS, validation=True),
        "error.64.backpropagation",
        seeds=TUNED,
    ),
    "credit-digits-table-rates": _table(
        "digits, networks that settle or tell true from false, at twelve choices of rates",
        Table(
            arms={
                "64-64": _grid(RESTING, outputs=(0.0125, 0.025, 0.05, 0.1))
                | _grid(TELLING, outputs=(0.1, 0.3, 1.0, 3.0))
            },
            shapes={"64-64": (64, 64)},
            validation=True,
        ),
        "error.64-64.equilibrium propagation",
        seeds=TUNED,
    ),
}
"""All experiments of the chapter."""
