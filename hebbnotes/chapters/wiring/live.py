"""The live model of the chapter: nine trained networks along an axis of price, and what is left of
their modularity in copies whose links are shuffled.

Shapes: n = 64 cells, on a board of 8 x 8.
"""

from functools import cache
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from hebbnotes import experiments
from hebbnotes.chapters.wiring import laws, modularity, networks
from hebbnotes.chapters.wiring.experiments import FIXED, LIVE
from hebbnotes.figures.live import LiveModel, hexed, packed
from hebbnotes.plasticity.places import distances, grid

__all__ = ["LINKS", "MODELS", "moves", "stored"]

SIDE, LINKS, SEED = 8, 150, 0
TOLERANCE, SWEEPS, TRIES = 0.3, 400, 5
"""By how much a copy's link may differ in length; exchanges that are tried, per link; and tries at
modularity."""
NAME = "wiring-prices"


@cache
def stored() -> list[Tensor]:
    """Return the recurrent weights (n, n) of the nine networks."""
    weights = experiments.weights(NAME)
    return [weights[f"{SEED}.{name}.w"].double() for name in LIVE]


def _far(side: int = SIDE) -> Tensor:
    return distances(grid((side, side), dtype=torch.float64))


def _bits(a: Tensor) -> str:
    """Return a graph as a bit for each pair, row by row."""
    i, j = torch.triu_indices(len(a), len(a), 1)
    return hexed(torch.where(a[i, j], 1.0, -1.0))


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    found = []
    measured = experiments.seeds(NAME)[SEED]["networks"]
    for price, name, w in zip((0.0, *FIXED["L1 x distance"]), LIVE, stored(), strict=True):
        one, a = measured[name], modularity.strongest(w, LINKS)
        i, j = a.triu(1).nonzero(as_tuple=True)
        found.append(
            {
                "price": price,
                "right": one["accuracy"],
                "wire": one["wire"],
                "left": one["links"]["0.01"],
                "shares": one["profile"]["share"],
                "links": _bits(a),
                "strengths": packed(w[i, j].abs() + w[j, i].abs()),
            }
        )
    return {
        "side": SIDE,
        "tolerance": TOLERANCE,
        "sweeps": SWEEPS,
        "tries": TRIES,
        "edges": networks.EDGES.tolist(),
        "networks": found,
    }


def moves(a: Tensor, seed: int) -> tuple[modularity.Partition, list[list[int]]]:
    """Return the groups that one try finds, and the orders in which it takes cells and groups."""
    orders, drawn = [], torch.randperm

    def noted(*given: Any, **how: Any) -> Tensor:
        order = drawn(*given, **how)
        orders.append(order.tolist())
        return order

    with patch.object(torch, "randperm", noted):
        found = modularity.modularity(a, torch.Generator().manual_seed(seed), tries=1)
    return found, orders


def fixture() -> dict[str, Any]:
    """Return copies of a small graph with all that chance chose, and of each network its profile
    and its groups.
    """
    side, links, g = 4, 30, torch.Generator().manual_seed(0)
    small = modularity.random_graph(side**2, links, g)
    tries, names = 20 * links, ("degrees", "lengths")
    again = [torch.Generator().manual_seed(1) for _ in range(4)]
    draws = {
        name: torch.rand(tries, several, generator=g, dtype=torch.float64).flatten().tolist()
        for name, several, g in zip(names, (3, 5), again[2:], strict=True)
    }
    shuffled = {
        "degrees": _bits(modularity.swap(small, again[0], sweeps=20)),
        "lengths": _bits(modularity.swap(small, again[1], _far(side), TOLERANCE, sweeps=20)),
    }
    cases = []
    for w in stored():
        a = modularity.strongest(w, LINKS)
        found, orders = moves(a, 0)
        profile = laws.distance_profile(a.double(), _far(), networks.EDGES.double(), 0.5)
        cases.append(
            {
                "orders": orders,
                "q": found.q,
                "labels": found.labels.tolist(),
                "profile": [profile.distance.tolist(), profile.share.tolist()],
            }
        )
    return {
        "small": {"graph": _bits(small), "draws": draws, "to": shuffled},
        "networks": cases,
    }


def still(drawing: Any) -> None:
    """Draw the links of a network whose wire is free, and of one that pays."""
    size, top = 250.0, 36.0
    for column, (words, k) in enumerate((("wire is free", 0), ("wire has a price", len(LIVE) - 3))):
        left, step = 12 + 286.0 * column, size / SIDE
        w = stored()[k]
        strong = w.abs() + w.abs().mT
        i, j = modularity.strongest(w, LINKS).triu(1).nonzero(as_tuple=True)
        drawing.text(left + size / 2, 22, words)
        lines: dict[float, list[str]] = {}  # by their width: a page is slow with hundreds of shapes
        for p, q in zip(i.tolist(), j.tolist(), strict=True):
            (x, y), (u, v) = _place(p, left, top, step), _place(q, left, top, step)
            bend = ((x + u) / 2 + 0.08 * (v - y), (y + v) / 2 - 0.08 * (u - x))
            path = f"M{x:.1f} {y:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {u:.1f} {v:.1f}"
            share = round(4 * (strong[p, q] / strong.max()).item()) / 4
            lines.setdefault(0.4 + 2.2 * share, []).append(path)
        for width in sorted(lines):
            drawing.path("".join(lines[width]), "blue", width)
        cells = [_place(u, left, top, step) for u in range(SIDE**2)]
        drawing.dots(cells, "muted", 10.5)
        drawing.dots(cells, "paper", 7.5)


def _place(cell: int, left: float, top: float, step: float) -> tuple[float, float]:
    return left + (cell % SIDE + 0.5) * step, top + (cell // SIDE + 0.5) * step


MODELS = {
    "wiring": LiveModel(
        numbers,
        fixture,
        still,
        294,
        "Two boards of 64 cells and their 150 strongest links: where wire is free they lead "
        "anywhere, where it has a price most of them lead to neighbours.",
    )
}
"""The live models of the chapter, by name."""
