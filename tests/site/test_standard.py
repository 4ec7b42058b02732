"""How a chapter teaches, as far as it can be measured; each rule of counting on a small notebook."""

import json
import re
from pathlib import Path

import pytest

from tools import standard

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
PAGES = [*NOTEBOOKS, *sorted((ROOT / "book").glob("*.md")), ROOT / "README.md"]
FIRST_NINE = {
    "associative-memory",
    "differentiable-plasticity",
    "fast-evaluation",
    "hebb-in-the-brain",
    "introduction",
    "learning-rules",
    "maze",
    "natural-images",
    "one-shot-learning",
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_page_teaches_by_the_standard(path):
    found = standard.findings(standard.read(path))
    if path.stem in standard.AWAITED:
        assert found, f"{path.stem} meets the standard: take it off AWAITED in tools/standard.py"
        assert found[0].rule != "kind", found[0]
    else:
        assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_page_has_three_to_five_exercises(path):
    assert not list(standard.exercises(standard.read(path)))


def test_the_pages_that_are_awaited_are_some_of_the_first_nine():
    assert set(standard.AWAITED) <= FIRST_NINE & {path.stem for path in NOTEBOOKS}


def test_nothing_but_the_role_says_minutes_to_read():
    told = re.compile(
        r"(?:(\S+)\s+)?\bminutes?\b\W+(?:to|of|for)\s+read|minutes?[ -]read\b|read\w*\s+time", re.I
    )
    for path in PAGES:
        for block in standard.read(path).blocks:
            for hit in told.finditer(block.text):
                assert hit[1] == "**{reading}`minutes`", f"{path.name}: {hit[0]}"


def page(*cells, **about):
    """A page of Markdown cells (text) and code cells (source, tag, ...)."""
    made = [
        {"cell_type": "markdown", "source": cell}
        if isinstance(cell, str)
        else {"cell_type": "code", "source": cell[0], "metadata": {"tags": list(cell[1:])}}
        for cell in cells
    ]
    notebook = {"cells": made, "metadata": {"hebbnotes": {"kind": "chapter"} | about}}
    return standard.take_apart(json.loads(json.dumps(notebook)))


def test_numerals_are_counted_in_running_text():
    text = "Of 1,000 units 0.5 or -1.1 answer {glue:text}`one`, 20-bit, 3 to 4 %, 1e-9."
    assert standard.numerals(text) == ["1,000", "0.5", "1.1", "{glue}", "20", "3", "4", "1e-9"]
