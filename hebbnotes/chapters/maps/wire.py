"""The economy of wire: cells that need partners of each preference, laid out to spare their wire.

A layout says which of some preferences, bins of orientation counted from 0, the cell at each place
has: ``labels`` (n,), integers. Each cell takes as many partners of each bin as its quota says, the
nearest ones; a fraction of a partner is that share of the next one's wire.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.compiled import jit

__all__ = [
    "anneal",
    "map_layout",
    "onset",
    "quotas",
    "random_layout",
    "similarity",
    "wire_bound",
    "wire_length",
]

FORMS = ("cosine", "same", "half")
"""How the need for partners falls with the difference of preferences."""
_GRAIN = 2.0**16
"""Lengths are rounded to one part of this: sums of them are exact in any order."""


def quotas(
    bins: int, partners: float, ratio: float, form: str = "cosine", *, whole: bool = False
) -> Tensor:
    """Return how many partners a cell needs of each bin, by the difference of bins, shape (bins,).

    >>> quotas(4, 12, 2.0).tolist()
    [4.0, 3.0, 2.0, 3.0]

    Parameters
    ----------
    bins : int
        Even; bin ``bins / 2`` is orthogonal to bin 0.
    partners : float
        Of all bins together.
    ratio : float
        Partners of the same preference for each of the orthogonal one.
    form : {"cosine", "same", "half"}
        Whether the need falls as a cosine, is raised for the same bin alone, or for the half of all
        bins that are nearer than 45 degrees, with half of the rise on the border.
    whole : bool
        Whether each is rounded to a whole number; they may then sum to another number, and have
        another ratio.
    """
    _checks.integer("bins", bins, 2, 1_000)
    if bins % 2:
        raise ValueError(f"bins must be even, so that one is orthogonal, got {bins}")
    _checks.number("partners", partners, 1, 1e6)
    _checks.number("ratio", ratio, 1e-3, 1e3)
    apart = torch.arange(bins, dtype=torch.float64)
    turn = torch.cos(2 * math.pi * apart / bins)
    if _checks.choice("form", form, FORMS) == "cosine":
        like = (1 + turn) / 2
    elif form == "same":
        like = (apart == 0).double()
    else:
        like = 0.5 + 0.5 * torch.sign(torch.round(turn, decimals=9))
    need = 1 + (ratio - 1) * like
    need = partners * need / need.sum()
    return need.round() if _checks.flag("whole", whole) else need


def random_layout(n: int, bins: int, generator: torch.Generator) -> Tensor:
    """Return a layout in which all bins are as frequent, to one cell, in places by chance, (n,)."""
    _checks.integer("n", n)
    _checks.integer("bins", bins, 2, n)
    _checks.generator(generator, "cpu")
    return (torch.arange(n) % bins)[torch.randperm(n, generator=generator)]


def map_layout(z: Tensor, bins: int) -> Tensor:
    """Return a layout that follows a map of orientation, with equally many cells of each bin.

    Parameters
    ----------
    z : Tensor
        Complex, shape (rows, columns); its angle is twice the orientation.
    bins : int
        Cells are sorted by angle, and cut into so many bins.

    Returns
    -------
    Tensor
        Integers, shape (n,) for n = rows times columns.
    """
    sizes: dict[str, int] = {}
    _checks.tensor("z", z, "rows columns", sizes)
    if not z.is_complex():
        raise TypeError(f"z must be complex, got {z.dtype}: use pinwheels.ring_field(...)[0]")
    _checks.integer("bins", bins, 2, z.numel())
    rank = z.angle().flatten().argsort(stable=True).argsort()
    return rank * bins // z.numel()


def _layout(labels: Tensor, quota: Tensor, distances: Tensor) -> None:
    sizes: dict[str, int] = {}
    _checks.tensor("quota", _checks.floating("quota", quota), "bins", sizes)
    _checks.inside("quota", quota, 0, 1e6, "use quotas(...)")
    _checks.tensor("distances", _checks.floating("distances", distances), "n n", sizes)
    _checks.inside("distances", distances, 0, _checks.LARGEST, "use places.distances(...)")
    _checks.actions("labels", labels, "n", sizes, sizes["bins"])
    fewest = int(torch.bincount(labels, minlength=sizes["bins"]).min())
    if fewest < math.ceil(quota.max().item()) + 2:  # itself, and one that may leave
        raise ValueError(
            f"a bin has {fewest} cells, and a cell may need {quota.max().item():g} others of it: "
            "use more cells, fewer bins or fewer partners"
        )


def wire_length(labels: Tensor, quota: Tensor, distances: Tensor) -> Tensor:
    """Return the wire of each cell: what its partners of all bins, the nearest ones, are away.

    Parameters
    ----------
    labels : Tensor
        The bin of the cell at each place, integers, shape (n,).
    quota : Tensor
        Partners that a cell needs of a bin, by the difference of bins, shape (bins,).
    distances : Tensor
        Shape (n, n), a length, as of :func:`.places.distances`.

    Returns
    -------
    Tensor
        Shape (n,), of the unit of ``distances``.

    Notes
    -----
    After Koulakov & Chklovskii (2001).
    """
    _layout(labels, quota, distances)
    bins = len(quota)
    far = distances.double().clone().fill_diagonal_(math.inf)
    total = torch.zeros(len(labels), dtype=torch.float64)
    most = math.ceil(quota.max().item())
    for b in range(bins):
        others = far[:, labels == b].sort(-1).values[:, :most]
        needed = quota.double()[(b - labels) % bins].unsqueeze(-1)
        share = (needed - torch.arange(most, dtype=torch.float64)).clamp(0, 1)
        total += torch.where(share > 0, share * others, 0.0).sum(-1)
    return total


def wire_bound(partners: float, distances: Tensor) -> Tensor:
    """Return the least wire that each cell can do with, in any layout: to its nearest cells, (n,).

    Parameters
    ----------
    partners : float
        Of all bins together, below n: the sum of the quota.
    distances : Tensor
        Shape (n, n), a length.
    """
    _checks.tensor("distances", _checks.floating("distances", distances), "n n", {})
    _checks.number("partners", partners, 0, len(distances) - 1)
    most = math.ceil(partners)
    nearest = distances.double().clone().fill_diagonal_(math.inf).sort(-1).values[:, :most]
    share = (partners - torch.arange(most, dtype=torch.float64)).clamp(0, 1)
    return (share * nearest).sum(-1)


def similarity(labels: Tensor, bins: int, distances: Tensor) -> float:
    """Return how alike next neighbours are, the mean cosine of twice their difference.

    It is 1 if all are the same, and next to 0 where places are taken by chance.

    Parameters
    ----------
    labels : Tensor
        Integers, shape (n,).
    bins : int
    distances : Tensor
        Shape (n, n); next neighbours are those at the smallest distance above 0.
    """
    sizes: dict[str, int] = {}
    _checks.tensor("distances", _checks.floating("distances", distances), "n n", sizes)
    _checks.actions("labels", labels, "n", sizes, _checks.integer("bins", bins, 2))
    apart = distances.clone().fill_diagonal_(math.inf)
    i, j = torch.where(apart <= apart.min() * (1 + 1e-6))
    return float(torch.cos(2 * math.pi / bins * (labels[i] - labels[j]).double()).mean())


@jit
def _one(i: Any, b: Any, q: Any, labels: Any, order: Any, far: Any) -> Any:
    """Return the wire from cell i to its nearest members of a bin, and which place is the last."""
    total, left, last = 0.0, q, -1
    if q > 0:
        for s in range(order.shape[1]):
            j = order[i, s]
            if labels[j] == b:
                total += min(left, 1.0) * far[i, j]
                left -= 1.0
                last = s
                if left <= 0:
                    break
    return total, last


@jit
def _note(i: Any, b: Any, end: Any, more: Any, net: Any, log: Any) -> None:
    """Enter a cell's new last partner of a bin, and what it costs; both can be taken back."""
    _, order, far, _, last, _, _ = net
    rows, before, costs, own, sums = log
    count = int(sums[2])
    rows[count, 0], rows[count, 1], before[count], costs[count] = i, b, last[b, i], more
    last[b, i] = end
    own[i] += more
    sums[0] += more
    sums[1] = max(sums[1], far[i, order[i, end]]) if end >= 0 else sums[1]
    sums[2] = count + 1


@jit
def _leave(at: Any, b: Any, pair: Any, net: Any, log: Any) -> None:
    """Take a place out of a bin: whoever had a partner there goes on to the next one."""
    labels, order, far, rank, last, share, _ = net
    labels[at] = -1
    for i in order[at]:
        if far[at, i] > log[4][1]:  # no partner is farther away
            break
        s, now = rank[at, i], last[b, i]
        if s <= now and i != pair[0] and i != pair[1]:
            f, t = share[(b - labels[i]) % len(share)], now + 1
            while labels[order[i, t]] != b:
                t += 1
            then, end = far[i, order[i, t]], far[i, order[i, now]]
            more = f * (then - end) if s == now else (1 - f) * end + f * then - far[i, at]
            _note(i, b, t, more, net, log)


@jit
def _join(at: Any, b: Any, pair: Any, net: Any, log: Any) -> None:
    """Put a place into a bin: whoever has a partner farther away takes this one instead."""
    labels, order, far, rank, last, share, parts = net
    for i in order[at]:
        if far[at, i] > log[4][1]:
            break
        s, now = rank[at, i], last[b, i]
        if s < now and i != pair[0] and i != pair[1]:
            d = (b - labels[i]) % len(share)
            f, u = share[d], now - 1 if parts[d] > 1 else -1
            while u >= 0 and labels[order[i, u]] != b:
                u -= 1
            here, end = far[i, at], far[i, order[i, now]]
            if s > u:
                _note(i, b, s, f * (here - end), net, log)
            else:
                _note(i, b, u, here - (1 - f) * far[i, order[i, u]] - f * end, net, log)
    labels[at] = b


@jit
def _anneal(
    labels: Any, quota: Any, order: Any, far: Any, pairs: Any, chances: Any, heat: Any
) -> None:
    """Swap cells in place, each time if it spares wire, or by chance."""
    n, bins = len(labels), len(quota)
    rank = np.zeros((n, n), np.int32)  # [p, i]: which of cell i's places is p
    last = np.zeros((bins, n), np.int32)  # which of cell i's places holds its last partner of a bin
    parts = np.ceil(quota)
    net = (labels, order, far, rank, last, quota - parts + 1, parts)
    rows, before = np.zeros((4 * n + 2 * bins, 2), np.int64), np.zeros(4 * n + 2 * bins, np.int32)
    costs, own = np.zeros(4 * n + 2 * bins), np.zeros(n)  # exact: see what is rounded below
    sums = np.zeros(3)  # what a swap costs, how far a partner may be, changes so far
    log = (rows, before, costs, own, sums)
    for i in range(n):
        for s in range(n - 1):
            rank[order[i, s], i] = s
        sums[2] = 0
        for b in range(bins):
            its, end = _one(i, b, quota[(b - labels[i]) % bins], labels, order, far)
            _note(i, b, end, its, net, log)
    for t in range(len(pairs)):
        p, r = pairs[t]
        a, b = labels[p], labels[r]
        if a == b:
            continue
        sums[0], sums[2] = 0, 0
        _leave(p, a, (p, r), net, log)
        _leave(r, b, (p, r), net, log)
        _join(p, b, (p, r), net, log)
        _join(r, a, (p, r), net, log)
        for i in (p, r):
            paid = own[i]
            for c in range(bins):
                its, end = _one(i, c, quota[(c - labels[i]) % bins], labels, order, far)
                _note(i, c, end, its - paid if c == 0 else its, net, log)
        if sums[0] > 0 and chances[t] >= math.exp(-sums[0] / heat[t]):
            labels[p], labels[r] = a, b
            for s in range(int(sums[2]) - 1, -1, -1):
                last[rows[s, 1], rows[s, 0]] = before[s]
                own[rows[s, 0]] -= costs[s]


def anneal(
    labels: Tensor,
    quota: Tensor,
    distances: Tensor,
    generator: torch.Generator,
    *,
    sweeps: int = 200,
    hot: float = 3.0,
    cold: float = 0.05,
) -> Tensor:
    """Swap cells, two at a time, while the temperature falls: what spares wire stays.

    A swap that needs more wire is kept with the chance ``exp(-more / temperature)``. Lengths are
    rounded to a part in 65,536, so that all computers agree on their sums.

    Parameters
    ----------
    labels, quota, distances
        As for :func:`wire_length`.
    generator : torch.Generator
    sweeps : int
        Swaps that are tried, for each cell.
    hot, cold : float
        First and last temperature, of the unit of ``distances``; it falls by the same factor each
        time.

    Returns
    -------
    Tensor
        A layout, integers, shape (n,): the same cells in other places.
    """
    _layout(labels, quota, distances)
    _checks.generator(generator, "cpu")
    _checks.integer("sweeps", sweeps, 0)
    _checks.number("hot", hot, 1e-9)
    _checks.number("cold", cold, 1e-9, hot)
    n = len(labels)
    far = torch.round(distances.double() * _GRAIN) / _GRAIN
    order = far.clone().fill_diagonal_(-1).argsort(dim=-1, stable=True)[:, 1:].int().contiguous()
    need = torch.round(quota.double() * 1024) / 1024
    laid = labels.clone().numpy()
    at_once = 20  # so that an interruption is heard
    for start in range(0, sweeps, at_once):
        tried = n * (min(start + at_once, sweeps) - start)
        pairs = torch.randint(0, n, (tried, 2), generator=generator)
        chances = torch.rand(tried, generator=generator, dtype=torch.float64)
        done = (n * start + torch.arange(tried, dtype=torch.float64)) / (n * sweeps)
        heat = hot * (cold / hot) ** done
        _anneal(laid, *(a.numpy() for a in (need, order, far, pairs, chances, heat)))
    return torch.from_numpy(laid)


def onset(ratios: list[float], similarities: list[float], level: float) -> float:
    """Return at which ratio the similarity first rises above a level, between two ratios on a line.

    Parameters
    ----------
    ratios : list of float
        Rising.
    similarities : list of float
        At each ratio.
    level : float

    Returns
    -------
    float
        NaN if it never does; the first ratio if it begins above.
    """
    before: tuple[float, float] | None = None
    for ratio, alike in zip(ratios, similarities, strict=True):
        if alike > level:
            if before is None:
                return float(ratio)
            last, below = before
            return float(last + (ratio - last) * (level - below) / (alike - below))
        before = ratio, alike
    return math.nan
