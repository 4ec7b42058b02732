"""Agents by the names that configurations have for them."""

from typing import Any

import torch

from hebbnotes import _checks
from hebbnotes.learning.agents.kinds import Agent, LSTMAgent, PlasticAgent, RecurrentAgent
from hebbnotes.learning.agents.modulated import ModulatedAgent, RetroactiveAgent

__all__ = ["AGENTS", "of_kind"]

AGENTS: dict[str, type[PlasticAgent] | type[RecurrentAgent] | type[ModulatedAgent]] = {
    "plastic": PlasticAgent,
    "recurrent": RecurrentAgent,
    "lstm": LSTMAgent,
    "simple": ModulatedAgent,
    "retroactive": RetroactiveAgent,
}
"""The kinds of agents, by the names that configurations have for them."""


def of_kind(
    kind: str, n: int, *, n_noise: int = 0, generator: torch.Generator, **options: Any
) -> Agent:
    """Return an untrained agent of the kind that a configuration names, one of :data:`AGENTS`.

    Options such as ``rule`` that other kinds alone have are left aside; what none has is refused.

    Examples
    --------
    >>> from hebbnotes import rules
    >>> of_kind("lstm", 41, rule=rules.oja, generator=torch.Generator()).n_seen
    14
    """
    made = AGENTS[_checks.choice("kind", kind, tuple(AGENTS))]
    known = {name for each in AGENTS.values() for name in each.options}
    for name in options.keys() - known:
        raise TypeError(f"no agent has the option {name!r}: use {', '.join(sorted(known))}")
    own = {name: value for name, value in options.items() if name in made.options}
    return made(n, n_noise=n_noise, generator=generator, **own)
