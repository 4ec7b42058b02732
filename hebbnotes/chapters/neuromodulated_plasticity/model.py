"""Networks that play reward-gated memory, one for each arm of the comparison.

All have about 2,850 trained numbers, read the task's inputs by weights of their own, and give a
score by a read-out of their units. They differ in what holds the memory.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes.networks.modulated import ModulatedRNN, ModulatedState, Modulator, run_modulated
from hebbnotes.networks.plastic import PlasticRNN
from hebbnotes.plasticity import rules
from hebbnotes.tasks import RewardedEpisodes

__all__ = ["ARMS", "Arm", "Lived", "network", "score"]


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


class _Reader(nn.Module):
    """What all arms share: a read-out of n units, after weights by which these see the task."""

    def __init__(self, n_inputs: int, n: int, generator: torch.Generator) -> None:
        super().__init__()
        self.w_in = nn.Parameter(torch.randn(n_inputs, n, generator=generator) / n_inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(n))
        self.readout = nn.Parameter(torch.randn(n, generator=generator) / n**0.5)

    def live(self, inputs: Tensor, silenced: Tensor, **_: Any) -> Lived:
        """Run episodes from rest: inputs (T, B, n_inputs), and the steps of silence (T,)."""
        raise NotImplementedError

    def forward(self, episodes: RewardedEpisodes, **given: Any) -> Tensor:
        """Return the scores of the tested cues, shape (B, C)."""
        return score(self, self.live(episodes.inputs, episodes.silenced, **given), episodes)


def score(net: _Reader, lived: Lived, episodes: RewardedEpisodes) -> Tensor:
    """Return the scores of the tested cues, (B, C)."""
    return (lived.activity[episodes.read] @ net.readout).T


class Recurrent(_Reader):
    """Tanh units whose connections do not change in an episode."""

    def __init__(self, n_inputs: int, n: int, generator: torch.Generator, **_: Any) -> None:
        super().__init__(n_inputs, n, generator)
        self.w = nn.Parameter(0.9 * torch.randn(n, n, generator=generator) / n**0.5)

    def live(self, inputs: Tensor, silenced: Tensor, **_: Any) -> Lived:
        """See :class:`_Reader`."""
        y, activity = inputs.new_zeros(inputs.shape[1], len(self.bias)), []
        for x, quiet in zip(inputs @ self.w_in + self.bias, silenced.tolist(), strict=True):
            y = torch.zeros_like(y) if quiet else torch.tanh(y @ self.w + x)
            activity.append(y)
        return Lived(torch.stack(activity))


class _Gates(nn.Module):
    """Torch's cells of a kind, with the read-out; they see the task by weights of their own."""

    kind: type[nn.RNNBase]

    def __init__(self, n_inputs: int, n: int, generator: torch.Generator, **_: Any) -> None:
        super().__init__()
        self.cells = self.kind(n_inputs, n)
        self.readout = nn.Parameter(torch.empty(n))
        with torch.no_grad():
            for p in self.parameters():
                p.copy_((2 * torch.rand(p.shape, generator=generator) - 1) / n**0.5)

    def live(self, inputs: Tensor, silenced: Tensor, **_: Any) -> Lived:
        """See :class:`_Reader`; they are not tried in silence."""
        if silenced.any():
            raise ValueError("torch's cells cannot be silenced: use a task that is not silent")
        return Lived(self.cells(inputs)[0])

    forward = _Reader.forward


class Gru(_Gates):
    """Gated recurrent units."""

    kind = nn.GRU


class Lstm(_Gates):
    """Long short-term memory."""

    kind = nn.LSTM


class Plastic(_Reader):
    """Plastic connections that are written at every step, at one rate."""

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
        how = {"w_scale": 0.9 / n**0.5, "alpha_scale": 0.1, "generator": generator}
        self.core, self.clip = PlasticRNN(n, rule, eta=eta, **how), clip

    def live(
        self, inputs: Tensor, silenced: Tensor, state: ModulatedState | None = None, **_: Any
    ) -> Lived:
        """See :class:`_Reader`; a constant signal of the size of the rate is this network."""
        x, core = inputs @ self.w_in + self.bias, self.core
        none = Modulator(torch.zeros_like(self.bias), torch.zeros_like(self.bias[0]))
        signal = core.eta.expand(x.shape[:2])
        how = {"eta": core.eta, "rule": core.rule, "clip": self.clip, "method": "compiled"}
        clamp = silenced[:, None, None].expand(x.shape)
        x = torch.where(clamp, 0.0, x)
        output, _, end = run_modulated(x, core.w, core.alpha, none, state, clamp, signal, **how)
        return Lived(output, None, end)


class Modulated(_Reader):
    """Plastic connections that are written when the network says so."""

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

    def live(
        self,
        inputs: Tensor,
        silenced: Tensor,
        state: ModulatedState | None = None,
        modulation: Tensor | None = None,
    ) -> Lived:
        """See :class:`_Reader`; ``modulation`` (T, B) stands in for the network's own signal."""
        x = inputs @ self.w_in + self.bias
        clamp = silenced[:, None, None].expand(x.shape)
        x = torch.where(clamp, 0.0, x)
        return Lived(*self.core(x, state, clamp, modulation))


class Arm(NamedTuple):
    """A kind of network, its number of units, and its further arguments."""

    kind: type[nn.Module]
    units: int = 32
    options: dict[str, Any] = {}  # noqa: RUF012, never changed


ARMS = {
    "none": Arm(Recurrent, 43),
    "GRU": Arm(Gru, 21),
    "LSTM": Arm(Lstm, 17),
    "decay": Arm(Plastic),
    "Oja": Arm(Plastic, options={"rule": rules.oja}),
    "clip": Arm(Plastic, options={"rule": rules.hebb, "clip": 1.0}),
    "simple": Arm(Modulated),
    "simple, clip": Arm(Modulated, options={"clip": 1.0}),
    "retroactive": Arm(Modulated, options={"retroactive": True}),
    "retroactive, clip": Arm(Modulated, options={"retroactive": True, "clip": 1.0}),
}
"""All arms, by name: without plasticity, plastic, and modulated. With a clip nothing is forgotten,
as published; without one the trace decays."""


def network(arm: str, n_inputs: int, generator: torch.Generator, **options: Any) -> Any:
    """Return a new network of an arm; ``eta`` is among the options of those with a trace."""
    kind, units, its = ARMS[arm]
    return kind(n_inputs, units, generator, **its, **options)
