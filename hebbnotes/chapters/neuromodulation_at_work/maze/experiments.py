"""The experiments in the maze: what is trained, and what is then done to the stored agents."""

from typing import Any

from hebbnotes.chapters.neuromodulation_at_work.maze.causal import Causal, score_causal
from hebbnotes.chapters.neuromodulation_at_work.maze.course import (
    Course,
    Old,
    score_course,
    score_moved,
    score_old,
)
from hebbnotes.chapters.neuromodulation_at_work.maze.trainings import FIVE, KINDS, TRAINED
from hebbnotes.experiments.agents.interventions import Moved
from hebbnotes.experiments.experiment import Experiment, nothing

__all__ = ["EXPERIMENTS"]

EXPERIMENTS: dict[str, Experiment[Any]] = TRAINED | {
    "maze-modulated-causal": Experiment(
        "trained agents that write by a signal that is not their own: a constant, shuffled in "
        "time, another life's, of the other sign, a line of the reward, or 0 at some steps",
        nothing,
        score_causal,
        Causal(),
        "simple.finds.its mean",
        "goals found in an episode, if simple modulation is held at its mean",
        at_least=0.0,
        seeds=FIVE,
    ),
    "maze-modulated-course": Experiment(
        "when the signal of trained agents is large, and how long what they wrote lasts",
        nothing,
        score_course,
        Course(),
        "simple.told",
        "signal in the step in which a find is told, simple modulation",
        seeds=FIVE,
    ),
    "maze-modulated-moved": Experiment(
        "trained agents that have found their goal, and whose goal is moved, with nothing wiped, "
        "or something",
        nothing,
        score_moved,
        Moved(kinds=KINDS),
        "simple.moved.found",
        "share of simply modulated agents that find the moved goal in 100 steps",
        at_least=0.0,
        seeds=FIVE,
    ),
    "maze-modulated-old": Experiment(
        "lives of 1,000 steps of trained agents, of which some write no more once they are young",
        nothing,
        score_old,
        Old(),
        "simple, last",
        "goals found in the last 50 of 1,000 steps, simple modulation",
        at_least=0.0,
        seeds=FIVE,
    ),
}
"""All experiments in the maze; those that are added here train nothing."""
