"""Checks of what readers write: of rules, by poisoning, and what checkers of exercises share.

:func:`reads` and :func:`local` find out which numbers the change of one synapse depends on; they
serve readers, and whoever adds a rule.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from numbers import Real
from types import FunctionType, MethodType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.rules import QUANTITIES, Cells, Rule, Teach
from hebbnotes.plasticity.stepper import change, check, declared

__all__ = ["Reads", "expect", "held", "local", "numbers", "reads", "reads_teacher", "tensors"]

_SEEN = {"w": "n_pre n_post", "pre": "n_pre", "post": "n_post"}


class Reads(NamedTuple):
    """What the change of one synapse, or what one cell is told, depends on: boolean masks.

    Attributes
    ----------
    w, pre, post : Tensor
        Shapes (n_pre, n_post), (n_pre,) and (n_post,). Of a teacher the outgoing weights, and the
        rates here and above.
    further : dict of str to Tensor
        The same for each quantity that the rule declares, by name; and for each tensor that is not
        handed over but held, as ``"held NAME"``.
    """

    w: Tensor
    pre: Tensor
    post: Tensor
    further: dict[str, Tensor]


def reads(
    rule: Rule,
    i: int,
    j: int,
    *,
    n_pre: int = 4,
    n_post: int = 3,
    seed: int = 0,
    smuggled: bool = False,
) -> Reads:
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
    smuggled : bool
        Whether the numbers that the rule holds are poisoned, too: see :func:`held`. A table of
        constants counts as one.

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

    masks = _poisoned(changed, args)
    its = held(rule) if _checks.flag("smuggled", smuggled) else {}
    further = masks | _poisoned_inside(changed, its)
    return Reads(further.pop("w"), further.pop("pre"), further.pop("post"), further)


def reads_teacher(teach: Teach, j: int, *, n: int = 4, n_above: int = 3, seed: int = 0) -> Reads:
    """Find which numbers decide what cell j of a layer is told; as :func:`reads` does.

    What the teacher holds instead of being handed is poisoned, too.

    >>> def feedback(w_out, back, here, above, modulator):
    ...     return above.error @ back
    >>> seen = reads_teacher(feedback, 1)
    >>> bool(seen.w.any()), seen.further["back"].int().tolist()
    (False, [[0, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]])

    Parameters
    ----------
    teach : callable
        ``teach(w_out, back, here, above, modulator) -> error``, see ``rules.Teach``.
    j : int
        The cell, counted from 0.
    n, n_above : int
        Numbers of cells here and above.
    seed : int
        Seed of the world that is poisoned, a number at a time.

    Returns
    -------
    Reads
        ``w`` of the outgoing weights (n, n_above), ``pre`` and ``post`` of the rates here and
        above; ``further`` of ``back``, ``modulator``, ``here.drive``, ``here.error``,
        ``above.drive``, ``above.error``, and of what is held.
    """
    _checks.function("teach", teach, "teach(w_out, back, here, above, modulator) -> error")
    _checks.integer("j", j, 0)
    for name, value in (("n", n), ("n_above", n_above)):
        _checks.integer(name, value, 1, 1000)
    _checks.integer("seed", seed, 0, 2**63 - 1)
    if j >= n:
        raise ValueError(f"there is no cell {j} among {n}: they are counted from 0")
    generator = torch.Generator().manual_seed(seed)
    shapes: dict[str, tuple[int, ...]] = {"w_out": (n, n_above), "back": (n_above, n)}
    shapes |= {f"here.{field}": (n,) for field in Cells._fields}
    shapes |= {f"above.{field}": (n_above,) for field in Cells._fields}
    world = {
        name: torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5
        for name, shape in {**shapes, "modulator": (n,)}.items()
    }

    def told(**poisoned: Tensor) -> Tensor:
        now = {name: a.clone() for name, a in (world | poisoned).items()}
        here, above = (
            Cells(*(now[f"{which}.{field}"] for field in Cells._fields))
            for which in ("here", "above")
        )
        error = teach(now["w_out"], now["back"], here, above, now["modulator"])
        if not isinstance(error, Tensor) or error.shape != (n,):
            raise ValueError(
                f"teach must return an error for each cell here, shape ({n},), got "
                f"{_checks.got(error)}"
            )
        return error[j]

    masks = _poisoned(told, world)
    masks.update(_poisoned_inside(told, held(teach)))
    return Reads(masks.pop("w_out"), masks.pop("here.rate"), masks.pop("above.rate"), masks)


def _poisoned(watched: Callable[..., Tensor], args: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return which numbers of which arguments matter for what is watched."""
    whole = watched()

    def matters(name: str, entry: int) -> bool:
        number = args[name].flatten()[entry]
        poisons = (torch.nan, -2.5) if number.is_floating_point() else (1 - number,)
        return any(
            not torch.equal(watched(**{name: _replaced(args[name], entry, poison)}), whole)
            for poison in poisons
        )

    return {
        name: torch.tensor([matters(name, e) for e in range(a.numel())]).view(a.shape)
        for name, a in args.items()
    }


def _poisoned_inside(watched: Callable[[], Tensor], its: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return which numbers that are held matter, by name; what does not matter is left out."""
    whole, masks = watched(), {}
    for name, values in its.items():
        kept = values.detach().clone()
        mask = torch.zeros(kept.shape, dtype=torch.bool)
        groups = range(kept.numel()) if kept.numel() <= MOST else (slice(None),)
        try:
            for entry in groups:
                for poison in (torch.nan, -2.5):
                    new = kept.flatten().clone()
                    new[entry] = poison
                    values.data.copy_(new.view(kept.shape))
                    if not torch.equal(watched(), whole):
                        mask.view(-1)[entry] = True
        finally:
            values.data.copy_(kept)
        if mask.any():
            masks[f"held {name}"] = mask
    return masks


MOST = 10_000
"""Numbers of one tensor that are poisoned one by one; larger ones are poisoned as a whole."""


def held(function: Any) -> dict[str, Tensor]:
    """Return the tensors of numbers that a function holds, and so reads without being handed them.

    They may lie in what it closes over, in defaults, in the arguments of a partial, in globals that
    it names, in an object that it is a method of, and in functions, modules and containers there.

    >>> w = torch.ones(2, 2)
    >>> list(held(lambda x: x @ w))
    ['w']
    """
    found: dict[str, Tensor] = {}
    seen: set[int] = set()

    def look(name: str, value: Any, depth: int) -> None:
        if id(value) in seen or depth > 6:
            return
        seen.add(id(value))
        if isinstance(value, Tensor):
            if value.is_floating_point():
                found[name] = value
            return
        for inner, part in _parts(value):
            look(inner if inner else name, part, depth + 1)

    look("value", function, 0)
    return found


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a function, an object of a class of its own or a container holds, by name."""
    if isinstance(value, MethodType):
        yield "", value.__func__
        yield "", value.__self__
    elif isinstance(value, functools.partial):
        yield "", value.func
        yield from ((f"argument {k}", part) for k, part in enumerate(value.args))
        yield from value.keywords.items()
    elif isinstance(value, FunctionType):
        names = inspect.getclosurevars(value)
        yield from {**names.nonlocals, **names.globals}.items()
        yield from (value.__kwdefaults__ or {}).items()
        yield from (("a default", part) for part in value.__defaults__ or ())
        for constant in value.__code__.co_consts:  # functions inside of it name globals, too
            if inspect.iscode(constant):
                for name in constant.co_names:
                    if name in value.__globals__:
                        yield name, value.__globals__[name]
    elif isinstance(value, dict):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple | set):
        yield from (("", part) for part in value)
    elif not isinstance(value, type) and not inspect.ismodule(value):
        yield from getattr(value, "__dict__", {}).items()


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
