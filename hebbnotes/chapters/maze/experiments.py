"""The experiments in the maze: what is trained, and what is then done to it within a life."""

from typing import Any

from hebbnotes.chapters.maze.probes import PROBED
from hebbnotes.chapters.maze.trainings import TRAINED, agent, load
from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS", "agent", "load"]

EXPERIMENTS: dict[str, Experiment[Any]] = TRAINED | PROBED
"""All experiments in the maze."""
