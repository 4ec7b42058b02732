"""Advantage actor-critic, written plainly: how rewards become a loss for the actions that led to them.

An actor gives each action a probability, a critic estimates the rewards to come. What came out better than the critic expected is
made more probable. Pure functions of whole episodes.

Shapes: T steps, B episodes, A actions.
"""

import torch
from torch import Tensor, nn

from hebbnotes import _checks

__all__ = ["advantages", "loss", "returns"]


def returns(rewards: Tensor, gamma: float) -> Tensor:
    """Sum the rewards from each step to the end, each discounted by its distance.

    Parameters
    ----------
    rewards : Tensor
        What the action of each step gave, shape (T, B).
    gamma : float
        Discount for each step of delay, in [0, 1].

    Returns
    -------
    Tensor
        Shape (T, B). After the last step nothing comes.

    Raises
    ------
    TypeError, ValueError
        If the shape does not fit, or ``gamma`` is out of range.

    Notes
    -----
    Source: R. S. Sutton & A. G. Barto, *Reinforcement Learning* (2018), chapter 3. Taught in the chapter "The maze", in an
    exercise.
    """
    return advantages(rewards, torch.zeros_like(rewards), gamma, 1.0)


def advantages(rewards: Tensor, values: Tensor, gamma: float, lam: float = 1.0) -> Tensor:
    """Tell how much better than the critic expected things went from each step on.

    The surprise of a step is ``rewards[t] + gamma * values[t + 1] - values[t]``; the advantage is the sum of the surprises from t
    on, each discounted by ``gamma * lam`` for a step. With ``lam=1`` it is the return less the value, with 0 one surprise.

    Parameters
    ----------
    rewards, values : Tensor
        Reward of each step, and what the critic expected before it, shape (T, B).
    gamma, lam : float
        Discounts, in [0, 1].

    Returns
    -------
    Tensor
        Shape (T, B), without gradient.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or a discount is out of range.

    Notes
    -----
    Source: Schulman, Moritz, Levine, Jordan & Abbeel (2016), generalised advantage estimation, for episodes that end. Taught in the
    chapter "The maze".
    """
    sizes: dict[str, int] = {}
    _checks.tensor("rewards", rewards, "T B", sizes)
    _checks.tensor("values", values, "T B", sizes, like=rewards, reference="rewards")
    _checks.number("gamma", gamma, 0, 1)
    _checks.number("lam", lam, 0, 1)
    rewards, values = rewards.detach(), values.detach()
    coming = torch.cat([values[1:], torch.zeros_like(values[:1])])
    surprise, total, found = rewards + gamma * coming - values, torch.zeros_like(values[0]), []
    for now in reversed(surprise.unbind()):
        total = now + gamma * lam * total
        found.append(total)
    return torch.stack(found[::-1])


def loss(
    logits: Tensor,
    values: Tensor,
    actions: Tensor,
    rewards: Tensor,
    *,
    gamma: float = 0.95,
    lam: float = 0.95,
    value_weight: float = 0.25,
    entropy_weight: float = 0.01,
    scale: float | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of actor and critic on whole episodes, and its parts.

    Parameters
    ----------
    logits : Tensor
        What a softmax turns into the probabilities of the actions, shape (T, B, A).
    values : Tensor
        What the critic expected, shape (T, B).
    actions : Tensor
        What was done, integers, shape (T, B).
    rewards : Tensor
        What it gave, shape (T, B).
    gamma, lam
        As for :func:`advantages`.
    value_weight, entropy_weight : float
        Weight of the critic's squared error, and of the entropy of the actor, which keeps it trying.
    scale : float, optional
        Number that advantages are divided by for the actor; by default their own root mean square.

    Returns
    -------
    loss : Tensor
        A scalar, a mean over steps and episodes.
    parts : dict of str to float
        ``"reward"``, the mean sum of rewards of an episode; ``"value_error"``; ``"entropy"``, in nats.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or a number is out of range.

    Notes
    -----
    Source: Mnih and others (2016), advantage actor-critic. Taught in the chapter "The maze".
    """
    sizes: dict[str, int] = {}
    _checks.tensor("logits", logits, "T B A", sizes)
    _checks.tensor("values", values, "T B", sizes, like=logits, reference="logits")
    _checks.tensor("rewards", rewards, "T B", sizes, like=logits, reference="logits")
    _checks.actions("actions", actions, "T B", sizes, sizes["A"])
    for name, weight in (("value_weight", value_weight), ("entropy_weight", entropy_weight)):
        _checks.number(name, weight, 0)
    if scale is not None and _checks.number("scale", scale, 0) == 0:
        raise ValueError(
            "scale must be above 0, got 0: leave it out to divide by the root mean square"
        )
    better = advantages(rewards, values, gamma, lam)
    wanted = better + values.detach()
    better = better / (better.square().mean().sqrt().clamp(min=1e-6) if scale is None else scale)
    log_p = logits.log_softmax(-1)
    chosen = log_p.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    entropy = -(log_p.exp() * log_p).sum(-1).mean()
    error = nn.functional.mse_loss(values, wanted)
    total = -(chosen * better).mean() + value_weight * error - entropy_weight * entropy
    parts = {
        "reward": rewards.sum(0).mean().item(),
        "value_error": error.item(),
        "entropy": entropy.item(),
    }
    return total, parts
