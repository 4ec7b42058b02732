"""Prices of wire and laws of distance: each is what its equation says, by plain loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.wiring import laws, prices
from hebbnotes.plasticity.places import distances, grid

DOUBLE = torch.float64
seeds, sizes = st.integers(0, 10_000), st.integers(1, 6)
levels = st.floats(0.01, 2)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


# --------------------------------------------------------------------------------------- prices


@given(seeds, sizes, st.booleans())
def test_communicability_is_the_sum_over_paths(seed, n, dead):
    w = normal(seed, n, n)
    if dead:
        w[0] = w[:, 0] = 0
    strength = (w.abs() + w.abs().mT) / 2
    normed = torch.zeros(n, n, dtype=DOUBLE)
    for i in range(n):
        for j in range(n):
            if strength[i, j]:
                normed[i, j] = strength[i, j] / math.sqrt(strength[i].sum() * strength[j].sum())
    paths, term = torch.eye(n, dtype=DOUBLE), torch.eye(n, dtype=DOUBLE)
    for k in range(1, 30):
        term = term @ normed / k
        paths += term
    torch.testing.assert_close(prices.communicability(w), paths)
    assert torch.linalg.eigvalsh(normed).abs().max() <= 1 + 1e-12
    both = torch.stack([w, 2 * w])
    torch.testing.assert_close(prices.communicability(both), torch.stack([paths, paths]))


@given(seeds, sizes)
def test_a_graph_with_links_has_a_largest_eigenvalue_of_1(seed, n):
    w = normal(seed, n + 1, n + 1)
    found = torch.linalg.eigvalsh(prices.communicability(w)).max()
    assert found.item() == pytest.approx(math.e)


@pytest.mark.witness("eq-wiring-loss", prices.wiring_loss)
@given(seeds, sizes, levels, st.booleans())
def test_what_a_network_pays_is_a_sum_over_its_connections(seed, n, price, paths):
    w, far = normal(seed, n, n), distances(normal(seed + 1, n, 2))
    c = prices.communicability(w) if paths else None
    paid = 0.7
    for i in range(n):
        for j in range(n):
            paid += price * abs(w[i, j]) * far[i, j] * (c[i, j] if paths else 1)
    found = prices.wiring_loss(torch.tensor(0.7, dtype=DOUBLE), w, far, price, c)
    assert found.item() == pytest.approx(float(paid))
    each = prices.wiring_cost(torch.stack([w, -2 * w]), far)
    torch.testing.assert_close(
        each, prices.wiring_cost(w, far) * torch.tensor([1.0, 2.0], dtype=DOUBLE)
    )


@given(seeds, levels)
def test_prox_is_the_least_of_distance_and_price(seed, price):
    w = 2 * normal(seed, 5)
    found = prices.prox(w, price)

    def paid(v):
        return (v - w).square() / 2 + price * v.abs()

    others = torch.linspace(-6, 6, 1201, dtype=DOUBLE).unsqueeze(1)
    assert bool((paid(found) <= paid(others) + 1e-12).all())
    each = prices.prox(w, torch.full_like(w, price))
    torch.testing.assert_close(each, found)
    assert bool((found.abs() <= w.abs()).all())


@pytest.mark.witness("eq-priced-rest", prices.unrest)
@settings(max_examples=10)
@given(seeds, levels)
def test_where_descent_on_least_squares_ends_priced_weights_are_at_rest(seed, price):
    x, y, far = normal(seed, 60, 6), normal(seed + 1, 60), normal(seed + 2, 6).abs()
    curvature = x.mT @ x / 60
    rate = 1 / torch.linalg.eigvalsh(curvature).max()
    w = torch.zeros(6, dtype=DOUBLE)

    def slope(w):
        return x.mT @ (x @ w - y) / 60

    for _ in range(500):
        w = prices.prox(w - rate * slope(w), rate * price * far)
    assert prices.unrest(slope(w), w, price * far).max() < 1e-6

    def paid(w):
        return (x @ w - y).square().mean() / 2 + price * (far * w.abs()).sum()

    # it suffices, for the loss is convex: no other place is better
    for k in range(20):
        assert paid(w) <= paid(w + 0.1 * normal(seed + k, 6)) + 1e-9
    # and is necessary: elsewhere a step downwards is left
    other = w + 0.1 * normal(seed, 6)
    if prices.unrest(slope(other), other, price * far).max() > 1e-3:
        step = prices.prox(other - rate * slope(other), rate * price * far)
        assert paid(step) < paid(other)


def test_a_price_is_steered_towards_its_budget_and_stays_there():
    price, total = torch.tensor([1.0, 1.0, 1.0]), torch.tensor([200.0, 100.0, 50.0])
    after = prices.steer(price, total, 100.0)
    assert after[0] > 1 and after[1] == 1 and after[2] < 1  # noqa: PT018
    far = prices.steer(price, 1e9 * total, 100.0, gain=0.5)
    torch.testing.assert_close(far, torch.full((3,), math.exp(0.5)))


def test_what_has_no_price_is_refused():
    square = torch.ones(2, 2)
    with pytest.raises(ValueError, match=r"w must have shape \(\.\.\., n, n\)"):
        prices.communicability(torch.ones(2, 3))
    with pytest.raises(TypeError, match="floating-point"):
        prices.wiring_cost(torch.ones(2, 2).long(), square)
    with pytest.raises(ValueError, match="broadcast to the shape of w"):
        prices.wiring_cost(square, torch.ones(3, 3))
    with pytest.raises(ValueError, match="price must be 0 or more"):
        prices.prox(square, -1.0)
    with pytest.raises(ValueError, match="budget must be"):
        prices.steer(square, square, 0.0)


# ----------------------------------------------------------------------------------------- laws


def values(kind, several, seed):
    g = generator(seed)
    chance = torch.rand(several, generator=g, dtype=DOUBLE)
    sign = torch.where(torch.rand(several, generator=g) < 0.5, -1.0, 1.0).double()
    size = {
        "laplace": -chance.clamp(min=1e-300).log(),
        "gaussian": torch.randn(several, generator=g, dtype=DOUBLE).abs(),
        "equal": torch.ones(several, dtype=DOUBLE),
        "uniform": chance,
    }[kind]
    return sign * size


@pytest.mark.witness("eq-distance-law", laws.law)
@pytest.mark.parametrize("kind", laws.KINDS)
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_law_is_that_of_values_that_are_brought_nearer_to_0(kind, scale):
    price = torch.arange(8, dtype=DOUBLE) / 4 + 0.01
    share, size = laws.law(kind, price, scale)
    drawn = scale * values(kind, 200_000, 0)
    for k, one in enumerate(price):
        left = prices.prox(drawn, float(one))
        assert (left != 0).double().mean().item() == pytest.approx(share[k].item(), abs=0.006)
        assert left.abs().mean().item() == pytest.approx(size[k].item(), abs=0.006 * scale)


@given(seeds, levels)
def test_a_connection_with_a_loss_of_its_own_rests_at_its_value_less_the_price(seed, price):
    value = 2 * normal(seed, 6)
    rest = prices.prox(value, price)
    assert prices.unrest(rest - value, rest, price).max() < 1e-12


@given(st.floats(0.1, 3), st.floats(0, 3), st.floats(0, 3))
def test_laplace_gives_an_exponential_and_equal_values_a_ramp(scale, one, other):
    share, size = laws.law("laplace", torch.tensor([one, other, one + other]).double(), scale)
    assert (share[0] * share[1]).item() == pytest.approx(share[2].item())
    torch.testing.assert_close(size, scale * share)
    at = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0, 2.0]).double() * scale
    ramp = laws.law("equal", at, scale)[1]
    torch.testing.assert_close(ramp / scale, torch.tensor([1, 0.75, 0.5, 0.25, 0, 0]).double())


def test_a_profile_counts_pairs_by_length():
    w, far = normal(0, 9, 9), distances(grid((3, 3), dtype=DOUBLE))
    edges = torch.tensor([0.5, 1.2, 2.0, 9.0]).double()
    profile = laws.distance_profile(w, far, edges, 0.5)
    for k in range(3):
        its = [
            (i, j)
            for i in range(9)
            for j in range(9)
            if i != j and edges[k] <= far[i, j] < edges[k + 1]
        ]
        size = torch.tensor([abs(w[i, j]) for i, j in its])
        assert profile.pairs[k] == len(its)
        assert profile.share[k].item() == pytest.approx((size > 0.5).double().mean().item())
        assert profile.size[k].item() == pytest.approx(size.double().mean().item())
        lengths = torch.tensor([float(far[i, j]) for i, j in its], dtype=DOUBLE)
        assert profile.distance[k].item() == pytest.approx(lengths.mean().item())
    assert profile.pairs.sum() == 72


DISTANCE = torch.arange(1, 9, dtype=DOUBLE)
MADE = {
    "exponential": 0.8 * (-DISTANCE / 2.5).exp(),
    "power": 0.7 * DISTANCE**-1.3,
    "gaussian": 0.6 * (-DISTANCE.square() / 18).exp(),
    "fermi": 1 / (1 + (DISTANCE - 3).exp()),
}


@pytest.mark.parametrize("shape", laws.SHAPES)
def test_a_shape_is_found_again_and_fits_best(shape):
    pairs = torch.full((8,), 500, dtype=DOUBLE)
    profile = laws.Profile(DISTANCE, pairs, MADE[shape], MADE[shape])
    fits = {other: laws.fit_links(profile, other) for other in laws.SHAPES}
    assert max(fits, key=lambda other: fits[other].score) == shape
    assert fits[shape].r2 == pytest.approx(1)
    assert fits[shape].near == pytest.approx(MADE[shape][0].item(), rel=1e-4)
    assert fits[shape].far == pytest.approx(MADE[shape][-1].item(), rel=1e-2, abs=1e-6)
    if shape == "exponential":
        assert fits[shape].length == pytest.approx(2.5, rel=1e-4)
    else:
        assert math.isnan(fits["fermi"].length)


def test_a_ramp_and_an_exponential_of_sizes_are_told_apart():
    pairs = torch.full((8,), 500, dtype=DOUBLE)
    for shape, made in (("ramp", (1 - DISTANCE / 5).clamp(min=0)), ("exponential", MADE["power"])):
        profile = laws.Profile(DISTANCE, pairs, made, made)
        r2 = {one: laws.fit_sizes(profile, one).r2 for one in ("ramp", "exponential")}
        assert max(r2, key=r2.get) == shape
    flat = laws.Profile(DISTANCE, pairs, MADE["power"] * 0 + 0.3, MADE["power"])
    assert laws.fit_links(flat, "exponential").length > 1e3


def test_what_cannot_be_fitted_is_refused():
    one = torch.ones(1, dtype=DOUBLE)
    with pytest.raises(ValueError, match="two bins or more"):
        laws.fit_links(laws.Profile(one, one, one, one), "exponential")
    with pytest.raises(ValueError, match="shape must be one of"):
        laws.fit_links(laws.Profile(one, one, one, one), "cubic")
    with pytest.raises(ValueError, match="kind must be one of"):
        laws.law("cauchy", one)
    with pytest.raises(ValueError, match="price must lie in"):
        laws.law("laplace", -one)


# ------------------------------------------------------------------------------ maximum entropy

LENGTHS = distances(grid((4, 4), dtype=DOUBLE))[
    torch.triu_indices(16, 16, 1)[0], torch.triu_indices(16, 16, 1)[1]
]


def within(lengths, links, share):
    """Return an amount of wire that graphs of so many links can have."""
    near = lengths.sort().values[: math.ceil(links)].sum()
    far = lengths.sort(descending=True).values[: math.floor(links)].sum()
    return float(near + share * (far - near))


@pytest.mark.witness("eq-max-entropy", laws.most_random_links)
@settings(max_examples=40)
@given(st.floats(5, 110), st.floats(0.15, 0.85), seeds)
def test_no_other_graph_of_as_many_links_and_as_much_wire_is_more_random(links, share, seed):
    wire = within(LENGTHS, links, share)
    p = laws.most_random_links(LENGTHS, links, wire)
    assert p.sum().item() == pytest.approx(links)
    assert (p @ LENGTHS).item() == pytest.approx(wire)
    # whatever changes neither sum lowers the entropy
    change = normal(seed, len(p))
    held = torch.linalg.qr(torch.stack([torch.ones_like(p), LENGTHS], 1)).Q
    change = change - held @ (held.mT @ change)
    change = change * 0.5 * torch.minimum(p, 1 - p).min() / change.abs().max()
    for sign in (-1, 1):
        assert laws.entropy(p + sign * change) < laws.entropy(p)
    # and it is Fermi's: the logarithm of the odds is a straight line
    odds = (p / (1 - p)).log()
    line = torch.stack([torch.ones_like(p), LENGTHS], 1)
    fitted = line @ torch.linalg.lstsq(line, odds.unsqueeze(1)).solution
    torch.testing.assert_close(fitted.flatten(), odds, atol=1e-6, rtol=1e-6)


@pytest.mark.witness("eq-max-entropy", laws.most_random_axons)
@settings(max_examples=40)
@given(st.floats(1, 1000), st.floats(0.05, 0.95), seeds)
def test_axons_that_may_share_a_pair_are_exponential_relative_to_the_pairs(axons, share, seed):
    low, high = LENGTHS.min(), LENGTHS.max()
    wire = axons * float(low + share * (high - low))
    count = laws.most_random_axons(LENGTHS, axons, wire)
    assert count.sum().item() == pytest.approx(axons)
    assert (count @ LENGTHS).item() == pytest.approx(wire)
    line = torch.stack([torch.ones_like(count), LENGTHS], 1)
    fitted = line @ torch.linalg.lstsq(line, count.log().unsqueeze(1)).solution
    torch.testing.assert_close(fitted.flatten(), count.log(), atol=1e-6, rtol=1e-6)
    p = count / axons
    change = normal(seed, len(p))
    held = torch.linalg.qr(line).Q
    change = change - held @ (held.mT @ change)
    change = change * 0.5 * p.min() / change.abs().max()
    for sign in (-1, 1):
        other = p + sign * change
        assert -torch.xlogy(other, other).sum() < -torch.xlogy(p, p).sum()


def test_rare_links_are_nearly_exponential_and_crowded_ones_are_not():
    def bend(links):
        p = laws.most_random_links(LENGTHS, links, within(LENGTHS, links, 0.35))
        line = torch.stack([torch.ones_like(p), LENGTHS], 1)
        fitted = line @ torch.linalg.lstsq(line, p.log().unsqueeze(1)).solution
        return (fitted.flatten() - p.log()).abs().max().item()

    assert bend(2) < 0.1 * bend(60)


def test_fermis_graph_is_that_of_the_likeliest_fit():
    w = torch.where(normal(3, 16, 16) > 0.4, 1.0, 0.0).double()
    far = distances(grid((4, 4), dtype=DOUBLE))
    off = ~torch.eye(16, dtype=torch.bool)
    edges = torch.cat([far[off].unique() - 1e-6, torch.tensor([9.0]).double()])
    fit = laws.fit_links(laws.distance_profile(w, far, edges), "fermi")
    here = w[off]
    p = laws.most_random_links(far[off], float(here.sum()), float(here @ far[off]))
    assert fit.near == pytest.approx(p[far[off].argmin()].item(), abs=1e-4)
    assert fit.far == pytest.approx(p[far[off].argmax()].item(), abs=1e-4)


def test_entropy_is_largest_for_a_half_and_0_for_what_is_certain():
    assert laws.entropy(torch.tensor([0.0, 1.0])).item() == 0
    assert laws.entropy(torch.full((3,), 0.5)).item() == pytest.approx(3 * math.log(2))


def test_what_no_graph_has_is_refused():
    d = torch.tensor([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="wire must lie between 3 and 5"):
        laws.most_random_links(d, 2, 6.0)
    with pytest.raises(ValueError, match="wire must lie between 2 and 6"):
        laws.most_random_axons(d, 2, 7.0)
    with pytest.raises(ValueError, match="links must be"):
        laws.most_random_links(d, 3, 6.0)
    with pytest.raises(ValueError, match="lengths must differ"):
        laws.most_random_axons(torch.ones(3), 1, 1.0)
