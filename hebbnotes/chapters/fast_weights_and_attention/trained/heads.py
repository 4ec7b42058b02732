"""Heads with a trained metric: whether one can answer four addresses, if it learns to compare.

A head compares a query with each key by ``q M k / d``, with M trained, and what it reads of each
value is what its mask says: of a linear head the scores themselves weigh the values, of a softmax
head their softmax does. Shapes: S networks, B episodes, Q queries, P pairs, R heads, d bits.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from hebbnotes import _checks
from hebbnotes.chapters.fast_weights_and_attention.trained.stacks import Params, Stack, descend
from hebbnotes.experiments.experiment import (
    Arms,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    short,
    shorts,
    under,
)
from hebbnotes.tasks import AddressedEpisodes, Addresses, wrong_bits

__all__ = ["KINDS", "STARTS", "Heads", "Metric", "answer", "begin", "judge_metric", "train_metric"]


def _as_they_are(score: Tensor) -> Tensor:
    return score


def _softmax(score: Tensor) -> Tensor:
    return score.softmax(-1)


KINDS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "linear": (_as_they_are, 1.0),
    "softmax": (_softmax, 4.0),
}
"""Of each kind of head what it makes of its scores, and the sharpness with which it begins."""


def _identity(d: int, groups: int) -> Tensor:
    return torch.eye(d)


def _one_group(d: int, groups: int) -> Tensor:
    return torch.diag((torch.arange(d) < d // groups).float())


def _nothing(d: int, groups: int) -> Tensor:
    return torch.zeros(d, d)


STARTS: dict[str, Callable[[int, int], Tensor]] = {
    "identity": _identity,
    "one group": _one_group,
    "noise": _nothing,
}
"""Where a metric begins, besides noise: all bits compared, those of the first group, or none."""


class Heads(NamedTuple):
    """How many heads of which kind, and where their metrics begin.

    Attributes
    ----------
    kind : str, see :data:`KINDS`
    heads : int
    start : str, see :data:`STARTS`
    """

    kind: str
    heads: int
    start: str = "identity"


@dataclass(frozen=True, kw_only=True)
class Metric(Arms):
    """Configuration of heads whose metrics are trained on several addresses.

    Attributes
    ----------
    arms : dict
        By name how many heads of which kind.
    task : Addresses
    updates, batch, test_episodes : int
    """

    arms: dict[str, Heads]
    task: Addresses = field(default_factory=lambda: Addresses(64, 4, 4, 4))
    updates: int = 400
    batch: int = 64
    test_episodes: int = 2_000

    def __post_init__(self) -> None:
        super().__post_init__()
        for arm in self.arms:
            if arm not in self.rates:
                raise ValueError(f"rates must have an entry for the arm {arm!r}: name its rates")
        for its in self.arms.values():
            _checks.choice("kind", its.kind, (*KINDS,))
            _checks.choice("start", its.start, (*STARTS,))

    def known(self) -> Collection[str]:
        """Return the arms that there are."""
        return self.arms


def begin(task: Addresses, chosen: Heads, generator: torch.Generator) -> Params:
    """Return the metrics, the masks on values and the gain before they are trained."""
    _checks.generator(generator)
    _checks.choice("kind", chosen.kind, (*KINDS,))
    _checks.choice("start", chosen.start, (*STARTS,))
    d, r = task.d, _checks.integer("heads", chosen.heads)
    start = KINDS[chosen.kind][1] * STARTS[chosen.start](d, task.groups)
    return {
        "metric": start + torch.randn(r, d, d, generator=generator),
        "mask": 1 + 0.1 * torch.randn(r, d, generator=generator),
        "log_gain": torch.zeros(1),
    }


def answer(p: Params, kind: str, episodes: AddressedEpisodes) -> Tensor:
    """Return what each of S networks answers, (S, Q, B, d): its signs are the bits."""
    weigh, _ = KINDS[kind]
    d = episodes.keys.shape[-1]
    compared = torch.einsum("qbd,srde->srbqe", episodes.queries, p["metric"]) / d
    weights = weigh(compared @ episodes.keys.permute(1, 2, 0))  # (S, R, B, Q, P)
    read = weights @ episodes.values.transpose(0, 1)
    whole = (read * p["mask"][:, :, None, None]).sum(1)
    return (whole * p["log_gain"].exp()[:, None, None]).transpose(1, 2)


def train_metric(trial: Trial, chosen: Metric) -> tuple[Numbers, Weights]:
    """Train each arm, several rates side by side on the same episodes; the loss is the mean
    cross-entropy of a bit, in nats.
    """
    trial.on_cpu("episodes are drawn on the processor")
    trained: Numbers = {}
    weights: Weights = {}
    for arm, its in chosen.arms.items():
        drawn = trial.generator()
        begun = begin(chosen.task, its, torch.Generator().manual_seed(1_000 + trial.seed))
        stack, kind = Stack(begun, chosen.rates[arm]), its.kind

        def losses(p: Params, kind: str = kind, drawn: torch.Generator = drawn) -> Tensor:
            episodes = chosen.task.sample(chosen.batch, drawn)
            return softplus(-answer(p, kind, episodes) * episodes.target).mean((1, 2, 3))

        course = descend(trial, stack, losses, chosen.updates, drawn, arm)
        params, ends = stack.params(), block_ends(chosen.updates, 12)
        for k, name in enumerate(chosen.names(arm)):
            weights |= {f"{name}.{key}": value.detach()[k] for key, value in params.items()}
            trained[name] = {
                "numbers": stack.scaled.shape[1],
                "loss": blocks([row[k] for row in course.loss], ends),
                "ms": short(torch.tensor(course.ms[1:] or course.ms).median() / len(stack.rates)),
            }
    return {"trained": trained}, weights


def judge_metric(weights: Weights, seed: int, chosen: Metric) -> Numbers:
    """Return the share of wrong bits of each network, in all and of each group of the value; and of
    each arm the best of its rates.
    """
    g, task = torch.Generator().manual_seed(10_000 + seed), chosen.task
    tested = task.sample(chosen.test_episodes, g)
    found: Numbers = {"error": {}, "groups": {}, "best": {}, "best_rate": {}}
    for arm, its in chosen.arms.items():
        for rate, name in zip(chosen.rates[arm], chosen.names(arm), strict=True):
            params = {key: p.unsqueeze(0) for key, p in under(weights, f"{name}.").items()}
            with torch.no_grad():
                wrong = wrong_bits(answer(params, its.kind, tested)[0], tested.target)
            groups = wrong.unflatten(-1, (task.groups, task.size)).mean((0, 1, 3))
            found["error"][name] = short(wrong.mean())
            found["groups"][name] = shorts(groups)
            if found["error"][name] < found["best"].get(arm, 2.0):
                found["best"][arm], found["best_rate"][arm] = found["error"][name], rate
    return found
