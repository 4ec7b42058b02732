"""The book's style and palette, that of Okabe and Ito, which colour-blind readers can
tell apart.
"""

from importlib.resources import files

import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

__all__ = [
    "BLACK",
    "BLUE",
    "BLUES",
    "GREEN",
    "GREY",
    "ORANGE",
    "PINK",
    "SKY",
    "VERMILION",
    "use_style",
]


BLACK, BLUE, VERMILION, GREEN = "#222222", "#0072B2", "#D55E00", "#009E73"


PINK, ORANGE, SKY = "#CC79A7", "#E69F00", "#56B4E9"


GREY = "#c8c8c8"


BLUES = LinearSegmentedColormap.from_list("blues", ["white", BLUE])


def use_style() -> None:
    """Use the book's style for all figures that follow, whatever a reader's own settings are."""
    plt.style.use(["default", str(files("hebbnotes.figures") / "hebbnotes.mplstyle")])
