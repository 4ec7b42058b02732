"""A synapse that is changed by the calcium in it: one variable, two thresholds.

Times are in seconds; calcium is in units of the threshold above which a synapse is weakened.
"""

import math
from dataclasses import dataclass, fields, replace
from itertools import accumulate

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "CalciumSynapse",
    "calcium",
    "pair_change",
    "rate_change",
    "shares",
    "speed",
    "weight_after",
]


@dataclass(frozen=True)
class CalciumSynapse:
    """Constants of a synapse whose weight, in [0, 1], follows its calcium.

    Parameters
    ----------
    sent, fired : float
        Calcium that a spike of the sender, and of the receiver, lets in.
    delay : float
        Time from the sender's spike to its calcium, in s.
    tau : float
        Time constant of the calcium, in s.
    theta_down, theta_up : float
        Calcium above which the weight falls, and above which it also rises.
    gain_down, gain_up : float
        How strongly it does.
    tau_w : float
        Time constant of the weight for a gain of 1, in s.

    Notes
    -----
    Source: Graupner & Brunel (2012), the constants of the curve that they call DP, without noise
    and without their slow drift to 0 or 1.
    """

    sent: float = 1.0
    fired: float = 2.0
    delay: float = 0.0137
    tau: float = 0.020
    theta_down: float = 1.0
    theta_up: float = 1.3
    gain_down: float = 200.0
    gain_up: float = 321.808
    tau_w: float = 150.0

    def __post_init__(self) -> None:
        for field in fields(self):
            least = 1e-9 if field.name.startswith(("tau", "theta")) else 0
            _checks.number(field.name, getattr(self, field.name), least)

    def letting_in(self, share: float) -> "CalciumSynapse":
        """Return the synapse into which each spike lets this share of its calcium."""
        share = _checks.number("share", share, 0)
        return replace(self, sent=share * self.sent, fired=share * self.fired)


def _jumps(sent: Tensor, fired: Tensor, synapse: CalciumSynapse) -> tuple[Tensor, Tensor]:
    """Return when calcium comes, in order, and how much, each of shape (n,)."""
    _checks.of_type("synapse", synapse, CalciumSynapse, "use CalciumSynapse()")
    for name, value in (("sent", sent), ("fired", fired)):
        if _checks.floating(name, value).ndim != 1:
            raise ValueError(
                f"{name} must hold times of spikes, shape (n,), got {tuple(value.shape)}"
            )
        _checks.finite(name, _checks.held(name, value))
    times = torch.cat([sent.double() + synapse.delay, fired.double()])
    sizes = torch.cat(
        [torch.full_like(sent, synapse.sent), torch.full_like(fired, synapse.fired)]
    ).double()
    order = times.argsort(stable=True)
    return times[order], sizes[order]


def calcium(times: Tensor, sent: Tensor, fired: Tensor, synapse: CalciumSynapse) -> Tensor:
    """Return the calcium at some times, shape (T,), after spikes of the sender and the receiver.

    ``dc/dt = -c / tau``, with a jump by ``sent`` a delay after each spike of the sender, and by
    ``fired`` at each spike of the receiver.

    Parameters
    ----------
    times : Tensor
        Shape (T,).
    sent, fired : Tensor
        Times of the spikes, shapes (n,) and (m,).
    synapse : CalciumSynapse
        The constants.

    Notes
    -----
    Source: Graupner & Brunel (2012).
    """
    _checks.floating("times", _checks.tensor("times", times, "T", {}))
    _checks.finite("times", _checks.held("times", times))
    at, sizes = _jumps(sent, fired, synapse)
    age = times.double().unsqueeze(-1) - at
    left = torch.exp(-age.clamp(min=0) / synapse.tau) * (age >= 0)
    return (left * sizes).sum(-1).to(times.dtype)


def _pieces(
    sent: Tensor, fired: Tensor, seconds: float, synapse: CalciumSynapse
) -> tuple[list[float], list[float]]:
    """Return for each piece of time between two jumps how long calcium is above each threshold."""
    at, sizes = _jumps(sent, fired, synapse)
    spikes = torch.cat([sent.double(), fired.double()])
    if len(spikes) and not (0 <= float(spikes.min()) and float(spikes.max()) < seconds):
        raise ValueError(f"spikes must lie between 0 and {seconds:g} s: shift them, or look longer")
    at, sizes = at[at < seconds], sizes[at < seconds]
    ends = torch.cat([at[1:], at.new_tensor([seconds])])[: len(at)]
    fades = torch.exp(-at.diff(prepend=at[:1]) / synapse.tau)
    levels = accumulate(
        zip(fades.tolist(), sizes.tolist(), strict=True),
        lambda level, jump: level * jump[0] + jump[1],
        initial=0.0,
    )
    level = at.new_tensor(list(levels)[1:])  # right after each jump
    down, up = (
        (synapse.tau * (level / theta).log().clamp(min=0)).minimum(ends - at).tolist()
        for theta in (synapse.theta_down, synapse.theta_up)
    )
    return down, up


def shares(
    sent: Tensor, fired: Tensor, seconds: float, synapse: CalciumSynapse
) -> tuple[float, float]:
    """Return the share of the time from 0 that calcium is above each threshold, the lower first.

    It is exact: between two jumps calcium falls below a threshold at a time that is known.
    """
    seconds = _checks.number("seconds", seconds, 1e-9)
    down, up = _pieces(sent, fired, seconds, synapse)
    return math.fsum(down) / seconds, math.fsum(up) / seconds


def speed(down: float, up: float, w: float, synapse: CalciumSynapse) -> float:
    """Return how fast a weight changes on average, per second, given both shares of time.

    ``(gain_up * (1 - w) * up - gain_down * w * down) / tau_w``; with shares of 0 or 1 it is how
    fast the weight changes at a moment.

    Source: Graupner & Brunel (2012).
    """
    _checks.of_type("synapse", synapse, CalciumSynapse, "use CalciumSynapse()")
    for name, value in (("down", down), ("up", up), ("w", w)):
        _checks.number(name, value, 0)
    return (synapse.gain_up * (1 - w) * up - synapse.gain_down * w * down) / synapse.tau_w


def weight_after(
    w: float, sent: Tensor, fired: Tensor, seconds: float, synapse: CalciumSynapse
) -> float:
    """Return what a weight has become after so many seconds with these spikes, exactly.

    While calcium stays on one side of each threshold, the weight relaxes exponentially.
    """
    w, seconds = _checks.number("w", w, 0), _checks.number("seconds", seconds, 1e-9)
    for down, up in zip(*_pieces(sent, fired, seconds, synapse), strict=True):
        both = min(down, up)
        # calcium falls: above both thresholds first, then above the lower one alone
        for time, rises, falls in ((both, 1, 1), (down - both, 0, 1), (up - both, 1, 0)):
            gain_up, gain_down = rises * synapse.gain_up, falls * synapse.gain_down
            if time > 0 and gain_up + gain_down > 0:
                rest = gain_up / (gain_up + gain_down)
                fade = math.exp(-(gain_up + gain_down) * time / synapse.tau_w)
                w = rest + (w - rest) * fade
    return w


def pair_change(
    lags: Tensor,
    synapse: CalciumSynapse,
    *,
    pairs: int = 60,
    every: float = 1.0,
    w: float = 0.5,
) -> Tensor:
    """Return the change of a weight by pairs of spikes, for each lag, shape (n,).

    Parameters
    ----------
    lags : Tensor
        Receiver's spike minus sender's, in s, shape (n,); shorter than a third of ``every``.
    synapse : CalciumSynapse
        The constants.
    pairs : int
        How many pairs.
    every : float
        Time from pair to pair, in s.
    w : float
        Weight before the first.
    """
    _checks.floating("lags", _checks.tensor("lags", lags, "n", {}))
    _checks.finite("lags", _checks.held("lags", lags))
    pairs, every = _checks.integer("pairs", pairs, 1, 10**6), _checks.number("every", every, 1e-9)
    if bool((lags.abs() > every / 3).any()):
        raise ValueError(f"lags must be shorter than a third of {every:g} s: pairs would overlap")
    begins = every * (torch.arange(pairs, dtype=torch.float64) + 0.4)
    changes = [
        weight_after(w, begins, begins + lag, every * pairs, synapse) - w for lag in lags.tolist()
    ]
    return torch.tensor(changes, dtype=lags.dtype)


def rate_change(
    sender: float,
    receivers: Tensor,
    synapse: CalciumSynapse,
    *,
    seconds: float = 200.0,
    w: float = 0.5,
    generator: torch.Generator,
) -> Tensor:
    """Return how fast a weight changes, per second, for independent Poisson spikes on both sides.

    Parameters
    ----------
    sender : float
        Rate of the sender, in Hz.
    receivers : Tensor
        Rates of the receiver, in Hz, shape (n,).
    synapse : CalciumSynapse
        The constants.
    seconds : float
        Length of the trains over which the speed is averaged, in s.
    w : float
        The weight, which is held.
    generator : torch.Generator
        Source of the spikes.
    """
    _checks.floating("receivers", _checks.tensor("receivers", receivers, "n", {}))
    _checks.held("receivers", receivers)
    seconds = _checks.number("seconds", seconds, 1e-9, 1e9)
    most = 1e9 / seconds  # a train of more spikes takes too long
    _checks.inside("receivers", receivers, 0, most, "use lower rates, or fewer seconds")
    _checks.number("sender", sender, 0, most)
    _checks.generator(generator, receivers.device)

    def train(hz: float) -> Tensor:
        count = int(torch.poisson(torch.tensor(hz * seconds), generator=generator))
        return torch.rand(count, generator=generator, dtype=torch.float64) * seconds

    found = [
        speed(*shares(train(sender), train(hz), seconds, synapse), w, synapse)
        for hz in receivers.tolist()
    ]
    return torch.tensor(found, dtype=receivers.dtype)
