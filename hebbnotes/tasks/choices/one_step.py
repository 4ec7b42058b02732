"""One step towards a goal: which of two moves is right, and what one gets without the goal."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["GOALS", "MOVES", "ChoiceEpisodes", "OneStep", "choice_trials", "floor_choice"]

MOVES = ("left", "right", "up", "down")
"""Moves by number, 0 to 3."""
GOALS = ("upper left", "upper right", "lower left", "lower right")
"""Goals by number, 0 to 3: the corners of a square in whose middle one stands."""
SMALLER = {(2, (0, 1)), (3, (0, 1)), (0, (2, 3)), (3, (2, 3)), (1, (0, 2)), (2, (0, 2))} | {
    (1, (1, 3)),
    (0, (0, 3)),
}
"""Goals and offers of the smaller list."""


class ChoiceEpisodes(NamedTuple):
    """A batch of choices.

    Attributes
    ----------
    inputs : Tensor
        What is shown, (T, B, 8): four channels for goals, four for moves, without unit.
    answer : Tensor
        The right move of each episode, (B,), whole numbers from 0 to 3.
    trial : Tensor
        Which trial each episode is, (B,), a row of :func:`choice_trials`.
    """

    inputs: Tensor
    answer: Tensor
    trial: Tensor


def choice_trials(balanced: bool = True) -> Tensor:
    """Return all trials: a goal, two moves on offer, and the one that leads nearer to the goal.

    Each goal has two moves that lead nearer, and a trial offers one of them beside one that does
    not: 16 trials, in which each offer has either of its moves as the right answer equally often.

    Parameters
    ----------
    balanced : bool
        False for 8 of them on five offers, two of which have one right answer only, as in the
        published demonstration of spatially embedded networks; each goal is met twice.

    Returns
    -------
    Tensor
        Whole numbers, shape (trials, 4): goal, smaller move, larger move, right move.

    Notes
    -----
    Source: this book, after the one-step task of Achterberg and others (2023).
    """
    _checks.flag("balanced", balanced)
    found = []
    for goal in range(len(GOALS)):
        nearer = {goal % 2, 2 + goal // 2}
        for first in range(len(MOVES)):
            for second in range(first + 1, len(MOVES)):
                right = nearer & {first, second}
                if len(right) == 1 and (balanced or (goal, (first, second)) in SMALLER):
                    found.append((goal, first, second, *right))
    return torch.tensor(found)


def floor_choice(trials: Tensor) -> float:
    """Return the share of right answers of one who sees the offer and never the goal.

    The best such answer to each offer is the one that is right most often: the floor is the sum
    over offers of how often that is, divided by the number of trials.

    Parameters
    ----------
    trials : Tensor
        Whole numbers, (trials, 4), as of :func:`choice_trials`; each is met equally often.

    Notes
    -----
    Source: eq-choice-floor; this book.

    Examples
    --------
    >>> floor_choice(choice_trials()), floor_choice(choice_trials(balanced=False))
    (0.5, 0.625)
    """
    _checks.actions("trials", trials, "trials four", {"four": 4}, len(MOVES))
    counts: dict[tuple[int, int], list[int]] = {}
    for _, first, second, right in trials.tolist():
        counts.setdefault((first, second), [0] * len(MOVES))[right] += 1
    return sum(max(count) for count in counts.values()) / len(trials)


@dataclass(frozen=True)
class OneStep:
    """Show a goal, wait, show two moves, and ask at the last step which leads nearer.

    >>> task = OneStep()
    >>> episodes = task.sample(8, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape, episodes.answer.shape
    (torch.Size([15, 8, 8]), torch.Size([8]))

    Parameters
    ----------
    noise : float
        Standard deviation of what is added to each input in each step; what is shown has height 1.
    goal, delay, choice : int
        Steps for which the goal is shown, nothing, and the moves.
    balanced : bool
        See :func:`choice_trials`.

    Notes
    -----
    Source: this book, after Achterberg and others (2023); the noise is ours.
    """

    noise: float = 0.75
    goal: int = 5
    delay: int = 5
    choice: int = 5
    balanced: bool = True

    def __post_init__(self) -> None:
        _checks.number("noise", self.noise, 0)
        for name, least in (("goal", 1), ("delay", 0), ("choice", 1)):
            _checks.integer(name, getattr(self, name), least)
        _checks.flag("balanced", self.balanced)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(GOALS) + len(MOVES)

    @property
    def n_outputs(self) -> int:
        """Number of answers."""
        return len(MOVES)

    @property
    def n_steps(self) -> int:
        """Steps of an episode."""
        return self.goal + self.delay + self.choice

    def sample(
        self, batch: int, generator: torch.Generator, noise: float | None = None
    ) -> ChoiceEpisodes:
        """Draw episodes, with another noise if one is named."""
        _checks.integer("batch", batch)
        _checks.generator(generator)
        noise = self.noise if noise is None else _checks.number("noise", noise, 0)
        trials = choice_trials(self.balanced).to(generator.device)
        which = torch.randint(len(trials), (batch,), generator=generator, device=generator.device)
        its, episode = trials[which], torch.arange(batch, device=generator.device)
        shape = (self.n_steps, batch, self.n_inputs)
        inputs = noise * torch.randn(shape, generator=generator, device=generator.device)
        inputs[: self.goal, episode, its[:, 0]] += 1
        for move in (its[:, 1], its[:, 2]):
            inputs[self.goal + self.delay :, episode, len(GOALS) + move] += 1
        return ChoiceEpisodes(inputs, its[:, 3], which)
