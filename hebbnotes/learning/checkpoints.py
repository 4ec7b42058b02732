"""How a training is saved, and taken up again."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _files
from hebbnotes.learning.optimiser import Optimiser

__all__ = ["History", "load", "save"]

FORMAT = "hebbnotes checkpoint 2"


@dataclass
class History:
    """What happened in a training, one entry for each update.

    Attributes
    ----------
    loss : list of float, before each update
    metrics : dict of str to list of float, what else the loss function reported
    interrupted : bool, whether somebody stopped the training before its last update
    """

    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    interrupted: bool = False


def save(
    path: Path,
    parameters: list[Tensor],
    optimiser: Optimiser,
    generator: torch.Generator | None,
    told: dict[str, Any],
    history: History,
) -> None:
    """Write all that a training needs to go on, in the place of the old file.

    ``told`` is what else makes it this training: names and numbers.
    """
    tensors = {f"parameter.{k}": p.detach().contiguous() for k, p in enumerate(parameters)}
    tensors |= optimiser.state()
    if generator is not None:
        tensors["generator"] = generator.get_state()
    numbers = json.dumps({"loss": history.loss, "metrics": history.metrics})
    metadata = {"format": FORMAT, "history": numbers, "told": json.dumps(told)}
    _files.write_tensors(path, tensors, metadata)


def load(
    path: Path,
    parameters: list[Tensor],
    optimiser: Optimiser,
    generator: torch.Generator | None,
    updates: int,
    told: dict[str, Any],
) -> History:
    """Take a training up where it was saved: parameters and generator are changed in place, once
    everything is known to fit.
    """
    other = (
        f"{path} is not a checkpoint of this training: "
        "remove it to start anew, or name another file"
    )
    tensors, metadata = _files.read_tensors(path, other)
    kinds = {
        name: (t.shape, t.dtype) for name, t in tensors.items() if name.startswith("parameter.")
    }
    history = _history(metadata.get("history", ""), updates)
    if metadata.get("format") != FORMAT or _files.CHECKSUM not in metadata or history is None:
        raise ValueError(other)
    _compare(metadata.get("told", ""), told, other)
    if (
        kinds != {f"parameter.{k}": (p.shape, p.dtype) for k, p in enumerate(parameters)}
        or not _goes_on(generator, tensors.get("generator"))
        or not optimiser.fits(tensors)
    ):
        raise ValueError(other)
    with torch.no_grad():
        for k, p in enumerate(parameters):
            p.copy_(tensors[f"parameter.{k}"])
    optimiser.load(tensors)
    if generator is not None:
        generator.set_state(tensors["generator"])
    return history


def _history(text: str, updates: int) -> History | None:
    """Return the history that a checkpoint holds, if it is one of at most so many updates."""
    try:
        told = json.loads(text)
        loss, metrics = told["loss"], told["metrics"]
        columns = [loss, *metrics.values()]
        n_updates = len(loss)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    if n_updates > updates or not all(isinstance(column, list) for column in columns):
        return None
    fits = all(len(column) == n_updates for column in columns) and all(
        isinstance(entry, float) for column in columns for entry in column
    )
    return History(loss, metrics) if fits and all(map(math.isfinite, loss)) else None


def _goes_on(generator: torch.Generator | None, state: Tensor | None) -> bool:
    """Tell whether a generator, or none, can take up a state, or none; neither is changed."""
    if generator is None or state is None:
        return generator is None and state is None
    try:
        torch.Generator(generator.device).set_state(state)
    except (RuntimeError, TypeError):
        return False
    return True


def _compare(text: str, told: dict[str, Any], other: str) -> None:
    """Raise if a checkpoint was told other things than this training, with what differs."""
    here = json.loads(json.dumps(told))
    try:
        there = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        raise ValueError(other) from None
    differ = [
        f"{name} is {there.get(name)} there and {here.get(name)} here"
        for name in {**there, **here}
        if there.get(name) != here.get(name)
    ]
    if differ:
        raise ValueError(f"{other} ({'; '.join(differ)})")
