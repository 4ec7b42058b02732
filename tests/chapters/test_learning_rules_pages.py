"""Learning rules: figures show what they get, checkers accept what is right."""

import matplotlib.pyplot as plt
import pytest
import torch

from hebbnotes.chapters.learning_rules import checks, frames
from hebbnotes.plasticity import rules


def test_fields_are_drawn_unit_by_unit_with_colours_of_their_own():
    w = torch.stack([torch.arange(6.0), -10 * torch.arange(6.0), torch.zeros(6)], 1)
    axes = frames.fields({"one": w, "two": w[:, :2]}, (2, 3))
    assert axes.shape == (2, 3)
    first, second, silent = (ax.images[0] for ax in axes[0])
    assert first.get_array().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (first.get_clim(), second.get_clim(), silent.get_clim()) == ((-5, 5), (-50, 50), (-1, 1))
    assert not axes[1, 2].images, "a row with fewer units leaves the rest empty"
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["one", "two"]
    frame = frames.fields_frame(w, (2, 3), 2, "now")
    assert len(frame.axes) == 4
    assert frame.get_suptitle() == "now"
    plt.close("all")


def test_the_rests_of_oja_are_zero_and_both_signs_of_each_component(capsys):
    def right(c):
        vectors = torch.linalg.eigh(c)[1].T
        return torch.cat([0 * vectors[:1], vectors, -vectors])

    checks.resting(right)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda c: 0.0, "a tensor, got float"),
        (lambda c: torch.zeros(1, 7), "a vector of 1 weights"),
        (lambda c: 2 * right(c), "of which length"),
        (lambda c: right(c)[1:], "multiplies by its output"),
        (lambda c: right(c)[: len(c) + 1], "if -w does"),
        (lambda c: torch.cat([right(c), right(c)[:1]]), "two rows are the same"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.resting(wrong)


def test_sangers_rule_is_told_from_its_neighbours(capsys):
    checks.components(rules.sanger)
    assert "Yes" in capsys.readouterr().out

    def whole(w, pre, post):  # Oja's rule for a subspace
        return torch.outer(pre, post) - w @ torch.outer(post, post)

    def backwards(w, pre, post):
        return torch.outer(pre, post) - w @ torch.tril(torch.outer(post, post))

    def added(w, pre, post):
        before = (w * post).cumsum(1) - w * post
        return post * (pre[:, None] - w * post + before)

    for wrong, message in (
        (rules.hebb, "by Oja's rule"),
        (rules.oja, "must read itself and all units before"),
        (whole, "reads a unit after it"),
        (backwards, "reads a unit after it"),
        (
            lambda w, pre, post: rules.sanger(w, pre, post) - (w * post).cumsum(1) + w * post,
            "at rest",
        ),
        (added, "with which sign"),
        (
            lambda w, pre, post: 2 * rules.sanger(w, pre, post) - rules.oja(w, pre, post),
            "how much of it",
        ),
        (lambda w, pre, post: pre, "a change for each weight"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.components(wrong)


def test_sangers_rule_may_be_written_with_a_mask():
    def masked(w, pre, post):
        return post * (pre[:, None] - (w * post) @ torch.triu(torch.ones(len(post), len(post))))

    checks.components(masked)
