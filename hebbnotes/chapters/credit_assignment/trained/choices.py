"""Choices of rates and scales: what is tried first, what further, and what did best."""

import math
from collections.abc import Iterable

from hebbnotes.chapters.credit_assignment.trained.others import OTHERS
from hebbnotes.chapters.credit_assignment.trained.trials import Choice

__all__ = [
    "BEST",
    "DEPTHS",
    "FIRST",
    "FURTHER",
    "PUZZLE",
    "WAYS_ON_MNIST",
    "WIDTHS",
    "best_of",
    "further",
    "grid",
]

OUTPUTS = (0.05, 0.1, 0.2)
"""Learning rates of the outputs that are tried first."""
SLOWER: dict[str, tuple[float, ...]] = dict.fromkeys(
    ("difference target propagation", "linear read-out"), (0.0125, 0.025, 0.05)
)
"""Those of ways that fail at all of these."""
SCALES = (1.0, 0.3)
"""Scales of the hidden weights in the beginning that are tried first."""
STEPS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Ratios and scales, one step after the other."""
SLOW, MIDDLE, FAST, NONE = (0.03, 0.1), (0.1, 0.3), (1.0, 3.0), (1.0,)
RATIOS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("backpropagation", "backpropagation, decay", "sign symmetry"), FAST),
    **dict.fromkeys(("local losses", "predictive coding"), FAST),
    **dict.fromkeys(("Kolen-Pollack", "difference target propagation"), (0.3, 1.0)),
    **dict.fromkeys(("feedback alignment", "direct feedback alignment"), MIDDLE),
    "node perturbation": MIDDLE,
    **dict.fromkeys(("weight perturbation", "REINFORCE"), SLOW),
    **dict.fromkeys(("frozen", "linear read-out"), NONE),
    "equilibrium network, last layer alone": NONE,
    "forward-forward network, last layer alone": NONE,
}
"""Rates of the hidden layers, as shares of the outputs', that are tried first."""
WAYS_ON_MNIST = tuple(name for name in RATIOS if name not in OTHERS)
PUZZLE = (
    *("backpropagation", "node perturbation", "feedback alignment", "frozen"),
    "local losses",
)
"""The truth, the truth on average, a lie kept for life, nothing; and a truth nearby."""
DEPTHS: dict[str, tuple[int, ...]] = {str(depth): (64,) * depth for depth in (1, 2, 4, 8)}
WIDTHS: dict[str, tuple[int, ...]] = {str(width): (width,) for width in (16, 64, 256, 1024)}


def grid(
    ways: Iterable[str], width: int = 64, outputs: tuple[float, ...] = OUTPUTS
) -> dict[str, tuple[Choice, ...]]:
    """Return up to twelve choices for each way; wide layers need small rates at outputs alone."""
    wider = width / 64
    return {
        way: tuple(
            (rate / wider, ratio * wider, scale)
            for scale in ((1.0,) if way == "linear read-out" else SCALES)
            for ratio in RATIOS.get(way, FAST)
            for rate in SLOWER.get(way, outputs)
        )
        for way in ways
    }


def further(best: Choice, tried: Iterable[Choice], width: int = 64) -> tuple[Choice, ...]:
    """Return the choices one step outwards from the best, one for each direction in which it lies
    at the border of what was tried.

    A rate is halved or doubled, a ratio or a scale goes to the next of ``STEPS``.
    """
    wider, found = width / 64, []
    for axis, values in enumerate(zip(*tried, strict=True)):
        for end, way in ((min(values), -1), (max(values), 1)):
            if len(set(values)) > 1 and math.isclose(best[axis], end):
                unit = wider if axis == 1 else 1.0
                moved = [*best]
                moved[axis] = _outwards(best[axis], way, axis == 0, unit)
                found.append((moved[0], moved[1], moved[2]))
    return tuple(found)


def _outwards(at: float, way: int, doubles: bool, unit: float) -> float:
    """Return a rate that is doubled or halved, or the next of the steps, in some unit."""
    if doubles:
        return at * 2.0**way
    distances = [abs(math.log(step * unit / at)) for step in STEPS]
    return STEPS[distances.index(min(distances)) + way] * unit


def best_of(each: list[dict[str, float]]) -> Choice:
    """Return the choice with the least mean error over the seeds of one or more experiments, the
    first of those that are alike; ``each`` has what a seed tried, as it is stored.
    """
    means = {key: sum(one[key] for one in each) / len(each) for key in each[0]}
    rate, ratio, scale = (float(part) for part in min(means, key=lambda k: means[k]).split())
    return rate, ratio, scale


Chosen = dict[str, dict[str, Choice]]
"""A choice of each shape and way to learn."""
FIRST: dict[str, Chosen] = {
    "credit-table": {
        "128-128": {
            "backpropagation": (0.2, 3.0, 0.3),
            "backpropagation, decay": (0.2, 1.0, 1.0),
            "sign symmetry": (0.1, 3.0, 1.0),
            "local losses": (0.2, 3.0, 0.3),
            "predictive coding": (0.2, 3.0, 0.3),
            "Kolen-Pollack": (0.1, 1.0, 0.3),
            "difference target propagation": (0.025, 1.0, 1.0),
            "feedback alignment": (0.1, 0.3, 0.3),
            "direct feedback alignment": (0.1, 0.3, 0.3),
            "node perturbation": (0.05, 0.1, 1.0),
            "weight perturbation": (0.05, 0.03, 1.0),
            "REINFORCE": (0.05, 0.03, 1.0),
            "frozen": (0.1, 1.0, 1.0),
            "linear read-out": (0.0125, 1.0, 1.0),
        }
    },
    "credit-digits-table": {
        "64-64": {
            "equilibrium propagation": (0.1, 3.0, 0.3),
            "equilibrium network, its gradient": (0.1, 1.0, 1.0),
            "equilibrium network, last layer alone": (0.05, 1.0, 1.0),
            "forward-forward": (1.0, 3.0, 1.0),
            "forward-forward network, its gradient": (1.0, 1.0, 1.0),
            "forward-forward network, last layer alone": (1.0, 1.0, 1.0),
        }
    },
    "credit-depth": {
        "1": {
            "backpropagation": (0.2, 3.0, 1.0),
            "node perturbation": (0.1, 0.3, 1.0),
            "feedback alignment": (0.2, 0.3, 0.3),
            "frozen": (0.1, 1.0, 1.0),
            "local losses": (0.2, 3.0, 1.0),
        },
        "2": {
            "backpropagation": (0.2, 3.0, 1.0),
            "node perturbation": (0.1, 0.3, 1.0),
            "feedback alignment": (0.2, 0.3, 0.3),
            "frozen": (0.1, 1.0, 1.0),
            "local losses": (0.2, 3.0, 1.0),
        },
        "4": {
            "backpropagation": (0.2, 3.0, 1.0),
            "node perturbation": (0.05, 0.3, 1.0),
            "feedback alignment": (0.2, 0.1, 0.3),
            "frozen": (0.1, 1.0, 1.0),
            "local losses": (0.2, 3.0, 1.0),
        },
        "8": {
            "backpropagation": (0.1, 3.0, 1.0),
            "node perturbation": (0.05, 0.1, 1.0),
            "feedback alignment": (0.05, 0.1, 1.0),
            "frozen": (0.1, 1.0, 1.0),
            "local losses": (0.2, 3.0, 1.0),
        },
    },
    "credit-width": {
        "16": {
            "backpropagation": (0.8, 0.25, 0.3),
            "node perturbation": (0.8, 0.025, 0.3),
            "feedback alignment": (0.4, 0.075, 0.3),
            "frozen": (0.2, 0.25, 1.0),
            "local losses": (0.8, 0.25, 0.3),
        },
        "64": {
            "backpropagation": (0.2, 3.0, 1.0),
            "node perturbation": (0.1, 0.3, 1.0),
            "feedback alignment": (0.2, 0.3, 0.3),
            "frozen": (0.1, 1.0, 1.0),
            "local losses": (0.2, 3.0, 1.0),
        },
        "256": {
            "backpropagation": (0.05, 12.0, 1.0),
            "node perturbation": (0.05, 0.4, 1.0),
            "feedback alignment": (0.05, 1.2, 0.3),
            "frozen": (0.025, 4.0, 1.0),
            "local losses": (0.05, 12.0, 1.0),
        },
        "1024": {
            "backpropagation": (0.0125, 48.0, 1.0),
            "node perturbation": (0.0125, 1.6, 1.0),
            "feedback alignment": (0.00625, 4.8, 1.0),
            "frozen": (0.00625, 16.0, 1.0),
            "local losses": (0.0125, 48.0, 1.0),
        },
    },
}
"""What did best of the first choices."""
FURTHER: dict[str, Chosen] = {
    "credit-table": {
        "128-128": {
            "backpropagation": (0.4, 3.0, 0.3),
            "local losses": (0.2, 6.0, 0.3),
            "predictive coding": (0.4, 3.0, 0.3),
            "Kolen-Pollack": (0.1, 2.0, 0.3),
            "feedback alignment": (0.1, 0.3, 0.1),
            "linear read-out": (0.00625, 1.0, 1.0),
        }
    },
    "credit-digits-table": {
        "64-64": {
            "forward-forward": (1.0, 3.0, 3.0),
            "forward-forward network, last layer alone": (2.0, 1.0, 1.0),
        }
    },
    "credit-depth": {
        "2": {"backpropagation": (0.2, 10.0, 1.0)},
        "8": {"node perturbation": (0.05, 0.03, 1.0), "feedback alignment": (0.05, 0.03, 1.0)},
    },
    "credit-width": {
        "256": {
            "backpropagation": (0.1, 12.0, 1.0),
            "feedback alignment": (0.05, 4.0, 0.3),
            "local losses": (0.1, 12.0, 1.0),
        },
        "1024": {
            "backpropagation": (0.0125, 160.0, 1.0),
            "node perturbation": (0.0125, 0.48, 1.0),
            "feedback alignment": (0.00625, 16.0, 1.0),
            "local losses": (0.0125, 160.0, 1.0),
        },
    },
}
"""Where a choice further did better than the best of the first."""
BEST: dict[str, Chosen] = {
    table: {shape: ways | FURTHER.get(table, {}).get(shape, {}) for shape, ways in shapes.items()}
    for table, shapes in FIRST.items()
}
"""What did best of all."""
