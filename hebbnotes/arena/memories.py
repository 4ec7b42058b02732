"""The memories that the arena compares: a matrix that a rule writes, and a list of pairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity.stepper import change, check

__all__ = ["READ_NOISE", "SUPPLIED", "WRITES", "Buffer", "Matrix", "Memory"]

SUPPLIED = ("drive", "modulator")
"""What a rule may declare here, beside ``w``, ``pre`` and ``post``."""
WRITES = 8.0
"""Range of a synapse: so many fresh writes."""
READ_NOISE = 0.3
"""Deviation of what is added to each read, in units of the read of one pair just written."""


class Memory(Protocol):
    """What can be written and read, at R settings side by side, such as learning rates."""

    @property
    def settings(self) -> tuple[float, ...]:
        """The R settings."""

    def at(self, settings: Sequence[float]) -> "Memory":
        """Return the same memory at other settings."""

    def start(self, pre: Tensor, post: Tensor) -> None:
        """Forget everything; one pair (B, d) for each episode tells the size of a fresh write."""

    def write(
        self, pre: Tensor, post: Tensor, modulator: Tensor, noise: Tensor, tell: bool
    ) -> Tensor | None:
        """Write a pair (B, d); if ``tell``, return what was expected of it before, (R, B, d)."""

    def read(self, queries: Tensor, noise: Tensor) -> Tensor:
        """Return the answers (Q, R, B, d) to queries (Q, 1 or R, B, d); the noise is (Q, B, d)."""


class Matrix:
    """The weights of d senders to d receivers, which a rule changes.

    Every read is ``pre @ w`` and noise, and so is the drive that a rule declares. The noise and the
    range of a synapse are measured in units of the rule: of a pair that it has just written into
    empty weights. So a rule that is multiplied by a number is the same rule.

    Parameters
    ----------
    rule : callable
        ``rule(w, pre, post) -> dw``; it may declare ``drive`` and ``modulator``. It sees w of the
        shape (R * B, d, d).
    rates : sequence of float, the R learning rates
    noise, writes : float
        Instead of :data:`READ_NOISE` and :data:`WRITES`; ``writes`` may be infinite.
    """

    def __init__(
        self,
        rule: Callable[..., Tensor],
        rates: Sequence[float],
        noise: float = READ_NOISE,
        writes: float = WRITES,
    ) -> None:
        self.rule = check(rule, SUPPLIED, "the arena")
        if not rates:
            raise ValueError("rates must hold one learning rate at least, got none")
        self.settings = tuple(_checks.number("each rate", r, 0.0, 1e6) for r in rates)
        self.noise, self.writes = _checks.number("noise", noise, 0.0), float(writes)
        if not self.writes > 0:
            raise ValueError(f"writes must be above 0, got {writes}: inf is no range")

    def at(self, settings: Sequence[float]) -> "Matrix":
        """Return the same rule at other learning rates, with no weights yet."""
        return Matrix(self.rule, settings, self.noise, self.writes)

    def start(self, pre: Tensor, post: Tensor) -> None:
        """Forget everything; measure the size of a fresh write, and of its read."""
        many, (batch, d) = len(self.settings), pre.shape
        self.eta = torch.tensor(self.settings).view(many, 1, 1, 1)
        self.w = torch.zeros(many, batch, d, d)
        self.unit, self.most = torch.zeros(many, 1, 1), torch.full((many, 1, 1, 1), torch.inf)
        ones, none = torch.ones(batch), torch.zeros(batch, d)
        self.write(pre, post, ones, none, tell=False)
        fresh, heard = self.w.abs(), (pre.unsqueeze(-2) @ self.w).squeeze(-2).abs()
        self.unit = heard.mean((1, 2)).view(many, 1, 1)
        pairs = (pre[:, :, None] * post[:, None, :] != 0).expand_as(fresh)
        size = (fresh * pairs).sum((1, 2, 3)) / pairs.sum((1, 2, 3)).clamp(min=1)
        if self.writes < torch.inf:
            self.most = self.writes * size.view(many, 1, 1, 1)
        self.w.zero_()

    def write(
        self, pre: Tensor, post: Tensor, modulator: Tensor, noise: Tensor, tell: bool
    ) -> Tensor | None:
        """Let the rule change the weights by a pair, and keep them within their range."""
        many, batch, d = self.w.shape[:3]
        drive = (pre.unsqueeze(-2) @ self.w).squeeze(-2) + self.noise * self.unit * noise

        def each(values: Tensor) -> Tensor:
            return values.expand(many, *values.shape).flatten(0, 1)

        dw = change(
            self.rule,
            self.w.flatten(0, 1),
            each(pre),
            each(post),
            drive=drive.flatten(0, 1),
            modulator=each(modulator),
        )
        self.w = self.w + self.eta * dw.view(many, batch, d, d)
        self.w = torch.maximum(torch.minimum(self.w, self.most), -self.most)
        return drive if tell else None

    def read(self, queries: Tensor, noise: Tensor) -> Tensor:
        """Return ``queries @ w``, and noise."""
        drive = (queries.unsqueeze(-2) @ self.w).squeeze(-2)
        return drive + self.noise * self.unit * noise[:, None]


@dataclass(kw_only=True)
class Buffer:
    """A list of pairs, read by softmax attention: the oldest falls out when it is full.

    Parameters
    ----------
    settings : sequence of float
        The R sharpnesses of the softmax.
    pairs : int
        Pairs that it holds: ``d / 2`` have as many numbers as a matrix of weights.
    recency : float
        By how much the logit of a pair falls with each pair that came after it.
    marked : bool
        Whether only pairs are kept that the modulator marks.
    noise : float
        Instead of :data:`READ_NOISE`.
    """

    settings: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
    pairs: int = 16
    recency: float = 0.0
    marked: bool = False
    noise: float = READ_NOISE

    def at(self, settings: Sequence[float]) -> "Buffer":
        """Return an empty list at other sharpnesses."""
        return replace(self, settings=tuple(settings))

    def start(self, pre: Tensor, post: Tensor) -> None:
        """Forget everything."""
        self.keys = pre.new_zeros(self.pairs, *pre.shape)
        self.values = torch.zeros_like(self.keys)
        self.count = torch.zeros(len(pre), dtype=torch.long)
        self.unit = post.abs().mean()

    def write(
        self, pre: Tensor, post: Tensor, modulator: Tensor, noise: Tensor, tell: bool
    ) -> Tensor | None:
        """Put a pair at the end of the list; a silent step has none."""
        told = self.read(pre[None, None], noise[None])[0] if tell else None
        keeps = (pre != 0).any(-1)
        if self.marked:
            keeps = keeps & (modulator > 0)
        at = (torch.arange(self.pairs)[:, None] == self.count % self.pairs) & keeps
        self.keys = torch.where(at[..., None], pre, self.keys)
        self.values = torch.where(at[..., None], post, self.values)
        self.count = self.count + keeps
        return told

    def read(self, queries: Tensor, noise: Tensor) -> Tensor:
        """Return the mean of the values, weighted by how well their keys fit, and noise."""
        many = len(self.settings)
        queries = queries.expand(-1, many, -1, -1)
        beta = torch.tensor(self.settings).view(many, 1, 1)
        fits = torch.einsum("qrbd,pbd->qrbp", queries, self.keys)
        place = torch.arange(self.pairs)[:, None]
        age = (self.count - 1 - place) % self.pairs  # pairs that came after it
        known = (place < self.count).T
        logits = beta * fits - self.recency * age.T
        shares = logits.masked_fill(~known, -torch.inf).softmax(-1).nan_to_num()
        answer = torch.einsum("qrbp,pbd->qrbd", shares, self.values)
        return answer + self.noise * self.unit * noise[:, None]
