"""Figures of this chapter: data in, figures out."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.analysis import interval
from hebbnotes.chapters.neuromodulation_at_work.nulls import smallest_seen
from hebbnotes.figures.comparing import levels, maze_panel, replaced
from hebbnotes.figures.drawing import array, label_lines, over_seeds
from hebbnotes.figures.palette import BLACK, BLUE, GREEN, GREY, ORANGE, SILVER, colour, name
from hebbnotes.tasks import CueEpisodes

__all__ = ["cues", "differences", "game", "learning", "life", "replaced"]

LETTERS = "ABCDEFGH"
"""What the strings of a game are called."""


def life(
    walls: Tensor, positions: Tensor, found: Tensor, goals: Sequence[Tensor], signal: Tensor
) -> Figure:
    """Draw one life whose goal is moved half-way: three pieces of the way, and the signal.

    Parameters
    ----------
    walls : Tensor (S, S)
    positions : Tensor (T, 2), where the agent is before each step
    found : Tensor (T,), boolean, whether it found its goal in it
    goals : two Tensors (2,), where the goal is in either half
    signal : Tensor (T,)
    """
    steps = len(_checks.tensor("positions", positions, "T two", {"two": 2}))
    _checks.tensor("found", found, "T", {"T": steps})
    _checks.tensor("signal", signal, "T", {"T": steps})
    half, ends = steps // 2, [int(one) for one in found.nonzero()[:, 0]]
    early = [end for end in ends if end < half]
    first, later = (early or [half])[0], (early or [half])[-1]
    begun = max([0, *(end + 1 for end in early if end < later)])
    last = half + next((end - half for end in ends if end >= half), steps - half - 1)
    fig = plt.figure(figsize=(7, 4.4))
    grid = fig.add_gridspec(2, 3, height_ratios=(2.2, 1))
    pieces = (
        (0, first, goals[0], False, "searching"),
        (begun, later, goals[0], True, "it knows"),
        (half, last, goals[1], False, "the goal was moved"),
    )
    for k, (start, end, goal, known, title) in enumerate(pieces):
        ax = fig.add_subplot(grid[0, k])
        maze_panel(ax, walls, positions[start : end + 1], goal, known, title)
    below = fig.add_subplot(grid[1, :])
    below.bar(range(steps), array(signal), color=colour("modulator"), width=1.0)
    below.axhline(0, color=BLACK, lw=0.8)
    below.axvline(half, color=GREY, ls="--", lw=1)
    below.plot(ends, [1.12] * len(ends), "*", color=ORANGE, ms=9, clip_on=False)
    below.set(xlabel="step of the life", ylabel="signal $M$", xlim=(-1, steps))
    below.set(ylim=(-1.1, 1.2), yticks=[-1, 0, 1])
    return fig


def cues(
    updates: Sequence[float],
    late: Mapping[str, Tensor],
    by_trial: Mapping[str, Tensor],
    best: Sequence[float],
) -> Figure:
    """Draw shares of right answers of each kind of network: above while it learns (seeds, n), below
    by the trial of new episodes (seeds, C), beside the best player's (C,).
    """
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 6.4))
    for kind, values in late.items():
        over_seeds(above, updates, 100 * values, colour(kind), name(kind))
    above.set(xlabel="update", ylabel="right, later rounds (%)", ylim=(40, 103))
    above.set(xlim=(0, updates[-1]))
    rounds = range(1, len(best) + 1)
    for kind, values in by_trial.items():
        over_seeds(below, rounds, 100 * values, colour(kind), name(kind))
    below.plot(rounds, [100 * one for one in best], color=BLACK, ls="--", label="forgets nothing")
    below.set(xlabel="round of the game", ylabel="right (%)", ylim=(40, 103), xticks=rounds)
    for ax in (above, below):
        ax.axhline(50, color=BLACK, ls=":", lw=1)
        label_lines(ax)
    return fig


def differences(
    rows: Mapping[str, Sequence[float]], label: str, published: float | None = None
) -> Figure:
    """Draw the differences of pairs of networks, a row for each comparison: a dot for each pair,
    their mean with its 95 % interval, the differences that would mostly have been missed (grey),
    and a published one.
    """
    fig, ax = plt.subplots(figsize=(7, 0.7 * len(rows) + 1.2))
    for row, values in enumerate(rows.values()):
        mean, low, high = interval(values)
        missed = smallest_seen(values)
        ax.barh(row, 2 * missed, left=-missed, height=0.5, color=SILVER, alpha=0.5, lw=0)
        ax.plot(values, [row - 0.12] * len(values), "o", color=BLUE, ms=6, alpha=0.7)
        ax.plot([low, high], [row + 0.12] * 2, color=BLACK, lw=2)
        ax.plot(mean, row + 0.12, "D", color=BLACK, ms=6)
    ax.axvline(0, color=BLACK, lw=0.8)
    if published is not None:
        ax.axvline(published, color=BLACK, ls="--", lw=1)
        ax.text(published, -0.72, "published gain", ha="center", va="bottom", fontsize=10)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel=label, ylim=(len(rows) - 0.4, -0.7))
    return fig


def game(
    shown: CueEpisodes, actions: Tensor, rewards: Tensor, signal: Tensor, b: int = 0
) -> Figure:
    """Draw one game: the strings of each round by their letters, the answers (C, B) and what they
    brought (C, B), and the signal (T,) at each step.
    """
    steps, batch, _ = shown.inputs.shape
    _checks.integer("b", b, 0, batch - 1)
    if (several := shown.cues.shape[1]) > len(LETTERS):
        raise ValueError(
            f"shown must have at most {len(LETTERS)} cues, a letter for each, got {several}: draw "
            "a game of fewer"
        )
    sizes = {"T": steps, "C": len(shown.go), "B": batch}
    for words, of, axes in (
        ("actions", actions, "C B"),
        ("rewards", rewards, "C B"),
        ("signal", signal, "T"),
    ):
        _checks.tensor(words, of, axes, sizes)
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 3.6), sharex=True, height_ratios=(1, 1.3))
    at = shown.inputs[:, b, :-4].ne(0).any(-1).nonzero()[:, 0].tolist()
    order = shown.shown[:, b].flatten().tolist()
    for step, cue in zip(at, order, strict=True):
        pays = cue == int(shown.target[b])
        above.text(
            step,
            1,
            LETTERS[cue],
            ha="center",
            va="center",
            color=GREEN if pays else BLACK,
            fontweight="bold" if pays else "normal",
        )
    for step, said, paid in zip(
        shown.go[:, b].tolist(), actions[:, b].tolist(), rewards[:, b].tolist(), strict=True
    ):
        above.text(step - 1, 0, "yes" if said else "no", ha="center", va="center", fontsize=10)
        if paid < 0:
            above.text(step - 1, -1, "wrong", ha="center", va="center", fontsize=10)
        below.axvspan(step + 0.5, step + 1.5, color=SILVER, alpha=0.35 if paid > 0 else 0.9, lw=0)
        for ax in (above, below):
            ax.axvline(step + 2, color=GREY, lw=0.6, zorder=0)
    above.set(ylim=(-1.6, 1.6), yticks=[1, 0, -1], xlim=(-0.6, steps - 0.4))
    above.set_yticklabels(["shown", "says", "is told"])
    above.tick_params(length=0)
    above.spines[:].set_visible(False)
    below.bar(range(steps), array(signal), color=colour("modulator"))
    below.axhline(0, color=BLACK, lw=0.8)
    below.set(xlabel="step of the game", ylabel="signal $M$", ylim=(-1.05, 1.05))
    return fig


def learning(
    updates: Sequence[float], finds: Mapping[str, Tensor], level: Mapping[str, float]
) -> Figure:
    """Draw the goals that each kind of network finds in a life, (seeds, n), while it is trained: a
    curve for each seed, thin, and their median, thick; and what is found without learning.
    """
    fig, ax = plt.subplots(figsize=(7, 4.2))
    for kind, values in finds.items():
        middle = array(values.double().quantile(0.5, 0))
        ax.plot(updates, array(values).T, color=colour(kind), lw=0.7, alpha=0.6)
        ax.plot(updates, middle, color=colour(kind), lw=2.2, label=name(kind))
    ax.set(xlabel="update", ylabel="goals found in a life", ylim=(0, 29))
    ax.set(xlim=(0, updates[-1]))
    levels(ax, level)
    label_lines(ax)
    return fig
