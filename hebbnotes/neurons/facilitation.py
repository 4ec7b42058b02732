"""Facilitation: a synapse that releases more for a while after its sender was active."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["Facilitation"]


@dataclass(frozen=True)
class Facilitation:
    """What a sender's terminals release at a spike, of what they have: a trace of the sender alone.

    Between spikes ``u`` goes back to ``rest``, with ``tau``; at a spike it rises by ``rest * (1 -
    u)``. There is one number for each sender: all its synapses have it, whoever receives. What
    receivers do never enters.

    >>> its = Facilitation(rest=0.2, tau=1.5)
    >>> u = its.start(2, 3)
    >>> u = its.step(u, torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), dt=0.01)
    >>> [[round(x, 2) for x in row] for row in u.tolist()]
    [[0.36, 0.2, 0.36], [0.2, 0.2, 0.2]]

    Parameters
    ----------
    rest : float
        Share that is released at rest, inside (0, 1].
    tau : float
        Time constant, in seconds.

    Notes
    -----
    Source: Mongillo, Barak & Tsodyks (2008), without the depression of their model.
    """

    rest: float = 0.2
    tau: float = 1.5

    def __post_init__(self) -> None:
        if _checks.number("rest", self.rest, 0, 1) == 0:
            raise ValueError("rest must be above 0, got 0: a synapse that never releases is none")
        if _checks.number("tau", self.tau, 0) == 0:
            raise ValueError("tau must be above 0, got 0: it is a time constant, in seconds")

    def start(self, *shape: int, dtype: torch.dtype | None = None) -> Tensor:
        """Return the share of every sender at rest, for a shape such as (B, n)."""
        if not shape:
            raise ValueError("shape must have one size or more, such as start(B, n), got none")
        for size in shape:
            _checks.integer("shape", size)
        return torch.full(shape, self.rest, dtype=_checks.floating_type("dtype", dtype))

    def fade(self, u: Tensor, seconds: float) -> Tensor:
        """Return the shares after a silence, exactly."""
        _checks.floating("u", u)
        return self.rest + (u - self.rest) * math.exp(
            -_checks.number("seconds", seconds, 0) / self.tau
        )

    def step(self, u: Tensor, spikes: Tensor, dt: float) -> Tensor:
        """Return the shares a step later: they have faded, and then spikes have come.

        Parameters
        ----------
        u : Tensor (B, n)
        spikes : Tensor (B, n), 1 where a sender spikes, 0 elsewhere, or a share inside [0, 1]
        dt : float, length of the step in seconds
        """
        told = _checks.spread("spikes", spikes, _checks.floating("u", u), "u")
        _checks.inside("spikes", torch.as_tensor(told), 0, 1, "1 is a spike, 0 none")
        faded = self.fade(u, dt)
        return faded + self.rest * (1 - faded) * spikes
