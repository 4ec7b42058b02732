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
from hebbnotes.experiments import evaluation, records, running
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


def test_what_a_seed_has_cost_is_booked_while_it_is_trained_whatever_the_clock_says(
    tiny, tmp_path, monkeypatch
):
    now, booked, real = iter(range(0, 10_000, 7)), [], running.write_record
    began = tmp_path / tiny / "2.began"
    monkeypatch.setattr(running, "EVERY", 0.0)
    monkeypatch.setattr(running.time, "monotonic", lambda: next(now))

    def noted(path, content):
        real(path, content)
        if path.suffix == ".began":
            booked.append(content["seconds"])
            os.utime(path, (0, 0))  # 1970
            (path.parent / "2.parts").mkdir(exist_ok=True)
            os.utime(path.parent / "2.parts", (2e9, 2e9))

    monkeypatch.setattr(running, "write_record", noted)
    killed = KeyError("as if the process were killed: nothing more is written")

    def dies(path, content):
        if len(booked) == 3:
            raise killed
        noted(path, content)

    monkeypatch.setattr(running, "write_record", dies)
    with pytest.raises(KeyError):
        running.run_seed(Run(tiny, tmp_path), 2)
    assert booked == sorted(booked)
    assert booked[0] == 0 < booked[-1] < 1_000
    before = json.loads(began.read_text())["seconds"]
    assert before == booked[-1]
    monkeypatch.setattr(running, "write_record", real)
    found = running.run_seed(Run(tiny, tmp_path), 2)
    assert before < found["numbers"]["seconds"] < before + 1_000
    assert not began.exists()


CONTENTS = {
    "no numbers": lambda was: {k: v for k, v in was.items() if k != "numbers"},
    "numbers of text": lambda was: was | {"numbers": "many"},
    "no metric": lambda was: was | {"numbers": {"seconds": 1}},
    "a metric of text": lambda was: was | {"numbers": {"seconds": 1, "transfer_erased": "half"}},
    "a metric in part": lambda was: was | {"numbers": {"seconds": 1, "transfer_erased": {}}},
    "no seconds": lambda was: was | {"numbers": without_seconds(was["numbers"])},
    "seconds below 0": lambda was: was | {"numbers": was["numbers"] | {"seconds": -1}},
    "no versions": lambda was: {k: v for k, v in was.items() if k != "versions"},
    "hardware of numbers": lambda was: was | {"hardware": 5},
    "a list": lambda was: [was],
    "nothing": lambda was: {},
}


@pytest.mark.parametrize("name", [*CONTENTS, "NaN", "no UTF-8", "half", "a folder"])
def test_a_damaged_record_is_named_with_its_mend_by_all_that_read_it(tiny, tmp_path, capsys, name):
    running.run_seed(Run(tiny, tmp_path), 2)
    done = tmp_path / tiny / "2.json"
    was = json.loads(done.read_text())
    del was["sha256"]  # as if written by hand
    if name in CONTENTS:
        done.write_text(json.dumps(CONTENTS[name](was)))
    elif name == "a folder":
        done.unlink()
        done.mkdir()
    else:
        metric = next(iter(was["numbers"]["transfer_erased"].values()))
        text = done.read_text()
        done.write_bytes(
            {
                "NaN": text.replace(f"{metric}", "NaN").encode(),
                "no UTF-8": text.replace("torch", "torch\xe9").encode("latin-1"),
                "half": text[: len(text) // 2].encode(),
            }[name]
        )
    for call in (
        lambda: running.run_seed(Run(tiny, tmp_path), 2),
        lambda: records.collect(Run(tiny, tmp_path), tmp_path),
    ):
        with pytest.raises((ValueError, OSError), match=r"2.json .*: (remove it, and run|name an)"):
            call()
    assert main(["run", tiny, "--folder", str(tmp_path), "--seed", "2"]) == 1
    assert str(done) in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{}", "[]", "{", '{"seconds": 5}', "\xff"])
def test_a_damaged_booking_is_refused_before_anything_is_trained(tiny, tmp_path, content):
    began = tmp_path / tiny / "2.began"
    began.parent.mkdir()
    began.write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match=r"2.began is damaged: remove it, and run the seed again"):
        running.run_seed(Run(tiny, tmp_path), 2)
    assert list(began.parent.iterdir()) == [began]


@pytest.mark.parametrize("kind", ["file", "link", "dead link", "place"])
def test_what_stands_where_a_folder_should_is_refused_before_anything_is_trained(
    tiny, tmp_path, capsys, kind
):
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "runs" / tiny
    parts = place if kind == "place" else place / "2.parts"
    parts.parent.mkdir(parents=True)
    if kind in ("file", "place"):
        parts.write_text("mine")
    else:
        parts.symlink_to(tmp_path / ("elsewhere" if kind == "link" else "nowhere"))
    assert main(["run", tiny, "--folder", str(tmp_path / "runs"), "--seed", "2"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert f"{parts} must be a folder of its own" in said or "cannot be" in said
    assert not list((tmp_path / "elsewhere").iterdir())
    assert not place.is_dir() or [path.name for path in place.iterdir()] == ["2.parts"]


@pytest.mark.parametrize("kind", ["file", "below a file", "loop", "text", "None"])
def test_a_folder_that_cannot_be_is_refused_before_a_process_is_started(tiny, tmp_path, kind):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    folder = {
        "file": tmp_path / "file",
        "below a file": tmp_path / "file" / "a" / "b",
        "loop": tmp_path / "loop" / "a",
        "text": str(tmp_path),
        "None": None,
    }[kind]
    with pytest.raises((ValueError, TypeError), match=r"must be a (folder of its own|Path)"):
        running.check_first(Run(tiny, folder), [2])


@pytest.mark.parametrize("seed", [None, -1, 1.5, "2", True, 2**70])
def test_a_seed_that_cannot_be_is_refused(tiny, tmp_path, seed):
    with pytest.raises((ValueError, TypeError), match="a seed must be"):
        running.run_seed(Run(tiny, tmp_path), seed)


def test_a_folder_that_may_not_be_written_into_is_named(tiny, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(running.Path, "mkdir", refuse)
    with pytest.raises(OSError, match=rf"{tiny} cannot be written into \(Permission denied\): use"):
        running.run_seed(Run(tiny, tmp_path), 2)


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
    assert len(calls) == 19 + 1 + (36 - 19) + 3, (
        "no update of the twelve trainings is repeated; three tests"
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
