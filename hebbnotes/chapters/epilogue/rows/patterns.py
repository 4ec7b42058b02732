"""Rows of chapters on Hebbian learning and on differentiable plasticity, but for the maze."""

from collections.abc import Callable
from functools import partial

from hebbnotes.chapters.epilogue.ledger import Cost, LedgerRow, StoredSize
from hebbnotes.chapters.epilogue.rows.stored import PER_CENT, SEARCHED, at, lacking
from hebbnotes.chapters.epilogue.sizes import competitors, digits_each, list_numbers, trace_numbers

__all__ = ["PATTERN_ROWS"]


def _competed(what: str, size: Callable[..., float], units: str) -> Cost:
    """Return a cost of a layer of so many units in which one wins."""
    return Cost(what, StoredSize("features-competitive", partial(size, units=int(units))))


PATTERN_ROWS: tuple[LedgerRow, ...] = (
    LedgerRow(
        chapter="introduction",
        idea="a trace in every synapse",
        asked="complete five pictures, seen once",
        counted="erased dots wrong, %",
        beside=SEARCHED,
        roomy=True,
        with_idea=at("three-numbers-once", "transfer_erased", "once"),
        plain=at("searched-lists", "wrong", "many"),
        there=(Cost("synapses", StoredSize("searched-lists", trace_numbers)),),
        here=(
            Cost(
                "numbers kept",
                StoredSize("searched-lists", trace_numbers),
                StoredSize("searched-lists", list_numbers),
            ),
        ),
        **PER_CENT,
    ),
    LedgerRow(
        chapter="hebb-in-the-brain",
        idea="spike timing",
        asked="find the synapses that share spikes",
        counted="not found, %",
        beside="Oja's rule",
        with_idea=at("spikes-found", "missed", "timing"),
        plain=at("spikes-found", "missed", "Oja"),
        **PER_CENT,
    ),
    *(
        LedgerRow(
            chapter="learning-rules",
            idea="competition",
            told=f"{units} units",
            asked="find features of digits",
            counted="digits named wrongly, %",
            beside="stored digits",
            with_idea=at("features-competitive", "above the mean", units),
            plain=at("features-exemplars", "above the mean", units),
            there=(_competed("reads of other cells", competitors, units),),
            here=(_competed("digits shown to each unit", digits_each, units),),
            **PER_CENT,
        )
        for units in ("25", "400")
    ),
    LedgerRow(
        chapter="associative-memory",
        idea="Hebb's weights",
        asked="keep patterns of 400 bits",
        counted="patterns kept",
        beside="the pseudo-inverse",
        better="more",
        with_idea=at("memory-ladder", "held", "Hopfield", "400"),
        plain=at("memory-ladder", "held", "pseudo-inverse", "400"),
    ),
    *(
        LedgerRow(
            chapter="differentiable-plasticity",
            idea="a trained trace",
            asked="complete two patterns, seen once",
            counted="erased bits wrong, %",
            beside=beside,
            roomy=beside == SEARCHED,
            hardest=beside == SEARCHED,
            with_idea=at("fifty-bits-plastic-2", "test_erased"),
            plain=plain,
            here=(Cost("trained numbers", at("fifty-bits-plastic-2", "trained_numbers"), trained),),
            **PER_CENT,
        )
        for beside, plain, trained in (
            (
                "an LSTM",
                at("fifty-bits-lstm-2", "test_erased"),
                at("fifty-bits-lstm-2", "trained_numbers"),
            ),
            (SEARCHED, at("searched-lists", "wrong", "few"), None),
        )
    ),
    *(
        LedgerRow(
            chapter="natural-images",
            idea="a plasticity for each synapse",
            asked="complete photographs, seen once",
            counted="squared error of a pixel",
            beside=beside,
            roomy=beside == SEARCHED,
            hardest=beside == SEARCHED,
            better="less",
            with_idea=at("images-full", "test_squared"),
            plain=plain,
            here=(Cost("trained numbers", at("images-full", "trained_numbers"), trained),),
        )
        for beside, plain, trained in (
            (
                "two plasticities",
                at("images-halves", "test_squared"),
                at("images-halves", "trained_numbers"),
            ),
            (SEARCHED, at("searched-lists", "squared"), None),
        )
    ),
    LedgerRow(
        chapter="one-shot-learning",
        idea="a plastic read-out",
        asked="name letters, seen once",
        counted="named wrongly, %",
        beside="prototypes",
        roomy=True,
        with_idea=lacking("omniglot-plastic", "test_right"),
        plain=lacking("omniglot-prototypes", "test_right"),
        here=(
            Cost(
                "trained numbers",
                at("omniglot-plastic", "trained_numbers"),
                at("omniglot-prototypes", "trained_numbers"),
            ),
        ),
        **PER_CENT,
    ),
)
"""The rows, in the order of the book."""
