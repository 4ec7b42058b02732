"""The live model of the chapter: two agents in the maze that say themselves how strongly each step
is written, and a reader who says it instead.

Shapes: n units; one agent.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulation_at_work.maze.causal import Causal
from hebbnotes.chapters.neuromodulation_at_work.maze.trainings import stored_agent
from hebbnotes.figures.live import LiveModel, packed, unpacked
from hebbnotes.learning import agents
from hebbnotes.tasks import maze

__all__ = ["HEAR", "MODELS", "lived", "trained"]

STEPS, SEEDS = 200, (0, 1)
REWARD, PENALTY = 1.0, 0.01
AROUND = Causal().around
"""Steps from that which tells of a find that count as about it."""
HEAR: dict[str, Callable[[float, int, float], float]] = {
    "own": lambda own, knows, constant: own,
    "constant": lambda own, knows, constant: constant,
    "turned": lambda own, knows, constant: -own,
    "once": lambda own, knows, constant: 0.0 if knows > AROUND else own,
}
"""What synapses hear of what an agent says, of the steps from that which told it of its first
find, as 1, and of a constant.
"""


class Step(NamedTuple):
    """A step of a life: its goal, (2,), two numbers of chance, what was before it and what it gave,
    what the agent said, what its synapses heard, and the state afterwards.
    """

    goal: Tensor
    chance: list[float]
    life: agents.Life
    own: float
    heard: float
    state: Any


def trained(seed: int) -> agents.ModulatedAgent:
    """Return the stored agent of a seed, without gradients."""
    net: agents.ModulatedAgent = stored_agent("simple", seed)
    return net


def _told(net: agents.ModulatedAgent) -> dict[str, Any]:
    """Return an agent as the script has it, without its critic."""
    core = net.core
    fan = torch.ones(len(core.w)) if core.fan_out is None else core.fan_out
    return {
        "inward": packed(net.inward),
        "outward": packed(net.outward[:, :4].contiguous()),
        "w": packed(core.w),
        "alpha": packed(core.alpha),
        "read": packed(core.read),
        "fan": packed(fan),
        "bias": core.bias.item(),
        "eta": core.rate("eta").item(),
    }


def told_again(seed: int) -> agents.ModulatedAgent:
    """Return the stored agent with the weights that the script has, in double precision."""
    net, told = trained(seed).double(), _told(trained(seed))
    core: Any = net.core
    net.plain = True
    with torch.no_grad():
        net.inward.copy_(unpacked(told["inward"]))
        net.outward[:, :4] = unpacked(told["outward"])
        for name in ("w", "alpha", "read"):
            getattr(core, name).copy_(unpacked(told[name]))
        if core.fan_out is not None:
            core.fan_out.copy_(unpacked(told["fan"]))
        core.bias.fill_(told["bias"])
        core.eta_logit.copy_(torch.tensor(told["eta"], dtype=torch.float64).logit())
    return net


def lived(
    net: agents.ModulatedAgent, heard: Callable[[int, float, int], float], n_steps: int, seed: int
) -> Iterator[Step]:
    """Yield each step of a life in which synapses hear ``heard(step, own, knows)``.

    ``own`` is what the agent says, and ``knows`` counts the steps from that which told it of its
    first find, as 1.
    """
    _checks.integer("n_steps", n_steps)
    made, g = maze.make(9), torch.Generator().manual_seed(seed)
    life_of, state, knows = maze.start(made, 1, g), net.rest(1), 0
    for t in range(n_steps):
        drawn = torch.Generator()
        drawn.set_state(g.get_state())
        chance = torch.rand(2, generator=drawn, dtype=torch.float64).tolist()
        life = agents.live(net, made, life_of, 1, g, state)
        own = net.signals(life.seen, state)[0, 0].item()
        knows += bool(knows or life.seen[0, 0, maze.N_SEEN - 1] > 0)
        hears = heard(t, own, knows)
        state = net.rewritten(state, life.state, net.outward.new_tensor([hears]))
        yield Step(life_of.goal[0], chance, life, own, hears, state)
        life_of = life.agents


def _sums(values: Tensor) -> list[float]:
    """Return a plain sum, and one with weights from 1 / n to 1."""
    ramp = torch.arange(1, len(values) + 1).double() / len(values)
    return [values.sum().item(), (ramp * values).sum().item()]


WAYS = (("own", 0.0), ("constant", 0.4), ("turned", 0.0), ("own", 0.0), ("once", 0.0))
"""What is heard in the life that is stored, a fifth of it each, and the constant."""


def fixture() -> dict[str, Any]:
    """Return lives, in which now this is heard, now that, that the script has to repeat."""
    return {"lives": [list(_episode(seed, 60)) for seed in SEEDS]}


def _episode(seed: int, n_steps: int) -> Iterator[dict[str, Any]]:
    def way(t: int) -> tuple[str, float]:
        return WAYS[t * len(WAYS) // n_steps]

    def heard(t: int, own: float, knows: int) -> float:
        kind, constant = way(t)
        return HEAR[kind](own, knows, constant)

    for t, step in enumerate(lived(told_again(seed), heard, n_steps, 6)):
        yield {
            "hears": way(t),
            "goal": step.goal.tolist(),
            "chance": step.chance,
            "action": int(step.life.actions[0, 0]),
            "place": step.life.agents.position[0].tolist(),
            "found": bool(step.life.found[0, 0]),
            "own": step.own,
            "heard": step.heard,
            "sums": [*_sums(step.state.y[0]), *_sums(step.state.hebb[0].flatten())],
        }


def numbers() -> dict[str, Any]:
    """Return what the script is told: the maze, and the agents in 8 bits a number."""
    rows = maze.make(9).walls.tolist()
    return {
        "walls": ["".join(".#"[wall] for wall in row) for row in rows],
        "reward": REWARD,
        "penalty": PENALTY,
        "steps": STEPS,
        "around": AROUND,
        "agents": [_told(trained(seed)) for seed in SEEDS],
    }


def still(drawing: Any) -> None:
    """Draw what each agent says in a life, and where it was told of finds."""
    left, high, each = 40.0, 90.0, 2.5
    for row, seed in enumerate(SEEDS):
        steps = list(lived(trained(seed), lambda t, own, knows: own, STEPS, 11))
        middle = 142.0 + 156 * row
        drawing.text(left, middle - high - 26, f"M of agent {row + 1} in 200 steps", anchor="start")
        drawing.path([(left, middle), (left + each * STEPS, middle)], "faint", 1)
        for role, sign in (("blue", 1), ("pink", -1)):
            bars = [
                f"M{left + each * t:g} {middle:g}v{-high * step.own:.1f}"
                for t, step in enumerate(steps)
                if sign * step.own > 0
            ]
            if bars:
                drawing.path("".join(bars), role, 2)
        told = [t for t, step in enumerate(steps) if step.life.seen[0, 0, maze.N_SEEN - 1] > 0]
        drawing.dots([(left + each * t, middle - high - 12) for t in told], "green", 8)
        for level in (1, 0):
            drawing.text(left - 8, middle - high * level + 6, str(level), anchor="end")
    drawing.text(left, 394, "green: it is told that it found the star", anchor="start")


MODELS = {
    "neuromodulation-at-work": LiveModel(
        numbers,
        fixture,
        still,
        410,
        "The signal M of two agents in the maze over 200 steps each, as bars, and the steps in "
        "which they were told that they found the goal, as dots. Agent 1 says nearly 1 until its "
        "first find, and less after it; agent 2 goes up and down from step to step, and is "
        "sometimes below 0.",
    )
}
"""The live models of the chapter, by name."""
