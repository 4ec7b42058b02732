"""Experiments of the chapter on fast weights and attention, in one registry.

What is tuned, is tuned on seeds of its own, in an experiment whose name ends in ``-rates``; which
rate was best there is written below, and a test compares.
"""

from typing import Any

from hebbnotes.chapters.fast_weights_and_attention.measured.trials import (
    Addressed,
    Costs,
    Rates,
    Rebound,
    Silent,
    Stored,
    measure_costs,
    measure_rebound,
    measure_silent,
    measure_stored,
    train_addresses,
)
from hebbnotes.chapters.fast_weights_and_attention.silent import Cued
from hebbnotes.chapters.fast_weights_and_attention.trained import experiments as trained
from hebbnotes.experiments.experiment import Experiment, untested

__all__ = ["BEST", "EXPERIMENTS"]

TWO = (100, 101)
"""Seeds on which is tuned."""
RANKS = ("1", "2", "3", "4", "8", "full")
ACTIVE = ("2", "4", "8", "16", "32", "dense")
ETAS = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1, 1.25)
"""Of rules that forget; as a share of what is there."""
OF_DELTA = (0.125, 0.25, 0.5, 0.75, 1.0, 1.25)
"""Of the delta rule, in units of a write that is exact."""
PAIRS = ("2", "4", "8", "16", "32", "48", "64", "96", "128")
SHARES = ("0", "0.25", "0.5", "0.75", "1", "1.25", "1.5")
NOISES = ("0.25", "0.5", "1", "2")
DELTA_RATES = (0.0625, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
ARMS = {
    "nothing": Cued(),
    "facilitation, stored": Cued(facilitates=True),
    "facilitation, new": Cued(stored=False, facilitates=True),
    "fast Hebb, stored": Cued(strength=1.0),
    **{f"fast Hebb, new, {s:g}": Cued(stored=False, strength=s) for s in (0.5, 1.0, 2.0, 4.0)},
    "both, new": Cued(stored=False, facilitates=True, strength=1.0),
}


def _power(active: str) -> int:
    return 64 if active == "dense" else int(active)


def _tried() -> Rates:
    return {
        active: {
            "Hebb": (1.0,),
            "decay": tuple(eta * _power(active) for eta in ETAS),
            "pre-gated": tuple(eta * _power(active) for eta in ETAS),
            "delta": OF_DELTA,
        }
        for active in ACTIVE
    }


def _shared(rates: tuple[float, ...]) -> Rates:
    cases = [f"{share}, 0" for share in SHARES] + [f"1, {noise}" for noise in NOISES]
    return {case: {"subtracting": rates} for case in cases}


BEST: dict[str, dict[str, dict[str, float]]] = {
    "addresses": {
        "logistic": {"1": 0.01, "2": 0.03, "3": 0.03, "4": 0.01, "8": 0.01, "full": 0.03},
        "squared": {"1": 0.01, "2": 0.03, "3": 0.03, "4": 0.01, "8": 0.01, "full": 0.01},
    },
    "sparse-keys": {
        "2": {"Hebb": 1, "decay": 0.125, "pre-gated": 1, "delta": 0.75},
        "4": {"Hebb": 1, "decay": 0.25, "pre-gated": 3, "delta": 0.75},
        "8": {"Hebb": 1, "decay": 0.5, "pre-gated": 4, "delta": 0.75},
        "16": {"Hebb": 1, "decay": 1, "pre-gated": 4, "delta": 0.75},
        "32": {"Hebb": 1, "decay": 2, "pre-gated": 4, "delta": 0.75},
        "dense": {"Hebb": 1, "decay": 4, "pre-gated": 4, "delta": 0.75},
    },
    "key-capacity": {
        "2": {"Hebb": 1, "delta": 0.5, "softmax": 8},
        "4": {"Hebb": 1, "delta": 0.5, "softmax": 8},
        "8": {"Hebb": 1, "delta": 0.25, "softmax": 8},
        "16": {"Hebb": 1, "delta": 0.5, "softmax": 8},
        "32": {"Hebb": 1, "delta": 0.5, "softmax": 8},
        "48": {"Hebb": 1, "delta": 0.5, "softmax": 8},
        "64": {"Hebb": 1, "delta": 0.5, "softmax": 8},
        "96": {"Hebb": 1, "delta": 0.25, "softmax": 8},
        "128": {"Hebb": 1, "delta": 0.25, "softmax": 8},
    },
    "rebinding-share": {
        "0.25, 0": {"subtracting": 3},
        "0.5, 0": {"subtracting": 1.5},
        "0.75, 0": {"subtracting": 1},
        "1, 0": {"subtracting": 0.75},
        "1.25, 0": {"subtracting": 0.75},
        "1.5, 0": {"subtracting": 0.5},
        "1, 0.25": {"subtracting": 0.75},
        "1, 0.5": {"subtracting": 1},
        "1, 1": {"subtracting": 1},
        "1, 2": {"subtracting": 0.75},
    },
}
"""Of each experiment, each case and each way, the rate that was best on the seeds of tuning."""


def _rates(name: str) -> Rates:
    return {
        case: {way: (rate,) for way, rate in ways.items()}
        for case, ways in BEST.get(name, {}).items()
    }


WRONG = "share of wrong bits"
EXPERIMENTS: dict[str, Experiment[Any]] = {
    "addresses-rates": Experiment(
        "four addresses: gains of each rank, at several learning rates",
        train_addresses,
        untested,
        Addressed(
            rates={
                loss: dict.fromkeys(RANKS, (0.003, 0.01, 0.03, 0.1))
                for loss in ("logistic", "squared")
            }
        ),
        "addresses.4.logistic.full.1e-02",
        WRONG,
        at_least=0.0,
        seeds=TWO,
    ),
    "addresses": Experiment(
        "four addresses: gains of each rank, beside softmax heads and gains by hand",
        train_addresses,
        untested,
        Addressed(
            rates=_rates("addresses"),
            betas=(0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0),
            course=(0, 10, 20, 40, 80, 120, 200, 399),
        ),
        "addresses.4.logistic.full.error",
        WRONG,
        at_least=0.0,
        keep=(0,),
        keep_only=tuple(f"4.logistic.{rank}" for rank in ("1", "2", "3", "full")),
    ),
    "addresses-groups": Experiment(
        "one, two and eight addresses: gains of each rank, at the rates of four",
        train_addresses,
        untested,
        Addressed(
            rates={
                "logistic": {
                    rank: (rate,)
                    for rank, rate in BEST["addresses"]["logistic"].items()
                    if rank != "3"
                }
            },
            groups=(1, 2, 8),
        ),
        "addresses.8.logistic.full.error",
        WRONG,
        at_least=0.0,
    ),
    "addresses-whole": Experiment(
        "one address, the whole key, and many pairs: what a gain of each synapse's own buys then",
        train_addresses,
        untested,
        Addressed(
            rates={"logistic": {rank: (0.01,) for rank in ("1", "4", "full")}},
            groups=(1,),
            pairs=24,
        ),
        "addresses.1.logistic.full.error",
        WRONG,
        at_least=0.0,
    ),
    "sparse-keys-rates": Experiment(
        "keys of few active inputs, bound again: rules at several rates",
        measure_rebound,
        untested,
        Rebound(rates=_tried(), batch=32),
        "error.4.delta.1",
        WRONG,
        at_least=0.0,
        seeds=TWO,
    ),
    "sparse-keys": Experiment(
        "keys of few active inputs, bound again: each rule at its best rate",
        measure_rebound,
        untested,
        Rebound(rates=_rates("sparse-keys")),
        "error.4.pre-gated",
        WRONG,
        at_least=0.0,
    ),
    "rebinding-share-rates": Experiment(
        "dense keys, bound again: what is subtracted, at several rates",
        measure_rebound,
        untested,
        Rebound(rates=_shared(DELTA_RATES), batch=32),
        "error.1, 0.subtracting.1",
        WRONG,
        at_least=0.0,
        seeds=TWO,
    ),
    "rebinding-share": Experiment(
        "dense keys, bound again: what is subtracted, at the rate of an exact write and the best",
        measure_rebound,
        untested,
        Rebound(
            rates={
                case: {"subtracting": tuple(sorted({1.0, *rates.get("subtracting", ())}))}
                for case in _shared(())
                for rates in [_rates("rebinding-share").get(case, {})]
            }
        ),
        "error.1, 0.subtracting.1",
        WRONG,
        at_least=0.0,
    ),
    "key-capacity-rates": Experiment(
        "how many pairs fit: the delta rule at several rates, softmax at several sharpnesses",
        measure_stored,
        untested,
        Stored(
            rates={
                pairs: {"delta": (0.0625, *OF_DELTA), "softmax": (2.0, 8.0, 32.0)}
                for pairs in PAIRS
            },
            batch=32,
        ),
        "error.32.delta.1",
        WRONG,
        at_least=0.0,
        seeds=TWO,
    ),
    "key-capacity": Experiment(
        "how many pairs fit, each rule at its best rate",
        measure_stored,
        untested,
        Stored(rates=_rates("key-capacity")),
        "error.32.delta",
        WRONG,
        at_least=0.0,
    ),
    "silent-memory": Experiment(
        "after a silence: what facilitation and a fast Hebbian trace bring back",
        measure_silent,
        untested,
        Silent(arms=ARMS),
        "ends.facilitation, stored.cued.2",
        "share of trials that end in the assembly that was cued",
        at_least=0.0,
    ),
    "fast-weights-costs": Experiment(
        "what a memory of keys and values holds, multiplies, and takes in seconds",
        measure_costs,
        untested,
        Costs(),
        "writes.256.faster",
        "seconds of the delta rule's loop over those of its chunks",
        at_least=0.0,
    ),
    **trained.EXPERIMENTS,
}
"""All experiments of the chapter."""
