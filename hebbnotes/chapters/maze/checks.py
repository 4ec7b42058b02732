"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes.check import expect, numbers, tensors

__all__ = ["advantages", "steps_to_finds"]


def advantages(advantage: Callable[[Tensor, Tensor, float, float], Tensor]) -> None:
    """Check a reader's advantages, of rewards and values (T, B), ``gamma`` and ``lam``."""
    advantage = tensors(advantage, "advantage(rewards, values, gamma, lam) -> a tensor")
    zero, pulse = torch.zeros(6, 1), torch.zeros(6, 1)
    pulse[3] = 1.0
    answer = advantage(pulse, zero, 0.9, 0.5)
    expect(
        answer.shape == (6, 1),
        f"it must have the shape of the rewards, (6, 1), got {tuple(answer.shape)}",
    )
    expect(
        not answer[4:].any(),
        "an action cannot have earned what came before it: sum from its own step on",
    )
    expect(
        torch.isclose(answer[3], torch.ones(1)),
        f"a reward of 1 that nobody expected is an advantage of 1, got {answer[3].item():g}",
    )
    faded = (answer[:3] / answer[1:4]).flatten()
    wanted = torch.full((3,), 0.45)
    expect(
        torch.allclose(faded, wanted),
        "each step before fades by gamma * lam = 0.45, "
        f"got {[round(x, 3) for x in faded.tolist()]}",
    )
    last = advantage(zero, pulse.roll(2, 0), 0.9, 0.5)[-1].item()
    expect(
        abs(last + 1) < 1e-6,
        "the critic expects 1 before the last step, and 0 comes: the advantage is -1, "
        f"got {last:g}",
    )
    expected = advantage(zero, pulse, 0.9, 0.5)
    expect(
        torch.isclose(expected[3], -torch.ones(1)),
        "subtract what the critic expected before the action",
    )
    expect(
        torch.isclose(expected[2], torch.tensor([0.9 - 0.45])),
        "add gamma times what the critic expects after it",
    )
    print(
        "Yes: it looks forward, fades by gamma * lam, "
        "and counts only what the critic did not expect."
    )


def steps_to_finds(steps: Callable[[Tensor], tuple[float, float]]) -> None:
    """Check a reader's mean steps to the first and to the second find, a function of ``found`` (T,
    B).
    """
    steps = numbers(steps, "steps(found) -> two numbers", 2)
    found = torch.zeros(12, 2, dtype=torch.bool)
    found[3], found[9] = True, True
    first, second = steps(found)
    expect(first == 4, f"a find at the fourth of the steps took 4, got {first:g}")
    expect(
        second == 6,
        f"from the fourth step to the tenth it is 6, got {second:g}: count from the first find",
    )
    found[:, 1] = False
    first, second = steps(found)
    expect(
        first == 16,
        "one agent looks for 4 steps and finds; the other looks for 12 and does not: "
        f"16 steps for one find, got {first:g}. "
        "Leaving out who did not find makes slow searches look fast",
    )
    expect(
        second == 6,
        f"only the first agent ever looks for a second find, for 6 steps, got {second:g}",
    )
    found[9] = False
    expect(
        math.isinf(steps(found)[1]),
        "where nobody makes a find, the steps to it are infinite: math.inf",
    )
    print("Yes: all steps of all who looked, over the finds that they made.")
