"""Reward-gated memory: what is shown when, and that nothing but the reward tells the answer."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import tasks
from hebbnotes.tasks import RewardGatedMemory


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def drawn(draw):
    n_test = draw(st.integers(2, 5))
    silent = draw(st.booleans())
    task = RewardGatedMemory(
        n_cues=n_test + draw(st.integers(0, 4)),
        delay=draw(st.integers(3 if silent else 1, 7)),
        n_bits=draw(st.integers(1, 20)),
        n_test=n_test,
        silent=silent,
    )
    return task, task.sample(draw(st.integers(1, 6)), generator(draw(st.integers(0, 10_000))))


@given(drawn())
def test_an_episode_shows_cues_then_a_reward_then_some_of_the_cues(given_one):
    task, e = given_one
    batch, n_bits = len(e.target), task.n_bits
    assert e.inputs.shape == (task.n_steps, batch, task.n_inputs)
    assert task.n_steps == (task.n_cues + task.n_test) * (task.delay + 2)
    for b in range(batch):
        wanted = torch.zeros(task.n_steps, task.n_inputs)
        for k in range(task.n_cues):
            wanted[k * task.slot, :n_bits] = e.cues[b, k]
        wanted[e.rewarded[b] * task.slot + task.delay, n_bits] = 1
        for c in range(task.n_test):
            at = (task.n_cues + c) * task.slot
            wanted[at, :n_bits] = e.cues[b, e.order[b, c]]
            wanted[at, n_bits + 1] = 1
        assert torch.equal(e.inputs[:, b], wanted)


@given(drawn())
def test_each_tested_cue_is_another_and_the_target_is_the_rewarded_one(given_one):
    task, e = given_one
    rows = torch.arange(len(e.target))
    assert torch.equal(e.order[rows, e.target], e.rewarded)
    assert all(len({*order}) == task.n_test for order in e.order.tolist())
    assert e.cues.abs().eq(1).all()
    assert 0 <= int(e.target.min()) <= int(e.target.max()) < task.n_test
    assert 0 <= int(e.rewarded.min()) <= int(e.rewarded.max()) < task.n_cues


@given(drawn())
def test_a_silence_falls_between_a_cue_and_its_reward_and_after_a_score_is_read(given_one):
    task, e = given_one
    first = [(task.n_cues + c) * task.slot for c in range(task.n_test)]
    if task.silent:
        starts = range(0, task.n_steps, task.slot)
        assert e.silenced.nonzero().flatten().tolist() == [start + 2 for start in starts]
        assert e.read.tolist() == [start + 1 for start in first]
        assert 2 < task.delay
    else:
        assert not e.silenced.any()
        assert e.read.tolist() == [start + task.delay for start in first]
    assert int(e.read[-1]) < task.n_steps


def test_every_place_is_as_likely_as_any_other():
    task, batch = RewardGatedMemory(n_cues=5, delay=1, n_test=4), 20_000
    e = task.sample(batch, generator())
    for of, n in ((e.target, 4), (e.rewarded, 5), (e.order[:, 0], 5), (e.order[:, 3], 5)):
        share = of.bincount(minlength=n) / batch
        torch.testing.assert_close(share, torch.full((n,), 1 / n), rtol=0, atol=0.015)
    assert e.cues.mean().abs() < 0.01


def test_without_the_reward_the_answer_is_not_in_the_inputs():
    task = RewardGatedMemory(n_cues=4, delay=2)
    one = task.sample(500, generator(1))
    blind = one.inputs.clone()
    blind[..., -2] = 0
    # what is left is the same whichever cue was rewarded: it is a function of cues and order
    for b in range(0, 500, 50):
        shown = torch.cat([one.cues[b], one.cues[b, one.order[b]]])
        assert torch.equal(blind[:: task.slot, b, : task.n_bits], shown)
        assert blind[:, b].abs().sum() == shown.abs().sum() + task.n_test


@given(st.integers(0, 1000))
def test_the_same_seed_gives_the_same_episodes(seed):
    task = RewardGatedMemory(4, 3)
    one, two = (task.sample(3, generator(seed)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert isinstance(one, tasks.RewardedEpisodes)


REFUSED = {
    "n_cues": (lambda: RewardGatedMemory(3, 3), ValueError, "n_cues must be at least n_test=4"),
    "n_cues, no number": (lambda: RewardGatedMemory("4", 3), TypeError, "n_cues must be an int"),
    "delay": (lambda: RewardGatedMemory(4, 0), ValueError, "delay must be at least 1"),
    "a short silence": (
        lambda: RewardGatedMemory(4, 2, silent=True),
        ValueError,
        "delay must be at least 3 where it is silent, got 2",
    ),
    "silent": (lambda: RewardGatedMemory(4, 3, silent=1), TypeError, "silent must be True or"),
    "n_bits": (lambda: RewardGatedMemory(4, 3, n_bits=0), ValueError, "n_bits must be at least 1"),
    "n_test": (lambda: RewardGatedMemory(4, 3, n_test=1), ValueError, "n_test must be at least 2"),
    "batch": (lambda: RewardGatedMemory(4, 3).sample(0, generator()), ValueError, "batch must be"),
    "too many": (
        lambda: RewardGatedMemory(4, 3).sample(10**9, generator()),
        ValueError,
        "more than fit into memory",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(name):
    call, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        call()
