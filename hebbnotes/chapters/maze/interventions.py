"""What can be done to agents within a life: a goal is moved, a trace is written at some steps only.

Shapes: T steps, B agents, n units; S squares on a side of the maze.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.maze.trainings import load
from hebbnotes.experiments import weights
from hebbnotes.learning import agents
from hebbnotes.networks import State
from hebbnotes.tasks import maze

__all__ = ["elsewhere", "first_find", "live_gated", "near", "stored", "without_writing"]

NEVER = 1_000_000
"""Steps since a find, where there was none."""


def stored(kind: str, seed: int) -> agents.Agent:
    """Return the stored agent of a kind and a seed."""
    return load(f"maze-{kind}", weights(f"maze-{kind}"), f"{seed}.")


def without_writing(agent: Any) -> Any:
    """Block the writing of a plastic agent, in place: its eta, a sigmoid, becomes 0."""
    agent.core.eta_logit.fill_(-20.0)
    return agent


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


def live_gated(
    agent: agents.Agent,
    made: maze.Maze,
    begin: maze.Agents,
    n_steps: int,
    generator: torch.Generator,
    writes: Callable[[Tensor, Tensor], Tensor],
    wiped: bool = False,
) -> Tensor:
    """Let plastic agents live, each writing its trace at some steps only; return the finds, (T, B).

    Parameters
    ----------
    writes : callable
        ``writes(since, finds)``, (B,) each, tells who writes in a step: the steps since the last
        find (1 in the step in which an agent is told of it, a million before the first find), and
        the number of finds so far.
    wiped : bool, whether the trace is set to zero at the first find
    """
    batch = len(begin.turn)
    since, finds = torch.full((batch,), NEVER), torch.zeros(batch, dtype=torch.long)
    lived, state, found = begin, agent.rest(batch), []
    for _ in range(n_steps):
        if wiped:
            blank = (finds == 1) & (since == 1)
            state = State(state.y, torch.where(blank[:, None, None], 0.0, state.hebb))
        life = agents.live(agent, made, lived, 1, generator, state)
        mask = writes(since, finds)[:, None, None]
        state = State(life.state.y, torch.where(mask, life.state.hebb, state.hebb))
        lived = life.agents
        found.append(life.found[0])
        finds = finds + life.found[0]
        since = torch.where(life.found[0], 1, (since + 1).clamp(max=NEVER))
    return torch.stack(found)
