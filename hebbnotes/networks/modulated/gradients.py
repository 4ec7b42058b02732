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
from hebbnotes.networks.modulated.rows import Net, Numbers, Part, Past, Rows, gain, rows_before
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
    eta_e: Tensor  # a scalar

    @classmethod
    def nothing(cls, activity: Tensor) -> "_Found":
        """Return zeros."""
        drive, kept, heard = (torch.zeros_like(activity[1:]) for _ in range(3))
        return cls(drive, kept, heard, activity.new_zeros(drive.shape[:2]), drive.new_zeros(()))


def _errors(
    net: Net,
    part: Part,
    moments: list[Rows],
    gained: list[Tensor],
    own: bool,
    g_y: Tensor,
    g_signal: Tensor,
    g_end: tuple[Tensor, Rows],
) -> _Found:
    """Go back through the steps of a chunk, from the last to the first.

    ``moments`` are the rows before each step. ``g_y`` (K + 1, B, n) and ``g_signal`` (K, B) hold
    what the gradients of the outputs and of the signal are from elsewhere; ``g_y`` is completed in
    place. ``g_end`` holds those of the keys and of the rows at the end.
    """
    s, keys, found = net.n_starts, part.activity[:-1], _Found.nothing(part.activity)
    heard = broadcast(part.signal, net.modulator)
    forgotten, slope = _forgotten(net.forget, part.activity[1:])
    kept, rate = net.kept(forgotten, heard), heard if net.gate else net.eta.expand_as(heard)
    g_keys, (g_values, g_tags) = g_end
    for t in reversed(range(len(keys))):
        pre, y, rows = keys[t], part.activity[t + 1], moments[t]
        g_new, g_values = g_values[-1], g_values[:-1]
        found.kept[t] = (g_values * rows.values).sum(0)
        if g_tags is None or rows.tags is None or net.eta_e is None:
            found.heard[t] = g_new * y
            g_y[t + 1] += heard[t] * g_new
        else:
            found.heard[t] = (g_values * rows.tags).sum(0)
            g_new, g_tags = g_tags[-1], g_tags[:-1]
            g_y[t + 1] += net.eta_e * g_new
            found.eta_e.add_((g_new * y).sum() - (g_tags * rows.tags).sum())
            g_tags = (1 - net.eta_e) * g_tags + heard[t] * g_values
        g_y[t + 1] -= rate[t] * slope[t] * found.kept[t]
        if net.gate:
            found.heard[t] -= forgotten[t] * found.kept[t]
        g_values = kept[t] * g_values
        fan_out = net.modulator.fan_out
        each = found.heard[t] if fan_out is None else found.heard[t] * fan_out
        found.signal[t] = g_signal[t] + each.sum(-1)
        if own:
            found.signal[t] *= 1 - part.signal[t].square()
            g_y[t + 1] += found.signal[t].unsqueeze(-1) * net.modulator.read
        error = g_y[t + 1] * (1 - y * y)
        if part.clamp is not None:
            error = torch.where(part.clamp[t], 0, error)
        found.drive[t] = error
        g_y[t] += back(error, net.fixed)
        if net.alpha is not None and t:
            g_values[s:] += error * part.from_keys[t - 1]
            sent = back(error * rows.values[s:], net.alpha)
            g_y[t] += (keys[:t] * sent).sum(0)
            g_keys[:t] += pre * sent
        for k, one in enumerate(gained):
            g_values[k] += error * part.from_starts[t][k]
            g_y[t] += ((error * rows.values[k]).unsqueeze(1) @ one.mT).squeeze(1)
        g_y[t] += g_keys[t]
    return found


def _forgotten(forget: Forget, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a rule forgets and its derivative; the function acts entry by entry."""
    forgotten, pull, *_ = torch.func.vjp(forget, y)
    return forgotten, pull(torch.ones_like(forgotten))[0]


def _add_gains(g_alpha: Any, net: Net, part: Part, moments: list[Rows], errors: Tensor) -> None:
    """Add the gradient of ``alpha`` from all that the steps read from each other, in place."""
    s, keys, later = net.n_starts, part.activity[:-1], range(1, len(part.signal))
    if later and net.alpha is not None:
        compared = torch.cat([keys[t] * keys[:t] for t in later])
        weighted = torch.cat([errors[t] * moments[t].values[s:] for t in later])
        add_products(g_alpha, compared, weighted, net.alpha)


def _pass_starts(
    g_traces: list[Any],
    g_alpha: Any,
    net: Net,
    part: Part,
    moments: list[Rows],
    errors: Tensor,
    room: list[Tensor],
) -> list[Any]:
    """Take the gradients of the traces from a chunk's end to where it began, in place; adds to that
    of ``alpha``.
    """
    if not part.starts:
        return [None] * len(g_traces)
    values, tags = moments[-1]
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
        weighted = errors * torch.stack([rows.values[k] for rows in moments[:-1]])
        left = part.activity[:-1].permute(1, 2, 0)
        product = torch.bmm(left, weighted.transpose(0, 1), out=room[0])
        if net.alpha.ndim:
            for episode, one in zip(product, start, strict=True):
                g_alpha.addcmul_(episode, one)
        else:
            g_alpha += torch.dot(product.flatten(), start.flatten())
        passed[k] = net.alpha * product if total is None else total.addcmul_(net.alpha, product)
    return passed


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
    small = numbers._replace(w=None)  # that of w comes last: by then the traces are gone
    g = Numbers(*(None if one is None else torch.zeros_like(one) for one in small[:9]), *[None] * 3)
    drives: list[Tensor] = []
    g_y, room = torch.zeros_like(first[0]), []
    if len(parts) > 1 or numbers.hebb is not None:
        room = [g_y.new_empty(*g_y.shape, g_y.shape[-1]) for _ in range(net.n_starts)]
    given = [one for one in (numbers.hebb, numbers.eligibility) if one is not None]
    pasts = [Past.none(net, g_y)]
    for _, part in parts[:-1]:
        pasts.append(pasts[-1].then(part))
    for past, (at, ran) in zip(reversed(pasts), reversed(parts), strict=True):
        part, moments = ran._replace(starts=past.traces(given)), rows_before(net, ran)
        end = _end_gradients(part, moments[-1], g_traces, room)
        its = g_inputs[at]
        its[-1] += g_y
        g_activity = torch.cat([torch.zeros_like(its[:1]), its])
        gained = gain(net, part.starts, room)
        found = _errors(net, part, moments, gained, own, g_activity, g_signal[at], end)
        g_y, y = g_activity[0], part.activity[1:]
        held = g_activity[1:]
        its[:] = found.drive if part.clamp is None else torch.where(part.clamp, held, found.drive)
        g_signal[at] = found.signal
        drives.append(found.drive)
        if needs.alpha:
            _add_gains(g.alpha, net, part, moments, found.drive)
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
    traces = (*g_traces, None)[:2] if given else (None, None)
    del room, g_traces, gained, part, end
    g_w = torch.zeros_like(numbers.w) if needs.w else None
    if g_w is not None:
        pre = torch.cat([one.activity[:-1] for _, one in parts])
        add_products(g_w, pre, torch.cat(drives[::-1]), net.fixed)
    return Numbers(g_inputs, g_w, *g[2:8], None if own else g_signal, g_y, *traces)


def _end_gradients(
    part: Part, end: Rows, g_traces: list[Any], room: list[Tensor]
) -> tuple[Tensor, Rows]:
    """Return the gradients of keys and rows that the traces at the end of a chunk bring."""
    g_keys = torch.zeros_like(part.activity[:-1])
    g_rows: list[Any] = [None if one is None else torch.zeros_like(one) for one in end]
    for k, ((weights, first), g_trace) in enumerate(zip(end.each(), g_traces, strict=True)):
        if g_trace is not None:
            more, g_rows[k] = _read_end(part, weights, first, g_trace, room[0] if room else None)
            g_keys += more
    return g_keys, Rows(*g_rows)
