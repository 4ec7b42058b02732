"""Associative memories: patterns of 1 and -1 that are stored in connections, and recalled from a part of them.

Pure functions of plain tensors. What is stored is a matrix of weights, written by a rule or solved for; or, in the dense and the
modern memory, the patterns themselves.

Shapes: P patterns, N units, B states; weights are ``[pre, post]``.
"""

import math

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.tasks import floor_majority

__all__ = [
    "MEMORIES",
    "complete",
    "delta",
    "dense_step",
    "energy",
    "hopfield",
    "least_error",
    "modern_step",
    "one_step_error",
    "pseudo_inverse",
    "random_patterns",
    "recall",
    "simulated_error",
]


def _patterns(patterns: Tensor) -> Tensor:
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", {}))
    if not bool((patterns.abs() == 1).all()):
        raise ValueError("patterns must hold 1 and -1 alone: use torch.where(x > 0, 1.0, -1.0)")
    return patterns


def random_patterns(n_patterns: int, n: int, generator: torch.Generator) -> Tensor:
    """Return patterns of independent 1 and -1, equally likely, shape (n_patterns, n), in single precision.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    shape = _checks.integer("n_patterns", n_patterns), _checks.integer("n", n)
    return 2.0 * torch.randint(2, shape, generator=generator, dtype=torch.float32) - 1


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
    Source: Hopfield (1982). Taught in the chapter "Associative memory".
    """
    w = (
        _patterns(patterns).T @ patterns / patterns.shape[1]
    )  # Hebb's rule for one pattern after the other, in one product
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
    Source: the delta rule of Widrow & Hoff (1960), for recall of the pattern itself. Taught in the chapter "Associative memory".
    """
    n = _patterns(patterns).shape[1]
    w = patterns.new_zeros(n, n)
    for _ in range(_checks.integer("passes", passes)):
        for p in patterns:
            w = (w + rules.delta(w, p, p, drive=p @ w) / n).fill_diagonal_(0)
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
    Source: Personnaz, Guyon & Dreyfus (1985). Taught in the chapter "Associative memory".
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
    Source: Hopfield (1982). Taught in the chapter "Associative memory".
    """
    _fit(w, state)
    return -((state @ w) * state).sum(-1) / 2


def _fit(w: Tensor, state: Tensor) -> None:
    sizes: dict[str, int] = {}
    _checks.floating("state", _checks.tensor("state", state, "B N", sizes))
    _checks.tensor("w", w, "N N", sizes, like=state, reference="state")


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
    Source: Hopfield (1982) for one unit at a time; Little (1974) for all at once. Taught in the chapter "Associative memory".
    """
    _fit(w, state)
    held = torch.zeros_like(state, dtype=torch.bool) if clamp is None else clamp
    _checks.tensor("clamp", held, "B N", {"B": len(state), "N": len(w)}, boolean=True)
    state = state.clone()
    least = (
        torch.finfo(w.dtype).eps * w.abs().sum(0) * state.abs().max()
    )  # what rounding alone may leave of no drive
    for _ in range(_checks.integer("n_steps", n_steps)):
        orders = (
            [slice(None)]
            if generator is None
            else torch.randperm(len(w), generator=generator).split(1)
        )
        for units in orders:
            drive = state @ w[:, units]
            new = torch.where(drive.abs() <= least[units], state[:, units], drive.sign())
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
    Source: Krotov & Hopfield (2016). Taught in the chapter "Associative memory".
    """
    _checks.tensor(
        "state",
        state,
        "B N",
        {"N": _patterns(patterns).shape[1]},
        like=patterns,
        reference="patterns",
    )
    drive = ((state @ patterns.T) / patterns.shape[1]).pow(
        _checks.integer("power", power, 2) - 1
    ) @ patterns
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
    Source: Ramsauer and others (2021). Taught in the chapter "Associative memory".
    """
    sizes: dict[str, int] = {}
    _checks.tensor("patterns", patterns, "P N", sizes)
    _checks.tensor("state", state, "B N", sizes, like=patterns, reference="patterns")
    return (_checks.number("beta", beta, 0) * state @ patterns.T).softmax(-1) @ patterns


MEMORIES = ("Hopfield", "delta rule", "pseudo-inverse", "dense, cubic energy", "modern")
"""Memories by name, from the one that holds least."""


def complete(
    memory: str,
    patterns: Tensor,
    state: Tensor,
    clamp: Tensor,
    n_steps: int = 20,
    beta: float = 4.0,
) -> Tensor:
    """Store patterns in a memory, and complete states of which some units are clamped.

    Parameters
    ----------
    memory : str
        One of ``MEMORIES``. The delta rule goes through the patterns once.
    patterns : Tensor
        Entries 1 and -1, shape (P, N).
    state : Tensor
        Shape (B, N), with 0 where nothing is known.
    clamp : Tensor
        Boolean, shape (B, N): what is known.
    n_steps : int
        The most steps; all units change at once.
    beta : float
        That of the modern memory, whose answer is the sign of :func:`modern_step`.

    Returns
    -------
    Tensor
        Entries 1 and -1, and 0 where the memory does not decide; shape (B, N).

    Raises
    ------
    TypeError, ValueError
        If there is no such memory, a shape or a dtype does not fit, or there is no step.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    _checks.choice("memory", memory, MEMORIES)
    stored = {"Hopfield": hopfield, "delta rule": delta, "pseudo-inverse": pseudo_inverse}
    if memory in stored:
        return recall(stored[memory](patterns), state, n_steps, clamp)
    _checks.tensor("clamp", clamp, "B N", {"B": len(state), "N": patterns.shape[1]}, boolean=True)
    for _ in range(_checks.integer("n_steps", n_steps)):
        new = (
            modern_step(patterns, state, beta).sign()
            if memory == "modern"
            else dense_step(patterns, state, 3)
        )
        state, old = torch.where(clamp, state, new), state
        if torch.equal(state, old):
            break
    return state


def one_step_error(load: float, diagonal: bool = False, stored: bool = True) -> float:
    """Return the share of units that change in one step, in a large Hopfield network with random patterns.

    ``erfc(signal / sqrt(2 * load)) / 2``: what the other patterns add to the drive of a unit is nearly normal, with variance
    ``load``. The signal that keeps a unit as it is is 1 in a stored pattern and 0 in a random state; the diagonal adds ``load``.

    Parameters
    ----------
    load : float
        Patterns for each unit, P / N, above 0.
    diagonal : bool
        Whether connections of units to themselves are kept.
    stored : bool
        Whether the state is a stored pattern, or a random state.

    Raises
    ------
    TypeError, ValueError
        If the load is not above 0.

    Notes
    -----
    Source: Hopfield (1982); Amit, Gutfreund & Sompolinsky (1985); for the diagonal, Folli, Leonetti & Ruocco (2017). Taught in the
    chapter "Associative memory".
    """
    if _checks.number("load", load, 0) == 0:
        raise ValueError("load must be above 0, got 0: an empty memory makes no errors")
    signal = (1 if stored else 0) + (load if diagonal else 0)
    return math.erfc(signal / math.sqrt(2 * load)) / 2


def simulated_error(
    load: float,
    generator: torch.Generator,
    diagonal: bool = False,
    stored: bool = True,
    n: int = 1000,
) -> float:
    """Return the share of units that change in one step in a Hopfield network of n units: what :func:`one_step_error` predicts.

    Parameters
    ----------
    load, diagonal, stored
        As for :func:`one_step_error`; ``load * n`` patterns are stored, rounded.
    generator : torch.Generator
        Source of the patterns and of 300 random states.
    n : int
        Units.

    Raises
    ------
    TypeError, ValueError
        If fewer than one pattern would be stored.

    Notes
    -----
    Taught in the chapter "Associative memory".
    """
    patterns = random_patterns(round(_checks.number("load", load, 0) * n), n, generator)
    state = patterns if stored else random_patterns(300, n, generator)
    return (recall(hopfield(patterns, diagonal), state, 1) != state).float().mean().item()


def least_error(n_patterns: int, n_known: int) -> float:
    """Return the share of the bits that a cue lacks which no memory can get right, on average over random patterns.

    Of the other patterns, a binomial number K agrees with the cue in all bits that it has. Nothing tells which of these K + 1 is
    asked for, and the best answer is their majority: ``sum over K of P(K) * floor_majority(K + 1)``.

    Parameters
    ----------
    n_patterns : int
        Patterns that were stored.
    n_known : int
        Bits that the cue has.

    Raises
    ------
    TypeError, ValueError
        If a number is not an integer, there is no pattern, or fewer than no bits are known.

    Notes
    -----
    Source: ours; a majority errs as :func:`.floor_majority` says. Taught in the chapter "Associative memory".
    """
    from scipy.stats import binom

    others = binom(
        _checks.integer("n_patterns", n_patterns) - 1, 0.5 ** _checks.integer("n_known", n_known, 0)
    )
    most = int(others.isf(1e-12))  # beyond it there is next to no probability
    return float(sum(others.pmf(k) * floor_majority(k + 1) for k in range(1, most + 1)))
