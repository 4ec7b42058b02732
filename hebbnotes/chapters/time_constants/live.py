"""The live model of the chapter: a bank of clocks and one that is wired, and a gap to be told.

Both hear two pulses, and say at the second how long ago the first was. Their read-outs are fitted
here, before anything drifts: the bank's, the log of the gap as a weighted sum of its states, to
states with noise; that of the cell that excites itself, a line through the log of its state, to
states without.

Shapes: T parts of a step, n cells, g gaps.
"""

import math
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.figures.live import LiveModel
from hebbnotes.networks.leaky import decay_factor, run_leaky

__all__ = ["MODELS", "bank_taus", "courses", "drifted", "fit_bank", "fit_cell", "said", "wired"]

CELLS, FAST, SLOW = 16, 1.0, 100.0
"""Cells of the bank, and its shortest and longest time constant, in steps."""
SHORTEST, LONGEST = 3, 96
"""The gaps that are told, in steps."""
CUT = 10
"""Parts of a step in which it is computed, so that a cell fades as in continuous time."""
PULSE = 1e-4
"""What a pulse lifts a cell by: so little that tanh is straight."""
NOISE = 0.01
"""Noise of a state that a read-out expects, in pulses."""
TAU, TAU_EFF = 3.0, 96.0
"""Time constant of the cell that excites itself, and the one that its wiring gives it, in steps."""
DRIFTS = ("weights", "taus", "both")
"""What may drift."""


def bank_taus() -> Tensor:
    """Return the time constants of the bank, (n,), each by the same factor above the last."""
    grid = torch.linspace(0, 1, CELLS, dtype=torch.float64)
    return FAST * (SLOW / FAST) ** grid


def inward(tau: Tensor) -> Tensor:
    """Return the weights with which a pulse lifts a cell at rest by ``PULSE``, (n,)."""
    return torch.atanh(PULSE / (1 - decay_factor(tau, 1 / CUT)))


def wired(tau: float, slow: float) -> float:
    """Return the weight onto itself with which a cell fades as one of the time constant ``slow``.

    It is ``1 - tau / slow`` but for the parts of a step in which it is computed.

    Examples
    --------
    >>> round(wired(3.0, 96.0), 3), 1 - 3 / 96
    (0.968, 0.96875)
    """
    own, wanted = (decay_factor(torch.tensor(t, dtype=torch.float64), 1 / CUT) for t in (tau, slow))
    return max(0.0, ((wanted - own) / (1 - own)).item())


def drifted(
    tau: Tensor, w: Tensor, u: Tensor, what: str, by: float
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Return time constants, weights onto themselves and inward, and what the outward ones are
    multiplied by, after all weights, all time constants or both grew by one share.
    """
    _checks.choice("what", what, DRIFTS)
    weights = 1 + by * (what != "taus")
    return tau * (1 + by * (what != "weights")), w * weights, u * weights, weights


def courses(tau: Tensor, w: Tensor, u: Tensor) -> Tensor:
    """Return what cells (n,) hold when a second pulse comes after each gap, in pulses, (g, n)."""
    x = torch.zeros(LONGEST * CUT, 1, 1, dtype=torch.float64)
    x[0] = 1.0
    held, _ = run_leaky(x, torch.diag(w), u[None], torch.zeros_like(tau), tau * CUT)
    return held[SHORTEST * CUT - 1 :: CUT, 0] / PULSE


def gaps() -> Tensor:
    """Return the gaps in steps, (g,)."""
    return torch.arange(SHORTEST, LONGEST + 1, dtype=torch.float64)


def fit_bank() -> tuple[Tensor, float]:
    """Return weights (n,) and a bias that read the log of a gap from the states of the bank.

    Least squares over gaps whose logarithm is uniform, as in the chapter's task, and over states
    with independent noise of ``NOISE`` pulses; without the noise the weights would be large, of
    both signs, and break at the least drift.
    """
    tau = bank_taus()
    states, log = courses(tau, torch.zeros_like(tau), inward(tau)), gaps().log()
    often = 1 / gaps()
    often /= often.sum()
    middle, mean = often @ states, often @ log
    apart = states - middle
    square = apart.T @ (often[:, None] * apart) + NOISE**2 * torch.eye(CELLS).double()
    read = torch.linalg.solve(square, apart.T @ (often * (log - mean)))
    return read, (mean - middle @ read).item()


def heard(states: Tensor) -> Tensor:
    """Return the log of states in pulses, of which nothing is heard below the noise."""
    return states.clamp(min=NOISE).log()


def fit_cell(tau: float, w: float) -> tuple[float, float]:
    """Return a line ``gap = a + b log(state)`` for one cell that excites itself by w, through all
    gaps after which it is above the noise.
    """
    one = torch.tensor([tau], dtype=torch.float64)
    states = courses(one, torch.full_like(one, w), inward(one))[:, 0]
    loud = (states > NOISE) | (torch.arange(len(states)) == 0)
    x, y = heard(states)[loud], gaps()[loud]
    b = ((x - x.mean()) * (y - y.mean())).mean() / (x - x.mean()).square().mean().clamp(min=1e-12)
    return (y.mean() - b * x.mean()).item(), b.item()


def said(tau: float, w: float, what: str, by: float) -> tuple[Tensor, Tensor]:
    """Return what bank and cell say of each gap, (g,) each, in steps, after a drift by one share
    of the weights, the time constants or both. Both read-outs were fitted before.
    """
    bank, (read, bias) = bank_taus(), fit_bank()
    a, b = fit_cell(tau, w)
    *cells, out = drifted(bank, torch.zeros_like(bank), inward(bank), what, by)
    many = (out * courses(*cells) @ read + bias).exp()
    one = torch.tensor([tau], dtype=torch.float64)
    *cell, out = drifted(one, torch.full_like(one, w), inward(one), what, by)
    return many, (a + b * heard(out * courses(*cell)[:, 0])).clamp(min=0)


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    read, bias = fit_bank()
    return {
        "bank": {"taus": bank_taus().tolist(), "read": read.tolist(), "bias": bias},
        "cut": CUT,
        "pulse": PULSE,
        "floor": NOISE,
        "shortest": SHORTEST,
        "longest": LONGEST,
        "tau": TAU,
        "slow": TAU_EFF,
    }


def fixture() -> dict[str, Any]:
    """Return what both say, tuned and drifted, for several cells that excite themselves."""
    cases = []
    for tau, w, what, by in (
        (TAU, wired(TAU, TAU_EFF), "weights", 0.0),
        (TAU, wired(TAU, TAU_EFF), "weights", 0.02),
        (TAU, wired(TAU, TAU_EFF), "weights", -0.02),
        (TAU, wired(TAU, TAU_EFF), "weights", 0.05),
        (TAU, wired(TAU, TAU_EFF), "taus", 0.02),
        (TAU, wired(TAU, TAU_EFF), "both", -0.05),
        (24.0, wired(24.0, TAU_EFF), "weights", 0.02),
        (96.0, 0.0, "weights", -0.05),
        (3.0, 0.5, "weights", 0.03),
        (3.0, 0.0, "taus", -0.05),
    ):
        bank, cell = said(tau, w, what, by)
        cases.append(
            {
                "tau": tau,
                "w": w,
                "what": what,
                "drift": by,
                "bank": bank[::3].tolist(),
                "cell": cell[::3].tolist(),
            }
        )
    return {"cases": cases}


def still(drawing: Any) -> None:
    """Draw two pulses, how the cells fade between them, and what both say, tuned and drifted."""
    gap, left, each, base, one = 60, 40.0, 6.6, 190.0, 130.0
    tau, steps = bank_taus(), torch.arange(0, gap + 1, 2).tolist()

    def line(slow: float) -> list[tuple[float, float]]:
        return [(left + each * t, base - one * math.exp(-t / slow)) for t in steps]

    for slow in tau.tolist()[::2]:
        drawing.path([(left, base), *line(slow)], "blue", 1.2)
    drawing.path([(left, base), *line(TAU_EFF)], "purple", 3.5)
    drawing.path([(left, base), (520, base)], "faint", 1)
    for at in (0, gap):
        drawing.path([(left + each * at, 30), (left + each * at, base)], "ink", 2)
        drawing.circle(left + each * at, 30, 9, "", "ink")
    drawing.text(left + 18, 36, "first pulse", anchor="start")
    drawing.text(left + each * gap - 18, 36, "second pulse", anchor="end")
    bank, cell = said(TAU, wired(TAU, TAU_EFF), "weights", 0.02)
    k = gap - SHORTEST
    for row, (words, steps_said, colour) in enumerate(
        (
            ("the true gap", float(gap), "muted"),
            ("all weights + 2 %: a bank of 16 clocks says", bank[k].item(), "blue"),
            ("a cell that excites itself says", cell[k].item(), "purple"),
        )
    ):
        y = base + 34 + 46 * row
        drawing.text(left, y, f"{words} {steps_said:.0f} steps", anchor="start")
        drawing.box(left, y + 8, each * steps_said, 12, "", colour, 0)


MODELS = {
    "time-constants": LiveModel(
        numbers,
        fixture,
        still,
        330,
        "Two pulses 60 steps apart, and traces of the first that fade until the second. After all "
        "weights grew by 2 %, a bank of clocks still tells the gap nearly right; a cell that "
        "excites itself says less than half of it.",
    )
}
"""The live models of the chapter, by name."""
