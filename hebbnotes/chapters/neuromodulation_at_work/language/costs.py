"""What the plastic path costs here: seconds and bytes of an update, by loop and by sum."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from hebbnotes.chapters.neuromodulation_at_work.language import text as plays
from hebbnotes.chapters.neuromodulation_at_work.language.cells import CellState, CellWriting, loop
from hebbnotes.chapters.neuromodulation_at_work.language.chunks import chunk
from hebbnotes.chapters.neuromodulation_at_work.language.network import ARMS, Reader, reader
from hebbnotes.experiments.experiment import Numbers, Weights, short

__all__ = ["Costs", "Floor", "count_letters", "kept_bytes", "measure_costs"]

Way = Callable[[Tensor, Tensor, CellWriting | None, CellState], tuple[Tensor, CellState]]
WAYS: dict[str, Way] = {"loop": loop, "sum": chunk}


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Configuration of a measurement: networks of each size, one chunk forward and backward.

    Attributes
    ----------
    sizes : tuple of int, cells
    batch, steps, letters : int
    repeats : int
        Of which the shortest counts.
    """

    sizes: tuple[int, ...] = (64, 128)
    batch: int = 16
    steps: int = 50
    letters: int = 65
    repeats: int = 5


@dataclass(frozen=True, kw_only=True)
class Floor:
    """Configuration of what counts of letters predict.

    Attributes
    ----------
    most : int
        Letters that are looked at.
    """

    most: int = 7


def count_letters(weights: Weights, seed: int, chosen: Floor) -> Numbers:
    """Return the bits a letter for each number of letters that are looked at, on validation and
    test text, and how many do best on the former.
    """
    text = plays.read()
    before = torch.cat([text.train, text.validation])
    validation = plays.counts_floor(text, chosen.most, text.validation, text.train)
    test = plays.counts_floor(text, chosen.most, text.test, before)
    best = validation.index(min(validation))
    five = min(4, chosen.most)  # what is called a 5-gram looks at four letters
    return {
        "looked_at": best,
        "best": round(test[best], 5),
        "five_gram": round(test[five], 5),
        "validation": [round(one, 5) for one in validation],
        "test": [round(one, 5) for one in test],
        "letters": [len(text.train), len(text.validation), len(text.test)],
        "alphabet": len(text.letters),
    }


def kept_bytes(run: Callable[[], Tensor]) -> int:
    """Return how many bytes a computation keeps for its gradient, each storage once."""
    seen: dict[int, int] = {}

    def noted(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(noted, lambda tensor: tensor):
        result = run()
    del result
    return sum(seen.values())


def measure_costs(weights: Weights, seed: int, chosen: Costs) -> Numbers:
    """Return the processor's milliseconds of a chunk, forward and backward, and the bytes it keeps
    for the latter, of each arm and size, by loop and by sum; and how far the two are apart.
    """
    found: Numbers = {key: {} for key in ("milliseconds", "kept_megabytes", "apart", "faster")}
    for n in chosen.sizes:
        for arm in ARMS:
            g = torch.Generator().manual_seed(seed)
            net = reader(arm, n, chosen.letters, g)
            letters = torch.randint(chosen.letters, (chosen.steps, chosen.batch), generator=g)
            state, outputs = net(letters).state, {}
            for way, run in WAYS.items():
                once = partial(_once, net, run, letters, state)
                key = f"{arm}, {n}, {way}"
                found["milliseconds"][key] = short(min(_spent(once, chosen.repeats)))
                found["kept_megabytes"][key] = short(kept_bytes(once) / 1e6)
                outputs[way] = once().detach()
            its = [found["milliseconds"][f"{arm}, {n}, {way}"] for way in ("loop", "sum")]
            found["faster"][f"{arm}, {n}"] = short(its[0] / its[1])
            apart = (outputs["loop"] - outputs["sum"]).abs().max()
            found["apart"][f"{arm}, {n}"] = short(apart)
    return found


def _once(net: Reader, run: Way, letters: Tensor, state: CellState) -> Tensor:
    return run(net.letters[letters] + net.bias, net.w, net.writing(), state)[0]


def _spent(once: Callable[[], Tensor], repeats: int) -> list[float]:
    """Return the processor's milliseconds of each of several runs, forward and backward."""
    found = []
    for _ in range(repeats):
        began = time.process_time()
        once().square().sum().backward()
        found.append(1e3 * (time.process_time() - began))
    return found
