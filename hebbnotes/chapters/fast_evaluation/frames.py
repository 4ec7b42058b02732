"""Figures of this chapter: data in, figures out."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import array, draw_state, pixels
from hebbnotes.figures.palette import BLACK, BLUE, SKY

__all__ = ["read_frame"]


def read_frame(
    y: Tensor, resembles: Tensor, left: Tensor, shape: tuple[int, int], n_steps: int
) -> Figure:
    """Draw what one step reads: its state (n_bits,), and what every earlier step has to say to it.

    Parameters
    ----------
    resembles : Tensor (t,), mean product of that state with the key of each earlier step
    left : Tensor (t,), share of what each of them wrote that is not forgotten yet
    """
    sizes: dict[str, int] = {}
    _checks.floating("resembles", _checks.tensor("resembles", resembles, "t", sizes))
    _checks.tensor("left", left, "t", sizes, resembles, "resembles")
    _checks.integer("n_steps", n_steps)
    pixels(y, shape)
    fig, (picture, bars) = plt.subplots(1, 2, figsize=(7, 2.8), width_ratios=(2, 3))
    draw_state(picture, y, shape, f"asks at step {len(left) + 1}")
    steps = range(1, len(resembles) + 1)
    bars.bar(steps, array(resembles), color=SKY, label="resemblance")
    bars.bar(
        steps,
        array(resembles * left),
        width=0.5,
        color=BLUE,
        label="less what is forgotten",
    )
    bars.axhline(0, color=BLACK, linewidth=1)
    bars.set(xlabel="earlier step", xlim=(0, n_steps), ylim=(-0.2, 1.6), yticks=(0, 0.5, 1))
    bars.legend(loc="upper left")
    return fig
