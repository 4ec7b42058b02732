"""The scores of a memory in the arena, at settings that other episodes have chosen."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.arena.memories import Memory
from hebbnotes.arena.streams import CODES, Stream, stream, tasks_of

__all__ = [
    "FRESH",
    "RATES",
    "TUNING",
    "Chosen",
    "Scores",
    "chosen",
    "judged",
    "overlaps",
    "score",
    "shown",
    "sweep",
]

RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Learning rates that are tried where an entry names none."""
TUNING = (1000, 1001)
"""Seeds of the episodes that choose the rate."""
FRESH = (2000, 2001, 2002, 2003, 2004)
"""Seeds of the episodes that count."""
EPISODES = 32
"""Episodes of a task and a seed."""


class Chosen(NamedTuple):
    """Settings that were best on the seeds of tuning.

    Attributes
    ----------
    setting : float, in the mean over all tasks
    own : dict of str to float, for each task alone
    """

    setting: float
    own: dict[str, float]


class Scores(NamedTuple):
    """What a memory scored: overlaps, 1 for every bit right and 0 for chance.

    Attributes
    ----------
    setting : float, that was best in the mean over all tasks on the seeds of tuning
    tasks : dict of str to list of float
        By task, for each fresh seed, at this setting.
    own : dict of str to float
        By task, the setting that is best for it alone on the seeds of tuning.
    best : dict of str to list of float
        By task, for each fresh seed, at its own setting.
    """

    setting: float
    tasks: dict[str, list[float]]
    own: dict[str, float]
    best: dict[str, list[float]]

    def total(self, own: bool = False) -> list[float]:
        """Return the mean over the tasks, for each fresh seed."""
        columns = (self.best if own else self.tasks).values()
        return [sum(seed) / len(columns) for seed in zip(*columns, strict=True)]


def _overlap(drive: Tensor, wanted: Tensor, graded: bool) -> Tensor:
    """Return by setting how well drives (Q, R, B, d) fit what is wanted, (Q, B, d)."""
    if graded:
        fit = torch.cosine_similarity(drive, wanted[:, None], dim=-1)
        return fit.mean((0, 2))
    return (drive.sign() * wanted[:, None]).mean((0, 2, 3))


def _asked(memory: Memory, drawn: Stream, g: torch.Generator) -> Tensor:
    """Ask what a task asks after its last step; return the overlaps (R,)."""
    queries, scale = drawn.queries[:, None], drawn.queries.shape[-1] ** -0.5

    def read(asked: Tensor) -> Tensor:
        return memory.read(asked, torch.randn(len(asked), *asked.shape[2:], generator=g))

    if drawn.follow == "once":
        return _overlap(read(queries), drawn.wanted, drawn.graded)
    if drawn.follow == "unroll":
        answers = []
        for _ in drawn.wanted:
            answers.append(read(queries))
            queries = answers[-1].sign() * scale
        return _overlap(torch.cat(answers), drawn.wanted, drawn.graded)
    hidden = drawn.queries[:, None] == 0
    for _ in range(5):
        answer = read(queries)
        queries = torch.where(hidden, answer.sign() * scale, drawn.queries[:, None])
    right = (answer.sign() * drawn.wanted[:, None] * hidden).sum((0, 2, 3))
    return right / hidden.sum()


def overlaps(memory: Memory, drawn: Stream, generator: torch.Generator) -> Tensor:
    """Show a memory a stream and ask it; return its overlaps, shape (R,), one for each setting.

    Parameters
    ----------
    memory : Memory
    drawn : Stream, of T steps and B episodes
    generator : torch.Generator
        Source of the noise of all reads, and of the pair by which a fresh write is measured.
    """
    _checks.generator(generator, "cpu")
    noise = torch.randn(drawn.pre.shape, generator=generator)
    expected = [told for told in shown(memory, drawn, noise) if told is not None]
    if expected:
        came = drawn.post[drawn.predicted.any(1)]
        return _overlap(torch.stack(expected), came, drawn.graded)
    return _asked(memory, drawn, generator)


def shown(memory: Memory, drawn: Stream, noise: Tensor) -> Iterator[Tensor | None]:
    """Show a memory a stream, step by step, with the noise of its reads (T, B, d); yield what it
    expected (R, B, d) where it is to predict, else None.
    """
    memory.start(drawn.pre[0], drawn.post[0])
    for pre, post, modulator, predicted, its in zip(*drawn[:4], noise, strict=True):
        yield memory.write(pre, post, modulator, its, tell=bool(predicted.any()))


def sweep(
    memory: Memory, code: str, seeds: Sequence[int], episodes: int = EPISODES
) -> dict[str, Tensor]:
    """Return the overlaps of a memory by task, shape (S, R): for each seed, at each setting.

    Parameters
    ----------
    memory : Memory
    code : str, out of :data:`.streams.CODES`
    seeds : sequence of int, S of them: the same pairs and the same noise for every memory
    episodes : int, B of each task
    """
    _checks.choice("code", code, tuple(CODES))
    found: dict[str, list[Tensor]] = {task: [] for task in tasks_of(CODES[code])}
    for seed in seeds:
        for place, task in enumerate(found):
            g = torch.Generator().manual_seed(100 * _checks.integer("seed", seed, 0) + place)
            found[task].append(overlaps(memory, stream(task, code, episodes, g), g))
    return {task: torch.stack(each) for task, each in found.items()}


def score(
    memory: Memory,
    code: str = "dense",
    fresh: Sequence[int] = FRESH,
    tuning: Sequence[int] = TUNING,
    episodes: int = EPISODES,
) -> Scores:
    """Choose the setting on some seeds, and score it on others.

    Parameters
    ----------
    memory : Memory
    code : str, out of :data:`.streams.CODES`
    fresh, tuning : sequence of int
        Seeds; no seed may be in both.
    episodes : int, of each task and fresh seed; half as many choose the setting
    """
    both = set(fresh) & set(tuning)
    if both:
        raise ValueError(
            f"seeds {sorted(both)} are in fresh and in tuning: what chose a rate cannot judge it"
        )
    return judged(memory, code, chosen(memory, code, tuning, episodes), fresh, episodes)


def chosen(
    memory: Memory, code: str, tuning: Sequence[int] = TUNING, episodes: int = EPISODES
) -> Chosen:
    """Choose the settings of a memory; arguments as for :func:`score`."""
    tried = sweep(memory, code, tuning, episodes // 2 or 1)
    means = {task: at.mean(0) for task, at in tried.items()}
    k = int(torch.stack(list(means.values())).mean(0).argmax())
    own = {task: memory.settings[int(at.argmax())] for task, at in means.items()}
    return Chosen(memory.settings[k], own)


def judged(
    memory: Memory, code: str, at: Chosen, fresh: Sequence[int] = FRESH, episodes: int = EPISODES
) -> Scores:
    """Score a memory at settings that were chosen; arguments as for :func:`score`."""
    used = sorted({at.setting, *at.own.values()})
    found = sweep(memory.at(used), code, fresh, episodes)
    return Scores(
        at.setting,
        {task: v[:, used.index(at.setting)].tolist() for task, v in found.items()},
        at.own,
        {task: v[:, used.index(at.own[task])].tolist() for task, v in found.items()},
    )
