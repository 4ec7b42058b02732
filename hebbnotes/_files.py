"""Files: written so that nobody ever reads half of one, and read so that a damaged one is said to
be that.
"""

import codecs
import contextlib
import errno
import hashlib
import json
import os
import pickle
import secrets
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from torch import Tensor

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that takes no more."""
_DISK = (*FULL, errno.EIO, errno.EROFS, errno.ESTALE)
CHECKSUM = "sha256"
"""The entry of the metadata that holds the checksum of tensors."""
_FRESH = os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_READ = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # opening a pipe would wait
_IRREGULAR = "it is not a regular file"


@contextlib.contextmanager
def replacing(path: Path, mend: str = "name another place") -> Iterator[BinaryIO]:
    """Give a file beside ``path`` to write into, and rename it then; a failure leaves nothing.

    A link is followed: it stays, and the file that it names is replaced. The new file has the mode
    of the old one, or without one what the umask leaves.

    Raises
    ------
    OSError
        If it cannot be written, in a sentence that names the file and the mend.
    """
    target = Path(os.path.realpath(path))
    beside = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        with _said(path, "written", mend):
            mode = _mode(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            allowed = 0o666 if mode is None else mode
            file = os.fdopen(os.open(beside, os.O_RDWR | _FRESH, allowed), "w+b")
        with _said(path, "written", mend, _DISK), file:
            if mode is not None:
                with contextlib.suppress(OSError):  # not every disk has modes
                    beside.chmod(mode)
            yield file
            file.flush()
            _sync(file.fileno())
        with _said(path, "written", mend):
            os.replace(beside, target)
            _settle(target.parent)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Raise as :func:`replacing` would, before there is anything to write."""
    target = Path(os.path.realpath(path))
    beside = target.parent / f".{secrets.token_hex(8)}.part"
    with _said(path, "written", "name another place"):
        _mode(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(beside, os.O_RDWR | _FRESH, 0o666))
        beside.unlink()


def write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, as :func:`replacing` says."""
    with replacing(path) as file:
        file.write(content)


def _mode(path: Path) -> int | None:
    """Return the mode of a file that is to be replaced, None without one; refuse anything else."""
    try:
        there = path.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(there.st_mode):
        raise OSError(errno.EINVAL, _IRREGULAR)
    return stat.S_IMODE(there.st_mode) & 0o777


def _sync(descriptor: int) -> None:
    """Bring what was written to the disk, where that can be told to."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise


def _settle(folder: Path) -> None:
    """Bring the names in a folder to the disk, likewise."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _said(path: Path, done: str, mend: str, only: tuple[int, ...] = ()) -> Iterator[None]:
    """Say of what the system refuses which file it is, and the mend."""
    try:
        yield
    except OSError as error:
        if only and error.errno not in only:
            raise
        mend = "make room on its disk" if error.errno in FULL else mend
        told = type(error)(f"{path} cannot be {done} ({error.strerror or error}): {mend}")
        told.errno = error.errno
        raise told from error


def opened(path: Path, mend: str = "name another file") -> BinaryIO:
    """Open a file to read it, if it is a regular one: a device or a pipe may never end.

    Raises
    ------
    OSError
        If it cannot be read, in a sentence that names the file and the mend.
    """
    with _said(path, "read", mend):
        descriptor = os.open(path, os.O_RDONLY | _READ)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, _IRREGULAR)
            return os.fdopen(descriptor, "rb")
        except OSError:
            os.close(descriptor)
            raise


def read(path: Path) -> bytes:
    """Return the bytes of a regular file; errors are those of :func:`opened`."""
    with opened(path) as file, _said(path, "read", "name another file"):
        return file.read()


class Capped:
    """A file to write into that takes so many bytes and no more, whatever a server sends."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.file, self.left = file, most
        self.flush = file.flush

    def write(self, chunk: bytes) -> None:
        """Write bytes, or raise ValueError if there are more than are left."""
        self.left -= len(chunk)
        if self.left < 0:
            raise ValueError("it has more bytes")
        self.file.write(chunk)


def is_same(file: BinaryIO, size: int, md5: str, sha256: str) -> bool:
    """Tell whether an open file has a size, which is asked first, and checksums, where known."""
    file.flush()
    same = os.fstat(file.fileno()).st_size == size
    for name, expected in (("md5", md5), ("sha256", sha256)):
        if same and expected:
            file.seek(0)
            digest = hashlib.new(name, usedforsecurity=False)
            while block := file.read(2**20):
                digest.update(block)
            same = digest.hexdigest() == expected
    return same


def pictures_checksum(file: BinaryIO, most: int = 2**26) -> str:
    """Return the SHA-256 of the pictures in a zip, whatever its container; empty if it is no whole
    zip, or one of more than ``most`` bytes, packed or not.

    It is taken over the pictures, sorted by name: of each its name, a zero byte and the SHA-256 of
    its bytes.
    """
    digest = hashlib.sha256()
    try:
        if os.fstat(file.fileno()).st_size > most:
            return ""
        with zipfile.ZipFile(file) as archive:
            if sum(one.file_size for one in archive.infolist()) > most:
                return ""
            for name in sorted(name for name in archive.namelist() if name.endswith(".png")):
                digest.update(name.encode() + b"\0" + hashlib.sha256(archive.read(name)).digest())
    except Exception:  # whatever a damaged file makes of the library
        return ""
    return digest.hexdigest()


def unpickled(file: IO[bytes]) -> Any:
    """Return what a pickle of arrays holds; one that holds anything else, such as code, is refused
    with an UnpicklingError.
    """
    import numpy as np

    rebuild: Any = np.zeros(0).__reduce__()[0]
    allowed: dict[tuple[str, str], Callable[..., Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): rebuild,
        ("numpy._core.multiarray", "_reconstruct"): rebuild,
        ("_codecs", "encode"): codecs.encode,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    class Arrays(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in allowed:
                it = f"{module}.{name}"
                raise pickle.UnpicklingError(f"{it} does not belong into a file of pictures")
            return allowed[module, name]

    return Arrays(file, encoding="bytes").load()


def from_json(content: bytes, path: Path | str, mend: str) -> Any:
    """Return what a JSON file holds, of which the bytes were read; NaN is no JSON.

    Raises
    ------
    ValueError
        If it is damaged, in a sentence that names the file and the mend.
    """
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {mend}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def write_tensors(path: Path, tensors: Mapping[str, "Tensor"], metadata: dict[str, str]) -> str:
    """Write tensors as safetensors, with a checksum of all in the metadata; returns it."""
    from safetensors.torch import save

    checksum = _checksum(tensors, metadata)
    content = save(dict(tensors))
    header, body = _header(content)
    told = {"__metadata__": metadata | {CHECKSUM: checksum}} | header
    text = json.dumps(told).encode()  # the library's own order of metadata is another each time
    text += b" " * (-len(text) % 8)
    write(path, len(text).to_bytes(8, "little") + text + body)
    return checksum


def _header(content: bytes) -> tuple[dict[str, Any], memoryview]:
    """Return what safetensors say of their tensors, and the tensors' bytes."""
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), memoryview(content)[end:]


def read_tensors(path: Path, damaged: str) -> tuple[dict[str, "Tensor"], dict[str, str]]:
    """Return the tensors of a safetensors file, and its metadata.

    Raises
    ------
    ValueError
        If it is damaged, or differs from its checksum, where it has one; ``damaged`` is what is
        said then.
    OSError
        As :func:`opened`.
    """
    from safetensors.torch import load

    content = read(path)
    try:
        tensors = load(content)
        metadata: dict[str, str] = _header(content)[0].get("__metadata__", {})
        whole = metadata.get(CHECKSUM) in (None, _checksum(tensors, metadata))
    except Exception as error:  # whatever a damaged file makes of the library
        raise ValueError(damaged) from error
    if not whole:
        raise ValueError(damaged)
    return tensors, metadata


def _checksum(tensors: Mapping[str, "Tensor"], metadata: dict[str, str]) -> str:
    """Return the SHA-256 of tensors, with their names, types and shapes, and of the metadata."""
    import torch

    digest = hashlib.sha256()
    told = {key: value for key, value in metadata.items() if key != CHECKSUM}
    digest.update(json.dumps(told, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        one = tensor.detach().cpu().contiguous().flatten()
        digest.update(one.view(torch.uint8).numpy().data)
    return digest.hexdigest()
