"""Many small recurrent networks trained at once on digits, which differ in signs and in spectra.

A digit is read four pixels a step; cells have rates ``r = relu(r @ w + x @ w_in + bias)``, and the
last ones are read out. What may differ is how the recurrent weights w begin, and whether an update
may change signs; all else is free in every network. Gradients are cut for each network by itself.

Shapes: S networks, B pictures, T steps, n cells, k interneurons.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hebbnotes import _checks
from hebbnotes.chapters.cell_types import spectra
from hebbnotes.networks import dale

__all__ = [
    "ARMS",
    "OPTIMISERS",
    "Adam",
    "Arm",
    "Centred",
    "Descent",
    "Digits",
    "Plain",
    "cells",
    "digits",
    "families",
    "forward",
    "train",
]

Parameters = dict[str, Tensor]


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


class Arm(Protocol):
    """What all kinds of networks have: a beginning, weights, a rule for signs and for gradients.

    Numbers of many networks of one kind may be stacked, (S, ...).
    """

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return the recurrent numbers of one network that has as many as n free cells have, and
        constants of it, whose names begin with an underscore.
        """

    def weights(self, its: Parameters) -> Tensor:
        """Return what cells do to each other, (..., n, n)."""

    def keep(self, its: Parameters) -> None:
        """Change numbers in place that an update has led across zero."""

    def correct(self, its: Parameters, gradients: Parameters) -> None:
        """Change gradients, by name, in place before an update."""


class Plain:
    """Weights drawn by ``draw(n, generator)``; ``signed``, their rows keep :func:`.dale.signs`."""

    def __init__(
        self, draw: Callable[[int, torch.Generator], Tensor], *, signed: bool = False
    ) -> None:
        self.draw, self.signed = draw, signed

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return the weights ``w``, (n, n), and signs, 0 where a row is free."""
        signs = dale.signs(n) if self.signed else torch.zeros(n)
        return {"w": self.draw(n, generator), "_signs": signs}

    def weights(self, its: Parameters) -> Tensor:
        """Return ``w``."""
        return its["w"]

    def keep(self, its: Parameters) -> None:
        """Project onto the signs, as :func:`.dale.project` does, where there are any."""
        w = its["w"]
        w.masked_fill_(its["_signs"].unsqueeze(-1) * w < 0, 0.0)

    def correct(self, its: Parameters, gradients: Parameters) -> None:
        """Leave them as they are."""


class Centred:
    """Excitatory cells and interneurons that start centred; see :func:`.dale.centred`.

    There are as many recurrent numbers as n free cells have, as nearly as can be, with ``n / 10``
    interneurons. With ``corrected``, their gradients are those of :func:`.dale.correct`.
    """

    def __init__(self, *, corrected: bool) -> None:
        self.corrected = corrected

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return ``w_ee``, ``w_ei`` and ``w_ie``, and what their gradients are multiplied by."""
        k = max(1, n // 10)
        m = round(-k + (k**2 + n**2) ** 0.5)
        w_ee = torch.empty(m, m).exponential_(generator=generator) / m**0.5
        w_ei, w_ie = dale.centred(w_ee, k)
        one = torch.ones(1, 1)
        ei, ie = dale.correct(one, one, m, m) if self.corrected else (one, one)
        return {"w_ee": w_ee, "w_ei": w_ei, "w_ie": w_ie, "_ei": ei, "_ie": ie}

    def weights(self, its: Parameters) -> Tensor:
        """Return what excitatory cells do to each other in all."""
        return dale.effective(its["w_ee"], its["w_ei"], its["w_ie"])

    def keep(self, its: Parameters) -> None:
        """Set strengths below 0 to 0."""
        for name in ("w_ee", "w_ei", "w_ie"):
            its[name].clamp_(min=0)

    def correct(self, its: Parameters, gradients: Parameters) -> None:
        """Correct those that are to be corrected."""
        for name in ("ei", "ie"):
            gradients[f"w_{name}"].mul_(its[f"_{name}"])


def _with_their_spectrum(n: int, generator: torch.Generator) -> Tensor:
    w = spectra.gaussian(n, generator)
    return spectra.transplanted(w, spectra.balanced(n, generator))


def _without_outlier(n: int, generator: torch.Generator) -> Tensor:
    w = spectra.balanced(n, generator)
    return spectra.transplanted(w, spectra.gaussian(n, generator))


ARMS: dict[str, Arm] = {
    "no signs": Plain(spectra.gaussian),
    "start of signs, then free": Plain(spectra.balanced),
    "signs": Plain(spectra.balanced, signed=True),
    "signs, sparse start": Plain(spectra.lognormal, signed=True),
    "no signs, their spectrum": Plain(_with_their_spectrum),
    "start of signs, no outlier": Plain(_without_outlier),
    "matched": Centred(corrected=False),
    "matched, corrected": Centred(corrected=True),
}
"""Kinds of networks by name. Two are controls of the spectrum alone: normal weights with the
singular values of balanced signs, and weights with the singular vectors of balanced signs and the
singular values of normal ones; both may change signs."""


def families() -> list[list[str]]:
    """Return the names of arms in lists of such that can be trained in one stack."""
    kinds: dict[type, list[str]] = {}
    for name, arm in ARMS.items():
        kinds.setdefault(type(arm), []).append(name)
    return list(kinds.values())


def cells(arm: str, n: int) -> tuple[int, int, int]:
    """Return of an arm for n: cells that are read out, interneurons besides, recurrent numbers.

    The last is ``n * n``, or as near to it as can be.
    """
    its = ARMS[arm].start(n, torch.Generator().manual_seed(0))
    numbers = sum(p.numel() for name, p in its.items() if not name.startswith("_"))
    inter = its["w_ei"].shape[-1] if "w_ei" in its else 0
    return ARMS[arm].weights(its).shape[-1], inter, numbers


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


def forward(w: Tensor, ends: Parameters, pixels: Tensor) -> Tensor:
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


def _ends(n: int, generator: torch.Generator) -> Parameters:
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
) -> tuple[Tensor, Tensor]:
    """Train networks side by side, in the same batches of 32, each at its own rate.

    Parameters
    ----------
    networks : list of tuple
        Arm, one of ``ARMS``, and rate of each; all arms of one of :func:`families`.
    n : int
        Cells of a network without signs; see :class:`Centred` for the others.
    optimiser : str
        One of ``OPTIMISERS``.
    seed : int
        Seed of beginnings and batches: what is drawn is the same in all of them.
    looks : list of int
        After how many updates the networks are judged; the last is the end.
    judged, shown : tuple of Tensor
        Pictures that judge, and that teach: pixels (T, M, 4) and labels (M,).

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
    its = ARMS[_checks.choice("arm", networks[0][0], tuple(ARMS))]
    starts = [ARMS[arm].start(n, torch.Generator().manual_seed(seed)) for arm, _ in networks]
    inner = {name: torch.stack([one[name] for one in starts]) for name in starts[0]}
    g = torch.Generator().manual_seed(seed + 1)
    size, many = its.weights(starts[0]).shape[-1], len(networks)
    outer = {name: p.repeat(many, *[1] * p.ndim) for name, p in _ends(size, g).items()}
    trained = {name: p for name, p in (inner | outer).items() if not name.startswith("_")}
    parameters = [p.requires_grad_() for p in trained.values()]
    descent = OPTIMISERS[optimiser](torch.tensor([rate for _, rate in networks]))
    batches, found = torch.Generator().manual_seed(seed + 2), []
    for update in range(1, looks[-1] + 1):
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
