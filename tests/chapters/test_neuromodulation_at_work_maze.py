"""Neuromodulation at work, the maze: what is done to the signal of agents is what is said."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import experiments as results
from hebbnotes.chapters.neuromodulation_at_work import experiments
from hebbnotes.chapters.neuromodulation_at_work.maze import causal, course, trainings
from hebbnotes.experiments import Trial
from hebbnotes.experiments.agents import trainings as library
from hebbnotes.experiments.agents.interventions import NEVER
from hebbnotes.experiments.agents.trainings import Alone
from hebbnotes.experiments.agents.trainings import agent as untrained
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

MADE, FEW = maze.make(5), 12
kinds, seeds = st.sampled_from(trainings.KINDS), st.integers(0, 10_000)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def made_agent(kind, seed, n=6):
    made_with = trainings.Modulated if kind in trainings.KINDS else Alone
    return untrained(made_with(kind=kind, n=n), generator(seed)).requires_grad_(False)


@settings(max_examples=15)
@given(kinds, seeds, st.floats(-0.99, 0.99))
def test_a_constant_signal_is_constant_and_a_turned_one_has_the_other_sign(kind, seed, value):
    agent, seen = made_agent(kind, seed), torch.rand(5, 2, maze.N_SEEN, generator=generator(seed))
    own = agent.signals(seen)
    told = causal.constant(agent, value).signals(seen)
    torch.testing.assert_close(told, torch.full_like(own, value))
    torch.testing.assert_close(causal.turned(agent).signals(seen[:1]), -own[:1])
    assert torch.equal(agent.signals(seen), own), "the agent itself is as it was"


@settings(max_examples=8)
@given(kinds, seeds)
def test_agents_that_are_told_their_own_signal_live_as_ever(kind, seed):
    agent, told = made_agent(kind, seed).double(), []

    def tells(t, own, rewards, since):
        told.append((own, rewards[-1], since))
        assert len(rewards) == t + 1
        return own

    g, h = generator(seed), generator(seed)
    found = causal.live_told(agent, MADE, 30, g, tells, FEW)
    lived, state, since = maze.start(MADE, FEW, h), agent.rest(FEW), torch.full((FEW,), NEVER)
    for t in range(30):
        life = agents.live(agent, MADE, lived, 1, h, state)
        torch.testing.assert_close(told[t][0], agent.signals(life.seen, state)[0])
        torch.testing.assert_close(told[t][1], life.seen[0, :, causal.REWARD])
        assert torch.equal(told[t][2], since)
        assert torch.equal(found[t], life.found[0])
        lived, state = life.agents, life.state
        since = torch.where(life.found[0], 1, (since + 1).clamp(max=NEVER))


@given(kinds, seeds, st.sampled_from([-0.3, 0.0, 0.2]))
@settings(max_examples=6)
def test_agents_that_are_told_a_constant_live_as_those_that_make_it(kind, seed, value):
    agent, g, h = made_agent(kind, seed).double(), generator(seed), generator(seed)
    constant = causal.constant(agent, value)
    found = causal.live_told(agent, MADE, 20, g, lambda t, own, *_: own * 0 + value, FEW)
    wanted = causal.live_told(constant, MADE, 20, h, lambda t, own, *_: own, FEW)
    assert torch.equal(found, wanted)


@given(seeds)
def test_a_shuffled_signal_has_the_values_of_its_own_life(seed):
    signals = torch.randn(9, 4, generator=generator(seed))
    mixed = causal.shuffled(signals, generator(seed + 1))
    assert torch.equal(mixed.sort(0).values, signals.sort(0).values)


@given(seeds, st.integers(0, 2))
def test_a_line_of_rewards_is_found_and_leaves_nothing(seed, back):
    g = generator(seed)
    rewards = torch.randn(20, 6, generator=g, dtype=torch.float64)
    line = torch.randn(back + 2, generator=g, dtype=torch.float64)
    signals = line[0] + line[1] * rewards
    for k in range(1, back + 1):
        signals[k:] += line[1 + k] * rewards[:-k]
    found, explained = causal.fitted(signals, rewards, back)
    torch.testing.assert_close(found, line)
    assert explained == pytest.approx(1)
    noise = torch.randn(20, 6, generator=g, dtype=torch.float64)
    assert 0 <= causal.fitted(noise, rewards, back)[1] < 0.5


@given(st.floats(-0.99, 0.99), seeds)
def test_of_a_signal_that_does_not_vary_nothing_is_explained(value, seed):
    rewards = (torch.rand(5, 3, generator=generator(seed)) < 0.3).float()
    line, explained = causal.fitted(torch.full((5, 3), value), rewards)
    assert explained == 0.0
    assert torch.isfinite(line).all()


@pytest.mark.parametrize("bias", [20.0, -20.0])
def test_an_agent_whose_signal_is_full_is_scored(bias, monkeypatch):
    agent = made_agent(trainings.KINDS[0], 0)
    agent.core.bias.data.fill_(bias)
    monkeypatch.setattr(causal, "stored_agent", lambda kind, seed: agent)
    few = causal.Causal(kinds=trainings.KINDS[:1], size=5, lives=3, n_steps=6, constants=(0.0, 0.1))
    found = causal.score_causal({}, 0, few)[trainings.KINDS[0]]
    assert found["mean"] == pytest.approx(1 if bias > 0 else -1, abs=1e-3)
    assert found["lines"]["0"]["explained"] == 0


def test_a_window_lies_around_the_step_in_which_a_find_is_told():
    finds = torch.zeros(20, 2, dtype=torch.bool)
    finds[8, 0] = finds[10, 1] = True
    finds[1, 0] = finds[18, 1] = finds[19, 0] = True  # too near to an end
    signals = torch.arange(20.0).unsqueeze(1) + torch.tensor([0.0, 100.0])
    windows = course.around(signals, finds, 3, 4)
    assert windows.tolist() == [[*range(6, 14)], [*range(108, 116)]]


def test_a_signal_that_ends_with_the_first_find_ends_some_steps_after_it():
    told, own = causal._until_first(3), torch.ones(2)
    since, found_at, heard = torch.full((2,), NEVER), 4, []
    for t in range(12):
        heard.append(told(t, own, own, since)[0].item())
        since = torch.tensor([1, NEVER]) if t in (found_at, 9) else (since + 1).clamp(max=NEVER)
    assert heard == [1.0] * 8 + [0.0] * 4  # steps 5, 6, 7 are the three after the find
    assert told(12, own, own, since)[1] == 1


def numbers(value):
    if isinstance(value, dict):
        return [x for one in value.values() for x in numbers(one)]
    return [x for one in value for x in numbers(one)] if isinstance(value, list) else [value]


SMALL = {
    "maze-modulated-causal": {"lives": 12, "n_steps": 12, "constants": (0.0, 0.1), "size": 5},
    "maze-modulated-course": {"lives": 60, "n_steps": 60, "size": 5},
    "maze-modulated-moved": {"lives": 20, "size": 5, "before": 40, "after": 10},
    "maze-modulated-old": {"lives": 20, "old": 150, "size": 5},
}


@pytest.mark.parametrize("name", SMALL)
def test_a_probe_repeats_itself_and_trains_nothing(name, tmp_path, monkeypatch):
    for module in (causal, course):
        monkeypatch.setattr(module, "stored_agent", made_agent)
    experiment = experiments.EXPERIMENTS[name]
    chosen = replace(experiment.configuration, **SMALL[name])
    assert experiment.train(Trial(0, tmp_path), chosen) == ({}, {})
    told = experiment.test({}, 0, chosen)
    assert told == experiment.test({}, 0, chosen)
    known = [x for x in numbers(told) if x is not None]
    assert all(torch.isfinite(torch.tensor(float(x))) for x in known)


def test_each_kind_has_the_rate_that_found_most_and_no_border_was_best():
    tried = {}
    for name in ("maze-modulated-rates", "maze-modulated-rates-further"):
        for seed, one in results.result(name)["seeds"].items():
            for kind, found in one["finds"].items():
                for rate, finds in zip(one["rates"], found, strict=True):
                    tried.setdefault((kind, seed), {})[rate] = finds
    for kind in trainings.KINDS:
        finds = tried[kind, str(trainings.TWO[0])]  # where others were tried, too
        assert max(finds, key=finds.get) == trainings.BEST[kind]
        assert min(finds) < trainings.BEST[kind] < max(finds)


def test_a_training_that_does_not_stay_finite_is_told_and_the_others_are_scored(
    tmp_path, monkeypatch
):
    def trained(trial, one, part=""):
        if one.lr > 0.005:
            raise FloatingPointError("the loss is nan at update 3")
        return {}, untrained(one, generator(1)).state_dict()

    monkeypatch.setattr(library, "train", trained)
    chosen = trainings.ModulatedRates(
        sizes={"simple": 6}, rates=(0.001, 0.01), size=5, n_steps=6, test_episodes=4
    )
    told, weights = library.train_rates(Trial(0, tmp_path), chosen)
    assert told == {"stopped": {"simple-0.01": "the loss is nan at update 3"}}
    found = library.score_rates(weights, 0, chosen)
    assert found["finds"]["simple"] == [found["best"]["simple"], None]
    none = library.score_rates({}, 0, chosen)
    assert none["finds"]["simple"] == [None, None]
    assert none["best"]["simple"] is None


@pytest.mark.parametrize("kind", [*trainings.KINDS, "plastic", "lstm"])
def test_a_stored_agent_has_at_most_ten_thousand_numbers(kind):
    agent = trainings.stored_agent(kind, 0)
    assert 9_400 < sum(p.numel() for p in agent.parameters()) < 10_000
    assert not any(p.requires_grad for p in agent.parameters())
