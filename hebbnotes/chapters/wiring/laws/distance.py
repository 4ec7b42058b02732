"""Whence a law of distance: how links thin out, from the values of connections; and its fits."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["KINDS", "SHAPES", "Fit", "Profile", "distance_profile", "fit_links", "fit_sizes", "law"]

KINDS = ("laplace", "gaussian", "equal", "uniform")
"""How values of connections may be distributed, for :func:`law`."""
SHAPES = ("exponential", "power", "gaussian", "fermi")
"""Shapes of two numbers each that are fitted to how links thin out, see :func:`fit_links`."""
ZOOMS, ACROSS = 40, 21


def law(kind: str, price: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return how many connections are left at a price, and how strong they are on the mean.

    Where each weight has a quadratic loss of its own of curvature 1, ``(w - value)**2 / 2``, it
    rests at ``prox(value, price)``. So the share that is left is the share of values above the
    price: how links thin out with distance tells how values are distributed.

    Parameters
    ----------
    kind : str
        Distribution of the values: "laplace", "gaussian" (both with ``scale``: of Laplace the mean
        size, of Gauss the standard deviation), "equal" (all of size ``scale``), or "uniform" in
        ``[-scale, scale]``.
    price : Tensor
        What a unit of weight costs at each distance, 0 or more: ``price * d``.
    scale : float
        Of the unit of the values.

    Returns
    -------
    share, size : Tensor
        P(w != 0) and E|w|, of the shape of ``price``.

    Notes
    -----
    Source: eq-distance-law; derived in this book. Laplace: ``exp(-price / scale)``, and ``scale``
    times that; equal: 1 up to ``scale``, and a ramp ``scale - price``.
    """
    _checks.choice("kind", kind, KINDS)
    b = _checks.number("scale", scale, 1e-30)
    _checks.inside("price", _checks.floating("price", price), 0, math.inf, "a price is no gain")
    if kind == "laplace":
        share = (-price / b).exp()
        return share, b * share
    if kind == "gaussian":
        share = torch.special.erfc(price / (b * math.sqrt(2)))
        density = (-price.square() / (2 * b * b)).exp() * (b * math.sqrt(2 / math.pi))
        return share, density - price * share
    left = (1 - price / b).clamp(min=0)
    if kind == "equal":
        return (price < b).to(price), b * left
    return left, b * left.square() / 2


class Profile(NamedTuple):
    """Connections by length, each (bins,).

    Attributes
    ----------
    distance : Tensor
        Mean length of the pairs of a bin.
    pairs : Tensor
        How many pairs there are.
    share : Tensor
        Share of them that has a link.
    size : Tensor
        Mean of |w| over all of them.
    """

    distance: Tensor
    pairs: Tensor
    share: Tensor
    size: Tensor


def distance_profile(w: Tensor, lengths: Tensor, edges: Tensor, threshold: float = 0.01) -> Profile:
    """Return how many of the pairs of each length have a link, and how strong these are.

    Parameters
    ----------
    w : Tensor
        Weights, shape (n, n); the diagonal is left out.
    lengths : Tensor
        Of the same shape.
    edges : Tensor
        Ends of the bins, growing, of the unit of ``lengths``; a bin holds its lower end. Bins
        without pairs are left out.
    threshold : float
        A link is there where |w| is above it.
    """
    sizes: dict[str, int] = {}
    _checks.tensor("w", _checks.floating("w", w), "n n", sizes)
    _checks.tensor("lengths", lengths, "n n", sizes, w, "w")
    _checks.number("threshold", threshold, 0)
    off = ~torch.eye(w.shape[-1], dtype=torch.bool)
    d, size = lengths[off], w[off].abs()
    which = torch.bucketize(d, edges, right=True)
    found = []
    for k in range(1, len(edges)):
        its = which == k
        if bool(its.any()):
            share = (size[its] > threshold).to(d)
            found.append([d[its].mean(), its.sum().to(d), share.mean(), size[its].mean()])
    return Profile(*torch.tensor(found, dtype=d.dtype).mT)


class Fit(NamedTuple):
    """A shape that was fitted.

    Attributes
    ----------
    near, far : float
        Its value at the shortest and at the longest distance.
    length : float
        Distance along which an exponential falls by the factor e, of the unit of the distances;
        infinite for one that does not fall, and nan for other shapes.
    score : float
        The logarithm of the likelihood (of links), or minus the squared error (of sizes): higher is
        better.
    r2 : float
        Share of the variance over pairs, among distances, that the curve explains.
    """

    near: float
    far: float
    length: float
    score: float
    r2: float


def fit_links(profile: Profile, shape: str) -> Fit:
    """Fit a shape to the share of pairs that have a link, by maximum likelihood.

    Exponential ``exp(a - d / length)``, power ``exp(a - b log d)``, gaussian ``exp(a - b d**2)``,
    or fermi ``1 / (1 + exp(a + b d))``. Each pair has its link by itself. All shapes have two
    numbers, so that their likelihoods may be compared as they are; that of fermi is the most random
    graph of so many links and so much wire, see :func:`.most_random_links`.

    Parameters
    ----------
    profile : Profile
        Of lengths above 0, in two bins or more.
    shape : str
        One of ``SHAPES``.

    Notes
    -----
    Source: this book; the likelihood has one maximum, and is searched on grids that zoom in.
    """
    _checks.choice("shape", shape, SHAPES)
    d, pairs, share = (x.double() for x in profile[:3])
    made = _at_ends(d, shape)

    def score(y: Tensor) -> Tensor:
        p = (y.sigmoid() if shape == "fermi" else y.exp()).clamp(1e-12, 1 - 1e-12)
        return (pairs * (share * p.log() + (1 - share) * (1 - p).log())).sum(-1)

    top = 20.0 if shape == "fermi" else -1e-9
    near, far, best = _zoomed(lambda a, b: score(made(a, b)), (-20.0, top))
    y = made(torch.tensor(near), torch.tensor(far))
    curve = y.sigmoid() if shape == "fermi" else y.exp()
    return _fitted(profile, curve, share, (near, far) if shape == "exponential" else None, best)


def fit_sizes(profile: Profile, shape: str) -> Fit:
    """Fit a ramp or an exponential to the mean size of connections, by least squares over pairs.

    Parameters
    ----------
    profile : Profile
        Of two bins or more.
    shape : str
        "ramp" for ``max(0, a - b d)``, or "exponential" for ``exp(a - d / length)``, which is how
        axons that may share a pair are most randomly laid, see :func:`.most_random_axons`.
    """
    _checks.choice("shape", shape, ("ramp", "exponential"))
    d, pairs, size = profile.distance.double(), profile.pairs.double(), profile.size.double()
    made = _at_ends(d, "exponential")
    top = max(float(size.max()), 1e-12)

    def curve(a: Tensor, b: Tensor) -> Tensor:
        y = made(a, b)
        return 3 * top * (y.clamp(min=0) if shape == "ramp" else y.exp())

    def score(a: Tensor, b: Tensor) -> Tensor:
        return -(pairs * (curve(a, b) - size).square()).sum(-1)

    ends = (-3.0, 1.0) if shape == "ramp" else (-20.0, 0.0)
    near, far, best = _zoomed(score, ends)
    fitted = curve(torch.tensor(near), torch.tensor(far))
    return _fitted(profile, fitted, size, (near, far) if shape == "exponential" else None, best)


def _at_ends(d: Tensor, shape: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function of values at both ends that draws a straight line in d, log d or d**2."""
    if len(d) < 2:
        raise ValueError(f"profile must have two bins or more, got {len(d)}: use narrower bins")
    if shape == "power" and not bool((d > 0).all()):
        raise ValueError("profile must be of lengths above 0 for a power of them")
    x = d.log() if shape == "power" else d.square() if shape == "gaussian" else d
    along = (x - x.min()) / (x.max() - x.min())
    return lambda a, b: a.unsqueeze(-1) * (1 - along) + b.unsqueeze(-1) * along


def _zoomed(
    score: Callable[[Tensor, Tensor], Tensor], ends: tuple[float, float]
) -> tuple[float, float, float]:
    """Return where a function with one maximum is highest on a square, and how high."""
    low, high = ends
    centre, reach = [(low + high) / 2] * 2, (high - low) / 2
    best = -math.inf
    for _ in range(ZOOMS):
        steps = torch.linspace(-reach, reach, ACROSS, dtype=torch.float64)
        a, b = ((c + steps).clamp(low, high) for c in centre)
        found = score(a[:, None].expand(ACROSS, ACROSS), b[None].expand(ACROSS, ACROSS))
        k = int(found.argmax())
        if float(found.flatten()[k]) > best:
            best = float(found.flatten()[k])
            centre = [float(a[k // ACROSS]), float(b[k % ACROSS])]
        reach *= 0.6
    return centre[0], centre[1], best


def _fitted(
    profile: Profile, curve: Tensor, seen: Tensor, ends: tuple[float, float] | None, best: float
) -> Fit:
    d, pairs = profile.distance.double(), profile.pairs.double()
    mean = (pairs * seen).sum() / pairs.sum()
    variance = (pairs * (seen - mean).square()).sum()
    r2 = 1 - float((pairs * (seen - curve).square()).sum() / variance.clamp(min=1e-300))
    length = math.nan
    if ends is not None:
        fall = ends[0] - ends[1]
        length = float(d.max() - d.min()) / fall if fall > 0 else math.inf
    return Fit(float(curve[d.argmin()]), float(curve[d.argmax()]), length, best, r2)
