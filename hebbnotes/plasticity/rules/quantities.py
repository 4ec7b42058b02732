"""What a rule may declare beside the weight and its two ends, by name."""

from typing import NamedTuple

__all__ = ["QUANTITIES", "Quantity"]


class Quantity(NamedTuple):
    """What a rule may declare beside ``w``, ``pre`` and ``post``.

    Attributes
    ----------
    axes : str
        Its shape; a quantity of a cell has that of its activity.
    unit : str
        What its numbers mean.
    whole : bool
        Whether these are whole numbers, counted from 0 (int64).
    """

    axes: str
    unit: str
    whole: bool = False


QUANTITIES = {
    "drive": Quantity("B n_post", "what a cell is driven by, as its activation function gets it"),
    "threshold": Quantity("B n_post", "activity above which a cell's synapses are strengthened"),
    "modulator": Quantity("B n_post", "broadcast to all; one number for each episode is expanded"),
    "error": Quantity("B n_post", "what a cell is told by others, of the unit of its drive"),
    "eligibility": Quantity(
        "B n_pre n_post", "trace of pairs before this step's, of the unit of w"
    ),
    "noise": Quantity("B n_post", "what was added to a cell's drive by chance"),
    "pre_mean": Quantity("B n_pre", "mean activity of the sender"),
    "post_mean": Quantity("B n_post", "mean activity of the receiver"),
    "pre_spikes": Quantity("B n_pre", "1 where the sender spikes in this step, 0 elsewhere"),
    "post_spikes": Quantity("B n_post", "1 where the receiver spikes in this step, 0 elsewhere"),
    "pre_type": Quantity("B n_pre", "the sender's type", whole=True),
    "post_type": Quantity("B n_post", "the receiver's type", whole=True),
    "pre_place": Quantity("B n_pre", "where the sender is, a length"),
    "post_place": Quantity("B n_post", "where the receiver is, a length"),
}
"""The local quantities that a rule may declare, by name. Where no unit is named, there is none."""
