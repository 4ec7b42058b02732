"""Networks that live for an episode: plastic ones, and those to compare with."""

from hebbnotes.networks.arguments import State, Writing
from hebbnotes.networks.loop import choose_method, run, run_layer
from hebbnotes.networks.plastic import PlasticLinear, PlasticRNN, ThreeNumbers

__all__ = [
    "PlasticLinear",
    "PlasticRNN",
    "State",
    "ThreeNumbers",
    "Writing",
    "choose_method",
    "run",
    "run_layer",
]
