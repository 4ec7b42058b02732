"""Stored weights give the stored numbers, and where they are not stored it is said what does."""

import json
from dataclasses import replace

import pytest
from safetensors.torch import load_file, save_file

from hebbnotes import experiments
from hebbnotes.chapters.differentiable_plasticity import experiments as bits
from hebbnotes.chapters.natural_images import experiments as pictures
from hebbnotes.experiments import records, stored
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.evaluation import evaluate
from hebbnotes.experiments.records import Run
from tests.experiments.small import put

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
def test_the_stored_networks_complete_photographs_about_as_well_as_is_stored(name, monkeypatch):
    try:
        pictures.photographs("cifar10-subset", "test")
    except FileNotFoundError as missing:
        pytest.skip(f"needs real data: {missing}")
    experiment, its = experiments.EXPERIMENTS[name], experiments.weights(name)
    few = replace(experiment.configuration, test_episodes=40)
    # what else is asked of them, for most of the time, is compared above, with small networks
    monkeypatch.setattr(pictures, "asked_otherwise", lambda *_: {})
    monkeypatch.setattr(pictures.analysis, "with_simpler_alphas", lambda *_: {})
    found = experiment.test({key.removeprefix("0."): value for key, value in its.items()}, 0, few)
    assert found["test_squared"] == pytest.approx(
        experiments.seeds(name)[0]["test_squared"], rel=0.3
    )


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
    stored.enter_files(tiny, "book")
    assert main(["evaluate", tiny]) == 1
    assert "differs by" in capsys.readouterr().out
    save_file(tensors, path, metadata={"format": "another"})
    assert main(["evaluate", tiny]) == 1
    assert f"{tiny}.safetensors is damaged: install" in capsys.readouterr().err
    stored.enter_files(tiny, "book")
    assert main(["evaluate", tiny]) == 1
    assert "install the version that belongs to it" in capsys.readouterr().err
