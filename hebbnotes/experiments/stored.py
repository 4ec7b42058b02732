"""What the package holds: every experiment by name, and its stored result; all is read from the
index.

``results/index.json`` lists the experiments, and the measurements that others read by name, with
the checksums of their files. It is generated (``python -m hebbnotes.experiments index``), what is
stored enters its checksums by itself, and a test compares it with what the chapters say. Reading
imports neither torch nor a chapter: a chapter is imported to run or to evaluate an experiment,
torch to read weights.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hebbnotes import _files
from hebbnotes.experiments.paper import Published

if TYPE_CHECKING:
    from torch import Tensor

    from hebbnotes.experiments.experiment import Experiment

__all__ = [
    "EXPERIMENTS",
    "WEIGHTS",
    "Measurement",
    "command",
    "enter_files",
    "index",
    "made_index",
    "minutes",
    "result",
    "seeds",
    "stem",
    "weights",
    "write_index",
]

WEIGHTS = "hebbnotes weights 1"
"""Format of the stored weights."""
AGAIN = "install hebbnotes again"
"""How a file of the package is mended."""
KINDS = {"json": "result", "safetensors": "weights"}
"""What the package holds of an experiment, by the ending of its file."""


class Measurement(NamedTuple):
    """Numbers of one computer, measured once: what is measured, and the command that repeats it."""

    about: str
    command: str


@cache
def index() -> dict[str, dict[str, Any]]:
    """Return the index: of each name its chapter, what it is, its command, its scales and their
    files.
    """
    path = files("hebbnotes") / "results" / "index.json"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise type(error)(f"{path} cannot be read ({error.strerror}): {AGAIN}") from error
    made = _files.from_json(content, str(path), AGAIN)
    if not isinstance(made, dict) or not all(map(_is_entry, made.values())):
        raise ValueError(f"{path} is damaged: {AGAIN}")
    return made


def _is_entry(entry: Any) -> bool:
    """Tell whether something is what the index says of a name."""
    texts = ("about", "chapter", "command")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(k), str) for k in texts):
        return False
    scales = entry.get("scales")
    known = {"file": str, "stored": bool, "weights": list}
    return isinstance(scales, dict) and all(
        isinstance(one, dict)
        and all(isinstance(one.get(k), known[k]) for k in known)
        and isinstance(one.get("sha256", {}), dict)
        for one in scales.values()
    )


def made_index() -> dict[str, dict[str, Any]]:
    """Return the index as the chapters say now, which imports all of them."""
    chapters = sorted(one.name for one in files("hebbnotes.chapters").iterdir() if one.is_dir())
    made: dict[str, dict[str, Any]] = {}
    for chapter in chapters:
        if not (files("hebbnotes.chapters") / chapter / "experiments.py").is_file():
            continue
        module = import_module(f"hebbnotes.chapters.{chapter}.experiments")
        for name, experiment in getattr(module, "EXPERIMENTS", {}).items():
            made[name] = {"chapter": chapter, **experiment.entry(name)}
        for name, measurement in getattr(module, "MEASUREMENTS", {}).items():
            scale = {"file": name, "stored": True, "weights": []}
            made[name] = {"chapter": chapter, **measurement._asdict(), "scales": {"book": scale}}
    for entry in made.values():
        for scale in entry["scales"].values():
            scale["sha256"] = _checksums(scale["file"])
    return made


def _checksums(file: str) -> dict[str, str]:
    """Return the checksums of those files of a result that are in the package, by their endings."""
    there = {end: files("hebbnotes") / "results" / f"{file}.{end}" for end in KINDS}
    return {end: _checksum(end, one.read_bytes()) for end, one in there.items() if one.is_file()}


def _checksum(ending: str, content: bytes) -> str:
    """Return the SHA-256 of a file; of JSON that of what it says, whatever its ends of lines."""
    return _said(content) if ending == "json" else hashlib.sha256(content).hexdigest()


@lru_cache(32)
def _said(content: bytes) -> str:
    """Return the SHA-256 of what JSON says, which takes longer than to read it."""
    return hashlib.sha256(json.dumps(json.loads(content), sort_keys=True).encode()).hexdigest()


def write_index() -> Path:
    """Put the index as it is made into the package; returns where."""
    path = _write(made_index())
    index.cache_clear()
    return path


def enter_files(name: str, scale: str) -> None:
    """Put the checksums of a result's files, as they are now, into the package's index."""
    file = stem(name, scale)
    for one in index()[name]["scales"].values():
        if one["file"] == file:
            one["sha256"] = _checksums(file)
    _write(index())


def _write(entries: Mapping[str, dict[str, Any]]) -> Path:
    """Write the index, a name on each line; returns where."""
    path = Path(str(files("hebbnotes") / "results" / "index.json"))
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
    _files.write(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
    return path


class _Experiments(Mapping[str, "Experiment[Any]"]):
    """All experiments by name; the chapter of one is imported when it is asked for."""

    def __getitem__(self, name: str) -> "Experiment[Any]":
        if "seeds" not in index().get(name, {}):
            raise KeyError(name)
        module = import_module(f"hebbnotes.chapters.{index()[name]['chapter']}.experiments")
        return module.EXPERIMENTS[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, entry in index().items() if "seeds" in entry)

    def __len__(self) -> int:
        return sum(1 for _ in self)


EXPERIMENTS = _Experiments()
"""All experiments by name."""


def _entry(name: str) -> dict[str, Any]:
    if not isinstance(name, str) or name not in index():
        raise ValueError(
            f"name must be one of {', '.join(index())}, got {name!r}: "
            "`python -m hebbnotes.experiments index` enters a new one"
        )
    return index()[name]


def _scale(name: str, scale: str) -> dict[str, Any]:
    scales = _entry(name)["scales"]
    if not isinstance(scale, str) or scale not in scales:
        raise ValueError(f"scale must be one of {', '.join(scales)} for {name}, got {scale!r}")
    return scales[scale]


def stem(name: str, scale: str = "book") -> str:
    """Return the name of an experiment's files, without their ending.

    Raises
    ------
    ValueError
        If there is no such experiment, or it has no such scale.
    """
    return _scale(name, scale)["file"]


def command(name: str, scale: str = "book") -> str:
    """Return the command that repeats an experiment."""
    return _entry(name)["command"] + (f" --scale {scale}" if scale != "book" else "")


def minutes(name: str, scale: str = "book", only: set[str] | None = None) -> str:
    """Return how long the stored seeds of an experiment, or only some, have taken one after the
    other.
    """
    of = result(name, scale)["seeds"]
    seconds = sum(one["seconds"] for seed, one in of.items() if only is None or seed in only)
    return f"{round(seconds / 60):,} minutes" if seconds >= 90 else "a minute or less"


def _stored(name: str, scale: str, suffix: str) -> Any:
    stored = files("hebbnotes") / "results" / f"{stem(name, scale)}.{suffix}"
    if stored.is_file():
        return stored
    if not _scale(name, scale)["stored"]:
        mend = f"run `{command(name, scale)}`"
    elif suffix == "json":
        mend = f"run `{command(name, scale)} --store`"
    else:
        mend = f"`{command(name, scale)}` trains them again, in {minutes(name, scale)}"
    what = KINDS[suffix]
    raise FileNotFoundError(f"the package holds no {what} of {name!r}, scale {scale}: {mend}")


def _check(name: str, scale: str, path: Any, content: bytes) -> None:
    """Raise if a file of the package is not the one that the index knows."""
    ending = path.name.rpartition(".")[2]
    if _checksum(ending, content) != _scale(name, scale).get("sha256", {}).get(ending):
        raise ValueError(f"{path} is damaged: {AGAIN}")


def result(name: str, scale: str = "book") -> dict[str, Any]:
    """Return the stored result of an experiment.

    Parameters
    ----------
    name : str
        One of the names that ``python -m hebbnotes.experiments`` lists.
    scale : str
        ``"book"``, or another scale that the experiment has.

    Returns
    -------
    dict
        ``seeds`` maps each seed, a string, to its numbers; the rest says what was run, with which
        versions, where, what came out, and what was published. A measurement has no seeds, and says
        what it measured.

    Raises
    ------
    ValueError
        If there is no such experiment, it has no such scale, or the file is damaged.
    FileNotFoundError
        If its result is not in the package.

    Examples
    --------
    >>> found = result("fifty-bits-plastic-2")
    >>> found["metric"], len(found["seeds"])
    ('test_all_bits', 5)
    """
    path = _stored(name, scale, "json")
    content = path.read_bytes()
    found = _files.from_json(content, str(path), AGAIN)
    if not (isinstance(found, dict) and ("seeds" not in _entry(name) or _is_result(found))):
        raise ValueError(f"{path} is damaged: {AGAIN}")
    _check(name, scale, path, content)
    return found


def _is_result(found: dict[str, Any]) -> bool:
    """Tell whether something is the result of an experiment, as far as it is read here."""
    texts, published = ("experiment", "scale", "metric", "unit"), found.get("published", 0)
    interval, seeds = found.get("ci95", 0), found.get("seeds")
    return (
        all(isinstance(found.get(key), str) for key in texts)
        and _are_numbers(found.get("value"))
        and (
            interval is None
            or (isinstance(interval, list) and len(interval) == 2 and _are_numbers(*interval))
        )
        and (
            published is None
            or (isinstance(published, dict) and {*Published._fields} < {*published})
        )
        and isinstance(seeds, dict)
        and all(key.isdecimal() for key in seeds)
        and all(
            isinstance(one, dict) and _are_numbers(one.get("seconds")) for one in seeds.values()
        )
    )


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def seeds(name: str, scale: str = "book") -> list[dict[str, Any]]:
    """Return the numbers of each seed of a stored result; arguments and errors as for
    :func:`result`.
    """
    if "seeds" not in _entry(name):
        raise ValueError(f"{name} is a measurement, without seeds: read result({name!r})")
    return list(result(name, scale)["seeds"].values())


def weights(name: str, scale: str = "book") -> "dict[str, Tensor]":
    """Return the stored weights of an experiment, in single precision; names are such as
    ``"0.alpha"``, for seed 0.

    Raises
    ------
    ValueError
        If there is no such experiment, or its weights are damaged, or in a format that this version
        does not know.
    FileNotFoundError
        If its weights are not in the package: some experiments keep none, or those of seed 0 alone,
        or only what a page shows.
    """
    with as_file(_stored(name, scale, "safetensors")) as path:
        _check(name, scale, path, _files.read(path))
        tensors, metadata = _files.read_tensors(path, f"{path} is damaged: {AGAIN}")
    found = metadata.get("format")
    if found != WEIGHTS:
        raise ValueError(
            f"{path.name} has the format {found!r}, expected {WEIGHTS!r}: install the version "
            "that belongs to it"
        )
    return {key: tensor.float() for key, tensor in tensors.items()}
