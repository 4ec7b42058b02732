"""Experiments on language: what a plastic path, and a signal that says when to write, are worth to
a network that reads Shakespeare.
"""

from dataclasses import replace
from typing import Any

from hebbnotes import data
from hebbnotes.chapters.neuromodulation_at_work.language.costs import (
    Costs,
    Floor,
    count_letters,
    measure_costs,
)
from hebbnotes.chapters.neuromodulation_at_work.language.network import ARMS
from hebbnotes.chapters.neuromodulation_at_work.language.trials import (
    Readers,
    test_readers,
    train_readers,
)
from hebbnotes.experiments.experiment import Experiment, nothing

__all__ = ["EXPERIMENTS"]

TRIED, FURTHER = (1.2e-2, 2.4e-2), (4.8e-2,)
RATES: dict[str, tuple[float, ...]] = dict.fromkeys(ARMS, FURTHER)
"""The learning rate that did best of three, the highest; see ``language-rates`` and
``language-rates-further``."""


def _needs(_: Any) -> None:
    data.require("tinyshakespeare")


_CHOSEN = Readers(rates=RATES)


def _tried(about: str, rates: tuple[float, ...]) -> Experiment[Any]:
    tried: dict[str, tuple[float, ...]] = dict.fromkeys(ARMS, rates)
    return Experiment(
        f"Shakespeare: {about}, on a seed of their own",
        train_readers,
        test_readers,
        replace(_CHOSEN, rates=tried, updates=1_000, block=100, tested=False),
        "best.simple",
        "bits a letter of the validation text",
        at_least=0,
        seeds=(100,),
        needs=_needs,
        shares=Readers.alone,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "language": Experiment(
        "Shakespeare letter by letter: a plain long short-term memory, a plastic one, and two that "
        "choose when to write, on the same letters from the same first numbers",
        train_readers,
        test_readers,
        _CHOSEN,
        "gained.simple",
        "bits a letter that a simple modulated network needs less than a plain one",
        also={
            "gained.plastic": "bits a letter that a plastic network needs less",
            "gained.retroactive": "bits a letter that a retroactive network needs less",
            "test.LSTM": "bits a letter of the plain one",
        },
        seeds=(0, 1, 2),
        needs=_needs,
        shares=Readers.alone,
    ),
    "language-rates": _tried("each arm at two learning rates", TRIED),
    "language-rates-further": _tried("each arm at twice the higher of these", FURTHER),
    "language-counts": Experiment(
        "Shakespeare: what counts of the letters that follow some letters predict, without a "
        "network",
        nothing,
        count_letters,
        Floor(),
        "best",
        "bits a letter of the test text",
        at_least=0,
        seeds=(0,),
        needs=_needs,
    ),
    "language-costs": Experiment(
        "an update of each network that reads letters: milliseconds and bytes, with traces built "
        "at each step and without",
        nothing,
        measure_costs,
        Costs(),
        "faster.simple, 64",
        "times the time without traces that the loop takes",
        at_least=0,
        seeds=(0,),
    ),
}
"""All experiments on language."""
