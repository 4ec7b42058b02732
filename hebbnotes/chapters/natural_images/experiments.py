"""Experiments on pictures, half of one erased: Figures 4 and 5 of the paper, and when per-synapse plasticity pays."""

from collections.abc import Callable
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
    """Return an untrained network; ``alpha`` is that of :class:`hebbnotes.networks.PlasticRNN`, or "halves" for two numbers."""
    if alpha == "halves":
        return HalvesRNN(task.n_bits, task.n_units, eta=eta, generator=generator)
    return PlasticRNN(
        task.n_units, alpha=alpha, eta=eta, generator=generator, device=generator.device
    )


def load(
    alpha: str | None, task: tasks.PatternCompletion, weights: Weights, prefix: str = ""
) -> PlasticRNN | HalvesRNN:
    """Return a trained network: the one of :func:`network`, with those weights whose names begin with a prefix.

    Raises
    ------
    RuntimeError
        If weights are missing or do not fit.

    Notes
    -----
    Taught in the chapter "Natural images".
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


def train_natural_images(
    trial: Trial,
    *,
    alpha: str | None,
    source: str,
    eta: float,
    lr: float,
    anneal: bool,
    batch: int,
    updates: int,
    **_: Any,
) -> Any:
    """Train a network on halves of photographs, as in section 4.3 of the paper."""
    known, shape = photographs(source, "train")
    task = tasks.PatternCompletion(n_bits=known.shape[1], **tasks.PICTURES)
    g = trial.generator()
    net = network(alpha, task, eta, g)
    loss = tasks.picture_loss(net, task, known.to(g.device), shape, batch, g)
    schedule = training.cosine if anneal else training.constant
    history = trial.train(net.parameters(), loss, updates, g, lr=lr, schedule=schedule)
    ends = block_ends(updates, 30)
    return {
        "trained_numbers": sum(p.numel() for p in net.parameters()),
        "episodes": [batch * end for end in ends],
        "squared": blocks(history.metrics["squared"], ends),
        "eta": short(net.eta),
    }, net.state_dict()


def score_natural_images(
    weights: Weights, seed: int, *, alpha: str | None, source: str, test_episodes: int, **_: Any
) -> Numbers:
    """Test a network on photographs that it was not trained on, whole and with its alpha changed."""
    new, shape = photographs(source, "test")
    task = tasks.PatternCompletion(n_bits=new.shape[1], **tasks.PICTURES)
    net = load(alpha, task, weights)
    g = torch.Generator().manual_seed(10_000 + seed)
    shown = [tasks.pictures(task, new, shape, 10, g) for _ in range(test_episodes // 10)]
    found = {
        "test_squared": _mean(shown, lambda e: net(e.inputs, clamp=e.clamp)[0][-1]),
        "test_squared_of_silence": _mean(shown, lambda e: torch.zeros(len(e.answer), task.n_units)),
        "test_squared_of_the_mean_picture": _mean(shown, lambda e: e.patterns.mean(1)),
        "independent_pixels": short(analysis.independent_pixels(torch.corrcoef(new.T))),
    }
    few, mixed = shown[: max(1, len(shown) // 5)], torch.Generator().manual_seed(20_000 + seed)
    found["first_fifth_squared"] = _mean(
        few, lambda e: net(e.inputs, clamp=e.clamp)[0][-1]
    )  # beside the simpler alphas
    if alpha != "full":
        return found
    return found | alpha_described(net.alpha, task.n_bits) | {"alphas": _alphas(net, few, mixed)}


def _mean(shown: list[tasks.Episodes], answer: Callable[[tasks.Episodes], Tensor]) -> float:
    """Return the mean squared error of the erased pixels."""
    with torch.no_grad():
        return short(torch.cat([tasks.squared_error(answer(e), e) for e in shown]).mean())


def _alphas(net: Any, shown: list[tasks.Episodes], generator: torch.Generator) -> dict[str, float]:
    """Return the error of a trained network with each of the simpler alphas in the place of its own."""
    w, eta, n_pixels = net.w, net.eta, shown[0].answer.shape[1]

    def error(alpha: Tensor) -> float:
        return _mean(shown, lambda e: run(e.inputs, w, alpha, eta, clamp=e.clamp)[0][-1])

    return {
        name: error(alpha)
        for name, alpha in analysis.simpler_alphas(net.alpha, n_pixels, generator).items()
    }


def alpha_described(alpha: Tensor, n_pixels: int) -> dict[str, float]:
    """Return the mean of the coefficients within and across the halves of a picture, their spread, and their effective rank."""
    pixels = alpha[:n_pixels, :n_pixels]
    half = torch.arange(n_pixels) * 2 // n_pixels
    across = half[:, None] != half
    return {
        "alpha_across": short(pixels[across].mean()),
        "alpha_within": short(pixels[~across].mean()),
        "alpha_std": short(pixels.std()),
        "alpha_rank": short(participation_ratio(pixels)),
    }


def train_smooth_patterns(
    trial: Trial,
    *,
    lengths: tuple[float, ...],
    shape: tuple[int, int],
    schedule: dict[str, Any],
    eta: float,
    lr: float,
    batch: int,
    updates: int,
    **_: Any,
) -> Any:
    """Train each kind of alpha on patterns of each correlation length, erased in each of three ways."""
    task = tasks.PatternCompletion(n_bits=shape[0] * shape[1], **schedule)
    weights: Weights = {}
    for where in smooth.ERASED:
        for length in lengths:
            for name, kind in KINDS.items():
                g = trial.generator()
                net = network(kind, task, eta, g)

                def loss(
                    update: int,
                    net: Any = net,
                    g: Any = g,
                    length: float = length,
                    where: str = where,
                ) -> Any:
                    e = smooth.smooth_episodes(task, where, length, shape, batch, g)
                    wrong = tasks.squared_error(net(e.inputs, clamp=e.clamp)[0][-1], e)
                    return task.n_bits / 2 * wrong.mean(), {"squared": wrong.mean().item()}

                cell = f"{where} {length:g} {name}"
                trial.train(
                    net.parameters(), loss, updates, g, part=cell, lr=lr, schedule=training.cosine
                )
                weights |= {f"{cell} {key}": value for key, value in net.state_dict().items()}
    return {}, weights


def score_smooth_patterns(
    weights: Weights,
    seed: int,
    *,
    lengths: tuple[float, ...],
    shape: tuple[int, int],
    schedule: dict[str, Any],
    test_episodes: int,
    **_: Any,
) -> Numbers:
    """Test each network, and those with a full alpha with simpler ones in its place."""
    task = tasks.PatternCompletion(n_bits=shape[0] * shape[1], **schedule)
    found: Numbers = {}
    for where in smooth.ERASED:
        for length in lengths:
            g = torch.Generator().manual_seed(10_000 + seed)
            shown = [smooth.smooth_episodes(task, where, length, shape, test_episodes, g)]
            cell: Numbers = {"the mean pattern": _mean(shown, lambda e: e.patterns.mean(1))}
            for name, kind in KINDS.items():
                net = load(kind, task, weights, f"{where} {length:g} {name} ")
                cell[name] = _mean(shown, lambda e, net=net: net(e.inputs, clamp=e.clamp)[0][-1])
                if kind == "full":
                    cell |= alpha_described(net.alpha, task.n_bits)
                    cell["alphas"] = _alphas(
                        net, shown, torch.Generator().manual_seed(20_000 + seed)
                    )
            found.setdefault(where, {})[f"{length:g}"] = cell
    return found


def _are_there(*, source: str, **_: Any) -> None:
    if source != "patches":  # which scikit-learn brings
        data.require(source)


_SQUARED = {
    "metric": "test_squared",
    "unit": "mean squared error of an erased pixel",
    "at_least": 0.0,
}
_CIFAR = {
    "source": "cifar10-subset",
    "eta": 0.01,
    "lr": 1e-3,
    "anneal": True,
    "batch": 4,
    "updates": 1_500,
    "test_episodes": 500,
}
_PATCHES = {
    "source": "patches",
    "eta": 0.03,
    "lr": 1e-2,
    "batch": 32,
    "updates": 300,
    "test_episodes": 1_000,
}
_PUBLISHED = {"source": "cifar10", "lr": 1e-4, "anneal": False, "batch": 1, "updates": 100_000}
_DIFFERENCE = (
    "4,000 photographs instead of 40,000; 6,000 episodes in batches of four, with a larger and annealed learning rate, instead of "
    "up to 100,000 one by one; at notebook scale 8 x 8 patches of two photographs; at the scale of the paper, which was not run, "
    "all 50,000 training photographs and the official test photographs instead of 40,000 and the other 10,000"
)

EXPERIMENTS: dict[str, Experiment] = {
    f"images-{name}": Experiment(
        f"1,025 units, three photographs in grey, half of one erased: {about}",
        train_natural_images,
        score_natural_images,
        {"alpha": kind} | _CIFAR,
        **_SQUARED,
        keep=(0,),
        scales={"notebook": _PATCHES} | ({"paper": _PUBLISHED} if paper else {}),
        stored=("book", "notebook"),
        needs=_are_there,
        paper=paper,
        difference=(_DIFFERENCE if paper else "")
        + ("; the pictures shown are of other photographs" if kind == "full" else ""),
    )
    for (name, kind), about, paper in zip(
        KINDS.items(),
        (
            "a plasticity of its own for each connection",
            "one across the halves, one elsewhere",
            "one plasticity for all",
            "none",
        ),
        (("Figure 5", "Figure 4"), (), ("Figure 5",), ("Figure 5",)),
        strict=True,
    )
}
"""All experiments on pictures; that on smooth patterns is added here."""
EXPERIMENTS["smooth-patterns"] = Experiment(
    "65 units, three patterns of 8 x 8 from white noise to smooth, half erased in three ways, four kinds of alpha",
    train_smooth_patterns,
    score_smooth_patterns,
    {
        "lengths": (0, 0.5, 1, 1.5, 2, 3),
        "shape": (8, 8),
        "schedule": {
            "n_patterns": 3,
            "cycles": 1,
            "steps_on": 6,
            "steps_off": 2,
            "steps_test": 3,
            "graded": True,
        },
        "eta": 0.03,
        "lr": 3e-2,
        "batch": 32,
        "updates": 600,
        "test_episodes": 1_000,
    },
    "half.1.full",
    "mean squared error of an erased pixel",
    at_least=0.0,
    keep=(0, 1, 2, 3, 4),
    scales={"notebook": {"lengths": (0, 2), "updates": 150}},
)
