"""Leaky cells: what they hold, how slow they are, and what moves their slowness."""

import copy
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import LeakyRNN
from hebbnotes.networks import leaky
from hebbnotes.networks.leaky import (
    SCALINGS,
    STARTS,
    decay_factor,
    effective_tau,
    filter_bank,
    fine_tuning,
    run_leaky,
    step_gain,
)

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
scalings = st.sampled_from(SCALINGS)
taus = st.floats(0.5, 100)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


@st.composite
def networks(draw, several=False):
    n, n_in = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    steps, batch = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    seed, first = draw(seeds), (draw(st.integers(1, 3)),) if several else ()
    w, u, b = normal(seed, *first, n, n), normal(seed + 1, *first, n_in, n), normal(seed, *first, n)
    tau = normal(seed + 2, *first, n).exp() * 5
    return normal(seed + 3, steps, batch, n_in), w, u, b, tau


def by_hand(inputs, w, u, b, tau, start, scaling):
    """Step through one episode after the other, one cell after the other."""
    output = torch.zeros(*inputs.shape[:2], len(b), dtype=DOUBLE)
    for episode in range(inputs.shape[1]):
        h = start[episode].clone()
        for t, x in enumerate(inputs[:, episode]):
            new = h.clone()
            for j in range(len(b)):
                drive = b[j] + sum(h[i] * w[i, j] for i in range(len(b)))
                drive = drive + sum(x[c] * u[c, j] for c in range(len(x)))
                lam = math.exp(-1 / tau[j])
                gain = 1 - lam if scaling == "mean" else math.sqrt(1 - lam**2)
                new[j] = lam * h[j] + gain * torch.tanh(drive)
            h = output[t, episode] = new
    return output


@pytest.mark.witness("eq-leaky", leaky.run_leaky)
@given(networks(), scalings, seeds)
def test_each_cell_keeps_a_share_and_adds_what_drives_it(made, scaling, seed):
    inputs, *its = made
    start = normal(seed, inputs.shape[1], its[0].shape[0])
    output, state = run_leaky(inputs, *its, start, scaling=scaling)
    torch.testing.assert_close(output, by_hand(inputs, *its, start, scaling))
    assert torch.equal(state, output[-1])


@given(networks(), scalings)
def test_an_impulse_decays_by_its_cells_factor_and_without_tau_it_is_the_plain_network(
    made, scaling
):
    inputs, w, u, b, tau = made
    start = normal(0, inputs.shape[1], len(b))
    silent = run_leaky(0 * inputs, 0 * w, u, 0 * b, tau, start, scaling=scaling)[0]
    for t, h in enumerate(silent):
        torch.testing.assert_close(h, start * decay_factor(tau) ** (t + 1))
    plain, y = run_leaky(inputs, w, u, b, 0.0, start, scaling=scaling)[0], start
    for x, h in zip(inputs, plain, strict=True):
        y = torch.tanh(y @ w + x @ u + b)
        torch.testing.assert_close(h, y)


@given(networks(), scalings, st.data())
def test_a_run_goes_on_where_it_stopped_and_a_gradient_crosses_the_stop(made, scaling, data):
    inputs, *its = made
    cut = data.draw(st.integers(0, len(inputs)))
    for one in its:
        one.requires_grad_()
    whole = run_leaky(inputs, *its, scaling=scaling)[0]
    state, parts = None, []
    for part in (inputs[:cut], inputs[cut:]):
        if len(part):
            output, state = run_leaky(part, *its, state, scaling=scaling)
            parts.append(output)
    torch.testing.assert_close(torch.cat(parts), whole)
    one, two = (torch.autograd.grad(x[-1].sum(), its) for x in (whole, torch.cat(parts)))
    torch.testing.assert_close(one, two)


@given(networks(), scalings, seeds)
def test_gradients_are_those_of_finite_differences(made, scaling, seed):
    inputs, w, u, b, tau = made
    start = normal(seed, inputs.shape[1], len(b))
    its = [x.clone().requires_grad_() for x in (inputs, w, u, b, tau.log(), start)]

    def run(inputs, w, u, b, log_tau, start):
        return run_leaky(inputs, w, u, b, log_tau.exp(), start, scaling=scaling)[0]

    assert torch.autograd.gradcheck(run, its)


@given(networks(several=True), scalings)
def test_several_networks_at_once_are_each_by_itself_and_so_are_their_gradients(made, scaling):
    inputs, *its = made
    for one in its:
        one.requires_grad_()
    output, state = run_leaky(inputs, *its, scaling=scaling)
    weight = normal(7, *output.shape)
    all_of = torch.autograd.grad((output * weight).sum(), its)
    for k in range(output.shape[1]):
        alone, end = run_leaky(inputs, *(one[k] for one in its), scaling=scaling)
        torch.testing.assert_close(output[:, k], alone)
        torch.testing.assert_close(state[k], end)
        of_it = torch.autograd.grad((alone * weight[:, k]).sum(), its)
        for one, other in zip(all_of, of_it, strict=True):
            torch.testing.assert_close(one[k], other[k])


# --------------------------------------------------------------------------- how slow


@given(st.floats(0.01, 1000), st.floats(0.01, 10), st.integers(1, 5))
def test_a_step_is_as_many_shorter_ones(tau, dt, parts):
    tau = torch.tensor(tau, dtype=DOUBLE)
    whole = decay_factor(tau, dt)
    torch.testing.assert_close(whole, decay_factor(tau, dt / parts) ** parts)
    assert 0 <= whole < 1
    assert decay_factor(tau * 1.1, dt) >= whole


@pytest.mark.witness("eq-time-scaling", leaky.run_leaky)
@given(networks(), st.integers(1, 5))
def test_time_that_runs_slower_and_cells_that_are_as_much_slower_give_the_same_course(made, slower):
    inputs, w, u, b, tau = made
    torch.testing.assert_close(
        decay_factor(slower * tau, slower), decay_factor(tau)
    )  # in any network
    slow = inputs.repeat_interleave(slower, 0)
    once = run_leaky(inputs, 0 * w, u, b, tau)[0]
    later = run_leaky(slow, 0 * w, u, b, slower * tau)[0][slower - 1 :: slower]
    torch.testing.assert_close(later, once)  # exactly, where cells do not drive each other


@given(networks())
def test_with_recurrence_time_scales_the_better_the_smaller_the_steps(made):
    inputs, w, u, b, tau = made
    inputs = inputs[:1].expand(4, -1, -1)

    def course(fine, slower):
        many = inputs.repeat_interleave(fine * slower, 0)
        return run_leaky(many, w, u, b, fine * slower * tau)[0][fine * slower - 1 :: fine * slower]

    fine, finer = ((course(k, 3) - course(k, 1)).abs().max() for k in (4, 64))
    assert finer <= 0.3 * fine + 1e-9


def growth(tau, w, dt=1e-4):
    """Return by which factor a linear cell with a weight onto itself changes in a time 1, by steps
    of ``tau dh/dt = -h + w h``.
    """
    return (1 + dt * (w - 1) / tau) ** round(1 / dt)


@pytest.mark.witness("eq-effective-tau", leaky.effective_tau)
@given(taus, st.floats(-2, 0.97))
def test_a_cell_that_excites_itself_is_as_slow_as_a_slower_cell(tau, w):
    slow = float(effective_tau(torch.tensor(tau, dtype=DOUBLE), w))
    assert slow == pytest.approx(tau / (1 - w))
    assert growth(tau, w) == pytest.approx(math.exp(-1 / slow), rel=0.01 + 40 * 1e-4 / tau**2)


@given(st.integers(1, 6), taus, seeds)
def test_an_eigenvalue_is_a_cell_that_excites_itself(n, tau, seed):
    w = normal(seed, n, n)
    w = (w + w.T) / (2 * n)
    w = w - (torch.linalg.eigvalsh(w)[-1] - 0.9).clamp(min=0) * torch.eye(n, dtype=DOUBLE)
    values, vectors = torch.linalg.eigh(w)
    flow = (w - torch.eye(n, dtype=DOUBLE)) / tau
    later = vectors[:, -1] @ torch.linalg.matrix_exp(flow)
    slow = effective_tau(torch.tensor(tau, dtype=DOUBLE), values[-1])
    torch.testing.assert_close(later, vectors[:, -1] * torch.exp(-1 / slow))


@pytest.mark.witness("eq-fine-tuning", leaky.fine_tuning)
@given(taus, st.floats(-0.9, 0.97).filter(lambda w: abs(w) > 0.01))
def test_tau_eff_answers_to_w_the_more_the_slower_it_is_made_and_to_tau_as_it_is(tau, w):
    tau, w, small = (torch.tensor(x, dtype=DOUBLE) for x in (tau, w, 1e-6))
    up, down = (effective_tau(tau, w * (1 + x)).log() for x in (small, -small))
    torch.testing.assert_close(fine_tuning(tau, w), (up - down) / (2 * small), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(fine_tuning(tau, w), effective_tau(tau, w) / tau - 1)
    up, down = (effective_tau(tau * (1 + x), w).log() for x in (small, -small))
    torch.testing.assert_close((up - down) / (2 * small), torch.ones_like(tau), rtol=1e-4, atol=0)


def test_from_3_to_96_steps_a_per_cent_is_thirty_one():
    assert float(fine_tuning(3.0, 1 - 3 / 96)) == pytest.approx(31)
    assert float(fine_tuning(0.0, 0.5)) == 1  # of a cell that keeps nothing, too
    assert float(effective_tau(3.0, 0.96875 * 1.01)) / 96 == pytest.approx(1.45, abs=0.01)
    assert float(effective_tau(3.0, 0.96875 * 0.99)) / 96 == pytest.approx(0.76, abs=0.01)
    with pytest.raises(ValueError, match="w must be below 1"):
        effective_tau(3.0, 0.96875 * 1.033)


@given(taus)
def test_gains_keep_the_mean_or_the_power(tau):
    tau = torch.tensor(tau, dtype=DOUBLE)
    lam = decay_factor(tau)
    torch.testing.assert_close(step_gain(tau) / (1 - lam), torch.ones_like(tau))
    power = step_gain(tau, "power").square() / (1 - lam.square())
    torch.testing.assert_close(power, torch.ones_like(tau))


# ---------------------------------------------------------------------------- how many copies


@pytest.mark.witness("eq-filter-rank", leaky.filter_bank)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 3), seeds)
def test_as_many_copies_of_an_input_are_held_as_there_are_time_constants(n, n_in, again, seed):
    tau = torch.cat([2.0 ** torch.arange(n), 2.0 ** torch.arange(min(again, n))]).double()
    inputs = normal(seed, n * n_in + 8, 1, n_in)
    held = filter_bank(inputs, tau)[-1, 0]  # (n_in, cells), linear in what was shown
    by_step = []
    for t in range(len(inputs)):
        for c in range(n_in):
            shown = torch.zeros_like(inputs)
            shown[t, 0, c] = 1
            by_step.append(filter_bank(shown, tau)[-1, 0].flatten())
    response = torch.stack(by_step)  # (steps x inputs, inputs x cells)
    torch.testing.assert_close(inputs.flatten() @ response, held.flatten())
    assert torch.linalg.matrix_rank(response, rtol=1e-12) == n * n_in
    alike = filter_bank(inputs, torch.full((3,), 4.0, dtype=DOUBLE))
    assert torch.linalg.matrix_rank(alike.flatten(0, 2)) == 1


@given(networks())
def test_a_bank_is_linear_cells_without_weights_among_them(made):
    inputs, _, _, _, tau = made
    held = filter_bank(inputs, tau)
    h = torch.zeros_like(held[0])
    for x, found in zip(inputs, held, strict=True):
        for c in range(inputs.shape[2]):
            h[:, c] = decay_factor(tau) * h[:, c] + (1 - decay_factor(tau)) * x[:, c : c + 1]
        torch.testing.assert_close(found, h)
    cut = len(inputs) // 2
    if 0 < cut:
        later = filter_bank(inputs[cut:], tau, held[cut - 1])
        torch.testing.assert_close(later, held[cut:])


def test_small_signals_pass_tanh_as_they_pass_a_bank():
    inputs, tau = 1e-4 * normal(1, 20, 2, 1), torch.tensor([2.0, 30.0], dtype=DOUBLE)
    zero = torch.zeros(2, 2, dtype=DOUBLE)
    output = run_leaky(inputs, zero, torch.ones_like(zero[:1]), zero[0], tau)[0]
    torch.testing.assert_close(output, filter_bank(inputs, tau)[:, :, 0], rtol=1e-4, atol=0)


# ------------------------------------------------------------------------------- the network


@pytest.mark.parametrize("learn", ["none", "shared", "each"])
@pytest.mark.parametrize("start", STARTS)
def test_a_network_is_its_cells_and_a_linear_read_out(learn, start):
    net = LeakyRNN(2, 6, 3, tau=5.0, learn=learn, start=start, generator=generator())
    inputs = torch.randn(7, 4, 2, generator=generator(1))
    output, state = net(inputs)
    held, end = run_leaky(inputs, net.w, net.u, net.b, 5.0)
    torch.testing.assert_close(output, held @ net.readout + net.bias)
    torch.testing.assert_close(state, end)
    again = [net(inputs[:3]), None]
    again[1] = net(inputs[3:], again[0][1])
    torch.testing.assert_close(torch.cat([one[0] for one in again]), output)
    output.square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    trained = {name for name, _ in net.named_parameters()}
    assert ("log_tau" in trained) == (learn != "none")
    if learn != "none":
        assert net.log_tau.shape == ((1,) if learn == "shared" else (6,))
    assert "log_tau" in net.state_dict()
    w = net.w.detach()
    if start != "normal":
        torch.testing.assert_close(w @ w.T, torch.eye(6), rtol=0, atol=1e-5)
    assert net.tau.shape == (6,)
    torch.testing.assert_close(net.tau, torch.full((6,), 5.0))


def test_each_cell_may_have_a_time_constant_of_its_own():
    tau = torch.tensor([0.0, 1.0, 50.0])
    net = LeakyRNN(1, 3, 1, tau=tau, generator=generator())
    torch.testing.assert_close(net.tau, tau)
    held = run_leaky(torch.ones(4, 1, 1), net.w, net.u, net.b, tau)[0]
    torch.testing.assert_close(net(torch.ones(4, 1, 1))[0], held @ net.readout + net.bias)
    copy.deepcopy(net).double()(torch.ones(2, 1, 1, dtype=DOUBLE))


BAD = torch.full((1, 1, 1), math.inf)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: decay_factor(-1.0), ValueError, "tau must be 0 or more"),
        (lambda: decay_factor(1.0, -1.0), ValueError, "dt must be"),
        (lambda: effective_tau(1.0, 1.0), ValueError, "w must be below 1"),
        (lambda: step_gain(1.0, "half"), ValueError, "scaling must be one of"),
        (lambda: filter_bank(BAD, torch.ones(3)), ValueError, "inputs holds NaN"),
        (lambda: filter_bank(BAD * 0, torch.ones(3)), ValueError, "inputs holds NaN"),
        (
            lambda: filter_bank(torch.ones(2, 1, 1), torch.ones(1), BAD),
            ValueError,
            "state holds NaN",
        ),
        (
            lambda: run_leaky(torch.zeros(1, 1, 1), torch.zeros(2, 3), *[torch.zeros(1)] * 2, 1.0),
            ValueError,
            "as many rows as columns",
        ),
        (
            lambda: LeakyRNN(1, 2, 1, tau=0.0, learn="each", generator=generator()),
            ValueError,
            "tau must be above 0 to be learned",
        ),
        (
            lambda: LeakyRNN(
                1, 2, 1, tau=torch.tensor([1.0, 2.0]), learn="shared", generator=generator()
            ),
            ValueError,
            "tau must be one number",
        ),
        (
            lambda: LeakyRNN(1, 2, 1, tau=torch.ones(3), generator=generator()),
            ValueError,
            r"tau must have shape \(n=2\)",
        ),
        (
            lambda: LeakyRNN(1, 2, 1, tau=1.0, learn="all", generator=generator()),
            ValueError,
            "learn must be one of",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(call, error, told):
    with pytest.raises(error, match=told):
        call()
