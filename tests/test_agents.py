"""Agents: what they live through is what is learned from, and they learn to find."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import agents, maze, rules, training

MADE = maze.make(5)
choices = st.sampled_from([rules.hebb, rules.decay, rules.oja]), st.sampled_from(["full", "shared", None]), st.integers(0, 10_000)


@given(*choices)
def test_an_episode_gone_through_at_once_is_the_one_that_was_lived(rule, alpha, seed):
    g = torch.Generator().manual_seed(seed)
    agent = agents.Agent(7, rule, alpha, generator=g).double()
    seen = torch.randn(9, 3, maze.N_SEEN, generator=g, dtype=torch.float64)
    logits, values, last = agent(seen)
    state = None
    for t in range(9):
        one, value, state = agent(seen[t : t + 1], state)
        torch.testing.assert_close(one[0], logits[t])
        torch.testing.assert_close(value[0], values[t])
    torch.testing.assert_close(state.hebb, last.hebb)


@given(st.integers(0, 10_000))
def test_no_agent_sees_another(seed):
    g = torch.Generator().manual_seed(seed)
    agent = agents.Agent(6, generator=g)
    seen = torch.randn(8, 3, maze.N_SEEN, generator=g)
    logits = agent(seen)[0]
    seen[:, 1] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        agent(seen)
    seen[:, 1] = 5.0
    assert torch.equal(agent(seen)[0][:, [0, 2]], logits[:, [0, 2]])


def test_a_life_is_whole_and_follows_the_probabilities():
    g = torch.Generator().manual_seed(0)
    agent = agents.Agent(8, generator=g)
    with torch.no_grad():
        agent.outward[:, :4] = 0
        agent.outward[-1, :4] = torch.tensor([2.0, 0.0, 0.0, 1.0])
    life = agents.live(agent, MADE, 400, 20, g, reward=1.0, penalty=0.25)
    assert life.seen.shape == (20, 400, maze.N_SEEN)
    shares = life.actions.flatten().bincount(minlength=4) / 8000
    torch.testing.assert_close(shares, torch.tensor([2.0, 0.0, 0.0, 1.0]).softmax(0), atol=0.02, rtol=0)
    did = life.seen[1:, :, 9:13].argmax(-1)
    assert torch.equal(did, life.actions[:-1]), "each step tells what was done before"
    assert torch.equal(life.seen[1:, :, 13], life.rewards[:-1]), "and what it gave"
    assert set(life.rewards.unique().tolist()) == {-0.25, 0.0, 1.0}
    assert torch.equal(life.found, life.rewards == 1.0)


def test_all_that_an_agent_has_is_trained():
    g = torch.Generator().manual_seed(0)
    agent = agents.Agent(8, generator=g)
    value, parts = agents.loss(agent, MADE, 8, 12, g)(0)
    value.backward()
    assert {"finds", "reward", "entropy", "value_error"} == set(parts)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in agent.parameters())


def test_agents_learn_to_find():
    g = torch.Generator().manual_seed(0)
    agent, small = agents.Agent(24, generator=g), maze.make(3)
    loss = agents.loss(agent, small, 64, 25, g, scale=0.3)
    history = training.train(agent.parameters(), loss, 120, lr=5e-3, clip_norm=0.5, schedule=training.cosine)
    finds = history.metrics["finds"]
    assert sum(finds[-10:]) > 1.6 * sum(finds[:10])
