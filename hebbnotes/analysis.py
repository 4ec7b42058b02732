"""Analysis: what a trained network has learned, and what its answers are made of."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "Heads",
    "Spectrum",
    "decoded",
    "heads",
    "interval",
    "participation_ratio",
    "spectrum",
]


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Return the mean of independent numbers, one for each seed say, and its confidence limits.

    Student's t (1908): ``mean -+ t * s / sqrt(n)``, where ``s`` is the standard deviation with n -
    1 in its denominator; exact where the numbers are normal.

    >>> [round(number, 2) for number in interval([1.0, 2.0, 3.0])]
    [2.0, -0.48, 4.48]

    Parameters
    ----------
    values : sequence of float, two or more
    level : float, share of such intervals that hold the true mean, inside (0, 1)
    """
    with _checks.extra("chapters"):
        from scipy.stats import t
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise TypeError(f"values must be a list of numbers, got {_checks.got(values)}")
    _checks.number("level", level)
    if len(values) < 2 or not 0 < level < 1:
        raise ValueError(
            "an interval needs two numbers or more and a level inside (0, 1), "
            f"got {len(values)} and {level:g}"
        )
    given = values.tolist() if hasattr(values, "tolist") else values
    numbers = torch.tensor([_checks.number("values", x) for x in given], dtype=torch.double)
    reach = (
        float(t.ppf((1 + level) / 2, len(numbers) - 1)) * numbers.std().item() / len(numbers) ** 0.5
    )
    return numbers.mean().item(), numbers.mean().item() - reach, numbers.mean().item() + reach


def participation_ratio(matrix: Tensor) -> float:
    """Return the effective rank of a matrix (n, m), ``(sum of s**2)**2 / (sum of s**4)``.

    It is 1 if one singular value ``s`` carries all, and n if n of them share alike.

    >>> round(participation_ratio(torch.eye(3)), 6)
    3.0
    """
    _checks.held("matrix", _checks.floating("matrix", matrix))
    if matrix.ndim != 2 or not bool(matrix.any()):
        raise ValueError(
            f"matrix must have two axes and an entry that is not 0, got shape {tuple(matrix.shape)}"
        )
    _checks.finite("matrix", matrix)
    values = torch.linalg.svdvals(matrix.detach().double() / matrix.detach().abs().max().double())
    power = values.square()
    return (power.sum().square() / power.square().sum()).item()


class Spectrum(NamedTuple):
    """Eigenvalues and singular values of a square matrix, each from the largest on.

    Attributes
    ----------
    eigenvalues : Tensor
        Complex, by their size, shape (n,).
    singular : Tensor
        Shape (n,).
    share : float
        Part of the sum of squared singular values that the first one has.
    """

    eigenvalues: Tensor
    singular: Tensor
    share: float


def spectrum(matrix: Tensor) -> Spectrum:
    """Return the eigenvalues and the singular values of a square matrix (n, n), in double
    precision.

    An eigenvalue is never larger than the largest singular value; where they are far apart, the
    matrix amplifies what it does not return.

    >>> spectrum(torch.tensor([[1.0, 1.0], [-1.0, -1.0]])).singular.round().tolist()
    [2.0, 0.0]
    """
    _checks.held("matrix", _checks.floating("matrix", _checks.tensor("matrix", matrix, "n n", {})))
    _checks.finite("matrix", matrix)
    given = matrix.detach().double()
    if not bool(given.any()):
        raise ValueError("matrix must have an entry that is not 0: nothing has a share of nothing")
    values, singular = torch.linalg.eigvals(given), torch.linalg.svdvals(given)
    power = (singular / singular[0]).square()
    return Spectrum(values[values.abs().argsort(descending=True)], singular, 1 / float(power.sum()))


class Heads(NamedTuple):
    """Gains of synapses as a sum of gated heads, ``sum over r of sigma[r] * outer(a[r], b[r])``.

    Attributes
    ----------
    sigma : Tensor
        How much each head counts, from the largest on, shape (R,).
    a, b : Tensor
        What each gates on the side of the senders, shape (R, n), and on that of the receivers,
        (R, m); of length 1, and at right angles to each other.
    """

    sigma: Tensor
    a: Tensor
    b: Tensor


@_checks.in_full_precision
def heads(alpha: Tensor, rank: int | None = None) -> Heads:
    """Take gains apart into heads, by their singular values: as many as the matrix has ranks.

    A trace with the gains ``alpha`` is the sum of as many traces without, each of which compares
    ``q * a[r]`` with the keys, and is heard by the receivers as ``sigma[r] * b[r]`` says. Both
    signs of a head may be turned, and heads of one size be mixed.

    >>> sigma, a, b = heads(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    >>> sigma.tolist(), (sigma[:, None, None] * a[:, :, None] * b[:, None, :]).sum(0).tolist()
    ([2.0, 1.0], [[2.0, 0.0], [0.0, 1.0]])

    Parameters
    ----------
    alpha : Tensor (n, m)
    rank : int, optional
        How many, the largest; by default as many as are not 0 within rounding.

    Notes
    -----
    Source: this book; the nearest matrix of a rank is Eckart & Young (1936).
    """
    _checks.tensor("alpha", alpha, "n m", {})
    _checks.finite("alpha", _checks.floating("alpha", alpha))
    u, s, vh = torch.linalg.svd(alpha, full_matrices=False)
    if rank is None:
        rank = int((s > s[0] * max(alpha.shape) * torch.finfo(s.dtype).eps).sum())
    else:
        _checks.integer("rank", rank, 0, len(s))
    return Heads(s[:rank], u[:, :rank].mT, vh[:rank])


def decoded(features: Tensor, wanted: Tensor, fit_to: tuple[Tensor, Tensor] | None = None) -> float:
    """Return how much of some numbers a straight line reads from features that it was not fitted
    to.

    The share of variance that is explained, a mean over what is wanted: 1 if all is read, 0 if the
    mean serves as well, less if it serves better. Ridge regression (Hoerl & Kennard, 1970), at the
    strength that leaves one sample out best; fitted to the first two thirds and judged by the rest,
    or fitted to ``fit_to`` and judged by all.

    >>> features = torch.randn(90, 4, generator=torch.Generator().manual_seed(0))
    >>> decoded(features, features[:, :1] - features[:, 1:2]) > 0.99
    True

    Parameters
    ----------
    features : Tensor (M, n_features), M of 30 or more
    wanted : Tensor (M, n_wanted)
    fit_to : tuple of Tensor, optional; other features, and what is to be read from them
    """
    with _checks.extra("chapters"):
        from sklearn.linear_model import RidgeCV
    sizes: dict[str, int] = {}
    _checks.tensor("features", features, "M n_features", sizes)
    _checks.tensor("wanted", wanted, "M n_wanted", sizes)
    if sizes["M"] < 30:
        raise ValueError(f"features and wanted must have 30 rows or more, got {sizes['M']}")
    given = {"features": features, "wanted": wanted}
    if fit_to is not None:
        if not isinstance(fit_to, tuple) or len(fit_to) != 2:
            raise TypeError(f"fit_to must be two tensors, got {_checks.got(fit_to)}")
        sizes.pop("M")
        _checks.tensor("fit_to[0]", fit_to[0], "M n_features", sizes)
        _checks.tensor("fit_to[1]", fit_to[1], "M n_wanted", sizes)
        if sizes["M"] < 2:
            raise ValueError("fit_to must have two rows or more, got 1: a line needs two points")
        given |= {"fit_to[0]": fit_to[0], "fit_to[1]": fit_to[1]}
    for name, value in given.items():
        _checks.finite(name, _checks.held(name, value))
    if bool((wanted == wanted[:1]).all(0).any()):
        raise ValueError("wanted must vary in each column: nothing is to be read from a constant")
    cut = 2 * len(features) // 3
    known, new = (
        ((features[:cut], wanted[:cut]), (features[cut:], wanted[cut:]))
        if fit_to is None
        else (fit_to, (features, wanted))
    )
    fit, read = ([x.detach().double().numpy() for x in pair] for pair in (known, new))
    return float(RidgeCV([10.0**k for k in range(-3, 4)]).fit(*fit).score(*read))


def shuffled(alpha: Tensor, generator: torch.Generator) -> Tensor:
    """Return the same entries in a random order."""
    _checks.generator(generator, _checks.floating("alpha", alpha).device)
    return alpha.flatten()[
        torch.randperm(alpha.numel(), generator=generator, device=generator.device)
    ].view_as(alpha)


def of_rank(matrix: Tensor, rank: int) -> Tensor:
    """Return the nearest matrix of a rank, in the sum of squares (Eckart & Young, 1936)."""
    _checks.finite(
        "matrix", _checks.floating("matrix", _checks.tensor("matrix", matrix, "n m", {}))
    )
    _checks.integer("rank", rank, 1, min(matrix.shape))
    half = matrix.dtype in (torch.float16, torch.bfloat16)  # of which there is no decomposition
    u, s, vh = torch.linalg.svd(matrix.float() if half else matrix)
    return ((u[:, :rank] * s[:rank]) @ vh[:rank]).to(matrix.dtype)
