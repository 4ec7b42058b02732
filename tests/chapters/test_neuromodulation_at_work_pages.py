"""Neuromodulation at work: its checkers, its figures, and its equations."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.analysis import interval
from hebbnotes.chapters.neuromodulation_at_work import checks
from hebbnotes.chapters.neuromodulation_at_work.nulls import smallest_seen
from hebbnotes.learning.agents import ModulatedAgent


def by_hand(differences):
    """Return the smallest difference that is seen, by Student's tables."""
    t = pytest.importorskip("scipy.stats").t
    n = len(differences)
    reach = t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)
    return reach * torch.as_tensor(differences).double().std() / n**0.5


@pytest.mark.witness("eq-smallest", smallest_seen)
@settings(max_examples=8, deadline=None)
@given(st.integers(4, 20), st.sampled_from([0.7, 0.8, 0.9]), st.integers(0, 999))
def test_a_difference_of_that_size_is_seen_as_often_as_it_says(n, power, seed):
    g = torch.Generator().manual_seed(seed)
    spread = torch.randn(n, generator=g, dtype=torch.float64)
    spread = (spread - spread.mean()) / spread.std()
    true = smallest_seen(spread.tolist(), power)
    drawn = true + torch.randn(4000, n, generator=g, dtype=torch.float64)
    mean, low, _ = interval(spread.tolist())
    seen = (drawn.mean(1) > (mean - low) * drawn.std(1)).double().mean()
    assert abs(seen - power) < 0.06  # the bound takes the spread of the sample for the true one


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=9), st.floats(0.1, 9), st.floats(-9, 9))
def test_it_depends_on_how_pairs_spread_and_not_on_their_mean(values, scale, shift):
    moved = smallest_seen([scale * one + shift for one in values])
    assert moved == pytest.approx(scale * smallest_seen(values), rel=1e-6, abs=1e-9)
    mean, low, _ = interval(values)
    assert smallest_seen(values) >= mean - low


def test_what_has_no_interval_has_no_smallest_difference():
    with pytest.raises(ValueError, match="two numbers"):
        smallest_seen([0.1])
    with pytest.raises(ValueError, match="a half and 1"):
        smallest_seen([0.1, 0.2], 0.4)


def test_the_smallest_difference_is_checked_by_experiments(capsys):
    checks.smallest(by_hand)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda d: None, "got nothing.*return"),
        (lambda d: -by_hand(d), "above 0"),
        (lambda d: by_hand(d) + d.mean().abs(), "not on their mean"),
        (lambda d: by_hand(d) ** 2, "three times as large"),
        (lambda d: by_hand(d) * 0.75, "a half sees"),
        (lambda d: by_hand(d) * 1.5, "too large"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.smallest(wrong)


def pulled(now, before, after, c, alpha):
    """Return what a trace adds, from how alike the senders are now and then."""
    return alpha * ((before @ now * c) @ after)


def test_the_pull_of_a_trace_is_had_without_the_trace(capsys):
    checks.pull(pulled)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda *given: None, "got nothing.*return"),
        (lambda now, before, after, c, alpha: before @ now, "for each of 5 receivers"),
        (lambda now, before, after, c, alpha: pulled(now, after, before, c, alpha), "how alike"),
        (
            lambda now, before, after, c, alpha: (before @ (alpha * now) * c) @ after,
            "belongs to the receiver",
        ),
        (
            lambda now, before, after, c, alpha: alpha * (now @ ((before.mT * c) @ after)),
            "was made on the way",
        ),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.pull(wrong)


@pytest.mark.witness("eq-work-agent", ModulatedAgent)
@settings(max_examples=12, deadline=None)
@given(st.integers(2, 6), st.integers(1, 9), st.booleans(), st.integers(0, 999))
def test_an_agent_writes_what_happens_times_its_signal_and_forgets_by_what_it_does(
    n, steps, fan_out, seed
):
    g = torch.Generator().manual_seed(seed)
    agent = ModulatedAgent(n, fan_out=fan_out, generator=g).double()
    core = agent.core
    with torch.no_grad():
        for one in core.parameters():
            one.add_(0.3 * torch.randn(one.shape, generator=g))
    seen = torch.randn(steps, 2, agent.n_seen, generator=g).double()
    with torch.no_grad():
        _, _, end = agent(seen)
        m, eta = agent.signals(seen), core.rate("eta")
    fan = torch.ones(n).double() if core.fan_out is None else core.fan_out.detach()
    y, trace, bound = torch.zeros(2, n).double(), torch.zeros(2, n, n).double(), None
    for t in range(steps):
        pre, felt = y, (core.w + core.alpha * trace).detach()
        told = (seen[t] @ agent.inward[:-1] + agent.inward[-1]).detach()
        y = torch.tanh(torch.einsum("bi,bij->bj", pre, felt) + told)
        signal = torch.tanh(y @ core.read + core.bias).detach()
        torch.testing.assert_close(m[t], signal)
        heard = (fan * signal[:, None] * y)[:, None]
        trace = (1 - eta * y**2)[:, None] * trace + pre[:, :, None] * heard
        bound = (1 - eta * y**2) if bound is None else bound * (1 - eta * y**2)
    torch.testing.assert_close(end.hebb, trace)
    with torch.no_grad():  # a hand that does not press: what was written goes on fading
        first = end._replace(y=torch.zeros_like(y))
        for one in (core.read, core.bias):
            one.zero_()
        output, state = agent.run(seen, first)
    fades = torch.stack([1 - eta * one**2 for one in output]).prod(0)
    torch.testing.assert_close(state.hebb, fades[:, None] * trace)
