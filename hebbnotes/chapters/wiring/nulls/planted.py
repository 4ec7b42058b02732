"""Graphs that have modules beyond degrees and lengths, because these were put there."""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.modularity import checked

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
    reached, or nothing is found any more. What a null model makes of such a graph tells whether it
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
    _checks.tensor("lengths", _checks.floating("lengths", lengths), "n n", {"n": len(a)})
    same, far = (groups[:, None] == groups[None]).tolist(), lengths.tolist()
    i, j = a.triu(1).nonzero(as_tuple=True)
    ends = [*zip(i.tolist(), j.tolist(), strict=True)]
    begun = [far[p][q] for p, q in ends]
    there, m = a.tolist(), len(ends)
    inside, wanted, idle = sum(same[p][q] for p, q in ends), share * m, 0
    while m > 1 and inside < wanted and idle < 5:
        before = inside
        drawn = torch.randint(m, (2, 100 * m), generator=generator).tolist()
        turned = torch.randint(2, (100 * m,), generator=generator).tolist()
        for x, y, turn in zip(*drawn, turned, strict=True):
            (p, q), (r, s) = ends[x], ends[y][::-1] if turn else ends[y]
            if len({p, q, r, s}) < 4 or there[p][s] or there[r][q]:
                continue
            gain = same[p][s] + same[r][q] - same[p][q] - same[r][s]
            if gain < 0 or inside >= wanted:
                continue
            if abs(far[p][s] - begun[x]) >= tolerance or abs(far[r][q] - begun[y]) >= tolerance:
                continue
            there[p][q] = there[q][p] = there[r][s] = there[s][r] = False
            there[p][s] = there[s][p] = there[r][q] = there[q][r] = True
            ends[x], ends[y] = (p, s), (r, q)
            inside += gain
        idle = idle + 1 if inside == before else 0
    return torch.tensor(there)
