"""The live model of the chapter: a memory of rates, and how many interneurons keep the last picture
from echoing.

Five pictures are shown once each; a reader rubs over the third, and chooses who inhibits whom. By
lot, half of the cells are on for ink, the others for paper (as ON and OFF cells of a retina), so
that about half of them are on whatever is drawn: cells that are silent send nothing.

Shapes: P patterns, N cells, T steps.
"""

from typing import Any

import torch
from torch import Tensor

from hebbnotes import tasks
from hebbnotes.chapters.cell_types import memory
from hebbnotes.figures.live import SIDE, LiveModel, bitmap, chance, hexed, three_numbers, written

__all__ = ["HOWS", "MODELS", "coded", "face", "likes", "lived", "others", "wrong"]

SEED = 7
"""Of the lot by which cells are on for ink or for paper."""
MINE = 2
"""The place of the reader's picture among the five."""

HOWS: dict[str, dict[str, Any]] = {
    "private": {},
    "none": {"k": 0},
    "one": {"k": 1},
    "groups": {"k": 256},
    "plastic": {"eta_inhibition": 1.0},
}
"""The circuits of inhibition, by name, as :func:`.memory.run` takes them."""


def face() -> Tensor:
    """Return a face as a pattern of +1 and -1, (SIDE * SIDE,)."""
    rows, columns = _places()
    far = (rows.square() + columns.square()).sqrt()
    eyes = ((rows + 4).abs() < 2) & ((columns.abs() - 4.5).abs() < 1.5)
    mouth = ((far - 7.5).abs() < 1.4) & (rows > 2)
    return _pattern(((far - 13).abs() < 1.5) | eyes | mouth)


def others() -> Tensor:
    """Return the four pictures beside the reader's, (4, SIDE * SIDE): stripes, checks, bands, and
    the last, upright stripes. Half of each is ink, and they hardly resemble each other.
    """
    rows, columns = (axis + (SIDE - 1) / 2 for axis in _places())
    return torch.stack(
        [
            _pattern((rows // 4) % 2 == 0),
            _pattern((rows // 8 + columns // 8) % 2 == 0),
            _pattern((rows + columns) // 8 % 2 == 0),
            _pattern((columns // 4) % 2 == 0),
        ]
    )


def _places() -> tuple[Tensor, Tensor]:
    axis = torch.arange(SIDE, dtype=torch.float64) - (SIDE - 1) / 2
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    return rows, columns


def _pattern(ink: Tensor) -> Tensor:
    return torch.where(ink, 1.0, -1.0).double().flatten()


def likes(seed: int = SEED, n: int = SIDE**2) -> Tensor:
    """Return 1 for cells that are on for ink and -1 for those that are on for paper, (N,)."""
    drawn = chance(seed)
    return torch.tensor([1.0 if next(drawn) < 0.5 else -1.0 for _ in range(n)]).double()


def coded(pictures: Tensor, seed: int = SEED) -> Tensor:
    """Return what cells are told of pictures (..., N), or the pictures of what they answer."""
    return pictures * likes(seed, pictures.shape[-1])


def lived(
    patterns: Tensor, asked: int, erased: Tensor, large: bool = True, **how: Any
) -> tuple[Tensor, memory.DaleMemory | None]:
    """Show patterns (P, N) once each, ask for one of which a part is erased (N,), with the numbers
    of the book's memory and a circuit of inhibition. Return ``y``, (T, N), and what the synapses
    are when the cue comes, unless the network is large.
    """
    three = three_numbers()
    values = three["gain"], three["inhibition"], three["eta"]
    schedule: dict[str, Any] = tasks.ONCE
    count, n = patterns.shape
    task = tasks.PatternCompletion(n, count, bias_unit=False, **schedule)
    order, unused = torch.arange(count).expand(1, -1), torch.Generator()
    shown = task.episodes(patterns[None], unused, asked, order, erased[None])
    if large:
        y = memory.quick(shown.inputs, values, clamp=shown.clamp, rates=True, **how)
        return y[:, 0], None
    before = len(shown.inputs) - schedule["steps_test"]
    first, state = memory.run(shown.inputs[:before], *values, clamp=shown.clamp[:before], **how)
    then, _ = memory.run(
        shown.inputs[before:], *values, state=state, clamp=shown.clamp[before:], **how
    )
    return torch.cat([first, then])[:, 0], state


def rubbed(broad: float = 12) -> Tensor:
    """Return what a broad stroke from corner to corner erases, boolean (N,)."""
    rows, columns = _places()
    return ((rows + columns).abs() < broad).flatten()


def wrong(erased: Tensor, picture: Tensor | None = None, seed: int = SEED, **how: Any) -> float:
    """Return which share of the dots that are erased, boolean (N,), comes back wrong, in [0, 1]."""
    picture = face() if picture is None else picture
    y, _ = lived(coded(_five(picture), seed), MINE, erased, **how)
    return (coded(y[-1], seed).sign() != picture)[erased].double().mean().item()


def _five(picture: Tensor) -> Tensor:
    beside = others()
    return torch.cat([beside[:MINE], picture[None], beside[MINE:]])


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    return {
        "trained": three_numbers(),
        "schedule": {key: value for key, value in tasks.ONCE.items() if key != "cycles"},
        "side": SIDE,
        "others": [hexed(picture) for picture in others()],
        "face": hexed(face()),
        "rubbed": hexed(torch.where(rubbed(), 1.0, -1.0)),
        "seed": SEED,
    }


def _told(how: dict[str, Any]) -> dict[str, Any]:
    """Return a circuit as the script has it."""
    if "eta_inhibition" in how:
        return {"kind": "plastic", "rate": how["eta_inhibition"]}
    kinds: dict[int | None, str] = {None: "private", 0: "none"}
    kind = kinds.get(how.get("k"), "groups")
    return {"kind": kind} | ({"k": how["k"]} if kind == "groups" else {})


def fixture() -> dict[str, Any]:
    """Return episodes that the script has to repeat: small ones with every state and the smallest
    synapse, of which the package builds all; large ones with sums of each state.
    """
    g, n = torch.Generator().manual_seed(0), 64
    task = tasks.PatternCompletion(n, 3, bias_unit=False)
    small = task.random_patterns(1, g, torch.float64)[0]
    half, cases = torch.arange(n) % 2 == 0, []
    few: tuple[dict[str, Any], ...] = ({"k": 5}, {"k": n}, {"eta_inhibition": 0.3})
    for how in (*(how for name, how in HOWS.items() if name != "groups"), *few):
        y, state = lived(small, 1, half, large=False, **how)
        synapses = [state.both, state.sent, state.received, state.u] if state else []
        least = min(part.min().item() for part in synapses)
        cases.append(
            {
                "patterns": [hexed(pattern) for pattern in small],
                "asked": 1,
                "erased": hexed(torch.where(half, 1.0, -1.0)),
                "how": _told(how),
                "least": least,
                "states": y.tolist(),
            }
        )
    five, gone = coded(_five(face())), rubbed()
    letter = coded(_five(written("A")))
    ramp = torch.arange(1, SIDE**2 + 1).double() / SIDE**2
    for patterns, how in (
        *((five, how) for how in HOWS.values()),
        (five, {"k": 768}),
        (letter, {"eta_inhibition": 0.1}),
    ):
        y, _ = lived(patterns, MINE, gone, **how)
        cases.append(
            {
                "patterns": [hexed(pattern) for pattern in patterns],
                "asked": MINE,
                "erased": hexed(torch.where(gone, 1.0, -1.0)),
                "how": _told(how),
                "sums": [[row.sum().item(), (ramp * row).sum().item()] for row in y],
            }
        )
    return {"likes": hexed(likes()), "cases": cases}


def still(drawing: Any) -> None:
    """Draw what is given, and what comes back with several circuits of inhibition."""
    gone, picture = rubbed(), face()
    rows = (
        ("one fixed", HOWS["one"]),
        ("256 groups", HOWS["groups"]),
        ("one plastic", HOWS["plastic"]),
    )
    size, top = 124.0, 8.0
    ink = picture > 0
    sheets: list[tuple[str, Tensor]] = [("given", picture)]
    for words, how in rows:
        y, _ = lived(coded(_five(picture)), MINE, gone, **how)
        sheets.append((words, coded(y[-1]).sign()))
    for k, (words, answer) in enumerate(sheets):
        left = 10 + k * (size + 14)
        drawing.box(left, top, size, size, "faint", "", 0, 1)
        bitmap(drawing, ink & ~gone, "ink", (left, top), size)
        if k:
            back, off = gone & (answer > 0) & ink, gone & (answer != picture)
            bitmap(drawing, back, "blue", (left, top), size)
            bitmap(drawing, off & (answer > 0), "red", (left, top), size)
            bitmap(drawing, off & (answer <= 0), "red", (left, top), size, 0.3)
        else:
            bitmap(drawing, gone, "faint", (left, top), size, 0.4)
        drawing.text(left + size / 2, top + size + 24, words)


MODELS = {
    "cell-types": LiveModel(
        numbers,
        fixture,
        still,
        172,
        "A face of dots with a broad stripe rubbed out, and what three circuits of inhibition "
        "bring back there: with one fixed interneuron, or with 256, upright stripes that were "
        "shown last; with one whose synapses learn, the face.",
    )
}
"""The live models of the chapter, by name."""
