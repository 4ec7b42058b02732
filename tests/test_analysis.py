"""The analysis: effective rank, ablations, and what an answer is made of."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import analysis, tasks


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_the_participation_ratio_counts_equal_singular_values(rank, seed):
    q = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))[0]
    assert analysis.participation_ratio(3.0 * q[:, :rank] @ q[:rank]) == pytest.approx(rank)
    assert analysis.participation_ratio(torch.full((4, 5), 0.3)) == pytest.approx(1)


def test_the_participation_ratio_refuses_what_has_none():
    for bad in (torch.zeros(3, 3), torch.ones(3)):
        with pytest.raises(ValueError, match="two axes"):
            analysis.participation_ratio(bad)


def test_each_ablation_takes_away_what_its_name_says():
    g = torch.Generator().manual_seed(0)
    w, alpha = torch.randn(5, 5, generator=g), torch.randn(5, 5, generator=g)
    cut = analysis.ablations(w, alpha, g)
    assert torch.equal(cut["intact"][0], w)
    assert torch.equal(cut["intact"][1], alpha)
    assert cut["w = 0"][0].eq(0).all()
    assert torch.equal(cut["w without its diagonal"][0] + torch.diag(w.diagonal()), w)
    torch.testing.assert_close(cut["w = its mean diagonal"][0], w.diagonal().mean() * torch.eye(5))
    shuffled = cut["alpha shuffled"][1]
    assert torch.equal(shuffled.flatten().sort().values, alpha.flatten().sort().values)
    assert not torch.equal(shuffled, alpha)
    torch.testing.assert_close(cut["alpha = its mean"][1], alpha.mean() * torch.ones(5, 5))
    assert torch.linalg.matrix_rank(cut["alpha of rank 1"][1], atol=1e-5) == 1
    best = torch.linalg.svdvals(alpha)[1:].square().sum().sqrt()
    torch.testing.assert_close((alpha - cut["alpha of rank 1"][1]).norm(), best)
    assert cut["alpha = 0"][1].eq(0).all()
    for name, pair in cut.items():
        same = [torch.equal(a, b) for a, b in zip(pair, (w, alpha), strict=True)]
        assert any(same), f"{name} changes both"
    with pytest.raises(ValueError, match=r"shape \(n, n\)"):
        analysis.ablations(w, alpha[:3], g)


@pytest.mark.parametrize("schedule", [tasks.ONCE, tasks.CODE], ids=["once", "twice"])
@pytest.mark.parametrize("kind", ["target", "last", "blend", "majority"])
def test_the_regression_recognises_a_network_by_what_it_answers(kind, schedule):
    task = tasks.PatternCompletion(n_bits=40, n_patterns=3, **schedule)
    episodes = task.sample(300, torch.Generator().manual_seed(0))
    rows = torch.arange(300)
    shown = episodes.patterns[rows[:, None], episodes.order[:, -3:]]
    y = {
        "target": episodes.answer,
        "last": shown[:, -1],
        "blend": shown.mean(1),
        "majority": shown.sum(1).sign(),
    }[kind]
    y = torch.where(episodes.erased, y, 9.0)  # what the cue gave does not count
    found = analysis.regress(torch.cat([y, torch.ones(300, 1)], 1), episodes)
    wanted = {
        "target": (1, (0, 0, 0)),
        "last": (0, (0, 0, 1)),
        "blend": (0, (1 / 3,) * 3),
        "majority": (0, (0.5,) * 3),
    }[kind]
    assert found.target == pytest.approx(wanted[0], abs=0.03)
    assert found.shown.tolist() == pytest.approx(wanted[1], abs=0.03)
    assert found.r2 == pytest.approx(0.75 if kind == "majority" else 1, abs=0.02)


def test_the_regression_asks_for_enough_bits():
    task = tasks.PatternCompletion(n_bits=2, n_patterns=3, **tasks.ONCE)
    episodes = task.sample(7, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="at least 8 erased bits, got 7"):
        analysis.regress(episodes.answer, episodes)
    for task, batch in ((tasks.PatternCompletion(50, 3, **tasks.ONCE), 1), (tasks.PatternCompletion(50, 1, **tasks.ONCE), 100)):
        episodes = task.sample(batch, torch.Generator().manual_seed(0))
        with pytest.raises(ValueError, match="cannot be told apart"):
            analysis.regress(episodes.answer, episodes)
    with pytest.raises(ValueError, match="NaN"):
        analysis.regress(torch.full((1, 50), torch.nan), tasks.PatternCompletion(50, 3).sample(1, torch.Generator()))
    with pytest.raises(ValueError, match="y must have shape"):
        analysis.regress(episodes.answer[:5], episodes)


@pytest.mark.witness("eq-independent", analysis.independent_pixels)
@given(st.floats(0, 3), st.integers(0, 10_000))
def test_chance_overlaps_are_those_of_fewer_independent_pixels(length, seed):
    g = torch.Generator().manual_seed(seed)
    a, b = (tasks.smooth_patterns(20_000, (3, 4), length, g) * 3**0.5 for _ in range(2))  # of variance 1
    overlap = (a * b).mean(1)
    assert abs(overlap.mean()) < 5 * overlap.std() / 20_000**0.5
    worth = analysis.independent_pixels(tasks.smooth_correlation((3, 4), length))
    assert overlap.var().item() == pytest.approx(1 / worth, rel=0.08)


def test_independent_pixels_count_from_one_to_all():
    assert analysis.independent_pixels(torch.eye(7)) == 7
    assert analysis.independent_pixels(torch.ones(7, 7)) == 1
    for bad in (torch.zeros(3, 3), torch.ones(3), torch.ones(2, 3)):
        with pytest.raises(ValueError, match="ones on its diagonal"):
            analysis.independent_pixels(bad)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=6), st.floats(-3, 3))
def test_the_interval_moves_with_its_numbers_and_holds_their_mean(values, shift):
    mean, low, high = analysis.interval(values)
    assert low <= mean <= high
    assert mean - low == pytest.approx(high - mean, abs=1e-9)
    moved = analysis.interval([value + shift for value in values])
    assert moved == pytest.approx([mean + shift, low + shift, high + shift], abs=1e-9)


def test_the_interval_holds_the_true_mean_as_often_as_it_says():
    draws = torch.randn(2_000, 5, generator=torch.Generator().manual_seed(0))
    holds = [low <= 0 <= high for _, low, high in map(analysis.interval, draws.tolist())]
    assert sum(holds) / 2_000 == pytest.approx(0.95, abs=0.015)
    for bad, level in (([1.0], 0.95), ([1.0, 2.0], 1.0)):
        with pytest.raises(ValueError, match="two numbers or more"):
            analysis.interval(bad, level)


def test_each_simpler_alpha_is_what_its_name_says():
    g = torch.Generator().manual_seed(0)
    alpha = torch.randn(9, 9, generator=g)  # 8 pixels and a bias unit
    found = analysis.simpler_alphas(alpha, 8, g)
    assert torch.equal(found["intact"], alpha)
    assert torch.equal(found["shuffled"].flatten().sort().values, alpha.flatten().sort().values)
    torch.testing.assert_close(found["its mean"], alpha.mean() * torch.ones(9, 9))
    for rank in (1, 2, 4, 8):
        lost = torch.linalg.svdvals(alpha)[rank:].square().sum().sqrt()
        torch.testing.assert_close((alpha - found[f"rank {rank}"]).norm(), lost)
    blocks = found["mean of each block"][:8, :8].view(2, 4, 2, 4)
    assert torch.equal(blocks, blocks[:, :1, :, :1].expand_as(blocks))
    torch.testing.assert_close(blocks[0, 0, 1, 0], alpha[:4, 4:8].mean())
    across = found["within halves 0"][:8, :8].view(2, 4, 2, 4)
    assert across[0, :, 0].eq(0).all()
    assert across[1, :, 1].eq(0).all()
    assert torch.equal(across[0, :, 1], alpha[:4, 4:8])
    gains = found["gains across"][:8, :8]
    assert gains[:4, :4].eq(0).all()
    assert gains[4:, 4:].eq(0).all()
    for block, own in ((gains[:4, 4:], alpha[:4, 4:8]), (gains[4:, :4], alpha[4:8, :4])):
        torch.testing.assert_close((own - block).norm(), torch.linalg.svdvals(own)[1:].square().sum().sqrt())
    for name in ("mean of each block", "within halves 0", "gains across"):
        assert torch.equal(found[name][8], alpha[8]), "the bias unit keeps its own"
        assert torch.equal(found[name][:, 8], alpha[:, 8])
    with pytest.raises(ValueError, match="n >= n_pixels"):
        analysis.simpler_alphas(alpha, 10, g)


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 1000))
def test_a_straight_line_reads_what_is_linear_and_nothing_from_noise(n_features, n_wanted, seed):
    g = torch.Generator().manual_seed(seed)
    features = torch.randn(300, n_features, generator=g)
    linear = features @ torch.randn(n_features, n_wanted, generator=g) + 2
    assert analysis.decoded(features, linear) > 0.99
    assert analysis.decoded(features, torch.randn(300, n_wanted, generator=g)) < 0.2
    shuffled = torch.cat([linear[:200], linear[200:].roll(1, 0)])
    assert analysis.decoded(features, shuffled) < 0.6, "only the last third counts, and was not fitted to"


@given(st.integers(1, 5), st.integers(0, 1000))
def test_a_line_that_was_fitted_elsewhere_reads_what_is_coded_alike_and_no_other_code(n_features, seed):
    g = torch.Generator().manual_seed(seed)
    a, b = torch.randn(2, 200, n_features, generator=g)
    code = torch.randn(n_features, 2, generator=g)
    assert analysis.decoded(a, a @ code, fit_to=(b, b @ code)) > 0.99
    assert analysis.decoded(a, a @ code, fit_to=(b, -(b @ code))) < 0
    with pytest.raises(ValueError, match=r"fit_to\[1\] must have shape"):
        analysis.decoded(a, a @ code, fit_to=(b, b[:-1] @ code))


def test_reading_needs_rows_that_belong_together():
    for features, wanted, message in (
        (torch.zeros(29, 2), torch.zeros(29, 1), "30 rows or more, got 29"),
        (torch.zeros(40, 2), torch.zeros(39, 1), "wanted must have shape"),
        (torch.zeros(40), torch.zeros(40, 1), "features must have shape"),
    ):
        with pytest.raises(ValueError, match=message):
            analysis.decoded(features, wanted)
