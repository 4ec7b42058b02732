"""A file that is written appears whole or not at all; one that is read is whole, or said not to
be.
"""

import errno
import json
import os
import stat

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save

from hebbnotes import _files
from tests import disk


@pytest.fixture
def umask():
    """A function that sets the umask, for this test alone."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("masked", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_file_is_replaced_by_a_whole_one(tmp_path, umask, masked, expected):
    umask(masked)
    path = tmp_path / "new" / "one.json"
    for text in ("first", "second"):
        _files.write(path, text.encode())
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]
    assert mode(path) == expected


@pytest.mark.parametrize("was", [0o600, 0o640, 0o666, 0o444])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, umask, was):
    path = tmp_path / "one.json"
    path.write_text("old")
    path.chmod(was)
    umask(0o077 if was == 0o666 else 0o000)
    _files.write(path, b"new")
    assert (path.read_text(), mode(path)) == ("new", was)


def failing(error):
    def fail(*args, **kwargs):
        raise error

    return fail


def test_a_mode_that_the_disk_refuses_does_not_stop_the_writing(tmp_path, monkeypatch):
    path = tmp_path / "one.json"
    path.write_text("old")
    for name in ("chmod", "fchmod"):
        monkeypatch.setattr(os, name, failing(PermissionError(errno.EPERM, "no modes here")))
    _files.write(path, b"new")
    assert path.read_text() == "new"


def test_a_link_stays_and_what_it_names_is_replaced(tmp_path):
    there, far = tmp_path / "scratch" / "c", tmp_path / "scratch" / "deep" / "d"
    there.parent.mkdir()
    there.write_text("old")
    for target in (there, far):
        link = tmp_path / f"to-{target.name}"
        link.symlink_to(os.path.relpath(target, tmp_path))
        _files.write(link, b"new")
        assert link.is_symlink()
        assert target.read_text() == link.read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"scratch", "to-c", "to-d"}


def test_the_file_beside_is_fresh_and_its_name_is_not_known_before(tmp_path, monkeypatch):
    opened, real = [], os.open

    def noted(path, flags, *args, **kwargs):
        opened.append((str(path), flags))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", noted)
    for _ in range(2):
        _files.write(tmp_path / "one", b"new")
    beside = [(path, flags) for path, flags in opened if path.endswith(".part")]
    assert len({path for path, _ in beside}) == 2
    assert all(flags & os.O_EXCL and flags & os.O_NOFOLLOW for _, flags in beside)
    (tmp_path / "victim").write_text("mine")
    monkeypatch.setattr(_files.secrets, "token_hex", lambda n: "guessed")
    (tmp_path / ".guessed.part").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="one cannot be written"):
        _files.write(tmp_path / "one", b"new")
    assert (tmp_path / "victim").read_text() == "mine"


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, sync, replace = [], os.fsync, os.replace

    def is_folder(descriptor):
        return stat.S_ISDIR(os.fstat(descriptor).st_mode)

    monkeypatch.setattr(os, "fsync", lambda d: (done.append(is_folder(d)), sync(d))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("renamed"), replace(a, b))[1])
    _files.write(tmp_path / "one", b"new")
    assert done == [False, "renamed", True]


@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "mend"),
    [(errno.ENOSPC, "make room"), (errno.EDQUOT, "make room"), (errno.EROFS, "another place")],
)
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step, number, mend):
    path = tmp_path / "one.json"
    path.write_text("old")
    error = OSError(number, os.strerror(number))
    if step == "write":
        if number == errno.EROFS:
            return  # a disk does not change so
        real = os.fdopen

        def full(*args):
            file = real(*args)
            return type(
                "Full",
                (),
                {
                    "__enter__": lambda self: self,
                    "__exit__": lambda *_: file.close(),
                    "write": failing(error),
                },
            )()

        monkeypatch.setattr(os, "fdopen", full)
    elif step == "fsync":
        monkeypatch.setattr(os, "fsync", failing(error))
    else:
        monkeypatch.setattr(os, step, failing(error))
    with pytest.raises(
        OSError, match=rf"one.json cannot be written \({os.strerror(number)}\): .*{mend}"
    ) as caught:
        _files.write(path, b"new")
    monkeypatch.undo()
    assert caught.value.errno == number
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_goes_wrong_meanwhile_is_passed_on_and_leaves_nothing(tmp_path):
    def write(error):
        with _files.replacing(tmp_path / "one") as file:
            file.write(b"half")
            raise error

    for error in (KeyboardInterrupt(), ConnectionError("the server is gone"), ValueError("other")):
        with pytest.raises(type(error)) as caught:
            write(error)
        assert caught.value is error
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said_in_a_sentence_for_tensors_too(tmp_path):
    path = tmp_path / "one"
    path.write_text("old")
    for write in (
        lambda: _files.write(path, bytes(2000)),
        lambda: _files.write_tensors(path, {"w": torch.zeros(2000)}, {}),
    ):
        said = r"one cannot be written \(File too large\): make room on its disk"
        with pytest.raises(OSError, match=said), disk.full(1000):
            write()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def irregular(folder):
    """Make one of each of what is no regular file."""
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "zero").symlink_to("/dev/zero")
    return [folder / name for name in ("folder", "pipe", "zero")]


def test_only_a_regular_file_is_read_or_replaced(tmp_path):
    for path in irregular(tmp_path):
        for use in (_files.read, lambda path: _files.write(path, b"new")):
            with pytest.raises(OSError, match=rf"{path.name} cannot be .*\(it is not a regular"):
                use(path)
    assert len(list(tmp_path.iterdir())) == 3
    assert stat.S_ISCHR(os.stat("/dev/zero").st_mode)
    with pytest.raises(FileNotFoundError, match=r"none cannot be read \(No such file"):
        _files.read(tmp_path / "none")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[-Infinity]", b"[" * 100_000, b"1" * 5_000, b"{} {}"],
    ids=repr,
)
def test_json_that_is_none_is_said_to_be_damaged(content):
    with pytest.raises(ValueError, match=r"^0.json is damaged: remove it$"):
        _files.from_json(content, "0.json", "remove it")


TENSORS = {
    "w": torch.arange(6, dtype=torch.float64).reshape(2, 3),
    "half": torch.tensor([1.5, -2]).half(),
    "other": torch.tensor([1, 2, 3], dtype=torch.bfloat16),
    "mask": torch.tensor([True, False]),
    "count": torch.tensor(7),
    "nothing": torch.zeros(0, 3),
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "sealed.safetensors"
    _files.write_tensors(path, TENSORS, {"format": "one", "history": json.dumps([0.5, "ü"])})
    return path


def test_tensors_come_back_with_their_metadata(sealed):
    tensors, metadata = _files.read_tensors(sealed, "damaged")
    assert tensors.keys() == TENSORS.keys()
    for name, expected in TENSORS.items():
        assert tensors[name].dtype == expected.dtype
        assert torch.equal(tensors[name], expected)
    assert metadata.keys() == {"format", "history", "sha256"}
    assert json.loads(metadata["history"]) == [0.5, "ü"]
    with safe_open(sealed, framework="pt") as file:
        assert file.metadata() == metadata, "a file as any other"


def test_the_same_tensors_give_the_same_bytes(sealed):
    for k in range(5):
        path = sealed.with_name(f"{k}.safetensors")
        _files.write_tensors(path, TENSORS, {"format": "one", "history": json.dumps([0.5, "ü"])})
        assert path.read_bytes() == sealed.read_bytes()


def damaged(content, data, n=None):
    """Return a content with one bit flipped, or 20 bytes anew, or its end lost."""
    kind = data.draw(st.sampled_from(["bit", "bytes", "end"]))
    at, new = data.draw(st.integers(0, len(content) - 1)), bytearray(content)
    if kind == "bit":
        new[at] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "bytes":
        at = min(at, len(new) - 20)
        new[at : at + 20] = data.draw(st.binary(min_size=20, max_size=20))
    else:
        del new[at:]
    return bytes(new)


def found(path):
    """Return what is read, None if it is refused as damaged; any other error is one."""
    try:
        return _files.read_tensors(path, "this one is damaged")
    except ValueError as error:
        if str(error) != "this one is damaged":
            raise
        return None


@given(st.data())
def test_no_damage_of_sealed_tensors_is_overlooked(sealed, data):
    content = sealed.read_bytes()
    new = damaged(content, data)
    path = sealed.with_name("damaged.safetensors")
    path.write_bytes(new)
    if (read := found(path)) is not None:
        assert new == content or "sha256" not in read[1], "its name alone was changed"
        assert all(torch.equal(tensor, TENSORS[name]) for name, tensor in read[0].items())


def test_each_flipped_bit_is_found(sealed):
    content, path = sealed.read_bytes(), sealed.with_name("flipped.safetensors")
    overlooked = 0
    for at in range(0, 8 * len(content), 5):
        new = bytearray(content)
        new[at // 8] ^= 1 << at % 8
        path.write_bytes(new)
        if (read := found(path)) is not None:
            assert "sha256" not in read[1]
            overlooked += 1
    assert overlooked <= 8 * len("sha256") / 5 + 1


@given(st.data())
def test_tensors_without_a_checksum_are_read_or_refused_and_nothing_else(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "plain.safetensors"
    path.write_bytes(damaged(save(TENSORS, {"format": "one"}), data))
    if (read := found(path)) is not None:
        assert all(isinstance(tensor, torch.Tensor) for tensor in read[0].values())
