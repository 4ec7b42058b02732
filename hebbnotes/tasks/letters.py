"""Letters as patterns."""

import numpy as np

from hebbnotes import _checks

__all__ = ["text_pattern"]


def text_pattern(text: str, shape: tuple[int, int]) -> np.ndarray:
    """Draw text as a pattern of 1 (ink) and -1, an array of the given shape, as large as fits.

    >>> for row in text_pattern("H", (8, 9)):
    ...     print("".join("#" if bit > 0 else "." for bit in row))
    .##...##.
    .##...##.
    .##...##.
    .#######.
    .#######.
    .##...##.
    .##...##.
    .##...##.

    Parameters
    ----------
    text : str, one to four characters, such as initials
    shape : tuple of int, rows and columns, at least 8 each
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    rows, columns = _checks.sides("shape", shape, 8)
    _checks.room(rows=rows, columns=columns)
    given, text = text, text.strip() if isinstance(text, str) else ""
    if not 1 <= len(text) <= 4:
        raise ValueError(
            f"text must have one to four characters, got {_checks.got(given)}: try your initials"
        )
    font = FontProperties(family="DejaVu Sans", weight="bold")
    missing = [c for c in text if ord(c) not in get_font(findfont(font)).get_charmap()]
    if missing:
        raise ValueError(
            f"text has characters that the font DejaVu Sans lacks: {''.join(missing)!r}"
        )
    try:
        path = TextPath((0, 0), text, size=100, prop=font)
        outlines = [Path(outline) for outline in path.to_polygons()]
    except AttributeError:  # what matplotlib raises for glyphs without an outline
        outlines = []
    if not outlines:
        raise ValueError(f"text {text!r} has nothing to draw: use letters, digits or signs")
    box, margin = path.get_extents(), 1.1
    scale = margin * max(box.width / columns, box.height / rows)
    x = (box.x0 + box.x1) / 2 + scale * (np.arange(columns) - (columns - 1) / 2)
    y = (box.y0 + box.y1) / 2 - scale * (np.arange(rows) - (rows - 1) / 2)
    grid = np.stack(np.meshgrid(x, y), -1)
    inside = [outline.contains_points(grid.reshape(-1, 2)) for outline in outlines]
    ink = np.logical_xor.reduce(inside)  # holes are outlines, too
    return np.where(ink.reshape(rows, columns), 1.0, -1.0)
