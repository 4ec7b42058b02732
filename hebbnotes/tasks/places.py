"""Where agents can be: a maze and its agents, and whether they fit together.

Shapes: B agents, each in an episode of its own, with G goals; S squares on a side of the maze, its
outer wall included.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["Agents", "Maze", "check_agents", "check_maze"]


class Maze(NamedTuple):
    """Walls, and where one can be."""

    walls: Tensor
    """Boolean, shape (S, S)."""
    free: Tensor
    """Rows and columns of the squares without a wall, integers, shape (n_free, 2)."""

    @property
    def centre(self) -> int:
        """Row, and column, of the square where an episode starts."""
        return len(self.walls) // 2


class Agents(NamedTuple):
    """A batch of agents, and what just happened to them."""

    position: Tensor
    """Row and column of each, integers, shape (B, 2)."""
    goals: Tensor
    """Rows and columns of its goals, integers, shape (B, G, 2)."""
    turn: Tensor
    """Which of them is rewarded now, integers, shape (B,)."""
    action: Tensor
    """What each did, 0 to 3, or -1 at the start; shape (B,)."""
    reward: Tensor
    """What each got for it, shape (B,)."""
    found: Tensor
    """Whether it found the goal, boolean, shape (B,)."""
    bumped: Tensor
    """Whether it ran into a wall, boolean, shape (B,)."""

    @property
    def goal(self) -> Tensor:
        """Row and column of the goal that is rewarded now, shape (B, 2)."""
        return self.goals[torch.arange(len(self.turn)), self.turn]


def check_maze(maze: Maze) -> None:
    """Raise unless a maze is closed all around, and its free squares are those without a wall."""
    _checks.of_type("maze", maze, Maze, "use maze.make(9)")
    sizes = {"S": len(maze.walls) if isinstance(maze.walls, Tensor) and maze.walls.ndim else 0}
    walls = _checks.tensor("maze.walls", maze.walls, "S S", sizes, boolean=True)
    _checks.held("maze.walls", walls)
    if not bool(walls[0].all() & walls[-1].all() & walls[:, 0].all() & walls[:, -1].all()):
        raise ValueError("maze.walls must be closed all around, or agents would leave: add a wall")
    free = _checks.tensor("maze.free", maze.free, "n_free two", {"two": 2})
    if _checks.held("maze.free", free).dtype != torch.int64:
        raise TypeError(f"maze.free must be torch.int64, got {free.dtype}: use (~walls).nonzero()")
    if not torch.equal(free, (~walls).nonzero()) or len(free) < 2:
        raise ValueError(
            "maze.free must name the squares without a wall, two or more: use (~walls).nonzero()"
        )


def check_agents(maze: Maze, agents: Agents) -> None:
    """Raise unless agents stand, and have their goals, on free squares of this maze."""
    check_maze(maze)
    _checks.of_type("agents", agents, Agents, "use maze.start")
    sizes: dict[str, int] = {"two": 2}
    for name, axes in _AXES.items():
        value = _checks.tensor(f"agents.{name}", getattr(agents, name), axes, sizes)
        kind = _KINDS.get(name, torch.int64)
        if value.dtype != kind and not (name == "reward" and value.dtype == torch.float64):
            raise TypeError(f"agents.{name} must be {kind}, got {value.dtype}: use maze.start")
        if value.device.type != "cpu":
            raise ValueError(f"agents.{name} must be on the processor, got {value.device}")
    _checks.finite("agents.reward", agents.reward)
    squares, side = torch.cat([agents.position.unsqueeze(1), agents.goals], 1), len(maze.walls)
    inside = bool(((squares >= 0) & (squares < side)).all())
    if not inside or bool(maze.walls[squares[..., 0], squares[..., 1]].any()):
        raise ValueError(
            "agents must stand, and have their goals, on free squares of this maze of side "
            f"{side}: use maze.start"
        )
    for name, low, high in (("turn", 0, sizes["G"] - 1), ("action", -1, 3)):
        value = getattr(agents, name)
        if bool(((value < low) | (value > high)).any()):
            raise ValueError(
                f"agents.{name} must be from {low} to {high}, got {value.unique().tolist()}: "
                "use maze.start"
            )


_AXES = {"turn": "B", "position": "B two", "goals": "B G two", "action": "B"}
_AXES |= {"reward": "B", "found": "B", "bumped": "B"}
_KINDS = {"reward": torch.float32, "found": torch.bool, "bumped": torch.bool}
