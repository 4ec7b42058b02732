"""One-shot learning: a few drawings are shown once with their labels, then one more is to be named.

The task of Miconi, Stanley & Clune (2018), section 4.4, in batches: every episode of a batch draws characters, rotations and
drawings of its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks

__all__ = ["OneShot", "correct", "episodes", "loss", "shrink"]


class OneShot(NamedTuple):
    """A batch of episodes: T steps, B episodes, N labels; the last step asks.

    Attributes
    ----------
    inputs : Tensor
        Drawings, shape (T, B, rows, columns).
    targets : Tensor
        One-hot labels, shape (T, B, N); 0 in the last step.
    clamp : Tensor
        Boolean, shape (T, B, N): true where the label is shown, in all steps but the last.
    answer : Tensor
        Label of the last drawing, integers, shape (B,).
    """

    inputs: Tensor
    targets: Tensor
    clamp: Tensor
    answer: Tensor


def shrink(drawings: Tensor, size: int = 31) -> Tensor:
    """Make drawings smaller, by means over areas.

    Parameters
    ----------
    drawings : Tensor
        Boolean, true for ink, shape (characters, drawings, rows, columns), as :func:`hebbnotes.data.omniglot` returns them.
    size : int
        Rows and columns afterwards.

    Returns
    -------
    Tensor
        Share of ink, in [0, 1], shape (characters, drawings, size, size).

    Raises
    ------
    ValueError
        If the shape does not fit, or the size is no positive integer.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4: 31 x 31 pixels.
    """
    _checks.tensor("drawings", drawings, "characters drawings rows columns", {})
    _checks.integer("size", size)
    return nn.functional.adaptive_avg_pool2d(drawings.float(), size)


def episodes(drawings: Tensor, n_ways: int, n_shots: int, batch: int, generator: torch.Generator) -> OneShot:
    """Draw episodes: characters, each turned by a multiple of 90 degrees, and some drawings of each to learn from.

    Parameters
    ----------
    drawings : Tensor
        Shape (characters, drawings, size, size), on the generator's device.
    n_ways : int
        Characters in an episode, and labels.
    n_shots : int
        Drawings of each that are shown with the label; shown in random order.
    batch : int
        Number of episodes.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    OneShot
        ``n_ways * n_shots + 1`` steps. The drawing that is asked for is none of those that were shown.

    Raises
    ------
    ValueError
        If there are too few characters or drawings, or a drawing is not square.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4. A rotation is drawn for each character of each episode, as in the published
    code.
    """
    _checks.tensor("drawings", drawings, "characters drawings rows columns", {})
    characters, each, rows, columns = drawings.shape
    n_ways, n_shots, batch = (_checks.integer(n, v) for n, v in (("n_ways", n_ways), ("n_shots", n_shots), ("batch", batch)))
    if characters < n_ways or each < n_shots + 1 or rows != columns:
        raise ValueError(
            f"drawings must be square, of {n_ways} characters or more and {n_shots + 1} drawings or more of each, "
            f"got shape {tuple(drawings.shape)}"
        )
    device, total = generator.device, n_ways * n_shots

    def shuffled(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device).argsort(-1)

    chosen = shuffled(batch, characters)[:, :n_ways]
    turns = torch.randint(4, (batch, n_ways), generator=generator, device=device)
    samples = shuffled(batch, n_ways, each)[..., : n_shots + 1]
    asked = torch.randint(n_ways, (batch,), generator=generator, device=device)
    labels = shuffled(batch, total) % n_ways  # of each step, every label n_shots times
    seen = (labels[:, :, None] == labels[:, None, :]).tril(-1).sum(-1)  # how often the label was shown before
    labels = torch.cat([labels, asked[:, None]], 1)
    seen = torch.cat([seen, torch.full_like(asked, n_shots)[:, None]], 1)
    row = torch.arange(batch, device=device)[:, None]
    pictures = drawings[chosen[row, labels], samples[row, labels, seen]]
    turn = turns[row, labels]
    turned = torch.stack([pictures.rot90(k, (-2, -1)) for k in range(4)])
    pictures = turned[turn, row, torch.arange(total + 1, device=device)]
    targets = nn.functional.one_hot(labels, n_ways).to(drawings.dtype)
    targets[:, -1] = 0
    clamp = torch.ones_like(targets, dtype=torch.bool)
    clamp[:, -1] = False
    return OneShot(pictures.transpose(0, 1), targets.transpose(0, 1), clamp.transpose(0, 1), asked)


def correct(y: Tensor, episodes: OneShot) -> Tensor:
    """Return for each episode whether the largest output of the last step is the right label; boolean, shape (B,).

    Parameters
    ----------
    y : Tensor
        Output of the last step, shape (B, N).
    episodes : OneShot
        What was asked.
    """
    return y.argmax(-1) == episodes.answer


def loss(
    network: Callable[..., tuple[Tensor, Any]],
    drawings: Tensor,
    n_ways: int,
    n_shots: int,
    batch: int,
    generator: torch.Generator,
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`hebbnotes.training.train` needs: the loss of a network on new episodes.

    The loss is the cross-entropy of the last step's output with the right label; the metric is the share of right answers.

    Parameters
    ----------
    network : callable
        ``network(inputs, targets=targets, clamp=clamp)`` returns outputs, a softmax, of shape (T, B, N), and a state.
    drawings, n_ways, n_shots, batch, generator
        As for :func:`episodes`.

    Returns
    -------
    callable
        ``loss(update)`` returns the loss and the metric.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4.
    """

    def new(update: int) -> tuple[Tensor, dict[str, float]]:
        shown = episodes(drawings, n_ways, n_shots, batch, generator)
        y = network(shown.inputs, targets=shown.targets, clamp=shown.clamp)[0][-1]
        right = correct(y.detach(), shown).float().mean().item()
        return nn.functional.nll_loss(y.clamp_min(1e-12).log(), shown.answer), {"right": right}

    return new
