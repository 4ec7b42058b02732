"""Machine code for a modulated network and its gradient."""

from hebbnotes.networks.modulated.compiled.episodes import evaluate

__all__ = ["evaluate"]
