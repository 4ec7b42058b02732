"""The live model of the chapter: pairs of letters that a matrix, or a list, is made to hold.

A key is what eight lines send, a value what eight cells should do; what is written between them is
64 synapses, or, for softmax, a list of pairs. Everything is replayed from the pairs that were
written, so that another rule, or keys that overlap more, are seen at once.

Shapes: K keys and as many values of n = 8 numbers each; T writes.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.live import LiveModel
from hebbnotes.plasticity import rules

__all__ = ["KEYS", "MODELS", "RULES", "VALUES", "How", "Written", "codes", "keys", "replay"]

KEYS, VALUES = "ABCD", "WXYZ"
"""The letters that are asked, and those that are answered."""
RULES = ("hebb", "decay", "gated", "delta", "softmax")
"""What may be written: by the first four a matrix, by the last a list."""
SIZE = 8
OWN = (0.8, 0.6)
"""What a key sends on the two lines of its own, where keys do not overlap."""
FIRST = ((0, 0), (1, 1))
"""The pairs of key and value that are written when the reader comes."""
OVERLAP = 0.5


class How(NamedTuple):
    """How pairs are written and read."""

    rule: str
    overlap: float = OVERLAP
    """Product of two different keys, from 0 to 0.9; each key has length 1."""
    g: float = 1.0
    """The part of what a cell expects that delta subtracts."""
    forget: float = 0.3
    """The share of each weight that decay forgets at each write."""
    sharpness: float = 8.0
    """What softmax multiplies a product of two keys by."""
    recency: float = 0.0
    """What softmax adds for each later place in the list."""


class Written(NamedTuple):
    """What all keys answer before and after a write, in parts of each value, (K, K); what each cell
    expected and what was written to it, (n,); and the weights afterwards, (n, n).
    """

    before: Tensor
    after: Tensor
    expected: Tensor
    told: Tensor
    w: Tensor


def keys(overlap: float) -> Tensor:
    """Return keys of length 1, (K, n), of which any two have a product ``overlap``.

    They are the rows of the square root of their Gram matrix, each number on two lines: without
    overlap a key has two lines of its own, with overlap it sends some on those of the others.
    """
    _checks.number("overlap", overlap, 0, 0.95)
    count = len(KEYS)
    alone, all_of = math.sqrt(1 - overlap), math.sqrt(1 + (count - 1) * overlap)
    root = alone * torch.eye(count).double() + (all_of - alone) / count
    return (root[:, :, None] * torch.tensor(OWN, dtype=torch.float64)).flatten(1)


def codes() -> Tensor:
    """Return the values, (K, n), of +1 and -1; any two have a product of 0."""
    bits = torch.arange(SIZE)
    four, two, one = (1 - 2 * (bits // step % 2) for step in (4, 2, 1))
    return torch.stack((four, two, one, two * one)).double()


def replay(pairs: list[tuple[int, int]], how: How) -> list[Written]:
    """Write pairs of key and value one after the other, and read all keys before and after each."""
    _checks.choice("how.rule", how.rule, RULES)
    k, v = keys(how.overlap), codes()
    w, held, seen = torch.zeros(SIZE, SIZE).double(), torch.empty(0, 2, dtype=torch.long), []

    def read() -> Tensor:
        if how.rule != "softmax":
            return k @ w
        if not len(held):
            return torch.zeros_like(k)
        order = how.recency * torch.arange(len(held)).double()
        scores = how.sharpness * k @ k[held[:, 0]].mT + order
        return scores.softmax(-1) @ v[held[:, 1]]

    for key, value in pairs:
        pre, post, before = k[key], v[value], read()
        expected, told = before[key], post
        if how.rule == "hebb":
            w = w + rules.hebb(w, pre, post)
        elif how.rule == "decay":
            w = w + rules.hebb(w, pre, post) - how.forget * w
        elif how.rule == "gated":
            w = w + rules.pre_gated(w, pre, post)
        elif how.rule == "delta":
            told = post - how.g * expected
            w = w + rules.delta(w, pre, post, drive=how.g * expected)
        else:
            held = torch.cat((held, torch.tensor([[key, value]])))
        was, now = (answer @ v.mT / SIZE for answer in (before, read()))
        seen.append(Written(was, now, expected, told, w))
    return seen


def fixture() -> dict[str, Any]:
    """Return pairs that are written by all rules, with what all keys answer."""
    ways = [
        *(How(rule) for rule in RULES),
        How("delta", 0.0, g=1.4),
        How("delta", 0.7, g=0.4),
        How("decay", 0.2, forget=0.8),
        How("softmax", 0.8, sharpness=3.0, recency=0.7),
    ]
    pairs = [(0, 0), (1, 1), (2, 2), (0, 3), (1, 1)]
    return {"cases": [_replayed(pairs, how) for how in ways]}


def _replayed(pairs: list[tuple[int, int]], how: How) -> dict[str, Any]:
    """Return what the script has to repeat; of the weights, those at the end."""
    seen = replay(pairs, how)
    names = ("before", "after", "expected", "told")
    writes = [{name: getattr(one, name).tolist() for name in names} for one in seen]
    return {"how": how._asdict(), "pairs": pairs, "writes": writes, "w": seen[-1].w.tolist()}


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    return {
        "keys": KEYS,
        "values": VALUES,
        "own": OWN,
        "codes": codes().int().tolist(),
        "first": FIRST,
        "how": How("hebb")._asdict(),
    }


def _squares(w: Tensor, left: float, top: float, cell: float) -> str:
    """Return SVG's words for a square on each positive weight, as large as it is."""
    half = (w.clamp(0, 1.5) / 1.5).sqrt() * (cell / 2 - 1.5)
    found = []
    for i, j in (half > 0.5).nonzero().tolist():
        size = round(half[i, j].item(), 1)
        x, y = left + cell * (j + 0.5) - size, top + cell * (i + 0.5) - size
        found.append(f"M{x:.1f} {y:.1f}h{2 * size:.1f}v{2 * size:.1f}h-{2 * size:.1f}z")
    return "".join(found)


def still(drawing: Any) -> None:
    """Draw the matrix after a key was bound twice, and what it then answers, by two rules."""
    pairs = [(0, 0), (1, 1), (0, 2)]
    for side, (rule, words) in enumerate((("hebb", "Hebb"), ("delta", "delta"))):
        last, left, top, cell = replay(pairs, How(rule))[-1], 40.0 + 280 * side, 44.0, 25.0
        drawing.text(left, 26, f"by {words}", anchor="start")
        far = cell * SIZE
        lines = [f"M{left} {top + cell * i}h{far}M{left + cell * i} {top}v{far}" for i in range(9)]
        drawing.path("".join(lines), "faint", 1)
        for role, sign in (("blue", 1), ("pink", -1)):
            drawing.path(_squares(sign * last.w, left, top, cell), "", 0, role)
        for key, letter in enumerate(KEYS):
            drawing.text(left - 18, top + 2 * cell * (key + 0.5) + 6, letter)
        answer = [
            f"{part:.2f} {letter}"
            for letter, part in zip(VALUES, last.after[0].tolist(), strict=True)
            if abs(part) > 0.01
        ]
        drawing.text(left, top + 8 * cell + 26, "A answers\n" + ", ".join(answer), anchor="start")
    drawing.text(22, 326, "written: A and W, B and X, then A and Y", anchor="start")


MODELS = {
    "fast-weights-and-attention": LiveModel(
        numbers,
        fixture,
        still,
        342,
        "Two matrices of 8 by 8 synapses after A was bound to W, B to X and then A to Y. By Hebb "
        "A answers a mixture of W, X and Y; by delta it answers Y alone.",
    )
}
"""The live models of the chapter, by name."""
