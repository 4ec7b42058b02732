"""What is stored is what the code would make; it is listed in an index, and read without torch."""

import json
import subprocess
import sys

import pytest
from safetensors import safe_open

from hebbnotes import experiments
from hebbnotes.experiments import records, stored
from hebbnotes.experiments.evaluation import evaluate
from hebbnotes.experiments.experiment import described

STORED = [(name, scale) for name, one in experiments.EXPERIMENTS.items() for scale in one.stored]


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
