"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes.check import expect, tensors
from hebbnotes.plasticity.rules import oja

__all__ = ["matching", "shares"]


def matching(drive: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's one-shot read-out without a trace, a number for each of n labels, shape
    (n,).

    ``drive(shown, labels, asked)`` is given the features of n drawings (n, F), their labels, each
    of 0 to n - 1 once, and the features that are asked for (F,).
    """
    drive = tensors(drive, "drive(shown, labels, asked) -> a tensor")
    generator = torch.Generator().manual_seed(0)
    for n in (2, 5):
        shown, asked = torch.randn(n, 4, generator=generator), torch.randn(4, generator=generator)
        labels = torch.arange(n).roll(1)
        answer = drive(shown.clone(), labels.clone(), asked.clone())
        expect(
            answer.shape == (n,),
            f"it must hold a number for each of {n} labels, got shape {tuple(answer.shape)}",
        )
        shown, asked = shown.to(answer.dtype), asked.to(answer.dtype)
        again = drive(shown.flip(0), labels.flip(0), asked.clone())
        expect(
            torch.allclose(answer, again),
            "it must not matter in which order the drawings were shown: put each under its label",
        )
        expect(
            torch.allclose(drive(shown, labels, 3 * asked), 3 * answer, atol=1e-5),
            "features three times as long must drive thrice",
        )
        other = shown.clone()
        other[0] += 1
        changed = ~torch.isclose(drive(other, labels, asked), answer)
        expect(
            changed.nonzero().flatten().tolist() == [int(labels[0])],
            "a drawing must change the drive of its own label alone",
        )
        wanted = torch.stack([shown[labels == label][0] @ asked for label in range(n)])
        expect(
            torch.allclose(answer, wanted, atol=1e-5),
            "it must be the product of what is asked with the drawing of each label",
        )
    print(
        "Yes: a product for each label, whatever the order, "
        "and no label reads another one's drawing."
    )


def shares(left: Callable[[float, int], Tensor]) -> None:
    """Check what is left of each of n drawings, oldest first, in a clamped column under
    Oja's rule.
    """
    left = tensors(left, "left(eta, n) -> a tensor")
    for eta, n in ((0.3, 1), (0.3, 4), (0.7, 3)):
        answer = left(eta, n)
        answer = answer.to(torch.get_default_dtype())
        expect(
            answer.shape == (n,),
            f"it must hold one number for each of {n} drawings, got shape {tuple(answer.shape)}",
        )
        expect(
            torch.isclose(answer[-1], torch.tensor(eta)),
            f"the newest drawing is written with eta: {eta}, got {answer[-1]:.3g}",
        )
        if n > 1:
            expect(answer[-1] > answer[0], "the newest counts most: is the oldest first?")
            kept = answer[:-1] / answer[1:]
            expect(
                torch.allclose(kept, torch.full_like(kept, 1 - eta)),
                "each further drawing leaves 1 - eta of what was there",
            )
        column = torch.zeros(n, 1)
        for drawing in torch.eye(n):
            column = column + eta * oja(column, drawing, torch.ones(1))
        expect(torch.allclose(answer, column[:, 0]), "it differs from what Oja's rule leaves")
    print("Yes: eta for the newest, times 1 - eta for each older one, as Oja's rule leaves them.")
