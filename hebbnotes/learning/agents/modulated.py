"""Agents that say themselves when their connections are written.

Shapes: T steps, B agents, n units.
"""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.learning.agents.kinds import Agent, drawn, sizes
from hebbnotes.networks.modulated import ModulatedRNN, ModulatedState, Modulator
from hebbnotes.networks.modulated.arguments import broadcast, made
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.common_form import CommonForm
from hebbnotes.plasticity.rules import Rule

__all__ = ["ModulatedAgent", "RetroactiveAgent"]


class ModulatedAgent(Agent):
    """Plastic network that acts, and writes when a signal says so that it makes itself.

    Parameters
    ----------
    n : int, units
    rule : callable, what is forgotten, as for :class:`.ModulatedRNN`
    clip : as for :class:`.ModulatedRNN`
    eta : float, rate of forgetting, which is trained
    eta_e : float, of :class:`RetroactiveAgent` alone: the rate of its eligibility trace, which is
        trained
    signal : float, inside (-1, 1): the signal that it makes at first
    fan_out : float, optional, by what factor each receiver hears the signal at first, which is
        trained for each; without it, all hear the signal itself
    alpha_scale, n_noise, generator : as for :class:`.PlasticAgent`

    Attributes
    ----------
    core : ModulatedRNN
    inward : Parameter, shape (n_seen + 1, n): from what is seen, and from a unit that is always 1

    Notes
    -----
    Source: Miconi, Rawal, Clune & Stanley (2019), simple neuromodulation, in a maze; there nothing
    is forgotten, and the trace is clipped. By default the signal is 0.1 at first, so that it writes
    as a plastic agent does. Where it may grow to 1, the trace does so too; a small factor, such as
    ``signal=0.5, fan_out=0.2``, begins with the same rate of writing and bounds it.

    Examples
    --------
    >>> agent = ModulatedAgent(64, generator=torch.Generator().manual_seed(0))
    >>> logits, values, state = agent(torch.zeros(10, 3, agent.n_seen))  # 10 steps of 3 agents
    >>> agent.signals(torch.zeros(10, 3, agent.n_seen)).shape
    torch.Size([10, 3])
    """

    core: ModulatedRNN
    options: ClassVar[tuple[str, ...]] = (
        "rule",
        "clip",
        "eta",
        "alpha_scale",
        "signal",
        "fan_out",
    )
    rates: ClassVar[tuple[str, ...]] = ("eta", "alpha_scale")
    retroactive: ClassVar[bool] = False

    def __init__(
        self,
        n: int = 64,
        rule: Rule = rules.oja,
        *,
        clip: float | None = None,
        signal: float = 0.1,
        fan_out: float | None = None,
        n_noise: int = 0,
        generator: torch.Generator,
        **rates: float,
    ) -> None:
        super().__init__()
        for name in rates.keys() - {*self.rates}:
            raise TypeError(
                f"{type(self).__name__} has no option {name!r}: use {', '.join(self.options)}, "
                "n_noise or generator"
            )
        _checks.generator(generator, "cpu")
        n_seen, scale = sizes(n, n_noise)
        bias = math.atanh(_checks.number("signal", signal, -0.999, 0.999))
        heard = None if fan_out is None else _checks.number("fan_out", fan_out)
        initial: dict[str, Any] = {"eta": 0.1, "alpha_scale": 0.1, **rates}
        self.core = ModulatedRNN(
            n,
            rule,
            retroactive=self.retroactive,
            fan_out=heard is not None,
            clip=clip,
            w_scale=scale,
            generator=generator,
            **initial,
        )
        nn.init.constant_(self.core.bias, bias)
        if heard is not None and self.core.fan_out is not None:
            nn.init.constant_(self.core.fan_out, heard)
        n_in = n_seen + 1
        self.inward = nn.Parameter(drawn(n_in**-0.5, (n_in, n), generator))
        self.outward = nn.Parameter(drawn(0.1 * n**-0.5, (n + 1, 5), generator))

    @property
    def n_seen(self) -> int:
        """Numbers that it is told at each step."""
        return len(self.inward) - 1

    @property
    def modulator(self) -> Modulator:
        """The read-out that makes the signal."""
        return Modulator(self.core.read, self.core.bias, self.core.fan_out)

    def rest(self, batch: int) -> ModulatedState:
        """Return zero outputs (B, n), a zero trace (B, n, n), and an eligibility trace, if any."""
        n = len(self.core.w)
        _checks.room(batch=_checks.integer("batch", batch), n=n, units=n)
        y, hebb = self.outward.new_zeros(batch, n), self.outward.new_zeros(batch, n, n)
        return ModulatedState(y, hebb, torch.zeros_like(hebb) if self.retroactive else None)

    def erased(self, state: ModulatedState) -> dict[str, ModulatedState]:
        """Return a state with nothing, its activity, its trace, both, and, where it has one, its
        eligibility trace set to zero; ``"both"`` spares the latter, ``"all"`` does not.
        """
        self.check_state(state)
        y, hebb = torch.zeros_like(state.y), torch.zeros_like(state.hebb)
        states = {
            "nothing": state,
            "activity": state._replace(y=y),
            "trace": state._replace(hebb=hebb),
            "both": state._replace(y=y, hebb=hebb),
        }
        if state.eligibility is not None:
            none = torch.zeros_like(state.eligibility)
            states["eligibility"] = state._replace(eligibility=none)
            states["all"] = ModulatedState(y, hebb, none)
        return states

    def readable(self, state: ModulatedState) -> dict[str, Tensor]:
        """Return the activity, the trace, and the eligibility trace, if any."""
        self.check_state(state)
        held = {"activity": state.y, "trace": state.hebb.flatten(1)}
        if state.eligibility is not None:
            held["eligibility"] = state.eligibility.flatten(1)
        return held

    def compiles(self) -> bool:
        """Tell whether compiled code takes it, its rule included: hebb, decay or oja."""
        if not super().compiles():
            return False
        from hebbnotes.plasticity import compiled

        return compiled.knows(self.core.rule)

    def arrays(self, state: ModulatedState) -> tuple[Any, ModulatedState]:
        """Return a :class:`.ModulatedNet`, and the state that it holds."""
        from hebbnotes.learning.agents import compiled_lives

        return compiled_lives.modulated_net(self.core, (self.inward, self.outward), state)

    def run(self, seen: Tensor, state: ModulatedState) -> tuple[Tensor, ModulatedState]:
        """Return the outputs of the units, shape (T, B, n), and the state after the last step."""
        output, _, state = self._both(seen, state)
        return output, state

    def signals(self, seen: Tensor, state: ModulatedState | None = None) -> Tensor:
        """Return the signal that it makes at each step of what it sees, (T, B): as it was in a
        life, if this is what was seen in it, and the state the one in which it began.
        """
        _checks.tensor("seen", seen, "T B n_seen", {"n_seen": self.n_seen})
        batch = seen.shape[1]
        state = self.rest(batch) if state is None else self.check_state(state, batch)
        return self._both(seen, state)[1]

    def _both(self, seen: Tensor, state: ModulatedState) -> tuple[Tensor, Tensor, ModulatedState]:
        own = self.core.method
        method = "compiled" if own == "auto" and self.compiles() else own
        return self.core(seen @ self.inward[:-1] + self.inward[-1], state, method=method)

    def rewritten(
        self, before: ModulatedState, after: ModulatedState, signal: Tensor | None = None
    ) -> ModulatedState:
        """Return the state after a step, had another signal been heard in it.

        Parameters
        ----------
        before, after : ModulatedState, of B agents, one step apart
        signal : Tensor, what is heard instead, shape (B,); by default what the network made

        Raises
        ------
        ValueError
            If the rule of the network has not the common form.
        """
        if not isinstance(self.core.rule, CommonForm):
            raise ValueError(
                "rewritten needs a network whose rule has the common form such as rules.oja, got "
                f"{self.core.rule}: make the agent with such a rule"
            )
        self.check_state(before)
        self.check_state(after, len(before.y))
        y = after.y
        own = made(y, self.modulator) if signal is None else signal
        _checks.tensor("signal", own, "B", {"B": len(y)}, like=y)
        heard = broadcast(own, self.modulator)
        kept = 1 - self.core.rate("eta") * self.core.rule.forget(y)
        if before.eligibility is None:
            written = before.y.unsqueeze(-1) * (heard * y).unsqueeze(-2)
        else:
            written = heard.unsqueeze(-2) * before.eligibility
        hebb = torch.addcmul(written, kept.unsqueeze(-2), before.hebb)
        if self.core.clip is not None:
            hebb = hebb.clamp(-self.core.clip, self.core.clip)
        return after._replace(hebb=hebb)


class RetroactiveAgent(ModulatedAgent):
    """The same with an eligibility trace: the signal writes the pairs of the steps before."""

    options = (*ModulatedAgent.options, "eta_e")
    rates = (*ModulatedAgent.rates, "eta_e")
    retroactive = True
