"""Natural images: figures show what they get, checkers accept what is right."""

import numpy as np
import pytest
import torch

from hebbnotes.chapters.natural_images import checks, frames


def test_maps_share_a_receiver_and_have_limits_of_their_own():
    maps = {"one": torch.rand(3, 4), "two": -torch.rand(3, 4)}
    drawn = frames.maps_frame(maps, (2, 1), {"one": 0.5, "two": 2.0})
    for ax, (title, values), limit in zip(drawn.axes, maps.items(), (0.5, 2.0), strict=False):
        assert ax.get_title() == title
        assert np.array_equal(ax.images[0].get_array(), values.numpy())
        assert ax.images[0].get_clim() == (-limit, limit)
        assert [line.get_xydata().tolist() for line in ax.lines] == [[[1, 2]]]


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
