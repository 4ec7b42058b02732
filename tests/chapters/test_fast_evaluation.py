"""The benchmark: it measures what it says, and the stored result is whole."""

import copy
import json

import pytest
import torch

from hebbnotes import PlasticRNN, rules, run, tasks
from hebbnotes.chapters.fast_evaluation import benchmark, formulations, loops
from hebbnotes.experiments import stored
from hebbnotes.plasticity import chunks
from hebbnotes.tasks import PatternCompletion
from tools import checks_cost

SMALL = PatternCompletion(n_bits=8, n_patterns=2, **tasks.ONCE)


@pytest.mark.parametrize("rule", [rules.decay, rules.oja], ids=lambda r: r.__name__)
def test_the_published_formulation_is_the_network_alone_and_on_a_batch(rule):
    g = torch.Generator().manual_seed(0)
    w, alpha = (torch.randn(9, 9, generator=g) for _ in range(2))
    eta = torch.tensor(0.2)
    shown = SMALL.sample(3, g)
    expected = run(shown.inputs, w, alpha, eta, rule, clamp=shown.clamp, method="loop")[0][-1]
    torch.testing.assert_close(
        formulations.batched(shown.inputs, shown.clamp, w, alpha, eta, rule), expected
    )
    alone = formulations.published(shown.inputs[:, :1], shown.clamp[:, :1], w, alpha, eta, rule)
    torch.testing.assert_close(alone, expected[:1])


def test_all_ways_give_the_same_answer_and_the_same_gradients():
    size, found = benchmark.Size(SMALL, 2, rules.oja), []
    for way in benchmark.WAYS.values():
        g = torch.Generator().manual_seed(1)
        numbers, shown = benchmark._network(9, g), SMALL.sample(1, g)
        last = way(size, numbers, shown)
        found.append([last.detach(), *torch.autograd.grad(last.square().sum(), numbers)])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("rule", [rules.decay, rules.oja], ids=lambda r: r.__name__)
@pytest.mark.parametrize("schedule", [tasks.ONCE, tasks.CODE], ids=["once", "code"])
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("computed", formulations.LOOPS)
def test_a_loop_that_saves_gives_the_same_answer_and_the_same_gradients(
    rule, schedule, again, computed
):
    task, g = (
        PatternCompletion(n_bits=8, n_patterns=2, **schedule),
        torch.Generator().manual_seed(3),
    )
    numbers = [one.detach().double().requires_grad_() for one in benchmark._network(9, g)]
    shown = task.sample(1, g, torch.float64)
    found = []
    for last in (
        formulations.published(shown.inputs, shown.clamp, *numbers, rule),
        formulations.loop(shown.inputs, shown.clamp, *numbers, rule, computed, again),
    ):
        found.append([last.detach(), *torch.autograd.grad(last.square().sum(), numbers)])
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-12)


def test_a_loop_that_does_not_exist_is_refused():
    shown, (w, alpha, eta) = (
        SMALL.sample(1, torch.Generator()),
        benchmark._network(9, torch.Generator()),
    )
    with pytest.raises(ValueError, match="computed must be one of 'all', 'free', 'events'"):
        formulations.loop(shown.inputs, shown.clamp, w, alpha, eta, rules.decay, "some")


def test_loops_are_compared_within_a_round(monkeypatch):
    monkeypatch.setitem(benchmark.SIZES, "small", benchmark.Size(SMALL, 2))
    found = loops.measure_times("small", 2)
    assert list(found) == [*loops.WAYS, *(f"{way}, batch of 2" for way in loops.BATCHED)]
    assert found["published"]["faster"] == found["published"]["most"] == 1
    assert all(0 < one["least"] <= one["faster"] <= one["most"] for one in found.values())


def test_modulated_networks_are_compared_within_a_round(monkeypatch, capsys):
    monkeypatch.setattr(loops, "UNITS_AND_STEPS", (20, 6))
    for kind, retroactive in loops.MODULATED.items():
        assert loops._modulated(kind, 3).retroactive == retroactive
        found = loops.measure_modulated_times(kind, 2)
        assert list(found) == list(loops.METHODS)
        assert found["loop"]["faster"] == found["loop"]["most"] == 1
        assert all(0 < one["least"] <= one["faster"] <= one["most"] for one in found.values())
    assert loops.main(["modulated-times", "simple", "1"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]).keys() == {*loops.METHODS}
    assert loops.measure_modulated_memory("simple", "chunk") >= 0
    table = loops._table({"sizes": {}, "modulated": {"simple": found}})
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [
        ["simple", "loop"],
        ["simple", "chunk"],
    ]


def test_the_stored_loops_are_those_of_the_code():
    found = loops.result()["sizes"]
    assert tuple(found) == loops.LARGE
    for name, ways in found.items():
        batches = [f"{way}, batch of {benchmark.SIZES[name].batch}" for way in loops.BATCHED]
        assert list(ways) == [*loops.WAYS, *batches]
        assert all(("mb" in one) == (way in loops.WAYS) for way, one in ways.items())


def test_loops_are_measured_printed_and_added_to_the_benchmark(monkeypatch, tmp_path, capsys):
    (tmp_path / "results").mkdir()
    found, whole = loops.result(), benchmark.result()
    monkeypatch.setattr(loops, "measure", lambda rounds: found | {"rounds": rounds})
    assert loops.main(["--rounds", "2"]) == 0
    assert "events, checkpointed" in capsys.readouterr().out
    monkeypatch.setattr(loops, "files", lambda package: tmp_path)
    monkeypatch.setattr(loops.stored, "enter_files", lambda name, scale: None)
    assert loops.main(["--rounds", "2", "--store"]) == 0
    stored_now = json.loads((tmp_path / "results" / "benchmark.json").read_text())
    assert stored_now["loops"]["rounds"] == 2
    assert stored_now["sizes"] == whole["sizes"], "the rest stays"
    monkeypatch.setattr(loops, "measure_memory", lambda size, way: 1.5)
    assert loops.main(["memory", "images", "events"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == 1.5


def test_a_measurement_of_loops_that_dies_or_is_stopped_says_so(monkeypatch, capsys):
    monkeypatch.setattr(loops.sys, "executable", "/bin/false")
    assert loops.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: the measurement of times 1,000 bits 5 ended with status 1")
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        loops.measure(0)

    def stopped(rounds):
        raise KeyboardInterrupt

    monkeypatch.setattr(loops, "measure", stopped)
    assert loops.main(["--store"]) == 130
    assert "nothing is stored" in capsys.readouterr().err


def test_times_are_positive_and_compared_within_a_round(monkeypatch):
    monkeypatch.setitem(benchmark.SIZES, "small", benchmark.Size(SMALL, 2))
    found = benchmark.measure_times("small", 1)
    assert list(found) == list(benchmark.WAYS)
    assert found["published"]["faster"] == 1
    assert all(one["ms"] > 0 and one["faster"] > 0 for one in found.values())


def test_the_floor_counts_products_and_borders():
    size = benchmark.Size(PatternCompletion(n_bits=99, n_patterns=2, **tasks.ONCE), 1)
    whole = benchmark.floor(size, 1.0, 1.0, 100, 100)
    shown = size.task.sample(1, torch.Generator())
    events = chunks.find_events(shown.inputs, shown.clamp, torch.zeros(1, 100))
    keys, products = 0, 0
    for event in events:
        products += 3 * event.free * (1 + keys) + (
            not event.free
        )  # a clamped one is a row of zeros in the gradient of w
        keys += not event.shares
    assert whole == pytest.approx(1e3 * 2 * 100**2 * (products + keys) / 1e9)
    assert benchmark.floor(size, 2.0, 1.0, 100, 100) == pytest.approx(whole / 2)
    assert benchmark.floor(size, 1e9, 1.0, 2, 2) > benchmark.floor(size, 1e9, 1.0, 4, 4), (
        "more borders"
    )


def test_the_stored_result_has_all_that_the_code_measures():
    found = benchmark.result()
    assert list(found["sizes"]) == list(benchmark.SIZES)
    for name, one in found["sizes"].items():
        size = benchmark.SIZES[name]
        assert (one["units"], one["steps"], one["batch"]) == (
            size.task.n_units,
            size.task.n_steps,
            size.batch,
        )
        assert list(one["ways"]) == list(benchmark.WAYS)
        assert all(("mb" in way) == (one["units"] > 1000) for way in one["ways"].values())
    assert found["growth"]["units"]["at"][-1] == found["growth"]["steps"]["at"][-1] == 4096
    assert all(value > 0 for value in found["computer"].values())


def test_a_result_is_measured_printed_and_stored_beside_and_renamed(monkeypatch, tmp_path, capsys):
    (tmp_path / "results").mkdir()
    entries = copy.deepcopy(stored.index())
    monkeypatch.setattr(
        benchmark, "measure", lambda rounds: benchmark.result() | {"rounds": rounds}
    )
    real = benchmark.files
    benchmark.main(["--rounds", "3"])
    assert "1,000 bits, Oja" in capsys.readouterr().out
    found = benchmark.result()
    monkeypatch.setattr(benchmark, "measure", lambda rounds: found | {"rounds": rounds})
    for module in (benchmark, stored):
        monkeypatch.setattr(module, "files", lambda package: tmp_path)
    monkeypatch.setattr(stored, "index", lambda: entries)
    benchmark.main(["--rounds", "3", "--store"])
    assert json.loads((tmp_path / "results" / "benchmark.json").read_text())["rounds"] == 3
    assert {path.name for path in (tmp_path / "results").iterdir()} == {
        "benchmark.json",
        "index.json",
    }
    assert stored.result("benchmark")["rounds"] == 3, "the index knows what was stored"
    monkeypatch.setattr(benchmark, "files", real)
    monkeypatch.setattr(benchmark, "measure_computer", lambda: {"matrix_product_gflops": 1.0})
    benchmark.main(["computer"])
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"matrix_product_gflops": 1.0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "invalid choice: 'bogus'"),
        (["times", "bogus", "3"], "invalid choice: 'bogus'"),
        (["times", "images"], "required: rounds"),
        (["times", "images", "0"], "must be 1 or more, got '0'"),
        (["memory", "images", "bogus"], "invalid choice: 'bogus'"),
        (["computer", "more"], "unrecognized arguments: more"),
        *((["--rounds", n], f"must be 1 or more, got '{n}'") for n in ("0", "1.5", "many")),
        (["--rounds", "-1"], "--rounds"),
    ],
)
def test_a_measurement_that_cannot_be_is_refused_before_anything_is_measured(
    capsys, monkeypatch, arguments, said
):
    monkeypatch.setattr(benchmark, "measure", None)
    with pytest.raises(SystemExit) as ended:
        benchmark.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_measurement_that_dies_is_an_error_in_a_line(capsys, monkeypatch):
    monkeypatch.setattr(benchmark.sys, "executable", "/bin/false")
    assert benchmark.main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: the measurement of computer ended with status 1")
    assert "Traceback" not in said
    with pytest.raises(ValueError, match="rounds must be at least 1"):
        benchmark.measure(0)


def test_a_measurement_that_is_stopped_says_so(capsys, monkeypatch):
    def stopped(rounds):
        raise KeyboardInterrupt

    monkeypatch.setattr(benchmark, "measure", stopped)
    assert benchmark.main(["--store"]) == 130
    assert "nothing is stored" in capsys.readouterr().err


def test_what_is_compared_for_the_cost_of_checks_computes_the_same():
    network, inputs = PlasticRNN(8), torch.randn(5, 2, 8, generator=torch.Generator())
    checked = network(inputs)[0]
    with checks_cost._unseen():
        assert torch.equal(network(inputs)[0], checked)
        network(inputs[:, :, :8] * torch.nan)  # nothing is checked
    with pytest.raises(ValueError, match="inputs"):
        network(inputs * torch.nan)
    assert checks_cost.share_of_checks(rounds=3, repeats=1) < 1  # how much is for `make bench`
