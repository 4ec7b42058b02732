"""Connections between units: a matrix, one number for all, or one number times the identity.

Activity goes forwards through them, errors go backwards, and a gradient is the sum of products of
the two: one function each.
"""

from typing import NamedTuple

from torch import Tensor

__all__ = ["Connections", "ScaledIdentity", "add_products", "back", "through"]


class ScaledIdentity(NamedTuple):
    """The matrix ``scale * I``, which is never built: each unit connects to itself alone.

    >>> import torch
    >>> through(torch.tensor([[1.0, 2.0]]), ScaledIdentity(-1.1))
    tensor([[-1.1000, -2.2000]])
    """

    scale: float | Tensor


Connections = float | Tensor | ScaledIdentity


def through(pre: Tensor, w: Connections) -> Tensor:
    """Send activity through connections.

    Parameters
    ----------
    pre : Tensor
        Activity of the senders, shape (..., n_pre), without unit.
    w : float, Tensor or ScaledIdentity
        A matrix (n_pre, n_post) [pre, post], one number for all connections, or one for the
        diagonal.

    Returns
    -------
    Tensor
        ``pre @ w``, shape (..., n_post); for one number (..., 1), since all receivers get the same.
    """
    if isinstance(w, ScaledIdentity):
        return w.scale * pre
    if isinstance(w, Tensor) and w.ndim == 2:
        return pre @ w
    return w * pre.sum(-1, keepdim=True)


def back(delta: Tensor, w: Connections) -> Tensor:
    """Send errors back, ``delta @ w.T``: :func:`through` with receivers for senders."""
    return through(delta, w.mT if isinstance(w, Tensor) and w.ndim == 2 else w)


def add_products(total: Tensor, pre: Tensor, delta: Tensor, w: Connections) -> None:
    """Add the gradient of connections, the sum of products of activity and error, in place.

    Parameters
    ----------
    total : Tensor
        A matrix (n_pre, n_post), or a scalar for connections that one number describes.
    pre, delta : Tensor
        Activities (..., n_pre) and errors (..., n_post), with the same leading axes.
    w : float, Tensor or ScaledIdentity
        The connections, which tell the form of their gradient.
    """
    if isinstance(w, ScaledIdentity):
        total += (pre * delta).sum()
    elif total.ndim == 2:
        total.addmm_(pre.reshape(-1, pre.shape[-1]).mT, delta.reshape(-1, delta.shape[-1]))
    else:
        total += (pre.sum(-1) * delta.sum(-1)).sum()
