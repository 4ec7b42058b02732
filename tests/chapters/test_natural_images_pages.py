"""Natural images: figures, checkers, and patterns that are as smooth as they are told."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.chapters.natural_images import checks, frames, smooth


def test_maps_share_a_receiver_and_have_limits_of_their_own():
    maps = {"one": torch.rand(3, 4), "two": -torch.rand(3, 4)}
    drawn = frames.maps_frame(maps, (2, 1), {"one": 0.5, "two": 2.0})
    for ax, (title, values), limit in zip(drawn.axes, maps.items(), (0.5, 2.0), strict=False):
        assert ax.get_title() == title
        assert np.array_equal(ax.images[0].get_array(), values.numpy())
        assert ax.images[0].get_clim() == (-limit, limit)
        assert [line.get_xydata().tolist() for line in ax.lines] == [[[1, 2]]]


def test_an_answer_has_its_error_below_it_and_the_least_is_bold():
    rows = [{"cue": torch.zeros(6), "one": torch.ones(6), "two": torch.zeros(6)}] * 2
    axes = frames.answers(rows, [{"one": 0.25, "two": 0.5}, {"one": 0.5, "two": 0.125}], (2, 3))
    assert [[ax.get_xlabel() for ax in row] for row in axes] == [
        ["", "0.250", "0.500"],
        ["", "0.500", "0.125"],
    ]
    bold = [[ax.xaxis.label.get_fontweight() == "bold" for ax in row] for row in axes]
    assert bold == [[False, True, False], [False, False, True]]
    with pytest.raises(ValueError, match="as many as rows, 2, got 1"):
        frames.answers(rows, [{"one": 0.25}], (2, 3))


def test_each_question_has_a_dot_for_each_kind_at_the_mean_of_its_seeds():
    errors = {
        "full": {"half": torch.tensor([0.1, 0.3]), "strip": torch.tensor([0.5, 0.7])},
        "shared": {"half": torch.tensor([0.2, 0.4]), "strip": torch.tensor([0.3, 0.5])},
    }
    ax = frames.asked(errors, 0.25)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["half", "strip"]
    dots = [line.get_xydata()[0] for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([x for x, _ in dots], [0.2, 0.6, 0.3, 0.4], rtol=1e-6)
    assert [round(y) for _, y in dots] == [0, 1, 0, 1]


def test_what_a_cue_is_worth_is_drawn_with_the_interval_of_each_point():
    shares = torch.tensor([[0.1, 0.5], [0.2, 0.6]])
    ax = frames.worth(([3.0, 9.0], shares), {"photographs": (6.0, torch.tensor([0.3, 0.5]))})
    (point,) = [line for line in ax.lines if line.get_marker() == "s"]
    np.testing.assert_allclose(point.get_xydata(), [[6.0, 0.4]], rtol=1e-6)
    assert ax.get_xscale() == "log"
    gains = frames.gains({"sender": torch.rand(2, 8), "receiver": torch.rand(2, 8)})
    assert [text.get_text() for text in gains.texts] == ["sender", "receiver"]


def test_the_checker_of_sides_accepts_left_against_right_and_says_what_is_wrong_with_others():
    def columns_mixed(column, columns):
        return torch.tensor([0, 0, 1, 0, 1, 1] if columns == 6 else [0, 0, 1, 1])[column]

    def side(shape, kind="column"):
        row, column = (
            torch.arange(shape[0] * shape[1]) // shape[1],
            torch.arange(shape[0] * shape[1]) % shape[1],
        )
        of = {
            "column": column * 2 // shape[1],
            "row": row * 2 // shape[0],
            "stripes": column % 2,
            "mixed": columns_mixed(column, shape[1]),
        }[kind]
        return of[:, None] != of

    checks.across(side)
    for message, wrong in {
        "must be a tensor": lambda shape: None,
        "must have shape": lambda shape: side(shape)[1:],
        "end with a comparison": lambda shape: side(shape).float(),
        "the same side as itself": lambda shape: ~side(shape),
        "so are j and i": lambda shape: side(shape).triu(),
        "look at the column": lambda shape: side(shape, "row"),
        "half of all pixels": lambda shape: side(shape) & False,
        "first two pixels": lambda shape: side(shape, "stripes"),
        "left of the middle": lambda shape: side(shape, "mixed"),
    }.items():
        with pytest.raises(AssertionError, match=message):
            checks.across(wrong)


@pytest.mark.witness("eq-smooth", smooth.smooth_patterns)
@given(st.integers(1, 4), st.integers(2, 4), st.floats(0, 3), st.integers(0, 10_000))
def test_smooth_patterns_are_uniform_and_correlated_as_told(rows, columns, length, seed):
    count = 8_000
    patterns = smooth.smooth_patterns(
        count, (rows, columns), length, torch.Generator().manual_seed(seed)
    ).double()
    assert patterns.abs().max() <= 1
    torch.testing.assert_close(
        patterns.square().mean(0), torch.full((rows * columns,), 1 / 3).double(), atol=0.02, rtol=0
    )
    assert (patterns < 0.5).double().mean().item() == pytest.approx(0.75, abs=0.04)
    torch.testing.assert_close(
        torch.corrcoef(patterns.T),
        smooth.smooth_correlation((rows, columns), length),
        atol=0.06,
        rtol=0,
    )


def test_the_limits_of_smoothness():
    assert torch.equal(smooth.smooth_correlation((2, 3), 0), torch.eye(6).double())
    torch.testing.assert_close(smooth.smooth_correlation((2, 3), 1e6), torch.ones(6, 6).double())
    d = torch.tensor(1.0).double()
    torch.testing.assert_close(
        smooth.smooth_correlation((1, 2), 1)[0, 1],
        6 / torch.pi * torch.arcsin(torch.exp(-d / 2) / 2),
    )
    for bad in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="length"):
            smooth.smooth_patterns(2, (2, 2), bad, torch.Generator())
