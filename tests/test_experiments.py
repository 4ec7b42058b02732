"""Experiments: they resume to the same result, and what is stored is what the code would make."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from hebbnotes import experiments, tasks, training
from hebbnotes.networks import ThreeNumbers, run

TINY = {"n_bits": 12, "updates": 6, "test_episodes": 2}


@pytest.fixture
def tiny(monkeypatch):
    """The experiment with three numbers, in small."""
    one = experiments.EXPERIMENTS["three-numbers-once"]
    small = replace(one, configuration=one.configuration | TINY, seeds=(0, 1))
    monkeypatch.setitem(experiments.EXPERIMENTS, "three-numbers-once", small)
    monkeypatch.setattr(experiments, "SCHEDULES", {"once": tasks.ONCE})
    return "three-numbers-once"


@pytest.mark.parametrize("name", list(experiments.EXPERIMENTS))
def test_a_stored_result_has_all_seeds_and_the_configuration_of_the_code(name):
    found = experiments.result(name)
    experiment = experiments.EXPERIMENTS[name]
    assert found["experiment"] == name
    assert found["configuration"] == json.loads(json.dumps(experiment.configuration)), "run the experiment again"
    assert tuple(map(int, found["seeds"])) == experiment.seeds
    assert len(experiments.seeds(name)) == len(experiment.seeds)
    assert found["command"] == f"python -m hebbnotes.experiments run {name}"
    assert {"torch", "python", "hebbnotes"} <= set(found["versions"])


@pytest.mark.parametrize("p", [2, 3, 5])
def test_stored_weights_give_the_stored_error(p):
    name = f"small-networks-{p}"
    weights, episodes = experiments.weights(name), experiments.EXPERIMENTS[name].configuration["test_episodes"]
    task = tasks.PatternCompletion(n_bits=50, n_patterns=p, **tasks.ONCE)
    for seed in (0, 4):
        w, alpha, eta = (weights[f"{seed}.{k}"] for k in ("w", "alpha", "eta"))
        found = experiments.measure(w, alpha, eta, task, episodes, 10_000 + seed)
        assert found == pytest.approx(experiments.seeds(name)[seed]["test_erased"], abs=0.003)


def test_the_stored_network_of_two_million_numbers_recalls():
    weights = experiments.weights("thousand-bits")
    g = torch.Generator().manual_seed(0)
    shown = tasks.PatternCompletion().sample(1, g)
    y = run(shown.inputs, weights["0.w"], weights["0.alpha"], 0.01, clamp=shown.clamp, method="dual")[0][-1]
    assert tasks.errors(y, shown).erased < 0.01


def test_an_experiment_writes_each_seed_and_one_file_with_all(tiny, tmp_path, capsys):
    experiments.main(["run", tiny, "--folder", str(tmp_path)])
    found = json.loads((tmp_path / f"{tiny}.json").read_text())
    assert list(found["seeds"]) == ["0", "1"]
    assert found["configuration"]["updates"] == 6
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("*.checkpoint"))
    assert "written" in capsys.readouterr().out
    before = (tmp_path / tiny / "0.json").read_text()
    experiments.main(["run", tiny, "--folder", str(tmp_path), "--seeds", "0"])
    assert (tmp_path / tiny / "0.json").read_text() == before, "a seed that is done is not run again"


def test_an_experiment_that_was_stopped_goes_on_to_the_same_result(tiny, tmp_path, monkeypatch):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    experiments.run_seed(tiny, 0, whole)
    real, calls = training.train, []

    def train(parameters, loss, updates, **kwargs):
        def counted(update):
            calls.append(update)
            if len(calls) == 4:
                raise RuntimeError("the power fails")
            return loss(update)

        return real(parameters, counted, updates, **kwargs, every=0.0)

    monkeypatch.setattr(training, "train", train)
    with pytest.raises(RuntimeError, match="power"):
        experiments.run_seed(tiny, 0, stopped)
    assert not (stopped / tiny / "0.json").exists()
    experiments.run_seed(tiny, 0, stopped)
    assert calls == [0, 1, 2, 3, 3, 4, 5]
    one, two = (json.loads((folder / tiny / "0.json").read_text()) for folder in (whole, stopped))
    assert {k: v for k, v in one.items() if k != "seconds"} == {k: v for k, v in two.items() if k != "seconds"}


def test_training_resumes_to_the_same_numbers_and_history(tmp_path):
    def trained(stops):
        g, network = torch.Generator().manual_seed(0), ThreeNumbers()
        task = tasks.PatternCompletion(n_bits=10, n_patterns=2, bias_unit=False, **tasks.ONCE)
        loss = tasks.recall_loss(network, task, 2, g)
        for stop in stops:

            def until(update, stop=stop):
                if update == stop:
                    raise KeyboardInterrupt
                return loss(update)

            kwargs = {
                "lr": 0.03,
                "schedule": training.cosine,
                "checkpoint": tmp_path / f"{len(stops)}",
                "generator": g,
                "every": 0.0,
            }
            history = training.train(network.parameters(), until, 12, **kwargs)
        return [p.item() for p in network.parameters()], history

    (one, first), (two, second) = trained([None]), trained([5, 9, None])
    assert one == two
    assert first == second
    assert len(second.loss) == 12


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    x, y = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    path = tmp_path / "c"
    training.train([x], lambda u: (x.square().sum(), {}), 3, checkpoint=path, every=0.0)
    with pytest.raises(ValueError, match="not a checkpoint of this training"):
        training.train([y], lambda u: (y.square().sum(), {}), 3, checkpoint=path)


def test_the_command_lists_what_there_is_and_refuses_other_names():
    listed = subprocess.run([sys.executable, "-m", "hebbnotes.experiments"], capture_output=True, text=True, check=True).stdout
    assert all(name in listed for name in experiments.EXPERIMENTS)
    for call in (experiments.result, experiments.seeds, experiments.weights):
        with pytest.raises(ValueError, match="name must be one of"):
            call("nothing")
    with pytest.raises(FileNotFoundError, match="--store"):
        experiments.weights("three-numbers-once")
