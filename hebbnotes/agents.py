"""Agents for the maze: a plastic recurrent network that acts, and how it lives through an episode.

An episode is lived step by step without gradients; then it is gone through once more, all steps at once, with them. The second pass
is where the fast evaluation of :mod:`hebbnotes.fast` pays.

Shapes: T steps, B agents, n units.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks, actor_critic, maze, rules
from hebbnotes.networks import PlasticRNN, State
from hebbnotes.rules import Rule

__all__ = ["Agent", "Life", "live", "loss"]


class Life(NamedTuple):
    """Episodes that were lived.

    Attributes
    ----------
    seen : Tensor
        What the agents were told before each step, shape (T, B, n_seen).
    actions : Tensor
        What they did, integers, shape (T, B).
    rewards, found : Tensor
        What it gave, and whether it found the goal, shape (T, B).
    """

    seen: Tensor
    actions: Tensor
    rewards: Tensor
    found: Tensor


class Agent(nn.Module):
    """Plastic recurrent network with connections from what is seen, to an actor and to a critic.

    Parameters
    ----------
    n : int
        Units.
    rule, alpha, eta
        As for :class:`hebbnotes.networks.PlasticRNN`.
    alpha_scale : float
        Standard deviation of the initial plasticities. Their signs are random: with all of them positive the trace feeds itself.
    generator : torch.Generator
        Source of the initial values.

    Attributes
    ----------
    inward : Parameter
        Shape (n_seen + 1, n): from what is seen, and from a unit that is always 1.
    core : PlasticRNN
        The network.
    outward : Parameter
        Shape (n + 1, 5): to four actions and the critic.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5.
    """

    def __init__(
        self,
        n: int = 64,
        rule: Rule = rules.oja,
        alpha: str | None = "full",
        *,
        eta: float = 0.1,
        alpha_scale: float = 0.1,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        scale = 0.9 / _checks.integer("n", n) ** 0.5
        self.core = PlasticRNN(n, rule, alpha, eta=eta, w_scale=scale, alpha_scale=alpha_scale, generator=generator)
        self.inward = nn.Parameter(torch.randn(maze.N_SEEN + 1, n, generator=generator) / (maze.N_SEEN + 1) ** 0.5)
        self.outward = nn.Parameter(0.1 * torch.randn(n + 1, 5, generator=generator) / n**0.5)

    def forward(self, seen: Tensor, state: State | None = None) -> tuple[Tensor, Tensor, State]:
        """Go through steps: (T, B, n_seen) give logits (T, B, 4), the critic's values (T, B), and the state after the last one."""
        _checks.tensor("seen", seen, "T B n_seen", {"n_seen": maze.N_SEEN})
        drive = seen @ self.inward[:-1] + self.inward[-1]
        y, state = self.core(drive, state)
        out = y @ self.outward[:-1] + self.outward[-1]
        return out[..., :4], out[..., 4], state


def live(agent: Agent, made: maze.Maze, batch: int, n_steps: int, generator: torch.Generator, **rewards: float) -> Life:
    """Let agents live through episodes, each choosing its actions at random with the probabilities that it gives them.

    Parameters
    ----------
    agent : Agent
        The network that all agents have; each has a trace of its own.
    made : Maze
        From :func:`hebbnotes.maze.make`.
    batch, n_steps : int
        Number of agents, and of steps.
    generator : torch.Generator
        Source of randomness.
    rewards : float
        ``reward`` and ``penalty`` of :func:`hebbnotes.maze.step`.

    Returns
    -------
    Life

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5.
    """
    agents, state = maze.start(made, batch, generator), None
    seen, actions, got, found = [], [], [], []
    with torch.no_grad():
        for _ in range(_checks.integer("n_steps", n_steps)):
            seen.append(maze.observe(made, agents))
            logits, _, state = agent(seen[-1].unsqueeze(0), state)
            actions.append(torch.multinomial(logits[0].softmax(-1), 1, generator=generator)[:, 0])
            agents = maze.step(made, agents, actions[-1], generator, **rewards)
            got.append(agents.reward)
            found.append(agents.found)
    return Life(*(torch.stack(one) for one in (seen, actions, got, found)))


def loss(
    agent: Agent,
    made: maze.Maze,
    batch: int,
    n_steps: int,
    generator: torch.Generator,
    *,
    reward: float = 1.0,
    penalty: float = 0.01,
    **weights: Any,
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`hebbnotes.training.train` needs: the loss of an agent on new episodes.

    Parameters
    ----------
    agent, made, batch, n_steps, generator, reward, penalty
        As for :func:`live`.
    weights : float
        Of :func:`hebbnotes.actor_critic.loss`.

    Returns
    -------
    callable
        ``loss(update)`` returns the loss and numbers for the history: ``"finds"`` is the mean number of goals found in an episode.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5.
    """

    def new(update: int) -> tuple[Tensor, dict[str, float]]:
        life = live(agent, made, batch, n_steps, generator, reward=reward, penalty=penalty)
        logits, values, _ = agent(life.seen)
        total, parts = actor_critic.loss(logits, values, life.actions, life.rewards, **weights)
        return total, parts | {"finds": life.found.float().sum(0).mean().item()}

    return new
