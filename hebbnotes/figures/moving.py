"""Figures that move without a kernel."""

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from hebbnotes import _checks
from hebbnotes.figures.formats import as_png

__all__ = ["MovingFigure"]

MOST_FRAMES = 16
MINUS = re.compile(r"(?<![\w.])-(?=[\d.])")


class MovingFigure:
    """A figure with a slider that works in a notebook and on a static page, without a kernel.

    The slider takes the keyboard, tells a screen reader its value, and its play button is absent
    where the reader prefers reduced motion. In print there is a strip of frames; without JavaScript
    all frames are shown.

    Parameters
    ----------
    frames : sequence of matplotlib.figure.Figure, all of one size; they are closed
    labels : sequence of str, what each position stands for
    name : str, the quantity that the slider changes
    alt : str, what the figure shows, in a sentence
    start : int, which frame is shown first, from 0: the one that tells most
    """

    def __init__(
        self,
        frames: Sequence[Figure],
        labels: Sequence[str],
        *,
        name: str,
        alt: str,
        start: int = 0,
    ) -> None:
        for what, value in (("frames", frames), ("labels", labels)):
            if isinstance(value, str) or not isinstance(value, Sequence):
                raise TypeError(f"{what} must be a list, got {_checks.got(value)}: use [...]")
        for frame in frames:
            _checks.of_type("a frame", frame, Figure, "use plt.figure()")
        for what, text in (("name", name), ("alt", alt), *(("a label", one) for one in labels)):
            _checks.of_type(what, text, str, "say it in words")
        if len(frames) < 2 or len(labels) != len(frames):
            raise ValueError(
                "a moving figure needs two frames or more and a label for each, "
                f"got {len(frames)} and {len(labels)}"
            )
        if len(frames) > MOST_FRAMES:
            raise ValueError(
                f"a moving figure has at most {MOST_FRAMES} frames, got {len(frames)}: leave out "
                "those in which little happens"
            )
        if isinstance(start, bool | float) or start not in range(len(frames)):
            raise ValueError(
                f"start must be the number of a frame, 0 to {len(frames) - 1}, got {start!r}"
            )
        if not str(alt).strip():
            raise ValueError("a moving figure needs alt text: say in a sentence what it shows")
        self.labels = [MINUS.sub("−", label) for label in labels]
        self.name, self.alt, self.start = name, alt, start
        self.axes = [axes for frame in frames for axes in described_axes(frame)]
        self.frames = [_png(frame) for frame in frames]

    def __repr__(self) -> str:
        return f"MovingFigure({self.name}: {', '.join(self.labels)})"

    def _repr_html_(self) -> str:
        n = len(self.frames)
        strip = set(np.linspace(0, n - 1, min(6, n)).round().astype(int).tolist())
        pictures = zip(self.labels, self.frames, strict=True)
        said = "\0".join([self.alt, self.name, *self.labels])
        page = files("hebbnotes.figures").joinpath("moving.html").read_text(encoding="utf-8")
        return Template(page.removesuffix("\n")).substitute(
            frames="\n".join(self._frame(*pair, k in strip) for k, pair in enumerate(pictures)),
            # its script finds it by this, wherever a notebook's front end runs scripts
            own=hashlib.sha256(said.encode()).hexdigest()[:12],
            name=html.escape(self.name),
            first=html.escape(self.labels[self.start]),
            start=self.start,
            last=n - 1,
            wide=max(6, round(0.55 * max(map(len, self.labels)))),  # the slider keeps its length
        )

    def _frame(self, label: str, picture: str, in_strip: bool) -> str:
        """Return one position: its picture, and below it the label that print shows."""
        named = f"{self.name}: {label}"
        return (
            f'<span class="frame{" strip" if in_strip else ""}">'
            f'<img data-label="{html.escape(label)}" alt="{html.escape(f"{self.alt} {named}")}" '
            f'src="data:image/png;base64,{picture}">'
            f'<span class="label" aria-hidden="true">{html.escape(named)}</span></span>'
        )


def _png(figure: Figure) -> str:
    """Return a frame as a PNG in base64, and close it."""
    data = as_png(figure)
    plt.close(figure)
    return base64.b64encode(data).decode()


def described_axes(figure: Figure) -> list[dict[str, Any]]:
    """Describe the axes of a figure, as JSON takes it."""
    return [
        {
            "title": ax.get_title(),
            "labels": [ax.get_xlabel(), ax.get_ylabel()],
            "limits": [float(f"{limit:.4g}") for limit in (*ax.get_xlim(), *ax.get_ylim())],
            "lines": len(ax.lines),
            "shapes": len(ax.patches) + len(ax.collections),
            "images": len(ax.images),
            "texts": len(ax.texts),
        }
        for ax in figure.axes
    ]
