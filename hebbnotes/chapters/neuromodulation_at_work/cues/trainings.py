"""Networks of five kinds are trained on cue and reward, and tested on new episodes."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from hebbnotes.chapters.neuromodulation_at_work.cues.lives import (
    Played,
    ToldPlayer,
    loss,
    play,
    played_plainly,
)
from hebbnotes.chapters.neuromodulation_at_work.cues.networks import (
    ARMS,
    ChoosingPlayer,
    Player,
    player,
)
from hebbnotes.experiments.experiment import (
    Arms,
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
from hebbnotes.learning.actor_critic import Objective
from hebbnotes.tasks import CueEpisodes, CueReward

__all__ = ["Playing", "Started", "signals_at", "test_arms", "train_arms"]

LEARNED = 0.8
"""Share of right answers in the second half of the trials from which a network has learned."""


@dataclass(frozen=True, kw_only=True)
class Playing(Arms):
    """Configuration of networks of several arms that are trained on one task.

    Attributes
    ----------
    n_cues, n_shown, n_trials, n_bits, blanks
        As for :class:`.CueReward`.
    updates, batch, test_episodes : int
    entropy, value_weight : float
        As for :class:`.Objective`; an answer is judged by its own reward.
    clip_norm : float
        At which gradients are cut.
    """

    n_cues: int = 4
    n_shown: int = 2
    n_trials: int = 10
    n_bits: int = 20
    blanks: int = 0
    updates: int = 2_000
    batch: int = 16
    entropy: float = 0.01
    value_weight: float = 0.25
    clip_norm: float = 1.0
    test_episodes: int = 1_000

    def known(self) -> Collection[str]:
        """Return the arms that there are."""
        return ARMS

    def task(self) -> CueReward:
        """Return the task."""
        return CueReward(self.n_cues, self.n_shown, self.n_trials, self.n_bits, self.blanks)

    def network(self, arm: str, generator: torch.Generator) -> Player:
        """Return a new network of an arm."""
        return player(arm, self.task().n_inputs, generator)

    def objective(self) -> Objective:
        """Return what the loss weighs."""
        weights = {"value_weight": self.value_weight, "entropy_weight": self.entropy}
        return Objective(gamma=0.0, lam=0.0, **weights)


@dataclass(frozen=True, kw_only=True)
class Started(Playing):
    """The same, where eta, the rate of writing of some arms, begins elsewhere than at 0.03."""

    starts: dict[str, float]

    def network(self, arm: str, generator: torch.Generator) -> Player:
        """Return a new network of an arm."""
        options: dict[str, Any] = {"eta": self.starts[arm]} if arm in self.starts else {}
        return player(arm, self.task().n_inputs, generator, **options)


def train_arms(trial: Trial, chosen: Playing) -> tuple[Numbers, Weights]:
    """Train a network of each arm at each of its rates, on the same cues."""
    trial.on_cpu("networks play step by step in compiled code")
    return train_each(chosen, partial(_train, trial, chosen), itemgetter("mean_late"))


def _train(trial: Trial, chosen: Playing, arm: str, rate: float) -> tuple[Numbers, Player]:
    """Train one network; the clock is the processor's, from one batch to the next."""
    task, drawn, objective = chosen.task(), trial.generator(), chosen.objective()
    net = chosen.network(arm, torch.Generator().manual_seed(1_000 + trial.seed))
    last: list[float] = []

    def its(update: int) -> tuple[Tensor, dict[str, float]]:
        now = time.process_time()
        spent, last[:] = now - last[0] if last else 0.0, [now]
        total, parts = loss(net, task.sample(chosen.batch, drawn), drawn, objective)
        return total, parts | {"ms": 1e3 * spent}

    options: dict[str, Any] = {"lr": rate, "clip_norm": chosen.clip_norm}
    part = f"{arm} {rate:g}"
    history = trial.train(net.parameters(), its, chosen.updates, drawn, part=part, **options)
    told, ends = history.metrics, block_ends(chosen.updates, 50)
    return {
        "numbers": sum(p.numel() for p in net.parameters()),
        "ends": ends,
        "right": blocks(told["right"], ends),
        "late": blocks(told["late"], ends),
        "mean_late": short(sum(told["late"]) / len(told["late"])),
        "to_80": updates_to(told["late"], LEARNED),
        "ms": short(torch.tensor(told["ms"]).median()),
    }, net


def test_arms(weights: Weights, seed: int, chosen: Playing) -> Numbers:
    """Test each of these networks, all in the same new episodes, and read their signals."""
    task, g = chosen.task(), torch.Generator().manual_seed(10_000 + seed)
    new, answers = (
        task.sample(chosen.test_episodes, g),
        int(torch.randint(2**31, (1,), generator=g)),
    )
    found: Numbers = {"right": {}, "late": {}, "by_trial": {}, "signal": {}, "told": {}}
    for name, (arm, _) in chosen.each().items():
        net = loaded(chosen.network(arm, torch.Generator()), weights, f"{name}.")
        played = play(net, new, g.manual_seed(answers))
        right = (played.rewards > 0).double().mean(1)
        found["right"][name], found["by_trial"][name] = short(right.mean()), shorts(right)
        found["late"][name] = short(right[len(right) // 2 :].mean())
        if isinstance(net, ChoosingPlayer):
            found["signal"][name] = signals_at(net, new, played)
            if name == arm:  # not where rates are tried
                found["told"][name] = _told(net, task, seed)
    return found


@torch.no_grad()
def _told(net: ChoosingPlayer, task: CueReward, seed: int) -> dict[str, float]:
    """Return the share of right answers in the second half of the trials if a network hears its
    own signal, the mean of that, or its opposite.
    """
    g = torch.Generator().manual_seed(20_000 + seed)
    new, answers = task.sample(300, g), int(torch.randint(2**31, (1,), generator=g))
    mean = net.signals(play(net, new, g).seen).mean()
    heard: dict[str, Callable[[Tensor], Tensor]] = {
        "its own": lambda own: own,
        "its mean": mean.expand_as,
        "turned": lambda own: -own,
    }
    found = {}
    for name, instead in heard.items():
        played = played_plainly(ToldPlayer(net, instead), task, new, g.manual_seed(answers))
        right = (played.rewards > 0).double().mean(1)
        found[name] = short(right[len(right) // 2 :].mean())
    return found


@torch.no_grad()
def signals_at(net: ChoosingPlayer, episodes: CueEpisodes, played: Played) -> dict[str, float]:
    """Return a network's mean signal at cues, at Go, and when it is told that it was right, or
    wrong, which it hears for "yes" and for "no" apart.
    """
    signal, seen = net.signals(played.seen), played.seen
    paid, said_no = seen[..., -3], seen[..., -2] == 1
    when = {
        "cue": seen[..., :-4].ne(0).any(-1),
        "go": seen[..., -4] == 1,
        "right, yes": (paid > 0) & ~said_no,
        "right, no": (paid > 0) & said_no,
        "wrong, yes": (paid < 0) & ~said_no,
        "wrong, no": (paid < 0) & said_no,
    }
    return {name: short(signal[at].mean()) for name, at in when.items() if bool(at.any())}
