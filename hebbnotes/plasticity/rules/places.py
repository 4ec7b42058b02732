"""A rule that sees where a synapse's two cells are."""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.common_form import check_seen
from hebbnotes.plasticity.rules.hebbian import hebb

__all__ = ["by_length"]


def by_length(
    w: Tensor,
    pre: Tensor,
    post: Tensor,
    *,
    pre_place: Tensor,
    post_place: Tensor,
    price: float = 0.1,
) -> Tensor:
    """Let a synapse hold the mean of pre times post, less what its length costs.

    ``dw = pre post - w - price * |pre_place - post_place| * sign(w)``: down the slope of ``(w - pre
    post)**2 / 2 + price * d * |w|``. A synapse that is 0 stays so unless ``pre post`` is worth more
    than its length costs. So it rests where the mean of ``pre post``, brought nearer to 0 by the
    price, is.

    Parameters
    ----------
    w, pre, post : Tensor
        Weights and activities, shapes (..., n_pre, n_post), (..., n_pre), (..., n_post).
    pre_place, post_place : Tensor
        Where senders and receivers are along a line, a length, of the shapes of ``pre`` and
        ``post``, or without their leading axes.
    price : float
        What a unit of weight costs per length, 0 or more, of the unit of ``pre post`` over length.

    Notes
    -----
    Source: this book.
    """
    check_seen(w, pre, post, pre_place=pre_place, post_place=post_place)
    _checks.number("price", price, 0)
    cost = price * (pre_place.unsqueeze(-1) - post_place.unsqueeze(-2)).abs()
    pair = hebb(w, pre, post)
    worth = pair.sign() * (pair.abs() - cost).clamp(min=0)
    return torch.where(w == 0, worth, pair - w - cost * w.sign())
