"""The maze: its walls, what a step does, and what programs for gymnasium see."""

import importlib
import sys
import warnings

import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.tasks import environments, maze


def chances(batch, g):
    return torch.rand(batch, generator=g, dtype=torch.float64)


sizes, seeds = st.sampled_from([3, 5, 7, 9, 11]), st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("size", "free", "pillars"), [(3, 9, 0), (5, 21, 4), (7, 41, 8), (9, 65, 16), (11, 97, 24)]
)
def test_the_maze_has_its_squares_and_pillars(size, free, pillars):
    made = maze.make(size)
    assert made.walls.shape == (size + 2, size + 2)
    assert len(made.free) == free
    assert made.walls[1:-1, 1:-1].sum() == pillars
    assert made.walls[0].all()
    assert made.walls[:, -1].all()
    assert torch.equal(made.walls, made.walls.rot90())
    assert not made.walls[made.centre, made.centre]
    assert (maze.distances(made, (1, 1)) >= 0).sum() == free, "every free square can be reached"


def test_a_maze_needs_a_centre():
    for size in (4, 1, 0):
        with pytest.raises(ValueError, match="size must be"):
            maze.make(size)


@given(sizes, st.integers(1, 30), seeds)
def test_a_step_moves_by_one_unless_there_is_a_wall_or_the_goal(size, batch, seed):
    made, g = maze.make(size), torch.Generator().manual_seed(seed)
    agents = maze.start(made, batch, g)
    assert (agents.position == made.centre).all()
    for _ in range(20):
        assert not made.walls[agents.goal[:, 0], agents.goal[:, 1]].any()
        action = torch.randint(4, (batch,), generator=g)
        after = maze.step(made, agents, action, chances(batch, g))
        assert torch.equal(after.goal, agents.goal), "the goal stays"
        assert torch.equal(after.action, action)
        assert not made.walls[after.position[:, 0], after.position[:, 1]].any()
        for b in range(batch):
            wanted = agents.position[b] + maze.MOVES[action[b]]
            wall = bool(made.walls[tuple(wanted)])
            assert after.bumped[b] == wall
            assert after.found[b] == (not wall and torch.equal(wanted, agents.goal[b]))
            if after.found[b]:
                assert not torch.equal(after.position[b], agents.goal[b]), (
                    "anywhere but on the goal"
                )
            else:
                assert torch.equal(after.position[b], agents.position[b] if wall else wanted)
            assert after.reward[b] == pytest.approx(10.0 * bool(after.found[b]) - 0.1 * wall)
        agents = after


def test_goals_and_places_after_a_reward_are_drawn_from_all_others_alike():
    made, g = maze.make(5), torch.Generator().manual_seed(0)
    goals = maze.start(made, 20_000, g).goal
    counts = torch.zeros(7, 7).index_put_(
        (goals[:, 0], goals[:, 1]), torch.ones(20_000), accumulate=True
    )
    assert counts[made.centre, made.centre] == 0
    assert (counts > 0).sum() == 20
    assert counts[counts > 0].min() > 850
    beside = torch.tensor([[3, 2]]).expand(20_000, 2)
    agents = maze.start(made, 20_000, g)._replace(
        goals=torch.tensor([[[3, 3]]]).expand(20_000, 1, 2), position=beside
    )
    after = maze.step(made, agents, torch.full((20_000,), 3), chances(20_000, g))
    assert after.found.all()
    counts = torch.zeros(7, 7).index_put_(
        (after.position[:, 0], after.position[:, 1]), torch.ones(20_000), accumulate=True
    )
    assert counts[3, 3] == 0
    assert counts[counts > 0].min() > 850


def test_an_agent_is_told_its_walls_its_action_and_its_reward_and_never_the_goal():
    made, g = maze.make(5), torch.Generator().manual_seed(0)
    agents = maze.start(made, 3, g)._replace(position=torch.tensor([[1, 1], [3, 3], [1, 2]]))
    seen = maze.observe(made, agents)
    assert seen.shape == (3, maze.N_SEEN)
    assert seen[:, 9:].eq(0).all(), "nothing was done or got yet"
    assert seen[0, :9].tolist() == [1, 1, 1, 1, 0, 0, 1, 0, 1]
    assert seen[1, :9].tolist() == [1, 0, 1, 0, 0, 0, 1, 0, 1]
    after = agents._replace(action=torch.tensor([0, 2, 3]), reward=torch.tensor([10.0, 0, -0.1]))
    told = maze.observe(made, after)
    assert torch.equal(told[:, 9:13], torch.eye(4)[[0, 2, 3]])
    assert told[:, 13].tolist() == pytest.approx([10, 0, -0.1])
    moved = after._replace(goals=after.goals * 0 + 1)
    assert torch.equal(maze.observe(made, moved), told)


@given(sizes, seeds)
def test_a_distance_is_one_more_than_that_of_the_nearest_neighbour(size, seed):
    made, g = maze.make(size), torch.Generator().manual_seed(seed)
    goal = tuple(made.free[torch.randint(len(made.free), (1,), generator=g)][0].tolist())
    found = maze.distances(made, goal)
    assert found[made.walls].eq(-1).all()
    for row, column in made.free.tolist():
        near = [
            int(found[row + a, column + b])
            for a, b in maze.MOVES.tolist()
            if not made.walls[row + a, column + b]
        ]
        assert found[row, column] == (0 if (row, column) == goal else 1 + min(near))
    with pytest.raises(ValueError, match="free square"):
        maze.distances(made, (0, 0))


def test_a_wrong_action_is_refused():
    made, g = maze.make(5), torch.Generator()
    agents = maze.start(made, 2, g)
    for action in (
        torch.tensor([0, 4]),
        torch.tensor([0.0, 1.0]),
        torch.tensor([-1, 0]),
        torch.tensor([True, False]),
    ):
        with pytest.raises((TypeError, ValueError), match="action must hold integers"):
            maze.step(made, agents, action, chances(2, g))
    with pytest.raises(ValueError, match="action must have shape"):
        maze.step(made, agents, torch.tensor([0]), chances(2, g))
    with pytest.raises(TypeError, match="chance must be double"):
        maze.step(made, agents, torch.tensor([0, 1]), torch.rand(2, generator=g))


def test_the_checker_of_gymnasium_is_content():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(environments.MazeEnv(5, 20), skip_render_check=True)


def run(environment, n_steps, act, seed):
    trail = [environment.reset(seed=seed)[0]]
    for t in range(n_steps):
        seen, reward, ended, over, info = environment.step(act(t))
        trail += [seen, reward, ended, over, info["found"], info["bumped"]]
    return trail


def test_a_batch_ends_together_starts_anew_and_repeats_itself_from_its_seed():
    rng = np.random.default_rng(0)
    actions = rng.integers(4, size=(45, 6))
    one, two = (
        run(environments.MazeVectorEnv(6, 5, 20), 45, lambda t: actions[t], 3) for _ in range(2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    other = run(environments.MazeVectorEnv(6, 5, 20), 45, lambda t: actions[t], 4)
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    over = [one[4 + 6 * t].all() for t in range(45)]
    assert [t for t, ends in enumerate(over) if ends] == [19, 40], (
        "20 steps, one that starts anew, 20 steps"
    )
    assert one[1 + 6 * 20][:, 9:].sum() == 0, "a new episode: nothing done, nothing got"
    space = environments.MazeVectorEnv(6, 5, 20).observation_space
    assert all(space.contains(one[1 + 6 * t]) for t in range(45))


def test_an_environment_may_have_several_goals_and_refuses_too_many():
    env = environments.MazeVectorEnv(4, 5, 20, n_goals=3)
    env.reset(seed=0)
    assert env.agents.goals.shape == (4, 3, 2)
    with pytest.raises(ValueError, match="n_goals must be below"):
        environments.MazeEnv(3, n_goals=9)


def test_one_agent_is_a_batch_of_one():
    env = environments.MazeEnv(5, 15)
    with pytest.raises(ValueError, match="call reset"):
        env.step(0)
    seen, info = env.reset(seed=1)
    assert info == {"found": False, "bumped": False}
    for t in range(15):
        seen, reward, ended, over, info = env.step(t % 4)
        assert seen.shape == (maze.N_SEEN,)
        assert reward == pytest.approx(10 * info["found"] - 0.1 * info["bumped"])
        assert (ended, over) == (False, t == 14)
    with pytest.raises(ValueError, match="over: call reset"):
        env.step(0)


@pytest.mark.parametrize(
    ("size", "n_steps", "walk", "sweep", "know"),
    [(5, 60, 0.87, 4.5, 14.2), (7, 120, 0.93, 4.8, 21.1), (9, 200, 0.78, 4.9, 26.9)],
)
def test_what_does_not_learn_finds_about_as_often_as_an_independent_program_found(
    size, n_steps, walk, sweep, know
):
    made, g = maze.make(size), torch.Generator().manual_seed(0)
    for way, wanted, share in (
        ("walk", walk, 0.05),
        ("sweep", sweep, 0.12),
        ("know", know, 0.03),
    ):  # sweeps differ in their ties
        finds = maze.find(made, way, 1000, n_steps, g).sum(0).float()
        assert abs(finds.mean() - wanted) < share * wanted + 3 * finds.std() / 1000**0.5, (
            f"{way}: {finds.mean():.2f}"
        )


def test_who_knows_takes_the_shortest_way_back_and_who_sweeps_sees_every_square():
    made, g = maze.make(9), torch.Generator().manual_seed(0)
    found = maze.find(made, "know", 500, 200, g)
    between = torch.cat([found[:, b].nonzero()[:, 0].diff() for b in range(500)]).float()
    all_pairs = torch.stack(
        [maze.distances(made, tuple(goal))[~made.walls] for goal in made.free.tolist()]
    ).float()
    assert between.max() <= all_pairs.max()
    assert between.mean().item() == pytest.approx(all_pairs.sum().item() / (65 * 64), rel=0.03)
    swept = maze.find(made, "sweep", 500, 200, g)
    assert swept.any(0).all(), "in 200 steps a sweep has been everywhere"
    with pytest.raises(ValueError, match="way must be one of"):
        maze.find(made, "guess", 1, 1, g)


@given(sizes, st.integers(2, 5), seeds)
def test_several_goals_are_rewarded_by_turns(size, n_goals, seed):
    made, g = maze.make(size), torch.Generator().manual_seed(seed)
    agents = maze.start(made, 6, g, n_goals)
    for goals in agents.goals.tolist():
        assert len({tuple(goal) for goal in goals}) == n_goals, "in different places"
        assert [made.centre, made.centre] not in goals
    for turn in range(2 * n_goals):
        assert (agents.turn == turn % n_goals).all()
        row, column = agents.goal.unbind(1)  # put each beside its goal, and let it step there
        free = (
            torch.stack([~made.walls[row + a, column + b] for a, b in maze.MOVES.tolist()], 1)
            .int()
            .argmax(1)
        )
        agents = agents._replace(position=agents.goal + maze.MOVES[free])
        agents = maze.step(made, agents, torch.tensor([1, 0, 3, 2])[free], chances(6, g))
        assert agents.found.all()
        assert not (agents.position == agents.goal).all(1).any(), "never on the next goal"
    with pytest.raises(ValueError, match="n_goals must be below"):
        maze.start(made, 6, g, len(made.free))


def test_who_knows_several_goals_takes_the_shortest_way_to_each():
    made, g = maze.make(9), torch.Generator().manual_seed(0)
    one, two = (
        maze.find(made, "know", 500, 400, g, n_goals).sum(0).double().mean() for n_goals in (1, 2)
    )
    assert 0.7 * one < two < one, "a second search costs some finds, and no more"


@given(st.integers(2, 30), st.integers(1, 20), st.integers(1, 6), seeds)
def test_steps_to_finds_count_all_steps_and_all_finds(n_steps, batch, most, seed):
    found = torch.rand(n_steps, batch, generator=torch.Generator().manual_seed(seed)) < 0.2
    spent = [[0] * most, [0] * most]
    for life in found.T.tolist():
        finds = 0
        for hit in life:
            spent[0][min(finds, most - 1)] += 1
            spent[1][min(finds, most - 1)] += hit
            finds += hit
    wanted = [a / b if b else float("inf") for a, b in zip(*spent, strict=True)]
    assert maze.steps_to_finds(found, most) == pytest.approx(wanted)


def test_an_environment_takes_whole_actions_only_and_observes_what_its_space_holds():
    env = environments.MazeVectorEnv(4, 3, 50, reward=-1.0)
    env.reset(seed=0)
    with pytest.raises(TypeError, match="action must hold integers"):
        env.step(np.array([1.7, 0.2, 0.0, 0.0]))
    for t in range(50):
        seen = env.step(np.full(4, t % 4, np.int32))[0]
        assert env.observation_space.contains(seen)


def test_without_gymnasium_the_environments_say_what_is_missing(monkeypatch):
    monkeypatch.delitem(sys.modules, "hebbnotes.tasks.environments")
    monkeypatch.setitem(sys.modules, "gymnasium", None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match=r'pip install "hebbnotes\[gym\]"'):
        importlib.import_module("hebbnotes.tasks.environments")
