"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hebbnotes import run, tasks
from hebbnotes.check import expect, numbers, tensors

__all__ = ["age", "majority", "one_step", "sequence"]


def majority(error: Callable[[int], float]) -> None:
    """Check a reader's share of bits that the majority of so many patterns gets wrong."""
    error = numbers(error, "error(P) -> a share")
    for p in range(1, 8):
        wrong = [
            0.5 if sum(bits) == 0 else float(bits[0] * sum(bits) < 0)
            for bits in itertools.product((-1, 1), repeat=p)
        ]
        counted, value = sum(wrong) / len(wrong), error(p)
        expect(
            abs(value - counted) < 1e-6,
            f"of {p} patterns, all cases counted, {counted:.4f} are wrong, you say {value:.4f}",
        )
    print("Yes: all cases of one to seven patterns, counted, agree.")


def age(left: Callable[[int, float], float]) -> None:
    """Check a reader's share of a trace that is left after some more steps at a rate."""
    left = numbers(left, "left(steps, eta) -> a share")
    for eta in (0.01, 0.1, 0.5):
        inputs = torch.ones(9, 1, 1)
        inputs[2:] = 0  # two steps write, then nothing happens
        traces = [
            run(inputs[:t], 0.0, None, eta, clamp=torch.ones_like(inputs[:t]).bool())[1].hebb.item()
            for t in range(2, 10)
        ]
        for steps, trace in enumerate(traces):
            seen, value = trace / traces[0], left(steps, eta)
            expect(
                abs(value - seen) < 1e-4,
                f"{steps} steps later, at a rate of {eta:g}, {seen:.4f} is left, "
                f"you say {value:.4f}",
            )
    print("Yes: a trace that is left alone agrees, for three rates and up to seven steps.")


def one_step(error: Callable[[int, int], float]) -> None:
    """Check a reader's share of wrong bits of one weak gain, of bits in the cue and patterns."""
    error = numbers(error, "error(n_cue, P) -> a share")
    for n_cue, p in ((25, 8), (50, 15), (50, 25)):
        how: dict[str, Any] = {"balanced": False, "bias_unit": False} | tasks.ONCE
        task = tasks.PatternCompletion(2 * n_cue, p, **how)
        shown = task.sample(400, torch.Generator().manual_seed(0))
        y, _ = run(shown.inputs, 0.0, 0.1 / task.n_bits, 1e-4, clamp=shown.clamp)
        seen, value = tasks.errors(y[-1], shown).erased.mean().item(), error(n_cue, p)
        expect(
            abs(value - seen) < 0.15 * seen,
            f"with {n_cue} bits in the cue and {p} patterns a network has {seen:.4f} wrong, "
            f"you say {value:.4f}",
        )
    print("Yes: an untrained network agrees, at three loads.")


def sequence(episode: Callable[[Tensor], Tensor]) -> None:
    """Check a reader's inputs (T, 1, N) by which five patterns (5, N) are shown, and then recalled
    one after the other in the last four steps, which are free.
    """
    show = tensors(episode, "episode(p) -> inputs of shape (T, 1, N)")
    for seed in range(3):
        g = torch.Generator().manual_seed(seed)
        p = torch.where(torch.rand(5, 400, generator=g) < 0.5, 1.0, -1.0)
        inputs = show(p)
        expect(
            inputs.ndim == 3 and inputs.shape[1:] == (1, 400) and len(inputs) > 4,
            f"inputs must have shape (T, 1, 400), with more than 4 steps, got {(*inputs.shape,)}",
        )
        expect(not bool(inputs[-4:].any()), "the last four steps must be free: inputs of 0")
        output, _ = run(inputs, 0.0, 100 / 400, 0.02, clamp=inputs != 0)
        overlaps = output[-4:, 0] @ p.T / 400
        best = (overlaps.argmax(1) + 1).tolist()
        expect(
            best == [2, 3, 4, 5] and bool((overlaps.max(1).values > 0.5).all()),
            f"the network says the patterns {best}, not 2, 3, 4, 5 (or not clearly)",
        )
    print("Yes: in three draws the network says 2, 3, 4 and 5 in turn.")
