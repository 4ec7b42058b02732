"""Plastic networks for pictures: one plasticity for each connection, for a group, or for all."""

import torch
from torch import Tensor, nn

from hebbnotes import _checks, tasks
from hebbnotes.experiments.experiment import Weights, loaded
from hebbnotes.networks.arguments import as_autocast
from hebbnotes.networks.loop import State, run
from hebbnotes.networks.plastic import PlasticRNN

__all__ = ["KINDS", "GroupsRNN", "HalvesRNN", "load", "network"]


KINDS: dict[str, str | None] = {
    "full": "full",
    "halves": "halves",
    "shared": "shared",
    "none": None,
}
"""The four ways to set alpha, by name."""


class _SharedRNN(nn.Module):
    """Plastic recurrent network whose connections share plasticities: ``alpha`` spreads them."""

    core: PlasticRNN

    @property
    def alpha(self) -> Tensor:
        """The coefficient of each connection, shape (n, n)."""
        raise NotImplementedError

    @property
    def eta(self) -> Tensor:
        """The rate at which the trace is written, a scalar inside (0, 1)."""
        return self.core.eta

    def forward(
        self, inputs: Tensor, state: State | None = None, clamp: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Run an episode, or go on with one; see :func:`.loop.run`."""
        inputs = as_autocast(inputs, self.core.w)
        return run(inputs, self.core.w, self.alpha, self.eta, self.core.rule, state, clamp)


class HalvesRNN(_SharedRNN):
    """Plastic recurrent network with two plasticities: across the halves of a picture, and
    elsewhere.

    Source: this book; a reduction of Miconi, Stanley & Clune (2018), equation 1.

    Parameters
    ----------
    n_pixels : int
        Pixels, row by row, 2 or more; the first half of them is the upper half of the picture.
    n : int, units, those beyond the pixels included
    eta : float, initial rate at which the trace is written, inside (0, 1)
    generator : torch.Generator, of the initial weights

    Attributes
    ----------
    two : Parameter (2,), the coefficients: across, and elsewhere
    """

    across: Tensor

    def __init__(self, n_pixels: int, n: int, *, eta: float, generator: torch.Generator) -> None:
        _checks.integer("n_pixels", n_pixels, 2)
        _checks.integer("n", n, n_pixels)
        _checks.generator(generator)
        super().__init__()
        self.core = PlasticRNN(n, alpha=None, eta=eta, generator=generator, device=generator.device)
        self.two = nn.Parameter(torch.full((2,), 0.01, device=generator.device))
        # 0 above, 1 below, 2 for units that are no pixels
        half = torch.arange(n, device=generator.device) * 2 // n_pixels
        self.register_buffer("across", half[:, None] + half == 1, persistent=False)

    @property
    def alpha(self) -> Tensor:
        """The coefficient of each connection, shape (n, n)."""
        return torch.where(self.across, self.two[0], self.two[1])


class GroupsRNN(_SharedRNN):
    """Plastic recurrent network whose connections share plasticities in groups.

    Source: this book; a reduction of Miconi, Stanley & Clune (2018), equation 1.

    Parameters
    ----------
    group : Tensor (n, n), integer, the number of each connection's group; -1 stands for connections
        whose plasticity is the mean of those of all groups
    values : Tensor (n_groups,), initial plasticities
    eta : float, initial rate at which the trace is written, inside (0, 1)
    generator : torch.Generator, of the initial fixed weights
    """

    group: Tensor

    def __init__(
        self, group: Tensor, values: Tensor, *, eta: float, generator: torch.Generator
    ) -> None:
        _checks.generator(generator)
        _checks.tensor("group", group, "n n", {})
        _checks.tensor("values", values, "n_groups", {})
        if group.is_floating_point() or not -1 <= group.min() <= group.max() < len(values):
            raise ValueError(
                f"group must hold integers from -1 to {len(values) - 1}, one for each value: "
                f"got {group.dtype} from {group.min()} to {group.max()}"
            )
        super().__init__()
        device = generator.device
        self.core = PlasticRNN(len(group), alpha=None, eta=eta, generator=generator, device=device)
        self.values = nn.Parameter(values.to(device).clone())
        self.register_buffer("group", group.to(device), persistent=False)

    @property
    def alpha(self) -> Tensor:
        """The coefficient of each connection, shape (n, n)."""
        return torch.cat([self.values, self.values.mean()[None]])[self.group]


def network(
    alpha: str | None, task: tasks.PatternCompletion, eta: float, generator: torch.Generator
) -> PlasticRNN | HalvesRNN:
    """Return an untrained network; ``alpha`` is that of :class:`.PlasticRNN`, or "halves" for two
    numbers.
    """
    _checks.generator(generator)
    if alpha == "halves":
        return HalvesRNN(task.n_bits, task.n_units, eta=eta, generator=generator)
    return PlasticRNN(
        task.n_units, alpha=alpha, eta=eta, generator=generator, device=generator.device
    )


def load(
    alpha: str | None, task: tasks.PatternCompletion, weights: Weights, prefix: str = ""
) -> PlasticRNN | HalvesRNN:
    """Return a trained network: the one of :func:`network`, with those weights whose names begin
    with a prefix.

    Raises
    ------
    RuntimeError
        If weights are missing or do not fit.
    """
    return loaded(network(alpha, task, 0.01, torch.Generator()), weights, prefix)
