"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.check import expect, numbers, tensors

__all__ = ["neighbours", "rings", "winding"]


def _waves(n: int, generator: torch.Generator) -> Tensor:
    """Return a smooth map on a sheet that closes on itself, complex, shape (n, n)."""
    at = torch.arange(n, dtype=torch.float64)
    z = torch.zeros(n, n, dtype=torch.complex128)
    for ky, kx in ((0, 1), (1, 0), (1, 1), (1, -1), (2, 1), (-1, 2), (0, -1), (-2, 0)):
        size, phase = torch.rand(2, generator=generator, dtype=torch.float64)
        angle = 2 * math.pi * ((ky * at[:, None] + kx * at) / n + phase)
        z = z + (0.5 + size) * torch.polar(torch.ones_like(angle), angle)
    return z


def winding(count: Callable[[Tensor], Tensor]) -> None:
    """Check a reader's winding numbers ``f(z) -> (h, w)`` of a map z (h, w) that closes on itself.

    Entry (i, j) belongs to the walk from cell (i, j) to the right, down, to the left and up.
    """
    count = tensors(count, "f(z) -> a tensor")
    n = 24
    at = 2 * math.pi * (torch.arange(n, dtype=torch.float64) + 0.5) / n
    z = torch.complex(at.sin().expand(n, n), at.sin()[:, None].expand(n, n))
    mine = count(z)
    expect(
        mine.shape == z.shape,
        f"it must hold a number for each square of four cells, {tuple(z.shape)}, got "
        f"{tuple(mine.shape)}: let the last row and column go on at the first, with roll",
    )
    mine = mine.double()
    expect(
        bool(((mine - mine.round()).abs() < 1e-6).all() and (mine.abs() < 1.5).all()),
        f"each number must be -1, 0 or 1, got values from {mine.min():.3g} to {mine.max():.3g}. "
        "Bring each difference between two cells into -pi to pi before you add the four, and "
        "divide the sum by 2 pi",
    )
    found = int(mine.abs().round().sum())
    expect(
        found == 4,
        f"the map sin x + i sin y has four pinwheels on its sheet, you count {found}. Is each "
        "difference taken from one cell to the next along the walk, and the four steps closed?",
    )
    middle = n // 2 - 1
    places = {(n - 1, n - 1): 1, (n - 1, middle): -1, (middle, n - 1): -1, (middle, middle): 1}
    signs = {at: int(mine[at].round()) for at in places}
    expect(
        any(signs[at] != 0 for at in places),
        "the pinwheels are there, in other squares: entry (i, j) is the square whose upper left "
        "cell is (i, j)",
    )
    expect(
        signs == places,
        "the signs are turned: on a walk to the right, down, to the left and up, angles that grow "
        "are +1. Does your walk go the other way round?",
    )
    g = torch.Generator().manual_seed(3)
    for _ in range(3):
        z = _waves(20, g)
        mine = count(z).double()
        total = mine.sum().item()
        expect(
            abs(total) < 1e-6,
            f"on a sheet that closes on itself all numbers add to 0, yours to {total:.3g}",
        )
        turned = count(z * torch.exp(torch.tensor(1.3j, dtype=z.dtype))).double()
        expect(
            torch.allclose(mine, turned, atol=1e-6),
            "turning all tilts alike must change nothing, and it does: bring differences into -pi "
            "to pi, not the angles themselves",
        )
        expect(
            torch.allclose(mine, -count(z.conj()).double(), atol=1e-6),
            "mirror all tilts, and each number must change its sign",
        )
    print("Yes: -1, 0 or 1 in each square, 0 in all, and blind to a turn of all tilts.")


def rings(density: Callable[[float, float], float]) -> None:
    """Check a reader's density ``f(k1, k2)`` of a Gaussian map with equal power on two rings."""
    density = numbers(density, "f(k1, k2) -> a number")
    for k in (0.3, 1.0, 4.0):
        same = density(k, k)
        expect(
            abs(same - math.pi) < 1e-9,
            f"two rings of one length are one ring, and the density pi; got {same:.6g}",
        )
    for k1, k2 in ((1.0, 3.0), (0.5, 0.7), (2.0, 0.1)):
        value, turned = density(k1, k2), density(k2, k1)
        expect(
            abs(value - turned) < 1e-9,
            f"it must not matter which ring is named first: {value:.6g} and {turned:.6g}",
        )
        expect(
            abs(value - density(5 * k1, 5 * k2)) < 1e-9,
            "a map that is enlarged has as many pinwheels per square of its spacing as before",
        )
        expect(
            value >= math.pi - 1e-9,
            f"no Gaussian map has less than pi, got {value:.6g} for {k1:g} and {k2:g}",
        )
        mean, square = (k1 + k2) / 2, (k1 * k1 + k2 * k2) / 2
        right = math.pi * square / mean**2
        expect(
            abs(value - right) < 1e-9,
            f"for {k1:g} and {k2:g} it is off by {value - right:.3g}. Take the mean of k over both "
            "rings, the mean of its square, and put them into the formula",
        )
    print("Yes: pi for one ring, more for two, whatever the scale.")


def neighbours(answer: Callable[[int, int, float], Tensor]) -> None:
    """Check a reader's answers ``f(s, n, sigma) -> (n * n,)`` of a sheet that closes on itself.

    Cell ``s`` of an n x n sheet, counted row by row, is the nearest to an input.
    """
    _checks.function("the answer", answer, "f(s, n, sigma) -> a tensor")
    answer = tensors(answer, "f(s, n, sigma) -> a tensor")
    for n, sigma in ((8, 1.2), (11, 2.0)):
        table = torch.stack([_row(answer, s, n, sigma) for s in range(n * n)])
        expect(
            bool((table.diagonal() - 1).abs().max() < 1e-6),
            f"the nearest cell answers with 1, got {table[0, 0]:.3g}",
        )
        expect(
            torch.allclose(table, table.T, atol=1e-6),
            "what cell a answers to b, b must answer to a",
        )
        first = table[0].view(n, n)
        for s in (1, n, 3 * n + 2):
            moved = first.roll((s // n, s % n), (0, 1)).flatten()
            expect(
                torch.allclose(table[s], moved, atol=1e-6),
                f"every place is alike: the answers around cell {s} must be those around cell 0, "
                "moved. Does your sheet close on itself? Of two ways round, take the shorter one",
            )
        one, two, aside = first[0, 1], first[0, 2], first[1, 1]
        expect(bool(one > two > 0), "who is further away must answer less, and more than 0")
        expect(
            abs(math.log(two) / math.log(one) - 4) < 1e-4
            and abs(math.log(aside) / math.log(one) - 2) < 1e-4,
            "the fall is not Gaussian: the logarithm must go with the square of the distance",
        )
        wanted = math.exp(-1 / (2 * sigma**2))
        expect(
            abs(one - wanted) < 1e-5,
            f"with sigma {sigma:g} the cell next door answers {one:.4g}: at a distance of sigma it "
            "must be e to the power -1/2",
        )
    narrow = _row(answer, 5, 6, 0.05)
    expect(
        bool(narrow.sum() < 1 + 1e-6),
        "with a sigma near 0 the nearest cell must answer alone: the winner takes all",
    )
    print("Yes: symmetric, alike everywhere, Gaussian; and with no width, the winner takes all.")


def _row(answer: Callable[..., Tensor], s: int, n: int, sigma: float) -> Tensor:
    """Return a reader's answers around one cell, or say that their shape is wrong."""
    row = answer(s, n, sigma)
    expect(
        row.shape == (n * n,),
        f"it must hold one answer for each of {n * n} cells, shape ({n * n},), got "
        f"{tuple(row.shape)}",
    )
    return row.double()
