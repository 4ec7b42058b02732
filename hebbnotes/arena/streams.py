"""What happens in the arena: pairs that come one after the other, and what is asked afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["CODES", "TASKS", "Code", "Stream", "ceiling", "stream", "tasks_of"]


class Stream(NamedTuple):
    """A batch of episodes: T steps, of B episodes, between d senders and d receivers.

    Attributes
    ----------
    pre, post : Tensor (T, B, d)
        The sender's key, of length 1, and the receiver's value; both 0 in a silent step.
    modulator : Tensor (T, B)
        1, but for the task of rewards.
    predicted : Tensor (T, B), boolean
        Steps whose value is to be predicted from its key before it comes.
    queries, wanted : Tensor (Q, B, d)
        What is asked after the last step, and the value that is right.
    follow : str
        How it is asked: "once"; "unroll", where each answer's sign is the next query;
        or "complete", where the answers fill in what the query leaves open, five times.
    graded : bool
        Whether values have sizes, and not only signs.
    """

    pre: Tensor
    post: Tensor
    modulator: Tensor
    predicted: Tensor
    queries: Tensor
    wanted: Tensor
    follow: Literal["once", "unroll", "complete"] = "once"
    graded: bool = False


@dataclass(frozen=True)
class Code:
    """How keys and values are written in the activity of cells.

    Parameters
    ----------
    name : str
    d : int
        Cells at each end.
    active : int, optional
        Senders that are active in a key, each 1; without it all are, each 1 or -1.
    graded : bool
        Whether keys and values are drawn from [-1, 1] instead, all sizes alike.
    """

    name: str
    d: int
    active: int | None = None
    graded: bool = False

    @property
    def alike(self) -> bool:
        """Whether keys and values are of one code, so that a value can be the next key."""
        return self.active is None and not self.graded

    def keys(self, count: int, batch: int, generator: torch.Generator) -> Tensor:
        """Draw keys of length 1, shape (count, batch, d)."""
        _checks.generator(generator, "cpu")
        if self.active is None:
            drawn = self.values(count, batch, generator)
        else:
            order = torch.rand(count, batch, self.d, generator=generator).argsort(-1)
            drawn = (order < self.active).float()
        return drawn / drawn.norm(dim=-1, keepdim=True)

    def values(self, count: int, batch: int, generator: torch.Generator) -> Tensor:
        """Draw values, shape (count, batch, d)."""
        _checks.generator(generator, "cpu")
        drawn = 2 * torch.rand(count, batch, self.d, generator=generator) - 1
        return drawn if self.graded else torch.where(drawn < 0, -1.0, 1.0)


CODES = {
    code.name: code
    for code in (Code("dense", 32), Code("sparse", 64, active=4), Code("graded", 32, graded=True))
}
"""Signs between 32 cells; keys of 4 active cells among 64; and numbers of all sizes."""


def _written(keys: Tensor, values: Tensor) -> Stream:
    """Return the stream that shows these pairs once and asks for all of them."""
    ones = torch.ones(keys.shape[:2])
    return Stream(keys, values, ones, ones < 0, keys, values)


def _recall(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Sixteen pairs, and all of them are asked for."""
    return _written(code.keys(16, batch, g), code.values(16, batch, g))


def _rebind(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Eight keys, each with four values, one after the other: the newest is right."""
    keys, values = code.keys(8, batch, g), code.values(32, batch, g)
    return _written(keys.repeat(4, 1, 1), values)._replace(queries=keys, wanted=values[-8:])


def _blanks(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Four pairs, then sixty-four steps of silence."""
    silence = torch.zeros(64, batch, code.d)
    return _after(_four(code, batch, g), silence, silence)


def _crowd(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Four pairs, then thirty-two strangers: of the same size, and nobody will ask for them."""
    return _after(_four(code, batch, g), code.keys(32, batch, g), code.values(32, batch, g))


def _four(code: Code, batch: int, g: torch.Generator) -> Stream:
    return _written(code.keys(4, batch, g), code.values(4, batch, g))


def _after(pairs: Stream, keys: Tensor, values: Tensor) -> Stream:
    """Return a stream with further pairs at its end, for which nobody asks."""
    longer = _written(torch.cat([pairs.pre, keys]), torch.cat([pairs.post, values]))
    return longer._replace(queries=pairs.queries, wanted=pairs.wanted)


def _drift(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Eight keys whose values change slowly: each is predicted before it is shown again."""
    keys, now = code.keys(8, batch, g), code.values(8, batch, g)
    pre, post = keys.repeat(16, 1, 1), []
    for step in range(128):
        new = code.values(8, batch, g)
        now = torch.where(torch.rand(now.shape, generator=g) < 2 * CHANGED, new, now)
        post.append(now[step % 8])
    values = torch.stack(post)
    late = (torch.arange(128) >= 8)[:, None].expand(-1, batch)
    none = keys[:0]
    return _written(pre, values)._replace(predicted=late, queries=none, wanted=none)


CHANGED = 0.02
"""Share of a drifting value's numbers that turn their sign in a step; twice as many are drawn."""


def _reward(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Forty-eight pairs, four of them marked by the modulator: these are asked for."""
    keys, values = code.keys(48, batch, g), code.values(48, batch, g)
    marked = torch.rand(48, batch, generator=g).argsort(0)[:4]
    at = marked[..., None].expand(-1, -1, code.d)
    told = torch.zeros(48, batch).scatter_(0, marked, 1.0)
    pairs = _written(keys, values)
    return pairs._replace(modulator=told, queries=keys.gather(0, at), wanted=values.gather(0, at))


def _sequence(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Eight patterns, one after the other: from the first the others are to follow."""
    patterns = code.values(8, batch, g)
    shown = _written(patterns[:-1] / code.d**0.5, patterns[1:])
    return shown._replace(queries=shown.pre[:1], follow="unroll")


def _complete(code: Code, batch: int, g: torch.Generator) -> Stream:
    """Four patterns, each bound to itself: from one half of it the other is asked for."""
    patterns = code.values(4, batch, g)
    keys = patterns / code.d**0.5
    hidden = torch.rand(4, batch, code.d, generator=g).argsort(-1) < code.d // 2
    asked = keys.masked_fill(hidden, 0.0)
    return _written(keys, patterns)._replace(queries=asked, follow="complete")


TASKS: dict[str, Callable[[Code, int, torch.Generator], Stream]] = {
    "recall": _recall,
    "re-bind": _rebind,
    "blanks": _blanks,
    "crowd": _crowd,
    "drift": _drift,
    "reward": _reward,
    "sequence": _sequence,
    "complete": _complete,
}
"""The eight tasks by name."""


def tasks_of(code: Code) -> tuple[str, ...]:
    """Return the names of the tasks that a code has.

    Those that use an answer as the next question need values of the same code as keys.
    """
    return tuple(n for n in TASKS if code.alike or n not in {"sequence", "complete"})


def ceiling(task: str) -> float:
    """Return the highest overlap that can be expected in a task: 1, and less where values drift.

    Who knows the last value of a key for certain still misses what has changed in the eight steps
    since, which leaves ``(1 - 2 * CHANGED) ** 8`` of it.

    >>> round(ceiling("recall"), 2), round(ceiling("drift"), 2)
    (1.0, 0.72)

    Parameters
    ----------
    task : str, out of :data:`TASKS`
    """
    drifts = _checks.choice("task", task, tuple(TASKS)) == "drift"
    return (1 - 2 * CHANGED) ** 8 if drifts else 1.0


def stream(task: str, code: str, batch: int, generator: torch.Generator) -> Stream:
    """Draw the episodes of a task.

    >>> drawn = stream("re-bind", "dense", 2, torch.Generator().manual_seed(0))
    >>> drawn.pre.shape, drawn.queries.shape
    (torch.Size([32, 2, 32]), torch.Size([8, 2, 32]))

    Parameters
    ----------
    task, code : str
        Names out of :data:`TASKS` and :data:`CODES`.
    batch : int
        Episodes.
    generator : torch.Generator, which everything is drawn from

    Raises
    ------
    ValueError
        If there is no such task or code, or the code does not have the task.
    """
    chosen = CODES[_checks.choice("code", code, tuple(CODES))]
    _checks.choice("task", task, tasks_of(chosen))
    _checks.generator(generator, "cpu")
    drawn = TASKS[task](chosen, _checks.integer("batch", batch), generator)
    return drawn._replace(graded=chosen.graded)
