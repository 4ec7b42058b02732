"""The memories of the book's table: rules that were told in its chapters, and lists of pairs."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.arena.audit import Verdict, sees
from hebbnotes.arena.memories import READ_NOISE, WRITES, Buffer, Matrix, Memory
from hebbnotes.arena.scores import RATES
from hebbnotes.arena.streams import CODES
from hebbnotes.chapters.arena.others import Bayesian, Chain
from hebbnotes.plasticity import rules

__all__ = [
    "COLUMNS",
    "LISTS",
    "RULES",
    "Contender",
    "column",
    "contenders",
    "grows",
    "leaky_delta",
    "marked_decay",
    "marked_delta",
    "pairs_of",
    "pre_gated",
    "summing_delta",
    "verdict",
]

LEAK = 0.02
"""Share of each weight that the leaky delta rule forgets, at a rate of 1."""
GROWTH = 0.06
"""Share of each weight by which it grows when its two ends are active, at a rate of 1."""


def pre_gated(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Write as Hebb does, and forget where the sender is active, nowhere else.

    It is ``rules.pre_gated`` for senders that are 0 or 1; of signs it forgets as decay does,
    whatever the length of a key.
    """
    active = (pre != 0).to(w.dtype)
    return pre[..., :, None] * post[..., None, :] - active[..., :, None] * w


def leaky_delta(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor) -> Tensor:
    """Correct as the delta rule does, and forget a fixed share of every weight."""
    return rules.delta(w, pre, post, drive=drive) - LEAK * w


def grows(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Write as Hebb does, and strengthen what is there already wherever both ends are active."""
    pair = pre[..., :, None] * post[..., None, :]
    return pair + GROWTH * w * (pair != 0)


def summing_delta(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Correct as the delta rule does, by a drive that it adds up from all weights of a receiver."""
    drive = (pre[..., None, :] @ w).squeeze(-2)
    return rules.delta(w, pre, post, drive=drive)


def marked_decay(w: Tensor, pre: Tensor, post: Tensor, *, modulator: Tensor) -> Tensor:
    """Write and forget as Hebb with decay does, as much as the modulator says."""
    return modulator[..., None, :] * rules.decay(w, pre, post)


def marked_delta(
    w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor, modulator: Tensor
) -> Tensor:
    """Correct as the delta rule does, as much as the modulator says."""
    return modulator[..., None, :] * rules.delta(w, pre, post, drive=drive)


RULES: dict[str, Callable[..., Tensor]] = {
    "Hebb": rules.hebb,
    "decay": rules.decay,
    "Oja": rules.oja,
    "decay at active senders": pre_gated,
    "Hebb that grows": grows,
    "delta": rules.delta,
    "delta with a leak": leaky_delta,
    "decay, modulated": marked_decay,
    "delta, modulated": marked_delta,
    "delta that sums": summing_delta,
}
"""The rules that write a matrix, by name."""

LISTS: dict[str, dict[str, Any]] = {
    "list": {},
    "list of the rewarded": {"marked": True},
    "list with order": {"recency": 0.5},
    "list of the rewarded with order": {"marked": True, "recency": 0.5},
}
"""Lists that softmax reads, by name."""

COLUMNS = (
    "two ends",  # all of plasticity begins with sender and receiver, in every preparation
    "+ own weight",  # strong synapses are potentiated less, seen in pairs of cells
    "+ broadcast",  # dopamine turns pairing into growth at one spine; it comes a second later
    "+ means",  # a cell's mean activity moves its threshold; that both ends' is kept is a model
    "+ drive",  # the dendrite's potential is there; that it is subtracted is best shown in fish
    "+ drive, broadcast",  # both at one synapse: a model
)
"""Columns of the map of the book, by what a synapse sees: the best shown in brains comes first."""


def column(own: Collection[str]) -> int:
    """Return the column of the map where a memory stands that sees these, out of :data:`COLUMNS`.

    >>> COLUMNS[column(("w", "pre", "post", "modulator"))]
    '+ broadcast'

    Parameters
    ----------
    own : collection of str, as in :class:`hebbnotes.arena.audit.Verdict`
    """
    if "drive" in own:
        return 5 if "modulator" in own else 4
    return next((k for k, name in ((3, "means"), (2, "modulator"), (1, "w")) if name in own), 0)


class Contender(NamedTuple):
    """A memory of the table.

    Attributes
    ----------
    kind : str, out of :data:`hebbnotes.arena.place.KINDS`, as the audit finds it
    sees : tuple of str, what a synapse of it sees
    memory : Memory
    numbers : float, of state
    bits : float, of state, where a number has ``log2(2 * range + 1)`` and a sign 1
    """

    kind: str
    sees: tuple[str, ...]
    memory: Memory
    numbers: float
    bits: float


def level_bits(writes: float = WRITES) -> float:
    """Return the bits of a synapse that counts its writes up to its range, and down."""
    return float(torch.tensor(2 * writes + 1).log2())


def pairs_of(code: str, writes: float = WRITES, equal: str = "numbers") -> int:
    """Return how many pairs a list may hold at as many numbers, or bits, as the matrix has.

    A pair of signs has ``2 d`` bits. A key of 4 among 64 has fewer, and of a graded code a number
    has as many bits as a synapse: these lists are counted at ``2 d`` bits and numbers, alike.
    """
    d, graded = CODES[code].d, CODES[code].graded
    if equal == "numbers" or graded:
        return d // 2
    return int(d * d * level_bits(writes) / (2 * d))


@cache
def verdict(name: str) -> Verdict:
    """Return what a synapse of a memory of the table sees: audited, if a rule writes a matrix.

    Parameters
    ----------
    name : str, out of :data:`RULES`, or "BCPNN" or "chain of four", which say what they read
    """
    if name in RULES:
        return sees(RULES[name])
    return Verdict((Bayesian if name == "BCPNN" else Chain).sees, ())


def contenders(
    code: str, noise: float = READ_NOISE, writes: float = WRITES
) -> dict[str, Contender]:
    """Return the memories of the table, by name, between the cells of a code.

    Parameters
    ----------
    code : str, out of :data:`hebbnotes.arena.streams.CODES`
    noise, writes : float
        Of all reads, and the range of a synapse; see :class:`hebbnotes.arena.memories.Matrix`.
    """
    d, level = CODES[code].d, level_bits(min(writes, 1e6))
    found: dict[str, Contender] = {}

    def enter(name: str, memory: Memory, numbers: int) -> None:
        told = verdict(name)
        found[name] = Contender(told.kind, told.own, memory, numbers, numbers * level)

    for name, rule in RULES.items():
        enter(name, Matrix(rule, RATES, noise, writes), d * d)
    if not CODES[code].graded:
        enter("BCPNN", Bayesian(noise=noise, writes=writes), d * d + 3 * d)
        enter("chain of four", Chain(noise=noise, writes=writes), 4 * d * d)
    for equal in ("numbers", "bits"):
        pairs = pairs_of(code, min(writes, 1e6), equal)
        for name, how in LISTS.items():
            memory = Buffer(pairs=pairs, noise=noise, **how)
            bits = 2 * d * pairs * (level if CODES[code].graded else 1)
            found[f"{name}, equal {equal}"] = Contender("list", (), memory, 2 * d * pairs, bits)
    return found
