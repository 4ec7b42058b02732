"""Tasks of memory: what was there is told apart from what was not, or found by its key, later."""

from hebbnotes.tasks.memory.cue_reward import Answered, CueEpisodes, CueReward
from hebbnotes.tasks.memory.key_value import (
    AddressedEpisodes,
    Addresses,
    Rebinding,
    ReboundEpisodes,
    wrong_bits,
)
from hebbnotes.tasks.memory.reward_gated import RewardedEpisodes, RewardGatedMemory

__all__ = [
    "AddressedEpisodes",
    "Addresses",
    "Answered",
    "CueEpisodes",
    "CueReward",
    "Rebinding",
    "ReboundEpisodes",
    "RewardGatedMemory",
    "RewardedEpisodes",
    "wrong_bits",
]
