"""Networks without plasticity, called as the plastic ones are, and without a trace."""

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.networks.arguments import as_autocast

__all__ = ["LSTM", "RecurrentNetwork"]


class RecurrentNetwork(nn.Module):
    """Recurrent network of tanh units whose connections do not change in an episode.

    Source: the non-plastic network of Miconi, Stanley & Clune (2018), section 4.2.

    Parameters
    ----------
    n : int, units that the task can clamp: its bits, and the bias unit if there is one
    n_hidden : int, further units, always free, in which the network can hold what it saw
    generator : torch.Generator, of the weights, normal with variance ``1 / (n + n_hidden)``
    """

    def __init__(self, n: int, n_hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.n_hidden = _checks.integer("n_hidden", n_hidden, 0)
        size = _checks.integer("n", n) + n_hidden
        _checks.generator(generator)
        _checks.room(senders=size, receivers=size)
        self.w = nn.Parameter(
            torch.randn(size, size, generator=generator, device=generator.device) / size**0.5
        )

    def forward(
        self, inputs: Tensor, state: None = None, clamp: Tensor | None = None
    ) -> tuple[Tensor, None]:
        """Run an episode from rest: inputs and clamp (T, B, n) give outputs (T, B, n
        + n_hidden).
        """
        inputs = as_autocast(inputs, self.w)
        _fit(inputs, clamp, state, self.w, self.w.shape[0] - self.n_hidden)
        inputs = nn.functional.pad(inputs, (0, self.n_hidden))
        clamp = (
            torch.zeros_like(inputs, dtype=torch.bool)
            if clamp is None
            else nn.functional.pad(clamp, (0, self.n_hidden))
        )
        return _run(inputs, self.w, clamp), None


@_checks.in_full_precision
def _run(inputs: Tensor, w: Tensor, clamp: Tensor) -> Tensor:
    y, outputs = torch.zeros_like(inputs[0]), []
    for drive, held in zip(inputs, clamp, strict=True):
        y = torch.where(held, drive, torch.tanh(y @ w + drive))
        outputs.append(y)
    return torch.stack(outputs)


def _fit(inputs: Tensor, clamp: Tensor | None, state: None, like: Tensor, n: int) -> None:
    sizes = {"n": n}
    _checks.tensor("inputs", inputs, "T B n", sizes, like, "the network's weights")
    _checks.finite("inputs", inputs)
    _checks.finite("the network's weights", like, "look at how they were trained")
    if clamp is not None:
        _checks.tensor("clamp", clamp, "T B n", sizes, like=inputs, boolean=True)
    if state is not None:
        raise ValueError("state must be None: these networks run whole episodes from rest")


class LSTM(nn.Module):
    """Torch's LSTM with a tanh read-out; outputs that the task clamps are taken from the input.

    Source: Hochreiter & Schmidhuber, *Long short-term memory* (1997). The LSTM of Miconi, Stanley &
    Clune (2018), section 4.2, is clamped by weights of its own instead of a read-out.

    >>> network = LSTM(n=21, n_hidden=50, generator=torch.Generator().manual_seed(0))
    >>> network(torch.zeros(10, 2, 21))[0].shape
    torch.Size([10, 2, 21])

    Parameters
    ----------
    n : int, inputs and outputs: the bits of the task, and the bias unit if there is one
    n_hidden : int, cells
    generator : torch.Generator, of the weights, uniform within ``1 / sqrt(n_hidden)``
    """

    def __init__(self, n: int, n_hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        _checks.generator(generator)
        _checks.room(n=_checks.integer("n", n), n_hidden=_checks.integer("n_hidden", n_hidden))
        self.cells = nn.LSTM(n, n_hidden)
        self.readout = nn.Linear(n_hidden, n)
        self.to(generator.device)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(
                    (2 * torch.rand(p.shape, generator=generator, device=generator.device) - 1)
                    / n_hidden**0.5
                )

    def forward(
        self, inputs: Tensor, state: None = None, clamp: Tensor | None = None
    ) -> tuple[Tensor, None]:
        """Run an episode from rest: inputs and clamp (T, B, n) give outputs (T, B, n)."""
        inputs = as_autocast(inputs, self.readout.weight)
        for p in self.parameters():
            _fit(inputs, clamp, state, p, self.readout.out_features)
        answer = self._answer(inputs)
        return answer if clamp is None else torch.where(clamp, inputs, answer), None

    @_checks.in_full_precision
    def _answer(self, inputs: Tensor) -> Tensor:
        return torch.tanh(self.readout(self.cells(inputs)[0]))
