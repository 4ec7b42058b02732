"""Experiments in the maze: Figure 6 of the paper with an LSTM beside it, and whether harder tasks need synaptic memory."""

import math
import time
from collections.abc import Callable
from typing import Any

import torch

from hebbnotes import _checks, analysis
from hebbnotes.experiments.experiment import (
    RULES,
    Experiment,
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
from hebbnotes.learning import agents, training
from hebbnotes.tasks import maze

__all__ = ["EXPERIMENTS", "agent", "load"]


def agent(
    *,
    kind: str,
    n: int,
    rule: str,
    clip: float | None,
    eta: float,
    alpha_scale: float,
    n_noise: int,
    generator: torch.Generator,
    **_: Any,
) -> agents.Agent:
    """Return an untrained agent; arguments as for :class:`hebbnotes.agents.Agent`, the rule by name; others are left aside."""
    rule_itself = RULES[_checks.choice("rule", rule, tuple(RULES))]
    return agents.Agent(
        n,
        kind,
        rule_itself,
        clip=clip,
        eta=eta,
        alpha_scale=alpha_scale,
        n_noise=n_noise,
        generator=generator,
    )


def load(name: str, weights: Weights, prefix: str = "") -> agents.Agent:
    """Return the trained agent of an experiment: with those weights whose names begin with a prefix, such as ``"0."``.

    Raises
    ------
    ValueError
        If there is no such experiment here, of a single agent.
    RuntimeError
        If weights are missing or do not fit.

    Notes
    -----
    Taught in the chapter "The maze".
    """
    alone = tuple(
        one for one, experiment in EXPERIMENTS.items() if "kind" in experiment.configuration
    )
    configuration = EXPERIMENTS[_checks.choice("name", name, alone)].configuration
    return loaded(agent(**configuration, generator=torch.Generator()), weights, prefix)


LR_SCHEDULES = {"cosine": training.cosine, "constant": training.constant}


def train(
    trial: Trial,
    *,
    size: int,
    n_steps: int,
    n_goals: int,
    reward: float,
    penalty: float,
    batch: int,
    updates: int,
    lr: float,
    schedule: str,
    clip_norm: float | None,
    gamma: float,
    lam: float,
    scale: float | None,
    value_weight: float,
    entropy: tuple[float, float],
    test_episodes: int,
    part: str = "",
    **configuration: Any,
) -> Any:
    """Train an agent by advantage actor-critic, each update on new episodes."""
    if trial.device != "cpu":
        raise ValueError(
            f"device must be cpu for the maze, got {trial.device}: its agents take one step after the other"
        )
    g = trial.generator()
    made, net = maze.make(size), agent(**configuration, generator=g)
    loss = agents.loss(
        net, made, batch, n_steps, g, n_goals=n_goals, reward=reward, penalty=penalty, gamma=gamma, lam=lam, scale=scale,
        value_weight=value_weight, entropy=lambda update: entropy[0] + (entropy[1] - entropy[0]) * update / updates,
    )  # fmt: skip
    options = {"lr": lr, "schedule": LR_SCHEDULES[schedule], "clip_norm": clip_norm}
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
    """Return the mean time that computing an update, the loss and its gradients, takes on the processor."""
    began = time.process_time()
    for _ in range(times):
        loss(update)[0].backward()
    return 1000 * (time.process_time() - began) / times


def score(
    weights: Weights,
    seed: int,
    *,
    size: int,
    n_steps: int,
    n_goals: int,
    reward: float,
    penalty: float,
    test_episodes: int,
    **configuration: Any,
) -> Numbers:
    """Test an agent on new episodes: as it is, with its memory erased half-way, and where its goal can be read from."""
    net, made = (
        loaded(agent(**configuration, generator=torch.Generator()), weights),
        maze.make(size),
    )
    g = torch.Generator().manual_seed(10_000 + seed)

    def live(begin: maze.Agents, steps: int, state: Any = None) -> agents.Life:
        return agents.live(net, made, begin, steps, g, state, reward=reward, penalty=penalty)

    found = live(maze.start(made, test_episodes, g, n_goals), n_steps).found
    half = live(maze.start(made, test_episodes, g, n_goals), n_steps // 2)
    knows, later = half.found.any(0), int(torch.randint(2**31, (1,), generator=g))
    after = {}
    for name, state in agents.with_erased(net, half.state).items():
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
    if net.kind == "plastic":
        numbers |= {"eta": short(net.core.eta), "alpha_std": short(net.core.alpha.std())}
    return numbers


def _decoded(net: agents.Agent, made: maze.Maze, life: agents.Life) -> dict[str, float | None]:
    """Return how well the goal is read from agents that found it, but not in the last five steps; None where these are too few."""
    away = life.found.any(0) & ~life.found[-5:].any(0)
    enough, goal = int(away.sum()) >= 30, life.agents.goal[away]
    return {
        name: short(analysis.decoded(features[away], goal)) if enough else None
        for name, features in agents.readable_from(net, made, life).items()
    }


def train_rates(
    trial: Trial, *, sizes: dict[str, int], rates: tuple[float, ...], **configuration: Any
) -> Any:
    """Train an agent of each kind at each learning rate."""
    weights = {}
    for kind, n in sizes.items():
        for rate in rates:
            part = f"{kind}-{rate:g}"
            _, trained = train(
                trial, **configuration | {"kind": kind, "n": n, "lr": rate}, part=part
            )
            weights |= {f"{part}.{key}": value for key, value in trained.items()}
    return {}, weights


def score_rates(
    weights: Weights,
    seed: int,
    *,
    sizes: dict[str, int],
    rates: tuple[float, ...],
    **configuration: Any,
) -> Numbers:
    """Test each of these agents."""
    finds: dict[str, list[float]] = {}
    for kind, n in sizes.items():
        for rate in rates:
            prefix = f"{kind}-{rate:g}."
            tested = score(under(weights, prefix), seed, **configuration | {"kind": kind, "n": n})
            finds.setdefault(kind, []).append(tested["test_finds"])
    return {
        "rates": list(rates),
        "finds": finds,
        "best": {kind: max(values) for kind, values in finds.items()},
    }


_TRAINED = {
    "kind": "plastic",
    "n": 64,
    "rule": "oja",
    "clip": None,
    "eta": 0.1,
    "alpha_scale": 0.1,
    "n_noise": 0,
    "size": 9,
    "n_steps": 200,
    "n_goals": 1,
    "reward": 1.0,
    "penalty": 0.01,
    "batch": 32,
    "updates": 10_000,
    "lr": 3e-3,
    "schedule": "cosine",
    "clip_norm": 0.5,
    "gamma": 0.95,
    "lam": 0.95,
    "scale": None,
    "value_weight": 0.25,
    "entropy": (0.02, 0.005),
    "test_episodes": 3_000,
}
_LSTM = {"kind": "lstm", "n": 41, "lr": 1e-2}
_RECURRENT = {"kind": "recurrent", "n": 87}
_PUBLISHED = {
    "n": 100,
    "eta": 0.01,
    "alpha_scale": 0.01,
    "n_steps": 250,
    "reward": 10.0,
    "penalty": 0.1,
    "batch": 1,
    "updates": 1_000_000,
    "lr": 1e-4,
    "schedule": "constant",
    "clip_norm": None,
    "gamma": 0.9,
    "lam": 1.0,
    "scale": 1.0,
    "value_weight": 0.03,
    "entropy": (0.1, 0.1),
}


def _experiment(about: str, changed: dict[str, Any], **options: Any) -> Experiment:
    return Experiment(
        about,
        train,
        score,
        _TRAINED | changed,
        "test_finds",
        "goals found in an episode",
        at_least=0.0,
        **options,
    )


_DIFFERENCE = (
    "rewards of 1 and -0.01 instead of 10 and -0.1; 200 steps, as in the later paper, instead of 250; 64 units instead of 100; the "
    "agent is told what it did, as in the later paper, and no time; 32 episodes in an update and 10,000 updates instead of single "
    "ones; Adam at 0.003, falling along a cosine, instead of 0.0001; alpha starts at 0.1 times a normal number, with both signs, "
    "and eta at 0.1, instead of small positive numbers and 0.01; a discount of 0.95 and generalised advantages instead of 0.9 and "
    "returns; the entropy itself instead of Simpson's index; advantages are divided by their root mean square, and gradients are "
    "clipped; the recurrent network has 87 units, so that it "
    "has as many trained numbers; five seeds instead of 15. Rates were chosen on seeds 100 and 101 (maze-rates). The scale of the "
    "paper, which was not run, has the numbers of the published program but for the inputs, the initial numbers and the entropy"
)
_FIVE = {"seeds": (0, 1, 2, 3, 4), "keep": (0, 1, 2, 3, 4)}
_KINDS = {"plastic": {}, "lstm": _LSTM}
_HARDER = {
    "noise": ("with eight inputs that only distract", {"n_noise": 8}),
    "goals": (
        "with three goals that are rewarded by turns, 400 steps",
        {"n_goals": 3, "n_steps": 400},
    ),
    "large": ("in 13 x 13 squares, 400 steps", {"size": 13, "n_steps": 400}),
}
_FEWER = {("noise", "lstm"): {"n": 39}}  # more inputs: fewer units for as many trained numbers
_RATES = {
    "sizes": {"plastic": 64, "recurrent": 87, "lstm": 41},
    "rates": (1e-3, 3e-3, 1e-2, 3e-2),
    "updates": 3_000,
    "test_episodes": 1_000,
}

EXPERIMENTS: dict[str, Experiment] = {
    "maze-plastic": _experiment(
        "9 x 9 squares, 200 steps: a plastic network of 64 units, Oja's rule",
        {},
        scales={"paper": _PUBLISHED},
        paper=("Figure 6",),
        difference=_DIFFERENCE,
        **_FIVE,
    ),
    "maze-recurrent": _experiment(
        "the same task: a recurrent network with as many trained numbers",
        _RECURRENT,
        scales={"paper": _PUBLISHED | {"kind": "recurrent"}},
        paper=("Figure 6",),
        difference=_DIFFERENCE,
        **_FIVE,
    ),
    "maze-lstm": _experiment("the same task: an LSTM with as many trained numbers", _LSTM, **_FIVE),
    "maze-lstm-high": _experiment(
        "the LSTM at a learning rate of 0.03", _LSTM | {"lr": 3e-2}, **_FIVE | {"keep": ()}
    ),
    "maze-rates": Experiment(
        "each of the three networks at four learning rates, on seeds of their own",
        train_rates,
        score_rates,
        {
            key: value
            for key, value in (_TRAINED | _RATES).items()
            if key not in ("kind", "n", "lr")
        },
        "best.lstm",
        "goals found in an episode, LSTM at its best rate",
        at_least=0.0,
        seeds=(100, 101),
    ),
    **{
        f"maze-{name}-{kind}": _experiment(
            f"{kind} network {about}",
            {"updates": 3_000} | network | harder | _FEWER.get((name, kind), {}),
            seeds=(0, 1),
        )
        for name, (about, harder) in _HARDER.items()
        for kind, network in _KINDS.items()
    },
}
"""All experiments in the maze."""
