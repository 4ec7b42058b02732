"""Plasticity rules: pure functions of what a synapse can see.

A rule is ``rule(w, pre, post) -> dw``. It is given the weights and the activity on both sides and returns the change of the
weights for a learning rate of 1. Nothing is changed in place and nothing is remembered, so the same function teaches a lone
neuron, fills an associative memory, and writes the Hebbian trace of a network that is trained by backpropagation::

    w = w + eta * rule(w, pre, post)

Hebb's rule, decay, Oja's rule and the two competitive ones differ in one respect only, in what they forget::

    dw[i, j] = pre[i] * post[j] - forget(post[j]) * w[i, j]

A rule of this *common form* carries its forget function (``decay.forget``), from which :func:`average` and the fast evaluation of
networks derive. Any other callable with the same arguments is a rule too: :func:`covariance`, :func:`delta`, :func:`bcm` and
:func:`stdp` change what is multiplied and forget nothing, :func:`scaling` multiplies no activities, and :func:`sanger`, which is
not local, reads other units. Further local quantities are keyword-only arguments, as the threshold of :func:`bcm` or the spikes of
:func:`stdp`, for which ``pre`` and ``post`` are traces of earlier spikes. Where such a quantity moves, its change is a pure
function as well (:func:`sliding_threshold`).

Shapes: ``w`` (..., n_pre, n_post), ``pre`` (..., n_pre), ``post`` (..., n_post); ``w[i, j]`` leads from unit i to unit j.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "Forget",
    "Rule",
    "average",
    "bcm",
    "common_form",
    "competitive",
    "covariance",
    "decay",
    "delta",
    "hebb",
    "oja",
    "sanger",
    "scaling",
    "sliding_threshold",
    "soft_hebb",
    "stdp",
]

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
    Taught on the page "The fast evaluation"; its table is in the chapter "Learning rules".
    """
    return pre.unsqueeze(-1) * post.unsqueeze(-2) - forget(post).unsqueeze(-2) * w


def average(rule: Rule, w: Tensor, pre: Tensor, post: Tensor, **local: Tensor) -> Tensor:
    """Return the mean change of one matrix of weights over a batch, without a matrix for each member where that can be.

    ``mean over b of rule(w, pre[b], post[b])``; for a rule of the common form ``pre.T @ post / B - mean(forget(post)) * w``.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, **local) -> dw``; one without a forget function is asked for each member by itself.
    w : Tensor
        Weights, shape (n_pre, n_post).
    pre, post : Tensor
        Activities, shapes (B, n_pre) and (B, n_post), without unit.
    **local : Tensor
        Further local quantities that the rule takes, shape (B, n_post) each.

    Returns
    -------
    Tensor
        Shape (n_pre, n_post).

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, or the rule does not return one change of each weight.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    sizes: dict[str, int] = {}
    for name, value, axes in (
        ("pre", pre, "B n_pre"),
        ("post", post, "B n_post"),
        ("w", w, "n_pre n_post"),
    ):
        _checks.tensor(name, value, axes, sizes)
    for name, value in local.items():
        _checks.tensor(name, value, "B n_post", sizes)
    forget = getattr(rule, "forget", None)
    if forget is None:
        dw = torch.func.vmap(lambda x, y, its: rule(w, x, y, **its))(pre, post, local).mean(0)
        if dw.shape != w.shape:
            raise ValueError(
                f"the rule must return dw of shape {tuple(w.shape)} like w, got {tuple(dw.shape)}"
            )
        return dw
    return pre.T @ post / len(pre) - forget(post, **local).mean(0) * w


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
    (2018), equation 3. Taught in the chapters "Hebb in the brain" and "Learning rules".
    """
    return common_form(w, pre, post, oja.forget)


hebb.forget = torch.zeros_like
decay.forget = torch.ones_like
oja.forget = torch.square


def covariance(
    w: Tensor, pre: Tensor, post: Tensor, *, pre_mean: Tensor, post_mean: Tensor
) -> Tensor:
    """Strengthen what deviates from its mean together, and weaken what deviates apart.

    ``dw[i, j] = (pre[i] - pre_mean[i]) * (post[j] - post_mean[j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.
    pre_mean, post_mean : Tensor
        Mean activities, of the shapes of ``pre`` and ``post``: each side knows its own.

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
    Source: a standard reading of Hebb (1949) that can weaken. Taught in the chapter "Hebb in the brain".
    """
    return common_form(w, pre - pre_mean, post - post_mean, hebb.forget)


def competitive(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Move the weights of the units that win towards what they see, and leave all others alone.

    ``dw[i, j] = post[j] * (pre[i] - w[i, j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post), activity (..., n_pre), and who wins (..., n_post): 1 for the winner and 0 elsewhere, or shares
        that sum to 1. Who wins is found by the network, not by the rule.

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
    Source: Rumelhart & Zipser (1985); where the winner is 1 and all others are 0, it is Oja's rule. Taught in the chapter
    "Learning rules".
    """
    return common_form(w, pre, post, competitive.forget)


def _itself(post: Tensor) -> Tensor:
    return post


competitive.forget = _itself


def sanger(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Oja's rule for several units, of which each learns from what those before it leave over.

    ``dw[i, j] = post[j] * (pre[i] - sum_{k <= j} post[k] * w[i, k])``

    It is **not local**: the change of a synapse onto unit j depends on the activities and the weights of the units before j.

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.

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
    Source: Sanger (1989), the generalised Hebbian algorithm. Taught in the chapter "Learning rules".
    """
    explained = (w * post.unsqueeze(-2)).cumsum(-1)  # by the units up to each
    return post.unsqueeze(-2) * (pre.unsqueeze(-1) - explained)


def soft_hebb(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor) -> Tensor:
    """Share the learning among units by how strongly each is driven: competitive learning with soft winners.

    ``dw[i, j] = post[j] * (pre[i] - drive[j] * w[i, j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post), activity (..., n_pre), and the softmax of the drives (..., n_post).
    drive : Tensor
        What drives each unit, ``pre @ w``, shape (..., n_post): each knows its own.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1. Where it rests, a unit's weights have length 1.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: Journe, Rodriguez, Guo & Moraitis (2023). Taught in the chapter "Learning rules".
    """
    return common_form(w, pre, post, partial(soft_hebb.forget, drive=drive))


def _driven(post: Tensor, *, drive: Tensor) -> Tensor:
    return post * drive


soft_hebb.forget = _driven


def delta(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor) -> Tensor:
    """Write of what a unit should do only what its synapses do not make it do yet.

    ``dw[i, j] = pre[i] * (post[j] - drive[j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post), activity (..., n_pre), and the activity that is wanted (..., n_post), without unit.
    drive : Tensor
        What the synapses bring to each unit, ``pre @ w``, shape (..., n_post): each knows its own.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1: down the gradient of half the squared difference.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: Widrow & Hoff (1960). Taught in the chapter "Associative memory".
    """
    return common_form(w, pre, post - drive, hebb.forget)


def bcm(w: Tensor, pre: Tensor, post: Tensor, *, theta: Tensor) -> Tensor:
    """Strengthen the active synapses of a unit above its threshold, weaken those of a unit below.

    ``dw[i, j] = pre[i] * post[j] * (post[j] - theta[j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.
    theta : Tensor
        Modification threshold of each postsynaptic unit, shape (..., n_post); :func:`sliding_threshold` moves it.

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
    Source: Bienenstock, Cooper & Munro (1982), in the form of Intrator & Cooper (1992). Taught in the chapter "Hebb in the brain".
    """
    return common_form(w, pre, post * (post - theta), hebb.forget)


def sliding_threshold(theta: Tensor, post: Tensor, *, target: float = 1.0) -> Tensor:
    """Move the threshold of :func:`bcm` after the square of the activity: ``dtheta[j] = post[j]**2 / target - theta[j]``.

    Parameters
    ----------
    theta, post : Tensor
        Thresholds and activities, shape (..., n_post), without unit.
    target : float
        Activity at which a steady unit is at rest: there ``theta = post = target``. With 1, ``theta`` is the mean square.

    Returns
    -------
    Tensor
        The change ``dtheta`` for a rate of 1; a rate of ``dt / tau`` gives the threshold the time constant ``tau``.

    Notes
    -----
    Source: Intrator & Cooper (1992), where the threshold is the mean square of the activity; Bienenstock, Cooper & Munro (1982) use
    a power of the mean. Taught in the chapter "Hebb in the brain".
    """
    return post.square() / target - theta


def scaling(w: Tensor, pre: Tensor, post: Tensor, *, target: float) -> Tensor:
    """Scale all synapses of a unit by one factor, up if it is too quiet, down if it is too active.

    ``dw[i, j] = w[i, j] * (target - post[j])``

    Parameters
    ----------
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre), which is not used, and (..., n_post), without unit. ``post`` is
        usually a slow average.
    target : float
        Activity that is aimed at.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1. The ratio of two weights onto one unit stays as it is.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: a model of what Turrigiano and others (1998) found. Taught in the chapter "Hebb in the brain".
    """
    return w * (target - post).unsqueeze(-2)


def stdp(
    w: Tensor,
    pre: Tensor,
    post: Tensor,
    *,
    pre_spikes: Tensor,
    post_spikes: Tensor,
    a_plus: float = 1.0,
    a_minus: float = 1.05,
) -> Tensor:
    """Spike-timing-dependent plasticity: strengthen at each postsynaptic spike, weaken at each presynaptic one.

    ``dw[i, j] = a_plus * pre[i] * post_spikes[j] - a_minus * pre_spikes[i] * post[j]``

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n_pre, n_post).
    pre, post : Tensor
        Traces of the *earlier* spikes on each side, shapes (..., n_pre) and (..., n_post): each spike adds 1, and the trace decays
        with the time constant of the window. Spikes of this very step are not in them.
    pre_spikes, post_spikes : Tensor
        Spikes of this step, 0 or 1, of the shapes of ``pre`` and ``post``.
    a_plus, a_minus : float
        Size of the change by a single pair, in units of ``w``.

    Returns
    -------
    Tensor
        The change ``dw``, of the shape of ``w``, for a learning rate of 1: over a pair of spikes ``a_plus * exp(-dt / tau)`` if
        the presynaptic one comes first, ``-a_minus * exp(dt / tau)`` if it comes second, with ``dt = t_post - t_pre``. All pairs
        add up.

    Raises
    ------
    RuntimeError
        If the shapes do not broadcast (raised by torch).

    Notes
    -----
    Source: the pair model of Song, Miller & Abbott (2000); the order that it depends on is Bi & Poo's (1998). Taught in the chapter
    "Hebb in the brain".
    """
    up = common_form(w, pre, post_spikes, hebb.forget)
    down = common_form(w, pre_spikes, post, hebb.forget)
    return a_plus * up - a_minus * down
