"""Agents for the maze: networks that act, and how they live and learn."""

from hebbnotes.learning.agents.kinds import (
    AGENTS,
    Agent,
    LSTMAgent,
    PlasticAgent,
    RecurrentAgent,
    of_kind,
)
from hebbnotes.learning.agents.lives import Life, Task, live, loss, readable_from

__all__ = [
    "AGENTS",
    "Agent",
    "LSTMAgent",
    "Life",
    "PlasticAgent",
    "RecurrentAgent",
    "Task",
    "live",
    "loss",
    "of_kind",
    "readable_from",
]
