"""Maps that grow: Kohonen's sheet, its instability, the elastic net, pinwheels and fields."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.chapters.maps import kohonen, pinwheels
from hebbnotes.neurons import rate
from hebbnotes.plasticity import places

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
sides = st.tuples(st.integers(3, 9), st.integers(3, 9))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


def field(seed, *shape):
    return torch.complex(normal(seed, *shape), normal(seed + 1, *shape))


def neighbours(n, sigma, period=None):
    return kohonen.neighbourhood(places.distances(places.grid((n,), dtype=DOUBLE), period), sigma)


# ---------------------------------------------------------------------------------- Kohonen's map


@pytest.mark.witness("eq-kohonen", kohonen.learn_map)
@given(seeds, st.integers(1, 4), st.integers(1, 6), st.integers(3, 9), st.floats(0, 3))
def test_a_map_learns_as_the_plain_loop_says(seed, steps, batch, n, sigma):
    x, w, h = normal(seed, steps, batch, 3), normal(seed + 1, 3, n), neighbours(n, sigma)
    eta = 0.02
    wanted = w.clone()
    for seen in x:
        moved = torch.zeros_like(w)
        for one in seen:
            far = [(one - wanted[:, j]).square().sum().item() for j in range(n)]
            s = far.index(min(far))
            for j in range(n):
                for i in range(3):
                    moved[i, j] += eta * h[s, j] * (one[i] - wanted[i, j])
        wanted = wanted + moved
    torch.testing.assert_close(kohonen.learn_map(x, w, h, eta), wanted, atol=1e-12, rtol=0)


@given(seeds, st.integers(2, 8), st.integers(1, 20))
def test_where_only_the_winner_answers_it_is_competitive_learning(seed, n, steps):
    x, w = normal(seed, steps, 1, 4), normal(seed + 1, 4, n)
    w = w / w.norm(dim=0)  # of one length, so that the nearest is the one that is driven most
    apart = kohonen.neighbourhood(places.distances(places.grid((n,), dtype=DOUBLE)), 0.0)
    assert torch.equal(apart, torch.eye(n, dtype=DOUBLE))
    told = rate.learn_units(x[:1], w, rules.competitive, 0.1, rate.winner)
    torch.testing.assert_close(kohonen.learn_map(x[:1], w, apart, 0.1), told, atol=1e-12, rtol=0)
    drive = x[:, 0] @ w
    assert torch.equal(kohonen.nearest(x[:, 0], w), rate.winner(drive).argmax(-1))


def test_the_rule_reads_no_place_and_nothing_foreign():
    check.local(rules.competitive)
    seen = check.reads(rules.competitive, 0, 1)
    assert not seen.further, "no place is declared"
    assert int(seen.w.sum()) == int(seen.pre.sum()) == int(seen.post.sum()) == 1


@given(st.integers(3, 12), st.floats(0.1, 5))
def test_neighbours_answer_less_the_farther_they_are(n, sigma):
    h = neighbours(n, sigma, n)
    assert torch.equal(h, h.mT)
    assert torch.equal(h.diagonal(), torch.ones(n, dtype=DOUBLE))
    torch.testing.assert_close(h.roll(1, 0).roll(1, 1), h)  # the same wherever the winner is
    half = h[0, : n // 2 + 1]
    assert (half.diff() <= 0).all()
    for d, answer in enumerate(half.tolist()):
        assert answer == pytest.approx(math.exp(-(d**2) / (2 * sigma**2)), abs=1e-12)


@given(st.integers(8, 60), seeds)
def test_places_on_a_circle_are_as_far_apart_as_on_the_sheet(n, seed):
    at = n * torch.rand(5, 2, generator=generator(seed), dtype=DOUBLE)
    circles = kohonen.placed(at, (n, n + 3))
    assert circles.shape == (5, 4)
    apart = places.distances(at, [n, n + 3])
    chord = torch.cdist(circles, circles)
    assert (chord <= apart + 1e-5).all()
    near = at[:1] + torch.tensor([[0.0, 0.0], [0.3, 0.4]], dtype=DOUBLE)
    step = torch.cdist(*kohonen.placed(near, (n, n + 3)).unsqueeze(1)).item()
    assert abs(step - 0.5) < 0.5 / n**2 * 5


# ------------------------------------------------------------------------------------ instability


@pytest.mark.witness("eq-ripple", kohonen.growth_rate)
@settings(max_examples=12)
@given(st.integers(2, 9), st.floats(3, 5), st.floats(0.3, 2))
def test_a_ripple_grows_as_theory_says(waves, sigma, over):
    n = 96
    power = over * kohonen.threshold(sigma)
    k = torch.tensor(2 * math.pi * waves / n, dtype=DOUBLE)
    measured = kohonen.measured_growth(n, waves, sigma, power)
    theory = kohonen.growth_rate(k, sigma, power).item()
    # on a lattice, k**2 is 2 - 2 cos k
    on_lattice = (theory + 1) * float((2 - 2 * k.cos()) / k**2) - 1
    assert abs(measured - on_lattice) < 0.01 * (theory + 1) + 0.002
    assert abs(theory - on_lattice) <= (theory + 1) * float(k) ** 2 / 12


@given(st.floats(0.5, 8))
def test_the_flat_map_loses_its_hold_at_the_threshold_and_first_at_one_wavelength(sigma):
    k = torch.linspace(0.01, 4, 4_000, dtype=DOUBLE) / sigma
    rates = kohonen.growth_rate(k, sigma, kohonen.threshold(sigma))
    assert abs(rates.max().item()) < 1e-5
    fastest = 2 * math.pi / k[rates.argmax()].item()
    assert fastest == pytest.approx(kohonen.ripple(sigma), rel=1e-3)
    assert kohonen.growth_rate(k, sigma, 0.9 * kohonen.threshold(sigma)).max() < -0.09
    ring = kohonen.ring_threshold(sigma)
    assert ring**2 / 2 == pytest.approx(kohonen.threshold(sigma))  # of each of two features


@pytest.mark.parametrize(("over", "grows"), [(0.7, False), (1.5, True)])
def test_a_map_forms_above_the_threshold_only(over, grows):
    shape, sigma, g = (24, 24), 2.0, generator(1)
    h = kohonen.neighbourhood(places.distances(places.grid(shape), 24), sigma)
    w = kohonen.sheet(shape, g)
    before = pinwheels.orientation(w).abs().mean()
    x = kohonen.stimuli(150, 20, shape, over * kohonen.ring_threshold(sigma), g)
    after = pinwheels.orientation(kohonen.learn_map(x, w, h, 0.04)).abs().mean()
    assert (after > 5 * before) == grows


# ------------------------------------------------------------------------------------ elastic net


@pytest.mark.witness("eq-elastic-net", kohonen.elastic_change)
@given(seeds, st.integers(1, 6), st.integers(2, 7), st.floats(0.3, 2), st.floats(0, 3))
def test_an_elastic_net_descends_its_energy(seed, batch, n, kappa, beta):
    x, w = normal(seed, batch, 3), normal(seed + 1, 3, n).requires_grad_()
    near = places.distances(places.grid((n,), dtype=DOUBLE))
    springs = (near == 1).to(DOUBLE)
    energy = kohonen.elastic_energy(x, w, springs, kappa, beta)
    wanted = 0.0
    for one in x:
        parts = [
            math.exp(-(one - w[:, j]).square().sum().item() / (2 * kappa**2)) for j in range(n)
        ]
        wanted -= kappa * math.log(sum(parts))
    for j in range(n - 1):
        wanted += beta / 2 * (w[:, j] - w[:, j + 1]).square().sum().item()
    assert energy.item() == pytest.approx(wanted, rel=1e-9, abs=1e-9)
    (gradient,) = torch.autograd.grad(energy, w)
    change = kohonen.elastic_change(x, w.detach(), springs, kappa, beta)
    torch.testing.assert_close(change, -kappa * gradient, atol=1e-9, rtol=1e-9)


@given(seeds, st.integers(2, 6), st.floats(0.3, 2))
def test_with_weights_of_one_length_and_no_springs_it_is_soft_competition(seed, n, kappa):
    x, w = normal(seed, 4, 3), normal(seed + 1, 3, n)
    w = w / w.norm(dim=0)
    post = rate.soft_winners(x @ w, 1 / kappa**2)
    told = len(x) * rules.average(rules.competitive, w, x, post)
    none = torch.zeros(n, n, dtype=DOUBLE)
    torch.testing.assert_close(kohonen.elastic_change(x, w, none, kappa, 1.0), told)


# -------------------------------------------------------------------------------------- pinwheels


@pytest.mark.witness("eq-winding", pinwheels.winding)
@given(seeds, sides, st.floats(0, 6.3))
def test_winding_numbers_are_whole_cancel_on_a_torus_and_do_not_turn_with_the_map(
    seed, shape, turn
):
    z = field(seed, *shape)
    q = pinwheels.winding(z)
    assert set(q.unique().tolist()) <= {-1, 0, 1}
    assert int(q.sum()) == 0
    assert torch.equal(pinwheels.winding(z * torch.tensor(turn * 1j).exp().to(z.dtype)), q)
    assert torch.equal(pinwheels.winding(z.conj()), -q)
    assert torch.equal(pinwheels.winding(z.roll(2, 1)), q.roll(2, 1))
    for i in range(shape[0]):
        for j in range(shape[1]):
            down, along = (i + 1) % shape[0], (j + 1) % shape[1]
            path = [z[i, j], z[i, along], z[down, along], z[down, j], z[i, j]]
            steps = [
                math.atan2(*reversed(torch.view_as_real(b / a).tolist())) for a, b in pairwise(path)
            ]
            assert round(sum(steps) / (2 * math.pi)) == int(q[i, j])


@given(st.integers(4, 12), st.integers(4, 12), st.sampled_from([1, -1]))
def test_a_pinwheel_that_is_drawn_is_found_where_it_is(rows, columns, sign):
    i, j = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    y, x = i.double() - 1.4, j.double() - 2.3
    # the angle along rows then columns: x to the right, y down
    q = pinwheels.winding(torch.complex(x, sign * y))
    assert int(q[1, 2]) == sign
    inner = q[: rows - 1, : columns - 1].clone()
    inner[1, 2] = 0
    assert not inner.any()  # all others lie where the border is closed


@pytest.mark.witness("eq-gaussian-pinwheels", pinwheels.gaussian_density)
@given(seeds, st.floats(4, 12), st.floats(0, 0.6))
def test_the_density_of_noise_is_pi_or_more(seed, length, bandwidth):
    z = pinwheels.ring_field(24, length, bandwidth, generator(seed), count=3)
    theory = pinwheels.gaussian_density(z)
    assert (theory >= math.pi * (1 - 1e-6)).all()
    k, power = pinwheels.spectrum(z)
    assert torch.allclose(power.sum((-2, -1)), torch.ones(3))
    mean, square = (power * k).sum((-2, -1)), (power * k.square()).sum((-2, -1))
    torch.testing.assert_close(theory, (math.pi * square / mean**2).double(), rtol=1e-4, atol=0)
    one = torch.polar(torch.ones(24, 24), 2 * math.pi * 3 / 24 * torch.arange(24.0))
    assert pinwheels.gaussian_density(one).item() == pytest.approx(math.pi)  # of one wave


@pytest.mark.parametrize("bandwidth", [0.0, 0.3])
def test_fields_of_noise_have_the_density_that_theory_says(bandwidth):
    z = pinwheels.ring_field(96, 12.0, bandwidth, generator(3), count=24)
    found, theory = pinwheels.pinwheel_density(z), pinwheels.gaussian_density(z)
    assert (found.mean() - theory.mean()).abs() < 4 * found.std() / 24**0.5 + 0.02 * theory.mean()
    assert (bandwidth > 0) == bool(theory.mean() > 1.03 * math.pi)
    twins = pinwheels.phase_shuffled(z, generator(4))
    assert (pinwheels.pinwheel_density(twins).mean() - theory.mean()).abs() < 0.15


def test_waves_that_prefer_a_direction_cross_less_often():
    z = pinwheels.ring_field(96, 12.0, 0.1, generator(5), count=8)
    k = torch.fft.fftfreq(96)
    along = k[:, None].abs() < 0.5 * k[None, :].abs()  # within some 27 degrees of the rows
    narrow = torch.fft.ifft2(torch.fft.fft2(z) * along)
    theory = pinwheels.gaussian_density(narrow).mean()
    assert theory > math.pi
    assert pinwheels.pinwheel_density(narrow).mean() < 0.7 * theory


@given(seeds, sides)
def test_a_twin_has_the_same_waves_in_other_phases(seed, shape):
    z = field(seed, *shape)
    twin = pinwheels.phase_shuffled(z, generator(seed))
    torch.testing.assert_close(torch.fft.fft2(twin).abs(), torch.fft.fft2(z).abs())
    assert not torch.allclose(twin, z)
    for how in ("mean", "root", "peak"):
        torch.testing.assert_close(pinwheels.wavelength(twin, how), pinwheels.wavelength(z, how))


@given(st.integers(1, 5), st.integers(12, 20), st.sampled_from(["mean", "root", "peak"]))
def test_the_wavelength_of_one_wave_is_its_own(waves, n, how):
    z = torch.polar(torch.ones(n, n), 2 * math.pi * waves / n * torch.arange(float(n)))
    assert pinwheels.wavelength(z, how).item() == pytest.approx(n / waves, rel=1e-4)


def test_pinwheels_on_a_grid_are_as_far_apart_as_they_are():
    i = torch.arange(16, dtype=DOUBLE)
    wave = torch.cos(2 * math.pi * (i + 0.3) / 8)
    z = torch.complex(wave[:, None].expand(16, 16).clone(), wave[None].expand(16, 16).clone())
    assert int((pinwheels.winding(z) != 0).sum()) == 16
    assert pinwheels.pinwheel_spacing(z) == pytest.approx(0.5)
    assert math.isnan(pinwheels.pinwheel_spacing(torch.ones(8, 8) + 0j))


# --------------------------------------------------------------------------------- long-range model


@pytest.mark.witness("eq-long-range", pinwheels.LongRange)
@given(seeds, st.floats(0, 6.3), st.integers(0, 9), st.floats(0.05, 2))
def test_the_long_range_model_knows_no_direction_and_no_place(seed, turn, by, reach):
    model = pinwheels.LongRange(wavelength=5.0, reach=reach)
    z = 0.3 * field(seed, 10, 12)
    phase = torch.tensor(turn * 1j, dtype=torch.complex128).exp()
    flow = model.flow(z)
    torch.testing.assert_close(model.flow(phase * z), phase * flow)
    torch.testing.assert_close(model.flow(z.roll(by, 1)), flow.roll(by, 1))
    torch.testing.assert_close(model.flow(z.conj()), flow.conj())
    torch.testing.assert_close(model.flow(z.mT), flow.mT)
    torch.testing.assert_close(model.run(phase * z, 3), phase * model.run(z, 3))


@given(seeds)
def test_the_long_range_model_is_what_the_plain_sums_say(seed):
    n = 8
    model = pinwheels.LongRange(wavelength=4.0, reach=0.4, r=0.2, g=0.9)
    z = 0.5 * field(seed, n, n)
    far = places.distances(places.grid((n, n), dtype=DOUBLE), n)
    # the coupling's Gaussian is periodic: its waves, summed at each distance
    k = 2 * math.pi * torch.fft.fftfreq(n, dtype=DOUBLE)
    line = torch.stack(
        [(torch.exp(-0.5 * (k * 1.6) ** 2) * torch.cos(k * d)).mean() for d in range(n)]
    )
    at = places.grid((n, n)).long()
    kernel = (
        line[(at[:, None, 0] - at[None, :, 0]) % n] * line[(at[:, None, 1] - at[None, :, 1]) % n]
    )
    assert (kernel.sum(1) - 1).abs().max() < 1e-12
    assert (kernel[far == far.min()] >= kernel.max() - 1e-12).all()
    flat = z.flatten()
    near, pair = kernel @ (flat.abs() ** 2).to(z.dtype).real, kernel.to(z.dtype) @ flat**2
    bent = 0.1 * flat.abs() ** 2 * flat - 1.1 * (flat * near + 0.5 * flat.conj() * pair)
    wave = torch.exp(1j * (k[1] * at[:, 0] + k[2] * at[:, 1])).reshape(n, n).to(z.dtype)
    kk = (k[1] ** 2 + k[2] ** 2).item() * (4.0 / (2 * math.pi)) ** 2
    part = 0.2 - (1 - kk) ** 2
    tiny = 1e-9  # where what is not linear is nothing
    torch.testing.assert_close(model.flow(tiny * wave), tiny * part * wave, atol=1e-15, rtol=1e-6)
    linear = torch.fft.ifft2(torch.fft.fft2(z) * model.rate(z))
    torch.testing.assert_close(model.flow(z) - linear, bent.reshape(n, n))


def test_a_step_of_the_model_follows_its_flow():
    z = 0.2 * pinwheels.ring_field(16, 8.0, 0.3, generator(0))[0].to(torch.complex128)
    fine = pinwheels.LongRange(wavelength=8.0, step=0.001)
    torch.testing.assert_close((fine.run(z, 1) - z) / 0.001, fine.flow(z), atol=1e-3, rtol=1e-2)
    coarse = pinwheels.LongRange(wavelength=8.0, step=0.01)
    assert (fine.run(z, 100) - coarse.run(z, 10)).abs().max() < 1e-3


# -------------------------------------------------------------------------------------- bad input

W, X, H = torch.zeros(3, 9), torch.zeros(2, 4, 3), torch.eye(9)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: kohonen.neighbourhood(torch.zeros(3, 4), 1.0), "distances must have shape"),
        (lambda: kohonen.neighbourhood(-torch.ones(3, 3), 1.0), "distances must lie in"),
        (lambda: kohonen.neighbourhood(H, -1.0), "sigma must be a finite number"),
        (lambda: kohonen.learn_map(X, W, torch.eye(8), 0.1), "h must have shape"),
        (lambda: kohonen.learn_map(X, W, H, -0.1), "eta must be"),
        (lambda: kohonen.learn_map(X / 0, W, H, 0.1), "inputs holds NaN"),
        (lambda: kohonen.learn_map(X[0], W, H, 0.1), "inputs must have shape"),
        (lambda: kohonen.placed(torch.zeros(4, 3), (5, 5)), "positions must have shape"),
        (lambda: kohonen.placed(torch.zeros(4, 2), (5, 2)), "shape must be at least 3"),
        (lambda: kohonen.measured_growth(16, 8, 1.0, 1.0), "waves must be at most 7"),
        (lambda: kohonen.elastic_energy(X[0], W, torch.ones(9, 9).triu(), 1.0, 1.0), "symmetric"),
        (lambda: kohonen.elastic_change(X[0], W, H, 0.0, 1.0), "kappa must be"),
        (lambda: pinwheels.orientation(torch.zeros(3, 8)), "pass shape="),
        (lambda: pinwheels.winding(torch.zeros(4, 4)), "z must be complex"),
        (lambda: pinwheels.winding(torch.zeros(2, 4) + 0j), "three rows and columns"),
        (lambda: pinwheels.wavelength(torch.ones(4, 4) + 0j), "z must vary"),
        (lambda: pinwheels.wavelength(field(0, 4, 4), "median"), "how must be one of"),
        (lambda: pinwheels.ring_field(16, 9.0, 0.1, generator()), "wavelength must be"),
        (lambda: pinwheels.LongRange(g=1.0), "g must be"),
        (lambda: pinwheels.LongRange().run(field(0, 8, 8), -1), "steps must be at least 0"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_mend(call, told):
    with pytest.raises((ValueError, TypeError), match=told):
        call()
