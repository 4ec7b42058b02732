"""What is left of modularity beside several null models, and of modules that were put there."""

from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.copies import swap
from hebbnotes.chapters.wiring.modularity import compared, modularity
from hebbnotes.chapters.wiring.nulls.histogram import misfit, swap_counts
from hebbnotes.chapters.wiring.nulls.planted import planted
from hebbnotes.experiments.experiment import Numbers, short

__all__ = ["beside", "plant"]


def beside(
    a: Tensor,
    lengths: Tensor,
    generator: torch.Generator,
    *,
    nulls: int = 20,
    tolerances: tuple[float, ...] = (0.3, 0.6, 1.0, 1.5),
    sweeps: int = 4000,
) -> Numbers:
    """Return a graph's modularity, and what it has beyond each of several null models.

    All keep each unit's degree: :func:`.swap` within each tolerance, and :func:`.swap_counts`,
    under the name "counts". Of each: "q", its mean; "rest", what the graph has beyond it;
    "unchanged" and "chance", the shares of links that are those of the graph, and of each other;
    "length", their mean length; "misfit", see :func:`.misfit`.

    Parameters
    ----------
    a : Tensor
        A graph, (n, n), booleans.
    lengths : Tensor
        Distance of each two units, (n, n).
    generator : torch.Generator
        Source of randomness.
    nulls : int
        Random graphs of each kind.
    tolerances : tuple of float
    sweeps : int
        See :func:`.swap_counts`.
    """
    _checks.integer("nulls", nulls, 2)
    q = modularity(a, generator).q
    made: dict[str, list[Tensor]] = {
        f"within {tolerance:g}": [swap(a, generator, lengths, tolerance) for _ in range(nulls)]
        for tolerance in tolerances
    }
    made["counts"] = [swap_counts(a, generator, lengths, sweeps=sweeps) for _ in range(nulls)]
    found: Numbers = {"q": short(q), "length": short(lengths[a].mean())}
    for kind, graphs in made.items():
        its: dict[str, Any] = compared(a, graphs, lengths, generator)
        mean = sum(its["q"]) / nulls
        out = sum(misfit(a, one, lengths) for one in graphs) / nulls
        found[kind] = {
            "q": short(mean),
            "rest": short(q - mean),
            **{key: short(its[key]) for key in ("unchanged", "chance", "length")},
            "misfit": short(out),
        }
    return found


def plant(
    a: Tensor,
    lengths: Tensor,
    generator: torch.Generator,
    more: float = 0.08,
    tolerance: float = 0.3,
) -> Tensor:
    """Return a random graph with a graph's degrees and lengths, and modules that neither explains.

    A null graph, of whose links a share of ``more`` is brought into its own modules.
    """
    null = swap(a, generator, lengths, tolerance)
    labels = modularity(null, generator).labels
    inside = float((null & (labels[:, None] == labels[None])).sum() / null.sum())
    return planted(null, labels, generator, lengths, min(1.0, inside + more), tolerance)
