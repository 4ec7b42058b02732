"""What a modulated network's signal and traces are for: they are exchanged or emptied, and it is
asked again.
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulated_plasticity.model import Lived, Network
from hebbnotes.tasks import RewardedEpisodes, RewardGatedMemory

__all__ = ["CONSTANTS", "SIGNALS", "asked_again", "bits_read", "causal", "emptied", "right"]

CONSTANTS = tuple(sign * size for size in (0.01, 0.03, 0.1, 0.3, 0.6, 1.0) for sign in (1, -1))
"""Constant signals among which the best is looked for."""


def right(scores: Tensor, episodes: RewardedEpisodes) -> float:
    """Return the share of episodes that are answered right."""
    return (scores.argmax(-1) == episodes.target).float().mean().item()


def _rewards(episodes: RewardedEpisodes) -> Tensor:
    """Return when a reward comes, 1 or 0, shape (T, B)."""
    return episodes.inputs[..., -2]


def _shuffled(m: Tensor, episodes: RewardedEpisodes) -> Tensor:
    """Return each episode's signal in another order of its steps."""
    generator = torch.Generator().manual_seed(0)
    return m.gather(0, torch.rand(m.shape, generator=generator).argsort(0))


def _by_reward(m: Tensor, episodes: RewardedEpisodes) -> Tensor:
    """Return the line through the reward that is closest to the signal, a + b * reward."""
    reward = _rewards(episodes)
    rest, there = m[reward == 0].mean(), m[reward == 1].mean()
    return torch.where(reward == 1, there, rest)


def _only(m: Tensor, episodes: RewardedEpisodes, later: int) -> Tensor:
    """Return the signal so many steps after the reward, and 0 else."""
    return m * _rewards(episodes).roll(later, 0)


SIGNALS: dict[str, Callable[[Tensor, RewardedEpisodes], Tensor]] = {
    "own": lambda m, e: m,
    "mean": lambda m, e: m.mean().expand_as(m),
    "shuffled": _shuffled,
    "another episode's": lambda m, e: m.roll(1, 1),
    "sign turned": lambda m, e: -m,
    "a line of the reward": _by_reward,
    "at the reward alone": lambda m, e: _only(m, e, 0),
    "a step later alone": lambda m, e: _only(m, e, 1),
}
"""What is handed to a network in place of the signal m (T, B) that it made in the same episodes."""


@torch.no_grad()
def causal(net: Network, episodes: RewardedEpisodes, others: RewardedEpisodes) -> dict[str, float]:
    """Return the share that is right with each of the :data:`SIGNALS`, and with the best of all
    constant ones, which is found in other episodes.
    """
    m = net.live(episodes.inputs, episodes.silenced).modulation
    if m is None:
        raise TypeError("net must be one that makes a signal: use an arm such as simple")
    found = {
        name: right(net(episodes, modulation=signal(m, episodes)), episodes)
        for name, signal in SIGNALS.items()
    }

    def with_constant(size: float, e: RewardedEpisodes) -> float:
        return right(net(e, modulation=e.inputs.new_full(e.inputs.shape[:2], size)), e)

    best = max(CONSTANTS, key=lambda size: with_constant(size, others))
    reward = _rewards(episodes)
    return found | {
        "best constant": with_constant(best, episodes),
        "the best constant": best,
        "M at the reward": m[reward == 1].mean().item(),
        "M a step later": m[reward.roll(1, 0) == 1].mean().item(),
        "|M|": m.abs().mean().item(),
        "|M| else": m[(reward + reward.roll(1, 0)) == 0].abs().mean().item(),
    }


@torch.no_grad()
def emptied(
    net: Network,
    task: RewardGatedMemory,
    episodes: RewardedEpisodes,
    what: str | Sequence[str],
    step: int,
) -> Lived:
    """Run episodes in which something is emptied once, before a step of the rewarded cue's slot.

    Parameters
    ----------
    net : network of an arm with a trace
    task, episodes : what is asked
    what : {"y", "hebb", "eligibility"}, or several of them
    step : int, counted from the cue
    """
    names = (what,) if isinstance(what, str) else tuple(what)
    for name in names:
        _checks.choice("what", name, ("y", "hebb", "eligibility"))
    cuts = [0, *(k * task.slot + step for k in range(task.n_cues)), task.n_steps]
    state, parts = None, []
    for k, (a, b) in enumerate(itertools.pairwise(cuts)):
        if k and state is not None:  # the k-th cut lies in the slot before
            there = episodes.rewarded == k - 1
            for name in names:
                old = getattr(state, name)
                mask = there.view(-1, *[1] * (old.ndim - 1))
                state = state._replace(**{name: torch.where(mask, 0.0, old)})
        if b > a:
            parts.append(net.live(episodes.inputs[a:b], episodes.silenced[a:b], state=state))
            state = parts[-1].state
    signals = [one.modulation for one in parts if one.modulation is not None]
    activity = torch.cat([one.activity for one in parts])
    return Lived(activity, torch.cat(signals) if signals else None, state)


def asked_again(
    net: Network,
    task: RewardGatedMemory,
    episodes: RewardedEpisodes,
    what: str | Sequence[str],
    step: int,
) -> float:
    """Return the share that is right after :func:`emptied`."""
    return right(net.scores(emptied(net, task, episodes, what, step), episodes), episodes)


@torch.no_grad()
def bits_read(net: Network, task: RewardGatedMemory, episodes: RewardedEpisodes) -> list[float]:
    """Return the share of the rewarded cue's bits that a line reads from the activity, at each step
    of its slot: fitted to half of the episodes, and judged by the others.
    """
    activity = net.live(episodes.inputs, episodes.silenced).activity
    rows, half = torch.arange(len(episodes.rewarded)), len(episodes.rewarded) // 2
    bits = episodes.cues[rows, episodes.rewarded]
    found = []
    for step in range(task.slot):
        seen = activity[episodes.rewarded * task.slot + step, rows].double()
        seen = torch.cat([seen, torch.ones_like(seen[:, :1])], 1)
        fitted, ridge = seen[:half], torch.eye(seen.shape[1], dtype=seen.dtype)
        line = torch.linalg.solve(fitted.T @ fitted + ridge, fitted.T @ bits[:half].double())
        found.append(((seen[half:] @ line) * bits[half:] > 0).float().mean().item())
    return found
