"""The command ``python -m hebbnotes.experiments``: list, run, resume and evaluate; what it lists is
in the index.
"""

import argparse
import json
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hebbnotes.experiments.stored import EXPERIMENTS, index, write_index


def _folder(text: str) -> Path:
    """Return the folder that was named."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"must name a folder, got {text!r}")
    return Path(text)


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
        type=_folder,
        default=Path("runs"),
        help="where seeds and checkpoints are kept (default: runs)",
    )
    runner.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="train on the workers of the Dask cluster at tcp://host:8786; all see --folder",
    )
    runner.add_argument("--store", action="store_true", help="put the result into the package")
    evaluator = commands.add_parser("evaluate", help="test the stored weights again")
    evaluator.add_argument(
        "--json", action="store_true", help="print one JSON object for each experiment"
    )
    for command in (runner, evaluator):
        command.add_argument("names", nargs="+", type=_name, metavar="NAME")
        command.add_argument(
            "--seed",
            type=int,
            nargs="+",
            action="extend",
            help="which (default: those that are stored)",
        )
        command.add_argument(
            "--scale",
            default="book",
            help="notebook, book (default) or paper, where the experiment has it",
        )
    commands.add_parser("index", help="enter what the chapters define into results/index.json")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """List the experiments, run some, or evaluate some; returns the exit status."""
    work = {None: _list_all, "run": _run_all, "evaluate": _evaluate_all, "index": _enter_all}
    try:
        index()  # which the names are checked by
        given = _seeds_last(sys.argv[1:] if arguments is None else arguments)
        chosen = _parser().parse_args(given)
        return work[chosen.command](chosen)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _seeds_last(arguments: list[str]) -> list[str]:
    """Put seeds behind the names, which would be taken for further seeds."""
    others: list[str] = []
    seeds: list[str] = []
    after = False
    for one in arguments:
        after = one == "--seed" or (after and re.fullmatch("-?[0-9]+", one) is not None)
        (seeds if after else others).append(one)
    if seeds[-1:] == ["--seed"]:  # what follows is no number, and said to be that
        return arguments
    return others + seeds


def _list_all(chosen: argparse.Namespace) -> int:
    for name in EXPERIMENTS:
        entry = index()[name]
        print(f"{name:32} {entry['about']} [{', '.join(sorted(entry['scales']))}]")
    return 0


def _enter_all(chosen: argparse.Namespace) -> int:
    path = write_index()
    print(f"{len(index())} names; written to {path}")
    return 0


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _each(names: list[str], work: Callable[[str], int]) -> int:
    """Do the work for each experiment; say what went wrong, if something did, and leave the others
    to their turn.
    """
    status = 0
    for name in names:
        try:
            status = max(status, work(name))
        except (ValueError, OSError, RuntimeError, ArithmeticError, ImportError) as error:
            print(f"error: {error}", file=sys.stderr)
            status = 1
    return status


def _run_all(chosen: argparse.Namespace) -> int:
    from hebbnotes.experiments import records, running, workers

    _one_thread()
    if chosen.processes is not None and chosen.processes < 1:
        raise ValueError(f"--processes must be 1 or more, got {chosen.processes}")
    if not chosen.cluster:
        running.check_device(chosen.device)
    runs, seeds = {}, {}
    for name in chosen.names:
        runs[name] = records.Run(name, chosen.folder, chosen.scale, chosen.device)
        seeds[name] = chosen.seed or runs[name].experiment.seeds
        running.check_first(runs[name], seeds[name], chosen.store)

    def work(name: str) -> int:
        run = runs[name]
        if chosen.cluster:
            workers.run_on_cluster(run, seeds[name], chosen.cluster)
        else:
            workers.run_seeds(run, seeds[name], chosen.processes)
        found = records.collect(run, run.folder)
        path = records.store(run) if chosen.store else run.folder / f"{run.stem}.json"
        n_seeds = len(found["seeds"])
        print(
            f"{name}: {found['metric']} {_with_interval(found)} over {n_seeds} seeds; written to "
            f"{path}"
        )
        return 0

    return _each(chosen.names, work)


def _with_interval(found: dict[str, Any]) -> str:
    interval = found["ci95"]
    ends = f" (95 % interval {interval[0]:g} to {interval[1]:g})" if interval else ""
    return f"{found['value']:g}{ends}"


def _evaluate_all(chosen: argparse.Namespace) -> int:
    from hebbnotes.experiments.evaluation import evaluate

    _one_thread()

    def work(name: str) -> int:
        found = evaluate(name, chosen.scale, chosen.seed)
        print(json.dumps(found) if chosen.json else _told(name, found))
        return int(not found["agrees"])

    return _each(chosen.names, work)


def _told(name: str, found: dict[str, Any]) -> str:
    """Say in lines what an evaluation has found."""
    lines = [
        f"{name}: {found['metric']}, {found['unit']}",
        f"stored, {found['seeds']} seeds: {_with_interval(found)}",
    ]
    for seed, value in found["recomputed"].items():
        lines.append(f"from the stored weights of seed {seed}: {value:g}")
    if published := found["published"]:
        where = f"{published['where']}, {published['version']}"
        lines.append(f"published ({where}): {published['text']}")
    if found["others"]:
        lines.append(found["others"])
    differs = f"differs by {found['largest_difference']}"
    lines.append("the stored numbers are found again" if found["agrees"] else differs)
    return "\n  ".join(lines)


if __name__ == "__main__":
    for ending in ("SIGTERM", "SIGHUP"):  # each stops it as Ctrl-C does, unless it is ignored
        if hasattr(signal, ending) and signal.getsignal(getattr(signal, ending)) == signal.SIG_DFL:
            signal.signal(getattr(signal, ending), signal.default_int_handler)
    sys.exit(main())
