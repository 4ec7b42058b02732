"""The colours of the book: each in two shades, for white paper and for a dark page.

They differ for colour-blind readers, too, and each can be read as text on its ground: 4.5 to 1. A
site gives the variables ``--hn-blue`` and so on the shades of its theme; elsewhere the shade for
white paper is used.
"""

from matplotlib.colors import LinearSegmentedColormap

__all__ = [
    "BLACK",
    "BLUE",
    "BLUES",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "PURPLE",
    "SHADES",
    "SILVER",
    "SKY",
    "VERMILION",
]


BLACK, SILVER, GREY = "#222222", "#C8C8C8", "#C8C8C8"


BLUE, VERMILION, GREEN = "#0B57C6", "#A93B1A", "#04604A"


PINK, ORANGE, SKY, PURPLE = "#A83389", "#A86800", "#0E7FAE", "#43308F"


SHADES = {
    "ink": (BLACK, "#E6E6E6"),
    "grey": ("#757575", "#9A9A9A"),
    "silver": (SILVER, "#565656"),
    "paper": ("#FFFFFF", "#121212"),
    "blue": (BLUE, "#3D94FF"),
    "vermilion": (VERMILION, "#FF6832"),
    "green": (GREEN, "#1DC77A"),
    "pink": (PINK, "#D285C3"),
    "orange": (ORANGE, "#FFD43A"),
    "sky": (SKY, "#AADEFF"),
    "purple": (PURPLE, "#9BA0F2"),
}
"""Name, and its shades on white paper and on a dark page."""


BLUES = LinearSegmentedColormap.from_list("blues", ["white", BLUE])
