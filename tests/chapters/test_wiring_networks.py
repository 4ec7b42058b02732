"""Networks that pay: each as if alone, plain loops, and prices that do what they say."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import experiments as stored
from hebbnotes.chapters.wiring import experiments, modularity, networks, plastic
from hebbnotes.chapters.wiring.prices import communicability
from hebbnotes.experiments import Trial
from hebbnotes.plasticity.places import distances, grid
from hebbnotes.tasks import OneStep

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
HOW = networks.Trained(task=OneStep(0.2, 2, 1, 2), shape=(3, 3), updates=30, batch=8, budget=4.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


@settings(max_examples=20)
@given(seeds)
def test_a_choice_is_that_of_a_plain_loop(seed):
    params = networks.begin((8, 5, 4), 2, generator(seed))
    params = {name: value + 0.1 * normal(seed, *value.shape) for name, value in params.items()}
    inputs = normal(seed + 1, 4, 3, 8)
    found = networks.choose(params, inputs)
    for k in range(2):
        w, u, b, out, bias = (params[name][k] for name in ("w", "u", "b", "readout", "bias"))
        for e in range(3):
            h = torch.zeros(5, dtype=DOUBLE)
            for x in inputs[:, e]:
                h = (x @ u + h @ w + b).clamp(min=0)
            torch.testing.assert_close(found[k, e], h @ out + bias)


EACH = [networks.One(arm, 0.01, None if k % 2 else 1e-3) for k, arm in enumerate(networks.ARMS)]


def test_networks_that_are_trained_at_once_are_each_trained_as_if_alone():
    together, price = networks.train(HOW, EACH, 3)
    for k, one in enumerate(EACH):
        alone, its = networks.train(HOW, [one], 3)
        torch.testing.assert_close(its[0], price[k], rtol=1e-3, atol=0)
        for name, value in alone.items():
            torch.testing.assert_close(value[0], together[name][k], atol=1e-4, rtol=1e-3)


def test_weights_that_cost_more_are_smaller_and_none_leads_to_itself():
    prices = (0.0, 1e-3, 1e-1)
    params, price = networks.train(HOW, [networks.One("L1 x distance", 0.01, p) for p in prices], 0)
    total = params["w"].abs().sum((1, 2))
    assert total[0] > total[1] > total[2]
    assert price.tolist() == pytest.approx(prices)
    assert not params["w"].diagonal(dim1=1, dim2=2).any()


def test_before_there_is_a_price_nobody_pays():
    free = replace(HOW, free=1.0)
    params, _ = networks.train(free, [networks.One(arm, 0.01, 0.1) for arm in networks.ARMS], 0)
    for value in params["w"]:
        torch.testing.assert_close(value, params["w"][0])


def test_a_steered_price_rises_where_too_much_is_spent_and_falls_where_too_little():
    for budget, way in ((1.0, 1), (1000.0, -1)):
        how = replace(HOW, budget=budget)
        each = [networks.One(arm, 0.01) for arm in ("none", "L1")]
        _, price = networks.train(how, each, 0)
        assert price[0] == 0
        assert way * (price[1].item() - networks.ARMS["L1"]) > 0


@settings(max_examples=20)
@given(seeds)
def test_each_arm_has_its_price(seed):
    far, w = distances(grid((2, 3), dtype=DOUBLE)), normal(seed, 6, 6)
    order = torch.randperm(6, generator=generator(seed))
    found = {arm: networks.unit_prices(arm, far, order, w) for arm in networks.ARMS}
    assert not found["none"].any()
    assert bool((found["L1"] == 1).all())
    assert torch.equal(found["L1 x distance"], far)
    for i in range(6):
        for j in range(6):
            assert found["permuted"][i, j] == far[order[i], order[j]]
    torch.testing.assert_close(found["communicability"], far * communicability(w))
    with pytest.raises(ValueError, match="arm must be one of"):
        networks.unit_prices("L2", far, order, w)


def test_what_is_measured_of_a_network_is_what_it_is():
    params, _ = networks.train(HOW, [networks.One("L1 x distance", 0.01, 1e-3)], 0)
    new = HOW.task.sample(200, generator(5))
    found = networks.measured(HOW, params, new, generator(0), links=(10,), nulls=2)
    w, far = params["w"][0], distances(grid((3, 3)))
    assert found["wire"] == pytest.approx((w.abs() * far).sum().item(), rel=1e-3)
    assert found["total"] == pytest.approx(w.abs().sum().item(), rel=1e-3)
    best = networks.choose(params, new.inputs)[0].argmax(1)
    assert found["accuracy"] == pytest.approx((best == new.answer).double().mean().item(), rel=1e-3)
    parts = found["modularity"]["10"]
    total = sum(parts[name] for name in ("density", "degrees", "lengths", "rest"))
    assert total == pytest.approx(parts["q"], abs=2e-3)


def test_what_a_permuted_network_pays_for_has_lengths_of_its_own():
    how = replace(HOW, updates=200)
    params, _ = networks.train(how, [networks.One("permuted", 0.01, 0.02)], 0)
    size, off = params["w"][0].abs(), ~torch.eye(9, dtype=torch.bool)
    own, true = networks.believed(how, 0), distances(grid((3, 3)))
    assert torch.equal(own.sort().values.sort(0).values, true.sort().values.sort(0).values)
    assert (size * own)[off].sum() / size.sum() < (size * true)[off].sum() / size.sum()


def test_what_cannot_be_trained_is_refused_before_it_is():
    for options, message in (
        ({"free": 2.0}, "free must be"),
        ({"budget": 0.0}, "budget must be"),
        ({"updates": 0}, "updates must be"),
        ({"shape": 3}, "shape must be"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            replace(HOW, **options)
    with pytest.raises(ValueError, match="arm must be one of"):
        networks.train(HOW, [networks.One("L2", 0.01)], 0)
    with pytest.raises(ValueError, match="price must be"):
        networks.train(HOW, [networks.One("L1", 0.01, -1.0)], 0)
    with pytest.raises(ValueError, match="two networks are named"):
        experiments.Wiring(rates={"L1": (0.001, 0.0012)}, prices={}).each()
    with pytest.raises(ValueError, match="way must be one of"):
        experiments.PlasticPrice(rates={"nearest 9": (0.01,)}).each()
    world = plastic.World("iid", "half", (2, 4))
    with pytest.raises(ValueError, match="arm must be one of"):
        plastic.train_plastic(world, [plastic.Paying("L3", 0.0, "all", 0.01)], 0, updates=1)
    with pytest.raises(ValueError, match="number of synapses must be at most 7"):
        plastic.mask("nearest 8", distances(grid((2, 4))), generator())


def test_networks_may_pay_from_the_beginning():
    params, _ = networks.train(replace(HOW, free=0.0), [networks.One("L1", 0.01, 0.5)], 0)
    assert params["w"].abs().sum() < 1


# ------------------------------------------------------------------------------------- plastic


@pytest.mark.parametrize("patterns", plastic.PATTERNS)
@pytest.mark.parametrize("gap", plastic.GAPS)
def test_completing_is_what_a_loop_that_writes_its_trace_does(patterns, gap):
    world = plastic.World(patterns, gap, (2, 4), 3, 3, 3)
    g, n = generator(1), 8
    params = {
        "w": normal(0, 2, n, n) / 4,
        "alpha": normal(1, 2, n, n),
        "eta": torch.tensor([-1.0, 0.5], dtype=DOUBLE),
    }
    shown = plastic.draw_patterns(world, 4, g).double()
    missing, asked = plastic.draw_gaps(world, 4, g), torch.tensor([0, 1, 2, 1])
    found = plastic.complete(params, world, shown, missing, asked)
    for k in range(2):
        w, alpha, eta = params["w"][k], params["alpha"][k], params["eta"][k].sigmoid()
        for e in range(4):
            hebb, y = torch.zeros(n, n, dtype=DOUBLE), torch.zeros(n, dtype=DOUBLE)
            whole = shown[asked[e], e]
            steps = [x for one in shown[:, e] for x in (*[one] * world.shown, 0 * one)]
            for x in (*steps, torch.where(missing[e], 0.0, whole)):
                hebb, y = hebb + eta * (torch.outer(y, x) - hebb), x
            for _ in range(world.recalled):
                x = torch.tanh(y @ (w + alpha * hebb))
                x = torch.where(missing[e], x, whole)
                hebb, y = hebb + eta * (torch.outer(y, x) - hebb), x
            torch.testing.assert_close(found[k, e], y)


@given(seeds, st.sampled_from(plastic.PATTERNS), st.sampled_from(plastic.GAPS))
def test_half_of_the_bits_are_missing(seed, patterns, gap):
    world = plastic.World(patterns, gap, (4, 4))
    shown = plastic.draw_patterns(world, 5, generator(seed))
    assert shown.abs().unique().tolist() == [1]
    missing = plastic.draw_gaps(world, 5, generator(seed))
    assert bool((missing.sum(1) == 8).all())
    if gap == "half":
        for one in missing.view(5, 4, 4):
            assert one[:, :2].all() != one[:, 2:].all()


def test_smooth_patterns_are_alike_nearby():
    for patterns, low, high in (("iid", -0.05, 0.05), ("smooth", 0.5, 0.9)):
        world = plastic.World(patterns, "half")
        shown = plastic.draw_patterns(world, 300, generator()).view(3, 300, 8, 8)
        assert low < (shown[..., 1:] * shown[..., :-1]).mean() < high


@given(seeds, st.sampled_from(plastic.MASKS[1:]))
def test_a_mask_lets_so_many_synapses_onto_each_unit_be_plastic(seed, which):
    far = distances(grid((6, 6)))
    may = plastic.mask(which, far, generator(seed))
    number = int(which.split()[1])
    assert bool((may.sum(0) == number).all())
    assert not may.diagonal().any()
    if which.startswith("nearest"):
        for j in range(36):
            others = ~may[:, j] & (torch.arange(36) != j)
            assert far[may[:, j], j].max() <= far[others, j].min()


def test_plastic_networks_pay_for_their_plasticity_alone():
    world = plastic.World("iid", "scattered", (4, 4), 2)
    paid = [
        plastic.Paying("L1", 0.0, "all", 0.01),
        plastic.Paying("L1", 1e-3, "all", 0.01),
        plastic.Paying("L1 x distance", 1e-2, "all", 0.01),
        plastic.Paying("L1", 0.0, "nearest 8", 0.01),
    ]
    params = plastic.train_plastic(world, paid, 0, updates=60, batch=5)
    found = [plastic.measured_plastic(params, world, k) for k in range(4)]
    assert found[0]["total"] > found[1]["total"] > found[2]["total"]
    assert found[2]["length"] < found[1]["length"]
    assert found[3]["plastic"] <= 8 * 16
    alone = plastic.train_plastic(world, paid[1:2], 0, updates=60, batch=5)
    torch.testing.assert_close(alone["alpha"][0], params["alpha"][1], atol=1e-4, rtol=1e-3)
    assert not params["alpha"].diagonal(dim1=1, dim2=2).any()
    free = plastic.paid(params, world, [paid[0]] * 4, 50, generator())
    found = plastic.paid(params, world, paid, 50, generator()) - free
    far = distances(grid((4, 4)))
    for k, one in enumerate(paid):
        unit = far if one.arm == "L1 x distance" else 1
        assert found[k].item() == pytest.approx(
            (one.price * unit * params["alpha"][k].abs()).sum().item(), abs=1e-5
        )
    wrong = plastic.completed(params, world, 100, generator())
    assert bool(((wrong >= 0) & (wrong <= 1)).all())


# --------------------------------------------------------------------------------- experiments


def test_an_experiment_trains_and_measures_all_its_networks(tmp_path):
    one = experiments.EXPERIMENTS["wiring-prices"]
    assert {key.rpartition(".")[0] for key in one.keep_only} <= set(one.configuration.each())
    assert len(experiments.LIVE) == 9
    few = {"none": (0.01,), "L1": (0.01, 0.02)}
    prices = {"none": (0.0,), "L1": (1e-4,)}
    small = replace(
        one.configuration, rates=few, prices=prices, updates=4, batch=4, tested=20, shape=(3, 3)
    )
    told = []
    trial = Trial(0, tmp_path, tell=lambda part, update, updates: told.append((update, updates)))
    numbers, weights = experiments.train_wiring(trial, small)
    names = {f"L1, 1e-04, {rate}" for rate in ("1e-02", "2e-02")}
    assert set(numbers["networks"]) == set(small.each()) == {"none", *names}
    assert {key.rpartition(".")[0] for key in weights} == {"none", *names}
    assert told == [(k, 4) for k in range(4)]
    again, _ = experiments.train_wiring(Trial(0, tmp_path), small)
    assert again == numbers


@pytest.mark.parametrize("name", ["plastic-price-rates", "plastic-price"])
def test_an_experiment_on_plasticity_measures_each_world(name, tmp_path):
    one = experiments.EXPERIMENTS[name].configuration
    small = replace(one, updates=2, batch=2, tested=4, patterns=("iid",))
    numbers, _ = experiments.train_prices(Trial(0, tmp_path), small)
    assert set(numbers["worlds"]) == {"iid, scattered", "iid, half"}
    for its in numbers["worlds"].values():
        assert set(its) == set(small.each())
        assert all(0 <= found["error"] <= 1 for found in its.values())


def test_rates_were_tried_on_other_seeds_and_the_best_of_them_is_used():
    tried = [one["networks"] for one in stored.seeds("wiring-rates")]
    further = [one["networks"] for one in stored.seeds("wiring-rates-further")]
    assert not set(experiments.EXPERIMENTS["wiring-rates"].seeds) & set(
        experiments.EXPERIMENTS["wiring-arms"].seeds
    )
    for arm, (best,) in experiments.BEST.items():
        mean = {
            rate: math.fsum(one[f"{arm}, {rate:.0e}"]["accuracy"] for one in tried) / len(tried)
            for rate in experiments.TRIED
        }
        assert max(mean, key=mean.get) == best
        if best == experiments.TRIED[0]:
            lower = math.fsum(one[arm]["accuracy"] for one in further) / len(further)
            assert lower < mean[best]


def test_the_rates_of_plastic_networks_are_those_at_which_least_was_paid():
    tried = [one["worlds"] for one in stored.seeds("plastic-price-rates")]
    for way in experiments.WAYS:
        total = {
            rate: sum(one[world][f"{way}, {rate:.0e}"]["paid"] for one in tried for world in one)
            for rate in (0.001, *experiments.TRIED)
        }
        assert experiments.BEST_PLASTIC[way] == (min(total, key=total.get),)


def test_stored_copies_are_those_that_swap_makes():
    its = stored.seeds("wiring-arms")[0]["networks"]["L1 x distance"]["modularity"]["150"]
    w = stored.weights("wiring-arms")["0.L1 x distance.w"].float()
    a, far = modularity.strongest(w, 150), distances(grid((8, 8)))
    made = [modularity.swap(a, generator(k), far, 0.3) for k in range(20)]
    kept = sum(modularity.unchanged(a, one) for one in made) / 20
    assert kept == pytest.approx(its["lengths null"]["unchanged"], abs=0.02)
