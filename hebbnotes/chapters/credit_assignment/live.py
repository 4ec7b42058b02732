"""The live model of the chapter: three units that are told of an error through fixed feedback.

Two inputs, three units and two outputs, all linear, learn to turn what comes in. Units and outputs
of the chapter's own networks are told alike; those are rectified and have biases.

Shapes: K inputs, 3 units, 2 inputs and outputs.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.credit_assignment.rules import (
    backward,
    by_feedback,
    explore,
    follow,
    told_nothing,
)
from hebbnotes.figures.live import LiveModel
from hebbnotes.plasticity.rules import Cells

__all__ = ["KINDS", "MODELS", "Learned", "inputs", "learn", "loss", "started", "wanted"]

KINDS = ("truth", "lie", "noise", "nothing")
"""What the units may be told."""
INPUTS, UNITS = 12, 3
"""Inputs, on a circle, and units between them and the outputs."""
ETA, SIGMA = 0.2, 0.1
"""Learning rate, and size of the noise that is tried."""
LENGTH, TURNS = 1.5, (0.6, 2.7, 4.8)
"""What the outputs should be: the input, this much longer, and turned by one of these angles."""
START, DECAY = 0.3, 0.05
"""Size of the first weights, and the rate at which weights decay, in learning rates."""
SEED = 4


class Learned(NamedTuple):
    """Weights in, (2, 3), and out, (3, 2), and accounts, (3,), after a step of learning."""

    a: Tensor
    w: Tensor
    account: Tensor


def inputs() -> Tensor:
    """Return all inputs, (K, 2)."""
    angle = torch.arange(INPUTS, dtype=torch.float64) * (2 * math.pi / INPUTS)
    return torch.stack((angle.cos(), angle.sin()), -1)


def wanted(turn: float) -> Tensor:
    """Return what the outputs should be for all inputs, (K, 2), after a turn by an angle."""
    cos, sin = math.cos(turn), math.sin(turn)
    return LENGTH * inputs() @ torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64)


def started(size: float = START) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights in, (2, 3), out, (3, 2), and feedback, (2, 3), before anything is learned."""
    _checks.number("size", size, 0)
    chance = torch.Generator().manual_seed(SEED)
    shapes = ((2, UNITS), (UNITS, 2), (2, UNITS))
    a, w, back = (torch.randn(s, generator=chance, dtype=torch.float64) for s in shapes)
    return size * a, size * w, back / back.norm(dim=0)


def loss(a: Tensor, w: Tensor, target: Tensor) -> Tensor:
    """Return half the squared error of all inputs, their mean."""
    return (inputs() @ a @ w - target).square().sum(-1).mean() / 2


def learn(
    learned: Learned, back: Tensor, target: Tensor, kind: str, decay: float, noise: Tensor
) -> Learned:
    """Take one step from all inputs at once, with ``noise`` of +1 and -1, (K, 3), for each unit.

    The account of ``b . w`` is kept from the weights in alone (eq-feedback-account with a decay):
    it is exact if ``kind`` is ``"lie"``.
    """
    _checks.choice("kind", kind, KINDS)
    x, (a, w, account) = inputs(), learned
    rate, one = x @ a, torch.ones(INPUTS, UNITS, dtype=torch.float64)
    output = rate @ w
    error = target - output
    above, here = Cells(output, output, error), Cells(rate, one, torch.zeros_like(one))
    if kind == "noise":
        tried = (rate + SIGMA * noise) @ w
        fell = (error.square() - (target - tried).square()).sum(-1, keepdim=True) / 2
        into = explore(a, x, rate, modulator=(fell / SIGMA).expand_as(rate), noise=noise)
    else:
        teach = {"truth": backward, "lie": by_feedback, "nothing": told_nothing}[kind]
        into = follow(a, x, rate, error=teach(w, back, here, above, torch.ones_like(one)))
    into = ETA * into.mean(0)
    out = ETA * follow(w, rate, output, error=error).mean(0)
    kept = 1 - ETA * decay
    after = kept * a + into
    gone = (after.square() - (kept * a).square() - into.square()).sum(0) / 2 / kept
    return Learned(after, kept * w + out, kept * account + gone)


def episode(kind: str, decay: float, size: float, turn: float, steps: int) -> dict[str, Any]:
    """Return what is given to the script, and what it has to make of it."""
    a, w, back = started(size)
    chance = torch.Generator().manual_seed(1)
    noise = torch.randint(0, 2, (steps, INPUTS, UNITS), generator=chance).double() * 2 - 1
    now, target, after = Learned(a, w, (back * w.T).sum(0)), wanted(turn), []
    for each in noise:
        now = learn(now, back, target, kind, decay, each)
        after.append(
            {
                "a": now.a.T.tolist(),
                "w": now.w.tolist(),
                "account": now.account.tolist(),
                "loss": loss(now.a, now.w, target).item(),
            }
        )
    given = {"kind": kind, "decay": decay, "turn": turn, "noise": noise.int().tolist()}
    units = {"a": a.T.tolist(), "w": w.tolist(), "b": back.T.tolist()}
    return {**given, **units, "after": after[:: steps // 5]}


def fixture() -> dict[str, Any]:
    """Return episodes of all kinds."""
    cases = [(kind, DECAY, START, TURNS[0], 15) for kind in KINDS]
    return {"cases": [episode(*case) for case in (*cases, ("lie", 0.0, 1.0, TURNS[1], 15))]}


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    a, w, back = started(1.0)
    return {
        "inputs": inputs().tolist(),
        "eta": ETA,
        "sigma": SIGMA,
        "length": LENGTH,
        "turns": TURNS,
        "start": START,
        "decay": DECAY,
        "a": a.T.tolist(),
        "w": w.tolist(),
        "b": back.T.tolist(),
    }


def still(drawing: Any) -> None:
    """Draw feedback and outgoing arrow of each unit, before it has learned and after 300 steps."""
    a, w, back = started()
    now, target = Learned(a, w, (back * w.T).sum(0)), wanted(TURNS[0])
    rows = [now]
    for _ in range(300):
        now = learn(now, back, target, "lie", DECAY, torch.ones(INPUTS, UNITS).double())
    rows.append(now)
    for row, (words, state) in enumerate(zip(("before", "after 300 steps"), rows, strict=True)):
        y = 84.0 + 150 * row
        drawing.text(24, y - 58, words, anchor="start")
        for unit in range(UNITS):
            x = 190.0 + 140 * unit
            drawing.circle(x, y, 58, "", "paper")
            for (p, q), colour, width in (
                (back[:, unit].tolist(), "pink", 3.0),
                (state.w[unit].tolist(), "blue", 4.5),
            ):
                drawing.arrow((x, y), (x + 48 * p, y - 48 * q), colour=colour, width=width)
    drawing.text(24, 322, "pink: feedback, fixed", anchor="start")
    drawing.text(300, 322, "blue: outgoing weights, learned", anchor="start")


MODELS = {
    "credit-assignment": LiveModel(
        numbers,
        fixture,
        still,
        340,
        "Three units, each with a fixed feedback arrow and the arrow of its outgoing weights. "
        "Before learning they point different ways; after 300 steps each outgoing arrow lies near "
        "its feedback arrow.",
    )
}
"""The live models of the chapter, by name."""
