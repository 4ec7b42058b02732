"""Which numbers does a synapse read? Each rule's functions, poisoned apart.

Three functions are asked: what a cell is told, what its synapses make of it, and how the weights
learn through which it is told, where they do. The verdict is on rules as they are handed over. It
does not say that there is no other way: predictive coding and equilibrium propagation are found to
read weights elsewhere as they are usually written, with one matrix used both ways, and are
acquitted with feedback that learns as Kolen and Pollack's does, :func:`.mirrored`. Outside of the
audit is what a training does besides: forward-forward's rates are brought to one length, for which
a cell's synapses need the whole layer *below*, and phases have to be told from each other.
"""

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
    back : tuple of str
        Of :data:`OWN`, what a synapse reads through which the cell is told, in order to learn: a
        feedback synapse onto it, or, of a local loss, one from it to its read-out. What is foreign
        is counted with the rest. Empty if these do not learn by a rule of their own.
    """

    own: tuple[str, ...]
    foreign: dict[str, int]
    above: str
    phases: str
    back: tuple[str, ...] = ()


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
    at = torch.stack(of_here).any(0)
    elsewhere = told.w.sum() + back.sum() - back[:, j].sum()
    layer = _others(at, (j,)) + _others(told.further["modulator"], (j,))
    rules = [seen]
    if credit.change_back is not None:
        rules.append(check.reads(credit.change_back, i, j, n_pre=n_above, n_post=n, smuggled=True))
    for one in rules:
        elsewhere = elsewhere + _others(one.w, (i, j)) + _elsewhere(one, (i, j), of_synapses=True)
        layer = layer + _elsewhere(one, (i, j), of_synapses=False)
    reads = _own(seen, i, j) | {
        "feedback weights onto its cell": bool(back[:, j].any()),
        "errors from above": bool(told.further["above.error"].any()),
        "rates from above": bool(told.post.any() or told.further["above.drive"].any()),
    }
    reads["the receiver"] = reads["the receiver"] or bool(at[j])
    reads["a broadcast"] = reads["a broadcast"] or bool(told.further["modulator"].any())
    foreign = {
        "signs of weights elsewhere": int(told.w.sum()) if signs else 0,
        "weights elsewhere": int(elsewhere - (told.w.sum() if signs else 0)),
        "other cells of its layer": int(layer),
    }
    for further in (told.further, *(one.further for one in rules)):
        for key, mask in further.items():
            if key.startswith("held "):
                foreign[key] = max(foreign.get(key, 0), int(mask.sum()))
    learned = _own(rules[1], i, j) if len(rules) > 1 else dict.fromkeys(OWN, False)
    if _read(rules[-1], "error", (j,)) and len(rules) > 1:
        learned["the receiver"] = True  # what it is told is its own
    return Sight(
        tuple(what for what in OWN if reads[what]),
        {what: several for what, several in foreign.items() if several},
        credit.above,
        credit.phases,
        tuple(what for what in OWN if learned.get(what)),
    )


def _own(seen: check.Reads, i: int, j: int) -> dict[str, bool]:
    """Return which of the numbers of its own a synapse reads by its rule."""
    return {
        "its weight": bool(seen.w[i, j]),
        "the sender": bool(seen.pre[i]),
        "the receiver": bool(seen.post[j]) or _read(seen, "drive", (j,)),
        "the receiver's noise": _read(seen, "noise", (j,)),
        "its own trace": _read(seen, "eligibility", (i, j)),
        "a broadcast": _read(seen, "modulator", (j,)),
    }


def _elsewhere(seen: check.Reads, at: tuple[int, int], of_synapses: bool) -> Tensor:
    """Return how many numbers of other synapses, or of other cells, a rule reads: what it declares.

    The cells that send lie in a layer of their own, and are counted as other cells, too.
    """
    i, j = at
    found = torch.tensor(0)
    if not of_synapses:
        found = _others(seen.pre, (i,)) + _others(seen.post, (j,))
    for name, mask in seen.further.items():
        if name.startswith("held ") or (mask.ndim == 2) != of_synapses:
            continue
        own = at if of_synapses else ((i,) if name.startswith("pre_") else (j,))
        found = found + _others(mask, own)
    return found


def _others(mask: Tensor, own: tuple[int, ...]) -> Tensor:
    """Return how many numbers but one's own are read."""
    return mask.sum() - mask[own].sum()


def _read(seen: check.Reads, name: str, own: tuple[int, ...]) -> bool:
    return name in seen.further and bool(seen.further[name][own])


def audit(credits: dict[str, Credit] = CREDIT) -> dict[str, Sight]:
    """Return what a synapse reads by each rule: the table of the chapter."""
    return {name: sight(credit) for name, credit in credits.items()}
