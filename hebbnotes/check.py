"""Checks of what readers write: of rules, by poisoning, and what checkers of exercises share.

:func:`reads` and :func:`local` find out which numbers the change of one synapse depends on; they
serve readers, and whoever adds a rule.
"""

from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.rules import QUANTITIES, Rule
from hebbnotes.plasticity.stepper import change, check, declared

__all__ = ["Reads", "expect", "local", "numbers", "reads", "tensors"]

_SEEN = {"w": "n_pre n_post", "pre": "n_pre", "post": "n_post"}


class Reads(NamedTuple):
    """What the change of one synapse depends on: boolean masks.

    Attributes
    ----------
    w, pre, post : Tensor
        Shapes (n_pre, n_post), (n_pre,) and (n_post,).
    further : dict of str to Tensor
        The same for each quantity that the rule declares, by name.
    """

    w: Tensor
    pre: Tensor
    post: Tensor
    further: dict[str, Tensor]


def reads(rule: Rule, i: int, j: int, *, n_pre: int = 4, n_post: int = 3, seed: int = 0) -> Reads:
    """Find which numbers the change of the synapse from unit i to unit j depends on.

    Each number in turn is poisoned, once with NaN and once with another value, and the change of
    the synapse is watched. A number that is multiplied by 0 counts as read. A type has no NaN: it
    is exchanged for the other one of two.

    >>> from hebbnotes import rules
    >>> seen = reads(rules.soft_hebb, 0, 1)
    >>> seen.post.tolist(), seen.further["drive"].tolist()
    ([False, True, False], [False, True, False])

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``; it may declare what is in ``rules.QUANTITIES``.
    i, j : int
        The synapse, counted from 0.
    n_pre, n_post : int
        Numbers of units.
    seed : int
        Seed of the random weights, activities and further quantities.

    Raises
    ------
    TypeError, ValueError
        If the rule cannot be called or declares something else, there is no such synapse, or ``dw``
        does not have the shape of ``w``.
    """
    check(rule, QUANTITIES, "check.reads")
    _checks.integers("i and j", (i, j))
    for name, value in (("n_pre", n_pre), ("n_post", n_post)):
        _checks.integer(name, value, 1, 1000)  # each number is poisoned in turn
    _checks.integer("seed", seed, 0, 2**63 - 1)
    if not (0 <= i < n_pre and 0 <= j < n_post):
        raise ValueError(f"there is no synapse ({i}, {j}) between {n_pre} and {n_post} units")
    generator = torch.Generator().manual_seed(seed)
    size = {"n_pre": n_pre, "n_post": n_post}
    args = {}
    for name in (*_SEEN, *declared(rule)):
        shape = [size[axis] for axis in _axes(name).split()]
        args[name] = torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5
        if name in QUANTITIES and QUANTITIES[name].whole:
            args[name] = (args[name] > 1).long()

    def changed(**poisoned: Tensor) -> Tensor:
        return change(rule, **{name: a.clone() for name, a in (args | poisoned).items()})[i, j]

    whole = changed()

    def matters(name: str, entry: int) -> bool:
        number = args[name].flatten()[entry]
        poisons = (torch.nan, -2.5) if number.is_floating_point() else (1 - number,)
        return any(
            not torch.equal(changed(**{name: _replaced(args[name], entry, poison)}), whole)
            for poison in poisons
        )

    masks = {
        name: torch.tensor([matters(name, e) for e in range(a.numel())]).view(a.shape)
        for name, a in args.items()
    }
    return Reads(masks.pop("w"), masks.pop("pre"), masks.pop("post"), masks)


def _axes(name: str) -> str:
    """Return the axes of what one episode supplies."""
    return _SEEN[name] if name in _SEEN else QUANTITIES[name].axes.removeprefix("B ")


def _replaced(values: Tensor, entry: int, poison: float | Tensor) -> Tensor:
    values = values.clone()
    values.view(-1)[entry] = poison
    return values


def local(rule: Rule) -> None:
    """Assert that every synapse changes by what it can see: its own weight, its own two units.

    Of a quantity that the rule declares it may read its own entry.

    Raises
    ------
    AssertionError
        If a synapse reads a foreign number; the message says which.
    """
    n_pre, n_post = 4, 3
    for i in range(n_pre):
        for j in range(n_post):
            seen = reads(rule, i, j, n_pre=n_pre, n_post=n_post)
            masks = dict(zip(_SEEN, seen[:3], strict=True)) | seen.further
            foreign = []
            for name, mask in masks.items():
                own = {"n_pre n_post": (i, j), "n_pre": (i,), "n_post": (j,)}[_axes(name)]
                mask[own] = False
                foreign += [f"{name}{tuple(at)}" for at in mask.nonzero().tolist()]
            expect(
                not foreign,
                f"not local: the synapse ({i}, {j}) reads {', '.join(foreign)}, "
                "which it cannot see",
            )


def expect(ok: Any, message: str) -> None:
    """Raise AssertionError with a message unless ``ok``: an assertion that ``python -O`` keeps."""
    if not bool(ok):
        raise AssertionError(message)


def numbers(function: Any, form: str, count: int = 1) -> Callable[..., Any]:
    """Return a reader's function, which must return a number, or so many, as float.

    Parameters
    ----------
    function : callable
    form : str, what it should look like, such as "share(eta, steps) -> a number"
    count : int, how many numbers it returns; with 1 a float is returned, and no list
    """
    _checks.function("the answer", function, form)

    def asked(*given: Any) -> Any:
        returned = function(*given)
        expect(returned is not None, f"it must return a number, got nothing: {_mend(form)}")
        each = [returned] if count == 1 else returned
        expect(
            isinstance(each, list | tuple | Tensor) and len(each) == count,
            f"it must return {count} numbers, got {_checks.got(returned)}",
        )
        found = []
        for one in each:
            try:
                single = one.item() if hasattr(one, "item") else one
            except (RuntimeError, ValueError):  # of several numbers
                single = None
            expect(
                isinstance(single, Real) and not isinstance(single, bool),
                f"it must return a number, got {_checks.got(one)}",
            )
            found.append(float(single))
        return found[0] if count == 1 else found

    return asked


def tensors(function: Any, form: str) -> Callable[..., Tensor]:
    """Return a reader's function, which must return a tensor; see :func:`numbers`."""
    _checks.function("the answer", function, form)

    def asked(*given: Any) -> Tensor:
        returned = function(*given)
        expect(returned is not None, f"it must be a tensor, got nothing: {_mend(form)}")
        expect(
            isinstance(returned, Tensor),
            f"it must be a tensor, got {type(returned).__name__}: use torch.as_tensor(...)",
        )
        return returned

    return asked


def _mend(form: str) -> str:
    return f"write {form}, which ends with return"
