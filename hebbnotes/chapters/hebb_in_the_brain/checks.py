"""Checks of what readers write in this chapter's exercises: properties, never a magic number."""

from collections.abc import Callable

from hebbnotes.check import expect, numbers

__all__ = ["window"]


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
