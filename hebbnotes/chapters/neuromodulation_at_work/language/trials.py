"""How readers are trained, side by side on one order of letters, and what they are tested by."""

import math
import operator
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hebbnotes.chapters.neuromodulation_at_work.language import text as plays
from hebbnotes.chapters.neuromodulation_at_work.language.cells import CellState, CellWriting
from hebbnotes.chapters.neuromodulation_at_work.language.network import (
    ARMS,
    Reader,
    Reading,
    reader,
)
from hebbnotes.experiments.experiment import (
    Arms,
    Numbers,
    Trial,
    Weights,
    block_ends,
    blocks,
    loaded,
    short,
    train_each,
)
from hebbnotes.learning import training

__all__ = ["Readers", "Scored", "bits", "changed", "test_readers", "train_readers"]

AHEAD = 200
"""Letters that a stream reads before its predictions count."""
OFTEN, PASSAGE = 100, 240
"""How often a letter stands in the test text for M after it to be told; letters of a passage."""


@dataclass(frozen=True, kw_only=True)
class Readers(Arms):
    """Configuration of readers of several arms that are trained on one text, with learning rates
    that fall along half a cosine.

    Attributes
    ----------
    n : int, cells
    updates, batch, steps : int
        Each update reads so many letters in so many streams.
    block : int
        Updates of which the learning curve holds a mean.
    validated : int
        Updates after which the validation text is read, each time.
    tested : bool
        Whether the test text is read, too, by the networks as they are and after interventions.
    """

    n: int = 128
    updates: int = 1_250
    batch: int = 16
    steps: int = 50
    block: int = 100
    validated: int = 500
    tested: bool = True

    def known(self) -> Collection[str]:
        """Return the arms that there are."""
        return ARMS

    def network(self, arm: str, n_letters: int, seed: int) -> Reader:
        """Return a new network; those of one seed begin with the same numbers, where both have
        them.
        """
        return reader(arm, self.n, n_letters, torch.Generator().manual_seed(1_000 + seed))


class Scored:
    """What came of reading a part of the text.

    Attributes
    ----------
    pieces : Tensor (B,), bits a letter of each stream
    signal : Tensor (M,), M after each letter that the prediction of the next one used, in order
    """

    def __init__(self, pieces: Tensor, signal: Tensor) -> None:
        self.pieces, self.signal = pieces, signal

    @property
    def bits(self) -> float:
        """Return the mean bits a letter."""
        return float(self.pieces.mean())


@torch.no_grad()
def bits(
    net: Reader,
    part: Tensor,
    before: Tensor,
    chosen: Readers,
    writing: CellWriting | None = None,
    emptied: bool = False,
) -> Scored:
    """Return the bits a letter of a part of the text, read in as many streams as in training.

    Each stream first reads the ``AHEAD`` letters before its own, uncounted; what is left over
    at the end, fewer letters than streams, is not read.

    Parameters
    ----------
    net : Reader
    part, before : Tensor (M,), and the text before it
    chosen : Readers
    writing : CellWriting, optional, used instead of the network's own
    emptied : bool, whether traces are emptied before each chunk
    """
    length = len(part) // chosen.batch
    whole = torch.cat([before[-AHEAD - 1 :], part])
    ahead = len(whole) - len(part) - 1
    place = torch.arange(ahead + length + 1)[:, None] + length * torch.arange(chosen.batch)
    letters, state = whole[place], net.rest(chosen.batch)
    losses, signals = [], []
    for a in range(0, len(letters) - 1, chosen.steps):
        piece = letters[a : a + chosen.steps + 1]
        reading: Reading = net(piece[:-1], state, writing)
        state = _emptied(reading.state) if emptied else reading.state
        scores, wanted = reading.scores.flatten(0, 1), piece[1:].flatten()
        losses.append(cross_entropy(scores, wanted, reduction="none").view_as(piece[1:]))
        signals.append(reading.signal)
    counted = torch.cat(losses)[ahead:].double() / math.log(2)
    return Scored(counted.mean(0), torch.cat(signals)[ahead:].T.flatten())


def _emptied(state: CellState) -> CellState:
    traces = (None if one is None else torch.zeros_like(one) for one in state[2:])
    return CellState(state.h, state.c, *traces)


def changed(writing: CellWriting, signal: Tensor) -> dict[str, CellWriting]:
    """Return the ways to write of the interventions, by name; ``signal`` is M as it was, (M,).

    "no trace" reads nothing of it; "M at its mean" and "M turned" are made by the read-out of M,
    whose tanh is odd, and so are exact.
    """
    found = {"no trace": writing._replace(alpha=torch.zeros_like(writing.alpha))}
    if writing.read is not None and writing.bias is not None:
        mean = torch.atanh(signal.double().mean()).to(writing.bias)
        found["M at its mean"] = writing._replace(read=torch.zeros_like(writing.read), bias=mean)
        found["M turned"] = writing._replace(read=-writing.read, bias=-writing.bias)
    return found


def train_readers(trial: Trial, chosen: Readers) -> tuple[Numbers, Weights]:
    """Train a network of each arm at each of its rates, on the same letters in the same order."""
    trial.on_cpu("these networks are small")
    text = plays.read()
    train = partial(_train, trial, chosen, text)
    return train_each(chosen, train, lambda found: found["validation"][-1], operator.lt)


def _train(
    trial: Trial, chosen: Readers, text: plays.Text, arm: str, rate: float
) -> tuple[Numbers, Reader]:
    """Train one network. What it carries from chunk to chunk lies in two places in turn, so that an
    update that was stopped finds what it began with; a checkpoint has both, as parameters that have
    no gradient.
    """
    drawn = trial.generator()
    begin = plays.starts(len(text.train), chosen.batch, drawn)
    net = chosen.network(arm, len(text.letters), trial.seed)
    places = [_place(net.rest(chosen.batch)) for _ in range(2)]

    def loss(update: int) -> tuple[Tensor, dict[str, float]]:
        began = time.process_time()
        letters = plays.batch(text.train, begin, chosen.steps, update)
        reading: Reading = net(letters[:-1], places[update % 2])
        value = cross_entropy(reading.scores.flatten(0, 1), letters[1:].flatten())
        for place, new in zip(places[(update + 1) % 2], reading.state, strict=True):
            if place is not None and new is not None:
                place.data.copy_(new)
        spent = time.process_time() - began
        validation = math.nan
        if update % chosen.validated == 0 and update:
            validation = bits(net, text.validation, text.train, chosen).bits
        return value, {"validation": validation, "ms": 1e3 * spent}

    state = [one for place in places for one in place if one is not None]
    parameters = [*net.parameters(), *state]
    options = {"lr": rate, "clip_norm": 1.0, "schedule": training.cosine}
    part = f"{arm} {rate:g}"
    history = trial.train(parameters, loss, chosen.updates, drawn, part=part, **options)
    ends = block_ends(chosen.updates, max(1, chosen.updates // chosen.block))
    validation = [one for one in history.metrics["validation"] if not math.isnan(one)]
    last = bits(net, text.validation, text.train, chosen).bits
    return {
        "numbers": sum(p.numel() for p in net.parameters()),
        "curve": blocks([one / math.log(2) for one in history.loss], ends),
        "validation": [round(one, 5) for one in (*validation, last)],
        "milliseconds": short(torch.tensor(history.metrics["ms"]).median()),
        **_rates(net),
    }, net


def _place(state: CellState) -> CellState:
    h, c = state.h.clone().requires_grad_(), state.c.clone().requires_grad_()
    traces = (None if one is None else one.clone().requires_grad_() for one in state[2:])
    return CellState(h, c, *traces)


def _rates(net: Reader) -> Numbers:
    """Return what the plastic path has come to."""
    writing = net.writing()
    if writing is None:
        return {}
    found = {"eta": short(writing.eta), "alpha": short(writing.alpha.square().mean().sqrt())}
    return found | ({} if writing.eta_e is None else {"eta_e": short(writing.eta_e)})


def test_readers(weights: Weights, seed: int, chosen: Readers) -> Numbers:
    """Read the test text with each network, as it is and after each intervention."""
    if not chosen.tested:
        return {}
    text = plays.read()
    before = torch.cat([text.train, text.validation])
    found: Numbers = {key: {} for key in ("test", "gained", "pieces", "changed", "signal")}
    for name, (arm, _) in chosen.each().items():
        net = chosen.network(arm, len(text.letters), seed)
        net = loaded(net, weights, f"{name}.")
        its = bits(net, text.test, before, chosen)
        found["test"][name] = round(its.bits, 5)
        found["pieces"][name] = [round(one, 4) for one in its.pieces.tolist()]
        writing = net.writing()
        if writing is None:
            continue
        ways = changed(writing, its.signal)
        others = {
            "trace emptied": bits(net, text.test, before, chosen, emptied=True),
            **{way: bits(net, text.test, before, chosen, how) for way, how in ways.items()},
        }
        found["changed"][name] = {way: round(one.bits, 5) for way, one in others.items()}
        if writing.read is not None:
            found["signal"][name] = _told(its.signal, text)
    for name, value in found["test"].items():
        if name != "LSTM" and "LSTM" in found["test"]:
            found["gained"][name] = round(found["test"]["LSTM"] - value, 5)
    return found


def _told(signal: Tensor, text: plays.Text) -> Numbers:
    """Return what M was: its mean and spread, how often it was positive, its mean after each letter
    that stands there often, and its course along the first lines.
    """
    letters = torch.cat([text.validation[-1:], text.test])[: len(signal)]
    counts = torch.bincount(letters, minlength=len(text.letters))
    sums = torch.zeros(len(counts)).index_add_(0, letters, signal)
    often = (counts >= OFTEN).nonzero().flatten().tolist()
    return {
        "mean": short(signal.mean()),
        "spread": short(signal.std()),
        "positive": short((signal > 0).double().mean()),
        "after": {text.letters[k]: round(float(sums[k] / counts[k]), 4) for k in often},
        "passage": text.said(letters[:PASSAGE]),
        "along": [round(one, 3) for one in signal[:PASSAGE].tolist()],
    }
