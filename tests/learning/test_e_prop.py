"""e-prop: exact with total derivatives, the direct part of them without, and local."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.learning import e_prop

DOUBLE = torch.float64
seeds, sizes = st.integers(0, 10_000), st.integers(1, 4)


def network(seed, n_in, n, gain=1.0):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=DOUBLE)

    w = torch.cat([normal(n_in, n), gain * normal(n, n) / n**0.5])
    return normal(7, 2, n_in), normal(7, 2, 2), w, normal(n, 2), normal(n, 2)


def by_hand(inputs, w, kappa, n):
    """Return the activities step by step, each a leaf of its own past."""
    h = y = inputs.new_zeros(inputs.shape[1], n)
    outputs = []
    for x in inputs:
        h = kappa * h + torch.cat([x, y], -1) @ w
        y = torch.tanh(h)
        outputs.append(y)
    return outputs


@pytest.mark.witness("eq-eprop", e_prop.gradient)
@given(seeds, sizes, sizes, st.floats(0, 1))
def test_traces_and_total_derivatives_give_the_gradient_exactly(seed, n_in, n, kappa):
    inputs, targets, w, w_out, _ = network(seed, n_in, n)
    w.requires_grad_()
    outputs = by_hand(inputs, w, kappa, n)
    loss = (torch.stack(outputs) @ w_out - targets).square().sum() / 2
    exact, *totals = torch.autograd.grad(loss, [w, *outputs])
    output = e_prop.leaky(inputs, w.detach(), kappa)
    torch.testing.assert_close(output, torch.stack(outputs).detach())
    found = e_prop.gradient(inputs, output, torch.stack(totals), kappa)
    torch.testing.assert_close(found, exact, rtol=1e-9, atol=1e-9)


@given(seeds, sizes, sizes, st.floats(0, 1))
def test_a_gradient_is_the_sum_over_steps_of_signal_slope_and_filtered_input(seed, n_in, n, kappa):
    inputs, _, w, _, _ = network(seed, n_in, n)
    output = e_prop.leaky(inputs, w, kappa)
    signal = torch.randn(output.shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
    wanted = torch.zeros_like(w)
    for b in range(2):
        eps = torch.zeros(n_in + n, dtype=DOUBLE)
        for t in range(7):
            before = output[t - 1, b] if t else torch.zeros(n, dtype=DOUBLE)
            eps = kappa * eps + torch.cat([inputs[t, b], before])
            wanted += torch.outer(eps, signal[t, b] * (1 - output[t, b] ** 2))
    torch.testing.assert_close(e_prop.gradient(inputs, output, signal, kappa), wanted)


@given(seeds, sizes, sizes)
def test_without_recurrence_the_direct_part_is_the_whole(seed, n_in, n):
    inputs, targets, w, w_out, back = network(seed, n_in, n, gain=0.0)
    found = e_prop.directions(inputs, targets, w, w_out, 0.7, back)
    torch.testing.assert_close(found.direct, found.exact)
    torch.testing.assert_close(
        found.broadcast,
        e_prop.directions(inputs, targets, w, w_out, 0.7, w_out + back).broadcast - found.direct,
    )


def test_the_stronger_the_recurrence_the_less_the_direct_part_tells():
    cosines = []
    for gain in (0.0, 0.6, 1.2):
        g = torch.Generator().manual_seed(0)
        inputs, targets = (torch.randn(40, 4, k, generator=g, dtype=DOUBLE) for k in (5, 2))
        inward, among = (torch.randn(k, 40, generator=g, dtype=DOUBLE) / k**0.5 for k in (5, 40))
        w_out, back = (torch.randn(40, 2, generator=g, dtype=DOUBLE) / 40**0.5 for _ in range(2))
        w = 0.2 * torch.cat([inward, gain * among])
        cosines.append(e_prop.directions(inputs, targets, w, w_out, 0.8, back).cosines())
    direct = [one for one, _ in cosines]
    assert direct[0] > direct[1] > direct[2] > 0.1
    assert all(abs(other) < 0.4 for _, other in cosines)


@pytest.mark.parametrize("j", range(3))
def test_a_synapse_reads_its_own_sender_and_receiver_alone(j):
    inputs, _, w, _, _ = network(0, 2, 3)
    output = e_prop.leaky(inputs, w, 0.5)
    signal = torch.ones_like(output)
    found = e_prop.gradient(inputs, output, signal, 0.5)
    for k in range(3):
        poisoned = e_prop.gradient(inputs, output, signal.index_fill(2, torch.tensor(k), 9.0), 0.5)
        assert bool((poisoned != found)[:, j].any()) == (k == j)
    for i in range(2):
        poisoned = e_prop.gradient(inputs.index_fill(2, torch.tensor(i), 9.0), output, signal, 0.5)
        assert (poisoned != found).any(-1).nonzero().flatten().tolist() == [i]


def test_what_does_not_fit_is_refused():
    inputs, targets, w, w_out, back = network(0, 2, 3)
    output = e_prop.leaky(inputs, w, 0.5)
    with pytest.raises(ValueError, match="w must have a row for each of 2 inputs and 4 units"):
        e_prop.leaky(inputs, torch.ones(5, 4, dtype=DOUBLE), 0.5)
    with pytest.raises(ValueError, match="signal must have the shape of output"):
        e_prop.gradient(inputs, output, output[..., :2], 0.5)
    with pytest.raises(ValueError, match=r"back must have shape \(n=3, n_out=2\)"):
        e_prop.directions(inputs, targets, w, w_out, 0.5, back[:2])
