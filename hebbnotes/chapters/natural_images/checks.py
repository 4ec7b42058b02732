"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes.check import expect, tensors

__all__ = ["across"]


def across(connections: Callable[[tuple[int, int]], Tensor]) -> None:
    """Check a reader's connections between the left and the right half of a picture."""
    connections = tensors(connections, "connections((rows, columns)) -> a tensor")
    for rows, columns in ((4, 6), (3, 4)):
        n, answer = rows * columns, connections((rows, columns))
        expect(
            answer.shape == (n, n),
            f"for {rows} x {columns} pixels it must have shape ({n}, {n}), "
            f"got {tuple(answer.shape)}",
        )
        expect(
            answer.dtype == torch.bool,
            f"it must be boolean, got {answer.dtype}: end with a comparison",
        )
        expect(
            not answer.diagonal().any(),
            "a pixel is on the same side as itself: is it True where the sides are the same?",
        )
        expect(torch.equal(answer, answer.T), "if i and j are on different sides, so are j and i")
        grid = answer.reshape(rows, columns, rows, columns)
        expect(
            torch.equal(grid, grid[:1, :, :1].expand_as(grid)),
            "the pixels of one column are on one side: look at the column",
        )
        expect(
            answer.sum(0).eq(n // 2).all(), "each pixel has half of all pixels on the other side"
        )
        expect(
            grid[0, 0, 0, columns - 1],
            "the first and the last pixel of a row are on different sides",
        )
        expect(not grid[0, 0, 0, 1], "the first two pixels of a row are on one side")
        right = torch.arange(columns) >= columns // 2
        expect(
            torch.equal(grid[0, :, 0], right[:, None] != right),
            "all columns left of the middle are on one side",
        )
    print("Yes: True between the sides, False within each, and the same in every row.")
