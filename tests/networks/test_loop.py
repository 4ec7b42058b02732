"""The networks: their equations, gradients and state, and the errors of their interface."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import (
    PlasticLinear,
    PlasticRNN,
    ScaledIdentity,
    State,
    networks,
    rules,
    run,
    run_layer,
)

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
                drive = (
                    sum((w[i, j] + alpha[i, j] * hebb[b, i, j]) * before[b, i] for i in range(n))
                    + x[t, b, j]
                )
                y[b, j] = math.tanh(drive)
            for i in range(n):
                for j in range(n):
                    change = (
                        before[b, i] * y[b, j]
                        - float(rule.forget(torch.tensor(y[b, j]))) * hebb[b, i, j]
                    )
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
        expected = (
            expected
            + eta
            * (1 - eta) ** (steps - 1 - s)
            * activity[s][:, :, None]
            * activity[s + 1][:, None, :]
        )
    torch.testing.assert_close(state.hebb, expected)


def test_who_fires_first_is_the_sender():
    x = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    _, state = run(x, 0.0, None, 1.0, rules.hebb, clamp=torch.ones_like(x, dtype=torch.bool))
    assert state.hebb[0].tolist() == [[0, 1], [0, 0]]


@given(seeds, st.sampled_from(ALL))
def test_numbers_and_scaled_identities_stand_for_their_matrices(seed, rule):
    x, _, _, state, clamp = episode(seed)
    ones, eye = torch.ones(3, 3, dtype=x.dtype), torch.eye(3, dtype=x.dtype)
    for short, full in (
        (0.4, 0.4 * ones),
        (torch.tensor(0.4, dtype=x.dtype), 0.4 * ones),
        (ScaledIdentity(-0.7), -0.7 * eye),
    ):
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
    assert torch.equal(
        run(x, w, alpha, 0.2, rules.decay, state)[0][:, 0],
        run(loud, w, alpha, 0.2, rules.decay, state)[0][:, 0],
    )


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
    other = PlasticRNN(
        4, rules.oja, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )
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
    "a clamp of another shape": (
        lambda net: net(X, clamp=X[:2].bool()),
        ValueError,
        "clamp must have shape",
    ),
    "not a number": (lambda net: net(X + torch.nan), ValueError, "NaN or infinity"),
    "infinity": (lambda net: net(X + torch.inf), ValueError, "NaN or infinity"),
    "a state that is none": (lambda net: net(X, (X[0], X[0])), TypeError, "state must be a State"),
    "a state of another batch": (
        lambda net: net(X, net(X[:, :1])[1]),
        ValueError,
        "state.y must have shape",
    ),
    "a rule of another shape": (
        lambda net: run(X, 0.0, 0.0, 0.1, lambda w, pre, post: pre),
        ValueError,
        "rule must return",
    ),
    "eta above 1": (
        lambda net: run(X, 0.0, 0.0, 1.5),
        ValueError,
        r"eta must be a finite number in \[0, 1\]",
    ),
    "targets alone": (lambda net: LAYER(X, targets=LABELS), ValueError, "go together"),
    "an unknown number of outputs": (
        lambda net: run_layer(X, 0.0, 1.0, 0.1),
        ValueError,
        "number of outputs",
    ),
    "an unknown activation": (
        lambda net: PlasticLinear(2, 2, activation="relu"),
        ValueError,
        "activation must be one of",
    ),
    "no unit": (lambda net: PlasticRNN(0), ValueError, "n must be at least 1"),
    "half a unit": (lambda net: PlasticRNN(2.5), TypeError, "n must be an integer"),
    "true units": (lambda net: PlasticRNN(True), TypeError, "n must be an integer"),
    "unknown alpha": (lambda net: PlasticRNN(2, alpha="half"), ValueError, "alpha must be one of"),
    "no rule": (lambda net: PlasticRNN(2, rule="oja"), TypeError, "rule must be a function"),
    "eta below 0": (lambda net: PlasticRNN(2, eta=-0.1), ValueError, "eta must be"),
    "a learned eta of 0": (lambda net: PlasticRNN(2, eta=0), ValueError, "learn_eta=False"),
    "a negative scale": (lambda net: PlasticRNN(2, w_scale=-1), ValueError, "w_scale"),
    "a type of integers": (
        lambda net: PlasticRNN(2, dtype=torch.int64),
        TypeError,
        "dtype must be a floating-point type",
    ),
    "no output": (lambda net: PlasticLinear(2, 0), ValueError, "n_out must be at least 1"),
    "half an input": (lambda net: PlasticLinear(2.5, 2), TypeError, "n_in must be an integer"),
    "a learned eta of 1": (lambda net: PlasticRNN(2, eta=1), ValueError, "learn_eta=False"),
    "a clamp alone": (lambda net: LAYER(X, clamp=LABELS.bool()), ValueError, "go together"),
    "targets of another shape": (lambda net: LAYER(X, None, X, X.bool()), ValueError, "n_out"),
    "targets that are no number": (
        lambda net: LAYER(X, None, LABELS + torch.nan, LABELS.bool()),
        ValueError,
        "targets holds NaN",
    ),
    "targets of another precision": (
        lambda net: LAYER(X, None, LABELS.double(), LABELS.bool()),
        TypeError,
        "targets is",
    ),
    "an identity in a layer": (
        lambda net: run_layer(X, ScaledIdentity(1.0), None, 0.1),
        TypeError,
        "as many outputs as inputs",
    ),
    "a vector of weights": (
        lambda net: run(X, torch.zeros(4), None, 0.1),
        ValueError,
        "w must have shape",
    ),
    "weights of another precision": (
        lambda net: run(X, torch.zeros(4, 4).double(), None, 0.1),
        TypeError,
        "w is torch.float64",
    ),
    "weights elsewhere": (
        lambda net: run(X, torch.zeros(4, 4, device="meta"), None, 0.1),
        ValueError,
        "w is on meta",
    ),
    "no weights": (lambda net: run(X, None, None, 0.1), TypeError, "w must be a number"),
    "an identity times nothing": (
        lambda net: run(X, 0.0, ScaledIdentity(None), 0.1),
        TypeError,
        "alpha must be a number",
    ),
    "an identity times a matrix": (
        lambda net: run(X, 0.0, ScaledIdentity(torch.ones(4, 4)), 0.1),
        ValueError,
        "alpha must have",
    ),
    "a vector of etas": (
        lambda net: run(X, 0.0, 0.0, torch.ones(4)),
        ValueError,
        "eta must have shape",
    ),
    "an eta tensor above 1": (
        lambda net: run(X, 0.0, 0.0, torch.tensor(1.5)),
        ValueError,
        "eta must be a finite number",
    ),
    "an eta that is no number": (
        lambda net: run(X, 0.0, 0.0, torch.nan),
        ValueError,
        "eta must be a finite number",
    ),
    "a rule that is none": (
        lambda net: run(X, 0.0, 0.0, 0.1, "hebb"),
        TypeError,
        "rule must be a function",
    ),
    "a rule of a number": (
        lambda net: run(X, 0.0, 0.0, 0.1, lambda w, pre, post: 1.0),
        ValueError,
        "got float",
    ),
    "a trace of another size": (
        lambda net: net(X, State(X[0], X[0])),
        ValueError,
        "state.hebb must have shape",
    ),
    "a state of another precision": (
        lambda net: net(X, net(X)[1].to(torch.float64)),
        TypeError,
        "state.y is torch.float64",
    ),
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


BAD_EPISODES = {
    "inputs": {"inputs": X + torch.nan},
    "w": {"w": torch.zeros(5, 5)},
    "alpha": {"alpha": torch.zeros(5, 5)},
    "eta": {"eta": -0.5},
    "state": {"state": State(X[0], X[0])},
    "clamp": {"clamp": X[:2].bool()},
}


@pytest.mark.parametrize("name", BAD_EPISODES)
def test_nothing_runs_before_all_is_checked(name):
    ran = []
    with pytest.raises(ValueError, match=name):
        run(
            **{
                "inputs": X,
                "w": 0.0,
                "alpha": 0.0,
                "eta": 0.1,
                "rule": lambda *args: ran.append(args),
            }
            | BAD_EPISODES[name]
        )
    assert not ran


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
@pytest.mark.parametrize("kind", ["full", "number", "identity"])
@pytest.mark.parametrize("clamped", [False, True])
def test_gradients_of_a_loss_on_the_final_trace_agree_with_finite_differences(rule, kind, clamped):
    x, w, alpha, state, clamp = episode(4, steps=3, batch=2, n=2)
    alpha, eta = alpha if kind == "full" else alpha[0, 0], torch.tensor(0.4, dtype=x.dtype)
    args = [a.clone().requires_grad_() for a in (x, w, alpha, eta, *state)]

    def loss(x, w, alpha, eta, y, hebb):
        alpha = ScaledIdentity(alpha) if kind == "identity" else alpha
        return (
            run(x, w, alpha, eta, rule, State(y, hebb), clamp if clamped else None)[1]
            .hebb.square()
            .sum()
        )

    assert torch.autograd.gradcheck(loss, args)


@pytest.mark.parametrize("activation", ["softmax", "tanh", "identity"])
@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
def test_gradients_of_the_layer_agree_with_finite_differences(rule, activation):
    x, w, alpha, state, clamp = episode(5, steps=3, batch=2, n=2)
    targets, eta = episode(6, steps=3, batch=2, n=2)[0], torch.tensor(0.4, dtype=x.dtype)
    args = [a.clone().requires_grad_() for a in (x, w, alpha, eta, targets, *state)]

    def outcome(x, w, alpha, eta, targets, y, hebb):
        output, end = run_layer(
            x, w, alpha, eta, rule, State(y, hebb), targets, clamp, activation=activation
        )
        return output, end.hebb

    assert torch.autograd.gradcheck(outcome, args)


def layer_episode(seed, steps=4, batch=2, n_in=3, n_out=2):
    g = torch.Generator().manual_seed(seed)
    shapes = (
        (steps, batch, n_in),
        (n_in, n_out),
        (n_in, n_out),
        (steps, batch, n_out),
        (batch, n_out),
        (batch, n_in, n_out),
    )
    x, w, alpha, targets, y, hebb = (
        torch.randn(*s, generator=g, dtype=torch.float64) for s in shapes
    )
    return x, w, alpha, State(y, hebb), targets, torch.rand(steps, batch, n_out, generator=g) < 0.3


@given(seeds)
def test_the_layer_follows_its_equation_summed_by_hand(seed):
    x, w, alpha, state, targets, clamp = layer_episode(seed)
    output, end = run_layer(x, w, alpha, 0.2, rules.oja, state, targets, clamp)
    hebb = state.hebb.numpy().copy()
    for t in range(4):
        for b in range(2):
            drive = [
                sum(float((w[i, j] + alpha[i, j] * hebb[b, i, j]) * x[t, b, i]) for i in range(3))
                for j in range(2)
            ]
            whole = sum(math.exp(d) for d in drive)
            for j in range(2):
                y = float(targets[t, b, j]) if clamp[t, b, j] else math.exp(drive[j]) / whole
                assert output[t, b, j].item() == pytest.approx(y, rel=1e-9)
                for i in range(3):
                    hebb[b, i, j] += 0.2 * y * (float(x[t, b, i]) - y * hebb[b, i, j])
    np.testing.assert_allclose(end.hebb.numpy(), hebb, rtol=1e-9)
    assert torch.equal(end.y, output[-1])


@given(seeds, st.sampled_from(ALL))
def test_numbers_stand_for_their_matrices_in_a_layer(seed, rule):
    x, w, _, state, targets, clamp = layer_episode(seed)
    ones = torch.ones_like(w)
    for one, two in (
        ((0.4, 0.3), (0.4 * ones, 0.3 * ones)),
        ((w, -0.3), (w, -0.3 * ones)),
        ((0.4, None), (0.4 * ones, 0 * ones)),
    ):
        a = run_layer(x, *one, 0.3, rule, state, targets, clamp)
        b = run_layer(x, *two, 0.3, rule, state, targets, clamp)
        torch.testing.assert_close(a, b)


@given(seeds, st.integers(1, 3))
def test_an_episode_of_a_layer_in_two_parts_is_the_whole_episode(seed, cut):
    x, w, alpha, state, targets, clamp = layer_episode(seed)
    whole, end = run_layer(x, w, alpha, 0.2, rules.oja, state, targets, clamp)
    first, middle = run_layer(x[:cut], w, alpha, 0.2, rules.oja, state, targets[:cut], clamp[:cut])
    second, late = run_layer(x[cut:], w, alpha, 0.2, rules.oja, middle, targets[cut:], clamp[cut:])
    assert torch.equal(whole, torch.cat([first, second]))
    assert torch.equal(end.hebb, late.hebb)


@pytest.mark.parametrize("rule", ALL, ids=lambda r: r.__name__)
def test_a_poisoned_episode_leaves_the_others_their_outputs_and_traces(rule):
    x, w, alpha, state, clamp = episode(7)
    loud, poisoned = x.clone(), State(state.y.clone(), state.hebb.clone())
    for part in (loud[:, 1], poisoned.y[1], poisoned.hebb[1]):
        part.fill_(1e30)
    for short in (alpha, 0.3, ScaledIdentity(0.3), None):
        (calm, end), (mixed, other) = (
            run(i, w, short, 0.2, rule, s, clamp) for i, s in ((x, state), (loud, poisoned))
        )
        assert torch.equal(calm[:, 0], mixed[:, 0])
        assert torch.equal(end.hebb[0], other.hebb[0])


def test_a_network_starts_at_rest_and_leaves_its_arguments_alone():
    x, w, alpha, state, clamp = episode(8)
    before = [a.clone() for a in (x, w, alpha, *state, clamp)]
    run(x, w, alpha, 0.2, rules.oja, state, clamp)
    assert all(torch.equal(a, b) for a, b in zip((x, w, alpha, *state, clamp), before, strict=True))
    rest = State(torch.zeros_like(state.y), torch.zeros_like(state.hebb))
    torch.testing.assert_close(
        run(x, w, alpha, 0.2), run(x, w, alpha, 0.2, rules.decay, rest), rtol=0, atol=0
    )


def test_no_gradient_passes_a_detached_state():
    x, w, alpha, _, _ = episode(9)
    early = x[:2].clone().requires_grad_()
    _, state = run(early, w, alpha, 0.2)
    attached, cut = (
        run(x[2:], w, alpha, 0.2, state=state)[0],
        run(x[2:], w, alpha, 0.2, state=state.detach())[0],
    )
    assert torch.equal(attached, cut)
    assert torch.autograd.grad(attached.sum(), early)[0].ne(0).any()
    assert not cut.requires_grad


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("alpha", ["full", "shared", None])
def test_what_a_network_trains_gets_a_gradient_and_what_it_keeps_is_stored(learned, alpha):
    net = PlasticRNN(
        3,
        alpha=alpha,
        eta=0.25,
        learn_eta=learned,
        generator=torch.Generator().manual_seed(0),
        dtype=torch.float64,
    )
    output, state = net(episode(10)[0])
    (output.square().sum() + state.hebb.square().sum()).backward()
    assert all(p.grad is not None and p.grad.ne(0).any() for p in net.parameters())
    assert dict(net.named_parameters()).keys() == {"w"} | ({"alpha"} if alpha else set()) | (
        {"eta_logit"} if learned else set()
    )
    other = PlasticRNN(3, alpha=alpha, eta=0.75, learn_eta=learned, dtype=torch.float64)
    other.load_state_dict(net.state_dict())
    assert other.eta.item() == pytest.approx(0.25)
    torch.testing.assert_close(other(episode(10)[0])[0], output)


def test_a_layer_is_run_with_its_own_numbers_and_survives_copying():
    layer, x = (
        PlasticLinear(3, 2, activation="tanh", generator=torch.Generator().manual_seed(1)),
        episode(11)[0].float(),
    )
    expected = run_layer(x, layer.w, layer.alpha, layer.eta, rules.oja, activation="tanh")
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=0)
    torch.testing.assert_close(copy.deepcopy(layer)(x), expected, rtol=0, atol=0)
    assert layer.double()(x.double())[1].hebb.dtype == torch.float64


def test_a_network_says_what_it_is():
    assert (
        PlasticRNN(4, rules.oja, "shared", eta=0.3).extra_repr()
        == "4, 4, rule=oja, alpha=shared, eta=0.3 (learned)"
    )
    assert (
        PlasticLinear(4, 2, alpha=None, eta=1, learn_eta=False).extra_repr()
        == "4, 2, rule=oja, alpha=None, eta=1 (fixed)"
    )


@pytest.mark.witness("eq-plastic", networks.run)
@given(seeds)
def test_the_drive_is_the_sum_of_a_fixed_a_plastic_and_an_outer_part(seed):
    x, w, alpha, state, _ = episode(seed, steps=1)
    output, _ = run(x, w, alpha, 0.2, state=state)
    fixed = torch.einsum("bi,ij->bj", state.y, w)
    plastic = torch.einsum("bi,ij,bij->bj", state.y, alpha, state.hebb)
    torch.testing.assert_close(output[0], torch.tanh(fixed + plastic + x[0]))


@pytest.mark.witness("eq-plastic-decay", rules.decay)
@given(seeds, st.floats(0, 1))
def test_the_trace_is_a_running_mean_of_the_product_of_sender_and_receiver(seed, eta):
    x, w, alpha, state, _ = episode(seed, steps=1)
    output, end = run(x, w, alpha, eta, rules.decay, state)
    torch.testing.assert_close(
        end.hebb, eta * torch.einsum("bi,bj->bij", state.y, output[0]) + (1 - eta) * state.hebb
    )


@pytest.mark.witness("eq-plastic-oja", rules.oja)
@given(seeds, st.floats(0, 1))
def test_ojas_trace_forgets_with_the_square_of_the_receiver(seed, eta):
    x, w, alpha, state, _ = episode(seed, steps=1)
    output, end = run(x, w, alpha, eta, rules.oja, state)
    y = output[0][:, None, :]
    torch.testing.assert_close(
        end.hebb, state.hebb + eta * y * (state.y[:, :, None] - y * state.hebb)
    )


@given(seeds, st.floats(0.1, 10))
def test_a_scale_of_the_trace_and_of_alpha_cannot_be_told_apart(seed, s):
    x, w, alpha, (y, hebb), clamp = episode(seed)

    def louder(hebb, pre, post):
        return s * pre[..., :, None] * post[..., None, :] - hebb

    one, _ = run(x, w, alpha, 0.2, rules.decay, State(y, hebb), clamp)
    two, _ = run(x, w, alpha / s, 0.2, louder, State(y, s * hebb), clamp)
    torch.testing.assert_close(one, two)


def test_three_numbers_are_the_network_that_they_stand_for_at_any_size():
    network = networks.ThreeNumbers(inhibition=0.7, gain=6.0, eta=0.2)
    assert sum(p.numel() for p in network.parameters()) == 3
    assert network.gain.item() == pytest.approx(6)
    assert network.eta.item() == pytest.approx(0.2)
    for n in (3, 8):
        x = torch.randn(5, 2, n, generator=torch.Generator().manual_seed(n))
        output, state = network(x)
        wanted = run(x, -0.7 * torch.eye(n), torch.full((n, n), 6.0 / n), 0.2)
        torch.testing.assert_close(output, wanted[0])
        torch.testing.assert_close(state.hebb, wanted[1].hebb)
    for bad in ({"gain": 0.0}, {"eta": 1.0}, {"inhibition": float("nan")}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            networks.ThreeNumbers(**bad)


@given(st.integers(1, 6), st.floats(0.01, 0.5), st.integers(0, 10_000))
def test_a_clip_holds_every_value_and_changes_nothing_that_it_does_not_reach(n, clip, seed):
    g = torch.Generator().manual_seed(seed)
    x, w, alpha = (torch.randn(*shape, generator=g) for shape in ((7, 2, n), (n, n), (n, n)))
    _, held = run(x, w, alpha, 0.5, rules.hebb, clip=clip)
    assert held.hebb.abs().max() <= clip
    free, wide = run(x, w, alpha, 0.5, rules.hebb), run(x, w, alpha, 0.5, rules.hebb, clip=1e3)
    torch.testing.assert_close(free[0], wide[0])
    for wrong, method, message in (
        (0.0, "auto", "clip must be above 0"),
        (1.0, "chunk", "'chunk' has no clip"),
    ):
        with pytest.raises(ValueError, match=message):
            run(x, w, alpha, 0.5, rules.hebb, clip=wrong, method=method)
