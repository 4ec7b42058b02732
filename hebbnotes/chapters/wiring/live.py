"""The live model of the chapter: nine trained networks along an axis of price, and what is left of
their modularity when their links are shuffled.

Shapes: n = 64 units, a grid of 8 x 8.
"""

from functools import cache
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from hebbnotes import experiments
from hebbnotes.chapters.wiring import laws, modularity, networks, prices
from hebbnotes.chapters.wiring.experiments import EXPERIMENTS, FIXED, LIVE
from hebbnotes.figures.live import LiveModel, hexed, packed, unpacked
from hebbnotes.plasticity.places import distances, grid

__all__ = ["LINKS", "MODELS", "graph", "moves", "stored"]

SIDE, LINKS, SEED = 8, 300, 0
TOLERANCE, SWEEPS, TRIES = 0.3, 5, 5
"""By how much a shuffled link may differ in length; exchanges per link; tries at modularity."""
NAME = "wiring-prices"


@cache
def stored() -> list[networks.Params]:
    """Return the nine networks, the recurrent weights of each as the script has them."""
    weights = experiments.weights(NAME)
    keys = ("w", "u", "b", "readout", "bias")
    return [{key: weights[f"{SEED}.{name}.{key}"].double()[None] for key in keys} for name in LIVE]


def _rounded(w: Tensor) -> Tensor:
    return unpacked(packed(w))


def _far(side: int = SIDE) -> Tensor:
    return distances(grid((side, side), dtype=torch.float64))


def graph(w: Tensor) -> Tensor:
    """Return the graph of the strongest links of weights (n, n): booleans, (n, n)."""
    there = int(((w != 0) | (w != 0).mT).triu(1).sum())
    return modularity.strongest(w, min(LINKS, there))


def _bits(a: Tensor) -> str:
    """Return a graph as a bit for each pair, row by row."""
    i, j = torch.triu_indices(len(a), len(a), 1)
    return hexed(torch.where(a[i, j], 1.0, -1.0))


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    found, config = [], EXPERIMENTS[NAME].configuration
    tested = config.task.sample(2000, torch.Generator().manual_seed(SEED + 10_000))
    tested = tested._replace(inputs=tested.inputs.double())
    for price, one in zip((0.0, *FIXED["L1 x distance"]), stored(), strict=True):
        w = one["w"][0]
        right = networks.accuracy(one | {"w": _rounded(w)[None]}, tested).item()
        a = graph(w)
        found.append(
            {
                "price": price,
                "accuracy": round(right, 4),
                "nonzero": round((w.abs() > 0.01).sum().item() / (w.numel() - len(w)), 4),
                "count": int(a.sum()) // 2,
                "links": _bits(a),
                "w": packed(w),
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
    """Return the modules that one try finds, and the orders in which it takes units and modules."""
    orders, drawn = [], torch.randperm

    def noted(*given: Any, **how: Any) -> Tensor:
        order = drawn(*given, **how)
        orders.append(order.tolist())
        return order

    with patch.object(torch, "randperm", noted):
        found = modularity.modularity(a, torch.Generator().manual_seed(seed), tries=1)
    return found, orders


def fixture() -> dict[str, Any]:
    """Return shuffles of a small graph with all that chance chose, and of each network its wire,
    its profile and its modules.
    """
    side, links, g = 4, 30, torch.Generator().manual_seed(0)
    small = modularity.random_graph(side**2, links, g)
    first = torch.Generator().manual_seed(1)
    chosen = torch.randint(links, (2, 4096), generator=first)
    turned = torch.randint(2, (4096,), generator=first)
    again = [torch.Generator().manual_seed(1) for _ in range(2)]
    shuffled = {
        "degrees": _bits(modularity.swap(small, again[0], sweeps=2)),
        "lengths": _bits(modularity.swap(small, again[1], _far(side), TOLERANCE, sweeps=2)),
    }
    cases = []
    for one in stored():
        w = _rounded(one["w"][0])
        a = graph(one["w"][0])
        found, orders = moves(a, 0)
        profile = laws.distance_profile(a.double(), _far(), networks.EDGES.double(), 0.5)
        cases.append(
            {
                "orders": orders,
                "q": found.q,
                "labels": found.labels.tolist(),
                "wire": prices.wiring_cost(w, _far()).item(),
                "total": w.abs().sum().item(),
                "profile": [profile.distance.tolist(), profile.share.tolist()],
            }
        )
    draws = torch.cat([chosen, turned[None]]).mT[:3000]
    return {
        "small": {"graph": _bits(small), "draws": draws.flatten().tolist(), "to": shuffled},
        "networks": cases,
    }


def still(drawing: Any) -> None:
    """Draw the links of a network whose wire is free, and of one that pays."""
    size, top = 250.0, 36.0
    for column, (words, k) in enumerate((("wire is free", 0), ("wire has a price", len(LIVE) - 2))):
        left, step = 12 + 286.0 * column, size / SIDE
        w = stored()[k]["w"][0]
        a = graph(w)
        strong = w.abs() + w.abs().mT
        i, j = a.triu(1).nonzero(as_tuple=True)
        drawing.text(left + size / 2, 22, f"{words}: {len(i)} links")
        for p, q in zip(i.tolist(), j.tolist(), strict=True):
            (x, y), (u, v) = _place(p, left, top, step), _place(q, left, top, step)
            bend = ((x + u) / 2 + 0.08 * (v - y), (y + v) / 2 - 0.08 * (u - x))
            path = f"M{x:.1f} {y:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {u:.1f} {v:.1f}"
            drawing.path(path, "blue", 0.4 + 2.2 * (strong[p, q] / strong.max()).item())
        for u in range(SIDE**2):
            drawing.circle(*_place(u, left, top, step), 4.5, "muted", "paper", 1.5)


def _place(unit: int, left: float, top: float, step: float) -> tuple[float, float]:
    return left + (unit % SIDE + 0.5) * step, top + (unit // SIDE + 0.5) * step


MODELS = {
    "wiring": LiveModel(
        numbers,
        fixture,
        still,
        294,
        "Two grids of 64 units and the strongest links between them: where wire is free they lead "
        "anywhere, where it has a price most of them lead to neighbours.",
    )
}
"""The live models of the chapter, by name."""
