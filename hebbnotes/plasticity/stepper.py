"""The stepper: one function hands a rule what it declares, in every loop over time.

A rule is ``rule(w, pre, post) -> dw``. What else it sees, it declares by name: as a keyword-only
argument without a default. One with a default is a constant of the rule. What each name means is in
the table ``rules.QUANTITIES``.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["change", "check", "declared", "name_of", "pick", "refuse_changes", "versions"]

_known: WeakKeyDictionary[Any, tuple[str, ...]] = WeakKeyDictionary()
_harmless: WeakSet[Any] = WeakSet()  # rules that left what they were given as it was


def declared(rule: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the quantities that a rule, or a forget function, is to be supplied with.

    >>> from hebbnotes import rules
    >>> declared(rules.oja), declared(rules.soft_hebb)
    ((), ('drive',))
    """
    if torch.compiler.is_compiling():  # nothing may be remembered while a graph is traced
        return _inspect(rule)
    try:
        return _known[rule]
    except (KeyError, TypeError):
        names = _inspect(rule)
    with suppress(TypeError):  # without a hash or weak references it is asked each time
        _known[rule] = names
    return names


def _inspect(rule: Callable[..., Any]) -> tuple[str, ...]:
    _checks.rule(rule)
    try:
        parameters = list(inspect.signature(rule).parameters.values())
    except ValueError:  # some functions that are written in C do not tell
        return ()
    for p in parameters[3:]:
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty:
            raise TypeError(
                f"rule {name_of(rule)} takes {p.name} by its position: a further quantity is "
                f"declared by name, write rule(w, pre, post, *, {p.name})"
            )
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty)


def name_of(rule: Any) -> str:
    """Return what a rule is called."""
    return getattr(rule, "__name__", type(rule).__name__)


def check(rule: Any, supplied: Iterable[str], who: str) -> Any:
    """Return a rule that can be called and declares nothing but what ``who`` supplies, or raise.

    Raises
    ------
    TypeError
        With both names: what is declared, and what can be supplied.
    """
    names, has = declared(_checks.rule(rule)), tuple(supplied)
    missing = [name for name in names if name not in has]
    if missing:
        raise TypeError(
            f"rule {name_of(rule)} declares {', '.join(missing)}, and {who} supplies "
            f"{', '.join(has) or 'nothing'}: use functools.partial(rule, {missing[0]}=...) for a "
            "constant, or a loop that supplies it"
        )
    return rule


def change(
    rule: Callable[..., Tensor], w: Tensor, pre: Tensor, post: Tensor, **supplied: Tensor
) -> Tensor:
    """Apply a rule: hand it the quantities that it declares, out of those that the caller supplies.

    >>> from hebbnotes import rules
    >>> w, pre, post = torch.zeros(2, 1), torch.tensor([1.0, 2.0]), torch.tensor([3.0])
    >>> change(rules.bcm, w, pre, post, threshold=torch.tensor([2.0]), drive=post).tolist()
    [[3.0], [6.0]]

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``.
    w, pre, post : Tensor
        Weights (..., n_pre, n_post) and activities (..., n_pre) and (..., n_post), without unit.
    **supplied : Tensor
        What the caller knows, by the names and with the axes of ``rules.QUANTITIES``. A
        ``modulator`` of one number for each episode, shape (...,), arrives as (..., n_post).

    Returns
    -------
    Tensor
        ``dw``, of the shape of ``w``, for a learning rate of 1.

    Raises
    ------
    TypeError
        If the rule declares what is not supplied, before it is called; or if it returns another
        precision.
    ValueError
        If it returns another shape, or changes in place what it is given.
    """
    for name, value in (("w", w), ("pre", pre), ("post", post)):
        if not isinstance(value, Tensor):
            _checks.floating(name, value)
    given = pick(rule, post, supplied)
    if torch.compiler.is_compiling():
        dw = rule(w, pre, post, **given)
    else:
        dw = _watched(rule, (w, pre, post), given)
    if not isinstance(dw, Tensor) or dw.shape != w.shape:
        got = tuple(dw.shape) if isinstance(dw, Tensor) else type(dw).__name__
        raise ValueError(
            f"the rule must return dw of shape {tuple(w.shape)} like w, got {got}: see "
            "hebbnotes.rules"
        )
    if dw.dtype != w.dtype:
        raise TypeError(
            f"the rule must return dw in {w.dtype} like w, got {dw.dtype}: nothing is cast, look "
            "for constants of another precision"
        )
    return dw


def _watched(
    rule: Callable[..., Tensor], seen: tuple[Tensor, Tensor, Tensor], given: dict[str, Tensor]
) -> Tensor:
    """Call a rule, and raise if it changed what it was given: w, pre or post.

    Torch counts the changes of each tensor. The first time, some numbers are compared, too, for
    numpy and ``.data`` are not counted.
    """
    before = versions(seen)
    try:
        new = rule not in _harmless
    except TypeError:  # without a hash it is compared each time
        new = True
    copies = [_corner(t).clone() for t in seen] if new else []
    dw = rule(*seen, **given)
    refuse_changes(rule, before, versions(seen))
    if new:
        same = [
            not _checks.known(t) or bool(((_corner(t) == old) | old.isnan()).all())
            for t, old in zip(seen, copies, strict=True)
        ]
        refuse_changes(rule, [True] * 3, same)
        with suppress(TypeError):
            _harmless.add(rule)
    return dw


_SEEN = ("w", "pre", "post")


def refuse_changes(rule: Any, before: list[Any], after: list[Any]) -> None:
    """Raise if what tells of w, pre and post is not the same before a rule was called and after."""
    if before != after:
        changed = [name for name, a, b in zip(_SEEN, before, after, strict=True) if a != b]
        raise ValueError(
            f"rule {name_of(rule)} changes {' and '.join(changed)} in place: a rule returns the "
            "change and leaves what it is given as it is, write w * x and not w.mul_(x)"
        )


def versions(tensors: tuple[Tensor, ...]) -> list[int]:
    """Return how often each was changed in place; tensors of inference mode are not counted."""
    return [0 if t.is_inference() else t._version for t in tensors]


def _corner(values: Tensor) -> Tensor:
    """Return some of the numbers."""
    corner = (0,) * max(0, values.ndim - 2) + (slice(8),) * min(2, values.ndim)
    return values.detach()[corner]


def pick(
    rule: Callable[..., Any], post: Tensor, supplied: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return of what is supplied what a rule declares, as it arrives there, or raise TypeError."""
    names = declared(rule)
    if not all(name in supplied for name in names):
        check(rule, supplied, "its caller")
    return {
        name: _spread(supplied[name], post) if name == "modulator" else supplied[name]
        for name in names
    }


def _spread(modulator: Tensor, post: Tensor) -> Tensor:
    """Return what is broadcast to all, one number for each episode, for each receiver."""
    if modulator.ndim < post.ndim:
        modulator = modulator.unsqueeze(-1)
    return modulator.expand_as(post)
