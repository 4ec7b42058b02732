"""Sphinx extension for links to the book that others share: each page has a title, a description,
and, where the address of the site is known (``html: baseurl`` in ``_config.yml``), a picture of its
own, since addresses of pictures must be whole.
"""

import html
import json
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 200
WIDTH, HEIGHT = 1200, 630
FOLDER = "_static/previews"
LINES = 4


def about(path: Path) -> dict[str, Any]:
    """Return what a notebook says of itself; a page in Markdown says nothing."""
    if path.suffix != ".ipynb":
        return {}
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    return told.get("hebbnotes", {})


def description(path: Path, doctree: nodes.document) -> str:
    """Return what a page is about: what its metadata say, or its key sentence, or its beginning."""
    told = about(path)
    text = told.get("description") or told.get("key") or beginning(doctree)
    return textwrap.shorten(" ".join(text.split()), LONGEST, placeholder=" …")


def beginning(doctree: nodes.document) -> str:
    """Return the first paragraph of a page that is not in a box, without formulas and citations."""
    for paragraph in doctree.findall(nodes.paragraph):
        if not isinstance(paragraph.parent, nodes.section):
            continue
        short = paragraph.deepcopy()
        for part in list(short.findall(lambda n: isinstance(n, nodes.math | nodes.raw))):
            part.parent.remove(part)
        if text := short.astext().strip():
            return text
    return ""


def tell(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put title, description and picture into the head of a page."""
    if doctree is None or app.builder.name != "html":
        return
    title = app.env.titles[page].astext()
    words = description(Path(app.env.doc2path(page)), doctree)
    name = app.config.project or "HebbNotes"
    told = {
        "og:type": "article",
        "og:site_name": name,
        "og:title": title,
        "og:description": words,
    }
    if base := str(app.config.html_baseurl).rstrip("/"):
        told |= {
            "og:url": f"{base}/{app.builder.get_target_uri(page)}",
            "og:image": f"{base}/{FOLDER}/{page}.png",
            "og:image:width": str(WIDTH),
            "og:image:height": str(HEIGHT),
            "og:image:alt": f"A letter A of dots, half of it erased, beside the words: {title}",
            "twitter:card": "summary_large_image",
        }
    tags = [f'<meta name="description" content="{html.escape(words)}">']
    tags += [
        f'<meta property="{key}" content="{html.escape(value)}">' for key, value in told.items()
    ]
    context["metatags"] = context.get("metatags", "") + "\n".join(tags) + "\n"


def preview(title: str, below: str, path: Path) -> None:
    """Draw the picture of a page: a letter of dots, of which half is erased, and its title."""
    import torch
    from matplotlib.figure import Figure

    from hebbnotes import tasks
    from hebbnotes.figures import drawing, formats, palette

    letter = torch.as_tensor(tasks.text_pattern("A", (32, 32))).float()
    generator = torch.Generator().manual_seed(0)
    erased = torch.rand(32, 32, generator=generator) < torch.linspace(0, 1, 32)[:, None]
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), facecolor="white")
    ax = figure.add_axes((0.05, 0.1, 0.8 * HEIGHT / WIDTH, 0.8))
    drawing.show(ax, torch.where(erased, 0.0, letter).numpy(), cmap=drawing.BITS, vmin=-1, vmax=1)
    drawing.frame(ax)
    left = 0.53
    figure.text(left, 0.86, "HebbNotes", size=26, color=palette.BLUE, weight="bold", va="top")
    lines = textwrap.wrap(title, 19)
    figure.text(left, 0.74, "\n".join(lines), size=36, color=palette.BLACK, weight="bold", va="top")
    room = 2 * (LINES - len(lines))
    told = textwrap.wrap(below, 42, max_lines=room, placeholder=" …") if room > 0 else []
    figure.text(left, 0.12, "\n".join(told), size=17, color=palette.SHADES["grey"][0], va="bottom")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(formats.as_png(figure, 100))


def draw_previews(app: Sphinx, error: Exception | None) -> None:
    """Draw a picture for each page, if the site has an address."""
    if error or app.builder.name != "html" or not app.config.html_baseurl:
        return
    for page in app.env.found_docs:
        words = description(Path(app.env.doc2path(page)), app.env.get_doctree(page))
        target = Path(app.outdir) / FOLDER / f"{page}.png"
        preview(app.env.titles[page].astext(), words, target)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("html-page-context", tell)
    app.connect("build-finished", draw_previews)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
