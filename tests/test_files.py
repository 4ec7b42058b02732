"""A file that is written appears whole or not at all."""

import pytest

from hebbnotes import _files


def test_a_file_is_replaced_by_a_whole_one(tmp_path):
    path = tmp_path / "new" / "one.json"
    for text in ("first", "second"):
        _files.write(path, lambda beside, text=text: beside.write_text(text))
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "one.json"
    path.write_text("old")

    def fail(beside):
        beside.write_text("half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        _files.write(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
