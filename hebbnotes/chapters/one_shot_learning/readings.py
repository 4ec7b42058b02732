"""Several ways to read the features of one network, on the same episodes."""

from typing import Any

import torch
from torch import Tensor, nn

from hebbnotes import _checks
from hebbnotes.experiments.experiment import RULES
from hebbnotes.networks import one_shot as networks
from hebbnotes.networks import run_layer
from hebbnotes.tasks import one_shot

__all__ = ["Pixels", "answers", "featured", "readings"]


class Pixels(nn.Module):
    """No network: the features of a drawing are its pixels."""

    def features(self, drawings: Tensor) -> Tensor:
        """Return the pixels of drawings (M, rows, columns), shape (M, F)."""
        return drawings.flatten(1)


@torch.no_grad()
def featured(net: Any, drawings: Tensor) -> Tensor:
    """Return the features of drawings (C, D, rows, columns), turned by each multiple of 90 degrees,
    shape (4, C, D, F).
    """
    turned = torch.stack([drawings.rot90(k, (-2, -1)) for k in range(4)])
    features = [net.features(some) for some in turned.flatten(0, 2).split(500)]
    return torch.cat(features).unflatten(0, turned.shape[:3])


@torch.no_grad()
def answers(
    net: Any,
    features: Tensor,
    n_ways: int,
    n_shots: int,
    n_episodes: int,
    generator: torch.Generator,
    turn: bool = True,
) -> tuple[dict[str, Tensor], Tensor]:
    """Return for each way to read the features which episodes were right, 0 or 1, and at which step
    the label was first shown.

    Parameters
    ----------
    net : OneShotNetwork, PrototypicalNetwork or Pixels
        Whose features are read.
    features : Tensor
        Of what may be shown, as :func:`featured` returns them: each drawing is looked at once.
    n_ways, n_shots, n_episodes, generator
        As for :func:`.episodes`.
    turn : bool
        Whether each character of an episode is turned by a multiple of 90 degrees.
    """
    _checks.generator(generator)
    n_characters, n_drawings = features.shape[1:3]
    found: dict[str, list[Tensor]] = {}
    where = []
    for at in range(0, n_episodes, 500):
        batch = min(500, n_episodes - at)
        drawn = one_shot.draw(
            n_characters, n_drawings, n_ways, n_shots, batch, generator, turn=turn
        )
        seen = features[drawn.turns, drawn.characters, drawn.samples].transpose(0, 1)
        e = one_shot.with_labels(seen, drawn.labels, n_ways)
        for name, drive in readings(net, seen, e.targets, e.clamp).items():
            found.setdefault(name, []).append(one_shot.correct(drive, e).float())
        where.append((e.targets[:-1].argmax(-1) == e.answer).float().argmax(0))
    return {name: torch.cat(right) for name, right in found.items()}, torch.cat(where)


def readings(net: Any, seen: Tensor, targets: Tensor, clamp: Tensor) -> dict[str, Tensor]:
    """Return the answers to the last step, shape (B, N), of several ways to read the same features.

    Parameters
    ----------
    net : OneShotNetwork, PrototypicalNetwork or Pixels
        Whose features they are.
    seen : Tensor
        Features of each step, shape (T, B, F).
    targets, clamp : Tensor
        As in :class:`.OneShot`.

    Returns
    -------
    dict
        ``"prototypes"``, the nearest mean, and ``"mean product"``, the largest product with a mean,
        for any network; for a plastic one also ``"oja"`` and ``"decay"``, its read-out under this
        rule, and ``"w = 0"``, its read-out without fixed weights.
    """
    shown, labels = seen[:-1], targets[:-1]
    means = torch.einsum("kbf,kbn->bnf", shown, labels) / labels.sum(0).unsqueeze(-1)
    found = {
        "prototypes": networks.prototypes(shown, labels, seen[-1]),
        "mean product": (means @ seen[-1].unsqueeze(-1)).squeeze(-1),
    }
    if isinstance(net, networks.OneShotNetwork):
        layer = net.readout
        ways = {name: (layer.w, RULES[name]) for name in ("oja", "decay")} | {
            "w = 0": (0 * layer.w, layer.rule)
        }
        for name, (w, rule) in ways.items():
            found[name] = run_layer(seen, w, layer.alpha, layer.eta, rule, None, targets, clamp)[0][
                -1
            ]
    return found
