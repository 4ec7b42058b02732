"""Many networks trained at once, their damage, and what theory says of it."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hebbnotes import LeakyRNN, training
from hebbnotes import experiments as stored
from hebbnotes.chapters.time_constants import arms, damage, experiments, live, many, trials
from hebbnotes.experiments import Trial
from hebbnotes.networks.leaky import SCALINGS, STARTS
from hebbnotes.tasks import Intervals, StoreRecall, Templates, TwoClocks

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
TASK = Intervals(2, 8)
SIZES = (1, 6, 1)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


def leaky(several, scaling="power", learns=("none", "shared", "each")):
    """Return networks, and the modules that they are, with a learning rate for each."""
    family, params, nets = many.Leaky(scaling), [], []
    for k, learn in zip(range(several), itertools.cycle(learns)):
        start, tau = STARTS[k % 3], 2.0 + k
        params.append(family.begin(SIZES, torch.full((SIZES[1],), tau), learn, start, generator(k)))
        options = {"learn": learn, "start": start, "scaling": scaling}
        nets.append(LeakyRNN(*SIZES, tau=tau, **options, generator=generator(k)))
    rates = torch.tensor([0.003, 0.01, 0.03])[torch.arange(several) % 3]
    return family, many.stacked(params), nets, rates


def alone(net, episodes):
    """Return the mean squared error of a module where the answer is read."""
    wrong = (net(episodes.inputs)[0] - episodes.answer)[episodes.mask]
    return wrong.square().mean()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_networks_that_are_trained_at_once_are_each_trained_as_if_alone(scaling):
    family, params, nets, rates = leaky(6, scaling)

    def losses(params, update):
        episodes = TASK.sample(4, generator(update))
        return many.squared_errors(params, family.held(params, episodes.inputs), episodes)

    new = TASK.sample(50, generator(99))
    before = many.squared_errors(params, family.held(params, new.inputs), new)
    for one, net in zip(before, nets, strict=True):
        torch.testing.assert_close(one, alone(net, new).detach())
    trained = many.train(params, losses, 15, rates=rates, clip_norm=0.5)
    for k, net in enumerate(nets):
        training.train(
            net.parameters(),
            lambda update, net=net: (alone(net, TASK.sample(4, generator(update))), {}),
            15,
            lr=float(rates[k]),
            clip_norm=0.5,
        )
        for name in ("w", "u", "b", "readout", "bias"):
            torch.testing.assert_close(
                trained[name][k], getattr(net, name).detach(), rtol=1e-3, atol=1e-4
            )
        torch.testing.assert_close(many.taus(trained)[k], net.tau.detach(), rtol=1e-3, atol=1e-4)
    learned = (many.taus(trained) - many.taus(params)).abs()
    assert learned[::3].eq(0).all()
    assert learned[1::3].gt(0).all()
    assert learned[2::3].gt(0).all()
    spread = many.taus(trained)[1::3].std(1)
    assert spread.lt(1e-4).all()


@pytest.mark.parametrize(("family", "cells"), [(many.GRU(), "GRU"), (many.LSTM(), "LSTM")])
@pytest.mark.parametrize("chrono", [0, 50])
def test_gated_networks_are_torchs_cells(family, cells, chrono):
    params = many.stacked([family.begin((2, 5, 1), chrono, generator(k)) for k in range(3)])
    inputs = torch.randn(9, 4, 2, generator=generator(7))
    held = family.held(params, inputs)
    for k in range(3):
        net = getattr(torch.nn, cells)(2, 5)
        with torch.no_grad():
            net.weight_ih_l0.copy_(params["u"][k].T)
            net.weight_hh_l0.copy_(params["w"][k].T)
            net.bias_ih_l0.copy_(params["b"][k])
            net.bias_hh_l0.copy_(params["c"][k])
        torch.testing.assert_close(held[:, k], net(inputs)[0].detach())
        if chrono:
            keeps = torch.sigmoid(params["b"][k][5:10] + params["c"][k][5:10])
            steps = 1 / (1 - keeps)  # a gate that is open so far keeps for so many steps
            assert bool((steps >= 2 - 1e-4).all())
            assert bool((steps <= chrono).all())
    counted = many.counted(many.chosen(params, [0]))
    assert counted == sum(p.numel() for p in net.parameters()) + 5 + 1
    with pytest.raises(ValueError, match="params must be of one network, got 3"):
        many.counted(params)


@given(st.integers(8, 64), st.integers(1, 2), st.integers(1, 2))
def test_gated_arms_have_about_as_many_numbers(n, n_in, n_out):
    wanted = n * (n + n_in + n_out + 2) + n_out
    for gates in (3, 4):
        m = arms.cells_for((n_in, n, n_out), gates)
        its = gates * m * (m + n_in + 2) + (m + 1) * n_out
        assert abs(its - wanted) <= gates * (m + n_in + 3)


def test_arms_begin_with_the_time_constants_of_their_names():
    each = [
        (name, many.taus(many.stacked([one.network((1, 32, 1), "normal", generator())]))[0])
        for name, one in [*arms.ARMS.items(), *arms.SPIKING.items()]
        if not isinstance(one, arms.Gated)
    ]
    its = dict(each)  # of a name that both have, the spiking arm
    assert its["plain"].eq(0).all()
    for name, tau in each:
        if name in ("shared, learned", "each learned, from 10"):
            torch.testing.assert_close(tau, torch.full((32,), 10.0))
        elif name.startswith(("shared ", "membrane ")):
            torch.testing.assert_close(tau, torch.full((32,), float(name.split()[1])))
        if " to " in name:
            low, _, high = name.split(", from ")[-1].split()
            torch.testing.assert_close(tau[[0, -1]], torch.tensor([float(low), float(high)]))
            torch.testing.assert_close(tau[1:] / tau[:-1], (tau[1] / tau[0]).expand(31))
    cortex = its["cortex"].double().log()
    assert float(cortex.mean()) == pytest.approx(math.log(17), abs=1e-3)
    assert float(cortex.std()) == pytest.approx(0.56, rel=0.03)
    assert its["cortex"].quantile(0.5) == pytest.approx(17, rel=0.03)


# ------------------------------------------------------------------------------------- errors


@given(seeds)
def test_an_error_is_the_mean_over_what_is_asked(seed):
    task = TwoClocks((2, 4), (3, 9))
    family = many.Leaky()
    params = many.stacked(
        [family.begin((2, 4, 2), torch.full((4,), 5.0), "none", "normal", generator(seed + k))
         for k in range(3)]
    )  # fmt: skip
    episodes = task.sample(5, generator(seed))
    held = family.held(params, episodes.inputs)
    found = many.squared_errors(params, held, episodes)
    for k in range(3):
        out = held[:, k] @ params["readout"][k] + params["bias"][k]
        wrong = (out - episodes.answer)[episodes.mask]
        torch.testing.assert_close(found[k], wrong.square().mean())


@given(seeds)
def test_a_class_is_scored_by_the_mean_over_the_steps_at_which_it_is_asked(seed):
    family = many.Spiking(3.0)
    params = many.stacked(
        [family.begin((3, 6, 2), torch.full((6,), 5.0), "each", (3, 0.5, 20.0), generator(k))
         for k in range(2)]
    )  # fmt: skip
    episodes = StoreRecall((4, 7), 2).sample(6, generator(seed))
    held = family.held(params, episodes.inputs)
    right = many.correct(params, held, episodes)
    loss = many.cross_entropies(params, held, episodes)
    for k in range(2):
        out = held[:, k] @ params["readout"][k] + params["bias"][k]
        score = out[-2:].mean(0)
        torch.testing.assert_close(
            loss[k], torch.nn.functional.cross_entropy(score, episodes.answer)
        )
        torch.testing.assert_close(right[k], (score.argmax(-1) == episodes.answer).float().mean())


# ------------------------------------------------------------------------------------- damage


def test_damage_changes_what_it_says_and_by_the_size_it_says():
    _family, params, _, _ = leaky(3)
    big = {name: value.repeat(*[40] + [1] * (value.ndim - 1)) for name, value in params.items()}
    for kind in damage.KINDS:
        other = damage.damaged(big, kind, 0.1, generator())
        assert all(torch.equal(big[name], v.repeat(*[40] + [1] * (v.ndim - 1)))
                   for name, v in params.items())  # fmt: skip
        for name in ("w", "u", "readout"):
            ratio = (other[name] / big[name])[big[name] != 0]
            touched = kind in ("weights", "both") or (kind == "recurrent" and name == "w")
            assert ratio.std() == pytest.approx(0.1 if touched else 0, rel=0.1)
        ratio = many.taus(other).log() - many.taus(big).log()
        touched = kind in ("time constants", "both")
        assert ratio.std() == pytest.approx(0.1 if touched else 0, rel=0.1)
        assert not touched or not other["shares"].any()  # each cell's by itself
        if touched:
            assert ratio[1].unique().numel() > 1
    same = damage.damaged(big, "both", 0.0, generator())
    torch.testing.assert_close(many.taus(same), many.taus(big))
    spiking = many.Spiking().begin(
        SIZES, torch.full((6,), 9.0), "none", (3, 0.5, 20.0), generator()
    )
    its = damage.damaged(many.stacked([spiking]), "time constants", 0.1, generator())
    assert not torch.equal(many.adaptations(its)[0], torch.full((6,), 20.0))
    assert torch.equal(its["adaptation"][0], spiking["adaptation"])
    doubled = (damage.damaged(big, "weights", size, generator(3)) for size in (0.1, 0.2))
    one, two = (each["w"] - big["w"] for each in doubled)
    torch.testing.assert_close(two, 2 * one, rtol=1e-3, atol=1e-5)  # the same direction


@settings(max_examples=8)
@given(st.integers(2, 5), seeds)
def test_an_eigenvalue_strays_as_first_order_theory_says(n, seed):
    weights = normal(seed, n, n) / n
    kept = torch.diag(normal(seed + 1, n).sigmoid())
    mu, sd = damage.eigenvalue_sd(kept + weights, weights)
    assert bool((mu.abs()[:-1] >= mu.abs()[1:] - 1e-12).all())
    gap = min(abs(a - b) for a, b in itertools.combinations(mu.tolist(), 2))
    eps = min(1e-5, 1e-3 * gap)
    xi = normal(seed + 2, 4000, n, n)
    moved = torch.linalg.eigvals(kept + weights * (1 + eps * xi))
    for value, spread in zip(mu, sd, strict=True):
        nearest = (moved - value).abs().amin(1)
        assert float(nearest.square().mean().sqrt() / eps) == pytest.approx(
            float(spread), rel=0.06, abs=1e-6
        )


@pytest.mark.witness("eq-slow-eigenvalue", damage.slow_modes)
@settings(max_examples=8)
@given(st.integers(2, 6), seeds, st.sampled_from(SCALINGS))
def test_the_slowest_modes_time_constant_strays_as_theory_says(n, seed, scaling):
    params = {
        "w": normal(seed, 1, n, n) / n**0.5,
        "b": normal(seed + 1, 1, n),
        "log_tau": 2 + 0.3 * normal(seed + 2, 1, n),
        "fixed": torch.tensor([True]),
        "shares": torch.tensor([False]),
    }
    h, lam = normal(seed + 3, 1, n) / 3, torch.exp(-1 / params["log_tau"].exp())
    matrix, weights = damage.linearised(params, h, scaling)
    gain = 1 - lam if scaling == "mean" else (1 - lam**2).sqrt()

    def step(h):
        return lam * h + gain * torch.tanh(h @ params["w"][0] + params["b"])

    jacobian = torch.autograd.functional.jacobian(step, h).reshape(n, n)
    torch.testing.assert_close(matrix[0].T, jacobian)
    tau, sd = damage.slow_modes(matrix, weights, several=1)
    torch.testing.assert_close(tau[0, 0], -1 / torch.linalg.eigvals(matrix[0]).abs().max().log())
    eps, xi = 1e-6, normal(seed + 4, 3000, n, n)
    draws = torch.linalg.eigvals(matrix + weights * eps * xi).abs().amax(-1)
    strays = (-1 / draws.log()).abs().log() - tau[0, 0].abs().log()
    mu = torch.linalg.eigvals(matrix[0])
    size = mu.abs().sort(descending=True).values
    # two modes that are about as slow change places
    assume(n == 2 or size[1] - size[2] >= 1e-3)
    assume(size[0] - size[1] >= 1e-3 or mu.imag.abs().max() > 0)
    assert float(strays.std() / eps) == pytest.approx(float(sd[0, 0]), rel=0.1)


def test_a_cell_that_excites_itself_strays_as_fine_tuning_says():
    w, tau = torch.tensor([[[0.9]]], dtype=DOUBLE), torch.tensor([[30.0]], dtype=DOUBLE)
    params = {
        "w": w,
        "b": torch.zeros(1, 1, dtype=DOUBLE),
        "log_tau": tau.log(),
        "fixed": torch.tensor([True]),
        "shares": torch.tensor([False]),
    }
    zero = torch.zeros(1, 1, dtype=DOUBLE)
    slow, sd = damage.slow_modes(*damage.linearised(params, zero, "mean"), several=1)
    assert float(slow) == pytest.approx(300, rel=0.02)
    assert float(sd) == pytest.approx(300 / 30 - 1, rel=0.03)


@pytest.mark.witness("eq-wiring-damage", damage.wiring_damage)
@settings(max_examples=10)
@given(st.integers(20, 60), st.floats(0, 20), st.floats(20, 90), seeds)
def test_wiring_that_is_spread_out_strays_as_is_predicted_of_it(n, tau, gap, seed):
    tau, size = torch.tensor(tau, dtype=DOUBLE), 0.01
    lam, mu = torch.exp(-1 / tau), math.exp(-1 / gap)
    q = torch.linalg.qr(normal(seed, n, n))[0]
    w = (mu - lam) / (1 - lam) * q  # all its modes are as far from lam, one in the limit at mu
    weights = (1 - lam) * w
    _, sd = damage.eigenvalue_sd(lam * torch.eye(n, dtype=DOUBLE) + weights, weights)
    strays = gap / mu * sd.square().mean().sqrt() * size  # d ln tau_eff
    narrow = {"n": n, "low": gap, "high": gap * 1.0001}
    spread = math.log(1.0001) / math.sqrt(12)
    predicted = damage.wiring_damage(tau, size, **narrow).sqrt() * spread
    assert float(strays) == pytest.approx(float(predicted), rel=0.15)


def test_predicted_damage_is_the_mean_over_gaps_and_falls_with_slower_cells():
    taus = torch.tensor([0.0, 1.0, 3.0, 10.0, 30.0])
    found = damage.wiring_damage(taus, 0.1, n=32, low=3, high=96)
    assert bool((found[1:] < found[:-1]).all())
    gaps = [3 * 32 ** (k / 400) for k in range(401)]
    variance = math.log(32) ** 2 / 12
    by_hand = mean([g**2 * 0.01 / 32 for g in gaps]) / variance
    assert float(found[0]) == pytest.approx(by_hand, rel=0.01)
    double = damage.wiring_damage(taus, 0.2, n=128, low=3, high=96)
    torch.testing.assert_close(double, found)


# -------------------------------------------------------------------------------- experiments


def test_an_experiment_tells_of_each_arm(tmp_path):
    chosen = trials.Timing(
        task=Intervals(2, 6),
        arms={name: (("normal", 0.01),) for name in arms.ARMS},
        n=8,
        updates=10,
        batch=2,
        every=2,
        tested=8,
        levels=(1e3, 1e-9),
        sizes=(0.1,),
        draws=2,
    )
    numbers, weights = trials.train_timing(Trial(3, tmp_path), chosen)
    again, same = trials.train_timing(Trial(3, tmp_path), chosen)
    assert numbers == again
    assert all(torch.equal(weights[key], same[key]) for key in weights)
    for key in ("error", "early", "course", "numbers"):
        assert numbers[key].keys() == arms.ARMS.keys()
    assert numbers["early"] == {arm: course[4] for arm, course in numbers["course"].items()}
    assert numbers["damage"].keys() == {"end", "1000"}
    first = numbers["damage"]["1000"]
    assert all(one["updates"] == 2 for one in first.values())
    assert first["GRU"].keys() == {"0", "recurrent", "weights", "updates"}
    assert first["plain"].keys() == {"0", *damage.KINDS, "updates"}
    assert numbers["modes"]["end"].keys() == {*experiments.LEAKY}
    before, after = numbers["taus"]["each learned, from 10"]
    assert len(set(before)) == 1 < len(set(after))
    before, after = numbers["taus"]["shared, learned"]
    assert len(set(after)) == 1
    assert before != after


def test_a_slowest_mode_strays_as_predicted_where_damage_is_small(tmp_path):
    names = ("shared 5", "1 to 100", "each learned, from 10")
    chosen = trials.Timing(
        task=Intervals(2, 6),
        arms={name: (("normal", 0.01),) for name in names},
        n=8,
        updates=4,
        batch=2,
        every=4,
        tested=8,
        sizes=(0.0005, 0.1),
        draws=20,
    )
    numbers, _ = trials.train_modes(Trial(3, tmp_path), chosen)
    assert numbers["modes"].keys() == {*names}
    for one in numbers["modes"].values():
        predicted = 0.0005 * one["sd"]
        assert one["measured"]["0.0005"] == pytest.approx(predicted, rel=0.25, abs=2e-6)
    assert numbers["ratio"] == pytest.approx(1, abs=0.25)


def test_of_several_choices_the_lowest_error_is_told(tmp_path):
    chosen = trials.Timing(
        task=Templates(4.0, 12.0, n_classes=2, n_channels=2, n_steps=12, shift=1),
        arms={"shared 5": (("normal", 0.01), ("normal", 0.1)), "adaptive": (("normal", 0.01),)},
        n=6,
        updates=10,
        batch=2,
        every=2,
        tested=8,
    )
    numbers, _ = trials.train_timing(Trial(0, tmp_path), chosen)
    tried = numbers["tried"]["shared 5"]
    assert tried.keys() == {"normal 0.01", "normal 0.1"}
    assert numbers["error"]["shared 5"] == min(tried.values())
    assert "shared 5" not in numbers["course"]
    assert 0 <= numbers["error"]["adaptive"] <= 1


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_another_device_is_refused_where_it_would_not_be_used(name, tmp_path):
    one = experiments.EXPERIMENTS[name]
    with pytest.raises(ValueError, match="device must be cpu, got cuda"):
        one.train(Trial(0, tmp_path, device="cuda"), one.configuration)


@pytest.mark.parametrize("rates", [(0.01, 1e-6), (1e-6, 0.01)])
def test_of_several_rates_the_weights_are_those_of_the_one_that_is_told(rates, tmp_path):
    chosen = trials.Keeping(
        task=StoreRecall((3, 6), 2),
        rates={"membrane 10": {"free": rates}},
        prices={"free": 0.0},
        n=6,
        updates=20,
        batch=4,
        tested=32,
        delay=5,
    )
    numbers, weights = trials.train_keeping(Trial(0, tmp_path), chosen)
    tried = numbers["tried"]["membrane 10"]["free"]
    best = min(rates, key=lambda rate: tried[f"{rate:g}"])
    alone = replace(chosen, rates={"membrane 10": {"free": (best,)}})
    its, own = trials.train_keeping(Trial(0, tmp_path), alone)
    assert numbers["kept"] == its["kept"]
    for key, value in weights.items():
        torch.testing.assert_close(value, own[key])


@pytest.mark.parametrize("what", ["tau", "weight", ""])
def test_a_live_model_drifts_in_nothing_but_what_it_knows(what):
    tau = live.bank_taus()
    with pytest.raises(ValueError, match="what must be one of 'weights', 'taus', 'both'"):
        live.drifted(tau, tau, tau, what, 0.1)


def test_wiping_is_done_at_the_end_of_the_delay(tmp_path):
    names = [name for name, one in arms.SPIKING.items() if one.family.strength == 2]
    chosen = trials.Keeping(
        task=StoreRecall((3, 6), 2),
        rates={name: {"free": (0.01, 0.1), "strict": (0.01,)} for name in names},
        prices={"free": 0.0, "strict": 10.0},
        n=6,
        updates=4,
        batch=4,
        tested=32,
        delay=5,
    )
    numbers, weights = trials.train_keeping(Trial(0, tmp_path), chosen)
    assert numbers["kept"].keys() == {*names}
    for arm, prices in numbers["kept"].items():
        for one in prices.values():
            its = {"thresholds", "voltages and spikes", "all"}
            assert one.keys() == {"right", "spikes", *its, *(f"{name}, exchanged" for name in its)}
            if arm.startswith("membrane"):
                assert one["thresholds"] == one["right"]
                assert one["all"] == one["voltages and spikes"]
    assert len(numbers["tried"][names[0]]["free"]) == 2
    assert weights


# ------------------------------------------------------------------------- what was tuned


def tried(*names):
    """Return the mean of what was tried of each arm, over seeds, from stored results."""
    found = {}
    for name in names:
        if name in experiments.EXPERIMENTS:
            for one in stored.seeds(name):
                for arm, its in one["tried"].items():
                    for choice, value in its.items():
                        found.setdefault(arm, {}).setdefault(choice, []).append(value)
    return found


def mean(values):
    return sum(values) / len(values)


@pytest.mark.parametrize("name", experiments.BEST)
def test_each_arm_is_trained_as_did_best_on_seeds_of_its_own(name):
    found = tried(*(f"{name}-rates{end}" for end in ("", "-further", "-furthest")))
    assert found.keys() == experiments.BEST[name].keys()
    for arm, (start, rate) in experiments.BEST[name].items():
        best = min(found[arm], key=lambda choice, arm=arm: mean(found[arm][choice]))
        assert f"{start} {rate:g}" == best


def test_each_price_is_trained_as_did_best_on_seeds_of_its_own():
    for arm, prices in experiments.BEST_KEPT.items():
        for price, rate in prices.items():
            found = {}
            for name in ("store-recall-rates", "store-recall-rates-further"):
                for one in stored.seeds(name):
                    for its, value in one["tried"][arm][price].items():
                        found.setdefault(its, []).append(value)
            assert f"{rate:g}" == min(found, key=lambda its, found=found: mean(found[its]))


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_says_what_it_needs(name):
    one = experiments.EXPERIMENTS[name]
    chosen = one.configuration
    if isinstance(chosen, trials.Keeping):
        assert {*chosen.rates} <= {*arms.SPIKING}
        assert all({*prices} == {*chosen.prices} for prices in chosen.rates.values())
        return
    assert {*chosen.arms} <= {*chosen.known()}
    assert one.metric.removeprefix("error.") in (*chosen.arms, "ratio")
    assert all(start in (*STARTS, "usual") for its in chosen.arms.values() for start, _ in its)
    if "-rates" not in name:
        assert not {*one.seeds} & {100, 101}
        several = {arm for arm, its in chosen.arms.items() if len(its) > 1}
        assert several == ({*experiments.OTHERS} if name == "intervals-annealed" else set())
    for key in one.keep_only:
        assert key.rpartition(".")[0] in chosen.arms
