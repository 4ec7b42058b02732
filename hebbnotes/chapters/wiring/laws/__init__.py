"""Laws of distance: from values of connections, from the most random graph, and fitted."""

from hebbnotes.chapters.wiring.laws.distance import (
    KINDS,
    SHAPES,
    Fit,
    Profile,
    distance_profile,
    fit_links,
    fit_sizes,
    law,
)
from hebbnotes.chapters.wiring.laws.entropy import entropy, most_random_axons, most_random_links

__all__ = [
    "KINDS",
    "SHAPES",
    "Fit",
    "Profile",
    "distance_profile",
    "entropy",
    "fit_links",
    "fit_sizes",
    "law",
    "most_random_axons",
    "most_random_links",
]
