"""What an experiment is: its configurations, and what its training is told by."""

from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from hebbnotes import experiments
from hebbnotes.experiments import experiment


def test_weights_are_taken_by_the_beginning_of_their_names():
    weights = {"0.w": torch.ones(1), "0.core.w": torch.ones(2), "10.w": torch.ones(3)}
    assert {key: len(value) for key, value in experiment.under(weights, "0.").items()} == {
        "w": 1,
        "core.w": 2,
    }
    assert experiment.under(weights, "") == weights


def test_blocks_of_a_training_end_with_it():
    assert experiment.block_ends(1_500, 30) == list(range(50, 1_501, 50))
    assert experiment.block_ends(3, 40) == [1, 2, 3]
    assert experiment.blocks([1.0, 3.0, 5.0], [2, 3]) == [2.0, 5.0]


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_a_configuration_is_frozen_and_a_wrong_key_is_an_error(name):
    one = experiments.EXPERIMENTS[name]
    for chosen in (one.configuration, *one.scales.values()):
        with pytest.raises(TypeError, match="updatse"):
            replace(chosen, updatse=3)
        with pytest.raises(FrozenInstanceError):
            chosen.updates = 3
        assert type(chosen)(**vars(chosen)) == chosen
