"""What rows of several chapters have in common."""

from typing import Any

from hebbnotes.chapters.epilogue.ledger import Cost, StoredNumber

__all__ = ["BROADCAST", "PER_CENT", "SEARCHED", "at", "lacking"]


def at(name: str, *path: str) -> StoredNumber:
    """Return where a number of an experiment is stored, by the keys that lead there."""
    return StoredNumber(name, path)


def lacking(name: str, *path: str, over: str = "one") -> StoredNumber:
    """Return where a share is stored, of which what it lacks is counted."""
    return StoredNumber(name, path, "missing", over)


PER_CENT: dict[str, Any] = {"better": "less", "times": 100.0}
"""Of a row of errors, which are told in per cent."""
BROADCAST = Cost(
    "broadcast to all", at("modulation-costs", "equal numbers", "simple", "broadcasts")
)
"""What a signal to all needs there."""
SEARCHED = "a searched list"
"""The rival that keeps all, and finds it."""
