"""The live model of the chapter: a rule of five terms in a small arena.

Sixteen senders and receivers, eight episodes, five tasks; the read noise and the range of a
synapse are those of the arena.
"""

from typing import Any

import torch
from torch import Tensor

from hebbnotes.arena.memories import READ_NOISE, WRITES, Matrix
from hebbnotes.arena.scores import shown
from hebbnotes.arena.streams import Stream
from hebbnotes.chapters.arena.contenders import GROWTH, column
from hebbnotes.chapters.arena.learned import rule_of
from hebbnotes.figures.live import LiveModel

__all__ = ["MODELS", "NAMED"]

D, BATCH, ACTIVE, UNFAIR = 16, 8, 3, 0.3
"""Cells at each end, episodes, active senders of a sparse key, and the values of weak strangers."""


def _rule(eta: float, *, marked: bool = False, **terms: float) -> dict[str, Any]:
    return {"eta": eta, "drive": 0.0, "w": 0.0, "post": 0.0, "pre": 0.0, **terms, "marked": marked}


NAMED = {
    "Hebb": _rule(0.5),
    "decay": _rule(0.1, w=-1.0),
    "delta": _rule(0.5, drive=-1.0),
    "decay at active senders": _rule(0.5, pre=-1.0),
    "Hebb that grows": _rule(1.0, pre=GROWTH),
    "delta, modulated": _rule(0.5, drive=-1.0, marked=True),
}
"""Rules by name: their rate, the factors of their terms, and whether a broadcast gates them."""


def as_rule(told: dict[str, Any]) -> Any:
    """Return a rule of the script as one of the package."""
    further = rule_of({"drive": told["drive"], "w": told["w"], "post2 w": told["post"]})

    def rule(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor) -> Tensor:
        active = (pre != 0)[..., :, None]
        return further(w, pre, post, drive=drive) + told["pre"] * active * w

    def marked(w: Tensor, pre: Tensor, post: Tensor, *, drive: Tensor, modulator: Tensor) -> Tensor:
        return modulator[..., None, :] * rule(w, pre, post, drive=drive)

    return marked if told["marked"] else rule


def _drawn(code: str, steps: int, generator: torch.Generator) -> tuple[Stream, Tensor]:
    """Draw some pairs of two episodes, a silent step, and what is asked; and the noise of all."""
    signs = torch.randn(steps, 2, D, generator=generator).sign()
    pre = signs / D**0.5
    if code == "sparse":
        order = torch.rand(steps, 2, D, generator=generator).argsort(-1)
        pre = (order < ACTIVE).float() / ACTIVE**0.5
    post = torch.randn(steps, 2, D, generator=generator).sign()
    pre[-1], post[-1] = 0, 0
    pre, post = pre.double(), post.double()
    told = torch.randint(0, 2, (steps, 2), generator=generator).double()
    noise = torch.randn(steps + 2, 2, D, generator=generator).double()
    return Stream(pre, post, told, told < 0, pre[:2], post[:2]), noise


def episode(told: dict[str, Any], code: str, how: dict[str, float], seed: int) -> dict[str, Any]:
    """Return what is given to the script, and what it has to make of it."""
    drawn, noise = _drawn(code, 7, torch.Generator().manual_seed(seed))
    writes = how["writes"] or float("inf")
    memory = Matrix(as_rule(told), (told["eta"],), how["noise"], writes)
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        sizes = [float(memory.w.norm()) for _ in shown(memory, drawn, noise[:7])]
        answers = memory.read(drawn.queries[:, None], noise[7:])
    finally:
        torch.set_default_dtype(before)
    right = (answers[:, 0].sign() * drawn.wanted).mean()
    after = {
        "overlap": float(right),
        "sizes": sizes,
        "end": memory.w[0, 0].flatten().tolist(),  # of the first episode
    }
    given = ("pre", "post", "modulator", "queries", "wanted")
    lists = {name: getattr(drawn, name).tolist() for name in given}
    return {"rule": told, "how": how, **lists, "noise": noise.tolist(), "after": after}


def fixture() -> dict[str, Any]:
    """Return episodes of all named rules, and of one that grows in an arena without range."""
    fair = {"noise": READ_NOISE, "writes": WRITES}
    cases = [
        episode(told, ("signs", "sparse")[k % 2], fair, k) for k, told in enumerate(NAMED.values())
    ]
    grows = _rule(0.5, w=0.6, post=-0.7)
    return {"cases": [*cases, episode(grows, "signs", {"noise": 0.0, "writes": 0.0}, 9)]}


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    return {
        "d": D,
        "batch": BATCH,
        "active": ACTIVE,
        "named": NAMED,
        "noise": READ_NOISE,
        "writes": WRITES,
        "unfair": UNFAIR,
    }


def still(drawing: Any) -> None:
    """Draw the map of the arena: what a rule sees against its total, from the stored table."""
    from hebbnotes.arena.place import stored_rows

    names = ("Hebb", "decay", "delta", "decay, modulated", "delta, modulated")
    places = [0, 1, 2, 4, 5]  # nobody of these is handed means
    words = ("two ends", "+ own\nweight", "+ broad-\ncast", "+ drive", "+ both")
    floor, top = 270.0, 30.0
    for mark in (0.5, 0.75, 1.0):
        y = floor - (floor - top) * (mark - 0.5) / 0.5
        drawing.text(56, y + 4, f"{mark:g}", anchor="end")
        drawing.path([(64, y), (552, y)], "faint", 1.0)
    for k, text in enumerate(words):
        for line, part in enumerate(text.split("\n")):
            drawing.text(104 + 92 * k, floor + 24 + 18 * line, part)
    for row in stored_rows("dense"):
        if row.name in names:
            x = 104.0 + 92 * places.index(column(row.sees))
            y = floor - (floor - top) * (row.total - 0.5) / 0.5
            drawing.circle(x, y, 7, "blue", "blue")
            drawing.text(x, y + (26 if row.name == "delta" else -14), row.name)


MODELS = {
    "arena": LiveModel(
        numbers,
        fixture,
        still,
        320,
        "A map of five rules: what a synapse sees, the best shown in brains first, against its "
        "overlap in eight tasks. Hebb and decay stand lowest, decay that a broadcast gates and the "
        "delta rule higher, and the delta rule that a broadcast gates is highest.",
    )
}
"""The live models of the chapter, by name."""
