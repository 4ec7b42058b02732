"""The trainings of the chapter's tables, their choices, and what is measured on the way."""

import json
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import experiments as stored
from hebbnotes.chapters.credit_assignment import experiments, theory
from hebbnotes.chapters.credit_assignment.trained import (
    choices,
    measured,
    networks,
    others,
    prospective,
    trials,
    ways,
)
from hebbnotes.experiments import Trial

DOUBLE = torch.float64
EXPERIMENTS = experiments.EXPERIMENTS
PAIRS = ("feedback alignment", "node perturbation")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


def small(several=False, **options):
    arm = ((0.05, 0.1, 1.0), (0.1, 0.3, 0.3), (99.0, 1.0, 1.0))
    its = {"one": {way: arm if several else arm[1:2] for way in (*PAIRS, "linear read-out")}}
    return trials.Table(arms=its, shapes={"one": (8,)}, steps=25, batch=16, **options)


def test_digits_are_divided_once_and_for_all():
    parts = trials.digits("digits")
    assert [len(x) for x, _ in parts] == [1200, 250, 347]
    assert all(float(x.min()) == 0 and float(x.max()) == 1 for x, _ in parts)
    together = torch.cat([x for x, _ in parts])
    assert len(together.unique(dim=0)) == 1797
    with pytest.raises(ValueError, match="name must be one of 'digits', 'mnist'"):
        trials.digits("letters")


def test_a_choice_in_a_stack_ends_as_it_does_alone(tmp_path):
    together, _ = trials.train_table(Trial(3, tmp_path / "a"), small(several=True))
    alone, _ = trials.train_table(Trial(3, tmp_path / "b"), small())
    for way in PAIRS:
        tried = together["tried"]["one"][way]
        assert tried["0.1 0.3 0.3"] == alone["error"]["one"][way]
        assert alone["course"]["one"][way][-1] == alone["error"]["one"][way]
        assert together["error"]["one"][way] == min(tried.values())
    assert alone["failed"]["one"]["node perturbation"] in (0, 1)


def test_what_grows_without_bound_counts_as_chance_and_has_failed(tmp_path):
    wild = replace(small(), arms={"one": {"backpropagation": ((99.0, 1.0, 1.0),)}}, steps=60)
    found, _ = trials.train_table(Trial(0, tmp_path), wild)
    assert found["error"]["one"]["backpropagation"] == trials.CHANCE
    assert found["failed"]["one"]["backpropagation"] == 1
    net = networks.Net([torch.full((2, 4, 10), math.inf)], [])
    net.weights[0][1] = 0
    wrong = trials.errors(ways.Sweep(), net, torch.ones(5, 3), torch.zeros(5, dtype=torch.long))
    assert wrong.tolist() == pytest.approx([0.9, 0.0])


def test_operations_are_those_of_the_matrices():
    net = ways.Sweep().begin((7, 5, 4, 3), generator())
    x, target = torch.ones(6, 7), torch.ones(6, 3)
    up = 8 * 5 + 6 * 4 + 5 * 3  # as many to write
    down = 4 * 3 + 5 * 4
    assert trials.operations(ways.Sweep(), net, x, target) == 2 * up + down
    assert trials.operations(ways.Frozen(), net, x, target) == up + 5 * 3
    assert trials.operations(ways.NodeNoise(), net, x, target) == 3 * up
    assert trials.operations(ways.Reward(), net, x, target) == 2 * up


class Cut(Exception):
    pass


def interrupted(train, configuration, tmp_path, after):
    """Run a trial that is cut in each part, and go on, until it ends."""
    cuts = 0
    while True:
        told = 0

        def tell(part, update, updates):
            nonlocal told
            told += 1
            if told > after:
                raise Cut

        try:
            return train(Trial(1, tmp_path, tell=tell), configuration)[0], cuts
        except Cut:
            cuts += 1
            assert cuts < 20


def without_milliseconds(numbers):
    return {key: value for key, value in numbers.items() if key != "milliseconds"}


PRICED = measured.Priced(table=replace(small(), steps=6), at=(3, 6), batches=2, draws=3)
SETTLED = prospective.Prospective(
    deep={"1": (0.1, 1.0, 1.0), "2": (0.1, 1.0, 1.0)},
    table=trials.Table(arms={}, shapes={"1": (8,), "2": (8, 8)}, steps=5, batch=8, validation=True),
    rates=(0.01, 0.05),
    steps=20,
    longest=20,
    level=0.95,
    settling=3,
)


@pytest.mark.parametrize(
    ("train", "configuration", "after"),
    [
        (trials.train_table, small(), 30),
        (measured.train_priced, PRICED, 8),
        (prospective.train_prospective, SETTLED, 7),
    ],
    ids=["table", "priced", "prospective"],
)
def test_what_was_cut_goes_on_to_the_same_end(train, configuration, after, tmp_path, monkeypatch):
    def settles(steps, *rate):  # 2000 steps change what is measured, not what is kept
        return ways.Settling(min(steps, 20), *rate)

    monkeypatch.setattr(prospective, "Settling", settles)
    if train is measured.train_priced:
        arms = {"one": {way: configuration.table.arms["one"][way] for way in PAIRS}}
        configuration = replace(configuration, table=replace(configuration.table, arms=arms))
    whole, _ = train(Trial(1, tmp_path / "whole"), configuration)
    found, cuts = interrupted(train, configuration, tmp_path / "cut", after)
    assert cuts >= 1
    assert without_milliseconds(found) == without_milliseconds(json.loads(json.dumps(whole)))


@given(st.integers(0, 1000), st.lists(st.integers(1, 5), max_size=2))
def test_the_tangent_is_how_outputs_move(seed, hidden):
    net = ways.Sweep().begin((3, *hidden, 2), generator(seed))
    weights = [w.double() for w in net.weights]
    for k, w in enumerate(weights):
        w[:, -1] = normal(seed + 20 + k, *w[:, -1].shape)
    dw = [normal(seed + k, *w.shape) for k, w in enumerate(weights)]
    x = normal(seed + 9, 4, 3)

    def at(size):
        moved = [w + size * d for w, d in zip(weights, dw, strict=True)]
        return networks.forward(moved, x)[-1].rate

    slope = (at(1e-7) - at(-1e-7)) / 2e-7
    found = measured.tangent(weights, x, dw)
    torch.testing.assert_close(found, slope, rtol=1e-5, atol=1e-5)
    bent = measured.bends(weights, x, dw)
    torch.testing.assert_close(bent, found.square().sum(-1).mean(-1))


def test_backpropagation_has_a_cosine_and_a_price_of_one_and_node_noise_the_price_of_theory():
    net = ways.NodeNoise().begin((4, 12, 2), generator(1))
    net = networks.Net([w.double() for w in net.weights], [])
    batches = [(normal(k, 1, 4), normal(k + 1, 1, 2)) for k in (3,)]
    true = measured.compared(ways.Sweep(), net, batches, 1)
    assert true == {"cosine": 1.0, "price": 1.0}
    found = measured.compared(ways.NodeNoise(1e-5), net, batches, 1500)
    x, target = batches[0]
    pre = networks.with_one(x)
    active = networks.forward(net.weights, x)[1].rate[0, 0] > 0
    w_out = networks.outgoing(net.weights[1])[0] * active.unsqueeze(-1)
    error = (target - networks.forward(net.weights, x)[-1].rate)[0, 0]
    curvature = pre.square().sum() * w_out @ w_out.T  # of the loss by the drives, in units of pre
    predicted = theory.price(w_out @ error, curvature)
    assert found["price"] == pytest.approx(predicted, rel=0.15)


def test_where_a_step_takes_the_outputs():
    net = ways.Sweep().begin((4, 5, 3), generator())
    x, target = torch.randn(6, 4, generator=generator(1)), torch.eye(3).repeat(2, 1)
    found = prospective.towards(ways.Sweep(), net, x, target, 1e-3)
    for b in range(6):
        y = networks.forward(net.weights, x[b : b + 1])[-1].rate[0, 0]
        one = networks.Net([w.clone() for w in net.weights], [])
        rate = [torch.full((1,), 1e-3)] * 2
        ways.Sweep().step(one, x[b : b + 1], target[b : b + 1], rate, generator())
        moved = networks.forward(one.weights, x[b : b + 1])[-1].rate[0, 0] - y
        cosine = torch.nn.functional.cosine_similarity(moved, target[b] - y, dim=0)
        assert float(found[b]) == pytest.approx(float(cosine), abs=1e-3)


@given(st.integers(0, 1000))
def test_the_whitened_error_of_active_layers_is_that_of_the_theory(seed):
    weights = [normal(seed + k, n, m).abs() for k, (n, m) in enumerate([(3, 4), (4, 3), (3, 2)])]
    biased = [
        torch.cat([w, torch.zeros(1, w.shape[1], dtype=DOUBLE)]).unsqueeze(0) for w in weights
    ]
    net = networks.Net(biased, [])
    x, e = normal(seed, 1, 3).abs(), normal(seed + 1, 1, 2)
    cells = networks.forward(net.weights, x)
    white = prospective.Whitened().sent(net, cells, e.unsqueeze(0))
    torch.testing.assert_close(white[0], theory.whitened_error(weights, e))
    as_long = prospective.Scaled().sent(net, cells, e.unsqueeze(0))
    assert float(as_long.norm()) == pytest.approx(float(white.norm()))
    torch.testing.assert_close(as_long[0] / as_long.norm(), e / e.norm())


# --------------------------------------------------------------------------------------- choices


def test_no_grid_has_more_than_twelve_choices():
    for name, (_, arms, _, _) in experiments.TABLES.items():
        for shape, its in arms.items():
            for way, grid in its.items():
                assert len(set(grid)) == len(grid) <= 12, (name, shape, way)
                assert way in ways.WAYS | others.OTHERS | {"linear read-out": 0}


@given(st.sampled_from(sorted(choices.RATIOS)), st.data(), st.sampled_from([16, 64, 256]))
def test_a_step_further_leads_outwards_from_the_border(way, data, width):
    grid = choices.grid([way], width)[way]
    best = data.draw(st.sampled_from(grid))
    found = choices.further(best, grid, width)
    assert not set(found) & set(grid)
    borders = 0
    for axis in range(3):
        values = {choice[axis] for choice in grid}
        beyond = [choice for choice in found if choice[axis] not in values]
        at_border = len(values) > 1 and best[axis] in (min(values), max(values))
        borders += at_border
        assert len(beyond) == at_border
        for choice in beyond:
            assert choice[axis] < min(values) or choice[axis] > max(values)
            assert [*choice[:axis], *choice[axis + 1 :]] == [*best[:axis], *best[axis + 1 :]]
    assert len(found) == borders


def tried(name, shape, way):
    """Return what each seed tried; of a single choice the error alone is told."""
    its = EXPERIMENTS[name].configuration.arms[shape][way]
    if len(its) == 1:
        key = " ".join(f"{number:g}" for number in its[0])
        return [{key: one["error"][shape][way]} for one in stored.seeds(name)]
    return [one["tried"][shape][way] for one in stored.seeds(name)]


@pytest.mark.parametrize(
    ("name", "shape", "way"),
    [(n, s, w) for n, its in choices.FIRST.items() for s, each in its.items() for w in each],
)
def test_what_is_said_to_have_done_best_did(name, shape, way):
    first = tried(f"{name}-rates", shape, way)
    best = choices.best_of(first)
    assert choices.FIRST[name][shape][way] == pytest.approx(best)
    if name not in choices.BEST:
        return
    arms = EXPERIMENTS[f"{name}-rates-further"].configuration.arms
    if way in arms[shape]:
        more = tried(f"{name}-rates-further", shape, way)
        first = [a | b for a, b in zip(first, more, strict=True)]
    assert choices.BEST[name][shape][way] == pytest.approx(choices.best_of(first))


def test_choices_are_made_on_other_seeds_than_scores():
    for name, one in EXPERIMENTS.items():
        made = "-rates" in name
        assert all(seed >= 100 for seed in one.seeds) == made
        assert made or all(seed < 100 for seed in one.seeds)
        chosen = getattr(one.configuration, "table", one.configuration)
        if chosen.arms and "price" not in name:
            assert chosen.validation == made


def test_choices_that_a_step_in_another_unit_missed_were_tried_afterwards():
    name = "credit-table-rates-missed"
    arms = EXPERIMENTS[name].configuration.arms["128-128"]
    assert EXPERIMENTS[name].seeds == EXPERIMENTS["credit-table-rates-further"].seeds
    for way, best in choices.FIRST["credit-table"]["128-128"].items():
        first = EXPERIMENTS["credit-table-rates"].configuration.arms["128-128"][way]
        more = EXPERIMENTS["credit-table-rates-further"].configuration.arms["128-128"][way]
        right = choices.further(best, first)
        assert {*right} - {*more} == {*arms.get(way, ())}, way
    assert arms["backpropagation"] == ((0.2, 10.0, 0.3),)
    assert arms["node perturbation"] == ((0.05, 0.03, 1.0),)
    for way in arms:
        missed = [one["error"]["128-128"][way] for one in stored.seeds(name)]
        each = zip(
            tried("credit-table-rates", "128-128", way),
            tried("credit-table-rates-further", "128-128", way),
            strict=True,
        )
        both = [a | b for a, b in each]
        best = min(sum(one[key] for one in both) / 2 for key in both[0])
        better = best - sum(missed) / 2
        assert better < 0 or (way == "backpropagation, decay" and better < 0.0003), way
