"""Sphinx extension: the page of the package, from its modules, and for each public thing the
chapters whose code uses it.

The directive ``{modules}`` lists the modules of a folder of the package, or of its top (``.``), or
those of single chapters (``chapters``), of the parts of the book that its lines name. What the
package holds and what the chapters use is read from their text: nothing is imported for it.
"""

import ast
import inspect
import json
import re
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import PycodeError
from sphinx.ext import autodoc
from sphinx.ext.autodoc.mock import _MockObject
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[1]
BOOK, PACKAGE = ROOT / "book", "hebbnotes"
LONGEST_VALUE = 80
OF_PARTS = re.compile(r"^```\{modules\} chapters\n(.*?)\n```", re.M | re.S)


@cache
def parsed(module: str) -> ast.Module | None:
    """Return the tree of a module of the package, or nothing if there is none of this name."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.exists():
            return ast.parse(file.read_text(encoding="utf-8"))
    return None


@cache
def bound(module: str) -> dict[str, tuple[str, str]]:
    """Return for the names that a module takes from elsewhere, by import or lazily, the module and
    the name there, if any.
    """
    tree, found = parsed(module), {}
    body = tree.body if tree else []
    lazy = [inner for node in body if isinstance(node, ast.If) for inner in node.body]
    for node in [*body, *lazy]:  # the latter are those for type checkers
        if isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: (str(node.module), a.name) for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.asname: (a.name, "") for a in node.names if a.asname}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            name = ast.unparse(node.targets[0])
            if name == "_MODULES":
                found |= {k: (v, "") for k, v in ast.literal_eval(node.value).items()}
            elif name == "_OBJECTS":
                found |= {k: (v, k) for k, v in ast.literal_eval(node.value).items()}
    return found


def home(module: str, name: str) -> str:
    """Return where a module's dotted name is defined: ``run`` of ``hebbnotes`` is
    ``hebbnotes.networks.loop.run``.
    """
    first, _, rest = name.partition(".")
    if not first or not module.startswith(PACKAGE):
        return f"{module}.{name}".rstrip(".")
    if first in bound(module):
        target, there = bound(module)[first]
        return home(target, f"{there}.{rest}".strip("."))
    if parsed(f"{module}.{first}"):
        return home(f"{module}.{first}", rest)
    return f"{module}.{name}"


def public(module: str) -> list[str]:
    """Return the public names that a module defines itself."""
    tree, told, own = parsed(module), [], set()
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            if "__all__" in names and isinstance(node.value, ast.List):
                told = ast.literal_eval(node.value)
            own |= names
        elif isinstance(node, ast.AnnAssign | ast.FunctionDef | ast.ClassDef):
            own.add(node.target.id if isinstance(node, ast.AnnAssign) else node.name)
    return [name for name in told if name in own]


def modules(folder: Path) -> list[str]:
    """Return the modules of a folder that define public names."""
    paths = [p.relative_to(ROOT).with_suffix("") for p in folder.glob("[a-z]*.py")]
    return sorted(name for name in map(".".join, (p.parts for p in paths)) if public(name))


def dotted(node: ast.AST) -> str:
    """Return a chain of attributes as it is written, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    before = dotted(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{before}.{node.attr}" if before else ""


@cache
def used(notebook: Path) -> frozenset[str]:
    """Return where the things of the package are defined that the code of a notebook names."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    lines = [
        line
        for cell in cells
        if cell["cell_type"] == "code"
        for line in "".join(cell["source"]).splitlines()
        if not line.startswith(("%", "!"))
    ]
    tree, names = ast.parse("\n".join(lines)), {PACKAGE: (PACKAGE, "")}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {a.asname or a.name: (str(node.module), a.name) for a in node.names}
    found = set()
    for node in ast.walk(tree):
        first, _, rest = dotted(node).partition(".")
        module, name = names.get(first, ("", ""))
        if module.partition(".")[0] == PACKAGE:
            found.add(home(module, f"{name}.{rest}".strip(".")))
    return frozenset(found)


@cache
def parts() -> dict[str, dict[str, Path]]:
    """Return the notebooks of each part of the book by name, in its order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = {p["caption"]: [chapter["file"] for chapter in p["chapters"]] for p in toc["parts"]}
    paths = {part: {n: BOOK / f"{n}.ipynb" for n in names} for part, names in files.items()}
    return {
        part: {name: path for name, path in notebooks.items() if path.exists()}
        for part, notebooks in paths.items()
    }


@cache
def chapters() -> dict[str, Path]:
    """Return the notebooks of the book by name, in its order."""
    return {name: path for notebooks in parts().values() for name, path in notebooks.items()}


@cache
def pages() -> dict[str, str]:
    """Return for each part of the book the page that lists what its single chapters use."""
    listed = {
        file.stem: OF_PARTS.findall(file.read_text(encoding="utf-8")) for file in BOOK.glob("*.md")
    }
    return {
        part.strip(): page
        for page, blocks in listed.items()
        for block in blocks
        for part in block.splitlines()
    }


def page_of(name: str) -> str:
    """Return the page on which a module of the package, or what it holds, is documented."""
    if not name.startswith(f"{PACKAGE}.chapters."):
        return "api"
    chapter = name.split(".")[2].replace("_", "-")
    part = next((part for part, notebooks in parts().items() if chapter in notebooks), None)
    if part not in pages():
        raise ValueError(
            f"{name} is on no page of the package: {part!r}, the part of the book that has "
            f"{chapter} in _toc.yml, must be a line below `{{modules}} chapters`, as on api-cells"
        )
    return pages()[part]


def title(notebook: Path) -> str:
    """Return the title of a chapter."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "".join(cells[0]["source"]).partition("\n")[0].removeprefix("# ")


def users(thing: str) -> list[str]:
    """Return the chapters whose code uses a thing of the package, in the order of the book."""
    return [
        name
        for name, path in chapters().items()
        if any(f"{found}.".startswith(f"{thing}.") for found in used(path))
    ]


def section(module: str, level: str) -> str:
    """Return the section of a module, in Markdown."""
    title = module.removeprefix(f"{PACKAGE}.").removeprefix("chapters.")
    members = ", ".join(public(module))
    automodule = f".. automodule:: {module}\n   :members: {members}"
    return f"{level} `{title}`\n\n```{{eval-rst}}\n{automodule}\n```\n"


def of_folder(name: str) -> str:
    """Return what a folder says of itself, unless it is the top, and the sections of its modules,
    in Markdown.
    """
    folder = ROOT / PACKAGE / name
    dotted_name = f"{PACKAGE}.{name.replace('/', '.')}"
    about = f"```{{eval-rst}}\n.. automodule:: {dotted_name}\n```\n" if name != "." else ""
    return "\n".join([about, *(section(module, "###") for module in modules(folder))])


def of_chapters(part: str) -> str:
    """Return the sections of what single chapters of a part of the book use, in Markdown."""
    sections = []
    for name, path in parts()[part].items():
        base = ROOT / PACKAGE / "chapters" / name.replace("-", "_")
        folders = sorted(path.parent for path in base.rglob("__init__.py"))
        own = [module for folder in folders for module in modules(folder)]
        sections += [f"## {title(path)}\n\nWhat {{doc}}`{name}` alone uses.\n"] if own else []
        sections += [section(module, "###") for module in own]
    return "\n".join(sections)


class Modules(SphinxDirective):
    """Document the modules of a folder of the package, or of the chapters of parts of the book."""

    required_arguments, has_content = 1, True

    def run(self) -> list[nodes.Node]:
        """Parse the sections."""
        name = self.arguments[0]
        wanted = [line.strip() for line in self.content]
        if unknown := sorted({*wanted} - {*parts()}):
            raise self.error(f"_toc.yml has no part {unknown[0]!r}, but {', '.join(parts())}")
        text = "\n".join(map(of_chapters, wanted)) if name == "chapters" else of_folder(name)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def tell_users(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Say below a thing's own words which chapters use it; what belongs to one chapter stands under
    its name.
    """
    own = name.startswith(f"{PACKAGE}.chapters.") or what not in (
        "function",
        "class",
        "data",
        "rule",
    )
    if not own and (told := users(name)):
        lines += ["", f"Used in {', '.join(f':doc:`{chapter}`' for chapter in told)}.", ""]


class RuleDocumenter(autodoc.FunctionDocumenter):
    """Document a function that a class of rules wraps as what it is to users, a function."""

    objtype, directivetype = "rule", "function"
    priority = autodoc.FunctionDocumenter.priority + 10

    @classmethod
    def can_document_member(cls, member: object, name: str, isattr: bool, parent: object) -> bool:
        """Accept what can be called and carries a name, a docstring and a signature of its own."""
        return not inspect.isroutine(member) and {"__name__", "__doc__", "__signature__"} <= set(
            getattr(member, "__dict__", {})
        )


class ValueDocumenter(autodoc.DataDocumenter):
    """Show the value of a constant where it is short."""

    def should_suppress_value_header(self) -> bool:
        """Leave out what would fill lines."""
        return super().should_suppress_value_header() or len(repr(self.object)) > LONGEST_VALUE


def public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element
) -> nodes.reference | None:
    """Lead a reference to where its name is documented: a public name, such as ``hebbnotes.run``,
    or one that only one thing of the package has, such as ``Agent.readable``.
    """
    if node.get("refdomain") != "py":
        return None
    domain, wanted = env.get_domain("py"), node["reftarget"].removeprefix(f"{PACKAGE}.")
    target = home(PACKAGE, wanted)
    if target not in domain.objects:
        ends = [name for name in domain.objects if name.endswith(f".{wanted}")]
        target = ends[0] if len(ends) == 1 else target
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], target, node, shown
    )


def mend_mocks(app: Sphinx, config: Config) -> None:
    """Let what autodoc puts in the place of torch (``autodoc_mock_imports``) do in annotations, and
    as a base of classes, whose source is not looked for: that would import torch after all.
    """
    source = ModuleAnalyzer.get_module_source

    def source_of_what_is_imported(module: str) -> tuple[str | None, str | None]:
        if module.partition(".")[0] in config.autodoc_mock_imports:
            raise PycodeError(f"{module} is not imported")
        return source(module)

    ModuleAnalyzer.get_module_source = staticmethod(source_of_what_is_imported)
    _MockObject.__or__ = _MockObject.__ror__ = lambda self, other: self  # Tensor | None
    # else the signature of every class that derives from it were (*args, **kwargs)
    autodoc._CLASS_NEW_BLACKLIST.append(f"{_MockObject.__module__}._MockObject.__new__")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("modules", Modules)
    app.add_autodocumenter(RuleDocumenter)
    app.add_autodocumenter(ValueDocumenter, override=True)
    app.connect("config-inited", mend_mocks)
    app.connect("missing-reference", public_name)
    app.connect("autodoc-process-docstring", tell_users, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
