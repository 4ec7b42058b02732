"""Machine code for a plastic recurrent network and its gradient, one episode at a time.

A network of an agent is small and lives long: in the other ways of evaluation most of its time goes
into calling torch's operations. Numba compiles the plain loops instead. One episode's trace fits
into the processor's cache, where all its steps are done.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``.
"""

import contextlib
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule

with _checks.extra("chapters"):
    import numba
    from numba.core.caching import FunctionCache

__all__ = [
    "POWERS",
    "add",
    "add_plastic",
    "array",
    "bound",
    "check",
    "copy_to",
    "evaluate",
    "jit",
    "knows",
    "number",
    "tanh",
    "write",
]

POWERS: dict[Rule, int] = {rules.hebb: 0, rules.decay: 1, rules.oja: 2}
"""The rules that are compiled, each with the power of the output by which it forgets."""


class _Cache(FunctionCache):
    """Numba's folder of machine code: where it fails, code is compiled again."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept, or nothing, where the file is damaged."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever unpickling makes of it
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep machine code, unless the disk takes no more, or its index is damaged."""
        with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError):
            super().save_overload(sig, data)


def jit(function: Callable[..., Any]) -> Any:
    """Compile a function; the machine code is kept for the next time where that can be written:
    by ``NUMBA_CACHE_DIR``, beside the package, or below the user's home.
    """
    fast = {"reassoc", "contract", "nsz"}
    compiled: Any = numba.njit(error_model="numpy", fastmath=fast)(function)
    beside = os.access(Path(__file__).parent, os.W_OK)
    if beside or os.environ.get("NUMBA_CACHE_DIR") or os.path.isabs(os.path.expanduser("~")):
        with contextlib.suppress(RuntimeError):  # there is no such place
            compiled._cache = _Cache(function)
    return compiled


class _Net(NamedTuple):
    """The network, as machine code takes it."""

    w: np.ndarray  # (n, n)
    alpha: np.ndarray  # (n, n)
    eta: Any
    power: int
    clip: Any  # infinite if there is none


class _Gradients(NamedTuple):
    """What the backward pass changes: gradients with respect to these."""

    y: np.ndarray  # (B, n), from the end to the start
    hebb: np.ndarray  # (B, n, n), likewise
    drive: np.ndarray  # (T, B, n)
    alpha: np.ndarray  # (n, n)
    eta: np.ndarray  # (n,), to be summed


@jit
def copy_to(target: Any, values: Any) -> None:
    """Fill ``target`` (n,) with numbers."""
    # numba takes 1.7 s to compile target[:] = values, for its error composes a sentence
    for i in range(len(target)):
        target[i] = values[i]


@jit
def _forgets(post: Any, power: int) -> Any:
    """Return ``post ** power``; arrays of ones keep single precision, whole numbers would not."""
    return post * post if power == 2 else np.ones_like(post) if power == 1 else np.zeros_like(post)


@jit
def tanh(drive: Any) -> Any:
    """Return tanh, by an exponential of several units at once; exact to rounding of 1."""
    one = np.ones_like(drive)
    return one - (one + one) / (np.exp(drive + drive) + one)


@jit
def write(hebb: Any, pre: Any, post: Any, eta: Any, power: int, clip: Any) -> None:
    """Change a trace (n, n) in place."""
    written, kept = eta * post, np.ones_like(post) - eta * _forgets(post, power)
    for i in range(len(pre)):
        for j in range(len(post)):
            hebb[i, j] = kept[j] * hebb[i, j] + pre[i] * written[j]
        if clip < np.inf:
            for j in range(len(post)):
                hebb[i, j] = min(max(hebb[i, j], -clip), clip)


@jit
def add(total: Any, pre: Any, w: Any) -> None:
    """Add ``pre @ w`` to ``total`` (n_post,), in place; senders are often silent."""
    for i in range(len(pre)):
        if pre[i] != 0:
            for j in range(len(total)):
                total[j] += pre[i] * w[i, j]


@jit
def add_plastic(total: Any, pre: Any, w: Any, alpha: Any, hebb: Any) -> None:
    """Add ``pre @ (w + alpha * hebb)`` to ``total`` (n,), in place."""
    for i in range(len(pre)):
        for j in range(len(total)):
            total[j] += pre[i] * (w[i, j] + alpha[i, j] * hebb[i, j])


@jit
def _forward(inputs: Any, net: Any, y: Any, hebb: Any, output: Any) -> None:
    """Run episodes; fills ``output`` (T, B, n), and changes ``hebb`` (B, n, n) in place."""
    w, alpha, eta, power, clip = net
    for b in range(inputs.shape[1]):
        pre = y[b].copy()
        for t in range(len(inputs)):
            post = inputs[t, b].copy()
            add_plastic(post, pre, w, alpha, hebb[b])
            post = tanh(post)
            write(hebb[b], pre, post, eta, power, clip)
            copy_to(output[t, b], post)
            pre = post


@jit
def _unwrite(
    net: Any, hebb: Any, pre: Any, post: Any, g: Any, b: int, g_y: Any, g_pre: Any
) -> None:
    """Take the gradient of a trace back through a write; adds to those of ``post`` and ``pre``."""
    eta, power, clip = net.eta, net.power, net.clip
    g_hebb, g_eta = g.hebb[b], g.eta
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
            one = g_hebb[i, j]
            g_y[j] += eta * one * (pre[i] - slope[j] * hebb[i, j])
            back += one * written[j]
            g_eta[j] += one * (pre[i] * post[j] - forgets[j] * hebb[i, j])
            g_hebb[i, j] = one * kept[j]
        g_pre[i] = back


@jit
def _unread(net: Any, hebb: Any, pre: Any, error: Any, g: Any, b: int, g_pre: Any) -> None:
    """Take a drive's error (n,) back through the connections; adds to the gradient of ``pre``."""
    w, alpha = net.w, net.alpha
    g_hebb, g_alpha = g.hebb[b], g.alpha
    for i in range(len(pre)):
        back = g_pre[i]
        for j in range(len(error)):
            product = pre[i] * error[j]
            back += (w[i, j] + alpha[i, j] * hebb[i, j]) * error[j]
            g_alpha[i, j] += product * hebb[i, j]
            g_hebb[i, j] += product * alpha[i, j]
        g_pre[i] = back


@jit
def _backward(net: Any, output: Any, y: Any, hebb: Any, g_output: Any, g: Any) -> None:
    """Find the gradients ``g``; those of ``y`` and ``hebb`` come from the end."""
    n_steps, batch, n = output.shape
    before = np.empty((n_steps, n, n), output.dtype)  # the trace before each step
    for b in range(batch):
        trace = hebb[b].copy()
        for t in range(n_steps):
            for i in range(n):
                copy_to(before[t, i], trace[i])
            pre = y[b] if t == 0 else output[t - 1, b]
            write(trace, pre, output[t, b], net.eta, net.power, net.clip)
        now = g.y[b].copy()
        for t in range(n_steps - 1, -1, -1):
            now += g_output[t, b]
            earlier = np.zeros_like(now)
            pre, post = y[b] if t == 0 else output[t - 1, b], output[t, b]
            _unwrite(net, before[t], pre, post, g, b, now, earlier)
            now *= np.ones_like(post) - post * post
            _unread(net, before[t], pre, now, g, b, earlier)
            copy_to(g.drive[t, b], now)
            now = earlier
        copy_to(g.y[b], now)


def array(value: Tensor) -> np.ndarray:
    """Return the numbers of a tensor, in one piece, as numpy's."""
    return np.ascontiguousarray(value.detach().numpy())


def number(value: Tensor) -> Any:
    """Return a scalar in its own precision."""
    return value.detach().numpy()[()]


def bound(clip: float | None) -> float:
    """Return the size at which a trace is cut off, infinite for None."""
    checked = _checks.clip(clip)
    return math.inf if checked is None else checked


def _net(how: tuple[int, float], w: Tensor, alpha: Tensor, eta: Tensor) -> _Net:
    power, clip = how
    numbers = array(w), array(alpha)
    return _Net(*numbers, number(eta), power, numbers[0].dtype.type(clip))


class _Evaluation(torch.autograd.Function):
    """Episodes as one operation; ``g_x`` stands for the gradient with respect to ``x``."""

    @staticmethod
    def forward(ctx: Any, how: tuple[int, float], *numbers: Tensor) -> tuple[Tensor, Tensor]:
        inputs, w, alpha, eta, y, hebb = numbers
        output = torch.empty_like(inputs, memory_format=torch.contiguous_format)
        end = hebb.detach().clone(memory_format=torch.contiguous_format)
        net = _net(how, w, alpha, eta)
        _forward(array(inputs), net, array(y), end.numpy(), output.numpy())
        ctx.how = how
        ctx.save_for_backward(output, w, alpha, eta, y, hebb)
        return output, end

    @staticmethod
    def backward(ctx: Any, g_output: Tensor, g_end: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("compiled code has no second derivative: use method='loop'")
        output, w, alpha, eta, y, hebb = ctx.saved_tensors
        g = _Gradients(
            np.zeros_like(array(y)),
            array(g_end).copy(),
            np.empty_like(output.numpy()),
            np.zeros_like(array(alpha)),
            np.zeros_like(array(w[0])),
        )
        _backward(
            _net(ctx.how, w, alpha, eta), output.numpy(), array(y), array(hebb), array(g_output), g
        )
        errors = torch.from_numpy(g.drive)
        pre = torch.cat([y.unsqueeze(0), output[:-1]])
        g_w = pre.flatten(0, 1).mT @ errors.flatten(0, 1)
        g_y, g_hebb, g_alpha = map(torch.from_numpy, (g.y, g.hebb, g.alpha))
        return None, errors, g_w, g_alpha, torch.tensor(g.eta.sum()), g_y, g_hebb


def check(inputs: Tensor, w: Any, alpha: Any, rule: Rule, clamp: Tensor | None) -> None:
    """Raise ValueError for what :func:`.loop.run` takes and compiled code does not."""
    loop = "use method='loop'"
    if inputs.device.type != "cpu" or inputs.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f"method='compiled' needs inputs in float32 or float64 on the processor, got "
            f"{inputs.dtype}, {inputs.device}: {loop}"
        )
    if not knows(rule):
        names = ", ".join(one.__name__ for one in POWERS)
        raise ValueError(f"method='compiled' needs one of the rules {names}, got {rule}: {loop}")
    if clamp is not None:
        raise ValueError(f"method='compiled' clamps nothing, got a clamp: {loop}")
    for name, value in (("w", w), ("alpha", alpha)):
        if not isinstance(value, Tensor) or value.ndim != 2:
            raise ValueError(
                f"method='compiled' needs a matrix {name} of shape (n, n), got {value}: {loop}, "
                "or pass the matrix that it stands for"
            )


def knows(rule: Rule) -> bool:
    """Tell whether a rule is compiled: whether it is one of :data:`POWERS` itself."""
    return any(rule is one for one in POWERS)


def evaluate(
    inputs: Tensor,
    w: Tensor,
    alpha: Tensor,
    eta: float | Tensor,
    rule: Rule,
    y: Tensor,
    hebb: Tensor,
    clip: float | None,
) -> tuple[Tensor, Tensor]:
    """Run a plastic recurrent network; :func:`.loop.run` checks the arguments and calls this.

    Parameters
    ----------
    inputs, w, alpha, eta, rule, clip
        As for :func:`.loop.run`; ``w`` and ``alpha`` are matrices, the rule is one of
        :data:`POWERS`.
    y, hebb : Tensor
        State before the first step, shapes (B, n) and (B, n, n).

    Returns
    -------
    output, hebb : Tensor
        Shape (T, B, n), and the trace after the last step, shape (B, n, n).
    """
    eta = torch.as_tensor(eta, dtype=inputs.dtype)
    return _Evaluation.apply((POWERS[rule], bound(clip)), inputs, w, alpha, eta, y, hebb)
