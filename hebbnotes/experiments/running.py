"""Running: how an experiment is trained, resumed, collected, and evaluated again."""

import json
import math
import multiprocessing
import os
import platform
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable
from importlib.resources import files
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch

import hebbnotes
from hebbnotes import _files, analysis
from hebbnotes.experiments.experiment import (
    Experiment,
    Numbers,
    Trial,
    Weights,
    described,
    short,
    shorts,
    under,
)
from hebbnotes.experiments.paper import PAPER
from hebbnotes.experiments.stored import EXPERIMENTS, WEIGHTS, command, result, stem, weights

__all__ = ["check_first", "collect", "evaluate", "run_seed", "run_seeds", "store"]


def _write_json(path: Path, found: Any) -> None:
    text = json.dumps(found, indent=1, allow_nan=False) + "\n"
    _files.write(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def _write_weights(path: Path, tensors: Weights) -> None:
    from safetensors.torch import save_file

    _files.write(path, lambda beside: save_file(tensors, beside, metadata={"format": WEIGHTS}))


def _kept(tensors: Weights) -> Weights:
    """Return weights as they are stored: on the processor, and matrices in half precision where that can hold them."""
    kept = {}
    for name, tensor in tensors.items():
        single = tensor.detach().cpu().contiguous()
        half = single.half()
        kept[name] = half if single.ndim > 1 and bool(torch.isfinite(half).all()) else single
    return kept


def _processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    names = (
        [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    return (
        names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
    )


def _circumstances(name: str, scale: str, device: str) -> dict[str, Any]:
    """Return what a result of this experiment rests on."""
    used = (
        torch.cuda.get_device_name(device)
        if device.startswith("cuda")
        else f"threads: {torch.get_num_threads()}"
    )
    return {
        "configuration": described(EXPERIMENTS[name].scaled(scale)),
        "versions": {
            "hebbnotes": hebbnotes.__version__,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "hardware": f"{_processor()}, {used}",
        "device": device,
    }


def _read_checked(path: Path, name: str, scale: str, device: str | None = None) -> dict[str, Any]:
    """Read what a seed rests on, and refuse what was trained otherwise."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        rests_on = read["configuration"], read["device"]
    except (json.JSONDecodeError, KeyError, TypeError) as damaged:
        raise ValueError(f"{path} is damaged: remove it, and run the seed again") from damaged
    if rests_on[0] != described(EXPERIMENTS[name].scaled(scale)) or device not in (
        None,
        rests_on[1],
    ):
        raise ValueError(
            f"{path} belongs to another configuration or device: remove {path.parent} to train again, or use another folder"
        )
    return read


def _spent_before(began: Path, parts: Path) -> float:
    """Return the seconds that a seed has cost so far; those of a killed process count to its last checkpoint."""
    if not began.exists():
        return 0
    last = max((path.stat().st_mtime for path in parts.glob("*.checkpoint")), default=0)
    return json.loads(began.read_text(encoding="utf-8"))["seconds"] + max(
        0.0, last - began.stat().st_mtime
    )


def check_first(
    name: str,
    seeds: Iterable[int],
    folder: Path,
    scale: str = "book",
    device: str = "cpu",
    to_store: bool = False,
) -> None:
    """Refuse what cannot be run, or not be stored, before anything is computed or written.

    Parameters
    ----------
    name, seeds, folder, scale, device
        As for :func:`run_seeds`.
    to_store : bool
        Whether the result is to be put into the package.

    Raises
    ------
    ValueError
        If a seed, the device, or the scale cannot be, the folder holds another training of that name, or what would be stored is
        not what the package holds.
    OSError
        If data that the experiment needs are not there.
    """
    experiment, wanted = EXPERIMENTS[name], set(seeds)
    configuration, place = experiment.scaled(scale), folder / stem(name, scale)
    if not all(0 <= seed < 2**32 for seed in wanted):
        raise ValueError(
            f"a seed must be 0 or more and below 2**32, got {', '.join(map(str, sorted(wanted)))}"
        )
    try:
        torch.rand(1, generator=torch.Generator(device), device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"the device {device!r} cannot be used here ({str(error).splitlines()[0]}): try cpu"
        ) from error
    for path in (place / f"{seed}.{end}" for seed in wanted for end in ("json", "began")):
        if path.exists():
            _read_checked(path, name, scale, device)
    if to_store:
        done = {int(path.stem) for path in place.glob("*.json")} | wanted
        if done != set(experiment.seeds) or scale not in experiment.stored:
            raise ValueError(
                f"{name}: the package stores the seeds {experiment.seeds} at the scales {', '.join(experiment.stored)}, "
                f"got {sorted(done)} at {scale!r}: name these, or leave --store out"
            )
    experiment.needs(configuration)


def run_seed(
    name: str,
    seed: int,
    folder: Path,
    scale: str = "book",
    device: str = "cpu",
    bar: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Train and test one seed of an experiment, unless its result is already in the folder; go on where it was stopped.

    Parameters
    ----------
    name, scale : str
        Which experiment, and at which scale.
    seed : int
        Which seed.
    folder : Path
        Where results and checkpoints are kept, in a folder of their own.
    device : str
        Where it is trained; it is tested on the processor.
    bar : dict, optional
        Further arguments of the progress bar.

    Returns
    -------
    dict
        What it rests on, and its ``numbers``.

    Raises
    ------
    ValueError, OSError
        As :func:`check_first`.
    RuntimeError
        If another process is training this seed in this folder.
    """
    from filelock import FileLock, Timeout

    check_first(name, [seed], folder, scale, device)
    place = folder / stem(name, scale)
    done, began, parts, lock = (
        place / f"{seed}.{end}" for end in ("json", "began", "parts", "lock")
    )
    trial = Trial(seed, parts, device, {"desc": f"{name}, seed {seed}"} | (bar or {}))
    place.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, blocking=False):
            if done.exists():
                return _read_checked(done, name, scale, device)
            found = _train_and_test(trial, name, scale, began)
            _write_json(done, found)
            shutil.rmtree(parts, ignore_errors=True)
            began.unlink(missing_ok=True)
            return found
    except Timeout:
        raise RuntimeError(
            f"{name}, seed {seed}: another process trains it in {place}: wait for it, or use another folder"
        ) from None


def _train_and_test(trial: Trial, name: str, scale: str, began: Path) -> dict[str, Any]:
    """Train and test a seed, write its weights, and return what it rests on and its numbers."""
    start, experiment, configuration = (
        time.perf_counter(),
        EXPERIMENTS[name],
        EXPERIMENTS[name].scaled(scale),
    )
    before, rests_on = _spent_before(began, trial.folder), _circumstances(name, scale, trial.device)
    _write_json(began, rests_on | {"seconds": before})

    def spent() -> int:
        return round(before + time.perf_counter() - start)

    try:
        numbers, tensors = experiment.train(trial, configuration)
        tensors = _kept(tensors)
        numbers |= experiment.test(
            {key: t.float() for key, t in tensors.items()}, trial.seed, configuration
        )
    except BaseException:
        _write_json(began, rests_on | {"seconds": spent()})
        raise
    _write_weights(began.with_suffix(".safetensors"), tensors)
    return rests_on | {"numbers": numbers | {"seconds": spent()}}


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _in_a_process(
    name: str, seed: int, folder: Path, scale: str, device: str, position: int, lock: Any
) -> None:
    """Run a seed in a process of its own, which a SIGTERM stops as Ctrl-C would."""
    from tqdm import tqdm

    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tqdm.set_lock(lock)  # one for the bars of all processes
    torch.set_num_threads(1)
    try:
        run_seed(name, seed, folder, scale, device, {"position": position})
    except KeyboardInterrupt:
        sys.exit(130)
    except (ValueError, OSError, RuntimeError, ArithmeticError) as error:
        print(f"error: {name}, seed {seed}: {error}", file=sys.stderr)
        sys.exit(1)


def _at_once(device: str) -> int:
    """Return how many seeds to train at once: one for each processor that we may use, and one on any other device."""
    if device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_seeds(
    name: str,
    seeds: Iterable[int],
    folder: Path,
    scale: str = "book",
    device: str = "cpu",
    processes: int | None = None,
) -> None:
    """Train seeds of an experiment, each in a process of its own where there are several.

    Parameters
    ----------
    name, folder, scale, device
        As for :func:`run_seed`.
    seeds : iterable of int
        Which seeds.
    processes : int, optional
        How many at once; by default as many as there are processors, and one on another device.

    Raises
    ------
    ValueError, OSError
        As :func:`check_first`.
    KeyboardInterrupt
        If it was stopped; the next run goes on from the last checkpoints.
    RuntimeError
        If a seed failed; the others were run to their end.
    """
    waiting = list(dict.fromkeys(seeds))
    check_first(name, waiting, folder, scale, device)
    if len(waiting) == 1:
        run_seed(name, waiting[0], folder, scale, device)
        return
    context, places = multiprocessing.get_context("spawn"), processes or _at_once(device)
    lock = context.RLock()
    running: dict[int, tuple[int, Any]] = {}  # of each place: the seed, and its process
    failed = []
    try:
        while waiting or running:
            for place in [p for p in range(places) if p not in running][: len(waiting)]:
                seed = waiting.pop(0)
                process = context.Process(
                    target=_in_a_process, args=(name, seed, folder, scale, device, place, lock)
                )
                # inherited: Ctrl-C is for this process, which ends the others
                before = signal.signal(signal.SIGINT, signal.SIG_IGN)
                process.start()
                signal.signal(signal.SIGINT, before)
                running[place] = seed, process
            wait([process.sentinel for _, process in running.values()])
            for place, (seed, process) in list(running.items()):
                if not process.is_alive():
                    del running[place]
                    failed += [seed] if process.exitcode else []
    finally:
        left = [process for _, process in running.values()]
        for process in left:
            process.terminate()
        for process in left:
            process.join(20)
            process.kill()
    if failed:
        raise RuntimeError(
            f"{name}: seeds {sorted(failed)} failed, for the reason above; the others are done"
        )


def collect(name: str, folder: Path, target: Path, scale: str = "book") -> dict[str, Any]:
    """Put the results of all seeds that are done into one file, with what was run, where, and what was published.

    Raises
    ------
    FileNotFoundError
        If no seed is done.
    ValueError
        If a seed was trained with another configuration, or not all on one device and with the same versions.
    """
    from safetensors.torch import load_file

    place, experiment = folder / stem(name, scale), EXPERIMENTS[name]
    parts = {int(p.stem): p for p in place.glob("*.json")}
    if not parts:
        raise FileNotFoundError(f"{place} holds no result: run the experiment first")
    read = {seed: _read_checked(parts[seed], name, scale) for seed in sorted(parts)}
    for what in ("device", "versions"):
        if len({json.dumps(one[what]) for one in read.values()}) > 1:
            each = "; ".join(f"seed {seed}: {one[what]}" for seed, one in read.items())
            raise ValueError(
                f"{place} mixes trainings of more than one kind ({each}): remove some, and run them again"
            )
    numbers = {str(seed): one["numbers"] for seed, one in read.items()}
    found = {
        "experiment": name,
        "scale": scale,
        "about": experiment.about,
        "command": command(name, scale),
        **{
            key: value
            for key, value in read[min(read)].items()
            if key not in ("numbers", "hardware")
        },
        "hardware": "; ".join(dict.fromkeys(one["hardware"] for one in read.values())),
        **headline(experiment, numbers),
        "published": {"where": experiment.paper[0], **PAPER[experiment.paper[0]]._asdict()}
        if experiment.paper
        else None,
        "seeds": numbers,
    }
    kept = [seed for seed in read if seed in experiment.keep]
    tensors = {
        f"{seed}.{key}": t
        for seed in kept
        for key, t in load_file(place / f"{seed}.safetensors").items()
    }
    if tensors:
        _write_weights(target / f"{stem(name, scale)}.safetensors", tensors)
    else:
        (target / f"{stem(name, scale)}.safetensors").unlink(missing_ok=True)
    _write_json(target / f"{stem(name, scale)}.json", found)
    return found


def number(numbers: dict[str, Any], metric: str) -> float:
    """Return the number that a metric names; a dot leads into a dict."""
    value: Any = numbers
    for key in metric.split("."):
        value = value[key]
    return float(value)


def headline(experiment: Experiment[Any], numbers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the metric of an experiment, its mean over seeds, and the 95 % interval of the mean (None with a single seed).

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


def store(name: str, folder: Path, scale: str = "book") -> Path:
    """Put a result into the package, in the place of the old one; returns where.

    Raises
    ------
    ValueError
        As :func:`check_first`, if not all seeds of the experiment are done, or others are.
    """
    done = [int(path.stem) for path in (folder / stem(name, scale)).glob("*.json")]
    check_first(name, done, folder, scale, to_store=True)
    target = Path(str(files("hebbnotes") / "results"))
    collect(name, folder, target, scale)
    return target / f"{stem(name, scale)}.json"


def _leaves(numbers: Any, at: str = "") -> dict[str, float]:
    """Return all numbers in dicts and lists, by their path."""
    if isinstance(numbers, dict):
        return {
            path: v
            for key, value in numbers.items()
            for path, v in _leaves(value, f"{at}.{key}").items()
        }
    if isinstance(numbers, list | tuple):
        return {
            path: v
            for k, value in enumerate(numbers)
            for path, v in _leaves(value, f"{at}.{k}").items()
        }
    return {} if numbers is None else {at.removeprefix("."): float(numbers)}


def evaluate(name: str, scale: str = "book", seeds: Iterable[int] | None = None) -> dict[str, Any]:
    """Test the stored weights of an experiment again, and compare with the numbers that are stored.

    Parameters
    ----------
    name, scale : str
        Which experiment, and at which scale.
    seeds : iterable of int, optional
        Which seeds to test again; by default all whose weights are stored.

    Returns
    -------
    dict
        ``experiment``, ``scale``, ``metric``, ``unit``, ``value``, ``ci95``, ``seeds`` and ``published`` of the stored result;
        ``recomputed``, which maps each seed whose weights are stored to the metric that they have now; ``largest_difference``, over
        all numbers of the test, relative to the stored one plus .005 (None if one is not finite); and ``agrees``, whether it is
        below .05, as rounding on another computer would have it.

    Raises
    ------
    ValueError, FileNotFoundError
        As for :func:`.stored.weights`; or if the weights of a seed are not stored, the stored result lacks numbers,
        or the pictures that the test needs are not there.
    """
    stored, tensors, experiment = result(name, scale), weights(name, scale), EXPERIMENTS[name]
    kept = list(dict.fromkeys(key.partition(".")[0] for key in tensors))
    wanted = kept if seeds is None else [str(seed) for seed in seeds]
    if missing := [seed for seed in wanted if seed not in kept]:
        raise ValueError(
            f"{name}: the weights of seeds {', '.join(missing)} are not stored, only those of {', '.join(kept)}"
        )
    recomputed, differences = {}, [0.0]
    for seed in wanted:
        again: Numbers = experiment.test(
            under(tensors, f"{seed}."), int(seed), experiment.scaled(scale)
        )
        was, now = _leaves(stored["seeds"][seed]), _leaves(again)
        if missing := sorted(set(now) - set(was)):
            raise ValueError(
                f"{name}: the stored result lacks {', '.join(missing[:3])}: run `{command(name, scale)} --store`"
            )
        apart = [abs(now[path] - was[path]) / (abs(was[path]) + 0.005) for path in now]
        differences += [value if math.isfinite(value) else math.inf for value in apart]
        recomputed[seed] = number(again, experiment.metric)
    shown = ("experiment", "scale", "metric", "unit", "value", "ci95")
    return {key: stored[key] for key in shown} | {
        "seeds": len(stored["seeds"]),
        "published": stored["published"],
        "recomputed": recomputed,
        "largest_difference": float(f"{max(differences):.2g}")
        if math.isfinite(max(differences))
        else None,
        "agrees": max(differences) < 0.05,
    }
