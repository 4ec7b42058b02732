"""What the plasticities of a network for pictures have learned."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, analysis, tasks
from hebbnotes.experiments.experiment import short, shorts
from hebbnotes.networks import run

__all__ = [
    "alpha_described",
    "answer",
    "block_means",
    "cue_pixels",
    "gains_by_row",
    "independent_pixels",
    "mean_error",
    "root_mean_squares",
    "simpler_alphas",
    "with_simpler_alphas",
]


def independent_pixels(correlation: Tensor) -> float:
    """Return how many independent pixels correlated ones are worth: ``n**2 / sum of
    correlation**2``.

    The overlap of two unrelated patterns, the mean product of their pixels, has the variance that
    it would have with so many independent pixels.

    Parameters
    ----------
    correlation : Tensor (n, n), of the pixels, with ones on its diagonal
    """
    _checks.held("correlation", _checks.floating("correlation", correlation))
    _checks.finite("correlation", correlation)
    square = correlation.ndim == 2 and correlation.shape[0] == correlation.shape[1] > 0
    if not square or not torch.allclose(
        correlation.diagonal(), correlation.new_ones(()), atol=1e-4
    ):
        raise ValueError(
            "correlation must have shape (n, n) and ones on its diagonal, "
            f"got shape {tuple(correlation.shape)}"
        )
    return len(correlation) ** 2 / correlation.double().square().sum().item()


def cue_pixels(correlation: Tensor) -> float:
    """Return how many independent pixels the upper half of the pixels is worth, (n, n)."""
    half = len(correlation) // 2
    return independent_pixels(correlation[:half, :half])


def simpler_alphas(alpha: Tensor, n_pixels: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Return simpler plasticities to put in the place of trained ones, of a network for pictures.

    Parameters
    ----------
    alpha : Tensor (n, n)
    n_pixels : int
        How many of the units are pixels, row by row: the first half of them is the upper half.
    generator : torch.Generator, of the shuffled alpha

    Returns
    -------
    dict
        For each name a matrix: ``intact``; ``shuffled``; ``its mean``; ``rank 1``, ``2``, ``4`` and
        ``8``, the nearest of that rank; ``mean of each block``, where the four blocks are from a
        half of the pixels to a half; ``within halves 0``; and ``gains across``, which has 0 within
        the halves, and across them blocks of rank 1: a gain of each pixel as a sender and one as a
        receiver. The last three leave the connections of units that are no pixels as they are.
    """
    _checks.finite("alpha", _checks.floating("alpha", alpha))
    _checks.integer("n_pixels", n_pixels)
    _checks.generator(generator, alpha.device)
    if alpha.ndim != 2 or alpha.shape[0] != alpha.shape[1] or not 2 <= n_pixels <= len(alpha):
        raise ValueError(
            "alpha must have shape (n, n) with n >= n_pixels >= 2, "
            f"got {tuple(alpha.shape)} and {n_pixels} pixels"
        )
    alpha = alpha.detach()
    simpler = {
        "intact": alpha,
        "shuffled": analysis.shuffled(alpha, generator),
        "its mean": alpha.mean().expand_as(alpha),
    }
    simpler |= {
        f"rank {rank}": analysis.of_rank(alpha, rank) for rank in (1, 2, 4, 8) if rank <= len(alpha)
    }
    upper, lower = slice(0, n_pixels // 2), slice(n_pixels // 2, n_pixels)
    means, across, gains = block_means(alpha, n_pixels), alpha.clone(), alpha.clone()
    for senders in (upper, lower):
        for receivers in (upper, lower):
            block = alpha[senders, receivers]
            if senders is receivers:
                across[senders, receivers] = gains[senders, receivers] = 0
            else:
                gains[senders, receivers] = analysis.of_rank(block, 1)
    return simpler | {"mean of each block": means, "within halves 0": across, "gains across": gains}


def block_means(alpha: Tensor, n_pixels: int) -> Tensor:
    """Return an alpha (n, n) whose connections from each half of the pixels to each have their
    mean; those of other units stay.
    """
    means, half = alpha.detach().clone(), n_pixels // 2
    for senders in (slice(0, half), slice(half, n_pixels)):
        for receivers in (slice(0, half), slice(half, n_pixels)):
            means[senders, receivers] = alpha[senders, receivers].mean()
    return means


def gains_by_row(alpha: Tensor, shape: tuple[int, int]) -> dict[str, list[float]]:
    """Return the gain of each row of a picture as a sender to the other half and as a receiver from
    it, divided by the mean over all rows: those of the best fit of rank 1 to each block across.
    """
    half = shape[0] * shape[1] // 2
    blocks = (alpha[:half, half : 2 * half], alpha[half : 2 * half, :half])
    parts = [torch.linalg.svd(block.detach()) for block in blocks]
    gains = {
        "sender": torch.cat([one.U[:, 0].abs() for one in parts]),
        "receiver": torch.cat([one.Vh[0].abs() for one in reversed(parts)]),
    }
    return {name: shorts(one.view(shape).mean(1) / one.mean()) for name, one in gains.items()}


def answer(net: Any, episodes: tasks.Episodes, alpha: Tensor | None = None) -> Tensor:
    """Return what a network says at the last step of each episode, (B, n_units); with another
    alpha in the place of its own, if one is given.
    """
    if alpha is None:
        return net(episodes.inputs, clamp=episodes.clamp)[0][-1]
    return run(episodes.inputs, net.w, alpha, net.eta, clamp=episodes.clamp)[0][-1]


def mean_error(shown: list[tasks.Episodes], answers: Callable[[tasks.Episodes], Tensor]) -> float:
    """Return the mean squared error of the erased pixels."""
    with torch.no_grad():
        return short(torch.cat([tasks.squared_error(answers(e), e) for e in shown]).mean())


def with_simpler_alphas(
    net: Any, shown: list[tasks.Episodes], generator: torch.Generator
) -> dict[str, float]:
    """Return the error of a trained network with each of the simpler alphas in the place of its
    own.
    """
    simpler = simpler_alphas(net.alpha, shown[0].answer.shape[1], generator)
    return {
        name: mean_error(shown, partial(answer, net, alpha=alpha))
        for name, alpha in simpler.items()
    }


def alpha_described(alpha: Tensor, n_pixels: int) -> dict[str, float]:
    """Return the mean of the coefficients within and across the halves of a picture, their spread,
    and their effective rank.
    """
    pixels = alpha[:n_pixels, :n_pixels]
    half = torch.arange(n_pixels) * 2 // n_pixels
    across = half[:, None] != half
    return {
        "alpha_across": short(pixels[across].mean()),
        "alpha_within": short(pixels[~across].mean()),
        "alpha_std": short(pixels.std()),
        "alpha_rank": short(analysis.participation_ratio(pixels)),
    }


def root_mean_squares(alpha: Tensor, n_pixels: int) -> dict[str, float]:
    """Return the root mean square of the coefficients within and across the halves of a picture."""
    pixels = alpha[:n_pixels, :n_pixels]
    half = torch.arange(n_pixels) * 2 // n_pixels
    across = half[:, None] != half
    return {
        "alpha_across_rms": short(pixels[across].square().mean().sqrt()),
        "alpha_within_rms": short(pixels[~across].square().mean().sqrt()),
    }
