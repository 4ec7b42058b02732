"""The examples in docstrings run, and what users call has one."""

import doctest
import importlib
import pkgutil

import pytest
import torch

import hebbnotes

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(hebbnotes.__path__, "hebbnotes.")
    if not module.name.endswith("__main__")
)
CALLED = (
    "analysis.interval",
    "data.grey",
    "learning.actor_critic.advantages",
    "learning.actor_critic.loss",
    "learning.agents.PlasticAgent",
    "learning.agents.live",
    "learning.agents.of_kind",
    "learning.training.train",
    "memories.complete",
    "memories.hopfield",
    "memories.recall",
    "networks.one_shot.OneShotNetwork",
    "tasks.letters.text_pattern",
    "tasks.maze.find",
    "tasks.maze.make",
    "tasks.maze.observe",
    "tasks.maze.start",
    "tasks.maze.step",
    "tasks.maze.steps_to_finds",
    "tasks.one_shot.episodes",
    "tasks.patterns.PatternCompletion",
    "tasks.patterns.errors",
    "tasks.pictures.pictures",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    torch.manual_seed(0)
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed, "look at what doctest printed"


@pytest.mark.parametrize("name", CALLED)
def test_what_users_call_has_an_example(name):
    module, _, called = f"hebbnotes.{name}".rpartition(".")
    assert ">>> " in getattr(importlib.import_module(module), called).__doc__
