"""Places and distances: what plain loops say, symmetric, and a metric."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.plasticity.places import distances, grid

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3)
seeds = st.integers(0, 10_000)
spacings = st.floats(0.1, 10)


def places(seed, n, d):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator, dtype=torch.float64)


@given(shapes, spacings)
def test_a_grid_counts_its_places_as_rows_are_read(shape, spacing):
    positions = grid(shape, spacing, dtype=torch.float64)
    assert positions.shape == (math.prod(shape), len(shape))
    for k, place in enumerate(positions):
        rest, wanted = k, []
        for side in reversed(shape):
            rest, along = divmod(rest, side)
            wanted.insert(0, along * spacing)
        torch.testing.assert_close(place, torch.tensor(wanted).double())


@given(seeds, st.integers(1, 6), st.integers(1, 3))
def test_distances_are_those_of_a_plain_loop(seed, n, d):
    positions = places(seed, n, d)
    found = distances(positions)
    for i in range(n):
        for j in range(n):
            assert found[i, j].item() == pytest.approx(math.dist(positions[i], positions[j]))


@given(seeds, st.integers(1, 6), st.lists(st.floats(0.5, 5), min_size=1, max_size=3))
def test_on_a_torus_each_is_as_far_as_the_nearest_copy_of_the_other(seed, n, period):
    positions = places(seed, n, len(period))
    found = distances(positions, period)
    near = range(-16, 17)
    for i in range(n):
        for j in range(n):
            along = [
                min(abs(float(a - b) + k * length) for k in near)
                for a, b, length in zip(positions[i], positions[j], period, strict=True)
            ]
            assert found[i, j].item() == pytest.approx(math.hypot(*along), abs=1e-12)


@given(shapes, st.booleans())
def test_distances_are_a_metric(shape, periodic):
    found = distances(grid(shape, dtype=torch.float64), shape if periodic else None)
    assert torch.equal(found, found.mT)
    assert not found.diagonal().any()
    assert bool((found[:, None, :] <= found[:, :, None] + found[None] + 1e-12).all())
    assert bool((found + torch.eye(len(found)) > 0).all())


@given(shapes)
def test_an_axis_of_infinite_length_does_not_close(shape):
    positions = grid(shape)
    assert torch.equal(distances(positions, math.inf), distances(positions))


@given(shapes)
def test_on_a_torus_all_cells_have_the_same_neighbourhood(shape):
    found = distances(grid(shape), shape).sort(1).values
    torch.testing.assert_close(found, found[:1].expand_as(found))


def test_what_is_no_grid_and_no_place_is_refused():
    for shape, message in [((), "one axis or more"), ((0, 3), "at least 1"), (3.0, "integers")]:
        with pytest.raises((ValueError, TypeError), match=message):
            grid(shape)
    with pytest.raises(ValueError, match="spacing must be"):
        grid((2, 2), 0.0)
    with pytest.raises(ValueError, match="smaller axis"):
        grid((10**5, 10**5))
    with pytest.raises(TypeError, match="floating-point numbers"):
        distances(torch.ones(3, 2).long())
    with pytest.raises(ValueError, match=r"shape \(n, d\)"):
        distances(torch.ones(3))
    with pytest.raises(ValueError, match="NaN or infinity"):
        distances(torch.full((3, 2), math.nan))
    with pytest.raises(ValueError, match="for each of 2 axes, got 3"):
        distances(torch.ones(3, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="period must be"):
        distances(torch.ones(3, 2), 0)
