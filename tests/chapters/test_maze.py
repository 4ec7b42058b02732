"""The experiments in the maze: each trains and tests its own agent, and stored numbers hold."""

from dataclasses import replace

import pytest
import torch

from hebbnotes import experiments
from hebbnotes.chapters.maze import experiments as maze
from hebbnotes.chapters.maze.trainings import TRAINED
from hebbnotes.experiments import Trial
from hebbnotes.learning import agents

SMALL = {"size": 3, "n_steps": 20, "batch": 4, "updates": 4, "test_episodes": 200}
ALONE = [name for name in TRAINED if name != "maze-rates"]


def small(experiment, **changed):
    return replace(experiment.configuration, **SMALL | changed)


def same(a, b):
    return set(a) == set(b) and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("name", ALONE)
def test_each_agent_is_trained_and_tested_on_its_own_task(name, tmp_path):
    experiment = maze.EXPERIMENTS[name]
    numbers, weights = experiment.train(Trial(1, tmp_path), small(experiment))
    assert len(numbers["finds"]) == len(numbers["updates"]) == 4
    assert numbers["trained_numbers"] == sum(value.numel() for value in weights.values())
    tested = experiment.test(weights, 1, small(experiment))
    assert 0 <= tested["test_finds"] <= 20
    assert sum(tested["finds_by_step"]) == pytest.approx(tested["test_finds"], rel=0.01)
    assert ("trace" in tested["after_erasing"]) == (experiment.configuration.kind == "plastic")
    assert tested == experiment.test(weights, 1, small(experiment)), "a test repeats itself"


def test_networks_that_are_compared_have_equally_many_trained_numbers():
    for pair in (
        ("maze-plastic", "maze-recurrent", "maze-lstm"),
        *((f"maze-{task}-plastic", f"maze-{task}-lstm") for task in ("noise", "goals", "large")),
    ):
        made = [
            maze.agent(maze.EXPERIMENTS[name].configuration, torch.Generator()) for name in pair
        ]
        counts = [sum(p.numel() for p in agent.parameters()) for agent in made]
        assert max(counts) < 1.02 * min(counts), dict(zip(pair, counts, strict=True))


@pytest.mark.parametrize("name", ["maze-plastic", "maze-lstm"])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(name, tmp_path, monkeypatch):
    experiment = maze.EXPERIMENTS[name]
    configuration = small(experiment)
    whole = experiment.train(Trial(3, tmp_path / "whole"), configuration)
    original, calls = agents.lives.live, []

    def live(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    train = Trial.train
    monkeypatch.setattr(
        Trial, "train", lambda *args, **options: train(*args, **options | {"every": 0})
    )
    monkeypatch.setattr(agents.lives, "live", live)
    with pytest.raises(KeyboardInterrupt):
        experiment.train(Trial(3, tmp_path / "parts"), configuration)
    again = experiment.train(Trial(3, tmp_path / "parts"), configuration)
    assert same(whole[1], again[1])
    assert whole[0]["finds"] == again[0]["finds"]


def test_each_rate_trains_an_agent_of_each_kind(tmp_path):
    rates = maze.EXPERIMENTS["maze-rates"]
    configuration = small(rates, rates=(1e-3, 1e-2), sizes={"plastic": 6, "lstm": 4})
    _, weights = rates.train(Trial(100, tmp_path), configuration)
    tested = rates.test(weights, 100, configuration)
    assert {kind: len(finds) for kind, finds in tested["finds"].items()} == {
        "plastic": 2,
        "lstm": 2,
    }
    assert tested["best"] == {kind: max(finds) for kind, finds in tested["finds"].items()}
    assert not torch.equal(weights["plastic-0.001.outward"], weights["plastic-0.01.outward"])
    assert set(rates.seeds).isdisjoint(maze.EXPERIMENTS["maze-plastic"].seeds)


@pytest.mark.parametrize("name", ["maze-plastic", "maze-recurrent"])
def test_the_scale_of_the_paper_can_be_run(name, tmp_path):
    experiment = maze.EXPERIMENTS[name]
    configuration = experiment.scaled("paper")
    assert (
        configuration.n,
        configuration.n_steps,
        configuration.batch,
        configuration.reward,
    ) == (100, 250, 1, 10.0)
    numbers, _ = experiment.train(Trial(0, tmp_path), replace(configuration, updates=2))
    assert (
        numbers["trained_numbers"] == 15 * 100 + 2 * 100**2 + 1 + 101 * 5
        or configuration.kind == "recurrent"
    )


def test_what_cannot_be_is_refused(tmp_path):
    experiment = maze.EXPERIMENTS["maze-plastic"]
    with pytest.raises(ValueError, match="device must be cpu"):
        experiment.train(Trial(0, tmp_path, "cuda"), small(experiment))
    with pytest.raises(ValueError, match="name must be one of"):
        maze.load("maze-guess", {})
    with pytest.raises(ValueError, match="rule must be one of"):
        maze.agent(replace(experiment.configuration, rule="own"), torch.Generator())


@pytest.mark.parametrize("name", ["maze-plastic", "maze-recurrent", "maze-lstm"])
def test_the_stored_agents_find_about_as_often_as_is_stored(name):
    experiment = experiments.EXPERIMENTS[name]
    weights = {
        key.removeprefix("0."): value
        for key, value in experiments.weights(name).items()
        if key.startswith("0.")
    }
    found = experiment.test(weights, 0, replace(experiment.configuration, test_episodes=600))
    wanted = experiments.seeds(name)[0]
    assert found["test_finds"] == pytest.approx(wanted["test_finds"], rel=0.06)
    assert found["after_erasing"] == pytest.approx(wanted["after_erasing"], rel=0.15)


def test_where_hardly_any_agent_finds_nothing_is_read(tmp_path):
    experiment = maze.EXPERIMENTS["maze-lstm"]
    configuration = small(experiment, test_episodes=20)
    _, weights = experiment.train(Trial(0, tmp_path), configuration)
    assert set(experiment.test(weights, 0, configuration)["decoded"].values()) == {None}


def test_no_two_experiments_in_the_maze_are_the_same():
    configurations = [
        tuple(sorted((k, str(v)) for k, v in vars(one.configuration).items()))
        for one in maze.EXPERIMENTS.values()
    ]
    assert len(set(configurations)) == len(configurations)
