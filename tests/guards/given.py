"""What the calls of these tests are given besides, all small, and how a refusal is looked at."""

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable
from typing import Any

import torch
from matplotlib.figure import Figure

from hebbnotes import PlasticRNN, chapters
from hebbnotes.learning import agents
from hebbnotes.neurons import spiking
from hebbnotes.tasks import maze, one_shot
from hebbnotes.tasks.memory import RewardGatedMemory
from hebbnotes.tasks.patterns import PatternCompletion

pictures = importlib.import_module(
    "hebbnotes.tasks.pictures"
)  # the package has a function so named
CHAPTERS = [one.name for one in pkgutil.iter_modules(chapters.__path__)]
frames = {
    name: importlib.import_module(f"hebbnotes.chapters.{name}.frames")
    for name in CHAPTERS
    if importlib.util.find_spec(f"hebbnotes.chapters.{name}.frames")  # some draw in their cells
}
AX = Figure().subplots()
TASK = PatternCompletion(n_bits=16, n_patterns=2)
GATED = RewardGatedMemory(4, 1)
GREY = PatternCompletion(n_bits=16, **{**pictures.PICTURES, "n_patterns": 2})
MAZE = maze.make(5)
G = torch.Generator().manual_seed(0)
DRAWINGS, KNOWN = torch.rand(6, 4, 31, 31), torch.rand(5, 16)
SIGNS = torch.tensor([[1.0, -1.0, 1.0, 1.0], [-1.0, -1.0, 1.0, -1.0]])
PATTERN = torch.ones(1, 4, dtype=torch.float64)
SQUARE = torch.eye(4) + 0.1
NET = PlasticRNN(17)
AGENT = agents.PlasticAgent(4, generator=torch.Generator().manual_seed(0))
LIVED = maze.start(MAZE, 2, G)
X, W = torch.zeros(4, 2, 3), torch.zeros(3, 3)
PRE, POST = torch.ones(3), torch.ones(3)
EPISODES, LABELLED = TASK.sample(2, G), one_shot.episodes(DRAWINGS, 2, 1, 2, G)
STATE = spiking.NeuronState.at_rest(torch.full((2, 3, 1), 0.5), spiking.Neuron())
SPIKES = torch.zeros(4, 2, 3)
ETA = torch.tensor(0.1)


def unrefused(
    call: Callable, bad: dict[str, Any], errors: type | tuple[type, ...], message: str
) -> dict[str, str]:
    """Return what of the ``bad`` is not refused by such an error, each with what came of it."""
    found = {}
    for name, given in bad.items():
        try:
            call(given)
        except Exception as error:
            if not (isinstance(error, errors) and re.search(message, str(error))):
                found[name] = repr(error)
        else:
            found[name] = "it was taken"
    return found
