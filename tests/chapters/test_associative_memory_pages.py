"""Associative memory: figures show what they get, checkers accept what is right."""

import matplotlib.pyplot as plt
import pytest
import torch

from hebbnotes import memories
from hebbnotes.chapters.associative_memory import checks, frames


def test_drawings_tell_ink_from_paper_and_from_what_is_not_known():
    axes = frames.drawings(
        [{"a": torch.tensor([1.0, -1.0, 0.0, 1.0])}, {"a": torch.ones(4)}], (2, 2)
    )
    assert axes.shape == (2, 1)
    colours = axes[0, 0].images[0].to_rgba([[1.0, -1.0, 0.0]])[0]
    assert len({tuple(c) for c in colours}) == 3
    assert [ax.get_title() for ax in axes[:, 0]] == ["a", ""]
    plt.close("all")


def test_the_crosstalk_and_the_self_support_must_be_those_of_a_network(capsys):
    checks.crosstalk(memories.one_step_error)
    checks.self_support(lambda load: 1 - memories.one_step_error(load, True, False))
    assert capsys.readouterr().out.count("Yes") == 2
    for wrong, message in (
        (lambda load: 1 - memories.one_step_error(load), "between 0 and one half"),
        (lambda load: 0.01 / load, "must grow with the load"),
        (lambda load: memories.one_step_error(load / 2), "a network has"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.crosstalk(wrong)
    for wrong, message in (
        (lambda load: memories.one_step_error(load, True, False), "can only help"),
        (lambda load: 0.5, "must grow"),
        (lambda load: 1 - memories.one_step_error(2 * load, True, False), "a network keeps"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.self_support(wrong)


def test_an_attention_head_is_told_from_what_resembles_it(capsys):
    def right(q, k, v):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    checks.attention(right)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda q, k, v: right(q, k, v).T, "one row for each query"),
        (lambda q, k, v: (q @ k.T) @ v, "sum to 1"),
        (lambda q, k, v: right(q, k, v.flip(0)), "order of the pairs"),
        (lambda q, k, v: torch.softmax(q @ k.T, 1) @ v, "root of the length"),
        (lambda q, k, v: torch.softmax(q @ k.T / v.shape[1] ** 0.5, 1) @ v, "root of the length"),
        (lambda q, k, v: torch.softmax(q @ k.T / 4, 1) @ v, "root of the length"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.attention(wrong)
