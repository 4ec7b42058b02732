"""Temporal differences: an error that travels, or jumps, and the loop written by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.learning import td

DOUBLE = torch.float64
CUE, REWARD, STEPS = 2, 6, 8


def reward(steps=STEPS, at=REWARD):
    return torch.zeros(steps, dtype=DOUBLE).index_fill(0, torch.tensor(at), 1.0)


@pytest.mark.witness("eq-td", td.td_errors)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_errors_are_those_of_the_loop_written_by_hand(seed, lam, gamma, rate):
    g = torch.Generator().manual_seed(seed)
    features, rewards = (torch.randn(*s, generator=g, dtype=DOUBLE) for s in ((5, 3), (5,)))
    found = td.td_errors(rewards, features, lam, gamma=gamma, rate=rate, trials=3)
    w = [0.0] * 3
    for trial in range(3):
        e, before = [0.0] * 3, [0.0] * 3
        for t in range(5):
            now = features[t].tolist()
            value, last = (sum(a * b for a, b in zip(w, x, strict=True)) for x in (now, before))
            delta = float(rewards[t]) + gamma * value - last
            assert float(found[trial, t]) == pytest.approx(delta, rel=1e-9, abs=1e-9)
            e = [gamma * lam * a + b for a, b in zip(e, before, strict=True)]
            w = [a + rate * delta * b for a, b in zip(w, e, strict=True)]
            before = now


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.9])
def test_without_a_trace_the_peak_passes_every_step_and_with_a_full_one_it_jumps(rate):
    features = td.serial_compound(STEPS, CUE, REWARD)
    lam = torch.tensor([0.0, 1.0], dtype=DOUBLE)
    trials = 20 + round(15 / rate)
    travels, jumps = td.td_errors(reward(), features, lam, rate=rate, trials=trials)
    between = slice(CUE + 1, REWARD)
    assert travels[:, between].amax(0).min() > 0.05
    when = travels[:, between].argmax(0)  # of each step the trial of its largest error
    assert (when.diff() <= 0).all()
    assert jumps[:, between].abs().max() < 1e-12
    for delta in (travels, jumps):
        assert delta[0].argmax() == REWARD
        assert delta[-1].argmax() == CUE
    torch.testing.assert_close(jumps[:, CUE] + jumps[:, REWARD], torch.ones(trials, dtype=DOUBLE))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_several_lambdas_side_by_side_are_each_as_if_alone(lams):
    features = td.serial_compound(STEPS, CUE, REWARD)
    several = td.td_errors(reward(), features, torch.tensor(lams, dtype=DOUBLE), trials=2)
    alone = [td.td_errors(reward(), features, lam, trials=2) for lam in lams]
    torch.testing.assert_close(several, torch.stack(alone))


def test_what_does_not_fit_is_refused():
    features = td.serial_compound(STEPS, CUE, REWARD)
    with pytest.raises(ValueError, match=r"rewards must have shape \(T=8\)"):
        td.td_errors(reward(7), features, 0.5)
    with pytest.raises(ValueError, match="lam must lie in"):
        td.td_errors(reward(), features, 1.5)
    with pytest.raises(ValueError, match="reward must be at least 3"):
        td.serial_compound(STEPS, CUE, CUE)
