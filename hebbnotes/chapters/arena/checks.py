"""Checkers of the exercises on the arena."""

import json
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, check
from hebbnotes.arena import __main__ as command
from hebbnotes.arena.audit import audit
from hebbnotes.arena.entry import Caught
from hebbnotes.arena.memories import Matrix
from hebbnotes.arena.scores import RATES, overlaps
from hebbnotes.arena.streams import stream
from hebbnotes.check import expect, numbers
from hebbnotes.plasticity import rules
from hebbnotes.plasticity.stepper import change

__all__ = ["better", "bits", "cheat", "enter"]


def bits(count: Callable[..., Any]) -> None:
    """Check a reader's ``f(d, writes)``, which counts the pairs of a list at equal bits."""
    counted = numbers(count, "f(d, writes)")
    for d, writes in ((32, 8), (64, 8), (32, 3), (10, 100)):
        levels = 2 * writes + 1
        wanted = d * d * torch.tensor(float(levels)).log2().item() / (2 * d)
        mine = counted(d, writes)
        expect(
            abs(mine - wanted) <= 1.0 + 1e-6,
            f"with {d} cells at each end and a range of {writes} writes it should be about "
            f"{wanted:.1f} pairs, got {mine:.1f}: a synapse has {levels} levels, d times d of them "
            "have d d log2(levels) bits, and a pair of signs has 2 d",
        )
    print("Yes: as many bits in the list as in the matrix.")


def _overlaps(rule: Callable[..., Tensor], task: str) -> Tensor:
    """Return the overlaps of a rule at all rates, in sparse keys."""
    drawn = stream(task, "sparse", 24, torch.Generator().manual_seed(11))
    return overlaps(Matrix(rule, RATES), drawn, torch.Generator().manual_seed(12))


@cache
def _hebb(task: str) -> float:
    """Return the overlap of Hebb's rule at its best rate."""
    return float(_overlaps(rules.hebb, task).max())


def better(rule: Callable[..., Tensor]) -> None:
    """Check a reader's local rule: it re-binds better than Hebb, and keeps in silence."""
    _changes(rule)
    verdict = audit(rule)
    expect(
        verdict.kind == "local",
        f"{verdict.sentence()}: use nothing but w, pre and post of the synapse itself",
    )
    rebound, hebb = _overlaps(rule, "re-bind"), _hebb("re-bind")
    rate = int(rebound.argmax())
    mine = float(rebound[rate])
    expect(
        mine > hebb + 0.2,
        f"it re-binds no better than Hebb: {mine:.2f}, and Hebb {hebb:.2f}. Forget the old value "
        "where a new one is written",
    )
    mine, hebb = float(_overlaps(rule, "blanks")[rate]), _hebb("blanks")
    expect(
        mine > hebb - 0.03,
        f"at the rate that re-binds it forgets in silence: {mine:.2f}, and Hebb {hebb:.2f}. Where "
        "no sender is active nothing should be forgotten",
    )
    print("Yes: it sees its own weight and two ends, re-binds, and keeps in silence.")


def cheat(rule: Callable[..., Tensor]) -> None:
    """Check that a reader's cheat passes poison, and that the arena's audit catches it."""
    _changes(rule)
    try:
        check.local(rule)
    except AssertionError as error:
        expect(False, f"poison sees it already: {error}. Hide better")
    try:
        audit(rule)
    except Caught as caught:
        print(f"Poison sees nothing; the audit says: {caught}")
        return
    expect(False, "the audit finds nothing either: is it a cheat at all? Remember something")


def enter(text: str, *options: str) -> None:
    """Enter a file of this text into the arena, and print what it says; of the table, its row.

    It is scored on the book's own seeds, so that it comes out alike each time.

    Parameters
    ----------
    text : str, of the file, which defines ``rule``
    *options : str
        Of ``python -m hebbnotes.arena``.
    """
    expect(isinstance(text, str), f"give the text of the file, got {type(text).__name__}")
    with tempfile.TemporaryDirectory() as folder:
        place, result = Path(folder) / "my_rule.py", Path(folder) / "result.json"
        place.write_text(text, encoding="utf-8")
        with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as refused:
            try:  # the entry has a process of its own, and the command needs none
                status: Any = command.main(
                    [str(place), "--json", str(result), "--no-fresh", *options]
                )
            except SystemExit as error:
                status = error.code
        if status:
            print(f"{refused.getvalue().strip()}\n(exit status {status})")
            return
        told = json.loads(result.read_text(encoding="utf-8"))
    lines = said.getvalue().splitlines()
    print(f"{lines[0]}\n{lines[1]}")
    for task, values in told["tasks"].items():
        print(f"   {task:9s}{sum(values) / len(values):5.2f}")
    print(f"   {'mean':9s}{told['total']:6.3f}")
    print(next(line for line in lines if line.startswith("place")))


def _changes(rule: Callable[..., Tensor]) -> None:
    _checks.rule(rule)
    w, pre, post = torch.zeros(1, 3, 2), torch.ones(1, 3), torch.ones(1, 2)
    nothing = torch.zeros(1, 2)
    try:
        change(rule, w, pre, post, drive=nothing, modulator=torch.ones(1))
    except (TypeError, ValueError) as error:
        got = " (got nothing: does it end with return?)" if "NoneType" in str(error) else ""
        expect(False, f"it does not run as a rule: {error}{got}")
