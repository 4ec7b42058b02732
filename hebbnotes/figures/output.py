"""What a cell hands to the page: numbers for its sentences."""

import ast
from typing import Any

__all__ = ["glue"]


def _literal(value: str) -> Any:
    """Return what Python reads, as the page does, or the text itself."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def glue(name: str, value: str) -> None:
    """Give a computed value a name, so that a sentence of the chapter can take it by ``{glue:text}``.

    Parameters
    ----------
    name : str
        The name that the sentence uses.
    value : str
        What the sentence shows.

    Raises
    ------
    ValueError
        If the page would read it as two numbers, as it does "6,000".

    Notes
    -----
    Used in every chapter.
    """
    if isinstance(_literal(value), tuple):
        raise ValueError(
            f"{name}: the page would show {value} as {_literal(value)}: add the word that it counts, or leave the comma out"
        )
    from IPython.display import display

    prefix = "application/papermill.record/"
    display(
        {f"{prefix}text/plain": value},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )
