"""What a live model in the page is made of: numbers that it is told, an episode that it has to
repeat, and a still picture for paper and for readers without JavaScript. And what the two models
share that draw on a grid of dots (``book/_static/live/parts/dots.js``).

Shapes: P patterns, n units.
"""

import base64
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hebbnotes import _checks, experiments, tasks
from hebbnotes.networks import ThreeNumbers, run
from hebbnotes.plasticity.connections import ScaledIdentity

__all__ = [
    "LETTERS",
    "SIDE",
    "LiveModel",
    "bitmap",
    "chance",
    "dots",
    "hexed",
    "lived",
    "packed",
    "recalled",
    "runs",
    "squares",
    "three_numbers",
    "unpacked",
    "written",
]

SIDE = 32
"""Dots in a row of the grid."""


class LiveModel(NamedTuple):
    """A live model: ``book/_static/live/NAME.js`` is its script, and ``make live`` writes the rest.

    A chapter's models stand by name in ``MODELS`` of ``hebbnotes/chapters/<chapter>/live.py``.
    """

    numbers: Callable[[], dict[str, Any]]
    """Returns what the script is told, as JSON has it."""
    fixture: Callable[[], dict[str, Any]]
    """Returns episodes of the package that the script has to repeat."""
    still: Callable[[Any], None]
    """Draws the still picture: adds shapes to a drawing that is 560 units wide."""
    height: float
    """Of that picture."""
    label: str
    """What it shows, for those who do not see it."""
    needs: str = ""
    """A public data set that its numbers are made from: see :func:`.data.require`."""


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""One for each whole number of 6 bits, from 0 to 63: base64's."""


def packed(values: Tensor, bits: int = 8) -> dict[str, Any]:
    """Return numbers as a scale times integers, row by row.

    In 8 bits these are -127 to 127, in base64; in 6 bits -31 to 31, a letter for each.

    Examples
    --------
    >>> packed(torch.tensor([[1.0, -0.5], [0.0, 0.25]]))
    {'base64': 'f8AAIA==', 'scale': 0.007874015748031496, 'shape': [2, 2]}
    >>> packed(torch.tensor([62.0, 0.0, -62.0]), bits=6)
    {'letters': '/gB', 'scale': 2.0, 'shape': [3]}
    """
    _checks.held("values", _checks.finite("values", _checks.dense("values", values)))
    most = {8: 127, 6: 31}[_checks.choice("bits", bits, (8, 6))]
    scale = values.detach().abs().max().double().item() / most or 1.0
    whole = (values.detach().double() / scale).round().to(torch.int8).contiguous().numpy()
    told = (
        {"base64": base64.b64encode(whole.tobytes()).decode()}
        if bits == 8
        else {"letters": "".join(LETTERS[q + 32] for q in whole.flatten().tolist())}
    )
    return told | {"scale": scale, "shape": list(values.shape)}


def unpacked(told: dict[str, Any]) -> Tensor:
    """Return what :func:`packed` wrote, in double precision.

    Examples
    --------
    >>> unpacked(packed(torch.tensor([2.0, -1.0]))).round(decimals=2)
    tensor([ 2.0000, -1.0100], dtype=torch.float64)
    """
    if "letters" in told:
        whole = torch.tensor([LETTERS.index(letter) - 32 for letter in told["letters"]])
    else:
        whole = torch.from_numpy(np.frombuffer(base64.b64decode(told["base64"]), np.int8).copy())
    return told["scale"] * whole.double().view(told["shape"])


def three_numbers(seed: int = 0) -> dict[str, float]:
    """Return the numbers of the experiment ``three-numbers-once``, in double precision.

    Examples
    --------
    >>> {name: round(value, 2) for name, value in three_numbers().items()}
    {'eta': 0.02, 'gain': 53.91, 'inhibition': 1.12}
    """
    three, stored = ThreeNumbers(), experiments.weights("three-numbers-once")
    three.load_state_dict({key: stored[f"{seed}.{key}"] for key in three.state_dict()})
    three = three.double().requires_grad_(False)
    return {name: getattr(three, name).item() for name in ("eta", "gain", "inhibition")}


def written(text: str) -> Tensor:
    """Return a letter as a pattern of +1 and -1, (SIDE * SIDE,), in double precision."""
    return torch.as_tensor(tasks.text_pattern(text, (SIDE, SIDE))).double().flatten()


def dots(*letters: str) -> dict[str, Any]:
    """Return what a script with a grid is told: numbers, schedule, side and letters, as bits."""
    if tasks.ONCE["cycles"] != 1:
        raise ValueError(
            f"dots.js shows every pattern once, and tasks.ONCE has {tasks.ONCE['cycles']} cycles: "
            "change both"
        )
    return {
        "trained": three_numbers(),
        "schedule": {key: value for key, value in tasks.ONCE.items() if key != "cycles"},
        "side": SIDE,
        "letters": {letter: hexed(written(letter)) for letter in letters},
    }


def hexed(pattern: Tensor) -> str:
    """Return a pattern of +1 and -1 as bits, four in a digit."""
    bits = "".join("1" if value > 0 else "0" for value in pattern)
    return f"{int(bits, 2):0{len(bits) // 4}x}"


def recalled(
    patterns: Tensor,
    asked: int | Tensor,
    erased: Tensor,
    numbers: dict[str, float],
    method: str = "auto",
) -> tuple[Tensor, tasks.Episodes]:
    """Show patterns (B, P, n) once each, in their order, to a network of three numbers, and ask for
    one with a part erased, (B, n). Return its states (T, B, n), and the episodes.
    """
    batch, count, n = patterns.shape
    schedule: dict[str, Any] = tasks.ONCE
    task = tasks.PatternCompletion(n, count, bias_unit=False, **schedule)
    order, unused = torch.arange(count).expand(batch, -1), torch.Generator()
    shown = task.episodes(patterns, unused, asked, order, erased)
    w, alpha = ScaledIdentity(-numbers["inhibition"]), numbers["gain"] / n
    return run(shown.inputs, w, alpha, numbers["eta"], clamp=shown.clamp, method=method)[0], shown


def lived(
    patterns: Tensor, asked: int, erased: Tensor, numbers: dict[str, float]
) -> dict[str, Any]:
    """Return an episode that a script has to repeat: patterns (P, n) shown once each, then the cue.

    ``pull`` is the size, at the last step, of the drive that a part of the trace sends: the part
    that was written while one pattern was shown. The trace is built, as the script does not.
    """
    n = patterns.shape[1]
    small = n <= 100
    method = "loop" if small else "chunk"
    y, shown = recalled(patterns[None], asked, erased[None], numbers, method)
    states, each = y[:, 0], tasks.ONCE["steps_on"] + tasks.ONCE["steps_off"]
    told: dict[str, Any] = {
        "numbers": numbers,
        "patterns": [hexed(pattern) for pattern in patterns],
        "asked": asked,
        "erased": hexed(torch.where(erased, 1.0, -1.0)),
        "wrong": int(tasks.errors(y[-1], shown).erased[0] * erased.sum() + 0.5),
    }
    if not small:
        ramp = torch.arange(1, n + 1).double() / n
        return told | {"sums": [[row.sum().item(), (ramp * row).sum().item()] for row in states]}
    pull = []
    for k, pattern in enumerate(patterns):
        trace, before = torch.zeros(n, n).double(), torch.zeros(n).double()
        for t, state in enumerate(states[:-1]):
            mine = t // each == k and t % each < tasks.ONCE["steps_on"]
            trace = trace + numbers["eta"] * (mine * torch.outer(before, state) - trace)
            before = state
        pull.append((numbers["gain"] / n * (states[-2] @ trace @ pattern) / n).item())
    return told | {"states": states.tolist(), "pull": pull}


def squares(
    drawing: Any,
    at: tuple[float, float],
    cell: float,
    which: Tensor,
    colour: str,
    opacity: float = 1,
) -> None:
    """Add those dots of a grid, (SIDE * SIDE,), to a drawing, as one path of its file."""
    left, top = at
    places = which.nonzero()[:, 0].tolist()
    path = [
        f"M{left + cell * (j % SIDE):g} {top + cell * (j // SIDE):g}h{cell:g}v{cell:g}h-{cell:g}z"
        for j in places
    ]
    if path:
        drawing.path("".join(path), "", 0, colour, opacity)


def chance(seed: int) -> Iterator[float]:
    """Yield the numbers of [0, 1) that ``Live.random`` of ``toolkit.js`` yields for a seed.

    Source: Marsaglia's xorshift of 32 bits (2003).

    Examples
    --------
    >>> drawn = chance(1)
    >>> [round(next(drawn), 3) for _ in range(3)]
    [0.634, 0.503, 0.173]
    """
    low = 2**32 - 1
    state = (_checks.integer("seed", seed) + 1) * 0x9E3779B1 & low or 1
    while True:
        state ^= state << 13 & low
        state ^= state >> 17
        state ^= state << 5 & low
        yield state / 2**32


def runs(these: Tensor) -> str:
    """Return the pixels of a picture, boolean (rows, columns), as SVG's words for a line along each
    run of them in a row, one unit thick.

    Examples
    --------
    >>> runs(torch.tensor([[True, True, False], [False, True, False]]))
    'M0 0h2M1 1h1'
    """
    _checks.tensor("these", these, "rows columns", {}, boolean=True)
    words = []
    for row, line in enumerate(these.int().tolist()):
        edges = np.flatnonzero(np.diff([0, *line, 0])).reshape(-1, 2).tolist()
        words += [f"M{begin} {row}h{end - begin}" for begin, end in edges]
    return "".join(words)


def bitmap(
    drawing: Any,
    these: Tensor,
    colour: str,
    corner: tuple[float, float],
    size: float,
    opacity: float = 1,
) -> None:
    """Add those pixels of a square picture, boolean (side * side,), to a drawing, as lines along
    their rows; the picture is ``size`` wide, and its upper left corner lies at ``corner``.
    """
    _checks.tensor("these", these, "pixels", {}, boolean=True)
    side = math.isqrt(len(these))
    if side**2 != len(these):
        raise ValueError(f"these must be the pixels of a square, got {len(these)}")
    if words := runs(these.view(side, side)):
        (left, top), step = corner, size / side
        how = {
            "transform": f"translate({left:g} {top + step / 2:g}) scale({step:g})",
            "stroke-linecap": "butt",
            "stroke-opacity": f"{opacity:g}",
        }
        drawing.add("path", colour, "", 1, 1, d=words, **how)
