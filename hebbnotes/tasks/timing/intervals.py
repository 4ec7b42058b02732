"""Intervals: how long a gap between two pulses was, and two such gaps at once."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks.timing.episodes import TimedEpisodes

__all__ = ["Intervals", "TwoClocks"]

ONSETS = 10
"""Steps among which the first pulse of the channel with the longest gaps may fall."""
READ = 3
"""Steps after the second pulse at which the answer is read."""


@dataclass(frozen=True)
class Intervals:
    """Show two pulses, and ask for the logarithm of the gap between them.

    Gaps are whole steps, and but for that any ratio is as likely as any other. The answer has mean
    0 and variance 1 over gaps, nearly, if they are of several steps, so that to answer 0 always is
    an error of 1; it is read at the three steps after the second pulse. Nothing tells when the
    first pulse comes.

    >>> task = Intervals(3, 96)
    >>> episodes = task.sample(8, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape, episodes.answer.shape, int(episodes.mask.sum())
    (torch.Size([109, 8, 1]), torch.Size([8, 1]), 24)

    Parameters
    ----------
    low, high : int
        Shortest and longest gap, in steps.
    noise : float
        Standard deviation of what is added to the input in each step; a pulse has height 1.

    Notes
    -----
    Source: this book.
    """

    low: int = 3
    high: int = 96
    noise: float = 0.05

    def __post_init__(self) -> None:
        _check_gaps("low", "high", (self.low, self.high))
        _checks.number("noise", self.noise, 0)

    @property
    def n_inputs(self) -> int:
        """Number of inputs, and of outputs."""
        return 1

    @property
    def n_outputs(self) -> int:
        """Number of answers."""
        return 1

    @property
    def n_steps(self) -> int:
        """Steps of an episode."""
        return ONSETS + self.high + READ

    def sample(self, batch: int, generator: torch.Generator) -> TimedEpisodes:
        """Draw episodes."""
        return _sample([(self.low, self.high)], self.noise, batch, generator)


@dataclass(frozen=True)
class TwoClocks:
    """Show two pulses on each of two channels at once, and ask for both gaps.

    By default the clocks differ in speed; ``TwoClocks((8, 32), (8, 32))`` has the same ratio of
    longest to shortest gap, and one speed. Each gap is as in :class:`Intervals`, and falls anywhere
    into the episode.

    >>> episodes = TwoClocks().sample(8, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape, episodes.answer.shape
    (torch.Size([109, 8, 2]), torch.Size([8, 2]))

    Parameters
    ----------
    fast, slow : tuple of int
        Shortest and longest gap of each channel, in steps.
    noise : float
        As for :class:`Intervals`.

    Notes
    -----
    Source: this book.
    """

    fast: tuple[int, int] = (3, 12)
    slow: tuple[int, int] = (24, 96)
    noise: float = 0.05

    def __post_init__(self) -> None:
        for name in ("fast", "slow"):
            low, high = _checks.integers(name, getattr(self, name), 2)
            _check_gaps(f"{name}[0]", f"{name}[1]", (low, high))
        _checks.number("noise", self.noise, 0)

    @property
    def n_inputs(self) -> int:
        """Number of inputs, and of outputs."""
        return 2

    @property
    def n_outputs(self) -> int:
        """Number of answers."""
        return 2

    @property
    def n_steps(self) -> int:
        """Steps of an episode."""
        return ONSETS + max(self.fast[1], self.slow[1]) + READ

    def sample(self, batch: int, generator: torch.Generator) -> TimedEpisodes:
        """Draw episodes."""
        return _sample([self.fast, self.slow], self.noise, batch, generator)


def _check_gaps(low: str, high: str, gaps: tuple[int, int]) -> None:
    _checks.integer(low, gaps[0])
    _checks.integer(high, gaps[1])
    if gaps[0] >= gaps[1]:
        raise ValueError(f"{high} must be above {low}={gaps[0]}, got {gaps[1]}: gaps must differ")


def _sample(
    gaps: list[tuple[int, int]], noise: float, batch: int, generator: torch.Generator
) -> TimedEpisodes:
    """Draw episodes with a pair of pulses on each channel."""
    _checks.generator(generator)
    steps = ONSETS + max(high for _, high in gaps) + READ
    _checks.room(steps=steps, batch=_checks.integer("batch", batch), channels=len(gaps))
    device, rows = generator.device, torch.arange(batch, device=generator.device)

    def uniform() -> Tensor:
        return torch.rand(batch, generator=generator, device=device)

    inputs = noise * torch.randn(steps, batch, len(gaps), generator=generator, device=device)
    answer = torch.zeros(batch, len(gaps), device=device)
    mask = torch.zeros(steps, batch, len(gaps), dtype=torch.bool, device=device)
    for channel, (low, high) in enumerate(gaps):
        gap = (low * (high / low) ** uniform()).round().long()
        first = (uniform() * (steps - READ - high)).long()
        inputs[first, rows, channel] += 1
        inputs[first + gap, rows, channel] += 1
        middle, width = math.log(low * high) / 2, math.log(high / low)
        answer[:, channel] = (gap.log() - middle) / (width / math.sqrt(12))
        for later in range(1, READ + 1):
            mask[first + gap + later, rows, channel] = True
    return TimedEpisodes(inputs, answer, mask)
