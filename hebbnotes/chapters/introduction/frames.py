"""Figures of this chapter: data in, figures out."""

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

__all__ = ["completion", "recall_frame"]

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


def recall_frame(y: Tensor, overlaps: Tensor, shape: tuple[int, int], title: str) -> Figure:
    """Draw a step of a recall: the state (n_bits,), and its overlap with each stored
    pattern (P,), which this chapter calls a picture.
    """
    pixels(y, shape)
    _checks.tensor("overlaps", overlaps, "P", {})
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(3, 2))
    draw_state(left, y, shape, title)
    draw_overlaps(right, overlaps, "overlap with the state")
    right.set_xlabel("picture")
    return fig
