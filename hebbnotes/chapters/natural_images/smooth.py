"""Smooth patterns, whose pixels are correlated as much as one wishes."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks.patterns import Episodes, PatternCompletion
from hebbnotes.tasks.pictures import halves

__all__ = ["ERASED", "smooth_correlation", "smooth_episodes", "smooth_patterns"]


ERASED = ("half", "checkerboard", "scattered")
"""The three ways in which :func:`smooth_episodes` erases half of the pixels."""


def smooth_patterns(
    count: int, shape: tuple[int, int], length: float, generator: torch.Generator
) -> Tensor:
    """Draw grey patterns whose neighbours are alike, (count, rows * columns), values in [-1, 1].

    A Gaussian field in which pixels at distance d have the correlation ``exp(-d**2 / (2
    length**2))`` is passed through its distribution function: every pixel is uniform in [-1, 1],
    whatever the length, and a correlation r becomes ``6 / pi * arcsin(r / 2)``.

    >>> smooth_patterns(5, (8, 8), length=1.5, generator=torch.Generator()).shape
    torch.Size([5, 64])

    Parameters
    ----------
    count : int, patterns
    shape : tuple of int, rows and columns, in pixels
    length : float, correlation length, in pixels; 0 makes all pixels independent
    generator : torch.Generator
    """
    rows, columns = _checks.sides("shape", shape)
    _checks.generator(generator)
    _checks.integer("count", count)
    _checks.room(rows=rows**2, columns=columns**2)
    _checks.room(count=count, rows=rows, columns=columns)
    mixing = _mixing(rows, columns, _checks.number("length", length, 0))
    white = torch.randn(count, len(mixing), generator=generator, device=generator.device)
    return torch.erf(white @ mixing.to(white) / math.sqrt(2))


def smooth_correlation(shape: tuple[int, int], length: float) -> Tensor:
    """Return the correlation of any two pixels of :func:`smooth_patterns`, (n, n), in float64.

    ``6 / pi * arcsin(r / 2)`` with ``r = exp(-d**2 / (2 length**2))`` for pixels at distance d:
    that of two uniform variables with a Gaussian copula (K. Pearson, 1907).
    """
    rows, columns = _checks.sides("shape", shape)
    _checks.room(rows=rows**2, columns=columns**2)
    return (
        6
        / math.pi
        * torch.arcsin(_gaussian(rows, columns, _checks.number("length", length, 0)) / 2)
    )


def _gaussian(rows: int, columns: int, length: float) -> Tensor:
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).double()
    differences = places[:, None] - places
    return (
        torch.exp(-(differences / length).square().sum(-1) / 2)
        if length > 0
        else torch.eye(len(places)).double()
    )


@lru_cache(maxsize=32)
def _mixing(rows: int, columns: int, length: float) -> Tensor:
    """Return the symmetric square root of the covariance of the field
    of :func:`smooth_patterns`.
    """
    values, vectors = torch.linalg.eigh(_gaussian(rows, columns, length))
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def smooth_episodes(
    task: PatternCompletion,
    where: str,
    length: float,
    shape: tuple[int, int],
    batch: int,
    generator: torch.Generator,
) -> Episodes:
    """Make episodes of smooth patterns, half of whose pixels are erased in one of three ways.

    Parameters
    ----------
    task : PatternCompletion, with ``graded=True``
    where : {"half", "checkerboard", "scattered"}
        The upper or the lower half; the black or the white squares of a checkerboard, where the
        units of one colour come first; or pixels drawn anew for each episode.
    length : float, correlation length, in pixels
    shape : tuple of int, rows and columns
    batch : int, episodes
    generator : torch.Generator
    """
    _checks.choice("where", where, ERASED)
    _checks.of_type("task", task, PatternCompletion, "use PatternCompletion(graded=True)")
    _checks.integer("batch", batch)
    patterns = smooth_patterns(batch * task.n_patterns, shape, length, generator)
    if where == "checkerboard":
        row, column = torch.arange(shape[0])[:, None], torch.arange(shape[1])
        patterns = patterns[
            :, ((row + column) % 2).flatten().argsort(stable=True).to(patterns.device)
        ]
    erased = None if where == "scattered" else halves(batch, shape, generator)
    return task.episodes(patterns.unflatten(0, (batch, task.n_patterns)), generator, erased=erased)
