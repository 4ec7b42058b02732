"""Spiking neurons whose synapses learn late: a third factor turns eligibility into change.

It is the loop for a three-factor rule of your own with spikes, as :func:`.run_neuron` is for other
rules.

Shapes: T steps, B independent simulations; ``w[b, pre, post]``.
"""

from functools import partial

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.neurons.spiking import SPIKES, Neuron, NeuronState, check_run, run_checked
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change, check

__all__ = ["run_modulated_neuron"]


@_checks.in_full_precision
def run_modulated_neuron(
    spikes: Tensor,
    modulator: Tensor,
    state: NeuronState,
    neuron: Neuron,
    *,
    tau: float,
    eligibility: Tensor | None = None,
    rule: Rule = rules.three_factor,
) -> tuple[Tensor, NeuronState, Tensor]:
    """Drive neurons with input spikes, and let a third factor turn eligibility into learning.

    What spike-timing-dependent plasticity would have changed enters a trace, from which a later
    step learns.

    Parameters
    ----------
    spikes, state, neuron
        See :func:`run_neuron`.
    modulator : Tensor
        Third factor of each step, shape (T, B).
    tau : float
        Time constant of the trace, in s.
    eligibility : Tensor, optional
        The trace to go on from, shape (B, n_pre, n_post); by default 0.
    rule : callable
        It may declare ``modulator``, ``eligibility``, ``pre_spikes`` and ``post_spikes``.

    Returns
    -------
    output, state, eligibility
        See :func:`run_neuron`; and the trace after the last step.

    Notes
    -----
    Source: the synapse of Izhikevich (2007), without a time course of dopamine.
    """
    sizes = check_run(spikes, state, neuron)
    _checks.finite("modulator", _checks.tensor("modulator", modulator, "T B", sizes, state.w, "w"))
    e = torch.zeros_like(state.w) if eligibility is None else eligibility
    _checks.tensor("eligibility", e, "B n_pre n_post", sizes, state.w, "w")
    _checks.number("tau", tau, 1e-9)
    check(rule, ["modulator", "eligibility", *SPIKES], "run_modulated_neuron")
    pair = partial(rules.stdp, a_plus=neuron.a_plus, a_minus=neuron.a_minus)
    trace = {"eligibility": _checks.finite("eligibility", e)}

    def learn(
        w: Tensor,
        pre: Tensor,
        post: Tensor,
        *,
        modulator: Tensor,
        pre_spikes: Tensor,
        post_spikes: Tensor,
    ) -> Tensor:
        its = {"pre_spikes": pre_spikes, "post_spikes": post_spikes}
        dw = change(rule, w, pre, post, modulator=modulator, **its, **trace)
        now = change(pair, w, pre, post, **its)
        trace["eligibility"] = rules.eligibility(trace["eligibility"], now, tau, neuron.dt)
        return dw

    output, state = run_checked(spikes, state, neuron, learn, {"modulator": modulator})
    return output, state, trace["eligibility"]
