"""Machine code for agents: whole lives in a maze, one episode at a time.

``_observe``, ``_step`` and ``_anywhere_but`` are what they are in :mod:`hebbnotes.tasks.maze`, for
one agent and in plain loops; those in torch are the oracle: tests compare action for action. What
differs between agents is a net, and what it does in a step (``_THINK``).

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``. Everything is
computed on the processor.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from hebbnotes import _checks

with _checks.extra("chapters"):
    from numba.extending import overload

from hebbnotes.learning.agents.kinds import Agent
from hebbnotes.networks import PlasticRNN, State
from hebbnotes.networks.modulated import ModulatedRNN, ModulatedState
from hebbnotes.networks.modulated.compiled.steps import Net, hear, net_of, signal
from hebbnotes.networks.modulated.compiled.steps import write as write_heard
from hebbnotes.plasticity.compiled import (
    POWERS,
    add,
    add_plastic,
    array,
    bound,
    copy_to,
    jit,
    number,
    tanh,
    write,
)
from hebbnotes.tasks import maze

__all__ = [
    "LSTMNet",
    "ModulatedNet",
    "PlasticNet",
    "RecurrentNet",
    "lived",
    "lstm_net",
    "modulated_net",
    "plastic_net",
    "recurrent_net",
]

Array = np.ndarray
N_SEEN = maze.N_SEEN


class PlasticNet(NamedTuple):
    """A plastic agent's weights, and its state, which is changed in place."""

    inward: Array  # (n_seen + 1, n)
    outward: Array  # (n + 1, 5)
    w: Array  # (n, n)
    alpha: Array  # (n, n)
    eta: Any
    power: int
    clip: Any
    y: Array  # (B, n)
    hebb: Array  # (B, n, n)


class ModulatedNet(NamedTuple):
    """The same of a modulated agent; what it has no eligibility for is left alone."""

    inward: Array  # (n_seen + 1, n)
    outward: Array  # (n + 1, 5)
    core: Net
    y: Array  # (B, n)
    hebb: Array  # (B, n, n)
    eligibility: Array  # (B, n, n)


class RecurrentNet(NamedTuple):
    """The same of a recurrent agent."""

    inward: Array  # (n_seen + 1, n)
    outward: Array  # (n + 1, 5)
    w: Array  # (n, n)
    y: Array  # (B, n)


class LSTMNet(NamedTuple):
    """The same of an LSTM; the gates in torch's order: store, keep, new, show."""

    inward: Array  # (n_seen + 1, 4 n)
    outward: Array  # (n + 1, 5)
    w: Array  # (n, 4 n)
    y: Array  # (B, n)
    cells: Array  # (B, n)


class _World(NamedTuple):
    """Where they live, what it pays, and all that is left to chance."""

    walls: Array  # (S, S)
    free: Array  # (n_free, 2)
    reward: float
    penalty: float
    chance: Array  # (T, 2, B)
    noise: Array  # (T, B, n_noise)


class _Record(NamedTuple):
    """What is filled: the first fields of a :class:`hebbnotes.learning.agents.Life`."""

    seen: Array  # (T, B, n_seen)
    positions: Array  # (T, B, 2)
    actions: Array  # (T, B)
    rewards: Array  # (T, B)
    found: Array  # (T, B)


@jit
def _sigmoid(drive: Any) -> Any:
    one = np.ones_like(drive)
    return one / (one + np.exp(-drive))


def _think_plastic(net: Any, seen: Array, b: int) -> None:
    y, hebb, drive = net.y[b], net.hebb[b], net.inward[-1].copy()
    add(drive, seen, net.inward[:-1])
    add_plastic(drive, y, net.w, net.alpha, hebb)
    post = tanh(drive)
    write(hebb, y, post, net.eta, net.power, net.clip)
    copy_to(y, post)


def _think_modulated(net: Any, seen: Array, b: int) -> None:
    core, y, hebb, drive = net.core, net.y[b], net.hebb[b], net.inward[-1].copy()
    add(drive, seen, net.inward[:-1])
    add_plastic(drive, y, core.w, core.alpha, hebb)
    post, heard, kept = tanh(drive), np.empty_like(drive), np.empty_like(drive)
    hear(core, post, signal(core, post), heard, kept)
    write_heard(core, hebb, net.eligibility[b], y, post, heard, kept)
    copy_to(y, post)


def _think_recurrent(net: Any, seen: Array, b: int) -> None:
    y, drive = net.y[b], net.inward[-1].copy()
    add(drive, seen, net.inward[:-1])
    add(drive, y, net.w)
    copy_to(y, tanh(drive))


def _think_lstm(net: Any, seen: Array, b: int) -> None:
    y, cells, drive = net.y[b], net.cells[b], net.inward[-1].copy()
    add(drive, seen, net.inward[:-1])
    add(drive, y, net.w)
    n = len(y)
    # numba sorts what an expression of arrays reads by name: other names round otherwise
    store, keep, show = _sigmoid(drive[:n]), _sigmoid(drive[n : 2 * n]), _sigmoid(drive[3 * n :])
    copy_to(cells, keep * cells + store * tanh(drive[2 * n : 3 * n]))
    copy_to(y, show * tanh(cells))


_THINK = {
    PlasticNet: _think_plastic,
    RecurrentNet: _think_recurrent,
    LSTMNet: _think_lstm,
    ModulatedNet: _think_modulated,
}


def _think(net: Any, seen: Array, b: int) -> None:
    """Do one step of episode b, and change the net's state in place."""


_AS_ALL: Any = {name: add.targetoptions[name] for name in ("error_model", "fastmath")}


@overload(_think, jit_options=_AS_ALL)
def _think_of(net: Any, seen: Array, b: int) -> Any:
    """Choose by the type of the net, while it is compiled."""
    return _THINK[net.instance_class]


@jit
def _choose(y: Array, outward: Array, chance: float) -> int:
    """Choose one of four actions with the probabilities of a softmax."""
    logits = outward[-1].copy()
    add(logits, y, outward[:-1])
    likely = np.exp(logits[:4] - max(logits[0], logits[1], logits[2], logits[3]))
    total, action = likely[0] / likely.sum(), 0
    while action < 3 and chance >= total:
        action += 1
        total += likely[action] / likely.sum()
    return action


@jit
def _observe(world: Any, agents: Any, b: int, seen: Array) -> None:
    row, column = agents.position[b, 0], agents.position[b, 1]
    for k in range(9):
        seen[k] = world.walls[row + k // 3 - 1, column + k % 3 - 1]
    for k in range(4):
        seen[9 + k] = agents.action[b] == k
    seen[13] = agents.reward[b]


@jit
def _anywhere_but(free: Array, avoided: Array, chance: float) -> Array:
    drawn = int(chance * (len(free) - 1))
    for k in range(drawn + 1):
        if free[k, 0] == avoided[0] and free[k, 1] == avoided[1]:
            return free[drawn + 1]
    return free[drawn]


@jit
def _step(world: Any, agents: Any, b: int, action: int, chance: float) -> None:
    place = agents.position[b]
    row, column = (
        place[0] + (action == 1) - (action == 0),
        place[1] + (action == 3) - (action == 2),
    )
    bumped = world.walls[row, column]
    if not bumped:
        place[0], place[1] = row, column
    goal = agents.goals[b, agents.turn[b]]
    found = place[0] == goal[0] and place[1] == goal[1]
    if found:
        agents.turn[b] = (agents.turn[b] + 1) % agents.goals.shape[1]
        copy_to(place, _anywhere_but(world.free, agents.goals[b, agents.turn[b]], chance))
    agents.action[b], agents.found[b], agents.bumped[b] = action, found, bumped
    agents.reward[b] = world.reward * found - world.penalty * bumped


@jit
def _lives(net: Any, world: Any, agents: Any, record: Any) -> None:
    """Live: fill the record, and change the agents and the net's state in place."""
    n_steps, _, batch = world.chance.shape
    for b in range(batch):
        for t in range(n_steps):
            seen = record.seen[t, b]
            _observe(world, agents, b, seen)
            copy_to(seen[N_SEEN:], world.noise[t, b])
            copy_to(record.positions[t, b], agents.position[b])
            _think(net, seen, b)
            action = _choose(net.y[b], net.outward, world.chance[t, 0, b])
            _step(world, agents, b, action, world.chance[t, 1, b])
            record.actions[t, b] = action
            record.rewards[t, b] = agents.reward[b]
            record.found[t, b] = agents.found[b]


def lived(
    agent: Agent,
    made: maze.Maze,
    agents: maze.Agents,
    state: Any,
    chance: Tensor,
    noise: Tensor,
    reward: float,
    penalty: float,
) -> tuple[Any, ...]:
    """Let agents live: for :func:`.lives.live`, which has checked everything.

    Parameters
    ----------
    agent, made, agents, state, reward, penalty : as for :func:`.lives.live`
    chance : Tensor
        Drawn from [0, 1), double, shape (T, 2, B): for the action of each step, and for the place
        after a find.
    noise : Tensor, inputs that distract, shape (T, B, n_noise)

    Returns
    -------
    tuple
        The fields of a :class:`.Life`.
    """
    (n_steps, _, batch), like = chance.shape, agent.outward
    record = (
        torch.empty(n_steps, batch, agent.n_seen, dtype=like.dtype),
        torch.empty(n_steps, batch, 2, dtype=torch.long),
        torch.empty(n_steps, batch, dtype=torch.long),
        torch.empty(n_steps, batch, dtype=like.dtype),
        torch.empty(n_steps, batch, dtype=torch.bool),
    )
    net, state = agent.arrays(state)
    after = maze.Agents(*map(_copy, agents))
    chances = array(chance), array(noise.to(like))
    world = _World(array(made.walls), array(made.free), reward, penalty, *chances)
    arrays = maze.Agents._make(map(array, after)), _Record._make(map(array, record))
    _check_sizes(net, world, *arrays)
    _lives(net, world, *arrays)
    return *record, after, state


def _check_sizes(net: Any, world: _World, agents: Any, record: _Record) -> None:
    """Raise unless all arrays fit together: machine code looks at no bounds."""
    (n_steps, _, batch), n = world.chance.shape, net.y.shape[-1]
    n_seen, side, n_goals = record.seen.shape[2], len(world.walls), agents.goals.shape[1]
    columns = 4 * n if isinstance(net, LSTMNet) else n
    wanted = {
        "inward": (n_seen + 1, columns),
        "outward": (n + 1, 5),
        "w": (n, columns),
        "alpha": (n, n),
        "y": (batch, n),
        "hebb": (batch, n, n),
        "eligibility": (batch, n, n),
        "read": (n,),
        "fan_out": (n,),
        "cells": (batch, n),
        "walls": (side, side),
        "free": (len(world.free), 2),
        "chance": (n_steps, 2, batch),
        "noise": (n_steps, batch, n_seen - N_SEEN),
        "position": (batch, 2),
        "goals": (batch, n_goals, 2),
        "positions": (n_steps, batch, 2),
        "seen": (n_steps, batch, n_seen),
    }
    wanted |= dict.fromkeys(("turn", "action", "reward", "found", "bumped"), (batch,))
    for part in (net, *([net.core] if isinstance(net, ModulatedNet) else []), world, agents):
        for name, value in part._asdict().items():
            if isinstance(value, Array) and value.ndim and value.shape != wanted[name]:
                raise ValueError(
                    f"{name} must have shape {wanted[name]} in a life of {batch} agents with {n} "
                    f"units, got {value.shape}: look at the agent's weights"
                )


def plastic_net(
    core: PlasticRNN, outer: tuple[Tensor, Tensor], clip: float | None, state: State
) -> tuple[PlasticNet, State]:
    """Return a net of a network and the connections to it and from it, and the state it holds."""
    y, hebb = map(_copy, state)
    inward, outward = map(array, outer)
    rule = number(core.eta), POWERS[core.rule], outward.dtype.type(bound(clip))
    weights = inward, outward, array(core.w), array(core.alpha)
    return PlasticNet(*weights, *rule, array(y), array(hebb)), State(y, hebb)


def modulated_net(
    core: ModulatedRNN, outer: tuple[Tensor, Tensor], state: ModulatedState
) -> tuple[ModulatedNet, ModulatedState]:
    """Return a net of a network and the connections to it and from it, and the state it holds."""
    trace = None if state.eligibility is None else _copy(state.eligibility)
    held = ModulatedState(_copy(state.y), _copy(state.hebb), trace)
    inward, outward = map(array, outer)
    how, one = (POWERS[core.rule], core.gate, bound(core.clip)), torch.ones_like(core.read)
    fan_out = one if core.fan_out is None else core.fan_out
    rates = core.rate("eta"), -one[0] if core.eta_e is None else core.eta_e
    numbers = core.w, core.w, core.alpha, core.read, core.bias, fan_out, *rates
    written, marked = array(held.hebb), array(held.hebb if trace is None else trace)
    net = ModulatedNet(inward, outward, net_of(how, numbers), array(held.y), written, marked)
    return net, held


def recurrent_net(core: nn.RNNBase, outward: Tensor, state: Tensor) -> tuple[RecurrentNet, Tensor]:
    """Return a net of torch's network and the connections from it, and the state it holds."""
    y = _copy(state)
    return RecurrentNet(*_weights(core, outward), array(y)[0]), y


def lstm_net(
    core: nn.LSTM, outward: Tensor, state: tuple[Tensor, Tensor]
) -> tuple[LSTMNet, tuple[Tensor, Tensor]]:
    """Return a net of torch's LSTM and the connections from it, and the state it holds."""
    y, cells = map(_copy, state)
    return LSTMNet(*_weights(core, outward), array(y)[0], array(cells)[0]), (y, cells)


def _weights(core: nn.RNNBase, outward: Tensor) -> tuple[Array, Array, Array]:
    """Return ``inward``, with torch's biases as its last row, ``outward`` and ``w``."""
    ((inward, w, *biases),) = core.all_weights
    with_bias = torch.cat([inward.mT, (biases[0] + biases[1])[None]])
    return array(with_bias), array(outward), array(w.mT)


def _copy(value: Tensor) -> Tensor:
    return value.detach().clone(memory_format=torch.contiguous_format)
