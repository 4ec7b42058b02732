"""The fast evaluation: the plain loop's numbers and gradients, by other sums."""

import functools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from hebbnotes import (
    PlasticRNN,
    ScaledIdentity,
    State,
    ThreeNumbers,
    choose_method,
    rules,
    run,
    tasks,
)
from hebbnotes.networks import loop
from hebbnotes.networks.one_shot import matching
from hebbnotes.plasticity import chunks, connections
from hebbnotes.plasticity.chunks import evaluation

absolute = rules.CommonForm(torch.abs)
CHUNKED = chunks.chunked
RULES = [rules.hebb, rules.decay, rules.oja, absolute]
KINDS = ("free", "mixed", "given", "repeated")


@st.composite
def episodes(draw, kinds=KINDS):
    """A network and episodes; steps are free, clamped in part or throughout, or repeated."""
    n, batch = draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 3, 32]))
    steps = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=14))
    g = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    x = draw(st.sampled_from([0.7, 2.0])) * normal(
        len(steps), batch, n
    )  # 2: given outputs beyond 1, and factors below 0
    clamp = torch.rand(x.shape, generator=g) < 0.4
    for t, kind in enumerate(steps):
        if kind == "repeated" and t:
            x[t], clamp[t] = x[t - 1], True
        elif kind in ("free", "given"):
            clamp[t] = kind == "given"
    w = {"full": normal(n, n), "number": normal(1)[0], "identity": ScaledIdentity(normal(1)[0])}
    alpha = w | {"full": normal(n, n), "none": None}
    state = (
        State(normal(batch, n).tanh(), 0.3 * normal(batch, n, n)) if draw(st.booleans()) else None
    )
    return x, clamp, w[draw(st.sampled_from([*w]))], alpha[draw(st.sampled_from([*alpha]))], state


def leaves(x, w, alpha, eta, state, learn_inputs):
    found = [
        c.scale if isinstance(c, ScaledIdentity) else c for c in (w, alpha) if c is not None
    ] + [eta]
    found += [*(state or ()), *([x] if learn_inputs else [])]
    return [leaf.requires_grad_() for leaf in found]


@settings(max_examples=150)
@given(
    episodes(),
    st.sampled_from(RULES),
    st.sampled_from([0.15, 0.5, 1.0]),
    st.sampled_from([1, 2, 3, 100]),
    st.data(),
)
def test_outputs_trace_and_all_gradients_are_those_of_the_loop(episode, rule, eta, most_keys, data):
    x, clamp, w, alpha, state = episode
    learn_inputs, on_output, on_trace = (data.draw(st.booleans()) for _ in range(3))
    eta = torch.tensor(eta, dtype=x.dtype)
    wanted = leaves(x, w, alpha, eta, state, learn_inputs)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            evaluation, "chunked", lambda events, *_: CHUNKED(events, most_keys, most_keys)
        )
        for method in ("loop", "chunk"):
            output, end = run(x, w, alpha, eta, rule, state, clamp, method)
            loss = (
                on_output * output.pow(3).sum()
                + on_trace * end.hebb.square().sum()
                + 0 * output.sum()
            )
            found.append([output, *end, *torch.autograd.grad(loss, wanted, allow_unused=True)])
    for one, two in zip(*found, strict=True):
        one, two = (torch.zeros(()) if a is None else a for a in (one, two))  # noqa: PLW2901
        torch.testing.assert_close(
            two,
            one.expand_as(two).to(two.dtype),
            rtol=1e-10,
            atol=1e-10 * (1 + one.abs().max().item()),
        )


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("kind", ["full", "number", "identity"])
@pytest.mark.parametrize("most_keys", [2, 100])
def test_gradients_agree_with_finite_differences(rule, kind, most_keys, monkeypatch):
    monkeypatch.setattr(
        evaluation, "chunked", lambda events, *_: CHUNKED(events, most_keys, most_keys)
    )
    g = torch.Generator().manual_seed(3)
    x, w, alpha, y, hebb = (
        torch.randn(s, generator=g, dtype=torch.float64)
        for s in ((5, 2, 2), (2, 2), (2, 2), (2, 2), (2, 2, 2))
    )
    clamp = torch.rand(x.shape, generator=g) < 0.3
    alpha, eta = alpha if kind == "full" else alpha[0, 0], torch.tensor(0.4, dtype=x.dtype)

    def outcome(x, w, alpha, eta, y, hebb):
        alpha = ScaledIdentity(alpha) if kind == "identity" else alpha
        output, end = run(x, w, alpha, eta, rule, State(y, hebb), clamp, "chunk")
        return output, end.hebb

    assert torch.autograd.gradcheck(
        outcome, [a.clone().requires_grad_() for a in (x, w, alpha, eta, y, hebb)]
    )


@pytest.mark.parametrize("factor", [0.0, -0.8])
def test_an_oja_factor_of_zero_or_below_is_no_special_case(factor):
    eta = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    value = math.sqrt((1 - factor) / eta.item())
    x = torch.full((9, 1, 2), value, dtype=torch.float64)
    x[6:], clamp = 0.1, torch.ones(9, 1, 2, dtype=torch.bool)
    clamp[6:] = False
    w, alpha = (torch.full((2, 2), 0.2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert chunks.writes(x[0], eta, torch.square)[0].sub(factor).abs().max() < 1e-12
    found = []
    for method in ("loop", "chunk"):
        output, end = run(x, w, alpha, eta, rules.oja, clamp=clamp, method=method)
        loss = output.sum() + end.hebb.square().sum()
        found.append([output, end.hebb, *torch.autograd.grad(loss, [w, alpha, eta])])
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rule", [rules.decay, rules.oja], ids=lambda r: r.__name__)
def test_in_single_precision_it_is_as_exact_as_the_loop_over_200_steps(rule):
    task = tasks.PatternCompletion(
        n_bits=60, n_patterns=3, steps_on=15, steps_off=5, cycles=3, steps_test=20
    )
    g = torch.Generator().manual_seed(0)
    shown = task.sample(4, g)
    net = PlasticRNN(task.n_units, rule, eta=0.05, w_scale=0.1, alpha_scale=0.1, generator=g)

    def results(net, inputs, method):
        net.method = method
        output, end = net(inputs, clamp=shown.clamp)
        gradients = torch.autograd.grad(
            output[-1].pow(3).sum() + end.hebb.square().sum(), list(net.parameters())
        )
        return [output.detach(), end.hebb.detach(), *gradients]

    loop, quick = (results(net, shown.inputs, method) for method in ("loop", "chunk"))
    exact = results(net.double(), shown.inputs.double(), "loop")
    assert len(shown.inputs) == 200
    for true, one, two in zip(exact, loop, quick, strict=True):
        size, rounding = true.abs().max().item(), torch.finfo(torch.float32).eps
        assert (two - true).abs().max() <= 4 * (one - true).abs().max() + 20 * rounding * size


def test_a_second_derivative_is_refused_and_says_what_to_do():
    x = torch.randn(3, 1, 2, dtype=torch.float64)
    w = torch.zeros(2, 2, dtype=torch.float64, requires_grad=True)
    loss = run(x, w, 0.3, 0.1, method="chunk")[0].square().sum()
    with pytest.raises(RuntimeError, match="use method='loop'"):
        torch.autograd.grad(loss, w, create_graph=True)
    loss = run(x, w, 0.3, 0.1, method="loop")[0].square().sum()
    assert torch.autograd.grad(loss, w, create_graph=True)[0].requires_grad


def test_a_gradient_may_be_asked_for_twice_and_nothing_that_was_passed_is_changed():
    g = torch.Generator().manual_seed(1)
    shapes = (40, 2, 3), (3, 3), (3, 3), (2, 3), (2, 3, 3)
    passed = x, w, alpha, y, hebb = [
        torch.randn(s, generator=g, dtype=torch.float64, requires_grad=True) for s in shapes
    ]
    before = [a.detach().clone() for a in passed]
    output, end = run(x, w, alpha, 0.2, rules.oja, State(y, hebb), method="chunk")
    g_output, g_hebb = torch.ones_like(output), torch.ones_like(end.hebb)
    ends = (output, end.hebb), passed, (g_output, g_hebb)
    one, two = (torch.autograd.grad(*ends, retain_graph=True) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(passed, before, strict=True))
    assert g_output.eq(1).all()
    assert g_hebb.eq(1).all()
    with torch.no_grad():
        w += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(output.sum(), alpha)
    _, end = run(x, 0.1, alpha, 0.2, rules.oja, State(y, hebb), method="chunk")
    with torch.no_grad():
        hebb += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(end.hebb.sum(), alpha)


@pytest.mark.parametrize("alpha", ["full", "number", "none"])
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_a_poisoned_episode_leaves_the_others_alone(rule, alpha):
    g = torch.Generator().manual_seed(7)
    x, w, a, y, hebb = (
        torch.randn(s, generator=g, dtype=torch.float64)
        for s in ((40, 2, 3), (3, 3), (3, 3), (2, 3), (2, 3, 3))
    )
    a = {"full": a, "number": 0.3, "none": None}[alpha]
    found = []
    for poison in (None, 1e30):
        parts = [part.clone() for part in (x, y, hebb)]
        for part, first in zip(parts, (1, 0, 0), strict=True):
            if poison:
                part.select(first, 1).fill_(poison)
        parts = [part.requires_grad_() for part in parts]
        output, end = run(parts[0], w, a, 0.2, rule, State(*parts[1:]), method="chunk")
        gradients = torch.autograd.grad(output[:, 0].sum() + end.hebb[0].sum(), parts)
        found.append(
            [output[:, 0], end.hebb[0], gradients[0][:, 0], gradients[1][0], gradients[2][0]]
        )
    assert all(torch.equal(one, two) for one, two in zip(*found, strict=True))


# ----------------------------------------------------------------------------------- the derivation


def trajectory(episode, rule, eta=0.2):
    """Run the loop; return activity before and after each step and all traces, with gradients."""
    x, clamp, w, alpha, state = episode
    pres, posts, traces = [], [], []
    state = state or State(torch.zeros_like(x[0]), x.new_zeros(*x.shape[1:], x.shape[-1]))
    traces.append(state.hebb.requires_grad_())
    for t in range(len(x)):
        pres.append(state.y)
        output, state = run(x[t : t + 1], w, alpha, eta, rule, state, clamp[t : t + 1], "loop")
        posts.append(output[0])
        traces.append(state.hebb)
    return pres, posts, traces


@pytest.mark.witness("eq-terms", chunks.evaluate)
@given(episodes(), st.sampled_from(RULES))
def test_the_trace_is_a_sum_of_outer_products_that_fade(episode, rule):
    x, clamp, w, alpha, state = episode
    pres, posts, traces = trajectory(episode, rule)
    total = torch.zeros_like(traces[0])
    for s, (pre, post) in enumerate(zip(pres, posts, strict=True)):
        value = 0.2 * post
        for later in posts[s + 1 :]:
            value = value * (1 - 0.2 * rule.forget(later))
        total = total + torch.einsum("bi,bj->bij", pre, value)
    for post in posts:
        traces[0] = traces[0] * (1 - 0.2 * rule.forget(post)).unsqueeze(1)
    torch.testing.assert_close(traces[-1], traces[0] + total, rtol=1e-10, atol=1e-10)
    found = run(x, w, alpha, 0.2, rule, state, clamp, "chunk")[1].hebb
    torch.testing.assert_close(found, traces[0] + total, rtol=1e-10, atol=1e-10)


@pytest.mark.witness("eq-compare", connections.through)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 10_000))
def test_to_read_the_trace_is_to_compare_with_the_keys(n, keys, seed):
    g = torch.Generator().manual_seed(seed)
    pre, alpha, k, v = (
        torch.randn(s, generator=g, dtype=torch.float64)
        for s in ((n,), (n, n), (keys, n), (keys, n))
    )
    hebb = torch.einsum("ki,kj->ij", k, v)
    torch.testing.assert_close(
        (connections.through(pre * k, alpha) * v).sum(0),
        torch.einsum("i,ij,ij->j", pre, alpha, hebb),
    )


@pytest.mark.witness("eq-equal-steps", chunks.writes)
@given(
    st.floats(-2, 2), st.floats(0, 1), st.integers(1, 12), st.sampled_from(RULES), st.floats(-3, 3)
)
def test_equal_steps_keep_a_power_and_write_a_geometric_sum(y, eta, times, rule, value):
    y = torch.tensor([y], dtype=torch.float64)
    kept, written = chunks.writes(y, eta, rule.forget, times)
    stepwise = value
    for _ in range(times):
        stepwise = stepwise * (1 - eta * rule.forget(y)) + eta * y
    torch.testing.assert_close(value * kept + written, stepwise + 0 * y)
    closed = {rules.hebb: times * eta * y, rules.decay: (1 - (1 - eta) ** times) * y}
    if rule is rules.oja and abs(y) > 1e-3:
        closed[rule] = (1 - (1 - eta * y**2) ** times) / y
    if rule in closed:
        torch.testing.assert_close(written, closed[rule], rtol=1e-6, atol=1e-9)


@pytest.mark.witness("eq-backward-trace", chunks.evaluate)
@given(episodes(("free",)), st.sampled_from(RULES))
def test_the_error_of_the_trace_is_a_trace_of_activity_and_error_run_backwards(episode, rule):
    x, clamp, w, alpha, state = episode
    n = x.shape[-1]
    full = {float: 0, ScaledIdentity: 0}.get(type(alpha))
    alpha = (
        alpha.scale * torch.eye(n, dtype=x.dtype)
        if full == 0
        else torch.zeros(n, n, dtype=x.dtype)
        if alpha is None
        else alpha
    )
    x.requires_grad_()
    pres, posts, traces = trajectory((x, clamp, w, alpha, state), rule)
    loss = posts[-1].pow(3).sum()
    delta = torch.autograd.grad(loss, x, retain_graph=True)[0]
    errors = torch.autograd.grad(loss, traces, retain_graph=True, allow_unused=True)
    k = torch.zeros_like(traces[0])
    for t in reversed(range(len(x))):
        k = (1 - 0.2 * rule.forget(posts[t])).unsqueeze(1) * k + torch.einsum(
            "bi,bj->bij", pres[t], delta[t]
        )
        found = torch.zeros_like(k) if errors[t] is None else errors[t]
        torch.testing.assert_close(found, alpha * k, rtol=1e-8, atol=1e-9)


@pytest.mark.witness("eq-errors", loop.run)
@given(episodes(("free", "mixed")), st.sampled_from(RULES))
def test_an_error_comes_from_the_loss_the_next_drive_and_what_this_step_and_the_next_write(
    episode, rule
):
    x, clamp, w, _, state = episode
    n, eta = x.shape[-1], 0.2
    w = torch.eye(n, dtype=x.dtype) * w.scale if isinstance(w, ScaledIdentity) else w.expand(n, n)
    alpha = 0.3 + torch.arange(n * n, dtype=x.dtype).reshape(n, n).sin()
    x.requires_grad_()
    pres, posts, traces = trajectory((x, clamp, w, alpha, state), rule, eta)
    loss = sum(post.pow(3).sum() for post in posts)
    wanted = torch.autograd.grad(loss, x)[0]
    pres, posts, traces = ([a.detach() for a in found] for found in (pres, posts, traces))
    k, k_after, delta_after = (torch.zeros_like(a) for a in (traces[0], traces[0], posts[0]))
    for t in reversed(range(len(x))):
        last = t == len(x) - 1
        slope = torch.func.jvp(rule.forget, (posts[t],), (torch.ones_like(posts[t]),))[1].unsqueeze(
            1
        )
        sent = torch.einsum("bjm,bm->bj", w + alpha * traces[t + 1], delta_after)
        written = eta * ((pres[t].unsqueeze(2) - slope * traces[t]) * alpha * k).sum(1)
        next_written = (
            0 if last else eta * torch.einsum("bjm,bm->bj", alpha * k_after, posts[t + 1])
        )
        delta = (1 - posts[t] ** 2) * (3 * posts[t] ** 2 + sent + written + next_written)
        delta = torch.where(clamp[t], 0, delta)
        torch.testing.assert_close(delta, torch.where(clamp[t], 0, wanted[t]), rtol=1e-8, atol=1e-9)
        kept = (1 - eta * rule.forget(posts[t])).unsqueeze(1)
        k, k_after, delta_after = kept * k + torch.einsum("bi,bj->bij", pres[t], delta), k, delta


@pytest.mark.witness("eq-gains", connections.add_products)
@given(episodes(("free", "mixed")), st.sampled_from(RULES))
def test_the_gradient_of_the_gains_is_a_sum_over_pairs_of_steps(episode, rule):
    x, clamp, w, _, _ = episode
    n = x.shape[-1]
    alpha = torch.full((n, n), 0.3, dtype=x.dtype, requires_grad=True)
    x.requires_grad_()
    pres, posts, _ = trajectory((x, clamp, w, alpha, None), rule)
    loss = posts[-1].pow(3).sum()
    delta = torch.where(clamp, 0, torch.autograd.grad(loss, x, retain_graph=True)[0])
    total = torch.zeros_like(alpha)
    for t in range(len(x)):
        for s in range(t):
            value = 0.2 * posts[s]
            for later in posts[s + 1 : t]:
                value = value * (1 - 0.2 * rule.forget(later))
            connections.add_products(
                total, (pres[t] * pres[s]).detach(), (delta[t] * value).detach(), total
            )
    wanted = torch.autograd.grad(loss, alpha, allow_unused=True)[0]
    torch.testing.assert_close(
        total, torch.zeros_like(total) if wanted is None else wanted, rtol=1e-8, atol=1e-9
    )


# -------------------------------------------------------------------------------- events and chunks


@given(episodes(), st.integers(1, 5))
def test_events_are_the_steps_in_order_and_chunks_are_the_events_in_order(episode, most_keys):
    x, clamp, *_ = episode
    y = torch.zeros_like(x[0])
    events = chunks.find_events(x, clamp, y)
    assert [t for event in events for t in range(event.step, event.step + event.times)] == list(
        range(len(x))
    )
    before = [y, *x]
    for event in events:
        assert event.free == (not clamp[event.step].all())
        for t in range(event.step + 1, event.step + event.times):
            assert torch.equal(x[t], x[event.step])
            assert torch.equal(before[t], before[event.step])
            assert clamp[t].all()
        if event.shares:
            assert event.step > 1 or torch.equal(x[0], y)
            assert torch.equal(before[event.step], before[event.step - 1])
    pieces = chunks.chunked(events, most_keys, most_keys)
    assert [event for chunk in pieces for event in chunk] == events
    sizes = [sum(not event.shares for event in chunk) for chunk in pieces]
    assert max(sizes) <= most_keys
    assert all(not chunk[0].shares for chunk in pieces)
    assert len(pieces) == math.ceil(sum(sizes) / most_keys)


def test_what_repeats_is_merged_only_where_all_episodes_repeat_and_no_gradient_tells_steps_apart():
    x = torch.ones(9, 2, 3)
    x[5:, 0] = -1
    clamp = torch.ones_like(x, dtype=torch.bool)
    clamp[8] = False
    y = torch.zeros(2, 3)
    assert [tuple(event) for event in chunks.find_events(x, clamp, y)] == [
        (0, 1, False, False),
        (1, 4, False, False),
        (5, 1, False, True),
        (6, 2, False, False),
        (8, 1, True, True),
    ]
    assert chunks.find_events(x, clamp, torch.ones(2, 3))[0].times == 5, (
        "a state that is the pattern already"
    )
    assert len(chunks.find_events(x.clone().requires_grad_(), clamp, y)) == 9
    assert chunks.find_events(x, clamp, torch.ones(2, 3, requires_grad=True))[0].times == 1
    assert len(chunks.find_events(x, clamp, y, merge=False)) == 9


def test_the_published_schedules_have_the_events_that_the_derivation_counts():
    g = torch.Generator().manual_seed(0)
    images = tasks.PatternCompletion(
        n_bits=16, n_patterns=3, cycles=3, steps_on=20, steps_off=2, steps_test=3
    )
    code = tasks.PatternCompletion(n_bits=8, **tasks.CODE)
    for task, steps, events, reading, keys in ((code, 106, 66, 46, 56), (images, 201, 39, 21, 30)):
        shown = task.sample(1, g)
        assert len(shown.inputs) == steps
        found = chunks.find_events(shown.inputs, shown.clamp, torch.zeros(1, task.n_units))
        assert len(found) == events
        assert sum(event.free for event in found) == reading
        assert sum(not event.shares for event in found) == keys


class Traces(TorchDispatchMode):
    """Count the operations, views aside, whose result is as large as a trace."""

    def __init__(self, size):
        super().__init__()
        self.size, self.seen = size, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.seen += (
            isinstance(result, torch.Tensor) and result.numel() >= self.size and not func.is_view
        )
        return result


def test_traces_are_built_for_each_chunk_and_not_for_each_step(monkeypatch):
    monkeypatch.setattr(evaluation, "chunked", lambda events, *_: CHUNKED(events, 8, 8))
    counted = {}
    for method in ("loop", "chunk"):
        for steps in (32, 64):
            net = PlasticRNN(100, method=method, learn_eta=False)
            with Traces(100**2) as counter:
                net(0.1 * torch.ones(steps, 1, 100))[0][-1].sum().backward()
            counted[method, steps] = counter.seen
    growth = {method: counted[method, 64] - counted[method, 32] for method in ("loop", "chunk")}
    assert growth["loop"] >= 32 * 10
    assert growth["chunk"] <= 4 * 14, "four chunks more"


# --------------------------------------------------------------------------------------- the method


def custom(w, pre, post):
    return rules.decay(w, pre, post)


def test_the_method_follows_from_the_sizes_and_from_the_rule():
    assert choose_method(rules.decay, 106, 1, 1001) == "chunk"
    assert choose_method(rules.oja, 11, 32, 51) == "chunk"
    assert choose_method(rules.decay, 11, 1, 51) == "loop"
    assert choose_method(rules.decay, 1, 1, 200) == "loop"
    assert choose_method(rules.decay, 10_000, 1, 100) == "chunk", "for the memory"
    assert choose_method(custom, 106, 1, 1001) == "loop"
    for bad in (("hebb", 1, 1, 1), (rules.hebb, 0, 1, 1), (rules.hebb, 1, 1, 2.0)):
        with pytest.raises((TypeError, ValueError)):
            choose_method(*bad)


def test_a_network_runs_with_the_method_that_it_says(monkeypatch):
    ran = []
    real = chunks.evaluate
    monkeypatch.setattr(
        chunks, "evaluate", lambda *args, **kwargs: (ran.append("chunk"), real(*args, **kwargs))[1]
    )
    x = torch.zeros(9, 32, 51)
    for net, shown, expected in (
        (PlasticRNN(51), x, ["chunk"]),
        (PlasticRNN(51), x[:, :1], []),
        (PlasticRNN(51, method="loop"), x, []),
        (PlasticRNN(51, method="chunk"), x[:, :1], ["chunk"]),
        (PlasticRNN(51, custom), x, []),
        (ThreeNumbers(), x, ["chunk"]),
    ):
        ran.clear()
        net(shown)
        assert ran == expected
        if isinstance(net, PlasticRNN) and net.method == "auto":
            assert ran == ["chunk"] * (choose_method(net.rule, *shown.shape) == "chunk")


def test_a_rule_that_the_fast_evaluation_cannot_run_takes_the_loop_or_an_error():
    x = torch.zeros(9, 32, 51)
    with pytest.raises(ValueError, match="forget function"):
        run(x, 0.0, None, 0.1, custom, method="chunk")
    with pytest.raises(ValueError, match="method must be one of"):
        run(x, 0.0, None, 0.1, method="fast")
    with pytest.raises(ValueError, match="method must be one of"):
        PlasticRNN(3, method="dual")
    rate = torch.tensor(0.5, requires_grad=True)

    trained = rules.CommonForm(lambda post: rate * post.square())
    assert choose_method(trained, 106, 1, 1001) == "loop", "its own number would get no gradient"
    with pytest.raises(ValueError, match="no trained numbers"):
        run(x, 0.0, None, 0.1, trained, method="chunk")
    output, _ = run(x + 0.3, 0.1, 0.1, 0.1, trained)
    assert torch.autograd.grad(output.sum(), rate)[0] != 0


def wrapped():
    @functools.wraps(rules.oja)  # which copies forget
    def rule(w, pre, post):
        return 0 * rules.oja(w, pre, post)

    return rule


def patched(forget, change=rules.decay):
    def rule(w, pre, post):
        return change(w, pre, post)

    rule.forget = forget
    return rule


gain = torch.tensor(2.0, requires_grad=True)
LIARS = {
    "wrapped": wrapped(),
    "gained": patched(rules.decay.forget, lambda w, pre, post: gain * rules.decay(w, pre, post)),
    "patched": patched(rules.decay.forget),
    "no function": patched(torch.ones(1)),
    "not entry by entry": rules.CommonForm(
        lambda post: post.square().mean(-1, keepdim=True).expand_as(post)
    ),
    "of another shape": rules.CommonForm(lambda post: torch.ones(1)),
    "of other units": rules.CommonForm(lambda post: torch.ones(51) * post),
    "a number": rules.CommonForm(lambda post: 1.0),
    "told its drive": rules.soft_hebb,
}


@pytest.mark.parametrize("name", LIARS)
def test_a_rule_is_fast_only_if_it_is_of_the_common_form_and_its_forget_function_keeps_its_word(
    name,
):
    rule = LIARS[name]
    assert choose_method(rule, 106, 1, 1001) == "loop"
    with pytest.raises(ValueError, match="method='chunk' needs a rule of the common form"):
        run(torch.zeros(9, 32, 51), 0.0, None, 0.1, rule, method="chunk")


@pytest.mark.parametrize(
    ("sizes", "method"),
    [
        ((8, 1, 2**8), "chunk"),
        ((8, 1, 181), "loop"),
        ((8, 2, 128), "chunk"),
        ((7, 2, 128), "loop"),
        ((2**13, 8, 32), "chunk"),
        ((2**13 - 1, 8, 32), "loop"),
    ],
)
def test_the_limits_of_the_choice_are_those_that_are_documented(sizes, method):
    steps, batch, n = sizes
    documented = (
        batch * n * n >= 2**15 and steps * batch * n * n >= 2**18
    ) or steps * batch * n * n >= 2**26
    assert choose_method(rules.decay, *sizes) == method == ("chunk" if documented else "loop")


def test_the_last_output_does_not_keep_the_others_alive():
    output, state = run(torch.ones(50, 1, 3), 0.1, 0.1, 0.1, method="chunk")
    assert state.y.untyped_storage().nbytes() < output.untyped_storage().nbytes()
    output.zero_()
    assert state.y.ne(0).all()


def test_what_is_frozen_gets_no_gradient_and_the_rest_gets_its_own():
    g = torch.Generator().manual_seed(0)
    x, w, alpha = (
        torch.randn(s, generator=g, dtype=torch.float64) for s in ((40, 2, 3), (3, 3), (3, 3))
    )
    eta = torch.tensor(0.2, dtype=x.dtype)
    for k in range(4):
        found = []
        for method in ("loop", "chunk"):
            numbers = [a.clone().requires_grad_(k == j) for j, a in enumerate((w, alpha, eta, x))]
            output, _ = run(numbers[3], *numbers[:3], rules.oja, method=method)
            output[-1].pow(3).sum().backward()
            assert [a.grad is not None for a in numbers] == [k == j for j in range(4)]
            found.append(numbers[k].grad)
        torch.testing.assert_close(*found, rtol=1e-9, atol=1e-11)


def test_three_numbers_may_name_the_method():
    net = ThreeNumbers(method="loop")
    loss = net(torch.ones(11, 8, 200))[0].square().mean()
    torch.autograd.grad(loss, list(net.parameters()), create_graph=True)
    with pytest.raises(ValueError, match="method must be one of"):
        ThreeNumbers(method="fast")


def test_torch_compiles_the_fast_evaluation_and_its_gradients_in_one_piece():
    net = PlasticRNN(
        4,
        rules.oja,
        generator=torch.Generator().manual_seed(0),
        method="chunk",
        w_scale=0.3,
        alpha_scale=0.3,
    )
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    for batch in (2, 3):
        x = torch.randn(6, batch, 4, generator=torch.Generator().manual_seed(1))
        clamp = torch.zeros_like(x, dtype=torch.bool)
        clamp[1:4] = True
        found = []
        for evaluate in (net, compiled):
            net.zero_grad()
            output, state = evaluate(x, clamp=clamp)
            (output[-1].pow(3).sum() + state.hebb.square().sum()).backward()
            found.append(
                [output.detach(), state.hebb.detach(), *(p.grad.clone() for p in net.parameters())]
            )
        for one, two in zip(*found, strict=True):
            torch.testing.assert_close(one, two)


@given(
    st.integers(1, 6),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(RULES),
    st.integers(0, 10_000),
)
def test_a_clamped_layer_is_asked_without_a_trace(steps, batch, n_in, n_out, rule, seed):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64, requires_grad=True)

    x, targets, w, eta = (
        normal(steps + 1, batch, n_in),
        normal(steps, batch, n_out),
        normal(n_in, n_out),
        normal(1)[0].sigmoid(),
    )
    clamp = torch.ones(steps + 1, batch, n_out, dtype=torch.bool)
    clamp[-1] = False
    whole = torch.cat([targets, torch.zeros_like(targets[:1])])
    for alpha in (normal(n_in, n_out), normal(1)[0], 0.7, None):
        leaves = [leaf for leaf in (x, targets, w, eta, alpha) if isinstance(leaf, torch.Tensor)]
        wanted = loop.run_layer(x, w, alpha, eta, rule, None, whole, clamp, activation="identity")[
            0
        ][-1]
        found = matching(x[:-1], targets, x[-1], w, alpha, eta, rule.forget)
        torch.testing.assert_close(found, wanted)
        gradients = [
            torch.autograd.grad(y.sin().sum(), leaves, retain_graph=True, materialize_grads=True)
            for y in (found, wanted)
        ]
        torch.testing.assert_close(*gradients)


# ----------------------------------------------------------------- what is kept and what is written


@st.composite
def numbers(draw, x, clamp):
    """Numbers of each step, or each step and receiver, or none; equal where steps are, or not."""
    g = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    found = {}
    for name in ("kept", "written"):
        form = draw(st.sampled_from(["none", "each episode", "each receiver"]))
        if form == "none":
            continue
        shape = x.shape if form == "each receiver" else x.shape[:2]
        value = 0.8 * torch.randn(shape, generator=g, dtype=x.dtype)  # of either sign
        if draw(st.booleans()):
            for t in range(1, len(x)):
                if torch.equal(x[t], x[t - 1]):
                    value[t] = value[t - 1]
        found[name] = value
    return found


@settings(max_examples=150)
@given(
    episodes(),
    st.sampled_from(RULES),
    st.sampled_from([1, 2, 3, 100]),
    st.sampled_from([0.15, 1.0]),
    st.data(),
)
def test_what_is_kept_and_written_may_be_told_and_all_gradients_are_those_of_the_loop(
    episode, rule, most_keys, eta, data
):
    x, clamp, w, alpha, state = episode
    told = data.draw(numbers(x, clamp))
    learn_inputs, learn_numbers, on_output, on_trace = (data.draw(st.booleans()) for _ in range(4))
    eta = torch.tensor(eta, dtype=x.dtype)
    wanted = leaves(x, w, alpha, eta, state, learn_inputs)
    wanted += [a.requires_grad_() for a in told.values()] if learn_numbers else []
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            evaluation, "chunked", lambda events, *_: CHUNKED(events, most_keys, most_keys)
        )
        for method in ("loop", "chunk"):
            output, end = run(x, w, alpha, eta, rule, state, clamp, method, **told)
            loss = (
                on_output * output.pow(3).sum()
                + on_trace * end.hebb.square().sum()
                + 0 * output.sum()
            )
            grown = (
                torch.autograd.grad(loss, wanted, allow_unused=True) if loss.requires_grad else []
            )
            found.append([output, *end, *grown])
    for one, two in zip(*found, strict=True):
        one, two = (torch.zeros(()) if a is None else a for a in (one, two))  # noqa: PLW2901
        torch.testing.assert_close(
            two,
            one.expand_as(two).to(two.dtype),
            rtol=1e-10,
            atol=1e-10 * (1 + one.abs().max().item()),
        )


@given(episodes(), st.sampled_from(RULES), st.sampled_from(["loop", "chunk"]))
def test_the_numbers_that_follow_from_eta_are_the_rule_itself(episode, rule, method):
    x, clamp, w, alpha, state = episode
    output, end = run(x, w, alpha, 0.3, rule, state, clamp, method)
    told = {
        "kept": 1 - 0.3 * rule.forget(output),
        "written": torch.full(x.shape[:2], 0.3, dtype=x.dtype),
    }
    for names in (["kept"], ["written"], ["kept", "written"]):
        some = {name: told[name] for name in names}
        again = run(x, w, alpha, 0.3, rule, state, clamp, method, **some)
        torch.testing.assert_close(again, (output, end), rtol=1e-10, atol=1e-10)


@given(episodes(), st.booleans())
def test_the_trace_is_the_sum_of_what_each_step_wrote_and_later_steps_kept(episode, told_kept):
    x, clamp, w, alpha, state = episode
    g = torch.Generator().manual_seed(0)
    written = torch.randn(x.shape[:2], generator=g, dtype=x.dtype)
    kept = torch.randn(x.shape, generator=g, dtype=x.dtype) if told_kept else 0.8 + 0 * x
    told = {"written": written} | ({"kept": kept} if told_kept else {})
    output, end = run(x, w, alpha, 0.2, rules.decay, state, clamp, "chunk", **told)
    y, start = state or (torch.zeros_like(x[0]), x.new_zeros(*x.shape[1:], x.shape[-1]))
    total = start * kept.prod(0).unsqueeze(1)
    for s, (pre, post) in enumerate(zip([y, *output], output, strict=False)):
        value = written[s].unsqueeze(-1) * post * kept[s + 1 :].prod(0)
        total = total + torch.einsum("bi,bj->bij", pre, value)
    torch.testing.assert_close(end.hebb, total, rtol=1e-10, atol=1e-10 * (1 + total.abs().max()))


@pytest.mark.parametrize("most_keys", [2, 100])
@pytest.mark.parametrize("each", [True, False], ids=["each receiver", "each episode"])
def test_gradients_of_given_numbers_agree_with_finite_differences(most_keys, each, monkeypatch):
    monkeypatch.setattr(
        evaluation, "chunked", lambda events, *_: CHUNKED(events, most_keys, most_keys)
    )
    g = torch.Generator().manual_seed(5)
    shapes = (5, 2, 2), (2, 2), (2, 2), (2, 2), (2, 2, 2), *2 * [(5, 2, 2)[: 2 + each]]
    drawn = [torch.randn(s, generator=g, dtype=torch.float64).requires_grad_() for s in shapes]
    clamp = torch.rand(5, 2, 2, generator=g) < 0.3

    def outcome(x, w, alpha, y, hebb, kept, written):
        output, end = run(
            x, w, alpha, 0.4, rules.oja, State(y, hebb), clamp, "chunk", kept=kept, written=written
        )
        return output, end.hebb

    assert torch.autograd.gradcheck(outcome, drawn)


def test_equal_steps_are_merged_only_where_their_numbers_are_equal_and_have_no_gradient():
    x = torch.ones(8, 2, 3)
    clamp = torch.ones_like(x, dtype=torch.bool)
    y, one = torch.zeros(2, 3), torch.ones(8, 2)
    other = one.clone()
    other[5, 1] = 2
    for told, times in (
        ([], [1, 7]),
        ([one], [1, 7]),
        ([one, other], [1, 4, 1, 2]),
        ([one.clone().requires_grad_(), one], [1] * 8),
    ):
        events = chunks.find_events(x, clamp, y, numbers=told)
        assert [event.times for event in events] == times
        assert [event.shares for event in events] == [False, False, *[True] * (len(times) - 2)]
    assert all(event.times == 1 for event in chunks.find_events(x, clamp, y, False, [one]))


def test_numbers_of_a_step_that_do_not_fit_are_refused():
    x, good = torch.zeros(4, 2, 3), torch.zeros(4, 2)
    for method in ("loop", "chunk"):
        for name in ("kept", "written"):
            for wrong, error, message in (
                (good[:3], ValueError, f"{name} must have shape"),
                (torch.zeros(4, 2, 1), ValueError, f"{name} must have shape"),
                (good.double(), TypeError, "nothing is cast"),
                (good + torch.nan, ValueError, f"{name} holds NaN"),
                (0.5, TypeError, f"{name} must be a torch tensor of shape"),
            ):
                with pytest.raises(error, match=message):
                    run(x, 0.0, 0.1, 0.1, method=method, **{name: wrong})
            with pytest.raises(ValueError, match=f"{name} needs a rule of the common form"):
                run(x, 0.0, 0.1, 0.1, rules.sanger, method=method, **{name: good})
    with pytest.raises(TypeError, match="unexpected keyword argument 'keep'"):
        run(x, 0.0, 0.1, 0.1, keep=good)


def test_a_rule_that_is_told_its_drive_may_be_told_what_to_write_in_the_loop():
    g = torch.Generator().manual_seed(0)
    x, w, written = (torch.randn(s, generator=g) for s in ((4, 2, 3), (3, 3), (4, 2)))
    _, end = run(x, w, None, 0.2, rules.soft_hebb, written=written)
    y, hebb = torch.zeros(2, 3), torch.zeros(2, 3, 3)
    for t in range(4):
        pre, drive = y, y @ w + x[t]
        y = drive.tanh()
        hebb = hebb * (1 - 0.2 * y * drive)[:, None] + pre[:, :, None] * (
            written[t, :, None, None] * y[:, None]
        )
    torch.testing.assert_close(end.hebb, hebb)
