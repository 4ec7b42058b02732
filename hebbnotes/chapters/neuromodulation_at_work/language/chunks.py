"""The same network a chunk of text at a time, without its traces.

With a gain for each receiver, and a forgetting that does not ask who receives, the trace is read as
a sum over the past of the chunk, receiver by receiver::

    h_t @ hebb_t = a_t * (h_t @ hebb_0) + b_t * (h_t @ eligibility_0)
                   + sum over s < t of (h_t . h_s) * C[t, s] * cell_input_s

with h_t the output before step t. A step costs O(T n) a stream, and a row of numbers instead of a
trace: a, b and C are multiplied by ``1 - eta``, and M times the tags is added, which are ``eta_e *
(1 - eta_e) ** (t - 1 - s)`` in a retroactive network; in another one, M itself is the number of the
new pair. Traces are built where the chunk ends. Gradients are exact within the chunk, and end at
its border. Source: this book, from the equations of Miconi, Rawal, Clune & Stanley (2019).

Shapes: T steps, B streams, n cells, S traces where the chunk begins.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulation_at_work.language.cells import (
    CONSTANT,
    CellState,
    CellWriting,
)

__all__ = ["chunk", "tags_of"]


def tags_of(eta_e: Tensor, n_steps: int) -> Tensor:
    """Return with what number each pair stands in the eligibility trace before each step, (T + 1,
    2 + T): the old hebb, which has no part in it, the old eligibility, and each step's pair.
    """
    kept, step = 1 - eta_e, torch.arange(n_steps + 1, device=eta_e.device)
    ago = step[:, None] - 1 - step[:-1]
    own = torch.where(ago >= 0, eta_e * kept ** ago.clamp_min(0), 0.0)
    past = kept ** step[:, None]
    return torch.cat([torch.zeros_like(past), past, own], 1)


@_checks.in_full_precision
def chunk(
    x: Tensor, w: Tensor, writing: CellWriting | None, state: CellState
) -> tuple[Tensor, CellState]:
    """Run the cells through a chunk: what :func:`.cells.loop` returns, from a state that carries no
    gradient.

    Parameters
    ----------
    x : Tensor (T, B, 4 n), w : Tensor (n, 4 n)
    writing : CellWriting, or None for an ordinary long short-term memory
    state : CellState

    Returns
    -------
    output : Tensor (T, B, n)
    state : CellState, without a gradient
    """
    state = state.detach()
    if writing is None or state.hebb is None:
        h, c, *_ = _Chunk.apply(x, w, None, None, None, None, None, state.h, state.c, None)
        return h, CellState(h[-1].detach(), c)
    kept, tags, start = 1 - writing.eta, None, state.hebb
    if writing.eta_e is not None and state.eligibility is not None:
        tags = tags_of(writing.eta_e, len(x))
        start = torch.cat([start, state.eligibility], 2)
    how = (writing.alpha, kept, writing.read, writing.bias, tags)
    h, c, row, pre, cell = _Chunk.apply(x, w, *how, state.h, state.c, start)
    with torch.no_grad():
        hebb = _built(row, pre, cell, state)
        eligibility = None if tags is None else _built(tags[-1].expand_as(row), pre, cell, state)
    return h, CellState(h[-1].detach(), c, hebb, eligibility)


def _built(row: Tensor, pre: Tensor, cell: Tensor, state: CellState) -> Tensor:
    """Return the trace in which each pair stands with its number in a row (B, S + T)."""
    starts = [one for one in (state.hebb, state.eligibility) if one is not None]
    own = row[:, len(starts) :]
    trace = pre.transpose(1, 2) @ (own.unsqueeze(2) * cell)
    for k, one in enumerate(starts):
        trace = trace + row[:, k, None, None] * one
    return trace


class _Ran(NamedTuple):
    """What a chunk leaves behind for its backward pass; ``rows`` are a, b and C together."""

    pre: Tensor  # (B, T + 1, n), the outputs, the one before the chunk first
    c: Tensor  # (T + 1, B, n)
    shown: Tensor  # (T, B, n), tanh(c)
    gates: Tensor  # (T, B, 3 n), after the sigmoid
    cell: Tensor  # (B, T, n)
    rows: Tensor  # (T + 1, B, S + T)
    signal: Tensor  # (T, B)
    begun: Tensor  # (T, B, S, n), what the first traces make of an output
    alike: Tensor  # (T, B, T), products of two outputs
    heard: Tensor  # (T, B, n), what the trace makes of an output


def _room(x: Tensor, n_starts: int) -> _Ran:
    """Return room for a chunk; what lies in the future stays 0."""
    steps, streams, n = x.shape[0], x.shape[1], x.shape[2] // 4
    past = steps if n_starts else 0
    return _Ran(
        x.new_empty(streams, steps + 1, n),
        x.new_empty(steps + 1, streams, n),
        x.new_empty(steps, streams, n),
        x.new_empty(steps, streams, 3 * n),
        x.new_empty(streams, steps, n),
        x.new_zeros(steps + 1, streams, n_starts + past),
        x.new_full((steps, streams), CONSTANT),
        x.new_empty(past, streams, n_starts, n),
        x.new_zeros(past, streams, past),
        x.new_empty(past, streams, n),
    )


class _Chunk(torch.autograd.Function):
    """The cells through a chunk, forward and backward.

    It is told x, w, then alpha, what is kept, read, bias and tags (or None), then the state: h, c,
    and the traces side by side.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, *told: Any) -> Any:
        alpha, kept, read, bias, tags, h, c, start = told
        n, s = len(w), 0 if start is None else start.shape[2] // len(w)
        ran = _room(x, s)
        ran.pre[:, 0], ran.c[0] = h, c
        ran.rows[0, :, :1] = 1
        cs, pres, rows, signals = (
            one.unbind(k) for one, k in ((ran.c, 0), (ran.pre, 1), (ran.rows, 0), (ran.signal, 0))
        )
        steps = zip(x.unbind(0), ran.gates.unbind(0), ran.cell.unbind(1), ran.shown, strict=True)
        for t, (heard, gates, cell, shown) in enumerate(steps):
            drive, c = torch.addmm(heard, pres[t], w), cs[t + 1]
            opening, drive = drive.split((3 * n, n), -1)
            if start is not None:
                drive.addcmul_(alpha, _heard(ran, t, start))
            torch.sigmoid(opening, out=gates)
            torch.tanh(drive, out=cell)
            into, keep, show = gates.chunk(3, -1)
            torch.mul(keep, cs[t], out=c).addcmul_(into, cell)
            torch.tanh(c, out=shown)
            h = torch.mul(show, shown, out=pres[t + 1])
            if start is None:
                continue
            if read is not None:
                torch.tanh(torch.addmv(bias, h, read), out=signals[t])
            row = torch.mul(rows[t], kept, out=rows[t + 1])
            if tags is None:
                row[:, s + t] = signals[t]
            else:
                row.addcmul_(signals[t].unsqueeze(1), tags[t])
        ctx.save_for_backward(w, alpha, kept, read, tags, start, *ran)
        left = [one.clone() for one in (ran.c[-1], ran.rows[-1], ran.pre[:, :-1], ran.cell)]
        ctx.mark_non_differentiable(*left)
        return ran.pre[:, 1:].transpose(0, 1).contiguous(), *left

    @staticmethod
    def backward(ctx: Any, by_h: Tensor, *_: Any) -> Any:
        w, alpha, kept, read, tags, start, *left = ctx.saved_tensors
        ran = _Ran(*left)
        steps, n = len(by_h), by_h.shape[2]
        into, keep, show = ran.gates.chunk(3, -1)
        steep = ran.gates * (1 - ran.gates)
        inner, outer = 1 - ran.cell.transpose(0, 1) ** 2, show * (1 - ran.shown**2)
        by_x = w.new_empty(steps, len(by_h[0]), 4 * n)
        by_pre, by_c = torch.zeros_like(ran.c[0]), torch.zeros_like(ran.c[0])
        past = None if start is None else _Past(ran, alpha, kept, read, tags, start)
        back = w.T.contiguous()
        # what each part of the drive is multiplied by
        by_into = ran.cell.transpose(0, 1) * steep[:, :, :n]
        by_keep, by_show = ran.c[:-1] * steep[:, :, n : 2 * n], ran.shown * steep[:, :, 2 * n :]
        factors = (by_h, outer, into, by_into, by_keep, by_show, inner, keep, by_x)
        each = [*zip(*(one.unbind(0) for one in factors), strict=True)]
        for t in reversed(range(steps)):
            to_h, outer_t, into_t, by_into_t, by_keep_t, by_show_t, inner_t, keep_t, to_x = each[t]
            to_h = to_h + by_pre
            if past is not None:
                past.before(t, to_h)
            by_c.addcmul_(to_h, outer_t)
            to_cell = by_c * into_t
            if past is not None:
                past.of_cell(t, to_cell)
            parts = to_x.split(n, -1)
            torch.mul(by_c, by_into_t, out=parts[0])
            torch.mul(by_c, by_keep_t, out=parts[1])
            torch.mul(to_h, by_show_t, out=parts[2])
            torch.mul(to_cell, inner_t, out=parts[3])
            by_c *= keep_t
            by_pre = to_x @ back
            if past is not None:
                past.of_pre(t, parts[3], by_pre)
        pre = ran.pre[:, :-1].transpose(0, 1).reshape(-1, n)
        by_w = pre.T @ by_x.flatten(0, 1)
        further = [None] * 5 if past is None else past.gradients(by_x[:, :, 3 * n :])
        return by_x, by_w, *further, None, None, None


def _heard(ran: _Ran, t: int, start: Tensor) -> Tensor:
    """Return what the trace makes of the output before a step, (B, n), and keep its parts."""
    pre, row = ran.pre[:, t, None], ran.rows[t, :, None]
    begun, s = ran.begun[t], ran.begun.shape[2]
    torch.bmm(pre, start, out=begun.flatten(1).unsqueeze(1))
    heard = torch.bmm(row[:, :, :s], begun)
    if t:
        alike = torch.bmm(pre, ran.pre[:, :t].transpose(1, 2))  # a row first: it is faster
        ran.alike[t, :, :t] = alike.squeeze(1)
        heard.baddbmm_(alike * row[:, :, s : s + t], ran.cell[:, :t])
    ran.heard[t] = heard.squeeze(1)
    return ran.heard[t]


class _Past:
    """What the plastic path adds to the backward pass: how the loss hears each row and pair."""

    def __init__(self, ran: _Ran, *told: Any) -> None:
        self.ran, self.s = ran, ran.begun.shape[2]
        self.alpha, self.kept, self.read, self.tags, start = told
        self.back, steps = start.transpose(1, 2), len(ran.signal)
        # of each pair, with what weight the cells of each step hear it
        self.weights = (ran.rows[:steps, :, self.s :] * ran.alike).permute(1, 2, 0).contiguous()
        self.by_cell, self.by_alike = torch.zeros_like(ran.cell), torch.zeros_like(self.weights)
        self.by_row, self.by_rows = torch.zeros_like(ran.rows[0]), torch.empty_like(ran.rows[1:])
        self.by_drive = torch.zeros_like(ran.signal)

    def before(self, t: int, to_h: Tensor) -> None:
        """Add what the outputs of a step are told by its signal; go on to the row before it."""
        self.by_rows[t] = self.by_row
        if self.read is not None:
            alone = self.tags is None
            to = self.by_row[:, self.s + t] if alone else self.by_row @ self.tags[t]
            torch.mul(to, 1 - self.ran.signal[t] ** 2, out=self.by_drive[t])
            to_h.addcmul_(self.by_drive[t, :, None], self.read)
        self.by_row = self.by_row * self.kept

    def of_cell(self, t: int, to_cell: Tensor) -> None:
        """Add what the cell input of a step is told by later steps that read its pair."""
        to_cell += torch.bmm(self.weights[:, t, None], self.by_cell).squeeze(1)

    def of_pre(self, t: int, by_drive: Tensor, by_pre: Tensor) -> None:
        """Add what the output before a step is told as what reads, and as what is read later."""
        ran, s, row = self.ran, self.s, self.ran.rows[t]
        to = torch.mul(by_drive, self.alpha).unsqueeze(1)
        self.by_cell[:, t] = to.squeeze(1)
        self.by_row[:, :s] += torch.bmm(to, ran.begun[t].transpose(1, 2)).squeeze(1)
        shares = (row[:, :s, None] * to).flatten(1).unsqueeze(1)
        by_pre += torch.bmm(shares, self.back).squeeze(1)
        if t:
            value = torch.bmm(to, ran.cell[:, :t].transpose(1, 2)).squeeze(1)
            self.by_row[:, s : s + t] += value * ran.alike[t, :, :t]
            self.by_alike[:, t, :t] = value * row[:, s : s + t]
        either = self.by_alike[:, t] + self.by_alike[:, :, t]
        by_pre += torch.bmm(either.unsqueeze(1), ran.pre[:, :-1]).squeeze(1)

    def gradients(self, by_drive: Tensor) -> list[Tensor | None]:
        """Return those of alpha, of what is kept, of read and bias, and of the tags."""
        by_alpha = (by_drive * self.ran.heard).sum((0, 1))
        by_kept = (self.by_rows * self.ran.rows[:-1]).sum()
        by_read = by_bias = by_tags = None
        if self.read is not None:
            outputs = self.ran.pre[:, 1:].transpose(0, 1)
            by_read = (self.by_drive.unsqueeze(2) * outputs).sum((0, 1))
            by_bias = self.by_drive.sum()
        if self.tags is not None:
            by_tags = torch.zeros_like(self.tags)
            by_tags[:-1] = torch.einsum("tb,tbk->tk", self.ran.signal, self.by_rows)
        return [by_alpha, by_kept, by_read, by_bias, by_tags]
