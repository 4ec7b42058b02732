"""What the stored experiments of recall hold: choices, and what the page says of them."""

from statistics import mean

import pytest

from hebbnotes import experiments
from hebbnotes.chapters.fast_weights_and_attention.trained import experiments as own
from hebbnotes.chapters.fast_weights_and_attention.trained import recall

SEEDS = ("0", "1", "2", "3", "4")


def seeds_of(name):
    found = experiments.result(name)["seeds"]
    assert tuple(found) == SEEDS
    return [found[seed] for seed in SEEDS]


def errors(name, arm, which, keys=8):
    return [one["error"][arm][str(keys)][which] for one in seeds_of(name)]


def tried(arm):
    """Return the mean error of each rate that was tried, on both seeds of the choice."""
    found = {}
    for name in ("recall-rates", "recall-rates-further"):
        one = own.EXPERIMENTS[name].configuration
        for rate in one.rates.get(arm, ()):
            key = arm if len(one.rates[arm]) == 1 else f"{arm} {rate:g}"
            stored = experiments.result(name)["seeds"]
            assert tuple(stored) == ("100", "101")
            found[rate] = mean(mean(s["error"][key]["8"].values()) for s in stored.values())
    return found


@pytest.mark.parametrize("arm", recall.ARMS)
def test_each_arm_has_the_rate_that_did_best_and_it_lies_within_what_was_tried(arm):
    found = tried(arm)
    assert own.BEST[arm] == min(found, key=found.get)
    assert min(found) < own.BEST[arm] < max(found)


@pytest.mark.parametrize("arm", own.HEADS)
def test_each_metric_has_the_rate_that_did_best_and_it_lies_within_what_was_tried(arm):
    found = {}
    for name in ("metric-rates", "metric-rates-further"):
        stored = experiments.result(name)["seeds"].values()
        rates = own.EXPERIMENTS[name].configuration.rates.get(arm, ())
        for rate in rates:
            key = arm if len(rates) == 1 else f"{arm} {rate:g}"
            found[rate] = mean(one["error"][key] for one in stored)
    assert own.BEST_HEADS[arm] == min(found, key=found.get)
    assert min(found) < own.BEST_HEADS[arm] < max(found)


def test_one_head_stays_where_a_flat_trace_is_or_serves_one_address_and_four_serve_all():
    for one in seeds_of("metric"):
        for arm in ("linear 1", "softmax 1", "softmax 1, from noise"):
            assert 0.22 < one["error"][arm] < 0.24
            assert max(one["groups"][arm]) - min(one["groups"][arm]) < 0.03
        served, *others = one["groups"]["softmax 1, from one group"]
        assert served < 0.1
        assert min(others) > 0.3
        assert one["error"]["softmax 1, from one group"] > 0.24
        two = sorted(one["groups"]["softmax 2"])
        assert two[1] < 0.05
        assert two[2] > 0.2
        assert max(one["groups"]["softmax 4"]) < 0.01


def test_only_order_or_an_error_binds_again():
    for arm in ("linear", "linear, full alpha", "softmax"):
        assert all(0.23 < one < 0.27 for one in errors("recall", arm, "rebound"))
    gated, delta = (errors("recall", arm, "rebound") for arm in ("gated", "delta"))
    assert max(delta) < 0.05 < min(gated)
    for which in ("rebound", "once"):
        assert max(errors("recall", "softmax with order", which)) < 0.01
    assert max(errors("recall", "softmax", "once")) < 0.01


def test_a_full_alpha_buys_nothing_where_keys_are_random():
    for which in ("rebound", "once"):
        full, flat = (errors("recall", arm, which) for arm in ("linear, full alpha", "linear"))
        assert mean(full) >= mean(flat) - 0.005


def test_a_plastic_network_that_may_subtract_does_as_the_delta_rule():
    free, held = (
        errors("recall-recurrent", f"plastic, one gain{sign}", "rebound")
        for sign in ("", " above 0")
    )
    assert max(free) < 0.08
    assert min(held) > 0.15
    for one in seeds_of("recall-recurrent"):
        assert one["trained"]["plastic, one gain"]["learned"]["alpha"] < 0
        image = one["images"]["plastic, one gain"]
        assert image["told"] < image["told again"] < 0 < image["asked"]
        held = one["images"]["plastic, one gain above 0"]
        assert held["told again"] >= held["told"] > 0


def test_state_is_that_of_the_matrix_or_of_the_list():
    for one in seeds_of("recall"):
        assert one["trained"]["delta"]["state"] == dict.fromkeys(("4", "8", "16", "32"), 64**2)
        list_of = one["trained"]["softmax"]["state"]
        assert list_of == {str(p): 2 * 64 * (3 * p // 2) for p in (4, 8, 16, 32)}
    for one in seeds_of("recall-recurrent"):
        assert one["trained"]["LSTM"]["state"]["8"] == 34
