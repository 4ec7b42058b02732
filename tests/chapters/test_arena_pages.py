"""The arena's page: a file is entered as a reader enters one, and bad files say so."""

import pytest

from hebbnotes.chapters.arena import checks

HEBB = """
RATES = [0.5]

def rule(w, pre, post):
    return pre[..., :, None] * post[..., None, :]
"""


def test_a_file_is_entered_and_its_row_is_printed(capsys):
    checks.enter(HEBB, "--seeds", "1")
    said = capsys.readouterr().out
    assert "my_rule: local: a synapse sees its sender, its receiver" in said
    assert "re-bind" in said
    assert "place" in said
    assert "delta" not in said  # the book's rows are left out


def test_a_file_without_a_rule_is_refused_with_its_status(capsys):
    checks.enter("RATES = [0.5]")
    said = capsys.readouterr().out
    assert "rule" in said
    assert said.endswith("(exit status 2)\n")
    with pytest.raises(AssertionError, match="give the text of the file, got NoneType"):
        checks.enter(None)
