"""Draw the diagrams: ``python -m tools.drawings``, or some of them, by name."""

import sys
from collections.abc import Callable
from pathlib import Path

from tools.drawings import (
    agent,
    buckets,
    chalk,
    cloakroom,
    clocks,
    cloud,
    expected,
    hand,
    hippocampus,
    interneurons,
    jobs,
    landscape,
    lives,
    neighbours,
    neuron,
    news,
    one_shot,
    partners,
    pencil,
    pinwheels,
    routes,
    sees,
    shared,
    sheets,
    stranger,
    stripes,
    swap,
    synapse,
    tide,
    trial,
    unrolled,
    votes,
    windows,
)
from tools.drawings.drawing import Drawing

FOLDER = Path(__file__).parents[2] / "book" / "_static"
DRAWINGS: dict[str, Callable[[], Drawing]] = {
    "synapse": synapse.draw,
    "pencil": pencil.draw,
    "neuron": neuron.draw,
    "landscape": landscape.draw,
    "cloud": cloud.draw,
    "lives": lives.draw,
    "unrolled": unrolled.draw,
    "one-shot": one_shot.draw,
    "agent": agent.draw,
    "routes": routes.draw,
    "votes": votes.draw,
    "synapse-signal": lambda: synapse.draw(["signal"], "synapse-signal"),
    "chalk": chalk.draw,
    "windows": windows.draw,
    "hand": hand.draw,
    "interneurons": interneurons.draw,
    "jobs": jobs.draw,
    "shared": shared.draw,
    "synapse-type": lambda: synapse.draw(["type"], "synapse-type"),
    "buckets": buckets.draw,
    "clocks": clocks.draw,
    "cloakroom": cloakroom.draw,
    "sees": sees.draw,
    "tide": tide.draw,
    "swap": swap.draw,
    "trial": trial.draw,
    "pinwheels": pinwheels.draw,
    "neighbours": neighbours.draw,
    "partners": partners.draw,
    "stripes": stripes.draw,
    "news": news.draw,
    "stranger": stranger.draw,
    "sheets": sheets.draw,
    "expected": expected.draw,
    "synapse-error": lambda: synapse.draw(["error"], "synapse-error"),
}

FILES: dict[str, Callable[[], str]] = {
    **{name: lambda draw=draw: draw().svg() for name, draw in DRAWINGS.items()},
    "hippocampus": hippocampus.svg,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or FILES:
        (FOLDER / f"{name}.svg").write_text(FILES[name](), encoding="utf-8", newline="\n")
