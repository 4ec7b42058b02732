"""Associative memories: patterns of 1 and -1 that are stored in connections, and recalled from a part of them.

Pure functions of plain tensors. What is stored is a matrix of weights, written by a rule or solved for; or, in the dense and the
modern memory, the patterns themselves.

Shapes: P patterns, N units, B states; weights are ``[pre, post]``.
"""

import math

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["delta", "dense_step", "energy", "hopfield", "modern_step", "one_step_error", "pseudo_inverse", "recall"]


def _patterns(patterns: Tensor) -> Tensor:
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", {}))
    if not bool((patterns.abs() == 1).all()):
        raise ValueError("patterns must hold 1 and -1 alone: use torch.where(x > 0, 1.0, -1.0)")
    return patterns


def hopfield(patterns: Tensor, diagonal: bool = False) -> Tensor:
    """Write patterns into weights by Hebb's rule: ``w = sum of outer(p, p) / N``, without connections of a unit to itself.

    Parameters
    ----------
    patterns : Tensor
        Entries 1 and -1, shape (P, N).
    diagonal : bool
        Whether to keep the connections of units to themselves. They make nearly every state stable.

    Returns
    -------
    Tensor
        Weights, shape (N, N).

    Raises
    ------
    TypeError, ValueError
        If the patterns are no matrix of 1 and -1.

    Notes
    -----
    Source: Hopfield (1982).
    """
    w = _patterns(patterns).T @ patterns / patterns.shape[1]  # Hebb's rule for one pattern after the other, in one product
    return w if diagonal else w.fill_diagonal_(0)


def delta(patterns: Tensor, passes: int = 1) -> Tensor:
    """Write of each pattern only what the weights do not recall yet: ``w = w + outer(p, p - p @ w) / N``, diagonal 0.

    Parameters
    ----------
    patterns : Tensor
        Entries 1 and -1, shape (P, N).
    passes : int
        How often each is shown.

    Returns
    -------
    Tensor
        Weights, shape (N, N).

    Raises
    ------
    TypeError, ValueError
        If the patterns are no matrix of 1 and -1, or there is no pass.

    Notes
    -----
    Source: the delta rule of Widrow & Hoff (1960), for recall of the pattern itself.
    """
    n = _patterns(patterns).shape[1]
    w = patterns.new_zeros(n, n)
    for _ in range(_checks.integer("passes", passes)):
        for p in patterns:
            w = (w + torch.outer(p, p - p @ w) / n).fill_diagonal_(0)
    return w


def pseudo_inverse(patterns: Tensor, diagonal: bool = False) -> Tensor:
    """Solve for weights that leave every pattern as it is: the projection onto what the patterns span.

    Parameters
    ----------
    patterns : Tensor
        Entries 1 and -1, shape (P, N).
    diagonal : bool
        Whether to keep the connections of units to themselves.

    Returns
    -------
    Tensor
        Weights, shape (N, N). They are not local: each depends on all patterns at once.

    Raises
    ------
    TypeError, ValueError
        If the patterns are no matrix of 1 and -1.

    Notes
    -----
    Source: Personnaz, Guyon & Dreyfus (1985).
    """
    w = torch.linalg.pinv(_patterns(patterns)) @ patterns
    return w if diagonal else w.fill_diagonal_(0)


def energy(w: Tensor, state: Tensor) -> Tensor:
    """Return ``-state @ w @ state / 2`` of each state, shape (B,). Units that take their drive's sign one by one cannot raise it.

    Parameters
    ----------
    w : Tensor
        Symmetric weights without a diagonal, shape (N, N).
    state : Tensor
        Shape (B, N).

    Raises
    ------
    TypeError, ValueError
        If a shape or a dtype does not fit.

    Notes
    -----
    Source: Hopfield (1982).
    """
    _fit(w, state)
    return -((state @ w) * state).sum(-1) / 2


def _fit(w: Tensor, state: Tensor) -> None:
    sizes: dict[str, int] = {}
    _checks.floating("state", _checks.tensor("state", state, "B N", sizes))
    _checks.tensor("w", w, "N N", sizes, like=state)


def recall(
    w: Tensor,
    state: Tensor,
    n_steps: int,
    clamp: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Let units take the sign of their drive, all at once, or one after the other in a random order.

    Parameters
    ----------
    w : Tensor
        Weights, shape (N, N).
    state : Tensor
        Where it starts, shape (B, N).
    n_steps : int
        Steps; with a generator, in each of them every unit has its turn once.
    clamp : Tensor, optional
        Boolean, shape (B, N): what stays as it is.
    generator : torch.Generator, optional
        Source of the order; by default all units change at once.

    Returns
    -------
    Tensor
        The states after all steps, shape (B, N). A unit without drive stays as it is.

    Raises
    ------
    TypeError, ValueError
        If a shape or a dtype does not fit, or there is no step.

    Notes
    -----
    Source: Hopfield (1982) for one unit at a time; Little (1974) for all at once.
    """
    _fit(w, state)
    held = torch.zeros_like(state, dtype=torch.bool) if clamp is None else clamp
    _checks.tensor("clamp", held, "B N", {"B": len(state), "N": len(w)}, dtype=torch.bool)
    state = state.clone()
    for _ in range(_checks.integer("n_steps", n_steps)):
        orders = [slice(None)] if generator is None else torch.randperm(len(w), generator=generator).split(1)
        for units in orders:
            drive = state @ w[:, units]
            new = torch.where(drive == 0, state[:, units], drive.sign())
            state[:, units] = torch.where(held[:, units], state[:, units], new)
    return state


def dense_step(patterns: Tensor, state: Tensor, power: int = 3) -> Tensor:
    """Let all units follow the patterns, each weighted by a power of its resemblance.

    ``sign(sum of p * (p @ state / N)**(power - 1))``

    Parameters
    ----------
    patterns : Tensor
        Entries 1 and -1, shape (P, N).
    state : Tensor
        Shape (B, N).
    power : int
        That of the energy; 2 is a Hopfield network with its diagonal.

    Returns
    -------
    Tensor
        Shape (B, N).

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, or the power is below 2.

    Notes
    -----
    Source: Krotov & Hopfield (2016).
    """
    _checks.tensor("state", state, "B N", {"N": _patterns(patterns).shape[1]}, like=patterns)
    drive = ((state @ patterns.T) / patterns.shape[1]).pow(_checks.integer("power", power, 2) - 1) @ patterns
    return torch.where(drive == 0, state, drive.sign())


def modern_step(patterns: Tensor, state: Tensor, beta: float) -> Tensor:
    """Let states become a mean of the patterns, weighted by a softmax of their resemblance: attention with the patterns as keys.

    Parameters
    ----------
    patterns : Tensor
        Any numbers, shape (P, N).
    state : Tensor
        Shape (B, N).
    beta : float
        How sharply the most similar pattern is preferred, 0 or more.

    Returns
    -------
    Tensor
        ``softmax(beta * state @ patterns.T) @ patterns``, shape (B, N).

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, or ``beta`` is below 0.

    Notes
    -----
    Source: Ramsauer and others (2021).
    """
    sizes: dict[str, int] = {}
    _checks.tensor("patterns", patterns, "P N", sizes)
    _checks.tensor("state", state, "B N", sizes, like=patterns)
    return (_checks.number("beta", beta, 0) * state @ patterns.T).softmax(-1) @ patterns


def one_step_error(load: float) -> float:
    """Return the share of units that leave a stored pattern in one step, in a large Hopfield network with random patterns.

    ``erfc(1 / sqrt(2 * load)) / 2``: what the other patterns add to the drive of a unit is nearly normal, with variance ``load``.

    Parameters
    ----------
    load : float
        Patterns for each unit, P / N, above 0.

    Raises
    ------
    TypeError, ValueError
        If the load is not above 0.

    Notes
    -----
    Source: Hopfield (1982); Amit, Gutfreund & Sompolinsky (1985).
    """
    if _checks.number("load", load, 0) == 0:
        raise ValueError("load must be above 0, got 0: an empty memory makes no errors")
    return math.erfc(1 / math.sqrt(2 * load)) / 2
