"""The page that tells how to write a task, a rule and a training of one's own: it runs, and prints what it shows."""

import re

import pytest
import torch

from tools.build import ROOT

PAGE = (ROOT / "book" / "your-own.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", PAGE, re.S | re.M)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """What the blocks define and print, run in their order in an empty folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("own"))
        defined, printed = {"__name__": "__main__"}, []
        for code, _ in BLOCKS:
            told = []
            defined["print"] = lambda *words, told=told: told.append(" ".join(map(str, words)))
            exec(compile(code, "your-own.md", "exec"), defined)
            printed.append("".join(f"{line}\n" for line in told))
        yield defined, printed


def test_each_block_prints_what_the_page_shows(ran):
    assert len(BLOCKS) >= 8
    assert [told.split() for told in ran[1]] == [shown.split() for _, shown in BLOCKS]
    assert sum(bool(told) for told in ran[1]) >= 5


def test_its_lines_fit_a_page():
    assert all(len(line) <= 76 for block in BLOCKS for text in block for line in text.splitlines())


def test_its_training_goes_on_after_an_interruption_to_the_same_result(ran, tmp_path, monkeypatch):
    page = ran[0]
    made, drawn = page["sample"], []

    def stopped(batch, generator):
        drawn.append(batch)
        if len(drawn) == 8:
            raise KeyboardInterrupt
        return made(batch, generator)

    monkeypatch.setitem(page, "sample", stopped)
    _, history = page["trained"](page["surprise"], 12, tmp_path)
    assert history.interrupted
    assert len(history.loss) == 7
    page["sample"] = made
    network, history = page["trained"](page["surprise"], 12, tmp_path)
    whole, straight = page["trained"](page["surprise"], 12, tmp_path / "whole")
    assert history.loss == straight.loss
    assert all(map(torch.equal, network.parameters(), whole.parameters()))
