"""The live model of the chapter: eight neurons that the reader raises, before a photograph or in a
drum of stripes.

Shapes: M pieces of 12 x 12 pixels, n = 144; m = 8 neurons.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks, analysis
from hebbnotes.figures.live import LiveModel, packed, unpacked
from hebbnotes.neurons import rate
from hebbnotes.plasticity import rules

__all__ = ["MODELS", "orientations", "raised", "stripes"]

SIZE, STEP, SHRINK, BATCH, UNITS = 12, 3, 4, 20, 8
FLAT = 2 * 60 / 765
"""Pieces whose contrast stays below are left out, as by :func:`.data.patches`."""
WAVES = (0.75, 1.25, 1.75, 2.25)
"""How many waves across a field orientations are looked for with."""
WAYS: dict[str, Any] = {
    "oja": (rules.oja, 1.5),
    "sanger": (rules.sanger, 0.9),
    "compete": (rules.competitive, 0.6, rate.winner),
}
"""Rule, learning rate (0.3 of that of the chapter's first figure), and response."""


def _across(angles: Tensor) -> Tensor:
    """Return how far each pixel lies across stripes of some angles (...), shape (..., n), in sizes
    of a field.
    """
    at = torch.arange(SIZE, dtype=angles.dtype) - (SIZE - 1) / 2
    turn = torch.deg2rad(angles)[..., None, None]
    return ((at * turn.sin() + at[:, None] * turn.cos()) / SIZE).flatten(-2)


def stripes(angle: float, phases: Tensor, waves: Tensor) -> Tensor:
    """Return pieces of a wall of stripes, without their mean and of length 1, shape (..., 144).

    Parameters
    ----------
    angle : float
        Of the stripes, in degrees; those of 0 lie, those of 90 stand.
    phases, waves : Tensor
        Phase of each piece, as a share of a wave, and number of waves across it, shape (...).
    """
    sizes: dict[str, int] = {}
    _checks.floating("phases", _checks.tensor("phases", phases, "...", sizes))
    _checks.tensor("waves", waves, "...", sizes, phases, "phases")
    along = _across(phases.new_tensor(_checks.number("angle", angle)))
    return _ready((2 * torch.pi * (waves.unsqueeze(-1) * along + phases.unsqueeze(-1))).cos())


def orientations(w: Tensor) -> Tensor:
    """Return the angle of the stripes that fields (144, m) answer to most, shape (m,), in degrees.

    In steps of 5; a field's answer to waves of one angle is the largest power over their numbers.
    """
    sizes = {"n": SIZE**2}
    _checks.floating("w", _checks.tensor("w", w, "n m", sizes))
    along = _across(torch.arange(0, 180, 5, dtype=w.dtype))
    turns = 2 * torch.pi * torch.tensor(WAVES, dtype=w.dtype)[:, None, None] * along
    power = (turns.cos() @ w).square() + (turns.sin() @ w).square()
    return 5 * power.amax(0).argmax(0)


def raised(
    rule: str, angle: float, generator: torch.Generator, w: Tensor | None = None, steps: int = 400
) -> Tensor:
    """Raise eight neurons among stripes of an angle, and return their weights (144, 8).

    Parameters
    ----------
    rule : {"oja", "sanger", "compete"}
    angle : float, of the stripes, in degrees
    generator : torch.Generator
    w : Tensor (144, 8), optional; what they were before, by default noise
    steps : int, of 20 pieces each
    """
    _checks.choice("rule", rule, tuple(WAYS))
    _checks.generator(generator)
    _checks.room(steps=_checks.integer("steps", steps), pieces=BATCH, size=SIZE**2)
    if w is None:
        w = 0.1 * torch.randn(SIZE**2, UNITS, generator=generator).double()
    phases, more = torch.rand(2, steps, BATCH, generator=generator).double()
    return rate.learn_units(stripes(angle, phases, 1 + 1.5 * more), w, *WAYS[rule])


def _ready(pieces: Tensor) -> Tensor:
    return torch.nn.functional.normalize(pieces - pieces.mean(-1, keepdim=True), dim=-1)


def _photograph() -> Tensor:
    """Return the temple, grey from -1 to 1, (106, 160)."""
    with _checks.extra("chapters"):
        from sklearn.datasets import load_sample_image
    colours = torch.from_numpy(load_sample_image("china.jpg").astype(np.float32)).movedim(-1, 0)
    return 2 * torch.nn.functional.avg_pool2d(colours, SHRINK).sum(0) / 765 - 1


def _pieces(photograph: Tensor) -> Tensor:
    """Return the pieces of a photograph that have contrast, ready to be seen, shape (M, n)."""
    cut = photograph.unfold(0, SIZE, STEP).unfold(1, SIZE, STEP).flatten(2).flatten(0, 1)
    return _ready(cut[(cut - cut.mean(1, keepdim=True)).abs().amax(1) > FLAT])


def numbers() -> dict[str, Any]:
    """Return what the script is told: the photograph, and how pieces of it are shown."""
    return {
        "photograph": packed(_photograph(), bits=6),
        "size": SIZE,
        "step": STEP,
        "flat": FLAT,
        "batch": BATCH,
        "waves": WAVES,
        "rates": {name: way[1] for name, way in WAYS.items()},
    }


def fixture() -> dict[str, Any]:
    """Return short childhoods by each rule, before the photograph and then in the drum."""
    pieces, g = _pieces(unpacked(numbers()["photograph"])), torch.Generator().manual_seed(0)
    start = (0.1 * torch.randn(SIZE**2, UNITS, generator=g)).double().round(decimals=3)
    drawn = torch.randint(len(pieces), (15, BATCH), generator=g)
    chances = torch.rand(10, BATCH, 2, generator=g).double().round(decimals=3)
    told: dict[str, Any] = {
        "pieces": len(pieces),
        "start": start.T.tolist(),
        "drawn": drawn.tolist(),
        "angle": 35,
        "chances": chances.tolist(),
        "raised": {},
    }
    drum = stripes(35, chances[..., 0], 1 + 1.5 * chances[..., 1])
    ramp = torch.arange(1, SIZE**2 + 1).double() / SIZE**2
    for name, way in WAYS.items():
        w = rate.learn_units(torch.cat([pieces[drawn], drum]), start, *way)
        told["raised"][name] = {
            "sums": (ramp @ w).tolist(),
            "directions": analysis.participation_ratio(w / w.norm(dim=0)),
            "orientations": orientations(w).tolist(),
        }
    return told


def still(drawing: Any) -> None:
    """Draw what eight neurons learned of the photograph by two rules."""
    pieces, g = _pieces(unpacked(numbers()["photograph"])), torch.Generator().manual_seed(0)
    stream = pieces[torch.randint(len(pieces), (600, BATCH), generator=g)]
    start = 0.1 * torch.randn(SIZE**2, UNITS, generator=g).double()
    for row, (name, words) in enumerate((("oja", "Oja"), ("compete", "compete"))):
        w = rate.learn_units(stream, start, *WAYS[name])
        drawing.text(12, 24 + 102 * row, words, anchor="start")
        _fields(drawing, w.T, 12, 34 + 102 * row)


def _fields(drawing: Any, fields: Tensor, x: float, y: float, side: float = 60) -> None:
    """Draw a row of fields: the two colours are the two signs, and the larger a value, the larger
    its dot. All that looks alike is one shape, since a page is slow with many.
    """
    size, left = side / SIZE, [x + (side + 8) * unit for unit in range(len(fields))]
    squares = "".join(f"M{at:g} {y:g}h{side:g}v{side:g}h{-side:g}z" for at in left)
    drawing.path(squares, "faint", 1)
    for role, sign in (("purple", 1), ("green", -1)):
        shares = (sign * fields / fields.abs().amax(1, keepdim=True)).view(-1, SIZE, SIZE)
        for low, high in ((0.2, 0.5), (0.5, 1.1)):
            places = ((shares > low) & (shares <= high)).nonzero().tolist()
            at = [(left[k] + size * (c + 0.5), y + size * (r + 0.5)) for k, r, c in places]
            drawing.dots(at, role, size * (0.5 if high < 1 else 0.9))


MODELS = {
    "learning-rules": LiveModel(
        numbers,
        fixture,
        still,
        210,
        "Two rows of eight small fields. By Oja's rule all are the same, up to the sign; in "
        "competition they are edges and bars of several orientations.",
    )
}
"""The live models of the chapter, by name."""
