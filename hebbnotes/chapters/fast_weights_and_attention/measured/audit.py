"""What a synapse reads by each rule of the chapter: found by poisoning, number by number."""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import check
from hebbnotes.plasticity import rules

__all__ = ["AUDITED", "Sight", "audit", "expecting", "sight"]


def expecting(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Write what is missing, with an expectation that the rule computes by itself.

    The same numbers as ``rules.delta``, whose ``drive`` is handed over: a cell's potential has
    added up the whole column already, and each of its synapses sees the sum.

    Source: Widrow & Hoff (1960), as most programs write it.
    """
    drive = (pre.unsqueeze(-2) @ w).squeeze(-2)
    return rules.delta(w, pre, post, drive=drive)


AUDITED: dict[str, rules.Rule] = {
    "Hebb": rules.hebb,
    "decay": rules.decay,
    "Oja": rules.oja,
    "pre-gated": rules.pre_gated,
    "delta": rules.delta,
    "gated delta": rules.gated_delta,
    "delta, computes its drive": expecting,
}
"""The rules of the chapter."""


class Sight(NamedTuple):
    """What one synapse reads.

    Attributes
    ----------
    own : tuple of str
        What is its own: "weight", "sender", "receiver", and what its cells know, by name.
    foreign : dict of str to int
        Of what is not, how many numbers: "weights", "senders", "receivers".
    local : bool
        Whether there is nothing foreign.
    """

    own: tuple[str, ...]
    foreign: dict[str, int]
    local: bool


def sight(rule: rules.Rule, *, n_pre: int = 4, n_post: int = 3) -> Sight:
    """Find what the synapse (0, 1) reads between so many senders and receivers.

    A number that is multiplied by 0 counts as read, as the weight is by Hebb's rule. It is a way to
    write a rule in which no weight that is not a number goes unseen, and changes no verdict.

    >>> sight(expecting).foreign
    {'weights': 3, 'senders': 3}

    Parameters
    ----------
    rule : callable
    n_pre, n_post : int, two or more
    """
    i, j = 0, 1
    seen = check.reads(rule, i, j, n_pre=n_pre, n_post=n_post, smuggled=True)
    named = {"weight": (seen.w, (i, j)), "sender": (seen.pre, (i,)), "receiver": (seen.post, (j,))}
    named |= {
        name: (mask, (j,) if mask.shape == (n_post,) else (i, j))
        for name, mask in seen.further.items()
        if not name.startswith("held ")
    }
    own = tuple(name for name, (mask, at) in named.items() if bool(mask[at]))
    foreign = {
        f"{name}s": int(mask.sum() - mask[at].sum())
        for name, (mask, at) in named.items()
        if bool((mask.sum() - mask[at].sum()) > 0)
    }
    foreign |= {
        name: int(torch.sum(mask)) for name, mask in seen.further.items() if name.startswith("held")
    }
    return Sight(own, foreign, not foreign)


def audit() -> dict[str, Sight]:
    """Return what a synapse reads by each rule: the table of the chapter."""
    return {name: sight(rule) for name, rule in AUDITED.items()}
