"""Circuits of excitatory and inhibitory cells: balance by itself, inhibition that becomes tuned,
and a gate that VIP cells open. Strengths and rates are this book's.

The balanced network is that of van Vreeswijk & Sompolinsky (1996): binary cells, of which each gets
some K inputs of each kind, of strength ``1 / sqrt(K)``. In the gate, two populations hear the same
channels; in each, PV cells inhibit excitatory cells and each other, SST cells all but each other,
and VIP cells SST cells (Pfeffer and others, 2013, mouse visual cortex).
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.networks import dale
from hebbnotes.plasticity import rules

__all__ = [
    "CONNECTIONS",
    "Balanced",
    "Circuit",
    "Gated",
    "Means",
    "Simulated",
    "Tuned",
    "circuit",
    "gated",
    "limit",
    "means",
    "simulate",
    "tuned",
]


@dataclass(frozen=True)
class Balanced:
    """Constants of a balanced network; those of the inhibitory cells stand second.

    Attributes
    ----------
    k : int; mean number K of inputs that a cell has of each kind.
    outside : float; activity m0 of the cells outside that drive it.
    driven : tuple of float; strengths E and I of what comes from outside.
    inhibits : tuple of float; strengths J_E and J_I of inhibition; excitation within the
        network has the strength 1.
    thresholds : tuple of float; of the two kinds of cells.
    """

    k: int = 100
    outside: float = 0.2
    driven: tuple[float, float] = (1.0, 0.8)
    inhibits: tuple[float, float] = (2.0, 1.8)
    thresholds: tuple[float, float] = (1.0, 0.7)

    def __post_init__(self) -> None:
        _checks.integer("k", self.k)
        _checks.number("outside", self.outside, 0, 1)
        for value in (*self.driven, *self.inhibits, *self.thresholds):
            _checks.number("each strength and threshold", value, 1e-9)
        (e, i), (j_e, j_i) = self.driven, self.inhibits
        if not e / i > j_e / j_i > 1:
            raise ValueError(
                f"driven and inhibits must satisfy E / I > J_E / J_I > 1, got {e / i:g} and "
                f"{j_e / j_i:g}: without it there is no balance"
            )


def limit(network: Balanced) -> tuple[float, float]:
    """Return the shares of active cells, excitatory and inhibitory, for infinitely many inputs.

    ``m_E = m0 (J_I E - J_E I) / (J_E - J_I)`` and ``m_I = m0 (E - I) / (J_E - J_I)``: where
    excitation and inhibition of the size ``sqrt(K)`` cancel. They are linear in the drive, though
    no cell is.

    Notes
    -----
    Source: eq-balance; van Vreeswijk & Sompolinsky (1996).
    """
    (e, i), (j_e, j_i) = network.driven, network.inhibits
    m0 = network.outside / (j_e - j_i)
    m_e, m_i = m0 * (j_i * e - j_e * i), m0 * (e - i)
    if (most := max(m_e, m_i)) > 1:
        raise ValueError(f"outside={network.outside:g} asks for a share of {most:.3g}: use less")
    return m_e, m_i


class Means(NamedTuple):
    """What holds on average in a network with K inputs each, of infinitely many cells.

    Attributes
    ----------
    active : tuple of float; shares of excitatory and of inhibitory cells that are active.
    excitation, inhibition : float; mean currents into an excitatory cell, in thresholds.
    spread : float; standard deviation of its current, in thresholds.
    """

    active: tuple[float, float]
    excitation: float
    inhibition: float
    spread: float


def means(network: Balanced, *, steps: int = 20_000, rate: float = 0.05) -> Means:
    """Return the mean activities for a finite K, by letting the two averages relax.

    ``m = Phi((u - threshold) / spread)`` with ``u = sqrt(K) (driven m0 + m_E - J m_I)`` and
    ``spread**2 = m_E + J**2 m_I``: inputs are many, weak and independent.

    Notes
    -----
    Source: van Vreeswijk & Sompolinsky (1998), for inputs that are constant from outside.
    """
    m_e, m_i = limit(network)
    root = network.k**0.5
    step = _checks.number("rate", rate, 1e-9, 1) / max(1.0, root / 10)

    def aimed(kind: int) -> float:
        u = root * (network.driven[kind] * network.outside + m_e - network.inhibits[kind] * m_i)
        spread = (m_e + network.inhibits[kind] ** 2 * m_i) ** 0.5
        z = (u - network.thresholds[kind]) / max(spread, 1e-12)
        return math.erfc(-z / math.sqrt(2)) / 2

    for _ in range(_checks.integer("steps", steps)):
        new_e, new_i = aimed(0), aimed(1)
        m_e, m_i = m_e + step * (new_e - m_e), m_i + step * (new_i - m_i)
    unit = root / network.thresholds[0]
    return Means(
        (m_e, m_i),
        unit * (network.driven[0] * network.outside + m_e),
        unit * network.inhibits[0] * m_i,
        (m_e + network.inhibits[0] ** 2 * m_i) ** 0.5 / network.thresholds[0],
    )


class Simulated(NamedTuple):
    """What a simulated balanced network did, after it had settled.

    Attributes
    ----------
    active : Tensor; shares of excitatory and inhibitory cells that are active, over time, (T, 2).
    excitation, inhibition : Tensor; currents into one excitatory cell over time, in thresholds,
        shape (T,).
    mean : tuple of float; means of these currents over all excitatory cells and over time,
        excitation first.
    """

    active: Tensor
    excitation: Tensor
    inhibition: Tensor
    mean: tuple[float, float]


def simulate(
    network: Balanced, generator: torch.Generator, *, n: int = 1000, sweeps: int = 40
) -> Simulated:
    """Run a balanced network of n excitatory and n inhibitory cells, a twentieth of it at a time.

    Every pair is connected with the chance ``k / n``. A sweep updates as many cells as there are,
    drawn at random; what is returned is the second half of the sweeps, twenty steps each. For
    inputs to be independent, ``n`` should be several times k.
    """
    _checks.of_type("network", network, Balanced, "use balanced.Balanced(k=100)")
    _checks.generator(generator, "cpu")
    n = _checks.integer("n", n, network.k)
    sweeps = _checks.integer("sweeps", sweeps, 2, 10**5)
    _checks.room(cells=2 * n, inputs=2 * n)
    # [post, pre], so that the inputs of a cell lie side by side
    wired = (torch.rand(2 * n, 2 * n, generator=generator) < network.k / n).float()
    kind = (torch.arange(2 * n) >= n).long()
    level = network.outside * network.k * torch.tensor(network.driven)[kind]
    inhibits = torch.tensor(network.inhibits)[kind]
    bar = torch.tensor(network.thresholds)[kind] * network.k**0.5
    state = (torch.rand(2 * n, generator=generator) < network.outside).float()
    active, traces, sums, at_once = [], [], [], max(1, 2 * n // 20)
    unit = 1 / (network.k**0.5 * network.thresholds[0])
    for step in range(20 * sweeps):
        rows = torch.randint(2 * n, (at_once,), generator=generator)
        told = wired[rows]
        excites = told[:, :n] @ state[:n] + level[rows]
        inhibited = inhibits[rows] * (told[:, n:] @ state[n:])
        state[rows] = (excites - inhibited > bar[rows]).float()
        if step >= 10 * sweeps:
            active.append(torch.stack([state[:n].mean(), state[n:].mean()]))
            first = wired[0]
            inward = first[:n] @ state[:n] + level[0], inhibits[0] * (first[n:] @ state[n:])
            traces.append(torch.stack(inward))
            e = rows < n
            sums.append(torch.stack([excites[e].sum(), inhibited[e].sum(), e.float().sum()]))
    total = torch.stack(sums).sum(0)
    trace = unit * torch.stack(traces)
    mean = (float(unit * total[0] / total[2]), float(unit * total[1] / total[2]))
    return Simulated(torch.stack(active), trace[:, 0], trace[:, 1], mean)


class Tuned(NamedTuple):
    """A cell whose inhibition has learned to follow its excitation.

    Attributes
    ----------
    excitatory : Tensor; fixed strengths of its channels' excitation, shape (n,).
    inhibitory : Tensor; strengths of their inhibition at the start and after each ``every``
        steps, shape (K, n).
    rate : Tensor; mean rate of the cell since the last look, shape (K - 1,).
    weighted : Tensor; the same, each input weighted by what its inhibitory channels send.
    """

    excitatory: Tensor
    inhibitory: Tensor
    rate: Tensor
    weighted: Tensor


def tuned(
    generator: torch.Generator,
    *,
    n: int = 8,
    target: float = 0.3,
    eta: float = 0.01,
    steps: int = 1_000,
    batch: int = 20,
    every: int = 50,
) -> Tuned:
    """Let the inhibition of one rectified cell learn by :func:`.inhibitory`, channel by channel.

    Excitation is tuned to the channels in the middle, inhibition is equal at first. Each input is
    the activity of the channels, exponential; both kinds of cells of a channel send it.

    Parameters
    ----------
    generator : torch.Generator
    n, steps, batch, every : int
        Channels, steps, inputs of each step, and steps between two looks.
    target, eta : float
        See :func:`.inhibitory`, and the rate of learning.
    """
    _checks.generator(generator, "cpu")
    for name, value in (("n", n), ("batch", batch), ("every", every), ("steps", steps)):
        _checks.integer(name, value, every if name == "steps" else 1)
    rule = partial(rules.inhibitory, target=_checks.number("target", target, 0))
    place = torch.arange(n) - (n - 1) / 2
    excitatory = 0.2 + torch.exp(-place.square() / (n / 3))
    w = torch.full((n, 1), 0.2)
    history, looks, seen = [w[:, 0]], [], []
    for step in range(1, steps + 1):
        x = torch.empty(batch, n).exponential_(generator=generator)
        post = torch.relu(x @ (excitatory.unsqueeze(-1) - w))
        w = (w + eta * rules.average(rule, w, x, post)).clamp(min=0)
        seen.append((post.mean(), (x * post).mean() / x.mean()))
        if step % every == 0:
            history.append(w[:, 0])
            looks.append(torch.tensor(seen).mean(0))
            seen = []
    return Tuned(excitatory, torch.stack(history), *torch.stack(looks).T)


CONNECTIONS = {
    ("excitatory", "PV"): 0.5,
    ("PV", "excitatory"): 0.5,
    ("PV", "PV"): 0.5,
    ("SST", "excitatory"): 3.0,
    ("SST", "PV"): 0.5,
    ("SST", "VIP"): 0.2,
    ("VIP", "SST"): 2.0,
}
"""Strengths within a population, from all cells of a type to a cell of another, by their names."""


@dataclass(frozen=True)
class Circuit:
    """What the two populations are made of, and how they learn.

    Attributes
    ----------
    channels, excitatory : int; cells that both populations hear, half of them on in each of two
        patterns; and excitatory cells of a population, besides one PV, SST and VIP cell.
    tonic, opens : float; constant drive of SST cells, and drive of a VIP cell while its
        population is to learn.
    eta, eta_inhibition : float; rates of synapses onto excitatory cells, from channels and from
        PV cells.
    leak : float; see :func:`.dale.run`.
    steps : int; for which each pattern is shown.
    """

    channels: int = 12
    excitatory: int = 4
    tonic: float = 1.0
    opens: float = 1.0
    eta: float = 0.02
    eta_inhibition: float = 0.01
    leak: float = 0.3
    steps: int = 200


def circuit(chosen: Circuit, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return strengths, rates of learning and types of all cells: channels, then each population.

    ``w`` and ``eta`` are (n, n) [pre, post], ``types`` (n,) as in ``rules.TYPES``; a population's
    last three cells are PV, SST and VIP.
    """
    _checks.generator(generator, "cpu")
    m, each = chosen.channels, chosen.excitatory
    if m < 2 or m % 2:
        raise ValueError(f"channels must be even, 2 or more, got {m}: half are on in a pattern")
    own = [*[0] * each, 1, 2, 3]
    types = torch.tensor([*[0] * m, *own, *own])
    home = torch.tensor([*[-1] * m, *[0] * len(own), *[1] * len(own)])
    together = (home.unsqueeze(-1) == home) & (home >= 0)
    w = torch.zeros(len(types), len(types))
    for (one, other), strength in CONNECTIONS.items():
        a, b = rules.TYPES.index(one), rules.TYPES.index(other)
        pairs = together & (types == a).unsqueeze(-1) & (types == b)
        w[pairs] = strength / (each if a == 0 else 1)
    onto = (types == 0) & (home >= 0)
    heard = torch.zeros_like(w, dtype=torch.bool)
    heard[:m] = onto
    drawn = torch.rand(int(heard.sum()), generator=generator)
    w[heard] = (0.5 + drawn) / m**0.5
    eta = chosen.eta * heard.float()
    brakes = together & (types == 1).unsqueeze(-1) & onto
    return w, torch.where(brakes, chosen.eta_inhibition, eta), types


class Gated(NamedTuple):
    """What two populations did while they were shown two patterns, and what they learned.

    Attributes
    ----------
    rates : Tensor; of all cells while they learn, shape (2 * steps, n): the first pattern, then
        the second.
    types : Tensor; of all cells, shape (n,).
    change : Tensor; how far the weights from the channels moved, in their own length, by
        pattern and population, shape (2, 2).
    answers : Tensor; mean rate of a population's excitatory cells when a pattern is shown and
        both gates are open, by pattern and population: before, and after, shape (2, 2, 2).
    """

    rates: Tensor
    types: Tensor
    change: Tensor
    answers: Tensor


def gated(
    generator: torch.Generator,
    opened: tuple[tuple[int, ...], tuple[int, ...]] = ((0,), (1,)),
    chosen: Circuit | None = None,
) -> Gated:
    """Show one pattern and then another, while VIP cells of some populations are driven.

    Learning is by :func:`.rules.by_type`, which sees the types of a synapse's cells.

    Parameters
    ----------
    generator : torch.Generator
    opened : tuple of tuple of int
        During each pattern, the populations (0 and 1) whose VIP cell is driven.
    chosen : Circuit, optional
    """
    chosen = chosen or Circuit()
    w, eta, types = circuit(chosen, generator)
    m, size = chosen.channels, chosen.excitatory + 3
    starts = (m, m + size)

    def told(pattern: int, gates: tuple[int, ...], steps: int) -> Tensor:
        x = torch.zeros(steps, 1, len(types))
        half = m // 2
        x[..., pattern * half : (pattern + 1) * half] = 1
        for start in starts:
            x[..., start + size - 2] = chosen.tonic
        for gate in gates:
            x[..., starts[gate] + size - 1] = chosen.opens
        return x

    def asked(w: Tensor) -> Tensor:
        found = []
        for pattern in (0, 1):
            shown = told(pattern, (0, 1), 60)
            r = dale.run(shown, w, types, 0.0, leak=chosen.leak)[0][-1, 0]
            found.append(torch.stack([r[s : s + chosen.excitatory].mean() for s in starts]))
        return torch.stack(found)

    before, rates, changes = asked(w), [], []
    state = dale.DaleState(w.new_zeros(1, len(w)), w.unsqueeze(0))
    for pattern in (0, 1):
        old = state.w[0]
        shown = told(pattern, opened[pattern], chosen.steps)
        r, state = dale.run(shown, w, types, eta, state=state, leak=chosen.leak)
        rates.append(r[:, 0])
        moved = []
        for s in starts:
            a, b = (one[:m, s : s + chosen.excitatory] for one in (old, state.w[0]))
            moved.append((b - a).norm() / a.norm())
        changes.append(torch.stack(moved))
        state = state._replace(r=torch.zeros_like(state.r))  # the cells fall silent
    after = asked(state.w[0])
    return Gated(torch.cat(rates), types, torch.stack(changes), torch.stack([before, after]))
