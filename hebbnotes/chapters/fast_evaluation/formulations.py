"""The published formulation, for one episode and for a batch, and the same with what a plain loop
can save: what the fast evaluation is measured against.
"""

import math
from typing import cast

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from hebbnotes import _checks
from hebbnotes.plasticity import chunks, rules

__all__ = ["LOOPS", "batched", "loop", "published"]

LOOPS = "all", "free", "events"
"""What a loop computes: every step; only steps with a free unit; those, and equal steps at once."""


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


def loop(
    inputs: Tensor,
    clamp: Tensor,
    w: Tensor,
    alpha: Tensor,
    eta: Tensor,
    rule: rules.Rule,
    computed: str,
    again: bool = False,
) -> Tensor:
    """Run one episode as :func:`published` does, and spare what a plain loop can.

    Parameters
    ----------
    computed : str
        One of :data:`LOOPS`. ``"free"`` reads the trace only where some unit is not clamped;
        ``"events"`` takes equal steps as one, too.
    again : bool
        Whether what the backward pass needs is computed again, from about sqrt(T) states that are
        kept (activation checkpointing). Source: Chen, Xu, Zhang & Guestrin (2016).
    """
    _check((inputs, clamp, w, alpha, eta), rule, {"B": 1})
    _checks.choice("computed", computed, LOOPS)
    y = torch.zeros_like(inputs[0])
    events = chunks.find_events(inputs, clamp, y, merge=computed == "events")
    if computed == "free":
        events = [one._replace(free=not clamp[one.step].all()) for one in events]
    forget = cast(rules.CommonForm, rule).forget

    def several(
        y: Tensor, hebb: Tensor, w: Tensor, alpha: Tensor, eta: Tensor, some: list[chunks.Event]
    ) -> tuple[Tensor, Tensor]:
        for event in some:
            pre, y, given = y, inputs[event.step], clamp[event.step]
            if event.free:
                y = torch.where(given, y, torch.tanh(pre @ (w + alpha * hebb) + y))
            kept, written = chunks.writes(y, eta, forget, event.times)
            hebb = kept * hebb + pre.mT @ written
        return y, hebb

    hebb, size = torch.zeros_like(w), math.isqrt(len(events)) if again else len(events)
    for start in range(0, len(events), size):
        given = y, hebb, w, alpha, eta, events[start : start + size]
        y, hebb = checkpoint(several, *given, use_reentrant=False) if again else several(*given)
    return y
