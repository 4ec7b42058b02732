"""The experiments of the chapter, small; and that what was tuned was tuned on seeds of its own."""

import statistics

import pytest
import torch

from hebbnotes import experiments, tasks
from hebbnotes.chapters.fast_weights_and_attention import addresses, sparse
from hebbnotes.chapters.fast_weights_and_attention.experiments import BEST, EXPERIMENTS
from hebbnotes.chapters.fast_weights_and_attention.measured import trials
from hebbnotes.chapters.fast_weights_and_attention.silent import Assemblies, Cued
from hebbnotes.experiments.experiment import Trial


@pytest.fixture
def trial(tmp_path):
    return Trial(3, tmp_path)


def tried(name):
    """Return of each case and way the mean error at each rate, on the seeds of tuning."""
    its = [seed["addresses"]["4"] if name == "addresses" else seed["error"] for seed in seeds(name)]
    return {
        (case, way): {rate: statistics.mean(one[case][way][rate] for one in its) for rate in rates}
        for case, ways in its[0].items()
        for way, rates in ways.items()
        if isinstance(rates, dict) and case not in ("one head", "a head for each", "by hand")
    }


def seeds(name):
    return experiments.seeds(f"{name}-rates")


@pytest.mark.parametrize("name", BEST)
def test_each_rate_is_the_best_of_those_that_were_tried_on_other_seeds(name):
    found = tried(name)
    for case, ways in BEST[name].items():
        for way, rate in ways.items():
            if way == "Hebb":  # a rate scales its sum, and changes no sign
                continue
            errors = {float(key): error for key, error in found[case, way].items()}
            assert errors[rate] == min(errors.values()), (case, way)
            if len({*errors.values()}) > 1 and way != "softmax" and "0" not in (case, way):
                least, most = min(errors), max(errors)
                assert errors[least] > errors[rate] < errors[most] or errors[rate] == 0, (case, way)
    assert not {*EXPERIMENTS[name].seeds} & {*EXPERIMENTS[f"{name}-rates"].seeds}


def test_addresses_are_trained_for_each_loss_and_rank(trial):
    chosen = trials.Addressed(
        rates={"logistic": {"1": (0.03,), "full": (0.03,)}, "squared": {"2": (0.03,)}},
        groups=(2,),
        d=8,
        pairs=2,
        updates=12,
        batch=4,
        tested=50,
        betas=(0.5,),
        course=(0, 11),
    )
    numbers, weights = trials.train_addresses(trial, chosen)
    its = numbers["addresses"]["2"]
    assert {*its} == {"logistic", "squared", "one head", "a head for each", "course"}
    assert {*its["course"]} == {"0", "11"}
    assert {*weights} == {"2.logistic.1", "2.logistic.full", "2.squared.2"}
    task = tasks.Addresses(8, 2, 2)
    e = task.sample(50, torch.Generator().manual_seed(10_003))
    for rank in ("1", "full"):
        errors = addresses.errors_of(addresses.answers(e, weights[f"2.logistic.{rank}"]), e)
        one = its["logistic"][rank]
        assert one["error"] == pytest.approx(errors.mean().item(), abs=1e-4)
        assert one["addresses"] == pytest.approx(errors.tolist(), abs=1e-4)
        assert max(abs(x) for row in one["gains"] for x in row) == 1
    assert its["logistic"]["1"]["participation"] == pytest.approx(1, abs=1e-3)
    several = trials.Addressed(
        rates={"logistic": {"1": (0.03, 0.1)}}, d=8, pairs=2, updates=3, batch=2, tested=9
    )
    numbers, weights = trials.train_addresses(trial, several)
    assert {*numbers["addresses"]["4"]["logistic"]["1"]} == {"3e-02", "1e-01"}
    assert not weights
    with pytest.raises(ValueError, match="rates must differ in their first digit"):
        trials.Addressed(rates={"logistic": {"1": (0.01, 0.012)}})


def test_rules_are_measured_on_the_same_episodes(trial):
    chosen = trials.Rebound(
        rates={"2": {"delta": (1.0,)}, "dense": {"delta": (1.0,), "Hebb": (1.0,)}},
        keys=3,
        rounds=2,
        n_bits=12,
        batch=5,
    )
    error = trials.measure_rebound(trial, chosen)[0]["error"]
    g = trial.generator()
    task = chosen.task("2")
    assert error["2"]["delta"] == pytest.approx(
        sparse.errors_of(sparse.RULES["delta"], task, 1.0, 5, g), rel=1e-3
    )
    shared = trials.Rebound(
        rates={case: {"subtracting": (0.5, 1.0)} for case in ("0, 0", "1, 0", "1, 1")},
        keys=3,
        rounds=2,
        n_bits=12,
        batch=5,
    )
    found = trials.measure_rebound(trial, shared)[0]["error"]
    assert found["0, 0"]["subtracting"]["1"] == error["dense"]["Hebb"]
    assert found["1, 0"]["subtracting"]["1"] == error["dense"]["delta"]
    assert found["1, 1"]["subtracting"]["1"] > found["1, 0"]["subtracting"]["1"]


def test_pairs_are_counted_beside_what_is_expected(trial):
    chosen = trials.Stored(
        rates={"8": {"Hebb": (1.0,), "softmax": (8.0,)}, "16": {"Hebb": (1.0,), "softmax": (8.0,)}},
        n_bits=32,
        batch=30,
    )
    numbers = trials.measure_stored(trial, chosen)[0]
    assert numbers["expected"]["8"] < numbers["expected"]["16"]
    assert numbers["error"]["8"]["Hebb"] < numbers["error"]["16"]["Hebb"]
    assert numbers["error"]["16"]["softmax"] < 0.01


def test_a_silence_is_measured_at_each_delay(trial):
    chosen = trials.Silent(
        arms={"facilitation": Cued(facilitates=True)},
        delays=(0.0, 50.0),
        network=Assemblies(n=100, size=10, stored=3),
        batch=20,
    )
    its = trials.measure_silent(trial, chosen)[0]["ends"]["facilitation"]
    assert its["cued"]["0"] > its["cued"]["50"]
    assert all(its["stored"][delay] >= its["cued"][delay] for delay in ("0", "50"))


def test_costs_are_counted_and_timed(trial):
    its = trials.measure_costs(trial, trials.Costs(writes=(4,), n=3, batch=2))[0]["writes"]["4"]
    assert its["softmax"]["held"] == 24
    assert its["delta, loop"]["products"] == 27
    assert its["faster"] == pytest.approx(
        its["delta, loop"]["seconds"] / its["delta, chunks"]["seconds"], rel=1e-3
    )


@pytest.mark.parametrize(
    "measure",
    [trials.train_addresses, trials.measure_rebound, trials.measure_stored, trials.measure_silent],
)
def test_another_device_is_refused(measure, tmp_path):
    with pytest.raises(ValueError, match="device must be cpu"):
        measure(Trial(0, tmp_path, "cuda"), None)
