"""One seed: it is refused before anything is written, and goes on to the same result wherever it
was stopped.
"""

import json
import os
import shutil
from dataclasses import replace
from functools import wraps

import pytest
import torch
from filelock import FileLock

from hebbnotes import experiments, training
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.experiments import evaluation, running
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.records import Run
from tests.experiments.small import put, without_seconds


def test_what_cannot_be_run_is_refused_before_anything_is_written(tiny, tmp_path, capsys):
    for arguments, message in (
        (["--scale", "huge"], "scale must be one of book, notebook"),
        (["--device", "nonsense"], "try cpu"),
        (["--processes", "0"], "--processes must be 1 or more"),
        (["--seed", "-1"], "a seed must be 0 or more"),
        (["--seed", "99999999999999999999"], "below 2**32"),
        (["--device", "meta"], "try cpu"),
        (["--store", "--seed", "2"], "the package stores the seeds (2, 10)"),
        (["--store", "--scale", "notebook"], "at the scales book"),
    ):
        assert main(["run", tiny, "--folder", str(tmp_path / "none"), *arguments]) == 1
        assert message in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("trouble", [RuntimeError, KeyboardInterrupt])
def test_an_experiment_that_was_stopped_goes_on_to_the_same_result(
    tiny, tmp_path, monkeypatch, trouble
):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    running.run_seed(Run(tiny, whole), 2)
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
        running.run_seed(Run(tiny, stopped), 2)
    assert not (stopped / tiny / "2.json").exists()
    running.run_seed(Run(tiny, stopped), 2)
    assert calls == [0, 1, 2, 3, 3, 4, 5]
    one, two = (
        json.loads((folder / tiny / "2.json").read_text())["numbers"] for folder in (whole, stopped)
    )
    assert without_seconds(one) == without_seconds(two)


def test_an_experiment_that_was_stopped_while_it_was_tested_is_not_trained_again(
    tiny, tmp_path, monkeypatch
):
    experiment, real = experiments.EXPERIMENTS[tiny], training.train

    def interrupted(weights, seed, configuration):
        raise KeyboardInterrupt

    put(monkeypatch, tiny, replace(experiment, test=interrupted))
    with pytest.raises(KeyboardInterrupt):
        running.run_seed(Run(tiny, tmp_path / "stopped"), 2)
    calls = []

    def train(parameters, loss, updates, **kwargs):
        @wraps(loss)
        def counted(update):
            calls.append(update)
            return loss(update)

        return real(parameters, counted, updates, **kwargs)

    put(monkeypatch, tiny, experiment)
    monkeypatch.setattr(training, "train", train)
    two = running.run_seed(Run(tiny, tmp_path / "stopped"), 2)["numbers"]
    assert calls == []
    assert without_seconds(two) == without_seconds(
        running.run_seed(Run(tiny, tmp_path / "whole"), 2)["numbers"]
    )


def test_a_seed_is_trained_by_one_process_at_a_time(tiny, tmp_path):
    (tmp_path / tiny).mkdir()
    with (
        FileLock(tmp_path / tiny / "2.lock"),
        pytest.raises(RuntimeError, match="another process trains it"),
    ):
        running.run_seed(Run(tiny, tmp_path), 2)
    assert not (tmp_path / tiny / "2.json").exists()
    assert running.run_seed(Run(tiny, tmp_path), 2)["numbers"]


def test_a_seed_that_another_process_finished_meanwhile_is_not_trained_again(
    tiny, tmp_path, monkeypatch
):
    first, checked = running.run_seed(Run(tiny, tmp_path / "other"), 2), running.check_first

    def slow(*args, **kwargs):
        checked(*args, **kwargs)
        shutil.copytree(tmp_path / "other", tmp_path / "here")

    monkeypatch.setattr(running, "check_first", slow)
    monkeypatch.setattr(running, "_train_and_test", None)
    assert running.run_seed(Run(tiny, tmp_path / "here"), 2) == first


def test_data_that_are_missing_are_named_before_anything_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path / "data"))
    assert main(["run", "images-none", "--folder", str(tmp_path / "runs")]) == 1
    assert "python -m hebbnotes.data cifar10" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_what_a_seed_has_cost_counts_to_the_last_checkpoint(tmp_path):
    began, parts = tmp_path / "0.began", tmp_path / "0.parts"
    assert running._spent_before(began, parts) == 0
    began.write_text(json.dumps({"seconds": 100}))
    os.utime(began, (1_000, 1_000))
    assert running._spent_before(began, parts) == 100, "stopped before its first checkpoint"
    parts.mkdir()
    for name, at in (("a", 1_020), ("b", 1_050)):
        (parts / f"{name}.checkpoint").touch()
        os.utime(parts / f"{name}.checkpoint", (at, at))
    assert running._spent_before(began, parts) == 150
    os.utime(began, (1_060, 1_060))
    assert running._spent_before(began, parts) == 100, "stopped in order, with its seconds booked"


def test_a_trial_of_several_trainings_goes_on_in_the_middle(tmp_path, monkeypatch):
    name = "smooth-patterns"
    one = experiments.EXPERIMENTS[name]
    small = replace(
        one.configuration, lengths=(0,), updates=3, batch=2, test_episodes=4, shape=(2, 4)
    )
    put(monkeypatch, name, replace(one, configuration=small))
    whole = running.run_seed(Run(name, tmp_path / "whole"), 0)["numbers"]
    real, calls = smooth.smooth_episodes, []

    def counted(*args):
        calls.append(args[1])
        if len(calls) == 20:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(smooth, "smooth_episodes", counted)
    with pytest.raises(KeyboardInterrupt):
        running.run_seed(Run(name, tmp_path / "stopped"), 0)
    again = running.run_seed(Run(name, tmp_path / "stopped"), 0)["numbers"]
    assert len(calls) == 19 + 1 + (36 - 18) + 3, (
        "six of twelve trainings are not repeated, the seventh is; three tests"
    )
    assert without_seconds(again) == without_seconds(whole)


def test_results_are_the_same_whatever_torchs_default_precision(tiny, tmp_path):
    usual = running.run_seed(Run(tiny, tmp_path / "single"), 2)["numbers"]
    torch.set_default_dtype(torch.float64)
    try:
        other = running.run_seed(Run(tiny, tmp_path / "double"), 2)["numbers"]
        found = evaluation.evaluate("small-networks-2", seeds=[0])
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert without_seconds(usual) == without_seconds(other)
    assert found["agrees"]
