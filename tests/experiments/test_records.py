"""Records: a file for each seed, one for all, and what may be put into the package."""

import contextlib
import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from hebbnotes import analysis, experiments
from hebbnotes.experiments import records, running, stored
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.records import Run
from tests.experiments.small import put, without_seconds


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


def test_only_a_whole_result_is_stored_and_what_was_trained_otherwise_is_refused(
    tiny, tmp_path, monkeypatch, capsys
):
    for module in (records, stored):
        monkeypatch.setattr(module, "files", lambda package: tmp_path / "package")
    with pytest.raises(FileNotFoundError, match="run the experiment first"):
        records.collect(Run(tiny, tmp_path), tmp_path)
    assert main(["run", tiny, "--folder", str(tmp_path / "a"), "--seed", "2"]) == 0
    with pytest.raises(ValueError, match=r"the package stores the seeds \(2, 10\)"):
        records.store(Run(tiny, tmp_path / "a"))
    assert not (tmp_path / "package").exists()
    assert main(["run", tiny, "--folder", str(tmp_path / "a"), "--seed", "10", "--store"]) == 0
    assert (tmp_path / "package" / "results" / f"{tiny}.json").exists()
    written = json.loads((tmp_path / "package" / "results" / "index.json").read_text())
    assert written == stored.index()
    assert written[tiny]["scales"]["book"]["sha256"].keys() == {"json", "safetensors"}
    small = experiments.EXPERIMENTS[tiny]
    done = tmp_path / "a" / tiny / "2.json"
    was = json.loads(done.read_text())
    del was["sha256"]  # as if written by hand
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


def test_no_flipped_bit_of_a_record_is_read(tiny, tmp_path):
    assert main(["run", tiny, "--folder", str(tmp_path), "--seed", "2"]) == 0
    done, run = tmp_path / tiny / "2.json", Run(tiny, tmp_path)
    content, right = done.read_bytes(), records.read_checked(Run(tiny, tmp_path), done)
    for at in range(0, len(content), 17):
        new = bytearray(content)
        new[at] ^= 1
        done.write_bytes(bytes(new))
        with contextlib.suppress(ValueError):
            # of white space, or of the checksum's own name, nothing is said
            assert records.read_checked(run, done) == right or b'"sha256"' not in bytes(new)
    done.write_bytes(content)
    assert records.read_checked(run, done) == right


FOREIGN = ["notes.json", "10 (copy).json", "._10.json", "010.json", "-1.json", "1e1.json", "²."]


def test_files_that_are_no_seed_are_left_out_and_named(tiny, tmp_path, capsys):
    run = Run(tiny, tmp_path)
    for seed in (2, 10):
        running.run_seed(run, seed)
    expected = records.collect(run, tmp_path / "before")
    for name in FOREIGN:
        (run.place / name.replace("².", "².json")).write_text("notes of my own")
    assert records.collect(run, tmp_path / "after") == expected
    said = capsys.readouterr().err
    assert said.count("is not the result of a seed: left out") == len(FOREIGN)
    records.check_whole(run, ())


def test_weights_that_are_missing_damaged_or_anothers_are_named_with_the_mend(
    tiny, tmp_path, capsys
):
    run = Run(tiny, tmp_path)
    for seed in (2, 10):
        running.run_seed(run, seed)
    path, other = (run.place / f"{seed}.safetensors" for seed in (10, 2))
    content, flipped = path.read_bytes(), bytearray(path.read_bytes())
    flipped[-3] ^= 4
    mend = r"remove 10.json beside it, and run the seed again"
    for new, said in (
        (None, f"10.safetensors is not there: {mend}"),
        (bytes(flipped), f"10.safetensors is damaged: {mend}"),
        (content[:50], f"10.safetensors is damaged: {mend}"),
        (other.read_bytes(), f"10.safetensors holds the weights of another training: {mend}"),
    ):
        path.unlink()
        if new is not None:
            path.write_bytes(new)
        with pytest.raises((ValueError, OSError), match=said):
            records.collect(run, tmp_path)
        assert main(["run", tiny, "--folder", str(tmp_path), "--seed", "10"]) == 1
        assert said in capsys.readouterr().err
        path.write_bytes(content)
    assert main(["run", tiny, "--folder", str(tmp_path), "--seed", "10"]) == 0


def test_numbers_that_json_cannot_hold_are_said_to_be_that(tmp_path):
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"0.json cannot be written, for a number is NaN"):
            records.write_json(tmp_path / "0.json", {"numbers": [number]})
    assert not list(tmp_path.iterdir())


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
