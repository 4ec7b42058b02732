"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.check import expect, numbers, tensors

__all__ = ["exchange", "floor", "rest"]

TRIALS = (
    ("as often as not", [("AB", "left"), ("AB", "right")] * 3, 1 / 2),
    ("one offer has one right answer", [("AB", "left"), ("AB", "right"), ("AC", "left")], 2 / 3),
    ("the offer says it all", [("AB", "left"), ("AC", "right"), ("AC", "right")], 1.0),
    ("three answers", [("AB", "left"), ("AB", "right"), ("AB", "up"), ("AB", "up")], 1 / 2),
)


def rest(after: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Check a reader's ``f(value, price)``: where connections rest that are paid for.

    It must meet the conditions of a minimum of ``(w - value)**2 / 2 + price * abs(w)``.
    """
    after = tensors(after, "f(value, price) -> a tensor")
    g = torch.Generator().manual_seed(0)
    for value, price in (
        (torch.tensor([2.0, -2.0, 0.5, 0.0], dtype=torch.float64), torch.full((4,), 0.8).double()),
        (torch.randn(50, generator=g).double(), torch.rand(50, generator=g).double()),
        (torch.randn(6, 6, generator=g).double(), torch.zeros(6, 6).double()),
    ):
        w = after(value.clone(), price.clone())
        expect(
            w.shape == value.shape,
            f"it must return one weight for each value, shape {tuple(value.shape)}, got "
            f"{tuple(w.shape)}",
        )
        gone, gap = w == 0, value - w
        dear = gone & (value.abs() > price + 1e-6)
        expect(not dear.any(), _at("a connection worth more than its price is gone", dear, value))
        turned = ~gone & (w * value < 0)
        expect(not turned.any(), _at("a weight has another sign than its value", turned, value))
        wrong = ~gone & ((gap - price * value.sign()).abs() > 1e-5)
        expect(
            not wrong.any(),
            _at("what is left must be smaller than its value by just the price", wrong, value),
        )
    print("Yes: what is worth less than its price is gone, the rest is smaller by the price.")


def _at(what: str, where: Tensor, value: Tensor) -> str:
    """Say what is wrong, with the first value at which it is."""
    return f"{what}, for example the value {value[where][0].item():.3g}" if where.any() else what


def floor(share: Callable[[Sequence[tuple[str, str]]], float]) -> None:
    """Check a reader's ``f(trials)``: how often one can be right who sees only the offer.

    Trials are pairs of an offer and its right answer; the order of trials must not matter.
    """
    share = numbers(share, "f(trials) -> a number")
    for what, trials, right in TRIALS:
        for order in (trials, trials[::-1], trials[1:] + trials[:1]):
            told = share(list(order))
            expect(
                told <= right + 1e-6,
                f"{what}: nobody who sees only the offer is right in {told:.1%} of {trials}",
            )
            expect(
                told >= right - 1e-6,
                f"{what}: one can be right more often than in {told:.1%} of {trials}, by saying "
                "for each offer what is most often right there",
            )
    print("Yes: for each offer the answer that is most often right, and no more.")


def exchange(
    allowed: Callable[[Tensor, tuple[int, int], tuple[int, int], Tensor, float], bool],
) -> None:
    """Check a reader's ``f(links, one, other, d, tolerance)``: whether links may exchange ends.

    ``one`` is (i, j) and ``other`` (k, l); they would become i-l and k-j. It is right to allow it
    if all degrees stay, no link is doubled or leads to its own cell, and the new lengths, the
    shorter first, differ from the old ones by less than the tolerance.
    """
    form = "f(links, one, other, d, tolerance) -> True or False"
    _checks.function("the answer", allowed, form)
    g = torch.Generator().manual_seed(1)
    n = 9
    at = torch.tensor([(k // 3, k % 3) for k in range(n)], dtype=torch.float64)
    d = torch.cdist(at, at)
    links = torch.rand(n, n, generator=g).triu(1) > 0.6
    links = links | links.T
    ends = [(i, j) for i, j in links.nonzero().tolist()]  # in both directions
    for one in ends:
        for other in ends:
            for tolerance in (0.1, 0.6, 10.0):
                told = allowed(links.clone(), one, other, d.clone(), tolerance)
                expect(
                    told is not None,
                    f"it must return True or False, got nothing: {form}, with a return",
                )
                expect(
                    isinstance(told, bool) or getattr(told, "dtype", None) == torch.bool,
                    f"it must return True or False, got {_checks.got(told)}: write {form}",
                )
                fault = _fault(links, one, other, d, tolerance)
                (i, j), (k, m) = one, other
                change = f"{i}-{j} and {k}-{m} become {i}-{m} and {k}-{j}"
                if fault:
                    expect(not told, f"{change} must be refused: {fault}")
                else:
                    expect(told, f"{change} may be allowed, with a tolerance of {tolerance:g}")
    print("Yes: each cell keeps its number of links, and each link its length.")


def _fault(
    links: Tensor, one: tuple[int, int], other: tuple[int, int], d: Tensor, tolerance: float
) -> str:
    """Say why two links may not exchange their ends, by what the network would be after it."""
    (i, j), (k, m) = one, other
    if i == m or k == j:
        return "a cell would be linked to itself"
    if {i, j} == {k, m}:
        return "it is one and the same link"
    if links[i, m] or links[k, j]:
        return "there is such a link already, and a cell would lose one"
    old, new = sorted((d[i, j], d[k, m])), sorted((d[i, m], d[k, j]))
    if max(abs(a - b) for a, b in zip(old, new, strict=True)) >= tolerance:
        return "lengths would change by more than is tolerated"
    return ""
