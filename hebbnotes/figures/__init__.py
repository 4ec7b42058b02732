"""Figures: a style and palette, plots that take data, and figures that move without a kernel.

Names are bound when they are used: what draws nothing loads no matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hebbnotes.figures.drawing import greys, label_lines, over_seeds
    from hebbnotes.figures.moving import MovingFigure
    from hebbnotes.figures.output import glue, live_training
    from hebbnotes.figures.palette import (
        BLACK,
        BLUE,
        BLUES,
        ENTITIES,
        GREEN,
        GREY,
        ORANGE,
        PINK,
        PURPLE,
        SKY,
        VERMILION,
        colour,
        look,
        name,
    )
    from hebbnotes.figures.style import use_style

__all__ = [
    "BLACK",
    "BLUE",
    "BLUES",
    "ENTITIES",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "PURPLE",
    "SKY",
    "VERMILION",
    "MovingFigure",
    "colour",
    "glue",
    "greys",
    "label_lines",
    "live_training",
    "look",
    "name",
    "over_seeds",
    "use_style",
]
_HOMES = {
    "drawing": "greys label_lines over_seeds",
    "moving": "MovingFigure",
    "output": "glue live_training",
    "style": "use_style",
}
"""The modules of some names, those of the others being the palette's."""


def __getattr__(name: str) -> Any:
    """Import what a name stands for, once."""
    if name not in __all__:
        raise AttributeError(f"module 'hebbnotes.figures' has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names.split()), "palette")
    globals()[name] = found = getattr(import_module(f"hebbnotes.figures.{home}"), name)
    return found
