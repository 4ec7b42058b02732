"""Many small recurrent networks trained at once on digits, which differ in signs and in spectra.

A digit is read four pixels a step; cells have rates ``r = relu(r @ w + x @ w_in + bias)``, and the
last ones are read out. What may differ is how the recurrent weights w begin, and whether an update
may change signs; all else is free in every network. Gradients are cut for each network by itself.

Shapes: S networks, B pictures, T steps, n cells, k interneurons.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hebbnotes import _checks
from hebbnotes.chapters.cell_types import spectra
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short, shorts
from hebbnotes.networks import dale

__all__ = [
    "COSTS",
    "OPTIMISERS",
    "Adam",
    "Descent",
    "Digits",
    "Signs",
    "digits",
    "forward",
    "train",
    "train_signs",
]


class Digits(NamedTuple):
    """The digits that come with scikit-learn, as sequences of four pixels in [0, 1].

    Attributes
    ----------
    train, validation, test : tuple of Tensor
        Pixels (T=16, M, 4) and labels (M,), of 1,000, 297 and 500 pictures that are the same
        always; rates are chosen on the second.
    """

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def digits() -> Digits:
    """Return the digits, divided once and for all."""
    with _checks.extra("chapters"):
        from sklearn.datasets import load_digits
    data = load_digits()
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    pixels = torch.tensor(data.data, dtype=torch.float32)[order] / 16
    labels = torch.tensor(data.target)[order]
    steps = pixels.unflatten(1, (16, 4)).transpose(0, 1)
    parts = [(steps[:, a:b], labels[a:b]) for a, b in ((0, 1000), (1000, 1297), (1297, 1797))]
    return Digits(*parts)


class Descent:
    """Plain gradient descent, of each network at its own rate, without momentum."""

    def __init__(self, rates: Tensor) -> None:
        self.rates = rates

    def step(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        """Change parameters (S, ...) by their gradients, in place."""
        for p, g in zip(parameters, gradients, strict=True):
            p.sub_(_spread(self.rates, p) * g)


class Adam(Descent):
    """Adam (Kingma & Ba, 2015) with torch's constants, of each network at its own rate."""

    def __init__(self, rates: Tensor) -> None:
        super().__init__(rates)
        self.moments: list[tuple[Tensor, Tensor]] = []
        self.steps = 0

    def step(self, parameters: list[Tensor], gradients: list[Tensor]) -> None:
        """Change parameters (S, ...) by their gradients and moments, in place."""
        if not self.moments:
            self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self.steps += 1
        root = (1 - 0.999**self.steps) ** 0.5
        for p, g, (mean, square) in zip(parameters, gradients, self.moments, strict=True):
            mean.lerp_(g, 0.1)
            square.mul_(0.999).addcmul_(g, g, value=0.001)
            size = _spread(self.rates, p) / (1 - 0.9**self.steps)
            p.sub_(size * mean / (square.sqrt() / root).add_(1e-8))


OPTIMISERS: dict[str, type[Descent]] = {"SGD": Descent, "Adam": Adam}
"""Ways to descend by name."""


def _spread(each: Tensor, over: Tensor) -> Tensor:
    return each.view(-1, *[1] * (over.ndim - 1))


def forward(w: Tensor, ends: spectra.Parameters, pixels: Tensor) -> Tensor:
    """Return scores (S, B, 10) of networks with weights w (S, n, n) for pixels (T, B, 4).

    ``ends`` holds what lies outside of the recurrence: ``w_in`` (S, 4, n), ``bias`` (S, n),
    ``w_out`` (S, n, 10) and ``bias_out`` (S, 10).
    """
    steps, batch, _ = pixels.shape
    told = torch.baddbmm(
        ends["bias"].unsqueeze(1), pixels.flatten(0, 1).expand(len(w), -1, -1), ends["w_in"]
    )
    r = torch.relu(told[:, :batch])
    for t in range(1, steps):
        r = torch.relu(torch.baddbmm(told[:, t * batch : (t + 1) * batch], r, w))
    return torch.baddbmm(ends["bias_out"].unsqueeze(1), r, ends["w_out"])


def _ends(n: int, generator: torch.Generator) -> spectra.Parameters:
    return {
        "w_in": torch.randn(4, n, generator=generator) / 2,
        "bias": torch.zeros(n),
        "w_out": torch.randn(n, 10, generator=generator) / n**0.5,
        "bias_out": torch.zeros(10),
    }


def train(
    networks: list[tuple[str, float]],
    n: int,
    optimiser: str,
    *,
    seed: int,
    looks: list[int],
    judged: tuple[Tensor, Tensor],
    shown: tuple[Tensor, Tensor],
    tell: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Tensor, Tensor]:
    """Train networks side by side, in the same batches of 32, each at its own rate.

    Parameters
    ----------
    networks : list of tuple
        Arm, one of ``spectra.ARMS``, and rate of each; arms of one list of :func:`.families`.
    n : int
        Cells of a network without signs; see :class:`.spectra.Centred` for the others.
    optimiser : str
        One of ``OPTIMISERS``.
    seed : int
        Seed of beginnings and batches: what is drawn is the same in all of them.
    looks : list of int
        After how many updates the networks are judged; the last is the end.
    judged, shown : tuple of Tensor
        Pictures that judge, and that teach: pixels (T, M, 4) and labels (M,).
    tell : callable
        ``tell(update, updates)`` is called before each update, as of a :class:`.Trial`.

    Returns
    -------
    right : Tensor
        Share of right answers, shape (S, len(looks)).
    w : Tensor
        Recurrent weights at the end, shape (S, n, n).

    Notes
    -----
    The gradient of each network by itself is cut at a norm of 1.
    """
    its = spectra.ARMS[_checks.choice("arm", networks[0][0], tuple(spectra.ARMS))]
    starts = [
        spectra.ARMS[arm].start(n, torch.Generator().manual_seed(seed)) for arm, _ in networks
    ]
    inner = {name: torch.stack([one[name] for one in starts]) for name in starts[0]}
    g = torch.Generator().manual_seed(seed + 1)
    size, many = its.weights(starts[0]).shape[-1], len(networks)
    outer = {name: p.repeat(many, *[1] * p.ndim) for name, p in _ends(size, g).items()}
    trained = {name: p for name, p in (inner | outer).items() if not name.startswith("_")}
    parameters = [p.requires_grad_() for p in trained.values()]
    descent = OPTIMISERS[optimiser](torch.tensor([rate for _, rate in networks]))
    batches, found = torch.Generator().manual_seed(seed + 2), []
    for update in range(1, looks[-1] + 1):
        tell(update - 1, looks[-1])
        rows = torch.randint(len(shown[1]), (32,), generator=batches)
        scores = forward(its.weights(inner), outer, shown[0][:, rows])
        wanted = shown[1][rows].repeat(many)
        loss = cross_entropy(scores.flatten(0, 1), wanted, reduction="sum") / 32
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            its.correct(inner, dict(zip(trained, gradients, strict=True)))
            descent.step(parameters, _cut(gradients))
            its.keep(inner)
            if update in looks:
                answer = forward(its.weights(inner), outer, judged[0]).argmax(-1)
                found.append((answer == judged[1]).float().mean(-1))
    return torch.stack(found, -1), its.weights(inner).detach()


def _cut(gradients: tuple[Tensor, ...], most: float = 1.0) -> list[Tensor]:
    """Shorten the gradient of each network to a norm; one that is not finite becomes 0."""
    squares = torch.stack([g.flatten(1).square().sum(1) for g in gradients])
    norm = squares.sum(0).sqrt()
    factor = most / norm.clamp(min=most)
    if bool(norm.isfinite().all()):
        return [_spread(factor, g) * g for g in gradients]
    sound = norm.isfinite()
    return [torch.where(_spread(sound, g), _spread(factor, g) * g, 0.0) for g in gradients]


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Configuration of the arms at one number of cells.

    Attributes
    ----------
    n : int
        Cells of a network without signs.
    rates : dict
        By optimiser and arm; several of an arm are tried.
    looks : tuple of int
        After how many updates the networks are judged; of those in the last sixth the mean counts,
        since a training at a constant rate is uneasy.
    validated : bool
        Whether by the pictures on which rates are chosen, in place of those of the test.
    """

    n: int
    rates: dict[str, dict[str, tuple[float, ...]]]
    looks: tuple[int, ...] = (75, 150, 250, 260, 270, 280, 290, 300)
    validated: bool = False


def train_signs(trial: Trial, chosen: Signs) -> tuple[Numbers, Weights]:
    """Train all arms at all their rates by each optimiser, and look at their weights.

    ``right`` is by optimiser, arm and rate, at each look; ``ends`` likewise the largest singular
    value and the common mode of what cells do to each other, at the end; ``starts`` the same of
    each arm before.
    """
    trial.on_cpu("these networks are small, and trained on the processor")
    data = digits()
    judged = data.validation if chosen.validated else data.test
    found: Numbers = {"right": {}, "ends": {}, "starts": {}}
    for family in spectra.families():
        for arm in family:
            start = spectra.ARMS[arm].start(
                chosen.n, torch.Generator().manual_seed(1_000 * trial.seed)
            )
            found["starts"][arm] = _looked(spectra.ARMS[arm].weights(start))
        for optimiser, rates in chosen.rates.items():
            each = [(arm, rate) for arm in family for rate in rates.get(arm, ())]
            if not each:
                continue
            right, w = train(
                each,
                chosen.n,
                optimiser,
                seed=1_000 * trial.seed,
                looks=[*chosen.looks],
                judged=judged,
                shown=data.train,
                tell=partial(trial.tell, f"{optimiser}, {family[0]}"),
            )
            for (arm, rate), its, end in zip(each, right, w, strict=True):
                for name, value in (("right", shorts(its)), ("ends", _looked(end))):
                    of = found[name].setdefault(optimiser, {}).setdefault(arm, {})
                    of[f"{rate:g}"] = value
    late = sum(6 * look >= 5 * chosen.looks[-1] for look in chosen.looks)
    return found | _costs(found["right"], late), {}


def _looked(w: Tensor) -> dict[str, float]:
    return {
        "first": short(torch.linalg.matrix_norm(w, 2)),
        "common": short(dale.common_mode(w)),
        "size": short(w.norm()),
    }


COSTS = {
    "outlier": ("no signs", "start of signs, then free"),
    "sign": ("start of signs, then free", "signs"),
    "all": ("no signs", "signs"),
    "sparse": ("no signs", "signs, sparse start"),
    "matched": ("no signs", "matched"),
    "corrected": ("no signs", "matched, corrected"),
    "spectrum alone": ("no signs", "no signs, their spectrum"),
    "vectors alone": ("no signs", "start of signs, no outlier"),
}
"""Differences of the shares that are right, first minus second, by what they tell."""


def _costs(right: dict[str, dict[str, dict[str, list[float]]]], late: int) -> Numbers:
    """Return the mean share that is right at the last few looks, and what is lost by each cost, in
    points of 100; by optimiser, at the best rates where several were tried.
    """
    last = {
        optimiser: {
            arm: short(max(sum(its[-late:]) / late for its in by.values()))
            for arm, by in of.items()
        }
        for optimiser, of in right.items()
    }
    costs = {
        optimiser: {
            name: short(100 * (of[one] - of[other]))
            for name, (one, other) in COSTS.items()
            if one in of and other in of
        }
        for optimiser, of in last.items()
    }
    return {"costs": costs, "last": last}
