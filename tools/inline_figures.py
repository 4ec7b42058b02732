"""Sphinx extension for figures that a notebook stores as SVG: they stand in the page itself, where
its style sheet gives them the colours of the theme, and where their panels can be stacked.
"""

import hashlib
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.writers.html5_polyglot import HTMLTranslator
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

SVG = "http://www.w3.org/2000/svg"
KIND = "image/svg+xml"


class plot(nodes.General, nodes.Element):
    """A line plot as SVG, with its alt text."""


def is_picture(node: nodes.Node) -> bool:
    """Whether a node is an image or a plot; by its name, since Sphinx loads this module anew."""
    return isinstance(node, nodes.image) or getattr(node, "tagname", "") == plot.__name__


class InlineFigures(SphinxTransform):
    """Replace the picture of an output that has an SVG by the SVG; the PNG beside it is for places
    that show no SVG.
    """

    default_priority = 500  # before the page is told of as read

    def apply(self, **kwargs: Any) -> None:
        """Read the file that MyST-NB has written of each SVG."""
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            kinds = {child.get("mime_type"): child for child in bundle.children}
            if KIND not in kinds:
                continue
            (image,) = kinds[KIND].findall(nodes.image)
            path = Path(self.env.srcdir) / image["uri"].removeprefix("/")
            text = path.read_text(encoding="utf-8")
            prefix = hashlib.sha256(f"{self.env.docname} {path.name}".encode()).hexdigest()[:6]
            shown = plot(text=text, alt=image.get("alt", ""), prefix=prefix)
            shown.source, shown.line = bundle.source, bundle.line
            image.replace_self(shown)
            if "image/png" in kinds:
                bundle.remove(kinds["image/png"])


def own_names(root: ET.Element, prefix: str) -> None:
    """Put a prefix before every name within an SVG, so that it is the only one on its page."""
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{prefix}-{value}")
            elif key == "href" or "url(#" in value:
                element.set(key, re.sub(r"#(?=[\w-]+\)?$)", f"#{prefix}-", value))


def parted(root: ET.Element) -> list[ET.Element]:
    """Return a plot as one for each of its panels, from left to right, or as it is.

    What belongs to no panel, the ground and what is referred to, stands in the first.
    """
    cuts = [float(cut) for cut in root.attrib.pop("data-cuts", "").split()]
    _, _, width, height = (float(number) for number in root.get("viewBox", "").split())
    for key in ("width", "height"):
        root.attrib.pop(key, None)
    edges = [0.0, *cuts, width]
    axes = [child for child in root if child.get("class") == "axes"]
    if not cuts or len(axes) != len(edges) - 1:
        root.set("style", f"--width:{width:g}")
        return [root]
    parts = []
    for k, (left, right) in enumerate(pairwise(edges)):
        part = ET.Element(root.tag, root.attrib)
        part.set("viewBox", f"{left:g} 0 {right - left:g} {height:g}")
        part.set("style", f"--width:{right - left:g}")
        part.extend([child for child in root if child not in axes] if k == 0 else [])
        part.append(axes[k])
        parts.append(part)
    return parts


def visit_plot(self: HTMLTranslator, node: plot) -> None:
    """Write the SVG into the page: a picture with words for those who do not see it."""
    ET.register_namespace("", SVG)
    root = ET.fromstring(node["text"])
    own_names(root, node["prefix"])
    parts = parted(root)
    for part in parts:
        part.set("aria-hidden", "true")
        part.set("focusable", "false")
    attributes = {"role": "img", "aria-label": node["alt"]}
    self.body.append(self.starttag(node, "div", CLASS="plot", **attributes))
    self.body.extend(ET.tostring(part, encoding="unicode") for part in parts)
    self.body.append("</div>\n")
    raise nodes.SkipNode


def skip_plot(self: Any, node: plot) -> None:
    """Leave a plot out where there are no pictures, as in the index of the search."""
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_node(plot, html=(visit_plot, None), text=(skip_plot, None))
    app.add_transform(InlineFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
