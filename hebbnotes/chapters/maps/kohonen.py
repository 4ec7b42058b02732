"""Kohonen's map: competitive learning in which the winner's neighbours answer, too.

A stimulus has a place on the sheet and further features, such as an orientation; so have a cell's
weights, one column of ``w`` (d, n) for each of n cells. The rule is ``rules.competitive`` and reads
no place: only who answers depends on places, and that the network decides. A sheet that closes on
itself has its places on a circle for each axis (:func:`placed`), so that nothing need be wrapped.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import places, rules

__all__ = [
    "elastic_change",
    "elastic_energy",
    "growth_rate",
    "learn_map",
    "measured_growth",
    "nearest",
    "neighbourhood",
    "placed",
    "ring_threshold",
    "ripple",
    "sheet",
    "stimuli",
    "threshold",
]


def neighbourhood(distances: Tensor, sigma: float) -> Tensor:
    """Return how much each cell answers when another one wins, ``exp(-d**2 / (2 sigma**2))``.

    >>> neighbourhood(places.distances(places.grid((3,))), 0.0).tolist()  # the winner alone
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]

    Parameters
    ----------
    distances : Tensor
        Shape (n, n), a length, such as of :func:`.places.distances`.
    sigma : float
        Width, of the unit of ``distances``; at 0 only the winner answers.

    Returns
    -------
    Tensor
        Shape (n, n), values from 0 to 1; a row for each winner.

    Notes
    -----
    Source: Kohonen (1982), with the Gaussian of Ritter & Schulten (1988).
    """
    _checks.tensor("distances", _checks.floating("distances", distances), "n n", {})
    _checks.inside("distances", distances, 0, _checks.LARGEST, "use places.distances(...)")
    if _checks.number("sigma", sigma, 0) == 0:
        return (distances == 0).to(distances.dtype)
    return torch.exp(-0.5 * (distances / sigma).square())


def nearest(x: Tensor, w: Tensor) -> Tensor:
    """Return which cell's weights are nearest to each stimulus, (B,): it wins.

    Parameters
    ----------
    x, w : Tensor
        Stimuli (B, d), and the weights of n cells (d, n), of one unit.
    """
    sizes: dict[str, int] = {}
    _checks.tensor("x", _checks.floating("x", x), "B d", sizes)
    _checks.tensor("w", w, "d n", sizes, like=x, reference="x")
    return _nearest(x, w)


def _nearest(x: Tensor, w: Tensor) -> Tensor:
    # |x - w|**2 less |x|**2, halved: the nearest is the one that is driven most for its length
    return (x @ w - 0.5 * w.square().sum(0)).argmax(-1)


@_checks.in_full_precision
def learn_map(inputs: Tensor, w: Tensor, h: Tensor, eta: float) -> Tensor:
    """Let a sheet of cells learn from batches of stimuli by Kohonen's rule.

    For each stimulus x, ``w[:, j] += eta * h[s, j] * (x - w[:, j])``, where s is the nearest cell:
    ``rules.competitive`` with ``post = h[s]``. The B stimuli of a step add up.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, d): B stimuli in each of T steps.
    w : Tensor
        Initial weights, shape (d, n), a column for each cell.
    h : Tensor
        How much each cell answers when cell s wins, shape (n, n), row s: :func:`neighbourhood`.
    eta : float
        The share of its way that a winner moves for one stimulus.

    Returns
    -------
    Tensor
        The weights after the last step, shape (d, n).

    Notes
    -----
    Source: Kohonen (1982).
    """
    sizes: dict[str, int] = {}
    _checks.tensor("inputs", _checks.floating("inputs", inputs), "T B d", sizes)
    _checks.tensor("w", w, "d n", sizes, like=inputs)
    _checks.tensor("h", h, "n n", {"n": sizes["n"]}, like=inputs)
    for name, value in (("inputs", inputs), ("w", w), ("h", h)):
        _checks.finite(name, value)
    _checks.number("eta", eta, 0)
    for x in inputs:
        post = h[_nearest(x, w)]
        w = w + eta * len(x) * rules.average(rules.competitive, w, x, post)
    return _checks.finite("what w became", w, "use a smaller eta, or fewer stimuli a step")


# ------------------------------------------------------------------------------ sheets and stimuli


def placed(positions: Tensor, shape: Sequence[int]) -> Tensor:
    """Put places of a sheet that closes on itself on circles, one for each axis.

    Near by, distances are those of the sheet; so each axis takes two features in place of one.

    Parameters
    ----------
    positions : Tensor
        Shape (..., a), in cells.
    shape : sequence of int
        How many cells along each of the a axes.

    Returns
    -------
    Tensor
        Shape (..., 2 a): the first axis's cosine and sine, times its radius, and so on.
    """
    sides = _checks.integers("shape", shape)
    _checks.tensor(
        "positions", _checks.floating("positions", positions), "... a", {"a": len(sides)}
    )
    around = positions.new_tensor([_checks.integer("shape", side, 3) for side in sides])
    radius = around / (2 * math.pi)
    angle = positions / radius
    return (torch.stack([angle.cos(), angle.sin()], -1) * radius.unsqueeze(-1)).flatten(-2)


def sheet(
    shape: Sequence[int],
    generator: torch.Generator,
    *,
    features: int = 2,
    noise: float = 0.1,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Return the first weights of a sheet: each cell prefers its own place, and by chance a little
    of each further feature.

    Parameters
    ----------
    shape : sequence of int
        Cells along each axis, n in all; the sheet closes on itself.
    generator : torch.Generator
    features : int
        How many further features there are; two for an orientation.
    noise : float
        Spread of these, of the unit of places.
    dtype : torch.dtype, optional
        Of floating-point numbers, the default one if left out.

    Returns
    -------
    Tensor
        Shape (2 a + features, n) for a axes.
    """
    _checks.generator(generator, "cpu")
    _checks.integer("features", features)
    _checks.number("noise", noise, 0)
    dtype = _checks.floating_type("dtype", dtype)
    own = placed(places.grid(shape, dtype=dtype), shape)
    first = noise * torch.randn(features, len(own), generator=generator, dtype=dtype)
    return torch.cat([own.mT, first])


def stimuli(
    steps: int,
    batch: int,
    shape: Sequence[int],
    radius: float,
    generator: torch.Generator,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Draw stimuli, each with a place and an orientation of its own.

    Parameters
    ----------
    steps, batch : int
        T and B.
    shape : sequence of int
        Cells along each of a axes of the sheet.
    radius : float
        How far the orientations' ring lies from 0, in cells: how much an orientation weighs.
    generator : torch.Generator
    dtype : torch.dtype, optional
        Of floating-point numbers, the default one if left out.

    Returns
    -------
    Tensor
        Shape (T, B, 2 a + 2): its place, and ``radius`` times the cosine and sine of twice the
        orientation's angle.
    """
    _checks.generator(generator, "cpu")
    _checks.number("radius", radius, 0)
    dtype = _checks.floating_type("dtype", dtype)
    sides = [_checks.integer("shape", side, 3) for side in _checks.integers("shape", shape)]
    _checks.integer("steps", steps)
    _checks.integer("batch", batch)
    _checks.room(steps=steps, batch=batch, features=2 * len(sides) + 2)
    drawn = torch.rand(steps, batch, len(sides) + 1, generator=generator, dtype=dtype)
    where = placed(drawn[..., :-1] * drawn.new_tensor(sides), sides)
    doubled = 2 * math.pi * drawn[..., -1:]
    return torch.cat([where, radius * doubled.cos(), radius * doubled.sin()], -1)


# ------------------------------------------------------------------------------------- instability


def growth_rate(k: Tensor, sigma: float, power: float) -> Tensor:
    """Return how fast a ripple grows in a feature that the sheet does not map yet.

    ``power * k**2 * exp(-k**2 sigma**2 / 2) - 1``: the ripple shifts who wins by ``power * k**2``,
    the neighbourhood passes on what is smooth, and each cell forgets. Times ``eta`` and the mean
    share of stimuli that a cell answers to, it is the growth for one stimulus.

    Parameters
    ----------
    k : Tensor
        Wave numbers, in radians per cell, any shape.
    sigma : float
        Width of the neighbourhood, in cells.
    power : float
        Mean square of the feature among stimuli, in cells squared; its mean is 0.

    Notes
    -----
    Derived here, for waves that are long against the distance of cells; compare Ritter & Schulten
    (1988) and Obermayer, Blasdel & Schulten (1992).
    """
    _checks.finite("k", _checks.floating("k", k))
    _checks.number("sigma", sigma, 0)
    _checks.number("power", power, 0)
    return power * k.square() * torch.exp(-0.5 * (k * sigma).square()) - 1


def threshold(sigma: float) -> float:
    """Return the mean square of a feature above which the sheet begins to map it, ``e sigma**2 /
    2``, in cells squared.
    """
    return math.e * _checks.number("sigma", sigma, 0) ** 2 / 2


def ring_threshold(sigma: float) -> float:
    """Return the radius of the orientations' ring above which a map forms, ``sqrt(e) * sigma``.

    Each of its two features has a mean square of half the radius squared: see :func:`threshold`.
    """
    return math.sqrt(math.e) * _checks.number("sigma", sigma, 0)


def ripple(sigma: float) -> float:
    """Return the wavelength that grows fastest, ``sqrt(2) * pi * sigma``, in cells."""
    return math.sqrt(2) * math.pi * _checks.number("sigma", sigma, 0)


def measured_growth(
    n: int, waves: int, sigma: float, power: float, *, size: float = 0.1, fine: int = 200
) -> float:
    """Let a ring of cells with a ripple see every stimulus once, and measure how the ripple grows.

    The feature is the root of ``power`` or its negative; the result has the unit of
    :func:`growth_rate`.

    Parameters
    ----------
    n, waves : int
        Cells on the ring, and how many waves the ripple has on it: below ``n / 2``.
    sigma, power : float
        As for :func:`growth_rate`.
    size : float
        Height of the ripple, in cells; theory holds where it is small.
    fine : int
        Stimuli from one cell to the next; they should be closer than the ripple moves borders.
    """
    _checks.integer("n", n, 8, 2_000)
    _checks.integer("waves", waves, 1, (n - 1) // 2)
    _checks.integer("fine", fine, 2, 100_000)
    _checks.number("size", size, 1e-9)
    spread = math.sqrt(_checks.number("power", power, 0))
    at = places.grid((n,), dtype=torch.float64)
    wave = torch.cos(2 * math.pi * waves / n * at[:, 0])
    w = torch.cat([placed(at, (n,)).mT, size * wave.unsqueeze(0)])
    # shifted by an odd fraction, so that no stimulus lies on a border of two cells
    where = (torch.arange(n * fine, dtype=torch.float64) + 0.5 + 0.1 / math.pi) / fine
    where = placed(where.unsqueeze(-1), (n,))
    seen = [torch.cat([where, torch.full_like(where[:, :1], z)], 1) for z in (spread, -spread)]
    h = neighbourhood(places.distances(at, n), sigma)
    eta = 1e-3 / (fine * n)
    after = learn_map(torch.cat(seen).unsqueeze(0), w, h, eta)
    stimuli_seen = eta * 2 * n * fine * h.mean().item()
    return float((after[-1] - w[-1]) @ wave / (size * wave.square().sum()) / stimuli_seen)


# ------------------------------------------------------------------------------------- elastic net


def _squared(x: Tensor, w: Tensor) -> Tensor:
    return x.square().sum(-1, keepdim=True) - 2 * x @ w + w.square().sum(0)


def _elastic(
    x: Tensor, w: Tensor, springs: Tensor, kappa: float, beta: float
) -> tuple[float, float]:
    sizes: dict[str, int] = {}
    _checks.tensor("x", _checks.floating("x", x), "B d", sizes)
    _checks.tensor("w", w, "d n", sizes, like=x, reference="x")
    _checks.tensor("springs", springs, "n n", {"n": sizes["n"]}, like=x, reference="x")
    if _checks.known(springs) and not bool((springs == springs.mT).all()):
        raise ValueError("springs must be symmetric: a spring pulls both of its cells")
    return _checks.number("kappa", kappa, 1e-12), _checks.number("beta", beta, 0)


@_checks.in_full_precision
def elastic_energy(x: Tensor, w: Tensor, springs: Tensor, kappa: float, beta: float) -> Tensor:
    """Return the energy of an elastic net: stimuli far from all cells cost, and so do long springs.

    Parameters
    ----------
    x : Tensor
        Stimuli, shape (B, d).
    w : Tensor
        Weights of n cells, shape (d, n), of the unit of ``x``.
    springs : Tensor
        Shape (n, n), symmetric: 1 where two cells are neighbours, 0 elsewhere.
    kappa : float
        How far a stimulus reaches, of the unit of ``x``.
    beta : float
        Strength of the springs.

    Returns
    -------
    Tensor
        One number.

    Notes
    -----
    Source: the elastic net of Durbin & Willshaw (1987), as Durbin & Mitchison (1990) use it for
    maps.
    """
    kappa, beta = _elastic(x, w, springs, kappa, beta)
    near = torch.logsumexp(-_squared(x, w) / (2 * kappa**2), -1).sum()
    return -kappa * near + beta / 4 * (springs * _squared(w.mT, w)).sum()


@_checks.in_full_precision
def elastic_change(x: Tensor, w: Tensor, springs: Tensor, kappa: float, beta: float) -> Tensor:
    """Return how an elastic net moves, ``-kappa`` times the gradient of :func:`elastic_energy`.

    It is ``rules.competitive``, summed over stimuli, with each stimulus's softmax of nearness as
    ``post``, and the pull of springs beside it.

    Parameters
    ----------
    x, w, springs, kappa, beta
        As for :func:`elastic_energy`.

    Returns
    -------
    Tensor
        Shape (d, n).
    """
    kappa, beta = _elastic(x, w, springs, kappa, beta)
    post = (-_squared(x, w) / (2 * kappa**2)).softmax(-1)
    learned = len(x) * rules.average(rules.competitive, w, x, post)
    return learned + kappa * beta * (w @ springs - w * springs.sum(0))
