"""The backward pass of the fast evaluation of a modulated network; see :mod:`.modulated.chunks`.

The gradient of a trace is a trace, run backwards: that of ``hebb`` fades by what the steps keep,
that of the eligibility fades by ``1 - eta_e`` and adds the signal times the first. Neither is built
but where a chunk begins.

Shapes: T steps, B episodes, n units, K steps of a chunk, R rows of values; ``g_x`` stands for the
gradient with respect to ``x``.

Source: this book.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.networks.modulated.arguments import broadcast
from hebbnotes.networks.modulated.rows import (
    Net,
    Numbers,
    Part,
    Past,
    Rows,
    gain,
    rows_before,
    sent_back,
)
from hebbnotes.plasticity.connections import add_products, back
from hebbnotes.plasticity.rules import Forget

__all__ = ["all_gradients"]


def _read_end(
    part: Part, weights: Tensor, first: int, g_trace: Tensor, room: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Take the gradient of a final trace to the keys and the weights that :meth:`.Rows.add_up`
    took, of which those before ``first`` are 0.
    """
    s = len(weights) - len(part.signal)
    keys, its = part.activity[:-1].transpose(0, 1), weights[s:].transpose(0, 1)
    g_keys, g_weights = (its @ g_trace.mT).transpose(0, 1), torch.zeros_like(weights)
    g_weights[s:] = (keys @ g_trace).transpose(0, 1)
    for k in range(first, len(part.starts)):
        g_weights[k] = torch.mul(g_trace, part.starts[k], out=room).sum(-2)
    return g_keys, g_weights


class _Found(NamedTuple):
    """What the backward pass finds of each step of a chunk, gradients with respect to these."""

    drive: Tensor  # (K, B, n)
    kept: Tensor  # (K, B, n)
    heard: Tensor  # (K, B, n)
    signal: Tensor  # (K, B), of the drive of the read-out, if the network makes the signal
    reads: Tensor  # (K (K - 1) / 2, B, n), of what each step read of each key before it
    eta_e: Tensor  # a scalar

    @classmethod
    def nothing(cls, activity: Tensor) -> "_Found":
        """Return room for them."""
        drive, kept, heard = (torch.empty_like(activity[1:]) for _ in range(3))
        reads = drive.new_empty(len(drive) * (len(drive) - 1) // 2, *drive.shape[1:])
        return cls(drive, kept, heard, drive.new_empty(drive.shape[:2]), reads, drive.new_zeros(()))


def _errors(
    net: Net,
    part: Part,
    moments: Rows,
    gained: Tensor | None,
    own: bool,
    g_y: Tensor,
    g_signal: Tensor,
    g_end: tuple[Tensor, Rows],
) -> _Found:
    """Go back through the steps of a chunk, from the last to the first.

    ``moments`` are the rows before each step. ``g_y`` (K + 1, B, n) and ``g_signal`` (K, B) hold
    what the gradients of the outputs and of the signal are from elsewhere; ``g_y`` is completed in
    place. ``g_end`` holds those of the keys and of the rows at the end, and is used up.
    """
    s, keys, found = net.n_starts, part.activity[:-1], _Found.nothing(part.activity)
    heard, read, fan_out = broadcast(part.signal, net.modulator), *net.modulator[::2]
    forgotten, slope = _forgotten(net.forget, part.activity[1:])
    kept, lost = net.kept(forgotten, heard), (heard if net.gate else net.eta) * slope
    slope, own_slope = 1 - part.activity[1:].square(), 1 - part.signal.square()
    (g_keys, g_rows), done = g_end, len(found.reads)
    for t in reversed(range(len(keys))):
        pre, y, r = keys[t], part.activity[t + 1], s + t
        rows, g_values, g_one = moments.at((t, slice(r))), g_rows.values[:r], g_y[t + 1]
        torch.sum(g_values * rows.values, 0, out=found.kept[t])
        if g_rows.tags is None or rows.tags is None or net.eta_e is None:
            torch.mul(g_rows.values[r], y, out=found.heard[t])
            g_one.addcmul_(heard[t], g_rows.values[r])
        else:
            torch.sum(g_values * rows.tags, 0, out=found.heard[t])
            g_tags, g_new = g_rows.tags[:r], g_rows.tags[r]
            g_one.addcmul_(net.eta_e, g_new)
            found.eta_e.add_((g_new * y).sum() - (g_tags * rows.tags).sum())
            g_tags.mul_(1 - net.eta_e).addcmul_(heard[t], g_values)
        g_one.addcmul_(lost[t], found.kept[t], value=-1)
        if net.gate:
            found.heard[t].addcmul_(forgotten[t], found.kept[t], value=-1)
        g_values.mul_(kept[t])
        each = found.heard[t] if fan_out is None else found.heard[t] * fan_out
        signal = torch.add(g_signal[t], each.sum(-1), out=found.signal[t])
        if own:
            signal.mul_(own_slope[t])
            g_one.addcmul_(signal.unsqueeze(-1), read)
        error = torch.mul(g_one, slope[t], out=found.drive[t])
        if part.clamp is not None:
            error.masked_fill_(part.clamp[t], 0)
        g_pre = g_y[t].add_(back(error, net.fixed)).add_(g_keys[t])
        if net.alpha is not None and t:
            g_values[s:].addcmul_(error, part.from_keys[t - 1])
            its = torch.mul(error, rows.values[s:], out=found.reads[done - t : done])
            sent, done = back(its, net.alpha), done - t
            g_pre.add_((keys[:t] * sent).sum(0))
            g_keys[:t].addcmul_(pre, sent)
        if gained is not None:
            g_values[:s].addcmul_(error, part.from_starts[t])
            g_pre.add_(sent_back(error * rows.values[:s], gained))
    return found


def _forgotten(forget: Forget, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a rule forgets and its derivative; the function acts entry by entry."""
    forgotten, pull, *_ = torch.func.vjp(forget, y)
    return forgotten, pull(torch.ones_like(forgotten))[0]


def _add_gains(g_alpha: Any, net: Net, part: Part, reads: Tensor) -> None:
    """Add the gradient of ``alpha`` from all that the steps read from each other, in place."""
    if net.alpha is not None and len(reads):
        keys, n_steps = part.activity[:-1], len(part.signal)
        later, earlier = torch.tril_indices(n_steps, n_steps, -1, device=keys.device)
        add_products(g_alpha, keys[later] * keys[earlier], reads, net.alpha)


def _pass_starts(
    g_traces: list[Any],
    g_alpha: Any,
    net: Net,
    part: Part,
    moments: Rows,
    errors: Tensor,
    room: Tensor | None,
) -> list[Any]:
    """Take the gradients of the traces from a chunk's end to where it began, in place; adds to that
    of ``alpha``.
    """
    if not part.starts:
        return [None] * len(g_traces)
    values, tags = moments.at(-1)
    passed = [*g_traces]
    g_hebb = passed[0]
    if tags is not None:
        if passed[1] is not None:
            passed[1] *= tags[1].unsqueeze(-2)
        if g_hebb is not None:
            more = values[1].unsqueeze(-2)
            passed[1] = g_hebb * more if passed[1] is None else passed[1].addcmul_(g_hebb, more)
    if g_hebb is not None:
        g_hebb *= values[0].unsqueeze(-2)
    if net.alpha is None:
        return passed
    for k, (start, total) in enumerate(zip(part.starts, [*passed], strict=True)):
        weighted = errors * moments.values[:-1, k]
        left = part.activity[:-1].permute(1, 2, 0)
        product = torch.bmm(left, weighted.transpose(0, 1), out=_one(room, start))
        if net.alpha.ndim:
            for episode, one in zip(product, start, strict=True):
                g_alpha.addcmul_(episode, one)
        else:
            g_alpha += torch.dot(product.flatten(), start.flatten())
        passed[k] = net.alpha * product if total is None else total.addcmul_(net.alpha, product)
    return passed


def _one(room: Tensor | None, like: Tensor) -> Tensor | None:
    """Return the memory of a ``room`` for one trace."""
    return None if room is None else room.view(-1)[: like.numel()].view(like.shape)


def all_gradients(
    net: Net,
    numbers: Numbers,
    needs: Numbers,
    parts: list[tuple[slice, Part]],
    g_made: tuple[Tensor | None, ...],
) -> Numbers:
    """Return the gradients of all numbers, from those of what an evaluation returned."""
    g_outputs, g_signals, *ends = g_made
    g_traces: list[Any] = [None if a is None else a.clone() for a in ends[: net.n_starts]]
    n_steps, first = parts[-1][0].stop, parts[0][1].activity
    g_inputs = first.new_zeros(n_steps, *first.shape[1:])
    g_signal = first.new_zeros(n_steps, first.shape[1])
    for zeros, more in ((g_inputs, g_outputs), (g_signal, g_signals)):
        if more is not None:
            zeros.add_(more)
    own = numbers.given is None
    g = Numbers(
        *(None if one is None else torch.zeros_like(one) for one in numbers[:9]), *[None] * 3
    )
    g_y, room = torch.zeros_like(first[0]), None
    if len(parts) > 1 or numbers.hebb is not None:
        room = g_y.new_empty(*g_y.shape, net.n_starts * g_y.shape[-1])
    given = [one for one in (numbers.hebb, numbers.eligibility) if one is not None]
    pasts = [Past.none(net, g_y)]
    for _, part in parts[:-1]:
        pasts.append(pasts[-1].then(part))
    for past, (at, ran) in zip(reversed(pasts), reversed(parts), strict=True):
        part, moments = ran._replace(starts=past.traces(given)), rows_before(net, ran)
        end = _end_gradients(part, moments.at(-1), g_traces, room)
        its = g_inputs[at]
        its[-1] += g_y
        g_activity = torch.cat([torch.zeros_like(its[:1]), its])
        gained = gain(net, part.starts, room)
        found = _errors(net, part, moments, gained, own, g_activity, g_signal[at], end)
        g_y, y = g_activity[0], part.activity[1:]
        held = g_activity[1:]
        its[:] = found.drive if part.clamp is None else torch.where(part.clamp, held, found.drive)
        g_signal[at] = found.signal
        if needs.w:
            add_products(g.w, part.activity[:-1], found.drive, net.fixed)
        if needs.alpha:
            _add_gains(g.alpha, net, part, found.reads)
        g_traces = _pass_starts(g_traces, g.alpha, net, part, moments, found.drive, room)
        if own:
            g.read.add_(torch.einsum("kb,kbn->n", found.signal, y))
            g.bias.add_(found.signal.sum())
        if g.fan_out is not None:
            g.fan_out.add_(torch.einsum("kb,kbn->n", part.signal, found.heard))
        if not net.gate:
            g.eta.sub_((net.forget(y) * found.kept).sum())
        if g.eta_e is not None:
            g.eta_e.add_(found.eta_e)
    traces = (*g_traces, None)[:2]
    return Numbers(g_inputs, *g[1:8], None if own else g_signal, g_y, *traces)


def _end_gradients(
    part: Part, end: Rows, g_traces: list[Any], room: Tensor | None
) -> tuple[Tensor, Rows]:
    """Return the gradients of keys and rows that the traces at the end of a chunk bring."""
    g_keys = torch.zeros_like(part.activity[:-1])
    g_rows: list[Any] = [None if one is None else torch.zeros_like(one) for one in end]
    for k, ((weights, first), g_trace) in enumerate(zip(end.each(), g_traces, strict=True)):
        if g_trace is not None:
            more, g_rows[k] = _read_end(part, weights, first, g_trace, _one(room, g_trace))
            g_keys += more
    return g_keys, Rows(*g_rows)
