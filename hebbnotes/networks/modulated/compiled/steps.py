"""Machine code for one step of a modulated network, forwards and backwards.

Shapes: n units; weights, alpha and traces are ``[pre, post]``.
"""

from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from hebbnotes.plasticity.compiled import array, jit, number

__all__ = [
    "Net",
    "Step",
    "forgets",
    "hear",
    "net_of",
    "signal",
    "unread",
    "unwrite",
    "unwrite_later",
    "write",
]


class Net(NamedTuple):
    """The network, as machine code takes it; ``eta_e`` is below 0 where there is no eligibility."""

    w: np.ndarray  # (n, n)
    alpha: np.ndarray  # (n, n)
    read: np.ndarray  # (n,)
    bias: Any
    fan_out: np.ndarray  # (n,)
    eta: Any
    eta_e: Any
    power: int
    gate: bool
    clip: Any  # infinite if there is none
    one: Any  # which keeps single precision, as a whole number would not
    none: Any  # 0, likewise


def net_of(how: tuple[Any, ...], numbers: tuple[Tensor, ...] | list[Tensor]) -> Net:
    """Return the network of ``(inputs, w, alpha, read, bias, fan_out, eta, eta_e, ...)``; ``how``
    holds the power of the rule, the gate and the clip.
    """
    power, gate, clip = how
    _, w, alpha, read, bias, fan_out, eta, eta_e, *_ = numbers
    matrices, kind = (array(w), array(alpha)), array(w).dtype.type
    modulator = array(read), number(bias), array(fan_out)
    rates = number(eta), number(eta_e)
    return Net(*matrices, *modulator, *rates, power, gate, kind(clip), kind(1), kind(0))


class Step(NamedTuple):
    """What is found of a step, receiver by receiver, (n,) each; ``sums`` are those of the
    products of a gradient of a trace with the senders.
    """

    heard: Any
    kept: Any
    g_kept: Any
    sums: Any
    g_heard: Any


@jit
def signal(net: Any, post: Any) -> Any:
    """Return the signal that the network makes."""
    total = net.bias
    for j in range(len(post)):
        total += post[j] * net.read[j]
    return np.tanh(total)


@jit
def hear(net: Any, post: Any, signal: Any, heard: Any, kept: Any) -> None:
    """Fill in what each receiver hears, and what it keeps of its trace, (n,) each."""
    for j in range(len(post)):
        heard[j] = signal * net.fan_out[j]
        rate = heard[j] if net.gate else net.eta
        kept[j] = net.one - rate * forgets(net, post[j])


@jit
def forgets(net: Any, post: Any) -> Any:
    """Return ``post ** power``, of one receiver."""
    return post * post if net.power == 2 else net.one if net.power == 1 else net.none


@jit
def write(
    net: Any, hebb: Any, eligibility: Any, pre: Any, post: Any, heard: Any, kept: Any
) -> None:
    """Change the traces (n, n) in place."""
    n, clipped = len(pre), net.clip < np.inf
    if net.eta_e >= 0:
        fades = net.one - net.eta_e
        for i in range(n):
            mark = net.eta_e * pre[i]
            for j in range(n):
                hebb[i, j] = kept[j] * hebb[i, j] + heard[j] * eligibility[i, j]
            for j in range(n):
                eligibility[i, j] = fades * eligibility[i, j] + mark * post[j]
    else:
        for i in range(n):
            for j in range(n):
                hebb[i, j] = kept[j] * hebb[i, j] + pre[i] * (heard[j] * post[j])
    if clipped:
        for i in range(n):
            for j in range(n):
                hebb[i, j] = min(max(hebb[i, j], -net.clip), net.clip)


@jit
def unwrite(net: Any, hebb: Any, pre: Any, post: Any, its: Any, g_hebb: Any, g_pre: Any) -> None:
    """Take the gradient of the trace back through a write; fills in those of ``kept`` and of the
    products' sums, and of ``pre``.
    """
    heard, kept, g_kept, sums, n = its.heard, its.kept, its.g_kept, its.sums, len(pre)
    for j in range(n):
        g_kept[j], sums[j] = net.none, net.none
    for i in range(n):
        if net.clip < np.inf:
            for j in range(n):
                if abs(kept[j] * hebb[i, j] + pre[i] * (heard[j] * post[j])) > net.clip:
                    g_hebb[i, j] = 0
        back = net.none
        for j in range(n):
            back += g_hebb[i, j] * (heard[j] * post[j])
            sums[j] += g_hebb[i, j] * pre[i]
        g_pre[i] = back
        for j in range(n):
            one = g_hebb[i, j]
            g_kept[j] += one * hebb[i, j]
            g_hebb[i, j] = one * kept[j]


@jit
def unwrite_later(
    net: Any, traces: Any, pre: Any, post: Any, its: Any, g_traces: Any, g_pre: Any
) -> Any:
    """Do what :func:`unwrite` does, for a write of the eligibility trace, and fill in the gradient
    of what is heard; returns that of ``eta_e``.
    """
    (hebb, eligibility), (g_hebb, g_trace) = traces, g_traces
    heard, kept, g_kept, sums, g_heard = its.heard, its.kept, its.g_kept, its.sums, its.g_heard
    n, fades, g_eta_e = len(pre), net.one - net.eta_e, net.none
    for j in range(n):
        g_kept[j] = sums[j] = g_heard[j] = net.none
    for i in range(n):
        if net.clip < np.inf:
            for j in range(n):
                if abs(kept[j] * hebb[i, j] + heard[j] * eligibility[i, j]) > net.clip:
                    g_hebb[i, j] = 0
        back, lost = net.none, net.none
        for j in range(n):
            mark = g_trace[i, j]
            sums[j] += mark * pre[i]
            back += mark * post[j]
            lost += mark * eligibility[i, j]
        g_pre[i] = back * net.eta_e
        g_eta_e += back * pre[i] - lost
        for j in range(n):
            one = g_hebb[i, j]
            g_kept[j] += one * hebb[i, j]
            g_heard[j] += one * eligibility[i, j]
            g_trace[i, j] = g_trace[i, j] * fades + one * heard[j]
            g_hebb[i, j] = one * kept[j]
    return g_eta_e


@jit
def unread(
    net: Any, hebb: Any, pre: Any, error: Any, g_hebb: Any, g_alpha: Any, g_pre: Any
) -> None:
    """Take a drive's error (n,) back through the connections; adds to the gradient of ``pre``."""
    w, alpha = net.w, net.alpha
    for i in range(len(pre)):
        back = g_pre[i]
        for j in range(len(error)):
            product = pre[i] * error[j]
            back += (w[i, j] + alpha[i, j] * hebb[i, j]) * error[j]
            g_alpha[i, j] += product * hebb[i, j]
            g_hebb[i, j] += product * alpha[i, j]
        g_pre[i] = back
