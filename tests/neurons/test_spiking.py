"""Spikes: the window, its traces, the drift by chance, the neuron, and who wins."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.neurons import spiking
from hebbnotes.neurons.modulated import run_modulated_neuron

DOUBLE = torch.float64


def weight_after(pre_times, post_times, neuron, steps=200):
    """Run the rule with its two traces over given spike times, in steps, and return the weight."""
    w, x, y = (
        torch.zeros(1, 1, dtype=DOUBLE),
        torch.zeros(1, dtype=DOUBLE),
        torch.zeros(1, dtype=DOUBLE),
    )
    for t in range(steps):
        x, y = (
            x * math.exp(-neuron.dt / neuron.tau_plus),
            y * math.exp(-neuron.dt / neuron.tau_minus),
        )
        sent, fired = (
            torch.tensor([float(t in times)], dtype=DOUBLE) for times in (pre_times, post_times)
        )
        w = w + rules.stdp(
            w,
            x,
            y,
            pre_spikes=sent,
            post_spikes=fired,
            a_plus=neuron.a_plus,
            a_minus=neuron.a_minus,
        )
        x, y = x + sent, y + fired
    return w.item()


@pytest.mark.witness("eq-window", spiking.stdp_window)
@given(st.integers(-90, 90), st.floats(0.005, 0.05), st.floats(0.005, 0.05))
def test_one_pair_of_spikes_changes_the_weight_by_the_window(lag, tau_plus, tau_minus):
    neuron = spiking.Neuron(tau_plus=tau_plus, tau_minus=tau_minus)
    window = spiking.stdp_window(torch.tensor(lag * neuron.dt, dtype=DOUBLE), neuron).item()
    assert weight_after({100}, {100 + lag}, neuron) == pytest.approx(window, abs=1e-9)
    assert math.copysign(1, window) == math.copysign(1, lag) or lag == 0


@pytest.mark.witness("eq-stdp", rules.stdp)
@given(st.sets(st.integers(0, 199), max_size=8), st.sets(st.integers(0, 199), max_size=8))
def test_the_rule_with_two_traces_adds_up_the_window_over_all_pairs(pre_times, post_times):
    neuron = spiking.Neuron(tau_minus=0.034)
    lags = torch.tensor(
        [[(b - a) * neuron.dt for b in post_times] for a in pre_times], dtype=DOUBLE
    )
    assert weight_after(pre_times, post_times, neuron) == pytest.approx(
        float(spiking.stdp_window(lags, neuron).sum()), abs=1e-9
    )


def test_the_rule_is_local():
    spikes = {
        "pre_spikes": torch.tensor([1.0, 0, 1, 0]).double(),
        "post_spikes": torch.tensor([1.0, 0, 1]).double(),
    }
    check.local(lambda w, pre, post: rules.stdp(w, pre, post, **spikes))
    check.local(rules.stdp)


@pytest.mark.witness("eq-drift", spiking.stdp_drift)
@given(st.floats(2, 30), st.floats(2, 30), st.floats(0.5, 2), st.floats(0.01, 0.04))
def test_the_drift_by_chance_is_the_area_of_the_window_times_the_rate_of_pairs(
    pre_rate, post_rate, ratio, tau_minus
):
    neuron = spiking.Neuron(a_minus=0.01 * ratio, tau_minus=tau_minus)
    lags = (torch.arange(20_000, dtype=DOUBLE) + 0.5) * 5e-5  # midpoints, up to 1 s
    area = 5e-5 * float(sum(spiking.stdp_window(sign * lags, neuron).sum() for sign in (1, -1)))
    assert spiking.stdp_drift(pre_rate, post_rate, neuron) == pytest.approx(
        pre_rate * post_rate * area, abs=1e-5
    )


def test_independent_trains_drift_as_the_formula_says():
    neuron, pairs, steps = spiking.Neuron(tau_minus=0.04), 2000, 4000
    g = torch.Generator().manual_seed(0)
    x, y, total = torch.zeros(pairs), torch.zeros(pairs), torch.zeros(pairs, 1, 1)
    for sent, fired in (torch.rand(steps, 2, pairs, generator=g) < 0.02).float():
        x, y = x * math.exp(-0.001 / 0.02), y * math.exp(-0.001 / 0.04)
        spikes = {"pre_spikes": sent[:, None], "post_spikes": fired[:, None]}
        total += rules.stdp(
            total, x[:, None], y[:, None], **spikes, a_plus=neuron.a_plus, a_minus=neuron.a_minus
        )
        x, y = x + sent, y + fired
    assert total.mean().item() / 4 == pytest.approx(spiking.stdp_drift(20, 20, neuron), rel=0.05)


def test_spike_trains_have_the_rates_and_the_correlation_that_were_asked_for():
    g = torch.Generator().manual_seed(0)
    correlation = torch.tensor([0.2, 0.2, 0.0, 0.8])
    spikes = spiking.correlated_spikes(200_000, torch.full((1, 4), 50.0), correlation, 0.001, g)[
        :, 0
    ]
    assert spikes.mean(0) == pytest.approx(0.05, abs=0.003)
    found = torch.corrcoef(spikes.T)
    wanted = torch.outer(correlation.sqrt(), correlation.sqrt()).fill_diagonal_(1)
    assert (found - wanted).abs().max() < 0.02


def test_simulations_share_no_spikes():
    g = torch.Generator().manual_seed(0)
    spikes = spiking.correlated_spikes(
        100_000, torch.full((2, 1), 50.0), torch.tensor([1.0]), 0.001, g
    )[:, :, 0]
    assert torch.corrcoef(spikes.T)[0, 1].abs() < 0.02


def test_a_constant_conductance_drives_the_neuron_at_the_rate_of_the_theory():
    neuron = spiking.Neuron(tau_syn=1e6, g_max=1.0)
    g = 0.5
    spikes = torch.zeros(5000, 1, 1, dtype=DOUBLE)
    spikes[0] = 1
    output, _ = spiking.run_neuron(
        spikes,
        spiking.NeuronState.at_rest(torch.full((1, 1, 1), g, dtype=DOUBLE), neuron),
        neuron,
        learn=False,
    )
    far = (neuron.v_rest + g * neuron.e_exc) / (1 + g)
    period = neuron.tau_m / (1 + g) * math.log((far - neuron.v_reset) / (far - neuron.v_threshold))
    assert output.sum().item() == pytest.approx(5 / period, rel=0.1)


def test_below_threshold_the_neuron_is_silent_and_goes_to_its_balance():
    neuron = spiking.Neuron(tau_syn=1e6, g_max=1.0)
    spikes = torch.zeros(2000, 1, 1, dtype=DOUBLE)
    spikes[0] = 1
    output, state = spiking.run_neuron(
        spikes,
        spiking.NeuronState.at_rest(torch.full((1, 1, 1), 0.2, dtype=DOUBLE), neuron),
        neuron,
        learn=False,
    )
    assert output.sum() == 0
    assert state.v.item() == pytest.approx(neuron.v_rest / 1.2, abs=1e-3)


def test_a_run_in_two_parts_is_the_whole_run_and_weights_stay_between_0_and_1():
    neuron, g = spiking.Neuron(g_max=0.3, a_plus=0.3, a_minus=0.3), torch.Generator().manual_seed(0)
    spikes = spiking.correlated_spikes(
        600, torch.full((2, 30), 40.0), torch.zeros(30), neuron.dt, g
    )
    start = spiking.NeuronState.at_rest(torch.rand(2, 30, 3, generator=g), neuron)
    whole, end = spiking.run_neuron(spikes, start, neuron)
    first, middle = spiking.run_neuron(spikes[:250], start, neuron)
    second, other = spiking.run_neuron(spikes[250:], middle, neuron)
    assert torch.equal(whole, torch.cat([first, second]))
    assert all(torch.equal(a, b) for a, b in zip(end, other, strict=True))
    assert end.w.min() >= 0
    assert end.w.max() <= 1
    assert whole.sum() > 0
    assert not torch.equal(end.w, start.w)


def test_a_neuron_learns_by_the_window_summed_over_the_spikes_that_it_recorded():
    neuron = spiking.Neuron(g_max=0.6, a_plus=1e-4, a_minus=1.7e-4, tau_plus=0.012, tau_minus=0.034)
    g = torch.Generator().manual_seed(0)
    spikes = spiking.correlated_spikes(
        400, torch.full((2, 8), 60.0, dtype=DOUBLE), torch.zeros(8), neuron.dt, g
    )
    start = spiking.NeuronState.at_rest(
        0.3 + 0.4 * torch.rand(2, 8, 3, generator=g, dtype=DOUBLE), neuron
    )
    output, end = spiking.run_neuron(spikes, start, neuron)
    assert output.sum((0, 1)).min() > 10, "every neuron spikes"
    assert not torch.equal(output[..., 0], output[..., 1])
    times = neuron.dt * torch.arange(400, dtype=DOUBLE)
    window = spiking.stdp_window(
        times[None, :] - times[:, None], neuron
    )  # (time of the sender, time of the receiver)
    wanted = torch.einsum("sbi,st,tbj->bij", spikes, window, output)
    torch.testing.assert_close(end.w - start.w, wanted, rtol=1e-7, atol=1e-12)
    _, still = spiking.run_neuron(spikes, start, neuron, learn=False)
    assert torch.equal(still.w, start.w)


def test_a_spike_acts_within_its_step():
    neuron = spiking.Neuron(g_max=0.5)
    spike = torch.ones(1, 1, 1, dtype=DOUBLE)
    _, state = spiking.run_neuron(
        spike, spiking.NeuronState.at_rest(torch.ones(1, 1, 1, dtype=DOUBLE), neuron), neuron
    )
    assert state.g.item() == 0.5
    far = neuron.v_rest / 1.5
    assert state.v.item() == pytest.approx(
        far + (neuron.v_rest - far) * math.exp(-1.5 * 0.001 / 0.02)
    )


def test_the_inputs_that_share_spikes_win_and_without_sharing_nobody_does():
    neuron = spiking.Neuron(g_max=0.03, a_plus=0.02, a_minus=0.021)
    half = torch.arange(100) < 50
    strong = spiking.Neuron(g_max=0.1, a_plus=0.04, a_minus=0.042)
    for correlation, wins in ((0.2, True), (0.0, False)):
        w, hz = spiking.compete(
            correlation * half,
            strong,
            seconds=8,
            runs=2,
            generator=torch.Generator().manual_seed(0),
        )
        assert w.shape == (9, 2, 100)
        assert hz.shape == (8, 2)
        gap = w[-1][:, half].mean() - w[-1][:, ~half].mean()
        assert (gap > 0.25) == wins
        assert 5 < hz[-3:].mean() < 200
        assert torch.equal(hz, hz.round()), "spikes in a second"
    with pytest.raises(ValueError, match="seconds"):
        spiking.compete(torch.zeros(2), neuron, seconds=0, generator=torch.Generator())


def test_bad_input_is_refused():
    g = torch.Generator()
    with pytest.raises(ValueError, match="shorter steps"):
        spiking.correlated_spikes(5, torch.full((1, 1), 2000.0), torch.zeros(1), 0.001, g)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        spiking.correlated_spikes(5, torch.ones(1, 1), torch.full((1,), 2.0), 0.001, g)
    with pytest.raises(ValueError, match="potentials"):
        spiking.Neuron(v_threshold=-80.0)
    for name, value in (
        ("tau_m", 0),
        ("g_max", float("nan")),
        ("a_plus", -1.0),
        ("v_reset", float("nan")),
    ):
        with pytest.raises(ValueError, match=name):
            spiking.Neuron(**{name: value})
    with pytest.raises(ValueError, match="rates must have shape"):
        spiking.correlated_spikes(4, torch.ones(4), torch.zeros(4), 0.001, g)
    with pytest.raises(ValueError, match="correlation must have shape"):
        spiking.correlated_spikes(4, torch.ones(1, 4), torch.zeros(7), 0.001, g)
    with pytest.raises(TypeError, match="rates must hold floating-point"):
        spiking.correlated_spikes(4, torch.ones(1, 4, dtype=torch.long), torch.zeros(4), 0.001, g)
    with pytest.raises(ValueError, match="dt must divide a second"):
        spiking.compete(torch.zeros(2), spiking.Neuron(dt=0.003), seconds=1, generator=g)
    neuron = spiking.Neuron()
    with pytest.raises(ValueError, match="spikes must have shape"):
        spiking.run_neuron(
            torch.zeros(5, 1, 3), spiking.NeuronState.at_rest(torch.zeros(1, 2, 1), neuron), neuron
        )
    for bad in (
        torch.full((5, 1, 2), -5.0),
        torch.full((5, 1, 2), torch.nan),
        torch.zeros(5, 1, 2).double(),
    ):
        with pytest.raises(ValueError, match="spikes must be 0 or 1"):
            spiking.run_neuron(
                bad, spiking.NeuronState.at_rest(torch.zeros(1, 2, 1), neuron), neuron
            )
    with pytest.raises(ValueError, match=r"w must lie in \[0, 1\]"):
        spiking.NeuronState.at_rest(torch.full((1, 2, 1), 3.0), neuron)


def told(seed, steps=300):
    """Return a neuron, its spikes, a signal and its start."""
    neuron, g = spiking.Neuron(g_max=0.3, a_plus=0.3, a_minus=0.3), torch.Generator()
    rates = torch.full((2, 20), 40.0, dtype=DOUBLE)
    spikes = spiking.correlated_spikes(
        steps, rates, torch.zeros(20, dtype=DOUBLE), neuron.dt, g.manual_seed(seed)
    )
    signal = torch.randn(steps, 2, generator=g, dtype=DOUBLE)
    w = torch.rand(2, 20, 2, generator=g, dtype=DOUBLE)
    return neuron, spikes, signal, spiking.NeuronState.at_rest(w, neuron)


def test_a_signal_teaches_a_spiking_neuron_by_the_trace_of_what_timing_would_have_changed():
    neuron, spikes, signal, start = told(0)
    output, end, trace = run_modulated_neuron(spikes, signal, start, neuron, tau=0.1)
    w, e, (pre, post) = start.w, torch.zeros_like(start.w), start[2:4]
    for t, (sent, fired) in enumerate(zip(spikes, output, strict=True)):
        dw = signal[t, :, None, None] * e
        pre, post = pre * math.exp(-0.05), post * math.exp(-0.05)
        timing = {"a_plus": neuron.a_plus, "a_minus": neuron.a_minus}
        pair = rules.stdp(w, pre, post, pre_spikes=sent, post_spikes=fired, **timing)
        e = e * math.exp(-neuron.dt / 0.1) + pair
        w, pre, post = (w + dw).clamp(0, 1), pre + sent, post + fired
    torch.testing.assert_close(end.w, w)
    torch.testing.assert_close(trace, e)
    assert output.sum() > 0
    assert not torch.equal(end.w, start.w)


def test_a_modulated_run_in_two_parts_is_the_whole_and_without_a_signal_nothing_is_learned():
    neuron, spikes, signal, start = told(1)
    whole, end, trace = run_modulated_neuron(spikes, signal, start, neuron, tau=0.1)
    first, middle, e = run_modulated_neuron(spikes[:120], signal[:120], start, neuron, tau=0.1)
    rest = spikes[120:], signal[120:]
    second, other, last = run_modulated_neuron(*rest, middle, neuron, tau=0.1, eligibility=e)
    assert torch.equal(whole, torch.cat([first, second]))
    assert torch.equal(end.w, other.w)
    assert torch.equal(trace, last)
    _, idle, _ = run_modulated_neuron(spikes, torch.zeros_like(signal), start, neuron, tau=0.1)
    assert torch.equal(idle.w, start.w)
