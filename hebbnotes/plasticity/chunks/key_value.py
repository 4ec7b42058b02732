"""The delta rule over given keys and values, a chunk of steps at a time: one triangular system.

Such a trace is no sum of what comes in, since a write depends on those before it. But in a chunk it
is the trace at its start and a sum of outer products of the keys with values that are *written*::

    w = kept * start + sum over s of outer(k[s], u[s])

What is written at a step follows from what was written before it, so that all u of a chunk solve
one system with ones on its diagonal and nothing above it. Shapes: T steps, B episodes, N bits of a
key, M of a value.
"""

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["delta"]


def _shares(keep: Tensor) -> Tensor:
    """Return which share of a write at step s is left after step t, (B, C, C), and 0 for s > t.

    Parameters
    ----------
    keep : Tensor (C, B), the share that each step keeps of what was there
    """
    c = len(keep)
    after = torch.ones(c, c, dtype=torch.bool, device=keep.device).tril(-1)
    factors = torch.where(after, keep.T.unsqueeze(-1), torch.ones_like(keep[0])[:, None, None])
    return factors.cumprod(1).tril()


def _given(name: str, value: float | Tensor, k: Tensor) -> Tensor:
    """Return one number for each step and episode, (T, B)."""
    if isinstance(value, Tensor) and value.ndim:
        sizes = {"T": k.shape[0], "B": k.shape[1]}
        return _checks.tensor(name, value, "T B", sizes, like=k, reference="k")
    if isinstance(value, Tensor):
        _checks.tensor(name, value, "", {}, like=k, reference="k")
    value = _checks.spread(name, value, k[..., 0], "the steps of k")
    return torch.as_tensor(value, dtype=k.dtype, device=k.device).expand(k.shape[:2])


@_checks.in_full_precision
def delta(
    k: Tensor,
    v: Tensor,
    q: Tensor,
    beta: float | Tensor,
    w0: Tensor | None = None,
    size: int = 16,
    *,
    keep: float | Tensor = 1.0,
) -> tuple[Tensor, Tensor]:
    """Write keys and values by the delta rule, and read before each write: exactly the loop.

    ``out[t] = q[t] @ w``, then ``w = keep[t] * w``, then ``w = w + beta[t] * outer(k[t], v[t] -
    k[t] @ w)``; all is differentiable, and what is remembered for it is a trace for each chunk.

    >>> k = torch.eye(2).unsqueeze(1)  # two keys, one episode
    >>> out, w = delta(k, 3 * k, k, beta=1.0)
    >>> out.abs().sum().item(), w[0].tolist()
    (0.0, [[3.0, 0.0], [0.0, 3.0]])

    Parameters
    ----------
    k, q : Tensor (T, B, N)
        Keys that are written, and queries.
    v : Tensor (T, B, M), values
    beta : float or Tensor (T, B)
        Rates. For ``0 <= beta * |k|**2 <= 2`` no write drives two traces apart; beyond, they
        explode.
    w0 : Tensor (B, N, M), optional
        The trace before the first step, 0 by default.
    size : int
        Steps of a chunk.
    keep : float or Tensor (T, B)
        The gate of the gated delta rule: the share of the trace that a step keeps, 0 to 1.

    Returns
    -------
    out, w : Tensor
        Shapes (T, B, M), and (B, N, M) after the last write.

    Notes
    -----
    Source: Yang, Wang, Zhang, Shen & Kim (2024); Yang, Kautz & Hatamizadeh (2025) for the gate.
    """
    sizes: dict[str, int] = {}
    _checks.floating("k", _checks.tensor("k", k, "T B N", sizes))
    _checks.tensor("v", v, "T B M", sizes, like=k, reference="k")
    _checks.tensor("q", q, "T B N", sizes, like=k, reference="k")
    if w0 is not None:
        _checks.tensor("w0", w0, "B N M", sizes, like=k, reference="k")
    _checks.integer("size", size)
    beta, keep = _given("beta", beta, k), _given("keep", keep, k)
    _checks.inside("keep", keep, 0, 1, "it is the share that is kept")
    w = k.new_zeros(k.shape[1], k.shape[2], v.shape[2]) if w0 is None else w0
    outs = []
    for key, value, query, rate, kept in zip(
        *(one.split(size) for one in (k, v, q, beta, keep)), strict=True
    ):
        keys, values, queries = (one.transpose(0, 1) for one in (key, value, query))
        rates, left = rate.T.unsqueeze(-1), _shares(kept)  # (B, C, 1), (B, C, C)
        whole = kept.cumprod(0).T.unsqueeze(-1)  # of the start, after each step
        before = torch.cat([torch.ones_like(whole[:, :1]), whole[:, :-1]], 1)
        system = (rates * left * (keys @ keys.mT)).tril(-1)  # ones on the diagonal are implied
        missing = rates * (values - whole * (keys @ w))
        written = torch.linalg.solve_triangular(system, missing, upper=False, unitriangular=True)
        earlier = torch.cat([torch.zeros_like(left[:, :1]), left[:, :-1]], 1)
        out = before * (queries @ w) + (earlier * (queries @ keys.mT)).tril(-1) @ written
        outs.append(out.transpose(0, 1))
        w = whole[:, -1:] * w + (left[:, -1:].mT * keys).mT @ written
    return torch.cat(outs), w
