"""Experiments: trainings that take minutes, with their results as data of the package, so that a page can show them.

``python -m hebbnotes.experiments`` lists them. ``run NAME`` trains all seeds again, each in a process of its own, below ``runs/``,
and goes on where it was stopped; with ``--store`` the result replaces the one in the package. ``evaluate NAME`` tests the stored
weights again.

A result is a JSON file: what was trained and how, the numbers of each seed, their mean with its 95 % interval (Student's t over
seeds), versions, hardware, and what was published. Weights are safetensors. An experiment exists at the scale of the ``book``; some
also as a ``notebook`` trains it, in a minute, or as the ``paper`` did.
"""

from hebbnotes.experiments.experiment import Experiment, Trial
from hebbnotes.experiments.paper import PAPER, Published
from hebbnotes.experiments.stored import EXPERIMENTS, result, seeds, weights

__all__ = ["EXPERIMENTS", "PAPER", "Experiment", "Published", "Trial", "result", "seeds", "weights"]
