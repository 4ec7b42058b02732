"""Advantage actor-critic, written plainly: how rewards become a loss for the actions before them.

An actor gives each action a probability, a critic estimates the rewards to come. What came out
better than the critic expected is made more probable. Pure functions of whole episodes.

Shapes: T steps, B episodes, A actions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hebbnotes import _checks

__all__ = ["Objective", "advantages", "loss", "returns"]


@dataclass(frozen=True)
class Objective:
    """What the loss weighs.

    Attributes
    ----------
    gamma, lam : float
        Discounts, as for :func:`advantages`.
    value_weight, entropy_weight : float
        Weight of the critic's squared error, and of the actor's entropy, which keeps it trying.
    scale : float, optional
        What advantages are divided by for the actor; by default their own root mean square.
    """

    gamma: float = 0.95
    lam: float = 0.95
    value_weight: float = 0.25
    entropy_weight: float = 0.01
    scale: float | None = None

    def __post_init__(self) -> None:
        for name in ("gamma", "lam"):
            _checks.number(name, getattr(self, name), 0, 1)
        for name in ("value_weight", "entropy_weight"):
            _checks.number(name, getattr(self, name), 0)
        if self.scale is not None and _checks.number("scale", self.scale, 0) == 0:
            raise ValueError(
                "scale must be above 0, got 0: leave it out to divide by the root mean square"
            )


def returns(rewards: Tensor, gamma: float) -> Tensor:
    """Sum the rewards from each step to the end, each discounted by its distance.

    Parameters
    ----------
    rewards : Tensor, what the action of each step gave, shape (T, B)
    gamma : float, discount for each step of delay, in [0, 1]

    Returns
    -------
    Tensor
        Shape (T, B). After the last step nothing comes.

    Notes
    -----
    Source: R. S. Sutton & A. G. Barto, *Reinforcement Learning* (2018), chapter 3.

    Examples
    --------
    >>> returns(torch.tensor([[0.0], [0.0], [1.0]]), 0.5).flatten()
    tensor([0.2500, 0.5000, 1.0000])
    """
    _checks.floating("rewards", _checks.tensor("rewards", rewards, "T B", {}))
    return advantages(rewards, torch.zeros_like(rewards), gamma, 1.0)


def advantages(rewards: Tensor, values: Tensor, gamma: float, lam: float = 1.0) -> Tensor:
    """Tell how much better than the critic expected things went from each step on.

    The surprise of a step is ``rewards[t] + gamma * values[t + 1] - values[t]``; the advantage is
    the sum of the surprises from t on, each discounted by ``gamma * lam`` for a step. With
    ``lam=1`` it is the return less the value, with 0 one surprise.

    Parameters
    ----------
    rewards, values : Tensor
        Reward of each step, and what the critic expected before it, shape (T, B).
    gamma, lam : float, in [0, 1]

    Returns
    -------
    Tensor
        Shape (T, B), without gradient.

    Notes
    -----
    Source: Schulman, Moritz, Levine, Jordan & Abbeel (2016), generalised advantage estimation, for
    episodes that end.

    Examples
    --------
    A reward that was half expected:

    >>> rewards, values = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [0.5]])
    >>> advantages(rewards, values, gamma=1.0, lam=0.5).flatten()
    tensor([0.7500, 0.5000])
    """
    sizes: dict[str, int] = {}
    _checks.floating("rewards", _checks.tensor("rewards", rewards, "T B", sizes))
    _checks.tensor("values", values, "T B", sizes, like=rewards, reference="rewards")
    for name, value in (("rewards", rewards), ("values", values)):
        _checks.finite(name, value)
    _checks.number("gamma", gamma, 0, 1)
    _checks.number("lam", lam, 0, 1)
    rewards, values = rewards.detach(), values.detach()
    coming = torch.cat([values[1:], torch.zeros_like(values[:1])])
    surprises, advantage, backward = (
        rewards + gamma * coming - values,
        torch.zeros_like(values[0]),
        [],
    )
    for surprise in reversed(surprises.unbind()):
        advantage = surprise + gamma * lam * advantage
        backward.append(advantage)
    return torch.stack(backward[::-1])


def loss(
    logits: Tensor,
    values: Tensor,
    actions: Tensor,
    rewards: Tensor,
    objective: Objective = Objective(),
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of actor and critic on whole episodes, and its parts.

    Parameters
    ----------
    logits : Tensor
        What a softmax turns into the probabilities of the actions, shape (T, B, A).
    values : Tensor, what the critic expected, shape (T, B)
    actions : Tensor, what was done, integers, shape (T, B)
    rewards : Tensor, what it gave, shape (T, B)
    objective : Objective

    Returns
    -------
    loss : Tensor
        A scalar, a mean over steps and episodes.
    parts : dict of str to float
        ``"reward"``, the mean sum of rewards of an episode; ``"value_error"``; ``"entropy"``, in
        nats.

    Notes
    -----
    Source: Mnih and others (2016), advantage actor-critic.

    Examples
    --------
    >>> logits, nothing = torch.zeros(5, 2, 4), torch.zeros(5, 2)
    >>> actions = torch.zeros(5, 2, dtype=torch.long)
    >>> loss(logits, nothing, actions, nothing, Objective(entropy_weight=1.0))[0]
    tensor(-1.3863)
    """
    sizes: dict[str, int] = {}
    _checks.floating("logits", _checks.tensor("logits", logits, "T B A", sizes))
    _checks.finite("logits", logits)
    _checks.of_type("objective", objective, Objective, "use Objective(entropy_weight=0.01)")
    _checks.tensor("values", values, "T B", sizes, like=logits, reference="logits")
    _checks.tensor("rewards", rewards, "T B", sizes, like=logits, reference="logits")
    _checks.actions("actions", actions, "T B", sizes, sizes["A"])
    better = advantages(rewards, values, objective.gamma, objective.lam)
    wanted = better + values.detach()
    size = better.square().mean().sqrt().clamp(min=1e-6)
    better = better / (size if objective.scale is None else objective.scale)
    log_p = logits.log_softmax(-1)
    chosen = log_p.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    entropy = -(log_p.exp() * log_p).sum(-1).mean()
    error = nn.functional.mse_loss(values, wanted)
    total = (
        -(chosen * better).mean()
        + objective.value_weight * error
        - objective.entropy_weight * entropy
    )
    parts = {
        "reward": rewards.sum(0).mean().item(),
        "value_error": error.item(),
        "entropy": entropy.item(),
    }
    return total, parts
