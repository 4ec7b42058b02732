"""Experiments: trainings that take minutes, with their results as data of the package, so that a
page can show them.

``python -m hebbnotes.experiments`` lists them. ``run NAME`` trains all seeds again, each in a
process of its own, below ``runs/``, and goes on where it was stopped; with ``--store`` the result
replaces the one in the package. ``evaluate NAME`` tests the stored weights again.

A result is a JSON file: what was trained and how, the numbers of each seed, their mean with its 95
% interval (Student's t over seeds), versions, hardware, and what was published. Weights are
safetensors. An experiment exists at the scale of the ``book``; some also as a ``notebook`` trains
it, in a minute, or as the ``paper`` did.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hebbnotes.experiments.paper import PAPER, Published
from hebbnotes.experiments.stored import EXPERIMENTS, result, seeds, weights

if TYPE_CHECKING:
    from hebbnotes.experiments.experiment import Experiment, Trial

__all__ = ["EXPERIMENTS", "PAPER", "Experiment", "Published", "Trial", "result", "seeds", "weights"]


def __getattr__(name: str) -> Any:
    """Import what defines and trains experiments, torch with it, when it is asked for."""
    if name in ("Experiment", "Trial"):
        return getattr(import_module("hebbnotes.experiments.experiment"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
