"""What the checks of arguments cost, as a share of the time of a call.

``python -m tools.checks_cost`` (or ``make bench``) measures a small
network without gradients, where they weigh most: once as it is, once with every check of
``hebbnotes._checks`` handing on its value unseen, in turn; the share is the median of the
rounds' ratios.
"""

import inspect
import statistics
import time
from contextlib import ExitStack
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from hebbnotes import PlasticRNN, _checks
from hebbnotes.networks import loop

__all__ = ["share_of_checks"]


def _unseen() -> ExitStack:
    """Have every check hand on its value, until the stack is closed."""
    stack = ExitStack()
    for name, check in vars(_checks).items():
        if inspect.isfunction(check) and check.__module__ == _checks.__name__:
            places = list(inspect.signature(check).parameters)
            if "value" in places and name not in ("known", "got"):
                k = places.index("value")
                stack.enter_context(mock.patch.object(_checks, name, lambda *a, _k=k, **_: a[_k]))
    stack.enter_context(mock.patch.object(loop, "check_connections", _sizes_alone))
    return stack


def _sizes_alone(inputs: Tensor, w: Tensor, *others: Any) -> None:
    """Tell the sizes of the axes, as the checks do beside."""
    sizes = next(other for other in others if isinstance(other, dict))
    sizes.update(T=inputs.shape[0], B=inputs.shape[1], n=w.shape[1])


def share_of_checks(rounds: int = 200, repeats: int = 5) -> float:
    """Return the share of ``PlasticRNN(64)`` on inputs (20, 16, 64) that its checks take."""
    network, inputs = PlasticRNN(64), torch.randn(20, 16, 64, generator=torch.Generator())

    def seconds() -> float:
        start = time.process_time()
        for _ in range(repeats):
            network(inputs)
        return time.process_time() - start

    ratios = []
    with torch.no_grad():
        seconds()
        for _ in range(rounds):
            checked = seconds()
            with _unseen():
                ratios.append(1 - seconds() / checked)
    return statistics.median(ratios)


if __name__ == "__main__":
    print(f"Checks take {share_of_checks():.1%} of PlasticRNN(64) on (20, 16, 64), no gradient.")
