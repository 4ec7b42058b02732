"""The trained networks that the chapter looks into, and the weights of the past in their traces."""

from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, experiments
from hebbnotes.chapters.neuromodulated_plasticity.model import network
from hebbnotes.experiments.experiment import loaded
from hebbnotes.tasks import RewardedEpisodes, RewardGatedMemory

__all__ = ["past", "size_of_trace", "stored"]


def stored(arm: str, name: str = "reward-gated", seed: int = 0) -> Any:
    """Return a stored network of an experiment, without gradients; see :data:`.model.ARMS`."""
    net = network(arm, RewardGatedMemory(4, 3).n_inputs, torch.Generator())
    return loaded(net, experiments.weights(name), f"{seed}.{arm}.")


@torch.no_grad()
def size_of_trace(net: Any, episodes: RewardedEpisodes) -> Tensor:
    """Return the root mean square of a network's trace after each step of episodes, (T, B)."""
    state, sizes = None, []
    for x, quiet in zip(episodes.inputs.split(1), episodes.silenced.split(1), strict=True):
        state = net.live(x, quiet, state=state).state
        sizes.append(state.hebb.square().mean((1, 2)).sqrt())
    return torch.stack(sizes)


def past(signal: Tensor, eta: float | Tensor, eta_e: float | Tensor | None = None) -> Tensor:
    """Return the weights c(t, s) of the pairs of all steps s in the trace before step t.

    >>> past(torch.tensor([1.0, 0.5]), 0.1)
    tensor([[0., 0.],
            [1., 0.]])

    Parameters
    ----------
    signal : Tensor
        A signal at each step, shape (T,).
    eta : float or Tensor
        Rate of forgetting.
    eta_e : float or Tensor, optional
        Rate of the marks; without one each pair is written at once.

    Returns
    -------
    Tensor
        Shape (T, T), 0 where a pair is not yet in the trace.

    Notes
    -----
    Source: this book, from Miconi, Rawal, Clune & Stanley (2019).
    """
    steps = len(_checks.tensor("signal", signal, "T", {}))
    row, tags, rows = torch.zeros_like(signal), torch.zeros_like(signal), []
    for t in range(steps):
        rows.append(row)
        now = torch.zeros_like(signal)
        now[t] = 1
        written = signal[t] * (now if eta_e is None else tags)
        row = (1 - eta) * row + written
        if eta_e is not None:
            tags = (1 - eta_e) * tags + eta_e * now
    return torch.stack(rows)
