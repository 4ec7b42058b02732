"""Random graphs that keep each unit's degree, and how many links there are of each length."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.copies import checked, exchange, lengths_of
from hebbnotes.plasticity.compiled import jit

__all__ = ["misfit", "swap_counts"]


def swap_counts(
    a: Tensor,
    generator: torch.Generator,
    lengths: Tensor,
    width: float = 0.25,
    sweeps: int = 4000,
) -> Tensor:
    """Return a random graph with each unit's number of links, and nearly as many of each length.

    Two links exchange ends, as in :func:`.swap`; but lengths are kept as counts in classes, and may
    be out for a while: a swap that takes the counts further from what they were is made with
    probability ``exp(-x * further)`` (Metropolis), where ``x`` grows from 1 to 6 over
    half of the sweeps; in the last tenth none is made. So graphs are reached to which no path of
    swaps leads that keep each length.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans.
    generator : torch.Generator
        Source of randomness.
    lengths : Tensor
        Distance of each two units, (n, n), symmetric.
    width : float
        Of a class of lengths, of their unit.
    sweeps : int
        Swaps that are tried, per link.

    Notes
    -----
    Source: this book; Metropolis and others (1953).
    """
    a = checked(a)
    _checks.generator(generator)
    _checks.integer("sweeps", sweeps)
    _checks.number("width", width, 1e-9)
    lengths_of(a, lengths)
    ends, there = a.triu(1).nonzero().numpy(), a.numpy().copy()
    m = len(ends)
    if m < 2:
        return a.clone()
    kind = (lengths / width).round().long().numpy()
    chances = torch.rand(sweeps * m, 4, generator=generator, dtype=torch.float64)
    _exchanged(ends, there, kind, chances.numpy())
    return torch.from_numpy(there)


@jit
def _exchanged(ends: Any, there: Any, kind: Any, chances: Any) -> None:
    """Exchange ends: two links, whether the second is turned, and luck are drawn."""
    m, tries = len(ends), len(chances)
    over = np.zeros(kind.max() + 1, np.int64)  # links too many of each class
    for k in range(tries):
        x, y = int(chances[k, 0] * m), int(chances[k, 1] * m)
        p, q, r, s = ends[x, 0], ends[x, 1], ends[y, 0], ends[y, 1]
        if chances[k, 2] >= 0.5:
            r, s = s, r
        if p in (r, s) or q in (r, s) or there[p, s] or there[r, q]:
            continue
        further = 0
        for one, much in ((kind[p, q], -1), (kind[r, s], -1), (kind[p, s], 1), (kind[r, q], 1)):
            further += abs(over[one] + much) - abs(over[one])
            over[one] += much
        strict = 1 + 5 * min(1.0, 2 * k / tries)
        if further > 0 and (k > 0.9 * tries or chances[k, 3] >= math.exp(-strict * further)):
            for one, much in ((kind[p, q], 1), (kind[r, s], 1), (kind[p, s], -1), (kind[r, q], -1)):
                over[one] += much
            continue
        exchange(there, p, q, r, s)
        ends[x, 1] = s
        ends[y, 0], ends[y, 1] = r, q


def misfit(a: Tensor, b: Tensor, lengths: Tensor, width: float = 0.25) -> float:
    """Return the share of the links of one graph that another lacks in their class of length."""
    kind = (lengths_of(a, lengths) / _checks.number("width", width, 1e-9)).round().long()
    counts = [
        torch.bincount(kind[checked(x)], minlength=int(kind.max()) + 1).double() for x in (a, b)
    ]
    return float((counts[0] - counts[1]).clamp(min=0).sum() / counts[0].sum().clamp(min=1))
