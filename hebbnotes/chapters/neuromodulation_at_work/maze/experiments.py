"""The experiments in the maze."""

from typing import Any

from hebbnotes.chapters.neuromodulation_at_work.maze.trainings import TRAINED
from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Experiment[Any]] = TRAINED
