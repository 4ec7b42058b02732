"""What a task of time hands out."""

from typing import NamedTuple

from torch import Tensor

__all__ = ["TimedEpisodes"]


class TimedEpisodes(NamedTuple):
    """A batch of episodes: T steps, B episodes.

    Attributes
    ----------
    inputs : Tensor (T, B, n_inputs), what is shown
    answer : Tensor
        What should be answered: numbers (B, n_outputs), or which class, whole numbers (B,).
    mask : Tensor, boolean
        Steps at which the answer is read: (T, B, n_outputs) for numbers, (T, B) for classes.
    """

    inputs: Tensor
    answer: Tensor
    mask: Tensor
