"""The live model of the chapter: two trained networks, whose signal a reader turns."""

from typing import Any

import torch
from torch import Tensor

from hebbnotes.chapters.neuromodulated_plasticity import causal
from hebbnotes.chapters.neuromodulated_plasticity.trained import stored
from hebbnotes.figures.live import LiveModel, packed, unpacked
from hebbnotes.tasks import RewardedEpisodes, RewardGatedMemory

__all__ = ["MODELS", "NETS", "again", "lived", "numbers", "task"]

NETS = {"simple": ("simple", "reward-gated"), "marks": ("retroactive", "reward-gated-silent")}
"""The networks in the page: arm and experiment, by the name that the script has."""
EPISODES = 500
EMPTIED = {
    "y": ("y",),
    "hebb": ("hebb",),
    "marks": ("eligibility",),
    "both": ("hebb", "eligibility"),
}


def task(name: str) -> RewardGatedMemory:
    """Return the task on which a network of the page was trained."""
    return RewardGatedMemory(4, 3, silent=NETS[name][1].endswith("silent"))


def _told(name: str) -> dict[str, Any]:
    """Return a network as the script has it; the last row of ``inward`` is its units' bias."""
    net = stored(*NETS[name])
    core = net.core
    told = {
        "inward": packed(torch.cat([net.w_in, net.bias[None]])),
        "w": packed(core.w),
        "alpha": packed(core.alpha),
        "outward": packed(net.readout),
        "read": packed(core.read),
        "bias": core.bias.item(),
        "eta": core.eta.item(),
        "silent": task(name).silent,
    }
    return told | ({"eta_e": core.eta_e.item()} if core.retroactive else {})


@torch.no_grad()
def again(name: str, told: dict[str, Any], hand: float = 1.0, method: str = "loop") -> Any:
    """Return a stored network with the weights that the script has, in double precision.

    With a hand its plasticities are multiplied by it, which is the same as to multiply its signal
    (equation eq-sign); its trace is then that of the signal without the hand.
    """
    net = stored(*NETS[name]).double()
    inward, core = unpacked(told["inward"]), net.core
    core.method = method
    net.w_in.copy_(inward[:-1])
    net.bias.copy_(inward[-1])
    net.readout.copy_(unpacked(told["outward"]))
    core.w.copy_(unpacked(told["w"]))
    core.alpha.copy_(hand * unpacked(told["alpha"]))
    core.read.copy_(unpacked(told["read"]))
    core.bias.fill_(told["bias"])
    core.eta_logit.fill_(torch.tensor(told["eta"]).double().logit())
    if core.retroactive:
        core.eta_e_logit.fill_(torch.tensor(told["eta_e"]).double().logit())
    return net


def _doubled(episodes: RewardedEpisodes) -> RewardedEpisodes:
    return episodes._replace(inputs=episodes.inputs.double())


@torch.no_grad()
def _shares(name: str, told: dict[str, Any]) -> dict[str, float]:
    """Return which share of new episodes is right: with the network's own signal, with it turned,
    without any, and with one thing emptied just before the reward.
    """
    its = task(name)
    new = _doubled(its.sample(EPISODES, torch.Generator().manual_seed(20_000)))
    hands = {"own": 1.0, "turned": -1.0, "held": 0.0}
    shares = {}
    for key, hand in hands.items():
        shares[key] = causal.right(again(name, told, hand, "chunk")(new), new)
    net = again(name, told, method="chunk")
    for key, what in EMPTIED.items():
        if "eligibility" not in what or net.core.retroactive:
            shares[key] = causal.asked_again(net, its, new, what, its.delay)
    return {key: round(share, 3) for key, share in shares.items()}


def numbers() -> dict[str, Any]:
    """Return what the script is told."""
    nets, its = {name: _told(name) for name in NETS}, task("simple")
    return {
        "bits": its.n_bits,
        "delay": its.delay,
        "slot": its.slot,
        "units": len(stored(*NETS["simple"]).bias),
        "nets": nets,
        "right": {name: _shares(name, told) for name, told in nets.items()},
    }


def lived(
    name: str, told: dict[str, Any], shown: RewardedEpisodes, hand: float, reward: int, what: str
) -> dict[str, Any]:
    """Return what a network of the page does in one episode: at each step the signal times the
    hand, the size of trace and marks; and the scores by the letter of the string. Just before the
    reward one thing may be emptied, by its name in ``EMPTIED``.
    """
    net, inputs = again(name, told, hand), shown.inputs.double()
    inputs[..., -2] = 0.0
    inputs[reward, :, -2] = 1.0
    state: Any = None
    signals, traces, marks, activity = [], [], [], []
    for t, (x, quiet) in enumerate(zip(inputs.split(1), shown.silenced.split(1), strict=True)):
        for its in EMPTIED.get(what, ()) if t == reward and state is not None else ():
            if getattr(state, its) is not None:
                state = state._replace(**{its: torch.zeros_like(getattr(state, its))})
        step = net.live(x, quiet, state=state)
        state = step.state
        signals.append(hand * step.modulation.item())
        traces.append(abs(hand) * _size(state.hebb))
        marks.append(0.0 if state.eligibility is None else _size(state.eligibility))
        activity.append(step.activity[0, 0])
    scores = torch.stack(activity)[shown.read] @ net.readout
    by_letter = torch.zeros_like(scores).scatter(0, shown.order[0], scores)
    return {"signal": signals, "hebb": traces, "marks": marks, "scores": by_letter.tolist()}


def _size(values: Tensor) -> float:
    return values.square().mean().sqrt().item()


def fixture() -> dict[str, Any]:
    """Return episodes that the script has to repeat: with hands, moved rewards, things emptied."""
    told, cases = {name: _told(name) for name in NETS}, []
    for seed, (name, hand, reward, what) in enumerate(
        (
            ("simple", 1.0, 8, ""),
            ("simple", -1.0, 13, ""),
            ("simple", 0.3, 0, ""),
            ("simple", 1.0, 3, "y"),
            ("simple", 1.0, 17, "hebb"),
            ("marks", 1.0, 8, ""),
            ("marks", -0.5, 12, ""),
            ("marks", 1.0, 13, "marks"),
            ("marks", 1.0, 8, "hebb"),
            ("marks", 1.0, 8, "both"),
        )
    ):
        shown = task(name).sample(1, torch.Generator().manual_seed(seed))
        cases.append(
            {
                "name": name,
                "hand": hand,
                "reward": reward,
                "emptied": what,
                "strings": shown.cues[0].int().tolist(),
                "order": shown.order[0].tolist(),
                **lived(name, told[name], shown, hand, reward, what),
            }
        )
    return {"cases": cases}


def _box(left: float, top: float, wide: float, high: float) -> str:
    """Return a box as a part of a path."""
    return f"M{left:.1f} {top:.1f}h{wide:.1f}v{high:.1f}h{-wide:.1f}z"


def still(drawing: Any) -> None:
    """Draw an episode of the simple network: strings, signal, trace and scores."""
    told = _told("simple")
    shown = task("simple").sample(1, torch.Generator().manual_seed(2))
    reward = int(shown.rewarded[0]) * 5 + 3
    its = lived("simple", told, shown, 1.0, reward, "")
    left, cell, each = 40.0, 24.0, 12.6
    for row, string in enumerate(shown.cues[0].tolist()):
        y = 20 + 32 * row
        drawing.text(16, y + 18, "ABCD"[row], "ink")
        for sign, colour in ((1, "ink"), (-1, "paper")):  # a page is slow with hundreds of shapes
            boxes = [
                _box(left + cell * k, y, cell - 4, 22)
                for k, bit in enumerate(string)
                if bit == sign
            ]
            drawing.path("".join(boxes), "faint", 1, colour)
    for k in range(8):
        words = "ABCD"[k] if k < 4 else "ABCD"[int(shown.order[0, k - 4])] + "?"
        drawing.text(left + each * (5 * k + 0.5), 186, words)
    x = left + each * (reward + 0.5)
    drawing.path([(x, 166), (x, 330)], "green", 2, dashed="4 4")
    drawing.text(x, 162, "reward", "ink")
    for label, base, high, values, colour in (
        ("*M*", 240.0, 40.0, its["signal"], "pink"),
        ("*H*", 330.0, 56.0 / max(its["hebb"]), its["hebb"], "blue"),
    ):
        drawing.text(16, base, label)
        drawing.path([(left, base), (left + 40 * each, base)], "faint", 1)
        bars = [
            _box(left + each * t + 2, base - max(0.0, high * value), each - 3, abs(high * value))
            for t, value in enumerate(values)
            if abs(high * value) > 0.3
        ]
        drawing.path("".join(bars), "", 0, colour)
    shares = torch.tensor(its["scores"]).softmax(0).tolist()
    for k, share in enumerate(shares):
        y = 366 + 28 * k
        drawing.text(16, y + 14, "ABCD"[k])
        drawing.box(left, y, max(1.0, 400 * share), 18, "", "green" if share > 0.5 else "blue", 2)


MODELS = {
    "neuromodulated-plasticity": LiveModel(
        numbers,
        fixture,
        still,
        484,
        "Four strings of bits, and a time line of an episode: the signal is large at the reward "
        "alone, where the trace grows, and of four scores that of the rewarded string is largest.",
    )
}
"""The live models of the chapter, by name."""
