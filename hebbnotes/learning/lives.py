"""Machine code for agents: whole lives in a maze, one episode at a time.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``. Everything is computed on the processor.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes.networks.loop import State
from hebbnotes.plasticity.compiled import (
    POWERS,
    add,
    add_plastic,
    array,
    bound,
    jit,
    number,
    tanh,
    write,
)
from hebbnotes.tasks import maze

__all__ = ["KINDS", "N_SEEN", "live"]


KINDS = {"plastic": 0, "recurrent": 1, "lstm": 2}
"""The networks that are compiled."""


N_SEEN = maze.N_SEEN


@jit
def _sigmoid(drive: Any) -> Any:
    one = np.ones_like(drive)
    return one / (one + np.exp(-drive))


@jit
def _observe(seen: Any, walls: Any, row: int, column: int, action: int, reward: Any) -> None:
    for k in range(9):
        seen[k] = walls[row + k // 3 - 1, column + k % 3 - 1]
    for k in range(4):
        seen[9 + k] = action == k
    seen[13] = reward


@jit
def _think(
    kind: int,
    seen: Any,
    inward: Any,
    w: Any,
    alpha: Any,
    eta: Any,
    power: int,
    clip: Any,
    y: Any,
    memory: Any,
) -> None:
    """Do one step of a network, and change its ``y`` (n,) and ``memory`` in place: a trace (n, n), or cells (1, n)."""
    drive = inward[-1].copy()
    add(drive, seen, inward[:-1])
    if kind == 0:
        add_plastic(drive, y, w, alpha, memory)
        post = tanh(drive)
        write(memory, y, post, eta, power, clip)
        y[:] = post
        return
    add(drive, y, w)
    if kind == 1:
        y[:] = tanh(drive)
        return
    n = len(y)
    admit, keep, show = _sigmoid(drive[:n]), _sigmoid(drive[n : 2 * n]), _sigmoid(drive[3 * n :])
    memory[0] = keep * memory[0] + admit * tanh(drive[2 * n : 3 * n])
    y[:] = show * tanh(memory[0])


@jit
def _choose(y: Any, outward: Any, chance: float) -> int:
    """Choose one of four actions with the probabilities of a softmax."""
    logits = outward[-1].copy()
    add(logits, y, outward[:-1])
    likely = np.exp(logits[:4] - logits[:4].max())
    total, action = likely[0] / likely.sum(), 0
    while action < 3 and chance >= total:
        action += 1
        total += likely[action] / likely.sum()
    return action


@jit
def _place(free: Any, avoided: Any, chance: float) -> Any:
    """Choose a free square, any but one."""
    drawn = int(chance * (len(free) - 1))
    for k in range(drawn + 1):
        if free[k, 0] == avoided[0] and free[k, 1] == avoided[1]:
            return free[drawn + 1]
    return free[drawn]


@jit
def _lives(
    kind: int, inward: Any, w: Any, alpha: Any, outward: Any, eta: Any, power: int, clip: Any,
    walls: Any, free: Any, chance: Any, noise: Any, reward: float, penalty: float,
    position: Any, goals: Any, turn: Any, latest: Any, got: Any, finds: Any, bumps: Any, y: Any, memory: Any,
    seen: Any, positions: Any, actions: Any, rewards: Any, found: Any,
) -> None:  # fmt: skip
    """Live. Lines of arguments: the network; the maze and its chances; agents and states, changed in place; what is filled."""
    n_steps, _, batch = chance.shape
    for b in range(batch):
        for t in range(n_steps):
            now, place = seen[t, b], position[b]
            _observe(now, walls, place[0], place[1], latest[b], got[b])
            now[N_SEEN:] = noise[t, b]
            positions[t, b] = place
            _think(kind, now, inward, w, alpha, eta, power, clip, y[b], memory[b])
            action = _choose(y[b], outward, chance[t, 0, b])
            row, column = (
                place[0] + (action == 1) - (action == 0),
                place[1] + (action == 3) - (action == 2),
            )
            bumps[b] = walls[row, column]
            if not bumps[b]:
                place[0], place[1] = row, column
            goal = goals[b, turn[b]]
            finds[b] = place[0] == goal[0] and place[1] == goal[1]
            latest[b], got[b] = action, reward * finds[b] - penalty * bumps[b]
            actions[t, b], rewards[t, b], found[t, b] = action, got[b], finds[b]
            if finds[b]:
                turn[b] = (turn[b] + 1) % goals.shape[1]
                place[:] = _place(free, goals[b, turn[b]], chance[t, 1, b])


def live(
    agent: Any,
    made: maze.Maze,
    agents: maze.Agents,
    state: Any,
    chance: Tensor,
    noise: Tensor,
    reward: float,
    penalty: float,
) -> tuple[Any, ...]:
    """Let agents live: what :func:`.agents.live` does, which calls this.

    Parameters
    ----------
    agent : hebbnotes.learning.agents.Agent
        The network.
    made, agents, state, reward, penalty
        As for :func:`.agents.live`.
    chance : Tensor
        Drawn from [0, 1), double, shape (T, 2, B): for the action of each step, and for the place after a find.
    noise : Tensor
        Distracting inputs, shape (T, B, n_noise).

    Returns
    -------
    tuple
        What a :class:`.Life` holds.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5. Used by :func:`.agents.live`.
    """
    like = agent.outward
    y, memory = _state_arrays(agent.kind, state)
    seen = torch.empty(len(chance), len(agents.turn), agent.n_seen, dtype=like.dtype)
    actions, positions = (
        torch.empty(*seen.shape[:2], dtype=torch.long),
        torch.empty(*seen.shape[:2], 2, dtype=torch.long),
    )
    rewards, found = torch.empty_like(seen[..., 0]), torch.empty_like(actions, dtype=torch.bool)
    now = [
        getattr(agents, name).clone()
        for name in ("position", "goals", "turn", "action", "reward", "found", "bumped")
    ]
    _lives(
        KINDS[agent.kind], *_weights(agent), made.walls.numpy(), made.free.numpy(), chance.numpy(), array(noise.to(like)),
        float(reward), float(penalty), *(one.numpy() for one in now), y.numpy(), memory.numpy(),
        *(one.numpy() for one in (seen, positions, actions, rewards, found)),
    )  # fmt: skip
    ends = {
        "plastic": State(y, memory),
        "recurrent": y[None],
        "lstm": (y[None], memory.transpose(0, 1)),
    }
    return seen, positions, actions, rewards, found, maze.Agents(*now), ends[agent.kind]


def _state_arrays(kind: str, state: Any) -> tuple[Tensor, Tensor]:
    """Return copies of what a network remembers: its output (B, n), and its trace (B, n, n) or cells (B, 1, n)."""
    if kind == "plastic":
        return state.y.detach().clone(), state.hebb.detach().clone()
    y, cells = (state, state) if kind == "recurrent" else state
    return y[0].detach().clone(), cells.detach().transpose(0, 1).clone(
        memory_format=torch.contiguous_format
    )


def _weights(agent: Any) -> tuple[Any, ...]:
    """Return weights as [pre, post], and the rule."""
    core, outward = agent.core, array(agent.outward)
    if agent.kind == "plastic":
        rule = POWERS[core.rule], outward.dtype.type(bound(agent.clip))
        return (
            array(agent.inward),
            array(core.w),
            array(core.alpha),
            outward,
            number(core.eta),
            *rule,
        )
    inward = torch.cat([core.weight_ih_l0.mT, (core.bias_ih_l0 + core.bias_hh_l0)[None]])
    none = outward.dtype.type(0)
    return (
        array(inward),
        array(core.weight_hh_l0.mT),
        np.zeros((1, 1), outward.dtype),
        outward,
        none,
        0,
        none,
    )
