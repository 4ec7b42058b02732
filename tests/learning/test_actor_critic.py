"""Actor and critic: returns and advantages by their definitions, a loss that follows the reward."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.learning import actor_critic
from hebbnotes.learning.actor_critic import Objective

sizes, seeds, shares = st.integers(1, 6), st.integers(0, 10_000), st.floats(0, 1)


def drawn(steps, batch, seed):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(2, steps, batch, generator=g, dtype=torch.float64)


@given(sizes, sizes, seeds, shares)
def test_a_return_is_the_discounted_sum_of_what_comes(steps, batch, seed, gamma):
    rewards, _ = drawn(steps, batch, seed)
    found = actor_critic.returns(rewards, gamma)
    for t in range(steps):
        wanted = sum(gamma ** (s - t) * rewards[s] for s in range(t, steps))
        torch.testing.assert_close(found[t], wanted)


@pytest.mark.witness("eq-advantage", actor_critic.advantages)
@given(sizes, sizes, seeds, shares, shares)
def test_an_advantage_is_the_discounted_sum_of_surprises(steps, batch, seed, gamma, lam):
    rewards, values = drawn(steps, batch, seed)
    found = actor_critic.advantages(rewards, values, gamma, lam)
    coming = torch.cat([values[1:], torch.zeros(1, batch, dtype=values.dtype)])
    surprise = rewards + gamma * coming - values
    for t in range(steps):
        torch.testing.assert_close(
            found[t], sum((gamma * lam) ** (s - t) * surprise[s] for s in range(t, steps))
        )
    whole = actor_critic.advantages(rewards, values, gamma)
    torch.testing.assert_close(whole, actor_critic.returns(rewards, gamma) - values)


@pytest.mark.witness("eq-actor-critic", actor_critic.loss)
@given(sizes, sizes, seeds)
def test_the_loss_is_what_it_says_and_advantages_carry_no_gradient(steps, batch, seed):
    rewards, values = drawn(steps, batch, seed)
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(steps, batch, 4, generator=g, dtype=torch.float64, requires_grad=True)
    actions = torch.randint(4, (steps, batch), generator=g)
    values.requires_grad_()
    found, parts = actor_critic.loss(
        logits, values, actions, rewards, Objective(gamma=0.9, lam=0.8, scale=2.0)
    )
    better = actor_critic.advantages(rewards, values, 0.9, 0.8)
    p = logits.softmax(-1)
    chosen = (
        torch.stack([p[t, b, actions[t, b]] for t in range(steps) for b in range(batch)])
        .log()
        .view(steps, batch)
    )
    error = (values - (better + values.detach())).square().mean()
    entropy = -(p * p.log()).sum(-1).mean()
    torch.testing.assert_close(found, -(chosen * better / 2).mean() + 0.25 * error - 0.01 * entropy)
    assert parts["reward"] == pytest.approx(rewards.sum(0).mean().item())
    assert parts["entropy"] == pytest.approx(entropy.item())
    (slope,) = torch.autograd.grad(found, values)
    torch.testing.assert_close(slope, -2 * 0.25 * better / (steps * batch))


@given(sizes, sizes, st.floats(1e-2, 1e3), seeds)
def test_by_default_the_size_of_rewards_does_not_matter_to_the_actor(steps, batch, size, seed):
    rewards, values = drawn(steps, batch, seed)
    logits = torch.zeros(steps, batch, 4, dtype=torch.float64, requires_grad=True)
    slopes = []
    for k in (1.0, size):
        actions = torch.arange(steps * batch).view(steps, batch) % 4
        actor_alone = Objective(value_weight=0.0, entropy_weight=0.0)
        total, _ = actor_critic.loss(logits, k * values, actions, k * rewards, actor_alone)
        slopes += torch.autograd.grad(total, logits)
    torch.testing.assert_close(*slopes)


def test_the_actors_gradient_is_that_of_the_expected_reward():
    """A bandit of three arms: the mean gradient over choices is exact, whatever the critic says."""
    pays = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    logits = torch.tensor([0.3, -0.4, 0.9], dtype=torch.float64, requires_grad=True)
    expected = (logits.softmax(-1) * pays).sum()
    (wanted,) = torch.autograd.grad(expected, logits)
    for critic in (0.0, 3.0):
        found = torch.zeros(3, dtype=torch.float64)
        for arm in range(3):
            value = torch.full((1, 1), critic, dtype=torch.float64)
            reward = pays[arm].view(1, 1)
            one, _ = actor_critic.loss(
                logits.view(1, 1, 3),
                value,
                torch.tensor([[arm]]),
                reward,
                Objective(value_weight=0.0, entropy_weight=0.0, scale=1.0),
            )
            found -= logits.softmax(-1)[arm].detach() * torch.autograd.grad(one, logits)[0]
        torch.testing.assert_close(found, wanted)


def test_what_does_not_fit_is_refused():
    rewards, values = drawn(3, 2, 0)
    with pytest.raises(ValueError, match="gamma must be"):
        actor_critic.returns(rewards, 1.5)
    with pytest.raises(ValueError, match="values must have shape"):
        actor_critic.advantages(rewards, values[:2], 0.9)
    with pytest.raises(ValueError, match="logits must have shape"):
        actor_critic.loss(rewards, values, torch.zeros(3, 2, dtype=torch.long), rewards)
    with pytest.raises(ValueError, match="actions must hold integers from 0 to 3"):
        actor_critic.loss(
            torch.zeros(3, 2, 4), values.float(), torch.full((3, 2), 4), rewards.float()
        )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gamma": 1.5}, "gamma must be"),
        ({"lam": -0.1}, "lam must be"),
        ({"value_weight": -1.0}, "value_weight must be"),
        ({"entropy_weight": float("nan")}, "entropy_weight must be"),
        ({"scale": 0.0}, "scale must be above 0"),
        ({"entropy": 0.1}, "unexpected keyword"),
    ],
)
def test_an_objective_that_cannot_be_is_refused_when_it_is_made(wrong, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Objective(**wrong)
