"""Rules that see types, and inhibition that learns: each is what its sum says, and local."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.neurons import rate
from hebbnotes.plasticity.stepper import change, declared

sizes, seeds = st.integers(1, 6), st.integers(0, 10_000)
targets = st.floats(0, 2)


def generator(seed):
    return torch.Generator().manual_seed(seed)


def rates(seed, *shape):
    return torch.rand(*shape, generator=generator(seed), dtype=torch.float64)


@pytest.mark.witness("eq-inhibitory", rules.inhibitory)
@given(sizes, sizes, seeds, targets)
def test_inhibition_learns_by_minus_the_delta_rule_with_a_constant_target(n, m, seed, target):
    w, pre, post = rates(seed, n, m), rates(seed + 1, n), rates(seed + 2, m)
    dw = rules.inhibitory(w, pre, post, target=target)
    for i in range(n):
        for j in range(m):
            assert dw[i, j] == pre[i] * (post[j] - target)
    wanted = torch.full_like(post, target)
    torch.testing.assert_close(dw, -rules.delta(w, pre, wanted, drive=post))


@given(sizes, sizes, seeds, targets)
def test_it_goes_down_the_squared_distance_from_the_target_of_a_linear_cell(n, m, seed, target):
    w, pre, excitation = rates(seed, n, m), rates(seed + 1, n), 3 * rates(seed + 2, m)
    w.requires_grad_()
    loss = (excitation - pre @ w - target).square().sum() / 2
    (gradient,) = torch.autograd.grad(loss, w)
    post = (excitation - pre @ w).detach()
    torch.testing.assert_close(rules.inhibitory(w.detach(), pre, post, target=target), -gradient)


@given(st.integers(2, 4), seeds, st.floats(0.05, 0.5))
def test_it_rests_where_inhibition_is_the_regression_of_what_is_too_much(n, seed, target):
    pre, excites = rates(seed, 40, n), rates(seed + 1, 40, 1)
    rest = torch.linalg.lstsq(pre, excites - target).solution
    post = excites - pre @ rest
    each = rules.inhibitory(rest.expand(40, n, 1), pre, post, target=target)
    torch.testing.assert_close(each.mean(0), torch.zeros(n, 1).double(), atol=1e-10, rtol=0)
    weighted = (pre * post).mean(0) / pre.mean(0)
    torch.testing.assert_close(weighted, torch.full((n,), target).double())


@pytest.mark.parametrize("rule", [rules.inhibitory, rules.by_type], ids=lambda r: r.__name__)
def test_the_rules_are_local(rule):
    check.local(rule)


def test_the_types_of_the_two_cells_are_what_the_rule_declares_and_reads():
    assert declared(rules.by_type) == ("pre_type", "post_type")
    seen = check.reads(rules.by_type, 2, 1)
    assert seen.further["pre_type"].tolist() == [False, False, True, False]
    assert seen.further["post_type"].tolist() == [False, True, False]


@given(sizes, sizes, seeds, targets)
def test_each_kind_of_synapse_learns_by_its_own_rule(n, m, seed, target):
    w, pre, post = rates(seed, n, m), rates(seed + 1, n), rates(seed + 2, m)
    pre_type = torch.randint(4, (n,), generator=generator(seed))
    post_type = torch.randint(4, (m,), generator=generator(seed + 1))
    dw = change(rules.by_type, w, pre, post, pre_type=pre_type, post_type=post_type)
    for i in range(n):
        for j in range(m):
            kind = int(pre_type[i]), int(post_type[j])
            wanted = {
                (0, 0): post[j] * (pre[i] - post[j] * w[i, j]),
                (1, 0): pre[i] * (post[j] - 0.2),
            }.get(kind, torch.tensor(0.0).double())
            torch.testing.assert_close(dw[i, j], wanted)


def test_types_of_a_batch_may_be_those_of_its_cells():
    w, pre, post = rates(0, 5, 3, 2), rates(1, 5, 3), rates(2, 5, 2)
    pre_type, post_type = torch.tensor([0, 1, 2]), torch.tensor([0, 1])
    together = rules.by_type(w, pre, post, pre_type=pre_type, post_type=post_type)
    alone = [
        rules.by_type(*one, pre_type=pre_type, post_type=post_type)
        for one in zip(w, pre, post, strict=True)
    ]
    torch.testing.assert_close(together, torch.stack(alone))


def test_a_loop_that_has_no_types_refuses_the_rule_with_both_names():
    with pytest.raises(TypeError, match="by_type declares pre_type, post_type, and learn supplies"):
        rate.learn(torch.ones(2, 3), torch.ones(3, 1), rules.by_type, 0.1)
