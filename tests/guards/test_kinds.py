"""Numbers, flags, parts, sizes and functions: each kind is refused in one way, wherever taken."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

import hebbnotes
from hebbnotes import (
    PlasticLinear,
    PlasticRNN,
    analysis,
    data,
    figures,
    memories,
    rules,
    run,
    run_layer,
    tasks,
    training,
)
from hebbnotes.chapters.associative_memory import wells
from hebbnotes.chapters.differentiable_plasticity import analysis as dissection
from hebbnotes.chapters.hebb_in_the_brain import calcium, weights
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.learning import actor_critic, agents
from hebbnotes.networks.baselines import LSTM, RecurrentNetwork
from hebbnotes.networks.one_shot import OneShotNetwork, convolutions
from hebbnotes.neurons import rate, spiking
from hebbnotes.tasks import maze, one_shot
from hebbnotes.tasks.patterns import PatternCompletion
from tests.guards.given import (
    AGENT,
    AX,
    EPISODES,
    GREY,
    KNOWN,
    MAZE,
    PATTERN,
    POST,
    PRE,
    SIGNS,
    SPIKES,
    SQUARE,
    STATE,
    TASK,
    G,
    W,
    X,
    frames,
    pictures,
    unrefused,
)

# -------------------------------------------------------------------- what must be a number or flag


TAKE_A_NUMBER = {
    "run, clip": lambda v: run(X, W, W, 0.1, clip=v),
    "run, eta": lambda v: run(X, W, W, v),
    "ThreeNumbers": hebbnotes.ThreeNumbers,
    "soft_winners": lambda v: rate.soft_winners(PRE, v),
    "learn": lambda v: rate.learn(X[:, 0], W, rules.hebb, v),
    "scaling": lambda v: rules.scaling(W, PRE, POST, target=v),
    "stdp": lambda v: rules.stdp(W, PRE, POST, pre_spikes=PRE, post_spikes=POST, a_plus=v),
    "weight_dependent_stdp": lambda v: weights.weight_dependent_stdp(
        W, PRE, POST, pre_spikes=PRE, post_spikes=POST, a_minus=v
    ),
    "compete": lambda v: spiking.compete(PRE, spiking.Neuron(), seconds=1, rate=v, generator=G),
    "Neuron": lambda v: spiking.Neuron(g_max=v),
    "input_gain": lambda v: PatternCompletion(input_gain=v),
    "maze.step": lambda v: maze.step(
        MAZE, maze.start(MAZE, 1, G), torch.tensor([0]), torch.rand(1).double(), reward=v
    ),
    "live": lambda v: agents.live(AGENT, MAZE, maze.start(MAZE, 2, G), 3, G, reward=v),
    "Objective": lambda v: actor_critic.Objective(entropy_weight=v),
    "modern_step": lambda v: memories.modern_step(SIGNS, SIGNS, v),
    "interval": lambda v: analysis.interval([v, 1.0]),
    "calcium": lambda v: calcium.CalciumSynapse(sent=v),
    "over_seeds": lambda v: figures.over_seeds(AX, [v, 1.0, 2.0], torch.ones(2, 3), "red", "a"),
}


@pytest.mark.parametrize("name", TAKE_A_NUMBER)
def test_what_is_no_number_that_can_be_reckoned_with_is_refused(name):
    others = (1e300, -1e31, 10**400, np.inf, np.nan, "0.1", [0.1], 1j)
    bad = {repr(given)[:9]: given for given in others}
    bad |= {} if name in ("input_gain", "run, clip") else {"None": None}  # there it says: none
    told = r"must (be|lie)|, got "
    assert not unrefused(TAKE_A_NUMBER[name], bad, (ValueError, TypeError), told)


# ------------------------------------------------------------------------ what consists of parts


def parts_of(given):
    """Yield what has one part that does not fit, with the name of the part."""
    for name in given._fields:
        part = getattr(given, name)
        others = [None, 5, "text", {}, np.ones(3)]
        if isinstance(part, torch.Tensor):
            others += [part[None], part[:0], part.to(torch.complex64), part.to("meta")]
            others += [part.to_sparse()] if part.ndim else []
        for other in others:
            yield name, given._replace(**{name: other})


READ = {"patterns", "target", "erased"}


@pytest.mark.parametrize(
    "asked",
    [
        lambda e: tasks.errors(torch.ones(2, 17), e),
        lambda e: tasks.squared_error(torch.ones(2, 17), e),
        lambda e: dissection.regress(torch.ones(2, 17), e),
        lambda e: frames["introduction"].completion(e, {"a": torch.ones(2, 17)}, (4, 4)),
    ],
)
def test_episodes_of_which_a_part_does_not_fit_are_refused_by_its_name(asked):
    for name, other in parts_of(EPISODES):
        if name in READ:
            with pytest.raises((ValueError, TypeError), match=rf"episodes\.{name} "):
                asked(other)


@pytest.mark.parametrize("kind", agents.AGENTS)
def test_a_state_that_is_not_one_of_this_agent_is_refused_wherever_it_is_taken(kind):
    agent = agents.of_kind(kind, 4, generator=G)
    state, seen = agent.rest(2), torch.zeros(3, 2, agent.n_seen)
    begin = maze.start(MAZE, 2, G)
    first = state if isinstance(state, torch.Tensor) else state[0]
    bad = [5, "text", [], (), {}, np.ones((2, 4)), agent.rest(3), first.double(), first[..., :3]]
    bad += [agent.double().rest(2), first.to_sparse(), first / 0]
    agent.float()
    for other in bad:
        for call in (
            lambda s: agent(seen, s),
            lambda s: agents.live(agent, MAZE, begin, 2, G, s),
            *((agent.erased, agent.readable) if other is not bad[6] else ()),
        ):
            with pytest.raises((ValueError, TypeError), match=r"^state (must|holds) "):
                call(other)


TAKE_A_FLAG = {
    **{
        f"PatternCompletion({name})": lambda v, name=name: PatternCompletion(**{name: v})
        for name in ("balanced", "bias_unit", "graded")
    },
    "draw": lambda v: one_shot.draw(6, 4, 2, 1, 2, G, turn=v),
    "data.fetch": lambda v: data.fetch(next(iter(data.FILES)), v),
    "data.omniglot": lambda v: data.omniglot("background", v),
    "data.cifar10": lambda v: data.cifar10("test", v),
    "maze_panel": lambda v: frames["maze"].maze_panel(
        Figure().subplots(), MAZE.walls, torch.ones(2, 2), torch.ones(2), v, "a"
    ),
    "PlasticRNN(learn_eta)": lambda v: PlasticRNN(2, learn_eta=v),
    "hopfield": lambda v: memories.hopfield(SIGNS, v),
    "pseudo_inverse": lambda v: memories.pseudo_inverse(SIGNS, v),
    "one_step_error": lambda v: memories.one_step_error(0.1, v),
    "simulated_error": lambda v: memories.simulated_error(0.1, G, stored=v, n=10),
    "run_neuron": lambda v: spiking.run_neuron(SPIKES, STATE, spiking.Neuron(), learn=v),
}


@pytest.mark.parametrize("name", TAKE_A_FLAG)
def test_what_is_neither_true_nor_false_is_refused(name):
    bad = {repr(given): given for given in ("no", "False", 5, 0, None, np.ones(2))}
    assert not unrefused(TAKE_A_FLAG[name], bad, TypeError, r"must be True or False, got")


TOO_MUCH = {
    "random_patterns": lambda: memories.random_patterns(10**7, 10**7, G),
    "PlasticRNN": lambda: PlasticRNN(10**6),
    "PlasticLinear": lambda: PlasticLinear(10**6, 10**6),
    "RecurrentNetwork": lambda: RecurrentNetwork(10**6, 0, G),
    "LSTM": lambda: LSTM(10**6, 10**6, G),
    "PatternCompletion": lambda: PatternCompletion(n_bits=10**9).sample(10**3, G),
    "maze.start": lambda: maze.start(MAZE, 10**10, G),
    "maze.find": lambda: maze.find(maze.make(1001), "walk", 1, 1, G),
    "maze.make": lambda: maze.make(100001),
    "steps_to_finds": lambda: maze.steps_to_finds(torch.ones(2, 2).bool(), 10**12),
    "correlated_spikes": lambda: spiking.correlated_spikes(
        10**12, torch.ones(1, 2), torch.zeros(2), 0.001, G
    ),
    "smooth_patterns": lambda: smooth.smooth_patterns(2, (1000, 1000), 1.0, G),
    "live": lambda: agents.live(AGENT, MAZE, maze.start(MAZE, 2, G), 10**12, G),
    "convolutions": lambda: convolutions(10**6, G),
    "draw": lambda: one_shot.draw(10**6, 10**6, 10, 1, 10**6, G),
    "compete": lambda: spiking.compete(PRE, spiking.Neuron(), seconds=10**13, generator=G),
    "maze.find, n_steps": lambda: maze.find(MAZE, "walk", 2, 10**13, G),
    "sample, cycles": lambda: PatternCompletion(n_bits=16, cycles=10**13).sample(2, G),
    "halves": lambda: pictures.halves(10**13, (4, 4), G),
    "text_pattern": lambda: tasks.text_pattern("A", (10**7, 10**7)),
    "split": lambda: one_shot.split(10**13, 3, 0),
    "with_labels": lambda: one_shot.with_labels(X, torch.zeros(2, 4).long(), 10**13),
    "RecurrentAgent": lambda: agents.RecurrentAgent(10**13, generator=G),
    "n_noise": lambda: agents.PlasticAgent(4, n_noise=10**13, generator=G),
    "rest": lambda: AGENT.rest(10**13),
    "recall": lambda: memories.recall(SQUARE, SIGNS, 10**13),
    "delta": lambda: memories.delta(SIGNS, 10**13),
    "steep_course": lambda: wells.steep_course(PATTERN, PATTERN[0], 2, 10**13, generator=G),
    "reads": lambda: hebbnotes.check.reads(rules.hebb, 0, 0, n_pre=10**7),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_more_than_memory_holds_is_refused_at_once_with_what_asks_for_it(name):
    with pytest.raises(ValueError, match=r"use a (smaller|larger)"):
        TOO_MUCH[name]()


# ------------------------------------------------------------------------------ what must be called


TAKE_A_FUNCTION = {
    "run": lambda f: run(X, W, W, 0.1, f),
    "run_layer": lambda f: run_layer(X, W, W, 0.1, f),
    "PlasticRNN": lambda f: PlasticRNN(3, f),
    "average": lambda f: rules.average(f, W, X[0], X[0]),
    "learn": lambda f: rate.learn(X[:, 0], W, f, 0.1),
    "learn_units": lambda f: rate.learn_units(X, W, f, 0.1),
    "learn_units, respond": lambda f: rate.learn_units(X, W, rules.hebb, 0.1, f),
    "CommonForm": rules.CommonForm,
    "train": lambda f: training.train([torch.ones(1, requires_grad=True)], f, 1),
    "train, schedule": lambda f: training.train(
        [torch.ones(1, requires_grad=True)], lambda update: None, 1, schedule=f
    ),
    "recall_loss": lambda f: tasks.recall_loss(f, TASK, 2, G),
    "picture_loss": lambda f: pictures.picture_loss(f, GREY, KNOWN, (4, 4), 2, G),
    "one_shot.loss": lambda f: one_shot.loss(OneShotNetwork(2, generator=G), f),
    "agents.loss": lambda f: agents.loss(AGENT, MAZE, 2, 3, G, objective=f),
    "check.local": hebbnotes.check.local,
    "check.reads": lambda f: hebbnotes.check.reads(f, 0, 0),
}


@pytest.mark.parametrize("name", TAKE_A_FUNCTION)
def test_what_cannot_be_called_is_refused(name):
    bad = {repr(given): given for given in (3, "oja", [], torch.ones(2))}
    assert not unrefused(TAKE_A_FUNCTION[name], bad, TypeError, r"must be a function .*, got ")
