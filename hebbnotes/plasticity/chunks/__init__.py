"""The fast evaluation: exactly the plain loop's numbers, a chunk of steps at a time."""

from hebbnotes.plasticity.chunks.evaluation import evaluate
from hebbnotes.plasticity.chunks.key_value import delta
from hebbnotes.plasticity.events import (
    MOST_KEYS,
    Event,
    Write,
    chunked,
    find_events,
    knows,
    writes,
)

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
