"""Figures of this chapter: data in, figures out."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.comparing import race, replaced
from hebbnotes.figures.drawing import array, show
from hebbnotes.figures.palette import BLACK, GREY, SILVER, colour
from hebbnotes.tasks import RewardedEpisodes

__all__ = ["episode", "past", "race", "replaced"]

LETTERS = "ABCDEFGH"
BITS = ListedColormap([SILVER, "white", BLACK])
"""The colours of a bit that is -1, of none, and of one that is 1."""


def episode(
    shown: RewardedEpisodes, signal: Tensor, size: Tensor, scores: Tensor, b: int = 0
) -> Figure:
    """Draw one episode: its strings and its reward, the network's signal (T,), the size of its
    trace (T,), and the scores of the tested cues (C,).
    """
    n_bits = shown.cues.shape[-1]
    bits, (steps, batch, _) = shown.inputs[:, b, :n_bits], shown.inputs.shape
    sizes = {"T": steps, "C": len(shown.read)}
    _checks.integer("b", b, 0, batch - 1)
    for name, of, axes in (("signal", signal, "T"), ("size", size, "T"), ("scores", scores, "C")):
        _checks.tensor(name, of, axes, sizes)
    fig, axes = plt.subplots(4, 1, figsize=(7, 4.8), sharex=True, height_ratios=(1.5, 1.2, 1.1, 1))
    strings, hand, pencil, answers = axes
    show(strings, array(bits.T), cmap=BITS, vmin=-1, vmax=1, aspect="auto")
    strings.set(yticks=[], ylabel="string")
    first = int(shown.inputs[:, b, -1].nonzero()[0])
    paid = int(shown.inputs[:, b, n_bits].nonzero()[0])
    slot = first // shown.cues.shape[1]
    order = shown.order[b].tolist()
    names = [LETTERS[k] for k in range(shown.cues.shape[1])] + [f"{LETTERS[k]}?" for k in order]
    for k, words in enumerate(names):
        strings.text(k * slot, -1.2, words, ha="center", va="bottom")
    x = range(steps)
    hand.bar(x, array(signal), color=colour("modulator"))
    hand.axhline(0, color=BLACK, lw=0.8)
    hand.set(ylabel="signal $M$", ylim=(-1.1, 1.1), yticks=[-1, 0, 1])
    pencil.bar(x, array(size), color=colour("trace"))
    pencil.set(ylabel="size of $H$")
    right = int(shown.rewarded[b])
    inks = [colour("right") if k == right else SILVER for k in order]
    answers.bar(shown.read, array(torch.softmax(scores.detach().double(), 0)), color=inks)
    answers.set(ylabel="score", ylim=(0, 1.1), yticks=[0, 1], xlabel="step")
    for ax in axes:
        ax.axvline(paid, color=GREY, lw=1, ls="--", zorder=0)
        ax.axvline(first - 0.5 * (slot - 1), color=BLACK, lw=0.8, zorder=0)
    hand.annotate("reward", (paid, 1.0), (6, 0), textcoords="offset points", va="top", fontsize=10)
    return fig


def past(panels: Mapping[str, Tensor], signal: Tensor) -> Figure:
    """Draw the weights of all pairs in the trace, (T, T), the largest of each panel equally dark:
    down, the step of the trace; across, the step of the pair; above, the signal (T,).
    """
    steps = len(_checks.tensor("signal", signal, "T", {}))
    fig, axes = plt.subplots(
        2, len(panels), figsize=(7, 4.4), height_ratios=(1, 4), sharex=True, squeeze=False
    )
    for (above, below), (title, weights) in zip(axes.T, panels.items(), strict=True):
        _checks.tensor("weights", weights, "T T", {"T": steps})
        above.bar(range(steps), array(signal), color=colour("modulator"))
        above.axhline(0, color=BLACK, lw=0.8)
        above.set(title=title, ylim=(-1.1, 1.1), yticks=[-1, 0, 1])
        scaled = array(weights) / (float(weights.abs().max()) or 1.0)
        show(below, scaled, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
        below.set(xlabel="step of the pair")
    axes[0, 0].set_ylabel("$M$")
    axes[1, 0].set_ylabel("step of the trace")
    return fig
