"""The experiments in the maze."""

from typing import Any

from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Experiment[Any]] = {}
