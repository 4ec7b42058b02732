"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks, check
from hebbnotes.check import expect, tensors
from hebbnotes.neurons.facilitation import Facilitation
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change

__all__ = ["all_heads", "only_missing", "sender_alone"]

_ITS, _STEP = Facilitation(rest=0.2, tau=1.5), 0.1  # what the exercise on facilitation asks for


def _drawn(g: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=g, dtype=torch.float64)


def all_heads(answers: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's ``f(alpha, q, k, v)``: the answers of all heads, one row for each."""
    answers = tensors(answers, "f(alpha, q, k, v) -> a tensor")
    g = torch.Generator().manual_seed(1)
    for d, m, t, rank in ((4, 3, 5, 1), (5, 5, 3, 2), (6, 4, 7, 4), (3, 5, 2, 3)):
        alpha = _drawn(g, d, rank) @ _drawn(g, rank, m)
        q, k, v = _drawn(g, d), _drawn(g, t, d), _drawn(g, t, m)
        mine = answers(alpha.clone(), q.clone(), k.clone(), v.clone())
        expect(
            mine.ndim == 2 and mine.shape[1] == m,
            f"it must have a row of {m} numbers for each head, got shape {tuple(mine.shape)}",
        )
        trace = k.mT @ v
        expect(
            torch.allclose(mine.sum(0), q @ (alpha * trace), atol=1e-6),
            "the heads do not add up to what the trace answers, q @ (alpha * trace): is every "
            "head weighed by its singular value, and b[r] multiplied to the answer?",
        )
        count = int((mine.abs() > 1e-6 * mine.abs().max()).any(1).sum())
        expect(
            count == rank,
            f"a matrix of rank {rank} has {rank} heads, you have {count} that speak"
            + ("" if count < rank else ": leave out singular values that are 0 but for rounding"),
        )
        expect(
            len(mine) == rank,
            f"{len(mine) - count} of your {len(mine)} heads say nothing: leave out singular "
            "values that are 0 but for rounding",
        )
        a, b = _drawn(g, d), _drawn(g, m)
        alone = answers(torch.outer(a, b), q.clone(), k.clone(), v.clone())
        right = b * (((q * a) @ k.mT) @ v)
        expect(
            alone.shape == (1, m) and torch.allclose(alone[0], right, atol=1e-6),
            "with alpha = outer(a, b) there is one head, b * sum of ((q * a) . k) v",
        )
        for row in mine:  # each speaks through one mask: its ratios are those of a rank-one read
            expect(_is_head(row, alpha, q, k, v), "a row is no head of alpha's decomposition")
    print("Yes: as many heads as ranks, and together they are the trace.")


def _is_head(row: Tensor, alpha: Tensor, q: Tensor, k: Tensor, v: Tensor) -> bool:
    a, sigma, b = torch.linalg.svd(alpha, full_matrices=False)
    all_of_them = sigma[:, None] * b * (((q[:, None] * a).mT @ k.mT) @ v)
    return bool((all_of_them - row).abs().amax(1).min() < 1e-6)


def only_missing(rule: Rule) -> None:
    """Check a reader's ``rule(w, pre, post, *, drive)``: local, downhill, and right at once."""
    form = "f(w, pre, post, *, drive) -> dw"
    _checks.function("the answer", rule, form)
    changed = tensors(lambda w, pre, post, drive: change(rule, w, pre, post, drive=drive), form)
    g = torch.Generator().manual_seed(2)
    changed(_drawn(g, 4, 3), _drawn(g, 4), _drawn(g, 3), _drawn(g, 3))  # its shape, to begin with
    seen = [check.reads(rule, i, j) for i in range(2) for j in range(2)]
    for (i, j), one in zip(((0, 0), (0, 1), (1, 0), (1, 1)), seen, strict=True):
        own = torch.zeros_like(one.w)
        own[i, j] = True
        foreign = bool((one.w & ~own).any()) or bool(
            one.pre[[k for k in range(len(one.pre)) if k != i]].any()
        )
        expect(
            not foreign,
            "it reads other synapses or their senders: take what the cell expected from drive, "
            "and do not compute pre @ w",
        )
        others = [k for k in range(len(one.post)) if k != j]
        expect(
            not one.post[others].any() and not one.further["drive"][others].any(),
            "it reads other receivers: a synapse sees its own cell's post and drive",
        )
    for n, m in ((4, 3), (2, 5), (6, 1)):
        w, pre, post = _drawn(g, n, m).requires_grad_(), _drawn(g, n), _drawn(g, m)
        (slope,) = torch.autograd.grad((post - pre @ w).square().sum() / 2, w)
        w = w.detach()
        dw = changed(w, pre, post, pre @ w)
        expect(
            not torch.allclose(dw, slope) or not slope.any(),
            "it climbs: write what is missing, post - drive, and not drive - post",
        )
        expect(
            torch.allclose(dw, -slope),
            "it is not minus the slope of half the squared error: the product of pre with what is "
            "missing, post - drive",
        )
        once = w + dw / (pre @ pre)
        expect(
            torch.allclose(pre @ once, post),
            "a pair that is written with beta * |k|**2 = 1 must be right at once",
        )
        again = changed(once, pre, post, pre @ once)
        expect(
            torch.allclose(again, torch.zeros_like(again), atol=1e-9),
            "written a second time, it must change nothing: the cell expected it already",
        )
    print("Yes: local, downhill, and a pair that is right changes nothing.")


def sender_alone(step: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's ``f(u, pre, post)``: facilitation, which no receiver can change."""
    step = tensors(step, "f(u, pre, post) -> a tensor")
    g = torch.Generator().manual_seed(3)
    n, m = 6, 4
    spoke = (_drawn(g, 40, n) > 0.5).double()
    runs = []
    for _ in range(2):  # with two histories of receivers
        u, course = _ITS.start(n, dtype=torch.float64), []
        for pre in spoke:
            u = step(u.clone(), pre.clone(), _drawn(g, m))
            expect(
                u.shape == (n,),
                f"it must have a number for each sender, shape ({n},), got {tuple(u.shape)}",
            )
            course.append(u)
        runs.append(torch.stack(course))
    expect(
        torch.equal(*runs),
        "with other receivers it came out otherwise: facilitation reads its sender alone",
    )
    u = _ITS.start(n, dtype=torch.float64)
    quiet = step(u.clone(), torch.zeros(n, dtype=torch.float64), _drawn(g, m))
    expect(torch.allclose(quiet, u), f"at rest, at {_ITS.rest}, and in silence it must stay there")
    for pre, mine in zip(spoke, runs[0], strict=True):
        u = _ITS.step(u, pre, _STEP)
        expect(
            torch.allclose(mine, u),
            "one step must fade, faded = U + (u - U) * exp(-dt / tau), and then add "
            f"U * (1 - faded) * pre, with U = {_ITS.rest}, tau = {_ITS.tau} and dt = {_STEP}",
        )
    print("Yes: two histories of receivers, and not one bit of u differs.")
