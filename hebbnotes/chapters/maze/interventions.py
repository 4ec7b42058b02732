"""What can be done to agents within a life: a goal is moved, a trace is written at some steps only,
or replaced by one that holds some of its steps only.

Shapes: T steps, B agents, n units; S squares on a side of the maze.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.chapters.maze.trainings import load
from hebbnotes.experiments import weights
from hebbnotes.experiments.agents.interventions import NEVER, elsewhere, first_find, near
from hebbnotes.experiments.experiment import Numbers, Weights, short
from hebbnotes.learning import agents
from hebbnotes.networks import State
from hebbnotes.plasticity import rules
from hebbnotes.tasks import maze

__all__ = [
    "Recorded",
    "Writing",
    "elsewhere",
    "first_find",
    "live_gated",
    "made_of",
    "near",
    "recorded",
    "score_writing",
    "stored",
    "without_writing",
]


def stored(kind: str, seed: int) -> agents.Agent:
    """Return the stored agent of a kind and a seed."""
    return load(f"maze-{kind}", weights(f"maze-{kind}"), f"{seed}.")


def without_writing(agent: Any) -> Any:
    """Block the writing of a plastic agent, in place: its eta, a sigmoid, becomes 0."""
    agent.core.eta_logit.fill_(-20.0)
    return agent


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


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Configuration: plastic agents write at some steps only, by when they found their goal."""

    size: int = 9
    lives: int = 500
    before: int = 100  # the first find is looked for in so many steps
    after: int = 100  # counted are the finds of so many steps after it
    earliest: int = 10  # of agents that had lived for so many steps when they found
    widths: tuple[int, ...] = (1, 3, 10, 20)
    near: int = 2  # moves
    cut: int = 40  # a life is cut after so many steps, of agents that have found nothing
    later: int = 60  # and goes on for so many


class Recorded(NamedTuple):
    """Agents at their first find."""

    outputs: Tensor
    """Of the units before the first step and after each, (T + 1, B, n)."""
    first: Tensor
    """The step of the first find, (B,); T where there was none."""
    agents: maze.Agents
    """Each agent after its first find."""
    state: State
    """Its state then: its trace holds the steps up to the find, and no reward was told."""


def recorded(
    net: agents.Agent, made: maze.Maze, lives: int, n_steps: int, generator: torch.Generator
) -> Recorded:
    """Let agents live, and note each at its first find."""
    lived, state = maze.start(made, lives, generator), net.rest(lives)
    outputs, at, held = [state.y], lived, state
    found: list[Tensor] = []
    for _ in range(n_steps):
        life = agents.live(net, made, lived, 1, generator, state)
        lived, state = life.agents, life.state
        new = life.found[0] & ~torch.stack([*found, torch.zeros(lives, dtype=torch.bool)]).any(0)
        at = maze.Agents(*(_where(new, a, b) for a, b in zip(lived, at, strict=True)))
        held = State(*(_where(new, a, b) for a, b in zip(state, held, strict=True)))
        outputs.append(state.y)
        found.append(life.found[0])
    return Recorded(torch.stack(outputs), first_find(torch.stack(found)), at, held)


def _where(who: Tensor, new: Tensor, old: Tensor) -> Tensor:
    return torch.where(who.view(-1, *[1] * (new.ndim - 1)), new, old)


def made_of(lives: Recorded, eta: float, holds: Callable[[Tensor], Tensor]) -> Tensor:
    """Return traces (B, n, n) that hold some of the steps up to the first find, written by Oja's
    rule: those for whose number of steps before the find, (B,), ``holds`` is true.
    """
    trace = torch.zeros_like(lives.state.hebb)
    for t, (pre, post) in enumerate(zip(lives.outputs, lives.outputs[1:], strict=False)):
        back = lives.first - t
        written = (back >= 0) & (lives.first < len(lives.outputs) - 1) & holds(back)
        if written.any():
            changed = trace + eta * rules.oja(trace, pre, post)
            trace = _where(written, changed, trace)
    return trace


def score_writing(weights: Weights, seed: int, chosen: Writing) -> Numbers:
    """Count the finds after the first one, with traces that hold some of the steps only."""
    net: Any = stored("plastic", seed)
    mute = without_writing(stored("plastic", seed))
    made, g = maze.make(chosen.size), torch.Generator().manual_seed(30_000 + seed)
    lives = recorded(net, made, chosen.lives, chosen.before, g)
    who = (lives.first >= chosen.earliest) & (lives.first < chosen.before)
    chance = int(torch.randint(2**31, (1,), generator=g))
    blank, eta = torch.zeros_like(lives.state.hebb), net.core.eta.item()
    untold = lives.agents._replace(reward=torch.zeros_like(lives.agents.reward))

    def then(agent: Any, state: State, begin: maze.Agents = lives.agents, till: int = 0) -> Numbers:
        g.manual_seed(chance)  # the same chances for all
        found = []
        if till:  # written for so many steps, and then no more
            life = agents.live(net, made, begin, till, g, state)
            found, begin, state = [life.found], life.agents, life.state
        found.append(agents.live(agent, made, begin, chosen.after - till, g, state).found)
        return {"finds": short(torch.cat(found)[:, who].double().sum(0).mean())}

    y, hebb = lives.state
    silent = torch.zeros_like(y)
    numbers: Numbers = {
        "agents": int(who.sum()),
        "after_find": {
            "written": then(net, lives.state),
            "written, untold": then(net, lives.state, untold),
            "frozen": then(mute, lives.state),
            "frozen, untold": then(mute, lives.state, untold),
            "frozen, untold, no activity": then(mute, State(silent, hebb), untold),
            "blank": then(mute, State(y, blank)),
            "blank, written": then(net, State(y, blank)),
        },
        "kept_then_written_for": {},
        "blank_then_written_for": {},
        "last": {},
        "all_but_last": {},
    }
    for k in chosen.widths:
        last = made_of(lives, eta, partial(operator.gt, k))  # fewer than k steps back
        rest = made_of(lives, eta, partial(operator.le, k))
        numbers["kept_then_written_for"][str(k)] = then(mute, lives.state, till=k)
        numbers["blank_then_written_for"][str(k)] = then(mute, State(y, blank), till=k)
        numbers["last"][str(k)] = then(mute, State(y, last))
        numbers["all_but_last"][str(k)] = then(mute, State(y, rest))
    return numbers | {
        "gated": _gated(net, made, seed, chosen),
        "cut": _cut(net, mute, seed, chosen),
    }


def _gated(net: agents.Agent, made: maze.Maze, seed: int, chosen: Writing) -> Numbers:
    """Write only in the steps after each find, or in all but those."""
    ways: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "always": lambda since, finds: since > 0,
        "never": lambda since, finds: since < 0,
        "in ten after each find": lambda since, finds: since <= 10,
        "in all but ten after each find": lambda since, finds: since > 10,
    }
    numbers: Numbers = {}
    for name, writes in ways.items():
        g = torch.Generator().manual_seed(31_000 + seed)
        begin = maze.start(made, chosen.lives, g)
        found = live_gated(net, made, begin, chosen.before + chosen.after, g, writes)
        first = first_find(found)
        early = first < chosen.before
        since = torch.arange(len(found)).unsqueeze(1) - first
        counted = found & (since > 0) & (since <= chosen.after)
        numbers[name] = {
            "agents": int(early.sum()),
            "finds": short(counted[:, early].double().sum(0).mean()),
        }
    return numbers


def _cut(net: agents.Agent, mute: agents.Agent, seed: int, chosen: Writing) -> Numbers:
    """Put agents that have found nothing elsewhere, and see whether they go back to where they
    were: as they are, with their writing stopped, or told of a reward that was none.
    """
    made, g = maze.make(chosen.size), torch.Generator().manual_seed(32_000 + seed)
    half = agents.live(net, made, maze.start(made, chosen.lives, g), chosen.cut, g)
    looking, place = ~half.found.any(0), half.agents.position
    drawn = torch.randint(len(made.free), (chosen.lives,), generator=g)
    put = half.agents._replace(position=made.free[drawn])
    told = put._replace(reward=torch.ones_like(put.reward))
    chance = int(torch.randint(2**31, (1,), generator=g))

    def then(agent: agents.Agent, begin: maze.Agents, state: Any = half.state) -> Numbers:
        g.manual_seed(chance)
        life = agents.live(agent, made, begin, chosen.later, g, state)
        positions = life.positions[:, looking]
        there = (positions == place[looking]).all(-1)
        close = near(made, positions, place[looking], chosen.near)
        return {
            "came_back": short(there.any(0).double().mean()),
            "near": short(close.double().mean()),
            "found": short(life.found[:, looking].any(0).double().mean()),
        }

    blank = State(half.state.y, torch.zeros_like(half.state.hebb))
    return {
        "agents": int(looking.sum()),
        "put elsewhere": then(net, put),
        "put elsewhere, frozen": then(mute, put),
        "put elsewhere, blank": then(mute, put, blank),
        "put elsewhere, told of a reward": then(net, told),
    }
