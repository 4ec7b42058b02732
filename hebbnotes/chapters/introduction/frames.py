"""Figures of this chapter: data in, figures out."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import draw_overlaps, draw_state, frame, named, pixels, show
from hebbnotes.figures.palette import BLUE, GREY, VERMILION
from hebbnotes.tasks.patterns import Episodes, check_asked

__all__ = ["completion", "recall_strip"]

KEY = {"erased": GREY, "ink": BLUE, "wrong": VERMILION}


def completion(
    episodes: Episodes, answers: dict[str, Tensor], shape: tuple[int, int], name: str = "pattern"
) -> np.ndarray:
    """Draw the first episode of a pattern completion: the patterns, the cue, and answers by title.

    Bits of 1 are ink, of -1 white; erased ones, and an answer's (B, n_units) wrong ones, have
    colours of their own, which a key below explains. Stored patterns are called by ``name``.
    """
    check_asked(episodes)
    rows, columns = _checks.sides("shape", shape)
    stored, target, erased = episodes.patterns[0], episodes.answer[0], episodes.erased[0]
    n_bits = len(target)
    if rows * columns != n_bits:
        raise ValueError(f"shape must hold the {n_bits} bits of a pattern, got {rows} x {columns}")
    for title, y in named("answers", answers, least=0).items():
        its = f"answers[{title!r}]"
        _checks.floating(its, _checks.tensor(its, y, "B n_units", {"B": len(episodes.answer)}))
        _checks.held(its, y)
        if y.shape[1] < n_bits:
            raise ValueError(f"{its} must have {n_bits} units or more, got {y.shape[1]}")
    seen = {f"{name} {k + 1}": bits + 1 for k, bits in enumerate(stored)}
    asked = {"cue": target * ~erased + 1}
    for title, y in answers.items():
        bits = y[0, :n_bits].detach().sign()
        asked[title] = torch.where(bits == target, bits + 1, 3)

    both = (seen, asked)
    heights = [7 / len(row) * rows / columns + 0.3 for row in both]
    whole = plt.figure(figsize=(7, sum(heights) + 0.25))
    parts = np.asarray(whole.subfigures(3, 1, height_ratios=[*heights, 0.25]))
    colours = ListedColormap(["white", *KEY.values()])
    axes = []
    for part, row in zip(parts[:2], both, strict=True):
        panels = part.subplots(1, len(row), squeeze=False)[0]
        for ax, (title, codes) in zip(panels, row.items(), strict=True):
            show(ax, pixels(codes, shape), cmap=colours, vmin=0, vmax=3)
            frame(ax, title=title)
            axes.append(ax)
    patches = [Patch(facecolor=colour, label=name) for name, colour in KEY.items()]
    parts[2].legend(handles=patches, loc="center", ncols=len(KEY), handlelength=0.9)
    return np.array(axes)


def recall_strip(
    states: Tensor, overlaps: Tensor, shape: tuple[int, int], titles: Sequence[str]
) -> Figure:
    """Draw steps of a recall side by side: each state (K, n_bits), and below it its overlaps with
    the stored patterns (K, P), which this chapter calls pictures.
    """
    _checks.tensor("states", states, "K n_bits", {})
    _checks.tensor("overlaps", overlaps, "K P", {"K": len(states)})
    for y in states:
        pixels(y, shape)
    if len(titles) != len(states):
        raise ValueError(f"titles must be {len(states)}, one for each state, got {len(titles)}")
    fig, axes = plt.subplots(
        2, len(states), figsize=(7, 3.1), sharey="row", height_ratios=(4, 5), squeeze=False
    )
    for (above, below), y, bars, title in zip(axes.T, states, overlaps, titles, strict=True):
        draw_state(above, y, shape, title)
        draw_overlaps(below, bars, "")
        below.set_xlabel("picture")
    axes[1, 0].set_ylabel("overlap")
    return fig
