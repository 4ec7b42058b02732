"""Random graphs that keep each unit's degree, and how many links there are of each length."""

import math

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.modularity import checked

__all__ = ["misfit", "swap_counts"]


def swap_counts(
    a: Tensor,
    generator: torch.Generator,
    lengths: Tensor,
    width: float = 0.25,
    sweeps: int = 200,
) -> Tensor:
    """Return a random graph with each unit's number of links, and nearly as many of each length.

    Two links exchange ends, as in :func:`.swap`; but lengths are kept as counts in classes, and may
    be out for a while: a swap that takes the counts further from what they were is made with
    probability ``exp(-x * further)`` (Metropolis), where ``x`` grows from 1 to 6 over
    half of the sweeps. So graphs are reached to which no path of swaps leads that keep each length.

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
    _checks.tensor("lengths", _checks.floating("lengths", lengths), "n n", {"n": len(a)})
    kind = (lengths / width).round().long().tolist()
    i, j = a.triu(1).nonzero(as_tuple=True)
    ends = [*zip(i.tolist(), j.tolist(), strict=True)]
    there, m = a.tolist(), len(ends)
    if m < 2:
        return a.clone()
    over = [0] * (max(max(row) for row in kind) + 1)  # links too many of each class
    for sweep in range(0, sweeps, 10):
        strict = 1 + 5 * min(1.0, 2 * sweep / sweeps)
        allowed = [math.exp(-strict * further) for further in range(9)]
        drawn = torch.randint(m, (2, 10 * m), generator=generator).tolist()
        chance = torch.rand(2, 10 * m, generator=generator).tolist()
        for x, y, turn, luck in zip(*drawn, *chance, strict=True):
            (p, q), (r, s) = ends[x], ends[y][::-1] if turn < 0.5 else ends[y]
            if len({p, q, r, s}) < 4 or there[p][s] or there[r][q]:
                continue
            before = {kind[p][q]: 0, kind[r][s]: 0, kind[p][s]: 0, kind[r][q]: 0}
            for k, much in ((kind[p][q], -1), (kind[r][s], -1), (kind[p][s], 1), (kind[r][q], 1)):
                before[k] += much
            further = sum(abs(over[k] + much) - abs(over[k]) for k, much in before.items())
            if further > 0 and luck >= allowed[further]:
                continue
            for k, much in before.items():
                over[k] += much
            there[p][q] = there[q][p] = there[r][s] = there[s][r] = False
            there[p][s] = there[s][p] = there[r][q] = there[q][r] = True
            ends[x], ends[y] = (p, s), (r, q)
    return torch.tensor(there)


def misfit(a: Tensor, b: Tensor, lengths: Tensor, width: float = 0.25) -> float:
    """Return the share of the links of one graph that another lacks in their class of length."""
    kind = (lengths / width).round().long()
    counts = [
        torch.bincount(kind[checked(x)], minlength=int(kind.max()) + 1).double() for x in (a, b)
    ]
    return float((counts[0] - counts[1]).clamp(min=0).sum() / counts[0].sum().clamp(min=1))
