"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.check import expect, numbers, tensors

__all__ = ["interneurons", "price", "trace"]


def price(bound: Callable[[Tensor], float]) -> None:
    """Check a reader's lower bound ``f(w)`` on the largest singular value of signed cells."""
    bound = numbers(bound, "f(w) -> a number")
    g = torch.Generator().manual_seed(6)
    for n in (3, 8, 30):
        sizes = torch.rand(n, n, generator=g, dtype=torch.float64).pow(2)
        pens = torch.where(torch.rand(n, 1, generator=g, dtype=torch.float64) < 0.5, -1.0, 1.0)
        value, signed = bound(sizes), bound(pens * sizes)
        expect(
            abs(value - signed) < 1e-9 * abs(value),
            f"it must not know the signs of cells: {value:g} with pluses alone, {signed:g} with "
            "some rows turned. Take the sizes before the mean, or the length of the row sums",
        )
        first = torch.linalg.svdvals(pens * sizes)[0].item()
        expect(
            signed <= first * (1 + 1e-9),
            f"it must be no larger than the largest singular value, {first:g} here, got {signed:g}",
        )
        twice = bound(2 * sizes)
        expect(
            abs(twice - 2 * value) < 1e-9 * abs(twice),
            f"weights of twice the size are stretched twice as much: {value:g} became {twice:g}",
        )
        rows = sizes[:, :1].expand(n, n)
        met, reached = bound(pens * rows), torch.linalg.svdvals(rows)[0].item()
        expect(
            abs(met - reached) < 1e-9 * reached,
            f"where each cell sends the same to all, the bound is met: {reached:g}, got {met:g}. "
            "Of the means take the root of the mean square",
        )
    print("Yes: it knows no sign, is never too large, and is met where each sends the same to all.")


def trace(form: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's signed trace ``f(both, sent, received, share)``, made of traces of rates.

    ``both`` (n, n), ``sent`` (n,), ``received`` (n,) and ``share`` () follow the products of two
    rates, the sender's rate, the receiver's, and 1.
    """
    form = tensors(form, "f(both, sent, received, share) -> a tensor")
    g = torch.Generator().manual_seed(7)
    for n, eta in ((2, 0.3), (5, 0.017), (7, 0.9)):

        def rates(n: int = n) -> Tensor:
            return torch.rand(n, generator=g, dtype=torch.float64)

        past = torch.rand(4, n, generator=g, dtype=torch.float64)
        before, after = past[:2], past[2:]  # pairs that were written before the start
        parts = [
            torch.einsum("ki,kj->ij", before, after),
            before.sum(0),
            after.sum(0),
            torch.tensor(2.0, dtype=torch.float64),
        ]
        wanted = torch.einsum("ki,kj->ij", 2 * before - 1, 2 * after - 1)
        r = rates()
        for t in range(6):
            mine = form(*parts)
            expect(
                mine.shape == (n, n),
                f"it must hold a number for each pair, shape ({n}, {n}), got {tuple(mine.shape)}",
            )
            off = (mine - wanted).abs().max().item()
            expect(off < 1e-10, f"after {t} steps it is off by {off:.2g}: {_mend(form, n)}")
            pre, r = r, rates()
            y, x = 2 * r - 1, 2 * pre - 1
            now = (torch.outer(pre, r), pre, r, torch.ones((), dtype=torch.float64))
            parts = [part + eta * (new - part) for part, new in zip(parts, now, strict=True)]
            wanted = wanted + eta * (torch.outer(x, y) - wanted)
    print("Yes: to ten decimals, after any number of steps and from any past.")


def _mend(form: Callable[..., Tensor], n: int) -> str:
    """Say which part of a reader's form is wrong, by giving it one part at a time."""
    generator = torch.Generator().manual_seed(1)
    one, other = torch.rand(2, n, generator=generator, dtype=torch.float64)
    pairs = torch.outer(one, other)
    none, nothing = torch.zeros(n, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    blank, whole = torch.zeros(n, n, dtype=torch.float64), torch.ones((), dtype=torch.float64)
    probes = {
        "what both ends did": ((pairs, none, none, nothing), 4 * pairs),
        "what the sender did": ((blank, one, none, nothing), -2 * one[:, None].expand(n, n)),
        "what the receiver did": ((blank, none, one, nothing), -2 * one.expand(n, n)),
        "the share": ((blank, none, none, whole), torch.ones(n, n, dtype=torch.float64)),
    }
    for name, (given, right) in probes.items():
        if not torch.allclose(form(*given), right, atol=1e-9):
            return f"look at {name}. Write (2 a - 1)(2 b - 1) out, and mind rows and columns"
    return "each part is right by itself; they must be added"


def interneurons(make: Callable[[int, int], tuple[Tensor, Tensor]]) -> None:
    """Check a reader's k interneurons ``f(n, k) -> heard (n, k), inhibited (k, n)``."""
    _checks.function("the answer", make, "f(n, k) -> heard, inhibited")
    for n, k in ((4, 1), (6, 2), (12, 5), (7, 3), (9, 9)):
        made = make(n, k)
        expect(
            made is not None,
            "it must return two tensors, got nothing: write f(n, k) -> heard, inhibited, which "
            "ends with return",
        )
        pair = isinstance(made, tuple | list) and len(made) == 2
        expect(
            pair and all(isinstance(one, Tensor) for one in made),
            "it must return two tensors, heard and inhibited: return heard, inhibited",
        )
        heard, inhibited = (one.double() for one in made)
        expect(
            heard.shape == (n, k) and inhibited.shape == (k, n),
            f"for {n} cells and {k} interneurons the shapes must be ({n}, {k}) and ({k}, {n}), got "
            f"{tuple(heard.shape)} and {tuple(inhibited.shape)}",
        )
        expect(
            bool((heard >= 0).all() and (inhibited >= 0).all()),
            "no strength may be below 0: excitatory cells write plus, and the minus is taken once",
        )
        away = (torch.eye(n, dtype=torch.float64) - heard @ inhibited).norm().item()
        best = (n - k) ** 0.5
        expect(
            away < best + 1e-4,
            f"{k} interneurons for {n} cells can come to {best:.3g} of the identity, yours are "
            f"{away:.3g} away. Who shares one should get the mean of what its group did",
        )
    print("Yes: no strength below 0, and as near to private inhibition as so few can be.")
