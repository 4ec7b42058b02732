"""The rows of the ledger: an idea, where its numbers are stored, and beside what it stands."""

from typing import Any

from hebbnotes.chapters.epilogue.ledger import (
    Cost,
    LedgerEntry,
    LedgerRow,
    StoredNumber,
    StoredSize,
    entry,
)
from hebbnotes.chapters.epilogue.sizes import (
    agent_cells,
    agent_trace,
    digits_each,
    feedback_wires,
    list_numbers,
    plasticities,
    sheet_synapses,
    trace_numbers,
    weights_above,
)
from hebbnotes.experiments.stored import index

__all__ = ["ABSENT", "ROOMY", "ROWS", "ledger"]

ROOMY = (
    "a searched list",
    "prototypes",
    "four heads of attention",
    "attention with order",
    "a list of equal bits",
)
"""Rivals that keep every pair whole, and have room for all that they are shown."""

ABSENT = {
    "fast-evaluation": "computes the same networks faster, and tries no idea",
}
"""Chapters without a row, and why."""


def _all(name: str, *path: str) -> StoredNumber:
    return StoredNumber(name, path)


def _missing(name: str, *path: str, over: str = "one") -> StoredNumber:
    return StoredNumber(name, path, "missing", over)


_SAME_NUMBERS: dict[str, Any] = {"better": "less", "times": 100.0}
_BROADCAST = Cost(
    "broadcast to all", _all("modulation-costs", "equal numbers", "simple", "broadcasts")
)
_LIST, _SHORT_LIST = ROOMY[0], "a list of equal numbers"

_PATTERNS = (
    LedgerRow(
        chapter="introduction",
        idea="a trace in every synapse",
        asked="complete five pictures, seen once",
        counted="erased dots wrong, %",
        beside=_LIST,
        with_idea=_all("three-numbers-once", "transfer_erased", "once"),
        plain=_all("searched-lists", "wrong", "many"),
        there=(Cost("synapses", StoredSize("searched-lists", trace_numbers)),),
        here=(
            Cost(
                "numbers kept",
                StoredSize("searched-lists", trace_numbers),
                StoredSize("searched-lists", list_numbers),
            ),
        ),
        **_SAME_NUMBERS,
    ),
    LedgerRow(
        chapter="hebb-in-the-brain",
        idea="spike timing",
        asked="find the synapses that share spikes",
        counted="not found, %",
        beside="Oja's rule",
        with_idea=_all("spikes-found", "missed", "timing"),
        plain=_all("spikes-found", "missed", "Oja"),
        **_SAME_NUMBERS,
    ),
    *(
        LedgerRow(
            chapter="learning-rules",
            idea="competition",
            told=f"{units} units",
            asked="find features of digits",
            counted="digits named wrongly, %",
            beside="stored digits",
            with_idea=_all("features-competitive", "above the mean", units),
            plain=_all("features-exemplars", "above the mean", units),
            here=(Cost("digits shown to each unit", StoredSize("features-competitive", digits_each)),)
            if units == "400"
            else (),
            **_SAME_NUMBERS,
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
        with_idea=_all("memory-ladder", "held", "Hopfield", "400"),
        plain=_all("memory-ladder", "held", "pseudo-inverse", "400"),
    ),
    *(
        LedgerRow(
            chapter="differentiable-plasticity",
            idea="a trained trace",
            asked="complete two patterns, seen once",
            counted="erased bits wrong, %",
            beside=beside,
            with_idea=_all("fifty-bits-plastic-2", "test_erased"),
            plain=plain,
            here=(
                Cost("trained numbers", _all("fifty-bits-plastic-2", "trained_numbers"), trained),
            ),
            **_SAME_NUMBERS,
        )
        for beside, plain, trained in (
            (
                "an LSTM",
                _all("fifty-bits-lstm-2", "test_erased"),
                _all("fifty-bits-lstm-2", "trained_numbers"),
            ),
            (_LIST, _all("searched-lists", "wrong", "few"), None),
        )
    ),
    *(
        LedgerRow(
            chapter="natural-images",
            idea="a plasticity for each synapse",
            asked="complete photographs, seen once",
            counted="squared error of a pixel",
            beside=beside,
            better="less",
            with_idea=_all("images-full", "test_squared"),
            plain=plain,
            here=(Cost("trained numbers", _all("images-full", "trained_numbers"), trained),),
        )
        for beside, plain, trained in (
            (
                "two plasticities",
                _all("images-halves", "test_squared"),
                _all("images-halves", "trained_numbers"),
            ),
            (_LIST, _all("searched-lists", "squared"), None),
        )
    ),
    LedgerRow(
        chapter="one-shot-learning",
        idea="a plastic read-out",
        asked="name letters, seen once",
        counted="named wrongly, %",
        beside="prototypes",
        with_idea=_missing("omniglot-plastic", "test_right"),
        plain=_missing("omniglot-prototypes", "test_right"),
        here=(
            Cost(
                "trained numbers",
                _all("omniglot-plastic", "trained_numbers"),
                _all("omniglot-prototypes", "trained_numbers"),
            ),
        ),
        **_SAME_NUMBERS,
    ),
)


def _maze(idea: str, name: str, kind: str, beside: str, other: str, chapter: str) -> LedgerRow:
    """Return a row of goals found in the maze by one stored kind of agent, beside another."""
    costs = (
        Cost("milliseconds for an update", _all(name, "milliseconds"), _all(other, "milliseconds")),
        *(
            (Cost("numbers kept", StoredSize(name, agent_trace), StoredSize(other, agent_cells)),)
            if kind == "plastic" and "lstm" in other
            else ()
        ),
    )
    return LedgerRow(
        chapter=chapter,
        idea=idea,
        told="a maze",
        asked="find a goal again and again",
        counted="goals in a life",
        beside=beside,
        better="more",
        with_idea=_all(name, "test_finds"),
        plain=_all(other, "test_finds"),
        there=(_BROADCAST,) if kind != "plastic" else (),
        here=costs,
    )


def _at_work() -> tuple[LedgerRow, ...]:
    """Return the rows of modulated agents: of five long trainings, or else of two short ones."""
    name, chapter = "maze-modulated-retroactive", "neuromodulation-at-work"
    beside = (("a pen that always writes", "plastic"), ("an LSTM", "lstm"))
    if index().get(name, {}).get("scales", {}).get("book", {}).get("sha256"):
        return tuple(
            _maze("a say in when to write", name, "marks", words, f"maze-{kind}", chapter)
            for words, kind in beside
        )
    short = "maze-modulated-short"
    return tuple(
        LedgerRow(
            chapter=chapter,
            idea="a say in when to write",
            told="a maze",
            asked="find a goal again and again",
            counted="goals in a life",
            beside=words,
            better="more",
            with_idea=_all(short, "retroactive", "test_finds"),
            plain=_all(short, kind, "test_finds"),
            there=(_BROADCAST,),
        )
        for words, kind in beside
    )


_COSTS = "modulation-costs", "equal numbers"
_LIVES = (
    *(
        _maze("a trace in every synapse", "maze-plastic", "plastic", beside, other, "maze")
        for beside, other in (
            ("a recurrent network", "maze-recurrent"),
            ("an LSTM", "maze-lstm"),
        )
    ),
    LedgerRow(
        chapter="three-factor-rules",
        idea="marks and a local error",
        asked="keep a bit over a delay",
        counted="updates until learned",
        beside="backpropagation in time",
        better="less",
        with_idea=_all("eprop-delay", "e_prop"),
        plain=StoredNumber("eprop-delay", ("trained", "backpropagation", "0.001", "until")),
    ),
    LedgerRow(
        chapter="neuromodulated-plasticity",
        idea="a say in when to write",
        told="reward",
        asked="store what a reward marks",
        counted="updates until 90 % right",
        beside="a pen that always writes",
        better="less",
        with_idea=_all("reward-gated", "trained", "simple, clip", "to_90"),
        plain=_all("reward-gated", "trained", "clip", "to_90"),
        there=(_BROADCAST,),
        here=(
            Cost(
                "milliseconds for an update",
                _all("reward-gated", "trained", "simple, clip", "ms"),
                _all("reward-gated", "trained", "clip", "ms"),
            ),
        ),
    ),
    LedgerRow(
        chapter="neuromodulation-at-work",
        idea="a say in when to write",
        told="cues",
        asked="find out which cue pays",
        counted="later answers wrong, %",
        beside="a pen that always writes",
        with_idea=_missing("cue-reward", "late", "simple"),
        plain=_missing("cue-reward", "late", "plastic"),
        there=(_BROADCAST,),
        here=tuple(
            Cost(what, _all(*_COSTS, "simple", key), _all(*_COSTS, "plastic", key))
            for what, key in (("bytes kept", "bytes"), ("multiplications", "multiplications"))
        ),
        **_SAME_NUMBERS,
    ),
    *_at_work(),
    LedgerRow(
        chapter="neuromodulation-at-work",
        idea="a say in when to write",
        told="letters",
        asked="foretell the next letter",
        counted="bits for a letter",
        beside="an LSTM",
        better="less",
        with_idea=_all("language", "test", "simple"),
        plain=_all("language", "test", "LSTM"),
        there=(_BROADCAST,),
        here=(
            Cost(
                "milliseconds for an update",
                _all("language", "trained", "simple", "milliseconds"),
                _all("language", "trained", "LSTM", "milliseconds"),
            ),
        ),
    ),
)


def _digits(idea: str, arm: str) -> LedgerRow:
    """Return a row of signs that cells keep, beside a network without signs."""
    return LedgerRow(
        chapter="cell-types",
        idea=idea,
        asked="read digits row by row",
        counted="digits named wrongly, %",
        beside="no signs",
        with_idea=_missing("signs-160", "last", "SGD", arm),
        plain=_missing("signs-160", "last", "SGD", "no signs"),
        **_SAME_NUMBERS,
    )


def _credit(idea: str, way: str, there: tuple[Cost, ...]) -> LedgerRow:
    """Return a row of a way to assign credit, beside backpropagation."""
    shape = "128-128"
    return LedgerRow(
        chapter="credit-assignment",
        idea=idea,
        asked="learn digits with two hidden layers",
        counted="digits named wrongly, %",
        beside="backpropagation",
        with_idea=_all("credit-table", "error", shape, way),
        plain=_all("credit-table", "error", shape, "backpropagation"),
        there=there,
        here=tuple(
            Cost(
                what,
                _all("credit-table", key, shape, way),
                _all("credit-table", key, shape, "backpropagation"),
            )
            for what, key in (("operations", "operations"), ("milliseconds", "milliseconds"))
        ),
        **_SAME_NUMBERS,
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
        better="less",
        with_idea=StoredNumber("intervals-annealed", ("tried", "1 to 100"), **kind),
        plain=StoredNumber("intervals-annealed", ("tried", arm), **kind),
        here=(
            Cost(
                "numbers",
                _all("intervals", "numbers", "1 to 100"),
                _all("intervals", "numbers", arm),
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
        there=(Cost("reads of other cells", _all(*cost, "foreign_reads")),),
        here=(Cost("multiplications more", _all(*cost, "multiplications_of_price")),),
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
                _all("wiring-arms", "networks", priced, "wire"),
                _all("wiring-arms", "networks", plain, "wire"),
            ),
        ),
        here=(
            Cost(
                "numbers kept",
                StoredSize("wiring-arms", sheet_synapses),
                StoredSize("wiring-arms", sheet_synapses),
            ),
        ),
        **more,
    )


_CELLS = (
    _digits("cells that keep a sign", "signs"),
    _digits("signs, with corrected inhibition", "matched, corrected"),
    _clocks("the best shared one", "plain"),
    _clocks("a GRU", "GRU"),
    _sheet("wire", "distance of like units", "reach"),
    _sheet("answers", "digits named wrongly, %", "right", reads="missing of 100"),
    _wire("wire", "wire", "wire", "as it is"),
    _wire("answers", "choices wrong, %", "accuracy", "missing", times=100.0),
)

_HELD = ("fast-weights-costs", "writes")


def _rebound(beside: str, plain: StoredNumber, here: tuple[Cost, ...]) -> LedgerRow:
    """Return a row of keys that are bound again, eight pairs."""
    return LedgerRow(
        chapter="fast-weights-and-attention",
        idea="cells that subtract what they expect",
        asked="bind a key again",
        counted="bits wrong, %",
        beside=beside,
        with_idea=_all("recall-recurrent", "error", "plastic, one gain", "8", "rebound"),
        plain=plain,
        here=here,
        **_SAME_NUMBERS,
    )


def _held(pairs: str) -> Cost:
    """Return what a trace and a list hold after so many pairs."""
    return Cost(
        f"numbers after {pairs} pairs",
        _all(*_HELD, pairs, "Hebb, loop", "held"),
        _all(*_HELD, pairs, "softmax", "held"),
    )


def _arena(code: str, told: str, beside: str, other: str) -> LedgerRow:
    """Return a row of the arena in one of its codes, the mean over its tasks."""
    experiment, best = f"arena-{code}", "delta, modulated"

    def of(name: str, *path: str) -> StoredNumber:
        return _all(experiment, "memories", name, *path)

    return LedgerRow(
        chapter="arena",
        idea="a drive and a broadcast",
        told=told,
        asked="pass all tasks of memory",
        counted="overlap missing, %",
        beside=beside,
        with_idea=_missing(experiment, "memories", best, "scores", "tasks", over="mean"),
        plain=_missing(experiment, "memories", other, "scores", "tasks", over="mean"),
        there=(_BROADCAST,),
        here=(
            Cost("numbers", of(best, "numbers"), of(other, "numbers")),
            Cost("bits", of(best, "bits"), of(other, "bits")),
        ),
        **_SAME_NUMBERS,
    )


_CREDIT = (
    _credit(
        "feedback straight from the output",
        "direct feedback alignment",
        (Cost("wires of its own", StoredSize("credit-table", feedback_wires)),),
    ),
    _credit(
        "a network that settles",
        "predictive coding",
        (
            Cost(
                "foreign weights read",
                StoredSize("credit-table", weights_above),
                StoredSize("credit-table", weights_above),
            ),
        ),
    ),
    *(
        LedgerRow(
            chapter="fast-weights-and-attention",
            idea="a plasticity for each synapse",
            asked="four questions to one memory",
            counted="bits wrong, %",
            beside=f"{words} of attention",
            with_idea=_all("addresses", "addresses", "4", "logistic", "full", "error"),
            plain=_all("metric", "error", f"softmax {heads}"),
            here=(
                Cost(
                    "trained numbers",
                    StoredSize("addresses", plasticities),
                    _all("metric", "trained", f"softmax {heads}", "numbers"),
                ),
            ),
            **_SAME_NUMBERS,
        )
        for words, heads in (("one head", 1), ("four heads", 4))
    ),
    _rebound("linear attention", _all("recall", "error", "linear", "8", "rebound"), ()),
    _rebound(
        "attention with order",
        _all("recall", "error", "softmax with order", "8", "rebound"),
        (_held("16"), _held("512")),
    ),
    *(
        _arena(code, told, _SHORT_LIST, "list of the rewarded with order, equal numbers")
        for code, told in (("dense", "keys of signs"), ("sparse", "sparse keys"))
    ),
    _arena("dense", "keys of signs", ROOMY[-1], "list with order, equal bits"),
)

ROWS: tuple[LedgerRow, ...] = (*_PATTERNS, *_LIVES, *_CELLS, *_CREDIT)
"""The rows, in the order of the book."""


def ledger() -> list[LedgerEntry]:
    """Return all rows with their numbers, in the order of the book."""
    return [entry(row) for row in ROWS]
