"""Exchanges of ends between two links of a graph, at random."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.compiled import jit

__all__ = ["checked", "exchange", "lengths_of", "swap", "symmetric"]


def swap(
    a: Tensor,
    generator: torch.Generator,
    lengths: Tensor | None = None,
    tolerance: float | None = None,
    sweeps: int = 1000,
) -> Tensor:
    """Return a random graph in which each unit has as many links as before.

    Two links exchange ends, a-b and c-d to a-d and c-b, unless one of the new ones is there
    already; again and again. With ``lengths``, only if a-d is about as long as a-b was *at the
    beginning*, and c-b as c-d was: each link's length is kept to within ``tolerance``, however
    often it is moved.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans.
    generator : torch.Generator
        Source of randomness.
    lengths : Tensor, optional
        Distance of each two units, (n, n), symmetric.
    tolerance : float, optional
        Of the unit of ``lengths``; to be named with them.
    sweeps : int
        Exchanges that are tried, per link. One that is refused leaves the graph as it is, and
        counts, or graphs that have few neighbours would be met too rarely.

    Notes
    -----
    Source: Maslov & Sneppen (2002) for degrees; this book for lengths, with the acceptance of
    Hastings (1970). If a swap is only asked to keep lengths as they are just before it, links grow
    longer step by step.
    """
    a = checked(a)
    _checks.generator(generator)
    _checks.integer("sweeps", sweeps)
    if (lengths is None) != (tolerance is None):
        raise ValueError("lengths and tolerance must be named together, or neither")
    ends = a.triu(1).nonzero().numpy()
    there, m = a.numpy().copy(), len(ends)
    if m < 2:
        return a.clone()
    if lengths is None or tolerance is None:
        chances = torch.rand(sweeps * m, 3, generator=generator, dtype=torch.float64)
        _by_degrees(ends, there, chances.numpy())
    else:
        _checks.number("tolerance", tolerance, 1e-9)
        lengths_of(a, lengths)
        chances = torch.rand(sweeps * m, 5, generator=generator, dtype=torch.float64)
        _by_lengths(ends, there, lengths.double().numpy(), tolerance, chances.numpy())
    return torch.from_numpy(there)


@jit
def exchange(there: Any, p: int, q: int, r: int, s: int) -> None:
    """Put links p-s and r-q in the place of p-q and r-s."""
    there[p, q] = there[q, p] = there[r, s] = there[s, r] = False
    there[p, s] = there[s, p] = there[r, q] = there[q, r] = True


@jit
def _by_degrees(ends: Any, there: Any, chances: Any) -> None:
    """Exchange ends of links: two of them, and whether the second is turned, are drawn."""
    m = len(ends)
    for first, second, turn in chances:
        x, y = int(first * m), int(second * m)
        p, q, r, s = ends[x, 0], ends[x, 1], ends[y, 0], ends[y, 1]
        if turn >= 0.5:
            r, s = s, r
        if p in (r, s) or q in (r, s) or there[p, s] or there[r, q]:
            continue
        exchange(there, p, q, r, s)
        ends[x, 1] = s
        ends[y, 0], ends[y, 1] = r, q


@jit
def _renamed(links: Any, old: int, new: int) -> None:
    """Put one link in the place of another."""
    for k in range(len(links)):
        if links[k] == old:
            links[k] = new


@jit
def _by_lengths(ends: Any, there: Any, far: Any, tolerance: float, chances: Any) -> None:
    """Exchange ends of links that stay about as long as they were at first.

    Drawn are a link a-b, which of its ends is a, a unit d that is as far from a, to within the
    tolerance, and one of the links of d, to c. The way back is drawn more rarely, or more often, by
    the ratio of the numbers of links of b and d, for which the last draw makes up.
    """
    n, m = len(there), len(ends)
    begun = np.array([far[p, q] for p, q in ends])
    own, degree = np.zeros((n, n), np.int64), np.zeros(n, np.int64)  # the links of each unit
    for x in range(m):
        for k in ends[x]:
            own[k, degree[k]] = x
            degree[k] += 1
    as_far = np.zeros(n, np.int64)
    for first, which, unit, link, luck in chances:
        x = int(first * m)
        p, q = ends[x, 0], ends[x, 1]
        if which >= 0.5:
            p, q = q, p
        several = 0
        for k in range(n):
            if k != p and abs(far[p, k] - begun[x]) < tolerance:
                as_far[several] = k
                several += 1
        s = as_far[int(unit * several)]
        if s == q or there[p, s] or degree[s] == 0:
            continue
        y = own[s, int(link * degree[s])]
        r = ends[y, 0] + ends[y, 1] - s
        if r == q or there[r, q] or abs(far[r, q] - begun[y]) >= tolerance:
            continue
        if int(luck * degree[q]) >= degree[s]:
            continue
        exchange(there, p, q, r, s)
        ends[x, 0], ends[x, 1] = p, s
        ends[y, 0], ends[y, 1] = r, q
        _renamed(own[q, : degree[q]], x, y)
        _renamed(own[s, : degree[s]], y, x)


def lengths_of(a: Tensor, lengths: Tensor) -> Tensor:
    """Return distances of a graph's units if they are symmetric and 0 or more, or raise."""
    _checks.tensor("lengths", _checks.floating("lengths", lengths), "n n", {"n": len(a)})
    _checks.inside("lengths", lengths, 0, _checks.LARGEST, "use places.distances(...)")
    if not torch.equal(lengths, lengths.mT):
        raise ValueError("lengths must be symmetric: a link is as long from either end")
    return lengths


def symmetric(a: Tensor) -> Tensor:
    """Return a graph, or symmetric strengths, if it is one, or raise."""
    _checks.tensor("a", a, "n n", {})
    if not torch.equal(a, a.mT):
        raise ValueError("a must be symmetric, for links have no direction here: use as_graph(w)")
    if a.dtype != torch.bool:
        _checks.inside("a", a, 0, math.inf, "strengths have no sign here, use w.abs()")
    return a


def checked(a: Tensor) -> Tensor:
    """Return a graph of booleans if it is one, or raise."""
    if symmetric(a).dtype != torch.bool:
        raise TypeError(f"a must be boolean, got {a.dtype}: use as_graph(w)")
    return a
