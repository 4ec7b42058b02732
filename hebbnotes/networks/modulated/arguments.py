"""What a modulated network is told, how it writes, and what it carries on.

Shapes: T steps, B episodes, n units; weights, alpha and traces are ``[pre, post]``.
"""

import inspect
from typing import Any, NamedTuple, TypedDict

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks.arguments import check_parts, check_rate
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.common_form import check_seen
from hebbnotes.plasticity.rules import CommonForm, Rule
from hebbnotes.plasticity.stepper import check, declared, name_of, pick

__all__ = [
    "Modulated",
    "ModulatedState",
    "ModulatedWriting",
    "Modulator",
    "Options",
    "broadcast",
    "check_modulator",
    "check_rule",
    "check_state",
    "check_writing",
    "made",
]


class ModulatedState(NamedTuple):
    """What a modulated network carries from one step to the next; it begins like a ``State``.

    Attributes
    ----------
    y : Tensor
        Latest output, shape (B, n).
    hebb : Tensor
        Hebbian trace, shape (B, n, n).
    eligibility : Tensor or None
        Trace of the pairs that may still be written, shape (B, n, n); None where a network writes
        each pair at once.
    """

    y: Tensor
    hebb: Tensor
    eligibility: Tensor | None = None

    def detach(self) -> "ModulatedState":
        """Return the same numbers without their history, for truncated backpropagation."""
        trace = None if self.eligibility is None else self.eligibility.detach()
        return ModulatedState(self.y.detach(), self.hebb.detach(), trace)

    def to(self, *args: Any, **kwargs: Any) -> "ModulatedState":
        """Return the state with another dtype or on another device, as :meth:`torch.Tensor.to`."""
        y, hebb = self.y.to(*args, **kwargs), self.hebb.to(*args, **kwargs)
        trace = self.eligibility
        return ModulatedState(y, hebb, None if trace is None else trace.to(*args, **kwargs))


class Modulator(NamedTuple):
    """The read-out that makes the signal: ``M = tanh(y @ read + bias)``, a number an episode.

    Attributes
    ----------
    read : Tensor
        Shape (n,).
    bias : Tensor
        A scalar.
    fan_out : Tensor, optional
        By what factor each receiver hears the signal, shape (n,); 1 for all without it.
    """

    read: Tensor
    bias: Tensor
    fan_out: Tensor | None = None


class Modulated:
    """A rule of the common form that writes when a broadcast signal says so.

    ``dw[i, j] = (modulator[j] / eta) * pre[i] * post[j] - forget(post)[j] * w[i, j]``: at the rate
    ``eta``, the signal stands where the rate stood, and the rate is that of forgetting alone.

    >>> from hebbnotes import rules
    >>> from hebbnotes.plasticity.stepper import change
    >>> w, pre, post = torch.ones(1, 1), torch.tensor([2.0]), torch.tensor([3.0])
    >>> rule = Modulated(rules.decay, eta=0.5)
    >>> w + 0.5 * change(rule, w, pre, post, modulator=torch.tensor(-1.0))  # 0.5 * 1 - 2 * 3
    tensor([[-5.5000]])

    Parameters
    ----------
    rule : CommonForm
        What is forgotten.
    eta : float or Tensor
        Rate of forgetting, a scalar. With ``gate`` it has no part.
    rate : float or Tensor, optional
        Rate at which the change will be applied, by default ``eta``, with ``gate`` 1; name another
        one, such as 1, where ``eta`` is 0: nothing is forgotten then.
    retroactive : bool
        Whether ``eligibility`` is written and not this step's pair.
    gate : bool
        Whether the signal is the rate of forgetting, too: ``modulator * (outer - forget * w)``.

    Notes
    -----
    Source: Miconi, Rawal, Clune & Stanley (2019), whose trace forgets nothing and is clipped; that
    it forgets, and the gate, are this book's.
    """

    def __init__(
        self,
        rule: CommonForm,
        eta: float | Tensor = 1.0,
        rate: float | Tensor | None = None,
        *,
        retroactive: bool = False,
        gate: bool = False,
    ) -> None:
        mend = "use rules.hebb, decay or oja; any other rule says itself what a modulator does"
        self.rule = _checks.of_type("rule", rule, CommonForm, mend)
        self.eta = eta
        self.rate = rate if rate is not None else 1.0 if gate else eta
        if isinstance(self.rate, float | int) and self.rate == 0:
            raise ValueError("rate must not be 0, for it divides: pass eta=0 with rate=1")
        self.retroactive, self.gate = retroactive, gate
        self.__name__ = f"modulated {rule.__name__}"
        names = ["modulator", *(["eligibility"] if retroactive else [])]
        names += [name for name in declared(rule.forget) if name not in names]
        further = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
        seen = inspect.signature(rule).parameters.values()
        first = [p for p in seen if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.__signature__ = inspect.Signature([*first, *further])

    def __call__(
        self, w: Tensor, pre: Tensor, post: Tensor, *, modulator: Tensor, **local: Tensor
    ) -> Tensor:
        """Return the change ``dw``, of the shape of ``w``, for a learning rate of ``rate``."""
        check_seen(w, pre, post, modulator=modulator, **local)
        lost = self.rule.forget(post, **pick(self.rule, post, {"modulator": modulator, **local}))
        lost = (modulator if self.gate else self.eta) * lost / self.rate
        signal = modulator / self.rate
        if self.retroactive:
            written = signal.unsqueeze(-2) * local["eligibility"]
        else:
            written = pre.unsqueeze(-1) * (signal * post).unsqueeze(-2)
        return written - lost.unsqueeze(-2) * w

    def __repr__(self) -> str:
        rates = f"eta={float(self.eta):g}, rate={float(self.rate):g}"
        kind = f"retroactive={self.retroactive}, gate={self.gate}"
        return f"Modulated({self.rule.__name__}, {rates}, {kind})"


class Options(TypedDict, total=False):
    """What may be said of how a network writes; see :class:`ModulatedWriting`."""

    eta: float | Tensor
    eta_e: float | Tensor | None
    rule: Rule
    gate: bool
    clip: float | None


class ModulatedWriting(NamedTuple):
    """How a modulated network writes: keyword arguments of :func:`.loop.run_modulated`.

    Attributes
    ----------
    eta : float or Tensor
        Rate of forgetting, in [0, 1], a scalar; 0: nothing is forgotten.
    eta_e : float or Tensor, optional
        Rate of the eligibility trace, in [0, 1], which makes the network retroactive.
    rule : callable
        One of the common form, such as ``rules.decay``, which says what is forgotten; or one of
        your own that declares ``modulator``, applied at the rate ``eta``.
    gate : bool
        Whether the signal is the rate of forgetting as well as of writing.
    clip : float, optional
        Size at which every value of the trace is cut off after each step, above 0.
    """

    eta: float | Tensor = 0.01
    eta_e: float | Tensor | None = None
    rule: Rule = rules.decay
    gate: bool = False
    clip: float | None = None

    @classmethod
    def of(cls, options: Options) -> "ModulatedWriting":
        """Return it with these options, or name one that does not exist."""
        for name in options:
            if name not in cls._fields:
                raise TypeError(f"there is no option {name!r}: use {', '.join(cls._fields)}")
        return cls(**options)

    def as_rule(self) -> tuple[Rule, float | Tensor]:
        """Return the rule of the stepper by which it writes, and the rate to apply it at."""
        if not isinstance(self.rule, CommonForm):
            return self.rule, self.eta
        how = {"retroactive": self.eta_e is not None, "gate": self.gate}
        return Modulated(self.rule, self.eta, 1.0, **how), 1.0


@_checks.in_full_precision
def made(y: Tensor, modulator: Modulator) -> Tensor:
    """Return the signal that units make, ``tanh(y @ read + bias)``: (..., n) gives (...,)."""
    return torch.tanh(y @ modulator.read + modulator.bias)


def broadcast(signal: Tensor, modulator: Modulator) -> Tensor:
    """Return what each receiver hears of a signal: (...,) gives (..., n)."""
    heard = signal.unsqueeze(-1)
    if modulator.fan_out is None:
        return heard.expand(*signal.shape, len(modulator.read))
    return heard * modulator.fan_out


def check_modulator(modulator: Any, like: Tensor, sizes: dict[str, int]) -> None:
    """Raise if a read-out is no ``Modulator`` of a network of ``n`` units, in its precision."""
    _checks.of_type("modulator", modulator, Modulator, "use Modulator(read, bias)")
    for name, axes in (("read", "n"), ("bias", ""), ("fan_out", "n")):
        value = getattr(modulator, name)
        if name != "fan_out" or value is not None:
            _checks.tensor(f"modulator.{name}", value, axes, sizes, like=like)
            _checks.finite(f"modulator.{name}", value)


def check_rule(rule: Any, retroactive: bool, gate: bool) -> Any:
    """Return a rule by which a modulated network can write, or raise."""
    supplied = ("drive", "modulator", *(("eligibility",) if retroactive else ()))
    check(rule, supplied, f"a modulated network that is {'' if retroactive else 'not '}retroactive")
    if isinstance(rule, CommonForm):
        return rule
    needed = ("modulator", *(("eligibility",) if retroactive else ()))
    missing = [name for name in needed if name not in declared(rule)]
    if missing:
        raise TypeError(
            f"rule {name_of(rule)} must declare {' and '.join(missing)}, which it would not see "
            "otherwise: write rule(w, pre, post, *, modulator), or use one of the common form "
            "such as rules.decay"
        )
    if gate:
        raise ValueError(
            f"gate needs a rule of the common form such as rules.decay, got {name_of(rule)}: it "
            "says itself what the modulator does"
        )
    return rule


def check_writing(how: ModulatedWriting, like: Tensor) -> None:
    """Check how a network writes."""
    check_rate("eta", how.eta, like)
    if how.eta_e is not None:
        check_rate("eta_e", how.eta_e, like)
    check_rule(how.rule, how.eta_e is not None, _checks.flag("gate", how.gate))
    _checks.clip(how.clip)


def check_state(state: Any, retroactive: bool, like: Tensor, sizes: dict[str, int]) -> None:
    """Check where a network is to go on from."""
    if not isinstance(state, ModulatedState):
        raise TypeError(
            f"state must be a ModulatedState as a network returns it, got {type(state).__name__}: "
            "use ModulatedState(y, hebb), with an eligibility for a retroactive network"
        )
    axes = {"y": "B n", "hebb": "B n n"}
    if retroactive:
        axes["eligibility"] = "B n n"
    elif state.eligibility is not None:
        raise ValueError(
            "state.eligibility must be None for a network that is not retroactive: pass "
            "state._replace(eligibility=None), or make the network retroactive"
        )
    check_parts(state, axes, like, sizes)
