"""Sphinx extension: the directive ``{live-network}``, a plastic network in the page that the reader draws for.

The page's script is ``live.js``, its controls are ``live.html``: both are written into the page, so that nothing is requested. What
the script must not know by itself is put beside it: the trained numbers, the schedule, the letters and the colours.
``python -m tools.live`` stores episodes of :mod:`hebbnotes` that the tests compare with the script's.
"""

import json
from pathlib import Path
from typing import Any

import torch
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from torch import Tensor

from hebbnotes import ThreeNumbers, experiments, figures, tasks

HERE = Path(__file__).parent
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
            f"live.js shows every pattern once, and tasks.ONCE has {tasks.ONCE['cycles']} cycles: change both"
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


def markup() -> str:
    """Return the network as HTML: a sentence for print and for readers without JavaScript, controls, settings, script."""
    told = json.dumps(settings()).replace("<", "\\u003c")
    return (
        '<figure class="live-network" aria-label="A plastic network to play with">\n'
        f"{(HERE / 'live.html').read_text(encoding='utf-8')}"
        f'<script type="application/json">{told}</script>\n'
        f"<script>\n{(HERE / 'live.js').read_text(encoding='utf-8')}</script>\n</figure>"
    )


class LiveNetwork(SphinxDirective):
    """Put the network into the page."""

    def run(self) -> list[nodes.Node]:
        """Write its HTML."""
        for name in ("live.js", "live.html"):
            self.env.note_dependency(str(HERE / name))
        return [nodes.raw("", markup(), format="html")]


def _signs(pattern: Tensor) -> str:
    return "".join("+" if value > 0 else "-" for value in pattern)


def _case(
    name: str, patterns: Tensor, asked: int, seed: int, units: list[int] | None = None
) -> dict[str, Any]:
    """Return one episode: all states of all steps, or those of some units with two sums over all of them."""
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
        "about": "written by `python -m tools.live`: states in double precision; `sums`: of all units, plain and with "
        "weights from 1 / n to 1",
        "cases": [_case("random", random, 1, 1), _case("letters", letters, 0, 2, units)],
    }


def main() -> None:
    """Store the episodes."""
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(fixture(), indent=1) + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("live-network", LiveNetwork)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    main()
