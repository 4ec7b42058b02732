"""A trace is read as attention, its gains as heads, and by what addresses it can be asked."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import analysis, check, memories, rules, tasks
from hebbnotes.chapters.fast_weights_and_attention import addresses, attention, silent, sparse
from hebbnotes.chapters.fast_weights_and_attention.measured import audit, costs
from hebbnotes.neurons.facilitation import Facilitation
from hebbnotes.plasticity import chunks
from hebbnotes.plasticity.stepper import change

seeds = st.integers(0, 10_000)
COMMON = [rules.hebb, rules.decay, rules.oja]
CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def pairs(draw, most=7):
    """Queries, keys and values: Q, S, B, n and m of any sizes."""
    several, writes, batch, n, m = (draw(st.integers(1, k)) for k in (3, most, 3, 5, 4))
    g = generator(draw(seeds))
    shapes = (several, batch, n), (writes, batch, n), (writes, batch, m)
    return [torch.randn(shape, generator=g, dtype=torch.double) for shape in shapes]


def asked(q, w):
    return (q.transpose(0, 1) @ w).transpose(0, 1)


# ----------------------------------------------------------------------- traces, as attention


def near(found, wanted):
    """Compare to a part of 1e10 of the largest number."""
    size = 1 + wanted.abs().max().item()
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10 * size)


@pytest.mark.witness("eq-trace-attention", attention.read)
@given(pairs(), st.floats(0.01, 2))
def test_to_ask_a_sum_of_products_is_to_compare_with_its_keys(given_one, eta):
    q, k, v = given_one
    w = torch.zeros(k.shape[1], k.shape[2], v.shape[2], dtype=torch.double)
    for key, value in zip(k, v, strict=True):
        w = w + eta * torch.einsum("bi,bj->bij", key, value)
    torch.testing.assert_close(attention.read(q, k, v, eta), asked(q, w), **CLOSE)
    torch.testing.assert_close(attention.trace(rules.hebb, k, v, eta), w, **CLOSE)
    by_hand = torch.zeros_like(asked(q, w))
    for s in range(len(k)):
        by_hand += eta * (q * k[s]).sum(-1, keepdim=True) * v[s]
    torch.testing.assert_close(by_hand, asked(q, w), **CLOSE)


@pytest.mark.witness("eq-coefficients", attention.coefficients_of)
@given(pairs(), st.sampled_from([*COMMON, rules.CommonForm(torch.abs)]), st.floats(0.01, 1))
def test_a_rule_of_the_common_form_weighs_each_write_by_what_came_later(given_one, rule, eta):
    q, k, v = given_one
    c = attention.coefficients_of(rule, v, eta)
    for s in range(len(v)):
        left = torch.full_like(v[s], eta)
        for r in range(s + 1, len(v)):
            left = left * (1 - eta * rule.forget(v[r]))
        torch.testing.assert_close(c[s], left, **CLOSE)
    w = attention.trace(rule, k, v, eta)
    near(attention.read(q, k, v, c), asked(q, w))


@given(pairs(), st.floats(0.01, 0.99))
def test_hebb_forgets_nothing_and_decay_is_a_gate_that_falls_with_age(given_one, eta):
    _, _, v = given_one
    assert (attention.coefficients_of(rules.hebb, v, eta) == eta).all()
    age = torch.arange(len(v) - 1, -1, -1, dtype=torch.double)[:, None, None]
    found = attention.coefficients_of(rules.decay, v, eta)
    near(found, (eta * (1 - eta) ** age).expand_as(v))


@pytest.mark.witness("eq-coefficients", attention.coefficients_of)
@given(pairs(), st.floats(0.01, 1))
def test_oja_is_a_gate_of_each_receiver_that_its_own_values_set(given_one, eta):
    _, _, v = given_one
    c = attention.coefficients_of(rules.oja, v, eta)
    for s in range(len(v)):
        left = eta * (1 - eta * v[s + 1 :].square()).prod(0)
        torch.testing.assert_close(c[s], left, **CLOSE)
    other = v.clone()
    other[..., 0] += 1
    assert torch.equal(attention.coefficients_of(rules.oja, other, eta)[..., 1:], c[..., 1:])


@pytest.mark.witness("eq-key-gate", attention.key_coefficients)
@given(pairs(), st.floats(0.01, 1))
def test_the_senders_gate_weighs_each_number_of_a_key(given_one, eta):
    q, k, v = given_one
    c = attention.key_coefficients(k, eta)
    for s in range(len(k)):
        torch.testing.assert_close(c[s], (1 - eta * k[s + 1 :].square()).prod(0), **CLOSE)
    w = attention.trace(rules.pre_gated, k, v, eta)
    near(attention.read(q, k, v, eta, c), asked(q, w))


@given(pairs(), st.floats(0.01, 1))
def test_a_free_gate_that_all_share_is_gated_decay(given_one, eta):
    q, k, v = given_one
    keep = torch.rand(len(k), generator=generator(0), dtype=torch.double)
    w = torch.zeros(k.shape[1], k.shape[2], v.shape[2], dtype=torch.double)
    for t in range(len(k)):
        w = keep[t] * w + eta * torch.einsum("bi,bj->bij", k[t], v[t])
    c = torch.stack([eta * keep[s + 1 :].prod() for s in range(len(k))])[:, None, None]
    torch.testing.assert_close(attention.read(q, k, v, c), asked(q, w), **CLOSE)


@pytest.mark.witness("eq-heads", attention.read_heads)
@given(pairs(), st.integers(1, 4), st.sampled_from(COMMON), seeds)
def test_gains_are_as_many_gated_heads_as_they_have_ranks(given_one, rank, rule, seed):
    q, k, v = given_one
    g, (n, m) = generator(seed), (k.shape[2], v.shape[2])
    rank = min(rank, n, m)
    alpha = torch.randn(n, rank, generator=g, dtype=torch.double) @ torch.randn(
        rank, m, generator=g, dtype=torch.double
    )
    c = attention.coefficients_of(rule, v, 0.3)
    gained = asked(q, alpha * attention.trace(rule, k, v, 0.3))
    found = attention.read_heads(q, k, v, alpha, coefficients=c)
    near(found, gained)
    sigma, a, b = analysis.heads(alpha)
    by_hand = sum(
        s * y * attention.read(q * x, k, v, c) for s, x, y in zip(sigma, a, b, strict=True)
    )
    near(by_hand, gained)


@pytest.mark.witness("eq-softmax-values", attention.read_softmax)
@given(pairs(), st.floats(0, 5))
def test_softmax_is_the_modern_step_with_values_that_are_not_the_keys(given_one, beta):
    q, k, v = given_one
    for b in range(k.shape[1]):
        step = memories.modern_step(k[:, b], q[:, b], beta)
        found = attention.read_softmax(q, k, k, beta)[:, b]
        torch.testing.assert_close(found, step, **CLOSE)
    share = torch.einsum("qbn,sbn->qbs", beta * q, k).exp()
    share = share / share.sum(-1, keepdim=True)
    wanted = torch.einsum("qbs,sbm->qbm", share, v)
    torch.testing.assert_close(attention.read_softmax(q, k, v, beta), wanted, **CLOSE)


@given(pairs())
def test_without_a_bias_softmax_has_no_order_and_with_a_strong_one_takes_the_newest(given_one):
    q, k, v = given_one
    turned = attention.read_softmax(q, k.flip(0), v.flip(0), 0.7)
    torch.testing.assert_close(attention.read_softmax(q, k, v, 0.7), turned, **CLOSE)
    recent = 1e3 * torch.arange(len(k), dtype=torch.double)
    newest = attention.read_softmax(q, k, v, 0.1, recent)
    torch.testing.assert_close(newest, v[-1:].expand_as(newest), rtol=1e-6, atol=1e-6)


@pytest.mark.witness("eq-fading-sign", rules.decay)
@given(pairs(), st.floats(0.01, 0.5), st.integers(0, 60))
def test_to_fade_in_silence_changes_no_sign(given_one, eta, steps):
    q, k, v = given_one
    w = faded = attention.trace(rules.decay, k, v, eta)
    nothing = torch.zeros_like(k[0]), torch.zeros_like(v[0])
    for _ in range(steps):
        faded = faded + eta * change(rules.decay, faded, *nothing)
    near(faded, (1 - eta) ** steps * w)
    clear = asked(q, w).abs() > 1e-9  # beyond rounding
    assert torch.equal(asked(q, faded).sign()[clear], asked(q, w).sign()[clear])


@pytest.mark.witness("eq-sender-only", Facilitation)
@given(seeds, st.integers(1, 8))
def test_what_reads_the_sender_alone_is_the_same_whatever_receivers_do(seed, steps):
    g = generator(seed)
    pre, post = ((torch.rand(steps, 2, 4, generator=g) < 0.5).double() for _ in range(2))
    its = Facilitation()
    u = [its.start(2, 4, dtype=torch.double) for _ in range(2)]
    order = torch.randperm(4, generator=g)
    hebb = [attention.trace(rules.hebb, pre, p, 1.0) for p in (post, post[..., order])]
    for t in range(steps):
        u = [its.step(one, pre[t], 0.1) for one in u]
    assert torch.equal(*u), "bit for bit: it is given no receiver"
    near(hebb[1], hebb[0][..., order])


# ------------------------------------------------------------------------------------ the addresses


@settings(max_examples=20)
@given(seeds, st.sampled_from([(8, 2, 3), (8, 4, 2), (6, 1, 4)]))
def test_answers_are_what_traces_with_gains_say(seed, sizes):
    task, g = tasks.Addresses(*sizes), generator(seed)
    e = task.sample(4, g)
    alpha = torch.randn(2, task.d, task.d, generator=g)
    out = addresses.answers(e, alpha)
    for s, b in torch.cartesian_prod(torch.arange(2), torch.arange(4)).tolist():
        w = attention.trace(rules.hebb, e.keys, e.values, 1.0)[b]
        wanted = e.queries[0, b] @ (alpha[s] * w) / task.size
        torch.testing.assert_close(out[s, b], wanted, rtol=1e-4, atol=1e-4)
    wrong = tasks.wrong_bits(out[1], e.target[0])
    errors = addresses.errors_of(out, e)[1]
    torch.testing.assert_close(errors.mean(), wrong.mean())
    torch.testing.assert_close(errors[0], wrong[:, : task.size].mean())


@given(st.integers(1, 4), st.integers(1, 3), seeds)
def test_gains_of_groups_are_means_and_spread_is_their_inverse(groups, size, seed):
    m = torch.randn(groups, groups, generator=generator(seed), dtype=torch.double)
    alpha = addresses.spread(m, size)
    torch.testing.assert_close(addresses.gains_of(alpha, groups), m)
    assert torch.linalg.matrix_rank(alpha) == torch.linalg.matrix_rank(m)


def contrasts(groups, several, seed):
    if not several:
        return None
    x = torch.randn(groups, several, generator=generator(seed), dtype=torch.double)
    return torch.linalg.qr(x - x.mean(0))[0].T


@pytest.mark.witness("eq-squared-addresses", addresses.optimum)
@given(st.integers(2, 6), st.integers(2, 5), st.data(), seeds)
def test_all_contrasts_are_as_good_and_no_gains_of_that_rank_are_better(
    groups, several, data, seed
):
    task = tasks.Addresses(d=groups * 5, groups=groups, pairs=several)
    heads = data.draw(st.integers(1, groups))
    one, two = (addresses.optimum(task, contrasts(groups, heads - 1, s)) for s in (seed, seed + 1))
    assert torch.linalg.matrix_rank(one) == heads
    least = addresses.squared_loss(one, task)
    assert addresses.squared_loss(two, task) == pytest.approx(least, abs=1e-12)
    g, (alike, crosstalk) = generator(seed), addresses._moments(task)
    own = alike + crosstalk * torch.eye(groups, dtype=torch.double)
    for scale in (0.01, 0.3, 10.0):  # any columns, and the rows that are best with them
        left = torch.linalg.svd(one)[0][:, :heads]
        left = left + scale * torch.randn(left.shape, generator=g, dtype=torch.double)
        right = torch.linalg.solve(left.T @ own @ left, left.T @ alike)
        assert addresses.squared_loss(left @ right, task) >= least - 1e-9


@given(st.integers(2, 6), st.integers(2, 5), seeds)
def test_each_head_but_the_first_lowers_the_least_squared_loss_by_the_same(groups, several, seed):
    task = tasks.Addresses(d=groups * 3, groups=groups, pairs=several)
    least = [
        addresses.squared_loss(addresses.optimum(task, contrasts(groups, heads, seed)), task)
        for heads in range(groups)
    ]
    steps = [a - b for a, b in pairwise(least)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=1e-12)
    same = 1 - 1 / several
    assert steps[0] == pytest.approx(same**2 / (same + (several - 1) / 3) / groups)


@pytest.mark.parametrize("name", addresses.BY_HAND)
def test_the_squared_loss_is_what_episodes_have_in_the_mean(name):
    task = tasks.Addresses(d=32, groups=4, pairs=3)
    m = torch.tensor(addresses.BY_HAND[name], dtype=torch.float32) / 4
    e = task.sample(10_000, generator(1))
    out = addresses.answers(e, addresses.spread(m, task.size))
    found = (out - e.target[0]).square().mean().item()
    assert found == pytest.approx(addresses.squared_loss(m, task), rel=0.04)


def test_gains_made_by_hand_have_the_ranks_that_are_told():
    ranks = {
        name: int(torch.linalg.matrix_rank(torch.tensor(m, dtype=torch.double)))
        for name, m in addresses.BY_HAND.items()
    }
    assert ranks == {
        "flat": 1,
        "blocks": 4,
        "one served": 1,
        "simplex": 3,
        "one served, the rest flat": 2,
        "shared": 3,
    }


def test_trained_gains_have_their_rank_and_each_is_trained_as_if_alone():
    task = tasks.Addresses(d=8, groups=2, pairs=2)
    each = [addresses.One(1, 0.01), addresses.One(None, 0.1, "squared"), addresses.One(2, 0.05)]
    how = {"updates": 30, "batch": 8}
    together = addresses.train(task, each, 0, **how)
    assert torch.linalg.matrix_rank(together[0]) == 1
    assert torch.linalg.matrix_rank(together[2]) == 2
    alone = addresses.train(task, [each[1]], 0, **how)  # draws the same where ranks are as many
    assert alone.shape == (1, 8, 8)
    again = addresses.train(task, [each[2], each[1]], 0, **how)
    torch.testing.assert_close(again[0], together[2], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(again[1], together[1], rtol=1e-4, atol=1e-5)


def test_a_rank_buys_an_address_and_sharpness_does_not():
    task = tasks.Addresses(d=32, groups=2, pairs=3)
    each = [addresses.One(1, 0.03), addresses.One(2, 0.03), addresses.One(None, 0.03)]
    alphas = addresses.train(task, each, 0, updates=150, batch=32)
    e = task.sample(2000, generator(9))
    one, two, full = addresses.errors_of(addresses.answers(e, alphas), e).mean(1).tolist()
    assert two < one / 2
    assert full < one / 2
    for beta in (0.05, 0.5, 4.0):
        assert addresses.errors_of(addresses.by_softmax(e, beta), e).mean() > 2 * two
    assert addresses.errors_of(addresses.by_softmax(e, 1.0, told=True), e).mean() < two


# ------------------------------------------------------------------------- sparse and silent


@given(pairs(), st.sampled_from([*sparse.RULES]), st.floats(0.1, 1))
def test_what_is_written_is_written_by_the_rule(given_one, name, rate):
    task = tasks.Rebinding(keys=2, rounds=2, active=2, n_bits=6)
    e = task.sample(2, generator(int(rate * 1000)))
    found = sparse.written(sparse.RULES[name], e, task, rate)
    w = torch.zeros_like(found)
    for key, value in zip(e.keys, e.values, strict=True):
        drive = (key.unsqueeze(1) @ w).squeeze(1)
        w = w + rate / 2 * change(sparse.RULES[name], w, key, value, drive=drive)
    torch.testing.assert_close(found, w)


@given(pairs(most=1), st.floats(0, 2))
def test_a_share_of_none_is_hebb_and_of_all_is_delta(given_one, share):
    _, k, v = given_one
    w = torch.randn(k.shape[1], k.shape[2], v.shape[2], generator=generator(1), dtype=torch.double)
    drive = (k[0].unsqueeze(1) @ w).squeeze(1)

    def dw(share):
        none = torch.zeros_like(drive)
        return sparse.subtracting(w, k[0], v[0], drive=drive, noise=none, share=share)

    torch.testing.assert_close(dw(0.0), rules.hebb(w, k[0], v[0]))
    torch.testing.assert_close(dw(1.0), rules.delta(w, k[0], v[0], drive=drive))
    torch.testing.assert_close(dw(share), (1 - share) * dw(0.0) + share * dw(1.0))


@given(pairs(), st.integers(0, 1000))
def test_noise_of_the_expectation_is_handed_over_and_taken_off(given_one, seed):
    _, k, v = given_one
    noise = torch.randn(v.shape, generator=generator(seed), dtype=v.dtype)
    found = attention.trace(sparse.subtracting, k, v, 0.3, noise=noise)
    wanted = attention.trace(rules.delta, k, v - noise, 0.3)
    torch.testing.assert_close(found, wanted)
    quiet = attention.trace(sparse.subtracting, k, v, 0.3)
    torch.testing.assert_close(quiet, attention.trace(rules.delta, k, v, 0.3))
    with pytest.raises(ValueError, match="noise must have shape"):
        attention.trace(sparse.subtracting, k, v, 0.3, noise=noise[:, :, :0])


def test_what_is_subtracted_is_no_number_of_another_synapse():
    check.local(sparse.subtracting)
    assert {*check.reads(sparse.subtracting, 1, 2).further} == {"drive", "noise"}


@pytest.mark.witness("eq-key-capacity", sparse.hebb_error)
@pytest.mark.parametrize("several", [8, 24, 64])
def test_hebb_errs_as_often_as_the_noise_of_the_other_pairs_says(several):
    task = tasks.Rebinding(keys=several, rounds=1, n_bits=64)
    found = sparse.errors_of(rules.hebb, task, 1.0, 100, generator(several))
    n = 100 * several * 64
    expected = sparse.hebb_error(several, 64)
    # 5 standard deviations of independent bits, and what the binomial adds to the normal
    assert abs(found - expected) < 5 * (expected / n) ** 0.5 + 0.03 * expected + 1e-4


def test_softmax_holds_all_pairs_of_keys_that_differ():
    task = tasks.Rebinding(keys=64, rounds=1, n_bits=32)
    assert sparse.errors_of("softmax", task, 32.0, 10, generator()) == 0
    with pytest.raises(ValueError, match="rule must be one of 'softmax'"):
        sparse.errors_of("attention", task, 32.0, 10, generator())


def test_facilitation_brings_back_what_was_stored_and_nothing_new():
    its = silent.Assemblies(n=200, size=20, stored=5)
    ends = {
        (stored, way): (
            silent.recalled(its, silent.Cued(stored=stored, **{way: x}), 0.5, 100, generator(3))[
                :, -1
            ]
            >= 0.8
        )
        .double()
        .mean()
        .item()
        for stored in (True, False)
        for way, x in (("facilitates", True), ("strength", 4.0))
    }
    assert ends[True, "facilitates"] > 0.8
    assert ends[False, "facilitates"] == 0
    assert ends[False, "strength"] > 0.8


def test_a_silence_without_end_leaves_what_a_network_without_a_cue_does():
    its = silent.Assemblies(n=100, size=10, stored=4)
    cued = silent.recalled(its, silent.Cued(facilitates=True), 1e3, 50, generator(0))
    nothing = silent.recalled(its, silent.Cued(), 1e3, 50, generator(0))
    assert torch.equal(cued, nothing)


def test_a_settled_assembly_is_that_of_a_plain_matrix():
    its, g = silent.Assemblies(n=60, size=6, stored=3, steps=1), generator(4)
    found = silent.recalled(its, silent.Cued(stored=False, strength=2.0), 0.0, 5, g)
    g = generator(4)
    stored, new, start = (silent._sets(5, k, its, g) for k in (3, 1, 1))
    w = torch.einsum("bai,baj->bij", stored, stored) + 2 * torch.einsum("bai,baj->bij", new, new)
    w.diagonal(dim1=1, dim2=2).zero_()
    drive = 0.2 * (start @ w).squeeze(1) + 1e-3 * torch.rand(5, 60, generator=g)
    y = torch.zeros_like(drive).scatter_(-1, drive.topk(6).indices, 1.0)
    torch.testing.assert_close(found, (torch.cat([stored, new], 1) @ y.unsqueeze(-1))[..., 0] / 6)


# -------------------------------------------------------------------------------- audit and costs


def test_every_rule_is_local_but_the_one_that_computes_its_drive():
    verdicts = audit.audit()
    assert {name for name, one in verdicts.items() if not one.local} == {
        "delta, computes its drive"
    }
    assert verdicts["delta, computes its drive"].foreign == {"weights": 3, "senders": 3}
    assert verdicts["pre-gated"].own == ("weight", "sender", "receiver")
    assert "drive" in verdicts["delta"].own
    assert {"drive", "modulator"} <= {*verdicts["gated delta"].own}
    for name, rule in audit.AUDITED.items():
        if verdicts[name].local:
            check.local(rule)
        else:
            with pytest.raises(AssertionError, match="not local"):
                check.local(rule)


@given(pairs(most=1))
def test_the_two_ways_to_write_the_delta_rule_give_the_same_numbers(given_one):
    _, k, v = given_one
    w = torch.randn(k.shape[1], k.shape[2], v.shape[2], generator=generator(1), dtype=torch.double)
    drive = (k[0].unsqueeze(1) @ w).squeeze(1)
    handed = change(rules.delta, w, k[0], v[0], drive=drive)
    torch.testing.assert_close(change(audit.expecting, w, k[0], v[0]), handed)


def test_costs_are_of_ways_that_answer_alike():
    g = generator(0)
    k, v, q = (torch.randn(9, 2, 4, generator=g, dtype=torch.double) for _ in range(3))
    delta = costs.WAYS["delta, loop"](k, v, q)
    torch.testing.assert_close(costs.WAYS["delta, chunks"](k, v, q), delta, **CLOSE)
    torch.testing.assert_close(chunks.delta(k, v, q, 0.1)[0], delta, **CLOSE)
    hebb = costs.WAYS["Hebb, loop"](k, v, q)
    torch.testing.assert_close(hebb[8], attention.read(q[8:], k[:8], v[:8], 0.1)[0], **CLOSE)
    softmax = costs.WAYS["softmax"](k, v, q)
    torch.testing.assert_close(costs.WAYS["softmax, at once"](k, v, q), softmax, **CLOSE)
    torch.testing.assert_close(softmax[8], attention.read_softmax(q[8:], k[:8], v[:8])[0], **CLOSE)
    assert costs.numbers_held("softmax", 32, 64) == costs.numbers_held("delta, loop", 32, 64)
    assert costs.products("softmax", 32, 64) == costs.products("Hebb, loop", 32, 64) / 2
    assert costs.seconds("Hebb, loop", 3, 4, 2, g, least=0.0) > 0


REFUSED = {
    "rule": (
        lambda: attention.coefficients_of(rules.pre_gated, torch.zeros(2, 1, 3), 0.1),
        TypeError,
        "rule must be of the common form",
    ),
    "v": (
        lambda: attention.read(torch.zeros(1, 2, 3), torch.zeros(4, 2, 3), torch.zeros(3, 2, 3)),
        ValueError,
        r"v must have shape \(S=4",
    ),
    "eta": (
        lambda: attention.key_coefficients(torch.zeros(2, 1, 3), 0.0),
        ValueError,
        "eta must be above 0",
    ),
    "coefficients": (
        lambda: attention.read(*(torch.zeros(2, 2, 3),) * 3, torch.ones(3, 1, 1)),
        ValueError,
        "coefficients must be a number, or broadcast to the shape of v",
    ),
    "contrasts": (
        lambda: addresses.optimum(tasks.Addresses(), torch.ones(1, 4) / 2),
        ValueError,
        "contrasts must be orthonormal",
    ),
    "loss": (
        lambda: addresses.train(
            tasks.Addresses(), [addresses.One(1, 0.1, "cubic")], 0, updates=1, batch=1
        ),
        ValueError,
        "loss must be one of",
    ),
    "delay": (
        lambda: silent.recalled(silent.Assemblies(), silent.Cued(), -1.0, 2, generator()),
        ValueError,
        "delay must be a finite",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: silent.Assemblies(n=10, size=11), ValueError, "size must be at most 10"),
        (lambda: silent.Assemblies(stored=2.5), TypeError, "stored must be an integer"),
        (lambda: silent.Assemblies(tau=0), ValueError, "tau must be above 0"),
        (lambda: silent.Assemblies(synapse=0.2), TypeError, "synapse must be of type Facil"),
        (lambda: silent.Cued(strength=-1.0), ValueError, "strength must be a finite number in"),
        (lambda: silent.Cued(stored=1), TypeError, "stored must be True or False"),
        (
            lambda: silent.recalled(
                silent.Assemblies(stored=0), silent.Cued(), 0.0, 2, torch.Generator()
            ),
            ValueError,
            "its.stored must be 1 or more where a stored assembly is cued",
        ),
        (
            lambda: silent.recalled(silent.Assemblies(), silent.Cued(), -1.0, 2, torch.Generator()),
            ValueError,
            "delay must be a finite number in",
        ),
    ],
)
def test_a_silent_memory_that_cannot_be_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_new_assembly_is_cued_where_none_is_stored():
    its = silent.Assemblies(n=30, size=5, stored=0)
    found = silent.recalled(its, silent.Cued(stored=False), 1.0, 2, torch.Generator())
    assert found.shape == (2, 1)
