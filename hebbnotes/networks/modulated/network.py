"""The modulated network as a module, which holds the trained numbers."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import as_autocast
from hebbnotes.networks.modulated.arguments import ModulatedState, Modulator, check_rule
from hebbnotes.networks.modulated.loop import METHODS, run_modulated
from hebbnotes.networks.plastic import Initial, PlasticNumbers
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule

__all__ = ["ModulatedInitial", "ModulatedRNN"]


@dataclass(frozen=True)
class ModulatedInitial(Initial):
    """What a modulated network begins with; see :class:`.Initial`.

    Parameters
    ----------
    eta : float
        Rate of forgetting, in [0, 1): 0 stays 0, and nothing is forgotten.
    eta_e : float
        Rate of the eligibility trace, in [0, 1]; inside (0, 1) if it is learned.
    """

    RATES: ClassVar[tuple[str, ...]] = ("eta", "eta_e")

    eta_e: float = 0.1

    def learns(self, name: str) -> bool:
        """Tell whether a rate is trained; an eta of 0 is not."""
        return self.learn_eta and (name != "eta" or self.eta != 0)


class ModulatedRNN(PlasticNumbers):
    """Plastic recurrent network that says itself when its connections are written.

    Its units drive each other as those of :class:`.PlasticRNN`. Then the network reads a signal
    from them, ``M = tanh(y @ read + bias)``, which stands where the rate of writing stood: pairs
    are written while it is positive, and their opposite while it is negative. A retroactive network
    keeps an eligibility trace of its pairs, and writes that.

    >>> network = ModulatedRNN(4, rules.oja, retroactive=True, eta=0.1)
    >>> output, modulation, state = network(torch.ones(5, 1, 4))
    >>> output.shape, modulation.shape, state.eligibility.shape
    (torch.Size([5, 1, 4]), torch.Size([5, 1]), torch.Size([1, 4, 4]))

    Parameters
    ----------
    n : int
        Number of units.
    rule : callable
        One of the common form, such as ``rules.decay``, which says what is forgotten at the rate
        ``eta``; or one of your own that declares ``modulator``, and is applied at that rate.
    alpha : {"full", "shared", None}
        As for :class:`.PlasticRNN`.
    retroactive : bool
        Whether the signal writes the pairs of earlier steps, by an eligibility trace, and not that
        of its own step.
    fan_out : bool
        Whether each receiver hears the signal by a factor of its own, which starts at 1.
    clip : float, optional
        Size at which every value of the trace is cut off after each step, as published; it takes
        the loop, or machine code.
    gate : bool
        Whether the signal is the rate of forgetting, too; then there is no ``eta``.
    method : {"auto", "loop", "chunk", "compiled"}
        How it is evaluated; see :func:`.loop.run_modulated`. It may be set anew at any time.
    **initial
        See :class:`ModulatedInitial`: ``eta``, ``eta_e``, ``learn_eta`` (which trains both),
        ``w_scale``, ``alpha_scale``, ``generator``, ``device``, ``dtype``.

    Attributes
    ----------
    w, alpha : Parameter
        As for :class:`.PlasticRNN`.
    read, bias : Parameter
        The read-out of the signal, shape (n,), normal with variance ``0.01 / n``, and a scalar that
        starts at 0.1: at first the network writes at all steps.
    fan_out : Parameter or None
        Shape (n,).
    eta, eta_e : Tensor or None
        Scalars; None where nothing is forgotten or written by them.

    Notes
    -----
    Source: Miconi, Rawal, Clune & Stanley (2019), simple and retroactive neuromodulation, where
    nothing is forgotten (``eta=0``) and the trace is clipped; the forgetting and the gate are this
    book's.
    """

    def __init__(
        self,
        n: int,
        rule: Rule = rules.decay,
        alpha: str | None = "full",
        *,
        retroactive: bool = False,
        fan_out: bool = False,
        clip: float | None = None,
        gate: bool = False,
        method: str = "auto",
        **initial: Any,
    ) -> None:
        n = _checks.integer("n", n)
        _checks.choice("method", method, METHODS)
        for name, value in (("retroactive", retroactive), ("fan_out", fan_out), ("gate", gate)):
            _checks.flag(name, value)
        checked, its_clip = check_rule(rule, retroactive, gate), _checks.clip(clip)
        begin = ModulatedInitial(**initial)
        rates = (*(() if gate else ("eta",)), *(("eta_e",) if retroactive else ()))
        super().__init__((n, n), alpha, begin, rates)
        self.rule, self.clip, self.gate, self.method = checked, its_clip, gate, method
        self.retroactive = retroactive
        self.read = begin.drawn(0.1 / n**0.5, n)
        self.bias = nn.Parameter(torch.full_like(self.w[0, 0], 0.1))
        self.fan_out: nn.Parameter | None
        its = nn.Parameter(torch.ones_like(self.read)) if fan_out else None
        self.register_parameter("fan_out", its)

    @property
    def eta(self) -> Tensor | None:
        """The rate of forgetting, a scalar; None where the signal is a gate."""
        return None if self.gate else self.rate("eta")

    @property
    def eta_e(self) -> Tensor | None:
        """The rate of the eligibility trace, a scalar; None without one."""
        return self.rate("eta_e") if self.retroactive else None

    def extra_repr(self) -> str:
        """Describe the network in one line, as torch prints it."""
        rates = (*(() if self.gate else ("eta",)), *(("eta_e",) if self.retroactive else ()))
        kind = "retroactive" if self.retroactive else "simple"
        its = {"fan_out": self.fan_out is not None, "gate": self.gate}
        further = [kind, *(name for name, there in its.items() if there)]
        further += [] if self.clip is None else [f"clip={self.clip:g}"]
        return f"{self.described(self.rule, *rates)}, {', '.join(further)}"

    def forward(
        self,
        inputs: Tensor,
        state: ModulatedState | None = None,
        clamp: Tensor | None = None,
        modulation: Tensor | None = None,
        method: str | None = None,
    ) -> tuple[Tensor, Tensor, ModulatedState]:
        """Run an episode, or go on; see :func:`.loop.run_modulated` for shapes and errors.

        With ``method`` it is run once by another method than the network's own.
        """
        inputs, modulation = as_autocast(inputs, self.w), as_autocast(modulation, self.w)
        return run_modulated(
            inputs,
            self.w,
            self.alpha,
            Modulator(self.read, self.bias, self.fan_out),
            state,
            clamp,
            modulation,
            self.method if method is None else method,
            eta=0.0 if self.gate else self.rate("eta"),
            eta_e=self.eta_e,
            rule=self.rule,
            gate=self.gate,
            clip=self.clip,
        )
