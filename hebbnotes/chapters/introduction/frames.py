"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import draw_overlaps, draw_state, frame, pixels, show
from hebbnotes.figures.palette import BLUE, GREY, VERMILION
from hebbnotes.tasks.patterns import Episodes

__all__ = ["completion", "recall_frame"]


def completion(
    episodes: Episodes, answers: dict[str, Tensor], shape: tuple[int, int]
) -> np.ndarray:
    """Draw the first episode of a pattern completion: the patterns, the cue, and answers by title.

    Bits of 1 are blue, of -1 white, erased ones grey, and an answer's (B, n_units) wrong ones
    vermilion.
    """
    stored, target, erased = episodes.patterns[0], episodes.answer[0], episodes.erased[0]
    n_bits = len(target)
    if shape[0] * shape[1] != n_bits:
        raise ValueError(
            f"shape must hold the {n_bits} bits of a pattern, got {shape[0]} x {shape[1]}"
        )
    panels = {f"pattern {k + 1}": bits + 1 for k, bits in enumerate(stored)}
    panels["cue"] = target * ~erased + 1
    for title, y in answers.items():
        bits = y[0, :n_bits].detach().sign()
        panels[title] = torch.where(bits == target, bits + 1, 3)

    across = min(4, len(panels))
    down = -(-len(panels) // across)
    _, axes = plt.subplots(down, across, figsize=(7, 1.55 * down), squeeze=False)
    colours = ListedColormap(["white", GREY, BLUE, VERMILION])
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, codes) in zip(axes.flat, panels.items(), strict=False):
        show(ax, pixels(codes, shape), cmap=colours, vmin=0, vmax=3)
        frame(ax, title=title)
    return axes.ravel()[: len(panels)]


def recall_frame(y: Tensor, overlaps: Tensor, shape: tuple[int, int], title: str) -> Figure:
    """Draw a step of a recall: the state (n_bits,), and its overlap with each stored
    pattern (P,).
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(3, 2))
    draw_state(left, y, shape, title)
    draw_overlaps(right, overlaps, "overlap with the state")
    return fig
