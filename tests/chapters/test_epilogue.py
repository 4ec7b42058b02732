"""The ledger: each row is a stored number beside another, and its word follows from both."""

import copy
import json
import math
import re
from dataclasses import replace
from functools import cache, reduce
from pathlib import Path
from statistics import fmean

import matplotlib.pyplot as plt
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import experiments, tasks
from hebbnotes.analysis import interval
from hebbnotes.chapters.epilogue import frames, ledger, sizes, tables
from hebbnotes.chapters.epilogue import rows as its
from hebbnotes.chapters.epilogue.experiments import EXPERIMENTS, Lists, looked_up, score_lists
from hebbnotes.chapters.epilogue.ledger import (
    Cost,
    LedgerRow,
    StoredNumber,
    StoredSize,
    entry,
    verdict,
)
from hebbnotes.chapters.hebb_in_the_brain.experiments import EXPERIMENTS as SPIKES
from hebbnotes.chapters.hebb_in_the_brain.experiments import missed, score_shared
from hebbnotes.chapters.three_factor_rules.told.trials import ToldAlone, score_told

ROOT = Path(__file__).parents[2]
PAGE = json.loads((ROOT / "book" / "epilogue.ipynb").read_text(encoding="utf-8"))
NAMES = [f"{row.chapter}, {row.label}, {row.beside}" for row in its.ROWS]
entries = cache(its.ledger)
finite = st.floats(-1e6, 1e6)


def stored(number):
    """Return what each seed has where a number says, read from the file by hand."""
    path = ROOT / "hebbnotes" / "results" / f"{number.experiment}.json"
    values = []
    for found in json.loads(path.read_text(encoding="utf-8"))["seeds"].values():
        at = reduce(lambda there, key: there[key], number.path, found)
        if isinstance(at, dict):
            flat = [x[0] if isinstance(x, list) else x for x in at.values()]
            at = sum(flat) / len(flat) if number.over == "mean" else min(flat)
        lacking = {"missing": 1 - at, "missing of 100": 100 - at, "root": math.sqrt(abs(at))}
        values.append(lacking.get(number.reads, at))
    return values


@pytest.mark.parametrize("row", its.ROWS, ids=NAMES)
def test_a_row_is_the_stored_numbers_and_their_interval(row):
    one = entry(row)
    sign = one.row.times if one.row.better == "more" else -one.row.times
    idea, plain = stored(one.row.with_idea), stored(one.row.plain)
    apart = [sign * (a - b) for a, b in zip(idea, plain, strict=True)]
    mean, low, high = interval(apart)
    for got, asked in (
        (one.mean, mean),
        (one.low, low),
        (one.high, high),
        (one.with_idea, one.row.times * fmean(idea)),
        (one.plain, one.row.times * fmean(plain)),
    ):
        assert math.isclose(got, asked, rel_tol=1e-9, abs_tol=1e-12)
    assert one.seeds == len(apart)
    assert one.verdict == verdict(low, high, one.seeds)
    larger = max(abs(one.with_idea), abs(one.plain)) or 1
    assert one.share == (one.mean / larger, one.low / larger, one.high / larger)
    assert abs(one.share[0]) <= 1 + 1e-12 or one.with_idea * one.plain < 0


def raised(found, by):
    """Return numbers, or what holds them, with something added to each."""
    if isinstance(found, dict):
        return {key: raised(one, by) for key, one in found.items()}
    return [raised(one, by) for one in found] if isinstance(found, list) else found + by


@pytest.mark.parametrize("row", its.ROWS, ids=NAMES)
def test_a_changed_number_changes_the_word(row, monkeypatch):
    number, result = row.with_idea, experiments.result

    def altered(by):
        found = copy.deepcopy(result(number.experiment))
        for one in found["seeds"].values():
            last = reduce(lambda there, key: there[key], number.path[:-1], one)
            last[number.path[-1]] = raised(last[number.path[-1]], by)
        with monkeypatch.context() as patch:
            patch.setattr(
                experiments, "result", lambda n: found if n == number.experiment else result(n)
            )
            return entry(row).verdict

    if entry(row).seeds < ledger.PAIRS:
        assert altered(1e4) == altered(-1e4) == "a pilot"
        return
    worse = (row.better == "less") != number.reads.startswith("missing")
    assert altered(1e4) == ("costs" if worse else "buys")
    if number.reads != "root":  # of what is below 0 there is none
        assert altered(-1e4) == ("buys" if worse else "costs")
    assert altered(0) == entry(row).verdict


@given(finite, finite)
def test_the_word_follows_from_the_ends_alone(one, other):
    low, high = sorted((one, other))
    word = verdict(low, high)
    assert word in ledger.VERDICTS
    assert (word == "no difference") == (low == high == 0)
    assert verdict(low, high, 2) == "a pilot"
    assert verdict(low, high, 9) == word
    assert (word == "buys") == (low > 0)
    assert (word == "costs") == (high < 0)
    mirrored = {"buys": "costs", "costs": "buys"}.get(word, word)
    assert verdict(-high, -low) == mirrored


def test_the_word_refuses_what_is_no_interval():
    with pytest.raises(ValueError, match="low must not be above high, got 2 and 1: exchange them"):
        verdict(2, 1)
    with pytest.raises(ValueError, match="low"):
        verdict(math.nan, 1)


def test_every_chapter_of_the_book_has_a_row_or_a_reason():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    notebooks = [name for name in pages if (ROOT / "book" / f"{name}.ipynb").exists()]
    told = {row.chapter for row in its.ROWS}
    assert told | set(its.ABSENT) | {"epilogue"} == set(notebooks)
    assert not told & set(its.ABSENT)
    order = [row.chapter for row in its.ROWS]
    assert order == sorted(order, key=pages.index), "the rows are in the order of the book"


def test_rows_are_told_apart_by_what_a_reader_sees():
    seen = [(row.chapter, row.label, row.beside) for row in its.ROWS]
    assert len(set(seen)) == len(seen)
    of_idea = {}
    for row in its.ROWS:
        of_idea.setdefault((row.chapter, row.idea, row.counted), []).append(row.hardest)
    assert all(map(any, of_idea.values())), "each idea stands beside a hardest rival"


ROW = LedgerRow(
    chapter="maze",
    idea="an idea",
    asked="something",
    counted="goals",
    beside="another",
    better="more",
    with_idea=StoredNumber("maze-plastic", ("test_finds",)),
    plain=StoredNumber("maze-lstm", ("test_finds",)),
)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            replace(ROW, plain=StoredNumber("maze-cats", ("test_finds",))),
            "name must be one of .*maze-cats",
        ),
        (
            replace(ROW, plain=StoredNumber("maze-lstm", ("test_finds", "deep"))),
            "path must lead to a number of 'maze-lstm', seed 0: test_finds / deep fails at 'deep'",
        ),
        (
            replace(ROW, plain=StoredNumber("maze-lstm", ("finds",))),
            "path must lead to a number of 'maze-lstm', seed 0: finds holds 40",
        ),
        (
            replace(ROW, plain=StoredNumber("maze-lstm", ("lost",))),
            "lost fails at 'lost', where there is trained_numbers, .*test_finds",
        ),
        (
            replace(ROW, plain=StoredNumber("reward-gated", ("right", "clip"))),
            "the same seeds, got 0, 1, 2, 3, 4 in 'maze-plastic' and 0, 1, .*9 in 'reward-gated'",
        ),
    ],
)
def test_a_row_that_leads_nowhere_says_where_it_breaks(row, message):
    with pytest.raises(ValueError, match=message):
        entry(row)


def test_a_row_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="better must be one of 'more', 'less', got 'most'"):
        replace(ROW, better="most")
    with pytest.raises(ValueError, match="reads must be one of"):
        StoredNumber("maze-lstm", (), "guessed")
    with pytest.raises(ValueError, match="over must be one of"):
        StoredNumber("maze-lstm", (), over="most")
    with pytest.raises(TypeError, match="row must be of type LedgerRow"):
        entry("maze")


# What it costs


def test_a_cost_is_a_ratio_or_what_the_idea_alone_needs():
    def size(value):
        return StoredSize("maze-lstm", lambda _: value)

    assert Cost("bytes", size(300), size(1)).text() == "300 times the bytes"
    assert Cost("bytes", size(1), size(2)).text() == "0.5 times the bytes"
    assert Cost("bytes", size(2), size(2)).text() == "the same bytes"
    assert Cost("bytes", size(1), size(16)).text() == "1/16 of the bytes"
    assert Cost("bytes", size(51), size(50)).text() == "about the same bytes"
    assert Cost("bytes", size(5202)).text() == "5,202 bytes"
    assert Cost("bytes", size(0), size(7)).text() == "no bytes"
    assert Cost("broadcast to all", size(1)).text() == "one broadcast to all"


@pytest.mark.parametrize("row", its.ROWS, ids=NAMES)
def test_a_cost_is_stored_or_follows_from_a_stored_configuration(row):
    for cost in (*row.there, *row.here):
        idea, plain = cost.pair()
        assert idea > 0
        assert plain >= 0
        assert cost.what in cost.text()
        for of in (cost.idea, cost.plain):
            assert of is None or experiments.result(of.experiment)


def test_sizes_are_those_of_the_things_that_are_counted():
    lists = {"many": [3, 20]}
    patterns = torch.ones(3, 20)
    assert sizes.list_numbers(lists) == patterns.numel()
    assert sizes.trace_numbers(lists) == (patterns.T @ patterns).numel()
    assert sizes.digits_each({"steps": 10, "batch": 8}, units=4) == 20
    assert sizes.competitors({"kind": "competitive"}, units=4) == 3
    with pytest.raises(ValueError, match="kind"):
        sizes.competitors({"kind": "oja"}, units=4)
    assert sizes.one_wire({"rates": {"bell": 1, "reward": 2, "error": 3}}) == 1
    assert sizes.agent_trace({"n": 5}) == torch.zeros(5, 5).numel() + 5
    cell = torch.nn.LSTMCell(3, 5)
    assert sizes.agent_cells({"n": 5}) == sum(x.numel() for x in cell(torch.zeros(3)))
    assert sizes.sheet_synapses({"shape": [2, 3]}) == 36
    assert sizes.plasticities({"d": 4}) == 16
    layers = [torch.nn.Linear(a, b, bias=False) for a, b in ((784, 6), (6, 5), (5, 10))]
    above = sum(layer.weight.numel() for layer in layers[1:])
    assert sizes.weights_above({"shapes": {"6-5": [6, 5]}}) == above
    assert sizes.feedback_wires({"shapes": {"6-5": [6, 5]}}) == 10 * 6 + 10 * 5
    assert sizes.read_outs({"shapes": {"6-5": [6, 5]}}) == 10 * 6


# What is shown


@given(st.floats(0.001, 999))
def test_a_short_number_is_within_half_a_unit_of_its_third_digit(value):
    assert math.isclose(float(tables.short(value)), value, rel_tol=0.0051)
    assert tables.short(-value) == "−" + tables.short(value)


def test_tables_hold_every_row_once_and_lead_to_its_chapter():
    lines = tables.numbers(entries(), its.ABSENT).splitlines()
    assert len(lines) == 2 + len(entries()) + len(its.ABSENT)
    assert len({line.count("|") for line in lines}) == 1
    for one, line in zip(entries(), lines[2:], strict=False):
        assert f"({one.row.chapter}.ipynb)" in line
        assert f"**{one.verdict}**" in line
    paid = tables.costs(entries()).splitlines()[2:]
    with_costs = [one for one in entries() if one.row.there or one.row.here]
    assert 0 < len(paid) <= len(with_costs)
    for one in with_costs:
        parts = (f"| {one.row.idea}", f"({one.row.chapter}.ipynb)", f"| {one.row.beside} |")
        lines = [line for line in paid if all(part in line for part in parts)]
        told = [line.partition(", [")[0].partition(": ")[2].split("; ") for line in lines]
        assert told == [[""]] or sum(one.row.told in each for each in told) == 1, "no row is lost"
    assert all("– | – |" not in line for line in paid)
    assert len(set(paid)) == len(paid), "one line for rows that count one thing in two ways"


def test_the_figure_has_an_interval_for_each_row_and_greys_what_shows_nothing():
    _, ax = plt.subplots()
    frames.intervals(ax, entries())
    bars = [line for line in ax.lines if line.get_linewidth() == 2 and len(line.get_xdata()) == 2]
    assert len(bars) == len(entries())
    for bar, one in zip(bars, entries(), strict=True):
        low, high = (max(-frames.EDGE, min(frames.EDGE, x)) for x in one.share[1:])
        assert list(bar.get_xdata()) == [low, high]
        assert bar.get_color() == frames.COLOURS[one.verdict]
        holds_zero = low <= 0 <= high
        assert (holds_zero or one.seeds < ledger.PAIRS) == (bar.get_color() == frames.NULL)
    plt.close(ax.figure)


def test_the_page_says_what_the_numbers_say():
    text = "".join("".join(cell["source"]) for cell in PAGE["cells"])
    assert PAGE["metadata"]["hebbnotes"]["kind"] == "epilogue"
    roomy = [one for one in entries() if one.row.roomy]
    assert all(one.verdict != "buys" for one in roomy), "the key sentence"
    for word in ("*buys*", "*costs*"):
        assert word in text
    told = [
        o
        for c in PAGE["cells"]
        for o in c.get("outputs", [])
        if "text/markdown" in o.get("data", {})
    ]
    shown = ["".join(o["data"]["text/markdown"]) for o in told]
    tabled = tables.numbers(entries(), its.ABSENT), tables.costs(entries())
    for text_of, table in zip(shown, tabled, strict=True):
        title = text_of.splitlines()[0].removeprefix(":::{dropdown} ")
        assert text_of == tables.folded(title, table), "make outputs"
    assert not re.search(r"\bsignificant", text)


# The experiments that fill its first rows


@given(st.integers(0, 1000))
def test_a_list_finds_a_pattern_by_what_is_shown_of_it(seed):
    g = torch.Generator().manual_seed(seed)
    patterns = torch.randn(3, 4, 12, generator=g)
    erased = torch.rand(3, 12, generator=g) < 0.5
    erased[:, 0] = False
    which = torch.randint(4, (3,), generator=g)
    answer = patterns[torch.arange(3), which]
    poisoned = torch.where(erased, torch.full_like(answer, 1e6), answer)
    assert torch.equal(looked_up(patterns, poisoned, erased), answer)


def test_lists_are_scored_on_the_tasks_of_the_chapters(monkeypatch):
    grey = 2 * torch.rand(40, 1024, generator=torch.Generator().manual_seed(0)) - 1
    monkeypatch.setattr("hebbnotes.data.cifar10", lambda *_, **__: None)
    monkeypatch.setattr("hebbnotes.data.grey", lambda _: grey)
    small = Lists(many=(3, 60), few=(2, 30), episodes=20, photographs=10)
    found = score_lists({}, 0, small)
    assert found == {"wrong": {"many": 0, "few": 0}, "squared": 0}
    one = tasks.PatternCompletion(n_bits=4, n_patterns=8, **tasks.ONCE)
    assert one.n_patterns > 2 ** (one.n_bits - one.n_erased), "then a list must guess"
    guessed = score_lists({}, 0, Lists(many=(8, 4), few=(8, 4), episodes=400, photographs=10))
    assert guessed["wrong"]["few"] > 0.05
    assert EXPERIMENTS["searched-lists"].configuration.many == (5, 1000)


def test_what_is_missed_is_the_share_of_the_heaviest_that_share_nothing():
    sharing = torch.tensor([True, True, False, False])
    assert missed(torch.tensor([4.0, 3.0, 2.0, 1.0]), sharing) == 0
    assert missed(torch.tensor([4.0, 0.0, 2.0, 1.0]), sharing) == 0.5
    assert missed(torch.tensor([0.0, 0.1, 2.0, 1.0]), sharing) == 1


def test_who_finds_shared_spikes_can_be_repeated():
    chosen = replace(SPIKES["spikes-found"].configuration, n=40, seconds=1)
    found = score_shared({}, 3, chosen)
    assert set(found["missed"]) == {"timing", "Oja"}
    assert all(0 <= share <= 1 for share in found["missed"].values())
    assert 200 < found["spikes"] < 600  # 40 inputs of 10 Hz
    assert found == score_shared({}, 3, chosen)


def test_cells_that_are_told_their_own_errors_are_sooner_right_than_by_one_reward():
    chosen = ToldAlone(runs=2, most=300)
    found = score_told({}, 0, chosen)
    assert found["cells"] == 10
    assert found["trials"]["error"] < found["trials"]["bell"] <= chosen.most
    short = replace(chosen, most=60)
    assert score_told({}, 0, short) == score_told({}, 0, short)


def test_an_idea_and_its_list_had_the_same_task():
    lists = experiments.result("searched-lists")["configuration"]
    plastic, images = (
        experiments.result(name)["configuration"]
        for name in ("fifty-bits-plastic-2", "images-full")
    )
    assert lists["few"][0] == plastic["n_patterns"]
    assert (lists["source"], lists["photographs"]) == (images["source"], images["test_episodes"])


@pytest.mark.parametrize("code", ["dense", "sparse", "graded"])
def test_the_lists_of_the_arena_are_the_hardest_of_their_room(code):
    def wrong(name):
        return fmean(
            StoredNumber(f"arena-{code}", ("memories", name, "scores", "tasks"), "missing", "mean")
            .values()
            .values()
        )

    names = list(experiments.seeds(f"arena-{code}")[0]["memories"])
    for row in (row for row in its.ROWS if row.with_idea.experiment == f"arena-{code}"):
        room = row.plain.path[1].rpartition(", ")[2]
        rivals = [wrong(name) for name in names if name.startswith("list") and name.endswith(room)]
        assert len(rivals) == 4
        assert wrong(row.plain.path[1]) == min(rivals)


def test_the_hardest_rival_of_diverse_clocks_is_the_best_network_without_them():
    (row,) = (row for row in its.ROWS if row.chapter == "time-constants" and row.hardest)
    (soft,) = (row for row in its.ROWS if row.chapter == "time-constants" and not row.hardest)
    found = experiments.seeds("intervals-annealed")

    def wrong(arm):
        return fmean(math.sqrt(min(one["tried"][arm].values())) for one in found)

    gated = [arm for arm in found[0]["tried"] if arm.startswith(("GRU", "LSTM"))]
    alike = [arm for arm in found[0]["tried"] if arm.startswith(("plain", "shared"))]
    assert row.plain.path[1] == min(gated, key=wrong)
    assert soft.plain.path[1] == min(alike, key=wrong)
