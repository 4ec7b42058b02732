"""Sphinx extension: the notebook behind a page's download button, in Markdown that any front end
shows.

The sources hold roles and directives, which the site knows and Jupyter shows raw. In the copy that
is downloaded roles are the text that the page shows, directives are quotes, folds and bold titles,
captions and sources stand in cells of their own, and a first cell says how to install what the code
imports. Code cells and their outputs stay as they are. No page is read again: what a role shows is
asked of the stored pages, and of the notebook's own outputs.
"""

import base64
import functools
import json
import mimetypes
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pybtex.plugin
from docutils import nodes
from docutils.utils import new_document
from markdown_it import MarkdownIt
from myst_nb.core.variables import format_plain_text
from pybtex.backends.markdown import Backend
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransformer
from sphinx.util import logging

from tools.book_extension import measured_number, minutes
from tools.typography import HOW_TO_SLIDE

logger = logging.getLogger(__name__)
SPLIT = "\f"
"""Where a cell is cut in two."""
FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,}|:{3,}) *(?:\{(?P<name>[\w:+-]+)\})? *(?P<rest>.*)")
INLINE = re.compile(
    r"\{(?P<role>[\w:+-]+)\}(?P<tick>`+)(?P<text>.+?)(?<!`)(?P=tick)(?!`)"
    r"|\$\$(?P<formula>.+?)\$\$(?:[ ]*\((?P<label>[\w-]+)\))?"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|\[\^(?P<note>[\w-]+)\](?::[ ]*)?",
    re.S,
)
SPECIAL = re.compile(r"([\\`*_$|])")
TORCH = "--extra-index-url https://download.pytorch.org/whl/cpu"
LIVE = "Here the page has a model to work. It runs in the browser, and is not in this file."


def escaped(text: str) -> str:
    """Return Markdown that shows a text as it is."""
    return SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;")


def box(title: str, body: str) -> str:
    """Return a quote under a bold title; without its bars if it displays a formula, which some
    front ends would set with the bars in it.
    """
    text = f"{title}\n\n{body.strip()}".strip()
    if "$$" in text or SPLIT in text:
        return text
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def fold(title: str, body: str) -> str:
    """Return a text that is folded under its title."""
    shown = MarkdownIt("commonmark").renderInline(title)
    return f"<details>\n<summary>{shown}</summary>\n\n{body.strip()}\n\n</details>"


class Plain:
    """Turns the cells of one notebook into plain Markdown.

    Parameters
    ----------
    app : Sphinx, that has read all pages
    docname : str, the page
    """

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.app, self.env, self.docname = app, app.env, docname
        self.path = Path(app.env.doc2path(docname))
        self.notebook = json.loads(self.path.read_text(encoding="utf-8"))
        self.notes: dict[str, int] = {}

    def warn(self, words: str, *of: str) -> str:
        """Fail the build with words on what has no plain form."""
        logger.warning(words, *of, location=self.docname)
        return "?"

    # What roles show.

    @functools.cached_property
    def pending(self) -> list[pending_xref]:
        """The references of the page, as they were read."""
        return list(self.env.get_doctree(self.docname).findall(pending_xref))

    def resolve(self, references: Iterable[pending_xref]) -> list[str]:
        """Return what references show on the page, found as Sphinx finds it there."""
        document = new_document(self.docname)
        document.settings.env = self.env
        document += [nodes.paragraph("", "", one.deepcopy()) for one in references]
        before, self.env.temp_data = self.env.temp_data, {"docname": self.docname}
        try:
            transformer = SphinxTransformer(document)
            transformer.set_environment(self.env)
            transformer.add_transforms(self.app.registry.get_post_transforms())
            transformer.apply_transforms()
        finally:
            self.env.temp_data = before
        return [" ".join(one.astext().split()) for one in document.children]

    @functools.cached_property
    def references(self) -> dict[str, str]:
        """What each reference of the page shows, by how it is written."""
        unique = {" ".join(one.rawsource.split()): one for one in self.pending}
        return dict(zip(unique, self.resolve(unique.values()), strict=True))

    def number(self, kind: str, label: str) -> str:
        """Return the number of a figure, an exercise or an equation, as the page shows it."""
        counted = self.env.toc_fignumbers[self.docname][kind][label]
        return ".".join(map(str, counted))

    def named(self, kind: str, label: str) -> str:
        """Return what a figure or an exercise is called by."""
        return self.app.config.numfig_format[kind] % self.number(kind, label)

    @functools.cached_property
    def glued(self) -> dict[str, str]:
        """What the cells of the notebook gave a name to."""
        found = {}
        for cell in self.notebook["cells"]:
            for output in cell.get("outputs", []):
                book = output.get("metadata", {}).get("scrapbook")
                if book:
                    data = output["data"][f"{book['mime_prefix']}text/plain"]
                    found[book["name"]] = "".join(data)
        return found

    def role(self, name: str, text: str) -> str:
        """Return what a role shows."""
        if name == "glue:text":
            key, _, form = text.partition(":")
            if key not in self.glued:
                return self.warn("no cell of this notebook glues %s", key)
            return escaped(format_plain_text(self.glued[key], form or "s"))
        if name == "measured":
            return measured_number(self.path.parent, text) or "?"
        if name == "reading":
            return str(minutes(self.path))
        shown = self.references.get(f":{name}:`{text}`")
        if shown is None:
            return self.warn("the role {%s} has no plain form: give it one in downloads.py", name)
        return f"*{escaped(shown)}*" if name == "doc" and "<" not in text else escaped(shown)

    def inline(self, text: str) -> str:
        """Return a text without directives, its roles, numbers of equations and notes plain."""

        def plain(found: re.Match[str]) -> str:
            if found["role"]:
                return self.role(found["role"], " ".join(found["text"].split()))
            if found["label"]:
                number = self.number("displaymath", f"equation-{found['label']}")
                return f"$${found['formula'].rstrip()} \\tag{{{number}}}\n$$"
            if found["note"]:
                number = self.notes.setdefault(found["note"], len(self.notes) + 1)
                return f"<sup>[{number}]</sup>" + " " * found[0].endswith((":", " "))
            return found[0]

        return INLINE.sub(plain, text)

    # What directives become.

    def blocks(self, text: str) -> list[tuple[str, str, str]]:
        """Return the parts of a text: directives as (name, argument, body), all else as ("", "",
        text), code as ("code", "", text).
        """
        lines, parts, plain = text.splitlines(), [], []
        at = 0
        while at < len(lines):
            opened = FENCE.fullmatch(lines[at])
            if not opened:
                plain.append(lines[at])
                at += 1
                continue
            fence = opened["fence"]
            closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}} *")
            end = next((i for i in range(at + 1, len(lines)) if closing.fullmatch(lines[i])), None)
            parts.append(("", "", "\n".join(plain)))
            plain = []
            if end is None:
                self.warn("a fence is not closed: %s", lines[at])
                end = len(lines)
            if opened["name"]:
                parts.append((opened["name"], opened["rest"], "\n".join(lines[at + 1 : end])))
            else:
                parts.append(("code", "", "\n".join(lines[at : end + 1])))
            at = end + 1
        return [*parts, ("", "", "\n".join(plain))]

    def markdown(self, text: str) -> str:
        """Return a text in plain Markdown."""
        return self.joined(self.blocks(text))

    def joined(self, parts: list[tuple[str, str, str]]) -> str:
        """Return the plain Markdown of parts of a text."""
        written, at = [], 0
        while at < len(parts):
            name, argument, body = parts[at]
            at += 1
            if not name:
                written.append(self.inline(body).strip("\n"))
            elif name == "code":
                written.append(body)
            elif name.endswith("-start"):
                kind = name.removesuffix("-start")
                ends = [i for i in range(at, len(parts)) if parts[i][0] == f"{kind}-end"]
                if ends:  # in this cell, too
                    inner = self.joined(parts[at : ends[0]])
                    written.append(self.directive(kind, argument, options(body)[0], inner))
                    at = ends[0] + 1
                else:
                    title = self.title(kind, argument, options(body)[0])
                    written.append(f"**{title}**" if kind == "solution" else title)
            elif not name.endswith("-end"):
                set_by, rest = options(body)
                written.append(self.directive(name, argument, set_by, self.markdown(rest)))
        return "\n\n".join(part for part in written if part)

    def title(self, kind: str, argument: str, set_by: dict[str, str]) -> str:
        """Return the title of an exercise, with its number, or that of a solution."""
        if kind == "solution":
            return "Solution"
        number = self.named("exercise", set_by["label"])
        return f"**{number}** ({self.inline(argument)})" if argument else f"**{number}**"

    def directive(self, name: str, argument: str, set_by: dict[str, str], body: str) -> str:
        """Return a directive in plain Markdown; its body is plain already."""
        make: dict[str, Callable[[], str]] = {
            "admonition": lambda: box(f"**{self.inline(argument)}**", body),
            "dropdown": lambda: fold(self.inline(argument), body),
            "exercise": lambda: box(self.title(name, argument, set_by), body),
            "figure": lambda: self.picture(argument, set_by, body),
            "live-model": lambda: box(LIVE, body),
            "predict": lambda: fold(self.inline(argument), body),
            "solution": lambda: fold("Solution", body),
        }
        if name not in make:
            return self.warn(
                "the directive {%s} has no plain form: give it one in downloads.py", name
            )
        return make[name]()

    def picture(self, address: str, set_by: dict[str, str], caption: str) -> str:
        """Return a picture, which the notebook brings with it, in a cell of its own."""
        file = self.path.parent / address
        data = base64.b64encode(file.read_bytes()).decode()
        kind, alt = (
            mimetypes.guess_type(file.name)[0],
            escaped(set_by["alt"]).replace('"', "&quot;"),
        )
        image = f'<img alt="{alt}" src="data:{kind};base64,{data}">'
        return f"{SPLIT}{image}\n\n{self.caption(set_by['name'], caption)}{SPLIT}"

    def caption(self, name: str, text: str) -> str:
        """Return a caption with the number of its figure."""
        return f"**{self.named('figure', name)}** {HOW_TO_SLIDE.sub('', text)}"

    # The notebook.

    def install(self) -> str:
        """Say how to install what the code imports."""
        address = self.app.config.html_theme_options.get("repository_url")
        package = f'"hebbnotes[chapters] @ git+{address}"' if address else '".[chapters]"'
        options = TORCH if address else f"{TORCH} -c constraints.txt"
        where = "" if address else ", in a copy of the folder of the book"
        text = (
            "**How to run this notebook.** It is a chapter of HebbNotes, and its code imports the "
            f"book's package. Install it in the environment of this notebook's kernel{where}:\n\n"
            f"```sh\npip install {options} {package}\n```\n\n"
            "The first address spares the 3 GB of CUDA that torch brings on Linux. With `lab` in "
            "the place of `chapters` JupyterLab comes, too."
        )
        for need in self.notebook["metadata"].get("hebbnotes", {}).get("needs", []):
            text += f" It also needs public data: `python -m hebbnotes.data {need}` fetches them."
        return text

    def sources(self) -> str:
        """Return the list of what the page cites, if anything."""
        keys = {
            key.strip()
            for one in self.pending
            if one["refdomain"] == "cite"
            for key in one["reftarget"].split(",")
        }
        told = {}
        for citation in self.env.get_domain("cite").citations:
            if citation.key in keys:
                text = " ".join(citation.formatted_entry.text.render(Backend()).split())
                text = re.sub(r"\\([.()#+!-])", r"\1", text)  # escaped without need
                told[citation.key] = re.sub(r"\\\\url (\S*\w/?)", r"<\1>", text)
        return "\n".join(["**Sources**", "", *(f"* {told[key]}" for key in told)]) if told else ""

    def cells(self) -> list[dict[str, Any]]:
        """Return the cells of the notebook that is downloaded."""
        made = [_cell("how-to-run", self.install())]
        for cell in self.notebook["cells"]:
            if cell["cell_type"] != "markdown":
                made.append(cell)
                figure = cell["metadata"].get("mystnb", {}).get("figure")
                if figure:
                    text = self.caption(figure["name"], self.inline(figure["caption"]))
                    made.append(_cell(f"{cell['id']}-caption", text))
                continue
            pieces = self.markdown("".join(cell["source"])).split(SPLIT)
            pieces = [piece.strip("\n") for piece in pieces if piece.strip()]
            names = [cell["id"], *(f"{cell['id']}-part-{k}" for k in range(2, len(pieces) + 1))]
            made += [
                cell | {"id": name, "source": piece.splitlines(keepends=True)}
                for name, piece in zip(names, pieces, strict=False)
            ]
        told = self.sources()
        return [*made, _cell("sources", told)] if told else made

    def text(self) -> str:
        """Return the file that is downloaded."""
        notebook = self.notebook | {"cells": self.cells()}
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def options(body: str) -> tuple[dict[str, str], str]:
    """Return the options at the head of a directive, and the rest of its body."""
    found, lines = {}, body.splitlines()
    while lines and (option := re.fullmatch(r":([\w-]+):(.*)", lines[0])):
        found[option[1]] = option[2].strip()
        lines.pop(0)
    return found, "\n".join(lines)


def _cell(name: str, text: str) -> dict[str, Any]:
    source = text.splitlines(keepends=True)
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def write(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Make the notebook of a page that is written; here, since later no warning fails the build.

    It waits in a file, as another process may write the page.
    """
    if doctree and app.builder.name == "html" and app.env.doc2path(page).endswith(".ipynb"):
        path = _waiting(app) / f"{page}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Plain(app, page).text(), encoding="utf-8")


def store(app: Sphinx, error: Exception | None) -> None:
    """Put the notebooks where Sphinx has put copies of their sources."""
    folder, sources = _waiting(app), Path(app.outdir) / "_sources"
    for made in folder.rglob("*.ipynb"):
        path = sources / made.relative_to(folder)
        if path.exists() and not error:
            made.replace(path)
    shutil.rmtree(folder, ignore_errors=True)


def _waiting(app: Sphinx) -> Path:
    return Path(app.doctreedir) / "downloads"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    # asked for each citation, and answered by reading the metadata of all that is installed
    pybtex.plugin.find_plugin = functools.cache(pybtex.plugin.find_plugin)
    app.connect("html-page-context", write)
    app.connect("build-finished", store)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
