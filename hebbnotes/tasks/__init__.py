"""Tasks: what a network is shown, what it should answer, and how the answer is judged."""

from hebbnotes.tasks.choices import ChoiceEpisodes, OneStep, choice_trials, floor_choice
from hebbnotes.tasks.letters import text_pattern
from hebbnotes.tasks.memory import (
    AddressedEpisodes,
    Addresses,
    Answered,
    CueEpisodes,
    CueReward,
    Rebinding,
    ReboundEpisodes,
    RewardedEpisodes,
    RewardGatedMemory,
    wrong_bits,
)
from hebbnotes.tasks.patterns import (
    CODE,
    ONCE,
    PAPER,
    Episodes,
    Errors,
    PatternCompletion,
    errors,
    floor_last,
    floor_majority,
    recall_loss,
)
from hebbnotes.tasks.pictures import PICTURES, halves, picture_loss, pictures, squared_error
from hebbnotes.tasks.timing import Intervals, StoreRecall, Templates, TimedEpisodes, TwoClocks

__all__ = [
    "CODE",
    "ONCE",
    "PAPER",
    "PICTURES",
    "AddressedEpisodes",
    "Addresses",
    "Answered",
    "ChoiceEpisodes",
    "CueEpisodes",
    "CueReward",
    "Episodes",
    "Errors",
    "Intervals",
    "OneStep",
    "PatternCompletion",
    "Rebinding",
    "ReboundEpisodes",
    "RewardGatedMemory",
    "RewardedEpisodes",
    "StoreRecall",
    "Templates",
    "TimedEpisodes",
    "TwoClocks",
    "choice_trials",
    "errors",
    "floor_choice",
    "floor_last",
    "floor_majority",
    "halves",
    "picture_loss",
    "pictures",
    "recall_loss",
    "squared_error",
    "text_pattern",
    "wrong_bits",
]
