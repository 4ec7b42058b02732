"""What agents do when their signal M is another one, and when they write of themselves.

Shapes: T steps, B agents, n units.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulation_at_work.maze.trainings import KINDS, stored_agent
from hebbnotes.experiments.agents.interventions import NEVER
from hebbnotes.experiments.experiment import Numbers, Weights, short, shorts
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

__all__ = [
    "Causal",
    "constant",
    "fitted",
    "live_told",
    "score_causal",
    "shuffled",
    "turned",
]

REWARD = maze.N_SEEN - 1
"""Which of what is seen is the reward."""
MOST = 0.999
"""Size of the largest constant signal: that of an agent is a tanh."""


@dataclass(frozen=True, kw_only=True)
class Causal:
    """Configuration: agents live with a signal that is not their own."""

    kinds: tuple[str, ...] = KINDS
    size: int = 9
    lives: int = 300
    n_steps: int = 200
    constants: tuple[float, ...] = (-0.5, 0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
    around: int = 3  # steps after a find that count as about it


def constant(agent: Any, value: float) -> Any:
    """Return a copy of an agent whose signal is always the same, inside (-1, 1)."""
    changed = copy.deepcopy(agent)
    changed.core.read.data.zero_()
    changed.core.bias.data.fill_(math.atanh(_checks.number("value", value, -MOST, MOST)))
    return changed


def turned(agent: Any) -> Any:
    """Return a copy of an agent whose signal has the other sign."""
    changed = copy.deepcopy(agent)
    changed.core.read.data.neg_()
    changed.core.bias.data.neg_()
    return changed


def shuffled(signals: Tensor, generator: torch.Generator) -> Tensor:
    """Return the signals (T, B) of lives, of each life in an order of its own."""
    _checks.generator(generator)
    order = torch.rand(signals.shape, generator=generator).argsort(0)
    return signals.gather(0, order)


def fitted(signals: Tensor, rewards: Tensor, back: int = 0) -> tuple[Tensor, float]:
    """Return the line that is closest to signals (T, B), of the reward told at a step and at up to
    ``back`` steps before, ``[a, b, ...]``, and the share of their variance that it leaves nothing
    of, which is 0 where signals do not vary.
    """
    sizes: dict[str, int] = {}
    _checks.floating("signals", _checks.tensor("signals", signals, "T B", sizes))
    _checks.tensor("rewards", rewards, "T B", sizes)
    _checks.integer("back", back, 0)
    columns, n = [torch.ones_like(rewards)], len(rewards)
    for k in range(back + 1):
        columns.append(torch.cat([torch.zeros_like(rewards[:k]), rewards])[:n])
    x = torch.stack(columns, -1).flatten(0, 1).double()
    wanted = signals.flatten().double()
    line = torch.linalg.lstsq(x, wanted.unsqueeze(1)).solution[:, 0]
    varies = (wanted - wanted.mean()).square().mean().item()
    if varies <= (8 * torch.finfo(signals.dtype).eps) ** 2:
        return line, 0.0
    return line, 1 - (wanted - x @ line).square().mean().item() / varies


def live_told(
    agent: Any,
    made: maze.Maze,
    n_steps: int,
    generator: torch.Generator,
    tells: Callable[[int, Tensor, Tensor, Tensor], Tensor],
    lives: int,
) -> Tensor:
    """Let modulated agents live, and write by another signal than their own; return the finds,
    (T, B).

    Parameters
    ----------
    tells : callable
        ``tells(t, own, rewards, since)`` returns the signal of a step, (B,), from what the agents
        made, the rewards that they were told in this step and all before, (t + 1, B), and the steps
        since the last find: 1 in the step in which it is told, a million before the first.
    """
    lived, state = maze.start(made, lives, generator), agent.rest(lives)
    since, found, rewards = torch.full((lives,), NEVER), [], torch.zeros(0, lives)
    for t in range(n_steps):
        life = agents.live(agent, made, lived, 1, generator, state)
        rewards = torch.cat([rewards, life.seen[..., REWARD]])
        own = torch.tanh(life.state.y @ agent.core.read + agent.core.bias)
        state = agent.rewritten(state, life.state, tells(t, own, rewards, since))
        lived = life.agents
        found.append(life.found[0])
        since = torch.where(life.found[0], 1, (since + 1).clamp(max=NEVER))
    return torch.stack(found)


def score_causal(weights: Weights, seed: int, chosen: Causal) -> Numbers:
    """Count the goals that agents find with each signal, of both kinds."""
    return {kind: _told(stored_agent(kind, seed), seed, chosen) for kind in chosen.kinds}


def _told(agent: Any, seed: int, chosen: Causal) -> Numbers:
    made, g = maze.make(chosen.size), torch.Generator().manual_seed(60_000 + seed)

    def lived(who: Any, first: int) -> agents.Life:
        g.manual_seed(first + seed)  # the same chances for all
        return agents.live(who, made, maze.start(made, chosen.lives, g), chosen.n_steps, g)

    def finds(who: Any, first: int = 62_000) -> float:
        return short(lived(who, first).found.double().sum(0).mean())

    life = lived(agent, 60_000)
    own = agent.signals(life.seen)
    told = {c: finds(constant(agent, c), 61_000) for c in chosen.constants}
    best = max(told, key=lambda c: told[c])
    mean = own.mean().item()
    numbers: Numbers = {
        "its own": finds(agent),
        "its mean": finds(constant(agent, min(max(mean, -MOST), MOST))),
        "best constant": finds(constant(agent, best)),
        "sign turned": finds(turned(agent)),
        "never": finds(constant(agent, 0.0)),
    }
    rewards = life.seen[..., REWARD]
    lines = {back: fitted(own, rewards, back) for back in (0, 1)}
    mixed, another = shuffled(own, g), own.roll(1, 1)
    near = chosen.around

    def by(back: int) -> Callable[..., Tensor]:
        line = lines[back][0].float()

        def told(t: int, _: Tensor, rewards: Tensor, __: Tensor) -> Tensor:
            return line[0] + sum(line[1 + k] * rewards[t - k] for k in range(min(back, t) + 1))

        return told

    ways: dict[str, Callable[[int, Tensor, Tensor, Tensor], Tensor]] = {
        "shuffled in time": lambda t, *_: mixed[t],
        "another life's": lambda t, *_: another[t],
        "a + b reward": by(0),
        "a + b reward + c reward before": by(1),
        "own about finds, else 0": lambda t, own, _, since: own * (since <= near),
        "0 about finds, else own": lambda t, own, _, since: own * (since > near),
        "own about finds, else mean": lambda t, own, _, since: own.where(since <= near, mean),
        "mean about finds, else own": lambda t, own, _, since: own.where(since > near, mean),
        "0 after the first find": _until_first(near),
    }
    for name, tells in ways.items():
        g.manual_seed(62_000 + seed)
        found = live_told(agent, made, chosen.n_steps, g, tells, chosen.lives)
        numbers[name] = short(found.double().sum(0).mean())
    return {
        "finds": numbers,
        "mean": short(mean),
        "constants": list(chosen.constants),
        "finds_at_constants": [told[c] for c in chosen.constants],
        "best": best,
        "lines": {
            str(back): {"line": shorts(line), "explained": short(share)}
            for back, (line, share) in lines.items()
        },
    }


def _until_first(near: int) -> Callable[[int, Tensor, Tensor, Tensor], Tensor]:
    """Return a signal that is an agent's own up to some steps after its first find, then 0."""
    steps: list[Tensor] = []  # since the first find

    def told(t: int, own: Tensor, _: Tensor, since: Tensor) -> Tensor:
        if t == 0:
            steps[:] = [torch.zeros_like(since)]
        steps[0] = torch.where((since < NEVER) | (steps[0] > 0), steps[0] + 1, 0)
        return own * (steps[0] <= near)

    return told
