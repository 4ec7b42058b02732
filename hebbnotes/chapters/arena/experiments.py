"""Experiments of the arena: the table in three codes, and what its order depends on."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from hebbnotes.arena import scores
from hebbnotes.arena.memories import READ_NOISE, WRITES, Memory
from hebbnotes.arena.scores import FRESH, TUNING
from hebbnotes.chapters.arena.contenders import contenders
from hebbnotes.chapters.arena.learned import Learned, score_honest, score_learned, train_learned
from hebbnotes.chapters.arena.others import Bayesian
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing, short, shorts

__all__ = ["EXPERIMENTS"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Configuration: memories in a code, with a noise of reading, and a range in writes; only some
    of them, if they are named.
    """

    code: str = "dense"
    noise: tuple[float, ...] = (READ_NOISE,)
    writes: tuple[float, ...] = (WRITES,)
    names: tuple[str, ...] = ()
    episodes: int = 32


def _short(columns: dict[str, list[float]]) -> dict[str, list[float]]:
    return {task: shorts(values) for task, values in columns.items()}


@cache
def _tuned(chosen: Table, noise: float, writes: float) -> dict[str, Any]:
    """Choose the settings of the memories on the seeds of tuning: alike for each fresh seed."""
    found: dict[str, Any] = {}
    for name, one in contenders(chosen.code, noise, writes).items():
        if not chosen.names or name in chosen.names:
            at = scores.chosen(one.memory, chosen.code, TUNING, chosen.episodes)
            found[name] = (one, at, _edge(one.memory, chosen, at.setting))
    return found


def _scored(chosen: Table, noise: float, writes: float, seed: int) -> dict[str, Any]:
    """Score the memories on the fresh episodes of a seed; the seeds of tuning choose the rates."""
    found: dict[str, Any] = {}
    for name, (one, at, edge) in _tuned(chosen, noise, writes).items():
        got = scores.judged(one.memory, chosen.code, at, (FRESH[0] + seed,), chosen.episodes)
        found[name] = {
            "kind": one.kind,
            "sees": one.sees,
            "numbers": one.numbers,
            "bits": round(one.bits),
            "tried": [min(one.memory.settings), max(one.memory.settings)],
            "edge": edge,
            "scores": got._replace(tasks=_short(got.tasks), best=_short(got.best))._asdict(),
        }
    return found


def _edge(memory: Memory, chosen: Table, best: float) -> dict[str, Any] | None:
    """Return what is beyond the border of the settings, if the best lies on it."""
    low, high = min(memory.settings), max(memory.settings)
    if low < best < high:
        return None
    side, factors = ("low", (0.5, 0.25)) if best == low else ("high", (1.3, 2.0))
    beyond = [best * factor for factor in factors]
    if isinstance(memory, Bayesian):
        beyond = [min(rate, 0.95) for rate in beyond]
    tried = scores.sweep(memory.at([best, *beyond]), chosen.code, TUNING, chosen.episodes // 2)
    means = torch.stack([at.mean(0) for at in tried.values()]).mean(0).tolist()
    gain = max(means[1:])
    at_best = beyond[means[1:].index(gain)]
    return {"side": side, "setting": short(at_best), "gain": short(gain - means[0])}


def score_table(_: Weights, seed: int, chosen: Table) -> Numbers:
    """Score every memory of the table; the metric is the delta rule's total."""
    found = _scored(chosen, chosen.noise[0], chosen.writes[0], seed)
    columns = found["delta"]["scores"]["tasks"].values()
    return {"memories": found, "delta": sum(v[0] for v in columns) / len(columns)}


def score_order(_: Weights, seed: int, chosen: Table) -> Numbers:
    """Score some memories at each noise and at each range."""
    found: list[dict[str, Any]] = []
    for noise, writes in zip(chosen.noise, chosen.writes, strict=True):
        each = _scored(chosen, noise, writes, seed)
        totals = {
            name: sum(v[0] for v in one["scores"]["tasks"].values()) / len(one["scores"]["tasks"])
            for name, one in each.items()
        }
        found.append({"noise": noise, "writes": writes, "totals": totals})
    return {"conditions": found, "delta": found[0]["totals"]["delta"]}


OVERLAP: dict[str, Any] = {"unit": "overlap of the delta rule, 1 for every bit", "at_least": -1.0}


def _table(code: str, about: str) -> Experiment[Any]:
    return Experiment(
        f"the memories of the book in one benchmark: {about}",
        nothing,
        score_table,
        Table(code=code),
        "delta",
        **OVERLAP,
    )


def _learned(about: str, chosen: Learned) -> Experiment[Any]:
    return Experiment(
        f"a rule of memory is found by gradient descent: {about}",
        train_learned,
        score_learned,
        chosen,
        "total",
        unit="overlap in the fair arena, 1 for every bit",
        at_least=-1.0,
    )


UNFAIR = Learned(drive=False, writes=1e4, noise=0.0, weak=0.3, lr=0.02)

EXPERIMENTS: dict[str, Experiment[Any]] = {
    "arena-dense": _table("dense", "keys and values of signs"),
    "arena-sparse": _table("sparse", "keys of four active cells among 64"),
    "arena-graded": _table("graded", "keys and values of all sizes"),
    "arena-order": Experiment(
        "the order of five memories, with more and less noise, and with other ranges of a synapse",
        nothing,
        score_order,
        Table(
            noise=(READ_NOISE, 0.1, 0.6, READ_NOISE, READ_NOISE),
            writes=(WRITES, WRITES, WRITES, 3.0, 100.0),
            names=("Hebb", "decay", "delta", "delta, modulated", "list, equal numbers"),
        ),
        "delta",
        **OVERLAP,
    ),
    "arena-learned": _learned("with its receiver's drive", Learned()),
    "arena-learned-blind": _learned("without a drive", Learned(drive=False)),
    "arena-gamed": _learned(
        "in an arena without noise of reads or range, where strangers are weaker", UNFAIR
    ),
    "arena-honest": Experiment(
        "four rules of the book in that arena, which has no noise of reads and no range",
        nothing,
        score_honest,
        UNFAIR,
        "Hebb",
        unit="overlap of Hebb there, 1 for every bit",
        at_least=-1.0,
    ),
}
"""All experiments of the chapter."""
