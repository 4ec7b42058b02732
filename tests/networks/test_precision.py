"""Networks in every precision and under every transform of torch: the same types and numbers."""

import functools
import itertools
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import (
    LeakyRNN,
    PlasticLinear,
    PlasticRNN,
    ScaledIdentity,
    State,
    ThreeNumbers,
    rules,
    run,
)
from hebbnotes.chapters.cell_types import memory
from hebbnotes.chapters.natural_images.model import HalvesRNN
from hebbnotes.learning.agents import AGENTS
from hebbnotes.networks import dale
from hebbnotes.networks.baselines import LSTM, RecurrentNetwork
from hebbnotes.networks.one_shot import OneShotNetwork, PrototypicalNetwork, matching
from hebbnotes.neurons import rate

LOW = [torch.float16, torch.bfloat16]
METHODS = ["loop", "chunk"]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# --------------------------------------------------------------------------- rates in low precision


NETWORKS = {
    "PlasticRNN": lambda eta: PlasticRNN(4, eta=eta),
    "PlasticLinear": lambda eta: PlasticLinear(4, 3, eta=eta),
    "HalvesRNN": lambda eta: HalvesRNN(4, 4, eta=eta, generator=generator()),
    "OneShotNetwork": lambda eta: OneShotNetwork(3, eta=eta, generator=generator()).readout,
    "ThreeNumbers": lambda eta: ThreeNumbers(eta=eta),
}


@pytest.mark.parametrize("dtype", [*LOW, torch.float32, torch.float64])
@pytest.mark.parametrize("name", NETWORKS)
@given(st.floats(-9, 9))
def test_a_learned_rate_is_what_it_was_set_to_in_every_precision(name, dtype, logit):
    eta = 1 / (1 + 2.718281828459045**logit)
    network = NETWORKS[name](eta).to(dtype)
    rounding = 16 * torch.finfo(dtype).eps * max(1, abs(logit)) + 1e-6  # that of its logit
    assert 0 < network.eta < 1 or dtype in LOW
    assert network.eta.item() == pytest.approx(eta, rel=rounding)
    network.eta.sum().backward()
    logits = [p for key, p in network.named_parameters() if key.endswith("eta_logit")]
    slope = eta * (1 - eta)
    slack = {"rel": 2 * rounding + 0.02, "abs": 2 * torch.finfo(dtype).eps}
    assert logits[0].grad.item() == pytest.approx(slope, **slack)


@pytest.mark.parametrize("dtype", [*LOW, torch.float32, torch.float64])
def test_a_learned_rate_stays_inside_of_0_and_1(dtype):
    network = PlasticRNN(2, dtype=dtype)
    for logit in (-1000.0, 1000.0):
        network.eta_logit.data.fill_(logit)
        assert 0 < network.eta < 1


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize(
    ("eta", "dtype"),
    [
        (1e-300, torch.float32),
        (1e-9, torch.float16),
        (1 - 1e-9, torch.float32),
        (0.999, torch.bfloat16),
    ],
)
def test_a_rate_that_the_precision_cannot_hold_is_refused(eta, dtype, learned):
    with pytest.raises(ValueError, match="cannot hold eta"):
        PlasticRNN(2, eta=eta, dtype=dtype, learn_eta=learned)
    PlasticRNN(2, eta=eta, dtype=torch.float64, learn_eta=learned)


# ----------------------------------------------------------------------------------------- autocast


@pytest.mark.parametrize("dtype", LOW)
@pytest.mark.parametrize("incoming", [torch.float32, "low"])
@pytest.mark.parametrize("n", [4, 130])
@pytest.mark.parametrize("method", ["auto", *METHODS])
def test_autocast_changes_neither_types_nor_numbers_of_a_plastic_network(
    method, n, incoming, dtype
):
    net = PlasticRNN(n, method=method, generator=generator())
    x = torch.randn(20, 2, n, generator=generator(1)).to(dtype if incoming == "low" else None)
    wanted, end = net(x.float())
    wanted.sum().backward()
    gradients = [p.grad for p in net.parameters()]
    net.zero_grad()
    with torch.autocast("cpu", dtype):
        output, state = net(x)
        assert output.dtype == state.y.dtype == state.hebb.dtype == torch.float32
        net(x, state)
        if method == "chunk":  # the loop's own operations are torch's, and autocast is at them
            output.sum().backward()
    if method != "chunk":
        output.sum().backward()
    torch.testing.assert_close(output, wanted)
    torch.testing.assert_close(state.hebb, end.hebb)
    for p, gradient in zip(net.parameters(), gradients, strict=True):
        torch.testing.assert_close(p.grad, gradient)


@pytest.mark.parametrize("dtype", LOW)
@pytest.mark.parametrize("activation", ["softmax", "tanh", "identity"])
def test_autocast_changes_no_layer(activation, dtype):
    layer = PlasticLinear(40, 30, activation=activation, generator=generator())
    x, labels = torch.randn(5, 2, 40, generator=generator(1)), torch.eye(30)[:2].expand(5, 2, 30)
    clamp = torch.rand(5, 2, 30, generator=generator(2)) < 0.5
    wanted, end = layer(x, None, labels, clamp)
    with torch.autocast("cpu", dtype):
        output, state = layer(x, None, labels, clamp)
        layer(x.to(dtype), state, labels.to(dtype), clamp)
    assert state.y.dtype == state.hebb.dtype == torch.float32
    torch.testing.assert_close(output, wanted)
    torch.testing.assert_close(state, end)


CALLED = {
    "ThreeNumbers": (ThreeNumbers, (9, 2, 5)),
    "HalvesRNN": (lambda: HalvesRNN(4, 5, eta=0.1, generator=generator()), (9, 2, 5)),
    "RecurrentNetwork": (lambda: RecurrentNetwork(5, 3, generator()), (9, 2, 5)),
    "LSTM": (lambda: LSTM(5, 3, generator()), (9, 2, 5)),
    "PlasticLinear": (lambda: PlasticLinear(5, 3), (9, 2, 5)),
    "LeakyRNN": (lambda: LeakyRNN(5, 4, 3, tau=5.0, generator=generator()), (9, 2, 5)),
    "DaleRNN": (lambda: dale.DaleRNN(5, 2, generator=generator()), (9, 2, 5)),
}


@pytest.mark.parametrize("dtype", LOW)
@pytest.mark.parametrize("name", CALLED)
def test_every_network_takes_what_autocast_hands_on_and_can_go_on(name, dtype):
    make, shape = CALLED[name]
    network, x = make(), torch.randn(shape, generator=generator())
    with torch.autocast("cpu", dtype):
        for given in (x, x.to(dtype)):
            output, state = network(given)
            assert output.dtype == torch.float32
            network(given, state)


X = torch.rand(6, 3, 8, generator=generator(1))
MULTIPLIED = {
    "inhibition": lambda: dale.DaleRNN(30, 3, generator=generator()).w,
    "DaleRNN": lambda: dale.DaleRNN(8, 2, generator=generator())(X)[0],
    "average": lambda: rules.average(rules.hebb, torch.zeros(8, 8), X[0], X[1]),
    "memory, rates": lambda: memory.run(X, 20.0, 1.0, 0.1, k=2)[0],
    "memory, signs": lambda: memory.run_signed(X, 20.0, 1.0, 0.1, k=2)[0],
    **{
        f"memory, {form}": lambda form=form: memory.run_form(form, X, (20.0, 1.0, 0.1))[0]
        for form in memory.FORMS
    },
    "memory, quick": lambda: memory.quick(X, (20.0, 1.0, 0.1), k=2),
}


@pytest.mark.parametrize("name", MULTIPLIED)
def test_autocast_changes_no_number_of_what_is_multiplied(name):
    wanted = MULTIPLIED[name]()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(MULTIPLIED[name](), wanted)


@pytest.mark.parametrize("dtype", LOW)
def test_one_shot_networks_work_under_autocast_and_answer_as_without_it(dtype):
    for made in (OneShotNetwork, PrototypicalNetwork):
        network = made(n_features=8, generator=generator())
        n = 5 if made is OneShotNetwork else 3
        pictures, targets = torch.rand(4, 31, 31, generator=generator(1)), torch.eye(n)[:3, None]
        if made is PrototypicalNetwork:
            targets = torch.eye(3)[:, None]
        shown, asked = torch.tensor([[0], [1], [2]]), torch.tensor([3])
        inputs = pictures[torch.cat([shown, asked[None]])]
        with_last = torch.cat([targets, torch.zeros(1, 1, n)])
        clamp = with_last.sum(-1, keepdim=True).expand_as(with_last) > 0
        with torch.autocast("cpu", dtype):
            drive = network.ask(pictures, shown, targets, asked)
            answer, state = network(inputs, None, with_last, clamp)
            if state is not None:
                network(inputs, state, with_last, clamp)
        assert drive.dtype == answer.dtype == torch.float32
        torch.testing.assert_close(answer[-1], drive.softmax(-1), atol=1e-5, rtol=1e-5)


def test_agents_and_rate_neurons_work_under_autocast():
    with torch.autocast("cpu", torch.bfloat16):
        for made in AGENTS.values():
            agent = made(8, generator=generator())
            logits, _, state = agent(torch.zeros(3, 2, agent.n_seen))
            agent(torch.zeros(3, 2, agent.n_seen), state)
            assert logits.dtype == torch.float32
        x, w = torch.ones(4, 3), torch.ones(3, 2)
        learned = rate.learn(x, w, rules.oja, 0.1)
    assert torch.equal(learned, rate.learn(x, w, rules.oja, 0.1))


# ------------------------------------------------------------------------------ transforms of torch


def ensemble(seed, size=3, n=3):
    g = generator(seed)
    return [torch.randn(shape, generator=g) for shape in ((size, 4, 2, n), (size, n, n))]


@pytest.mark.parametrize("method", ["auto", "loop"])
@given(st.integers(0, 1000), st.sampled_from([rules.hebb, rules.decay, rules.oja, rules.sanger]))
def test_an_ensemble_by_vmap_is_each_of_its_members(method, seed, rule):
    xs, ws = ensemble(seed)
    etas = torch.linspace(0.1, 0.5, 3)

    def called(x, w, eta):
        output, state = run(x, w, 0.5 * w, eta, rule, method=method)
        return output, state.hebb

    together = torch.func.vmap(called)(xs, ws, etas)
    for k in range(3):
        for got, wanted in zip(together, called(xs[k], ws[k], etas[k]), strict=True):
            torch.testing.assert_close(got[k], wanted)


def test_an_ensemble_of_modules_by_stacked_states_is_each_of_its_modules():
    for made, shape in (
        (lambda s: PlasticRNN(130, generator=generator(s)), (20, 2, 130)),
        (lambda s: PlasticLinear(4, 3, generator=generator(s)), (5, 2, 4)),
        (lambda s: HalvesRNN(4, 4, eta=0.1, generator=generator(s)), (5, 2, 4)),
        (lambda s: RecurrentNetwork(4, 2, generator(s)), (5, 2, 4)),
    ):
        nets, x = [made(seed) for seed in range(3)], torch.randn(shape, generator=generator())
        parameters, buffers = torch.func.stack_module_state(nets)

        def called(p, b, net=nets[0], x=x):
            return torch.func.functional_call(net, (p, b), (x,))[0]

        together = torch.func.vmap(called)(parameters, buffers)
        for k, net in enumerate(nets):
            torch.testing.assert_close(together[k], net(x)[0], atol=1e-5, rtol=1e-4)


def test_agents_prototypes_and_matching_work_under_vmap():
    for made in AGENTS.values():
        agents = [made(6, generator=generator(seed)) for seed in range(3)]
        if made is not AGENTS["plastic"]:
            continue  # torch's recurrent networks are not for vmap
        state = torch.func.stack_module_state(agents)
        seen = torch.rand(4, 2, agents[0].n_seen, generator=generator())
        together = torch.func.vmap(
            lambda p, b, agent=agents[0], seen=seen: torch.func.functional_call(
                agent, (p, b), (seen,)
            )[0]
        )(*state)
        for k, agent in enumerate(agents):
            torch.testing.assert_close(together[k], agent(seen)[0], atol=1e-5, rtol=1e-4)
    shown, asked = torch.randn(4, 3, 2, 5), torch.randn(4, 2, 5)
    labels = torch.eye(3)[:, None].expand(3, 2, 3)

    def called(shown, asked):
        return matching(shown, labels, asked, 0.1, 0.5, 0.2, rules.oja.forget)

    together = torch.func.vmap(called)(shown, asked)
    torch.testing.assert_close(together[1], called(shown[1], asked[1]))


def test_gradients_of_an_ensemble_and_second_derivatives_exist():
    xs, ws = ensemble(0)

    def loss(w, x):
        return run(x, w, 0.5 * w, 0.2)[0].square().sum()

    slopes = torch.func.vmap(torch.func.grad(loss))(ws, xs)
    for k in range(3):
        w = ws[k].clone().requires_grad_()
        torch.testing.assert_close(slopes[k], torch.autograd.grad(loss(w, xs[k]), w)[0])
    assert torch.func.hessian(loss)(ws[0], xs[0]).shape == (3, 3, 3, 3)


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("n", [3, 130])
def test_shapes_are_found_without_numbers_on_the_device_meta(method, n):
    x = torch.zeros(20, 2, n, device="meta")
    net = PlasticRNN(n, device="meta", method=method)
    output, state = net(x)
    assert output.shape == (20, 2, n)
    assert state.hebb.shape == (2, n, n)
    output, state = net(x, state, clamp=torch.zeros(20, 2, n, device="meta", dtype=torch.bool))
    assert output.is_meta
    layer = PlasticLinear(n, 2, device="meta")
    assert layer(x)[0].shape == (20, 2, 2)


def test_checks_of_shapes_and_types_stay_under_a_transform():
    xs, ws = ensemble(0)
    with pytest.raises(ValueError, match="w must have shape"):
        torch.func.vmap(lambda x: run(x, torch.zeros(2, 2), None, 0.1)[0])(xs)
    with pytest.raises(TypeError, match="nothing is cast"):
        torch.func.vmap(lambda x, w: run(x, w.double(), None, 0.1)[0])(xs, ws)


# ----------------------------------------------------------------------- what a backward pass needs


def tensors_in(value):
    """Yield the tensors that something holds, in lists and tuples, too."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors_in(one)


def test_after_the_backward_pass_nothing_is_held_by_what_is_kept_of_it():
    net = PlasticRNN(64, method="chunk", generator=generator())
    loss = net(torch.randn(24, 8, 64, generator=generator(1)))[0].square().sum()
    loss.backward()
    nodes, seen = [loss.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is not None and node not in seen:
            seen.add(node)
            nodes += [following for following, _ in node.next_functions]
    held = [t for node in seen for t in tensors_in([*getattr(node, "__dict__", {}).values()])]
    assert not held
    assert any("_Evaluation" in node.name() for node in seen)


@pytest.mark.parametrize("method", METHODS)
def test_hooks_see_what_the_backward_pass_needs_and_may_hand_back_copies(method):
    net = PlasticRNN(16, method=method, generator=generator())
    x, seen = torch.randn(40, 4, 16, generator=generator(1)), []
    clamp = torch.rand(x.shape, generator=generator(2)) < 0.3
    net(x, clamp=clamp)[0].square().sum().backward()
    wanted = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()

    def pack(tensor):
        seen.append(tensor.nbytes)
        return tensor.numpy(force=True).copy()

    with torch.autograd.graph.saved_tensors_hooks(pack, torch.from_numpy):
        output, _ = net(x, clamp=clamp)
    assert sum(seen) > 2 * x.nbytes
    output.square().sum().backward()
    for p, gradient in zip(net.parameters(), wanted, strict=True):
        torch.testing.assert_close(p.grad, gradient)


@pytest.mark.parametrize("method", METHODS)
def test_a_graph_that_is_kept_is_gone_through_twice_with_the_same_gradients(method):
    net, x = PlasticRNN(5, method=method, generator=generator()), torch.randn(50, 2, 5)
    loss = net(x)[0].square().sum()
    loss.backward(retain_graph=True)
    first = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    loss.backward()
    for p, gradient in zip(net.parameters(), first, strict=True):
        assert torch.equal(p.grad, gradient)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_a_network_can_be_recomputed_in_the_backward_pass():
    net, x = PlasticRNN(6, method="chunk", generator=generator()), torch.randn(40, 2, 6)
    net(x)[0].sum().backward()
    wanted = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    torch.utils.checkpoint.checkpoint(lambda: net(x)[0], use_reentrant=False).sum().backward()
    for p, gradient in zip(net.parameters(), wanted, strict=True):
        assert torch.equal(p.grad, gradient)


# ---------------------------------------------------------------- rules that do not keep their word


IN_PLACE = {
    "w": lambda w, a, b: w.add_(a.unsqueeze(-1) * b.unsqueeze(-2)),
    "pre": lambda w, a, b: a.mul_(0.5).unsqueeze(-1) * b.unsqueeze(-2),
    "post": lambda w, a, b: a.unsqueeze(-1) * b.clamp_(0.1).unsqueeze(-2),
}


@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("what", IN_PLACE)
def test_a_rule_that_works_in_place_is_found_at_its_first_step(what, inference):
    def fresh(w, a, b):
        return IN_PLACE[what](w, a, b)

    mode = torch.inference_mode() if inference else torch.no_grad()
    with mode:
        x = torch.randn(3, 1, 4, generator=generator())
        state = State(torch.ones(1, 4), torch.zeros(1, 4, 4))
        with pytest.raises(ValueError, match=f"rule fresh changes {what} in place"):
            run(x, 0.0, 1.0, 0.1, fresh, state)
        with pytest.raises(ValueError, match=f"changes {what} in place"):
            rate.learn(x[:, 0], torch.ones(4, 2), functools.partial(fresh), 0.1)


FORGETS = {
    "of their mean": lambda post: torch.ones_like(post) * post.square().mean(-1, keepdim=True),
    "of the largest": lambda post: post.square() * (post.abs().amax(-1, keepdim=True) > 2),
    "in place": lambda post: post.square_(),
    "of one size": lambda post: post.view(7).square(),
}


@pytest.mark.parametrize("name", FORGETS)
def test_a_forget_function_that_does_not_act_entry_by_entry_takes_the_loop(name):
    rule, x = rules.CommonForm(FORGETS[name]), torch.randn(9, 1, 7, generator=generator())
    with pytest.raises(ValueError, match="method='chunk' needs a rule of the common form"):
        run(x, 0.0, 1.0, 0.1, rule, method="chunk")
    if name in ("in place", "of one size"):
        with pytest.raises((ValueError, RuntimeError), match=r"in place|shape"):
            run(x, 0.0, 1.0, 0.1, rule)


def test_a_rule_with_a_copied_forget_function_is_evaluated_as_it_is_written():
    def gated(w, pre, post):
        return rules.hebb(w, pre, post * (post.abs() > 0.3))

    gated.forget = rules.hebb.forget
    x = torch.randn(20, 2, 130, generator=generator())
    for method in ("auto", "loop"):
        output, state = run(x, 0.0, 1 / 130, 0.1, gated, method=method)
        wanted, end = run(x, 0.0, 1 / 130, 0.1, functools.partial(gated), method="loop")
        torch.testing.assert_close(output, wanted)
        torch.testing.assert_close(state.hebb, end.hebb)


BROKEN = {
    "NaN": (lambda w, a, b: w * torch.nan, ValueError, "the trace holds NaN"),
    "another precision": (lambda w, a, b: w.double(), TypeError, "dw in torch.float32 like w"),
    "nothing": (lambda w, a, b: None, ValueError, "must return dw of shape"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_rule_that_returns_no_change_is_named(name):
    rule, error, message = BROKEN[name]
    with pytest.raises(error, match=message):
        run(torch.ones(3, 2, 4), 0.0, 1.0, 0.1, rule)
    with pytest.raises(error, match=message.replace("the trace", "what returns|the trace")):
        PlasticLinear(4, 2, rule)(torch.ones(3, 2, 4))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_is_refused_by_its_name_before_anything_runs(bad, method):
    x = torch.zeros(3, 2, 4)
    good = {"w": torch.zeros(4, 4), "alpha": torch.zeros(4, 4), "eta": 0.1}
    state = State(torch.zeros(2, 4), torch.zeros(2, 4, 4))
    for name, at in itertools.product(("w", "alpha"), (0, 15)):
        wrong = good[name].clone()
        wrong.view(-1)[at] = bad
        with pytest.raises(ValueError, match=f"{name} holds NaN or infinity"):
            run(x, **(good | {name: wrong}), method=method)
        with pytest.raises(ValueError, match=f"{name} "):
            run(x, **(good | {name: ScaledIdentity(bad)}), method=method)
    for name in ("y", "hebb"):
        wrong = state._replace(**{name: getattr(state, name) + bad})
        with pytest.raises(ValueError, match=rf"state.{name} holds NaN"):
            run(x, **good, state=wrong, method=method)


def test_large_numbers_whose_sum_is_infinite_are_finite():
    x = torch.full((2, 1, 4), 3e38)
    run(x, 0.0, None, 0.1)
    run(-x.to(torch.bfloat16), 0.0, None, 0.1)


@pytest.mark.parametrize("n", [3, 130])
def test_no_check_is_left_where_torch_compiles(n):
    graphs, net = [], PlasticRNN(n, generator=generator())

    def keep(graph, _):
        graphs.append(graph)
        return graph.forward

    x = torch.randn(12, 2, n, generator=generator(1))
    output, _ = torch.compile(net, backend=keep, fullgraph=True)(x)
    torch.testing.assert_close(output, net(x)[0], atol=1e-5, rtol=1e-4)
    called = {str(node.target) for graph in graphs for node in graph.graph.nodes}
    assert not [name for name in called if re.search(r"finite|isnan|\bitem\b", name)]
