"""Machine code for agents: whole lives in a maze, and the plastic network's gradient, one episode at a time.

An agent is small and lives long: :mod:`hebbnotes.plasticity.chunks` and torch's own operations then spend their time on being called. Numba
compiles the plain loops instead. One episode's trace fits into the processor's cache, where all its steps are done.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``. Everything is computed on the processor.
"""

import math
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks.loop import State
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule

__all__ = ["POWERS", "knows", "run"]


POWERS = {rules.hebb: 0, rules.decay: 1, rules.oja: 2}
"""The rules that are compiled, each with the power of the output by which it forgets."""


_compile = numba.njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})


@_compile
def _forgets(post: Any, power: int) -> Any:
    """Return ``post ** power``. Arrays of ones keep single precision, which a whole number beside it would double."""
    return post * post if power == 2 else np.ones_like(post) if power == 1 else np.zeros_like(post)


@_compile
def _tanh(drive: Any) -> Any:
    """Return tanh, by the exponential that the compiler can do for several units at once; exact to rounding of 1, not of itself."""
    one = np.ones_like(drive)
    return one - (one + one) / (np.exp(drive + drive) + one)


@_compile
def _write(hebb: Any, pre: Any, post: Any, eta: Any, power: int, clip: Any) -> None:
    """Change a trace (n, n) in place."""
    written, kept = eta * post, np.ones_like(post) - eta * _forgets(post, power)
    for i in range(len(pre)):
        for j in range(len(post)):
            hebb[i, j] = kept[j] * hebb[i, j] + pre[i] * written[j]
        if clip < np.inf:
            for j in range(len(post)):
                hebb[i, j] = min(max(hebb[i, j], -clip), clip)


@_compile
def _add(total: Any, pre: Any, w: Any) -> None:
    for i in range(len(pre)):
        if pre[i] != 0:
            for j in range(len(total)):
                total[j] += pre[i] * w[i, j]


@_compile
def _add_plastic(total: Any, pre: Any, w: Any, alpha: Any, hebb: Any) -> None:
    for i in range(len(pre)):
        for j in range(len(total)):
            total[j] += pre[i] * (w[i, j] + alpha[i, j] * hebb[i, j])


@_compile
def _forward(
    inputs: Any, w: Any, alpha: Any, eta: Any, power: int, clip: Any, y: Any, hebb: Any, output: Any
) -> None:
    """Run episodes; fills ``output`` (T, B, n), and changes ``hebb`` (B, n, n) in place."""
    for b in range(inputs.shape[1]):
        pre = y[b].copy()
        for t in range(len(inputs)):
            post = inputs[t, b].copy()
            _add_plastic(post, pre, w, alpha, hebb[b])
            post[:] = _tanh(post)
            _write(hebb[b], pre, post, eta, power, clip)
            output[t, b] = post
            pre = post


@_compile
def _step_back(
    g_hebb: Any, g_alpha: Any, g_y: Any, g_pre: Any, g_eta: Any, hebb: Any, pre: Any, post: Any, w: Any, alpha: Any, eta: Any,
    power: int, clip: Any,
) -> None:  # fmt: skip
    """Go one step back; ``g_y`` becomes the error of the drive, ``g_pre`` what goes to the output before."""
    forgets = _forgets(post, power)
    written, kept = eta * post, np.ones_like(post) - eta * forgets
    slope = post + post if power == 2 else np.zeros_like(post)
    for i in range(len(pre)):
        if clip < np.inf:
            for j in range(len(post)):
                if abs(kept[j] * hebb[i, j] + pre[i] * written[j]) > clip:
                    g_hebb[i, j] = 0
        back = g_pre[i]
        for j in range(len(post)):
            g = g_hebb[i, j]
            g_y[j] += eta * g * (pre[i] - slope[j] * hebb[i, j])
            back += g * written[j]
            g_eta[j] += g * (pre[i] * post[j] - forgets[j] * hebb[i, j])
            g_hebb[i, j] = g * kept[j]
        g_pre[i] = back
    g_y *= np.ones_like(post) - post * post
    for i in range(len(pre)):
        back = g_pre[i]
        for j in range(len(post)):
            product = pre[i] * g_y[j]
            back += (w[i, j] + alpha[i, j] * hebb[i, j]) * g_y[j]
            g_alpha[i, j] += product * hebb[i, j]
            g_hebb[i, j] += product * alpha[i, j]
        g_pre[i] = back


@_compile
def _backward(
    output: Any, w: Any, alpha: Any, eta: Any, power: int, clip: Any, y: Any, hebb: Any, g_output: Any, g_y: Any, g_hebb: Any,
    errors: Any, g_alpha: Any, g_eta: Any,
) -> None:  # fmt: skip
    """Find the gradients; ``g_y`` (B, n) and ``g_hebb`` (B, n, n) come from the end and are taken to the start, in place."""
    n_steps, batch, n = output.shape
    before = np.empty((n_steps, n, n), output.dtype)  # the trace before each step
    for b in range(batch):
        trace = hebb[b].copy()
        for t in range(n_steps):
            before[t] = trace
            _write(trace, y[b] if t == 0 else output[t - 1, b], output[t, b], eta, power, clip)
        now = g_y[b].copy()
        for t in range(n_steps - 1, -1, -1):
            now += g_output[t, b]
            earlier = np.zeros_like(now)
            pre = y[b] if t == 0 else output[t - 1, b]
            _step_back(
                g_hebb[b],
                g_alpha,
                now,
                earlier,
                g_eta,
                before[t],
                pre,
                output[t, b],
                w,
                alpha,
                eta,
                power,
                clip,
            )
            errors[t, b] = now
            now = earlier
        g_y[b] = now


def _array(value: Tensor) -> np.ndarray:
    return np.ascontiguousarray(value.detach().numpy())


def _number(value: Tensor) -> np.generic:
    """Return a scalar in its own precision."""
    return value.detach().numpy()[()]


class _Run(torch.autograd.Function):
    """Episodes as one operation; ``g_x`` stands for the gradient with respect to ``x``."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        w: Tensor,
        alpha: Tensor,
        eta: Tensor,
        y: Tensor,
        hebb: Tensor,
        power: int,
        clip: float,
    ) -> tuple[Tensor, Tensor]:
        output, end = (
            torch.empty_like(inputs, memory_format=torch.contiguous_format),
            hebb.detach().clone(),
        )
        ctx.rule = power, output.numpy().dtype.type(clip)
        _forward(
            _array(inputs),
            _array(w),
            _array(alpha),
            _number(eta),
            *ctx.rule,
            _array(y),
            end.numpy(),
            output.numpy(),
        )
        ctx.save_for_backward(output, w, alpha, eta, y, hebb)
        return output, end

    @staticmethod
    def backward(ctx: Any, g_output: Tensor, g_end: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("compiled code has no second derivative: use networks.run")
        output, w, alpha, eta, y, hebb = ctx.saved_tensors
        g_y, g_hebb, errors = (
            torch.zeros_like(y),
            g_end.clone().contiguous(),
            torch.empty_like(output),
        )
        g_alpha, g_eta = np.zeros_like(_array(alpha)), np.zeros_like(_array(w[0]))
        arrays = (
            _array(y),
            _array(hebb),
            _array(g_output),
            g_y.numpy(),
            g_hebb.numpy(),
            errors.numpy(),
            g_alpha,
            g_eta,
        )
        _backward(output.numpy(), _array(w), _array(alpha), _number(eta), *ctx.rule, *arrays)
        pre = torch.cat([y.unsqueeze(0), output[:-1]])
        g_w = pre.flatten(0, 1).mT @ errors.flatten(0, 1)
        return (
            errors,
            g_w,
            torch.from_numpy(g_alpha),
            torch.tensor(g_eta.sum()),
            g_y,
            g_hebb,
            None,
            None,
        )


def run(
    inputs: Tensor,
    w: Tensor,
    alpha: Tensor,
    eta: Tensor,
    rule: Rule,
    state: State,
    clip: float | None = None,
) -> tuple[Tensor, State]:
    """Run a plastic recurrent network: the numbers and gradients of :func:`.loop.run`, up to rounding.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n).
    w, alpha : Tensor
        Shape (n, n).
    eta : Tensor
        A scalar.
    rule : callable
        One of :data:`POWERS`.
    state : State
        Where to go on from.
    clip : float, optional
        As for :func:`.loop.run`.

    Returns
    -------
    output : Tensor
        Shape (T, B, n).
    state : State
        After the last step.

    Raises
    ------
    TypeError, ValueError
        If a shape, a dtype or the device does not fit, ``eta`` is outside [0, 1], inputs are not finite, the rule is not compiled,
        or the clip is not above 0.
    RuntimeError
        If a second derivative or batched gradients are wanted: use :func:`.loop.run`.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 to 3. Taught on the page "The fast evaluation".
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    if inputs.device.type != "cpu" or inputs.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"inputs must be float32 or float64 on the processor, got {inputs.dtype}, {inputs.device}: use networks.run"
        )
    if not knows(_checks.rule(rule)):
        raise ValueError(
            f"rule must be one of {', '.join(one.__name__ for one in POWERS)}, got {rule}: use networks.run"
        )
    if not isinstance(state, State):
        raise TypeError(
            f"state must be a State as a network returns it, got {type(state).__name__}"
        )
    for name, value, names in (
        ("w", w, "n n"),
        ("alpha", alpha, "n n"),
        ("eta", eta, ""),
        ("state.y", state.y, "B n"),
        ("state.hebb", state.hebb, "B n n"),
    ):
        _checks.tensor(name, value, names, sizes, like=inputs)
    _checks.number("eta", eta.item(), 0, 1)
    _checks.finite("inputs", inputs)
    output, hebb = _Run.apply(inputs, w, alpha, eta, *state, POWERS[rule], _bound(clip))
    return output, State(output[-1].clone(), hebb)  # a view would keep all outputs alive


def knows(rule: Rule) -> bool:
    """Tell whether a rule is compiled: whether it is one of :data:`POWERS` itself.

    Notes
    -----
    Used by :func:`run` and by :class:`.Agent`.
    """
    return any(rule is one for one in POWERS)


def _bound(clip: float | None) -> float:
    bound = _checks.clip(clip)
    return math.inf if bound is None else bound
