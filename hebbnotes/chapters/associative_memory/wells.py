"""The landscape of a memory: how hard each pattern pulls, walks across it, and steeper wells."""

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "ends",
    "halves",
    "height",
    "pulls",
    "steep_course",
    "steep_energy",
    "steep_step",
    "walk",
]


def halves(patterns: Tensor, times: int, generator: torch.Generator) -> Tensor:
    """Return cues of each pattern (P, N) with a random half of its units, 0 elsewhere, (times, P,
    N).
    """
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", {}))
    _checks.generator(generator, patterns.device)
    shape = (_checks.integer("times", times, 1), *patterns.shape)
    _checks.room(times=times, patterns=patterns.numel())
    return torch.where(torch.rand(shape, generator=generator) < 0.5, patterns, 0.0)


def pulls(patterns: Tensor, state: Tensor) -> Tensor:
    """Return how hard each pattern (P, N) pulls at states (B, N): their overlaps, (B, P)."""
    sizes: dict[str, int] = {}
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", sizes))
    _checks.tensor("state", state, "B N", sizes, like=patterns, reference="patterns")
    for name, value in (("patterns", patterns), ("state", state)):
        _checks.finite(name, value)
    return state @ patterns.T / patterns.shape[1]


def ends(states: Tensor) -> Tensor:
    """Return of each state (B, N) the number of its kind, alike states alike, integers, (B,)."""
    _checks.held("states", _checks.floating("states", _checks.tensor("states", states, "B N", {})))
    return _checks.finite("states", states).unique(dim=0, return_inverse=True)[1]


def walk(start: Tensor, end: Tensor, generator: torch.Generator) -> Tensor:
    """Turn the units in which two states (N,) differ, one after the other at random: (steps + 1,
    N).
    """
    sizes: dict[str, int] = {}
    _checks.floating("start", _checks.tensor("start", start, "N", sizes))
    _checks.tensor("end", end, "N", sizes, like=start, reference="start")
    for name, value in (("start", start), ("end", end)):
        _checks.finite(name, _checks.held(name, value))
    _checks.generator(generator, start.device)
    differ = (start != end).nonzero().flatten()
    order = differ[torch.randperm(len(differ), generator=generator)]
    turned = torch.full(start.shape, len(order))  # after how many steps a unit has been turned
    turned[order] = torch.arange(len(order))
    return torch.where(turned < torch.arange(len(order) + 1)[:, None], end, start)


def height(w: Tensor, states: Tensor) -> Tensor:
    """Return ``-state @ w @ state / 2`` of states (B, N) for any w (N, N), (B,).

    Where w is not symmetric no unit rolls down it; it still says how well a state agrees with w.
    """
    sizes: dict[str, int] = {}
    _checks.floating("states", _checks.tensor("states", states, "B N", sizes))
    _checks.tensor("w", w, "N N", sizes, like=states, reference="states")
    for name, value in (("w", w), ("states", states)):
        _checks.finite(name, value)
    return -((states @ w) * states).sum(-1) / 2


def _raised(overlaps: Tensor, power: int, rectified: bool) -> Tensor:
    return (overlaps.clamp_min(0) if rectified else overlaps) ** power


def steep_energy(patterns: Tensor, state: Tensor, power: int, rectified: bool = False) -> Tensor:
    """Return ``-sum over patterns of overlap**power`` of each state, (B,).

    Units that follow :func:`.dense_step` one by one never raise it if the power is even, or if
    overlaps below 0 count as 0. Source: Krotov & Hopfield (2016).

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1
    state : Tensor (B, N), 1 and -1
    power : int, 2 or more
    rectified : bool, whether overlaps below 0 count as 0
    """
    _checks.integer("power", power, 2, 1000)
    return -_raised(pulls(patterns, state), power, _checks.flag("rectified", rectified)).sum(-1)


def steep_step(patterns: Tensor, state: Tensor, power: int, rectified: bool = False) -> Tensor:
    """Return the states (B, N) after all units have changed at once by the slope of
    :func:`steep_energy`; a unit without drive stays.
    """
    _checks.integer("power", power, 2, 1000)
    _checks.flag("rectified", rectified)
    drive = _raised(pulls(patterns, state), power - 1, rectified) @ patterns
    return torch.where(drive.abs() < 1e-12, state, drive.sign())


def steep_course(
    patterns: Tensor,
    state: Tensor,
    power: int,
    turns: int,
    generator: torch.Generator,
    rectified: bool = False,
) -> Tensor:
    """Return the energy after each turn of one unit, (turns * N + 1,), from one state (N,) on.

    Parameters
    ----------
    patterns : Tensor (P, N), 1 and -1, in double precision, in which no sign is lost
    state : Tensor (N,), 1 and -1
    power : int, 2 or more
    turns : int, of each unit
    generator : torch.Generator
    rectified : bool, whether overlaps below 0 count as 0
    """
    sizes: dict[str, int] = {}
    _checks.floating("patterns", _checks.tensor("patterns", patterns, "P N", sizes))
    _checks.held("patterns", patterns)
    _checks.tensor("state", state, "N", sizes, like=patterns, reference="patterns")
    _checks.generator(generator, patterns.device)
    _checks.room(turns=_checks.integer("turns", turns), N=sizes["N"])
    n = sizes["N"]
    y, overlap = state.clone(), pulls(patterns, state[None])[0]
    course = [steep_energy(patterns, y[None], power, rectified)[0]]
    for _ in range(turns):
        for j in torch.randperm(n, generator=generator).tolist():
            drive = _raised(overlap, power - 1, rectified) @ patterns[:, j]
            new = y[j] if drive.abs() < 1e-12 else drive.sign()
            overlap = overlap + patterns[:, j] * (new - y[j]) / n
            y[j] = new
            course.append(-_raised(overlap, power, rectified).sum())
    return torch.stack(course)
