"""The live model of the chapter: the reader's own drawings, and three numbers to set. And what is
said of drawings, measured: letters stand for them.

Shapes: B episodes, P patterns, n units.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor

from hebbnotes import tasks
from hebbnotes.experiments.experiment import Experiment, Numbers, Weights, nothing, short, shorts
from hebbnotes.figures.live import (
    SIDE,
    LiveModel,
    dots,
    lived,
    recalled,
    squares,
    three_numbers,
    written,
)

__all__ = ["DRAWN", "MODELS", "SETTINGS", "WEAK", "Drawings"]

WEAK = {"eta": 0.01, "gain": 2.0, "inhibition": 0.0}
"""One weak gain that nobody trained."""
SETTINGS = {
    "eta": (0.001, 0.003, 0.01, 0.017, 0.03, 0.06),
    "gain": (2.0, 10.0, 30.0, 54.0, 80.0, 120.0, 200.0),
    "inhibition": (0.0, 0.5, 1.1, 1.6, 2.0),
}
"""What a button of the model tries in all combinations."""
LETTERS, OTHERS = "ABCDE", "YES"


@dataclass(frozen=True, kw_only=True)
class Drawings:
    """Configuration: letters, of which some are drawn together, and shares that are rubbed out."""

    letters: str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    sets: int = 20
    together: tuple[int, ...] = (2, 3, 5)
    shares: tuple[float, ...] = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
    faces: int = 20  # sets of four random patterns around one letter


def settings() -> Iterable[dict[str, float]]:
    """Yield all combinations."""
    for values in product(*SETTINGS.values()):
        yield dict(zip(SETTINGS, values, strict=True))


def wrong(patterns: Tensor, asked: Tensor, erased: Tensor, numbers: dict[str, float]) -> Tensor:
    """Return the share of erased bits (B, n) that come back wrong, (B,), of patterns (B, P, n)."""
    states, shown = recalled(patterns, asked, erased, numbers)
    return tasks.errors(states[-1], shown).erased


def halves(batch: int, g: torch.Generator) -> Tensor:
    """Rub out half of the dots at random, (B, n)."""
    return torch.rand(batch, SIDE**2, generator=g).argsort(1).argsort(1) < SIDE**2 // 2


def stroked(share: float, g: torch.Generator) -> Tensor:
    """Rub out a share of the dots as a finger does, (n,): in one stroke between random places, five
    dots wide.
    """
    erased, most = torch.zeros(SIDE, SIDE, dtype=torch.bool), round(share * SIDE**2)
    at = torch.randint(SIDE, (2,), generator=g)
    while True:
        to = torch.randint(SIDE, (2,), generator=g)
        steps = max(1, int((to - at).abs().max()))
        for k in range(steps + 1):
            row, column = (at + (to - at) * k / steps).round().long().tolist()
            erased[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = True
            if erased.sum() >= most:
                return erased.flatten()
        at = to


def score_drawings(weights: Weights, seed: int, chosen: Drawings) -> Numbers:
    """Recall letters that are shown together, and a letter that is rubbed out among noise."""
    g, trained = torch.Generator().manual_seed(70_000 + seed), three_numbers(seed)
    alphabet = torch.stack([written(letter) for letter in chosen.letters])
    told: Numbers = {"together": {}, "rubbed": {}}
    for count in chosen.together:
        errors: dict[str, list[Tensor]] = {"trained": [], "weak": []}
        for _ in range(chosen.sets):
            some = alphabet[torch.randperm(len(alphabet), generator=g)[:count]]
            each, erased = some.expand(count, -1, -1), halves(count, g)
            for name, numbers in (("trained", trained), ("weak", WEAK)):
                errors[name].append(wrong(each, torch.arange(count), erased, numbers))
        told["together"][str(count)] = {
            name: short(torch.cat(found).mean()) for name, found in errors.items()
        }
    five = torch.stack([written(letter) for letter in LETTERS]).expand(5, -1, -1)
    erased, asked = halves(5, g), torch.arange(5)
    tried = torch.stack([wrong(five, asked, erased, numbers) for numbers in settings()])
    told["five"] = {
        "trained": shorts(wrong(five, asked, erased, trained)),
        "weak": shorts(wrong(five, asked, erased, WEAK)),
        "best": shorts(tried.amin(0)),
        "best_for_all": short(tried.mean(1).min()),
    }
    noise = tasks.PatternCompletion(SIDE**2, 5).random_patterns(chosen.faces, g, torch.float64)
    who = torch.randint(len(alphabet), (chosen.faces,), generator=g)
    noise[:, 2] = alphabet[who]
    third = torch.full((chosen.faces,), 2)
    for share in chosen.shares:
        rubbed = torch.stack([stroked(share, g) for _ in range(chosen.faces)])
        told["rubbed"][f"{share:g}"] = short(wrong(noise, third, rubbed, trained).mean())
    return told


DRAWN: dict[str, Experiment[Any]] = {
    "drawings": Experiment(
        "letters, shown once each to networks of three numbers and to one weak gain: several "
        "together, A to E with all settings of a grid, and one that is rubbed out among noise",
        nothing,
        score_drawings,
        Drawings(),
        "five.best_for_all",
        "share of the erased dots of the letters A to E that are wrong, at the best setting",
        at_least=0.0,
    ),
}
"""What is measured of drawings; nothing is trained."""


# ------------------------------------------------------------------------------- what is told


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    return dots(*LETTERS, *OTHERS) | {"weak": WEAK, "tried": SETTINGS}


def fixture() -> dict[str, Any]:
    """Return episodes that the script has to repeat."""
    task, g = tasks.PatternCompletion(64, 3, bias_unit=False), torch.Generator().manual_seed(2)
    small = task.random_patterns(1, g, torch.float64)[0]
    large, half = torch.stack([written(letter) for letter in LETTERS]), torch.rand(64, generator=g)
    random = halves(1, g)[0]
    three = three_numbers()
    other = {"eta": 0.06, "gain": 120.0, "inhibition": 0.5}
    return {
        "trained": lived(small, 0, half < 0.5, three),
        "weak": lived(small, 2, half < 0.5, WEAK),
        "another": lived(small, 0, half < 0.5, other),
        "letters": lived(large, 2, random, three),
        "letters, weak": lived(large, 2, random, WEAK),
    }


CELL = 5.0


def still(drawing: Any) -> None:
    """Draw three letters, what is left of one, and the answers of trained and of weak numbers."""
    three = torch.stack([written(letter) for letter in OTHERS])
    erased, asked = halves(1, torch.Generator().manual_seed(0))[0], 0
    side = SIDE * CELL
    answers = {"as trained": three_numbers(), "one weak gain": WEAK}
    for k, pattern in enumerate(three):
        squares(drawing, (16 + 184 * k, 12), CELL, pattern > 0, "ink")
        drawing.box(16 + 184 * k, 12, side, side, "faint", "", 0)
    drawing.text(280, side + 36, "shown once each")
    cue = three[asked].where(~erased, torch.tensor(0.0).double())
    for k, words in enumerate(("a cue", *answers)):
        left, top = 16 + 184 * k, side + 56
        squares(drawing, (left, top), CELL, erased, "faint", 0.3)
        squares(drawing, (left, top), CELL, cue > 0, "ink")
        if words in answers:
            y = recalled(three[None], asked, erased[None], answers[words])[0][-1, 0]
            right = y.sign() == three[asked]
            squares(drawing, (left, top), CELL, erased & right & (y > 0), "blue")
            squares(drawing, (left, top), CELL, erased & ~right, "red")
        drawing.box(left, top, side, side, "faint", "", 0)
        drawing.text(left + side / 2, top + side + 24, words)


MODELS = {
    "differentiable-plasticity": LiveModel(
        numbers,
        fixture,
        still,
        412,
        "Three letters of dots, Y, E and S, shown once each; half of the Y; and two answers. With "
        "the trained numbers many dots come out wrong, with one weak gain none.",
    )
}
"""The live models of the chapter, by name."""
