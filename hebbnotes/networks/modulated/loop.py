"""Plastic networks that say themselves when they write: the plain loop over the steps.

The drive is that of :func:`.loop.run`, ``pre @ (w + alpha * hebb) + inputs[t]``. What differs is
the write: a signal M, which the network reads from its own units, stands where the rate stood.

Shapes: T steps, B episodes, n units; weights, alpha and traces are ``[pre, post]``.
"""

from typing import Unpack

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks.arguments import check_weights
from hebbnotes.networks.loop import at_rest, choose_method, plastic_drive
from hebbnotes.networks.modulated.arguments import (
    ModulatedState,
    ModulatedWriting,
    Modulator,
    Options,
    broadcast,
    check_modulator,
    check_state,
    check_writing,
    made,
)
from hebbnotes.plasticity import chunks, rules
from hebbnotes.plasticity.connections import Connections, through
from hebbnotes.plasticity.stepper import change, name_of

__all__ = ["METHODS", "run_modulated"]

METHODS = ("auto", "loop", "chunk", "compiled")


@_checks.in_full_precision
def run_modulated(
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    modulator: Modulator,
    state: ModulatedState | None = None,
    clamp: Tensor | None = None,
    modulation: Tensor | None = None,
    method: str = "auto",
    **writing: Unpack[Options],
) -> tuple[Tensor, Tensor, ModulatedState]:
    """Run a modulated network: what :class:`.ModulatedRNN` computes, of plain tensors.

    Each step computes ``y`` as :func:`.loop.run` does, then ``M = tanh(y @ read + bias)``, which
    receiver j hears times ``fan_out[j]``, and then, with ``forget`` that of the rule::

        hebb = (1 - eta * forget(y)) * hebb + M * outer(pre, y)

    A retroactive network, one with an ``eta_e``, writes ``M * eligibility`` instead, and then
    ``eligibility = (1 - eta_e) * eligibility + eta_e * outer(pre, y)``: the signal reaches the
    pairs of the steps before, and not that of its own.

    Parameters
    ----------
    inputs, w, alpha, clamp
        As for :func:`.loop.run`.
    modulator : Modulator
        The read-out that makes the signal.
    state : ModulatedState, optional
        Where to go on from; by default the network is at rest, and its traces are empty.
    modulation : Tensor, optional
        A signal in place of the network's own, of any sign, shape (T, B), without unit.
    method : {"auto", "loop", "chunk", "compiled"}
        As for :func:`.loop.run`. ``"chunk"`` needs a rule of the common form, and no clip;
        ``"compiled"`` a matrix w and alpha, and one of the rules that machine code knows.
    **writing
        ``eta`` (by default 0.01), ``eta_e`` (None), ``rule`` (``rules.decay``), ``gate`` (False)
        and ``clip`` (None), by name; see :class:`ModulatedWriting`.

    Returns
    -------
    output : Tensor
        Shape (T, B, n).
    modulation : Tensor
        The signal that the network made, or was given, shape (T, B).
    state : ModulatedState
        After the last step.

    Raises
    ------
    TypeError, ValueError
        If something does not fit, or the method cannot do it; before anything is computed.
        Afterwards, if a trace became NaN or infinite.
    RuntimeError
        As for :func:`.loop.run`.

    Notes
    -----
    Source: Miconi, Rawal, Clune & Stanley (2019), simple and retroactive neuromodulation, where
    nothing is forgotten and the trace is clipped; the forgetting and the gate are this book's.
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    check_weights(inputs, w, alpha, sizes, "n n")
    check_modulator(modulator, inputs, sizes)
    how = ModulatedWriting.of(writing)
    check_writing(how, inputs)
    if state is not None:
        check_state(state, how.eta_e is not None, inputs, sizes)
    if clamp is not None:
        _checks.tensor("clamp", clamp, "T B n", sizes, like=inputs, boolean=True)
    if modulation is not None:
        _checks.tensor("modulation", modulation, "T B", sizes, like=inputs)
        _checks.finite("modulation", modulation)
    _checks.finite("inputs", inputs)
    method = _check_method(method, inputs, w, alpha, how)

    if method == "chunk":
        from hebbnotes.networks.modulated.chunks import evaluate
    elif method == "compiled":
        from hebbnotes.networks.modulated.compiled import evaluate
    else:
        evaluate = _run_loop
    output, signal, end = evaluate(inputs, w, alpha, modulator, state, clamp, modulation, how)
    for trace in end[1:]:
        if trace is not None:
            mend = f"look at what {name_of(how.rule)} returns, and at the rates"
            _checks.finite("the trace", trace, mend)
    return output, signal, end


def _run_loop(
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    modulator: Modulator,
    state: ModulatedState | None,
    clamp: Tensor | None,
    given: Tensor | None,
    how: ModulatedWriting,
) -> tuple[Tensor, Tensor, ModulatedState]:
    y, hebb, eligibility = state or rest(inputs, how.eta_e is not None)
    rule, rate = how.as_rule()
    outputs, signals = [], []
    for t, x in enumerate(inputs):
        pre = y
        drive = through(pre, w) + plastic_drive(pre, alpha, hebb) + x
        y = torch.tanh(drive)
        if clamp is not None:
            y = torch.where(clamp[t], x, y)
        signal = made(y, modulator) if given is None else given[t]
        seen = {"drive": drive, "modulator": broadcast(signal, modulator)}
        if eligibility is not None:
            seen["eligibility"] = eligibility
        hebb = hebb + rate * change(rule, hebb, pre, y, **seen)
        if how.clip is not None:
            hebb = hebb.clamp(-how.clip, how.clip)
        if eligibility is not None and how.eta_e is not None:
            eligibility = eligibility + how.eta_e * change(rules.decay, eligibility, pre, y)
        outputs.append(y)
        signals.append(signal)
    return torch.stack(outputs), torch.stack(signals), ModulatedState(y, hebb, eligibility)


def rest(inputs: Tensor, retroactive: bool) -> ModulatedState:
    """Return the state in which nothing is active and nothing is written."""
    _, batch, n = inputs.shape
    y, hebb = at_rest(inputs, batch, n, n)
    return ModulatedState(y, hebb, torch.zeros_like(hebb) if retroactive else None)


def _check_method(
    method: str,
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    how: ModulatedWriting,
) -> str:
    """Return the method by which to run, one that can."""
    _checks.choice("method", method, METHODS)
    if method == "auto":
        if how.clip is not None or _checks.transformed():
            return "loop"
        return choose_method(how.rule, *inputs.shape)
    if method == "chunk" and how.clip is not None:
        raise ValueError(
            f"method='chunk' has no clip, got clip={how.clip}: a clipped trace is no sum, use "
            "method='loop' or, for a small network, 'compiled'"
        )
    if method == "chunk" and not chunks.knows(how.rule):
        raise ValueError(
            "method='chunk' needs a rule of the common form such as rules.decay, with a forget "
            "function that acts entry by entry and declares nothing: use method='loop'"
        )
    if method == "compiled":
        from hebbnotes.plasticity import compiled

        compiled.check(inputs, w, alpha, how.rule, None)
    return method
