"""Whatever takes a generator is known, and refuses what is none."""

import importlib
import inspect
import pkgutil
import typing
from pathlib import Path

import numpy as np
import pytest
import torch

import hebbnotes
from hebbnotes import ModulatedRNN, PlasticRNN, analysis, memories, rules, tasks, training
from hebbnotes.arena import scores, streams
from hebbnotes.arena.memories import Buffer
from hebbnotes.chapters.associative_memory import wells
from hebbnotes.chapters.cell_types import balanced, spectra
from hebbnotes.chapters.credit_assignment import theory as credit
from hebbnotes.chapters.credit_assignment.trained import networks as told
from hebbnotes.chapters.credit_assignment.trained import ways
from hebbnotes.chapters.differentiable_plasticity import analysis as dissection
from hebbnotes.chapters.differentiable_plasticity import routes
from hebbnotes.chapters.fast_weights_and_attention import silent, sparse
from hebbnotes.chapters.fast_weights_and_attention.measured import costs
from hebbnotes.chapters.fast_weights_and_attention.trained import heads as trained_heads
from hebbnotes.chapters.fast_weights_and_attention.trained import memories as keyed
from hebbnotes.chapters.fast_weights_and_attention.trained import recall, recurrent, stacks
from hebbnotes.chapters.hebb_in_the_brain import calcium, weights
from hebbnotes.chapters.learning_rules import live as raising
from hebbnotes.chapters.maps import kohonen, pinwheels, sheet, wire
from hebbnotes.chapters.maze import interventions
from hebbnotes.chapters.natural_images import analysis as maps
from hebbnotes.chapters.natural_images import smooth
from hebbnotes.chapters.natural_images.model import GroupsRNN, HalvesRNN, network
from hebbnotes.chapters.neuromodulated_plasticity import model
from hebbnotes.chapters.neuromodulation_at_work.cues import lives as cue_lives
from hebbnotes.chapters.neuromodulation_at_work.cues import networks as players
from hebbnotes.chapters.neuromodulation_at_work.cues import trainings as cue_trainings
from hebbnotes.chapters.neuromodulation_at_work.language import network as reader
from hebbnotes.chapters.neuromodulation_at_work.language import text as plays
from hebbnotes.chapters.neuromodulation_at_work.maze import causal
from hebbnotes.chapters.one_shot_learning import handwriting
from hebbnotes.chapters.one_shot_learning import readings as reading
from hebbnotes.chapters.three_factor_rules import bandit, matched
from hebbnotes.chapters.three_factor_rules import pairs as poisson
from hebbnotes.chapters.time_constants import arms as clocks
from hebbnotes.chapters.time_constants import damage, many
from hebbnotes.chapters.wiring import modularity, networks, nulls, plastic
from hebbnotes.experiments import Trial
from hebbnotes.learning import agents
from hebbnotes.learning.actor_critic import Objective
from hebbnotes.learning.agents import kinds
from hebbnotes.networks import leaky
from hebbnotes.networks.baselines import LSTM, RecurrentNetwork
from hebbnotes.networks.dale import DaleRNN
from hebbnotes.networks.one_shot import OneShotNetwork, PrototypicalNetwork, convolutions
from hebbnotes.neurons import spiking
from hebbnotes.tasks import maze, one_shot
from tests.guards.given import (
    AGENT,
    DRAWINGS,
    GATED,
    GREY,
    KNOWN,
    LIVED,
    MAZE,
    NET,
    PATTERN,
    PRE,
    SIGNS,
    SQUARE,
    TASK,
    G,
    W,
    pictures,
    unrefused,
)

SIZES = (1, 3, 1)
SIMPLE = agents.ModulatedAgent(4, generator=torch.Generator().manual_seed(0))
JOINED = torch.ones(4, 4).bool().fill_diagonal_(fill_value=False)
WORLD = plastic.World("iid", "scattered")
CUES = tasks.CueReward(n_trials=1)
PLAYER = players.player("LSTM", CUES.n_inputs, G, 2)
SHOWN = streams.stream("recall", "dense", 1, G)
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
    "networks.leaky.LeakyRNN": lambda g: leaky.LeakyRNN(1, 2, 1, tau=3.0, generator=g),
    "networks.leaky.starting": lambda g: leaky.starting(1, 2, 1, "normal", g),
    "networks.plastic.Initial": lambda g: PlasticRNN(4, generator=g),
    "networks.modulated.network.ModulatedInitial": lambda g: ModulatedRNN(4, generator=g),
    "networks.dale.DaleRNN": lambda g: DaleRNN(4, 1, generator=g),
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
    "tasks.memory.reward_gated.RewardGatedMemory.sample": lambda g: GATED.sample(2, g),
    "tasks.memory.key_value.Addresses.sample": lambda g: tasks.Addresses().sample(2, g),
    "tasks.memory.key_value.Rebinding.sample": lambda g: tasks.Rebinding(2, 2).sample(2, g),
    "tasks.memory.cue_reward.CueReward.sample": lambda g: CUES.sample(2, g),
    "tasks.timing.intervals.Intervals.sample": lambda g: tasks.Intervals().sample(2, g),
    "tasks.timing.intervals.TwoClocks.sample": lambda g: tasks.TwoClocks().sample(2, g),
    "tasks.timing.templates.Templates.sample": lambda g: tasks.Templates().sample(2, g),
    "tasks.timing.store_recall.StoreRecall.sample": lambda g: tasks.StoreRecall().sample(2, g),
    "tasks.choices.one_step.OneStep.sample": lambda g: tasks.OneStep().sample(2, g),
    "tasks.maze.start": lambda g: maze.start(MAZE, 2, g),
    "tasks.maze.find": lambda g: maze.find(MAZE, "walk", 2, 3, g),
    "tasks.one_shot.draw": lambda g: one_shot.draw(6, 4, 2, 1, 2, g),
    "tasks.one_shot.episodes": lambda g: one_shot.episodes(DRAWINGS, 2, 1, 2, g),
    "tasks.one_shot.pool": lambda g: one_shot.pool(DRAWINGS, 3, 2, 2, 1, 2, g),
    "arena.streams.stream": lambda g: streams.stream("recall", "dense", 2, g),
    "arena.streams.Code.keys": lambda g: streams.CODES["sparse"].keys(2, 1, g),
    "arena.streams.Code.values": lambda g: streams.CODES["dense"].values(2, 1, g),
    "arena.scores.overlaps": lambda g: scores.overlaps(Buffer(), SHOWN, g),
    "learning.training.train": lambda g: training.train(
        [torch.ones(1, requires_grad=True)], lambda update: None, 1, generator=g
    ),
    "learning.agents.kinds.PlasticAgent": lambda g: agents.PlasticAgent(4, generator=g),
    "learning.agents.kinds.RecurrentAgent": lambda g: agents.RecurrentAgent(4, generator=g),
    "learning.agents.kinds.LSTMAgent": lambda g: agents.LSTMAgent(4, generator=g),
    "learning.agents.kinds.drawn": lambda g: kinds.drawn(0.1, (2, 3), g),
    "learning.agents.modulated.ModulatedAgent": lambda g: agents.ModulatedAgent(4, generator=g),
    "learning.agents.modulated.RetroactiveAgent": lambda g: agents.RetroactiveAgent(4, generator=g),
    "learning.agents.named.of_kind": lambda g: agents.of_kind("lstm", 4, generator=g),
    "learning.agents.lives.live": lambda g: agents.live(AGENT, MAZE, maze.start(MAZE, 2, G), 3, g),
    "learning.agents.lives.loss": lambda g: agents.loss(AGENT, MAZE, 2, 3, g),
    "chapters.cell_types.spectra.gaussian": lambda g: spectra.gaussian(4, g),
    "chapters.cell_types.spectra.balanced": lambda g: spectra.balanced(5, g),
    "chapters.cell_types.spectra.lognormal": lambda g: spectra.lognormal(5, g),
    "chapters.cell_types.spectra.dann": lambda g: spectra.dann(5, g),
    "chapters.cell_types.spectra.draw": lambda g: spectra.draw("no signs", 5, g),
    "chapters.cell_types.spectra.Plain.start": lambda g: spectra.ARMS["signs"].start(5, g),
    "chapters.cell_types.spectra.Centred.start": lambda g: spectra.ARMS["matched"].start(5, g),
    "chapters.cell_types.balanced.simulate": lambda g: balanced.simulate(
        balanced.Balanced(k=2), g, n=10, sweeps=2
    ),
    "chapters.cell_types.balanced.tuned": lambda g: balanced.tuned(g, steps=1, every=1),
    "chapters.cell_types.balanced.circuit": lambda g: balanced.circuit(balanced.Circuit(), g),
    "chapters.cell_types.balanced.gated": balanced.gated,
    "chapters.fast_weights_and_attention.trained.heads.begin": lambda g: trained_heads.begin(
        tasks.Addresses(4, 2, 2), trained_heads.Heads("linear", 1), g
    ),
    "chapters.fast_weights_and_attention.trained.memories.Linear.begin": lambda g: keyed.Linear(
        2, 3
    ).begin(g),
    "chapters.fast_weights_and_attention.trained.recall.Arm.begin": recall.ARMS["delta"].begin,
    "chapters.fast_weights_and_attention.trained.recurrent.Plastic.begin": lambda g: (
        recurrent.Plastic(2, 3).begin(g)
    ),
    "chapters.fast_weights_and_attention.trained.recurrent.Cells.begin": lambda g: recurrent.Cells(
        2, 3
    ).begin(g),
    "chapters.fast_weights_and_attention.trained.stacks.descend": lambda g: stacks.descend(
        Trial(0, Path()), stacks.Stack({"b": torch.ones(2)}, (0.1,)), lambda p: p["b"], 1, g, ""
    ),
    "chapters.fast_weights_and_attention.trained.stacks.normal": lambda g: stacks.normal((2, 3), g),
    "chapters.credit_assignment.theory.perturbations": lambda g: credit.perturbations(PRE, 2, g),
    "chapters.credit_assignment.trained.networks.normal": lambda g: told.normal(2, 3, 1.0, g),
    "chapters.credit_assignment.trained.networks.begin": lambda g: told.begin((2, 3), g),
    "chapters.credit_assignment.trained.networks.Learner.begin": lambda g: ways.Sweep().begin(
        (2, 3), g
    ),
    "chapters.credit_assignment.trained.networks.Learner.step": lambda g: ways.Sweep().step(
        told.Net([W.unsqueeze(0)], []), PRE[:2], PRE, [PRE[:1]], g
    ),
    "chapters.credit_assignment.trained.ways.WeightNoise.chance": lambda g: (
        ways.WeightNoise().chance(told.begin((2, 3), G), 2, PRE, g)
    ),
    "chapters.differentiable_plasticity.routes.RouteNetwork": lambda g: routes.RouteNetwork(
        routes.Route(), g
    ),
    "chapters.differentiable_plasticity.analysis.ablations": lambda g: dissection.ablations(
        SQUARE, SQUARE, g
    ),
    "chapters.fast_weights_and_attention.silent.recalled": lambda g: silent.recalled(
        silent.Assemblies(), silent.Cued(), 0.0, 2, g
    ),
    "chapters.fast_weights_and_attention.sparse.errors_of": lambda g: sparse.errors_of(
        rules.hebb, tasks.Rebinding(2, 2), 1.0, 2, g
    ),
    "chapters.fast_weights_and_attention.measured.costs.seconds": lambda g: costs.seconds(
        "Hebb, loop", 2, 3, 2, g
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
    "chapters.wiring.modularity.modularity": lambda g: modularity.modularity(JOINED, g),
    "chapters.wiring.modularity.random_graph": lambda g: modularity.random_graph(4, 2, g),
    "chapters.wiring.copies.swaps.swap": lambda g: modularity.swap(JOINED, g),
    "chapters.wiring.modularity.compared": lambda g: modularity.compared(
        JOINED, [JOINED, JOINED], torch.ones(4, 4), g
    ),
    "chapters.wiring.modularity.decompose": lambda g: modularity.decompose(
        JOINED, torch.ones(4, 4), g, nulls=2
    ),
    "chapters.wiring.nulls.histogram.swap_counts": lambda g: nulls.swap_counts(
        JOINED, g, torch.ones(4, 4)
    ),
    "chapters.wiring.nulls.planted.planted": lambda g: nulls.planted(
        JOINED, torch.zeros(4).long(), g, torch.ones(4, 4), 0.5
    ),
    "chapters.wiring.nulls.beside.beside": lambda g: nulls.beside(JOINED, torch.ones(4, 4), g),
    "chapters.wiring.nulls.beside.plant": lambda g: nulls.plant(JOINED, torch.ones(4, 4), g),
    "chapters.wiring.networks.begin": lambda g: networks.begin((2, 3, 1), 1, g),
    "chapters.wiring.networks.measured": lambda g: networks.measured(
        networks.Trained(),
        networks.begin((8, 64, 4), 1, G),
        tasks.OneStep().sample(2, G),
        g,
    ),
    "chapters.wiring.plastic.draw_patterns": lambda g: plastic.draw_patterns(WORLD, 2, g),
    "chapters.wiring.plastic.draw_gaps": lambda g: plastic.draw_gaps(WORLD, 2, g),
    "chapters.wiring.plastic.mask": lambda g: plastic.mask("random 8", torch.ones(9, 9), g),
    "chapters.wiring.plastic.paid": lambda g: plastic.paid({}, WORLD, [], 2, g),
    "chapters.wiring.plastic.completed": lambda g: plastic.completed({}, WORLD, 2, g),
    "chapters.learning_rules.live.raised": lambda g: raising.raised("oja", 0.0, g, steps=2),
    "chapters.natural_images.analysis.simpler_alphas": lambda g: maps.simpler_alphas(SQUARE, 2, g),
    "chapters.natural_images.analysis.with_simpler_alphas": lambda g: maps.with_simpler_alphas(
        NET, [pictures.pictures(GREY, KNOWN, (4, 4), 2, G)], g
    ),
    "chapters.natural_images.smooth.noise_network": lambda g: smooth.noise_network(
        "and both", GREY, 0.1, g
    ),
    "chapters.natural_images.model.network": lambda g: network("full", GREY, 0.1, g),
    "chapters.natural_images.model.HalvesRNN": lambda g: HalvesRNN(4, 4, eta=0.1, generator=g),
    "chapters.natural_images.model.GroupsRNN": lambda g: GroupsRNN(
        torch.zeros(4, 4).long(), torch.ones(1), eta=0.1, generator=g
    ),
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
    "chapters.three_factor_rules.bandit.problem": lambda g: bandit.problem(2, 1, g),
    "chapters.three_factor_rules.bandit.learn": lambda g: bandit.learn(
        bandit.problem(1, 1, G), rules.hebb, 0.1, trials=1, generator=g
    ),
    "chapters.three_factor_rules.bandit.told_alone": lambda g: bandit.told_alone(
        bandit.problem(1, 1, G), "error", 0.1, trials=1, generator=g
    ),
    "chapters.three_factor_rules.pairs.spikes": lambda g: poisson.spikes(poisson.Pairs(), 1.0, g),
    "chapters.three_factor_rules.pairs.grown": lambda g: poisson.grown(
        poisson.Pairs(), poisson.Learner(), 1, 1.0, g
    ),
    "chapters.three_factor_rules.matched.simulated": lambda g: matched.simulated(
        torch.ones(1), torch.ones(2), 1.0, g
    ),
    "chapters.three_factor_rules.matched.with_spikes": lambda g: matched.with_spikes(
        torch.ones(1), 1.0, poisson.Pairs(), seconds=5.0, generator=g
    ),
    "chapters.maps.kohonen.sheet": lambda g: kohonen.sheet((4, 4), g),
    "chapters.maps.kohonen.stimuli": lambda g: kohonen.stimuli(1, 2, (4, 4), 1.0, g),
    "chapters.maps.pinwheels.phase_shuffled": lambda g: pinwheels.phase_shuffled(SQUARE + 0j, g),
    "chapters.maps.pinwheels.ring_field": lambda g: pinwheels.ring_field(8, 4.0, 0.1, g),
    "chapters.maps.wire.random_layout": lambda g: wire.random_layout(8, 2, g),
    "chapters.maps.wire.anneal": lambda g: wire.anneal(
        torch.arange(8) % 2, torch.ones(2), 1 - torch.eye(8), g, sweeps=1
    ),
    "chapters.maps.sheet.SheetNet": lambda g: sheet.SheetNet(2, (2, 2), 2, g),
    "chapters.maps.sheet.LocalNet": lambda g: sheet.LocalNet(8, g),
    "chapters.maps.sheet.topographic_loss": lambda g: sheet.topographic_loss(
        sheet.SheetNet(2, (2, 2), 2, G),
        torch.ones(2, 2),
        torch.tensor([0, 1]),
        1 - torch.eye(4),
        0.1,
        g,
    ),
    "chapters.maps.sheet.scattered": lambda g: sheet.scattered(4, 0.5, g),
    "chapters.maze.interventions.recorded": lambda g: interventions.recorded(AGENT, MAZE, 2, 3, g),
    "chapters.maze.interventions.live_gated": lambda g: interventions.live_gated(
        AGENT, MAZE, LIVED, 2, g, lambda since, finds: since > 0
    ),
    "chapters.neuromodulation_at_work.maze.causal.shuffled": lambda g: causal.shuffled(W, g),
    "chapters.neuromodulation_at_work.maze.causal.live_told": lambda g: causal.live_told(
        SIMPLE, MAZE, 2, g, lambda t, own, *_: own, 2
    ),
    "chapters.time_constants.many.Leaky.begin": lambda g: many.Leaky().begin(
        SIZES, PRE, "none", "normal", g
    ),
    "chapters.time_constants.many.GRU.begin": lambda g: many.GRU().begin(SIZES, 0, g),
    "chapters.time_constants.many.LSTM.begin": lambda g: many.LSTM().begin(SIZES, 0, g),
    "chapters.time_constants.many.Spiking.begin": lambda g: many.Spiking().begin(
        SIZES, PRE, "none", (0, 0.0, 1.0), g
    ),
    "chapters.time_constants.arms.LeakyArm.network": lambda g: clocks.LeakyArm((3.0,)).network(
        SIZES, "normal", g
    ),
    "chapters.time_constants.arms.Gated.network": lambda g: clocks.Gated(many.GRU(), 3).network(
        SIZES, "usual", g
    ),
    "chapters.time_constants.arms.SpikingArm.network": lambda g: clocks.SpikingArm((3.0,)).network(
        SIZES, "usual", g
    ),
    "chapters.time_constants.damage.damaged": lambda g: damage.damaged({}, "both", 0.1, g),
    "chapters.neuromodulation_at_work.language.network.Reader": lambda g: reader.Reader(4, 5, g),
    "chapters.neuromodulation_at_work.language.network.PlasticReader": lambda g: (
        reader.PlasticReader(4, 5, g)
    ),
    "chapters.neuromodulation_at_work.language.network.SimpleReader": lambda g: reader.SimpleReader(
        4, 5, g
    ),
    "chapters.neuromodulation_at_work.language.network.RetroactiveReader": lambda g: (
        reader.RetroactiveReader(4, 5, g)
    ),
    "chapters.neuromodulation_at_work.language.network.reader": lambda g: reader.reader(
        "simple", 4, 5, g
    ),
    "chapters.neuromodulation_at_work.language.text.starts": lambda g: plays.starts(9, 3, g),
    "chapters.neuromodulated_plasticity.model.network": lambda g: model.network("simple", 4, g),
    "chapters.neuromodulated_plasticity.model.Recurrent": lambda g: model.Recurrent(4, 3, g),
    "chapters.neuromodulated_plasticity.model.Plastic": lambda g: model.Plastic(4, 3, g),
    "chapters.neuromodulated_plasticity.model.Choosing": lambda g: model.Choosing(4, 3, g),
    "chapters.neuromodulated_plasticity.model.Cells": lambda g: model.Cells(
        4, 3, g, kind=torch.nn.GRU
    ),
    "chapters.neuromodulation_at_work.cues.networks.player": lambda g: players.player("none", 4, g),
    "chapters.neuromodulation_at_work.cues.networks.Plastic": lambda g: players.Plastic(4, 3, g),
    "chapters.neuromodulation_at_work.cues.networks.ChoosingPlayer": lambda g: (
        players.ChoosingPlayer(4, 3, g)
    ),
    "chapters.neuromodulation_at_work.cues.networks.Cells": lambda g: players.Cells(
        4, 3, g, kind=torch.nn.RNN
    ),
    "chapters.neuromodulation_at_work.cues.lives.play": lambda g: cue_lives.play(
        PLAYER, CUES.sample(2, G), g
    ),
    "chapters.neuromodulation_at_work.cues.lives.played_plainly": lambda g: (
        cue_lives.played_plainly(PLAYER, CUES, CUES.sample(2, G), g)
    ),
    "chapters.neuromodulation_at_work.cues.lives.loss": lambda g: cue_lives.loss(
        PLAYER, CUES.sample(2, G), g, Objective()
    ),
    "chapters.neuromodulation_at_work.cues.trainings.Playing.network": lambda g: (
        cue_trainings.Playing(rates={}).network("none", g)
    ),
    "chapters.neuromodulation_at_work.cues.trainings.Started.network": lambda g: (
        cue_trainings.Started(rates={}, starts={}).network("none", g)
    ),
}
MAY_DO_WITHOUT = {
    "memories.recall",
    "networks.plastic.Initial",
    "networks.modulated.network.ModulatedInitial",
    "learning.training.train",
}


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
            if typing.is_typeddict(value):  # says what there is, and is never called
                continue
            if inspect.isclass(value) and issubclass(value, BaseException):
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
def test_what_is_no_generator_is_refused_with_the_mend(name):
    bad = {str(given): given for given in (0, 3, 1.5, "a", np.random.default_rng(0))}
    bad |= {} if name in MAY_DO_WITHOUT else {"None": None}
    told = r"generator must be a torch.Generator.*, got .*: use torch"
    before = torch.get_rng_state()
    assert not unrefused(TAKE_A_GENERATOR[name], bad, TypeError, told)
    assert torch.equal(torch.get_rng_state(), before)
