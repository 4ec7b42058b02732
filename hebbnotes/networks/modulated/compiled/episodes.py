"""Machine code for a modulated network and its gradient, one episode at a time.

As :mod:`.plasticity.compiled`, whose helpers it uses, with a signal, a second trace, and clamps.

Shapes: T steps, B episodes, n units; weights, alpha and traces are ``[pre, post]``.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes.networks.modulated.arguments import (
    ModulatedState,
    ModulatedWriting,
    Modulator,
)
from hebbnotes.networks.modulated.compiled.steps import (
    Step,
    forgets,
    hear,
    net_of,
    signal,
    unread,
    unwrite,
    unwrite_later,
    write,
)
from hebbnotes.plasticity.compiled import POWERS, add_plastic, array, bound, jit, tanh

__all__ = ["evaluate"]


EVERY = 14
"""Steps of a chunk, whose traces stay in the processor's cache while its gradients are found."""


class _Episodes(NamedTuple):
    """What is shown: inputs and clamp (T, B, n), and whether the signal (T, B) is given."""

    inputs: np.ndarray
    clamp: np.ndarray
    signal: np.ndarray  # filled where it is not given
    given: bool


class _Gradients(NamedTuple):
    """What the backward pass changes: gradients with respect to these."""

    y: Any  # (B, n), from the end to the start
    hebb: Any  # (B, n, n), likewise
    eligibility: Any  # (B, n, n), likewise
    drive: Any  # (T, B, n), of the inputs where these are clamped
    signal: Any  # (T, B), from elsewhere; then of the read-out's drive, unless it is given
    heard: Any  # (T, B, n)
    alpha: Any  # (n, n)
    kept: Any  # (T, B, n)
    eta_e: Any  # (1,)


@jit
def _forward(shown: Any, net: Any, y: Any, traces: Any, starts: Any, output: Any) -> None:
    """Run episodes; fills ``output`` (T, B, n), the signal, and the traces where each chunk of
    ``EVERY`` steps starts, and changes the traces in place.
    """
    heard, kept, later = np.empty_like(net.read), np.empty_like(net.read), net.eta_e >= 0
    for b in range(shown.inputs.shape[1]):
        pre, hebb, eligibility = y[b].copy(), traces[0][b], traces[1][b]
        for t in range(len(shown.inputs)):
            if t % EVERY == 0 and t // EVERY < starts[0].shape[1]:
                starts[0][b, t // EVERY] = hebb
                if later:
                    starts[1][b, t // EVERY] = eligibility
            post = output[t, b]
            post[:] = shown.inputs[t, b]
            add_plastic(post, pre, net.w, net.alpha, hebb)
            post[:] = tanh(post)
            for j in range(len(post)):
                if shown.clamp[t, b, j]:
                    post[j] = shown.inputs[t, b, j]
            if not shown.given:
                shown.signal[t, b] = signal(net, post)
            hear(net, post, shown.signal[t, b], heard, kept)
            write(net, hebb, eligibility, pre, post, heard, kept)
            pre = post


@jit
def _find_error(
    shown: Any, net: Any, output: Any, its: Any, g_output: Any, g: Any, at: Any
) -> None:
    """Find the error of a step's drive from the gradients of what it wrote, ``its``, and of its
    output, which ``g.y`` holds as far as later steps have found it; leaves the error there.
    """
    (t, b), heard, g_kept, sums, g_heard = at, its.heard, its.g_kept, its.sums, its.g_heard
    post, now, later, one = output[t, b], g.y[b], net.eta_e >= 0, net.one
    signal = g.signal[t, b]
    for j in range(len(post)):
        heard_back = g_heard[j] if later else sums[j] * post[j]
        rate = heard[j] if net.gate else net.eta
        now[j] += g_output[t, b, j] + sums[j] * (net.eta_e if later else heard[j])
        if net.power == 2:
            now[j] -= (rate + rate) * post[j] * g_kept[j]
        if net.gate:
            heard_back -= forgets(net, post[j]) * g_kept[j]
        g.kept[t, b, j], g.heard[t, b, j] = g_kept[j], heard_back
        signal += heard_back * net.fan_out[j]
    if not shown.given:
        signal *= one - shown.signal[t, b] * shown.signal[t, b]
        now += signal * net.read
    g.signal[t, b] = signal
    for j in range(len(post)):
        error = now[j] * (one - post[j] * post[j])
        g.drive[t, b, j] = now[j] if shown.clamp[t, b, j] else error
        now[j] = net.none if shown.clamp[t, b, j] else error


@jit
def _backward(
    shown: Any, net: Any, output: Any, y: Any, starts: Any, g_output: Any, g: Any
) -> None:
    """Find the gradients ``g``; those of ``y`` and of the traces come from the end. The traces of
    each chunk of steps are found again from those at its start, which fits into the cache.
    """
    (n_steps, batch, n), later = output.shape, net.eta_e >= 0
    before = np.empty((min(EVERY, n_steps), n, n), output.dtype)  # the traces before each step
    marks = np.empty((len(before) if later else 0, n, n), output.dtype)
    room = np.empty((5, n), output.dtype)
    its = Step(room[0], room[1], room[2], room[3], room[4])
    heard, kept = its.heard, its.kept
    earlier = np.empty_like(heard)
    for b in range(batch):
        now, g_hebb = g.y[b], g.hebb[b]
        for k in range(starts[0].shape[1] - 1, -1, -1):
            first, last = k * EVERY, min((k + 1) * EVERY, n_steps)
            before[0] = starts[0][b, k]
            if later:
                marks[0] = starts[1][b, k]
            for t in range(first, last - 1):
                here, pre = t - first, y[b] if t == 0 else output[t - 1, b]
                before[here + 1] = before[here]
                if later:
                    marks[here + 1] = marks[here]
                hear(net, output[t, b], shown.signal[t, b], heard, kept)
                trace = marks[here + 1] if later else before[here + 1]
                write(net, before[here + 1], trace, pre, output[t, b], heard, kept)
            for t in range(last - 1, first - 1, -1):
                pre, post = y[b] if t == 0 else output[t - 1, b], output[t, b]
                hebb = before[t - first]
                hear(net, post, shown.signal[t, b], heard, kept)
                if later:
                    both, g_both = (hebb, marks[t - first]), (g_hebb, g.eligibility[b])
                    g.eta_e[0] += unwrite_later(net, both, pre, post, its, g_both, earlier)
                else:
                    unwrite(net, hebb, pre, post, its, g_hebb, earlier)
                _find_error(shown, net, output, its, g_output, g, (t, b))
                unread(net, hebb, pre, now, g_hebb, g.alpha, earlier)
                for j in range(n):
                    now[j] = earlier[j]


class _Evaluation(torch.autograd.Function):
    """Episodes as one operation; ``g_x`` stands for the gradient with respect to ``x``."""

    @staticmethod
    def forward(
        ctx: Any, how: tuple[Any, ...], clamp: Tensor, given: Tensor | None, *numbers: Tensor
    ) -> tuple[Tensor, ...]:
        inputs, *_, y, hebb, eligibility = numbers
        output = torch.empty_like(inputs, memory_format=torch.contiguous_format)
        signal = inputs.new_empty(inputs.shape[:2]) if given is None else given.detach().clone()
        ends = [
            a.detach().clone(memory_format=torch.contiguous_format) for a in (hebb, eligibility)
        ]
        shown = _Episodes(array(inputs), array(clamp), signal.numpy(), given is not None)
        net, learns = net_of(how, numbers), any(ctx.needs_input_grad)
        sizes = len(y), -(-len(inputs) // EVERY) if learns else 0, *hebb.shape[1:]
        starts = hebb.new_empty(sizes), hebb.new_empty(sizes if net.eta_e >= 0 else (0, 0, 0, 0))
        traces, at = tuple(a.numpy() for a in ends), tuple(a.numpy() for a in starts)
        _forward(shown, net, array(y), traces, at, output.numpy())
        ctx.how, ctx.given = how, given is not None
        ctx.save_for_backward(output, signal, clamp, *starts, *numbers)
        return output, signal, *ends

    @staticmethod
    def backward(
        ctx: Any, g_output: Tensor, g_signal: Tensor, g_hebb: Tensor, g_eligibility: Tensor
    ) -> tuple[Any, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("compiled code has no second derivative: use method='loop'")
        output, signal, clamp, *starts, inputs = ctx.saved_tensors[:6]
        numbers = ctx.saved_tensors[5:]
        _, w, alpha, *_, y, _, _ = numbers
        g = _Gradients(
            np.zeros_like(array(y)),
            array(g_hebb).copy(),
            array(g_eligibility).copy(),
            np.empty_like(output.numpy()),
            array(g_signal).copy(),
            np.empty_like(output.numpy()),
            np.zeros_like(array(alpha)),
            np.empty_like(output.numpy()),
            np.zeros_like(array(w[0, :1])),
        )
        shown = _Episodes(array(inputs), array(clamp), array(signal), ctx.given)
        net, at = net_of(ctx.how, numbers), tuple(map(array, starts))
        _backward(shown, net, output.numpy(), array(y), at, array(g_output), g)
        found = _Gradients(*map(torch.from_numpy, g))
        pre = torch.cat([y.unsqueeze(0), output[:-1]]).flatten(0, 1)
        error = torch.where(clamp, 0, found.drive).flatten(0, 1)
        own = not ctx.given
        power, gate, _ = ctx.how
        lost = output.square() if power == 2 else torch.full_like(output, float(power == 1))
        g_eta = None if gate else -(found.kept * lost).sum()
        return (
            None,
            None,
            None if own else found.signal,
            found.drive,
            pre.mT @ error,
            found.alpha,
            torch.einsum("tb,tbn->n", found.signal, output) if own else None,
            found.signal.sum() if own else None,
            torch.einsum("tb,tbn->n", signal, found.heard),
            g_eta,
            found.eta_e[0],
            found.y,
            found.hebb,
            found.eligibility,
        )


def evaluate(
    inputs: Tensor,
    w: Any,
    alpha: Any,
    modulator: Modulator,
    state: ModulatedState | None,
    clamp: Tensor | None,
    given: Tensor | None,
    how: ModulatedWriting,
) -> tuple[Tensor, Tensor, ModulatedState]:
    """Run a modulated network; :func:`.loop.run_modulated` checks the arguments and calls this."""
    _, batch, n = inputs.shape
    retroactive = how.eta_e is not None
    none = inputs.new_zeros(batch, n, n)
    y, hebb, eligibility = state or (torch.zeros_like(inputs[0]), none, None)
    output, signal, *ends = _Evaluation.apply(
        (POWERS[how.rule], how.gate, bound(how.clip)),
        torch.zeros_like(inputs, dtype=torch.bool) if clamp is None else clamp,
        given,
        inputs,
        w,
        alpha,
        modulator.read,
        modulator.bias,
        torch.ones_like(modulator.read) if modulator.fan_out is None else modulator.fan_out,
        torch.as_tensor(how.eta, dtype=inputs.dtype),
        torch.as_tensor(how.eta_e if retroactive else -1.0, dtype=inputs.dtype),
        y,
        hebb,
        none if eligibility is None else eligibility,
    )
    if not retroactive:
        ends[1] = None
    return output, signal, ModulatedState(output[-1].clone(), *ends)
