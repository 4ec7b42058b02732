"""Plastic networks that make their own third factor: a signal that says when to write."""

from hebbnotes.networks.modulated.arguments import (
    Modulated,
    ModulatedState,
    ModulatedWriting,
    Modulator,
    broadcast,
    made,
)
from hebbnotes.networks.modulated.loop import run_modulated
from hebbnotes.networks.modulated.network import ModulatedRNN

__all__ = [
    "Modulated",
    "ModulatedRNN",
    "ModulatedState",
    "ModulatedWriting",
    "Modulator",
    "broadcast",
    "made",
    "run_modulated",
]
