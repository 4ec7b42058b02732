"""The live model of the chapter: five signs that the reader draws and names, once each, and how
loudly a name must be said.

Shapes: 31 x 31 shares of ink, F = 64 features, N = 5 labels.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from hebbnotes import experiments
from hebbnotes.chapters.one_shot_learning.experiments import load
from hebbnotes.figures.live import LETTERS, LiveModel, packed, unpacked
from hebbnotes.networks.one_shot import SIZE, OneShotNetwork
from hebbnotes.plasticity.stepper import change
from hebbnotes.tasks import one_shot

__all__ = ["MODELS", "network"]

SEED, LABELS = 0, "ABCDE"
HANDS = {24: (0, 4, 7), 39: (0, 4, 7), 50: (0, 4, 7), 96: (0, 4, 7), 58: (0, 4, 5)}
"""Characters that the seed holds out, and who drew what is stored of each: the first is shown, the
others are asked about. Drawing 5 of character 58, a circle around a dot, is broken.
"""
PAD, EXTENT, PEN = 260, 20, 0.8
"""Side of the pad; longer side of what is drawn on it, in pixels of 31; half the pen's width."""

STRENGTHS = (0.0, 5.0, 12.0, 1000.0)


def network() -> OneShotNetwork:
    """Return the network of the page in double precision, its convolutions in 6 bits."""
    net: Any = load("omniglot-plastic", experiments.weights("omniglot-plastic"), f"{SEED}.")
    net = net.double().requires_grad_(False)
    for layer in _convolutions(net):
        layer.weight.copy_(unpacked(packed(layer.weight, bits=6)))
        layer.bias.copy_(unpacked(packed(layer.bias)))
    net.readout.w.copy_(unpacked(packed(net.readout.w)))
    return net


def _convolutions(net: OneShotNetwork) -> list[Any]:
    return [layer for layer in net.features if isinstance(layer, torch.nn.Conv2d)]


@cache
def numbers() -> dict[str, Any]:
    """Return what the script is told: the network, and drawings of five characters."""
    net, (drawings, _) = network(), one_shot.omniglot()
    new = drawings[one_shot.split(len(drawings), 100, SEED)[1]]
    return {
        "layers": [
            {"kernels": packed(layer.weight, bits=6), "bias": packed(layer.bias)}
            for layer in _convolutions(net)
        ],
        "w": packed(net.readout.w),
        "alpha": net.readout.alpha.item(),
        "eta": net.readout.eta.item(),
        "drawings": [
            [_shaded(new[character, hand]) for hand in hands] for character, hands in HANDS.items()
        ],
    }


def _shaded(drawing: Tensor) -> str:
    """Return a drawing in four shades, three pixels in a letter."""
    shades = torch.nn.functional.pad((3 * drawing).round().long().flatten(), (0, -(SIZE**2) % 3))
    triples = (shades.view(-1, 3) * torch.tensor([16, 4, 1])).sum(1)
    return "".join(LETTERS[q] for q in triples.tolist())


def _drawings(told: dict[str, Any]) -> Tensor:
    """Return the stored drawings (N, hands, 31, 31) as the script reads them."""
    values = torch.tensor(
        [
            [[LETTERS.index(one) for one in letters] for letters in hands]
            for hands in told["drawings"]
        ]
    )
    shades = torch.stack([values // 16, values // 4 % 4, values % 4], -1).flatten(2)
    return (shades[..., : SIZE**2].double() / 3).unflatten(2, (SIZE, SIZE))


def _drawn(strokes: list[list[list[float]]]) -> Tensor:
    """Return strokes on the pad as shares of ink (31, 31): in the middle, at a common size."""
    points = torch.tensor([point for stroke in strokes for point in stroke]).double()
    low, high = points.min(0).values, points.max(0).values
    scale = min(EXTENT / max((high - low).max().item(), 1e-9), 3 * SIZE / PAD)
    centres = torch.arange(SIZE).double() + 0.5
    pixels = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), -1)
    ink = torch.zeros(SIZE, SIZE).double()
    for stroke in strokes:
        path = (torch.tensor(stroke).double() - (low + high) / 2) * scale + SIZE / 2
        for begin, end in zip([path[0], *path], path, strict=False):
            way = end - begin
            along = ((pixels - begin) @ way / way.square().sum().clamp_min(1e-300)).clamp(0, 1)
            far = (pixels - begin - along.unsqueeze(-1) * way).norm(dim=-1)
            ink = torch.maximum(ink, (PEN + 0.5 - far).clamp(0, 1))
    return ink


def _taught(net: OneShotNetwork, seen: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Show features (6, F) with a label each but the last: the outputs (6, N), and the trace."""
    layer, outputs = net.readout, []
    hebb = torch.zeros_like(layer.w)
    for t, x in enumerate(seen):
        label = torch.zeros(len(LABELS)).double()
        if t < len(LABELS):
            label[t] = strength
        y = (x @ (layer.w + layer.alpha * hebb) + label).softmax(-1)
        if t < len(LABELS):
            hebb = hebb + layer.eta * change(layer.rule, hebb, x, y)
        outputs.append(y)
    return torch.stack(outputs), hebb


STROKES: list[list[list[float]]] = [
    [[60.0, 200.5], [70.25, 40.0], [180.0, 60.0]],
    [[30.0, 120.0], [215.0, 131.0]],
    [[150, 90]],
]


def fixture() -> dict[str, Any]:
    """Return a drawing from strokes, its features, and episodes with several voices."""
    told = numbers()
    net, drawings = network(), _drawings(told)
    ink = _drawn(STROKES)
    seen = net.features(torch.cat([drawings[:, 0], drawings[2, 1:2]]))
    ramp = torch.arange(1, seen.shape[1] * len(LABELS) + 1).double()
    episodes = []
    for strength in STRENGTHS:
        outputs, hebb = _taught(net, seen, strength)
        sums = [hebb.sum().item(), (ramp / len(ramp) * hebb.flatten()).sum().item()]
        episodes.append({"strength": strength, "outputs": outputs.tolist(), "sums": sums})
    return {
        "strokes": STROKES,
        "ink": [ink.sum().item(), (ink @ torch.arange(1, SIZE + 1).double()).sum().item()],
        "features": net.features(ink[None])[0].tolist(),
        "episodes": episodes,
    }


def still(drawing: Any) -> None:
    """Draw an episode: five signs, each in its own row of the trace, and the answer to a sixth."""
    told = numbers()
    net, drawings = network(), _drawings(told)
    asked = drawings[2, 1]
    outputs, _ = _taught(net, net.features(torch.cat([drawings[:, 0], asked[None]])), 1000.0)
    drawing.box(12, 60, 210, 210, "muted", "", 0)
    _ink(drawing, asked, 16, 64, 202 / SIZE, "ink")
    drawing.text(117, 44, "which of the five?")
    drawing.text(280, 24, "said")
    drawing.text(350, 24, "written")
    drawing.text(472, 24, "answer")
    for row, label in enumerate(LABELS):
        y = 34 + 62 * row
        drawing.text(242, y + 34, label, bold=row == outputs[-1].argmax())
        for x, role in ((254, "ink"), (324, "purple")):
            drawing.box(x, y, 54, 54, "faint", "", 0, 1)
            _ink(drawing, drawings[row, 0], x, y, 54 / SIZE, role)
        share = outputs[-1, row].item()
        drawing.box(394, y + 18, max(1.0, 106 * share), 18, "", "blue", 0)
        drawing.text(530, y + 34, f"{share:.2f}")


def _ink(drawing: Any, picture: Tensor, x: float, y: float, size: float, role: str) -> None:
    places = (picture > 0.5).nonzero().tolist()
    drawing.dots(
        [(x + size * (column + 0.5), y + size * (row + 0.5)) for row, column in places], role, size
    )


MODELS = {
    "one-shot-learning": LiveModel(
        numbers,
        fixture,
        still,
        348,
        "Five drawn signs, A to E, each written into a row of its own, and a sixth, which is "
        "compared with all five; the bar of the right label is longest.",
        needs="omniglot",
    )
}
"""The live models of the chapter, by name."""
