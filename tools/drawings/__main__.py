"""Draw the diagrams: ``python -m tools.drawings``, or some of them, by name."""

import sys
from collections.abc import Callable
from pathlib import Path

from tools.drawings import cloud, landscape, neuron, pencil, synapse
from tools.drawings.drawing import Drawing

FOLDER = Path(__file__).parents[2] / "book" / "_static"
DRAWINGS: dict[str, Callable[[], Drawing]] = {
    "synapse": synapse.draw,
    "pencil": pencil.draw,
    "neuron": neuron.draw,
    "landscape": landscape.draw,
    "cloud": cloud.draw,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or DRAWINGS:
        DRAWINGS[name]().save(FOLDER)
