"""What the drawn diagrams share: the palette in both themes, and shapes as lines of SVG.

A drawing is 560 units wide. On a phone it is 358 pixels wide, so that text of 18 units has 11.5
pixels. Colours are named by their role (``LIGHT``, ``DARK``); the page's theme chooses between them.
"""

import html
import re
from collections.abc import Iterable

import numpy as np

from hebbnotes.figures.palette import SHADES

Point = tuple[float, float]
WIDTH, SIZE, SMALLEST = 560, 18, 17.3
OF_PALETTE = {
    "ink": "ink",
    "paper": "paper",
    "blue": "blue",
    "green": "green",
    "red": "vermilion",
    "pink": "pink",
    "purple": "purple",
}
LIGHT, DARK = (
    {role: SHADES[name][theme].lower() for role, name in OF_PALETTE.items()} | greys
    for theme, greys in enumerate(
        ({"muted": "#6a6a6a", "faint": "#8f8f8f"}, {"muted": "#a8a8a8", "faint": "#757575"})
    )
)
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Liberation Sans',sans-serif"
TOKEN = re.compile(r"\*(?P<i>[^*]+)\*|_\{(?P<sub>[^}]+)\}|(?P<plain>[^*_]+)")


def number(value: float) -> str:
    """Write a coordinate with one decimal at most."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def stylesheet() -> str:
    """Return the rules that give each role its colour: in a page by the page's theme, alone by the
    reader's.
    """
    light, dark = (
        ";".join(f"--{role}:{colour}" for role, colour in theme.items()) for theme in (LIGHT, DARK)
    )
    rules = [f".drawing{{{light};width:100%;max-width:{WIDTH}px;height:auto;font-family:{FONT}}}"]
    rules += [f'html[data-theme="dark"] .drawing{{{dark}}}']
    rules += [
        f"@media(prefers-color-scheme:dark){{.drawing:root{{{dark};background:var(--paper)}}}}"
    ]
    for role in LIGHT:
        rules.append(
            f".drawing .s-{role}{{stroke:var(--{role})}}.drawing .f-{role}{{fill:var(--{role})}}"
        )
    halo = "paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round"
    return "\n".join([*rules, f".drawing .halo{{{halo}}}"])


class Drawing:
    """A picture that is added to, shape by shape; what is added later lies on top."""

    def __init__(self, name: str, height: float, label: str) -> None:
        self.name, self.height, self.label = name, height, label
        self.shapes: list[str] = []

    def add(
        self, tag: str, stroke: str, fill: str, thick: float, opacity: float, **given: object
    ) -> None:
        """Add a shape; an empty ``stroke`` or ``fill`` is none, and ``opacity`` is the fill's."""
        for role in {stroke, fill} - {"", *LIGHT}:  # its shape would be there, and not be seen
            raise ValueError(f"a drawing has no colour {role!r}: choose one of {', '.join(LIGHT)}")
        ink = [f"s-{stroke}"] * bool(stroke) + [f"f-{fill}"] * bool(fill)
        given = {"class": " ".join(ink)} | given
        given |= {} if fill else {"fill": "none"}
        given |= {"stroke-width": number(thick)} if stroke else {}
        given |= {"fill-opacity": f"{opacity:g}"} if fill and opacity < 1 else {}
        written = "".join(
            f' {k}="{number(v) if isinstance(v, int | float) else v}"' for k, v in given.items()
        )
        self.shapes.append(f"<{tag}{written}/>")

    def path(
        self,
        points: Iterable[Point] | str,
        stroke: str = "ink",
        width: float = 2,
        fill: str = "",
        opacity: float = 1,
        dashed: str = "",
        ends: bool = False,
    ) -> None:
        """Add a line through points, or SVG's own words for one; ``ends`` adds an arrowhead."""
        if not isinstance(points, str):
            line = [(float(x), float(y)) for x, y in points]
            if ends:
                line[-1] = self._head(line[-2], line[-1], stroke, width)
            points = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in line)
        extra = {"stroke-dasharray": dashed} if dashed else {}
        self.add("path", stroke, fill, width, opacity, d=points, **extra)

    def arrow(
        self, *points: Point, colour: str = "ink", width: float = 2, dashed: str = ""
    ) -> None:
        """Add a line through points that ends in an arrowhead."""
        self.path(points, colour, width, dashed=dashed, ends=True)

    def _head(self, before: Point, tip: Point, colour: str, width: float) -> Point:
        """Add the head of an arrow, and return where its shaft ends."""
        at, way = np.array(tip), np.array(tip) - before
        way = way / np.hypot(*way)
        size = 6 + 2 * width
        base, side = at - size * way, 0.45 * size * np.array([-way[1], way[0]])
        corners = "L".join(f"{number(x)} {number(y)}" for x, y in (at, base + side, base - side))
        self.add("path", "", colour, 0, 1, d=f"M{corners}z")
        return tuple(base + way)

    def circle(
        self,
        x: float,
        y: float,
        r: float,
        stroke: str = "ink",
        fill: str = "",
        width: float = 2,
        opacity: float = 1,
    ) -> None:
        """Add a circle."""
        self.add("circle", stroke, fill, width, opacity, cx=x, cy=y, r=r)

    def dots(self, points: Iterable[Point], colour: str, size: float) -> None:
        """Add a dot of a diameter at each point, all of them as one line of the file."""
        marks = "".join(f"M{number(x)} {number(y)}h0" for x, y in points)
        self.add("path", colour, "", size, 1, d=marks)

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        stroke: str = "ink",
        fill: str = "",
        r: float = 8,
        width: float = 2,
        opacity: float = 1,
        dashed: str = "",
    ) -> None:
        """Add a rectangle with round corners."""
        extra = {"stroke-dasharray": dashed} if dashed else {}
        self.add("rect", stroke, fill, width, opacity, x=x, y=y, width=w, height=h, rx=r, **extra)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        colour: str = "ink",
        size: float = SIZE,
        anchor: str = "middle",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Write words, line by line; ``*w*`` is italic and ``_{j}`` lowered;
        a ``halo`` clears what lies under them.
        """
        ink = f"f-{colour} halo" if halo else f"f-{colour}"
        weight = ' font-weight="700"' if bold else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        for row, line in enumerate(words.split("\n")):
            at = f'x="{number(x)}" y="{number(y + 1.2 * row * size)}" font-size="{number(size)}"'
            self.shapes.append(
                f'<text class="{ink}" {at}{place}{weight}>{_rich(line, size)}</text>'
            )

    def svg(self) -> str:
        """Return the file."""
        box = f'viewBox="0 0 {WIDTH} {number(self.height)}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" {box} role="img" aria-label='
        )
        lines = 'stroke-linecap="round" stroke-linejoin="round"'
        body = [
            f'{head}"{html.escape(self.label)}">',
            f"<style>\n{stylesheet()}\n</style>",
            f"<g {lines}>",
        ]
        return "\n".join([*body, *self.shapes, "</g>", "</svg>\n"])


def _rich(line: str, size: float) -> str:
    """Translate italics and lowered letters."""
    parts, down = [], 0.0
    for match in TOKEN.finditer(line):
        kind = match.lastgroup or "plain"
        small = number(max(0.8 * size, SMALLEST))
        want = 0.25 * size if kind == "sub" else 0.0
        how = {"i": ' font-style="italic"', "sub": f' font-style="italic" font-size="{small}"'}.get(
            kind, ""
        )
        how += f' dy="{number(want - down)}"' if want != down else ""
        words, down = html.escape(match[kind], quote=False), want
        parts.append(f"<tspan{how}>{words}</tspan>" if how else words)
    return "".join(parts)
