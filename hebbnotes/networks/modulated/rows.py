"""What the fast evaluation of a modulated network keeps of a chunk of steps; see :mod:`.chunks`.

Shapes: T steps, B episodes, n units, K steps of a chunk, R rows of values.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes.networks.modulated.arguments import Modulator, broadcast
from hebbnotes.plasticity.connections import Connections, ScaledIdentity
from hebbnotes.plasticity.rules import Forget

__all__ = ["How", "Net", "Numbers", "Part", "Rows", "first_rows", "gain", "rows_before", "written"]


class How(NamedTuple):
    """What an evaluation is told beside these."""

    forget: Forget
    gate: bool
    identity: bool  # whether w stands for its multiple of the identity
    keep: bool  # whether there may be a backward pass


class Net(NamedTuple):
    """A modulated network; its rates are scalars."""

    fixed: Connections
    alpha: Tensor | None  # a matrix, or one number
    modulator: Modulator
    eta: Tensor
    eta_e: Tensor | None
    forget: Forget
    gate: bool

    @property
    def n_starts(self) -> int:
        """How many rows of values stand for the traces where a chunk begins."""
        return 1 if self.eta_e is None else 2

    def kept(self, forgotten: Tensor, heard: Tensor) -> Tensor:
        """Return what a step keeps of the trace."""
        return 1 - (heard if self.gate else self.eta) * forgotten


class Numbers(NamedTuple):
    """All that may have a gradient, in the order in which autograd is handed it."""

    inputs: Tensor  # (T, B, n)
    w: Tensor
    alpha: Tensor | None
    read: Tensor
    bias: Tensor
    fan_out: Tensor | None
    eta: Tensor
    eta_e: Tensor | None
    given: Tensor | None  # (T, B)
    y: Tensor
    hebb: Tensor | None
    eligibility: Tensor | None

    def net(self, how: "How") -> Net:
        """Return the network."""
        modulator = Modulator(self.read, self.bias, self.fan_out)
        fixed = ScaledIdentity(self.w) if how.identity else self.w
        return Net(fixed, self.alpha, modulator, self.eta, self.eta_e, how.forget, how.gate)


class Rows(NamedTuple):
    """With what weights a trace is the sum of what it was at first, and of pairs."""

    values: Tensor  # (R, B, n)
    tags: Tensor | None  # (R, B, n)


class Part(NamedTuple):
    """What the backward pass has to know of a chunk of K steps."""

    clamp: Tensor | None  # (K, B, n)
    starts: list[Tensor]  # the traces where it began, (B, n, n) each; none if these were empty
    activity: Tensor  # (K + 1, B, n), after the output before it; all but the last are keys
    signal: Tensor  # (K, B)
    from_starts: list[Tensor]  # for each step (S, B, n), what it read of these, to be weighted
    from_keys: list[Tensor]  # for each step but the first (k, B, n), the same of the keys


def first_rows(net: Net, y: Tensor) -> Rows:
    """Return the rows of the traces where a chunk begins: what each is of either trace."""
    one, none = torch.ones_like(y), torch.zeros_like(y)
    if net.eta_e is None:
        return Rows(one.unsqueeze(0), None)
    return Rows(torch.stack([one, none]), torch.stack([none, one]))


def written(net: Net, rows: Rows, y: Tensor, kept: Tensor, heard: Tensor) -> Rows:
    """Return the rows after a step."""
    values = kept * rows.values
    if rows.tags is None:
        return Rows(torch.cat([values, (heard * y).unsqueeze(0)]), None)
    values = values + heard * rows.tags
    tags = torch.cat([(1 - net.eta_e) * rows.tags, (net.eta_e * y).unsqueeze(0)])
    return Rows(torch.cat([values, torch.zeros_like(values[:1])]), tags)


def gain(net: Net, starts: list[Tensor], room: list[Tensor]) -> list[Tensor]:
    """Return alpha times the traces where a chunk begins, in a ``room`` (B, n, n) each."""
    if net.alpha is None:
        return []
    return [torch.mul(net.alpha, a, out=b) for a, b in zip(starts, room, strict=False)]


def rows_before(net: Net, part: Part) -> list[Rows]:
    """Return the rows before each step of a chunk, and at its end."""
    y, heard = part.activity[1:], broadcast(part.signal, net.modulator)
    kept, rows = net.kept(net.forget(y), heard), [first_rows(net, y[0])]
    for numbers in zip(y, kept, heard, strict=True):
        rows.append(written(net, rows[-1], *numbers))
    return rows
