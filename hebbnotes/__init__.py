"""HebbNotes: plasticity rules and plastic networks, the package behind the book of the same name."""

from hebbnotes import rules, tasks
from hebbnotes.connections import ScaledIdentity
from hebbnotes.networks import PlasticLinear, PlasticRNN, State, ThreeNumbers, choose_method, run, run_layer

__version__ = "0.1.0"
__all__ = [
    "PlasticLinear",
    "PlasticRNN",
    "ScaledIdentity",
    "State",
    "ThreeNumbers",
    "choose_method",
    "rules",
    "run",
    "run_layer",
    "tasks",
]
