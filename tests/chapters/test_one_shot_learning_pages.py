"""One-shot learning: figures, checkers, and drawings that are never quite the same."""

import math

import numpy as np
import pytest
import torch

from hebbnotes.chapters.one_shot_learning import checks, frames, handwriting
from hebbnotes.figures import palette
from hebbnotes.tasks import one_shot


def test_drawings_stand_under_their_labels_and_a_wrong_answer_is_told():
    shown = one_shot.episodes(torch.rand(6, 3, 4, 4), 3, 1, 2, torch.Generator().manual_seed(0))
    y = torch.full((2, 3), 0.1)
    y[0, shown.answer[0]] = y[1, (shown.answer[1] + 1) % 3] = 0.8
    axes = frames.answers(shown, y)
    assert axes.shape == (2, 4)
    assert [ax.get_title() for ax in axes[0]] == ["A", "B", "C", "asked"]
    for b, row in enumerate(axes):
        for label in range(3):
            step = shown.targets[:-1, b, label].argmax()
            assert np.allclose(
                row[label].images[0].get_array(), 1 - 2 * shown.inputs[step, b].numpy()
            )
    said = [ax.get_xlabel() for ax in axes[:, -1]]
    right = ["ABC"[label] for label in shown.answer]
    assert said[0] == f"{right[0]}, 0.80"
    assert said[1].endswith(f", 0.80 ({right[1]})")
    assert [ax.xaxis.label.get_color() for ax in axes[:, -1]] == [palette.BLUE, palette.VERMILION]
    many = one_shot.episodes(torch.rand(6, 3, 4, 4), 3, 2, 2, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="n_shots=1"):
        frames.answers(many, y)


def test_the_trace_of_each_label_is_a_row_below_the_drawing_of_its_step():
    drawings, traces = torch.rand(2, 4, 4), torch.randn(2, 6, 3)
    axes = frames.written([*drawings], [*traces], ["this is B", "asked: B"], "ABC")
    for (above, below), drawing, trace in zip(axes.T, drawings, traces, strict=True):
        assert np.array_equal(above.images[0].get_array(), drawing.numpy())
        assert np.array_equal(below.images[0].get_array(), trace.T.numpy())
        most = traces.abs().max().item()
        assert below.images[0].get_clim() == pytest.approx((-most, most))
        assert [label.get_text() for label in below.get_yticklabels()] == ["A", "B", "C"]
    assert [ax.get_title() for ax in axes[0]] == ["this is B", "asked: B"]
    with pytest.raises(ValueError, match="each step needs a drawing"):
        frames.written([*drawings], [*traces], ["one"], "ABC")


def test_the_shares_of_drawings_are_those_that_ojas_rule_leaves(capsys):
    checks.shares(lambda eta, n: eta * (1 - eta) ** torch.arange(n - 1, -1, -1))
    checks.shares(
        lambda eta, n: eta * (1 - eta) ** torch.arange(n - 1, -1, -1, dtype=torch.float64)
    )
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda eta, n: [eta] * n, "a tensor, got list"),
        (lambda eta, n: torch.full((n + 1,), eta), "one number for each of 1"),
        (lambda eta, n: (1 - eta) ** torch.arange(n - 1, -1, -1), "written with eta"),
        (lambda eta, n: eta * (1 - eta) ** torch.arange(n), "written with eta|oldest first"),
        (lambda eta, n: torch.full((n,), eta), "the newest counts most"),
        (lambda eta, n: eta * (1 - eta / 2) ** torch.arange(n - 1, -1, -1), "leaves 1 - eta"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.shares(wrong)


def test_a_read_out_without_a_trace_compares_each_label_with_its_own_drawing(capsys):
    def right(shown, labels, asked):
        return torch.stack([shown[labels == label][0] @ asked for label in range(len(labels))])

    checks.matching(right)
    checks.matching(lambda shown, labels, asked: right(shown.double(), labels, asked.double()))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda shown, labels, asked: 1.0, "a tensor, got float"),
        (lambda shown, labels, asked: asked, "a number for each of 2 labels"),
        (lambda shown, labels, asked: shown @ asked, "in which order"),
        (lambda shown, labels, asked: right(shown, labels, asked).softmax(0), "must drive thrice"),
        (
            lambda shown, labels, asked: right(shown - shown.mean(0), labels, asked),
            "its own label alone",
        ),
        (
            lambda shown, labels, asked: 2 * right(shown, labels, asked),
            "the product of what is asked",
        ),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.matching(wrong)


def test_jitter_moves_ink_a_little_and_each_picture_in_its_own_way():
    g = torch.Generator().manual_seed(0)
    pictures = torch.zeros(200, 31, 31)
    pictures[:, 15, 15] = pictures[:, 15, 23] = 1.0
    moved = handwriting.jitter(pictures, g)
    assert moved.shape == pictures.shape
    assert (moved >= 0).all()
    assert (moved.sum((1, 2)) - 2).abs().max() < 1.5, (
        "ink is neither made nor lost but by stretching and sampling"
    )
    at = torch.arange(31.0)
    centre = torch.stack(
        [(moved.sum(d) * at).sum(-1) / moved.sum((1, 2)) for d in (2, 1)], -1
    ) - torch.tensor([15.0, 19.0])
    assert centre.abs().max() < 4
    assert (centre.std(0) > 0.8).all()
    assert centre.mean(0).abs().max() < 0.4
    assert len({tuple(one.flatten().tolist()) for one in moved}) == 200


@pytest.mark.parametrize(
    ("amount", "moved"), [(0, "turn"), (1, "stretch"), (2, "shear"), (3, "right"), (4, "down")]
)
def test_each_amount_of_jitter_moves_points_as_far_as_it_says(amount, moved, monkeypatch):
    def largest(size, n, generator, device):
        drawn = torch.full((size, n), 0.5)  # no change
        drawn[amount] = 1.0
        return drawn

    monkeypatch.setattr(torch, "rand", largest)
    down, right = torch.meshgrid(torch.arange(31) - 15.0, torch.arange(31) - 15.0, indexing="ij")
    blob = torch.exp(-((right - 6) ** 2 + (down - 3) ** 2) / 4).unsqueeze(0)
    found = handwriting.jitter(blob, torch.Generator())[0]
    centre = torch.stack([(found * axis).sum() / found.sum() for axis in (right, down)])
    x, y, c, s = 6.0, 3.0, math.cos(0.175), math.sin(0.175)
    wanted = {
        "turn": (x * c + y * s, y * c - x * s),
        "stretch": (x / 1.1, y / 1.1),
        "shear": (x - 0.15 * y, y),
        "right": (x - 31 / 15, y),
        "down": (x, y - 31 / 15),
    }[moved]
    assert centre.tolist() == pytest.approx(wanted, abs=0.05)


def test_what_cannot_be_jittered_is_refused():
    g = torch.Generator()
    with pytest.raises(TypeError, match="floating-point"):
        handwriting.jitter(torch.ones(2, 4, 4, dtype=torch.bool), g)
    with pytest.raises(ValueError, match="square"):
        handwriting.jitter(torch.ones(2, 4, 5), g)
