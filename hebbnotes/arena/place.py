"""The place of an entry among the memories of the book, whose scores are stored."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from hebbnotes import _checks
from hebbnotes.arena.scores import Scores
from hebbnotes.arena.streams import CODES
from hebbnotes.experiments import stored

__all__ = ["KINDS", "Row", "full_table", "place_of", "ranked", "record", "stored_rows", "table"]

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
    def foreign(self) -> bool:
        """Whether a synapse of it reads numbers of others."""
        return self.kind == "foreign"

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
    return sorted(rows, key=lambda row: (row.foreign, -row.total))


def place_of(row: Row, others: Sequence[Row]) -> tuple[int, int]:
    """Return the place of a row among the rules of its class, from 1, and how many there are.

    An entry that reads foreign numbers is placed among its like; the others among all rules that
    are local or handed what they see.
    """
    rivals = [r for r in others if r.kind != "list" and r.foreign == row.foreign]
    return 1 + sum(r.total > row.total for r in rivals), 1 + len(rivals)


def record(row: Row) -> dict[str, str]:
    """Return a row in words, column by column: each task has its own.

    The "mean" over the tasks is at one setting, with its range over seeds; "own" is the mean if
    each task had the setting that is best for it. A setting on the border of those that were tried
    has "<" or ">" beside it.
    """
    totals, own = row.scores.total(), row.scores.total(own=True)
    tasks = {task: f"{sum(seed) / len(seed):.2f}" for task, seed in row.scores.tasks.items()}
    border = {"low": "<", "high": ">"}[row.edge["side"]] if row.edge else ""
    return {
        "": row.name,
        "sees": row.kind,
        "numbers": "" if math.isnan(row.numbers) else f"{row.numbers:.0f}",
        "bits": "" if math.isnan(row.bits) else f"{row.bits:.0f}",
        **tasks,
        "mean": f"{row.total:.3f}",
        "(range)": f"{min(totals):.3f} to {max(totals):.3f}",
        "own": f"{sum(own) / len(own):.3f}",
        "setting": f"{border}{row.scores.setting:g}",
    }


def table(rows: Sequence[Row], entry: Row | None = None) -> str:
    """Return rows as a table of text: every task its own column, then the mean and its range.

    Parameters
    ----------
    rows : sequence of Row
        Ranked; those that read foreign numbers stand below a line, in a class of their own.
    entry : Row, optional
        One more, which is marked by ">".
    """
    order = ranked([*rows, entry] if entry else rows)
    told = [{" ": ">" if row is entry else " ", **record(row)} for row in order]
    wide = {name: max(len(name), *(len(one[name]) for one in told)) for name in told[0]}
    lines = ["  ".join(f"{name:>{n}}" for name, n in wide.items())]
    for row, one in zip(order, told, strict=True):
        if row.foreign and not any("foreign" in line for line in lines):
            lines.append("    reads numbers of other synapses or cells:")
        cells = [f"{text:{'<' if name == '' else '>'}{wide[name]}}" for name, text in one.items()]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def full_table(code: str) -> str:
    """Return the table of the book's memories in a code, as it is stored, as text.

    Parameters
    ----------
    code : str, out of :data:`hebbnotes.arena.streams.CODES`
    """
    return table(stored_rows(_checks.choice("code", code, tuple(CODES))))
