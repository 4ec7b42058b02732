"""Rate neurons: linear neurons that learn from a stream of inputs, one step at a time.

Shapes: T steps, n inputs, m neurons, and any leading dimensions "..." for simulations that run side by side.
"""

import torch
from torch import Tensor

from hebbnotes import _checks, rules
from hebbnotes.rules import Rule

__all__ = ["learn", "learn_bcm"]


def learn(inputs: Tensor, w: Tensor, rule: Rule, eta: float | Tensor) -> Tensor:
    """Let linear neurons, ``y = x @ w``, learn from a stream: ``w = w + eta * rule(w, x, y)`` at each step.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, ..., n).
    w : Tensor
        Initial weights, shape (..., n, m).
    rule : callable
        ``rule(w, pre, post) -> dw``.
    eta : float or Tensor
        Learning rate; a tensor must broadcast with ``w``.

    Returns
    -------
    Tensor
        The weights before the first step and after each, shape (T + 1, ..., n, m). They may overflow to infinity or NaN.

    Raises
    ------
    TypeError, ValueError
        If the inputs do not fit the weights, ``eta`` is not finite, or the rule cannot be called.

    Notes
    -----
    Taught in the chapter "Hebb in the brain".
    """
    _fit(inputs, w, eta)
    _checks.rule(rule)
    history = [w]
    for x in inputs:
        w = w + eta * rule(w, x, _output(x, w))
        history.append(w)
    return torch.stack(history)


def learn_bcm(
    inputs: Tensor, w: Tensor, theta: Tensor, eta: float | Tensor, tau: float | Tensor, *, target: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Let linear neurons learn from a stream by the rule of Bienenstock, Cooper and Munro with a sliding threshold.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, ..., n).
    w, theta : Tensor
        Initial weights (..., n, m) and thresholds (..., m).
    eta : float or Tensor
        Learning rate; a tensor must broadcast with ``w``.
    tau : float or Tensor
        Time constant of the threshold, in steps, at least 1; a tensor must broadcast with ``theta``.
    target : float
        See :func:`hebbnotes.rules.sliding_threshold`.

    Returns
    -------
    w : Tensor
        The weights before the first step and after each, shape (T + 1, ..., n, m). They may overflow to infinity or NaN.
    theta : Tensor
        The thresholds likewise, shape (T + 1, ..., m).

    Raises
    ------
    TypeError, ValueError
        If the inputs or thresholds do not fit the weights, ``eta`` is not finite, ``target`` is not above 0, or ``tau`` is below 1.

    Notes
    -----
    Source: Bienenstock, Cooper & Munro (1982); Intrator & Cooper (1992). Taught in the chapter "Hebb in the brain".
    """
    _fit(inputs, w, eta)
    _checks.number("target", target, 1e-12)
    if theta.shape != w.shape[:-2] + w.shape[-1:]:
        raise ValueError(
            f"theta must have shape {tuple(w.shape[:-2] + w.shape[-1:])}, one for each neuron, got {tuple(theta.shape)}"
        )
    if not bool((torch.as_tensor(tau) >= 1).all()):
        raise ValueError("tau is in steps and must be at least 1: use shorter steps for a faster threshold")
    weights, thresholds = [w], [theta]
    for x in inputs:
        y = _output(x, w)
        w = w + eta * rules.bcm(w, x, y, theta=theta)
        theta = theta + rules.sliding_threshold(theta, y, target=target) / tau
        weights.append(w)
        thresholds.append(theta)
    return torch.stack(weights), torch.stack(thresholds)


def _output(x: Tensor, w: Tensor) -> Tensor:
    return (x.unsqueeze(-2) @ w).squeeze(-2)


def _fit(inputs: Tensor, w: Tensor, eta: float | Tensor) -> None:
    _checks.floating("inputs", inputs)
    if w.ndim < 2 or inputs.ndim != w.ndim or inputs.shape[1:] != w.shape[:-1]:
        raise ValueError(
            f"inputs (T, ..., n) and w (..., n, m) must agree in ... and n, got {tuple(inputs.shape)} and {tuple(w.shape)}"
        )
    _checks.finite("eta", torch.as_tensor(eta))
    if inputs.dtype != w.dtype:
        raise TypeError(f"w is {w.dtype}, but inputs are {inputs.dtype}: nothing is cast, convert one of them with .to(...)")
