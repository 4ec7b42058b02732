"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable
from itertools import product

import torch

from hebbnotes import check
from hebbnotes.check import expect, numbers
from hebbnotes.plasticity.rules import Rule

__all__ = ["forgetting", "hebbian", "majority"]


def hebbian(rule: Rule) -> None:
    """Check a reader's version of Hebb's rule."""
    check.local(rule)
    w, pre, post = torch.zeros(2, 2), torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    dw = rule(w, pre, post)
    expect(
        dw[1].eq(0).all(),
        "a presynaptic activity of 0 must leave its synapses as they are: look at pre",
    )
    expect(
        dw[:, 0].eq(0).all(),
        "a postsynaptic activity of 0 must leave its synapses as they are: look at post",
    )
    expect(
        dw[0, 1] > 0,
        "units that are active together must be connected more strongly: look at the sign",
    )
    expect(
        torch.allclose(rule(w, 2 * pre, post), 2 * dw),
        "twice the presynaptic activity must give twice the change",
    )
    expect(
        torch.allclose(rule(w, pre, 2 * post), 2 * dw),
        "twice the postsynaptic activity must give twice the change",
    )
    print(
        "Yes: local, positive for joint activity, nothing where one of the two is 0, "
        "proportional to both."
    )


def forgetting(share: Callable[[float, int], float]) -> None:
    """Check a reader's share of a memory that is left after some steps of the decay rule."""
    share = numbers(share, "share(eta, steps) -> a number")
    for eta in (0.0, 0.02, 0.3):
        expect(share(eta, 0) == 1, "a memory of age 0 must be whole: share(eta, 0) = 1")
        expect(share(eta, 9) <= share(eta, 4), "a memory must not grow with its age")
        expect(
            abs(share(eta, 7) - share(eta, 3) * share(eta, 4)) < 1e-9,
            "seven steps must forget as three and then four steps do",
        )
        expect(
            abs(share(eta, 1) - (1 - eta)) < 1e-9,
            "one step must lose the share eta: that is what eta * (-w) does",
        )
    print(
        "Yes: whole when new, never growing, the same in one stretch as in two, "
        "and losing eta at each step."
    )


def majority(share: Callable[[int], float]) -> None:
    """Check a reader's share of wrong bits, if the majority of an odd number of patterns answers.

    All ways in which the patterns can set a bit are listed, and the minority of each is counted.
    """
    share = numbers(share, "share(n_patterns) -> a number")
    expect(share(1) == 0, "the majority of one pattern is that pattern, and has no wrong bit")
    for n in (3, 5, 7):
        ways = list(product((0, 1), repeat=n))
        outvoted = sum(min(sum(way), n - sum(way)) for way in ways)
        expect(
            abs(share(n) - outvoted / (n * len(ways))) < 1e-9,
            f"with {n} patterns there are {len(ways)} ways to set a bit, all as probable: "
            "count in each how many patterns are outvoted",
        )
    print("Yes: none for one pattern, and what counting all cases gives for three, five and seven.")
