"""Experiments of the chapter on fast weights and attention, in one registry."""

from typing import Any

from hebbnotes.chapters.fast_weights_and_attention.trained import experiments as trained
from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Experiment[Any]] = {**trained.EXPERIMENTS}
"""All experiments of the chapter."""
