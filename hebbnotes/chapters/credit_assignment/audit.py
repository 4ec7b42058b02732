"""Which numbers does a synapse read? Each rule's two functions, poisoned apart."""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import check
from hebbnotes.chapters.credit_assignment.rules import CREDIT, Credit
from hebbnotes.plasticity.rules import Cells, Teach

__all__ = ["FOREIGN", "OWN", "Sight", "audit", "sight"]

OWN = (
    *("its weight", "the sender", "the receiver", "the receiver's noise", "its own trace"),
    *("a broadcast", "feedback weights onto its cell", "errors from above", "rates from above"),
)
"""What a synapse, or the cell that it is on, may see: what is its own, or is brought to it."""
FOREIGN = ("signs of weights elsewhere", "weights elsewhere", "other cells of its layer")
"""What lies at other synapses or other cells, and is not brought to it."""


class Sight(NamedTuple):
    """What one synapse reads, by its teacher and its rule.

    Attributes
    ----------
    own : tuple of str
        Of :data:`OWN`.
    foreign : dict of str to int
        Of :data:`FOREIGN`, and of tensors that a function holds without being handed them: how many
        numbers of each.
    above, phases : str
        As in :class:`.Credit`.
    """

    own: tuple[str, ...]
    foreign: dict[str, int]
    above: str
    phases: str


def _by_sign_alone(teach: Teach, n: int, n_above: int) -> bool:
    """Tell whether nothing but the signs of the outgoing weights matters."""
    g = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=g, dtype=torch.float64)

    here, above = (Cells(*drawn(3, size).abs()) for size in (n, n_above))
    w_out, back, modulator = drawn(n, n_above), drawn(n_above, n), drawn(n)
    stretched = w_out * (0.5 + drawn(n, n_above).abs())
    told = (teach(w, back, here, above, modulator) for w in (w_out, stretched))
    return torch.equal(*told)


def sight(credit: Credit, *, n: int = 4, n_above: int = 3) -> Sight:
    """Find what a synapse reads, onto a cell among n that has n_above cells above it.

    >>> sight(CREDIT["backpropagation"]).foreign
    {'weights elsewhere': 3}

    Parameters
    ----------
    credit : Credit
    n, n_above : int
        Numbers of cells, two or more, so that others can be read.

    Notes
    -----
    Source: the audit of this chapter; ``check.reads`` and ``check.reads_teacher``.
    """
    i, j = 0, 1
    told = check.reads_teacher(credit.teach, j, n=n, n_above=n_above)
    seen = check.reads(credit.change, i, j, n_post=n, smuggled=True)
    back = told.further["back"]
    signs = bool(told.w.any()) and _by_sign_alone(credit.teach, n, n_above)
    of_here = [told.pre, told.further["here.drive"], told.further["here.error"]]
    others = torch.stack(of_here).any(0)
    others[j] = False
    elsewhere = told.w.sum() + back.sum() - back[:, j].sum() + _others(seen.w, (i, j))
    layer = others.sum() + sum(
        _others(mask, (j,)) for name, mask in seen.further.items() if mask.shape == (n,)
    )
    layer = layer + _others(seen.pre, (i,)) + _others(seen.post, (j,))
    broadcast = bool(told.further["modulator"].any()) or _read(seen, "modulator", (j,))
    reads = {
        "its weight": bool(seen.w[i, j]),
        "the sender": bool(seen.pre[i]),
        "the receiver": bool(
            seen.post[j] or _read(seen, "drive", (j,)) or any(one[j] for one in of_here)
        ),
        "the receiver's noise": _read(seen, "noise", (j,)),
        "its own trace": _read(seen, "eligibility", (i, j)),
        "a broadcast": broadcast,
        "feedback weights onto its cell": bool(back[:, j].any()),
        "errors from above": bool(told.further["above.error"].any()),
        "rates from above": bool(told.post.any() or told.further["above.drive"].any()),
    }
    foreign = {
        "signs of weights elsewhere": int(elsewhere) if signs else 0,
        "weights elsewhere": 0 if signs else int(elsewhere),
        "other cells of its layer": int(layer),
    }
    for further in (told.further, seen.further):
        foreign |= {key: int(m.sum()) for key, m in further.items() if key.startswith("held ")}
    return Sight(
        tuple(what for what in OWN if reads[what]),
        {what: several for what, several in foreign.items() if several},
        credit.above,
        credit.phases,
    )


def _others(mask: Tensor, own: tuple[int, ...]) -> Tensor:
    """Return how many numbers but one's own are read."""
    return mask.sum() - mask[own].sum()


def _read(seen: check.Reads, name: str, own: tuple[int, ...]) -> bool:
    return name in seen.further and bool(seen.further[name][own])


def audit(credits: dict[str, Credit] = CREDIT) -> dict[str, Sight]:
    """Return what a synapse reads by each rule: the table of the chapter."""
    return {name: sight(credit) for name, credit in credits.items()}
