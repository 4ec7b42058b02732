"""Experiments on features of digits: what rules learn without labels, and what it is worth to a linear read-out."""

import warnings
from functools import partial
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, data
from hebbnotes.experiments.experiment import Experiment, Numbers, Trial, Weights, nothing, short
from hebbnotes.learning import training
from hebbnotes.neurons import rate
from hebbnotes.plasticity import rules

__all__ = ["EXPERIMENTS", "features", "learned"]


def prepared(split: str) -> tuple[Tensor, Tensor]:
    """Return the digits of MNIST as the features are given them, shape (M, 784), and their labels; nothing is downloaded.

    The mean training digit is subtracted, and each digit has length 1 then.
    """
    known, _ = data.mnist("train", download=False)
    pictures, labels = data.mnist(split, download=False)
    x = (pictures.flatten(1).float() - known.flatten(1).float().mean(0)) / 255
    return torch.nn.functional.normalize(x), labels


KINDS = ("pca", "random", "exemplars", "sanger", "competitive", "soft")
"""Features that are learned without labels, or not learned at all."""
RESPONSES = ("linear", "rectified", "above the mean")
"""What features say when they are driven."""


def learned(
    kind: str,
    x: Tensor,
    k: int,
    *,
    generator: torch.Generator,
    steps: int = 0,
    batch: int = 0,
    eta: float = 0.0,
    beta: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return the weights of k features, shape (n, k), and their biases (k,), learned from inputs without labels.

    Parameters
    ----------
    kind : {"pca", "random", "exemplars", "sanger", "competitive", "soft"}
        Principal components, as scikit-learn computes them; random directions; inputs, drawn by chance, which is where competition
        begins; or the rule.
    x : Tensor
        Inputs, shape (M, n).
    k : int
        How many features.
    generator : torch.Generator
        Source of the initial weights and of the order.
    steps, batch : int
        How many steps a rule learns for, and from how many inputs in each.
    eta : float
        Learning rate of the first step, from which it falls to 0.
    beta : float
        How sharply units of ``soft`` compete.

    Raises
    ------
    ValueError
        If there is no such kind, or there are more features than inputs.
    """
    _checks.choice("kind", kind, KINDS)
    if k > len(x):
        raise ValueError(f"k must not be above the number of inputs, {len(x)}, got {k}")
    n = x.shape[1]
    if kind == "pca":
        from sklearn.decomposition import PCA

        found = PCA(k, svd_solver="covariance_eigh").fit(x.numpy())
        return torch.from_numpy(found.components_.T).to(x.dtype), torch.zeros(k)
    w = torch.nn.functional.normalize(torch.randn(n, k, generator=generator), dim=0)
    if kind == "random":
        return w, torch.zeros(k)
    falling = 1 - torch.arange(steps) / steps
    ways: dict[str, tuple[Any, dict[str, Any]]] = {
        "sanger": (rules.sanger, {}),
        "competitive": (rules.competitive, {"respond": rate.winner}),
        "soft": (
            rules.soft_hebb,
            {"respond": partial(rate.soft_winners, beta=beta), "told_drive": True},
        ),
    }
    if kind in (
        "exemplars",
        "competitive",
    ):  # competition begins with inputs, since a unit that never wins never learns
        w = x[torch.randperm(len(x), generator=generator)[:k]].T.clone()
    if kind == "exemplars":
        return w, torch.zeros(k)
    rule, how = ways[kind]
    for part in falling.split(100):  # so that the inputs of all steps are never copied at once
        stream = x[torch.randint(len(x), (len(part), batch), generator=generator)]
        w = rate.learn_units(stream, w, rule, eta * part, **how)
    return w, torch.zeros(k)


def trained(
    trial: Trial, x: Tensor, labels: Tensor, k: int, *, steps: int, batch: int, lr: float
) -> tuple[Tensor, Tensor]:
    """Return the weights and biases of k rectified units that were trained with labels, by backpropagation through a read-out."""
    g = trial.generator()
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], k), torch.nn.ReLU(), torch.nn.Linear(k, 10)
    )
    with torch.no_grad():
        for layer in (net[0], net[2]):
            layer.weight.copy_(
                torch.randn(layer.weight.shape, generator=g) * (2 / layer.in_features) ** 0.5
            )
            layer.bias.zero_()

    def loss(_: int) -> tuple[Tensor, dict[str, float]]:
        some = torch.randint(len(x), (batch,), generator=g)
        return torch.nn.functional.cross_entropy(net(x[some]), labels[some]), {}

    trial.train(
        net.parameters(), loss, steps, g, lr=lr, schedule=training.cosine, part=f"{k} features"
    )
    return net[0].weight.detach().T.contiguous(), net[0].bias.detach()


def features(x: Tensor, w: Tensor, bias: Tensor, respond: str) -> Tensor:
    """Return what the features say of inputs: shape (M, k).

    Parameters
    ----------
    x, w, bias : Tensor
        Inputs (M, n), weights (n, k) and biases (k,).
    respond : {"linear", "rectified", "above the mean"}
        The drive itself; what of it is above 0; or above the mean drive of all units, as if each inhibited all.
    """
    drive = x @ w + bias
    if _checks.choice("respond", respond, RESPONSES) == "linear":
        return drive
    return (drive - (drive.mean(1, keepdim=True) if respond == "above the mean" else 0)).relu()


def wrong(known: tuple[Tensor, Tensor], new: tuple[Tensor, Tensor]) -> float:
    """Return the share of new inputs that a linear read-out (logistic regression of scikit-learn) names wrongly.

    Features are centred and scaled first, by their mean and their standard deviation among the known inputs. But for the number of
    iterations all settings are scikit-learn's; a fit that has not converged is an error.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    (x, labels), (y, wanted) = known, new
    mean, spread = x.mean(0), x.std(0).clamp_min(1e-3 * x.std().clamp_min(1e-9))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        fit = LogisticRegression(max_iter=1_000).fit(((x - mean) / spread).numpy(), labels.numpy())
    return 1 - float(fit.score(((y - mean) / spread).numpy(), wanted.numpy()))


def train(trial: Trial, *, kind: str, sizes: list[int], responses: list[str], **how: Any) -> Any:
    """Learn features of several numbers."""
    x, labels = prepared("train")
    found: Weights = {}
    for k in sizes:
        if kind == "backpropagation":
            pair = trained(trial, x, labels, k, **how)
        else:
            pair = learned(kind, x, k, generator=trial.generator(), **how)
        found |= {f"{k}.w": pair[0], f"{k}.bias": pair[1]}
    return {}, found


def score(
    weights: Weights, seed: int, *, sizes: list[int], responses: list[str], **_: Any
) -> Numbers:
    """Fit a read-out to the features of the training digits, and test it on the others."""
    (x, labels), (y, wanted) = prepared("train"), prepared("test")
    found: Numbers = {}
    for respond in responses:
        for k in sizes:
            of = partial(features, w=weights[f"{k}.w"], bias=weights[f"{k}.bias"], respond=respond)
            found.setdefault(respond, {})[str(k)] = short(wrong((of(x), labels), (of(y), wanted)))
    return found


def score_pixels(weights: Weights, seed: int, **_: Any) -> Numbers:
    """Fit a read-out to the pixels themselves."""
    return {"pixels": short(wrong(prepared("train"), prepared("test")))}


def train_choices(
    trial: Trial, *, k: int, betas: list[float], lrs: list[float], eta: float, **how: int
) -> Any:
    """Try settings on 50,000 of the training digits, and test them on the other 10,000."""
    x, labels = prepared("train")
    order = torch.randperm(len(x), generator=trial.generator())
    known, held = order[:50_000], order[50_000:]

    def tried(pair: tuple[Tensor, Tensor], respond: str) -> float:
        of = partial(features, w=pair[0], bias=pair[1], respond=respond)
        return short(wrong((of(x[known]), labels[known]), (of(x[held]), labels[held])))

    soft, backpropagation = {}, {}
    for beta in betas:
        pair = learned("soft", x[known], k, generator=trial.generator(), beta=beta, eta=eta, **how)
        soft[f"{beta:g}"] = tried(pair, "above the mean")
    for lr in lrs:
        part = Trial(trial.seed, trial.folder / f"{lr:g}", trial.device, trial.bar)
        backpropagation[f"{lr:g}"] = tried(
            trained(part, x[known], labels[known], k, lr=lr, **how), "rectified"
        )
    return {"soft": soft, "backpropagation": backpropagation}, {}


def score_choices(weights: Weights, seed: int, **_: Any) -> Numbers:
    """Nothing more: settings are tried while they are trained."""
    return {}


def _are_there(**_: Any) -> None:
    data.require("mnist")


_SIZES, _STEPS = {"sizes": [25, 100, 400]}, {"steps": 6_000, "batch": 100}
_WRONG = "share of test digits named wrongly"
_ABOVE = ["linear", "above the mean"]


def _experiment(kind: str, about: str, responses: list[str], **how: Any) -> Experiment:
    configuration = _SIZES | {"kind": kind, "responses": responses} | how
    return Experiment(
        f"MNIST, a linear read-out of {about}",
        train,
        score,
        configuration,
        f"{responses[-1]}.{configuration['sizes'][-1]}",
        _WRONG,
        needs=_are_there,
        at_least=0.0,
        seeds=(0, 1) if kind == "pca" else (0, 1, 2, 3, 4),  # nothing in it is random
        keep=(0,) if kind == "competitive" else (),
    )


EXPERIMENTS: dict[str, Experiment] = {
    "features-pixels": Experiment(
        "MNIST, a linear read-out of the pixels",
        nothing,
        score_pixels,
        {},
        "pixels",
        _WRONG,
        needs=_are_there,
        at_least=0.0,
        seeds=(0, 1),
    ),
    "features-random": _experiment("random", "random directions", _ABOVE),
    "features-exemplars": _experiment(
        "exemplars", "training digits, drawn by chance, as they are", _ABOVE
    ),
    "features-pca": _experiment("pca", "principal components", _ABOVE),
    "features-sanger": _experiment(
        "sanger",
        "what Sanger's rule learns",
        ["linear"],
        sizes=[25, 100],
        steps=6_000,
        batch=20,
        eta=3.0,
    ),
    "features-competitive": _experiment(
        "competitive", "what competitive learning learns", _ABOVE, **_STEPS, eta=10.0
    ),
    "features-soft": _experiment(
        "soft", "what soft competition learns", _ABOVE, **_STEPS, eta=10.0, beta=20.0
    ),
    "features-backpropagation": _experiment(
        "backpropagation", "units trained by backpropagation", ["rectified"], **_STEPS, lr=1e-2
    ),
    "features-choices": Experiment(
        "MNIST, settings of soft competition and of backpropagation, tried on training digits that were held out",
        train_choices,
        score_choices,
        {
            "k": 100,
            "betas": [10, 20, 30, 50, 100],
            "lrs": [1e-3, 3e-3, 1e-2, 3e-2, 1e-1],
            "eta": 10.0,
        }
        | _STEPS,
        "soft.20",
        "share of held-out training digits named wrongly",
        seeds=(100, 101),
        needs=_are_there,
        at_least=0.0,
    ),
}
"""All experiments on features."""
