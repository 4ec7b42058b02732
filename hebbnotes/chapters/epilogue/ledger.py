"""The ledger: what was tried, beside the best plain alternative, from stored numbers alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from hebbnotes import _checks, experiments
from hebbnotes.analysis import interval

__all__ = [
    "VERDICTS",
    "Cost",
    "LedgerEntry",
    "LedgerRow",
    "StoredNumber",
    "StoredSize",
    "entry",
    "verdict",
]

PAIRS = 3
"""Fewer pairs of numbers get no other word than that they are few."""

VERDICTS = {
    "buys": "the whole interval lies on the side of the idea",
    "costs": "the whole interval lies on the side of the plain way",
    "nothing shown": "the interval holds zero",
    "no difference": "both numbers are the same for every seed",
    "a pilot": f"fewer than {PAIRS} pairs, too few for a word",
    "no row": "its chapter tries no idea",
}
"""The words of a verdict, and when each is used."""

READ: dict[str, Callable[[float], float]] = {
    "as it is": lambda value: value,
    "missing": lambda value: 1 - value,
    "missing of 100": lambda value: 100 - value,
    "root": lambda value: value**0.5,
}
"""Ways to read a stored number; what is missing is what a share lacks to all."""

SAME, ALIKE = 0.005, 0.05
"""Ratios that differ from 1 by less are told as the same, and as about the same."""
FEW = 3
"""Ratios below its inverse are told as a part."""

OVER: dict[str, Callable[[list[float]], float]] = {
    "one": lambda values: values[0],
    "mean": fmean,
    "least": min,
}
"""Ways to make one number of those below a path."""


@dataclass(frozen=True)
class StoredNumber:
    """Where a number of each seed is stored.

    Attributes
    ----------
    experiment : str, as ``python -m hebbnotes.experiments`` lists it
    path : tuple of str, keys that lead from a seed to the number, or to several
    reads : {"as it is", "missing", "missing of 100", "root"}, how it is read
    over : {"one", "mean", "least"}, what is made of several; "one" asks for a single number
    """

    experiment: str
    path: tuple[str, ...]
    reads: str = "as it is"
    over: str = "one"

    def __post_init__(self) -> None:
        """Refuse what there is no way to read."""
        _checks.choice("reads", self.reads, (*READ,))
        _checks.choice("over", self.over, (*OVER,))

    def values(self) -> dict[str, float]:
        """Return the number of each seed.

        Raises
        ------
        ValueError
            If there is no such experiment, or its seeds hold nothing under the path.
        FileNotFoundError
            If its result is not in the package.
        """
        return {
            seed: self._of(seed, one)
            for seed, one in experiments.result(self.experiment)["seeds"].items()
        }

    def _of(self, seed: str, found: Any) -> float:
        """Follow the path in the numbers of one seed."""
        for key in self.path:
            if not isinstance(found, Mapping) or key not in found:
                there = ", ".join(found) if isinstance(found, Mapping) else repr(found)
                raise ValueError(
                    f"path must lead to a number of {self.experiment!r}, seed {seed}: "
                    f"{' / '.join(self.path)} fails at {key!r}, where there is {there}"
                )
            found = found[key]
        numbers = list(_flat(found))
        if not numbers or (self.over == "one" and len(numbers) > 1):
            raise ValueError(
                f"path must lead to {'a number' if self.over == 'one' else 'numbers'} of "
                f"{self.experiment!r}, seed {seed}: {' / '.join(self.path)} holds {len(numbers)}"
            )
        return READ[self.reads](OVER[self.over](numbers))


def _flat(found: Any) -> Iterable[float]:
    """Yield the numbers below a value."""
    if isinstance(found, Mapping | list):
        for one in found.values() if isinstance(found, Mapping) else found:
            yield from _flat(one)
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield float(found)


@dataclass(frozen=True)
class StoredSize:
    """A size that follows from the stored configuration of an experiment.

    Attributes
    ----------
    experiment : str, as ``python -m hebbnotes.experiments`` lists it
    of : callable, ``of(configuration)`` returns the size
    """

    experiment: str
    of: Callable[[Mapping[str, Any]], float]

    def value(self) -> float:
        """Return the size."""
        return float(self.of(experiments.result(self.experiment)["configuration"]))


@dataclass(frozen=True)
class Cost:
    """What an idea costs, beside the plain way: of each a stored number, or a size.

    Attributes
    ----------
    what : str, what is counted
    idea, plain : StoredNumber or StoredSize, the mean over seeds; a plain way of None needs none
    """

    what: str
    idea: StoredNumber | StoredSize
    plain: StoredNumber | StoredSize | None = None

    def pair(self) -> tuple[float, float]:
        """Return both costs."""
        return _cost(self.idea), 0.0 if self.plain is None else _cost(self.plain)

    def text(self) -> str:
        """Return both costs as a ratio, or that of the idea alone, where the plain way has none."""
        idea, plain = self.pair()
        if not (idea and plain):
            return f"{_count(idea)} {self.what}"
        ratio = idea / plain
        if abs(ratio - 1) < ALIKE:
            return f"{'about ' * (abs(ratio - 1) >= SAME)}the same {self.what}"
        if ratio < 1 / FEW:
            return f"1/{1 / ratio:.0f} of the {self.what}"
        return f"{ratio:{',.0f' if ratio > 99 else '.2g'}} times the {self.what}"


def _cost(of: StoredNumber | StoredSize) -> float:
    return fmean(of.values().values()) if isinstance(of, StoredNumber) else of.value()


def _count(value: float) -> str:
    return {0.0: "no", 1.0: "one"}.get(value, f"{value:,.0f}")


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """What was tried in a chapter, and beside what.

    Attributes
    ----------
    chapter : str, its file, such as ``"maze"``
    idea : str, what biology suggested
    told : str, what sets the row apart from others of the same idea, in a word or two
    asked : str, what had to be done, for who did not read the chapter
    counted : str, what is counted, with its unit
    beside : str, the plain alternative
    better : {"more", "less"}, which side of the count is good
    roomy : bool, whether the rival could keep all that it was shown, and be asked each question
    hardest : bool, whether no harder rival of the idea stands in the ledger
    times : float, by which stored numbers are multiplied for the reader: 100 for per cent
    with_idea, plain : StoredNumber, where both counts are stored, with the same seeds
    there : tuple of Cost, what the idea costs in a brain: wire, broadcasts, reads from elsewhere
    here : tuple of Cost, what it costs in a computer: numbers, operations, time
    """

    chapter: str
    idea: str
    asked: str
    counted: str
    beside: str
    better: str
    with_idea: StoredNumber
    plain: StoredNumber
    told: str = ""
    roomy: bool = False
    hardest: bool = True
    times: float = 1.0
    there: tuple[Cost, ...] = ()
    here: tuple[Cost, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a count of which neither side is good."""
        _checks.choice("better", self.better, ("more", "less"))

    @property
    def label(self) -> str:
        """The idea, and what sets the row apart."""
        return f"{self.idea}: {self.told}" if self.told else self.idea


class LedgerEntry(NamedTuple):
    """A row with its numbers.

    Attributes
    ----------
    row : LedgerRow
    with_idea, plain : float, means over seeds, in the row's unit
    mean, low, high : float, by how much the idea is better, in the row's unit, and the 95 %
        interval; below 0 it is worse
    seeds : int
    share : tuple of float, the mean and the interval as shares of the larger of both means: 0.5
        says that one is half of the other, 1 that one is 0
    verdict : str, one of :data:`VERDICTS`
    """

    row: LedgerRow
    with_idea: float
    plain: float
    mean: float
    low: float
    high: float
    seeds: int
    share: tuple[float, float, float]
    verdict: str


def verdict(low: float, high: float, seeds: int = PAIRS) -> str:
    """Return the word for an interval of a difference, above 0 where the idea is better.

    >>> verdict(0.1, 0.3), verdict(-0.2, 0.1), verdict(-3.0, -1.0), verdict(0.1, 0.3, seeds=2)
    ('buys', 'nothing shown', 'costs', 'a pilot')

    Parameters
    ----------
    low, high : float, the ends of the interval
    seeds : int, 2 or more, pairs of numbers that it was made of
    """
    low, high = _checks.number("low", low), _checks.number("high", high)
    if low > high:
        raise ValueError(f"low must not be above high, got {low:g} and {high:g}: exchange them")
    if _checks.integer("seeds", seeds, 2) < PAIRS:
        return "a pilot"
    if low == high == 0:
        return "no difference"
    if low > 0:
        return "buys"
    return "costs" if high < 0 else "nothing shown"


def entry(row: LedgerRow) -> LedgerEntry:
    """Return a row with its numbers: the difference is taken seed by seed.

    Where both counts are of one experiment, a seed is one pair. Where they are of two, it pairs by
    name alone, which is as good as any order of independent numbers.

    Raises
    ------
    ValueError
        If an experiment is not known, a path leads nowhere, or both counts have different seeds.
    FileNotFoundError
        If a result is not in the package.
    """
    _checks.of_type("row", row, LedgerRow, "use LedgerRow(...)")
    idea, plain = row.with_idea.values(), row.plain.values()
    if idea.keys() != plain.keys():
        raise ValueError(
            f"both counts of {row.idea!r} must have the same seeds, got {', '.join(idea)} in "
            f"{row.with_idea.experiment!r} and {', '.join(plain)} in {row.plain.experiment!r}"
        )
    sign = row.times if row.better == "more" else -row.times
    mean, low, high = interval([sign * (idea[seed] - plain[seed]) for seed in idea])
    of_idea, of_plain = (row.times * fmean(values.values()) for values in (idea, plain))
    larger = max(abs(of_idea), abs(of_plain)) or 1.0
    return LedgerEntry(
        row,
        of_idea,
        of_plain,
        mean,
        low,
        high,
        len(idea),
        (mean / larger, low / larger, high / larger),
        verdict(low, high, len(idea)),
    )
