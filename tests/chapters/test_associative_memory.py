"""The experiments on memories, in small: they measure what they say."""

import json
from dataclasses import replace

import pytest
import torch

from hebbnotes import experiments, memories
from hebbnotes.chapters.associative_memory import experiments as memory


def test_the_ladder_of_small_memories_has_its_order_and_repeats():
    sizes = {name: [30] for name in ("Hopfield", "pseudo-inverse", "dense, cubic energy")}
    chosen = memory.Ladder(sizes, least_bits=3_000)
    found = memory.score_ladder({}, 3, chosen)["held"]
    held = [one["30"] for one in found.values()]
    assert held == sorted(held)
    assert 2 < held[0] < 8
    again = replace(chosen, sizes={name: [30] for name in [*sizes][:2]})
    repeated = memory.score_ladder({}, 3, again)["held"]  # the third, which takes longest, is apart
    assert repeated == {name: found[name] for name in repeated}


def test_a_fuller_memory_loses_more():
    chosen = memory.Capacity((100,), (0.05, 0.4), asked=20, n_sweeps=20, flipped=0.1)
    found = memory.score_capacity({}, 0, chosen)
    few, many = found["recalled"]["100"].values()
    assert (few["load"], many["load"]) == (0.05, 0.4)
    assert few["stored_kept"] == few["distorted_kept"] == 1.0
    assert many["stored_kept"] < 0.2
    assert few["distorted_overlap"] > 0.99
    assert many["stored_overlap"] < 0.7
    assert json.loads(json.dumps(found)) == found
    rounded = memory.score_capacity({}, 0, replace(chosen, sizes=(30,), loads=(0.138,)))[
        "recalled"
    ]["30"]["138"]
    assert rounded["load"] == 4 / 30
    lost = memory.score_capacity({}, 0, replace(chosen, loads=(0.05,), flipped=0.5))["recalled"][
        "100"
    ]["50"]
    assert lost["stored_kept"] == 1.0
    assert lost["distorted_overlap"] < 0.7, "half of the units flipped is no cue at all"
    short = memory.score_capacity({}, 0, replace(chosen, loads=(0.2,), n_sweeps=1))["recalled"][
        "100"
    ]["200"]
    long = memory.score_capacity({}, 0, replace(chosen, loads=(0.2,)))["recalled"]["100"]["200"]
    assert long["stored_overlap"] < short["stored_overlap"], "an avalanche takes its time"


def test_what_a_memory_leaves_open_is_half_wrong(monkeypatch):
    monkeypatch.setattr(memories, "complete", lambda name, patterns, state, clamp: state)
    assert memory.error(
        "Hopfield", 4, 20, 1_000, torch.Generator().manual_seed(0)
    ) == pytest.approx(0.5)


@pytest.mark.parametrize("name", memory.EXPERIMENTS)
def test_experiments_on_memories_train_nothing(name, tmp_path):
    one = experiments.EXPERIMENTS[name]
    assert one.train(experiments.Trial(0, tmp_path), one.configuration) == ({}, {})
