"""What is counted on maps that grow, and what layouts cost that spare wire."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from hebbnotes.chapters.maps import kohonen, pinwheels, wire
from hebbnotes.experiments.experiment import Numbers, Weights, short
from hebbnotes.plasticity import places

__all__ = ["Density", "Economy", "Widths", "score_density", "score_economy", "score_widths"]


# Density through time


def _measured(z: Tensor, twins: int, generator: torch.Generator) -> Numbers:
    """Return what is counted on a map, and on its twins."""
    shuffled = torch.stack([pinwheels.phase_shuffled(z, generator) for _ in range(twins)])
    density = pinwheels.pinwheel_density(shuffled)
    return {
        "density": short(pinwheels.pinwheel_density(z)),
        "root": short(pinwheels.pinwheel_density(z, "root")),
        "peak": short(pinwheels.pinwheel_density(z, "peak")),
        "gaussian": short(pinwheels.gaussian_density(z)),
        "twins": short(density.mean()),
        "twins_sd": short(density.std()),
        "twins_least": short(density.min()),
        "twins_most": short(density.max()),
        "spacing": _known(pinwheels.pinwheel_spacing(z)),
        "twins_spacing": _known(
            torch.tensor([pinwheels.pinwheel_spacing(t) for t in shuffled]).nanmean().item()
        ),
        "wavelength": short(pinwheels.wavelength(z)),
        "pinwheels": int((pinwheels.winding(z) != 0).sum()),
        "selectivity": short(z.abs().mean()),
    }


def _known(value: float) -> float | None:
    """Return a number, or None in place of NaN, which is no JSON."""
    return None if math.isnan(value) else short(value)


def _columns(rows: list[Numbers]) -> Numbers:
    """Return a list for each name."""
    return {name: [row[name] for row in rows] for name in rows[0]}


@dataclass(frozen=True, kw_only=True)
class Density:
    """Configuration of :func:`score_density`: times are stimuli over ``batch``, or units of time.

    ``over`` is the radius of the orientations' ring in units of the threshold's.
    """

    side: int = 64
    sigma: float = 2.0
    over: float = 1.5
    eta: float = 0.04
    batch: int = 50
    steps: tuple[int, ...] = (25, 50, 100, 200, 400, 800, 1600, 3200)
    wavelength: float = 10.0
    reaches: tuple[float, ...] = (1.7, 0.5, 0.1)
    times: tuple[int, ...] = (100, 200, 400, 800, 1600)
    bandwidths: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.5)
    twins: int = 20


def _grown(chosen: Density, sigma: float, over: float, generator: torch.Generator) -> list[Tensor]:
    """Return the maps of a Kohonen sheet after each number of steps."""
    shape = (chosen.side, chosen.side)
    h = kohonen.neighbourhood(places.distances(places.grid(shape), chosen.side), sigma)
    w = kohonen.sheet(shape, generator)
    radius = over * kohonen.ring_threshold(sigma)
    found, done = [], 0
    for end in chosen.steps:
        while done < end:
            steps = min(100, end - done)
            x = kohonen.stimuli(steps, chosen.batch, shape, radius, generator)
            w = kohonen.learn_map(x, w, h, chosen.eta)
            done += steps
        found.append(pinwheels.orientation(w))
    return found


def score_density(weights: Weights, seed: int, chosen: Density) -> Numbers:
    """Count pinwheels of a Kohonen sheet, of long-range models and of fields without learning.

    ``kohonen`` and ``long_range``, by reach, hold a list over times for each thing that is
    measured; ``ring`` one over bandwidths.
    """
    g = torch.Generator().manual_seed(seed)
    found: Numbers = {
        "kohonen": _columns(
            [_measured(z, chosen.twins, g) for z in _grown(chosen, chosen.sigma, chosen.over, g)]
        )
    }
    for reach in chosen.reaches:
        model = pinwheels.LongRange(wavelength=chosen.wavelength, reach=reach)
        z, done, rows = (
            0.01 * pinwheels.ring_field(chosen.side, chosen.wavelength, 0.5, g)[0],
            0.0,
            [],
        )
        for time in chosen.times:
            z, done = model.run(z, round((time - done) / model.step)), time
            rows.append(_measured(z, chosen.twins, g))
        found.setdefault("long_range", {})[f"{reach:g}"] = _columns(rows)
    fields = [
        pinwheels.ring_field(chosen.side, chosen.wavelength, width, g)[0]
        for width in chosen.bandwidths
    ]
    found["ring"] = _columns([_measured(z, chosen.twins, g) for z in fields])
    cells = chosen.side**2
    found["cost"] = {  # there: who answers, and how far away; here: bytes and multiplications
        "answering": short(2 * math.pi * chosen.sigma**2),
        "answering_distance": short(chosen.sigma * math.sqrt(math.pi / 2)),
        "foreign_reads": 0,
        "bytes_of_weights": 4 * 6 * cells,
        "bytes_of_neighbourhood": 4 * cells**2,
        "multiplications_a_stimulus": 3 * 6 * cells,
    }
    return found | {"last": found["kohonen"]["density"][-1]}


@dataclass(frozen=True, kw_only=True)
class Widths(Density):
    """Configuration of :func:`score_widths`: widths of the neighbourhood, and radii of the ring in
    units of the threshold's.
    """

    steps: tuple[int, ...] = (200, 800, 3200)
    sigmas: tuple[float, ...] = (1.5, 3.0)
    overs: tuple[float, ...] = (0.8, 1.5)


def score_widths(weights: Weights, seed: int, chosen: Widths) -> Numbers:
    """Count pinwheels of Kohonen sheets of other widths, by width and by radius, over times."""
    found: Numbers = {"of": {}}
    for sigma in chosen.sigmas:
        for over in chosen.overs:
            g = torch.Generator().manual_seed(1_000 + seed)
            rows = [_measured(z, chosen.twins, g) for z in _grown(chosen, sigma, over, g)]
            found["of"].setdefault(f"{sigma:g}", {})[f"{over:g}"] = _columns(rows)
        found.setdefault("ripple", {})[f"{sigma:g}"] = short(kohonen.ripple(sigma))
    middle = found["of"][f"{chosen.sigmas[-1]:g}"][f"{chosen.overs[-1]:g}"]
    return found | {"last": middle["density"][-1]}


# The economy of wire


@dataclass(frozen=True, kw_only=True)
class Economy:
    """Configuration of :func:`score_economy`: which of its numbers is swept, and over what."""

    vary: str = "side"
    values: tuple[Any, ...] = (24,)
    side: int = 24
    bins: int = 8
    partners: int = 40
    form: str = "cosine"
    whole: bool = False
    sweeps: int = 400
    hot: float = 3.0
    cold: float = 0.1
    ratios: tuple[float, ...] = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 9.0)
    from_map: bool = False
    level: float = 0.3


def _laid_out(chosen: Economy, g: torch.Generator) -> Numbers:
    """Anneal layouts for each ratio, and return similarity and wire per cell."""
    n = chosen.side**2
    far = places.distances(places.grid((chosen.side,) * 2, dtype=torch.float64), chosen.side)
    rows = []
    for ratio in chosen.ratios:
        quota = wire.quotas(chosen.bins, chosen.partners, ratio, chosen.form, whole=chosen.whole)

        def told(layout: Tensor, quota: Tensor = quota) -> tuple[float, float]:
            alike = wire.similarity(layout, chosen.bins, far)
            return short(alike), short(wire.wire_length(layout, quota, far).mean())

        def cooled(layout: Tensor, quota: Tensor = quota) -> Tensor:
            return wire.anneal(
                layout, quota, far, g, sweeps=chosen.sweeps, hot=chosen.hot, cold=chosen.cold
            )

        start = wire.random_layout(n, chosen.bins, g)
        row: Numbers = {
            "needed": short(quota[0] / quota[chosen.bins // 2]),
            "bound": short(wire.wire_bound(quota.sum().item(), far).mean()),
        }
        row["random_alike"], row["random_wire"] = told(start)
        row["alike"], row["wire"] = told(cooled(start))
        if chosen.from_map:
            ring = pinwheels.ring_field(chosen.side, chosen.side / 3, 0.1, g)[0]
            layout = wire.map_layout(ring, chosen.bins)
            row["map_alike"], row["map_wire"] = told(layout)
            row["from_map_alike"], row["from_map_wire"] = told(cooled(layout))
        rows.append(row)
    found = _columns(rows)
    return found | {"onset": _known(wire.onset(found["needed"], found["alike"], chosen.level))}


def score_economy(weights: Weights, seed: int, chosen: Economy) -> Numbers:
    """Lay cells out at one ratio of needs after another, for each value of what is swept.

    ``of`` holds by value lists over ratios, and ``onset``, at which ratio the similarity of
    neighbours rises above ``level``. ``mouse`` is the similarity at the ratio two of the first
    value.
    """
    found: Numbers = {"of": {}}
    for value in chosen.values:
        g = torch.Generator().manual_seed(2_000 + seed)
        found["of"][f"{value}"] = _laid_out(replace(chosen, **{chosen.vary: value}), g)
    first = found["of"][f"{chosen.values[0]}"]
    return found | {"mouse": first["alike"][chosen.ratios.index(2.0)]}
