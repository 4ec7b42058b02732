"""Memories with more state in a synapse than its weight: BCPNN's probabilities, and a chain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from hebbnotes.arena.memories import READ_NOISE, WRITES

__all__ = ["Bayesian", "Chain"]


@dataclass(kw_only=True)
class Bayesian:
    """Weights of logarithms: how much likelier two cells are active together than by chance.

    Of each value, 1 and -1 are two cells, of which one is active; so of a key of signs. What is 0
    is silent, both cells are. Each probability is a running mean, of the sender, of the receiver,
    and of the pair; nothing tells it that a step is silent, in which all of them fall.

    A synapse keeps the mean of its pair, and is handed the means of its two ends, which are numbers
    of cells: d * d + 3 d in all. The means of the other three kinds of pairs follow from these.

    Parameters
    ----------
    settings : sequence of float
        The R rates of the running means, in (0, 1).
    noise, writes : float
        As for :class:`hebbnotes.arena.memories.Matrix`: of each read, in units of the read of one
        pair just written; and the range of a weight, in weights of one pair just written.
    least : float
        Below it no probability is counted.

    Notes
    -----
    Source: Lansner & Ekeberg (1989), A one-layer feedback artificial neural network with a Bayesian
    learning rule; the running means of Sandberg, Lansner, Petersson & Ekeberg (2002).
    """

    settings: tuple[float, ...] = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75)
    noise: float = READ_NOISE
    writes: float = WRITES
    least: float = 1e-4
    sees: ClassVar[tuple[str, ...]] = ("w", "pre", "post", "means")

    def at(self, settings: Sequence[float]) -> "Bayesian":
        """Return the same memory at other rates, empty."""
        return replace(self, settings=tuple(settings))

    def start(self, pre: Tensor, post: Tensor) -> None:
        """Forget everything: all are independent; measure a fresh pair's weight, and its read."""
        self._empty(pre)
        ones = torch.ones(len(pre))
        self.unit, self.most = torch.zeros(len(self.settings), 1, 1), torch.tensor(torch.inf)
        self.write(pre, post, ones, torch.zeros_like(post), tell=False)
        on, off = self._weights()
        sent = (pre != 0).float()[..., None]
        fresh = (torch.where(pre[..., None] > 0, on, off).abs() * sent).sum((1, 2, 3))
        size = fresh / (sent.sum() * post.shape[-1])
        self.unit = self._drive(pre[None, None])[0].abs().mean((1, 2)).view(-1, 1, 1)
        self.most = self.writes * size.view(-1, 1, 1, 1)
        self._empty(pre)

    def _empty(self, pre: Tensor) -> None:
        many, (batch, d) = len(self.settings), pre.shape
        self.signed = bool((pre < 0).any())
        on = 0.5 if self.signed else float((pre != 0).float().mean())
        self.eta = torch.tensor(self.settings).view(many, 1, 1)
        self.p_pre = torch.full((many, batch, d), on)
        self.p_post, self.p_not = (torch.full((many, batch, d), 0.5) for _ in range(2))
        self.p_both = torch.full((many, batch, d, d), on * 0.5)

    def write(
        self, pre: Tensor, post: Tensor, modulator: Tensor, noise: Tensor, tell: bool
    ) -> Tensor | None:
        """Move every probability towards what is active now."""
        told = self.read(pre[None, None], noise[None])[0] if tell else None
        x, y = (pre > 0).float(), (post > 0).float()
        self.p_pre = self.p_pre + self.eta * (x - self.p_pre)
        self.p_post = self.p_post + self.eta * (y - self.p_post)
        self.p_not = self.p_not + self.eta * ((post < 0).float() - self.p_not)
        both = x[..., :, None] * y[..., None, :]
        self.p_both = self.p_both + self.eta[..., None] * (both - self.p_both)
        return told

    def _log(self, p: Tensor) -> Tensor:
        return p.clamp(min=self.least).log()

    def _weights(self) -> tuple[Tensor, Tensor]:
        """Return the weights (R, B, d, d) from the cells of 1, and from those of -1: how much more
        they speak for a value of 1.
        """
        x, y, n = self.p_pre[..., :, None], self.p_post[..., None, :], self.p_not[..., None, :]
        xy, prior = self.p_both, self._log(y) - self._log(n)
        on = self._log(xy) - self._log(x - xy) - prior
        if not self.signed:
            return self._within(on), torch.zeros(())
        off = self._log(y - xy) - self._log(n - x + xy) - prior
        return self._within(on), self._within(off)

    def _within(self, w: Tensor) -> Tensor:
        most = self.most
        return torch.maximum(torch.minimum(w, most), -most)

    def _drive(self, queries: Tensor) -> Tensor:
        """Return how much likelier each value is 1 than -1, shape (Q, R, B, d)."""
        on, off = self._weights()
        drive = ((queries > 0).float().unsqueeze(-2) @ on).squeeze(-2)
        if self.signed:
            drive = drive + ((queries < 0).float().unsqueeze(-2) @ off).squeeze(-2)
        return drive + self._log(self.p_post) - self._log(self.p_not)

    def read(self, queries: Tensor, noise: Tensor) -> Tensor:
        """Return the drives to each value, and noise."""
        return self._drive(queries) + self.noise * self.unit * noise[:, None]


@dataclass(kw_only=True)
class Chain:
    """Synapses of several variables, each slower than the one before: the first is the weight.

    Each pulls its neighbours towards itself, half as fast and half as much at each place along the
    chain; a pair is written into the first.

    Parameters
    ----------
    settings : sequence of float
        The R rates at which the first variable is pulled by the second.
    length : int
        Variables of a synapse: so many times the numbers of a matrix.
    noise, writes : float
        As for :class:`hebbnotes.arena.memories.Matrix`, of the first variable.

    Notes
    -----
    Source: Benna & Fusi (2016), Computational principles of synaptic memory consolidation.
    """

    settings: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
    length: int = 4
    noise: float = READ_NOISE
    writes: float = WRITES
    sees: ClassVar[tuple[str, ...]] = ("w", "pre", "post")

    def at(self, settings: Sequence[float]) -> "Chain":
        """Return the same memory at other rates, empty."""
        return replace(self, settings=tuple(settings))

    def start(self, pre: Tensor, post: Tensor) -> None:
        """Forget everything; measure the size of a fresh write, and of its read."""
        many, (batch, d) = len(self.settings), pre.shape
        self.eta = torch.tensor(self.settings).view(many, 1, 1, 1)
        pair = pre[:, :, None] * post[:, None, :]
        self.unit = (pre[:, None] @ pair).abs().mean()
        self.most = self.writes * pair.abs().sum() / (pair != 0).sum()
        self.u = [torch.zeros(many, batch, d, d) for _ in range(self.length)]

    def write(
        self, pre: Tensor, post: Tensor, modulator: Tensor, noise: Tensor, tell: bool
    ) -> Tensor | None:
        """Let each variable move towards its neighbours, and write the pair into the first."""
        told = self.read(pre[None, None], noise[None])[0] if tell else None
        u, flows = self.u, []
        for k in range(self.length):  # from u[k + 1], or the ground behind the last, into u[k]
            after = u[k + 1] if k + 1 < self.length else torch.zeros(())
            flows.append(self.eta * 4.0**-k * (after - u[k]))
        pair = pre[:, :, None] * post[:, None, :]
        new = [u[0] + flows[0] + pair]
        for k in range(1, self.length):
            new.append(u[k] + flows[k] - 0.5 * flows[k - 1])
        self.u = [v.clamp(-float(self.most), float(self.most)) for v in new]
        return told

    def read(self, queries: Tensor, noise: Tensor) -> Tensor:
        """Return ``queries @ u[0]``, and noise."""
        drive = (queries.unsqueeze(-2) @ self.u[0]).squeeze(-2)
        return drive + self.noise * self.unit * noise[:, None]
