"""What must be a tensor, of which shape and numbers, is refused in one way wherever it is taken."""

import contextlib

import numpy as np
import pytest
import torch

import hebbnotes
from hebbnotes import (
    PlasticLinear,
    PlasticRNN,
    analysis,
    figures,
    memories,
    rules,
    run,
    run_layer,
    tasks,
)
from hebbnotes.chapters.associative_memory import arrivals, wells
from hebbnotes.chapters.cell_types import memory as dale_memory
from hebbnotes.chapters.cell_types import spectra
from hebbnotes.chapters.differentiable_plasticity import analysis as dissection
from hebbnotes.chapters.differentiable_plasticity import autopsy
from hebbnotes.chapters.fast_evaluation import formulations
from hebbnotes.chapters.hebb_in_the_brain import weights
from hebbnotes.chapters.learning_rules import digits
from hebbnotes.chapters.natural_images import analysis as maps
from hebbnotes.chapters.natural_images.model import HalvesRNN
from hebbnotes.chapters.one_shot_learning import handwriting
from hebbnotes.chapters.three_factor_rules import matched, places
from hebbnotes.learning import actor_critic, e_prop, td
from hebbnotes.networks import dale
from hebbnotes.networks import one_shot as nets
from hebbnotes.networks.baselines import LSTM, RecurrentNetwork
from hebbnotes.networks.leaky import LeakyRNN, filter_bank, run_leaky
from hebbnotes.networks.one_shot import OneShotNetwork
from hebbnotes.neurons import rate, spiking
from hebbnotes.neurons.lif import run_lif, spike
from hebbnotes.neurons.modulated import run_modulated_neuron
from hebbnotes.tasks import maze, one_shot
from tests.guards.given import (
    AGENT,
    AX,
    EPISODES,
    ETA,
    GREY,
    LABELLED,
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

DRAWN = {  # nothing may be drawn of what does not fit
    "greys": lambda t: figures.greys([{"a": t}], (5, 5)),
    "over_seeds": lambda t: figures.over_seeds(AX, [1, 2, 3], t, "red", "a"),
    "descents": lambda t: frames["associative_memory"].descents(t, torch.tensor([True, False])),
    "ground": lambda t: frames["associative_memory"].ground({"a": t, "b": t, "c": t}),
    "ages": lambda t: frames["associative_memory"].ages({"a": t}),
    "trace_frame": lambda t: frames["differentiable_plasticity"].trace_frame(
        torch.ones(25), t, PRE, (5, 5), "a"
    ),
    "read_panels": lambda t: frames["fast_evaluation"].read_panels(
        AX, AX, torch.ones(25), torch.ones(9), t, (5, 5), 9
    ),
    "calcium_panel": lambda t: frames["hebb_in_the_brain"].calcium_panel(
        AX, torch.ones(9), t, (1.0, 1.3), {}
    ),
    "shadows_frame": lambda t: frames["hebb_in_the_brain"].shadows_frame(
        (torch.ones(9), t), (1.0, 1.3), (t, t), (t, t)
    ),
    "weights_panel": lambda t: frames["hebb_in_the_brain"].weights_panel(AX, t, 0.5, "a", [0.0]),
    "completion": lambda t: frames["introduction"].completion(EPISODES, {"a": t}, (4, 4)),
    "recall_strip": lambda t: frames["introduction"].recall_strip(t, PRE[None], (5, 5), "a"),
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
    "rules.eligibility, e": lambda t: rules.eligibility(t, W, 1.0),
    "rules.eligibility, pair": lambda t: rules.eligibility(W, t, 1.0),
    "rules.three_factor, w": lambda t: rules.three_factor(
        t, PRE, POST, modulator=POST, eligibility=W
    ),
    "rules.score": lambda t: rules.score(W, PRE, t, post_mean=POST),
    "rules.modulated_hebb": lambda t: rules.modulated_hebb(W, t, POST, modulator=POST),
    "rules.inhibitory": lambda t: rules.inhibitory(W, PRE, t),
    "rules.by_type": lambda t: rules.by_type(
        W, t, POST, pre_type=PRE.long(), post_type=POST.long()
    ),
    "rules.by_length": lambda t: rules.by_length(W, t, POST, pre_place=PRE, post_place=POST),
    "dale.project": lambda t: dale.project(t, PRE),
    "dale.common_mode": dale.common_mode,
    "dale.outlier": dale.outlier,
    "dale.centred": dale.centred,
    "dale.effective": lambda t: dale.effective(t, W, W),
    "dale.run, inputs": lambda t: dale.run(t, W, PRE.long(), 0.1),
    "dale.run, w": lambda t: dale.run(X, t, PRE.long(), 0.1),
    "DaleRNN": dale.DaleRNN(3, 1, generator=G),
    "spectrum": analysis.spectrum,
    "dale_memory.run, inputs": lambda t: dale_memory.run(t, 20.0, 1.0, 0.1),
    "dale_memory.run, clamp": lambda t: dale_memory.run(X, 20.0, 1.0, 0.1, clamp=t),
    "spectra.transplanted": lambda t: spectra.transplanted(t, SQUARE),
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
    "run_modulated_neuron, spikes": lambda t: run_modulated_neuron(
        t, X[..., 0], STATE, spiking.Neuron(), tau=1.0
    ),
    "run_modulated_neuron, modulator": lambda t: run_modulated_neuron(
        SPIKES, t, STATE, spiking.Neuron(), tau=1.0
    ),
    "rate.learn, modulator": lambda t: rate.learn(
        X[:, 0], W, rules.modulated_hebb, 0.1, modulator=t
    ),
    "run_leaky, inputs": lambda t: run_leaky(t, W, W, PRE, 3.0),
    "run_leaky, w": lambda t: run_leaky(X, t, W, PRE, 3.0),
    "run_leaky, u": lambda t: run_leaky(X, W, t, PRE, 3.0),
    "run_leaky, b": lambda t: run_leaky(X, W, W, t, 3.0),
    "filter_bank, inputs": lambda t: filter_bank(t, PRE),
    "filter_bank, tau": lambda t: filter_bank(X, t),
    "LeakyRNN": LeakyRNN(3, 3, 1, tau=3.0, generator=G),
    "run_lif, drive": lambda t: run_lif(t, W, 3.0),
    "run_lif, w": lambda t: run_lif(X, t, 3.0),
    "spike": spike,
    "e_prop.leaky, inputs": lambda t: e_prop.leaky(t, torch.ones(6, 3), 0.5),
    "e_prop.leaky, w": lambda t: e_prop.leaky(X, t, 0.5),
    "e_prop.gradient, signal": lambda t: e_prop.gradient(X, X, t, 0.5),
    "td_errors, rewards": lambda t: td.td_errors(t, torch.ones(4, 3), 0.5, trials=1),
    "td_errors, features": lambda t: td.td_errors(torch.ones(6), t, 0.5, trials=1),
    "matched.detectability": lambda t: matched.detectability(t, torch.ones(5), 1.0, 0.1),
    "matched.exponential": lambda t: matched.exponential(1.0, t),
    "places.btsp": places.btsp,
    "places.half_width": lambda t: places.half_width(torch.ones(5), t),
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
def test_what_is_no_tensor_is_refused_by_its_name_with_what_came_and_the_mend(name):
    told = r"^\S.* must (be|hold) a .*(tensor|number).*got .+: .+"
    assert not unrefused(TAKE_A_TENSOR[name], NO_TENSORS, TypeError, told)


@pytest.mark.parametrize("name", TAKE_A_TENSOR)
def test_a_tensor_of_another_shape_is_refused_and_never_spread(name):
    dtypes = (torch.float32, torch.bool) if "clamp" in name else (torch.float32,)
    bad = {
        f"{shape} in {dtype}": torch.ones(shape, dtype=dtype)
        for shape in ((1,), (1, 1), (7, 7), (2, 5, 3, 1))
        if (name, shape) not in SERVE and name.split(",")[0] not in ANY_SHAPE
        for dtype in dtypes
    }
    told = r" must |floating-point"
    assert not unrefused(TAKE_A_TENSOR[name], bad, (ValueError, TypeError), told)


ANY_SHAPE = {
    "dale.project",
    "dale.common_mode",
    "dale.outlier",
    "dale.centred",
    "spectrum",
    "spike",
    "matched.exponential",
    "places.btsp",
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
    ("filter_bank, tau", (1,)),
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


@pytest.mark.parametrize("name", [name for name in TAKE_A_TENSOR if name not in WHOLE])
def test_whole_numbers_are_refused_where_numbers_with_a_point_belong(name):
    shapes = ((3, 3), (2, 4), (4, 2, 3), (3,), (2, 17), (), (2, 3, 1))
    bad = {str(shape): torch.ones(shape, dtype=torch.long) for shape in shapes}
    told = r"nothing is cast|floating|must|precision"
    assert not unrefused(TAKE_A_TENSOR[name], bad, (TypeError, ValueError), told)


SHAPES = ((3, 3), (2, 4), (4, 2, 3), (3,), (2, 17), (), (2, 3, 1), (25,), (9,), (3, 2))


@pytest.mark.parametrize("name", TAKE_A_TENSOR)
def test_what_has_no_number_in_each_place_is_refused_or_stays_without(name):
    sparse = {str(shape): torch.ones(shape).to_sparse() for shape in SHAPES}
    assert not unrefused(TAKE_A_TENSOR[name], sparse, (TypeError, ValueError), "")
    for shape in SHAPES:
        with contextlib.suppress(TypeError, ValueError):  # and nothing else
            TAKE_A_TENSOR[name](torch.ones(shape, device="meta"))
