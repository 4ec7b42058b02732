"""Figures: a style and palette, plots that take data, and figures that move without a kernel."""

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
