"""Ways to draw the weights of N cells, with a sign for each or not, and networks that begin so.

On average over cells, weights spread by ``g / sqrt(N)`` about the means of their kinds; the fewer
inhibitory ones spread by more, which widens the bulk. [pre, post]: signs are those of rows.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks import dale

__all__ = [
    "ARMS",
    "DRAWN",
    "Centred",
    "Parameters",
    "Plain",
    "balanced",
    "bulk_share",
    "cells",
    "dann",
    "draw",
    "families",
    "gaussian",
    "lognormal",
    "transplanted",
]

Parameters = dict[str, Tensor]
"""Numbers of a network, or of many that are stacked, (S, ...), by name."""


def gaussian(n: int, generator: torch.Generator, *, g: float = 1.0) -> Tensor:
    """Return normal weights without signs, spread ``g / sqrt(n)``, shape (n, n), float32."""
    _checks.room(senders=_checks.integer("n", n), receivers=n)
    _checks.generator(generator, "cpu")
    return _checks.number("g", g, 0) / n**0.5 * torch.randn(n, n, generator=generator)


def balanced(
    n: int,
    generator: torch.Generator,
    *,
    excitatory: float = 0.8,
    g: float = 1.0,
    exactly: bool = False,
) -> Tensor:
    """Return exponential weights of excitatory and inhibitory cells, balanced on average.

    Inhibitory weights are ``f / (1 - f)`` times as strong for a share f of excitatory cells, so
    that the mean weight is 0. With ``f = 1`` all excite and nothing balances.

    Parameters
    ----------
    n : int
    generator : torch.Generator
    excitatory : float
        Share f of excitatory cells, in (0, 1].
    g : float
        Spread of weights about the means of their kinds, root mean square over cells, times
        ``sqrt(n)``.
    exactly : bool
        Whether each receiver's inhibition is scaled to equal its excitation; some must inhibit.

    Notes
    -----
    Source: the start of Song, Yang & Wang (2016) and of Cornford and others (2021), here with
    exponential sizes and with the variance of the others.
    """
    sign, mean = _means(n, excitatory, g)
    _checks.generator(generator, "cpu")
    sizes = torch.empty(n, n).exponential_(generator=generator)
    w = (sign * mean).unsqueeze(-1) * sizes
    inhibits = w.clamp(max=0).sum(0)
    if _checks.flag("exactly", exactly):
        if not bool((inhibits < 0).all()):
            raise ValueError(
                f"exactly needs inhibition of each receiver: use excitatory below {excitatory:g}"
            )
        w = torch.where(w < 0, w * (w.clamp(min=0).sum(0) / -inhibits), w)
    return w


def _means(n: int, excitatory: float, g: float) -> tuple[Tensor, Tensor]:
    """Return the sign of each sender and its mean size: exponential sizes spread as their mean."""
    f = _checks.number("excitatory", excitatory, 1e-9, 1)
    sign = dale.signs(n, f)
    f, asked = float((sign > 0).double().mean()), f
    if f == 0 or (f == 1 and asked < 1):
        raise ValueError(
            f"excitatory={asked:g} of n={n} cells rounds to {'none' if f == 0 else 'all'} of them: "
            "weights are balanced between both kinds, use a larger n"
        )
    _checks.room(senders=n, receivers=n)
    ratio = f / (1 - f) if f < 1 else 0.0
    mean = torch.where(sign > 0, 1.0, ratio)
    return sign, mean * (_checks.number("g", g, 0) / (mean.square().mean() * n) ** 0.5)


def lognormal(
    n: int,
    generator: torch.Generator,
    *,
    density: float = 0.1,
    sigma: float = 0.94,
    excitatory: float = 0.8,
    g: float = 1.0,
) -> Tensor:
    """Return sparse weights of lognormal size, balanced on average between excitation and
    inhibition.

    Few and unequal weights have a small mean for their variance: the common mode has about
    ``density * exp(-sigma**2)`` of their power.

    Parameters
    ----------
    n, generator, excitatory, g
        As for :func:`balanced`.
    density : float
        Chance in (0, 1] that two cells are connected.
    sigma : float
        Spread of the logarithms of sizes; 0.94 is near what Song and others (2005) found in rat
        visual cortex.
    """
    sign, mean = _means(n, excitatory, g)
    _checks.generator(generator, "cpu")
    p, sigma = _checks.number("density", density, 1e-6, 1), _checks.number("sigma", sigma, 0, 3)
    there = torch.rand(n, n, generator=generator) < p
    sizes = torch.exp(sigma * torch.randn(n, n, generator=generator) - sigma**2 / 2) * there
    # sizes have mean p and mean square p * exp(sigma**2); about their mean they shall spread by 1
    spread = (p * torch.tensor(sigma**2, dtype=torch.float64).exp().item() - p**2) ** 0.5
    if spread < 1e-6:
        raise ValueError("density 1 and sigma 0 are equal weights, without a spread: change one")
    return (sign * mean).unsqueeze(-1) * sizes / spread


def dann(n: int, generator: torch.Generator, *, k: int = 1, g: float = 1.0) -> Tensor:
    """Return what n excitatory cells do to each other through k interneurons that centre, (n, n).

    Exponential strengths less the mean of each sender; see :func:`.dale.centred`.
    """
    _checks.room(senders=_checks.integer("n", n), receivers=n)
    _checks.generator(generator, "cpu")
    w_ee = torch.empty(n, n).exponential_(generator=generator)
    w_ee = _checks.number("g", g, 0) / n**0.5 * w_ee
    return dale.effective(w_ee, *dale.centred(w_ee, k))


def transplanted(w: Tensor, spectrum: Tensor) -> Tensor:
    """Return weights (n, n) with the singular vectors of w and the singular values of another.

    ``spectrum`` is any matrix of that shape: of it the singular values alone are used, largest onto
    largest. The sum of squares becomes that of ``spectrum``.
    """
    sizes: dict[str, int] = {}
    _checks.finite("w", _checks.floating("w", _checks.tensor("w", w, "n n", sizes)))
    _checks.tensor("spectrum", spectrum, "n n", sizes, like=w, reference="w")
    u, _, vh = torch.linalg.svd(w)
    return (u * torch.linalg.svdvals(_checks.finite("spectrum", spectrum))) @ vh


def bulk_share(w: Tensor) -> float:
    """Return the part of all power, sum of w**2, that the common mode has at least, for rows of one
    sign.

    ``sum of m_i**2 / sum of mean_j w_ij**2`` with m_i the mean size of a sender's weights: 1/2 for
    exponential sizes, 2/pi for half-normal ones, ``exp(-sigma**2)`` for lognormal ones.

    Source: eq-dale-price, this book's.
    """
    _checks.finite("w", _checks.floating("w", _checks.tensor("w", w, "n m", {})))
    return float(w.abs().mean(-1).square().sum() / w.square().mean(-1).sum())


DRAWN: dict[str, Callable[[int, torch.Generator], Tensor]] = {
    "no signs": gaussian,
    "all excite": lambda n, g: balanced(n, g, excitatory=1.0),
    "balanced 4:1": balanced,
    "balanced for each receiver": lambda n, g: balanced(n, g, exactly=True),
    "balanced 9:1": lambda n, g: balanced(n, g, excitatory=0.9),
    "sparse and lognormal": lognormal,
    "matched inhibition": lambda n, g: dann(n, g, k=max(1, n // 10)),
}
"""Ways to draw weights by name: ``DRAWN[name](n, generator)``, shape (n, n)."""


def draw(name: str, n: int, generator: torch.Generator) -> Tensor:
    """Return weights of one of ``DRAWN``, shape (n, n)."""
    return DRAWN[_checks.choice("name", name, tuple(DRAWN))](n, generator)


class Plain:
    """Weights drawn by ``draw(n, generator)``; ``signed``, their rows keep :func:`.dale.signs`.

    Of each kind of network, numbers of many may be stacked, (S, ...); those whose names begin with
    an underscore are constants.
    """

    def __init__(
        self, draw: Callable[[int, torch.Generator], Tensor], *, signed: bool = False
    ) -> None:
        self.draw, self.signed = draw, signed

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return the weights ``w`` of one network, (n, n), and signs, 0 where a row is free."""
        signs = dale.signs(n) if self.signed else torch.zeros(n)
        return {"w": self.draw(n, generator), "_signs": signs}

    def weights(self, its: Parameters) -> Tensor:
        """Return ``w``."""
        return its["w"]

    def keep(self, its: Parameters) -> None:
        """Project onto the signs, where there are any, in place, as :func:`.dale.project` does."""
        w = its["w"]
        w.masked_fill_(its["_signs"].unsqueeze(-1) * w < 0, 0.0)

    def correct(self, its: Parameters, gradients: Parameters) -> None:
        """Leave the gradients, by name, as they are."""


class Centred:
    """Excitatory cells and interneurons that start centred; see :func:`.dale.centred`.

    There are as many recurrent numbers as n free cells have, as nearly as can be, with ``n / 10``
    interneurons. With ``corrected``, their gradients are those of :func:`.dale.correct`.
    """

    def __init__(self, *, corrected: bool) -> None:
        self.corrected = corrected

    def start(self, n: int, generator: torch.Generator) -> Parameters:
        """Return ``w_ee``, ``w_ei`` and ``w_ie``, and what their gradients are multiplied by."""
        _checks.generator(generator, "cpu")
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
        """Set strengths to 0, in place, that an update has led below it."""
        for name in ("w_ee", "w_ei", "w_ie"):
            its[name].clamp_(min=0)

    def correct(self, its: Parameters, gradients: Parameters) -> None:
        """Correct those gradients that are to be corrected, in place."""
        for name in ("ei", "ie"):
            gradients[f"w_{name}"].mul_(its[f"_{name}"])


def _with_their_spectrum(n: int, generator: torch.Generator) -> Tensor:
    w = gaussian(n, generator)
    return transplanted(w, balanced(n, generator))


def _without_outlier(n: int, generator: torch.Generator) -> Tensor:
    w = balanced(n, generator)
    return transplanted(w, gaussian(n, generator))


ARMS: dict[str, Plain | Centred] = {
    "no signs": Plain(gaussian),
    "start of signs, then free": Plain(balanced),
    "signs": Plain(balanced, signed=True),
    "signs, sparse start": Plain(lognormal, signed=True),
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
