"""Tasks of memory: what was there has to be told apart from what was not, later."""

from hebbnotes.tasks.memory.cue_reward import Answered, CueEpisodes, CueReward
from hebbnotes.tasks.memory.reward_gated import RewardedEpisodes, RewardGatedMemory

__all__ = ["Answered", "CueEpisodes", "CueReward", "RewardGatedMemory", "RewardedEpisodes"]
