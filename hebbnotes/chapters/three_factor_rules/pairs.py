"""Pairs of Poisson units with a synapse each that learns by spike timing, compiled.

A chance for a third factor: of many synapses with spikes of their own, one earns a reward that
comes late. Times are in seconds, rates in Hz; spikes come in steps of dt.
"""

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.compiled import jit

__all__ = ["Learner", "Pairs", "earned", "grown", "spike_traces", "spikes"]


@dataclass(frozen=True)
class Pairs:
    """Pairs of Poisson units with a synapse each, which learns by spike timing.

    Parameters
    ----------
    n : int
        Number of pairs, at least 2.
    rate : float
        Of every unit, in Hz.
    a_plus, a_minus, tau : float
        Window of spike timing: sizes, and the time constant of both sides, in s.
    within : float
        A sender's spike and one of its receiver's at most so long after it, in s, earn a reward.
    dt : float
        Length of a step, in s.

    Notes
    -----
    Source: the setting of Izhikevich (2007), without a network around the synapse.
    """

    n: int = 50
    rate: float = 2.0
    a_plus: float = 1.0
    a_minus: float = 1.05
    tau: float = 0.020
    within: float = 0.020
    dt: float = 0.001

    def __post_init__(self) -> None:
        _checks.integer("n", self.n, 2)
        for one in fields(self)[1:]:
            _checks.number(one.name, getattr(self, one.name), 1e-9)
        _checks.number("rate", self.rate, 1e-9, 1 / self.dt)


def spikes(pairs: Pairs, seconds: float, generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    """Draw the steps at which sender and receiver of each pair spike: in order, integers, (k,).

    A unit spikes at most once in a step.
    """
    _checks.of_type("pairs", pairs, Pairs, "use Pairs()")
    steps = round(_checks.number("seconds", seconds, pairs.dt) / pairs.dt)
    _checks.generator(generator, "cpu")
    _checks.room(pairs=2 * pairs.n, spikes=round(pairs.rate * seconds) + 1)

    def train() -> Tensor:
        count = int(torch.poisson(torch.tensor(pairs.rate * seconds), generator=generator))
        return torch.randint(steps, (count,), generator=generator).unique()

    return [(train(), train()) for _ in range(pairs.n)]


def earned(pre: Tensor, post: Tensor, pairs: Pairs) -> Tensor:
    """Return those steps of the receiver's spikes that come shortly after one of the sender's.

    Both are in order, integers from 0, shapes (k,) and (l,).
    """
    _in_order("pre", pre), _in_order("post", post)
    _checks.of_type("pairs", pairs, Pairs, "use Pairs()")
    last = torch.searchsorted(pre, post) - 1  # the last spike of the sender before each
    gap = post - pre[last.clamp(min=0)] if len(pre) else post
    return post[(last >= 0) & (gap <= round(pairs.within / pairs.dt))]


@jit
def _traces(pre: Any, post: Any, asked: Any, taus: Any, window: Any, out: Any) -> None:
    """Write the traces (K,) at each asked step, before this step's pair, into out, from event to
    event.
    """
    dt, tau, up, down = window
    i, j, k, last = 0, 0, 0, 0
    x, y, e = 0.0, 0.0, np.zeros(len(taus))
    end = 2**62
    while k < len(asked):
        sent = pre[i] if i < len(pre) else end
        fired = post[j] if j < len(post) else end
        now = min(sent, fired, asked[k])
        passed = (now - last) * dt
        for c in range(len(taus)):
            e[c] *= math.exp(-passed / taus[c])
        fade = math.exp(-passed / tau)
        x, y, last = x * fade, y * fade, now
        while k < len(asked) and asked[k] == now:
            out[k] = e
            k += 1
        pair = 0.0
        if fired == now:
            pair += up * x
        if sent == now:
            pair -= down * y
        for c in range(len(taus)):
            e[c] += pair
        if sent == now:
            x, i = x + 1, i + 1
        if fired == now:
            y, j = y + 1, j + 1


def spike_traces(pre: Tensor, post: Tensor, asked: Tensor, taus: Tensor, pairs: Pairs) -> Tensor:
    """Return eligibility traces of a synapse at some steps, before what those steps add.

    It is what :func:`.stdp` and :func:`.eligibility` make step by step, faded to the step that is
    asked for, and computed from spike to spike.

    Parameters
    ----------
    pre, post, asked : Tensor
        Steps of the spikes and of the questions, from 0, in order, integers, shapes (k,), (l,) and
        (n,).
    taus : Tensor
        Time constants of the traces, in s, shape (K,).
    pairs : Pairs
        The window of spike timing.

    Returns
    -------
    Tensor
        Shape (n, K), in double precision.
    """
    for name, when in (("pre", pre), ("post", post), ("asked", asked)):
        _in_order(name, when)
    _checks.floating("taus", _checks.tensor("taus", taus, "K", {}))
    _checks.inside("taus", _checks.held("taus", taus), 1e-9, 1e6, "they are time constants, in s")
    _checks.of_type("pairs", pairs, Pairs, "use Pairs()")
    out = np.zeros((len(asked), len(taus)))
    window = pairs.dt, pairs.tau, pairs.a_plus, pairs.a_minus
    _traces(pre.numpy(), post.numpy(), asked.numpy(), taus.double().numpy(), window, out)
    return torch.from_numpy(out)


def _in_order(name: str, when: Tensor) -> Tensor:
    """Return steps from 0 that do not go back, or raise."""
    most = torch.iinfo(torch.int64).max
    _checks.actions(name, when, "k", {}, most)
    if bool((when.diff() < 0).any()):
        raise ValueError(f"{name} must be in order: use {name}.sort().values")
    return when


# Weights that learn from rewarded spikes


@dataclass(frozen=True)
class Learner:
    """Pairs whose synapses learn: constants beside those of :class:`.Pairs`.

    A sender's spike evokes one of its receiver's with probability ``evokes * w``, ``latency`` s
    later. The first pair's coincidences earn the reward, ``delay`` s later.

    Parameters
    ----------
    tau, delay, latency : float
        Of the eligibility trace, the reward and the evoked spike, in s, above 0.
    evokes : float
        In [0, 1].
    eta : float
        Learning rate, at least 0.
    baseline : bool
        Whether the modulator is the reward minus its running mean.
    follow : float
        Time constant of that mean, in s, above 0.
    start : float
        Weight of every synapse at the start, in [0, 1].
    """

    tau: float = 2.0
    delay: float = 1.0
    latency: float = 0.005
    evokes: float = 0.2
    eta: float = 0.01
    baseline: bool = True
    follow: float = 100.0
    start: float = 0.5

    def __post_init__(self) -> None:
        for name in ("tau", "delay", "latency", "follow"):
            _checks.number(name, getattr(self, name), 1e-9)
        _checks.number("eta", self.eta, 0)
        for name in ("evokes", "start"):
            _checks.number(name, getattr(self, name), 0, 1)
        _checks.flag("baseline", self.baseline)


def _source(generator: torch.Generator) -> np.random.Generator:
    """Return a source of chance for machine code, which torch's generator seeds.

    Its numbers are those of NumPy's older source with that seed, with which results were stored.
    """
    seed = int(torch.randint(2**31, (1,), generator=_checks.generator(generator, "cpu")))
    bits, older = np.random.MT19937(), np.random.RandomState(seed)
    state: Any = older.get_state(legacy=False)
    bits.state = state
    return np.random.Generator(bits)


@jit
def _gap(source: Any, chance: Any) -> Any:
    """Return how many steps a unit stays silent before it spikes."""
    return int(math.log(1 - source.random()) / math.log(1 - chance))


@jit
def _spiked(source: Any, t: Any, following: Any, evoked: Any, chance: Any, now: Any) -> Any:
    """Write which senders and receivers spike, (2, n), and when each will by itself again; return
    the first of these times.
    """
    soonest = 2**62
    for side in range(2):
        for i in range(len(evoked)):
            now[side, i] = following[side, i] == t
            if now[side, i]:
                following[side, i] = t + 1 + _gap(source, chance)
            soonest = min(soonest, following[side, i])
    for i in range(len(evoked)):
        if evoked[i]:
            evoked[i], now[1, i] = 0, 1
    return soonest


@jit
def _drift(w: Any, e: Any, step: Any, kept: Any) -> None:
    """Let all weights follow the modulator for a step, and all traces fade."""
    for i in range(len(w)):
        w[i] = min(max(w[i] + step * e[i], 0.0), 1.0)
        e[i] *= kept


@jit
def _pair(t: Any, now: Any, traces: Any, e: Any, window: Any) -> None:
    """Add this step's pairs to the traces (n,); those of spikes, (3, n), fade until they are used,
    and the last row says when that was.
    """
    fade, up, down = window
    for i in range(len(e)):
        if now[0, i] or now[1, i]:
            left = math.exp(fade * (t - traces[2, i]))
            x, y = left * traces[0, i], left * traces[1, i]
            e[i] += up * x * now[1, i] - down * y * now[0, i]
            traces[0, i], traces[1, i], traces[2, i] = x + now[0, i], y + now[1, i], t


@jit
def _learn(w: Any, source: Any, numbers: Any, whole: Any, history: Any, seen: Any) -> None:
    """Let weights (n,) learn in place; write them into history after each part, and the spikes of
    the first steps into seen (steps, 2, n).
    """
    chance, evokes, kept, eta, mean, follow, window = numbers
    every, late, latency, within, subtract = whole
    n = len(w)
    e, traces, last = np.zeros(n), np.zeros((3, n)), -(2**40)
    due, evoked = np.zeros(late), np.zeros((latency, n), np.uint8)
    waiting = np.zeros(latency, np.int64)
    following, now = np.zeros((2, n), np.int64), np.zeros((2, n), np.uint8)
    for side in range(2):
        for i in range(n):
            following[side, i] = _gap(source, chance)
    soonest = following.min()
    for t in range(every * len(history)):
        reward, due[t % late] = due[t % late], 0
        _drift(w, e, eta * (reward - subtract * mean), kept)
        mean += follow * (reward - mean)
        if t == soonest or waiting[t % latency]:
            waiting[t % latency] = 0
            soonest = _spiked(source, t, following, evoked[t % latency], chance, now)
            if now[1, 0] and t - last <= within:
                due[t % late] = 1
            if now[0, 0]:
                last = t
            _pair(t, now, traces, e, window)
            for i in range(n):
                if now[0, i] and source.random() < evokes * w[i]:
                    evoked[t % latency, i] = 1
                    waiting[t % latency] = 1
            if t < len(seen):
                seen[t] = now
        if (t + 1) % every == 0:
            history[t // every] = w


def grown(
    pairs: Pairs,
    learner: Learner,
    parts: int,
    every: float,
    generator: torch.Generator,
    watched: int = 0,
) -> tuple[Tensor, Tensor]:
    """Return weights after each part of so many seconds, shape (parts, n), and which units spiked
    in each of the first steps that are watched, shape (steps, 2, n), senders first.

    It is :func:`.three_factor` with :func:`.eligibility` and :func:`.stdp`, and weights in [0, 1].
    All times must be more than half a step.
    """
    _checks.of_type("pairs", pairs, Pairs, "use Pairs()")
    _checks.of_type("learner", learner, Learner, "use Learner()")
    dt = pairs.dt
    least = dt * (0.5 + 1e-9)
    times = {"every": every, "delay": learner.delay, "latency": learner.latency}
    times["within"] = pairs.within
    steps = [round(_checks.number(name, time, least) / dt) for name, time in times.items()]
    w = np.full(pairs.n, learner.start)
    chance = pairs.rate * dt
    expected = pairs.rate * (pairs.rate * pairs.within + learner.evokes * learner.start) * dt
    window = -dt / pairs.tau, pairs.a_plus, pairs.a_minus
    kept, follow = math.exp(-dt / learner.tau), dt / learner.follow
    numbers = (chance, learner.evokes, kept, learner.eta, expected, follow, window)
    history = np.zeros((_checks.integer("parts", parts), pairs.n))
    seen = np.zeros((_checks.integer("watched", watched, 0), 2, pairs.n), np.uint8)
    _learn(w, _source(generator), numbers, (*steps, learner.baseline), history, seen)
    return torch.from_numpy(history), torch.from_numpy(seen)
