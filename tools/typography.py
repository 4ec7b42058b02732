"""Sphinx extension for small things of the page: no mark of punctuation is parted from its formula,
long names of code break where they are joined, and captions do not say what a slider shows anyway.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

HOW_TO_SLIDE = re.compile(r"\s*Use the slider(?:, the arrow keys or the button)?\.")
AFTER, BEFORE = re.compile(r"^[^\s\w][^\s]{0,7}(?=\s|$)|^[^\s\w]"), re.compile(r"[(\[“‘]$")
CODE = re.compile(r'(<span class="pre">)([^<]{16,})(?=</span>)')
JOINT = re.compile(r"(_|\.|\(|::|/)(?=\w)")
INLINE = (nodes.strong, nodes.emphasis)


class KeepTogether(SphinxTransform):
    """Wrap a formula in a line, with the mark after it and the bracket before it, so that no line
    begins with a full stop.
    """

    default_priority = 600

    def apply(self, **kwargs: Any) -> None:
        """Wrap them."""
        for formula in list(self.document.findall(nodes.math)):
            whole: nodes.Node = formula
            while isinstance(whole.parent, INLINE) and len(whole.parent) == 1:
                whole = whole.parent
            if not isinstance(whole.parent, nodes.title):
                keep_together(whole)


def keep_together(whole: nodes.Node) -> None:
    """Wrap one formula, if a mark follows it or a bracket comes before."""
    parent = whole.parent
    at = parent.index(whole)
    before, after = (
        parent[k] if 0 <= k < len(parent) and isinstance(parent[k], nodes.Text) else nodes.Text("")
        for k in (at - 1, at + 1)
    )
    opening, closing = BEFORE.search(before), AFTER.search(after)
    if not opening and not closing:
        return
    start, stop = at, at + 1
    group = nodes.inline("", classes=["together"])
    pieces: list[nodes.Node] = [group]
    if opening:
        start -= 1
        pieces.insert(0, nodes.Text(before[: opening.start()]))
    if closing:
        stop += 1
        pieces.append(nodes.Text(after[closing.end() :]))
    parent[start:stop] = [piece for piece in pieces if piece is group or piece.astext()]
    inside = [nodes.Text(opening.group())] if opening else []
    group.extend([*inside, whole, *([nodes.Text(closing.group())] if closing else [])])


class ShortCaptions(SphinxTransform):
    """Leave out of captions how to use a slider, which stands below them and says so itself."""

    default_priority = 610

    def apply(self, **kwargs: Any) -> None:
        """Shorten them."""
        for caption in self.document.findall(nodes.caption):
            for text in list(caption.findall(nodes.Text)):
                if HOW_TO_SLIDE.search(text):
                    text.parent.replace(text, nodes.Text(HOW_TO_SLIDE.sub("", text)))


def break_names(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let long names of code break after a joint, and not within their words."""
    if "body" in context:
        context["body"] = CODE.sub(
            lambda found: found[1] + JOINT.sub(r"\1<wbr>", found[2]), context["body"]
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_transform(KeepTogether)
    app.add_transform(ShortCaptions)
    app.connect("html-page-context", break_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
