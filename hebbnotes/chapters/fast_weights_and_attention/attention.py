"""A trace, read as attention: what each of its writes counts for, and what it is compared by.

Shapes: S writes, Q queries, B episodes, n bits of a key, m of a value. A trace is ``(B, n, m)``.
"""

from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, analysis
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.stepper import change

__all__ = [
    "coefficients_of",
    "key_coefficients",
    "read",
    "read_heads",
    "read_softmax",
    "trace",
]


def _sizes(k: Tensor, **others: Tensor) -> dict[str, int]:
    sizes: dict[str, int] = {}
    _checks.floating("k", _checks.tensor("k", k, "S B n", sizes))
    axes = {"v": "S B m", "q": "Q B n"}
    for name, value in others.items():
        _checks.tensor(name, value, axes[name], sizes, like=k, reference="k")
    return sizes


@_checks.in_full_precision
def read(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    coefficients: float | Tensor = 1.0,
    key_coefficients: float | Tensor = 1.0,
) -> Tensor:
    """Compare queries with the keys, and return the values so weighted, without any trace.

    ``out[x] = sum over s of coefficients[s] * (q[x] . (key_coefficients[s] * k[s])) * v[s]``:
    linear attention, with no softmax and no normaliser.

    >>> k, v = torch.eye(2).unsqueeze(1), torch.tensor([[[3.0]], [[-1.0]]])
    >>> read(k, k, v).flatten().tolist()
    [3.0, -1.0]

    Parameters
    ----------
    q : Tensor (Q, B, n)
    k : Tensor (S, B, n)
    v : Tensor (S, B, m)
    coefficients : float or Tensor (S, B, m)
        What is left of each write in each receiver, as of :func:`coefficients_of`.
    key_coefficients : float or Tensor (S, B, n)
        The same for each sender, as of :func:`key_coefficients`.

    Notes
    -----
    Source: Katharopoulos, Vyas, Pappas & Fleuret (2020); Schlag, Irie & Schmidhuber (2021).
    """
    _sizes(k, v=v, q=q)
    k = _checks.spread("key_coefficients", key_coefficients, k, "k") * k
    v = _checks.spread("coefficients", coefficients, v, "v") * v
    alike = q.transpose(0, 1) @ k.permute(1, 2, 0)  # (B, Q, S)
    return (alike @ v.transpose(0, 1)).transpose(0, 1)


def _left(forget: Tensor, eta: float) -> Tensor:
    """Return ``eta * product of (1 - eta * forget[r])`` over the later r, for each write (S, ...).

    A product of what comes later, and no ratio of products: a factor may be 0.
    """
    factors = 1 - eta * forget
    later = [*accumulate(reversed([*factors[1:], torch.ones_like(factors[0])]), torch.mul)]
    return eta * torch.stack([*reversed(later)])


def coefficients_of(rule: rules.Rule, v: Tensor, eta: float) -> Tensor:
    """Return what is left of each write after the last, for a rule of the common form (S, B, m).

    ``c[s] = eta * product over r > s of (1 - eta * forget(v[r]))``, for each receiver: eta for
    Hebb; for decay a gate that falls in proportion; for Oja's rule one that is tied to the value.

    Parameters
    ----------
    rule : callable, of the common form, such as ``rules.oja``
    v : Tensor (S, B, m), what the receivers did at each write
    eta : float, 0 or more

    Notes
    -----
    Source: this book, from Miconi, Stanley & Clune (2018). With the coefficients of decay it is
    the retention of Sun and others (2023).
    """
    if not isinstance(rule, rules.CommonForm):
        raise TypeError(
            f"rule must be of the common form, such as rules.oja, got {_checks.got(rule)}: other "
            "rules have no coefficients of their own"
        )
    _checks.floating("v", _checks.tensor("v", v, "S B m", {}))
    return _left(rule.forget(v), _checks.number("eta", eta, 0))


def key_coefficients(k: Tensor, eta: float) -> Tensor:
    """Return what is left of each write of ``rules.pre_gated`` after the last (S, B, n).

    ``product over r > s of (1 - eta * k[r]**2)``, for each *sender*; the factor eta of the write
    itself is for :func:`read` to give, as ``coefficients``. In gated linear attention (Yang and
    others, 2024) a gate of this place is free; here it is tied to the key.

    Parameters
    ----------
    k : Tensor (S, B, n)
    eta : float, above 0
    """
    _sizes(k)
    if _checks.number("eta", eta, 0) == 0:
        raise ValueError("eta must be above 0, got 0: nothing is written")
    return _left(k.square(), eta) / eta


def read_heads(q: Tensor, k: Tensor, v: Tensor, alpha: Tensor, **coefficients: Any) -> Tensor:
    """Read a trace with a gain for each synapse, head by head: ``q @ (alpha * trace)``.

    ``sum over r of sigma[r] * b[r] * read(q * a[r], k, v)``, with what :func:`.analysis.heads` has
    found: each rank of the gains is a head that looks at some of the key and answers in some of the
    value. It is the page's equation written out, and its witness: nothing else needs it.

    Parameters
    ----------
    q, k, v, coefficients
        As for :func:`read`.
    alpha : Tensor (n, m)

    Notes
    -----
    Source: this book.
    """
    sizes = _sizes(k, v=v, q=q)
    _checks.tensor("alpha", alpha, "n m", sizes, like=k, reference="k")
    out = q.new_zeros(*q.shape[:2], v.shape[-1])
    for sigma, a, b in zip(*analysis.heads(alpha), strict=True):
        out = out + sigma * b * read(q * a, k, v, **coefficients)
    return out


@_checks.in_full_precision
def read_softmax(
    q: Tensor, k: Tensor, v: Tensor, beta: float = 1.0, bias: Tensor | None = None
) -> Tensor:
    """Return ``softmax over s of (beta * q . k[s] + bias[s])`` times the values, summed.

    With keys as values it is one step of a modern Hopfield network, :func:`.memories.modern_step`.
    All pairs are kept, and compared at each read: what is held grows with what was written.

    Parameters
    ----------
    q, k, v : Tensor (Q, B, n), (S, B, n), (S, B, m)
    beta : float
        How sharply the most similar key is preferred, 0 or more.
    bias : Tensor (S,), optional
        Added to what each pair's key is like, such as its recency; without, pairs have no order.

    Notes
    -----
    Source: Vaswani and others (2017); Ramsauer and others (2021).
    """
    sizes = _sizes(k, v=v, q=q)
    alike = _checks.number("beta", beta, 0) * (q.transpose(0, 1) @ k.permute(1, 2, 0))
    if bias is not None:
        alike = alike + _checks.tensor("bias", bias, "S", sizes, like=k, reference="k")
    return (alike.softmax(-1) @ v.transpose(0, 1)).transpose(0, 1)


def trace(
    rule: rules.Rule,
    k: Tensor,
    v: Tensor,
    eta: float | Tensor,
    w: Any = None,
    noise: Tensor | None = None,
) -> Tensor:
    """Write pairs one after the other by any rule, and return the trace (B, n, m): the plain loop.

    The loop supplies ``drive``, what the trace brings to each receiver, ``k @ w``, and ``noise``.

    Parameters
    ----------
    rule : callable, ``rule(w, pre, post, *, ...) -> dw``
    k, v : Tensor (S, B, n), (S, B, m)
    eta : float or Tensor ()
    w : Tensor (B, n, m), optional; where it starts, at 0 by default
    noise : Tensor (S, B, m), optional; of each receiver in each step, 0 by default
    """
    sizes = _sizes(k, v=v)
    if w is None:
        w = k.new_zeros(sizes["B"], sizes["n"], sizes["m"])
    _checks.tensor("w", w, "B n m", sizes, like=k, reference="k")
    noise = torch.zeros_like(v) if noise is None else noise
    _checks.tensor("noise", noise, "S B m", sizes, like=k, reference="k")
    for key, value, its in zip(k, v, noise, strict=True):
        drive = (key.unsqueeze(1) @ w).squeeze(1)
        w = w + eta * change(rule, w, key, value, drive=drive, noise=its)
    return w
