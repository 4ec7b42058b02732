"""What torch's default precision is changes no type that is promised, and breaks nothing."""

import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env

from hebbnotes import PlasticRNN, ThreeNumbers, memories, rules, tasks, training
from hebbnotes.chapters.associative_memory import checks as memory_checks
from hebbnotes.chapters.introduction import checks as first_checks
from hebbnotes.chapters.learning_rules import checks as rule_checks
from hebbnotes.chapters.maze import checks as maze_checks
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.chapters.one_shot_learning import checks as label_checks
from hebbnotes.chapters.one_shot_learning import handwriting
from hebbnotes.learning import actor_critic, agents
from hebbnotes.networks.one_shot import OneShotNetwork
from hebbnotes.neurons import rate, spiking
from hebbnotes.tasks import environments, maze, one_shot


@pytest.fixture(autouse=True, params=[torch.float64, torch.float32], ids=str)
def default(request):
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(before)


def generator():
    return torch.Generator().manual_seed(0)


def test_what_an_environment_tells_is_in_the_precision_of_its_space():
    environment = environments.MazeEnv(5)
    seen, _ = environment.reset(seed=0)
    later = environment.step(1)[0]
    assert seen.dtype == later.dtype == environment.observation_space.dtype == np.float32
    check_env(environment, skip_render_check=True)
    many = environments.MazeVectorEnv(3, size=5)
    assert many.reset(seed=0)[0].dtype == np.float32
    assert many.step(np.zeros(3, int))[1].dtype == np.float32


@pytest.mark.parametrize("kind", agents.AGENTS)
@pytest.mark.parametrize("plain", [True, False])
def test_agents_live_and_learn(kind, plain, default):
    g, made = generator(), maze.make(5)
    agent = agents.of_kind(kind, 8, generator=g)
    agent.plain = plain
    life = agents.live(agent, made, maze.start(made, 3, g), 5, g)
    assert life.seen.dtype == default
    later = agents.live(agent, made, life.agents, 5, g, life.state)
    assert later.rewards.dtype == default
    training.train(agent.parameters(), agents.loss(agent, made, 2, 5, g), 2)


@pytest.mark.parametrize("where", smooth.ERASED)
def test_smooth_patterns_are_made_in_it(where, default):
    task = tasks.PatternCompletion(n_bits=16, **tasks.PICTURES | {"n_patterns": 2})
    episodes = smooth.smooth_episodes(task, where, 1.5, (4, 4), 3, generator())
    assert episodes.inputs.dtype == default


def test_networks_are_made_in_it_and_trained(default):
    task = tasks.PatternCompletion(n_bits=6, n_patterns=2, bias_unit=False, **tasks.ONCE)
    for network in (PlasticRNN(6, generator=generator()), ThreeNumbers()):
        history = training.train(
            network.parameters(), tasks.recall_loss(network, task, 2, generator()), 2
        )
        assert len(history.loss) == 2
        assert all(p.dtype == default for p in network.parameters())
    drawings = torch.rand(6, 3, 31, 31, generator=generator())
    network, g = OneShotNetwork(2, generator=generator()), generator()
    draw = one_shot.loss(network, lambda: one_shot.pool(drawings, 3, 2, 2, 1, 4, g))
    training.train(network.parameters(), draw, 2)
    assert handwriting.jitter(drawings[0], g).dtype == default


def test_what_takes_a_tensor_follows_it_whatever_the_default():
    g = generator()
    for dtype in (torch.float32, torch.float64):
        correlation = torch.zeros(4, dtype=dtype)
        weights, _ = spiking.compete(correlation, spiking.Neuron(), seconds=1, generator=g)
        assert weights.dtype == dtype
        x, w = torch.ones(5, 3, dtype=dtype), torch.ones(3, 2, dtype=dtype)
        assert rate.learn(x, w, rules.oja, 0.1).dtype == dtype
        assert rate.learn_units(x[None], w, rules.oja, 0.1, rate.winner).dtype == dtype
        p = memories.random_patterns(3, 20, g).to(dtype)
        for name in memories.MEMORIES:
            assert memories.complete(name, p, p, p > 0).dtype == dtype
        pictures = torch.rand(2, 7, 7, dtype=dtype)
        assert handwriting.jitter(pictures, g).dtype == dtype
    assert memories.random_patterns(3, 20, g).dtype == torch.float32


def test_checkers_accept_what_is_right():
    first_checks.hebbian(rules.hebb)
    first_checks.forgetting(lambda eta, steps: (1 - eta) ** steps)
    rule_checks.components(rules.sanger)
    maze_checks.advantages(actor_critic.advantages)
    maze_checks.steps_to_finds(lambda found: maze.steps_to_finds(found, 3)[:2])
    memory_checks.crosstalk(memories.one_step_error)
    memory_checks.attention(lambda q, k, v: (q @ k.T / q.shape[1] ** 0.5).softmax(1) @ v)
    label_checks.shares(lambda eta, n: eta * (1 - eta) ** torch.arange(n - 1, -1, -1))
    label_checks.matching(
        lambda shown, labels, asked: torch.stack(
            [shown[labels == label][0] @ asked for label in range(len(shown))]
        )
    )
