"""Each kind of thing that the package takes is refused in one way, wherever it is taken."""

import contextlib
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

import hebbnotes
from hebbnotes import (
    PlasticLinear,
    PlasticRNN,
    analysis,
    chapters,
    data,
    figures,
    memories,
    rules,
    run,
    run_layer,
    tasks,
    training,
)
from hebbnotes.chapters.associative_memory import arrivals, wells
from hebbnotes.chapters.differentiable_plasticity import analysis as dissection
from hebbnotes.chapters.differentiable_plasticity import autopsy, routes
from hebbnotes.chapters.fast_evaluation import formulations
from hebbnotes.chapters.hebb_in_the_brain import calcium, weights
from hebbnotes.chapters.learning_rules import digits
from hebbnotes.chapters.maze import interventions, trainings
from hebbnotes.chapters.natural_images import analysis as maps
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.chapters.natural_images.model import HalvesRNN
from hebbnotes.chapters.one_shot_learning import handwriting
from hebbnotes.chapters.one_shot_learning import readings as reading
from hebbnotes.learning import actor_critic, agents
from hebbnotes.networks import one_shot as nets
from hebbnotes.networks.baselines import LSTM, RecurrentNetwork
from hebbnotes.networks.one_shot import OneShotNetwork, PrototypicalNetwork, convolutions
from hebbnotes.neurons import rate, spiking
from hebbnotes.tasks import maze, one_shot
from hebbnotes.tasks.patterns import PatternCompletion

pictures = importlib.import_module(
    "hebbnotes.tasks.pictures"
)  # the package has a function so named
CHAPTERS = [one.name for one in pkgutil.iter_modules(chapters.__path__)]
frames = {name: importlib.import_module(f"hebbnotes.chapters.{name}.frames") for name in CHAPTERS}
AX = Figure().subplots()
TASK = PatternCompletion(n_bits=16, n_patterns=2)
GREY = PatternCompletion(n_bits=16, **{**pictures.PICTURES, "n_patterns": 2})
MAZE = maze.make(5)
G = torch.Generator().manual_seed(0)
DRAWINGS, KNOWN = torch.rand(6, 4, 31, 31), torch.rand(5, 16)
SIGNS = torch.tensor([[1.0, -1.0, 1.0, 1.0], [-1.0, -1.0, 1.0, -1.0]])
PATTERN = torch.ones(1, 4, dtype=torch.float64)
SQUARE = torch.eye(4) + 0.1
NET = PlasticRNN(17)
AGENT = agents.PlasticAgent(4, generator=torch.Generator().manual_seed(0))
LIVED = maze.start(MAZE, 2, G)

TAKE_A_GENERATOR = {
    "memories.random_patterns": lambda g: memories.random_patterns(2, 3, g),
    "memories.recall": lambda g: memories.recall(SQUARE, SIGNS, 2, generator=g),
    "memories.simulated_error": lambda g: memories.simulated_error(0.1, g, n=10),
    "analysis.shuffled": lambda g: analysis.shuffled(SQUARE, g),
    "neurons.spiking.correlated_spikes": lambda g: spiking.correlated_spikes(
        5, torch.ones(1, 2), torch.zeros(2), 0.001, g
    ),
    "neurons.spiking.compete": lambda g: spiking.compete(
        torch.zeros(2), spiking.Neuron(), seconds=1, generator=g
    ),
    "networks.baselines.RecurrentNetwork": lambda g: RecurrentNetwork(2, 1, g),
    "networks.baselines.LSTM": lambda g: LSTM(2, 1, g),
    "networks.plastic.Initial": lambda g: PlasticRNN(4, generator=g),
    "networks.one_shot.convolutions": lambda g: convolutions(4, g),
    "networks.one_shot.OneShotNetwork": lambda g: OneShotNetwork(5, generator=g),
    "networks.one_shot.PrototypicalNetwork": lambda g: PrototypicalNetwork(5, generator=g),
    "tasks.patterns.PatternCompletion.random_patterns": lambda g: TASK.random_patterns(2, g),
    "tasks.patterns.PatternCompletion.episodes": lambda g: TASK.episodes(
        TASK.random_patterns(2, G), g
    ),
    "tasks.patterns.PatternCompletion.sample": lambda g: TASK.sample(2, g),
    "tasks.patterns.recall_loss": lambda g: tasks.recall_loss(NET, TASK, 2, g),
    "tasks.pictures.halves": lambda g: pictures.halves(2, (4, 4), g),
    "tasks.pictures.pictures": lambda g: pictures.pictures(GREY, KNOWN, (4, 4), 2, g),
    "tasks.pictures.picture_loss": lambda g: pictures.picture_loss(NET, GREY, KNOWN, (4, 4), 2, g),
    "tasks.maze.start": lambda g: maze.start(MAZE, 2, g),
    "tasks.maze.find": lambda g: maze.find(MAZE, "walk", 2, 3, g),
    "tasks.one_shot.draw": lambda g: one_shot.draw(6, 4, 2, 1, 2, g),
    "tasks.one_shot.episodes": lambda g: one_shot.episodes(DRAWINGS, 2, 1, 2, g),
    "tasks.one_shot.pool": lambda g: one_shot.pool(DRAWINGS, 3, 2, 2, 1, 2, g),
    "learning.training.train": lambda g: training.train(
        [torch.ones(1, requires_grad=True)], lambda update: None, 1, generator=g
    ),
    "learning.agents.kinds.PlasticAgent": lambda g: agents.PlasticAgent(4, generator=g),
    "learning.agents.kinds.RecurrentAgent": lambda g: agents.RecurrentAgent(4, generator=g),
    "learning.agents.kinds.LSTMAgent": lambda g: agents.LSTMAgent(4, generator=g),
    "learning.agents.kinds.of_kind": lambda g: agents.of_kind("lstm", 4, generator=g),
    "learning.agents.lives.live": lambda g: agents.live(AGENT, MAZE, maze.start(MAZE, 2, G), 3, g),
    "learning.agents.lives.loss": lambda g: agents.loss(AGENT, MAZE, 2, 3, g),
    "chapters.differentiable_plasticity.routes.RouteNetwork": lambda g: routes.RouteNetwork(
        routes.Route(), g
    ),
    "chapters.differentiable_plasticity.analysis.ablations": lambda g: dissection.ablations(
        SQUARE, SQUARE, g
    ),
    "chapters.associative_memory.wells.halves": lambda g: wells.halves(PATTERN, 2, g),
    "chapters.associative_memory.wells.steep_course": lambda g: wells.steep_course(
        PATTERN, PATTERN[0], 2, 1, generator=g
    ),
    "chapters.associative_memory.wells.walk": lambda g: wells.walk(PATTERN[0], -PATTERN[0], g),
    "chapters.hebb_in_the_brain.calcium.rate_change": lambda g: calcium.rate_change(
        10.0, torch.ones(1), calcium.CalciumSynapse(), seconds=0.1, generator=g
    ),
    "chapters.hebb_in_the_brain.weights.grow": lambda g: weights.grow(
        None, torch.zeros(4), spiking.Neuron(), seconds=1, runs=1, generator=g
    ),
    "chapters.natural_images.analysis.simpler_alphas": lambda g: maps.simpler_alphas(SQUARE, 2, g),
    "chapters.natural_images.model.HalvesRNN": lambda g: HalvesRNN(4, 4, eta=0.1, generator=g),
    "chapters.natural_images.smooth.smooth_patterns": lambda g: smooth.smooth_patterns(
        2, (4, 4), 1.0, g
    ),
    "chapters.natural_images.smooth.smooth_episodes": lambda g: smooth.smooth_episodes(
        GREY, "half", 1.0, (4, 4), 2, g
    ),
    "chapters.one_shot_learning.handwriting.jitter": lambda g: handwriting.jitter(DRAWINGS[0], g),
    "chapters.one_shot_learning.readings.answers": lambda g: reading.answers(
        None, torch.ones(4, 3, 5, 6), 2, 1, 2, g
    ),
    "chapters.maze.interventions.recorded": lambda g: interventions.recorded(AGENT, MAZE, 2, 3, g),
    "chapters.maze.interventions.elsewhere": lambda g: interventions.elsewhere(MAZE, LIVED, g),
    "chapters.maze.interventions.live_gated": lambda g: interventions.live_gated(
        AGENT, MAZE, LIVED, 2, g, lambda since, finds: since > 0
    ),
    "chapters.maze.trainings.agent": lambda g: trainings.agent(trainings.Alone(), g),
}
MAY_DO_WITHOUT = {"memories.recall", "networks.plastic.Initial", "learning.training.train"}


def takers():
    """Yield what takes a generator, in all modules that compute."""
    for module in pkgutil.walk_packages(hebbnotes.__path__, "hebbnotes."):
        name = module.name.removeprefix("hebbnotes.")
        last = name.split(".")[-1]
        if name.startswith("experiments") or last in ("experiments", "__main__", "checkpoints"):
            continue
        if last in ("benchmark", "loops", "compiled_lives"):
            continue
        for key, value in vars(importlib.import_module(module.name)).items():
            if getattr(value, "__module__", None) != module.name or key.startswith("_"):
                continue
            if inspect.isclass(value):
                for inner, method in vars(value).items():
                    public = inspect.isfunction(method) and not inner.startswith("_")
                    if public and "generator" in inspect.signature(method).parameters:
                        yield f"{name}.{key}.{inner}"
            if callable(value) and "generator" in inspect.signature(value).parameters:
                yield f"{name}.{key}"


def test_whatever_takes_a_generator_is_listed():
    assert {*takers()} == {*TAKE_A_GENERATOR}


@pytest.mark.parametrize("name", TAKE_A_GENERATOR)
@pytest.mark.parametrize("given", [None, 0, 3, 1.5, "a", np.random.default_rng(0)], ids=str)
def test_what_is_no_generator_is_refused_with_the_mend(name, given):
    if given is None and name in MAY_DO_WITHOUT:
        return
    before = torch.get_rng_state()
    with pytest.raises(
        TypeError, match=r"generator must be a torch.Generator.*, got .*: use torch"
    ):
        TAKE_A_GENERATOR[name](given)
    assert torch.equal(torch.get_rng_state(), before)


# ------------------------------------------------------------- what belongs where a tensor is taken


X, W = torch.zeros(4, 2, 3), torch.zeros(3, 3)
PRE, POST = torch.ones(3), torch.ones(3)
EPISODES, LABELLED = TASK.sample(2, G), one_shot.episodes(DRAWINGS, 2, 1, 2, G)
STATE = spiking.NeuronState.at_rest(torch.full((2, 3, 1), 0.5), spiking.Neuron())
SPIKES = torch.zeros(4, 2, 3)
ETA = torch.tensor(0.1)
DRAWN = {  # nothing may be drawn of what does not fit
    "greys": lambda t: figures.greys([{"a": t}], (5, 5)),
    "over_seeds": lambda t: figures.over_seeds(AX, [1, 2, 3], t, "red", "a"),
    "descents": lambda t: frames["associative_memory"].descents(t, torch.tensor([True, False])),
    "ground": lambda t: frames["associative_memory"].ground({"a": t, "b": t, "c": t}),
    "ages": lambda t: frames["associative_memory"].ages({"a": t}),
    "melting": lambda t: frames["associative_memory"].melting_frame(t, (5, 5), [1], [1], 0),
    "trace_frame": lambda t: frames["differentiable_plasticity"].trace_frame(
        torch.ones(25), t, PRE, (5, 5), "a"
    ),
    "read_frame": lambda t: frames["fast_evaluation"].read_frame(
        torch.ones(25), torch.ones(9), t, (5, 5), 9
    ),
    "calcium_panel": lambda t: frames["hebb_in_the_brain"].calcium_panel(
        AX, torch.ones(9), t, (1.0, 1.3), {}
    ),
    "shadows_frame": lambda t: frames["hebb_in_the_brain"].shadows_frame(
        (torch.ones(9), t), (1.0, 1.3), (t, t), (t, t)
    ),
    "weights_panel": lambda t: frames["hebb_in_the_brain"].weights_panel(AX, t, 0.5, "a", [0.0]),
    "completion": lambda t: frames["introduction"].completion(EPISODES, {"a": t}, (4, 4)),
    "recall_frame": lambda t: frames["introduction"].recall_frame(t, PRE, (5, 5), "a"),
    "fields": lambda t: frames["learning_rules"].fields({"a": t}, (5, 5)),
    "worth": lambda t: frames["learning_rules"].worth([1, 2, 3], {"a": {"random": t}}, 8.0),
    "answers": lambda t: frames["one_shot_learning"].answers(LABELLED, t),
}
TAKE_A_TENSOR = {
    **{
        f"rules.{rule.__name__}, {what}": lambda t, rule=rule, what=what: rule(
            **({"w": W, "pre": PRE, "post": POST} | {what: t})
        )
        for rule in (rules.hebb, rules.decay, rules.oja, rules.competitive, rules.sanger)
        for what in ("w", "pre", "post")
    },
    "rules.scaling": lambda t: rules.scaling(W, PRE, t),
    "rules.bcm": lambda t: rules.bcm(W, PRE, POST, threshold=t),
    "rules.sliding_threshold": lambda t: rules.sliding_threshold(t, POST),
    "rules.average, w": lambda t: rules.average(rules.hebb, t, X[0], X[0]),
    "rules.average, pre": lambda t: rules.average(rules.hebb, W, t, X[0]),
    "run, inputs": lambda t: run(t, W, W, 0.1),
    "run, w": lambda t: run(X, t, W, 0.1),
    "run, alpha": lambda t: run(X, W, t, 0.1),
    "run, eta": lambda t: run(X, W, W, t),
    "run, clamp": lambda t: run(X, W, W, 0.1, clamp=t),
    "run_layer, inputs": lambda t: run_layer(t, W, W, 0.1),
    "run_layer, w": lambda t: run_layer(X, t, W, 0.1),
    "PlasticLinear, targets": lambda t: PlasticLinear(3, 3)(X, None, t, X.bool()),
    "PlasticRNN": PlasticRNN(3),
    "ThreeNumbers": hebbnotes.ThreeNumbers(),
    "RecurrentNetwork": RecurrentNetwork(3, 1, G),
    "LSTM": LSTM(3, 1, G),
    "HalvesRNN": HalvesRNN(3, 3, eta=0.1, generator=G),
    "OneShotNetwork": OneShotNetwork(2, generator=G),
    "OneShotNetwork.ask, pictures": lambda t: OneShotNetwork(2, generator=G).ask(
        t, torch.tensor([[0], [1]]), torch.eye(2)[:, None], torch.tensor([2])
    ),
    "rate.winner": rate.winner,
    "rate.soft_winners": rate.soft_winners,
    "rate.learn, inputs": lambda t: rate.learn(t, W, rules.hebb, 0.1),
    "rate.learn, w": lambda t: rate.learn(X[:, 0], t, rules.hebb, 0.1),
    "rate.learn, eta": lambda t: rate.learn(X[:, 0], W, rules.hebb, t),
    "rate.learn_units, inputs": lambda t: rate.learn_units(t, W, rules.hebb, 0.1),
    "rate.learn_units, w": lambda t: rate.learn_units(X, t, rules.hebb, 0.1),
    "rate.learn_units, eta": lambda t: rate.learn_units(X, W, rules.hebb, t),
    "rate.learn_bcm, threshold": lambda t: rate.learn_bcm(X[:, 0], W, t, 0.1, 2.0),
    "rate.learn_bcm, tau": lambda t: rate.learn_bcm(X[:, 0], W, POST, 0.1, t),
    "rate.oja_flow": lambda t: rate.oja_flow(t, PRE, torch.ones(1)),
    "spiking.stdp_window": lambda t: spiking.stdp_window(t, spiking.Neuron()),
    "spiking.compete": lambda t: spiking.compete(t, spiking.Neuron(), seconds=1, generator=G),
    "spiking.correlated_spikes": lambda t: spiking.correlated_spikes(3, t, PRE, 0.001, G),
    "spiking.run_neuron": lambda t: spiking.run_neuron(t, STATE, spiking.Neuron()),
    "spiking.at_rest": lambda t: spiking.NeuronState.at_rest(t, spiking.Neuron()),
    "tasks.errors": lambda t: tasks.errors(t, EPISODES),
    "tasks.squared_error": lambda t: tasks.squared_error(t, EPISODES),
    "tasks.episodes": lambda t: TASK.episodes(t, G),
    "tasks.pictures": lambda t: pictures.pictures(GREY, t, (4, 4), 2, G),
    "one_shot.correct": lambda t: one_shot.correct(t, LABELLED),
    "one_shot.with_labels": lambda t: one_shot.with_labels(X, t, 2),
    "one_shot.shrink": one_shot.shrink,
    "one_shot.episodes": lambda t: one_shot.episodes(t, 2, 1, 2, G),
    "jitter": lambda t: handwriting.jitter(t, G),
    "maze.steps_to_finds": lambda t: maze.steps_to_finds(t, 2),
    "memories.hopfield": memories.hopfield,
    "memories.delta": memories.delta,
    "memories.pseudo_inverse": memories.pseudo_inverse,
    "memories.energy, w": lambda t: memories.energy(t, SIGNS),
    "memories.energy, state": lambda t: memories.energy(SQUARE, t),
    "memories.recall, w": lambda t: memories.recall(t, SIGNS, 2),
    "memories.recall, state": lambda t: memories.recall(SQUARE, t, 2),
    "memories.dense_step": lambda t: memories.dense_step(SIGNS, t),
    "memories.modern_step": lambda t: memories.modern_step(SIGNS, t, 1.0),
    "memories.complete": lambda t: memories.complete("modern", SIGNS, t, SIGNS > 0),
    "memories.complete, clamp": lambda t: memories.complete("Hopfield", SIGNS, SIGNS, t),
    "actor_critic.returns": lambda t: actor_critic.returns(t, 0.9),
    "actor_critic.advantages": lambda t: actor_critic.advantages(t, X[..., 0], 0.9),
    "actor_critic.loss": lambda t: actor_critic.loss(t, X[..., 0], X[..., 0].long(), X[..., 0]),
    "agent": AGENT,
    "participation_ratio": analysis.participation_ratio,
    "decoded": lambda t: analysis.decoded(t, torch.rand(40, 1)),
    "of_rank": lambda t: analysis.of_rank(t, 1),
    "independent_pixels": maps.independent_pixels,
    "ablations": lambda t: dissection.ablations(t, SQUARE, G),
    "regress": lambda t: dissection.regress(t, EPISODES),
    "rate.linear": rate.linear,
    "digits.wrong, known": lambda t: digits.wrong((t, PRE.long()), (W, PRE.long())),
    "digits.wrong, new": lambda t: digits.wrong((W, PRE.long()), (t, PRE.long())),
    "matching, shown": lambda t: nets.matching(t, X, X[0], W, 0.1, 0.1, rules.oja.forget),
    "matching, targets": lambda t: nets.matching(X, t, X[0], W, 0.1, 0.1, rules.oja.forget),
    "matching, asked": lambda t: nets.matching(X, X, t, W, 0.1, 0.1, rules.oja.forget),
    "wells.halves": lambda t: wells.halves(t, 2, G),
    "wells.pulls, patterns": lambda t: wells.pulls(t, SIGNS),
    "wells.pulls, state": lambda t: wells.pulls(SIGNS, t),
    "wells.ends": wells.ends,
    "wells.walk": lambda t: wells.walk(t, SIGNS[0], G),
    "wells.walk, end": lambda t: wells.walk(SIGNS[0], t, G),
    "wells.height, w": lambda t: wells.height(t, SIGNS),
    "wells.height, states": lambda t: wells.height(SQUARE, t),
    "wells.steep_energy": lambda t: wells.steep_energy(t, SIGNS, 2),
    "wells.steep_step": lambda t: wells.steep_step(SIGNS, t, 2),
    "wells.steep_course": lambda t: wells.steep_course(t, SIGNS[0], 2, 1, G),
    "arrivals.faded": lambda t: arrivals.faded(t, 0.1),
    "arrivals.by_age": lambda t: arrivals.by_age(SQUARE, t, 1),
    "arrivals.last_letters": lambda t: arrivals.last_letters(rules.hebb, t, 0, 1),
    "autopsy, w": lambda t: autopsy.autopsy(t, torch.eye(17), 0.1, TASK, 1, 0),
    "autopsy, alpha": lambda t: autopsy.autopsy(torch.eye(17), t, 0.1, TASK, 1, 0),
    "published": lambda t: formulations.published(X[:, :1], X[:, :1] > 0, t, W, ETA, rules.oja),
    "batched": lambda t: formulations.batched(t, X > 0, W, W, ETA, rules.oja),
    "loop": lambda t: formulations.loop(X[:, :1], X[:, :1] > 0, t, W, ETA, rules.oja, "free", True),
    "weights.grow": lambda t: weights.grow(
        None, t, spiking.Neuron(), seconds=1, runs=1, generator=G
    ),
    "weights.voltage": lambda t: weights.voltage(t, PRE, spiking.Neuron()),
    "weight_dependent_stdp": lambda t: weights.weight_dependent_stdp(
        W, PRE, POST, pre_spikes=PRE, post_spikes=t
    ),
    **{f"frames, {name}": drawn for name, drawn in DRAWN.items()},
}
NO_TENSORS = {
    "an array": np.ones((3, 3), np.float32),
    "a list": [[1.0, 2.0]],
    "a text": "w",
    "a dict": {},
}


@pytest.mark.parametrize("name", TAKE_A_TENSOR)
@pytest.mark.parametrize("what", NO_TENSORS)
def test_what_is_no_tensor_is_refused_by_its_name_with_what_came_and_the_mend(name, what):
    with pytest.raises(TypeError, match=r"^\S.* must (be|hold) a .*(tensor|number).*got .+: .+"):
        TAKE_A_TENSOR[name](NO_TENSORS[what])


@pytest.mark.parametrize("name", TAKE_A_TENSOR)
def test_a_tensor_of_another_shape_is_refused_and_never_spread(name):
    for shape in ((1,), (1, 1), (7, 7), (2, 5, 3, 1)):
        if (name, shape) in SERVE or name.split(",")[0] in ANY_SHAPE:
            continue
        for given in (torch.ones(shape), torch.ones(shape, dtype=torch.bool)):
            if given.dtype == torch.bool and "clamp" not in name:
                continue
            with pytest.raises((ValueError, TypeError), match=r" must |floating-point"):
                TAKE_A_TENSOR[name](given)


ANY_SHAPE = {
    "spiking.stdp_window",
    "participation_ratio",
    "rate.soft_winners",
    "rate.winner",
    "of_rank",
    "ThreeNumbers",
    "actor_critic.returns",
    "one_shot.shrink",
    "memories.hopfield",
    "memories.delta",
    "memories.pseudo_inverse",
    "spiking.compete",
    "jitter",
    "rate.linear",
    "wells.halves",
    "wells.ends",
    "arrivals.faded",
    "arrivals.last_letters",
    "weights.grow",
}
SERVE = {  # what may be spread over the cells, is a shape that fits, or is fine by chance
    ("rules.bcm", (1,)),
    ("weight_dependent_stdp", (1,)),
    ("rate.learn, eta", (1,)),
    ("rate.learn, eta", (1, 1)),
    ("rate.learn_bcm, tau", (1,)),
    ("independent_pixels", (1, 1)),
    ("independent_pixels", (7, 7)),
    *(("frames, ground", (n,)) for n in (1, 7)),
    *(("frames, trace_frame", (n, n)) for n in (1, 7)),
    ("frames, weights_panel", (1,)),
}


WHOLE = {  # these are, or do as well
    "maze.steps_to_finds",
    "one_shot.with_labels",
    "one_shot.shrink",
    "rules.bcm",
    "weight_dependent_stdp",
    "rate.learn, eta",
    "rate.learn_bcm, tau",
}


@pytest.mark.parametrize("name", TAKE_A_TENSOR)
def test_whole_numbers_are_refused_where_numbers_with_a_point_belong(name):
    if name in WHOLE:
        return
    for shape in ((3, 3), (2, 4), (4, 2, 3), (3,), (2, 17), (), (2, 3, 1)):
        with pytest.raises(
            (TypeError, ValueError), match=r"nothing is cast|floating|must|precision"
        ):
            TAKE_A_TENSOR[name](torch.ones(shape, dtype=torch.long))


SHAPES = ((3, 3), (2, 4), (4, 2, 3), (3,), (2, 17), (), (2, 3, 1), (25,), (9,), (3, 2))


@pytest.mark.parametrize("name", TAKE_A_TENSOR)
@pytest.mark.parametrize("make", [torch.Tensor.to_sparse, lambda t: t.to("meta")], ids=["a", "b"])
def test_what_has_no_number_in_each_place_is_refused_or_stays_without(name, make):
    for shape in SHAPES:
        given = make(torch.ones(shape))
        with contextlib.suppress(TypeError, ValueError):  # and nothing else
            TAKE_A_TENSOR[name](given)
            assert given.is_meta, "what is sparse is never taken"


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
@pytest.mark.parametrize("given", [1e300, -1e31, 10**400, np.inf, np.nan, "0.1", None, [0.1], 1j])
def test_what_is_no_number_that_can_be_reckoned_with_is_refused(name, given):
    if given is None and name in ("input_gain", "run, clip"):
        return  # none
    with pytest.raises((ValueError, TypeError), match=r"must (be|lie)|, got "):
        TAKE_A_NUMBER[name](given)


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
@pytest.mark.parametrize("given", ["no", "False", 5, 0, None, np.ones(2)], ids=str)
def test_what_is_neither_true_nor_false_is_refused(name, given):
    with pytest.raises(TypeError, match=r"must be True or False, got"):
        TAKE_A_FLAG[name](given)


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
@pytest.mark.parametrize("given", [3, "oja", [], torch.ones(2)], ids=str)
def test_what_cannot_be_called_is_refused(name, given):
    with pytest.raises(TypeError, match=r"must be a function .*, got "):
        TAKE_A_FUNCTION[name](given)
