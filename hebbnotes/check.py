"""Checks of what a reader writes: they test properties, never a magic number, and say why an answer fails.

:func:`reads` and :func:`local` also serve whoever adds a rule: they find out, by poisoning what a synapse cannot see, which
numbers the change of one synapse depends on.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.rules import Rule

__all__ = ["Reads", "local", "reads"]


class Reads(NamedTuple):
    """What the change of one synapse depends on: boolean masks.

    Attributes
    ----------
    w : Tensor
        Shape (n_pre, n_post).
    pre : Tensor
        Shape (n_pre,).
    post : Tensor
        Shape (n_post,).

    Notes
    -----
    Taught in the chapter "Learning rules".
    """

    w: Tensor
    pre: Tensor
    post: Tensor


def reads(rule: Rule, i: int, j: int, *, n_pre: int = 4, n_post: int = 3, seed: int = 0) -> Reads:
    """Find which numbers the change of the synapse from unit i to unit j depends on.

    Each number in turn is poisoned, once with NaN and once with another value, and the change of the synapse is watched. A number
    that is multiplied by 0 counts as read.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post) -> dw``.
    i, j : int
        The synapse, counted from 0.
    n_pre, n_post : int
        Numbers of units.
    seed : int
        Seed of the random weights and activities.

    Returns
    -------
    Reads

    Raises
    ------
    TypeError, ValueError
        If the rule cannot be called, there is no such synapse, or ``dw`` does not have the shape of ``w``.

    Notes
    -----
    Taught in the chapter "Learning rules".
    """
    _checks.rule(rule)
    if not (0 <= i < n_pre and 0 <= j < n_post):
        raise ValueError(f"there is no synapse ({i}, {j}) between {n_pre} and {n_post} units")
    generator = torch.Generator().manual_seed(seed)
    args = [
        torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5
        for shape in ((n_pre, n_post), (n_pre,), (n_post,))
    ]
    dw = rule(*[a.clone() for a in args])
    if not isinstance(dw, Tensor) or dw.shape != (n_pre, n_post):
        raise ValueError(
            f"the rule must return dw of shape {(n_pre, n_post)} like w, got {tuple(getattr(dw, 'shape', ()))}"
        )

    def matters(which: int, entry: int) -> bool:
        for poison in (torch.nan, -2.5):
            poisoned = [a.clone() for a in args]
            poisoned[which].view(-1)[entry] = poison
            if not torch.equal(rule(*poisoned)[i, j], dw[i, j]):
                return True
        return False

    masks = [
        torch.tensor([matters(k, e) for e in range(a.numel())]).view(a.shape)
        for k, a in enumerate(args)
    ]
    return Reads(*masks)


def local(rule: Rule) -> None:
    """Assert that every synapse changes by what it can see: its own weight and the activities of its own two units.

    Raises
    ------
    AssertionError
        If a synapse reads a foreign number; the message says which.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """
    n_pre, n_post = 4, 3
    for i in range(n_pre):
        for j in range(n_post):
            mask = reads(rule, i, j, n_pre=n_pre, n_post=n_post)
            mask.w[i, j] = mask.pre[i] = mask.post[j] = False
            foreign = [
                f"{name}{tuple(at)}"
                for name, m in mask._asdict().items()
                for at in m.nonzero().tolist()
            ]
            assert not foreign, (
                f"not local: the synapse ({i}, {j}) reads {', '.join(foreign)}, which it cannot see"
            )
