"""The networks: their equations, gradients and state, and the errors of their interface."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import PlasticLinear, PlasticRNN, ScaledIdentity, State, networks, rules, run, run_layer

ALL = [rules.hebb, rules.decay, rules.oja]
seeds = st.integers(0, 10_000)


def episode(seed, steps=5, batch=2, n=3, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=g, dtype=dtype)

    clamp = torch.rand(steps, batch, n, generator=g) < 0.3
    state = State(draw(batch, n).tanh(), 0.3 * draw(batch, n, n))
    return draw(steps, batch, n), draw(n, n), draw(n, n), state, clamp


@pytest.mark.witness("eq-activity", networks.run)
@given(seeds, st.sampled_from(ALL))
def test_the_activity_follows_the_equation_summed_by_hand(seed, rule):
    x, w, alpha, (y, hebb), _ = episode(seed)
    output, _ = networks.run(x, w, alpha, 0.2, rule, State(y, hebb))
    y, hebb, n = y.numpy().copy(), hebb.numpy().copy(), 3
    for t in range(5):
        before = y.copy()
        for b in range(2):
            for j in range(n):
                drive = sum((w[i, j] + alpha[i, j] * hebb[b, i, j]) * before[b, i] for i in range(n)) + x[t, b, j]
                y[b, j] = math.tanh(drive)
            for i in range(n):
                for j in range(n):
                    change = before[b, i] * y[b, j] - float(rule.forget(torch.tensor(y[b, j]))) * hebb[b, i, j]
                    hebb[b, i, j] += 0.2 * change
        np.testing.assert_allclose(output[t].numpy(), y, rtol=1e-10)


@pytest.mark.witness("eq-trace", rules.decay)
@given(seeds, st.integers(1, 8), st.floats(0, 1))
def test_the_trace_is_the_weighted_sum_of_products_of_successive_activities(seed, steps, eta):
    x, w, alpha, start, clamp = episode(seed, steps)
    output, state = run(x, w, alpha, eta, rules.decay, start, clamp)
    activity = torch.cat([start.y[None], output])
    expected = (1 - eta) ** steps * start.hebb
    for s in range(steps):
        expected = expected + eta * (1 - eta) ** (steps - 1 - s) * activity[s][:, :, None] * activity[s + 1][:, None, :]
    torch.testing.assert_close(state.hebb, expected)


def test_who_fires_first_is_the_sender():
    x = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    _, state = run(x, 0.0, None, 1.0, rules.hebb, clamp=torch.ones_like(x, dtype=torch.bool))
    assert state.hebb[0].tolist() == [[0, 1], [0, 0]]


@given(seeds, st.sampled_from(ALL))
def test_numbers_and_scaled_identities_stand_for_their_matrices(seed, rule):
    x, _, _, state, clamp = episode(seed)
    ones, eye = torch.ones(3, 3, dtype=x.dtype), torch.eye(3, dtype=x.dtype)
    for short, full in ((0.4, 0.4 * ones), (torch.tensor(0.4, dtype=x.dtype), 0.4 * ones), (ScaledIdentity(-0.7), -0.7 * eye)):
        for one, two in (((short, 0.3), (full, 0.3 * ones)), ((0.2, short), (0.2 * ones, full))):
            a, b = run(x, *one, 0.3, rule, state, clamp), run(x, *two, 0.3, rule, state, clamp)
            torch.testing.assert_close(a[0], b[0])
            torch.testing.assert_close(a[1].hebb, b[1].hebb)


@given(seeds, st.integers(1, 4))
def test_an_episode_in_two_parts_is_the_whole_episode(seed, cut):
    x, w, alpha, state, clamp = episode(seed)
    whole, end = run(x, w, alpha, 0.2, rules.oja, state, clamp)
    first, middle = run(x[:cut], w, alpha, 0.2, rules.oja, state, clamp[:cut])
    second, late = run(x[cut:], w, alpha, 0.2, rules.oja, middle, clamp[cut:])
    assert torch.equal(whole, torch.cat([first, second]))
    assert torch.equal(end.hebb, late.hebb)


def test_episodes_of_a_batch_do_not_touch_each_other():
    x, w, alpha, state, _ = episode(0)
    loud = x.clone()
    loud[:, 1] *= 1e6
    assert torch.equal(run(x, w, alpha, 0.2, rules.decay, state)[0][:, 0], run(loud, w, alpha, 0.2, rules.decay, state)[0][:, 0])


def test_a_clamped_unit_gives_its_input_and_the_trace_sees_it():
    x, w, alpha, state, clamp = episode(1)
    output, _ = run(x, w, alpha, 0.2, rules.hebb, state, clamp)
    assert torch.equal(output[clamp], x[clamp])
    _, one = run(x[:1], w, alpha, 1.0, rules.decay, state, torch.ones_like(clamp[:1]))
    torch.testing.assert_close(one.hebb, state.y[:, :, None] * x[0][:, None, :])


def test_without_alpha_the_trace_is_written_but_not_read():
    x, w, _, state, _ = episode(2)
    a, end = run(x, w, None, 0.2, rules.decay, state)
    b, other = run(x, w, None, 0.9, rules.decay, state)
    assert torch.equal(a, b)
    assert not torch.equal(end.hebb, other.hebb)


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
@pytest.mark.parametrize("shared", [False, True])
def test_gradients_agree_with_finite_differences(rule, shared):
    x, w, alpha, state, clamp = episode(3, steps=4, batch=2, n=2)
    alpha, eta = alpha[0, 0] if shared else alpha, torch.tensor(0.3, dtype=x.dtype)
    args = [a.clone().requires_grad_() for a in (x, w, alpha, eta, *state)]

    def outcome(x, w, alpha, eta, y, hebb):
        output, end = run(x, w, alpha, eta, rule, State(y, hebb), clamp)
        return output, end.hebb

    assert torch.autograd.gradcheck(outcome, args)


def test_state_can_leave_the_graph_and_change_its_type():
    net = PlasticRNN(3)
    _, state = net(torch.zeros(2, 1, 3) + 0.1)
    assert state.hebb.requires_grad
    assert not state.detach().hebb.requires_grad
    assert state.to(torch.float64).y.dtype == torch.float64


def test_a_module_is_run_with_its_own_numbers_and_survives_copying():
    net = PlasticRNN(4, rules.oja, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    twin = PlasticRNN(4, rules.oja, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    other = PlasticRNN(4, rules.oja, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    x = torch.randn(5, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = run(x, net.w, net.alpha, net.eta, rules.oja)[0]
    other.load_state_dict(net.state_dict())
    for same in (net, twin, other, copy.deepcopy(net)):
        torch.testing.assert_close(same(x)[0], expected)
    with torch.no_grad():
        assert not net(x)[0].requires_grad


def test_a_learned_eta_stays_inside_and_a_fixed_one_may_be_0_or_1():
    net = PlasticRNN(2, eta=0.3)
    assert net.eta.item() == pytest.approx(0.3)
    for logit in (1e4, -1e4):
        net.eta_logit.data.fill_(logit)
        assert 0 < net.eta.item() < 1
    for eta in (0, 1):
        fixed = PlasticRNN(2, eta=eta, learn_eta=False)
        assert fixed.eta.item() == eta
        assert len(list(fixed.parameters())) == 2


def test_alpha_is_full_shared_or_absent_and_the_scales_are_arguments():
    assert PlasticRNN(3).alpha.shape == (3, 3)
    assert PlasticRNN(3, alpha="shared", alpha_scale=0.5).alpha.item() == 0.5
    assert PlasticRNN(3, alpha=None).alpha is None
    assert PlasticRNN(3, w_scale=0).w.eq(0).all()
    assert sum(p.numel() for p in PlasticRNN(1001, learn_eta=False).parameters()) == 2_004_002


def test_a_one_shot_layer_writes_the_features_into_the_column_of_the_label():
    layer = PlasticLinear(4, 3, w_scale=0, eta=0.2, dtype=torch.float64)
    features = torch.randn(1, 2, 4, dtype=torch.float64)
    label = torch.tensor([[[0, 1, 0], [0, 0, 1]]], dtype=torch.float64)
    output, state = layer(features, targets=label, clamp=torch.ones_like(label, dtype=torch.bool))
    assert torch.equal(output, label)
    torch.testing.assert_close(state.hebb, 0.2 * features[0][:, :, None] * label[0][:, None, :])


def test_the_layer_has_three_activations():
    x = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    w = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(run_layer(x, w, None, 0.0)[0].sum(-1), torch.ones(2, 3))
    torch.testing.assert_close(run_layer(x, w, None, 0.0, activation="tanh")[0], (x @ w).tanh())
    torch.testing.assert_close(run_layer(x, w, None, 0.0, activation="identity")[0], x @ w)


X = torch.zeros(3, 2, 4)
LAYER, LABELS = PlasticLinear(4, 2), torch.zeros(3, 2, 2)
BAD_CALLS = {
    "another size": (lambda net: net(torch.zeros(3, 2, 5)), ValueError, r"n=4|n=5"),
    "one dimension less": (lambda net: net(torch.zeros(3, 4)), ValueError, "unsqueeze"),
    "integers": (lambda net: net(X.long()), TypeError, "floating-point"),
    "numpy": (lambda net: net(X.numpy()), TypeError, "torch.as_tensor"),
    "another precision": (lambda net: net(X.double()), TypeError, "nothing is cast"),
    "no step": (lambda net: net(X[:0]), ValueError, "at least one entry along T"),
    "a clamp of numbers": (lambda net: net(X, clamp=X), TypeError, "boolean"),
    "a clamp of another shape": (lambda net: net(X, clamp=X[:2].bool()), ValueError, "clamp must have shape"),
    "not a number": (lambda net: net(X + torch.nan), ValueError, "NaN or infinity"),
    "infinity": (lambda net: net(X + torch.inf), ValueError, "NaN or infinity"),
    "a state that is none": (lambda net: net(X, (X[0], X[0])), TypeError, "state must be a State"),
    "a state of another batch": (lambda net: net(X, net(X[:, :1])[1]), ValueError, "state.y must have shape"),
    "a rule of another shape": (lambda net: run(X, 0.0, 0.0, 0.1, lambda w, pre, post: pre), ValueError, "rule must return"),
    "eta above 1": (lambda net: run(X, 0.0, 0.0, 1.5), ValueError, r"eta must be a finite number in \[0, 1\]"),
    "targets alone": (lambda net: LAYER(X, targets=LABELS), ValueError, "go together"),
    "an unknown number of outputs": (lambda net: run_layer(X, 0.0, 1.0, 0.1), ValueError, "number of outputs"),
    "an unknown activation": (lambda net: PlasticLinear(2, 2, activation="relu"), ValueError, "activation must be one of"),
    "no unit": (lambda net: PlasticRNN(0), ValueError, "n must be at least 1"),
    "half a unit": (lambda net: PlasticRNN(2.5), TypeError, "n must be an integer"),
    "true units": (lambda net: PlasticRNN(True), TypeError, "n must be an integer"),
    "unknown alpha": (lambda net: PlasticRNN(2, alpha="half"), ValueError, "alpha must be one of"),
    "no rule": (lambda net: PlasticRNN(2, rule="oja"), TypeError, "rule must be a function"),
    "eta below 0": (lambda net: PlasticRNN(2, eta=-0.1), ValueError, "eta must be"),
    "a learned eta of 0": (lambda net: PlasticRNN(2, eta=0), ValueError, "learn_eta=False"),
    "a negative scale": (lambda net: PlasticRNN(2, w_scale=-1), ValueError, "w_scale"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_input_gets_a_clear_error(name):
    call, error, message = BAD_CALLS[name]
    with pytest.raises(error, match=message):
        call(PlasticRNN(4))


def test_the_check_for_nan_is_skipped_while_torch_compiles(monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert run(X + torch.nan, 0.0, 0.0, 0.1)[0].isnan().all()


def test_torch_compiles_a_network_in_one_piece():
    net = PlasticRNN(3, generator=torch.Generator().manual_seed(0))
    x = torch.randn(3, 2, 3, generator=torch.Generator().manual_seed(1))
    compiled = torch.compile(net, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x)[0], net(x)[0])
