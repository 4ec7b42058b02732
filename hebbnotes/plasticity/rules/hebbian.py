"""Rules of the synapse itself: its weight, its two ends, and what one cell knows of its own."""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.common_form import CommonForm, Rule, check_seen
from hebbnotes.plasticity.rules.quantities import QUANTITIES
from hebbnotes.plasticity.stepper import change, pick, refuse_changes, versions

__all__ = [
    "average",
    "bcm",
    "competitive",
    "covariance",
    "decay",
    "delta",
    "gated_delta",
    "hebb",
    "oja",
    "pre_gated",
    "sanger",
    "scaling",
    "sliding_threshold",
    "soft_hebb",
    "stdp",
]


@CommonForm
def hebb(post: Tensor) -> Tensor:
    """Plain Hebb: what is active together is strengthened; nothing is forgotten.

    ``dw[i, j] = pre[i] * post[j]``, which grows without bound.

    Source: D. O. Hebb, *The Organization of Behavior* (1949), read as a product of rates.
    """
    return torch.zeros_like(post)


@CommonForm
def decay(post: Tensor) -> Tensor:
    """Hebb with decay: each step forgets a fixed share of every weight.

    ``dw[i, j] = pre[i] * post[j] - w[i, j]``: with a learning rate ``eta`` the weight is the
    exponentially weighted mean of past products.

    Source: Miconi, Stanley & Clune, *Differentiable plasticity* (2018), equation 2.
    """
    return torch.ones_like(post)


@CommonForm
def oja(post: Tensor) -> Tensor:
    """Oja's rule: forget in proportion to the square of the postsynaptic activity.

    ``dw[i, j] = post[j] * (pre[i] - post[j] * w[i, j])``: a silent postsynaptic unit forgets
    nothing.

    Source: E. Oja, *Simplified neuron model as a principal component analyzer* (1982); as a trace,
    Miconi, Stanley & Clune (2018), equation 3.
    """
    return post.square()


@CommonForm
def competitive(post: Tensor) -> Tensor:
    """Move the weights of the units that win towards what they see, and leave all others alone.

    ``dw[i, j] = post[j] * (pre[i] - w[i, j])``, where ``post`` says who wins: 1 for the winner and
    0 elsewhere, or shares that sum to 1. Who wins is found by the network, not by the rule.

    Source: Rumelhart & Zipser (1985); where the winner is 1 and all others are 0, it is Oja's rule.
    """
    return post


@CommonForm
def soft_hebb(post: Tensor, *, drive: Tensor) -> Tensor:
    """Share the learning among units by how strongly each is driven: competition with soft winners.

    ``dw[i, j] = post[j] * (pre[i] - drive[j] * w[i, j])``, where ``post`` is the softmax of the
    drives, and ``drive`` what drives each unit, ``pre @ w``, shape (..., n_post): each knows its
    own. Where it rests, a unit's weights have length 1.

    Source: Journe, Rodriguez, Guo & Moraitis (2023).
    """
    return post * drive


@_checks.in_full_precision
def average(rule: Rule, w: Tensor, pre: Tensor, post: Tensor, **supplied: Tensor) -> Tensor:
    """Return the mean change of one matrix of weights over a batch.

    ``mean over b of rule(w, pre[b], post[b])``; for a rule of the common form
    ``pre.T @ post / B - mean(forget(post)) * w``, and for Sanger's its like, without a matrix for
    each member.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``.
    w : Tensor
        Weights, shape (n_pre, n_post).
    pre, post : Tensor
        Activities, shapes (B, n_pre) and (B, n_post), without unit.
    **supplied : Tensor
        What the rule may declare, with the axes of :data:`QUANTITIES`.

    Returns
    -------
    Tensor
        Shape (n_pre, n_post).
    """
    sizes: dict[str, int] = {}
    _checks.floating("w", _checks.tensor("w", w, "n_pre n_post", sizes))
    _checks.tensor("pre", pre, "B n_pre", sizes, like=w, reference="w")
    _checks.tensor("post", post, "B n_post", sizes, like=w, reference="w")
    local = pick(_checks.rule(rule), post, supplied)
    for name in local.keys() & QUANTITIES.keys():
        like = None if QUANTITIES[name].whole else w
        _checks.tensor(name, local[name], QUANTITIES[name].axes, sizes, like=like, reference="w")
    return mean_change(rule, w, pre, post, local)


def mean_change(
    rule: Rule, w: Tensor, pre: Tensor, post: Tensor, local: dict[str, Tensor]
) -> Tensor:
    """Return what :func:`average` does, for a loop that has checked what it hands over."""
    if isinstance(rule, CommonForm):
        return pre.T @ post / len(pre) - rule.forget(post, **local).mean(0) * w
    if rule is sanger:
        return pre.T @ post / len(pre) - w @ (post.T @ post / len(post)).triu()
    before = versions((w, pre, post))
    each = torch.func.vmap(lambda x, y, its: change(rule, w, x, y, **its))(pre, post, local)
    refuse_changes(rule, before, versions((w, pre, post)))
    return each.mean(0)


def covariance(
    w: Tensor, pre: Tensor, post: Tensor, *, pre_mean: Tensor, post_mean: Tensor
) -> Tensor:
    """Strengthen what deviates from its mean together, and weaken what deviates apart.

    ``dw[i, j] = (pre[i] - pre_mean[i]) * (post[j] - post_mean[j])``, which grows without bound.
    Each side knows its own mean.

    Source: a standard reading of Hebb (1949) that can weaken.
    """
    check_seen(w, pre, post, pre_mean=pre_mean, post_mean=post_mean)
    return hebb(w, pre - pre_mean, post - post_mean)


def sanger(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Oja's rule for several units, of which each learns from what those before it leave over.

    ``dw[i, j] = post[j] * (pre[i] - sum_{k <= j} post[k] * w[i, k])``. It is **not local**: the
    change of a synapse onto unit j depends on the activities and the weights of the units before j.

    Source: Sanger (1989), the generalised Hebbian algorithm.
    """
    check_seen(w, pre, post)
    explained = (w * post.unsqueeze(-2)).cumsum(-1)  # by the units up to each
    return post.unsqueeze(-2) * (pre.unsqueeze(-1) - explained)


def delta(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor) -> Tensor:
    """Write of what a unit should do only what its synapses do not make it do yet.

    ``dw[i, j] = pre[i] * (post[j] - drive[j])``, where ``post`` is the activity that is wanted and
    ``drive`` what the synapses bring to each unit, ``pre @ w``: down the gradient of half the
    squared difference.

    Source: Widrow & Hoff (1960).
    """
    check_seen(w, pre, post, drive=drive)
    return hebb(w, pre, post - drive)


def gated_delta(
    w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor, modulator: Tensor, rate: float = 1.0
) -> Tensor:
    """Let a broadcast signal fade what is held, and then write what is missing.

    ``dw[i, j] = rate * pre[i] * (post[j] - m[j] * drive[j]) - (1 - m[j]) * w[i, j]``, with m the
    ``modulator``: the share of its weights that a cell keeps. Added to ``w`` as it is, it leaves
    what ``rate`` times :func:`delta` makes of ``m * w``, whose drive is ``m * drive``.

    Parameters
    ----------
    w, pre, post : Tensor
        Weights and activities, shapes (..., n_pre, n_post), (..., n_pre), (..., n_post).
    drive : Tensor
        What the weights bring to each receiver before they fade, ``pre @ w``, shape (..., n_post).
    modulator : Tensor
        The share that is kept, 0 to 1, shape (..., n_post).
    rate : float
        That of the writing; 0 or more.

    Notes
    -----
    Source: Yang, Kautz & Hatamizadeh (2025), whose gate is one number for each step.
    """
    check_seen(w, pre, post, drive=drive, modulator=modulator)
    faded = (1 - modulator + torch.zeros_like(post)).unsqueeze(-2) * w
    return hebb(w, pre, _checks.number("rate", rate, 0) * (post - modulator * drive)) - faded


def pre_gated(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Forget only where the sender is active: let a synapse subtract what it brings itself.

    ``dw[i, j] = pre[i] * (post[j] - pre[i] * w[i, j])``: :func:`delta` where the drive is that of
    this one synapse, so the same if one sender is active alone. A silent sender's synapses keep
    what they hold. Oja's rule is its mirror, with the gate on the receiver's side.

    Source: Grossberg (1976), the outstar, for a sender that is 0 or 1; graded, this book.
    """
    check_seen(w, pre, post)
    return pre.unsqueeze(-1) * (post.unsqueeze(-2) - pre.unsqueeze(-1) * w)


def bcm(w: Tensor, pre: Tensor, post: Tensor, *, threshold: Tensor) -> Tensor:
    """Strengthen the active synapses of a unit above its threshold, weaken those of a unit below.

    ``dw[i, j] = pre[i] * post[j] * (post[j] - threshold[j])``; :func:`sliding_threshold` moves it.

    Source: Bienenstock, Cooper & Munro (1982), in the form of Intrator & Cooper (1992).
    """
    check_seen(w, pre, post, threshold=threshold)
    return hebb(w, pre, post * (post - threshold))


def sliding_threshold(threshold: Tensor, post: Tensor, *, target: float = 1.0) -> Tensor:
    """Move the threshold of :func:`bcm` after the square of the activity.

    ``dthreshold[j] = post[j]**2 / target - threshold[j]``

    Parameters
    ----------
    threshold, post : Tensor
        Shape (..., n_post), without unit.
    target : float
        Activity at which a steady unit is at rest: there ``threshold = post = target``. With 1, the
        threshold is the mean square.

    Returns
    -------
    Tensor
        The change for a rate of 1; a rate of ``dt / tau`` gives it the time constant ``tau``.

    Notes
    -----
    Source: Intrator & Cooper (1992), where the threshold is the mean square of the activity;
    Bienenstock, Cooper & Munro (1982) use a power of the mean.
    """
    sizes: dict[str, int] = {}
    _checks.floating("post", _checks.tensor("post", post, "... n_post", sizes))
    _checks.tensor("threshold", threshold, "... n_post", sizes, like=post, reference="post")
    return post.square() / _checks.number("target", target, 1e-12) - threshold


def scaling(w: Tensor, pre: Tensor, post: Tensor, *, target: float = 1.0) -> Tensor:
    """Scale all synapses of a unit by one factor, up if it is too quiet, down if it is too active.

    ``dw[i, j] = w[i, j] * (target - post[j])``: ``pre`` is not used, and ``post`` is usually a slow
    average. The ratio of two weights onto one unit stays as it is.

    Source: a model of what Turrigiano and others (1998) found.
    """
    check_seen(w, pre, post)
    return w * (_checks.number("target", target) - post).unsqueeze(-2)


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
    """Spike timing: strengthen at each postsynaptic spike, weaken at each presynaptic one.

    ``dw[i, j] = a_plus * pre[i] * post_spikes[j] - a_minus * pre_spikes[i] * post[j]``

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n_pre, n_post).
    pre, post : Tensor
        Traces of the *earlier* spikes on each side, shapes (..., n_pre) and (..., n_post): each
        spike adds 1, and the trace decays with the time constant of the window.
    pre_spikes, post_spikes : Tensor
        Spikes of this step, 0 or 1, which are not in the traces yet.
    a_plus, a_minus : float
        Size of the change by a single pair, in units of ``w``.

    Returns
    -------
    Tensor
        The change ``dw``: over a pair of spikes ``a_plus * exp(-dt / tau)`` if the presynaptic one
        comes first, ``-a_minus * exp(dt / tau)`` if it comes second, with ``dt = t_post - t_pre``.
        All pairs add up.

    Notes
    -----
    Source: the pair model of Song, Miller & Abbott (2000); the order that it depends on is Bi &
    Poo's (1998).
    """
    check_seen(w, pre, post, pre_spikes=pre_spikes, post_spikes=post_spikes)
    a_plus, a_minus = _checks.number("a_plus", a_plus), _checks.number("a_minus", a_minus)
    none = w - w  # a weight that is no number stays one, as by hebb
    up = torch.addcmul(none, pre.unsqueeze(-1), post_spikes.unsqueeze(-2), value=a_plus)
    return up.addcmul(pre_spikes.unsqueeze(-1), post.unsqueeze(-2), value=-a_minus)
