"""What trained weights have learned, and what an answer is made of."""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks, analysis
from hebbnotes.tasks.patterns import Episodes, errors

__all__ = ["Regression", "ablations", "regress"]


def ablations(
    w: Tensor, alpha: Tensor, generator: torch.Generator
) -> dict[str, tuple[Tensor, Tensor]]:
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
        raise ValueError(
            f"w and alpha must both have shape (n, n), got {tuple(w.shape)} and {tuple(alpha.shape)}"
        )
    w, alpha = w.detach(), alpha.detach()
    one = torch.eye(len(w), dtype=w.dtype, device=w.device)
    return {
        "intact": (w, alpha),
        "w = 0": (torch.zeros_like(w), alpha),
        "w without its diagonal": (w * (1 - one), alpha),
        "w = its mean diagonal": (w.diagonal().mean() * one, alpha),
        "alpha shuffled": (w, analysis.shuffled(alpha, generator)),
        "alpha = its mean": (w, alpha.mean().expand_as(alpha)),
        "alpha of rank 1": (w, analysis.of_rank(alpha, 1)),
        "alpha = 0": (w, torch.zeros_like(alpha)),
    }


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
        raise ValueError(
            f"regress needs at least {2 * design.shape[1]} erased bits, got {len(said)}: pass more episodes"
        )
    if torch.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(
            "the patterns cannot be told apart: pass more episodes, of two patterns or more, and ask for several"
        )
    weights = torch.linalg.lstsq(design, said.unsqueeze(-1)).solution.squeeze(-1)
    rest = said - design @ weights
    return Regression(
        weights[0].item(), weights[1:], 1 - (rest.square().sum() / said.square().sum()).item()
    )
