"""The experiment that the tests of the machinery run."""

from dataclasses import replace

import pytest

from hebbnotes import experiments, tasks
from hebbnotes.chapters.differentiable_plasticity import experiments as bits
from tests.experiments.small import TINY, put


@pytest.fixture
def tiny(monkeypatch):
    """The experiment with three numbers, in small, with seeds of its own."""
    one = experiments.EXPERIMENTS["three-numbers-once"]
    small = replace(
        one,
        configuration=replace(one.configuration, **TINY),
        seeds=(2, 10),
        keep=(10,),
        scales={"notebook": replace(one.configuration, **TINY | {"updates": 3})},
    )
    put(monkeypatch, "three-numbers-once", small)
    monkeypatch.setattr(bits, "SCHEDULES", {"once": tasks.ONCE})
    return "three-numbers-once"
