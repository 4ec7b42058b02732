"""Recurrent networks that pay for their wire, several trained at once, and what is measured.

Of S networks each tensor has a first axis of S. All see the same episodes; the gradient of each is
clipped by itself. Shapes: T steps, B episodes, n units.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.laws import SHAPES, Fit, distance_profile, fit_links, fit_sizes
from hebbnotes.chapters.wiring.modularity import (
    as_graph,
    clustering,
    decompose,
    efficiency,
    modularity,
    strongest,
)
from hebbnotes.chapters.wiring.prices import communicability, prox, steer, wiring_cost
from hebbnotes.experiments.experiment import Numbers, short, shorts
from hebbnotes.learning.training import cosine
from hebbnotes.plasticity.places import distances, grid
from hebbnotes.tasks.choices import ChoiceEpisodes, OneStep

__all__ = [
    "ARMS",
    "One",
    "Params",
    "accuracy",
    "begin",
    "choose",
    "cross_entropies",
    "known",
    "measured",
    "train",
    "unit_prices",
]

ARMS: dict[str, float] = {
    "none": 0.0,
    "L1": 3e-4,
    "L1 x distance": 1e-4,
    "permuted": 1e-4,
    "communicability": 5e-3,
}
"""How networks pay, by name, and a price to begin with: for nothing, for each connection alike, by
length, by a length that has nothing to do with it, and by length times communicability."""
EDGES = torch.arange(0.75, 10.5, 0.5)
"""Ends of bins of length, in spacings of the grid."""
Params = dict[str, Tensor]
"""What networks are made of: w (S, n, n), u (S, n_in, n), b (S, n), readout (S, n, n_out), bias."""


class One(NamedTuple):
    """How one network of several is trained.

    Attributes
    ----------
    arm : str
        See ``ARMS``.
    rate : float
        Of learning.
    price : float or None
        What wire costs; None if the price is steered until the budget is met.
    """

    arm: str
    rate: float
    price: float | None = None


@dataclass(frozen=True, kw_only=True)
class Trained:
    """How networks are trained.

    Attributes
    ----------
    task : OneStep
    shape : tuple of int
        Of the grid on which the units lie.
    updates, batch : int
    budget : float
        Sum of |w| that steered prices aim at.
    free : float
        Share of the updates before there is a price: networks that pay from the beginning may never
        learn the task. Noise grows from a third to that of the task meanwhile.
    """

    task: OneStep = field(default_factory=OneStep)
    shape: tuple[int, ...] = (8, 8)
    updates: int = 3000
    batch: int = 64
    budget: float = 60.0
    free: float = 0.3


def begin(sizes: tuple[int, int, int], several: int, generator: torch.Generator) -> Params:
    """Return so many copies of one network of n_in inputs, n units and n_out answers.

    Weights are normal, with a variance of one over the number of senders; none leads from a unit to
    itself.
    """
    _checks.generator(generator)
    n_in, n, n_out = sizes
    w = torch.randn(n, n, generator=generator) / math.sqrt(n)
    params = {
        "w": w.fill_diagonal_(0),
        "u": torch.randn(n_in, n, generator=generator) / math.sqrt(n_in),
        "b": torch.zeros(n),
        "readout": torch.randn(n, n_out, generator=generator) / math.sqrt(n),
        "bias": torch.zeros(n_out),
    }
    return {name: value.expand(several, *value.shape).clone() for name, value in params.items()}


def choose(params: Params, inputs: Tensor) -> Tensor:
    """Return the score of each answer after the last step, (S, B, n_out), for inputs (T, B, n_in).

    Rectified units: ``h = max(0, x u + h w + b)``, from 0.
    """
    steps, batch, _ = inputs.shape
    w, u, b = (params[name] for name in ("w", "u", "b"))
    drive = (inputs.flatten(0, 1) @ u).unflatten(1, (steps, batch)) + b[:, None, None]
    h = torch.relu(drive[:, 0])
    for x in drive.unbind(1)[1:]:
        h = torch.relu(torch.baddbmm(x, h, w))
    return torch.baddbmm(params["bias"].unsqueeze(1), h, params["readout"])


def cross_entropies(params: Params, episodes: ChoiceEpisodes) -> Tensor:
    """Return the mean cross-entropy of each network, (S,)."""
    chance = choose(params, episodes.inputs).log_softmax(-1)
    return -chance[:, torch.arange(len(episodes.answer)), episodes.answer].mean(1)


def accuracy(params: Params, episodes: ChoiceEpisodes) -> Tensor:
    """Return the share of right answers of each network, (S,)."""
    with torch.no_grad():
        best = choose(params, episodes.inputs).argmax(-1)
    return (best == episodes.answer).double().mean(1)


def unit_prices(arm: str, lengths: Tensor, permuted: Tensor, w: Tensor) -> Tensor:
    """Return what a unit of each connection costs at a price of 1, (n, n).

    Parameters
    ----------
    arm : str
        See ``ARMS``.
    lengths : Tensor
        Of all connections, (n, n).
    permuted : Tensor
        Which unit stands where each one is believed to be, (n,).
    w : Tensor
        Weights, (n, n), for communicability alone.
    """
    if _checks.choice("arm", arm, (*ARMS,)) == "none":
        return torch.zeros_like(lengths)
    if arm == "L1":
        return torch.ones_like(lengths)
    if arm == "permuted":
        return lengths[permuted][:, permuted]
    return lengths * communicability(w) if arm == "communicability" else lengths


def train(
    how: Trained,
    each: list[One],
    seed: int,
    tell: Callable[[int], Any] = lambda _: None,
) -> tuple[Params, Tensor]:
    """Train networks, each from the same beginning and on the same episodes.

    Adam, clipped to a norm of 1, with rates that fall along half a cosine; after each of its steps
    weights are brought nearer to 0 by :func:`.prox`, each by its price times the step that Adam
    makes for a slope of 1. Communicability is computed anew every tenth update, and held fixed in
    between: no gradient goes through it.

    Parameters
    ----------
    how : Trained
    each : list of One
    seed : int
        Of the beginning, the permutation and the episodes.
    tell : callable
        ``tell(update)`` is called before each update.

    Returns
    -------
    params : dict
        The trained networks.
    price : Tensor
        What wire cost at the end, (S,).
    """
    drawn = torch.Generator().manual_seed(1_000 + seed)
    lengths, task = distances(grid(how.shape)), how.task
    n, several = len(lengths), len(each)
    params = begin((task.n_inputs, n, task.n_outputs), several, drawn)
    permuted = torch.randperm(n, generator=drawn)
    apart = 1 - torch.eye(n)
    units = torch.stack([unit_prices(one.arm, lengths, permuted, params["w"][0]) for one in each])
    anew = [k for k, one in enumerate(each) if one.arm == "communicability"]
    steered = torch.tensor([one.price is None for one in each])
    price = torch.tensor([ARMS[one.arm] if one.price is None else one.price for one in each])
    rates = torch.tensor([one.rate for one in each])
    params = {name: value.requires_grad_() for name, value in params.items()}
    moments = {name: (torch.zeros_like(v), torch.zeros_like(v)) for name, v in params.items()}
    episodes_of = torch.Generator().manual_seed(seed)
    for update in range(how.updates):
        tell(update)
        learnt = min(1.0, update / (how.free * how.updates))
        noise = task.noise * (1 + 2 * learnt) / 3
        episodes = task.sample(how.batch, episodes_of, noise=noise)
        loss = cross_entropies(params, episodes)
        _checks.finite("the loss", loss.detach(), "try a smaller rate")
        gradients = torch.autograd.grad(loss.sum(), [*params.values()])
        norm = sum(g.flatten(1).square().sum(1) for g in gradients)
        factor = (1 / (torch.as_tensor(norm).sqrt() + 1e-6)).clamp(max=1)
        with torch.no_grad():
            if learnt == 1 and update % 10 == 0 and anew:
                w = params["w"][anew]
                units[anew] = lengths * communicability(w)
            for (name, value), gradient in zip(params.items(), gradients, strict=True):
                g = gradient * factor.view(-1, *(1,) * (gradient.ndim - 1))
                mean, square = moments[name]
                mean.lerp_(g, 0.1)
                square.mul_(0.999).addcmul_(g, g, value=0.001)
                rate = rates.view(-1, *(1,) * (gradient.ndim - 1)) * cosine(update / how.updates)
                size = square.sqrt() / math.sqrt(1 - 0.999 ** (update + 1)) + 1e-8
                value.sub_(rate / (1 - 0.9 ** (update + 1)) * mean / size)
                if name == "w":
                    value.mul_(apart)
                    if learnt == 1:
                        value.copy_(prox(value, rate / size * price[:, None, None] * units))
            if learnt == 1:
                total = params["w"].abs().sum((1, 2))
                price = torch.where(steered, steer(price, total, how.budget), price)
    return {name: v.detach() for name, v in params.items()}, price


def measured(
    how: Trained,
    one: Params,
    tested: ChoiceEpisodes,
    generator: torch.Generator,
    *,
    links: tuple[int, ...] = (300,),
    nulls: int = 20,
    tolerances: tuple[float, ...] = (0.3,),
) -> Numbers:
    """Return what one network is worth, what its wire is, and how it is laid.

    Parameters
    ----------
    how : Trained
    one : dict
        One network, its tensors with a first axis of 1.
    tested : ChoiceEpisodes
    generator : torch.Generator
        Of the null models.
    links : tuple of int
        Numbers of links, the strongest, of the graphs whose modularity is measured.
    nulls : int
        Random graphs of each kind; without any, modularity is not measured.
    tolerances : tuple of float
        See :func:`.swap`; the first one's results stand under the number of links alone.
    """
    w, lengths = one["w"][0], distances(grid(how.shape))
    off = ~torch.eye(len(w), dtype=torch.bool)
    size = w.abs()
    found: Numbers = {
        "accuracy": short(accuracy(one, tested)),
        "total": short(size.sum()),
        "wire": short(wiring_cost(w, lengths)),
        "r": short(torch.corrcoef(torch.stack([size[off], lengths[off]]))[0, 1]),
        "links": {f"{t:g}": int((size > t).sum()) for t in (0, 0.003, 0.01, 0.03)},
    }
    profile = distance_profile(w, lengths, EDGES)
    found["profile"] = {name: shorts(value) for name, value in profile._asdict().items()}
    found["fits"] = {shape: known(fit_links(profile, shape)) for shape in SHAPES}
    found["sizes"] = {shape: known(fit_sizes(profile, shape)) for shape in ("ramp", "exponential")}
    if nulls:
        found["modularity"] = {
            f"{k}" if not t else f"{k} within {tolerance:g}": _parts(
                strongest(w, k), lengths, generator, nulls, tolerance
            )
            for k in links
            for t, tolerance in enumerate(tolerances)
        }
        weighted = (size + size.mT) / 2
        found["weighted"] = short(modularity(weighted.double(), generator).q)
        found["threshold"] = short(modularity(as_graph(w), generator).q)
    return found


def known(fit: Fit) -> dict[str, float | None]:
    """Return the numbers of a fit, without those that it has not; None for what is infinite."""
    numbers = {name: x for name, x in fit._asdict().items() if not math.isnan(x)}
    return {name: short(x) if math.isfinite(x) else None for name, x in numbers.items()}


def _parts(
    a: Tensor, lengths: Tensor, generator: torch.Generator, nulls: int, tolerance: float
) -> Numbers:
    parts = decompose(a, lengths, generator, nulls, tolerance)
    found: Numbers = {
        name: short(getattr(parts, name)) for name in ("q", "density", "degrees", "lengths", "rest")
    }
    for kind, its in parts.nulls.items():
        q = torch.tensor(its["q"], dtype=torch.float64)
        found[f"{kind} null"] = {
            "q": short(q.mean()),
            "sd": short(q.std()),
            **{key: short(its[key]) for key in ("unchanged", "chance", "length")},
        }
    found["length"] = short(lengths[a].mean())
    found["clustering"], found["efficiency"] = short(clustering(a)), short(efficiency(a))
    return found
