"""Facilitation: exact fading, no more than all, and nothing of the receiver."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.neurons.facilitation import Facilitation

rests, taus = st.floats(0.05, 1), st.floats(0.1, 10)


@given(rests, taus, st.floats(0, 5), st.floats(0, 5), st.integers(0, 1000))
def test_two_silences_are_one_and_it_fades_to_rest(rest, tau, one, two, seed):
    its = Facilitation(rest, tau)
    u = rest + (1 - rest) * torch.rand(
        2, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.double
    )
    torch.testing.assert_close(its.fade(its.fade(u, one), two), its.fade(u, one + two))
    torch.testing.assert_close(its.fade(u, 100 * tau), torch.full_like(u, rest))
    torch.testing.assert_close(its.fade(u, one) - rest, (u - rest) * math.exp(-one / tau))


@pytest.mark.witness("eq-sender-only", Facilitation)
@given(rests, taus, st.lists(st.booleans(), max_size=30), st.floats(0, 1))
def test_it_stays_between_rest_and_all(rest, tau, spikes, dt):
    its = Facilitation(rest, tau)
    u = its.start(1, 1, dtype=torch.double)
    for spike in spikes:
        before = rest + (u - rest) * math.exp(-dt / tau)
        u = its.step(u, torch.full_like(u, float(spike)), dt)
        assert rest - 1e-12 <= u.item() <= 1
        torch.testing.assert_close(u, before + spike * rest * (1 - before))


def test_without_time_between_them_n_spikes_leave_what_none_released():
    its = Facilitation(0.2, 1.5)
    u = its.start(1, 1, dtype=torch.double)
    for _ in range(5):
        u = its.step(u, torch.ones_like(u), 0.0)
    assert u.item() == pytest.approx(1 - 0.8**6)


REFUSED = {
    "rest": (lambda: Facilitation(0.0), ValueError, "rest must be above 0"),
    "rest above 1": (lambda: Facilitation(1.5), ValueError, "rest must be a finite number in"),
    "tau": (lambda: Facilitation(0.2, 0), ValueError, "tau must be above 0"),
    "seconds": (lambda: Facilitation().fade(torch.ones(1), -1.0), ValueError, "seconds must be a"),
    "spikes": (
        lambda: Facilitation().step(torch.ones(1, 2), torch.ones(1, 3), 0.1),
        ValueError,
        "spikes must be a number, or broadcast to the shape of u",
    ),
    "more than a spike": (
        lambda: Facilitation().step(torch.ones(1, 2), 10 * torch.ones(1, 2), 0.1),
        ValueError,
        r"spikes must lie in \[0, 1\]",
    ),
    "whole numbers": (
        lambda: Facilitation().start(2, 2, dtype=torch.long),
        TypeError,
        "dtype must be a floating-point type",
    ),
    "no size": (lambda: Facilitation().start(), ValueError, "shape must have one size or more"),
    "size 0": (lambda: Facilitation().start(2, 0), ValueError, "shape must be at least 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_synapse_is_refused(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call()
