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
    "Free",
    "Signed",
    "cells",
    "digits",
    "forward",
    "recurrent_numbers",
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
    """What all kinds of networks have: a beginning, weights, a rule for signs and for gradients."""

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return the recurrent numbers of one network that has as many as n free cells have."""

    def weights(self, its: Parameters) -> Tensor:
        """Return what cells do to each other, (..., n, n)."""

    def keep(self, its: Parameters) -> None:
        """Change numbers in place that an update has led across zero."""

    def gradients(self, its: Parameters) -> None:
        """Change gradients in place before a plain update."""


class Free:
    """Weights that may be of any sign, drawn by ``draw(n, generator)``."""

    def __init__(self, draw: Callable[[int, torch.Generator], Tensor]) -> None:
        self.draw = draw

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return the weights ``w``, (n, n)."""
        return {"w": self.draw(n, generator)}

    def weights(self, its: Parameters) -> Tensor:
        """Return ``w``."""
        return its["w"]

    def keep(self, its: Parameters) -> None:
        """Keep all as they are."""

    def gradients(self, its: Parameters) -> None:
        """Leave them as they are."""


class Signed(Free):
    """Weights whose rows keep the signs of :func:`.dale.signs`: what crosses zero becomes 0."""

    def keep(self, its: Parameters) -> None:
        """Project onto the signs."""
        its["w"].copy_(dale.project(its["w"], dale.signs(its["w"].shape[-1])))


class Centred:
    """Excitatory cells and interneurons that start centred; see :func:`.dale.centred`.

    There are as many recurrent numbers as n free cells have, as nearly as can be, with ``n / 10``
    interneurons. With ``corrected``, their gradients are those of :func:`.dale.correct`.
    """

    def __init__(self, *, corrected: bool) -> None:
        self.corrected = corrected

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return ``w_ee``, ``w_ei`` and ``w_ie``."""
        k = max(1, n // 10)
        m = round(-k + (k**2 + n**2) ** 0.5)
        w_ee = torch.empty(m, m).exponential_(generator=generator) / m**0.5
        w_ei, w_ie = dale.centred(w_ee, k)
        return {"w_ee": w_ee, "w_ei": w_ei, "w_ie": w_ie}

    def weights(self, its: Parameters) -> Tensor:
        """Return what excitatory cells do to each other in all."""
        return dale.effective(its["w_ee"], its["w_ei"], its["w_ie"])

    def keep(self, its: Parameters) -> None:
        """Set strengths below 0 to 0."""
        for p in its.values():
            p.clamp_(min=0)

    def gradients(self, its: Parameters) -> None:
        """Correct them, if so wished."""
        if self.corrected:
            n = its["w_ee"].shape[-1]
            ei, ie = its["w_ei"], its["w_ie"]
            ei.grad, ie.grad = dale.correct(_given(ei), _given(ie), n, n)


def _given(p: Tensor) -> Tensor:
    return torch.zeros_like(p) if p.grad is None else p.grad


def _dense_with_outlier(n: int, generator: torch.Generator) -> Tensor:
    return spectra.transplanted(spectra.gaussian(n, generator), spectra.balanced(n, generator))


def _balanced_without_outlier(n: int, generator: torch.Generator) -> Tensor:
    return spectra.transplanted(spectra.balanced(n, generator), spectra.gaussian(n, generator))


ARMS: dict[str, Arm] = {
    "no signs": Free(spectra.gaussian),
    "start of signs, then free": Free(spectra.balanced),
    "signs": Signed(spectra.balanced),
    "signs, sparse start": Signed(spectra.lognormal),
    "matched": Centred(corrected=False),
    "matched, corrected": Centred(corrected=True),
    "no signs, their spectrum": Free(_dense_with_outlier),
    "start of signs, no outlier": Free(_balanced_without_outlier),
}
"""Kinds of networks by name. Two are controls of the spectrum alone: normal weights with the
singular values of balanced signs, and weights with the singular vectors of balanced signs and the
singular values of normal ones; both may change signs."""


def cells(arm: str, n: int) -> tuple[int, int]:
    """Return how many cells that are read out, and interneurons besides, an arm has for n."""
    its = ARMS[arm].start(n, torch.Generator().manual_seed(0))
    return ARMS[arm].weights(its).shape[-1], its["w_ei"].shape[-1] if "w_ei" in its else 0


def recurrent_numbers(arm: str, n: int) -> int:
    """Return how many recurrent numbers an arm trains, ``n * n`` or as near as it can."""
    its = ARMS[arm].start(n, torch.Generator().manual_seed(0))
    return sum(p.numel() for p in its.values())


class Descent:
    """Plain gradient descent, of each network at its own rate, without momentum."""

    def __init__(self, rates: Tensor) -> None:
        self.rates = rates

    def step(self, parameters: list[Tensor]) -> None:
        """Change parameters (S, ...) by their gradients, in place."""
        for p in parameters:
            p.sub_(_spread(self.rates, p) * _given(p))


class Adam(Descent):
    """Adam (Kingma & Ba, 2015) with torch's constants, of each network at its own rate."""

    def __init__(self, rates: Tensor) -> None:
        super().__init__(rates)
        self.moments: list[tuple[Tensor, Tensor]] = []
        self.steps = 0

    def step(self, parameters: list[Tensor]) -> None:
        """Change parameters (S, ...) in place."""
        if not self.moments:
            self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self.steps += 1
        root = (1 - 0.999**self.steps) ** 0.5
        for p, (mean, square) in zip(parameters, self.moments, strict=True):
            g = _given(p)
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
    arm: str,
    n: int,
    rates: list[float],
    optimiser: str,
    *,
    seed: int,
    looks: list[int],
    judged: tuple[Tensor, Tensor],
    shown: tuple[Tensor, Tensor],
) -> tuple[Tensor, Tensor]:
    """Train networks of one arm that differ by their rate alone, in the same batches of 32.

    Parameters
    ----------
    arm : str
        One of ``ARMS``.
    n : int
        Cells of a network without signs; see :class:`Centred` for the others.
    rates : list of float
        A network for each.
    optimiser : str
        One of ``OPTIMISERS``.
    seed : int
        Seed of beginning and batches.
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
    its, g = ARMS[_checks.choice("arm", arm, tuple(ARMS))], torch.Generator().manual_seed(seed)
    many, inner = len(rates), its.start(n, g)
    outer = _ends(its.weights(inner).shape[-1], g)
    inner, outer = (
        {name: p.expand(many, *p.shape).clone().requires_grad_() for name, p in part.items()}
        for part in (inner, outer)
    )
    parameters = [*inner.values(), *outer.values()]
    descent = OPTIMISERS[optimiser](torch.tensor(rates))
    found = []
    for update in range(1, looks[-1] + 1):
        rows = torch.randint(len(shown[1]), (32,), generator=g)
        scores = forward(its.weights(inner), outer, shown[0][:, rows])
        wanted = shown[1][rows].repeat(many)
        loss = cross_entropy(scores.flatten(0, 1), wanted, reduction="sum") / 32
        for p in parameters:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            its.gradients(inner)
            _cut(parameters)
            descent.step(parameters)
            its.keep(inner)
            if update in looks:
                answer = forward(its.weights(inner), outer, judged[0]).argmax(-1)
                found.append((answer == judged[1]).float().mean(-1))
    return torch.stack(found, -1), its.weights(inner).detach()


def _cut(parameters: list[Tensor], most: float = 1.0) -> None:
    """Shorten the gradient of each network to a norm; one that is not finite becomes 0."""
    squares = sum((_given(p).flatten(1).square().sum(1) for p in parameters), torch.tensor(0.0))
    norm = squares.sqrt()
    factor = torch.where(norm.isfinite(), most / norm.clamp(min=most), 0.0)
    for p in parameters:
        if p.grad is not None:
            scaled = p.grad * _spread(factor, p)
            p.grad = torch.where(_spread(norm.isfinite(), p), scaled, torch.zeros_like(p))
