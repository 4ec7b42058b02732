"""Harder tests: alphabets that were never seen, characters of one alphabet, and digits."""

from typing import Any

import torch
from torch import Tensor, nn

from hebbnotes import _checks, data
from hebbnotes.chapters.one_shot_learning.readings import Pixels, answers
from hebbnotes.experiments.experiment import Numbers, short
from hebbnotes.networks import one_shot as networks
from hebbnotes.networks.one_shot import SIZE

__all__ = ["alphabet", "by_alphabet", "digits", "own", "right", "right_by_alphabet", "shares"]


def alphabet(name: str) -> str:
    """Return the alphabet of a character: what stands before the stroke in its name."""
    return name.split("/", maxsplit=1)[0]


def by_alphabet(names: list[str], n_held_out: int, seed: int) -> tuple[Tensor, Tensor]:
    """Divide characters by whole alphabets into those to train on and those to test on: their
    numbers, in order.

    >>> by_alphabet(["Greek/1", "Greek/2", "Latin/1"], 1, seed=0)
    (tensor([2]), tensor([0, 1]))

    Parameters
    ----------
    names : list of str, as :func:`.omniglot` returns them
    n_held_out : int, alphabets to keep for the test
    seed : int, another one holds out other alphabets
    """
    alphabets = sorted({alphabet(name) for name in names})
    _checks.integer("n_held_out", n_held_out, 1, len(alphabets) - 1)
    generator = torch.Generator().manual_seed(_checks.integer("seed", seed, 0, 2**63 - 1))
    order = torch.randperm(len(alphabets), generator=generator)
    kept = {alphabets[k] for k in order[-n_held_out:].tolist()}
    new = torch.tensor([alphabet(name) in kept for name in names])
    return (~new).nonzero().flatten(), new.nonzero().flatten()


def digits(thin: bool = False, each: int = 500) -> Tensor:
    """Return digits of MNIST's test set as drawings, share of ink, (10, each, 31, 31).

    Parameters
    ----------
    thin : bool
        Whether to take the darker half off the strokes first: each pixel gets the least ink of
        itself and its neighbours to the right, below, and below to the right.
    each : int, the first of each digit
    """
    pictures, labels = data.mnist("test", download=False)
    _checks.integer("each", each, 1, 892)  # there are no more fives
    chosen = torch.stack([pictures[labels == digit][:each] for digit in range(10)]) / 255
    if thin:
        chosen = -nn.functional.max_pool2d(nn.functional.pad(-chosen, (0, 1, 0, 1)), 2, stride=1)
    return nn.functional.interpolate(chosen, (SIZE, SIZE), mode="bilinear", align_corners=False)


def own(net: Any) -> str:
    """Return the name of a network's own way to read its features."""
    return "oja" if isinstance(net, networks.OneShotNetwork) else "prototypes"


def right(
    nets: dict[str, Any], drawings: Tensor, n_ways: int, n_episodes: int, seed: int, turn: bool
) -> dict[str, dict[str, Tensor]]:
    """Return which episodes networks get right, 0 or 1, by network and reading; all are asked the
    same. ``"pixels"`` is the distance of the pixels themselves.
    """
    found = {}
    for name, net in (nets | {"pixels": Pixels()}).items():
        generator = torch.Generator().manual_seed(seed)
        found[name], _ = answers(net, drawings, n_ways, 1, n_episodes, generator, turn)
    return found


def right_by_alphabet(
    nets: dict[str, Any],
    drawings: Tensor,
    names: list[str],
    n_ways: int,
    n_episodes: int,
    seed: int,
    turn: bool,
) -> dict[str, dict[str, Tensor]]:
    """Return the same where all characters of an episode are of one alphabet: as many episodes, or
    one more, of each that has ``n_ways`` characters or more.
    """
    its = [alphabet(name) for name in names]
    there = [one for one in sorted(set(its)) if its.count(one) >= n_ways]
    if not there:
        raise ValueError(f"no alphabet has {n_ways} characters or more among the {len(names)}")
    found: dict[str, dict[str, list[Tensor]]] = {}
    for k, one in enumerate(there):
        some = drawings[torch.tensor([name == one for name in its])]
        count = -(-n_episodes // len(there))
        for net, read in right(nets, some, n_ways, count, seed + 1000 * k, turn).items():
            for reading, values in read.items():
                found.setdefault(net, {}).setdefault(reading, []).append(values)
    return {net: {way: torch.cat(v) for way, v in read.items()} for net, read in found.items()}


def shares(read: dict[str, dict[str, Tensor]]) -> Numbers:
    """Return the shares of right answers, by network and reading."""
    return {
        net: {way: short(values.mean()) for way, values in of_net.items()}
        for net, of_net in read.items()
    }
