"""Rules that see one thing more than their two ends: a signal that is broadcast to all."""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.common_form import check_seen
from hebbnotes.plasticity.rules.hebbian import hebb

__all__ = [
    "eligibility",
    "modulated_hebb",
    "score",
    "three_factor",
]


def three_factor(
    w: Tensor, pre: Tensor, post: Tensor, *, modulator: Tensor, eligibility: Tensor
) -> Tensor:
    """Turn what a synapse remembers of its own pairs into a change when a broadcast signal comes.

    ``dw[i, j] = modulator[j] * eligibility[i, j]``; :func:`eligibility` moves the trace.

    Source: eq-eligibility; Izhikevich (2007).
    """
    check_seen(w, pre, post, modulator=modulator, eligibility=eligibility)
    return modulator.unsqueeze(-2) * eligibility


def eligibility(e: Tensor, pair: Tensor, tau: float | Tensor, dt: float = 1.0) -> Tensor:
    """Return an eligibility trace a step later: it has faded, and this step's pair is added.

    ``e * exp(-dt / tau) + pair``: exactly ``de/dt = -e / tau + h`` for an ``h`` that comes in
    pulses of size ``pair`` at the ends of the steps, as spikes do.

    Parameters
    ----------
    e, pair : Tensor
        Trace, and what any rule returns for this step, of one shape and of the unit of ``w``.
    tau : float or Tensor
        Time constant, of the unit of ``dt``; a tensor must broadcast to the shape of ``e``.
    dt : float
        Length of a step.

    Notes
    -----
    Source: eq-eligibility; Fremaux & Gerstner (2016).
    """
    if _checks.floating("pair", pair).shape != _checks.floating("e", e).shape:
        raise ValueError(
            f"pair must have the shape of e, {tuple(e.shape)}, not {tuple(pair.shape)}"
        )
    _checks.spread("pair", pair, e, "e")
    steps = torch.as_tensor(_checks.spread("tau", tau, e, "e"))
    if _checks.known(steps) and not bool((steps > 0).all()):
        raise ValueError("tau must be above 0: it is a time constant, of the unit of dt")
    return e * torch.exp(-_checks.number("dt", dt, 0) / steps.to(e)) + pair


def modulated_hebb(w: Tensor, pre: Tensor, post: Tensor, *, modulator: Tensor) -> Tensor:
    """Multiply Hebb's rule by a broadcast signal that comes with the pair: no trace is kept.

    ``dw[i, j] = modulator[j] * pre[i] * post[j]``

    Source: eq-gain-gating; a reading of Fremaux, Sprekeler & Gerstner (2010).
    """
    check_seen(w, pre, post, modulator=modulator)
    return hebb(w, pre, modulator * post)


def score(w: Tensor, pre: Tensor, post: Tensor, *, post_mean: Tensor) -> Tensor:
    """Mark which way a synapse's receiver strayed from what its input made likely.

    ``dw[i, j] = pre[i] * (post[j] - post_mean[j])``, with ``post_mean`` the mean of the receiver's
    activity for *this* input. For binary units whose probability is the sigmoid of their drive it
    is the derivative of the log-probability of ``post`` by ``w``, and 0 on average.

    Source: eq-score; Williams (1992), REINFORCE.
    """
    check_seen(w, pre, post, post_mean=post_mean)
    return hebb(w, pre, post - post_mean)
