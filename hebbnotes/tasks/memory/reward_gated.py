"""Reward-gated memory: of several cues one is followed by a reward, and later it is asked for."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["RewardGatedMemory", "RewardedEpisodes"]


class RewardedEpisodes(NamedTuple):
    """A batch of episodes of reward-gated memory: T steps, B episodes, K cues, C of them tested.

    Attributes
    ----------
    inputs : Tensor (T, B, n_bits + 2)
        The bits of a cue, 1 and -1, or 0 where none is shown; then 1 at the reward, and 1 at the
        cues of the test.
    silenced : Tensor (T,), boolean
        Steps at which the task holds the activity of all units at 0.
    read : Tensor (C,), steps at which the score of a tested cue is read
    target : Tensor (B,), which of the tested cues was rewarded
    cues : Tensor (B, K, n_bits)
    rewarded : Tensor (B,), which of all cues was rewarded
    order : Tensor (B, C), which cue is tested when
    """

    inputs: Tensor
    silenced: Tensor
    read: Tensor
    target: Tensor
    cues: Tensor
    rewarded: Tensor
    order: Tensor


@dataclass(frozen=True)
class RewardGatedMemory:
    """Show new cues, reward one of them some steps later, and ask which it was.

    Each cue is shown for one step, at the beginning of a slot of ``delay + 2`` steps; the reward
    comes ``delay`` steps after its cue. Then some cues are shown again, the rewarded one among
    them, in slots of the same length, and each has a score, read ``delay`` steps after it: the
    highest is the answer.

    >>> task = RewardGatedMemory(n_cues=4, delay=3)
    >>> episodes = task.sample(2, torch.Generator().manual_seed(0))
    >>> episodes.inputs.shape, episodes.read.tolist()
    (torch.Size([40, 2, 22]), [23, 28, 33, 38])

    Parameters
    ----------
    n_cues : int
        Cues of an episode, at least as many as are tested.
    delay : int
        Steps from a cue to its reward, and to the reading of its score.
    n_bits : int
        Bits of a cue, 1 and -1, independent.
    n_test : int
        Cues that are tested; chance is one in so many.
    silent : bool
        Whether two steps after each cue the activity of all units is set to 0, so that it cannot
        bridge the delay, of three steps or more; a score is then read one step after its cue.

    Notes
    -----
    Source: this book; the cue and the reward are those of Miconi, Rawal, Clune & Stanley (2019),
    whose task is played, and whose cues come back several times.
    """

    n_cues: int
    delay: int
    n_bits: int = 20
    n_test: int = 4
    silent: bool = False

    def __post_init__(self) -> None:
        _checks.integer("n_bits", self.n_bits)
        _checks.integer("n_test", self.n_test, 2)
        if _checks.integer("n_cues", self.n_cues) < self.n_test:
            raise ValueError(
                f"n_cues must be at least n_test={self.n_test}, got {self.n_cues}: each tested cue "
                "is one of them"
            )
        _checks.flag("silent", self.silent)
        if _checks.integer("delay", self.delay) < 3 and self.silent:
            raise ValueError(
                f"delay must be at least 3 where it is silent, got {self.delay}: the silence falls "
                "between a cue and its reward"
            )

    @property
    def n_inputs(self) -> int:
        """Numbers that are shown at each step: the bits, the reward, and the mark of the test."""
        return self.n_bits + 2

    @property
    def slot(self) -> int:
        """Steps of a cue and what follows it."""
        return self.delay + 2

    @property
    def n_steps(self) -> int:
        """Steps of an episode."""
        return (self.n_cues + self.n_test) * self.slot

    def sample(self, batch: int, generator: torch.Generator) -> RewardedEpisodes:
        """Draw episodes of new cues."""
        _checks.generator(generator)
        _checks.integer("batch", batch)
        _checks.room(n_steps=self.n_steps, batch=batch, n_inputs=self.n_inputs)
        device, rows = generator.device, torch.arange(batch, device=generator.device)

        def draw(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        cues = torch.where(draw(batch, self.n_cues, self.n_bits) < 0.5, 1.0, -1.0)
        rewarded = (draw(batch) * self.n_cues).long()
        target = (draw(batch) * self.n_test).long()
        others = draw(batch, self.n_cues)
        others[rows, rewarded] = 2.0  # the last, so not among the first
        order = torch.cat([others.argsort(-1)[:, : self.n_test - 1], rewarded[:, None]], 1)
        order[:, -1] = order[rows, target]
        order[rows, target] = rewarded
        shown = torch.cat([cues, cues[rows[:, None], order]], 1)
        inputs = shown.new_zeros(self.n_cues + self.n_test, self.slot, batch, self.n_inputs)
        inputs[:, 0, :, : self.n_bits] = shown.transpose(0, 1)
        inputs[rewarded, self.delay, rows, self.n_bits] = 1.0
        inputs[self.n_cues :, 0, :, self.n_bits + 1] = 1.0
        step = torch.arange(self.n_steps, device=device)
        silenced = (step % self.slot == 2) & self.silent
        first = step[self.n_cues * self.slot :: self.slot]
        read = first + (1 if self.silent else self.delay)
        return RewardedEpisodes(inputs.flatten(0, 1), silenced, read, target, cues, rewarded, order)
