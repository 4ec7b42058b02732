"""All experiments of the chapter: those of each task, from the folder of the task."""

from typing import Any

from hebbnotes.chapters.neuromodulation_at_work.cues.experiments import EXPERIMENTS as CUES
from hebbnotes.chapters.neuromodulation_at_work.language.experiments import EXPERIMENTS as LANGUAGE
from hebbnotes.chapters.neuromodulation_at_work.maze.experiments import EXPERIMENTS as MAZE
from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Experiment[Any]] = {**MAZE, **CUES, **LANGUAGE}
