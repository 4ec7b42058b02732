"""Networks that play reward-gated memory, one for each arm of the comparison.

All have about 2,850 trained numbers, read the task's inputs by weights of their own, and give a
score by a read-out of their units. They differ in what holds the memory.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.modulated import ModulatedRNN, ModulatedState, Modulator, run_modulated
from hebbnotes.networks.plastic import PlasticRNN
from hebbnotes.plasticity import rules
from hebbnotes.tasks import RewardedEpisodes

__all__ = ["ARMS", "Arm", "Choosing", "Lived", "Network", "Plastic", "network"]


class Lived(NamedTuple):
    """What a network did in a batch of episodes.

    Attributes
    ----------
    activity : Tensor (T, B, n)
    modulation : Tensor (T, B) or None, the signal it made, or was given
    state : ModulatedState or None, at the end
    """

    activity: Tensor
    modulation: Tensor | None = None
    state: ModulatedState | None = None


class Network(nn.Module):
    """What all arms share: they live through episodes, and a read-out scores cues."""

    readout: nn.Parameter
    takes: ClassVar[tuple[str, ...]] = ()
    """What networks of a kind can be told besides: "state", "modulation"."""

    def live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None = None,
        modulation: Tensor | None = None,
    ) -> Lived:
        """Run episodes.

        Parameters
        ----------
        inputs : Tensor (T, B, n_inputs)
        silenced : Tensor (T,), boolean, at which steps all activity is 0
        state : ModulatedState, optional; where to go on from, for networks with a trace
        modulation : Tensor (T, B), optional; in place of the signal of networks that make one

        Raises
        ------
        TypeError
            If a network is told what it has no use for.
        """
        told = {"state": (state, "no trace"), "modulation": (modulation, "no signal of its own")}
        for name, (value, missing) in told.items():
            if value is not None and name not in self.takes:
                raise TypeError(
                    f"{name} must be None for {type(self).__name__}, which has {missing}: use an "
                    "arm such as simple"
                )
        return self._live(inputs, silenced, state, modulation)

    def _live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None,
        modulation: Tensor | None,
    ) -> Lived:
        """Do what :meth:`live` says; what the kind does not take is None."""
        raise NotImplementedError

    def scores(self, lived: Lived, episodes: RewardedEpisodes) -> Tensor:
        """Return the scores of the tested cues, shape (B, C)."""
        return (lived.activity[episodes.read] @ self.readout).T

    def forward(self, episodes: RewardedEpisodes, modulation: Tensor | None = None) -> Tensor:
        """Run episodes from rest, and return the scores."""
        lived = self.live(episodes.inputs, episodes.silenced, None, modulation)
        return self.scores(lived, episodes)


class _Reader(Network):
    """A network of n units that see the task by weights and a bias of its own."""

    def __init__(self, n_inputs: int, n: int, generator: torch.Generator) -> None:
        super().__init__()
        _checks.generator(generator)
        self.w_in = nn.Parameter(torch.randn(n_inputs, n, generator=generator) / n_inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(n))
        self.readout = nn.Parameter(torch.randn(n, generator=generator) / n**0.5)

    def seen(self, inputs: Tensor, silenced: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is added to the drive of the units, and where these are clamped to it."""
        x = inputs @ self.w_in + self.bias
        clamp = silenced[:, None, None].expand(x.shape)
        return torch.where(clamp, 0.0, x), clamp


class Recurrent(_Reader):
    """Tanh units whose connections do not change in an episode."""

    def __init__(self, n_inputs: int, n: int, generator: torch.Generator) -> None:
        super().__init__(n_inputs, n, generator)
        self.w = nn.Parameter(0.9 * torch.randn(n, n, generator=generator) / n**0.5)

    def _live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None,
        modulation: Tensor | None,
    ) -> Lived:
        """See :class:`Network`."""
        y, activity = inputs.new_zeros(inputs.shape[1], len(self.bias)), []
        for x, held in zip(*self.seen(inputs, silenced), strict=True):
            y = torch.where(held, x, torch.tanh(y @ self.w + x))
            activity.append(y)
        return Lived(torch.stack(activity))


class Cells(Network):
    """Torch's cells, which see the task by weights of their own."""

    def __init__(
        self, n_inputs: int, n: int, generator: torch.Generator, *, kind: type[nn.GRU | nn.LSTM]
    ) -> None:
        super().__init__()
        _checks.generator(generator)
        self.cells = kind(n_inputs, n)
        self.readout = nn.Parameter(torch.empty(n))
        with torch.no_grad():
            for p in self.parameters():
                p.copy_((2 * torch.rand(p.shape, generator=generator) - 1) / n**0.5)

    def _live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None,
        modulation: Tensor | None,
    ) -> Lived:
        """See :class:`Network`; cells are not tried in silence."""
        if bool(silenced.any()):
            raise ValueError("torch's cells cannot be silenced: use a task that is not silent")
        return Lived(self.cells(inputs)[0])


class Plastic(_Reader):
    """Plastic connections that are written at every step, at one rate."""

    takes = ("state",)

    def __init__(
        self,
        n_inputs: int,
        n: int,
        generator: torch.Generator,
        *,
        rule: rules.Rule = rules.decay,
        clip: float | None = None,
        eta: float = 0.03,
    ) -> None:
        super().__init__(n_inputs, n, generator)
        how: dict[str, Any] = {"w_scale": 0.9 / n**0.5, "alpha_scale": 0.1, "generator": generator}
        self.core, self.clip = PlasticRNN(n, rule, eta=eta, **how), clip

    def _live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None,
        modulation: Tensor | None,
    ) -> Lived:
        """See :class:`Network`; a constant signal of the size of the rate is this network."""
        (x, clamp), core = self.seen(inputs, silenced), self.core
        unheard = Modulator(torch.zeros_like(self.bias), torch.zeros_like(self.bias[0]))
        how = {"eta": core.eta, "rule": core.rule, "clip": self.clip, "method": "compiled"}
        at_once = core.eta.expand(x.shape[:2])
        numbers = core.w, core.alpha, unheard, state, clamp, at_once
        output, _, end = run_modulated(x, *numbers, **how)
        return Lived(output, None, end)


class Choosing(_Reader):
    """Plastic connections that are written when the network says so."""

    takes = "state", "modulation"

    def __init__(
        self,
        n_inputs: int,
        n: int,
        generator: torch.Generator,
        *,
        retroactive: bool = False,
        clip: float | None = None,
        eta: float = 0.03,
    ) -> None:
        super().__init__(n_inputs, n, generator)
        self.core = ModulatedRNN(
            n,
            rules.decay,
            retroactive=retroactive,
            clip=clip,
            eta=eta if clip is None else 0.0,
            w_scale=0.9 / n**0.5,
            alpha_scale=0.1,
            generator=generator,
            method="compiled",
        )

    def _live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None,
        modulation: Tensor | None,
    ) -> Lived:
        """See :class:`Network`."""
        x, clamp = self.seen(inputs, silenced)
        return Lived(*self.core(x, state, clamp, modulation))


class Arm(NamedTuple):
    """A kind of network, its number of units, and its further arguments."""

    kind: Callable[..., Network]
    units: int = 32
    options: Mapping[str, Any] = MappingProxyType({})


ARMS = {
    "none": Arm(Recurrent, 43),
    "GRU": Arm(Cells, 21, {"kind": nn.GRU}),
    "LSTM": Arm(Cells, 17, {"kind": nn.LSTM}),
    "decay": Arm(Plastic),
    "Oja": Arm(Plastic, options={"rule": rules.oja}),
    "clip": Arm(Plastic, options={"rule": rules.hebb, "clip": 1.0}),
    "simple": Arm(Choosing),
    "simple, clip": Arm(Choosing, options={"clip": 1.0}),
    "retroactive": Arm(Choosing, options={"retroactive": True}),
    "retroactive, clip": Arm(Choosing, options={"retroactive": True, "clip": 1.0}),
}
"""All arms, by name: without plasticity, plastic, and modulated. With a clip nothing is forgotten,
as published; without one the trace decays."""


def network(arm: str, n_inputs: int, generator: torch.Generator, **options: Any) -> Network:
    """Return a new network of an arm; ``eta`` is among the options of those with a trace."""
    kind, units, its = ARMS[arm]
    return kind(n_inputs, units, generator, **its, **options)
