"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from hebbnotes.analysis import interval
from hebbnotes.chapters.neuromodulation_at_work.maze.causal import live_told, stored_agent
from hebbnotes.check import expect, numbers, tensors
from hebbnotes.tasks import maze

__all__ = ["hand", "pull", "smallest"]


def smallest(formula: Callable[[Tensor], float]) -> None:
    """Check a reader's smallest difference ``f(differences)`` that is seen in four of five
    experiments: against experiments that are made, with a true difference of that size.

    ``differences`` holds a number for each pair of networks, shape (n,), in float64.
    """
    formula = numbers(formula, "f(differences) -> a number")
    g = torch.Generator().manual_seed(4)
    for n in (3, 6, 12):
        spread = torch.randn(n, generator=g, dtype=torch.float64)
        spread = 2 * (spread - spread.mean()) / spread.std()  # mean 0, standard deviation 2
        found = formula(spread.clone())
        expect(found > 0, f"a difference is seen by its size: it must be above 0, got {found:.3g}")
        expect(
            abs(formula(spread + 5) - found) < 1e-6,
            "it must depend on how the differences spread, not on their mean",
        )
        expect(
            abs(formula(3 * spread) - 3 * found) < 1e-6 * found,
            "differences that spread three times as much must be three times as large to be seen",
        )
        drawn = found + 2 * torch.randn(20_000, n, generator=g, dtype=torch.float64)
        mean, low, _ = interval(spread.tolist())
        reach = (mean - low) / 2 * drawn.std(1)  # of the interval, to either side
        seen = (drawn.mean(1) > reach).double().mean().item()
        expect(
            0.72 < seen < 0.88,
            f"of {n} pairs with a true difference of {found:.3g}, where the differences spread by "
            f"2, {100 * seen:.0f} of 100 experiments see it, and 80 are asked: "
            + ("a half sees what just equals the interval's reach" if seen < 0.72 else "too large"),
        )
    print("Yes: with a true difference of this size, four of five experiments see it.")


class _Largest(TorchFunctionMode):
    """Note how many numbers the largest tensor has that a function makes."""

    size = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, Tensor):
            self.size = max(self.size, made.numel())
        return made


def pull(formula: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's ``f(now, before, after, c, alpha)``: what a trace that was written at T
    steps adds to the drive of n receivers, without the trace.

    ``now`` is what the senders send, shape (n,); ``before`` and ``after`` the two sides of the
    pairs of all steps, shape (T, n); ``c`` the weights of these pairs, (T,); ``alpha`` how much
    each receiver trusts its trace, (n,). All in float64; what is returned has shape (n,).
    """
    formula = tensors(formula, "f(now, before, after, c, alpha) -> a tensor")
    g = torch.Generator().manual_seed(6)
    for steps, n in ((3, 5), (7, 4), (12, 60)):
        shapes = ((n,), (steps, n), (steps, n), (steps,), (n,))
        now, before, after, c, alpha = (
            torch.randn(shape, generator=g, dtype=torch.float64) for shape in shapes
        )
        with _Largest() as largest:
            found = formula(now, before, after, c, alpha)
        expect(
            found.shape == (n,),
            f"it must hold a number for each of {n} receivers, got shape {tuple(found.shape)}",
        )
        trace = torch.einsum("s,si,sj->ij", c, before, after)
        wanted = now @ (alpha * trace)
        expect(
            not torch.allclose(found.double(), (alpha * now) @ trace),
            "here alpha belongs to the receiver: multiply the sum by it at the end",
        )
        expect(
            torch.allclose(found.double(), wanted, rtol=1e-6, atol=1e-9),
            "it is not what the trace adds: how alike are the senders now and then, and what did "
            "the receivers do then?",
        )
        expect(
            largest.size < n * n or n < 50,
            f"the result is right, but a tensor of {largest.size:,} numbers was made on the way: "
            f"the trace has {n * n:,}; can you do it with {steps} numbers and {steps} rows?",
        )
    print("Yes: the same as from the trace, and the trace was never built.")


def hand(write: Callable[[Tensor, Tensor, Tensor], Tensor], agent: Any = None) -> float:
    """Check a reader's signal ``f(own, told, since)`` in place of that of a stored agent:
    it must find nine of ten of the goals that the agent finds with its own. Prints and returns the
    share.

    ``own`` is the signal that the agents would have made, ``told`` the reward of their last step,
    ``since`` the steps since their last find; all have shape (B,), and so has the signal.
    """
    write = tensors(write, "f(own, told, since) -> a tensor")
    agent = stored_agent("retroactive", 3) if agent is None else agent
    made, lives, steps = maze.make(9), 100, 200
    g = torch.Generator()

    def found(tells: Callable[[int, Tensor, Tensor, Tensor], Tensor]) -> float:
        g.manual_seed(13)  # the same chances for both
        lived = live_told(agent, made, steps, g, tells, lives)
        return lived.double().sum(0).mean().item()

    def told(t: int, own: Tensor, rewards: Tensor, since: Tensor) -> Tensor:
        given = write(own.clone(), rewards[t].clone(), since.clone())
        expect(
            given.shape == own.shape,
            f"it must hold a number for each of {len(own)} agents, got shape {tuple(given.shape)}",
        )
        expect(given.isfinite().all(), "it must be finite")
        return given.to(own.dtype).clamp(-1, 1)

    share = found(told) / max(found(lambda _, own, *__: own), 1e-9)
    expect(
        share >= 0.9,
        f"{100 * share:.0f} of 100 goals are left, and 90 are asked: when must the way be "
        "written, and how strongly?",
    )
    print(f"Yes: {100 * share:.0f} goals, where its own signal finds 100.")
    return share
