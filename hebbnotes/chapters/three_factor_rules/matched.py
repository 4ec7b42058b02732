"""How long a synapse should remember its own coincidences: a trace as a matched filter.

One reward comes a while after the coincidence that earned it. Coincidences at a rate r that have
nothing to do with it went on at every synapse, the deserving one too. How well does the trace of
the deserving one stand out? Times are in seconds, rates in Hz; the background is Poisson, the
read-out linear, and rewards are rarer than the trace is long.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.compiled import jit

__all__ = [
    "Fit",
    "Pairs",
    "at_fixed_delay",
    "between",
    "detectability",
    "earned",
    "exponential",
    "fit",
    "fixed",
    "lags",
    "needed_rewards",
    "simulated",
    "spike_traces",
    "spikes",
    "with_spikes",
]


def lags(dt: float, longest: float) -> Tensor:
    """Return the middles of steps of length dt from 0 to the longest lag, in s, shape (n,)."""
    dt = _checks.number("dt", dt, 1e-9)
    n = round(_checks.number("longest", longest, dt) / dt)
    _checks.room(lags=n)
    return dt * (torch.arange(n, dtype=torch.float64) + 0.5)


def exponential(tau: float, lags: Tensor) -> Tensor:
    """Return what is left of a trace after each lag, ``exp(-lag / tau)``, of the shape of lags.

    Divided by ``tau`` it is the density of exponential delays of mean ``tau``, in 1/s.
    """
    tau = _checks.number("tau", tau, 1e-9)
    return torch.exp(-_checks.finite("lags", _checks.floating("lags", lags)) / tau)


def fixed(delay: float, lags: Tensor) -> Tensor:
    """Return the density of one fixed delay, in 1/s: shared by the two steps that are nearest."""
    dt = _step(lags)
    delay = _checks.number("delay", delay, float(lags[0]), float(lags[-1]))
    return (1 - (lags - delay).abs() / dt).clamp(min=0) / dt


def between(low: float, high: float, lags: Tensor) -> Tensor:
    """Return the density, in 1/s, of delays that are equally likely from low to high, in s."""
    dt = _step(lags)
    low = _checks.number("low", low, 0)
    high = _checks.number("high", high, low + dt, float(lags[-1]) + dt)
    density = ((lags > low) & (lags < high)).to(lags.dtype)
    return density / (density.sum() * dt)


def detectability(kernel: Tensor, density: Tensor, rate: float, dt: float) -> Tensor:
    """Return how well one reward tells the deserving synapse from another: d', in spreads.

    ``d' = sum(kernel * density) * dt / sqrt(rate * sum(kernel**2) * dt)``: by how much the mean of
    the deserving synapse's trace lies above the other's, in standard deviations of the other's.
    It is at most ``sqrt(sum(density**2) * dt / rate)``, for a kernel like the density of delays.

    Parameters
    ----------
    kernel : Tensor
        What is left of a coincidence after each lag, shape (..., n).
    density : Tensor
        Of the delays between coincidence and reward, in 1/s, shape (..., n).
    rate : float
        Rate of chance coincidences at any synapse, in Hz.
    dt : float
        Step of the lags, in s.

    Returns
    -------
    Tensor
        Shape (...).

    Notes
    -----
    Source: eq-matched-filter, this book's; the bound is Cauchy's and Schwarz's inequality, which is
    that of a matched filter.
    """
    _checks.finite("kernel", _checks.floating("kernel", kernel))
    _checks.finite("density", _checks.floating("density", density))
    if kernel.ndim < 1 or density.ndim < 1 or kernel.shape[-1] != density.shape[-1]:
        raise ValueError(
            f"kernel and density must hold a number for each lag, got shapes "
            f"{tuple(kernel.shape)} and {tuple(density.shape)}"
        )
    rate, dt = _checks.number("rate", rate, 1e-12), _checks.number("dt", dt, 1e-9)
    return (kernel * density).sum(-1) * dt / (rate * kernel.square().sum(-1) * dt).sqrt()


def at_fixed_delay(tau: float | Tensor, delay: float, rate: float) -> Tensor:
    """Return d' of an exponential trace for one fixed delay, of the shape of tau.

    ``exp(-delay / tau) / sqrt(rate * tau / 2)``. It is largest at ``tau = 2 * delay``.

    Source: eq-matched-filter.
    """
    tau = torch.as_tensor(tau, dtype=torch.float64)
    if not bool((_checks.finite("tau", tau) > 0).all()):
        raise ValueError("tau must be above 0: it is a time constant, in s")
    delay, rate = _checks.number("delay", delay, 0), _checks.number("rate", rate, 1e-12)
    return torch.exp(-delay / tau) / (rate * tau / 2).sqrt()


def needed_rewards(d: float | Tensor) -> Tensor:
    """Return how many rewards set the deserving synapse three standard deviations apart: 9 / d'^2.

    The sum over n rewards has a mean of n and a spread of sqrt(n) times that of one.
    """
    return 9 / torch.as_tensor(d, dtype=torch.float64).square()


def simulated(taus: Tensor, delays: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """Measure d' of exponential traces from drawn coincidences, at two synapses for each reward.

    Parameters
    ----------
    taus : Tensor
        Time constants, in s, shape (K,).
    delays : Tensor
        From the coincidence that earned a reward to that reward, in s, one for each, shape (n,).
    rate : float
        Rate of chance coincidences, in Hz.
    generator : torch.Generator
        Source of the chance coincidences.

    Returns
    -------
    Tensor
        Mean of the deserving trace minus mean of the other, over the other's spread, shape (K,).

    Notes
    -----
    A trace is followed for twelve of the longest time constants before each reward. Source: a test
    of eq-matched-filter.
    """
    _checks.floating("taus", _checks.tensor("taus", taus, "K", {}))
    _checks.floating("delays", _checks.tensor("delays", delays, "n", {}, taus, "taus"))
    _checks.inside("taus", _checks.held("taus", taus), 1e-9, 1e6, "they are time constants, in s")
    _checks.inside("delays", _checks.held("delays", delays), 0, 1e6, "they are in s")
    rate = _checks.number("rate", rate, 0)
    _checks.generator(generator, taus.device)
    longest = 12 * float(taus.max())
    n = len(delays)
    _checks.room(rewards=n, coincidences=2 * math.ceil(rate * longest + 1))
    expected = torch.full((2 * n,), rate * longest, dtype=taus.dtype)
    count = torch.poisson(expected, generator=generator).long()
    owner = torch.repeat_interleave(torch.arange(2 * n), count)
    ages = longest * torch.rand(len(owner), generator=generator, dtype=taus.dtype)
    found = []
    for tau in taus.tolist():
        trace = taus.new_zeros(2 * n).index_add(0, owner, torch.exp(-ages / tau))
        other = trace[n:]
        deserving = trace[:n] + torch.exp(-delays / tau)
        found.append((deserving.mean() - other.mean()) / other.std())
    return torch.stack(found)


def _step(lags: Tensor) -> float:
    _checks.finite("lags", _checks.floating("lags", _checks.tensor("lags", lags, "n", {})))
    return 2 * float(lags[0])


# Spikes: the trace is that of spike-timing-dependent plasticity


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
    """Return those steps of the receiver's spikes that come shortly after one of the sender's."""
    last = torch.searchsorted(pre, post) - 1  # the last spike of the sender before each
    gap = post - pre[last.clamp(min=0)] if len(pre) else post
    return post[(last >= 0) & (gap * pairs.dt <= pairs.within)]


@jit
def _traces(
    pre: Any, post: Any, asked: Any, taus: Any, dt: Any, tau: Any, up: Any, down: Any, out: Any
) -> None:
    """Write the traces (K,) at each asked step, before this step's pair, into out, from event to
    event.
    """
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

    It is what :func:`.stdp` and :func:`.eligibility` make step by step, computed from spike to
    spike.

    Parameters
    ----------
    pre, post, asked : Tensor
        Steps of the spikes and of the questions, in order, integers, shapes (k,), (l,) and (n,).
    taus : Tensor
        Time constants of the traces, in s, shape (K,).
    pairs : Pairs
        The window of spike timing.

    Returns
    -------
    Tensor
        Shape (n, K), in double precision.
    """
    out = np.zeros((len(asked), len(taus)))
    window = pairs.dt, pairs.tau, pairs.a_plus, pairs.a_minus
    _traces(pre.numpy(), post.numpy(), asked.numpy(), taus.double().numpy(), *window, out)
    return torch.from_numpy(out)


def with_spikes(
    taus: Tensor, delay: float, pairs: Pairs, *, seconds: float, generator: torch.Generator
) -> Tensor:
    """Measure d' of the traces of spike-timing-dependent plasticity; each pair is the target once.

    Whenever the target's spikes earn it, a reward comes a delay later. The other synapse is that of
    the next pair, looked at in the same moments.

    Parameters
    ----------
    taus : Tensor
        Time constants, in s, shape (K,).
    delay : float
        Of the reward, in s.
    pairs : Pairs
        The constants.
    seconds : float
        Length of the simulation, in s; what falls into its first eight longest time constants, or
        first fifth, is left out.
    generator : torch.Generator
        Source of the spikes.

    Returns
    -------
    Tensor
        Mean of the target's trace minus mean of the other, over the other's spread, shape (K,).

    Notes
    -----
    Source: a test of eq-matched-filter.
    """
    _checks.floating("taus", _checks.tensor("taus", taus, "K", {}))
    _checks.inside("taus", _checks.held("taus", taus), 1e-9, 1e6, "they are time constants, in s")
    trains = spikes(pairs, seconds, generator)
    steps, late = round(seconds / pairs.dt), round(_checks.number("delay", delay, 0) / pairs.dt)
    begin = round(min(8 * float(taus.max()), seconds / 5) / pairs.dt)
    targets, others = [], []
    for k, (pre, post) in enumerate(trains):
        asked = earned(pre, post, pairs) + late
        asked = asked[(asked >= begin) & (asked < steps)]
        targets.append(spike_traces(pre, post, asked, taus, pairs))
        others.append(spike_traces(*trains[(k + 1) % pairs.n], asked, taus, pairs))
    target, other = torch.cat(targets), torch.cat(others)
    return ((target.mean(0) - other.mean(0)) / other.std(0)).to(taus.dtype)


class Fit(NamedTuple):
    """A curve ``d'(tau) = sqrt(a / tau) * exp(-delay / tau)``; its optimum is ``2 * delay``.

    Attributes
    ----------
    a : float
        Its height, in s.
    delay : float
        In s.
    """

    a: float
    delay: float


def fit(taus: Tensor, d: Tensor, longest: float = 20.0) -> Fit:
    """Fit the matched-filter law to measured d', with height and delay free, by least squares.

    Parameters
    ----------
    taus, d : Tensor
        Shape (K,).
    longest : float
        Delays from a thousandth of it to it are tried, in s.
    """
    delays = longest * torch.logspace(-3, 0, 6001, dtype=torch.float64)
    shape = torch.exp(-delays.unsqueeze(-1) / taus.double()) / taus.double().sqrt()
    height = ((shape @ d.double()) / shape.square().sum(-1)).clamp(min=0)
    left = (height.unsqueeze(-1) * shape - d.double()).square().sum(-1)
    best = int(left.argmin())
    return Fit(float(height[best]) ** 2, float(delays[best]))
