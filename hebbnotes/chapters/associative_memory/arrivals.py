"""Patterns that arrive one after the other, and are never shown again."""

import torch
from torch import Tensor

from hebbnotes import _checks, memories
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change

__all__ = ["by_age", "faded", "last_letters"]


@_checks.in_full_precision
def faded(patterns: Tensor, eta: float) -> Tensor:
    """Return the weights that the decay rule leaves of patterns that arrived in turn, diagonal 0.

    ``sum of eta * (1 - eta)**age * outer(p, p)``: in one product what :func:`.rules.decay` writes
    step by step.

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1, the first to arrive first
    eta : float, the rate, above 0 and at most 1
    """
    _checks.number("eta", eta, 0, 1)
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", {}))
    _checks.finite("patterns", _checks.held("patterns", patterns))
    age = torch.arange(len(patterns) - 1, -1, -1, dtype=patterns.dtype)
    w = (patterns * (eta * (1 - eta) ** age)[:, None]).T @ patterns
    return w.fill_diagonal_(0)


def by_age(w: Tensor, patterns: Tensor, newest: int, steps: int = 20) -> Tensor:
    """Return the overlap of each of the newest patterns with what recall from it ends in, the
    newest first, (newest,).
    """
    _checks.tensor("patterns", patterns, "P N", {})
    asked = patterns[-_checks.integer("newest", newest, 1, len(patterns)) :].flip(0)
    return (memories.recall(w, asked, steps) * asked).mean(1)


def last_letters(rule: Rule, letters: Tensor, seed: int, last: int = 8) -> int:
    """Show each letter once, in an order that the seed draws, and count which of the last ones come
    back from a random half, with less than 1 % of the pixels wrong.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, *, drive)`` or ``rule(w, pre, post)``, its rate included.
    letters : Tensor (P, N), 1 and -1
    seed : int, draws the order and the halves
    last : int, how many of the last letters are asked for
    """
    _checks.floating("letters", _checks.tensor("letters", letters, "P N", {}))
    _checks.finite("letters", _checks.held("letters", letters))
    _checks.integer("last", last, 1, len(letters))
    g = torch.Generator().manual_seed(_checks.integer("seed", seed, 0, 2**63 - 1))
    order = torch.randperm(len(letters), generator=g)
    w = letters.new_zeros(letters.shape[1], letters.shape[1])
    for p in letters[order]:
        w = (w + change(rule, w, p, p, drive=p @ w)).fill_diagonal_(0)
    asked = letters[order[-last:]]
    cue = torch.where(torch.rand(asked.shape, generator=g) < 0.5, asked, 0.0)
    wrong = (memories.recall(w, cue, 20) != asked).float().mean(1)
    return int((wrong < 0.01).sum())
