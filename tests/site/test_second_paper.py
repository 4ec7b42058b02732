"""The second paper's part of the page: each verdict follows from the numbers that are stored."""

import subprocess
import sys

import pytest

from hebbnotes import analysis
from hebbnotes.experiments import result
from tools import second_paper
from tools.second_claims import CLAIMS, PROGRAM_FAULT, SETTINGS, SHOWN, WORDS, Claim, Value


def test_every_figure_has_claims_and_a_section_with_its_source():
    page = second_paper.page()
    assert list(dict.fromkeys(claim.figure for claim in CLAIMS)) == [*SHOWN]
    assert {*SETTINGS} <= {*SHOWN}
    for figure, shown in SHOWN.items():
        text = second_paper.section(figure)
        assert text in page
        for part in (figure, shown.what, shown.text, shown.source, *shown.differs):
            assert part in text
    assert PROGRAM_FAULT in page
    assert all(f"* **{word}**: {meaning}." in page for word, meaning in WORDS.items())


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda one: one.words[:30])
def test_every_claim_has_a_verdict_of_its_numbers_and_a_cause(claim):
    word, text = second_paper.decided(claim), second_paper.section(claim.figure)
    assert f"| {claim.words} | **{word}** | {second_paper.told(claim)} |" in text
    assert {*claim.causes} <= {*WORDS}
    if claim.kind in ("more", "less", "alike", "all", "none") and claim.values:
        out = "no verdict" if claim.kind == "alike" else "other"
        assert {*claim.causes} == {out, "not"}, "whatever comes out has a cause"
    if word in claim.causes:
        assert f"**{word}**: {claim.causes[word]}." in text
    for value in claim.values:
        if (found := second_paper.values(value)) is not None:
            assert [*found] == [*result(value.experiment)["seeds"]]


FIRST, SECOND = Value("a", "x", "one"), Value("b", "x", "two")


@pytest.mark.parametrize(
    ("kind", "first", "second", "word"),
    [
        ("more", [3, 4, 5], [1, 2, 3.1], "other"),
        ("more", [3, 4, 5], [1, 6, 3], "not"),
        ("more", [1, 2, 3.1], [3, 4, 5], "not"),
        ("less", [1, 2, 3.1], [3, 4, 5], "other"),
        ("less", [3, 4, 5], [1, 2, 3.1], "not"),
        ("alike", [3, 4, 5], [4, 3, 5.5], "no verdict"),
        ("alike", [3, 4, 5], [1, 2, 3.1], "not"),
        ("less", [3], [4], "no verdict"),
        ("all", [0.75, 0.8, 0.9], None, "other"),
        ("all", [0.74, 0.8, 0.9], None, "not"),
        ("none", [0.5, 0.74], None, "other"),
        ("none", [0.5, 0.75], None, "not"),
        ("told", [3, 4, 5], None, "no verdict"),
    ],
)
def test_what_numbers_decide(monkeypatch, kind, first, second, word):
    numbers = {"a": first, "b": second}
    monkeypatch.setattr(
        second_paper, "values", lambda value: dict(enumerate(numbers[value.experiment]))
    )
    claim = Claim("Figure 1", "", kind, (FIRST,) if second is None else (FIRST, SECOND), {})
    assert second_paper.decided(claim) == word


def test_what_is_not_stored_is_not_attempted():
    assert second_paper.values(Value("no-such-experiment", "x", "one")) is None
    for claim in CLAIMS:
        stored = all(second_paper.is_stored(value.experiment) for value in claim.values)
        missing = second_paper.decided(claim) == "not attempted"
        assert missing == (not claim.values or not stored)


def test_the_interval_is_that_of_the_package():
    numbers = [1.0, 2.5, 2.0, 7.0]
    assert second_paper.interval(numbers) == pytest.approx(analysis.interval(numbers))


def test_settings_that_differ_come_from_the_configuration():
    rows = {row[0]: row[1:] for row in second_paper.differences("Figure 1")}
    chosen = result("cue-reward")["configuration"]
    assert rows["episodes in an update"] == ["30", str(chosen["batch"])]
    assert "cues of an episode" not in rows, "the same"


def test_the_part_is_made_without_torch():
    program = (
        "import sys; from tools import second_paper\n"
        "assert second_paper.page() and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
