"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.figures.drawing import draw_overlaps, draw_state, frame
from hebbnotes.figures.style import BLUE, GREY, VERMILION
from hebbnotes.tasks.patterns import Episodes

__all__ = ["completion", "recall_frame"]


def completion(
    episodes: Episodes, answers: dict[str, Tensor], shape: tuple[int, int]
) -> np.ndarray:
    """Draw the first episode of a pattern completion: the patterns, the cue, and answers to it.

    Bits of +1 are blue, of -1 white, erased ones grey, and an answer's wrong ones vermilion.

    Parameters
    ----------
    episodes : Episodes
        What was shown and asked.
    answers : dict of str to Tensor
        For each title, the output at the last step, shape (B, n_units).
    shape : tuple of int
        Rows and columns of a pattern; their product is n_bits.

    Returns
    -------
    numpy.ndarray
        The axes, one for each pattern, the cue, and each answer.

    Raises
    ------
    ValueError
        If the shape does not hold a pattern.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
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
        ax.imshow(
            codes.reshape(shape).numpy(), cmap=colours, vmin=0, vmax=3, interpolation="nearest"
        )
        frame(ax, title=title)
    return axes.ravel()[: len(panels)]


def recall_frame(y: Tensor, overlaps: Tensor, shape: tuple[int, int], title: str) -> Figure:
    """Draw one step of a recall: the state of the units, and its overlap with each stored pattern.

    Parameters
    ----------
    y : Tensor
        State of the units, shape (n_bits,), in [-1, 1].
    overlaps : Tensor
        Mean product of the state with each pattern, shape (P,), in [-1, 1].
    shape : tuple of int
        Rows and columns of the state.
    title : str
        What happens at this step.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`.MovingFigure`.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(3, 2))
    draw_state(left, y, shape, title)
    draw_overlaps(right, overlaps, "overlap with the state")
    return fig
