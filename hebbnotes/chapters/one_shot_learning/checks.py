"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes.plasticity.rules import oja

__all__ = ["matching", "shares"]


def matching(drive: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's one-shot read-out without a trace, and say what holds.

    Parameters
    ----------
    drive : callable
        ``drive(shown, labels, asked)``, with the features of n drawings, shape (n, n_features), their labels, each of 0 to n - 1
        once, and the features that are asked for, shape (n_features,), returns a number for each label, shape (n,).

    Raises
    ------
    AssertionError
        If there is not one number for each label, the order of showing matters, a label depends on another one's drawing, or the
        numbers are not proportional to what is asked, or not the products.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    generator = torch.Generator().manual_seed(0)
    for n in (2, 5):
        shown, asked = torch.randn(n, 4, generator=generator), torch.randn(4, generator=generator)
        labels = torch.arange(n).roll(1)
        found = drive(shown.clone(), labels.clone(), asked.clone())
        assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
        assert found.shape == (n,), (
            f"it must hold a number for each of {n} labels, got shape {tuple(found.shape)}"
        )
        shown, asked = shown.to(found.dtype), asked.to(found.dtype)
        again = drive(shown.flip(0), labels.flip(0), asked.clone())
        assert torch.allclose(found, again), (
            "it must not matter in which order the drawings were shown: put each under its label"
        )
        assert torch.allclose(drive(shown, labels, 3 * asked), 3 * found, atol=1e-5), (
            "features three times as long must drive thrice"
        )
        other = shown.clone()
        other[0] += 1
        changed = ~torch.isclose(drive(other, labels, asked), found)
        assert changed.nonzero().flatten().tolist() == [int(labels[0])], (
            "a drawing must change the drive of its own label alone"
        )
        wanted = torch.stack([shown[labels == label][0] @ asked for label in range(n)])
        assert torch.allclose(found, wanted, atol=1e-5), (
            "it must be the product of what is asked with the drawing of each label"
        )
    print(
        "Yes: a product for each label, whatever the order, and no label reads another one's drawing."
    )


def shares(left: Callable[[float, int], Tensor]) -> None:
    """Check a reader's formula for what is left of each of some drawings in a clamped column under Oja's rule, and say what holds.

    Parameters
    ----------
    left : callable
        ``left(eta, n)`` returns a number for each of ``n`` drawings, oldest first, shape (n,).

    Raises
    ------
    AssertionError
        If it is not one number for each drawing, oldest first; if the newest is not written with ``eta``, or each older one is not
        faded by ``1 - eta``; or if the numbers are not what Oja's rule leaves.

    Notes
    -----
    Taught in the chapter "One-shot learning".
    """
    for eta, n in ((0.3, 1), (0.3, 4), (0.7, 3)):
        found = left(eta, n)
        assert isinstance(found, Tensor), f"it must be a tensor, got {type(found).__name__}"
        found = found.float()
        assert found.shape == (n,), (
            f"it must hold one number for each of {n} drawings, got shape {tuple(found.shape)}"
        )
        assert torch.isclose(found[-1], torch.tensor(eta)), (
            f"the newest drawing is written with eta: {eta}, got {found[-1]:.3g}"
        )
        if n > 1:
            assert found[-1] > found[0], "the newest counts most: is the oldest first?"
            kept = found[:-1] / found[1:]
            assert torch.allclose(kept, torch.full_like(kept, 1 - eta)), (
                "each further drawing leaves 1 - eta of what was there"
            )
        column = torch.zeros(n, 1)
        for drawing in torch.eye(n):
            column = column + eta * oja(column, drawing, torch.ones(1))
        assert torch.allclose(found, column[:, 0]), "it differs from what Oja's rule leaves"
    print("Yes: eta for the newest, times 1 - eta for each older one, as Oja's rule leaves them.")
