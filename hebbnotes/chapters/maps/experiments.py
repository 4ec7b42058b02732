"""Experiments on maps: density through time, the economy of wire, sheets that are taught."""

from typing import Any

from hebbnotes import data
from hebbnotes.chapters.maps.trials.growing import (
    Density,
    Economy,
    Widths,
    score_density,
    score_economy,
    score_widths,
)
from hebbnotes.chapters.maps.trials.taught import Local, Taught, train_digits, train_local
from hebbnotes.experiments.experiment import Experiment, nothing, untested

__all__ = ["EXPERIMENTS"]

TRIED = (0.001, 0.003, 0.01)
PRICES = ("0", "0.1", "0.5", "2")
DENSITY: dict[str, Any] = {"unit": "pinwheels in a square of the wavelength", "at_least": 0.0}
ALIKE: dict[str, Any] = {"unit": "cosine of twice the difference of neighbours' orientations"}
POINTS: dict[str, Any] = {"unit": "pictures told right, of a hundred", "at_least": 0.0}


FEWER = (1.5, 2.0, 2.5, 3.0, 5.0)
"""Ratios at which the further numbers of the economy are swept."""


def _economy(about: str, vary: str, *values: Any, **options: Any) -> Experiment[Any]:
    chosen = Economy(vary=vary, values=values, **({"ratios": FEWER} | options))
    return Experiment(
        f"cells spare wire at one like-to-like ratio after another: {about}",
        nothing,
        score_economy,
        chosen,
        "mouse",
        **ALIKE,
    )


def _digits(about: str, chosen: Taught, **options: Any) -> Experiment[Any]:
    return Experiment(
        f"a sheet learns digits at several prices on unlike neighbours: {about}",
        train_digits,
        untested,
        chosen,
        "right",
        needs=lambda _: data.require("mnist"),
        **POINTS,
        **options,
    )


def _local(about: str, chosen: Local, **options: Any) -> Experiment[Any]:
    return Experiment(
        f"sheets that see patches learn the first photographs of CIFAR-10: {about}",
        train_local,
        untested,
        chosen,
        "right",
        needs=lambda _: data.require("cifar10-subset"),
        **POINTS,
        **options,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "maps-density": Experiment(
        "pinwheels through time: a Kohonen sheet, long-range models and noise, beside their twins",
        nothing,
        score_density,
        Density(),
        "last",
        **DENSITY,
    ),
    "maps-widths": Experiment(
        "pinwheels of Kohonen sheets of several widths, below and above the threshold",
        nothing,
        score_widths,
        Widths(),
        "last",
        **DENSITY,
    ),
    "economy-ratios": _economy(
        "from chance and from a map", "side", 24, ratios=Economy.ratios, from_map=True
    ),
    "economy-sizes": _economy("sheets of several sizes", "side", 12, 16, 32),
    "economy-bins": _economy("several numbers of preferences", "bins", 4, 16),
    "economy-partners": _economy("several numbers of partners", "partners", 20, 80),
    "economy-many": _economy(
        "many more partners", "partners", 160, ratios=(1.2, 1.4, 1.6, 1.8, 2.0)
    ),
    "economy-forms": _economy("needs of other forms", "form", "same", "half", ratios=(2.0, 3.0)),
    "economy-whole": _economy("needs rounded to whole cells", "whole", True, ratios=(2.0, 3.0)),
    "economy-sweeps": _economy("cooled faster and slower", "sweeps", 100, 1600, ratios=FEWER[1:3]),
    "sheet-rates": _digits(
        "three rates, on seeds of their own",
        Taught(
            rates={dropout: dict.fromkeys(PRICES, TRIED) for dropout in ("0", "0.5")}, check=True
        ),
        seeds=(100, 101),
    ),
    "sheet-rates-further": _digits(
        "a further rate, as the best was at the edge",
        Taught(
            rates={dropout: dict.fromkeys(PRICES, (0.03,)) for dropout in ("0", "0.5")}, check=True
        ),
        seeds=(100, 101),
    ),
    "sheet-digits": _digits(
        "each at the rate that did best, lesioned",
        Taught(rates={dropout: dict.fromkeys(PRICES, (0.01,)) for dropout in ("0", "0.5")}),
    ),
    "sheet-local-rates": _local(
        "three rates, on seeds of their own",
        Local(
            rates={
                "local": dict.fromkeys(("0", "0.5", "2"), TRIED),
                "shared": {"0": TRIED},
                "dense": {"0": TRIED},
            },
            check=True,
        ),
        seeds=(100, 101),
    ),
    "sheet-local-rates-further": _local(
        "a further rate where the best was at the edge",
        Local(rates={"local": dict.fromkeys(("0", "0.5", "2"), (0.03,))}, check=True),
        seeds=(100, 101),
    ),
    "sheet-local": _local(
        "each at the rate that did best, lesioned",
        Local(
            rates={
                "local": dict.fromkeys(("0", "0.5", "2"), (0.01,)),
                "shared": {"0": (0.003,)},
                "dense": {"0": (0.003,)},
            },
        ),
    ),
}
"""All experiments of the chapter."""
