"""What a live model in the page is made of: numbers that it is told, an episode that it has to
repeat, and a still picture for paper and for readers without JavaScript.
"""

import base64
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["LiveModel", "chance", "packed", "runs", "unpacked"]


class LiveModel(NamedTuple):
    """A live model: ``book/_static/live/NAME.js`` is its script, and ``make live`` writes the rest.

    A chapter's models stand by name in ``MODELS`` of ``hebbnotes/chapters/<chapter>/live.py``.
    """

    numbers: Callable[[], dict[str, Any]]
    """Returns what the script is told, as JSON has it."""
    fixture: Callable[[], dict[str, Any]]
    """Returns episodes of the package that the script has to repeat."""
    still: Callable[[Any], None]
    """Draws the still picture: adds shapes to a drawing that is 560 units wide."""
    height: float
    """Of that picture."""
    label: str
    """What it shows, for those who do not see it."""


def packed(values: Tensor) -> dict[str, Any]:
    """Return numbers in 8 bits, as scale times an integer from -127 to 127, row by row in base64.

    Examples
    --------
    >>> packed(torch.tensor([[1.0, -0.5], [0.0, 0.25]]))
    {'base64': 'f8AAIA==', 'scale': 0.007874015748031496, 'shape': [2, 2]}
    """
    _checks.held("values", _checks.finite("values", _checks.dense("values", values)))
    scale = values.detach().abs().max().double().item() / 127 or 1.0
    bits = (values.detach().double() / scale).round().to(torch.int8).contiguous().numpy()
    return {
        "base64": base64.b64encode(bits.tobytes()).decode(),
        "scale": scale,
        "shape": list(values.shape),
    }


def unpacked(told: dict[str, Any]) -> Tensor:
    """Return what :func:`packed` wrote, in double precision.

    Examples
    --------
    >>> unpacked(packed(torch.tensor([2.0, -1.0]))).round(decimals=2)
    tensor([ 2.0000, -1.0100], dtype=torch.float64)
    """
    bits = np.frombuffer(base64.b64decode(told["base64"]), dtype=np.int8).copy()
    return told["scale"] * torch.from_numpy(bits).double().view(told["shape"])


def chance(seed: int) -> Iterator[float]:
    """Yield the numbers of [0, 1) that ``Live.random`` of ``toolkit.js`` yields for a seed.

    Source: Marsaglia's xorshift of 32 bits (2003).

    Examples
    --------
    >>> drawn = chance(1)
    >>> [round(next(drawn), 3) for _ in range(3)]
    [0.634, 0.503, 0.173]
    """
    low = 2**32 - 1
    state = (_checks.integer("seed", seed) + 1) * 0x9E3779B1 & low or 1
    while True:
        state ^= state << 13 & low
        state ^= state >> 17
        state ^= state << 5 & low
        yield state / 2**32


def runs(these: Tensor) -> str:
    """Return the pixels of a picture, boolean (rows, columns), as SVG's words for a line along each
    run of them in a row, one unit thick.

    Examples
    --------
    >>> runs(torch.tensor([[True, True, False], [False, True, False]]))
    'M0 0h2M1 1h1'
    """
    _checks.tensor("these", these, "rows columns", {}, boolean=True)
    words = []
    for row, line in enumerate(these.int().tolist()):
        edges = np.flatnonzero(np.diff([0, *line, 0])).reshape(-1, 2).tolist()
        words += [f"M{begin} {row}h{end - begin}" for begin, end in edges]
    return "".join(words)
