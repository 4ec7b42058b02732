"""HebbNotes: plasticity rules and plastic networks, the package behind the book of the same name.

Names are bound when they are used, so that ``import hebbnotes`` loads nothing else.
"""

from importlib import import_module
from typing import Any

__version__ = "1.0.0"
_MODULES = {
    "analysis": "hebbnotes.analysis",
    "check": "hebbnotes.check",
    "data": "hebbnotes.data",
    "experiments": "hebbnotes.experiments",
    "figures": "hebbnotes.figures",
    "memories": "hebbnotes.memories",
    "rules": "hebbnotes.plasticity.rules",
    "tasks": "hebbnotes.tasks",
    "training": "hebbnotes.learning.training",
}
_OBJECTS = {
    "LeakyRNN": "hebbnotes.networks.leaky",
    "ModulatedRNN": "hebbnotes.networks.modulated.network",
    "ModulatedState": "hebbnotes.networks.modulated.arguments",
    "PlasticLinear": "hebbnotes.networks.plastic",
    "PlasticRNN": "hebbnotes.networks.plastic",
    "ScaledIdentity": "hebbnotes.plasticity.connections",
    "State": "hebbnotes.networks.arguments",
    "ThreeNumbers": "hebbnotes.networks.plastic",
    "choose_method": "hebbnotes.networks.loop",
    "run": "hebbnotes.networks.loop",
    "run_layer": "hebbnotes.networks.loop",
}
__all__ = sorted([*_MODULES, *_OBJECTS])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Import what a name stands for, once."""
    if name in _MODULES:
        found = import_module(_MODULES[name])
    elif name in _OBJECTS:
        found = getattr(import_module(_OBJECTS[name]), name)
    else:
        raise AttributeError(
            f"module 'hebbnotes' has no attribute {name!r}: it has {', '.join(__all__)}"
        )
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
