"""The maze: what is done to trained agents within a life is what is said."""

from dataclasses import replace

import pytest
import torch
from sklearn.linear_model import LinearRegression

from hebbnotes.chapters.maze import drift, experiments, interventions
from hebbnotes.experiments import Trial
from hebbnotes.learning import agents
from hebbnotes.networks import State
from hebbnotes.tasks import maze

MADE = maze.make(9)


@pytest.fixture(scope="module")
def agent():
    return interventions.stored("plastic", 0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_goal_is_moved_to_a_free_square_and_not_to_where_it_or_the_agent_was():
    lived = maze.start(MADE, 500, generator())
    lived = lived._replace(position=MADE.free[torch.randint(65, (500,), generator=generator(1))])
    new = interventions.elsewhere(MADE, lived, generator(2))
    assert new.shape == (500, 1, 2)
    assert not MADE.walls[new[:, 0, 0], new[:, 0, 1]].any()
    centre = torch.full((500, 2), MADE.centre)
    for avoided in (lived.goal, lived.position, centre):
        assert not (new[:, 0] == avoided).all(1).any()
    assert len(new[:, 0].unique(dim=0)) == 64


def test_near_counts_moves_around_walls():
    goal = torch.tensor([[1, 2]])
    ways = {(1, 2): True, (1, 4): True, (2, 3): True, (3, 2): False, (1, 5): False}
    positions = torch.tensor(list(ways)).unsqueeze(1)
    told = interventions.near(MADE, positions, goal, 2)[:, 0].tolist()
    assert told == [maze.distances(MADE, (1, 2))[place] <= 2 for place in ways]
    assert told[:2] == [True, True]
    assert not told[-1]


def test_the_first_find_is_the_first():
    found = torch.tensor([[0, 0, 0], [1, 0, 0], [1, 0, 1]], dtype=torch.bool)
    assert interventions.first_find(found).tolist() == [1, 3, 2]


def by_single_steps(agent, lives, n_steps, seed):
    g = generator(seed)
    lived, state, found = maze.start(MADE, lives, g), None, []
    for _ in range(n_steps):
        life = agents.live(agent, MADE, lived, 1, g, state)
        lived, state = life.agents, life.state
        found.append(life.found[0])
    return torch.stack(found)


def test_who_always_writes_lives_as_ever_and_who_never_does_as_one_that_cannot(agent):
    def gated(writes):
        g = generator(3)
        return interventions.live_gated(agent, MADE, maze.start(MADE, 40, g), 60, g, writes)

    always = gated(lambda since, finds: since > 0)
    assert torch.equal(always, by_single_steps(agent, 40, 60, 3))
    assert always.any()
    mute = interventions.without_writing(interventions.stored("plastic", 0))
    never = gated(lambda since, finds: since < 0)
    assert torch.equal(never, by_single_steps(mute, 40, 60, 3))


def test_a_gate_is_told_of_the_steps_since_a_find_and_of_the_finds(agent):
    told = []

    def writes(since, finds):
        told.append((since.clone(), finds.clone()))
        return since > 0

    g = generator(4)
    found = interventions.live_gated(agent, MADE, maze.start(MADE, 30, g), 80, g, writes)
    since, finds = (torch.stack(part) for part in zip(*told, strict=True))
    assert torch.equal(finds[1:], found.cumsum(0)[:-1])
    assert (since[1:][found[:-1]] == 1).all()
    assert (since[finds == 0] == interventions.NEVER).all()
    later = (finds[1:] > 0) & ~found[:-1]
    assert torch.equal(since[1:][later], since[:-1][later] + 1)


def test_a_trace_made_of_all_steps_is_the_one_that_was_written(agent):
    lives = interventions.recorded(agent, MADE, 60, 60, generator(5))
    found = lives.first < 60
    assert found.sum() > 10
    eta = agent.core.eta.item()
    whole = interventions.made_of(lives, eta, lambda back: back >= 0)
    torch.testing.assert_close(whole[found], lives.state.hebb[found], atol=1e-5, rtol=1e-4)
    assert not whole[~found].any()
    assert not interventions.made_of(lives, eta, lambda back: back < 0).any()
    assert (lives.agents.found == found)[found].all(), "they are held at their find"
    last = interventions.made_of(lives, eta, lambda back: back < 1)
    at = lives.first[found]
    pre = lives.outputs[at, found.nonzero()[:, 0]]
    post = lives.outputs[at + 1, found.nonzero()[:, 0]]
    torch.testing.assert_close(last[found], eta * pre.unsqueeze(2) * post.unsqueeze(1))


def test_aligned_traces_have_the_mean_and_the_spread_of_the_young_ones():
    g = generator(6)
    young, old = torch.randn(50, 4, 4, generator=g), 3 + 2 * torch.randn(50, 4, 4, generator=g)
    both = drift.aligned(old, young)
    torch.testing.assert_close(both.mean(0), young.mean(0))
    assert (both - both.mean(0)).square().mean() == pytest.approx(
        (young - young.mean(0)).square().mean().item(), rel=1e-4
    )
    torch.testing.assert_close(drift.aligned(old, young, scale=False).mean(0), young.mean(0))
    torch.testing.assert_close(drift.aligned(old, young, centre=False).mean(0), old.mean(0))
    torch.testing.assert_close(drift.aligned(young, young), young)


def test_a_shift_and_a_growth_spoil_what_a_line_explains_and_not_its_correlation():
    g = generator(7)
    traces = torch.randn(90, 2, 2, generator=g)
    goals = traces.flatten(1) @ torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 2]])
    known = torch.arange(90) < 60
    line = LinearRegression().fit(traces.flatten(1).double().numpy(), goals.double().numpy())
    assert drift.read(line, traces, goals, known) == pytest.approx(
        {"correlation": 1.0, "explained": 1.0, "mended": 1.0}, abs=1e-3
    )
    told = drift.read(line, 3 * traces + 5, goals, known)
    assert told["explained"] < 0
    assert told["correlation"] == pytest.approx(1, abs=1e-3) == told["mended"]
    noise = torch.randn(90, 2, 2, generator=g)
    assert drift.read(line, noise, goals, known)["mended"] < 0.3


def numbers(value):
    if isinstance(value, dict):
        return [x for one in value.values() for x in numbers(one)]
    return [x for one in value for x in numbers(one)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("maze-moved", {"lives": 20, "kinds": ("plastic", "lstm")}),
        ("maze-writing", {"lives": 30, "widths": (10,), "before": 40, "after": 20, "later": 20}),
        ("maze-delays", {"lives": 40, "kinds": ("recurrent",), "waits": (0, 10)}),
        ("maze-drift", {"lives": 40, "kinds": ("lstm",), "ages": (150, 200)}),
    ],
)
def test_a_probe_repeats_itself_and_trains_nothing(name, small, tmp_path):
    experiment = experiments.EXPERIMENTS[name]
    chosen = replace(experiment.configuration, **small)
    assert experiment.train(Trial(0, tmp_path), chosen) == ({}, {})
    if name == "maze-drift":
        experiment = replace(experiment, metric="read.200.correlation")
    told = experiment.test({}, 0, chosen)
    assert told == experiment.test({}, 0, chosen)
    assert all(torch.isfinite(torch.tensor(float(x))) for x in numbers(told))


def test_a_goal_that_is_moved_is_found_by_fewer_and_a_swapped_trace_leads_to_the_others_goal():
    chosen = replace(
        experiments.EXPERIMENTS["maze-moved"].configuration, lives=200, kinds=("plastic",)
    )
    told = experiments.EXPERIMENTS["maze-moved"].test({}, 1, chosen)["plastic"]
    assert told["moved"]["found"] < 0.5 * told["newborn"]["found"]
    assert told["moved"]["near_old"] > 3 * told["near_by_chance"]
    assert told["another's trace and goal"]["finds"] > 4 * told["another's trace"]["finds"]
    assert told["stays"]["near_old"] == told["stays"]["near_new"]


def test_the_trace_of_a_wiped_state_is_empty(agent):
    state = State(torch.ones(2, 64), torch.ones(2, 64, 64))
    erased = agent.erased(state)
    assert not erased["trace"].hebb.any()
    assert erased["trace"].y.all()
