"""The common form of a rule, and what every rule of the package asks of what it is given.

A rule of this form differs from others of it in what it forgets alone; see
:mod:`hebbnotes.plasticity.rules`.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.stepper import declared

__all__ = ["CommonForm", "Forget", "Rule", "check_seen"]

Rule = Callable[..., Tensor]
Forget = Callable[..., Tensor]


class CommonForm:
    """A rule that writes the product of the activities and forgets in proportion to the weight.

    ``dw[i, j] = pre[i] * post[j] - forget(post)[j] * w[i, j]``. As a decorator, it makes a rule of
    its forget function, with that function's name and docstring.

    >>> import torch
    >>> absolute = CommonForm(torch.abs)
    >>> absolute(torch.ones(1, 1), torch.tensor([2.0]), torch.tensor([-3.0]))
    tensor([[-9.]])

    Parameters
    ----------
    forget : callable
        ``forget(post) -> share`` of a weight that is lost per unit of learning rate, of the shape
        of ``post``, entry by entry. Its keyword-only arguments are what the rule declares.

    Notes
    -----
    Source: the form that Hebb (1949), Miconi, Stanley & Clune (2018, equation 2) and Oja (1982)
    share.
    """

    def __init__(self, forget: Forget) -> None:
        if not callable(forget):
            raise TypeError(
                f"forget must be a function of post such as torch.square, got {forget!r}"
            )
        self.forget = forget
        self.__name__ = getattr(forget, "__name__", type(forget).__name__)
        self.__module__ = getattr(forget, "__module__", None) or ""
        self.__doc__ = getattr(forget, "__doc__", None)
        further = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in declared(forget)]
        self.__signature__ = inspect.Signature([*_SEEN, *further])

    def __call__(self, w: Tensor, pre: Tensor, post: Tensor, **local: Tensor) -> Tensor:
        """Return the change ``dw``, of the shape of ``w``, for a learning rate of 1."""
        check_seen(w, pre, post, **local)
        lost = self.forget(post, **local)
        if not isinstance(lost, Tensor) or lost.shape != post.shape:
            raise ValueError(
                f"forget must return a share for each entry of post, shape {tuple(post.shape)}, "
                f"got {_checks.got(lost)}"
            )
        return pre.unsqueeze(-1) * post.unsqueeze(-2) - lost.unsqueeze(-2) * w

    def __repr__(self) -> str:
        return f"CommonForm({self.__name__})"

    def __deepcopy__(self, memo: dict[int, Any]) -> "CommonForm":
        return self  # like a function: a copied network has the same rule, not an equal one

    def __reduce__(self) -> str | tuple[Any, ...]:
        home = sys.modules.get(self.__module__)
        named = getattr(home, self.__name__, None) is self
        return self.__name__ if named else (CommonForm, (self.forget,))


def check_seen(w: Tensor, pre: Tensor, post: Tensor, **local: float | Tensor) -> None:
    """Raise unless weights and activities have the axes of a rule, and one precision.

    Activities share their leading axes, and w has them too, or none: one matrix may serve a batch.
    A product of other shapes would be spread in silence. What else a rule sees may be a constant.
    """
    if not (
        isinstance(w, Tensor)
        and isinstance(pre, Tensor)
        and isinstance(post, Tensor)
        and pre.ndim > 0
        and w.shape == pre.shape + post.shape[-1:]
        and post.shape[:-1] == pre.shape[:-1]
        and w.dtype == pre.dtype == post.dtype
        and w.device == pre.device == post.device
        and w.layout == pre.layout == post.layout
    ):  # it is rarely so
        sizes: dict[str, int] = {}
        single = isinstance(w, Tensor) and w.ndim == 2
        axes = "n_pre n_post" if single else "... n_pre n_post"
        _checks.floating("w", _checks.tensor("w", w, axes, sizes))
        _checks.tensor("pre", pre, "... n_pre", sizes, like=w, reference="w")
        _checks.tensor("post", post, "... n_post", sizes, like=w, reference="w")
    for name, value in local.items():
        if name == "eligibility":  # of each episode, also where one matrix serves a batch
            like = w.expand(*pre.shape, post.shape[-1])
        else:
            like = pre if name.startswith("pre_") else post
        if not isinstance(value, Tensor) or _kind(value) != _kind(like):
            _checks.spread(name, value, like, "the cells' activity")


def _kind(value: Tensor) -> tuple[Any, ...]:
    return value.shape, value.dtype, value.device, value.layout


_SEEN = [
    inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    for name in ("w", "pre", "post")
]
