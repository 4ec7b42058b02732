"""The command ``python -m hebbnotes.experiments``: list, run, resume and evaluate; what it lists is in the index."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from hebbnotes.experiments import running
from hebbnotes.experiments.stored import EXPERIMENTS, index, stem, write_index


def _name(name: str) -> str:
    if name not in EXPERIMENTS:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(EXPERIMENTS)}, got {name!r}")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hebbnotes.experiments", description="List the experiments, or run them."
    )
    commands = parser.add_subparsers(dest="command")
    runner = commands.add_parser("run", help="train all seeds of an experiment, or go on with it")
    runner.add_argument(
        "--processes", type=int, help="seeds at once (default: as many as there are processors)"
    )
    runner.add_argument("--device", default="cpu", help="where to train: cpu (default), cuda, ...")
    runner.add_argument(
        "--folder",
        type=Path,
        default=Path("runs"),
        help="where seeds and checkpoints are kept (default: runs)",
    )
    runner.add_argument("--store", action="store_true", help="put the result into the package")
    evaluator = commands.add_parser("evaluate", help="test the stored weights again")
    evaluator.add_argument(
        "--json", action="store_true", help="print one JSON object for each experiment"
    )
    commands.add_parser("index", help="enter what the chapters define into results/index.json")
    for command in (runner, evaluator):
        command.add_argument("names", nargs="+", type=_name, metavar="NAME")
        command.add_argument(
            "--seed",
            type=int,
            nargs="+",
            help="which (default: those that are stored); after the names",
        )
        command.add_argument(
            "--scale",
            default="book",
            help="notebook, book (default) or paper, where the experiment has it",
        )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """List the experiments, run some, or evaluate some; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    if chosen.command is None:
        for name in EXPERIMENTS:
            entry = index()[name]
            print(f"{name:32} {entry['about']} [{', '.join(sorted(entry['scales']))}]")
        return 0
    if chosen.command == "index":
        path = write_index()
        print(f"{len(index())} names; written to {path}")
        return 0
    torch.set_num_threads(1)
    try:
        if chosen.command == "run":
            for name in chosen.names:
                seeds = chosen.seed or EXPERIMENTS[name].seeds
                running.check_first(
                    name, seeds, chosen.folder, chosen.scale, chosen.device, chosen.store
                )
            if chosen.processes is not None and chosen.processes < 1:
                raise ValueError(f"--processes must be 1 or more, got {chosen.processes}")
        work = {"run": _run, "evaluate": _evaluate}[chosen.command]
        return max([_reported(work, name, chosen) for name in chosen.names])
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _reported(
    work: Callable[[str, argparse.Namespace], int], name: str, chosen: argparse.Namespace
) -> int:
    """Do the work for one experiment; say what went wrong, if something did, and leave the others to their turn."""
    try:
        return work(name, chosen)
    except (ValueError, OSError, RuntimeError, ArithmeticError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(name: str, chosen: argparse.Namespace) -> int:
    seeds = chosen.seed or EXPERIMENTS[name].seeds
    running.run_seeds(name, seeds, chosen.folder, chosen.scale, chosen.device, chosen.processes)
    found = running.collect(name, chosen.folder, chosen.folder, chosen.scale)
    path = chosen.folder / f"{stem(name, chosen.scale)}.json"
    if chosen.store:
        path = running.store(name, chosen.folder, chosen.scale)
    print(
        f"{name}: {found['metric']} {_with_interval(found)} over {len(found['seeds'])} seeds; written to {path}"
    )
    return 0


def _with_interval(found: dict) -> str:
    interval = found["ci95"]
    return f"{found['value']:g}" + (
        f" (95 % interval {interval[0]:g} to {interval[1]:g})" if interval else ""
    )


def _evaluate(name: str, chosen: argparse.Namespace) -> int:
    found = running.evaluate(name, chosen.scale, chosen.seed)
    if chosen.json:
        print(json.dumps(found))
        return int(not found["agrees"])
    print(f"{name}: {found['metric']}, {found['unit']}")
    print(f"  stored, {found['seeds']} seeds: {_with_interval(found)}")
    for seed, value in found["recomputed"].items():
        print(f"  from the stored weights of seed {seed}: {value:g}")
    if found["published"]:
        print(
            f"  published ({found['published']['where']}, {found['published']['version']}): {found['published']['text']}"
        )
    print(
        "  the stored numbers are found again"
        if found["agrees"]
        else f"  differs by {found['largest_difference']}"
    )
    return int(not found["agrees"])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a SIGTERM stops it as Ctrl-C does
    sys.exit(main())
