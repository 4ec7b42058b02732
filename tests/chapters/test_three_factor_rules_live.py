"""The delays of the live model, and the law of its best trace."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.chapters.three_factor_rules import live, matched

LAGS = matched.lags(live.DT, live.LONGEST)
MEANS, SHARES = st.floats(0.5, 4.0), st.floats(0.1, 1.0)


@given(MEANS, SHARES)
def test_delays_have_the_mean_and_the_spread_that_were_asked_for(mean, share):
    density = live.spread_delays(mean, share * mean, LAGS)
    assert density.min() >= 0
    assert density.sum() * live.DT == pytest.approx(1)
    found = (density * LAGS).sum() * live.DT
    assert found == pytest.approx(mean, rel=2e-3)
    variance = (density * (LAGS - found) ** 2).sum() * live.DT
    assert variance.sqrt() == pytest.approx(share * mean, rel=2e-3)


@given(MEANS, SHARES, st.floats(0.05, 4.0))
def test_no_trace_does_better_than_twice_the_mean_less_the_variance_over_it(mean, share, rate):
    spread = share * mean
    density, best = live.spread_delays(mean, spread, LAGS), live.best_tau(mean, spread)
    factors = torch.tensor([1.0, 0.5, 0.8, 0.95, 1.05, 1.25, 2.0]).double()
    kernels = torch.stack([matched.exponential(best * float(f), LAGS) for f in factors])
    d = matched.detectability(kernels, density, rate, live.DT)
    assert d.argmax() == 0
    shape, scale = 1 / share**2, share * spread
    law = (1 + scale / (factors * best)) ** -shape / (rate * factors * best / 2).sqrt()
    assert torch.allclose(d, law, rtol=5e-3)


def test_exponential_delays_are_those_whose_spread_is_their_mean():
    density = live.spread_delays(2.0, 2.0, LAGS)
    assert torch.allclose(density, matched.exponential(2.0, LAGS) / 2, rtol=1e-3)
    assert live.best_tau(2.0, 2.0) == 2.0


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 0.0), (1.0, 1.5), (1.0, -0.1)])
def test_a_best_trace_for_delays_that_cannot_be_is_refused(mean, spread):
    with pytest.raises(ValueError, match=r"mean|spread"):
        live.best_tau(mean, spread)


@pytest.mark.parametrize(("mean", "spread"), [(1.0, 1.5), (1.0, 0.0), (-1.0, 0.1)])
def test_delays_that_no_density_has_are_refused(mean, spread):
    with pytest.raises(ValueError, match=r"mean|spread"):
        live.spread_delays(mean, spread, LAGS)
