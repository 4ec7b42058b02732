"""The live model of the chapter: two networks that complete photographs, asked as the reader likes.

A few thousand numbers stand for each of the trained networks of n = 1,025 units: "specialist" for
that with a plasticity for each connection, "generalist" for that with one for all.
"""

import base64
from functools import cache
from io import BytesIO
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from hebbnotes import data, experiments, tasks
from hebbnotes.chapters.natural_images.experiments import load
from hebbnotes.figures.live import LiveModel, packed, unpacked
from hebbnotes.networks import run
from hebbnotes.plasticity import rules

__all__ = ["MODELS"]

SEED, SIDE = 0, 32
RANK_ALPHA, RANK_W = 2, 8
SEAM = slice((SIDE // 2 - 1) * SIDE, (SIDE // 2 + 1) * SIDE)
"""The two rows of pixels at the line between the halves: there the specialist keeps its weights."""
ORDER = (0, 1, 2, 1, 2, 0, 2, 0, 1)
"""Which of three photographs is shown when."""
PIECES = (1, 3, 4, 5, 7, 8, 10, 18, 19, 20, 23, 24)
"""Those pieces of the temple and the flower that have much in them."""
FIRST, TARGET = (0, 4, 11), 2
"""Which of them are shown at first, and which of these is asked for."""
KINDS = ("specialist", "generalist")
_SCHEDULE: dict[str, Any] = tasks.PICTURES
TASK = tasks.PatternCompletion(SIDE**2, **_SCHEDULE)


def _network(kind: str) -> Any:
    return load(kind, TASK, experiments.weights(f"images-{kind}"), f"{SEED}.")


def _factors(matrix: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Return the nearest matrix of a rank as two factors, (rank, n) each: of senders, of receivers.

    Singular vectors have either sign: the largest number of each sender's is positive.
    """
    u, s, vh = torch.linalg.svd(matrix.detach().double())
    u, vh = u.mT[:rank], vh[:rank]
    sign = u.gather(1, u.abs().argmax(1, keepdim=True)).sign()
    root = sign * s[:rank, None].sqrt()
    return root * u, root * vh


@cache
def numbers() -> dict[str, Any]:
    """Return what the script is told: both networks, and photographs."""
    full, shared = _network("full"), _network("shared")
    pieces = torch.cat([data.patches(part, SIDE, SIDE, 4) for part in ("train", "test")])
    w = full.w.detach()
    senders, receivers = _factors(full.alpha, RANK_ALPHA)
    specialist = {
        "eta": full.eta.item(),
        "alpha": [packed(senders), packed(receivers)],
        "diagonal": packed(w.diagonal()[:-1]),
        "bias": packed(w[-1, :-1]),
        "seam": packed(w[SEAM, SEAM] - torch.diag(w.diagonal()[SEAM])),
    }
    w = shared.w.detach().double()
    low = _factors(w - torch.diag(w.diagonal()), RANK_W)
    generalist = {
        "eta": shared.eta.item(),
        "alpha": shared.alpha.item(),
        "diagonal": packed((w.diagonal() - (low[0] * low[1]).sum(0))[:-1]),
        "low": [packed(part) for part in low],
    }
    return {
        "specialist": specialist,
        "generalist": generalist,
        "pieces": packed(pieces[list(PIECES)]),
        "order": list(ORDER),
        "first": list(FIRST),
        "target": TARGET,
        **{key: _SCHEDULE[key] for key in ("steps_on", "steps_off", "steps_test")},
    }


def dense(told: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Return fixed weights and plasticities of a network as the script has it."""
    n = TASK.n_units
    w = torch.zeros(n, n, dtype=torch.float64)
    if "seam" in told:
        w[SEAM, SEAM] = unpacked(told["seam"])
        w[-1, :-1] = unpacked(told["bias"])
    else:
        senders, receivers = (unpacked(part) for part in told["low"])
        w += senders.mT @ receivers
    w[:-1, :-1] += torch.diag(unpacked(told["diagonal"]))
    if isinstance(told["alpha"], float):
        return w, torch.tensor(told["alpha"], dtype=torch.float64)
    senders, receivers = (unpacked(part) for part in told["alpha"])
    return w, senders.mT @ receivers


QUESTIONS = {"lower half": ((0, 1, 2), 1), "strip": (FIRST, TARGET), "scattered": ((3, 4, 5), 0)}
"""What is hidden in the episodes that are stored; which photographs are shown, which is asked for.
"""


@cache
def _answered() -> tuple[tasks.Episodes, dict[str, Tensor]]:
    """Return these episodes, in double precision, and what each network as the script has it says,
    (T, B, n).
    """
    told, pixel = numbers(), torch.arange(SIDE**2)
    patterns = torch.stack([unpacked(told["pieces"])[list(who)] for who, _ in QUESTIONS.values()])
    hidden = [pixel >= SIDE**2 // 2, pixel * 4 // SIDE**2 % 3 > 0, pixel * 7 % 5 < 2]
    episodes = TASK.episodes(
        patterns,
        torch.Generator(),
        torch.tensor([target for _, target in QUESTIONS.values()]),
        torch.tensor([ORDER] * len(QUESTIONS)),
        torch.stack(hidden),
    )
    says = {}
    for kind in KINDS:
        w, alpha = dense(told[kind])
        eta = torch.tensor(told[kind]["eta"], dtype=torch.float64)
        says[kind] = run(episodes.inputs, w, alpha, eta, rules.decay, clamp=episodes.clamp)[0]
    return episodes, says


def fixture() -> dict[str, Any]:
    """Return what the package answers, with the numbers that the script has."""
    episodes, says = _answered()
    ends = (TASK.steps_on + TASK.steps_off) * torch.arange(1, len(ORDER) + 1) - 1
    return {
        f"{kind}, {name}": {
            "pieces": list(who),
            "order": list(ORDER),
            "target": target,
            "hidden": episodes.erased[k].nonzero()[:, 0].tolist(),
            "blank": y[ends, k, :-1].sum(-1).tolist(),
            "answer": y[-1, k, :-1].tolist()[::7],
            "error": tasks.squared_error(y[-1], episodes)[k].item(),
        }
        for kind, y in says.items()
        for k, (name, (who, target)) in enumerate(QUESTIONS.items())
    }


def still(drawing: Any) -> None:
    """Draw a photograph with a strip hidden, and both answers."""
    episodes, says = _answered()
    k = list(QUESTIONS).index("strip")
    cue = episodes.answer[k].masked_fill(episodes.erased[k], 0)
    pictures = {"a strip is hidden": cue} | {kind: y[-1, k, :-1] for kind, y in says.items()}
    for column, (words, picture) in enumerate(pictures.items()):
        left = 8 + 186 * column
        drawing.text(left + 86, 24, words)
        source = base64.b64encode(_bitmap(picture)).decode()
        drawing.shapes.append(
            f'<image x="{left}" y="36" width="172" height="172" '
            f'style="image-rendering:pixelated" href="data:image/bmp;base64,{source}"/>'
        )
        if not column:
            drawing.box(left, 36 + 43, 172, 86, "blue", "", 0, 3)


def _bitmap(picture: Tensor) -> bytes:
    """Return grey values in [-1, 1] as a file of a format that does not compress."""
    grey = ((picture.view(SIDE, SIDE) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    file = BytesIO()
    Image.fromarray(grey.numpy()).save(file, "BMP")
    return file.getvalue()


MODELS = {
    "natural-images": LiveModel(
        numbers,
        fixture,
        still,
        220,
        "A photograph with a strip across its middle hidden, and what two networks put there.",
    )
}
"""The live models of the chapter, by name."""
