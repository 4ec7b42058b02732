"""Experiments on pictures, half of one erased: Figures 4 and 5 of the paper, and when per-synapse
plasticity pays.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import torch
from torch import Tensor

from hebbnotes import data, tasks
from hebbnotes.analysis import participation_ratio
from hebbnotes.chapters.natural_images import analysis, smooth
from hebbnotes.chapters.natural_images.model import HalvesRNN
from hebbnotes.experiments.experiment import (
    Experiment,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    loaded,
    short,
)
from hebbnotes.learning import training
from hebbnotes.networks import PlasticRNN, run

__all__ = ["EXPERIMENTS", "KINDS", "load", "network", "photographs"]


KINDS: dict[str, str | None] = {
    "full": "full",
    "halves": "halves",
    "shared": "shared",
    "none": None,
}
"""The four ways to set alpha, by name."""


def network(
    alpha: str | None, task: tasks.PatternCompletion, eta: float, generator: torch.Generator
) -> PlasticRNN | HalvesRNN:
    """Return an untrained network; ``alpha`` is that of :class:`.PlasticRNN`, or "halves" for two
    numbers.
    """
    if alpha == "halves":
        return HalvesRNN(task.n_bits, task.n_units, eta=eta, generator=generator)
    return PlasticRNN(
        task.n_units, alpha=alpha, eta=eta, generator=generator, device=generator.device
    )


def load(
    alpha: str | None, task: tasks.PatternCompletion, weights: Weights, prefix: str = ""
) -> PlasticRNN | HalvesRNN:
    """Return a trained network: the one of :func:`network`, with those weights whose names begin
    with a prefix.

    Raises
    ------
    RuntimeError
        If weights are missing or do not fit.
    """
    return loaded(network(alpha, task, 0.01, torch.Generator()), weights, prefix)


def photographs(source: str, split: str) -> tuple[Tensor, tuple[int, int]]:
    """Return grey pictures, shape (M, n_pixels), and their rows and columns; nothing is downloaded.

    Parameters
    ----------
    source : {"cifar10", "cifar10-subset", "patches"}
        CIFAR-10, the part of it, or patches of two photographs.
    split : {"train", "test"}
        Which pictures.
    """
    if source == "patches":
        return data.patches(split), (8, 8)
    return data.grey(data.cifar10(split, source == "cifar10-subset", download=False)), (32, 32)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Configuration of a network on halves of photographs: its alpha, one of :data:`KINDS`, the
    source, the training.
    """

    alpha: str | None
    source: str = "cifar10-subset"
    eta: float = 0.01
    lr: float = 1e-3
    anneal: bool = True
    batch: int = 4
    updates: int = 1_500
    test_episodes: int = 500


def _task(pictures: Tensor) -> tasks.PatternCompletion:
    schedule: dict[str, Any] = tasks.PICTURES
    return tasks.PatternCompletion(pictures.shape[1], **schedule)


def train_natural_images(trial: Trial, chosen: Pictures) -> tuple[Numbers, Weights]:
    """Train a network on halves of photographs, as in section 4.3 of the paper."""
    known, shape = photographs(chosen.source, "train")
    task = _task(known)
    g = trial.generator()
    net = network(chosen.alpha, task, chosen.eta, g)
    loss = tasks.picture_loss(net, task, known.to(g.device), shape, chosen.batch, g)
    schedule = training.cosine if chosen.anneal else training.constant
    options: dict[str, Any] = {"lr": chosen.lr, "schedule": schedule}
    history = trial.train(net.parameters(), loss, chosen.updates, g, **options)
    ends = block_ends(chosen.updates, 30)
    return {
        "trained_numbers": sum(p.numel() for p in net.parameters()),
        "episodes": [chosen.batch * end for end in ends],
        "squared": blocks(history.metrics["squared"], ends),
        "eta": short(net.eta),
    }, net.state_dict()


def score_natural_images(weights: Weights, seed: int, chosen: Pictures) -> Numbers:
    """Test a network on photographs that it never saw, whole and with its alpha changed."""
    new, shape = photographs(chosen.source, "test")
    task = _task(new)
    net, g = load(chosen.alpha, task, weights), torch.Generator().manual_seed(10_000 + seed)
    shown = [tasks.pictures(task, new, shape, 10, g) for _ in range(chosen.test_episodes // 10)]
    few, mixed = shown[: max(1, len(shown) // 5)], torch.Generator().manual_seed(20_000 + seed)

    found = {
        "test_squared": _mean(shown, partial(_answer, net)),
        "test_squared_of_silence": _mean(shown, lambda e: torch.zeros(len(e.answer), task.n_units)),
        "test_squared_of_the_mean_picture": _mean(shown, lambda e: e.patterns.mean(1)),
        "independent_pixels": short(analysis.independent_pixels(torch.corrcoef(new.T))),
        "first_fifth_squared": _mean(few, partial(_answer, net)),  # beside the simpler alphas
    }
    if chosen.alpha != "full":
        return found
    return found | alpha_described(net.alpha, task.n_bits) | {"alphas": _alphas(net, few, mixed)}


def _answer(net: Any, e: tasks.Episodes) -> Tensor:
    return net(e.inputs, clamp=e.clamp)[0][-1]


def _mean(shown: list[tasks.Episodes], answer: Callable[[tasks.Episodes], Tensor]) -> float:
    """Return the mean squared error of the erased pixels."""
    with torch.no_grad():
        return short(torch.cat([tasks.squared_error(answer(e), e) for e in shown]).mean())


def _alphas(net: Any, shown: list[tasks.Episodes], generator: torch.Generator) -> dict[str, float]:
    """Return the error of a trained network with each of the simpler alphas in the place of its
    own.
    """
    w, eta, n_pixels = net.w, net.eta, shown[0].answer.shape[1]

    def error(alpha: Tensor) -> float:
        return _mean(shown, lambda e: run(e.inputs, w, alpha, eta, clamp=e.clamp)[0][-1])

    return {
        name: error(alpha)
        for name, alpha in analysis.simpler_alphas(net.alpha, n_pixels, generator).items()
    }


def alpha_described(alpha: Tensor, n_pixels: int) -> dict[str, float]:
    """Return the mean of the coefficients within and across the halves of a picture, their spread,
    and their effective rank.
    """
    pixels = alpha[:n_pixels, :n_pixels]
    half = torch.arange(n_pixels) * 2 // n_pixels
    across = half[:, None] != half
    return {
        "alpha_across": short(pixels[across].mean()),
        "alpha_within": short(pixels[~across].mean()),
        "alpha_std": short(pixels.std()),
        "alpha_rank": short(participation_ratio(pixels)),
    }


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
    for where, length, (name, kind) in product(smooth.ERASED, chosen.lengths, KINDS.items()):
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
        e = smooth.smooth_episodes(task, where, length, chosen.shape, chosen.batch, g)
        wrong = tasks.squared_error(net(e.inputs, clamp=e.clamp)[0][-1], e)
        return task.n_bits / 2 * wrong.mean(), {"squared": wrong.mean().item()}

    options: dict[str, Any] = {"part": cell, "lr": chosen.lr, "schedule": training.cosine}
    trial.train(net.parameters(), loss, chosen.updates, g, **options)
    return net.state_dict()


def score_smooth_patterns(weights: Weights, seed: int, chosen: SmoothPatterns) -> Numbers:
    """Test each network, and those with a full alpha with simpler ones in its place."""
    task = chosen.task()
    found: Numbers = {}
    for where, length in product(smooth.ERASED, chosen.lengths):
        g = torch.Generator().manual_seed(10_000 + seed)
        e = smooth.smooth_episodes(task, where, length, chosen.shape, chosen.test_episodes, g)
        cell: Numbers = {"the mean pattern": _mean([e], lambda e: e.patterns.mean(1))}
        for name, kind in KINDS.items():
            net = load(kind, task, weights, f"{where} {length:g} {name} ")
            cell[name] = _mean([e], partial(_answer, net))
            if kind == "full":
                mixed = torch.Generator().manual_seed(20_000 + seed)
                cell |= alpha_described(net.alpha, task.n_bits)
                cell["alphas"] = _alphas(net, [e], mixed)
        found.setdefault(where, {})[f"{length:g}"] = cell
    return found


def _are_there(chosen: Pictures) -> None:
    if chosen.source != "patches":  # which scikit-learn brings
        data.require(chosen.source)


_DIFFERENCE = (
    "4,000 photographs instead of 40,000; 6,000 episodes in batches of four, with a larger and "
    "annealed learning rate, instead of "
    "up to 100,000 one by one; at notebook scale 8 x 8 patches of two photographs; at the scale "
    "of the paper, which was not run, "
    "all 50,000 training photographs and the official test photographs instead of 40,000 and the "
    "other 10,000"
)

_SQUARED: dict[str, Any] = {"unit": "mean squared error of an erased pixel", "at_least": 0.0}


def _pictures(
    about: str, alpha: str | None, paper: tuple[str, ...], **options: Any
) -> Experiment[Any]:
    book = Pictures(alpha=alpha)
    small: dict[str, Any] = {
        "source": "patches",
        "eta": 0.03,
        "lr": 1e-2,
        "batch": 32,
        "updates": 300,
    }
    large: dict[str, Any] = {
        "source": "cifar10",
        "lr": 1e-4,
        "anneal": False,
        "batch": 1,
        "updates": 100_000,
    }
    scales = {"notebook": replace(book, **small, test_episodes=1_000)}
    return Experiment(
        f"1,025 units, three photographs in grey, half of one erased: {about}",
        train_natural_images,
        score_natural_images,
        book,
        "test_squared",
        keep=(0,),
        scales=scales | ({"paper": replace(book, **large)} if paper else {}),
        stored=("book", "notebook"),
        needs=_are_there,
        paper=paper,
        **{"difference": _DIFFERENCE if paper else ""} | _SQUARED | options,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "images-full": _pictures(
        "a plasticity of its own for each connection",
        "full",
        ("Figure 5", "Figure 4"),
        difference=f"{_DIFFERENCE}; the pictures shown are of other photographs",
    ),
    "images-halves": _pictures(
        "one across the halves, one elsewhere", "halves", (), keep_at=("notebook",)
    ),
    "images-shared": _pictures("one plasticity for all", "shared", ("Figure 5",)),
    "images-none": _pictures("none", None, ("Figure 5",)),
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
        **_SQUARED,
    ),
}
"""All experiments on pictures."""
