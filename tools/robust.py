"""Ask of each live training whether what its cells say of it would be said on any computer.

Processors round differently, and a training may end elsewhere for that alone. So each notebook is
run up to the last cell that uses a training, twenty times, each time with the numbers that the
training begins with changed by a part in a million or less. Whatever an assertion compares, and
whatever a comparison decides to print, must come out the same, with room: the mean of what is
compared lies at least two standard deviations from its bound. What is stored in
``tests/robust.json`` belongs to the cells as they were.

A cell needs nothing for this: trainings and comparisons are found in its source, and changed in
what is run.
"""

import ast
import contextlib
import hashlib
import importlib
import io
import json
import operator
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from tqdm import tqdm

from tools import outputs
from tools.dependence import LEARNING, last_use, needed, uses

RUNS, ROOM = 20, 2.0
SMALLEST, LARGEST = 1e-7, 1e-6
STORED = Path(__file__).parents[1] / "tests" / "robust.json"

# Where the first numbers of what learns are handed over, and as which argument.
FIRST_NUMBERS = {
    "training.train": ("hebbnotes.learning.training", "train", 0),
    "rate.learn_units": ("hebbnotes.neurons.rate", "learn_units", 1),
    "rate.learn": ("hebbnotes.neurons.rate", "learn", 1),
    "rate.learn_bcm": ("hebbnotes.neurons.rate", "learn_bcm", 1),
    "spiking.compete": ("hebbnotes.neurons.spiking", "NeuronState.at_rest", 0),
}
COMPARE = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
SIGNS = {sign: compare for sign, compare in COMPARE.values()}

Cells = list[tuple[int, ast.Module]]


def cells(path: Path) -> Cells:
    """Return the code up to the last cell that uses what was learned, with each cell's place."""
    notebook = nbformat.read(path, as_version=4)
    code = [
        (k, ast.parse(cell.source))
        for k, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
    ]
    return code[: last_use([tree for _, tree in code], LEARNING) + 1]


def fingerprint(code: Cells) -> str:
    """Return a hash of what cells compute: imports, comments and layout may change."""
    kept = [
        [s for s in tree.body if not isinstance(s, ast.Import | ast.ImportFrom)] for _, tree in code
    ]
    return hashlib.sha256(
        "\n\n".join(ast.unparse(ast.Module(body, [])) for body in kept).encode()
    ).hexdigest()[:16]


# Changing the source


def mark(code: Cells) -> tuple[Cells, Cells]:
    """Have claims about trainings noted; return what matters before the first one, and after."""
    used = uses([tree for _, tree in code], LEARNING)
    for (number, tree), statements in zip(code, used, strict=True):
        for node in (inner for statement in statements for inner in ast.walk(statement)):
            if isinstance(node, ast.Assert):
                key = f"{number}: {ast.unparse(node.test)}"
                node.test = _call("__claimed__", ast.Constant(key), _compared(node.test, number))
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
                for choice in (inner for inner in ast.walk(node) if isinstance(inner, ast.IfExp)):
                    choice.test = _compared(choice.test, number)
        ast.fix_missing_locations(tree)
    first = next(k for k, statements in enumerate(used) if statements)
    matters = needed([tree for _, tree in code], [bool(statements) for statements in used])
    chosen = [
        [code[k] for k in some if matters[k]] for some in (range(first), range(first, len(code)))
    ]
    return chosen[0], chosen[1]


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _compared(node: ast.expr, number: int, which: str = "all") -> ast.expr:
    """Have the comparisons noted of which a claim consists, if they say smaller or larger."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        node.values = [_compared(value, number, which) for value in node.values]
    elif isinstance(node, ast.Compare) and all(type(op) in COMPARE for op in node.ops):
        signs = [COMPARE[type(op)][0] for op in node.ops]
        sides = [node.left, *node.comparators]
        texts = [
            f"{number}: {ast.unparse(a)} {s} {ast.unparse(b)}"
            for a, s, b in zip(sides, signs, sides[1:], strict=False)
        ]
        constants = [
            ast.List([ast.Constant(one) for one in some], ast.Load()) for some in (texts, signs)
        ]
        return _call("__compared__", *constants, ast.Constant(which), ast.List(sides, ast.Load()))
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("all", "any")
    ):
        node.func.value = _compared(node.func.value, number, node.func.attr)
    elif (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "all"
        and isinstance(node.args[0], ast.GeneratorExp)
    ):
        node.args[0].elt = _compared(node.args[0].elt, number, which)
    return node


# Running


class Notes:
    """What one run says: sides of comparisons, false claims, what is printed, axes of figures."""

    def __init__(self) -> None:
        self.sides: dict[str, list[tuple[float, float]]] = {}
        self.false: list[str] = []
        self.printed: dict[str, str] = {}
        self.axes: list[Any] = []

    def compared(self, texts: list[str], signs: list[str], which: str, sides: list[Any]) -> Any:
        """Compare neighbours, as Python does; note of several numbers the pair nearest to false."""
        result = True
        for text, sign, left, right in zip(texts, signs, sides, sides[1:], strict=False):
            result = result and SIGNS[sign](left, right)
            with contextlib.suppress(TypeError, ValueError):
                a, b = np.broadcast_arrays(
                    *(np.asarray(_plain(side), dtype=float) for side in (left, right))
                )
                room = (b - a if sign in ("<", "<=") else a - b).ravel()
                worst = room.argmin() if which == "all" else room.argmax()
                self.sides.setdefault(text, []).append(
                    (float(a.ravel()[worst]), float(b.ravel()[worst]))
                )
        return result

    def claimed(self, text: str, truth: Any) -> bool:
        """Note a claim that is false, and go on."""
        if not truth:
            self.false.append(text)
        return True

    def display(self, *shown: Any, metadata: dict[str, Any] | None = None, **_: Any) -> None:
        """Stand in for the display of a notebook: what is glued counts as printed."""
        if "hebbnotes" in (metadata or {}):
            self.axes.append(metadata["hebbnotes"])
        for one in shown:
            if isinstance(one, dict):
                print(one)


def _plain(side: Any) -> Any:
    """Return a tensor without its gradient, and anything else as it is."""
    return side.detach() if hasattr(side, "detach") else side


def begin_elsewhere(seed: int) -> None:
    """Change the first numbers of all that learns from now on by a part in 1e6 to 1e7.

    What compares the library's way with another, to the last digits, says nothing of a course, and
    is left out: only one of the two begins elsewhere.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    size = SMALLEST * (LARGEST / SMALLEST) ** torch.rand(1, generator=generator).item()

    def noisy(value: torch.Tensor) -> torch.Tensor:
        return value * (1 + size * torch.randn(value.shape, generator=generator, dtype=value.dtype))

    def changed(function: Callable, position: int, *arguments: Any, **options: Any) -> Any:
        arguments = list(arguments)
        if isinstance(arguments[position], torch.Tensor):
            arguments[position] = noisy(arguments[position])
        else:
            arguments[position] = list(arguments[position])
            with torch.no_grad():
                for parameter in arguments[position]:
                    parameter.copy_(noisy(parameter))
        return function(*arguments, **options)

    torch.testing.assert_close = lambda *_, **__: None
    for module, where, position in FIRST_NUMBERS.values():
        *path, name = where.split(".")
        owner = importlib.import_module(module)  # the cells import it later, if at all
        for part in path:
            owner = getattr(owner, part)
        setattr(owner, name, staticmethod(partial(changed, getattr(owner, name), position)))


def execute(code: Cells, namespace: dict[str, Any], notes: Notes) -> None:
    """Run cells, noting what they print."""
    for number, tree in code:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(tree, f"cell {number}", "exec"), namespace)
        notes.printed[str(number)] = said.getvalue()


def runs(path: Path, code: Cells) -> Iterator[dict[str, Any]]:
    """Run what is before the first training once, and from there a process for each run."""
    import IPython.display
    import matplotlib as mpl
    import torch

    mpl.use("agg")
    os.chdir(path.parent)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    (before, after), notes = mark(code), Notes()
    namespace |= {"__compared__": notes.compared, "__claimed__": notes.claimed}
    IPython.display.display = notes.display
    execute(before, namespace, notes)
    notes.printed.clear()
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # what torch loads late is loaded once
    for seed in range(RUNS):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                begin_elsewhere(seed)
                execute(after, namespace, notes)
            except BaseException as error:
                notes.false.append(f"{type(error).__name__}: {error}")
            with os.fdopen(writing, "w") as pipe:
                json.dump(vars(notes), pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        yield (
            json.loads(said)
            if said
            else {"sides": {}, "false": ["it died"], "printed": {}, "axes": []}
        )


# Judging


def judge(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what failed, and how far each comparison is from its bound; see :func:`margin`."""
    from tests.site.comparison import compare_text

    failed = sorted({text for one in found for text in one["false"]})
    for number, text in found[0]["printed"].items():
        if any(compare_text(text, one["printed"].get(number, "")) for one in found):
            failed.append(f"{number}: what it prints changes: {text!r}")
    if any(one["axes"] != found[0]["axes"] for one in found):
        failed.append("axes of a figure change: set their limits in the cell")
    claims = {}
    for text in found[0]["sides"]:
        times = min(len(one["sides"].get(text, [])) for one in found)
        if times:
            claims[text] = margin(np.array([one["sides"][text][:times] for one in found]))
    return {"failed": failed, "claims": claims}


def margin(sides: np.ndarray) -> dict[str, float | None]:
    """Judge a comparison, ``sides`` (runs, times, 2), at the time when it is nearest to its bound.

    The bound is the side that moves less. The spread is the standard deviation of their distance,
    the margin its mean in spreads, or None if nothing moves.
    """
    distance = sides[..., 0] - sides[..., 1]
    spread = distance.std(0, ddof=1)
    away = np.abs(distance.mean(0)) / np.where(spread > 0, spread, np.nan)
    worst = int(np.nanargmin(away)) if (spread > 0).any() else 0
    moves = sides[:, worst].std(0)
    mean, bound = sides[:, worst].mean(0)[:: 1 if moves[0] >= moves[1] else -1]
    numbers = {"mean": mean, "bound": bound, "spread": spread[worst], "margin": away[worst]}
    return {
        name: float(f"{value:.4g}") if np.isfinite(value) else None
        for name, value in numbers.items()
    }


def problems(name: str, stored: dict[str, Any], code: Cells) -> list[str]:
    """Say why what is stored does not show that a notebook holds anywhere; empty if it does."""
    again = f"run `python -m tools.robust {name}`"
    if name not in stored:
        return [f"{name} learns, and has no entry in {STORED.name}: {again}"]
    entry = stored[name]
    if entry["cells"] != fingerprint(code):
        return [f"the cells of {name} were changed since their entry in {STORED.name}: {again}"]
    found = [f"{name}: {text}" for text in entry["failed"]]
    close = {
        text: one
        for text, one in entry["claims"].items()
        if one["margin"] is not None and one["margin"] < ROOM
    }
    return found + [
        f"{name}: {text}: {one['margin']} spreads from its bound, wanted {ROOM}"
        for text, one in close.items()
    ]


def read_stored() -> dict[str, Any]:
    """Return what is stored for all notebooks."""
    return json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}


def store(name: str, entry: dict[str, Any]) -> None:
    """Store an entry, in the place of the old one."""
    beside = STORED.with_suffix(".tmp")
    beside.write_text(
        json.dumps(dict(sorted((read_stored() | {name: entry}).items())), indent=1) + "\n",
        encoding="utf-8",
    )
    beside.replace(STORED)


def main(names: list[str]) -> None:
    """Test the named notebooks, or those whose cells changed since, one process each."""
    outputs.alike()
    learning = {path.stem: path for path in sorted(outputs.BOOK.glob("*.ipynb")) if cells(path)}
    if unknown := [name for name in names if name not in learning]:
        sys.exit(
            f"no notebook that learns is named {', '.join(unknown)}: "
            f"there are {', '.join(learning)}"
        )
    if len(names) != 1:
        stored = read_stored()
        stale = [
            name
            for name in learning
            if stored.get(name, {}).get("cells") != fingerprint(cells(learning[name]))
        ]
        if not names and not stale:
            print(f"{STORED.name} belongs to the cells of all notebooks as they are")
        for name in names or stale:
            subprocess.run([sys.executable, "-m", "tools.robust", name], check=True)
        return
    name, path = names[0], learning[names[0]]
    if reason := outputs.missing(path):
        print(f"skipped: {reason}")
        return
    start, code = time.perf_counter(), cells(path)
    entry = {"cells": fingerprint(code), "runs": RUNS} | judge(
        list(tqdm(runs(path, code), name, RUNS, disable=None))
    )
    store(name, entry)
    margins = [one["margin"] for one in entry["claims"].values() if one["margin"] is not None]
    print(f"{name}: {time.perf_counter() - start:.0f} s; margins from {min(margins, default=None)}")
    print(*problems(name, {name: entry}, cells(path)), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
