"""Data: public data sets, fetched once into a folder of your choice and checked against their checksums.

``python -m hebbnotes.data`` fetches all of them. The folder is ``HEBBNOTES_DATA`` (an absolute path), or by default your
system's cache folder.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = ["FILES", "File", "fetch", "folder"]


class File(NamedTuple):
    """A public file: its official address, its size in bytes, and its MD5."""

    address: str
    size: int
    md5: str


_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES: dict[str, File] = {
    "mnist/train-images-idx3-ubyte.gz": File(_MNIST + "train-images-idx3-ubyte.gz", 9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "mnist/train-labels-idx1-ubyte.gz": File(_MNIST + "train-labels-idx1-ubyte.gz", 28881, "d53e105ee54ea40749a09fcbcd1e9432"),
    "mnist/t10k-images-idx3-ubyte.gz": File(_MNIST + "t10k-images-idx3-ubyte.gz", 1648877, "9fb629c4189551a2d022fa330f9573f3"),
    "mnist/t10k-labels-idx1-ubyte.gz": File(_MNIST + "t10k-labels-idx1-ubyte.gz", 4542, "ec29112dd5afa0611ce80d1b7f02629c"),
}


def folder() -> Path:
    """Return the folder of the data: ``HEBBNOTES_DATA``, or ``hebbnotes`` in the system's cache.

    Raises
    ------
    ValueError
        If ``HEBBNOTES_DATA`` is a relative path: a kernel runs in another folder than your shell.
    """
    import pooch

    named = os.environ.get("HEBBNOTES_DATA")
    if named and not Path(named).is_absolute():
        raise ValueError(f"HEBBNOTES_DATA must be an absolute path, got {named!r}: use $(realpath {named})")
    return Path(named) if named else Path(pooch.os_cache("hebbnotes"))


def fetch(name: str) -> Path:
    """Return the path of a data file, downloading it if it is not there; a damaged file is never used.

    Parameters
    ----------
    name : str
        A key of ``FILES``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    KeyError
        If there is no such file in the table.
    ValueError
        If the file that is there, or the download, does not have the checksum of the official file.
    OSError
        If the file is not there and cannot be downloaded; the message names file, address, folder and command.
    """
    import pooch

    if name not in FILES:
        raise KeyError(f"there is no data file {name!r}: it must be one of {', '.join(FILES)}")
    file, path = FILES[name], folder() / name
    if path.exists():
        if pooch.file_hash(str(path), alg="md5") != file.md5:
            raise ValueError(f"{path} is damaged (its MD5 is not {file.md5}): move it away, then run `make data`")
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(file.address, f"md5:{file.md5}", fname=path.name, path=path.parent, progressbar=sys.stderr.isatty())
    except OSError as error:
        raise OSError(
            f"{name} is not in {folder()} and could not be fetched from {file.address} ({error}): run `make data` online"
        ) from error
    return path


def main() -> int:
    """Fetch every file, and say of each that fails why."""
    failed = 0
    for name in FILES:
        try:
            print(fetch(name))
        except (OSError, ValueError) as error:
            failed += 1
            print(f"failed: {error}", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
