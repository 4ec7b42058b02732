"""Store and recall: a bit is shown, nothing follows for a while, and then it is asked for."""

from dataclasses import dataclass

import torch

from hebbnotes import _checks
from hebbnotes.tasks.timing.episodes import TimedEpisodes

__all__ = ["StoreRecall"]


@dataclass(frozen=True)
class StoreRecall:
    """Show a bit on one of two channels, wait, and ask for it on a third one.

    >>> task = StoreRecall((20, 20))
    >>> episodes = task.sample(8, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape, episodes.answer.shape, int(episodes.mask[:, 0].sum())
    (torch.Size([30, 8, 3]), torch.Size([8]), 5)

    Parameters
    ----------
    delays : tuple of int
        Shortest and longest delay of silence in steps; each is as likely, and all episodes of a
        batch have the same.
    shown : int
        Steps for which the bit is shown, and later asked for; the answer is read at the latter.
    noise : float
        Standard deviation of what is added to each channel in each step; a signal has height 1.

    Notes
    -----
    Source: the task of Bellec and others (2018) in small.
    """

    delays: tuple[int, int] = (20, 80)
    shown: int = 5
    noise: float = 0.1

    def __post_init__(self) -> None:
        low, high = _checks.integers("delays", self.delays, 2)
        _checks.integer("delays[0]", low)
        _checks.integer("delays[1]", high, low)
        _checks.integer("shown", self.shown)
        _checks.number("noise", self.noise, 0)

    @property
    def n_inputs(self) -> int:
        """Number of channels: 0, 1, and the question."""
        return 3

    @property
    def n_outputs(self) -> int:
        """Number of classes."""
        return 2

    def sample(self, batch: int, generator: torch.Generator) -> TimedEpisodes:
        """Draw episodes of one delay."""
        _checks.generator(generator)
        _checks.integer("batch", batch)
        device, (low, high) = generator.device, self.delays
        delay = int(torch.randint(low, high + 1, (), generator=generator, device=device))
        steps = delay + 2 * self.shown
        _checks.room(steps=steps, batch=batch, channels=3)
        answer = torch.randint(2, (batch,), generator=generator, device=device)
        inputs = self.noise * torch.randn(steps, batch, 3, generator=generator, device=device)
        inputs[: self.shown, torch.arange(batch, device=device), answer] += 1
        inputs[-self.shown :, :, 2] += 1
        mask = torch.zeros(steps, batch, dtype=torch.bool, device=device)
        mask[-self.shown :] = True
        return TimedEpisodes(inputs, answer, mask)
