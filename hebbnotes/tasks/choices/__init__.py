"""Choices: a goal is shown, then two moves, and one of them leads nearer to the goal."""

from hebbnotes.tasks.choices.one_step import (
    GOALS,
    MOVES,
    ChoiceEpisodes,
    OneStep,
    choice_trials,
    floor_choice,
)

__all__ = ["GOALS", "MOVES", "ChoiceEpisodes", "OneStep", "choice_trials", "floor_choice"]
