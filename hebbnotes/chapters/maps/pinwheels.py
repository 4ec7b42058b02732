"""Fields of orientation: pinwheels, a map's wavelength and twins, and fields without learning.

A map is a complex field z, shape (..., rows, columns): its angle is twice the preferred
orientation, its size how selective a cell is. All sheets close on themselves.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import places

__all__ = [
    "LongRange",
    "gaussian_density",
    "orientation",
    "phase_shuffled",
    "pinwheel_density",
    "pinwheel_spacing",
    "ring_field",
    "spectrum",
    "wavelength",
    "winding",
]


def _field(z: Tensor) -> Tensor:
    _checks.tensor("z", z, "... rows columns", {})
    if not z.is_complex():
        raise TypeError(
            f"z must be complex, got {z.dtype}: use torch.complex(a, b), or orientation(w)"
        )
    if min(z.shape[-2:]) < 3:
        raise ValueError(f"z must have three rows and columns or more, got {tuple(z.shape)}")
    return z


def orientation(w: Tensor, shape: tuple[int, int] | None = None) -> Tensor:
    """Return the map of orientation of a sheet: its last two features as a complex field.

    Parameters
    ----------
    w : Tensor
        Weights, shape (d, n); the last two of d features are the cosine and sine of twice the
        angle.
    shape : tuple of int, optional
        Rows and columns, n in all; a square if left out.

    Returns
    -------
    Tensor
        Complex, shape (rows, columns).
    """
    sizes: dict[str, int] = {}
    _checks.tensor("w", _checks.floating("w", w), "d n", sizes)
    side = math.isqrt(sizes["n"])
    rows, columns = (side, side) if shape is None else _checks.sides("shape", shape)
    if rows * columns != sizes["n"] or sizes["d"] < 2:
        raise ValueError(
            f"w must have two features or more, and a column for each of {rows} x {columns} cells, "
            f"got shape {tuple(w.shape)}: pass shape=(rows, columns)"
        )
    return torch.complex(w[-2], w[-1]).reshape(rows, columns)


def winding(z: Tensor) -> Tensor:
    """Return how often the angle turns along the border of each square of four cells.

    Parameters
    ----------
    z : Tensor
        Complex, shape (..., rows, columns).

    Returns
    -------
    Tensor
        Integers of the shape of ``z``: 1 or -1 at a pinwheel, 0 elsewhere; they sum to 0. Entry
        (i, j) belongs to the square from cell (i, j) to cell (i + 1, j + 1), round which one walks
        along the row first: clockwise where rows are drawn downwards.
    """
    angle = _field(z).angle()

    def step(a: Tensor, axis: int) -> Tensor:
        d = a.roll(-1, axis) - a
        return d - 2 * math.pi * torch.round(d / (2 * math.pi))

    down, along = step(angle, -2), step(angle, -1)
    around = along + down.roll(-1, -1) - along.roll(-1, -2) - down
    return torch.round(around / (2 * math.pi)).long()


def spectrum(z: Tensor) -> tuple[Tensor, Tensor]:
    """Return wave numbers and the share of power at each, both of the shape (..., rows, columns).

    The mean of the field is left out.

    Returns
    -------
    k : Tensor
        In radians per cell, shape (rows, columns).
    power : Tensor
        Shares, shape (..., rows, columns), which sum to 1.
    """
    power = torch.fft.fft2(_field(z)).abs().square()
    power[..., 0, 0] = 0
    total = power.sum((-2, -1), keepdim=True)
    if _checks.known(total) and not bool((total > 0).all()):
        raise ValueError("z must vary from cell to cell: a field that is the same has no waves")
    return _waves(z), power / total


def _waves(z: Tensor) -> Tensor:
    """Return the wave number of each wave of a field, in radians per cell, (rows, columns)."""
    real = _field(z).abs().dtype
    rows, columns = (
        2 * math.pi * torch.fft.fftfreq(n, dtype=real, device=z.device) for n in z.shape[-2:]
    )
    return torch.hypot(rows[:, None], columns[None, :])


def wavelength(z: Tensor, how: str = "mean") -> Tensor:
    """Return the wavelength of a map, in cells, shape (...).

    Parameters
    ----------
    z : Tensor
        Complex, shape (..., rows, columns).
    how : {"mean", "root", "peak"}
        The wave number that it belongs to: the mean, the root of the mean square, each weighted
        with power, or the one with most power, which is far noisier.
    """
    k, power = spectrum(z)
    if _checks.choice("how", how, ("mean", "root", "peak")) == "mean":
        typical = (power * k).sum((-2, -1))
    elif how == "root":
        typical = (power * k.square()).sum((-2, -1)).sqrt()
    else:
        width = 2 * math.pi / max(z.shape[-2:])
        ring = torch.round(k / width).long()
        rings = power.new_zeros(*power.shape[:-2], int(ring.max()) + 1)
        rings.index_add_(-1, ring.flatten(), power.flatten(-2))
        typical = width * rings.argmax(-1)
    return 2 * math.pi / typical


def pinwheel_density(z: Tensor, how: str = "mean") -> Tensor:
    """Return how many pinwheels there are in a square whose side is the wavelength, shape (...).

    Parameters
    ----------
    z : Tensor
        Complex, shape (..., rows, columns).
    how : str
        As for :func:`wavelength`.
    """
    per_cell = (winding(z) != 0).double().mean((-2, -1))
    return per_cell * wavelength(z, how).double().square()


def pinwheel_spacing(z: Tensor, how: str = "mean") -> float:
    """Return the mean distance from a pinwheel to the nearest other one, in wavelengths.

    It tells apart maps of one density: pinwheels on a grid are farther apart than those by chance.

    Parameters
    ----------
    z : Tensor
        Complex, shape (rows, columns).
    how : str
        As for :func:`wavelength`.

    Returns
    -------
    float
        NaN where there are fewer than two.
    """
    _checks.tensor("z", z, "rows columns", {})
    at = winding(z).nonzero().double()
    if len(at) < 2:
        return math.nan
    apart = places.distances(at, [float(side) for side in z.shape]).fill_diagonal_(math.inf)
    return float(apart.min(1).values.mean() / wavelength(z, how).double())


def gaussian_density(z: Tensor) -> Tensor:
    """Return the density of pinwheels that noise with the map's spectrum would have, shape (...).

    ``pi <k**2> / <k>**2``, which is pi for waves of one length and more for any others: the mean
    of a circular complex Gaussian field whose spectrum is isotropic, in squares of the mean
    wavelength. Where waves prefer a direction, there are fewer.

    Notes
    -----
    Source: the density of zeros of such a field, ``<k**2> / (4 pi)``; Wolf & Geisel (1998).
    """
    k, power = spectrum(z)
    mean = (power * k).sum((-2, -1)).double()
    return math.pi * (power * k.square()).sum((-2, -1)).double() / mean.square()


def phase_shuffled(z: Tensor, generator: torch.Generator) -> Tensor:
    """Return a twin of a map: the same power of each wave, each with a phase by chance.

    Parameters
    ----------
    z : Tensor
        Complex, shape (..., rows, columns).
    generator : torch.Generator

    Returns
    -------
    Tensor
        Complex, of the shape of ``z``.
    """
    _checks.generator(generator, _field(z).device)
    phase = 2 * math.pi * torch.rand(z.shape, generator=generator, dtype=z.abs().dtype)
    return torch.fft.ifft2(torch.fft.fft2(z).abs() * torch.polar(torch.ones_like(phase), phase))


def _ring(n: int, length: float, bandwidth: float, dtype: torch.dtype) -> Tensor:
    """Return the power of each wave about a ring."""
    line = 2 * math.pi * torch.fft.fftfreq(n, dtype=dtype)
    at = 2 * math.pi / length
    width = max(bandwidth * at, math.pi / n)  # half of the distance of two waves that fit
    power = torch.exp(-0.5 * ((torch.hypot(line[:, None], line[None, :]) - at) / width).square())
    power[0, 0] = 0
    return power


def ring_field(
    n: int, wavelength: float, bandwidth: float, generator: torch.Generator, *, count: int = 1
) -> Tensor:
    """Return maps that nothing has learned: noise, of which a filter leaves waves of about one
    length.

    Parameters
    ----------
    n : int
        Rows and columns.
    wavelength : float
        Of the filter's middle, in cells, from 3 to n / 2.
    bandwidth : float
        Spread of wave numbers, as a share of the middle one; never less than half the distance of
        two waves that fit onto the sheet.
    generator : torch.Generator
    count : int
        How many fields.

    Returns
    -------
    Tensor
        Complex, of torch's default precision, shape (count, n, n), with mean square 1.
    """
    _checks.integer("n", n, 8)
    _checks.number("wavelength", wavelength, 3, n / 2)
    _checks.number("bandwidth", bandwidth, 0, 1)
    _checks.room(count=_checks.integer("count", count), rows=n, columns=n)
    _checks.generator(generator, "cpu")
    dtype = torch.get_default_dtype()
    noise = torch.complex(
        *(torch.randn(count, n, n, generator=generator, dtype=dtype) for _ in range(2))
    )
    z = torch.fft.ifft2(noise * _ring(n, wavelength, bandwidth, dtype).sqrt())
    return z / z.abs().square().mean((-2, -1), keepdim=True).sqrt()


@dataclass(frozen=True, kw_only=True)
class LongRange:
    """A sheet of orientation that grows by local rules and is held down from afar.

    ``dz/dt = (r - (1 + laplace / k**2)**2) z + (1 - g) |z|**2 z - (2 - g) sum over y of K(y - x)
    (z(x) |z(y)|**2 + conj(z(x)) z(y)**2 / 2)``, with a Gaussian K of width ``reach`` and sum 1.

    Attributes
    ----------
    wavelength : float
        Of the waves that grow fastest, in cells.
    reach : float
        Width of the long-range coupling, in wavelengths.
    r : float
        How fast these waves grow, per unit of time.
    g : float
        Which part of the brake comes from afar: below 1.
    step : float
        Length of a step in time.

    Notes
    -----
    A model of the kind of Wolf (2005) and Kaschube, Schnabel & Wolf (2008).
    """

    wavelength: float = 10.0
    reach: float = 1.7
    r: float = 0.1
    g: float = 0.98
    step: float = 0.5

    def __post_init__(self) -> None:
        for name, low, high in (
            ("wavelength", 3, 1e6),
            ("reach", 0, 1e6),
            ("r", 1e-6, 1),
            ("g", 0, 0.999),
            ("step", 1e-6, 1),
        ):
            _checks.number(name, getattr(self, name), low, high)

    def rate(self, z: Tensor) -> Tensor:
        """Return how fast each wave of a field of this size grows at first, (rows, columns)."""
        return self.r - (1 - (_waves(z) * self.wavelength / (2 * math.pi)).square()).square()

    def _coupling(self, z: Tensor) -> Tensor:
        return torch.exp(-0.5 * (_waves(z) * self.reach * self.wavelength).square())

    def _bent(self, z: Tensor, coupling: Tensor) -> Tensor:
        """Return the terms that are not linear."""
        size = z.abs().square()
        near = torch.fft.ifft2(torch.fft.fft2(torch.stack([size + 0j, z * z], -3)) * coupling)
        brake = z * near.select(-3, 0) + 0.5 * z.conj() * near.select(-3, 1)
        return (1 - self.g) * size * z - (2 - self.g) * brake

    def flow(self, z: Tensor) -> Tensor:
        """Return dz/dt, of the shape of ``z``, (..., rows, columns)."""
        return torch.fft.ifft2(torch.fft.fft2(z) * self.rate(z)) + self._bent(z, self._coupling(z))

    def run(self, z: Tensor, steps: int) -> Tensor:
        """Return the field after some steps, each exact in what is linear.

        Parameters
        ----------
        z : Tensor
            Complex, shape (..., rows, columns).
        steps : int
            Each of length ``step``.
        """
        rate, coupling = self.rate(z), self._coupling(z)
        decay = torch.exp(rate * self.step)
        weight = torch.where(rate.abs() < 1e-6, self.step, torch.expm1(rate * self.step) / rate)
        for _ in range(_checks.integer("steps", steps, 0)):
            z = torch.fft.ifft2(
                torch.fft.fft2(z) * decay + torch.fft.fft2(self._bent(z, coupling)) * weight
            )
        _checks.finite("what z became", torch.view_as_real(z), "use a shorter step")
        return z
