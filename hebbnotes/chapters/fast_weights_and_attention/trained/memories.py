"""Networks that bind values to keys in one step: what they differ in is how they write and read.

All encode a key ``k = unit(tanh(x w_key + b_key))``, a query likewise by weights of its own, and a
value ``v = x w_value``; what was read, r, is the answer ``r w_out + b_out``, by its signs. Shapes:
S networks, B episodes, T writes, K queries, d bits, n numbers of a key.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize, softplus

from hebbnotes import _checks
from hebbnotes.chapters.fast_weights_and_attention.trained.stacks import Params, normal
from hebbnotes.plasticity import chunks
from hebbnotes.tasks import ReboundEpisodes

__all__ = [
    "Delta",
    "Gated",
    "GatedDelta",
    "GatedSenders",
    "Linear",
    "LinearAlpha",
    "Softmax",
    "SoftmaxOrder",
    "Written",
]


class Written:
    """What an episode has written so far, as a network encodes it.

    Attributes
    ----------
    bits : Tensor (S, B, T, d), the keys before they are encoded
    k : Tensor (S, B, T, n)
    v : Tensor (S, B, T, n)
    """

    def __init__(self, bits: Tensor, k: Tensor, v: Tensor) -> None:
        self.bits, self.k, self.v = bits, k, v


def _through(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    """Return ``x w + b`` of each network, (S, B, T, n) for x (S, B, T, d)."""
    drive = x.flatten(1, 2) @ w if b is None else torch.baddbmm(b.unsqueeze(1), x.flatten(1, 2), w)
    return drive.unflatten(1, x.shape[1:3])


class Linear:
    """Hebb's sum of outer products, read by a query: linear attention.

    Parameters
    ----------
    n_bits : int, of a key, and of a value
    n : int, numbers of an encoded key, and of an encoded value
    """

    def __init__(self, n_bits: int, n: int) -> None:
        self.n_bits, self.n = _checks.integer("n_bits", n_bits), _checks.integer("n", n)

    def begin(self, generator: torch.Generator) -> Params:
        """Return the numbers of one network before it is trained."""
        _checks.generator(generator)
        d, n = self.n_bits, self.n
        w_key, w_query, w_value = (normal((d, n), generator) for _ in range(3))
        return {
            "w_key": w_key,
            "b_key": torch.zeros(n),
            "w_query": w_query,
            "b_query": torch.zeros(n),
            "w_value": w_value,
            "w_out": normal((n, d), generator),
            "b_out": torch.zeros(d),
        } | self._further(generator)

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides."""
        return {}

    def answer(self, p: Params, episodes: ReboundEpisodes) -> Tensor:
        """Return what each network answers, (S, K, B, d): its signs are the bits."""
        several = len(p["w_key"])
        keys, values, queries = (
            one.transpose(0, 1).expand(several, -1, -1, -1)
            for one in (episodes.keys, episodes.values, episodes.queries)
        )
        k = normalize(torch.tanh(_through(keys, p["w_key"], p["b_key"])), dim=-1)
        q = normalize(torch.tanh(_through(queries, p["w_query"], p["b_query"])), dim=-1)
        read = self.read(p, Written(keys, k, _through(values, p["w_value"])), q)
        return _through(read, p["w_out"], p["b_out"]).transpose(1, 2)

    def read(self, p: Params, written: Written, q: Tensor) -> Tensor:
        """Return what queries (S, B, K, n) read, (S, B, K, n)."""
        return q @ (written.k.mT @ written.v)

    def state(self, writes: int) -> int:
        """Return how many numbers of an episode it keeps after so many writes."""
        return self.n**2

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return what it has learned that can be said in a number for each network, (S,)."""
        return {}


class LinearAlpha(Linear):
    """The same, with a plasticity of its own for each synapse, which begins as 1."""

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides."""
        return {"alpha": torch.ones(self.n, self.n)}

    def read(self, p: Params, written: Written, q: Tensor) -> Tensor:
        """Return what queries read of the trace times alpha."""
        return q @ (p["alpha"].unsqueeze(1) * (written.k.mT @ written.v))

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return the participation ratio of alpha's squared singular values: how many heads it
        has.
        """
        power = torch.linalg.svdvals(p["alpha"]).square()
        return {"heads": power.sum(-1).square() / power.square().sum(-1)}


class Gated(Linear):
    """Hebb's sum in which each write first fades all that was there, by a gate that sees its key.

    Source: the scalar gate of recent linear attention, as compared by Yang and others (2024).
    """

    gates = 1

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides: at first a write forgets a twentieth."""
        gates = self.gates or self.n
        w = 0.1 * normal((self.n_bits, gates), generator)
        return {"w_gate": w, "b_gate": torch.full((gates,), -3.0)}

    def log_kept(self, p: Params, written: Written) -> Tensor:
        """Return the logarithm of the share that each write keeps, (S, B, T, gates)."""
        return -softplus(_through(written.bits, p["w_gate"], p["b_gate"]))

    def read(self, p: Params, written: Written, q: Tensor) -> Tensor:
        """Return what queries read of what is left of each pair."""
        kept = self.log_kept(p, written)
        after = kept.sum(2, keepdim=True) - kept.cumsum(2)  # of what comes after each write
        return q @ ((after.exp() * written.k).mT @ written.v)

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return which share a write forgets, on average."""
        bits = episodes.keys.transpose(0, 1).expand(len(p["w_key"]), -1, -1, -1)
        kept = self.log_kept(p, Written(bits, bits, bits)).exp()
        return {"forget": 1 - kept.mean((1, 2, 3))}


class GatedSenders(Gated):
    """The same, with a gate for each number of the key: the trace is forgotten by rows.

    Source: gated linear attention, Yang and others (2024).
    """

    gates = 0


class Delta(Linear):
    """The delta rule: a write subtracts what the cell already expects, at a rate from 0 to 2 that
    sees its key.

    Source: Schlag, Irie & Schmidhuber (2021); Yang, Wang, Zhang, Shen & Kim (2024).
    """

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides: at first the rate is about 1."""
        return {"w_rate": 0.1 * normal((self.n_bits, 1), generator), "b_rate": torch.zeros(1)}

    def rate(self, p: Params, bits: Tensor) -> Tensor:
        """Return the rate of each write, (S, B, T)."""
        return 2 * torch.sigmoid(_through(bits, p["w_rate"], p["b_rate"])).squeeze(-1)

    def keeps(self, p: Params, bits: Tensor) -> Tensor | float:
        """Return which share of the trace each write keeps, (S, B, T) or one number."""
        return 1.0

    def read(self, p: Params, written: Written, q: Tensor) -> Tensor:
        """Return what queries read of the trace, from 16 writes at a time."""
        k, v = (one.flatten(0, 1).transpose(0, 1) for one in (written.k, written.v))
        rate, keep = self.rate(p, written.bits), self.keeps(p, written.bits)
        kept = keep.flatten(0, 1).T if isinstance(keep, Tensor) else keep
        trace = chunks.delta(k, v, k, rate.flatten(0, 1).T, keep=kept)[1]
        return q @ trace.unflatten(0, q.shape[:2])

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return the mean rate."""
        bits = episodes.keys.transpose(0, 1).expand(len(p["w_key"]), -1, -1, -1)
        return {"rate": self.rate(p, bits).mean((1, 2))}


class GatedDelta(Delta):
    """The same, in which each write also fades all that was there.

    Source: Yang, Kautz & Hatamizadeh (2025).
    """

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides: at first a write forgets a twentieth."""
        w = 0.1 * normal((self.n_bits, 1), generator)
        return super()._further(generator) | {"w_gate": w, "b_gate": torch.full((1,), -3.0)}

    def keeps(self, p: Params, bits: Tensor) -> Tensor:
        """Return which share of the trace each write keeps, (S, B, T)."""
        return torch.sigmoid(-_through(bits, p["w_gate"], p["b_gate"])).squeeze(-1)

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return the mean rate, and which share a write forgets, on average."""
        bits = episodes.keys.transpose(0, 1).expand(len(p["w_key"]), -1, -1, -1)
        return super().learned(p, episodes) | {"forget": 1 - self.keeps(p, bits).mean((1, 2))}


class Softmax(Linear):
    """Softmax attention over a list of all pairs, without their order.

    Source: Vaswani and others (2017); as associative memory, Ramsauer and others (2021).
    """

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides: the logarithm of how sharply it reads."""
        return {"log_sharpness": torch.full((1,), math.log(8.0))}

    def recency(self, p: Params, writes: int) -> Tensor | float:
        """Return what is added to the score of each write, (S, 1, 1, T) or one number."""
        return 0.0

    def read(self, p: Params, written: Written, q: Tensor) -> Tensor:
        """Return the mean of all values, weighted by the softmax of their keys' scores."""
        sharpness = p["log_sharpness"].exp().view(-1, 1, 1, 1)
        score = sharpness * (q @ written.k.mT) + self.recency(p, written.k.shape[2])
        return score.softmax(-1) @ written.v

    def state(self, writes: int) -> int:
        """Return how many numbers of an episode it keeps after so many writes: all pairs."""
        return 2 * self.n * writes

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return how sharply it reads."""
        return {"sharpness": p["log_sharpness"].exp().squeeze(-1)}


class SoftmaxOrder(Softmax):
    """The same, in which each pair's score grows with its place in the list, by a learned number.

    Source: the linear bias of Press, Smith & Lewis (2022), here with a slope that is trained.
    """

    def _further(self, generator: torch.Generator) -> Params:
        """Return what this network has besides: at first a later pair has a little advantage."""
        return super()._further(generator) | {"slope": torch.full((1,), 0.1)}

    def recency(self, p: Params, writes: int) -> Tensor:
        """Return what is added to the score of each write, (S, 1, 1, T)."""
        place = torch.arange(writes, dtype=p["slope"].dtype)
        return p["slope"].view(-1, 1, 1, 1) * place

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return how sharply it reads, and by how much a pair is ahead of the one before."""
        return super().learned(p, episodes) | {"slope": p["slope"].squeeze(-1)}
