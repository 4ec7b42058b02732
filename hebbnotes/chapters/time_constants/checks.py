"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hebbnotes.check import expect, numbers, tensors

__all__ = ["decay", "gaps", "surrogate", "wiring"]


def wiring(weight: Callable[[float, float], float]) -> None:
    """Check a reader's weight ``f(tau, slow)`` by which a cell that excites itself gets slower.

    The level of the cell is followed in small steps; after a time of ``slow`` it must be 1/e.
    """
    weight = numbers(weight, "f(tau, slow) -> a number")
    for tau, slow in ((3.0, 96.0), (10.0, 11.0), (5.0, 5.0), (0.5, 40.0)):
        w = weight(tau, slow)
        expect(
            w < 1,
            f"from {tau:g} to {slow:g} steps your weight is {w:g}: nothing would leak any more. "
            "What is poured back must be less than what runs out",
        )
        steps = 200_000
        left = (1 + (w - 1) * slow / (steps * tau)) ** steps
        expect(
            left > 0.99 / math.e,
            f"from {tau:g} to {slow:g} steps your weight {w:.4g} is too small: after {slow:g} "
            f"steps {left:.3f} of the level is left, less than 1/e",
        )
        expect(
            left < 1.01 / math.e,
            f"from {tau:g} to {slow:g} steps your weight {w:.4g} is too large: after {slow:g} "
            f"steps {left:.3f} of the level is left, more than 1/e",
        )
    print("Yes: each cell is as slow as it was asked to be.")


def decay(factor: Callable[[float, float], float]) -> None:
    """Check a reader's share ``f(tau, dt)`` that a leaky cell keeps of its level in a time dt."""
    factor = numbers(factor, "f(tau, dt) -> a number")
    for tau in (0.7, 3.0, 50.0):
        for dt in (0.1, 1.0, 4.0):
            kept = factor(tau, dt)
            expect(
                0 < kept < 1,
                f"with a time constant of {tau:g} a cell keeps a share between 0 and 1 in a time "
                f"of {dt:g}, got {kept:g}",
            )
            halves = factor(tau, dt / 2) ** 2
            expect(
                math.isclose(kept, halves, rel_tol=1e-6),
                f"two half steps must keep as much as a whole one: with {tau:g} and {dt:g} they "
                f"keep {halves:.4g}, and the whole one {kept:.4g}",
            )
            expect(
                factor(2 * tau, dt) > kept,
                f"a slower cell must keep more: in a time of {dt:g} your cell of {2 * tau:g} keeps "
                f"less than that of {tau:g}",
            )
        after = factor(tau, tau)
        expect(
            math.isclose(after, 1 / math.e, rel_tol=1e-6),
            f"after one time constant 1/e = {1 / math.e:.3f} is left, got {after:.3f}",
        )
    print("Yes: a share, the same in one step or in two, larger for slower cells, 1/e after tau.")


def gaps(count: Callable[[Sequence[float]], float]) -> None:
    """Check a reader's number ``f(taus)`` of gaps that levels of unconnected cells tell apart.

    It is the rank of the levels of all cells at many gaps after one pulse.
    """
    count = numbers(count, "f(taus) -> a number")
    since = torch.arange(1, 200, dtype=torch.float64)
    for taus in ([5.0], [2.0, 30.0], [4.0, 4.0, 4.0], [2.0, 40.0, 2.0], [1.0, 8.0, 60.0, 60.0]):
        levels = torch.exp(-since[:, None] / torch.tensor(taus, dtype=torch.float64))
        rank, told = int(torch.linalg.matrix_rank(levels)), count(taus)
        expect(
            told <= rank,
            f"cells with time constants {taus} cannot tell {told:g} gaps apart: "
            "what does a second cell with the same time constant know that the first does not?",
        )
        expect(
            told == rank,
            f"cells with time constants {taus} tell more than {told:g} gaps apart: how many "
            "curves do their levels draw of which none is a sum of the others?",
        )
    print("Yes: as many as there are different time constants.")


def surrogate(spike: Callable[[Tensor, float], Tensor]) -> None:
    """Check a reader's spike ``f(v, beta)`` with a slope of its own, v counted from threshold."""
    spike = tensors(spike, "f(v, beta) -> a tensor")

    def slope(at: Tensor, beta: float) -> tuple[Tensor, Tensor]:
        v = at.clone().requires_grad_()
        out = spike(v, beta)
        expect(
            out.shape == at.shape,
            f"it must return one number for each voltage, shape {tuple(at.shape)}, got "
            f"{tuple(out.shape)}",
        )
        expect(
            out.requires_grad,
            "no gradient comes back at all: is it a function of torch.autograd, with a backward?",
        )
        (back,) = torch.autograd.grad(out.sum(), v)
        return out.detach(), back

    at = torch.tensor([-3.0, -1.0, -0.2, -0.01, 0.01, 0.2, 1.0, 3.0], dtype=torch.float64)
    for beta in (1.0, 5.0):
        out, back = slope(at, beta)
        expect(
            torch.equal(out, (at > 0).double()),
            "forwards it must be exactly 1 above the threshold and 0 below",
        )
        expect((back > 0).all(), "its slope must be above 0 everywhere, also far from threshold")
        expect(
            torch.allclose(back, back.flip(0)),
            "its slope must be the same at the same distance above and below the threshold",
        )
        expect(
            (back[4:].diff() < 0).all(),
            "its slope must be largest at the threshold, and fall with the distance from it",
        )
    (_, wide), (_, narrow) = slope(at, 1.0), slope(at, 10.0)
    expect(
        narrow[-1] / narrow[4] < wide[-1] / wide[4],
        "a larger beta must make the hump of the slope narrower",
    )
    print("Yes: all or nothing forwards, and backwards a hump around the threshold.")
