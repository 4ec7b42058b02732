"""The fast evaluation of a modulated network: the plain loop's numbers, without its traces.

Both traces are sums of the same outer products, with other numbers. In a chunk of steps::

    hebb        = values[0] * H + values[1] * E + sum over k of outer(keys[k], values[2 + k])
    eligibility =                 tags[1] * E   + sum over k of outer(keys[k], tags[2 + k])

with H and E the traces where the chunk begins (a network that is not retroactive has no E, and no
tags). A step keeps, receiver by receiver, what the rule keeps of all values, and adds the signal
times the tags; the tags fade. Then the step has a row of its own: the value 0 and the tag
``eta_e * y``, without tags the value ``M * y``. To read is to compare ``pre`` with the keys, as in
:mod:`.plasticity.chunks`; what the network makes of M at a step is found before the step writes.

Shapes: T steps, B episodes, n units, K keys, R rows of values.

Source: this book, from Miconi, Rawal, Clune & Stanley (2019).
"""

import math
from typing import Any, cast

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks.modulated.arguments import (
    ModulatedState,
    ModulatedWriting,
    Modulator,
    broadcast,
    made,
)
from hebbnotes.networks.modulated.gradients import all_gradients
from hebbnotes.networks.modulated.rows import (
    How,
    Net,
    Numbers,
    Part,
    first_rows,
    gain,
    written,
)
from hebbnotes.plasticity.connections import Connections, ScaledIdentity, through
from hebbnotes.plasticity.events import MOST_KEYS
from hebbnotes.plasticity.rules import CommonForm

__all__ = ["MOST_KEYS", "chunked", "evaluate"]


def chunked(n_steps: int) -> list[slice]:
    """Return which steps each chunk has: as few chunks as :data:`MOST_KEYS` allows, and about
    equally long ones.
    """
    most, whole = MOST_KEYS
    n_chunks = 1 if n_steps <= whole else math.ceil(n_steps / most)
    size = math.ceil(n_steps / n_chunks)
    return [slice(a, min(a + size, n_steps)) for a in range(0, n_steps, size)]


def _run_chunk(
    net: Net,
    inputs: Tensor,
    clamp: Tensor | None,
    given: Tensor | None,
    y: Tensor,
    starts: list[Tensor],
    room: list[Tensor],
) -> Part:
    """Run a chunk; ``room``, a trace for each of the ``starts``, is overwritten."""
    gained, rows, s = gain(net, starts, room), first_rows(net, y), net.n_starts
    activity, signals, from_starts, from_keys = [y], [], [], []
    for t, x in enumerate(inputs):
        pre = y
        drive = through(pre, net.fixed) + x
        if gained:
            read = torch.stack([(pre.unsqueeze(1) @ one).squeeze(1) for one in gained])
            drive = drive + (read * rows.values[:s]).sum(0)
            from_starts.append(read)
        if net.alpha is not None and t:
            read = through(pre * torch.stack(activity[:-1]), net.alpha)
            drive = drive + (read * rows.values[s:]).sum(0)
            from_keys.append(read)
        y = torch.tanh(drive)
        if clamp is not None:
            y = torch.where(clamp[t], x, y)
        signal = made(y, net.modulator) if given is None else given[t]
        heard = broadcast(signal, net.modulator)
        rows = written(net, rows, y, net.kept(net.forget(y), heard), heard)
        activity.append(y)
        signals.append(signal)
    ran = torch.stack(activity), torch.stack(signals), rows
    return Part(clamp, *ran, from_starts, from_keys, starts)


class _Evaluation(torch.autograd.Function):
    """An episode as one operation; ``g_x`` stands for the gradient with respect to ``x``."""

    @staticmethod
    def forward(
        ctx: Any, how: How, clamp: Tensor | None, *given: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Return output (T, B, n), signal (T, B), and the traces at the end, (B, n, n)."""
        numbers = Numbers(*given)
        ctx.set_materialize_grads(False)
        net, y, rows_of = numbers.net(how), numbers.y, chunked(len(numbers.inputs))
        starts = [one for one in (numbers.hebb, numbers.eligibility) if one is not None]
        begins = net.alpha is not None and (bool(starts) or len(rows_of) > 1)
        # written again and again: fresh memory is slow
        room = [y.new_empty(*y.shape, y.shape[-1]) for _ in range(begins * net.n_starts)]
        outputs, signals, saved, pieces = [], [], [], []
        for at in rows_of:
            held, its = (None if one is None else one[at] for one in (clamp, numbers.given))
            part = _run_chunk(net, numbers.inputs[at], held, its, y, starts, room)
            y, keys = part.activity[-1], part.activity[:-1]
            starts = part.end.add_up(keys, starts)
            outputs.append(part.activity[1:])
            signals.append(part.signal)
            if how.keep:
                pieces.append((at, len(part.from_starts), len(part.from_keys)))
                saved += part.tensors()
        ctx.how, ctx.pieces = how, pieces
        # not on ctx, which outlives the backward pass; the inputs are not needed
        ctx.save_for_backward(clamp, *numbers._replace(inputs=None), *saved)
        return torch.cat(outputs), torch.cat(signals), starts[0], (*starts, None)[1]

    @staticmethod
    @_checks.in_full_precision
    def backward(
        ctx: Any,
        g_outputs: Tensor | None,
        g_signals: Tensor | None,
        *g_ends: Tensor | None,
    ) -> tuple[Tensor | None, ...]:
        """Find the errors, from the last chunk to the first; all else is products with them."""
        if torch.is_grad_enabled():
            raise RuntimeError("the fast evaluation has no second derivative: use method='loop'")
        clamp, *saved = ctx.saved_tensors
        numbers, saved = Numbers(*saved[: len(Numbers._fields)]), saved[len(Numbers._fields) :]
        net, parts = numbers.net(ctx.how), []
        for at, *read in ctx.pieces:
            held = None if clamp is None else clamp[at]
            parts.append((at, Part.of(held, saved, *read)))
        needs = Numbers(*ctx.needs_input_grad[2:])
        made_of = (g_outputs, g_signals, *g_ends)
        return None, None, *all_gradients(net, numbers, needs, parts, made_of)


def evaluate(
    inputs: Tensor,
    w: Connections,
    alpha: float | Tensor | ScaledIdentity | None,
    modulator: Modulator,
    state: ModulatedState | None,
    clamp: Tensor | None,
    given: Tensor | None,
    how: ModulatedWriting,
) -> tuple[Tensor, Tensor, ModulatedState]:
    """Run a modulated network; :func:`.loop.run_modulated` checks the arguments and calls this."""

    def tensor(value: float | Tensor) -> Tensor:
        return torch.as_tensor(value, dtype=inputs.dtype, device=inputs.device)

    if isinstance(alpha, ScaledIdentity):
        alpha = alpha.scale * torch.eye(inputs.shape[-1], dtype=inputs.dtype, device=inputs.device)
    identity = isinstance(w, ScaledIdentity)
    y, *traces = state or (torch.zeros_like(inputs[0]), None, None)
    numbers = Numbers(
        inputs,
        tensor(w.scale if isinstance(w, ScaledIdentity) else w),
        None if alpha is None else tensor(alpha),
        *modulator,
        tensor(how.eta),
        None if how.eta_e is None else tensor(how.eta_e),
        given,
        y,
        *traces,
    )
    keep = torch.is_grad_enabled() and any(a is not None and a.requires_grad for a in numbers)
    told = How(cast(CommonForm, how.rule).forget, how.gate, identity, keep)
    output, signal, *ends = _Evaluation.apply(told, clamp, *numbers)
    # a view of the outputs would keep all of them alive
    return output, signal, ModulatedState(output[-1].clone(), *ends)
