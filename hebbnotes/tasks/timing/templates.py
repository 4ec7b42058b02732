"""Templates: which of several courses the rates of some spiking channels take."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks.timing.episodes import TimedEpisodes

__all__ = ["Templates"]


@dataclass(frozen=True)
class Templates:
    """Show spikes whose rates take one of several courses, and ask which.

    The rate of each channel is a sinusoid of random period and phase, drawn once for each class. It
    has whole periods in an episode, and the course of an episode is shifted, around its end, by a
    few steps: so each channel sends as many spikes on average whichever class it is. Labels are
    arbitrary: none is a time.

    >>> episodes = Templates().sample(4, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape, episodes.answer.shape, episodes.mask.shape
    (torch.Size([100, 4, 8]), torch.Size([4]), torch.Size([100, 4]))

    Parameters
    ----------
    shortest, longest : float
        Periods of the sinusoids, in steps; any ratio is as likely, but for whole cycles.
    n_classes, n_channels, n_steps : int
    rate : float
        Mean probability of a spike of a channel in a step.
    shift : int
        Largest shift, in steps, either way.
    seed : int
        Of the courses.

    Notes
    -----
    Source: this book.
    """

    shortest: float = 4.0
    longest: float = 100.0
    n_classes: int = 8
    n_channels: int = 8
    n_steps: int = 100
    rate: float = 0.25
    shift: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_classes", "n_channels", "n_steps"):
            _checks.integer(name, getattr(self, name))
        _checks.integer("shift", self.shift, 0)
        _checks.integer("seed", self.seed, 0)
        _checks.number("shortest", self.shortest, 2)
        _checks.number("longest", self.longest, self.shortest, self.n_steps)
        _checks.number("rate", self.rate, 0, 0.5)

    @property
    def n_inputs(self) -> int:
        """Number of channels."""
        return self.n_channels

    @property
    def n_outputs(self) -> int:
        """Number of classes."""
        return self.n_classes

    def courses(self) -> Tensor:
        """Return the probability of a spike, shape (n_classes, n_steps, n_channels)."""
        _checks.room(classes=self.n_classes, steps=self.n_steps, channels=self.n_channels)
        g = torch.Generator().manual_seed(self.seed)
        shape = (self.n_classes, 1, self.n_channels)
        ratio = self.longest / self.shortest
        periods = self.shortest * ratio ** torch.rand(shape, generator=g)
        cycles = (self.n_steps / periods).round().clamp(min=1)
        phases = torch.rand(shape, generator=g)
        time = torch.arange(self.n_steps).view(1, -1, 1) / self.n_steps
        return self.rate * (1 + torch.sin(2 * math.pi * (cycles * time + phases)))

    def sample(self, batch: int, generator: torch.Generator) -> TimedEpisodes:
        """Draw episodes; the answer is read at all steps."""
        _checks.generator(generator)
        _checks.integer("batch", batch)
        _checks.room(steps=self.n_steps, batch=batch, channels=self.n_channels)
        device = generator.device
        answer = torch.randint(self.n_classes, (batch,), generator=generator, device=device)
        shifts = torch.randint(
            -self.shift, self.shift + 1, (batch,), generator=generator, device=device
        )
        time = (torch.arange(self.n_steps, device=device)[:, None] - shifts) % self.n_steps
        chance = self.courses().to(device)[answer, time]
        drawn = torch.rand(chance.shape, generator=generator, device=device)
        mask = torch.ones(self.n_steps, batch, dtype=torch.bool, device=device)
        return TimedEpisodes((drawn < chance).float(), answer, mask)
