"""Ways to assign credit: two functions each, what they read, and networks that learn by them."""

import functools
import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import check
from hebbnotes import rules as library
from hebbnotes.chapters.credit_assignment import audit, rules, theory
from hebbnotes.chapters.credit_assignment.rules import CREDIT, Told, follow
from hebbnotes.chapters.credit_assignment.trained import networks, others, ways
from hebbnotes.chapters.credit_assignment.trained.networks import Net, changed, forward, with_one
from hebbnotes.chapters.credit_assignment.trained.ways import WAYS, Sweep
from hebbnotes.learning import e_prop
from hebbnotes.plasticity import stepper
from hebbnotes.plasticity.rules import Cells

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
depths = st.integers(0, 3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


def doubled(net):
    return Net(*([t.double() for t in part] for part in net))


def world(seed, learner, hidden=(6, 5), several=2, batch=7):
    """Return networks with biases, a batch and its targets."""
    sizes = (4, *hidden, 3)
    drawn = [doubled(learner.begin(sizes, generator(seed + k))) for k in range(several)]
    parts = ([one.weights for one in drawn], [one.back for one in drawn])
    net = Net(*([torch.cat(each) for each in zip(*part, strict=True)] for part in parts))
    for k, w in enumerate(net.weights):
        w[:, -1] = 0.3 * normal(seed + k, *w[:, -1].shape)
    return net, normal(seed, batch, 4), normal(seed + 1, batch, 3)


def gradient(net, x, target):
    """Return minus the gradient of the mean loss of each network, by autograd."""
    its = [w.clone().requires_grad_() for w in net.weights]
    total = networks.loss(forward(its, x)[-1].rate, target).mean(-1).sum()
    return [-g for g in torch.autograd.grad(total, its)]


def cosine(a, b):
    a, b = (torch.cat([t.flatten() for t in each]) for each in (a, b))
    return float(a @ b / (a.norm() * b.norm()))


# ------------------------------------------------------------------------------------- the rules


@pytest.mark.witness("eq-gradient", rules.backward)
@given(seeds, st.lists(st.integers(1, 6), max_size=3))
def test_backpropagation_goes_down_the_gradient(seed, hidden):
    net, x, target = world(seed, Sweep(), tuple(hidden))
    found = changed(Sweep(), net, x, target, 0)
    for one, other in zip(found, gradient(net, x, target), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_the_true_gradient_is_that_of_finite_differences():
    net, x, target = world(3, Sweep())
    found = changed(Sweep(), net, x, target, 0)
    for layer, at in itertools.product(range(3), [(0, 0, 0), (1, 2, 1)]):
        losses = []
        for size in (1e-6, -1e-6):
            other = net.clone()
            other.weights[layer][at] += size
            losses.append(networks.loss(forward(other.weights, x)[-1].rate, target).mean(-1).sum())
        slope = (losses[0] - losses[1]) / 2e-6
        assert float(slope) == pytest.approx(-float(found[layer][at]), abs=1e-8)


@pytest.mark.parametrize("name", CREDIT)
def test_every_synapse_reads_its_own_two_cells_and_what_it_is_told(name):
    for rule in (CREDIT[name].change, CREDIT[name].change_back):
        if rule is not None:
            check.local(rule)


def test_what_is_audited_is_what_is_trained():
    for name, learner in WAYS.items():
        for part in ("teach", "change", "change_back"):
            if isinstance(learner, Sweep) and name in CREDIT and name != "local losses":
                its = getattr(learner, part)
                if not (part == "change_back" and isinstance(learner, ways.Inverse)):
                    assert its is getattr(CREDIT[name], part), (name, part)
    assert CREDIT["difference target propagation"].change_back is rules.undo
    assert CREDIT["equilibrium propagation"].change is rules.in_two_phases


@given(seeds, st.integers(1, 5), st.integers(1, 5))
def test_feedback_rules_are_what_their_equations_say(seed, n, n_above):
    back, pre = normal(seed, n_above, n), normal(seed + 1, n_above)
    post, drive = normal(seed + 2, n), normal(seed + 3, n)
    found = stepper.change(rules.undo, back, pre, post, drive=drive)
    same = stepper.change(rules.mirror.forgetting(0.3), back, pre, post)
    for k, i in itertools.product(range(n_above), range(n)):
        missed = post[i] - drive[i] if drive[i] > 0 else 0.0
        assert float(found[k, i]) == pytest.approx(float(pre[k] * missed))
        assert float(same[k, i]) == pytest.approx(float(pre[k] * post[i] - 0.3 * back[k, i]))


@pytest.mark.parametrize(
    "rule", [follow, rules.explore, rules.in_two_phases], ids=lambda rule: rule.__name__
)
@given(seed=seeds)
def test_a_batch_is_written_as_the_mean_of_what_the_rule_says(rule, seed):
    rule = rule.forgetting(0.1 * (seed % 2))
    w, pre, post = normal(seed, 2, 5, 3), normal(seed + 1, 2, 7, 5), normal(seed + 2, 2, 7, 3)
    modulator, error, noise = (normal(seed + k, 2, 7, 3) for k in (3, 4, 5))
    supplied = {"modulator": modulator, "error": error, "noise": noise}
    mean = torch.stack(
        [
            stepper.change(
                rule, w, pre[:, b], post[:, b], **{k: v[:, b] for k, v in supplied.items()}
            )
            for b in range(7)
        ]
    ).mean(0)
    new, rate = w.clone(), torch.tensor([0.3, 0.7], dtype=DOUBLE)
    networks.write(rule, new, pre, post, rate, **supplied)
    torch.testing.assert_close(new, w + rate.view(-1, 1, 1) * mean)


def test_in_two_phases_is_the_modulated_rule_of_the_library():
    w, pre, post, m = normal(0, 4, 3), normal(1, 4), normal(2, 3), normal(3, 3)
    torch.testing.assert_close(
        stepper.change(rules.in_two_phases, w, pre, post, modulator=m),
        stepper.change(library.modulated_hebb, w, pre, post, modulator=m),
    )


def test_a_rule_that_follows_an_error_is_refused_where_none_is_supplied():
    with pytest.raises(TypeError, match="declares error, and its caller supplies nothing"):
        stepper.change(follow, normal(0, 2, 2), normal(1, 2), normal(2, 2))
    with pytest.raises(TypeError, match="signal must be a function"):
        Told(3)


@given(seeds, st.integers(1, 5), st.integers(1, 5))
def test_teachers_are_what_their_equations_say(seed, n, n_above):
    w_out, back = normal(seed, n, n_above), normal(seed + 1, n_above, n)
    here = Cells(*(normal(seed + k, n) for k in (2, 3, 4)))
    above = Cells(*(normal(seed + k, n_above) for k in (5, 6, 7)))
    told = {
        name: credit.teach(w_out, back, here, above, torch.ones(n, dtype=DOUBLE))
        for name, credit in CREDIT.items()
    }
    square = sum(r**2 for r in here.rate.tolist()) / n
    for i in range(n):
        on = float(here.drive[i] > 0)
        e = above.error.tolist()
        true = on * sum(w_out[i, k] * e[k] for k in range(n_above))
        signs = on * sum(w_out[i, k].sign() * e[k] for k in range(n_above)) / n_above**0.5
        lie = on * sum(back[k, i] * e[k] for k in range(n_above))
        wanted = sum((above.rate[k] + e[k]) * back[k, i] for k in range(n_above))
        there = sum(above.rate[k] * back[k, i] for k in range(n_above))
        inverse = on * (max(0.0, float(wanted)) - max(0.0, float(there)))
        good = 2 * here.rate[i] / n / (1 + math.exp(square - 1))
        current = sum(w_out[i, k] * above.rate[k] for k in range(n_above))
        for name, each in {
            "backpropagation": true,
            "predictive coding": true,
            "local losses": true,
            "sign symmetry": signs,
            "feedback alignment": lie,
            "direct feedback alignment": lie,
            "Kolen-Pollack": lie,
            "difference target propagation": inverse,
            "forward-forward": good,
            "equilibrium propagation": current,
            "node perturbation": 0.0,
            "frozen": 0.0,
        }.items():
            assert float(told[name][i]) == pytest.approx(float(each), abs=1e-12), name


@given(seeds, st.integers(1, 5))
def test_goodness_goes_up_the_gradient_of_the_log_probability(seed, n):
    rate = normal(seed, n).requires_grad_()
    here = Cells(rate, rate, rate)
    for phase in (1.0, -1.0):
        logs = torch.nn.functional.logsigmoid(phase * (rate.square().mean() - 1))
        (slope,) = torch.autograd.grad(logs, rate)
        modulator = torch.full((n,), phase, dtype=DOUBLE)
        told = rules.goodness(rate, rate, here, here, modulator)
        torch.testing.assert_close(told.detach(), slope)


# ------------------------------------------------------------------------------------- the audit


FOREIGN = {
    "backpropagation": {"weights elsewhere": 3},
    "predictive coding": {"weights elsewhere": 3},
    "equilibrium propagation": {"weights elsewhere": 3},
    "local losses": {"weights elsewhere": 3},
    "sign symmetry": {"signs of weights elsewhere": 3},
    "forward-forward": {"other cells of its layer": 3},
}
OWN = {
    "Kolen-Pollack": {"its weight", "feedback weights onto its cell", "errors from above"},
    "feedback alignment": {"feedback weights onto its cell", "errors from above"},
    "direct feedback alignment": {"feedback weights onto its cell", "errors from above"},
    "difference target propagation": {
        *("feedback weights onto its cell", "errors from above", "rates from above"),
    },
    "node perturbation": {"the receiver's noise", "a broadcast"},
    "REINFORCE": {"the receiver's noise", "a broadcast"},
    "weight perturbation": {"its own trace", "a broadcast"},
    "frozen": set(),
    "backpropagation": {"errors from above"},
    "predictive coding": {"errors from above"},
    "local losses": {"errors from above"},
    "sign symmetry": {"errors from above"},
    "equilibrium propagation": {"a broadcast", "rates from above"},
    "forward-forward": {"a broadcast"},
}
BLIND = {"weight perturbation", "frozen"}
"""What reads neither of its two cells; those that hear of noise do not read the receiver."""
BACK = {
    "Kolen-Pollack": ("its weight", "the sender", "the receiver"),
    "difference target propagation": ("the sender", "the receiver"),
    "local losses": ("the sender", "the receiver"),
}


def test_the_audit_finds_weight_transport_where_local_hides_it():
    found = audit.audit()
    assert found.keys() == CREDIT.keys()
    assert {name: s.foreign for name, s in found.items() if s.foreign} == FOREIGN
    assert all(set(s.own) <= set(audit.OWN) for s in found.values())
    for name, own in OWN.items():
        assert set(found[name].own) - {"the sender", "the receiver"} == own, name
    assert OWN.keys() == found.keys()
    assert {n for n, s in found.items() if "the sender" not in s.own} == BLIND
    noisy = {"node perturbation", "REINFORCE"}
    assert {n for n, s in found.items() if "the receiver" not in s.own} == BLIND | noisy
    assert {n: s.back for n, s in found.items() if s.back} == BACK


def test_a_third_function_that_is_not_local_convicts():
    kp = CREDIT["Kolen-Pollack"]
    w_out = torch.rand(4, 3, dtype=DOUBLE)

    def reads_a_neighbour(w, pre, post):
        return pre.unsqueeze(-1) * post.roll(1, -1).unsqueeze(-2)

    def copies(w, pre, post):
        return w_out.mT - w

    def asks_all(w, pre, post):
        return w.roll(1, -1)

    for rule, foreign in (
        (reads_a_neighbour, {"other cells of its layer": 1}),
        (copies, {"held w_out": 1}),
        (asks_all, {"weights elsewhere": 1}),
    ):
        assert audit.sight(kp._replace(change_back=rule)).foreign == foreign


ESCAPE = ("backpropagation", "predictive coding", "equilibrium propagation", "local losses")


@pytest.mark.parametrize("name", ESCAPE)
def test_who_reads_weights_elsewhere_escapes_by_feedback_that_learns_the_same(name):
    escaped = rules.mirrored(CREDIT[name])
    before, after = audit.sight(CREDIT[name]), audit.sight(escaped)
    assert before.foreign == {"weights elsewhere": 3}
    assert after.foreign == {}
    assert set(after.own) == {*before.own, "its weight", "feedback weights onto its cell"}
    assert {"its weight", "the sender", "the receiver"} <= set(after.back)


@pytest.mark.witness("eq-kolen-pollack", theory.mirror_gap)
@pytest.mark.parametrize("name", ESCAPE)
@given(seed=seeds, eta=st.floats(0.01, 0.2), decay=st.floats(0.0, 0.5))
def test_both_directions_write_the_same_and_the_difference_fades(name, seed, eta, decay):
    credit = rules.mirrored(CREDIT[name], decay)
    n, n_above = 4, 3
    w, back = normal(seed, n, n_above), normal(seed + 1, n_above, n)
    gap = w - back.mT
    for step in range(10):
        here = Cells(*normal(seed + 2 + step, 3, n))
        above = Cells(*normal(seed + 50 + step, 3, n_above))
        if credit.change_back.signal is rules.mirror.signal:  # a cell above sends its error down
            forward = stepper.change(credit.change, w, here.rate, above.rate, error=above.error)
            backward = stepper.change(credit.change_back, back, above.error, here.rate)
        else:  # both are broadcast the same phase
            phases = (
                torch.full((k,), -1.0 if step % 2 else 1.0, dtype=DOUBLE) for k in (n_above, n)
            )
            forward, backward = (
                stepper.change(rule, its, pre, post, modulator=phase)
                for rule, its, pre, post, phase in zip(
                    (credit.change, credit.change_back),
                    (w, back),
                    (here.rate, above.rate),
                    (above.rate, here.rate),
                    phases,
                    strict=True,
                )
            )
        w, back = w + eta * forward, back + eta * backward
    torch.testing.assert_close(w - back.mT, theory.mirror_gap(gap, eta, decay, 10))


def test_no_feedback_can_mirror_what_is_not_written_as_a_product():
    with pytest.raises(ValueError, match="change must be follow or in_two_phases"):
        rules.mirrored(CREDIT["node perturbation"])
    with pytest.raises(ValueError, match="decay must be"):
        rules.mirrored(CREDIT["predictive coding"], -1)


@settings(max_examples=8)  # of 20 pairs of sizes
@given(st.integers(2, 5), st.integers(1, 5))
def test_what_is_read_elsewhere_grows_with_what_is_there(n, n_above):
    counted = {
        name: audit.sight(CREDIT[name], n=n, n_above=n_above).foreign
        for name in ("backpropagation", "forward-forward", "feedback alignment")
    }
    assert counted["backpropagation"] == {"weights elsewhere": n_above}
    assert counted["forward-forward"] == {"other cells of its layer": n - 1}
    assert counted["feedback alignment"] == {}


def test_a_teacher_that_smuggles_a_weight_in_is_caught():
    w_out = torch.rand(4, 3, dtype=DOUBLE)

    def teach(w_out_unused, back, here, above, modulator):
        return rules.backward(w_out, back, here, above, modulator)

    credit = CREDIT["feedback alignment"]
    assert audit.sight(credit._replace(teach=teach)).foreign == {"held w_out": 3}
    bound = functools.partial(rules.follow.signal)
    assert audit.sight(credit._replace(change=Told(bound))).foreign == {}

    def change(w, pre, post, *, error):
        return pre.unsqueeze(-1) * (error * w_out.sum(-1)).unsqueeze(-2)

    assert audit.sight(credit._replace(change=change)).foreign == {"held w_out": 3}


# ---------------------------------------------------------------------------------- the networks


@pytest.mark.parametrize("name", WAYS | others.OTHERS)
def test_networks_beside_each_other_learn_as_if_alone(name):
    learner = (WAYS | others.OTHERS)[name]
    net, x, target = world(5, learner)
    target = torch.eye(3, dtype=DOUBLE)[target.argmax(-1)]
    rate = [torch.tensor([0.03, 0.1], dtype=DOUBLE)] * len(net.weights)
    together = net.clone()
    for step in range(3):
        learner.step(together, x, target, rate, generator(step))
    for k in range(2):
        alone = Net(*([t[k : k + 1].clone() for t in part] for part in net))
        for step in range(3):
            learner.step(alone, x, target, [r[k : k + 1] for r in rate], generator(step))
        pairs = [*zip(together, alone, strict=True)]
        for a, b in (pair for parts in pairs for pair in zip(*parts, strict=True)):
            torch.testing.assert_close(a[k : k + 1], b)


@pytest.mark.parametrize("name", WAYS | others.OTHERS)
def test_a_way_to_learn_changes_the_layers_that_it_should(name):
    learner = (WAYS | others.OTHERS)[name]
    net, x, target = world(2, learner)
    target = torch.eye(3, dtype=DOUBLE)[target.argmax(-1)]
    moved = [bool(dw.abs().max() > 1e-9) for dw in changed(learner, net, x, target, 0)]
    still = name == "frozen" or name.endswith("last layer alone")
    assert moved == [not still] * (len(moved) - 1) + [True]
    assert learner.answers(net, x).shape == (2, 7, 3)


@given(seeds, st.sampled_from([n for n in WAYS if n not in ("REINFORCE", "predictive coding")]))
def test_outputs_share_the_delta_rule(seed, name):
    net, x, target = world(seed, WAYS[name])
    found = changed(WAYS[name], net, x, target, 0)[-1]
    pre, y = (c.rate for c in forward(net.weights, x)[-2:])
    oracle = (with_one(pre).mT @ (target - y)) / len(x)
    forgotten = getattr(WAYS[name], "change", follow).forget * net.weights[-1]
    torch.testing.assert_close(found, oracle - forgotten)


@given(seeds)
def test_without_hidden_layers_every_way_is_the_delta_rule(seed):
    for name, learner in WAYS.items():
        if name in ("backpropagation, decay", "Kolen-Pollack"):
            continue
        net, x, target = world(seed, learner, ())
        found = changed(learner, net, x, target, 0)
        torch.testing.assert_close(found, gradient(net, x, target), msg=name)


@given(seeds)
def test_feedback_through_the_outgoing_weights_is_backpropagation(seed):
    learner = WAYS["feedback alignment"]
    net, x, target = world(seed, learner)
    net = net._replace(back=[networks.outgoing(w).mT.clone() for w in net.weights[1:]])
    torch.testing.assert_close(changed(learner, net, x, target, 0), gradient(net, x, target))


@pytest.mark.parametrize("name", ["node perturbation", "weight perturbation", "REINFORCE"])
def test_scalar_ways_go_down_the_gradient_on_average(name):
    learner = WAYS[name]
    net, x, target = world(1, learner, (3,), several=1, batch=40)
    if name == "REINFORCE":  # one example, or the mean of other rewards would hide its own
        x, target = (one[:1].expand(40, -1) for one in (x, target))
        learner = ways.Reward(noise=0.01)
    total = [changed(learner, net, x, target, k)[:-1] for k in range(600)]
    mean = [torch.stack(each).mean(0) for each in zip(*total, strict=True)]
    assert cosine(mean, gradient(net, x, target)[:-1]) > 0.95


def test_weight_noise_is_normal_and_uncorrelated_between_examples():
    learner = ways.WeightNoise(noise=1.0)
    net, x, _ = world(0, learner, (30,), several=1, batch=6)
    drawn = []
    for k in range(300):
        shared, rows, columns = learner.chance(net, 6, x, generator(k))[0]
        drawn.append(rows.unsqueeze(-1) * columns.unsqueeze(-2) * shared)
    noise = torch.stack(drawn).flatten(2)  # draws, examples, weights
    assert abs(float(noise.std()) - 1) < 0.01
    assert abs(float(noise.pow(4).mean()) - 3) < 0.15
    between = (noise[:, 0] * noise[:, 1]).mean()
    assert abs(float(between)) < 0.03


@given(seeds)
def test_weight_perturbation_writes_what_three_factors_write(seed):
    learner = ways.WeightNoise()
    net, x, target = world(seed, learner, (4,), several=1, batch=3)
    found = changed(learner, net, x, target, seed)[0][0]
    shared, rows, columns = learner.chance(net, 3, x, generator(seed))[0]
    total = torch.zeros_like(found)
    for b in range(3):
        noise = rows[b].unsqueeze(-1) * columns[b] * shared
        noisy = [net.weights[0] + noise, net.weights[1]]
        fell = networks.loss(forward(net.weights, x[b : b + 1])[-1].rate, target[b])
        fell = fell - networks.loss(forward(noisy, x[b : b + 1])[-1].rate, target[b])
        total += stepper.change(
            library.three_factor,
            net.weights[0][0],
            with_one(x[b]),
            torch.zeros(4, dtype=DOUBLE),
            modulator=(fell[0] / learner.noise**2),
            eligibility=noise,
        )
    torch.testing.assert_close(found, total / 3, rtol=1e-6, atol=1e-8)


@settings(max_examples=8)  # nothing but normal numbers differs
@given(seeds)
def test_predictive_coding_settles_at_the_least_energy_where_all_cells_are_active(seed):
    learner = ways.Settling(steps=250)
    weights = [
        normal(seed + k, n, m).abs() / n for k, (n, m) in enumerate([(4, 5), (5, 3), (3, 2)])
    ]
    biased = [torch.cat([w, torch.zeros(1, w.shape[1], dtype=DOUBLE)]) for w in weights]
    net = Net([w.unsqueeze(0) for w in biased], [])
    x = 1 + normal(seed, 1, 4).abs()
    target = x @ weights[0] @ weights[1] @ weights[2] * 1.1
    cells = learner.settled(net, x, target)
    rest = theory.settle_linear(weights, x[0], target[0])
    for cell, wanted in zip(cells[1:], rest, strict=True):
        torch.testing.assert_close(cell.rate[0, 0], wanted, rtol=1e-6, atol=1e-8)
    step = theory.prospective(weights, x[0], target[0])
    for one, wanted in zip(changed(learner, net, x, target, 0), step, strict=True):
        torch.testing.assert_close(networks.outgoing(one)[0], wanted, rtol=1e-5, atol=1e-8)


def test_an_inverse_learns_to_undo_the_layer_above():
    learner = WAYS["difference target propagation"]
    net, x, target = world(1, learner, (8, 8), several=1, batch=50)
    rate = [torch.zeros(1, dtype=DOUBLE)] * 2 + [torch.full((1,), 0.02, dtype=DOUBLE)]

    def missed():
        cells = forward(net.weights, x)
        return float((torch.relu(cells[2].rate @ net.back[0]) - cells[1].rate).square().mean())

    before = missed()
    for step in range(400):
        learner.step(net, x, target, rate, generator(step))
    assert missed() < 0.5 * before


# ------------------------------------------------------------------------------------ mathematics


@pytest.mark.witness("eq-feedback-account", theory.account)
@given(seeds, st.lists(st.integers(1, 6), min_size=1, max_size=3), st.floats(0.001, 0.1))
def test_the_account_of_feedback_alignment_falls_by_the_square_of_the_step(seed, hidden, eta):
    learner = WAYS["feedback alignment"]
    net, x, target = world(seed, learner, tuple(hidden))
    rate = [torch.full((2,), eta, dtype=DOUBLE)] * len(net.weights)

    def accounts():
        parts = zip(net.weights[:-1], net.weights[1:], net.back, strict=True)
        return [theory.account(w, networks.outgoing(v), back) for w, v, back in parts]

    for step in range(5):
        before, old = accounts(), net.clone()
        learner.step(net, x, target, rate, generator(step))
        for k, (new, last) in enumerate(zip(accounts(), before, strict=True)):
            moved = (net.weights[k] - old.weights[k]).square().sum(-2) / 2
            torch.testing.assert_close(new, last - moved, rtol=1e-9, atol=1e-12)


@given(seeds, st.floats(0.0, 0.5), st.floats(0.001, 0.1))
def test_forgetting_adds_to_the_account_until_agreement_is_the_square_of_the_weights(
    seed, decay, eta
):
    learner = Sweep(teach=rules.by_feedback, change=follow.forgetting(decay), own=True)
    net, x, target = world(seed, learner, (5,))
    old = net.clone()
    learner.step(net, x, target, [torch.full((2,), eta, dtype=DOUBLE)] * 2, generator())
    w, back, w_out = old.weights[0], old.back[0], networks.outgoing(old.weights[1])
    owed = (back.mT * w_out).sum(-1) - w.square().sum(-2)
    moved = (net.weights[0] - w).square().sum(-2) / 2
    torch.testing.assert_close(
        theory.account(net.weights[0], networks.outgoing(net.weights[1]), back),
        theory.account(w, w_out, back) - eta * decay * owed - moved,
    )


def test_the_account_is_not_that_of_direct_feedback():
    learner = WAYS["direct feedback alignment"]
    net, x, target = world(1, learner, (5, 3))  # as many cells above the first layer as outputs
    old = net.clone()
    learner.step(net, x, target, [torch.full((2,), 0.1, dtype=DOUBLE)] * 3, generator())
    kept = []
    for k in range(2):
        after, before = (
            theory.account(its.weights[k], networks.outgoing(its.weights[k + 1]), its.back[k])
            for its in (net, old)
        )
        moved = (net.weights[k] - old.weights[k]).square().sum(-2) / 2
        kept.append(torch.allclose(after, before - moved))
    assert kept == [False, True], "of the last hidden layer it is the same feedback"


@pytest.mark.witness("eq-kolen-pollack", theory.mirror_gap)
@given(seeds, st.floats(0.01, 0.2), st.integers(1, 20))
def test_feedback_that_learns_as_the_weights_do_comes_to_mirror_them(seed, eta, steps):
    learner = WAYS["Kolen-Pollack"]
    net, x, target = world(seed, learner)
    rate = [torch.full((2,), eta, dtype=DOUBLE)] * 3
    begun = zip(net.weights[1:], net.back, strict=True)
    gaps = [networks.outgoing(w) - back.mT for w, back in begun]
    for step in range(steps):
        learner.step(net, x, target, rate, generator(step))
    for gap, w, back in zip(gaps, net.weights[1:], net.back, strict=True):
        left = theory.mirror_gap(gap, eta, rules.DECAY, steps)
        torch.testing.assert_close(networks.outgoing(w) - back.mT, left, rtol=1e-8, atol=1e-10)


@pytest.mark.witness("eq-eprop", e_prop.gradient)
@given(seeds, st.integers(1, 5), st.floats(0.0, 1.0))
def test_e_prop_is_exact_with_the_total_derivative_or_where_cells_do_not_drive_each_other(
    seed, n, kappa
):
    inputs, targets = normal(seed, 6, 2, 3), normal(seed + 1, 6, 2, 2)
    w, w_out = normal(seed + 2, 3 + n, n), normal(seed + 3, n, 2)
    alone = w.clone()
    alone[3:] = 0
    its = e_prop.directions(inputs, targets, alone, w_out, kappa, w_out)
    torch.testing.assert_close(its.direct, its.exact)
    steps, y = [], inputs.new_zeros(2, n)
    trained, h = w.clone().requires_grad_(), inputs.new_zeros(2, n)
    for u in inputs:
        h = kappa * h + torch.cat([u, y], -1) @ trained
        y = torch.tanh(h)
        y.retain_grad()
        steps.append(y)
    output = torch.stack(steps)
    ((output @ w_out - targets).square().sum() / 2).backward()
    total = torch.stack([step.grad for step in steps])
    found = e_prop.gradient(inputs, output.detach(), total, kappa)
    torch.testing.assert_close(found, trained.grad)
