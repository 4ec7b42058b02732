"""Analysis: what a trained network has learned, and what its answers are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks import Episodes, errors

__all__ = [
    "Regression",
    "ablations",
    "decoded",
    "independent_pixels",
    "interval",
    "participation_ratio",
    "regress",
    "simpler_alphas",
]


def independent_pixels(correlation: Tensor) -> float:
    """Return how many independent pixels patterns with correlated pixels are worth, judged by their chance overlaps.

    ``n**2 / sum of correlation**2``: the overlap of two unrelated patterns, the mean product of their pixels, has the variance that
    it would have with so many independent pixels.

    Parameters
    ----------
    correlation : Tensor
        Correlation of the pixels, shape (n, n), with ones on its diagonal.

    Raises
    ------
    ValueError
        If it is not a square matrix with ones on its diagonal.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    square = correlation.ndim == 2 and correlation.shape[0] == correlation.shape[1] > 0
    if not square or not torch.allclose(correlation.diagonal(), correlation.new_ones(()), atol=1e-4):
        raise ValueError(f"correlation must have shape (n, n) and ones on its diagonal, got shape {tuple(correlation.shape)}")
    return len(correlation) ** 2 / correlation.double().square().sum().item()


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Return the mean of a few independent numbers, such as one for each seed, and the limits of its confidence interval.

    Student's t: the mean, less and plus ``t * s / sqrt(n)``, where ``s`` is the standard deviation with n - 1 in its denominator.
    Exact where the numbers are normal.

    Parameters
    ----------
    values : sequence of float
        Two or more numbers.
    level : float
        Share of such intervals that hold the true mean, inside (0, 1).

    Raises
    ------
    ValueError
        If there are fewer than two numbers, or the level is not inside (0, 1).

    Notes
    -----
    Source: Student, *The probable error of a mean* (1908). Used on the page "The paper and the book".
    """
    from scipy.stats import t

    if len(values) < 2 or not 0 < level < 1:
        raise ValueError(f"an interval needs two numbers or more and a level inside (0, 1), got {len(values)} and {level:g}")
    numbers = torch.tensor(list(values), dtype=torch.double)
    reach = float(t.ppf((1 + level) / 2, len(numbers) - 1)) * numbers.std().item() / len(numbers) ** 0.5
    return numbers.mean().item(), numbers.mean().item() - reach, numbers.mean().item() + reach


def participation_ratio(matrix: Tensor) -> float:
    """Return the effective rank of a matrix: 1 if one singular value carries all, n if n of them share alike.

    ``(sum of s**2)**2 / (sum of s**4)`` over the singular values ``s``.

    Parameters
    ----------
    matrix : Tensor
        Shape (n, m), not zero.

    Raises
    ------
    ValueError
        If it is not a matrix, or is zero.

    Notes
    -----
    Taught in the chapter "Learning rules"; used in "Natural images", too.
    """
    if matrix.ndim != 2 or not bool(matrix.any()):
        raise ValueError(f"matrix must have two axes and an entry that is not 0, got shape {tuple(matrix.shape)}")
    power = torch.linalg.svdvals(matrix.detach().double()).square()
    return (power.sum().square() / power.square().sum()).item()


def ablations(w: Tensor, alpha: Tensor, generator: torch.Generator) -> dict[str, tuple[Tensor, Tensor]]:
    """Return a trained network with one thing taken away, or replaced by something simpler, at a time.

    Parameters
    ----------
    w, alpha : Tensor
        Fixed weights and plasticity coefficients, shape (n, n).
    generator : torch.Generator
        Source of the shuffled alpha.

    Returns
    -------
    dict
        For each name the pair ``(w, alpha)``: ``intact``; ``w = 0``; ``w without its diagonal``; ``w = its mean diagonal``;
        ``alpha shuffled``; ``alpha = its mean``; ``alpha of rank 1``; ``alpha = 0``.

    Raises
    ------
    ValueError
        If the shapes are not (n, n).

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    if w.ndim != 2 or w.shape[0] != w.shape[1] or alpha.shape != w.shape:
        raise ValueError(f"w and alpha must both have shape (n, n), got {tuple(w.shape)} and {tuple(alpha.shape)}")
    w, alpha = w.detach(), alpha.detach()
    one = torch.eye(len(w), dtype=w.dtype, device=w.device)
    return {
        "intact": (w, alpha),
        "w = 0": (torch.zeros_like(w), alpha),
        "w without its diagonal": (w * (1 - one), alpha),
        "w = its mean diagonal": (w.diagonal().mean() * one, alpha),
        "alpha shuffled": (w, _shuffled(alpha, generator)),
        "alpha = its mean": (w, alpha.mean().expand_as(alpha)),
        "alpha of rank 1": (w, _of_rank(alpha, 1)),
        "alpha = 0": (w, torch.zeros_like(alpha)),
    }


def simpler_alphas(alpha: Tensor, n_pixels: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Return simpler plasticity coefficients to put in the place of trained ones, of a network that completes halves of pictures.

    Parameters
    ----------
    alpha : Tensor
        Plasticity coefficients, shape (n, n).
    n_pixels : int
        How many of the units are pixels, row by row: the first half of them is the upper half of the picture.
    generator : torch.Generator
        Source of the shuffled alpha.

    Returns
    -------
    dict
        For each name a matrix: ``intact``; ``shuffled``; ``its mean``; ``rank 1``, ``rank 2``, ``rank 4`` and ``rank 8``, the
        nearest matrices of that rank; ``mean of each block``, where the four blocks are from a half of the pixels to a half;
        ``within halves 0``; and ``gains across``, which has 0 within the halves, and across them blocks of rank 1: a gain of each
        pixel as a sender and one as a receiver. The last three leave the connections of units that are no pixels as they are.

    Raises
    ------
    ValueError
        If alpha is not a square matrix, or has fewer units than pixels.

    Notes
    -----
    Taught in the chapter "Natural images".
    """
    if alpha.ndim != 2 or alpha.shape[0] != alpha.shape[1] or not 2 <= n_pixels <= len(alpha):
        raise ValueError(f"alpha must have shape (n, n) with n >= n_pixels >= 2, got {tuple(alpha.shape)} and {n_pixels} pixels")
    alpha = alpha.detach()
    found = {"intact": alpha, "shuffled": _shuffled(alpha, generator), "its mean": alpha.mean().expand_as(alpha)}
    found |= {f"rank {rank}": _of_rank(alpha, rank) for rank in (1, 2, 4, 8) if rank <= len(alpha)}
    upper, lower = slice(0, n_pixels // 2), slice(n_pixels // 2, n_pixels)
    means, across, gains = alpha.clone(), alpha.clone(), alpha.clone()
    for senders in (upper, lower):
        for receivers in (upper, lower):
            block = alpha[senders, receivers]
            means[senders, receivers] = block.mean()
            if senders is receivers:
                across[senders, receivers] = gains[senders, receivers] = 0
            else:
                gains[senders, receivers] = _of_rank(block, 1)
    return found | {"mean of each block": means, "within halves 0": across, "gains across": gains}


def _shuffled(alpha: Tensor, generator: torch.Generator) -> Tensor:
    return alpha.flatten()[torch.randperm(alpha.numel(), generator=generator, device=generator.device)].view_as(alpha)


def _of_rank(matrix: Tensor, rank: int) -> Tensor:
    """Return the nearest matrix of a rank, in the sum of squares (Eckart & Young, 1936)."""
    u, s, vh = torch.linalg.svd(matrix)
    return (u[:, :rank] * s[:rank]) @ vh[:rank]


class Regression(NamedTuple):
    """What an answer is made of: weights of a linear regression.

    Attributes
    ----------
    target : float
        Weight of the pattern that was asked for, on top of its weight as one that was shown.
    shown : Tensor
        Weight of each pattern, from the one shown first to the one shown last, whichever was asked for; shape (P,).
    r2 : float
        Share of the answer's mean square that the regression explains.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """

    target: float
    shown: Tensor
    r2: float


def regress(y: Tensor, episodes: Episodes) -> Regression:
    """Ask what a network's answer is made of: regress its erased bits on the patterns that it was shown.

    A network that addresses its memory by the cue has ``target`` alone; one that repeats what it saw last has the last entry of
    ``shown``; one that blends its memories, whatever the cue, has them all alike.

    Parameters
    ----------
    y : Tensor
        Output at the step that is judged, shape (B, n_units): units beyond the bits are ignored.
    episodes : Episodes
        What was asked; the more episodes, the better the estimate. Patterns shown several times count where they were shown last.

    Returns
    -------
    Regression

    Raises
    ------
    ValueError
        If ``y`` does not fit the episodes or is not finite, there are fewer erased bits in all than twice the weights, or the
        patterns cannot be told apart, as in a single episode.

    Notes
    -----
    Used by the experiments with 50 bits. Taught in the chapter "Differentiable plasticity".
    """
    errors(y, episodes)  # checks that they fit
    _checks.finite("y", y)
    p = episodes.patterns.shape[1]
    last_cycle = episodes.order[:, -p:]
    rows = torch.arange(len(last_cycle), device=y.device)[:, None]
    erased = episodes.erased
    shown = episodes.patterns[rows, last_cycle].transpose(1, 2)[erased]  # (erased bits, P)
    design = torch.cat([episodes.answer[erased].unsqueeze(-1), shown], -1).double()
    said = y.detach()[:, : erased.shape[1]][erased].double()
    if len(said) < 2 * design.shape[1]:
        raise ValueError(f"regress needs at least {2 * design.shape[1]} erased bits, got {len(said)}: pass more episodes")
    if torch.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("the patterns cannot be told apart: pass more episodes, of two patterns or more, and ask for several")
    weights = torch.linalg.lstsq(design, said.unsqueeze(-1)).solution.squeeze(-1)
    rest = said - design @ weights
    return Regression(weights[0].item(), weights[1:], 1 - (rest.square().sum() / said.square().sum()).item())


def decoded(features: Tensor, wanted: Tensor, fit_to: tuple[Tensor, Tensor] | None = None) -> float:
    """Return how much of some numbers a straight line reads from features that it was not fitted to.

    Ridge regression is fitted to the first two thirds of the samples, or to other ones, at the strength that leaves one of them out
    best.

    Parameters
    ----------
    features : Tensor
        Shape (M, n_features).
    wanted : Tensor
        What is to be read, shape (M, n_wanted).
    fit_to : tuple of Tensor, optional
        Other features and what is to be read from them, to fit to instead; then all of ``features`` are read.

    Returns
    -------
    float
        The share of variance that is explained in the last third, or in all, a mean over what is wanted: 1 if all is read, 0 if the
        mean serves as well, less if it serves better.

    Raises
    ------
    TypeError, ValueError
        If they are no matrices with as many rows each, or there are fewer than 30.

    Notes
    -----
    Source: A. E. Hoerl & R. W. Kennard, *Ridge regression* (1970). Taught in the chapter "The maze".
    """
    from sklearn.linear_model import RidgeCV

    sizes: dict[str, int] = {}
    _checks.tensor("features", features, "M n_features", sizes)
    _checks.tensor("wanted", wanted, "M n_wanted", sizes)
    if sizes["M"] < 30:
        raise ValueError(f"features and wanted must have 30 rows or more, got {sizes['M']}")
    if fit_to is not None:
        sizes.pop("M")
        _checks.tensor("fit_to[0]", fit_to[0], "M n_features", sizes)
        _checks.tensor("fit_to[1]", fit_to[1], "M n_wanted", sizes)
    cut = 2 * len(features) // 3
    known, new = (
        ((features[:cut], wanted[:cut]), (features[cut:], wanted[cut:])) if fit_to is None else (fit_to, (features, wanted))
    )
    fit, read = ([one.detach().double().numpy() for one in pair] for pair in (known, new))
    return float(RidgeCV([10.0**k for k in range(-3, 4)]).fit(*fit).score(*read))
