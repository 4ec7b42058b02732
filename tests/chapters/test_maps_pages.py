"""Maps: checkers accept what is right, say what is wrong; drawings show what was computed."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.maps import checks, kohonen, pinwheels
from hebbnotes.plasticity import places
from tools.drawings import neighbours, partners, stripes
from tools.drawings import pinwheels as drawn


def short(change):
    return (change + math.pi) % (2 * math.pi) - math.pi


def winding(z, step=short, walk=1):
    angle = z.angle()
    right, down = (step(angle.roll(-1, axis) - angle) for axis in (1, 0))
    return walk * (right + down.roll(-1, 1) - right.roll(-1, 0) - down) / (2 * math.pi)


def test_winding_numbers_are_judged_by_what_they_must_be(capsys):
    checks.winding(winding)
    checks.winding(pinwheels.winding)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda z: winding(z)[:-1, :-1], "let the last row and column go on"),
        (lambda z: winding(z, step=lambda change: change), "four pinwheels"),
        (lambda z: 2 * math.pi * winding(z), "each number must be -1, 0 or 1"),
        (lambda z: winding(z, walk=-1), "the signs are turned"),
        (lambda z: winding(z).roll(1, 0), "in other squares"),
        (lambda z: winding(z).abs(), "the signs are turned"),
        (lambda z: 0 * z.real, "you count 0"),
        (lambda z: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.winding(wrong)


def test_two_rings_are_judged_by_one_ring_order_and_scale(capsys):
    checks.rings(lambda a, b: 2 * math.pi * (a * a + b * b) / (a + b) ** 2)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda a, b: math.pi, "off by"),
        (lambda a, b: math.pi * (a * a + b * b), "one ring"),
        (lambda a, b: math.pi * (a / b) ** 2, "which ring is named first"),
        (lambda a, b: math.pi * (1 + (a - b) ** 2), "enlarged"),
        (lambda a, b: math.pi * (2 - (a * a + b * b) / (2 * ((a + b) / 2) ** 2)), "less than pi"),
        (lambda a, b: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.rings(wrong)


@settings(max_examples=5)
@given(st.floats(0.3, 3.0), st.floats(0.3, 3.0))
def test_two_rings_have_what_the_library_says_of_their_spectrum(k1, k2):
    n = 64
    a, b = (max(1, round(k * 8)) for k in (k1, k2))
    spectrum = torch.zeros(n, n, dtype=torch.complex128)
    spectrum[0, a] += 1
    spectrum[b, 0] += 1
    z = torch.fft.ifft2(spectrum)
    right = 2 * math.pi * (a * a + b * b) / (a + b) ** 2
    assert pinwheels.gaussian_density(z).item() == pytest.approx(right)


def answers(s, n, sigma):
    d = places.distances(places.grid((n, n), dtype=torch.float64), period=n)
    return kohonen.neighbourhood(d, sigma)[s]


def test_neighbours_are_judged_by_symmetry_translation_and_both_limits(capsys):
    checks.neighbours(answers)
    assert "Yes" in capsys.readouterr().out

    def cut(s, n, sigma):  # a sheet with borders
        at = places.grid((n, n), dtype=torch.float64)
        return torch.exp(-(at - at[s]).square().sum(1) / (2 * sigma**2))

    def slope(s, n, sigma):  # falls with the distance, not with its square
        d = places.distances(places.grid((n, n), dtype=torch.float64), period=n)[s]
        return torch.exp(-d / sigma)

    for wrong, message in (
        (cut, "close on itself"),
        (slope, "not Gaussian"),
        (lambda s, n, sigma: answers(s, n, sigma * 2**0.5), "must be e to the power"),
        (lambda s, n, sigma: answers(s, n, sigma).view(n, n), "one answer for each"),
        (lambda s, n, sigma: 2 * answers(s, n, sigma), "answers with 1"),
        (lambda s, n, sigma: answers(s, n, max(sigma, 1)), "answer alone"),
        (lambda s, n, sigma: (s + 1) ** 0.5 * answers(s, n, sigma) ** 0.5, "answers with 1"),
        (lambda s, n, sigma: torch.ones(n * n), "further away"),
        (lambda s, n, sigma: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.neighbours(wrong)


def test_a_walk_round_each_drawn_pinwheel_meets_half_a_turn():
    for _, sign in drawn.PANELS.values():
        met = drawn.met(sign)
        assert met[-1] - met[0] == pytest.approx(sign * math.pi)
        turns = np.diff(met)
        assert np.allclose(turns, turns[0])
        assert np.isclose(np.exp(2j * met[0]), np.exp(2j * met[-1])), "the same bar"


def test_the_drawn_step_is_kohonens_rule():
    z = neighbours.before()
    (row, column), h = neighbours.answers(z)
    n = neighbours.SIDE
    w = torch.tensor(np.stack([z.real.ravel(), z.imag.ravel()]))
    x = torch.tensor([[neighbours.SHOWN.real, neighbours.SHOWN.imag]], dtype=torch.float64)
    assert kohonen.nearest(x, w).item() == row * n + column
    d = places.distances(places.grid((n, n), dtype=torch.float64))
    table = kohonen.neighbourhood(d, neighbours.SIGMA)
    np.testing.assert_allclose(table[row * n + column].view(n, n), h)
    after = kohonen.learn_map(x[None], w, table, neighbours.ETA)
    mine = neighbours.after(z)
    np.testing.assert_allclose(after.numpy().reshape(2, n, n), [mine.real, mine.imag])


def test_drawn_wires_are_the_shortest_and_the_better_layout_depends_on_the_partners():
    length = {
        (asked, layout): partners.wire(partners.kinds(layout), asked)
        for asked in partners.LISTS.values()
        for layout in partners.LAYOUTS
    }
    own, both = partners.LISTS.values()
    assert length[own, "sorted"] < length[own, "mixed"]
    assert length[both, "mixed"] < length[both, "sorted"]
    at = partners.places()
    for (asked, layout), mean in length.items():
        kind = partners.kinds(layout)
        assert kind.sum() == len(kind) / 2
        chosen = partners.partners(kind, partners.SHOWN, asked)
        assert len(set(chosen)) == partners.PARTNERS == sum(asked)
        assert partners.SHOWN not in chosen
        assert (kind[chosen] == kind[partners.SHOWN]).sum() == asked[0]
        away = np.hypot(*(at - at[:, None]).transpose(2, 0, 1))
        nearest = np.sort(away, 1)[:, 1 : partners.PARTNERS + 1]
        assert mean >= nearest.mean() - 1e-12, "eq-wire-bound"


def test_the_drawn_twin_has_the_same_stripes_slid():
    picture, twin = (stripes.sheets(name) for name in stripes.PHASES)
    for one, other in zip(picture, twin, strict=True):
        assert np.abs(one - other).max() > 0.5, "slid"
    for (kx, ky), one, other in zip(stripes.WAVES, picture, twin, strict=True):
        row, column = np.mgrid[: stripes.SIDE, : stripes.SIDE] / stripes.SIDE
        wave = np.exp(2j * np.pi * (kx * column + ky * row))
        basis = np.stack([wave.real.ravel(), wave.imag.ravel()], 1)
        sizes = [np.linalg.lstsq(basis, a.ravel(), rcond=None) for a in (one, other)]
        for solution, residual, *_ in sizes:
            assert np.hypot(*solution) == pytest.approx(1), "as strong as before"
            assert residual == pytest.approx(0, abs=1e-9)
    lengths = [np.hypot(*wave) for wave in stripes.WAVES]
    assert max(lengths) < 1.15 * min(lengths), "about one length"
