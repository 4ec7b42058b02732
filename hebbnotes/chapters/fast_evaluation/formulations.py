"""The published formulation, for one episode and for a batch: what the fast evaluation is measured
against.
"""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules

__all__ = ["batched", "published"]


def _check(given: tuple[Tensor, ...], rule: rules.Rule, sizes: dict[str, int]) -> None:
    """Raise unless all fits together, and the rule is one of the two that are written out here."""
    inputs, clamp, w, alpha, eta = given
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    _checks.tensor("clamp", clamp, "T B n", sizes, inputs, boolean=True)
    for name, value in (("w", w), ("alpha", alpha)):
        _checks.tensor(name, value, "n n", sizes, inputs)
    _checks.tensor("eta", eta, "", sizes, inputs)
    for name, value in (("inputs", inputs), ("w", w), ("alpha", alpha), ("eta", eta)):
        _checks.finite(name, value)
    _checks.choice("rule", rule, (rules.decay, rules.oja))


def published(
    inputs: Tensor, clamp: Tensor, w: Tensor, alpha: Tensor, eta: Tensor, rule: rules.Rule
) -> Tensor:
    """Run one episode as the equations are written, with autograd through every trace.

    ``inputs`` and ``clamp`` are (T, 1, n), ``w`` and ``alpha`` (n, n), ``eta`` a scalar; the rule
    is :func:`.rules.decay` or :func:`.rules.oja`. Returns the last output, shape (1, n).

    Source: Miconi, Stanley & Clune (2018), equations 1 to 3.
    """
    _check((inputs, clamp, w, alpha, eta), rule, {"B": 1})
    y, hebb = torch.zeros_like(inputs[0]), torch.zeros_like(w)
    for x, given in zip(inputs, clamp, strict=True):
        pre, y = y.mT, torch.where(given, x, torch.tanh(y @ (w + alpha * hebb) + x))
        hebb = (
            hebb + eta * (pre - hebb * y) * y
            if rule is rules.oja
            else (1 - eta) * hebb + eta * (pre @ y)
        )
    return y


def batched(
    inputs: Tensor, clamp: Tensor, w: Tensor, alpha: Tensor, eta: Tensor, rule: rules.Rule
) -> Tensor:
    """Run a batch as :func:`published` runs one episode, with a trace for each.

    ``inputs`` and ``clamp`` are (T, B, n).
    """
    _check((inputs, clamp, w, alpha, eta), rule, {})
    y = torch.zeros_like(inputs[0])
    hebb = y.new_zeros(*y.shape, y.shape[-1])
    for x, given in zip(inputs, clamp, strict=True):
        pre, drive = y.unsqueeze(2), (y.unsqueeze(1) @ (w + alpha * hebb)).squeeze(1) + x
        y = torch.where(given, x, torch.tanh(drive))
        post = y.unsqueeze(1)
        hebb = (
            hebb + eta * (pre - hebb * post) * post
            if rule is rules.oja
            else (1 - eta) * hebb + eta * (pre @ post)
        )
    return y
