"""Spiking neurons: Poisson inputs, some correlated, and cells whose synapses learn by spike timing.

Times are in seconds and voltages in millivolts. Shapes: T steps, B independent simulations, n
units; ``w[b, pre, post]``.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change, check, name_of

__all__ = [
    "Neuron",
    "NeuronState",
    "compete",
    "correlated_spikes",
    "run_neuron",
    "stdp_drift",
    "stdp_window",
]

SPIKES = ("pre_spikes", "post_spikes")


@dataclass(frozen=True)
class Neuron:
    """Constants of a leaky integrate-and-fire neuron with excitatory synapses that learn.

    Between spikes ``tau_m dv/dt = v_rest - v + g (e_exc - v)`` and ``tau_syn dg/dt = -g``; an input
    spike adds ``g_max * w`` to ``g``; at ``v_threshold`` the neuron spikes and starts again from
    ``v_reset``. Weights stay in [0, 1].

    Parameters
    ----------
    tau_m, tau_syn : float
        Time constants of membrane and conductance, in s.
    v_rest, v_threshold, v_reset, e_exc : float
        Potentials, in mV.
    g_max : float
        Conductance that a spike opens at a synapse of weight 1, in units of the leak.
    a_plus, a_minus : float
        Change of a weight by a single pair of spikes.
    tau_plus, tau_minus : float
        Time constants of the two sides of the window, in s.
    dt : float
        Length of a step, in s.

    Notes
    -----
    Source: a neuron of the kind of Song, Miller & Abbott (2000), with constants of our own.
    """

    tau_m: float = 0.020
    tau_syn: float = 0.005
    v_rest: float = -70.0
    v_threshold: float = -54.0
    v_reset: float = -60.0
    e_exc: float = 0.0
    g_max: float = 0.05
    a_plus: float = 0.01
    a_minus: float = 0.0105
    tau_plus: float = 0.020
    tau_minus: float = 0.020
    dt: float = 0.001

    def __post_init__(self) -> None:
        for name in ("tau_m", "tau_syn", "tau_plus", "tau_minus", "dt"):
            _checks.number(name, getattr(self, name), 1e-9)
        for name in ("g_max", "a_plus", "a_minus"):
            _checks.number(name, getattr(self, name), 0)
        for name in ("v_rest", "v_threshold", "v_reset", "e_exc"):
            _checks.number(name, getattr(self, name))
        if not max(self.v_rest, self.v_reset) < self.v_threshold < self.e_exc:
            raise ValueError(
                "potentials must satisfy v_rest, v_reset < v_threshold < e_exc: look at their signs"
            )


class NeuronState(NamedTuple):
    """What a neuron and its synapses carry from one step to the next.

    Attributes
    ----------
    v : Tensor
        Membrane potential in mV, shape (B, n_post).
    g : Tensor
        Conductance in units of the leak, shape (B, n_post).
    pre, post : Tensor
        Traces of the earlier spikes of each input and neuron, shapes (B, n_pre) and (B, n_post).
    w : Tensor
        Weights in [0, 1], shape (B, n_pre, n_post).
    """

    v: Tensor
    g: Tensor
    pre: Tensor
    post: Tensor
    w: Tensor

    @classmethod
    def at_rest(cls, w: Tensor, neuron: Neuron) -> "NeuronState":
        """Return silent neurons with the given weights, shape (B, n_pre, n_post), in [0, 1]."""
        _checks.of_type("neuron", neuron, Neuron, "use Neuron()")
        _checks.floating("w", _checks.tensor("w", w, "B n_pre n_post", {}))
        _checks.inside("w", w, 0, 1, "scale it, and put the strength into g_max")
        batch, n_pre, n_post = w.shape
        v = w.new_full((batch, n_post), neuron.v_rest)
        return cls(v, torch.zeros_like(v), w.new_zeros(batch, n_pre), torch.zeros_like(v), w)


def correlated_spikes(
    steps: int, rates: Tensor, correlation: Tensor, dt: float, generator: torch.Generator
) -> Tensor:
    """Draw spike trains, each of them Poisson by itself, that share some of their spikes.

    In each step a common source draws a spike with the probability of each unit's rate; a unit
    copies it with probability ``sqrt(correlation)`` and draws its own otherwise.

    Parameters
    ----------
    steps : int
        Number of steps T.
    rates : Tensor
        Rates in Hz, shape (B, n). The sources are separate for each of the B simulations.
    correlation : Tensor
        Correlation of two units' spikes in the same step, in [0, 1], shape (n,): between units i
        and j of equal rate it is ``sqrt(correlation[i] * correlation[j])``.
    dt : float
        Length of a step, in s.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        0 and 1, shape (T, B, n), of the dtype of ``rates``.
    """
    sizes: dict[str, int] = {}
    _checks.held("rates", _checks.floating("rates", _checks.tensor("rates", rates, "B n", sizes)))
    _checks.floating("correlation", _checks.tensor("correlation", correlation, "n", sizes))
    _checks.held("correlation", correlation)
    chance = rates * _checks.number("dt", dt, 1e-9)
    if not bool(((chance >= 0) & (chance <= 1)).all()):
        raise ValueError(
            f"rates must lie between 0 and 1 / dt = {1 / dt:g} Hz: use shorter steps for higher "
            "rates"
        )
    _checks.inside("correlation", correlation, 0, 1, "it is a share of the spikes")
    _checks.generator(generator, rates.device)
    _checks.room(steps=_checks.integer("steps", steps), **sizes)
    shape = (steps, *rates.shape)

    def draw(*size: int) -> Tensor:
        return torch.rand(size, generator=generator, dtype=rates.dtype, device=rates.device)

    common = draw(shape[0], shape[1], 1) < chance
    return torch.where(draw(*shape) < correlation.sqrt(), common, draw(*shape) < chance).to(
        rates.dtype
    )


@_checks.in_full_precision
def run_neuron(
    spikes: Tensor,
    state: NeuronState,
    neuron: Neuron,
    *,
    learn: bool = True,
    rule: Rule | None = None,
) -> tuple[Tensor, NeuronState]:
    """Drive neurons with input spikes, and let their synapses learn.

    Conductance and traces decay exactly; the potential is exact for a conductance that is constant
    within a step.

    Parameters
    ----------
    spikes : Tensor
        0 and 1, shape (T, B, n_pre).
    state : NeuronState
        Where to go on from; :meth:`NeuronState.at_rest` gives a start.
    neuron : Neuron
        The constants.
    learn : bool
        Whether the weights change.
    rule : callable, optional
        ``rule(w, pre, post, *, ...) -> dw``, of the traces of earlier spikes; it may declare
        ``pre_spikes`` and ``post_spikes``. By default spike-timing-dependent plasticity with the
        neuron's constants.

    Returns
    -------
    output : Tensor
        Output spikes, 0 and 1, shape (T, B, n_post).
    state : NeuronState
        After the last step.

    Notes
    -----
    Source: as for :class:`Neuron`.
    """
    _checks.flag("learn", learn)
    check_run(spikes, state, neuron)
    if rule is None:
        rule = partial(rules.stdp, a_plus=neuron.a_plus, a_minus=neuron.a_minus)
    check(rule, SPIKES, "run_neuron")
    return run_checked(spikes, state, neuron, rule if learn else None, {})


def check_run(spikes: Tensor, state: NeuronState, neuron: Neuron) -> dict[str, int]:
    """Return the sizes of what a run is given, or raise."""
    _checks.of_type("neuron", neuron, Neuron, "use Neuron()")
    _checks.of_type("state", state, NeuronState, "use NeuronState.at_rest(w, neuron)")
    sizes: dict[str, int] = {}
    w = state.w
    _checks.floating("state.w", _checks.tensor("state.w", w, "B n_pre n_post", sizes))
    _checks.held("state.w", w)
    for name in ("v", "g", "pre", "post"):
        axes = "B n_pre" if name == "pre" else "B n_post"
        part = _checks.tensor(f"state.{name}", getattr(state, name), axes, sizes, w, "state.w")
        _checks.finite(f"state.{name}", part)
    _checks.inside("state.w", w, 0, 1, "scale it, and put the strength into g_max")
    _checks.held("spikes", _checks.tensor("spikes", spikes, "T B n_pre", sizes))
    if spikes.dtype != w.dtype or not bool(((spikes == 0) | (spikes == 1)).all()):
        raise ValueError(
            f"spikes must be 0 or 1 and, as state.w, {w.dtype}: convert them with "
            ".to(state.w.dtype)"
        )
    return sizes


def run_checked(
    spikes: Tensor, state: NeuronState, neuron: Neuron, rule: Rule | None, given: dict[str, Tensor]
) -> tuple[Tensor, NeuronState]:
    """Run neurons that were checked; ``given`` holds what each step supplies besides."""
    v, g, pre, post, w = state
    fade_g = math.exp(-neuron.dt / neuron.tau_syn)
    constants = [
        1,
        neuron.v_rest,
        neuron.v_threshold,
        neuron.v_reset,
        neuron.e_exc,
        -neuron.dt / neuron.tau_m,
        math.exp(-neuron.dt / neuron.tau_plus),
        math.exp(-neuron.dt / neuron.tau_minus),
    ]  # as tensors: torch would make them from numbers in every step, which costs a sixth of it
    leak, rest, threshold, reset, e_exc, rate, fade_pre, fade_post = w.new_tensor(
        constants
    ).unbind()
    output = []
    with torch.no_grad():
        for t, (arriving, row) in enumerate(zip(spikes, spikes.unsqueeze(2), strict=True)):
            g = torch.baddbmm(g.unsqueeze(1), row, w, beta=fade_g, alpha=neuron.g_max).squeeze(1)
            total = leak + g
            target = (rest + g * e_exc) / total
            v = torch.lerp(target, v, torch.exp(rate * total))
            fires = v >= threshold
            fired, v = fires.to(v.dtype), torch.where(fires, reset, v)
            pre, post = pre * fade_pre, post * fade_post
            if rule is not None:
                its = {name: each[t] for name, each in given.items()}
                dw = change(rule, w, pre, post, pre_spikes=arriving, post_spikes=fired, **its)
                w = (w + dw).clamp_(0, 1)  # a NaN stays one, and is found at the end
            pre, post = pre + arriving, post + fired
            output.append(fired)
    if rule is not None:
        _checks.finite("w", w, f"look at what {name_of(rule)} returns")
    return torch.stack(output), NeuronState(v, g, pre, post, w)


def compete(
    correlation: Tensor,
    neuron: Neuron,
    *,
    seconds: int,
    rate: float = 10.0,
    runs: int = 1,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Let inputs of one rate compete for the control of a neuron.

    All synapses start at 0.5 and learn by spike timing.

    Parameters
    ----------
    correlation : Tensor
        Of each input, shape (n,); see :func:`correlated_spikes`.
    neuron : Neuron
        The constants; ``dt`` must divide a second.
    seconds : int
        Length of the simulation, in s.
    rate : float
        Rate of every input, in Hz.
    runs : int
        Number of independent simulations.
    generator : torch.Generator
        Source of the input spikes.

    Returns
    -------
    weights : Tensor
        At the start and after each second, shape (seconds + 1, runs, n).
    rates : Tensor
        Output rate during each second in Hz, shape (seconds, runs).

    Notes
    -----
    Source: the experiment of Song, Miller & Abbott (2000) in small, with constants of our own.
    """
    _checks.integer("seconds", seconds)
    _checks.of_type("neuron", neuron, Neuron, "use Neuron()")
    _checks.floating("correlation", _checks.tensor("correlation", correlation, "n", {}))
    _checks.room(seconds=seconds, runs=_checks.integer("runs", runs), inputs=len(correlation))
    steps = round(1 / neuron.dt)
    if abs(steps * neuron.dt - 1) > 1e-9:
        raise ValueError(f"dt must divide a second, got {neuron.dt:g} s: use 0.001, say")
    inputs = correlation.new_full((runs, len(correlation)), _checks.number("rate", rate, 0))
    state = NeuronState.at_rest(inputs.new_full((*inputs.shape, 1), 0.5), neuron)
    weights, rates = [state.w], []
    for _ in range(seconds):
        spikes = correlated_spikes(steps, inputs, correlation, neuron.dt, generator)
        output, state = run_neuron(spikes, state, neuron)
        weights.append(state.w)
        rates.append(output.sum((0, 2)))
    return torch.stack(weights).squeeze(-1), torch.stack(rates)


def stdp_window(lag: Tensor, neuron: Neuron) -> Tensor:
    """Return the change of a weight by one pair of spikes, of the shape of ``lag``.

    ``a_plus * exp(-lag / tau_plus)`` for ``lag > 0``, ``-a_minus * exp(lag / tau_minus)`` for ``lag
    < 0``, and 0 for ``lag = 0``, with ``lag = t_post - t_pre`` in s.

    Source: fits of this form to Bi & Poo (1998) are in Bi & Poo (2001).
    """
    _checks.finite("lag", _checks.floating("lag", lag))
    _checks.of_type("neuron", neuron, Neuron, "use Neuron()")
    up = neuron.a_plus * torch.exp(-lag.abs() / neuron.tau_plus)
    down = -neuron.a_minus * torch.exp(-lag.abs() / neuron.tau_minus)
    return torch.where(lag > 0, up, down) * (lag != 0)


def stdp_drift(pre_rate: float, post_rate: float, neuron: Neuron) -> float:
    """Return the mean change of a weight per second for independent Poisson trains on both sides.

    ``pre_rate * post_rate * (a_plus * tau_plus - a_minus * tau_minus)``, rates in Hz.

    Source: the integral of the window; Song, Miller & Abbott (2000).
    """
    for name, value in (("pre_rate", pre_rate), ("post_rate", post_rate)):
        _checks.number(name, value, 0)
    _checks.of_type("neuron", neuron, Neuron, "use Neuron()")
    return (
        pre_rate * post_rate * (neuron.a_plus * neuron.tau_plus - neuron.a_minus * neuron.tau_minus)
    )
