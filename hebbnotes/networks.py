"""Plastic networks: fixed weights plus a Hebbian trace that is rewritten at every step of an episode.

The effective weight of a connection is ``w + alpha * hebb``. ``w`` and ``alpha`` are trained over many episodes; the trace
``hebb`` belongs to one episode, starts at zero, and is written by a rule of :mod:`hebbnotes.rules` at the rate ``eta``
(Miconi, Stanley & Clune 2018, equations 1 to 3).

:func:`run` and :func:`run_layer` are functions of plain tensors; :class:`PlasticRNN` and :class:`PlasticLinear` are thin
modules that hold the trained numbers and call them. State goes in and comes out; no module remembers an episode. Two further
modules run the recurrent network with fewer trained numbers: :class:`ThreeNumbers` has three in all, :class:`HalvesRNN` two
plasticities. :class:`OneShotNetwork` is a plastic layer that looks at drawings through :func:`convolutions`; :func:`see` does the
looking.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks, fast, oneshot, rules
from hebbnotes.connections import Connections, ScaledIdentity, through
from hebbnotes.rules import Rule

__all__ = [
    "HalvesRNN",
    "OneShotNetwork",
    "PlasticLinear",
    "PlasticRNN",
    "State",
    "ThreeNumbers",
    "choose_method",
    "convolutions",
    "run",
    "run_layer",
    "see",
]

METHODS = ("auto", "loop", "chunk")


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
    """Run a plastic recurrent network: what :class:`PlasticRNN` computes, as a function of plain tensors.

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
        raise ValueError(f"method='chunk' has no clip, got clip={clip}: a clipped trace is no sum, use method='loop'")
    if method == "chunk" and not _summable(rule):
        raise ValueError(
            "method='chunk' needs a rule of the common form, with a forget function that acts entry by entry, is what the rule "
            "forgets, and has no trained numbers, such as rules.decay.forget: use method='loop'"
        )
    if method == "auto":
        method = "loop" if clip is not None else choose_method(rule, *inputs.shape)
    if method == "loop":
        state = state or _at_rest(inputs, sizes["B"], sizes["n"], sizes["n"])
        return _run_loop(inputs, w, alpha, eta, rule, state, clamp, clip)
    if isinstance(alpha, ScaledIdentity):
        alpha = alpha.scale * torch.eye(sizes["n"], dtype=inputs.dtype, device=inputs.device)
    y, hebb = state or (torch.zeros_like(inputs[0]), None)
    merge = not torch.compiler.is_compiling()  # what is equal is known when it runs, not when it is compiled
    output, hebb = fast.evaluate(inputs, w, alpha, eta, rule.forget, y, hebb, clamp, merge=merge)
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
    return "chunk" if large and _summable(rule) else "loop"


def _summable(rule: Rule) -> bool:
    """Whether the trace is a sum of outer products: tried on an example, whether the rule is what its ``forget`` says.

    ``forget`` must act entry by entry, and have no trained numbers: their gradient would be lost.
    """
    forget = getattr(rule, "forget", None)
    if not callable(forget) or torch.compiler.is_compiling():
        return callable(forget)
    w, pre, post = torch.tensor([[0.3, -0.7], [0.2, 0.9]]), torch.tensor([0.5, -1.1]), torch.tensor([0.4, -0.8])
    try:
        whole, one = forget(post), forget(post[:1])
        change, wanted = rule(w, pre, post), rules.common_form(w, pre, post, forget)
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
        return False
    if not all(isinstance(a, Tensor) for a in (whole, one, change)) or whole.shape != post.shape or one.shape != (1,):
        return False
    own = whole.requires_grad or change.requires_grad
    return not own and torch.allclose(change, wanted) and torch.allclose(whole[:1], one)


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
    for t, drive in enumerate(inputs):
        pre = y
        y = torch.tanh(through(pre, w) + _plastic_drive(pre, alpha, hebb) + drive)
        if clamp is not None:
            y = torch.where(clamp[t], drive, y)
        hebb = hebb + eta * _change(rule, hebb, pre, y)
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
    """Run a plastic layer without recurrence: what :class:`PlasticLinear` computes, as a function of plain tensors.

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
        raise ValueError("targets and clamp go together: pass both, clamp=torch.ones_like(targets, dtype=torch.bool) to clamp all")
    if targets is not None and clamp is not None:
        _checks.tensor("targets", targets, "T B n_out", sizes, like=inputs)
        _checks.tensor("clamp", clamp, "T B n_out", sizes, like=inputs, boolean=True)
        _checks.finite("targets", targets)
    _check_connections(inputs, w, alpha, eta, rule, state, sizes, "n_in", "n_out")
    _checks.finite("inputs", inputs)

    y, hebb = state or _at_rest(inputs, sizes["B"], sizes["n_in"], sizes["n_out"])
    outputs = []
    for t, pre in enumerate(inputs):
        y = activate((through(pre, w) + _plastic_drive(pre, alpha, hebb)).expand_as(y))
        if targets is not None and clamp is not None:
            y = torch.where(clamp[t], targets[t], y)
        hebb = hebb + eta * _change(rule, hebb, pre, y)
        outputs.append(y)
    return torch.stack(outputs), State(y, hebb)


def _at_rest(like: Tensor, batch: int, n_pre: int, n_post: int) -> State:
    return State(like.new_zeros(batch, n_post), like.new_zeros(batch, n_pre, n_post))


def _change(rule: Rule, hebb: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    change = rule(hebb, pre, post)
    if not isinstance(change, Tensor) or change.shape != hebb.shape:
        got = tuple(change.shape) if isinstance(change, Tensor) else type(change).__name__
        raise ValueError(f"rule must return a tensor of the trace's shape {tuple(hebb.shape)}, got {got}: see hebbnotes.rules")
    return change


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
    _checks.rule(rule)
    for name, value in (("w", w), ("alpha", alpha)):
        if isinstance(value, ScaledIdentity) and n_post is not None:
            raise TypeError(f"{name} must be a matrix or a number in a layer: a ScaledIdentity needs as many outputs as inputs")
        given = value.scale if isinstance(value, ScaledIdentity) else value
        if isinstance(given, Tensor):
            matrix = given.ndim != 0 and not isinstance(value, ScaledIdentity)
            _checks.tensor(name, given, f"{n_pre} {n_post or n_pre}" if matrix else "", sizes, like=inputs)
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
            raise TypeError(f"state must be a State as a network returns it, got {type(state).__name__}")
        _checks.tensor("state.y", state.y, f"B {post}", sizes, like=inputs)
        _checks.tensor("state.hebb", state.hebb, f"B {n_pre} {post}", sizes, like=inputs)
    if post not in sizes:
        raise ValueError(f"the number of outputs {post} is not known: pass w or alpha as a matrix, or targets, or a state")


class _Plastic(nn.Module):
    """The numbers that a plastic network trains: ``w``, ``alpha`` and ``eta``."""

    def __init__(
        self,
        n_pre: int,
        n_post: int,
        rule: Rule,
        alpha: str | None,
        eta: float,
        learn_eta: bool,
        w_scale: float,
        alpha_scale: float,
        generator: torch.Generator | None,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        _checks.choice("alpha", alpha, ("full", "shared", None))
        eta = _checks.number("eta", eta, 0, 1)
        if learn_eta and not 0 < eta < 1:
            raise ValueError(f"a learned eta must lie inside (0, 1), got {eta:g}: pass learn_eta=False to keep it fixed")
        scales = _checks.number("w_scale", w_scale, 0), _checks.number("alpha_scale", alpha_scale, 0)
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(f"dtype must be a floating-point type such as torch.float32, got {dtype}")
        super().__init__()
        self.rule = _checks.rule(rule)

        def drawn(scale: float, *shape: int) -> nn.Parameter:
            return nn.Parameter(scale * torch.randn(*shape, generator=generator, device=device, dtype=dtype))

        self.w = drawn(scales[0], n_pre, n_post)
        if alpha == "full":
            self.alpha = drawn(scales[1], n_pre, n_post)
        elif alpha == "shared":
            self.alpha = nn.Parameter(torch.tensor(scales[1], device=device, dtype=self.w.dtype))
        else:
            self.register_parameter("alpha", None)
        if learn_eta:
            self.eta_logit = nn.Parameter(torch.tensor(math.log(eta) - math.log1p(-eta), device=device, dtype=self.w.dtype))
        else:
            self.register_buffer("eta_fixed", torch.tensor(eta, device=device, dtype=self.w.dtype))

    @property
    def eta(self) -> Tensor:
        """The rate at which the trace is written, a scalar; a learned one is a sigmoid and stays inside (0, 1)."""
        if hasattr(self, "eta_fixed"):
            return self.eta_fixed
        edge = torch.finfo(self.eta_logit.dtype).eps
        return torch.sigmoid(self.eta_logit).clamp(edge, 1 - edge)

    def extra_repr(self) -> str:
        """Describe the network in one line, as torch prints it."""
        n_pre, n_post = self.w.shape
        alpha = "None" if self.alpha is None else "full" if self.alpha.ndim else "shared"
        name = getattr(self.rule, "__name__", type(self.rule).__name__)
        learned = "learned" if hasattr(self, "eta_logit") else "fixed"
        return f"{n_pre}, {n_post}, rule={name}, alpha={alpha}, eta={self.eta.item():.3g} ({learned})"


class PlasticRNN(_Plastic):
    """Recurrent network whose connections keep a Hebbian trace of the episode.

    ``y = tanh(pre @ (w + alpha * hebb) + inputs[t])``, then ``hebb = hebb + eta * rule(hebb, pre, y)``.

    Parameters
    ----------
    n : int
        Number of units.
    rule : callable
        ``rule(hebb, pre, post) -> change of the trace``; one of :mod:`hebbnotes.rules` or your own.
    alpha : {"full", "shared", None}
        One plasticity coefficient for each connection, one for all, or a trace that is written but not read.
    eta : float
        Initial rate at which the trace is written, in [0, 1]; inside (0, 1) if it is learned.
    learn_eta : bool
        Whether ``eta`` is trained. A learned one is the sigmoid of the parameter ``eta_logit``.
    w_scale, alpha_scale : float
        Standard deviation of the initial ``w`` and of a full ``alpha``; a shared ``alpha`` starts at ``alpha_scale``.
    generator : torch.Generator, optional
        Source of the initial values, on ``device``; by default torch's global one.
    device, dtype : optional
        Where and in which precision the parameters live.
    method : {"auto", "loop", "chunk"}
        How it is evaluated; see :func:`run`. It may be set anew at any time.

    Attributes
    ----------
    w : Parameter
        Fixed weights, shape (n, n) [pre, post]. Most torch layers are [out, in]: transpose when you copy from one.
    alpha : Parameter or None
        Plasticity coefficients, shape (n, n), a scalar, or None.
    eta : Tensor
        A scalar.

    Raises
    ------
    TypeError
        If ``n`` is not an integer, ``rule`` cannot be called, or ``eta`` is not a number.
    ValueError
        If ``n`` is below 1, ``alpha`` or ``method`` is unknown, ``eta`` is out of range, or a scale is negative.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 to 3. Taught in the chapter "Introducing the NeuroAI series".
    """

    def __init__(
        self,
        n: int,
        rule: Rule = rules.decay,
        alpha: str | None = "full",
        *,
        eta: float = 0.01,
        learn_eta: bool = True,
        w_scale: float = 0.01,
        alpha_scale: float = 0.01,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        method: str = "auto",
    ) -> None:
        n = _checks.integer("n", n)
        _checks.choice("method", method, METHODS)
        super().__init__(n, n, rule, alpha, eta, learn_eta, w_scale, alpha_scale, generator, device, dtype)
        self.method = method

    def forward(self, inputs: Tensor, state: State | None = None, clamp: Tensor | None = None) -> tuple[Tensor, State]:
        """Run an episode, or go on with one; see :func:`run` for shapes and errors."""
        return run(inputs, self.w, self.alpha, self.eta, self.rule, state, clamp, self.method)


class PlasticLinear(_Plastic):
    """Layer without recurrence whose connections keep a Hebbian trace of the episode.

    ``y = activation(inputs[t] @ (w + alpha * hebb))``, then ``hebb = hebb + eta * rule(hebb, inputs[t], y)``. While an
    output is clamped to a target, the trace binds the input to it.

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs and outputs.
    rule : callable
        ``rule(hebb, pre, post) -> change of the trace``; one of :mod:`hebbnotes.rules` or your own.
    alpha : {"full", "shared", None}
        One plasticity coefficient for each connection, one for all, or a trace that is written but not read.
    eta : float
        Initial rate at which the trace is written, in [0, 1]; inside (0, 1) if it is learned.
    learn_eta : bool
        Whether ``eta`` is trained. A learned one is the sigmoid of the parameter ``eta_logit``.
    activation : {"softmax", "tanh", "identity"}
        What turns the drive into the output.
    w_scale, alpha_scale : float
        Standard deviation of the initial ``w`` and of a full ``alpha``; a shared ``alpha`` starts at ``alpha_scale``.
    generator : torch.Generator, optional
        Source of the initial values, on ``device``; by default torch's global one.
    device, dtype : optional
        Where and in which precision the parameters live.

    Attributes
    ----------
    w : Parameter
        Fixed weights, shape (n_in, n_out) [pre, post]: the transpose of ``torch.nn.Linear.weight``.
    alpha : Parameter or None
        Plasticity coefficients, shape (n_in, n_out), a scalar, or None.
    eta : Tensor
        A scalar.

    Raises
    ------
    TypeError
        If a size is not an integer, ``rule`` cannot be called, or ``eta`` is not a number.
    ValueError
        If a size is below 1, ``alpha`` or ``activation`` is unknown, ``eta`` is out of range, or a scale is negative.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 and 3 and their section on Omniglot. Taught in the chapter "One-shot
    learning".
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        rule: Rule = rules.oja,
        alpha: str | None = "shared",
        *,
        eta: float = 0.01,
        learn_eta: bool = True,
        activation: str = "softmax",
        w_scale: float = 0.01,
        alpha_scale: float = 0.01,
        generator: torch.Generator | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        n_in, n_out = _checks.integer("n_in", n_in), _checks.integer("n_out", n_out)
        _checks.choice("activation", activation, tuple(ACTIVATIONS))
        super().__init__(n_in, n_out, rule, alpha, eta, learn_eta, w_scale, alpha_scale, generator, device, dtype)
        self.activation = activation

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        targets: Tensor | None = None,
        clamp: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one; see :func:`run_layer` for shapes and errors."""
        return run_layer(inputs, self.w, self.alpha, self.eta, self.rule, state, targets, clamp, self.activation)


def convolutions(n_features: int, generator: torch.Generator) -> nn.Sequential:
    """Return four convolutions of 3 x 3 with stride 2, each followed by tanh: drawings (M, 31, 31) give (M, n_features).

    Parameters
    ----------
    n_features : int
        Features of each convolution.
    generator : torch.Generator
        Source of the initial values, uniform within ``1 / sqrt(fan_in)`` as torch draws them.

    Returns
    -------
    torch.nn.Sequential

    Raises
    ------
    TypeError, ValueError
        If ``n_features`` is no positive integer.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4. Taught in the chapter "One-shot learning".
    """
    layers: list[nn.Module] = [nn.Unflatten(-2, (1, oneshot.SIZE))]
    for n_in in (1, *3 * [_checks.integer("n_features", n_features)]):
        layers += [nn.Conv2d(n_in, n_features, 3, stride=2, device=generator.device), nn.Tanh()]
    with torch.no_grad():
        for layer in layers[1::2]:
            for p in layer.parameters():
                fan_in = 9 * layer.in_channels
                p.copy_((2 * torch.rand(p.shape, generator=generator, device=generator.device) - 1) / fan_in**0.5)
    return nn.Sequential(*layers, nn.Flatten()).to(memory_format=torch.channels_last)  # faster, the same numbers


def see(features: nn.Module, pictures: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return the features of drawings.

    Parameters
    ----------
    features : torch.nn.Module
        As :func:`convolutions` returns it.
    pictures : Tensor
        Shape (M, 31, 31).
    dtype : torch.dtype, optional
        Precision in which they are computed, ``torch.bfloat16`` or ``torch.float16``; by default that of the pictures.

    Returns
    -------
    Tensor
        Shape (M, n_features), in the precision of the pictures.

    Raises
    ------
    TypeError, ValueError
        If the shape does not fit, or the precision is another one.

    Notes
    -----
    Source: this book. Used by :class:`OneShotNetwork` and :class:`hebbnotes.baselines.PrototypicalNetwork`.
    """
    _checks.tensor("pictures", pictures, "M rows columns", {"rows": oneshot.SIZE, "columns": oneshot.SIZE})
    _checks.choice("dtype", dtype, (None, pictures.dtype, torch.bfloat16, torch.float16))
    if dtype in (None, pictures.dtype):
        return features(pictures)
    with torch.autocast(pictures.device.type, dtype):
        return features(pictures).to(pictures.dtype)


class OneShotNetwork(nn.Module):
    """Four convolutions, and a plastic read-out that learns labels while it is used.

    Parameters
    ----------
    n_ways : int
        Labels.
    rule : callable
        ``rule(hebb, pre, post) -> change of the trace``; :meth:`ask` needs one of the common form.
    alpha : {"full", "shared"}
        A plasticity for each connection of the read-out, or one for all.
    eta, alpha_scale : float
        Initial rate at which the trace is written, and initial plasticity of every connection.
    n_features : int
        Features of each convolution, and inputs of the read-out.
    generator : torch.Generator
        Source of the initial values.

    Raises
    ------
    TypeError, ValueError
        As for :class:`PlasticLinear`; and if there is no ``alpha``.

    Attributes
    ----------
    features : torch.nn.Sequential
        See :func:`convolutions`.
    readout : PlasticLinear
        With a softmax.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), section 4.4: Oja's rule; 111,746 trained numbers with a shared plasticity, five labels
    and 64 features; their code starts ``eta`` and ``alpha`` at .01. Taught in the chapter "One-shot learning".
    """

    def __init__(
        self,
        n_ways: int = 5,
        rule: Rule = rules.oja,
        alpha: str = "shared",
        *,
        eta: float = 0.27,
        alpha_scale: float = 1.0,
        n_features: int = 64,
        generator: torch.Generator,
    ) -> None:
        _checks.choice("alpha", alpha, ("full", "shared"))
        super().__init__()
        self.features = convolutions(n_features, generator)
        self.readout = PlasticLinear(
            n_features, n_ways, rule, alpha, eta=eta, alpha_scale=alpha_scale, generator=generator, device=generator.device
        )
        nn.init.constant_(self.readout.alpha, alpha_scale)  # with random signs, equal drawings would not look alike

    def forward(
        self, inputs: Tensor, state: State | None = None, targets: Tensor | None = None, clamp: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one: drawings (T, B, 31, 31) give (T, B, n_ways); see :func:`run_layer` for the rest."""
        _checks.tensor("inputs", inputs, "T B rows columns", {"rows": oneshot.SIZE, "columns": oneshot.SIZE})
        seen = see(self.features, inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        return self.readout(seen, state, targets, clamp)

    def ask(self, pictures: Tensor, shown: Tensor, targets: Tensor, asked: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """Answer episodes that share their drawings, each of which is looked at once.

        Parameters
        ----------
        pictures, shown, targets, asked : Tensor
            As in a :class:`hebbnotes.oneshot.Pool`.
        dtype : torch.dtype, optional
            Precision of the convolutions: ``torch.bfloat16`` is faster where the processor has it, and rounds to three digits.

        Returns
        -------
        Tensor
            What the softmax turns into the answers, shape (B, n_ways): the numbers of :meth:`forward`, up to rounding.

        Raises
        ------
        TypeError, ValueError
            If shapes do not fit, or the rule is not of the common form.
        """
        if not _summable(self.readout.rule):
            raise TypeError("ask needs a rule of the common form, such as rules.oja: run the network on pool.episodes() instead")
        _checks.tensor("targets", targets, "K B n_ways", {"n_ways": self.readout.w.shape[1]}, like=pictures, reference="pictures")
        seen, layer = see(self.features, pictures, dtype), self.readout
        return fast.matching(seen[shown], targets, seen[asked], layer.w, layer.alpha, layer.eta, layer.rule.forget)


class ThreeNumbers(nn.Module):
    """Plastic recurrent network of any size that three trained numbers describe.

    Every unit inhibits itself alone, ``w = -inhibition * I``; all connections are equally plastic, ``alpha = gain / n``; and the
    trace is written at the rate ``eta`` by the decay rule. The division by the number n of units is fixed beforehand and not
    fitted: it keeps the drive of a pattern the same in a network of another size.

    Parameters
    ----------
    inhibition : float
        Initial strength with which a unit inhibits itself, any sign.
    gain : float
        Initial gain on the trace, above 0.
    eta : float
        Initial rate at which the trace is written, inside (0, 1).
    method : {"auto", "loop", "chunk"}
        How it is evaluated; see :func:`run`.

    Attributes
    ----------
    inhibition : Parameter
        A scalar.
    log_gain : Parameter
        A scalar; ``gain`` is its exponential.
    eta_logit : Parameter
        A scalar; ``eta`` is its sigmoid.

    Raises
    ------
    TypeError, ValueError
        If a number is not one, or is out of range.

    Notes
    -----
    Source: this book; a reduction of Miconi, Stanley & Clune (2018), equations 1 and 2. Taught in the chapter "Differentiable
    plasticity".
    """

    def __init__(self, inhibition: float = 0.3, gain: float = 50.0, eta: float = 0.03, *, method: str = "auto") -> None:
        _checks.choice("method", method, METHODS)
        for name, value, low, high in (
            ("inhibition", inhibition, -math.inf, math.inf),
            ("gain", gain, 1e-9, 1e9),
            ("eta", eta, 1e-6, 1 - 1e-6),
        ):
            _checks.number(name, value, low, high)
        super().__init__()
        self.method = method
        self.inhibition = nn.Parameter(torch.tensor(float(inhibition)))
        self.log_gain = nn.Parameter(torch.tensor(math.log(gain)))
        self.eta_logit = nn.Parameter(torch.tensor(math.log(eta) - math.log1p(-eta)))

    @property
    def gain(self) -> Tensor:
        """The gain on the trace, a scalar: ``alpha`` is ``gain / n``."""
        return self.log_gain.exp()

    @property
    def eta(self) -> Tensor:
        """The rate at which the trace is written, a scalar inside (0, 1)."""
        return torch.sigmoid(self.eta_logit)

    def forward(self, inputs: Tensor, state: State | None = None, clamp: Tensor | None = None) -> tuple[Tensor, State]:
        """Run an episode, or go on with one, with as many units as the inputs have; see :func:`run` for shapes and errors."""
        n = inputs.shape[-1]
        return run(inputs, ScaledIdentity(-self.inhibition), self.gain / n, self.eta, rules.decay, state, clamp, self.method)


class HalvesRNN(nn.Module):
    """Plastic recurrent network with two plasticity coefficients: across the halves of a picture, and for all other connections.

    Parameters
    ----------
    n_pixels : int
        Pixels, row by row, 2 or more; the first half of them is the upper half of the picture.
    n : int
        Units, those beyond the pixels included.
    eta : float
        Initial rate at which the trace is written, inside (0, 1).
    generator : torch.Generator
        Source of the initial weights.

    Attributes
    ----------
    two : Parameter
        The coefficients: across, and elsewhere.

    Raises
    ------
    TypeError
        If a size is not an integer, or ``eta`` is not a number.
    ValueError
        If there are fewer than two pixels, or fewer units than pixels, or ``eta`` is not inside (0, 1).

    Notes
    -----
    Source: this book; a reduction of Miconi, Stanley & Clune (2018), equation 1. Taught in the chapter "Natural images".
    """

    def __init__(self, n_pixels: int, n: int, *, eta: float, generator: torch.Generator) -> None:
        _checks.integer("n_pixels", n_pixels, 2)
        _checks.integer("n", n, n_pixels)
        super().__init__()
        self.core = PlasticRNN(n, alpha=None, eta=eta, generator=generator, device=generator.device)
        self.two = nn.Parameter(torch.full((2,), 0.01, device=generator.device))
        # 0 above, 1 below, 2 for units that are no pixels
        half = torch.arange(n, device=generator.device) * 2 // n_pixels
        self.register_buffer("across", half[:, None] + half == 1, persistent=False)

    @property
    def alpha(self) -> Tensor:
        """The coefficient of each connection, shape (n, n)."""
        return torch.where(self.across, self.two[0], self.two[1])

    @property
    def eta(self) -> Tensor:
        """The rate at which the trace is written, a scalar inside (0, 1)."""
        return self.core.eta

    def forward(self, inputs: Tensor, state: State | None = None, clamp: Tensor | None = None) -> tuple[Tensor, State]:
        """Run an episode, or go on with one; see :func:`run` for shapes and errors."""
        return run(inputs, self.core.w, self.alpha, self.eta, self.core.rule, state, clamp)
