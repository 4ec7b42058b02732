"""Credit assignment as pure functions: what a cell is told, and what its synapses make of it.

``teach(w_out, back, here, above, modulator) -> error`` tells the cells of a layer of their
mistakes, ``change(w, pre, post, *, error, ...) -> dw`` is an ordinary rule; where feedback learns,
too, ``change_back`` is another. An ``error`` says which
way a drive should go: it is minus a gradient, and weights are *added* ``eta * dw``. Cells are
rectified, ``rate = max(0, drive)``, and outputs linear with squared errors, so that an output's
error, target minus rate, is its own.

Shapes: n cells here, n_above above; ``w_out`` (..., n, n_above), ``back`` (..., n_above, n).
"""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.common_form import check_seen
from hebbnotes.plasticity.rules import Cells, Rule, Teach
from hebbnotes.plasticity.stepper import declared

__all__ = [
    "CREDIT",
    "Credit",
    "Told",
    "backward",
    "by_feedback",
    "by_inverse",
    "by_sign",
    "explore",
    "follow",
    "gate",
    "goodness",
    "in_two_phases",
    "mirror",
    "mirrored",
    "still",
    "symmetric",
    "told_nothing",
    "undo",
]


def gate(drive: Tensor) -> Tensor:
    """Return the slope of a rectified cell at its drive: 1 where it is active, 0 where not."""
    return (drive > 0).to(drive)


# ------------------------------------------------------------------------- what a cell is told


def backward(w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor) -> Tensor:
    """Send errors down through the weights that brought activity up: backpropagation.

    ``error[i] = gate[i] * sum_k w_out[i, k] * above.error[k]``: exactly minus the gradient by the
    drive. Where activities have settled it teaches predictive coding, and with a read-out of its
    own for ``above`` a local loss.

    Source: eq-gradient; Rumelhart, Hinton & Williams (1986).
    """
    return gate(here.drive) * (above.error @ w_out.mT)


def by_sign(w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor) -> Tensor:
    """Send errors down through the signs of the outgoing weights alone: sign symmetry.

    Source: Xiao, Chen, Liao & Poggio (2019), uniform sizes, here ``1 / sqrt(n_above)``.
    """
    return gate(here.drive) * (above.error @ w_out.sign().mT) / w_out.shape[-1] ** 0.5


def by_feedback(
    w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor
) -> Tensor:
    """Send errors down through weights of their own: feedback alignment.

    ``error[i] = gate[i] * sum_k above.error[k] * back[k, i]``. With the output layer for ``above``
    it is direct feedback alignment, with weights that learn what the outgoing ones learn it is
    Kolen & Pollack's rule.

    Source: Lillicrap and others (2016); Nokland (2016); Kolen & Pollack (1994).
    """
    return gate(here.drive) * (above.error @ back)


def by_inverse(w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor) -> Tensor:
    """Tell cells what would have made those above as they should be: difference target propagation.

    ``error = gate * (g(above.rate + above.error) - g(above.rate))``, with ``g(a) = max(0, a @
    back)`` a learned inverse; a cell that is silent is left silent.

    Source: Lee, Zhang, Fischer & Bengio (2015), for rectified cells.
    """
    wanted, there = (torch.relu(rate @ back) for rate in (above.rate + above.error, above.rate))
    return gate(here.drive) * (wanted - there)


def goodness(
    w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor, theta: float = 1.0
) -> Tensor:
    """Tell a layer to be active in one phase and silent in the other: forward-forward.

    Up the gradient of ``log sigmoid(modulator * (G - theta))`` with the layer's mean square
    ``G = mean(rate**2)``: ``modulator`` is 1 for true data and -1 for false ones.

    Source: Hinton (2022).
    """
    g = here.rate.square().mean(-1, keepdim=True)
    wrong = torch.sigmoid(modulator * (theta - g))
    return modulator * wrong * 2 * here.rate / here.rate.shape[-1]


def symmetric(w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor) -> Tensor:
    """Drive cells from above through the same weights that lead up: equilibrium propagation.

    The current ``sum_k w_out[i, k] * above.rate[k]``; no error is told, the target is another
    drive of the output cells.

    Source: Scellier & Bengio (2017).
    """
    return above.rate @ w_out.mT


def told_nothing(
    w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor
) -> Tensor:
    """Tell cells nothing of their own: frozen layers, and rules that hear a broadcast alone."""
    return torch.zeros_like(here.rate)


# ----------------------------------------------------------------------- what a synapse makes of it


class Told:
    """A rule that writes the product of what the sender sent and of what the receiver knows.

    ``dw[i, j] = pre[i] * signal(post, ...)[j] - forget * w[i, j]``. As a decorator it makes a rule
    of the signal; the mean over a batch is one product of matrices.

    >>> plain = Told(lambda post: post)
    >>> plain(torch.zeros(1, 1), torch.tensor([2.0]), torch.tensor([3.0]))
    tensor([[6.]])

    Parameters
    ----------
    signal : callable
        ``signal(post, *, ...) -> (..., n_post)``; its keyword-only arguments are what the rule
        declares.
    forget : float
        Share of each weight that is lost per unit of learning rate.
    """

    def __init__(self, signal: Callable[..., Tensor], forget: float = 0.0) -> None:
        self.signal = _checks.function("signal", signal, "signal(post, *, error)")
        self.forget = _checks.number("forget", forget, 0)
        self.__name__ = getattr(signal, "__name__", type(signal).__name__)
        self.__doc__ = signal.__doc__
        seen = [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in ("w", "pre", "post")]
        further = [Parameter(n, Parameter.KEYWORD_ONLY) for n in declared(signal)]
        self.__signature__ = Signature([*seen, *further])

    def forgetting(self, share: float) -> "Told":
        """Return the rule with another share that is lost."""
        return Told(self.signal, share)

    def __call__(self, w: Tensor, pre: Tensor, post: Tensor, **local: Tensor) -> Tensor:
        """Return the change ``dw``, of the shape of ``w``, for a learning rate of 1."""
        check_seen(w, pre, post, **local)
        dw = pre.unsqueeze(-1) * self.signal(post, **local).unsqueeze(-2)
        return dw - self.forget * w if self.forget else dw


@Told
def follow(post: Tensor, *, error: Tensor) -> Tensor:
    """Go the way that the cell is told: ``dw[i, j] = pre[i] * error[j]``.

    Source: the product that all rules with an error share; Widrow & Hoff (1960) at the output.
    """
    return error


@Told
def explore(post: Tensor, *, modulator: Tensor, noise: Tensor) -> Tensor:
    """Repeat what chance did to the cell if things went better: ``pre[i] * modulator * noise[j]``.

    Of node perturbation ``modulator`` is by how much the loss fell with the noise, over the noise's
    variance; of REINFORCE it is the reward over what was expected.

    Source: eq-perturbation-cosine; Werfel, Xie & Seung (2005); Williams (1992).
    """
    return modulator * noise


@Told
def in_two_phases(post: Tensor, *, modulator: Tensor) -> Tensor:
    """Strengthen by Hebb's rule in one phase and weaken in another, as the modulator says.

    ``dw[i, j] = modulator[j] * pre[i] * post[j]``, the same as ``rules.modulated_hebb``: with 1 /
    beta in the nudged phase and -1 / beta in the free one it is equilibrium propagation.

    Source: Scellier & Bengio (2017).
    """
    return modulator * post


@Told
def mirror(post: Tensor) -> Tensor:
    """Write onto a feedback synapse what the synapse between the same two cells that leads up does.

    ``dback[k, i] = error[k] * rate[i]``: what it sends, ``pre``, is the error of the cell above,
    and ``post`` the rate of its own cell. With the same share that is forgotten it comes to mirror
    the synapse that leads up, and reads nothing of it.

    Source: eq-kolen-pollack; Kolen & Pollack (1994).
    """
    return post


@Told
def undo(post: Tensor, *, drive: Tensor) -> Tensor:
    """Learn to send down what was sent up: ``dback[k, i] = pre[k] * missed[i]``.

    ``pre`` is the rate above when the cells here, ``post``, were shaken by chance, ``drive`` what
    came back through these weights, and ``missed = gate(drive) * (post - max(0, drive))``.

    Source: Lee, Zhang, Fischer & Bengio (2015), the inverse of difference target propagation.
    """
    return gate(drive) * (post - torch.relu(drive))


def still(w: Tensor, pre: Tensor, post: Tensor) -> Tensor:
    """Stay as it is: a synapse of a frozen layer reads nothing.

    Source: the control that learning above it is measured by.
    """
    check_seen(w, pre, post)
    return torch.zeros_like(w)


class Credit(NamedTuple):
    """A way to assign credit: its two functions, or three, and what it asks for besides.

    Attributes
    ----------
    teach, change : callable
        What a cell is told, and what its synapses make of it.
    above : str
        Which cells are above: those of the next layer, the outputs, a read-out of its own, or none.
    phases : str
        What a step takes besides a sweep up.
    change_back : callable, optional
        How the weights learn through which a cell is told, if they are no others' and learn at all:
        feedback weights, from a cell above to one here, or those onto a read-out of its own.
    """

    teach: Teach
    change: Rule
    above: str
    phases: str
    change_back: Rule | None = None


def mirrored(credit: Credit, decay: float | None = None) -> Credit:
    """Return a way to assign credit with feedback of its own for the outgoing weights it reads.

    Kolen and Pollack's escape is open to whoever writes a product of what two cells show:
    predictive coding, equilibrium propagation and local losses are found to read weights elsewhere
    because one matrix is used both ways. Given a second set of synapses that write the same product
    and forget the same share, they read none. What it costs is that second set, and the forgetting.

    >>> mirrored(CREDIT["predictive coding"]).change_back.__name__
    'mirror'

    Parameters
    ----------
    credit : Credit
        One that writes by :func:`follow` or :func:`in_two_phases`.
    decay : float, optional
        Share that both sets forget; by default :data:`DECAY`.

    Notes
    -----
    Source: eq-kolen-pollack; Kolen & Pollack (1994), and for these two Whittington & Bogacz (2017).
    """
    if credit.change not in (follow, in_two_phases):
        raise ValueError(
            "feedback can mirror weights that are written as a product of what two cells show: "
            f"change must be follow or in_two_phases, got {_checks.got(credit.change)}"
        )
    share = _checks.number("decay", DECAY if decay is None else decay, 0)
    teach = credit.teach

    def taught(w_out: Tensor, back: Tensor, here: Cells, above: Cells, modulator: Tensor) -> Tensor:
        return teach(back.mT, back, here, above, modulator)

    back = mirror if credit.change is follow else in_two_phases
    return credit._replace(
        teach=taught, change=credit.change.forgetting(share), change_back=back.forgetting(share)
    )


DECAY = 0.01
"""Share of a weight that Kolen & Pollack's rule forgets per unit of learning rate."""
FORGETFUL, MIRROR = follow.forgetting(DECAY), mirror.forgetting(DECAY)
"""How weights that lead up learn by that rule, and those that lead back."""
CREDIT: dict[str, Credit] = {
    "backpropagation": Credit(backward, follow, "next layer", "a sweep down"),
    "sign symmetry": Credit(by_sign, follow, "next layer", "a sweep down"),
    "Kolen-Pollack": Credit(by_feedback, FORGETFUL, "next layer", "a sweep down", MIRROR),
    "feedback alignment": Credit(by_feedback, follow, "next layer", "a sweep down"),
    "direct feedback alignment": Credit(by_feedback, follow, "outputs", "a broadcast of errors"),
    "difference target propagation": Credit(
        by_inverse, follow, "next layer", "a sweep down, and one to learn the inverse", undo
    ),
    "predictive coding": Credit(backward, follow, "next layer", "settling"),
    "equilibrium propagation": Credit(
        symmetric, in_two_phases, "next layer", "settling, two phases or three"
    ),
    "local losses": Credit(backward, follow, "own read-out", "none", follow),
    "forward-forward": Credit(goodness, follow, "none", "a phase with false data"),
    "node perturbation": Credit(told_nothing, explore, "none", "a second sweep up, with noise"),
    "weight perturbation": Credit(
        told_nothing, rules.three_factor, "none", "a second sweep up, with noise"
    ),
    "REINFORCE": Credit(told_nothing, explore, "none", "none"),
    "frozen": Credit(told_nothing, still, "none", "none"),
}
"""All of them by name, as they are usually written: predictive coding and equilibrium propagation
with one matrix that is used both ways (see :func:`mirrored`). e-prop is ``learning.e_prop``."""
