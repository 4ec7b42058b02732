"""Data: public data sets, fetched once into a folder of your choice, with their checksums.

``python -m hebbnotes.data`` fetches ``DEFAULT``; with names, such as ``cifar10``, those. The
folder is ``HEBBNOTES_DATA`` (an absolute path), or by default your system's cache folder. Nothing
is downloaded unasked, a damaged file is neither used nor deleted, and one appears when it is whole.
"""

import argparse
import contextlib
import gzip
import io
import os
import sys
import tarfile
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks, _files

__all__ = [
    "FILES",
    "File",
    "available",
    "cifar10",
    "fetch",
    "folder",
    "grey",
    "mnist",
    "omniglot",
    "patches",
    "require",
    "shakespeare",
]


class File(NamedTuple):
    """A public file.

    Attributes
    ----------
    address : str, official; empty if there is none
    size : int, in bytes
    md5, sha256 : str, as Keras and TensorFlow Datasets publish the latter
    content : str
        For a zip that circulates in several containers, SHA-256 over its pictures, sorted by name:
        of each its name, a zero byte and the SHA-256 of its bytes. It is accepted, too.
    """

    address: str
    size: int
    md5: str
    content: str = ""
    sha256: str = ""


_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_OMNIGLOT = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/"
FILES: dict[str, File] = {
    "mnist/train-images-idx3-ubyte.gz": File(
        _MNIST + "train-images-idx3-ubyte.gz",
        9912422,
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "mnist/train-labels-idx1-ubyte.gz": File(
        _MNIST + "train-labels-idx1-ubyte.gz",
        28881,
        "d53e105ee54ea40749a09fcbcd1e9432",
        sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "mnist/t10k-images-idx3-ubyte.gz": File(
        _MNIST + "t10k-images-idx3-ubyte.gz",
        1648877,
        "9fb629c4189551a2d022fa330f9573f3",
        sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "mnist/t10k-labels-idx1-ubyte.gz": File(
        _MNIST + "t10k-labels-idx1-ubyte.gz",
        4542,
        "ec29112dd5afa0611ce80d1b7f02629c",
        sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    "omniglot/images_background.zip": File(
        _OMNIGLOT + "images_background.zip",
        9464212,
        "68d2efa1b9178cc56df9314c21c6e718",
        "07356096b8076fcf915341f8715e94822249e2a4d5b999fd2d0f6cf9ebffebd5",
        "ad41ab679c8b5d90b271ef46be6987cc81211774a695c29dcc5367b2b26ee640",
    ),
    "omniglot/images_evaluation.zip": File(
        _OMNIGLOT + "images_evaluation.zip",
        6462886,
        "6b91aef0f799c5bb55b94e3f2daec811",
        "f5165eb5f20d18e13c6515650b69a42a2c0507506969d410ba5e4a1c572bd542",
        "1f61a8f3366785b057fc117d9228e78a16e3d976c8953b2a10fcc74cf0609cee",
    ),
    "cifar10/cifar-10-python.tar.gz": File(
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        170498071,
        "c58f30108f718f92721af3b95e74349a",
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    ),
    "tinyshakespeare/input.txt": File(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        1115394,
        "6fb458f1232090904fb40fe944165e91",
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
}
SUBSET = "cifar10-subset/cifar10_first4000train_first1000test.npz"
_OF_SUBSET = "2a9fc689a27c9419ed61825842425a013acce5c1daa0b66bf0617a29fee14f44"
_SUBSET = File("", 14163860, "", sha256=_OF_SUBSET)
_ELSEWHERE = "set HEBBNOTES_DATA to another folder"
_SETS = ("mnist", "omniglot", "cifar10", "cifar10-subset", "tinyshakespeare")
DEFAULT = ("mnist", "omniglot", "tinyshakespeare")
"""What ``make data`` fetches: Omniglot for a chapter, the others for experiments."""


def _pooch() -> Any:
    """Import pooch without the warning of a progress bar that we do not need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _checks.extra("chapters"):
            import pooch
    return pooch


def folder() -> Path:
    """Return the folder of the data: ``HEBBNOTES_DATA``, an absolute path, or one in the cache."""
    named = os.environ.get("HEBBNOTES_DATA")
    if named and not Path(named).is_absolute():  # a kernel runs in another folder than your shell
        raise ValueError(
            f"HEBBNOTES_DATA must be an absolute path, got {named!r}: use $(realpath {named})"
        )
    try:
        place = Path(named or _pooch().os_cache("hebbnotes"))
    except RuntimeError:  # of a user without a home
        place = Path()
    if not place.is_absolute():
        raise ValueError("there is no home folder for data: set HEBBNOTES_DATA to an absolute path")
    return place


def _is_whole(path: Path, file: File) -> bool:
    """Tell whether a file is the official one; its size is asked before it is read."""
    with _files.opened(path, f"move it away, or {_ELSEWHERE}") as there:
        return _files.is_same(there, file.size, file.md5, file.sha256) or bool(
            file.content and _files.pictures_checksum(there) == file.content
        )


def fetch(name: str, download: bool = True) -> Path:
    """Return the path of a data file, fetched if it is not there; a damaged one is never used.

    Parameters
    ----------
    name : str, a key of ``FILES``
    download : bool, whether to ask the network for a file that is not there

    Raises
    ------
    ValueError
        If what is there, or the download, does not have the checksum of the official file.
    OSError
        If it is not there and cannot be had; the message names file, address, folder and command.
    """
    if not isinstance(name, str) or name not in FILES:
        raise KeyError(f"there is no data file {name!r}: it must be one of {', '.join(FILES)}")
    _checks.flag("download", download)
    file, path = FILES[name], folder() / name
    command = f"python -m hebbnotes.data {name.split('/', maxsplit=1)[0]}"
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if not _is_whole(path, file):
            raise ValueError(
                f"{path} is damaged (its MD5 is not {file.md5}): move it away, then run `{command}`"
            )
        return path
    missing = f"{name} is not in {folder()}"
    if not download:
        raise FileNotFoundError(f"{missing}: run `{command}`, which fetches it from {file.address}")
    get = _pooch().HTTPDownloader(progressbar=sys.stderr.isatty())
    try:
        with _files.replacing(path, _ELSEWHERE) as beside:
            get(file.address, _files.Capped(beside, file.size), None)
            if not _files.is_same(beside, file.size, file.md5, file.sha256):
                raise ValueError("its size or its hash is another")
    except OSError as error:
        mend = f": run `{command}` online" if error.errno is None else ""
        raise OSError(
            f"{missing} and could not be fetched from {file.address} ({error}){mend}"
        ) from error
    except ValueError as error:
        raise ValueError(
            f"what {file.address} sent for {name} is not the official file ({error}): "
            f"run `{command}` again"
        ) from error
    return path


def require(name: str) -> None:
    """Raise what is missing or damaged of a set, without a network, as :func:`fetch` says it.

    Parameters
    ----------
    name : {"mnist", "omniglot", "cifar10", "cifar10-subset", "tinyshakespeare"}
    """
    _checks.choice("name", name, _SETS)
    if name == "cifar10-subset" and os.path.lexists(folder() / SUBSET):
        _subset()
        return
    for file in FILES:
        if file.startswith(f"{name.removesuffix('-subset')}/"):
            fetch(file, download=False)


def available(name: str) -> bool:
    """Tell whether all of a set is in the folder and whole, as :func:`require` takes it."""
    _checks.choice("name", name, _SETS)
    with contextlib.suppress(OSError, ValueError):
        require(name)
        return True
    return False


def mnist(split: str = "train", download: bool = True) -> tuple[Tensor, Tensor]:
    """Return the handwritten digits of MNIST (LeCun, Cortes & Burges), pictures (M, 28, 28) from 0
    (paper) to 255 (ink), and their labels (M,), all integers.

    Parameters
    ----------
    split : {"train", "test"}, 60,000 or 10,000 digits
    download : bool, as for :func:`fetch`
    """
    part = {"train": "train", "test": "t10k"}[_checks.choice("split", split, ("train", "test"))]
    arrays = []
    for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
        with gzip.open(fetch(f"mnist/{part}-{kind}-ubyte.gz", download)) as file:
            arrays.append(torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8))
    return arrays[0].reshape(-1, 28, 28), arrays[1].long()


def omniglot(part: str = "background", download: bool = True) -> tuple[Tensor, list[str]]:
    """Return the characters of Omniglot, drawn by 20 people each (Lake and others, 2015): pictures
    (characters, 20, 105, 105), true for ink, and alphabet and number of each character; both, and
    drawings, in the order of their names.

    Parameters
    ----------
    part : {"background", "evaluation"}, 964 or 659 characters
    download : bool, as for :func:`fetch`
    """
    with _checks.extra("chapters"):
        from PIL import Image
    _checks.choice("part", part, ("background", "evaluation"))
    drawings: dict[str, list[np.ndarray]] = {}
    with zipfile.ZipFile(fetch(f"omniglot/images_{part}.zip", download)) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".png")):
            ink = np.asarray(Image.open(io.BytesIO(archive.read(name)))) == 0
            drawings.setdefault("/".join(name.split("/")[1:3]), []).append(ink)
    pictures = np.stack([np.stack(of_one) for of_one in drawings.values()])
    return torch.from_numpy(pictures), list(drawings)


def cifar10(
    split: str = "train", subset: bool = False, download: bool = True, what: str = "pictures"
) -> Tensor:
    """Return the photographs of CIFAR-10 (Krizhevsky, 2009), (M, 32, 32, 3), from 0 to 255; or of
    which of ten kinds each one is, (M,).

    Parameters
    ----------
    split : {"train", "test"}, 50,000 or 10,000 photographs; of the subset 4,000 or 1,000
    subset : bool
        Whether to read the first of each split alone: from a small file where that is there (it has
        no public address), and else from the whole.
    download : bool, as for :func:`fetch`
    what : {"pictures", "labels"}
    """
    _checks.choice("split", split, ("train", "test"))
    _checks.flag("download", download)
    labels = _checks.choice("what", what, ("pictures", "labels")) == "labels"
    if _checks.flag("subset", subset) and os.path.lexists(folder() / SUBSET):
        with np.load(_subset(), allow_pickle=False) as stored:
            kept = torch.from_numpy(stored[f"{'y' if labels else 'x'}_{split}"])
        return kept.long() if labels else kept
    if subset:
        return cifar10(split, False, download, what)[: 4_000 if split == "train" else 1_000]
    wanted = [f"data_batch_{k}" for k in range(1, 6)] if split == "train" else ["test_batch"]
    rows: list[np.ndarray] = []
    with tarfile.open(fetch("cifar10/cifar-10-python.tar.gz", download)) as archive:
        for name in wanted:
            file = archive.extractfile(f"cifar-10-batches-py/{name}")
            assert file is not None, "the archive has the official checksum"
            rows.append(np.asarray(_files.unpickled(file)[b"labels" if labels else b"data"]))
    whole = np.concatenate(rows)
    pictures = whole if labels else whole.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return torch.from_numpy(pictures.copy())


def _subset() -> Path:
    path = folder() / SUBSET
    if not _is_whole(path, _SUBSET):
        wrong = f"{path} is damaged (its SHA-256 is not {_OF_SUBSET})"
        raise ValueError(f"{wrong}: move it away, and fetch the whole instead")
    return path


def shakespeare(download: bool = True) -> str:
    """Return 1,115,394 letters of Shakespeare's plays, as Karpathy (2015) put them together.

    Parameters
    ----------
    download : bool, as for :func:`fetch`
    """
    return fetch("tinyshakespeare/input.txt", download).read_text("ascii")


def grey(photographs: Tensor) -> Tensor:
    """Turn photographs into grey patterns, shape (M, rows * columns), values in [-1, 1].

    The sum of the colours less its mean, over its largest absolute value. Source: the published
    code of Miconi, Stanley & Clune (2018), section 4.3.

    >>> grey(torch.tensor([[[[9, 0, 0], [0, 0, 1]]]]))  # a photograph of two pixels
    tensor([[ 1., -1.]])

    Parameters
    ----------
    photographs : Tensor (M, rows, columns, 3)
    """
    axes = "M rows columns colours"
    _checks.held("photographs", _checks.tensor("photographs", photographs, axes, {"colours": 3}))
    total = photographs.sum(-1, dtype=torch.float32).flatten(1)
    total = total - total.mean(1, keepdim=True)
    return total / total.abs().amax(1, keepdim=True).clamp_min(1e-9)


def patches(split: str = "train", size: int = 8, step: int = 4, shrink: int = 2) -> Tensor:
    """Return grey patches of a photograph, shape (M, size * size), scaled as by :func:`grey`.

    The photographs ship with scikit-learn. Patches with next to no contrast, such as of the sky,
    are left out: those whose sum of colours (0 to 765) stays within 60 of its mean.

    Parameters
    ----------
    split : {"train", "test"}, a Chinese temple or a flower
    size, step : int, rows and columns of a patch; pixels from one patch to the next
    shrink : int, how many times smaller the photograph is made first, by means of square blocks
    """
    with _checks.extra("chapters"):
        from sklearn.datasets import load_sample_image
    _checks.choice("split", split, ("train", "test"))
    _checks.integer("size", size, 2)
    _checks.integer("step", step)
    _checks.integer("shrink", shrink, 1, 100)
    photograph = torch.from_numpy(
        load_sample_image("china.jpg" if split == "train" else "flower.jpg").astype(np.float32)
    )
    photograph = torch.nn.functional.avg_pool2d(photograph.movedim(-1, 0), shrink)
    _checks.integer("size", size, 2, min(photograph.shape[1:]))
    cut = photograph.unfold(1, size, step).unfold(2, size, step).movedim(0, -1).flatten(0, 1)
    total = cut.sum(-1).flatten(1)
    return grey(cut[(total - total.mean(1, keepdim=True)).abs().amax(1) > 60])


def main(arguments: list[str] | None = None) -> int:
    """Fetch the named sets, or ``DEFAULT``, and say of each file that fails why."""
    sets = sorted({name.split("/")[0] for name in FILES})
    parser = argparse.ArgumentParser(
        prog="python -m hebbnotes.data", description="Fetch the public data sets."
    )
    parser.add_argument(
        "sets", nargs="*", help=f"which: {', '.join(sets)} (default: {' '.join(DEFAULT)})"
    )
    chosen = parser.parse_args(arguments).sets
    for name in chosen:
        if name not in sets:
            parser.error(f"there is no set {name!r}: it must be one of {', '.join(sets)}")
    failed = 0
    for name in FILES:
        if name.split("/")[0] in (chosen or DEFAULT):
            try:
                print(fetch(name))
            except (OSError, ValueError) as error:
                failed += 1
                print(f"failed: {error}", file=sys.stderr)
            except KeyboardInterrupt:
                print("stopped; the same command goes on", file=sys.stderr)
                return 130
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
