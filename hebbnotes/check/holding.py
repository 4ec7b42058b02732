"""What a function holds, and so reads without being handed it: where numbers can be smuggled in."""

import functools
import inspect
import itertools
import operator
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence
from numbers import Real
from types import CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = ["Holding", "held", "holdings", "poisons"]

DEPTH = 12
"""Steps from a function to the numbers it holds: deeper ones are not found."""
_LIBRARIES = sys.stdlib_module_names | {"builtins", "numpy", "torch", "scipy", "sklearn", "numba"}
_STRINGS = (str, bytes, range)
_BEHIND = ("__self__", "__func__", "__wrapped__", "fget")
"""What a method is bound to, and which function is behind another or a property."""
_Put = Callable[[Any], object]


class Holding(NamedTuple):
    """Numbers that a function holds.

    Attributes
    ----------
    name : str
        By which they are held; a second one of that name is "NAME (2)".
    numbers : Tensor
        A copy; where numbers of a list or a tuple are no matrix, they stand in a row.
    write : callable
        Puts other numbers, of the same shape, in their place.
    """

    name: str
    numbers: Tensor
    write: Callable[[Tensor], None]


class _Part(NamedTuple):
    """What is held by something: its name, itself, what puts another in its place if that can be
    done, and the names that the code uses by which it was found.
    """

    name: str
    value: Any
    put: _Put | None
    names: frozenset[str]


def held(function: Any) -> dict[str, Tensor]:
    """Return the numbers that a function holds, and so reads without being handed them.

    Tensors and arrays of any type, and lists, tuples and dictionaries of two numbers or more. They
    may lie in what a function closes over, in defaults, in the arguments of a partial, in globals
    and modules that it names, in its own attributes; in an object that it is a method of or that is
    called, in its attributes, slots and class; and in functions, containers and objects there.

    >>> w = torch.ones(2, 2)
    >>> list(held(lambda x: x @ w))
    ['w']

    Notes
    -----
    It is an audit of honest code. Not found are: a *single* number, which is taken for a constant
    of the rule; numbers written into the code; text and bytes, files and the environment; what is
    reached by a name that is put together while the function runs, or through frames; what an
    iterator, a generator, a set, a cache or compiled code holds; what torch, NumPy and the standard
    library hold, but for tensors and arrays bound in a module of theirs; and a copy of what was
    handed over in an earlier call, if that is none of the above.
    """
    return {one.name: one.numbers for one in holdings(function)}


def holdings(function: Any) -> list[Holding]:
    """Return what :func:`held` does, and how other numbers are put in their place."""
    found: dict[str, Holding] = {}
    seen: dict[Any, Any] = {}  # keeps what was seen alive, so that no id is used again

    def look(part: _Part, depth: int) -> None:
        name, value, put, names = part
        pair = _numbers(value, put)
        if pair is not None:
            if isinstance(value, tuple) or id(value) not in seen:
                seen[id(value)] = value
                several = (f"{name} ({k})" if k > 1 else name for k in itertools.count(1))
                name = next(other for other in several if other not in found)
                found[name] = Holding(name, *pair)
            return
        key = (id(value), names) if isinstance(value, ModuleType) else id(value)
        if depth > DEPTH or (key in seen and not isinstance(value, tuple)):
            return
        seen[key] = value
        for inner in _parts(value, put, names):
            look(inner if inner.name else inner._replace(name=name), depth + 1)

    look(_Part("value", function, None, frozenset()), 0)
    return [*found.values()]


def poisons(value: Tensor) -> tuple[Any, ...]:
    """Return what is put in the place of a number, or of all numbers, of a tensor."""
    if value.dtype == torch.bool:
        return (~value,)
    if value.is_floating_point() or value.is_complex():
        return (torch.nan, -2.5, 2.5)
    low = torch.iinfo(value.dtype).min
    return (value + 1, 1 - value if low < 0 else 1 - value.clamp(max=1))


# --------------------------------------------------------------------------- numbers in one place


def _numbers(value: Any, put: _Put | None) -> tuple[Tensor, Callable[[Tensor], None]] | None:
    """Return a copy of the numbers that something is made of, and what puts others there."""
    if isinstance(value, Tensor):
        if value.layout != torch.strided or not value.numel():
            return None
        return value.detach().clone(), lambda new: _fill(value.detach(), new)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in _WIDEST or not value.size:
            return None
        copy = value.astype(_WIDEST[value.dtype.kind])
        return torch.from_numpy(copy), lambda new: _fill_array(value, new.numpy())
    return _numbers_of_lists(value, put)


_WIDEST = {"b": "bool", "i": "int64", "u": "int64", "f": "float64", "c": "complex128"}
"""As what numbers of an array are kept, by their kind."""


def _numbers_of_lists(
    value: Any, put: _Put | None
) -> tuple[Tensor, Callable[[Tensor], None]] | None:
    """Return the same of lists, tuples and dictionaries that can be changed or exchanged."""
    numbers = _flat(value) or []
    fixed = put is None and not isinstance(value, MutableSequence | MutableMapping)
    if len(numbers) < 2 or isinstance(value, Real) or fixed:
        return None
    kept = torch.tensor([float(number) for number in numbers], dtype=torch.float64)
    if all(isinstance(number, bool) for number in numbers):
        kept = kept.bool()
    shape = np.shape(value) if _is_even(value) else kept.shape

    def write(new: Tensor) -> None:
        old, there = kept.tolist(), new.flatten().tolist()
        each = (n if b == a else b for n, a, b in zip(numbers, old, there, strict=True))
        rebuilt = _rebuilt(value, each)
        if rebuilt is not value and put is not None:
            put(rebuilt)

    return kept.view(shape), write


def _flat(value: Any) -> list[Any] | None:
    """Return the numbers of a list or tuple, of lists in lists, or of a dictionary; or nothing."""
    if isinstance(value, Real):
        return [value]
    if isinstance(value, Mapping):
        each = [*value.values()]
        return each if all(isinstance(part, Real) for part in each) else None
    if isinstance(value, _STRINGS) or not isinstance(value, tuple | MutableSequence):
        return None
    found = []
    for part in value:
        its = None if isinstance(part, Mapping) or part is value else _flat(part)
        if its is None:
            return None
        found += its
    return found


def _is_even(value: Any) -> bool:
    """Tell whether lists within lists are a matrix."""
    if not isinstance(value, tuple | MutableSequence):
        return isinstance(value, Real)
    return all(_is_even(part) for part in value) and len({np.shape(part) for part in value}) == 1


def _rebuilt(value: Any, numbers: Iterator[Any]) -> Any:
    """Return the same list, tuple or dictionary with other numbers; what can be is kept."""
    if isinstance(value, Real):
        return next(numbers)
    if isinstance(value, MutableSequence):
        for k, part in enumerate(value):
            value[k] = _rebuilt(part, numbers)
        return value
    if isinstance(value, Mapping):
        parts = {key: _rebuilt(part, numbers) for key, part in value.items()}
        if not isinstance(value, MutableMapping):
            kind: Any = type(value)
            return kind(parts)
        value.update(parts)
        return value
    parts_of_tuple = [_rebuilt(part, numbers) for part in value]
    return value._make(parts_of_tuple) if hasattr(value, "_make") else tuple(parts_of_tuple)


def _fill(values: Tensor, new: Tensor) -> None:
    """Write numbers in place; of what is expanded, those that are there once."""
    once = tuple(slice(0, 1) if not step else slice(None) for step in values.stride())
    values[once].copy_(new[once])


def _fill_array(values: Any, new: Any) -> None:
    """Write numbers in place, into arrays that were locked as well."""
    locked = not values.flags.writeable
    if locked:
        values.flags.writeable = True
    values[...] = new.astype(values.dtype)
    if locked:
        values.flags.writeable = False


# ------------------------------------------------------------------------------- where to look next


def _parts(value: Any, put: _Put | None, names: frozenset[str]) -> Iterator[_Part]:
    """Yield what a function, an object, a class, a module or a container holds."""
    if isinstance(value, FunctionType):
        yield from _of_function(value)
    elif isinstance(value, functools.partial):
        yield from _of_partial(value, names)
    elif isinstance(value, ModuleType):
        yield from _of_module(value, names)
    elif isinstance(value, type):
        yield from _of_class(value, names)
    elif isinstance(value, tuple | Mapping | MutableSequence | set | frozenset | np.ndarray):
        yield from _of_container(value, put, names)
    elif not isinstance(value, _STRINGS):
        yield from _of_object(value, names)


def _of_container(value: Any, put: _Put | None, names: frozenset[str]) -> Iterator[_Part]:
    if isinstance(value, Mapping):
        for key, part in [*value.items()]:
            mutable = isinstance(value, MutableMapping)
            its = functools.partial(operator.setitem, value, key) if mutable else None
            yield _Part(str(key), part, its, names)
        return
    for k, part in enumerate(value.flat if isinstance(value, np.ndarray) else value):
        inner: _Put | None = None
        if isinstance(value, tuple):
            inner = _in_tuple(value, k, put)
        elif isinstance(value, MutableSequence):
            inner = functools.partial(value.__setitem__, k)
        yield _Part("", part, inner, names)


def _of_partial(value: Any, names: frozenset[str]) -> Iterator[_Part]:
    yield _Part("", value.func, None, names)
    for k, part in enumerate(value.args):
        yield _Part(f"argument {k}", part, _in_partial(value, k), names)
    yield from _of_dict(value.keywords, names)
    yield from _of_dict(vars(value), names)


def _of_dict(its: Any, names: frozenset[str]) -> Iterator[_Part]:
    for key, part in [*its.items()]:
        yield _Part(str(key), part, functools.partial(its.__setitem__, key), names)


def _of_object(value: Any, names: frozenset[str]) -> Iterator[_Part]:
    """Yield attributes of an object, its slots, its class, and what it is bound to."""
    its = getattr(value, "__dict__", None)
    if isinstance(its, dict):
        yield from _of_dict(its, names)
    for kind in type(value).__mro__:
        for name, slot in [*vars(kind).items()] if _is_own(kind) else ():
            if isinstance(slot, MemberDescriptorType) and hasattr(value, name):
                put = functools.partial(slot.__set__, value)
                yield _Part(name, slot.__get__(value), put, names)
    for name in _BEHIND:
        part = getattr(value, name, None)
        if part is not None:
            yield _Part("", part, None, names)
    if isinstance(value, weakref.ref):
        yield _Part("", value(), None, names)
    yield _Part("", type(value), None, names)


def _of_class(kind: type, names: frozenset[str]) -> Iterator[_Part]:
    """Yield methods and attributes of a class, and of those it inherits from."""
    for one in kind.__mro__:
        for name, part in [*vars(one).items()] if _is_own(one) else ():
            is_method = isinstance(part, FunctionType | property | staticmethod | classmethod)
            if is_method or not (name.startswith("__") and name.endswith("__")):
                yield _Part(name, part, functools.partial(setattr, one, name), names)


def _of_module(module: ModuleType, names: frozenset[str]) -> Iterator[_Part]:
    """Yield what the code names of a module, and all of its numbers; of a library its tensors."""
    own = _is_own(module)
    for name, part in [*vars(module).items()]:
        plain = isinstance(part, Tensor | np.ndarray) or (own and _flat(part) is not None)
        if not name.startswith("__") and (plain or (own and name in names)):
            yield _Part(name, part, functools.partial(setattr, module, name), names)


def _of_function(function: FunctionType) -> Iterator[_Part]:
    """Yield what a function closes over, its defaults, its attributes, and the globals it names."""
    names = frozenset(_named(function.__code__))
    free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in free:
        try:
            yield _Part(name, cell.cell_contents, functools.partial(_in_cell, cell), names)
        except ValueError:  # not bound yet
            continue
    for name in sorted(names):
        if name in function.__globals__:
            put = functools.partial(function.__globals__.__setitem__, name)
            value = function.__globals__[name]
        elif name in sys.modules:
            put, value = None, sys.modules[name]
        else:
            continue
        if isinstance(value, ModuleType) or _is_own(value):
            yield _Part(name, value, put, names)
    for k, part in enumerate(function.__defaults__ or ()):
        yield _Part("a default", part, _in_defaults(function, k), names)
    yield from _of_dict(function.__kwdefaults__ or {}, names)
    yield from _of_dict(vars(function), names)


def _named(code: CodeType) -> Iterator[str]:
    """Yield names that code uses, and the code within it; strings may be names as well."""
    yield from code.co_names
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _named(constant)
        elif isinstance(constant, str):
            yield constant


def _is_own(value: Any) -> bool:
    """Tell whether what something is made of is no library's: of data it never is."""
    if isinstance(value, ModuleType):
        module = value.__name__
    elif isinstance(value, type | FunctionType):
        module = value.__module__ or ""
    else:
        return True
    return module.partition(".")[0] not in _LIBRARIES


# --------------------------------------------------------------------------------- how it is put


def _in_cell(cell: Any, new: Any) -> None:
    cell.cell_contents = new


def _in_defaults(function: FunctionType, k: int) -> _Put:
    def put(new: Any) -> None:
        defaults = [*(function.__defaults__ or ())]
        defaults[k] = new
        function.__defaults__ = tuple(defaults)

    return put


def _in_partial(value: Any, k: int) -> _Put:
    def put(new: Any) -> None:
        args = [*value.args]
        args[k] = new
        value.__setstate__((value.func, tuple(args), value.keywords, vars(value)))

    return put


def _in_tuple(value: Any, k: int, put: _Put | None) -> _Put | None:
    """Return what puts another tuple in its place, with one part exchanged."""
    if put is None:
        return None

    def whole(new: Any) -> None:
        parts = [*value]
        parts[k] = new
        put(value._make(parts) if hasattr(value, "_make") else tuple(parts))

    return whole
