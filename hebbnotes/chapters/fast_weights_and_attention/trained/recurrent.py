"""Networks that are told of keys and values step by step, and have to find out how to store them.

A plastic network meets a key, and at the next step its value: only so does its trace, which binds
what was active to what becomes active, bind the one to the other. A question is a key, and at the
next step nothing: then it answers. A long short-term memory meets both at once. Shapes: S networks,
B episodes, T steps, K queries, d bits, n units.
"""

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.chapters.fast_weights_and_attention.trained.stacks import Params, normal
from hebbnotes.networks.loop import run
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.tasks import ReboundEpisodes

__all__ = ["Cells", "Plastic", "PlasticPositive", "PlasticShared", "steps"]


def steps(episodes: ReboundEpisodes, *, together: bool) -> Tensor:
    """Return what is shown at each step, (T, B, 2 d + 1): a key, a value, and 1 at a question.

    >>> from hebbnotes.tasks import Rebinding
    >>> episodes = Rebinding(3, 1, n_bits=4).sample(2, torch.Generator().manual_seed(0))
    >>> steps(episodes, together=True).shape, steps(episodes, together=False).shape
    (torch.Size([6, 2, 9]), torch.Size([12, 2, 9]))

    Parameters
    ----------
    episodes : ReboundEpisodes
    together : bool
        Whether a value is shown with its key, or at the step after it.
    """
    shown = torch.cat([episodes.keys, episodes.queries])
    told = torch.cat([episodes.values, torch.zeros_like(episodes.queries)])
    asked = torch.zeros_like(shown[..., :1])
    asked[len(episodes.keys) :] = 1.0
    if together:
        return torch.cat([shown, told, asked], -1)
    nothing = torch.zeros_like(shown)
    first, then = (torch.cat([*pair, asked], -1) for pair in ((shown, nothing), (nothing, told)))
    return torch.stack([first, then], 1).flatten(0, 1)


class Plastic:
    """A plastic recurrent network: ``y = tanh(pre @ (w + alpha * hebb) + x u + b)``.

    Parameters
    ----------
    n_bits, n : int
        Bits of a key, and of a value; units.
    rule : callable
        How the trace is written, one that is compiled.

    Notes
    -----
    Source: Miconi, Stanley & Clune (2018), equations 1 to 3.
    """

    def __init__(self, n_bits: int, n: int, rule: Rule = rules.decay) -> None:
        self.n_bits, self.n = _checks.integer("n_bits", n_bits), _checks.integer("n", n)
        self.rule = rule

    def begin(self, generator: torch.Generator) -> Params:
        """Return the numbers of one network before it is trained."""
        _checks.generator(generator)
        n, d = self.n, self.n_bits
        return self._plasticity(generator) | {
            "w": 0.5 * normal((n, n), generator),
            "eta_logit": torch.full((1,), -1.0),
            "u": normal((2 * d + 1, n), generator),
            "b": torch.zeros(n),
            "w_out": normal((n, d), generator),
            "b_out": torch.zeros(d),
        }

    def _plasticity(self, generator: torch.Generator) -> Params:
        """Return the plasticity coefficients, here one for each connection, of both signs."""
        return {"alpha": 0.1 * torch.randn(self.n, self.n, generator=generator)}

    def alpha(self, p: Params) -> Tensor:
        """Return the plasticity coefficients that are trained, (S, ...)."""
        return p["alpha"]

    def run(self, p: Params, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the activity of each network, (S, T, B, n), for inputs (T, B, 2 d + 1), and the
        trace at the end, (S, B, n, n).
        """
        ran, eta = [], torch.sigmoid(p["eta_logit"]).squeeze(1)
        alphas = self.alpha(p)
        for s, w in enumerate(p["w"]):
            alpha = alphas[s].expand_as(w).contiguous()
            drive = inputs @ p["u"][s] + p["b"][s]
            ran.append(run(drive, w.contiguous(), alpha, eta[s], self.rule, method="compiled"))
        return torch.stack([y for y, _ in ran]), torch.stack([state.hebb for _, state in ran])

    def answer(self, p: Params, episodes: ReboundEpisodes) -> Tensor:
        """Return what each network answers, (S, K, B, d): its signs are the bits."""
        y, _ = self.run(p, steps(episodes, together=False))
        last = y[:, -2 * len(episodes.queries) :][:, 1::2]
        return last @ p["w_out"][:, None] + p["b_out"][:, None, None]

    def images(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return how the cells fire along each bit, as the answer reads them, by occasion, (S,).

        An answer is a sum of rates, a bit above 0 for 1. The same sum is taken while a value is
        told for the first time, and told again with the same key. A network that adds what it
        expects fires more for what it knows, one that subtracts it less.
        """
        keys, values = (one[: len(episodes.queries)] for one in (episodes.keys, episodes.values))
        twice = episodes._replace(keys=torch.cat([keys, keys]), values=torch.cat([values, values]))
        y, _ = self.run(p, steps(twice, together=False))
        told, again, answered = (y @ p["w_out"][:, None])[:, 1::2].split(
            [len(keys), len(keys), len(keys)], 1
        )
        asked = (episodes.queries.unsqueeze(1) == keys).all(-1).float().argmax(1)
        right = values[asked, torch.arange(asked.shape[1])]
        along = {"told": (told, values), "told again": (again, values), "asked": (answered, right)}
        return {name: (r * bits).mean((1, 2, 3)) for name, (r, bits) in along.items()}

    def state(self, writes: int) -> int:
        """Return how many numbers of an episode it keeps after so many writes."""
        return self.n**2 + self.n

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return the rate of writing, the mean plasticity, and the share of it below 0."""
        alpha = self.alpha(p).flatten(1)
        return {
            "eta": torch.sigmoid(p["eta_logit"]).squeeze(-1),
            "alpha": alpha.mean(-1),
            "negative": (alpha < 0).float().mean(-1),
        }


class PlasticShared(Plastic):
    """The same, with one plasticity for all connections, of either sign, which begins as 0.1."""

    def _plasticity(self, generator: torch.Generator) -> Params:
        """Return the one plasticity coefficient."""
        return {"alpha": torch.full((1,), 0.1)}


class PlasticPositive(Plastic):
    """The same, with one plasticity that is always above 0: what fired together excites."""

    def _plasticity(self, generator: torch.Generator) -> Params:
        """Return the logarithm of the one plasticity coefficient."""
        return {"log_alpha": torch.full((1,), 0.1).log()}

    def alpha(self, p: Params) -> Tensor:
        """Return the plasticity coefficient, (S, 1)."""
        return p["log_alpha"].exp()


class Cells:
    """A long short-term memory, which is told of a key and its value at once.

    Source: Hochreiter & Schmidhuber (1997), with the gate to forget of Gers, Schmidhuber & Cummins
    (2000).

    Parameters
    ----------
    n_bits, n : int
        Bits of a key, and of a value; cells.
    """

    def __init__(self, n_bits: int, n: int) -> None:
        self.n_bits, self.n = _checks.integer("n_bits", n_bits), _checks.integer("n", n)

    def begin(self, generator: torch.Generator) -> Params:
        """Return the numbers of one network before it is trained: at first it forgets little."""
        _checks.generator(generator)
        n, d = self.n, self.n_bits
        b = torch.zeros(4 * n)
        b[n : 2 * n] = 1.0
        return {
            "w": normal((n, 4 * n), generator),
            "u": normal((2 * d + 1, 4 * n), generator),
            "b": b,
            "w_out": normal((n, d), generator),
            "b_out": torch.zeros(d),
        }

    def answer(self, p: Params, episodes: ReboundEpisodes) -> Tensor:
        """Return what each network answers, (S, K, B, d): its signs are the bits."""
        shown, asked = steps(episodes, together=True), len(episodes.queries)
        several, n, (length, batch) = len(p["w"]), self.n, shown.shape[:2]
        flat = shown.flatten(0, 1).expand(several, -1, -1)
        drives = torch.baddbmm(p["b"].unsqueeze(1), flat, p["u"]).unflatten(1, (length, batch))
        h = c = drives.new_zeros(several, batch, n)
        answers = []
        for t, shown_now in enumerate(drives.unbind(1)):
            drive = torch.baddbmm(shown_now, h, p["w"])
            write, keep, show = torch.sigmoid(drive[..., : 3 * n]).split(n, -1)
            c = torch.addcmul(keep * c, write, torch.tanh(drive[..., 3 * n :]))
            h = show * torch.tanh(c)
            if t >= length - asked:
                answers.append(h)
        read = torch.stack(answers, 1).flatten(1, 2)
        answer = torch.baddbmm(p["b_out"].unsqueeze(1), read, p["w_out"])
        return answer.unflatten(1, (asked, batch))

    def state(self, writes: int) -> int:
        """Return how many numbers of an episode it keeps after so many writes."""
        return 2 * self.n

    def learned(self, p: Params, episodes: ReboundEpisodes) -> dict[str, Tensor]:
        """Return nothing: no number of it tells much."""
        return {}
