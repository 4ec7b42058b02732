"""Figures: a style and palette, plots that take data, and figures that move without a kernel."""

from hebbnotes.figures.drawing import greys, over_seeds
from hebbnotes.figures.moving import MovingFigure
from hebbnotes.figures.output import glue, live_training
from hebbnotes.figures.palette import (
    BLACK,
    BLUE,
    BLUES,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    PURPLE,
    SKY,
    VERMILION,
)
from hebbnotes.figures.style import use_style

__all__ = [
    "BLACK",
    "BLUE",
    "BLUES",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "PURPLE",
    "SKY",
    "VERMILION",
    "MovingFigure",
    "glue",
    "greys",
    "live_training",
    "over_seeds",
    "use_style",
]
