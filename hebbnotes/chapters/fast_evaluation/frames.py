"""Figures of this chapter: data in, figures out."""

from matplotlib.axes import Axes
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.drawing import array, axes_of, draw_state, pixels
from hebbnotes.figures.palette import BLACK, BLUE, SKY

__all__ = ["read_panels"]


def read_panels(
    picture: Axes,
    bars: Axes,
    y: Tensor,
    resembles: Tensor,
    left: Tensor,
    shape: tuple[int, int],
    n_steps: int,
) -> None:
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
    draw_state(axes_of(picture), y, shape, f"step {len(left) + 1}")
    steps = range(1, len(resembles) + 1)
    axes_of(bars).bar(steps, array(resembles), color=SKY, alpha=0.45)
    bars.bar(steps, array(resembles * left), width=0.5, color=BLUE)
    bars.axhline(0, color=BLACK, linewidth=1)
    bars.set(xlabel="earlier step", xlim=(0, n_steps), ylim=(-0.2, 1.1), yticks=(0, 0.5, 1))
