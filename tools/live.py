"""Sphinx extension: the directive ``{live-model} NAME``, a model in the page that readers work,
and ``{chapter-card} NAME``, which shows its picture on the front page.

    ```{live-model} maze
    :alt: What the still picture shows.

    The caption: the sentence that the model shows.
    ```

Toolkit (once a page), script, numbers (once a page) and still picture of ``book/_static/live`` are
written into the page, so that nothing is requested. Without JavaScript and on paper the still
picture stands there. ``make live`` (:mod:`tools.live_data`) writes numbers and pictures.
"""

import html
import re
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from tools.drawings.drawing import DARK, LIGHT

FOLDER = Path(__file__).parents[1] / "book" / "_static" / "live"
TOOLKIT = [FOLDER / "toolkit.js", FOLDER / "stage.js"]
PART = re.compile(r"^// needs (\S+)$", re.M)
"""A line of a script: what two models share lies in a file of the folder ``parts``."""
SHARED = {"toolkit", "stage", "predict"}
STYLE = FOLDER.parent / "custom.css"
THEME = """
:root { --pst-color-border: #c9c9c9; --pst-color-background: #fff; --pst-color-surface: #f5f5f5;
  --pst-color-primary: #0a5fb4; --pst-color-text-base: #222; --pst-color-text-muted: #555;
  --pst-header-height: 3rem; }
html[data-theme="dark"] { --pst-color-border: #48566b; --pst-color-background: #14181e;
  --pst-color-surface: #29313d; --pst-color-primary: #7fb6f5; --pst-color-text-base: #ced6dd;
  --pst-color-text-muted: #9ca4af; }
body { margin: 0 auto; max-width: 46rem; padding: 0 1rem; font-family: sans-serif;
  background: var(--pst-color-background); }
* { box-sizing: border-box; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
"""
"""The few rules of the theme that the models lean on."""
NEEDS = "With JavaScript, the page runs this model itself: you can change it, and see what it does."


def names() -> list[str]:
    """Return the names of the live models."""
    return sorted(path.stem for path in FOLDER.glob("*.js") if path.stem not in SHARED)


def needs(name: str) -> list[Path]:
    """Return the shared scripts that a model's script needs."""
    return [
        FOLDER / "parts" / f"{part}.js" for part in PART.findall(_script(FOLDER / f"{name}.js"))
    ]


def colours() -> str:
    """Return the rules that give each role its colour in each theme."""
    light, dark = (
        ";".join(f"--{role}:{colour}" for role, colour in theme.items()) for theme in (LIGHT, DARK)
    )
    return f'.live-model{{{light}}}html[data-theme="dark"] .live-model{{{dark}}}'


def before(name: str, alt: str) -> str:
    """Return the figure's HTML before its caption: the still picture."""
    picture = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    label = html.escape(alt)
    picture = re.sub('aria-label="[^"]*"', lambda _: f'aria-label="{label}"', picture, count=1)
    return (
        f'<figure class="live-model" data-model="{name}">\n'
        f'<div class="still">{picture}<p class="needs">{NEEDS}</p></div>\n<figcaption>'
    )


def toolkit() -> str:
    """Return what the first model of a page brings for all."""
    scripts = "\n".join(f"<script>\n{_script(path)}</script>" for path in TOOLKIT)
    return f"<style>{colours()}</style>\n{scripts}"


def after(name: str, numbers: bool = True) -> str:
    """Return what follows the caption: the script, with its numbers before it where it is the first
    of its name on the page.
    """
    told, parts = FOLDER / f"{name}.json", ["</figcaption>\n</figure>"]
    if numbers and told.exists():
        text = told.read_text(encoding="utf-8").strip()
        parts.append(f'<script type="application/json" data-numbers="{name}">{text}</script>')
    scripts = (*needs(name), FOLDER / f"{name}.js")
    head = '<script type="text/plain" data-script>'  # stage.js reads it when the page is drawn
    return "\n".join([*parts, *(f"{head}\n{_script(path)}</script>" for path in scripts)])


def document(body: str) -> str:
    """Return a page of the few rules that models lean on, as tests and the benchmark open it."""
    style = THEME + STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>A model</title>'
        f'<style>{style}</style><body class="bd-article">{toolkit()}{body}</body></html>'
    )


def alone(name: str) -> str:
    """Return a page that holds one model and nothing else."""
    figure = before(name, "A still picture.") + "The caption." + after(name)
    return document(f'<p>{"Before. " * 9}</p>{figure}<div style="height: 60rem">After.</div>')


def first_of(environment: BuildEnvironment, name: str) -> bool:
    """Tell whether a page asks for the first time for what stands on it once."""
    there = environment.temp_data.setdefault("live_models", set())
    new = name not in there
    there.add(name)
    return new


def _script(path: Path) -> str:
    return path.read_text(encoding="utf-8")


class LiveModel(SphinxDirective):
    """Put a model into the page."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Write its HTML around its caption."""
        name = self.arguments[0]
        if name not in names():
            raise self.error(f"no live model {name!r}: choose one of {', '.join(names())}")
        if "alt" not in self.options or not self.content:
            raise self.error(f"the live model {name!r} needs :alt: and a caption")
        own = (FOLDER / f"{name}.{end}" for end in ("js", "json", "svg"))
        for path in (*TOOLKIT, *needs(name), *own):
            self.env.note_dependency(str(path))
        shared = toolkit() if first_of(self.env, "toolkit") else ""
        head = nodes.raw("", shared + before(name, self.options["alt"]), format="html")
        tail = nodes.raw("", after(name, first_of(self.env, name)), format="html")
        caption = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, caption)
        return [head, *caption.children, tail]


class ChapterCard(SphinxDirective):
    """Show a chapter: the still picture of its live model, its title, which leads there, and a
    question, the content.
    """

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Write a card."""
        name = self.arguments[0]
        path = FOLDER / f"{name}.svg"
        if not path.exists():
            raise self.error(f"no live model {name!r}: a card shows the picture of one")
        self.env.note_dependency(str(path))
        hidden = re.compile(' role="img" aria-label="[^"]*"')
        picture = hidden.sub(' aria-hidden="true"', _script(path), count=1)
        card = nodes.container(classes=["chapter-card"])
        card += nodes.raw("", f'<div class="thumb">{picture}</div>', format="html")
        text = [f"{{doc}}`{name}`", "", *self.content]
        self.state.nested_parse(StringList(text, source=name), self.content_offset, card)
        return [card]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("live-model", LiveModel)
    app.add_directive("chapter-card", ChapterCard)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
