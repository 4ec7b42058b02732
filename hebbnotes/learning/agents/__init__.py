"""Agents for the maze: networks that act, and how they live and learn."""

from hebbnotes.learning.agents.kinds import Agent, LSTMAgent, PlasticAgent, RecurrentAgent
from hebbnotes.learning.agents.lives import Life, Task, live, loss, readable_from
from hebbnotes.learning.agents.modulated import ModulatedAgent, RetroactiveAgent
from hebbnotes.learning.agents.named import AGENTS, of_kind

__all__ = [
    "AGENTS",
    "Agent",
    "LSTMAgent",
    "Life",
    "ModulatedAgent",
    "PlasticAgent",
    "RecurrentAgent",
    "RetroactiveAgent",
    "Task",
    "live",
    "loss",
    "of_kind",
    "readable_from",
]
