"""Networks with a sign for each cell: what a sign costs, and what interneurons buy back."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import analysis, rules
from hebbnotes.networks import dale

sizes, seeds = st.integers(1, 8), st.integers(0, 10_000)
shares = st.floats(0, 1)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def signed(seed, n, excitatory=0.8):
    """Return weights whose rows have signs, and these."""
    its = dale.signs(n, excitatory).double()
    return normal(seed, n, n).abs() * its.unsqueeze(-1), its


@pytest.mark.witness("eq-dale", dale.project)
@given(sizes, sizes, seeds, shares)
def test_after_any_number_of_projected_steps_each_row_has_one_sign(n, m, seed, excitatory):
    signs, w = dale.signs(n, excitatory).double(), normal(seed, n, m)
    for step in range(4):
        before = w + normal(seed + step, n, m)
        w = dale.project(before, signs)
        for i in range(n):
            for j in range(m):
                same = before[i, j] * signs[i] > 0
                assert w[i, j] == (before[i, j] if same else 0)
        assert torch.equal(w, signs.unsqueeze(-1) * w.abs())
    assert torch.equal(dale.project(w, signs), w)
    other = signs.unsqueeze(-1) * normal(seed + 9, n, m).abs()  # any other that has these signs
    assert (before - w).norm() <= (before - other).norm() + 1e-12


@given(st.integers(1, 50), shares)
def test_the_excitatory_cells_come_first(n, excitatory):
    signs = dale.signs(n, excitatory)
    assert int((signs > 0).sum()) == round(n * excitatory)
    assert torch.equal(signs, signs.sort(descending=True).values)


@pytest.mark.witness("eq-dale-price", dale.common_mode)
@given(sizes, seeds, shares)
def test_a_sign_for_each_cell_has_its_price_however_the_signs_are_balanced(n, seed, excitatory):
    w, signs = signed(seed, n, excitatory)
    means = torch.stack([w[i].abs().mean() for i in range(n)])
    price = n * means.square().mean().sqrt()
    torch.testing.assert_close(dale.common_mode(w), price)
    for factor in (0.1, 1.0, 4.0):  # no strength of inhibition takes it away
        scaled = torch.where(signs < 0, factor, 1.0).unsqueeze(-1) * w
        first = torch.linalg.matrix_norm(scaled, 2)
        own = n * scaled.abs().mean(1).square().mean().sqrt()
        assert first >= own - 1e-9
        torch.testing.assert_close(dale.common_mode(scaled), own)
    assert torch.linalg.matrix_norm(w, 2) <= w.norm() + 1e-9


@given(st.integers(1, 8), st.integers(1, 8), seeds)
def test_of_any_weights_the_common_mode_is_at_most_the_largest_singular_value(n, m, seed):
    w = normal(seed, n, m)
    assert dale.common_mode(w) <= torch.linalg.matrix_norm(w, 2) + 1e-9


def test_without_signs_the_price_is_not_paid():
    w = normal(0, 200, 200) / 200**0.5
    price = 200 * w.abs().mean(1).square().mean().sqrt()
    assert torch.linalg.matrix_norm(w, 2) < price / 4


@pytest.mark.witness("eq-outlier", dale.outlier)
@given(st.integers(2, 8), seeds, shares)
def test_the_mean_part_has_one_eigenvalue_and_balance_takes_it_away(n, seed, excitatory):
    w, signs = signed(seed, n, excitatory)
    mean_part = w.mean(1, keepdim=True).expand(n, n)
    values = torch.linalg.eigvals(mean_part)
    value = dale.outlier(w)
    torch.testing.assert_close(value, (signs * w.abs().mean(1)).sum())
    assert (values - value).abs().min() < 1e-7 * (1 + w.norm())
    assert values.abs().sum() < value.abs() + 1e-5 * (1 + w.norm())
    if 0 < int((signs > 0).sum()) < n:
        plus, minus = w.clamp(min=0), w.clamp(max=0)
        level = plus + minus * (plus.sum() / -minus.sum())
        assert abs(dale.outlier(level)) < 1e-9
        assert dale.common_mode(level) > 0  # and the singular value stays


def test_what_is_balanced_has_the_eigenvalue_of_noise_and_the_singular_value_of_the_mean():
    n, f = 300, 0.8
    sizes = torch.empty(n, n, dtype=torch.float64).exponential_(generator=generator(1))
    signs = dale.signs(n, f).double()
    strength = torch.where(signs > 0, 1.0, f / (1 - f)) / n**0.5 / 2
    found = analysis.spectrum((signs * strength).unsqueeze(-1) * sizes)
    assert found.eigenvalues[0].abs() < 2
    predicted = n * 0.5 / n**0.5 * math.sqrt(f / (1 - f))
    assert abs(found.singular[0] / predicted - 1) < 0.05


@pytest.mark.witness("eq-dann", dale.centred)
@given(sizes, sizes, st.integers(1, 4), seeds)
def test_interneurons_that_match_take_the_common_mode_away(n, m, k, seed):
    w_ee = normal(seed, n, m).abs()
    w_ei, w_ie = dale.centred(w_ee, k)
    assert (w_ei >= 0).all()
    assert (w_ie >= 0).all()
    w = dale.effective(w_ee, w_ei, w_ie)
    for i in range(n):
        for j in range(m):
            inhibited = sum(w_ei[i, a] * w_ie[a, j] for a in range(k))
            torch.testing.assert_close(w[i, j], w_ee[i, j] - inhibited)
            torch.testing.assert_close(w[i, j], w_ee[i, j] - w_ee[i].mean())
    assert (w @ torch.ones(m).double()).abs().max() < 1e-12 * (1 + w_ee.sum())
    assert dale.common_mode(w) < 1e-12 * (1 + w_ee.sum())


def test_what_is_left_has_the_largest_singular_value_of_weights_without_signs():
    n = 300
    w_ee = torch.empty(n, n).exponential_(generator=generator(0)) / n**0.5
    w = dale.effective(w_ee, *dale.centred(w_ee, 1))
    assert torch.linalg.matrix_norm(w, 2) < 1.1 * 2
    assert torch.linalg.matrix_norm(w_ee, 2) > 16


def test_gradients_are_corrected_as_they_were_published():
    ei, ie = dale.correct(torch.ones(9, 2), torch.ones(2, 16), 9, 16)
    assert torch.equal(ei, torch.full((9, 2), 0.25))
    assert torch.equal(ie, torch.full((2, 16), 1 / 9))


# ------------------------------------------------------------------------------------ the networks


def test_a_network_of_rates_keeps_its_signs_and_is_the_plain_loop():
    net = dale.DaleRNN(12, 2, generator=generator(0)).double()
    inputs = normal(3, 6, 2, 12)
    rates, state = net(inputs)
    w, r = net.w_ee - net.w_ei @ net.w_ie, torch.zeros(2, 12).double()
    for t in range(6):
        r = (r @ w + inputs[t]).clamp(min=0)
        torch.testing.assert_close(rates[t], r)
    torch.testing.assert_close(state, r)
    first = net(inputs[:4])[1]
    torch.testing.assert_close(net(inputs[4:], first)[0], rates[4:])


def test_a_trained_network_keeps_its_signs_and_its_gradients_are_corrected():
    net = dale.DaleRNN(12, 2, generator=generator(0))
    with pytest.raises(ValueError, match="no gradients to correct"):
        net.correct_gradients()
    for step in range(20):
        net.zero_grad()
        net(normal(step, 6, 4, 12).float())[0].square().mean().backward()
        if step == 0:
            before = net.w_ei.grad.clone(), net.w_ie.grad.clone()
            net.correct_gradients()
            torch.testing.assert_close(net.w_ei.grad, before[0] / 12**0.5)
            torch.testing.assert_close(net.w_ie.grad, before[1] / 12)
        with torch.no_grad():
            for p in net.parameters():
                p.sub_(0.5 * p.grad)
        net.keep_signs()
        assert all((p >= 0).all() for p in net.parameters())


TYPES = torch.tensor([0, 0, 1, 2, 3])


@given(seeds, st.floats(0.1, 1), st.sampled_from([rules.by_type, rules.hebb, rules.soft_hebb]))
def test_cells_with_types_learn_by_a_rule_that_may_see_them(seed, leak, rule):
    w, inputs = normal(seed, 5, 5).abs() / 4, normal(seed + 1, 4, 2, 5)
    rates, state = dale.run(inputs, w, TYPES, 0.05, rule, leak=leak)
    for b in range(2):
        r, own = torch.zeros(5).double(), w
        for t in range(4):
            drive = [
                sum((1 if TYPES[i] == 0 else -1) * r[i] * own[i, j] for i in range(5))
                + inputs[t, b, j]
                for j in range(5)
            ]
            drive = torch.stack(drive)
            pre, r = r, r + leak * (drive.clamp(min=0) - r)
            seen = {"pre_type": TYPES, "post_type": TYPES} if rule is rules.by_type else {}
            seen |= {"drive": drive} if rule is rules.soft_hebb else {}
            own = (own + 0.05 * rule(own, pre, r, **seen)).clamp(min=0)
            torch.testing.assert_close(rates[t, b], r)
        torch.testing.assert_close(state.w[b], own)
    assert (state.w >= 0).all()
    assert (rates >= 0).all()


def test_an_episode_goes_on_where_it_was_and_synapses_may_be_kept_from_learning():
    w, inputs = normal(0, 5, 5).abs() / 4, normal(1, 6, 2, 5)
    rates, _ = dale.run(inputs, w, TYPES, 0.1)
    _, half = dale.run(inputs[:3], w, TYPES, 0.1)
    torch.testing.assert_close(dale.run(inputs[3:], w, TYPES, 0.1, state=half)[0], rates[3:])
    learns = torch.zeros(5, 5).double()
    learns[0, 1] = 0.1
    kept = dale.run(inputs, w, TYPES, learns)[1].w
    assert torch.equal((kept != w).any(0), learns > 0)


def test_what_does_not_fit_is_refused():
    w, x = torch.ones(5, 5), torch.ones(3, 2, 5)
    with pytest.raises(ValueError, match="w must hold strengths of 0 or more"):
        dale.run(x, -w, TYPES, 0.1)
    for rates in (-x[0], x[0] * torch.nan):
        with pytest.raises(ValueError, match=r"state\.r must lie in .*rates are 0 or more"):
            dale.run(x, w, TYPES, 0.1, state=dale.DaleState(rates, w.expand(2, 5, 5)))
    with pytest.raises(ValueError, match="types must hold integers from 0 to 3"):
        dale.run(x, w, TYPES + 1, 0.1)
    with pytest.raises(TypeError, match="network of cells with types supplies drive, pre_type"):
        dale.run(x, w, TYPES, 0.1, rules.bcm)
    with pytest.raises(ValueError, match="signs must hold 1 and -1 alone"):
        dale.project(w, torch.zeros(5))
    with pytest.raises(ValueError, match="w must be square"):
        dale.outlier(torch.ones(2, 3))
    with pytest.raises(ValueError, match=r"w_ei must have shape"):
        dale.effective(w, torch.ones(4, 1), torch.ones(1, 5))


def test_a_spectrum_tells_what_returns_from_what_is_amplified():
    w = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    found = analysis.spectrum(w)
    assert found.eigenvalues.abs().max() < 1e-6
    assert abs(found.singular[0] - 2) < 1e-12
    assert abs(found.share - 1) < 1e-12
    w = normal(0, 7, 7)
    found = analysis.spectrum(w)
    torch.testing.assert_close(found.singular.square().sum(), w.square().sum())
    assert found.eigenvalues.abs()[0] <= found.singular[0] + 1e-12
    torch.testing.assert_close(found.eigenvalues.prod().real, torch.linalg.det(w))
    with pytest.raises(ValueError, match="an entry that is not 0"):
        analysis.spectrum(torch.zeros(2, 2))
