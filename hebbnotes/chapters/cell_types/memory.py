"""The memory of three numbers under Dale: rates, strengths of 0 or more, and few interneurons.

The network of :class:`.ThreeNumbers` has units ``y`` in [-1, 1], signed traces, and a unit inhibits
itself, by ``c``. Here a cell has the rate ``r = (1 + y) / 2``, and all that is written is 0 or
more: ``y = tanh(inputs + gain / N * (what comes through the trace) - c * (2 * felt - 1))``. What a
cell feels of its own past rate tells one circuit of inhibition from the other: the rate itself
(private), nothing, the mean rate of its group (k fixed interneurons), or what the output synapse of
one plastic interneuron holds. The 1 is a constant excitation, so that no synapse crosses zero.

Shapes: T steps, B episodes, N cells; [pre, post].
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.stepper import change

__all__ = [
    "FORMS",
    "DaleMemory",
    "at_rest",
    "felt",
    "groups",
    "quick",
    "run",
    "run_form",
    "run_signed",
    "signed_trace",
]


class DaleMemory(NamedTuple):
    """What the memory carries from one step to the next; every number of it is 0 or more.

    Attributes
    ----------
    r : Tensor
        Rates, in [0, 1], shape (B, N); ``y = 2 * r - 1``.
    both : Tensor
        Decaying trace of ``r_pre * r_post``, shape (B, N, N): the excitatory synapses.
    sent, received : Tensor
        Decaying traces of ``r_pre`` and of ``r_post``, shape (B, N): synapses onto one interneuron,
        and from another.
    share : Tensor
        ``1 - (1 - eta)**t``, what has been written so far, a scalar.
    u : Tensor
        Output synapses of the plastic interneuron, shape (B, N).
    """

    r: Tensor
    both: Tensor
    sent: Tensor
    received: Tensor
    share: Tensor
    u: Tensor


def at_rest(inputs: Tensor) -> DaleMemory:
    """Return the state in which nothing is written, and every cell has half its rate (y = 0)."""
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B N", {}))
    half, none = torch.full_like(inputs[0], 0.5), torch.zeros_like(inputs[0])
    both = inputs.new_zeros(*half.shape, half.shape[-1])
    return DaleMemory(half, both, none, none, inputs.new_zeros(()), half)


def signed_trace(state: DaleMemory) -> Tensor:
    """Return the signed trace that the strengths make up together, exactly, shape (B, N, N).

    ``H[i, j] = 4 * both[i, j] - 2 * sent[i] - 2 * received[j] + share``: Hebbian excitation, less
    what two inhibitory pathways take, one with plastic synapses in, one with plastic synapses out.

    Notes
    -----
    Source: eq-dale-trace, this book's: ``y = 2 * r - 1`` put into the decay rule of Miconi,
    Stanley & Clune (2018).
    """
    _checks.of_type("state", state, DaleMemory, "use what run returned")
    _, both, sent, received, share, _ = state
    return 4 * both - 2 * sent.unsqueeze(-1) - 2 * received.unsqueeze(-2) + share


def groups(n: int, k: int) -> tuple[Tensor, Tensor]:
    """Return k interneurons, each for a group of cells that it hears and inhibits alike.

    ``heard @ inhibited`` is the matrix of rank k nearest to the identity: ``sqrt(n - k)`` from it,
    in the root of the sum of squares, and no k fixed interneurons come closer.

    >>> heard, inhibited = groups(4, 2)
    >>> heard @ inhibited
    tensor([[0.5000, 0.5000, 0.0000, 0.0000],
            [0.5000, 0.5000, 0.0000, 0.0000],
            [0.0000, 0.0000, 0.5000, 0.5000],
            [0.0000, 0.0000, 0.5000, 0.5000]])

    Parameters
    ----------
    n, k : int
        Numbers of cells and of interneurons, k at most n.

    Returns
    -------
    heard, inhibited : Tensor
        Strengths of 0 or more, shapes (n, k) and (k, n).

    Notes
    -----
    Source: eq-groups; the bound is that of Eckart & Young (1936).
    """
    k = _checks.integer("k", k, 1, _checks.integer("n", n))
    _checks.room(n=n, k=k)
    member = (_labels(n, k).unsqueeze(-1) == torch.arange(k)).to(torch.get_default_dtype())
    return member / member.sum(0), member.T.contiguous()


def _labels(n: int, k: int) -> Tensor:
    """Return the group of each cell: groups as equal as can be, of neighbours."""
    return torch.arange(n) * k // n


def felt(state: DaleMemory, k: int | None, eta_inhibition: float | None) -> Tensor:
    """Return what each cell feels of its own past rate, in [0, 1], shape (B, N), or (B, 1).

    Private inhibition passes on the rate itself; none 1/2, against which the constant excitation
    stands; k interneurons the mean rate of a group; a plastic one what its synapses hold.
    """
    if eta_inhibition is not None:
        return state.u
    if k is None:
        return state.r
    if k == 0:
        return torch.full_like(state.r[:, :1], 0.5)
    label = _labels(state.r.shape[1], k).to(state.r.device)
    size = torch.bincount(label, minlength=k).to(state.r)
    mean = state.r.new_zeros(len(state.r), k).index_add(1, label, state.r) / size
    return mean[:, label]


def run(
    inputs: Tensor,
    gain: float,
    inhibition: float,
    eta: float,
    eta_inhibition: float | None = None,
    k: int | None = None,
    state: DaleMemory | None = None,
    clamp: Tensor | None = None,
) -> tuple[Tensor, DaleMemory]:
    """Run the memory with rates as what cells send: each strength and each rate is 0 or more.

    A pattern's drive is that of the signed network: a cell that is on counts twice there.

    Parameters
    ----------
    inputs : Tensor
        As a task gives them, shape (T, B, N): added inside tanh; in [-1, 1] where clamped.
    gain, inhibition, eta : float
        The three numbers: gain on the trace (divided by N here), strength c of inhibition, and rate
        at which the trace is written.
    eta_inhibition : float, optional
        Rate in [0, 1] at which the output synapses of one plastic interneuron follow their
        receivers' rates, ``u = u + eta_inhibition * (r - u)``: with 1, they hold the rates of the
        step before, and the interneuron *is* self-inhibition. Leave ``k`` out then.
    k : int, optional
        Number of fixed interneurons, each for a group; 0 for no inhibition, and without it each
        cell inhibits itself (private).
    state : DaleMemory, optional
        Where to go on from; by default :func:`at_rest`.
    clamp : Tensor, optional
        Boolean, shape (T, B, N): where true, the unit's output is its input.

    Returns
    -------
    y : Tensor
        Twice the rates minus 1, shape (T, B, N), as ``tasks.errors`` judges them.
    state : DaleMemory
        After the last step.

    Notes
    -----
    Source: eq-plastic-interneuron and eq-dale-trace, this book's.
    """
    numbers = (gain, inhibition, eta, eta_inhibition, k)
    return _run(_from_rates, inputs, numbers, state, clamp)


def run_signed(
    inputs: Tensor,
    gain: float,
    inhibition: float,
    eta: float,
    eta_inhibition: float | None = None,
    k: int | None = None,
    state: DaleMemory | None = None,
    clamp: Tensor | None = None,
) -> tuple[Tensor, DaleMemory]:
    """Run the memory with signed activity as what units send, ``y`` in [-1, 1], as the book's does.

    With private inhibition it is the network of three numbers, to rounding. Its trace is kept by
    the same strengths of 0 or more, and its inhibition obeys Dale; but a unit at -1 sends minus its
    weight, so that the sign of a cell means nothing for what it sends through the trace. Arguments
    as for :func:`run`.
    """
    numbers = (gain, inhibition, eta, eta_inhibition, k)
    return _run(_from_signs, inputs, numbers, state, clamp)


def run_form(
    form: str,
    inputs: Tensor,
    numbers: tuple[float, float, float],
    eta_inhibition: float | None = None,
    k: int | None = None,
    clamp: Tensor | None = None,
) -> tuple[Tensor, DaleMemory]:
    """Run the memory of rates with other strengths in place of the trace, by a name of ``FORMS``.

    ``numbers`` are gain, inhibition and eta; else as for :func:`run`.
    """
    drive = FORMS[_checks.choice("form", form, tuple(FORMS))]
    return _run(drive, inputs, (*numbers, eta_inhibition, k), None, clamp)


def _from_rates(state: DaleMemory) -> Tensor:
    """Return what comes through the trace if cells send their rates, shape (B, N)."""
    r, both, sent, received, share, _ = state
    all_r = r.sum(-1, keepdim=True)
    excites = 4 * (r.unsqueeze(1) @ both).squeeze(1) + share * all_r
    return 2 * (excites - 2 * (r * sent).sum(-1, keepdim=True) - 2 * all_r * received)


def _from_signs(state: DaleMemory) -> Tensor:
    """Return what comes through it if they send ``2 * r - 1``: one more offset of each receiver."""
    _, both, sent, received, share, _ = state
    n = both.shape[-1]
    offset = 4 * both.sum(-2) - 2 * sent.sum(-1, keepdim=True) - 2 * n * received + n * share
    return _from_rates(state) - offset


def _excitation(state: DaleMemory) -> Tensor:
    return 8 * (state.r.unsqueeze(1) @ state.both).squeeze(1)


def _one_fixed(state: DaleMemory) -> Tensor:
    mean = 4 * state.both.mean((-1, -2)).unsqueeze(-1)
    return _excitation(state) - 2 * mean * state.r.sum(-1, keepdim=True)


def _offset(state: DaleMemory) -> Tensor:
    raised = signed_trace(state) + 1  # 0 or more
    return 2 * ((state.r.unsqueeze(1) @ raised).squeeze(1) - state.r.sum(-1, keepdim=True))


def _clipped(state: DaleMemory) -> Tensor:
    clipped = signed_trace(state).clamp(min=0)
    inhibits = clipped.mean((-1, -2)).unsqueeze(-1) * state.r.sum(-1, keepdim=True)
    return 2 * ((state.r.unsqueeze(1) @ clipped).squeeze(1) - inhibits)


FORMS: dict[str, Callable[[DaleMemory], Tensor]] = {
    "excitation alone": _excitation,
    "one fixed interneuron": _one_fixed,
    "two plastic pathways": _from_rates,
    "baseline and one fixed": _offset,
    "clipped at zero": _clipped,
}
"""Ways in which strengths of 0 or more stand for the signed trace, between cells that send rates.

Hebbian excitation alone; less one interneuron that is told the mean strength; the exact form of
:func:`signed_trace`; synapses that begin at 1, less one fixed interneuron, exact, too; and a trace
that is cut off at 0, less one interneuron that is told the mean."""


@_checks.in_full_precision
def _run(
    drive: Callable[[DaleMemory], Tensor],
    inputs: Tensor,
    numbers: tuple[float, float, float, float | None, int | None],
    state: DaleMemory | None,
    clamp: Tensor | None,
) -> tuple[Tensor, DaleMemory]:
    gain, c, eta, eta_inhibition, k = _check(inputs, numbers, clamp)
    state = _checked(at_rest(inputs) if state is None else state, inputs)
    n, outputs = inputs.shape[-1], []
    for t, x in enumerate(inputs):
        pre, brake = state.r, c * (2 * felt(state, k, eta_inhibition) - 1)
        y = torch.tanh(x + gain / n * drive(state) - brake)
        y = y if clamp is None else torch.where(clamp[t], x, y)
        r = (1 + y) / 2
        write = torch.ones_like(r[:, :1])  # what an interneuron that is always on sends
        rate = 0.0 if eta_inhibition is None else eta_inhibition
        state = DaleMemory(
            r,
            state.both + eta * change(rules.decay, state.both, pre, r),
            state.sent + eta * (pre - state.sent),
            state.received + eta * (r - state.received),
            state.share + eta * (1 - state.share),
            state.u + rate * change(rules.decay, state.u.unsqueeze(1), write, r).squeeze(1),
        )
        outputs.append(y)
    return torch.stack(outputs), state


def _check(
    inputs: Tensor,
    numbers: tuple[float, float, float, float | None, int | None],
    clamp: Tensor | None,
) -> tuple[float, float, float, float | None, int | None]:
    gain, c, eta, eta_inhibition, k = numbers
    sizes: dict[str, int] = {}
    _checks.floating("inputs", _checks.tensor("inputs", inputs, "T B N", sizes))
    _checks.finite("inputs", inputs)
    gain, c = _checks.number("gain", gain, 0), _checks.number("inhibition", c, 0)
    eta = _checks.number("eta", eta, 0, 1)
    if k is not None:
        _checks.integer("k", k, 0, sizes["N"])
    if eta_inhibition is not None:
        eta_inhibition = _checks.number("eta_inhibition", eta_inhibition, 0, 1)
        if k is not None:
            raise ValueError(
                f"inhibition is of one kind, got k={k} fixed interneurons and a plastic one: leave "
                "out k or eta_inhibition"
            )
    if clamp is not None:
        _checks.tensor("clamp", clamp, "T B N", sizes, like=inputs, boolean=True)
        mend = "a clamped unit's output is 2 * r - 1, of a rate r in [0, 1]"
        _checks.inside("inputs", torch.where(clamp, inputs, 0.0), -1, 1, mend)
    return gain, c, eta, eta_inhibition, k


def _checked(state: DaleMemory, inputs: Tensor) -> DaleMemory:
    """Return a state that fits, of which nothing is below 0, or raise."""
    _checks.of_type("state", state, DaleMemory, "use what run returned, or memory.at_rest(inputs)")
    sizes = dict(zip("TBN", inputs.shape, strict=True))
    axes = {"r": "B N", "both": "B N N", "sent": "B N", "received": "B N", "share": "", "u": "B N"}
    for name, its in axes.items():
        value = _checks.tensor(f"state.{name}", getattr(state, name), its, sizes, like=inputs)
        mend = "rates and strengths do not cross zero"
        _checks.inside(f"state.{name}", value, 0, 1 + 1e-6, mend)
    return state


@torch.no_grad()
@_checks.in_full_precision
def quick(
    inputs: Tensor,
    numbers: tuple[float, float, float],
    eta_inhibition: float | None = None,
    k: int | None = None,
    clamp: Tensor | None = None,
    *,
    rates: bool = False,
) -> Tensor:
    """Return what :func:`run_signed` does, or :func:`run` with ``rates``, without any matrix.

    The trace is a sum of outer products of the steps so far, each of which is asked how much it
    resembles what is sent now. For large networks and short episodes.

    Parameters
    ----------
    inputs, eta_inhibition, k, clamp
        As for :func:`run`.
    numbers : tuple of float
        gain, inhibition and eta.
    rates : bool
        Whether cells send their rates.

    Returns
    -------
    Tensor
        ``y``, shape (T, B, N).
    """
    gain, c, eta, eta_inhibition, k = _check(inputs, (*numbers, eta_inhibition, k), clamp)
    more = 1.0 if _checks.flag("rates", rates) else 0.0
    steps, batch, n = inputs.shape
    y = inputs.new_zeros(batch, steps + 1, n)  # before the first step, and after each
    none = inputs.new_zeros(())
    u = torch.full_like(inputs[0], 0.5)
    for t, x in enumerate(inputs):
        y[:, t + 1] = x
        if clamp is None or not bool(clamp[t].all()):
            now, written = y[:, t], none
            if t:
                kept = eta * (1 - eta) ** torch.arange(t - 1, -1, -1).to(x)
                alike = (y[:, :t] @ (now + more).unsqueeze(-1)).squeeze(-1)
                written = ((kept * alike).unsqueeze(1) @ y[:, 1 : t + 1]).squeeze(1)
            seen = DaleMemory((1 + now) / 2, none, none, none, none, u)
            brake = c * (2 * felt(seen, k, eta_inhibition) - 1)
            new = torch.tanh(x + gain / n * written - brake)
            y[:, t + 1] = new if clamp is None else torch.where(clamp[t], x, new)
        if eta_inhibition is not None:
            u = u + eta_inhibition * ((1 + y[:, t + 1]) / 2 - u)
    return y[:, 1:].transpose(0, 1)
