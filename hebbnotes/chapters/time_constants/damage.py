"""Damage: numbers of a trained network are changed at random, by a share of each.

And what theory says of it: how the time constants of a network's slow modes answer to such a
change, to first order. Shapes: S networks, n cells; ``w[pre, post]``.
"""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.time_constants.many import KEPT, Params, taus
from hebbnotes.networks.leaky import decay_factor, step_gain

__all__ = [
    "KINDS",
    "damaged",
    "eigenvalue_sd",
    "linearised",
    "slow_modes",
    "slowest",
    "wiring_damage",
    "working_point",
]

KINDS = ("recurrent", "weights", "time constants", "both")
"""What is damaged: weights among cells; all weights, read-out and biases included; each cell's time
constants; weights and time constants."""


def damaged(params: Params, kind: str, size: float, generator: torch.Generator) -> Params:
    """Return networks some of whose numbers are changed at random.

    A weight is multiplied by ``1 + size * xi``, a time constant by ``exp(size * xi)``, with an
    independent normal ``xi`` for each.

    Parameters
    ----------
    params : dict
        S networks.
    kind : {"recurrent", "weights", "time constants", "both"}
        See :data:`KINDS`; a time constant that cells shared is damaged in each.
    size : float
        Relative size, 0 or more.
    generator : torch.Generator
        Source of ``xi``.
    """
    _checks.choice("kind", kind, KINDS)
    _checks.number("size", size, 0)
    _checks.generator(generator)
    changed = dict(params)
    for name, value in params.items():
        if name in ("fixed", "shares", "adaptation"):
            continue
        xi = torch.randn(value.shape, generator=generator)
        if name in ("log_tau", *KEPT):
            if kind in ("time constants", "both"):
                changed[name] = (taus(params).log() if name == "log_tau" else value) + size * xi
        elif kind in ("weights", "both") or (kind, name) == ("recurrent", "w"):
            changed[name] = value * (1 + size * xi)
    if kind in ("time constants", "both") and "shares" in params:
        changed["shares"] = torch.zeros_like(params["shares"])
    return changed


def eigenvalue_sd(matrix: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return eigenvalues, and by how much each strays per relative size of damage to weights.

    To first order, for independent damage of relative size eps to each of ``weights``, which are
    what ``matrix`` consists of but for numbers that stay as they are: ``sd(d mu) = eps sqrt(sum
    over i and j of |l_i|**2 weights_ij**2 |r_j|**2) / |l r|``, with left and right eigenvectors l
    and r.

    Parameters
    ----------
    matrix, weights : Tensor
        Shape (..., n, n).

    Returns
    -------
    mu, sd : Tensor
        Complex eigenvalues and their standard deviations for eps = 1, (..., n), slowest first.

    Notes
    -----
    Source: eq-slow-eigenvalue; perturbation of simple eigenvalues.
    """
    mu, left, right = _modes(matrix)
    power = left.abs().square() @ weights.abs().square().to(left.abs()) @ right.abs().square()
    return mu, power.diagonal(dim1=-2, dim2=-1).sqrt()


def _modes(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return eigenvalues, slowest first, left eigenvectors in rows, right ones in columns, of which
    each pair has the product 1.
    """
    _checks.finite("matrix", _checks.floating("matrix", matrix))
    mu, right = torch.linalg.eig(matrix.double())
    order = mu.abs().argsort(-1, descending=True)
    mu = mu.gather(-1, order)
    right = right.gather(-1, order.unsqueeze(-2).expand_as(right))
    return mu, torch.linalg.inv(right), right


def working_point(params: Params, scaling: str, steps: int = 17) -> Tensor:
    """Return what leaky cells hold some steps after a single pulse, without noise, (S, n)."""
    w, u, b = (params[name] for name in ("w", "u", "b"))
    lam, gain = decay_factor(taus(params)), step_gain(taus(params), scaling)
    h = torch.zeros_like(b)
    for step in range(10 + steps + 1):
        pulse = u.sum(1) if step == 10 else 0.0
        h = lam * h + gain * torch.tanh(torch.einsum("si,sij->sj", h, w) + b + pulse)
    return h


def linearised(params: Params, h: Tensor, scaling: str) -> tuple[Tensor, Tensor]:
    """Return how a small change of what cells hold goes on, ``dh <- dh @ matrix``, and the part of
    that matrix which is made of weights.

    ``matrix = diag(lam) + w * gain * (1 - tanh(h w + b)**2)``, the last two by receiver.

    Parameters
    ----------
    params : dict
        S networks of leaky cells.
    h : Tensor
        What their cells hold, (S, n).
    scaling : str
        As for :func:`.step_gain`.

    Returns
    -------
    matrix, weights : Tensor
        Shape (S, n, n).
    """
    lam, gain = decay_factor(taus(params)), step_gain(taus(params), scaling)
    slope = 1 - torch.tanh(torch.einsum("si,sij->sj", h, params["w"]) + params["b"]).square()
    weights = params["w"] * (gain * slope).unsqueeze(1)
    return torch.diag_embed(lam) + weights, weights


def slow_modes(matrix: Tensor, weights: Tensor, several: int = 3) -> tuple[Tensor, Tensor]:
    """Return the time constants of the slowest modes, and by how much they stray.

    A mode of eigenvalue mu fades with ``tau_eff = -1 / ln |mu|`` steps, negative if it grows. To
    first order ``d ln tau_eff = tau_eff Re(d mu / mu)``, which is ``Re(d mu) / (1 - mu)`` near 1.

    Parameters
    ----------
    matrix, weights : Tensor
        See :func:`linearised`.
    several : int
        How many modes.

    Returns
    -------
    tau_eff, sd : Tensor
        Shape (S, several); ``sd`` is that of ``ln |tau_eff|`` for damage of relative size 1 to each
        of ``weights``.

    Notes
    -----
    Source: eq-slow-eigenvalue.
    """
    mu, left, right = _modes(matrix)
    mu, left, right = mu[..., :several], left[..., :several, :], right[..., :several]
    tau = -1 / mu.abs().log()
    by_pair = left.unsqueeze(-1) * right.transpose(-1, -2).unsqueeze(-2) / mu[..., None, None]
    moved = by_pair.real * weights.double().unsqueeze(-3)
    return tau, tau.abs() * moved.square().sum((-1, -2)).sqrt()


def slowest(
    params: Params, scaling: str, sizes: tuple[float, ...], *, draws: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Measure how damage to the weights among its cells lets each network's slowest mode stray, at
    the working point as it was before.

    Parameters
    ----------
    params : dict
        S networks of leaky cells.
    scaling : str
        As for :func:`.step_gain`.
    sizes : tuple of float
        Relative sizes of damage.
    draws, seed : int
        Draws of each, and of what seed.

    Returns
    -------
    tau, sd, measured : Tensor
        The slowest mode's time constant (S,) and what :func:`slow_modes` predicts for damage of
        size 1; root mean square of the change of ``ln tau_eff``, (S, sizes): of the mode whose
        eigenvalue is the nearest to what it was.
    """
    h = working_point(params, scaling)
    matrix, weights = linearised(params, h, scaling)
    tau, sd = slow_modes(matrix, weights, several=1)
    mu = _modes(matrix)[0][:, :1]
    strays = []
    for draw in range(draws):
        g = torch.Generator().manual_seed(100 * seed + draw)
        xi = torch.randn(weights.shape, generator=g)
        moved = torch.stack([(matrix + weights * size * xi).double() for size in sizes], 1)
        values = torch.linalg.eigvals(moved)
        nearest = (values - mu.unsqueeze(1)).abs().argmin(-1, keepdim=True)
        now = -1 / values.gather(-1, nearest).squeeze(-1).abs().log()
        strays.append((now / tau).abs().log().square())
    return tau[:, 0], sd[:, 0], torch.stack(strays).mean(0).sqrt()


def wiring_damage(tau: Tensor, size: float, *, n: int, low: float, high: float) -> Tensor:
    """Predict how far damage to the weights among cells of one time constant moves their answers.

    To tell a gap of T steps, some mode must fade with ``tau_eff = T``: an eigenvalue ``mu = lam +
    (1 - lam) w = exp(-1 / T)``. If its eigenvectors are spread over all cells, and the weights over
    all pairs, independent damage to each moves it by ``sd(d mu) = size (mu - lam) / sqrt(n)``, and
    so ``ln T``, which is the answer, by ``T (1 - lam exp(1 / T)) size / sqrt(n)``. Nothing is
    fitted.

    Parameters
    ----------
    tau : Tensor
        Time constants in steps, any shape; 0 for the plain network.
    size : float
        Relative size of the damage.
    n : int
        Number of cells.
    low, high : float
        Shortest and longest gap, in steps; any ratio is as likely as any other.

    Returns
    -------
    Tensor
        Mean squared change of an answer of variance 1, of the shape of ``tau``.

    Notes
    -----
    Source: eq-wiring-damage, this book: eq-fine-tuning in steps, with eq-slow-eigenvalue.
    """
    _checks.number("size", size, 0)
    _checks.integer("n", n)
    _checks.number("low", low, 1e-3)
    _checks.number("high", high, low)
    lam = decay_factor(_checks.floating("tau", tau).double()).unsqueeze(-1)
    gaps = low * (high / low) ** torch.linspace(0, 1, 1001, dtype=torch.float64)
    strays = gaps * (1 - lam * torch.exp(1 / gaps)) * size / n**0.5
    return strays.square().mean(-1) / gaps.log().var(correction=0)
