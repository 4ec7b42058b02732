"""Experiments on three-factor rules: many stimuli, spikes and delays, and training by e-prop."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes.chapters.three_factor_rules import bandit, matched
from hebbnotes.chapters.three_factor_rules.pairs import Learner, Pairs, grown
from hebbnotes.chapters.three_factor_rules.told.trials import TOLD
from hebbnotes.experiments.experiment import (
    Experiment,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    nothing,
    short,
    shorts,
)
from hebbnotes.learning import e_prop
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule

__all__ = ["EXPERIMENTS"]

ELIGIBILITIES: dict[str, Rule] = {"score": rules.score, "Hebb": rules.hebb}


# Two rules, three baselines, many stimuli


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How many stimuli are tried, problems for each seed, and trials, in all at least and each."""

    stimuli: tuple[int, ...] = (1, 2, 4, 8, 16)
    runs: int = 8
    least_trials: int = 2_000
    trials_each: int = 500

    def trials(self, stimuli: int) -> int:
        """Return how many trials there are."""
        return max(self.least_trials, self.trials_each * stimuli)


@dataclass(frozen=True, kw_only=True)
class Stimuli(Lengths):
    """Configuration of :func:`score_stimuli`: rates by rule and number of stimuli, in the order of
    the baselines.
    """

    rates: dict[str, dict[str, tuple[float, ...]]]


def score_stimuli(weights: Weights, seed: int, chosen: Stimuli) -> Numbers:
    """Let units learn by two rules under three baselines; the share of right bits at the end."""
    found: Numbers = {}
    for name, rule in ELIGIBILITIES.items():
        for s in chosen.stimuli:
            g = torch.Generator().manual_seed(1_000 * seed + s)
            given, trials = bandit.problem(s, chosen.runs, g), chosen.trials(s)
            rate = torch.tensor(chosen.rates[name][str(s)], dtype=torch.float64)
            right = bandit.learn(given, rule, rate, trials=trials, generator=g, every=trials)
            at_end = dict(zip(bandit.BASELINES, shorts(right[-1].mean(-1)), strict=True))
            found.setdefault(name, {})[str(s)] = at_end
    return {"right": found}


@dataclass(frozen=True, kw_only=True)
class Rates(Lengths):
    """Configuration of :func:`score_rates`: rates that are tried, by problems for each."""

    tried: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def score_rates(weights: Weights, seed: int, chosen: Rates) -> Numbers:
    """Try rates for each rule, baseline and number of stimuli; the mean share of right bits."""
    found: Numbers = {}
    for name, rule in ELIGIBILITIES.items():
        for s in chosen.stimuli:
            g = torch.Generator().manual_seed(1_000 * seed + s)
            given = bandit.problem(s, chosen.runs, g)
            many = given._replace(
                inputs=given.inputs.repeat(len(chosen.tried), 1, 1),
                targets=given.targets.repeat(len(chosen.tried), 1, 1),
            )
            rate = torch.tensor(chosen.tried, dtype=torch.float64).repeat_interleave(chosen.runs)
            trials, rate = chosen.trials(s), rate.expand(3, -1)
            right = bandit.learn(many, rule, rate, trials=trials, generator=g, every=trials)
            by_rate = right[-1].unflatten(-1, (len(chosen.tried), -1)).mean(-1)
            means = {b: shorts(by_rate[k]) for k, b in enumerate(bandit.BASELINES)}
            best = {b: chosen.tried[int(np.argmax(means[b]))] for b in means}
            found.setdefault(name, {})[str(s)] = {"right": means, "best": best}
    return {"rates": found, "score_16": max(found["score"]["16"]["right"][bandit.BASELINES[2]])}


# How long should a trace be, with spikes


@dataclass(frozen=True)
class Spikes:
    """Configuration of :func:`score_spikes`: delays in s, firing rates in Hz, the grid of time
    constants in s, and the length of each simulation in s.
    """

    delays: tuple[float, ...] = (1.0, 2.0, 4.0)
    firing: tuple[float, ...] = (2.0, 5.0)
    shortest: float = 0.25
    factor: float = 1.3
    n_taus: int = 20
    seconds: float = 10_000.0
    pairs: Pairs = field(default_factory=Pairs)


def score_spikes(weights: Weights, seed: int, chosen: Spikes) -> Numbers:
    """Measure d' over a grid of time constants, and fit the law with its delay free.

    ``optimum`` is the fitted best time constant in delays, 2 by the law; ``short`` and ``long`` are
    how many times the rewards of two delays a trace of one and of four needs, as measured there.
    """
    found: Numbers = {}
    grid = chosen.shortest * chosen.factor ** torch.arange(chosen.n_taus, dtype=torch.float64)
    for hz in chosen.firing:
        for delay in chosen.delays:
            g = torch.Generator().manual_seed(int(100_000 * seed + 1_000 * hz + 10 * delay))
            beside = delay * torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
            taus, pairs = torch.cat([grid, beside]), replace(chosen.pairs, rate=hz)
            d = matched.with_spikes(taus, delay, pairs, seconds=chosen.seconds, generator=g)
            law, (half, best, twice) = matched.fit(grid, d[:-3]), d[-3:]
            found.setdefault(f"{hz:g}", {})[f"{delay:g}"] = {
                "d": shorts(d[:-3]),
                "a": short(law.a),
                "optimum": short(2 * law.delay / delay),
                "largest": short(grid[int(d[:-3].argmax())]),
                "best_d": short(best),
                "short": short((best / half) ** 2),
                "long": short((best / twice) ** 2),
            }
    optimum = short(np.mean([one["optimum"] for of in found.values() for one in of.values()]))
    return {"spikes": found, "taus": shorts(grid), "optimum": optimum}


# Weights that learn from rewarded spikes


@dataclass(frozen=True)
class Growth:
    """Configuration of :func:`score_growth`: rates by signal and by how strongly spike timing
    weakens, and the simulation: parts of so many seconds.
    """

    rates: dict[str, dict[str, float]]
    parts: int = 300
    every: float = 10.0
    bound: float = 0.95
    pairs: Pairs = field(default_factory=Pairs)
    learner: Learner = field(default_factory=Learner)


SIGNALS = {"reward": False, "reward minus mean": True}


def ended(chosen: Growth, signal: str, weakens: float, eta: float, seed: int) -> Numbers:
    """Return what became of the weights: in the last quarter, how often the target alone was at its
    bound; at the end, the target, the mean of the others, and how many of them are at the bound.
    """
    learner = replace(chosen.learner, eta=eta, baseline=SIGNALS[signal])
    g = torch.Generator().manual_seed(10 * seed + round(100 * weakens))
    pairs = replace(chosen.pairs, a_minus=weakens)
    history, _ = grown(pairs, learner, chosen.parts, chosen.every, g)
    at = history >= chosen.bound
    alone = at[:, 0] & ~at[:, 1:].any(-1)
    return {
        "alone": short(alone[-(chosen.parts // 4) :].double().mean()),
        "target": short(history[-1, 0]),
        "others": short(history[-1, 1:].mean()),
        "others_at_bound": int(at[-1, 1:].sum()),
    }


def score_growth(weights: Weights, seed: int, chosen: Growth) -> Numbers:
    """Let weights grow by each signal, for each strength of weakening."""
    found = {
        signal: {a: ended(chosen, signal, float(a), eta, seed) for a, eta in rates.items()}
        for signal, rates in chosen.rates.items()
    }
    by_reward, alone = (found[signal]["1.05"]["alone"] for signal in SIGNALS)
    return {"grown": found, "alone": alone, "by_reward": by_reward}


@dataclass(frozen=True)
class GrowthRates(Growth):
    """Configuration of :func:`score_growth_rates`: rates that are tried, each on so many runs."""

    rates: dict[str, dict[str, float]] = field(default_factory=dict)
    tried: tuple[float, ...] = (0.001, 0.003, 0.01)
    weakens: tuple[float, ...] = (1.05, 2.0, 4.0, 8.0)
    runs: int = 3


def score_growth_rates(weights: Weights, seed: int, chosen: GrowthRates) -> Numbers:
    """Try rates for each signal and strength of weakening; the mean of ``alone``."""
    found: Numbers = {}
    for signal in SIGNALS:
        for a in chosen.weakens:
            runs = [
                [ended(chosen, signal, a, eta, seed + run) for run in range(chosen.runs)]
                for eta in chosen.tried
            ]
            alone = [short(np.mean([one["alone"] for one in its])) for its in runs]
            lead = [np.mean([one["target"] - one["others"] for one in its]) for its in runs]
            best = max(range(len(alone)), key=lambda k: (alone[k], lead[k]))
            entry = {"alone": alone, "lead": shorts(lead), "best": chosen.tried[best]}
            found.setdefault(signal, {})[f"{a:g}"] = entry
    return {"rates": found, "best": max(found["reward minus mean"]["1.05"]["alone"])}


# Training by e-prop


@dataclass(frozen=True)
class Delay:
    """Configuration of :func:`train_delay`: a bit is shown, distractors come, and at the end it is
    asked for. Rates are by method; where there are several, each is trained.
    """

    rates: dict[str, tuple[float, ...]]
    delay: int = 20
    cue: int = 3
    n_noise: int = 8
    n: int = 32
    kappa: float = 0.8
    batch: int = 32
    updates: int = 600
    learned: float = 0.05
    tested: int = 2_000


METHODS = ("backpropagation", "e-prop", "broadcast", "read-out alone")


def bits(chosen: Delay, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return inputs (T, B, 2 + n_noise), first the bit and the question, and the bits (B,)."""
    inputs = torch.zeros(chosen.cue + chosen.delay + 2, batch, 2 + chosen.n_noise)
    bit = torch.randint(2, (batch,), generator=generator).float()
    inputs[: chosen.cue, :, 0] = 2 * bit - 1
    inputs[-1, :, 1] = 1
    inputs[:, :, 2:] = torch.randn(inputs[:, :, 2:].shape, generator=generator)
    return inputs, bit


def train_one(trial: Trial, chosen: Delay, method: str, lr: float) -> Numbers:
    """Train by a method at a rate; errors on fresh episodes and in blocks of ten updates, and the
    end of the first block in which it has learned, or of the training.
    """
    g, n_in, n = trial.generator(), 2 + chosen.n_noise, chosen.n
    inward = torch.randn(n_in, n, generator=g) / n_in**0.5
    w = (1 - chosen.kappa) * torch.cat([inward, torch.randn(n, n, generator=g) / n**0.5])
    w_out, back = torch.randn(n, generator=g) / n**0.5, torch.randn(n, generator=g) / n**0.5
    w.requires_grad_(), w_out.requires_grad_()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        inputs, bit = bits(chosen, chosen.batch, g)
        through_time = method == "backpropagation"
        output = e_prop.leaky(inputs, w if through_time else w.detach(), chosen.kappa)
        out = output[-1] @ w_out
        total = entropy(out, bit)
        if method in ("e-prop", "broadcast"):
            error = (torch.sigmoid(out) - bit).detach().unsqueeze(-1) / chosen.batch
            signal = torch.zeros_like(output)
            signal[-1] = error * (w_out.detach() if method == "e-prop" else back)
            direction = e_prop.gradient(inputs, output, signal, chosen.kappa)
            total = total + (direction * (w - w.detach())).sum()  # 0, with that gradient
        return total, {"error": float(((out > 0) != (bit > 0.5)).float().mean())}

    part = f"{method} {lr:g}".replace(" ", "-")
    parameters = [w_out] if method == "read-out alone" else [w, w_out]
    history = trial.train(parameters, loss, chosen.updates, g, part=part, lr=lr, clip_norm=1.0)
    with torch.no_grad():
        inputs, bit = bits(chosen, chosen.tested, g)
        out = e_prop.leaky(inputs, w, chosen.kappa)[-1] @ w_out
    errors = history.metrics["error"]
    ends_at = block_ends(chosen.updates, chosen.updates // 10)
    course = blocks(errors, ends_at)
    until = [at for at, error in zip(ends_at, course, strict=True) if error <= chosen.learned]
    wrong = ((out > 0) != (bit > 0.5)).float().mean()
    return {"test": short(wrong), "until": (until or [chosen.updates])[0], "course": course}


def train_delay(trial: Trial, chosen: Delay) -> tuple[Numbers, Weights]:
    """Train by each method at each of its rates."""
    found = {
        method: {f"{lr:g}": train_one(trial, chosen, method, lr) for lr in rates}
        for method, rates in chosen.rates.items()
    }
    return {"trained": found, "e_prop": min(one["until"] for one in found["e-prop"].values())}, {}


_TRIED = (1e-3, 3e-3, 1e-2)
_ALONE = "share of the last quarter in which the target alone is at its bound"
_SIXTEEN = "share of right bits, 16 stimuli, REINFORCE with each stimulus's mean"

# by rule and number of stimuli: for the reward, minus one mean, minus each stimulus's mean
_SCORE: dict[str, tuple[float, ...]] = {"1": (0.3, 30.0, 30.0), "2": (0.1, 0.3, 10.0)}
_SCORE |= {"4": (0.3, 1.0, 10.0), "8": (0.3, 1.0, 3.0), "16": (0.3, 1.0, 3.0)}
_HEBB: dict[str, tuple[float, ...]] = {"1": (0.01, 0.3, 0.3), "2": (3.0, 10.0, 0.3)}
_HEBB |= {"4": (0.3, 1.0, 1.0), "8": (3.0, 30.0, 1.0), "16": (0.1, 3.0, 0.3)}

EXPERIMENTS: dict[str, Experiment[Any]] = {
    **TOLD,
    "rewards-rates": Experiment(
        "rates for two rules under three baselines, with 1 to 16 stimuli, on a seed of their own",
        nothing,
        score_rates,
        Rates(),
        "score_16",
        _SIXTEEN,
        at_least=0.0,
        seeds=(100,),
    ),
    "rewards-stimuli": Experiment(
        "two rules under three baselines, with 1 to 16 stimuli",
        nothing,
        score_stimuli,
        Stimuli(rates={"score": _SCORE, "Hebb": _HEBB}),
        "right.score.16.each stimulus's mean",
        _SIXTEEN,
        at_least=0.0,
        also={"right.Hebb.16.one mean": "the same, Hebb times reward minus one mean"},
        seeds=tuple(range(20)),
    ),
    "matched-spikes": Experiment(
        "how long an eligibility trace should be for delays of 1, 2 and 4 s, with Poisson spikes",
        nothing,
        score_spikes,
        Spikes(),
        "optimum",
        "best time constant in delays, mean over three delays and two firing rates",
        at_least=0.0,
        seeds=tuple(range(10)),
    ),
    "spikes-learn-rates": Experiment(
        "rates for synapses that learn from rewarded spikes, on seeds of their own",
        nothing,
        score_growth_rates,
        GrowthRates(),
        "best",
        _ALONE,
        at_least=0.0,
        seeds=(100,),
    ),
    "spikes-learn": Experiment(
        "synapses that learn from rewarded spikes, by the reward and by the reward minus its mean, "
        "where spike timing weakens a little or much",
        nothing,
        score_growth,
        Growth(
            {
                "reward": {"1.05": 0.001, "2": 0.001, "4": 0.003, "8": 0.001},
                "reward minus mean": {"1.05": 0.003, "2": 0.003, "4": 0.003, "8": 0.01},
            }
        ),
        "alone",
        _ALONE,
        at_least=0.0,
        also={"by_reward": "the same, by the reward itself"},
        seeds=tuple(range(10)),
    ),
    "eprop-delay-rates": Experiment(
        "rates for the methods of eprop-delay, on seeds of their own",
        train_delay,
        lambda *_: {},  # all is measured while it is trained
        Delay({**dict.fromkeys(METHODS[:3], _TRIED), METHODS[3]: (1e-2, 3e-2, 1e-1)}),
        "e_prop",
        "updates until e-prop has learned the task",
        at_least=0.0,
        seeds=(100, 101),
    ),
    "eprop-delay": Experiment(
        "leaky units that keep a bit over a delay among distractors: backpropagation through time, "
        "e-prop, a random broadcast, and a read-out that alone is trained",
        train_delay,
        lambda *_: {},  # all is measured while it is trained
        Delay(dict(zip(METHODS, ((1e-3,), (1e-3,), (1e-3,), (1e-1,)), strict=True))),
        "e_prop",
        "updates until e-prop has learned the task",
        at_least=0.0,
    ),
}
"""All experiments on three-factor rules."""
