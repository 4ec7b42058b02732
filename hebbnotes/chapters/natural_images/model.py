"""A plastic network with two plasticities."""

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import as_autocast
from hebbnotes.networks.loop import State, run
from hebbnotes.networks.plastic import PlasticRNN

__all__ = ["HalvesRNN"]


class HalvesRNN(nn.Module):
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
