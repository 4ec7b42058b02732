"""Rate neurons: neurons that learn from a stream of inputs, alone, side by side, or in competition.

Shapes: T steps, n inputs, m neurons, B inputs at once, and any leading dimensions "..." for
simulations that run side by side.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.rules.hebbian import mean_change
from hebbnotes.plasticity.stepper import change, check, pick

__all__ = ["learn", "learn_bcm", "learn_units", "linear", "oja_flow", "soft_winners", "winner"]


def linear(drive: Tensor) -> Tensor:
    """Return the drive itself: the activity of linear units."""
    return _checks.floating("drive", drive)


def winner(drive: Tensor) -> Tensor:
    """Return 1 for the unit that is driven most and 0 for all others, shape (..., m)."""
    _checks.finite("drive", _checks.floating("drive", drive))
    _checks.tensor("drive", drive, "... m", {})
    return torch.zeros_like(drive).scatter_(-1, drive.argmax(-1, keepdim=True), 1)


def soft_winners(drive: Tensor, beta: float = 1.0) -> Tensor:
    """Return the softmax of ``beta`` times the drive, shape (..., m): shares that sum to 1."""
    _checks.finite("drive", _checks.floating("drive", drive))
    _checks.tensor("drive", drive, "... m", {})
    return (_checks.number("beta", beta, 0) * drive).softmax(-1)


@_checks.in_full_precision
def learn_units(
    inputs: Tensor,
    w: Tensor,
    rule: Rule,
    eta: float | Tensor,
    respond: Callable[[Tensor], Tensor] = linear,
) -> Tensor:
    """Let units that share their inputs learn from batches.

    ``w = w + eta * mean of rule(w, x, respond(x @ w))``

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n): B inputs in each of T steps.
    w : Tensor
        Initial weights, shape (n, m).
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``; it may declare ``drive``.
    eta : float or Tensor
        Learning rate; a tensor holds one for each step, shape (T,).
    respond : callable
        What the units do when they are driven: :func:`linear`, :func:`winner`,
        :func:`soft_winners`, or a function of your own.

    Returns
    -------
    Tensor
        The weights after the last step, shape (n, m).

    Raises
    ------
    ValueError
        Also if weights grow beyond what a number can hold.
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    _checks.tensor("w", w, "n m", sizes, like=inputs)
    check(rule, ["drive"], "learn_units")
    _checks.function("respond", respond, "of the drive such as rate.winner")
    for name, value in (("inputs", inputs), ("w", w)):
        _checks.finite(name, value)
    if not isinstance(eta, Tensor):
        eta = torch.tensor(_checks.number("eta", eta), dtype=w.dtype, device=w.device)
    rates = _checks.finite("eta", _checks.floating("eta", eta)).to(w.dtype)
    if rates.device != w.device:
        raise ValueError(f"eta is on {rates.device}, not on {w.device} like w: move one of them")
    if rates.shape not in ((), (len(inputs),)):
        raise ValueError(
            f"eta must be a number, or one for each of {len(inputs)} steps, got shape "
            f"{tuple(rates.shape)}"
        )
    for x, rate in zip(inputs, rates.expand(len(inputs)), strict=True):
        drive = x @ w
        y = respond(drive)
        if y is not drive:
            _checks.tensor("what respond returns", y, "B m", sizes, drive, "the drive")
        w = w + rate * mean_change(rule, w, x, y, pick(rule, y, {"drive": drive}))
    _checks.finite(
        "what w became",
        w,
        "but has grown beyond all bounds: use a smaller eta, or a rule that forgets",
    )
    return w


@_checks.in_full_precision
def learn(
    inputs: Tensor,
    w: Tensor,
    rule: Rule,
    eta: float | Tensor,
    *,
    modulator: Tensor | None = None,
    pair: Rule | None = None,
    tau: float | Tensor = 1.0,
) -> Tensor:
    """Let linear neurons, ``y = x @ w``, learn from a stream: ``w = w + eta * rule(w, x, y)``.

    >>> w = learn(torch.ones(3, 2), torch.full((2, 1), 0.1), rules.hebb, eta=0.5)
    >>> w[:, 0, 0].tolist()  # before the first step, and after each
    [0.10000000149011612, 0.20000000298023224, 0.4000000059604645, 0.800000011920929]

    Parameters
    ----------
    inputs : Tensor
        Shape (T, ..., n).
    w : Tensor
        Initial weights, shape (..., n, m).
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``; it may declare ``drive``, which is ``y``, and
        ``modulator`` and ``eligibility`` where these are given.
    eta : float or Tensor
        Learning rate; a tensor must broadcast to the shape of ``w``.
    modulator : Tensor, optional
        Third factor of each step, broadcast to all neurons, shape (T, ...), or (T, ..., m).
    pair : callable, optional
        A rule, which may declare ``drive``: what it returns enters an eligibility trace, from which
        a later step learns. The trace starts at 0.
    tau : float or Tensor
        Time constant of that trace, in steps; see :func:`.eligibility`.

    Returns
    -------
    Tensor
        The weights before the first step and after each, shape (T + 1, ..., n, m). They may
        overflow to infinity or NaN.
    """
    _fit(inputs, w, eta)
    if modulator is not None:
        own = inputs.shape[:-1]
        if _checks.floating("modulator", modulator).shape not in (own, own + w.shape[-1:]):
            raise ValueError(
                f"modulator must have shape {tuple(own)}, one number for each step and simulation, "
                f"or {tuple(own + w.shape[-1:])}, got {tuple(modulator.shape)}"
            )
        _checks.spread("modulator", modulator, modulator.to(inputs), "inputs")
    further: dict[str, Tensor] = {} if pair is None else {"eligibility": torch.zeros_like(w)}
    known = ["drive", *(["modulator"] if modulator is not None else []), *further]
    check(rule, known, "learn")
    check(pair or rules.hebb, ["drive"], "learn's trace")
    history = [w]
    for t, x in enumerate(inputs):
        y = _output(x, w)
        if modulator is not None:
            further["modulator"] = modulator[t]
        dw = change(rule, w, x, y, drive=y, **further)
        if pair is not None:
            now = change(pair, w, x, y, drive=y)
            further["eligibility"] = rules.eligibility(further["eligibility"], now, tau)
        w = w + eta * dw
        history.append(w)
    return torch.stack(history)


@_checks.in_full_precision
def oja_flow(c: Tensor, w: Tensor, times: Tensor) -> Tensor:
    """Return how Oja's rule moves the weights of one linear neuron on average.

    The exact solution of ``dw/dt = C w - (w C w) w``, which is ``exp(C t) w / sqrt(1 - |w|**2 +
    |exp(C t) w|**2)``; one unit of time is ``1 / eta`` steps.

    Parameters
    ----------
    c : Tensor
        Mean products of the inputs, symmetric with eigenvalues of 0 or more, shape (n, n).
    w : Tensor
        Initial weights, shape (n,).
    times : Tensor
        Times of 0 or more, shape (T,).

    Returns
    -------
    Tensor
        Weights at these times, shape (T, n).

    Notes
    -----
    Source: the flow of Oja (1982), solved in general by Yan, Helmke & Moore (1994).
    """
    sizes: dict[str, int] = {}
    _checks.floating("c", _checks.tensor("c", c, "n n", sizes))
    _checks.tensor("w", w, "n", sizes, like=c, reference="c")
    _checks.tensor("times", times, "T", sizes, like=c, reference="c")
    for name, value in (("c", c), ("w", w), ("times", times)):
        _checks.finite(name, value)
    if bool((times < 0).any()):
        raise ValueError("times must be 0 or more: the solution need not exist before")
    values, vectors = torch.linalg.eigh(c)
    if not torch.allclose(c, c.T) or values[0] < -1e-4 * values[-1].abs():
        raise ValueError(
            "c must be symmetric, with eigenvalues of 0 or more: use x.T @ x / len(x) of some "
            "inputs x"
        )
    part, t, values = w @ vectors, times.unsqueeze(-1), values.clamp(min=0)
    largest = torch.where(
        part == 0, 0, values
    ).max()  # of those with a part; taken out of every exponent: nothing overflows
    along = part * ((values - largest) * t).clamp(max=0).exp()
    squared = (-2 * largest * times).exp() + (along.square() * -torch.expm1(-2 * values * t)).sum(
        -1
    )
    return (along / squared.sqrt().unsqueeze(-1)) @ vectors.T


@_checks.in_full_precision
def learn_bcm(
    inputs: Tensor,
    w: Tensor,
    threshold: Tensor,
    eta: float | Tensor,
    tau: float | Tensor,
    *,
    target: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Let linear neurons learn from a stream by the BCM rule with a sliding threshold.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, ..., n).
    w, threshold : Tensor
        Initial weights (..., n, m) and thresholds (..., m).
    eta : float or Tensor
        Learning rate; a tensor must broadcast to the shape of ``w``.
    tau : float or Tensor
        Time constant of the threshold, in steps, at least 1; a tensor must broadcast to its shape.
    target : float
        See :func:`.sliding_threshold`.

    Returns
    -------
    w, threshold : Tensor
        Before the first step and after each, shapes (T + 1, ..., n, m) and (T + 1, ..., m). They
        may overflow to infinity or NaN.

    Notes
    -----
    Source: Bienenstock, Cooper & Munro (1982); Intrator & Cooper (1992).
    """
    _fit(inputs, w, eta)
    _checks.number("target", target, 1e-12)
    if _checks.floating("threshold", threshold).shape != w.shape[:-2] + w.shape[-1:]:
        raise ValueError(
            f"threshold must have shape {tuple(w.shape[:-2] + w.shape[-1:])}, one for each neuron, "
            f"got {tuple(threshold.shape)}"
        )
    _checks.spread(
        "threshold", threshold, w.new_empty(threshold.shape), "w"
    )  # its precision, and finite
    steps = torch.as_tensor(_checks.spread("tau", tau, threshold, "threshold"))
    if _checks.known(steps) and not bool((steps >= 1).all()):
        raise ValueError(
            "tau is in steps and must be at least 1: use shorter steps for a faster threshold"
        )
    weights, thresholds = [w], [threshold]
    for x in inputs:
        y = _output(x, w)
        w = w + eta * change(rules.bcm, w, x, y, threshold=threshold)
        threshold = threshold + rules.sliding_threshold(threshold, y, target=target) / tau
        weights.append(w)
        thresholds.append(threshold)
    return torch.stack(weights), torch.stack(thresholds)


def _output(x: Tensor, w: Tensor) -> Tensor:
    return (x.unsqueeze(-2) @ w).squeeze(-2)


def _fit(inputs: Tensor, w: Tensor, eta: float | Tensor) -> None:
    _checks.floating("inputs", inputs)
    _checks.floating("w", w)
    if w.ndim < 2 or inputs.ndim != w.ndim or inputs.shape[1:] != w.shape[:-1]:
        raise ValueError(
            f"inputs (T, ..., n) and w (..., n, m) must agree in ... and n, got "
            f"{tuple(inputs.shape)} and {tuple(w.shape)}"
        )
    if not inputs.numel() or not w.numel():
        raise ValueError(
            f"there must be a step, an input and a neuron, got {tuple(inputs.shape)} and "
            f"{tuple(w.shape)}: look at inputs and w"
        )
    if inputs.dtype != w.dtype:
        raise TypeError(
            f"w is {w.dtype}, not {inputs.dtype} like inputs: nothing is cast, convert one of them "
            "with .to(...)"
        )
    _checks.finite("inputs", inputs)
    _checks.finite("w", w)
    _checks.spread("eta", eta, w, "w")
