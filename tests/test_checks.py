"""The checks of what a caller hands over name what was compared, and the mend."""

import pytest
import torch

from hebbnotes import _checks, memories
from hebbnotes.neurons import rate
from hebbnotes.tasks import maze


def test_an_error_names_what_a_tensor_is_compared_with():
    single = torch.zeros(2)
    with pytest.raises(
        TypeError, match=r"a is torch.float64, not torch.float32 like inputs: nothing is cast"
    ):
        _checks.tensor("a", single.double(), "n", {}, like=single)
    with pytest.raises(ValueError, match=r"a is on meta, not on cpu like b: move one"):
        _checks.tensor("a", single.to("meta"), "n", {}, like=single, reference="b")


def test_a_mask_is_refused_by_its_type_alone():
    mask = torch.ones(2, dtype=torch.bool)
    assert _checks.tensor("found", mask, "n", {}, like=torch.zeros(2), boolean=True) is mask
    with pytest.raises(TypeError, match=r"found must be boolean, got torch.int64: use found != 0"):
        _checks.tensor("found", mask.long(), "n", {}, boolean=True)


def test_functions_without_inputs_do_not_speak_of_inputs():
    with pytest.raises(TypeError, match=r"w is torch.float64, not torch.float32 like c"):
        rate.oja_flow(torch.eye(2), torch.ones(2).double(), torch.ones(1))
    with pytest.raises(TypeError, match=r"state is torch.float64, not torch.float32 like patterns"):
        memories.modern_step(torch.ones(1, 2), torch.ones(1, 2).double(), 1.0)
    with pytest.raises(TypeError, match="found must be boolean, got"):
        maze.steps_to_finds(torch.ones(3, 2), 1)
