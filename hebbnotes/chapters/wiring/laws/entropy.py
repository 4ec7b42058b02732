"""The most random graph of so many links and so much wire, and the most random axons."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["entropy", "most_random_axons", "most_random_links"]

STEPS = 200


def entropy(p: Tensor) -> Tensor:
    """Return the entropy of independent links that exist with probability p, in nats.

    ``-sum (p log p + (1 - p) log(1 - p))``, shape () for p of any shape.
    """
    _checks.inside("p", _checks.floating("p", p), 0, 1, "these are probabilities")
    return -(torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p)).sum()


def most_random_links(lengths: Tensor, links: float, wire: float) -> Tensor:
    """Return how likely each link is in the most random graph of so many links and so much wire.

    Links exist or do not, each by itself: ``p = 1 / (1 + exp(a + b d))``, Fermi's distribution,
    with ``a`` and ``b`` such that ``sum p = links`` and ``sum p d = wire``. Where links are rare it
    is exponential.

    Parameters
    ----------
    lengths : Tensor
        Of all pairs that are available, shape (pairs,), two or more that differ.
    links, wire : float
        Expected number of links, and their total length.

    Returns
    -------
    Tensor
        Shape (pairs,), in double precision.

    Raises
    ------
    ValueError
        If no graph of so many links has so much wire.

    Notes
    -----
    Source: eq-max-entropy; Jaynes (1957), for independent links.
    """
    d, x = _standard(lengths)
    _checks.number("links", links, 1e-9, len(d) * (1 - 1e-9))
    whole, rest = int(links), links - int(links)
    near = torch.cat([d.sort().values, d.new_zeros(1)])
    far = torch.cat([d.sort(descending=True).values, d.new_zeros(1)])
    low, high = (float(its[:whole].sum() + rest * its[whole]) for its in (near, far))
    _between("wire", wire, low, high, f"that of the {links:g} shortest and longest links")
    wanted = torch.tensor([links, (wire - links * float(d.mean())) / float(d.std())]).double()
    features = torch.stack([torch.ones_like(x), x])
    at = torch.tensor([math.log(links / (len(d) - links)), 0.0]).double()
    for _ in range(STEPS):
        p = (at @ features).sigmoid()
        curvature = (features * p * (1 - p)) @ features.mT
        at, done = _stepped(
            at,
            wanted - features @ p,
            curvature,
            lambda a: float(a @ wanted - torch.nn.functional.softplus(a @ features).sum()),
        )
        if done:
            break
    return (at @ features).sigmoid()


def most_random_axons(lengths: Tensor, axons: float, wire: float) -> Tensor:
    """Return how many axons each pair gets if so many share so much wire as randomly as can be.

    Axons may share a pair: ``exp(a - b d)``, relative to the pairs that are available.

    Parameters
    ----------
    lengths : Tensor
        Of all pairs that are available, shape (pairs,), two or more that differ.
    axons, wire : float
        Number of axons, and their total length.

    Returns
    -------
    Tensor
        Shape (pairs,), in double precision.

    Notes
    -----
    Source: eq-max-entropy; Jaynes (1957), for the pair that each axon joins.
    """
    d, x = _standard(lengths)
    _checks.number("axons", axons, 1e-9)
    _between("wire", wire, axons * float(d.min()), axons * float(d.max()), "all short or all long")
    wanted = torch.tensor([(wire / axons - float(d.mean())) / float(d.std())]).double()
    at = torch.zeros(1).double()
    for _ in range(STEPS):
        p = (at * x).softmax(-1)
        mean = (p * x).sum()
        curvature = ((p * x * x).sum() - mean * mean).view(1, 1)
        at, done = _stepped(
            at,
            wanted - mean,
            curvature,
            lambda a: float(a @ wanted - (a * x).logsumexp(-1)),
        )
        if done:
            break
    return axons * (at * x).softmax(-1)


def _stepped(
    at: Tensor, slope: Tensor, curvature: Tensor, height: Callable[[Tensor], float]
) -> tuple[Tensor, bool]:
    """Return the next place on the way up a concave function, by Newton, and whether it is the
    top.
    """
    step = torch.linalg.solve(curvature + 1e-300 * torch.eye(len(at)).double(), slope)
    before, size = height(at), 1.0
    while size > 1e-9 and height(at + size * step) < before:
        size /= 2
    done = float(slope.abs().max()) < 1e-10 or size <= 1e-9
    return at if done else at + size * step, done


def _standard(lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return lengths in double precision, and with mean 0 and deviation 1."""
    _checks.tensor("lengths", _checks.floating("lengths", lengths), "pairs", {})
    d = _checks.inside("lengths", lengths, 0, math.inf, "these are lengths").double()
    if float(d.min()) == float(d.max()):
        raise ValueError("lengths must differ: of equal ones each graph has the same wire")
    return d, (d - d.mean()) / d.std()


def _between(name: str, value: float, low: float, high: float, what: str) -> None:
    if not low < _checks.number(name, value) < high:
        raise ValueError(f"{name} must lie between {low:g} and {high:g}, {what}, got {value:g}")
