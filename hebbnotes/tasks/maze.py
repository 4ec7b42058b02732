"""A maze whose reward stays in one place for an episode: pure functions of a batch of agents.

The task of Miconi, Stanley & Clune (2018), section 4.5. An agent sees the walls next to it, what it
did and what it got. It is rewarded at a place that it cannot see, and then finds itself anywhere:
to come back it must remember where the reward is.

Shapes: B agents, each in an episode of its own, with G goals; S squares on a side of the maze, its
outer wall included.
"""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.tasks.places import Agents, Maze, check_agents, check_maze

__all__ = [
    "MOVES",
    "N_SEEN",
    "Agents",
    "Maze",
    "check_agents",
    "check_maze",
    "distances",
    "find",
    "make",
    "moved",
    "observe",
    "observed",
    "start",
    "step",
    "steps_to_finds",
]

MOVES = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])
"""Rows and columns that each action moves by: up, down, left, right."""
N_SEEN = 14
"""Numbers that an agent is told at each step."""


def make(size: int = 9) -> Maze:
    """Build the maze: an open square with a pillar on every other square of every other row.

    Parameters
    ----------
    size : int, squares on a side without the outer wall, odd, 3 to 1001

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5: 9 x 9 squares with 16 pillars. The centre
    is always open.

    Examples
    --------
    >>> maze = make(5)
    >>> for row in maze.walls.tolist():
    ...     print("".join(".#"[wall] for wall in row))
    #######
    #.....#
    #.#.#.#
    #.....#
    #.#.#.#
    #.....#
    #######
    """
    if _checks.integer("size", size, 3, 1001) % 2 == 0:
        raise ValueError(
            f"size must be odd, so that the maze has a centre, got {size}: use {size + 1}"
        )
    walls = torch.ones(size + 2, size + 2, dtype=torch.bool)
    walls[1:-1, 1:-1] = False
    walls[2:-2:2, 2:-2:2] = True
    walls[(size + 1) // 2, (size + 1) // 2] = False
    return Maze(walls, (~walls).nonzero())


def _anywhere_but(maze: Maze, avoided: Tensor, chance: Tensor) -> Tensor:
    """Choose a free square for each agent, any but the one to be avoided; both (B, 2)."""
    drawn = (chance * (len(maze.free) - 1)).long()
    there = (maze.free.unsqueeze(0) == avoided.unsqueeze(1)).all(-1).int().argmax(-1)
    return maze.free[drawn + (drawn >= there)]


def start(maze: Maze, batch: int, generator: torch.Generator, n_goals: int = 1) -> Agents:
    """Put agents into the centre, and the goals of each anywhere else, no two in one place.

    Parameters
    ----------
    maze : Maze
    batch : int, agents
    generator : torch.Generator
    n_goals : int, goals of each agent, which are rewarded by turns

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5, for one goal.

    Examples
    --------
    >>> agents = start(make(9), 2, torch.Generator().manual_seed(0))
    >>> agents.position
    tensor([[5, 5],
            [5, 5]])
    >>> agents.goals.shape
    torch.Size([2, 1, 2])
    """
    check_maze(maze)
    _checks.generator(generator, "cpu")
    _checks.integer("batch", batch)
    _checks.room(batch=batch, free=len(maze.free))
    if maze.walls[maze.centre, maze.centre]:
        raise ValueError("maze must be free in its centre, where agents start: use maze.make")
    if _checks.integer("n_goals", n_goals) >= len(maze.free):
        raise ValueError(
            f"n_goals must be below the number of free squares, {len(maze.free)}, got {n_goals}: "
            "use a larger maze"
        )
    position = torch.full((batch, 2), maze.centre)
    order = torch.rand(batch, len(maze.free), generator=generator, dtype=torch.float64)
    order[:, (maze.free == maze.centre).all(1)] = -1
    goals = maze.free[order.topk(n_goals, 1).indices]
    nothing = torch.zeros(batch, dtype=torch.bool)
    return Agents(
        position=position,
        goals=goals,
        turn=nothing.long(),
        action=nothing.long() - 1,
        reward=torch.zeros(batch, dtype=torch.float32),
        found=nothing,
        bumped=nothing.clone(),
    )


def step(
    maze: Maze,
    agents: Agents,
    action: Tensor,
    chance: Tensor,
    *,
    reward: float = 10.0,
    penalty: float = 0.1,
) -> Agents:
    """Move each agent; who finds its goal is paid, and put anywhere but on the goal that is next.

    Parameters
    ----------
    maze : Maze
    agents : Agents
    action : Tensor
        What each does, integers from 0 to 3 as in :data:`MOVES`, shape (B,). Who runs into a wall
        stays.
    chance : Tensor
        Drawn from [0, 1), double, shape (B,): where each is put if it finds its goal.
    reward, penalty : float, what the goal gives, and what a wall takes

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5: reward 10, penalty 0.1, one goal.

    Examples
    --------
    >>> maze, g = make(9), torch.Generator().manual_seed(0)
    >>> agents = start(maze, 2, g)
    >>> up_and_right = torch.tensor([0, 3])
    >>> step(maze, agents, up_and_right, torch.rand(2, generator=g, dtype=torch.float64)).position
    tensor([[4, 5],
            [5, 6]])
    """
    check_agents(maze, agents)
    _checks.actions("action", action, "B", {"B": len(agents.position)}, 4)
    _checks.tensor("chance", chance, "B", {"B": len(agents.position)})
    if chance.dtype != torch.float64 or chance.device.type != "cpu":
        raise TypeError(
            f"chance must be double on the processor, got {chance.dtype}, {chance.device}: "
            "use dtype=torch.float64"
        )
    if not bool(((chance >= 0) & (chance < 1)).all()):
        raise ValueError("chance must lie in [0, 1): use torch.rand(..., dtype=torch.float64)")
    reward, penalty = _checks.number("reward", reward), _checks.number("penalty", penalty, 0)
    return moved(maze, agents, action, chance, reward=reward, penalty=penalty)


def moved(
    maze: Maze, agents: Agents, action: Tensor, chance: Tensor, *, reward: float, penalty: float
) -> Agents:
    """Do what :func:`step` does, for callers that have checked what they hand over."""
    there = agents.position + MOVES[action]
    bumped = maze.walls[there[:, 0], there[:, 1]]
    position = torch.where(bumped.unsqueeze(1), agents.position, there)
    found = (position == agents.goal).all(1)
    after = agents._replace(turn=(agents.turn + found) % agents.goals.shape[1])
    position = torch.where(found.unsqueeze(1), _anywhere_but(maze, after.goal, chance), position)
    gain = reward * found.float() - penalty * bumped.float()
    return after._replace(position=position, action=action, reward=gain, found=found, bumped=bumped)


def observe(maze: Maze, agents: Agents) -> Tensor:
    """Return what each agent is told, shape (B, 14).

    That is nine squares around it (1 for a wall), what it did (one of four), and what it got.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5, and their later code for the action.

    Examples
    --------
    >>> maze = make(9)
    >>> observe(maze, start(maze, 1, torch.Generator()))[0, :9].view(3, 3)  # between four pillars
    tensor([[1., 0., 1.],
            [0., 0., 0.],
            [1., 0., 1.]])
    """
    check_agents(maze, agents)
    return observed(maze, agents)


def observed(maze: Maze, agents: Agents) -> Tensor:
    """Do what :func:`observe` does, for callers that have checked what they hand over."""
    around = torch.cartesian_prod(torch.arange(-1, 2), torch.arange(-1, 2))
    squares = agents.position.unsqueeze(1) + around
    seen = maze.walls[squares[..., 0], squares[..., 1]].float()
    did = (agents.action.unsqueeze(1) == torch.arange(4)).float()
    return torch.cat([seen, did, agents.reward.unsqueeze(1)], 1)


def distances(maze: Maze, goal: tuple[int, int]) -> Tensor:
    """Return the number of moves from each square to a goal, integers, (S, S); -1 in walls.

    Parameters
    ----------
    maze : Maze
    goal : tuple of int, row and column of a free square

    Examples
    --------
    >>> distances(make(3), (1, 1))[1:-1, 1:-1]
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    check_maze(maze)
    row, column = _checks.integers("goal", goal, 2)
    size = len(maze.walls)
    if not (0 <= row < size and 0 <= column < size) or maze.walls[row, column]:
        raise ValueError(f"goal must be a free square, got {goal}: see maze.free")
    moves_to, moves = torch.full((size, size), -1), 0
    front = torch.zeros_like(maze.walls)
    front[row, column] = True
    while front.any():
        moves_to[front] = moves
        near = front.roll(1, 0) | front.roll(-1, 0) | front.roll(1, 1) | front.roll(-1, 1)
        front, moves = near & ~maze.walls & (moves_to < 0), moves + 1
    return moves_to


def _all_distances(maze: Maze) -> Tensor:
    """Return the moves from each square to each free one, (S, S, n_free); S**2 in walls."""
    to_each = [distances(maze, (row, column)) for row, column in maze.free.tolist()]
    far = torch.stack(to_each, 2)
    return torch.where(far < 0, len(maze.walls) ** 2, far)


def find(
    maze: Maze, way: str, batch: int, n_steps: int, generator: torch.Generator, n_goals: int = 1
) -> Tensor:
    """Let agents that do not learn look for their goals: what a network is to be compared with.

    Parameters
    ----------
    maze : Maze
    way : {"walk", "sweep", "know"}
        ``"walk"`` takes a random action at each step. ``"sweep"`` sees the whole maze but the goal,
        goes to a nearest square that it has not been on, and begins again after each find: it
        remembers its way and not the goal. ``"know"`` sweeps until it has found a goal once, and
        from then on takes the shortest way to it.
    batch, n_steps : int, agents and steps
    generator : torch.Generator
    n_goals : int, as for :func:`start`

    Returns
    -------
    Tensor
        Boolean, shape (n_steps, batch): where a goal was found.

    Examples
    --------
    >>> found = find(make(5), "know", 100, 60, torch.Generator().manual_seed(0))
    >>> found.shape, bool(found.sum(0).float().mean() > 10)
    (torch.Size([60, 100]), True)
    """
    _checks.choice("way", way, ("walk", "sweep", "know"))
    _checks.room(n_steps=_checks.integer("n_steps", n_steps), batch=_checks.integer("batch", batch))
    check_maze(maze)
    _checks.room(squares=len(maze.walls) ** 2, free=100 * len(maze.free))
    agents, size, far = (
        start(maze, batch, generator, n_goals),
        len(maze.walls),
        _all_distances(maze),
    )
    number = torch.zeros(size, size, dtype=torch.long)
    number[maze.free[:, 0], maze.free[:, 1]] = torch.arange(len(maze.free))
    unseen = torch.ones(batch, len(maze.free), dtype=torch.bool)
    knows = torch.zeros(batch, n_goals, dtype=torch.bool)
    every, finds = torch.arange(batch), []
    for _ in range(n_steps):
        here, goal = far[agents.position[:, 0], agents.position[:, 1]], agents.goal
        unseen[every, here.argmin(1)] = False
        ties = torch.rand(unseen.shape, generator=generator)
        sought = torch.where(unseen, here + ties, size**2).argmin(1)
        aim = torch.where(knows[every, agents.turn], number[goal[:, 0], goal[:, 1]], sought)
        near = agents.position.unsqueeze(1) + MOVES  # (B, 4, 2)
        action = far[near[..., 0], near[..., 1], aim.unsqueeze(1)].argmin(1)
        if way == "walk":
            action = torch.randint(4, (batch,), generator=generator)
        turn, chance = agents.turn, torch.rand(batch, generator=generator, dtype=torch.float64)
        agents = moved(maze, agents, action, chance, reward=0.0, penalty=0.0)
        unseen[agents.found] = True
        knows[every, turn] |= agents.found & (way == "know")
        finds.append(agents.found)
    return torch.stack(finds)


def steps_to_finds(found: Tensor, most: int) -> list[float]:
    """Return the mean number of steps to the first find, from there to the second, and so on.

    Each is the number of steps that all agents spent looking for this find, over the number of
    those that made it, so that who ran out of time is counted too.

    Parameters
    ----------
    found : Tensor, where a goal was found, boolean, shape (T, B)
    most : int, how many finds; the last number is of this find and all later ones together

    Returns
    -------
    list of float
        Infinite where nobody made the find. The mean of a geometric distribution from censored
        times.

    Examples
    --------
    Two agents; the second finds nothing in five steps:

    >>> found = torch.tensor([[0, 1, 0, 0, 1], [0, 0, 0, 0, 0]], dtype=torch.bool).T
    >>> steps_to_finds(found, 2)
    [7.0, 3.0]
    """
    _checks.room(most=_checks.integer("most", most))
    _checks.held("found", _checks.tensor("found", found, "T B", {}, boolean=True))
    last = most - 1
    before = torch.cat([torch.zeros_like(found[:1]), found[:-1]])
    finds = before.cumsum(0).clamp(max=last)
    spent = torch.bincount(finds.flatten(), minlength=most).tolist()
    made = torch.bincount(finds[found], minlength=most).tolist()
    return [a / b if b else float("inf") for a, b in zip(spent, made, strict=True)]
