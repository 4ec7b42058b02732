"""Associative memories: patterns of 1 and -1, stored in connections, recalled from a part of them.

Pure functions of plain tensors. What is stored is a matrix of weights ``[pre, post]``, written by a
rule or solved for; or, in the dense and the modern memory, the patterns themselves. Shapes: P
patterns, N units, B states.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hebbnotes import _checks
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


MOST_STEPS = 10**6
"""Steps, or passes, beyond which nobody waits for a memory."""


def _patterns(patterns: Tensor) -> Tensor:
    _checks.tensor("patterns", patterns, "P N", {})
    _checks.finite("patterns", _checks.held("patterns", _checks.floating("patterns", patterns)))
    if not bool((patterns.abs() == 1).all()):
        raise ValueError("patterns must hold 1 and -1 alone: use torch.where(x > 0, 1.0, -1.0)")
    return patterns


def random_patterns(n_patterns: int, n: int, generator: torch.Generator) -> Tensor:
    """Return patterns of independent, equally likely 1 and -1, (n_patterns, n), float32."""
    shape = _checks.integer("n_patterns", n_patterns), _checks.integer("n", n)
    _checks.room(n_patterns=n_patterns, n=n)
    _checks.generator(generator, "cpu")
    return 2.0 * torch.randint(2, shape, generator=generator, dtype=torch.float32) - 1


@_checks.in_full_precision
def hopfield(patterns: Tensor, diagonal: bool = False) -> Tensor:
    """Write patterns into weights by Hebb's rule, ``w = sum of outer(p, p) / N`` (Hopfield, 1982).

    >>> hopfield(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
    tensor([[ 0.0000,  0.2500, -0.2500, -0.2500],
            [ 0.2500,  0.0000, -0.2500, -0.2500],
            [-0.2500, -0.2500,  0.0000,  0.2500],
            [-0.2500, -0.2500,  0.2500,  0.0000]])

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1
    diagonal : bool
        Whether to keep the connections of units to themselves. They make nearly every state stable.
    """
    # Hebb's rule for one pattern after the other, in one product
    w = _patterns(patterns).T @ patterns / patterns.shape[1]
    return w if _checks.flag("diagonal", diagonal) else w.fill_diagonal_(0)


@_checks.in_full_precision
def delta(patterns: Tensor, passes: int = 1) -> Tensor:
    """Write what the weights do not recall yet, ``w = w + outer(p, p - p @ w) / N``, diagonal 0.

    Source: the delta rule of Widrow & Hoff (1960), for recall of the pattern itself.

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1
    passes : int, how often each is shown
    """
    n = _patterns(patterns).shape[1]
    w = patterns.new_zeros(n, n)
    for _ in range(_checks.integer("passes", passes, 1, MOST_STEPS)):
        for p in patterns:  # rules.delta, with w read and written once
            w = torch.addr(w, p, (p - p @ w) / n).fill_diagonal_(0)
    return w


@_checks.in_full_precision
def pseudo_inverse(patterns: Tensor, diagonal: bool = False) -> Tensor:
    """Solve for weights that leave every pattern as it is: the projection onto what they span.

    They are not local: each depends on all patterns at once. Source: Personnaz, Guyon & Dreyfus
    (1985).

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1
    diagonal : bool, whether to keep the connections of units to themselves
    """
    if _patterns(patterns).dtype not in (torch.float32, torch.float64):
        raise TypeError(
            f"patterns must be in single or double precision to be solved for, got "
            f"{patterns.dtype}: use patterns.float()"
        )
    w = torch.linalg.pinv(patterns) @ patterns
    return w if _checks.flag("diagonal", diagonal) else w.fill_diagonal_(0)


@_checks.in_full_precision
def energy(w: Tensor, state: Tensor) -> Tensor:
    """Return ``-state @ w @ state / 2`` of each state, shape (B,) (Hopfield, 1982).

    Units that take the sign of their drive one by one cannot raise it.

    Parameters
    ----------
    w : Tensor (N, N), symmetric, with diagonal 0
    state : Tensor (B, N)
    """
    _fit(w, state)
    if not torch.allclose(w, w.T, atol=1e-5 * w.abs().max().item()):
        raise ValueError(
            "w must be symmetric, for others have no energy that recall lowers: use (w + w.T) / 2"
        )
    return -((state @ w) * state).sum(-1) / 2


def _fit(w: Tensor, state: Tensor) -> None:
    sizes: dict[str, int] = {}
    _checks.floating("state", _checks.tensor("state", state, "B N", sizes))
    _checks.tensor("w", w, "N N", sizes, like=state, reference="state")
    _checks.finite("state", state)
    _checks.finite("w", w)


def _turns(n: int, generator: torch.Generator | None) -> Sequence[slice | Tensor]:
    """Return which units change together in a step: all, or one after the other at random."""
    return [slice(None)] if generator is None else torch.randperm(n, generator=generator).split(1)


@_checks.in_full_precision
def recall(
    w: Tensor,
    state: Tensor,
    n_steps: int,
    clamp: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Let units take the sign of their drive; a unit without drive stays as it is.

    Source: Hopfield (1982) for one unit at a time; Little (1974) for all at once.

    >>> patterns = random_patterns(3, 100, torch.Generator().manual_seed(0))
    >>> cue = patterns.clone()
    >>> cue[:, :20] *= -1  # a fifth of each is wrong
    >>> torch.equal(recall(hopfield(patterns), cue, n_steps=5), patterns)
    True

    Parameters
    ----------
    w : Tensor (N, N)
    state : Tensor (B, N), where it starts
    n_steps : int
    clamp : Tensor (B, N), optional
        Boolean: what stays as it is.
    generator : torch.Generator, optional
        With it every unit has its turn once in each step, in random order, instead of all at once.
    """
    _fit(w, state)
    if generator is not None:
        _checks.generator(generator, "cpu")
    held = torch.zeros_like(state, dtype=torch.bool) if clamp is None else clamp
    _checks.tensor("clamp", held, "B N", {"B": len(state), "N": len(w)}, state, "state", True)
    state = state.clone()
    # what rounding alone may leave of no drive
    least = torch.finfo(w.dtype).eps * w.abs().sum(0) * state.abs().max()
    at_rest = False
    for _ in range(_checks.integer("n_steps", n_steps, 1, MOST_STEPS)):
        turns, before = _turns(len(w), generator), state.clone()  # drawn at rest, too
        for units in () if at_rest else turns:
            drive = state @ w[:, units]
            new = torch.where(drive.abs() <= least[units], state[:, units], drive.sign())
            state[:, units] = torch.where(held[:, units], state[:, units], new)
        at_rest = torch.equal(state, before)
    return state


@_checks.in_full_precision
def dense_step(patterns: Tensor, state: Tensor, power: int = 3) -> Tensor:
    """Return ``sign(sum of p * (p @ state / N)**(power - 1))``: patterns count by their
    resemblance.

    Source: Krotov & Hopfield (2016).

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1
    state : Tensor (B, N)
    power : int, that of the energy; 2 is a Hopfield network with its diagonal
    """
    sizes = {"N": _patterns(patterns).shape[1]}
    _checks.tensor("state", state, "B N", sizes, like=patterns, reference="patterns")
    _checks.finite("state", state)
    _checks.integer("power", power, 2, 10**9)
    alike = (state @ patterns.T) / patterns.shape[1]
    most = _checks.finite("the overlap", alike, "use a smaller state").abs().amax(1, keepdim=True)
    # where a power is too small for a number, or too large, all are measured by the largest
    raised = most.pow(power - 1)
    usual = (most == 0) | ((raised > torch.finfo(raised.dtype).tiny * 1e6) & raised.isfinite())
    drive = torch.where(usual, alike, alike / most).pow(power - 1) @ patterns
    return torch.where(drive == 0, state, drive.sign())


@_checks.in_full_precision
def modern_step(patterns: Tensor, state: Tensor, beta: float) -> Tensor:
    """Return ``softmax(beta * state @ patterns.T) @ patterns``: attention, with the patterns as
    keys.

    Source: Ramsauer and others (2021).

    Parameters
    ----------
    patterns : Tensor (P, N), any numbers
    state : Tensor (B, N)
    beta : float, how sharply the most similar pattern is preferred, 0 or more
    """
    sizes: dict[str, int] = {}
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", sizes))
    _checks.tensor("state", state, "B N", sizes, like=patterns, reference="patterns")
    for name, value in (("patterns", patterns), ("state", state)):
        _checks.finite(name, value)
    alike = _checks.number("beta", beta, 0) * state @ patterns.T
    return (
        _checks.finite("beta * state @ patterns.T", alike, "use a smaller beta").softmax(-1)
        @ patterns
    )


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
    """Store patterns in a memory, and complete states: 1 and -1, and 0 where it does not decide,
    (B, N).

    >>> patterns = random_patterns(3, 100, torch.Generator().manual_seed(0))
    >>> clamp = torch.arange(100).expand(3, -1) < 50  # the first half is known
    >>> torch.equal(complete("modern", patterns, patterns * clamp, clamp), patterns)
    True

    Parameters
    ----------
    memory : str, one of ``MEMORIES``; the delta rule goes through the patterns once
    patterns : Tensor (P, N), 1 and -1
    state : Tensor (B, N), 0 where nothing is known
    clamp : Tensor (B, N), boolean: what is known
    n_steps : int, at most; all units change at once
    beta : float, that of the modern memory, whose answer is the sign of :func:`modern_step`
    """
    _checks.choice("memory", memory, MEMORIES)
    sizes = {"N": _patterns(patterns).shape[1]}
    _checks.tensor("state", state, "B N", sizes, like=patterns, reference="patterns")
    _checks.finite("state", state)
    _checks.tensor("clamp", clamp, "B N", sizes, state, "state", boolean=True)
    stored = {"Hopfield": hopfield, "delta rule": delta, "pseudo-inverse": pseudo_inverse}
    if memory in stored:
        return recall(stored[memory](patterns), state, n_steps, clamp)
    for _ in range(_checks.integer("n_steps", n_steps, 1, MOST_STEPS)):
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
    """Return the share of units that change in one step, in a large Hopfield network of random
    patterns.

    ``erfc(signal / sqrt(2 * load)) / 2``: what the other patterns add to the drive of a unit is
    nearly normal, with variance ``load``. The signal that keeps a unit as it is is 1 in a stored
    pattern and 0 in a random state; the diagonal adds ``load``. Source: Hopfield (1982); Amit,
    Gutfreund & Sompolinsky (1985); for the diagonal Folli, Leonetti & Ruocco (2017).

    >>> round(one_step_error(0.14), 4)
    0.0038

    Parameters
    ----------
    load : float, patterns for each unit, P / N, above 0
    diagonal : bool, whether connections of units to themselves are kept
    stored : bool, whether the state is a stored pattern, or a random state
    """
    if _checks.number("load", load, 0) == 0:
        raise ValueError("load must be above 0, got 0: an empty memory makes no errors")
    signal = (1 if _checks.flag("stored", stored) else 0) + (
        load if _checks.flag("diagonal", diagonal) else 0
    )
    return math.erfc(signal / math.sqrt(2 * load)) / 2


def simulated_error(
    load: float,
    generator: torch.Generator,
    diagonal: bool = False,
    stored: bool = True,
    n: int = 1000,
) -> float:
    """Return what :func:`one_step_error` predicts, of a network of n units and 300
    random states.
    """
    _checks.integer("n", n)
    patterns = random_patterns(round(_checks.number("load", load, 0) * n), n, generator)
    state = patterns if _checks.flag("stored", stored) else random_patterns(300, n, generator)
    return (recall(hopfield(patterns, diagonal), state, 1) != state).float().mean().item()


def least_error(n_patterns: int, n_known: int) -> float:
    """Return the share of the bits that a cue lacks which no memory can get right, in the mean.

    Of the other patterns, a binomial number K agrees with the cue in all bits that it has. Nothing
    tells which of these K + 1 is asked for, and the best answer is their majority: ``sum over K of
    P(K) * floor_majority(K + 1)``. Source: ours; see :func:`.floor_majority`.

    Parameters
    ----------
    n_patterns : int, stored; random and independent
    n_known : int, bits that the cue has
    """
    with _checks.extra("chapters"):
        from scipy.stats import binom
    n = _checks.integer("n_patterns", n_patterns, 1, 10**15) - 1
    # of so many known bits the chance that all agree by chance is next to 0
    chance = 0.5 ** min(_checks.integer("n_known", n_known, 0), 1000)
    others = binom(n, chance)
    least, most = (n, n) if chance == 1 else (int(others.ppf(1e-12)), int(others.isf(1e-12)))
    if most - least > 10**5:  # beyond them there is next to no probability
        # so many are so much alike that their mean stands for them
        return floor_majority(round(n * chance) + 1)
    counts = range(max(1, least), most + 1)
    chances = others.pmf(counts).tolist() if counts else []
    return float(sum(p * floor_majority(k + 1) for k, p in zip(counts, chances, strict=True)))
