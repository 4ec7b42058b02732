"""Networks that recall: which reduce to which, against plain loops, and what none of them can."""

import math
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from hebbnotes import rules
from hebbnotes.chapters.fast_weights_and_attention.trained import (
    heads,
    memories,
    recall,
    recurrent,
    stacks,
)
from hebbnotes.experiments import Trial
from hebbnotes.networks.loop import run
from hebbnotes.tasks import Addresses, Rebinding, wrong_bits

DOUBLE = torch.float64
KEYED = {name: arm for name, arm in recall.ARMS.items() if isinstance(arm, memories.Linear)}
seeds = st.integers(0, 10_000)
NEVER = -1e4
"""What a gate's logit is that is shut."""


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def episodes_of(seed, keys=5, batch=3, rebound=2, d=recall.BITS):
    drawn = Rebinding(keys, 2, n_bits=d, rebound=rebound).sample(batch, generator(seed))
    return drawn._replace(
        **{name: getattr(drawn, name).double() for name in ("keys", "values", "queries", "target")}
    )


def params_of(arm, seed, several=2):
    """Return numbers of several networks, each moved away from where it begins."""
    begun = arm.begin(generator(seed))
    g = generator(seed + 1)
    return {
        name: (p + 0.3 * torch.randn(several, *p.shape, generator=g)).double()
        for name, p in begun.items()
    }


def written(seed, n=6, writes=5, d=4, several=2, batch=3):
    g = generator(seed)
    k, v, bits = (
        torch.randn(several, batch, writes, size, generator=g, dtype=DOUBLE) for size in (n, n, d)
    )
    return memories.Written(bits, nn.functional.normalize(k, dim=-1), v)


def close(a, b):
    return torch.allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", recall.ARMS)
def test_all_arms_have_equally_many_numbers(name):
    counts = [recall.numbers_of(arm) for arm in recall.ARMS]
    assert min(counts) >= 0.9 * max(counts)
    assert recall.numbers_of(name) == sum(
        p[0].numel() for p in params_of(recall.ARMS[name], 0).values()
    )


@pytest.mark.parametrize("name", recall.ARMS)
def test_networks_side_by_side_answer_as_each_alone(name):
    arm, episodes = recall.ARMS[name], episodes_of(1)
    p = params_of(arm, 2)
    together = arm.answer(p, episodes)
    assert together.shape == (2, *episodes.target.shape)
    for s in range(2):
        alone = arm.answer({key: value[s : s + 1] for key, value in p.items()}, episodes)
        assert close(alone[0], together[s])


@settings(max_examples=20)
@given(seeds)
def test_gates_that_are_shut_leave_the_rule_without_them(seed):
    linear, q = memories.Linear(4, 6), written(seed + 1).k
    its = written(seed)
    hebb = linear.read({}, its, q)
    for arm in (memories.Gated(4, 6), memories.GatedSenders(4, 6)):
        p = params_of(arm, seed)
        shut = p | {"b_gate": torch.full_like(p["b_gate"], NEVER)}
        assert close(arm.read(shut, its, q), hebb)
    p = params_of(memories.GatedDelta(4, 6), seed)
    shut = p | {"b_gate": torch.full_like(p["b_gate"], NEVER)}
    assert close(
        memories.GatedDelta(4, 6).read(shut, its, q), memories.Delta(4, 6).read(shut, its, q)
    )
    assert close(memories.LinearAlpha(4, 6).read({"alpha": torch.ones(2, 6, 6)}, its, q), hebb)


@settings(max_examples=20)
@given(seeds)
def test_gates_of_all_senders_that_are_alike_are_one_gate(seed):
    one, each = memories.Gated(4, 6), memories.GatedSenders(4, 6)
    p, its, q = params_of(one, seed), written(seed), written(seed + 1).k
    alike = {
        name: value.expand(*value.shape[:-1], 6) for name, value in p.items() if "gate" in name
    }
    assert close(one.read(p, its, q), each.read(alike, its, q))


@settings(max_examples=20)
@given(seeds)
def test_with_keys_at_right_angles_delta_is_hebb(seed):
    its, q = written(seed, n=6, writes=5), written(seed + 1).k
    g = generator(seed)
    square = torch.randn(2, 3, 6, 6, generator=g, dtype=DOUBLE)
    its.k = torch.linalg.qr(square)[0][:, :, :5]
    p = {"w_rate": torch.zeros(2, 4, 1, dtype=DOUBLE), "b_rate": torch.zeros(2, 1, dtype=DOUBLE)}
    assert close(memories.Delta(4, 6).read(p, its, q), memories.Linear(4, 6).read({}, its, q))


@settings(max_examples=15)
@given(seeds, st.sampled_from(["gated", "gated by sender", "delta", "gated delta"]))
def test_what_is_read_at_once_is_what_a_loop_over_the_writes_leaves(seed, name):
    arm = type(recall.ARMS[name])(4, 6)
    p, its, q = params_of(arm, seed), written(seed, writes=19), written(seed + 1).k
    gate = forget = torch.zeros(2, 3, 19, 1, dtype=DOUBLE)
    if "b_gate" in p:
        forget = torch.sigmoid(memories._through(its.bits, p["w_gate"], p["b_gate"]))
    rate = arm.rate(p, its.bits).unsqueeze(-1) if "b_rate" in p else torch.ones_like(gate)
    w = torch.zeros(6, 6, dtype=DOUBLE).expand(6, 6, 6)
    for t in range(19):
        k, v, kept, beta = (one[:, :, t].flatten(0, 1) for one in (its.k, its.v, 1 - forget, rate))
        w = kept.unsqueeze(-1) * w
        drive = (k.unsqueeze(1) @ w).squeeze(1) if "b_rate" in p else torch.zeros_like(v)
        w = w + beta.unsqueeze(-1) * rules.delta(w, k, v, drive=drive)
    assert close(arm.read(p, its, q), (q.flatten(0, 1) @ w).unflatten(0, (2, 3)))


@settings(max_examples=15)
@given(seeds)
def test_softmax_without_order_forgets_the_order_and_with_it_reads_the_newest(seed):
    plain, ordered = memories.Softmax(4, 6), memories.SoftmaxOrder(4, 6)
    p, its, q = params_of(ordered, seed), written(seed), written(seed + 1).k
    order = torch.randperm(5, generator=generator(seed))
    mixed = memories.Written(*(one[:, :, order] for one in (its.bits, its.k, its.v)))
    assert close(plain.read(p, its, q), plain.read(p, mixed, q))
    flat = p | {"slope": torch.zeros(2, 1, dtype=DOUBLE)}
    assert close(plain.read(p, its, q), ordered.read(flat, its, q))
    steep = p | {"slope": torch.full((2, 1), 1e4, dtype=DOUBLE)}
    assert close(ordered.read(steep, its, q), its.v[:, :, -1:].expand_as(q))


@settings(max_examples=10)
@given(seeds, st.sampled_from(["linear", "linear, full alpha", "softmax"]))
def test_what_does_not_see_the_order_is_wrong_in_a_quarter_of_the_bits_bound_again(seed, name):
    arm = recall.ARMS[name]
    p, episodes = params_of(arm, seed, 1), episodes_of(seed, keys=4, rebound=4, batch=5)
    newest = arm.answer(p, episodes)[0]
    oldest = episodes._replace(values=episodes.values.roll(4, 0), keys=episodes.keys.roll(4, 0))
    assert close(newest, arm.answer(p, oldest)[0])  # the rounds exchanged, the answer is the same
    values = torch.zeros(2, 5, 4, recall.BITS, dtype=DOUBLE)
    rows = torch.arange(5)
    for t in range(8):
        values[t // 4, rows, episodes.which[t]] = episodes.values[t]
    asked = (episodes.queries.unsqueeze(1) == episodes.keys.unsqueeze(0)).all(-1)
    which = episodes.which[asked.float().argmax(1), rows]  # (K, B), the number that is asked for
    first, second = (one[rows, which] for one in values)
    assert torch.equal(second, episodes.target)
    wrong = wrong_bits(newest, second) + wrong_bits(newest, first)
    assert torch.equal(wrong[first != second], torch.ones_like(wrong[first != second]))


@settings(max_examples=20)
@given(seeds, st.floats(0.05, 2), st.floats(0.01, 1))
def test_a_cell_that_is_told_minus_what_it_expects_learns_by_hebb_what_delta_learns(seed, g, eta):
    """With a plasticity below 0 the cell fires by what is new: ``y = v - g k hebb``."""
    drawn = generator(seed)
    keys, values = (torch.randn(9, 2, 5, generator=drawn, dtype=DOUBLE) for _ in range(2))
    hebb = w = torch.zeros(2, 5, 5, dtype=DOUBLE)
    for k, v in zip(keys, values, strict=True):
        fires = v + (k.unsqueeze(1) @ (-g * hebb)).squeeze(1)
        hebb = hebb + eta * rules.hebb(hebb, k, fires)
        w = w + eta * g * rules.delta(w, k, v, drive=(k.unsqueeze(1) @ w).squeeze(1))
    assert close(g * hebb, w)


@pytest.mark.parametrize("arm", [recurrent.Plastic, recurrent.PlasticShared])
def test_a_plastic_network_answers_as_a_plain_loop(arm):
    its, episodes = arm(4, 5), episodes_of(3, d=4, keys=3, rebound=1)
    p = params_of(its, 4)
    shown = recurrent.steps(episodes, together=False)
    assert len(shown) == 2 * (4 + 3)
    for s in range(2):
        y, _ = run(
            shown @ p["u"][s] + p["b"][s],
            p["w"][s],
            p["alpha"][s].expand(5, 5),
            torch.sigmoid(p["eta_logit"][s, 0]),
            rules.decay,
            method="loop",
        )
        asked = y[[9, 11, 13]]
        assert close(its.answer(p, episodes)[s], asked @ p["w_out"][s] + p["b_out"][s])


@settings(max_examples=5)
@given(seeds, st.sampled_from([-0.5, 0.5]))
def test_what_is_told_again_is_subtracted_or_added_as_the_plasticity_has_it(seed, gain):
    """Made by hand: some units hold the key, others get the value and what is expected."""
    d = 4
    its, shown = recurrent.PlasticShared(d, 2 * d, rules.hebb), episodes_of(seed, d=d)
    u = torch.cat([torch.eye(2 * d), torch.zeros(1, 2 * d)])
    p = {
        "w": torch.zeros(2 * d, 2 * d),
        "alpha": torch.tensor([gain]),
        "eta_logit": torch.tensor([-3.0]),
        "u": 0.1 * u,
        "b": torch.zeros(2 * d),
        "w_out": torch.cat([torch.zeros(d, d), torch.eye(d)]),
    }
    images = its.images({name: one.double().unsqueeze(0) for name, one in p.items()}, shown)
    assert (images["told again"] > images["told"]) == (gain > 0)
    assert (images["asked"] > 0) == (gain > 0)


def test_a_plasticity_above_0_stays_there():
    its = recurrent.PlasticPositive(4, 5)
    assert bool((its.alpha(params_of(its, 0)) > 0).all())


def test_cells_are_those_of_torch():
    its, episodes = recurrent.Cells(4, 3), episodes_of(5, d=4)
    p = params_of(its, 6, 1)
    plain = nn.LSTM(9, 3).double()
    write, keep, show, new = (torch.arange(3) + 3 * k for k in (0, 1, 2, 3))
    order = torch.cat([write, keep, new, show])  # torch's
    with torch.no_grad():
        plain.weight_ih_l0.copy_(p["u"][0].T[order])
        plain.weight_hh_l0.copy_(p["w"][0].T[order])
        plain.bias_ih_l0.copy_(p["b"][0][order])
        plain.bias_hh_l0.zero_()
    h = plain(recurrent.steps(episodes, together=True))[0][-5:]
    assert close(its.answer(p, episodes)[0], h @ p["w_out"][0] + p["b_out"][0])


@pytest.mark.parametrize("name", ["delta", "gated by sender", "softmax with order"])
def test_gradients_are_those_of_finite_differences(name):
    arm = type(recall.ARMS[name])(2, 3)
    episodes, p = episodes_of(7, keys=2, rebound=1, batch=2, d=2), params_of(arm, 8, 1)
    names = [*p]

    def loss(*values):
        answer = arm.answer(dict(zip(names, values, strict=True)), episodes)
        return nn.functional.softplus(-answer * episodes.target).mean()

    assert torch.autograd.gradcheck(loss, [p[name].requires_grad_() for name in names])


@settings(max_examples=10)
@given(seeds, st.floats(0.001, 0.3), st.floats(0.001, 0.3))
def test_each_network_of_a_stack_is_trained_as_if_alone_by_plain_adam(seed, first, second):
    begun = {"w": torch.randn(3, 2, generator=generator(seed)), "b": torch.zeros(2)}
    x = torch.randn(40, 6, 3, generator=generator(seed + 1))
    stack, update = stacks.Stack(begun, (first, second)), iter(range(40))

    def losses(p):
        return 30 * ((x[next(update)] @ p["w"] + p["b"].unsqueeze(1)).tanh() - 0.3).square().mean(
            (1, 2)
        )

    with tempfile.TemporaryDirectory() as folder:
        stacks.descend(Trial(0, Path(folder)), stack, losses, 40, generator(), "both")
    for k, rate in enumerate((first, second)):
        p = {name: value.clone().requires_grad_() for name, value in begun.items()}
        adam = torch.optim.Adam(p.values(), lr=rate)
        for t in range(40):
            adam.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * t / 40)) / 2
            loss = 30 * ((x[t] @ p["w"] + p["b"]).tanh() - 0.3).square().mean()
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(p.values(), 1.0)
            adam.step()
        for name, value in stack.params().items():
            assert torch.allclose(value[k], p[name], atol=2e-3, rtol=1e-2)


def test_a_training_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    chosen = recall.Recall(
        rates={"delta": (0.03,), "plastic": (0.01, 0.03)}, updates=6, tested=(8,), test_episodes=9
    )

    def stop(part, update, updates):
        if part == "plastic" and update == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recall.train_recall(Trial(0, tmp_path / "stopped", tell=stop), chosen)
    _, again = recall.train_recall(Trial(0, tmp_path / "stopped"), chosen)
    found, whole = recall.train_recall(Trial(0, tmp_path / "whole"), chosen)
    assert again.keys() == whole.keys()
    assert all(torch.equal(again[key], whole[key]) for key in whole)
    errors = recall.judge_recall(whole, 0, chosen)["error"]
    assert [*errors] == [*found["trained"]] == ["delta", "plastic 0.01", "plastic 0.03"]


def test_an_arm_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"arms must be among .*, got 'none'"):
        recall.Recall(rates={"none": (0.1,)})
    with pytest.raises(ValueError, match=r"tested must hold keys=8, got \(4, 16\)"):
        recall.Recall(rates={}, tested=(4, 16))


@settings(max_examples=10)
@given(seeds, st.sampled_from([*heads.KINDS]), st.integers(1, 3))
def test_heads_answer_as_a_plain_loop(seed, kind, many):
    task = Addresses(6, 3, 4, 2)
    its = heads.begin(task, heads.Heads(kind, many), generator(seed))
    p = {name: value.double().unsqueeze(0) for name, value in its.items()}
    drawn = task.sample(2, generator(seed + 1))
    e = drawn._replace(
        keys=drawn.keys.double(), values=drawn.values.double(), queries=drawn.queries.double()
    )
    found = heads.answer(p, kind, e)
    for b in range(2):
        for q in range(2):
            read = torch.zeros(6, dtype=DOUBLE)
            for r in range(many):
                score = e.keys[:, b] @ (e.queries[q, b] @ p["metric"][0, r]) / 6
                weights = score.softmax(0) if kind == "softmax" else score
                read += p["mask"][0, r] * (weights @ e.values[:, b])
            assert close(found[0, q, b], p["log_gain"][0, 0].exp() * read)


@pytest.mark.parametrize("kind", heads.KINDS)
def test_one_head_with_the_identity_is_a_flat_trace_if_linear_and_four_masks_serve_all(kind):
    task = Addresses(64, 4, 4, 4)
    e = task.sample(200, generator(1))
    block = torch.eye(4).repeat_interleave(16, 1)  # the bits of each group
    p = {
        "metric": 64 * torch.diag_embed(block).unsqueeze(0),
        "mask": block.unsqueeze(0),
        "log_gain": torch.zeros(1, 1),
    }
    served = wrong_bits(heads.answer(p, kind, e)[0], e.target).mean()
    assert served < (0.02 if kind == "linear" else 1e-3)
    p |= {"metric": torch.eye(64).view(1, 1, 64, 64), "mask": torch.ones(1, 1, 64)}
    flat = wrong_bits(heads.answer(p, kind, e)[0], e.target).mean()
    assert 0.2 < flat < 0.26
    if kind == "linear":
        trace = torch.einsum("pbi,pbj->bij", e.keys, e.values)
        hebb = torch.einsum("qbi,bij->qbj", e.queries, trace)
        assert torch.equal(
            wrong_bits(heads.answer(p, kind, e)[0], e.target), wrong_bits(hebb, e.target)
        )


def test_metrics_are_trained_and_judged_by_group(tmp_path):
    its = {"one": heads.Heads("softmax", 1), "two": heads.Heads("linear", 2, "noise")}
    chosen = heads.Metric(
        arms=its,
        rates={"one": (0.1,), "two": (0.1, 0.3)},
        task=Addresses(8, 2, 2),
        updates=5,
        batch=4,
        test_episodes=20,
    )
    numbers, weights = heads.train_metric(Trial(0, tmp_path), chosen)
    assert numbers["trained"]["one"]["numbers"] == 64 + 8 + 1
    found = heads.judge_metric(weights, 0, chosen)
    assert [*found["error"]] == ["one", "two 0.1", "two 0.3"]
    for name, groups in found["groups"].items():
        assert sum(groups) / 2 == pytest.approx(found["error"][name], abs=1e-3)
    (tmp_path / "once").mkdir()
    once, _ = heads.train_metric(Trial(0, tmp_path / "once"), replace(chosen, updates=1))
    assert all(each["ms"] >= 0 for each in once["trained"].values()), "a single update is timed"
    with pytest.raises(ValueError, match="device must be cpu"):
        heads.train_metric(Trial(0, tmp_path, device="cuda"), chosen)


@pytest.mark.parametrize(
    ("arm", "rates", "message"),
    [
        (heads.Heads("linear", 1), {"one": (0.1,), "tow": (0.1,)}, "arm must be one of 'one'"),
        (heads.Heads("linear", 1), {"one": ()}, "rates must name one or more for the arm 'one'"),
        (heads.Heads("linear", 1), {}, "rates must have an entry for the arm 'one'"),
        (heads.Heads("cubic", 1), {"one": (0.1,)}, "kind must be one of"),
        (heads.Heads("linear", 1, "zero"), {"one": (0.1,)}, "start must be one of"),
    ],
)
def test_arms_and_rates_that_do_not_agree_are_refused_before_a_training(arm, rates, message):
    with pytest.raises(ValueError, match=message):
        heads.Metric(arms={"one": arm}, rates=rates)


def test_too_few_keys_and_images_of_several_rates_are_refused():
    with pytest.raises(ValueError, match="tested must be at least 2"):
        recall.Recall(rates={"plastic": (0.1,)}, keys=2, tested=(1, 2))
    several = recall.Recall(rates={"plastic": (0.1, 0.2)})
    with pytest.raises(ValueError, match="one rate for each arm, got 2 for 'plastic'"):
        recall.judge_recurrent({}, 0, several)
