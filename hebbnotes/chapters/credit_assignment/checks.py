"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes.check import expect, numbers, tensors
from hebbnotes.plasticity.rules import Cells, Teach

__all__ = ["mirror", "news", "only_signs", "price"]

_DECAY = 0.1  # what the exercise on Kolen and Pollack's rule asks for


def _drawn(g: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=g, dtype=torch.float64)


def _cells(g: torch.Generator, n: int) -> Cells:
    drive = _drawn(g, n)
    return Cells(drive.relu(), drive, _drawn(g, n))


def price(formula: Callable[[int, float], float]) -> None:
    """Check a reader's price of noise ``f(K, ratio)``: against steps that are drawn and taken."""
    formula = numbers(formula, "f(K, ratio) -> a number")
    g = torch.Generator().manual_seed(1)
    for n, k in ((2, 1), (3, 1), (3, 4), (5, 2)):
        a = _drawn(g, n, n)
        curved, true = a @ a.mT, _drawn(g, n)  # curvature of the loss, and its slope
        along = true @ curved @ true / (true @ true)
        xi = _drawn(g, 100_000, k, n)
        report = ((xi @ true).unsqueeze(-1) * xi).mean(1)
        best = (report @ true).mean() ** 2 / ((report @ curved) * report).sum(-1).mean()
        wanted = ((true @ true) / along / best).item()
        ratio = (curved.trace() / along).item()
        found = formula(k, ratio)
        expect(
            abs(found - wanted) < 0.08 * wanted,
            f"with K = {k} and a ratio of {ratio:.3g} noise was found to need {wanted:.3g} times "
            f"as many steps, you say {found:.3g}",
        )
    many = formula(10**9, 10.0)
    expect(
        abs(many - 1) < 1e-6,
        f"with very many trembles it is the truth, at a price of 1: you say {many:.3g}. Is "
        "everything divided by K?",
    )
    print("Yes: as many steps as noise needed where we drew it, and 1 in the end.")


def only_signs(teach: Teach) -> None:
    """Check a reader's ``f(w_out, back, here, above, modulator)``, which knows signs alone."""
    told = tensors(teach, "f(w_out, back, here, above, modulator) -> a tensor")
    g = torch.Generator().manual_seed(2)
    for n, n_above in ((4, 3), (6, 2), (3, 5)):
        w_out, back = _drawn(g, n, n_above), _drawn(g, n_above, n)
        here, above, word = _cells(g, n), _cells(g, n_above), _drawn(g, n)
        mine = told(w_out, back, here, above, word)
        expect(
            mine.shape == (n,),
            f"each cell must be told one number, shape ({n},), got {tuple(mine.shape)}: errors of "
            "the cells above, times the transposed signs",
        )
        stretched = w_out * (0.1 + _drawn(g, n, n_above).abs())
        expect(
            torch.allclose(told(stretched, back, here, above, word), mine),
            "it must not know sizes: with larger weights of the same signs cells were told "
            "something else. Take w_out.sign()",
        )
        expect(
            bool((mine[here.drive <= 0] == 0).all()),
            "a silent cell is told nothing: multiply by gate(here.drive)",
        )
        expect(
            torch.allclose(told(-w_out, back, here, above, word), -mine) and bool(mine.any()),
            "with all signs turned cells must be told the opposite",
        )
        true = (here.drive > 0).to(mine) * (above.error @ w_out.sign().mT)
        off = mine - true * (mine @ true) / (true @ true)
        expect(
            bool(mine @ true > 0) and bool(off.norm() < 1e-6 * mine.norm()),
            "where all weights are 1 or -1 it must be the truth, up to a factor: sum over the "
            "cells above their errors times the signs",
        )
    print("Yes: sizes do not matter, signs do, and silent cells are told nothing.")


def news(tell: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> None:
    """Check a reader's node perturbation ``f(u, w_out, target, noise)``, and name a slip."""
    tell = tensors(tell, "f(u, w_out, target, noise) -> a tensor")
    g = torch.Generator().manual_seed(3)
    for n, n_out in ((3, 2), (6, 4)):
        u, w_out, target = 2 * _drawn(g, n), _drawn(g, n, n_out), _drawn(g, n_out)
        xi = _drawn(g, 40, n)
        y = torch.sigmoid(u)
        at_y = (target - y @ w_out) @ w_out.mT  # which way the response should go
        at_u = at_y * y * (1 - y)  # and the drive
        mine = torch.stack([tell(u, w_out, target, 1e-4 * one) for one in xi])
        expect(
            mine.shape == xi.shape,
            f"each cell must be told one number, shape ({n},), got {tuple(mine.shape[1:])}",
        )

        def fits(true: Tensor, mine: Tensor = mine, xi: Tensor = xi) -> bool:
            right = (xi @ true)[:, None] * xi
            factor = (mine * right).sum() / right.square().sum()
            return bool(factor > 0) and bool(
                (mine - factor * right).norm() < 0.02 * factor * right.norm()
            )

        where = (
            "the noise comes behind the response, so it says where the response should go, not the "
            "drive: add it to u"
        )
        sign = "it climbs: who went up while the error rose should go down"
        for true, slip in ((-at_u, sign), (at_y, where), (-at_y, f"{sign}; and {where}")):
            expect(fits(at_u) or not fits(true), slip)
        expect(
            fits(at_u),
            "it is not right on average: tell each cell by how much the loss fell with the noise, "
            "times its own noise",
        )
    print("Yes: on average it is the truth about the drive, and goes down.")


def mirror(change_back: Callable[[Tensor, Cells, Cells], Tensor]) -> None:
    """Check a reader's ``f(back, above, here)``, by which feedback comes to mirror the weights."""
    moved = tensors(change_back, "f(back, above, here) -> a tensor")
    g = torch.Generator().manual_seed(4)
    n, n_above, eta = 4, 3, 0.2
    w, back = _drawn(g, n, n_above), _drawn(g, n_above, n)
    here, above = _cells(g, n), _cells(g, n_above)
    change = moved(back, above, here)
    expect(
        change.shape == back.shape,
        f"it must have a number for each feedback weight, shape {tuple(back.shape)}, got "
        f"{tuple(change.shape)}",
    )
    for name, size in (("above.error", n_above), ("here.rate", n)):
        for k in range(size):
            poisoned = (above.error if size == n_above else here.rate).clone()
            poisoned[k] = torch.nan
            if name == "above.error":
                seen = moved(back, above._replace(error=poisoned), here)[torch.arange(size) != k]
            else:
                seen = moved(back, above, here._replace(rate=poisoned))[:, torch.arange(size) != k]
            expect(
                seen.isfinite().all(),
                f"not local: {name}[{k}] is read by synapses of other cells",
            )
    gap = w - back.mT
    for step in range(1, 31):
        here, above = _cells(g, n), _cells(g, n_above)
        w = w + eta * (torch.outer(here.rate, above.error) - _DECAY * w)
        back = back + eta * moved(back, above, here)
        now, wanted = w - back.mT, (1 - eta * _DECAY) ** step * gap
        expect(
            torch.allclose(now, wanted, atol=1e-9),
            f"after {step} steps the feedback is {(now - wanted).abs().max():.2g} away from where "
            "it should be: the product of above.error and here.rate, minus 0.1 of the weight",
        )
    print("Yes: each synapse sees its two cells, and the difference fades as it should.")
