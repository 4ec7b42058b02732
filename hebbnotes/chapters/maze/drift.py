"""Lives that are longer than those trained on: what is found, and what becomes of the trace.

Shapes: T steps, B agents, n units.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.maze.interventions import live_gated, stored, without_writing
from hebbnotes.experiments.agents.interventions import grown, in_blocks
from hebbnotes.experiments.experiment import Numbers, Weights, short
from hebbnotes.learning import agents
from hebbnotes.networks import State
from hebbnotes.tasks import maze

__all__ = ["Drift", "aligned", "read", "score_drift"]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Configuration: trained agents live on for longer than they were trained to."""

    kinds: tuple[str, ...] = ("plastic", "recurrent", "lstm")
    size: int = 9
    lives: int = 900
    young: int = 100
    ages: tuple[int, ...] = (200, 400, 1_000)
    after: int = 100  # counted are the finds of so many steps after a trace was changed
    block: int = 50  # steps over which finds are added up


def read(line: Any, traces: Tensor, goals: Tensor, known: Tensor) -> Numbers:
    """Return how well a fitted line reads goals (B, 2) from traces (B, n, n): the correlation, the
    share of variance that is explained, and that share after one offset and one gain for each axis,
    which are fitted to the ``known`` ones (B,), as the line was; judged by all others.
    """
    told = torch.from_numpy(line.predict(traces.flatten(1).double().numpy()))
    wanted, numbers = goals.double(), {"correlation": 0.0, "explained": 0.0, "mended": 0.0}
    for axis in range(2):
        x, y = told[:, axis], wanted[:, axis]
        gain = _covariance(x[known], y[known]) / _covariance(x[known], x[known])
        offset = y[known].mean() - gain * x[known].mean()
        x, y = x[~known], y[~known]
        spread = _covariance(y, y)
        both = (_covariance(x, x) * spread).sqrt()
        numbers["correlation"] += (_covariance(x, y) / both).item() / 2
        numbers["explained"] += (1 - (x - y).square().mean() / spread).item() / 2
        left = (gain * x + offset - y).square().mean()
        numbers["mended"] += (1 - left / spread).item() / 2
    return {name: short(value) for name, value in numbers.items()}


def _covariance(x: Tensor, y: Tensor) -> Tensor:
    return ((x - x.mean()) * (y - y.mean())).mean()


def aligned(old: Tensor, young: Tensor, centre: bool = True, scale: bool = True) -> Tensor:
    """Return old traces (B, n, n) with the mean over agents that the young ones had, and their
    spread around it.
    """
    means = old.mean(0), young.mean(0)
    spreads = [(x - m).square().mean().sqrt() for x, m in zip((old, young), means, strict=True)]
    gain = spreads[1] / spreads[0] if scale else 1.0
    return means[int(centre)] + gain * (old - means[0])


def score_drift(weights: Weights, seed: int, chosen: Drift) -> Numbers:
    """Let agents grow old; read and change the traces of the plastic ones."""
    how = chosen.size, chosen.lives, (chosen.young, chosen.ages[-1]), chosen.block
    numbers: Numbers = {kind: grown(stored(kind, seed), seed, *how) for kind in chosen.kinds}
    stopped = without_writing(stored("plastic", seed))
    numbers["stopped"] = grown(stored("plastic", seed), seed, *how, then=stopped)
    numbers["stopped after the find"] = _stopped_after_find(seed, chosen)
    return numbers | _traces(seed, chosen)


def _stopped_after_find(seed: int, chosen: Drift) -> list[float]:
    """Return the same of agents that stop writing three steps after their first find."""
    g = torch.Generator().manual_seed(50_000 + seed)
    made = maze.make(chosen.size)
    begin = maze.start(made, chosen.lives // 2, g)

    def writes(since: Tensor, finds: Tensor) -> Tensor:
        return (finds == 0) | ((finds == 1) & (since <= 3))

    found = live_gated(stored("plastic", seed), made, begin, chosen.ages[-1], g, writes)
    knows = found[: chosen.young].any(0)
    return in_blocks(found[chosen.young :, knows], chosen.block)


def _traces(seed: int, chosen: Drift) -> Numbers:
    """Read the goal at each age, by a new line and by that of the young; then change the oldest
    traces and let the agents act.
    """
    with _checks.extra("chapters"):
        from sklearn.linear_model import RidgeCV
    net, made = stored("plastic", seed), maze.make(chosen.size)
    g = torch.Generator().manual_seed(51_000 + seed)
    life = agents.live(net, made, maze.start(made, chosen.lives, g), chosen.young, g)
    who = life.found.any(0)
    goals, young = life.agents.goal[who], life.state.hebb[who]
    known = torch.arange(len(goals)) < 2 * len(goals) // 3

    def fitted(traces: Tensor) -> Any:
        line = RidgeCV([10.0**k for k in range(-3, 4)])
        pair = traces[known].flatten(1).double().numpy(), goals[known].double().numpy()
        return line.fit(*pair)

    first, age = fitted(young), chosen.young
    numbers: Numbers = {str(age): read(first, young, goals, known)}
    for then in chosen.ages:
        life = agents.live(net, made, life.agents, then - age, g, life.state)
        old, age = life.state.hebb[who], then
        shift = (old.mean(0) - young.mean(0)).norm() / young.mean(0).norm()
        size = old.flatten(1).norm(dim=1).mean() / young.flatten(1).norm(dim=1).mean()
        numbers[str(age)] = read(first, old, goals, known) | {
            "new_line": read(fitted(old), old, goals, known)["explained"],
            "size": short(size),
            "shift": short(shift),
        }
    return {"read": numbers, "acts": _acted(net, made, life, who, young, g, chosen)}


def _acted(
    net: agents.Agent,
    made: maze.Maze,
    life: agents.Life,
    who: Tensor,
    young: Tensor,
    g: torch.Generator,
    chosen: Drift,
) -> Numbers:
    """Count the goals that old agents find with their trace as it is, or changed."""
    old, chance = life.state.hebb[who], int(torch.randint(2**31, (1,), generator=g))
    traces = {
        "as it is": old,
        "re-centred": aligned(old, young, scale=False),
        "re-scaled": aligned(old, young, centre=False),
        "both": aligned(old, young),
        "young again": young,
        "another's, young": young.roll(1, 0),
        "wiped": torch.zeros_like(old),
    }
    begin = maze.Agents(*(part[who] for part in life.agents))
    finds = {}
    for name, hebb in traces.items():
        g.manual_seed(chance)  # the same chances for all
        state = State(life.state.y[who], hebb)
        late = agents.live(net, made, begin, chosen.after, g, state).found
        finds[name] = short(late.double().sum(0).mean())
    return finds
