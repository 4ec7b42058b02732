"""Tasks of keys and values: bound, bound again, and asked for by the whole key or by its parts."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks

__all__ = [
    "AddressedEpisodes",
    "Addresses",
    "Rebinding",
    "ReboundEpisodes",
    "wrong_bits",
]


def wrong_bits(answer: Tensor, target: Tensor) -> Tensor:
    """Return which bits of an answer have the wrong sign: 1 where it is wrong, a half where it is
    0, which is no answer.

    >>> wrong_bits(torch.tensor([0.3, 0.0, 2.0]), torch.tensor([1.0, 1.0, -1.0])).tolist()
    [0.0, 0.5, 1.0]

    Parameters
    ----------
    answer, target : Tensor
        Numbers of one shape; those of the target are 1 and -1.
    """
    _checks.spread("answer", _checks.floating("answer", answer), target, "target")
    return (1 - answer.sign() * target.sign()) / 2


def _signs(*shape: int, g: torch.Generator) -> Tensor:
    drawn = torch.rand(shape, generator=g, device=g.device)
    return torch.where(drawn < 0.5, 1.0, -1.0)


class ReboundEpisodes(NamedTuple):
    """A batch of episodes of re-binding: T writes, K keys, B episodes.

    Attributes
    ----------
    keys : Tensor (T, B, n_bits), the key of each write
    values : Tensor (T, B, n_bits), the value that it is bound to, 1 and -1
    which : Tensor (T, B), the number of the key of each write
    queries : Tensor (K, B, n_bits), every key once, in a random order
    target : Tensor (K, B, n_bits), the newest value of each
    rebound : Tensor (K, B), boolean: whether what is asked for was bound more than once
    """

    keys: Tensor
    values: Tensor
    which: Tensor
    queries: Tensor
    target: Tensor
    rebound: Tensor


@dataclass(frozen=True)
class Rebinding:
    """Bind keys to values, bind some of them again, and ask for the newest value of each.

    In the first round each key is bound once, in a random order; in each further round those keys
    that are re-bound have a new value. Keys of an episode differ from each other.

    >>> task = Rebinding(keys=3, rounds=2, rebound=1, n_bits=8)
    >>> episodes = task.sample(5, torch.Generator().manual_seed(0))
    >>> episodes.keys.shape, episodes.queries.shape, episodes.rebound.sum(0).tolist()
    (torch.Size([4, 5, 8]), torch.Size([3, 5, 8]), [1, 1, 1, 1, 1])

    Parameters
    ----------
    keys : int
        Keys of an episode.
    rounds : int
        How often a key is bound that is re-bound.
    active : int, optional
        Of a sparse key so many numbers are 1, the others 0; without it, keys are of 1 and -1.
    n_bits : int
        Numbers of a key, and of a value, whose numbers are always 1 and -1.
    rebound : int, optional
        How many of the keys are re-bound, all by default.

    Notes
    -----
    Source: this book; multi-query associative recall is Arora and others (2024), where no key is
    bound again.
    """

    keys: int
    rounds: int
    active: int | None = None
    n_bits: int = 64
    rebound: int | None = None

    def __post_init__(self) -> None:
        _checks.integer("keys", self.keys)
        _checks.integer("rounds", self.rounds)
        _checks.integer("n_bits", self.n_bits)
        if self.active is not None:
            _checks.integer("active", self.active, 1, self.n_bits)
        if self.rebound is not None:
            _checks.integer("rebound", self.rebound, 0, self.keys)
        if 2 * self.keys > self.codes:
            raise ValueError(
                f"keys must be at most {self.codes // 2}, half of the {self.codes} that there are, "
                f"got {self.keys}: they are drawn until they differ"
            )

    @property
    def codes(self) -> int:
        """How many different keys there are."""
        return 2**self.n_bits if self.active is None else math.comb(self.n_bits, self.active)

    @property
    def power(self) -> int:
        """The squared length of a key."""
        return self.n_bits if self.active is None else self.active

    @property
    def again(self) -> int:
        """How many keys are re-bound."""
        return self.keys if self.rebound is None else self.rebound

    @property
    def n_writes(self) -> int:
        """Writes of an episode."""
        return self.keys + (self.rounds - 1) * self.again

    def _draw(self, count: int, g: torch.Generator) -> Tensor:
        if self.active is None:
            return _signs(count, self.n_bits, g=g)
        chosen = torch.rand(count, self.n_bits, generator=g, device=g.device)
        at = chosen.argsort(-1)[:, : self.active]
        return torch.zeros_like(chosen).scatter_(-1, at, 1.0)

    def _keys(self, batch: int, g: torch.Generator) -> Tensor:
        """Return keys (B, K, n_bits) that differ: of two that are alike the later is drawn anew."""
        keys = self._draw(batch * self.keys, g).view(batch, self.keys, self.n_bits)
        while True:
            alike = (keys @ keys.mT) == self.power
            later = alike.tril(-1).any(-1)
            if not later.any():
                return keys
            keys[later] = self._draw(int(later.sum()), g)

    def sample(self, batch: int, generator: torch.Generator) -> ReboundEpisodes:
        """Draw episodes of new keys and values."""
        _checks.generator(generator)
        _checks.integer("batch", batch)
        _checks.room(n_writes=self.n_writes, batch=batch, n_bits=self.n_bits)
        g = generator

        def order(of: int) -> Tensor:
            return torch.rand(batch, of, generator=g, device=g.device).argsort(-1)

        keys = self._keys(batch, g)
        # the keys with the first numbers are re-bound: numbers mean nothing else
        which = torch.cat(
            [order(self.keys), *(order(self.again) for _ in range(self.rounds - 1))], 1
        )
        values = _signs(batch, self.n_writes, self.n_bits, g=g)
        rows = torch.arange(batch, device=g.device)[:, None]
        newest = torch.empty_like(keys)
        for t in range(self.n_writes):
            newest[rows[:, 0], which[:, t]] = values[:, t]
        asked = order(self.keys)
        return ReboundEpisodes(
            keys[rows, which].transpose(0, 1),
            values.transpose(0, 1),
            which.T,
            keys[rows, asked].transpose(0, 1),
            newest[rows, asked].transpose(0, 1),
            ((asked < self.again) & (self.rounds > 1)).T,
        )


class AddressedEpisodes(NamedTuple):
    """A batch of episodes of several addresses: P pairs, Q queries, B episodes, G groups.

    Attributes
    ----------
    keys, values : Tensor (P, B, d), 1 and -1
    queries : Tensor (Q, B, d)
        Each group of its bits is that of one of the keys.
    target : Tensor (Q, B, d)
        Each group of its bits is that of the value of this key.
    asked : Tensor (Q, B, G), whose group it is
    """

    keys: Tensor
    values: Tensor
    queries: Tensor
    target: Tensor
    asked: Tensor


@dataclass(frozen=True)
class Addresses:
    """Ask for each group of a value's bits by the same group of the key's, each of another pair.

    Somebody with Anna's face, Ben's voice, Carl's coat: what goes with Anna's face, with Ben's
    voice, with Carl's coat? The groups of a query come from pairs that are drawn independently.

    >>> task = Addresses(d=8, groups=2, pairs=3)
    >>> e = task.sample(5, torch.Generator().manual_seed(0))
    >>> torch.equal(e.queries[0, 4, :4], e.keys[e.asked[0, 4, 0], 4, :4])
    True
    >>> torch.equal(e.target[0, 4, 4:], e.values[e.asked[0, 4, 1], 4, 4:])
    True

    Parameters
    ----------
    d : int
        Bits of a key, and of a value.
    groups : int
        Into which both are cut, of equal sizes.
    pairs : int
        Pairs of an episode.
    queries : int
        How often an episode is asked.

    Notes
    -----
    Source: this book.
    """

    d: int = 64
    groups: int = 4
    pairs: int = 4
    queries: int = 1

    def __post_init__(self) -> None:
        for name in ("d", "groups", "pairs", "queries"):
            _checks.integer(name, getattr(self, name))
        if self.d % self.groups:
            raise ValueError(
                f"d must be a multiple of groups={self.groups}, got {self.d}: the groups have "
                "equal sizes"
            )

    @property
    def size(self) -> int:
        """Bits of a group."""
        return self.d // self.groups

    def sample(self, batch: int, generator: torch.Generator) -> AddressedEpisodes:
        """Draw episodes of new pairs."""
        _checks.generator(generator)
        _checks.integer("batch", batch)
        _checks.room(pairs=self.pairs, queries=self.queries, batch=batch, d=self.d)
        g = generator
        keys, values = (_signs(self.pairs, batch, self.d, g=g) for _ in range(2))
        drawn = torch.rand(self.queries, batch, self.groups, generator=g, device=g.device)
        asked = (drawn * self.pairs).long()
        whose = asked.repeat_interleave(self.size, -1)
        return AddressedEpisodes(
            keys, values, keys.gather(0, whose), values.gather(0, whose), asked
        )
