"""What an experiment is: its configurations, and what its training is told by."""

import operator
from dataclasses import FrozenInstanceError, dataclass, replace

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


@dataclass(frozen=True, kw_only=True)
class Two(experiment.Arms):
    """Two arms."""

    def known(self):
        return ("plain", "new")


@pytest.mark.parametrize(
    ("better", "best"),
    [(operator.gt, {"plain": 3, "new": 5}), (operator.lt, {"plain": 1, "new": 5})],
)
def test_each_arm_is_trained_at_each_of_its_rates_and_its_best_is_told(better, best):
    chosen, scores = (
        Two(rates={"plain": (0.1, 0.2, 0.3, 0.4), "new": (1.0,)}),
        iter([2, 3, 1, 3, 5]),
    )
    trained = []

    def train(arm, rate):
        trained.append((arm, rate))
        return {"score": next(scores)}, torch.nn.Linear(1, 1)

    numbers, weights = experiment.train_each(chosen, train, lambda found: found["score"], better)
    names = ["plain 0.1", "plain 0.2", "plain 0.3", "plain 0.4", "new"]
    assert [*numbers["trained"]] == names == [*chosen.each()]
    assert trained == [*chosen.each().values()]
    assert numbers["best"] == best
    first = {3: 0.2, 1: 0.3, 5: 1.0}  # of equal ones the first
    assert numbers["best_rate"] == {arm: first[score] for arm, score in best.items()}
    assert {*weights} == {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    assert [one.rates for one in chosen.alone()] == [{arm: (rate,)} for arm, rate in trained]
    assert {type(one) for one in chosen.alone()} == {Two}


def test_arms_that_there_are_not_and_arms_without_a_rate_are_refused():
    with pytest.raises(ValueError, match="arm must be one of 'plain', 'new', got 'old'"):
        Two(rates={"old": (0.1,)})
    with pytest.raises(ValueError, match="rates must name one or more for the arm 'new'"):
        Two(rates={"new": ()})
