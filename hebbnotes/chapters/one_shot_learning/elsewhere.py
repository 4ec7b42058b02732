"""Harder tests: alphabets that were never seen, characters of one alphabet, and digits."""

from typing import Any

import torch
from torch import Tensor, nn

from hebbnotes import _checks, data
from hebbnotes.chapters.one_shot_learning.readings import answers, featured
from hebbnotes.experiments.experiment import Numbers, short
from hebbnotes.networks import one_shot as networks
from hebbnotes.networks.one_shot import SIZE

__all__ = ["alphabet", "by_alphabet", "digits", "harder", "own", "shares"]


def alphabet(name: str) -> str:
    """Return the alphabet of a character: what stands before the stroke in its name."""
    return name.split("/", maxsplit=1)[0]


def by_alphabet(
    names: list[str], n_alphabets: int, n_of_others: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Divide characters into those to train on, new ones of the same alphabets, and those of whole
    alphabets that are held out: their numbers, in order.

    >>> by_alphabet(["Greek/1", "Greek/2", "Latin/1", "Latin/2"], 1, 1, seed=0)
    (tensor([2]), tensor([3]), tensor([0, 1]))

    Parameters
    ----------
    names : list of str, as ``one_shot.omniglot`` returns them
    n_alphabets : int, alphabets that are held out
    n_of_others : int, characters that are held out of each other alphabet
    seed : int, another one holds out others
    """
    alphabets = sorted({alphabet(name) for name in names})
    _checks.integer("n_alphabets", n_alphabets, 1, len(alphabets) - 1)
    _checks.integer("n_of_others", n_of_others)
    generator = torch.Generator().manual_seed(_checks.integer("seed", seed, 0, 2**63 - 1))
    order = torch.randperm(len(alphabets), generator=generator).tolist()
    known, of_known, of_new = [], [], []
    for rank, k in enumerate(order):
        its = torch.tensor([j for j, name in enumerate(names) if alphabet(name) == alphabets[k]])
        if rank < n_alphabets:
            of_new.append(its)
            continue
        if len(its) <= n_of_others:
            raise ValueError(
                f"n_of_others must be below the characters of {alphabets[k]}, {len(its)}, "
                f"got {n_of_others}"
            )
        its = its[torch.randperm(len(its), generator=generator)]
        known.append(its[n_of_others:])
        of_known.append(its[:n_of_others])
    first, second, third = (torch.cat(some).sort().values for some in (known, of_known, of_new))
    return first, second, third


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


def harder(
    net: Any, drawings: Tensor, names: list[str], n_ways: int, n_episodes: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Return which episodes a network gets right, 0 or 1, by test and reading.

    Five characters of all (``"mixed"``), or of one alphabet (``"alphabet"``), each turned by a
    multiple of 90 degrees; or of one alphabet, and none turned (``"upright"``). Each alphabet with
    ``n_ways`` characters or more has as many episodes; every network is asked the same.

    Parameters
    ----------
    net : OneShotNetwork, PrototypicalNetwork or Pixels
    drawings, names
        Characters that the network never saw, (characters, drawings, 31, 31).
    n_ways, n_episodes, seed : int
    """
    features, its = featured(net, drawings), [alphabet(name) for name in names]
    there = [one for one in sorted(set(its)) if its.count(one) >= n_ways]
    if not there:
        raise ValueError(f"no alphabet has {n_ways} characters or more among the {len(names)}")
    parts = [features[:, torch.tensor([name == one for name in its])] for one in there]
    tests = {"mixed": ([features], True), "alphabet": (parts, True), "upright": (parts, False)}
    found: dict[str, dict[str, Tensor]] = {}
    for test, (some, turn) in tests.items():
        generator = torch.Generator().manual_seed(seed)
        count = -(-n_episodes // len(some))
        read = [answers(net, one, n_ways, 1, count, generator, turn)[0] for one in some]
        found[test] = {way: torch.cat([one[way] for one in read]) for way in read[0]}
    return found


def shares(read: dict[str, dict[str, Tensor]]) -> Numbers:
    """Return the shares of right answers, by test or network, and reading."""
    return {
        net: {way: short(values.mean()) for way, values in of_net.items()}
        for net, of_net in read.items()
    }
