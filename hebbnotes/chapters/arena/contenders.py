"""The memories of the book's table: rules that were told in its chapters, and lists of pairs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.arena.memories import READ_NOISE, WRITES, Buffer, Matrix, Memory
from hebbnotes.arena.scores import RATES
from hebbnotes.arena.streams import CODES
from hebbnotes.chapters.arena.others import Bayesian, Chain
from hebbnotes.plasticity import rules

__all__ = [
    "LISTS",
    "RULES",
    "Contender",
    "contenders",
    "leaky_delta",
    "marked_decay",
    "marked_delta",
    "pre_gated",
]

LEAK = 0.02
"""Share of each weight that the leaky delta rule forgets, at a rate of 1."""


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
    "delta": rules.delta,
    "delta with a leak": leaky_delta,
    "decay, modulated": marked_decay,
    "delta, modulated": marked_delta,
}
"""The rules that write a matrix, by name."""

LISTS: dict[str, dict[str, Any]] = {
    "list": {},
    "list of the rewarded": {"marked": True},
    "list with order": {"recency": 0.5},
}
"""Lists that softmax reads, by name."""


class Contender(NamedTuple):
    """A memory of the table.

    Attributes
    ----------
    kind : str, out of :data:`hebbnotes.arena.place.KINDS`
    memory : Memory
    numbers : float, of state
    bits : float, of state, where a number has ``log2(2 * range + 1)`` and a sign 1
    """

    kind: str
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
    found = {
        name: Contender(_kind(name), Matrix(rule, RATES, noise, writes), d * d, d * d * level)
        for name, rule in RULES.items()
    }
    for equal in ("numbers", "bits"):
        pairs = pairs_of(code, min(writes, 1e6), equal)
        for name, how in LISTS.items():
            memory = Buffer(pairs=pairs, noise=noise, **how)
            bits = 2 * d * pairs * (level if CODES[code].graded else 1)
            found[f"{name}, equal {equal}"] = Contender("list", memory, 2 * d * pairs, bits)
    if not CODES[code].graded:
        found["BCPNN"] = Contender("local", Bayesian(noise=noise), d * d + 2 * d, torch.nan)
        found["chain of four"] = Contender(
            "local", Chain(noise=noise, writes=writes), 4 * d * d, 4 * d * d * level
        )
    return found


def _kind(name: str) -> str:
    return "supplied" if "delta" in name or "modulated" in name else "local"
