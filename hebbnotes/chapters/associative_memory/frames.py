"""Figures of this chapter: data in, figures out."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures import BLACK, BLUE, GREEN, ORANGE, PINK, SKY, VERMILION, look, over_seeds
from hebbnotes.figures.drawing import (
    BITS,
    array,
    listed,
    named,
    rows_of_pictures,
)

__all__ = [
    "ages",
    "descents",
    "drawings",
    "edges",
    "ground",
    "ladder",
    "pull_bars",
    "stubborn",
]

SHORT = {
    "Hopfield": "hopfield",
    "delta rule": "delta",
    "pseudo-inverse": "pseudo-inverse",
    "dense, cubic energy": "dense",
    "modern": "modern",
}


def _label(ax: Axes, x: float, y: float, text: str, colour: str, **how: Any) -> None:
    """Write what a line is beside it, in its colour."""
    ax.annotate(text, (x, y), (5, 0), textcoords="offset points", va="center", color=colour, **how)


def pull_bars(names: Sequence[str], pulls: Sequence[Tensor]) -> np.ndarray:
    """Draw how hard each pattern pulls at one unit (P,), up if it pulls the way of the first: one
    row of bars for each memory, the first pattern apart, and at the end the sum of all others.
    """
    if not pulls or len(names) != len(pulls):
        raise ValueError(
            f"there must be a name for each memory, one at least, got {len(names)} and {len(pulls)}"
        )
    for one in pulls:
        _checks.tensor("pulls", one, "P", {})
    _, axes = plt.subplots(len(pulls), 1, figsize=(7, 1.9 * len(pulls)), sharey=True, squeeze=False)
    axes = axes[:, 0]
    for ax, name, one in zip(axes, names, pulls, strict=True):
        values = array(one)
        many, total = len(values), float(values[1:].sum())
        ax.bar(range(many), values, color=[BLUE] + [VERMILION] * (many - 1))
        ax.bar(1.1 * many, total, 0.06 * many, color=VERMILION)
        ax.axhline(0, color=BLACK, linewidth=0.8)
        ax.set(ylabel="pull", xticks=[], xlim=(-0.03 * many - 0.5, 1.36 * many))
        ax.set_title(name, fontsize="medium", loc="right")
        ax.annotate("the A", (0.4, values[0]), (5, -10), textcoords="offset points", color=BLUE)
        ax.annotate(
            "all others\ntogether", (1.14 * many, 0), (2, 4 if total > 0 else -4),
            textcoords="offset points", color=VERMILION, va="bottom" if total > 0 else "top",
        )  # fmt: skip
    return axes


def descents(energies: Tensor, found: Tensor) -> Axes:
    """Draw the energy of states (B, turns), and say which have found their pattern (B,)."""
    sizes: dict[str, int] = {}
    _checks.floating("energies", _checks.tensor("energies", energies, "B turns", sizes))
    _checks.tensor("found", found, "B", sizes, energies, "energies", boolean=True)
    if not bool(found.any()) or bool(found.all()):
        raise ValueError("found must have states of both kinds: draw more of them")
    _, ax = plt.subplots(figsize=(7, 3.2))
    for path, good in zip(array(energies), found.tolist(), strict=True):
        ax.plot(path, color=BLUE if good else VERMILION, linewidth=1.4)
    top, low = array(energies[~found]).max(0), array(energies[found]).min(0)
    _label(ax, 1.1, float(top[1]) + 22, "end elsewhere", VERMILION)
    _label(ax, 1.1, float(low[1]) - 40, "find their pattern", BLUE)
    ax.set(xlabel="turns of all units, one by one", ylabel="energy")
    ax.set(ylim=(float(low.min()) - 70, 20))
    return ax


def _four(kept: Mapping[str, tuple[Sequence[float], Tensor]]) -> None:
    """Raise unless there are four memories, each with loads and what is kept at these."""
    if len(named("kept", kept)) != 4:
        raise ValueError(f"kept must name four memories, which have colours, got {len(kept)}")
    for name, pair in kept.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"kept[{name!r}] must be loads and shares, got {_checks.got(pair)}")
        n = len(listed(f"kept[{name!r}][0]", pair[0]))
        _checks.floating("shares", _checks.tensor("shares", pair[1], "seeds loads", {"loads": n}))


def edges(kept: Mapping[str, tuple[Sequence[float], Tensor]], limit: float) -> Axes:
    """Draw shares of patterns that are kept, by name (loads, (seeds, loads)), and the limit's
    load.
    """
    _checks.number("limit", limit, 0)
    _four(kept)
    _, ax = plt.subplots(figsize=(7, 3.6))
    for (name, (loads, values)), colour in zip(
        kept.items(), (SKY, GREEN, BLUE, BLACK), strict=True
    ):
        over_seeds(ax, loads, 100 * values, colour, name)
        row, mean = list(kept).index(name), values.detach().mean(0)
        k = int((mean < 0.68 - 0.16 * row).int().argmax())  # the first, or 0
        ax.annotate(
            name, (loads[k], 100 * float(mean[k])), (0.235, 96 - 11 * row), color=colour,
            va="center", arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8},
        )  # fmt: skip
    ax.axvline(limit, color="#888888", linestyle="--")
    ax.set(xlabel="patterns for each unit", ylabel="patterns that are kept (%)")
    return ax


def stubborn(
    fine: Tensor,
    loads: Sequence[float],
    found: Mapping[str, tuple[Sequence[float], Sequence[float], str]],
) -> Axes:
    """Draw shares of units that change, by name (theory on fine loads, seen at loads, colour)."""
    _checks.floating("fine", _checks.tensor("fine", fine, "n", {}))
    listed("loads", loads)
    for name, parts in named("found", found).items():
        if not isinstance(parts, tuple) or len(parts) != 3:
            raise TypeError(
                f"found[{name!r}] must be theory, what is seen, a colour, got {_checks.got(parts)}"
            )
        listed("theory", parts[0], len(fine))
        listed("what is seen", parts[1], len(loads))
    _, ax = plt.subplots(figsize=(7, 3.4))
    for name, (theory, seen, colour) in found.items():
        ax.plot(array(fine), 100 * np.array(theory), color=colour)
        ax.plot(loads, 100 * np.array(seen), "o", color=colour)
        k = 22 if name.startswith("random") else -8
        ax.annotate(
            name, (float(fine[k]), 100 * theory[k]), (8, 6), textcoords="offset points",
            color=colour, ha="left" if k > 0 else "right",
        )  # fmt: skip
    ax.set(xscale="log", xlabel="patterns for each unit", ylabel="change (%)")
    ax.set(xticks=loads, xticklabels=loads)
    ax.minorticks_off()
    return ax


def ground(heights: Mapping[str, Tensor]) -> Axes:
    """Draw heights along a walk (steps,) by name."""
    for path in named("heights", heights).values():
        _checks.floating("a height", _checks.tensor("a height", path, "steps", {}))
    if len(heights) != 3:
        raise ValueError(f"heights must be of three walks, which have colours, got {len(heights)}")
    _, ax = plt.subplots(figsize=(7, 3.4))
    places = {VERMILION: (0.45, 10, "left"), GREEN: (0.5, 14, "right"), BLUE: (0.42, -17, "left")}
    for (name, path), colour in zip(heights.items(), places, strict=True):
        far, (at, up, side) = np.linspace(0, 1, len(path)), places[colour]
        along = array(path)
        ax.plot(far, along, color=colour, linewidth=2.2)
        k = round(at * (len(path) - 1))
        ax.annotate(
            name, (far[k], along[k]), (0, up), textcoords="offset points", color=colour,
            ha=side, va="center",
        )  # fmt: skip
    ax.set(xlabel="way from the A to the spurious state", ylabel="energy")
    ax.set(xticks=[0, 1], xticklabels=["the A", "spurious state"])
    return ax


def ladder(
    held: Sequence[Mapping[str, Mapping[str, float]]], bits: Sequence[int], most: Sequence[int]
) -> Axes:
    """Draw how many patterns memories hold, of each seed by memory and units, and the ceiling."""
    if not isinstance(held, Sequence) or not held or isinstance(held, str):
        raise TypeError(f"held must be a list, a dict for each seed, got {_checks.got(held)}")
    for one in held:
        for memory in SHORT:
            counts = named("held", one).get(memory)
            listed(f"held[{memory!r}]", list(named(f"held[{memory!r}]", counts).values()))
    listed("most", most, len(listed("bits", bits)))
    _, ax = plt.subplots(figsize=(7, 5))
    for memory, short in SHORT.items():
        counts = torch.tensor([list(one[memory].values()) for one in held])
        ns = [int(n) for n in held[0][memory]]
        over_seeds(ax, ns, counts, look(short)["color"], look(short)["label"])
        k = 2 if memory == "modern" else -1
        up = {"Hopfield": -8, "delta rule": 7}.get(memory, 0)
        ax.annotate(
            look(short)["label"], (ns[k], float(counts[:, k].mean())), (9, up), va="center",
            textcoords="offset points", color=look(short)["color"],
        )  # fmt: skip
    ax.plot(bits, most, "--", color=look("ceiling")["color"])
    _label(ax, bits[-1], 1.3 * most[-1], "no memory holds more", look("ceiling")["color"])
    ax.set(xscale="log", yscale="log", xlabel="units", ylabel="patterns", ylim=(4, 5e4))
    ax.set(xticks=(16, 32, 50, 100, 200, 400), xticklabels=(16, 32, 50, 100, 200, 400))
    ax.set(xlim=(10, 1500))
    ax.minorticks_off()
    return ax


def ages(overlaps: Mapping[Any, Tensor]) -> Axes:
    """Draw overlaps (draws, ages), the newest first, by rule or rate: means of draws and tens."""
    for one in named("overlaps", overlaps).values():
        sizes = {"ages": 120} if getattr(one, "ndim", 0) != 2 or one.shape[1] < 120 else {}
        _checks.floating("overlaps", _checks.tensor("overlaps", one, "draws ages", sizes))
    _, ax = plt.subplots(figsize=(7, 3.4))
    colours = (PINK, SKY, BLUE, GREEN, ORANGE, BLACK)
    for (name, one), colour in zip(overlaps.items(), colours, strict=False):
        tens = array(one[:, :120].reshape(len(one), 12, 10).mean((0, 2)))
        ax.plot(np.arange(5, 125, 10), tens, color=colour, marker=".")
        k = 11 if name in ("Hebb", 0.002) else int((tens < 0.62).argmax())
        up = {"Hebb": -0.03, 0.002: 0.03}.get(name, 0)
        _label(ax, 5 + 10 * k, float(tens[k]) + up, f"{name}", colour)
    ax.set(xlabel="age (0: the newest)", ylabel="overlap at recall", xlim=(0, 135))
    return ax


def drawings(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int]) -> np.ndarray:
    """Draw rows of patterns by title, (n,) each: 1 is blue, -1 white, and 0, which is unknown,
    grey.
    """
    return rows_of_pictures(rows, shape, BITS)
