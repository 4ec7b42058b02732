"""Plastic networks: fixed weights, and a Hebbian trace that is rewritten at every step.

The effective weight of a connection is ``w + alpha * hebb``. ``w`` and ``alpha`` are trained over
many episodes; the trace ``hebb`` belongs to one episode, starts at zero, and is written by a rule
of :mod:`hebbnotes.plasticity.rules` at the rate ``eta`` (Miconi, Stanley & Clune 2018, equations 1
to 3).

:func:`run` and :func:`run_layer` are functions of plain tensors; :class:`.PlasticRNN` and
:class:`.PlasticLinear` are thin modules that hold the trained numbers and call them. State goes in
and comes out; no module remembers an episode.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks.arguments import State, Writing, check_connections, check_writing
from hebbnotes.plasticity import chunks, rules
from hebbnotes.plasticity.connections import Connections, ScaledIdentity, through
from hebbnotes.plasticity.rules import CommonForm, Rule
from hebbnotes.plasticity.stepper import change, name_of, pick

__all__ = [
    "ACTIVATIONS",
    "METHODS",
    "State",
    "Writing",
    "at_rest",
    "choose_method",
    "plastic_drive",
    "run",
    "run_layer",
]

METHODS = ("auto", "loop", "chunk", "compiled")

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda drive: drive.softmax(-1),
    "tanh": torch.tanh,
    "identity": lambda drive: drive,
}


@_checks.in_full_precision
def run(
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    eta: float | Tensor,
    rule: Rule = rules.decay,
    state: State | None = None,
    clamp: Tensor | None = None,
    method: str = "auto",
    **writing: Any,
) -> tuple[Tensor, State]:
    """Run a plastic recurrent network: what :class:`.PlasticRNN` computes, of plain tensors.

    Each step computes ``y = tanh(pre @ (w + alpha * hebb) + inputs[t])`` with ``pre`` the previous
    output, then ``hebb = hebb + eta * rule(hebb, pre, y)``.

    >>> output, state = run(torch.ones(5, 1, 2), 0.1, 0.5, 0.2)
    >>> output.shape, state.hebb.shape
    (torch.Size([5, 1, 2]), torch.Size([1, 2, 2]))

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n), floating point, finite; added inside tanh, without unit.
    w, alpha : float, Tensor or ScaledIdentity
        A matrix (n, n) [pre, post]; one number for all n x n connections; or ``ScaledIdentity(c)``
        for ``c`` times the identity. ``alpha=None`` keeps the trace but does not read it.
    eta : float or Tensor
        Rate at which the trace is written, in [0, 1], a scalar.
    rule : callable
        ``rule(hebb, pre, post, *, ...) -> change of the trace``; it may declare ``drive``.
    state : State, optional
        Where to go on from; by default the network is at rest, with ``y`` and ``hebb`` zero.
    clamp : Tensor, optional
        Boolean, shape (T, B, n): where true, the unit's output is its input.
    method : {"auto", "loop", "chunk", "compiled"}
        ``"loop"`` builds the trace at every step. ``"chunk"`` gives the same numbers and gradients,
        up to rounding, from the outer products that the trace is the sum of, which takes a fraction
        of the time and of the memory where the network is large; it needs a rule of the common
        form, and no clip. ``"compiled"`` runs the loop as machine code, for small networks on the
        processor; see :func:`.compiled.check`. ``"auto"`` asks :func:`choose_method`.
    **writing
        ``clip``, ``kept`` and ``written``; see :class:`Writing`.

    Returns
    -------
    output : Tensor
        Shape (T, B, n).
    state : State
        ``y`` (B, n) and ``hebb`` (B, n, n) after the last step.

    Raises
    ------
    TypeError, ValueError
        If something does not fit, or the method cannot do it; before anything is computed.
        Afterwards, if the rule made the trace NaN or infinite.
    RuntimeError
        If ``"chunk"`` or ``"compiled"`` meets a second derivative, batched gradients, or a
        transform of ``torch.func``: use ``"loop"``, as ``"auto"`` does inside of a transform.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 to 3; the clip, and writing by a number of
    each step, are those of Miconi, Rawal, Clune & Stanley (2019).
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    check_connections(inputs, w, alpha, eta, rule, state, sizes, "n n")
    if clamp is not None:
        _checks.tensor("clamp", clamp, "T B n", sizes, like=inputs, boolean=True)
    _checks.finite("inputs", inputs)
    how = check_writing(Writing(**writing), inputs, rule, sizes)
    method = _check_method(method, inputs, w, alpha, rule, clamp, how)

    if method == "chunk":
        if isinstance(alpha, ScaledIdentity):
            alpha = alpha.scale * torch.eye(sizes["n"], dtype=inputs.dtype, device=inputs.device)
        y, hebb = state or (torch.zeros_like(inputs[0]), None)
        write = chunks.Write(eta, cast(CommonForm, rule).forget, how.kept, how.written)
        # what is equal is known when it runs, not when it is compiled
        merge = _checks.known(inputs)
        output, end = chunks.evaluate(inputs, w, alpha, write, y, hebb, clamp, merge=merge)
        # a view of the outputs would keep all of them alive
        return output, _checked_end(rule, State(output[-1].clone(), end))
    state = state or at_rest(inputs, sizes["B"], sizes["n"], sizes["n"])
    if method == "compiled":
        from hebbnotes.plasticity import compiled

        matrices = cast(Tensor, w), cast(Tensor, alpha)
        output, end = compiled.evaluate(inputs, *matrices, eta, rule, *state, how.clip)
        return output, _checked_end(rule, State(output[-1].clone(), end))
    output, state = _run_loop(inputs, w, alpha, eta, rule, state, clamp, how)
    return output, _checked_end(rule, state)


def _checked_end(rule: Rule, state: State) -> State:
    _checks.finite("the trace", state.hebb, f"look at what {name_of(rule)} returns, and at eta")
    return state


def choose_method(rule: Rule, n_steps: int, batch: int, n: int) -> str:
    """Say which method a plastic recurrent network runs with by default, ``"loop"`` or ``"chunk"``.

    The plain loop has the smaller overhead, the fast evaluation the smaller cost for each number in
    a trace. So the fast one runs where the traces of a batch hold at least 2**15 numbers and those
    of all steps 2**18; and where the traces of all steps hold 2**26, for the loop would have to
    remember them. Rules that are not of the common form take the loop.

    >>> choose_method(rules.decay, n_steps=106, batch=1, n=1001)
    'chunk'

    Parameters
    ----------
    rule : callable
        A rule of plasticity.
    n_steps, batch, n : int
        Steps T, episodes B and units n.

    Notes
    -----
    Source: measurements on one core. On another computer the limits lie elsewhere, which costs a
    small factor in time.
    """
    _checks.rule(rule)
    for name, value in (("n_steps", n_steps), ("batch", batch), ("n", n)):
        _checks.integer(name, value)
    now, all_steps = batch * n * n, n_steps * batch * n * n
    large = (now >= 2**15 and all_steps >= 2**18) or all_steps >= 2**26
    return "chunk" if large and chunks.knows(rule) else "loop"


def _run_loop(
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    eta: float | Tensor,
    rule: Rule,
    state: State,
    clamp: Tensor | None,
    how: Writing,
) -> tuple[Tensor, State]:
    y, hebb = state
    outputs = []
    for t, x in enumerate(inputs):
        pre = y
        drive = through(pre, w) + plastic_drive(pre, alpha, hebb) + x
        y = torch.tanh(drive)
        if clamp is not None:
            y = torch.where(clamp[t], x, y)
        if how.kept is None and how.written is None:
            hebb = hebb + eta * change(rule, hebb, pre, y, drive=drive)
        else:
            kept = how.kept[t] if how.kept is not None else 1 - eta * _lost(rule, y, drive)
            value = (eta if how.written is None else how.written[t]) * y
            hebb = kept.unsqueeze(-2) * hebb + pre.unsqueeze(-1) * value.unsqueeze(-2)
        if how.clip is not None:
            hebb = hebb.clamp(-how.clip, how.clip)
        outputs.append(y)
    return torch.stack(outputs), State(y, hebb)


def _lost(rule: Rule, y: Tensor, drive: Tensor) -> Tensor:
    """Return the share of a weight that a rule of the common form forgets, shape (B, n)."""
    return cast(CommonForm, rule).forget(y, **pick(rule, y, {"drive": drive}))


def plastic_drive(pre: Tensor, alpha: Connections | None, hebb: Tensor) -> Tensor | float:
    """Return ``pre @ (alpha * hebb)``, shape (B, n_post)."""
    if alpha is None:
        return 0.0
    if isinstance(alpha, ScaledIdentity):
        return alpha.scale * pre * hebb.diagonal(dim1=-2, dim2=-1)
    if isinstance(alpha, Tensor) and alpha.ndim == 2:
        return (pre.unsqueeze(1) @ (alpha * hebb)).squeeze(1)
    return alpha * (pre.unsqueeze(1) @ hebb).squeeze(1)


class _Output(NamedTuple):
    """What turns the drive of a layer into its output, a key of :data:`ACTIVATIONS`."""

    activation: str = "softmax"


@_checks.in_full_precision
def run_layer(
    inputs: Tensor,
    w: float | Tensor,
    alpha: float | Tensor | None,
    eta: float | Tensor,
    rule: Rule = rules.oja,
    state: State | None = None,
    targets: Tensor | None = None,
    clamp: Tensor | None = None,
    **output: str,
) -> tuple[Tensor, State]:
    """Run a layer without recurrence: what :class:`.PlasticLinear` computes, of plain tensors.

    Each step computes ``y = activation(inputs[t] @ (w + alpha * hebb))``, then
    ``hebb = hebb + eta * rule(hebb, inputs[t], y)``.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in), floating point, finite, without unit.
    w, alpha : float or Tensor
        A matrix (n_in, n_out) [pre, post], or one number for all connections (then ``state`` or
        ``targets`` must tell n_out). ``alpha=None`` keeps the trace but does not read it.
    eta : float or Tensor
        Rate at which the trace is written, in [0, 1], a scalar.
    rule : callable
        ``rule(hebb, pre, post, *, ...) -> change of the trace``; it may declare ``drive``.
    state : State, optional
        Where to go on from; by default ``y`` and ``hebb`` are zero.
    targets, clamp : Tensor, optional
        Shape (T, B, n_out), both or neither: where the boolean ``clamp`` is true, the output is the
        target.
    **output
        ``activation``: ``"softmax"`` (by default), ``"tanh"`` or ``"identity"``.

    Returns
    -------
    output : Tensor
        Shape (T, B, n_out).
    state : State
        ``y`` (B, n_out) and ``hebb`` (B, n_in, n_out) after the last step.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 and 3 and their section on Omniglot.
    """
    activation = _Output(**output).activation
    activate = ACTIVATIONS[_checks.choice("activation", activation, tuple(ACTIVATIONS))]
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n_in", sizes))
    if (targets is None) != (clamp is None):
        raise ValueError(
            "targets and clamp go together: pass both, clamp=torch.ones_like(targets, "
            "dtype=torch.bool) to clamp all"
        )
    if targets is not None and clamp is not None:
        _checks.tensor("targets", targets, "T B n_out", sizes, like=inputs)
        _checks.tensor("clamp", clamp, "T B n_out", sizes, like=inputs, boolean=True)
        _checks.finite("targets", targets)
    check_connections(inputs, w, alpha, eta, rule, state, sizes, "n_in n_out")
    _checks.finite("inputs", inputs)

    y, hebb = state or at_rest(inputs, sizes["B"], sizes["n_in"], sizes["n_out"])
    outputs = []
    for t, pre in enumerate(inputs):
        drive = (through(pre, w) + plastic_drive(pre, alpha, hebb)).expand_as(y)
        y = activate(drive)
        if targets is not None and clamp is not None:
            y = torch.where(clamp[t], targets[t], y)
        hebb = hebb + eta * change(rule, hebb, pre, y, drive=drive)
        outputs.append(y)
    return torch.stack(outputs), _checked_end(rule, State(y, hebb))


def at_rest(like: Tensor, batch: int, n_pre: int, n_post: int) -> State:
    """Return the state in which nothing is active and nothing is written."""
    return State(like.new_zeros(batch, n_post), like.new_zeros(batch, n_pre, n_post))


def _check_method(
    method: str,
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    rule: Rule,
    clamp: Tensor | None,
    how: Writing,
) -> str:
    """Return the method by which to run, one that can."""
    _checks.choice("method", method, METHODS)
    if method == "auto":
        if how.clip is not None or _checks.transformed():
            return "loop"
        return choose_method(rule, *inputs.shape)
    if method == "chunk" and how.clip is not None:
        raise ValueError(
            f"method='chunk' has no clip, got clip={how.clip}: a clipped trace is no sum, use "
            "method='loop'"
        )
    if method == "chunk" and not chunks.knows(rule):
        raise ValueError(
            "method='chunk' needs a rule of the common form such as rules.CommonForm(torch.square) "
            "with a forget function that acts entry by entry, declares nothing and has no "
            "trained numbers: use method='loop'"
        )
    if method == "compiled":
        from hebbnotes.plasticity import compiled

        compiled.check(inputs, w, alpha, rule, clamp)
        if how.kept is not None or how.written is not None:
            raise ValueError(
                "method='compiled' keeps and writes by the rule alone, got kept or written: use "
                "method='loop' or 'chunk'"
            )
    return method
