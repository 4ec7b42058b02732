"""Networks that live for an episode: plastic ones, and those to compare with."""

from hebbnotes.networks.loop import State, choose_method, run, run_layer
from hebbnotes.networks.plastic import PlasticLinear, PlasticRNN, ThreeNumbers

__all__ = [
    "PlasticLinear",
    "PlasticRNN",
    "State",
    "ThreeNumbers",
    "choose_method",
    "run",
    "run_layer",
]
