"""Networks that predict the next letter: four arms of equally many cells, and of numbers to less
than half a per cent.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from hebbnotes import _checks
from hebbnotes.chapters.neuromodulation_at_work.language.cells import (
    CONSTANT,
    CellState,
    CellWriting,
    made,
    rest,
)
from hebbnotes.chapters.neuromodulation_at_work.language.chunks import chunk

__all__ = [
    "ARMS",
    "PlasticReader",
    "Reader",
    "Reading",
    "RetroactiveReader",
    "SimpleReader",
    "reader",
]

ETA, ETA_E, ALPHA = 0.01, 0.1, 0.01
"""Where forgetting, the eligibility trace and the gains begin."""
FIRST = 5.0
"""How many times the other first weights those of the letters are: one letter alone is heard."""


class Reading(NamedTuple):
    """What a network makes of a chunk.

    Attributes
    ----------
    scores : Tensor (T, B, letters), before the softmax
    signal : Tensor (T, B), M after each letter
    state : CellState, without a gradient
    """

    scores: Tensor
    signal: Tensor
    state: CellState


class Reader(nn.Module):
    """A long short-term memory that reads letters; others have a plastic path to its cell input.

    Parameters
    ----------
    n : int, cells; those of the plastic path are the only numbers in which arms differ
    n_letters : int
    generator : torch.Generator
        Of weights uniform within ``1 / sqrt(n)``, the same for all arms, those of the letters
        :data:`FIRST` times that; what keeps begins with a bias of 1.
    """

    def __init__(self, n: int, n_letters: int, generator: torch.Generator) -> None:
        super().__init__()
        _checks.room(n=_checks.integer("n", n), letters=_checks.integer("n_letters", n_letters))
        _checks.generator(generator)

        def drawn(*shape: int) -> Tensor:
            return (2 * torch.rand(*shape, generator=generator) - 1) / n**0.5

        self.letters = nn.Parameter(FIRST * drawn(n_letters, 4 * n))
        self.w, self.readout = nn.Parameter(drawn(n, 4 * n)), nn.Parameter(drawn(n, n_letters))
        self.bias = nn.Parameter((torch.arange(4 * n) // n == 1).float())  # what keeps
        self.offset = nn.Parameter(torch.zeros(n_letters))
        self._path(drawn(n).abs(), torch.randn(n, generator=generator))

    def _path(self, gains: Tensor, read: Tensor) -> None:
        """Add the numbers of the plastic path, made of what is drawn for it, (n,) each."""

    def writing(self) -> CellWriting | None:
        """Return how its plastic path is written, or None if it has none."""
        return None

    def rest(self, n_streams: int) -> CellState:
        """Return the state of a network that has read nothing."""
        return rest(self.w.detach(), n_streams, self.writing())

    def forward(
        self, letters: Tensor, state: CellState | None = None, writing: CellWriting | None = None
    ) -> Reading:
        """Read letters (T, B), numbers from 0 on; ``writing`` is used instead of its own."""
        most = len(self.letters) - 1
        if _checks.tensor("letters", letters, "T B", {}).dtype != torch.int64:
            raise TypeError(f"letters must be int64, got {letters.dtype}: use letters.long()")
        _checks.inside("letters", letters, 0, most, "use numbers of Text.letters")
        self._check_writing(writing)
        state = self.rest(letters.shape[1]) if state is None else state
        self._check_state(state, letters.shape[1])
        writing = self.writing() if writing is None else writing
        x = embedding(letters, self.letters) + self.bias
        h, state = chunk(x, self.w, writing, state)
        signal = torch.zeros_like(h[..., 0]) if writing is None else made(h, writing)
        return Reading(h @ self.readout + self.offset, signal, state)

    def _check_writing(self, writing: CellWriting | None) -> None:
        """Raise unless a writing is one that this arm can have."""
        if writing is None:
            return
        _checks.of_type("writing", writing, CellWriting, "use net.writing()")
        own = self.writing()
        if own is None:
            raise ValueError("writing must be None, an LSTM has no plastic path: leave it out")
        if (writing.eta_e is None) != (own.eta_e is None):
            raise ValueError(
                f"writing must have {'no' if own.eta_e is None else 'an'} eta_e in a "
                f"{type(self).__name__}: change that of net.writing() with _replace"
            )
        _checks.tensor("writing.alpha", writing.alpha, "n", {"n": len(self.w)}, self.w, "w")

    def _check_state(self, state: CellState, streams: int) -> None:
        """Raise unless a state is one that this network leaves behind, of so many streams."""
        _checks.of_type("state", state, CellState, "use net.rest(streams)")
        wanted = self.rest(streams)._asdict()
        for name, own in state._asdict().items():
            if (own is None) != (wanted[name] is None):
                raise ValueError(
                    f"state.{name} must be {'None' if own is not None else 'a tensor'} in a "
                    f"{type(self).__name__}: it is a state of another arm, use net.rest({streams})"
                )
            if own is not None:
                sizes = {"B": streams, "n": len(self.w), "m": len(self.w)}
                axes = "B n m" if wanted[name].ndim == 3 else "B n"
                _checks.tensor(f"state.{name}", own, axes, sizes, self.w, "w")


class PlasticReader(Reader):
    """The same with a plastic path, which is written at every letter.

    Attributes
    ----------
    alpha : Tensor (n,), the gains in units of ``1 / sqrt(n)``
    """

    def _path(self, gains: Tensor, read: Tensor) -> None:
        self.alpha = nn.Parameter(ALPHA * len(gains) ** 0.5 * gains)
        self.eta_logit = nn.Parameter(torch.tensor(_logit(ETA)))

    def writing(self) -> CellWriting:
        """Return how its plastic path is written."""
        return CellWriting(self.alpha / len(self.w) ** 0.5, torch.sigmoid(self.eta_logit))


class SimpleReader(PlasticReader):
    """The same with a signal M of its own, which begins at :data:`.cells.CONSTANT`, by which its
    plastic path is written.
    """

    def _path(self, gains: Tensor, read: Tensor) -> None:
        super()._path(gains, read)
        self.read = nn.Parameter(0.1 * read / len(read) ** 0.5)
        self.m_bias = nn.Parameter(torch.tensor(math.atanh(CONSTANT)))

    def writing(self) -> CellWriting:
        """Return how its plastic path is written."""
        return super().writing()._replace(read=self.read, bias=self.m_bias)


class RetroactiveReader(SimpleReader):
    """The same with an eligibility trace: the signal writes what was before."""

    def _path(self, gains: Tensor, read: Tensor) -> None:
        super()._path(gains, read)
        self.eta_e_logit = nn.Parameter(torch.tensor(_logit(ETA_E)))

    def writing(self) -> CellWriting:
        """Return how its plastic path is written."""
        return super().writing()._replace(eta_e=torch.sigmoid(self.eta_e_logit))


ARMS = {
    "LSTM": Reader,
    "plastic": PlasticReader,
    "simple": SimpleReader,
    "retroactive": RetroactiveReader,
}
"""All arms, by name."""


def reader(arm: str, n: int, n_letters: int, generator: torch.Generator) -> Reader:
    """Return a new network of an arm; arguments as for :class:`Reader`.

    >>> net = reader("simple", 20, 65, torch.Generator().manual_seed(0))
    >>> net(torch.zeros(50, 2, dtype=torch.int64)).scores.shape
    torch.Size([50, 2, 65])
    """
    return ARMS[_checks.choice("arm", arm, tuple(ARMS))](n, n_letters, generator)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
