"""What a memory of keys and values costs: numbers that are held, products, and seconds.

Shapes: T writes, each with a read before it, B episodes, n bits of a key and of a value.
"""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.fast_weights_and_attention.attention import read_softmax
from hebbnotes.plasticity import chunks, rules
from hebbnotes.plasticity.stepper import change

__all__ = ["WAYS", "loop", "numbers_held", "products", "seconds"]


def loop(rule: rules.Rule, k: Tensor, v: Tensor, q: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """Read and write step by step, and return all answers (T, B, n) and the last trace.

    Parameters
    ----------
    rule : callable
    k, v, q : Tensor (T, B, n)
    eta : float
    """
    w = k.new_zeros(k.shape[1], k.shape[2], v.shape[2])
    out = []
    for key, value, query in zip(k, v, q, strict=True):
        out.append((query.unsqueeze(1) @ w).squeeze(1))
        drive = (key.unsqueeze(1) @ w).squeeze(1)
        w = w + eta * change(rule, w, key, value, drive=drive)
    return torch.stack(out), w


def _softmax(k: Tensor, v: Tensor, q: Tensor) -> Tensor:
    """Compare each query with the keys before it; with the first, it has nothing to compare."""
    rows = [
        read_softmax(q[t : t + 1], k[:t], v[:t])[0] if t else torch.zeros_like(v[0])
        for t in range(len(k))
    ]
    return torch.stack(rows)


def _at_once(k: Tensor, v: Tensor, q: Tensor) -> Tensor:
    """Do the same in one product, in which what comes later is masked."""
    alike = q.transpose(0, 1) @ k.permute(1, 2, 0)  # (B, T, T)
    later = torch.ones(len(k), len(k), dtype=torch.bool).triu()
    later[0, 0] = False  # with nothing to compare, any share will do: it is set to 0
    share = alike.masked_fill(later, -torch.inf).softmax(-1)
    first = torch.zeros(len(k), 1, dtype=k.dtype).index_fill(0, torch.tensor(0), 1.0)
    return ((share * (1 - first)) @ v.transpose(0, 1)).transpose(0, 1)


WAYS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "Hebb, loop": lambda k, v, q: loop(rules.hebb, k, v, q, 0.1)[0],
    "delta, loop": lambda k, v, q: loop(rules.delta, k, v, q, 0.1)[0],
    "delta, chunks": lambda k, v, q: chunks.delta(k, v, q, 0.1)[0],
    "softmax": _softmax,
    "softmax, at once": _at_once,
}
"""What is timed, forwards and backwards."""


def numbers_held(way: str, writes: int, n: int) -> int:
    """Return how many numbers a memory holds after so many writes: a matrix, or all pairs."""
    return 2 * n * writes if way.startswith("softmax") else n * n


def products(way: str, writes: int, n: int) -> int:
    """Return how many products of two numbers it takes to write a pair and to read once, after so
    many writes.

    A trace takes ``n**2`` to write and as many to read; the delta rule reads twice, for the cell
    has to know what it expects; softmax writes for nothing and compares with all.
    """
    if way.startswith("softmax"):
        return 2 * n * writes
    return (3 if way.startswith("delta") else 2) * n * n


def seconds(
    way: str, writes: int, n: int, batch: int, generator: torch.Generator, least: float = 0.1
) -> float:
    """Return the CPU time in seconds of an episode, forwards and backwards: a median of trials.

    Parameters
    ----------
    way : str, of :data:`WAYS`
    writes, n, batch : int
    generator : torch.Generator
    least : float, seconds of measuring, at least
    """
    _checks.choice("way", way, (*WAYS,))
    _checks.generator(generator, "cpu")
    k, v, q = (
        torch.randn(writes, batch, n, generator=generator).div(n**0.5).requires_grad_()
        for _ in range(3)
    )
    found: list[float] = []
    while len(found) < 3 or sum(found) < least:
        start = time.process_time()
        torch.autograd.grad(WAYS[way](k, v, q).square().sum(), (k, v, q))
        found.append(time.process_time() - start)
    return statistics.median(found) / batch
