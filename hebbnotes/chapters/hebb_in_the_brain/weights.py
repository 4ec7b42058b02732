"""Spike timing where the change depends on the weight, and weights that grow by any rule."""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.neurons import spiking
from hebbnotes.neurons.spiking import Neuron, NeuronState
from hebbnotes.plasticity.common_form import Rule, check_seen

__all__ = ["grow", "voltage", "weight_dependent_stdp"]


def weight_dependent_stdp(
    w: Tensor,
    pre: Tensor,
    post: Tensor,
    *,
    pre_spikes: Tensor,
    post_spikes: Tensor,
    a_plus: float = 0.02,
    a_minus: float = 0.042,
) -> Tensor:
    """Spike timing that takes a share of the weight away, and adds the same to each.

    ``dw[i, j] = a_plus * pre[i] * post_spikes[j] - a_minus * w[i, j] * pre_spikes[i] * post[j]``,
    with the traces of :func:`.stdp`.

    Source: van Rossum, Bi & Turrigiano (2000), without their noise.
    """
    for name, value in (("a_plus", a_plus), ("a_minus", a_minus)):
        _checks.number(name, value)
    check_seen(w, pre, post, pre_spikes=pre_spikes, post_spikes=post_spikes)
    up = pre.unsqueeze(-1) * post_spikes.unsqueeze(-2)
    down = pre_spikes.unsqueeze(-1) * post.unsqueeze(-2)
    return a_plus * up - a_minus * w * down


def grow(
    rule: Rule | None,
    correlation: Tensor,
    neuron: Neuron,
    *,
    seconds: int,
    rate: float = 10.0,
    runs: int = 5,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Let weights that start at 0.5 grow by a rule, as :func:`.compete` does by spike timing.

    Parameters
    ----------
    rule : callable, optional
        See :func:`.run_neuron`.
    correlation : Tensor
        Of each input, shape (n,).
    neuron : Neuron
        The constants.
    seconds, rate, runs, generator
        See :func:`.compete`.

    Returns
    -------
    weights, rates : Tensor
        At the start and after each second, shape (seconds + 1, runs, n); in Hz, (seconds, runs).
    """
    _checks.floating("correlation", _checks.tensor("correlation", correlation, "n", {}))
    _checks.of_type("neuron", neuron, Neuron, "use Neuron()")
    shape = (_checks.integer("runs", runs), len(correlation))
    _checks.room(seconds=_checks.integer("seconds", seconds), runs=runs, inputs=len(correlation))
    inputs = correlation.new_full(shape, _checks.number("rate", rate, 0))
    state = NeuronState.at_rest(inputs.new_full((*shape, 1), 0.5), neuron)
    steps = round(1 / neuron.dt)
    weights, rates = [state.w], []
    for _ in range(seconds):
        spikes = spiking.correlated_spikes(steps, inputs, correlation, neuron.dt, generator)
        output, state = spiking.run_neuron(spikes, state, neuron, rule=rule)
        weights.append(state.w)
        rates.append(output.sum((0, 2)))
    return torch.stack(weights).squeeze(-1), torch.stack(rates)


def voltage(spikes: Tensor, w: Tensor, neuron: Neuron) -> tuple[Tensor, Tensor]:
    """Return the voltage of a neuron after each step, in mV, and its spikes, each of shape (T,).

    Parameters
    ----------
    spikes : Tensor
        Of the inputs, 0 and 1, shape (T, n).
    w : Tensor
        Weights, shape (n,), which stay as they are.
    neuron : Neuron
        The constants.
    """
    sizes: dict[str, int] = {}
    _checks.floating("spikes", _checks.tensor("spikes", spikes, "T n", sizes))
    _checks.tensor("w", w, "n", sizes, spikes, "spikes")
    state = NeuronState.at_rest(w[None, :, None], neuron)
    seen, fired = [], []
    for arriving in spikes:
        out, state = spiking.run_neuron(arriving[None, None], state, neuron, learn=False)
        seen.append(state.v[0, 0])
        fired.append(out[0, 0, 0])
    return torch.stack(seen), torch.stack(fired)
