"""How a training is saved, and taken up again."""

import json
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
    from safetensors.torch import save_file

    tensors = {f"parameter.{k}": p.detach().contiguous() for k, p in enumerate(parameters)}
    tensors |= optimiser.state()
    if generator is not None:
        tensors["generator"] = generator.get_state()
    numbers = json.dumps({"loss": history.loss, "metrics": history.metrics})
    metadata = {"format": FORMAT, "history": numbers, "told": json.dumps(told)}
    _files.write(path, lambda beside: save_file(tensors, beside, metadata=metadata))


def load(
    path: Path,
    parameters: list[Tensor],
    optimiser: Optimiser,
    generator: torch.Generator | None,
    updates: int,
    told: dict[str, Any],
) -> History:
    """Take a training up where it was saved: parameters and generator are changed in place."""
    from safetensors import SafetensorError, safe_open

    other = (
        f"{path} is not a checkpoint of this training: "
        "remove it to start anew, or name another file"
    )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as damaged:
        raise ValueError(other) from damaged
    kinds = {
        name: (t.shape, t.dtype) for name, t in tensors.items() if name.startswith("parameter.")
    }
    numbers = json.loads(metadata.get("history", '{"loss": [], "metrics": {}}'))
    _compare(json.loads(metadata.get("told", "{}")), told, other)
    if (
        metadata.get("format") != FORMAT
        or kinds != {f"parameter.{k}": (p.shape, p.dtype) for k, p in enumerate(parameters)}
        or ("generator" in tensors) != (generator is not None)
        or len(numbers["loss"]) > updates
        or not optimiser.fits(tensors)
    ):
        raise ValueError(other)
    with torch.no_grad():
        for k, p in enumerate(parameters):
            p.copy_(tensors[f"parameter.{k}"])
    optimiser.load(tensors)
    if generator is not None:
        generator.set_state(tensors["generator"])
    return History(numbers["loss"], numbers["metrics"])


def _compare(there: dict[str, Any], told: dict[str, Any], other: str) -> None:
    """Raise if a checkpoint was told other things than this training, with what differs."""
    here = json.loads(json.dumps(told))
    differ = [
        f"{name} is {there.get(name)} there and {here.get(name)} here"
        for name in {**there, **here}
        if there.get(name) != here.get(name)
    ]
    if differ:
        raise ValueError(f"{other} ({'; '.join(differ)})")
