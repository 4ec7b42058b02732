"""A null model that keeps counts of lengths, and modules that are put into a graph."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.wiring import modularity as mod
from hebbnotes.chapters.wiring import nulls
from hebbnotes.plasticity.places import distances, grid

seeds = st.integers(0, 10_000)
LENGTHS = distances(grid((5, 5)))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def near(share, seed):
    """Return a graph on a grid of 25 whose links are short, mostly."""
    chance = torch.rand(25, 25, generator=generator(seed)).triu(1)
    a = (chance > 0) & (chance < share * 3 * (-LENGTHS / 1.5).exp())
    return a | a.mT


@settings(max_examples=20)
@given(st.floats(0.1, 0.9), seeds)
def test_degrees_stay_and_counts_of_lengths_nearly(share, seed):
    a = near(share, seed)
    assume(int(a.sum()) >= 4)
    b = nulls.swap_counts(a, generator(seed), LENGTHS, sweeps=100)
    assert torch.equal(b.sum(0), a.sum(0))
    assert torch.equal(b, b.mT)
    assert not b.diagonal().any()
    assert nulls.misfit(a, b, LENGTHS) < 0.25


def test_counts_that_are_let_go_for_a_while_come_back():
    a = near(0.6, 1)
    made = [nulls.swap_counts(a, generator(k), LENGTHS, sweeps=600) for k in range(4)]
    assert max(nulls.misfit(a, b, LENGTHS) for b in made) < 0.03
    kept = sum(mod.unchanged(a, b) for b in made) / 4
    assert kept < 0.8
    loose = [nulls.misfit(a, mod.swap(a, generator(k)), LENGTHS) for k in range(4)]
    assert min(loose) > 0.1


@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9), seeds)
def test_what_counts_lack_is_counted(one, other, seed):
    a, b = near(one, seed), near(other, seed + 1)
    assume(bool(a.any()))
    kind = (LENGTHS / 0.25).round()
    lacks = sum(
        max(0, int((kind[a] == k).sum()) - int((kind[b] == k).sum())) for k in kind.unique()
    )
    assert nulls.misfit(a, b, LENGTHS) == pytest.approx(lacks / int(a.sum()))
    assert nulls.misfit(a, a, LENGTHS) == 0


@settings(max_examples=6)
@given(st.floats(0.3, 0.8), st.integers(2, 4), seeds)
def test_more_links_are_brought_into_groups_and_degrees_and_lengths_stay(share, groups, seed):
    a = near(share, seed)
    assume(int(a.sum()) >= 4)
    group = torch.randint(groups, (25,), generator=generator(seed))
    same = group[:, None] == group[None]
    b = nulls.planted(a, group, generator(seed), LENGTHS, 0.8)
    assert torch.equal(b.sum(0), a.sum(0))
    assert torch.equal(b, b.mT)
    assert int((b & same).sum()) >= int((a & same).sum())
    before, after = (LENGTHS[x.triu(1)].sort().values for x in (a, b))
    assert (before - after).abs().max() < 0.3
    if (a & same).sum() < 0.8 * a.sum():
        assert (b & same).sum() <= 0.8 * a.sum() + 4


def test_modules_that_were_put_there_are_found_beyond_degrees_and_lengths():
    a = near(0.6, 0)
    found = {
        name: nulls.beside(its, LENGTHS, generator(), nulls=6, tolerances=(0.3,), sweeps=200)
        for name, its in (
            ("null", mod.swap(a, generator(1), LENGTHS, 0.3)),
            ("planted", nulls.plant(a, LENGTHS, generator(1), 0.15)),
        )
    }
    for kind in ("within 0.3", "counts"):
        assert found["planted"][kind]["rest"] > 0.03 + found["null"][kind]["rest"]
        its = found["planted"][kind]
        assert its["rest"] == pytest.approx(found["planted"]["q"] - its["q"], abs=2e-3)
        assert its["length"] == pytest.approx(found["planted"]["length"], abs=0.1)


def test_what_is_no_graph_is_refused():
    a, g = near(0.5, 0), generator()
    with pytest.raises(TypeError, match="a must be boolean"):
        nulls.swap_counts(a.double(), g, LENGTHS)
    with pytest.raises(ValueError, match="width must be"):
        nulls.swap_counts(a, g, LENGTHS, width=0.0)
    with pytest.raises(ValueError, match="share must be"):
        nulls.planted(a, torch.zeros(25).long(), g, LENGTHS, 2.0)
    for name, wrong in (
        ("lie in", -LENGTHS),
        ("lie in", LENGTHS * float("nan")),
        ("must be symmetric", LENGTHS + LENGTHS.triu()),
    ):
        for made in (
            lambda wrong: mod.swap(a, g, wrong, 0.3),
            lambda wrong: nulls.swap_counts(a, g, wrong),
            lambda wrong: nulls.planted(a, torch.zeros(25).long(), g, wrong, 0.5),
            lambda wrong: nulls.misfit(a, a, wrong),
        ):
            with pytest.raises(ValueError, match=f"lengths must.*{name}|{name}"):
                made(wrong)
    with pytest.raises(ValueError, match="nulls must be at least 2"):
        nulls.beside(a, LENGTHS, g, nulls=1)
