"""Plastic networks as thin modules: they hold the trained numbers and call :func:`.loop.run`.

Shapes: T steps, B episodes, n units; weights, alpha and trace are ``[pre, post]``.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import SUPPLIED, State, as_autocast
from hebbnotes.networks.loop import ACTIVATIONS, METHODS, run, run_layer
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.connections import ScaledIdentity
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import check

__all__ = ["Initial", "PlasticLinear", "PlasticNumbers", "PlasticRNN", "ThreeNumbers"]


@dataclass(frozen=True)
class Initial:
    """What a plastic network begins with: keyword arguments of :class:`PlasticRNN` and its like.

    Parameters
    ----------
    eta : float
        Rate at which the trace is written, in [0, 1]; inside (0, 1) if it is learned.
    learn_eta : bool
        Whether ``eta`` is trained. A learned one is the sigmoid of the parameter ``eta_logit``.
    w_scale, alpha_scale : float
        Standard deviation of ``w`` and of a full ``alpha``; a shared ``alpha`` starts at
        ``alpha_scale``.
    generator : torch.Generator, optional
        Source of the values, on ``device``; by default torch's global one.
    device, dtype : optional
        Where and in which precision the parameters live.
    """

    RATES: ClassVar[tuple[str, ...]] = ("eta",)

    eta: float = 0.01
    learn_eta: bool = True
    w_scale: float = 0.01
    alpha_scale: float = 0.01
    generator: torch.Generator | None = None
    device: torch.device | str | None = None
    dtype: torch.dtype | None = None

    def __post_init__(self) -> None:
        rates = {name: _checks.number(name, getattr(self, name), 0, 1) for name in self.RATES}
        _checks.flag("learn_eta", self.learn_eta)
        for name, rate in rates.items():
            if self.learns(name) and not 0 < rate < 1:
                raise ValueError(
                    f"a learned {name} must lie inside (0, 1), got {rate:g}: pass learn_eta=False "
                    "to keep it fixed"
                )
        dtype = _checks.floating_type("dtype", self.dtype)
        device = _checks.device("device", self.device)
        for name, rate in rates.items():
            held = torch.tensor(rate, dtype=dtype).item()
            if (rate > 0) != (held > 0) or (rate < 1) != (held < 1):
                raise ValueError(
                    f"{dtype} cannot hold {name}={rate:g}, but as {held:g}: use another one"
                )
        for name in ("w_scale", "alpha_scale"):
            _checks.number(name, getattr(self, name), 0, torch.finfo(dtype).max)
        if self.generator is not None:
            _checks.generator(self.generator, device)

    def learns(self, name: str) -> bool:
        """Tell whether a rate is trained."""
        return self.learn_eta

    def drawn(self, scale: float, *shape: int) -> nn.Parameter:
        """Return normal numbers of a standard deviation."""
        _checks.room(**{f"axis {k}": size for k, size in enumerate(shape)})
        numbers = torch.randn(
            *shape, generator=self.generator, device=self.device, dtype=self.dtype
        )
        return nn.Parameter(scale * numbers)


class PlasticNumbers(nn.Module):
    """The numbers that a plastic network trains: ``w``, ``alpha``, and rates by name."""

    def __init__(
        self,
        shape: tuple[int, int],
        alpha: str | None,
        initial: Initial,
        rates: tuple[str, ...] = ("eta",),
    ) -> None:
        _checks.choice("alpha", alpha, ("full", "shared", None))
        super().__init__()
        self.w = initial.drawn(initial.w_scale, *shape)

        def number(value: float) -> Tensor:
            return torch.tensor(float(value), device=initial.device, dtype=self.w.dtype)

        if alpha == "full":
            self.alpha = initial.drawn(initial.alpha_scale, *shape)
        elif alpha == "shared":
            self.alpha = nn.Parameter(number(initial.alpha_scale))
        else:
            self.register_parameter("alpha", None)
        for name in rates:
            rate = getattr(initial, name)
            if initial.learns(name):
                logit = number(math.log(rate) - math.log1p(-rate))
                self.register_parameter(f"{name}_logit", nn.Parameter(logit))
            else:
                self.register_buffer(f"{name}_fixed", number(rate))

    def rate(self, name: str) -> Tensor:
        """Return a rate, a scalar; a learned one stays inside (0, 1)."""
        if hasattr(self, f"{name}_fixed"):  # a plain tensor where a transform of torch lends it
            return getattr(self, f"{name}_fixed")
        logit = getattr(self, f"{name}_logit")
        kind = torch.finfo(logit.dtype)  # the smallest number, and the largest below 1
        return torch.sigmoid(logit).clamp(kind.tiny, 1 - kind.eps / 2)

    def described(self, rule: Rule, *rates: str) -> str:
        """Describe the network in one line."""
        n_pre, n_post = self.w.shape
        alpha = "None" if self.alpha is None else "full" if self.alpha.ndim else "shared"
        name = getattr(rule, "__name__", type(rule).__name__)
        its = [f"{n_pre}, {n_post}, rule={name}, alpha={alpha}"]
        for rate in rates:
            learned = "learned" if hasattr(self, f"{rate}_logit") else "fixed"
            its.append(f"{rate}={self.rate(rate).item():.3g} ({learned})")
        return ", ".join(its)


class _Plastic(PlasticNumbers):
    """A network whose trace is written by a rule at the rate ``eta``."""

    def __init__(
        self, n_pre: int, n_post: int, rule: Rule, alpha: str | None, initial: Initial
    ) -> None:
        checked = check(rule, SUPPLIED, "a plastic network")
        super().__init__((n_pre, n_post), alpha, initial)
        self.rule = checked

    @property
    def eta(self) -> Tensor:
        """The rate at which the trace is written, a scalar; a learned one stays inside (0, 1)."""
        return self.rate("eta")

    def extra_repr(self) -> str:
        """Describe the network in one line, as torch prints it."""
        return self.described(self.rule, "eta")


class PlasticRNN(_Plastic):
    """Recurrent network whose connections keep a Hebbian trace of the episode.

    ``y = tanh(pre @ (w + alpha * hebb) + inputs[t])``, then ``hebb = hebb + eta * rule(hebb, pre,
    y)``.

    >>> network = PlasticRNN(4, rules.oja, eta=0.1)
    >>> output, state = network(torch.ones(5, 1, 4))
    >>> output.shape, state.hebb.shape
    (torch.Size([5, 1, 4]), torch.Size([1, 4, 4]))

    Parameters
    ----------
    n : int
        Number of units.
    rule : callable
        ``rule(hebb, pre, post, *, ...) -> change of the trace``; one of
        :mod:`hebbnotes.plasticity.rules` or your own.
    alpha : {"full", "shared", None}
        One plasticity coefficient for each connection, one for all, or a trace that is written but
        not read.
    method : {"auto", "loop", "chunk", "compiled"}
        How it is evaluated; see :func:`.loop.run`. It may be set anew at any time.
    **initial
        See :class:`Initial`: ``eta``, ``learn_eta``, ``w_scale``, ``alpha_scale``, ``generator``,
        ``device``, ``dtype``.

    Attributes
    ----------
    w : Parameter
        Fixed weights, shape (n, n) [pre, post]. Most torch layers are [out, in]: transpose when you
        copy from one.
    alpha : Parameter or None
        Plasticity coefficients, shape (n, n), a scalar, or None.
    eta : Tensor
        A scalar.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 to 3.
    """

    def __init__(
        self,
        n: int,
        rule: Rule = rules.decay,
        alpha: str | None = "full",
        *,
        method: str = "auto",
        **initial: Any,
    ) -> None:
        n = _checks.integer("n", n)
        _checks.choice("method", method, METHODS)
        super().__init__(n, n, rule, alpha, Initial(**initial))
        self.method = method

    def forward(
        self, inputs: Tensor, state: State | None = None, clamp: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one; see :func:`.loop.run` for shapes and errors."""
        inputs = as_autocast(inputs, self.w)
        return run(inputs, self.w, self.alpha, self.eta, self.rule, state, clamp, self.method)


class PlasticLinear(_Plastic):
    """Layer without recurrence whose connections keep a Hebbian trace of the episode.

    ``y = activation(inputs[t] @ (w + alpha * hebb))``, then ``hebb = hebb + eta * rule(hebb,
    inputs[t], y)``. While an output is clamped to a target, the trace binds the input to it.

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs and outputs.
    rule, alpha, **initial
        As for :class:`PlasticRNN`.
    activation : {"softmax", "tanh", "identity"}
        What turns the drive into the output.

    Attributes
    ----------
    w : Parameter
        Fixed weights, shape (n_in, n_out) [pre, post]: the transpose of ``torch.nn.Linear.weight``.
    alpha : Parameter or None
        Plasticity coefficients, shape (n_in, n_out), a scalar, or None.
    eta : Tensor
        A scalar.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 and 3 and their section on Omniglot.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        rule: Rule = rules.oja,
        alpha: str | None = "shared",
        *,
        activation: str = "softmax",
        **initial: Any,
    ) -> None:
        n_in, n_out = _checks.integer("n_in", n_in), _checks.integer("n_out", n_out)
        _checks.choice("activation", activation, tuple(ACTIVATIONS))
        super().__init__(n_in, n_out, rule, alpha, Initial(**initial))
        self.activation = activation

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        targets: Tensor | None = None,
        clamp: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one; see :func:`.run_layer` for shapes and errors."""
        inputs, targets = as_autocast(inputs, self.w), as_autocast(targets, self.w)
        numbers = (self.w, self.alpha, self.eta, self.rule)
        return run_layer(inputs, *numbers, state, targets, clamp, activation=self.activation)


class ThreeNumbers(nn.Module):
    """Plastic recurrent network of any size that three trained numbers describe.

    Every unit inhibits itself alone, ``w = -inhibition * I``; all connections are equally plastic,
    ``alpha = gain / n``; and the trace is written at the rate ``eta`` by the decay rule. The
    division by the number n of units is fixed beforehand and not fitted: it keeps the drive of a
    pattern the same in a network of another size.

    Parameters
    ----------
    inhibition : float
        Initial strength with which a unit inhibits itself, any sign.
    gain : float
        Initial gain on the trace, above 0.
    eta : float
        Initial rate at which the trace is written, inside (0, 1).
    method : {"auto", "loop", "chunk"}
        How it is evaluated; see :func:`.loop.run`.

    Attributes
    ----------
    inhibition, log_gain, eta_logit : Parameter
        Scalars; ``gain`` is the exponential of the second, ``eta`` the sigmoid of the third.

    Notes
    -----
    Source: this book; a reduction of Miconi, Stanley & Clune (2018), equations 1 and 2.
    """

    def __init__(
        self,
        inhibition: float = 0.3,
        gain: float = 50.0,
        eta: float = 0.03,
        *,
        method: str = "auto",
    ) -> None:
        _checks.choice("method", method, METHODS)
        for name, value, low, high in (
            ("inhibition", inhibition, -1e9, 1e9),
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

    def forward(
        self, inputs: Tensor, state: State | None = None, clamp: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one, with as many units as the inputs have."""
        inputs = as_autocast(inputs, self.inhibition)
        _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", {}))
        w, alpha = ScaledIdentity(-self.inhibition), self.gain / inputs.shape[-1]
        return run(inputs, w, alpha, self.eta, rules.decay, state, clamp, self.method)
