"""Sphinx extension: the directive ``{predict}``, a fold with an answer that waits for a prediction.

    :::{predict} The answer
    :choose: The LSTM; the plastic network; all alike
    :right: 1
    :covers: fig-maze-curves

    The LSTM, because ...
    :::

The reader chooses, and the figures that are covered show themselves (``next`` is what the next cell
prints). In the place of ``choose`` and ``right``, ``:curve: NAME`` lets them drag a curve over
empty axes: ``book/_static/live/curve-NAME.json``, which ``make live`` writes. Without JavaScript
and on paper it is the fold alone.
"""

import html
import json
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx_design.dropdown import DropdownDirective

from tools.live import FOLDER, first_of, toolkit

logger = logging.getLogger(__name__)
SCRIPT = FOLDER / "predict.js"


class Predict(DropdownDirective):
    """Put a prediction before a fold."""

    required_arguments = 1
    optional_arguments = 0
    option_spec: ClassVar = DropdownDirective.option_spec | {
        "choose": directives.unchanged_required,
        "right": directives.positive_int,
        "covers": directives.unchanged,
        "curve": directives.unchanged_required,
    }

    def run_with_defaults(self) -> list[nodes.Node]:
        """Write what the script is told, and the fold."""
        told = html.escape(json.dumps(self.told()))
        parts = [toolkit()] if first_of(self.env, "toolkit") else []
        if first_of(self.env, "predict"):
            parts.append(f"<script>\n{SCRIPT.read_text(encoding='utf-8')}</script>")
            self.env.note_dependency(str(SCRIPT))
        parts.append(f'<div class="predict" data-predict="{told}"></div>')
        return [nodes.raw("", "\n".join(parts), format="html"), *super().run_with_defaults()]

    def told(self) -> dict[str, Any]:
        """Return what the script is told, or raise."""
        choices = [one.strip() for one in self.options.get("choose", "").split(";") if one.strip()]
        right, curve = self.options.get("right", 0), self.options.get("curve")
        if (curve and choices) or (not curve and not 2 <= len(choices) <= 4):
            raise self.error(
                "{predict} needs :choose: with 2 to 4 answers, parted by ;, or :curve:"
            )
        if choices and not 1 <= right <= len(choices):
            raise self.error(f":right: must be the number of an answer, 1 to {len(choices)}")
        number = sum(
            name.startswith("predict ") for name in self.env.temp_data.get("live_models", ())
        )
        first_of(self.env, f"predict {number}")
        covers = self.options.get("covers", "").split()
        named = {name: self.get_location() for name in covers if name != "next"}
        pages = self.env.__dict__.setdefault("covered_figures", {})
        pages[self.env.docname] = pages.get(self.env.docname, {}) | named
        told: dict[str, Any] = {"key": f"predict {self.env.docname} {number}", "covers": covers}
        if not curve:
            return told | {"choices": choices, "right": right - 1}
        path = FOLDER / f"curve-{curve}.json"
        if not path.exists():
            raise self.error(f"there is no curve {curve!r}: {path.name} is written by `make live`")
        self.env.note_dependency(str(path))
        return told | {"curve": json.loads(path.read_text(encoding="utf-8"))}


def check_figures(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of a prediction that covers what is not there."""
    there = env.get_domain("std").anonlabels
    for named in env.__dict__.get("covered_figures", {}).values():
        for name, location in named.items():
            if name not in there:
                text = "a prediction covers %r, and no figure has this name"
                logger.warning(text, name, location=location)


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what is known of a page that is read again."""
    env.__dict__.get("covered_figures", {}).pop(docname, None)


def merge_pages(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: Any) -> None:
    """Take over what another process knows of the pages that it has read."""
    read = other.__dict__.get("covered_figures", {}).items()
    pages = {name: covered for name, covered in read if name in docnames}
    env.__dict__.setdefault("covered_figures", {}).update(pages)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("predict", Predict)
    app.connect("env-check-consistency", check_figures)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
