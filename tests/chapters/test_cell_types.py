"""Cell types: the memory under Dale, spectra of signs, arms that are trained, and balance."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from hebbnotes import ScaledIdentity, analysis, rules, tasks
from hebbnotes import experiments as stored
from hebbnotes import run as run_plastic
from hebbnotes.chapters.cell_types import arms, balanced, experiments, memory, spectra
from hebbnotes.experiments import Trial
from hebbnotes.networks import dale

seeds = st.integers(0, 10_000)
NUMBERS = (20.0, 1.1, 0.05)
TASK = tasks.PatternCompletion(24, 2, **tasks.ONCE, bias_unit=False)
CIRCUITS = [
    {},
    {"k": 0},
    {"k": 1},
    {"k": 5},
    {"k": 24},
    {"eta_inhibition": 1.0},
    {"eta_inhibition": 0.3},
]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def episodes(seed=0, task=TASK):
    return task.sample(2, generator(seed), dtype=torch.float64)


# ------------------------------------------------------------------------------ the memory's trace


@pytest.mark.witness("eq-dale-trace", memory.signed_trace)
@given(seeds, st.integers(1, 30), st.floats(0.01, 0.5))
def test_strengths_of_0_or_more_make_the_signed_trace_at_any_time(seed, steps, eta):
    y = 2 * torch.rand(steps, 2, 6, generator=generator(seed), dtype=torch.float64) - 1
    clamp = torch.ones_like(y, dtype=torch.bool)
    numbers = (20.0, 1.0, eta)
    state, hebb, before = None, torch.zeros(2, 6, 6).double(), torch.zeros(2, 6).double()
    for t in range(steps):
        _, state = memory.run(y[t : t + 1], *numbers, state=state, clamp=clamp[t : t + 1])
        hebb = (1 - eta) * hebb + eta * before.unsqueeze(-1) * y[t].unsqueeze(-2)
        before = y[t]
        assert (memory.signed_trace(state) - hebb).abs().max() < 1e-12
        assert all((part >= 0).all() for part in state)
    # from any state, and each part is the decaying mean that it is said to be
    assert abs(state.share - (1 - (1 - eta) ** steps)) < 1e-12
    pre = torch.cat([torch.full_like(y[:1], 0.5), (1 + y[:-1]) / 2])
    kept = eta * (1 - eta) ** torch.arange(steps - 1, -1, -1, dtype=torch.float64)
    torch.testing.assert_close(state.sent, torch.einsum("t,tbi->bi", kept, pre))
    torch.testing.assert_close(state.both, torch.einsum("t,tbi,tbj->bij", kept, pre, (1 + y) / 2))


@given(seeds)
def test_with_private_inhibition_it_is_the_network_of_three_numbers(seed):
    shown = episodes(seed)
    gain, c, eta = NUMBERS
    y, state = memory.run_signed(shown.inputs, *NUMBERS, clamp=shown.clamp)
    own = ScaledIdentity(-c)
    wanted, end = run_plastic(shown.inputs, own, gain / 24, eta, rules.decay, clamp=shown.clamp)
    torch.testing.assert_close(y, wanted, atol=1e-10, rtol=0)
    torch.testing.assert_close(memory.signed_trace(state), end.hebb, atol=1e-10, rtol=0)


@given(seeds, st.sampled_from(CIRCUITS), st.booleans())
def test_each_kind_of_inhibition_is_what_it_is_said_to_be(seed, circuit, rates):
    shown = episodes(seed)
    run = memory.run if rates else memory.run_signed
    y, state = run(shown.inputs, *NUMBERS, clamp=shown.clamp, **circuit)
    gain, c, eta = NUMBERS
    k = circuit.get("k", 24)
    label = [i * k // 24 for i in range(24)] if k else []
    now, hebb = torch.zeros(2, 24).double(), torch.zeros(2, 24, 24).double()
    u = now.clone()
    for t, x in enumerate(shown.inputs):
        sends = now + 1 if rates else now
        written = torch.einsum("bi,bij->bj", sends, hebb)
        if "eta_inhibition" in circuit:
            brake = u
        else:
            same = [[j for j in range(24) if label[j] == label[i]] for i in range(24)] if k else []
            brake = torch.stack([now[:, its].mean(1) for its in same], 1) if k else 0 * now
        new = torch.where(shown.clamp[t], x, torch.tanh(x + gain / 24 * written - c * brake))
        hebb = (1 - eta) * hebb + eta * now.unsqueeze(-1) * new.unsqueeze(-2)
        now = new
        u = u + circuit.get("eta_inhibition", 0) * (now - u)
        torch.testing.assert_close(y[t], now, atol=1e-9, rtol=0)
    numbers = memory.quick(shown.inputs, NUMBERS, clamp=shown.clamp, rates=rates, **circuit)
    torch.testing.assert_close(numbers, y, atol=1e-9, rtol=0)
    assert all((part >= 0).all() for part in state), "no synapse crosses zero"
    assert (state.u <= 1).all()


@pytest.mark.witness("eq-plastic-interneuron", memory.run)
@given(seeds, st.booleans())
def test_an_interneuron_that_relearns_at_once_is_self_inhibition(seed, rates):
    shown = episodes(seed)
    run = memory.run if rates else memory.run_signed
    private, _ = run(shown.inputs, *NUMBERS, clamp=shown.clamp)
    one, state = run(shown.inputs, *NUMBERS, eta_inhibition=1.0, clamp=shown.clamp)
    torch.testing.assert_close(one, private, atol=1e-12, rtol=0)
    torch.testing.assert_close(2 * state.u - 1, one[-1])  # it holds the last step's activity
    slow, _ = run(shown.inputs, *NUMBERS, eta_inhibition=0.2, clamp=shown.clamp)
    assert (slow - private).abs().max() > 1e-3


@pytest.mark.witness("eq-groups", memory.groups)
@given(st.integers(1, 12), st.data())
def test_k_interneurons_come_as_near_to_private_inhibition_as_any_k_can(n, data):
    k = data.draw(st.integers(1, n))
    heard, inhibited = memory.groups(n, k)
    assert heard.shape == (n, k)
    assert inhibited.shape == (k, n)
    assert (heard >= 0).all()
    assert (inhibited >= 0).all()
    far = (torch.eye(n) - heard @ inhibited).norm()
    assert abs(far - math.sqrt(n - k)) < 1e-5
    other = torch.randn(n, k, generator=generator(n)) @ torch.randn(k, n, generator=generator(k))
    assert (torch.eye(n) - other).norm() >= math.sqrt(n - k) - 1e-4
    state = memory.at_rest(torch.zeros(1, 2, n))
    state = state._replace(r=torch.rand(2, n, generator=generator(k)))
    felt = memory.felt(state, k, None)
    torch.testing.assert_close(felt, state.r @ heard @ inhibited)


@given(seeds)
def test_two_forms_of_the_trace_are_the_same_and_others_are_not(seed):
    shown = episodes(seed)
    found = {
        form: memory.run_form(form, shown.inputs, NUMBERS, clamp=shown.clamp)[0]
        for form in memory.FORMS
    }
    exact = memory.run(shown.inputs, *NUMBERS, clamp=shown.clamp)[0]
    for form, y in found.items():
        same = form in ("two plastic pathways", "baseline and one fixed")
        assert ((y - exact).abs().max() < 1e-9) == same


def test_a_memory_goes_on_where_it_was():
    shown = episodes()
    whole, _ = memory.run(shown.inputs, *NUMBERS, eta_inhibition=0.5, clamp=shown.clamp)
    _, half = memory.run(shown.inputs[:4], *NUMBERS, eta_inhibition=0.5, clamp=shown.clamp[:4])
    rest = (shown.inputs[4:], *NUMBERS)
    y, _ = memory.run(*rest, eta_inhibition=0.5, state=half, clamp=shown.clamp[4:])
    torch.testing.assert_close(y, whole[4:])


def test_what_a_memory_cannot_be_is_refused():
    shown = episodes()
    with pytest.raises(ValueError, match="inhibition is of one kind, got k=3"):
        memory.run(shown.inputs, *NUMBERS, eta_inhibition=0.5, k=3)
    with pytest.raises(ValueError, match="k must be at most 24"):
        memory.run(shown.inputs, *NUMBERS, k=25)
    with pytest.raises(ValueError, match="of a rate r in"):
        memory.run(2 * shown.inputs, *NUMBERS, clamp=shown.clamp)
    state = memory.at_rest(shown.inputs)
    with pytest.raises(ValueError, match=r"state\.u .*do not cross zero"):
        memory.run(shown.inputs, *NUMBERS, state=state._replace(u=-state.u))
    with pytest.raises(ValueError, match="form must be one of"):
        memory.run_form("none", shown.inputs, NUMBERS)


def test_the_memory_needs_inhibition_of_its_own_or_one_that_relearns():
    task = tasks.PatternCompletion(200, 5, **tasks.ONCE, bias_unit=False)
    shown = task.sample(10, generator(1))
    numbers = (53.5, 1.11, 0.0168)

    def wrong(**circuit):
        y = memory.quick(shown.inputs, numbers, clamp=shown.clamp, **circuit)
        return tasks.errors(y[-1], shown).erased.mean().item()

    assert wrong() < 0.05
    assert wrong(k=1) > 0.2
    assert wrong(k=0) > 0.2
    assert wrong(eta_inhibition=1.0) == wrong()


# ----------------------------------------------------------------------------------------- spectra


@pytest.mark.parametrize("name", spectra.DRAWN)
def test_all_ways_to_draw_weights_have_one_bulk(name):
    n = 300
    w = spectra.draw(name, n, generator(1))
    found = analysis.spectrum(w)
    assert 1.7 < found.singular[1] < 4.6, "the edge of the bulk, of rows that differ in spread"
    if "balanced" in name or name in ("all excite", "sparse and lognormal"):
        assert ((w > 0).any(1) & (w < 0).any(1)).sum() == 0, "each row has one sign"
        price = dale.common_mode(w).item()
        assert found.singular[0] >= price
        wanted = 4.2 / 20 * n**0.5 if "sparse" in name else n**0.5
        assert abs(price / wanted - 1) < 0.12
    else:
        assert dale.common_mode(w) < 1.2
    large = found.eigenvalues[0].abs()
    assert large > 15 if name == "all excite" else large < 2


def test_exact_balance_is_exact_for_each_receiver():
    w = spectra.balanced(60, generator(0), exactly=True)
    assert w.sum(0).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: spectra.balanced(3, generator(), excitatory=0.1), "rounds to none of them"),
        (lambda: spectra.balanced(2, generator()), "rounds to all of them"),
        (lambda: spectra.draw("balanced 9:1", 4, generator()), "rounds to all of them"),
        (lambda: spectra.lognormal(2, generator()), "rounds to all of them"),
        (
            lambda: spectra.balanced(9, generator(), excitatory=1.0, exactly=True),
            "exactly needs inhibition of each receiver",
        ),
    ],
)
def test_weights_that_cannot_balance_are_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()
    assert (spectra.balanced(3, generator(), excitatory=1.0) > 0).all()


@pytest.mark.parametrize(
    ("drawn", "share"),
    [
        (lambda g: torch.empty(60, 20_000).exponential_(generator=g), 1 / 2),
        (lambda g: torch.randn(60, 20_000, generator=g), 2 / math.pi),
        (lambda g: torch.exp(0.94 * torch.randn(60, 20_000, generator=g)), math.exp(-(0.94**2))),
    ],
)
def test_the_share_of_the_common_mode_is_that_of_its_distribution(drawn, share):
    assert abs(spectra.bulk_share(drawn(generator(0))) / share - 1) < 0.05


@given(st.integers(2, 12), seeds)
def test_a_transplanted_spectrum_is_there_and_vectors_stay(n, seed):
    w, other = (spectra.gaussian(n, generator(seed + k)).double() for k in (0, 1))
    new = spectra.transplanted(w, other)
    torch.testing.assert_close(torch.linalg.svdvals(new), torch.linalg.svdvals(other))
    u, _, vh = torch.linalg.svd(w)
    torch.testing.assert_close((u.T @ new @ vh.T).diag(), torch.linalg.svdvals(other))


# -------------------------------------------------------------------------------------------- arms

FEW = arms.digits()


@pytest.mark.parametrize("family", spectra.families(), ids=lambda names: names[0])
@pytest.mark.parametrize("optimiser", arms.OPTIMISERS)
def test_networks_that_are_trained_side_by_side_are_each_as_if_alone(family, optimiser):
    how = {"seed": 3, "looks": [2, 4], "judged": FEW.validation, "shown": FEW.train}
    each = [(arm, 0.02 * (1 + k)) for k, arm in enumerate(family)]
    right, w = arms.train(each, 20, optimiser, **how)
    for k, one in enumerate(each):
        alone, own = arms.train([one], 20, optimiser, **how)
        torch.testing.assert_close(alone[0], right[k], atol=0.01, rtol=0)
        torch.testing.assert_close(own[0], w[k], atol=1e-4, rtol=1e-3)


def plain(arm, rate, optimiser, updates):
    """Train one network by torch's own modules, and return its recurrent weights."""
    net = spectra.ARMS[arm].start(20, generator(0))
    its = {name: p.clone().requires_grad_(not name.startswith("_")) for name, p in net.items()}
    size = spectra.ARMS[arm].weights(net).shape[-1]
    g = generator(1)
    w_in = (torch.randn(4, size, generator=g) / 2).requires_grad_()
    w_out = (torch.randn(size, 10, generator=g) / size**0.5).requires_grad_()
    bias, bias_out = torch.zeros(size, requires_grad=True), torch.zeros(10, requires_grad=True)
    trained = [p for p in its.values() if p.requires_grad] + [w_in, bias, w_out, bias_out]
    kind = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}[optimiser]
    descent, batches = kind(trained, lr=rate), generator(2)
    for _ in range(updates):
        rows = torch.randint(len(FEW.train[1]), (32,), generator=batches)
        r = torch.zeros(32, size)
        for x in FEW.train[0][:, rows]:
            r = torch.relu(r @ spectra.ARMS[arm].weights(its) + x @ w_in + bias)
        descent.zero_grad()
        cross_entropy(r @ w_out + bias_out, FEW.train[1][rows]).backward()
        if "corrected" in arm:
            its["w_ei"].grad, its["w_ie"].grad = dale.correct(
                its["w_ei"].grad, its["w_ie"].grad, size, size
            )
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        descent.step()
        with torch.no_grad():
            if "w_ee" in its:
                for name in ("w_ee", "w_ei", "w_ie"):
                    its[name].clamp_(min=0)
            elif its["_signs"].any():
                its["w"].copy_(dale.project(its["w"], dale.signs(20)))
    return spectra.ARMS[arm].weights(its).detach()


@pytest.mark.parametrize("arm", spectra.ARMS)
@pytest.mark.parametrize(("optimiser", "rate"), [("SGD", 0.1), ("Adam", 0.003)])
def test_an_arm_is_trained_as_torch_would_train_it(arm, optimiser, rate):
    how = {"seed": 0, "looks": [6], "judged": FEW.validation, "shown": FEW.train}
    _, w = arms.train([(arm, rate)], 20, optimiser, **how)
    torch.testing.assert_close(w[0], plain(arm, rate, optimiser, 6), atol=2e-4, rtol=1e-2)


def test_arms_have_equal_numbers_and_the_signs_that_they_should_have():
    for n in (40, 160, 320):
        for arm in spectra.ARMS:
            size, inter, numbers = spectra.cells(arm, n)
            assert abs(numbers / n**2 - 1) < 0.02
            assert size + inter <= n + 2 * (n // 10)
    how = {"seed": 0, "looks": [5], "judged": FEW.validation, "shown": FEW.train}
    _, w = arms.train([("signs", 0.3), ("signs, sparse start", 0.3)], 20, "SGD", **how)
    signs = dale.signs(20)
    assert all(torch.equal(dale.project(one, signs), one) for one in w)


def test_a_network_that_explodes_harms_no_other():
    how = {"seed": 0, "looks": [8], "judged": FEW.validation, "shown": FEW.train}
    _, w = arms.train([("no signs", 0.1), ("no signs", 1e30)], 20, "SGD", **how)
    _, alone = arms.train([("no signs", 0.1)], 20, "SGD", **how)
    torch.testing.assert_close(w[0], alone[0])


def test_the_digits_are_divided_once_and_for_all():
    sizes = [len(labels) for _, labels in FEW]
    assert sizes == [1000, 297, 500]
    assert FEW.train[0].shape == (16, 1000, 4)
    assert float(FEW.train[0].max()) <= 1


# ---------------------------------------------------------------------------------------- balance


@st.composite
def networks(draw):
    j_i = draw(st.floats(1.0, 3.0))
    j_e = j_i * draw(st.floats(1.05, 1.5))
    i = draw(st.floats(0.3, 2.0))
    e = i * j_e / j_i * draw(st.floats(1.02, 1.5))
    return balanced.Balanced(outside=0.001, driven=(e, i), inhibits=(j_e, j_i))


@pytest.mark.witness("eq-balance", balanced.limit)
@given(networks())
def test_in_the_limit_excitation_and_inhibition_cancel_in_both_kinds_of_cells(network):
    m_e, m_i = balanced.limit(network)
    assert m_e > 0
    assert m_i > 0
    for driven, inhibits in zip(network.driven, network.inhibits, strict=True):
        assert abs(driven * network.outside + m_e - inhibits * m_i) < 1e-9
    twice = balanced.limit(replace(network, outside=2 * network.outside))
    assert abs(twice[0] - 2 * m_e) < 1e-9


def test_the_limit_is_approached_slowly():
    network, far = balanced.Balanced(), []
    for k in (100, 400, 1600, 6400):
        its = balanced.means(replace(network, k=k))
        far.append(balanced.limit(network)[0] - its.active[0])
        assert abs(its.excitation - its.inhibition) < 1, "they cancel to a threshold"
    assert all(a > b > 0 for a, b in pairwise(far))
    assert 1.3 < far[-2] / far[-1] < 2.2, "as one over the root of K"


def test_a_simulated_network_balances_by_itself_and_follows_the_means():
    network = balanced.Balanced(k=100)
    its = balanced.simulate(network, generator(0), n=800, sweeps=20)
    excites, inhibits = its.mean
    assert 2 < excites < 5
    assert abs(excites - inhibits) < 0.6
    assert abs(its.active.mean(0)[0] - balanced.means(network).active[0]) < 0.05
    assert len(its.excitation) == len(its.active) == 200


def test_what_cannot_balance_is_refused():
    with pytest.raises(ValueError, match="there is no balance"):
        balanced.Balanced(inhibits=(1.8, 2.0))
    with pytest.raises(ValueError, match="strength and threshold must be a finite number"):
        balanced.Balanced(inhibits=(2.0, 0.0))
    with pytest.raises(ValueError, match=r"asks for a share of 7\.2: use less"):
        balanced.limit(balanced.Balanced(outside=0.9, driven=(2.0, 1.0)))
    with pytest.raises(ValueError, match="channels must be even, 2 or more, got 13"):
        balanced.gated(generator(), chosen=balanced.Circuit(channels=13))


def test_inhibition_becomes_tuned_to_the_excitation_that_it_meets():
    its = balanced.tuned(generator(0))
    both = torch.stack([its.excitatory, its.inhibitory[-1]])
    assert torch.corrcoef(both)[0, 1] > 0.99
    assert len(its.inhibitory[0].unique()) == 1
    assert abs(its.weighted[-5:].mean() - 0.3) < 0.02, "the target is met, weighted by inhibition"
    assert its.rate[-5:].mean() < 0.28, "and not by the mean rate"
    assert (its.inhibitory >= 0).all()


@settings(max_examples=2, deadline=None)  # circuits of 21 seeds, alike but for chance
@given(st.integers(0, 20))
def test_vip_cells_open_learning_in_their_own_population(seed):
    its = balanced.gated(generator(seed))
    assert its.change[0, 0] > 0.3
    assert its.change[1, 1] > 0.3
    assert its.change[0, 1] == its.change[1, 0] == 0
    before, after = its.answers
    assert (before > 0.5).all(), "both answer to both, at first"
    assert (after.diagonal() > 1).all()
    assert max(after[0, 1], after[1, 0]) < 0.1
    closed = balanced.gated(generator(seed), ((), ()))
    assert (closed.change == 0).all()
    assert torch.equal(closed.answers[0], closed.answers[1])


def test_connections_are_those_that_were_found():
    w, eta, types = balanced.circuit(balanced.Circuit(), generator(0))
    sst, vip = (types == 2).nonzero().flatten(), (types == 3).nonzero().flatten()
    assert (w[sst][:, sst] == 0).all(), "SST cells do not inhibit each other"
    assert {rules.TYPES[types[j]] for j in w[vip].sum(0).nonzero().flatten()} == {"SST"}
    assert {(int(types[i]), int(types[j])) for i, j in eta.nonzero()} == {(0, 0), (1, 0)}


# ------------------------------------------------------------------------------------- experiments


def finite(found):
    json.dumps(found, allow_nan=False)
    return found


def test_experiments_measure_what_they_say(tmp_path):
    chosen = experiments.Memory(sizes=(40,), schedules=("once",), episodes=2)
    found = finite(experiments.score_memory({}, 0, chosen))
    its = found["wrong"]["40"]["once"]
    assert its["plastic"][0] == its["private"] == found["plastic"]
    assert len(its["k"]) == len(found["ks"]["40"])
    chosen = experiments.Patterns(sizes=(40,), patterns=(2, 5), episodes=2)
    assert len(finite(experiments.score_patterns({}, 0, chosen))["wrong"]["40"]["plastic"]) == 2
    chosen = experiments.Forms(sizes=(40,), patterns=(2,), episodes=(2,))
    its = finite(experiments.score_forms({}, 0, chosen))["wrong"]["even"]["40"]["2"]
    assert its["exact, private"] == its["exact, plastic"]
    chosen = experiments.Crowded(n=40, patterns=3, episodes=2)
    assert set(finite(experiments.score_crowded({}, 0, chosen))["wrong"]) == {"code", "paper"}
    chosen = experiments.Limit(ks=(10,), n=40, sweeps=2)
    assert len(finite(experiments.score_limit({}, 0, chosen))["active"]) == 1
    rates = {"SGD": {arm: (0.1, 0.2) for arm in spectra.ARMS}}
    chosen = arms.Signs(n=20, rates=rates, looks=(1, 2))
    updates = []
    trial = Trial(0, tmp_path, tell=lambda *its: updates.append(its))
    found, weights = arms.train_signs(trial, chosen)
    finite(found)
    of = [f"SGD, {family[0]}" for family in spectra.families()]
    assert updates == [(name, update, 2) for name in of for update in (0, 1)]
    assert not weights
    assert set(found["right"]["SGD"]) == set(spectra.ARMS)
    one, other = (found["last"]["SGD"][a] for a in arms.COSTS["outlier"])
    assert abs(found["costs"]["SGD"]["outlier"] - 100 * (one - other)) < 1e-3


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_another_device_is_refused_where_it_would_not_be_used(name, tmp_path):
    one = experiments.EXPERIMENTS[name]
    with pytest.raises(ValueError, match="device must be cpu, got cuda"):
        one.train(Trial(0, tmp_path, device="cuda"), one.configuration)


@pytest.mark.parametrize("n", experiments.RATES)
def test_rates_are_those_that_did_best_on_seeds_of_their_own(n):
    names = [f"signs-{name}" for name in experiments.TRIED if name.startswith(f"{n}-")]
    means = {}
    for name in names:
        tried = stored.seeds(name)
        for optimiser, by in tried[0]["right"].items():
            for arm, rates in by.items():
                for rate in rates:
                    each = [its["right"][optimiser][arm][rate][-1] for its in tried]
                    of = means.setdefault((optimiser, arm), {})
                    of[float(rate)] = sum(each) / len(each)
    for optimiser, chosen in experiments.RATES[n].items():
        assert chosen.keys() == spectra.ARMS.keys()
        for arm, rate in chosen.items():
            its = means[optimiser, arm]
            assert its[rate] >= max(its.values()) - 1e-9, (n, optimiser, arm)
            assert min(its) < rate < max(its), "and it is not at the edge of the grid"
