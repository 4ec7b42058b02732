"""Running: how an experiment is trained, resumed, collected, and evaluated again."""

import json
import multiprocessing
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from importlib.resources import files
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import hebbnotes
from hebbnotes.experiments.experiment import Numbers, Trial, Weights
from hebbnotes.experiments.paper import PAPER
from hebbnotes.experiments.stored import EXPERIMENTS, WEIGHTS, command, headline, number, result, stem, weights

__all__ = ["collect", "evaluate", "run_seed", "run_seeds", "store"]


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file beside and rename it, so that nobody ever reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    write(beside)
    beside.chmod(0o644)  # safetensors writes files that only their owner may read
    os.replace(beside, path)


def _write_json(path: Path, found: Any) -> None:
    _write(path, lambda beside: beside.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8"))


def _write_weights(path: Path, tensors: Weights) -> None:
    from safetensors.torch import save_file

    _write(path, lambda beside: save_file(tensors, beside, metadata={"format": WEIGHTS}))


def _kept(tensors: Weights) -> Weights:
    """Return weights as they are stored: matrices in half precision, everything on the processor."""
    tensors = {name: t.detach().cpu() for name, t in tensors.items()}
    return {name: (t.half() if t.ndim > 1 else t).contiguous() for name, t in tensors.items()}


def _processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def _circumstances(name: str, scale: str, device: str) -> dict[str, Any]:
    """Return what a result of this experiment rests on."""
    used = torch.cuda.get_device_name(device) if device.startswith("cuda") else f"threads: {torch.get_num_threads()}"
    return {
        "configuration": json.loads(json.dumps(EXPERIMENTS[name].scaled(scale))),
        "versions": {"hebbnotes": hebbnotes.__version__, "torch": torch.__version__, "python": platform.python_version()},
        "hardware": f"{_processor()}, {used}",
        "device": device,
    }


def _same(path: Path, name: str, scale: str, device: str | None = None) -> dict[str, Any]:
    """Read what a seed rests on, and refuse what was trained otherwise."""
    read = json.loads(path.read_text(encoding="utf-8"))
    if read["configuration"] != json.loads(json.dumps(EXPERIMENTS[name].scaled(scale))) or device not in (None, read["device"]):
        raise ValueError(
            f"{path} belongs to another configuration or device: remove {path.parent} to train again, or use another folder"
        )
    return read


def _spent_before(began: Path, parts: Path) -> float:
    """Return the seconds that a seed has cost so far; those of a killed process count to its last checkpoint."""
    if not began.exists():
        return 0
    last = max((path.stat().st_mtime for path in parts.glob("*.checkpoint")), default=0)
    return json.loads(began.read_text(encoding="utf-8"))["seconds"] + max(0.0, last - began.stat().st_mtime)


def run_seed(
    name: str, seed: int, folder: Path, scale: str = "book", device: str = "cpu", bar: dict[str, Any] | None = None
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
    ValueError
        If there is no such experiment or scale, or the folder holds another training of that name.
    RuntimeError
        If another process is training this seed in this folder.
    """
    from filelock import FileLock, Timeout

    place = folder / stem(name, scale)
    done, began, parts = (place / f"{seed}.{end}" for end in ("json", "began", "parts"))
    for path in (done, began):
        if path.exists():
            read = _same(path, name, scale, device)
            if path == done:
                return read
    parts.mkdir(parents=True, exist_ok=True)
    trial = Trial(seed, parts, device, {"desc": f"{name}, seed {seed}"} | (bar or {}))
    try:
        with FileLock(parts / "lock", blocking=False):
            found = _train_and_test(trial, name, scale, began)
            _write_json(done, found)
    except Timeout:
        raise RuntimeError(
            f"{name}, seed {seed}: another process trains it in {place}: wait for it, or use another folder"
        ) from None
    shutil.rmtree(parts, ignore_errors=True)
    began.unlink(missing_ok=True)
    return found


def _train_and_test(trial: Trial, name: str, scale: str, began: Path) -> dict[str, Any]:
    """Train and test a seed, write its weights, and return what it rests on and its numbers."""
    start, experiment, configuration = time.perf_counter(), EXPERIMENTS[name], EXPERIMENTS[name].scaled(scale)
    before, rests_on = _spent_before(began, trial.folder), _circumstances(name, scale, trial.device)
    _write_json(began, rests_on | {"seconds": before})

    def spent() -> int:
        return round(before + time.perf_counter() - start)

    try:
        numbers, tensors = experiment.train(trial, **configuration)
        tensors = _kept(tensors)
        numbers |= experiment.test({key: t.float() for key, t in tensors.items()}, trial.seed, **configuration)
    except BaseException:
        _write_json(began, rests_on | {"seconds": spent()})
        raise
    _write_weights(began.with_suffix(".safetensors"), tensors)
    return rests_on | {"numbers": numbers | {"seconds": spent()}}


def _in_a_process(name: str, seed: int, folder: Path, scale: str, device: str, position: int) -> None:
    torch.set_num_threads(1)
    try:
        run_seed(name, seed, folder, scale, device, {"position": position})
    except KeyboardInterrupt:
        sys.exit(130)


def run_seeds(
    name: str, seeds: Iterable[int], folder: Path, scale: str = "book", device: str = "cpu", processes: int | None = None
) -> None:
    """Train seeds of an experiment, each in a process of its own where there are several.

    Parameters
    ----------
    name, folder, scale, device
        As for :func:`run_seed`.
    seeds : iterable of int
        Which seeds.
    processes : int, optional
        How many at once; by default as many as there are processors.

    Raises
    ------
    KeyboardInterrupt
        If it was stopped; the next run goes on from the last checkpoints.
    RuntimeError
        If a seed failed; the others were run to their end.
    """
    waiting = list(dict.fromkeys(seeds))
    if len(waiting) == 1:
        run_seed(name, waiting[0], folder, scale, device)
        return
    context, at_once = multiprocessing.get_context("spawn"), processes or os.cpu_count() or 1
    running: dict[int, tuple[int, Any]] = {}  # of each place: the seed, and its process
    failed, stopped = [], False
    try:
        while waiting or running:
            for place in [p for p in range(at_once) if p not in running][: len(waiting)]:
                seed = waiting.pop(0)
                process = context.Process(target=_in_a_process, args=(name, seed, folder, scale, device, place))
                process.start()
                running[place] = seed, process
            wait([process.sentinel for _, process in running.values()])
            for place, (seed, process) in list(running.items()):
                if not process.is_alive():
                    del running[place]
                    stopped = stopped or process.exitcode == 130
                    failed += [seed] if process.exitcode else []
            if stopped:
                raise KeyboardInterrupt
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
    if failed:
        raise RuntimeError(f"{name}: seeds {failed} failed, for the reason above; the others are done")


def collect(name: str, folder: Path, target: Path, scale: str = "book") -> dict[str, Any]:
    """Put the results of all seeds that are done into one file, with what was run, where, and what was published.

    Raises
    ------
    FileNotFoundError
        If no seed is done.
    ValueError
        If a seed was trained with another configuration.
    """
    from safetensors.torch import load_file

    place, experiment = folder / stem(name, scale), EXPERIMENTS[name]
    parts = {int(p.stem): p for p in place.glob("*.json")}
    if not parts:
        raise FileNotFoundError(f"{place} holds no result: run the experiment first")
    read = {seed: _same(parts[seed], name, scale) for seed in sorted(parts)}
    numbers = {str(seed): one["numbers"] for seed, one in read.items()}
    found = {
        "experiment": name,
        "scale": scale,
        "about": experiment.about,
        "command": command(name, scale),
        **{key: value for key, value in read[min(read)].items() if key != "numbers"},
        **headline(experiment, numbers),
        "published": {"where": experiment.paper[0], **PAPER[experiment.paper[0]]._asdict()} if experiment.paper else None,
        "seeds": numbers,
    }
    kept = [seed for seed in read if seed in experiment.keep]
    tensors = {f"{seed}.{key}": t for seed in kept for key, t in load_file(place / f"{seed}.safetensors").items()}
    if tensors:
        _write_weights(target / f"{stem(name, scale)}.safetensors", tensors)
    _write_json(target / f"{stem(name, scale)}.json", found)
    return found


def store(name: str, folder: Path, scale: str = "book") -> Path:
    """Put a result into the package, in the place of the old one; returns where.

    Raises
    ------
    ValueError
        If not all seeds of the experiment are done, or others are.
    """
    wanted, done = EXPERIMENTS[name].seeds, {int(p.stem) for p in (folder / stem(name, scale)).glob("*.json")}
    if done != set(wanted):
        raise ValueError(f"{name}: --store needs the seeds {wanted}, {folder / stem(name, scale)} has {sorted(done)}")
    target = Path(str(files("hebbnotes") / "results"))
    collect(name, folder, target, scale)
    return target / f"{stem(name, scale)}.json"


def _leaves(numbers: Any, at: str = "") -> dict[str, float]:
    """Return all numbers in dicts and lists, by their path."""
    if isinstance(numbers, dict):
        return {path: v for key, value in numbers.items() for path, v in _leaves(value, f"{at}.{key}").items()}
    if isinstance(numbers, list | tuple):
        return {path: v for k, value in enumerate(numbers) for path, v in _leaves(value, f"{at}.{k}").items()}
    return {at.removeprefix("."): float(numbers)}


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
        all numbers of the test, relative to the stored one plus .05; and ``agrees``, whether it is below .02.

    Raises
    ------
    ValueError, FileNotFoundError
        As for :func:`hebbnotes.experiments.weights`; or if the weights of a seed are not stored, or the pictures that the test
        needs are not there.
    """
    stored, tensors, experiment = result(name, scale), weights(name, scale), EXPERIMENTS[name]
    by_seed: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        seed, _, what = key.partition(".")
        by_seed.setdefault(seed, {})[what] = tensor
    wanted = list(by_seed) if seeds is None else [str(seed) for seed in seeds]
    if missing := [seed for seed in wanted if seed not in by_seed]:
        raise ValueError(f"{name}: the weights of seeds {', '.join(missing)} are not stored, only those of {', '.join(by_seed)}")
    recomputed, differences = {}, [0.0]
    for seed in wanted:
        again: Numbers = experiment.test(by_seed[seed], int(seed), **experiment.scaled(scale))
        was = _leaves({key: stored["seeds"][seed][key] for key in again})
        differences += [abs(value - was[path]) / (abs(was[path]) + 0.05) for path, value in _leaves(again).items()]
        recomputed[seed] = number(again, experiment.metric)
    shown = ("experiment", "scale", "metric", "unit", "value", "ci95")
    return {key: stored[key] for key in shown} | {
        "seeds": len(stored["seeds"]),
        "published": stored["published"],
        "recomputed": recomputed,
        "largest_difference": float(f"{max(differences):.2g}"),
        "agrees": max(differences) < 0.02,
    }
