"""The measurement of the fast evaluation, which other chapters read by its name."""

from hebbnotes.experiments.stored import Measurement

__all__ = ["MEASUREMENTS"]

MEASUREMENTS = {
    "benchmark": Measurement(
        "time and memory of an episode and its gradients, in each of four ways",
        "python -m hebbnotes.chapters.fast_evaluation.benchmark --store",
    )
}
"""All measurements of the chapter."""
