"""The book's style of figures."""

from importlib.resources import files

import matplotlib.pyplot as plt

from hebbnotes.figures import formats

__all__ = ["use_style"]


def use_style() -> None:
    """Use the book's style for all figures that follow, whatever a reader's own settings are.

    In a notebook a still line plot is shown as SVG and as PNG, and a figure with pictures in it as
    PNG at twice the density.
    """
    plt.style.use(["default", str(files("hebbnotes.figures") / "hebbnotes.mplstyle")])
    formats.in_notebook()
