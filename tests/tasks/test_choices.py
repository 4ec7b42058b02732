"""The choice task: what is right leads nearer, and without the goal no one does better than the
floor.
"""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.tasks import OneStep, choice_trials, choices, floor_choice

seeds = st.integers(0, 10_000)
STEP = {0: (-1, 0), 1: (1, 0), 2: (0, 1), 3: (0, -1)}
CORNER = {0: (-1, 1), 1: (1, 1), 2: (-1, -1), 3: (1, -1)}


def generator(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("balanced", [True, False])
def test_of_two_moves_one_leads_nearer_to_the_goal_and_that_is_right(balanced):
    trials = choice_trials(balanced)
    assert len({tuple(trial) for trial in trials.tolist()}) == len(trials) == (16, 8)[not balanced]
    for goal, first, second, right in trials.tolist():
        assert first < second
        far = {
            move: sum((a - b) ** 2 for a, b in zip(STEP[move], CORNER[goal], strict=True))
            for move in (first, second)
        }
        assert min(far, key=far.get) == right
        assert len(set(far.values())) == 2


def test_moves_and_goals_have_the_names_of_where_they_lead():
    for move, word in enumerate(choices.MOVES):
        axis, way = divmod(("left", "right", "down", "up").index(word), 2)
        assert STEP[move][axis] == (-1, 1)[way]
    for goal, words in enumerate(choices.GOALS):
        height, side = words.split()
        assert CORNER[goal] == ((-1, 1)[side == "right"], (-1, 1)[height == "upper"])


def test_all_trials_of_which_one_move_is_right_are_there():
    pairs = [*itertools.combinations(range(4), 2)]
    assert len(choice_trials()) == sum(
        sum(sum(a * b for a, b in zip(STEP[m], CORNER[g], strict=True)) > 0 for m in pair) == 1
        for g in range(4)
        for pair in pairs
    )


@pytest.mark.witness("eq-choice-floor", choices.floor_choice)
@given(st.data())
def test_the_floor_is_what_the_best_of_all_answers_to_offers_alone_gets(data):
    known = choice_trials()
    rows = data.draw(st.lists(st.integers(0, 15), min_size=1, max_size=12))
    trials = known[rows]
    offers = sorted({tuple(trial[1:3]) for trial in trials.tolist()})
    best = 0.0
    for answers in itertools.product((0, 1), repeat=len(offers)):
        said = {offer: offer[k] for offer, k in zip(offers, answers, strict=True)}
        right = sum(said[a, b] == r for _, a, b, r in trials.tolist())
        best = max(best, right / len(trials))
    assert floor_choice(trials) == pytest.approx(best)


def test_a_balanced_task_has_a_floor_of_a_half_and_the_smaller_one_a_higher():
    assert floor_choice(choice_trials()) == 0.5
    assert floor_choice(choice_trials(balanced=False)) == 0.625
    goals = choice_trials(balanced=False)[:, 0]
    assert goals.bincount().tolist() == [2, 2, 2, 2]


@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, 4), st.integers(1, 6), seeds)
def test_an_episode_shows_the_goal_nothing_and_the_moves(goal, delay, choice, batch, seed):
    task = OneStep(0.0, goal, delay, choice)
    episodes = task.sample(batch, generator(seed))
    assert episodes.inputs.shape == (task.n_steps, batch, task.n_inputs)
    trials = choice_trials()[episodes.trial]
    for k, (corner, first, second, right) in enumerate(trials.tolist()):
        shown = torch.zeros(task.n_steps, 8)
        shown[:goal, corner] = 1
        shown[goal + delay :, 4 + first] = shown[goal + delay :, 4 + second] = 1
        assert torch.equal(episodes.inputs[:, k], shown)
        assert episodes.answer[k] == right


@given(seeds, st.floats(0.1, 2))
def test_noise_is_added_to_what_is_shown(seed, noise):
    task = OneStep(noise)
    clear = task.sample(64, generator(seed), noise=0.0)
    noisy = task.sample(64, generator(seed))
    assert torch.equal(clear.answer, noisy.answer)
    added = noisy.inputs - clear.inputs
    assert added.std().item() == pytest.approx(noise, rel=0.1)
    assert abs(added.mean().item()) < 0.1 * noise
    louder = task.sample(64, generator(seed), noise=2 * noise)
    torch.testing.assert_close(louder.inputs - clear.inputs, 2 * added)


def test_what_is_no_task_is_refused():
    with pytest.raises(ValueError, match="noise must be"):
        OneStep(-1.0)
    with pytest.raises(ValueError, match="goal must be at least 1"):
        OneStep(goal=0)
    with pytest.raises(TypeError, match="balanced must be True or False"):
        choice_trials(1)
    with pytest.raises(ValueError, match=r"trials must have shape \(trials, four=4\)"):
        floor_choice(torch.zeros(3, 3).long())
    with pytest.raises(ValueError, match="integers from 0 to 3"):
        floor_choice(torch.full((3, 4), 4))
