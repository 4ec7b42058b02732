"""What is proved of ways to assign credit, each as a property with its condition."""

import itertools
import math
from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.chapters.credit_assignment import theory
from hebbnotes.chapters.credit_assignment.trained import networks, others

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


@pytest.mark.witness("eq-perturbation-cosine", theory.perturbations)
@pytest.mark.parametrize("n", [1, 2, 4, 32, 256])
def test_the_mean_square_of_the_cosine_of_a_perturbation_is_one_over_n(n):
    g = normal(n, n)
    f = theory.perturbations(g, 20_000, generator(n))
    cosines = (f @ g) / (f.norm(dim=1) * g.norm())
    spread = math.sqrt(2 * (n - 1) / (n + 2)) / n  # standard deviation of cos^2, a beta variable
    assert float(cosines.square().mean()) == pytest.approx(1 / n, abs=5 * spread / 141 + 1e-12)
    size = g.norm() * math.sqrt((n + 1) / 20_000 / n)  # of the error of the mean, in each direction
    assert float((f.mean(0) - g).abs().max()) < 6 * float(size) * math.sqrt(n)
    variance = (f - g).square().sum(1).mean() / g.square().sum()
    assert float(variance) == pytest.approx(n + 1, rel=0.1)


@pytest.mark.witness("eq-price", theory.price)
@pytest.mark.parametrize(("n", "rank", "draws"), [(3, 1, 1), (16, 4, 1), (16, 16, 3), (64, 2, 8)])
def test_the_price_of_perturbation_is_counted_by_the_curvature(n, rank, draws):
    half = normal(n + rank, n, rank)
    curvature = half @ half.T
    g = curvature @ normal(n, n)
    f = theory.perturbations(g, 40_000, generator(rank), draws)
    bent = torch.einsum("mi,ij,mj->m", f, curvature, f)
    own, own_bent = g.square().sum(), g @ curvature @ g
    found = theory.measured_price(f @ g, bent, own.view(1), own_bent.view(1))
    assert found == pytest.approx(theory.price(g, curvature, draws), rel=0.08)


@given(seeds, st.integers(1, 6), st.integers(1, 5))
def test_the_price_is_at_least_that_of_the_gradient_and_falls_to_it_with_many_draws(seed, n, k):
    half = normal(seed, n, n)
    g, curvature = normal(seed + 1, n), half @ half.T
    one, several, many = (theory.price(g, curvature, d) for d in (1, k, 10**9))
    assert one >= several > 1
    assert many == pytest.approx(1)
    assert several - 1 == pytest.approx((one - 1) / k)  # (1 + tr H / lambda) / k


def test_the_example_of_the_exercise_and_a_curvature_that_has_no_best_step():
    eye = torch.eye(10, dtype=DOUBLE)
    assert theory.price(eye[0], eye) == 12
    with pytest.raises(ValueError, match="curvature along the gradient must be above 0"):
        theory.price(eye[0], torch.diag(1 - eye[0]))
    assert theory.measured_price(*(-torch.ones(2), *(torch.ones(2),) * 3)) == math.inf


def world(seed, n_in, n, n_out, batch):
    x = normal(seed, batch, n_in) / math.sqrt(n_in)
    target = x @ normal(seed + 1, n_in, n_out)
    q = torch.linalg.qr(normal(seed + 2, n, n))[0][:n_out]  # orthonormal rows
    return x, target, q


@pytest.mark.witness("eq-linear-theorem", theory.learn_linear)
@given(seeds, st.integers(1, 6), st.integers(1, 6), st.data())
def test_from_nothing_and_with_orthogonal_feedback_following_it_always_goes_downhill(
    seed, n_in, n, data
):
    n_out = data.draw(st.integers(1, n))
    x, target, q = world(seed, n_in, n, n_out, 8)
    back, missed = 1.5 * q, []
    for eta, steps in ((0.004, 100), (0.002, 200)):
        a, w = theory.learn_linear(x, target, back, eta, steps)
        both = w @ back
        missed.append(float((both + both.T - a.T @ a).abs().max()))
        error = normal(seed + 3, n_out)
        bound = (a @ back.T @ error).square().sum() / (2 * 1.5**2)
        assert float(error @ back @ w @ error) == pytest.approx(float(bound), abs=missed[-1] * 10)
        assert float(theory.agreement(w, back)) >= -missed[-1] * 10
    assert missed[1] <= 0.6 * missed[0] + 1e-12  # the flow is met as steps get small


def test_each_condition_of_the_linear_theorem_is_needed():
    for seed in range(10):
        x, target, q = world(seed, 5, 6, 3, 1)
        any_back = normal(seed + 5, 3, 6)
        _a, w = theory.learn_linear(x, target, q, 0.002, 100)
        assert float(theory.agreement(w, q)) > -1e-3 * float(w.norm())
        _, w = theory.learn_linear(x, target, any_back, 0.002, 100)
        assert float(theory.agreement(w, any_back)) < -1e-2 * float(w.norm())
        w0 = w + normal(seed + 6, 6, 3)  # another start
        assert float(theory.agreement(w0, q)) < 0


def test_right_angles_between_what_single_cells_are_told_do_not_do():
    """With fewer cells than outputs each cell's feedback, a column, may be at right angles."""
    for seed in range(10):
        x, target, _ = world(seed, 5, 2, 2, 8)
        target = normal(seed + 1, 8, 3)
        columns = torch.linalg.qr(normal(seed + 2, 3, 3))[0][:, :2]
        _a, w = theory.learn_linear(x, target, columns, 0.002, 100)
        assert float(theory.agreement(w, columns)) < -1e-3 * float(w.norm())


@pytest.mark.witness("eq-whitened-error", theory.whitened_error)
@given(seeds, st.lists(st.integers(1, 5), min_size=3, max_size=5))
def test_predictive_coding_at_rest_is_backpropagation_of_the_whitened_error(seed, sizes):
    weights = [normal(seed + k, n, m) for k, (n, m) in enumerate(itertools.pairwise(sizes))]
    x, target = normal(seed + 10, sizes[0]), normal(seed + 11, sizes[-1])
    y = x
    for w in weights:
        y = y @ w
    h = [x, *theory.settle_linear(weights, x, target)]
    kept = [h[k + 1] - h[k] @ w for k, w in enumerate(weights)]
    white = theory.whitened_error(weights, target - y)
    torch.testing.assert_close(kept[-1], white, rtol=1e-8, atol=1e-9)
    energy = sum(e.square().sum() for e in kept) / 2
    torch.testing.assert_close(
        energy, theory.rest_energy(weights, target - y), rtol=1e-8, atol=1e-9
    )
    below = white
    for k in range(len(weights) - 1, 0, -1):
        below = below @ weights[k].T
        torch.testing.assert_close(kept[k - 1], below, rtol=1e-8, atol=1e-9)


def test_the_rest_of_predictive_coding_is_the_least_energy():
    weights = [normal(k, n, m) for k, (n, m) in enumerate([(3, 4), (4, 4), (4, 2)])]
    x, target = normal(5, 3), normal(6, 2)
    at = [h.clone().requires_grad_() for h in theory.settle_linear(weights, x, target)[:-1]]
    h = [x, *at, target]
    energy = sum((h[k + 1] - h[k] @ w).square().sum() for k, w in enumerate(weights))
    for slope in torch.autograd.grad(energy, at):
        assert float(slope.abs().max()) < 1e-10


@cache
def start():
    """Return a network, inputs and targets, and the gradient of the outputs' loss at rest."""
    net = others.Equilibrium().begin((4, 6, 5, 3), generator(1))
    net = networks.Net([w.double() for w in net.weights], [])
    x, target = normal(2, 5, 4), torch.eye(3, dtype=DOUBLE)[torch.tensor([0, 1, 2, 0, 1])]
    exact = others.Equilibrium(free=400, exact=True)
    return net, x, target, flat(networks.changed(exact, net, x, target, 0))


def flat(changes):
    return torch.cat([dw.flatten() for dw in changes])


def gap(beta, both):
    """Return how far equilibrium propagation is from the gradient of the outputs' loss at rest."""
    learner = others.Equilibrium(beta=beta, free=400, nudged=400, both=both)
    net, x, target, true = start()
    return float((flat(networks.changed(learner, net, x, target, 0)) - true).norm() / true.norm())


@pytest.mark.witness("eq-equilibrium-bias", others.Equilibrium)
def test_the_bias_of_equilibrium_propagation_is_first_order_or_second_with_two_nudges():
    one = [gap(beta, both=False) for beta in (0.08, 0.04, 0.02)]
    two = [gap(beta, both=True) for beta in (0.08, 0.04, 0.02)]
    for coarse, fine in itertools.pairwise(one):
        assert coarse / fine == pytest.approx(2, rel=0.1)
    for coarse, fine in itertools.pairwise(two):
        assert coarse / fine == pytest.approx(4, rel=0.1)
    assert all(less < more for less, more in zip(two, one, strict=True))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda x: theory.account(x, torch.ones(2, 3), torch.ones(3, 2)), "w_in"),
        (lambda x: theory.perturbations(x, 1, generator()), "gradient"),
        (lambda x: theory.price(torch.ones(2), x), "curvature"),
        (lambda x: theory.mirror_gap(x, 0.1, 0.1, 1), "gap"),
        (lambda x: theory.learn_linear(x, torch.ones(1, 1), torch.ones(1, 1), 0.1, 1), "x"),
        (lambda x: theory.agreement(torch.ones(2, 1), x), "back"),
    ],
)
def test_what_is_no_tensor_is_refused_by_its_name(call, told):
    for bad in (3, "a", None, [1.0]):
        with pytest.raises(TypeError, match=f"{told} must be a torch tensor"):
            call(bad)
