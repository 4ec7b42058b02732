"""The rows of the ledger: an idea, where its numbers are stored, and beside what it stands."""

from hebbnotes.chapters.epilogue.ledger import LedgerEntry, LedgerRow, entry
from hebbnotes.chapters.epilogue.rows.cells import CELL_ROWS
from hebbnotes.chapters.epilogue.rows.credit import CREDIT_ROWS
from hebbnotes.chapters.epilogue.rows.lives import AGENT_ROWS
from hebbnotes.chapters.epilogue.rows.patterns import PATTERN_ROWS

__all__ = ["ABSENT", "ROWS", "ledger"]

ABSENT = {
    "fast-evaluation": "computes the same networks faster, and tries no idea",
}
"""Chapters without a row, and why."""


ROWS: tuple[LedgerRow, ...] = (*PATTERN_ROWS, *AGENT_ROWS, *CELL_ROWS, *CREDIT_ROWS)
"""The rows, in the order of the book."""


def ledger() -> list[LedgerEntry]:
    """Return all rows with their numbers, in the order of the book."""
    return [entry(row) for row in ROWS]
