"""How agents live through episodes in a maze, and learn from them.

An episode is lived step by step without gradients; then it is gone through once more, with them.

Shapes: T steps, B agents, n units.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.learning import actor_critic
from hebbnotes.learning.actor_critic import Objective
from hebbnotes.learning.agents.kinds import Agent
from hebbnotes.tasks import maze

__all__ = ["Life", "Task", "live", "loss", "readable_from"]


class Life(NamedTuple):
    """Episodes that were lived: what was before each step, and what it gave."""

    seen: Tensor
    """What the agents were told before each step, shape (T, B, n_seen)."""
    positions: Tensor
    """Row and column of each before each step, integers, shape (T, B, 2)."""
    actions: Tensor
    """What they did, integers, shape (T, B)."""
    rewards: Tensor
    """What each step gave, shape (T, B)."""
    found: Tensor
    """Whether it found the goal, boolean, shape (T, B)."""
    agents: maze.Agents
    """The agents after the last step."""
    state: Any
    """The network's state after the last step."""


def live(
    agent: Agent,
    made: maze.Maze,
    agents: maze.Agents,
    n_steps: int,
    generator: torch.Generator,
    state: Any = None,
    *,
    reward: float = 1.0,
    penalty: float = 0.01,
) -> Life:
    """Let agents live, each choosing its actions with the probabilities that its network gives.

    Parameters
    ----------
    agent : Agent, the network of all; each has a state of its own
    made : Maze
    agents : Agents, where they begin: from :func:`.maze.start`, or from an earlier life
    n_steps : int
    generator : torch.Generator
    state : optional, in which they begin; by default at rest
    reward, penalty : float, as for :func:`.maze.step`; the published ones are ten times as large

    Raises
    ------
    ValueError
        Before a chance is drawn, if agents are not in this maze, the state is not one of this
        network and of so many agents, or the network is not on the processor.

    Examples
    --------
    >>> from hebbnotes.learning import agents
    >>> made, g = maze.make(5), torch.Generator().manual_seed(0)
    >>> agent = agents.PlasticAgent(8, generator=g)
    >>> first = live(agent, made, maze.start(made, 3, g), 20, g)
    >>> later = live(agent, made, first.agents, 20, g, first.state)  # and on
    >>> later.actions.shape, later.found.dtype
    (torch.Size([20, 3]), torch.bool)
    """
    _check_agent(agent)
    maze.check_agents(made, agents)
    _checks.generator(generator, "cpu")
    batch, n_noise = len(agents.turn), agent.n_seen - maze.N_SEEN
    if state is not None:
        agent.check_state(state, batch)
    reward, penalty = _checks.number("reward", reward), _checks.number("penalty", penalty, 0)
    sizes = _checks.integer("n_steps", n_steps), 2, batch
    _checks.room(n_steps=n_steps, agents=batch, numbers=agent.n_seen)
    chance = torch.rand(sizes, generator=generator, dtype=torch.float64)
    noise = 2.0 * torch.randint(2, (n_steps, batch, n_noise), generator=generator) - 1
    lived, state = _lived, agent.rest(batch) if state is None else state
    if agent.compiles():
        from hebbnotes.learning.agents import compiled_lives

        lived = compiled_lives.lived
    return Life(*lived(agent, made, agents, state, chance, noise, reward, penalty))


def _check_agent(agent: Agent) -> None:
    """Raise unless an agent can live: on the processor, and with numbers."""
    _checks.of_type("agent", agent, Agent, "use PlasticAgent(generator=generator)")
    if agent.outward.device.type != "cpu":
        raise ValueError(
            f"agent must be on the processor to live, got {agent.outward.device}: use agent.cpu()"
        )
    for name, p in agent.named_parameters():
        _checks.finite(f"agent.{name}", p, "look at how it was trained")


def _lived(
    agent: Agent,
    made: maze.Maze,
    agents: maze.Agents,
    state: Any,
    chance: Tensor,
    noise: Tensor,
    reward: float,
    penalty: float,
) -> tuple[Any, ...]:
    """Return the fields of a :class:`Life`; :func:`.compiled_lives.lived` does the same."""
    steps = []
    with torch.no_grad():
        for (choice, place), more in zip(chance, noise, strict=True):
            seen = torch.cat([maze.observed(made, agents), more], 1).to(agent.outward)
            logits, _, state = agent(seen.unsqueeze(0), state)
            action = (choice.unsqueeze(1) >= logits[0].softmax(-1).cumsum(-1)[:, :3]).sum(1)
            position = agents.position
            agents = maze.moved(made, agents, action, place, reward=reward, penalty=penalty)
            steps.append((seen, position, action, agents.reward.to(seen), agents.found))
    return *(torch.stack(parts) for parts in zip(*steps, strict=True)), agents, state


def readable_from(agent: Agent, made: maze.Maze, life: Life) -> dict[str, Tensor]:
    """Return what a goal might be read from at the end of a life, each of shape (B, n_features).

    ``"place"`` is where the agents are, as a number for each row and column; the rest is what
    :meth:`Agent.readable` returns.
    """
    _check_agent(agent)
    maze.check_maze(made)
    _checks.of_type("life", life, Life, "use agents.live")
    _checks.of_type("life.agents", life.agents, maze.Agents, "use agents.live")
    side = len(made.walls)
    position = _checks.tensor("life.agents.position", life.agents.position, "B two", {"two": 2})
    _checks.floating("life.rewards", life.rewards)
    if bool((position < 0).any()) or bool((position >= side).any()):
        raise ValueError(
            f"life must be one in this maze of side {side}: pass the maze it was lived in"
        )
    place = nn.functional.one_hot(position, side).flatten(1)
    return {"place": place.to(life.rewards), **agent.readable(life.state)}


@dataclass(frozen=True)
class Task:
    """What agents look for: goals as for :func:`.maze.start`, and what :func:`live` gives."""

    n_goals: int = 1
    reward: float = 1.0
    penalty: float = 0.01


def loss(
    agent: Agent,
    made: maze.Maze,
    batch: int,
    n_steps: int,
    generator: torch.Generator,
    *,
    task: Task = Task(),
    objective: Callable[[int], Objective] = lambda update: Objective(),
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of an agent on new episodes.

    Parameters
    ----------
    agent, made, n_steps, generator : as for :func:`live`
    batch : int, episodes of an update
    task : Task
    objective : callable, the weights of the loss, a function of the update

    Returns
    -------
    callable
        ``loss(update)`` returns the loss, and for the history what :func:`.actor_critic.loss` tells
        and ``"finds"``, the goals found in an episode.
    """
    _checks.of_type("agent", agent, Agent, "use PlasticAgent(generator=generator)")
    _checks.of_type("task", task, Task, "use Task(n_goals=1)")
    _checks.generator(generator, "cpu")
    for name, value in (("batch", batch), ("n_steps", n_steps)):
        _checks.integer(name, value)
    maze.check_maze(made)
    _checks.function("objective", objective, "of the update that returns an Objective")
    gives = {"reward": task.reward, "penalty": task.penalty}

    def new(update: int) -> tuple[Tensor, dict[str, float]]:
        begin = maze.start(made, batch, generator, task.n_goals)
        life = live(agent, made, begin, n_steps, generator, **gives)
        logits, values, _ = agent(life.seen)
        weights = _checks.of_type(
            "what objective returns", objective(update), Objective, "use Objective()"
        )
        total, parts = actor_critic.loss(logits, values, life.actions, life.rewards, weights)
        return total, parts | {"finds": life.found.float().sum(0).mean().item()}

    return new
