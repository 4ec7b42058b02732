"""Several seeds at once, each in a process of its own on this computer."""

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch

from hebbnotes import _checks
from hebbnotes.experiments.records import Run
from hebbnotes.experiments.running import check_device, check_first, run_seed

__all__ = ["run_seeds"]

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
    say_failed(run, [seed for seed, future in futures.items() if future.result()])


def say_failed(run: Run, failed: list[int]) -> None:
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
