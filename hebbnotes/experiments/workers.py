"""Several seeds at once: each in a process of its own on this computer, or on a Dask cluster.

A cluster is one that runs: its scheduler's address is all that is needed (on SLURM, dask-jobqueue
starts one). A file in the folder of the run, which all workers must see, is a run's leave to go on:
a worker that finds it gone stops in order, as after Ctrl-C.
"""

import math
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from hebbnotes import _checks, _files
from hebbnotes.experiments.records import Run
from hebbnotes.experiments.running import check_device, check_first, run_seed, run_share
from hebbnotes.learning import training

__all__ = ["run_on_cluster", "run_seeds"]

TROUBLE = (ValueError, OSError, RuntimeError, ArithmeticError)
"""What may go wrong with one seed, and leaves the others to their turn."""
STOPPED = "stopped"


def run_seeds(run: Run, seeds: Iterable[int], processes: int | None = None) -> None:
    """Train seeds of an experiment, each in a process of its own where there are several.

    Parameters
    ----------
    run : Run
        What is run, and where.
    seeds : iterable of int
        Which seeds.
    processes : int, optional
        How many at once; by default as many as there are processors, and one on another device.

    Raises
    ------
    ValueError, OSError
        As :func:`.run_seed`.
    KeyboardInterrupt
        If it was stopped; the next run goes on from the last checkpoints.
    RuntimeError
        If a seed failed; the others were run to their end.
    """
    waiting = list(dict.fromkeys(seeds))
    check_first(run, waiting)
    check_device(run.device)
    if len(waiting) == 1:
        run_seed(run, waiting[0])
        return
    places = processes or _at_once(run.device)
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    context = multiprocessing.get_context("spawn")
    lock, others = context.RLock(), multiprocessing.active_children()
    for place in range(places):
        free.put(place)

    def alone(seed: int) -> str | None:
        """Train a seed in a process that may even die, on the line of the screen that is free;
        returns what went wrong.
        """
        place = free.get()
        try:
            with ProcessPoolExecutor(1, context, _ready, (lock,)) as process:
                failed = process.submit(_in_a_process, run, seed, {"position": place}).result()
        except (Exception, SystemExit) as error:
            died = isinstance(error, BrokenProcessPool)
            failed = "its process died, perhaps for want of memory" if died else str(error)
        finally:
            free.put(place)
        if failed and failed != STOPPED:
            print(f"error: {run.name}, seed {seed}: {failed}", file=sys.stderr)
        return failed

    with ThreadPoolExecutor(places, initializer=_leave_interrupts) as threads:
        futures = {seed: threads.submit(alone, seed) for seed in waiting}
        try:
            wait(futures.values())
        except BaseException:
            _stop(futures.values(), others)
            raise
    _say_failed(run, [seed for seed, future in futures.items() if future.result()])


def _say_failed(run: Run, failed: list[int]) -> None:
    """Raise a RuntimeError if seeds failed."""
    if failed:
        raise RuntimeError(
            f"{run.name}: seeds {sorted(failed)} failed, for the reason above; the others are done"
        )


def _at_once(device: str) -> int:
    """Return how many seeds to train at once: one for each processor that we may use, and one on
    any other device.
    """
    if device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _leave_interrupts() -> None:
    """Keep Ctrl-C from a thread and from the processes that it starts: the main thread ends them in
    order.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _ready(lock: Any) -> None:
    """Make a process ready: one thread, one lock for the bars of all, and an end with the process
    that started it.
    """
    with _checks.extra("chapters"):
        from tqdm import tqdm
    torch.set_num_threads(1)
    tqdm.set_lock(lock)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed: an executor's processes would go on."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _in_a_process(run: Run, seed: int, bar: dict[str, Any]) -> str | None:
    """Run a seed, which a SIGTERM stops as Ctrl-C would; returns what went wrong."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_seed(run, seed, bar)
    except KeyboardInterrupt:
        return STOPPED
    except TROUBLE as error:
        return str(error)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return None


def _stop(futures: Iterable[Future[Any]], others: list[Any]) -> None:
    """Stop the processes that train, so that they book what they spent; end them if they do not
    hear.
    """
    futures = list(futures)
    for future in futures:
        future.cancel()
    for end in ("terminate", "kill"):
        for process in multiprocessing.active_children():
            if process not in others:
                getattr(process, end)()
        if not wait(futures, 20).not_done:
            return


def run_on_cluster(run: Run, seeds: Iterable[int], address: str) -> None:
    """Train seeds of an experiment on the workers of a running Dask cluster, their shares first.

    What a lost worker did is given to another, which goes on from the last checkpoint.

    Parameters
    ----------
    run : Run
        What is run; its folder must be one that all workers see under the same name.
    seeds : iterable of int
        Which seeds.
    address : str
        Of the cluster's scheduler, such as ``"tcp://host:8786"``.

    Raises
    ------
    ValueError, OSError
        As :func:`.check_first`; or if no cluster answers, or its workers do not see the folder,
        have other versions, or more than one thread each: before anything is trained.
    KeyboardInterrupt, RuntimeError
        As :func:`run_seeds`.
    """
    waiting, run = list(dict.fromkeys(seeds)), replace(run, folder=run.folder.resolve())
    check_first(run, waiting)
    with _connected(address) as client:
        _check_versions(client, address)
        token = run.folder / f".{uuid.uuid4().hex}.running"
        text = f"{run.name} runs on {address}: remove this file to stop it\n"
        _files.write(token, text.encode())
        futures: list[Future[Any]] = []
        try:
            _check_folder(client, token)
            if training.watched():
                client.subscribe_topic(token.name, _bars(run))

            def hand_out(jobs: list[tuple[int, int | None]]) -> set[int]:
                """Give jobs to the workers, and return the seeds that failed."""
                handed = {executor.submit(_on_a_worker, run, *job, token): job for job in jobs}
                futures.extend(handed)
                return _watch(run, handed)

            executor = client.get_executor(pure=False)
            shares = range(len(run.experiment.shares(run.configuration)))
            failed = hand_out([(seed, share) for seed in waiting for share in shares])
            failed |= hand_out([(seed, None) for seed in waiting if seed not in failed])
        finally:
            token.unlink(missing_ok=True)
            wait(futures, 60)
    _say_failed(run, list(failed))


def _connected(address: str) -> Any:
    """Return a client of the cluster at an address."""
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("a cluster needs Dask: pip install 'hebbnotes[cluster]'") from None
    try:
        return Client(address, timeout=30)
    except OSError as error:
        raise OSError(
            f"no Dask cluster answers at {address}: start its scheduler, or name another ({error})"
        ) from error


def _check_versions(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or whose workers have other versions or several threads."""
    threads = client.nthreads()
    if not threads:
        raise ValueError(
            f"the cluster at {address} has no workers: start some, `dask worker {address} "
            "--nthreads 1 --nworkers 4` on each computer"
        )
    if several := {worker: n for worker, n in threads.items() if n != 1}:
        raise ValueError(
            f"workers must have one thread each, got {several}: start more of them instead, "
            "with --nthreads 1"
        )
    names = ("hebbnotes", "torch", "python")
    found = client.get_versions(packages=list(names[:2]))
    ours = found["client"]["packages"]
    for worker, its in found["workers"].items():
        for name in names:
            there, here = its["packages"].get(name), ours.get(name)
            if there != here:
                raise ValueError(
                    f"the worker {worker} has {name} {there}, this computer has {here}: "
                    "install the same on both"
                )


def _check_folder(client: Any, token: Path) -> None:
    """Refuse a folder that a worker does not see, as a file shows that was just written into it."""
    seen = client.run(_sees, token)
    if blind := [worker for worker, text in seen.items() if text != token.read_text("utf-8")]:
        raise ValueError(
            f"the folder {token.parent} is not one that the workers {', '.join(blind)} see and may "
            "write into: name one on a disk that all computers share, with --folder"
        )


def _sees(token: Path) -> str | None:
    """Return what a file says, if it is there, and if its folder may be written into."""
    try:
        return token.read_text("utf-8") if os.access(token.parent, os.W_OK) else None
    except OSError:
        return None


def _on_a_worker(run: Run, seed: int, share: int | None, token: Path) -> str | None:
    """Run a seed, or a share of one, on a worker of the cluster; returns what went wrong."""
    with _checks.extra("cluster"):
        from distributed import get_worker
    told, worker = -math.inf, get_worker()

    def tell(part: str, update: int, updates: int) -> None:
        nonlocal told
        if time.monotonic() - told < 1:
            return
        if not token.exists():
            raise KeyboardInterrupt
        numbers = {"seed": seed, "share": share, "part": part, "at": update, "of": updates}
        worker.log_event(token.name, numbers)
        told = time.monotonic()

    torch.set_num_threads(1)
    try:
        if not token.exists():  # stopped, or on a computer that came later and sees another folder
            return f"{token} is not there: the run was stopped, or {token.parent} is not shared"
        if share is not None:
            run_share(run, seed, share, tell, patience=60)
        else:
            run_seed(run, seed, {"disable": True}, tell, patience=60)
    except KeyboardInterrupt:
        return STOPPED
    except TROUBLE as error:
        return str(error)
    return None


def _bars(run: Run) -> Callable[[tuple[Any, dict[str, Any]]], None]:
    """Return what shows how far each seed or share is, as its worker tells, on a line each."""
    with _checks.extra("chapters"):
        from tqdm import tqdm
    lines: dict[tuple[int, int | None], Any] = {}

    def show(event: tuple[Any, dict[str, Any]]) -> None:
        told = event[1]
        key = told["seed"], told["share"]
        if key not in lines:
            lines[key] = tqdm(leave=False)
        line = lines[key]
        line.total, line.n = told["of"], told["at"]
        part = f", {told['part']}" if told["part"] else ""
        line.set_description(f"{run.name}, seed {told['seed']}{part}")

    return show


def _watch(run: Run, handed: dict[Future[Any], tuple[int, int | None]]) -> set[int]:
    """Say of each job when it is done, or what went wrong; return the seeds that failed."""
    failed: set[int] = set()
    for n_done, future in enumerate(as_completed(handed), 1):
        seed, share = handed[future]
        what = f"{run.name}, seed {seed}" + ("" if share is None else f", share {share}")
        error = str(future.exception()) if future.exception() else future.result()
        if error:
            failed.add(seed)
        said = f"error: {what}: {error}" if error else f"{what}: done, {n_done} of {len(handed)}"
        print(said, file=sys.stderr)
    return failed
