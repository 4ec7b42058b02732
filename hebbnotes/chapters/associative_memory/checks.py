"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import memories
from hebbnotes.check import expect, numbers, tensors

__all__ = ["attention", "crosstalk", "self_support"]


def crosstalk(error: Callable[[float], float]) -> None:
    """Check a reader's share of units that leave a stored pattern, as a function of the load P
    / N.
    """
    loads = (0.1, 0.15, 0.3, 1.0)
    error = numbers(error, "error(load) -> a share")
    shares = [error(load) for load in loads]
    expect(
        all(0 <= value <= 0.5 for value in shares),
        f"it must be a share between 0 and one half, got {shares}",
    )
    expect(
        _growing(shares), f"more patterns disturb more: it must grow with the load, got {shares}"
    )
    for load, value in zip(loads[1:], shares[1:], strict=True):
        seen = memories.simulated_error(load, torch.Generator().manual_seed(0))
        expect(
            abs(value - seen) < 0.1 * seen + 0.001,
            f"at a load of {load:g} a network has {seen:.4f}, you say {value:.4f}",
        )
    print("Yes: it grows with the load, and a network of 1,000 units agrees.")


def self_support(stays: Callable[[float], float]) -> None:
    """Check a reader's share of the units of a *random* state that stay, if the diagonal
    is kept.
    """
    loads = (0.01, 0.2, 1.0, 4.0)
    stays = numbers(stays, "stays(load) -> a share")
    shares = [stays(load) for load in loads]
    expect(
        all(0.5 <= value <= 1 for value in shares),
        f"support can only help: it must be a share from 0.5 to 1, got {shares}",
    )
    expect(_growing(shares), f"each pattern adds to the diagonal: it must grow, got {shares}")
    for load, value in zip(loads[1:], shares[1:], strict=True):
        seen = 1 - memories.simulated_error(
            load, torch.Generator().manual_seed(0), diagonal=True, stored=False
        )
        expect(
            abs(value - seen) < 0.01,
            f"at a load of {load:g} a network keeps {seen:.3f} of its units, you say {value:.3f}",
        )
    print(
        "Yes: one half for an empty memory, and the more the fuller it is, "
        "as in a network of 1,000 units."
    )


def attention(head: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's attention head, of queries (B, d), keys (P, d) and values (P, m).

    With patterns as keys and values it must be the modern memory, of states times ``beta *
    sqrt(d)``.
    """
    head = tensors(head, "head(queries, keys, values) -> a tensor")
    g = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(shape, generator=g) for shape in ((3, 9), (5, 9), (5, 4)))
    answer, order = head(q, k, v), torch.randperm(5, generator=g)
    expect(
        getattr(answer, "shape", None) == (3, 4),
        "it must return one row for each query, as long as a value",
    )
    ones = head(q, k, torch.ones(5, 4))
    expect(
        torch.allclose(ones, torch.ones(3, 4), atol=1e-5),
        "if all values are 1, so is their mean: do a query's weights sum to 1?",
    )
    expect(
        torch.allclose(head(q, k[order], v[order]), answer, atol=1e-5),
        "the order of the pairs must not matter",
    )
    wanted = torch.softmax(q @ k.T / 3, 1) @ v
    expect(
        torch.allclose(answer, wanted, atol=1e-5),
        "are the products of queries and keys divided by the root of the length of a key?",
    )
    modern = memories.modern_step(k, q, 0.7)
    expect(
        torch.allclose(head(0.7 * 3 * q, k, k), modern, atol=1e-5),
        "with patterns as keys and values it is not the modern memory",
    )
    print("Yes: a mean of the values, and with patterns as keys and values the modern memory.")


def _growing(values: list[float]) -> bool:
    """Tell whether each value is above the one before."""
    return all(a < b for a, b in itertools.pairwise(values))
