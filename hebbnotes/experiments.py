"""Experiments: trainings that take minutes, with their results as data of the package, so that a page can show them.

``python -m hebbnotes.experiments`` lists them; ``python -m hebbnotes.experiments run NAME`` trains all seeds again, below
``runs/``, and goes on where it was stopped. With ``--store`` the result replaces the one in the package.

A result is a JSON file: what was trained and how, one entry of numbers for each seed, versions and hardware. Weights, where they
are kept, are safetensors.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import hebbnotes
from hebbnotes import _checks, analysis, baselines, tasks, training
from hebbnotes.networks import PlasticRNN, ThreeNumbers, run

__all__ = ["EXPERIMENTS", "SCHEDULES", "Experiment", "result", "seeds", "weights"]

Outcome = tuple[dict[str, Any], dict[str, Tensor]]
SCHEDULES = {"paper": tasks.PAPER, "code": tasks.CODE, "once": tasks.ONCE}
"""The three schedules by name."""


@dataclass(frozen=True)
class Experiment:
    """One training, repeated over seeds.

    Attributes
    ----------
    about : str
        What it is, in a sentence.
    train : callable
        ``train(seed, checkpoint, **configuration)`` returns a dict of numbers and a dict of tensors to keep.
    configuration : dict
        Everything that was chosen.
    seeds : tuple of int
        Seeds of the stored result.
    """

    about: str
    train: Callable[..., Outcome]
    configuration: dict[str, Any]
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


def short(value: Any) -> float:
    """Return a number with four significant digits, for a file that people read."""
    return float(f"{value.item() if isinstance(value, Tensor) else value:.4g}")


def shorts(values: Any) -> list[float]:
    """Return numbers with four significant digits each."""
    return [short(v) for v in values]


def _trained(*args: Any, **kwargs: Any) -> training.History:
    """Train, and pass an interruption on: a network that was stopped is no result."""
    history = training.train(*args, **kwargs)
    if history.interrupted:
        raise KeyboardInterrupt
    return history


def measure(w: Any, alpha: Any, eta: Any, task: tasks.PatternCompletion, episodes: int, seed: int) -> float:
    """Return the share of wrong erased bits of a plastic network on fresh episodes, shown one at a time to spare memory."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        shown = [task.sample(1, g) for _ in range(episodes)]
        wrong = [tasks.errors(run(e.inputs, w, alpha, eta, clamp=e.clamp)[0][-1], e).erased for e in shown]
    return torch.cat(wrong).mean().item()


def autopsy(w: Tensor, alpha: Tensor, eta: Any, task: tasks.PatternCompletion, episodes: int, seed: int) -> dict[str, Any]:
    """Describe trained weights, those among the bits alone, and what each ablation costs."""
    n = task.n_bits
    fixed, plastic = w.detach()[:n, :n], alpha.detach()[:n, :n]
    others = fixed[~torch.eye(n, dtype=torch.bool)]
    numbers = {
        "w_diagonal_mean": fixed.diagonal().mean(),
        "w_diagonal_std": fixed.diagonal().std(),
        "w_others_mean": others.mean(),
        "w_others_std": others.std(),
        "alpha_mean": plastic.mean(),
        "alpha_std": plastic.std(),
        "alpha_rank": analysis.participation_ratio(plastic),
    }
    cut = analysis.ablations(w, alpha, torch.Generator().manual_seed(seed))
    costs = {name: short(measure(*pair, eta, task, episodes, seed)) for name, pair in cut.items()}
    return dict(zip(numbers, shorts(numbers.values()), strict=True)) | {"ablations": costs}


def thousand_bits(
    seed: int,
    checkpoint: Path,
    *,
    schedule: str,
    lr: float,
    learn_eta: bool,
    episodes: int,
    test_episodes: int,
    keep: tuple[int, ...] = (),
) -> Outcome:
    """Train 1,001 units on five patterns of 1,000 bits, one episode for each update, as in Figure 2 of the paper."""
    task = tasks.PatternCompletion(**SCHEDULES[schedule])
    g = torch.Generator().manual_seed(seed)
    w, alpha = ((0.01 * torch.randn(task.n_units, task.n_units, generator=g)).requires_grad_() for _ in range(2))
    eta = torch.tensor(0.01, requires_grad=learn_eta)

    def network(inputs: Tensor, clamp: Tensor) -> tuple[Tensor, Any]:
        return run(inputs, w, alpha, eta.clamp(0, 1), clamp=clamp)

    recall = tasks.recall_loss(network, task, 1, g)

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        value, metrics = recall(update)
        return value, metrics | {"eta": eta.item()}

    parameters = [w, alpha, *([eta] if learn_eta else [])]
    history = _trained(parameters, loss, episodes, lr=lr, checkpoint=checkpoint, generator=g)
    final = eta.detach().clamp(0, 1)
    numbers = {
        "trained_numbers": sum(p.numel() for p in parameters),
        "all_bits_by_episode": shorts(history.metrics["all_bits"]),
        "eta_by_episode": shorts(history.metrics["eta"]) if learn_eta else [],
        "test_erased": short(measure(w, alpha, final, task, test_episodes, 10_000 + seed)),
    } | autopsy(w, alpha, final, task, test_episodes, 20_000 + seed)
    kept = {"w": w.detach().half(), "alpha": alpha.detach().half()} if seed in keep else {}
    return numbers, kept


def thousand_bits_live(
    seed: int, checkpoint: Path, *, schedule: str, lr: float, batch: int, updates: int, test_episodes: int
) -> Outcome:
    """Train 1,001 units as a chapter does while it is read: on small batches, in the seconds that it takes to read a paragraph."""
    task = tasks.PatternCompletion(**SCHEDULES[schedule])
    g = torch.Generator().manual_seed(seed)
    network = PlasticRNN(task.n_units, eta=0.01, learn_eta=False, generator=g)
    history = _trained(
        network.parameters(), tasks.recall_loss(network, task, batch, g), updates, lr=lr, checkpoint=checkpoint, generator=g
    )
    test = torch.Generator().manual_seed(10_000 + seed)
    with torch.no_grad():
        shown = [task.sample(1, test) for _ in range(test_episodes)]
        wrong = [tasks.errors(network(e.inputs, clamp=e.clamp)[0][-1], e) for e in shown]
    return {
        "trained_numbers": sum(p.numel() for p in network.parameters()),
        "all_bits_by_update": shorts(history.metrics["all_bits"]),
        "test_all_bits": short(torch.cat([one.all_bits for one in wrong]).mean()),
        "test_erased": short(torch.cat([one.erased for one in wrong]).mean()),
    }, {}


def _curve(history: training.History, batch: int) -> dict[str, list[float]]:
    """Return the errors against the episodes seen, as means over blocks whose ends grow by a quarter."""
    total = len(history.loss)
    ends = np.unique(np.minimum(np.round(25 * 1.25 ** np.arange(60)), total)).astype(int)
    blocks = list(zip([0, *ends[:-1]], ends, strict=True))
    means = {name: [float(np.mean(history.metrics[name][a:b])) for a, b in blocks] for name in ("erased", "all_bits")}
    return {"episodes": [batch * int(b) for b in ends]} | {name: shorts(v) for name, v in means.items()}


def fifty_bits(
    seed: int,
    checkpoint: Path,
    *,
    kind: str,
    n_patterns: int,
    n_hidden: int,
    lr: float,
    anneal: bool,
    batch: int,
    updates: int,
    test_episodes: int,
) -> Outcome:
    """Train a plastic network, a recurrent one or an LSTM on patterns of 50 bits, and ask what its answers are made of."""
    task = tasks.PatternCompletion(n_bits=50, n_patterns=n_patterns, **tasks.ONCE)
    g = torch.Generator().manual_seed(seed)
    if kind == "plastic":
        network = PlasticRNN(task.n_units, eta=0.03, learn_eta=False, generator=g)
    else:
        network = {"rnn": baselines.RecurrentNetwork, "lstm": baselines.LSTM}[kind](task.n_units, n_hidden, g)
    loss = tasks.recall_loss(network, task, batch, g)
    schedule = training.cosine if anneal else training.constant
    history = _trained(network.parameters(), loss, updates, lr=lr, schedule=schedule, checkpoint=checkpoint, generator=g)
    test = task.sample(test_episodes, torch.Generator().manual_seed(10_000 + seed))
    with torch.no_grad():
        y = network(test.inputs, clamp=test.clamp)[0][-1]
    wrong, made_of = tasks.errors(y, test), analysis.regress(y, test)
    return {
        "trained_numbers": sum(p.numel() for p in network.parameters()),
        **_curve(history, batch),
        "test_erased": short(wrong.erased.mean()),
        "test_all_bits": short(wrong.all_bits.mean()),
        "weight_target": short(made_of.target),
        "weight_shown": shorts(made_of.shown),
        "r2": short(made_of.r2),
    }, {}


def small_networks(
    seed: int, checkpoint: Path, *, n_patterns: int, lr: float, batch: int, updates: int, test_episodes: int
) -> Outcome:
    """Train 51 units until they recall well, and open them."""
    task = tasks.PatternCompletion(n_bits=50, n_patterns=n_patterns, **tasks.ONCE)
    g = torch.Generator().manual_seed(seed)
    network = PlasticRNN(task.n_units, eta=0.03, generator=g)
    loss = tasks.recall_loss(network, task, batch, g)
    _trained(network.parameters(), loss, updates, lr=lr, schedule=training.cosine, checkpoint=checkpoint, generator=g)
    w, alpha, eta = (p.detach() for p in (network.w, network.alpha, network.eta))
    numbers = {"eta": short(eta), "test_erased": short(measure(w, alpha, eta, task, test_episodes, 10_000 + seed))}
    return numbers | autopsy(w, alpha, eta, task, test_episodes, 20_000 + seed), {"w": w, "alpha": alpha, "eta": eta}


def three_numbers(
    seed: int,
    checkpoint: Path,
    *,
    schedule: str,
    n_bits: int,
    n_patterns: int,
    lr: float,
    clip_norm: float,
    batch: int,
    updates: int,
    start: dict[str, float],
    test_episodes: int,
) -> Outcome:
    """Meta-train the network of three numbers on small patterns; use it on five patterns of 1,000 bits, in each schedule."""
    task = tasks.PatternCompletion(n_bits=n_bits, n_patterns=n_patterns, bias_unit=False, **SCHEDULES[schedule])
    g = torch.Generator().manual_seed(seed)
    network = ThreeNumbers(**start)
    loss = tasks.recall_loss(network, task, batch, g)
    history = _trained(
        network.parameters(),
        loss,
        updates,
        lr=lr,
        clip_norm=clip_norm,
        schedule=training.cosine,
        checkpoint=checkpoint,
        generator=g,
    )
    transfer, test = {}, torch.Generator().manual_seed(10_000 + seed)
    for name, other in SCHEDULES.items():
        shown = tasks.PatternCompletion(bias_unit=False, **other).sample(test_episodes, test)
        with torch.no_grad():
            y = network(shown.inputs, clamp=shown.clamp)[0][-1]
        transfer[name] = short(tasks.errors(y, shown).erased.mean())
    found = {name: short(getattr(network, name)) for name in ("inhibition", "gain", "eta")}
    return found | {"train_erased": short(np.mean(history.metrics["erased"][-50:])), "transfer_erased": transfer}, {}


_THOUSAND = {"episodes": 300, "test_episodes": 10}
_FIFTY = {"batch": 32, "test_episodes": 1000}
_PLASTIC = {"kind": "plastic", "n_hidden": 0, "lr": 1e-2, "anneal": True, "updates": 400} | _FIFTY
_THREE = {"n_bits": 50, "n_patterns": 2, "lr": 0.03, "clip_norm": 25.0, "batch": 16, "updates": 400, "test_episodes": 10}
_START = {"inhibition": 0.3, "gain": 20.0, "eta": 0.01}

EXPERIMENTS: dict[str, Experiment] = {
    "thousand-bits": Experiment(
        "1,001 units, five patterns of 1,000 bits, in the paper's schedule, with its learning rate and eta fixed",
        thousand_bits,
        {"schedule": "paper", "lr": 1e-3, "learn_eta": False, "keep": (0,)} | _THOUSAND,
    ),
    "thousand-bits-code": Experiment(
        "the same in the schedule of the published code, with its learning rate",
        thousand_bits,
        {"schedule": "code", "lr": 3e-4, "learn_eta": False} | _THOUSAND,
    ),
    "thousand-bits-code-learned-eta": Experiment(
        "the same in the schedule of the published code, with eta learned as there",
        thousand_bits,
        {"schedule": "code", "lr": 3e-4, "learn_eta": True} | _THOUSAND,
    ),
    "thousand-bits-learned-eta": Experiment(
        "the same in the paper's schedule, with its learning rate and eta learned",
        thousand_bits,
        {"schedule": "paper", "lr": 1e-3, "learn_eta": True} | _THOUSAND,
    ),
}
EXPERIMENTS["thousand-bits-live"] = Experiment(
    "thousand-bits-code on two episodes for each update; learning rate, batch and length were chosen on seeds 100 to 102",
    thousand_bits_live,
    {"schedule": "code", "lr": 1.5e-3, "batch": 2, "updates": 60, "test_episodes": 40},
)
for _p in (2, 3):
    EXPERIMENTS |= {
        f"fifty-bits-plastic-{_p}": Experiment(
            f"51 plastic units, {_p} patterns of 50 bits, shown once", fifty_bits, {"n_patterns": _p} | _PLASTIC
        ),
        f"fifty-bits-rnn-{_p}": Experiment(
            f"a recurrent network of 251 units on the same {_p} patterns",
            fifty_bits,
            {"n_patterns": _p, "kind": "rnn", "n_hidden": 200, "lr": 3e-4, "anneal": False, "updates": 7_800} | _FIFTY,
        ),
        f"fifty-bits-lstm-{_p}": Experiment(
            f"an LSTM of 200 cells on the same {_p} patterns",
            fifty_bits,
            {"n_patterns": _p, "kind": "lstm", "n_hidden": 200, "lr": 1e-3, "anneal": False, "updates": 7_800} | _FIFTY,
        ),
    }
for _p in (2, 3, 5):
    EXPERIMENTS[f"small-networks-{_p}"] = Experiment(
        f"51 plastic units trained on {_p} patterns of 50 bits, to be opened",
        small_networks,
        {"n_patterns": _p, "lr": 1e-2, "batch": 32, "updates": 2_000, "test_episodes": 200},
    )
for _s in SCHEDULES:
    EXPERIMENTS[f"three-numbers-{_s}"] = Experiment(
        f"three numbers trained on 2 patterns of 50 bits in the schedule '{_s}', used on 5 patterns of 1,000 bits in all",
        three_numbers,
        {"schedule": _s, "start": _START} | _THREE,
    )


def _stored(name: str, suffix: str) -> Any:
    _checks.choice("name", name, tuple(EXPERIMENTS))
    stored = files("hebbnotes") / "results" / f"{name}.{suffix}"
    if not stored.is_file():
        raise FileNotFoundError(
            f"the package holds no {suffix} of {name!r}: run `python -m hebbnotes.experiments run {name} --store`"
        )
    return stored


def result(name: str) -> dict[str, Any]:
    """Return the stored result of an experiment.

    Parameters
    ----------
    name : str
        One of the names that ``python -m hebbnotes.experiments`` lists.

    Returns
    -------
    dict
        ``seeds`` maps each seed, a string, to its numbers; the rest says what was run, with which versions, and where.

    Raises
    ------
    ValueError
        If there is no such experiment.
    FileNotFoundError
        If its result is not in the package.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    return json.loads(_stored(name, "json").read_text(encoding="utf-8"))


def seeds(name: str) -> list[dict[str, Any]]:
    """Return the numbers of each seed of a stored result; arguments and errors as for :func:`result`.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    return list(result(name)["seeds"].values())


def weights(name: str) -> dict[str, Tensor]:
    """Return the stored weights of an experiment, in single precision; names are such as ``"0.alpha"``, for seed 0.

    Raises
    ------
    ValueError
        If there is no such experiment.
    FileNotFoundError
        If its weights are not in the package: most experiments keep none.

    Notes
    -----
    Taught in the chapter "Differentiable plasticity".
    """
    from safetensors.torch import load_file

    with as_file(_stored(name, "safetensors")) as path:
        return {key: value.float() for key, value in load_file(path).items()}


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file beside and rename it, so that nobody ever reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(path.suffix + ".part")
    write(beside)
    beside.chmod(0o644)  # safetensors writes files that only their owner may read
    os.replace(beside, path)


def _circumstances(name: str) -> dict[str, Any]:
    """Return what a result of this experiment rests on."""
    return {
        "configuration": json.loads(json.dumps(EXPERIMENTS[name].configuration)),
        "versions": {"hebbnotes": hebbnotes.__version__, "torch": torch.__version__, "python": platform.python_version()},
        "hardware": f"{platform.machine()}, {torch.get_num_threads()} thread",
    }


def _same(path: Path, name: str, configuration: Any) -> None:
    if configuration != _circumstances(name)["configuration"]:
        raise ValueError(
            f"{path} belongs to another configuration of {name}: remove {path.parent} to train again, or use another folder"
        )


def run_seed(name: str, seed: int, folder: Path) -> None:
    """Train one seed of an experiment, unless its result is already in the folder; go on where it was stopped."""
    from safetensors.torch import save_file

    done, checkpoint, began = (folder / name / f"{seed}.{end}" for end in ("json", "checkpoint", "began"))
    for path in (done, began):
        if path.exists():
            _same(path, name, json.loads(path.read_text(encoding="utf-8"))["configuration"])
    if done.exists():
        return
    start = time.perf_counter()
    _write(began, lambda path: path.write_text(json.dumps(_circumstances(name)), encoding="utf-8"))
    experiment = EXPERIMENTS[name]
    numbers, kept = experiment.train(seed, checkpoint, **experiment.configuration)
    if kept:
        _write(done.with_suffix(".safetensors"), lambda path: save_file(kept, path))
    numbers["seconds"] = round(time.perf_counter() - start)
    found = _circumstances(name) | {"numbers": numbers}
    _write(done, lambda path: path.write_text(json.dumps(found), encoding="utf-8"))
    for path in (checkpoint, began):
        path.unlink(missing_ok=True)


def collect(name: str, folder: Path, target: Path) -> dict[str, Any]:
    """Put the results of all seeds that are done into one file, with what was run, and where."""
    from safetensors.torch import load_file, save_file

    parts = {int(p.stem): p for p in (folder / name).glob("*.json")}
    if not parts:
        raise FileNotFoundError(f"{folder / name} holds no result: run the experiment first")
    read = {seed: json.loads(parts[seed].read_text(encoding="utf-8")) for seed in sorted(parts)}
    for seed, one in read.items():
        _same(parts[seed], name, one["configuration"])
    found = {
        "experiment": name,
        "about": EXPERIMENTS[name].about,
        "command": f"python -m hebbnotes.experiments run {name}",
        **{key: value for key, value in read[min(read)].items() if key != "numbers"},
        "seeds": {str(seed): one["numbers"] for seed, one in read.items()},
    }
    beside = {seed: parts[seed].with_suffix(".safetensors") for seed in read}
    tensors = {f"{seed}.{key}": value for seed, path in beside.items() if path.exists() for key, value in load_file(path).items()}
    if tensors:
        _write(target / f"{name}.safetensors", lambda path: save_file(tensors, path))
    _write(target / f"{name}.json", lambda path: path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8"))
    return found


def main(arguments: list[str] | None = None) -> None:
    """List the experiments, or run one."""
    parser = argparse.ArgumentParser(prog="python -m hebbnotes.experiments", description="List the experiments, or run them.")
    commands = parser.add_subparsers(dest="command")
    runner = commands.add_parser("run", help="train all seeds of an experiment, or go on with it")
    runner.add_argument("names", nargs="+", choices=EXPERIMENTS, metavar="NAME")
    runner.add_argument("--seeds", type=int, nargs="+", help="by default those of the stored result")
    runner.add_argument("--folder", type=Path, default=Path("runs"), help="where seeds and checkpoints are kept (default: runs)")
    runner.add_argument("--store", action="store_true", help="put the result into the package")
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        for name, experiment in EXPERIMENTS.items():
            print(f"{name:32} {experiment.about}")
        return
    torch.set_num_threads(1)
    for name in chosen.names:
        for seed in chosen.seeds or EXPERIMENTS[name].seeds:
            try:
                run_seed(name, seed, chosen.folder)
            except KeyboardInterrupt:
                runner.exit(130, f"{name}, seed {seed}: stopped; the same command goes on from the last checkpoint\n")
        target = chosen.folder
        if chosen.store:
            target = Path(str(files("hebbnotes") / "results"))
            done = {int(p.stem) for p in (chosen.folder / name).glob("*.json")}
            if done != set(EXPERIMENTS[name].seeds):
                runner.error(
                    f"{name}: --store needs the seeds {EXPERIMENTS[name].seeds}, {chosen.folder / name} has {sorted(done)}"
                )
        collect(name, chosen.folder, target)
        print(f"{name}: written to {target / name}.json")


if __name__ == "__main__":
    main()
