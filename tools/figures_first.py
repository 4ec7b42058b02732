"""Sphinx extension that shows a figure before the code that draws it.

A cell that is tagged ``hide-input`` and whose output is a figure is turned round: the figure, its
caption, and below it the code, in a fold that is closed on the site. In the notebook it is open.
"""

from typing import Any

from docutils import nodes
from docutils.writers.html5_polyglot import HTMLTranslator
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools import standard
from tools.inline_figures import is_picture

OF_FIGURE, OF_NUMBERS = "The code of this figure", "The code behind these numbers"
OF_SETUP = "Set-up"


class fold(nodes.General, nodes.Element):
    """Code that is folded, and what it is the code of."""


def has_figure(node: nodes.Element) -> bool:
    """Whether an output is a figure, be it a picture, a drawing, or one that moves."""
    return any(
        is_picture(part) or (isinstance(part, nodes.raw) and "moving-figure" in part.astext())
        for part in node.findall()
    )


class FiguresFirst(SphinxPostTransform):
    """Move the folded code of a figure below it, and say of every folded code what it does."""

    default_priority = 210  # when MyST-NB has folded it
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Turn the cells of a page round."""
        for folded in list(self.document.findall(HideCodeCellNode)):
            cell = folded.parent
            if cell is None:  # a copy that Sphinx took out of a solution
                continue
            if "above-input" not in folded["classes"] or cell.get("hide_mode") != "input":
                continue
            outputs = [one for one in cell if one.get("nb_element") == "cell_code_output"]
            below = any(map(has_figure, outputs))
            only_sets_up = standard.sets_up("\n".join(c.astext() for c in folded.children))
            words = OF_FIGURE if below else OF_SETUP if only_sets_up else OF_NUMBERS
            code = fold("", *folded.children, words=words)
            code["classes"].append("below-figure" if below else "above-input")
            cell.remove(folded)
            cell.insert(len(cell) if below else 0, code)


def visit_fold(self: HTMLTranslator, node: fold) -> None:
    """Open a fold, which is closed until a reader opens it."""
    self.body.append(f'<details class="admonition hide {" ".join(node["classes"])}">\n')
    self.body.append(f'<summary><p class="admonition-title">{node["words"]}</p></summary>\n')


def depart_fold(self: HTMLTranslator, node: fold) -> None:
    """Close the element."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_post_transform(FiguresFirst)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
