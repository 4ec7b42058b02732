"""Temporal-difference learning with eligibility traces: how a prediction error moves in time."""

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["serial_compound", "td_errors"]


def serial_compound(steps: int, cue: int, reward: int) -> Tensor:
    """Return features that tell how long ago a cue came: one unit for each step until the reward.

    Parameters
    ----------
    steps : int
        Number of steps T.
    cue, reward : int
        Steps of the cue and of the reward, ``0 <= cue < reward < steps``.

    Returns
    -------
    Tensor
        0 and 1, shape (T, reward - cue), in double precision: unit k is 1 at the step ``cue + k``.
    """
    _checks.integer("cue", cue, 0)
    _checks.integer("reward", reward, cue + 1)
    _checks.integer("steps", steps, reward + 1)
    features = torch.zeros(steps, reward - cue, dtype=torch.float64)
    features[cue:reward] = torch.eye(reward - cue, dtype=torch.float64)
    return features


def td_errors(
    rewards: Tensor,
    features: Tensor,
    lam: float | Tensor,
    *,
    gamma: float = 1.0,
    rate: float = 0.1,
    trials: int = 100,
) -> Tensor:
    """Return the prediction error at each step of each trial, while the values are learned.

    With ``V[t] = features[t] @ w``, and ``V[-1] = 0`` before the trial::

        delta[t] = rewards[t] + gamma * V[t] - V[t - 1]
        e = gamma * lam * e + features[t - 1]
        w = w + rate * delta[t] * e

    where ``delta`` is a modulator that is broadcast to all, and ``e`` each synapse's eligibility.

    >>> features = serial_compound(steps=8, cue=2, reward=6)
    >>> rewards = torch.zeros(8, dtype=torch.float64).index_fill(0, torch.tensor(6), 1.0)
    >>> deltas = td_errors(rewards, features, lam=1.0, rate=0.5, trials=3)
    >>> deltas[:, [2, 6]].tolist()  # at the cue and at the reward, trial by trial
    [[0.0, 1.0], [0.5, 0.5], [0.75, 0.25]]

    Parameters
    ----------
    rewards : Tensor
        Reward at each step of a trial, shape (T,).
    features : Tensor
        What is seen at each step, shape (T, n).
    lam : float or Tensor
        How far credit reaches back, in [0, 1]; a tensor, shape (L,), runs several side by side.
    gamma : float
        Discount of a step, in [0, 1].
    rate : float
        Learning rate.
    trials : int
        Number of trials.

    Returns
    -------
    Tensor
        ``delta``, shape (trials, T), or (L, trials, T).

    Notes
    -----
    Source: eq-td; Sutton (1988), TD(lambda) with accumulating traces.
    """
    sizes: dict[str, int] = {}
    _checks.floating("features", _checks.tensor("features", features, "T n", sizes))
    _checks.tensor("rewards", rewards, "T", sizes, like=features, reference="features")
    single = not isinstance(lam, Tensor)
    each = features.new_tensor([lam]) if single else _checks.tensor("lam", lam, "L", {}, features)
    for name, value in (("features", features), ("rewards", rewards), ("lam", each)):
        _checks.finite(name, value)
    _checks.inside("lam", each, 0, 1, "it is a share of the trace that is kept")
    gamma = _checks.number("gamma", gamma, 0, 1)
    rate = _checks.number("rate", rate, 0)
    trials = _checks.integer("trials", trials)
    _checks.room(trials=trials, lam=len(each), steps=len(rewards))
    kept = (gamma * each).unsqueeze(-1)
    w = features.new_zeros(len(each), features.shape[1])
    deltas = []
    for _ in range(trials):
        e, before = torch.zeros_like(w), torch.zeros_like(features[0])
        for reward, now in zip(rewards, features, strict=True):
            e = kept * e + before
            delta = reward + gamma * (w @ now) - w @ before
            w = w + rate * delta.unsqueeze(-1) * e
            deltas.append(delta)
            before = now
    found = torch.stack(deltas, -1).unflatten(-1, (trials, len(rewards)))
    return found[0] if single else found
