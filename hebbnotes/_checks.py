"""Checks of what a caller hands over: what was wrong, what was expected, and the mend.

There is one for each kind of thing. Those of shapes and types always look; those of numbers only
where numbers can be looked at, see :func:`known`.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")

MOST_NUMBERS = 2**33
"""Numbers that one thing may hold, 32 GiB of them in single precision."""
LARGEST = 1e30
"""Size of a number beyond which a product with another one may overflow in single precision."""


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


def got(value: Any) -> str:
    """Describe what came, shortly: shape and type of numbers, the rest as Python writes it."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)} in {value.dtype}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} of shape {tuple(value.shape)} in {value.dtype}"
    text = repr(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return text if value is None else f"{text} ({type(value).__name__})"


def integer(name: str, value: Any, minimum: int = 1, maximum: int | None = None) -> int:
    """Return ``value`` as an int from ``minimum`` to ``maximum``, or raise."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(
            f"{name} must be an integer, got {got(value)}: pass {name}={minimum} or more"
        )
    whole = int(value)
    if whole < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {whole}")
    if maximum is not None and whole > maximum:
        raise ValueError(f"{name} must be at most {maximum}, got {whole}: use a smaller {name}")
    return whole


def number(name: str, value: Any, low: float = -LARGEST, high: float = LARGEST) -> float:
    """Return ``value`` as a finite float in [low, high], or raise."""
    if type(value) is float and low <= value <= high and math.isfinite(value):  # nearly always
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"{name} must be a number, got {got(value)}: pass a float, of a tensor its .item()"
        )
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
    if not (math.isfinite(real) and low <= real <= high):
        raise ValueError(f"{name} must be a finite number in [{low:g}, {high:g}], got {real}")
    return real


def choice(name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    """Return ``value`` if it is one of ``allowed``, or raise."""
    if not any(value is a or (isinstance(value, str) and value == a) for a in allowed):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def flag(name: str, value: Any) -> bool:
    """Return ``value`` if it is True or False, or raise: most other things count as true."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {got(value)}")
    return value


def of_type(name: str, value: Any, kind: type, mend: str) -> Any:
    """Return ``value`` if it is an instance of ``kind``, or raise with the mend."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be of type {kind.__name__}, got {got(value)}: {mend}")
    return value


def integers(name: str, value: Any, count: int | None = None) -> list[int]:
    """Return ``value`` as a list of ints, so many if ``count`` is named, or raise."""
    given = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(given, list | tuple | range) or count not in (None, len(given)):
        many = "integers" if count is None else f"{count} integers"
        raise ValueError(f"{name} must be {many}, such as {(1, 2)}, got {got(value)}")
    for one in given:
        if isinstance(one, bool) or not isinstance(one, Integral):
            raise TypeError(f"{name} must hold integers, got {got(one)} among them")
    return [int(one) for one in given]


def floating_type(name: str, value: Any) -> torch.dtype:
    """Return ``value`` if it is a type of floating-point numbers, torch's default for None."""
    dtype = torch.get_default_dtype() if value is None else value
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(
            f"{name} must be a floating-point type such as torch.float32, got {dtype!r}"
        )
    return dtype


def device(name: str, value: Any) -> torch.device:
    """Return ``value`` as a device, torch's default for None, or raise."""
    try:
        return torch.get_default_device() if value is None else torch.device(value)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"{name} must be a device, got {got(value)}: use 'cpu' or 'cuda'"
        ) from error


def sides(name: str, value: Any, minimum: int = 1) -> tuple[int, int]:
    """Return ``value`` as numbers of rows and columns, or raise."""
    rows, columns = (integer(name, side, minimum) for side in integers(name, value, 2))
    return rows, columns


def room(**sizes: int) -> None:
    """Raise if more numbers are asked for than a computer of today holds."""
    if math.prod(sizes.values()) > MOST_NUMBERS:
        asked = " x ".join(f"{name}={size}" for name, size in sizes.items())
        raise ValueError(
            f"{asked} are {math.prod(sizes.values()):.1e} numbers, more than fit into memory: "
            f"use a smaller {max(sizes, key=lambda name: sizes[name])}"
        )


def function(name: str, value: Any, form: str) -> Any:
    """Return ``value`` if it can be called, or raise; ``form`` says as what."""
    if not callable(value):
        raise TypeError(f"{name} must be a function {form}, got {got(value)}")
    return value


def rule(value: Any) -> Any:
    """Return ``value`` if it can be called as a rule, or raise."""
    return function("rule", value, "rule(w, pre, post) -> dw such as rules.decay")


def generator(
    value: Any, on: torch.device | str | None = None, name: str = "generator"
) -> torch.Generator:
    """Return ``value`` if it is a generator, on a kind of device if that is named, or raise."""
    if not isinstance(value, torch.Generator):
        seed = value if isinstance(value, Integral) and not isinstance(value, bool) else 0
        where = "" if on is None else f" on {on}"
        raise TypeError(
            f"{name} must be a torch.Generator{where}, got {got(value)}: "
            f"use torch.Generator().manual_seed({seed})"
        )
    if on is not None and value.device.type != torch.device(on).type:
        raise ValueError(
            f"{name} must be on {on}, got one on {value.device}: use torch.Generator({str(on)!r})"
        )
    return value


def clip(value: Any) -> float | None:
    """Return ``value`` as a bound above 0, or None for no bound, or raise."""
    if value is not None and number("clip", value, 0) < 1e-30:
        raise ValueError(
            f"clip must be above 0, got {value}: leave it out for a trace without bounds"
        )
    return None if value is None else float(value)


def held(name: str, value: Tensor) -> Tensor:
    """Return ``value`` if there are numbers in it, which are looked at or drawn from, or raise."""
    if value.is_meta:
        raise ValueError(f"{name} is on meta, where there are no numbers: make it on 'cpu'")
    return value


def dense(name: str, value: Tensor) -> Tensor:
    """Return ``value`` if each of its numbers has a place of its own, or raise."""
    if value.layout != torch.strided:
        raise TypeError(f"{name} must be dense, got {value.layout}: use {name}.to_dense()")
    return value


def known(value: Tensor) -> bool:
    """Tell whether the numbers of a tensor can be looked at.

    They cannot while torch compiles, for it would split the graph, inside of a transform of
    ``torch.func`` such as ``vmap``, and where there are none, on the device "meta".
    """
    return not (torch.compiler.is_compiling() or value.is_meta or transformed())


def transformed() -> bool:
    """Tell whether a transform of ``torch.func`` is at work."""
    return (
        not torch.compiler.is_compiling()
        and torch._C._functorch.peek_interpreter_stack() is not None
    )


def actions(name: str, value: Any, axes: str, sizes: dict[str, int], most: int) -> Tensor:
    """Return ``value`` if it holds whole numbers from 0 to ``most - 1`` along the named axes, or
    raise.
    """
    held(name, tensor(name, value, axes, sizes))
    if value.dtype != torch.int64:
        raise TypeError(f"{name} must hold integers (int64), got {value.dtype}: use {name}.long()")
    if known(value) and bool(((value < 0) | (value >= most)).any()):
        raise ValueError(
            f"{name} must hold integers from 0 to {most - 1}, got {_some(value.unique())}"
        )
    return value


def inside(name: str, value: Tensor, low: float, high: float, mend: str) -> Tensor:
    """Return ``value`` if all its numbers lie in [low, high], or raise with the mend."""
    if known(value) and not bool(((value >= low) & (value <= high)).all()):
        raise ValueError(
            f"{name} must lie in [{low:g}, {high:g}], got numbers from {value.min().item():g} to "
            f"{value.max().item():g}: {mend}"
        )
    return value


def _some(value: Tensor) -> str:
    """Write a few of some numbers."""
    few = value.flatten()[:8].tolist()
    return f"{few}" if value.numel() <= 8 else f"{str(few)[:-1]}, ...]"


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
    axes : str, such as "T B n", or "... n" for any axes before the last
    sizes : dict, the sizes of axes that are known; those of the other axes are added to it
    like : Tensor, optional, whose device and dtype it must have
    reference : str, what the caller calls ``like``
    boolean : bool, whether it must be boolean, whatever the dtype of ``like``
    """
    names = axes.split()
    if names[:1] == ["..."]:
        leading = max(0, getattr(value, "ndim", 0) - len(names) + 1)
        names = [f"...{k}" for k in range(sizes.setdefault("...", leading))] + names[1:]
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor of shape {_wanted(names, sizes)}, got {got(value)}: "
            "use torch.as_tensor(...)"
        )
    dense(name, value)
    agreed = dict(sizes)
    if value.ndim != len(names) or any(
        agreed.setdefault(a, s) != s for a, s in zip(names, value.shape, strict=True)
    ):
        single = names[:2] == ["T", "B"] and value.ndim == len(names) - 1
        hint = f": for a single episode use {name}.unsqueeze(1)" if single else ""
        raise ValueError(
            f"{name} must have shape {_wanted(names, sizes)}, got {tuple(value.shape)}{hint}"
        )
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


def _wanted(names: list[str], sizes: dict[str, int]) -> str:
    """Write a shape: the sizes of axes that are known, and the names of the others."""
    return "(" + ", ".join(f"{a}={sizes[a]}" if a in sizes else a for a in names) + ")"


def some_tensor(name: str, value: Any) -> Tensor:
    """Return ``value`` if it is a tensor, of any shape and type, or raise."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch tensor, got {got(value)}: use torch.as_tensor(...)"
        )
    return dense(name, value)


def floating(name: str, value: Any) -> Tensor:
    """Return ``value`` if it is a tensor of floating-point numbers, or raise."""
    if not some_tensor(name, value).is_floating_point():
        raise TypeError(
            f"{name} must hold floating-point numbers, got {value.dtype}: use {name}.float()"
        )
    return value


def finite(name: str, value: Tensor, mend: str = "look at how it was made") -> Tensor:
    """Return ``value`` if it holds neither NaN nor infinity, or raise with the mend."""
    # a sum is the fastest look at all numbers, and finite only if they are
    if (
        known(value)
        and not math.isfinite(value.detach().sum().item())
        and not bool(torch.isfinite(value).all())
    ):
        raise ValueError(f"{name} holds NaN or infinity: it must be finite, {mend}")
    return value


def spread(name: str, value: Any, like: Tensor, reference: str) -> float | Tensor:
    """Return a number, or a tensor that can be spread over another one without enlarging that.

    It must be finite, and must not change the precision of that one.
    """
    if not isinstance(value, Tensor):
        return number(name, value)
    try:
        fits = torch.broadcast_shapes(value.shape, like.shape) == like.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name} must be a number, or broadcast to the shape of {reference}, "
            f"{tuple(like.shape)}, got shape {tuple(value.shape)}"
        )
    if value.dtype == torch.bool:
        raise TypeError(f"{name} must hold numbers, got torch.bool: use {name}.to({like.dtype})")
    if (dense(name, value).ndim or value.is_meta) and value.device != like.device:
        raise ValueError(
            f"{name} is on {value.device}, not on {like.device} like {reference}: move one of them"
        )
    if torch.result_type(value, like) != like.dtype:
        raise TypeError(
            f"{name} is {value.dtype}, not {like.dtype} like {reference}: nothing is cast, "
            "convert it with .to(...)"
        )
    return finite(name, value)


def in_full_precision(called: Callable[P, R]) -> Callable[P, R]:
    """Make a function compute in the precision of what it is given, under autocast, too."""

    @wraps(called)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        for device in ("cpu", "cuda", "mps", "xpu"):
            if torch.is_autocast_enabled(device):
                with torch.autocast(device, enabled=False):
                    return wrapped(*args, **kwargs)
        return called(*args, **kwargs)

    return wrapped


def in_single_precision(called: Callable[P, R]) -> Callable[P, R]:
    """Make a function compute in single precision, whatever torch's default is meanwhile."""

    @wraps(called)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            return called(*args, **kwargs)
        finally:
            torch.set_default_dtype(before)

    return wrapped
