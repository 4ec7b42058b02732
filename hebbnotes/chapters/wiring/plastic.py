"""Where should plasticity live? Networks that pay for the length of their plastic connections.

A network is shown patterns and completes one of them, as in the chapters on differentiable
plasticity; its fixed weights are free, and each plastic gain alpha has a price. Of S networks each
tensor has a first axis of S. Shapes: B episodes, n units.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.wiring.laws import distance_profile, fit_sizes
from hebbnotes.chapters.wiring.networks import Params, known
from hebbnotes.chapters.wiring.prices import prox, wiring_cost
from hebbnotes.experiments.experiment import Numbers, short, shorts
from hebbnotes.learning.training import cosine
from hebbnotes.plasticity.places import distances, grid

__all__ = [
    "GAPS",
    "MASKS",
    "PATTERNS",
    "Paying",
    "World",
    "complete",
    "completed",
    "draw_gaps",
    "draw_patterns",
    "mask",
    "measured_plastic",
    "train_plastic",
]

GAPS = ("scattered", "half")
"""What is missing: half of the bits, anywhere, or the left or the right half."""
PATTERNS = ("iid", "smooth")
"""Patterns of bits by chance, or of patches."""
MASKS = ("all", "nearest 8", "random 8", "nearest 20", "random 20")
"""Which connections of a unit may be plastic."""
EDGES = torch.arange(0.5, 10.5)


class World(NamedTuple):
    """What networks are shown.

    Attributes
    ----------
    patterns : str
        See ``PATTERNS``.
    gap : str
        See ``GAPS``.
    shape : tuple of int
        Of the grid of bits, each of which has a unit.
    several : int
        Patterns of an episode.
    shown, recalled : int
        Steps for which each is shown, and for which one is completed.
    patch : float
        Width of patches, a standard deviation, in spacings of the grid.
    """

    patterns: str
    gap: str
    shape: tuple[int, int] = (8, 8)
    several: int = 3
    shown: int = 3
    recalled: int = 4
    patch: float = 1.5


class Paying(NamedTuple):
    """How one network of several pays for its plasticity.

    Attributes
    ----------
    arm : str
        "L1" or "L1 x distance": what a unit of alpha costs is the price, or that times its length.
    price : float
    which : str
        Which connections may be plastic, see ``MASKS``.
    rate : float
        Of learning.
    """

    arm: str
    price: float
    which: str
    rate: float


def draw_patterns(world: World, batch: int, generator: torch.Generator) -> Tensor:
    """Return patterns of bits, -1 or 1, (several, B, n): independent, or the sign of a blurred
    noise.
    """
    _checks.choice("patterns", world.patterns, PATTERNS)
    _checks.integer("batch", batch)
    _checks.generator(generator)
    n = math.prod(world.shape)
    noise = torch.randn(world.several, batch, n, generator=generator)
    if world.patterns == "smooth":
        far = distances(grid(world.shape))
        noise = noise @ (-far.square() / (2 * world.patch**2)).exp()
    return torch.where(noise > 0, 1.0, -1.0)


def draw_gaps(world: World, batch: int, generator: torch.Generator) -> Tensor:
    """Return which bits are missing in each episode, half of them, booleans (B, n)."""
    _checks.choice("gap", world.gap, GAPS)
    _checks.integer("batch", batch)
    _checks.generator(generator)
    n = math.prod(world.shape)
    if world.gap == "scattered":
        return torch.rand(batch, n, generator=generator).argsort(1) < n // 2
    left = grid(world.shape)[:, 1] < world.shape[1] / 2
    return left == (torch.randint(2, (batch, 1), generator=generator) == 1)


def mask(which: str, lengths: Tensor, generator: torch.Generator) -> Tensor:
    """Return which connections may be plastic, booleans (n, n) [pre, post].

    So many onto each unit, from those nearest to it or from any; never from itself.
    """
    _checks.choice("which", which, MASKS)
    _checks.generator(generator)
    off = ~torch.eye(len(lengths), dtype=torch.bool)
    if which == "all":
        return off
    how, _, number = which.partition(" ")
    tie = torch.rand(lengths.shape, generator=generator)
    order = lengths + 1e-3 * tie if how == "nearest" else tie
    order = order.masked_fill(~off, math.inf)
    return order.argsort(0).argsort(0) < int(number)


def complete(
    params: Params, world: World, patterns: Tensor, missing: Tensor, asked: Tensor
) -> Tensor:
    """Show patterns, a blank step after each, then one of them without its missing bits; return
    what is made of it, (S, B, n).

    Units hold what they are shown; one whose bit is missing is 0 first, and then follows ``tanh(y
    (w + alpha * hebb))``. The trace decays while it is written, ``hebb + eta (y(t-1) y(t) -
    hebb)``. It is never built: the drive is a sum over earlier steps, see the chapter on fast
    evaluation, and steps that show the same pattern are one.

    Parameters
    ----------
    params : dict
        w, alpha (S, n, n) and eta (S,), a logit.
    world : World
    patterns : Tensor
        (several, B, n).
    missing : Tensor
        Booleans, (B, n).
    asked : Tensor
        Which pattern is to be completed, (B,), whole numbers.
    """
    w, alpha, eta = params["w"], params["alpha"], params["eta"].sigmoid()
    _, batch, n = patterns.shape
    whole = patterns[asked, torch.arange(batch)]
    cue = torch.where(missing, 0.0, whole)
    now = cue.expand(len(w), batch, n)
    pre = post = patterns.expand(len(w), *patterns.shape)
    keep = 1 - eta.unsqueeze(1)
    one = world.shown + 1
    left = torch.arange(world.several - 1, -1, -1) * one + 2  # steps from a pattern to the first
    weight = (1 - keep ** (world.shown - 1)) * keep**left  # recall, and a sum over its own pairs
    for _ in range(world.recalled):
        match = (now.unsqueeze(1) * pre).flatten(1, 2) @ alpha
        each = match.unflatten(1, (-1, batch)) * post * weight[..., None, None]
        new = torch.where(missing, torch.tanh(now @ w + each.sum(1)), whole)
        pre, post = (torch.cat([a, b.unsqueeze(1)], 1) for a, b in ((pre, now), (post, new)))
        weight = torch.cat([weight * keep, eta.unsqueeze(1)], 1)
        now = new
    return now


def completed(params: Params, world: World, batch: int, generator: torch.Generator) -> Tensor:
    """Return the share of missing bits that each network gets wrong, (S,)."""
    patterns, missing, asked, whole = _episodes(world, batch, generator)
    with torch.no_grad():
        made = complete(params, world, patterns, missing, asked)
        wrong = (made * whole <= 0) & missing
    return wrong.double().sum((1, 2)) / missing.sum()


def _episodes(
    world: World, batch: int, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return patterns, what is missing, which is asked for, and that as it should be."""
    patterns = draw_patterns(world, batch, generator)
    missing = draw_gaps(world, batch, generator)
    asked = torch.randint(world.several, (batch,), generator=generator)
    return patterns, missing, asked, patterns[asked, torch.arange(batch)]


def train_plastic(
    world: World,
    each: list[Paying],
    seed: int,
    *,
    updates: int,
    batch: int = 20,
    free: float = 0.3,
    tell: Callable[[int], Any] = lambda _: None,
) -> Params:
    """Train networks on one world, each from the same beginning and on the same episodes.

    Parameters
    ----------
    world : World
    each : list of Paying
    seed : int
    updates, batch : int
    free : float
        Share of the updates before there is a price.
    tell : callable
        ``tell(update)`` is called before each update.
    """
    drawn = torch.Generator().manual_seed(1_000 + seed)
    lengths = distances(grid(world.shape))
    n, several = len(lengths), len(each)
    w = torch.randn(n, n, generator=drawn) * 0.1 / math.sqrt(n)
    may = torch.stack([mask(one.which, lengths, drawn) for one in each])
    unit = torch.stack(
        [one.price * (torch.ones(n, n) if one.arm == "L1" else lengths) for one in each]
    )
    rates = torch.tensor([one.rate for one in each])
    off = ~torch.eye(n, dtype=torch.bool)
    params = {
        "w": (w * off).expand(several, n, n).clone(),
        "alpha": 0.3 * may,
        "eta": torch.full((several,), -2.2),
    }
    allowed = {"w": off, "alpha": may, "eta": torch.tensor(data=True)}
    params = {name: value.requires_grad_() for name, value in params.items()}
    moments = {name: (torch.zeros_like(v), torch.zeros_like(v)) for name, v in params.items()}
    episodes_of = torch.Generator().manual_seed(seed)
    for update in range(updates):
        tell(update)
        patterns, missing, asked, whole = _episodes(world, batch, episodes_of)
        made = complete(params, world, patterns, missing, asked)
        loss = ((made - whole).square() * missing).sum((1, 2)) / missing.sum()
        _checks.finite("the loss", loss.detach(), "try a smaller rate")
        gradients = torch.autograd.grad(loss.sum(), [*params.values()])
        norm = sum(g.reshape(several, -1).square().sum(1) for g in gradients)
        factor = (1 / (torch.as_tensor(norm).sqrt() + 1e-6)).clamp(max=1)
        with torch.no_grad():
            for (name, value), gradient in zip(params.items(), gradients, strict=True):
                alone = (-1, *(1,) * (gradient.ndim - 1))
                g = gradient * factor.view(alone)
                mean, square = moments[name]
                mean.lerp_(g, 0.1)
                square.mul_(0.999).addcmul_(g, g, value=0.001)
                rate = rates.view(alone) * cosine(update / updates)
                size = square.sqrt() / math.sqrt(1 - 0.999 ** (update + 1)) + 1e-8
                value.sub_(rate / (1 - 0.9 ** (update + 1)) * mean / size).mul_(allowed[name])
                if name == "alpha" and update >= free * updates:
                    value.copy_(prox(value, rate / size * unit))
    return {name: v.detach() for name, v in params.items()}


def measured_plastic(params: Params, world: World, k: int) -> Numbers:
    """Return how the plasticity of one network is laid: |alpha| by length."""
    alpha, lengths = params["alpha"][k], distances(grid(world.shape))
    off = ~torch.eye(len(lengths), dtype=torch.bool)
    size = alpha.abs()
    total = size.sum()
    profile = distance_profile(alpha, lengths, EDGES)
    return {
        "total": short(total),
        "wire": short(wiring_cost(alpha, lengths)),
        "plastic": int((size > 0.01).sum()),
        "length": short((size * lengths).sum() / total.clamp(min=1e-9)),
        "r": short(torch.corrcoef(torch.stack([size[off], lengths[off]])).nan_to_num()[0, 1]),
        "eta": short(params["eta"][k].sigmoid()),
        "profile": {name: shorts(value) for name, value in profile._asdict().items()},
        "sizes": {shape: known(fit_sizes(profile, shape)) for shape in ("ramp", "exponential")},
    }
