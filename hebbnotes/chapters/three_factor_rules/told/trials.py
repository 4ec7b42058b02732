"""How many trials it takes if all cells hear one reward, or each is told something of its own."""

from dataclasses import dataclass, field
from typing import Any

import torch

from hebbnotes.chapters.three_factor_rules import bandit
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing
from hebbnotes.plasticity import rules

__all__ = ["TOLD", "ToldAlone", "score_told"]


@dataclass(frozen=True, kw_only=True)
class ToldAlone:
    """Configuration: stimuli, problems for each seed, the rates, which did best on a seed of their
    own, and trials at most.
    """

    stimuli: int = 2
    runs: int = 5
    rates: dict[str, float] = field(
        default_factory=lambda: {"bell": 5.0, "reward": 10.0, "error": 10.0}
    )
    most: int = 1_000
    every: int = 2


def score_told(_: Weights, seed: int, chosen: ToldAlone) -> Numbers:
    """Let the same cells learn the same problems; the mean number of trials until nine answers of
    ten are right, where one that never is counts as all.
    """
    found: dict[str, float] = {}
    for told, rate in chosen.rates.items():
        g = torch.Generator().manual_seed(seed)
        given = bandit.problem(chosen.stimuli, chosen.runs, g)
        if told == "bell":
            course = bandit.learn(
                given, rules.score, rate, trials=chosen.most, generator=g, every=chosen.every
            )[:, 2]
            trials = bandit.trials_until(course, chosen.every)
        else:
            trials = bandit.trials_until(
                bandit.told_alone(given, told, rate, trials=chosen.most // 2, generator=g)
            )
        found[told] = sum(min(one, chosen.most) for one in trials) / len(trials)
    return {"trials": found, "cells": given.targets.shape[-1]}


TOLD: dict[str, Experiment[Any]] = {
    "told-alone": Experiment(
        "ten cells that all hear one reward, or are each told their own reward or error",
        nothing,
        score_told,
        ToldAlone(),
        "trials.bell",
        "trials until nine answers of ten are right, one reward for all",
        at_least=0.0,
        also={"trials.error": "the same, each told its own error"},
        seeds=tuple(range(10)),
    ),
}
"""The experiment, by name."""
