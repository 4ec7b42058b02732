"""Two rules, three baselines: units that answer by chance, and a reward for all of them.

Each trial shows one of a few stimuli to units that are on or off with a probability of their own;
the reward is the share of units that do what is right for this stimulus, plus what the stimulus
is worth anyway. Also what learns from it, exactly: the covariance law, and the best baseline.

Shapes: R runs side by side, S stimuli, n inputs, m units.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.compiled import jit
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change, check

__all__ = [
    "BASELINES",
    "Problem",
    "Split",
    "answers",
    "best_baseline",
    "gain_and_gate",
    "learn",
    "likelihood",
    "problem",
    "right",
    "running_mean",
    "split",
    "told_alone",
    "trials_until",
    "variance",
]

BASELINES = ("none", "one mean", "each stimulus's mean")
"""What is subtracted from the reward: nothing, its running mean, or that for the stimulus shown."""


class Problem(NamedTuple):
    """Stimuli, and what is right for each.

    Attributes
    ----------
    inputs : Tensor
        Normal numbers of spread ``1 / sqrt(n)``, shape (R, S, n), in double precision.
    targets : Tensor
        What each unit should do, 0 or 1, shape (R, S, m).
    worth : Tensor
        Reward that a stimulus brings whatever the units do, shape (S,).
    """

    inputs: Tensor
    targets: Tensor
    worth: Tensor


def problem(
    stimuli: int,
    runs: int,
    generator: torch.Generator,
    *,
    n_inputs: int = 20,
    n_units: int = 10,
    spread: float = 1.0,
) -> Problem:
    """Draw a problem for each run; the stimuli's worth goes in equal steps from 0 to ``spread``.

    One stimulus alone is worth half of it.
    """
    runs, stimuli = _checks.integer("runs", runs), _checks.integer("stimuli", stimuli)
    shape = (runs, stimuli)
    n, m = _checks.integer("n_inputs", n_inputs), _checks.integer("n_units", n_units)
    _checks.room(runs=runs, stimuli=stimuli, numbers=max(n, m))
    _checks.generator(generator, "cpu")
    inputs = torch.randn(*shape, n, generator=generator, dtype=torch.float64) / n**0.5
    targets = (torch.rand(*shape, m, generator=generator, dtype=torch.float64) < 0.5).double()
    spread = _checks.number("spread", spread)
    worth = torch.linspace(0, spread, stimuli, dtype=torch.float64)
    return Problem(inputs, targets, worth if stimuli > 1 else worth + spread / 2)


def right(given: Problem, w: Tensor) -> Tensor:
    """Return the mean share of units that are right with weights (..., R, n, m): shape (..., R)."""
    p = torch.sigmoid(given.inputs @ w)
    return (p * given.targets + (1 - p) * (1 - given.targets)).mean((-2, -1))


def trials_until(course: Tensor, every: int = 1, share: float = 0.9) -> list[float]:
    """Return after how many trials each run has first so large a share right, or infinity.

    The course, (K, R), is what :func:`learn` returns for a baseline, or :func:`told_alone`.
    """
    there = _checks.tensor("course", course, "K R", {}) >= _checks.number("share", share, 0, 1)
    every, first = _checks.integer("every", every), there.byte().argmax(0)
    arrived = there.any(0).tolist()
    return [every * k if ok else math.inf for k, ok in zip(first.tolist(), arrived, strict=True)]


def running_mean(b: Tensor, reward: Tensor, index: Tensor, rate: float) -> Tensor:
    """Return running means of the reward, of which that for the stimulus shown has moved.

    ``b[index] + rate * (reward - b[index])``

    Parameters
    ----------
    b : Tensor
        A mean for each stimulus, shape (..., S).
    reward : Tensor
        Shape (...).
    index : Tensor
        Which stimulus was shown, integers, shape (...); 0 throughout, with one column, for a mean
        over all of them.
    rate : float
        In [0, 1].
    """
    _checks.floating("b", b)
    at = _checks.actions(
        "index", index, " ".join(f"a{k}" for k in range(b.ndim - 1)), {}, b.shape[-1]
    )
    at = at.unsqueeze(-1)
    step = _checks.number("rate", rate, 0, 1) * (reward.unsqueeze(-1) - b.gather(-1, at))
    return b.scatter_add(-1, at, step)


@jit
def _trial(
    w: Any, problem: Any, rates: Any, shown: Any, draws: Any, centred: Any, means: Any
) -> None:
    """Let weights (3, R, n, m) learn in place from one trial, and the means follow: those over all
    stimuli, (R,), and of each, (R, S).
    """
    inputs, targets, worth = problem
    follow, mean, each = means
    units = targets.shape[2]
    p, y = np.zeros(units), np.zeros(units)
    for r in range(len(inputs)):
        s = shown[r]
        x, right = inputs[r, s], targets[r, s]
        before = (0.0, mean[r], each[r, s])
        for b in range(3):
            reward = 0.0
            for j in range(units):
                drive = 0.0
                for i in range(len(x)):
                    drive += x[i] * w[b, r, i, j]
                p[j] = 1 / (1 + math.exp(-drive))
                y[j] = draws[b, r, j] < p[j]
                reward += y[j] == right[j]
            reward = reward / units + worth[s]
            for j in range(units):
                step = rates[b, r] * (reward - before[b]) * (y[j] - centred * p[j])
                for i in range(len(x)):
                    w[b, r, i, j] += step * x[i]
            if b == 1:
                mean[r] += follow * (reward - mean[r])
            if b == 2:
                each[r, s] += follow * (reward - each[r, s])


_COMPILED: dict[Rule, float] = {rules.hebb: 0.0, rules.score: 1.0}
"""Rules that are compiled, with the share of the probability that is taken from the answer."""


def learn(
    given: Problem,
    rule: Rule,
    rate: float | Tensor,
    *,
    trials: int,
    generator: torch.Generator,
    follow: float = 0.05,
    every: int = 100,
) -> Tensor:
    """Let units learn from rewards by a rule's eligibility, under all of :data:`BASELINES`.

    A unit is on with probability ``sigmoid(x @ w)``; ``w`` starts at 0. Of each trial the rule
    makes an eligibility, and the reward minus the baseline, a modulator, turns it into a change.

    Parameters
    ----------
    given : Problem
        See :func:`problem`.
    rule : callable
        ``rule(w, pre, post, *, ...) -> eligibility``: ``rules.score`` (REINFORCE) or :func:`.hebb`;
        it may declare ``post_mean``, each unit's probability.
    rate : float or Tensor
        Learning rate; a tensor holds one for each baseline, shape (3,), and run, (3, R).
    trials : int
        Number of trials.
    generator : torch.Generator
        Source of stimuli and answers.
    follow : float
        Rate of the running means, which start at what units earn by chance.
    every : int
        After how many trials what was learned is looked at.

    Returns
    -------
    Tensor
        Share of units that do what is right, on average over stimuli and chance, before the first
        trial and after each ``every``: shape (trials // every + 1, 3, R).

    Notes
    -----
    Source: eq-covariance-law, eq-score; the question of Fremaux, Sprekeler & Gerstner (2010).
    """
    _checks.of_type("given", given, Problem, "use problem(...)")
    check(rule, ["post_mean"], "bandit.learn")
    trials, every = _checks.integer("trials", trials), _checks.integer("every", every)
    _checks.generator(generator, "cpu")
    inputs, targets, worth = given
    runs, stimuli, n = inputs.shape
    shape = (len(BASELINES), runs)
    follow = _checks.number("follow", follow, 0, 1)
    rates = _checks.finite("rate", torch.as_tensor(rate, dtype=inputs.dtype))
    rates = (rates.unsqueeze(-1) if rates.ndim == 1 else rates).expand(shape).clone()
    w = inputs.new_zeros(*shape, n, targets.shape[-1])
    start = worth + 0.5  # what units earn by chance
    mean, means = start.mean().repeat(runs, 1), start.repeat(runs, 1)
    fast = (*(one.numpy() for one in (w, inputs, targets, worth, rates, mean, means)),)

    found = [right(given, w)]
    for trial in range(1, trials + 1):
        shown = torch.randint(stimuli, (runs,), generator=generator)
        draws = torch.rand(*shape, targets.shape[-1], generator=generator, dtype=w.dtype)
        if rule in _COMPILED:
            told = (shown.numpy(), draws.numpy(), _COMPILED[rule])
            _trial(fast[0], fast[1:4], fast[4], *told, (follow, fast[5][:, 0], fast[6]))
        else:
            reward = _step(given, rule, w, (rates, shown, draws), (mean, means))
            mean.copy_(running_mean(mean, reward[1], torch.zeros_like(shown), follow))
            means.copy_(running_mean(means, reward[2], shown, follow))
        if trial % every == 0:
            found.append(right(given, w))
    return torch.stack(found)


def told_alone(
    given: Problem, told: str, rate: float, *, trials: int, generator: torch.Generator
) -> Tensor:
    """Let units learn of which each is told something of its own; return the share that is right
    before and after each trial, shape (trials + 1, R).

    Told its "reward", 1 or 0 and less a half, a unit learns by ``rules.score``; told its "error",
    by ``pre * (target - p)``. Otherwise as :func:`learn`, at one rate.
    """
    _checks.of_type("given", given, Problem, "use problem(...)")
    if told not in ("reward", "error"):
        raise ValueError(f"told must be 'reward' or 'error', got {told!r}")
    rate, trials = _checks.number("rate", rate), _checks.integer("trials", trials)
    _checks.generator(generator, "cpu")
    runs, stimuli, n = given.inputs.shape
    w, row = given.inputs.new_zeros(runs, n, given.targets.shape[-1]), torch.arange(runs)
    found = [right(given, w)]
    for _ in range(trials):
        shown = torch.randint(stimuli, (runs,), generator=generator)
        x, wanted = given.inputs[row, shown], given.targets[row, shown]
        p = torch.sigmoid((x.unsqueeze(-2) @ w).squeeze(-2))
        y = (torch.rand(p.shape, generator=generator, dtype=w.dtype) < p).to(w.dtype)
        own = (y == wanted).to(w.dtype) - 0.5
        e = change(rules.score, w, x, y, post_mean=p) * own.unsqueeze(-2)
        w = w + rate * (e if told == "reward" else x.unsqueeze(-1) * (wanted - p).unsqueeze(-2))
        found.append(right(given, w))
    return torch.stack(found)


def _step(
    given: Problem,
    rule: Rule,
    w: Tensor,
    trial: tuple[Tensor, Tensor, Tensor],
    means: tuple[Tensor, Tensor],
) -> Tensor:
    """Let weights (3, R, n, m) learn in place from one trial by any rule; return the rewards."""
    rates, shown, draws = trial
    row = torch.arange(len(shown))
    x = given.inputs[row, shown].expand(*w.shape[:-1])
    p = torch.sigmoid((x.unsqueeze(-2) @ w).squeeze(-2))
    y = (draws < p).to(p.dtype)
    reward = (y == given.targets[row, shown]).to(p.dtype).mean(-1) + given.worth[shown]
    baseline = torch.stack([torch.zeros_like(reward[0]), means[0][:, 0], means[1][row, shown]])
    e = change(rule, w, x, y, post_mean=p)
    modulator = (reward - baseline).unsqueeze(-1).expand_as(y)
    w += rates[..., None, None] * change(
        rules.three_factor, w, x, y, modulator=modulator, eligibility=e
    )
    return reward


def answers(m: int) -> Tensor:
    """Return all that m units can do, 0 or 1, shape (2**m, m), in double precision."""
    codes = torch.arange(2 ** _checks.integer("m", m, 1, 16))
    return (codes.unsqueeze(-1) >> torch.arange(m) & 1).double()


def likelihood(p: Tensor, y: Tensor) -> Tensor:
    """Return how likely units with probabilities p, shape (m,), do y, shape (A, m): (A,)."""
    return (p * y + (1 - p) * (1 - y)).prod(-1)


class Split(NamedTuple):
    """The mean change of each weight in its two parts, each of shape (n, m).

    Attributes
    ----------
    change : Tensor
        ``E[M e]``.
    covariance : Tensor
        ``Cov(M, e)``: what is learned.
    drift : Tensor
        ``E[M] E[e]``: what happens whatever the signal tells.
    """

    change: Tensor
    covariance: Tensor
    drift: Tensor


def split(rule: Rule, w: Tensor, x: Tensor, signal: Callable[[Tensor], Tensor]) -> Split:
    """Return the mean change of a modulated rule for one input, exactly, by all possible answers.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, *, ...) -> eligibility``; it may declare ``post_mean``.
    w, x : Tensor
        Weights (n, m) and input (n,).
    signal : callable
        ``signal(y) -> M``: of answers (A, m) the third factor, (A,).

    Notes
    -----
    Source: eq-covariance-law; Fremaux, Sprekeler & Gerstner (2010).
    """
    chance, e, m = _enumerated(rule, w, x, signal)
    chance = chance.view(-1, 1, 1)
    m = m.view(-1, 1, 1)
    mean_m, mean_e = (chance * m).sum(0), (chance * e).sum(0)
    covariance = (chance * (m - mean_m) * (e - mean_e)).sum(0)
    return Split((chance * m * e).sum(0), covariance, mean_m * mean_e)


def best_baseline(rule: Rule, w: Tensor, x: Tensor, reward: Callable[[Tensor], Tensor]) -> float:
    """Return the constant that, subtracted from the reward, makes the change least variable.

    ``E[R |e|**2] / E[|e|**2]``, where the rule's eligibility has mean 0. Arguments as for
    :func:`split`.

    Source: eq-best-baseline, a known result on REINFORCE.
    """
    chance, e, r = _enumerated(rule, w, x, reward)
    size = e.square().sum((1, 2))
    return float((chance * r * size).sum() / (chance * size).sum())


def variance(
    rule: Rule, w: Tensor, x: Tensor, reward: Callable[[Tensor], Tensor], baseline: float
) -> float:
    """Return the variance of ``(R - baseline) e``, summed over all weights, exactly."""
    chance, e, r = _enumerated(rule, w, x, reward)
    chance, dw = chance.view(-1, 1, 1), (r - baseline).view(-1, 1, 1) * e
    return float((chance * (dw - (chance * dw).sum(0)).square()).sum())


def _enumerated(
    rule: Rule, w: Tensor, x: Tensor, signal: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return of all answers how likely each is, what is eligible then, and the signal."""
    sizes: dict[str, int] = {}
    _checks.finite("w", _checks.floating("w", _checks.tensor("w", w, "n m", sizes)))
    _checks.finite("x", _checks.tensor("x", x, "n", sizes, like=w, reference="w"))
    check(rule, ["post_mean"], "an exact mean")
    y = answers(sizes["m"]).to(w.dtype)
    p = torch.sigmoid(x @ w)
    pre, each = x.expand(len(y), -1), w.expand(len(y), -1, -1)
    e = change(rule, each, pre, y, post_mean=p.expand_as(y))
    m = _checks.tensor("what signal returns", signal(y), "A", {"A": len(y)}, w, "w")
    return likelihood(p, y), e, m


def gain_and_gate(
    w: Tensor, pre: Tensor, *, gain: float = 1.0, modulator: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return what units do now, and the change of their weights: gain acts on both, a gate on one.

    ``y = tanh(gain * (pre @ w))`` and ``dw = modulator * pre * y``, of shapes (m,) and (n, m), with
    ``w`` and ``pre`` of shapes (n, m) and (n,). Source: eq-gain-gating; gain as in
    Servan-Schreiber, Printz & Cohen (1990).
    """
    y = torch.tanh(_checks.number("gain", gain) * (pre @ w))
    m = torch.full_like(y, _checks.number("modulator", modulator))
    return y, change(rules.modulated_hebb, w, pre, y, modulator=m)
