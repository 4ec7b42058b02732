"""Checks of what readers write: of rules, by poisoning, and what checkers of exercises share.

:func:`reads` and :func:`local` find out which numbers the change of one synapse depends on,
:func:`reads_teacher` which ones decide what a cell is told; they serve readers, and whoever adds a
rule.
"""

from hebbnotes.check.answers import expect, numbers, tensors
from hebbnotes.check.holding import held
from hebbnotes.check.poison import Reads, local, reads, reads_teacher

__all__ = ["Reads", "expect", "held", "local", "numbers", "reads", "reads_teacher", "tensors"]
