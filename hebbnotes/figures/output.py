"""What a cell hands to the page: numbers for its sentences, and figures of what it trained."""

import ast
from typing import Any

from matplotlib.figure import Figure

from hebbnotes import _checks
from hebbnotes.figures.moving import MovingFigure, described_axes

__all__ = ["glue", "live_training"]


def _literal(value: str) -> Any:
    """Return what Python reads, as the page does, or the text itself."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def glue(name: str, value: str) -> None:
    """Give a computed value a name, so that a sentence of the chapter can take it by
    ``{glue:text}``.

    Refused is what the page would read as two numbers, as it does "6,000".
    """
    _checks.of_type("value", value, str, 'use f"{value:.2f}"')
    if isinstance(_literal(value), tuple):
        raise ValueError(
            f"{name}: the page would show {value} as {_literal(value)}: "
            "add the word that it counts, or leave the comma out"
        )
    from IPython.display import display

    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": value},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def live_training(figure: Figure | MovingFigure) -> None:
    """Show a figure of what a live training did, to be compared with the stored one by its axes.

    Processors round differently, and a training may go elsewhere for that alone. The output's
    metadata say what each axes has: title, labels, limits, and how many lines, other shapes, images
    and texts; so set limits that follow from the training by hand. Matplotlib's figure is closed.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if isinstance(figure, MovingFigure):
        display(figure, metadata={"hebbnotes": {"axes": figure.axes}})
        return
    _checks.of_type("figure", figure, Figure, "use plt.figure()")
    display(figure, metadata={"hebbnotes": {"axes": described_axes(figure)}})
    plt.close(figure)
