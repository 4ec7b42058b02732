"""How networks play cue and reward, and learn from it: each episode is played step by step in
compiled code, without gradients, and then gone through once more, with them.

Shapes: T steps, B episodes, C trials.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulation_at_work.cues.networks import ChoosingPlayer, Player
from hebbnotes.learning import actor_critic
from hebbnotes.learning.actor_critic import Objective
from hebbnotes.learning.agents.compiled_lives import _think
from hebbnotes.networks.modulated import ModulatedState
from hebbnotes.plasticity.compiled import array, jit
from hebbnotes.tasks import CueEpisodes, CueReward

__all__ = ["Played", "ToldPlayer", "loss", "play", "played_plainly"]


class Played(NamedTuple):
    """Episodes that were played.

    Attributes
    ----------
    seen : Tensor (T, B, n_inputs), what the network was told before each step
    actions : Tensor (C, B), what it answered in each trial: 1 for yes, 0 for no
    rewards : Tensor (C, B), 1 where that was right, else -1
    """

    seen: Tensor
    actions: Tensor
    rewards: Tensor


@jit
def _play(net: Any, shown: Any, chance: Any, played: Any) -> None:
    """Fill in what is seen, answered and earned, and change the net's state in place."""
    go, paid = shown
    seen, actions, rewards = played
    n_steps, batch, n_inputs = seen.shape
    n = len(net.outward) - 1
    for b in range(batch):
        trial = 0
        for t in range(n_steps):
            _think(net, seen[t, b], b)
            if trial < len(go) and go[trial, b] == t:
                no, yes = net.outward[n, 0], net.outward[n, 1]
                for j in range(n):
                    no += net.y[b, j] * net.outward[j, 0]
                    yes += net.y[b, j] * net.outward[j, 1]
                action = int(chance[trial, b] < 1.0 / (1.0 + np.exp(no - yes)))
                right = action == paid[trial, b]
                actions[trial, b] = action
                rewards[trial, b] = 1.0 if right else -1.0
                if t + 1 < n_steps:
                    seen[t + 1, b, n_inputs - 3] = rewards[trial, b]
                    seen[t + 1, b, n_inputs - 2 + action] = 1.0
                trial += 1


@torch.no_grad()
def play(net: Player, episodes: CueEpisodes, generator: torch.Generator) -> Played:
    """Let a network play episodes, answering with the probabilities that it gives.

    Parameters
    ----------
    net : Player
    episodes : CueEpisodes of its task
    generator : torch.Generator, source of its answers
    """
    _checks.generator(generator, "cpu")
    chance = torch.rand(episodes.go.shape, generator=generator, dtype=torch.float64)
    seen, actions = episodes.inputs.clone(), torch.empty_like(episodes.go)
    played = Played(seen, actions, torch.empty(episodes.go.shape, dtype=seen.dtype))
    shown = array(episodes.go), array(episodes.paid)
    _play(net.net(episodes.inputs.shape[1]), shown, array(chance), tuple(map(array, played)))
    return played


@torch.no_grad()
def played_plainly(
    net: Player, task: CueReward, episodes: CueEpisodes, generator: torch.Generator
) -> Played:
    """Do the same step by step with the task's own functions: what tests compare."""
    _checks.generator(generator, "cpu")
    chance = torch.rand(episodes.go.shape, generator=generator, dtype=torch.float64)
    last, state, each = task.start(episodes), None, []
    actions, rewards = torch.empty_like(episodes.go), torch.empty(episodes.go.shape)
    rows = torch.arange(len(episodes.target))
    for t in range(task.n_steps):
        seen = task.observed(episodes, t, last)
        logits, _, state = net(seen.unsqueeze(0), state)
        trial = last.trial.clamp(max=task.n_trials - 1)
        likely = logits[0].double().softmax(-1)[:, 1]
        last = task.answered(episodes, t, (chance[trial, rows] < likely).long(), last)
        asked = last.action >= 0
        actions[trial[asked], rows[asked]] = last.action[asked]
        rewards[trial[asked], rows[asked]] = last.reward[asked]
        each.append(seen)
    return Played(torch.stack(each), actions, rewards)


class ToldPlayer(Player):
    """A network that hears another signal than the one that it makes.

    Parameters
    ----------
    net : ChoosingPlayer
    instead : callable, of its own signal, shape (T, B), which returns what is heard
    """

    def __init__(self, net: ChoosingPlayer, instead: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.own, self.instead, self.outward = net, instead, net.outward

    def rest(self, batch: int) -> ModulatedState:
        """Return the network's own state of rest."""
        return self.own.rest(batch)

    def run(self, seen: Tensor, state: ModulatedState) -> tuple[Tensor, ModulatedState]:
        """Go through steps one by one, so that a signal is made of what was heard before."""
        outputs = []
        for one in seen.split(1):
            drive = self.own.drive(one)
            _, own, _ = self.own.core(drive, state)
            y, _, state = self.own.core(drive, state, modulation=self.instead(own))
            outputs.append(y)
        return torch.cat(outputs), state


def loss(
    net: Player, episodes: CueEpisodes, generator: torch.Generator, objective: Objective
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a network on episodes that it plays, and parts of it.

    Only answers are judged, and each by its own reward: an answer changes no later reward, so that
    a sum over the rewards to come would add nothing but noise.

    Returns
    -------
    loss : Tensor
        See :func:`.actor_critic.loss`, of the steps at Go.
    parts : dict of str to float
        What that function tells, and ``"right"``, the share of right answers, and ``"late"``, that
        of the second half of the trials.
    """
    played = play(net, episodes, generator)
    logits, values, _ = net(played.seen)
    rows = torch.arange(logits.shape[1])
    at_go = logits[episodes.go, rows], values[episodes.go, rows]
    total, parts = actor_critic.loss(*at_go, played.actions, played.rewards, objective)
    right = (played.rewards > 0).float().mean(1)
    late = right[len(right) // 2 :]
    return total, parts | {"right": right.mean().item(), "late": late.mean().item()}
