"""Modularity, and three random graphs that it has to be compared with.

Graphs are undirected and without loops here: a matrix (n, n) of booleans, symmetric, False on the
diagonal.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "Partition",
    "Parts",
    "as_graph",
    "chance_unchanged",
    "clustering",
    "decompose",
    "efficiency",
    "modularity",
    "quality",
    "random_graph",
    "strongest",
    "swap",
    "unchanged",
]


class Partition(NamedTuple):
    """Units in modules.

    Attributes
    ----------
    q : float
        Modularity, see :func:`quality`.
    labels : Tensor
        Number of each unit's module, (n,), counted from 0.
    """

    q: float
    labels: Tensor


def as_graph(w: Tensor, threshold: float = 0.01) -> Tensor:
    """Return which two units are joined, in either direction, by a weight larger than a threshold.

    Parameters
    ----------
    w : Tensor
        Weights, shape (n, n), of any sign; the diagonal is left out.
    threshold : float
        0 or more, of the unit of ``w``.
    """
    _checks.tensor("w", _checks.floating("w", w), "n n", {})
    _checks.number("threshold", threshold, 0)
    size = torch.maximum(w.abs(), w.abs().mT)
    return (size > threshold).fill_diagonal_(fill_value=False)


def strongest(w: Tensor, links: int) -> Tensor:
    """Return a graph of so many links: the pairs with the largest ``|w_ij| + |w_ji|``.

    Parameters
    ----------
    w : Tensor
        Weights, shape (n, n), of any sign; the diagonal is left out.
    links : int
        At most n (n - 1) / 2.
    """
    _checks.tensor("w", _checks.floating("w", w), "n n", {})
    i, j = torch.triu_indices(len(w), len(w), 1)
    _checks.integer("links", links, 1, len(i))
    size = w.abs() + w.abs().mT
    best = size[i, j].topk(links).indices
    graph = torch.zeros(w.shape, dtype=torch.bool)
    graph[i[best], j[best]] = True
    return graph | graph.mT


def quality(a: Tensor, labels: Tensor) -> float:
    """Return the share of links inside modules, less what it would be if ends met at random.

    ``Q = sum_c (e_cc - a_c**2)``, with e_cc the share of links inside module c, and a_c the share
    of all ends of links that lie in it.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans; or symmetric strengths, 0 or more.
    labels : Tensor
        Number of each unit's module, (n,).

    Notes
    -----
    Source: eq-modularity; Newman & Girvan (2004).

    Examples
    --------
    >>> pairs = torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]).bool()
    >>> quality(pairs, torch.tensor([0, 0, 1, 1]))
    0.5
    """
    a = _graph(a).double()
    _checks.actions("labels", labels, "n", {"n": len(a)}, len(a))
    total = a.sum().clamp(min=1e-300)
    inside = torch.nn.functional.one_hot(labels).double()
    between = inside.mT @ a @ inside / total
    return float(between.trace() - between.sum(1).square().sum())


def modularity(a: Tensor, generator: torch.Generator, tries: int = 5) -> Partition:
    """Return the highest modularity that is found, and its modules.

    Greedy moves: each unit in turn, in random order, goes where it adds most, until none does; then
    modules move as units did, until none does (Blondel and others, 2008). The best of several
    tries; the true maximum may be higher.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans; or symmetric strengths, 0 or more.
    generator : torch.Generator
        Source of the order.
    tries : int
        How often.
    """
    a = _graph(a).double()
    _checks.generator(generator)
    _checks.integer("tries", tries)
    found = []
    for _ in range(tries):
        labels = torch.arange(len(a))
        whole = a
        while True:
            its = _moved(whole, generator)
            labels = its[labels]
            modules = int(its.max()) + 1
            if modules == len(whole):
                break
            together = torch.nn.functional.one_hot(its, modules).double()
            whole = together.mT @ whole @ together
        found.append(Partition(quality(a, labels), labels))
    return max(found, key=lambda one: one.q)


def _moved(a: Tensor, generator: torch.Generator) -> Tensor:
    """Move each unit to the module where it adds most to modularity, until none moves."""
    rows = a.tolist()
    n = len(rows)
    near = [[(k, x) for k, x in enumerate(row) if x and k != i] for i, row in enumerate(rows)]
    degree = [sum(row) for row in rows]
    total = sum(degree) or 1.0
    labels, held = list(range(n)), list(degree)
    moves = True
    while moves:
        moves = False
        for i in torch.randperm(n, generator=generator).tolist():
            own = labels[i]
            held[own] -= degree[i]
            to: dict[int, float] = {own: 0.0}
            for k, x in near[i]:
                to[labels[k]] = to.get(labels[k], 0.0) + x
            best, most = own, to[own] - degree[i] * held[own] / total
            for label, x in to.items():
                gain = x - degree[i] * held[label] / total
                if gain > most + 1e-12:
                    best, most = label, gain
            held[best] += degree[i]
            if best != own:
                labels[i], moves = best, True
    return torch.tensor(labels).unique(return_inverse=True)[1]


def random_graph(n: int, links: int, generator: torch.Generator) -> Tensor:
    """Return a graph of n units and so many links, each set of them equally likely.

    Source: Erdős & Rényi (1959); the null model that keeps density alone.
    """
    _checks.integer("n", n, 2)
    _checks.integer("links", links, 0, n * (n - 1) // 2)
    _checks.generator(generator)
    i, j = torch.triu_indices(n, n, 1)
    chosen = torch.randperm(len(i), generator=generator)[:links]
    graph = torch.zeros(n, n, dtype=torch.bool)
    graph[i[chosen], j[chosen]] = True
    return graph | graph.mT


def swap(
    a: Tensor,
    generator: torch.Generator,
    lengths: Tensor | None = None,
    tolerance: float | None = None,
    sweeps: int = 5,
) -> Tensor:
    """Return a random graph in which each unit has as many links as before.

    Two links exchange ends, a-b and c-d to a-d and c-b, unless one of the new ones is there
    already; again and again. With ``lengths``, only if one of the new links is about as long as a-b
    was *at the beginning*, and the other one as c-d: each link's length is kept to within
    ``tolerance``, however often it is moved.

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
        Exchanges that are made, per link; fewer if they are refused 200 times as often.

    Notes
    -----
    Source: Maslov & Sneppen (2002) for degrees; this book for lengths. If a swap is only asked to
    keep them as they are just before it, links grow longer step by step.
    """
    a = _graph(a)
    if a.dtype != torch.bool:
        raise TypeError(f"a must be boolean, got {a.dtype}: use as_graph(w)")
    _checks.generator(generator)
    _checks.integer("sweeps", sweeps)
    if (lengths is None) != (tolerance is None):
        raise ValueError("lengths and tolerance must be named together, or neither")
    far: list[list[float]] | None = None
    if lengths is not None and tolerance is not None:
        _checks.number("tolerance", tolerance, 0)
        _checks.tensor("lengths", _checks.floating("lengths", lengths), "n n", {"n": len(a)})
        far = lengths.tolist()
    i, j = a.triu(1).nonzero(as_tuple=True)
    ends = [*zip(i.tolist(), j.tolist(), strict=True)]
    there, m = a.tolist(), len(ends)
    begun = [0.0 if far is None else far[p][q] for p, q in ends]
    if m < 2:
        return a.clone()
    made, tried, reach = 0, 0, 0.0 if tolerance is None else tolerance
    while made < sweeps * m and tried < 200 * sweeps * m:
        drawn = torch.randint(m, (2, 4096), generator=generator).tolist()
        turned = torch.randint(2, (4096,), generator=generator).tolist()
        tried += 4096
        for x, y, turn in zip(*drawn, turned, strict=True):
            (p, q), (r, s) = ends[x], ends[y][::-1] if turn else ends[y]
            if len({p, q, r, s}) < 4 or there[p][s] or there[r][q]:
                continue
            if far is not None:
                new, other = far[p][s], far[r][q]
                if abs(new - begun[x]) >= reach or abs(other - begun[y]) >= reach:
                    if abs(other - begun[x]) >= reach or abs(new - begun[y]) >= reach:
                        continue
                    (p, q), (r, s) = (r, s), (p, q)
            there[p][q] = there[q][p] = there[r][s] = there[s][r] = False
            there[p][s] = there[s][p] = there[r][q] = there[q][r] = True
            ends[x], ends[y] = (p, s), (r, q)
            made += 1
            if made >= sweeps * m:
                break
    return torch.tensor(there)


def unchanged(a: Tensor, b: Tensor) -> float:
    """Return the share of the links of one graph that another one has, too."""
    a, b = _graph(a).bool(), _graph(b).bool()
    return float((a & b).sum() / a.sum().clamp(min=1))


def chance_unchanged(graphs: list[Tensor]) -> float:
    """Return the share of links that two random graphs of one kind share, a mean over pairs.

    A null graph that has forgotten where it came from shares no more links with its origin.
    """
    if len(graphs) < 2:
        raise ValueError(f"graphs must be two or more, got {len(graphs)}")
    together = torch.stack([_graph(one).double() for one in graphs])
    links = together.sum((1, 2))
    both = torch.einsum("aij,bij->ab", together, together) / links.clamp(min=1).unsqueeze(1)
    k = len(graphs)
    return float((both.sum() - both.trace()) / (k * (k - 1)))


class Parts(NamedTuple):
    """Modularity of a graph, and what of it random graphs have that keep more and more of it.

    The four parts add up to ``q``.

    Attributes
    ----------
    q : float
        Of the graph.
    density : float
        Mean of random graphs with as many links.
    degrees : float
        What those add that keep each unit's number of links.
    lengths : float
        What those add that keep the lengths of links, too.
    rest : float
        What the graph has beyond them.
    nulls : dict
        Of each kind of random graph: "q", modularity of each; "unchanged" and "chance", the shares
        of links that are those of the graph, and of each other; "length", their mean length.
    """

    q: float
    density: float
    degrees: float
    lengths: float
    rest: float
    nulls: dict[str, dict[str, object]]


def decompose(
    a: Tensor,
    lengths: Tensor,
    generator: torch.Generator,
    nulls: int = 20,
    tolerance: float = 0.3,
) -> Parts:
    """Say how much of a graph's modularity is density, degrees, lengths, and none of them.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans.
    lengths : Tensor
        Distance of each two units, (n, n).
    generator : torch.Generator
        Source of random graphs, and of the order in which units move.
    nulls : int
        Random graphs of each kind.
    tolerance : float
        See :func:`swap`.
    """
    _checks.integer("nulls", nulls, 2)
    q = modularity(a, generator).q
    links = int(_graph(a).sum()) // 2
    made = {
        "density": [random_graph(len(a), links, generator) for _ in range(nulls)],
        "degrees": [swap(a, generator) for _ in range(nulls)],
        "lengths": [swap(a, generator, lengths, tolerance) for _ in range(nulls)],
    }
    found: dict[str, dict[str, object]] = {}
    means = [0.0]
    for kind, graphs in made.items():
        its = [modularity(one, generator).q for one in graphs]
        same = [unchanged(a, one) for one in graphs]
        found[kind] = {
            "q": its,
            "unchanged": math.fsum(same) / nulls,
            "chance": chance_unchanged(graphs),
            "length": math.fsum(float(lengths[one].mean()) for one in graphs) / nulls,
        }
        means.append(math.fsum(its) / nulls)
    steps = [after - before for before, after in pairwise(means)]
    return Parts(q, steps[0], steps[1], steps[2], q - means[-1], found)


def clustering(a: Tensor) -> float:
    """Return how often two neighbours of a unit are joined: the mean over units with two or more.

    Source: Watts & Strogatz (1998).
    """
    a = _graph(a).bool().double()
    degree = a.sum(1)
    pairs = degree * (degree - 1)
    closed = (a @ a * a).sum(1)
    return float((closed / pairs.clamp(min=1))[pairs > 0].mean()) if bool(pairs.any()) else 0.0


def efficiency(a: Tensor) -> float:
    """Return the mean over pairs of one over the links of the shortest path; 0 without a path.

    Source: Latora & Marchiori (2001).
    """
    a = _graph(a).bool()
    n = len(a)
    reached, total = torch.eye(n, dtype=torch.bool), 0.0
    for step in range(1, n):
        further = ((reached.double() @ a.double()) > 0) | reached
        new = int((further & ~reached).sum())
        if not new:
            break
        total += new / step
        reached = further
    return total / (n * (n - 1))


def _graph(a: Tensor) -> Tensor:
    """Return a graph, or symmetric strengths, if it is one, or raise."""
    _checks.tensor("a", a, "n n", {})
    if not torch.equal(a, a.mT):
        raise ValueError("a must be symmetric, for links have no direction here: use as_graph(w)")
    if a.dtype != torch.bool:
        _checks.inside("a", a, 0, math.inf, "strengths have no sign here, use w.abs()")
    return a
