"""The plainest memory of a computer, a list that is searched, on the tasks of three chapters."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import data, tasks
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing, short

__all__ = ["EXPERIMENTS", "Lists", "looked_up", "score_lists"]


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Configuration: patterns and bits of the two tasks of signs, and episodes of the one with few
    patterns, ten times those of the other; episodes of three photographs.
    """

    many: tuple[int, int] = (5, 1000)
    few: tuple[int, int] = (2, 50)
    episodes: int = 1_000
    photographs: int = 500
    source: str = "cifar10-subset"


def looked_up(patterns: Tensor, cue: Tensor, erased: Tensor) -> Tensor:
    """Return of each episode the pattern that is nearest to its cue where that was not erased.

    Parameters
    ----------
    patterns : Tensor (B, P, n), all that was shown
    cue : Tensor (B, n), what is asked for, read only where it is shown
    erased : Tensor (B, n), boolean
    """
    apart = (patterns - cue.unsqueeze(1)).square().masked_fill(erased.unsqueeze(1), 0.0).sum(-1)
    return patterns[torch.arange(len(patterns)), apart.argmin(1)]


def _wrong(size: tuple[int, int], episodes: int, g: torch.Generator) -> float:
    """Return the share of erased bits that a searched list has wrong, an episode at a time."""
    schedule: dict[str, Any] = tasks.ONCE
    task, wrong = tasks.PatternCompletion(n_bits=size[1], n_patterns=size[0], **schedule), 0.0
    for start in range(0, episodes, 10):
        count = min(10, episodes - start)
        asked = task.sample(count, g)
        found = looked_up(asked.patterns, asked.answer, asked.erased)
        wrong += tasks.errors(found, asked).erased.sum().item()
    return wrong / episodes


def _squared(episodes: int, source: str, g: torch.Generator) -> float:
    """Return the mean squared error of an erased pixel that a searched list leaves."""
    known = data.grey(data.cifar10("test", source != "cifar10", download=False))
    schedule: dict[str, Any] = tasks.PICTURES
    task, squared = tasks.PatternCompletion(known.shape[1], **schedule), 0.0
    for start in range(0, episodes, 10):
        count = min(10, episodes - start)
        asked = tasks.pictures(task, known, (32, 32), count, g)
        found = looked_up(asked.patterns, asked.answer, asked.erased)
        squared += (found - asked.answer).square()[asked.erased].mean().item() * count
    return squared / episodes


def score_lists(_: Weights, seed: int, chosen: Lists) -> Numbers:
    """Let a list of what was shown answer, on patterns of signs and on photographs."""
    g = torch.Generator().manual_seed(30_000 + seed)
    return {
        "wrong": {
            "many": short(_wrong(chosen.many, chosen.episodes // 10, g)),
            "few": short(_wrong(chosen.few, chosen.episodes, g)),
        },
        "squared": short(_squared(chosen.photographs, chosen.source, g)),
    }


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "searched-lists": Experiment(
        "a list of what was shown, searched for what fits a cue best: patterns and photographs",
        nothing,
        score_lists,
        Lists(),
        "squared",
        "mean squared error of an erased pixel, three photographs",
        at_least=0.0,
        also={"wrong.many": "share of erased bits that are wrong, five patterns of 1,000 bits"},
        needs=lambda chosen: data.cifar10("test", chosen.source != "cifar10", download=False),
    ),
}
"""All experiments of the chapter."""
