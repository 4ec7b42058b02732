"""What a live model in the page is made of: numbers that it is told, an episode that it has to
repeat, and a still picture for paper and for readers without JavaScript.
"""

import base64
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["LiveModel", "packed", "unpacked"]


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
    needs: str = ""
    """A public data set that its numbers are made from: see :func:`.data.require`."""


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def packed(values: Tensor, bits: int = 8) -> dict[str, Any]:
    """Return numbers as a scale times integers, row by row.

    In 8 bits these are -127 to 127, in base64; in 6 bits -31 to 31, a letter for each.

    Examples
    --------
    >>> packed(torch.tensor([[1.0, -0.5], [0.0, 0.25]]))
    {'base64': 'f8AAIA==', 'scale': 0.007874015748031496, 'shape': [2, 2]}
    >>> packed(torch.tensor([62.0, 0.0, -62.0]), bits=6)
    {'letters': '/gB', 'scale': 2.0, 'shape': [3]}
    """
    _checks.held("values", _checks.finite("values", _checks.dense("values", values)))
    most = {8: 127, 6: 31}[_checks.choice("bits", bits, (8, 6))]
    scale = values.detach().abs().max().double().item() / most or 1.0
    whole = (values.detach().double() / scale).round().to(torch.int8).contiguous().numpy()
    told = (
        {"base64": base64.b64encode(whole.tobytes()).decode()}
        if bits == 8
        else {"letters": "".join(LETTERS[q + 32] for q in whole.flatten().tolist())}
    )
    return told | {"scale": scale, "shape": list(values.shape)}


def unpacked(told: dict[str, Any]) -> Tensor:
    """Return what :func:`packed` wrote, in double precision.

    Examples
    --------
    >>> unpacked(packed(torch.tensor([2.0, -1.0]))).round(decimals=2)
    tensor([ 2.0000, -1.0100], dtype=torch.float64)
    """
    if "letters" in told:
        whole = torch.tensor([LETTERS.index(letter) - 32 for letter in told["letters"]])
    else:
        whole = torch.from_numpy(np.frombuffer(base64.b64decode(told["base64"]), np.int8).copy())
    return told["scale"] * whole.double().view(told["shape"])
