"""Pairs of Poisson units with a synapse each: traces, rewards and weights, step by step."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.chapters.three_factor_rules import pairs as poisson
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.compiled import jit
from hebbnotes.plasticity.stepper import change

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("seed", "tau", "rate"), [(0, 0.05, 60.0), (1, 0.4, 20.0), (2, 0.1, 5.0)])
def test_traces_from_spike_to_spike_are_those_of_the_rules_step_by_step(seed, tau, rate):
    pairs = poisson.Pairs(n=2, rate=rate)
    (pre, post), _ = poisson.spikes(pairs, 0.4, generator(seed))
    asked = torch.randint(400, (40,), generator=generator(seed)).sort().values
    times = torch.tensor([tau, 2 * tau], dtype=DOUBLE)
    found = poisson.spike_traces(pre, post, asked, times, pairs)
    w = e = torch.zeros(2, 1, 1, dtype=DOUBLE)
    x = y = torch.zeros(2, 1, dtype=DOUBLE)
    fade, wanted = math.exp(-pairs.dt / pairs.tau), {}
    for t in range(400):
        wanted[t] = (e[:, 0, 0] * torch.exp(-pairs.dt / times)).clone()
        sent = torch.full_like(x, float(t in pre.tolist()))
        fired = torch.full_like(x, float(t in post.tolist()))
        x, y = x * fade, y * fade
        window = {"a_plus": pairs.a_plus, "a_minus": pairs.a_minus}
        pair = rules.stdp(w, x, y, pre_spikes=sent, post_spikes=fired, **window)
        e = rules.eligibility(e, pair, times.view(2, 1, 1), pairs.dt)
        x, y = x + sent, y + fired
    torch.testing.assert_close(found, torch.stack([wanted[t] for t in asked.tolist()]))


@given(seeds, st.floats(5, 60))
def test_a_reward_is_earned_by_each_spike_shortly_after_one_of_the_sender(seed, rate):
    pairs = poisson.Pairs(n=2, rate=rate)
    (pre, post), _ = poisson.spikes(pairs, 1.0, generator(seed))
    wanted = [b for b in post.tolist() if any(0 < b - a <= 20 for a in pre.tolist())]
    assert poisson.earned(pre, post, pairs).tolist() == wanted


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("baseline", [True, False])
def test_weights_grow_as_the_rules_say_step_by_step(seed, baseline):
    pairs = poisson.Pairs(n=3, rate=40.0)
    learner = poisson.Learner(delay=0.03, tau=0.2, eta=0.05, baseline=baseline, follow=0.5)
    history, seen = poisson.grown(pairs, learner, 6, 0.05, generator(seed), watched=300)
    w, e = torch.full((3, 1, 1), 0.5, dtype=DOUBLE), torch.zeros(3, 1, 1, dtype=DOUBLE)
    x = y = torch.zeros(3, 1, dtype=DOUBLE)
    mean = pairs.rate * (pairs.rate * pairs.within + learner.evokes * learner.start) * pairs.dt
    due, last, found = torch.zeros(400, dtype=DOUBLE), -1000, []
    fade, window = math.exp(-pairs.dt / pairs.tau), {"a_plus": 1.0, "a_minus": 1.05}
    for t, (sent, fired) in enumerate(seen.double().unsqueeze(-1)):  # three lone synapses
        modulator = (due[t] - mean if baseline else due[t]).expand(3)
        mean = mean + pairs.dt / learner.follow * (due[t] - mean)
        dw = change(rules.three_factor, w, x, y, modulator=modulator, eligibility=e)
        w = (w + learner.eta * dw).clamp(0, 1)
        x, y = x * fade, y * fade
        pair = rules.stdp(w, x, y, pre_spikes=sent, post_spikes=fired, **window)
        e = rules.eligibility(e, pair, learner.tau, pairs.dt)
        x, y = x + sent, y + fired
        if fired[0] and t - last <= 20:
            due[t + 30] = 1
        last = t if sent[0] else last
        if (t + 1) % 50 == 0:
            found.append(w.flatten())
    torch.testing.assert_close(history, torch.stack(found))


@jit
def seeded_elsewhere(seed):
    np.random.seed(seed)  # noqa: NPY002, the source that machine code shares


@jit
def drawn_elsewhere():
    return np.random.random()  # noqa: NPY002


def test_chance_is_the_generators_alone_and_leaves_other_machine_code_its_own():
    pairs, learner = poisson.Pairs(n=4, rate=30.0), poisson.Learner()
    seeded_elsewhere(1)
    first = poisson.grown(pairs, learner, 3, 0.2, generator(3), watched=100)
    drawn = drawn_elsewhere()
    again = poisson.grown(pairs, learner, 3, 0.2, generator(3), watched=100)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    seeded_elsewhere(1)
    assert drawn_elsewhere() == drawn
    other, _ = poisson.grown(pairs, learner, 3, 0.2, generator(4))
    assert not torch.equal(first[0], other)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tau": 0.0}, "tau must be a finite number"),
        ({"delay": -1.0}, "delay must be a finite number"),
        ({"follow": math.nan}, "follow must be a finite number"),
        ({"eta": -0.1}, "eta must be a finite number"),
        ({"evokes": 1.5}, r"evokes must be a finite number in \[0, 1\]"),
        ({"start": 2.0}, r"start must be a finite number in \[0, 1\]"),
        ({"latency": 0.0}, "latency must be a finite number"),
    ],
)
def test_a_learner_without_sense_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        poisson.Learner(**wrong)


def test_what_would_give_wrong_numbers_in_silence_is_refused():
    with pytest.raises(TypeError, match="baseline must be True or False"):
        poisson.Learner(baseline=1)
    with pytest.raises(ValueError, match="latency must be a finite number"):
        poisson.grown(poisson.Pairs(), poisson.Learner(latency=0.0004), 1, 1.0, generator())
    with pytest.raises(TypeError, match=r"use Learner\(\)"):
        poisson.grown(poisson.Pairs(), None, 1, 1.0, generator())
    pairs, times, some = poisson.Pairs(), torch.ones(1), torch.tensor([3, 7])
    for wrong, error, message in (
        (some.flip(0), ValueError, r"must be in order: use \w+\.sort\(\)"),
        (some - 5, ValueError, "integers from 0"),
        (some.double(), TypeError, "must hold integers"),
    ):
        for place in range(3):
            given_ = [some, some, some]
            given_[place] = wrong
            with pytest.raises(error, match=message):
                poisson.spike_traces(*given_, times, pairs)
            if place < 2:
                with pytest.raises(error, match=message):
                    poisson.earned(*given_[:2], pairs)
    with pytest.raises(ValueError, match="taus must lie in"):
        poisson.spike_traces(some, some, some, 0 * times, pairs)
