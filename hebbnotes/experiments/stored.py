"""All experiments by name, and their stored results: what the package holds of each, the command that repeats it, its headline.

:data:`EXPERIMENTS` joins those of all modules; :func:`result`, :func:`seeds` and :func:`weights` read the package's files.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.resources import as_file, files
from typing import Any

from torch import Tensor

from hebbnotes import _checks, analysis
from hebbnotes.experiments.experiment import Experiment, short, shorts

__all__ = [
    "EXPERIMENTS",
    "WEIGHTS",
    "command",
    "headline",
    "number",
    "result",
    "seeds",
    "stem",
    "weights",
]

_CHAPTERS = (
    "learning_rules",
    "associative_memory",
    "differentiable_plasticity",
    "natural_images",
    "one_shot_learning",
    "maze",
)


class _Registry(Mapping[str, Experiment]):
    """All experiments by name; chapters are imported when the first is asked for."""

    @cached_property
    def _all(self) -> dict[str, Experiment]:
        modules = [import_module(f"hebbnotes.chapters.{name}.experiments") for name in _CHAPTERS]
        return {name: one for module in modules for name, one in module.EXPERIMENTS.items()}

    def __getitem__(self, name: str) -> Experiment:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


EXPERIMENTS = _Registry()
"""All experiments by name."""
WEIGHTS = "hebbnotes weights 1"
"""Format of the stored weights."""


def stem(name: str, scale: str = "book") -> str:
    """Return the name of an experiment's files, without their ending.

    Raises
    ------
    ValueError
        If there is no such experiment, or it has no such scale.
    """
    experiment = EXPERIMENTS[_checks.choice("name", name, tuple(EXPERIMENTS))]
    return name if experiment.scaled(scale) == experiment.configuration else f"{name}.{scale}"


def command(name: str, scale: str = "book") -> str:
    """Return the command that repeats an experiment."""
    return f"python -m hebbnotes.experiments run {name}" + (
        f" --scale {scale}" if scale != "book" else ""
    )


def _stored(name: str, scale: str, suffix: str) -> Any:
    stored = files("hebbnotes") / "results" / f"{stem(name, scale)}.{suffix}"
    if not stored.is_file():
        raise FileNotFoundError(
            f"the package holds no {suffix} of {name!r}, scale {scale}: run `{command(name, scale)} --store`"
        )
    return stored


def result(name: str, scale: str = "book") -> dict[str, Any]:
    """Return the stored result of an experiment.

    Parameters
    ----------
    name : str
        One of the names that ``python -m hebbnotes.experiments`` lists.
    scale : str
        ``"book"``, or another scale that the experiment has.

    Returns
    -------
    dict
        ``seeds`` maps each seed, a string, to its numbers; the rest says what was run, with which versions, where, what came out,
        and what was published.

    Raises
    ------
    ValueError
        If there is no such experiment, or it has no such scale.
    FileNotFoundError
        If its result is not in the package.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    return json.loads(_stored(name, scale, "json").read_text(encoding="utf-8"))


def seeds(name: str, scale: str = "book") -> list[dict[str, Any]]:
    """Return the numbers of each seed of a stored result; arguments and errors as for :func:`result`.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    return list(result(name, scale)["seeds"].values())


def weights(name: str, scale: str = "book") -> dict[str, Tensor]:
    """Return the stored weights of an experiment, in single precision; names are such as ``"0.alpha"``, for seed 0.

    Raises
    ------
    ValueError
        If there is no such experiment, or its weights are in a format that this version does not know.
    FileNotFoundError
        If its weights are not in the package: some experiments keep none, and large ones those of seed 0 alone.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    from safetensors import safe_open

    with (
        as_file(_stored(name, scale, "safetensors")) as path,
        safe_open(path, framework="pt") as file,
    ):
        found = (file.metadata() or {}).get("format")
        if found != WEIGHTS:
            raise ValueError(
                f"{path.name} has the format {found!r}, expected {WEIGHTS!r}: install the version that belongs to it"
            )
        return {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118


def number(numbers: dict[str, Any], metric: str) -> float:
    """Return the number that a metric names; a dot leads into a dict."""
    value: Any = numbers
    for key in metric.split("."):
        value = value[key]
    return float(value)


def headline(experiment: Experiment, numbers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the metric of an experiment, its mean over seeds, and the 95 % interval of the mean (None with a single seed).

    Parameters
    ----------
    experiment : Experiment
        Which says what the metric is.
    numbers : dict
        The numbers of each seed.
    """
    values = [number(one, experiment.metric) for one in numbers.values()]
    mean, *interval = analysis.interval(values) if len(values) > 1 else values
    rounded = shorts(interval)
    return {
        "metric": experiment.metric,
        "unit": experiment.unit,
        "value": short(mean),
        "ci95": [max(0.0, rounded[0]), rounded[1]] if rounded else None,  # no metric is below 0
    }
