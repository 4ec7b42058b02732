"""Pattern completion: what is shown, what is asked, how it is judged, and the floors that ignore the cue."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import tasks
from hebbnotes.tasks import PatternCompletion


def sample(seed=0, batch=3, **kwargs):
    task = PatternCompletion(
        **{"n_bits": 20, "n_patterns": 3, "cycles": 2, "steps_on": 2, "steps_off": 1, "steps_test": 4} | kwargs
    )
    return task, task.sample(batch, torch.Generator().manual_seed(seed))


def columns(n_patterns):
    return itertools.product([-1, 1], repeat=n_patterns)


@pytest.mark.witness("eq-floor-last", tasks.floor_last)
@pytest.mark.parametrize("p", range(1, 9))
def test_to_repeat_the_last_pattern_errs_on_the_floor_exactly(p):
    wrong = [bits[target] != bits[-1] for bits in columns(p) for target in range(p)]
    assert np.mean(wrong) == pytest.approx(tasks.floor_last(p), abs=1e-12)


@pytest.mark.parametrize("p", range(1, 9))
def test_the_majority_errs_on_its_floor_exactly(p):
    wrong = [0.5 if sum(bits) == 0 else bits[target] * sum(bits) < 0 for bits in columns(p) for target in range(p)]
    assert np.mean(wrong) == pytest.approx(tasks.floor_majority(p), abs=1e-12)


def test_the_default_is_the_published_schedule():
    task = PatternCompletion()
    assert (task.n_units, task.n_steps - task.steps_test) == (1001, 195)


@given(st.integers(0, 1000), st.booleans(), st.booleans())
def test_an_episode_shows_every_pattern_once_a_cycle_and_nothing_between(seed, balanced, bias):
    task, e = sample(seed, balanced=balanced, bias_unit=bias)
    assert e.inputs.shape == e.clamp.shape == (task.n_steps, 3, 20 + bias)
    assert e.order.view(3, 2, 3).sort(-1).values.eq(torch.arange(3)).all()
    if balanced:
        assert e.patterns.sum(-1).eq(0).all()
    for slot in range(6):
        shown = e.patterns[torch.arange(3), e.order[:, slot]]
        for step in (3 * slot, 3 * slot + 1):
            assert torch.equal(e.inputs[step, :, :20], shown)
            assert e.clamp[step, :, :20].all()
        assert not e.inputs[3 * slot + 2, :, :20].any()
        assert not e.clamp[3 * slot + 2, :, :20].any()
    assert e.erased.sum(-1).eq(10).all()
    assert torch.equal(e.inputs[-4:, :, :20], (e.answer * ~e.erased).expand(4, -1, -1))
    assert torch.equal(e.clamp[-1, :, :20], ~e.erased)
    if bias:
        assert e.inputs[..., -1].eq(1).all()
        assert e.clamp[..., -1].all()


def test_with_a_gain_the_pattern_is_added_and_only_the_bias_is_clamped():
    _, e = sample(input_gain=20.0)
    assert e.inputs[0, :, :20].abs().eq(20).all()
    assert e.clamp[..., -1].all()
    assert not e.clamp[..., :-1].any()
    assert e.inputs[..., -1].eq(1).all()


def test_the_generator_decides_all():
    _, a = sample(5)
    _, b = sample(5)
    _, c = sample(6)
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not torch.equal(a.patterns, c.patterns)


def test_patterns_target_and_order_can_be_given():
    task, _ = sample(cycles=1)
    five, order, g = task.random_patterns(2, torch.Generator().manual_seed(1)), torch.tensor([[2, 1, 0]] * 2), torch.Generator()
    e = task.episodes(five, g, target=torch.tensor([2, 0]), order=order)
    assert torch.equal(e.order, order)
    assert torch.equal(e.answer, five[[0, 1], [2, 0]])
    assert task.episodes(five, g, target=1).target.tolist() == [1, 1]


def test_a_perfect_answer_has_no_error_and_zero_is_wrong():
    _, e = sample()
    full = torch.cat([e.answer, torch.ones(3, 1)], 1)
    assert all(v.eq(0).all() for v in tasks.errors(full, e))
    assert all(v.eq(1).all() for v in tasks.errors(-full, e))
    assert all(v.eq(1).all() for v in tasks.errors(0 * full, e))
    copied = e.answer * ~e.erased
    assert tasks.errors(copied, e).all_bits.eq(0.5).all()


BAD = {
    "no bits": (lambda: PatternCompletion(n_bits=0), ValueError, "n_bits"),
    "half a cycle": (lambda: PatternCompletion(cycles=0.5), TypeError, "cycles"),
    "negative gap": (lambda: PatternCompletion(steps_off=-1), ValueError, "steps_off"),
    "nothing erased": (lambda: PatternCompletion(fraction_erased=0), ValueError, "erase at least one"),
    "too much erased": (lambda: PatternCompletion(fraction_erased=1.5), ValueError, "fraction_erased"),
    "no episode": (lambda: sample(batch=0), ValueError, "batch"),
    "bits of 0": (lambda: sample()[0].episodes(torch.zeros(1, 3, 20), torch.Generator()), ValueError, r"\+1 and -1"),
    "another shape": (lambda: sample()[0].episodes(torch.ones(1, 2, 20), torch.Generator()), ValueError, "P=3"),
    "no such target": (
        lambda: sample()[0].episodes(torch.ones(1, 3, 20), torch.Generator(), target=3),
        ValueError,
        "target must name",
    ),
    "a short order": (
        lambda: sample()[0].episodes(torch.ones(1, 3, 20), torch.Generator(), order=torch.zeros(1, 2).long()),
        ValueError,
        "order must be",
    ),
    "too few units": (lambda: tasks.errors(torch.zeros(3, 19), sample()[1]), ValueError, "at least 20 units"),
    "no pattern": (lambda: tasks.floor_last(0), ValueError, "n_patterns"),
    "no text": (lambda: tasks.text_pattern(" ", (25, 40)), ValueError, "one to four"),
    "long text": (lambda: tasks.text_pattern("hello", (25, 40)), ValueError, "one to four"),
    "a text that is none": (lambda: tasks.text_pattern(5, (25, 40)), ValueError, "one to four"),
    "an unknown letter": (lambda: tasks.text_pattern("漢", (25, 40)), ValueError, "lacks"),
    "a tiny grid": (lambda: tasks.text_pattern("A", (3, 40)), ValueError, "shape"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_a_clear_error(name):
    call, error, message = BAD[name]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("text", ["HN", "å", "WWWW", "I"])
def test_text_becomes_a_pattern_with_ink_and_paper(text):
    grid = tasks.text_pattern(text, (25, 40))
    assert grid.shape == (25, 40)
    assert set(np.unique(grid)) == {-1, 1}
    assert 0.03 < (grid == 1).mean() < 0.7
