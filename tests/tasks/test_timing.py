"""Tasks of time: what is shown when, what is asked, and that nothing else tells the answer."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import tasks
from hebbnotes.tasks import Intervals, StoreRecall, Templates, TwoClocks
from hebbnotes.tasks.timing import intervals

seeds = st.integers(0, 10_000)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def gaps(draw):
    low = draw(st.integers(1, 20))
    return low, low + draw(st.integers(1, 60))


@given(gaps(), gaps(), st.booleans(), st.integers(1, 6), seeds)
def test_two_pulses_a_channel_and_the_logarithm_of_their_gap(one, two, alone, batch, seed):
    task = Intervals(*one, noise=0.0) if alone else TwoClocks(one, two, noise=0.0)
    episodes, limits = task.sample(batch, generator(seed)), [one] if alone else [one, two]
    assert episodes.inputs.shape == (task.n_steps, batch, task.n_inputs)
    assert episodes.answer.shape == (batch, task.n_outputs)
    assert episodes.mask.shape == (task.n_steps, batch, task.n_outputs)
    for b in range(batch):
        for c, (low, high) in enumerate(limits):
            shown = episodes.inputs[:, b, c]
            first, second = shown.nonzero().flatten().tolist()
            assert shown.sum() == 2
            gap = second - first
            assert low <= gap <= high
            sd = math.log(high / low) / math.sqrt(12)
            wanted = (math.log(gap) - math.log(math.sqrt(low * high))) / sd
            assert float(episodes.answer[b, c]) == pytest.approx(wanted, abs=1e-4)
            read = episodes.mask[:, b, c].nonzero().flatten().tolist()
            assert read == [second + k for k in range(1, intervals.READ + 1)]


def test_any_ratio_is_as_likely_and_the_answer_has_variance_1():
    episodes = Intervals(3, 96).sample(20_000, generator())
    assert abs(float(episodes.answer.mean())) < 0.03
    assert float(episodes.answer.std()) == pytest.approx(1, abs=0.03)
    first = (episodes.inputs > 0.5).float().argmax(0).flatten()
    assert abs(float(torch.corrcoef(torch.stack([first, episodes.answer[:, 0]]))[0, 1])) < 0.03
    noise = episodes.inputs[~(episodes.inputs > 0.5)]
    assert float(noise.std()) == pytest.approx(0.05, rel=0.02)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(10, 60), seeds)
def test_no_channel_tells_a_class_by_how_much_it_sends(classes, channels, steps, seed):
    task = Templates(
        4.0, float(steps), n_classes=classes, n_channels=channels, n_steps=steps, seed=seed
    )
    courses = task.courses()
    assert courses.shape == (classes, steps, channels)
    assert bool((courses >= -1e-6).all())
    assert bool((courses <= 1).all())
    torch.testing.assert_close(
        courses.mean(1), torch.full((classes, channels), task.rate), rtol=0, atol=1e-5
    )
    assert torch.equal(courses, task.courses())


def test_spikes_follow_a_shifted_course_of_their_class():
    task = Templates(n_steps=40, longest=40.0, n_classes=3, rate=0.4, shift=4)
    episodes = task.sample(6_000, generator())
    assert episodes.inputs.unique().tolist() == [0.0, 1.0]
    assert bool(episodes.mask.all())
    for k, course in enumerate(task.courses()):
        mean = episodes.inputs[:, episodes.answer == k].mean(1)
        wanted = torch.stack([course.roll(s, 0) for s in range(-4, 5)]).mean(0)
        torch.testing.assert_close(mean, wanted, rtol=0, atol=0.06)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(1, 5), st.integers(1, 5), seeds)
def test_a_bit_is_shown_then_nothing_and_then_it_is_asked_for(low, more, shown, batch, seed):
    task = StoreRecall((low, low + more), shown, noise=0.0)
    episodes = task.sample(batch, generator(seed))
    steps = len(episodes.inputs)
    assert low <= steps - 2 * shown <= low + more
    for b, bit in enumerate(episodes.answer.tolist()):
        wanted = torch.zeros(steps, 3)
        wanted[:shown, bit] = 1
        wanted[-shown:, 2] = 1
        assert torch.equal(episodes.inputs[:, b], wanted)
        assert episodes.mask[:, b].nonzero().flatten().tolist() == [*range(steps - shown, steps)]


TASKS = (Intervals(), TwoClocks(), Templates(), StoreRecall((30, 30)))


@pytest.mark.parametrize("task", TASKS, ids=lambda t: type(t).__name__)
def test_the_same_generator_draws_the_same_episodes(task):
    one, two = (task.sample(3, generator(7)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one.inputs, task.sample(3, generator(8)).inputs[: len(one.inputs)])
    assert one.inputs.shape[2] == task.n_inputs
    assert isinstance(one, tasks.TimedEpisodes)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: Intervals(5, 5), "high must be above low=5"),
        (lambda: Intervals(0, 5), "low must be at least 1"),
        (lambda: TwoClocks((8, 4)), r"fast\[1\] must be above fast\[0\]=8"),
        (lambda: TwoClocks(slow=(8, 9, 10)), "slow must be 2 integers"),
        (lambda: Templates(shortest=1.0), "shortest must be"),
        (lambda: Templates(longest=101.0), "longest must be"),
        (lambda: StoreRecall((5, 4)), r"delays\[1\] must be at least 5"),
        (lambda: Intervals(noise=-1.0), "noise must be"),
        (lambda: Intervals().sample(0, generator()), "batch must be at least 1"),
        (lambda: Intervals(3, 10**9).sample(10**6, generator()), "use a smaller"),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(call, told):
    with pytest.raises(ValueError, match=told):
        call()
