"""What is trained in the maze: Figure 6 of the paper with an LSTM beside it, and harder tasks."""

from dataclasses import replace
from typing import Any

import torch

from hebbnotes import _checks
from hebbnotes.experiments.agents.trainings import (
    GOALS,
    Alone,
    Rates,
    agent,
    score,
    score_rates,
    train,
    train_rates,
)
from hebbnotes.experiments.experiment import Experiment, Weights, loaded
from hebbnotes.learning import agents

__all__ = ["TRAINED", "agent", "load"]


def load(name: str, weights: Weights, prefix: str = "") -> agents.Agent:
    """Return the trained agent of an experiment: with those weights whose names begin with a
    prefix, such as ``"0."``.

    Raises
    ------
    ValueError
        If there is no such experiment here, of a single agent.
    RuntimeError
        If weights are missing or do not fit.
    """
    alone = {
        key: one.configuration
        for key, one in TRAINED.items()
        if isinstance(one.configuration, Alone)
    }
    chosen = alone[_checks.choice("name", name, tuple(alone))]
    return loaded(agent(chosen, torch.Generator()), weights, prefix)


def _experiment(about: str, chosen: Alone, **options: Any) -> Experiment[Any]:
    return Experiment(about, train, score, chosen, "test_finds", **GOALS | options)


def _published(kind: str) -> Alone:
    return Alone(
        kind=kind,
        n=100,
        eta=0.01,
        alpha_scale=0.01,
        n_steps=250,
        reward=10.0,
        penalty=0.1,
        batch=1,
        updates=1_000_000,
        lr=1e-4,
        schedule="constant",
        clip_norm=None,
        gamma=0.9,
        lam=1.0,
        scale=1.0,
        value_weight=0.03,
        entropy=(0.1, 0.1),
    )


_DIFFERENCE = (
    "rewards of 1 and -0.01 instead of 10 and -0.1; 200 steps, as in the later paper, instead of "
    "250; 64 units instead of 100; the "
    "agent is told what it did, as in the later paper, and no time; 32 episodes in an update and "
    "10,000 updates instead of single "
    "ones; Adam at 0.003, falling along a cosine, instead of 0.0001, and with an epsilon of 1e-8 "
    "instead of 1e-4; alpha starts at 0.1 times a "
    "normal number, with both signs, "
    "and eta at 0.1, instead of small positive numbers and 0.01; what is trained is the logit of "
    "eta instead of eta; a discount of 0.95 and "
    "generalised advantages instead of 0.9 and "
    "returns; the entropy itself instead of Simpson's index; advantages are divided by their root "
    "mean square, and gradients are "
    "clipped; the recurrent network has 87 units, so that it "
    "has as many trained numbers; five seeds instead of 15. Rates were chosen on seeds 100 and "
    "101 (maze-rates). The scale of the "
    "paper, which was not run, has the numbers of the published program but for the inputs, the "
    "initial numbers, the entropy, Adam's epsilon and the logit"
)
_FIVE: dict[str, Any] = {"seeds": (0, 1, 2, 3, 4), "keep": (0, 1, 2, 3, 4)}
_LSTM = Alone(kind="lstm", n=41, lr=1e-2)


def _harder(kind: str, about: str, chosen: Alone) -> Experiment[Any]:
    return _experiment(f"{kind} network {about}", replace(chosen, updates=3_000), seeds=(0, 1))


_NOISE = "with eight inputs that only distract"
_THREE = "with three goals that are rewarded by turns, 400 steps"
_LARGE = "in 13 x 13 squares, 400 steps"

TRAINED: dict[str, Experiment[Any]] = {
    "maze-plastic": _experiment(
        "9 x 9 squares, 200 steps: a plastic network of 64 units, Oja's rule",
        Alone(),
        scales={"paper": _published("plastic")},
        paper=("Figure 6",),
        difference=_DIFFERENCE,
        **_FIVE,
    ),
    "maze-recurrent": _experiment(
        "the same task: a recurrent network with as many trained numbers",
        Alone(kind="recurrent", n=87),
        scales={"paper": _published("recurrent")},
        paper=("Figure 6",),
        difference=_DIFFERENCE,
        **_FIVE,
    ),
    "maze-lstm": _experiment("the same task: an LSTM with as many trained numbers", _LSTM, **_FIVE),
    "maze-lstm-high": _experiment(
        "the LSTM at a learning rate of 0.03", replace(_LSTM, lr=3e-2), seeds=(0, 1, 2, 3, 4)
    ),
    "maze-rates": Experiment(
        "each of the three networks at four learning rates, on seeds of their own",
        train_rates,
        score_rates,
        Rates(sizes={"plastic": 64, "recurrent": 87, "lstm": 41}),
        "best.lstm",
        shares=lambda chosen: [
            replace(chosen, sizes={kind: n}, rates=(rate,))
            for kind, n in chosen.sizes.items()
            for rate in chosen.rates
        ],
        seeds=(100, 101),
        **GOALS | {"unit": "goals found in an episode, LSTM at its best rate"},
    ),
    "maze-noise-plastic": _harder("plastic", _NOISE, Alone(n_noise=8)),
    # more inputs: fewer units for as many trained numbers
    "maze-noise-lstm": _harder("lstm", _NOISE, replace(_LSTM, n_noise=8, n=39)),
    "maze-goals-plastic": _harder("plastic", _THREE, Alone(n_goals=3, n_steps=400)),
    "maze-goals-lstm": _harder("lstm", _THREE, replace(_LSTM, n_goals=3, n_steps=400)),
    "maze-large-plastic": _harder("plastic", _LARGE, Alone(size=13, n_steps=400)),
    "maze-large-lstm": _harder("lstm", _LARGE, replace(_LSTM, size=13, n_steps=400)),
}
"""The experiments that train, by name."""
