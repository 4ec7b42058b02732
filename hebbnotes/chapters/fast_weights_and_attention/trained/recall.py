"""Recall and re-binding: networks of equally many trained numbers, and what each gets wrong."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import softplus

from hebbnotes import _checks
from hebbnotes.chapters.fast_weights_and_attention.trained import memories, recurrent
from hebbnotes.chapters.fast_weights_and_attention.trained.stacks import (
    Params,
    Stack,
    descend,
)
from hebbnotes.experiments.experiment import (
    Arms,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    short,
    under,
)
from hebbnotes.tasks import Rebinding, ReboundEpisodes, wrong_bits

__all__ = ["ARMS", "Arm", "Recall", "judge_recall", "judge_recurrent", "numbers_of", "train_recall"]

BITS = 12
"""Bits of a key, and of a value."""


class Arm(Protocol):
    """A network that is trained to recall."""

    def begin(self, generator: torch.Generator) -> Params:
        """Return the numbers of one network before it is trained."""

    def answer(self, p: Params, episodes: ReboundEpisodes) -> Tensor:
        """Return what each of S networks answers, (S, K, B, d)."""

    def state(self, writes: int) -> int:
        """Return how many numbers of an episode it keeps after so many writes."""

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return what it has learned that can be said in a number for each network, (S,)."""


ARMS: dict[str, Arm] = {
    "linear": memories.Linear(BITS, 64),
    "linear, full alpha": memories.LinearAlpha(BITS, 37),
    "gated": memories.Gated(BITS, 64),
    "gated by sender": memories.GatedSenders(BITS, 51),
    "delta": memories.Delta(BITS, 64),
    "gated delta": memories.GatedDelta(BITS, 64),
    "softmax": memories.Softmax(BITS, 64),
    "softmax with order": memories.SoftmaxOrder(BITS, 64),
    "plastic": recurrent.Plastic(BITS, 32),
    "plastic, one gain": recurrent.PlasticShared(BITS, 41),
    "plastic, one gain above 0": recurrent.PlasticPositive(BITS, 41),
    "LSTM": recurrent.Cells(BITS, 17),
}
"""Networks of about 3,230 trained numbers each."""


@dataclass(frozen=True, kw_only=True)
class Recall(Arms):
    """Configuration of networks of several arms that learn to recall.

    Attributes
    ----------
    updates : int
        Of most arms.
    longer : dict
        Updates of the others, by name.
    keys : int
        Keys of an episode, of which half are bound again.
    batch : int
    tested : tuple of int
        Keys of the episodes on which the networks are judged: they were trained on ``keys`` alone.
    test_episodes : int
        So many for each.
    """

    updates: int = 3_000
    longer: dict[str, int] = field(default_factory=dict)
    keys: int = 8
    batch: int = 32
    tested: tuple[int, ...] = (4, 8, 16, 32)
    test_episodes: int = 500

    def __post_init__(self) -> None:
        if unknown := [*(self.rates.keys() | self.longer.keys()) - ARMS.keys()]:
            raise ValueError(f"arms must be among {', '.join(ARMS)}, got {unknown[0]!r}")
        super().__post_init__()
        for keys in self.tested:
            _checks.integer("tested", keys, 2)  # of one key none is bound again
        if self.keys not in self.tested:
            raise ValueError(
                f"tested must hold keys={self.keys}, got {self.tested}: by them rates are chosen"
            )

    def known(self) -> Collection[str]:
        """Return the arms that there are."""
        return ARMS

    def task(self, keys: int) -> Rebinding:
        """Return the task with so many keys, half of which are bound again."""
        return Rebinding(keys, 2, n_bits=BITS, rebound=keys // 2)


def numbers_of(arm: str) -> int:
    """Return how many trained numbers an arm has."""
    return sum(p.numel() for p in ARMS[arm].begin(torch.Generator()).values())


def train_recall(trial: Trial, chosen: Recall) -> tuple[Numbers, Weights]:
    """Train networks of each arm, those of several rates side by side on the same episodes."""
    trial.on_cpu("compiled networks are among them")
    trained: Numbers = {}
    weights: Weights = {}
    for arm in chosen.rates:
        found, params = _train(trial, chosen, arm)
        trained |= found
        for k, name in enumerate(chosen.names(arm)):
            weights |= {f"{name}.{key}": value[k].clone() for key, value in params.items()}
    return {"trained": trained}, weights


def _train(trial: Trial, chosen: Recall, arm: str) -> tuple[Numbers, Params]:
    """Train the networks of an arm; their loss is the mean cross-entropy of a bit, in nats."""
    its, task, drawn = ARMS[arm], chosen.task(chosen.keys), trial.generator()
    stack = Stack(its.begin(torch.Generator().manual_seed(1_000 + trial.seed)), chosen.rates[arm])
    updates = chosen.longer.get(arm, chosen.updates)

    def losses(p: Params) -> Tensor:
        episodes = task.sample(chosen.batch, drawn)
        return softplus(-its.answer(p, episodes) * episodes.target).mean((1, 2, 3))

    course = descend(trial, stack, losses, updates, drawn, arm)
    params = {name: value.detach() for name, value in stack.params().items()}
    shown = task.sample(100, torch.Generator().manual_seed(20_000 + trial.seed))
    learned = its.learned(params, shown)
    ends, ms = block_ends(updates, 20), torch.tensor(course.ms[1:] or course.ms).median()
    found = {
        name: {
            "numbers": numbers_of(arm),
            "updates": updates,
            "loss": blocks([row[k] for row in course.loss], ends),
            "ms": short(ms / len(stack.rates)),
            "state": {str(p): its.state(chosen.task(p).n_writes) for p in chosen.tested},
            "learned": {key: short(value[k]) for key, value in learned.items()},
        }
        for k, name in enumerate(chosen.names(arm))
    }
    return found, params


def judge_recall(weights: Weights, seed: int, chosen: Recall) -> Numbers:
    """Return the share of wrong bits of each network, of keys that were re-bound and of those that
    were bound once, all in the same new episodes; and of each arm the best of its rates.
    """
    g = torch.Generator().manual_seed(10_000 + seed)
    tests = {str(p): chosen.task(p).sample(chosen.test_episodes, g) for p in chosen.tested}
    found: dict[str, Any] = {"error": {}, "best": {}, "best_rate": {}}
    for arm, rates in chosen.rates.items():
        for rate, name in zip(rates, chosen.names(arm), strict=True):
            params = {key: p.unsqueeze(0) for key, p in under(weights, f"{name}.").items()}
            its = {keys: _errors(ARMS[arm], params, one) for keys, one in tests.items()}
            found["error"][name] = its
            mean = sum(its[str(chosen.keys)].values()) / 2
            if mean < found["best"].get(arm, 2.0):
                found["best"][arm], found["best_rate"][arm] = short(mean), rate
    return found


def judge_recurrent(weights: Weights, seed: int, chosen: Recall) -> Numbers:
    """Return the same, and how the cells of plastic networks fire for what they expect;
    of arms with one rate each.
    """
    for arm, rates in chosen.rates.items():
        if len(rates) != 1:
            raise ValueError(
                f"rates must have one rate for each arm, got {len(rates)} for {arm!r}: choose by "
                "judge_recall first"
            )
    found = judge_recall(weights, seed, chosen)
    shown = chosen.task(chosen.keys).sample(500, torch.Generator().manual_seed(30_000 + seed))
    found["images"] = {}
    for arm in chosen.rates:
        its = ARMS[arm]
        if isinstance(its, recurrent.Plastic):
            params = {key: p.unsqueeze(0) for key, p in under(weights, f"{arm}.").items()}
            with torch.no_grad():
                images = its.images(params, shown)
            found["images"][arm] = {name: short(value) for name, value in images.items()}
    return found


def _errors(arm: Arm, params: Params, episodes: ReboundEpisodes) -> dict[str, float]:
    with torch.no_grad():
        wrong = wrong_bits(arm.answer(params, episodes)[0], episodes.target).mean(-1)
    return {
        "rebound": short(wrong[episodes.rebound].mean()),
        "once": short(wrong[~episodes.rebound].mean()),
    }
