"""The live model of the chapter and of the front page: what is rubbed out comes back."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import tasks
from hebbnotes.figures.live import (
    SIDE,
    LiveModel,
    dots,
    hexed,
    lived,
    recalled,
    squares,
    three_numbers,
    written,
)

__all__ = ["MODELS", "face"]


def face() -> Tensor:
    """Return a face as a pattern of +1 and -1, (SIDE * SIDE,): what readers meet on the grid."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    far = np.hypot(rows, columns)
    eyes = (np.abs(rows + 4) < 2) & (np.abs(np.abs(columns) - 4.5) < 1.5)
    mouth = (np.abs(far - 7.5) < 1.4) & (rows > 2)
    ink = (np.abs(far - 13) < 1.5) | eyes | mouth
    return torch.from_numpy(np.where(ink, 1.0, -1.0)).flatten()


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    return dots(*"ABCD") | {"face": hexed(face())}


def fixture() -> dict[str, Any]:
    """Return episodes that the script has to repeat."""
    task, g = tasks.PatternCompletion(64, 3, bias_unit=False), torch.Generator().manual_seed(0)
    small = task.random_patterns(1, g, torch.float64)[0]
    large = torch.stack([*map(written, "AB"), face(), *map(written, "CD")])
    half = torch.arange(64) % 2 == 0
    lower = torch.arange(SIDE**2) >= SIDE**2 // 2
    frozen = three_numbers() | {"eta": 0.0}
    return {
        "random": lived(small, 1, half, three_numbers()),
        "frozen": lived(small, 1, half, frozen),
        "letters": lived(large, 2, lower, three_numbers()),
    }


CELL = 7.0


def still(drawing: Any) -> None:
    """Draw the face, what is left of it under a stroke of the eraser, and what comes back."""
    g = torch.Generator().manual_seed(1)
    five = tasks.PatternCompletion(SIDE**2).random_patterns(1, g, torch.float64)
    five[0, 2] = face()
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    erased = ((rows + columns - SIDE).abs() < 10).flatten()
    back = recalled(five, 2, erased[None], three_numbers())[0][-1, 0].sign()
    ink = face() > 0
    for left, what in ((24.0, "rubbed out"), (312.0, "what comes back")):
        squares(drawing, (left, 12), CELL, erased, "faint", 0.3)
        squares(drawing, (left, 12), CELL, ink & ~erased, "ink")
        if what == "what comes back":
            squares(drawing, (left, 12), CELL, erased & (back > 0), "blue")
        side = SIDE * CELL
        drawing.box(left, 12, side, side, "faint", "", 0)
        drawing.text(left + side / 2, 12 + side + 26, what)
    drawing.arrow((258, 124), (302, 124))


MODELS = {
    "introduction": LiveModel(
        numbers,
        fixture,
        still,
        280,
        "A face of dots with a broad diagonal stripe rubbed out; beside it, the stripe is filled "
        "in again, dot for dot.",
    )
}
"""The live models of the chapter, by name."""
