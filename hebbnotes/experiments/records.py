"""Records: what a seed rests on and what came out, as files; and all seeds in one file, with their
mean.
"""

import hashlib
import json
import math
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from numbers import Real
from pathlib import Path
from typing import Any

import torch

import hebbnotes
from hebbnotes import _files, analysis
from hebbnotes.experiments.experiment import Experiment, Weights, described, short, shorts
from hebbnotes.experiments.paper import PAPER
from hebbnotes.experiments.stored import EXPERIMENTS, WEIGHTS, command, enter_files, stem

__all__ = [
    "Run",
    "check_whole",
    "circumstances",
    "collect",
    "headline",
    "number",
    "read_checked",
    "store",
    "write_json",
    "write_record",
    "write_weights",
]


@dataclass(frozen=True)
class Run:
    """An experiment that is run at a scale, with the folder that keeps its results and checkpoints,
    and the device.
    """

    name: str
    folder: Path
    scale: str = "book"
    device: str = "cpu"

    @property
    def experiment(self) -> Experiment[Any]:
        """What is run."""
        return EXPERIMENTS[self.name]

    @property
    def configuration(self) -> Any:
        """Its configuration."""
        return self.experiment.scaled(self.scale)

    @property
    def stem(self) -> str:
        """The name of its files, without their ending."""
        return stem(self.name, self.scale)

    @property
    def place(self) -> Path:
        """The folder of its seeds."""
        return self.folder / self.stem

    def done(self) -> dict[int, Path]:
        """Return the record of each seed that is done; other files, such as copies, are none."""
        named = {path.stem: path for path in self.place.glob("*.json")}
        return {int(name): named[name] for name in named if re.fullmatch("0|[1-9][0-9]*", name)}


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, in the place of an old one."""
    try:
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise ValueError(
            f"{path} cannot be written, for a number is NaN or infinite: look at what was measured"
        ) from error
    _files.write(path, text.encode())


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write what :func:`read_checked` reads: a record, with a checksum of what it says."""
    write_json(path, content | {_files.CHECKSUM: _digest(content)})


def _digest(content: dict[str, Any]) -> str:
    read_back = json.loads(json.dumps(content))  # as it will be compared: keys are texts
    return hashlib.sha256(json.dumps(read_back, sort_keys=True).encode()).hexdigest()


def write_weights(path: Path, tensors: Weights) -> str:
    """Write weights as safetensors that say their format; returns their checksum."""
    return _files.write_tensors(path, tensors, {"format": WEIGHTS})


def halved(tensors: Weights) -> Weights:
    """Return weights as they are stored: on the processor, matrices in half precision where that
    can hold them.
    """
    kept = {}
    for name, tensor in tensors.items():
        single = tensor.detach().cpu().contiguous()
        half = single.half()
        kept[name] = half if single.ndim > 1 and bool(torch.isfinite(half).all()) else single
    return kept


def _processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line for line in lines if line.startswith("model name")]
    if names:
        return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()


def circumstances(run: Run) -> dict[str, Any]:
    """Return what a result that is computed here and now rests on."""
    on_gpu = run.device.startswith("cuda")
    threads = f"threads: {torch.get_num_threads()}"
    return {
        "configuration": described(run.configuration),
        "versions": {
            "hebbnotes": hebbnotes.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "hardware": f"{_processor()}, "
        + (torch.cuda.get_device_name(run.device) if on_gpu else threads),
        "device": run.device,
    }


def read_checked(run: Run, path: Path, any_device: bool = False) -> dict[str, Any]:
    """Read a record, and refuse what is damaged or was trained otherwise.

    One without a checksum is taken: it was written by an earlier version, or by hand.
    """
    mend = "remove it, and run the seed again"
    read = _files.from_json(_files.read(path), path, mend)
    whole = _is_record(read, run.experiment.metric if path.suffix == ".json" else None)
    if not whole or read.pop(_files.CHECKSUM, None) not in (None, _digest(read)):
        raise ValueError(f"{path} is damaged: {mend}")
    configuration, device = read["configuration"], read["device"]
    if configuration != described(run.configuration) or not (any_device or device == run.device):
        raise ValueError(
            f"{path} belongs to another configuration or device: "
            f"remove {run.place} to train again, or use another folder"
        )
    return read


def _is_record(read: Any, metric: str | None) -> bool:
    """Tell whether something is a record: of a seed that is done, if its metric is named, or else
    of the seconds that were spent so far.
    """
    kinds = {"configuration": dict, "versions": dict, "hardware": str, "device": str}
    if not isinstance(read, dict) or not all(isinstance(read.get(k), t) for k, t in kinds.items()):
        return False
    numbers = read if metric is None else read.get("numbers")
    try:
        seconds = number(numbers, "seconds")
        result = 0.0 if metric is None else number(numbers, metric)
    except ValueError:
        return False
    return 0 <= seconds < math.inf and math.isfinite(result)


def number(numbers: Any, metric: str) -> float:
    """Return the number that a metric names; a dot leads into a dict.

    Raises
    ------
    ValueError
        If there is no such number.
    """
    value = numbers
    for key in metric.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"the numbers lack {metric}: run the seed again")
    return float(value)


def headline(experiment: Experiment[Any], numbers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the metric of an experiment, its mean over seeds, and the 95 % interval of the mean
    (None with one seed).

    Parameters
    ----------
    experiment : Experiment
        Which says what the metric is, and its bound, where it has one.
    numbers : dict
        The numbers of each seed.
    """
    values = [number(one, experiment.metric) for one in numbers.values()]
    mean, *interval = analysis.interval(values) if len(values) > 1 else values
    bound = -math.inf if experiment.at_least is None else experiment.at_least
    return {
        "metric": experiment.metric,
        "unit": experiment.unit,
        "value": short(mean),
        "ci95": shorts(max(bound, end) for end in interval) if interval else None,
    }


def collect(run: Run, target: Path) -> dict[str, Any]:
    """Put the results of all seeds that are done into one file, with what was run, where, and what
    was published.

    Raises
    ------
    FileNotFoundError
        If no seed is done.
    ValueError
        If a seed was trained with another configuration, or not all on one device and with the same
        versions.
    """
    experiment = run.experiment
    parts = run.done()
    if not parts:
        raise FileNotFoundError(f"{run.place} holds no result: run the experiment first")
    read = {seed: read_checked(run, parts[seed], any_device=True) for seed in sorted(parts)}
    for what in ("device", "versions"):
        if len({json.dumps(one[what]) for one in read.values()}) > 1:
            each = "; ".join(f"seed {seed}: {one[what]}" for seed, one in read.items())
            raise ValueError(
                f"{run.place} mixes trainings of more than one kind ({each}): remove some, and "
                "run them again"
            )
    numbers = {str(seed): one["numbers"] for seed, one in read.items()}
    first = read[min(read)]
    found = {
        "experiment": run.name,
        "scale": run.scale,
        "about": experiment.about,
        "command": command(run.name, run.scale),
        **{key: first[key] for key in ("configuration", "versions", "device")},
        "hardware": "; ".join(dict.fromkeys(one["hardware"] for one in read.values())),
        **headline(experiment, numbers),
        "published": _published(experiment),
        "seeds": numbers,
    }
    for path in sorted({*run.place.glob("*.json")} - {*parts.values()}):
        print(f"{path} is not the result of a seed: left out", file=sys.stderr)
    _collect_weights(run, read, target / f"{run.stem}.safetensors")
    write_json(target / f"{run.stem}.json", found)
    return found


def _published(experiment: Experiment[Any]) -> dict[str, Any] | None:
    for figure in experiment.paper:  # the first, where there is one
        return {"where": figure, **PAPER[figure]._asdict()}
    return None


def _collect_weights(run: Run, seeds: dict[int, dict[str, Any]], path: Path) -> None:
    """Put those weights that an experiment keeps into one file; remove an old one, where it keeps
    none.
    """
    only = run.experiment.keep_only
    tensors = {
        f"{seed}.{key}": tensor
        for seed, read in seeds.items()
        if seed in run.experiment.keep and run.scale in run.experiment.keep_at
        for key, tensor in _weights_of(run.place / f"{seed}.safetensors", read).items()
        if not only or key in only
    }
    if tensors:
        write_weights(path, tensors)
    else:
        path.unlink(missing_ok=True)


def _weights_of(path: Path, read: dict[str, Any]) -> Weights:
    """Return the weights of a seed that is done, as its record knows them."""
    mend = f"remove {path.with_suffix('.json').name} beside it, and run the seed again"
    try:
        tensors, metadata = _files.read_tensors(path, f"{path} is damaged: {mend}")
    except FileNotFoundError as missing:
        raise FileNotFoundError(f"{path} is not there: {mend}") from missing
    if metadata.get(_files.CHECKSUM) != read.get("weights"):
        raise ValueError(f"{path} holds the weights of another training: {mend}")
    return tensors


def check_whole(run: Run, seeds: Iterable[int]) -> None:
    """Refuse to store other seeds than those of the package, together with those that are done, or
    another scale.
    """
    done, experiment = {*run.done(), *seeds}, run.experiment
    if done != set(experiment.seeds) or run.scale not in experiment.stored:
        raise ValueError(
            f"{run.name}: the package stores the seeds {experiment.seeds} at the scales "
            f"{', '.join(experiment.stored)}, got {sorted(done)} at {run.scale!r}: name these, or "
            "leave --store out"
        )


def store(run: Run) -> Path:
    """Put a result into the package, in the place of the old one; returns where.

    Raises
    ------
    ValueError
        As :func:`check_whole` and :func:`collect`.
    """
    check_whole(run, ())
    target = Path(str(files("hebbnotes") / "results"))
    collect(run, target)
    enter_files(run.name, run.scale)
    return target / f"{run.stem}.json"
