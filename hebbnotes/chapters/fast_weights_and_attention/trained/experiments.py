"""Experiments with networks that are trained to recall what was bound, and bound again."""

from typing import Any

from hebbnotes.experiments.experiment import Experiment

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Experiment[Any]] = {}
"""What is trained by gradient descent over episodes."""
