"""Plastic networks: fixed weights plus a Hebbian trace that is rewritten at every step of an episode.

The effective weight of a connection is ``w + alpha * hebb``. ``w`` and ``alpha`` are trained over many episodes; the trace
``hebb`` belongs to one episode, starts at zero, and is written by a rule of :mod:`hebbnotes.plasticity.rules` at the rate ``eta``
(Miconi, Stanley & Clune 2018, equations 1 to 3).

:func:`run` and :func:`run_layer` are functions of plain tensors; :class:`.PlasticRNN` and :class:`.PlasticLinear` are thin
modules that hold the trained numbers and call them. State goes in and comes out; no module remembers an episode. Two further
modules run the recurrent network with fewer trained numbers: :class:`.ThreeNumbers` has three in all, :class:`.HalvesRNN` two
plasticities. :class:`.OneShotNetwork` is a plastic layer that looks at drawings through :func:`.convolutions`; :func:`.see` does the
looking.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import chunks, rules
from hebbnotes.plasticity.connections import Connections, ScaledIdentity, through
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change, check

__all__ = ["ACTIVATIONS", "METHODS", "State", "choose_method", "run", "run_layer"]


METHODS = ("auto", "loop", "chunk")

SUPPLIED = ("drive",)
"""What a rule may declare in a plastic network."""


class State(NamedTuple):
    """What a plastic network carries from one step to the next. It stays in the graph until :meth:`detach`.

    Attributes
    ----------
    y : Tensor
        Latest output, shape (B, n).
    hebb : Tensor
        Hebbian trace, shape (B, n_pre, n_post): one trace for each episode, never shared by the batch.

    Notes
    -----
    Taught in the chapter "Introducing the NeuroAI series".
    """

    y: Tensor
    hebb: Tensor

    def detach(self) -> "State":
        """Return the same numbers without their history, for truncated backpropagation."""
        return State(self.y.detach(), self.hebb.detach())

    def to(self, *args: Any, **kwargs: Any) -> "State":
        """Return the state with another dtype or on another device; arguments as for :meth:`torch.Tensor.to`."""
        return State(self.y.to(*args, **kwargs), self.hebb.to(*args, **kwargs))


def _plastic_drive(pre: Tensor, alpha: Connections | None, hebb: Tensor) -> Tensor | float:
    """Return ``pre @ (alpha * hebb)``, shape (B, n_post)."""
    if alpha is None:
        return 0.0
    if isinstance(alpha, ScaledIdentity):
        return alpha.scale * pre * hebb.diagonal(dim1=-2, dim2=-1)
    if isinstance(alpha, Tensor) and alpha.ndim == 2:
        return (pre.unsqueeze(1) @ (alpha * hebb)).squeeze(1)
    return alpha * (pre.unsqueeze(1) @ hebb).squeeze(1)


def run(
    inputs: Tensor,
    w: Connections,
    alpha: Connections | None,
    eta: float | Tensor,
    rule: Rule = rules.decay,
    state: State | None = None,
    clamp: Tensor | None = None,
    method: str = "auto",
    clip: float | None = None,
) -> tuple[Tensor, State]:
    """Run a plastic recurrent network: what :class:`.PlasticRNN` computes, as a function of plain tensors.

    Each step computes ``y = tanh(pre @ (w + alpha * hebb) + inputs[t])`` with ``pre`` the previous output, then
    ``hebb = hebb + eta * rule(hebb, pre, y)``.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n), floating point, finite; added inside tanh, without unit.
    w, alpha : float, Tensor or ScaledIdentity
        A matrix (n, n) [pre, post]; one number for all n x n connections; or ``ScaledIdentity(c)`` for ``c`` times the
        identity. ``alpha=None`` keeps the trace but does not read it.
    eta : float or Tensor
        Rate at which the trace is written, in [0, 1], a scalar.
    rule : callable
        ``rule(hebb, pre, post) -> change of the trace``.
    state : State, optional
        Where to go on from; by default the network is at rest, with ``y`` and ``hebb`` zero.
    clamp : Tensor, optional
        Boolean, shape (T, B, n): where true, the unit's output is its input.
    method : {"auto", "loop", "chunk"}
        ``"loop"`` builds the trace at every step. ``"chunk"`` gives the same numbers and gradients, up to rounding, from the outer
        products that the trace is the sum of, which takes a fraction of the time and of the memory where the network is large. It
        needs a rule of the common form, whose ``forget`` it trusts. ``"auto"`` asks :func:`choose_method`.
    clip : float, optional
        Size at which every value of the trace is cut off after each step, above 0. The trace is then no sum of outer products, and
        takes the loop.

    Returns
    -------
    output : Tensor
        Shape (T, B, n).
    state : State
        ``y`` (B, n) and ``hebb`` (B, n, n) after the last step.

    Raises
    ------
    TypeError
        If something is not a tensor, has another dtype than ``inputs``, or a clamp is not boolean.
    ValueError
        If a shape or device does not fit, ``eta`` is outside [0, 1], ``inputs`` are not finite, or the method cannot run the rule.
    RuntimeError
        If ``"chunk"`` meets a second derivative, batched gradients, or a transform of ``torch.func``: use ``"loop"``.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 to 3; the clip is that of Miconi, Rawal, Clune & Stanley (2019). Taught in
    the chapter "Introducing the NeuroAI series"; the methods, on the page "The fast evaluation".
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    sizes |= {"n_pre": sizes["n"], "n_post": sizes["n"]}
    _check_connections(inputs, w, alpha, eta, rule, state, sizes, "n")
    if clamp is not None:
        _checks.tensor("clamp", clamp, "T B n", sizes, like=inputs, boolean=True)
    _checks.finite("inputs", inputs)

    _checks.choice("method", method, METHODS)
    if _checks.clip(clip) is not None and method == "chunk":
        raise ValueError(
            f"method='chunk' has no clip, got clip={clip}: a clipped trace is no sum, use method='loop'"
        )
    if method == "chunk" and not chunks.knows(rule):
        raise ValueError(
            "method='chunk' needs a rule of the common form such as rules.CommonForm(torch.square), with a forget function that "
            "acts entry by entry, declares nothing and has no trained numbers: use method='loop'"
        )
    if method == "auto":
        method = "loop" if clip is not None else choose_method(rule, *inputs.shape)
    if method == "loop":
        state = state or _at_rest(inputs, sizes["B"], sizes["n"], sizes["n"])
        return _run_loop(inputs, w, alpha, eta, rule, state, clamp, clip)
    if isinstance(alpha, ScaledIdentity):
        alpha = alpha.scale * torch.eye(sizes["n"], dtype=inputs.dtype, device=inputs.device)
    y, hebb = state or (torch.zeros_like(inputs[0]), None)
    merge = (
        not torch.compiler.is_compiling()
    )  # what is equal is known when it runs, not when it is compiled
    output, hebb = chunks.evaluate(inputs, w, alpha, eta, rule.forget, y, hebb, clamp, merge=merge)
    return output, State(output[-1].clone(), hebb)  # a view would keep all outputs alive


def choose_method(rule: Rule, n_steps: int, batch: int, n: int) -> str:
    """Say which method a plastic recurrent network runs with by default.

    The plain loop has the smaller overhead, the fast evaluation the smaller cost for each number in a trace. So the fast one runs
    where the traces of a batch hold at least 2**15 numbers and those of all steps 2**18; and where the traces of all steps hold
    2**26, for the loop would have to remember them. Rules that are not of the common form take the loop.

    Parameters
    ----------
    rule : callable
        A rule of plasticity.
    n_steps, batch, n : int
        Steps T, episodes B and units n.

    Returns
    -------
    str
        ``"loop"`` or ``"chunk"``.

    Raises
    ------
    TypeError, ValueError
        If the rule cannot be called, or a size is not an integer of at least 1.

    Notes
    -----
    Source: measurements on one core. On another computer the limits lie elsewhere, which costs a small factor in time. Taught on
    the page "The fast evaluation".
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
    clip: float | None,
) -> tuple[Tensor, State]:
    y, hebb = state
    outputs = []
    for t, x in enumerate(inputs):
        pre = y
        drive = through(pre, w) + _plastic_drive(pre, alpha, hebb) + x
        y = torch.tanh(drive)
        if clamp is not None:
            y = torch.where(clamp[t], x, y)
        hebb = hebb + eta * change(rule, hebb, pre, y, drive=drive)
        if clip is not None:
            hebb = hebb.clamp(-clip, clip)
        outputs.append(y)
    return torch.stack(outputs), State(y, hebb)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda drive: drive.softmax(-1),
    "tanh": torch.tanh,
    "identity": lambda drive: drive,
}


def run_layer(
    inputs: Tensor,
    w: float | Tensor,
    alpha: float | Tensor | None,
    eta: float | Tensor,
    rule: Rule = rules.oja,
    state: State | None = None,
    targets: Tensor | None = None,
    clamp: Tensor | None = None,
    activation: str = "softmax",
) -> tuple[Tensor, State]:
    """Run a plastic layer without recurrence: what :class:`.PlasticLinear` computes, as a function of plain tensors.

    Each step computes ``y = activation(inputs[t] @ (w + alpha * hebb))``, then ``hebb = hebb + eta * rule(hebb, inputs[t], y)``.

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n_in), floating point, finite, without unit.
    w, alpha : float or Tensor
        A matrix (n_in, n_out) [pre, post], or one number for all connections (then ``state`` or ``targets`` must tell
        n_out). ``alpha=None`` keeps the trace but does not read it.
    eta : float or Tensor
        Rate at which the trace is written, in [0, 1], a scalar.
    rule : callable
        ``rule(hebb, pre, post) -> change of the trace``.
    state : State, optional
        Where to go on from; by default ``y`` and ``hebb`` are zero.
    targets, clamp : Tensor, optional
        Shape (T, B, n_out), both or neither: where the boolean ``clamp`` is true, the output is the target.
    activation : str
        ``"softmax"``, ``"tanh"`` or ``"identity"``.

    Returns
    -------
    output : Tensor
        Shape (T, B, n_out).
    state : State
        ``y`` (B, n_out) and ``hebb`` (B, n_in, n_out) after the last step.

    Raises
    ------
    TypeError
        If something is not a tensor, has another dtype than ``inputs``, or a clamp is not boolean.
    ValueError
        If a shape or device does not fit, ``eta`` is outside [0, 1], only one of ``targets`` and ``clamp`` is given,
        or ``inputs`` or ``targets`` are not finite.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 and 3 and their section on Omniglot. Taught in the chapter "One-shot
    learning".
    """
    activate = ACTIVATIONS[_checks.choice("activation", activation, tuple(ACTIVATIONS))]
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n_in", sizes))
    if (targets is None) != (clamp is None):
        raise ValueError(
            "targets and clamp go together: pass both, clamp=torch.ones_like(targets, dtype=torch.bool) to clamp all"
        )
    if targets is not None and clamp is not None:
        _checks.tensor("targets", targets, "T B n_out", sizes, like=inputs)
        _checks.tensor("clamp", clamp, "T B n_out", sizes, like=inputs, boolean=True)
        _checks.finite("targets", targets)
    _check_connections(inputs, w, alpha, eta, rule, state, sizes, "n_in", "n_out")
    _checks.finite("inputs", inputs)

    y, hebb = state or _at_rest(inputs, sizes["B"], sizes["n_in"], sizes["n_out"])
    outputs = []
    for t, pre in enumerate(inputs):
        drive = (through(pre, w) + _plastic_drive(pre, alpha, hebb)).expand_as(y)
        y = activate(drive)
        if targets is not None and clamp is not None:
            y = torch.where(clamp[t], targets[t], y)
        hebb = hebb + eta * change(rule, hebb, pre, y, drive=drive)
        outputs.append(y)
    return torch.stack(outputs), State(y, hebb)


def _at_rest(like: Tensor, batch: int, n_pre: int, n_post: int) -> State:
    return State(like.new_zeros(batch, n_post), like.new_zeros(batch, n_pre, n_post))


def _check_connections(
    inputs: Tensor,
    w: Any,
    alpha: Any,
    eta: Any,
    rule: Any,
    state: Any,
    sizes: dict[str, int],
    n_pre: str,
    n_post: str | None = None,
) -> None:
    """Check all that :func:`run` and :func:`run_layer` share; one name of axis means a square matrix."""
    check(rule, SUPPLIED, "a plastic network")
    for name, value in (("w", w), ("alpha", alpha)):
        if isinstance(value, ScaledIdentity) and n_post is not None:
            raise TypeError(
                f"{name} must be a matrix or a number in a layer: a ScaledIdentity needs as many outputs as inputs"
            )
        given = value.scale if isinstance(value, ScaledIdentity) else value
        if isinstance(given, Tensor):
            matrix = given.ndim != 0 and not isinstance(value, ScaledIdentity)
            _checks.tensor(
                name, given, f"{n_pre} {n_post or n_pre}" if matrix else "", sizes, like=inputs
            )
        elif value is not None or name == "w":
            _checks.number(name, given)
    if isinstance(eta, Tensor):
        _checks.tensor("eta", eta, "", sizes, like=inputs)
        if not torch.compiler.is_compiling():
            _checks.number("eta", eta.item(), 0, 1)
    else:
        _checks.number("eta", eta, 0, 1)
    post = n_post or n_pre
    if state is not None:
        if not isinstance(state, State):
            raise TypeError(
                f"state must be a State as a network returns it, got {type(state).__name__}"
            )
        _checks.tensor("state.y", state.y, f"B {post}", sizes, like=inputs)
        _checks.tensor("state.hebb", state.hebb, f"B {n_pre} {post}", sizes, like=inputs)
    if post not in sizes:
        raise ValueError(
            f"the number of outputs {post} is not known: pass w or alpha as a matrix, or targets, or a state"
        )
