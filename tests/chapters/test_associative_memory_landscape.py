"""Associative memory: pulls, walks and steeper wells, and patterns that arrive in turn."""

import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import memories, rules
from hebbnotes.chapters.associative_memory import arrivals, frames, wells

sizes, seeds = st.integers(2, 12), st.integers(0, 10_000)


def drawn(n_patterns, n, seed):
    g = torch.Generator().manual_seed(seed)
    return memories.random_patterns(n_patterns, n, g).double(), g


@pytest.mark.witness("eq-pull", memories.hopfield)
@given(sizes, sizes, seeds)
def test_a_unit_hears_each_pattern_as_hard_as_it_resembles_the_state_less_its_own_share(
    n_patterns, n, seed
):
    patterns, _ = drawn(n_patterns, n, seed)
    state, _ = drawn(3, n, seed + 1)
    state[:, 0] = 0  # a unit of which nothing is known
    overlaps = wells.pulls(patterns, state)
    for b in range(3):
        for mu in range(n_patterns):
            product = sum(state[b, i] * patterns[mu, i] for i in range(n))
            torch.testing.assert_close(overlaps[b, mu], product / n)
    wanted = overlaps @ patterns - n_patterns / n * state
    torch.testing.assert_close(state @ memories.hopfield(patterns), wanted)


@pytest.mark.witness("eq-steep", wells.steep_energy)
@given(sizes, sizes, st.integers(2, 7), st.booleans(), seeds)
def test_a_steep_energy_sums_powers_and_is_never_raised_if_they_are_even_or_rectified(
    n_patterns, n, power, rectified, seed
):
    patterns, g = drawn(n_patterns, n, seed)
    state, _ = drawn(2, n, seed + 1)
    overlaps = [[float(p @ y) / n for p in patterns] for y in state]
    wanted = [-sum((max(m, 0) if rectified else m) ** power for m in row) for row in overlaps]
    energy = wells.steep_energy(patterns, state, power, rectified)
    torch.testing.assert_close(energy, torch.tensor(wanted, dtype=torch.float64))
    if power % 2 and not rectified:
        return
    course = wells.steep_course(patterns, state[0], power, 3, g, rectified)
    assert course[0] == energy[0]
    assert (course.diff() < 1e-12).all(), "one unit at a time"
    after = wells.steep_energy(
        patterns, wells.steep_step(patterns, state, power, rectified), power, rectified
    )
    assert (after <= energy + 1e-12).all(), "all at once"


def test_an_odd_power_can_raise_its_energy_and_its_step_is_that_of_the_dense_memory():
    rose = 0
    for seed in range(80):
        patterns, g = drawn(30, 20, seed)
        state, _ = drawn(1, 20, seed + 100)
        rose += bool((wells.steep_course(patterns, state[0], 3, 4, g).diff() > 1e-9).any())
    assert rose >= 3
    patterns, _ = drawn(9, 31, 0)
    state, _ = drawn(5, 31, 1)
    for power in (2, 3, 4):
        clear = (wells.pulls(patterns, state) ** (power - 1) @ patterns).abs() > 1e-9
        assert clear.double().mean() > 0.9
        step = wells.steep_step(patterns, state, power)
        assert torch.equal(step[clear], memories.dense_step(patterns, state, power)[clear])


@given(sizes, seeds)
def test_a_walk_turns_each_unit_that_differs_once(n, seed):
    (start, end), g = drawn(2, n, seed)
    path = wells.walk(start, end, g)
    assert torch.equal(path[0], start)
    assert torch.equal(path[-1], end)
    assert len(path) == 1 + int((start != end).sum())
    assert ((path[1:] != path[:-1]).sum(1) == 1).all()


def test_alike_states_are_of_one_kind_and_the_height_is_the_energy():
    patterns, g = drawn(3, 20, 0)
    states = patterns[[0, 1, 0, 2, 1]]
    kinds = wells.ends(states)
    assert kinds[0] == kinds[2] != kinds[1] == kinds[4] != kinds[3]
    w = memories.hopfield(patterns)
    torch.testing.assert_close(wells.height(w, states), memories.energy(w, states))
    cues = wells.halves(patterns, 400, g)
    assert cues.shape == (400, 3, 20)
    assert ((cues == 0) | (cues == patterns)).all()
    assert (cues != 0).double().mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("eta", [0.01, 0.3, 1.0])
def test_what_fades_is_what_the_decay_rule_leaves(eta):
    patterns, _ = drawn(12, 15, 3)
    w = torch.zeros(15, 15, dtype=torch.float64)
    for p in patterns:
        w = w + eta * rules.decay(w, p, p)
    torch.testing.assert_close(arrivals.faded(patterns, eta), w.fill_diagonal_(0))


def test_overlaps_are_by_age_the_newest_first():
    patterns, _ = drawn(60, 100, 0)
    overlap = arrivals.by_age(arrivals.faded(patterns, 0.3), patterns, 40)
    assert overlap.shape == (40,)
    assert overlap[:3].tolist() == [1.0] * 3
    assert overlap[20:].mean() < 0.5


def test_a_rule_that_writes_nothing_keeps_no_letter_and_one_that_fits_keeps_all():
    letters, _ = drawn(9, 200, 0)
    assert arrivals.last_letters(lambda w, pre, post: 0 * w, letters, 0, last=4) == 0

    def new(w, pre, post, *, drive):
        return rules.delta(w, pre, post, drive=drive) / 200

    assert arrivals.last_letters(new, letters, 0, last=4) == 4


def test_wrong_arguments_are_refused():
    patterns, g = drawn(3, 8, 0)
    with pytest.raises(ValueError, match="eta"):
        arrivals.faded(patterns, 1.5)
    with pytest.raises(ValueError, match="power"):
        wells.steep_energy(patterns, patterns, 1)
    with pytest.raises(ValueError, match="turns"):
        wells.steep_course(patterns, patterns[0], 2, 0, g)


def test_figures_show_what_they_get():
    rows = frames.pull_bars(["a", "b"], [torch.tensor([0.5, -0.1, -0.3]), torch.ones(4)])
    assert [len(ax.patches) for ax in rows] == [4, 5], "a bar each, and one for all but the first"
    assert [ax.patches[-1].get_height() for ax in rows] == pytest.approx([-0.4, 3])
    falling = frames.descents(torch.tensor([[0.0, -1], [0, -2]]), torch.tensor([True, False]))
    assert list(falling.lines[1].get_ydata()) == [0, -2]
    loads, values = [0.1, 0.2], torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    edges = frames.edges({name: (loads, values) for name in "abcd"}, 0.138)
    assert list(edges.lines[2].get_ydata()) == [100, 0]
    theory = torch.linspace(0.1, 0.2, 60)
    some = frames.stubborn(theory, [1, 2], {"random": (theory.tolist(), [0.1, 0.3], "k")})
    assert list(some.lines[1].get_ydata()) == pytest.approx([10, 30])
    ground = frames.ground({name: torch.tensor([0.0, 1, 2]) for name in "abc"})
    assert [text.get_text() for text in ground.texts] == ["a", "b", "c"]
    held = [{name: {"16": 2.0, "20": 3, "24": 4} for name in memories.MEMORIES}] * 2
    ladder = frames.ladder(held, [16, 20], [5, 9])
    assert list(ladder.lines[-1].get_ydata()) == [5, 9]
    ages = frames.ages({"Hebb": torch.full((2, 130), 0.3), 0.01: torch.zeros(2, 120)})
    assert list(ages.lines[0].get_ydata()) == pytest.approx([0.3] * 12)
    plt.close("all")
