"""What wire costs, and where a priced weight rests."""

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["communicability", "prox", "steer", "unrest", "wiring_cost", "wiring_loss"]


def communicability(w: Tensor) -> Tensor:
    """Return how well each two units are joined by paths of all lengths, long ones counting less.

    ``C = expm(S**-1/2 A S**-1/2)``, where ``A`` is ``(|w| + |w|.T) / 2`` and ``S`` the diagonal
    matrix of its row sums. A path of k links counts ``1 / k!`` of the product of its strengths.

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n, n) [pre, post], of any sign.

    Returns
    -------
    Tensor
        Shape (..., n, n), symmetric, without unit; 1 on the diagonal of a unit without links.

    Notes
    -----
    Source: Crofts & Higham (2009), for symmetric weights. The published code of spatially embedded
    networks takes row sums of ``|w|`` as it is; made symmetric, the normalised matrix has no
    eigenvalue above 1.
    """
    _square("w", w)
    strength = (w.abs() + w.abs().mT) / 2
    total = strength.sum(-1)
    root = torch.where(total > 0, total, 1).rsqrt()
    return torch.matrix_exp(root.unsqueeze(-1) * strength * root.unsqueeze(-2))


def wiring_cost(w: Tensor, lengths: Tensor, c: Tensor | None = None) -> Tensor:
    """Return all wire: the sum of ``|w| d (C)``, each connection as thick as it is strong.

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n_pre, n_post), of any sign.
    lengths : Tensor
        How long each connection is, of the shape of ``w`` or without its leading axes.
    c : Tensor, optional
        A further factor on each, such as :func:`communicability`.

    Returns
    -------
    Tensor
        Shape (...), of the unit of ``w`` times that of ``lengths``.
    """
    price = _priced(w, lengths, c)
    return (w.abs() * price).sum((-2, -1))


def wiring_loss(
    loss: Tensor, w: Tensor, lengths: Tensor, price: float | Tensor, c: Tensor | None = None
) -> Tensor:
    """Return what a network pays: its loss at the task, and the price of its wire.

    ``J = L + price * sum_ij |w_ij| d_ij C_ij``.

    Parameters
    ----------
    loss : Tensor
        The loss at the task, shape (...).
    w, lengths, c : Tensor
        See :func:`wiring_cost`.
    price : float or Tensor
        Loss per unit of wire, 0 or more, shape (...).

    Notes
    -----
    Source: eq-wiring-loss; Achterberg and others (2023), with C from :func:`communicability`.
    """
    least = float(price.min()) if isinstance(price, Tensor) else _checks.number("price", price)
    if least < 0:
        raise ValueError(f"price must be 0 or more, got {least:g}: wire is no gain")
    return _checks.floating("loss", loss) + price * wiring_cost(w, lengths, c)


def prox(w: Tensor, price: float | Tensor) -> Tensor:
    """Bring each weight nearer to 0 by its price, and to 0 if it is worth less.

    Of all v the one with the least ``(v - w)**2 / 2 + price * |v|``.

    Parameters
    ----------
    w : Tensor
        Weights, any shape.
    price : float or Tensor
        0 or more, of the unit of ``w``, of its shape or one that spreads to it.

    Examples
    --------
    >>> prox(torch.tensor([3.0, -2.0, 0.5]), 1.0).tolist()
    [2.0, -1.0, 0.0]
    """
    _checks.floating("w", w)
    price = _checks.spread("price", price, w, "w")
    least = price if isinstance(price, float) else float(price.min())
    if least < 0:
        raise ValueError(f"price must be 0 or more, got {least:g}: weights would grow")
    return torch.where(w.abs() > price, w - price * w.sign(), torch.zeros_like(w))


def unrest(gradient: Tensor, w: Tensor, price: float | Tensor) -> Tensor:
    """Return by how much each weight's slope misses that of a priced weight at rest.

    A weight that is 0 rests where ``|dL/dw| <= price``; another one where ``dL/dw = -price *
    sign(w)``. These hold wherever ``L + price * |w|`` is least, and suffice if L is convex.

    Parameters
    ----------
    gradient : Tensor
        ``dL/dw`` of the loss without price.
    w : Tensor
        Weights, of the same shape.
    price : float or Tensor
        Of one unit of each weight: of its wire, ``price * d * C``.

    Returns
    -------
    Tensor
        0 or more, of the shape of ``w`` and the unit of ``gradient``; 0 at rest.

    Notes
    -----
    Source: eq-priced-rest; the subgradient of the absolute value.
    """
    _checks.floating("gradient", gradient)
    _checks.spread("price", price, w, "w")
    absent = (gradient.abs() - price).clamp(min=0)
    return torch.where(w == 0, absent, (gradient + price * w.sign()).abs())


def steer(price: Tensor, total: Tensor, budget: float, gain: float = 0.02) -> Tensor:
    """Raise a price where more is spent than the budget, and lower it where less is.

    In logarithms: ``price * (total / budget)**gain``, and at most a factor of ``e**gain`` at once.

    Parameters
    ----------
    price, total : Tensor
        Prices and what is spent at them, above 0, of the same shape.
    budget : float
        What is to be spent, of the unit of ``total``.
    gain : float
        How fast, without unit.
    """
    _checks.number("budget", budget, 1e-30)
    return price * (gain * (total / budget).log().clamp(-1, 1)).exp()


def _priced(w: Tensor, lengths: Tensor, c: Tensor | None) -> Tensor:
    _checks.floating("w", w)
    for name, value in (("lengths", lengths), ("c", c)):
        if value is not None:
            _checks.spread(name, value, w, "w")
    return lengths if c is None else lengths * c


def _square(name: str, value: Tensor) -> Tensor:
    _checks.floating(name, value)
    if value.ndim < 2 or value.shape[-1] != value.shape[-2]:
        raise ValueError(f"{name} must have shape (..., n, n), got {tuple(value.shape)}")
    return value
