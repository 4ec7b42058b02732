"""Experiments of the arena: the table in three codes, and what its order depends on."""

from dataclasses import dataclass
from typing import Any

from hebbnotes.arena.memories import READ_NOISE, WRITES
from hebbnotes.arena.scores import FRESH, TUNING, score
from hebbnotes.chapters.arena.contenders import contenders
from hebbnotes.chapters.arena.learned import Learned, score_learned, train_learned
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing, shorts

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


def _scored(chosen: Table, noise: float, writes: float, seed: int) -> dict[str, Any]:
    """Score the memories on the fresh episodes of a seed; the seeds of tuning choose the rates."""
    found: dict[str, Any] = {}
    for name, one in contenders(chosen.code, noise, writes).items():
        if not chosen.names or name in chosen.names:
            got = score(one.memory, chosen.code, (FRESH[0] + seed,), TUNING, chosen.episodes)
            scores = got._replace(tasks=_short(got.tasks), best=_short(got.best))._asdict()
            bits = None if one.bits != one.bits else round(one.bits)
            found[name] = {"kind": one.kind, "numbers": one.numbers, "bits": bits, "scores": scores}
    return found


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
        "in an arena without noise of reads or range, where what follows is weaker",
        Learned(drive=False, writes=1e4, noise=0.0, weak=0.3, lr=0.02),
    ),
}
"""All experiments of the chapter."""
