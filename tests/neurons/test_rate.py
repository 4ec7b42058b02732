"""Rate neurons on a stream: Hebb explodes, Oja does not, BCM selects, its brake must be fast."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.neurons import rate

seeds = st.integers(0, 10_000)


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.witness("eq-explode", rules.hebb)
@given(seeds)
def test_hebb_changes_by_the_correlations_and_aligns_with_their_component_while_it_explodes(
    seed,
):
    x, w = normal(seed, 200, 4), normal(seed + 1, 4, 1)
    correlations = x.T @ x / len(x)
    mean = torch.stack([rules.hebb(w, one, one @ w) for one in x]).mean(0)
    torch.testing.assert_close(mean, correlations @ w)
    values, vectors = torch.linalg.eigh(correlations)
    steps = math.ceil(12 / (0.1 * float(values[-1] - values[-2])))
    for _ in range(steps):
        w = w + 0.1 * correlations @ w
        w = w / w.norm() if w.norm() > 1e100 else w
    assert float((w[:, 0] @ vectors[:, -1]).abs() / w.norm()) > 0.99


@pytest.mark.witness("eq-oja", rules.oja)
@given(seeds)
def test_on_average_oja_leads_to_the_unit_principal_component_from_any_start_that_is_not_orthogonal(
    seed,
):
    x, w = normal(seed, 60, 3), normal(seed + 1, 3, 1)
    x = x * torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    correlations = x.T @ x / len(x)
    top = torch.linalg.eigh(correlations)[1][:, -1:]
    w = w / w.norm() + 0.2 * top * float(torch.sign((w * top).sum()))
    for _ in range(1500):
        w = w + 0.05 * rules.oja(w.expand(60, 3, 1), x, x @ w).mean(0)
    mean = rules.oja(w.expand(60, 3, 1), x, x @ w).mean(0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), atol=1e-8, rtol=0)
    assert float(w.norm()) == pytest.approx(1, abs=1e-6)
    assert float((w * top).sum().abs()) == pytest.approx(1, abs=1e-6)


@given(seeds, st.integers(1, 5))
def test_learning_from_a_stream_is_the_loop_written_by_hand(seed, steps):
    x, w = normal(seed, steps, 3), normal(seed + 1, 3, 2)
    history = rate.learn(x, w, rules.oja, 0.1)
    assert history.shape == (steps + 1, 3, 2)
    for t in range(steps):
        torch.testing.assert_close(history[t], w)
        y = x[t] @ w
        w = w + 0.1 * (torch.outer(x[t], y) - y.square() * w)
    torch.testing.assert_close(history[-1], w)


@given(seeds)
def test_simulations_side_by_side_are_each_as_if_alone(seed):
    x, w, threshold = normal(seed, 6, 4, 3), normal(seed + 1, 4, 3, 2), normal(seed + 2, 4, 2)
    together = rate.learn_bcm(x, w, threshold, 0.1, 3.0)
    for k in range(4):
        alone = rate.learn_bcm(x[:, k], w[k], threshold[k], 0.1, 3.0)
        torch.testing.assert_close(together[0][:, k], alone[0])
        torch.testing.assert_close(together[1][:, k], alone[1])


@pytest.mark.witness("eq-bcm", rules.bcm)
@given(seeds)
def test_bcm_strengthens_above_its_threshold_and_weakens_below(seed):
    pre, threshold = normal(seed, 4).abs() + 0.1, normal(seed + 1, 3).abs() + 0.2
    w = torch.zeros(4, 3, dtype=torch.float64)
    assert (rules.bcm(w, pre, 1.5 * threshold, threshold=threshold) > 0).all()
    assert (rules.bcm(w, pre, 0.5 * threshold, threshold=threshold) < 0).all()
    for still in (threshold, torch.zeros_like(threshold)):
        assert rules.bcm(w, pre, still, threshold=threshold).eq(0).all()
    y = normal(seed + 2, 3)
    torch.testing.assert_close(
        rules.bcm(w, pre, y, threshold=threshold), torch.outer(pre, y * (y - threshold))
    )
    check.local(rules.bcm)


@pytest.mark.witness("eq-threshold", rules.sliding_threshold)
@given(seeds, st.floats(0.5, 3), st.floats(0.2, 3))
def test_the_threshold_goes_to_the_mean_square_and_a_steady_unit_rests_where_it_meets_its_activity(
    seed, target, level
):
    threshold = normal(seed, 1).abs()
    for _ in range(400):
        threshold = threshold + 0.1 * rules.sliding_threshold(
            threshold, torch.tensor([level], dtype=torch.float64), target=target
        )
    assert float(threshold) == pytest.approx(level**2 / target)
    steady = torch.tensor([target], dtype=torch.float64)
    assert float(rules.sliding_threshold(steady, steady, target=target)) == pytest.approx(
        0, abs=1e-12
    )


def test_bcm_ends_with_one_pattern_of_several_at_the_fixed_point_of_the_theory():
    patterns, g = torch.eye(4, dtype=torch.float64), torch.Generator().manual_seed(0)
    stream = patterns[torch.randint(4, (30_000,), generator=g)]
    w, threshold = rate.learn_bcm(
        stream,
        0.5 + 0.5 * torch.rand(4, 1, generator=g, dtype=torch.float64),
        torch.ones(1).double(),
        0.002,
        100,
    )
    answers = w[-3000:, :, 0].mean(0).sort().values
    assert float(answers[-1]) == pytest.approx(4, rel=0.1)
    assert answers[:-1].abs().max() < 0.05
    assert float(threshold[-3000:].mean()) == pytest.approx(4, rel=0.1)


@pytest.mark.witness("eq-critical", rate.learn_bcm)
@pytest.mark.parametrize("target", [0.5, 1.0, 2.0])
def test_the_fixed_point_is_stable_if_and_only_if_the_threshold_is_faster_than_hebbian_growth(
    target,
):
    """Sixty neurons side by side, from 20 times too fast to 20 times too slow."""
    fast = torch.logspace(math.log10(0.05), math.log10(0.8), 30, dtype=torch.float64)
    ratio = torch.cat([fast, 1 / fast])
    x = 0.5 + 1.5 * torch.rand(60, generator=torch.Generator().manual_seed(0)).double()
    step = 0.05 * ratio.clamp(max=1)  # in units of the Hebbian time constant
    w, _ = rate.learn_bcm(
        x[:, None].expand(4000, 60, 1),
        1.01 * target / x[:, None, None],
        torch.full((60, 1), target).double(),
        (step / (x**2 * target))[:, None, None],
        (ratio / step)[:, None],
        target=target,
    )
    away = (w[:, :, 0, 0] * x / target - 1).abs()
    assert torch.equal(away[-400:].amax(0) < 0.01, ratio < 1)


def test_the_covariance_rule_is_hebb_around_the_means_and_still_grows():
    x, w = normal(0, 500, 3) + 1, normal(1, 3, 1)
    mean = x.mean(0)
    changes = [rules.covariance(w, one, one @ w, pre_mean=mean, post_mean=mean @ w) for one in x]
    covariance = torch.cov(x.T, correction=0)
    torch.testing.assert_close(torch.stack(changes).mean(0), covariance @ w)
    assert float((w * (covariance @ w)).sum()) > 0


@pytest.mark.witness("eq-scaling", rules.scaling)
@given(seeds, st.floats(0.1, 3))
def test_scaling_keeps_ratios_and_stops_at_the_target(seed, target):
    w, post = normal(seed, 4, 2), normal(seed + 1, 2).abs()
    dw = rules.scaling(w, torch.zeros(4, dtype=w.dtype), post, target=target)
    torch.testing.assert_close((w + 0.1 * dw) / (w + 0.1 * dw)[0], w / w[0])
    assert (
        rules.scaling(
            w, torch.zeros(4, dtype=w.dtype), torch.full_like(post, target), target=target
        )
        .abs()
        .max()
        < 1e-12
    )
    assert torch.equal(dw.sign(), (target - post).sign() * w.sign())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": torch.zeros(5, 4)}, "must agree in"),
        ({"inputs": torch.zeros(5, 2, 3)}, "must agree in"),
        ({"inputs": torch.zeros(3)}, "must agree in"),
        ({"inputs": torch.zeros(5, 3).double()}, "nothing is cast"),
        ({"inputs": torch.zeros(5, 3).long()}, "floating-point"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    good = {"inputs": torch.zeros(5, 3), "w": torch.zeros(3, 1)}
    with pytest.raises((TypeError, ValueError), match=message):
        rate.learn(**(good | change), rule=rules.hebb, eta=0.1)
    with pytest.raises(TypeError, match="rule must be"):
        rate.learn(**good, rule="hebb", eta=0.1)
    with pytest.raises(ValueError, match="eta"):
        rate.learn(**good, rule=rules.hebb, eta=float("nan"))
    with pytest.raises(ValueError, match="target"):
        rate.learn_bcm(**good, threshold=torch.ones(1), eta=0.1, tau=2, target=0.0)
    with pytest.raises(ValueError, match="threshold must have shape"):
        rate.learn_bcm(**good, threshold=torch.ones(()), eta=0.1, tau=2)
    with pytest.raises(ValueError, match="at least 1"):
        rate.learn_bcm(**good, threshold=torch.ones(1), eta=0.1, tau=0.5)


# --------------------------------------------------------------------------------------- Oja's flow


def moments(seed, n):
    """Mean products of inputs in n dimensions, with eigenvalues that are apart."""
    axes = torch.linalg.qr(normal(seed, n, n))[0]
    return axes @ torch.diag(1.5 ** -torch.arange(n, dtype=torch.float64)) @ axes.T, axes


def averaged(c, w):
    return c @ w - (w @ c @ w) * w


@pytest.mark.witness("eq-oja-mean", rules.average)
@given(seeds, st.integers(1, 5))
def test_the_mean_change_by_oja_is_hebbs_less_a_part_along_the_weights(seed, n):
    x, w = normal(seed, 40, n), normal(seed + 1, n, 1)
    mean = rules.average(rules.oja, w, x, x @ w)[:, 0]
    torch.testing.assert_close(mean, averaged(x.T @ x / 40, w[:, 0]))


@pytest.mark.witness("eq-oja-flow", rate.oja_flow)
@given(seeds, st.integers(1, 5), st.floats(0, 5), st.floats(0.1, 3))
def test_the_flow_solves_the_averaged_equation_from_any_start(seed, n, time, length):
    c, _ = moments(seed, n)
    w = length * torch.nn.functional.normalize(normal(seed + 1, n), dim=0)
    torch.testing.assert_close(rate.oja_flow(c, w, torch.zeros(1).double())[0], w)
    at = torch.tensor([time], dtype=torch.float64, requires_grad=True)
    moved = rate.oja_flow(c, w, at)[0]
    speed = torch.stack([torch.autograd.grad(one, at, retain_graph=True)[0][0] for one in moved])
    torch.testing.assert_close(speed, averaged(c, moved.detach()), atol=1e-8, rtol=1e-6)


@pytest.mark.witness("eq-oja-limit", rate.oja_flow)
@given(seeds, st.integers(2, 5))
def test_the_flow_ends_in_the_first_component_if_it_begins_with_a_part_along_it_and_only_then(
    seed, n
):
    c, axes = moments(seed, n)
    w, late = normal(seed + 1, n), torch.tensor([300.0], dtype=torch.float64)
    part = w @ axes[:, 0]
    if part.abs() > 1e-3:
        torch.testing.assert_close(
            rate.oja_flow(c, w, late)[0], part.sign() * axes[:, 0], atol=1e-6, rtol=0
        )
    without = axes[
        :, 1
    ]  # orthogonal: it rests in the second for ever, up to rounding, which takes longer to grow
    torch.testing.assert_close(rate.oja_flow(c, without, late / 30)[0], without, atol=1e-8, rtol=0)
    two = torch.diag(torch.tensor([100.0, 1.0], dtype=torch.float64))
    for start, end in (
        ([0.0, 0.0], [0.0, 0.0]),
        ([0.0, 1.0], [0.0, 1.0]),
        ([0.0, 3.0], [0.0, 1.0]),
        ([3e3, -4e3], [1.0, 0.0]),
    ):
        found = rate.oja_flow(two, torch.tensor(start, dtype=torch.float64), 10 * late)[0]
        assert found.tolist() == pytest.approx(end), (
            "at rest, on the ridge, and from afar: nothing overflows"
        )
        single = rate.oja_flow(two.float(), torch.tensor(start), torch.zeros(1))[0]
        assert single.tolist() == pytest.approx(start, rel=1e-4)
    for wrong, message in (
        (torch.ones(3, 2).double(), "c must have shape"),
        (torch.tensor([[1.0, 1.0], [0.0, 1.0]]).double(), "symmetric"),
        (-two, "eigenvalues of 0 or more"),
        (two * torch.nan, "c holds NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            rate.oja_flow(wrong, torch.ones(2).double(), late)
    with pytest.raises(ValueError, match="times must be 0 or more"):
        rate.oja_flow(c, w, -late)


# ------------------------------------------------------------------------------- units that compete


def test_the_winner_is_one_and_soft_winners_share():
    drive = torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, -1.0]])
    assert rate.winner(drive).tolist() == [[0, 1, 0], [1, 0, 0]]
    shares = rate.soft_winners(drive, 2.0)
    torch.testing.assert_close(shares.sum(-1), torch.ones(2))
    torch.testing.assert_close(rate.soft_winners(drive, 100.0), rate.winner(drive))
    torch.testing.assert_close(rate.soft_winners(drive, 0.0), torch.full((2, 3), 1 / 3))


@given(seeds, st.integers(1, 4), st.integers(1, 4))
def test_units_learn_from_batches_as_the_plain_loop_does(seed, batch, m):
    stream, w = normal(seed, 6, batch, 3), normal(seed + 1, 3, m)
    falling = 0.2 * (1 - torch.arange(6) / 6)
    ways = (
        (rules.oja, rate.linear),
        (rules.sanger, rate.linear),
        (rules.competitive, rate.winner),
        (rules.soft_hebb, rate.soft_winners),
    )
    for rule, respond in ways:
        wanted = w
        for x, eta in zip(stream, falling, strict=True):
            each = []
            for one in x:
                drive = one @ wanted
                told = {"drive": drive} if rule is rules.soft_hebb else {}
                each.append(rule(wanted, one, respond(drive), **told))
            wanted = wanted + eta * torch.stack(each).mean(0)
        torch.testing.assert_close(rate.learn_units(stream, w, rule, falling, respond), wanted)

    def for_one_input(w, pre, post):
        return torch.outer(pre, post) - (w * post).cumsum(1) * post

    found = rate.learn_units(stream, w, for_one_input, falling)
    torch.testing.assert_close(
        found, rate.learn_units(stream, w, rules.sanger, falling), msg="a rule that knows no batch"
    )
    single = rate.learn(stream[:, 0], w, rules.oja, 0.1)[-1]
    torch.testing.assert_close(rate.learn_units(stream[:, :1], w, rules.oja, 0.1), single)


@pytest.mark.witness("eq-cluster", rate.learn_units)
@given(seeds)
def test_a_unit_in_competition_rests_at_the_mean_of_what_it_wins(seed):
    g = torch.Generator().manual_seed(seed)
    centres = 3 * torch.eye(3, dtype=torch.float64)
    x = centres.repeat_interleave(10, 0) + 0.2 * torch.randn(
        30, 3, generator=g, dtype=torch.float64
    )
    w = rate.learn_units(x.expand(400, 30, 3), centres.clone(), rules.competitive, 0.5, rate.winner)
    won = rate.winner(x @ w)
    assert won.sum(0).tolist() == [10, 10, 10]
    torch.testing.assert_close(w, x.T @ won / won.sum(0))
    torch.testing.assert_close(
        rate.learn_units(x.expand(1, 30, 3), w, rules.competitive, 0.5, rate.winner), w
    )


def test_units_that_learn_from_batches_refuse_what_does_not_fit():
    stream, w = torch.zeros(5, 2, 3), torch.zeros(3, 4)
    for call, message in (
        (lambda: rate.learn_units(stream[0], w, rules.oja, 0.1), "inputs must have shape"),
        (lambda: rate.learn_units(stream, w.T, rules.oja, 0.1), "w must have shape"),
        (lambda: rate.learn_units(stream, w, rules.oja, torch.zeros(4)), "one for each of 5 steps"),
        (lambda: rate.learn_units(stream, w, rules.oja, math.inf), "eta must be a finite number"),
        (lambda: rate.learn_units(stream + 9, w + 9, rules.oja, 9.0), "use a smaller eta"),
        (
            lambda: rate.learn_units(stream, w, lambda w, pre, post: pre, 0.1),
            "must return dw of shape",
        ),
        (
            lambda: rate.learn_units(stream, w, rules.hebb, 0.1, lambda u: u[:, :1]),
            r"what respond returns must have shape \(B=2, m=4\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="rule must be a function"):
        rate.learn_units(stream, w, "oja", 0.1)
    with pytest.raises(TypeError, match=r"such as rate\.winner"):
        rate.learn_units(stream, w, rules.oja, 0.1, "winner")


@given(seeds, st.integers(1, 6), st.floats(0.5, 5))
def test_a_late_signal_teaches_by_the_trace_as_in_the_loop_written_by_hand(seed, steps, tau):
    x, w, signal = normal(seed, steps, 3), normal(seed + 1, 3, 2), normal(seed + 2, steps)
    told = {"modulator": signal, "pair": rules.oja, "tau": tau}
    history = rate.learn(x, w, rules.three_factor, 0.1, **told)
    e = torch.zeros_like(w)
    for t in range(steps):
        torch.testing.assert_close(history[t], w)
        y = x[t] @ w
        dw = signal[t] * e  # of earlier pairs alone
        e = math.exp(-1 / tau) * e + torch.outer(x[t], y) - y.square() * w
        w = w + 0.1 * dw
    torch.testing.assert_close(history[-1], w)


@given(seeds)
def test_each_simulation_is_told_its_own_signal_and_each_neuron_may_be(seed):
    x, w, signal = normal(seed, 5, 4, 3), normal(seed + 1, 4, 3, 2), normal(seed + 2, 5, 4)
    together = rate.learn(x, w, rules.modulated_hebb, 0.1, modulator=signal)
    each = signal.unsqueeze(-1).expand(5, 4, 2)
    again = rate.learn(x, w, rules.modulated_hebb, 0.1, modulator=each)
    torch.testing.assert_close(again, together)
    for k in range(4):
        alone = rate.learn(x[:, k], w[k], rules.modulated_hebb, 0.1, modulator=signal[:, k])
        torch.testing.assert_close(together[:, k], alone)
    with pytest.raises(TypeError, match="declares modulator, and learn supplies drive"):
        rate.learn(x, w, rules.modulated_hebb, 0.1)
    with pytest.raises(ValueError, match=r"modulator must have shape \(5, 4\)"):
        rate.learn(x, w, rules.modulated_hebb, 0.1, modulator=signal[:, :1])
