"""Events: what of an episode has to be computed one after the other, and what each of them writes.

An *event* is a step, or equal steps that are clamped throughout, taken as one: where nothing is
free, nothing is computed but what is written.

Shapes: T steps, B episodes, n units.

Source: this book; see :mod:`.plasticity.chunks`.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, chain, groupby
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes.plasticity.rules import CommonForm, Forget, Rule
from hebbnotes.plasticity.stepper import declared

__all__ = [
    "MOST_KEYS",
    "Event",
    "Moment",
    "Part",
    "Write",
    "chunked",
    "event_writes",
    "find_events",
    "knows",
    "writes",
]

MOST_KEYS = 20, 32
"""Keys of a chunk, and of an episode that is not cut. Measured; the optimum is flat."""


class Event(NamedTuple):
    """A step of an episode, or several equal ones.

    Attributes
    ----------
    step : int
        The first of the steps.
    times : int
        How many there are.
    free : bool
        Whether some unit of some episode is not clamped, or that was not looked for.
    shares : bool
        Whether its sender's activity is that of the event before, so that both write to one key.
    """

    step: int
    times: int
    free: bool
    shares: bool


class Write(NamedTuple):
    """What a step keeps of the trace and what it writes, for each receiver.

    Attributes
    ----------
    eta : float or Tensor
        Rate at which the trace is written, a scalar.
    forget : callable
        As a rule of the common form carries it.
    kept, written : Tensor, optional
        Numbers in place of ``1 - eta * forget(y)`` and of ``eta``, of any sign, shape (T, B, n).
    """

    eta: float | Tensor
    forget: Forget
    kept: Tensor | None = None
    written: Tensor | None = None

    def given(self) -> dict[str, Tensor]:
        """Return the numbers that are given, by name."""
        named = {"kept": self.kept, "written": self.written}
        return {name: value for name, value in named.items() if value is not None}

    def at(self, rows: Any) -> "Write":
        """Return it for some of the steps."""
        kept, written = (one if one is None else one[rows] for one in (self.kept, self.written))
        return self._replace(kept=kept, written=written)


class Moment(NamedTuple):
    """What the backward pass has to know of an event."""

    values: Tensor  # (1 + K, B, n), before it wrote
    kept: Tensor  # (B, n)
    from_start: Tensor | None = None  # (B, n), what it read of the start, to be weighted
    from_keys: Tensor | None = None  # (K, B, n), the same of the keys


class Part(NamedTuple):
    """What the backward pass has to know of a chunk of E events; :meth:`tensors` are saved."""

    events: list[Event]
    write: Write
    clamp: Tensor  # (E, B, n)
    start: Tensor | None  # the trace where it began, (B, n, n); None if that was empty
    activity: Tensor  # (E + 1, B, n), with the output before the chunk
    keys: Tensor  # (K, B, n)
    values: Tensor  # (1 + K, B, n), at its end
    moments: list[Moment]

    def tensors(self) -> list[Tensor | None]:
        """Return what an event or the chunk computed, to be saved for the backward pass."""
        return [self.start, self.activity, self.keys, self.values, *chain(*self.moments)]

    @classmethod
    def of(cls, events: list[Event], write: Write, clamp: Tensor, saved: list[Any]) -> "Part":
        """Return a chunk whose :meth:`tensors` were saved; they are taken from the front."""
        start, activity, keys, values = (saved.pop(0) for _ in range(4))
        moments = [Moment(*(saved.pop(0) for _ in range(4))) for _ in events]
        return cls(events, write, clamp, start, activity, keys, values, moments)


def knows(rule: Rule) -> bool:
    """Tell whether the trace of a rule is a sum that this module can add up.

    It is of the common form, and its forget function keeps its word: it acts entry by entry, needs
    nothing that is not known here, and has no trained numbers, whose gradient would be lost.
    """
    if not isinstance(rule, CommonForm) or declared(rule):
        return False
    if torch.compiler.is_compiling():
        return True
    try:
        post = _TRIED.clone()
        share, some = rule.forget(post), rule.forget(_TRIED[:4].clone())
        alone = share.shape == _TRIED.shape and torch.equal(share[:4], some)
        return alone and not share.requires_grad and torch.equal(post, _TRIED)
    except Exception:  # whatever it is, this function wants more than its activity
        return False


_TRIED = torch.tensor([0.4, -0.8, 0.0, -0.05, 1.0, -1.0, 0.3, 3.0])
"""Activities on which forget functions are tried, of both signs, small and large."""


def find_events(
    inputs: Tensor, clamp: Tensor, y: Tensor, merge: bool = True, numbers: Sequence[Tensor] = ()
) -> list[Event]:
    """Find the events of a batch of episodes.

    Steps are equal if they are in all episodes, their numbers too, and no gradient tells them
    apart.

    Parameters
    ----------
    inputs, clamp : Tensor
        Shape (T, B, n); see :func:`.loop.run`.
    y : Tensor
        Output before the first step, shape (B, n).
    merge : bool
        Whether equal steps are looked for; otherwise each step is an event.
    numbers : sequence of Tensor
        What else a step has of its own, shape (T, ...) each.
    """
    if not merge:
        return [Event(t, 1, True, False) for t in range(len(inputs))]
    given = clamp.flatten(1).all(1)
    known = torch.cat([given.new_full((1,), not y.requires_grad), given[:-1]])
    equal = (inputs == torch.cat([y.unsqueeze(0), inputs[:-1]])).flatten(1).all(1)
    # y[t] is y[t - 1], whatever the network does
    same = given & known & equal & (not inputs.requires_grad)
    alike = torch.ones_like(given)
    for one in numbers:
        alike[1:] &= (one[1:] == one[:-1]).flatten(1).all(1) & (not one.requires_grad)
    given, same, alike = torch.stack([given, same, alike]).tolist()
    events: list[Event] = []
    for t, repeats in enumerate(same):
        shares = t > 0 and same[t - 1]
        if shares and repeats and alike[t]:
            events[-1] = events[-1]._replace(times=events[-1].times + 1)
        else:
            events.append(Event(t, 1, not given[t], shares))
    return events


def chunked(
    events: list[Event], most: int = MOST_KEYS[0], whole: int = MOST_KEYS[1]
) -> list[list[Event]]:
    """Cut events into as few chunks as have at most ``most`` keys each, and about equally many.

    An episode of at most ``whole`` keys is left in one piece.
    """
    keys = [*accumulate(not event.shares for event in events)]
    n_chunks = 1 if keys[-1] <= whole else math.ceil(keys[-1] / most)
    size = math.ceil(keys[-1] / n_chunks)
    groups = groupby(zip(events, keys, strict=True), key=lambda pair: (pair[1] - 1) // size)
    return [[event for event, _ in group] for _, group in groups]


def writes(y: Tensor, eta: float | Tensor, forget: Forget, times: int = 1) -> tuple[Tensor, Tensor]:
    """Return what an event keeps of every value, and what it writes.

    One step keeps ``1 - eta * forget(y)`` and writes ``eta * y``; ``times`` equal ones keep its
    power and write a geometric sum.

    >>> kept, written = writes(torch.tensor([2.0]), 0.25, torch.square, times=3)
    >>> kept.item(), written.item()
    (0.0, 0.5)

    Parameters
    ----------
    y : Tensor
        Output of the event, shape (..., n), without unit.
    eta : float or Tensor
        Rate at which the trace is written.
    forget : callable
        As a rule of the common form carries it.
    times : int
        Number of equal steps.
    """
    return event_writes(y, Write(eta, forget), times)


def event_writes(y: Tensor, write: Write, times: int) -> tuple[Tensor, Tensor]:
    """Do what :func:`writes` does, with numbers that may be given.

    The sum is added up and not divided out: the factor may be 1, 0 or negative.
    """
    once = 1 - write.eta * write.forget(y) if write.kept is None else write.kept
    value = (write.eta if write.written is None else write.written) * y
    written = value
    for _ in range(times - 1):
        written = torch.addcmul(value, written, once)
    return once**times, written
