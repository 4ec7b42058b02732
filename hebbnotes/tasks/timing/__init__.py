"""Tasks of time: how long ago something was, which course it took, and what was there."""

from hebbnotes.tasks.timing.episodes import TimedEpisodes
from hebbnotes.tasks.timing.intervals import Intervals, TwoClocks
from hebbnotes.tasks.timing.store_recall import StoreRecall
from hebbnotes.tasks.timing.templates import Templates

__all__ = ["Intervals", "StoreRecall", "Templates", "TimedEpisodes", "TwoClocks"]
