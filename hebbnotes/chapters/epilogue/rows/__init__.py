"""The rows of the ledger: an idea, where its numbers are stored, and beside what it stands."""

from hebbnotes.chapters.epilogue.ledger import LedgerEntry, LedgerRow, entry
from hebbnotes.chapters.epilogue.rows.cells import CELLS
from hebbnotes.chapters.epilogue.rows.credit import CREDIT
from hebbnotes.chapters.epilogue.rows.lives import LIVES
from hebbnotes.chapters.epilogue.rows.patterns import PATTERNS

__all__ = ["ABSENT", "ROWS", "ledger"]

ABSENT = {
    "fast-evaluation": "computes the same networks faster, and tries no idea",
}
"""Chapters without a row, and why."""


ROWS: tuple[LedgerRow, ...] = (*PATTERNS, *LIVES, *CELLS, *CREDIT)
"""The rows, in the order of the book."""


def ledger() -> list[LedgerEntry]:
    """Return all rows with their numbers, in the order of the book."""
    return [entry(row) for row in ROWS]
