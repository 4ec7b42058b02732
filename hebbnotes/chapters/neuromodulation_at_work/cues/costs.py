"""What each kind of network reads and costs: here, in bytes, multiplications and seconds; and
there, where a synapse is a place, in what it must be told.
"""

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hebbnotes import check
from hebbnotes.chapters.neuromodulation_at_work.cues.lives import play
from hebbnotes.chapters.neuromodulation_at_work.cues.networks import (
    ARMS,
    ChoosingPlayer,
    Plastic,
    player,
)
from hebbnotes.experiments.experiment import Numbers, Weights, short
from hebbnotes.networks.modulated import Modulated, Modulator, made
from hebbnotes.plasticity import rules
from hebbnotes.tasks import CueReward

__all__ = ["RULES", "Costs", "multiplications", "reads_of", "score_costs", "state_bytes"]

RULES: dict[str, Any] = {
    "plastic": rules.hebb,
    "simple": Modulated(rules.hebb, 0.0, 1.0),
    "retroactive": Modulated(rules.hebb, 0.0, 1.0, retroactive=True),
}
"""The rule by which the synapses of an arm are written; those of the others are not."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Configuration: networks of each arm, with the arm's units and with equally many, play."""

    units: tuple[int, ...] = (32, 64)
    batch: int = 16
    times: int = 10
    n_trials: int = 10


def reads_of(arm: str, n: int = 4) -> dict[str, Any]:
    """Tell what a write of one synapse of an arm reads, by poisoning: see :func:`.check.reads`.

    ``"own"`` names what is at the synapse and at its two ends, ``"broadcast"`` what is told to its
    cell, and ``"foreign"`` counts all other numbers: of other synapses, other units, and what other
    cells are told. ``"behind"`` counts the units from which what is told is made. An eligibility
    trace is written, too, from the two ends of its synapse.

    >>> reads_of("simple")
    {'own': ['w', 'pre', 'post'], 'broadcast': ['modulator'], 'foreign': 0, 'behind': 4}
    """
    found: dict[str, Any] = {"own": [], "broadcast": [], "foreign": 0, "behind": 0}
    if arm not in RULES:
        return found
    _read(found, RULES[arm], {}, n)
    if arm == "retroactive":
        _read(found, rules.decay, {"w": "eligibility"}, n)
    if found["broadcast"]:
        found["behind"] = _behind(n)
    return found


def _read(found: dict[str, Any], rule: Any, names: dict[str, str], n: int) -> None:
    """Add what a rule's change of the synapse from unit 0 to unit 1 reads, under other names."""
    seen = check.reads(rule, 0, 1, n_pre=n, n_post=n, smuggled=True)
    at = {"pre": (0,), "post": (1,), "modulator": (1,)}
    masks = {"w": seen.w, "pre": seen.pre, "post": seen.post, **seen.further}
    for name, mask in masks.items():
        own = bool(mask[at.get(name, (0, 1))])
        told, known = names.get(name, name), found["own"] + found["broadcast"]
        if own and told not in known:
            found["broadcast" if name == "modulator" else "own"].append(told)
        found["foreign"] += int(mask.sum()) - own


def _behind(n: int) -> int:
    """Count the units without which the signal of a network is not known, by poisoning each."""
    y = torch.ones(n)
    modulator = Modulator(torch.ones(n), torch.ones(()))
    return sum(
        bool(made(y.index_fill(0, torch.tensor(k), torch.nan), modulator).isnan()) for k in range(n)
    )


def state_bytes(arm: str, units: int | None = None) -> int:
    """Return the bytes that one episode holds besides the weights, in single precision."""
    net = player(arm, 1, torch.Generator(), units)
    state = net.rest(1)
    parts = [state] if isinstance(state, Tensor) else [p for p in state if p is not None]
    return sum(part.numel() * part.element_size() for part in parts)


def multiplications(arm: str, n_inputs: int, units: int | None = None) -> dict[str, int]:
    """Count the multiplications that a step of one episode needs: ``"heard"``, what units are told
    and tell each other, and ``"written"``, what changes synapses, with the signal for it.

    The answers, which all arms give in the same way, are left out, and a multiplication by 1, too.
    """
    n = ARMS[arm].units if units is None else units
    heard = {"none": n * (n_inputs + n), "LSTM": 4 * n * (n_inputs + n) + 3 * n}
    written = {"plastic": n * n + n, "simple": n * n + 2 * n, "retroactive": 3 * n * n + 2 * n}
    return {"heard": heard.get(arm, n * n_inputs + 2 * n * n), "written": written.get(arm, 0)}


def score_costs(weights: Weights, seed: int, chosen: Costs) -> Numbers:
    """Measure the processor's time of untrained networks, the best of several times, and count.

    Times are in microseconds for a step of an episode: ``"played"`` without gradients, and
    ``"learned"`` with them, which is playing, going through it once more, and back.
    """
    task, g = CueReward(n_trials=chosen.n_trials), torch.Generator().manual_seed(seed)
    episodes = task.sample(chosen.batch, g)
    found: Numbers = {"reads": {arm: reads_of(arm) for arm in ARMS}}
    for size in ("equal numbers", *map(str, chosen.units)):
        units = None if size == "equal numbers" else int(size)
        found[size] = {}
        for arm in ARMS:
            net = player(arm, task.n_inputs, g, units)
            played, learned = _seconds(net, episodes, g, chosen.times)
            steps = task.n_steps * chosen.batch
            counts = multiplications(arm, task.n_inputs, units)
            traces = 2 if arm == "retroactive" else int(isinstance(net, Plastic | ChoosingPlayer))
            found[size][arm] = {
                "numbers": sum(p.numel() for p in net.parameters()),
                "bytes": state_bytes(arm, units),
                "traces": traces,
                "multiplications": sum(counts.values()),
                "written": counts["written"],
                "played": short(1e6 * played / steps),
                "learned": short(1e6 * learned / steps),
                "broadcasts": int(isinstance(net, ChoosingPlayer)),
            }
    found["dearer"] = short(
        found["equal numbers"]["retroactive"]["learned"]
        / found["equal numbers"]["plastic"]["learned"]
    )
    return found


def _seconds(net: Any, episodes: Any, g: torch.Generator, times: int) -> tuple[float, float]:
    """Return the processor's least time for playing a batch, and for learning from it."""
    best = [float("inf"), float("inf")]
    for _ in range(times + 1):  # the first compiles
        began = time.process_time()
        played = play(net, episodes, g)
        middle = time.process_time()
        logits, values, _ = net(played.seen)
        (logits.sum() + values.sum()).backward()
        ended = time.process_time()
        best = [min(best[0], middle - began), min(best[1], ended - began)]
    return best[0], best[1]
