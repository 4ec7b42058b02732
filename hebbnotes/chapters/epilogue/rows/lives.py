"""Rows of agents and of networks that hear a signal: the maze, and neuromodulation."""

from dataclasses import replace

from hebbnotes.chapters.epilogue.ledger import Cost, LedgerRow, StoredSize
from hebbnotes.chapters.epilogue.rows.stored import BROADCAST, PER_CENT, at, lacking
from hebbnotes.chapters.epilogue.sizes import agent_cells, agent_trace, one_wire

__all__ = ["AGENT_ROWS"]


def _maze(idea: str, name: str, kind: str, beside: str, other: str, chapter: str) -> LedgerRow:
    """Return a row of goals found in the maze by one stored kind of agent, beside another."""
    costs = (
        Cost("milliseconds for an update", at(name, "milliseconds"), at(other, "milliseconds")),
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
        hardest="lstm" in other,
        better="more",
        with_idea=at(name, "test_finds"),
        plain=at(other, "test_finds"),
        there=(BROADCAST,) if kind != "plastic" else (),
        here=costs,
    )


def _at_work() -> tuple[LedgerRow, ...]:
    """Return the rows of agents that say when to write, without marks and with them."""
    words = {"simple": "a maze", "retroactive": "a maze, with marks"}
    rivals = (("a pen that always writes", "maze-plastic"), ("an LSTM", "maze-lstm"))
    chapter, ours = "neuromodulation-at-work", "a say in when to write"
    return tuple(
        replace(_maze(ours, f"maze-modulated-{kind}", kind, beside, other, chapter), told=told)
        for kind, told in words.items()
        for beside, other in rivals
    )


_COSTS = "modulation-costs", "equal numbers"
AGENT_ROWS: tuple[LedgerRow, ...] = (
    *(
        _maze("a trace in every synapse", "maze-plastic", "plastic", beside, other, "maze")
        for beside, other in (
            ("a recurrent network", "maze-recurrent"),
            ("an LSTM", "maze-lstm"),
        )
    ),
    LedgerRow(
        chapter="three-factor-rules",
        idea="one reward for all cells",
        asked="learn which cells must answer",
        counted="trials until 90 % right",
        beside="an error for each cell",
        better="less",
        with_idea=at("told-alone", "trials", "bell"),
        plain=at("told-alone", "trials", "error"),
        there=(
            Cost(
                "wires that tell cells",
                StoredSize("told-alone", one_wire),
                at("told-alone", "cells"),
            ),
        ),
    ),
    LedgerRow(
        chapter="neuromodulated-plasticity",
        idea="a say in when to write",
        told="reward",
        asked="store what a reward marks",
        counted="updates until 90 % right",
        beside="a pen that always writes",
        better="less",
        with_idea=at("reward-gated", "trained", "simple, clip", "to_90"),
        plain=at("reward-gated", "trained", "clip", "to_90"),
        there=(BROADCAST,),
        here=(
            Cost(
                "milliseconds for an update",
                at("reward-gated", "trained", "simple, clip", "ms"),
                at("reward-gated", "trained", "clip", "ms"),
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
        with_idea=lacking("cue-reward", "late", "simple"),
        plain=lacking("cue-reward", "late", "plastic"),
        there=(BROADCAST,),
        here=tuple(
            Cost(what, at(*_COSTS, "simple", key), at(*_COSTS, "plastic", key))
            for what, key in (("bytes kept", "bytes"), ("multiplications", "multiplications"))
        ),
        **PER_CENT,
    ),
    *_at_work(),
    *(
        LedgerRow(
            chapter="neuromodulation-at-work",
            idea="a say in when to write",
            told="letters",
            asked="foretell the next letter",
            counted="bits for a letter",
            beside=beside,
            hardest=other == "LSTM",
            better="less",
            with_idea=at("language", "test", "simple"),
            plain=at("language", "test", other),
            there=(BROADCAST,),
            here=(
                Cost(
                    "milliseconds for an update",
                    at("language-costs", "milliseconds", "simple, 128, sum"),
                    at("language-costs", "milliseconds", f"{other}, 128, sum"),
                ),
            ),
        )
        for beside, other in (("a pen that always writes", "plastic"), ("an LSTM", "LSTM"))
    ),
)
"""The rows, in the order of the book."""
