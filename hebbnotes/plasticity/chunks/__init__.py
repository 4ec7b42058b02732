"""The fast evaluation: exactly the plain loop's numbers, a chunk of steps at a time."""

from hebbnotes.plasticity.chunks.evaluation import (
    MOST_KEYS,
    Event,
    Write,
    chunked,
    evaluate,
    find_events,
    knows,
    writes,
)
from hebbnotes.plasticity.chunks.key_value import delta

__all__ = [
    "MOST_KEYS",
    "Event",
    "Write",
    "chunked",
    "delta",
    "evaluate",
    "find_events",
    "knows",
    "writes",
]
