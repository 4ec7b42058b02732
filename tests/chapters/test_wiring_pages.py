"""Wiring: checkers accept what is right, and say what is wrong."""

from collections import Counter, defaultdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.wiring import checks


def soft(value, price):
    return value.sign() * (value.abs() - price).clamp(min=0)


def test_where_a_priced_connection_rests_is_judged_by_its_conditions(capsys):
    checks.rest(soft)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda value, price: value, "smaller than its value by just the price"),
        (lambda value, price: torch.where(value.abs() > price, value, 0), "smaller than its value"),
        (lambda value, price: torch.zeros_like(value), "worth more than its price is gone"),
        (lambda value, price: value - price, "another sign|by just the price"),
        (lambda value, price: -soft(value, price), "another sign"),
        (lambda value, price: soft(value, price).sum(), "one weight for each value"),
        (lambda value, price: 1.0, "must be a tensor"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.rest(wrong)


@settings(max_examples=10)
@given(st.floats(0.2, 3))
def test_another_price_than_the_one_that_is_asked_is_refused(factor):
    if abs(factor - 1) > 1e-2:
        with pytest.raises(AssertionError, match=r"by just the price|price is gone"):
            checks.rest(lambda value, price: soft(value, factor * price))


def best(trials):
    of = defaultdict(Counter)
    for offer, right in trials:
        of[offer][right] += 1
    return sum(max(one.values()) for one in of.values()) / len(trials)


def test_the_floor_is_that_of_who_sees_the_offer_alone(capsys):
    checks.floor(best)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda trials: 0.5, "more often than"),
        (lambda trials: 1.0, "nobody who sees only the offer"),
        (lambda trials: max(Counter(a for _, a in trials).values()) / len(trials), "more often"),
        (lambda trials: 1 / len({a for _, a in trials}), "more often than"),
        (lambda trials: None, "got nothing"),
        (lambda trials: "half", "must return a number"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.floor(wrong)


def allowed(links, one, other, d, tolerance):
    (i, j), (k, m) = one, other
    if len({i, j, k, m}) < 4 or links[i, m] or links[k, j]:
        return False
    old, new = sorted((d[i, j], d[k, m])), sorted((d[i, m], d[k, j]))
    return all(bool(abs(a - b) < tolerance) for a, b in zip(old, new, strict=True))


def test_a_swap_is_judged_by_what_the_network_is_afterwards(capsys):
    checks.exchange(allowed)
    assert "Yes" in capsys.readouterr().out

    def without(part):
        def looser(links, one, other, d, tolerance):
            (i, j), (k, m) = one, other
            d = torch.zeros_like(d) if part == "lengths" else d
            links = torch.zeros_like(links) if part == "doubled" else links
            if part == "itself" and (i == m or k == j):
                return True
            return allowed(links, one, other, d, tolerance)

        return looser

    for part, message in (
        ("lengths", "lengths would change"),
        ("doubled", "such a link already"),
        ("itself", "linked to itself"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.exchange(without(part))
    with pytest.raises(AssertionError, match="may be allowed"):
        checks.exchange(lambda *given: False)
    with pytest.raises(AssertionError, match="True or False"):
        checks.exchange(lambda *given: 1)

    def unsorted(links, one, other, d, tolerance):  # the shorter length must be compared first
        (i, j), (k, m) = one, other
        fits = max(abs(d[i, j] - d[i, m]), abs(d[k, m] - d[k, j])) < tolerance
        return bool(fits) and allowed(links, one, other, d, tolerance)

    with pytest.raises(AssertionError, match="may be allowed"):
        checks.exchange(unsorted)
