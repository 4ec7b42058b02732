"""How agents are trained in the maze and tested: what several chapters train there."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import torch

from hebbnotes import _checks, analysis
from hebbnotes.experiments.experiment import (
    RULES,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    loaded,
    short,
    shorts,
    under,
)
from hebbnotes.experiments.stored import result, weights
from hebbnotes.learning import agents, training
from hebbnotes.learning.actor_critic import Objective
from hebbnotes.tasks import maze

__all__ = [
    "GOALS",
    "Alone",
    "Lives",
    "Rates",
    "agent",
    "score",
    "score_rates",
    "stored",
    "train",
    "train_rates",
]

GOALS: dict[str, Any] = {"unit": "goals found in an episode", "at_least": 0.0}


@dataclass(frozen=True, kw_only=True)
class Lives:
    """Configuration that agents of all kinds share: the network, the maze, how they live, learn and
    are tested.
    """

    rule: str = "oja"
    clip: float | None = None
    eta: float = 0.1
    alpha_scale: float = 0.1
    n_noise: int = 0
    size: int = 9
    n_steps: int = 200
    n_goals: int = 1
    reward: float = 1.0
    penalty: float = 0.01
    batch: int = 32
    updates: int = 10_000
    schedule: str = "cosine"
    clip_norm: float | None = 0.5
    gamma: float = 0.95
    lam: float = 0.95
    scale: float | None = None
    value_weight: float = 0.25
    entropy: tuple[float, float] = (0.02, 0.005)
    test_episodes: int = 3_000


@dataclass(frozen=True, kw_only=True)
class Alone(Lives):
    """Configuration of one agent: of a kind, with n units, trained at a learning rate."""

    kind: str = "plastic"
    n: int = 64
    lr: float = 3e-3

    def options(self) -> dict[str, Any]:
        """Return what an agent is made with, beside its units and its rule."""
        names = ("clip", "eta", "alpha_scale", "n_noise")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class Rates(Lives):
    """Configuration of agents of several kinds, each with its number of units, at each of several
    learning rates.
    """

    sizes: dict[str, int]
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2, 3e-2)
    updates: int = 3_000
    test_episodes: int = 1_000
    ONE: ClassVar[type[Alone]] = Alone  # the configuration of each

    def each(self) -> dict[str, Alone]:
        """Return the configuration of each agent by its name."""
        shared = {one.name: getattr(self, one.name) for one in fields(Lives)}
        return {
            f"{kind}-{rate:g}": self.ONE(**shared, kind=kind, n=n, lr=rate)
            for kind, n in self.sizes.items()
            for rate in self.rates
        }


def agent(chosen: Alone, generator: torch.Generator) -> agents.Agent:
    """Return the untrained agent of a configuration."""
    return agents.of_kind(
        chosen.kind,
        chosen.n,
        rule=RULES[_checks.choice("rule", chosen.rule, tuple(RULES))],
        generator=generator,
        **chosen.options(),
    )


LR_SCHEDULES = {"cosine": training.cosine, "constant": training.constant}


def train(trial: Trial, chosen: Alone, part: str = "") -> tuple[Numbers, Weights]:
    """Train an agent by advantage actor-critic, each update on new episodes."""
    if trial.device != "cpu":
        raise ValueError(
            f"device must be cpu for the maze, got {trial.device}: its agents take one step after "
            "the other"
        )
    g, updates, (first, last) = trial.generator(), chosen.updates, chosen.entropy
    made, net = maze.make(chosen.size), agent(chosen, g)
    task = agents.Task(chosen.n_goals, chosen.reward, chosen.penalty)
    steady = Objective(
        gamma=chosen.gamma,
        lam=chosen.lam,
        value_weight=chosen.value_weight,
        scale=chosen.scale,
    )

    def objective(update: int) -> Objective:
        return replace(steady, entropy_weight=first + (last - first) * update / updates)

    loss = agents.loss(net, made, chosen.batch, chosen.n_steps, g, task=task, objective=objective)
    options: dict[str, Any] = {
        "lr": chosen.lr,
        "schedule": LR_SCHEDULES[chosen.schedule],
        "clip_norm": chosen.clip_norm,
    }
    history = trial.train(net.parameters(), loss, updates, g, part=part, **options)
    ends = block_ends(updates, 40)
    return {
        "trained_numbers": sum(p.numel() for p in net.parameters()),
        "milliseconds": short(_milliseconds(loss, updates - 1)),
        "updates": ends,
        "finds": blocks(history.metrics["finds"], ends),
        "entropy": blocks(history.metrics["entropy"], ends),
    }, net.state_dict()


def _milliseconds(loss: Callable[[int], Any], update: int, times: int = 20) -> float:
    """Return the mean time that computing an update, the loss and its gradients, takes on the
    processor.
    """
    began = time.process_time()
    for _ in range(times):
        loss(update)[0].backward()
    return 1000 * (time.process_time() - began) / times


def score(weights: Weights, seed: int, chosen: Alone) -> Numbers:
    """Test an agent on new episodes: as it is, with its memory erased half-way, and where its goal
    can be read from.
    """
    net, made = loaded(agent(chosen, torch.Generator()), weights), maze.make(chosen.size)
    g = torch.Generator().manual_seed(10_000 + seed)
    n_steps, n_goals = chosen.n_steps, chosen.n_goals
    world: dict[str, Any] = {"reward": chosen.reward, "penalty": chosen.penalty}

    def live(begin: maze.Agents, steps: int, state: Any = None) -> agents.Life:
        return agents.live(net, made, begin, steps, g, state, **world)

    found = live(maze.start(made, chosen.test_episodes, g, n_goals), n_steps).found
    half = live(maze.start(made, chosen.test_episodes, g, n_goals), n_steps // 2)
    knows, later = half.found.any(0), int(torch.randint(2**31, (1,), generator=g))
    after = {}
    for name, state in net.erased(half.state).items():
        g.manual_seed(later)  # the same chances for all
        late = live(half.agents, n_steps // 2, state).found[:, knows].sum(0).double()
        after[name] = short(late.mean()) if knows.any() else None
    numbers: Numbers = {
        "test_finds": short(found.sum(0).double().mean()),
        "steps_to_finds": [
            short(steps) if math.isfinite(steps) else None
            for steps in maze.steps_to_finds(found, 6)
        ],
        "finds_by_step": shorts(
            part.double().sum(0).mean() for part in found.tensor_split(20)
        ),  # twentieths of an episode
        "after_erasing": after,
    }
    if n_goals == 1:
        numbers["decoded"] = _decoded(net, made, half)
    if isinstance(net, agents.PlasticAgent | agents.ModulatedAgent):
        numbers |= {"eta": short(net.core.eta), "alpha_std": short(net.core.alpha.std())}
    return numbers


def _decoded(net: agents.Agent, made: maze.Maze, life: agents.Life) -> dict[str, float | None]:
    """Return how well the goal is read from agents that found it, but not in the last five steps;
    None where these are too few.
    """
    away = life.found.any(0) & ~life.found[-5:].any(0)
    enough, goal = int(away.sum()) >= 30, life.agents.goal[away]
    return {
        name: short(analysis.decoded(features[away], goal)) if enough else None
        for name, features in agents.readable_from(net, made, life).items()
    }


def train_rates(trial: Trial, chosen: Rates) -> tuple[Numbers, Weights]:
    """Train an agent of each kind at each learning rate; of one whose loss, gradient or parameter
    stops being finite it is told why it stopped.
    """
    numbers: Numbers = {}
    weights: Weights = {}
    for name, one in chosen.each().items():
        try:
            _, trained = train(trial, one, part=name)
        except FloatingPointError as stopped:
            numbers.setdefault("stopped", {})[name] = str(stopped)
            continue
        weights |= {f"{name}.{key}": value for key, value in trained.items()}
    return numbers, weights


def score_rates(weights: Weights, seed: int, chosen: Rates) -> Numbers:
    """Test each of these agents; one that was not trained to the end found None."""
    finds: dict[str, list[float | None]] = {}
    for name, one in chosen.each().items():
        its = under(weights, f"{name}.")
        found = score(its, seed, one)["test_finds"] if its else None
        finds.setdefault(one.kind, []).append(found)
    return {
        "rates": list(chosen.rates),
        "finds": finds,
        "best": {
            kind: max((one for one in values if one is not None), default=None)
            for kind, values in finds.items()
        },
    }


def stored(name: str, seed: int, made_with: type[Alone] = Alone) -> agents.Agent:
    """Return the trained agent of a stored experiment and a seed, without gradients.

    Parameters
    ----------
    name : str, of an experiment that trains one agent, and whose weights are stored
    seed : int
    made_with : type, that of its configuration
    """
    chosen = result(name)["configuration"]
    entropy = tuple(chosen["entropy"])
    one = made_with(**chosen | {"entropy": entropy})
    return loaded(agent(one, torch.Generator()), weights(name), f"{seed}.")
