"""What trained weights have learned, and what an answer is made of."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks, analysis
from hebbnotes.tasks.patterns import Episodes, errors

__all__ = ["Regression", "ablations", "one_step", "regress"]


def ablations(
    w: Tensor, alpha: Tensor, generator: torch.Generator
) -> dict[str, tuple[Tensor, Tensor]]:
    """Return a trained network with one thing taken away, or replaced by a simpler one, at a time.

    For each name the pair ``(w, alpha)``: ``intact``; ``w = 0``; ``w without its diagonal``; ``w =
    its mean diagonal``; ``alpha shuffled``; ``alpha = its mean``; ``alpha of rank 1``; ``alpha =
    0``.

    Parameters
    ----------
    w, alpha : Tensor (n, n), fixed weights and plasticities
    generator : torch.Generator, of the shuffled alpha
    """
    for name, value in (("w", w), ("alpha", alpha)):
        _checks.finite(name, _checks.floating(name, value))
    _checks.generator(generator, alpha.device)
    if w.ndim != 2 or w.shape[0] != w.shape[1] or alpha.shape != w.shape:
        raise ValueError(
            "w and alpha must both have shape (n, n), "
            f"got {tuple(w.shape)} and {tuple(alpha.shape)}"
        )
    w, alpha = w.detach(), alpha.detach()
    identity = torch.eye(len(w), dtype=w.dtype, device=w.device)
    return {
        "intact": (w, alpha),
        "w = 0": (torch.zeros_like(w), alpha),
        "w without its diagonal": (w * (1 - identity), alpha),
        "w = its mean diagonal": (w.diagonal().mean() * identity, alpha),
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
    shown : Tensor (P,)
        Weight of each pattern, from the one shown first to the one shown last.
    r2 : float, share of the answer's mean square that the regression explains
    """

    target: float
    shown: Tensor
    r2: float


def regress(y: Tensor, episodes: Episodes) -> Regression:
    """Ask what an answer is made of: regress its erased bits on the patterns that were shown.

    A network that addresses its memory by the cue has ``target`` alone; one that repeats what it
    saw last has the last entry of ``shown``; one that blends its memories, whatever the cue, has
    them all alike. Patterns shown several times count where they were shown last.

    Parameters
    ----------
    y : Tensor (B, n_units), at the step that is judged; units beyond the bits are ignored
    episodes : Episodes, what was asked; the more, the better the estimate
    """
    errors(y, episodes)  # checks that they fit
    batch, p = episodes.patterns.shape[:2]
    _checks.actions("episodes.order", episodes.order, "B shows", {"B": batch}, p)
    _checks.inside("y", _checks.finite("y", y), -1e9, 1e9, "scale it")
    last_cycle = episodes.order[:, -p:]
    rows = torch.arange(len(last_cycle), device=y.device)[:, None]
    erased = episodes.erased
    shown = episodes.patterns[rows, last_cycle].transpose(1, 2)[erased]  # (erased bits, P)
    design = torch.cat([episodes.answer[erased].unsqueeze(-1), shown], -1).double()
    answer = y.detach()[:, : erased.shape[1]][erased].double()
    if len(answer) < 2 * design.shape[1]:
        raise ValueError(
            f"regress needs at least {2 * design.shape[1]} erased bits, got {len(answer)}: "
            "pass more episodes"
        )
    if torch.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(
            "the patterns cannot be told apart: "
            "pass more episodes, of two patterns or more, and ask for several"
        )
    if not bool(answer.any()):
        raise ValueError("y must not be 0 in all erased bits: there is no answer to explain")
    weights = torch.linalg.lstsq(design, answer.unsqueeze(-1)).solution.squeeze(-1)
    rest = answer - design @ weights
    return Regression(
        weights[0].item(), weights[1:], 1 - (rest.square().sum() / answer.square().sum()).item()
    )


def one_step(n_cue: int, n_patterns: int) -> float:
    """Return the share of wrong erased bits after one step from a cue, by a trace that holds all
    patterns alike and is read with one weak gain: ``Q(sqrt(n_cue / (n_patterns - 1)))``.

    ``Q(x)`` is the probability that a standard normal number exceeds x. Source: ours; the crosstalk
    of Hopfield (1982), for a cue of which the other units are silent.

    >>> f"{one_step(25, 5):.4f}"
    '0.0062'

    Parameters
    ----------
    n_cue : int, bits that the cue has, 1 or more
    n_patterns : int, shown; random and independent
    """
    others = _checks.integer("n_patterns", n_patterns) - 1
    known = _checks.integer("n_cue", n_cue)
    return math.erfc(math.sqrt(known / others / 2)) / 2 if others else 0.0
