"""Sphinx extension: the directive ``{live-network}``, a plastic network in the page that the reader
draws for.

The page's script is ``live.js``, its controls are ``live.html``: both are written into the page, so
that nothing is requested. What the script must not know by itself is put beside it: the trained
numbers, the schedule, the letters and the colours. They lie in ``live.json``, which ``make live``
writes from :mod:`hebbnotes`.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).parent
PARTS = ("live.html", "live.json", "live.js")


def markup() -> str:
    """Return the network as HTML: a sentence for print and for readers without JavaScript,
    controls, settings, script.
    """
    controls, told, script = ((HERE / name).read_text(encoding="utf-8") for name in PARTS)
    return (
        '<figure class="live-network" aria-label="A plastic network to play with">\n'
        f"{controls}"
        f'<script type="application/json">{told.strip()}</script>\n'
        f"<script>\n{script}</script>\n</figure>"
    )


class LiveNetwork(SphinxDirective):
    """Put the network into the page."""

    def run(self) -> list[nodes.Node]:
        """Write its HTML."""
        for name in PARTS:
            self.env.note_dependency(str(HERE / name))
        return [nodes.raw("", markup(), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("live-network", LiveNetwork)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
