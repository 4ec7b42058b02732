"""A long short-term memory whose cell input has a plastic path, as a plain loop.

At a step the cells hear ``x + h @ w``, four parts: what opens the way in, what keeps, what shows,
and the cell input, which alone hears the Hebbian trace, too, at a gain for each receiver. The pair
that may be written is the last output and this step's cell input. Source: Miconi, Rawal, Clune &
Stanley (2019), section 4.3 (their trace is clipped; ours forgets, see :class:`CellWriting`).

Shapes: T steps, B streams, n cells; weights and traces are ``[pre, post]``.
"""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["CONSTANT", "CellState", "CellWriting", "loop", "made", "rest"]

CONSTANT = 0.1
"""The signal of a plastic network, which does not choose; a modulated one begins there."""


class CellState(NamedTuple):
    """What is carried from one chunk of text to the next.

    Attributes
    ----------
    h, c : Tensor (B, n), outputs and cells
    hebb : Tensor (B, n, n), or None without a plastic path
    eligibility : Tensor (B, n, n), or None where a pair is written at once
    """

    h: Tensor
    c: Tensor
    hebb: Tensor | None = None
    eligibility: Tensor | None = None

    def detach(self) -> "CellState":
        """Return the same numbers without their history."""
        traces = (None if one is None else one.detach() for one in self[2:])
        return CellState(self.h.detach(), self.c.detach(), *traces)


class CellWriting(NamedTuple):
    """How the plastic path is written.

    The trace changes by ``hebb = (1 - eta) * hebb + M * outer(h_before, cell_input)``, or, where it
    is retroactive, ``M * eligibility``, with ``eligibility = (1 - eta_e) * eligibility + eta_e *
    outer(...)`` afterwards. That it forgets is this book's; what was published has a clip instead.
    A fan-out of M, which was published, too, would be a second alpha here: nothing tells them
    apart without a clip.

    Attributes
    ----------
    alpha : Tensor (n,), a gain for each receiver
    eta : Tensor, a scalar, the rate of forgetting, in [0, 1]
    read, bias : Tensor (n,) and scalar
        Of the signal ``M = tanh(h @ read + bias)``; without them it is :data:`CONSTANT`.
    eta_e : Tensor, a scalar, in [0, 1]; it makes the network retroactive
    """

    alpha: Tensor
    eta: Tensor
    read: Tensor | None = None
    bias: Tensor | None = None
    eta_e: Tensor | None = None


def made(h: Tensor, writing: CellWriting) -> Tensor:
    """Return the signal M that outputs (..., n) make, (...,)."""
    if writing.read is None or writing.bias is None:
        return torch.full_like(h[..., 0], CONSTANT)
    return torch.tanh(h @ writing.read + writing.bias)


def rest(like: Tensor, n_streams: int, writing: CellWriting | None) -> CellState:
    """Return the state of a network that has read nothing; ``like`` is its w, (n, 4 n)."""
    n = len(like)
    h = like.new_zeros(n_streams, n)
    if writing is None:
        return CellState(h, h)
    empty = like.new_zeros(n_streams, n, n)
    return CellState(h, h, empty, None if writing.eta_e is None else empty)


def loop(
    x: Tensor, w: Tensor, writing: CellWriting | None, state: CellState
) -> tuple[Tensor, CellState]:
    """Run the cells step by step, with their traces built at every step: the plain definition.

    Parameters
    ----------
    x : Tensor (T, B, 4 n), what the letters make the cells hear: in, keep, show, cell input
    w : Tensor (n, 4 n)
    writing : CellWriting, or None for an ordinary long short-term memory
    state : CellState

    Returns
    -------
    output : Tensor (T, B, n)
    state : CellState
    """
    h, c, hebb, eligibility = state
    n, outputs = len(w), []
    for heard in x:
        pre = h
        gates, cell = (heard + pre @ w).split((3 * n, n), -1)
        if writing is not None and hebb is not None:
            cell = cell + writing.alpha * (pre.unsqueeze(1) @ hebb).squeeze(1)
        into, keep, show = torch.sigmoid(gates).chunk(3, -1)
        cell = torch.tanh(cell)
        c = keep * c + into * cell
        h = show * torch.tanh(c)
        outputs.append(h)
        if writing is not None and hebb is not None:
            pair = pre.unsqueeze(2) * cell.unsqueeze(1)
            signal = made(h, writing)[:, None, None]
            chosen = pair if eligibility is None else eligibility
            hebb = (1 - writing.eta) * hebb + signal * chosen
            if eligibility is not None and writing.eta_e is not None:
                eligibility = (1 - writing.eta_e) * eligibility + writing.eta_e * pair
    return torch.stack(outputs), CellState(h, c, hebb, eligibility)
