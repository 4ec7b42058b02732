"""Grey pictures as patterns, half of each erased (Miconi, Stanley & Clune, 2018, section 4.3)."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks.patterns import Episodes, PatternCompletion, check_answer

__all__ = ["PICTURES", "halves", "picture_loss", "pictures", "squared_error"]


PICTURES = {
    "n_patterns": 3,
    "cycles": 3,
    "steps_on": 20,
    "steps_off": 2,
    "steps_test": 3,
    "graded": True,
}
"""Three pictures, as in the published code; the paper's text has three blank steps."""


def halves(batch: int, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Draw whether the upper or the lower half of a picture is erased: boolean, (batch, rows *
    columns).

    Parameters
    ----------
    batch : int, episodes
    shape : tuple of int, rows and columns
    generator : torch.Generator
    """
    rows, columns = _checks.sides("shape", shape)
    if rows < 2:
        raise ValueError(f"shape must have two rows or more, to have two halves, got {shape}")
    _checks.room(batch=_checks.integer("batch", batch), rows=rows, columns=columns)
    _checks.generator(generator)
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

    >>> task, g = PatternCompletion(n_bits=64, **PICTURES), torch.Generator().manual_seed(0)
    >>> known = 2 * torch.rand(10, 64, generator=g) - 1  # ten pictures of 8 x 8 grey values
    >>> pictures(task, known, (8, 8), batch=2, generator=g).inputs.shape
    torch.Size([201, 2, 65])

    Parameters
    ----------
    task : PatternCompletion, with ``graded=True``; ``n_bits`` is the number of pixels
    known : Tensor (M, n_bits), pictures to draw from, values in [-1, 1]
    shape : tuple of int, rows and columns of a picture
    batch : int, episodes
    generator : torch.Generator
    """
    _checks.of_type("task", task, PatternCompletion, "use PatternCompletion(**PICTURES)")
    _checks.finite(
        "known",
        _checks.floating(
            "known", _checks.tensor("known", known, "M n_bits", {"n_bits": task.n_bits})
        ),
    )
    _checks.room(batch=_checks.integer("batch", batch), known=len(known))
    _checks.generator(generator, known.device)
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
    y : Tensor (B, n_units), at the step that is judged; units beyond the pixels are ignored
    episodes : Episodes, what was asked
    """
    answer = check_answer(y, episodes)
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

    The squared error at the last step, summed over the erased pixels, averaged over the episodes;
    the metric is its mean for each erased pixel.

    Parameters
    ----------
    network : callable
        ``network(inputs, clamp=clamp)`` returns the output (T, B, n_units) and a state.
    task, known, shape, batch, generator
        As for :func:`pictures`.
    """
    _checks.function("network", network, "network(inputs, clamp=clamp) -> output, state")
    _checks.generator(generator)
    _checks.of_type("task", task, PatternCompletion, "use PatternCompletion(**PICTURES)")

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        episodes = pictures(task, known, shape, batch, generator)
        wrong = squared_error(network(episodes.inputs, clamp=episodes.clamp)[0][-1], episodes)
        return (wrong * episodes.erased.sum(-1)).mean(), {"squared": wrong.mean().item()}

    return loss
