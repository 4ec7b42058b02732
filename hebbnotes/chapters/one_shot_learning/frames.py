"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import (
    array,
    frame,
    greys,
    label_lines,
    over_seeds,
    show,
)
from hebbnotes.figures.palette import BLACK, BLUE, SILVER, VERMILION, colour, name
from hebbnotes.tasks.one_shot import OneShot, correct

__all__ = ["answers", "harder", "scores", "shots", "strengths", "written"]


def answers(episodes: OneShot, y: Tensor) -> np.ndarray:
    """Draw one-shot episodes, a row each: the drawings by label, the one asked for, the answer (B,
    N).

    Under the last stands the answer and its probability; a wrong one is followed by the right
    label, and has the colour of what is wrong.
    """
    correct(y, episodes)  # checks that they fit
    n_labels = y.shape[1]
    if len(episodes.targets) != n_labels + 1:
        raise ValueError(
            f"there must be one drawing for each of {n_labels} labels, "
            f"got {len(episodes.targets) - 1}: use n_shots=1"
        )
    letters = [chr(ord("A") + label) for label in range(n_labels)]
    order = episodes.targets[:-1].argmax(-1).argsort(0)
    rows = []
    for b, drawn in enumerate((1 - 2 * episodes.inputs).unbind(1)):
        rows.append(dict(zip([*letters, "asked"], [*drawn[order[:, b]], drawn[-1]], strict=True)))
    down, across = episodes.inputs.shape[-2:]
    axes = greys(rows, (down, across))
    for b, (said, right) in enumerate(
        zip(y.argmax(-1).tolist(), episodes.answer.tolist(), strict=True)
    ):
        text = f"{letters[said]}, {y[b, said]:.2f}" + (
            "" if said == right else f" ({letters[right]})"
        )
        axes[b, -1].set_xlabel(
            text, color=colour("right") if said == right else VERMILION, fontweight="bold"
        )
    return axes


def written(
    drawings: Sequence[Tensor], hebb: Sequence[Tensor], titles: Sequence[str], labels: str
) -> np.ndarray:
    """Draw steps of one-shot learning side by side: the drawing, and below it the trace (F, N), a
    row for each label.
    """
    _checks.of_type("labels", labels, str, 'use "ABCDE"')
    if not len(drawings) == len(hebb) == len(titles):
        raise ValueError(
            "each step needs a drawing, a trace and a title, "
            f"got {len(drawings)}, {len(hebb)} and {len(titles)}"
        )
    for drawing, trace in zip(drawings, hebb, strict=True):
        _checks.tensor("drawing", drawing, "rows columns", {})
        _checks.held("hebb", _checks.tensor("hebb", trace, "F N", {"N": len(labels)}))
    largest = max(trace.abs().max().item() for trace in hebb) or 1.0
    _, axes = plt.subplots(2, len(titles), figsize=(7, 3.2), squeeze=False, height_ratios=(1.3, 1))
    for (above, below), drawing, trace, title in zip(axes.T, drawings, hebb, titles, strict=True):
        show(above, array(drawing), cmap="gray_r", vmin=0, vmax=1)
        frame(above, title=title)
        show(below, array(trace.T), cmap="PuOr", vmin=-largest, vmax=largest, aspect="auto")
        below.set(xticks=[], yticks=range(len(labels)), yticklabels=labels, xlabel="feature")
        below.spines[:].set_visible(True)
    return axes


def strengths(
    at: Sequence[float], loss: Tensor, wrong: Tensor, guessing: float, driven: tuple[float, float]
) -> Figure:
    """Draw loss and wrong answers (seeds, n) against the strength of the label; shaded: what drives
    other labels.
    """
    fig, axes = plt.subplots(2, 1, figsize=(7, 5.6), sharex=True)
    for ax, values, label in zip(axes, (loss, wrong), ("loss", "wrong (%)"), strict=True):
        over_seeds(ax, at, values, colour("plastic"), "_")
        ax.axvspan(*driven, color=SILVER, alpha=0.5)
        ax.set(ylabel=label, ylim=(0, None), xscale="symlog")
    axes[0].axhline(guessing, color=BLACK, ls="--")
    axes[0].text(1000, guessing, "guessing", ha="right", va="bottom")
    axes[1].text(1.1 * driven[1], 50, "what drives\nother labels", va="center")
    axes[1].set_xlabel("strength of the label")
    axes[1].set_xticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1,000"])
    return fig


def scores(
    all_of: dict[str, list[float]], first: dict[str, list[float]], published: tuple[float, float]
) -> Figure:
    """Draw shares of right answers in percent, a row for each network and a mark for each seed: of
    all episodes, and of the first hundred; last the published mean and half its interval.
    """
    kinds = {"plastic": colour("plastic"), "full": BLUE, "prototypes": colour("prototypes")}
    named = {
        "plastic": "plastic,\none α",
        "full": "plastic,\nan α each",
        "prototypes": "prototypes",
    }
    fig, ax = plt.subplots(figsize=(7, 4.2))
    for row, (kind, ink) in enumerate(kinds.items()):
        for values, off, mark in ((all_of, -0.15, "o"), (first, 0.15, "x")):
            ax.plot(values[kind], [row + off] * len(values[kind]), mark, color=ink)
    ax.errorbar(published[0], 3, xerr=published[1], fmt="o", color=colour("paper"))
    ax.set_yticks(range(4), [*named.values(), name("paper")])
    ax.annotate("100,000 episodes", (min(all_of["plastic"]), -0.15), (-8, 0), **_BESIDE)
    ax.annotate("100 episodes", (min(first["plastic"]), 0.15), (-8, 0), **_BESIDE)
    ax.set(xlabel="right (%)", xlim=(96, 100.3), ylim=(3.5, -0.6))
    return fig


_BESIDE: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "va": "center"}


def harder(rows: dict[str, dict[str, list[float]]]) -> Figure:
    """Draw shares of right answers in percent, a row for each test: by network, a mark for each
    seed, and the mean.
    """
    inks = {"plastic": colour("plastic"), "prototypes": colour("prototypes"), "pixels": BLACK}
    marks = {"plastic": "o", "prototypes": "s", "pixels": "|"}
    off = {"plastic": -0.14, "prototypes": 0.14, "pixels": 0.0}
    fig, ax = plt.subplots(figsize=(7, 4.8))
    for row, read in enumerate(rows.values()):
        for net, values in read.items():
            ax.plot(values, [row + off[net]] * len(values), marks[net], color=inks[net], alpha=0.7)
    last = next(reversed(rows.values()))
    for net, values in last.items():
        above = net == "plastic"
        where = (max(values), len(rows) - 1 + off[net])
        ax.annotate(
            name(net) if net != "pixels" else net,
            where,
            (9, 5 if above else -5 if net == "prototypes" else 0),
            textcoords="offset points",
            va="center",
            color=inks[net],
        )
    ax.set_yticks(range(len(rows)), rows)
    ax.set(xlabel="right (%)", xlim=(15, 101), ylim=(len(rows) - 0.5, -0.5))
    ax.axvline(20, color=BLACK, ls="--")
    return fig


def shots(wrong: dict[str, tuple[str, Tensor]], shares: dict[str, Tensor]) -> Figure:
    """Draw wrong answers by the step that showed the label, of networks with the short name of
    their colour; and the shares of five drawings in a column, by network.
    """
    fig, (ax, below) = plt.subplots(2, 1, figsize=(7, 6.6))
    for label, (short, values) in wrong.items():
        high = bool(values.mean(0)[0] > 50)  # what is high at first is named there
        over_seeds(ax, range(1, 6), values, colour(short), "_" if high else label)
        if high:
            start = (1.1, values.mean(0)[0].item())
            ax.annotate(label, start, (20, 0), **_BESIDE | {"ha": "left", "color": colour(short)})
    for (label, values), ink in zip(shares.items(), (BLUE, BLACK), strict=True):
        over_seeds(below, range(1, 6), values, ink, label)
    below.axhline(0.2, color=colour("prototypes"), ls="--")
    below.text(1, 0.2, name("prototypes"), color=colour("prototypes"), va="bottom")
    ax.set(xlabel="step that showed the label", ylabel="wrong (%)", ylim=(-6, None))
    below.set(xlabel="drawing of a label, oldest first", ylabel="share", ylim=(0, None))
    for one in (ax, below):
        one.set(xticks=range(1, 6), xlim=(0.8, 6.6))
        label_lines(one)
    return fig
