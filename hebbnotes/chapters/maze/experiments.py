"""The experiments in the maze: what is trained, and what is then done to the stored agents."""

from dataclasses import dataclass
from typing import Any

import torch

from hebbnotes.chapters.maze.drift import Drift, score_drift
from hebbnotes.chapters.maze.interventions import (
    Writing,
    score_writing,
    stored,
    without_writing,
)
from hebbnotes.chapters.maze.live import Ghost, fit_ghost, score_ghost
from hebbnotes.chapters.maze.trainings import TRAINED, agent, load
from hebbnotes.experiments.agents.interventions import Moved, moved
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing, short
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

__all__ = ["EXPERIMENTS", "agent", "load"]

KINDS = ("plastic", "recurrent", "lstm")


def score_moved(weights: Weights, seed: int, chosen: Moved) -> Numbers:
    """Move the goals of agents that found them, and of agents that did not; see who finds them."""
    return {kind: moved(stored(kind, seed), seed, chosen) for kind in chosen.kinds}


@dataclass(frozen=True, kw_only=True)
class Delays:
    """Configuration: agents that know their goal are kept in the dark, all their inputs 0."""

    kinds: tuple[str, ...] = KINDS
    size: int = 9
    lives: int = 1_000
    before: int = 100
    after: int = 100
    waits: tuple[int, ...] = (0, 10, 30, 100, 300)


def score_delays(weights: Weights, seed: int, chosen: Delays) -> Numbers:
    """Count goals found after each wait; of plastic agents, too, if the dark is not written."""
    numbers: Numbers = {kind: _delayed(kind, seed, chosen) for kind in chosen.kinds}
    numbers["silent"] = _delayed("plastic", seed, chosen, silent=True)
    return numbers | {"silent_last": numbers["silent"][-1]}


def _delayed(kind: str, seed: int, chosen: Delays, silent: bool = False) -> list[float]:
    net, made, goals = stored(kind, seed), maze.make(chosen.size), []
    dark = without_writing(stored(kind, seed)) if silent else net
    for wait in chosen.waits:
        g = torch.Generator().manual_seed(40_000 + seed)
        first = agents.live(net, made, maze.start(made, chosen.lives, g), chosen.before, g)
        state = first.state
        if wait:
            state = dark(torch.zeros(wait, chosen.lives, maze.N_SEEN), state)[2]
        late = agents.live(net, made, first.agents, chosen.after, g, state).found
        goals.append(short(late[:, first.found.any(0)].double().sum(0).mean()))
    return goals


EXPERIMENTS: dict[str, Experiment[Any]] = TRAINED | {
    "maze-moved": Experiment(
        "trained agents that have found their goal, and whose goal is moved, with nothing wiped, "
        "or their activity, trace or both",
        nothing,
        score_moved,
        Moved(),
        "plastic.moved.found",
        "share of plastic agents that find the moved goal in 100 steps",
        at_least=0.0,
    ),
    "maze-writing": Experiment(
        "when a plastic agent writes where its goal is: its trace is made of the steps before the "
        "first find, or of those after it, or is written at some steps only",
        nothing,
        score_writing,
        Writing(),
        "after_find.frozen.finds",
        "goals found in the 100 steps after the first find, if nothing is written from it on",
        at_least=0.0,
    ),
    "maze-drift": Experiment(
        "lives of 1,000 steps: what is found, where the goal can be read in the trace, and what an "
        "agent does if its old trace is shifted and scaled to what it was",
        nothing,
        score_drift,
        Drift(),
        "read.1000.correlation",
        "correlation of the goal with what a line of step 100 reads at step 1,000",
    ),
    "maze-delays": Experiment(
        "trained agents that know their goal and are kept in the dark",
        nothing,
        score_delays,
        Delays(),
        "silent_last",
        "goals found in the 100 steps after the longest wait, if nothing is written in it",
        at_least=0.0,
    ),
    "maze-ghost": Experiment(
        "a line that reads from a plastic agent's trace where its goal is, at any age up to 200 "
        "steps",
        fit_ghost,
        score_ghost,
        Ghost(),
        "off.20",
        "squares between the goal and what the line reads 20 steps after the first find, median",
        at_least=0.0,
        keep=(0,),
    ),
}
"""All experiments in the maze; those that are added here train nothing."""
