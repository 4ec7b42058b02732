"""Sizes that follow from a stored configuration: what an idea needs, there and here."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hebbnotes import _checks

__all__ = [
    "agent_cells",
    "agent_trace",
    "competitors",
    "digits_each",
    "feedback_wires",
    "list_numbers",
    "one_wire",
    "plasticities",
    "read_outs",
    "sheet_synapses",
    "trace_numbers",
    "weights_above",
]

OUTPUTS = 10
"""Digits have ten names."""


def list_numbers(chosen: Mapping[str, Any]) -> int:
    """Return how many numbers a list of patterns holds: of each pattern all bits."""
    patterns, bits = chosen["many"]
    return int(patterns * bits)


def trace_numbers(chosen: Mapping[str, Any]) -> int:
    """Return how many numbers a trace of the same task holds, one for each pair of units."""
    return int(chosen["many"][1] ** 2)


def digits_each(chosen: Mapping[str, Any], units: int) -> float:
    """Return how many pictures were shown for each of the units of a layer that competed."""
    return chosen["steps"] * chosen["batch"] / units


def competitors(chosen: Mapping[str, Any], units: int) -> int:
    """Return with how many other cells a unit is compared, of a layer in which one wins."""
    _checks.choice("kind", chosen["kind"], ("competitive",))
    return units - 1


def one_wire(chosen: Mapping[str, Any]) -> int:
    """Return how many signals tell cells that all hear the same."""
    return len({told for told in chosen["rates"] if told == "bell"})


def agent_trace(chosen: Mapping[str, Any]) -> int:
    """Return what a plastic agent keeps from step to step: a trace, and its activity."""
    return int(chosen["n"] ** 2 + chosen["n"])


def agent_cells(chosen: Mapping[str, Any]) -> int:
    """Return what an LSTM agent keeps from step to step: its cells, and its activity."""
    return int(2 * chosen["n"])


def plasticities(chosen: Mapping[str, Any]) -> int:
    """Return how many plasticities a trace has with one for each pair of key bit and value bit."""
    return int(chosen["d"] ** 2)


def sheet_synapses(chosen: Mapping[str, Any]) -> int:
    """Return the numbers of a full matrix between the cells of a sheet, whatever their lengths."""
    rows, columns = chosen["shape"]
    return int((rows * columns) ** 2)


def _layers(chosen: Mapping[str, Any]) -> list[int]:
    (shape,) = chosen["shapes"].values()
    return [*shape, OUTPUTS]


def weights_above(chosen: Mapping[str, Any]) -> int:
    """Return how many weights backpropagation reads that are not its synapses' own: all those above
    the first hidden layer.
    """
    return sum(below * above for below, above in pairwise(_layers(chosen)))


def read_outs(chosen: Mapping[str, Any]) -> int:
    """Return how many synapses the read-outs next door have: of each hidden layer but the last,
    whose read-out is the network's own.
    """
    *hidden, _, outputs = _layers(chosen)
    return outputs * sum(hidden)


def feedback_wires(chosen: Mapping[str, Any]) -> int:
    """Return how many wires bring the error of each output to each hidden unit directly."""
    *hidden, outputs = _layers(chosen)
    return outputs * sum(hidden)
