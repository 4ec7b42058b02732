"""Plasticity rules: pure functions of what a synapse can see.

A rule is ``rule(w, pre, post) -> dw``. It is given the weights and the activity on both sides and returns the change of the
weights for a learning rate of 1. Nothing is changed in place and nothing is remembered, so the same function teaches a lone
neuron, fills an associative memory, and writes the Hebbian trace of a network that is trained by backpropagation::

    w = w + eta * rule(w, pre, post)

The rules here differ in one respect only, in what they forget::

    dw[i, j] = pre[i] * post[j] - forget(post[j]) * w[i, j]

A rule of this *common form* carries its forget function (``decay.forget``). Any other callable with the same arguments is
a rule too; further local quantities are keyword-only arguments.

Shapes: ``w`` (..., n_pre, n_post), ``pre`` (..., n_pre), ``post`` (..., n_post); ``w[i, j]`` leads from unit i to unit j.
"""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["Forget", "Rule", "common_form", "decay", "hebb", "oja"]

Rule = Callable[[Tensor, Tensor, Tensor], Tensor]
Forget = Callable[[Tensor], Tensor]


def common_form(w: Tensor, pre: Tensor, post: Tensor, forget: Forget) -> Tensor:
    """Write the outer product of the activities, and forget in proportion to the weight.

    ``dw[i, j] = pre[i] * post[j] - forget(post)[j] * w[i, j]``

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n_pre, n_post).
    pre : Tensor
        Presynaptic activity, shape (..., n_pre), without unit.
    post : Tensor
        Postsynaptic activity, shape (..., n_post), without unit.
    forget : callable
        Elementwise function of ``post``: the share of a weight that is lost per unit of learning rate.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: the form that Hebb (1949), Miconi, Stanley & Clune (2018, equation 2) and Oja (1982) share.
    Taught in the chapter "Introducing the NeuroAI series".
    """
    return pre.unsqueeze(-1) * post.unsqueeze(-2) - forget(post).unsqueeze(-2) * w


def hebb(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Plain Hebb: what is active together is strengthened; nothing is forgotten.

    ``dw[i, j] = pre[i] * post[j]``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1. It grows without bound.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: D. O. Hebb, *The Organization of Behavior* (1949), read as a product of rates.
    Taught in the chapter "Introducing the NeuroAI series".
    """
    return common_form(w, pre, post, hebb.forget)


def decay(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Hebb with decay: each step forgets a fixed share of every weight.

    ``dw[i, j] = pre[i] * post[j] - w[i, j]``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1. With a learning rate ``eta`` the weight is the
        exponentially weighted mean of past products.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: Miconi, Stanley & Clune, *Differentiable plasticity* (2018), equation 2.
    Taught in the chapter "Introducing the NeuroAI series".
    """
    return common_form(w, pre, post, decay.forget)


def oja(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Oja's rule: forget in proportion to the square of the postsynaptic activity.

    ``dw[i, j] = post[j] * (pre[i] - post[j] * w[i, j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1. A silent postsynaptic unit forgets nothing.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: E. Oja, *Simplified neuron model as a principal component analyzer* (1982); as a trace, Miconi, Stanley & Clune
    (2018), equation 3. Taught in the chapter "Introducing the NeuroAI series".
    """
    return common_form(w, pre, post, oja.forget)


hebb.forget = torch.zeros_like
decay.forget = torch.ones_like
oja.forget = torch.square
