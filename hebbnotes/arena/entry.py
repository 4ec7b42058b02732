"""What a reader enters: one file with a rule, which is refused with its mend if it cannot run."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks
from hebbnotes.arena.memories import SUPPLIED
from hebbnotes.arena.scores import RATES
from hebbnotes.plasticity.stepper import change, declared

__all__ = ["MOST_RATES", "Caught", "Entry", "Refused", "load"]

MOST_RATES = 12
"""Learning rates that an entry may name."""
_FORM = "def rule(w, pre, post): return pre[..., :, None] * post[..., None, :]"


class Refused(Exception):
    """An entry cannot run: what was wrong, what was expected, and the mend."""


class Caught(Exception):
    """An entry sees what no rule may see."""


class Entry(NamedTuple):
    """A rule that was entered.

    Attributes
    ----------
    name : str, of its file
    rule : callable, ``rule(w, pre, post) -> dw``
    rates : tuple of float, the learning rates that are tried
    """

    name: str
    rule: Callable[..., Tensor]
    rates: tuple[float, ...]


def load(path: str | Path) -> Entry:
    """Run a file, and return the rule that it defines.

    Parameters
    ----------
    path : path to a file of Python
        It defines ``rule(w, pre, post)``, which may declare ``drive`` and ``modulator``; and
        ``RATES`` if it likes, at most :data:`MOST_RATES` learning rates.

    Raises
    ------
    Refused
        If there is no such file, it fails, or what it defines cannot be a rule.
    """
    path = Path(path)
    if path.suffix != ".py" or not path.is_file():
        raise Refused(
            f"there is no file of Python at {path}: expected one such as my_rule.py that holds "
            f"`{_FORM}`"
        )
    module = ModuleType("_entry")
    module.__file__ = str(path)
    sys.modules["_entry"] = module  # for classes that look for where they were made
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:
        raise Refused(
            f"{path.name} fails while it is read: {type(error).__name__}: {error}; run it by "
            f"itself, `python -I {path.name}`, until it ends without an error: one file, with "
            "nothing beside it, and no exit"
        ) from error
    rule = getattr(module, "rule", None)
    if not callable(rule):
        raise Refused(
            f"{path.name} defines no function `rule`, got {_checks.got(rule)}: write `{_FORM}`"
        )
    return _tried(Entry(path.stem, rule, _rates(path, getattr(module, "RATES", RATES))))


def _rates(path: Path, rates: object) -> tuple[float, ...]:
    """Return the learning rates, or raise Refused."""
    try:
        listed = [float(rate) for rate in rates]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        listed = []
    if not 1 <= len(listed) <= MOST_RATES or not all(0 < rate <= 1e3 for rate in listed):
        raise Refused(
            f"RATES of {path.name} must be 1 to {MOST_RATES} learning rates above 0, at most "
            f"1000, got {_checks.got(rates)}: write RATES = [0.05, 0.1, 0.3], or leave it out"
        )
    return tuple(listed)


def _tried(entry: Entry) -> Entry:
    """Return an entry whose rule runs with one episode and with two, or raise Refused."""
    try:
        names = declared(entry.rule)
    except Exception as error:
        raise Refused(f"rule(w, pre, post) is expected: {error}") from error
    unknown = [name for name in names if name not in SUPPLIED]
    if unknown:
        raise Refused(
            f"rule declares {', '.join(map(repr, unknown))}; the arena supplies "
            f"{' and '.join(SUPPLIED)}: leave it out, or give it a value, "
            f"{unknown[0]}=1.0, if it is a constant"
        )
    g = torch.Generator().manual_seed(0)
    for batch in (1, 2):
        w = torch.randn(batch, 4, 3, generator=g)
        pre, post, drive, modulator = (torch.randn(batch, n, generator=g) for n in (4, 3, 3, 1))
        try:
            dw = change(entry.rule, w, pre, post, drive=drive, modulator=modulator.squeeze(-1))
        except Exception as error:
            raise Refused(
                f"rule fails with w of shape {tuple(w.shape)} (episodes, senders, receivers), "
                f"pre {tuple(pre.shape)} and post {tuple(post.shape)}: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not dw.isfinite().all():
            raise Refused(
                "rule returns NaN or infinity for weights and activities of ordinary sizes: look "
                "for a division by 0, a root or a logarithm of a negative number"
            )
    return entry
