"""Experiments on features of digits: what rules learn without labels, and what it is worth to a
linear read-out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, data
from hebbnotes.chapters.learning_rules.digits import prepared, wrong
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, nothing, short
from hebbnotes.learning import training
from hebbnotes.neurons import rate
from hebbnotes.plasticity import rules

__all__ = ["EXPERIMENTS", "features", "learned"]


@dataclass(frozen=True, kw_only=True)
class Features:
    """Configuration of features that nobody tunes: their kind, their numbers, and what they say
    when they are driven.
    """

    kind: str
    responses: tuple[str, ...] = ("linear", "above the mean")
    sizes: tuple[int, ...] = (25, 100, 400)


@dataclass(frozen=True, kw_only=True)
class Learned(Features):
    """Configuration of features that a rule learns: steps of so many inputs each, at a rate that
    falls from eta to 0.
    """

    steps: int = 6_000
    batch: int = 100
    eta: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Soft(Learned):
    """Configuration of soft competition, which is the sharper the larger beta."""

    beta: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Backpropagated(Features):
    """Configuration of units that are trained with labels."""

    responses: tuple[str, ...] = ("rectified",)
    steps: int = 6_000
    batch: int = 100
    lr: float = 1e-2


def _directions(n: int, k: int, generator: torch.Generator) -> Tensor:
    return torch.nn.functional.normalize(torch.randn(n, k, generator=generator), dim=0)


def random(x: Tensor, k: int, chosen: Features, generator: torch.Generator) -> Tensor:
    """Return random directions."""
    return _directions(x.shape[1], k, generator)


def exemplars(x: Tensor, k: int, chosen: Features, generator: torch.Generator) -> Tensor:
    """Return inputs, drawn by chance, which is where competition begins: a unit that never wins
    never learns.
    """
    _directions(x.shape[1], k, generator)  # drawn before in all kinds, so that all begin alike
    return x[torch.randperm(len(x), generator=generator)[:k]].T.clone()


def pca(x: Tensor, k: int, chosen: Features, generator: torch.Generator) -> Tensor:
    """Return principal components, as scikit-learn computes them."""
    with _checks.extra("chapters"):
        from sklearn.decomposition import PCA
    found = PCA(k, svd_solver="covariance_eigh").fit(x.numpy())
    return torch.from_numpy(found.components_.T).to(x.dtype)


def pairs(x: Tensor, k: int, chosen: Features, generator: torch.Generator) -> Tensor:
    """Return principal components, each with both signs: where responses are rectified, neither
    half of a component's drive is lost.
    """
    main = pca(x, -(-k // 2), chosen, generator)
    return torch.stack([main, -main], -1).flatten(1)[:, :k].contiguous()


def whitened(x: Tensor, k: int, chosen: Features, generator: torch.Generator) -> Tensor:
    """Return principal components, scaled so that each drive has a spread of 1: none is louder."""
    main = pca(x, k, chosen, generator)
    return main / (x @ main).std(0)


def sanger(x: Tensor, k: int, chosen: Learned, generator: torch.Generator) -> Tensor:
    """Return what Sanger's rule learns from random directions."""
    return _learn(x, random(x, k, chosen, generator), chosen, generator, rules.sanger)


def competitive(x: Tensor, k: int, chosen: Learned, generator: torch.Generator) -> Tensor:
    """Return what competitive learning learns from inputs drawn by chance."""
    w = exemplars(x, k, chosen, generator)
    return _learn(x, w, chosen, generator, rules.competitive, respond=rate.winner)


def soft(x: Tensor, k: int, chosen: Soft, generator: torch.Generator) -> Tensor:
    """Return what soft competition learns from random directions."""
    w, respond = random(x, k, chosen, generator), partial(rate.soft_winners, beta=chosen.beta)
    return _learn(x, w, chosen, generator, rules.soft_hebb, respond=respond)


def _learn(
    x: Tensor,
    w: Tensor,
    chosen: Learned,
    generator: torch.Generator,
    rule: Callable[..., Tensor],
    **how: Any,
) -> Tensor:
    for part in (1 - torch.arange(chosen.steps) / chosen.steps).split(100):
        # by parts, so that the inputs of all steps are never copied at once
        drawn = torch.randint(len(x), (len(part), chosen.batch), generator=generator)
        w = rate.learn_units(x[drawn], w, rule, chosen.eta * part, **how)
    return w


KINDS: dict[str, Callable[[Tensor, int, Any, torch.Generator], Tensor]] = {
    "pca": pca,
    "pairs": pairs,
    "whitened": whitened,
    "random": random,
    "exemplars": exemplars,
    "sanger": sanger,
    "competitive": competitive,
    "soft": soft,
}
"""Features that are learned without labels, or not learned at all."""
RESPONSES = ("linear", "rectified", "above the mean")
"""What features say when they are driven."""


def learned(
    x: Tensor, k: int, chosen: Features, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the weights of k features, shape (n, k), and their biases (k,), learned from inputs
    without labels.

    Parameters
    ----------
    x : Tensor
        Inputs, shape (M, n).
    k : int
        How many features.
    chosen : Features
        Which kind, and how it learns.
    generator : torch.Generator
        Source of the initial weights and of the order.

    Raises
    ------
    ValueError
        If there is no such kind, or there are more features than inputs.
    """
    _checks.choice("kind", chosen.kind, tuple(KINDS))
    if k > len(x):
        raise ValueError(f"k must not be above the number of inputs, {len(x)}, got {k}")
    return KINDS[chosen.kind](x, k, chosen, generator), torch.zeros(k)


def trained(
    trial: Trial, x: Tensor, labels: Tensor, k: int, chosen: Backpropagated
) -> tuple[Tensor, Tensor]:
    """Return the weights and biases of k rectified units that were trained with labels, by
    backpropagation through a read-out.
    """
    g = trial.generator()
    hidden, readout = torch.nn.Linear(x.shape[1], k), torch.nn.Linear(k, 10)
    net = torch.nn.Sequential(hidden, torch.nn.ReLU(), readout)
    with torch.no_grad():
        for layer in (hidden, readout):
            spread = (2 / layer.in_features) ** 0.5
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=g) * spread)
            layer.bias.zero_()

    def loss(_: int) -> tuple[Tensor, dict[str, float]]:
        some = torch.randint(len(x), (chosen.batch,), generator=g)
        return torch.nn.functional.cross_entropy(net(x[some]), labels[some]), {}

    options: dict[str, Any] = {
        "lr": chosen.lr,
        "schedule": training.cosine,
        "part": f"{k} features",
    }
    trial.train(net.parameters(), loss, chosen.steps, g, **options)
    return hidden.weight.detach().T.contiguous(), hidden.bias.detach()


def features(x: Tensor, w: Tensor, bias: Tensor, respond: str) -> Tensor:
    """Return what the features say of inputs: shape (M, k).

    Parameters
    ----------
    x, w, bias : Tensor
        Inputs (M, n), weights (n, k) and biases (k,).
    respond : {"linear", "rectified", "above the mean"}
        The drive itself; what of it is above 0; or above the mean drive of all units, as if each
        inhibited all.
    """
    drive = x @ w + bias
    if _checks.choice("respond", respond, RESPONSES) == "linear":
        return drive
    return (drive - (drive.mean(1, keepdim=True) if respond == "above the mean" else 0)).relu()


def train(trial: Trial, chosen: Features) -> tuple[Numbers, Weights]:
    """Learn features of several numbers without labels."""
    x, _ = prepared("train")
    return {}, _named({k: learned(x, k, chosen, trial.generator()) for k in chosen.sizes})


def train_with_labels(trial: Trial, chosen: Backpropagated) -> tuple[Numbers, Weights]:
    """Train features of several numbers with labels."""
    x, labels = prepared("train")
    return {}, _named({k: trained(trial, x, labels, k, chosen) for k in chosen.sizes})


def _named(pairs: dict[int, tuple[Tensor, Tensor]]) -> Weights:
    return {
        f"{k}.{name}": tensor
        for k, pair in pairs.items()
        for name, tensor in zip(("w", "bias"), pair, strict=True)
    }


def score(weights: Weights, seed: int, chosen: Features) -> Numbers:
    """Fit a read-out to the features of the training digits, and test it on the others."""
    (x, labels), (y, wanted) = prepared("train"), prepared("test")
    found: Numbers = {}
    for respond in chosen.responses:
        for k in chosen.sizes:
            of = partial(features, w=weights[f"{k}.w"], bias=weights[f"{k}.bias"], respond=respond)
            found.setdefault(respond, {})[str(k)] = short(wrong((of(x), labels), (of(y), wanted)))
    return found


@dataclass(frozen=True)
class Pixels:
    """Configuration of a read-out of the pixels: there is nothing to choose."""


def score_pixels(weights: Weights, seed: int, chosen: Pixels) -> Numbers:
    """Fit a read-out to the pixels themselves."""
    return {"pixels": short(wrong(prepared("train"), prepared("test")))}


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Configuration of :func:`train_choices`: the settings that are tried, and how all of them
    learn.
    """

    k: int = 100
    betas: tuple[float, ...] = (10, 20, 30, 50, 100)
    lrs: tuple[float, ...] = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
    eta: float = 10.0
    steps: int = 6_000
    batch: int = 100


def train_choices(trial: Trial, chosen: Choices) -> tuple[Numbers, Weights]:
    """Try settings on 50,000 of the training digits, and test them on the other 10,000."""
    x, labels = prepared("train")
    order = torch.randperm(len(x), generator=trial.generator())
    known, held = order[:50_000], order[50_000:]
    how: dict[str, Any] = {"steps": chosen.steps, "batch": chosen.batch}

    def tried(pair: tuple[Tensor, Tensor], respond: str) -> float:
        of = partial(features, w=pair[0], bias=pair[1], respond=respond)
        return short(wrong((of(x[known]), labels[known]), (of(x[held]), labels[held])))

    by_beta, by_lr = {}, {}
    for beta in chosen.betas:
        soft_one = Soft(kind="soft", eta=chosen.eta, beta=beta, **how)
        pair = learned(x[known], chosen.k, soft_one, trial.generator())
        by_beta[f"{beta:g}"] = tried(pair, "above the mean")
    for lr in chosen.lrs:
        part = replace(trial, folder=trial.folder / f"{lr:g}")
        with_lr = Backpropagated(kind="backpropagation", lr=lr, **how)
        pair = trained(part, x[known], labels[known], chosen.k, with_lr)
        by_lr[f"{lr:g}"] = tried(pair, "rectified")
    return {"soft": by_beta, "backpropagation": by_lr}, {}


def score_choices(weights: Weights, seed: int, chosen: Choices) -> Numbers:
    """Nothing more: settings are tried while they are trained."""
    return {}


def _are_there(chosen: Any) -> None:
    data.require("mnist")


_WRONG: dict[str, Any] = {
    "unit": "share of test digits named wrongly",
    "at_least": 0.0,
    "needs": _are_there,
}


def _experiment(about: str, chosen: Features, **options: Any) -> Experiment[Any]:
    return Experiment(
        f"MNIST, a linear read-out of {about}",
        train_with_labels if isinstance(chosen, Backpropagated) else train,
        score,
        chosen,
        f"{chosen.responses[-1]}.{chosen.sizes[-1]}",
        **_WRONG | options,
    )


EXPERIMENTS: dict[str, Experiment[Any]] = {
    "features-pixels": Experiment(
        "MNIST, a linear read-out of the pixels",
        nothing,
        score_pixels,
        Pixels(),
        "pixels",
        seeds=(0, 1),
        **_WRONG,
    ),
    "features-random": _experiment("random directions", Features(kind="random")),
    "features-exemplars": _experiment(
        "training digits, drawn by chance, as they are", Features(kind="exemplars")
    ),
    "features-pca": _experiment(
        "principal components",
        Features(kind="pca"),
        seeds=(0, 1),  # nothing in it is random
    ),
    "features-pairs": _experiment(
        "principal components, each with both signs",
        Features(kind="pairs", responses=("rectified",)),
        seeds=(0, 1),
    ),
    "features-whitened": _experiment(
        "principal components, scaled to drives of one spread",
        Features(kind="whitened", responses=("rectified", "above the mean")),
        seeds=(0, 1),
    ),
    "features-sanger": _experiment(
        "what Sanger's rule learns",
        Learned(kind="sanger", responses=("linear",), sizes=(25, 100), batch=20, eta=3.0),
    ),
    "features-competitive": _experiment(
        "what competitive learning learns", Learned(kind="competitive"), keep=(0,)
    ),
    "features-soft": _experiment("what soft competition learns", Soft(kind="soft")),
    "features-backpropagation": _experiment(
        "units trained by backpropagation",
        Backpropagated(kind="backpropagation"),
        shares=lambda chosen: [replace(chosen, sizes=(k,)) for k in chosen.sizes],
    ),
    "features-choices": Experiment(
        "MNIST, settings of soft competition and of backpropagation, tried on training digits "
        "that were held out",
        train_choices,
        score_choices,
        Choices(),
        "soft.20",
        seeds=(100, 101),
        **_WRONG | {"unit": "share of held-out training digits named wrongly"},
    ),
}
"""All experiments on features."""
