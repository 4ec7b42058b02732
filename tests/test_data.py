"""The data: fetched once, checked, and never lost; tested against a server of our own."""

import functools
import hashlib
import http.server
import re
import threading
from pathlib import Path

import pytest

from hebbnotes import data


class Quiet(http.server.SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def source(tmp_path, monkeypatch):
    content = b"numbers" * 100
    Quiet.asked.clear()
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


def test_a_file_that_is_there_is_not_asked_for_again(source):
    assert data.fetch("set/file.bin") == source / "cache" / "set" / "file.bin"
    data.fetch("set/file.bin")
    assert Quiet.asked == ["/file.bin"]
    data.fetch("set/file.bin").write_bytes(b"rot")
    with pytest.raises(ValueError, match="move it away"):
        data.fetch("set/file.bin")
    assert Quiet.asked == ["/file.bin"]


def test_a_wrong_download_leaves_no_file_at_all(source):
    with pytest.raises(ValueError, match="hash"):
        data.fetch("set/wrong.bin")
    assert [p for p in (source / "cache").rglob("*") if p.is_file()] == []


def test_without_a_network_the_error_names_file_address_folder_and_command(source, monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    address = f"http://127.0.0.1:{server.server_port}/file.bin"
    server.server_close()
    monkeypatch.setitem(data.FILES, "set/file.bin", data.File(address, 700, "0" * 32))
    with pytest.raises(OSError, match=re.escape(address)) as caught:
        data.fetch("set/file.bin")
    for part in ("set/file.bin", str(source / "cache"), "make data"):
        assert part in str(caught.value)


def test_all_is_fetched_and_each_failure_is_told(source, capsys):
    assert data.main() == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(source / "cache" / "set" / "file.bin")]
    assert err.count("failed: ") == 2
    for name in ("set/wrong.bin", "set/gone.bin"):
        del data.FILES[name]
    assert data.main() == 0


def test_the_folder_is_the_one_named_or_the_cache_of_the_system(tmp_path, monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    assert data.folder() == tmp_path
    for unset in (lambda: monkeypatch.setenv("HEBBNOTES_DATA", ""), lambda: monkeypatch.delenv("HEBBNOTES_DATA")):
        unset()
        assert data.folder().is_absolute()
        assert data.folder().name == "hebbnotes"


@pytest.mark.parametrize("name", data.FILES)
def test_every_file_has_an_official_address_a_size_and_a_checksum(name):
    file = data.FILES[name]
    assert file.address.startswith("https://")
    assert Path(file.address).name == Path(name).name
    assert file.size > 0
    assert re.fullmatch("[0-9a-f]{32}", file.md5)
