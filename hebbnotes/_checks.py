"""Checks of what a caller hands over: what was wrong, what was expected, and the mend."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say by which extra of this package an import is to be had, if it fails inside of this."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{error.name} is needed here and is not installed: pip install "hebbnotes[{name}]"',
            name=error.name,
        ) from error


def integer(name: str, value: Any, minimum: int = 1) -> int:
    """Return ``value`` as an int of at least ``minimum``, or raise."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(
            f"{name} must be an integer, got {value!r} ({type(value).__name__}): "
            f"pass {name}={minimum} or more"
        )
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}")
    return int(value)


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """Return ``value`` as a finite float in [low, high], or raise."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})")
    real = float(value)
    if not (math.isfinite(real) and low <= real <= high):
        raise ValueError(f"{name} must be a finite number in [{low:g}, {high:g}], got {value}")
    return real


def choice(name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    """Return ``value`` if it is one of ``allowed``, or raise."""
    if not any(value is a or (isinstance(value, str) and value == a) for a in allowed):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def rule(value: Any) -> Any:
    """Return ``value`` if it can be called as a rule, or raise."""
    if not callable(value):
        raise TypeError(
            f"rule must be a function rule(w, pre, post) -> dw such as rules.decay, got {value!r}"
        )
    return value


def clip(value: Any) -> float | None:
    """Return ``value`` as a bound above 0, or None for no bound, or raise."""
    if value is not None and number("clip", value, 0) < 1e-30:
        raise ValueError(
            f"clip must be above 0, got {value}: leave it out for a trace without bounds"
        )
    return None if value is None else float(value)


def actions(name: str, value: Any, axes: str, sizes: dict[str, int], most: int) -> Tensor:
    """Return ``value`` if it holds whole numbers from 0 to ``most - 1`` along the named axes, or
    raise.
    """
    tensor(name, value, axes, sizes)
    if value.dtype != torch.int64:
        raise TypeError(f"{name} must hold integers (int64), got {value.dtype}: use {name}.long()")
    if bool(((value < 0) | (value >= most)).any()):
        raise ValueError(
            f"{name} must hold integers from 0 to {most - 1}, got {value.unique().tolist()}"
        )
    return value


def tensor(
    name: str,
    value: Any,
    axes: str,
    sizes: dict[str, int],
    like: Tensor | None = None,
    reference: str = "inputs",
    boolean: bool = False,
) -> Tensor:
    """Return ``value`` if it is a tensor with the named axes, like another one or boolean, or
    raise.

    Parameters
    ----------
    axes : str, such as "T B n"
    sizes : dict, the sizes of axes that are known; those of the other axes are added to it
    like : Tensor, optional, whose device and dtype it must have
    reference : str, what the caller calls ``like``
    boolean : bool, whether it must be boolean, whatever the dtype of ``like``
    """
    names = axes.split()
    wanted = "(" + ", ".join(f"{a}={sizes[a]}" if a in sizes else a for a in names) + ")"
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor of shape {wanted}, got {type(value).__name__}: "
            "use torch.as_tensor(...)"
        )
    known = dict(sizes)
    if value.ndim != len(names) or any(
        known.setdefault(a, s) != s for a, s in zip(names, value.shape, strict=True)
    ):
        single = names[:2] == ["T", "B"] and value.ndim == len(names) - 1
        hint = f": for a single episode use {name}.unsqueeze(1)" if single else ""
        raise ValueError(f"{name} must have shape {wanted}, got {tuple(value.shape)}{hint}")
    for axis, size in zip(names, value.shape, strict=True):
        if size < 1:
            raise ValueError(
                f"{name} must have at least one entry along {axis}, got shape {tuple(value.shape)}"
            )
        sizes[axis] = size
    if boolean and value.dtype != torch.bool:
        raise TypeError(f"{name} must be boolean, got {value.dtype}: use {name} != 0")
    if like is not None and not boolean and value.dtype != like.dtype:
        unlike = f"{name} is {value.dtype}, not {like.dtype} like {reference}"
        raise TypeError(f"{unlike}: nothing is cast, convert one of them with .to(...)")
    if like is not None and value.device != like.device:
        raise ValueError(
            f"{name} is on {value.device}, not on {like.device} like {reference}: "
            "move one of them with .to(...)"
        )
    return value


def floating(name: str, value: Tensor) -> Tensor:
    """Raise unless ``value`` holds floating-point numbers."""
    if not value.is_floating_point():
        raise TypeError(
            f"{name} must hold floating-point numbers, got {value.dtype}: use {name}.float()"
        )
    return value


def finite(name: str, value: Tensor) -> Tensor:
    """Raise if ``value`` holds NaN or infinity; skipped while torch compiles: it would split the
    graph.
    """
    if not torch.compiler.is_compiling() and not bool(torch.isfinite(value).all()):
        raise ValueError(
            f"{name} holds NaN or infinity: it must be finite, look at how it was made"
        )
    return value
