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
from hebbnotes.experiments.experiment import Experiment, Numbers

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


BEST: dict[str, dict[str, dict[str, float]]] = {}
"""Of each experiment, each case and each way, the rate that was best on the seeds of tuning."""


def _once(*_: Any) -> Numbers:
    return {}  # all is measured on the way


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
        _once,
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
    "sparse-keys-rates": Experiment(
        "keys of few active inputs, bound again: rules at several rates",
        measure_rebound,
        _once,
        Rebound(rates=_tried(), batch=32),
        "error.4.delta.1",
        WRONG,
        at_least=0.0,
        seeds=TWO,
    ),
    "rebinding-share-rates": Experiment(
        "dense keys, bound again: what is subtracted, at several rates",
        measure_rebound,
        _once,
        Rebound(rates=_shared(DELTA_RATES), batch=32),
        "error.1, 0.subtracting.1",
        WRONG,
        at_least=0.0,
        seeds=TWO,
    ),
    "key-capacity-rates": Experiment(
        "how many pairs fit: the delta rule at several rates, softmax at several sharpnesses",
        measure_stored,
        _once,
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
    "silent-memory": Experiment(
        "after a silence: what facilitation and a fast Hebbian trace bring back",
        measure_silent,
        _once,
        Silent(arms=ARMS),
        "ends.facilitation, stored.cued.2",
        "share of trials that end in the assembly that was cued",
        at_least=0.0,
    ),
    "fast-weights-costs": Experiment(
        "what a memory of keys and values holds, multiplies, and takes in seconds",
        measure_costs,
        _once,
        Costs(),
        "writes.256.faster",
        "seconds of the delta rule's loop over those of its chunks",
        at_least=0.0,
    ),
    **trained.EXPERIMENTS,
}
"""All experiments of the chapter."""
