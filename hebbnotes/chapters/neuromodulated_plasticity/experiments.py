"""Experiments on reward-gated memory: with and without a signal that says when to write."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hebbnotes.chapters.neuromodulated_plasticity import causal
from hebbnotes.chapters.neuromodulated_plasticity.model import (
    ARMS,
    Choosing,
    Network,
    Plastic,
    network,
)
from hebbnotes.experiments.experiment import (
    Arms,
    Experiment,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    loaded,
    short,
    shorts,
    train_each,
    updates_to,
)
from hebbnotes.tasks import RewardedEpisodes, RewardGatedMemory

__all__ = ["EXPERIMENTS", "Comparison", "probe_arms", "train_arms", "updates_to"]


@dataclass(frozen=True, kw_only=True)
class Comparison(Arms):
    """Configuration of networks of several arms that are trained on one task.

    Attributes
    ----------
    n_cues, delay, silent
        As for :class:`.RewardGatedMemory`.
    starts : dict
        What the trained eta of an arm begins with: its rate of writing, or, where there is a
        signal, of forgetting.
    updates : int
        Of most arms.
    longer : dict
        Updates of the others, by name.
    batch, test_episodes : int
    probed : bool
        Whether the trained networks' signals are exchanged and their traces emptied.
    """

    n_cues: int = 4
    delay: int = 3
    silent: bool = False
    starts: dict[str, float] = field(default_factory=dict)
    updates: int = 2_000
    longer: dict[str, int] = field(default_factory=dict)
    batch: int = 16
    test_episodes: int = 1_000
    probed: bool = True

    def known(self) -> Collection[str]:
        """Return the arms that there are."""
        return ARMS

    def task(self) -> RewardGatedMemory:
        """Return the task."""
        return RewardGatedMemory(self.n_cues, self.delay, silent=self.silent)

    def network(self, arm: str, generator: torch.Generator) -> Network:
        """Return a new network of an arm."""
        options = {"eta": self.starts[arm]} if arm in self.starts else {}
        return network(arm, self.task().n_inputs, generator, **options)


def train_arms(trial: Trial, chosen: Comparison) -> tuple[Numbers, Weights]:
    """Train a network of each arm at each of its rates, in the same episodes."""
    return train_each(chosen, partial(_train, trial, chosen), itemgetter("mean_right"))


def _train(trial: Trial, chosen: Comparison, arm: str, rate: float) -> tuple[Numbers, Network]:
    """Train one network; the clock is the processor's, from one batch to the next."""
    task, drawn = chosen.task(), trial.generator()
    net = chosen.network(arm, torch.Generator().manual_seed(1_000 + trial.seed))
    last: list[float] = []

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        now = time.process_time()
        spent, last[:] = now - last[0] if last else 0.0, [now]
        episodes = task.sample(chosen.batch, drawn)
        scores = net(episodes)
        right = causal.right(scores.detach(), episodes)
        return cross_entropy(scores, episodes.target), {"right": right, "ms": 1e3 * spent}

    updates = chosen.longer.get(arm, chosen.updates)
    options: dict[str, Any] = {"part": f"{arm} {rate:g}", "lr": rate, "clip_norm": 1.0}
    history = trial.train(net.parameters(), loss, updates, drawn, **options)
    right, ends = history.metrics["right"], block_ends(updates, max(1, updates // 100))
    return {
        "numbers": sum(p.numel() for p in net.parameters()),
        "updates": updates,
        "right": blocks(right, ends),
        "mean_right": short(sum(right) / len(right)),
        "to_90": updates_to(right),
        "ms": short(torch.tensor(history.metrics["ms"]).median()),
    }, net


def probe_arms(weights: Weights, seed: int, chosen: Comparison) -> Numbers:
    """Test each of these networks, all in the same new episodes; exchange their signals, and empty
    their traces and their activity.
    """
    task, g = chosen.task(), torch.Generator().manual_seed(10_000 + seed)
    new, others = (task.sample(chosen.test_episodes, g) for _ in range(2))
    found: Numbers = {"right": {}, "causal": {}, "emptied": {}, "bits": {}}
    for name, (arm, _) in chosen.each().items():
        net = chosen.network(arm, torch.Generator())
        net = loaded(net, weights, f"{name}.")
        with torch.no_grad():
            found["right"][name] = short(causal.right(net(new), new))
        if chosen.probed and isinstance(net, Choosing):
            its = causal.causal(net, new, others)
            found["causal"][name] = {key: short(value) for key, value in its.items()}
        if chosen.probed and isinstance(net, Plastic | Choosing):
            found["emptied"][name] = _emptied(net, task, new)
        if chosen.probed and isinstance(net, Plastic | Choosing) and chosen.silent:
            found["bits"][name] = {
                "as it was": shorts(causal.bits_read(net, task, new)),
                "without reward": shorts(causal.bits_read(net, task, _unrewarded(new))),
            }
    return found


def _emptied(
    net: Plastic | Choosing, task: RewardGatedMemory, new: RewardedEpisodes
) -> dict[str, float]:
    """Return the share that is right with each trace emptied before the reward, or before the cue;
    and with the activity emptied, a step after the cue.
    """
    traces = ("hebb", "eligibility") if getattr(net.core, "retroactive", False) else ("hebb",)
    steps = {"before the reward": task.delay, "before the cue": 0}
    cases = {f"{name}, {when}": (name, step) for name in traces for when, step in steps.items()}
    cases["y, after the cue"] = ("y", 1)
    return {
        case: short(causal.asked_again(net, task, new, what, step))
        for case, (what, step) in cases.items()
    }


def _unrewarded(episodes: RewardedEpisodes) -> RewardedEpisodes:
    """Return the same episodes without a reward."""
    inputs = episodes.inputs.clone()
    inputs[..., -2] = 0.0
    return episodes._replace(inputs=inputs)


WRITING = ("decay", "Oja", "clip")
FORGETTING = ("simple", "retroactive")
CLIPPED = ("simple, clip", "retroactive, clip")
TRACED = (*WRITING, *FORGETTING, *CLIPPED)
CELLS = ("GRU", "LSTM")
TRIED = (1e-3, 3e-3, 1e-2)
STARTS = {"open": (0.03, 0.03), "silent": (0.03, 0.03), "long": (0.03, 0.005), "cells": (0, 0)}
"""Where eta begins while rates are tried: the rate of writing, and that of forgetting."""
OTHERS = {"open": (0.1, 0.005), "silent": (0.1, 0.005), "long": (0.1, 0.03), "cells": (0, 0)}
"""Where it begins else, at the middle one of the rates; with six steps to the reward, for what
writes at every step, at all of them."""


def _starts(writing: float, forgetting: float) -> dict[str, float]:
    return dict.fromkeys(WRITING, writing) | dict.fromkeys(FORGETTING, forgetting)


RATES: dict[str, dict[str, float]] = {
    "open": {
        "none": 0.01,
        "GRU": 0.001,
        "LSTM": 0.01,
        "decay": 0.003,
        "Oja": 0.003,
        "clip": 0.003,
        "simple": 0.001,
        "simple, clip": 0.003,
        "retroactive": 0.001,
        "retroactive, clip": 0.003,
    },
    "cells": {"GRU": 0.01, "LSTM": 0.01},
    "silent": {
        "decay": 0.003,
        "Oja": 0.003,
        "clip": 0.003,
        "simple": 0.01,
        "retroactive": 0.01,
        "simple, clip": 0.01,
        "retroactive, clip": 0.01,
    },
    "long": {
        "decay": 0.001,
        "Oja": 0.001,
        "clip": 0.001,
        "simple": 0.001,
        "retroactive": 0.001,
        "simple, clip": 0.001,
        "retroactive, clip": 0.001,
    },
}
"""The learning rates that did best on seeds of their own, for each task and arm; see the
experiments whose names end in rates."""
BEST: dict[str, dict[str, float]] = {
    "open": {"decay": 0.03, "Oja": 0.1, "clip": 0.1, "simple": 0.03, "retroactive": 0.03},
    "cells": {},
    "silent": {"decay": 0.03, "Oja": 0.1, "clip": 0.1, "simple": 0.005, "retroactive": 0.03},
    "long": {"decay": 0.1, "Oja": 0.1, "clip": 0.1, "simple": 0.005, "retroactive": 0.03},
}
"""Likewise where eta begins; see the experiments whose names end in starts."""
SHARE: dict[str, Any] = {"unit": "share of episodes that are right", "at_least": 0}


def _chosen(where: str, arms: tuple[str, ...] = (), **task: Any) -> Comparison:
    rates: dict[str, tuple[float, ...]] = {
        arm: (rate,) for arm, rate in RATES[where].items() if not arms or arm in arms
    }
    starts = {arm: start for arm, start in BEST[where].items() if arm in rates}
    return Comparison(rates=rates, starts=starts, **task)


def _compared(about: str, chosen: Comparison, metric: str, **options: Any) -> Experiment[Any]:
    return Experiment(
        f"reward-gated memory, {about}",
        train_arms,
        probe_arms,
        chosen,
        metric,
        shares=Comparison.alone,
        **SHARE | options,
    )


def _tried(where: str, about: str, chosen: Comparison, metric: str) -> dict[str, Experiment[Any]]:
    """Return what tries all rates, and the middle one with another start, on seeds of their own."""
    name = "reward-gated" if where == "open" else f"reward-gated-{where}"
    small: dict[str, Any] = {"longer": {}, "test_episodes": 200, "probed": False}
    rates: dict[str, tuple[float, ...]] = dict.fromkeys(chosen.rates, TRIED)
    starts = {arm: one for arm, one in _starts(*STARTS[where]).items() if arm in rates}
    others = {arm: one for arm, one in _starts(*OTHERS[where]).items() if arm in rates}
    middle: dict[str, tuple[float, ...]] = dict.fromkeys(others, TRIED[1:2])
    found = {
        f"{name}-rates": _compared(
            f"{about}: each arm at three learning rates, on seeds of their own",
            replace(chosen, rates=rates, starts=starts, **small),
            metric,
            seeds=(100, 101),
        )
    }
    if others:
        found[f"{name}-starts"] = _compared(
            f"{about}: the middle one of these rates, and eta begins elsewhere",
            replace(chosen, rates=middle, starts=others, **small),
            metric,
            seeds=(100, 101),
        )
    return found


_OPEN = _chosen("open")
_CELLS = _chosen("cells", delay=1, updates=5_000)
_LONG = _chosen("long", delay=6, updates=3_000)
_SILENT = _chosen("silent", silent=True)
_PAIRS = replace(
    _LONG,
    rates=dict.fromkeys(WRITING, (TRIED[0], TRIED[2])),
    starts=dict.fromkeys(WRITING, OTHERS["long"][0]),
    updates=1_200,
    test_episodes=200,
    probed=False,
)
_WRITERS = replace(
    _LONG,
    rates={"decay": (0.001,), "clip": (0.003, 0.01)},
    starts={"decay": 0.03, "clip": 0.1},
    probed=False,
)
"""What always writes, at the best pairs of learning rate and start; two with a bound are level, and
Oja's best pair is that which it has beside the others."""
_ITS = ("w_in", "bias", "readout", *(f"core.{one}" for one in ("w", "alpha", "read", "bias")))
_KEPT = {
    "simple": tuple(f"simple.{key}" for key in (*_ITS, "core.eta_logit")),
    "retroactive": tuple(
        f"retroactive.{key}" for key in (*_ITS, "core.eta_logit", "core.eta_e_logit")
    ),
}

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "reward-gated": _compared(
        "four cues, a delay of three steps: ten arms of equally many numbers",
        _OPEN,
        "right.simple",
        seeds=tuple(range(10)),
        keep=(0,),
        keep_only=_KEPT["simple"] + _KEPT["retroactive"],
    ),
    "reward-gated-silent": _compared(
        "activity is set to 0 between a cue and its reward",
        _SILENT,
        "right.retroactive",
        keep=(0,),
        keep_only=_KEPT["retroactive"],
    ),
    "reward-gated-long": _compared("a delay of six steps", _LONG, "right.simple"),
    "reward-gated-cells": _compared("a delay of one step: torch's cells", _CELLS, "right.GRU"),
    "reward-gated-short": _compared(
        "a delay of one step: plastic and modulated arms, at the rates for three",
        _chosen("open", TRACED, delay=1, updates=1_000),
        "right.simple",
    ),
    "reward-gated-distractors": _compared(
        "twelve cues, a delay of three steps, at the rates for four",
        _chosen("open", TRACED, n_cues=12, updates=1_500),
        "right.simple",
    ),
    **_tried("open", "a delay of three steps", replace(_OPEN, updates=800), "best.simple"),
    **_tried("silent", "silence", replace(_SILENT, updates=800), "best.retroactive"),
    **_tried("long", "a delay of six steps", replace(_LONG, updates=1_200), "best.simple"),
    **_tried("cells", "a delay of one step", replace(_CELLS, updates=2_500), "best.GRU"),
    "reward-gated-long-pairs": _compared(
        "a delay of six steps: what writes at every step, at the pairs of learning rate and start "
        "of eta that the other two leave out, on seeds of their own",
        _PAIRS,
        "best.clip",
        seeds=(100, 101),
    ),
    "reward-gated-long-writers": _compared(
        "a delay of six steps: what writes at every step, at the best of all pairs of learning "
        "rate and start of eta",
        _WRITERS,
        "best.clip",
    ),
}
"""All experiments on reward-gated memory."""
