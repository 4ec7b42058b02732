"""Experiments: they resume to the same result, and what is stored is what the code would make."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from hebbnotes import experiments, tasks, training
from hebbnotes.networks import ThreeNumbers, run

TINY = {"n_bits": 12, "updates": 6, "test_episodes": 2}


@pytest.fixture
def tiny(monkeypatch):
    """The experiment with three numbers, in small, which keeps a tensor of its seed."""
    one = experiments.EXPERIMENTS["three-numbers-once"]

    def keep(seed, checkpoint, **configuration):
        return one.train(seed, checkpoint, **configuration)[0], {"seed": torch.tensor([float(seed)])}

    small = replace(one, train=keep, configuration=one.configuration | TINY, seeds=(2, 10))
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
    y = run(shown.inputs, weights["0.w"], weights["0.alpha"], 0.01, clamp=shown.clamp)[0][-1]
    assert tasks.errors(y, shown).erased < 0.01


def test_an_experiment_writes_each_seed_and_one_file_with_all(tiny, tmp_path, capsys):
    experiments.main(["run", tiny, "--folder", str(tmp_path)])
    found = json.loads((tmp_path / f"{tiny}.json").read_text())
    assert list(found["seeds"]) == ["2", "10"], "in the order of numbers"
    for seed in ("2", "10"):
        alone = json.loads((tmp_path / tiny / f"{seed}.json").read_text())
        assert found["seeds"][seed] == alone["numbers"]
        assert {k: alone[k] for k in ("configuration", "versions", "hardware")} == {k: found[k] for k in alone if k != "numbers"}
        assert len({json.dumps(numbers) for numbers in found["seeds"].values()}) == 2, "seeds differ"
    assert found["configuration"]["updates"] == 6
    assert found["versions"]["torch"] == torch.__version__
    kept = load_file(tmp_path / f"{tiny}.safetensors")
    assert {name: t.item() for name, t in kept.items()} == {"2.seed": 2, "10.seed": 10}
    left = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    seeds = {f"{seed}.{end}" for seed in (2, 10) for end in ("json", "safetensors")}
    assert left == seeds | {f"{tiny}.json", f"{tiny}.safetensors"}, "no checkpoint and no part of a file is left"
    assert "written" in capsys.readouterr().out
    before = (tmp_path / tiny / "2.json").read_text()
    experiments.main(["run", tiny, "--folder", str(tmp_path), "--seeds", "2"])
    assert (tmp_path / tiny / "2.json").read_text() == before, "a seed that is done is not run again"


def test_only_a_whole_result_is_stored_and_what_was_trained_otherwise_is_refused(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiments, "files", lambda package: tmp_path / "package")
    with pytest.raises(FileNotFoundError, match="run the experiment first"):
        experiments.collect(tiny, tmp_path, tmp_path)
    with pytest.raises(SystemExit):
        experiments.main(["run", tiny, "--folder", str(tmp_path / "a"), "--seeds", "2", "--store"])
    assert "needs the seeds (2, 10)" in capsys.readouterr().err
    assert not (tmp_path / "package").exists()
    experiments.main(["run", tiny, "--folder", str(tmp_path / "a"), "--store"])
    assert (tmp_path / "package" / "results" / f"{tiny}.json").exists()
    small = experiments.EXPERIMENTS[tiny]
    monkeypatch.setitem(experiments.EXPERIMENTS, tiny, replace(small, configuration=small.configuration | {"lr": 0.5}))
    for call in (
        lambda: experiments.run_seed(tiny, 2, tmp_path / "a"),
        lambda: experiments.collect(tiny, tmp_path / "a", tmp_path),
    ):
        with pytest.raises(ValueError, match="another configuration"):
            call()


@pytest.mark.parametrize("trouble", [RuntimeError, KeyboardInterrupt])
def test_an_experiment_that_was_stopped_goes_on_to_the_same_result(tiny, tmp_path, monkeypatch, trouble):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    experiments.run_seed(tiny, 2, whole)
    real, calls = training.train, []

    def train(parameters, loss, updates, **kwargs):
        def counted(update):
            calls.append(update)
            if len(calls) == 4:
                raise trouble("the power fails")
            return loss(update)

        return real(parameters, counted, updates, **kwargs, every=0.0)

    monkeypatch.setattr(training, "train", train)
    with pytest.raises(trouble):
        experiments.run_seed(tiny, 2, stopped)
    assert not (stopped / tiny / "2.json").exists()
    experiments.run_seed(tiny, 2, stopped)
    assert calls == [0, 1, 2, 3, 3, 4, 5]
    one, two = (json.loads((folder / tiny / "2.json").read_text())["numbers"] for folder in (whole, stopped))
    assert {k: v for k, v in one.items() if k != "seconds"} == {k: v for k, v in two.items() if k != "seconds"}


def test_ctrl_c_ends_the_command_with_a_word_on_how_to_go_on(tiny, tmp_path, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "run_seed", stop)
    with pytest.raises(SystemExit) as end:
        experiments.main(["run", tiny, "--folder", str(tmp_path)])
    assert end.value.code == 130
    assert "goes on from the last checkpoint" in capsys.readouterr().err


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


def line(*shapes, dtype=torch.float32):
    xs = [torch.ones(shape, dtype=dtype, requires_grad=True) for shape in shapes]
    return xs, lambda update: (sum(x.square().sum() for x in xs), {})


@pytest.mark.parametrize(
    ("other", "kwargs", "updates"),
    [
        (line(3, 2), {}, 3),
        (line(2), {}, 3),
        (line(2, 3, 1), {}, 3),
        (line(2, 3, dtype=torch.float64), {}, 3),
        (line(2, 3), {"generator": torch.Generator()}, 3),
        (line(2, 3), {}, 2),
    ],
    ids=["other shapes", "fewer", "more", "other precision", "a generator", "fewer updates"],
)
def test_a_checkpoint_of_another_training_is_refused_and_nothing_is_changed(tmp_path, other, kwargs, updates):
    xs, loss = line(2, 3)
    path = tmp_path / "c"
    training.train(xs, loss, 3, checkpoint=path, every=0.0)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not a checkpoint of this training"):
        training.train(*other, updates, checkpoint=path, **kwargs)
    assert path.read_bytes() == before
    assert all(x.eq(1).all() for x in other[0])


def test_a_damaged_checkpoint_is_refused_and_a_save_never_shows_half_a_file(tmp_path, monkeypatch):
    xs, loss = line(2)
    path = tmp_path / "c"
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match="remove it to start anew"):
        training.train(xs, loss, 3, checkpoint=str(path))
    assert path.read_bytes() == b"no checkpoint"
    path.unlink()
    with pytest.raises(ValueError, match="every"):
        training.train(xs, loss, 3, checkpoint=path, every=float("nan"))
    training.train(xs, loss, 2, checkpoint=path, every=0.0)
    before = path.read_bytes()

    def full(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(training.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        training.train(xs, loss, 5, checkpoint=path, every=0.0)
    assert path.read_bytes() == before


def test_a_training_is_saved_no_more_often_than_asked_for(tmp_path, monkeypatch):
    clock, saves = iter(range(1000)), []
    monkeypatch.setattr(training.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(training, "_save", lambda path, *args: saves.append(len(args[-1].loss)))
    xs, loss = line(2)
    training.train(xs, loss, 12, checkpoint=tmp_path / "c", every=2.5)
    assert saves == [3, 6, 9, 12], "the clock ticks at each look, and once more at each save"


def test_the_command_lists_what_there_is_and_refuses_other_names():
    listed = subprocess.run([sys.executable, "-m", "hebbnotes.experiments"], capture_output=True, text=True, check=True).stdout
    assert all(name in listed for name in experiments.EXPERIMENTS)
    for call in (experiments.result, experiments.seeds, experiments.weights):
        with pytest.raises(ValueError, match="name must be one of"):
            call("nothing")
    with pytest.raises(FileNotFoundError, match="--store"):
        experiments.weights("three-numbers-once")
