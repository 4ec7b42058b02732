"""A figure as it is stored in a notebook: as SVG that a page can theme, and as a small PNG."""

import base64
import io
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from hebbnotes.figures.palette import SHADES

__all__ = ["as_png", "as_svg", "has_pictures", "in_notebook", "panels", "whole"]

LARGEST = 60_000
"""Bytes of an SVG at most: what is larger is shown as PNG alone."""
COLOURS = 64
SMALLEST = 11
"""Points of an exponent or an index, which matplotlib draws smaller than one reads on a phone."""
DENSITY = 110
"""Dots of a PNG in an inch, of which figures of pictures have twice as many."""
PIXELS = 96
"""Pixels of a page in an inch."""

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
TEXTS = f"{{{SVG}}}text", f"{{{SVG}}}tspan"
NAMES = {shades[0].lower(): name for name, shades in SHADES.items()}
COLOUR = re.compile(r"(?<!,)#[0-9a-f]{6}\b")  # not one that stands behind its variable
DECIMALS = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
REFERENCE = re.compile(r"#([\w.-]+)")
FONT = re.compile(r"(?:(italic|oblique)\s+)?(?:(bold|\d+)\s+)?([\d.]+)px\s")


def has_pictures(figure: Figure) -> bool:
    """Whether a figure shows a picture: something that consists of squares of colour."""
    return any(
        ax.images or any(isinstance(shape, QuadMesh) for shape in ax.collections)
        for ax in figure.axes
    )


def whole(figure: Figure) -> Bbox:
    """Return the box of a figure in inches, so large that nothing hangs over it."""
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    room = 0.02  # of a letter whose box is larger than its ink
    left, low = (-over if over > room else 0.0 for over in (-drawn.x0, -drawn.y0))
    right, high = (
        end if end > size + room else size for end, size in ((drawn.x1, width), (drawn.y1, height))
    )
    return Bbox.from_extents(left, low, right, high)


def as_png(figure: Figure, density: int = DENSITY, box: Bbox | None = None) -> bytes:
    """Return a figure as a PNG of 64 colours: a third of the size, and no date inside.

    A box, in inches, shows another part than the figure's own. The colours are spread over all that
    occur: the usual median would melt rare ones, the ends of a colour scale, into one.
    """
    from PIL import Image  # a part of what matplotlib needs

    if box is None:  # drawn once, where savefig draws twice, the first time for a box
        before, figure.dpi = figure.dpi, density
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        figure.dpi = before
    else:
        raw = io.BytesIO()
        figure.savefig(raw, format="png", dpi=density, bbox_inches=box)
        drawn = Image.open(raw)
    few = drawn.convert("RGB").quantize(
        COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    small = io.BytesIO()
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def panels(figure: Figure) -> list[float]:
    """Return where a row of panels can be cut, from left to right, in points; none if it cannot.

    Panels that share an axis whose numbers stand at one of them alone stay together, and so does
    what has a title or a legend above all panels.
    """
    if len(figure.axes) < 2 or figure.legends or figure.texts or figure.get_suptitle():
        return []
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)  # all that a drawing would change here
    if not all(_has_own_numbers(ax) for ax in figure.axes):
        return []
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    known = sorted((box for box in boxes if box), key=lambda box: float(box.x0))
    groups = [(known[0].x0, known[0].x1)] if known else []
    for box in known[1:]:
        left, right = groups[-1]
        if box.x0 < right:
            groups[-1] = left, max(right, box.x1)
        else:
            groups.append((box.x0, box.x1))
    if max(box.y0 for box in known) > min(box.y1 for box in known):
        return []  # more than a row
    return [round(72 * (a[1] + b[0]) / 2 / figure.dpi, 1) for a, b in pairwise(groups)]


def _has_own_numbers(ax: Axes) -> bool:
    ticks = ax.yaxis.get_major_ticks()
    return not ticks or any(tick.label1.get_visible() for tick in ticks)


def as_svg(figure: Figure) -> str | None:
    """Return a figure as SVG: the same bytes at each run, two decimals, text as text.

    Colours of the palette are variables (:mod:`hebbnotes.figures.palette`), and ``data-cuts`` of
    the root says where its panels can be parted. ``None`` is returned for a figure with pictures in
    it, and for one of more than 60 kB.
    """
    if has_pictures(figure):
        return None
    box, drawn = whole(figure), io.BytesIO()
    cuts = [round(cut - 72 * box.x0, 1) for cut in panels(figure)]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "hebbnotes"}):
        figure.savefig(
            drawn, format="svg", bbox_inches=box, metadata={"Date": None, "Creator": None}
        )
    root = ET.fromstring(drawn.getvalue())
    for unwanted in ("metadata", "defs"):  # the latter holds a style for a whole page
        if (child := root.find(f"{{{SVG}}}{unwanted}")) is not None and child.find(
            f"{{{SVG}}}clipPath"
        ) is None:
            root.remove(child)
    used = {
        name
        for element in root.iter()
        for value in element.attrib.values()
        for name in REFERENCE.findall(value)
    }
    for element in root.iter():
        _mend(element, used)
    _number(root)
    _flatten(root)
    for group in root.iter(f"{{{SVG}}}g"):
        _join_letters(group)
        if group.get("class") == "axes" and group[0].get("style") == "fill:var(--hn-paper,#ffffff)":
            group.remove(group[0])
    if (ground := root.find(f"{{{SVG}}}path")) is not None:  # matplotlib draws it first
        ground.set("style", "fill:var(--hn-ground,#ffffff)")
    width, height = (round(72 * inches, 1) for inches in box.size)
    root.attrib.clear()
    root.attrib |= {
        "viewBox": f"0 0 {width:g} {height:g}",
        "width": f"{width:g}pt",
        "height": f"{height:g}pt",
        "stroke-linejoin": "round",
        "font-family": "sans-serif",
    }
    if cuts:
        root.set("data-cuts", " ".join(f"{cut:g}" for cut in cuts))
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    text = ET.tostring(root, encoding="unicode").replace(" />", "/>")
    text = re.sub(r"><(?!/?t(?:span|ext\b))", ">\n<", text)
    return text if len(text.encode()) <= LARGEST else None


def _mend(element: ET.Element, used: set[str]) -> None:
    """Round the numbers of an element, name its colours, and drop what nothing refers to."""
    name, given = element.get("id", ""), element.attrib
    if name not in used:
        given.pop("id", None)
        if re.fullmatch(r"axes_\d+", name):
            given["class"] = "axes"
    if f"{{{XLINK}}}href" in given:
        given["href"] = given.pop(f"{{{XLINK}}}href")
    for key in ("d", "x", "y", "width", "height", "transform", "points"):
        if key in given:
            given[key] = " ".join(DECIMALS.sub(_rounded, given[key]).split())
    if "d" in given:
        given["d"] = re.sub(r" ?([MLQCZ]) ?", r"\1", given["d"]).strip()
    style = _style(given.get("style", ""))
    if element.tag == TEXTS[0]:
        style.setdefault("fill", f"var(--hn-ink,{SHADES['ink'][0].lower()})")
    if style:
        given["style"] = ";".join(f"{key}:{value}" for key, value in style.items())
    else:
        given.pop("style", None)


def _number(root: ET.Element) -> None:
    """Give numbers to what is referred to: matplotlib's names change with the last digit drawn."""
    named = [element for element in root.iter() if "id" in element.attrib]
    short = {element.attrib["id"]: f"n{k}" for k, element in enumerate(named)}

    def renamed(found: re.Match[str]) -> str:
        return short[found[0]]

    for element in root.iter():
        for key in {"id", "href", "clip-path"} & element.attrib.keys():
            element.set(key, re.sub(r"[\w.-]{3,}(?=\)?$)", renamed, element.attrib[key]))


def _rounded(number: re.Match[str]) -> str:
    short = f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _style(text: str) -> dict[str, str]:
    """Return what a ``style`` says, colours as variables, and without a family of fonts."""
    style: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        key, _, value = (piece.strip() for piece in part.partition(":"))
        if key == "font" and (found := FONT.match(value + " ")):
            slant, weight, size = found.groups()
            style |= {"font-style": slant} if slant else {}
            style |= {"font-weight": weight} if weight and weight != "400" else {}
            style["font-size"] = f"{size}px"
        elif key != "font-family":
            style[key] = DECIMALS.sub(_rounded, COLOUR.sub(_variable, value))
    return style


def _variable(found: re.Match[str]) -> str:
    """Return a colour of the palette, or a grey, as a variable; any other as it is."""
    colour = found.group()
    name = NAMES.get(colour)
    if name is None and colour[1:3] == colour[3:5] == colour[5:7]:
        shade = int(colour[1:3], 16)
        name = next(
            name
            for limit, name in ((64, "ink"), (176, "grey"), (224, "silver"), (256, "paper"))
            if shade < limit
        )
    return f"var(--hn-{name},{colour})" if name else colour


def _flatten(element: ET.Element) -> None:
    """Take the children of groups that say nothing out of them."""
    for child in list(element):
        _flatten(child)
    children = list(_without_groups(element))
    for child in list(element):
        element.remove(child)
    element.extend(children)
    if element.tag not in TEXTS:
        element.text = element.tail = None
    elif element.tag == TEXTS[0]:
        element.tail = None


def _join_letters(group: ET.Element) -> None:
    """Make words of what matplotlib places letter by letter, as it does where there is a formula.

    So they keep together in a reader's font, which is narrower than matplotlib's. Formulas with
    bars, which are drawn, stay as they are.
    """
    if [child.tag for child in group] != [TEXTS[0]] or not len(text := group[0]):
        return
    letters = [(float(one.get("x", "nan")), float(one.get("y", "nan")), one) for one in text]
    places = [x for x, *_ in letters]
    if any(a >= b for a, b in pairwise(places)) or any(map(math.isnan, places)):
        return
    looks = [_style(letter.get("style", "")) for *_, letter in letters]
    if any("font-size" not in look for look in looks):
        return
    size = float(looks[-1]["font-size"][:-2])
    style = _style(group.get("style", "")) | {"text-anchor": "middle"}
    text.attrib |= {
        "x": f"{(places[-1] + 0.6 * size) / 2:.2f}",
        "y": f"{letters[0][1]:g}",
        "style": ";".join(f"{key}:{value}" for key, value in style.items()),
    }
    group.attrib.pop("style", None)
    words: list[ET.Element] = []
    text.text, before = None, letters[0][1]
    for (_, height, letter), look in zip(letters, looks, strict=True):
        look.pop("fill", None)
        look["font-size"] = f"{max(float(look['font-size'][:-2]), SMALLEST):g}px"
        how = {"style": ";".join(f"{key}:{value}" for key, value in look.items())}
        if height != before:
            how["dy"] = f"{height - before:.2f}"
        if not words or "dy" in how or words[-1].get("style") != how["style"]:
            words.append(ET.Element(TEXTS[1], how))
            words[-1].text = ""
        words[-1].text = (words[-1].text or "") + (letter.text or " ").replace("\xa0", " ")
        before = height
    text[:] = words


def _without_groups(element: ET.Element) -> Iterator[ET.Element]:
    for child in element:
        if child.tag == f"{{{SVG}}}g" and not child.attrib:
            yield from child
        else:
            yield child


def _notebooks_png(figure: Figure) -> tuple[str, dict[str, Any]]:
    """Return a PNG in base64, and how large it is on a page."""
    twice = has_pictures(figure)
    box = whole(figure)
    data = base64.b64encode(as_png(figure, DENSITY * (1 + twice), box)).decode()
    width, height = (round(PIXELS * inches) for inches in box.size)
    return data, {"width": width, "height": height}


def in_notebook() -> None:
    """Have a notebook's kernel show each figure as it is to be stored; elsewhere nothing is done.

    Matplotlib's own way of showing figures in a notebook sets itself up when the first one is made,
    so one is made here.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None or "inline" not in plt.get_backend():
        return
    plt.close(plt.figure())
    formatters = shell.display_formatter.formatters
    formatters["image/svg+xml"].for_type(Figure, as_svg)
    formatters["image/png"].for_type(Figure, _notebooks_png)
