"""Modularity and its null models: plain sums, exact degrees, lengths within their tolerance."""

import itertools

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.wiring import modularity as mod
from hebbnotes.plasticity.places import distances, grid

seeds = st.integers(0, 10_000)
LENGTHS = distances(grid((5, 5)))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(n, share, seed):
    most = n * (n - 1) // 2
    return mod.random_graph(n, round(share * most), generator(seed))


def near(share, seed):
    """Return a graph on a grid of 25 whose links are short, mostly."""
    chance = torch.rand(25, 25, generator=generator(seed)).triu(1)
    a = (chance > 0) & (chance < share * 3 * (-LENGTHS / 1.5).exp())
    return a | a.mT


@pytest.mark.witness("eq-modularity", mod.quality)
@given(st.integers(2, 8), st.floats(0.2, 1), seeds)
def test_quality_is_links_inside_less_what_ends_would_make_by_chance(n, share, seed):
    a = drawn(n, share, seed)
    assume(bool(a.any()))
    labels = torch.randint(n, (n,), generator=generator(seed))
    module = labels.tolist()
    ends = [(i, j) for i in range(n) for j in range(n) if a[i, j]]
    found = 0.0
    for c in set(module):
        inside = sum(module[i] == c and module[j] == c for i, j in ends) / len(ends)
        its = sum(module[i] == c for i, _ in ends) / len(ends)
        found += inside - its**2
    assert mod.quality(a, labels) == pytest.approx(found, abs=1e-12)
    assert mod.quality(a, torch.zeros(n).long()) == pytest.approx(0, abs=1e-12)
    both = mod.quality(a.double() * 3, labels)
    assert both == pytest.approx(found, abs=1e-12)


def partitions(n):
    """Yield each partition of n units once, as labels."""
    for labels in itertools.product(range(n), repeat=n):
        if all(label <= max((-1, *labels[:k])) + 1 for k, label in enumerate(labels)):
            yield torch.tensor(labels)


ALL = [*partitions(5)]


@settings(max_examples=15)
@given(st.floats(0.3, 0.8), seeds)
def test_greedy_moves_find_nearly_the_best_of_all_partitions_of_few_units(share, seed):
    a = drawn(5, share, seed)
    assume(bool(a.any()))
    best = max(mod.quality(a, labels) for labels in ALL)
    found = mod.modularity(a, generator(seed), tries=10)
    assert found.q == pytest.approx(mod.quality(a, found.labels))
    assert best - 0.06 <= found.q <= best + 1e-12


@given(st.integers(2, 5), st.integers(2, 5))
def test_cliques_apart_are_its_modules(several, size):
    block = (1 - torch.eye(size)).bool()
    a = torch.block_diag(*[block] * several).bool()
    found = mod.modularity(a, generator())
    assert found.q == pytest.approx(1 - 1 / several)
    assert len(found.labels.unique()) == several
    assert all(len(x.unique()) == 1 for x in found.labels.view(several, size))


def test_a_random_graph_has_modules_too():
    qs = [mod.modularity(drawn(64, 0.1, seed), generator(seed)).q for seed in range(5)]
    assert min(qs) > 0.25


@given(st.integers(2, 12), st.floats(0, 1), seeds)
def test_a_random_graph_has_as_many_links_as_it_is_asked_for(n, share, seed):
    most = n * (n - 1) // 2
    a = mod.random_graph(n, round(share * most), generator(seed))
    assert int(a.sum()) == 2 * round(share * most)
    assert torch.equal(a, a.mT)
    assert not a.diagonal().any()


@settings(max_examples=25)
@given(st.floats(0.1, 0.9), seeds, st.sampled_from([None, 0.05, 0.3, 0.6]))
def test_a_swap_keeps_each_degree_and_each_length_to_within_its_tolerance(share, seed, tolerance):
    a = near(share, seed)
    assume(int(a.sum()) >= 4)
    lengths = None if tolerance is None else LENGTHS
    b = mod.swap(a, generator(seed), lengths, tolerance, sweeps=50)
    assert torch.equal(b.sum(0), a.sum(0))
    assert torch.equal(b, b.mT)
    assert not b.diagonal().any()
    if tolerance is not None:
        # links may be matched so that none is longer or shorter than it was by the tolerance: of
        # two lists of numbers the sorted ones are matched best
        before, after = (LENGTHS[x.triu(1)].sort().values for x in (a, b))
        assert (before - after).abs().max() < tolerance


def test_swaps_forget_where_they_came_from():
    a = near(0.6, 1)
    for lengths, tolerance in ((None, None), (LENGTHS, 0.6)):
        nulls = [mod.swap(a, generator(k), lengths, tolerance) for k in range(8)]
        kept = sum(mod.unchanged(a, b) for b in nulls) / 8
        assert kept < 0.8
        assert kept == pytest.approx(mod.chance_unchanged(nulls), abs=0.06)


def test_a_tolerance_at_each_step_alone_would_let_links_grow():
    """Why a link is compared with what it was at the beginning."""
    a = near(0.6, 1)
    once, again = a, a
    for k in range(6):
        once = mod.swap(once, generator(k), LENGTHS, 0.6)
        again = mod.swap(a, generator(k), LENGTHS, 0.6)
    first = LENGTHS[a].mean()
    assert LENGTHS[once].mean() > LENGTHS[again].mean() > first


@given(st.integers(3, 9), st.floats(0.1, 1), seeds)
def test_unchanged_links_are_counted(n, share, seed):
    a, b = drawn(n, share, seed), drawn(n, share, seed + 1)
    assume(bool(a.any()))
    same = sum(bool(a[i, j] and b[i, j]) for i in range(n) for j in range(n))
    assert mod.unchanged(a, b) == pytest.approx(same / int(a.sum()))
    assert mod.unchanged(a, a) == 1
    c = drawn(n, share, seed + 2)
    pairs = [(a, b), (b, a), (a, c), (c, a), (b, c), (c, b)]
    mean = sum(mod.unchanged(x, y) for x, y in pairs) / 6
    assert mod.chance_unchanged([a, b, c]) == pytest.approx(mean)


@settings(max_examples=3)
@given(seeds)
def test_the_parts_of_modularity_add_up_to_it(seed):
    a = near(0.5, seed)
    parts = mod.decompose(a, LENGTHS, generator(seed), nulls=3)
    total = parts.density + parts.degrees + parts.lengths + parts.rest
    assert total == pytest.approx(parts.q)
    q = sum(parts.nulls["lengths"]["q"]) / 3
    assert parts.rest == pytest.approx(parts.q - q)
    assert parts.nulls["lengths"]["length"] == pytest.approx(LENGTHS[a].mean().item(), abs=0.3)


@given(st.integers(2, 8), st.floats(0.1, 1), seeds)
def test_clustering_and_efficiency_are_those_of_plain_loops(n, share, seed):
    a = drawn(n, share, seed)
    far = torch.where(a, 1.0, float("inf")).fill_diagonal_(0)
    for k in range(n):
        far = torch.minimum(far, far[:, k : k + 1] + far[k : k + 1])
    efficiency = sum(1 / far[i, j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    assert mod.efficiency(a) == pytest.approx(float(efficiency))
    shares = []
    for i in range(n):
        its = [*itertools.combinations(a[i].nonzero().flatten().tolist(), 2)]
        if its:
            shares.append(sum(bool(a[j, k]) for j, k in its) / len(its))
    assert mod.clustering(a) == pytest.approx(sum(shares) / len(shares) if shares else 0)


@given(st.integers(2, 6), seeds)
def test_graphs_of_weights_have_no_direction(n, seed):
    w = torch.randn(n, n, generator=generator(seed))
    a = mod.as_graph(w, 0.5)
    for i in range(n):
        for j in range(n):
            assert a[i, j] == (i != j and max(abs(w[i, j]), abs(w[j, i])) > 0.5)
    links = 1 + seed % (n * (n - 1) // 2)
    b = mod.strongest(w, links)
    size = (w.abs() + w.abs().mT).fill_diagonal_(-1)
    assert int(b.sum()) == 2 * links
    assert size[b].min() >= size[~b].max()


def test_what_is_no_graph_is_refused():
    a, g = drawn(4, 0.5, 0), generator()
    with pytest.raises(ValueError, match="must be symmetric"):
        mod.modularity(torch.ones(3, 3).triu().bool(), g)
    with pytest.raises(ValueError, match="strengths have no sign"):
        mod.modularity(-a.double(), g)
    with pytest.raises(TypeError, match="a must be boolean"):
        mod.swap(a.double(), g)
    with pytest.raises(ValueError, match="named together"):
        mod.swap(a, g, lengths=torch.ones(4, 4))
    with pytest.raises(ValueError, match="links must be at most 6"):
        mod.strongest(torch.ones(4, 4), 7)
    with pytest.raises(ValueError, match="two or more"):
        mod.chance_unchanged([a])
