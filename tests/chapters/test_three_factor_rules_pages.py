"""Three-factor rules: checkers accept what is right, and say what is wrong."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.three_factor_rules import checks


def test_the_best_trace_is_twice_the_delay_whatever_the_rate(capsys):
    checks.best_trace(lambda d, r: 2 * d)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda d, r: d, "too short"),
        (lambda d, r: 4 * d, "too long"),
        (lambda d, r: 2 * d / r, "too long|too short"),
        (lambda d, r: -1.0, "above 0"),
        (lambda d, r: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.best_trace(wrong)


@settings(max_examples=5)
@given(st.floats(-3, 3))
def test_a_mark_is_judged_by_its_mean_and_its_covariance(b):
    def mark(x, y, p):
        return x[:, None] * (y - p)

    checks.surprising(mark)
    for wrong, message in (
        (lambda x, y, p: x[:, None] * y, "must be 0"),
        (lambda x, y, p: mark(x, y, p).sum(0), "a number for each synapse"),
        (lambda x, y, p: mark(x, y, p).T, "a number for each synapse"),
        (lambda x, y, p: -mark(x, y, p), "not the slope"),
        (lambda x, y, p: torch.ones_like(x)[:, None] * (y - p), "not the slope"),
        (lambda x, y, p: mark(x, y, p) / (p * (1 - p)), "not the slope"),
        (lambda x, y, p: 1.0, "a tensor, got float"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.surprising(wrong)
    if abs(b - 1) > 1e-3:
        with pytest.raises(AssertionError, match="not the slope"):
            checks.surprising(lambda x, y, p: b * mark(x, y, p))


def test_two_marks_stand_still_where_they_are_equal(capsys):
    checks.standstill(lambda up, down: 1.5 * math.log(up / down))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda up, down: math.log(up / down), "too early"),
        (lambda up, down: 2 * math.log(up / down), "too late"),
        (lambda up, down: math.log(down / up), "takes a while"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.standstill(wrong)
