"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes.chapters.three_factor_rules import bandit, matched
from hebbnotes.check import expect, numbers, tensors

__all__ = ["best_trace", "standstill", "surprising"]


def best_trace(best: Callable[[float, float], float]) -> None:
    """Check a reader's best time constant ``f(d, r)`` for one delay and a rate of chance pairs."""
    best = numbers(best, "f(d, r) -> a number")
    for delay, rate in ((0.12, 4.0), (1.0, 0.3), (2.0, 1.0), (7.0, 25.0)):
        tau = best(delay, rate)
        expect(tau > 0, f"a time constant is above 0, got {tau:g}")
        here, faster, slower = (
            float(matched.at_fixed_delay(factor * tau, delay, rate)) for factor in (1, 0.9, 1.1)
        )
        expect(
            here >= faster,
            f"for a delay of {delay:g} s your {tau:g} s is too long: a trace that is a tenth "
            "shorter tells more. Is the noise in?",
        )
        expect(
            here >= slower,
            f"for a delay of {delay:g} s your {tau:g} s is too short: a trace that is a tenth "
            "longer tells more. The noise grows only as the root of the time constant",
        )
    print("Yes: neither a tenth shorter nor a tenth longer would tell more.")


def surprising(mark: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's mark ``f(x, y, p)`` that needs no baseline, by all answers of a few units.

    The units answer 1 with the probability ``p = sigmoid(x @ w)``.
    """
    mark = tensors(mark, "f(x, y, p) -> a tensor")
    g = torch.Generator().manual_seed(4)
    for n, m in ((1, 1), (2, 3), (3, 2)):
        w = torch.randn(n, m, generator=g, dtype=torch.float64)
        x = torch.randn(n, generator=g, dtype=torch.float64)
        every = bandit.answers(m)
        reward = torch.randn(len(every), generator=g, dtype=torch.float64)

        def chances(w: Tensor, x: Tensor = x, every: Tensor = every) -> Tensor:
            return bandit.likelihood(torch.sigmoid(x @ w), every)

        p, chance = torch.sigmoid(x @ w), chances(w)
        marks = [mark(x, y, p) for y in every]
        expect(
            marks[0].shape == (n, m),
            f"it must hold a number for each synapse, shape ({n}, {m}), got "
            f"{tuple(marks[0].shape)}",
        )
        e = torch.stack(marks).double()
        mean = torch.einsum("a,aij->ij", chance, e)
        expect(
            mean.abs().max() < 1e-6,
            "its mean over all answers, each as often as it comes, must be 0 for each input: "
            "what does a unit answer on average?",
        )
        slope = torch.func.jacrev(lambda w, c=chances, r=reward: c(w) @ r)(w)
        found = torch.einsum("a,a,aij->ij", chance, reward, e)
        expect(
            torch.allclose(found, slope, atol=1e-6),
            "its covariance with the reward is not the slope of the mean reward: "
            "by how much does the input count, and with which sign?",
        )
    print("Yes: its mean is 0, and its covariance with any reward is the slope of the mean reward.")


def standstill(moment: Callable[[float, float], float]) -> None:
    """Check a reader's time ``f(a_plus, a_minus)`` at which marks of 1 s and 3 s cancel."""
    moment = numbers(moment, "f(a_plus, a_minus) -> a number")
    for a_plus, a_minus in ((2.0, 1.0), (1.3, 1.2), (9.0, 0.5)):
        at = moment(a_plus, a_minus)

        def change(t: float, up: float = a_plus, down: float = a_minus) -> float:
            later = torch.tensor(t, dtype=torch.float64)
            return float(up * torch.exp(-later) - down * torch.exp(-later / 3))

        expect(at > 0, f"the marks are larger for LTP at first, so it takes a while, got {at:g} s")
        expect(
            change(0.99 * at) > 0,
            f"with A+ = {a_plus:g} and A- = {a_minus:g} a bell at {at:g} s comes too late: "
            "the synapse shrinks already",
        )
        expect(
            change(1.01 * at) < 0,
            f"with A+ = {a_plus:g} and A- = {a_minus:g} a bell at {at:g} s comes too early: "
            "the synapse still grows",
        )
    print("Yes: just before it grows, and just after it shrinks.")
