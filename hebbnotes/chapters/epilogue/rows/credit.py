"""Rows on the assignment of credit, on attention, and on the arena."""

from hebbnotes.chapters.epilogue.ledger import Cost, LedgerRow, StoredNumber, StoredSize
from hebbnotes.chapters.epilogue.rows.stored import BROADCAST, PER_CENT, at, lacking
from hebbnotes.chapters.epilogue.sizes import feedback_wires, plasticities, read_outs

__all__ = ["CREDIT_ROWS"]


def _credit(idea: str, way: str, there: tuple[Cost, ...]) -> LedgerRow:
    """Return a row of a way to assign credit, beside backpropagation."""
    shape = "128-128"
    return LedgerRow(
        chapter="credit-assignment",
        idea=idea,
        asked="learn digits with two hidden layers",
        counted="digits named wrongly, %",
        beside="backpropagation",
        with_idea=at("credit-table", "error", shape, way),
        plain=at("credit-table", "error", shape, "backpropagation"),
        there=there,
        here=tuple(
            Cost(
                what,
                at("credit-table", key, shape, way),
                at("credit-table", key, shape, "backpropagation"),
            )
            for what, key in (("operations", "operations"), ("milliseconds", "milliseconds"))
        ),
        **PER_CENT,
    )


_SHORT_LIST, _EQUAL_BITS = "a list of equal numbers", "a list of equal bits"

_HELD = ("fast-weights-costs", "writes")


def _rebound(beside: str, plain: StoredNumber, hardest: bool, here: tuple[Cost, ...]) -> LedgerRow:
    """Return a row of keys that are bound again, eight pairs."""
    return LedgerRow(
        chapter="fast-weights-and-attention",
        idea="cells that subtract what they expect",
        asked="bind a key again",
        counted="bits wrong, %",
        beside=beside,
        roomy=hardest,
        hardest=hardest,
        with_idea=at("recall-recurrent", "error", "plastic, one gain", "8", "rebound"),
        plain=plain,
        here=here,
        **PER_CENT,
    )


def _held(pairs: str) -> Cost:
    """Return what a trace and a list hold after so many pairs."""
    return Cost(
        f"numbers after {pairs} pairs",
        at(*_HELD, pairs, "Hebb, loop", "held"),
        at(*_HELD, pairs, "softmax", "held"),
    )


def _arena(code: str, told: str, beside: str, other: str) -> LedgerRow:
    """Return a row of the arena in one of its codes, the mean over its tasks."""
    experiment, best = f"arena-{code}", "delta, modulated"

    def of(name: str, *path: str) -> StoredNumber:
        return at(experiment, "memories", name, *path)

    return LedgerRow(
        chapter="arena",
        idea="a drive and a broadcast",
        told=told,
        asked="pass all tasks of memory",
        counted="overlap missing, %",
        beside=beside,
        hardest=beside == _EQUAL_BITS or code == "graded",
        with_idea=lacking(experiment, "memories", best, "scores", "tasks", over="mean"),
        plain=lacking(experiment, "memories", other, "scores", "tasks", over="mean"),
        there=(BROADCAST,),
        here=(
            Cost("numbers", of(best, "numbers"), of(other, "numbers")),
            Cost("bits of room", of(best, "bits"), of(other, "bits")),
        ),
        **PER_CENT,
    )


CREDIT_ROWS: tuple[LedgerRow, ...] = (
    _credit(
        "feedback straight from the output",
        "direct feedback alignment",
        (Cost("wires of its own", StoredSize("credit-table", feedback_wires)),),
    ),
    _credit(
        "errors of a read-out next door",
        "local losses",
        (Cost("synapses of read-outs", StoredSize("credit-table", read_outs)),),
    ),
    _credit(
        "a network that settles",
        "predictive coding",
        (),
    ),
    *(
        LedgerRow(
            chapter="fast-weights-and-attention",
            idea="a plasticity for each synapse",
            asked="four questions to one memory",
            counted="bits wrong, %",
            beside=f"{words} of attention",
            roomy=heads == 4,
            hardest=heads == 4,
            with_idea=at("addresses", "addresses", "4", "logistic", "full", "error"),
            plain=at("metric", "error", f"softmax {heads}"),
            here=(
                Cost(
                    "trained numbers",
                    StoredSize("addresses", plasticities),
                    at("metric", "trained", f"softmax {heads}", "numbers"),
                ),
            ),
            **PER_CENT,
        )
        for words, heads in (("one head", 1), ("four heads", 4))
    ),
    _rebound(
        "cells that add it",
        at("recall-recurrent", "error", "plastic, one gain above 0", "8", "rebound"),
        False,
        (),
    ),
    _rebound("the delta rule", at("recall", "error", "delta", "8", "rebound"), False, ()),
    _rebound(
        "attention with order",
        at("recall", "error", "softmax with order", "8", "rebound"),
        True,
        (_held("16"), _held("512")),
    ),
    *(
        _arena(code, told, beside, f"list of the rewarded with order, {held}")
        for code, told in (("dense", "signs"), ("sparse", "sparse keys"), ("graded", "graded"))
        for beside, held in ((_SHORT_LIST, "equal numbers"), (_EQUAL_BITS, "equal bits"))
        if (code, held) != ("graded", "equal bits")  # the same list: its numbers are not signs
    ),
)
"""The rows, in the order of the book."""
