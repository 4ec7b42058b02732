"""Hebb in the brain: a synapse that follows its calcium, theorems on rules, figures, checkers."""

import math
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check
from hebbnotes.chapters.hebb_in_the_brain import calcium as ca
from hebbnotes.chapters.hebb_in_the_brain import checks, frames, weights
from hebbnotes.neurons import spiking
from hebbnotes.plasticity import rules

DOUBLE = torch.float64
SYNAPSE = ca.CalciumSynapse()
NONE = torch.zeros(0, dtype=DOUBLE)
spike_times = st.lists(st.floats(0.01, 0.9), max_size=6).map(
    lambda times: torch.tensor(times, dtype=DOUBLE)
)
constants = st.builds(
    ca.CalciumSynapse,
    sent=st.floats(0.1, 3),
    fired=st.floats(0.1, 3),
    delay=st.floats(0, 0.02),
    tau=st.floats(0.005, 0.05),
    theta_down=st.floats(0.5, 2),
    theta_up=st.floats(0.5, 2),
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# The neuron


@pytest.mark.witness("eq-membrane", spiking.run_neuron)
@given(st.floats(-75, -56), st.floats(0, 2), st.floats(0.005, 0.05))
def test_between_spikes_the_voltage_leaks_to_rest_and_is_pulled_up_by_the_conductance(v, g, tau):
    neuron = spiking.Neuron(tau_m=tau, dt=1e-7, v_threshold=-50.0)
    state = spiking.NeuronState.at_rest(torch.full((1, 1, 1), 0.5, dtype=DOUBLE), neuron)
    state = state._replace(v=torch.full_like(state.v, v), g=torch.full_like(state.g, g))
    _, after = spiking.run_neuron(torch.zeros(1, 1, 1, dtype=DOUBLE), state, neuron, learn=False)
    speed = (after.v.item() - v) / neuron.dt
    assert tau * speed == pytest.approx(neuron.v_rest - v + g * (neuron.e_exc - v), rel=1e-3)


def test_the_voltage_starts_again_below_the_threshold_whenever_the_neuron_spikes():
    neuron = spiking.Neuron()
    spikes = (torch.rand(300, 200, generator=generator()) < 0.015).float()
    v, fired = weights.voltage(spikes, torch.full((200,), 0.5), neuron)
    assert fired.sum() >= 2
    assert (v[fired > 0] == neuron.v_reset).all()
    assert (v < neuron.v_threshold).all()
    state = spiking.NeuronState.at_rest(torch.full((1, 200, 1), 0.5), neuron)
    out, state = spiking.run_neuron(spikes[:, None], state, neuron, learn=False)
    torch.testing.assert_close(fired, out[:, 0, 0])
    torch.testing.assert_close(v[-1], state.v[0, 0])


# Calcium


@pytest.mark.witness("eq-calcium", ca.calcium)
@given(spike_times, spike_times, constants, st.floats(0, 1))
def test_calcium_drains_exponentially_and_jumps_at_each_spike(sent, fired, synapse, at):
    at = torch.tensor([at, at + 1e-6], dtype=DOUBLE)
    jumps = torch.cat([sent + synapse.delay, fired])
    c = ca.calcium(at, sent, fired, synapse)
    if not ((jumps > at[0]) & (jumps <= at[1])).any():
        slope = (c[1] - c[0]) / 1e-6
        torch.testing.assert_close(slope, -c.mean() / synapse.tau, rtol=1e-5, atol=1e-7)
    for time in jumps.tolist():
        around = torch.tensor([time - 1e-9, time], dtype=DOUBLE)
        before, after = ca.calcium(around, sent, fired, synapse)
        size = synapse.sent * (sent + synapse.delay == time).sum()
        size = size + synapse.fired * (fired == time).sum()
        if ((jumps - time).abs() > 1e-8).sum() >= len(jumps) - (jumps == time).sum():
            torch.testing.assert_close(after - before, size.double(), rtol=0, atol=1e-5)


@given(spike_times, spike_times, constants)
def test_calcium_of_both_sides_adds_up(sent, fired, synapse):
    at = torch.linspace(0, 1, 200, dtype=DOUBLE)
    torch.testing.assert_close(
        ca.calcium(at, sent, fired, synapse),
        ca.calcium(at, sent, NONE, synapse) + ca.calcium(at, NONE, fired, synapse),
    )


@given(spike_times, spike_times, constants)
def test_the_shares_of_time_are_those_that_sampling_finds(sent, fired, synapse):
    at = (torch.arange(20_000, dtype=DOUBLE) + 0.5) / 20_000
    c = ca.calcium(at, sent, fired, synapse)
    for share, theta in zip(
        ca.shares(sent, fired, 1.0, synapse), (synapse.theta_down, synapse.theta_up), strict=True
    ):
        assert share == pytest.approx((c > theta).double().mean().item(), abs=2e-3)


@pytest.mark.witness("eq-calcium-weight", ca.weight_after)
@given(spike_times, spike_times, constants, st.floats(0, 1))
def test_the_weight_solves_its_equation_step_by_step(sent, fired, synapse, w):
    steps, end = 5_000, 1.0
    at = (torch.arange(steps, dtype=DOUBLE) + 0.5) * end / steps
    c = ca.calcium(at, sent, fired, synapse)
    exact, stepped = ca.weight_after(w, sent, fired, end, synapse), w
    both = torch.stack([c > synapse.theta_down, c > synapse.theta_up], 1).double().tolist()
    for down, up in both:
        stepped += end / steps * ca.speed(down, up, stepped, synapse)
    assert exact == pytest.approx(stepped, abs=2e-3)
    assert 0 <= exact <= 1, "a weight stays between 0 and 1"


@given(spike_times, spike_times, st.floats(0, 1))
def test_for_slow_change_the_mean_speed_is_all_that_counts(sent, fired, w):
    slow = replace(SYNAPSE, tau_w=1e6)
    shares = ca.shares(sent, fired, 1.0, slow)
    found = ca.weight_after(w, sent, fired, 1.0, slow) - w
    assert found == pytest.approx(ca.speed(*shares, w, slow), abs=1e-8)


@given(st.floats(0, 0.333), spike_times, st.floats(0, 1))
def test_too_little_calcium_for_the_lower_mark_changes_nothing(share, sent, w):
    """A spike on each side lets in 3 at most, so a third of it stays at 1 or below."""
    one = sent[:1]
    assert ca.weight_after(w, one, one, 1.0, SYNAPSE.letting_in(share)) == w


def test_no_spikes_change_nothing():
    assert ca.weight_after(0.3, NONE, NONE, 1.0, SYNAPSE) == 0.3
    assert ca.shares(NONE, NONE, 1.0, SYNAPSE) == (0.0, 0.0)


def test_at_half_weight_the_receivers_spikes_alone_are_in_balance():
    alone = torch.tensor([0.5], dtype=DOUBLE)
    balance = ca.speed(*ca.shares(NONE, alone, 1.0, SYNAPSE), 0.5, SYNAPSE)
    without = ca.speed(*ca.shares(alone, alone + 0.01, 1.0, SYNAPSE), 0.5, SYNAPSE)
    assert abs(balance) < 0.01 * without


def test_the_window_of_the_published_constants_strengthens_in_order_and_weakens_against_it():
    lags = torch.tensor([5, 10, 20, 40, 60], dtype=DOUBLE) / 1000
    assert (ca.pair_change(lags, SYNAPSE) > 0).all()
    assert (ca.pair_change(-lags, SYNAPSE) < 0).all()
    many, few = (ca.pair_change(lags, SYNAPSE, pairs=n) for n in (60, 10))
    assert (many > few).all()


def test_with_less_calcium_low_rates_weaken_and_high_rates_strengthen():
    hz = torch.tensor([0.0, 5.0, 15.0, 50.0], dtype=DOUBLE)
    change = ca.rate_change(10.0, hz, SYNAPSE.letting_in(0.6), generator=generator())
    assert (change[1:3] < -0.005).all()
    assert change[3] > 0.05
    assert change[0].abs() < 0.005
    assert (ca.rate_change(0.0, hz[:1], SYNAPSE, generator=generator()) == 0).all()


def test_what_is_wrong_with_calcium_is_said():
    one = torch.tensor([0.5])
    with pytest.raises(ValueError, match="tau must"):
        ca.CalciumSynapse(tau=0.0)
    with pytest.raises(ValueError, match=r"between 0 and 0\.4 s"):
        ca.shares(one, one, 0.4, SYNAPSE)
    with pytest.raises(ValueError, match="sent must hold times of spikes"):
        ca.calcium(one, one[None], one, SYNAPSE)
    with pytest.raises(ValueError, match="third of 1 s"):
        ca.pair_change(one, SYNAPSE)
    with pytest.raises(TypeError, match="use CalciumSynapse"):
        ca.shares(one, one, 1.0, None)


# Weights


def traces(seed=0):
    draw = torch.rand(4, 3, 5, generator=generator(seed), dtype=DOUBLE)
    sent, fired = (draw[0, :, :4] < 0.5).double(), (draw[1, :, :2] < 0.5).double()
    return draw[2, :, :4], draw[3, :, :2], sent, fired


@pytest.mark.witness("eq-dependent", weights.weight_dependent_stdp)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0.001, 0.1), st.floats(0.001, 0.1))
def test_weakening_is_a_share_of_the_weight_and_strengthening_is_not(seed, w, a_plus, a_minus):
    pre, post, sent, fired = traces(seed)
    size = {"a_plus": a_plus, "a_minus": a_minus}

    def changed(w, sent, fired):
        whole = torch.full((3, 4, 2), w, dtype=DOUBLE)
        return weights.weight_dependent_stdp(
            whole, pre, post, pre_spikes=sent, post_spikes=fired, **size
        )

    none = torch.zeros_like
    up, down = changed(w, none(sent), fired), changed(w, sent, none(fired))
    torch.testing.assert_close(up, a_plus * pre[:, :, None] * fired[:, None])
    torch.testing.assert_close(down, -a_minus * w * sent[:, :, None] * post[:, None])
    torch.testing.assert_close(up, changed(0.5 * w, none(sent), fired))
    torch.testing.assert_close(0.5 * down, changed(0.5 * w, sent, none(fired)))
    torch.testing.assert_close(changed(w, sent, fired), up + down)


def test_the_weight_dependent_rule_is_local():
    check.local(weights.weight_dependent_stdp)


def test_weights_that_grow_by_spike_timing_are_those_of_the_library():
    neuron, sharing = spiking.Neuron(), 0.2 * (torch.arange(20) < 10)
    ours = weights.grow(None, sharing, neuron, seconds=2, runs=2, generator=generator(3))
    theirs = spiking.compete(sharing, neuron, seconds=2, runs=2, generator=generator(3))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


# A threshold that must rise faster than the activity


@pytest.mark.witness("eq-power", rules.bcm)
@given(st.floats(0.2, 5), st.floats(0.2, 3), st.floats(0.1, 3))
def test_a_neuron_returns_to_its_target_if_and_only_if_its_threshold_rises_faster_than_linearly(
    y, target, power
):
    if abs(y / target - 1) < 0.01 or abs(power - 1) < 0.01:
        return
    threshold = torch.tensor([target * (y / target) ** power], dtype=DOUBLE)
    one, w = torch.ones(1, dtype=DOUBLE), torch.zeros(1, 1, dtype=DOUBLE)
    dw = rules.bcm(w, one, torch.tensor([y], dtype=DOUBLE), threshold=threshold).item()
    assert (math.copysign(1, dw) == math.copysign(1, target - y)) == (power > 1)


# Figures


def test_the_panel_of_calcium_shows_its_course_the_marks_and_who_spiked():
    times, c = torch.linspace(0, 0.1, 11), torch.linspace(2, 0, 11)
    _, ax = plt.subplots()
    frames.calcium_panel(ax, times, c, (1.0, 1.3), {"sender": 0.02, "receiver": 0.03})
    assert [line.get_ydata()[0] for line in ax.lines[:2]] == [1.0, 1.3]
    np.testing.assert_allclose(ax.lines[2].get_xdata(), 1000 * times, rtol=1e-6)
    np.testing.assert_allclose(ax.lines[2].get_ydata(), c)
    assert [text.get_text() for text in ax.texts] == ["sender", "receiver"]
    assert [text.get_position()[0] for text in ax.texts] == pytest.approx([20, 30])
    assert len(ax.collections) == 2
    plt.close("all")


def test_a_frame_of_the_two_shadows_shows_the_numbers_that_it_is_given():
    x = torch.linspace(-0.1, 0.1, 5)
    left, middle, right = frames.shadows_frame(
        (x, 3 + x), (1.0, 1.3), (x, 0.1 * x), (100 * x, 0.2 * x)
    ).axes
    np.testing.assert_allclose(left.lines[2].get_ydata(), 3 + x)
    for ax, along, values in ((middle, 1000 * x, 0.1 * x), (right, 100 * x, 0.2 * x)):
        np.testing.assert_allclose(ax.lines[0].get_xdata(), along, rtol=1e-6)
        np.testing.assert_allclose(ax.lines[0].get_ydata(), values, rtol=1e-6)
    plt.close("all")


def test_the_panel_of_weights_counts_each_of_them_once():
    _, ax = plt.subplots()
    w = torch.rand(50, generator=generator())
    frames.weights_panel(ax, w, 0.5, "all", torch.linspace(0, 1, 11))
    assert sum(bar.get_height() for bar in ax.patches) == 50
    assert ax.lines[0].get_xdata()[0] == 0.5
    plt.close("all")


def test_a_frame_of_weights_has_a_panel_for_each_rule():
    w = torch.rand(50, generator=generator())
    figure = frames.weights_frame({"one": w, "other": w**2}, 0.5, torch.linspace(0, 1, 11), 40)
    assert [ax.get_title() for ax in figure.axes] == ["one", "other"]
    assert all(ax.get_ylim() == (0, 40) for ax in figure.axes)
    assert [sum(bar.get_height() for bar in ax.patches) for ax in figure.axes] == [50, 50]
    plt.close("all")


# Checkers


def test_the_checker_of_a_window_accepts_the_exponentials_and_says_what_is_wrong_with_others(
    capsys,
):
    def window(lag, tau=0.02):
        return ((lag > 0) - (lag < 0)) * math.exp(-abs(lag) / tau)

    checks.window(window)
    assert "Yes" in capsys.readouterr().out
    for message, wrong in {
        "look at the sign of the lag": lambda lag: -window(lag),
        "look at the order": lambda lag: abs(window(lag)),
        "fade as the spikes": lambda lag: math.copysign(1, lag),
        "fade as": lambda lag: window(lag) if abs(lag) < 0.01 else -window(lag),
        "trace's decay": lambda lag: window(lag, 0.2),
    }.items():
        with pytest.raises(AssertionError, match=message):
            checks.window(wrong)


def test_the_checker_of_a_brake_accepts_every_power_above_one_and_nothing_else(capsys):
    for power in (1.2, 1.5, 2, 3):
        checks.brake(lambda y, power=power: y**power)
    assert capsys.readouterr().out.count("Yes") == 4
    for message, wrong in {
        "must rest": lambda y: 2 * y,
        "must rest: it must be 1": lambda y: 0.5,
        "shrink although it is quiet": lambda y: y**0.5,
        "must rise faster": lambda y: y,
        "grow although the neuron is too active": lambda y: min(y**2, 1.0),
    }.items():
        with pytest.raises(AssertionError, match=message):
            checks.brake(wrong)


def test_the_checker_of_windows_knows_the_shapes_of_the_published_figure(capsys):
    checks.windows(
        {
            "-+": SYNAPSE,
            "-+-": replace(SYNAPSE, sent=0.9, fired=0.9, delay=0.0046, gain_down=250, gain_up=550),
            "+": replace(SYNAPSE, sent=2.0, delay=0, gain_down=160, gain_up=257.447),
            "-": replace(SYNAPSE, sent=0.6, fired=0.6, delay=0, gain_down=500, gain_up=550),
        }
    )
    assert "Yes" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="has the signs '-\\+', not '\\+'"):
        checks.windows({"+": SYNAPSE})
    with pytest.raises(AssertionError, match="must be a CalciumSynapse, got int"):
        checks.windows({"+": 3})
    with pytest.raises(AssertionError, match="takes a dict"):
        checks.windows([])
