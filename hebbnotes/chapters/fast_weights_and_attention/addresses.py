"""Gains for each synapse of a trace that is asked by several addresses: trained, and by hand.

Many gains are trained at once, side by side on the same episodes; each has its own rank and its own
rate. Shapes: S gains, B episodes, d bits of a key and of a value, in G groups.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from hebbnotes import _checks, tasks
from hebbnotes.chapters.fast_weights_and_attention.attention import read_softmax

__all__ = [
    "BY_HAND",
    "LOSSES",
    "One",
    "answers",
    "by_softmax",
    "errors_of",
    "gains_of",
    "optimum",
    "spread",
    "squared_loss",
    "train",
]

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "logistic": lambda out, target: F.softplus(-2 * out * target),
    "squared": lambda out, target: (out - target).square(),
}
"""What is minimised, of each answered bit: the first asks for signs, the second for numbers."""


class One(NamedTuple):
    """Gains that are trained beside others.

    Attributes
    ----------
    rank : int or None
        Of the matrix, a product of as many columns and rows; None for a gain of each synapse's own.
    rate : float, of Adam
    loss : str, of :data:`LOSSES`
    """

    rank: int | None
    rate: float
    loss: str = "logistic"


def _compared(e: tasks.AddressedEpisodes) -> Tensor:
    """Return what each synapse of each trace brings, ``q[i] * trace[i, j] / size``, (d, B, d)."""
    size = e.queries.shape[-1] // e.asked.shape[-1]
    trace = torch.einsum("pbi,pbj->jbi", e.keys, e.values)
    return trace * e.queries[0] / size


def answers(e: tasks.AddressedEpisodes, alpha: Tensor) -> Tensor:
    """Return what traces with gains answer to the first query, ``q @ (alpha * trace)``.

    In units of what a group brings that agrees with its key.

    Parameters
    ----------
    e : AddressedEpisodes, with d bits and B episodes
    alpha : Tensor (..., d, d)

    Returns
    -------
    Tensor (..., B, d)
    """
    _checks.floating("alpha", _checks.tensor("alpha", alpha, "... d d", {"d": e.keys.shape[-1]}))
    stack = alpha.reshape(-1, *alpha.shape[-2:])
    out = torch.bmm(_compared(e), stack.permute(2, 1, 0))  # (d, B, S)
    return out.permute(2, 1, 0).reshape(*alpha.shape[:-2], -1, alpha.shape[-1])


def errors_of(answer: Tensor, e: tasks.AddressedEpisodes) -> Tensor:
    """Return the share of wrong bits at each address, (..., G), for answers (..., B, d)."""
    wrong = tasks.wrong_bits(answer, e.target[0].expand_as(answer))
    return wrong.unflatten(-1, (e.asked.shape[-1], -1)).mean((-3, -1))


def gains_of(alpha: Tensor, groups: int) -> Tensor:
    """Return the mean gain from each group of senders to each group of receivers, (..., G, G)."""
    size = alpha.shape[-1] // _checks.integer("groups", groups)
    return alpha.unflatten(-1, (groups, size)).unflatten(-3, (groups, size)).mean((-3, -1))


def spread(gains: Tensor, size: int) -> Tensor:
    """Return gains that are equal within groups, (d, d), from those of the groups, (G, G)."""
    _checks.floating("gains", _checks.tensor("gains", gains, "G G", {}))
    _checks.integer("size", size)
    return gains.repeat_interleave(size, 0).repeat_interleave(size, 1)


BY_HAND: dict[str, tuple[tuple[float, ...], ...]] = {
    "flat": ((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1)),
    "blocks": ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    "one served": ((1, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)),
    "simplex": ((3, -1, -1, -1), (-1, 3, -1, -1), (-1, -1, 3, -1), (-1, -1, -1, 3)),
    "one served, the rest flat": ((7, 1, 1, 1), (1, 3, 3, 3), (1, 3, 3, 3), (1, 3, 3, 3)),
    "shared": ((5, 2, 2, -1), (2, 5, -1, 2), (2, -1, 5, 2), (-1, 2, 2, 5)),
}
"""Gains of four groups that are made by hand: flat is of rank 1; blocks serve all, with rank 4.
Simplex is the tight frame of rank 3: four directions as far apart as they can be. Of rank 2 and 3
are those with an equal part for all, beside one contrast of an address with the rest, or beside two
contrasts of pairs."""


def train(
    task: tasks.Addresses,
    each: list[One],
    seed: int,
    *,
    updates: int,
    batch: int,
    tell: Callable[[int, Tensor], None] = lambda *_: None,
) -> Tensor:
    """Train gains side by side, by Adam, and return them (S, d, d).

    They share episodes, and where they start: this is drawn for the largest rank among them, so
    that the same gains with the same seed take another course beside others. The training is short
    and saves nothing on its way: one that is stopped begins anew.

    Parameters
    ----------
    task : Addresses
    each : list of One
    seed : int, of what they start from and of all episodes
    updates, batch : int
    tell : callable
        ``tell(update, alpha)`` before each update.

    Notes
    -----
    Source: this book; Adam is Kingma & Ba (2015).
    """
    for one in each:
        _checks.choice("loss", one.loss, (*LOSSES,))
        if one.rank is not None:
            _checks.integer("rank", one.rank, 1, task.d)
    g = torch.Generator().manual_seed(seed)
    low = torch.tensor([one.rank is not None for one in each])
    ranks = torch.tensor([one.rank or 0 for one in each])
    most = max(1, int(ranks.max()))
    used = torch.arange(most) < ranks[:, None]
    left, right = (0.3 * torch.randn(most, task.d, generator=g) for _ in range(2))
    own = 0.1 * torch.randn(task.d, task.d, generator=g)
    start = [
        left * used[low, :, None],
        right * used[low, :, None],
        own.expand(int((~low).sum()), -1, -1),
    ]
    # Adam goes in steps of its rate, whatever the size of a gradient: here all go in steps of 1
    moved = [torch.zeros_like(x).requires_grad_() for x in start]
    rates = torch.tensor([one.rate for one in each])[:, None, None]
    scales = [rates[low] * used[low, :, None]] * 2 + [rates[~low]]
    adam = torch.optim.Adam(moved, lr=1.0)
    back = torch.cat([low.nonzero().flatten(), (~low).nonzero().flatten()]).argsort()
    asked_for = {name: torch.tensor([one.loss == name for one in each]) for name in LOSSES}

    def alphas() -> Tensor:
        a, b, free = (x + scale * z for x, scale, z in zip(start, scales, moved, strict=True))
        return torch.cat([a.mT @ b, free])[back]

    for update in range(updates):
        e, alpha = task.sample(batch, g), alphas()
        tell(update, alpha.detach())
        out = answers(e, alpha)
        losses = [
            LOSSES[name](out[its], e.target[0]).mean((1, 2)).sum()
            for name, its in asked_for.items()
        ]
        adam.zero_grad()
        torch.stack(losses).sum().backward()
        adam.step()
    return alphas().detach()


def by_softmax(e: tasks.AddressedEpisodes, beta: float, told: bool = False) -> Tensor:
    """Return what softmax attention answers, (B, d): by one head, or by one for each group.

    Parameters
    ----------
    e : AddressedEpisodes
    beta : float, its sharpness
    told : bool
        Whether there is a head for each group, which compares this group alone.
    """
    if not _checks.flag("told", told):
        return read_softmax(e.queries[:1], e.keys, e.values, beta)[0]
    several = e.asked.shape[-1]
    its = zip(*(x.chunk(several, -1) for x in (e.queries[:1], e.keys, e.values)), strict=True)
    return torch.cat([read_softmax(q, k, v, beta)[0] for q, k, v in its], -1)


def _moments(task: tasks.Addresses) -> tuple[Tensor, float]:
    """Return how alike the values are that groups ask for, (G, G), and a group's crosstalk."""
    alike = torch.full((task.groups, task.groups), 1 / task.pairs, dtype=torch.double)
    return alike.fill_diagonal_(1), (task.pairs - 1) / task.size


def squared_loss(gains: Tensor, task: tasks.Addresses) -> float:
    """Return the expected squared error of a bit, of gains (G, G) that are equal within groups.

    A receiver of group g hears ``sum over h of gains[h, g] * (value that h asks for + crosstalk)``.
    Two groups ask for one pair with chance 1 / P; the crosstalk of a group has the variance ``(P -
    1) / size``. By it tests judge :func:`optimum`, and it is judged by episodes.

    Notes
    -----
    Source: this book.
    """
    alike, crosstalk = _moments(task)
    m = gains.double()
    power = (m * (alike @ m + crosstalk * m)).sum(0)
    return float((power - 2 * (m * alike).sum(0) + 1).mean())


def optimum(task: tasks.Addresses, contrasts: Tensor | None = None) -> Tensor:
    """Return gains (G, G) of the least squared error for their rank, from any contrasts.

    One head hears all groups alike; each further one hears a contrast of groups, a direction whose
    entries sum to 0. Which contrasts these are does not change the error, so there is a whole
    sphere of best gains: addresses may be served or shared.

    Parameters
    ----------
    task : Addresses
    contrasts : Tensor (R - 1, G), optional
        Of length 1, at right angles to each other, with entries that sum to 0; without, the rank
        is 1.

    Notes
    -----
    Source: this book, from Eckart & Young (1936).
    """
    c = torch.zeros(0, task.groups, dtype=torch.double)
    if contrasts is not None:
        c = _checks.tensor("contrasts", contrasts, "heads G", {"G": task.groups}).double()
    right = torch.allclose(c @ c.T, torch.eye(len(c), dtype=c.dtype))
    if not right or bool((c.sum(1).abs() > 1e-9).any()):
        raise ValueError(
            "contrasts must be orthonormal, with entries that sum to 0: take them from "
            "torch.linalg.qr of what is left without its mean"
        )
    alike, crosstalk = _moments(task)
    best = torch.linalg.solve(alike + crosstalk * torch.eye(task.groups, dtype=c.dtype), alike)
    mean = torch.full((1, task.groups), task.groups**-0.5, dtype=c.dtype)
    kept = torch.cat([mean, c])
    return kept.T @ kept @ best
