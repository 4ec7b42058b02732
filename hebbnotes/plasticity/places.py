"""Where cells are: a grid of places, and how far each is from each other."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["distances", "grid"]


def grid(
    shape: Sequence[int],
    spacing: float = 1.0,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the places of cells on a rectangular grid, counted as rows are read.

    Parameters
    ----------
    shape : sequence of int
        How many cells along each axis, such as ``(8, 8)``: n = their product, d = how many axes.
    spacing : float
        Distance between neighbours, a length.
    dtype : torch.dtype, optional
        Of floating-point numbers, the default one if left out.
    device : torch.device or str, optional
        Where the places lie, torch's default if left out.

    Returns
    -------
    Tensor
        Places, shape (n, d), of the unit of ``spacing``; that of the first cell is 0. A grid that
        closes on itself has the same places: pass ``period`` to :func:`distances`.

    Examples
    --------
    >>> grid((2, 2)).tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    sides = [_checks.integer("shape", side) for side in _checks.integers("shape", shape)]
    if not sides:
        raise ValueError(f"shape must name one axis or more, such as (8, 8), got {shape!r}")
    _checks.number("spacing", spacing, 1e-30)
    _checks.room(**{f"axis {k}": side for k, side in enumerate(sides)}, axes=len(sides))
    dtype, device = _checks.floating_type("dtype", dtype), _checks.device("device", device)
    axes = [torch.arange(side, dtype=dtype, device=device) for side in sides]
    return spacing * torch.cartesian_prod(*axes).reshape(-1, len(sides))


def distances(positions: Tensor, period: float | Sequence[float] | None = None) -> Tensor:
    """Return how far each place is from each other one, in a straight line.

    Parameters
    ----------
    positions : Tensor
        Places, shape (n, d), a length.
    period : float or sequence of d floats, optional
        How long each axis is that closes on itself, of the unit of ``positions``; infinity for one
        that does not. Two places are then as far apart as along the shorter way.

    Returns
    -------
    Tensor
        Shape (n, n), symmetric, of the unit of ``positions``; 0 on the diagonal.

    Examples
    --------
    >>> distances(grid((4,)))[0].tolist()
    [0.0, 1.0, 2.0, 3.0]
    >>> distances(grid((4,)), period=4)[0].tolist()
    [0.0, 1.0, 2.0, 1.0]
    """
    sizes: dict[str, int] = {}
    _checks.tensor("positions", _checks.floating("positions", positions), "n d", sizes)
    _checks.finite("positions", positions)
    n, d = positions.shape
    _checks.room(n=n, others=n)
    lengths = [None] * d if period is None else _periods(period, d)
    square = positions.new_zeros(n, n)
    for place, length in zip(positions.mT, lengths, strict=True):
        apart = (place[:, None] - place[None, :]).abs()
        if length is not None and length != float("inf"):
            apart = apart % length
            apart = torch.minimum(apart, length - apart)
        square = square + apart.square()
    return square.sqrt()


def _periods(period: float | Sequence[float], d: int) -> list[float]:
    """Return a length above 0 for each axis, infinity among them, or raise."""
    given = [period] * d if isinstance(period, int | float) else list(period)
    if len(given) != d:
        raise ValueError(
            f"period must be one length, or one for each of {d} axes, got {len(given)} lengths"
        )
    for length in given:
        if length != float("inf"):
            _checks.number("period", length, 1e-30)
    return given
