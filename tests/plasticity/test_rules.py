"""The rules: what each writes and forgets, and that none sees what a synapse cannot see."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, rules

sizes, seeds = st.integers(1, 6), st.integers(0, 10_000)
ALL = [rules.hebb, rules.decay, rules.oja]


def draw(seed, n_pre, n_post, *lead):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(*lead, *s, generator=generator, dtype=torch.float64)
        for s in ((n_pre, n_post), (n_pre,), (n_post,))
    ]


@pytest.mark.witness("eq-hebb", rules.hebb)
@given(sizes, sizes, seeds)
def test_hebb_is_the_product_of_the_activities_on_both_sides(n_pre, n_post, seed):
    w, pre, post = draw(seed, n_pre, n_post)
    dw = rules.hebb(w, pre, post)
    for i in range(n_pre):
        for j in range(n_post):
            assert dw[i, j] == pre[i] * post[j]
    assert torch.equal(rules.hebb(w + 1, pre, post), dw)


@given(st.sampled_from(ALL), sizes, sizes, seeds)
def test_each_rule_writes_the_same_and_forgets_by_its_own_function(rule, n_pre, n_post, seed):
    w, pre, post = draw(seed, n_pre, n_post)
    torch.testing.assert_close(rule(w, pre, post), torch.outer(pre, post) - rule.forget(post) * w)


def test_the_forget_functions_are_nothing_one_and_the_square():
    post = torch.tensor([-2.0, 0.0, 0.5])
    assert rules.hebb.forget(post).tolist() == [0, 0, 0]
    assert rules.decay.forget(post).tolist() == [1, 1, 1]
    assert rules.oja.forget(post).tolist() == [4, 0, 0.25]


@given(st.sampled_from(ALL), seeds)
def test_an_episode_of_a_batch_is_taught_as_if_alone(rule, seed):
    w, pre, post = draw(seed, 3, 4, 5)
    alone = torch.stack([rule(*one) for one in zip(w, pre, post, strict=True)])
    torch.testing.assert_close(rule(w, pre, post), alone)


@given(seeds)
def test_the_unit_eigenvector_is_a_fixed_point_of_oja_on_average(seed):
    _, data, _ = draw(seed, 4, 1, 50)
    vector = torch.linalg.eigh(data.T @ data)[1][:, -1:]
    dw = torch.stack([rules.oja(vector, x, x @ vector) for x in data]).mean(0)
    torch.testing.assert_close(dw, torch.zeros_like(dw), atol=1e-12, rtol=0)


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
def test_a_rule_is_local_and_leaves_its_arguments_alone(rule):
    check.local(rule)
    args = draw(0, 3, 2)
    before = [a.clone() for a in args]
    rule(*args)
    assert all(torch.equal(a, b) for a, b in zip(args, before, strict=True))


@given(sizes, sizes, seeds, st.floats(-3, 3))
def test_hebb_is_linear_in_each_activity(n_pre, n_post, seed, factor):
    (w, pre, post), (_, other_pre, other_post) = (
        draw(seed, n_pre, n_post),
        draw(seed + 1, n_pre, n_post),
    )
    dw = rules.hebb(w, pre, post)
    torch.testing.assert_close(
        rules.hebb(w, pre + factor * other_pre, post), dw + factor * rules.hebb(w, other_pre, post)
    )
    torch.testing.assert_close(
        rules.hebb(w, pre, post + factor * other_post), dw + factor * rules.hebb(w, pre, other_post)
    )


@given(st.sampled_from(ALL), seeds)
def test_one_matrix_can_serve_a_batch_of_activities(rule, seed):
    _, pre, post = draw(seed, 3, 4, 5)
    w = draw(seed, 3, 4)[0]
    alone = torch.stack([rule(w, *one) for one in zip(pre, post, strict=True)])
    torch.testing.assert_close(rule(w, pre, post), alone)


@given(seeds, st.floats(-2, 2))
def test_oja_draws_an_eigenvector_of_any_length_towards_unit_length(seed, length):
    _, data, _ = draw(seed, 4, 1, 50)
    values, vectors = torch.linalg.eigh(data.T @ data / len(data))
    vector = vectors[:, -1:]
    dw = torch.stack([rules.oja(length * vector, x, x @ (length * vector)) for x in data]).mean(0)
    torch.testing.assert_close(dw, values[-1] * (length - length**3) * vector)


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
def test_activities_that_do_not_fit_the_weights_are_refused(rule):
    with pytest.raises(ValueError, match=r"pre must have shape \(n_pre=3\), got \(4,\)"):
        rule(torch.zeros(3, 2), torch.zeros(4), torch.zeros(2))


# ---------------------------------------------------------------------------- several units at once


@pytest.mark.witness("eq-sanger", rules.sanger)
@given(sizes, sizes, seeds)
def test_sanger_is_what_its_sum_says(n_pre, n_post, seed):
    w, pre, post = draw(seed, n_pre, n_post)
    dw = rules.sanger(w, pre, post)
    for j in range(n_post):
        left = pre - sum(post[k] * w[:, k] for k in range(j + 1))
        torch.testing.assert_close(dw[:, j], post[j] * left)
    torch.testing.assert_close(
        rules.sanger(w[:, :1], pre, post[:1]), rules.oja(w[:, :1], pre, post[:1])
    )


@pytest.mark.parametrize("j", range(3))
def test_sanger_reads_the_units_before_and_none_after(j):
    reads = check.reads(rules.sanger, 1, j)
    assert reads.post.tolist() == [k <= j for k in range(3)], "foreign activities"
    foreign = torch.zeros(4, 3, dtype=torch.bool)
    foreign[1, : j + 1] = True
    assert torch.equal(reads.w, foreign), "and foreign weights, of its own sender alone"
    assert reads.pre.tolist() == [False, True, False, False]
    if j:
        with pytest.raises(AssertionError, match="not local: the synapse"):
            check.local(rules.sanger)


def test_sanger_finds_the_principal_components_in_order_and_oja_the_first_again_and_again():
    g = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(5, 5, generator=g, dtype=torch.float64))[0]
    second_moment = (
        axes @ torch.diag(torch.tensor([4.0, 2.5, 1.5, 0.3, 0.1], dtype=torch.float64)) @ axes.T
    )
    found = {}
    for rule in (rules.sanger, rules.oja):
        w = 0.1 * torch.randn(5, 3, generator=g, dtype=torch.float64)
        for _ in range(
            4000
        ):  # the averaged equation: the mean of pre post' is C w, that of post post' is w' C w
            outer, both = second_moment @ w, w.T @ second_moment @ w
            w = w + 0.02 * (
                outer - w @ (both.triu() if rule is rules.sanger else both.diag().diag())
            )
        found[rule] = (axes.T @ w).abs()
    torch.testing.assert_close(
        found[rules.sanger], torch.eye(5, 3, dtype=torch.float64), atol=1e-6, rtol=0
    )
    torch.testing.assert_close(
        found[rules.oja], torch.eye(5, 1, dtype=torch.float64).expand(5, 3), atol=1e-6, rtol=0
    )


@pytest.mark.witness("eq-competitive", rules.competitive)
@given(sizes, sizes, seeds)
def test_only_the_winner_moves_and_it_moves_to_what_it_sees(n_pre, n_post, seed):
    w, pre, post = draw(seed, n_pre, n_post)
    wins = torch.nn.functional.one_hot(post.argmax(), n_post).to(w)
    moved = w + 0.25 * rules.competitive(w, pre, wins)
    torch.testing.assert_close(moved[:, post.argmax()], 0.75 * w[:, post.argmax()] + 0.25 * pre)
    others = wins == 0
    assert torch.equal(moved[:, others], w[:, others])
    torch.testing.assert_close(rules.competitive(w, pre, wins), rules.oja(w, pre, wins))
    check.local(rules.competitive)


@pytest.mark.witness("eq-soft", rules.soft_hebb)
@given(sizes, sizes, seeds, st.floats(0.5, 3))
def test_soft_winners_share_the_change_and_rest_at_length_one(n_pre, n_post, seed, length):
    w, pre, _ = draw(seed, n_pre, n_post)
    drive = pre @ w
    post = drive.softmax(-1)
    dw = rules.soft_hebb(w, pre, post, drive=drive)
    for j in range(n_post):
        torch.testing.assert_close(dw[:, j], post[j] * (pre - drive[j] * w[:, j]))
    unit = pre / pre.norm()
    for size in (
        1.0,
        length,
    ):  # one input: weights along it rest at length 1, and shrink or grow towards it from elsewhere
        along = size * unit.unsqueeze(-1).expand(n_pre, n_post)
        drive = unit @ along
        moved = unit @ rules.soft_hebb(along, unit, drive.softmax(-1), drive=drive)
        torch.testing.assert_close(moved, drive.softmax(-1) * (1 - size**2))


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (rules.covariance, ("pre_mean", "post_mean")),
        (rules.soft_hebb, ("drive",)),
        (rules.delta, ("drive",)),
        (rules.bcm, ("threshold",)),
        (rules.stdp, ("pre_spikes", "post_spikes")),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_further_quantity_of_a_foreign_unit_is_not_read(rule, names):
    w, pre, post = draw(0, 4, 3)
    own = {name: (pre if name.startswith("pre") else post).clone() + 1 for name in names}
    dw = rule(w, pre, post, **own)
    for name in names:
        for unit in range(len(own[name])):
            poisoned = own | {name: own[name].index_fill(0, torch.tensor([unit]), torch.nan)}
            reads = (rule(w, pre, post, **poisoned) != dw).any(1 if name.startswith("pre") else 0)
            assert reads.nonzero().flatten().tolist() == [unit], (
                f"{name} of unit {unit} is for its own synapses"
            )


@given(sizes, sizes, st.integers(1, 5), seeds)
def test_the_average_of_a_batch_is_the_mean_of_its_members(n_pre, n_post, batch, seed):
    _, pre, post = draw(seed, n_pre, n_post, batch)
    w, drive = draw(seed + 1, n_pre, n_post)[0], draw(seed + 2, n_pre, n_post, batch)[2]
    for rule in (*ALL, rules.competitive, rules.sanger):
        wanted = torch.stack([rule(w, x, y) for x, y in zip(pre, post, strict=True)]).mean(0)
        torch.testing.assert_close(rules.average(rule, w, pre, post), wanted)
    for rule in (rules.soft_hebb, rules.delta):
        each = [rule(w, x, y, drive=u) for x, y, u in zip(pre, post, drive, strict=True)]
        torch.testing.assert_close(
            rules.average(rule, w, pre, post, drive=drive), torch.stack(each).mean(0)
        )


@given(sizes, sizes, seeds)
def test_the_delta_rule_goes_down_the_squared_difference(n_pre, n_post, seed):
    w, pre, post = draw(seed, n_pre, n_post)
    w.requires_grad_()
    loss = (post - pre @ w).square().sum() / 2
    (gradient,) = torch.autograd.grad(loss, w)
    torch.testing.assert_close(
        rules.delta(w.detach(), pre, post, drive=(pre @ w).detach()), -gradient
    )


def test_an_average_leaves_what_it_is_given_as_it_is():
    w, pre, post = torch.ones(3, 2), torch.ones(4, 3), torch.ones(4, 2)
    for name, rule in {
        "w": lambda w, a, b: w.add_(1),
        "pre": lambda w, a, b: a.add_(1).unsqueeze(-1) * b,
        "post": lambda w, a, b: a.unsqueeze(-1) * b.add_(1),
    }.items():
        with pytest.raises(ValueError, match=f"changes {name} in place"):
            rules.average(rule, w.clone(), pre.clone(), post.clone())


# --------------------------------------------------------------------------------- a third factor


@pytest.mark.witness("eq-eligibility", rules.eligibility)
@given(seeds, st.floats(0.3, 9), st.floats(0.05, 1), st.integers(1, 12))
def test_a_signal_turns_the_exponentially_filtered_past_into_a_change(seed, tau, dt, steps):
    w, e = torch.zeros(2, 3, 2, dtype=torch.float64)
    pairs = []
    for t in range(steps):
        _, pre, post = draw(seed + t, 3, 2)
        pairs.append(rules.hebb(w, pre, post))
        e = rules.eligibility(e, pairs[-1], tau, dt)
    past = sum(pair * math.exp(-(steps - 1 - t) * dt / tau) for t, pair in enumerate(pairs))
    torch.testing.assert_close(e, past)
    modulator = draw(seed, 3, 2)[2]
    dw = rules.three_factor(w, *draw(seed, 3, 2)[1:], modulator=modulator, eligibility=e)
    torch.testing.assert_close(dw, modulator * past)


@given(seeds, st.floats(0.3, 9), st.floats(0.1, 2), st.integers(1, 5))
def test_a_steady_flow_into_a_trace_is_solved_whatever_the_length_of_a_step(seed, tau, long, parts):
    e, h = draw(seed, 3, 2)[0], draw(seed + 1, 3, 2)[0]
    exact = e * math.exp(-long / tau) + h * tau * (1 - math.exp(-long / tau))
    dt = long / parts
    for _ in range(parts):
        e = rules.eligibility(e, h * tau * (1 - math.exp(-dt / tau)), tau, dt)
    torch.testing.assert_close(e, exact)


@given(seeds)
def test_traces_of_several_time_constants_are_each_as_if_alone(seed):
    e, pair = draw(seed, 3, 2, 4)[0], draw(seed + 1, 3, 2, 4)[0]
    taus = torch.tensor([0.5, 1.0, 2.0, 4.0], dtype=torch.float64)
    together = rules.eligibility(e, pair, taus.view(-1, 1, 1), 0.5)
    alone = [
        rules.eligibility(a, b, t, 0.5) for a, b, t in zip(e, pair, taus.tolist(), strict=True)
    ]
    torch.testing.assert_close(together, torch.stack(alone))


@given(sizes, sizes, seeds)
def test_a_modulated_rule_is_the_plain_one_times_what_its_receiver_is_told(n_pre, n_post, seed):
    w, pre, post = draw(seed, n_pre, n_post)
    other = draw(seed + 1, n_pre, n_post)[2]
    torch.testing.assert_close(
        rules.modulated_hebb(w, pre, post, modulator=other), rules.hebb(w, pre, post) * other
    )
    torch.testing.assert_close(
        rules.score(w, pre, post, post_mean=other), rules.hebb(w, pre, post - other)
    )
    one_matrix = rules.three_factor(
        w, pre.expand(3, -1), post.expand(3, -1), modulator=other, eligibility=w.expand(3, -1, -1)
    )
    torch.testing.assert_close(one_matrix, (w * other).expand(3, -1, -1))


def test_a_trace_that_does_not_fit_is_refused():
    e = torch.zeros(3, 2)
    with pytest.raises(ValueError, match=r"pair must have the shape of e, \(3, 2\), not \(2, 3\)"):
        rules.eligibility(e, e.T, 1.0)
    with pytest.raises(ValueError, match="tau must be above 0"):
        rules.eligibility(e, e, 0.0)
    with pytest.raises(ValueError, match="eligibility must be a number, or broadcast"):
        rules.three_factor(e, e[:, 0], e[0], modulator=e[0], eligibility=torch.zeros(2, 3))
