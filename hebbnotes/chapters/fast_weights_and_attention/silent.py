"""A memory in which nothing fires: what facilitation, and what a fast Hebbian trace, brings back.

Assemblies, sets of cells that excite each other, are stored; one is cued, all fall silent, and
after a delay activity starts at random. Always as many cells are active as an assembly has.
Shapes: B trials, n cells, A assemblies.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.neurons.facilitation import Facilitation

__all__ = ["Assemblies", "Cued", "recalled"]


@dataclass(frozen=True, kw_only=True)
class Cued:
    """What a cue leaves behind.

    Attributes
    ----------
    stored : bool
        Whether the assembly that is cued is one of those that are stored, or a new one.
    facilitates : bool
        Whether cells that were active release more for a while, at all their synapses.
    strength : float
        Of a fast Hebbian trace between cells that were active together, in units of a stored
        synapse's strength.
    """

    stored: bool = True
    facilitates: bool = False
    strength: float = 0.0

    def __post_init__(self) -> None:
        _checks.flag("stored", self.stored)
        _checks.flag("facilitates", self.facilitates)
        _checks.number("strength", self.strength, 0)


@dataclass(frozen=True, kw_only=True)
class Assemblies:
    """A network with stored assemblies.

    Attributes
    ----------
    n, size, stored : int
        Cells, cells of an assembly, and how many assemblies are stored.
    spikes, gap : int, float
        Spikes of each cell of the assembly that is cued, so many seconds apart.
    steps : int
        In which activity settles.
    synapse : Facilitation
    tau : float
        Time constant of the fast trace, in seconds.
    """

    n: int = 400
    size: int = 40
    stored: int = 10
    spikes: int = 20
    gap: float = 0.02
    steps: int = 10
    synapse: Facilitation = field(default_factory=Facilitation)
    tau: float = 1.5

    def __post_init__(self) -> None:
        _checks.integer("n", self.n)
        _checks.integer("size", self.size, 1, self.n)
        for name in ("stored", "spikes", "steps"):
            _checks.integer(name, getattr(self, name), 0)
        _checks.number("gap", self.gap, 0)
        _checks.of_type("synapse", self.synapse, Facilitation, "use Facilitation(rest, tau)")
        if _checks.number("tau", self.tau, 0) == 0:
            raise ValueError("tau must be above 0, got 0: it is a time constant, in seconds")


def _sets(batch: int, several: int, its: Assemblies, g: torch.Generator) -> Tensor:
    """Draw sets of cells, (B, several, n), 1 and 0."""
    drawn = torch.rand(batch, several, its.n, generator=g)
    return torch.zeros_like(drawn).scatter_(-1, drawn.topk(its.size).indices, 1.0)


def recalled(
    its: Assemblies, cued: Cued, delay: float, batch: int, generator: torch.Generator
) -> Tensor:
    """Return with which share of its cells each assembly is active in the end, (B, A + 1).

    The last column is that of the assembly that was cued, the others are the stored ones; a stored
    one that is cued is both the first and the last.

    Parameters
    ----------
    its : Assemblies
    cued : Cued
    delay : float, seconds of silence
    batch : int, trials, each with assemblies of its own
    generator : torch.Generator
    """
    _checks.generator(generator, "cpu")
    _checks.integer("batch", batch)
    _checks.of_type("its", its, Assemblies, "use Assemblies()")
    _checks.of_type("cued", cued, Cued, "use Cued()")
    _checks.number("delay", delay, 0)
    if cued.stored and its.stored == 0:
        raise ValueError(
            "its.stored must be 1 or more where a stored assembly is cued, got 0: use "
            "Cued(stored=False) for a new one"
        )
    g = generator
    stored, new, start = (_sets(batch, k, its, g) for k in (its.stored, 1, 1))
    target = stored[:, :1] if cued.stored else new
    u = its.synapse.start(batch, its.n)
    if cued.facilitates:
        for _ in range(its.spikes):
            u = its.synapse.step(u, target[:, 0], its.gap)
        u = its.synapse.fade(u, delay)
    fast = cued.strength * torch.tensor(-delay / its.tau).exp()
    sets, strengths = torch.cat([stored, target], 1), torch.ones(its.stored + 1)
    strengths[-1] = fast
    own = (strengths[:, None] * sets).sum(1)  # of a cell onto itself, which has no synapse
    y = start[:, 0]
    for _ in range(its.steps):
        sent = u * y
        through = strengths * (sets @ sent.unsqueeze(-1)).squeeze(-1)
        drive = (through.unsqueeze(1) @ sets).squeeze(1) - own * sent
        # what ties is decided by chance
        drive = drive + 1e-3 * torch.rand(drive.shape, generator=g)
        y = torch.zeros_like(y).scatter_(-1, drive.topk(its.size).indices, 1.0)
    return (sets @ y.unsqueeze(-1)).squeeze(-1) / its.size
