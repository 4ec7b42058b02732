"""What is stored is what the code would make; it is listed in an index, and read without torch."""

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from hebbnotes import _files, experiments
from hebbnotes.chapters.differentiable_plasticity import experiments as bits
from hebbnotes.experiments import __main__ as command
from hebbnotes.experiments import records, stored
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.evaluation import evaluate
from hebbnotes.experiments.experiment import described

ENDS = (".json", ".safetensors")
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
    if len(found["seeds"]) == 1:  # where rates were tried
        assert found["ci95"] is None
    else:
        assert found["ci95"][0] <= found["value"] <= found["ci95"][1]
    assert (found["published"] is None) == (not experiment.paper)
    if experiment.paper:
        assert found["published"] == {
            "where": experiment.paper[0],
            **experiments.PAPER[experiment.paper[0]]._asdict(),
        }


NOT_WHOLE = {
    *(f"features-{kind}" for kind in ("pixels", "random", "exemplars", "pca", "sanger")),
    *(f"features-{kind}" for kind in ("soft", "backpropagation", "choices", "pairs", "whitened")),
    *(f"fifty-bits-{kind}-{p}" for kind in ("rnn", "lstm") for p in (2, 3)),
    *(
        f"maze-{task}-{kind}"
        for task in ("noise", "goals", "large")
        for kind in ("plastic", "lstm")
    ),
    *(
        "cue-reward",
        "cue-reward-longer",
        "cue-reward-other-rate",
        "cue-reward-longer-plastic",
        "cue-reward-rates",
        "cue-reward-rates-further",
        "modulation-costs",
    ),
    *("maze-lstm-high", "maze-rates", "memory-capacity", "memory-ladder"),
    *("maze-moved", "maze-writing", "maze-delays", "maze-drift", "drawings"),  # train nothing
    *("alphabets-plastic", "alphabets-prototypes", "omniglot-digits"),
    *("images-halves", "smooth-patterns", "images-rates", "images-8-rates", "images-8"),
    *("noise-rates", "noise-controls"),
    *("rewards-rates", "rewards-stimuli", "matched-spikes", "spikes-learn-rates", "spikes-learn"),
    *("eprop-delay-rates", "eprop-delay"),
    *("thousand-bits", "thousand-bits-code", "thousand-bits-code.notebook"),
    *("thousand-bits-learned-eta", "thousand-bits-code-learned-eta"),
    *(f"units-51-{how}" for how in ("logit", "raw", "held", "diagonal")),
    *("units-251-logit", "units-251-raw", "units-2051-raw", "trace-cut"),
    "small-networks-5-blind",
    *("memory-dale", "memory-dale-patterns", "memory-dale-rates", "memory-dale-crowded"),
    *("memory-dale-gains", "memory-dale-gains-tried"),
    *(f"signs-{n}{tried}" for n in (40, 80, 160, 320) for tried in ("", "-rates")),
    *("signs-160-rates-further", "signs-320-rates-further", "signs-320-rates-further-still"),
    *("maps-density", "maps-widths", "economy-ratios", "economy-sizes", "economy-bins"),
    *("economy-partners", "economy-many", "economy-forms", "economy-whole", "economy-sweeps"),
    *("sheet-rates", "sheet-rates-further", "sheet-digits", "sheet-local-rates"),
    *("sheet-local-rates-further", "sheet-local"),
    *("signs-80-long", "balanced-limit"),
    *("reward-gated", "reward-gated-cells", "reward-gated-distractors", "reward-gated-long"),
    *("reward-gated-short", "reward-gated-silent", "reward-gated-cells-rates"),
    *(f"reward-gated{where}-rates" for where in ("", "-long", "-silent")),
    *(f"reward-gated{where}-starts" for where in ("", "-long", "-silent")),
    *("reward-gated-long-pairs", "reward-gated-long-writers"),
    *(f"intervals{which}" for which in ("", "-8", "-16", "-64", "-narrow", "-annealed", "-modes")),
    *("intervals-narrow-rates", "intervals-rates"),
    *("intervals-rates-further", "intervals-rates-furthest", "intervals-64-rates"),
    "intervals-64-rates-further",
    *("two-clocks", "two-clocks-same", "two-clocks-rates", "two-clocks-same-rates"),
    *("templates", "templates-narrow", "templates-rates", "templates-narrow-rates"),
    *(f"{task}-rates-further" for task in ("intervals-narrow", "two-clocks", "two-clocks-same")),
    *("templates-rates-further", "templates-narrow-rates-further"),
    *("store-recall", "store-recall-rates", "store-recall-rates-further"),
    *("wiring-rates", "wiring-rates-further", "wiring-arms", "wiring-prices"),
    *("wiring-believed", "wiring-nulls", "wiring-prices-further"),
    *("plastic-price-rates", "plastic-price"),
    *(
        f"credit-{table}{tried}"
        for table in ("table", "digits-table", "depth", "width")
        for tried in ("", "-rates", "-rates-further")
    ),
    *("credit-price", "credit-price-width", "credit-depth-long", "credit-table-rates-missed"),
    *("credit-prospective", "credit-prospective-rates"),
    *("addresses", "addresses-rates", "addresses-groups", "sparse-keys", "sparse-keys-rates"),
    *("rebinding-share", "rebinding-share-rates", "key-capacity", "key-capacity-rates"),
    *("silent-memory", "fast-weights-costs", "addresses-whole"),
    *("recall-rates", "recall-rates-further", "metric", "metric-rates"),
    "metric-rates-further",
    *(f"maze-modulated-{which}" for which in ("rates", "causal", "course", "moved", "old")),
    *("maze-modulated-rates-further", "language", "language-rates"),
    *("language-rates-further", "language-counts", "language-costs"),
}
"""Results whose numbers are found again by training alone: no seed has whole weights."""


def test_the_results_without_whole_weights_are_known_by_name():
    listed = [scale for entry in stored.index().values() for scale in entry["scales"].values()]
    without = {scale["file"] for scale in listed if scale["stored"] and not scale["weights"]}
    assert without - {"benchmark"} == NOT_WHOLE


WITHOUT_A_LIMIT_OF_THEIR_OWN = {
    *("associative_memory", "differentiable_plasticity", "fast_evaluation", "learning_rules"),
    *("maze", "natural_images", "one_shot_learning"),
}
"""The first chapters, whose results share 14 MB; since then each experiment has its own 1 MB."""


def test_all_results_together_are_small():
    folder = records.files("hebbnotes") / "results"
    left = {path.name: path.stat().st_size for path in folder.iterdir()}
    for entry in stored.index().values():
        if entry["chapter"] not in WITHOUT_A_LIMIT_OF_THEIR_OWN:
            its = {f"{one['file']}{end}" for one in entry["scales"].values() for end in ENDS}
            assert sum(left.pop(name, 0) for name in its) <= 1e6
    assert sum(left.values()) <= 14e6
    assert max(left.values()) < 5e6


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


NOT_RUN = {"units-2051-logit"}
"""Experiments that are a command alone, and have no result yet: they cost hours."""


def test_a_result_is_read_without_torch_and_without_a_chapter():
    program = (
        "import sys; from hebbnotes import experiments\n"
        f"run = [name for name in experiments.EXPERIMENTS if name not in {NOT_RUN}]\n"
        "found = [experiments.result(name) for name in run]\n"
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


SMALL = "three-numbers-once"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package with the index, one small result, and its weights."""
    folder = tmp_path_factory.mktemp("package") / "results"
    folder.mkdir()
    for name in ("index.json", f"{SMALL}.json", f"{SMALL}.safetensors"):
        shutil.copy(str(records.files("hebbnotes") / "results" / name), folder / name)
    return folder.parent


TEST, tested = bits.EXPERIMENTS[SMALL].test, {}


def once_tested(weights, seed, chosen):
    """Test weights, each only once: most damage is such that they are whole."""
    its = sorted((name, one.numpy().tobytes()) for name, one in weights.items())
    key = seed, repr(chosen), *its
    if key not in tested:
        tested[key] = TEST(weights, seed, chosen)
    return tested[key]


@contextlib.contextmanager
def damaged(package, name, content):
    """Read from the package, one of whose files has another content."""
    path = package / "results" / name
    before = path.read_bytes()
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(bits.EXPERIMENTS, SMALL, replace(bits.EXPERIMENTS[SMALL], test=once_tested))
        patched.setattr(stored, "files", lambda _: package)
        stored.index.cache_clear()
        try:
            yield
        finally:
            path.write_bytes(before)
            stored.index.cache_clear()


def read_all():
    """Read all that the package tells of an experiment; returns the error that names the mend."""
    try:
        for name in (SMALL, "benchmark"):
            stored.command(name)
            with contextlib.suppress(FileNotFoundError):
                experiments.result(name)
        experiments.seeds(SMALL)
        stored.minutes(SMALL)
        evaluate(SMALL)
    except ValueError as error:
        return str(error)
    return ""


def test_no_flipped_bit_of_a_result_or_of_weights_is_read(package):
    for name, read in (
        (f"{SMALL}.json", experiments.result),
        (f"{SMALL}.safetensors", experiments.weights),
    ):
        content = (package / "results" / name).read_bytes()
        for at in range(0, len(content), 23):
            new = bytearray(content)
            new[at] ^= 1
            if name.endswith("json") and not content[at : at + 1].strip():
                continue  # white space says nothing
            said = pytest.raises(ValueError, match=rf"{name} is damaged: install hebbnotes again")
            with damaged(package, name, bytes(new)), said:
                read(SMALL)


def test_other_ends_of_lines_are_no_damage(package):
    content = (package / "results" / f"{SMALL}.json").read_bytes()
    with damaged(package, f"{SMALL}.json", content.replace(b"\n", b"\r\n")):
        assert experiments.result(SMALL)


@given(st.data(), st.sampled_from([f"{SMALL}.json", "index.json", f"{SMALL}.safetensors"]))
def test_no_damage_of_a_stored_file_is_more_than_an_error_with_a_mend(package, data, name):
    content = (package / "results" / name).read_bytes()
    at, new = data.draw(st.integers(0, len(content) - 1)), bytearray(content)
    if data.draw(st.booleans()):
        new[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        at = min(at, len(content) - 20)
        new[at : at + 20] = data.draw(st.binary(min_size=20, max_size=20))
    with damaged(package, name, bytes(new)):
        said = read_all()
    assert "\n" not in said


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"5", b"{", b"\xff", b'{"seeds": {}}', b'{"seeds": 5}', b"NaN"],
    ids=repr,
)
@pytest.mark.parametrize("name", [f"{SMALL}.json", "index.json", f"{SMALL}.safetensors"])
def test_a_stored_file_that_holds_something_else_is_named(package, name, content, capsys):
    if (name, content) == ("index.json", b"{}"):
        return  # a package without experiments
    with damaged(package, name, content):
        said = read_all()
        assert name in said
        assert "is damaged: install hebbnotes again" in said
        assert main(["evaluate", SMALL]) == 1
        assert name in capsys.readouterr().err
        if name == "index.json":
            assert main([]) == 1
            assert "index.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["metric", "unit", "value", "ci95", "published", "seeds"])
def test_a_stored_result_that_lacks_something_is_named(package, key):
    content = json.loads((package / "results" / f"{SMALL}.json").read_text())
    changes = [{k: v for k, v in content.items() if k != key}, content | {key: "text"}]
    if key == "seeds":
        changes += [content | {key: {"0": {}}}, content | {key: {"notes": {"seconds": 1}}}]
    for change in changes:
        if change.get(key) == "text" and key in ("metric", "unit"):
            continue
        with damaged(package, f"{SMALL}.json", json.dumps(change).encode()):
            assert f"{SMALL}.json is damaged: install hebbnotes again" in read_all()


@pytest.mark.parametrize(
    "tensors",
    [
        {},
        {"0.w": torch.zeros(3, 3)},
        {
            "0.inhibition": torch.zeros(2),
            "0.log_gain": torch.zeros(()),
            "0.eta_logit": torch.ones(7),
        },
    ],
    ids=["none", "others", "other shapes"],
)
def test_weights_of_another_network_are_said_to_be_that(package, tmp_path, tensors):
    path = tmp_path / "w"
    seeds = {str(s) for s in experiments.EXPERIMENTS[SMALL].keep}
    all_of = {f"{s}.{k.partition('.')[2]}": v.clone() for s in seeds for k, v in tensors.items()}
    _files.write_tensors(path, all_of, {"format": stored.WEIGHTS})
    with damaged(package, f"{SMALL}.safetensors", path.read_bytes()):
        patched = stored.index()[SMALL]["scales"]["book"]["sha256"]
        patched["safetensors"] = hashlib.sha256(path.read_bytes()).hexdigest()
        said = read_all()
    assert re.search(rf"{SMALL}.safetensors are not those of {SMALL} \(.*\): install", said)
    assert "\n" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--seed", "3", "10", "NAME", "--scale", "notebook"],
        ["run", "NAME", "--seed", "3", "10", "--scale", "notebook"],
        ["run", "--scale", "notebook", "--seed", "3", "NAME", "--seed", "10"],
        ["run", "--seed=3", "NAME", "--scale=notebook", "--seed=10"],
    ],
    ids=" ".join,
)
def test_names_stand_before_or_after_the_seeds(monkeypatch, arguments):
    asked = []
    monkeypatch.setattr(command, "_run_all", lambda chosen: asked.append(chosen) or 0)
    assert main([SMALL if one == "NAME" else one for one in arguments]) == 0
    assert (asked[0].names, asked[0].seed, asked[0].scale) == ([SMALL], [3, 10], "notebook")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--seed", "0", "nothing"], "NAME: must be one of"),
        (["run", "--seed", SMALL], "--seed: invalid int value"),
        (["run", "--seed"], "--seed: expected at least one argument"),
        (["run", SMALL, "--seed", "0.5"], "--seed: invalid int value: '0.5'"),
        (["run", "--seed", "0"], "required: NAME"),
        (["run", SMALL, "--folder", ""], "--folder: must name a folder, got ''"),
        (["evaluate"], "required: NAME"),
        (["train"], "invalid choice: 'train'"),
    ],
)
def test_a_command_that_cannot_be_is_refused_in_a_line(capsys, arguments, said):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_what_is_not_installed_is_said_in_a_line(monkeypatch, capsys):
    def lacking(*args):
        raise ModuleNotFoundError('numba is needed here: pip install "hebbnotes[chapters]"')

    monkeypatch.setattr(command, "_run_all", lacking)
    assert main(["run", SMALL]) == 1
    assert capsys.readouterr().err.startswith("error: numba is needed here")
