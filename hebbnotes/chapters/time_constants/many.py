"""Many small networks that are trained at once, each as if it were alone.

What a network is made of is a dict of tensors, and that of S networks one whose tensors have a
first axis of S. All see the same episodes; the gradient of each is clipped by itself, and each has
its own learning rate. Shapes: T steps, B episodes, n cells.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.learning.training import constant
from hebbnotes.networks.leaky import run_leaky, starting, step_gain
from hebbnotes.neurons.lif import LIFState, run_lif
from hebbnotes.tasks.timing import TimedEpisodes

__all__ = [
    "GRU",
    "LSTM",
    "Family",
    "Leaky",
    "Params",
    "Spiking",
    "adaptations",
    "answers",
    "chosen",
    "correct",
    "counted",
    "cross_entropies",
    "scores",
    "squared_errors",
    "stacked",
    "taus",
    "train",
]

Params = dict[str, Tensor]
"""What networks are made of; of S networks each tensor has a first axis of S."""
KEPT = ("fixed", "shares", "adaptation", "log_tau_adaptation")
"""What is not trained."""


def stacked(each: Iterable[Params]) -> Params:
    """Put networks of one family and size beside each other."""
    several = list(each)
    return {name: torch.stack([one[name] for one in several]) for name in several[0]}


def chosen(params: Params, places: list[int] | Tensor) -> Params:
    """Return some of the networks, or some several times."""
    which = torch.as_tensor(places)
    return {name: value[which] for name, value in params.items()}


def counted(params: Params) -> int:
    """Return how many trained numbers a network has."""
    several = next(iter(params.values())).shape[0]
    if several != 1:
        raise ValueError(f"params must be of one network, got {several}: use chosen(params, [k])")
    trained = sum(v[0].numel() for name, v in params.items() if name not in (*KEPT, "log_tau"))
    if "log_tau" not in params or bool(params["fixed"][0]):
        return trained
    return trained + (1 if bool(params["shares"][0]) else params["log_tau"].shape[1])


def taus(params: Params) -> Tensor:
    """Return the time constant of each cell (S, n): trained for each, for all as one, or not."""
    log_tau = params["log_tau"]
    log_tau = torch.where(params["shares"].unsqueeze(1), log_tau[:, :1], log_tau)
    return torch.where(params["fixed"].unsqueeze(1), log_tau.detach(), log_tau).exp()


def adaptations(params: Params) -> Tensor:
    """Return the time constant of each cell's threshold (S, n)."""
    return params["log_tau_adaptation"].exp()


class Family(Protocol):
    """Networks that are run by one loop: what their cells hold after each step."""

    def held(self, params: Params, inputs: Tensor) -> Tensor:
        """Return what cells hold, (T, S, B, n), for inputs (T, B, n_in)."""
        ...


def _begin(
    sizes: tuple[int, int, int], tau: Tensor, learn: str, start: str, g: torch.Generator
) -> Params:
    w, u, readout = starting(*sizes, start, g)
    return {
        "w": w,
        "u": u,
        "b": torch.zeros(sizes[1]),
        "readout": readout,
        "bias": torch.zeros(sizes[2]),
        "log_tau": tau.log(),
        "fixed": torch.tensor(learn == "none"),
        "shares": torch.tensor(learn == "shared"),
    }


@dataclass(frozen=True)
class Leaky:
    """Leaky cells, all with one gain; see :func:`.run_leaky`."""

    scaling: str = "mean"

    def begin(
        self,
        sizes: tuple[int, int, int],
        tau: Tensor,
        learn: str,
        start: str,
        generator: torch.Generator,
    ) -> Params:
        """Return one network of n_in inputs, n cells and n_out outputs, as :class:`.LeakyRNN`
        begins.
        """
        _checks.generator(generator)
        return _begin(sizes, tau, learn, start, generator)

    def held(self, params: Params, inputs: Tensor) -> Tensor:
        """Return what cells hold."""
        w, u, b = (params[name] for name in ("w", "u", "b"))
        return run_leaky(inputs, w, u, b, taus(params), scaling=self.scaling)[0]


def _driven(inputs: Tensor, u: Tensor, b: Tensor) -> Tensor:
    """Return what inputs drive cells with, (T, S, B, m), for u (S, n_in, m) and b (S, m)."""
    flat = inputs.flatten(0, 1) @ u.transpose(0, 1).flatten(1) + b.flatten()
    return flat.view(*inputs.shape[:2], *b.shape).transpose(1, 2).contiguous()


def _uniform(g: torch.Generator, n: int, *shape: int) -> Tensor:
    return (2 * torch.rand(shape, generator=g) - 1) / math.sqrt(n)


def _gated(sizes: tuple[int, int, int], gates: int, g: torch.Generator) -> Params:
    """Return weights as torch's cells and its linear layer begin with them."""
    n_in, n, n_out = sizes
    shapes = {"w": (n, gates * n), "u": (n_in, gates * n), "b": (gates * n,), "c": (gates * n,)}
    shapes |= {"readout": (n, n_out), "bias": (n_out,)}
    return {name: _uniform(g, n, *shape) for name, shape in shapes.items()}


def _waits(g: torch.Generator, n: int, longest: int) -> Tensor:
    """Return biases that let gates keep for 1 to ``longest`` steps (Tallec & Ollivier, 2018)."""
    return torch.log(1 + (longest - 2) * torch.rand(n, generator=g))


@dataclass(frozen=True)
class GRU:
    """Torch's GRU: cells whose time constant is set anew in each step, by a gate.

    Source: Cho and others (2014), as torch writes it.
    """

    def begin(self, sizes: tuple[int, int, int], chrono: int, generator: torch.Generator) -> Params:
        """Return one network; ``chrono`` above 0 is the longest time that gates begin with."""
        _checks.generator(generator)
        params, n = _gated(sizes, 3, generator), sizes[1]
        if chrono:
            params["c"] = torch.zeros(3 * n)
            params["b"] = torch.zeros(3 * n)
            params["b"][n : 2 * n] = _waits(generator, n, chrono)
        return params

    def held(self, params: Params, inputs: Tensor) -> Tensor:
        """Return what cells hold."""
        drive, w, c = _driven(inputs, params["u"], params["b"]), params["w"], params["c"]
        n = w.shape[1]
        h, output = drive.new_zeros(*drive.shape[1:3], n), []
        for x in drive:
            y = torch.baddbmm(c.unsqueeze(1), h, w)
            reset, keep = torch.sigmoid(x[..., : 2 * n] + y[..., : 2 * n]).chunk(2, -1)
            new = torch.tanh(x[..., 2 * n :] + reset * y[..., 2 * n :])
            h = torch.lerp(new, h, keep)
            output.append(h)
        return torch.stack(output)


@dataclass(frozen=True)
class LSTM:
    """Torch's LSTM.

    Source: Hochreiter & Schmidhuber (1997), as torch writes it.
    """

    def begin(self, sizes: tuple[int, int, int], chrono: int, generator: torch.Generator) -> Params:
        """Return one network; ``chrono`` above 0 is the longest time that gates begin with, and
        with 0 the gates begin half open.
        """
        _checks.generator(generator)
        params, n = _gated(sizes, 4, generator), sizes[1]
        if chrono:
            params["c"], params["b"] = torch.zeros(4 * n), torch.zeros(4 * n)
            params["b"][n : 2 * n] = _waits(generator, n, chrono)
            params["b"][:n] = -params["b"][n : 2 * n]
        return params

    def held(self, params: Params, inputs: Tensor) -> Tensor:
        """Return what cells show."""
        drive, w, c = _driven(inputs, params["u"], params["b"]), params["w"], params["c"]
        n = w.shape[1]
        h = cell = drive.new_zeros(*drive.shape[1:3], n)
        output = []
        for x in drive:
            gates = torch.baddbmm(x + c.unsqueeze(1), h, w)
            let_in, keep = torch.sigmoid(gates[..., : 2 * n]).chunk(2, -1)
            new, show = torch.tanh(gates[..., 2 * n : 3 * n]), torch.sigmoid(gates[..., 3 * n :])
            cell = keep * cell + let_in * new
            h = show * torch.tanh(cell)
            output.append(h)
        return torch.stack(output)


@dataclass(frozen=True)
class Spiking:
    """Spiking cells, some of whose thresholds adapt; see :func:`.run_lif`.

    What drives a cell is multiplied by ``sqrt(1 - lam**2)``, so that voltages of fast and slow
    cells fluctuate alike.
    """

    strength: float = 1.0

    def begin(
        self,
        sizes: tuple[int, int, int],
        tau: Tensor,
        learn: str,
        adapting: tuple[int, float, float],
        generator: torch.Generator,
    ) -> Params:
        """Return one network; ``adapting`` says how many cells adapt, by how much each spike
        raises their threshold, and for how many steps.
        """
        _checks.generator(generator)
        params = _begin(sizes, tau, learn, "normal", generator)
        params["u"] *= self.strength
        several, much, steps = adapting
        params["adaptation"] = torch.where(torch.arange(sizes[1]) < several, much, 0.0)
        params["log_tau_adaptation"] = torch.full((sizes[1],), steps).log()
        return params

    def run(
        self, params: Params, inputs: Tensor, state: LIFState | None = None
    ) -> tuple[Tensor, LIFState]:
        """Return spikes (T, S, B, n), and the state after the last step."""
        tau = taus(params)
        gain = step_gain(tau, "power").unsqueeze(1)
        drive = _driven(inputs, params["u"], params["b"]) * gain
        return run_lif(
            drive,
            params["w"] * gain,
            tau.unsqueeze(1),
            adaptation=params["adaptation"].unsqueeze(1),
            tau_adaptation=adaptations(params).unsqueeze(1),
            state=state,
        )

    def held(self, params: Params, inputs: Tensor) -> Tensor:
        """Return the spikes."""
        return self.run(params, inputs)[0]


def answers(params: Params, held: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return outputs (M, S, n_out) at the M steps and episodes at which any is read, and which
    episodes these are (M,).
    """
    step, episode = mask.any(-1).nonzero(as_tuple=True)
    seen = held[step, :, episode]
    return torch.einsum("msn,sno->mso", seen, params["readout"]) + params["bias"], episode


def squared_errors(params: Params, held: Tensor, episodes: TimedEpisodes) -> Tensor:
    """Return the mean squared error of each network where the answer is read, (S,)."""
    outputs, episode = answers(params, held, episodes.mask)
    read = episodes.mask[episodes.mask.any(-1)].to(outputs).unsqueeze(1)
    wrong = (outputs - episodes.answer[episode].unsqueeze(1)).square() * read
    return wrong.sum((0, 2)) / read.sum()


def scores(params: Params, held: Tensor, mask: Tensor) -> Tensor:
    """Return the score of each class, a mean over the steps at which it is read, (S, B, n_out)."""
    share = mask.to(held) / mask.sum(0)
    seen = torch.einsum("tsbn,tb->sbn", held, share)
    return torch.baddbmm(params["bias"].unsqueeze(1), seen, params["readout"])


def cross_entropies(params: Params, held: Tensor, episodes: TimedEpisodes) -> Tensor:
    """Return the mean cross-entropy of each network, (S,)."""
    chance = scores(params, held, episodes.mask).log_softmax(-1)
    return -chance[:, torch.arange(len(episodes.answer)), episodes.answer].mean(1)


def correct(params: Params, held: Tensor, episodes: TimedEpisodes) -> Tensor:
    """Return the share of episodes that each network answers rightly, (S,)."""
    best = scores(params, held, episodes.mask).argmax(-1)
    return (best == episodes.answer).to(held).mean(1)


def train(
    params: Params,
    losses: Callable[[Params, int], Tensor],
    updates: int,
    *,
    rates: Tensor,
    clip_norm: float = 1.0,
    schedule: Callable[[float], float] = constant,
    after: Callable[[int, Params], None] = lambda *_: None,
) -> Params:
    """Train networks by Adam, each by its own loss, clipped by its own norm, at its own rate.

    Parameters
    ----------
    params : dict
        S networks; left as they are.
    losses : callable
        ``losses(params, update)`` returns the loss of each, (S,); that of one must not depend on
        another.
    updates : int
    rates : Tensor
        Learning rates, (S,).
    clip_norm : float
        Largest norm of the gradient of one network.
    schedule : callable
        Factor on the rates, a function of the share of the updates that is done.
    after : callable
        ``after(done, params)`` is called after each update.

    Returns
    -------
    dict
        The trained networks.

    Notes
    -----
    Source: Kingma & Ba (2015), with the constants of :func:`.train`, to whose result for one
    network each of these is equal.
    """
    _checks.integer("updates", updates)
    _checks.tensor("rates", rates, "S", {"S": next(iter(params.values())).shape[0]})
    trained = [name for name in params if name not in KEPT]
    params = {
        name: v.detach().clone().requires_grad_(name in trained) for name, v in params.items()
    }
    moments = {name: (torch.zeros_like(v), torch.zeros_like(v)) for name, v in params.items()}
    for update in range(updates):
        loss = losses(params, update)
        _checks.finite("the loss", loss.detach(), "try a smaller rate")
        found = torch.autograd.grad(
            loss.sum(), [params[name] for name in trained], allow_unused=True
        )
        gradients = {name: g for name, g in zip(trained, found, strict=True) if g is not None}
        norm = sum(g.flatten(1).square().sum(1) for g in gradients.values())
        factor = (clip_norm / (torch.as_tensor(norm).sqrt() + 1e-6)).clamp(max=1)
        slower = schedule(update / updates)
        with torch.no_grad():
            for name, gradient in gradients.items():
                each = (-1, *(1,) * (gradient.ndim - 1))
                g, (mean, square) = gradient * factor.view(each), moments[name]
                mean.lerp_(g, 0.1)
                square.mul_(0.999).addcmul_(g, g, value=0.001)
                step = slower * rates.view(each) / (1 - 0.9 ** (update + 1))
                size = square.sqrt() / math.sqrt(1 - 0.999 ** (update + 1)) + 1e-8
                params[name] -= step * mean / size
        after(update + 1, params)
    return {name: v.detach() for name, v in params.items()}
