"""The fast evaluation of a plastic recurrent network: the plain loop's numbers, without its traces.

For a rule of the common form the trace is a sum of outer products. A *chunk* of steps keeps its
terms and not their sum::

    hebb = values[0] * start + sum over k of outer(keys[k - 1], values[k])

with ``start`` the trace where the chunk begins. A step first multiplies all values, receiver by
receiver, by what it *keeps*, ``1 - eta * forget(y)``, and then adds one term, with the key ``pre``
and what it *writes*, the value ``eta * y``. Both numbers may also be given, each step's own. To
read the trace is to compare ``pre`` with the keys. The gradients are the same sum, run backwards.

What is computed one after the other are *events*, steps or equal ones taken as one; see
:mod:`.events`.

Shapes: T steps, E events, K keys, B episodes, n units.

Source: this book, from Miconi, Stanley & Clune (2018), equations 1 to 3.
"""

from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.connections import (
    Connections,
    ScaledIdentity,
    add_products,
    back,
    through,
)
from hebbnotes.plasticity.events import (
    Event,
    Moment,
    Part,
    Write,
    chunked,
    event_writes,
    find_events,
)
from hebbnotes.plasticity.rules import Forget

__all__ = ["evaluate"]


class _Net(NamedTuple):
    fixed: Connections
    alpha: Tensor | None  # a matrix, or one number


def _run_chunk(
    net: _Net,
    write: Write,
    events: list[Event],
    inputs: Tensor,
    clamp: Tensor,
    y: Tensor,
    hebb: Tensor | None,
    room: Tensor | None,
) -> Part:
    """Run a chunk. ``room`` (B, n, n) is overwritten."""
    gained = None if room is None or hebb is None else torch.mul(net.alpha, hebb, out=room)
    keys, values = y.new_empty(0, *y.shape), torch.ones_like(y).unsqueeze(0)
    activity, moments = [y], []
    for e, (event, x, held) in enumerate(zip(events, inputs, clamp, strict=True)):
        pre, y, from_start, from_keys = y, x, None, None
        if event.free:
            drive = through(pre, net.fixed) + x
            if net.alpha is not None:
                from_keys = through(pre * keys, net.alpha)
                drive = drive + (from_keys * values[1:]).sum(0)
            if gained is not None:
                from_start = (pre.unsqueeze(1) @ gained).squeeze(1)
                drive = drive + from_start * values[0]
            y = torch.where(held, x, torch.tanh(drive))
        kept, written = event_writes(y, write.at(e), event.times)
        moments.append(Moment(values, kept, from_start, from_keys))
        values = values * kept
        if event.shares:
            values[-1] += written
        else:
            keys = torch.cat([keys, pre.unsqueeze(0)])
            values = torch.cat([values, written.unsqueeze(0)])
        activity.append(y)
    return Part(events, write, clamp, hebb, torch.stack(activity), keys, values, moments)


def _add_up(part: Part) -> Tensor:
    """Build the trace at the end of a chunk from its terms, shape (B, n, n)."""
    left, right = part.keys.permute(1, 2, 0), part.values[1:].transpose(0, 1)
    if part.start is None:
        return left @ right
    return (part.values[0].unsqueeze(-2) * part.start).baddbmm_(left, right)


def _read_end(part: Part, g_hebb: Tensor | None, room: Tensor | None) -> tuple[Tensor, Tensor]:
    """Take the gradient of the final trace to keys and values, which :func:`_add_up` added up."""
    g_keys, g_values = torch.zeros_like(part.keys), torch.zeros_like(part.values)
    if g_hebb is not None:
        g_keys += (part.values[1:].transpose(0, 1) @ g_hebb.mT).transpose(0, 1)
        g_values[1:] = (part.keys.transpose(0, 1) @ g_hebb).transpose(0, 1)
        if part.start is not None:
            g_values[0] = torch.mul(g_hebb, part.start, out=room).sum(-2)
    return g_keys, g_values


def _errors(
    net: _Net, part: Part, gained: Tensor | None, g_y: Tensor, g_keys: Tensor, g_values: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Find the error of each event's drive, from the last to the first.

    ``gained`` is alpha times the trace at the start. ``g_y`` (E + 1, B, n) holds what the outputs'
    gradients are from elsewhere, and is completed in place.

    Returns
    -------
    delta, g_kept, g_written : Tensor
        Errors, and the gradients of what an event kept and wrote, shape (E, B, n).
    """
    activity, keys, write = part.activity, part.keys, part.write
    slope = (
        torch.zeros_like(activity[1:]) if write.kept is not None else _slope(write, activity[1:])
    )
    delta, g_kept, g_written = (torch.zeros_like(activity[1:]) for _ in range(3))
    for e in reversed(range(len(part.events))):
        event, pre, y = part.events[e], activity[e], activity[e + 1]
        values, kept, from_start, from_keys = part.moments[e]
        n = len(values) - 1
        g_written[e] = g_values[-1]
        g_values = g_values[: 1 + n]
        g_kept[e] = (g_values * values).sum(0)
        # This is of one step, wrong where equal steps are one event. Nobody asks there: they are
        # clamped, to inputs without a gradient.
        lost = slope[e] * g_kept[e]
        if write.written is None:
            g_y[e + 1] += write.eta * (g_written[e] - lost)
        else:
            g_y[e + 1] += write.written[e] * g_written[e] - write.eta * lost
        g_values = g_values * kept
        if event.free:
            delta[e] = torch.where(part.clamp[e], 0, g_y[e + 1] * (1 - y * y))
            g_y[e] += back(delta[e], net.fixed)
        if from_keys is not None:
            g_values[1:] += delta[e] * from_keys
            error = back(delta[e] * values[1:], net.alpha)
            g_y[e] += (keys[:n] * error).sum(0)
            g_keys[:n] += pre * error
        if from_start is not None:
            g_values[0] += delta[e] * from_start
            g_y[e] += ((delta[e] * values[0]).unsqueeze(1) @ gained.mT).squeeze(1)
        if not event.shares:
            g_y[e] += g_keys[n]
    return delta, g_kept, g_written


def _slope(write: Write, y: Tensor) -> Tensor:
    """Return the derivative of the forget function, which acts entry by entry."""
    forgotten, pull = torch.func.vjp(write.forget, y)
    return pull(torch.ones_like(forgotten))[0]


def _add_gains(g_alpha: Tensor, net: _Net, part: Part, delta: Tensor) -> None:
    """Add the gradient of ``alpha`` from all that the events read from each other, in place."""
    read = [e for e, moment in enumerate(part.moments) if moment.from_keys is not None]
    if read:
        compared = [part.activity[e] * part.keys[: len(part.moments[e].values) - 1] for e in read]
        errors = [delta[e] * part.moments[e].values[1:] for e in read]
        add_products(g_alpha, torch.cat(compared), torch.cat(errors), net.alpha)


def _pass_start(
    g_hebb: Tensor | None,
    g_alpha: Tensor | None,
    net: _Net,
    part: Part,
    delta: Tensor,
    room: Tensor | None,
) -> Tensor | None:
    """Take the gradient of the trace from a chunk's end to its start; adds to that of ``alpha``."""
    if part.start is None:
        return None
    if g_hebb is not None:
        g_hebb *= part.values[0].unsqueeze(-2)
    if net.alpha is None:
        return g_hebb
    errors = delta * torch.stack([moment.values[0] for moment in part.moments])
    product = torch.bmm(part.activity[:-1].permute(1, 2, 0), errors.transpose(0, 1), out=room)
    if net.alpha.ndim:
        for episode, start in zip(product, part.start, strict=True):
            g_alpha.addcmul_(episode, start)
    else:
        g_alpha += torch.dot(product.flatten(), part.start.flatten())
    return net.alpha * product if g_hebb is None else g_hebb.addcmul_(net.alpha, product)


def _add_numbers(
    total: dict[str, Tensor], part: Part, rows: slice, g_kept: Tensor, g_written: Tensor
) -> None:
    """Add the gradients of ``eta`` and of given numbers, which only a write sees, in place."""
    for times in {event.times for event in part.events}:
        at = [e for e, event in enumerate(part.events) if event.times == times]
        y, write = part.activity[1:][at], part.write.at(at)

        def written(
            numbers: dict[str, Tensor], y: Tensor = y, write: Write = write, times: int = times
        ) -> tuple[Tensor, Tensor]:
            return event_writes(y, write._replace(**numbers), times)

        pull = torch.func.vjp(written, {"eta": write.eta, **write.given()})[1]
        found = pull((g_kept[at], g_written[at]))[0]
        total["eta"] += found.pop("eta")
        for name, gradient in found.items():
            total[name][rows][at] = gradient


class _Numbers(NamedTuple):
    """All that may have a gradient, in the order in which autograd is handed it."""

    inputs: Tensor  # (E, B, n)
    w: Tensor
    alpha: Tensor | None
    eta: Tensor
    y: Tensor
    hebb: Tensor | None
    kept: Tensor | None  # (E, B, n)
    written: Tensor | None  # (E, B, n)


class _How(NamedTuple):
    """What an evaluation is told beside these."""

    chunks: list[list[Event]]
    forget: Forget
    identity: bool  # whether w stands for its multiple of the identity
    keep: bool  # whether there may be a backward pass

    def rows(self) -> list[slice]:
        """Return which events each chunk has."""
        ends = [*accumulate(len(events) for events in self.chunks)]
        return [slice(a, b) for a, b in zip([0, *ends], ends, strict=False)]


class _Evaluation(torch.autograd.Function):
    """An episode as one operation; ``g_x`` stands for the gradient with respect to ``x``."""

    @staticmethod
    def forward(
        ctx: Any, how: _How, clamp: Tensor, *numbers: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Return the output of each event, shape (E, B, n), and the trace at the end, (B, n, n)."""
        inputs, w, alpha, eta, y, hebb, kept, written = numbers
        ctx.set_materialize_grads(False)
        net = _Net(ScaledIdentity(w) if how.identity else w, alpha)
        write = Write(eta, how.forget, kept, written)
        # whether some chunk has a trace to start from
        begins = alpha is not None and (hebb is not None or len(how.chunks) > 1)
        # written again and again: fresh memory is slow
        room = y.new_empty(*y.shape, y.shape[-1]) if begins else None
        ctx.how, saved, outputs = how, [clamp, w, alpha, eta, kept, written], []
        for events, rows in zip(how.chunks, how.rows(), strict=True):
            its = inputs[rows], clamp[rows]
            part = _run_chunk(net, write.at(rows), events, *its, y, hebb, room)
            y, hebb = part.activity[-1], _add_up(part)
            outputs.append(part.activity[1:])
            if how.keep:
                saved += part.tensors()
        ctx.save_for_backward(*saved)  # not on ctx, which outlives the backward pass
        return torch.cat(outputs), hebb

    @staticmethod
    @_checks.in_full_precision
    def backward(
        ctx: Any, g_outputs: Tensor | None, g_hebb: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """Find the errors, from the last chunk to the first; all else is products with them."""
        if torch.is_grad_enabled():
            raise RuntimeError("the fast evaluation has no second derivative: use method='loop'")
        clamp, w, alpha, eta, kept, written, *saved = ctx.saved_tensors
        needs = _Numbers(*ctx.needs_input_grad[2:])
        net = _Net(ScaledIdentity(w) if ctx.how.identity else w, alpha)
        write = Write(eta, ctx.how.forget, kept, written)
        its = zip(ctx.how.chunks, ctx.how.rows(), strict=True)
        parts = [Part.of(events, write.at(rows), clamp[rows], saved) for events, rows in its]
        g_write = {name: torch.zeros_like(a) for name, a in {"eta": eta, **write.given()}.items()}
        g_inputs = torch.zeros_like(clamp, dtype=w.dtype)
        if g_outputs is not None:
            g_inputs += g_outputs
        g_w, g_alpha = torch.zeros_like(w), None if alpha is None else torch.zeros_like(alpha)
        g_y, g_hebb = torch.zeros_like(g_inputs[0]), None if g_hebb is None else g_hebb.clone()
        begins = alpha is not None and any(part.start is not None for part in parts)
        room = g_y.new_empty(*g_y.shape, g_y.shape[-1]) if begins else None
        for part, rows in zip(reversed(parts), reversed(ctx.how.rows()), strict=True):
            # three use the room, one after the other: this one,
            from_end = _read_end(part, g_hebb, room)
            gained = None
            if room is not None and part.start is not None:
                gained = torch.mul(alpha, part.start, out=room)
            its = g_inputs[rows]
            its[-1] += g_y
            g_activity = torch.cat([torch.zeros_like(its[:1]), its])
            # this one,
            delta, g_kept, g_written = _errors(net, part, gained, g_activity, *from_end)
            g_y, its[:] = g_activity[0], torch.where(part.clamp, g_activity[1:], delta)
            if needs.w:
                add_products(g_w, part.activity[:-1], delta, net.fixed)
            if needs.alpha:
                _add_gains(g_alpha, net, part, delta)
            if needs.eta or needs.kept or needs.written:
                _add_numbers(g_write, part, rows, g_kept, g_written)
            # and this one
            g_hebb = _pass_start(g_hebb, g_alpha, net, part, delta, room)
        g_kept, g_written = g_write.get("kept"), g_write.get("written")
        return (
            None,
            None,
            *_Numbers(g_inputs, g_w, g_alpha, g_write["eta"], g_y, g_hebb, g_kept, g_written),
        )


def evaluate(
    inputs: Tensor,
    w: Connections,
    alpha: float | Tensor | None,
    write: Write,
    y: Tensor,
    hebb: Tensor | None,
    clamp: Tensor | None,
    *,
    merge: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run a plastic recurrent network; :func:`.loop.run` checks the arguments and calls this.

    Parameters
    ----------
    inputs, w, alpha, clamp
        As for :func:`.loop.run`; ``alpha`` is a matrix, a number or None.
    write : Write
        With the forget function of a rule that it ``knows``.
    y : Tensor
        Output before the first step, shape (B, n).
    hebb : Tensor or None
        Trace before the first step, shape (B, n, n); None if it is empty.
    merge : bool
        Whether equal steps are taken as one.

    Returns
    -------
    output, hebb : Tensor
        Shape (T, B, n), and the trace after the last step, shape (B, n, n).
    """
    clamp = torch.zeros_like(inputs, dtype=torch.bool) if clamp is None else clamp
    events = find_events(inputs, clamp, y, merge, [*write.given().values()])
    steps = [event.step for event in events]

    def tensor(value: float | Tensor) -> Tensor:
        return torch.as_tensor(value, dtype=inputs.dtype, device=inputs.device)

    identity = isinstance(w, ScaledIdentity)
    its = write.at(steps)
    numbers = _Numbers(
        inputs[steps],
        tensor(w.scale if identity else w),
        None if alpha is None else tensor(alpha),
        tensor(write.eta),
        y,
        hebb,
        its.kept,
        its.written,
    )
    learns = torch.is_grad_enabled() and any(a is not None and a.requires_grad for a in numbers)
    how = _How(chunked(events), write.forget, identity, learns)
    outputs, hebb = _Evaluation.apply(how, clamp[steps], *numbers)
    return outputs[[e for e, event in enumerate(events) for _ in range(event.times)]], hebb
