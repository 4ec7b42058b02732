"""The data: fetched once, checked, and never lost; tested against a server of our own."""

import functools
import hashlib
import http.server
import threading

import pytest

from hebbnotes import data


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def source(tmp_path, monkeypatch):
    content = b"numbers" * 100
    (tmp_path / "origin").mkdir()
    (tmp_path / "origin" / "file.bin").write_bytes(content)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path / "origin"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    files = {
        "set/file.bin": data.File(f"{address}/file.bin", len(content), md5),
        "set/wrong.bin": data.File(f"{address}/file.bin", len(content), "0" * 32),
        "set/gone.bin": data.File(f"{address}/gone.bin", 1, md5),
    }
    monkeypatch.setattr(data, "FILES", files)
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path / "cache"))
    yield tmp_path
    server.shutdown()


def test_a_file_is_fetched_once_and_checked(source):
    path = data.fetch("set/file.bin")
    assert path.read_bytes() == b"numbers" * 100
    (source / "origin" / "file.bin").unlink()
    assert data.fetch("set/file.bin") == path


def test_a_wrong_download_is_not_kept(source):
    with pytest.raises(ValueError, match="hash"):
        data.fetch("set/wrong.bin")
    assert not (source / "cache" / "set" / "wrong.bin").exists()


def test_a_damaged_file_is_neither_used_nor_deleted(source):
    path = data.fetch("set/file.bin")
    path.write_bytes(b"rot")
    with pytest.raises(ValueError, match="is damaged"):
        data.fetch("set/file.bin")
    assert path.read_bytes() == b"rot"


def test_what_cannot_be_had_is_named_with_its_address_folder_and_command(source):
    with pytest.raises(OSError, match=r"gone.bin is not in .*cache and could not be fetched from http.*make data"):
        data.fetch("set/gone.bin")


def test_a_relative_folder_and_an_unknown_name_are_refused(source, monkeypatch):
    with pytest.raises(KeyError, match="there is no data file"):
        data.fetch("set/none.bin")
    monkeypatch.setenv("HEBBNOTES_DATA", "data")
    with pytest.raises(ValueError, match="absolute"):
        data.folder()
