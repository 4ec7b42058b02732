"""Networks that play cue and reward: an actor with two answers and a critic on units of five kinds.

Shapes: T steps, B episodes, n units.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks, networks
from hebbnotes.learning.agents import compiled_lives
from hebbnotes.networks import PlasticRNN, State
from hebbnotes.networks.modulated import ModulatedRNN, ModulatedState
from hebbnotes.plasticity import rules

__all__ = ["ARMS", "Arm", "Cells", "ChoosingPlayer", "Plastic", "Player", "player"]


class Player(nn.Module):
    """What all kinds share: what is told to the units goes in, answers and a guess come out.

    Attributes
    ----------
    core : the units, and the connections among them
    outward : Parameter, shape (n + 1, 3): to "no", to "yes", and to the critic
    """

    core: nn.Module
    outward: nn.Parameter

    def rest(self, batch: int) -> Any:
        """Return the state at the start of an episode: all zero."""
        raise NotImplementedError

    def run(self, seen: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return the outputs of the units, shape (T, B, n), and the state after the last step."""
        raise NotImplementedError

    def net(self, batch: int) -> Any:
        """Return weights, and a state of rest, for compiled episodes."""
        raise NotImplementedError

    def forward(self, seen: Tensor, state: Any = None) -> tuple[Tensor, Tensor, Any]:
        """Go through steps.

        Parameters
        ----------
        seen : Tensor, shape (T, B, n_inputs)
        state : optional, by default at rest

        Returns
        -------
        logits : Tensor, of "no" and "yes", shape (T, B, 2)
        values : Tensor, the reward that the critic expects, shape (T, B)
        state : after the last step
        """
        y, state = self.run(seen, self.rest(seen.shape[1]) if state is None else state)
        out = y @ self.outward[:-1] + self.outward[-1]
        return out[..., :2], out[..., 2], state


class _Told(Player):
    """Units that are told what is seen by weights of this book's: from each input, and a bias."""

    def __init__(self, n_inputs: int, n: int, generator: torch.Generator) -> None:
        super().__init__()
        _checks.generator(generator, "cpu")
        self.inward = nn.Parameter(torch.randn(n_inputs + 1, n, generator=generator) / 3)
        with torch.no_grad():
            self.inward[-1] = 0.0
        self.outward = nn.Parameter(0.1 * torch.randn(n + 1, 3, generator=generator) / n**0.5)

    def drive(self, seen: Tensor) -> Tensor:
        """Return what the units are told of what is seen, (T, B, n)."""
        return seen @ self.inward[:-1] + self.inward[-1]


class Plastic(_Told):
    """Plastic connections that are written at every step, at one rate."""

    core: PlasticRNN

    def __init__(
        self, n_inputs: int, n: int, generator: torch.Generator, *, eta: float = 0.03
    ) -> None:
        super().__init__(n_inputs, n, generator)
        how: dict[str, Any] = {"w_scale": 0.9 / n**0.5, "alpha_scale": 0.1, "generator": generator}
        self.core = PlasticRNN(n, rules.hebb, eta=eta, **how)

    def rest(self, batch: int) -> State:
        """Return zero outputs (B, n) and a zero trace (B, n, n)."""
        y = self.outward.new_zeros(batch, len(self.core.w))
        return State(y, y.unsqueeze(-1) * y.unsqueeze(-2))

    def run(self, seen: Tensor, state: State) -> tuple[Tensor, State]:
        """See :class:`Player`."""
        core = self.core
        numbers = core.w, core.alpha, core.eta, core.rule, state
        return networks.run(self.drive(seen), *numbers, method="compiled", clip=1.0)

    def net(self, batch: int) -> compiled_lives.PlasticNet:
        """See :class:`Player`."""
        outer, state = (self.inward, self.outward), self.rest(batch)
        return compiled_lives.plastic_net(self.core, outer, 1.0, state)[0]


class ChoosingPlayer(_Told):
    """Plastic connections that are written when the network says so."""

    core: ModulatedRNN

    def __init__(
        self, n_inputs: int, n: int, generator: torch.Generator, *, retroactive: bool = False
    ) -> None:
        super().__init__(n_inputs, n, generator)
        how: dict[str, Any] = {"w_scale": 0.9 / n**0.5, "alpha_scale": 0.1, "generator": generator}
        how |= {"retroactive": retroactive, "clip": 1.0, "eta": 0.0, "eta_e": 0.3}
        self.core = ModulatedRNN(n, rules.hebb, method="compiled", **how)

    def rest(self, batch: int) -> ModulatedState:
        """Return zero outputs (B, n), and zero traces (B, n, n)."""
        y = self.outward.new_zeros(batch, len(self.core.w))
        none = y.unsqueeze(-1) * y.unsqueeze(-2)
        return ModulatedState(y, none, none.clone() if self.core.retroactive else None)

    def run(self, seen: Tensor, state: ModulatedState) -> tuple[Tensor, ModulatedState]:
        """See :class:`Player`."""
        y, _, state = self.core(self.drive(seen), state)
        return y, state

    def signals(self, seen: Tensor) -> Tensor:
        """Return the signal that it makes at each step of what it sees, (T, B)."""
        return self.core(self.drive(seen))[1]

    def net(self, batch: int) -> compiled_lives.ModulatedNet:
        """See :class:`Player`."""
        outer, state = (self.inward, self.outward), self.rest(batch)
        return compiled_lives.modulated_net(self.core, outer, state)[0]


class Cells(Player):
    """Torch's recurrent units or its LSTM, whose connections do not change in an episode."""

    core: nn.RNNBase

    def __init__(
        self,
        n_inputs: int,
        n: int,
        generator: torch.Generator,
        *,
        kind: type[nn.RNN] | type[nn.LSTM],
    ) -> None:
        super().__init__()
        _checks.generator(generator, "cpu")
        self.core = kind(n_inputs, n)
        ((inward, w, *biases),) = self.core.all_weights
        with torch.no_grad():
            inward.copy_(torch.randn(inward.shape, generator=generator) / 3)
            w.copy_(0.9 * torch.randn(w.shape, generator=generator) / n**0.5)
            for bias in biases:
                bias.zero_()
        self.outward = nn.Parameter(0.1 * torch.randn(n + 1, 3, generator=generator) / n**0.5)

    def rest(self, batch: int) -> Any:
        """Return zero outputs, and zero cells of an LSTM, each (1, B, n) as torch has them."""
        none = self.outward.new_zeros(1, batch, self.core.hidden_size)
        return (none, none.clone()) if isinstance(self.core, nn.LSTM) else none

    def run(self, seen: Tensor, state: Any) -> tuple[Tensor, Any]:
        """See :class:`Player`."""
        return self.core(seen, state)

    def net(self, batch: int) -> Any:
        """See :class:`Player`."""
        state = self.rest(batch)
        if isinstance(self.core, nn.LSTM):
            return compiled_lives.lstm_net(self.core, self.outward, state)[0]
        return compiled_lives.recurrent_net(self.core, self.outward, state)[0]


class Arm(NamedTuple):
    """A kind of network, its number of units, and its further arguments."""

    kind: type[Player]
    units: int = 32
    options: Mapping[str, Any] = MappingProxyType({})


ARMS = {
    "none": Arm(Cells, 42, {"kind": nn.RNN}),
    "LSTM": Arm(Cells, 17, {"kind": nn.LSTM}),
    "plastic": Arm(Plastic),
    "simple": Arm(ChoosingPlayer),
    "retroactive": Arm(ChoosingPlayer, options={"retroactive": True}),
}
"""All arms, by name, of about 2,980 trained numbers with 24 inputs. As published, the trace of
those with plastic connections forgets nothing, and is cut off at 1."""


def player(
    arm: str,
    n_inputs: int,
    generator: torch.Generator,
    units: int | None = None,
    **options: float,
) -> Player:
    """Return a new network of an arm, by default with the arm's number of units; ``eta`` is among
    the options of one that always writes.

    >>> net = player("simple", 24, torch.Generator().manual_seed(0))
    >>> sum(p.numel() for p in net.parameters())
    2980
    """
    kind, n, its = ARMS[_checks.choice("arm", arm, tuple(ARMS))]
    return kind(n_inputs, n if units is None else units, generator, **its, **options)
