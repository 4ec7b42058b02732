"""Rules that gradient descent finds: five terms, trained through the arena's tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.arena.memories import READ_NOISE, WRITES, Matrix
from hebbnotes.arena.scores import FRESH, RATES, TUNING, overlaps, score, shown
from hebbnotes.arena.streams import Stream, stream
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short, shorts
from hebbnotes.plasticity import rules

__all__ = ["TERMS", "Learned", "rule_of", "score_honest", "score_learned", "train_learned"]

TERMS = ("drive", "w", "post2 w", "pre2 w", "pre2 post2 w")
"""What stands beside ``pre * post``: ``pre * drive``, and the weight times four factors."""
TASKS = ("recall", "re-bind", "blanks", "crowd", "drift")
"""The tasks that a rule is trained on."""
HONEST = {"Hebb": rules.hebb, "decay": rules.decay, "Oja": rules.oja, "delta": rules.delta}
"""Rules of the book that are scored in the same arena as a learned one."""


def rule_of(terms: Mapping[str, Any]) -> Any:
    """Return the rule with these factors of :data:`TERMS`; it declares a drive only if it has one.

    >>> rule = rule_of({"drive": -1.0})  # the delta rule

    Parameters
    ----------
    terms : dict of str to float or Tensor
        By the name of the term; what is left out is 0.
    """
    for name in terms:
        _checks.choice("term", name, TERMS)
    c = [terms.get(name, 0.0) for name in TERMS]

    def without(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
        sent, received = pre[..., :, None], post[..., None, :]
        kept = c[1] + c[2] * received**2 + c[3] * sent**2 + c[4] * (sent * received) ** 2
        return sent * received + kept * w

    def learned(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor) -> Tensor:
        return without(w, pre, post) + c[0] * pre[..., :, None] * drive[..., None, :]

    return learned if "drive" in terms else without


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Configuration: a rule's terms are trained, with a drive or without, in a fair arena or not.

    Parameters
    ----------
    drive : bool
        Whether the rule may see its receiver's drive.
    writes, noise : float
        Range of a synapse in fresh writes, and noise of reads.
    weak : float
        Size of the values of the strangers in the crowd, beside that of the four pairs.
    updates, batch, lr : int, int, float
    """

    drive: bool = True
    writes: float = WRITES
    noise: float = READ_NOISE
    weak: float = 1.0
    updates: int = 80
    batch: int = 8
    lr: float = 0.05


def _drawn(task: str, chosen: Learned, batch: int, g: torch.Generator) -> Stream:
    """Draw a task as it is in this arena."""
    drawn = stream(task, "dense", batch, g)
    if task == "crowd":
        sizes = torch.ones(len(drawn.post), 1, 1)
        sizes[4:] = chosen.weak
        return drawn._replace(post=drawn.post * sizes)
    if task == "drift":  # its first part teaches as much
        return drawn._replace(
            **{
                name: getattr(drawn, name)[:48]
                for name in ("pre", "post", "modulator", "predicted")
            }
        )
    return drawn


def _smooth(drive: Tensor, wanted: Tensor) -> Tensor:
    """Return the overlap with a sign that has a slope."""
    size = drive.detach().abs().mean().clamp(min=1e-6)
    return ((2 * drive / size).tanh() * wanted[:, None]).mean()


def _overlap(memory: Matrix, drawn: Stream, g: torch.Generator) -> Tensor:
    """Return the smooth overlap of a matrix in a task; it has a gradient."""
    noise = torch.randn(drawn.pre.shape, generator=g)
    expected = [told for told in shown(memory, drawn, noise) if told is not None]
    if expected:
        return _smooth(torch.stack(expected), drawn.post[drawn.predicted.any(1)])
    noise = torch.randn(drawn.queries.shape, generator=g)
    return _smooth(memory.read(drawn.queries[:, None], noise), drawn.wanted)


class _Trained(Matrix):
    """A matrix whose one learning rate has a gradient."""

    def __init__(self, rule: Any, eta: Tensor, chosen: Learned) -> None:
        super().__init__(rule, (1.0,), chosen.noise, chosen.writes)
        self.trained = eta

    def start(self, pre: Tensor, post: Tensor) -> None:
        super().start(pre, post)
        size = self.trained.detach()
        self.unit, self.most = self.unit * size, self.most * size
        self.unit, self.most = self.unit.detach(), self.most.detach()
        self.w = self.w.detach()
        self.eta = self.trained.view(1, 1, 1, 1)


def train_learned(trial: Trial, chosen: Learned) -> tuple[Numbers, Weights]:
    """Train the factors of a rule and its rate, by descent on what its memory gets wrong."""
    g = trial.generator()
    names = TERMS if chosen.drive else TERMS[1:]
    factors = {name: torch.zeros((), requires_grad=True) for name in names}
    log_eta = torch.tensor(0.3).log().requires_grad_()

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        memory = _Trained(rule_of(factors), log_eta.exp(), chosen)
        fits = [_overlap(memory, _drawn(task, chosen, chosen.batch, g), g) for task in TASKS]
        fit = torch.stack(fits).mean()
        return 1 - fit, {"fit": float(fit.detach())}

    numbers = [*factors.values(), log_eta]
    history = trial.train(numbers, loss, chosen.updates, g, lr=chosen.lr, clip_norm=1.0)
    found = {name: float(value.detach()) for name, value in factors.items()}
    eta = float(log_eta.detach().exp())
    return {
        "factors": dict(zip(found, shorts(found.values()), strict=True)),
        "eta": eta,
        "fit": shorts(history.metrics["fit"]),
        **_judged(found, eta, trial.seed, chosen),
    }, {}


def _judged(found: dict[str, float], eta: float, seed: int, chosen: Learned) -> Numbers:
    """Score a rule in the arena that it was trained in, and in the fair one."""
    rule = rule_of(found)
    rates = tuple(eta * factor for factor in (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0))
    fair = score(Matrix(rule, rates), "dense", (FRESH[0] + seed,), TUNING)
    own = Matrix(rule, (eta,), chosen.noise, chosen.writes)
    return {
        "fair": {task: short(v[0]) for task, v in fair.tasks.items()},
        "total": short(fair.total()[0]),
        "there": {task: short(float(v)) for task, v in _there(own, seed, chosen).items()},
        "silence": _in_silence(rule, eta, chosen),
    }


def _there(memory: Matrix, seed: int, chosen: Learned, batch: int = 32) -> dict[str, Tensor]:
    """Return the overlaps (R,) of a matrix in each task of the arena that it was trained in."""
    found = {}
    for place, task in enumerate(TASKS):
        g = torch.Generator().manual_seed(100 * (FRESH[0] + seed) + place)
        found[task] = overlaps(memory, _drawn(task, chosen, batch, g), g)
    return found


def _honest(rule: Any, seed: int, chosen: Learned) -> Numbers:
    """Score a rule of the book in the same arena: at the rate that is best in the mean on seeds of
    tuning, and in each task at the rate that is best for it.
    """
    memory = Matrix(rule, RATES, chosen.noise, chosen.writes)
    tried = [_there(memory, one - FRESH[0], chosen, 16) for one in TUNING]
    means = {task: torch.stack([found[task] for found in tried]).mean(0) for task in TASKS}
    eta = RATES[int(torch.stack(list(means.values())).mean(0).argmax())]
    own = {task: RATES[int(mean.argmax())] for task, mean in means.items()}
    used = sorted({eta, *own.values()})
    there = _there(memory.at(used), seed, chosen)
    return {
        "eta": eta,
        "there": {task: short(v[used.index(eta)]) for task, v in there.items()},
        "own": own,
        "best": {task: short(v[used.index(own[task])]) for task, v in there.items()},
        "grown": _in_silence(rule, eta, chosen)[-1],
    }


def _in_silence(rule: Any, eta: float, chosen: Learned) -> list[float]:
    """Return the size of all weights through silence, beside that at its begin."""
    g = torch.Generator().manual_seed(0)
    drawn = stream("blanks", "dense", 8, g)
    memory = Matrix(rule, (eta,), chosen.noise, chosen.writes)
    memory.start(drawn.pre[0], drawn.post[0])
    sizes = []
    for pre, post, modulator in zip(*drawn[:3], strict=True):
        memory.write(pre, post, modulator, torch.zeros_like(post), tell=False)
        sizes.append(float(memory.w.norm()))
    return shorts(size / sizes[3] for size in sizes[3:])


def score_learned(*_: Any) -> Numbers:
    """Return nothing: all is measured when the training ends."""
    return {}


def score_honest(_: Weights, seed: int, chosen: Learned) -> Numbers:
    """Score rules of the book where a learned one was trained; the metric is Hebb's mean."""
    found = {name: _honest(rule, seed, chosen) for name, rule in HONEST.items()}
    there = found["Hebb"]["there"].values()
    return {"rules": found, "Hebb": sum(there) / len(there)}
