"""The live model of the chapter: the letters of a name in one memory, asked by halves of them.

Shapes: P patterns, N units.
"""

import base64
import string
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import memories
from hebbnotes.figures.live import SIDE, LiveModel, bitmap, chance, written

__all__ = ["MODELS"]

STEPS, BETA, SEED = 20, 4.0, 5
NAME, PASSES = "OLIVER", 5
MOST = {"letters": 12, "passes": 10, "dots": 250}


def dots(drawn: Iterator[float], count: int) -> Tensor:
    """Return pictures of random dots, (count, N), 1 and -1."""
    some = [next(drawn) < 0.5 for _ in range(count * SIDE**2)]
    return 2 * torch.tensor(some).double().view(count, SIDE**2) - 1


def half(drawn: Iterator[float]) -> Tensor:
    """Return which pixels of a cue are erased, (N,), about half of them."""
    return torch.tensor([next(drawn) < 0.5 for _ in range(SIDE**2)])


def numbers() -> dict[str, Any]:
    """Return what the script is told: letters, one bit a pixel, and how it begins."""
    bits = {one: np.packbits(written(one).numpy() > 0).tobytes() for one in string.ascii_uppercase}
    return {
        "side": SIDE,
        "steps": STEPS,
        "beta": BETA,
        "seed": SEED,
        "name": NAME,
        "passes": PASSES,
        "most": MOST,
        "letters": {one: base64.b64encode(packed).decode() for one, packed in bits.items()},
    }


# ------------------------------------------------------------------------------- what is tested

CASES: tuple[tuple[str, int, int, int | str, bool], ...] = (
    ("SARAH", 0, 0, 1, False),
    ("SARAH", 0, 1, 1, False),
    ("SARAH", 0, 5, 1, True),
    ("ABCDEFGH", 0, 0, 1, False),
    ("ABCDEFGH", 0, 5, 1, False),
    ("A", 99, 0, 1, False),
    ("A", 190, 0, 1, False),
    ("ANNA", 12, 2, 1, True),
    ("SOFIA", 30, 0, 2, False),
    ("OLIVER", 0, 0, 3, True),
    ("CHRISTOPHER", 10, 0, 9, False),
    ("CHRISTOPHER", 10, 0, "softmax", True),
)
"""A name, pictures of dots, passes (0: Hebb's rule), how a pattern pulls (1: by its weights), and
whether the lower half is rubbed out, and not a half by chance."""


def _asked(case: tuple[str, int, int, int | str, bool]) -> dict[str, Any]:
    """Return what the package recalls of each letter, and what units hear at first."""
    name, count, passes, power, lower = case
    drawn = chance(SEED)
    known = torch.stack([written(one) for one in name])
    patterns = torch.stack([written(one) for one in dict.fromkeys(name)])
    patterns = torch.cat([patterns, dots(chance(SEED + 1), count)])
    rubbed = torch.arange(SIDE**2) >= SIDE**2 // 2
    erased = torch.stack([rubbed if lower else half(drawn) for _ in name])
    cues = torch.where(erased, 0.0, known)
    if power == 1:
        w = memories.delta(patterns, passes) if passes else memories.hopfield(patterns)
        answers, heard = memories.recall(w, cues, STEPS), cues @ w
    else:
        answers = cues
        for _ in range(STEPS):
            answers = (
                memories.modern_step(patterns, answers, BETA).sign()
                if power == "softmax"
                else memories.dense_step(patterns, answers, int(power) + 1)
            )
        heard = (
            memories.modern_step(patterns, cues, BETA)
            if power == "softmax"
            else (cues @ patterns.T / SIDE**2) ** int(power) @ patterns
        )
    ramp = torch.arange(1, SIDE**2 + 1).double() / SIDE**2
    return {
        "name": name,
        "dots": count,
        "passes": passes,
        "power": power,
        "lower": lower,
        "erased": erased.sum(1).tolist(),
        "heard": (heard * ramp).sum(1).tolist(),
        "wrong": (answers != known).sum(1).tolist(),
        "ends": (answers * ramp).sum(1).tolist(),
    }


def fixture() -> dict[str, Any]:
    """Return what is asked of several memories, and what they answer."""
    return {"seed": SEED, "cases": [_asked(case) for case in CASES]}


# -------------------------------------------------------------------------------- still picture


def still(drawing: Any) -> None:
    """Draw a name, half of each letter, and what two rules make of it."""
    known = torch.stack([written(one) for one in NAME])
    patterns = torch.stack([written(one) for one in dict.fromkeys(NAME)])
    drawn = chance(SEED)
    cues = torch.where(torch.stack([half(drawn) for _ in NAME]), 0.0, known)
    rows = {
        "half of\neach": cues,
        "Hebb's\nrule": memories.recall(memories.hopfield(patterns), cues, STEPS),
        "only what\nis new": memories.recall(memories.delta(patterns, PASSES), cues, STEPS),
    }
    size, left = 70.0, 104.0
    for row, (words, states) in enumerate(rows.items()):
        top = 8 + row * (size + 12)
        drawing.text(left - 12, top + size / 2 - 4, words, anchor="end")
        for k, (state, own) in enumerate(zip(states, known, strict=True)):
            x, right = left + k * (size + 6), state == own
            drawing.box(x, top, size, size, "faint", "", 0, 1)
            bitmap(drawing, (state > 0) & right, "blue", (x, top), size)
            bitmap(drawing, (state != 0) & ~right, "red", (x, top), size)
            bitmap(drawing, state == 0, "faint", (x, top), size, 0.45)


MODELS = {
    "associative-memory": LiveModel(
        numbers,
        fixture,
        still,
        254,
        "A name of six letters, three times: half of the pixels of each letter; what a memory by "
        "Hebb's rule makes of them, of which one letter is right; and what a memory makes of them "
        "in which only what is new was written: all are right.",
    )
}
"""The live models of the chapter, by name."""
