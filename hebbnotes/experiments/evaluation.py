"""Evaluation: the numbers of stored weights are found again, or it is said how they can be."""

import math
from collections.abc import Iterable
from typing import Any

from hebbnotes import _checks
from hebbnotes.experiments.experiment import Numbers, under
from hebbnotes.experiments.records import number
from hebbnotes.experiments.stored import (
    AGAIN,
    EXPERIMENTS,
    command,
    index,
    minutes,
    result,
    stem,
    weights,
)

__all__ = ["evaluate"]


@_checks.in_single_precision
def evaluate(name: str, scale: str = "book", seeds: Iterable[int] | None = None) -> dict[str, Any]:
    """Test the stored weights of an experiment again, and compare with the numbers that are stored.

    Parameters
    ----------
    name, scale : str
        Which experiment, and at which scale.
    seeds : iterable of int, optional
        Which seeds to test again; by default all whose weights are stored whole.

    Returns
    -------
    dict
        ``experiment``, ``scale``, ``metric``, ``unit``, ``value``, ``ci95``, ``seeds`` and
        ``published`` of the stored result; ``recomputed``, which maps each seed to the metric that
        its weights have now; ``largest_difference``, over all numbers of the test, relative to the
        stored one plus .005 (None if one is not finite); ``agrees``, whether it is below .05, as
        rounding on another computer would have it; and ``others``, how the numbers of the seeds
        without whole weights are found again (None without such seeds).

    Raises
    ------
    ValueError, FileNotFoundError
        As for :func:`.stored.weights`; or if the weights of a seed are not stored whole, the stored
        result lacks numbers, or data that the test needs are not there.
    """
    stored, stem_of = result(name, scale), stem(name, scale)
    entries = index()[name]["scales"].values()
    whole = {str(seed) for one in entries if one["file"] == stem_of for seed in one["weights"]}
    others = [seed for seed in stored["seeds"] if seed not in whole]
    wanted = [str(seed) for seed in seeds] if seeds is not None else sorted(whole, key=int)
    missing = [seed for seed in wanted if seed not in whole]
    if missing or not wanted:
        raise FileNotFoundError(_again(name, scale, missing or others))
    experiment, tensors = EXPERIMENTS[name], weights(name, scale)
    experiment.needs(experiment.scaled(scale))
    recomputed, differences = {}, [0.0]
    for seed in wanted:
        its = under(tensors, f"{seed}.")
        try:
            now = experiment.test(its, int(seed), experiment.scaled(scale))
        except (ValueError, TypeError, LookupError, RuntimeError) as error:
            raise ValueError(
                f"the weights of seed {seed} in {stem_of}.safetensors are not those of {name} "
                f"({str(error).splitlines()[0]}): {AGAIN}"
            ) from error
        differences += _differences(stored["seeds"].get(seed, {}), now, command(name, scale))
        recomputed[seed] = number(now, experiment.metric)
    largest = max(differences)
    shown = ("experiment", "scale", "metric", "unit", "value", "ci95")
    return {key: stored[key] for key in shown} | {
        "seeds": len(stored["seeds"]),
        "published": stored["published"],
        "recomputed": recomputed,
        "largest_difference": float(f"{largest:.2g}") if math.isfinite(largest) else None,
        "agrees": largest < 0.05,
        "others": _again(name, scale, others) if others else None,
    }


def _again(name: str, scale: str, seeds: list[str]) -> str:
    """Say of seeds without whole weights how their numbers are found again, and how long that
    takes.
    """
    known = set(result(name, scale)["seeds"])
    if unknown := [seed for seed in seeds if seed not in known]:
        there = ", ".join(sorted(known, key=int))
        return f"{name} has no stored seeds {', '.join(unknown)}, only {there}"
    some = f" --seed {' '.join(seeds)}" if set(seeds) != known else ""
    return (
        f"of {name}, scale {scale}, the whole weights of seeds {', '.join(seeds)} are not stored: "
        f"`{command(name, scale)}{some}` finds their numbers again, "
        f"in {minutes(name, scale, set(seeds))} one after the other"
    )


def _differences(stored: Numbers, now: Numbers, again: str) -> list[float]:
    """Return how far each number is from the stored one, infinitely if it is not finite."""
    try:
        was, found = _leaves(stored), _leaves(now)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the stored result holds what is no number: {AGAIN}") from error
    if missing := sorted(set(found) - set(was)):
        raise ValueError(f"the stored result lacks {', '.join(missing[:3])}: run `{again} --store`")
    apart = [abs(value - was[path]) / (abs(was[path]) + 0.005) for path, value in found.items()]
    return [value if math.isfinite(value) else math.inf for value in apart]


def _leaves(numbers: Any, at: str = "") -> dict[str, float]:
    """Return all numbers in dicts and lists, by their path."""
    if isinstance(numbers, list | tuple):
        numbers = dict(enumerate(numbers))
    if isinstance(numbers, dict):
        each = [_leaves(value, f"{at}.{key}") for key, value in numbers.items()]
        return {path: value for leaves in each for path, value in leaves.items()}
    return {} if numbers is None else {at.removeprefix("."): float(numbers)}
