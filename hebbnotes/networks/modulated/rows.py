"""What the fast evaluation of a modulated network keeps of a chunk; see :mod:`.modulated.chunks`.

Shapes: T steps, B episodes, n units, K steps of a chunk, R rows of values.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.networks.modulated.arguments import Modulator, broadcast
from hebbnotes.plasticity.connections import Connections, ScaledIdentity
from hebbnotes.plasticity.rules import Forget

__all__ = [
    "How",
    "Net",
    "Numbers",
    "Part",
    "Past",
    "Rows",
    "first_rows",
    "gain",
    "rows_before",
    "written",
]


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
    """All that may have a gradient, in the order in which autograd is handed it: these tensors, or
    their gradients, or whether these are asked for.
    """

    inputs: Any  # (T, B, n)
    w: Any
    alpha: Any  # may be None
    read: Any
    bias: Any
    fan_out: Any  # may be None
    eta: Any
    eta_e: Any  # may be None
    given: Any  # (T, B), may be None
    y: Any
    hebb: Any  # may be None
    eligibility: Any  # may be None

    def net(self, how: "How") -> Net:
        """Return the network."""
        modulator = Modulator(self.read, self.bias, self.fan_out)
        fixed = ScaledIdentity(self.w) if how.identity else self.w
        return Net(fixed, self.alpha, modulator, self.eta, self.eta_e, how.forget, how.gate)


class Rows(NamedTuple):
    """With what weights a trace is the sum of what it was at first, and of pairs."""

    values: Tensor  # (R, B, n)
    tags: Tensor | None  # (R, B, n)

    def each(self) -> list[tuple[Tensor, int]]:
        """Return those of each trace, with the first of its rows that is not 0: the eligibility has
        nothing of the trace where a chunk begins.
        """
        return [(self.values, 0)] if self.tags is None else [(self.values, 0), (self.tags, 1)]

    def add_up(self, keys: Tensor, starts: list[Tensor]) -> list[Tensor]:
        """Build the traces from the terms that they are the sums of, shape (B, n, n) each."""
        totals = []
        for weights, first in self.each():
            s = len(weights) - len(keys)
            total = keys.permute(1, 2, 0) @ weights[s:].transpose(0, 1)
            for k in range(first, len(starts)):
                total.addcmul_(starts[k], weights[k].unsqueeze(-2))
            totals.append(total)
        return totals


class Part(NamedTuple):
    """What the backward pass has to know of a chunk of K steps."""

    clamp: Tensor | None  # (K, B, n)
    activity: Tensor  # (K + 1, B, n), after the output before it; all but the last are keys
    signal: Tensor  # (K, B)
    end: Rows
    from_starts: list[Tensor]  # for each step (S, B, n), what it read of the traces at the start
    from_keys: list[Tensor]  # for each step but the first (k, B, n), the same of the keys
    starts: list[Tensor]  # these traces, (B, n, n) each; none if they were empty, or not built yet

    def tensors(self) -> list[Tensor | None]:
        """Return what has to be saved: the traces do not, they can be built again."""
        return [self.activity, self.signal, *self.end, *self.from_starts, *self.from_keys]

    @classmethod
    def of(cls, clamp: Tensor | None, saved: list[Any], n_starts: int, n_keys: int) -> "Part":
        """Return a chunk whose :meth:`tensors` were saved, with so many of what it read; they are
        taken from the front.
        """
        activity, signal, *end = (saved.pop(0) for _ in range(4))
        from_starts = [saved.pop(0) for _ in range(n_starts)]
        from_keys = [saved.pop(0) for _ in range(n_keys)]
        return cls(clamp, activity, signal, Rows(*end), from_starts, from_keys, [])


class Past(NamedTuple):
    """What both traces are the sums of, where a chunk begins: all earlier keys, with weights."""

    keys: Tensor  # (k, B, n)
    rows: Rows

    @classmethod
    def none(cls, net: "Net", y: Tensor) -> "Past":
        """Return that of the first chunk."""
        return cls(y.new_empty(0, *y.shape), first_rows(net, y))

    def then(self, part: Part) -> "Past":
        """Return that of the next chunk: the old weights are those of what it began with."""
        s, (values, tags) = len(self.rows.values) - len(self.keys), part.end
        keys = torch.cat([self.keys, part.activity[:-1]])
        old, marks = self.rows
        if marks is None or tags is None:
            return Past(keys, Rows(torch.cat([values[0] * old, values[s:]]), None))
        old = torch.cat([values[0] * old + values[1] * marks, values[s:]])
        return Past(keys, Rows(old, torch.cat([tags[1] * marks, tags[s:]])))

    def traces(self, given: list[Tensor]) -> list[Tensor]:
        """Build the traces, shape (B, n, n) each, from those that an episode was given."""
        if not len(self.keys):
            return given
        return self.rows.add_up(self.keys, given)


def first_rows(net: Net, y: Tensor) -> Rows:
    """Return the rows of the traces where a chunk begins: what each is of either trace."""
    one, none = torch.ones_like(y), torch.zeros_like(y)
    if net.eta_e is None:
        return Rows(one.unsqueeze(0), None)
    return Rows(torch.stack([one, none]), torch.stack([none, one]))


def written(net: Net, rows: Rows, y: Tensor, kept: Tensor, heard: Tensor) -> Rows:
    """Return the rows after a step."""
    values = kept * rows.values
    if rows.tags is None or net.eta_e is None:
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
