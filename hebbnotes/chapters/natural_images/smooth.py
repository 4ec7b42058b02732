"""Patterns of which all is known, smooth or noise, and small networks on them: when per-synapse
plasticity pays, and what is left of it where all pixels are alike.
"""

import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from hebbnotes import _checks, tasks
from hebbnotes.chapters.natural_images import analysis
from hebbnotes.chapters.natural_images.model import KINDS, GroupsRNN, load, network
from hebbnotes.experiments.experiment import (
    Experiment,
    Numbers,
    Trial,
    Weights,
    loaded,
    shorts,
    under,
)
from hebbnotes.learning import training
from hebbnotes.tasks.patterns import Episodes, PatternCompletion
from hebbnotes.tasks.pictures import halves

__all__ = [
    "CONTROLS",
    "ERASED",
    "GROUPS",
    "SQUARED",
    "noise_network",
    "smooth_correlation",
    "smooth_episodes",
    "smooth_patterns",
]

ERASED = ("half", "checkerboard", "scattered")
"""The three ways in which :func:`smooth_episodes` erases half of the pixels."""


def smooth_patterns(
    count: int, shape: tuple[int, int], length: float, generator: torch.Generator
) -> Tensor:
    """Draw grey patterns whose neighbours are alike, (count, rows * columns), values in [-1, 1].

    A Gaussian field in which pixels at distance d have the correlation ``exp(-d**2 / (2
    length**2))`` is passed through its distribution function: every pixel is uniform in [-1, 1],
    whatever the length, and a correlation r becomes ``6 / pi * arcsin(r / 2)``.

    >>> smooth_patterns(5, (8, 8), length=1.5, generator=torch.Generator()).shape
    torch.Size([5, 64])

    Parameters
    ----------
    count : int, patterns
    shape : tuple of int, rows and columns, in pixels
    length : float, correlation length, in pixels; 0 makes all pixels independent
    generator : torch.Generator
    """
    rows, columns = _checks.sides("shape", shape)
    _checks.generator(generator)
    _checks.integer("count", count)
    _checks.room(rows=rows**2, columns=columns**2)
    _checks.room(count=count, rows=rows, columns=columns)
    mixing = _mixing(rows, columns, _checks.number("length", length, 0))
    white = torch.randn(count, len(mixing), generator=generator, device=generator.device)
    return torch.erf(white @ mixing.to(white) / math.sqrt(2))


def smooth_correlation(shape: tuple[int, int], length: float) -> Tensor:
    """Return the correlation of any two pixels of :func:`smooth_patterns`, (n, n), in float64.

    ``6 / pi * arcsin(r / 2)`` with ``r = exp(-d**2 / (2 length**2))`` for pixels at distance d:
    that of two uniform variables with a Gaussian copula (K. Pearson, 1907).
    """
    rows, columns = _checks.sides("shape", shape)
    _checks.room(rows=rows**2, columns=columns**2)
    return (
        6
        / math.pi
        * torch.arcsin(_gaussian(rows, columns, _checks.number("length", length, 0)) / 2)
    )


def _gaussian(rows: int, columns: int, length: float) -> Tensor:
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).double()
    differences = places[:, None] - places
    return (
        torch.exp(-(differences / length).square().sum(-1) / 2)
        if length > 0
        else torch.eye(len(places)).double()
    )


@lru_cache(maxsize=32)
def _mixing(rows: int, columns: int, length: float) -> Tensor:
    """Return the symmetric square root of the covariance of the field
    of :func:`smooth_patterns`.
    """
    values, vectors = torch.linalg.eigh(_gaussian(rows, columns, length))
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def smooth_episodes(
    task: PatternCompletion,
    where: str,
    length: float,
    shape: tuple[int, int],
    batch: int,
    generator: torch.Generator,
) -> Episodes:
    """Make episodes of smooth patterns, half of whose pixels are erased in one of three ways.

    Parameters
    ----------
    task : PatternCompletion, with ``graded=True``
    where : {"half", "checkerboard", "scattered"}
        The upper or the lower half; the black or the white squares of a checkerboard, where the
        units of one colour come first; or pixels drawn anew for each episode.
    length : float, correlation length, in pixels
    shape : tuple of int, rows and columns
    batch : int, episodes
    generator : torch.Generator
    """
    _checks.choice("where", where, ERASED)
    _checks.of_type("task", task, PatternCompletion, "use PatternCompletion(graded=True)")
    _checks.integer("batch", batch)
    patterns = smooth_patterns(batch * task.n_patterns, shape, length, generator)
    if where == "checkerboard":
        row, column = torch.arange(shape[0])[:, None], torch.arange(shape[1])
        patterns = patterns[
            :, ((row + column) % 2).flatten().argsort(stable=True).to(patterns.device)
        ]
    erased = None if where == "scattered" else halves(batch, shape, generator)
    return task.episodes(patterns.unflatten(0, (batch, task.n_patterns)), generator, erased=erased)


SQUARED: dict[str, Any] = {"unit": "mean squared error of an erased pixel", "at_least": 0.0}
"""What is measured of all networks for pictures."""


@dataclass(frozen=True)
class Shown:
    """How the smooth patterns are shown, as in :class:`hebbnotes.tasks.PatternCompletion`."""

    n_patterns: int = 3
    cycles: int = 1
    steps_on: int = 6
    steps_off: int = 2
    steps_test: int = 3
    graded: bool = True


@dataclass(frozen=True, kw_only=True)
class SmoothPatterns:
    """Configuration of networks on patterns on a grid, of several correlation lengths in pixels."""

    lengths: tuple[float, ...] = (0, 0.5, 1, 1.5, 2, 3)
    shape: tuple[int, int] = (8, 8)
    schedule: Shown = Shown()
    eta: float = 0.03
    lr: float = 3e-2
    batch: int = 32
    updates: int = 600
    test_episodes: int = 1_000

    def task(self) -> tasks.PatternCompletion:
        """Return the task."""
        return tasks.PatternCompletion(self.shape[0] * self.shape[1], **asdict(self.schedule))


def train_smooth_patterns(trial: Trial, chosen: SmoothPatterns) -> tuple[Numbers, Weights]:
    """Train each kind of alpha on patterns of each correlation length, erased in each of three
    ways.
    """
    weights: Weights = {}
    for where, length, (name, kind) in product(ERASED, chosen.lengths, KINDS.items()):
        cell = f"{where} {length:g} {name}"
        trained = _train_cell(trial, chosen, cell, (where, length, kind))
        weights |= {f"{cell} {key}": value for key, value in trained.items()}
    return {}, weights


def _train_cell(
    trial: Trial, chosen: SmoothPatterns, cell: str, which: tuple[str, float, str | None]
) -> Weights:
    (where, length, kind), task, g = which, chosen.task(), trial.generator()
    net = network(kind, task, chosen.eta, g)

    def loss(_: int) -> tuple[Tensor, dict[str, float]]:
        e = smooth_episodes(task, where, length, chosen.shape, chosen.batch, g)
        wrong = tasks.squared_error(net(e.inputs, clamp=e.clamp)[0][-1], e)
        return task.n_bits / 2 * wrong.mean(), {"squared": wrong.mean().item()}

    options: dict[str, Any] = {"part": cell, "lr": chosen.lr, "schedule": training.cosine}
    trial.train(net.parameters(), loss, chosen.updates, g, **options)
    return net.state_dict()


def score_smooth_patterns(weights: Weights, seed: int, chosen: SmoothPatterns) -> Numbers:
    """Test each network, and those with a full alpha with simpler ones in its place."""
    task = chosen.task()
    found: Numbers = {}
    for where, length in product(ERASED, chosen.lengths):
        g = torch.Generator().manual_seed(10_000 + seed)
        e = smooth_episodes(task, where, length, chosen.shape, chosen.test_episodes, g)
        cell: Numbers = {"the mean pattern": analysis.mean_error([e], lambda e: e.patterns.mean(1))}
        for name, kind in KINDS.items():
            net = load(kind, task, weights, f"{where} {length:g} {name} ")
            cell[name] = analysis.mean_error([e], partial(analysis.answer, net))
            if kind == "full":
                mixed = torch.Generator().manual_seed(20_000 + seed)
                cell |= analysis.alpha_described(net.alpha, task.n_bits)
                cell["alphas"] = analysis.with_simpler_alphas(net, [e], mixed)
        found.setdefault(where, {})[f"{length:g}"] = cell
    return found


GROUPS = ("diagonal tied", "and diagonal", "and bias", "and both")
"""Further ways to set alpha, where all pixels are alike: a number for each connection, but the
diagonal, which has their mean; and one number for all, and one for the diagonal, one for what the
bias unit sends, or one for each of the two.
"""


def noise_network(
    kind: str, task: tasks.PatternCompletion, eta: float, generator: torch.Generator
) -> nn.Module:
    """Return an untrained network; its alpha is one of :data:`.model.KINDS` or :data:`GROUPS`."""
    _checks.generator(generator)
    if _checks.choice("kind", kind, (*KINDS, *GROUPS)) in KINDS:
        return network(KINDS[kind], task, eta, generator)
    n, pixel = task.n_units, torch.arange(task.n_units) < task.n_bits
    self_connected = torch.eye(n, dtype=torch.bool) & pixel
    if kind == "diagonal tied":
        group = torch.where(
            self_connected, -1, (~self_connected).flatten().cumsum(0).view(n, n) - 1
        )
        values = 0.01 * torch.randn(n * n - task.n_bits, generator=generator)
        return GroupsRNN(group, values, eta=eta, generator=generator)
    group = torch.zeros(n, n, dtype=torch.long)
    if kind in ("and bias", "and both"):
        group[~pixel] = 1
    if kind in ("and diagonal", "and both"):
        group[self_connected] = group.max() + 1
    values = torch.full((int(group.max()) + 1,), 0.01)
    return GroupsRNN(group, values, eta=eta, generator=generator)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Configuration of networks on white noise with scattered pixels erased: of each kind, at one
    learning rate or more.
    """

    rates: dict[str, tuple[float, ...]]
    n_bits: int = 64
    schedule: Shown = Shown()
    eta: float = 0.03
    batch: int = 32
    updates: int = 1_000
    test_episodes: int = 10_000

    def task(self) -> tasks.PatternCompletion:
        """Return the task."""
        return tasks.PatternCompletion(self.n_bits, **asdict(self.schedule))

    def each(self) -> dict[str, tuple[str, float]]:
        """Return kind and rate of each network by its name."""
        pairs = [(kind, rate) for kind, rates in self.rates.items() for rate in rates]
        return {f"{kind} {rate:g}": (kind, rate) for kind, rate in pairs}


def _noise(chosen: Noise, episodes: int, generator: torch.Generator) -> tasks.Episodes:
    """Return episodes of white noise, pixels erased at random."""
    shape = (1, chosen.n_bits)
    return smooth_episodes(chosen.task(), "scattered", 0, shape, episodes, generator)


def train_noise(trial: Trial, chosen: Noise) -> tuple[Numbers, Weights]:
    """Train a network of each kind at each of its rates."""
    weights: Weights = {}
    for name, (kind, rate) in chosen.each().items():
        g = trial.generator()
        net = noise_network(kind, chosen.task(), chosen.eta, g)
        options: dict[str, Any] = {"part": name, "lr": rate, "schedule": training.cosine}
        trial.train(net.parameters(), _noise_loss(net, chosen, g), chosen.updates, g, **options)
        weights |= {f"{name}.{key}": value for key, value in net.state_dict().items()}
    return {}, weights


def _noise_loss(net: nn.Module, chosen: Noise, generator: torch.Generator) -> Any:
    def loss(_: int) -> tuple[Tensor, dict[str, float]]:
        e = _noise(chosen, chosen.batch, generator)
        wrong = tasks.squared_error(analysis.answer(net, e), e).mean()
        return chosen.n_bits / 2 * wrong, {"squared": wrong.item()}

    return loss


def score_noise(weights: Weights, seed: int, chosen: Noise) -> Numbers:
    """Test each network, all on the same new episodes."""
    e = _noise(chosen, chosen.test_episodes, torch.Generator().manual_seed(10_000 + seed))
    errors: dict[str, list[float]] = {}
    numbers: dict[str, list[list[float]]] = {}
    for name, (kind, _) in chosen.each().items():
        net = noise_network(kind, chosen.task(), chosen.eta, torch.Generator())
        net = loaded(net, under(weights, f"{name}."))
        errors.setdefault(kind, []).append(analysis.mean_error([e], partial(analysis.answer, net)))
        if kind in GROUPS[1:]:
            numbers.setdefault(kind, []).append(shorts(net.values))
    best = {kind: min(each) for kind, each in errors.items()}
    return {"errors": errors, "best": best, "alphas": numbers}


_ALL = (*KINDS, *GROUPS)

CONTROLS: dict[str, Experiment[Any]] = {
    "smooth-patterns": Experiment(
        "65 units, three patterns of 8 x 8 from white noise to smooth, half erased in three ways, "
        "four kinds of alpha",
        train_smooth_patterns,
        score_smooth_patterns,
        SmoothPatterns(),
        "half.1.full",
        keep=(0, 1, 2, 3, 4),
        keep_only=("scattered 0 full alpha",),
        shares=lambda chosen: [replace(chosen, lengths=(length,)) for length in chosen.lengths],
        scales={"notebook": SmoothPatterns(lengths=(0, 2), updates=150)},
        **SQUARED,
    ),
    "noise-rates": Experiment(
        "65 units, white noise, scattered pixels erased: eight kinds of alpha at three learning "
        "rates, on a seed of its own",
        train_noise,
        score_noise,
        Noise(rates=dict.fromkeys(_ALL, (1e-2, 3e-2, 1e-1))),
        "best.full",
        seeds=(100,),
        **SQUARED,
    ),
    "noise-controls": Experiment(
        "65 units, white noise, scattered pixels erased: the same kinds of alpha at their best "
        "rate, but none",
        train_noise,
        score_noise,
        Noise(rates={kind: (3e-2,) for kind in _ALL if kind != "none"}),
        "best.full",
        **SQUARED,
    ),
}
"""The experiments on small networks."""
