"""The live models of the chapter: an agent whose goal the reader moves, with the ghost of it that
its trace holds; and the reader's own 60 steps in the dark.

Shapes: T steps, B agents, n units.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks, experiments
from hebbnotes.chapters.maze import frames
from hebbnotes.chapters.maze.interventions import elsewhere, first_find, stored
from hebbnotes.experiments.experiment import Numbers, Trial, Weights, short
from hebbnotes.figures.live import LiveModel, packed, unpacked
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

__all__ = ["CURVES", "MODELS", "Ghost", "fit_ghost", "ghost", "off", "score_ghost"]

REWARD, PENALTY, SEED = 1.0, 0.01, 0
OWN_STEPS = 60


@dataclass(frozen=True, kw_only=True)
class Ghost:
    """Configuration: lives, and the steps at which traces are read, of agents that know."""

    size: int = 9
    lives: int = 1_500
    every: int = 20
    steps: int = 200
    penalties: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)
    test_lives: int = 1_000
    around: tuple[int, ...] = (-5, 0, 1, 2, 5, 20)  # steps told of since the first find
    ages: tuple[int, ...] = (200, 400, 1_000)


def ghost(line: Weights, traces: Tensor) -> Tensor:
    """Return where traces (B, n, n) say that goals are, row and column, (B, 2)."""
    there = traces.flatten(1).double() @ line["line"].double().mT
    return there + line["offset"].double()


def fit_ghost(trial: Trial, chosen: Ghost) -> tuple[Numbers, Weights]:
    """Fit the line: ridge regression on the traces of two thirds of the agents, its penalty chosen
    on the others.
    """
    with _checks.extra("chapters"):
        from sklearn.linear_model import Ridge
    net, made, g = stored("plastic", trial.seed), maze.make(chosen.size), trial.generator()
    lived, state = maze.start(made, chosen.lives, g), None
    knows, who = torch.zeros(chosen.lives, dtype=torch.bool), torch.arange(chosen.lives)
    traces, goals, whose = [], [], []
    for _ in range(chosen.steps // chosen.every):
        life = agents.live(net, made, lived, chosen.every, g, state)
        lived, state = life.agents, life.state
        knows = knows | life.found[:-1].any(0)  # and was told
        traces.append(state.hebb[knows].flatten(1))
        goals.append(lived.goal[knows])
        whose.append(who[knows])
    x, y = torch.cat(traces).double().numpy(), torch.cat(goals).double()
    known = torch.cat(whose)
    fitted = (known < 2 * chosen.lives // 3).numpy()
    found = {}
    for penalty in chosen.penalties:
        line = Ridge(penalty).fit(x[fitted], y[fitted].numpy())
        wrong = np.linalg.norm(line.predict(x[~fitted]) - y[~fitted].numpy(), axis=1).mean()
        found[penalty] = float(wrong), line
    best = min(found, key=lambda penalty: found[penalty][0])
    line = found[best][1]
    return {"penalty": best, "traces": len(x)}, {
        "line": torch.from_numpy(line.coef_).float(),
        "offset": torch.from_numpy(line.intercept_).float(),
    }


def score_ghost(weights: Weights, seed: int, chosen: Ghost) -> Numbers:
    """Read new agents: around their first find, when they are old, and after their goal moved."""
    net, made = stored("plastic", seed), maze.make(chosen.size)
    g = torch.Generator().manual_seed(60_000 + seed)
    lived, states = maze.start(made, chosen.test_lives, g), []
    state: Any = None
    found = []
    for _ in range(chosen.steps):
        life = agents.live(net, made, lived, 1, g, state)
        lived, state = life.agents, life.state
        states.append(ghost(weights, state.hebb))
        found.append(life.found[0])
    first, there = first_find(torch.stack(found)), torch.stack(states)
    goal, numbers = lived.goal.double(), {}
    for since in chosen.around:
        at = first + since  # the trace after the step in which it is told of it is `since` = 1
        seen = (at >= 0) & (at < chosen.steps) & (first < chosen.steps)
        away = (there[at[seen], seen.nonzero()[:, 0]] - goal[seen]).norm(dim=1)
        numbers[str(since)] = short(away.median())
    told: Numbers = {"off": numbers, "old": {}}
    who, age = first < chosen.steps // 2, chosen.steps
    for then in chosen.ages:
        if then > age:
            life = agents.live(net, made, lived, then - age, g, state)
            lived, state, age = life.agents, life.state, then
        told["old"][str(then)] = short(off(weights, state.hebb, lived.goal)[who].mean())
    return told | {"moved": _moved(weights, net, made, chosen, g)}


def off(line: Weights, traces: Tensor, goals: Tensor) -> Tensor:
    """Return how many squares what a line reads is away from goals (B, 2)."""
    return (ghost(line, traces) - goals).norm(dim=1)


def _moved(
    line: Weights, net: agents.Agent, made: maze.Maze, chosen: Ghost, g: torch.Generator
) -> Numbers:
    """Move the goals of agents that know theirs, and look for the ghost 100 steps later."""
    half = agents.live(net, made, maze.start(made, chosen.test_lives, g), 100, g)
    moved = half.agents._replace(goals=elsewhere(made, half.agents, g))
    late = agents.live(net, made, moved, 100, g, half.state)
    knew, finds = half.found.any(0), late.found.any(0)
    told = {}
    for name, who in (("missed", knew & ~finds), ("found", knew & finds)):
        for place, goal in (("old", half.agents.goal), ("new", late.agents.goal)):
            told[f"{name}, from the {place} place"] = short(
                off(line, late.state.hebb[who], goal[who]).mean()
            )
    return told


# ------------------------------------------------------------------------------- what is told


def _plastic(net: Any) -> dict[str, Any]:
    """Return a plastic agent as the script has it, without its critic."""
    return {
        "inward": packed(net.inward),
        "outward": packed(net.outward[:, :4].contiguous()),
        "w": packed(net.core.w),
        "alpha": packed(net.core.alpha),
        "eta": net.core.eta.item(),
    }


def _lstm(net: Any) -> dict[str, Any]:
    """Return an LSTM agent as the script has it; its two biases are one."""
    ((inward, w, *biases),) = net.core.all_weights
    with_bias = torch.cat([inward.mT, (biases[0] + biases[1])[None]])
    return {
        "inward": packed(with_bias),
        "w": packed(w.mT),
        "outward": packed(net.outward[:, :4].contiguous()),
    }


def numbers() -> dict[str, Any]:
    """Return what the script of the haunted agent is told."""
    line = experiments.weights("maze-ghost")
    plastic, lstm = stored("plastic", SEED), stored("lstm", SEED)
    moved = experiments.seeds("maze-moved")

    def share(kind: str, case: str) -> float:
        return round(float(np.mean([one[kind][case]["found"] for one in moved])), 2)

    return {
        "walls": _rows(maze.make(9)),
        "plastic": _plastic(plastic),
        "lstm": _lstm(lstm),
        "line": packed(line[f"{SEED}.line"]),
        "offset": line[f"{SEED}.offset"].tolist(),
        "reward": REWARD,
        "penalty": PENALTY,
        "find": {
            kind: {case: share(kind, case) for case in ("moved", "newborn")}
            for kind in ("plastic", "lstm")
        }
        | {"wiped": share("plastic", "moved, no trace")},
    }


def _rows(made: maze.Maze) -> list[str]:
    return ["".join(".#"[wall] for wall in row) for row in made.walls.tolist()]


def own_numbers() -> dict[str, Any]:
    """Return what the script of the reader's own steps is told: the maze, and what others find."""
    made, g = maze.make(9), torch.Generator().manual_seed(70_000)
    finds = {
        way: maze.find(made, way, 1_000, OWN_STEPS, g).sum(0).double().mean().item()
        for way in ("walk", "sweep", "know")
    }
    trained = [
        agents.live(stored("plastic", seed), made, maze.start(made, 400, g), OWN_STEPS, g)
        for seed in range(5)
    ]
    finds["plastic"] = torch.cat([life.found.sum(0) for life in trained]).double().mean().item()
    return {
        "walls": _rows(made),
        "steps": OWN_STEPS,
        "finds": {name: round(value, 1) for name, value in finds.items()},
    }


# ------------------------------------------------------------------------------- what is tested


def _told_again(kind: str, told: dict[str, Any]) -> Any:
    """Return the stored agent with the weights that the script has, in double precision."""
    net: Any = stored(kind, SEED).double()
    net.plain = True
    with torch.no_grad():
        net.outward[:, :4] = unpacked(told["outward"])
        inward, w = unpacked(told["inward"]), unpacked(told["w"])
        if kind == "plastic":
            net.inward.copy_(inward)
            net.core.w.copy_(w)
            net.core.alpha.copy_(unpacked(told["alpha"]))
            net.core.eta_logit.copy_(torch.tensor(told["eta"]).double().logit())
        else:
            net.core.weight_ih_l0.copy_(inward[:-1].mT)
            net.core.bias_ih_l0.copy_(inward[-1])
            net.core.bias_hh_l0.zero_()
            net.core.weight_hh_l0.copy_(w.mT)
    return net


EVENTS = {
    40: "wipe activity",
    50: "move",
    70: "wipe trace",
    80: "stop writing",
    90: "write",
    95: "stop reading",
    105: "read",
    110: "dark",
    118: "light",
}
"""What is done before a step of the episode that is stored."""


def _lived(kind: str, told: dict[str, Any], n_steps: int) -> Iterator[dict[str, Any]]:
    """Yield each step of a life in which all is done to an agent that a reader can do."""
    net, made, g = _told_again(kind, told[kind]), maze.make(9), torch.Generator().manual_seed(6)
    life_of = maze.start(made, 1, g)
    state, dark = net.rest(1), False
    plastic = kind == "plastic"
    eta, alpha = (net.core.eta_logit.clone(), net.core.alpha.clone()) if plastic else (None, None)
    for t in range(n_steps):
        event = EVENTS.get(t, "")
        if event.startswith("wipe") and (plastic or event == "wipe activity"):
            state = net.erased(state)[event.removeprefix("wipe ")]
        elif event == "move":
            life_of = life_of._replace(goals=elsewhere(made, life_of, g))
        elif event in ("stop writing", "write") and plastic:
            net.core.eta_logit.copy_(eta if event == "write" else torch.tensor(-1e9).double())
        elif event in ("stop reading", "read") and plastic:
            net.core.alpha.copy_(alpha if event == "read" else torch.zeros_like(net.core.alpha))
        elif event in ("dark", "light"):
            dark = event == "dark"
        drawn = torch.Generator()
        drawn.set_state(g.get_state())
        chance = torch.rand(2, generator=drawn, dtype=torch.float64).tolist()
        if dark:
            state = net(torch.zeros(1, 1, maze.N_SEEN).double(), state)[2]
        else:
            life = agents.live(net, made, life_of, 1, g, state)
            life_of, state = life.agents, life.state
        yield {
            "event": event,
            "goal": life_of.goal[0].tolist(),
            "chance": [] if dark else chance,
            "action": -1 if dark else int(life_of.action[0]),
            "place": life_of.position[0].tolist(),
            "found": False if dark else bool(life_of.found[0]),
            **_sums(state, plastic, told),
        }


def _sums(state: Any, plastic: bool, told: dict[str, Any]) -> dict[str, Any]:
    """Return what stands for a state: plain sums, and sums with weights from 1 / n to 1."""
    parts = [state.y[0], state.hebb[0].flatten()] if plastic else [state[0][0, 0], state[1][0, 0]]
    sums = []
    for part in parts:
        ramp = torch.arange(1, len(part) + 1).double() / len(part)
        sums += [part.sum().item(), (ramp * part).sum().item()]
    if not plastic:
        return {"sums": sums}
    line = {"line": unpacked(told["line"]), "offset": torch.tensor(told["offset"]).double()}
    return {"sums": sums, "ghost": ghost(line, state.hebb)[0].tolist()}


def fixture() -> dict[str, Any]:
    """Return a life of each kind of agent that the script has to repeat."""
    told = numbers()
    return {kind: list(_lived(kind, told, 130)) for kind in ("plastic", "lstm")}


def own_fixture() -> dict[str, Any]:
    """Return what a person at the centre of the maze is told first."""
    made = maze.make(9)
    begin = maze.start(made, 1, torch.Generator().manual_seed(0))
    return {"seen": maze.observe(made, begin)[0, :9].int().tolist()}


# ------------------------------------------------------------------------------- still pictures


def still(drawing: Any) -> None:
    """Draw a life after its goal was moved: the agent's path circles the ghost."""
    net, made, g = stored("plastic", SEED), maze.make(9), torch.Generator().manual_seed(11)
    half = agents.live(net, made, maze.start(made, 1, g), 100, g)
    moved = half.agents._replace(goals=elsewhere(made, half.agents, g))
    late = agents.live(net, made, moved, 60, g, half.state)
    line = experiments.weights("maze-ghost")
    mine = {name: line[f"{SEED}.{name}"] for name in ("line", "offset")}
    frames.squares(drawing, made.walls)
    path = [frames.at(*place) for place in late.positions[:, 0].double().tolist()]
    drawing.path(path, "blue", 3, opacity=0.5)
    frames.star(drawing, frames.at(*late.agents.goal[0].double().tolist()), "green", "green")
    frames.star(drawing, frames.at(*half.agents.goal[0].double().tolist()), "green", "", "4 4")
    frames.star(drawing, frames.at(*ghost(mine, late.state.hebb)[0].tolist()), "purple", "")
    drawing.circle(*path[-1], 9, "", "blue")
    for row, (words, role) in enumerate(
        (
            ("its goal, moved", "green"),
            ("where it was", "green"),
            ("ghost: where the\ntrace says it is", "purple"),
            ("agent", "blue"),
        )
    ):
        y = 60 + 62 * row
        if role == "blue":
            drawing.circle(404, y - 6, 9, "", "blue")
        else:
            fill, dashed = ("green", "") if row == 0 else ("", "4 4" if row == 1 else "")
            frames.star(drawing, (404, y - 6), role, fill, dashed)
        drawing.text(424, y, words, anchor="start")


def own_still(drawing: Any) -> None:
    """Draw what is seen from the centre: nine squares, all else dark."""
    made = maze.make(9)
    middle = made.centre
    drawing.box(
        frames.LEFT, frames.LEFT, 11 * frames.SQUARE, 11 * frames.SQUARE, "", "ink", 0, opacity=0.85
    )
    for row in range(middle - 1, middle + 2):
        for column in range(middle - 1, middle + 2):
            x, y = frames.at(row - 0.5, column - 0.5)
            wall = bool(made.walls[row, column])
            drawing.box(x, y, frames.SQUARE, frames.SQUARE, "", "faint" if wall else "paper", 0)
    drawing.circle(*frames.at(middle, middle), 9, "", "blue")
    drawing.text(404, 60, "nine squares are\nall that you see", anchor="start")


def moved_curve() -> dict[str, Any]:
    """Return the share of plastic agents that have found their moved goal, by the step, in per
    cent; newborn ones are given.
    """
    seeds = experiments.seeds("maze-moved")
    steps = [0, *range(10, 101, 10)]

    def shares(case: str) -> list[list[float]]:
        found = np.mean([one["plastic"][case]["found_by"] for one in seeds], axis=0)
        return [
            [step, round(100 * share, 1)] for step, share in zip(steps, [0, *found], strict=True)
        ]

    return {
        "x": {"label": "steps since the goal was moved", "from": 0, "to": 100},
        "y": {"label": "have found it (%)", "from": 0, "to": 100},
        "given": [{"name": "newborn agents", "points": shares("newborn")}],
        "truth": shares("moved"),
    }


CURVES = {"maze-moved": moved_curve}
"""The curves that readers predict, by name."""
MODELS = {
    "maze": LiveModel(
        numbers,
        fixture,
        still,
        388,
        "A maze from above. The agent's path circles the place where its goal was, and where its "
        "trace says that the goal is; the goal itself was moved, and is far away.",
    ),
    "maze-dark": LiveModel(
        own_numbers,
        own_fixture,
        own_still,
        388,
        "A dark maze, of which nine squares around a dot are seen.",
    ),
}
"""The live models of the chapter, by name."""
