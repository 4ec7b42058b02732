"""Gradients of a recurrent network from local traces and a broadcast signal: e-prop.

A network of leaky units is a function of one matrix, onto whose rows the inputs and the units'
last activity follow each other: ``pre = [inputs[t], y[t - 1]]``. What a synapse contributes to the
activity of its own receiver is known at the receiver, forward in time; what is missing is a
learning signal for each unit, ``dL / dy``.

Shapes: T steps, B episodes, n_in inputs, n units; ``w[pre, post]`` is (n_in + n, n).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = ["Directions", "directions", "gradient", "leaky", "traces"]


@_checks.in_full_precision
def leaky(inputs: Tensor, w: Tensor, kappa: float) -> Tensor:
    """Run leaky units that are driven by inputs and by each other.

    ``h[t] = kappa * h[t - 1] + [inputs[t], y[t - 1]] @ w`` and ``y[t] = tanh(h[t])``, from rest.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in), without unit.
    w : Tensor
        Weights, shape (n_in + n, n): first those of the inputs, then those among the units.
    kappa : float
        Share of the drive that a step leaves, in [0, 1]: ``exp(-dt / tau)``.

    Returns
    -------
    Tensor
        Activity of the units, shape (T, B, n); it carries gradient.

    Notes
    -----
    Source: leaky rate units, close to those of Murray (2019), with the leak before the response.
    """
    kappa = _fit(inputs, w, kappa)
    n = w.shape[1]
    through_inputs = inputs @ w[:-n]
    y = h = inputs.new_zeros(inputs.shape[1], n)
    output = []
    for u in through_inputs:
        h = kappa * h + u + y @ w[-n:]
        y = torch.tanh(h)
        output.append(y)
    return torch.stack(output)


@_checks.in_full_precision
def traces(inputs: Tensor, output: Tensor, kappa: float) -> tuple[Tensor, Tensor]:
    """Return the two factors of each synapse's eligibility at each step.

    ``e[i, j] = slope[j] * eps[i]`` is how the activity of unit j now changes with the weight
    ``w[i, j]``, by way of unit j alone: ``eps = kappa * eps + pre`` and ``slope = 1 - y**2``.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in).
    output : Tensor
        What :func:`leaky` returned, shape (T, B, n).
    kappa : float
        As for :func:`leaky`.

    Returns
    -------
    eps, slope : Tensor
        Shapes (T, B, n_in + n) and (T, B, n).

    Notes
    -----
    Source: eq-eprop; Bellec et al. (2020).
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n_in", sizes))
    _checks.tensor("output", output, "T B n", sizes, like=inputs)
    kappa = _checks.number("kappa", kappa, 0, 1)
    before = torch.cat([torch.zeros_like(output[:1]), output[:-1]])
    eps = inputs.new_zeros(inputs.shape[1], inputs.shape[2] + output.shape[2])
    every = []
    for pre in torch.cat([inputs, before], -1):
        eps = kappa * eps + pre
        every.append(eps)
    return torch.stack(every), 1 - output.square()


@_checks.in_full_precision
def gradient(inputs: Tensor, output: Tensor, signal: Tensor, kappa: float) -> Tensor:
    """Return the gradient that eligibility traces and a learning signal give.

    ``dw[i, j] = sum over t and b of signal[t, b, j] * e[t, b, i, j]``. It is *exact* if the signal
    is the total derivative of the loss by the activity of a unit, through all that this activity
    does later. e-prop takes the direct part, what the read-out alone makes of the activity: with
    ``out = output @ w_out`` and an error ``dL / dout`` that is ``error @ w_out.T``; or, with other
    fixed weights instead of ``w_out``, a random broadcast.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in).
    output, signal : Tensor
        Activity of the units and ``dL / dy``, shape (T, B, n).
    kappa : float
        As for :func:`leaky`.

    Returns
    -------
    Tensor
        ``dL / dw``, shape (n_in + n, n): to go *down* the loss, subtract it.

    Notes
    -----
    Source: eq-eprop; Bellec et al. (2020).
    """
    _checks.finite("inputs", _checks.floating("inputs", inputs))
    eps, slope = traces(inputs, output, kappa)
    if _checks.floating("signal", signal).shape != output.shape:
        raise ValueError(
            f"signal must have the shape of output, {tuple(output.shape)}, got "
            f"{tuple(signal.shape)}: one number for each unit, episode and step"
        )
    _checks.spread("signal", signal, output, "output")
    return eps.flatten(0, 1).T @ (slope * signal).flatten(0, 1)


class Directions(NamedTuple):
    """Gradients by ``w`` of one loss, each of shape (n_in + n, n).

    Attributes
    ----------
    exact : Tensor
        By backpropagation through time.
    direct : Tensor
        e-prop's: the learning signal is what the read-out alone makes of each unit.
    broadcast : Tensor
        The same through other weights than the read-out's.
    """

    exact: Tensor
    direct: Tensor
    broadcast: Tensor

    def cosines(self) -> tuple[float, float]:
        """Return the cosines of ``direct`` and of ``broadcast`` with ``exact``."""
        near = torch.nn.functional.cosine_similarity
        one, two = (near(self.exact.flatten(), each.flatten(), dim=0) for each in self[1:])
        return float(one), float(two)


def directions(
    inputs: Tensor, targets: Tensor, w: Tensor, w_out: Tensor, kappa: float, back: Tensor
) -> Directions:
    """Compare gradients of half the squared error of a linear read-out of leaky units.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in).
    targets : Tensor
        What ``leaky(inputs, w, kappa) @ w_out`` should be, shape (T, B, n_out).
    w : Tensor
        Shape (n_in + n, n).
    w_out : Tensor
        Shape (n, n_out).
    kappa : float
        As for :func:`leaky`.
    back : Tensor
        Weights of the random broadcast, of the shape of ``w_out``.

    Notes
    -----
    Source: eq-eprop; Bellec et al. (2020).
    """
    sizes: dict[str, int] = {"n": w.shape[-1]} if isinstance(w, Tensor) and w.ndim else {}
    _checks.tensor("targets", targets, "T B n_out", sizes, like=inputs)
    _checks.tensor("w_out", w_out, "n n_out", sizes, like=inputs)
    _checks.tensor("back", back, "n n_out", sizes, like=inputs)
    with torch.enable_grad():
        trained = w.detach().requires_grad_()
        output = leaky(inputs, trained, kappa)
        error = output @ w_out - targets
        (exact,) = torch.autograd.grad(error.square().sum() / 2, trained)
    output, error = output.detach(), error.detach()
    direct, broadcast = (gradient(inputs, output, error @ each.T, kappa) for each in (w_out, back))
    return Directions(exact, direct, broadcast)


def _fit(inputs: Tensor, w: Tensor, kappa: float) -> float:
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n_in", sizes))
    _checks.tensor("w", w, "n_pre n", sizes, like=inputs)
    if sizes["n_pre"] != sizes["n_in"] + sizes["n"]:
        raise ValueError(
            f"w must have a row for each of {sizes['n_in']} inputs and {sizes['n']} units, got "
            f"{sizes['n_pre']}: put the weights of the inputs first"
        )
    for name, value in (("inputs", inputs), ("w", w)):
        _checks.finite(name, value)
    return _checks.number("kappa", kappa, 0, 1)
