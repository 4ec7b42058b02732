"""Figures: one style and palette, plots that take data and return axes, and figures that move without a kernel.

Nothing here computes a result; :func:`glue` hands one that a cell computed to the text. The palette is that of Okabe and Ito, which
colour-blind readers can tell apart.
"""

import ast
import base64
import html
import io
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes.oneshot import OneShot
from hebbnotes.tasks import Episodes

__all__ = [
    "BLACK",
    "BLUE",
    "BLUES",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "SKY",
    "VERMILION",
    "MovingFigure",
    "answers",
    "bcm_frame",
    "completion",
    "drawings",
    "fields",
    "fields_frame",
    "floor_lines",
    "glue",
    "greys",
    "labels_frame",
    "maps_frame",
    "maze_frame",
    "melting_frame",
    "over_seeds",
    "read_frame",
    "recall_frame",
    "trace_frame",
    "use_style",
    "window_frame",
]

BLACK, BLUE, VERMILION, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"
PINK, ORANGE, SKY = "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#c8c8c8"
BLUES = LinearSegmentedColormap.from_list("blues", ["white", BLUE])

_BITS = ListedColormap(["white", GREY, BLUE])
_GREYS = plt.get_cmap("gray").with_extremes(bad=SKY)


def use_style() -> None:
    """Use the book's style for all figures that follow. Taught in the chapter "Introducing the NeuroAI series"."""
    plt.style.use(str(files("hebbnotes") / "hebbnotes.mplstyle"))


def completion(episodes: Episodes, answers: dict[str, Tensor], shape: tuple[int, int]) -> np.ndarray:
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
        raise ValueError(f"shape must hold the {n_bits} bits of a pattern, got {shape[0]} x {shape[1]}")
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
        ax.imshow(codes.reshape(shape).numpy(), cmap=colours, vmin=0, vmax=3, interpolation="nearest")
        _frame(ax, title=title)
    return axes.ravel()[: len(panels)]


def _frame(ax: Axes, **labels: str) -> None:
    """Draw a frame without ticks around a picture."""
    ax.set(xticks=[], yticks=[], **labels)
    ax.spines[:].set_visible(True)


def greys(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int]) -> np.ndarray:
    """Draw rows of grey pictures, black at -1 and white at +1; what is not a number is drawn in the colour of what is missing.

    Parameters
    ----------
    rows : sequence of dict
        For each row the pictures by title, shape (at least n_pixels,) each; further units are left out. Titles of the first row are
        shown.
    shape : tuple of int
        Rows and columns of a picture.

    Returns
    -------
    numpy.ndarray
        The axes, shape (number of rows, number of pictures in a row).

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    return _rows_of_pictures(rows, shape, _GREYS)


def _rows_of_pictures(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int], cmap: Colormap) -> np.ndarray:
    down, across = len(rows), len(rows[0])
    _, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.3), squeeze=False)
    for k, row in enumerate(rows):
        for ax, (title, picture) in zip(axes[k], row.items(), strict=True):
            pixels = picture.detach()[: shape[0] * shape[1]].reshape(shape).numpy()
            ax.imshow(np.ma.masked_invalid(pixels), cmap=cmap, vmin=-1, vmax=1, interpolation="nearest")
            _frame(ax)
            if k == 0:
                ax.set_title(title)
    return axes


def maps_frame(maps: dict[str, Tensor], pixel: tuple[int, int], largest: dict[str, float]) -> Figure:
    """Draw what all pixels send to one pixel, as pictures: orange negative, purple positive, and a cross on the receiver.

    Parameters
    ----------
    maps : dict of str to Tensor
        For each title the connections into the pixel, shape (rows, columns).
    pixel : tuple of int
        Row and column of the receiver.
    largest : dict of str to float
        For each title the value at which the colour is full.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    fig, axes = plt.subplots(1, len(maps), figsize=(7, 3.2), squeeze=False)
    for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
        limit = largest[title]
        drawn = ax.imshow(values.detach().numpy(), cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.plot(pixel[1], pixel[0], "x", color=BLACK, markersize=9, markeredgewidth=2)
        _frame(ax, title=title)
        fig.colorbar(drawn, ax=ax, shrink=0.8)
    return fig


def fields(rows: dict[str, Tensor], shape: tuple[int, int]) -> np.ndarray:
    """Draw the weights onto units as pictures of their inputs, a row of units for each title: orange negative, purple positive.

    Parameters
    ----------
    rows : dict of str to Tensor
        For each title the weights, shape (n_inputs, n_units); colours are scaled unit by unit.
    shape : tuple of int
        Rows and columns of an input.

    Returns
    -------
    numpy.ndarray
        The axes, shape (number of titles, n_units).

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    across = max(w.shape[1] for w in rows.values())
    _, axes = plt.subplots(len(rows), across, figsize=(7, len(rows) * 7 / across), squeeze=False)
    for line, (title, w) in zip(axes, rows.items(), strict=True):
        _draw_fields(line, w, shape)
        line[0].set_ylabel(title)
    return axes


def _draw_fields(axes: Sequence[Axes], w: Tensor, shape: tuple[int, int]) -> None:
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    for ax, one in zip(axes, w.detach().T, strict=False):
        limit = one.abs().max().item() or 1.0
        ax.imshow(one.reshape(shape).numpy(), cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")


def fields_frame(w: Tensor, shape: tuple[int, int], across: int, title: str) -> Figure:
    """Draw the weights onto units as pictures of their inputs, in rows of ``across``; arguments else as for :func:`fields`.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    down = -(-w.shape[1] // across)
    fig, axes = plt.subplots(down, across, figsize=(7, 7 * down / across + 0.4), squeeze=False)
    _draw_fields(axes.ravel(), w, shape)
    fig.suptitle(title, fontsize="medium")
    return fig


def melting_frame(y: Tensor, shape: tuple[int, int], loads: Sequence[float], overlaps: Sequence[float], now: int) -> Figure:
    """Draw what a memory recalls at one load, and how much of the pattern is left at all loads.

    Parameters
    ----------
    y : Tensor
        What is recalled, shape (n,).
    shape : tuple of int
        Rows and columns of the pattern.
    loads, overlaps : sequence of float
        Patterns for each unit, and the overlap of what is recalled with what was asked for.
    now : int
        Which of the loads is shown.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9), width_ratios=(2, 3))
    left.imshow(y.reshape(shape).numpy(), cmap=_BITS, vmin=-1, vmax=1, interpolation="nearest")
    _frame(left, title="recalled")
    right.plot(loads, overlaps, color=BLACK, linewidth=1)
    right.plot(loads[now], overlaps[now], "o", color=BLUE, markersize=10)
    right.set(xlabel="patterns for each unit", ylabel="overlap with the letter", ylim=(-0.05, 1.08))
    return fig


def drawings(rows: Sequence[dict[str, Tensor]], shape: tuple[int, int]) -> np.ndarray:
    """Draw rows of patterns: 1 is blue, -1 white, and 0, which is unknown or undecided, grey.

    Parameters
    ----------
    rows : sequence of dict
        For each row the patterns by title, shape (n,) each. Titles of the first row are shown.
    shape : tuple of int
        Rows and columns of a pattern.

    Returns
    -------
    numpy.ndarray
        The axes, shape (number of rows, number of patterns in a row).

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    return _rows_of_pictures(rows, shape, _BITS)


def answers(episodes: OneShot, y: Tensor) -> np.ndarray:
    """Draw one-shot episodes, a row each: the drawings that were shown, by label, then the one that is asked for and the answer.

    Parameters
    ----------
    episodes : OneShot
        With one drawing of each character.
    y : Tensor
        Output of the last step, shape (B, N), in [0, 1].

    Returns
    -------
    numpy.ndarray
        The axes, shape (B, N + 1). A right answer is blue, a wrong one vermilion and followed by the right label.

    Raises
    ------
    ValueError
        If there is not one drawing of each character.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    n_labels = y.shape[1]
    if len(episodes.targets) != n_labels + 1:
        raise ValueError(f"there must be one drawing for each of {n_labels} labels, got {len(episodes.targets) - 1}: use n_shots=1")
    letters = [chr(ord("A") + label) for label in range(n_labels)]
    order = episodes.targets[:-1].argmax(-1).argsort(0)
    rows = []
    for b, drawn in enumerate((1 - 2 * episodes.inputs).unbind(1)):
        rows.append(dict(zip([*letters, "asked"], [*drawn[order[:, b]], drawn[-1]], strict=True)))
    axes = greys(rows, tuple(episodes.inputs.shape[-2:]))
    for b, (said, right) in enumerate(zip(y.argmax(-1).tolist(), episodes.answer.tolist(), strict=True)):
        text = f"{letters[said]}, {y[b, said]:.2f}" + ("" if said == right else f" ({letters[right]})")
        axes[b, -1].set_xlabel(text, color=BLUE if said == right else VERMILION, fontweight="bold")
    return axes


def labels_frame(drawing: Tensor, hebb: Tensor, y: Tensor, labels: str, largest: float, title: str) -> Figure:
    """Draw one step of one-shot learning: the drawing, the trace of each label, and the output.

    Parameters
    ----------
    drawing : Tensor
        Share of ink, shape (rows, columns), in [0, 1].
    hebb : Tensor
        Trace, shape (n_features, n_labels).
    y : Tensor
        Output, shape (n_labels,), in [0, 1].
    labels : str
        A letter for each label.
    largest : float
        Value of the trace that gets the strongest colour.
    title : str
        What happens at this step.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.4), width_ratios=(1.3, 2.6, 1))
    left.imshow(drawing.detach().numpy(), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    _frame(left, title=title)
    rows = hebb.detach().T.numpy()
    middle.imshow(rows, cmap="PuOr", vmin=-largest, vmax=largest, interpolation="nearest", aspect="auto")
    middle.set(xticks=[], yticks=range(len(labels)), yticklabels=labels, title="trace", xlabel="feature")
    middle.spines[:].set_visible(True)
    right.barh(range(len(labels)), y.detach().numpy(), color=BLUE)
    right.set(yticks=range(len(labels)), yticklabels=labels, xlim=(0, 1.05), title="output")
    right.invert_yaxis()
    return fig


def maze_frame(walls: Tensor, path: Tensor, goal: Tensor, known: bool, title: str) -> Figure:
    """Draw an agent in its maze: where it was since its last find, where it is, and its goal.

    Parameters
    ----------
    walls : Tensor
        Boolean, shape (S, S).
    path : Tensor
        Rows and columns since its last find, the latest last, shape (n, 2).
    goal : Tensor
        Row and column, shape (2,).
    known : bool
        Whether it has found the goal before; else the goal is drawn empty.
    title : str
        What happens at this step.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "The maze".
    """
    fig = Figure(figsize=(3.6, 3.9), layout="tight")  # not pyplot's, which keeps count of open figures and warns of many
    ax = fig.subplots()
    ax.imshow(walls.numpy(), cmap="gray_r", vmin=0, vmax=1.6, interpolation="nearest")
    rows, columns = path.T.numpy()
    ax.plot(columns, rows, color=SKY, linewidth=3, solid_capstyle="round")
    ax.plot(*goal.flip(0).tolist(), marker="*", markersize=18, color=ORANGE, fillstyle="full" if known else "none", linestyle="")
    ax.plot(columns[-1:], rows[-1:], marker="o", markersize=11, color=BLUE, linestyle="")
    ax.set(xticks=[], yticks=[], title=title)
    return fig


def over_seeds(ax: Axes, x: Sequence[float], values: Tensor, colour: str, label: str) -> None:
    """Draw a curve for each seed, thin, and their mean, thick.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    x : sequence of float
        Positions, n of them.
    values : Tensor
        Shape (seeds, n).
    colour : str
        Colour of all.
    label : str
        What the legend says of the mean.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    ax.plot(x, values.T.numpy(), color=colour, linewidth=0.7, alpha=0.6)
    ax.plot(x, values.mean(0).numpy(), color=colour, linewidth=2.2, label=label)


def _draw_state(ax: Axes, y: Tensor, shape: tuple[int, int], title: str) -> None:
    """Draw the state of the units, in [-1, 1], as a picture."""
    ax.imshow(y.detach().reshape(shape).numpy(), cmap=BLUES, vmin=-1, vmax=1, interpolation="nearest")
    _frame(ax, title=title)


def _draw_overlaps(ax: Axes, overlaps: Tensor, label: str) -> None:
    """Draw a bar for the overlap with each pattern, in [-1, 1]."""
    places = range(1, len(overlaps) + 1)
    ax.bar(places, overlaps.detach().numpy(), color=BLUE)
    ax.axhline(0, color=BLACK, linewidth=1)
    ax.set(xlabel="pattern", ylabel=label, ylim=(-1.05, 1.05), xticks=places)


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
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(3, 2))
    _draw_state(left, y, shape, title)
    _draw_overlaps(right, overlaps, "overlap with the state")
    return fig


def read_frame(y: Tensor, resembles: Tensor, left: Tensor, shape: tuple[int, int], n_steps: int) -> Figure:
    """Draw what one step reads: the state that it asks with, and how much every earlier step has to say to it.

    Parameters
    ----------
    y : Tensor
        State of the senders, shape (n_bits,), in [-1, 1].
    resembles : Tensor
        Mean product of that state with the key of each earlier step, shape (t,), in [-1, 1].
    left : Tensor
        Share of what each of them wrote that is not forgotten yet, shape (t,), in [0, 1].
    shape : tuple of int
        Rows and columns of the state.
    n_steps : int
        Steps of the episode.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught on the page "The fast evaluation".
    """
    fig, (picture, bars) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(2, 3))
    _draw_state(picture, y, shape, f"asks at step {len(left) + 1}")
    steps = range(1, len(resembles) + 1)
    bars.bar(steps, resembles.detach().numpy(), color=SKY, label="resemblance")
    bars.bar(steps, (resembles * left).detach().numpy(), width=0.5, color=BLUE, label="less what is forgotten")
    bars.axhline(0, color=BLACK, linewidth=1)
    bars.set(xlabel="earlier step", xlim=(0, n_steps), ylim=(-0.2, 1.6), yticks=(0, 0.5, 1))
    bars.legend(loc="upper left")
    return fig


def trace_frame(y: Tensor, hebb: Tensor, overlaps: Tensor, shape: tuple[int, int], title: str) -> Figure:
    """Draw one step of an episode: the state of the units, the trace, and the overlap with each pattern.

    Parameters
    ----------
    y : Tensor
        State of the units, shape (n_bits,), in [-1, 1].
    hebb : Tensor
        Trace, shape (n_bits, n_bits); senders are rows.
    overlaps : Tensor
        Mean product of the state with each pattern, shape (P,), in [-1, 1].
    shape : tuple of int
        Rows and columns of the state.
    title : str
        What happens at this step.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.6), width_ratios=(2, 2, 1.4))
    _draw_state(left, y, shape, title)
    middle.imshow(hebb.detach().numpy(), cmap="PuOr", vmin=-0.1, vmax=0.1, interpolation="nearest")
    _frame(middle, title="trace", xlabel="receiver", ylabel="sender")
    _draw_overlaps(right, overlaps, "overlap")
    return fig


def window_frame(lags: Tensor, window: Tensor, lag: float, change: float) -> Figure:
    """Draw one pair of spikes, and where it lies in the window of spike-timing-dependent plasticity.

    Parameters
    ----------
    lags, window : Tensor
        The curve: ``t_post - t_pre`` in s, and the change of the weight, shape (n,) each.
    lag, change : float
        The pair, in s, and what it changes.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Hebb in the brain".
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(2, 3))
    for height, at in ((1, -lag / 2), (0, lag / 2)):
        left.plot([-80, 80], [height, height], color="#b8b8b8", linewidth=1)
        left.plot([1000 * at] * 2, [height, height + 0.6], color=BLACK, linewidth=2.5)
    left.set(xlim=(-82, 82), ylim=(-0.2, 2), yticks=(0, 1), yticklabels=("receiver", "sender"), xlabel="time (ms)")
    left.tick_params(axis="y", length=0)
    left.spines["left"].set_visible(False)
    for side in (lags < 0, lags > 0):
        right.plot(1000 * lags[side], 100 * window[side], color=BLUE)
    right.plot(1000 * lag, 100 * change, "o", color=VERMILION, markersize=9)
    right.axhline(0, color=BLACK, linewidth=1)
    right.axvline(0, color=BLACK, linewidth=1)
    right.set(xlabel="receiver's minus sender's (ms)", ylabel="change (%)")
    return fig


def floor_lines(ax: Axes, floors: dict[str, float]) -> None:
    """Draw errors that a network reaches without a memory, as labelled dashed lines, in percent.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where, with its limits already set.
    floors : dict of str to float
        For each label, a share of wrong bits in [0, 1].

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    for name, share in floors.items():
        ax.axhline(100 * share, color=BLACK, linestyle="--", linewidth=1)
        ax.annotate(name, (0, 100 * share), (4, 2), xycoords=("axes fraction", "data"), textcoords="offset points", va="bottom")


def bcm_frame(y: Tensor, change: Tensor, theta: float) -> Figure:
    """Draw how a synapse changes with its neuron's activity, for one position of the threshold.

    Parameters
    ----------
    y, change : Tensor
        Activity of the neuron, and change of an active synapse, shape (n,) each.
    theta : float
        The threshold.

    Returns
    -------
    matplotlib.figure.Figure
        For :class:`MovingFigure`.

    Notes
    -----
    Taught in the chapter "Hebb in the brain".
    """
    fig, ax = plt.subplots(figsize=(7, 3.4))
    x, values = y.numpy(), change.numpy()
    ax.plot(x, values, color=BLACK)
    ax.fill_between(x, values, where=values > 0, color=BLUE, label="strengthened")
    ax.fill_between(x, values, where=values < 0, color=VERMILION, label="weakened")
    ax.axhline(0, color=BLACK, linewidth=1)
    ax.axvline(theta, color=BLACK, linewidth=1, linestyle="--")
    ax.text(theta, -1.05, " threshold", va="center")
    ax.set(xlabel="activity of the receiver", ylabel="change of the synapse", ylim=(-1.2, 2))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return fig


def _literal(value: str) -> Any:
    """Return what Python reads, as the page does, or the text itself."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def glue(name: str, value: str) -> None:
    """Give a computed value a name, so that a sentence of the chapter can take it by ``{glue:text}``.

    Parameters
    ----------
    name : str
        The name that the sentence uses.
    value : str
        What the sentence shows.

    Raises
    ------
    ValueError
        If the page would read it as two numbers, as it does "6,000".

    Notes
    -----
    Used in every chapter.
    """
    if isinstance(_literal(value), tuple):
        raise ValueError(
            f"{name}: the page would show {value} as {_literal(value)}: add the word that it counts, or leave the comma out"
        )
    from IPython.display import display

    prefix = "application/papermill.record/"
    display({f"{prefix}text/plain": value}, raw=True, metadata={"scrapbook": {"name": name, "mime_prefix": prefix}})


_TEMPLATE = """<figure class="moving-figure" style="margin:0;max-width:44rem">
<style>.moving-figure img{{max-width:100%;height:auto;display:block}}
.moving-figure.live img:not(.now){{display:none}}
.moving-figure .controls{{display:none;gap:.7em;align-items:center;margin:.4em 0}}
.moving-figure.live .controls{{display:flex}}
.moving-figure input{{flex:1;min-width:0}} .moving-figure output{{min-width:{wide}em}}
.moving-figure.live .label{{display:none}}
@media (prefers-reduced-motion:reduce){{.moving-figure button{{display:none}}}}
@media print{{.moving-figure.live .controls,.moving-figure.live .frame:not(.strip){{display:none}}
.moving-figure.live .frame.strip{{display:inline-block;width:49%;break-inside:avoid}}
.moving-figure.live .strip>*{{display:block!important}}}}
</style>
{frames}
<div class="controls"><button type="button">Play</button>
<input type="range" min="0" max="{last}" value="0" step="1" aria-label="{name}" aria-valuetext="{first}">
<output>{first}</output></div>
<script>(() => {{
const root = document.currentScript.closest(".moving-figure"), frames = [...root.querySelectorAll("img")];
const bar = root.querySelector("input"), out = root.querySelector("output"), button = root.querySelector("button");
let timer = null;
const show = k => {{ bar.value = k; frames.forEach((f, i) => f.classList.toggle("now", i === +k));
  out.value = frames[k].dataset.label; bar.setAttribute("aria-valuetext", frames[k].dataset.label); }};
const stop = () => {{ clearInterval(timer); timer = null; button.textContent = "Play"; }};
bar.addEventListener("input", () => {{ stop(); show(bar.value); }});
button.addEventListener("click", () => {{
  if (timer) return stop();
  if (+bar.value === frames.length - 1) show(0);
  button.textContent = "Pause";
  timer = setInterval(() => +bar.value < frames.length - 1 ? show(+bar.value + 1) : stop(), 600);
}});
root.classList.add("live"); show(0);
}})()</script></figure>"""


class MovingFigure:
    """A figure with a slider that works in a notebook and on a static page, without a kernel or a library.

    The slider takes the keyboard, tells a screen reader its value, and its play button is absent where the reader prefers reduced
    motion. In print there is a strip of frames; without JavaScript all frames are shown.

    Parameters
    ----------
    frames : sequence of matplotlib.figure.Figure
        One figure for each position, all of one size. They are closed.
    labels : sequence of str
        What each position stands for.
    name : str
        The quantity that the slider changes.
    alt : str
        What the figure shows, in a sentence.

    Raises
    ------
    ValueError
        If there are fewer than two frames, another number of labels, or no alt text.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """

    def __init__(self, frames: Sequence[Figure], labels: Sequence[str], *, name: str, alt: str) -> None:
        if len(frames) < 2 or len(labels) != len(frames):
            raise ValueError(f"a moving figure needs two frames or more and a label for each, got {len(frames)} and {len(labels)}")
        if not alt.strip():
            raise ValueError("a moving figure needs alt text: say in a sentence what it shows")
        self.labels, self.name, self.alt = list(labels), name, alt
        self.frames = [_png(frame) for frame in frames]

    def __repr__(self) -> str:
        return f"MovingFigure({self.name}: {', '.join(self.labels)})"

    def _repr_html_(self) -> str:
        strip = set(np.linspace(0, len(self.frames) - 1, min(6, len(self.frames))).round().astype(int).tolist())
        images = [
            f'<span class="frame{" strip" if k in strip else ""}"><img data-label="{html.escape(label)}" '
            f'alt="{html.escape(f"{self.alt} {self.name}: {label}")}" src="data:image/png;base64,{frame}">'
            f'<span class="label" aria-hidden="true">{html.escape(f"{self.name}: {label}")}</span></span>'
            for k, (label, frame) in enumerate(zip(self.labels, self.frames, strict=True))
        ]
        first, last = html.escape(self.labels[0]), len(self.frames) - 1
        wide = max(6, round(0.55 * max(map(len, self.labels))))  # so that the slider keeps its length
        return _TEMPLATE.format(frames="\n".join(images), name=html.escape(self.name), first=first, last=last, wide=wide)


def _png(figure: Figure) -> str:
    """Return the figure as a PNG of 64 colours, in base64: a third of the size, and no date inside.

    The colours are spread over all that occur: the usual median would melt rare ones, the ends of a colour scale, into one.
    """
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", metadata={"Software": None})
    plt.close(figure)
    few = Image.open(raw).convert("RGB").quantize(64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return base64.b64encode(small.getvalue()).decode()
