"""Cue and reward: what is shown when, what an answer brings, and what can be earned."""

from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.tasks import CueReward


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def drawn(draw):
    n_cues = draw(st.integers(2, 5))
    task = CueReward(
        n_cues,
        n_shown=draw(st.integers(1, n_cues - 1)),
        n_trials=draw(st.integers(1, 5)),
        n_bits=draw(st.integers(4, 20)),
        blanks=draw(st.integers(0, 3)),
    )
    return task, task.sample(draw(st.integers(1, 5)), generator(draw(st.integers(0, 10_000))))


@given(drawn())
def test_a_trial_is_a_pause_its_cues_with_pauses_go_and_a_step_for_the_reward(given_one):
    task, e = given_one
    batch, n_bits = len(e.target), task.n_bits
    assert e.inputs.shape == (task.n_steps, batch, task.n_inputs)
    assert e.inputs[..., -3:].eq(0).all(), "nothing is told yet"
    for b in range(batch):
        began = 0
        for k in range(task.n_trials):
            go = int(e.go[k, b])
            bits = e.inputs[began : go + 2, b, :n_bits]
            there = bits.ne(0).any(1)
            assert not there[0]
            assert not there[-2:].any()
            assert 0 <= go - began - 1 - task.n_shown <= task.blanks
            assert torch.equal(bits[there], e.cues[b, e.shown[k, b]]), "in their order"
            marks = e.inputs[began : go + 2, b, n_bits]
            assert marks.sum() == marks[-2] == 1
            began = go + 2
        assert e.inputs[began:, b].eq(0).all()


@given(drawn())
def test_cues_differ_and_one_of_them_pays(given_one):
    task, e = given_one
    assert e.cues.abs().eq(1).all()
    assert all(len({*map(tuple, cues)}) == task.n_cues for cues in e.cues.tolist())
    assert 0 <= int(e.target.min()) <= int(e.target.max()) < task.n_cues
    for k in range(task.n_trials):
        for b, target in enumerate(e.target.tolist()):
            shown = e.shown[k, b].tolist()
            assert len({*shown}) == task.n_shown
            assert bool(e.paid[k, b]) == (target in shown)


@given(drawn(), st.integers(0, 10_000))
def test_an_answer_counts_at_go_and_is_told_in_the_next_step_alone(given_one, seed):
    task, e = given_one
    batch = len(e.target)
    acted = torch.randint(2, (task.n_steps, batch), generator=generator(seed))
    last = task.start(e)
    for t in range(task.n_steps):
        seen = task.observed(e, t, last)
        assert torch.equal(seen[:, :-3], e.inputs[t, :, :-3])
        for b in range(batch):
            told = [0.0, 0.0, 0.0]
            if t and t - 1 in e.go[:, b].tolist():
                trial, action = e.go[:, b].tolist().index(t - 1), int(acted[t - 1, b])
                right = bool(action) == bool(e.paid[trial, b])
                told = [1.0 if right else -1.0, float(action == 0), float(action == 1)]
            assert seen[b, -3:].tolist() == told
        last = task.answered(e, t, acted[t], last)
    assert last.trial.eq(task.n_trials).all()


def test_all_pairs_are_shown_equally_often_and_all_lengths_are():
    task = CueReward(n_trials=20, blanks=2)
    e = task.sample(1_000, generator())
    pairs = e.shown.sort(-1).values.flatten(0, 1)
    for pair in combinations(range(4), 2):
        assert pairs.eq(torch.tensor(pair)).all(1).float().mean().item() == pytest.approx(
            1 / 6, abs=0.01
        )
    first = e.go[0] - task.n_shown - 1
    assert all((first == k).float().mean().item() == pytest.approx(1 / 3, abs=0.05) for k in (0, 1))
    assert e.paid.float().mean().item() == pytest.approx(task.floor(), abs=0.02)


@given(st.integers(2, 6), st.data())
@settings(max_examples=8)
def test_no_one_who_keeps_all_that_was_told_is_right_more_often_than_the_ceiling(n_cues, data):
    n_shown = data.draw(st.integers(1, n_cues - 1))
    task = CueReward(n_cues, n_shown, n_trials=5, n_bits=5)
    e = task.sample(4_000, generator(data.draw(st.integers(0, 100))))
    may = torch.ones(4_000, n_cues, dtype=torch.bool)
    for k, best in enumerate(task.ceiling()):
        there = torch.zeros_like(may).scatter(1, e.shown[k], value=True)
        among = (may & there).sum(1) / may.sum(1)
        right = ((among >= 0.5) == e.paid[k]).float().mean().item()
        assert right == pytest.approx(best, abs=0.035)
        may &= torch.where(e.paid[k].unsqueeze(1), there, ~there)


@pytest.mark.parametrize("n_bits", [3, 5, 8])
def test_cues_differ_where_there_are_only_twice_as_many_codes(n_bits):
    task = CueReward(2 ** (n_bits - 1), n_trials=1, n_bits=n_bits)
    for episode in task.sample(3, generator(n_bits)).cues:
        assert len(episode.unique(dim=0)) == task.n_cues
        assert episode.abs().eq(1).all()


@given(st.integers(3, 6), st.integers(0, 10_000))
@settings(max_examples=20)
def test_few_cues_of_many_codes_are_those_of_whole_draws(n_bits, seed):
    cues = CueReward(3, n_trials=1, n_bits=n_bits).sample(4, generator(seed)).cues
    g, wanted, alike = generator(seed), torch.empty(4, 3, n_bits), torch.ones(4, dtype=torch.bool)
    while alike.any():
        drawn = torch.where(torch.rand(4, 3, n_bits, generator=g) < 0.5, 1.0, -1.0)
        wanted[alike] = drawn[alike]
        alike = torch.tensor([len(one.unique(dim=0)) < 3 for one in wanted])
    assert torch.equal(cues, wanted)


def test_of_four_cues_in_pairs_a_third_of_the_doubt_is_left_by_each_trial():
    ceiling = CueReward(n_trials=6).ceiling()
    assert ceiling == pytest.approx([0.5, *(1 - 3.0**-k for k in range(1, 6))])
    assert CueReward().floor() == 0.5
    assert CueReward(5, 1).floor() == 0.8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_cues": 2}, "n_cues must be above n_shown=2"),
        ({"n_bits": 2}, "twice as many codes as cues, got 2: use 3 or more"),
        ({"n_trials": 0}, "n_trials"),
        ({"blanks": -1}, "blanks"),
    ],
)
def test_a_task_that_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        CueReward(**options)


def test_steps_and_episodes_that_are_not_the_tasks_are_refused():
    task = CueReward(n_trials=2)
    e = task.sample(3, generator())
    last, yes = task.start(e), torch.ones(3, dtype=torch.long)
    with pytest.raises(ValueError, match="below the episode's 10 steps"):
        task.observed(e, 10, last)
    with pytest.raises(ValueError, match="from 0 to 1"):
        task.answered(e, 0, yes + 1, last)
    with pytest.raises(ValueError, match="go"):
        CueReward(n_trials=1, blanks=5).start(e)
    with pytest.raises(TypeError, match=r"task\.start"):
        task.observed(e, 0, None)
