"""Leaky units, each with a time constant of its own, that are driven by inputs and by each other.

Time is counted in steps, and so are time constants. Shapes: T steps, B episodes, n_in inputs, n
units; ``w[pre, post]``. S networks that see the same inputs run at once if their numbers have a
first axis of S.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import as_autocast

__all__ = [
    "SCALINGS",
    "STARTS",
    "LeakyRNN",
    "decay_factor",
    "effective_tau",
    "filter_bank",
    "fine_tuning",
    "run_leaky",
    "step_gain",
]

SCALINGS = ("mean", "power")
"""What a cell's drive is multiplied by; see :func:`step_gain`."""
STARTS = ("normal", "orthogonal", "identity")
"""What the weights among the units begin with."""


def decay_factor(tau: float | Tensor, dt: float = 1.0) -> Tensor:
    """Return the share of itself that a leaky cell keeps over a step: ``exp(-dt / tau)``.

    >>> torch.allclose(decay_factor(10.0), decay_factor(10.0, dt=0.5) ** 2)
    True
    >>> decay_factor(0.0).item()
    0.0

    Parameters
    ----------
    tau : float or Tensor
        Time constants, of any shape, 0 or more; 0 keeps nothing.
    dt : float
        Length of a step, of the unit of ``tau``.
    """
    return torch.exp(-_checks.number("dt", dt, 0) / _taus(tau))


def effective_tau(tau: float | Tensor, w: float | Tensor) -> Tensor:
    """Return the time constant of a linear leaky cell that excites itself: ``tau / (1 - w)``.

    In a network ``w`` is an eigenvalue of the weights, if all cells have one ``tau``.

    >>> effective_tau(3.0, 0.96875).item()
    96.0

    Parameters
    ----------
    tau : float or Tensor
        Time constant of the cell.
    w : float or Tensor
        Its weight onto itself, below 1: from there on it does not forget, but grows.

    Notes
    -----
    Source: eq-effective-tau; Seung (1996).
    """
    return _taus(tau) / (1 - _below_one(w, tau))


def fine_tuning(tau: float | Tensor, w: float | Tensor) -> Tensor:
    """Return by how many per cent ``effective_tau`` changes if ``w`` changes by one per cent.

    ``d ln tau_eff / d ln w = w / (1 - w) = tau_eff / tau - 1``; for ``tau`` instead of ``w`` it is
    1, whatever the cell.

    >>> fine_tuning(3.0, 0.96875).item()
    31.0

    Arguments are those of :func:`effective_tau`. Source: eq-fine-tuning; Seung (1996).
    """
    ratio = _below_one(w, tau)
    return ratio / (1 - ratio) + torch.zeros_like(_taus(tau))


def step_gain(tau: float | Tensor, scaling: str = "mean") -> Tensor:
    """Return what a cell's drive is multiplied by in a step.

    Parameters
    ----------
    tau : float or Tensor
        Time constants in steps.
    scaling : {"mean", "power"}
        ``1 - lam`` with ``lam = exp(-1 / tau)``: all cells answer a constant drive alike, and a
        slow cell is moved by little in a step. Or ``sqrt(1 - lam**2)``: all cells fluctuate alike
        if their drive is new in each step.
    """
    _checks.choice("scaling", scaling, SCALINGS)
    lam = decay_factor(tau)
    return 1 - lam if scaling == "mean" else (1 - lam.square()).sqrt()


def _taus(tau: Any) -> Tensor:
    """Return time constants as a tensor, or raise."""
    if not isinstance(tau, Tensor):
        tau = torch.tensor(_checks.number("tau", tau))
    _checks.finite("tau", _checks.floating("tau", tau))
    if _checks.known(tau) and bool((tau < 0).any()):
        raise ValueError(f"tau must be 0 or more, got {tau.min().item():g}: it is a time constant")
    return tau


def _below_one(w: Any, like: Any) -> Tensor:
    """Return weights of cells onto themselves as a tensor, or raise."""
    if not isinstance(w, Tensor):
        w = torch.tensor(
            _checks.number("w", w), dtype=like.dtype if isinstance(like, Tensor) else None
        )
    _checks.finite("w", _checks.floating("w", w))
    if _checks.known(w) and bool((w >= 1).any()):
        raise ValueError(
            f"w must be below 1, got {w.max().item():g}: such a cell grows, and never forgets"
        )
    return w


@_checks.in_full_precision
def filter_bank(inputs: Tensor, tau: Tensor, state: Tensor | None = None) -> Tensor:
    """Pass each input through each of several linear leaky cells, which do not drive each other.

    ``h <- lam h + (1 - lam) x``, from 0, with ``lam = exp(-1 / tau)``: cells of n different time
    constants hold n independent copies of an input, those of one time constant a single one.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in).
    tau : Tensor
        Time constants in steps, shape (n,).
    state : Tensor, optional
        Where to go on from, shape (B, n_in, n).

    Returns
    -------
    Tensor
        Shape (T, B, n_in, n); its last step is the state.

    Notes
    -----
    Source: eq-filter-rank; the matrix of ``lam`` to the powers of time is Vandermonde's.
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n_in", sizes))
    _checks.tensor("tau", tau, "n", sizes, like=inputs)
    lam, gain = decay_factor(tau), step_gain(tau)
    h = inputs.new_zeros(*inputs.shape[1:], sizes["n"]) if state is None else state
    _checks.tensor("state", h, "B n_in n", sizes, like=inputs)
    _checks.finite("inputs", inputs)
    _checks.finite("state", h)
    output = []
    for x in inputs:
        h = lam * h + gain * x.unsqueeze(-1)
        output.append(h)
    return torch.stack(output)


class _Leaky(torch.autograd.Function):
    """The loop over time, and its gradient, for which each step needs two products."""

    @staticmethod
    def forward(
        ctx: Any, drive: Tensor, w: Tensor, lam: Tensor, gain: Tensor, start: Tensor
    ) -> Tensor:
        add = torch.addmm if w.ndim == 2 else torch.baddbmm
        held, activity = drive.new_empty(len(drive) + 1, *start.shape), torch.empty_like(drive)
        held[0] = start
        for x, y, h, later in zip(drive, activity, held[:-1], held[1:], strict=True):
            torch.tanh(add(x, h, w), out=y)
            torch.addcmul(lam * h, gain, y, out=later)
        ctx.save_for_backward(held, activity, w, lam, gain)
        return held[1:].clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        held, activity, w, lam, gain = ctx.saved_tensors
        add = torch.addmm if w.ndim == 2 else torch.baddbmm
        by_drive, back = torch.empty_like(activity), w.transpose(-1, -2).contiguous()
        g, by_lam, by_gain = (torch.zeros_like(held[0]) for _ in range(3))
        taught = ctx.needs_input_grad[2] or ctx.needs_input_grad[3]
        for t in range(len(grad) - 1, -1, -1):
            g = g + grad[t]
            if taught:
                by_lam.addcmul_(g, held[t])
                by_gain.addcmul_(g, activity[t])
            by_drive[t] = torch.ops.aten.tanh_backward(gain * g, activity[t])
            g = add(lam * g, by_drive[t], back)
        by_w = torch.einsum("t...bi,t...bj->...ij", held[:-1], by_drive)
        return by_drive, by_w, by_lam.sum_to_size(lam.shape), by_gain.sum_to_size(gain.shape), g


@_checks.in_full_precision
def run_leaky(
    inputs: Tensor,
    w: Tensor,
    u: Tensor,
    b: Tensor,
    tau: float | Tensor,
    state: Tensor | None = None,
    *,
    scaling: str = "mean",
) -> tuple[Tensor, Tensor]:
    """Run leaky cells that are driven by inputs and by each other.

    ``h <- lam h + gain tanh(h w + x u + b)``, with ``lam = exp(-1 / tau)`` and ``gain = 1 - lam``
    in each cell. With ``tau = 0`` it is the plain recurrent network of tanh units.

    >>> x, w, u = torch.ones(5, 1, 2), torch.zeros(3, 3), torch.ones(2, 3)
    >>> output, state = run_leaky(x, w, u, torch.zeros(3), tau=4.0)
    >>> output.shape, torch.equal(state, output[-1])
    (torch.Size([5, 1, 3]), True)

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in), without unit.
    w, u, b : Tensor
        Weights among the cells (n, n) and of the inputs (n_in, n), and biases (n,); or of S
        networks, (S, n, n), (S, n_in, n) and (S, n).
    tau : float or Tensor
        Time constant in steps, of all cells, of each (n,), or of each of S networks (S, n).
    state : Tensor, optional
        Where to go on from, shape (B, n) or (S, B, n); by default 0.
    scaling : {"mean", "power"}
        ``gain``; see :func:`step_gain`.

    Returns
    -------
    output, state : Tensor
        What the cells hold after each step, (T, B, n) or (T, S, B, n), and after the last. Both
        carry gradient, for ``tau`` too, once.

    Notes
    -----
    Source: eq-leaky; a gated unit whose gate is constant, Tallec & Ollivier (2018).
    """
    many = isinstance(w, Tensor) and w.ndim == 3
    s = "S " if many else ""
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n_in", sizes))
    _checks.tensor("w", w, f"{s}n_pre n", sizes, like=inputs)
    if sizes["n_pre"] != sizes["n"]:
        raise ValueError(
            f"w must have as many rows as columns, got {tuple(w.shape)}: each cell sends and is "
            "driven"
        )
    _checks.tensor("u", u, f"{s}n_in n", sizes, like=inputs)
    _checks.tensor("b", b, f"{s}n", sizes, like=inputs)
    if isinstance(tau, Tensor) and tau.ndim:
        _checks.tensor("tau", tau, f"{s}n" if tau.ndim == 2 else "n", sizes, like=inputs)
    for name, value in (("inputs", inputs), ("w", w), ("u", u), ("b", b)):
        _checks.finite(name, value)
    each = _taus(tau).to(inputs).expand(b.shape)
    lam, gain = decay_factor(each), step_gain(each, scaling)
    drive = _driven(inputs, u, b)
    if state is None:
        state = torch.zeros_like(drive[0])
    _checks.finite("state", _checks.tensor("state", state, f"{s}B n", sizes, like=inputs))
    if many:
        lam, gain = lam.unsqueeze(1), gain.unsqueeze(1)
    output = _Leaky.apply(drive, w, lam, gain, state)
    return output, output[-1]


def _driven(inputs: Tensor, u: Tensor, b: Tensor) -> Tensor:
    """Return what the inputs alone drive the cells with, (T, B, n) or (T, S, B, n)."""
    if u.ndim == 2:
        return inputs @ u + b
    steps, batch, n_in = inputs.shape
    flat = inputs.reshape(-1, n_in) @ u.transpose(0, 1).reshape(n_in, -1) + b.flatten()
    return flat.view(steps, batch, *b.shape).transpose(1, 2).contiguous()


class LeakyRNN(nn.Module):
    """Leaky cells with trained weights, a linear read-out, and time constants that may be trained.

    What is trained of a time constant is its logarithm, so that it stays above 0.

    >>> network = LeakyRNN(1, 8, 1, tau=10.0, learn="each", generator=torch.Generator())
    >>> output, state = network(torch.zeros(5, 2, 1))
    >>> output.shape, state.shape, network.tau.shape
    (torch.Size([5, 2, 1]), torch.Size([2, 8]), torch.Size([8]))

    Parameters
    ----------
    n_in, n, n_out : int
        Numbers of inputs, cells and outputs.
    tau : float or Tensor
        Time constant in steps, of all cells or of each (n,); 0 for the plain recurrent network.
    learn : {"none", "shared", "each"}
        Whether none is trained, one that all cells share, or each.
    start : {"normal", "orthogonal", "identity"}
        What ``w`` begins with: normal with variance ``1 / n``, a random rotation, or the identity.
    scaling : {"mean", "power"}
        See :func:`step_gain`.
    generator : torch.Generator
        Source of the weights; ``u`` and ``readout`` are normal with variances ``1 / n_in`` and
        ``1 / n``, biases start at 0.

    Attributes
    ----------
    w, u, b, readout, bias : Parameter
        As for :func:`run_leaky`; weights (n, n_out) and biases (n_out,) of the outputs.
    log_tau : Parameter or Tensor
        Shape (1,) if it is shared, else (n,).

    Notes
    -----
    Source: eq-leaky; Perez-Nieves and others (2021), who train time constants.
    """

    log_tau: Tensor

    def __init__(
        self,
        n_in: int,
        n: int,
        n_out: int,
        *,
        tau: float | Tensor,
        learn: str = "none",
        start: str = "normal",
        scaling: str = "mean",
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        for name, size in (("n_in", n_in), ("n", n), ("n_out", n_out)):
            _checks.integer(name, size)
        _checks.choice("learn", learn, ("none", "shared", "each"))
        _checks.choice("start", start, STARTS)
        self.scaling = _checks.choice("scaling", scaling, SCALINGS)
        _checks.generator(generator)
        _checks.room(senders=max(n_in, n), receivers=max(n, n_out))
        each = _taus(tau)
        if each.ndim:
            _checks.tensor("tau", each, "n", {"n": n})
        if learn == "shared" and bool((each != each.flatten()[0]).any()):
            raise ValueError('tau must be one number if learn="shared": it is one that all share')
        if learn != "none" and bool((each == 0).any()):
            raise ValueError("tau must be above 0 to be learned: it is its logarithm that learns")
        w, u, readout = starting(n_in, n, n_out, start, generator)
        self.w, self.u, self.readout = nn.Parameter(w), nn.Parameter(u), nn.Parameter(readout)
        self.b, self.bias = nn.Parameter(u.new_zeros(n)), nn.Parameter(u.new_zeros(n_out))
        log_tau = each.to(u).log().expand(n).clone()
        if learn == "none":
            self.register_buffer("log_tau", log_tau)
        else:
            self.log_tau = nn.Parameter(log_tau[:1].clone() if learn == "shared" else log_tau)

    @property
    def tau(self) -> Tensor:
        """Time constant of each cell in steps, shape (n,)."""
        return self.log_tau.exp().expand(self.b.shape)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run, or go on: inputs (T, B, n_in) give outputs (T, B, n_out), and the state (B, n)."""
        inputs = as_autocast(inputs, self.w)
        held, state = run_leaky(
            inputs, self.w, self.u, self.b, self.tau, state, scaling=self.scaling
        )
        return held @ self.readout + self.bias, state


def starting(
    n_in: int, n: int, n_out: int, start: str, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the weights among the cells, of the inputs and of the outputs begin with."""
    _checks.generator(generator)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=generator.device)

    normal = drawn(n, n)
    if start == "identity":
        w = torch.eye(n, device=generator.device)
    elif start == "orthogonal":
        q, r = torch.linalg.qr(normal)
        w = q * r.diagonal().sign()
    else:
        w = normal / math.sqrt(n)
    return w, drawn(n_in, n) / math.sqrt(n_in), drawn(n, n_out) / math.sqrt(n)
