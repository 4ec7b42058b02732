"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from hebbnotes.check import expect, tensors
from hebbnotes.plasticity.rules import Rule, oja, sanger

__all__ = ["components", "mean_of_wins", "resting"]


def resting(rests: Callable[[Tensor], Tensor]) -> None:
    """Check a reader's fixed points of Oja's averaged rule, rows, of mean products C (n, n)."""
    rests = tensors(rests, "rests(c) -> a tensor")
    for n in (1, 2, 4):
        draws = torch.randn(50, n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
        c = draws.T @ draws / 50
        answer = rests(c)
        expect(
            answer.shape[1:] == (n,),
            f"each row must be a vector of {n} weights, got shape {tuple(answer.shape)}",
        )
        for w in answer.double():
            moves = c @ w - (w @ c @ w) * w
            length = w.norm().item()
            expect(
                moves.norm() < 1e-6,
                f"a row of length {length:.2f} does not rest: "
                "is it an eigenvector, and of which length?",
            )
        apart = torch.cdist(answer.double(), answer.double()) + torch.eye(
            len(answer), dtype=torch.float64
        )
        expect(len(answer) < 2 or apart.min() > 1e-6, "two rows are the same")
        expect(
            bool((answer.norm(dim=1) < 1e-9).any()),
            "one rest is missing: where does a rule stop that multiplies by its output?",
        )
        expect(
            len(answer) == 2 * n + 1,
            f"there are {2 * n + 1} rests for {n} inputs, got {len(answer)}: "
            "does w rest if -w does?",
        )
    print("Yes: nothing at all, and each eigenvector with length 1 and either sign.")


def components(rule: Rule) -> None:
    """Check a reader's version of Sanger's rule."""
    rule = tensors(rule, "rule(w, pre, post) -> dw")
    # four inputs; the axes are the components
    x = 2 * torch.diag(torch.tensor([2.0, 1.5, 1.0, 0.5]).sqrt())

    def mean(rule: Rule, w: Tensor) -> Tensor:
        return torch.stack([rule(w, pre, pre @ w) for pre in x]).mean(0)

    w = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    change = rule(w, x[0], x[0] @ w)
    expect(
        getattr(change, "shape", None) == w.shape,
        "it must return a change for each weight, a tensor of the shape of w",
    )
    alone = w[:, :1]
    expect(
        torch.allclose(mean(rule, alone), mean(oja, alone), atol=1e-5),
        "one unit alone must learn by Oja's rule",
    )
    for j in range(3):
        seen = _matters(rule, j)
        expect(
            not any(seen[j + 1 :]),
            f"unit {j} (counted from 0) reads a unit after it: which units come before?",
        )
        expect(
            all(seen[: j + 1]),
            f"unit {j} (counted from 0) must read itself and all units before it",
        )
    rest = mean(rule, torch.eye(4, 3)).norm()
    expect(
        rest < 1e-5,
        "the principal components, the largest first, must be at rest: "
        "what do the units before take away?",
    )
    same = torch.allclose(mean(rule, w), mean(sanger, w), atol=1e-5)
    expect(
        same,
        "at other weights it is not Sanger's rule: "
        "what is taken away, how much of it, and with which sign?",
    )
    print(
        "Yes: Oja's rule for the first unit, each further one reads those before it, "
        "and the components in order are at rest."
    )


def mean_of_wins(weights: Callable[[Iterator[Tensor]], Tensor]) -> None:
    """Check a reader's weights after a number of wins; the inputs come once, one after another."""
    weights = tensors(weights, "weights(inputs) -> a tensor")
    g = torch.Generator().manual_seed(5)
    for n in (1, 2, 7):
        won = torch.rand(n, 3, generator=g) + torch.arange(n)[:, None]
        answer = weights(iter(won))
        expect(
            getattr(answer, "shape", None) == (3,),
            "it must return the weights, one for each of 3 inputs",
        )
        expect(
            n == 1 or not torch.allclose(answer, won[-1]),
            "only the last input is left: is the rate 1 each time?",
        )
        expect(
            torch.allclose(answer, won.mean(0), atol=1e-5),
            f"after {n} wins it is not their mean: which rate lets the first input count "
            "as much as the last, and from which win on is n counted?",
        )
    print("Yes: the mean of all that it won, and none of them was kept.")


def _matters(rule: Rule, j: int) -> list[bool]:
    """Return whether the activity of each unit changes what a synapse onto unit j learns."""
    g = torch.Generator().manual_seed(3)
    w, pre, post = (torch.rand(shape, generator=g) + 0.5 for shape in ((4, 3), (4,), (3,)))
    dw = rule(w, pre, post)[1, j]
    return [bool((rule(w, pre, post + more)[1, j] - dw).abs() > 1e-4) for more in torch.eye(3)]
