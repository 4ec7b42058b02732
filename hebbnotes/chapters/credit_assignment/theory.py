"""What can be proved of ways to assign credit, as functions that tests and readers can ask.

Row vectors throughout: ``w[pre, post]``, ``y = x @ w``, feedback ``back[above, here]``.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "account",
    "agreement",
    "learn_linear",
    "measured_price",
    "mirror_gap",
    "perturbations",
    "price",
    "prospective",
    "rest_energy",
    "settle_linear",
    "whitened_error",
]


def account(w_in: Tensor, w_out: Tensor, back: Tensor) -> Tensor:
    """Return each cell's account: how its outgoing weights agree with its feedback, less its size.

    ``Q[j] = sum_k back[k, j] * w_out[j, k] - sum_i w_in[i, j]**2 / 2``. Under feedback alignment
    from layer to layer, by plain steps of one rate and with rectified or linear cells, each step
    changes it by exactly ``- sum_i dw_in[i, j]**2 / 2``. So, up to that drift, ``back . w_out``
    gains what the half square of the incoming weights gains, whatever the start; weights that are
    small in the beginning guarantee that it cannot fall by more than their half square. If all
    weights lose a share ``decay``, a step takes ``eta * decay * (back . w_out - w_in . w_in)`` away
    besides.

    Parameters
    ----------
    w_in : Tensor
        Incoming weights, those of the bias among them, shape (..., n_pre, n).
    w_out : Tensor
        Outgoing weights, (..., n, n_above).
    back : Tensor
        Feedback weights, (..., n_above, n).

    Returns
    -------
    Tensor
        Shape (..., n).

    Notes
    -----
    Source: eq-feedback-account; of layers Robertson & Koyejo (2023).
    """
    sizes: dict[str, int] = {}
    _checks.floating("w_in", _checks.tensor("w_in", w_in, "... n_pre n", sizes))
    _checks.tensor("w_out", w_out, "... n n_above", sizes, like=w_in, reference="w_in")
    _checks.tensor("back", back, "... n_above n", sizes, like=w_in, reference="w_in")
    return (back.mT * w_out).sum(-1) - w_in.square().sum(-2) / 2


def perturbations(
    gradient: Tensor, several: int, generator: torch.Generator, draws: int = 1
) -> Tensor:
    """Return what perturbation makes of a gradient, to first order: ``(g . xi) xi``.

    The mean is the gradient, and the mean square of the cosine with it is 1 / N for one draw.

    Parameters
    ----------
    gradient : Tensor
        Shape (N,).
    several : int
        How many estimates.
    generator : torch.Generator
    draws : int
        Over how many draws of xi, standard normal, each is a mean.

    Returns
    -------
    Tensor
        Shape (several, N).

    Notes
    -----
    Source: eq-perturbation-cosine; Werfel, Xie & Seung (2005).
    """
    _checks.generator(generator)
    _checks.floating("gradient", _checks.tensor("gradient", gradient, "N", {}))
    shape = (_checks.integer("several", several), _checks.integer("draws", draws), len(gradient))
    xi = torch.randn(shape, generator=generator, dtype=gradient.dtype)
    return ((xi @ gradient).unsqueeze(-1) * xi).mean(1)


def price(gradient: Tensor, curvature: Tensor, draws: int = 1) -> float:
    """Return how many times less the best step along a perturbation gains than one along g.

    ``(K + 1 + tr H / lambda_g) / K`` for K draws, with ``lambda_g = g' H g / |g|**2``: what counts
    is the rank of the curvature as the gradient sees it, and not the number of cells. It holds of
    one step down a parabola, with draws that are independent and standard normal, of noise that is
    vanishingly small, and of one step length for all draws. H is that of the loss that is averaged:
    of many examples its rank may be many times that of one.

    Parameters
    ----------
    gradient : Tensor
        Shape (N,).
    curvature : Tensor
        H, symmetric and positive semidefinite, (N, N).
    draws : int
        K.

    Notes
    -----
    Source: eq-price; of linear networks Werfel, Xie & Seung (2005).
    """
    sizes: dict[str, int] = {}
    _checks.floating("gradient", _checks.tensor("gradient", gradient, "N", sizes))
    sizes["M"] = sizes["N"]
    _checks.tensor("curvature", curvature, "N M", sizes, like=gradient, reference="gradient")
    k = _checks.integer("draws", draws)
    along = gradient @ curvature @ gradient / gradient.square().sum()
    if not along > 0:
        raise ValueError("the curvature along the gradient must be above 0: no best step without")
    return float((k + 1 + curvature.trace() / along) / k)


def measured_price(along: Tensor, bent: Tensor, own: Tensor, own_bent: Tensor) -> float:
    """Return the price of updates f from what they have in common with the gradient g.

    The best step along f gains ``(E g.f)**2 / (2 E f'Hf)``, that along g the same with g for f.

    Parameters
    ----------
    along, bent : Tensor
        ``g . f`` and ``f' H f`` of each draw, of one shape.
    own, own_bent : Tensor
        ``|g|**2`` and ``g' H g``, of one shape.

    Returns
    -------
    float
        Infinite if the updates do not go with the gradient on average.
    """
    gain = along.mean().clamp(min=0).square() / bent.mean()
    best = own.mean().square() / own_bent.mean()
    return float(best / gain) if gain > 0 else math.inf


def mirror_gap(gap: Tensor, eta: float, decay: float, steps: int) -> Tensor:
    """Return how far outgoing weights are from feedback that learns as they do, some steps later.

    ``(1 - eta * decay)**steps`` times the gap ``w_out - back'`` there was, whatever was learned.

    Source: eq-kolen-pollack; Kolen & Pollack (1994).
    """
    _checks.floating("gap", gap)
    eta, decay = _checks.number("eta", eta, 0), _checks.number("decay", decay, 0)
    return gap * (1 - eta * decay) ** _checks.integer("steps", steps, 0)


def learn_linear(
    x: Tensor, target: Tensor, back: Tensor, eta: float, steps: int
) -> tuple[Tensor, Tensor]:
    """Train ``y = x @ a @ w`` from 0 by feedback alignment, and return both matrices.

    ``da = eta * x' e back`` and ``dw = eta * (x a)' e``, sums over examples, with ``e = target -
    y``.

    Parameters
    ----------
    x, target : Tensor
        Shapes (B, n_in) and (B, n_out).
    back : Tensor
        Feedback weights, (n_out, n).
    eta : float
        Small, so that steps follow the flow.
    steps : int

    Returns
    -------
    a, w : Tensor
        Shapes (n_in, n) and (n, n_out).

    Notes
    -----
    Source: eq-linear-theorem; Lillicrap and others (2016).
    """
    sizes: dict[str, int] = {}
    _checks.floating("x", _checks.tensor("x", x, "B n_in", sizes))
    _checks.tensor("target", target, "B n_out", sizes, like=x, reference="x")
    _checks.tensor("back", back, "n_out n", sizes, like=x, reference="x")
    eta = _checks.number("eta", eta, 0)
    a, w = x.new_zeros(sizes["n_in"], sizes["n"]), x.new_zeros(sizes["n"], sizes["n_out"])
    for _ in range(_checks.integer("steps", steps)):
        h = x @ a
        error = target - h @ w
        a, w = a + eta * x.T @ error @ back, w + eta * h.T @ error
    return a, w


def agreement(w: Tensor, back: Tensor) -> Tensor:
    """Return the least by which following feedback goes with the gradient, over all errors.

    The least eigenvalue of the symmetric part of ``back @ w``: ``e back w e'`` is at least that
    times ``|e|**2``. By the linear theorem, from 0 and with ``back @ back' = c I``, it is 0 or
    above for any data: ``e back w e' = |a back' e'|**2 / (2 c)``. The condition is on the *rows* of
    ``back``, the feedback of one output to all cells: of one length, at right angles, so that there
    must be at least as many cells as outputs. It holds of the flow, of finite steps to first order.

    Parameters
    ----------
    w : Tensor
        Outgoing weights, (n, n_out).
    back : Tensor
        Feedback weights, (n_out, n).

    Notes
    -----
    Source: eq-linear-theorem; Lillicrap and others (2016).
    """
    sizes: dict[str, int] = {}
    _checks.floating("w", _checks.tensor("w", w, "n n_out", sizes))
    _checks.tensor("back", back, "n_out n", sizes, like=w, reference="w")
    both = back @ w
    return torch.linalg.eigvalsh((both + both.T) / 2)[0]


def _downstream(weights: Sequence[Tensor]) -> list[Tensor]:
    """Return what each layer's activity does to the output, P_l, of the outputs the identity."""
    for k, w in enumerate(weights):
        _checks.floating(f"weights[{k}]", w)
    through = [torch.eye(weights[-1].shape[-1], dtype=weights[-1].dtype)]
    for w in reversed(weights[1:]):
        through.insert(0, w @ through[0])
    return through


def whitened_error(weights: Sequence[Tensor], error: Tensor) -> Tensor:
    """Return what predictive coding in a linear network makes of an error when it has settled.

    ``e S^-1`` with ``S = sum over l of P_l' P_l``, and P_l what layer l does to the output; it is
    the error that the outputs keep, and layer l keeps ``e S^-1 P_l'``: backpropagation of it.

    Parameters
    ----------
    weights : sequence of Tensor
        Matrices of the layers, the first from the input, (n_l, n_{l + 1}).
    error : Tensor
        Target minus output of a sweep, (..., n_out).

    Notes
    -----
    Source: eq-whitened-error; Innocenti and others (2024).
    """
    s = torch.stack([p.T @ p for p in _downstream(weights)]).sum(0)
    return torch.linalg.solve(s, error.unsqueeze(-1)).squeeze(-1)


def rest_energy(weights: Sequence[Tensor], error: Tensor) -> Tensor:
    """Return the energy at which predictive coding in a linear network rests, ``e S^-1 e' / 2``.

    Source: eq-whitened-error; Innocenti and others (2024).
    """
    return (whitened_error(weights, error) * error).sum(-1) / 2


def settle_linear(weights: Sequence[Tensor], x: Tensor, target: Tensor) -> list[Tensor]:
    """Return the activities above the input at which a linear network rests, outputs held.

    They are the least of ``F = sum over l of |h_l - h_{l-1} w_l|**2 / 2``, found as the solution
    of linear equations, whatever the theory says of it.

    Parameters
    ----------
    weights : sequence of Tensor, (n_l, n_{l + 1})
    x, target : Tensor, (n_0,) and (n_L,)
    """
    sizes = [w.shape[1] for w in weights[:-1]]
    total, rows, wanted = sum(sizes), [], []
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    for layer, w in enumerate(weights):
        n_out = w.shape[1]
        row, right = w.new_zeros(n_out, total), w.new_zeros(n_out)
        if layer < len(sizes):
            row[:, starts[layer] : starts[layer] + n_out] = torch.eye(n_out, dtype=w.dtype)
        else:
            right = right - target
        if layer:
            row[:, starts[layer - 1] : starts[layer - 1] + w.shape[0]] = -w.T
        else:
            right = right + x @ w
        rows.append(row)
        wanted.append(right)
    free = torch.linalg.lstsq(torch.cat(rows), torch.cat(wanted).unsqueeze(-1)).solution[:, 0]
    return [*(free[a : a + n] for a, n in zip(starts, sizes, strict=True)), target]


def prospective(weights: Sequence[Tensor], x: Tensor, target: Tensor) -> list[Tensor]:
    """Return the step of predictive coding at rest in a linear network, at a rate of 1.

    ``dw_l = h_{l-1}' (h_l - h_{l-1} w_l)``, with what :func:`settle_linear` finds.

    Source: eq-whitened-error; Song and others (2024).
    """
    h = [x, *settle_linear(weights, x, target)]
    return [torch.outer(h[layer], h[layer + 1] - h[layer] @ w) for layer, w in enumerate(weights)]
