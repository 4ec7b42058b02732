"""What is done to trained agents within a life, by several chapters: a goal is moved, or they live
on for longer than they were trained to.

Shapes: T steps, B agents, n units.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.experiments.experiment import Numbers, short, shorts
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

__all__ = ["NEVER", "Moved", "elsewhere", "first_find", "grown", "in_blocks", "moved", "near"]

NEVER = 1_000_000
"""Steps since a find, where there was none."""


def elsewhere(made: maze.Maze, lived: maze.Agents, generator: torch.Generator) -> Tensor:
    """Return another place for each agent's goal, (B, 1, 2): neither the old one, nor where the
    agent is, nor the centre.
    """
    _checks.generator(generator)
    chance = torch.rand(len(lived.turn), len(made.free), generator=generator)
    centre = torch.full_like(lived.position, made.centre)
    for avoided in (lived.goal, lived.position, centre):
        chance[(made.free == avoided.unsqueeze(1)).all(-1)] = -1.0
    return made.free[chance.argmax(1)].unsqueeze(1)


def near(made: maze.Maze, positions: Tensor, goal: Tensor, moves: int) -> Tensor:
    """Tell where agents are at most some moves away from a place of their own, (T, B)."""
    to_each = torch.stack([maze.distances(made, (r, c)) for r, c in made.free.tolist()])
    number = (made.free == goal.unsqueeze(1)).all(-1).int().argmax(1)
    return to_each[number, positions[..., 0], positions[..., 1]] <= moves


def first_find(found: Tensor) -> Tensor:
    """Return the step of the first find of each, (B,), from 0; T where there was none."""
    steps = torch.arange(len(found)).unsqueeze(1)
    return torch.where(found, steps, len(found)).amin(0)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Configuration: agents live, then their goals are moved, or something is wiped, or both."""

    kinds: tuple[str, ...] = ("plastic", "recurrent", "lstm")
    size: int = 9
    lives: int = 2_000
    before: int = 100
    after: int = 100
    near: int = 2  # moves


def moved(net: agents.Agent, seed: int, chosen: Moved) -> Numbers:
    """Move the goals of agents that found them, and of agents that did not, with nothing wiped or
    something; and give each agent the trace of another, where it has one.
    """
    made = maze.make(chosen.size)
    g = torch.Generator().manual_seed(20_000 + seed)
    half = agents.live(net, made, maze.start(made, chosen.lives, g), chosen.before, g)
    knows, old = half.found.any(0), half.agents.goal
    new = elsewhere(made, half.agents, g)
    born = maze.start(made, chosen.lives, g)._replace(goals=new)
    chance = int(torch.randint(2**31, (1,), generator=g))

    def late(begin: maze.Agents, state: Any, who: Tensor) -> Numbers:
        g.manual_seed(chance)  # the same chances for all
        life = agents.live(net, made, begin, chosen.after, g, state)
        found, seen = life.found[:, who], life.positions[:, who]
        ever = found.cumsum(0) > 0
        at_old = near(made, seen, old[who], chosen.near)
        return {
            "agents": int(who.sum()),
            "found": short(ever[-1].double().mean()),
            "found_by": shorts(ever[9::10].double().mean(1)),
            "finds": short(found.double().sum(0).mean()),
            "near_old": short(at_old.double().mean()),
            "near_new": short(near(made, seen, begin.goal[who], chosen.near).double().mean()),
        }

    away, erased = half.agents._replace(goals=new), net.erased(half.state)
    numbers: Numbers = {"stays": late(half.agents, half.state, knows)}
    numbers["newborn"] = late(born, net.rest(chosen.lives), knows)
    for what, state in erased.items():
        numbers["moved" if what == "nothing" else f"moved, no {what}"] = late(away, state, knows)
    if (~knows).sum() >= 20:
        numbers["moved, not found before"] = late(away, half.state, ~knows)
    if "trace" in erased:
        numbers["stays, no trace"] = late(half.agents, erased["trace"], knows)
        numbers |= _swapped(half, knows, late)
    anywhere = made.free.unsqueeze(1).expand(-1, len(old), -1)
    numbers["near_by_chance"] = short(near(made, anywhere, old, chosen.near).double().mean())
    return numbers


def _swapped(half: agents.Life, knows: Tensor, late: Any) -> Numbers:
    """Give each agent the trace of another that knows; its goal stays, or goes where the other's
    was.
    """
    who = knows.nonzero()[:, 0]
    giver = torch.arange(len(knows)).scatter(0, who, who.roll(1))
    differ = knows & (half.agents.goal != half.agents.goal[giver]).any(1)
    differ &= (half.agents.position != half.agents.goal[giver]).any(1)
    state = half.state._replace(hebb=half.state.hebb[giver])
    there = half.agents._replace(goals=half.agents.goals[giver])
    return {
        "another's trace": late(half.agents, state, differ),
        "another's trace and goal": late(there, state, differ),
    }


def grown(
    net: agents.Agent,
    seed: int,
    size: int,
    lives: int,
    ages: tuple[int, int],
    block: int,
    then: agents.Agent | None = None,
) -> list[float]:
    """Return the finds of agents that had found their goal at a young age, from then to an old one,
    in blocks of steps; they may live on ``then`` with another network.
    """
    made, (young, old) = maze.make(size), ages
    g = torch.Generator().manual_seed(50_000 + seed)
    half = agents.live(net, made, maze.start(made, lives, g), young, g)
    later = net if then is None else then
    late = agents.live(later, made, half.agents, old - young, g, half.state).found
    return in_blocks(late[:, half.found.any(0)], block)


def in_blocks(found: Tensor, block: int) -> list[float]:
    """Return the finds of an agent, (T, B), in blocks of steps."""
    return shorts(part.double().sum(0).mean() for part in found.split(block))
