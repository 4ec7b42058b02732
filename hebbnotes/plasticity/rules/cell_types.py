"""Rules of inhibitory synapses, and rules that see of what types a synapse's two cells are.

Strengths ``w`` are 0 or more here, and a network subtracts what inhibitory cells send. A rule may
ask for less than nothing: what applies it keeps strengths at 0 or more.
"""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.common_form import check_seen
from hebbnotes.plasticity.rules.hebbian import hebb, oja

__all__ = ["TYPES", "by_type", "inhibitory"]

TYPES = ("excitatory", "PV", "SST", "VIP")
"""Types of cells by number, 0 to 3; all but the first inhibit."""
EXCITATORY, PV = 0, 1


def inhibitory(w: Tensor, pre: Tensor, post: Tensor, *, target: float = 0.2) -> Tensor:
    """Strengthen inhibition of a cell that is too active, and weaken that of one that is too quiet.

    ``dw[i, j] = pre[i] * (post[j] - target)``, for a strength ``w >= 0`` that is *subtracted* from
    the receiver's drive: minus the delta rule with a constant target. For a linear receiver it goes
    down the gradient of ``(post - target)**2 / 2``, and rests where ``mean(pre * post) = target *
    mean(pre)``: the mean activity that is held is weighted by the inhibitory sender's.

    Parameters
    ----------
    w : Tensor
        Strengths, 0 or more, shape (..., n_pre, n_post); not read.
    pre, post : Tensor
        Rates of inhibitory senders and of receivers, shapes (..., n_pre) and (..., n_post).
    target : float
        Rate at which a steady receiver's inhibition rests, of the unit of ``post``.

    Notes
    -----
    Source: eq-inhibitory; Vogels, Sprekeler, Zenke, Clopath & Gerstner (2011), for rates.
    """
    check_seen(w, pre, post)
    return hebb(w, pre, post - _checks.number("target", target))


def by_type(
    w: Tensor,
    pre: Tensor,
    post: Tensor,
    *,
    pre_type: Tensor,
    post_type: Tensor,
    target: float = 0.2,
) -> Tensor:
    """Let a synapse learn by one rule or another, or not at all, by the types of its two cells.

    Between excitatory cells (type 0) by Oja's rule, from PV cells (type 1) onto excitatory ones by
    :func:`inhibitory`; all other synapses keep their strength. ``w >= 0`` throughout.

    Parameters
    ----------
    w, pre, post : Tensor
        Strengths, 0 or more, and rates, shapes (..., n_pre, n_post), (..., n_pre), (..., n_post).
    pre_type, post_type : Tensor
        Types of senders and receivers, integers as in ``TYPES``, of the shapes of ``pre`` and
        ``post``, or without their leading axes.
    target : float
        See :func:`inhibitory`.

    Notes
    -----
    Source: this book; Oja (1982) and Vogels and others (2011), a rule for each kind of synapse.
    """
    check_seen(w, pre, post, pre_type=pre_type, post_type=post_type)
    onto = (post_type == EXCITATORY).unsqueeze(-2)
    excites = (pre_type == EXCITATORY).unsqueeze(-1) & onto
    inhibits = (pre_type == PV).unsqueeze(-1) & onto
    dw = torch.where(inhibits, inhibitory(w, pre, post, target=target), w - w)
    return torch.where(excites, oja(w, pre, post), dw)
