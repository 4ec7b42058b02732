"""Shakespeare's plays as numbers, parted in order, and what a page of them predicts by counts."""

from typing import NamedTuple

import torch
from torch import Tensor

from hebbnotes import _checks, data

__all__ = ["Text", "batch", "counts_floor", "read", "starts"]


class Text(NamedTuple):
    """A text whose letters are numbers, in three parts that follow each other.

    Attributes
    ----------
    train, validation, test : Tensor (M,), int64
    letters : str, which letter each number is
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    letters: str

    @classmethod
    def of(cls, text: str) -> "Text":
        """Part a text of 400 letters or more: 90 % to train, 5 % and 5 % to validate and test."""
        if len(_checks.of_type("text", text, str, "pass data.shakespeare()")) < 400:
            raise ValueError(f"text must have 400 letters or more, got {len(text)}: pass more")
        letters = "".join(sorted(set(text)))
        number = {letter: k for k, letter in enumerate(letters)}
        whole = torch.tensor([number[letter] for letter in text])
        ends = (len(text) * 90 // 100, len(text) * 95 // 100)
        return cls(whole[: ends[0]], whole[ends[0] : ends[1]], whole[ends[1] :], letters)

    def said(self, numbers: Tensor) -> str:
        """Return the letters of numbers."""
        return "".join(self.letters[k] for k in numbers.tolist())


def read() -> Text:
    """Return Shakespeare's plays; nothing is downloaded, and what is missing is said."""
    return Text.of(data.shakespeare(download=False))


def starts(n_letters: int, n_streams: int, generator: torch.Generator) -> Tensor:
    """Return where each stream begins to read, (B,): as far from each other as can be, and the
    first at a letter that is drawn.
    """
    _checks.generator(generator)
    _checks.integer("n_streams", n_streams, 1, n_letters)
    first = torch.randint(n_letters, (1,), generator=generator)
    return (first + torch.arange(n_streams) * (n_letters // n_streams)) % n_letters


def batch(text: Tensor, begin: Tensor, steps: int, update: int) -> Tensor:
    """Return what the streams read at an update and the letter after it, (T + 1, B); where a text
    ends, a stream goes on at its beginning.
    """
    place = begin + update * steps + torch.arange(steps + 1)[:, None]
    return text[place % len(text)]


def counts_floor(text: Text, most: int, part: Tensor, before: Tensor) -> list[float]:
    """Return the bits a letter that counts of the training text need, for each number of letters
    that are looked at, from 0 to ``most``.

    A letter's probability after ``k`` letters is its share there, mixed with its probability after
    ``k - 1``: with as many counts of these as there were different letters. Source: Witten & Bell
    (1991), method C, interpolated; after no letter it is mixed with equal chances.

    Parameters
    ----------
    text : Text, whose training part is counted
    most : int, at most 9
    part, before : Tensor (M,), what is predicted, and the text before it
    """
    n = len(text.letters)
    _checks.integer("most", most, 0, 9)
    if n ** (most + 1) >= 2**63:
        raise ValueError(f"{n} letters, {most + 1} at once, are too many to be counted: take fewer")
    train, new = text.train, torch.cat([before[len(before) - most :], part])
    chance = torch.full((len(part),), 1 / n, dtype=torch.float64)
    context, wanted = torch.zeros_like(train), torch.zeros_like(part)
    found = []
    for k in range(most + 1):
        if k:  # a letter further back
            context = context[1:] + train[: len(train) - k] * n ** (k - 1)
            wanted = wanted + new[most - k : len(new) - k] * n ** (k - 1)
        there, counts = torch.unique(context * n + train[k:], return_counts=True)
        places, inverse = torch.unique(there // n, return_inverse=True)
        total = torch.zeros(len(places), dtype=torch.int64).index_add_(0, inverse, counts)
        kinds = torch.bincount(inverse, minlength=len(places))
        pair = _counted(there, counts, wanted * n + part)
        total, kinds = _counted(places, total, wanted), _counted(places, kinds, wanted)
        chance = torch.where(
            total > 0, (pair + kinds * chance) / (total + kinds).clamp_min(1), chance
        )
        found.append(float(-chance.log2().mean()))
    return found


def _counted(keys: Tensor, values: Tensor, wanted: Tensor) -> Tensor:
    """Return the values of sorted keys at what is wanted, and 0 at what is no key."""
    place = torch.searchsorted(keys, wanted).clamp_max(len(keys) - 1)
    return torch.where(keys[place] == wanted, values[place], 0).to(torch.float64)
