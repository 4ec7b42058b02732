"""Networks of excitatory and inhibitory cells: a sign for each sender, and what it costs.

Weights are ``[pre, post]``: the sign of a cell is that of its *row*. Where excitation and
inhibition are kept apart, strengths are 0 or more and inhibition is subtracted.

Shapes: T steps, B episodes, n cells, k interneurons.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import as_autocast
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.rules import Rule
from hebbnotes.plasticity.stepper import change, check

__all__ = [
    "DaleRNN",
    "DaleState",
    "centred",
    "common_mode",
    "correct",
    "effective",
    "outlier",
    "project",
    "run",
    "signs",
]

SUPPLIED = ("drive", "pre_type", "post_type")
"""What a rule may declare in a network of cells with types."""


def signs(n: int, excitatory: float = 0.8) -> Tensor:
    """Return a sign for each of n cells: 1 for the first, the excitatory ones, and -1 for the rest.

    >>> signs(5)
    tensor([ 1.,  1.,  1.,  1., -1.])

    Parameters
    ----------
    n : int
    excitatory : float, share of the cells in [0, 1], rounded to whole cells
    """
    many = round(_checks.integer("n", n) * _checks.number("excitatory", excitatory, 0, 1))
    _checks.room(n=n)
    return torch.where(torch.arange(n) < many, 1.0, -1.0)


def project(w: Tensor, signs: Tensor) -> Tensor:
    """Return the nearest weights whose rows have the signs of their senders: others become 0.

    >>> project(torch.tensor([[1.0, -2.0], [3.0, -4.0]]), torch.tensor([1.0, -1.0]))
    tensor([[ 1.,  0.],
            [ 0., -4.]])

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n_pre, n_post).
    signs : Tensor
        1 or -1 for each sender, shape (n_pre,).

    Notes
    -----
    Source: eq-dale; the modellers' reading of Dale (1935) and Eccles (1954), one cell, one sign.
    """
    sizes: dict[str, int] = {}
    _checks.floating("w", _checks.tensor("w", w, "... n_pre n_post", sizes))
    _checks.tensor("signs", signs, "n_pre", {"n_pre": sizes["n_pre"]}, like=w, reference="w")
    if _checks.known(signs) and not bool((signs.abs() == 1).all()):
        raise ValueError("signs must hold 1 and -1 alone: use dale.signs(n)")
    return torch.where(signs.unsqueeze(-1) * w < 0, torch.zeros_like(w), w)


def common_mode(w: Tensor) -> Tensor:
    """Return how strongly weights answer their common mode, ``|w 1| / sqrt(n_post)``, shape (...).

    It is at most the largest singular value, for any weights. If each row has one sign, it is
    ``sqrt(n_pre * n_post)`` times the root mean square over senders of their mean ``|w|``, whatever
    the signs are: of N cells N times that. No balance of excitation and inhibition lowers it.

    >>> round(common_mode(torch.tensor([[1.0, 1.0], [-1.0, -1.0]])).item(), 6)
    2.0

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n_pre, n_post).

    Notes
    -----
    Source: eq-dale-price, this book's; the outlying singular value is that of Li, Cornford, Ghosh
    & Richards (2023).
    """
    _checks.finite("w", _checks.floating("w", _checks.tensor("w", w, "... n_pre n_post", {})))
    return w.sum(-1).norm(dim=-1) / w.shape[-1] ** 0.5


def outlier(w: Tensor) -> Tensor:
    """Return the eigenvalue of the mean part of square weights, ``sum over i, j of w / n``, (...).

    The mean part gives each sender its mean weight; it has rank one, and this is its eigenvalue
    that is not 0: ``sum of s_i m_i`` for signs s and mean sizes m. It is 0 where excitation and
    inhibition are balanced, and :func:`common_mode` is not.

    Parameters
    ----------
    w : Tensor
        Weights, shape (..., n, n).

    Notes
    -----
    Source: eq-outlier; Rajan & Abbott (2006).
    """
    _checks.finite("w", _checks.floating("w", _checks.tensor("w", w, "... n m", {})))
    if w.shape[-1] != w.shape[-2]:
        raise ValueError(f"w must be square to have eigenvalues, got shape {tuple(w.shape)}")
    return w.sum((-1, -2)) / w.shape[-1]


def centred(w_ee: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """Return interneurons that take from each sender's weights their mean, however they are drawn.

    Each of the k interneurons is driven by ``w_ei = mean over j of w_ee[i, j]``, and inhibits all
    alike, by ``w_ie = 1 / k``. One is enough.

    >>> w_ee = torch.tensor([[1.0, 3.0], [0.0, 4.0]])
    >>> effective(w_ee, *centred(w_ee))
    tensor([[-1.,  1.],
            [-2.,  2.]])

    Parameters
    ----------
    w_ee : Tensor
        Strengths from excitatory to excitatory cells, 0 or more, shape (..., n_pre, n_post).
    k : int
        Number of interneurons.

    Returns
    -------
    w_ei, w_ie : Tensor
        Strengths onto interneurons (..., n_pre, k) and from them (..., k, n_post), 0 or more.

    Notes
    -----
    Source: eq-dann; Cornford and others (2021), where it is how such a network starts.
    """
    _checks.floating("w_ee", _checks.tensor("w_ee", w_ee, "... n_pre n_post", {}))
    _checks.room(n_pre=w_ee.shape[-2], k=_checks.integer("k", k))
    shape = w_ee.shape[:-2]
    w_ei = w_ee.mean(-1, keepdim=True).expand(*w_ee.shape[:-1], k).clone()
    return w_ei, w_ee.new_full((*shape, k, w_ee.shape[-1]), 1 / k)


@_checks.in_full_precision
def effective(w_ee: Tensor, w_ei: Tensor, w_ie: Tensor) -> Tensor:
    """Return what excitatory cells do to each other in all, ``w_ee - w_ei @ w_ie``.

    Interneurons are linear, and pass on at once what they are told.

    Parameters
    ----------
    w_ee, w_ei, w_ie : Tensor
        Shapes (..., n_pre, n_post), (..., n_pre, k) and (..., k, n_post), 0 or more.

    Returns
    -------
    Tensor
        Weights of any sign, shape (..., n_pre, n_post).

    Notes
    -----
    Source: eq-dann; Cornford and others (2021).
    """
    sizes: dict[str, int] = {}
    _checks.floating("w_ee", _checks.tensor("w_ee", w_ee, "... n_pre n_post", sizes))
    _checks.tensor("w_ei", w_ei, "... n_pre k", sizes, like=w_ee, reference="w_ee")
    _checks.tensor("w_ie", w_ie, "... k n_post", sizes, like=w_ee, reference="w_ee")
    return w_ee - w_ei @ w_ie


def correct(grad_ei: Tensor, grad_ie: Tensor, n_pre: int, n_post: int) -> tuple[Tensor, Tensor]:
    """Shorten the gradients of interneurons' synapses, each of which moves many effective weights.

    Those onto interneurons are divided by ``sqrt(n_post)``, those from them by ``n_pre``.

    Parameters
    ----------
    grad_ei, grad_ie : Tensor
        Gradients of ``w_ei`` and ``w_ie``, of their shapes.
    n_pre, n_post : int
        Numbers of excitatory senders and receivers.

    Notes
    -----
    Source: Cornford and others (2021), the correction of their updates.
    """
    _checks.floating("grad_ei", grad_ei)
    _checks.floating("grad_ie", grad_ie)
    onto = _checks.integer("n_post", n_post) ** 0.5
    return grad_ei / onto, grad_ie / _checks.integer("n_pre", n_pre)


class DaleRNN(nn.Module):
    """Recurrent network of excitatory cells that are inhibited by linear interneurons.

    ``r = relu(r @ (w_ee - w_ei @ w_ie) + inputs[t])``; strengths start exponential and centred.

    >>> network = DaleRNN(20, 2, generator=torch.Generator().manual_seed(0))
    >>> rates, state = network(torch.ones(5, 1, 20))
    >>> rates.shape, state.shape
    (torch.Size([5, 1, 20]), torch.Size([1, 20]))

    Parameters
    ----------
    n, n_inhibitory : int
        Numbers of excitatory cells and of interneurons.
    generator : torch.Generator
        Source of the strengths.

    Attributes
    ----------
    w_ee, w_ei, w_ie : Parameter
        Strengths, shapes (n, n), (n, n_inhibitory) and (n_inhibitory, n). After each update of them
        call :meth:`keep_signs`.

    Notes
    -----
    Source: eq-dann; Cornford and others (2021), made recurrent as by Li and others (2023).
    """

    def __init__(self, n: int, n_inhibitory: int, *, generator: torch.Generator) -> None:
        n, k = _checks.integer("n", n), _checks.integer("n_inhibitory", n_inhibitory)
        _checks.generator(generator)
        _checks.room(senders=n, receivers=max(n, k))
        super().__init__()
        drawn = torch.empty(n, n, device=generator.device).exponential_(generator=generator)
        self.w_ee = nn.Parameter(drawn / n**0.5)
        w_ei, w_ie = centred(self.w_ee.detach(), k)
        self.w_ei, self.w_ie = nn.Parameter(w_ei), nn.Parameter(w_ie)

    @property
    def w(self) -> Tensor:
        """What the excitatory cells do to each other in all, shape (n, n)."""
        return effective(self.w_ee, self.w_ei, self.w_ie)

    @torch.no_grad()
    def keep_signs(self) -> None:
        """Set strengths that an update has led below 0 to 0, in place."""
        for p in (self.w_ee, self.w_ei, self.w_ie):
            p.clamp_(min=0)

    def correct_gradients(self) -> None:
        """Apply :func:`correct` to the gradients, before an update without moments."""
        if self.w_ei.grad is None or self.w_ie.grad is None:
            raise ValueError("there are no gradients to correct yet: call loss.backward() before")
        n = len(self.w_ee)
        self.w_ei.grad, self.w_ie.grad = correct(self.w_ei.grad, self.w_ie.grad, n, n)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run an episode, or go on with one: inputs (T, B, n) give rates (T, B, n); the state is
        the last rates, (B, n), by default 0.
        """
        inputs = as_autocast(inputs, self.w_ee)
        sizes = {"n": len(self.w_ee)}
        _checks.tensor("inputs", inputs, "T B n", sizes, self.w_ee, "the network's weights")
        _checks.finite("inputs", inputs)
        if state is not None:
            _checks.tensor("state", state, "B n", sizes, inputs)
            _checks.finite("state", state)
        return _run_rates(inputs, self.w, torch.zeros_like(inputs[0]) if state is None else state)


@_checks.in_full_precision
def _run_rates(inputs: Tensor, w: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    rates = []
    for x in inputs:
        r = torch.relu(r @ w + x)
        rates.append(r)
    return torch.stack(rates), r


class DaleState(NamedTuple):
    """What a network of cells with types carries from one step to the next.

    Attributes
    ----------
    r : Tensor
        Rates, 0 or more, shape (B, n).
    w : Tensor
        Strengths, 0 or more, shape (B, n, n): of each episode its own.
    """

    r: Tensor
    w: Tensor


@_checks.in_full_precision
def run(
    inputs: Tensor,
    w: Tensor,
    types: Tensor,
    eta: float | Tensor,
    rule: Rule = rules.by_type,
    state: DaleState | None = None,
    leak: float = 1.0,
) -> tuple[Tensor, DaleState]:
    """Run rate cells with types, whose synapses learn by a rule that may see these types.

    Each step computes ``r = r + leak * (relu(pre @ (signs * w) + inputs[t]) - r)`` with ``pre`` the
    rates before, then ``w = max(0, w + eta * rule(w, pre, r))``: type 0 excites, others inhibit.

    >>> types = torch.tensor([0, 1])  # an excitatory cell and a PV cell
    >>> w = torch.tensor([[0.0, 1.0], [0.5, 0.0]])
    >>> rates, state = run(torch.ones(3, 1, 2), w, types, eta=0.0)
    >>> rates[:, 0].tolist()
    [[1.0, 1.0], [0.5, 2.0], [0.0, 1.5]]

    Parameters
    ----------
    inputs : Tensor
        Shape (T, B, n), floating point, finite; added to the drive, without unit.
    w : Tensor
        Strengths at the start, 0 or more, shape (n, n) [pre, post]; not used with a ``state``.
    types : Tensor
        Type of each cell, integers as in ``rules.TYPES``, shape (n,).
    eta : float or Tensor
        Rate at which strengths change; a tensor (n, n) holds one for each synapse, 0 where there is
        none or where it does not learn.
    rule : callable
        ``rule(w, pre, post, *, ...) -> dw``; it may declare ``drive``, ``pre_type`` and
        ``post_type``.
    state : DaleState, optional
        Where to go on from; by default rates are 0 and strengths are ``w``.
    leak : float
        Share by which a rate moves towards what its drive asks, in (0, 1].

    Returns
    -------
    rates : Tensor
        Shape (T, B, n).
    state : DaleState
        After the last step.

    Notes
    -----
    Source: this book; what each synapse does is what its rule says.
    """
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B n", sizes))
    _strengths("w", _checks.tensor("w", w, "n n", sizes, like=inputs))
    _checks.actions("types", types, "n", sizes, len(rules.TYPES))
    _checks.spread("eta", eta, w, "w")
    check(rule, SUPPLIED, "a network of cells with types")
    leak = _checks.number("leak", leak, 1e-9, 1)
    _checks.finite("inputs", inputs)
    if state is None:
        state = DaleState(torch.zeros_like(inputs[0]), w.expand(len(inputs[0]), -1, -1))
    _checks.of_type("state", state, DaleState, "use what run returned")
    _checks.tensor("state.r", state.r, "B n", sizes, like=inputs)
    _checks.inside("state.r", state.r, 0, _checks.LARGEST, "rates are 0 or more")
    _strengths("state.w", _checks.tensor("state.w", state.w, "B n n", sizes, like=inputs))
    r, w = state
    each = types.expand_as(r)
    sign = torch.where(types == 0, 1.0, -1.0).to(r.dtype)
    rates = []
    for x in inputs:
        pre, drive = r, ((r * sign).unsqueeze(1) @ w).squeeze(1) + x
        r = r + leak * (torch.relu(drive) - r)
        dw = change(rule, w, pre, r, drive=drive, pre_type=each, post_type=each)
        w = (w + eta * dw).clamp(min=0)
        rates.append(r)
    return torch.stack(rates), DaleState(r, w)


def _strengths(name: str, value: Tensor) -> Tensor:
    _checks.finite(name, value)
    if _checks.known(value) and bool((value < 0).any()):
        raise ValueError(f"{name} must hold strengths of 0 or more: signs are those of the types")
    return value
