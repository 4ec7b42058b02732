"""Rows on types of cells, on their time constants, and on their places."""

from typing import Any

from hebbnotes.chapters.epilogue.ledger import Cost, LedgerRow, StoredNumber, StoredSize
from hebbnotes.chapters.epilogue.rows.stored import PER_CENT, at, lacking
from hebbnotes.chapters.epilogue.sizes import sheet_synapses

__all__ = ["CELL_ROWS"]


def _digits(idea: str, arm: str, told: str, optimiser: str) -> LedgerRow:
    """Return a row of signs that cells keep, beside a network without signs."""
    return LedgerRow(
        chapter="cell-types",
        idea=idea,
        told=told,
        asked="read digits row by row",
        counted="digits named wrongly, %",
        beside="no signs",
        hardest=optimiser == "Adam",
        with_idea=lacking("signs-160", "last", optimiser, arm),
        plain=lacking("signs-160", "last", optimiser, "no signs"),
        **PER_CENT,
    )


def _clocks(beside: str, arm: str) -> LedgerRow:
    """Return a row of diverse time constants, with rates that fall to zero."""
    kind: dict[str, Any] = {"reads": "root", "over": "least"}
    return LedgerRow(
        chapter="time-constants",
        idea="diverse time constants",
        asked="time gaps of 3 to 96 steps",
        counted="root of the squared error",
        beside=beside,
        hardest="LSTM" in arm,
        better="less",
        with_idea=StoredNumber("intervals-annealed", ("tried", "1 to 100"), **kind),
        plain=StoredNumber("intervals-annealed", ("tried", arm), **kind),
        here=(
            Cost(
                "numbers",
                at("intervals", "numbers", "1 to 100"),
                at("intervals", "numbers", arm),
            ),
        ),
    )


def _sheet(told: str, counted: str, *path: str, **more: Any) -> LedgerRow:
    """Return a row of a sheet that pays for unlike neighbours, beside one that does not."""
    reads = more.pop("reads", "as it is")
    paid, free = (("of", "0", price, "0.01", *path) for price in ("2", "0"))
    cost = "sheet-digits", "cost"
    return LedgerRow(
        chapter="maps",
        idea="a price on unlike neighbours",
        told=told,
        asked="learn digits on a sheet",
        counted=counted,
        beside="no price",
        better="less",
        with_idea=StoredNumber("sheet-digits", paid, reads),
        plain=StoredNumber("sheet-digits", free, reads),
        there=(Cost("reads of other cells", at(*cost, "foreign_reads")),),
        here=(Cost("multiplications more", at(*cost, "multiplications_of_price")),),
        **more,
    )


def _wire(told: str, counted: str, key: str, reads: str, **more: Any) -> LedgerRow:
    """Return a row of a network that pays for length, beside one that pays for strength."""
    priced, plain = "L1 x distance", "L1"
    return LedgerRow(
        chapter="wiring",
        idea="a price on length",
        told=told,
        asked="choose by a goal and a cue",
        counted=counted,
        beside="a price on strength",
        better="less",
        with_idea=StoredNumber("wiring-arms", ("networks", priced, key), reads),
        plain=StoredNumber("wiring-arms", ("networks", plain, key), reads),
        there=(
            Cost(
                "wire",
                at("wiring-arms", "networks", priced, "wire"),
                at("wiring-arms", "networks", plain, "wire"),
            ),
        ),
        here=(Cost("numbers, whatever their length", StoredSize("wiring-arms", sheet_synapses)),),
        **more,
    )


CELL_ROWS: tuple[LedgerRow, ...] = (
    *(
        _digits(idea, arm, told, optimiser)
        for told, optimiser in (("descent", "SGD"), ("Adam", "Adam"))
        for idea, arm in (
            ("cells that keep a sign", "signs"),
            ("signs, corrected", "matched, corrected"),
        )
    ),
    _clocks("the best shared one", "plain"),
    _clocks("an LSTM with slow gates", "LSTM, chrono"),
    _sheet("wire", "distance of like units", "reach"),
    _sheet("answers", "digits named wrongly, %", "right", reads="missing of 100"),
    _wire("wire", "wire", "wire", "as it is"),
    _wire("answers", "choices wrong, %", "accuracy", "missing", times=100.0),
)
"""The rows, in the order of the book."""
