"""What rules bind again, without training: by how dense keys are, and what is subtracted.

A rate is given in units of a write's own: ``eta = rate / |key|**2``, so that with a rate of 1 the
delta rule answers the pair just written exactly. Shapes: T writes, K keys, B episodes, d bits.
"""

import math

import torch
from torch import Tensor

from hebbnotes import _checks, tasks
from hebbnotes.chapters.fast_weights_and_attention.attention import read_softmax, trace
from hebbnotes.plasticity import chunks, rules

__all__ = ["RULES", "errors_of", "hebb_error", "subtracting", "written"]

RULES: dict[str, rules.Rule] = {
    "Hebb": rules.hebb,
    "decay": rules.decay,
    "pre-gated": rules.pre_gated,
    "delta": rules.delta,
}
"""What is compared, from the rule that sees least."""


def subtracting(
    w: Tensor,
    pre: Tensor,
    post: Tensor,
    *,
    drive: Tensor,
    noise: Tensor,
    share: float = 1.0,
) -> Tensor:
    """Subtract a share of what the cell expected, and its noise: Hebb's rule at 0, delta at 1.

    ``dw[i, j] = pre[i] * (post[j] - share * drive[j] - noise[j])``

    Parameters
    ----------
    w, pre, post : Tensor (..., n_pre, n_post), (..., n_pre), (..., n_post)
    drive, noise : Tensor (..., n_post), of the unit of ``post``
    share : float

    Notes
    -----
    Source: eq-prediction-gain; this book.
    """
    expected = _checks.number("share", share) * drive + noise
    return rules.hebb(w, pre, post - expected)


def written(
    rule: rules.Rule,
    episodes: tasks.ReboundEpisodes,
    task: tasks.Rebinding,
    rate: float,
    noise: Tensor | None = None,
) -> Tensor:
    """Return the traces (B, d, d) after all writes, at a rate in units of a write's own, with the
    noise (T, B, d) of what a rule expects.
    """
    eta = _checks.number("rate", rate, 0) / task.power
    if rule is rules.delta:  # the same numbers, sooner
        return chunks.delta(episodes.keys, episodes.values, episodes.keys, eta)[1]
    return trace(rule, episodes.keys, episodes.values, eta, noise=noise)


def errors_of(
    rule: rules.Rule | str,
    task: tasks.Rebinding,
    rate: float,
    batch: int,
    generator: torch.Generator,
    noise: Tensor | None = None,
) -> float:
    """Return the share of wrong bits of the newest values, all keys asked once.

    Parameters
    ----------
    rule : callable, or "softmax", for which ``rate`` is beta times the squared length of a key
    task : Rebinding
    rate : float
    batch : int, episodes
    generator : torch.Generator
    noise : Tensor (T, batch, d), optional; of what a rule expects that declares it
    """
    e = task.sample(batch, generator)
    if isinstance(rule, str):
        _checks.choice("rule", rule, ("softmax",))
        out = read_softmax(e.queries, e.keys, e.values, rate / task.power)
    else:
        w = written(rule, e, task, rate, noise)
        out = (e.queries.transpose(0, 1) @ w).transpose(0, 1)
    return float(tasks.wrong_bits(out, e.target).mean())


def hebb_error(pairs: int, n_bits: int) -> float:
    """Return the share of wrong bits of Hebb's sum, for independent keys and values of 1 and -1.

    ``erfc(sqrt(d / (2 * (P - 1)))) / 2``: what the other pairs add to a bit is nearly normal, with
    variance ``(P - 1) / d`` in units of its own.

    >>> round(hebb_error(17, 64), 4)
    0.0228

    Parameters
    ----------
    pairs, n_bits : int

    Notes
    -----
    Source: as :func:`.memories.one_step_error`, for pairs.
    """
    others = _checks.integer("pairs", pairs) - 1
    _checks.integer("n_bits", n_bits)
    return math.erfc(math.sqrt(n_bits / (2 * others))) / 2 if others else 0.0
