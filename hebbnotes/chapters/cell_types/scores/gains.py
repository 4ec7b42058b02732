"""The memory under Dale with the gain that suits each kind of inhibition best.

The three numbers were trained with private inhibition. Here gain and rate of the trace are chosen
for each kind anew, on episodes of their own, once for few wrong bits and once for a small squared
error, by which the three numbers were trained: only the latter asks for answers of full size.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from hebbnotes import tasks
from hebbnotes.chapters.cell_types import memory
from hebbnotes.experiments import stored
from hebbnotes.experiments.experiment import Numbers, Weights, short

__all__ = ["MEASURES", "SCHEDULES", "Gains", "best", "circuits", "score_gains", "try_gains"]

SCHEDULES = {"paper": tasks.PAPER, "code": tasks.CODE, "once": tasks.ONCE}
MEASURES = {"bits": ("wrong", "squared"), "squares": ("squared", "wrong")}
"""What a gain is chosen by, and what decides between equals."""


def task(n: int, patterns: int, schedule: str, *, even: bool = True) -> tasks.PatternCompletion:
    """Return a task in a schedule, without a unit for a bias."""
    given: dict[str, Any] = SCHEDULES[schedule] | {"bias_unit": False, "balanced": even}
    return tasks.PatternCompletion(n, patterns, **given)


def three(schedule: str, seed: int) -> tuple[float, float, float]:
    """Return gain, inhibition and eta as trained in a schedule: of five runs, ``seed % 5``."""
    its = stored.seeds(f"three-numbers-{schedule}")[seed % 5]
    return its["gain"], its["inhibition"], its["eta"]


def circuits(n: int) -> dict[str, dict[str, Any]]:
    """Return the kinds of inhibition of n cells by name, as arguments of :func:`.memory.quick`."""
    groups = {"one": 1, "quarter": n // 4, "half": n // 2, "three quarters": 3 * n // 4}
    plastic = {"plastic": 1.0, "plastic, slow": 0.3}
    return {
        "private": {},
        "none": {"k": 0},
        **{name: {"k": k} for name, k in groups.items()},
        **{name: {"eta_inhibition": eta} for name, eta in plastic.items()},
    }


def _hasty() -> dict[str, tuple[float, ...]]:
    gains, etas = (2.5, 5.0, 10.0, 20.0, 28.0, 40.0, 53.0, 75.0, 105.0), (0.0625, 0.25, 1.0)
    return {"gain": gains, "inhibition": (0.25, 0.5, 1.0, 1.5, 2.0), "eta": etas}


def _calm() -> dict[str, tuple[float, ...]]:
    gains = (5.0, 10.0, 16.0, 24.0, 36.0)
    return {"gain": gains, "inhibition": (0.5, 1.0, 2.0), "eta": (0.25, 1.0)}


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Configuration of :func:`try_gains` and :func:`score_gains`.

    Attributes
    ----------
    asked : tuple of (str, int, int)
        Schedules, numbers of cells, and episodes for each number of patterns.
    patterns : tuple of int
    tried : dict
        What is tried by schedule: ``eta`` and ``inhibition`` as multiples of the trained ones, and
        ``gain`` as it would be at the trained eta: it is divided by the multiple of eta.
    """

    asked: tuple[tuple[str, int, int], ...] = (
        ("once", 1000, 5),
        ("once", 300, 6),
        ("code", 300, 3),
        ("paper", 300, 3),
    )
    patterns: tuple[int, ...] = (5, 10, 15, 20)
    tried: dict[str, dict[str, tuple[float, ...]]] = field(
        default_factory=lambda: {"once": _hasty(), "code": _calm(), "paper": _calm()}
    )

    def cases(self, seed: int) -> Iterable[tuple[str, str, int, str, tasks.Episodes]]:
        """Yield name, schedule, cells, number of patterns, and new episodes, for all cases."""
        for schedule, n, episodes in self.asked:
            for p in self.patterns:
                g = torch.Generator().manual_seed(50_000 + 100 * seed + p)
                shown = task(n, p, schedule).sample(episodes, g)
                yield f"{schedule} {n}", schedule, n, str(p), shown

    def choices(self, schedule: str, kind: str) -> list[tuple[float, float, float]]:
        """Return all that is tried: gain, and multiples of the trained inhibition and eta."""
        grid = self.tried[schedule]
        strengths = (1.0,) if kind == "none" else grid["inhibition"]
        return [(g / e, c, e) for e in grid["eta"] for c in strengths for g in grid["gain"]]


def measured(
    shown: tasks.Episodes, numbers: tuple[float, float, float], circuit: dict[str, Any]
) -> dict[str, float]:
    """Return what an answer is worth on the erased bits.

    ``wrong`` is the share of wrong bits, ``squared`` the mean squared error, ``scaled`` what is
    left of it if all answers are multiplied by the one number that suits them best, and ``size``
    their mean size.
    """
    y = memory.quick(shown.inputs, numbers, clamp=shown.clamp, **circuit)[-1]
    right = (y * shown.answer)[shown.erased]  # 1 if a bit is right and of full size
    power = right.square().mean()
    return {
        "wrong": short(tasks.errors(y, shown).erased.mean()),
        "squared": short((right - 1).square().mean()),
        "scaled": short(1 - right.mean() ** 2 / power) if power > 0 else 1.0,
        "size": short(right.abs().mean()),
    }


def try_gains(weights: Weights, seed: int, chosen: Gains) -> Numbers:
    """Ask the memory with each kind of inhibition and each of :meth:`Gains.choices`.

    ``wrong`` and ``squared`` are lists by case, number of patterns and kind; ``least`` is the
    smallest share of wrong bits without inhibition in the first case. One plastic interneuron that
    relearns at once is private inhibition, and is not asked.
    """
    found: Numbers = {"wrong": {}, "squared": {}}
    for case, schedule, n, p, shown in chosen.cases(seed):
        _, c, eta = three(schedule, seed)
        for kind, circuit in circuits(n).items():
            if kind != "plastic":
                its = [
                    measured(shown, (gain, strength * c, times * eta), circuit)
                    for gain, strength, times in chosen.choices(schedule, kind)
                ]
                for name, found_by in found.items():
                    by = found_by.setdefault(case, {}).setdefault(p, {})
                    by[kind] = [one[name] for one in its]
    first = next(iter(next(iter(found["wrong"].values())).values()))
    return found | {"least": min(first["none"])}


def best(
    tried: list[Numbers], by: str, where: tuple[str, str, str], chosen: Gains
) -> tuple[float, float, float]:
    """Return that of :meth:`Gains.choices` which did best on average over seeds.

    ``by`` is one of ``MEASURES``; ``where`` names case, number of patterns and kind.
    """
    case, p, kind = where
    kind = {"plastic": "private"}.get(kind, kind)
    each = [
        [sum(at) for at in zip(*(one[m][case][p][kind] for one in tried), strict=True)]
        for m in MEASURES[by]
    ]
    ranked = list(zip(*each, strict=True))
    return chosen.choices(case.split()[0], kind)[ranked.index(min(ranked))]


def score_gains(weights: Weights, seed: int, chosen: Gains) -> Numbers:
    """Ask the memory with each kind of inhibition at the gain that suits it best, on new episodes.

    ``bits`` and ``squares``, what the gain was chosen by, and ``trained``, at the trained numbers,
    hold by case, number of patterns and kind what ``measured`` returns, and the ``gain``, and
    multiples of the trained ``inhibition`` and ``eta``.
    """
    tried = stored.seeds("memory-dale-gains-tried")
    found: Numbers = {}
    for case, schedule, n, p, shown in chosen.cases(seed):
        trained, c, eta = three(schedule, seed)
        for kind, circuit in circuits(n).items():
            ways = {by: best(tried, by, (case, p, kind), chosen) for by in MEASURES}
            for by, (gain, strength, times) in {**ways, "trained": (trained, 1.0, 1.0)}.items():
                its = measured(shown, (gain, strength * c, times * eta), circuit)
                to = found.setdefault(by, {}).setdefault(case, {}).setdefault(p, {})
                to[kind] = {"gain": gain, "inhibition": strength, "eta": times, **its}
    return found
