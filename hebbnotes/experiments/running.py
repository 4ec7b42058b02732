"""Running one seed: trained, tested and recorded; or taken up where it was stopped."""

import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from hebbnotes import _checks
from hebbnotes.experiments.experiment import Trial
from hebbnotes.experiments.records import (
    Run,
    check_whole,
    circumstances,
    halved,
    read_checked,
    write_record,
    write_weights,
)

__all__ = ["Run", "check_device", "check_first", "run_seed", "run_share"]

EVERY = 30.0
"""Seconds between two bookings of what a seed has cost."""


def check_first(run: Run, seeds: Iterable[int], to_store: bool = False) -> None:
    """Refuse what cannot be run, or not be stored, before anything is computed or written; of the
    device nothing is asked.

    Raises
    ------
    ValueError
        If a seed or the scale cannot be, the folder holds another training of that name, or what
        would be stored is not what the package holds.
    OSError
        If data that the experiment needs are not there.
    """
    wanted, configuration = set(seeds), run.configuration
    if not isinstance(run.folder, Path):
        raise TypeError(f"folder must be a Path, got {run.folder!r}: use Path('runs')")
    for seed in wanted:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TypeError(f"a seed must be an integer, got {seed!r}: use 0")
    if not all(0 <= seed < 2**32 for seed in wanted):
        named = ", ".join(map(str, sorted(wanted)))
        raise ValueError(f"a seed must be 0 or more and below 2**32, got {named}")
    for path in (run.place / f"{seed}.{end}" for seed in wanted for end in ("json", "began")):
        if os.path.lexists(path):
            read_checked(run, path)
    above = next(path for path in (run.folder, *run.folder.absolute().parents) if _is_there(path))
    _check_folder(above, may_be_link=True)
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(f"{above} cannot be written into: use another folder")
    for path in (run.place, *(run.place / f"{seed}.parts" for seed in wanted)):
        _check_folder(path, may_be_link=path == run.place)
    if to_store:
        check_whole(run, wanted)
    run.experiment.needs(configuration)


def _is_there(path: Path) -> bool:
    """Tell whether something is at a place, were it a link that leads nowhere."""
    try:
        return os.path.lexists(path)
    except OSError:  # a name that is too long
        return False


def _check_folder(path: Path, may_be_link: bool) -> None:
    """Refuse a place that is no folder, or not one of its own."""
    if os.path.lexists(path) and not (path.is_dir() and (may_be_link or not path.is_symlink())):
        raise ValueError(
            f"{path} must be a folder of its own: move away what is there, or use another folder"
        )


def check_device(device: str) -> None:
    """Raise a ValueError if nothing can be computed on a device here."""
    try:
        torch.rand(1, generator=torch.Generator(device), device=device)
    except (RuntimeError, AssertionError) as error:
        because = str(error).splitlines()[0]
        raise ValueError(
            f"the device {device!r} cannot be used here ({because}): try cpu"
        ) from error


@_checks.in_single_precision
def run_seed(
    run: Run,
    seed: int,
    bar: dict[str, Any] | None = None,
    tell: Callable[[str, int, int], None] = lambda *_: None,
    patience: float = 0,
) -> dict[str, Any]:
    """Train and test one seed, unless its result is already in the folder; go on where it was
    stopped.

    Parameters
    ----------
    run : Run
        What is run, and where.
    seed : int
        Which seed.
    bar : dict, optional
        Further arguments of the progress bar.
    tell : callable
        As in :class:`.Trial`.
    patience : float
        Seconds to wait for another process that trains this seed in this folder.

    Returns
    -------
    dict
        What it rests on, and its ``numbers``.

    Raises
    ------
    ValueError, OSError
        As :func:`check_device` and :func:`check_first`.
    RuntimeError
        If another process trains this seed in this folder.
    """
    check_first(run, [seed])
    check_device(run.device)
    done, began, parts = (run.place / f"{seed}.{end}" for end in ("json", "began", "parts"))
    trial = Trial(seed, parts, run.device, {"desc": f"{run.name}, seed {seed}"} | (bar or {}), tell)

    def work() -> dict[str, Any]:
        if done.exists():
            return read_checked(run, done)
        found = _train_and_test(run, trial, began)
        write_record(done, found)
        shutil.rmtree(parts, ignore_errors=True)
        began.unlink(missing_ok=True)
        return found

    return _locked(run, run.place / f"{seed}.lock", patience, work)


def _locked(run: Run, path: Path, patience: float, work: Callable[[], Any]) -> Any:
    """Do some work while no other process does it, as a file shows that only one can lock."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=patience)
    except Timeout:
        raise RuntimeError(
            f"{run.name}, {path.stem}: another process trains it in {path.parent}: wait for it, "
            "or use another folder"
        ) from None
    except OSError as error:
        raise OSError(
            f"{path.parent} cannot be written into ({error.strerror or error}): use another folder"
        ) from error
    try:
        return work()
    finally:
        lock.release()


def _train_and_test(run: Run, trial: Trial, began: Path) -> dict[str, Any]:
    """Train and test a seed, write its weights, and return what it rests on and its numbers."""
    before = read_checked(run, began)["seconds"] if began.exists() else 0
    shares = [read_checked(run, path) for path in sorted(trial.folder.glob("*.share"))]
    rests_on = _joined(circumstances(run), shares)
    write_record(began, rests_on | {"seconds": before})
    start = booked = time.monotonic()  # no clock on the wall: that may be set

    def spent() -> float:
        return before + time.monotonic() - start

    def tell(part: str, update: int, updates: int) -> None:
        """Book what was spent, as often as a training is saved: this process may be killed."""
        nonlocal booked
        if time.monotonic() - booked > EVERY:
            write_record(began, rests_on | {"seconds": round(spent())})
            booked = time.monotonic()
        trial.tell(part, update, updates)

    try:
        numbers, tensors = run.experiment.train(replace(trial, tell=tell), run.configuration)
        tensors = halved(tensors)
        single = {key: tensor.float() for key, tensor in tensors.items()}
        numbers |= run.experiment.test(single, trial.seed, run.configuration)
    except BaseException:
        write_record(began, rests_on | {"seconds": round(spent())})
        raise
    checksum = write_weights(began.with_suffix(".safetensors"), tensors)
    seconds = round(spent() + sum(share["seconds"] for share in shares))
    return rests_on | {"numbers": numbers | {"seconds": seconds}, "weights": checksum}


def _joined(rests_on: dict[str, Any], shares: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a seed rests on whose shares were trained elsewhere: on all of their processors,
    but one version.
    """
    for share in shares:
        if share["versions"] != rests_on["versions"]:
            raise ValueError(
                f"a share was trained with {share['versions']}, this is {rests_on['versions']}: "
                "remove the seed's folder of parts, and run it again"
            )
    processors = [one["hardware"] for one in (rests_on, *shares)]
    return rests_on | {"hardware": "; ".join(dict.fromkeys(processors))}


def run_share(
    run: Run,
    seed: int,
    share: int,
    tell: Callable[[str, int, int], None] = lambda *_: None,
    patience: float = 0,
) -> None:
    """Train one of the shares of a seed into the checkpoints that :func:`run_seed` goes on from;
    arguments as there.
    """
    check_first(run, [seed])
    check_device(run.device)
    parts = run.place / f"{seed}.parts"
    done = parts / f"{share}.share"
    bar = {"desc": f"{run.name}, seed {seed}", "disable": True}

    def work() -> None:
        if done.exists() or (run.place / f"{seed}.json").exists():
            return
        start = time.monotonic()
        of_it = run.experiment.shares(run.configuration)[share]
        run.experiment.train(Trial(seed, parts, run.device, bar, tell), of_it)
        write_record(done, circumstances(run) | {"seconds": time.monotonic() - start})

    _locked(run, parts / f"{share}.lock", patience, work)
