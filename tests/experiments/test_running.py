"""Experiments: they resume to the same result, and what is stored is what the code would make."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import FrozenInstanceError, replace
from importlib import import_module

import pytest
import torch
from filelock import FileLock, Timeout
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from hebbnotes import analysis, experiments, tasks, training
from hebbnotes.chapters.differentiable_plasticity import experiments as bits
from hebbnotes.chapters.natural_images import experiments as pictures
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.experiments import experiment, records, running, stored, workers
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.evaluation import evaluate
from hebbnotes.experiments.experiment import described
from hebbnotes.experiments.records import Run
from hebbnotes.networks import ThreeNumbers

TINY = {"n_bits": 12, "updates": 6, "test_episodes": 2}
STORED = [(name, scale) for name, one in experiments.EXPERIMENTS.items() for scale in one.stored]
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}


def put(monkeypatch, name, one):
    """Put an experiment in the place of another, in its chapter and in the index."""
    chapter = stored.index()[name]["chapter"]
    module = import_module(f"hebbnotes.chapters.{chapter}.experiments")
    monkeypatch.setitem(module.EXPERIMENTS, name, one)
    monkeypatch.setitem(stored.index(), name, {"chapter": chapter, **one.entry(name)})


@pytest.fixture
def tiny(monkeypatch):
    """The experiment with three numbers, in small, with seeds of its own."""
    one = experiments.EXPERIMENTS["three-numbers-once"]
    small = replace(
        one,
        configuration=replace(one.configuration, **TINY),
        seeds=(2, 10),
        keep=(10,),
        scales={"notebook": replace(one.configuration, **TINY | {"updates": 3})},
    )
    put(monkeypatch, "three-numbers-once", small)
    monkeypatch.setattr(bits, "SCHEDULES", {"once": tasks.ONCE})
    return "three-numbers-once"


def test_weights_are_taken_by_the_beginning_of_their_names():
    weights = {"0.w": torch.ones(1), "0.core.w": torch.ones(2), "10.w": torch.ones(3)}
    assert {key: len(value) for key, value in experiment.under(weights, "0.").items()} == {
        "w": 1,
        "core.w": 2,
    }
    assert experiment.under(weights, "") == weights


def test_blocks_of_a_training_end_with_it():
    assert experiment.block_ends(1_500, 30) == list(range(50, 1_501, 50))
    assert experiment.block_ends(3, 40) == [1, 2, 3]
    assert experiment.blocks([1.0, 3.0, 5.0], [2, 3]) == [2.0, 5.0]


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_a_configuration_is_frozen_and_a_wrong_key_is_an_error(name):
    one = experiments.EXPERIMENTS[name]
    for chosen in (one.configuration, *one.scales.values()):
        with pytest.raises(TypeError, match="updatse"):
            replace(chosen, updatse=3)
        with pytest.raises(FrozenInstanceError):
            chosen.updates = 3
        assert type(chosen)(**vars(chosen)) == chosen


def without_seconds(numbers):
    return {key: value for key, value in numbers.items() if key != "seconds"}


# --------------------------------------------------------------------------------------------------------- what is stored


@pytest.mark.parametrize(("name", "scale"), STORED)
def test_a_stored_result_has_all_seeds_and_the_configuration_of_the_code(name, scale):
    found, experiment = experiments.result(name, scale), experiments.EXPERIMENTS[name]
    assert (found["experiment"], found["scale"]) == (name, scale)
    assert found["configuration"] == described(experiment.scaled(scale)), "run the experiment again"
    assert tuple(map(int, found["seeds"])) == experiment.seeds
    assert len(experiments.seeds(name, scale)) == len(experiment.seeds)
    assert all(one["seconds"] >= 0 for one in experiments.seeds(name, scale))
    assert found["command"] == stored.command(name, scale)
    assert {"torch", "python", "hebbnotes"} <= set(found["versions"])
    assert found["hardware"]
    headline = records.headline(experiment, found["seeds"])
    assert headline == {key: found[key] for key in headline}
    assert found["ci95"][0] <= found["value"] <= found["ci95"][1]
    assert (found["published"] is None) == (not experiment.paper)
    if experiment.paper:
        assert found["published"] == {
            "where": experiment.paper[0],
            **experiments.PAPER[experiment.paper[0]]._asdict(),
        }


NOT_WHOLE = {
    *(f"features-{kind}" for kind in ("pixels", "random", "exemplars", "pca", "sanger")),
    *(f"features-{kind}" for kind in ("soft", "backpropagation", "choices")),
    *(f"fifty-bits-{kind}-{p}" for kind in ("rnn", "lstm") for p in (2, 3)),
    *(
        f"maze-{task}-{kind}"
        for task in ("noise", "goals", "large")
        for kind in ("plastic", "lstm")
    ),
    *("maze-lstm-high", "maze-rates", "memory-capacity", "memory-ladder"),
    *("images-halves", "smooth-patterns"),
    *("thousand-bits", "thousand-bits-code", "thousand-bits-code.notebook"),
    *("thousand-bits-learned-eta", "thousand-bits-code-learned-eta"),
}
"""Results whose numbers are found again by training alone: no seed has whole weights."""


def test_the_results_without_whole_weights_are_known_by_name():
    listed = [scale for entry in stored.index().values() for scale in entry["scales"].values()]
    without = {scale["file"] for scale in listed if scale["stored"] and not scale["weights"]}
    assert without - {"benchmark"} == NOT_WHOLE


def test_all_results_together_are_small():
    sizes = [path.stat().st_size for path in (records.files("hebbnotes") / "results").iterdir()]
    assert sum(sizes) <= 14e6
    assert max(sizes) < 5e6


@pytest.mark.parametrize(("name", "scale"), STORED)
def test_the_weights_that_should_be_stored_are_there_and_say_their_format(name, scale):
    one = experiments.EXPERIMENTS[name]
    keep = one.keep if scale in one.keep_at else ()
    if not one.keep_whole(scale):
        with pytest.raises(FileNotFoundError, match=rf"`.* run {name}.*` finds their numbers"):
            evaluate(name, scale)
    if not keep:
        again = rf"run {name}( --scale {scale})?` trains them again, in ([\d,]+ minutes|a minute)"
        with pytest.raises(FileNotFoundError, match=again):
            experiments.weights(name, scale)
        return
    its = experiments.weights(name, scale)
    assert {int(key.split(".")[0]) for key in its} == set(keep)
    if one.keep_only:
        assert set(its) == {f"{seed}.{key}" for seed in keep for key in one.keep_only}
    path = records.files("hebbnotes") / "results" / f"{stored.stem(name, scale)}.safetensors"
    with safe_open(path, framework="pt") as file:
        assert file.metadata()["format"] == stored.WEIGHTS


QUICK = [
    *((f"three-numbers-{s}", "book", 1) for s in bits.SCHEDULES),
    *((f"small-networks-{p}", "book", 4) for p in (2, 3, 5)),
    *((f"fifty-bits-plastic-{p}", "book", 0) for p in (2, 3)),
    ("fifty-bits-plastic-2", "paper", 0),
    *((f"images-{kind}", "notebook", 0) for kind in pictures.KINDS),
]


@pytest.mark.parametrize(("name", "scale", "seed"), QUICK)
def test_stored_weights_give_the_stored_numbers(name, scale, seed):
    found = evaluate(name, scale, [seed])
    assert found["agrees"], f"{found['largest_difference']} away"
    assert set(found["recomputed"]) == {str(seed)}


@pytest.mark.parametrize("name", ["images-full", "images-shared", "images-none"])
def test_the_stored_networks_complete_photographs_about_as_well_as_is_stored(name):
    try:
        pictures.photographs("cifar10-subset", "test")
    except FileNotFoundError as missing:
        pytest.skip(f"needs real data: {missing}")
    experiment, its = experiments.EXPERIMENTS[name], experiments.weights(name)
    few = replace(experiment.configuration, test_episodes=40)
    found = experiment.test({key.removeprefix("0."): value for key, value in its.items()}, 0, few)
    assert found["test_squared"] == pytest.approx(
        experiments.seeds(name)[0]["test_squared"], rel=0.3
    )


def test_the_index_is_what_the_chapters_say():
    assert stored.index() == json.loads(json.dumps(stored.made_index())), (
        "run `python -m hebbnotes.experiments index`"
    )


def test_every_stored_file_is_in_the_index_and_the_other_way_round():
    listed = [scale for entry in stored.index().values() for scale in entry["scales"].values()]
    there = {path.name for path in (records.files("hebbnotes") / "results").iterdir()}
    assert {name for name in there if name.endswith(".json")} == {"index.json"} | {
        f"{scale['file']}.json" for scale in listed if scale["stored"]
    }
    assert {name for name in there if name.endswith(".safetensors")} >= {
        f"{scale['file']}.safetensors" for scale in listed if scale["weights"]
    }


def test_a_result_is_read_without_torch_and_without_a_chapter():
    program = (
        "import sys; from hebbnotes import experiments\n"
        "found = [experiments.result(name) for name in experiments.EXPERIMENTS]\n"
        "assert found and experiments.result('benchmark') and experiments.seeds('maze-plastic')\n"
        "heavy = ('torch', 'numba', 'numpy', 'scipy', 'sklearn', 'hebbnotes.chapters')\n"
        "assert not [name for name in heavy if name in sys.modules]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_measurement_is_read_by_name_and_has_no_seeds():
    assert "sizes" in experiments.result("benchmark")
    assert "benchmark" not in experiments.EXPERIMENTS
    with pytest.raises(ValueError, match="without seeds"):
        experiments.seeds("benchmark")
    with pytest.raises(KeyError):
        experiments.EXPERIMENTS["benchmark"]


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6), st.sampled_from([None, 0.0, -0.5]))
def test_an_interval_ends_at_a_bound_of_its_metric_and_nowhere_else(values, bound):
    one = replace(experiments.EXPERIMENTS["thousand-bits"], metric="gain.in", at_least=bound)
    values = [value if bound is None else max(value, bound) for value in values]
    found = records.headline(one, {str(k): {"gain": {"in": v}} for k, v in enumerate(values)})
    mean, low, high = analysis.interval(values)
    if bound is not None:
        low = max(low, bound)
    assert found["value"] == pytest.approx(mean, rel=1e-3, abs=1e-12)
    assert found["ci95"] == pytest.approx([low, high], rel=1e-3, abs=1e-12)


# ------------------------------------------------------------------------------------------------------------ running them


def test_an_experiment_writes_each_seed_and_one_file_with_all(tiny, tmp_path, capsys):
    for seed in ("10", "2"):
        assert main(["run", tiny, "--folder", str(tmp_path), "--seed", seed]) == 0
    found = json.loads((tmp_path / f"{tiny}.json").read_text())
    assert list(found["seeds"]) == ["2", "10"], "in the order of numbers"
    for seed in ("2", "10"):
        alone = json.loads((tmp_path / tiny / f"{seed}.json").read_text())
        assert found["seeds"][seed] == alone["numbers"]
        shared = ("configuration", "versions", "hardware", "device")
        assert {k: alone[k] for k in shared} == {k: found[k] for k in shared}
    assert (
        len({json.dumps(without_seconds(numbers)) for numbers in found["seeds"].values()}) == 2
    ), "seeds differ"
    assert found["configuration"]["updates"] == 6
    assert found["versions"]["torch"] == torch.__version__
    kept = load_file(tmp_path / f"{tiny}.safetensors")
    assert set(kept) == {"10.inhibition", "10.log_gain", "10.eta_logit"}, (
        "the seeds to keep, and no other"
    )
    left = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    seeds = {f"{seed}.{end}" for seed in (2, 10) for end in ("json", "safetensors")}
    locks = {"2.lock", "10.lock"}
    assert left - locks == seeds | {f"{tiny}.json", f"{tiny}.safetensors"}, (
        "no checkpoint and no part of a file is left"
    )
    assert "95 % interval" in capsys.readouterr().out
    before = (tmp_path / tiny / "2.json").read_text()
    main(["run", tiny, "--folder", str(tmp_path), "--seed", "2"])
    assert (tmp_path / tiny / "2.json").read_text() == before, (
        "a seed that is done is not run again"
    )


def test_another_scale_has_files_of_its_own(tiny, tmp_path):
    assert main(["run", tiny, "--folder", str(tmp_path), "--seed", "2", "--scale", "notebook"]) == 0
    found = json.loads((tmp_path / f"{tiny}.notebook.json").read_text())
    assert (found["scale"], found["configuration"]["updates"]) == ("notebook", 3)
    assert found["ci95"] is None, "one seed has no interval"
    assert not (tmp_path / tiny).exists()


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


def test_only_a_whole_result_is_stored_and_what_was_trained_otherwise_is_refused(
    tiny, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(records, "files", lambda package: tmp_path / "package")
    with pytest.raises(FileNotFoundError, match="run the experiment first"):
        records.collect(Run(tiny, tmp_path), tmp_path)
    assert main(["run", tiny, "--folder", str(tmp_path / "a"), "--seed", "2"]) == 0
    with pytest.raises(ValueError, match=r"the package stores the seeds \(2, 10\)"):
        records.store(Run(tiny, tmp_path / "a"))
    assert not (tmp_path / "package").exists()
    assert main(["run", tiny, "--folder", str(tmp_path / "a"), "--seed", "10", "--store"]) == 0
    assert (tmp_path / "package" / "results" / f"{tiny}.json").exists()
    small = experiments.EXPERIMENTS[tiny]
    done = tmp_path / "a" / tiny / "2.json"
    was = json.loads(done.read_text())
    done.write_text(json.dumps(was | {"device": "cuda"}))
    with pytest.raises(ValueError, match="another configuration or device"):
        running.run_seed(Run(tiny, tmp_path / "a"), 2)
    for other in ({"device": "cuda"}, {"versions": was["versions"] | {"torch": "1.0"}}):
        done.write_text(json.dumps(was | other))
        with pytest.raises(ValueError, match="mixes trainings"):
            records.collect(Run(tiny, tmp_path / "a"), tmp_path)
    for broken in ("{", "{}", "[]"):
        done.write_text(broken)
        with pytest.raises(ValueError, match=r"2.json is damaged: remove it"):
            running.run_seed(Run(tiny, tmp_path / "a"), 2)
    done.write_text(json.dumps(was))
    put(monkeypatch, tiny, replace(small, configuration=replace(small.configuration, lr=0.5)))
    for call in (
        lambda: running.run_seed(Run(tiny, tmp_path / "a"), 2),
        lambda: records.collect(Run(tiny, tmp_path / "a"), tmp_path),
    ):
        with pytest.raises(ValueError, match="another configuration"):
            call()


def test_evaluate_finds_the_stored_numbers_again_and_says_when_it_does_not(
    tiny, tmp_path, monkeypatch, capsys
):
    for module in (records, stored):
        monkeypatch.setattr(module, "files", lambda package: tmp_path / "package")
    for seed in ("2", "10"):
        main(["run", tiny, "--folder", str(tmp_path), "--seed", seed])
    records.store(Run(tiny, tmp_path))
    capsys.readouterr()
    assert main(["evaluate", tiny, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"experiment", "metric", "value", "ci95", "seeds", "published"} <= set(found)
    assert (found["experiment"], found["seeds"], set(found["recomputed"])) == (tiny, 2, {"10"})
    assert found["largest_difference"] == 0
    assert main(["evaluate", tiny, "--seed", "2"]) == 1
    said = capsys.readouterr().err
    assert "the whole weights of seeds 2 are not stored" in said
    assert f"run {tiny} --seed 2` finds their numbers again, in a minute or less" in said
    assert main(["evaluate", tiny, "--seed", "3"]) == 1
    assert "no stored seeds 3, only 2, 10" in capsys.readouterr().err
    assert main(["evaluate", tiny]) == 0
    assert f"run {tiny} --seed 2` finds their numbers again" in capsys.readouterr().out

    nothing = replace(
        experiments.EXPERIMENTS[tiny],
        test=lambda *_, **__: {"transfer_erased": {"once": float("nan")}},
    )
    with monkeypatch.context() as patched:
        put(patched, tiny, nothing)
        found = evaluate(tiny)
        assert (found["agrees"], found["largest_difference"]) == (False, None), (
            "what is no number agrees with nothing"
        )
        put(patched, tiny, replace(nothing, test=lambda *_, **__: {"another": 1.0}))
        with pytest.raises(ValueError, match="lacks another"):
            evaluate(tiny)
    path = tmp_path / "package" / "results" / f"{tiny}.safetensors"
    tensors = load_file(path)
    save_file(
        tensors | {"10.log_gain": tensors["10.log_gain"] - 9},
        path,
        metadata={"format": stored.WEIGHTS},
    )
    assert main(["evaluate", tiny]) == 1
    assert "differs by" in capsys.readouterr().out
    save_file(tensors, path, metadata={"format": "another"})
    assert main(["evaluate", tiny]) == 1
    assert "install the version that belongs to it" in capsys.readouterr().err


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
        return real(
            parameters, lambda update: (calls.append(update), loss(update))[1], updates, **kwargs
        )

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


def test_kept_matrices_are_halved_only_where_that_can_hold_them():
    tensors = {
        "w": torch.tensor([[1e5, 1.0]]),
        "alpha": torch.tensor([[0.1, 1.0]]),
        "eta": torch.tensor(0.1),
    }
    kept = records.halved(tensors)
    assert [kept[name].dtype for name in ("w", "alpha", "eta")] == [
        torch.float32,
        torch.float16,
        torch.float32,
    ]
    assert torch.equal(kept["w"], tensors["w"])


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


def smaller(folder, *, every=30.0, updates=200):
    """A program that runs a real experiment on few bits and saves as often as it is told."""
    return [
        sys.executable,
        "-c",
        "import dataclasses; from hebbnotes import training; from hebbnotes.experiments.__main__ import main\n"
        "from hebbnotes.chapters.differentiable_plasticity.experiments import EXPERIMENTS\n"
        f"training.train.__kwdefaults__['every'] = {every}\n"
        "load = training.load\n"
        "def told(*args):\n history = load(*args)\n print('goes on at', len(history.loss))\n return history\n"
        "training.load = told\n"
        "one = EXPERIMENTS['three-numbers-once']\n"
        f"small = {{'n_bits': 12, 'updates': {updates}, 'test_episodes': 1}}\n"
        "few = dataclasses.replace(one.configuration, **small)\n"
        "EXPERIMENTS['three-numbers-once'] = dataclasses.replace(one, configuration=few)\n"
        f"raise SystemExit(main(['run', 'three-numbers-once', '--seed', '0', '--folder', {str(folder)!r}]))",
    ]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_a_killed_process_goes_on_to_the_same_result(tmp_path):
    place = tmp_path / "killed" / "three-numbers-once"
    victim = subprocess.Popen(smaller(tmp_path / "killed", every=0.0), env=ONE_THREAD)
    until((place / "0.parts" / "training.checkpoint").exists)
    victim.kill()
    victim.wait()
    assert not (place / "0.json").exists(), "it was killed in time"
    said = {
        name: subprocess.run(
            smaller(tmp_path / name), check=True, env=ONE_THREAD, capture_output=True, text=True
        ).stdout
        for name in ("killed", "whole")
    }
    assert "goes on at" in said["killed"]
    assert "goes on at" not in said["whole"]
    one, two = (
        json.loads((tmp_path / name / place.name / "0.json").read_text())["numbers"]
        for name in ("killed", "whole")
    )
    assert without_seconds(one) == without_seconds(two)
    assert (tmp_path / "killed" / f"{place.name}.safetensors").read_bytes() == (
        tmp_path / "whole" / f"{place.name}.safetensors"
    ).read_bytes()


def noted(run, seed, bar):
    """Stands for the training of a seed, in a process of its own."""
    (run.folder / f"{seed}.{bar['position']}.{os.getpid()}").touch()
    if seed == 3:
        raise SystemExit(1)


def test_several_seeds_run_in_processes_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_in_a_process", noted)
    run = Run("three-numbers-once", tmp_path)
    workers.run_seeds(run, [0, 1, 2, 1], processes=2)
    found = [path.name.split(".") for path in tmp_path.iterdir()]
    assert sorted(seed for seed, _, _ in found) == ["0", "1", "2"], "each seed once"
    assert {place for _, place, _ in found} == {"0", "1"}, "two at once"
    assert len({pid for _, _, pid in found} - {str(os.getpid())}) == 3
    with pytest.raises(RuntimeError, match=r"seeds \[3\] failed"):
        workers.run_seeds(run, [3, 4])
    assert list(tmp_path.glob("4.*")), "the others are run to their end"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopping_the_command_ends_all_its_processes(tmp_path, sent):
    command = [
        sys.executable,
        "-m",
        "hebbnotes.experiments",
        "run",
        "fifty-bits-lstm-3",
        "--seed",
        "0",
        "1",
        "--processes",
        "2",
    ]
    with subprocess.Popen(
        [*command, "--folder", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        env=ONE_THREAD,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - jobs in the background ignore it
    ) as now:
        try:
            until(lambda: len(list(tmp_path.glob("*/*.began"))) == 2)
            now.send_signal(sent)  # to the command alone, not to its processes
            locks = [FileLock(path, blocking=False) for path in tmp_path.glob("*/*.lock")]
            until(lambda: all(is_free(lock) for lock in locks))
            said = now.communicate(timeout=60)[1]
        finally:
            now.kill()
    assert len(locks) == 2
    if sent != signal.SIGKILL:
        assert now.returncode == 130
        assert "goes on from the last checkpoint" in said
    assert "Traceback" not in said
    assert len(list(tmp_path.glob("*/*.began"))) == 2


def is_free(lock):
    try:
        with lock:
            return True
    except Timeout:
        return False


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
def test_a_checkpoint_of_another_training_is_refused_and_nothing_is_changed(
    tmp_path, other, kwargs, updates
):
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

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        training.train(xs, loss, 5, checkpoint=path, every=0.0)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "what was written in part is removed"


def test_a_training_is_saved_no_more_often_than_asked_for(tmp_path, monkeypatch):
    clock, saves = iter(range(1000)), []
    monkeypatch.setattr(training.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(training, "save", lambda path, *args: saves.append(len(args[-1].loss)))
    xs, loss = line(2)
    training.train(xs, loss, 12, checkpoint=tmp_path / "c", every=2.5)
    assert saves == [3, 6, 9, 12], "the clock ticks at each look, and once more at each save"


def test_the_command_lists_what_there_is_and_refuses_other_names():
    listed = subprocess.run(
        [sys.executable, "-m", "hebbnotes.experiments"], capture_output=True, text=True, check=True
    ).stdout
    assert all(name in listed for name in experiments.EXPERIMENTS)
    for call in (experiments.result, experiments.seeds, experiments.weights):
        with pytest.raises(ValueError, match="name must be one of"):
            call("nothing")
    with pytest.raises(FileNotFoundError, match=r"run thousand-bits --scale notebook`$"):
        experiments.result("thousand-bits", "notebook")
    with pytest.raises(ValueError, match="scale must be one of book, notebook"):
        experiments.result("small-networks-2", "paper")
    assert experiments.result("thousand-bits", "paper") == experiments.result("thousand-bits"), (
        "it is as published"
    )


def dying(run, seed, bar):
    """Stands for the training of a seed that takes its process with it."""
    if seed == 3:
        os._exit(9)
    (run.folder / f"{seed}.done").touch()


def test_a_process_that_dies_is_one_seed_that_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(workers, "_in_a_process", dying)
    with pytest.raises(RuntimeError, match=r"seeds \[3\] failed"):
        workers.run_seeds(Run("three-numbers-once", tmp_path), [3, 4], processes=1)
    assert "seed 3: its process died" in capsys.readouterr().err
    assert (tmp_path / "4.done").exists()
