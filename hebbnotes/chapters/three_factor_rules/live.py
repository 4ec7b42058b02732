"""The live models of the chapter: a trace laid over the delays of the reward, and the error of a
prediction that travels or jumps.

Shapes: n lags; T steps of a trial.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.three_factor_rules import matched
from hebbnotes.figures.live import LiveModel, chance
from hebbnotes.learning.td import serial_compound, td_errors

__all__ = ["MODELS", "best_tau", "spread_delays"]

DT, LONGEST, CROWD = 0.02, 60.0, 30
"""Step and end of the lags, in s; synapses that the right one is compared with."""
TOGETHER = 0.04
"""Two spikes are a pair within 20 ms, whichever comes first: a window of 40 ms."""
BEGIN = {"tau": 2.0, "mean": 2.0, "spread": 0.3, "hertz": 3.0}


def spread_delays(mean: float, spread: float, lags: Tensor) -> Tensor:
    """Return a gamma density of delays, in 1/s, of a mean and a standard deviation, in s.

    Nearly one fixed delay where the spread is small; where it is the mean, exponential.

    Parameters
    ----------
    mean, spread : float
        In s, ``0 < spread <= mean``.
    lags : Tensor
        Middles of steps of one length, in s, shape (n,).

    Returns
    -------
    Tensor
        Shape (n,).
    """
    matched.step_of(lags)
    spread = _checks.number("spread", spread, 1e-9)
    mean = _checks.number("mean", mean, spread)
    shape, scale = (mean / spread) ** 2, spread**2 / mean
    log = (shape - 1) * lags.log() - lags / scale
    density = (log - log.max()).exp()
    return density / (density.sum() * 2 * lags[0])


def best_tau(mean: float, spread: float) -> float:
    """Return the time constant with the largest d' for delays of :func:`spread_delays`, in s.

    Both in s, ``0 <= spread <= mean``; a spread of 0 is one fixed delay.

    With shape k and scale s, ``d' = (1 + s / tau)**-k / sqrt(rate * tau / 2)``, which is largest
    at ``tau = 2 * k * s - s``: twice the mean delay, less its variance over its mean.

    Examples
    --------
    >>> best_tau(2.0, 0.0), best_tau(2.0, 2.0)
    (4.0, 2.0)
    """
    mean = _checks.number("mean", mean, 1e-9)
    return 2 * mean - _checks.number("spread", spread, 0, mean) ** 2 / mean


def rate_of(hertz: float) -> float:
    """Return how many pairs a second two cells have by chance that spike at a rate, in Hz."""
    return TOGETHER * hertz**2


# ------------------------------------------------------------------------------- the trace, tested


def trace_numbers() -> dict[str, Any]:
    """Return what the script of the trace is told."""
    return {
        "dt": DT,
        "longest": LONGEST,
        "together": TOGETHER,
        "crowd": CROWD,
        "sure": 3,
        "begin": BEGIN,
    }


def _rewarded(tau: float, rate: float, density: list[float], drawn: Iterator[float]) -> list[float]:
    """Return what the right synapse and each other gains by a reward, less what is due to all."""
    gained = []
    for _ in range(CROWD + 1):
        age, trace = 0.0, -rate * tau
        while (age := age - math.log(1 - next(drawn)) / rate) < 8 * tau:
            trace += math.exp(-age / tau)
        gained.append(trace)
    share, total, k = next(drawn) / DT, 0.0, 0
    while k < len(density) - 1 and (total := total + density[k]) < share:
        k += 1
    gained[0] += math.exp(-(k + 0.5) * DT / tau)
    return gained


def trace_fixture() -> dict[str, Any]:
    """Return d' and needed rewards of the package at many settings, and what rewards give."""
    lags, cases, races = matched.lags(DT, LONGEST), [], []
    for mean, spread in ((2.0, 0.3), (1.0, 0.1), (2.0, 2.0), (4.0, 1.5), (0.5, 0.5)):
        density = spread_delays(mean, spread, lags)
        for tau in (0.25, 1.0, 2.0, best_tau(mean, spread), 2**3.5):
            for hertz in (2.0, 5.5):
                kernel = matched.exponential(tau, lags)
                d = matched.detectability(kernel, density, rate_of(hertz), DT)
                at = {"tau": tau, "mean": mean, "spread": spread, "hertz": hertz}
                rewards = matched.needed_rewards(d).log().item()
                cases.append({**at, "d": d.item(), "log rewards": rewards})
    for seed, tau, hertz in ((1, 2.0, 3.0), (2, 4.0, 6.0)):
        share, drawn = spread_delays(2.0, 0.3, lags).tolist(), chance(seed)
        gained = [_rewarded(tau, rate_of(hertz), share, drawn) for _ in range(5)]
        sums = torch.tensor(gained, dtype=torch.float64).cumsum(0).tolist()
        at = {"tau": tau, "mean": 2.0, "spread": 0.3, "hertz": hertz}
        races.append({"seed": seed, **at, "gained": sums})
    return {"cases": cases, "races": races}


def trace_still(drawing: Any) -> None:
    """Draw a trace over the delays of the reward, and the best of all."""
    lags = matched.lags(0.05, 10.0)
    left, second, base, one = 20.0, 52.0, 190.0, 160.0

    def line(of: Tensor) -> list[tuple[float, float]]:
        return [
            (left + second * u, base - one * share)
            for u, share in zip(lags.tolist(), of.tolist(), strict=True)
        ]

    density = spread_delays(2.0, 0.3, lags)
    hill = line(0.8 * density / density.max())
    drawing.path([*hill[::2], (left + 10 * second, base)], "", 0, "green", 0.3)
    for tau, width in ((2.0, 2), (4.0, 4)):
        drawing.path(line(matched.exponential(tau, lags))[::2], "blue", width)
        drawing.circle(left + second * tau, base - one / math.e, 7, "", "blue")
    drawing.path([(left, 20), (left, base), (left + 10 * second, base)], "ink", 1)
    drawing.text(left + 2 * second + 22, 62, "the reward comes", anchor="start")
    drawing.text(left + 4 * second + 8, base - one / math.e - 14, "the best trace", anchor="start")
    for s in range(0, 10, 2):
        drawing.text(left + second * s, base + 24, f"{s} s", "muted")


# ------------------------------------------------------------------------------- the error, tested

STEPS, CUE, REWARD, GAMMA, RATE, TRIALS = 25, 5, 20, 1.0, 0.1, 130


def errors(lam: float, trials: int = TRIALS, omitted: bool = False) -> Tensor:
    """Return the error of each step, (trials, T); the last trial's reward may be left out, which
    changes one error: nothing that is seen later has a prediction.
    """
    rewards = torch.zeros(STEPS).double().index_fill(0, torch.tensor(REWARD), 1.0)
    features = serial_compound(STEPS, CUE, REWARD)
    deltas = td_errors(rewards, features, lam, gamma=GAMMA, rate=RATE, trials=trials)
    deltas[-1, REWARD] -= float(omitted)
    return deltas


def td_numbers() -> dict[str, Any]:
    """Return what the script of the error is told."""
    return {
        "steps": STEPS,
        "cue": CUE,
        "reward": REWARD,
        "gamma": GAMMA,
        "rate": RATE,
        "trials": TRIALS,
    }


def td_fixture() -> dict[str, Any]:
    """Return the errors of the package in every fifth trial, and the largest between cue and reward
    in all.
    """
    cases = []
    for lam, trials, omitted in (
        (0.0, TRIALS, False),
        (0.5, 60, False),
        (0.9, 31, True),
        (1.0, 11, True),
    ):
        deltas = errors(lam, trials, omitted)
        cases.append(
            {
                "lambda": lam,
                "rewards": [1] * (trials - 1) + [int(not omitted)],
                "errors": deltas[::5].tolist(),
                "between": deltas[:, CUE + 1 : REWARD].max().item(),
            }
        )
    return {"cases": cases}


def td_still(drawing: Any) -> None:
    """Draw the errors of some trials, one below the other: they travel, or they jump."""
    each, wide = 9.6, 282.0
    for k, lam in enumerate((0.0, 0.9)):
        left, deltas = 14 + wide * k, errors(lam)
        drawing.text(left + STEPS * each / 2, 22, f"λ = {lam:g}")
        if k:
            drawing.text(left - 21, 48, "trial", "muted")
        for step, words in ((CUE, "cue"), (REWARD, "reward")):
            drawing.box(left + each * step, 32, each, 268, "", "green", 0, opacity=0.25)
            drawing.text(left + each * (step + 0.5), 320, words)
        for row, trial in enumerate((0, 15, 30, 60, 120)):
            zero = 82 + 54 * row
            if k:
                drawing.text(left - 21, zero + 5, str(trial + 1), "muted")
            drawing.path([(left, zero), (left + STEPS * each, zero)], "muted", 1)
            bars = [
                f"M{left + each * step + 1:.1f} {zero}v{-46 * error:.1f}h{each - 2:.1f}V{zero}z"
                for step, error in enumerate(deltas[trial].tolist())
                if abs(error) > 0.01
            ]
            drawing.path("".join(bars), "", 0, "blue")  # few shapes: a page is fast


MODELS = {
    "three-factor-rules": LiveModel(
        trace_numbers,
        trace_fixture,
        trace_still,
        222,
        "Seconds after a pair of spikes: a hill where the reward comes, about two seconds later, "
        "and over it two fading traces; the best fades twice as slowly as the reward is late.",
    ),
    "three-factor-rules-td": LiveModel(
        td_numbers,
        td_fixture,
        td_still,
        330,
        "The error in each step of five trials, one below the other. For lambda 0 it moves from "
        "the reward to the cue through the steps between; for lambda 0.9 it jumps.",
    ),
}
"""The live models of the chapter, by name."""
