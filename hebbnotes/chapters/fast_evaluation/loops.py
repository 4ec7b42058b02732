"""What a plain loop could save: time and memory of the fast evaluation against fairer baselines.

``python -m hebbnotes.chapters.fast_evaluation.loops --store`` (or ``make bench``) measures, prints,
and adds the result to that of the benchmark. All ways are measured in turn in one process, CPU time
of one core per episode, so that a computer that is busy is busy for all of them: only ratios count.
Memory is the peak of a fresh process, seen from outside.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hebbnotes import _checks, _files, tasks
from hebbnotes.chapters.fast_evaluation import benchmark
from hebbnotes.chapters.fast_evaluation.benchmark import SIZES, Numbers, Size
from hebbnotes.chapters.fast_evaluation.formulations import loop, published
from hebbnotes.experiments import stored
from hebbnotes.networks.modulated import ModulatedRNN

__all__ = ["LARGE", "MODULATED", "UNITS_AND_STEPS", "WAYS", "measure", "result"]

LARGE = "1,000 bits", "images"
"""The sizes that are measured, by their names in :data:`.benchmark.SIZES`."""

Way = Callable[[Size, Numbers, tasks.Episodes], Tensor]


def _loop(size: Size, numbers: Numbers, e: tasks.Episodes, computed: str, again: bool) -> Tensor:
    return loop(e.inputs, e.clamp, *numbers, size.rule, computed, again)


WAYS: dict[str, Way] = {
    "published": lambda size, numbers, e: published(e.inputs, e.clamp, *numbers, size.rule),
    "checkpointed": partial(_loop, computed="all", again=True),
    "free steps": partial(_loop, computed="free", again=False),
    "events": partial(_loop, computed="events", again=False),
    "events, checkpointed": partial(_loop, computed="events", again=True),
    "chunks": benchmark.WAYS["chunks"],
    "merged": benchmark.WAYS["merged"],
}
"""The published formulation; the same with checkpoints; reading only where a unit is free; equal
steps as one as well; that with checkpoints; in chunks, without and with merging. One episode each.
"""
BATCHED = "chunks", "merged"
"""The ways that are measured on a batch as well."""


def _once(size: Size, way: str, numbers: Numbers, generator: torch.Generator, batch: int) -> float:
    """Return the CPU time in ms for each episode, forwards and backwards."""
    episodes = size.task.sample(batch, generator)
    for number in numbers:
        number.grad = None
    start = time.process_time()
    WAYS[way](size, numbers, episodes).square().sum().backward()
    return 1e3 * (time.process_time() - start) / batch


def measure_times(name: str, rounds: int) -> dict[str, dict[str, float]]:
    """Measure all ways at one size in turn, after a round that does not count.

    Each gets its median time in ms, and how many times less that is than the published one's: the
    median, least and greatest of the rounds' ratios.
    """
    size, g = SIZES[name], torch.Generator().manual_seed(0)
    numbers = benchmark._network(size.task.n_units, g)
    cases = {way: (way, 1) for way in WAYS}
    cases |= {f"{way}, batch of {size.batch}": (way, size.batch) for way in BATCHED}
    times: list[dict[str, float]] = []
    for _ in range(rounds + 1):
        times.append({case: _once(size, way, numbers, g, b) for case, (way, b) in cases.items()})
    found = {}
    for case in cases:
        faster = [one["published"] / one[case] for one in times[1:]]
        found[case] = {
            "ms": statistics.median(one[case] for one in times[1:]),
            "faster": statistics.median(faster),
            "least": min(faster),
            "most": max(faster),
        }
    return found


def measure_memory(name: str, way: str) -> float:
    """Return by how many MB a process grows at its peak for one episode, both ways."""
    g = torch.Generator().manual_seed(0)
    once: dict[str, Any] = tasks.ONCE
    warm = Size(tasks.PatternCompletion(4, 2, **once), 1, SIZES[name].rule)
    _once(warm, way, benchmark._network(warm.task.n_units, g), g, 1)
    numbers = benchmark._network(SIZES[name].task.n_units, g)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = benchmark._status("VmRSS")
    _once(SIZES[name], way, numbers, g, 1)
    return (benchmark._status("VmHWM") - before) / 1e3


MODULATED = {"simple": False, "retroactive": True}
"""The modulated networks that are measured, with whether they are retroactive."""
UNITS_AND_STEPS = 1_000, 100
"""How large they are, and how long an episode of random inputs is."""
METHODS = "loop", "chunk"


def _modulated(kind: str, n: int) -> ModulatedRNN:
    generator = torch.Generator().manual_seed(0)
    return ModulatedRNN(n, retroactive=MODULATED[kind], generator=generator)


def _modulated_once(net: ModulatedRNN, method: str, steps: int) -> float:
    """Return the CPU time in ms for an episode, forwards and backwards."""
    n = len(net.read)
    inputs = 0.1 * torch.randn(steps, 1, n, generator=torch.Generator().manual_seed(1))
    net.method = method
    net.zero_grad()
    start = time.process_time()
    net(inputs)[0].square().sum().backward()
    return 1e3 * (time.process_time() - start)


def measure_modulated_times(kind: str, rounds: int) -> dict[str, dict[str, float]]:
    """Measure a modulated network by both methods in turn, after a round that does not count; each
    gets what :func:`measure_times` gives, compared with the loop.
    """
    n, steps = UNITS_AND_STEPS
    net = _modulated(kind, n)
    times = [{way: _modulated_once(net, way, steps) for way in METHODS} for _ in range(rounds + 1)]
    found = {}
    for way in METHODS:
        faster = [one["loop"] / one[way] for one in times[1:]]
        found[way] = {
            "ms": statistics.median(one[way] for one in times[1:]),
            "faster": statistics.median(faster),
            "least": min(faster),
            "most": max(faster),
        }
    return found


def measure_modulated_memory(kind: str, method: str) -> float:
    """Return by how many MB a process grows at its peak for one episode, both ways."""
    n, steps = UNITS_AND_STEPS
    _modulated_once(_modulated(kind, 8), method, 4)
    net = _modulated(kind, n)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = benchmark._status("VmRSS")
    _modulated_once(net, method, steps)
    return (benchmark._status("VmHWM") - before) / 1e3


def _child(*arguments: str, settings: dict[str, str] | None = None) -> Any:
    """Measure in a fresh process with one thread."""
    command = [sys.executable, "-m", "hebbnotes.chapters.fast_evaluation.loops", *arguments]
    environment = benchmark.environment(settings)
    done = subprocess.run(command, env=environment, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        ended = f"the measurement of {' '.join(arguments)} ended with status {done.returncode}"
        raise ChildProcessError(f"{ended}: a process that is killed has too little memory")
    return json.loads(done.stdout)


def measure(rounds: int = 5) -> dict[str, Any]:
    """Measure all; takes minutes and 6 GB."""
    _checks.integer("rounds", rounds)
    found: dict[str, Any] = {"rounds": rounds, "torch": torch.__version__, "sizes": {}}
    for name in LARGE:
        ways = _child("times", name, str(rounds))
        for way in WAYS:
            ways[way]["mb"] = _child("memory", name, way, settings=benchmark.EXACT)
        for way in WAYS:
            ways[way]["smaller"] = ways["published"]["mb"] / ways[way]["mb"]
        found["sizes"][name] = _rounded(ways)
    found["modulated"] = {"units": UNITS_AND_STEPS[0], "steps": UNITS_AND_STEPS[1]}
    for kind in MODULATED:
        ways = _child("modulated-times", kind, str(rounds))
        for way in METHODS:
            ways[way]["mb"] = _child("modulated-memory", kind, way, settings=benchmark.EXACT)
            ways[way]["smaller"] = ways["loop"]["mb"] / ways[way]["mb"]
        found["modulated"][kind] = _rounded(ways)
    return found


def _rounded(ways: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        way: {key: float(f"{value:.3g}") for key, value in one.items()} for way, one in ways.items()
    }


def result() -> dict[str, Any]:
    """Return what is stored: ``sizes`` maps a name to all ways, and for each to the CPU time in ms
    for an episode, how many times less that is than the published loop's (median, least, most),
    the peak memory in MB of one episode, and how many times less that is. ``modulated`` has the
    same of both methods of modulated networks, compared with the loop.
    """
    found: dict[str, Any] = benchmark.result()["loops"]
    return found


def _table(found: dict[str, Any]) -> str:
    rows = [
        f"{'':12}{'way':26}{'ms':>9}{'faster':>9}{'least':>8}{'most':>8}{'MB':>8}{'smaller':>9}"
    ]
    modulated = {kind: found.get("modulated", {}).get(kind, {}) for kind in MODULATED}
    for name, ways in (found["sizes"] | modulated).items():
        for way, one in ways.items():
            numbers = "".join(f"{one[key]:9.3g}" for key in ("ms", "faster"))
            numbers += "".join(f"{one[key]:8.3g}" for key in ("least", "most"))
            if "mb" in one:
                numbers += f"{one['mb']:8.3g}{one['smaller']:9.3g}"
            rows.append(f"{name:12}{way:26}{numbers}")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and store if asked to; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m hebbnotes.chapters.fast_evaluation.loops",
        description="Measure the fast evaluation against fairer loops.",
    )
    parser.add_argument("--rounds", type=benchmark._rounds, default=5, help="rounds (default: 5)")
    parser.add_argument("--store", action="store_true", help="add the result to the benchmark's")
    parts = parser.add_subparsers(dest="part", metavar="PART", help="what a child process measures")
    for part, sizes, ways in (("", LARGE, WAYS), ("modulated-", MODULATED, METHODS)):
        memory, times = (parts.add_parser(f"{part}{what}") for what in ("memory", "times"))
        for one in (memory, times):
            one.add_argument("size", choices=sizes)
        memory.add_argument("way", choices=ways)
        times.add_argument("of_rounds", type=benchmark._rounds, metavar="rounds")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.part:
            torch.set_num_threads(1)
            measured: dict[str, Callable[[], Any]] = {
                "memory": lambda: measure_memory(chosen.size, chosen.way),
                "times": lambda: measure_times(chosen.size, chosen.of_rounds),
                "modulated-memory": lambda: measure_modulated_memory(chosen.size, chosen.way),
                "modulated-times": lambda: measure_modulated_times(chosen.size, chosen.of_rounds),
            }
            print(json.dumps(measured[chosen.part]()))
            return 0
        found = measure(chosen.rounds)
        print(_table(found))
        if chosen.store:
            path = Path(str(files("hebbnotes") / "results" / "benchmark.json"))
            whole = benchmark.result() | {"loops": found}
            _files.write(path, (json.dumps(whole, indent=1) + "\n").encode())
            stored.enter_files("benchmark", "book")
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing is stored", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
