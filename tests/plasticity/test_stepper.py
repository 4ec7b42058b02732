"""The stepper: a rule is handed what it declares, and refused where that cannot be supplied."""

import copy
import functools
import gc
import inspect
import pickle
import weakref

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import PlasticLinear, PlasticRNN, State, check, rules, run, run_layer
from hebbnotes.neurons import rate, spiking
from hebbnotes.neurons.modulated import run_modulated_neuron
from hebbnotes.plasticity import stepper
from hebbnotes.plasticity.stepper import change

sizes, seeds = st.integers(1, 5), st.integers(0, 10_000)
DOUBLE = torch.float64


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


class Gated:
    """A callable object that declares, and is its own constant."""

    __hash__ = None

    def __init__(self, size):
        self.size = size

    def __call__(self, w, pre, post, *, modulator, error, target=2.0):
        return self.size * (modulator + error * target).unsqueeze(-2) * rules.hebb(w, pre, post)

    def method(self, w, pre, post, *, modulator, error):
        return self(w, pre, post, modulator=modulator, error=error)


def gated(w, pre, post, *, modulator, error, target=2.0):
    return (modulator + error * target).unsqueeze(-2) * rules.hebb(w, pre, post)


FORMS = {
    "a function": gated,
    "a lambda": lambda w, pre, post, *, modulator, error: gated(
        w, pre, post, modulator=modulator, error=error
    ),
    "a bound constant": functools.partial(gated, target=2.0),
    "an object": Gated(1.0),
    "a method": Gated(1.0).method,
    "wrapped": torch.no_grad()(gated),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("each", [True, False], ids=["one for each", "one for all"])
def test_a_rule_is_handed_what_it_declares_and_nothing_else(form, each):
    w, pre, post, error = normal(0, 2, 3, 4), normal(1, 2, 3), normal(2, 2, 4), normal(3, 2, 4)
    modulator = normal(4, 2, 4) if each else normal(4, 2)
    spread = modulator if each else modulator[:, None].expand(2, 4)
    assert stepper.declared(FORMS[form]) == ("modulator", "error")
    for _ in range(2):  # the second time, it is known
        dw = change(FORMS[form], w, pre, post, error=error, drive=post, modulator=modulator)
        wanted = torch.einsum("bj,bi,bj->bij", spread + 2 * error, pre, post)
        torch.testing.assert_close(dw, wanted)
    with pytest.raises(
        TypeError, match=r"declares error, and its caller supplies modulator, drive:"
    ):
        change(FORMS[form], w, pre, post, modulator=modulator, drive=post)


def test_what_is_bound_is_no_longer_asked_for_and_what_has_a_default_never_is():
    bound = functools.partial(rules.bcm, threshold=torch.ones(1))
    assert stepper.declared(bound) == stepper.declared(rules.scaling) == ()
    w, pre, post = normal(0, 3, 2), normal(1, 3), normal(2, 2)
    torch.testing.assert_close(
        change(bound, w, pre, post), rules.bcm(w, pre, post, threshold=torch.ones(1))
    )


def test_a_modulator_of_a_lone_synapse_is_one_number():
    w, pre, post = normal(0, 3, 2), normal(1, 3), normal(2, 2)
    got = change(
        lambda w, pre, post, *, modulator: modulator * rules.hebb(w, pre, post),
        w,
        pre,
        post,
        modulator=torch.tensor(-0.5, dtype=DOUBLE),
    )
    torch.testing.assert_close(got, -0.5 * torch.outer(pre, post))


def test_a_further_quantity_by_its_position_is_refused():
    with pytest.raises(TypeError, match=r"takes drive by its position.*\*, drive"):
        change(lambda w, pre, post, drive: w, *(normal(k, 1, 1) for k in range(3)))


def test_a_change_of_another_shape_is_refused():
    for wrong, got in ((lambda w, pre, post: pre, r"\(3,\)"), (lambda w, pre, post: 1.0, "float")):
        with pytest.raises(
            ValueError, match=rf"must return dw of shape \(3, 2\) like w, got {got}"
        ):
            change(wrong, normal(0, 3, 2), normal(1, 3), normal(2, 2))


X, W = torch.zeros(3, 2, 4), torch.zeros(4, 4)
SPIKING = spiking.Neuron()
CALLERS = {
    "a plastic network": (lambda rule: run(X, W, None, 0.1, rule), "drive"),
    "a plastic layer": (lambda rule: run_layer(X, W, None, 0.1, rule), "drive"),
    "a module": (lambda rule: PlasticRNN(4, rule), "drive"),
    "a layer of its own": (lambda rule: PlasticLinear(4, 2, rule), "drive"),
    "neurons on a stream": (lambda rule: rate.learn(X[:, 0], W, rule, 0.1), "drive"),
    "neurons on batches": (lambda rule: rate.learn_units(X, W, rule, 0.1), "drive"),
    "spiking neurons": (
        lambda rule: spiking.run_neuron(
            X, spiking.NeuronState.at_rest(torch.zeros(2, 4, 1), SPIKING), SPIKING, rule=rule
        ),
        "pre_spikes, post_spikes",
    ),
    "neurons that are told": (
        lambda rule: rate.learn(
            X[:, 0], W, rule, 0.1, modulator=X[:, 0, 0], pair=rules.hebb, tau=2.0
        ),
        "drive, modulator, eligibility",
    ),
    "a trace of theirs": (
        lambda rule: rate.learn(X[:, 0], W, rules.hebb, 0.1, pair=rule),
        "drive",
    ),
    "spiking neurons that are told": (
        lambda rule: run_modulated_neuron(
            X,
            X[..., 0],
            spiking.NeuronState.at_rest(torch.zeros(2, 4, 1), SPIKING),
            SPIKING,
            tau=1.0,
            rule=rule,
        ),
        "modulator, eligibility, pre_spikes, post_spikes",
    ),
    "a mean": (lambda rule: rules.average(rule, W, X[0], X[0], error=X[0]), "error"),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_a_rule_that_declares_what_its_caller_cannot_supply_is_refused_with_both_names(caller):
    ran = []

    def rule(w, pre, post, *, calcium):
        ran.append(w)
        return w

    call, supplied = CALLERS[caller]
    with pytest.raises(
        TypeError, match=rf"rule rule declares calcium, and .* supplies {supplied}:"
    ):
        call(rule)
    assert not ran
    call(lambda w, pre, post: 0 * w)


def test_the_audit_knows_the_quantities_of_the_table_and_refuses_others():
    with pytest.raises(
        TypeError, match=r"declares calcium, and check\.reads supplies drive, thres"
    ):
        check.local(lambda w, pre, post, *, calcium: w)


@given(seeds, st.booleans())
def test_a_plastic_network_tells_a_rule_its_drive(seed, clamped):
    x, w, alpha = normal(seed, 4, 2, 3), normal(seed + 1, 3, 3), normal(seed + 2, 3, 3)
    y, hebb = normal(seed + 3, 2, 3), normal(seed + 4, 2, 3, 3)
    clamp = x > 0 if clamped else None
    for rule in (rules.delta, rules.soft_hebb):
        found, end = run(x, w, alpha, 0.2, rule, State(y, hebb), clamp)
        now, trace = y, hebb
        for t in range(4):
            pre = now
            drive = torch.einsum("bi,bij->bj", pre, w + alpha * trace) + x[t]
            now = drive.tanh() if clamp is None else torch.where(clamp[t], x[t], drive.tanh())
            trace = trace + 0.2 * rule(trace, pre, now, drive=drive)
            torch.testing.assert_close(found[t], now)
        torch.testing.assert_close(end.hebb, trace)


@given(seeds)
def test_a_plastic_layer_tells_a_rule_its_drive(seed):
    x, w, hebb = normal(seed, 4, 2, 3), normal(seed + 1, 3, 2), normal(seed + 2, 2, 3, 2)
    _, end = run_layer(x, w, 0.5, 0.2, rules.soft_hebb, State(normal(0, 2, 2), hebb))
    for pre in x:
        drive = torch.einsum("bi,bij->bj", pre, w + 0.5 * hebb)
        hebb = hebb + 0.2 * rules.soft_hebb(hebb, pre, drive.softmax(-1), drive=drive)
    torch.testing.assert_close(end.hebb, hebb)


def test_a_linear_neuron_tells_a_rule_its_drive_and_a_spiking_one_its_spikes():
    x, w = normal(0, 5, 3), normal(1, 3, 2)
    assert torch.equal(rate.learn(x, w, rules.delta, 0.1)[-1], w), "it does what it wants"
    g = torch.Generator().manual_seed(0)
    spikes = (torch.rand(50, 2, 3, generator=g) < 0.3).double()
    state = spiking.NeuronState.at_rest(torch.full((2, 3, 1), 0.5, dtype=DOUBLE), SPIKING)

    def count(w, pre, post, *, pre_spikes):
        return (0.001 * pre_spikes).unsqueeze(-1).expand_as(w)

    _, end = spiking.run_neuron(spikes, state, SPIKING, rule=count)
    torch.testing.assert_close(end.w[..., 0], 0.5 + 0.001 * spikes.sum(0))


def test_a_signature_is_read_once_and_nothing_is_kept_alive(monkeypatch):
    asked, real = [], inspect.signature
    monkeypatch.setattr(inspect, "signature", lambda rule: (asked.append(rule), real(rule))[1])

    def rule(w, pre, post, *, drive):
        return 0 * w

    run(torch.zeros(40, 1, 2), 0.0, None, 0.1, rule)
    assert asked == [rule]
    asked.clear()
    alive = weakref.ref(rule)
    del rule
    gc.collect()
    assert alive() is None


def test_a_rule_of_the_common_form_is_one_thing_however_it_is_copied():
    for rule in (rules.oja, rules.soft_hebb):
        assert copy.deepcopy(rule) is copy.copy(rule) is pickle.loads(pickle.dumps(rule)) is rule
    again = pickle.loads(pickle.dumps(rules.CommonForm(torch.abs)))
    assert again.forget is torch.abs
    assert repr(again) == "CommonForm(abs)"
    assert copy.deepcopy(PlasticRNN(2, rules.oja)).rule is rules.oja
    assert [p for p in inspect.signature(rules.soft_hebb).parameters] == [
        *("w", "pre", "post", "drive")
    ]
    with pytest.raises(TypeError, match=r"forget must be a function of post such as torch\.square"):
        rules.CommonForm(torch.ones(1))
