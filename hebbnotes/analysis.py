"""Analysis: what a trained network has learned, and what its answers are made of."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["decoded", "interval", "participation_ratio"]


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
        raise ValueError(
            f"an interval needs two numbers or more and a level inside (0, 1), got {len(values)} and {level:g}"
        )
    numbers = torch.tensor(list(values), dtype=torch.double)
    reach = (
        float(t.ppf((1 + level) / 2, len(numbers) - 1)) * numbers.std().item() / len(numbers) ** 0.5
    )
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
        raise ValueError(
            f"matrix must have two axes and an entry that is not 0, got shape {tuple(matrix.shape)}"
        )
    power = torch.linalg.svdvals(matrix.detach().double()).square()
    return (power.sum().square() / power.square().sum()).item()


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
        ((features[:cut], wanted[:cut]), (features[cut:], wanted[cut:]))
        if fit_to is None
        else (fit_to, (features, wanted))
    )
    fit, read = ([one.detach().double().numpy() for one in pair] for pair in (known, new))
    return float(RidgeCV([10.0**k for k in range(-3, 4)]).fit(*fit).score(*read))


def shuffled(alpha: Tensor, generator: torch.Generator) -> Tensor:
    return alpha.flatten()[
        torch.randperm(alpha.numel(), generator=generator, device=generator.device)
    ].view_as(alpha)


def of_rank(matrix: Tensor, rank: int) -> Tensor:
    """Return the nearest matrix of a rank, in the sum of squares (Eckart & Young, 1936)."""
    u, s, vh = torch.linalg.svd(matrix)
    return (u[:, :rank] * s[:rank]) @ vh[:rank]
