"""How long a synapse should remember its own coincidences: a trace as a matched filter.

One reward comes a while after the coincidence that earned it. Coincidences at a rate r that have
nothing to do with it went on at every synapse, the deserving one too. How well does the trace of
the deserving one stand out? Times are in seconds, rates in Hz; the background is Poisson, the
read-out linear, and rewards are rarer than the trace is long.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.three_factor_rules.pairs import Pairs, earned, spike_traces, spikes

__all__ = [
    "Fit",
    "at_fixed_delay",
    "between",
    "detectability",
    "exponential",
    "fit",
    "fixed",
    "lags",
    "needed_rewards",
    "simulated",
    "step_of",
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
    dt = step_of(lags)
    delay = _checks.number("delay", delay, float(lags[0]), float(lags[-1]))
    return (1 - (lags - delay).abs() / dt).clamp(min=0) / dt


def between(low: float, high: float, lags: Tensor) -> Tensor:
    """Return the density, in 1/s, of delays that are equally likely from low to high, in s."""
    dt = step_of(lags)
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

    Source: eq-one-delay.
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
        Rate of chance coincidences, in Hz, above 0.
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
    rate = _checks.number("rate", rate, 1e-12)
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


def step_of(lags: Tensor) -> float:
    """Return the length of the steps whose middles the lags are, from 0 on, or raise."""
    _checks.finite("lags", _checks.floating("lags", _checks.tensor("lags", lags, "n", {})))
    step = 2 * float(lags[0])
    wanted = step * (torch.arange(len(lags)).to(lags) + 0.5)
    if step <= 0 or not torch.allclose(lags, wanted, rtol=1e-4):
        raise ValueError("lags must be the middles of equal steps from 0: use matched.lags(dt, s)")
    return step


# With spikes: the trace is that of spike-timing-dependent plasticity


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
