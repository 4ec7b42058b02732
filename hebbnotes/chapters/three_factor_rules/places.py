"""A place field from one plateau: behavioural time-scale plasticity (BTSP) on a straight track.

Times are in seconds, places in metres, speeds in m/s.
"""

import math

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["btsp", "centre", "half_width", "place_field", "predicted_shift", "predicted_width"]


def btsp(times: Tensor, before: float = 1.3, after: float = 0.7) -> Tensor:
    """Return how much an input gains that is active at some time after the plateau, at most 1.

    ``exp(t / before)`` for ``t < 0``, ``exp(-t / after)`` otherwise: both orders strengthen.

    Parameters
    ----------
    times : Tensor
        Time of the input minus that of the plateau, in s, any shape.
    before, after : float
        Time constants of the two sides, in s.

    Notes
    -----
    Source: eq-btsp; after Bittner et al. (2017). The constants were chosen for this book.
    """
    _checks.finite("times", _checks.floating("times", times))
    before, after = _checks.number("before", before, 1e-9), _checks.number("after", after, 1e-9)
    return torch.exp(torch.where(times < 0, times / before, -times / after))


def place_field(
    speed: float,
    *,
    before: float = 1.3,
    after: float = 0.7,
    sigma: float = 0.05,
    length: float = 6.0,
    spacing: float = 0.01,
) -> tuple[Tensor, Tensor]:
    """Return what drives a cell at each place after one plateau in the middle of the track.

    Inputs with Gaussian fields, one at each place, are passed at a steady speed; each gains
    ``integral rate(t) k(t) dt`` with the kernel k of :func:`btsp`, and drives the cell by it.

    Parameters
    ----------
    speed : float
        In m/s.
    before, after : float
        See :func:`btsp`; 0.02 s on both sides is a spike-timing window.
    sigma : float
        Width of an input's field, a standard deviation, in m.
    length, spacing : float
        Of the track and from place to place, in m.

    Returns
    -------
    places, drive : Tensor
        Distance from the place of the plateau, in m, and drive there, shape (n,); its largest is 1.

    Notes
    -----
    Source: eq-btsp; the protocol of Bittner et al. (2017) on a line, without a change that depends
    on the weight.
    """
    speed = _checks.number("speed", speed, 1e-6)
    sigma = _checks.number("sigma", sigma, 1e-6)
    spacing = _checks.number("spacing", spacing, 1e-6)
    n = round(_checks.number("length", length, 4 * spacing) / spacing / 2)
    _checks.room(places=2 * n + 1, inputs=2 * n + 1)
    places = spacing * torch.arange(-n, n + 1, dtype=torch.float64)
    fields = torch.exp(-(places.unsqueeze(-1) - places).square() / (2 * sigma**2))
    # the kernel's own mean over each stretch of track: it may be narrower than a stretch
    gained = _mass(places, spacing, speed * before, speed * after) @ fields
    drive = gained @ fields
    return places, drive / drive.max()


def _mass(places: Tensor, spacing: float, before: float, after: float) -> Tensor:
    """Return the integral of the kernel in space over the stretch around each place."""

    def below(x: Tensor) -> Tensor:
        left = before * torch.exp(x.clamp(max=0) / before)
        return left + after * -torch.expm1(-x.clamp(min=0) / after)

    return below(places + spacing / 2) - below(places - spacing / 2)


def half_width(places: Tensor, field: Tensor) -> float:
    """Return how wide a field is at half its height, between crossings that are interpolated, in m.

    The field must have one peak, and reach half of it on both sides.
    """
    left, right = _crossings(places, field)
    return right - left


def centre(places: Tensor, field: Tensor) -> float:
    """Return the centre of mass of a field, in m."""
    _crossings(places, field)
    return float((places * field).sum() / field.sum())


def predicted_width(speed: float, before: float = 1.3, after: float = 0.7) -> float:
    """Return the width at half height for narrow inputs, ``speed * (before + after) * ln 2``, in m.

    Source: eq-btsp.
    """
    return speed * (before + after) * math.log(2)


def predicted_shift(speed: float, before: float = 1.3, after: float = 0.7) -> float:
    """Return where the centre of mass lies, ``-speed * (before - after)``, in m from the plateau.

    It holds for inputs of any width; the middle at half height is shifted by ``ln 2 / 2`` of it.
    Source: eq-btsp.
    """
    return -speed * (before - after)


def _crossings(places: Tensor, field: Tensor) -> tuple[float, float]:
    sizes: dict[str, int] = {}
    _checks.floating("field", _checks.tensor("field", field, "n", sizes))
    _checks.tensor("places", places, "n", sizes, like=field, reference="field")
    _checks.finite("field", field)
    half, peak = field.max() / 2, int(field.argmax())
    above = (field >= half).nonzero().flatten()
    first, last = int(above[0]), int(above[-1])
    if first == 0 or last == len(field) - 1 or not first <= peak <= last:
        raise ValueError("field must fall below half its height on both sides: use a longer track")

    def at(low: int, high: int) -> float:
        share = (half - field[low]) / (field[high] - field[low])
        return float(places[low] + share * (places[high] - places[low]))

    return at(first - 1, first), at(last + 1, last)
