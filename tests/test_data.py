"""The data: fetched once, checked, and never lost; tested against a server of our own."""

import errno
import functools
import gzip
import hashlib
import http.server
import io
import os
import pickle
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hebbnotes import data
from tests import disk
from tools import outputs


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
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path / "origin")
    )
    # it looks for its end each hundredth of a second: by default each half, in each test
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
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
    with pytest.raises(ValueError, match=r"is not the official file .*hash"):
        data.fetch("set/wrong.bin")
    assert not (source / "cache" / "set" / "wrong.bin").exists()


def test_a_damaged_file_is_neither_used_nor_deleted(source):
    path = data.fetch("set/file.bin")
    path.write_bytes(b"rot")
    with pytest.raises(ValueError, match="is damaged"):
        data.fetch("set/file.bin")
    assert path.read_bytes() == b"rot"


def test_what_cannot_be_had_is_named_with_its_address_folder_and_command(source):
    with pytest.raises(
        OSError,
        match=r"gone.bin is not in .*cache and could not be fetched from http.*hebbnotes.data set",
    ):
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
    for part in ("set/file.bin", str(source / "cache"), "python -m hebbnotes.data set"):
        assert part in str(caught.value)


def test_all_is_fetched_and_each_failure_is_told(source, capsys):
    assert data.main(["set"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(source / "cache" / "set" / "file.bin")]
    assert err.count("failed: ") == 2
    for name in ("set/wrong.bin", "set/gone.bin"):
        del data.FILES[name]
    assert data.main(["set"]) == 0
    assert data.main([]) == 0, "the sets of the notebooks, none of which is in this table"
    with pytest.raises(SystemExit):
        data.main(["sets"])
    assert "there is no set 'sets'" in capsys.readouterr().err


# ---------------------------------------------------------------------------------- what goes wrong


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_download_that_breaks_off_is_an_error_and_leaves_nothing(source, monkeypatch):
    def half(self):
        self.send_response(200)
        self.send_header("Content-Length", "700")
        self.end_headers()
        self.wfile.write(b"numbers" * 50)
        self.close_connection = True

    monkeypatch.setattr(Quiet, "do_GET", half)
    with pytest.raises((OSError, ValueError), match=r"set/file.bin.*hebbnotes.data set"):
        data.fetch("set/file.bin")
    assert files_below(source / "cache") == []
    monkeypatch.undo()


@pytest.mark.parametrize(
    "damage",
    [b"", b"numbers" * 50, b"Numbers" + b"numbers" * 99],
    ids=["empty", "truncated", "altered"],
)
def test_a_file_that_is_not_what_it_was_is_refused_and_kept(source, damage):
    path = data.fetch("set/file.bin")
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"move it away, then run `python -m hebbnotes.data set`"):
        data.fetch("set/file.bin")
    assert path.read_bytes() == damage


def test_offline_the_error_comes_without_a_request(source):
    with pytest.raises(
        FileNotFoundError,
        match=r"set/file.bin is not in .*: run `python -m hebbnotes.data set`.*http",
    ):
        data.fetch("set/file.bin", download=False)
    assert Quiet.asked == []
    assert files_below(source) == [source / "origin" / "file.bin"]


@pytest.mark.skipif(
    sys.platform == "win32", reason="the limit on the size of a file is one of Unix"
)
def test_a_full_disk_is_told_and_leaves_nothing_that_looks_like_the_file(source):
    said = r"set/file.bin is not in .*cache and could not be fetched"
    with pytest.raises(OSError, match=said), disk.full(100):
        data.fetch("set/file.bin")
    assert not (source / "cache" / "set" / "file.bin").exists()


def test_a_folder_that_cannot_be_written_is_named(source, monkeypatch):
    (source / "occupied").write_text("a file, where a folder should be")
    monkeypatch.setenv("HEBBNOTES_DATA", str(source / "occupied"))
    with pytest.raises(OSError, match=r"is not in .*occupied and could not be fetched"):
        data.fetch("set/file.bin")
    assert (source / "occupied").read_text() == "a file, where a folder should be"


AT_ONCE = """
import sys
from hebbnotes import data
data.FILES["set/file.bin"] = data.File(sys.argv[1], 700, sys.argv[2])
print(data.fetch("set/file.bin").read_bytes() == b"numbers" * 100)
"""


def test_two_processes_that_fetch_at_once_both_get_the_whole_file(source, monkeypatch):
    real, both = Quiet.do_GET, threading.Barrier(2, timeout=60)
    monkeypatch.setattr(Quiet, "do_GET", lambda self: (both.wait(), real(self))[1])
    file = data.FILES["set/file.bin"]
    with subprocess.Popen(
        [sys.executable, "-c", AT_ONCE, file.address, file.md5], stdout=subprocess.PIPE, text=True
    ) as other:
        assert data.fetch("set/file.bin").read_bytes() == b"numbers" * 100
        assert other.communicate(timeout=60)[0].strip() == "True"
    assert both.n_waiting == 0, "each has asked while the other did"
    assert files_below(source / "cache") == [source / "cache" / "set" / "file.bin"]


@pytest.mark.parametrize("endless", [True, False])
def test_no_more_is_downloaded_than_is_expected(source, monkeypatch, endless):
    sent = []

    def more(self):
        self.send_response(200)
        if not endless:
            self.send_header("Content-Length", "701")
        self.end_headers()
        for _ in range(50_000 if endless else 1):
            self.wfile.write(b"numbers" * 100 + b"!")
            sent.append(701)
        self.close_connection = True

    monkeypatch.setattr(Quiet, "do_GET", more)
    monkeypatch.setattr(http.server.ThreadingHTTPServer, "handle_error", lambda *_: None)
    with pytest.raises(ValueError, match=r"is not the official file \(it has more bytes\)"):
        data.fetch("set/file.bin")
    assert files_below(source / "cache") == []
    assert len(sent) < 50_000


def test_the_sha256_is_asked_for_beside_the_md5(source, monkeypatch):
    file = data.FILES["set/file.bin"]
    right = hashlib.sha256(b"numbers" * 100).hexdigest()
    monkeypatch.setitem(data.FILES, "set/file.bin", file._replace(sha256=right))
    path = data.fetch("set/file.bin")
    assert data.fetch("set/file.bin", download=False) == path
    monkeypatch.setitem(data.FILES, "set/file.bin", file._replace(sha256="0" * 64))
    with pytest.raises(ValueError, match="is damaged"):
        data.fetch("set/file.bin")
    path.unlink()
    with pytest.raises(ValueError, match="hash"):
        data.fetch("set/file.bin")


@pytest.mark.parametrize("masked", [0o022, 0o077])
def test_a_downloaded_file_has_the_mode_that_the_umask_leaves(source, masked):
    before = os.umask(masked)
    try:
        assert data.fetch("set/file.bin").stat().st_mode & 0o777 == 0o666 & ~masked
    finally:
        os.umask(before)


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_only_a_regular_file_is_read_and_others_are_left_alone(source, kind):
    path = source / "cache" / "set" / "file.bin"
    path.parent.mkdir(parents=True)
    if kind == "device":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path) if kind == "pipe" else path.mkdir()
    with pytest.raises(
        OSError, match=r"file.bin cannot be read \(it is not a regular file\): move"
    ):
        data.fetch("set/file.bin")
    assert path.lstat()
    assert Quiet.asked == []


def test_a_file_of_another_size_is_not_read(source, monkeypatch):
    path = data.fetch("set/file.bin")
    path.write_bytes(b"numbers" * 101)
    monkeypatch.setattr(data._files.hashlib, "new", None)
    with pytest.raises(ValueError, match="is damaged"):
        data.fetch("set/file.bin")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_cache_that_cannot_be_written_is_said_to_be_that(source, monkeypatch, number):
    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    because = re.escape(os.strerror(number))
    mend = "make room" if number == errno.ENOSPC else "set HEBBNOTES_DATA to another folder"
    with pytest.raises(OSError, match=rf"file.bin cannot be written \({because}\): {mend}") as told:
        data.fetch("set/file.bin")
    assert "online" not in str(told.value)


def test_a_file_that_may_not_be_read_is_named(source, monkeypatch):
    path, real = data.fetch("set/file.bin"), os.open

    def refuse(name, *args, **kwargs):
        if Path(name) == path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=r"file.bin cannot be read .*set HEBBNOTES_DATA"):
        data.fetch("set/file.bin")


WITHOUT_A_HOME = """
import os, pwd, sys, warnings
from pathlib import Path
def unknown(number):
    raise KeyError(number)
known, pwd.getpwuid, home = pwd.getpwuid, unknown, os.environ.pop("HOME", "/")
for name in ("HEBBNOTES_DATA", "XDG_CACHE_HOME"):
    os.environ.pop(name, None)
from hebbnotes import data
assert data.available("omniglot") is data.available("cifar10-subset") is False
os.environ["HOME"], pwd.getpwuid = home, known
assert data.folder().name == "hebbnotes"
data.available("mnist")
del os.environ["HOME"]
pwd.getpwuid = unknown
warnings.simplefilter("ignore")  # what the tools import may warn
from tools import outputs
print(outputs.missing(Path(sys.argv[1])))
sys.exit(data.main([]))
"""


def test_the_folder_is_found_without_a_warning_and_a_user_without_a_home_is_told_to_name_one():
    notebook = outputs.BOOK / "one-shot-learning.ipynb"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_A_HOME, notebook],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    assert len(lines) == 1 + 7
    assert all("set HEBBNOTES_DATA to an absolute path" in line for line in lines)


def test_a_relative_folder_is_a_reason_to_skip_a_notebook_and_no_error(monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", "data")
    assert not data.available("omniglot")
    assert "must be an absolute path" in outputs.missing(outputs.BOOK / "one-shot-learning.ipynb")


# ----------------------------------------------------------------------------------------- the sets


def picture(ink):
    stream = io.BytesIO()
    Image.fromarray(np.where(ink, 0, 255).astype("uint8")).convert("1").save(stream, "png")
    return stream.getvalue()


def test_a_zip_is_known_by_its_pictures_whatever_the_container(tmp_path, monkeypatch):
    ink = np.random.default_rng(0).random((4, 105, 105)) < 0.1
    names = [
        f"images_background/Latin/character0{c}/000{c}_0{d}.png" for c in (1, 2) for d in (1, 2)
    ]
    folder = tmp_path / "omniglot"
    folder.mkdir()
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    digest = hashlib.sha256()
    for name, one in zip(names, ink, strict=True):
        digest.update(name.encode() + b"\0" + hashlib.sha256(picture(one)).digest())
    key = "omniglot/images_background.zip"
    monkeypatch.setitem(
        data.FILES, key, data.File("https://nowhere", 1, "0" * 32, digest.hexdigest())
    )
    for order, method in ((1, zipfile.ZIP_STORED), (-1, zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(folder / "images_background.zip", "w", method) as archive:
            for name, one in list(zip(names, ink, strict=True))[::order]:
                archive.writestr(name, picture(one))
        pictures, found = data.omniglot("background", download=False)
        assert found == ["Latin/character01", "Latin/character02"]
        assert torch.equal(pictures, torch.from_numpy(ink.reshape(2, 2, 105, 105)))
    with zipfile.ZipFile(folder / "images_background.zip", "a") as archive:
        archive.writestr("images_background/Latin/character02/0002_03.png", picture(ink[0]))
    with pytest.raises(ValueError, match="is damaged"):
        data.omniglot("background", download=False)


@pytest.fixture(scope="module")
def small_zip(tmp_path_factory):
    """A folder with a small zip of drawings, its content, and what the table says of it."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "omniglot").mkdir()
    ink = np.random.default_rng(0).random((3, 20, 20)) < 0.1
    stream, digest = io.BytesIO(), hashlib.sha256()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for k, one in enumerate(ink):
            name = f"images_background/Latin/character0{k}/000{k}_01.png"
            archive.writestr(name, picture(one))
            digest.update(name.encode() + b"\0" + hashlib.sha256(picture(one)).digest())
    known = {
        f"omniglot/images_{part}.zip": data.File("https://no", 1, "0" * 32, digest.hexdigest())
        for part in ("background", "evaluation")
    }
    (folder / "omniglot" / "images_evaluation.zip").write_bytes(stream.getvalue())
    return folder, stream.getvalue(), known


def every_way(folder, known, content):
    """Use a zip in every way; returns whether it is available."""
    (folder / "omniglot" / "images_background.zip").write_bytes(content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HEBBNOTES_DATA", str(folder))
        for name, file in known.items():
            patched.setitem(data.FILES, name, file)
        if data.available("omniglot"):
            pictures, names = data.omniglot("background", download=False)
            assert (tuple(pictures.shape), len(names)) == ((3, 1, 20, 20), 3)
            return True
        for use in (lambda: data.require("omniglot"), lambda: data.omniglot(download=False)):
            with pytest.raises(ValueError, match=r"background.zip is damaged .*move it away, then"):
                use()
        said = outputs.missing(outputs.BOOK / "one-shot-learning.ipynb")
        assert "background.zip is damaged" in said
        assert data.main(["omniglot"]) == 1
    return False


@settings(max_examples=100)
@given(st.data())
def test_no_damage_of_a_zip_is_more_than_an_error_that_names_it(small_zip, data):
    folder, content, known = small_zip
    kind, new = data.draw(st.sampled_from(["bit", "bytes", "end", "more"])), bytearray(content)
    at = data.draw(st.integers(0, len(content) - 20))
    if kind == "bit":
        new[at] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "bytes":
        new[at : at + 20] = data.draw(st.binary(min_size=20, max_size=20))
    elif kind == "end":
        del new[at:]
    else:
        new[at:at] = data.draw(st.binary(min_size=1, max_size=20))
    every_way(folder, known, bytes(new))


def test_each_byte_of_a_zip_may_be_damaged(small_zip):
    folder, content, _ = small_zip
    path = folder / "omniglot" / "images_background.zip"
    for at in range(len(content)):
        new = bytearray(content)
        new[at] ^= 1 << at % 8
        path.write_bytes(new)
        with path.open("rb") as file:
            assert re.fullmatch("[0-9a-f]{64}|", data._files.pictures_checksum(file))


@pytest.mark.parametrize(("at", "value"), [(8, 99), (6, 1), (6, 0x41), (4, 0xFF), (8, 14), (8, 12)])
def test_a_zip_that_says_what_python_cannot_read_is_damaged(small_zip, at, value):
    """Compressions that are unknown or need a library, encryption, other versions."""
    folder, content, known = small_zip
    new = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", at), (b"PK\x01\x02", at + 2)):
        new[new.index(mark) + offset] = value
    assert not every_way(folder, known, bytes(new))


def test_a_zip_that_would_fill_the_memory_is_not_unpacked(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b/c.png", bytes(2**20))
    path = tmp_path / "bomb.zip"
    path.write_bytes(stream.getvalue())
    with path.open("rb") as file:
        assert data._files.pictures_checksum(file)
        assert data._files.pictures_checksum(file, most=2**19) == ""


def test_photographs_are_read_from_the_official_archive_and_code_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    (tmp_path / "cifar10").mkdir()
    path = tmp_path / "cifar10" / "cifar-10-python.tar.gz"
    colours = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3)).astype("uint8")

    def store(content):
        stored = pickle.dumps(content, protocol=2)
        with tarfile.open(path, "w:gz") as archive:
            entry = tarfile.TarInfo("cifar-10-batches-py/test_batch")
            entry.size = len(stored)
            archive.addfile(entry, io.BytesIO(stored))
        md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        monkeypatch.setitem(
            data.FILES,
            "cifar10/cifar-10-python.tar.gz",
            data.File("https://nowhere", path.stat().st_size, md5),
        )

    store({b"data": colours.transpose(0, 3, 1, 2).reshape(4, -1)})
    assert data.available("cifar10")
    data.require("cifar10")
    assert torch.equal(data.cifar10("test", download=False), torch.from_numpy(colours))
    store({b"data": print})
    with pytest.raises(pickle.UnpicklingError, match="does not belong"):
        data.cifar10("test", download=False)


def test_digits_are_read_from_the_official_files(tmp_path, monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    pixels, labels = np.arange(2 * 784, dtype="uint8"), np.array([3, 9], dtype="uint8")
    for name, content in (
        ("images-idx3", bytes(16) + pixels.tobytes()),
        ("labels-idx1", bytes(8) + labels.tobytes()),
    ):
        path = tmp_path / "mnist" / f"t10k-{name}-ubyte.gz"
        path.write_bytes(gzip.compress(content))
        md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        monkeypatch.setitem(
            data.FILES, f"mnist/{path.name}", data.File("https://nowhere", path.stat().st_size, md5)
        )
    pictures, found = data.mnist("test", download=False)
    assert pictures.flatten().tolist() == pixels.tolist()
    assert found.tolist() == [3, 9]


def test_a_text_is_read_letter_by_letter_and_another_one_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    key, text = "tinyshakespeare/input.txt", "First Citizen:\nBefore we proceed any further\n"
    with pytest.raises(
        FileNotFoundError, match=r"input.txt is not in .*run `python -m hebbnotes.data tiny"
    ):
        data.shakespeare(download=False)
    md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(data.FILES, key, data.File("https://nowhere", len(text), md5))
    (tmp_path / key).parent.mkdir()
    for damaged in (b"", text[:-1].encode(), text.swapcase().encode(), b"\xff" * len(text)):
        (tmp_path / key).write_bytes(damaged)
        for use in (data.shakespeare, lambda: data.require("tinyshakespeare")):
            with pytest.raises(ValueError, match=r"input.txt is damaged .*move it away"):
                use()
        assert not data.available("tinyshakespeare")
    (tmp_path / key).write_bytes(text.encode())
    assert data.shakespeare(download=False) == text
    with pytest.raises(TypeError, match="download must be"):
        data.shakespeare(download=1)


def test_the_subset_is_asked_for_by_name_and_is_else_the_first_part_of_the_whole(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    for subset in (False, True):
        with pytest.raises(
            FileNotFoundError,
            match=r"cifar-10-python.tar.gz is not in .*run `python -m hebbnotes.data cifar10`",
        ):
            data.cifar10(subset=subset, download=False)
    rows = (
        np.arange(1_100, dtype="uint16")[:, None].view("uint8").repeat(1536, 1)
    )  # the number of each picture is in its pixels
    stored = pickle.dumps({b"data": rows, b"labels": [*range(10)] * 110}, protocol=2)
    (tmp_path / "cifar10").mkdir()
    path = tmp_path / "cifar10" / "cifar-10-python.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("test_batch", *(f"data_batch_{k}" for k in range(1, 6))):
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(stored)
            archive.addfile(entry, io.BytesIO(stored))
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(
        data.FILES,
        "cifar10/cifar-10-python.tar.gz",
        data.File("https://nowhere", path.stat().st_size, md5),
    )
    assert data.available("cifar10-subset")
    for split, size in (("train", 4_000), ("test", 1_000)):
        assert torch.equal(
            data.cifar10(split, subset=True, download=False),
            data.cifar10(split, download=False)[:size],
        )
        labels = data.cifar10(split, subset=True, download=False, what="labels")
        assert torch.equal(labels, torch.arange(size) % 1_100 % 10)
    with pytest.raises(ValueError, match="what must be one of 'pictures', 'labels'"):
        data.cifar10("test", what="names")
    (tmp_path / "cifar10-subset").mkdir()
    (tmp_path / data.SUBSET).write_bytes(b"other pictures")
    with pytest.raises(ValueError, match="is damaged"):
        data.cifar10(subset=True)
    assert not data.available("cifar10-subset")
    with pytest.raises(ValueError, match="is damaged"):
        data.require("cifar10-subset")


def test_a_set_that_is_not_there_is_asked_for_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    for name in ("mnist", "omniglot", "cifar10", "cifar10-subset", "tinyshakespeare"):
        assert not data.available(name)
        with pytest.raises(
            FileNotFoundError,
            match=f"run `python -m hebbnotes.data {name.removesuffix('-subset')}`",
        ):
            data.require(name)
    for ask in (data.available, data.require):
        with pytest.raises(ValueError, match="name must be one of 'mnist'"):
            ask("cifar100")


REAL = {
    "mnist": (lambda: data.mnist("test", download=False)[0], 10_000),
    "omniglot": (lambda: data.omniglot("evaluation", download=False)[0], 659),
    "cifar10-subset": (lambda: data.cifar10("test", subset=True), 1_000),
    "tinyshakespeare": (lambda: data.shakespeare(download=False), 1_115_394),
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_sets_are_read_where_they_are(name):
    if not data.available(name):
        pytest.skip(
            f"{name} is not in {data.folder()}: "
            "set HEBBNOTES_DATA, or run `python -m hebbnotes.data`"
        )
    read, size = REAL[name]
    assert len(read()) == size


@given(st.integers(0, 10_000))
def test_grey_values_have_mean_zero_and_reach_one(seed):
    photographs = torch.randint(
        0, 256, (3, 4, 5, 3), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )
    patterns = data.grey(photographs)
    torch.testing.assert_close(patterns.mean(1), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(patterns.abs().amax(1), torch.ones(3))
    assert data.grey(torch.full((1, 2, 2, 3), 7, dtype=torch.uint8)).eq(0).all(), (
        "a picture of one colour has no pattern"
    )


def test_the_folder_is_the_one_named_or_the_cache_of_the_system(tmp_path, monkeypatch):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    assert data.folder() == tmp_path
    for unset in (
        lambda: monkeypatch.setenv("HEBBNOTES_DATA", ""),
        lambda: monkeypatch.delenv("HEBBNOTES_DATA"),
    ):
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
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)
