"""A rule that sees places: it reads those of its own two cells, and rests where its price says."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.neurons import rate
from hebbnotes.plasticity.stepper import change, declared

sizes, seeds = st.integers(1, 5), st.integers(0, 10_000)
prices = st.floats(0, 2)


def drawn(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_the_places_of_the_two_cells_are_what_the_rule_declares_and_reads():
    assert declared(rules.by_length) == ("pre_place", "post_place")
    check.local(rules.by_length)
    seen = check.reads(rules.by_length, 2, 1)
    assert seen.further["pre_place"].tolist() == [False, False, True, False]
    assert seen.further["post_place"].tolist() == [False, True, False]


@given(sizes, sizes, seeds, prices)
def test_it_does_what_its_equation_says(n, m, seed, price):
    w, pre, post = drawn(seed, n, m), drawn(seed + 1, n), drawn(seed + 2, m)
    w[drawn(seed + 3, n, m) > 0] = 0
    places = {"pre_place": drawn(seed + 4, n), "post_place": drawn(seed + 5, m)}
    dw = change(
        lambda w, pre, post, *, pre_place, post_place: rules.by_length(
            w, pre, post, pre_place=pre_place, post_place=post_place, price=price
        ),
        w,
        pre,
        post,
        **places,
    )
    for i in range(n):
        for j in range(m):
            pair = float(pre[i] * post[j])
            cost = price * abs(float(places["pre_place"][i] - places["post_place"][j]))
            if w[i, j] == 0:
                wanted = max(pair - cost, 0) + min(pair + cost, 0)
            else:
                wanted = pair - float(w[i, j]) - cost * (1 if w[i, j] > 0 else -1)
            assert dw[i, j].item() == pytest.approx(wanted, abs=1e-12)


@given(seeds, st.floats(0.05, 1))
def test_it_goes_down_the_slope_of_what_a_synapse_pays(seed, price):
    w, pre, post = drawn(seed, 3, 2), drawn(seed + 1, 3), drawn(seed + 2, 2)
    here, there = drawn(seed + 3, 3), drawn(seed + 4, 2)
    w.requires_grad_()
    d = (here[:, None] - there[None]).abs()
    paid = ((w - pre[:, None] * post).square() / 2 + price * d * w.abs()).sum()
    (slope,) = torch.autograd.grad(paid, w)
    dw = rules.by_length(w.detach(), pre, post, pre_place=here, post_place=there, price=price)
    torch.testing.assert_close(dw, -slope)


@given(seeds, st.floats(0, 1))
def test_it_rests_at_the_pair_less_the_price_of_the_length(seed, price):
    pre, post = drawn(seed, 4), drawn(seed + 1, 3)
    here, there = drawn(seed + 2, 4), drawn(seed + 3, 3)
    pair, cost = pre[:, None] * post, price * (here[:, None] - there[None]).abs()
    rest = pair.sign() * (pair.abs() - cost).clamp(min=0)
    dw = rules.by_length(rest, pre, post, pre_place=here, post_place=there, price=price)
    torch.testing.assert_close(dw, torch.zeros_like(dw))


def test_a_price_below_0_and_a_loop_without_places_are_refused():
    with pytest.raises(ValueError, match="price must be"):
        rules.by_length(
            torch.ones(2, 2),
            torch.ones(2),
            torch.ones(2),
            pre_place=torch.ones(2),
            post_place=torch.ones(2),
            price=-1.0,
        )
    with pytest.raises(TypeError, match="by_length declares pre_place, post_place, and learn"):
        rate.learn(torch.ones(2, 3), torch.ones(3, 1), rules.by_length, 0.1)
