"""What a null result could have missed."""

from collections.abc import Sequence

import torch

from hebbnotes import _checks
from hebbnotes.analysis import interval

__all__ = ["smallest_seen"]


def smallest_seen(differences: Sequence[float], power: float = 0.8, level: float = 0.95) -> float:
    """Return how large a true difference must be to be seen, in pairs that spread as these do.

    ``(t_level + t_power) s / sqrt(n)`` (equation eq-smallest), with Student's t for n - 1 degrees
    of freedom, that of the two-sided level and that of the one-sided power. A difference is *seen*
    if the interval of its mean lies on one side of 0.

    >>> round(smallest_seen([0.1, -0.1, 0.2, -0.2, 0.0]), 3)
    0.263

    Parameters
    ----------
    differences : sequence of float, two or more, one for each pair of networks
    power : float, share of experiments in which it would be seen, above a half, below 1
    level : float, as for :func:`.interval`
    """
    if not 0.5 < _checks.number("power", power) < 1:
        raise ValueError(f"power must lie between a half and 1, got {power:g}: 0.8 is usual")
    with _checks.extra("chapters"):
        from scipy.stats import t
    interval(differences, level)  # refuses what has no interval
    values = torch.tensor([float(one) for one in differences], dtype=torch.double)
    n = len(values)
    reach = t.ppf((1 + level) / 2, n - 1) + t.ppf(power, n - 1)
    return float(reach * values.std() / n**0.5)
