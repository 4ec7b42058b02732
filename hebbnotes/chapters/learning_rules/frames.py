"""Figures of this chapter: data in, figures out."""

import math
from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import array, listed, named, over_seeds, pixels, show
from hebbnotes.figures.palette import BLACK, SHADES, SILVER, colour

__all__ = ["clouds", "fields", "fields_frame", "worth"]

RULES = {"Hebb": colour("hebb"), "Oja": colour("oja")}
FEATURES = {
    "random": colour("random"),
    "components": colour("pca"),
    "stored digits": colour("exemplars"),
    "soft": colour("soft"),
    "hard": colour("hard"),
    "with labels": colour("backpropagation"),
}
QUIET = SHADES["grey"][0]


def fields(rows: dict[str, Tensor], shape: tuple[int, int]) -> np.ndarray:
    """Draw weights (n_inputs, n_units) as pictures of their inputs, a row of units for each title.

    The two colours are the two signs; they are scaled unit by unit.
    """
    for w in named("rows", rows).values():
        _weights(w, shape)
    across = max(w.shape[1] for w in rows.values())
    _, axes = plt.subplots(len(rows), across, figsize=(7, len(rows) * 7 / across), squeeze=False)
    for line, (title, w) in zip(axes, rows.items(), strict=True):
        _draw_fields(line, w, shape)
        line[0].set_ylabel(title)
    return axes


def _weights(w: Tensor, shape: tuple[int, int]) -> None:
    n_inputs = math.prod(_checks.sides("shape", shape))
    _checks.floating("w", _checks.tensor("w", w, "n_inputs n_units", {"n_inputs": n_inputs}))
    _checks.finite("w", _checks.held("w", w))


def _draw_fields(axes: Iterable[Axes], w: Tensor, shape: tuple[int, int]) -> None:
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, field in zip(axes, w.detach().T, strict=False):
        limit = field.abs().max().item() or 1.0
        show(ax, pixels(field, shape), cmap="PuOr", vmin=-limit, vmax=limit)


def fields_frame(w: Tensor, shape: tuple[int, int], across: int, title: str) -> Figure:
    """Draw weights (n_inputs, n_units) as pictures of their inputs, in rows of ``across``."""
    _weights(w, shape)
    _checks.integer("across", across, 1, 1000)
    down = -(-w.shape[1] // across)
    fig, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.4), squeeze=False)
    _draw_fields(axes.ravel(), w, shape)
    fig.suptitle(title, fontsize="medium")
    return fig


def clouds(
    dots: Tensor, paths: Mapping[str, Tensor], lengths: Tensor, exact: Tensor, side: Tensor
) -> list[Figure]:
    """Draw clouds of inputs with the paths of an arrow, and how far it turned: a frame for each.

    Parameters
    ----------
    dots : Tensor
        Inputs of each cloud, shape (M, K, 2).
    paths : dict of Tensor
        The arrow at each step by rule, "Hebb" and "Oja", shape (T, K, 2).
    lengths, exact : Tensor
        Length of each cloud's mean, and where the mean of the rule ends, shapes (K,) and (K, 2).
    side : Tensor
        Direction of the clouds' long side, of length 1, shape (2,).
    """
    sizes = {"two": 2}
    _checks.floating("dots", _checks.tensor("dots", dots, "M K two", sizes))
    _checks.tensor("lengths", lengths, "K", sizes, dots, "dots")
    _checks.tensor("exact", exact, "K two", sizes, dots, "dots")
    _checks.tensor("side", side, "two", sizes, dots, "dots")
    for rule in RULES:
        path = named("paths", paths).get(rule)
        _checks.tensor(f"paths[{rule!r}]", path, "T K two", sizes, dots, "dots")
    if unknown := paths.keys() - RULES:
        raise ValueError(f"paths must be of {', '.join(RULES)}, got {', '.join(map(str, unknown))}")
    dots, lengths, exact, side = (one.detach().double() for one in (dots, lengths, exact, side))
    paths = {rule: path.detach().double() for rule, path in paths.items()}
    ends = paths["Oja"][-1]
    return [
        _cloud_frame(
            dots[:, k],
            {rule: path[:, k] for rule, path in paths.items()},
            (lengths, _degrees(exact, side), _degrees(ends, side), k),
        )
        for k in range(len(lengths))
    ]


def _degrees(w: Tensor, side: Tensor) -> Tensor:
    """Return the angle between arrows (K, 2) and a direction (2,), whichever way each points."""
    cosine = (w @ side).abs() / w.norm(dim=1)
    return torch.rad2deg(torch.arccos(cosine.clamp(max=1)))


def _cloud_frame(
    dots: Tensor, paths: Mapping[str, Tensor], turned: tuple[Tensor, Tensor, Tensor, int]
) -> Figure:
    figure, (plane, turn) = plt.subplots(1, 2, figsize=(7, 3.6), width_ratios=(1.15, 1))
    reach = 2.6
    plane.plot(*array(dots).T, ".", color=SILVER, markersize=3)
    around = torch.linspace(0, 2 * torch.pi, 200)
    plane.plot(around.cos(), around.sin(), color=QUIET, linewidth=1)
    for rule, path in paths.items():
        outside = (path.abs().max(1).values > reach).nonzero()
        inside = path[: int(outside[0]) + 1 if len(outside) else len(path)]
        plane.plot(*array(inside).T, color=RULES[rule], linewidth=2)
        if rule == "Oja":
            tip = array(inside[-1])
            how = {"color": RULES[rule], "width": 1.5, "headwidth": 8, "headlength": 8}
            plane.annotate("", tip, (0, 0), arrowprops=how)
            plane.text(tip[0] / 2 + 0.15, tip[1] / 2 - 0.35, rule, color=RULES[rule])
        else:
            x, y = array(inside[int(0.85 * len(inside))])
            plane.text(x - 0.2, y + 0.1, rule, color=RULES[rule], ha="right")
    plane.plot(*array(paths["Oja"][0]), "o", color=BLACK, markerfacecolor="white")
    plane.plot(*array(dots.mean(0)), "x", color=BLACK, markersize=9, markeredgewidth=2)
    plane.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    plane.set(xlabel="first input", ylabel="second input", title="dots, and the arrow's path")
    lengths, exact, found, k = turned
    turn.plot(array(lengths), array(exact), color=QUIET, linewidth=1.5)
    turn.plot(array(lengths), array(found), "o", color=RULES["Oja"], markersize=4, alpha=0.5)
    turn.plot(float(lengths[k]), float(found[k]), "o", color=RULES["Oja"], markersize=10)
    turn.set(xlabel="how far it is moved", ylim=(-4, 90), yticks=(0, 30, 60, 90))
    turn.set_title("degrees from the long side")
    return figure


def worth(
    sizes: Sequence[int], panels: Mapping[str, Mapping[str, Tensor]], pixels: float
) -> np.ndarray:
    """Draw errors in percent against numbers of features: a panel by title, a line for each kind.

    Parameters
    ----------
    sizes : sequence of int, numbers of features
    panels : dict of dict of Tensor
        Errors (seeds, n) by kind of feature, one of ``FEATURES``, for each panel by title.
    pixels : float
        Error with all pixels instead.
    """
    listed("sizes", sizes)
    _checks.number("pixels", pixels, 0, 100)
    for kinds in named("panels", panels).values():
        for kind, errors in named("a panel", kinds).items():
            _checks.choice("a kind of feature", kind, tuple(FEATURES))
            each = _checks.tensor(f"errors[{kind!r}]", errors, "seeds n", {"n": len(sizes)})
            _checks.floating(f"errors[{kind!r}]", each)
    _, axes = plt.subplots(1, len(panels), figsize=(7, 4.2), squeeze=False)
    for ax, (title, kinds) in zip(axes[0], panels.items(), strict=True):
        for kind, errors in kinds.items():
            over_seeds(ax, sizes, errors, FEATURES[kind], kind)
        ax.axhline(pixels, color=QUIET, linestyle="--", linewidth=1)
        ax.text(sizes[0] / 4.2, pixels * 1.02, "pixels", color=QUIET, va="bottom", fontsize=10)
        ax.set(xscale="log", yscale="log", xlabel="features", title=title)
        ax.set(xlim=(sizes[0] / 4.5, sizes[-1] * 1.15), ylim=(1.5, 40))
        ax.set(xticks=sizes, xticklabels=sizes, yticks=[2, 5, 10, 20], yticklabels=[2, 5, 10, 20])
        ax.minorticks_off()
        starts = {kind: errors[:, 0].detach().mean().item() for kind, errors in kinds.items()}
        _label(ax, sizes[0], starts)
    axes[0, 0].set_ylabel("test digits named wrongly (%)")
    return axes[0]


def _label(ax: Axes, x: float, heights: Mapping[str, float], apart: float = 1.13) -> None:
    """Write each line's name to the left of its start, on a logarithmic axis, none over another."""
    last = 0.0
    for kind, height in sorted(heights.items(), key=lambda pair: pair[1]):
        last = max(height, last * apart)
        ax.text(x * 0.93, last, kind, color=FEATURES[kind], ha="right", va="center", fontsize=10)
