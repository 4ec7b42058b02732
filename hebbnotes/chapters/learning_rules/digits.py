"""The digits that features are learned from, and the linear read-out that judges features."""

import warnings

import torch
from torch import Tensor

from hebbnotes import _checks, data

__all__ = ["prepared", "wrong"]


def prepared(split: str) -> tuple[Tensor, Tensor]:
    """Return the digits of MNIST as the features are given them, shape (M, 784), and their labels;
    nothing is downloaded.

    The mean training digit is subtracted, and each digit has length 1 then.
    """
    known, _ = data.mnist("train", download=False)
    pictures, labels = data.mnist(split, download=False)
    x = (pictures.flatten(1).float() - known.flatten(1).float().mean(0)) / 255
    return torch.nn.functional.normalize(x), labels


def wrong(known: tuple[Tensor, Tensor], new: tuple[Tensor, Tensor]) -> float:
    """Return the share of new inputs that a linear read-out (logistic regression of scikit-learn)
    names wrongly.

    Features are centred and scaled first, by their mean and their standard deviation among the
    known inputs. But for the number of iterations all settings are scikit-learn's; a fit that has
    not converged is an error.
    """
    with _checks.extra("chapters"):
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
    sizes: dict[str, int] = {}
    for name, pair in (("known", known), ("new", new)):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(
                f"{name} must be features and labels, got {_checks.got(pair)}: use (x, labels)"
            )
        its = f"{name}[0]"
        _checks.floating(its, _checks.tensor(its, pair[0], "M n_features", sizes))
        _checks.finite(its, _checks.held(its, pair[0]))
        _checks.actions(f"{name}[1]", pair[1], "M", {"M": sizes.pop("M")}, 10**6)
    (x, labels), (y, wanted) = known, new
    mean, spread = x.mean(0), x.std(0).clamp_min(1e-3 * x.std().clamp_min(1e-9))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        fit = LogisticRegression(max_iter=1_000).fit(((x - mean) / spread).numpy(), labels.numpy())
    return 1 - float(fit.score(((y - mean) / spread).numpy(), wanted.numpy()))
