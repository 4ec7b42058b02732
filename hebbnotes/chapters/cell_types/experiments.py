"""Experiments on signs and spectra, on the memory under Dale, and on the balanced network."""

from dataclasses import dataclass, field
from typing import Any

import torch

from hebbnotes import tasks
from hebbnotes.chapters.cell_types import arms, balanced, memory, spectra
from hebbnotes.chapters.cell_types.scores import gains
from hebbnotes.experiments.experiment import (
    Experiment,
    Numbers,
    Weights,
    nothing,
    short,
)

__all__ = ["EXPERIMENTS"]


# The memory under Dale


def _wrong(episodes: tasks.Episodes, numbers: tuple[float, float, float], **circuit: Any) -> float:
    y = memory.quick(episodes.inputs, numbers, clamp=episodes.clamp, **circuit)
    return short(tasks.errors(y[-1], episodes).erased.mean())


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Configuration of :func:`score_memory`: shares of as many interneurons as cells, and rates of
    a plastic one.
    """

    sizes: tuple[int, ...] = (300, 1000)
    schedules: tuple[str, ...] = ("once", "code", "paper")
    shares: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
    etas: tuple[float, ...] = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.03)
    patterns: int = 5
    episodes: int = 20


def score_memory(weights: Weights, seed: int, chosen: Memory) -> Numbers:
    """Ask the memory of signed activity with each kind of inhibition; shares of wrong erased bits.

    By size and schedule: ``private``, ``none`` and ``one``, and lists for ``k`` interneurons and
    for one plastic interneuron at each rate.
    """
    found: Numbers = {"ks": {}}
    for n in chosen.sizes:
        ks = [round(n * share) for share in chosen.shares]
        found["ks"][str(n)] = ks
        for schedule in chosen.schedules:
            g = torch.Generator().manual_seed(10_000 + 100 * seed)
            shown = gains.task(n, chosen.patterns, schedule).sample(chosen.episodes, g)
            numbers = gains.three(schedule, seed)
            its = {
                "private": _wrong(shown, numbers),
                "none": _wrong(shown, numbers, k=0),
                "one": _wrong(shown, numbers, k=1),
                "k": [_wrong(shown, numbers, k=k) for k in ks],
                "plastic": [_wrong(shown, numbers, eta_inhibition=eta) for eta in chosen.etas],
            }
            found.setdefault("wrong", {}).setdefault(str(n), {})[schedule] = its
    most = str(max(chosen.sizes))
    first = found["wrong"][most][chosen.schedules[0]]
    return found | {"plastic": first["plastic"][0], "fixed": first["one"], "none": first["none"]}


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """Configuration of :func:`score_patterns`: numbers of patterns, and rates."""

    sizes: tuple[int, ...] = (300, 1000)
    patterns: tuple[int, ...] = (2, 3, 5, 7, 10, 15)
    etas: tuple[float, ...] = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.03)
    schedule: str = "once"
    episodes: int = 20


def score_patterns(weights: Weights, seed: int, chosen: Patterns) -> Numbers:
    """Ask the memory for one of more and more patterns; shares of wrong erased bits, by size.

    ``private`` and ``none`` are lists by number of patterns, ``plastic`` holds a list of those by
    rate for each.
    """
    found: Numbers = {"wrong": {}}
    numbers = gains.three(chosen.schedule, seed)
    for n in chosen.sizes:
        its: dict[str, list[Any]] = {"private": [], "none": [], "plastic": []}
        for p in chosen.patterns:
            g = torch.Generator().manual_seed(20_000 + 100 * seed + p)
            shown = gains.task(n, p, chosen.schedule).sample(chosen.episodes, g)
            its["private"].append(_wrong(shown, numbers))
            its["none"].append(_wrong(shown, numbers, k=0))
            its["plastic"].append([_wrong(shown, numbers, eta_inhibition=e) for e in chosen.etas])
        found["wrong"][str(n)] = its
    at = chosen.patterns.index(5) if 5 in chosen.patterns else 0
    most = found["wrong"][str(max(chosen.sizes))]
    return found | {"plastic": most["plastic"][at][0], "none": most["none"][at]}


@dataclass(frozen=True, kw_only=True)
class Crowded:
    """Configuration of :func:`score_crowded`: schedules that show each pattern several times."""

    n: int = 300
    schedules: tuple[str, ...] = ("code", "paper")
    patterns: int = 20
    episodes: int = 8


def score_crowded(weights: Weights, seed: int, chosen: Crowded) -> Numbers:
    """Ask a memory that holds many patterns, each shown several times; shares of wrong erased bits.

    In these schedules the three numbers have a weaker gain, and five patterns need no inhibition.
    """
    found: Numbers = {"wrong": {}}
    for schedule in chosen.schedules:
        g, numbers = torch.Generator().manual_seed(40_000 + 100 * seed), gains.three(schedule, seed)
        shown = gains.task(chosen.n, chosen.patterns, schedule).sample(chosen.episodes, g)
        found["wrong"][schedule] = {
            "private": _wrong(shown, numbers),
            "none": _wrong(shown, numbers, k=0),
            "one": _wrong(shown, numbers, k=1),
            "plastic": _wrong(shown, numbers, eta_inhibition=1.0),
            "plastic, slow": _wrong(shown, numbers, eta_inhibition=0.1),
        }
    return found


@dataclass(frozen=True, kw_only=True)
class Forms:
    """Configuration of :func:`score_forms`: sizes, numbers of patterns, episodes for each size."""

    sizes: tuple[int, ...] = (300, 1000)
    patterns: tuple[int, ...] = (5, 10)
    schedule: str = "once"
    episodes: tuple[int, ...] = (20, 4)


def score_forms(weights: Weights, seed: int, chosen: Forms) -> Numbers:
    """Ask memories of rates whose strengths stand for the trace in each way of ``memory.FORMS``.

    By whether patterns have as many ones as minus ones ("even") or are drawn bit by bit ("odd"),
    by size and number of patterns: all forms with private inhibition, the exact one with the other
    kinds, and ``signed``, the network whose units send 1 and -1.
    """
    found: Numbers = {"wrong": {}}
    numbers = gains.three(chosen.schedule, seed)
    for name, even in (("even", True), ("odd", False)):
        for n, episodes in zip(chosen.sizes, chosen.episodes, strict=True):
            for p in chosen.patterns:
                g = torch.Generator().manual_seed(30_000 + 100 * seed + p)
                shown = gains.task(n, p, chosen.schedule, even=even).sample(episodes, g)
                its = {
                    form: _formed(form, shown, numbers)
                    for form in memory.FORMS
                    if form not in ("two plastic pathways", "baseline and one fixed")
                }
                its["exact, private"] = _wrong(shown, numbers, rates=True)
                its["exact, plastic"] = _wrong(shown, numbers, rates=True, eta_inhibition=1.0)
                its["exact, none"] = _wrong(shown, numbers, rates=True, k=0)
                its["exact, one fixed"] = _wrong(shown, numbers, rates=True, k=1)
                its["signed"] = _wrong(shown, numbers)
                by = found["wrong"].setdefault(name, {}).setdefault(str(n), {})
                by[str(p)] = its
    return found


def _formed(form: str, shown: tasks.Episodes, numbers: tuple[float, float, float]) -> float:
    with torch.no_grad():
        y = memory.run_form(form, shown.inputs, numbers, clamp=shown.clamp)[0]
    return short(tasks.errors(y[-1], shown).erased.mean())


# The balanced network


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Configuration of :func:`score_limit`: mean numbers of inputs, cells of each kind, sweeps."""

    ks: tuple[int, ...] = (25, 50, 100, 200, 400)
    n: int = 2_000
    sweeps: int = 60
    network: balanced.Balanced = field(default_factory=balanced.Balanced)


def score_limit(weights: Weights, seed: int, chosen: Limit) -> Numbers:
    """Simulate balanced networks; lists by K of activities and currents, in thresholds."""
    found: dict[str, list[float]] = {}
    for k in chosen.ks:
        g = torch.Generator().manual_seed(1_000 * seed + k)
        network = balanced.Balanced(**{**vars(chosen.network), "k": k})
        its = balanced.simulate(network, g, n=chosen.n, sweeps=chosen.sweeps)
        e, i = its.active.mean(0).tolist()
        net = its.excitation - its.inhibition
        for name, value in (
            ("active", e),
            ("active_inhibitory", i),
            ("excitation", its.mean[0]),
            ("inhibition", its.mean[1]),
            ("net_spread", float(net.std())),
        ):
            found.setdefault(name, []).append(short(value))
    return {"ks": [*chosen.ks], **found, "last": found["active"][-1]}


_SGD, _ADAM = (0.01, 0.03, 0.1, 0.3, 1.0), (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
_FEW = ("no signs", "start of signs, then free", "signs", "matched, corrected")
_OTHERS = tuple(arm for arm in spectra.ARMS if arm not in _FEW)
TRIED: dict[str, dict[str, dict[str, tuple[float, ...]]]] = {
    **{
        f"{n}-rates": {o: dict.fromkeys(spectra.ARMS, its) for o, its in each.items()}
        for n, each in {key: {"SGD": _SGD, "Adam": _ADAM} for key in (40, 80, 160)}.items()
    },
    "160-rates-further": {"Adam": {"matched, corrected": (3e-5, 1e-4)}},
    "320-rates": {
        "SGD": dict.fromkeys(_FEW, (0.03, 0.1, 0.3, 1.0)),
        "Adam": dict.fromkeys(_FEW, (1e-4, 3e-4, 1e-3, 3e-3)),
    },
    "320-rates-further": {
        "SGD": dict.fromkeys(_OTHERS, (0.1, 0.3, 1.0)),
        "Adam": dict.fromkeys(_OTHERS, (3e-4, 1e-3, 3e-3)) | {"no signs": (1e-2,)},
    },
    "320-rates-further-still": {
        "SGD": {"matched": (1e-2, 3e-2)},
        "Adam": {"matched": (3e-5, 1e-4), "signs, sparse start": (1e-4,)},
    },
}
"""Rates that are tried, by the experiment's name after "signs-", optimiser and arm; further ones
where the best was at the edge, or for further arms."""
RATES: dict[int, dict[str, dict[str, float]]] = {
    40: {
        "SGD": dict.fromkeys(spectra.ARMS, 0.3) | {"matched": 0.1},
        "Adam": dict.fromkeys(spectra.ARMS, 0.003)
        | dict.fromkeys(("signs", "signs, sparse start", "no signs, their spectrum"), 0.01)
        | {"matched": 0.001},
    },
    80: {
        "SGD": dict.fromkeys(spectra.ARMS, 0.3),
        "Adam": dict.fromkeys(spectra.ARMS, 0.003)
        | dict.fromkeys(("no signs", "start of signs, no outlier", "matched, corrected"), 0.001),
    },
    160: {
        "SGD": dict.fromkeys(spectra.ARMS, 0.3)
        | dict.fromkeys(("no signs", "matched, corrected"), 0.1),
        "Adam": dict.fromkeys(spectra.ARMS, 0.001)
        | dict.fromkeys(("no signs", "signs, sparse start"), 0.003)
        | {"matched, corrected": 0.0003},
    },
    320: {
        "SGD": dict.fromkeys(spectra.ARMS, 0.3) | {"matched": 0.1},
        "Adam": dict.fromkeys(spectra.ARMS, 0.0003)
        | dict.fromkeys(
            ("start of signs, then free", "no signs, their spectrum", "start of signs, no outlier"),
            0.001,
        ),
    },
}
"""Rates that did best on seeds of their own, by number of cells, optimiser and arm; see the
experiments whose names end in rates."""
_RIGHT = "points of 100 that the outlier costs under SGD"


def _tried(name: str) -> Experiment[Any]:
    n, metric = int(name.partition("-")[0]), "costs.SGD.outlier"
    if "further" in name:
        optimiser, its = next(iter(TRIED[name].items()))
        metric = f"last.{optimiser}.{next(iter(its))}"
    return Experiment(
        f"sign or spectrum, {n} cells: rates are tried for each arm, on seeds of their own",
        arms.train_signs,
        lambda *_: {},  # all is measured while it is trained
        arms.Signs(n=n, rates=TRIED[name], looks=(300,), validated=True),
        metric,
        _RIGHT if metric.startswith("costs") else "share of right answers at the best of these",
        seeds=(100, 101),
    )


def _scored(
    n: int, about: str = "", only: tuple[str, ...] = tuple(spectra.ARMS), **options: Any
) -> Experiment[Any]:
    rates: dict[str, dict[str, tuple[float, ...]]] = {
        o: {arm: (rate,) for arm, rate in its.items() if arm in only} for o, its in RATES[n].items()
    }
    return Experiment(
        f"sign or spectrum, {n} cells{about}: digits read by recurrent networks of ReLU cells",
        arms.train_signs,
        lambda *_: {},  # all is measured while it is trained
        arms.Signs(n=n, rates=rates, **options),
        "costs.SGD.outlier",
        _RIGHT,
        also={
            "costs.SGD.corrected": "the same, matched inhibition with corrected gradients",
            "costs.Adam.outlier": "the outlier, under Adam",
        },
        seeds=tuple(range(5 if n == 320 else 10)),
    )


_ERASED = "share of the erased bits that are wrong, one plastic interneuron that relearns at once"

EXPERIMENTS: dict[str, Experiment[Any]] = {
    **{f"signs-{name}": _tried(name) for name in TRIED},
    **{f"signs-{n}": _scored(n) for n in RATES},
    "signs-80-long": _scored(
        80, ", four times as long", _FEW, looks=(300, 600, 1_000, 1_050, 1_100, 1_150, 1_200)
    ),
    "memory-dale": Experiment(
        "the memory of three numbers with private, no, fixed and plastic inhibition, by schedule",
        nothing,
        score_memory,
        Memory(),
        "plastic",
        _ERASED,
        at_least=0.0,
        also={"fixed": "the same, one fixed interneuron", "none": "the same, no inhibition"},
    ),
    "memory-dale-patterns": Experiment(
        "the memory of three numbers with a plastic interneuron, by its rate and the patterns",
        nothing,
        score_patterns,
        Patterns(),
        "plastic",
        _ERASED,
        at_least=0.0,
        also={"none": "the same, no inhibition"},
        seeds=tuple(range(10)),
    ),
    "memory-dale-crowded": Experiment(
        "the memory of three numbers with 20 patterns that are shown several times",
        nothing,
        score_crowded,
        Crowded(),
        "wrong.paper.plastic",
        _ERASED,
        at_least=0.0,
        also={"wrong.paper.none": "the same, no inhibition"},
    ),
    "memory-dale-rates": Experiment(
        "memories of rates whose strengths of 0 or more stand for the signed trace in several ways",
        nothing,
        score_forms,
        Forms(),
        "wrong.even.1000.5.exact, plastic",
        "share of the erased bits that are wrong, exact form with one plastic interneuron",
        at_least=0.0,
    ),
    "memory-dale-gains-tried": Experiment(
        "the memory with each kind of inhibition: gains are tried, on episodes of their own",
        nothing,
        gains.try_gains,
        gains.Gains(),
        "least",
        "share of the erased bits that are wrong without inhibition, at the best of these gains",
        at_least=0.0,
        seeds=(100, 101),
    ),
    "memory-dale-gains": Experiment(
        "the memory with each kind of inhibition, at the gain that suits it best",
        nothing,
        gains.score_gains,
        gains.Gains(),
        "squares.once 1000.10.none.squared",
        "mean squared error of the erased bits, no inhibition, at its own best gain",
        at_least=0.0,
        also={"squares.once 1000.10.private.squared": "the same, private inhibition"},
    ),
    "balanced-limit": Experiment(
        "balanced networks of binary cells with more and more inputs: activities and currents",
        nothing,
        score_limit,
        Limit(),
        "last",
        "share of excitatory cells that are active, with the most inputs",
        at_least=0.0,
    ),
}
"""All experiments on types of cells."""
