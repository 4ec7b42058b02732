"""The course of M within a life: when it is large, what it tells of, and what is forgotten.

Shapes: T steps, B agents, n units.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes.chapters.neuromodulation_at_work.maze.causal import REWARD, constant
from hebbnotes.chapters.neuromodulation_at_work.maze.trainings import KINDS, stored_agent
from hebbnotes.experiments.agents.interventions import Moved, grown, moved
from hebbnotes.experiments.experiment import Numbers, Weights, short, shorts
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

__all__ = ["Course", "Old", "around", "score_course", "score_moved", "score_old"]


@dataclass(frozen=True, kw_only=True)
class Course:
    """Configuration: agents live as they are, and their signal is looked at."""

    kinds: tuple[str, ...] = KINDS
    size: int = 9
    lives: int = 1_000
    n_steps: int = 200
    before: int = 5  # steps shown before a find is told
    after: int = 10
    finds: int = 5  # the first, the second, ...


def around(signals: Tensor, finds: Tensor, before: int, after: int) -> Tensor:
    """Return the signals (T, B) of the steps around those in which a find is told, (m, before +
    1 + after), of finds (T, B) that lie far enough from both ends.
    """
    told = torch.cat([torch.zeros_like(finds[:1]), finds[:-1]])
    told[:before], told[len(told) - after :] = False, False
    t, who = told.nonzero(as_tuple=True)
    steps = t.unsqueeze(1) + torch.arange(-before, after + 1)
    return signals[steps, who.unsqueeze(1)]


def score_course(weights: Weights, seed: int, chosen: Course) -> Numbers:
    """Say when the signal is large, for both kinds."""
    return {kind: _course(stored_agent(kind, seed), seed, chosen) for kind in chosen.kinds}


def _course(agent: Any, seed: int, chosen: Course) -> Numbers:
    made, g = maze.make(chosen.size), torch.Generator().manual_seed(63_000 + seed)
    life = agents.live(agent, made, maze.start(made, chosen.lives, g), chosen.n_steps, g)
    own, (before, after) = agent.signals(life.seen), (chosen.before, chosen.after)
    number = life.found.cumsum(0)
    each = [life.found & (number == k + 1) for k in range(chosen.finds)]
    told = torch.cat([torch.zeros_like(life.found[:1]), life.found[:-1]])
    bumped = life.seen[..., REWARD] < 0
    looking = (number == 0) & ~told & ~bumped
    output = agent.run(life.seen, agent.rest(chosen.lives))[0]
    lost = agent.core.rate("eta") * agent.core.rule.forget(output)  # of a step, (T, B, n)
    heard = 1.0 if agent.core.fan_out is None else agent.core.fan_out
    numbers: Numbers = {
        "finds": short(life.found.double().sum(0).mean()),
        "steps": list(range(-before, after + 1)),
        "around": shorts(around(own, life.found, before, after).mean(0)),
        "around_size": shorts(around(own, life.found, before, after).abs().mean(0)),
        "at_each_find": [shorts(_mean_around(own, one, before, after)) for one in each],
        "told": short(own[told].mean()),
        "bumped": short(own[bumped].mean()) if bumped.any() else None,
        "looking": short(own[looking].mean()),
        "else": short(own[~told & ~bumped].mean()),
        "else_size": short(own[~told & ~bumped].abs().mean()),
        "deviation": short(own.std()),
        "negative": short((own < 0).double().mean()),
        "eta": short(agent.core.rate("eta")),
        "lost": short(lost.mean()),
        "half_life": short(math.log(2) / -torch.log1p(-lost.double()).mean()),
        "fan_out": {
            "mean": short(torch.as_tensor(heard).mean()),
            "deviation": short(torch.as_tensor(heard).std()),
            "negative": short((torch.as_tensor(heard) < 0).double().mean()),
        },
    }
    if agent.retroactive:
        numbers["eta_e"] = short(agent.core.eta_e)
        numbers["marks_last"] = short(-1 / torch.log1p(-agent.core.eta_e.double()))
    return numbers


def _mean_around(own: Tensor, finds: Tensor, before: int, after: int) -> Tensor:
    found = around(own, finds, before, after)
    return found.mean(0) if len(found) else torch.zeros(before + 1 + after)


def score_moved(weights: Weights, seed: int, chosen: Moved) -> Numbers:
    """Move the goals of agents that found them, as the chapter on the maze does."""
    return {kind: moved(stored_agent(kind, seed), seed, chosen) for kind in chosen.kinds}


@dataclass(frozen=True, kw_only=True)
class Old:
    """Configuration: trained agents live on for longer than they were trained to."""

    kinds: tuple[str, ...] = KINDS
    size: int = 9
    lives: int = 900
    young: int = 100
    old: int = 1_000
    block: int = 50  # steps over which finds are added up


def score_old(weights: Weights, seed: int, chosen: Old) -> Numbers:
    """Let agents grow old, writing as they do, or no more from when they were young."""
    how = chosen.size, chosen.lives, (chosen.young, chosen.old), chosen.block
    numbers: Numbers = {}
    for kind in chosen.kinds:
        agent = stored_agent(kind, seed)
        numbers[kind] = grown(agent, seed, *how)
        numbers[f"{kind}, last"] = numbers[kind][-1]
        still = constant(agent, 0.0)
        still.core.eta_logit.data.fill_(-20.0)  # nothing is forgotten either
        numbers[f"{kind}, stopped"] = grown(agent, seed, *how, then=still)
    return numbers
