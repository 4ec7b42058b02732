"""Time and memory of the fast evaluation against the published formulation, and how they grow.

``python -m hebbnotes.chapters.fast_evaluation.benchmark`` (or ``make bench``) measures and prints;
``--store`` puts the result into the package. All times are of one core, forwards and backwards, CPU
time per episode. The ways are measured in turn, round after round, so that a computer that is busy
for a while is busy for all of them; a ratio is the median of the rounds' ratios. Memory is the peak
of a fresh process above what it held before, for one episode. Memory and huge pages need Linux; the
second, glibc 2.35 or later.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks, _files, tasks
from hebbnotes.chapters.fast_evaluation.formulations import batched, published
from hebbnotes.experiments import stored
from hebbnotes.networks import run
from hebbnotes.plasticity import chunks, rules

__all__ = ["IMAGES", "SIZES", "WAYS", "Size", "floor", "result"]

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
HUGE = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
EXACT = {"MALLOC_MMAP_THRESHOLD_": "1000000"}
"""Every freed trace is given back, so that the peak is what is kept."""


class Size(NamedTuple):
    """A published task, the rule of its trace, and how many episodes are batched."""

    task: tasks.PatternCompletion
    batch: int
    rule: rules.Rule = rules.decay


IMAGES = tasks.PatternCompletion(n_bits=1024, **tasks.PICTURES | {"graded": False})
"""The size and the schedule of the image task; our pictures are random bits."""
SIZES = {
    "50 bits": Size(tasks.PatternCompletion(n_bits=50, n_patterns=2, **tasks.ONCE), 32),
    "100 bits": Size(tasks.PatternCompletion(n_bits=100, n_patterns=3, **tasks.CODE), 32),
    "1,000 bits": Size(tasks.PatternCompletion(**tasks.CODE), 4),
    "1,000 bits, Oja": Size(tasks.PatternCompletion(**tasks.CODE), 4, rules.oja),
    "images": Size(IMAGES, 2),
}
"""Published schedules at published sizes, 100 bits apart. As in the published code, eta is trained;
as in its image task, units are clamped."""


class Numbers(NamedTuple):
    """What is trained: w (n, n), alpha (n, n) and eta, a scalar."""

    w: Tensor
    alpha: Tensor
    eta: Tensor


def _chunks(size: Size, numbers: Numbers, episodes: tasks.Episodes, merge: bool) -> Tensor:
    y, write = torch.zeros_like(episodes.inputs[0]), chunks.Write(numbers.eta, size.rule.forget)
    return chunks.evaluate(
        episodes.inputs, numbers.w, numbers.alpha, write, y, None, episodes.clamp, merge=merge
    )[0][-1]


WAYS: dict[str, Callable[[Size, Numbers, tasks.Episodes], Tensor]] = {
    "published": lambda size, numbers, e: published(e.inputs, e.clamp, *numbers, size.rule),
    "batched": lambda size, numbers, e: batched(e.inputs, e.clamp, *numbers, size.rule),
    "chunks": lambda size, numbers, e: _chunks(size, numbers, e, merge=False),
    "merged": lambda size, numbers, e: _chunks(size, numbers, e, merge=True),
}
"""Each way has one thing more: the published formulation, one episode after another; the same on a
batch; in chunks; what is clamped throughout not computed, and equal steps as one (the default)."""


def _network(n: int, generator: torch.Generator) -> Numbers:
    w, alpha = ((0.01 * torch.randn(n, n, generator=generator)).requires_grad_() for _ in range(2))
    return Numbers(w, alpha, torch.tensor(0.01, requires_grad=True))


def _once(
    size: Size, way: str, numbers: Numbers, generator: torch.Generator, at_least: float = 0.0
) -> float:
    """Return the CPU time in ms for each episode, forwards and backwards.

    It is repeated for ``at_least`` so many seconds.
    """
    episodes = size.task.sample(1 if way == "published" else size.batch, generator)
    start, done = time.process_time(), 0
    while not done or time.process_time() - start < at_least:
        for number in numbers:
            number.grad = None
        WAYS[way](size, numbers, episodes).square().sum().backward()
        done += episodes.inputs.shape[1]
    return 1e3 * (time.process_time() - start) / done


def measure_times(name: str, rounds: int) -> dict[str, dict[str, float]]:
    """Measure all ways at one size in turn.

    Each gets its median time and its median advantage over the published one.
    """
    size, g = SIZES[name], torch.Generator().manual_seed(0)
    numbers = _network(size.task.n_units, g)
    times = [{way: _once(size, way, numbers, g, 0.1) for way in WAYS} for _ in range(rounds + 1)][
        1:
    ]
    return {
        way: {
            "ms": statistics.median(one[way] for one in times),
            "faster": statistics.median(one["published"] / one[way] for one in times),
            "faster_than_batched": statistics.median(one["batched"] / one[way] for one in times),
        }
        for way in WAYS
    }


def measure_memory(name: str, way: str) -> float:
    """Return by how many MB a process grows at its peak for one episode, both ways."""
    g = torch.Generator().manual_seed(0)
    warm = Size(tasks.PatternCompletion(n_bits=4, n_patterns=2, **tasks.ONCE), 2, SIZES[name].rule)
    _once(warm, way, _network(warm.task.n_units, g), g)
    numbers = _network(SIZES[name].task.n_units, g)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = _status("VmRSS")
    _once(SIZES[name]._replace(batch=1), way, numbers, g)
    return (_status("VmHWM") - before) / 1e3


def _status(key: str) -> float:
    """Return an entry of this process's status, in kB."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key)
    )
    return float(line.split()[1])


def measure_growth() -> dict[str, dict[str, list[float]]]:
    """Measure loop and chunks against the numbers of steps and of units.

    Inputs are random: nothing is clamped or repeats.
    """
    g = torch.Generator().manual_seed(0)
    found = {}
    for name, cases in (
        ("steps", [(t, 256) for t in (16, 64, 256, 1024, 4096)]),
        ("units", [(20, n) for n in (64, 256, 1024, 4096)]),
    ):
        found[name] = {
            "at": [float(t if name == "steps" else n) for t, n in cases],
            "loop": [],
            "chunk": [],
        }
        for steps, n in cases:
            numbers = _network(n, g)
            x = 0.1 * torch.randn(steps, 1, n, generator=g)
            times: dict[str, list[float]] = {"loop": [], "chunk": []}
            for method in ["loop", "chunk"] * (2 if steps * n * n > 2**28 else 4):
                for number in numbers:
                    number.grad = None
                start = time.process_time()
                run(x, *numbers, method=method)[0][-1].square().sum().backward()
                times[method].append(1e3 * (time.process_time() - start))
            for method, values in times.items():
                found[name][method].append(statistics.median(values[1:]))
    return found


def measure_computer() -> dict[str, float]:
    """Measure the rate of a matrix product, in GFLOP/s, and the bandwidth of a copy, in GB/s."""
    a = torch.randn(1001, 1001)
    old, new = torch.randn(2**24), torch.empty(2**24)
    new.copy_(old)

    def best(action: Callable[[], Any], times: int) -> float:
        found = []
        for _ in range(times):
            start = time.process_time()
            for _ in range(100):
                action()
            found.append((time.process_time() - start) / 100)
        return min(found)

    return {
        "matrix_product_gflops": 2 * 1001**3 / best(lambda: a @ a, 3) / 1e9,
        "copy_gb_per_s": 2 * 4 * 2**24 / best(lambda: new.copy_(old), 3) / 1e9,
    }


def floor(size: Size, gflops: float, copy_gb_per_s: float, *most_keys: int) -> float:
    """Count the least time in ms for an episode: products at their rate, traffic of traces.

    An event that is not clamped throughout compares with each key of its chunk: ``n**2`` products
    for each, once forwards and twice backwards; as many for ``w``, and for the trace at the chunk's
    start. To add up takes as many for each key, and where a chunk follows two more on the way back.
    A trace is read or written fourteen times for each border.

    Parameters
    ----------
    size : Size
        What is evaluated.
    gflops, copy_gb_per_s : float
        What the computer can do.
    most_keys : int
        As for :func:`.events.chunked`.
    """
    shown = size.task.sample(1, torch.Generator().manual_seed(0))
    events = chunks.find_events(shown.inputs, shown.clamp, torch.zeros_like(shown.inputs[0]))
    products, borders, pieces = 0, 0, chunks.chunked(events, *most_keys)
    for c, chunk in enumerate(pieces):
        keys = 0
        for event in chunk:
            products += 1 + event.free * (2 + 3 * ((c > 0) + keys))
            keys += not event.shares
        products += keys if c == len(pieces) - 1 else 3 * keys
        borders += c > 0
    n = size.task.n_units
    return 1e3 * (
        2 * n**2 * products / (gflops * 1e9) + 14 * 4 * n**2 * borders / (copy_gb_per_s * 1e9)
    )


def environment(settings: dict[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process that is measured: one thread, and further settings."""
    known = {key: value for key, value in os.environ.items() if key != "GLIBC_TUNABLES"}
    return known | ONE_THREAD | (settings or {})


def _child(*arguments: str, settings: dict[str, str] | None = None) -> Any:
    """Measure in a fresh process with one thread."""
    command = [sys.executable, "-m", "hebbnotes.chapters.fast_evaluation.benchmark", *arguments]
    shell = environment(settings)
    done = subprocess.run(command, env=shell, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        ended = f"the measurement of {' '.join(arguments)} ended with status {done.returncode}"
        raise ChildProcessError(f"{ended}: a process that is killed has too little memory")
    return json.loads(done.stdout)


def measure(rounds: int = 7) -> dict[str, Any]:
    """Measure all, each size in processes of its own; takes minutes and 12 GB."""
    _checks.integer("rounds", rounds)
    computer = _child("computer")
    found: dict[str, Any] = {
        "computer": {key: round(value, 1) for key, value in computer.items()},
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
        "hardware": f"{platform.machine()}, one thread",
        "rounds": rounds,
        "sizes": {},
    }
    for name, size in SIZES.items():
        ways = _child("times", name, str(rounds))
        huge = _child("times", name, str(rounds), settings=HUGE)
        for way in WAYS:
            ways[way]["ms_huge_pages"], ways[way]["faster_huge_pages"] = (
                huge[way]["ms"],
                huge[way]["faster"],
            )
        if size.task.n_units > 1000:  # below, a process grows by less than it can be measured
            for way in WAYS:
                ways[way]["mb"] = _child("memory", name, way, settings=EXACT)
                ways[way]["smaller"] = ways["published"]["mb"] / ways[way]["mb"]
        ways = {
            way: {key: float(f"{value:.3g}") for key, value in one.items()}
            for way, one in ways.items()
        }
        least = floor(size, computer["matrix_product_gflops"], computer["copy_gb_per_s"])
        found["sizes"][name] = {
            "units": size.task.n_units,
            "steps": size.task.n_steps,
            "batch": size.batch,
        }
        found["sizes"][name] |= {"floor_ms": float(f"{least:.3g}"), "ways": ways}
    growth = _child("growth")
    found["growth"] = {
        name: {k: v if k == "at" else [float(f"{x:.3g}") for x in v] for k, v in one.items()}
        for name, one in growth.items()
    }
    return found


def result() -> dict[str, Any]:
    """Return the stored measurements.

    ``sizes`` maps a name to units, steps, batch, the counted floor, and for each way to the CPU
    time in ms for each episode, for large networks the peak memory in MB, and both in comparison
    with the published formulation. ``growth`` has times in ms against steps and units. ``computer``
    says what the computer can do.
    """
    path = files("hebbnotes") / "results" / "benchmark.json"
    return _files.from_json(path.read_bytes(), str(path), "measure it again, with --store")


def _table(found: dict[str, Any]) -> str:
    rows = [
        f"{'':16}{'way':26}{'ms':>9}{'faster':>9}{'MB':>9}{'smaller':>9}{'huge ms':>9}{'faster':>9}"
    ]
    for name, one in found["sizes"].items():
        for way, w in one["ways"].items():
            keys = ("ms", "faster", "mb", "smaller", "ms_huge_pages", "faster_huge_pages")
            rows.append(
                f"{name:16}{way:26}"
                + "".join(f"{w[key]:9.3g}" if key in w else " " * 9 for key in keys)
            )
        rows.append(f"{name:16}{'counted floor':26}{one['floor_ms']:9.3g}")
    return "\n".join(rows)


def _rounds(text: str) -> int:
    """Return a number of rounds, at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hebbnotes.chapters.fast_evaluation.benchmark",
        description="Measure the fast evaluation.",
    )
    parser.add_argument(
        "--rounds",
        type=_rounds,
        default=7,
        help="rounds in which all ways are measured in turn (default: 7)",
    )
    parser.add_argument("--store", action="store_true", help="put the result into the package")
    parts = parser.add_subparsers(
        dest="part", metavar="PART", help="what a child process measures; leave it out"
    )
    parts.add_parser("computer")
    parts.add_parser("growth")
    for part in (parts.add_parser("memory"), parts.add_parser("times")):
        part.add_argument("size", choices=SIZES)
    parts.choices["memory"].add_argument("way", choices=WAYS)
    parts.choices["times"].add_argument("of_rounds", type=_rounds, metavar="rounds")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and store if asked to; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    parts: dict[str, Callable[[], Any]] = {
        "computer": measure_computer,
        "growth": measure_growth,
        "memory": lambda: measure_memory(chosen.size, chosen.way),
        "times": lambda: measure_times(chosen.size, chosen.of_rounds),
    }
    try:
        if chosen.part:
            torch.set_num_threads(1)
            print(json.dumps(parts[chosen.part]()))
            return 0
        found = measure(chosen.rounds)
        print(_table(found))
        if chosen.store:
            path = Path(str(files("hebbnotes") / "results" / "benchmark.json"))
            old = result() if path.exists() else {}
            kept = {k: v for k, v in old.items() if k == "loops"}  # measured in their own time
            _files.write(path, (json.dumps(found | kept, indent=1) + "\n").encode())
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
