"""The analysis: effective rank, ablations, and what an answer is made of."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import analysis


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_the_participation_ratio_counts_equal_singular_values(rank, seed):
    q = torch.linalg.qr(
        torch.randn(6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    )[0]
    assert analysis.participation_ratio(3.0 * q[:, :rank] @ q[:rank]) == pytest.approx(rank)
    assert analysis.participation_ratio(torch.full((4, 5), 0.3)) == pytest.approx(1)


def test_the_participation_ratio_refuses_what_has_none():
    for bad in (torch.zeros(3, 3), torch.ones(3)):
        with pytest.raises(ValueError, match="two axes"):
            analysis.participation_ratio(bad)


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


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 1000))
def test_a_straight_line_reads_what_is_linear_and_nothing_from_noise(n_features, n_wanted, seed):
    g = torch.Generator().manual_seed(seed)
    features = torch.randn(300, n_features, generator=g)
    linear = features @ torch.randn(n_features, n_wanted, generator=g) + 2
    assert analysis.decoded(features, linear) > 0.99
    assert analysis.decoded(features, torch.randn(300, n_wanted, generator=g)) < 0.2
    shuffled = torch.cat([linear[:200], linear[200:].roll(1, 0)])
    assert analysis.decoded(features, shuffled) < 0.6, (
        "only the last third counts, and was not fitted to"
    )


@given(st.integers(1, 5), st.integers(0, 1000))
def test_a_line_that_was_fitted_elsewhere_reads_what_is_coded_alike_and_no_other_code(
    n_features, seed
):
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


# -------------------------------------------------------------------------------------- heads


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
def test_heads_add_up_to_the_gains_and_are_as_many_as_its_ranks(n, m, rank, seed):
    g = torch.Generator().manual_seed(seed)
    rank = min(rank, n, m)
    alpha = torch.randn(n, rank, generator=g, dtype=torch.double) @ torch.randn(
        rank, m, generator=g, dtype=torch.double
    )
    sigma, a, b = analysis.heads(alpha)
    assert len(sigma) == len(a) == len(b) == rank
    torch.testing.assert_close(torch.einsum("r,ri,rj->ij", sigma, a, b), alpha)
    eye = torch.eye(rank, dtype=torch.double)
    torch.testing.assert_close(a @ a.T, eye)
    torch.testing.assert_close(b @ b.T, eye)
    assert (sigma.diff() <= 0).all()


def test_the_largest_heads_are_the_nearest_matrix_of_their_rank():
    alpha = torch.randn(5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    sigma, a, b = analysis.heads(alpha, 2)
    near = torch.einsum("r,ri,rj->ij", sigma, a, b)
    torch.testing.assert_close(near, analysis.of_rank(alpha, 2))
    assert len(analysis.heads(torch.zeros(3, 2)).sigma) == 0


def test_heads_are_found_under_autocast():
    alpha = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = analysis.heads(alpha)
    assert all(torch.equal(a, b) for a, b in zip(found, analysis.heads(alpha), strict=True))


def test_heads_refuse_what_is_no_matrix():
    with pytest.raises(ValueError, match="alpha must have"):
        analysis.heads(torch.ones(3))
    with pytest.raises(ValueError, match="rank must be at most 2"):
        analysis.heads(torch.ones(3, 2), 3)
