"""Sphinx extension of the book: witnesses of equations, measured numbers, and checks that fail the
build.

Every check logs a warning that says what is wrong and where; the book is built with warnings as
errors.
"""

import ast
import functools
import html
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from tools import standard
from tools.inline_figures import is_picture
from tools.package import home, page_of

logger = logging.getLogger(__name__)
ROOT = Path(__file__).parents[1]
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])(?:/(?:home|root|work|tmp|Users|mnt|var)/[\w.-]+|[A-Z]:\\\\?\w+|\.\./[\w.-]+)"
)
PAGE_ADDRESS = re.compile(r"\]\(/?[\w-]+\.html")
SEARCH_SCRIPT = re.compile(
    r'\s*<script src="[./]*(?:_static/searchtools|_static/language_data|searchindex)\.js"></script>'
)
ADDED = {"storage.js", "formulas.js", "snippets.js"}
"""Scripts with a place of their own, as those of the live models have (:mod:`tools.live`); Jupyter
Book would add them to the end of every page.
"""
CONTENTS: dict[int, dict[tuple[Any, ...], str]] = {}


@functools.cache
def find_witnesses(tests: Path) -> dict[str, tuple[str, str]]:
    """Map the label of an equation to (function, test), read from the marks below ``tests`` without
    importing them.
    """
    found = {}
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for item in ast.walk(tree):
            for mark in getattr(item, "decorator_list", []):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.witness":
                    label, function = mark.args
                    first, _, rest = ast.unparse(function).partition(".")
                    module, name = imported[first]
                    whole = home(module, f"{name}.{rest}".rstrip("."))
                    where = path.relative_to(tests.parent).as_posix()
                    found[ast.literal_eval(label)] = whole, f"{where}::{item.name}"
    return found


class Measured(SphinxRole):
    """``{measured}`introduction.seconds```: a number that ``make measure`` stored in
    ``book/measured.json``.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the number up."""
        shown = measured_number(Path(self.env.srcdir), self.text)
        if shown is None:
            logger.warning(
                "%s has not been measured: run `make measure`",
                self.text,
                location=self.get_location(),
            )
        return [nodes.Text(shown or "?")], []


class Reading(SphinxRole):
    """``{reading}`minutes```: the time to read the page, as ``tools/standard.py`` counts it, and
    ``{reading}`NAME``` that of another page.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Count what there is to read."""
        path = Path(self.env.doc2path(self.env.docname))
        if self.text != "minutes":
            path = path.with_name(f"{self.text}.ipynb")
            if not path.exists():
                logger.warning(
                    "there is no notebook %s: {reading} is told 'minutes' or the name of one",
                    self.text,
                    location=self.get_location(),
                )
                return [nodes.Text("?")], []
            self.env.note_dependency(str(path))
        return [nodes.Text(str(minutes(path)))], []


def measured_number(book: Path, name: str) -> str | None:
    """Return a number of ``measured.json``, as the page shows it, or None if it is not there."""
    page, key = name.rsplit(".", 1)
    value = json.loads((book / "measured.json").read_text()).get(page, {}).get(key)
    return None if value is None else f"{value:g}"


def minutes(path: Path) -> int:
    """Return the minutes that a page takes to read."""
    return standard.minutes(standard.read(path))


def prose(path: Path) -> str:
    """Return the text of a page: all of a Markdown file, the Markdown cells of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join(
        "".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown"
    )


class equation_table(nodes.General, nodes.Element):
    """Place of the table of all equations, which is known only when all pages have been read."""


class EquationTable(SphinxDirective):
    """List every numbered equation with the function that implements it and the test that is its
    witness.
    """

    def run(self) -> list[nodes.Node]:
        """Mark the place."""
        return [equation_table()]


def collect_equations(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the numbered equations of a page, and check the alt text of its pictures."""
    equations = app.env.__dict__.setdefault("witnessed_equations", {})
    docname = app.env.docname
    for block in doctree.findall(nodes.math_block):
        if block.get("label"):
            equations[block["label"]] = (docname, block.astext())
    for image in doctree.findall(is_picture):
        uri = image.get("uri", "of a cell")
        if not image.get("alt", "").strip() or image["alt"] == uri:
            logger.warning(
                "picture %s has no alt text: say in a sentence what it shows",
                uri,
                location=image,
            )


def check_pages(app: Sphinx, env: BuildEnvironment) -> None:
    """Check what only all pages together show: witnesses, pages outside the contents, paths typed
    by hand.
    """
    equations, witnesses = (
        env.__dict__.get("witnessed_equations", {}),
        find_witnesses(ROOT / "tests"),
    )
    for label, (docname, _) in equations.items():
        if label not in witnesses:
            logger.warning(
                'equation %s has no witness: mark a test with @pytest.mark.witness("%s", function)',
                label,
                label,
                location=docname,
            )
    if "equations" in env.found_docs:
        for label, (_, test) in witnesses.items():
            if label not in equations:
                logger.warning(
                    "%s witnesses the equation %s, which no page displays",
                    test,
                    label,
                    location="equations",
                )
    source = Path(env.srcdir)
    for path in sorted([*source.glob("*.md"), *source.glob("*.ipynb")]):
        if path.stem not in env.found_docs:
            logger.warning(
                "page %s is outside the table of contents: add it to _toc.yml",
                path.name,
                location=path.stem,
            )
        for hit in MACHINE_PATH.findall(path.read_text(encoding="utf-8")):
            logger.warning(
                "%s holds the path %s, typed by hand: it exists on one computer only",
                path.name,
                hit,
                location=path.stem,
            )
        for hit in PAGE_ADDRESS.findall(prose(path)):
            logger.warning(
                "%s links to %s by hand: use {doc} or {ref}, which are checked",
                path.name,
                hit[2:],
                location=path.stem,
            )


def fill_table(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the table of equations."""
    for place in doctree.findall(equation_table):
        app.env.get_domain("math").data["has_equations"][docname] = True
        witnesses = find_witnesses(ROOT / "tests")
        equations = app.env.__dict__["witnessed_equations"]
        numbers = {  # as the pages show them: counted through the whole book
            label: app.env.toc_fignumbers[page]["displaymath"][f"equation-{label}"]
            for label, (page, _) in equations.items()
        }
        rows = []
        for label, (page, tex) in sorted(equations.items(), key=lambda item: numbers[item[0]]):
            function, test = witnesses.get(label, ("missing", "missing"))
            number = ".".join(map(str, numbers[label]))
            link = nodes.reference(
                "",
                f"({number})",
                internal=True,
                refuri=app.builder.get_relative_uri(docname, page) + f"#equation-{label}",
            )
            anchor = nodes.reference(
                "", "", nodes.literal("", function.removeprefix("hebbnotes.")), internal=True
            )
            place_of = app.builder.get_relative_uri(docname, page_of(function))
            anchor["refuri"] = f"{place_of}#{function}"
            rows.append(
                [
                    [link],
                    [nodes.math(tex, tex)],
                    [anchor, nodes.Text(", witness: "), nodes.literal("", test)],
                ]
            )
        place.replace_self(_table(rows))


def _table(rows: list[list[list[nodes.Node]]]) -> nodes.table:
    """Make a table of two columns: the number; the equation, and below it the function and the
    witness.
    """
    group = nodes.tgroup("", nodes.colspec(colwidth=1), nodes.colspec(colwidth=9), cols=2)
    group += nodes.tbody("")
    for number, equation, below in rows:
        paragraphs = [nodes.paragraph("", "", *content) for content in (number, equation, below)]
        group[-1] += nodes.row("", nodes.entry("", paragraphs[0]), nodes.entry("", *paragraphs[1:]))
    return nodes.table("", group, classes=["equation-table"])


def inline_drawings(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write drawn diagrams (:mod:`tools.drawings`) into the page, where its theme colours them."""
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir) / image["uri"]
        if path.suffix == ".svg" and path.is_file():
            text = path.read_text(encoding="utf-8")
            if 'class="drawing"' in text[:200]:
                alt = html.escape(image.get("alt", ""))
                text = re.sub(
                    'aria-label="[^"]*"', lambda _, alt=alt: f'aria-label="{alt}"', text, count=1
                )
                image.replace_self(nodes.raw("", text, format="html"))


def address_buttons(app: Sphinx, config: Config) -> None:
    """Show launch, edit and issue buttons if, and only if, the repository has an address."""
    options: dict[str, Any] = config.html_theme_options
    known = bool(options.get("repository_url"))
    for button in ("use_repository_button", "use_issues_button", "use_edit_page_button"):
        options[button] = known
    options["launch_buttons"] = (
        {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
        if known
        else {}
    )


def drop_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load each script once, and thebe not at all: the theme's extensions add some twice, which
    stops a page with an error.
    """
    kept: dict[str, Any] = {}
    for script in context.get("script_files", []):
        name = str(
            getattr(script, "filename", script) or getattr(script, "attributes", {}).get("body", "")
        )
        plain = name.endswith(app.config.mathjax_path) and "defer" not in getattr(
            script, "attributes", {}
        )
        written = Path(name).name in ADDED or "/live/" in name  # the page has it in its text
        if "thebe" not in name.lower() and not plain and not written:
            kept.setdefault(name, script)
    context["script_files"] = list(kept.values())


def help_readers(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put the guard of storage before everything else, which asks for storage while it loads; what
    the formulas need to know before MathJax; and, for the search, that TeX is no text.
    """
    if app.builder.format != "html":
        return
    scripts = Path(app.srcdir) / "_static" / "scripts"
    tags = [f"<script>\n{(scripts / 'storage.js').read_text(encoding='utf-8')}</script>"]
    for name in ("formulas", "snippets") if page == "search" else ("formulas",):
        address = context["pathto"](f"_static/scripts/{name}.js", 1)
        tags.append(f'<script src="{address}" defer></script>')
    context["metatags"] = "".join(tags) + context.get("metatags", "")


def share_contents(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Make the table of contents once for all pages of source code of one depth: they stand outside
    of it, and it looks the same from each.
    """
    if not page.startswith("_modules/"):
        return
    made, contents = CONTENTS.setdefault(page.count("/"), {}), context["toctree"]

    def shared(**how: Any) -> str:
        key = tuple(sorted(how.items()))
        if key not in made:
            made[key] = contents(**how)
        return made[key]

    context["toctree"] = shared


def drop_search(app: Sphinx, error: Exception | None) -> None:
    """Load the index of the search where it is used, not on every page, as the theme does for a
    search while one types.
    """
    if error or app.builder.name != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if path.name != "search.html":
            text = path.read_text(encoding="utf-8")
            path.write_text(SEARCH_SCRIPT.sub("", text), encoding="utf-8")


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop the equations of a page that is read again."""
    equations = env.__dict__.setdefault("witnessed_equations", {})
    for label in [label for label, (page, _) in equations.items() if page == docname]:
        del equations[label]


def merge_pages(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: Any) -> None:
    """Take over the equations of pages that another process has read."""
    read = other.__dict__.get("witnessed_equations", {}).items()
    found = {label: of for label, of in read if of[0] in docnames}
    env.__dict__.setdefault("witnessed_equations", {}).update(found)


def read_side_by_side(app: Sphinx, config: Config) -> None:
    """Say of two extensions, which say nothing, that pages may be read side by side: one numbers
    sections once all are read, the other is for LaTeX alone.
    """
    for name in ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex"):
        extension = app.extensions[name]
        extension.parallel_read_safe = extension.parallel_write_safe = True


def forget_sources(app: Sphinx, env: BuildEnvironment) -> None:
    """Drop sources that no page leads to, of the standard library, say: viewcode does so where one
    process reads all pages.
    """
    modules = env.__dict__.get("_viewcode_modules", {})
    for name in [name for name, entry in modules.items() if entry and not entry[2]]:
        del modules[name]


def skip_alias(
    app: Sphinx, what: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    """Leave out what Python writes of the fields of a named tuple; our own words stand under its
    attributes.
    """
    return (
        True
        if (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
        else None
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_role("measured", Measured())
    app.add_role("reading", Reading())
    app.add_directive("equation-table", EquationTable)
    app.add_node(equation_table)
    app.connect("config-inited", address_buttons)
    app.connect("autodoc-skip-member", skip_alias)
    app.connect("config-inited", read_side_by_side)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-merge-info", merge_pages)
    app.connect("env-updated", forget_sources)
    app.connect("doctree-read", collect_equations)
    app.connect("env-check-consistency", check_pages)
    app.connect("doctree-resolved", fill_table)
    app.connect("html-page-context", help_readers)
    app.connect("doctree-resolved", inline_drawings)
    app.connect("html-page-context", share_contents, priority=100)
    app.connect("html-page-context", drop_scripts, priority=900)
    app.connect("build-finished", drop_search)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
