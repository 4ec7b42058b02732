"""What a cell may be told by the cells above it: a second pure function beside a rule.

``teach(w_out, back, here, above, modulator) -> error`` says what the cells of a layer are told of
their mistakes; a rule that declares ``error`` says what their synapses make of it. Each is audited
apart: ``check.reads`` and ``check.reads_teacher``.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

__all__ = ["Cells", "Teach"]


class Cells(NamedTuple):
    """Cells of one layer, as a teacher meets them; each tensor has the shape (..., n).

    Attributes
    ----------
    rate : Tensor
        What they send, without unit.
    drive : Tensor
        What their activation function gets.
    error : Tensor
        What they are told of their drive: which way, and how far, it should go.
    """

    rate: Tensor
    drive: Tensor
    error: Tensor


Teach = Callable[[Tensor, Tensor, Cells, Cells, Tensor], Tensor]
"""``teach(w_out, back, here, above, modulator) -> error``.

``w_out`` (..., n, n_above) leads from the cells ``here`` to those ``above``, ``back``
(..., n_above, n) from above to here, ``modulator`` (..., n) is broadcast; ``error`` is (..., n).
"""
