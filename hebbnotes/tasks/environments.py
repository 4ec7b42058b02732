"""The maze for programs that expect an environment of gymnasium: one agent, or a batch of them."""

from typing import Any

import numpy as np
import torch

from hebbnotes import _checks

with _checks.extra("gym"):
    import gymnasium
    from gymnasium import spaces
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space

from hebbnotes.tasks import maze

__all__ = ["MazeEnv", "MazeVectorEnv"]

Info = dict[str, Any]


def _space(reward: float, penalty: float) -> spaces.Box:
    low = np.zeros(maze.N_SEEN, np.float32)
    high = np.ones(maze.N_SEEN, np.float32)
    low[-1], high[-1] = min(0.0, -penalty, reward), max(0.0, reward)
    return spaces.Box(low, high)


class MazeVectorEnv(VectorEnv):
    """A batch of agents, whose episodes all end together after ``n_steps`` steps.

    ``info`` tells of each agent whether it ``found`` the goal or ``bumped`` into a wall.

    Parameters
    ----------
    num_envs : int, agents
    size : as for :func:`.maze.make`
    n_steps : int
        Steps of an episode; at the next step a new one starts, whatever the action.
    n_goals : as for :func:`.maze.start`
    reward, penalty : as for :func:`.maze.step`

    Examples
    --------
    >>> environment = MazeVectorEnv(3, size=5)
    >>> seen, info = environment.reset(seed=0)
    >>> seen, reward, ended, over, info = environment.step(np.array([0, 1, 2]))
    >>> seen.shape, info["found"].shape
    ((3, 14), (3,))
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012, as gymnasium asks

    def __init__(
        self,
        num_envs: int,
        size: int = 9,
        n_steps: int = 200,
        *,
        n_goals: int = 1,
        reward: float = 10.0,
        penalty: float = 0.1,
    ) -> None:
        self.num_envs = _checks.integer("num_envs", num_envs)
        self.n_steps = _checks.integer("n_steps", n_steps)
        self.reward = _checks.number("reward", reward)
        self.penalty = _checks.number("penalty", penalty, 0)
        _checks.room(num_envs=num_envs, n_steps=n_steps)
        self.maze, self.n_goals = maze.make(size), n_goals
        maze.start(self.maze, 1, torch.Generator(), n_goals)  # refuses what cannot be
        self.single_observation_space = _space(self.reward, self.penalty)
        self.single_action_space = spaces.Discrete(4)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.agents: maze.Agents | None = None

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Any, Info]:
        """Start new episodes; the same seed gives the same ones."""
        super().reset(seed=seed)
        self.generator = torch.Generator().manual_seed(int(self.np_random.integers(2**62)))
        return self._begin()

    def _begin(self) -> tuple[np.ndarray, Info]:
        self.agents = maze.start(self.maze, self.num_envs, self.generator, self.n_goals)
        self.time = 0
        return maze.observed(self.maze, self.agents).numpy(), self._info()

    def _info(self) -> Info:
        return {name: getattr(self.agents, name).numpy() for name in ("found", "bumped")}

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, Any, Info]:
        """Move all agents."""
        if self.agents is None:
            raise ValueError("step comes after reset: call reset() first")
        none = np.zeros(self.num_envs, bool)
        if self.time == self.n_steps:
            seen, info = self._begin()
            return seen, np.zeros(self.num_envs, np.float32), none, none.copy(), info
        given = np.asarray(actions)
        if not np.issubdtype(given.dtype, np.integer):
            raise TypeError(f"action must hold integers from 0 to 3, got {_checks.got(actions)}")
        chosen = torch.as_tensor(given.astype(np.int64))
        _checks.actions("action", chosen, "B", {"B": self.num_envs}, 4)
        chance = torch.rand(self.num_envs, generator=self.generator, dtype=torch.float64)
        gives = {"reward": self.reward, "penalty": self.penalty}
        self.agents = maze.moved(self.maze, self.agents, chosen, chance, **gives)
        self.time += 1
        over = np.full(self.num_envs, self.time == self.n_steps)
        seen = maze.observed(self.maze, self.agents).numpy()
        return seen, self.agents.reward.numpy(), none, over, self._info()


class MazeEnv(gymnasium.Env):
    """One agent; for tools that expect a single environment. As :class:`MazeVectorEnv`."""

    metadata = {"render_modes": []}  # noqa: RUF012, as gymnasium asks

    def __init__(self, size: int = 9, n_steps: int = 200, **options: Any) -> None:
        self._all = MazeVectorEnv(1, size, n_steps, **options)
        self.observation_space = self._all.single_observation_space
        self.action_space = self._all.single_action_space

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Any, Info]:
        """Start a new episode; the same seed gives the same one."""
        super().reset(seed=seed)
        seen, info = self._all.reset(seed=int(self.np_random.integers(2**31)))
        return seen[0], _first(info)

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, Info]:
        """Move the agent. An episode that is over must be reset."""
        if self._all.agents is not None and self._all.time == self._all.n_steps:
            raise ValueError("the episode is over: call reset()")
        seen, reward, _, over, info = self._all.step(np.array([action]))
        return seen[0], float(reward[0]), False, bool(over[0]), _first(info)


def _first(info: Info) -> Info:
    return {name: bool(value[0]) for name, value in info.items()}
