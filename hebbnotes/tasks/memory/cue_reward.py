"""Cue and reward: of several cues one pays, and an agent finds out which by its own answers."""

from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["Answered", "CueEpisodes", "CueReward"]


class CueEpisodes(NamedTuple):
    """A batch of episodes: T steps, B episodes, K cues, C trials, S cues in a trial.

    Attributes
    ----------
    inputs : Tensor (T, B, n_inputs)
        What is shown whatever the agent does: the bits of a cue, 1 and -1, or 0, and 1 at Go. What
        tells of the last answer is 0: see :meth:`CueReward.observed`.
    go : Tensor (C, B), steps at which an answer is wanted
    paid : Tensor (C, B), boolean, whether the cue that pays was shown in the trial
    cues : Tensor (B, K, n_bits)
    target : Tensor (B,), which of the cues pays
    shown : Tensor (C, B, S), which cues were shown, in their order
    """

    inputs: Tensor
    go: Tensor
    paid: Tensor
    cues: Tensor
    target: Tensor
    shown: Tensor


class Answered(NamedTuple):
    """What an agent's last step brought, and how many trials it has answered.

    Attributes
    ----------
    trial : Tensor (B,), trials that are over
    action : Tensor (B,), what was answered in the last step: 1 for yes, 0 for no, -1 for nothing
    reward : Tensor (B,), 1 if that was right, -1 if it was wrong, 0 without an answer
    """

    trial: Tensor
    action: Tensor
    reward: Tensor


@dataclass(frozen=True)
class CueReward:
    """Show some of an episode's cues in each trial, and ask whether the one that pays was there.

    In a trial come a step with nothing, the cues in random order, with as many steps with nothing
    among them as chance says, Go, at which the agent answers yes or no, and a step in which it is
    told what it answered, and its reward. Which cue pays it is never told otherwise.

    >>> task = CueReward(n_trials=3)
    >>> episodes = task.sample(2, torch.Generator().manual_seed(0))
    >>> last = task.start(episodes)
    >>> for t in range(task.n_steps):
    ...     seen = task.observed(episodes, t, last)
    ...     last = task.answered(episodes, t, torch.ones(2, dtype=torch.long), last)
    >>> seen.shape, last.trial.tolist()
    (torch.Size([2, 24]), [3, 3])

    Parameters
    ----------
    n_cues : int
        Cues of an episode, all different, of which one pays; at most half of the codes of
        ``n_bits``.
    n_shown : int
        Cues of a trial, fewer than all, drawn anew for each.
    n_trials : int
        Trials of an episode.
    n_bits : int
        Bits of a cue, 1 and -1.
    blanks : int
        Most steps with nothing among the cues of a trial; how many is drawn for each trial.

    Notes
    -----
    Source: Miconi, Rawal, Clune & Stanley (2019), who have ``blanks=3``, and end an episode after a
    number of steps instead of trials.
    """

    n_cues: int = 4
    n_shown: int = 2
    n_trials: int = 10
    n_bits: int = 20
    blanks: int = 0

    def __post_init__(self) -> None:
        for name in ("n_shown", "n_trials"):
            _checks.integer(name, getattr(self, name))
        _checks.integer("blanks", self.blanks, 0)
        if _checks.integer("n_cues", self.n_cues, 2) <= self.n_shown:
            raise ValueError(
                f"n_cues must be above n_shown={self.n_shown}, got {self.n_cues}: else each trial "
                "shows the cue that pays"
            )
        if _checks.integer("n_bits", self.n_bits) < 63 and 2**self.n_bits < 2 * self.n_cues:
            raise ValueError(
                f"n_bits must tell n_cues={self.n_cues} apart, with twice as many codes as cues, "
                f"got {self.n_bits}: use {(2 * self.n_cues - 1).bit_length()} or more"
            )

    @property
    def n_inputs(self) -> int:
        """Numbers that are seen at each step: the bits, Go, the reward, and one for each answer."""
        return self.n_bits + 4

    @property
    def n_steps(self) -> int:
        """Steps of an episode; where trials are shorter, nothing comes at its end."""
        return self.n_trials * (self.n_shown + self.blanks + 3)

    def sample(self, batch: int, generator: torch.Generator) -> CueEpisodes:
        """Draw episodes of new cues."""
        _checks.generator(generator)
        _checks.integer("batch", batch)
        _checks.room(n_steps=self.n_steps, batch=batch, n_inputs=self.n_inputs)
        device = generator.device
        rows = torch.arange(batch, device=device)

        def draw(*shape: int) -> Tensor:
            return torch.rand(shape, generator=generator, device=device)

        cues = self._cues(batch, generator)
        target = (draw(batch) * self.n_cues).long()
        shown = draw(self.n_trials, batch, self.n_cues).argsort(-1)[..., : self.n_shown]
        more = (draw(self.n_trials, batch) * (self.blanks + 1)).long()
        places = draw(self.n_trials, batch, self.n_shown + self.blanks)
        there = torch.arange(self.n_shown + self.blanks, device=device)
        places[there >= (self.n_shown + more).unsqueeze(-1)] = 2.0  # not in this trial
        places = places.argsort(-1)[..., : self.n_shown].sort(-1).values
        length = self.n_shown + more + 3
        began = length.cumsum(0) - length
        go, at = began + length - 2, began.unsqueeze(-1) + 1 + places
        inputs = cues.new_zeros(self.n_steps, batch, self.n_inputs)
        for k in range(self.n_shown):
            inputs[at[..., k], rows, : self.n_bits] = cues[rows, shown[..., k]]
        inputs[go, rows, self.n_bits] = 1.0
        paid = (shown == target.unsqueeze(-1)).any(-1)
        return CueEpisodes(inputs, go, paid, cues, target, shown)

    def _cues(self, batch: int, generator: torch.Generator) -> Tensor:
        """Draw cues that are all different within an episode, (B, n_cues, n_bits).

        Where that soon ends, episodes with two alike are drawn anew; else of two the later alone.
        """
        shape, device = (batch, self.n_cues, self.n_bits), generator.device

        def draw(*shape: int) -> Tensor:
            drawn = torch.rand(shape, generator=generator, device=device)
            return torch.where(drawn < 0.5, 1.0, -1.0)

        rare = self.n_cues * (self.n_cues - 1) <= 2 * 2**self.n_bits  # at most one pair expected
        cues = draw(*shape)
        while True:
            same = (cues @ cues.mT) == self.n_bits
            later = same.tril(-1).any(-1)
            if not bool(later.any()):
                return cues
            if rare:
                cues = torch.where(later.any(-1)[:, None, None], draw(*shape), cues)
            else:
                cues[later] = draw(int(later.sum()), self.n_bits)

    def start(self, episodes: CueEpisodes) -> Answered:
        """Return what agents know before the first step: no answer and no reward."""
        device, batch = self._check(episodes).device, len(episodes.target)
        none = torch.zeros(batch, dtype=torch.long, device=device)
        return Answered(none, none - 1, torch.zeros(batch, device=device))

    def observed(self, episodes: CueEpisodes, t: int, last: Answered) -> Tensor:
        """Return what agents see at step t, shape (B, n_inputs): what is shown, and the reward of
        the last step's answer, and 1 at "no" or at "yes", if there was one.
        """
        self._check_step(episodes, t, last)
        told = torch.stack([last.reward, last.action == 0, last.action == 1], -1)
        return torch.cat([episodes.inputs[t, :, :-3], told.to(episodes.inputs)], -1)

    def answered(self, episodes: CueEpisodes, t: int, action: Tensor, last: Answered) -> Answered:
        """Return what actions of step t bring, 1 for yes and 0 for no, shape (B,): they count where
        it is Go.
        """
        self._check_step(episodes, t, last)
        _checks.actions("action", action, "B", {"B": len(episodes.target)}, 2)
        trial = last.trial.clamp(max=self.n_trials - 1).unsqueeze(0)
        asked = (episodes.go.gather(0, trial)[0] == t) & (last.trial < self.n_trials)
        right = (action == 1) == episodes.paid.gather(0, trial)[0]
        reward = torch.where(right, 1.0, -1.0).to(last.reward)
        return Answered(
            last.trial + asked.long(),
            torch.where(asked, action, -1),
            torch.where(asked, reward, torch.zeros_like(reward)),
        )

    def floor(self) -> float:
        """Return the share of right answers of the best agent without a memory: it always gives the
        answer that is right more often.
        """
        share = self.n_shown / self.n_cues
        return max(share, 1.0 - share)

    def ceiling(self) -> list[float]:
        """Return the share of right answers that no agent surpasses, for each trial in turn.

        The best agent knows which cues may still be the one that pays, and answers what is more
        likely; the reward tells the right answer, whatever it was, so that nothing is gained by
        trying.

        >>> CueReward(n_trials=4).ceiling()  # a pair is known after one trial
        [0.5, 0.6666666666666666, 0.8888888888888888, 0.9629629629629629]
        """
        likely, best = {self.n_cues: Fraction(1)}, []
        for _ in range(self.n_trials):
            right, later = Fraction(0), dict[int, Fraction]()
            for left, chance in likely.items():
                for there in range(min(left, self.n_shown) + 1):
                    ways = comb(left, there) * comb(self.n_cues - left, self.n_shown - there)
                    now = chance * Fraction(ways, comb(self.n_cues, self.n_shown))
                    for rest in (there, left - there):
                        if rest:
                            later[rest] = later.get(rest, Fraction(0)) + now * Fraction(rest, left)
                    right += now * Fraction(max(there, left - there), left)
            best.append(float(right))
            likely = later
        return best

    def _check(self, episodes: CueEpisodes) -> Tensor:
        """Return the inputs of episodes of this task, or raise."""
        _checks.of_type("episodes", episodes, CueEpisodes, "use task.sample(batch, generator)")
        sizes = {"T": self.n_steps, "n_inputs": self.n_inputs, "C": self.n_trials}
        inputs = _checks.tensor("episodes.inputs", episodes.inputs, "T B n_inputs", sizes)
        _checks.tensor("episodes.go", episodes.go, "C B", sizes)
        _checks.tensor("episodes.paid", episodes.paid, "C B", sizes)
        return inputs

    def _check_step(self, episodes: CueEpisodes, t: int, last: Answered) -> None:
        """Raise unless there is such a step, and ``last`` is of as many agents."""
        sizes = {"B": self._check(episodes).shape[1]}
        if _checks.integer("t", t, 0) >= self.n_steps:
            raise ValueError(
                f"t must be below the episode's {self.n_steps} steps, got {t}: draw new episodes"
            )
        _checks.of_type("last", last, Answered, "use task.start(episodes)")
        for name, value in last._asdict().items():
            _checks.tensor(f"last.{name}", value, "B", sizes)
