"""Modulated networks: their equations, the fast evaluation, gradients, state and errors."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import (
    ModulatedRNN,
    ModulatedState,
    PlasticRNN,
    ScaledIdentity,
    State,
    check,
    choose_method,
    rules,
    run,
)
from hebbnotes.networks.modulated import Modulated, Modulator, broadcast, made, run_modulated
from hebbnotes.networks.modulated import chunks as modulated_chunks
from hebbnotes.networks.modulated import loop as modulated_loop
from hebbnotes.plasticity.stepper import change, declared
from tests.plasticity.test_chunks import Traces

ALL = [rules.hebb, rules.decay, rules.oja]
DOUBLE = torch.float64
seeds = st.integers(0, 10_000)


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def plain(x, w, alpha, modulator, state, clamp, given, *, eta, eta_e, rule, gate, clip):
    """The equations, an episode and a receiver at a time: the oracle of all that follows."""
    (y, hebb, e), n = state, x.shape[-1]
    outputs, signals = [], []
    for t in range(len(x)):
        pre = y
        drive = torch.einsum("bi,ij->bj", pre, w) + x[t]
        drive = drive + torch.einsum("bi,ij,bij->bj", pre, alpha, hebb)
        y = torch.where(clamp[t], x[t], drive.tanh())
        m = torch.tanh((y * modulator.read).sum(-1) + modulator.bias) if given is None else given[t]
        columns, marks = [], []
        for j in range(n):
            heard = m if modulator.fan_out is None else m * modulator.fan_out[j]
            forget = {rules.hebb: 0, rules.decay: 1, rules.oja: y[:, j] ** 2}[rule]
            kept = 1 - (heard if gate else eta) * forget
            pair = pre * y[:, j, None]
            written = pair if eta_e is None else e[:, :, j]
            column = (kept * torch.ones_like(m))[:, None] * hebb[:, :, j]
            column = column + heard[:, None] * written
            columns.append(column if clip is None else column.clamp(-clip, clip))
            if eta_e is not None:
                marks.append((1 - eta_e) * e[:, :, j] + eta_e * pair)
        hebb, e = torch.stack(columns, -1), torch.stack(marks, -1) if marks else None
        outputs.append(y)
        signals.append(m)
    return torch.stack(outputs), torch.stack(signals), ModulatedState(y, hebb, e)


KINDS = [
    {"retroactive": retroactive, "gate": gate}
    for retroactive in (False, True)
    for gate in (False, True)
]


@st.composite
def episodes(draw, clips=(None,), longest=12):
    """A network and episodes, everything with a gradient, as a call of run_modulated."""
    n, batch = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    steps = draw(st.integers(1, longest))
    g = torch.Generator().manual_seed(draw(seeds))

    def leaf(*shape):
        return torch.randn(*shape, generator=g, dtype=DOUBLE).requires_grad_()

    retroactive, fan_out, begun, told = (draw(st.booleans()) for _ in range(4))
    how = {
        "eta": torch.tensor(draw(st.sampled_from([0.0, 0.1, 0.7])), dtype=DOUBLE).requires_grad_(),
        "eta_e": None,
        "rule": draw(st.sampled_from(ALL)),
        "gate": draw(st.booleans()),
        "clip": draw(st.sampled_from(clips)),
    }
    if retroactive:
        rate = draw(st.sampled_from([0.2, 1.0]))
        how["eta_e"] = torch.tensor(rate, dtype=DOUBLE).requires_grad_()
    x, clamp = leaf(steps, batch, n), torch.rand(steps, batch, n, generator=g) < 0.3
    modulator = Modulator(
        leaf(n), leaf(1)[0].detach().requires_grad_(), leaf(n) if fan_out else None
    )
    trace = leaf(batch, n, n) if retroactive else None
    state = ModulatedState(leaf(batch, n), leaf(batch, n, n), trace) if begun else None
    modulation = leaf(steps, batch) if told else None
    return (x, leaf(n, n), leaf(n, n), modulator, state, clamp, modulation), how


def leaves(call, how):
    """Return all that has a gradient."""
    x, w, alpha, modulator, state, _, modulation = call
    its = [x, w, alpha, *modulator, *(state or ()), modulation, how["eta"], how["eta_e"]]
    return [one for one in its if one is not None]


def differentiated(returned, wanted):
    """Return all that came out, and the gradients of a loss on all of it."""
    output, signal, end = returned
    found = [output, signal, *(one for one in end if one is not None)]
    weights = [torch.arange(1.0, one.numel() + 1, dtype=DOUBLE).cos() for one in found]
    loss = sum(
        (w * (one + one.square()).flatten()).sum() for w, one in zip(weights, found, strict=True)
    )
    gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
    return [one.detach() for one in found] + [
        torch.zeros_like(leaf) if one is None else one
        for leaf, one in zip(wanted, gradients, strict=True)
    ]


def by_equations(call, how):
    x, *others = call
    n, batch = x.shape[-1], x.shape[1]
    empty = x.new_zeros(batch, n, n)
    rest = ModulatedState(x.new_zeros(batch, n), empty, None if how["eta_e"] is None else empty)
    others[3] = others[3] or rest
    return plain(x, *others, **how)


def agree(found, wanted, rtol=1e-10):
    for one, two in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, two, rtol=rtol, atol=rtol * (1 + two.abs().max().item()))


@settings(max_examples=40)
@given(episodes(clips=(None, 0.4)))
def test_the_loop_is_the_equations_with_all_gradients(episode):
    call, how = episode
    wanted = leaves(call, how)
    found = differentiated(run_modulated(*call, method="loop", **how), wanted)
    agree(found, differentiated(by_equations(call, how), wanted))


@settings(max_examples=80)
@given(episodes(), st.sampled_from([(1, 1), (2, 2), (5, 5), (100, 100)]))
def test_the_fast_evaluation_is_the_equations_with_all_gradients(episode, most):
    call, how = episode
    wanted = leaves(call, how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modulated_chunks, "MOST_KEYS", most)
        found = differentiated(run_modulated(*call, method="chunk", **how), wanted)
    agree(found, differentiated(by_equations(call, how), wanted))


@settings(max_examples=40)
@given(episodes(clips=(None, 0.4), longest=31))
def test_machine_code_is_the_equations_with_all_gradients(episode):
    call, how = episode
    wanted = leaves(call, how)
    found = differentiated(run_modulated(*call, method="compiled", **how), wanted)
    agree(found, differentiated(by_equations(call, how), wanted))


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: " ".join(name for name in k if k[name]))
@pytest.mark.parametrize("told", [False, True], ids=["own", "given"])
@pytest.mark.parametrize("method", ["loop", "chunk", "compiled"])
def test_gradients_agree_with_finite_differences(method, told, kind, monkeypatch):
    monkeypatch.setattr(modulated_chunks, "MOST_KEYS", (2, 2))
    n, batch, steps = 2, 1, 5
    numbers = [normal(k, *shape) for k, shape in enumerate(((steps, batch, n), (n, n), (n, n)))]
    numbers += [normal(3, n), normal(4, n), normal(5, batch, n), normal(6, batch, n, n)]
    numbers += [0.3 + 0 * normal(7, 2), normal(8, batch, n, n), normal(9, steps, batch)]
    clamp = torch.rand(steps, batch, n, generator=torch.Generator().manual_seed(0)) < 0.3

    def outcome(x, w, alpha, read, fan_out, y, hebb, rates, trace, modulation):
        how = {"eta": rates[0], "eta_e": rates[1] if kind["retroactive"] else None}
        how |= {"rule": rules.oja, "gate": kind["gate"]}
        state = ModulatedState(y, hebb, trace if kind["retroactive"] else None)
        modulator = Modulator(read, rates[0] - 0.1, fan_out)
        given = modulation if told else None
        its = run_modulated(x, w, alpha, modulator, state, clamp, given, method, **how)
        return [*its[:2], *(one for one in its[2] if one is not None)]

    assert torch.autograd.gradcheck(outcome, [one.requires_grad_() for one in numbers])


@pytest.mark.parametrize("retroactive", [False, True])
@given(seeds)
def test_numbers_and_scaled_identities_stand_for_their_matrices(retroactive, seed):
    n, x = 3, normal(seed, 6, 2, 3)
    modulator = Modulator(normal(1, n), torch.tensor(0.2, dtype=DOUBLE))
    eye, full = torch.eye(n, dtype=DOUBLE), torch.ones(n, n, dtype=DOUBLE)
    how = {"eta": 0.2, "eta_e": 0.3 if retroactive else None}
    for short in (ScaledIdentity(-0.4), 0.4):
        whole = -0.4 * eye if isinstance(short, ScaledIdentity) else 0.4 * full
        for method in ("loop", "chunk"):
            found = run_modulated(x, short, short, modulator, method=method, **how)
            wanted = run_modulated(x, whole, whole, modulator, method="loop", **how)
            torch.testing.assert_close(found, wanted)


# ------------------------------------------------------------------------- equations of the chapter


@pytest.mark.witness("eq-modulated", run_modulated)
@given(seeds, st.sampled_from(ALL), st.sampled_from(["loop", "chunk", "compiled"]))
def test_the_signal_stands_where_the_rate_stood_and_the_rate_is_that_of_forgetting(
    seed, rule, method
):
    n, eta, x = 3, 0.2, normal(seed, 6, 1, 3)
    w, alpha, read, fan_out = (
        normal(seed + k, *s) for k, s in enumerate(((n, n),) * 2 + ((n,),) * 2)
    )
    modulator = Modulator(read, torch.tensor(0.3, dtype=DOUBLE), fan_out)
    how = {"eta": eta, "rule": rule}
    output, modulation, end = run_modulated(x, w, alpha, modulator, method=method, **how)
    hebb, before = [[0.0] * n for _ in range(n)], [0.0] * n
    for t in range(len(x)):
        y = [
            math.tanh(
                x[t, 0, j] + sum(before[i] * (w[i, j] + alpha[i, j] * hebb[i][j]) for i in range(n))
            )
            for j in range(n)
        ]
        m = math.tanh(sum(y[j] * read[j] for j in range(n)) + 0.3)
        for j in range(n):
            kept = 1 - eta * float(rule.forget(torch.tensor(y[j])))
            for i in range(n):
                hebb[i][j] = kept * hebb[i][j] + m * float(fan_out[j]) * before[i] * y[j]
        assert modulation[t, 0].item() == pytest.approx(m)
        torch.testing.assert_close(
            output[t, 0], torch.tensor(y, dtype=DOUBLE), rtol=1e-5, atol=1e-6
        )
        before = y
    torch.testing.assert_close(end.hebb[0], torch.tensor(hebb, dtype=DOUBLE), rtol=1e-4, atol=1e-5)


@pytest.mark.witness("eq-retroactive", run_modulated)
@given(seeds, st.sampled_from(["loop", "chunk", "compiled"]))
def test_a_retroactive_network_writes_what_it_remembers_of_the_steps_before(seed, method):
    n, eta, eta_e, x = 3, 0.2, 0.4, normal(seed, 6, 2, 3)
    w, alpha, m = normal(seed + 1, n, n), normal(seed + 2, n, n), normal(seed + 3, 6, 2)
    modulator = Modulator(normal(4, n), torch.tensor(0.0, dtype=DOUBLE))
    how = {"eta": eta, "eta_e": eta_e, "method": method}
    output, _, end = run_modulated(x, w, alpha, modulator, modulation=m, **how)
    pres = torch.cat([torch.zeros_like(output[:1]), output[:-1]])
    hebb, eligibility = torch.zeros(2, n, n, dtype=DOUBLE), torch.zeros(2, n, n, dtype=DOUBLE)
    for t in range(6):
        pair = torch.einsum("bi,bj->bij", pres[t], output[t])
        hebb = (1 - eta) * hebb + m[t, :, None, None] * eligibility
        eligibility = (1 - eta_e) * eligibility + eta_e * pair
    torch.testing.assert_close(end.hebb, hebb)
    torch.testing.assert_close(end.eligibility, eligibility)


@pytest.mark.witness("eq-unrolled-modulated", modulated_chunks.evaluate)
@given(
    seeds,
    st.sampled_from(["simple", "retroactive", "gate"]),
    st.integers(1, 9),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.sampled_from([0.3, 1.0]),
)
def test_a_trace_is_a_sum_of_pairs_weighted_by_the_signals_that_followed(
    seed, kind, steps, eta, eta_e
):
    n, m = 3, normal(seed, steps, 2)
    x, w, alpha = normal(seed + 1, steps, 2, n), normal(seed + 2, n, n), normal(seed + 3, n, n)
    modulator = Modulator(normal(4, n), torch.tensor(0.0, dtype=DOUBLE))
    how = {"eta": eta, "eta_e": eta_e if kind == "retroactive" else None, "gate": kind == "gate"}
    calls = [
        run_modulated(x, w, alpha, modulator, modulation=m, method=method, **how)
        for method in ("loop", "chunk")
    ]
    output = calls[0][0]
    pres, total = (
        torch.cat([torch.zeros_like(output[:1]), output[:-1]]),
        torch.zeros_like(calls[0][2].hebb),
    )
    for s in range(steps):
        if kind == "simple":
            c = m[s] * (1 - eta) ** (steps - 1 - s)
        elif kind == "gate":
            c = m[s] * (1 - m[s + 1 :]).prod(0)
        else:
            c = sum(
                eta_e * m[r] * (1 - eta) ** (steps - 1 - r) * (1 - eta_e) ** (r - 1 - s)
                for r in range(s + 1, steps)
            ) * torch.ones(2, dtype=DOUBLE)
        total = total + torch.einsum("b,bi,bj->bij", c, pres[s], output[s])
    for _, _, end in calls:
        torch.testing.assert_close(end.hebb, total, rtol=1e-9, atol=1e-9)


@given(seeds, st.integers(2, 9), st.sampled_from([0.0, 0.2]))
def test_an_eligibility_that_lasts_a_step_is_written_by_the_next_signal_a_step_later(
    seed, steps, eta
):
    n, m = 3, normal(seed, steps, 2)
    x, clamp = normal(seed + 1, steps, 2, n), torch.ones(steps, 2, n, dtype=torch.bool)
    modulator, none = Modulator(normal(4, n), torch.tensor(0.0, dtype=DOUBLE)), normal(5, n, n)
    later = run_modulated(
        x, none, none, modulator, None, clamp, m, eta=eta, eta_e=1.0, method="loop"
    )[2]
    shown, moved = slice(0, steps - 1), m[1:]
    at_once = run_modulated(
        x[shown], none, none, modulator, None, clamp[shown], moved, eta=eta, method="loop"
    )[2]
    torch.testing.assert_close(later.hebb, at_once.hebb)


@pytest.mark.witness("eq-sign", ModulatedRNN)
@given(episodes(clips=(None, 0.4)))
def test_to_turn_the_signal_and_the_plasticity_round_changes_no_output(episode):
    (x, w, alpha, modulator, state, clamp, modulation), how = episode
    how["gate"] = False
    turned = modulator._replace(read=-modulator.read, bias=-modulator.bias)
    opposite = None if state is None else state._replace(hebb=-state.hebb)
    given = None if modulation is None else -modulation
    output, signal, end = run_modulated(x, w, alpha, modulator, state, clamp, modulation, **how)
    same = run_modulated(x, w, -alpha, turned, opposite, clamp, given, **how)
    assert torch.equal(same[0], output)
    assert torch.equal(same[1], -signal)
    assert torch.equal(same[2].hebb, -end.hebb)


@given(episodes(), st.floats(0.2, 5))
def test_without_a_clip_the_size_of_the_signal_and_of_alpha_cannot_be_told_apart(episode, c):
    (x, w, alpha, modulator, _, clamp, _), how = episode
    how["gate"], m = False, normal(0, *x.shape[:2])
    one = run_modulated(x, w, alpha, modulator, None, clamp, m, **how)
    two = run_modulated(x, w, alpha / c, modulator, None, clamp, c * m, **how)
    torch.testing.assert_close(one[0], two[0])
    torch.testing.assert_close(c * one[2].hebb, two[2].hebb)


def test_of_a_gate_the_sign_matters():
    x, modulator = normal(0, 9, 1, 3), Modulator(normal(1, 3), torch.tensor(0.1, dtype=DOUBLE))
    m, alpha = normal(2, 9, 1), normal(3, 3, 3)
    one = run_modulated(x, alpha, alpha, modulator, modulation=m, gate=True)[0]
    two = run_modulated(x, alpha, -alpha, modulator, modulation=-m, gate=True)[0]
    assert (one - two).abs().max() > 1e-3


@given(seeds, st.sampled_from(ALL), st.sampled_from([None, 0.05]))
def test_a_constant_signal_of_the_size_of_the_rate_is_a_plastic_network(seed, rule, clip):
    x, w, alpha, eta = normal(seed, 8, 2, 3), normal(1, 3, 3), normal(2, 3, 3), 0.1
    modulator = Modulator(normal(3, 3), torch.tensor(0.1, dtype=DOUBLE))
    m = torch.full((8, 2), eta, dtype=DOUBLE)
    output, _, end = run_modulated(
        x, w, alpha, modulator, modulation=m, eta=eta, rule=rule, clip=clip
    )
    wanted, its = run(x, w, alpha, eta, rule, clip=clip, method="loop")
    torch.testing.assert_close((output, *end[:2]), (wanted, *its))


# ---------------------------------------------------------------------------- rules and the stepper


@given(seeds, st.sampled_from(ALL), st.booleans(), st.booleans(), st.booleans())
def test_as_a_rule_for_the_stepper_it_is_the_network(seed, rule, retroactive, gate, each):
    eta, eta_e, n = 0.2, 0.3, 3
    fan_out = normal(seed + 1, n) if each else None
    modulator = Modulator(normal(seed, n), torch.tensor(0.1, dtype=DOUBLE), fan_out)
    x, w, alpha = normal(seed + 2, 6, 2, n), normal(seed + 3, n, n), normal(seed + 4, n, n)
    how = {"eta": eta, "eta_e": eta_e if retroactive else None, "rule": rule, "gate": gate}
    output, signal, end = run_modulated(x, w, alpha, modulator, **how)
    its = Modulated(rule, eta, retroactive=retroactive, gate=gate)
    hebb, trace, pre = x.new_zeros(2, n, n), x.new_zeros(2, n, n), x.new_zeros(2, n)
    for y, m in zip(output, signal, strict=True):
        heard = m if fan_out is None else m.unsqueeze(-1) * fan_out
        seen = {"modulator": heard, "eligibility": trace}
        hebb = hebb + (1.0 if gate else eta) * change(its, hebb, pre, y, **seen)
        trace = trace + eta_e * change(rules.decay, trace, pre, y)
        pre = y
    torch.testing.assert_close(end.hebb, hebb)


@given(seeds, st.sampled_from(ALL))
def test_its_change_is_the_signal_over_the_rate_times_the_pair_less_what_is_forgotten(seed, rule):
    w, pre, post, m = normal(seed, 2, 3, 4), normal(1, 2, 3), normal(2, 2, 4), normal(3, 2)
    dw = change(Modulated(rule, 0.25), w, pre, post, modulator=m)
    outer = torch.einsum("bi,bj->bij", pre, post)
    wanted = (m / 0.25)[:, None, None] * outer - rule.forget(post)[:, None] * w
    torch.testing.assert_close(dw, wanted)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: " ".join(name for name in k if k[name]))
def test_a_modulated_rule_reads_one_number_more_and_nothing_foreign(kind):
    rule = Modulated(rules.oja, 0.1, **kind)
    check.local(rule)
    assert declared(rule) == ("modulator", *(("eligibility",) if kind["retroactive"] else ()))
    seen = check.reads(rule, 1, 2)
    assert seen.further["modulator"].tolist() == [False, False, True]


def test_a_rule_says_how_it_writes():
    rule = Modulated(rules.oja, torch.tensor(0.5), 1.0, retroactive=True)
    assert repr(rule) == "Modulated(oja, eta=0.5, rate=1, retroactive=True, gate=False)"


def test_a_rule_that_does_not_divide_by_0():
    with pytest.raises(ValueError, match="rate must not be 0"):
        Modulated(rules.decay, 0)
    w, pre, post, m = normal(0, 3, 2), normal(1, 3), normal(2, 2), torch.tensor(0.5, dtype=DOUBLE)
    dw = change(Modulated(rules.oja, 0.0, 1.0), w, pre, post, modulator=m)
    torch.testing.assert_close(dw, 0.5 * torch.outer(pre, post))
    with pytest.raises(TypeError, match="rule must be of type CommonForm"):
        Modulated(lambda w, pre, post: w)


@given(seeds)
def test_a_rule_of_ones_own_is_handed_the_networks_signal_by_the_stepper(seed):
    def own(w, pre, post, *, modulator, drive):
        return modulator.unsqueeze(-2) * rules.hebb(w, pre, post) + 0 * drive.unsqueeze(-2)

    def later(w, pre, post, *, modulator, eligibility):
        return modulator.unsqueeze(-2) * eligibility

    x, eta = normal(seed, 7, 2, 3), 0.3
    for retroactive, rule in ((False, own), (True, later)):
        net = ModulatedRNN(3, rule, retroactive=retroactive, eta=eta, fan_out=True, dtype=DOUBLE)
        output, signal, end = net(x)
        hebb, trace, pre = x.new_zeros(2, 3, 3), x.new_zeros(2, 3, 3), x.new_zeros(2, 3)
        for y, m in zip(output, signal, strict=True):
            pair = torch.einsum("bi,bj->bij", pre, y)
            hebb = hebb + eta * m[:, None, None] * (trace if retroactive else pair)
            trace, pre = 0.9 * trace + 0.1 * pair, y
        torch.testing.assert_close(end.hebb, hebb)


# ---------------------------------------------------------------------------------------- the state


@given(episodes(), st.sampled_from(["loop", "chunk", "compiled"]), st.data())
def test_an_episode_in_two_parts_is_the_whole_episode(episode, method, data):
    (x, w, alpha, modulator, state, clamp, m), how = episode
    cut = data.draw(st.integers(0, len(x)))
    whole = run_modulated(x, w, alpha, modulator, state, clamp, m, method, **how)
    if cut in (0, len(x)):
        return
    first, second = (
        (x[at], clamp[at], None if m is None else m[at]) for at in (slice(cut), slice(cut, None))
    )
    y1, m1, between = run_modulated(first[0], w, alpha, modulator, state, *first[1:], method, **how)
    y2, m2, end = run_modulated(second[0], w, alpha, modulator, between, *second[1:], method, **how)
    wanted = leaves((x, w, alpha, modulator, state, clamp, m), how)
    found = differentiated((torch.cat([y1, y2]), torch.cat([m1, m2]), end), wanted)
    agree(found, differentiated(whole, wanted))


@pytest.mark.parametrize("method", ["loop", "chunk", "compiled"])
@pytest.mark.parametrize("retroactive", [False, True])
def test_a_poisoned_episode_leaves_the_others_alone(retroactive, method, monkeypatch):
    monkeypatch.setattr(modulated_chunks, "MOST_KEYS", (8, 8))
    w, alpha, modulator = normal(0, 3, 3), normal(1, 3, 3), Modulator(normal(2, 3), normal(3, 1)[0])
    how, found = {"eta": 0.2, "eta_e": 0.3 if retroactive else None, "method": method}, []
    for poison in (None, 1e30):
        x, y, *traces = normal(4, 20, 2, 3), normal(5, 2, 3), normal(6, 2, 3, 3), normal(7, 2, 3, 3)
        for part, first in zip((x, y, *traces), (1, 0, 0, 0), strict=True):
            if poison:
                part.select(first, 1).fill_(poison)
        x.requires_grad_()
        state = ModulatedState(y, traces[0], traces[1] if retroactive else None)
        output, signal, end = run_modulated(x, w, alpha, modulator, state, **how)
        gradient = torch.autograd.grad(output[:, 0].sum() + end.hebb[0].sum(), x)[0][:, 0]
        found.append([output[:, 0], signal[:, 0], end.hebb[0], gradient])
    assert all(torch.equal(one, two) for one, two in zip(*found, strict=True))


def test_a_state_begins_with_the_pair_and_can_leave_the_graph_and_change_its_type():
    net = ModulatedRNN(3, retroactive=True)
    _, _, state = net(torch.ones(2, 1, 3))
    assert state[:2] == State(state.y, state.hebb)
    assert state._fields == ("y", "hebb", "eligibility")
    cut = state.detach().to(DOUBLE)
    assert not any(one.requires_grad for one in cut)
    assert {one.dtype for one in cut} == {DOUBLE}
    _, _, state = ModulatedRNN(3)(torch.ones(2, 1, 3))
    assert state.eligibility is None
    assert state.detach().to(DOUBLE).eligibility is None


# --------------------------------------------------------------------------------------- the module


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_module_is_run_with_its_own_numbers_and_survives_copying():
    net = ModulatedRNN(
        3, rules.oja, retroactive=True, fan_out=True, clip=0.5, generator=generator()
    )
    x = torch.randn(6, 2, 3, generator=generator(1))
    modulator = Modulator(net.read, net.bias, net.fan_out)
    how = {"eta": net.eta, "eta_e": net.eta_e, "rule": rules.oja, "clip": 0.5}
    wanted = run_modulated(x, net.w, net.alpha, modulator, **how)
    torch.testing.assert_close(net(x), wanted, rtol=0, atol=0)
    torch.testing.assert_close(copy.deepcopy(net)(x), wanted, rtol=0, atol=0)
    assert net.double()(x.double())[2].eligibility.dtype == DOUBLE


@given(seeds, st.integers(1, 40))
def test_the_signal_starts_positive(seed, n):
    net = ModulatedRNN(n, generator=generator(seed))
    modulation = net(torch.randn(5, 20, n, generator=generator(seed + 1)))[1]
    assert net.bias.item() == pytest.approx(0.1)
    assert modulation.mean() > 0
    assert ((0 < modulation).float().mean()) > 0.7


@pytest.mark.parametrize("retroactive", [False, True])
@pytest.mark.parametrize("gate", [False, True])
@pytest.mark.parametrize("fan_out", [False, True])
@pytest.mark.parametrize("learned", [False, True])
def test_what_a_network_trains_gets_a_gradient_and_what_it_keeps_is_stored(
    retroactive, gate, fan_out, learned
):
    how = {"retroactive": retroactive, "gate": gate, "fan_out": fan_out, "learn_eta": learned}
    net = ModulatedRNN(3, eta=0.25, eta_e=0.5, generator=generator(), dtype=DOUBLE, **how)
    x = normal(0, 6, 2, 3)
    output, _, state = net(x)
    (output.square().sum() + state.hebb.square().sum()).backward()
    assert all(p.grad is not None and p.grad.ne(0).any() for p in net.parameters())
    trained = {"w", "alpha", "read", "bias"} | ({"fan_out"} if fan_out else set())
    if learned:
        trained |= (set() if gate else {"eta_logit"}) | ({"eta_e_logit"} if retroactive else set())
    assert dict(net.named_parameters()).keys() == trained
    assert (net.eta is None) == gate
    assert (net.eta_e is None) == (not retroactive)
    other = ModulatedRNN(3, eta=0.1, eta_e=0.1, dtype=DOUBLE, **how)
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(other(x)[0], output)


def test_an_eta_of_0_stays_and_forgets_nothing():
    net = ModulatedRNN(3, eta=0, retroactive=True, clip=1.0)
    assert net.eta.item() == 0
    assert "eta_logit" not in dict(net.named_parameters())
    assert "eta_e_logit" in dict(net.named_parameters())
    x, m = torch.randn(5, 1, 3, generator=generator()), torch.zeros(5, 1)
    start = ModulatedState(x[0], torch.ones(1, 3, 3), torch.ones(1, 3, 3))
    assert net(x, start, modulation=m)[2].hebb.eq(1).all()
    with pytest.raises(ValueError, match=r"learned eta_e must lie inside \(0, 1\)"):
        ModulatedRNN(3, eta_e=0)
    assert ModulatedRNN(3, retroactive=True, eta_e=1, learn_eta=False).eta_e.item() == 1


def test_alpha_is_full_shared_or_absent():
    shapes = {"full": (4, 4), "shared": (), None: None}
    for alpha, shape in shapes.items():
        for retroactive in (False, True):
            net = ModulatedRNN(4, alpha=alpha, retroactive=retroactive, generator=generator())
            assert (None if net.alpha is None else net.alpha.shape) == shape
            found = []
            for method in ("loop", "chunk"):
                net.method, x = method, torch.randn(50, 2, 4, generator=generator(1))
                output, signal, end = net(x.requires_grad_())
                loss = output.square().sum() + signal.sum() + end.hebb.square().sum()
                found.append([output, end.hebb, *torch.autograd.grad(loss, [x, *net.parameters()])])
            agree(*found, rtol=1e-4)


def test_a_network_says_what_it_is():
    assert ModulatedRNN(4, rules.oja, "shared", eta=0.3).extra_repr() == (
        "4, 4, rule=oja, alpha=shared, eta=0.3 (learned), simple"
    )
    net = ModulatedRNN(4, retroactive=True, gate=True, fan_out=True, clip=2, learn_eta=False)
    assert net.extra_repr() == (
        "4, 4, rule=decay, alpha=full, eta_e=0.1 (fixed), retroactive, fan_out, gate, clip=2"
    )


# --------------------------------------------------------------------------------------- the method


def test_the_fast_evaluation_builds_traces_for_each_chunk_and_not_for_each_step(monkeypatch):
    monkeypatch.setattr(modulated_chunks, "MOST_KEYS", (8, 8))
    for retroactive in (False, True):
        counted = {}
        for method in ("loop", "chunk"):
            for steps in (16, 32):
                net = ModulatedRNN(50, retroactive=retroactive, method=method)
                with Traces(50**2) as counter:
                    net(0.1 * torch.ones(steps, 1, 50))[0][-1].sum().backward()
                counted[method, steps] = counter.seen
        growth = {method: counted[method, 32] - counted[method, 16] for method in ("loop", "chunk")}
        assert growth["loop"] >= 16 * 8
        assert growth["chunk"] == 2 * (28 if retroactive else 13), "two chunks more"


def test_chunks_are_about_equally_long():
    for steps in range(1, 200):
        pieces = [range(steps)[at] for at in modulated_chunks.chunked(steps)]
        assert [t for piece in pieces for t in piece] == [*range(steps)]
        most, whole = modulated_chunks.MOST_KEYS
        assert len(pieces) == 1 or max(map(len, pieces)) <= most
        assert (len(pieces) == 1) == (steps <= whole)


def test_a_network_runs_with_the_method_that_it_says(monkeypatch):
    ran, real = [], modulated_chunks.evaluate
    monkeypatch.setattr(
        modulated_chunks, "evaluate", lambda *args: (ran.append("chunk"), real(*args))[1]
    )
    x = torch.zeros(9, 32, 51)
    for net, shown, expected in (
        (ModulatedRNN(51), x, ["chunk"]),
        (ModulatedRNN(51), x[:, :1], []),
        (ModulatedRNN(51, clip=1.0), x, []),
        (ModulatedRNN(51, method="loop"), x, []),
        (ModulatedRNN(51, method="chunk"), x[:, :1], ["chunk"]),
        (ModulatedRNN(51, lambda w, pre, post, *, modulator: 0 * w), x, []),
    ):
        ran.clear()
        net(shown)
        assert ran == expected
        if net.method == "auto" and net.clip is None:
            assert ran == ["chunk"] * (choose_method(net.rule, *shown.shape) == "chunk")


@pytest.mark.parametrize("method", ["chunk", "compiled"])
def test_a_second_derivative_is_refused_and_says_what_to_do(method):
    net = ModulatedRNN(2, method=method, alpha_scale=1.0)
    loss = net(torch.ones(3, 1, 2))[0].square().sum()
    with pytest.raises(RuntimeError, match="use method='loop'"):
        torch.autograd.grad(loss, net.w, create_graph=True)
    net.method = "loop"
    loss = net(torch.ones(3, 1, 2))[0].square().sum()
    assert torch.autograd.grad(loss, net.w, create_graph=True)[0].requires_grad


def test_inside_of_a_transform_the_loop_is_taken():
    net, x = (
        ModulatedRNN(51, generator=generator()),
        torch.randn(3, 9, 32, 51, generator=generator(1)),
    )
    found = torch.func.vmap(lambda one: net(one)[0])(x)
    torch.testing.assert_close(found, torch.stack([net(one)[0] for one in x]))


@pytest.mark.parametrize("retroactive", [False, True])
def test_in_single_precision_the_fast_evaluation_is_as_exact_as_the_loop(retroactive):
    net = ModulatedRNN(
        40, retroactive=retroactive, eta=0.05, w_scale=0.1, alpha_scale=0.1, generator=generator()
    )
    x = torch.randn(120, 2, 40, generator=generator(1))

    def results(net, x, method):
        net.method = method
        output, _, end = net(x)
        loss = output[-1].pow(3).sum() + end.hebb.square().sum()
        return [output, end.hebb, *torch.autograd.grad(loss, list(net.parameters()))]

    loop, quick = (results(net, x, method) for method in ("loop", "chunk"))
    exact = results(net.double(), x.double(), "loop")
    for true, one, two in zip(exact, loop, quick, strict=True):
        size, rounding = true.abs().max().item(), torch.finfo(torch.float32).eps
        assert (two - true).abs().max() <= 4 * (one - true).abs().max() + 20 * rounding * size


def test_nothing_that_was_passed_is_changed_and_a_gradient_may_be_asked_for_twice():
    for method in ("chunk", "compiled"):
        numbers = [normal(k, *s) for k, s in enumerate(((50, 2, 3), (3, 3), (3, 3), (3,), (2, 3)))]
        numbers += [normal(k, 2, 3, 3) for k in (5, 6)]
        passed = x, w, alpha, read, y, hebb, trace = [one.requires_grad_() for one in numbers]
        before = [one.detach().clone() for one in passed]
        modulator, state = Modulator(read, read[0]), ModulatedState(y, hebb, trace)
        output, signal, end = run_modulated(
            x, w, alpha, modulator, state, method=method, eta=0.2, eta_e=0.2
        )
        loss = output.sum() + signal.sum() + end.hebb.sum()
        one, two = (torch.autograd.grad(loss, passed, retain_graph=True) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
        assert all(torch.equal(a, b) for a, b in zip(passed, before, strict=True))


# --------------------------------------------------------------------------------------- the errors


X = torch.zeros(4, 2, 3)
TOLD = Modulator(torch.zeros(3), torch.tensor(0.1))
HELD = ModulatedState(X[0], torch.zeros(2, 3, 3))


def called(**given):
    shown = {"inputs": X, "w": torch.zeros(3, 3), "alpha": torch.zeros(3, 3), "modulator": TOLD}
    return run_modulated(**(shown | given))


REFUSED = {
    "inputs": ({"inputs": X[0]}, ValueError, r"inputs must have shape \(T, B, n\)"),
    "inputs, not finite": ({"inputs": X + torch.nan}, ValueError, "inputs holds NaN"),
    "w": ({"w": torch.zeros(2, 2)}, ValueError, r"w must have shape \(n=3, n=3\)"),
    "alpha": ({"alpha": torch.zeros(3)}, ValueError, "alpha must have shape"),
    "modulator": ({"modulator": 0.1}, TypeError, r"use Modulator\(read, bias\)"),
    "read": (
        {"modulator": TOLD._replace(read=torch.zeros(2))},
        ValueError,
        r"modulator.read must have shape \(n=3\), got \(2,\)",
    ),
    "bias": ({"modulator": TOLD._replace(bias=0.1)}, TypeError, "modulator.bias must be a torch"),
    "fan_out": (
        {"modulator": TOLD._replace(fan_out=torch.zeros(3).double())},
        TypeError,
        "modulator.fan_out is torch.float64, not torch.float32 like inputs: nothing is cast",
    ),
    "eta": ({"eta": 1.5}, ValueError, r"eta must be a finite number in \[0, 1\]"),
    "eta_e": ({"eta_e": -0.1}, ValueError, r"eta_e must be a finite number in \[0, 1\]"),
    "clip": ({"clip": 0}, ValueError, "clip must be above 0"),
    "gate": ({"gate": 1}, TypeError, "gate must be True or False"),
    "modulation": (
        {"modulation": torch.zeros(4, 2, 3)},
        ValueError,
        r"modulation must have shape \(T=4, B=2\), got \(4, 2, 3\)",
    ),
    "modulation, not finite": ({"modulation": X[..., 0] / 0}, ValueError, "modulation holds NaN"),
    "clamp": ({"clamp": X}, TypeError, "clamp must be boolean"),
    "a pair": ({"state": State(*HELD[:2])}, TypeError, r"use ModulatedState\(y, hebb\)"),
    "no eligibility": (
        {"state": HELD, "eta_e": 0.1},
        TypeError,
        r"state.eligibility must be a torch tensor of shape \(B=2, n=3, n=3\), got None",
    ),
    "an eligibility too many": (
        {"state": HELD._replace(eligibility=HELD.hebb)},
        ValueError,
        r"state.eligibility must be None .* pass state._replace\(eligibility=None\)",
    ),
    "a clip in chunks": ({"clip": 1.0, "method": "chunk"}, ValueError, "use method='loop'"),
    "a rule in chunks": (
        {"rule": rules.soft_hebb, "method": "chunk"},
        ValueError,
        "needs a rule of the common form",
    ),
    "a compiled number": ({"w": 0.1, "method": "compiled"}, ValueError, "needs a matrix w"),
    "method": ({"method": "fast"}, ValueError, "method must be one of 'auto', 'loop', 'chunk'"),
    "an option that does not exist": ({"ett": 0.1}, TypeError, "no option 'ett': use eta, eta_e"),
    "a rule that does not listen": (
        {"rule": rules.sanger},
        TypeError,
        r"rule sanger must declare modulator.*write rule\(w, pre, post, \*, modulator\)",
    ),
    "a rule that does not remember": (
        {"rule": lambda w, pre, post, *, modulator: w, "eta_e": 0.1},
        TypeError,
        "must declare eligibility",
    ),
    "a rule that asks too much": (
        {"rule": lambda w, pre, post, *, modulator, eligibility: w},
        TypeError,
        r"declares eligibility, and a modulated network that is not retroactive supplies drive",
    ),
    "a rule of ones own as a gate": (
        {"rule": lambda w, pre, post, *, modulator: w, "gate": True},
        ValueError,
        "gate needs a rule of the common form",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_gets_a_clear_error_before_anything_runs(name, monkeypatch):
    given, error, message = REFUSED[name]
    monkeypatch.setattr(modulated_loop, "_run_loop", None)
    with pytest.raises(error, match=message):
        called(**given)


MADE_BADLY = {
    "n": (lambda: ModulatedRNN(0), ValueError, "n must be at least 1"),
    "alpha": (lambda: ModulatedRNN(3, alpha="none"), ValueError, "alpha must be one of"),
    "retroactive": (lambda: ModulatedRNN(3, retroactive=1), TypeError, "retroactive must be True"),
    "fan_out": (lambda: ModulatedRNN(3, fan_out=torch.ones(3)), TypeError, "fan_out must be True"),
    "clip": (lambda: ModulatedRNN(3, clip=-1), ValueError, "clip must be"),
    "eta": (lambda: ModulatedRNN(3, eta=1), ValueError, "a learned eta must lie inside"),
    "eta_e": (
        lambda: ModulatedRNN(3, eta_e=1e-300),
        ValueError,
        "cannot hold eta_e=1e-300",
    ),
    "a wrong key": (lambda: ModulatedRNN(3, etaet=0.1), TypeError, "etaet"),
    "rule": (lambda: ModulatedRNN(3, rules.bcm), TypeError, "declares threshold, and a modulated"),
    "method": (lambda: ModulatedRNN(3, method="fast"), ValueError, "method must be one of"),
    "generator": (lambda: ModulatedRNN(3, generator=3), TypeError, "generator must be a torch.Gen"),
}


@pytest.mark.parametrize("name", MADE_BADLY)
def test_a_network_that_cannot_be_is_refused(name):
    make, error, message = MADE_BADLY[name]
    with pytest.raises(error, match=message):
        make()


def test_a_trace_that_grows_without_bound_is_told():
    def wild(w, pre, post, *, modulator):
        return 1e30 * w + 1e30 * modulator.unsqueeze(-2)

    with pytest.raises(ValueError, match="look at what wild returns"):
        called(rule=wild, inputs=torch.ones(9, 2, 3))


def test_what_each_receiver_hears():
    y, signal = normal(0, 2, 3), normal(1, 2)
    modulator = Modulator(normal(2, 3), torch.tensor(0.3, dtype=DOUBLE))
    torch.testing.assert_close(made(y, modulator), torch.tanh(y @ modulator.read + 0.3))
    assert torch.equal(broadcast(signal, modulator), signal[:, None].expand(2, 3))
    each = modulator._replace(fan_out=normal(3, 3))
    torch.testing.assert_close(broadcast(signal, each), torch.outer(signal, each.fan_out))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("method", ["loop", "chunk", "compiled"])
def test_autocast_changes_neither_types_nor_numbers(method, dtype):
    net = ModulatedRNN(40, retroactive=True, method=method, generator=generator())
    x = torch.randn(9, 2, 40, generator=generator(1))
    wanted = net(x)
    with torch.autocast("cpu", dtype):
        found = net(x)
        assert found[0].dtype == found[1].dtype == found[2].hebb.dtype == torch.float32
        net(x.to(dtype), found[2], modulation=found[1].to(dtype))
    torch.testing.assert_close(found, wanted)


def test_the_constant_rule_is_the_plastic_network_of_the_same_numbers():
    plastic = PlasticRNN(5, eta=0.1, learn_eta=False, generator=generator())
    net = ModulatedRNN(5, eta=0.1, learn_eta=False, generator=generator())
    assert torch.equal(net.w, plastic.w)
    assert torch.equal(net.alpha, plastic.alpha)
    x = torch.randn(9, 2, 5, generator=generator(1))
    torch.testing.assert_close(net(x, modulation=torch.full((9, 2), 0.1))[0], plastic(x)[0])


@pytest.mark.skipif("three_factor" not in dir(rules), reason="the rule is another chapter's")
def test_three_factors_are_the_retroactive_network_that_forgets_nothing():
    x, eta = normal(0, 7, 2, 3), 0.5
    net = ModulatedRNN(3, rules.three_factor, retroactive=True, eta=eta, dtype=DOUBLE)
    modulator = Modulator(net.read, net.bias)
    _, signal, end = net(x)
    wanted = run_modulated(
        x, net.w, net.alpha, modulator, modulation=eta * signal, eta=0.0, eta_e=net.eta_e
    )
    torch.testing.assert_close(end.hebb, wanted[2].hebb)
