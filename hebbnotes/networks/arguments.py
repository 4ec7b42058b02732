"""What plastic networks are told and what they carry on, and the checks of it that they share.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.connections import ScaledIdentity
from hebbnotes.plasticity.rules import CommonForm, Rule
from hebbnotes.plasticity.stepper import check

__all__ = [
    "SUPPLIED",
    "State",
    "Writing",
    "as_autocast",
    "check_connections",
    "check_parts",
    "check_rate",
    "check_weights",
    "check_writing",
]

SUPPLIED = ("drive",)
"""What a rule may declare in a plastic network."""


class State(NamedTuple):
    """What a plastic network carries from one step to the next, in the graph until :meth:`detach`.

    Attributes
    ----------
    y : Tensor
        Latest output, shape (B, n).
    hebb : Tensor
        Hebbian trace, shape (B, n_pre, n_post): one for each episode, never shared by the batch.
    """

    y: Tensor
    hebb: Tensor

    def detach(self) -> "State":
        """Return the same numbers without their history, for truncated backpropagation."""
        return State(self.y.detach(), self.hebb.detach())

    def to(self, *args: Any, **kwargs: Any) -> "State":
        """Return the state with another dtype or on another device, as :meth:`torch.Tensor.to`."""
        return State(self.y.to(*args, **kwargs), self.hebb.to(*args, **kwargs))


class Writing(NamedTuple):
    """How a trace is written, if not by the rule alone: keyword arguments of :func:`.loop.run`.

    Attributes
    ----------
    clip : float, optional
        Size at which every value of the trace is cut off after each step, above 0.
    kept, written : Tensor, optional
        Two numbers of any sign for each step, shape (T, B), or for each step and receiver, shape
        (T, B, n), in place of ``1 - eta * forget(y)`` and of ``eta``::

            hebb = kept[t] * hebb + outer(pre, written[t] * y)

        Where only one is given, the other is what it is without. They need a rule of the common
        form.
    """

    clip: float | None = None
    kept: Tensor | None = None
    written: Tensor | None = None


def as_autocast(value: Any, like: Tensor) -> Any:
    """Return what a module is given in the precision of its weights, under autocast, or as it is.

    Autocast hands low precision from layer to layer; plastic networks compute in that of their
    weights, and a trace is kept in it.
    """
    if (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.dtype != like.dtype
        and torch.is_autocast_enabled(value.device.type)
    ):
        return value.to(like.dtype)
    return value


def check_connections(
    inputs: Tensor,
    w: Any,
    alpha: Any,
    eta: Any,
    rule: Any,
    state: Any,
    sizes: dict[str, int],
    axes: str,
) -> None:
    """Check what a plastic network is told; ``axes`` are those of a matrix."""
    check(rule, SUPPLIED, "a plastic network")
    check_weights(inputs, w, alpha, sizes, axes)
    check_rate("eta", eta, inputs)
    n_pre, n_post = axes.split()
    if state is not None:
        if not isinstance(state, State):
            raise TypeError(
                f"state must be a State as a network returns it, got {type(state).__name__}: use "
                "State(y, hebb)"
            )
        check_parts(state, {"y": f"B {n_post}", "hebb": f"B {n_pre} {n_post}"}, inputs, sizes)
    if n_post not in sizes:
        raise ValueError(
            f"the number of outputs {n_post} is not known: pass w or alpha as a matrix, or "
            "targets, or a state"
        )


def check_weights(inputs: Tensor, w: Any, alpha: Any, sizes: dict[str, int], axes: str) -> None:
    """Check the connections of a network; ``axes`` are those of a matrix."""
    n_pre, n_post = axes.split()
    for name, value in (("w", w), ("alpha", alpha)):
        if isinstance(value, ScaledIdentity) and n_pre != n_post:
            raise TypeError(
                f"{name} must be a matrix or a number in a layer: a ScaledIdentity needs as many "
                "outputs as inputs"
            )
        given = value.scale if isinstance(value, ScaledIdentity) else value
        if isinstance(given, Tensor):
            matrix = given.ndim != 0 and not isinstance(value, ScaledIdentity)
            _checks.tensor(name, given, axes if matrix else "", sizes, like=inputs)
            _checks.finite(name, given)
        elif value is not None or name == "w":
            _checks.number(name, given)


def check_rate(name: str, value: Any, like: Tensor) -> None:
    """Check a rate in [0, 1], a number or a scalar."""
    if isinstance(value, Tensor):
        _checks.tensor(name, value, "", {}, like=like)
        if not _checks.known(value):
            return
        value = value.item()
    _checks.number(name, value, 0, 1)


def check_parts(state: Any, axes: dict[str, str], like: Tensor, sizes: dict[str, int]) -> None:
    """Check those parts of a state that are named, each with its axes."""
    for name, its in axes.items():
        _checks.tensor(f"state.{name}", getattr(state, name), its, sizes, like=like)
    for name in axes:
        _checks.finite(f"state.{name}", getattr(state, name))


def check_writing(how: Writing, inputs: Tensor, rule: Rule, sizes: dict[str, int]) -> Writing:
    """Return it with numbers for each receiver, shape (T, B, n)."""
    _checks.clip(how.clip)
    spread = {}
    for name in ("kept", "written"):
        value = getattr(how, name)
        if value is None:
            continue
        if not isinstance(rule, CommonForm):
            raise ValueError(
                f"{name} needs a rule of the common form such as rules.decay, got {rule}: any "
                "other rule says itself what it keeps and writes"
            )
        each = isinstance(value, Tensor) and value.ndim == 3
        _checks.tensor(name, value, "T B n" if each else "T B", sizes, like=inputs)
        _checks.finite(name, value)
        spread[name] = value if each else value.unsqueeze(-1).expand_as(inputs)
    return how._replace(**spread)
