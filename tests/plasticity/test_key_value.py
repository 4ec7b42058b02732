"""The delta rule in chunks is the plain loop's, with its gradients; and what it does to traces."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.plasticity import chunks
from hebbnotes.plasticity.stepper import change, declared


def loop(k, v, q, beta, w0=None, keep=1.0):
    """Step by step, by the rules of the package."""
    steps, batch, n = k.shape
    w = k.new_zeros(batch, n, v.shape[-1]) if w0 is None else w0
    beta, keep = (torch.as_tensor(x, dtype=k.dtype).expand(steps, batch) for x in (beta, keep))
    out = []
    for t in range(steps):
        out.append((q[t].unsqueeze(1) @ w).squeeze(1))
        w = keep[t][:, None, None] * w
        drive = (k[t].unsqueeze(1) @ w).squeeze(1)
        w = w + beta[t][:, None, None] * change(rules.delta, w, k[t], v[t], drive=drive)
    return torch.stack(out), w


@st.composite
def written(draw, most=9):
    """Keys, values, queries, rates, a trace to start from, and shares that are kept."""
    steps, batch, n, m = (draw(st.integers(1, top)) for top in (most, 3, 5, 4))
    g = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    k, v, q = (torch.randn(steps, batch, x, generator=g, dtype=torch.double) for x in (n, m, n))
    beta, keep = (torch.rand(steps, batch, generator=g, dtype=torch.double) for _ in range(2))
    keep = torch.where(keep < 0.1, 0.0, keep)  # a gate may shut
    w0 = torch.randn(batch, n, m, generator=g, dtype=torch.double)
    return k / n**0.5, v, q, beta, w0, keep


@pytest.mark.witness("eq-chunked-delta", chunks.delta)
@settings(max_examples=40)
@given(written(), st.integers(1, 10), st.booleans(), st.booleans(), st.booleans())
def test_chunks_are_the_loop_and_so_are_all_gradients(episode, size, starts, gated, one_rate):
    k, v, q, beta, w0, keep = episode
    beta = beta[0, 0] if one_rate else beta
    leaves = [k, v, q, beta, *([w0] if starts else []), *([keep] if gated else [])]
    leaves = [x.clone().requires_grad_() for x in leaves]
    rest = iter(leaves[4:])
    start, gate = next(rest) if starts else None, next(rest) if gated else 1.0
    found = []
    for out, w in (
        loop(*leaves[:4], start, gate),
        chunks.delta(*leaves[:4], start, size, keep=gate),
    ):
        loss = out.pow(3).sum() + (w * w).sum()
        its = torch.autograd.grad(loss, leaves, allow_unused=True)
        its = [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, its, strict=True)]
        found.append([out, w, *its])
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(two, one, rtol=1e-10, atol=1e-10 * (1 + one.abs().max().item()))


def test_gradients_agree_with_finite_differences():
    g = torch.Generator().manual_seed(0)
    k, v, q = (torch.randn(5, 2, n, generator=g, dtype=torch.double) for n in (3, 2, 3))
    beta, keep = (torch.rand(5, 2, generator=g, dtype=torch.double) for _ in range(2))
    w0 = torch.randn(2, 3, 2, generator=g, dtype=torch.double)
    leaves = [x.requires_grad_() for x in (k, v, q, beta, w0, keep)]
    assert torch.autograd.gradcheck(
        lambda k, v, q, beta, w0, keep: chunks.delta(k, v, q, beta, w0, 2, keep=keep), leaves
    )


@given(written(), st.integers(1, 10))
def test_a_step_reads_what_was_written_before_it_and_nothing_later(episode, size):
    k, v, q, beta, w0, keep = episode
    at = len(k) // 2
    poisoned = v.clone()
    poisoned[at:] = 1e3
    out, _ = chunks.delta(k, poisoned, q, beta, w0, size, keep=keep)
    torch.testing.assert_close(
        out[: at + 1],
        loop(k[: at + 1], v[: at + 1], q[: at + 1], beta[: at + 1], w0, keep[: at + 1])[0],
    )


@given(written(), st.integers(1, 10))
def test_episodes_are_written_apart_and_one_goes_on_where_another_call_stopped(episode, size):
    k, v, q, beta, w0, keep = episode
    out, w = chunks.delta(k, v, q, beta, w0, size, keep=keep)
    for b in range(k.shape[1]):
        its = (x[:, b : b + 1] for x in (k, v, q, beta))
        one, end = chunks.delta(*its, w0[b : b + 1], size, keep=keep[:, b : b + 1])
        torch.testing.assert_close(one, out[:, b : b + 1])
        torch.testing.assert_close(end, w[b : b + 1])
    cut = len(k) // 2
    if cut:
        first, middle = chunks.delta(
            k[:cut], v[:cut], q[:cut], beta[:cut], w0, size, keep=keep[:cut]
        )
        rest, end = chunks.delta(
            k[cut:], v[cut:], q[cut:], beta[cut:], middle, size, keep=keep[cut:]
        )
        torch.testing.assert_close(torch.cat([first, rest]), out)
        torch.testing.assert_close(end, w)


def test_single_precision_stays_single_and_nothing_is_changed_in_place():
    k, v = torch.randn(7, 2, 4), torch.randn(7, 2, 3)
    before = k.clone(), v.clone()
    out, w = chunks.delta(k, v, k, 0.2)
    assert out.dtype == w.dtype == torch.float32
    assert torch.equal(k, before[0])
    assert torch.equal(v, before[1])
    torch.testing.assert_close(out, loop(k, v, k, 0.2)[0], rtol=1e-4, atol=1e-5)


class Kept:
    """Counts the numbers that autograd saves."""

    def __init__(self):
        self.numbers = 0

    def __enter__(self):
        def save(x):
            self.numbers += x.numel()
            return x

        self.hooks = torch.autograd.graph.saved_tensors_hooks(save, lambda x: x)
        self.hooks.__enter__()
        return self

    def __exit__(self, *args):
        self.hooks.__exit__(*args)


def test_far_less_is_remembered_than_by_the_loop():
    k = torch.randn(64, 1, 48, requires_grad=True)
    counted = {}
    for name, run in (("loop", loop), ("chunks", chunks.delta)):
        with Kept() as kept:
            run(k, k, k, 0.01)
        counted[name] = kept.numbers
    assert 5 * counted["chunks"] < counted["loop"]


SMALL = [torch.zeros(3, 2, n) for n in (4, 5, 4)]
REFUSED = {
    "k without episodes": (lambda: chunks.delta(torch.zeros(3, 4), *SMALL[1:], 1.0), "k must have"),
    "v of other steps": (
        lambda: chunks.delta(SMALL[0], SMALL[1][:2], SMALL[2], 1.0),
        r"v must have shape \(T=3",
    ),
    "q of another size": (
        lambda: chunks.delta(SMALL[0], SMALL[1], SMALL[1], 1.0),
        r"q must have shape",
    ),
    "beta of another shape": (
        lambda: chunks.delta(*SMALL, torch.ones(2)),
        r"beta must have shape \(T=3, B=2\)",
    ),
    "w0 transposed": (
        lambda: chunks.delta(*SMALL, 1.0, torch.zeros(2, 5, 4)),
        r"w0 must have shape \(B=2, N=4, M=5\)",
    ),
    "no size": (lambda: chunks.delta(*SMALL, 1.0, size=0), "size must be at least 1"),
    "keep of another shape": (
        lambda: chunks.delta(*SMALL, 1.0, keep=torch.ones(3)),
        r"keep must have shape \(T=3, B=2\)",
    ),
}


@pytest.mark.parametrize("name", ["beta", "keep"])
def test_one_rate_of_another_precision_is_refused_and_not_cast(name):
    rates = {"beta": 1.0, name: torch.tensor(0.5, dtype=torch.float16)}
    with pytest.raises(TypeError, match=f"{name} is torch.float16.*nothing is cast"):
        chunks.delta(*SMALL, **rates)
    chunks.delta(*SMALL, **rates | {name: torch.tensor(0.5).to(SMALL[0])})


@pytest.mark.parametrize("keep", [2.0, -0.1])
def test_a_gate_keeps_a_share(keep):
    with pytest.raises(ValueError, match=r"keep must lie in \[0, 1\]"):
        chunks.delta(*SMALL, 1.0, keep=keep)


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    call, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        call()


# ----------------------------------------------------------------------------- what the rule does


@pytest.mark.witness("eq-delta-step", rules.delta)
@given(written(most=1))
def test_the_delta_rule_is_one_step_down_the_gradient_of_the_squared_error(episode):
    k, v, _, beta, w0, _ = episode
    w = w0.clone().requires_grad_()
    drive = (k[0].unsqueeze(1) @ w).squeeze(1)
    loss = (v[0] - drive).square().sum() / 2
    (gradient,) = torch.autograd.grad(loss, w)
    step = change(rules.delta, w0, k[0], v[0], drive=drive.detach())
    torch.testing.assert_close(step, -gradient, rtol=1e-12, atol=1e-12)
    _, after = chunks.delta(k, v, k, beta, w0)
    torch.testing.assert_close(
        after, w0 - beta[0][:, None, None] * gradient, rtol=1e-12, atol=1e-12
    )


@given(written(), st.floats(0, 2))
def test_two_traces_are_never_driven_apart_below_twice_the_largest_safe_rate(episode, power):
    k, v, q, _, w0, _ = episode
    beta = power / k.square().sum(-1)
    other = torch.zeros_like(w0)
    apart = (w0 - other).flatten(1).norm(dim=1)
    one, two = w0, other
    for t in range(len(k)):
        one, two = (
            chunks.delta(k[t : t + 1], v[t : t + 1], q[t : t + 1], beta[t : t + 1], w)[1]
            for w in (one, two)
        )
        now = (one - two).flatten(1).norm(dim=1)
        assert (now <= apart * (1 + 1e-12)).all()
        along = (k[t].unsqueeze(1) @ (one - two)).norm(dim=(1, 2))
        assert (along <= (k[t].norm(dim=1) * apart) + 1e-9).all()
        apart = now


@given(written(), st.floats(0, 2))
def test_the_distance_of_two_traces_shrinks_along_the_key_alone(episode, power):
    k, v, q, _, w0, _ = episode
    beta = power / k[:1].square().sum(-1)
    one = chunks.delta(k[:1], v[:1], q[:1], beta, w0)[1]
    two = chunks.delta(k[:1], v[:1], q[:1], beta)[1]
    unit = k[0] / k[0].norm(dim=1, keepdim=True)
    along = unit.unsqueeze(1) @ w0
    across = w0 - unit.unsqueeze(2) @ along
    torch.testing.assert_close(one - two, across + (1 - power) * unit.unsqueeze(2) @ along)


@pytest.mark.witness("eq-delta-error", rules.delta)
@given(written(most=1), st.floats(0, 3))
def test_a_write_leaves_a_share_of_the_error_of_its_own_pair(episode, rate):
    k, v, _, _, w, _ = episode
    drive = (k[0].unsqueeze(1) @ w).squeeze(1)
    after = w + rate * change(rules.delta, w, k[0], v[0], drive=drive)
    left = 1 - rate * k[0].square().sum(-1, keepdim=True)
    error = (k[0].unsqueeze(1) @ after).squeeze(1) - v[0]
    torch.testing.assert_close(error, left * (drive - v[0]), rtol=1e-10, atol=1e-10)


@given(written())
def test_what_was_just_written_at_rate_one_is_answered_exactly(episode):
    k, v, q, _, w0, _ = episode
    beta = 1 / k.square().sum(-1)
    _, w = chunks.delta(k, v, q, beta, w0)
    torch.testing.assert_close((k[-1].unsqueeze(1) @ w).squeeze(1), v[-1], rtol=1e-8, atol=1e-8)
    again = change(rules.delta, w, k[-1], v[-1], drive=(k[-1].unsqueeze(1) @ w).squeeze(1))
    assert again.abs().max() < 1e-8, "a second write changes nothing"


@given(st.integers(1, 7), st.integers(0, 10_000))
def test_with_orthonormal_keys_hebb_and_delta_answer_every_pair_exactly(pairs, seed):
    g = torch.Generator().manual_seed(seed)
    k = torch.linalg.qr(torch.randn(7, 7, generator=g, dtype=torch.double))[0][:pairs].unsqueeze(1)
    v = torch.randn(pairs, 1, 5, generator=g, dtype=torch.double)
    _, by_delta = chunks.delta(k, v, k, 1.0)
    by_hebb = sum(rules.hebb(0 * by_delta[0], a[0], b[0]) for a, b in zip(k, v, strict=True))
    for w in (by_delta[0], by_hebb):
        torch.testing.assert_close(k[:, 0] @ w, v[:, 0], rtol=0, atol=1e-12)


@given(st.integers(1, 6), st.integers(0, 10_000))
def test_no_matrix_answers_more_independent_values_than_it_has_rows(n, seed):
    g = torch.Generator().manual_seed(seed)
    k = torch.randn(n + 1, n, generator=g, dtype=torch.double)
    v = torch.randn(n + 1, n + 1, generator=g, dtype=torch.double)
    best = torch.linalg.lstsq(k, v).solution
    assert (k @ best - v).norm() > 1e-8, "n + 1 answers have rank n at most"


@pytest.mark.witness("eq-prediction-gain", rules.delta)
@given(written(), st.floats(0.05, 3))
def test_a_gain_of_the_prediction_is_a_rate_of_the_delta_rule(episode, gain):
    k, v, _, beta, w0, _ = episode
    w, scaled = w0, gain * w0
    for t in range(len(k)):
        drive = (k[t].unsqueeze(1) @ w).squeeze(1)
        rate = beta[t][:, None, None]
        w = w + rate * change(rules.delta, w, k[t], v[t], drive=gain * drive)
        drive = (k[t].unsqueeze(1) @ scaled).squeeze(1)
        scaled = scaled + gain * rate * change(rules.delta, scaled, k[t], v[t], drive=drive)
    torch.testing.assert_close(scaled, gain * w, rtol=1e-10, atol=1e-10)


@pytest.mark.witness("eq-gated-delta", rules.gated_delta)
@given(written(), st.integers(1, 10))
def test_the_gated_rule_fades_and_then_writes_what_is_missing(episode, size):
    k, v, q, beta, w0, keep = episode
    w = []
    for e in range(len(w0)):
        w.append(w0[e])
        for t in range(len(k)):
            rule = partial(rules.gated_delta, rate=float(beta[t, e]))
            its = {"drive": k[t, e] @ w[e], "modulator": keep[t, e]}
            w[e] = w[e] + change(rule, w[e], k[t, e], v[t, e], **its)
    w = torch.stack(w)
    torch.testing.assert_close(
        chunks.delta(k, v, q, beta, w0, size, keep=keep)[1], w, rtol=1e-10, atol=1e-10
    )


@given(written(most=1))
def test_an_open_gate_is_the_delta_rule_and_a_shut_one_erases(episode):
    k, v, _, _, w0, _ = episode
    drive = (k[0].unsqueeze(1) @ w0).squeeze(1)
    opened = rules.gated_delta(w0, k[0], v[0], drive=drive, modulator=1.0, rate=0.5)
    torch.testing.assert_close(opened, 0.5 * rules.delta(w0, k[0], v[0], drive=drive))
    shut = rules.gated_delta(w0, k[0], v[0], drive=drive, modulator=torch.zeros_like(v[0]))
    torch.testing.assert_close(w0 + shut, rules.hebb(w0, k[0], v[0]))


@pytest.mark.parametrize("rule", [rules.delta, rules.gated_delta, rules.pre_gated])
def test_each_rule_reads_its_own_synapse_and_what_its_cells_know_alone(rule):
    check.local(rule)
    seen = check.reads(rule, 1, 2)
    assert {*seen.further} == {*declared(rule)}
    assert all(mask[2] for mask in seen.further.values())


def expecting(w, pre, post):
    """The delta rule that computes by itself what its cell expects."""
    return rules.delta(w, pre, post, drive=(pre.unsqueeze(-2) @ w).squeeze(-2))


def test_a_drive_that_the_rule_computes_itself_reads_the_whole_column():
    seen = check.reads(expecting, 1, 2)
    assert seen.w[:, 2].all()
    assert not seen.w[:, :2].any()
    assert seen.pre.all()
    with pytest.raises(AssertionError, match="not local: the synapse"):
        check.local(expecting)


# -------------------------------------------------------------------------- the sender's gate


@pytest.mark.witness("eq-pre-gated", rules.pre_gated)
@given(written(most=1))
def test_a_synapse_subtracts_what_it_brings_itself(episode):
    k, v, _, _, w0, _ = episode
    dw = rules.pre_gated(w0, k[0], v[0])
    for i in range(k.shape[-1]):
        for j in range(v.shape[-1]):
            own = k[0, :, i] * w0[:, i, j]
            torch.testing.assert_close(dw[:, i, j], k[0, :, i] * (v[0, :, j] - own))


@given(written(most=1), st.data())
def test_with_one_active_sender_it_is_the_delta_rule(episode, data):
    k, v, _, _, w0, _ = episode
    one = torch.zeros_like(k[0])
    at = data.draw(st.integers(0, k.shape[-1] - 1))
    one[:, at] = k[0, :, at]
    drive = (one.unsqueeze(1) @ w0).squeeze(1)
    torch.testing.assert_close(
        rules.pre_gated(w0, one, v[0]), rules.delta(w0, one, v[0], drive=drive)
    )


@given(written(most=1))
def test_a_silent_sender_keeps_what_it_holds_and_decay_does_not(episode):
    _, v, _, _, w0, _ = episode
    silent = torch.zeros_like(w0[..., 0])
    assert not rules.pre_gated(w0, silent, v[0]).any()
    torch.testing.assert_close(rules.decay(w0, silent, v[0]), -w0)


@given(written(most=1))
def test_it_is_the_mirror_of_oja(episode):
    k, v, _, _, w0, _ = episode
    torch.testing.assert_close(rules.pre_gated(w0, k[0], v[0]), rules.oja(w0.mT, v[0], k[0]).mT)


@pytest.mark.witness("eq-merge", rules.pre_gated)
@given(written(most=1), st.floats(0.1, 3), st.integers(0, 10_000))
def test_on_codes_of_one_size_decay_oja_and_the_senders_gate_are_one_rule(episode, size, seed):
    k, v, _, _, w0, _ = episode
    g = torch.Generator().manual_seed(seed)

    def signs(like):
        return torch.where(torch.rand(like.shape, generator=g) < 0.5, 1.0, -1.0).to(like)

    pre, post = size * signs(k[0]), signs(v[0])
    torch.testing.assert_close(rules.decay(w0, pre, post), rules.oja(w0, pre, post))
    # its rate is in units of the sender's power
    gated = rules.pre_gated(w0 / size, pre, post) / size
    torch.testing.assert_close(gated, rules.decay(w0, pre / size, post))


@given(written(most=1))
def test_graded_codes_tell_them_apart(episode):
    k, v, _, _, w0, _ = episode
    found = [rule(w0, k[0], v[0]) for rule in (rules.decay, rules.oja, rules.pre_gated)]
    assert all(
        (a - b).abs().max() > 1e-9
        for a, b in ((found[0], found[1]), (found[0], found[2]), (found[1], found[2]))
    )
