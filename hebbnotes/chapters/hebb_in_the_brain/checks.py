"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable, Mapping

import torch

from hebbnotes.chapters.hebb_in_the_brain.calcium import CalciumSynapse, pair_change
from hebbnotes.check import expect, numbers

__all__ = ["brake", "signs", "window", "windows"]


def window(change: Callable[[float], float]) -> None:
    """Check a reader's window of plasticity, a function of ``t_post - t_pre`` in seconds."""
    change = numbers(change, "change(lag) -> a number")
    near, far, remote = 0.005, 0.020, 0.500
    expect(
        change(near) > 0,
        "a sender that spikes 5 ms before the receiver must be strengthened: "
        "look at the sign of the lag",
    )
    expect(
        change(-near) < 0,
        "a sender that spikes 5 ms after the receiver must be weakened: "
        "look at the order of the arguments",
    )
    for sign in (1, -1):
        sizes = [sign * change(sign * lag) for lag in (near, far, remote)]
        expect(
            sizes[0] > sizes[1] > sizes[2],
            f"the change must fade as the spikes move apart, got {sizes} at 5, 20 and 500 ms",
        )
        expect(
            sizes[2] < 0.01 * sizes[0],
            "half a second apart, two spikes must hardly change anything: "
            "look at the trace's decay",
        )
    print(
        "Yes: up if the sender comes first, down if it comes second, "
        "and less the further the spikes are apart."
    )


def brake(threshold: Callable[[float], float]) -> None:
    """Check a reader's threshold: where it stands when a neuron has been active at ``y`` for long.

    The neuron aims at an activity of 1; its synapses grow while ``y`` is above the threshold.
    """
    threshold = numbers(threshold, "threshold(y) -> a number")
    expect(
        abs(threshold(1.0) - 1) < 1e-6,
        f"at its target, 1, a neuron must rest: it must be 1 there, got {threshold(1.0):g}",
    )
    for y in (0.2, 0.5, 0.9, 1.1, 2.0, 5.0):
        above = threshold(y) > y
        expect(
            above == (y > 1),
            f"at an activity of {y:g} the threshold is {threshold(y):g}, so the synapses "
            + ("grow although the neuron is too active" if y > 1 else "shrink although it is quiet")
            + ": it must rise faster than the activity",
        )
    print("Yes: a neuron above its target is weakened, one below it is strengthened.")


def signs(synapse: CalciumSynapse) -> str:
    """Return in which order a synapse's window of spike timing is above, "+", and below 0, "-"."""
    lags = torch.arange(-100, 101, 2, dtype=torch.float64) / 1000
    changes = pair_change(lags, synapse)
    found = ""
    for change in changes.tolist():
        sign = "+" if change > 0 else "-"
        if abs(change) > 0.05 * float(changes.abs().max()) and not found.endswith(sign):
            found += sign
    return found


def windows(synapses: Mapping[str, CalciumSynapse]) -> None:
    """Check that each synapse, named by the signs of its window, "-+" say, has such a window."""
    expect(
        isinstance(synapses, Mapping) and len(synapses) >= 1,
        'windows takes a dict of synapses by signs, {"-+": CalciumSynapse(), ...}',
    )
    for name, synapse in synapses.items():
        expect(
            isinstance(synapse, CalciumSynapse),
            f"{name!r} must be a CalciumSynapse, got {type(synapse).__name__}",
        )
        expect(
            (seen := signs(synapse)) == name,
            f"from early to late lags this window has the signs {seen!r}, not {name!r}: "
            "draw it with pair_change",
        )
    print(f"Yes: windows with the signs {', '.join(synapses)}.")
