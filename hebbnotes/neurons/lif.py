"""Leaky integrate-and-fire cells that gradients pass through, with thresholds that may adapt.

Time is counted in steps, voltages in units of the threshold of a rested cell. Shapes: T steps, B
episodes, n cells; ``w[pre, post]``. S networks run at once if their numbers have an axis of S.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change, check, name_of

__all__ = ["BETA", "LIFState", "run_lif", "spike"]

BETA = 10.0
"""How fast the surrogate's slope falls off on either side of the threshold."""
SUPPLIED = ("pre_spikes", "post_spikes")


def _slope(v: Tensor, beta: float) -> Tensor:
    return 1 / (1 + beta * v.abs()).square()


class _Spike(torch.autograd.Function):
    """A step forward; backward the slope of a fast sigmoid."""

    @staticmethod
    def forward(ctx: Any, v: Tensor, beta: float) -> Tensor:
        ctx.save_for_backward(v)
        ctx.beta = beta
        return (v >= 0).to(v.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (v,) = ctx.saved_tensors
        return grad * _slope(v, ctx.beta), None


def spike(v: Tensor, beta: float = BETA) -> Tensor:
    """Return 1 where a cell is at its threshold or above, 0 elsewhere; gradients pass nonetheless.

    What is learned from is not the slope of that step, which is 0, but a surrogate, ``1 / (1 +
    beta |v|)**2``.

    >>> v = torch.tensor([-0.1, 0.0, 0.4], requires_grad=True)
    >>> spike(v).tolist()
    [0.0, 1.0, 1.0]

    Parameters
    ----------
    v : Tensor
        By how much the voltage lies above the threshold, any shape.
    beta : float
        Steepness, 0 or more; with 0 the gradient passes unchanged.

    Notes
    -----
    Source: eq-surrogate; Neftci, Mostafa & Zenke (2019), Zenke & Vogels (2021).
    """
    return _Spike.apply(_checks.floating("v", v), _checks.number("beta", beta, 0))


class LIFState(NamedTuple):
    """What cells carry from one step to the next.

    Attributes
    ----------
    v, s : Tensor
        Voltage, and 1 where the cell spiked in the last step; (B, n), or (S, B, n) for S networks.
    a : Tensor
        How much the cell is adapted: a trace of its own spikes; of the same shape.
    w : Tensor or None
        Weights that have learned, (B, n, n); None where no rule teaches.
    trace : Tensor or None
        Trace of each cell's earlier spikes, which is what a rule takes for activity, (B, n).
    """

    v: Tensor
    s: Tensor
    a: Tensor
    w: Tensor | None = None
    trace: Tensor | None = None


class _Loop(torch.autograd.Function):
    """All steps of cells whose weights stay as they are, and the gradient that :func:`spike` gives
    them, without a graph of each step.
    """

    @staticmethod
    def forward(
        ctx: Any, drive: Tensor, w: Tensor, constants: Tensor, v: Tensor, s: Tensor, a: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        add = torch.addmm if w.ndim == 2 else torch.baddbmm
        lam, rho, strength = constants
        volts, spikes, traces = (x.new_empty(len(drive) + 1, *x.shape) for x in (v, s, a))
        volts[0], spikes[0], traces[0] = v, s, a
        for t, x in enumerate(drive):
            kept = volts[t] * (1 - spikes[t])
            v = torch.addcmul(add(x, spikes[t], w), lam, kept, out=volts[t + 1])
            torch.ge(v, torch.addcmul(torch.ones_like(v), strength, traces[t]), out=spikes[t + 1])
            torch.addcmul(spikes[t + 1], rho, traces[t], out=traces[t + 1])
        ctx.save_for_backward(w, constants, volts, spikes, traces)
        return spikes[1:].clone(), volts[-1].clone(), traces[-1].clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor, by_v: Tensor, by_a: Tensor) -> tuple[Tensor | None, ...]:
        w, constants, volts, spikes, traces = ctx.saved_tensors
        add = torch.addmm if w.ndim == 2 else torch.baddbmm
        lam, rho, strength = constants
        by_drive, back = grad.new_empty(grad.shape), w.transpose(-1, -2).contiguous()
        by_lam, by_rho, by_strength, by_s = (torch.zeros_like(by_v) for _ in range(4))
        for t in range(len(grad) - 1, -1, -1):  # by_v, by_s, by_a: of what step t leaves behind
            by_rho.addcmul_(by_a, traces[t])
            above = volts[t + 1] - torch.addcmul(torch.ones_like(by_v), strength, traces[t])
            near = (grad[t] + by_s + by_a) * _slope(above, BETA)
            by_strength.addcmul_(near, traces[t], value=-1)
            by_a = torch.addcmul(rho * by_a, strength, near, value=-1)
            by_v = torch.add(by_v, near, out=by_drive[t])
            kept = 1 - spikes[t]
            by_lam.addcmul_(by_v, volts[t] * kept)
            by_s = torch.addcmul(
                add(torch.zeros_like(by_v), by_v, back), lam, by_v * volts[t], value=-1
            )
            by_v = lam * by_v * kept
        by_w = torch.einsum("t...bi,t...bj->...ij", spikes[:-1], by_drive)
        by_constants = torch.stack([by_lam, by_rho, by_strength])
        return by_drive, by_w, by_constants, by_v, by_s, by_a


@_checks.in_full_precision
def run_lif(
    drive: Tensor,
    w: Tensor,
    tau: float | Tensor,
    *,
    adaptation: float | Tensor = 0.0,
    tau_adaptation: float | Tensor = 200.0,
    state: LIFState | None = None,
    rule: Rule | None = None,
    eta: float = 0.0,
) -> tuple[Tensor, LIFState]:
    """Run spiking cells that are driven from outside and by each other.

    ``v <- lam v (1 - s) + x + s w``, a spike where ``v >= 1 + adaptation * a``, and then ``a <-
    rho a + s``: a spike empties the cell, and raises its threshold for a while.

    >>> spikes, state = run_lif(torch.full((50, 1, 1), 0.3), torch.zeros(1, 1), 10.0)
    >>> int(spikes.sum())
    12

    Parameters
    ----------
    drive : Tensor
        What arrives from outside, (T, B, n), or (T, S, B, n) for S networks.
    w : Tensor
        Weights among the cells, (n, n) or (S, n, n); where a rule teaches, also (B, n, n). Not used
        with a ``state`` that has learned.
    tau, tau_adaptation : float or Tensor
        Time constants of voltage (``lam``) and threshold (``rho``) in steps: of all cells, of each
        (n,), or of those of each network (S, 1, n).
    adaptation : float or Tensor
        By how much a spike raises the threshold; shapes as of ``tau``.
    state : LIFState, optional
        Where to go on from; by default all is 0.
    rule : callable, optional
        ``rule(w, pre, post, *, ...) -> dw`` changes ``w`` of each episode in each step, of the
        traces of earlier spikes, which fade as voltages do; it may declare ``pre_spikes``, which
        arrive, and ``post_spikes``. One network then.
    eta : float
        Its learning rate.

    Returns
    -------
    spikes : Tensor
        0 and 1, of the shape of ``drive``; carries the gradient of :func:`spike`.
    state : LIFState
        After the last step.

    Notes
    -----
    Source: eq-adaptive-threshold; the cells of Bellec and others (2018).
    """
    constants = _fit(drive, w, tau, tau_adaptation, adaptation)
    state = _started(drive, w, state, rule)
    _checks.number("eta", eta)
    if rule is not None:
        return _taught(drive, constants, state, rule, eta)
    each = torch.stack([one.expand(drive.shape[1:]) for one in constants])
    spikes, v, a = _Loop.apply(drive, w, each, *state[:3])
    return spikes, LIFState(v, spikes[-1], a)


def _taught(
    drive: Tensor, constants: list[Tensor], state: LIFState, rule: Rule, eta: float
) -> tuple[Tensor, LIFState]:
    """Run cells whose weights a rule changes."""
    (lam, rho, adaptation), (v, s, a, w, trace) = constants, state
    assert w is not None
    assert trace is not None
    spikes = []
    for x in drive:
        arriving = s
        v = lam * v * (1 - s) + (x + (s.unsqueeze(-2) @ w).squeeze(-2))
        s = spike(v - (1 + adaptation * a))
        a = rho * a + s
        trace = lam * trace
        w = w + eta * change(rule, w, trace, trace, pre_spikes=arriving, post_spikes=s)
        trace = trace + s
        spikes.append(s)
    _checks.finite("w", w, f"look at what {name_of(rule)} returns")
    return torch.stack(spikes), LIFState(v, s, a, w, trace)


def _fit(drive: Any, w: Any, tau: Any, tau_adaptation: Any, adaptation: Any) -> list[Tensor]:
    """Return decay factors and the strength of adaptation, or raise."""
    several = isinstance(drive, Tensor) and drive.ndim == 4
    sizes: dict[str, int] = {}
    _checks.floating(
        "drive", _checks.tensor("drive", drive, "T S B n" if several else "T B n", sizes)
    )
    first = "S " if several else "B " if isinstance(w, Tensor) and w.ndim == 3 else ""
    _checks.tensor("w", w, f"{first}n n", sizes, like=drive, reference="drive")
    _checks.finite("drive", drive)
    _checks.finite("w", w)
    factors = []
    for name, value in (("tau", tau), ("tau_adaptation", tau_adaptation)):
        each = torch.as_tensor(_checks.spread(name, value, drive[0], "a step of drive")).to(drive)
        if _checks.known(each) and bool((each < 0).any()):
            raise ValueError(f"{name} must be 0 or more, got {each.min().item():g}")
        factors.append(torch.exp(-1 / each))
    strength = _checks.spread("adaptation", adaptation, drive[0], "a step of drive")
    return [*factors, torch.as_tensor(strength).to(drive)]


def _started(drive: Tensor, w: Tensor, state: Any, rule: Any) -> LIFState:
    """Return a state that fits, or raise."""
    zero = torch.zeros_like(drive[0])
    if state is None:
        state = LIFState(zero, zero, zero)
    _checks.of_type("state", state, LIFState, "leave it out to begin with all at 0")
    for name in ("v", "s", "a"):
        value = getattr(state, name)
        _checks.tensor(f"state.{name}", value, "... n", {"n": drive.shape[-1]}, like=drive)
        _checks.finite(f"state.{name}", value)
        if value.shape != zero.shape:
            raise ValueError(
                f"state.{name} must have shape {tuple(zero.shape)}, got {tuple(value.shape)}"
            )
    if rule is None:
        if w.ndim == 3 and drive.ndim == 3:
            raise ValueError("w must be (n, n) where no rule teaches, and was given per episode")
        if state.w is not None:
            raise ValueError(
                "state.w has learned, and without a rule w would be used instead: go on with the "
                "rule and eta=0, or with state._replace(w=None, trace=None)"
            )
        return state._replace(w=None, trace=None)
    check(rule, SUPPLIED, "run_lif")
    if drive.ndim == 4:
        raise ValueError("drive must have shape (T, B, n) where a rule teaches: one network alone")
    learned = w.expand(zero.shape[0], *w.shape[-2:]) if state.w is None else state.w
    trace = zero if state.trace is None else state.trace
    sizes = dict(zip("Bn", zero.shape, strict=True))
    for name, value, axes in (("w", learned, "B n n"), ("trace", trace, "B n")):
        _checks.tensor(f"state.{name}", value, axes, sizes, like=drive)
        _checks.finite(f"state.{name}", value)
    return state._replace(w=learned, trace=trace)
