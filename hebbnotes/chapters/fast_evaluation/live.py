"""The live model of the chapter: an episode read from its lines, and from its trace.

Shapes: T steps, P patterns, n units.
"""

from typing import Any

import torch
from torch import Tensor

from hebbnotes import ScaledIdentity, State, run, tasks
from hebbnotes.figures.live import LiveModel, bitmap, chance, three_numbers

__all__ = ["MODELS"]

SIDE, SEED = 20, 3
LETTERS = "ABCDE"


def letters() -> Tensor:
    """Return the letters as patterns of 1 and -1, (P, n)."""
    return torch.stack(
        [torch.as_tensor(tasks.text_pattern(one, (SIDE, SIDE))).flatten() for one in LETTERS]
    )


def shapes() -> Tensor:
    """Return five patterns of 1 and -1 that are hardly alike, (P, n)."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    ink = (
        x // 5 % 2,
        y // 5 % 2,
        x // 2 % 2 ^ y // 2 % 2,
        x // 10 % 2 ^ y // 10 % 2,
        ((x - 9.5) ** 2 + (y - 9.5) ** 2 < 63.7).int(),
    )
    return torch.stack([2.0 * one.flatten() - 1 for one in ink]).double()


SETS = {"shapes": shapes, "letters": letters}


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    schedule = {name: steps for name, steps in tasks.ONCE.items() if name != "cycles"}
    bits = {
        one: "".join("1" if bit > 0 else "0" for bit in pattern)
        for one, pattern in zip(LETTERS, letters().tolist(), strict=True)
    }
    return {
        "side": SIDE,
        "seed": SEED,
        **three_numbers(),
        "schedule": schedule,
        "letters": bits,
    }


# ------------------------------------------------------------------------------- what is tested


def erased(share: float) -> Tensor:
    """Return which units of a cue are erased, (n,)."""
    drawn = chance(SEED)
    return torch.tensor([next(drawn) for _ in range(SIDE**2)]).double() < share


def lived(
    patterns: Tensor, asked: int, share: float, torn: tuple[int, ...] = ()
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the states (n,) and the traces (n, n) that T steps read; lines are torn out."""
    gone, blank, three = erased(share), torch.zeros(SIDE**2).double(), three_numbers()
    plan = []
    for pattern in patterns:
        plan += [(pattern, blank == 0)] * tasks.ONCE["steps_on"]
        plan += [(blank, blank != 0)] * tasks.ONCE["steps_off"]
    plan += [(torch.where(gone, 0.0, patterns[asked]), ~gone)] * tasks.ONCE["steps_test"]
    state = State(blank[None], torch.zeros(1, SIDE**2, SIDE**2).double())
    states, traces = [], []
    for t, (given, held) in enumerate(plan):
        before = state
        traces.append(before.hebb[0])
        y, state = run(
            given[None, None],
            ScaledIdentity(-three["inhibition"]),
            three["gain"] / SIDE**2,
            three["eta"],
            state=before,
            clamp=held[None, None],
            method="loop",
        )
        if t in torn:
            line = torch.outer(before.y[0], y[0, 0])
            state = state._replace(hebb=state.hebb - three["eta"] * line)
        states.append(y[0, 0])
    return states, traces


CASES: tuple[tuple[str, int, float, tuple[int, ...]], ...] = (
    ("shapes", 1, 0.5, ()),
    ("shapes", 1, 0.5, (5, 6, 7)),
    ("shapes", 3, 0.8, (2, 9, 13)),
    ("letters", 0, 0.5, ()),
)
"""Which patterns, the one asked for, the share that is erased, and the lines that are torn out."""


def fixture() -> dict[str, Any]:
    """Return episodes of the package: states, what is compared, and what traces say."""
    ramp = torch.arange(1, SIDE**2 + 1).double() / SIDE**2
    cases, gain = [], three_numbers()["gain"]
    for name, asked, share, torn in CASES:
        states, traces = lived(SETS[name](), asked, share, torn)
        before = [torch.zeros_like(states[0]), *states[:-1]]
        last = torch.stack(before) @ before[-1] / SIDE**2
        cases.append(
            {
                "patterns": name,
                "asked": asked,
                "share": share,
                "torn": list(torn),
                "states": [(y @ ramp).item() for y in states],
                "heard": [
                    (gain / SIDE**2 * (y @ h) @ ramp).item()
                    for y, h in zip(before, traces, strict=True)
                ],
                "alike": last[:-1].tolist(),
            }
        )
    return {"cases": cases}


# -------------------------------------------------------------------------------- still picture


def still(drawing: Any) -> None:
    """Draw the present, and how much it resembles what was there before each earlier step."""
    patterns = shapes()
    states, _ = lived(patterns, 1, 0.5)
    before = [torch.zeros_like(states[0]), *states[:-1]]
    now, t, fade = before[-1], len(states) - 1, 1 - three_numbers()["eta"]
    each, zero, one = 540.0 / t, 150.0, 96.0
    for s in range(t):
        x = 10 + each * s
        alike = (before[s] @ now).item() / SIDE**2
        weight = alike * fade ** (t - 1 - s)
        for value, width, opacity in ((alike, each - 5, 0.35), (weight, each / 2 - 3, 1.0)):
            if abs(value) > 0.005:
                drawing.box(
                    x + (each - 5 - width) / 2, zero - max(0, value) * one, width,
                    abs(value) * one, "", "blue", 0, opacity=opacity,
                )  # fmt: skip
        if s // per() < len(patterns) and s % per() < tasks.ONCE["steps_on"]:
            bitmap(drawing, patterns[s // per()] > 0, "blue", (x, 192), each - 5)
            drawing.box(x, 192, each - 5, each - 5, "faint", "", 0, 1)
    drawing.path([(8, zero), (552, zero)], "ink", 1)
    drawing.text(10, 24, "how much the present resembles each moment", anchor="start")
    drawing.text(10, 240, "what was shown then", "muted", anchor="start")


def per() -> int:
    """Return how many steps there are for each pattern."""
    return tasks.ONCE["steps_on"] + tasks.ONCE["steps_off"]


MODELS = {
    "fast-evaluation": LiveModel(
        numbers,
        fixture,
        still,
        252,
        "Bars for each of 22 earlier moments of an episode: the present resembles those after "
        "the second picture was shown, and hardly any other. Below them, five small pictures.",
    )
}
"""The live models of the chapter, by name."""
