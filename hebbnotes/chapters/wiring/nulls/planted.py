"""Graphs that have modules beyond degrees and lengths, because these were put there."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.copies import checked, exchange, lengths_of
from hebbnotes.plasticity.compiled import jit

__all__ = ["planted"]


def planted(
    a: Tensor,
    groups: Tensor,
    generator: torch.Generator,
    lengths: Tensor,
    share: float,
    tolerance: float = 0.3,
) -> Tensor:
    """Return a graph with the same degrees and lengths, of whose links more lie inside of groups.

    Links exchange ends as in :func:`.swap`, and each keeps its length; but a swap is only made if
    as many links lie inside of groups after it, or more, until the share of them that do is
    reached, or 400 were tried per link. What a null model makes of such a graph tells whether it
    would find modules that are no geometry.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans.
    groups : Tensor
        Number of each unit's group, (n,).
    generator : torch.Generator
        Source of randomness.
    lengths : Tensor
        Distance of each two units, (n, n), symmetric.
    share : float
        Of links, inside of groups, in [0, 1].
    tolerance : float
        See :func:`.swap`.
    """
    a = checked(a)
    _checks.generator(generator)
    _checks.number("share", share, 0, 1)
    _checks.number("tolerance", tolerance, 0)
    _checks.actions("groups", groups, "n", {"n": len(a)}, len(a))
    lengths_of(a, lengths)
    ends, there = a.triu(1).nonzero().numpy(), a.numpy().copy()
    if len(ends) < 2:
        return a.clone()
    same = (groups[:, None] == groups[None]).numpy()
    chances = torch.rand(400 * len(ends), 3, generator=generator, dtype=torch.float64)
    far = lengths.double().numpy()
    _brought(ends, there, same, far, share * len(ends), tolerance, chances.numpy())
    return torch.from_numpy(there)


@jit
def _brought(
    ends: Any, there: Any, same: Any, far: Any, wanted: float, tolerance: float, chances: Any
) -> None:
    """Exchange ends, until so many links are wanted no more: two links, and which way are drawn."""
    m = len(ends)
    begun = np.array([far[p, q] for p, q in ends])
    inside = sum([int(same[p, q]) for p, q in ends])
    for first, second, turn in chances:
        x, y = int(first * m), int(second * m)
        p, q, r, s = ends[x, 0], ends[x, 1], ends[y, 0], ends[y, 1]
        if turn >= 0.5:
            r, s = s, r
        if inside >= wanted or p in (r, s) or q in (r, s) or there[p, s] or there[r, q]:
            continue
        gain = int(same[p, s]) + int(same[r, q]) - int(same[p, q]) - int(same[r, s])
        if gain < 0:
            continue
        if abs(far[p, s] - begun[x]) >= tolerance or abs(far[r, q] - begun[y]) >= tolerance:
            continue
        exchange(there, p, q, r, s)
        ends[x, 1] = s
        ends[y, 0], ends[y, 1] = r, q
        inside += gain
