"""The fast evaluation of a plastic recurrent network: the numbers of the plain loop, without a trace for every step.

For a rule of the common form the trace is a sum of outer products. A *chunk* of steps keeps its terms and not their sum::

    hebb = values[0] * start + sum over k of outer(keys[k - 1], values[k])      start: the trace where the chunk begins

A step adds one term, with the key ``pre`` and the value ``eta * y``, after all values, receiver by receiver, have been multiplied
by what the step keeps, ``1 - eta * forget(y)``. To read the trace is to compare ``pre`` with the keys. The gradients are the same
sum, run backwards. An *event* is a step, or equal steps that are clamped throughout, taken as one: where nothing is free, nothing
is computed but what is written.

Shapes: T steps, E events, K keys, B episodes, n units.

Source: this book, from Miconi, Stanley & Clune (2018), equations 1 to 3. Taught on the page "The fast evaluation".
"""

import math
from itertools import accumulate, groupby
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.plasticity.connections import (
    Connections,
    ScaledIdentity,
    add_products,
    back,
    through,
)
from hebbnotes.plasticity.rules import CommonForm, Forget, Rule
from hebbnotes.plasticity.stepper import declared

__all__ = [
    "MOST_KEYS",
    "Event",
    "chunked",
    "evaluate",
    "find_events",
    "knows",
    "matching",
    "writes",
]

MOST_KEYS = 20, 32
"""Keys of a chunk, and of an episode that is not cut. Measured; the optimum is flat."""


class Event(NamedTuple):
    """A step of an episode, or several equal ones.

    Attributes
    ----------
    step : int
        The first of the steps.
    times : int
        How many there are.
    free : bool
        Whether some unit of some episode is not clamped, or that was not looked for.
    shares : bool
        Whether its sender's activity is that of the event before, so that both write to one key.

    Notes
    -----
    Taught on the page "The fast evaluation".
    """

    step: int
    times: int
    free: bool
    shares: bool


def knows(rule: Rule) -> bool:
    """Tell whether the trace of a rule is a sum that this module can add up.

    It is of the common form, and its forget function keeps its word: it acts entry by entry, needs nothing that is not known here,
    and has no trained numbers, whose gradient would be lost.
    """
    if not isinstance(rule, CommonForm) or declared(rule):
        return False
    if torch.compiler.is_compiling():
        return True
    post = torch.tensor([0.4, -0.8])
    try:
        share, first = rule.forget(post), rule.forget(post[:1])
        alone = share.shape == post.shape and torch.equal(share[:1], first)
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
        return False
    return alone and not share.requires_grad


def find_events(inputs: Tensor, clamp: Tensor, y: Tensor, merge: bool = True) -> list[Event]:
    """Find the events of a batch of episodes. Steps are equal if they are in all episodes, and no gradient tells them apart.

    Parameters
    ----------
    inputs, clamp : Tensor
        Shape (T, B, n); see :func:`.loop.run`.
    y : Tensor
        Output before the first step, shape (B, n).
    merge : bool
        Whether equal steps are looked for; otherwise each step is an event.

    Returns
    -------
    list of Event

    Notes
    -----
    Taught on the page "The fast evaluation".
    """
    if not merge:
        return [Event(t, 1, True, False) for t in range(len(inputs))]
    given = clamp.flatten(1).all(1)
    known = torch.cat([given.new_full((1,), not y.requires_grad), given[:-1]])
    equal = (inputs == torch.cat([y.unsqueeze(0), inputs[:-1]])).flatten(1).all(1)
    same = (
        given & known & equal & (not inputs.requires_grad)
    )  # y[t] is y[t - 1], whatever the network does
    given, same = torch.stack([given, same]).tolist()
    found: list[Event] = []
    for t, repeats in enumerate(same):
        shares = t > 0 and same[t - 1]
        if shares and repeats:
            found[-1] = found[-1]._replace(times=found[-1].times + 1)
        else:
            found.append(Event(t, 1, not given[t], shares))
    return found


def chunked(
    events: list[Event], most: int = MOST_KEYS[0], whole: int = MOST_KEYS[1]
) -> list[list[Event]]:
    """Cut events into as few chunks as have at most ``most`` keys each, and about equally many.

    Parameters
    ----------
    events : list of Event
        As :func:`find_events` returns them.
    most, whole : int
        Keys of a chunk, and of an episode that is left in one piece.

    Returns
    -------
    list of list of Event

    Notes
    -----
    Taught on the page "The fast evaluation".
    """
    keys = [*accumulate(not event.shares for event in events)]
    n_chunks = 1 if keys[-1] <= whole else math.ceil(keys[-1] / most)
    size = math.ceil(keys[-1] / n_chunks)
    groups = groupby(zip(events, keys, strict=True), key=lambda pair: (pair[1] - 1) // size)
    return [[event for event, _ in group] for _, group in groups]


def writes(y: Tensor, eta: float | Tensor, forget: Forget, times: int = 1) -> tuple[Tensor, Tensor]:
    """Return what an event keeps of every value, and what it writes.

    One step keeps ``1 - eta * forget(y)`` and writes ``eta * y``; ``times`` equal ones keep its power and write a geometric sum.
    That is added up and not divided out: the factor may be 1, 0 or negative.

    Parameters
    ----------
    y : Tensor
        Output of the event, shape (..., n), without unit.
    eta : float or Tensor
        Rate at which the trace is written.
    forget : callable
        As a rule of the common form carries it.
    times : int
        Number of equal steps.

    Returns
    -------
    tuple of Tensor
        What is kept and what is written, of the shape of ``y``.

    Notes
    -----
    Taught on the page "The fast evaluation".
    """
    once, value = 1 - eta * forget(y), eta * y
    written = value
    for _ in range(times - 1):
        written = torch.addcmul(value, written, once)
    return once**times, written


class _Net(NamedTuple):
    """The network."""

    fixed: Connections
    alpha: Tensor | None  # a matrix, or one number
    eta: Tensor
    forget: Forget


class _Moment(NamedTuple):
    """What the backward pass has to know of an event."""

    values: Tensor  # (1 + K, B, n), before it wrote
    kept: Tensor  # (B, n)
    from_start: Tensor | None = (
        None  # (B, n), what it read from the trace at the start, to be weighted by values[0]
    )
    from_keys: Tensor | None = None  # (K, B, n), the same for the keys; None if it read nothing


class _Part(NamedTuple):
    """What the backward pass has to know of a chunk of E events."""

    events: list[Event]
    clamp: Tensor  # (E, B, n)
    start: Tensor | None  # the trace where it began, (B, n, n); None if that was empty
    activity: Tensor  # (E + 1, B, n), with the output before the chunk
    keys: Tensor  # (K, B, n)
    values: Tensor  # (1 + K, B, n), at its end
    moments: list[_Moment]


def _run_chunk(
    net: _Net,
    events: list[Event],
    inputs: Tensor,
    clamp: Tensor,
    y: Tensor,
    hebb: Tensor | None,
    room: Tensor | None,
) -> _Part:
    """Run a chunk. ``room`` (B, n, n) is overwritten."""
    gained = None if room is None or hebb is None else torch.mul(net.alpha, hebb, out=room)
    keys, values = y.new_empty(0, *y.shape), torch.ones_like(y).unsqueeze(0)
    activity, moments = [y], []
    for event, x, given in zip(events, inputs, clamp, strict=True):
        pre, y, from_start, from_keys = y, x, None, None
        if event.free:
            drive = through(pre, net.fixed) + x
            if net.alpha is not None:
                from_keys = through(pre * keys, net.alpha)
                drive = drive + (from_keys * values[1:]).sum(0)
            if gained is not None:
                from_start = (pre.unsqueeze(1) @ gained).squeeze(1)
                drive = drive + from_start * values[0]
            y = torch.where(given, x, torch.tanh(drive))
        kept, written = writes(y, net.eta, net.forget, event.times)
        moments.append(_Moment(values, kept, from_start, from_keys))
        values = values * kept
        if event.shares:
            values[-1] += written
        else:
            keys, values = (
                torch.cat([keys, pre.unsqueeze(0)]),
                torch.cat([values, written.unsqueeze(0)]),
            )
        activity.append(y)
    return _Part(events, clamp, hebb, torch.stack(activity), keys, values, moments)


def _add_up(part: _Part) -> Tensor:
    """Build the trace at the end of a chunk from its terms, shape (B, n, n)."""
    left, right = part.keys.permute(1, 2, 0), part.values[1:].transpose(0, 1)
    return (
        left @ right
        if part.start is None
        else (part.values[0].unsqueeze(-2) * part.start).baddbmm_(left, right)
    )


def _read_end(part: _Part, g_hebb: Tensor | None, room: Tensor | None) -> tuple[Tensor, Tensor]:
    """Compare the gradient of the final trace with keys and values: what :func:`_add_up` passes back to them."""
    g_keys, g_values = torch.zeros_like(part.keys), torch.zeros_like(part.values)
    if g_hebb is not None:
        g_keys += (part.values[1:].transpose(0, 1) @ g_hebb.mT).transpose(0, 1)
        g_values[1:] = (part.keys.transpose(0, 1) @ g_hebb).transpose(0, 1)
        if part.start is not None:
            g_values[0] = torch.mul(g_hebb, part.start, out=room).sum(-2)
    return g_keys, g_values


def _errors(
    net: _Net, part: _Part, gained: Tensor | None, g_y: Tensor, g_keys: Tensor, g_values: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Find the error of each event's drive, from the last to the first.

    ``gained`` is alpha times the trace at the start. ``g_y`` (E + 1, B, n) holds what the outputs' gradients are from elsewhere,
    and is completed in place.

    Returns
    -------
    delta, g_kept, g_written : Tensor
        Errors, and the gradients of what :func:`writes` returned, shape (E, B, n).
    """
    activity, keys = part.activity, part.keys
    forgotten, pull = torch.func.vjp(net.forget, activity[1:])
    slope = pull(torch.ones_like(forgotten))[0]
    delta, g_kept, g_written = (torch.zeros_like(activity[1:]) for _ in range(3))
    for e in reversed(range(len(part.events))):
        event, (values, kept, from_start, from_keys), pre, y = (
            part.events[e],
            part.moments[e],
            activity[e],
            activity[e + 1],
        )
        n = len(values) - 1
        g_written[e] = g_values[-1]
        g_values = g_values[: 1 + n]
        g_kept[e] = (g_values * values).sum(0)
        g_y[e + 1] += net.eta * (
            g_written[e] - slope[e] * g_kept[e]
        )  # wrong, and unused, where equal steps are one event
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


def _add_gains(g_alpha: Tensor, net: _Net, part: _Part, delta: Tensor) -> None:
    """Add the gradient with respect to ``alpha`` of all that the chunk's events read from each other, in place."""
    read = [e for e, moment in enumerate(part.moments) if moment.from_keys is not None]
    if read:
        compared = [part.activity[e] * part.keys[: len(part.moments[e].values) - 1] for e in read]
        errors = [delta[e] * part.moments[e].values[1:] for e in read]
        add_products(g_alpha, torch.cat(compared), torch.cat(errors), net.alpha)


def _pass_start(
    g_hebb: Tensor | None,
    g_alpha: Tensor | None,
    net: _Net,
    part: _Part,
    delta: Tensor,
    room: Tensor | None,
) -> Tensor | None:
    """Take the gradient of the trace from a chunk's end to its start, and add to that of ``alpha`` what was read from there."""
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


def _rate(net: _Net, part: _Part, g_kept: Tensor, g_written: Tensor) -> Tensor:
    """Return the gradient with respect to ``eta``, which only :func:`writes` sees."""
    total = torch.zeros_like(net.eta)
    for times in {event.times for event in part.events}:
        at = [e for e, event in enumerate(part.events) if event.times == times]
        y = part.activity[1:][at]
        pull = torch.func.vjp(lambda eta, y=y, m=times: writes(y, eta, net.forget, m), net.eta)[1]
        total += pull((g_kept[at], g_written[at]))[0]
    return total


class _How(NamedTuple):
    """What an evaluation is told beside tensors that may have a gradient."""

    chunks: list[list[Event]]
    clamp: Tensor  # (E, B, n)
    forget: Forget
    identity: bool  # whether w stands for its multiple of the identity
    keep: bool  # whether there may be a backward pass


class _Evaluation(torch.autograd.Function):
    """An episode as one operation with a backward pass of its own; ``g_x`` stands for the gradient with respect to ``x``."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        w: Tensor,
        alpha: Tensor | None,
        eta: Tensor,
        y: Tensor,
        hebb: Tensor | None,
        how: _How,
    ) -> tuple[Tensor, Tensor]:
        """Return the output of each event, shape (E, B, n), and the trace at the end, shape (B, n, n)."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(w, alpha, eta, hebb)
        net = _Net(ScaledIdentity(w) if how.identity else w, alpha, eta, how.forget)
        begins = alpha is not None and (
            hebb is not None or len(how.chunks) > 1
        )  # whether some chunk has a trace to start from
        room = (
            y.new_empty(*y.shape, y.shape[-1]) if begins else None
        )  # written again and again: fresh memory is slow
        ctx.how, ctx.parts, ctx.room, outputs = how, [], room, []
        sizes = [len(events) for events in how.chunks]
        for events, *rows in zip(
            how.chunks, inputs.split(sizes), how.clamp.split(sizes), strict=True
        ):
            part = _run_chunk(net, events, *rows, y, hebb, room)
            y, hebb = part.activity[-1], _add_up(part)
            outputs.append(part.activity[1:])
            if how.keep:
                ctx.parts.append(part)
        return torch.cat(outputs), hebb

    @staticmethod
    def backward(
        ctx: Any, g_outputs: Tensor | None, g_hebb: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """Find the errors, from the last chunk to the first. All other gradients are sums of products with them."""
        if torch.is_grad_enabled():
            raise RuntimeError("the fast evaluation has no second derivative: use method='loop'")
        w, alpha, eta, _ = ctx.saved_tensors
        net = _Net(ScaledIdentity(w) if ctx.how.identity else w, alpha, eta, ctx.how.forget)
        g_inputs = (
            torch.zeros_like(ctx.how.clamp, dtype=w.dtype)
            if g_outputs is None
            else g_outputs.clone()
        )
        g_w, g_eta = torch.zeros_like(w), torch.zeros_like(eta)
        g_alpha = None if alpha is None else torch.zeros_like(alpha)
        g_y, g_hebb = torch.zeros_like(g_inputs[0]), None if g_hebb is None else g_hebb.clone()
        sizes = [len(part.events) for part in ctx.parts]
        for part, rows in zip(reversed(ctx.parts), reversed(g_inputs.split(sizes)), strict=True):
            from_end = _read_end(
                part, g_hebb, ctx.room
            )  # the three users of the room follow each other: this one,
            gained = (
                None
                if ctx.room is None or part.start is None
                else torch.mul(alpha, part.start, out=ctx.room)
            )
            rows[-1] += g_y
            g_activity = torch.cat([torch.zeros_like(rows[:1]), rows])
            delta, g_kept, g_written = _errors(
                net, part, gained, g_activity, *from_end
            )  # this one,
            g_y, rows[:] = g_activity[0], torch.where(part.clamp, g_activity[1:], delta)
            if ctx.needs_input_grad[1]:
                add_products(g_w, part.activity[:-1], delta, net.fixed)
            if ctx.needs_input_grad[2]:
                _add_gains(g_alpha, net, part, delta)
            if ctx.needs_input_grad[3]:
                g_eta += _rate(net, part, g_kept, g_written)
            g_hebb = _pass_start(g_hebb, g_alpha, net, part, delta, ctx.room)  # and this one
        return g_inputs, g_w, g_alpha, g_eta, g_y, g_hebb, None


def evaluate(
    inputs: Tensor,
    w: Connections,
    alpha: float | Tensor | None,
    eta: float | Tensor,
    forget: Forget,
    y: Tensor,
    hebb: Tensor | None,
    clamp: Tensor | None,
    *,
    merge: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run a plastic recurrent network; :func:`.loop.run` checks the arguments and calls this.

    Parameters
    ----------
    inputs, w, alpha, eta, clamp
        As for :func:`.loop.run`; ``alpha`` is a matrix, a number or None.
    forget : callable
        Elementwise function of the outputs, without trained numbers of its own; see :class:`.CommonForm`.
    y : Tensor
        Output before the first step, shape (B, n).
    hebb : Tensor or None
        Trace before the first step, shape (B, n, n); None if it is empty.
    merge : bool
        Whether equal steps are taken as one.

    Returns
    -------
    output : Tensor
        Shape (T, B, n).
    hebb : Tensor
        Trace after the last step, shape (B, n, n).

    Notes
    -----
    Used by :func:`.loop.run`. Taught on the page "The fast evaluation".
    """
    clamp = torch.zeros_like(inputs, dtype=torch.bool) if clamp is None else clamp
    events = find_events(inputs, clamp, y, merge)
    steps = [event.step for event in events]

    def tensor(value: float | Tensor) -> Tensor:
        return torch.as_tensor(value, dtype=inputs.dtype, device=inputs.device)

    identity = isinstance(w, ScaledIdentity)
    numbers = (
        tensor(w.scale if identity else w),
        None if alpha is None else tensor(alpha),
        tensor(eta),
    )
    learns = torch.is_grad_enabled() and any(
        a is not None and a.requires_grad for a in (inputs, *numbers, y, hebb)
    )
    how = _How(chunked(events), clamp[steps], forget, identity, learns)
    outputs, hebb = _Evaluation.apply(inputs[steps], *numbers, y, hebb, how)
    return outputs[[e for e, event in enumerate(events) for _ in range(event.times)]], hebb


def matching(
    shown: Tensor,
    targets: Tensor,
    asked: Tensor,
    w: float | Tensor,
    alpha: float | Tensor | None,
    eta: float | Tensor,
    forget: Forget,
) -> Tensor:
    """Return what drives a plastic layer after some steps in which all its outputs were clamped, without writing a trace.

    While all outputs are clamped, what is written is known beforehand: the input of step k is left in the trace of output n with
    ``eta * targets[k, n]``, times what the later steps keep of it. The layer then compares what is asked with what was shown.

    Parameters
    ----------
    shown : Tensor
        Inputs of the clamped steps, shape (K, B, n_in).
    targets : Tensor
        What the outputs were clamped to, shape (K, B, n_out).
    asked : Tensor
        Input of the step that follows, shape (B, n_in).
    w, alpha, eta
        As for :func:`.run_layer`.
    forget : callable
        Of a rule of the common form.

    Returns
    -------
    Tensor
        ``asked @ (w + alpha * hebb)``, shape (B, n_out); numbers and gradients are those of the plain loop, up to rounding.

    Notes
    -----
    Source: this book, from Miconi, Stanley & Clune (2018), equations 1 to 3. It needs one clamped step or more, and leaves checks
    to :meth:`.OneShotNetwork.ask`. Taught in the chapter "One-shot learning".
    """
    drive = through(asked, w)
    if alpha is None:
        return drive + torch.zeros_like(targets[0])
    kept = 1 - eta * forget(targets)
    after = (
        torch.cat([kept[1:], torch.ones_like(kept[:1])]).flip(0).cumprod(0).flip(0)
    )  # what all later steps keep
    left = eta * targets * after
    if isinstance(alpha, Tensor) and alpha.ndim:
        return drive + torch.einsum("bf,fn,kbf,kbn->bn", asked, alpha, shown, left)
    return drive + alpha * torch.einsum("kb,kbn->bn", (shown * asked).sum(-1), left)
