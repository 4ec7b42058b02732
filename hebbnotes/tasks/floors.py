"""Errors that need no memory: what a task's answers are to be compared with."""

import math

from hebbnotes import _checks

__all__ = ["floor_last", "floor_majority"]


def floor_last(n_patterns: int) -> float:
    """Return the share of wrong erased bits, if the answer is the pattern that was seen last.

    ``(P - 1) / (2 P)`` for P random patterns: it is right when the last pattern is the one that is
    asked for, and else half of the time.

    >>> floor_last(5)
    0.4
    """
    p = _checks.integer("n_patterns", n_patterns)
    return (p - 1) / (2 * p)


def floor_majority(n_patterns: int) -> float:
    """Return the share of wrong erased bits, if the answer is the majority of the patterns.

    ``1 / 2 - C(P - 1, floor((P - 1) / 2)) / 2 ** P`` for P random patterns: the best answer that
    ignores the cue and weighs all alike. Ties, for even P, are broken at random.

    >>> floor_majority(5)
    0.3125
    """
    p = _checks.integer("n_patterns", n_patterns)
    m = p // 2  # the share is half of C(2 m, m) / 4**m, whether p is odd or even
    if p <= 1000:
        return 0.5 - math.comb(2 * m, m) / 2 ** (2 * m + 1)
    m = min(m, 10**40)  # Stirling's series, exact to rounding here
    series = 1 - 1 / (8 * m) + 1 / (128 * m**2) + 5 / (1024 * m**3)
    return 0.5 - series / (2 * math.sqrt(math.pi * m))
