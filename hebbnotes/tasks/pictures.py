"""Grey pictures as patterns, half of each erased: what is shown, and how the answer is judged."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks.patterns import Episodes, PatternCompletion

__all__ = ["PICTURES", "halves", "picture_loss", "pictures", "squared_error"]


PICTURES = {
    "n_patterns": 3,
    "cycles": 3,
    "steps_on": 20,
    "steps_off": 2,
    "steps_test": 3,
    "graded": True,
}
"""Three pictures, as in the published code of the paper's section 4.3; the paper's text has three blank steps."""


def halves(batch: int, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Draw for each episode whether the upper or the lower half of a picture is erased: boolean, shape (batch, rows * columns).

    Parameters
    ----------
    batch : int
        Number of episodes.
    shape : tuple of int
        Rows and columns.
    generator : torch.Generator
        Source of randomness.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.3. Used by :func:`pictures` and :func:`.smooth_episodes`. Taught in the chapter
    "Natural images".
    """
    rows, columns = (_checks.integer("shape", s) for s in shape)
    upper = torch.arange(rows, device=generator.device) < rows // 2
    lower = torch.rand(batch, 1, generator=generator, device=generator.device) < 0.5
    return (upper ^ lower).repeat_interleave(columns, 1)


def pictures(
    task: PatternCompletion,
    known: Tensor,
    shape: tuple[int, int],
    batch: int,
    generator: torch.Generator,
) -> Episodes:
    """Make episodes of pictures, different ones in each episode, one half of one of them erased.

    Parameters
    ----------
    task : PatternCompletion
        With ``graded=True``; ``n_bits`` is the number of pixels.
    known : Tensor
        Pictures to draw from, shape (M, n_bits), values in [-1, 1].
    shape : tuple of int
        Rows and columns of a picture.
    batch : int
        Number of episodes.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Episodes

    Raises
    ------
    ValueError
        If there are fewer pictures than an episode needs, or a size does not fit.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.3. Taught in the chapter "Natural images".
    """
    _checks.tensor("known", known, "M n_bits", {"n_bits": task.n_bits})
    if len(known) < task.n_patterns:
        raise ValueError(
            f"known holds {len(known)} pictures, and an episode shows {task.n_patterns}: pass more"
        )
    draws = torch.rand(batch, len(known), generator=generator, device=generator.device)
    chosen = draws.topk(task.n_patterns).indices
    return task.episodes(known[chosen], generator, erased=halves(batch, shape, generator))


def squared_error(y: Tensor, episodes: Episodes) -> Tensor:
    """Return the mean squared error of the erased pixels of each episode, shape (B,).

    Parameters
    ----------
    y : Tensor
        Output at the step that is judged, shape (B, n_units); units beyond the pixels are ignored.
    episodes : Episodes
        What was asked.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    answer = episodes.answer
    return ((y[:, : answer.shape[1]] - answer).square() * episodes.erased).sum(
        -1
    ) / episodes.erased.sum(-1)


def picture_loss(
    network: Callable[..., tuple[Tensor, Any]],
    task: PatternCompletion,
    known: Tensor,
    shape: tuple[int, int],
    batch: int,
    generator: torch.Generator,
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of a network on new episodes of pictures.

    The loss is the squared error at the last step, summed over the erased pixels, averaged over the episodes; the metric is its
    mean for each erased pixel.

    Parameters
    ----------
    network : callable
        ``network(inputs, clamp=clamp)`` returns the output (T, B, n_units) and a state.
    task, known, shape, batch, generator
        As for :func:`pictures`.

    Returns
    -------
    callable
        ``loss(update)`` returns the loss and the metrics.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.3. Taught in the chapter "Natural images".
    """

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        episodes = pictures(task, known, shape, batch, generator)
        wrong = squared_error(network(episodes.inputs, clamp=episodes.clamp)[0][-1], episodes)
        return (wrong * episodes.erased.sum(-1)).mean(), {"squared": wrong.mean().item()}

    return loss
