"""What checkers of exercises share: what a reader's function returns is what it should be."""

from collections.abc import Callable
from numbers import Real
from typing import Any

from torch import Tensor

from hebbnotes import _checks

__all__ = ["expect", "numbers", "tensors"]


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
