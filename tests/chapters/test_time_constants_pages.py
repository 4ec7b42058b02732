"""Time constants: checkers accept what is right, and say what is wrong."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.time_constants import checks


def test_a_weight_is_judged_by_how_long_the_level_lasts(capsys):
    checks.wiring(lambda tau, slow: 1 - tau / slow)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda tau, slow: 0.99 * (1 - tau / slow), "too small"),
        (lambda tau, slow: 1.01 * (1 - tau / slow), "too large"),
        (lambda tau, slow: slow / tau, "nothing would leak"),
        (lambda tau, slow: tau / slow, "too small"),
        (lambda tau, slow: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.wiring(wrong)


@settings(max_examples=10)
@given(st.floats(0.3, 3))
def test_a_decay_is_a_share_that_two_half_steps_keep_too(power):
    checks.decay(lambda tau, dt: math.exp(-dt / tau))
    for wrong, message in (
        (lambda tau, dt: 1 - dt / tau, "two half steps"),
        (lambda tau, dt: dt / tau, "between 0 and 1|two half steps"),
        (lambda tau, dt: math.exp(dt / tau), "between 0 and 1"),
        (lambda tau, dt: 1 / (1 + dt / tau), "two half steps"),
        (lambda tau, dt: math.exp(-dt * tau), "must keep more"),
        (lambda tau, dt: 0.5 ** (dt / tau), "1/e"),
        (lambda tau, dt: "x", "must return a number"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.decay(wrong)
    if abs(power - 1) > 1e-3:
        with pytest.raises(AssertionError, match="1/e"):
            checks.decay(lambda tau, dt: math.exp(-power * dt / tau))


def test_gaps_are_counted_by_rank(capsys):
    checks.gaps(lambda taus: len(set(taus)))
    assert "Yes" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="cannot tell 3 gaps"):
        checks.gaps(len)
    with pytest.raises(AssertionError, match="tell more than 1"):
        checks.gaps(lambda taus: 1)


class Hump(torch.autograd.Function):
    """All or nothing forwards; backwards what a shape says."""

    @staticmethod
    def forward(ctx, v, shape):
        ctx.save_for_backward(v)
        ctx.shape = shape
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad * ctx.shape(v), None


def humped(shape):
    return lambda v, beta: Hump.apply(v, lambda v: shape(v, beta))


@pytest.mark.parametrize(
    "shape",
    [
        lambda v, beta: (1 + beta * v.abs()) ** -2,
        lambda v, beta: torch.exp(-beta * v.abs()),
        lambda v, beta: torch.sigmoid(beta * v) * torch.sigmoid(-beta * v),
    ],
)
def test_any_hump_will_do_as_a_slope(shape, capsys):
    checks.surrogate(humped(shape))
    assert "Yes" in capsys.readouterr().out


def test_other_slopes_and_other_spikes_will_not():
    for wrong, message in (
        (lambda v, beta: torch.sigmoid(beta * v), "exactly 1"),
        (lambda v, beta: (v > 0).double(), "no gradient"),
        (lambda v, beta: (v > 0).double() + 0 * v, "above 0 everywhere"),
        (humped(lambda v, beta: torch.exp(-v)), "same distance"),
        (humped(lambda v, beta: torch.ones_like(v)), "largest at the threshold"),
        (humped(lambda v, beta: 1 / (1 + v.abs())), "narrower"),
        (lambda v, beta: Hump.apply(v, torch.ones_like).sum(), "one number for each voltage"),
        (lambda v, beta: 1.0, "a tensor, got float"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.surrogate(wrong)
