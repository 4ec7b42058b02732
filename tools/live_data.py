"""What the network in the page is told, and episodes that its script has to repeat: both stored by
``make live``.
"""

import json
from typing import Any

import torch
from torch import Tensor

from hebbnotes import ThreeNumbers, experiments, figures, tasks
from tools.live import HERE

STORED = HERE / "live.json"
FIXTURE = HERE.parent / "tests" / "fixtures" / "live-episode.json"
EXPERIMENT, SEED = "three-numbers-once", 0
SIDE, LETTERS, SILENT = 32, "ABCDE", "#c8c8c8"


def network() -> ThreeNumbers:
    """Return the network of three numbers that is stored in the package, in double precision."""
    stored = experiments.weights(EXPERIMENT)
    three = ThreeNumbers(method="loop")
    three.load_state_dict(
        {
            key.partition(".")[2]: value
            for key, value in stored.items()
            if key.startswith(f"{SEED}.")
        }
    )
    return three.double().requires_grad_(False)


def trained() -> dict[str, float]:
    """Return the three numbers by name."""
    three = network()
    return {
        "eta": three.eta.item(),
        "gain": three.gain.item(),
        "inhibition": three.inhibition.item(),
    }


def letter(text: str) -> Tensor:
    """Return a letter as a pattern of +1 and -1, shape (SIDE * SIDE,)."""
    return torch.as_tensor(tasks.text_pattern(text, (SIDE, SIDE))).double().flatten()


def settings() -> dict[str, Any]:
    """Return all that the script is told."""
    if tasks.ONCE["cycles"] != 1:
        raise ValueError(
            "live.js shows every pattern once, and tasks.ONCE has "
            f"{tasks.ONCE['cycles']} cycles: change both"
        )
    bits = {text: "".join("1" if value > 0 else "0" for value in letter(text)) for text in LETTERS}
    colours = {"ink": figures.BLUE, "wrong": figures.VERMILION, "silent": SILENT}
    return {
        "trained": trained(),
        "schedule": {key: value for key, value in tasks.ONCE.items() if key != "cycles"},
        "side": SIDE,
        "letters": {text: f"{int(row, 2):0{SIDE * SIDE // 4}x}" for text, row in bits.items()},
        "colours": {name: list(bytes.fromhex(colour[1:])) for name, colour in colours.items()},
    }


def _signs(pattern: Tensor) -> str:
    return "".join("+" if value > 0 else "-" for value in pattern)


def _case(
    name: str, patterns: Tensor, asked: int, seed: int, units: list[int] | None = None
) -> dict[str, Any]:
    """Return one episode: all states of all steps, or those of some units with two sums over all of
    them.
    """
    task = tasks.PatternCompletion(
        n_bits=patterns.shape[1], n_patterns=len(patterns), bias_unit=False, **tasks.ONCE
    )
    order, g = torch.arange(len(patterns))[None], torch.Generator().manual_seed(seed)
    shown = task.episodes(patterns[None], g, target=asked, order=order)
    states = network()(shown.inputs, clamp=shown.clamp)[0][:, 0]
    found: dict[str, Any] = {
        "name": name,
        "numbers": trained(),
        "patterns": [_signs(pattern) for pattern in patterns],
        "asked": asked,
        "erased": "".join(str(int(bit)) for bit in shown.erased[0]),
    }
    if units is None:
        return found | {"states": states.tolist()}
    ramp = torch.arange(1, states.shape[1] + 1, dtype=states.dtype) / states.shape[1]
    sums = [[row.sum().item(), (ramp * row).sum().item()] for row in states]
    return found | {"units": units, "some": states[:, units].tolist(), "sums": sums}


def fixture() -> dict[str, Any]:
    """Return the episodes that the script has to repeat."""
    task = tasks.PatternCompletion(n_bits=64, n_patterns=3, bias_unit=False, **tasks.ONCE)
    random = task.random_patterns(1, torch.Generator().manual_seed(0), torch.float64)[0]
    letters = torch.stack([letter(text) for text in LETTERS[:3]])
    units = list(range(5, SIDE * SIDE, 113))
    return {
        "about": "written by `make live`: states in double precision; `sums`: of all units, plain "
        "and with weights from 1 / n to 1",
        "cases": [_case("random", random, 1, 1), _case("letters", letters, 0, 2, units)],
    }


def main() -> None:
    """Store both."""
    STORED.write_text(json.dumps(settings(), indent=1) + "\n", encoding="utf-8")
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(fixture(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
