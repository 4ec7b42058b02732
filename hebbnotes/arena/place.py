"""The place of an entry among the memories of the book, whose scores are stored."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from hebbnotes.arena.scores import Scores
from hebbnotes.experiments import stored

__all__ = ["KINDS", "Row", "place_of", "ranked", "stored_rows", "table"]

KINDS = ("local", "supplied", "foreign", "list")
"""What a memory may see: its own two ends and weight; also what its cell hands over; other synapses
or cells; or every pair that it keeps."""


class Row(NamedTuple):
    """A memory in the table of the arena.

    Attributes
    ----------
    name : str
    kind : str, out of :data:`KINDS`
    scores : Scores
    sees : tuple of str, what a synapse of it sees, as in :class:`.audit.Verdict`
    numbers, bits : float, of state; NaN if they are not told
    tried : tuple of float, the lowest and the highest setting that was tried
    edge : dict, optional
        If its setting lies on the border of those that were tried: the "side", "low" or "high", the
        best "setting" further out, and what it would "gain" there on the seeds of tuning.
    """

    name: str
    kind: str
    scores: Scores
    sees: tuple[str, ...] = ()
    numbers: float = math.nan
    bits: float = math.nan
    tried: tuple[float, ...] = ()
    edge: dict[str, Any] | None = None

    @property
    def total(self) -> float:
        """The mean over fresh seeds and tasks, at one setting."""
        totals = self.scores.total()
        return sum(totals) / len(totals)


def stored_rows(code: str) -> list[Row]:
    """Return the rows of the book's memories in a code, as they are stored."""
    each = stored.seeds(f"arena-{code}")
    return [
        Row(
            name,
            told["kind"],
            _joined([seed["memories"][name]["scores"] for seed in each]),
            tuple(told["sees"]),
            told["numbers"],
            told["bits"],
            tuple(told["tried"]),
            told["edge"],
        )
        for name, told in each[0]["memories"].items()
    ]


def _joined(parts: Sequence[dict[str, Any]]) -> Scores:
    """Return the scores of several seeds as one."""
    first = Scores(**parts[0])
    return first._replace(
        tasks={task: [v for part in parts for v in part["tasks"][task]] for task in first.tasks},
        best={task: [v for part in parts for v in part["best"][task]] for task in first.best},
    )


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Return rows from the best to the worst: those that read foreign numbers below all others.

    A list of pairs is no rule: it stands where its total puts it, and its kind tells.
    """
    return sorted(rows, key=lambda row: (row.kind == "foreign", -row.total))


def place_of(row: Row, others: Sequence[Row]) -> tuple[int, int]:
    """Return the place of a row among the rules of its class, from 1, and how many there are.

    An entry that reads foreign numbers is placed among its like; the others among all rules that
    are local or handed what they see.
    """
    foreign = row.kind == "foreign"
    rivals = [r for r in others if r.kind != "list" and (r.kind == "foreign") == foreign]
    return 1 + sum(r.total > row.total for r in rivals), 1 + len(rivals)


def table(rows: Sequence[Row]) -> str:
    """Return rows as a table of text: every task its own column, then the total and its range.

    The first row is marked.
    """
    tasks = tuple(rows[0].scores.tasks)
    wide = max(12, *(len(row.name) for row in rows))
    lines = [
        f"  {'':{wide}} {'sees':8} " + " ".join(f"{t:>8}" for t in tasks) + "    total (range)"
    ]
    for row in ranked(rows):
        means = [sum(row.scores.tasks[t]) / len(row.scores.tasks[t]) for t in tasks]
        totals = row.scores.total()
        lines.append(
            f"{'>' if row is rows[0] else ' '} {row.name:{wide}} {row.kind:8} "
            + " ".join(f"{m:8.2f}" for m in means)
            + f"    {row.total:.3f} ({min(totals):.3f} to {max(totals):.3f})"
        )
    return "\n".join(lines)
