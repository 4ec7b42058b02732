"""Tasks of keys and values: what is bound to what, what is asked for, and what the answer is."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.tasks import Addresses, Rebinding, wrong_bits

seeds = st.integers(0, 10_000)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@st.composite
def rebindings(draw):
    keys = draw(st.integers(1, 5))
    task = Rebinding(
        keys=keys,
        rounds=draw(st.integers(1, 4)),
        active=draw(st.sampled_from([None, 2, 3])),
        n_bits=draw(st.integers(6, 12)),
        rebound=draw(st.sampled_from([None, 0, keys // 2])),
    )
    return task, task.sample(draw(st.integers(1, 5)), generator(draw(seeds)))


@given(rebindings())
def test_every_key_is_asked_for_once_and_its_newest_value_is_the_answer(given_one):
    task, e = given_one
    assert e.keys.shape == e.values.shape == (task.n_writes, len(e.keys[0]), task.n_bits)
    assert e.values.abs().eq(1).all()
    for b in range(e.keys.shape[1]):
        newest, times = {}, {}
        for key, value, which in zip(e.keys[:, b], e.values[:, b], e.which[:, b], strict=True):
            newest[tuple(key.tolist())] = value
            times[tuple(key.tolist())] = times.get(tuple(key.tolist()), 0) + 1
            assert torch.equal(key, e.keys[e.which[:, b] == which, b][0])
        assert len(newest) == task.keys, "keys differ"
        asked = [tuple(query.tolist()) for query in e.queries[:, b]]
        assert sorted(asked) == sorted(newest)
        for query, answer, again in zip(asked, e.target[:, b], e.rebound[:, b], strict=True):
            assert torch.equal(answer, newest[query])
            assert bool(again) == (times[query] > 1)
            assert times[query] in (1, task.rounds)
        assert sum(n > 1 for n in times.values()) == (task.again if task.rounds > 1 else 0)


@given(rebindings())
def test_the_first_round_binds_each_key_and_a_later_one_those_that_are_bound_again(given_one):
    task, e = given_one
    for b in range(e.keys.shape[1]):
        which = e.which[:, b].tolist()
        assert sorted(which[: task.keys]) == [*range(task.keys)]
        for r in range(task.rounds - 1):
            start = task.keys + r * task.again
            assert sorted(which[start : start + task.again]) == [*range(task.again)]


@given(rebindings())
def test_keys_have_the_squared_length_that_the_task_tells(given_one):
    task, e = given_one
    assert (e.keys.square().sum(-1) == task.power).all()
    assert set(e.keys.unique().tolist()) <= ({-1.0, 1.0} if task.active is None else {0.0, 1.0})


def test_where_keys_are_few_all_sets_of_them_are_as_likely():
    e = Rebinding(keys=3, rounds=1, active=1, n_bits=6).sample(20_000, generator())
    codes = e.keys.argmax(-1).sort(0).values
    numbers = (36 * codes[0] + 6 * codes[1] + codes[2]).unique(return_counts=True)[1]
    assert len(numbers) == 20, "6 over 3"
    assert (numbers / 20_000 - 1 / 20).abs().max() < 0.008


@st.composite
def addresses(draw):
    groups = draw(st.integers(1, 4))
    task = Addresses(
        d=groups * draw(st.integers(1, 4)),
        groups=groups,
        pairs=draw(st.integers(1, 5)),
        queries=draw(st.integers(1, 3)),
    )
    return task, task.sample(draw(st.integers(1, 4)), generator(draw(seeds)))


@given(addresses())
def test_each_group_of_a_query_and_of_its_answer_is_that_of_one_pair(given_one):
    task, e = given_one
    assert e.keys.shape == e.values.shape == (task.pairs, e.keys.shape[1], task.d)
    assert e.keys.abs().eq(1).all()
    assert e.values.abs().eq(1).all()
    for x, b, g in (
        torch.cartesian_prod(*(torch.arange(n) for n in e.asked.shape)).reshape(-1, 3).tolist()
    ):
        pair, its = e.asked[x, b, g], slice(g * task.size, (g + 1) * task.size)
        assert torch.equal(e.queries[x, b, its], e.keys[pair, b, its])
        assert torch.equal(e.target[x, b, its], e.values[pair, b, its])


def test_groups_ask_independently_and_for_every_pair_alike():
    e = Addresses(d=4, groups=2, pairs=3).sample(20_000, generator())
    for of in (e.asked[0, :, 0], e.asked[0, :, 1], (e.asked[0] * torch.tensor([3, 1])).sum(1)):
        share = of.bincount() / 20_000
        assert (share - 1 / len(share)).abs().max() < 0.012


@given(seeds)
def test_the_same_seed_gives_the_same_episodes(seed):
    for task in (Rebinding(3, 2, active=2, n_bits=8), Addresses(8, 2, 3)):
        one, two = (task.sample(3, generator(seed)) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_tie_is_half_a_wrong_bit():
    target = torch.tensor([1.0, -1.0, 1.0, -1.0])
    assert wrong_bits(torch.tensor([2.0, 3.0, 0.0, 0.0]), target).tolist() == [0, 1, 0.5, 0.5]


REFUSED = {
    "keys": (lambda: Rebinding(0, 1), ValueError, "keys must be at least 1"),
    "too many keys": (
        lambda: Rebinding(5, 1, active=1, n_bits=8),
        ValueError,
        "at most 4, half of",
    ),
    "active": (lambda: Rebinding(1, 1, active=9, n_bits=8), ValueError, "active must be at most 8"),
    "rebound": (lambda: Rebinding(2, 2, rebound=3), ValueError, "rebound must be at most 2"),
    "rounds": (lambda: Rebinding(2, 1.5), TypeError, "rounds must be an integer"),
    "groups": (lambda: Addresses(d=9, groups=2), ValueError, "d must be a multiple of groups=2"),
    "pairs": (lambda: Addresses(pairs=0), ValueError, "pairs must be at least 1"),
    "batch": (lambda: Addresses().sample(0, generator()), ValueError, "batch must be at least"),
    "many": (lambda: Addresses().sample(10**9, generator()), ValueError, "more than fit into mem"),
    "answer": (
        lambda: wrong_bits(torch.zeros(3), torch.ones(2)),
        ValueError,
        "answer must be a number, or broadcast",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_task_is_refused(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call()
