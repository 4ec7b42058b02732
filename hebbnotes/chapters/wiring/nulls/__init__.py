"""A null model that keeps lengths as counts alone, and graphs with modules that are no geometry."""

from hebbnotes.chapters.wiring.nulls.beside import beside, plant
from hebbnotes.chapters.wiring.nulls.histogram import misfit, swap_counts
from hebbnotes.chapters.wiring.nulls.planted import planted

__all__ = ["beside", "misfit", "plant", "planted", "swap_counts"]
