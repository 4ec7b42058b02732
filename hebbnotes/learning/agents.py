"""Agents for the maze: networks that act, and how they live through an episode.

An episode is lived step by step without gradients; then it is gone through once more, with them. Where :mod:`hebbnotes.learning.lives`
knows the network, it does both.

Shapes: T steps, B agents, n units.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks, networks
from hebbnotes.learning import actor_critic, lives
from hebbnotes.networks import PlasticRNN, State
from hebbnotes.plasticity import compiled, rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.tasks import maze

__all__ = ["Agent", "Life", "live", "loss", "readable_from", "with_erased"]


class Life(NamedTuple):
    """Episodes that were lived.

    Attributes
    ----------
    seen : Tensor
        What the agents were told before each step, shape (T, B, n_seen).
    positions : Tensor
        Row and column of each before each step, integers, shape (T, B, 2).
    actions : Tensor
        What they did, integers, shape (T, B).
    rewards : Tensor
        What each step gave, shape (T, B).
    found : Tensor
        Whether it found the goal, boolean, shape (T, B).
    agents : hebbnotes.tasks.maze.Agents
        The agents after the last step.
    state : State, Tensor or tuple
        The network's state after the last step.

    Notes
    -----
    Taught in the chapter "The maze".
    """

    seen: Tensor
    positions: Tensor
    actions: Tensor
    rewards: Tensor
    found: Tensor
    agents: maze.Agents
    state: Any


class Agent(nn.Module):
    """Recurrent network with connections from what is seen, to an actor and to a critic.

    Parameters
    ----------
    n : int
        Units; of an LSTM, cells.
    kind : {"plastic", "recurrent", "lstm"}
        A plastic network, the same without plasticity, or torch's LSTM.
    rule, eta
        As for :class:`.PlasticRNN`; the other kinds leave these, and the next two, aside.
    clip
        As for :func:`.loop.run`.
    alpha_scale : float
        Standard deviation of the initial plasticities. Their signs are random: with all of them positive the trace feeds itself.
    n_noise : int
        Inputs that only distract: at each step each of them is 1 or -1 at random.
    generator : torch.Generator
        Source of the initial values.

    Attributes
    ----------
    inward : Parameter
        Of a plastic network, shape (n_seen + 1, n): from what is seen, and from a unit that is always 1.
    core : PlasticRNN, torch.nn.RNN or torch.nn.LSTM
        The network; torch's have inputs of their own, and two biases of which the sum alone matters.
    outward : Parameter
        Shape (n + 1, 5): to four actions and the critic.
    plain : bool
        Whether nothing is compiled; set it to compare.

    Raises
    ------
    TypeError, ValueError
        If the kind is unknown, or a number is not usable.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5. Taught in the chapter "The maze".
    """

    def __init__(
        self,
        n: int = 64,
        kind: str = "plastic",
        rule: Rule = rules.oja,
        *,
        clip: float | None = None,
        eta: float = 0.1,
        alpha_scale: float = 0.1,
        n_noise: int = 0,
        generator: torch.Generator,
    ) -> None:
        _checks.choice("kind", kind, tuple(lives.KINDS))
        super().__init__()
        self.kind, self.clip, self.plain = kind, _checks.clip(clip), False
        n_seen = maze.N_SEEN + _checks.integer("n_noise", n_noise, 0)
        scale = 0.9 / _checks.integer("n", n) ** 0.5

        def drawn(deviation: float, *shape: int) -> Tensor:
            return deviation * torch.randn(*shape, generator=generator)

        if kind == "plastic":
            self.core = PlasticRNN(
                n, rule, eta=eta, w_scale=scale, alpha_scale=alpha_scale, generator=generator
            )
            self.inward = nn.Parameter(drawn((n_seen + 1) ** -0.5, n_seen + 1, n))
        else:
            self.core = nn.RNN(n_seen, n) if kind == "recurrent" else nn.LSTM(n_seen, n)
            with torch.no_grad():  # drawn as for the plastic network
                self.core.weight_ih_l0.copy_(
                    drawn((n_seen + 1) ** -0.5, *self.core.weight_ih_l0.shape)
                )
                self.core.weight_hh_l0.copy_(drawn(scale, *self.core.weight_hh_l0.shape))
                self.core.bias_ih_l0.zero_()
                self.core.bias_hh_l0.zero_()
        self.outward = nn.Parameter(drawn(0.1 * n**-0.5, n + 1, 5))

    @property
    def n_seen(self) -> int:
        """Numbers that it is told at each step."""
        return len(self.inward) - 1 if self.kind == "plastic" else self.core.input_size

    def rest(self, batch: int) -> Any:
        """Return the state at the start of an episode: all zero."""
        n = len(self.outward) - 1
        y = self.outward.new_zeros(batch, n)
        if self.kind == "plastic":
            return State(y, y.new_zeros(batch, n, n))
        return y[None] if self.kind == "recurrent" else (y[None], y.clone()[None])

    def compiles(self) -> bool:
        """Tell whether compiled code takes it: in single or double precision, with one of three rules, unless it is ``plain``."""
        known = self.kind != "plastic" or compiled.knows(self.core.rule)
        return (
            known
            and not self.plain
            and self.outward.device.type == "cpu"
            and self.outward.dtype in (torch.float32, torch.float64)
        )

    def forward(self, seen: Tensor, state: Any = None) -> tuple[Tensor, Tensor, Any]:
        """Go through steps: (T, B, n_seen) give logits (T, B, 4), the critic's values (T, B), and the state after the last one."""
        _checks.tensor(
            "seen",
            seen,
            "T B n_seen",
            {"n_seen": self.n_seen},
            like=self.outward,
            reference="the agent's weights",
        )
        _checks.finite("seen", seen)
        state = self.rest(seen.shape[1]) if state is None else state
        if self.kind == "plastic":
            core, drive = self.core, seen @ self.inward[:-1] + self.inward[-1]
            run = compiled.run if self.compiles() else networks.run
            y, state = run(drive, core.w, core.alpha, core.eta, core.rule, state, clip=self.clip)
        else:
            y, state = self.core(seen, state)
        out = y @ self.outward[:-1] + self.outward[-1]
        return out[..., :4], out[..., 4], state


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
    """Let agents live, each choosing its actions at random with the probabilities that its network gives them.

    Parameters
    ----------
    agent : Agent
        The network that all agents have; each has a state of its own.
    made : Maze
        From :func:`.maze.make`.
    agents : hebbnotes.tasks.maze.Agents
        Where they begin: from :func:`.maze.start`, or from an earlier life.
    n_steps : int
        Number of steps.
    generator : torch.Generator
        Source of randomness.
    state : optional
        The network's state in which they begin; by default at rest.
    reward, penalty : float
        As for :func:`.maze.step`. The published ones are ten times as large.

    Returns
    -------
    Life

    Raises
    ------
    TypeError, ValueError
        If a number is not usable, agents are not in this maze, the state is not one of this network and of so many agents, or the
        network is not on the processor.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5. Taught in the chapter "The maze".
    """
    _check_lives(agent, made, agents, state)
    _checks.number("reward", reward)
    _checks.number("penalty", penalty, 0)
    batch, n_noise = len(agents.turn), agent.n_seen - maze.N_SEEN
    chance = torch.rand(
        _checks.integer("n_steps", n_steps), 2, batch, generator=generator, dtype=torch.float64
    )
    noise = 2.0 * torch.randint(2, (n_steps, batch, n_noise), generator=generator) - 1
    state = agent.rest(batch) if state is None else state
    if agent.compiles():
        return Life(*lives.live(agent, made, agents, state, chance, noise, reward, penalty))
    steps = []
    with torch.no_grad():
        for (choice, place), more in zip(chance, noise, strict=True):
            seen = torch.cat([maze.observe(made, agents), more], 1).to(agent.outward)
            logits, _, state = agent(seen.unsqueeze(0), state)
            action = (choice.unsqueeze(1) >= logits[0].softmax(-1).cumsum(-1)[:, :3]).sum(1)
            before, agents = (
                agents,
                maze.step(made, agents, action, place, reward=reward, penalty=penalty),
            )
            steps.append((seen, before.position, action, agents.reward.to(seen), agents.found))
    return Life(*(torch.stack(one) for one in zip(*steps, strict=True)), agents, state)


def _check_lives(agent: Agent, made: maze.Maze, agents: maze.Agents, state: Any) -> None:
    if agent.outward.device.type != "cpu":
        raise ValueError(
            f"agent must be on the processor to live, got {agent.outward.device}: use agent.cpu()"
        )
    sizes: dict[str, int] = {"two": 2}
    for name, axes in (("turn", "B"), ("position", "B two"), ("goals", "B G two")):
        _checks.tensor(f"agents.{name}", getattr(agents, name), axes, sizes)
    squares, side = torch.cat([agents.position.unsqueeze(1), agents.goals], 1), len(made.walls)
    if bool((squares < 0).any() or (squares >= side).any()) or bool(
        made.walls[squares[..., 0], squares[..., 1]].any()
    ):
        raise ValueError(
            f"agents must stand, and have their goals, on free squares of this maze of side {side}: use maze.start"
        )
    if bool(((agents.turn < 0) | (agents.turn >= sizes["G"])).any()):
        raise ValueError(
            f"agents.turn must be from 0 to {sizes['G'] - 1}, got {agents.turn.unique().tolist()}: use maze.start"
        )
    if state is None:
        return
    parts, at_rest = (
        [one] if isinstance(one, Tensor) else list(one) for one in (state, agent.rest(sizes["B"]))
    )
    if len(parts) != len(at_rest) or any(
        a.shape != b.shape or a.dtype != b.dtype for a, b in zip(parts, at_rest, strict=True)
    ):
        wanted = ", ".join(str(tuple(one.shape)) for one in at_rest)
        got = ", ".join(f"{tuple(one.shape)}" for one in parts)
        raise ValueError(
            f"state must hold {wanted} in {agent.outward.dtype}, as agent.rest returns it, got {got}"
        )


def with_erased(agent: Agent, state: Any) -> dict[str, Any]:
    """Return a network's state as it is, and with one thing, or all that it remembers, set to zero.

    Parameters
    ----------
    agent : Agent
        Whose state it is.
    state : State, Tensor or tuple
        As :func:`live` returns it.

    Returns
    -------
    dict
        ``"nothing"`` erased, ``"activity"``, and of a plastic network ``"trace"`` and ``"both"``. The activity of an LSTM includes
        its cells.

    Notes
    -----
    Taught in the chapter "The maze".
    """
    if agent.kind == "lstm":
        return {"nothing": state, "activity": tuple(map(torch.zeros_like, state))}
    if agent.kind == "recurrent":
        return {"nothing": state, "activity": torch.zeros_like(state)}
    y, hebb = map(torch.zeros_like, state)
    return {
        "nothing": state,
        "activity": State(y, state.hebb),
        "trace": State(state.y, hebb),
        "both": State(y, hebb),
    }


def readable_from(agent: Agent, made: maze.Maze, life: Life) -> dict[str, Tensor]:
    """Return what a goal might be read from at the end of a life, each of shape (B, n_features).

    Parameters
    ----------
    agent : Agent
        Who lived.
    made : Maze
        Where.
    life : Life
        From :func:`live`.

    Returns
    -------
    dict
        ``"place"``, where the agents are, as a number for each row and column; ``"activity"``, the units' outputs, and of an LSTM
        its cells too; and of a plastic network ``"trace"``.

    Notes
    -----
    Taught in the chapter "The maze".
    """
    place = nn.functional.one_hot(life.agents.position, len(made.walls)).flatten(1).to(life.rewards)
    if agent.kind == "plastic":
        return {"place": place, "activity": life.state.y, "trace": life.state.hebb.flatten(1)}
    parts = [life.state] if agent.kind == "recurrent" else life.state
    return {"place": place, "activity": torch.cat([part[0] for part in parts], 1)}


def loss(
    agent: Agent,
    made: maze.Maze,
    batch: int,
    n_steps: int,
    generator: torch.Generator,
    *,
    n_goals: int = 1,
    reward: float = 1.0,
    penalty: float = 0.01,
    entropy: Callable[[int], float] = lambda update: 0.01,
    **options: Any,
) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Return what :func:`.training.train` needs: the loss of an agent on new episodes.

    Parameters
    ----------
    agent, made, n_steps, generator, reward, penalty
        As for :func:`live`.
    batch, n_goals : int
        As for :func:`.maze.start`.
    entropy : callable
        Weight of the entropy, a function of the update.
    options
        Of :func:`.actor_critic.loss`.

    Returns
    -------
    callable
        ``loss(update)`` returns the loss and numbers for the history: ``"finds"`` is the mean number of goals found in an episode.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.5. Taught in the chapter "The maze".
    """

    def new(update: int) -> tuple[Tensor, dict[str, float]]:
        begin = maze.start(made, batch, generator, n_goals)
        life = live(agent, made, begin, n_steps, generator, reward=reward, penalty=penalty)
        logits, values, _ = agent(life.seen)
        total, parts = actor_critic.loss(
            logits, values, life.actions, life.rewards, entropy_weight=entropy(update), **options
        )
        return total, parts | {"finds": life.found.float().sum(0).mean().item()}

    return new
