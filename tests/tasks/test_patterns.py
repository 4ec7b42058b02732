"""Pattern completion: what is shown and asked, how it is judged, and floors without the cue."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import tasks
from hebbnotes.tasks import PatternCompletion


def sample(seed=0, batch=3, **kwargs):
    task = PatternCompletion(
        **{
            "n_bits": 20,
            "n_patterns": 3,
            "cycles": 2,
            "steps_on": 2,
            "steps_off": 1,
            "steps_test": 4,
        }
        | kwargs
    )
    return task, task.sample(batch, torch.Generator().manual_seed(seed))


def columns(n_patterns):
    return itertools.product([-1, 1], repeat=n_patterns)


@pytest.mark.witness("eq-floor-last", tasks.floor_last)
@pytest.mark.parametrize("p", range(1, 9))
def test_to_repeat_the_last_pattern_errs_on_the_floor_exactly(p):
    wrong = [bits[target] != bits[-1] for bits in columns(p) for target in range(p)]
    assert np.mean(wrong) == pytest.approx(tasks.floor_last(p), abs=1e-12)


@pytest.mark.witness("eq-floor-majority", tasks.floor_majority)
@pytest.mark.parametrize("p", range(1, 9))
def test_the_majority_errs_on_its_floor_exactly(p):
    wrong = [
        0.5 if sum(bits) == 0 else bits[target] * sum(bits) < 0
        for bits in columns(p)
        for target in range(p)
    ]
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
    five, order, g = (
        task.random_patterns(2, torch.Generator().manual_seed(1)),
        torch.tensor([[2, 1, 0]] * 2),
        torch.Generator(),
    )
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


def given_patterns(patterns=None, **kwargs):
    task, _ = sample()
    return task.episodes(
        torch.ones(1, 3, 20) if patterns is None else patterns, torch.Generator(), **kwargs
    )


BAD = {
    "no bits": (lambda: PatternCompletion(n_bits=0), ValueError, "n_bits"),
    "half a cycle": (lambda: PatternCompletion(cycles=0.5), TypeError, "cycles"),
    "negative gap": (lambda: PatternCompletion(steps_off=-1), ValueError, "steps_off"),
    "nothing erased": (
        lambda: PatternCompletion(fraction_erased=0),
        ValueError,
        "erase at least one",
    ),
    "too much erased": (
        lambda: PatternCompletion(fraction_erased=1.5),
        ValueError,
        "fraction_erased",
    ),
    "no episode": (lambda: sample(batch=0), ValueError, "batch"),
    "bits of 0": (
        lambda: sample()[0].episodes(torch.zeros(1, 3, 20), torch.Generator()),
        ValueError,
        r"\+1 and -1",
    ),
    "another shape": (
        lambda: sample()[0].episodes(torch.ones(1, 2, 20), torch.Generator()),
        ValueError,
        "P=3",
    ),
    "no such target": (
        lambda: sample()[0].episodes(torch.ones(1, 3, 20), torch.Generator(), target=3),
        ValueError,
        "target must name",
    ),
    "a short order": (
        lambda: sample()[0].episodes(
            torch.ones(1, 3, 20), torch.Generator(), order=torch.zeros(1, 2).long()
        ),
        ValueError,
        "order must be",
    ),
    "too few units": (
        lambda: tasks.errors(torch.zeros(3, 19), sample()[1]),
        ValueError,
        "at least 20 units",
    ),
    "a step without its episodes": (
        lambda: tasks.errors(torch.zeros(20), sample()[1]),
        ValueError,
        "pass one step",
    ),
    "another number of answers": (
        lambda: tasks.errors(torch.zeros(2, 20), sample()[1]),
        ValueError,
        "B=3",
    ),
    "no test": (lambda: PatternCompletion(steps_test=0), ValueError, "steps_test"),
    "true patterns": (lambda: PatternCompletion(n_patterns=True), TypeError, "n_patterns"),
    "a gain that is no number": (
        lambda: PatternCompletion(input_gain=float("nan")),
        ValueError,
        "input_gain",
    ),
    "a gain of text": (lambda: PatternCompletion(input_gain="20"), TypeError, "input_gain"),
    "patterns of integers": (
        lambda: given_patterns(torch.ones(1, 3, 20).long()),
        TypeError,
        "floating-point",
    ),
    "patterns of numpy": (lambda: given_patterns(np.ones((1, 3, 20))), TypeError, "torch tensor"),
    "a target below 0": (lambda: given_patterns(target=-1), ValueError, "target must name"),
    "half a target": (
        lambda: given_patterns(target=torch.tensor([0.5])),
        ValueError,
        "target must be integers",
    ),
    "a target too many": (
        lambda: given_patterns(target=torch.tensor([0, 1])),
        ValueError,
        "target must be integers",
    ),
    "an order of another pattern": (
        lambda: given_patterns(order=torch.full((1, 6), 3)),
        ValueError,
        "order must name",
    ),
    "an order in a list": (
        lambda: given_patterns(order=[[0, 1, 2] * 2]),
        ValueError,
        "order must be integers",
    ),
    "half a pattern": (lambda: tasks.floor_majority(2.5), TypeError, "n_patterns"),
    "half a row": (lambda: tasks.text_pattern("A", (25.5, 40)), TypeError, "shape"),
    "a text of no width": (
        lambda: tasks.text_pattern("\u200b", (25, 40)),
        ValueError,
        "nothing to draw",
    ),
    "no pattern": (lambda: tasks.floor_last(0), ValueError, "n_patterns"),
    "no text": (lambda: tasks.text_pattern(" ", (25, 40)), ValueError, "one to four"),
    "long text": (lambda: tasks.text_pattern("hello", (25, 40)), ValueError, "one to four"),
    "a text that is none": (lambda: tasks.text_pattern(5, (25, 40)), ValueError, "one to four"),
    "an unknown letter": (lambda: tasks.text_pattern("漢", (25, 40)), ValueError, "lacks"),
    "a tiny grid": (lambda: tasks.text_pattern("A", (3, 40)), ValueError, "shape"),
}


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


counts = st.integers(1, 4)


@given(
    st.integers(4, 30),
    counts,
    counts,
    counts,
    st.integers(0, 3),
    counts,
    st.floats(0.2, 1),
    st.booleans(),
)
def test_an_episode_has_the_stated_length_and_erases_the_stated_number(
    n, p, cycles, on, off, test, fraction, bias
):
    task = PatternCompletion(n, p, cycles, on, off, test, fraction, bias_unit=bias)
    e = task.sample(2, torch.Generator().manual_seed(n))
    assert task.n_steps == cycles * p * (on + off) + test
    assert (
        e.inputs.shape
        == e.clamp.shape
        == (task.n_steps, 2, task.n_units)
        == (task.n_steps, 2, n + bias)
    )
    assert (e.patterns.shape, e.order.shape, e.target.shape, e.erased.shape) == (
        (2, p, n),
        (2, cycles * p),
        (2,),
        (2, n),
    )
    assert e.erased.sum(-1).tolist() == [round(fraction * n)] * 2
    assert ((e.target >= 0) & (e.target < p)).all()
    assert torch.equal(e.inputs[-test:, :, :n] == 0, e.erased.expand(test, -1, -1))
    assert torch.equal(e.clamp[-test:, :, :n], ~e.erased.expand(test, -1, -1))


@given(st.integers(1, 31), st.integers(0, 1000))
def test_a_balanced_pattern_of_odd_length_has_one_more_of_minus_1(n_bits, seed):
    patterns = PatternCompletion(n_bits, fraction_erased=1).random_patterns(
        3, torch.Generator().manual_seed(seed)
    )
    assert patterns.abs().eq(1).all()
    assert patterns.sum(-1).eq(-(n_bits % 2)).all()


def test_patterns_of_independent_bits_are_not_balanced_and_have_the_type_asked_for():
    task = PatternCompletion(20, balanced=False)
    patterns = task.random_patterns(50, torch.Generator().manual_seed(0), torch.float64)
    assert patterns.dtype == torch.float64
    assert patterns.abs().eq(1).all()
    assert patterns.sum(-1).unique().numel() > 5
    assert task.sample(2, torch.Generator(), torch.float64).inputs.dtype == torch.float64


def test_what_is_asked_for_does_not_change_what_is_erased():
    task, e = sample(3)
    asked = task.episodes(e.patterns, torch.Generator().manual_seed(4), target=0)
    other = task.episodes(
        e.patterns, torch.Generator().manual_seed(4), target=2, order=asked.order.flip(1)
    )
    assert torch.equal(asked.erased, other.erased)
    assert torch.equal(other.answer, e.patterns[:, 2])


@pytest.mark.parametrize("bias", [False, True])
def test_with_a_gain_the_inputs_are_the_clamped_ones_times_the_gain(bias):
    (_, clamped), (_, added) = sample(8, bias_unit=bias), sample(8, bias_unit=bias, input_gain=2.5)
    assert torch.equal(added.inputs[..., :20], 2.5 * clamped.inputs[..., :20])
    assert added.clamp.sum() == bias * added.clamp[..., -1].numel()


@given(st.integers(0, 1000))
def test_errors_are_the_shares_counted_by_hand_and_the_bias_is_ignored(seed):
    _, e = sample(seed)
    y = torch.randn(3, 21, generator=torch.Generator().manual_seed(seed))
    y[:, :3] = 0
    judged = tasks.errors(y, e)
    for b in range(3):
        wrong = [float(y[b, k]) * float(e.answer[b, k]) <= 0 for k in range(20)]
        erased = [w for w, lost in zip(wrong, e.erased[b].tolist(), strict=True) if lost]
        assert judged.erased[b].item() == pytest.approx(np.mean(erased))
        assert judged.all_bits[b].item() == pytest.approx(np.mean(wrong))
    y[:, 20] *= -1e6
    assert all(torch.equal(a, b) for a, b in zip(judged, tasks.errors(y, e), strict=True))


def test_an_answer_that_is_not_a_number_is_wrong():
    _, e = sample()
    assert all(v.eq(1).all() for v in tasks.errors(torch.full((3, 21), torch.nan), e))


@pytest.mark.parametrize("text", ["O", "D", "0"])
def test_the_inside_of_a_letter_is_paper(text):
    assert tasks.text_pattern(text, (25, 25))[12, 12] == -1


@pytest.mark.parametrize("text", ["HN", "I", "X"])
@pytest.mark.parametrize("shape", [(25, 40), (40, 25), (60, 60)])
def test_a_text_keeps_its_proportions_and_lies_in_the_middle(text, shape):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    rows, columns = (
        (tasks.text_pattern(text, shape) == 1).any(axis).nonzero()[0] for axis in (1, 0)
    )
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    box = TextPath(
        (0, 0), text, size=100, prop=FontProperties(family="DejaVu Sans", weight="bold")
    ).get_extents()
    scale = 1.1 * max(box.width / shape[1], box.height / shape[0])
    assert height == pytest.approx(box.height / scale, abs=2)
    assert width == pytest.approx(box.width / scale, abs=2)
    assert abs(rows[0] - (shape[0] - 1 - rows[-1])) <= 1
    assert abs(columns[0] - (shape[1] - 1 - columns[-1])) <= 1


def test_a_text_can_be_remembered():
    task = PatternCompletion(n_bits=1000, n_patterns=1)
    pattern = torch.as_tensor(tasks.text_pattern(" HN ", (25, 40))).float().flatten()
    assert np.array_equal(tasks.text_pattern("HN", (25, 40)), tasks.text_pattern(" HN ", (25, 40)))
    assert torch.equal(
        task.episodes(pattern.expand(2, 1, -1), torch.Generator()).answer, pattern.expand(2, -1)
    )


def test_the_loss_is_the_squared_error_of_the_erased_bits_summed_and_averaged_over_episodes():
    task = PatternCompletion(n_bits=10, n_patterns=2)

    def half(inputs, clamp):
        return torch.where(clamp, inputs, 0.5), None

    loss = tasks.recall_loss(half, task, 4, torch.Generator().manual_seed(0))
    value, metrics = loss(0)
    e = task.sample(4, torch.Generator().manual_seed(0))
    wanted = (
        sum(
            (0.5 - float(e.answer[b, k])) ** 2
            for b in range(4)
            for k in range(10)
            if e.erased[b, k]
        )
        / 4
    )
    assert value.item() == pytest.approx(wanted)
    wrong = tasks.errors(half(e.inputs, e.clamp)[0][-1], e)
    assert metrics == pytest.approx(
        {"erased": wrong.erased.mean().item(), "all_bits": wrong.all_bits.mean().item()}
    )
    assert loss(1)[0] != value, "new episodes each time"


# ------------------------------------------------------------------------- what would go unnoticed


@given(st.integers(1, 3000))
def test_the_floor_of_the_majority_is_its_formula_for_many_patterns(p):
    wanted = Fraction(1, 2) - Fraction(math.comb(p - 1, (p - 1) // 2), 2**p)
    assert tasks.floor_majority(p) == pytest.approx(float(wanted), abs=2e-16)


def test_the_floor_of_the_majority_goes_to_one_half_for_any_number():
    floors = [tasks.floor_majority(10**k) for k in (3, 6, 9, 12, 15, 300)]
    assert floors == sorted(floors)
    assert floors[-1] == 0.5


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, int, torch.tensor])
def test_a_target_may_be_any_whole_number(kind):
    task, g = PatternCompletion(n_bits=20, n_patterns=3), torch.Generator().manual_seed(0)
    patterns = task.random_patterns(2, g)
    target = torch.tensor([1, 1]) if kind is torch.tensor else kind(1)
    assert task.episodes(patterns, g, target=target).target.tolist() == [1, 1]


@pytest.mark.parametrize("target", [3, -1, 10**30, -(10**30), np.int64(3)])
def test_a_target_that_is_not_there_is_refused(target):
    task, g = PatternCompletion(n_bits=20, n_patterns=3), torch.Generator().manual_seed(0)
    with pytest.raises(ValueError, match="target must name one of the 3 patterns"):
        task.episodes(task.random_patterns(2, g), g, target=target)


@pytest.mark.parametrize("row", [0, 1])
def test_a_cue_that_lacks_nothing_is_refused(row):
    task, g = PatternCompletion(n_bits=20, n_patterns=3), torch.Generator().manual_seed(0)
    erased = torch.ones(2, 20, dtype=torch.bool)
    erased[row] = False
    with pytest.raises(ValueError, match="at least one bit in each episode"):
        task.episodes(task.random_patterns(2, g), g, erased=erased)
