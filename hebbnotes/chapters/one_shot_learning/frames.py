"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import above_zero, array, frame, greys, show
from hebbnotes.figures.palette import BLUE, VERMILION
from hebbnotes.tasks.one_shot import OneShot, correct

__all__ = ["answers", "labels_frame"]


def answers(episodes: OneShot, y: Tensor) -> np.ndarray:
    """Draw one-shot episodes, a row each: the drawings by label, the one asked for, the answer (B,
    N).

    A right answer is blue, a wrong one vermilion and followed by the right label.
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
        axes[b, -1].set_xlabel(text, color=BLUE if said == right else VERMILION, fontweight="bold")
    return axes


def labels_frame(
    drawing: Tensor, hebb: Tensor, y: Tensor, labels: str, largest: float, title: str
) -> Figure:
    """Draw a step of one-shot learning: the drawing, the trace (F, N) of each label, and the
    output.
    """
    _checks.of_type("labels", labels, str, 'use "ABCDE"')
    _checks.tensor("drawing", drawing, "rows columns", {})
    _checks.tensor("hebb", hebb, "F N", {"N": len(labels)})
    _checks.tensor("y", y, "N", {"N": len(labels)})
    above_zero("largest", largest)
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.4), width_ratios=(1.3, 2.6, 1))
    show(left, array(drawing), cmap="gray_r", vmin=0, vmax=1)
    frame(left, title=title)
    show(middle, array(hebb.T), cmap="PuOr", vmin=-largest, vmax=largest, aspect="auto")
    middle.set(
        xticks=[], yticks=range(len(labels)), yticklabels=labels, title="trace", xlabel="feature"
    )
    middle.spines[:].set_visible(True)
    right.barh(range(len(labels)), array(y), color=BLUE)
    right.set(yticks=range(len(labels)), yticklabels=labels, xlim=(0, 1.05), title="output")
    right.invert_yaxis()
    return fig
