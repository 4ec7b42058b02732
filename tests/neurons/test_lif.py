"""Spiking cells that gradients pass through: spikes, thresholds that adapt, synapses that learn."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import rules
from hebbnotes.neurons import lif
from hebbnotes.neurons.lif import LIFState, run_lif, spike

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)


def normal(seed, *shape):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=g, dtype=DOUBLE)


@pytest.mark.witness("eq-surrogate", lif.spike)
@given(seeds, st.floats(0, 30))
def test_forward_is_a_step_and_backward_its_surrogate(seed, beta):
    v = torch.cat([normal(seed, 9), torch.zeros(1, dtype=DOUBLE)]).requires_grad_()
    s = spike(v, beta)
    assert torch.equal(s, (v >= 0).double())
    weight = normal(seed + 1, 10)
    (gradient,) = torch.autograd.grad((s * weight).sum(), v)
    torch.testing.assert_close(gradient, weight / (1 + beta * v.detach().abs()) ** 2)
    mirrored = (-v).detach().requires_grad_()
    (other,) = torch.autograd.grad((spike(mirrored, beta) * weight).sum(), mirrored)
    torch.testing.assert_close(gradient, other)  # even, and largest at the threshold
    assert gradient[-1] == weight[-1]


@st.composite
def cells(draw):
    n, steps, batch = draw(st.integers(1, 4)), draw(st.integers(1, 8)), draw(st.integers(1, 3))
    seed = draw(seeds)
    drive = normal(seed, steps, batch, n)
    tau, slow = (2 + 20 * normal(seed + k, n).sigmoid() for k in (1, 2))
    return drive, normal(seed + 3, n, n), tau, slow, normal(seed + 4, n).sigmoid()


def by_hand(drive, w, tau, slow, adaptation):
    steps, batch, n = drive.shape
    out, thresholds = torch.zeros_like(drive), torch.zeros_like(drive)
    for e in range(batch):
        v, s, a = [0.0] * n, [0.0] * n, [0.0] * n
        for t in range(steps):
            arriving = list(s)
            for j in range(n):
                v[j] *= math.exp(-1 / tau[j]) * (1 - arriving[j])
                v[j] += float(drive[t, e, j]) + sum(arriving[i] * float(w[i, j]) for i in range(n))
                thresholds[t, e, j] = 1 + float(adaptation[j]) * a[j]
                s[j] = float(v[j] >= thresholds[t, e, j])
                a[j] = math.exp(-1 / slow[j]) * a[j] + s[j]
                out[t, e, j] = s[j]
    return out


@given(cells())
def test_a_run_is_what_a_plain_loop_makes_of_it(made):
    drive, w, tau, slow, adaptation = made
    spikes, state = run_lif(drive, w, tau, adaptation=adaptation, tau_adaptation=slow)
    assert torch.equal(spikes, by_hand(*made))
    assert torch.equal(state.s, spikes[-1])
    assert (state.w, state.trace) == (None, None)
    cut = len(drive) // 2
    if cut:
        first, middle = run_lif(drive[:cut], w, tau, adaptation=adaptation, tau_adaptation=slow)
        second, end = run_lif(
            drive[cut:], w, tau, adaptation=adaptation, tau_adaptation=slow, state=middle
        )
        assert torch.equal(torch.cat([first, second]), spikes)
        torch.testing.assert_close(end.a, state.a)


@given(cells(), st.integers(1, 3))
def test_several_networks_at_once_are_each_by_itself(made, several):
    drive, w, tau, slow, adaptation = made
    many = torch.stack([drive * (k + 1) for k in range(several)], 1)
    each = torch.stack([w * k for k in range(several)])
    taus = torch.stack([tau + k for k in range(several)]).unsqueeze(1)
    spikes, _ = run_lif(many, each, taus, adaptation=adaptation, tau_adaptation=slow)
    for k in range(several):
        alone, _ = run_lif(
            many[:, k], each[k], taus[k, 0], adaptation=adaptation, tau_adaptation=slow
        )
        assert torch.equal(spikes[:, k], alone)


def intervals(drive, strength, tau, slow=100.0, steps=400):
    x = torch.full((steps, 1, 1), drive, dtype=DOUBLE)
    w = torch.zeros(1, 1, dtype=DOUBLE)
    spikes, _ = run_lif(x, w, tau, adaptation=strength, tau_adaptation=slow)
    return spikes.flatten().nonzero().flatten().diff()


@pytest.mark.witness("eq-adaptive-threshold", lif.run_lif)
@given(st.floats(0.2, 0.8), st.floats(0.05, 1.0), st.floats(8, 50))
def test_a_threshold_that_adapts_lengthens_intervals_under_constant_drive(drive, strength, tau):
    steady, longer = intervals(drive, 0.0, tau), intervals(drive, strength, tau)
    assert steady.unique().numel() == 1
    assert len(longer) < len(steady)
    assert longer[0] >= steady[0]
    assert longer[-1] > steady[-1]
    rising = longer[: max(1, len(longer) // 2)]
    assert bool((rising.diff() >= -1).all())  # but for whole steps


def test_the_trace_is_the_sum_of_faded_spikes():
    x = 0.5 * torch.ones(30, 1, 1, dtype=DOUBLE)
    w = torch.zeros(1, 1, dtype=DOUBLE)
    spikes, state = run_lif(x, w, 10.0, adaptation=0.3, tau_adaptation=20.0)
    ages = torch.arange(29, -1, -1, dtype=DOUBLE)
    torch.testing.assert_close(state.a.squeeze(), (spikes.flatten() * torch.exp(-ages / 20)).sum())


def test_gradients_reach_weights_time_constants_and_adaptation():
    drive = normal(1, 20, 3, 4).abs()
    its = [normal(2, 4, 4), *(torch.full((4,), x, dtype=DOUBLE) for x in (10.0, 0.5, 50.0))]
    for one in its:
        one.requires_grad_()
    w, tau, strength, slow = its
    spikes, _ = run_lif(drive, w, tau, adaptation=strength, tau_adaptation=slow)
    for gradient in torch.autograd.grad((spikes * normal(3, *spikes.shape)).sum(), its):
        assert bool(torch.isfinite(gradient).all())
        assert bool(gradient.ne(0).any())


@given(cells(), seeds)
def test_the_loops_gradient_is_that_of_every_single_spike(made, seed):
    drive, w, tau, slow, adaptation = made
    its = [one.clone().requires_grad_() for one in (drive, w, tau, slow, adaptation)]
    weight, ends = normal(seed, *drive.shape), normal(seed + 1, 2, *drive.shape[1:])
    start = LIFState(*(one.requires_grad_() for one in normal(seed + 2, 3, *drive.shape[1:])))

    def gradients(**rule):
        x, w, tau, slow, strength = its
        how = {"adaptation": strength, "tau_adaptation": slow, "state": start}
        spikes, state = run_lif(x, w, tau, **how, **rule)
        total = (spikes * weight).sum() + (state.v * ends[0] + state.a * ends[1]).sum()
        return torch.autograd.grad(total, [*its, *start[:3]])

    by_hand = gradients(rule=rules.stdp, eta=0.0)  # through spike, step by step
    for one, two in zip(gradients(), by_hand, strict=True):
        torch.testing.assert_close(one, two)


@given(cells(), st.floats(0.001, 0.2))
def test_spikes_teach_through_the_one_stepper(made, eta):
    drive, w, tau, slow, adaptation = made
    how = {"adaptation": adaptation, "tau_adaptation": slow}
    spikes, state = run_lif(drive, w, tau, **how, rule=rules.stdp, eta=eta)
    lam = torch.exp(-1 / tau)
    for e in range(drive.shape[1]):
        learned, trace = w.clone(), torch.zeros_like(tau)
        arriving = torch.zeros_like(tau)
        v, a = torch.zeros_like(tau), torch.zeros_like(tau)
        for t in range(len(drive)):
            v = lam * v * (1 - arriving) + drive[t, e] + arriving @ learned
            s = (v >= 1 + adaptation * a).double()
            a = torch.exp(-1 / slow) * a + s
            trace = lam * trace
            learned = learned + eta * rules.stdp(
                learned, trace, trace, pre_spikes=arriving, post_spikes=s
            )
            trace, arriving = trace + s, s
            assert torch.equal(spikes[t, e], s)
        torch.testing.assert_close(state.w[e], learned)
        torch.testing.assert_close(state.trace[e], trace)
    still, end = run_lif(drive, w, tau, **how, rule=rules.stdp, eta=0.0)
    assert torch.equal(still, run_lif(drive, w, tau, **how)[0])
    torch.testing.assert_close(end.w, w.expand_as(end.w))


X, W = torch.zeros(3, 2, 4), torch.zeros(4, 4)
ZERO = X[0]
TAUGHT = LIFState(ZERO, ZERO, ZERO, W.expand(2, 4, 4), ZERO)
BAD = ZERO / 0


def test_weights_that_have_learned_are_not_forgotten_in_silence():
    x = torch.full((40, 2, 4), 0.3)
    _, learned = run_lif(x, W, 5.0, rule=rules.hebb, eta=0.1)
    assert learned.w.any()
    with pytest.raises(ValueError, match="go on with the rule and eta=0"):
        run_lif(x, W, 5.0, state=learned)
    _, kept = run_lif(x, W, 5.0, state=learned, rule=rules.hebb, eta=0.0)
    assert torch.equal(kept.w, learned.w)
    _, anew = run_lif(x, W, 5.0, state=learned._replace(w=None, trace=None))
    assert anew.w is None


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: run_lif(X, W, -1.0), ValueError, "tau must be 0 or more"),
        (lambda: run_lif(X, W, torch.ones(3)), ValueError, "tau must be a number, or broadcast"),
        (lambda: run_lif(X, W, 5.0, state=(X, X)), TypeError, "state must be of type LIFState"),
        (
            lambda: run_lif(X, W, 5.0, state=LIFState(*[torch.zeros(1, 4)] * 3)),
            ValueError,
            r"state.v must have shape \(2, 4\)",
        ),
        *(
            (
                lambda name=name: run_lif(X, W, 5.0, state=TAUGHT._replace(**{name: BAD}, w=None)),
                ValueError,
                f"state.{name} holds NaN",
            )
            for name in ("v", "s", "a")
        ),
        *(
            (
                lambda its=its: run_lif(X, W, 5.0, state=TAUGHT._replace(**its), rule=rules.hebb),
                ValueError,
                told,
            )
            for its, told in (
                ({"w": W}, r"state.w must have shape \(B=2, n=4, n=4\)"),
                ({"w": W.expand(2, 4, 4) / 0}, "state.w holds NaN"),
                ({"trace": X[0, :1]}, r"state.trace must have shape \(B=2, n=4\)"),
                ({"trace": BAD}, "state.trace holds NaN"),
            )
        ),
        (lambda: run_lif(X, W.expand(2, 4, 4), 5.0), ValueError, "where no rule teaches"),
        (
            lambda: run_lif(X.unsqueeze(1), W.unsqueeze(0), 5.0, rule=rules.hebb),
            ValueError,
            "one network alone",
        ),
        (lambda: run_lif(X, W, 5.0, rule=rules.bcm), TypeError, "bcm declares threshold"),
        (lambda: run_lif(X, W, 5.0, rule="hebb"), TypeError, "rule must be a function"),
        (lambda: spike(X, -1.0), ValueError, "beta must be"),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(call, error, told):
    with pytest.raises(error, match=told):
        call()
