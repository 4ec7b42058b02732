"""The live model of the chapter: a sheet of 48 x 48 cells that grows a map by Kohonen's rule, its
pinwheels, and its twin.

A reader sets the width of the neighbourhood and the range of tilts, which must be above a
threshold. However wide the neighbourhood, each cell goes the same share of its way in a step.

Shapes: B stimuli a step, n cells, 6 features: the place on two circles, and twice the angle.
"""

import base64
import math
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from hebbnotes.chapters.maps import kohonen, pinwheels
from hebbnotes.figures.live import LiveModel, chance
from hebbnotes.plasticity import places

__all__ = ["MODELS", "born", "colours", "grown", "told"]

SIDE, BATCH = 48, 50
SHARE = 0.022
"""Which share of its way to what it answers to a cell goes in a step."""
REACH = 1e-4
"""An answer below counts as none."""
BIRTH = 0.1
"""Spread of what cells prefer at first, in cells."""
ANIMALS = 3.14
"""Pinwheels in a square of the spacing, of three mammals: Kaschube et al. (2010)."""
ANCHORS = ("#0B57C6", "#C0499F", "#F2B62F", "#2A9D6F")
"""Colours of stripes that lie at 0, 45, 90 and 135 degrees; others lie between."""


def born(side: int, drawn: Iterator[float]) -> Tensor:
    """Return the first weights of a sheet, (6, n): each cell prefers its own place and, by chance,
    a little of some tilt.
    """

    def normal() -> float:
        size = math.sqrt(-2 * math.log(1 - next(drawn)))
        return size * math.cos(2 * math.pi * next(drawn))

    angles = [[BIRTH * normal(), BIRTH * normal()] for _ in range(side**2)]
    return torch.cat([_own(side), torch.tensor(angles, dtype=torch.float64).mT])


def _own(side: int) -> Tensor:
    return kohonen.placed(places.grid((side, side), dtype=torch.float64), (side, side)).mT


def _seen(drawn: list[list[float]], side: int, q: float) -> Tensor:
    """Return stimuli (B, 6) of three numbers in [0, 1): row, column and twice the angle."""
    three = torch.tensor(drawn, dtype=torch.float64)
    turn = 2 * math.pi * three[:, 2:]
    where = kohonen.placed(side * three[:, :2], (side, side))
    return torch.cat([where, q * turn.cos(), q * turn.sin()], 1)


def _answers(side: int, sigma: float) -> Tensor:
    own = places.grid((side, side), dtype=torch.float64)
    h = kohonen.neighbourhood(places.distances(own, side), sigma)
    return h.masked_fill(h < REACH, 0)


def grown(side: int, sigma: float, q: float, steps: int, seed: int = 1) -> Tensor:
    """Return the weights (6, n) of a sheet after some steps, whose chance the script repeats."""
    drawn = chance(seed)
    w, h = born(side, drawn), _answers(side, sigma)
    eta = SHARE / BATCH * side**2 / (2 * math.pi * sigma**2)
    for _ in range(steps):
        seen = _seen([[next(drawn) for _ in range(3)] for _ in range(BATCH)], side, q)
        w = kohonen.learn_map(seen[None], w, h, eta)
    return w


def told(w: Tensor) -> dict[str, Any]:
    """Return what is counted of a sheet (6, n)."""
    z = pinwheels.orientation(w)
    turns = pinwheels.winding(z)
    return {
        "spacing": pinwheels.wavelength(z).item(),
        "plus": int((turns > 0).sum()),
        "minus": int((turns < 0).sum()),
        "density": pinwheels.pinwheel_density(z).item(),
        "random": pinwheels.gaussian_density(z).item(),
        "selectivity": z.abs().mean().item(),
    }


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    return {
        "side": SIDE,
        "batch": BATCH,
        "share": SHARE,
        "reach": REACH,
        "birth": BIRTH,
        "animals": ANIMALS,
        "anchors": ANCHORS,
    }


def fixture() -> dict[str, Any]:
    """Return a small sheet's steps with every weight, its twin, and what is counted of large ones
    at several widths and ranges.
    """
    side, sigma, q, eta, g = 12, 1.5, 3.0, 0.2, torch.Generator().manual_seed(0)
    start = torch.randn(2, side**2, generator=g).double().round(decimals=2)
    drawn = torch.rand(8, 10, 3, generator=g).double().round(decimals=3).tolist()
    w, h, states = torch.cat([_own(side), start]), _answers(side, sigma), []
    for step in drawn:
        w = kohonen.learn_map(_seen(step, side, q)[None], w, h, eta)
        states.append(w.sum(1).tolist())
    z, shape = pinwheels.orientation(w), (side, side)
    phases = torch.rand(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    twin = pinwheels.phase_shuffled(z, torch.Generator().manual_seed(1)).flatten()
    small = {
        "side": side,
        "sigma": sigma,
        "q": q,
        "eta": eta,
        "start": start.tolist(),
        "drawn": drawn,
        "states": states,
        "w": w.tolist(),
        "winding": pinwheels.winding(z).flatten().tolist(),
        "phases": phases.flatten().tolist(),
        "twin": [twin.real.tolist(), twin.imag.tolist()],
    }
    large = []
    for sigma, q, steps in ((2.0, 5.0, 60), (1.5, 9.0, 30), (3.0, 4.0, 20)):
        w = grown(SIDE, sigma, q, steps)
        sums = (w * torch.arange(SIDE**2).double() / SIDE**2).sum(1).tolist()
        large.append({"sigma": sigma, "q": q, "steps": steps, "sums": sums, "told": told(w)})
    return {"small": small, "large": large, "threshold": kohonen.ring_threshold(2.5)}


def colours(z: Tensor) -> Tensor:
    """Return the colour of each angle of a complex field (...), whole numbers (..., 3)."""
    wheel = [[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in (*ANCHORS, ANCHORS[0])]
    anchors = torch.tensor(wheel, dtype=torch.float64)
    at = z.angle().double() / (2 * math.pi) % 1 * len(ANCHORS)
    low = at.floor().long().clamp(max=len(ANCHORS) - 1)
    part = (at - low)[..., None]
    return ((1 - part) * anchors[low] + part * anchors[low + 1]).round().to(torch.uint8)


def still(drawing: Any) -> None:
    """Draw a map that has grown, and its twin."""
    z = pinwheels.orientation(grown(SIDE, 2.0, 5.0, 300))
    twin = pinwheels.phase_shuffled(z, torch.Generator().manual_seed(0))
    size, top = 260.0, 34.0
    for column, (words, field) in enumerate((("a map, grown", z), ("its twin", twin))):
        left, cell = 10 + 280.0 * column, size / SIDE
        count = int((pinwheels.winding(field) != 0).sum())
        drawing.text(left + size / 2, top - 12, f"{words}: {count} pinwheels")
        file = BytesIO()
        Image.fromarray(colours(field).numpy()).save(file, "BMP")
        source = base64.b64encode(file.getvalue()).decode()
        drawing.shapes.append(
            f'<image x="{left:g}" y="{top:g}" width="{size:g}" height="{size:g}" '
            f'style="image-rendering:pixelated" href="data:image/bmp;base64,{source}"/>'
        )
        turns = pinwheels.winding(field)
        for sign, inks in ((1, ("paper", "ink")), (-1, ("ink", "paper"))):
            at = [
                (left + (place + 1) * cell, top + (row + 1) * cell)
                for row, place in (turns == sign).nonzero().tolist()
            ]
            for role, wide in zip(inks, (7.6, 5.2), strict=True):  # few shapes: a page is fast
                drawing.dots(at, role, wide)


MODELS = {
    "maps": LiveModel(
        numbers,
        fixture,
        still,
        304,
        "Two sheets of cells, coloured by the tilt that each prefers, with many pinwheels each: "
        "a map that has grown, and its twin, the same waves with phases by chance.",
    )
}
"""The live models of the chapter, by name."""
